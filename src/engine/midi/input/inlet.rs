//! Where the ports' threads bring what they hear: strokes and clock go on at once, controllers wait.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::Thread;
use std::time::Instant;

use super::message::{Message, parse};
use crate::engine::events::{ClockMessage, InputEvent, InputMessage, Nanos};
use crate::engine::midi::drum_map::DrumMap;
use crate::engine::midi::pads::{Lanes, PadNote, Pads, lanes_of};
use crate::engine::midi::traffic::Traffic;
use crate::engine::thread::unpoisoned;
use crate::engine::time::feel::{Feel, own_step};
use crate::engine::time::playhead::NowPlaying;
use musicvae::music::Lane;

/// Strokes that can wait for the screen; a roll on nine pads is some hundred a second.
const NOTES_KEPT: usize = 256;

/// A stroke's place in the loop that plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// Step of the groove.
    pub step: usize,
    /// As [`musicvae::music::Hit::offset`].
    pub offset: f32,
}

/// Something that came in, for the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Received {
    /// The latest value of a controller.
    Controller { channel: u8, number: u8, value: u8 },
    /// A stroke, which has sounded already when it has a lane.
    Note {
        from: PadNote,
        /// 1..=127.
        velocity: u8,
        lane: Option<Lane>,
        /// `None` while nothing plays.
        tap: Option<Tap>,
    },
    /// A stroke of the computer's keys.
    Key {
        lane: Lane,
        /// 1..=127.
        velocity: u8,
        /// `None` while nothing plays.
        tap: Option<Tap>,
    },
}

/// Where the ports' threads bring what they hear.
pub(crate) struct Inlet {
    epoch: Instant,
    now: Arc<NowPlaying>,
    traffic: Arc<Traffic>,
    // Two ports may send at once; each holds it for one message at most.
    inside: Mutex<Inside>,
    /// Is woken when something came that [`Inlet::take`] has.
    listener: OnceLock<Thread>,
}

struct Inside {
    events: rtrb::Producer<InputEvent>,
    pads: Pads,
    map: DrumMap,
    lanes: Box<Lanes>,
    notes: Vec<Received>,
    /// Another clock than MIDI's is listened to.
    other_clock: bool,
    /// By channel and number; and those of them that are new.
    values: Box<[[u8; 128]; 16]>,
    is_new: Box<[[bool; 128]; 16]>,
    new: Vec<(u8, u8)>,
}

impl Inlet {
    pub fn new(
        events: rtrb::Producer<InputEvent>,
        now: Arc<NowPlaying>,
        traffic: Arc<Traffic>,
        epoch: Instant,
        pads: Pads,
        map: DrumMap,
    ) -> Inlet {
        Inlet {
            epoch,
            now,
            traffic,
            inside: Mutex::new(Inside {
                events,
                lanes: lanes_of(&pads, &map),
                pads,
                map,
                notes: Vec::with_capacity(NOTES_KEPT),
                other_clock: false,
                values: Box::new([[0; 128]; 16]),
                is_new: Box::new([[false; 128]; 16]),
                new: Vec::with_capacity(16 * 128),
            }),
            listener: OnceLock::new(),
        }
    }

    /// From now on `listener` is woken when something comes. There is one at most.
    pub fn wake(&self, listener: Thread) {
        let _ = self.listener.set(listener);
        self.wake_listener();
    }

    pub fn wake_listener(&self) {
        if let Some(listener) = self.listener.get() {
            listener.unpark();
        }
    }

    fn inside<T>(&self, act: impl FnOnce(&mut Inside) -> T) -> T {
        act(&mut unpoisoned(&self.inside))
    }

    pub fn set_pads(&self, pads: Pads) {
        self.inside(|inside| {
            inside.lanes = lanes_of(&pads, &inside.map);
            inside.pads = pads;
        });
    }

    pub fn set_map(&self, map: DrumMap) {
        self.inside(|inside| {
            inside.lanes = lanes_of(&inside.pads, &map);
            inside.map = map;
        });
    }

    /// What came in since the last call: the strokes in their order, then the latest value of each
    /// controller that was moved.
    pub fn take(&self) -> Vec<Received> {
        if self.inside(|inside| inside.notes.is_empty() && inside.new.is_empty()) {
            return Vec::new();
        }
        // Nothing is allocated while a port's thread may wait.
        let mut taken = Vec::with_capacity(NOTES_KEPT + 64);
        self.inside(|inside| {
            taken.append(&mut inside.notes);
            let Inside {
                new,
                values,
                is_new,
                ..
            } = inside;
            let room = taken.capacity() - taken.len();
            for (channel, number) in new.drain(..new.len().min(room)) {
                let at = (usize::from(channel - 1), usize::from(number));
                is_new[at.0][at.1] = false;
                taken.push(Received::Controller {
                    channel,
                    number,
                    value: values[at.0][at.1],
                });
            }
        });
        taken
    }

    /// Counts what could not be taken.
    pub(super) fn failed(&self) {
        self.traffic.errors.fetch_add(1, Relaxed);
    }

    /// From now on the clock is another one than MIDI's, or MIDI's again.
    pub fn set_other_clock(&self, is_other: bool) {
        self.inside(|inside| inside.other_clock = is_other);
        if !is_other {
            // MIDI's knows no bars.
            self.clock(
                ClockMessage::Bar(None),
                self.epoch.elapsed().as_nanos() as Nanos,
            );
        }
    }

    /// Takes a message of the other clock.
    pub fn clock(&self, message: ClockMessage, time: Nanos) {
        let message = InputMessage::Clock(message);
        let pushed = self.inside(|inside| inside.events.push(InputEvent { time, message }));
        if pushed.is_err() {
            self.traffic.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Takes one message from a port, now.
    pub fn receive(&self, bytes: &[u8]) {
        self.receive_at(bytes, self.epoch.elapsed().as_nanos() as Nanos);
    }

    /// Takes one message that came at `time`. Allocates nothing.
    fn receive_at(&self, bytes: &[u8], time: Nanos) {
        let Some(message) = parse(bytes) else { return };
        let event = |message| InputEvent { time, message };
        self.inside(|inside| {
            let pushed = match message {
                Message::Clock(_) if inside.other_clock => Ok(()),
                Message::Clock(clock) => inside.events.push(event(InputMessage::Clock(clock))),
                Message::NoteOn(from, velocity) => {
                    let [channel, note] = [from.channel - 1, from.note].map(usize::from);
                    let lane = inside.lanes[channel][note];
                    let place = lane.and_then(|_| self.place(time));
                    if inside.notes.len() < NOTES_KEPT {
                        inside.notes.push(Received::Note {
                            from,
                            velocity,
                            lane,
                            tap: place.map(|(_, tap)| tap),
                        });
                    } else {
                        // It sounds, but has no other effect.
                        self.traffic.dropped.fetch_add(1, Relaxed);
                    }
                    match lane {
                        None => Ok(()),
                        Some(lane) => inside.events.push(event(InputMessage::Strike {
                            lane,
                            velocity,
                            step: place.map(|(step, _)| step),
                            by_key: false,
                        })),
                    }
                }
                Message::Controller(channel, number, value) => {
                    let at = (usize::from(channel - 1), usize::from(number));
                    inside.values[at.0][at.1] = value;
                    if !std::mem::replace(&mut inside.is_new[at.0][at.1], true) {
                        inside.new.push((channel, number));
                    }
                    Ok(())
                }
            };
            if pushed.is_err() {
                self.traffic.dropped.fetch_add(1, Relaxed);
            }
        });
        if !matches!(message, Message::Clock(_)) {
            self.wake_listener();
        }
    }

    /// Takes a stroke of the computer's keys, now.
    pub fn strike(&self, lane: Lane, velocity: u8) {
        let time = self.epoch.elapsed().as_nanos() as Nanos;
        let velocity = velocity.clamp(1, 127);
        let place = self.place(time);
        let tap = place.map(|(_, tap)| tap);
        let message = InputMessage::Strike {
            lane,
            velocity,
            step: place.map(|(step, _)| step),
            by_key: true,
        };
        self.inside(|inside| {
            let pushed = inside.events.push(InputEvent { time, message }).is_ok();
            if !pushed || inside.notes.len() == NOTES_KEPT {
                self.traffic.dropped.fetch_add(1, Relaxed);
            } else {
                let key = Received::Key {
                    lane,
                    velocity,
                    tap,
                };
                inside.notes.push(key);
            }
        });
        self.wake_listener();
    }

    /// The step since play that is heard at `time`, or the nearest one, and its place in the groove.
    fn place(&self, time: Nanos) -> Option<(i64, Tap)> {
        if !self.now.playing.load(Relaxed) {
            return None;
        }
        let playhead = self.now.playhead.read();
        let feel = Feel {
            swing: self.now.swing.get(),
            grid: playhead.grid,
            origin: playhead.origin,
            ..Feel::default()
        };
        let (step, offset) = feel.nearest(playhead.steps_at(time));
        if step < 0 {
            // It is still being counted in.
            return None;
        }
        let in_loop = (step - playhead.origin).rem_euclid(playhead.loop_steps.max(1));
        Some((
            step,
            Tap {
                step: own_step(playhead.grid, playhead.loop_start + in_loop)? as usize,
                offset,
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::events::SECOND;
    use crate::engine::midi::Voice;
    use crate::engine::time::playhead::Playhead;

    fn inlet(pads: Pads) -> (Inlet, rtrb::Consumer<InputEvent>, Arc<NowPlaying>) {
        let (events, consumer) = rtrb::RingBuffer::new(64);
        let now = Arc::new(NowPlaying::default());
        now.swing.set(0.5);
        let map = DrumMap::general_midi();
        let inlet = Inlet::new(
            events,
            now.clone(),
            Arc::default(),
            Instant::now(),
            pads,
            map,
        );
        (inlet, consumer, now)
    }

    fn struck(
        inlet: &Inlet,
        events: &mut rtrb::Consumer<InputEvent>,
        bytes: &[u8],
    ) -> Option<Lane> {
        inlet.receive_at(bytes, 0);
        match events.pop().ok()?.message {
            InputMessage::Strike { lane, velocity, .. } => {
                assert_eq!(velocity, bytes[2]);
                Some(lane)
            }
            InputMessage::Clock(_) => None,
        }
    }

    #[test]
    fn a_pad_is_taught_or_in_the_map_or_general_midi() {
        let taught = PadNote {
            channel: 1,
            note: 36,
        };
        let stop = PadNote {
            channel: 1,
            note: 40,
        };
        let (inlet, mut events, _) = inlet(Pads {
            channel: None,
            taught: vec![(taught, Lane::Crash)],
            silent: vec![stop],
        });
        let mut lane = |bytes: [u8; 3]| struck(&inlet, &mut events, &bytes);
        assert_eq!(lane([0x90, 36, 5]), Some(Lane::Crash));
        assert_eq!(lane([0x91, 36, 127]), Some(Lane::Kick), "another channel");
        assert_eq!(lane([0x99, 22, 1]), Some(Lane::ClosedHat));
        assert_eq!(lane([0x90, 40, 9]), None, "it does something else");
        assert_eq!(lane([0x90, 100, 9]), None, "no drum");
        let mut map = DrumMap::general_midi();
        map.lanes[Lane::Ride.index()] = map.voice(Lane::Ride).map(|voice| Voice {
            note: 60,
            channel: 3,
            ..voice.clone()
        });
        inlet.set_map(map);
        let mut lane = |bytes: [u8; 3]| struck(&inlet, &mut events, &bytes);
        assert_eq!(lane([0x92, 60, 9]), Some(Lane::Ride));
        assert_eq!(lane([0x93, 60, 9]), Some(Lane::MidTom));
        inlet.set_pads(Pads {
            channel: Some(10),
            ..Pads::default()
        });
        let mut lane = |bytes: [u8; 3]| struck(&inlet, &mut events, &bytes);
        assert_eq!(lane([0x90, 36, 9]), None);
        assert_eq!(lane([0x99, 36, 9]), Some(Lane::Kick));
    }

    #[test]
    fn a_flood_of_controllers_is_its_latest_values() {
        let (inlet, ..) = inlet(Pads::default());
        for n in 0..100_000_u32 {
            inlet.receive_at(&[0xB0, (n % 3) as u8, (n / 1000) as u8], 0);
        }
        let value = |number| Received::Controller {
            channel: 1,
            number,
            value: 99,
        };
        assert_eq!(inlet.take(), [value(0), value(1), value(2)]);
        assert_eq!(inlet.take(), []);
        // Every controller that there is takes more than one look, and none is forgotten.
        for channel in 0..16 {
            (0..120).for_each(|number| inlet.receive_at(&[0xB0 | channel, number, 1], 0));
        }
        let mut seen = 0;
        loop {
            let taken = inlet.take().len();
            if taken == 0 {
                break;
            }
            seen += taken;
        }
        assert_eq!(seen, 16 * 120);
    }

    #[test]
    fn a_stroke_knows_its_place_in_the_loop() {
        let (inlet, _events, now) = inlet(Pads::default());
        let tap = |time: Nanos| {
            inlet.receive_at(&[0x99, 38, 100], time);
            match inlet.take()[..] {
                [Received::Note { tap, .. }] => tap,
                ref other => panic!("{other:?}"),
            }
        };
        assert_eq!(tap(0), None, "nothing plays");
        now.playing.store(true, Relaxed);
        now.playhead.publish(Playhead {
            began: 0.0,
            loop_start: 0,
            time: SECOND,
            position: 70.0,
            steps_per_second: 8.0,
            origin: 64,
            loop_steps: 64,
            bar_steps: 16,
            beat_steps: 4,
            ..Playhead::default()
        });
        // A fifth of a step early, a tenth late, and one that ends the turn before.
        for (time, step, offset) in [(0.975, 6, 0.2), (1.0125, 6, -0.1), (0.2, 0, 0.4)] {
            let found = tap((time * 1e9) as Nanos).unwrap();
            assert_eq!(found.step, step);
            assert!((found.offset - offset).abs() < 1e-3, "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..200)) {
            let (inlet, mut events, _) = inlet(Pads { channel: Some(200), ..Pads::default() });
            for bytes in messages {
                assert_no_alloc::assert_no_alloc(|| inlet.receive_at(&bytes, 0));
                while events.pop().is_ok() {}
            }
            for received in inlet.take() {
                if let Received::Controller { channel, number, value } = received {
                    prop_assert!((1..=16).contains(&channel) && number < 120 && value < 128);
                }
            }
        }
    }
}
