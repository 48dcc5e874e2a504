//! MIDI input: clock, pads and controllers, from a port of this machine or from a virtual one that
//! other programs can find by our name.
//!
//! Clock and strokes go from the port's own thread straight to whoever drives the music, through a
//! lock-free queue and with the time at which they came. Controllers wait here, the latest value of
//! each, until the screen asks; so a flood of them is as long as there are controllers. Nothing that
//! comes in leaves again, unless MIDI thru is asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Instant;

use midir::{MidiInput, MidiInputConnection};

use super::clock::Nanos;
use super::follow::ClockMessage;
use super::midi_out::{CLIENT, find, no_sequencer};
use super::pattern::Feel;
use super::shared::Shared;
use super::{Devices, DrumMap, MidiPort};
use musicvae::fault::{self, Place};
use musicvae::music::Lane;

/// Strokes that can wait for the screen; a roll on nine pads is some hundred a second.
const NOTES_KEPT: usize = 256;

/// What other programs find.
const VIRTUAL_PORT: &str = "in";

/// What is said of the virtual port.
pub(crate) const VIRTUAL: &str = "musicvae-tui (virtual port)";

/// A note as a pad sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PadNote {
    /// 1..=16.
    pub channel: u8,
    /// 0..=127.
    pub note: u8,
}

/// Which notes strike which lane. A note that was taught comes first, then the one that the drum
/// map sends for a lane, then the General MIDI drums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pads {
    /// The channel that is heard, 1..=16; `None` hears all.
    pub channel: Option<u8>,
    pub taught: Vec<(PadNote, Lane)>,
    /// Notes that do something else and strike nothing.
    pub silent: Vec<PadNote>,
}

/// A stroke's place in the loop that plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// Step of the loop.
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
}

/// What goes to the core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InputMessage {
    Clock(ClockMessage),
    Strike {
        lane: Lane,
        /// 1..=127.
        velocity: u8,
        /// The step since play that it falls on.
        step: Option<i64>,
    },
}

/// A message and when it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InputEvent {
    pub time: Nanos,
    pub message: InputMessage,
}

/// A MIDI message as far as it matters here. Channels are 1..=16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Clock(ClockMessage),
    /// Velocity 1..=127.
    NoteOn(PadNote, u8),
    Controller(u8, u8, u8),
}

/// Reads one message; `None` is one that does not matter, or none at all.
fn parse(bytes: &[u8]) -> Option<Message> {
    let channel = |status: u8| (status & 15) + 1;
    Some(match *bytes {
        [0xF8, ..] => Message::Clock(ClockMessage::Tick),
        [0xFA, ..] => Message::Clock(ClockMessage::Start),
        [0xFB, ..] => Message::Clock(ClockMessage::Continue),
        [0xFC, ..] => Message::Clock(ClockMessage::Stop),
        [0xF2, low, high, ..] if low < 128 && high < 128 => {
            let sixteenths = u16::from(high) << 7 | u16::from(low);
            Message::Clock(ClockMessage::Position(sixteenths))
        }
        [status @ 0x90..=0x9F, note @ 0..128, velocity @ 1..128, ..] => {
            let channel = channel(status);
            Message::NoteOn(PadNote { channel, note }, velocity)
        }
        [status @ 0xB0..=0xBF, number @ 0..120, value @ 0..128, ..] => {
            Message::Controller(channel(status), number, value)
        }
        _ => return None,
    })
}

/// The lane of every note on every channel.
type Lanes = [[Option<Lane>; 128]; 16];

fn lanes_of(pads: &Pads, map: &DrumMap) -> Box<Lanes> {
    let mut lanes: Box<Lanes> = vec![std::array::from_fn(|note| Lane::of_pitch(note as u8)); 16]
        .try_into()
        .unwrap_or_else(|_| Box::new([[None; 128]; 16]));
    let cell = |from: PadNote| {
        let channel = usize::from(from.channel.clamp(1, 16) - 1);
        (channel, usize::from(from.note.min(127)))
    };
    for voice in map.lanes.iter().flatten() {
        let (channel, note) = cell(PadNote {
            channel: voice.channel,
            note: voice.note,
        });
        lanes[channel][note] = map.lane_of(voice.note, voice.channel);
    }
    for (from, lane) in &pads.taught {
        let (channel, note) = cell(*from);
        lanes[channel][note] = Some(*lane);
    }
    if let Some(heard) = pads.channel {
        for (channel, notes) in (1..).zip(lanes.iter_mut()) {
            if channel != heard {
                *notes = [None; 128];
            }
        }
    }
    for from in &pads.silent {
        let (channel, note) = cell(*from);
        lanes[channel][note] = None;
    }
    lanes
}

/// Where the ports' threads bring what they hear.
pub(crate) struct Inlet {
    epoch: Instant,
    shared: Arc<Shared>,
    // Two ports may speak at once; nobody holds it for longer than a message takes.
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
    /// By channel and number; and those of them that are new.
    values: Box<[[u8; 128]; 16]>,
    is_new: Box<[[bool; 128]; 16]>,
    new: Vec<(u8, u8)>,
}

impl Inlet {
    pub fn new(
        events: rtrb::Producer<InputEvent>,
        shared: Arc<Shared>,
        epoch: Instant,
        pads: Pads,
        map: DrumMap,
    ) -> Inlet {
        Inlet {
            epoch,
            shared,
            inside: Mutex::new(Inside {
                events,
                lanes: lanes_of(&pads, &map),
                pads,
                map,
                notes: Vec::with_capacity(NOTES_KEPT),
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
        act(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner))
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
                        // It sounds all the same, but nothing else comes of it.
                        self.shared.dropped_midi.fetch_add(1, Relaxed);
                    }
                    match lane {
                        None => Ok(()),
                        Some(lane) => inside.events.push(event(InputMessage::Strike {
                            lane,
                            velocity,
                            step: place.map(|(step, _)| step),
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
                self.shared.dropped_midi.fetch_add(1, Relaxed);
            }
        });
        if !matches!(message, Message::Clock(_)) {
            self.wake_listener();
        }
    }

    /// The step since play that is heard at `time`, or the nearest one, and its place in the groove.
    fn place(&self, time: Nanos) -> Option<(i64, Tap)> {
        if !self.shared.playing.load(Relaxed) {
            return None;
        }
        let playhead = self.shared.playhead.read();
        let feel = Feel {
            swing: self.shared.swing.get(),
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
                step: (playhead.loop_start + in_loop) as usize,
                offset,
            },
        ))
    }
}

/// A port that is listened to, until it is dropped.
pub(crate) type Listening = MidiInputConnection<()>;

/// The input ports of this machine, asked for again and again by the same client.
pub(crate) struct InputPorts {
    input: Option<MidiInput>,
}

impl InputPorts {
    pub fn new() -> InputPorts {
        InputPorts { input: None }
    }

    fn input(&mut self) -> Result<&MidiInput, String> {
        if self.input.is_none() {
            self.input = Some(new_input()?);
        }
        self.input.as_ref().ok_or_else(no_input)
    }

    /// The input ports there are now, without our own.
    pub fn list(&mut self) -> Devices<MidiPort> {
        match self.input() {
            Err(reason) => Devices {
                found: Vec::new(),
                reason: Some(reason),
            },
            Ok(input) => {
                let ports = input.ports();
                let names = ports.iter().filter_map(|port| input.port_name(port).ok());
                let found: Vec<_> = names
                    .filter(|name| !is_own(name))
                    .map(|name| MidiPort { name })
                    .collect();
                let reason = found.is_empty().then(|| {
                    "No MIDI input port is there: connect a device, or start a program that \
                     has one."
                        .into()
                });
                Devices { found, reason }
            }
        }
    }

    /// Listens to the port that is called `name`, or else the first one whose name contains it.
    pub fn open(&mut self, name: &str, inlet: &Arc<Inlet>) -> Result<(Listening, String), String> {
        let ports = self.list();
        let names: Vec<&str> = ports.found.iter().map(|port| port.name.as_str()).collect();
        let Some(found) = find(&names, name) else {
            return Err(match ports.reason {
                Some(reason) => reason,
                None => format!("MIDI input \"{name}\" is not there; it is opened when it comes."),
            });
        };
        let input = new_input()?;
        let port = input
            .ports()
            .into_iter()
            .find(|port| input.port_name(port).is_ok_and(|name| name == found))
            .ok_or_else(|| format!("MIDI input \"{found}\" went away; it is tried again."))?;
        let listening = input
            .connect(&port, VIRTUAL_PORT, listener(inlet), ())
            .map_err(|error| format!("MIDI input \"{found}\" cannot be opened ({error})."))?;
        Ok((listening, found.to_string()))
    }
}

/// Makes a port that other programs can send to.
#[cfg(unix)]
pub(crate) fn open_virtual(inlet: &Arc<Inlet>) -> Result<Listening, String> {
    use midir::os::unix::VirtualInput;
    new_input()?
        .create_virtual(VIRTUAL_PORT, listener(inlet), ())
        .map_err(|error| format!("The virtual MIDI input cannot be made ({error})."))
}

/// Makes a port that other programs can send to.
#[cfg(not(unix))]
pub(crate) fn open_virtual(_: &Arc<Inlet>) -> Result<Listening, String> {
    Err("This system has no virtual MIDI ports.".into())
}

/// What runs in the port's thread at every message.
fn listener(inlet: &Arc<Inlet>) -> impl FnMut(u64, &[u8], &mut ()) + Send + 'static {
    let inlet = inlet.clone();
    let mut first = true;
    move |_, bytes, ()| {
        // ALSA's thread is an ordinary one, which a trainer on every core would make wait; JACK's
        // and CoreMIDI's have their priority already.
        if std::mem::take(&mut first) && cfg!(all(target_os = "linux", not(feature = "jack-midi")))
        {
            super::thread::make_realtime();
        }
        // Some systems call this from C, through which no panic may pass: the message is lost, and
        // the next one is heard.
        let received = catch_unwind(AssertUnwindSafe(|| {
            fault::point(Place::MidiInput);
            inlet.receive(bytes);
        }));
        if received.is_err() {
            inlet.shared.midi_errors.fetch_add(1, Relaxed);
        }
    }
}

/// Whether a port is one of this program's: what it hears of itself would come back for ever.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with(CLIENT)
}

fn new_input() -> Result<MidiInput, String> {
    MidiInput::new(CLIENT).map_err(|_| no_input())
}

fn no_input() -> String {
    no_sequencer("is heard")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::Voice;
    use crate::engine::clock::SECOND;
    use crate::engine::shared::Playhead;

    fn inlet(pads: Pads) -> (Inlet, rtrb::Consumer<InputEvent>, Arc<Shared>) {
        let (events, consumer) = rtrb::RingBuffer::new(64);
        let shared = Arc::new(Shared::default());
        shared.swing.set(0.5);
        let map = DrumMap::general_midi();
        let inlet = Inlet::new(events, shared.clone(), Instant::now(), pads, map);
        (inlet, consumer, shared)
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
    fn messages_are_read() {
        let clock = |message| Some(Message::Clock(message));
        assert_eq!(parse(&[0xF8]), clock(ClockMessage::Tick));
        assert_eq!(parse(&[0xFA]), clock(ClockMessage::Start));
        assert_eq!(parse(&[0xFB]), clock(ClockMessage::Continue));
        assert_eq!(parse(&[0xFC]), clock(ClockMessage::Stop));
        assert_eq!(
            parse(&[0xF2, 0x10, 0x01]),
            clock(ClockMessage::Position(144))
        );
        assert_eq!(
            parse(&[0xF2, 0x7F, 0x7F]),
            clock(ClockMessage::Position(16_383))
        );
        assert_eq!(
            parse(&[0xB3, 74, 127]),
            Some(Message::Controller(4, 74, 127))
        );
        // All sound off and its like are no knobs; a note-on of velocity 0 is a note-off.
        for other in [
            &[0xB0, 123, 0][..],
            &[0x90, 36, 0],
            &[0x80, 36, 9],
            &[0xFE],
            &[0xF2, 1],
            &[],
        ] {
            assert_eq!(parse(other), None);
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
        let (inlet, _events, shared) = inlet(Pads::default());
        let tap = |time: Nanos| {
            inlet.receive_at(&[0x99, 38, 100], time);
            match inlet.take()[..] {
                [Received::Note { tap, .. }] => tap,
                ref other => panic!("{other:?}"),
            }
        };
        assert_eq!(tap(0), None, "nothing plays");
        shared.playing.store(true, Relaxed);
        shared.playhead.publish(Playhead {
            began: 0.0,
            loop_start: 0,
            time: SECOND,
            position: 70.0,
            steps_per_second: 8.0,
            origin: 64,
            loop_steps: 64,
            bar_steps: 16,
            beat_steps: 4,
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
