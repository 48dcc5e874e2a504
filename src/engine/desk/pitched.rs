//! Notes with a pitch, rendered offline beside the drums: each part by the SoundFont's own preset for its
//! program, or the nearest that the SoundFont has.

use rustysynth::{Synthesizer, SynthesizerSettings};

use crate::engine::sound::{SoundFont, SoundFontError};
use musicvae::music::Note;

/// Channels of General MIDI without that of the drums.
const CHANNELS: [i32; 15] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15];

/// Notes at once, of which each may take a few voices.
const POLYPHONY: usize = 256;

/// A note beside the drums, in frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pitched {
    pub start: usize,
    pub end: usize,
    key: u8,
    velocity: u8,
    program: u8,
}

impl Pitched {
    /// `None` of a pitch that MIDI doesn't have.
    pub fn of(note: &Note, frame_of: impl Fn(f64) -> usize) -> Option<Pitched> {
        let start = frame_of(note.start_time);
        Some(Pitched {
            start,
            end: frame_of(note.end_time).max(start + 1),
            key: u8::try_from(note.pitch).ok().filter(|key| *key < 128)?,
            velocity: note.velocity.clamp(1, 127) as u8,
            program: note.program.clamp(0, 127) as u8,
        })
    }
}

/// What plays them.
pub(super) struct Voice {
    synthesizer: Synthesizer,
    /// By frame; at one frame ends come before starts.
    events: std::iter::Peekable<std::vec::IntoIter<Event>>,
    programs: Vec<u8>,
}

struct Event {
    frame: usize,
    starts: bool,
    note: Pitched,
}

impl Voice {
    /// All notes sound so many frames `late`.
    pub fn new(
        font: &SoundFont,
        rate: u32,
        notes: &[Pitched],
        late: usize,
    ) -> Result<Voice, SoundFontError> {
        let mut settings = SynthesizerSettings::new(rate as i32);
        settings.maximum_polyphony = POLYPHONY;
        settings.enable_reverb_and_chorus = false;
        let mut synthesizer = Synthesizer::new(&font.font, &settings).map_err(|error| {
            SoundFontError::Synthesizer {
                name: font.name().to_string(),
                rate,
                detail: error.to_string(),
            }
        })?;
        synthesizer.set_master_volume(1.0);
        let mut programs: Vec<u8> = notes.iter().map(|note| note.program).collect();
        programs.sort_unstable();
        programs.dedup();
        let event = |starts: bool| {
            move |&note: &Pitched| Event {
                frame: late + if starts { note.start } else { note.end },
                starts,
                note,
            }
        };
        let starts = notes.iter().map(event(true));
        let mut events: Vec<Event> = notes.iter().map(event(false)).chain(starts).collect();
        events.sort_by_key(|event| (event.frame, event.starts));
        Ok(Voice {
            synthesizer,
            events: events.into_iter().peekable(),
            programs,
        })
    }

    /// The sound of the frames from `at` on.
    pub fn render(&mut self, at: usize, left: &mut [f32], right: &mut [f32]) {
        let mut done = 0;
        while let Some(event) = (self.events).next_if(|event| event.frame < at + left.len()) {
            let offset = event.frame.saturating_sub(at).max(done);
            (self.synthesizer).render(&mut left[done..offset], &mut right[done..offset]);
            done = offset;
            self.play(&event);
        }
        (self.synthesizer).render(&mut left[done..], &mut right[done..]);
    }

    fn play(&mut self, Event { starts, note, .. }: &Event) {
        let place = self.programs.iter().position(|it| *it == note.program);
        let channel = CHANNELS[place.unwrap_or_default() % CHANNELS.len()];
        let key = i32::from(note.key);
        if !starts {
            self.synthesizer.note_off(channel, key);
            return;
        }
        // More programs than channels take turns.
        let program = i32::from(note.program);
        self.synthesizer
            .process_midi_message(channel, 0xC0, program, 0);
        self.synthesizer.process_midi_message(channel, 0xB0, 7, 127);
        self.synthesizer
            .note_on(channel, key, i32::from(note.velocity));
    }
}
