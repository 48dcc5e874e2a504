//! From the slider to the ear: how long it takes for a groove that was moved to be decoded, to reach
//! the engine and to be heard.
//!
//! A new groove takes over at the next step. How long that is away is the music's affair, not the
//! program's; so the way to the first frame that can sound differently is told by itself. The
//! studio, its workers and the engine are the program's own, and the decoding is done; what comes
//! of it is painted over with soft or loud strokes on every step, so that the change can be heard
//! by a machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::Request;
use musicvae_tui::studio::{
    Answer, AudioState, Config, Effect, Event, Job, Loader, Model, ModelInfo, Studio, Workers,
    morph, playing,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::card::{Pulled, pull};
use super::devices::{ALSA_RATE, Card};
use super::figures::Spread;
use super::player::BATCH;
use super::support::Training;
use super::{Options, Part, part};

/// Frames in a buffer, and the tempo: a step is 50 ms.
const BUFFER: u32 = 256;
const QPM: f64 = 300.0;
const STEP: Duration = Duration::from_millis(50);

/// Soft and loud strokes.
const VELOCITIES: [f32; 2] = [0.15, 1.0];

#[derive(Serialize, Deserialize)]
struct Ask {
    seconds: u64,
    training: bool,
    data: Option<PathBuf>,
    pipe: PathBuf,
}

/// Runs the measurement in a process whose ALSA knows the card.
pub fn measure(options: &Options) {
    let Some(card) = Card::new() else { return };
    let ask = Ask {
        seconds: options.seconds(60),
        training: options.training,
        data: options.data.clone(),
        pipe: card.pipe.clone(),
    };
    let beside = if options.training {
        ", a model training"
    } else {
        ""
    };
    println!(
        "from the slider to the ear, {BUFFER} frames, {QPM} quarter notes a minute{beside}, ms:"
    );
    let ask = serde_json::to_string(&ask).expect("JSON");
    let status = part(Part::Workstation, &ask)
        .env("ALSA_CONFIG_PATH", &card.config)
        .stdout(std::process::Stdio::inherit())
        .status();
    let ended = status.expect("the workstation's part");
    assert!(ended.success(), "the workstation's part ended with {ended}");
    println!();
}

/// A model that decodes, and then paints.
fn loader(loud: Arc<AtomicBool>) -> Loader {
    Box::new(move |source, _| {
        let checkpoint = musicvae_tui::embedded::checkpoint()?;
        let model = checkpoint.model()?;
        let loud = loud.clone();
        let info = ModelInfo {
            source: source.clone(),
            name: checkpoint.preset.name.clone(),
            preset: checkpoint.preset.name.clone(),
            step: 0,
            z_size: checkpoint.preset.z_size,
            prior: checkpoint.prior.clone(),
            head: checkpoint.preset.head.clone(),
            steps: checkpoint.preset.steps(),
            log: Vec::new(),
            qualities: Ok(Vec::new()),
        };
        let run: Model = Box::new(move |job| {
            let Job::Decode { z, how, .. } = job else {
                anyhow::bail!("nothing is encoded here");
            };
            let mut grooves = model.decode(&z.concat(), how)?;
            for groove in &mut grooves {
                paint(groove, VELOCITIES[usize::from(loud.load(SeqCst))]);
            }
            Ok(Answer::Grooves(grooves))
        });
        Ok((info, run))
    })
}

fn paint(groove: &mut Groove, velocity: f32) {
    for step in &mut groove.steps {
        *step = Default::default();
        step[Lane::ClosedHat.index()] = Some(Hit::new(velocity, 0.0));
    }
}

/// When the slider was moved, its groove decoded, and taken by the audio callback, if that was seen.
struct Move {
    moved: Instant,
    decoded: Instant,
    taken: Option<Instant>,
}

/// The workstation without its terminal.
struct Desk {
    studio: Studio,
    workers: Workers,
    events: Receiver<Event>,
}

impl Desk {
    /// Carries out what is asked; `true` when a groove was handed to the engine.
    fn perform(&mut self) -> bool {
        let mut handed = false;
        for effect in self.studio.take_effects() {
            handed |= matches!(effect, Effect::Engine(Request::SetGroove { .. }));
            for answer in self.workers.perform(effect) {
                self.studio.receive(answer);
            }
        }
        handed
    }

    /// As the event loop does: waits for an event, and carries out what comes of it.
    fn turn(&mut self) -> bool {
        let mut handed = self.perform();
        if let Ok(event) = self.events.recv_timeout(Duration::from_millis(5)) {
            self.studio.receive(event);
            handed |= self.perform();
        }
        handed
    }

    fn until(&mut self, what: &str, condition: impl Fn(&Desk) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            let waited = start.elapsed() < Duration::from_secs(20);
            assert!(waited, "in vain waited for {what}");
            self.turn();
            let transport = self.workers.transport();
            self.studio.receive(Event::Transport(transport));
        }
    }

    /// Moves the slider, and lets the groove take over.
    fn slide(&mut self, to: f32) -> Move {
        let moved = Instant::now();
        self.studio.apply(morph::Action::SetSlider(to));
        while !self.turn() {
            assert!(moved.elapsed() < Duration::from_secs(10), "no answer");
        }
        let decoded = Instant::now();
        let mut taken = None;
        // It comes and goes between two looks where the step begins within the same buffer.
        while taken.is_none() && decoded.elapsed() < 2 * STEP {
            if self.workers.transport().takeover_pending {
                taken = Some(Instant::now());
            }
            thread::sleep(Duration::from_micros(50));
        }
        Move {
            moved,
            decoded,
            taken,
        }
    }
}

/// Plays the workstation's part, and prints the figures.
pub fn run(ask: &str) {
    let ask: Ask = serde_json::from_str(ask).expect("what to measure");
    let training = ask
        .training
        .then(|| Training::start(ask.data.as_deref(), BATCH));
    let pulled = pull(&ask.pipe, BUFFER as usize, true);
    let mut config = Config::default();
    config.audio.buffer = BUFFER;
    config.playing.tempo = QPM;
    config.midi.virtual_input = false;
    config.checkpoints.folders = Vec::new();
    config.session.folder = "off".into();
    let loud = Arc::new(AtomicBool::new(false));
    let (tell, events) = channel();
    let tell = Arc::new(move |event| tell.send(event).is_ok());
    let mut desk = Desk {
        workers: Workers::with_loader(&config, loader(loud.clone()), tell).0,
        studio: Studio::new(config),
        events,
    };
    desk.until("the model", |desk| desk.studio.ground.model.is_some());
    desk.until("the card", |desk| {
        let audio = &desk.studio.ground.transport.audio;
        matches!(audio, AudioState::On { buffer, .. } if *buffer > 0)
    });
    desk.studio.apply(playing::Action::TogglePlay);
    desk.until("the music", |desk| desk.studio.ground.transport.playing);
    // The first groove may have had to wait for its bar.
    let begun = Instant::now();
    desk.until("the first groove", |_| begun.elapsed().as_secs() >= 2);
    let calm = Instant::now();
    thread::sleep(Duration::from_secs(1));
    let settled = Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut wait = |desk: &mut Desk, steps: u32| {
        let start = Instant::now();
        let wait = STEP * steps + STEP.mul_f64(rng.random_range(0.0..1.0));
        while start.elapsed() + Duration::from_millis(5) < wait {
            desk.turn();
        }
        thread::sleep(wait.saturating_sub(start.elapsed()));
    };
    let mut moves = Vec::new();
    while settled.elapsed().as_secs() < ask.seconds {
        wait(&mut desk, 6);
        loud.store(true, SeqCst);
        moves.push(desk.slide(0.6));
        wait(&mut desk, 4);
        loud.store(false, SeqCst);
        desk.slide(0.4);
    }
    drop(training);
    desk.workers.close();
    let pulled = pulled.join().expect("the card's thread");
    report(&pulled, (calm, settled), &moves);
}

fn report(pulled: &Pulled, (calm, settled): (Instant, Instant), moves: &[Move]) {
    let peak = |sound: &[f32]| sound.iter().fold(0.0_f32, |peak, it| peak.max(it.abs()));
    let quiet = pulled.frame_at(calm)..pulled.frame_at(settled).min(pulled.left.len());
    let soft = peak(&pulled.left[quiet]);
    let ms = |from: Instant, to: Instant| {
        let later = to.saturating_duration_since(from).as_secs_f64();
        (later - from.saturating_duration_since(to).as_secs_f64()) * 1e3
    };
    let mut heard = Vec::new();
    for Move { moved, taken, .. } in moves {
        let from = pulled.frame_at(*moved).min(pulled.left.len());
        let reach = (from + ALSA_RATE as usize).min(pulled.left.len());
        if peak(&pulled.left[from.saturating_sub(ALSA_RATE as usize / 20)..from]) > 2.0 * soft {
            // The soft strokes before it had not been heard yet.
            continue;
        }
        let loud = (from..reach).find(|frame| pulled.left[*frame].abs() > 2.0 * soft);
        if let Some(frame) = loud {
            let at = pulled.time_of(frame);
            heard.push((ms(*moved, at), taken.map(|taken| ms(taken, at))));
        }
    }
    let decoded = Spread::new(moves.iter().map(|it| ms(it.moved, it.decoded)));
    let seen: Vec<f64> = moves
        .iter()
        .filter_map(|it| Some(ms(it.moved, it.taken?)))
        .collect();
    // The shortest way from the callback that took the groove to the ear: the next step was then. (A
    // buffer too long, for a groove that is taken and played by the same buffer is not seen.)
    let output = Spread::new(heard.iter().filter_map(|it| it.1)).at(0.0);
    let taken = Spread::new(seen.iter().copied());
    let earliest = Spread::new(seen.iter().map(|it| it + output));
    let all = Spread::new(heard.iter().map(|it| it.0));
    println!(
        "  {} moves, {} of them heard alone (soft strokes peak at {soft:.4}, loud ones at {:.4})",
        moves.len(),
        all.count(),
        peak(&pulled.left)
    );
    println!("  to the decoded groove: {}", decoded.say());
    println!(
        "  to the audio callback: {} (seen {} times)",
        taken.say(),
        taken.count()
    );
    println!("  from there to the ear: {output:.3}");
    println!("  to the first frame that can differ: {}", earliest.say());
    println!(
        "  to the changed sound, with the wait for the next step (up to {} ms): {}",
        STEP.as_millis(),
        all.say()
    );
    if pulled.underruns > 0 {
        println!("  {} underruns meanwhile", pulled.underruns);
    }
}
