//! The workstation without a screen: plays, listens to OSC and MIDI controllers, and says what it does.
//!
//! Like the terminal, it turns what comes in into [`Action`]s for the [`Studio`], by the same names.
//! Arrows run one way: `report`, what is printed; `osc`, the network; `names`, what a message asks
//! for.

mod names;
mod osc;
mod report;

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::engine::{Command, Request};
use crate::studio::bring::Piece;
use crate::studio::chain::{self, Slot};
use crate::studio::ground::{MOST_BARS, SLOTS};
use crate::studio::{
    Action, Config, Event, Opening, Origin, Studio, Takeover, Workers, morph, playing,
};
use crate::tui::Keymap;
use musicvae::music::{Grid, Groove};
use names::Wish;
use osc::Heard;
use report::Report;

/// Between looks at the engine and at whether the program is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Messages on their way to the loop; who has more waits.
const QUEUE: usize = 256;

/// How long the last strokes ring before the program ends by itself.
const RING: Duration = Duration::from_secs(2);

/// Bars of the windows that a file is read in: a loop that is shorter is repeated.
const BARS: usize = 4;

/// What is played, and where events are reported.
pub struct Options {
    /// MIDI files, one after the other; none for what the model draws.
    pub grooves: Vec<PathBuf>,
    /// What their steps are; by default what they seem to be.
    pub grid: Option<Grid>,
    /// Of the steps that are played by chance.
    pub chance_seed: u64,
    /// The first file's tempo is taken.
    pub own_tempo: bool,
    /// After the last groove the first one comes again.
    pub repeat: bool,
    /// Bars after which a new groove is drawn.
    pub sample_every: Option<u32>,
    /// Whether what happens is written to standard output, as JSON lines.
    pub print: bool,
    /// Where people read what goes wrong.
    pub people: Box<dyn Write>,
    /// Where OSC is listened to.
    pub osc: Option<UdpSocket>,
}

enum Message {
    Studio(Box<Event>),
    Osc(Heard),
}

/// Plays until the grooves are over or `ended` says so; then all notes are off.
///
/// # Errors
/// A file that can't be read, and a model that can't be loaded where nothing else is to be played.
pub fn run(mut config: Config, options: Options, ended: impl Fn() -> bool) -> anyhow::Result<()> {
    let keymap = Keymap::new(&config.keys)?;
    let grooves = read(&options.grooves, options.grid)?;
    // A session and the library belong to whoever sits at the screen.
    config.session.folder = "off".into();
    let (sender, messages) = sync_channel(QUEUE);
    let tell = {
        let sender = sender.clone();
        Arc::new(move |event| sender.send(Message::Studio(Box::new(event))).is_ok())
    };
    let mut report = Report::new(options.print, options.people);
    let socket = options.osc.map(Arc::new);
    if let Some(socket) = &socket {
        report.listens(socket.local_addr().ok());
        osc::listen(socket.clone(), move |heard| {
            sender.send(Message::Osc(heard)).is_ok()
        })
        .context("OSC can't be listened to")?;
    }
    let (mut workers, news) = Workers::start(&config, tell);
    let mut studio = Studio::new(config);
    for event in news {
        studio.receive(event);
    }
    studio.begin(Opening::default());
    // Nothing slides here: no seed goes to B.
    studio.ground.scene.next_seed = studio.ground.scene.seed.wrapping_add(1);
    studio.ground.sound.chance_seed = options.chance_seed;
    studio
        .ground
        .send(Command::SetChanceSeed(options.chance_seed));
    let mut player = Player {
        studio,
        keymap,
        socket,
        report,
        sample_every: options.sample_every,
        over_after: (!options.repeat && options.sample_every.is_none() && !grooves.is_empty())
            .then_some(grooves.len()),
        tempo: grooves
            .first()
            .filter(|_| options.own_tempo)
            .map(|slot| slot.groove.qpm),
        waiting: Some(grooves),
        bars: 0,
        place: None,
        ending: Ending::NotYet,
        bad_packets: 0,
    };
    let start = Instant::now();
    let outcome = loop {
        workers.serve(&mut player.studio);
        player.report.hear(&player.studio);
        if ended() || player.studio.ground.leaving || player.is_over() {
            break Ok(());
        }
        let first = match messages.recv_timeout(LOOK) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break Ok(()),
        };
        player.studio.receive(Event::Tick(start.elapsed()));
        for message in first.into_iter().chain(messages.try_iter().take(QUEUE)) {
            match message {
                Message::Studio(event) => player.studio.receive(*event),
                Message::Osc(heard) => player.hear(heard),
            }
        }
        workers.serve(&mut player.studio);
        let transport = workers.transport();
        player.studio.receive(Event::Transport(transport));
        if let Err(error) = player.go_on() {
            break Err(error);
        }
    };
    player.report.hear(&player.studio);
    player.report.ends();
    // From here on nobody reads events, so no worker waits for room.
    drop(messages);
    workers.close();
    outcome
}

/// The grooves of some files: each whole, but for those that are too long for one.
fn read(files: &[PathBuf], grid: Option<Grid>) -> anyhow::Result<Vec<Slot>> {
    let mut slots = Vec::new();
    for file in files {
        let piece = Piece::read(file, BARS)?;
        let piece = match grid {
            Some(grid) => piece.on(grid),
            None => piece,
        };
        slots.extend(piece.end_to_end());
    }
    anyhow::ensure!(
        slots.len() <= SLOTS,
        "the files are {} grooves (one each, of at most {MOST_BARS} bars), and a chain plays {SLOTS}: name \
         fewer of them",
        slots.len()
    );
    Ok(slots)
}

/// How far the end of the music has come.
enum Ending {
    NotYet,
    /// Silence takes over when the last groove's turn ends; the engine has said that it waits, or not
    /// yet.
    Asked {
        since: Instant,
        waits: bool,
    },
    /// It is silent since.
    Ringing(Instant),
}

/// What plays, and what happens to it.
struct Player {
    studio: Studio,
    keymap: Keymap,
    socket: Option<Arc<UdpSocket>>,
    report: Report,
    sample_every: Option<u32>,
    /// Grooves after which the music is over.
    over_after: Option<usize>,
    /// To be set when they begin.
    tempo: Option<f64>,
    /// Grooves that are played as soon as the model is there or has failed.
    waiting: Option<Vec<Slot>>,
    /// Bars begun since playing began.
    bars: u32,
    /// The bar of the present turn and link.
    place: Option<(u64, u32, Option<usize>)>,
    ending: Ending,
    bad_packets: u64,
}

impl Player {
    /// Begins when it can, and does what is due.
    fn go_on(&mut self) -> anyhow::Result<()> {
        let ground = &self.studio.ground;
        if self.waiting.is_some() {
            let is_there = ground.loading.is_none() && !ground.scene.pending;
            return if is_there { self.start() } else { Ok(()) };
        }
        self.look_for_the_end();
        let transport = &self.studio.ground.transport;
        let position = transport.position;
        // The silence that waits for its turn ends the chain, but not the bar.
        let link = match self.ending {
            Ending::NotYet => transport.chain_link,
            _ => self.place.and_then(|(_, _, link)| link),
        };
        let place = (position.turn, position.bar, link);
        // The silence after the end has bars too.
        let is_over = matches!(self.ending, Ending::Ringing(_));
        if !transport.playing || position.count_in > 0 || is_over {
            self.place = None;
        } else if self.place.replace(place) != Some(place) {
            self.bars += 1;
            self.report.bar(position.bar, transport.qpm);
            self.begin_bar();
        }
        Ok(())
    }

    /// Looks whether the last groove's turn has ended.
    fn look_for_the_end(&mut self) {
        let transport = &self.studio.ground.transport;
        if let Ending::Asked { since, waits } = &mut self.ending {
            // Asked at the very end of the turn, it may never have been seen to wait.
            let bar = Duration::from_secs_f64(240.0 / transport.qpm.max(1.0));
            let is_done = *waits || since.elapsed() > bar;
            *waits |= transport.takeover_pending;
            if is_done && !transport.takeover_pending {
                self.ending = Ending::Ringing(Instant::now());
            }
        }
    }

    fn start(&mut self) -> anyhow::Result<()> {
        let grooves = self.waiting.take().unwrap_or_default();
        if let Some(tempo) = self.tempo {
            self.studio.apply(playing::Action::SetTempo(tempo));
        }
        let ground = &mut self.studio.ground;
        if grooves.is_empty() && ground.model.is_none() {
            let mut said = ground.messages.iter().rev().map(|it| it.text.as_str());
            let reason = said
                .next()
                .unwrap_or("no model could be loaded")
                .to_string();
            anyhow::bail!("there is nothing to play: {reason}");
        }
        let is_chain = grooves.len() > 1;
        match <[Slot; 1]>::try_from(grooves) {
            Ok([Slot { groove, name, .. }]) => {
                ground.forget_answers();
                ground.hear(groove, Origin::Named(name), Takeover::Now);
            }
            Err(grooves) => {
                for (place, slot) in ground.scene.slots.all.iter_mut().zip(grooves) {
                    *place = Some(Arc::new(slot));
                }
            }
        }
        if is_chain {
            self.studio.apply(chain::Action::ToggleChain);
        }
        self.studio.apply(playing::Action::TogglePlay);
        Ok(())
    }

    /// A bar has begun.
    fn begin_bar(&mut self) {
        if let Some(every) = self.sample_every
            && self.bars.is_multiple_of(every)
        {
            // Drawn during this bar, it takes over with the next.
            self.studio.apply(morph::Action::Sample);
        }
        let ground = &mut self.studio.ground;
        let position = ground.transport.position;
        let Some(grooves) = self.over_after else {
            return;
        };
        let is_last_groove = ground.transport.chain_link.unwrap_or(grooves - 1) + 1 == grooves;
        let bar = ground.groove().meter.sixteenths().max(1) as u32;
        let is_last_bar = (position.bar + 1) * bar >= position.loop_start + position.loop_steps;
        if is_last_groove && is_last_bar && matches!(self.ending, Ending::NotYet) {
            ground.send(Request::SetGroove {
                groove: Groove::empty(16),
                takeover: Takeover::NextLoop,
            });
            self.ending = Ending::Asked {
                since: Instant::now(),
                waits: false,
            };
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.ending, Ending::Ringing(since) if since.elapsed() > RING)
    }

    /// Does what came by OSC, and answers who asked.
    fn hear(&mut self, heard: Heard) {
        let (from, messages) = match heard {
            Heard::Messages(from, messages) => (from, messages),
            Heard::Bad(from, reason) => return self.count_bad(from, &reason),
        };
        for message in messages {
            let address = message.addr.clone();
            let done = match names::wish(&self.keymap, &message) {
                Ok(Wish::Nothing) => Ok(()),
                Ok(Wish::Tell) => {
                    let state = names::state(&self.studio, self.bad_packets);
                    self.answer(from, state);
                    Ok(())
                }
                Ok(Wish::Do(lane, action)) => {
                    if let Some(lane) = lane {
                        self.studio.ground.screen.lane = lane.index();
                    }
                    self.act(&address, action)
                }
                Err(reason) => Err(reason),
            };
            self.report.osc(from, &address, done.as_ref().err());
            if let Err(reason) = done {
                self.answer(from, vec![("/fault".into(), reason.into())]);
            }
        }
    }

    /// Does one thing.
    ///
    /// # Errors
    /// Why it can't be done, in one sentence.
    fn act(&mut self, address: &str, action: Action) -> Result<(), String> {
        if let Some(reason) = self.studio.reason_against(&action) {
            return Err(reason);
        }
        self.studio.apply(action);
        match self.studio.ground.screen.overlay.take() {
            None => Ok(()),
            Some(_) => Err(format!(
                "{address} opens a list or a question, which needs the screen."
            )),
        }
    }

    fn answer(&mut self, to: SocketAddr, state: Vec<(String, rosc::OscType)>) {
        if let Some(socket) = &self.socket {
            osc::send(socket, to, state);
        }
    }

    /// Packets that are not OSC are counted, and reported ever more rarely.
    fn count_bad(&mut self, from: SocketAddr, reason: &str) {
        self.bad_packets += 1;
        if self.bad_packets.is_power_of_two() {
            let count = self.bad_packets;
            self.studio.ground.complain(format!(
                "A packet from {from} is not OSC ({reason}); {count} so far."
            ));
        }
    }
}
