//! The MIDI thread's plan: events in, bytes out at their moment. No thread and no port in here, so
//! that all of it can be tested.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::DrumMap;
use super::clock::{Nanos, SECOND};
use super::core::{MidiEvent, MidiMessage};
use crate::music::LANES;

/// Length of a note. Drum machines heed the beginning only; what sounds as long as it is held
/// gets a short stroke. The closest strokes of a lane are 50 ms apart (sixteenths at 300).
const GATE: Nanos = SECOND * 45 / 1000;

/// A note later than this is left out: a late drum is worse than none.
const TOO_LATE: Nanos = SECOND / 20;

/// Where MIDI bytes go.
pub(crate) trait MidiSink: Send {
    /// Sends one message; an error means that the port is gone.
    fn send(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// What comes out of the plan: one message of up to three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes([u8; 3], usize);

impl Bytes {
    fn one(byte: u8) -> Bytes {
        Bytes([byte, 0, 0], 1)
    }

    fn three(status: u8, channel: u8, first: u8, second: u8) -> Bytes {
        let channel = channel.clamp(1, 16) - 1;
        Bytes([status | channel, first.min(127), second.min(127)], 3)
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

/// A note that sounds.
#[derive(Clone, Copy, Debug)]
struct Sounding {
    note: u8,
    channel: u8,
    until: Nanos,
}

/// Events that can wait at a time.
const ROOM: usize = 4096;

/// Events in the order of their time, and the notes that must be ended.
pub(crate) struct Schedule {
    map: DrumMap,
    send_clock: bool,
    /// By time, then by arrival.
    waiting: BinaryHeap<Reverse<(Nanos, u64, MidiMessage)>>,
    arrived: u64,
    /// At most one note a lane.
    sounding: [Option<Sounding>; LANES],
    /// Notes and events that were too late, or too many.
    pub dropped: u64,
}

impl Schedule {
    pub fn new(map: DrumMap, send_clock: bool) -> Schedule {
        Schedule {
            map,
            send_clock,
            waiting: BinaryHeap::with_capacity(ROOM),
            arrived: 0,
            sounding: [None; LANES],
            dropped: 0,
        }
    }

    pub fn push(&mut self, event: MidiEvent) {
        if self.waiting.len() >= ROOM {
            self.dropped += 1;
            return;
        }
        self.arrived += 1;
        self.waiting
            .push(Reverse((event.time, self.arrived, event.message)));
    }

    pub fn set_clock(&mut self, send_clock: bool) {
        self.send_clock = send_clock;
    }

    /// Changes the notes of the lanes; what sounds is ended as it was begun.
    pub fn set_map(&mut self, map: DrumMap, emit: &mut dyn FnMut(Bytes)) {
        self.end_notes(emit);
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
        [event, off].into_iter().flatten().min()
    }

    /// Emits everything that is due by `now`, in order.
    pub fn run(&mut self, now: Nanos, emit: &mut dyn FnMut(Bytes)) {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            // What ends at this moment ends before anything else begins.
            self.end_notes_until(due, emit);
            while let Some(&Reverse((time, _, message))) = self.waiting.peek() {
                if time > due {
                    break;
                }
                self.waiting.pop();
                self.emit_message(message, time, now, emit);
            }
        }
    }

    /// Forgets what was planned and ends every note at once, also those that only the receiver
    /// knows of.
    pub fn panic(&mut self, emit: &mut dyn FnMut(Bytes)) {
        self.waiting.clear();
        self.end_notes(emit);
        let mut silenced = 0_u16;
        for lane in &self.map.lanes {
            let bit = 1 << (lane.channel.clamp(1, 16) - 1);
            if silenced & bit == 0 {
                silenced |= bit;
                // All sound off, all notes off.
                emit(Bytes::three(0xB0, lane.channel, 120, 0));
                emit(Bytes::three(0xB0, lane.channel, 123, 0));
            }
        }
    }

    fn emit_message(
        &mut self,
        message: MidiMessage,
        time: Nanos,
        now: Nanos,
        emit: &mut dyn FnMut(Bytes),
    ) {
        match message {
            MidiMessage::Hit { .. } if now - time > TOO_LATE => self.dropped += 1,
            MidiMessage::Hit { lane, velocity } => {
                let target = self.map.lanes[lane.index()];
                let same = |s: &Sounding| (s.note, s.channel) == (target.note, target.channel);
                for (other, sounding) in self.sounding.iter_mut().enumerate() {
                    // A note is ended before it is struck again, also when two lanes share it.
                    if sounding
                        .as_ref()
                        .is_some_and(|s| other == lane.index() || same(s))
                        && let Some(Sounding { note, channel, .. }) = sounding.take()
                    {
                        emit(Bytes::three(0x80, channel, note, 0));
                    }
                }
                emit(Bytes::three(
                    0x90,
                    target.channel,
                    target.note,
                    velocity.max(1),
                ));
                self.sounding[lane.index()] = Some(Sounding {
                    note: target.note,
                    channel: target.channel,
                    until: time.max(now - TOO_LATE) + GATE,
                });
            }
            MidiMessage::Clock if self.send_clock => emit(Bytes::one(0xF8)),
            MidiMessage::Start if self.send_clock => emit(Bytes::one(0xFA)),
            MidiMessage::Continue if self.send_clock => emit(Bytes::one(0xFB)),
            MidiMessage::Stop => {
                self.end_notes(emit);
                if self.send_clock {
                    emit(Bytes::one(0xFC));
                }
            }
            MidiMessage::Panic => self.panic(emit),
            MidiMessage::Clock | MidiMessage::Start | MidiMessage::Continue => (),
        }
    }

    fn end_notes(&mut self, emit: &mut dyn FnMut(Bytes)) {
        self.end_notes_until(Nanos::MAX, emit);
    }

    fn end_notes_until(&mut self, due: Nanos, emit: &mut dyn FnMut(Bytes)) {
        for sounding in &mut self.sounding {
            if let Some(Sounding { note, channel, .. }) = sounding.take_if(|s| s.until <= due) {
                emit(Bytes::three(0x80, channel, note, 0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Lane;
    use proptest::prelude::*;

    const MS: Nanos = SECOND / 1000;

    fn hit(time: Nanos, lane: Lane) -> MidiEvent {
        MidiEvent {
            time,
            message: MidiMessage::Hit {
                lane,
                velocity: 100,
            },
        }
    }

    fn run(schedule: &mut Schedule, now: Nanos) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        schedule.run(now, &mut |bytes| sent.push(bytes.as_slice().to_vec()));
        sent
    }

    #[test]
    fn events_leave_at_their_time_and_notes_end() {
        let mut schedule = Schedule::new(DrumMap::general_midi(), true);
        schedule.push(hit(30 * MS, Lane::Snare));
        schedule.push(hit(10 * MS, Lane::Kick));
        schedule.push(MidiEvent {
            time: 0,
            message: MidiMessage::Start,
        });
        schedule.push(MidiEvent {
            time: 0,
            message: MidiMessage::Clock,
        });
        assert_eq!(run(&mut schedule, 0), [[0xFA], [0xF8]]);
        assert_eq!(schedule.next_due(), Some(10 * MS));
        assert_eq!(run(&mut schedule, 10 * MS), [[0x99, 36, 100]]);
        assert_eq!(run(&mut schedule, 30 * MS), [[0x99, 38, 100]]);
        assert_eq!(run(&mut schedule, 56 * MS), [[0x89, 36, 0]]);
        assert_eq!(run(&mut schedule, SECOND), [[0x89, 38, 0]]);
        assert_eq!(schedule.next_due(), None);
    }

    #[test]
    fn a_note_struck_again_is_ended_first() {
        let mut map = DrumMap::general_midi();
        map.lanes[Lane::OpenHat.index()] = map.lanes[Lane::ClosedHat.index()];
        let mut schedule = Schedule::new(map, true);
        schedule.push(hit(0, Lane::ClosedHat));
        schedule.push(hit(MS, Lane::OpenHat));
        let sent = run(&mut schedule, 2 * MS);
        assert_eq!(sent, [[0x99, 42, 100], [0x89, 42, 0], [0x99, 42, 100]]);
        assert_eq!(run(&mut schedule, SECOND), [[0x89, 42, 0]]);
    }

    #[test]
    fn a_map_change_and_a_stop_end_what_sounds_as_it_began() {
        let mut schedule = Schedule::new(DrumMap::general_midi(), false);
        schedule.push(hit(0, Lane::Kick));
        run(&mut schedule, 0);
        let mut map = DrumMap::general_midi();
        map.lanes[Lane::Kick.index()].note = 60;
        map.lanes[Lane::Kick.index()].channel = 3;
        let mut sent = Vec::new();
        schedule.set_map(map, &mut |bytes| sent.push(bytes.as_slice().to_vec()));
        assert_eq!(sent, [[0x89, 36, 0]]);
        schedule.push(hit(MS, Lane::Kick));
        schedule.push(MidiEvent {
            time: 2 * MS,
            message: MidiMessage::Stop,
        });
        assert_eq!(run(&mut schedule, 2 * MS), [[0x92, 60, 100], [0x82, 60, 0]]);
    }

    #[test]
    fn a_panic_forgets_the_plan_and_silences_every_channel() {
        let mut schedule = Schedule::new(DrumMap::general_midi(), true);
        schedule.push(hit(0, Lane::Kick));
        schedule.push(hit(5 * MS, Lane::Snare));
        run(&mut schedule, 0);
        let mut sent = Vec::new();
        schedule.panic(&mut |bytes| sent.push(bytes.as_slice().to_vec()));
        assert_eq!(sent, [[0x89, 36, 0], [0xB9, 120, 0], [0xB9, 123, 0]]);
        assert!(run(&mut schedule, SECOND).is_empty());
    }

    #[test]
    fn a_late_note_is_left_out_and_counted_but_clocks_are_not() {
        let mut schedule = Schedule::new(DrumMap::general_midi(), true);
        schedule.push(hit(0, Lane::Kick));
        schedule.push(MidiEvent {
            time: 0,
            message: MidiMessage::Clock,
        });
        assert_eq!(run(&mut schedule, SECOND), [[0xF8]]);
        assert_eq!(schedule.dropped, 1);
    }

    #[test]
    fn too_many_events_are_counted_and_the_rest_goes_on() {
        let mut schedule = Schedule::new(DrumMap::general_midi(), true);
        (0..5000).for_each(|n| schedule.push(hit(n, Lane::Kick)));
        assert_eq!(schedule.dropped, 5000 - 4096);
        run(&mut schedule, SECOND / 1000);
        schedule.push(hit(SECOND, Lane::Kick));
        assert_eq!(schedule.dropped, 5000 - 4096);
    }

    proptest! {
        /// Whatever comes in whatever order: every note that begins ends, before it begins again.
        #[test]
        fn no_note_is_stuck_or_doubled(
            events in prop::collection::vec((0..2000_i64, 0..LANES, 1..128_u8, 0..30_u8), 0..300),
            shared in any::<bool>(),
        ) {
            let mut map = DrumMap::general_midi();
            if shared {
                map.lanes[3] = map.lanes[2];
            }
            let mut schedule = Schedule::new(map, true);
            let mut sounding = std::collections::HashSet::new();
            let mut check = |bytes: Bytes| match *bytes.as_slice() {
                [status, note, _] if status & 0xF0 == 0x90 => {
                    assert!(sounding.insert((status & 15, note)), "doubled");
                }
                [status, note, _] if status & 0xF0 == 0x80 => {
                    assert!(sounding.remove(&(status & 15, note)), "ended twice");
                }
                _ => (),
            };
            for (time, lane, velocity, kind) in events {
                let time = time * MS;
                let message = match kind {
                    0 => MidiMessage::Stop,
                    1 => MidiMessage::Panic,
                    _ => MidiMessage::Hit { lane: Lane::ALL[lane], velocity },
                };
                schedule.push(MidiEvent { time, message });
                if kind > 25 {
                    schedule.run(time, &mut check);
                }
            }
            schedule.run(10 * SECOND, &mut check);
            prop_assert!(sounding.is_empty(), "stuck: {:?}", sounding);
        }
    }
}
