//! From strokes to sound: one synthesizer a lane, so that each lane has its own level, pan and
//! meter, then a master level and a limiter. Free of allocation once it is built.

mod compressor;
mod room;
mod strip;
mod variants;

use std::sync::Arc;

use super::click::Click;
use super::limiter::{LOOKAHEAD, Limiter};
use super::soundfont::{SoundFont, SoundFontError};
use compressor::Compressor;
use musicvae::music::{LANES, Lane};
use room::Room;
use strip::Strip;

/// Most frames that [`Mixer::render`] takes at a time.
pub(crate) const CHUNK: usize = 256;

/// Frames that the sound is late by.
pub(crate) const LATENCY: usize = LOOKAHEAD;

/// Time that a change of level takes.
const SMOOTH_SECONDS: f32 = 0.005;

/// A note to start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    /// Frames from the start of the chunk.
    pub offset: usize,
    pub lane: Lane,
    /// MIDI pitch and velocity (1..=127).
    pub key: u8,
    pub velocity: u8,
}

impl Note {
    /// The lane's own drum at `velocity` (0..=1).
    pub fn of_lane(offset: usize, lane: Lane, velocity: f32) -> Note {
        Note {
            offset,
            lane,
            key: lane.pitch(),
            velocity: midi_velocity(velocity),
        }
    }

    /// Whether this stroke damps the open hat: closed, pedal and edge hats do.
    fn chokes_open_hat(&self) -> bool {
        matches!(self.key, 22 | 42 | 44)
    }
}

/// MIDI velocity of a hit; the softest hit is still one.
pub(crate) fn midi_velocity(velocity: f32) -> u8 {
    (velocity * 127.0).round().clamp(1.0, 127.0) as u8
}

/// MIDI velocity of a hit on a lane of a level, where nobody else sets the level. Synthesizers that follow
/// General MIDI, the one in here too, sound with the square of the velocity (40 dB for a tenth, General
/// MIDI 2 and SoundFont 2.04, 8.4.1), so a level is its square root in a velocity.
pub(crate) fn at_level(velocity: u8, level: f32) -> u8 {
    midi_velocity(f32::from(velocity) / 127.0 * level.sqrt())
}

/// How a lane is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LaneControl {
    pub level: f32,
    /// -1..=1.
    pub pan: f32,
    pub mute: bool,
    pub solo: bool,
}

impl Default for LaneControl {
    fn default() -> LaneControl {
        LaneControl {
            level: 1.0,
            pan: 0.0,
            mute: false,
            solo: false,
        }
    }
}

/// How everything is heard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Controls {
    pub lanes: [LaneControl; LANES],
    pub master: f32,
    /// Whether the lanes sound in a room, and whether a compressor holds them together.
    pub room: bool,
    pub compressor: bool,
}

impl Default for Controls {
    fn default() -> Controls {
        Controls {
            lanes: [LaneControl::default(); LANES],
            master: 1.0,
            room: false,
            compressor: false,
        }
    }
}

impl Controls {
    /// Whether the lane is to be heard, by mute and solo of all.
    pub fn audible(&self, lane: Lane) -> bool {
        let control = &self.lanes[lane.index()];
        !control.mute && (control.solo || !self.lanes.iter().any(|other| other.solo))
    }

    /// The velocity that a hit has outside, in MIDI: at the level of its lane. `None` where that is 0.
    pub fn sent(&self, lane: Lane, velocity: u8) -> Option<u8> {
        let level = self.lanes[lane.index()].level;
        (level > 0.0).then(|| at_level(velocity, level))
    }

    /// Gain of the lane's left and right.
    fn gains(&self, lane: Lane) -> [f32; 2] {
        if !self.audible(lane) {
            return [0.0; 2];
        }
        let LaneControl { level, pan, .. } = self.lanes[lane.index()];
        [level * (1.0 - pan).min(1.0), level * (1.0 + pan).min(1.0)]
    }
}

/// Buffers to render into, of equal length.
pub(crate) type Stereo<'a> = (&'a mut [f32], &'a mut [f32]);

/// Loudest samples of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peaks {
    pub lanes: [f32; LANES],
    pub master: [f32; 2],
}

/// Nine lanes, a room, a compressor, a master level and a limiter.
pub(crate) struct Mixer {
    /// By [`Lane::index`].
    strips: Vec<Strip>,
    /// Of each program.
    variants: Arc<[u8]>,
    room: Room,
    compressor: Compressor,
    click: Click,
    limiter: Limiter,
    rate: u32,
    master: f32,
    left: [f32; CHUNK],
    right: [f32; CHUNK],
}

impl Mixer {
    /// Builds the synthesizers; allocates, so not on the audio thread. `program` is the drum kit.
    pub fn new(font: &SoundFont, rate: u32, program: u8) -> Result<Mixer, SoundFontError> {
        let mut strips = Vec::with_capacity(LANES);
        for lane in Lane::ALL {
            strips.push(Strip::new(font, rate, lane)?);
        }
        let mut mixer = Mixer {
            strips,
            variants: font.variants(),
            room: Room::new(rate),
            compressor: Compressor::new(rate),
            click: Click::new(rate),
            limiter: Limiter::new(rate as f32),
            rate,
            master: 1.0,
            left: [0.0; CHUNK],
            right: [0.0; CHUNK],
        };
        mixer.set_program(program);
        Ok(mixer)
    }

    /// Frames a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Chooses the drum kit for the notes that follow.
    pub fn set_program(&mut self, program: u8) {
        let variants = self.variants.get(usize::from(program)).map_or(1, |it| *it);
        for strip in &mut self.strips {
            strip.set_program(program, variants);
        }
    }

    /// Takes the levels as they are, without the glide from the ones before.
    pub fn jump_to(&mut self, controls: &Controls) {
        for lane in Lane::ALL {
            self.strips[lane.index()].gains = controls.gains(lane);
        }
        self.master = controls.master;
    }

    /// Silences everything at once.
    pub fn silence(&mut self) {
        for strip in &mut self.strips {
            strip.silence();
        }
        self.room.wipe();
        self.click.silence();
    }

    /// Makes the metronome click, `offset` frames into the next chunk, at `level` (0..=1).
    pub fn click(&mut self, offset: usize, accented: bool, level: f32) {
        self.click.strike(offset, accented, level);
    }

    /// Renders a chunk of at most [`CHUNK`] frames over what is in `left` and `right` (of equal
    /// length). `notes` are in order of their offsets.
    pub fn render(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        notes: &[Note],
        controls: &Controls,
    ) -> Peaks {
        let frames = left.len().min(right.len()).min(CHUNK);
        let (left, right) = (&mut left[..frames], &mut right[..frames]);
        left.fill(0.0);
        right.fill(0.0);
        let mut peaks = Peaks::default();
        let in_room = self.room.listens(controls.room);
        if in_room {
            self.room.sent[..frames].fill(0.0);
        }
        let smooth = 1.0 - (-1.0 / (SMOOTH_SECONDS * self.rate as f32)).exp();
        for lane in Lane::ALL {
            let strip = &mut self.strips[lane.index()];
            let (dry_left, dry_right) = (&mut self.left[..frames], &mut self.right[..frames]);
            if !strip.render(dry_left, dry_right, lane, notes, self.rate) {
                strip.gains = controls.gains(lane);
                continue;
            }
            let target = controls.gains(lane);
            let mut peak = 0.0_f32;
            let share = room::share(lane);
            for n in 0..frames {
                strip.gains[0] += (target[0] - strip.gains[0]) * smooth;
                strip.gains[1] += (target[1] - strip.gains[1]) * smooth;
                let sample = [dry_left[n] * strip.gains[0], dry_right[n] * strip.gains[1]];
                left[n] += sample[0];
                right[n] += sample[1];
                peak = peak.max(sample[0].abs()).max(sample[1].abs());
                if in_room {
                    self.room.sent[n] += (sample[0] + sample[1]) * share;
                }
            }
            peaks.lanes[lane.index()] = peak;
        }
        self.room.add_to(left, right, controls.room, smooth);
        self.compressor
            .process(left, right, controls.compressor, smooth);
        self.click.add_to(left, right);
        for n in 0..frames {
            self.master += (controls.master - self.master) * smooth;
            [left[n], right[n]] = self
                .limiter
                .process([left[n] * self.master, right[n] * self.master]);
            peaks.master[0] = peaks.master[0].max(left[n].abs());
            peaks.master[1] = peaks.master[1].max(right[n].abs());
        }
        peaks
    }

    /// Gain that the limiter is at.
    pub fn limiter_gain(&self) -> f32 {
        self.limiter.gain()
    }
}

#[cfg(test)]
mod tests;
