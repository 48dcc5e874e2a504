//! From strokes to sound: one synthesizer a lane, so that each lane has its own level, pan and
//! meter, then a master level and a limiter. Free of allocation once it is built.

use rustysynth::{Synthesizer, SynthesizerSettings};

use super::click::Click;
use super::limiter::{LOOKAHEAD, Limiter};
use super::soundfont::{SoundFont, SoundFontError};
use musicvae::music::{LANES, Lane};

/// Most frames that [`Mixer::render`] takes at a time.
pub(crate) const CHUNK: usize = 256;

/// Frames that the sound is late by.
pub(crate) const LATENCY: usize = LOOKAHEAD;

/// Smallest block of the synthesizer: a note begins with a block, so at most 7 frames late.
const BLOCK: usize = 8;

/// Voices of one lane; the quietest gives way.
const POLYPHONY: usize = 24;

/// One stroke at full velocity is then at about half of full scale; the limiter takes what sums
/// to more.
const SYNTHESIZER_GAIN: f32 = 1.0;

/// A key is let go so long after the lane's last stroke: long after drums have died away, but a
/// sound that loops until it is let go must end too.
const HOLD_SECONDS: f32 = 4.0;

/// An open hat is damped by a closed one within this time.
const CHOKE_SECONDS: f32 = 0.008;

/// Time that a change of level takes.
const SMOOTH_SECONDS: f32 = 0.005;

/// The percussion channel, counted from 0.
const CHANNEL: i32 = 9;

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
}

impl Default for Controls {
    fn default() -> Controls {
        Controls {
            lanes: [LaneControl::default(); LANES],
            master: 1.0,
        }
    }
}

impl Controls {
    /// Whether the lane is to be heard, by mute and solo of all.
    pub fn audible(&self, lane: Lane) -> bool {
        let control = &self.lanes[lane.index()];
        !control.mute && (control.solo || !self.lanes.iter().any(|other| other.solo))
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

/// Loudest samples of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peaks {
    pub lanes: [f32; LANES],
    pub master: [f32; 2],
}

/// One lane's synthesizer and its place in the mix.
struct Strip {
    synthesizer: Synthesizer,
    gains: [f32; 2],
    /// 1, or on its way to 0 while the lane is choked.
    choke: f32,
    choking: bool,
    /// Frames left until the key is let go; 0 when it is not held.
    hold: usize,
    /// Frames of the synthesizer's present block that have been taken, `0..BLOCK`.
    taken: usize,
    /// Nothing sounds and nothing will before the next note: no need to render.
    asleep: bool,
}

/// Nine lanes, a master level and a limiter.
pub(crate) struct Mixer {
    /// By [`Lane::index`].
    strips: Vec<Strip>,
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
        for _ in 0..LANES {
            let mut settings = SynthesizerSettings::new(rate as i32);
            settings.block_size = BLOCK;
            settings.maximum_polyphony = POLYPHONY;
            settings.enable_reverb_and_chorus = false;
            let synthesizer = Synthesizer::new(&font.font, &settings).map_err(|error| {
                let detail = error.to_string();
                SoundFontError::Synthesizer {
                    name: font.name().to_string(),
                    rate,
                    detail,
                }
            })?;
            strips.push(Strip::new(synthesizer));
        }
        let mut mixer = Mixer {
            strips,
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
        for strip in &mut self.strips {
            let program = i32::from(program.min(127));
            strip
                .synthesizer
                .process_midi_message(CHANNEL, 0xC0, program, 0);
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
        self.click.silence();
    }

    /// Has the metronome click, `offset` frames into the next chunk, at `level` (0..=1).
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
            for n in 0..frames {
                strip.gains[0] += (target[0] - strip.gains[0]) * smooth;
                strip.gains[1] += (target[1] - strip.gains[1]) * smooth;
                let sample = [dry_left[n] * strip.gains[0], dry_right[n] * strip.gains[1]];
                left[n] += sample[0];
                right[n] += sample[1];
                peak = peak.max(sample[0].abs()).max(sample[1].abs());
            }
            peaks.lanes[lane.index()] = peak;
        }
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

impl Strip {
    fn new(mut synthesizer: Synthesizer) -> Strip {
        synthesizer.set_master_volume(SYNTHESIZER_GAIN);
        // The lane's level is ours; the channel's own is left wide open.
        synthesizer.process_midi_message(CHANNEL, 0xB0, 7, 127);
        Strip {
            synthesizer,
            gains: [1.0; 2],
            choke: 1.0,
            choking: false,
            hold: 0,
            taken: 0,
            asleep: true,
        }
    }

    fn silence(&mut self) {
        self.synthesizer.note_off_all(true);
        // What is left of the present block still sounds: it is thrown away.
        let rest = (BLOCK - self.taken) % BLOCK;
        self.synthesizer
            .render(&mut [0.0; BLOCK][..rest], &mut [0.0; BLOCK][..rest]);
        self.taken = 0;
        self.choke = 1.0;
        self.choking = false;
        self.hold = 0;
    }

    /// Renders the lane alone; `false` when it sleeps and the buffers are left as they were.
    fn render(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        lane: Lane,
        notes: &[Note],
        rate: u32,
    ) -> bool {
        if self.asleep && !notes.iter().any(|note| note.lane == lane) {
            return false;
        }
        let frames = left.len();
        let mut at = 0;
        for note in notes {
            let offset = note.offset.clamp(at, frames);
            if note.lane == lane {
                self.stretch(&mut left[at..offset], &mut right[at..offset], rate);
                at = offset;
                self.start(note, rate);
            } else if lane == Lane::OpenHat && note.chokes_open_hat() && self.hold > 0 {
                self.stretch(&mut left[at..offset], &mut right[at..offset], rate);
                at = offset;
                self.choking = true;
            }
        }
        self.stretch(&mut left[at..], &mut right[at..], rate);
        let silent = left
            .iter()
            .chain(right.iter())
            .all(|sample| sample.abs() < 1e-7);
        self.asleep = silent && self.hold == 0;
        true
    }

    fn start(&mut self, note: &Note, rate: u32) {
        if self.choking {
            // A stroke on a drum that is being damped: the damped sound ends here.
            self.silence();
        }
        self.synthesizer
            .note_on(CHANNEL, i32::from(note.key), i32::from(note.velocity));
        self.hold = (HOLD_SECONDS * rate as f32) as usize;
        self.asleep = false;
    }

    /// Renders without a note in between.
    fn stretch(&mut self, left: &mut [f32], right: &mut [f32], rate: u32) {
        self.synthesizer.render(left, right);
        self.taken = (self.taken + left.len()) % BLOCK;
        if self.choking {
            let step = 1.0 / (CHOKE_SECONDS * rate as f32);
            for (left, right) in left.iter_mut().zip(right.iter_mut()) {
                self.choke = (self.choke - step).max(0.0);
                *left *= self.choke;
                *right *= self.choke;
            }
            if self.choke == 0.0 {
                self.silence();
            }
        } else if self.hold > 0 {
            self.hold = self.hold.saturating_sub(left.len());
            if self.hold == 0 {
                self.synthesizer.note_off_all(false);
            }
        }
    }
}

/// Plays every lane softly, medium and loud, so that a SoundFont whose tables are damaged shows it
/// here and not on stage. Panics, or returns what is wrong.
pub(crate) fn audition(font: &SoundFont) -> Result<(), String> {
    let mut mixer = Mixer::new(font, 22_050, 0).map_err(|error| error.to_string())?;
    let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
    let mut peak = 0.0_f32;
    for velocity in [0.1, 0.5, 1.0] {
        let notes = Lane::ALL.map(|lane| Note::of_lane(0, lane, velocity));
        for chunk in 0..8 {
            let notes: &[Note] = if chunk == 0 { &notes } else { &[] };
            let peaks = mixer.render(&mut left, &mut right, notes, &Controls::default());
            peak = peak.max(peaks.master[0]).max(peaks.master[1]);
        }
    }
    if peak > 1e-4 {
        Ok(())
    } else {
        Err("none of its drums makes a sound".into())
    }
}

#[cfg(test)]
mod tests;
