//! What runs in the MIDI thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::TryRecvError;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::held::Held;
use super::{Inbox, Memory, MidiCommand, Watch};
use crate::engine::events::{MidiEvent, MidiMessage, Nanos, SECOND};
use crate::engine::midi::bytes::{Bytes, MidiSink, STOP};
use crate::engine::midi::schedule::{Emit, Schedule};
use crate::engine::midi::setting::MidiSetting;
use crate::engine::midi::traffic::Traffic;
use crate::engine::thread::{claim_realtime, unpoisoned};
use crate::engine::time::playhead::NowPlaying;
use musicvae::fault;
use musicvae::music::STEPS_PER_QUARTER;

/// Time between looks at the queue, playing and standing still. An event is made at least
/// [`crate::engine::sound::stream::MIDI_LEAD`] before its moment.
const POLL: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(5)];

/// The same while no port is open: what waits is only thrown away, and a command wakes the thread.
const POLL_UNPLUGGED: Duration = Duration::from_millis(25);

/// With real-time priority it spins for the last stretch before a moment; without it, sleeping to
/// the end is more exact.
const SPIN: Duration = Duration::from_micros(200);

/// A port stays open this long after the last message: some drivers (JACK) take a message with
/// their next period and lose it if the port is closed before.
const LINGER: Duration = Duration::from_millis(60);

/// See the module.
pub(super) struct Sender {
    inbox: Arc<Mutex<Inbox>>,
    now: Arc<NowPlaying>,
    traffic: Arc<Traffic>,
    epoch: Instant,
    watch: Arc<Watch>,
    schedule: Schedule,
    sink: Option<Box<dyn MidiSink>>,
    /// What its receiver holds.
    held: Held,
    memory: Arc<Mutex<Memory>>,
    /// Kept so that their memory is reused.
    commands: Vec<MidiCommand>,
    events: Vec<MidiEvent>,
}

impl Sender {
    pub fn new(
        inbox: Arc<Mutex<Inbox>>,
        now: Arc<NowPlaying>,
        traffic: Arc<Traffic>,
        epoch: Instant,
        watch: Arc<Watch>,
        memory: Arc<Mutex<Memory>>,
    ) -> Sender {
        let settings = unpoisoned(&inbox).settings.clone();
        Sender {
            inbox,
            now,
            traffic,
            epoch,
            watch,
            schedule: Schedule::new(settings.map, settings.clock, settings.gate),
            sink: None,
            held: Held::default(),
            memory,
            commands: Vec::with_capacity(64),
            events: Vec::with_capacity(4096),
        }
    }

    /// Sends until it is told to end or is given up. Whatever ends it, a panic too, no note of its
    /// receiver sounds on.
    pub fn run_to_the_end(mut self) {
        let realtime = claim_realtime();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            while self.turn(self.now()) {
                self.wait(realtime);
            }
        }));
        if ran.is_err() || self.sink.is_some() {
            // A driver that panicked once may do so again.
            let _ = catch_unwind(AssertUnwindSafe(|| self.leave()));
        }
    }

    /// Takes what waits and sends what is due; `false` when it is told to end or was given up.
    pub fn turn(&mut self, now: Nanos) -> bool {
        if self.watch.given_up.load(Relaxed) {
            return false;
        }
        fault::point("midi");
        let mut quit = self.take();
        let mut panic = false;
        for event in self.events.drain(..) {
            if event.message == MidiMessage::Panic {
                panic = true;
            } else {
                self.schedule.push(event);
            }
        }
        if panic {
            self.emit(|schedule, emit| schedule.panic(emit));
        }
        for command in std::mem::take(&mut self.commands) {
            quit |= matches!(command, MidiCommand::Quit);
            self.follow(command);
        }
        let qpm = self.now.qpm.get();
        if qpm > 0.0 {
            let steps_per_second = qpm / 60.0 * STEPS_PER_QUARTER as f64;
            self.schedule
                .set_step((SECOND as f64 / steps_per_second) as Nanos);
        }
        self.emit(|schedule, emit| schedule.run(now, emit));
        let dropped = std::mem::take(&mut self.schedule.dropped);
        self.traffic.dropped.fetch_add(dropped, Relaxed);
        !quit && !self.watch.given_up.load(Relaxed)
    }

    /// Empties the inbox, which is locked for no longer than that. `true` when nobody can ask for
    /// anything any more.
    fn take(&mut self) -> bool {
        let mut inbox = unpoisoned(&self.inbox);
        let gone = loop {
            match inbox.commands.try_recv() {
                Ok(command) => {
                    if let MidiCommand::Set(setting) = &command {
                        inbox.settings.note(setting);
                    }
                    self.commands.push(command);
                }
                Err(TryRecvError::Empty) => break false,
                Err(TryRecvError::Disconnected) => break true,
            }
        };
        while let Ok(event) = inbox.events.pop() {
            self.events.push(event);
        }
        gone
    }

    fn follow(&mut self, command: MidiCommand) {
        match command {
            MidiCommand::Open(sink, name) => {
                self.close();
                self.sink = Some(sink);
                self.held = Held::default();
                let (played, runs) = {
                    let mut memory = unpoisoned(&self.memory);
                    if memory.port != name {
                        *memory = Memory {
                            port: name,
                            ..Memory::default()
                        };
                    }
                    (memory.played.clone(), memory.runs)
                };
                self.emit(|_, emit| {
                    if runs {
                        emit(Bytes::one(STOP));
                    }
                    // Not every machine heeds "all notes off".
                    played.ends().for_each(emit);
                });
                self.emit(|schedule, emit| schedule.greet(emit));
            }
            MidiCommand::Close => self.close(),
            MidiCommand::Rest(done) => {
                self.finish();
                let _ = done.try_send(());
            }
            MidiCommand::Set(MidiSetting::DrumMap(map)) => {
                self.emit(|schedule, emit| schedule.set_map(*map, emit));
            }
            MidiCommand::Set(MidiSetting::ClockOut(clock)) => {
                self.emit(|schedule, emit| schedule.set_clock(clock, emit));
            }
            MidiCommand::Set(MidiSetting::Gate(gate)) => self.schedule.set_gate(gate),
            MidiCommand::Quit => self.close(),
        }
    }

    /// Ends every note and gives the port back.
    fn close(&mut self) {
        self.finish();
        self.sink = None;
    }

    /// Ends every note, and waits until the receiver has that.
    fn finish(&mut self) {
        if self.sink.is_some() {
            self.emit(|schedule, emit| schedule.finish(emit));
            thread::sleep(LINGER);
        }
    }

    /// The end of a thread that could not close its port as usual: puts the receiver in order, by
    /// what is known of it and not by the plan.
    fn leave(&mut self) {
        if let Some(mut port) = self.sink.take() {
            for bytes in self.held.ends() {
                let _ = port.send(bytes.as_slice());
            }
            if unpoisoned(&self.memory).runs {
                let _ = port.send(&[STOP]);
            }
            thread::sleep(LINGER);
        }
    }

    /// Lets the schedule send; if the port is gone, the messages are dropped.
    fn emit(&mut self, act: impl FnOnce(&mut Schedule, Emit)) {
        let Sender {
            schedule,
            sink,
            held,
            memory,
            watch,
            epoch,
            ..
        } = self;
        let mut failed = false;
        act(schedule, &mut |bytes| {
            let Some(port) = sink else { return };
            if failed || watch.given_up.load(Relaxed) {
                return;
            }
            let now = epoch.elapsed().as_nanos() as Nanos;
            watch.sending.store(now.max(1), Relaxed);
            match port.send(bytes.as_slice()) {
                Ok(()) => {
                    held.note(bytes.as_slice());
                    unpoisoned(memory).note(bytes.as_slice());
                }
                Err(_) => failed = true,
            }
            watch.sending.store(0, Relaxed);
        });
        if failed {
            self.sink = None;
            self.held = Held::default();
            self.watch.lost.store(true, Relaxed);
        }
    }

    fn now(&self) -> Nanos {
        self.epoch.elapsed().as_nanos() as Nanos
    }

    /// Waits for the next moment or the next look at the queue.
    fn wait(&mut self, realtime: bool) {
        if self.sink.is_none() {
            thread::park_timeout(POLL_UNPLUGGED);
            return;
        }
        let poll = POLL[usize::from(!self.now.playing.load(Relaxed))];
        let Some(due) = self.schedule.next_due() else {
            thread::park_timeout(poll);
            return;
        };
        let left = Duration::from_nanos((due - self.now()).max(0) as u64);
        if left > poll {
            thread::park_timeout(poll);
        } else if !realtime {
            thread::sleep(left);
        } else {
            thread::sleep(left.saturating_sub(SPIN));
            while self.now() < due {
                std::hint::spin_loop();
            }
        }
    }

    #[cfg(test)]
    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }
}
