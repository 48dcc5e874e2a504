//! The heart: transport, player and mixer, moved on by whoever has the time: the audio callback,
//! or the clock thread while there is no sound card. Allocates, locks and frees nothing.

mod beats;
mod commands;
mod follow;
mod recording;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::EngineOptions;
use super::clock::{FrameClock, Nanos, SECOND};
use super::delay::Delay;
use super::follow::{CLOCKS_PER_STEP, Follower};
use super::messages::{Garbage, Links, MidiEvent, MidiMessage, Prepared};
use super::midi_in::InputEvent;
use super::mixer::{self, CHUNK, Controls, Mixer, Note, Peaks};
use super::pattern::Pattern;
use super::player::{Displaced, Player, Stroke};
use super::record::{TICKS_PER_STEP, Tap};
use super::shared::{Playhead, Shared};
use super::transport::Transport;
use musicvae::fault::{self, Place};
use musicvae::music::Lane;

/// How far ahead of the time of day the clock thread plays when there is no sound card.
pub(crate) const LOOKAHEAD: Nanos = SECOND / 50;

/// Behind by more than this, the time of day is not caught up with: the machine has slept.
const ASLEEP: Nanos = SECOND;

/// Most notes in a chunk; a lane has 20 steps a second at most, so that 2 a lane is plenty.
const NOTES: usize = 64;

/// What one command may displace, and a buffer after it.
const ROOM_FOR_GARBAGE: usize = 8;

/// Fall of the meters, decibels a second.
const METER_FALL: f32 = 24.0;

/// Who moves the core on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    Clock,
    /// The audio stream of this number.
    Audio(u64),
}

/// See the module.
pub(crate) struct Core {
    transport: Transport,
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
    pads: follow::Strokes,
    input: rtrb::Consumer<InputEvent>,
    commands: rtrb::Consumer<Prepared>,
    midi: rtrb::Producer<MidiEvent>,
    garbage: rtrb::Producer<Garbage>,
    shared: Arc<Shared>,
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
            level: 0.5,
        }
    }
}

/// Buffers to render into, of equal length.
pub(crate) type Stereo<'a> = (&'a mut [f32], &'a mut [f32]);

impl Core {
    pub fn new(options: &EngineOptions, shared: Arc<Shared>) -> (Core, Links) {
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
            player: Player::new(Arc::new(Pattern::new(options.groove.clone()))),
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
            pads: follow::Strokes::new(),
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
        // What is played from here on is heard later by as much as it is held back more.
        let heard = self.clock.time_of(self.frame) + self.held_back() - before;
        self.clock = FrameClock::new(self.frame, heard, self.clock.rate());
    }

    /// A stream starts: the music keeps its phase, so what is between is skipped or waited for.
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

    /// Moves on by `frames`, with sound or without.
    fn run(&mut self, frames: usize, mut out: Option<Stereo>) {
        let mut done = 0;
        while done < frames {
            let chunk = (frames - done).min(CHUNK);
            self.steer();
            self.begin_recording(chunk);
            let before = self.transport.position();
            self.collect_pads(chunk);
            let count = self.collect(chunk);
            fault::point(match self.driver {
                Driver::Clock => Place::Clock,
                Driver::Audio(_) => Place::Audio,
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

    /// Gathers the notes of the next `frames` frames in `notes`, behind the strikes that wait
    /// there, and sends them to MIDI. Returns how many there are.
    fn collect(&mut self, frames: usize) -> usize {
        let mut count = self.strikes;
        self.notes[..count].sort_unstable_by_key(|note| note.offset);
        if !self.transport.playing() {
            return count;
        }
        let to = self.transport.position_after(frames);
        if self.start_due && to > 0.0 {
            self.start_due = false;
            let offset = self.transport.frame_of(0.0, frames);
            self.send_midi(offset, MidiMessage::Start);
        }
        self.beat(to, frames);
        while (self.next_clock as f64) < to * CLOCKS_PER_STEP {
            let position = self.next_clock as f64 / CLOCKS_PER_STEP;
            let offset = self.transport.frame_of(position, frames);
            self.send_midi(offset, MidiMessage::Clock(self.next_clock));
            self.next_clock += 1;
        }
        let Core {
            player,
            transport,
            controls,
            notes,
            tap,
            garbage,
            ..
        } = self;
        let first = count;
        let from = transport.position();
        let emit = |stroke: Stroke| {
            if controls.audible(stroke.lane) && count < NOTES {
                let offset = transport.frame_of(stroke.position, frames);
                let note = Note::of_lane(offset, stroke.lane, stroke.velocity);
                notes[count] = note;
                count += 1;
                if let Some(tap) = tap {
                    let ticks = (stroke.position - from) * TICKS_PER_STEP;
                    tap.stroke(ticks, stroke.lane, note.velocity);
                }
            }
        };
        player.advance(to, emit, &mut |it| discard(garbage, it.into()));
        for n in first..count {
            let Note {
                offset,
                lane,
                velocity,
                ..
            } = self.notes[n];
            self.send_midi(offset, MidiMessage::Hit { lane, velocity });
        }
        self.notes[..count].sort_unstable_by_key(|note| note.offset);
        self.transport.advance(frames);
        count
    }

    fn sound(&mut self, left: &mut [f32], right: &mut [f32], count: usize) {
        let Some(mixer) = &mut self.mixer else { return };
        if f64::from(mixer.rate()) != self.transport.rate() {
            return;
        }
        let (notes, controls) = (&self.notes[..count], &self.controls);
        // The synthesizer is not ours: should it panic on a damaged SoundFont, the show goes on.
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            mixer.render(left, right, notes, controls)
        }));
        match rendered {
            Ok(peaks) => {
                for lane in 0..peaks.lanes.len() {
                    self.levels.lanes[lane] = self.levels.lanes[lane].max(peaks.lanes[lane]);
                }
                for side in 0..2 {
                    self.levels.master[side] = self.levels.master[side].max(peaks.master[side]);
                }
            }
            Err(_) => {
                left.fill(0.0);
                right.fill(0.0);
                self.shared.sound_failed.store(true, Relaxed);
                if let Some(mixer) = self.mixer.take() {
                    self.discard(Garbage::Mixer(mixer));
                }
            }
        }
    }

    /// Lets the meters fall.
    fn fall(&mut self, frames: usize) {
        let seconds = frames as f32 / self.transport.rate() as f32;
        let factor = 10_f32.powf(-METER_FALL / 20.0 * seconds);
        self.levels
            .lanes
            .iter_mut()
            .chain(&mut self.levels.master)
            .for_each(|l| *l *= factor);
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
            // The limiter holds the sound back.
            let limiter = mixer::LATENCY as f64 / self.clock.rate() * SECOND as f64;
            time += limiter as Nanos;
        }
        if self.midi.push(MidiEvent { time, message }).is_err() {
            self.shared.dropped_midi.fetch_add(1, Relaxed);
        }
    }

    fn discard(&mut self, garbage: Garbage) {
        discard(&mut self.garbage, garbage);
    }

    fn publish(&self) {
        let shared = &self.shared;
        let part = self.player.current();
        let playing = self.transport.playing();
        shared.playhead.publish(Playhead {
            time: self.clock.time_of(self.frame),
            position: self.transport.position(),
            steps_per_second: if playing {
                self.transport.steps_per_second()
            } else {
                0.0
            },
            began: self.began,
            origin: part.origin,
            loop_start: part.start,
            loop_steps: part.steps,
            bar_steps: part.pattern.bar_steps(),
            beat_steps: part.pattern.beat_steps(),
        });
        let link = self.player.link().map_or(0, |link| link as u32 + 1);
        shared.chain_link.store(link, Relaxed);
        shared.rate.store(self.transport.rate() as u32, Relaxed);
        let recorded = self.tap.as_ref().and_then(|tap| tap.seconds());
        let recorded = recorded.unwrap_or(-1.0).to_bits();
        shared.recorded.store(recorded, Relaxed);
        shared.playing.store(playing, Relaxed);
        shared
            .takeover_pending
            .store(self.player.takeover_pending(), Relaxed);
        let clock = self.follower.last_tick();
        let qpm = if self.external && clock.is_some() {
            self.follower.qpm()
        } else {
            self.transport.qpm()
        };
        shared.qpm.store(qpm.to_bits(), Relaxed);
        shared.external.store(self.external, Relaxed);
        let place = self.follower.position(self.clock.time_of(self.frame));
        shared.has_place.store(place.is_some(), Relaxed);
        let bits = self.follower.qpm().to_bits();
        shared.clock_qpm.store(bits, Relaxed);
        shared
            .clock_tick
            .store(clock.unwrap_or(Nanos::MIN), Relaxed);
        shared.swing.set(self.player.feel.swing);
        for (cell, level) in shared.lane_levels.iter().zip(self.levels.lanes) {
            cell.set(level);
        }
        for (cell, level) in shared.master_level.iter().zip(self.levels.master) {
            cell.set(level);
        }
        shared.limiter_gain.set(
            self.mixer
                .as_ref()
                .map_or(1.0, |mixer| mixer.limiter_gain()),
        );
    }
}

/// Hands over what has to be freed elsewhere.
fn discard(queue: &mut rtrb::Producer<Garbage>, garbage: Garbage) {
    if let Err(rtrb::PushError::Full(garbage)) = queue.push(garbage) {
        // No room, which `take_commands` sees to: better lost than freed here.
        std::mem::forget(garbage);
    }
}

impl From<Displaced> for Garbage {
    fn from(displaced: Displaced) -> Garbage {
        Garbage::Played(displaced)
    }
}

#[cfg(test)]
mod tests;
