//! The MIDI thread's plan: events in, bytes out at their moment. No thread and no port in here, so
//! that all of it can be tested.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bytes::{Bytes, CLOCK, CONTINUE, START, STOP};
use super::drum_map::DrumMap;
use super::setting::ClockOut;
use crate::engine::events::{MidiEvent, MidiMessage, Nanos, SECOND};
use crate::engine::range::GATE;
use crate::engine::time::units::CLOCKS_PER_STEP;
use musicvae::music::{LANES, Lane};

/// A note later than this is left out: a late drum is worse than none.
const TOO_LATE: Nanos = SECOND / 20;

/// The shortest note: some machines overlook shorter ones.
const LEAST_GATE: Nanos = SECOND / 200;

/// Clocks a sixteenth, the unit of song positions.
const CLOCKS_PER_SIXTEENTH: i64 = CLOCKS_PER_STEP as i64;

/// Takes what leaves.
pub(crate) type Emit<'e> = &'e mut dyn FnMut(Bytes);

/// A note that sounds.
#[derive(Clone, Copy, Debug)]
struct Sounding {
    note: u8,
    channel: u8,
    until: Nanos,
}

/// What the followers of our clock were told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Stop,
    /// The song position of this clock: "continue" goes out just before it, on a sixteenth, for
    /// song positions cannot say what lies between.
    Position(i64),
    Run,
}

/// Events that can wait at a time, and how many of these places are not for notes and clocks.
const ROOM: usize = 4096;
const RESERVE: usize = 64;

/// Events in the order of their time, and the notes that must be ended.
pub(crate) struct Schedule {
    map: DrumMap,
    clock: ClockOut,
    /// Length of a note in steps, and of a step.
    gate: f64,
    step: Nanos,
    /// By time, then by arrival.
    waiting: BinaryHeap<Reverse<(Nanos, u64, MidiMessage)>>,
    arrived: u64,
    /// At most one note a lane.
    sounding: [Option<Sounding>; LANES],
    told: Told,
    /// Number of the clock that should come next.
    next_clock: i64,
    /// When the next clock is due that goes out while nothing plays.
    idle: Option<Nanos>,
    /// Notes and events that were too late, or too many.
    pub dropped: u64,
}

impl Schedule {
    pub fn new(map: DrumMap, clock: ClockOut, gate: f32) -> Schedule {
        let mut schedule = Schedule {
            map,
            clock,
            gate: 0.5,
            step: SECOND / 8,
            waiting: BinaryHeap::with_capacity(ROOM),
            arrived: 0,
            sounding: [None; LANES],
            told: Told::Stop,
            next_clock: 0,
            idle: None,
            dropped: 0,
        };
        schedule.set_gate(gate);
        schedule
    }

    pub fn push(&mut self, event: MidiEvent) {
        let many = matches!(
            event.message,
            MidiMessage::Hit { .. } | MidiMessage::Clock(_)
        );
        let room = if many { ROOM - RESERVE } else { ROOM };
        if self.waiting.len() >= room {
            self.dropped += 1;
            return;
        }
        self.arrived += 1;
        self.waiting
            .push(Reverse((event.time, self.arrived, event.message)));
    }

    /// Length of the notes, in steps.
    pub fn set_gate(&mut self, steps: f32) {
        self.gate = f64::from(GATE.nearest(steps));
    }

    /// Length of a step, for the notes to come and for clocks while nothing plays.
    pub fn set_step(&mut self, step: Nanos) {
        self.step = step.clamp(SECOND / 100, SECOND);
    }

    pub fn set_clock(&mut self, clock: ClockOut, emit: Emit) {
        if clock == ClockOut::Off {
            self.tell_stop(emit);
        }
        self.clock = clock;
        self.idle = None;
    }

    /// Changes the notes of the lanes; what sounds is ended as it was begun.
    pub fn set_map(&mut self, map: DrumMap, emit: Emit) {
        self.end_notes(emit);
        if self.map.channels() & !map.channels() != 0 {
            // Nothing of ours goes to these channels any more, so they are left in order.
            self.silence(emit);
        }
        self.map = map;
    }

    /// Moment of the next thing to send.
    pub fn next_due(&self) -> Option<Nanos> {
        let event = self.waiting.peek().map(|Reverse((time, ..))| *time);
        let off = self
            .sounding
            .iter()
            .flatten()
            .map(|sounding| sounding.until)
            .min();
        [event, off, self.idle].into_iter().flatten().min()
    }

    /// Emits everything that is due by `now`, in order.
    pub fn run(&mut self, now: Nanos, emit: Emit) {
        let idles = self.clock == ClockOut::Always && self.told == Told::Stop;
        match (idles, self.idle) {
            (true, None) => self.idle = Some(now),
            // A machine that slept does not make up for it.
            (true, Some(due)) if now - due > SECOND => self.idle = Some(now),
            (true, Some(_)) => (),
            (false, _) => self.idle = None,
        }
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            // What ends at this moment ends before anything else begins.
            self.end_notes_until(due, emit);
            while let Some(&Reverse((time, arrived, message))) = self.waiting.peek() {
                if time > due {
                    break;
                }
                self.waiting.pop();
                self.emit_message(message, (time, arrived), now, emit);
            }
            if let Some(idle) = self.idle.filter(|idle| *idle <= due) {
                emit(Bytes::one(CLOCK));
                self.idle = Some(idle + self.step / CLOCKS_PER_SIXTEENTH);
            }
        }
    }

    /// Forgets the notes that were planned and ends every other one at once, also those that only
    /// the receiver knows of. The clock goes on.
    pub fn panic(&mut self, emit: Emit) {
        self.waiting
            .retain(|Reverse((.., message))| !matches!(message, MidiMessage::Hit { .. }));
        self.end_notes(emit);
        self.silence(emit);
    }

    /// Leaves the receiver in order: no note sounds, and no sequencer runs on. Waiting events are
    /// dropped; if a clock comes after this, followers join it again.
    pub fn finish(&mut self, emit: Emit) {
        self.waiting.clear();
        self.end_notes(emit);
        self.tell_stop(emit);
        self.silence(emit);
        self.idle = None;
    }

    /// A new receiver was told nothing yet.
    pub fn greet(&mut self, emit: Emit) {
        self.sounding = [None; LANES];
        self.told = Told::Stop;
        self.silence(emit);
    }

    /// All sound off, all notes off, on every channel of the map.
    fn silence(&self, emit: Emit) {
        let channels = self.map.channels();
        for channel in (1..=16_u8).filter(|channel| channels >> (channel - 1) & 1 == 1) {
            emit(Bytes::three(0xB0, channel, 120, 0));
            emit(Bytes::three(0xB0, channel, 123, 0));
        }
    }

    fn emit_message(
        &mut self,
        message: MidiMessage,
        (time, arrived): (Nanos, u64),
        now: Nanos,
        emit: Emit,
    ) {
        match message {
            MidiMessage::Hit { .. } if now - time > TOO_LATE => self.dropped += 1,
            MidiMessage::Hit { lane, velocity } => self.strike(lane, velocity, now, emit),
            MidiMessage::Clock(_) | MidiMessage::Start | MidiMessage::Continue(_)
                if self.clock == ClockOut::Off => {}
            MidiMessage::Clock(number) => self.tick(number, emit),
            MidiMessage::Start => {
                emit(Bytes::one(START));
                self.told = Told::Run;
                self.next_clock = 0;
                self.idle = None;
            }
            MidiMessage::Continue(clock) => {
                self.idle = None;
                self.join(clock, emit);
            }
            MidiMessage::Stop => {
                // What was planned before is not played afterwards, whatever its time.
                self.waiting.retain(|Reverse((_, other, message))| {
                    *other > arrived
                        || !matches!(message, MidiMessage::Hit { .. } | MidiMessage::Clock(_))
                });
                self.end_notes(emit);
                self.tell_stop(emit);
                if self.clock == ClockOut::Always {
                    self.idle = Some(time + self.step / CLOCKS_PER_SIXTEENTH);
                }
            }
            MidiMessage::Panic => self.panic(emit),
        }
    }

    fn strike(&mut self, lane: Lane, velocity: u8, now: Nanos, emit: Emit) {
        let Some(voice) = &self.map.lanes[lane.index()] else {
            return;
        };
        let (note, channel) = (voice.note, voice.channel);
        let velocity = velocity.clamp(1, 127);
        let same = |s: &Sounding| (s.note, s.channel) == (note, channel);
        for (other, sounding) in self.sounding.iter_mut().enumerate() {
            // A note is ended before it is struck again, also when two lanes share it.
            if let Some(Sounding { note, channel, .. }) =
                sounding.take_if(|s| other == lane.index() || same(s))
            {
                emit(Bytes::note_off(channel, note));
            }
        }
        if let Some(level) = voice.level {
            emit(Bytes::three(0xB0, channel, level, velocity));
        }
        emit(Bytes::three(0x90, channel, note, velocity));
        let gate = (self.gate * self.step as f64) as Nanos;
        self.sounding[lane.index()] = Some(Sounding {
            note,
            channel,
            until: now + gate.max(LEAST_GATE),
        });
    }

    /// A clock of the music that plays. A receiver that does not follow yet (the port is new, the
    /// place has changed) is told the place first.
    fn tick(&mut self, number: i64, emit: Emit) {
        match self.told {
            Told::Stop => self.join(number, emit),
            Told::Position(at) if number > at => self.join(number, emit),
            Told::Run if number != self.next_clock => {
                self.tell_stop(emit);
                self.join(number, emit);
            }
            Told::Position(_) | Told::Run => (),
        }
        if self.told == Told::Position(number) {
            emit(Bytes::one(if number == 0 { START } else { CONTINUE }));
            self.told = Told::Run;
        }
        self.next_clock = number + 1;
        self.idle = None;
        emit(Bytes::one(CLOCK));
    }

    /// Tells the first sixteenth from `clock` on as the place to continue at.
    fn join(&mut self, clock: i64, emit: Emit) {
        let sixteenth = (-(-clock).div_euclid(CLOCKS_PER_SIXTEENTH)).max(0);
        if sixteenth > 0 {
            emit(Bytes::song_position(sixteenth));
        }
        self.told = Told::Position(sixteenth * CLOCKS_PER_SIXTEENTH);
    }

    fn tell_stop(&mut self, emit: Emit) {
        if std::mem::replace(&mut self.told, Told::Stop) != Told::Stop {
            emit(Bytes::one(STOP));
        }
    }

    fn end_notes(&mut self, emit: Emit) {
        self.end_notes_until(Nanos::MAX, emit);
    }

    fn end_notes_until(&mut self, due: Nanos, emit: Emit) {
        for sounding in &mut self.sounding {
            if let Some(Sounding { note, channel, .. }) = sounding.take_if(|s| s.until <= due) {
                emit(Bytes::note_off(channel, note));
            }
        }
    }
}

#[cfg(test)]
mod tests;
