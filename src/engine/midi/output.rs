//! MIDI output: the ports of this machine, and the thread that sends at the right moment.
//!
//! A port's driver may block for as long as its receiver likes. So a sending thread that is stuck
//! is abandoned: another one takes its place with the same queues, and the old one silences its
//! receiver when it comes back.

mod held;
mod ports;
mod sender;
#[cfg(test)]
mod tests;

pub(crate) use ports::Ports;
pub use ports::VIRTUAL_PORT;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use super::bytes::{CONTINUE, MidiSink, START, STOP};
use super::setting::{MidiSetting, Settings};
use super::traffic::Traffic;
use crate::engine::events::{MidiEvent, Nanos, SECOND};
use crate::engine::thread::{join_within, unpoisoned};
use crate::engine::time::playhead::NowPlaying;
use held::Held;
use sender::Sender;

/// A message on its way for so long is stuck: a DIN cable takes 1 ms for one.
const STUCK: Nanos = SECOND / 2;

/// What the MIDI thread is asked to do.
pub(crate) enum MidiCommand {
    Open(Box<dyn MidiSink>, String),
    Close,
    /// Ends every note and says so; the port stays.
    Rest(SyncSender<()>),
    Set(MidiSetting),
    Quit,
}

/// What waits for the thread; it is nobody's while something is sent.
struct Inbox {
    commands: Receiver<MidiCommand>,
    events: rtrb::Consumer<MidiEvent>,
    settings: Settings,
}

/// What the next thread must know about the ports of the ones before it.
#[derive(Default)]
struct Memory {
    /// Name of the port that was open last.
    port: String,
    /// Every note that it ever got. A lost port may have swallowed note-offs, so they are sent
    /// again when it is opened again.
    played: Held,
    /// Whether it follows our clock, as far as we told it.
    runs: bool,
}

impl Memory {
    /// Records a message that has reached the port.
    fn note(&mut self, bytes: &[u8]) {
        match *bytes {
            [START] | [CONTINUE] => self.runs = true,
            [STOP] => self.runs = false,
            _ => self.played.note_begun(bytes),
        }
    }
}

/// What a thread and those who watch it share.
#[derive(Default)]
struct Watch {
    /// Sending failed: the port is gone.
    lost: AtomicBool,
    /// Since when a message is on its way; 0 while none is.
    sending: AtomicI64,
    /// Another thread has taken the place of this one.
    given_up: AtomicBool,
}

/// Wakes the MIDI thread, whichever it is.
#[derive(Clone, Default)]
pub(crate) struct Waker(Arc<Mutex<Option<Thread>>>);

impl Waker {
    pub fn wake(&self) {
        if let Some(thread) = &*unpoisoned(&self.0) {
            thread.unpark();
        }
    }
}

/// How the thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Well,
    /// Sending failed, and the port was closed.
    Lost,
    /// The port takes nothing; the thread was replaced by one that has no port.
    Blocked,
    /// The thread died and was replaced by one that has no port.
    Died,
}

/// The MIDI thread, held from outside.
pub(crate) struct MidiOut {
    commands: SyncSender<MidiCommand>,
    inbox: Arc<Mutex<Inbox>>,
    now: Arc<NowPlaying>,
    traffic: Arc<Traffic>,
    epoch: Instant,
    waker: Waker,
    watch: Arc<Watch>,
    memory: Arc<Mutex<Memory>>,
    thread: Option<JoinHandle<()>>,
    /// Threads that were given up and may still hold their ports.
    stuck: Vec<JoinHandle<()>>,
}

impl MidiOut {
    /// Starts the thread; it sends nothing before it is given a port.
    pub fn spawn(
        events: rtrb::Consumer<MidiEvent>,
        now: Arc<NowPlaying>,
        traffic: Arc<Traffic>,
        epoch: Instant,
        settings: Settings,
    ) -> MidiOut {
        let (commands, receiver) = sync_channel(64);
        let inbox = Inbox {
            commands: receiver,
            events,
            settings,
        };
        let mut midi = MidiOut {
            commands,
            inbox: Arc::new(Mutex::new(inbox)),
            now,
            traffic,
            epoch,
            waker: Waker::default(),
            watch: Arc::default(),
            memory: Arc::default(),
            thread: None,
            stuck: Vec::new(),
        };
        midi.start();
        midi
    }

    fn start(&mut self) {
        self.watch = Arc::default();
        let sender = Sender::new(
            self.inbox.clone(),
            self.now.clone(),
            self.traffic.clone(),
            self.epoch,
            self.watch.clone(),
            self.memory.clone(),
        );
        // A system that grants no thread has no MIDI; opening a port then fails.
        let thread = thread::Builder::new().name("engine-midi".into());
        self.thread = thread.spawn(move || sender.run_to_the_end()).ok();
        *unpoisoned(&self.waker.0) = self.thread.as_ref().map(|thread| thread.thread().clone());
    }

    /// The way to [`MidiOut::send`] for others.
    pub fn commands(&self) -> SyncSender<MidiCommand> {
        self.commands.clone()
    }

    /// Asks for something; `false` when the thread does not keep up.
    pub fn send(&self, command: MidiCommand) -> bool {
        let sent = self.commands.try_send(command).is_ok();
        self.waker.wake();
        sent && self.thread.is_some()
    }

    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Checks on the thread, and counts what went wrong.
    pub fn check(&mut self) -> Health {
        self.stuck.retain(|thread| !thread.is_finished());
        let since = self.watch.sending.load(Relaxed);
        let now = self.epoch.elapsed().as_nanos() as Nanos;
        let health = if self.thread.as_ref().is_some_and(JoinHandle::is_finished) {
            self.start();
            Health::Died
        } else if since != 0 && now - since > STUCK {
            self.watch.given_up.store(true, Relaxed);
            self.stuck.extend(self.thread.take());
            self.start();
            Health::Blocked
        } else if self.watch.lost.swap(false, Relaxed) {
            Health::Lost
        } else {
            return Health::Well;
        };
        self.traffic.errors.fetch_add(1, Relaxed);
        health
    }

    /// Whether a port that blocked has not let go yet.
    pub fn is_stuck(&self) -> bool {
        self.stuck.iter().any(|thread| !thread.is_finished())
    }

    /// Ends every note and the thread; waits `patience` for a receiver that blocks.
    pub fn quit(&mut self, patience: Duration) {
        self.send(MidiCommand::Quit);
        if let Some(thread) = self.thread.take() {
            join_within(thread, patience);
        }
    }
}
