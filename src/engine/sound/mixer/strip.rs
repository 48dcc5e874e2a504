//! One lane: its synthesizer, damped and let go.

use rustysynth::{Synthesizer, SynthesizerSettings};

use super::Note;
use super::variants::Variants;
use crate::engine::sound::soundfont::{SoundFont, SoundFontError};
use musicvae::music::Lane;

/// Frames that the synthesizer renders at once: a note begins with a block, so at most 7 frames late.
const BLOCK: usize = 8;

/// One stroke at full velocity is then at about half of full scale; the limiter takes what sums
/// to more.
const SYNTHESIZER_GAIN: f32 = 1.0;

/// A key is released this long after the lane's last stroke: long after drums have died away, but a
/// sound that loops until its release must end too.
const HOLD_SECONDS: f32 = 4.0;

/// An open hat is damped by a closed one within this time, as a foot or a hand does it: slower than a
/// switch.
const CHOKE_SECONDS: f32 = 0.04;

/// The percussion channel, counted from 0.
const CHANNEL: i32 = 9;

/// Voices of one lane, of which a stroke may take ten; the quietest gives way. A ride in eighths keeps
/// all of them busy: more would cost time and hardly be heard.
const POLYPHONY: usize = 48;

/// One lane's synthesizer and its place in the mix.
pub(super) struct Strip {
    synthesizer: Synthesizer,
    variants: Variants,
    pub gains: [f32; 2],
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

impl Strip {
    pub fn new(font: &SoundFont, rate: u32, lane: Lane) -> Result<Strip, SoundFontError> {
        let mut settings = SynthesizerSettings::new(rate as i32);
        settings.block_size = BLOCK;
        settings.maximum_polyphony = POLYPHONY;
        settings.enable_reverb_and_chorus = false;
        let mut synthesizer = Synthesizer::new(&font.font, &settings).map_err(|error| {
            let detail = error.to_string();
            SoundFontError::Synthesizer {
                name: font.name().to_string(),
                rate,
                detail,
            }
        })?;
        synthesizer.set_master_volume(SYNTHESIZER_GAIN);
        // The lane's level is ours; the channel's own is left wide open.
        synthesizer.process_midi_message(CHANNEL, 0xB0, 7, 127);
        Ok(Strip {
            synthesizer,
            // Lanes by themselves: what one plays changes nothing of another.
            variants: Variants::new(lane.index() as u64),
            gains: [1.0; 2],
            choke: 1.0,
            choking: false,
            hold: 0,
            taken: 0,
            asleep: true,
        })
    }

    /// Chooses the drum kit for the notes that follow, of which there are so many variants.
    pub fn set_program(&mut self, program: u8, variants: u8) {
        self.variants.set_count(variants);
        let program = i32::from(program.min(127));
        self.synthesizer
            .process_midi_message(CHANNEL, 0xC0, program, 0);
    }

    pub fn silence(&mut self) {
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
    pub fn render(
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
        // The bank is the variant's.
        let bank = i32::from(self.variants.next());
        self.synthesizer
            .process_midi_message(CHANNEL, 0xB0, 0, bank);
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
                // Firmly in the end.
                let gain = self.choke * self.choke;
                *left *= gain;
                *right *= gain;
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
