//! An engine in a process of its own, for the environment that chooses a device is read once a
//! process; and a trainer beside it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command as Process};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use musicvae::music::{Groove, Hit, LANES, Lane};
use musicvae_tui::engine::{AudioState, Command, Engine, EngineOptions, MidiState};
use serde::{Deserialize, Serialize};

use super::devices::Card;
use super::support::Training;
use super::{Part, part};

/// Windows in a training step, the program's own choice.
pub const BATCH: usize = 64;

/// Offsets of the strokes of a bar, in steps; positive is early.
const OFFSETS: [f32; 16] = [
    0.0, 0.3, -0.4, 0.0, 0.1, -0.2, 0.25, 0.0, 0.0, -0.3, 0.15, 0.4, 0.0, -0.1, 0.2, -0.45,
];

/// What an engine is to do.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ask {
    pub seconds: u64,
    pub qpm: f64,
    pub buffer: u32,
    pub sound: bool,
    /// Audio output by name; the default one where there is none.
    pub device: Option<String>,
    pub midi: bool,
    pub training: bool,
    pub data: Option<PathBuf>,
    /// All lanes on every step, and by hand between the steps.
    pub flood: bool,
    /// Milliseconds that the sound has to fade after the stop.
    pub fade: u64,
}

/// What it said.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// When step 0 was heard by its own account, in seconds since 1970.
    pub began: f64,
    pub audio: String,
    pub latency_ms: f32,
    pub audio_errors: u64,
    pub dropped_midi: u64,
    pub dropped_commands: u64,
    /// Peak of the sound at the end, some seconds after the stop.
    pub left_over: f32,
    /// Resident memory in KiB, once a second.
    pub memory: Vec<u64>,
    /// Steps that a model was trained for meanwhile.
    pub trained: u64,
}

impl Ask {
    pub fn process(&self) -> Process {
        part(Part::Player, &serde_json::to_string(self).expect("JSON"))
    }

    /// A player that plays on `card`, at work.
    pub fn on(&self, card: &Card) -> Child {
        self.process()
            .env("ALSA_CONFIG_PATH", &card.config)
            .spawn()
            .expect("a player")
    }
}

/// Waits for a player to end, which must end well.
pub fn finish(child: Child) -> Told {
    let output = child.wait_with_output().expect("a player's output");
    let said = String::from_utf8_lossy(&output.stdout);
    let told = said
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok());
    told.unwrap_or_else(|| panic!("the player ended with {}: {said}", output.status))
}

/// A stroke on every step of the bar, of which each is to be told from its neighbours.
pub fn strokes() -> Groove {
    let mut groove = Groove::empty(16);
    for (step, offset) in groove.steps.iter_mut().zip(OFFSETS) {
        step[Lane::Snare.index()] = Some(Hit::new(1.0, offset));
    }
    groove
}

/// When stroke `n` sounds, in steps since play.
pub fn due(n: i64) -> f64 {
    n as f64 - f64::from(OFFSETS[n.rem_euclid(16) as usize])
}

/// The stroke that is nearest to a moment in steps since play.
pub fn nearest(step: f64) -> i64 {
    let near = step.round() as i64;
    let distance = |n: &i64| (due(*n) - step).abs();
    (near - 1..=near + 1)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(near)
}

fn flood() -> Groove {
    let mut groove = Groove::empty(64);
    for (n, step) in groove.steps.iter_mut().enumerate() {
        for (lane, hit) in step.iter_mut().enumerate() {
            let offset = ((n * 7 + lane * 3) % 11) as f32 / 11.0 - 0.5;
            *hit = Some(Hit::new(1.0, offset));
        }
    }
    groove
}

/// Resident memory of this process, KiB.
fn resident() -> u64 {
    let mut text = String::new();
    let read =
        std::fs::File::open("/proc/self/status").and_then(|mut f| f.read_to_string(&mut text));
    read.expect("/proc/self/status");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// Plays as it is asked, and tells.
pub fn run(ask: &str) {
    let ask: Ask = serde_json::from_str(ask).expect("what to play");
    let mut training = ask
        .training
        .then(|| Training::start(ask.data.as_deref(), BATCH));
    let engine = Engine::start(EngineOptions {
        audio: ask.sound,
        audio_device: ask.device.clone(),
        buffer_frames: ask.buffer,
        midi_port: ask.midi.then(|| "receiver:drums".into()),
        qpm: ask.qpm,
        groove: if ask.flood { flood() } else { strokes() },
        ..EngineOptions::default()
    });
    let begun = Instant::now();
    let ready = || {
        let status = engine.status();
        let sounds = matches!(status.audio, AudioState::On { buffer, .. } if buffer > 0);
        let sends = matches!(status.midi, MidiState::On { .. });
        (sounds || !ask.sound) && (sends || !ask.midi)
    };
    while !ready() {
        let status = engine.status();
        let waited = begun.elapsed() < Duration::from_secs(20);
        assert!(waited, "{:?} {:?}", status.audio, status.midi);
        thread::sleep(Duration::from_millis(10));
    }
    let before = training.as_mut().map_or(0, Training::steps);
    thread::sleep(Duration::from_millis(500));
    engine.send(Command::Play);
    let (mut memory, mut origins) = (Vec::new(), Vec::new());
    let (started, end) = (Instant::now(), Duration::from_secs(ask.seconds));
    let loop_steps = if ask.flood { 64.0 } else { 16.0 };
    let half_step = Duration::from_secs_f64(60.0 / ask.qpm / 8.0);
    let mut next = started;
    while started.elapsed() < end {
        if started.elapsed().as_secs() >= memory.len() as u64 {
            memory.push(resident());
            let position = engine.status().position;
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let steps = position.turn as f64 * loop_steps + position.step;
            if !memory.is_empty() && steps > 0.0 {
                let seconds = steps * 60.0 / ask.qpm / 4.0;
                origins.push(now.expect("a time after 1970").as_secs_f64() - seconds);
            }
            engine.received();
        }
        if ask.flood {
            for lane in Lane::ALL.iter().take(LANES) {
                let note = lane.pitch();
                engine.receive(&[0x99, note, 127]);
            }
            next += half_step;
            thread::sleep(next.saturating_duration_since(Instant::now()));
        } else {
            thread::sleep(Duration::from_millis(50));
        }
    }
    let trained = training.as_mut().map_or(0, Training::steps) - before;
    engine.send(Command::Stop);
    thread::sleep(Duration::from_millis(ask.fade));
    let status = engine.status();
    let latency_ms = match status.audio {
        AudioState::On { latency_ms, .. } => latency_ms,
        AudioState::Off { .. } => 0.0,
    };
    origins.sort_by(f64::total_cmp);
    let told = Told {
        began: origins.get(origins.len() / 2).copied().unwrap_or(f64::NAN),
        audio: format!("{:?}", status.audio),
        latency_ms,
        audio_errors: status.audio_errors,
        dropped_midi: status.dropped_midi,
        dropped_commands: status.dropped_commands,
        left_over: status.master_level[0].max(status.master_level[1]),
        memory,
        trained,
    };
    drop(engine);
    println!("\n{}", serde_json::to_string(&told).expect("JSON"));
}
