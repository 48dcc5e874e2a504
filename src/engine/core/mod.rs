//! The heart: transport, player and mixer, driven by the audio callback, or by the clock thread
//! while there is no sound card. All of it is real time: it allocates, locks and frees nothing.
//! Requests and answers go through queues and atomics. Uses `time`, `sound`, recording's tap, what
//! MIDI's threads share with it, and the ground.

mod beats;
mod commands;
mod input;
mod notes;
mod publish;
pub(crate) mod queues;
mod recording;
pub(crate) mod shared;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::events::{InputEvent, MidiEvent, MidiMessage, Nanos, SECOND};
use super::range;
use super::record::Tap;
use super::sound::delay::Delay;
use super::sound::mixer::{self, CHUNK, Controls, Mixer, Note, Peaks, Stereo};
use super::sound::stream::Source;
use super::time::clock::FrameClock;
use super::time::follow::Follower;
use super::time::pattern::Pattern;
use super::time::player::Player;
use super::time::transport::Transport;
use musicvae::fault;
use musicvae::music::{Groove, Lane};
use queues::{Garbage, Links, Prepared};
use shared::Shared;

/// How far ahead of the time of day the clock thread plays when there is no sound card.
pub(crate) const LOOKAHEAD: Nanos = SECOND / 50;

/// If it is behind the time of day by more than this, it does not catch up: the machine has slept.
const ASLEEP: Nanos = SECOND;

/// Most notes in a chunk; a lane has 20 steps a second at most, so two per lane are plenty.
const NOTES: usize = 64;

/// How many things one command, and a buffer after it, may displace.
const ROOM_FOR_GARBAGE: usize = 8;

/// Who drives the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    Clock,
    /// The audio stream of this number.
    Audio(u64),
}

/// See the module.
pub(crate) struct Core {
    transport: Transport,
    /// The tempo of all that has none of its own, quarter notes a minute.
    qpm: f64,
    player: Player,
    mixer: Option<Box<Mixer>>,
    controls: Controls,
    /// Frames since the engine started.
    frame: u64,
    clock: FrameClock,
    driver: Driver,
    /// Frames of silence before the music goes on, when a sound card takes over early.
    wait: u64,
    next_clock: i64,
    /// The next step that may be a beat.
    next_beat: i64,
    metronome: Metronome,
    /// Bars to count before the loop begins.
    count_in: u8,
    /// Position at which playing began.
    began: f64,
    /// MIDI's start is still to be sent, at position 0.
    start_due: bool,
    tap: Option<Box<Tap>>,
    midi_offset: Nanos,
    delay: Delay,
    notes: [Note; NOTES],
    strikes: usize,
    levels: Peaks,
    follower: Follower,
    /// The follower's clock is followed.
    external: bool,
    /// Strokes of pads become part of the groove.
    overdub: bool,
    pads: input::Strokes,
    input: rtrb::Consumer<InputEvent>,
    commands: rtrb::Consumer<Prepared>,
    midi: rtrb::Producer<MidiEvent>,
    garbage: rtrb::Producer<Garbage>,
    shared: Arc<Shared>,
}

/// How a core starts.
#[derive(Clone, Debug)]
pub(crate) struct CoreOptions {
    /// Quarter notes a minute.
    pub qpm: f64,
    /// What plays until another groove is handed over.
    pub groove: Groove,
    /// Whether the clock that comes in is followed.
    pub follow_clock: bool,
}

impl Default for CoreOptions {
    fn default() -> CoreOptions {
        CoreOptions {
            qpm: range::TEMPO.default,
            groove: Groove::empty(64),
            follow_clock: false,
        }
    }
}

/// Clicks on the beats.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Metronome {
    on: bool,
    /// 0..=1.
    level: f32,
}

impl Default for Metronome {
    fn default() -> Metronome {
        Metronome {
            on: false,
            level: range::CLICK.default,
        }
    }
}

impl Core {
    pub fn new(options: CoreOptions, shared: Arc<Shared>) -> (Core, Links) {
        const RATE: f64 = 48_000.0;
        let (command_in, commands) = rtrb::RingBuffer::new(1024);
        let (midi, midi_out) = rtrb::RingBuffer::new(4096);
        let (input_in, input) = rtrb::RingBuffer::new(1024);
        let (garbage, garbage_out) = rtrb::RingBuffer::new(256);
        let silent = Note {
            offset: 0,
            lane: Lane::Kick,
            key: 0,
            velocity: 0,
        };
        let core = Core {
            transport: Transport::new(options.qpm, RATE),
            qpm: range::TEMPO.nearest(options.qpm),
            player: Player::new(Arc::new(Pattern::new(options.groove))),
            mixer: None,
            controls: Controls::default(),
            frame: 0,
            clock: FrameClock::new(0, 0, RATE),
            driver: Driver::Clock,
            wait: 0,
            next_clock: 0,
            next_beat: 0,
            metronome: Metronome::default(),
            count_in: 0,
            began: 0.0,
            start_due: false,
            tap: None,
            midi_offset: 0,
            delay: Delay::new(),
            notes: [silent; NOTES],
            strikes: 0,
            levels: Peaks::default(),
            follower: Follower::new(options.qpm),
            external: options.follow_clock,
            overdub: false,
            pads: input::Strokes::new(),
            input,
            commands,
            midi,
            garbage,
            shared,
        };
        core.publish();
        (
            core,
            Links {
                commands: command_in,
                midi: midi_out,
                garbage: garbage_out,
                input: input_in,
            },
        )
    }

    /// The clock thread's turn: plays without sound up to a little after `now`.
    pub fn drive_silently(&mut self, now: Nanos) {
        if self.driver != Driver::Clock {
            // The timeline of the stream goes on as it was.
            self.driver = Driver::Clock;
            self.clock = FrameClock::new(
                self.frame,
                self.clock.time_of(self.frame),
                self.clock.rate(),
            );
            self.wait = 0;
        }
        if now - self.clock.time_of(self.frame) > ASLEEP {
            self.clock = FrameClock::new(self.frame, now, self.clock.rate());
        }
        let ahead = LOOKAHEAD + self.held_back();
        let frames = self.clock.frames_until(self.frame, now + ahead);
        self.take_commands();
        self.take_input(None);
        self.run(frames as usize, None);
        self.publish();
    }

    /// The audio callback's turn: fills `out`, whose first frame is heard at `heard`. `stream` is a
    /// number that no other stream had.
    pub fn drive_audio(&mut self, stream: u64, rate: u32, heard: Nanos, out: Stereo) {
        let (left, right) = out;
        let heard = heard + self.held_back();
        if self.driver != Driver::Audio(stream) {
            self.take_over(stream, rate, heard);
        }
        let wait = self.wait as f64 / f64::from(rate) * SECOND as f64;
        self.clock.observe(self.frame, heard + wait as Nanos);
        self.take_commands();
        self.take_input(Some(left.len()));
        let wait = (self.wait as usize).min(left.len());
        self.wait -= wait as u64;
        let frames = left.len() - wait;
        self.run(frames, Some((&mut left[wait..], &mut right[wait..])));
        let back = self.held_back() as f64 / SECOND as f64 * f64::from(rate);
        self.delay.set(back as usize);
        self.delay.run(left, right);
        self.publish();
    }

    /// How much the sound is held back, for MIDI to be ahead of it.
    fn held_back(&self) -> Nanos {
        (-self.midi_offset).max(0)
    }

    fn set_midi_offset(&mut self, offset: Nanos) {
        let before = self.held_back();
        self.midi_offset = offset;
        // The added delay makes everything from here on be heard later.
        let heard = self.clock.time_of(self.frame) + self.held_back() - before;
        self.clock = FrameClock::new(self.frame, heard, self.clock.rate());
    }

    /// A stream starts: the music keeps its phase, so the difference is skipped or waited for.
    fn take_over(&mut self, stream: u64, rate: u32, heard: Nanos) {
        let due = self.clock.time_of(self.frame);
        let behind = heard - due;
        if behind > 0 && behind < ASLEEP {
            let frames = self.clock.frames_until(self.frame, heard);
            self.run(frames as usize, None);
        }
        self.driver = Driver::Audio(stream);
        self.transport.set_rate(f64::from(rate));
        let ahead = (-behind).clamp(0, ASLEEP);
        self.wait = (ahead as f64 / SECOND as f64 * f64::from(rate)) as u64;
        self.clock = FrameClock::new(self.frame, heard + ahead, f64::from(rate));
    }

    /// Advances by `frames`, with sound or without.
    fn run(&mut self, frames: usize, mut out: Option<Stereo>) {
        let mut done = 0;
        while done < frames {
            let chunk = (frames - done).min(CHUNK).min(self.to_tempo_change());
            self.keep_tempo();
            self.steer();
            self.begin_recording(chunk);
            let before = self.transport.position();
            self.collect_pads(chunk);
            let count = self.collect(chunk);
            fault::point(match self.driver {
                Driver::Clock => "clock",
                Driver::Audio(_) => "audio",
            });
            match &mut out {
                Some((left, right)) => {
                    let range = done..done + chunk;
                    let (left, right) = (&mut left[range.clone()], &mut right[range]);
                    self.sound(left, right, count);
                    self.record(left, right);
                }
                // What would be heard if there were a sound card.
                None if self.tap.as_ref().is_some_and(|tap| tap.wants_sound()) => {
                    let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
                    let (left, right) = (&mut left[..chunk], &mut right[..chunk]);
                    self.sound(left, right, count);
                    self.record(left, right);
                }
                None => (),
            }
            self.strikes = 0;
            self.pass(chunk, before);
            self.fall(chunk);
            self.frame += chunk as u64;
            done += chunk;
        }
    }

    /// A part of a chain may have a tempo of its own, while no clock is followed.
    fn keep_tempo(&mut self) {
        let qpm = self.player.current().tempo.unwrap_or(self.qpm);
        if !self.external && self.transport.qpm() != qpm {
            self.transport.set_tempo(qpm);
        }
    }

    /// Frames until another tempo holds, at least one.
    fn to_tempo_change(&self) -> usize {
        let change = self.player.next_tempo_change();
        match change.filter(|_| self.transport.playing() && !self.external) {
            Some(position) => self.transport.frame_of(position, usize::MAX).max(1),
            None => usize::MAX,
        }
    }

    /// Follows the commands that wait, as long as there is room for what they displace.
    fn take_commands(&mut self) {
        while self.garbage.slots() > ROOM_FOR_GARBAGE {
            let Ok(command) = self.commands.pop() else {
                break;
            };
            self.take(command);
        }
    }

    /// Sends a message whose moment is `offset` frames from now.
    fn send_midi(&mut self, offset: usize, message: MidiMessage) {
        let clock = !matches!(message, MidiMessage::Hit { .. } | MidiMessage::Panic);
        if clock && !self.sends_clock() {
            return;
        }
        let mut time = self.clock.time_of(self.frame + offset as u64) + self.midi_offset;
        if self.driver != Driver::Clock {
            // The limiter delays the sound.
            let limiter = mixer::LATENCY as f64 / self.clock.rate() * SECOND as f64;
            time += limiter as Nanos;
        }
        if self.midi.push(MidiEvent { time, message }).is_err() {
            self.shared.midi.dropped.fetch_add(1, Relaxed);
        }
    }

    fn discard(&mut self, garbage: Garbage) {
        queues::discard(&mut self.garbage, garbage);
    }
}

impl Source for Core {
    fn fill(&mut self, stream: u64, rate: u32, heard: Nanos, out: Stereo) {
        self.drive_audio(stream, rate, heard, out);
    }
}

#[cfg(test)]
mod tests;
