//! Offline rendering: a groove, a song or a note sequence to stereo sound, faster than it plays.

use std::io::{self, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::pitched::{Pitched, Voice};
use super::song::Song;
use crate::engine::record::Wav;
use crate::engine::sound::limiter::{LOOKAHEAD, Limiter};
use crate::engine::sound::mixer::{CHUNK, Controls, LATENCY, Mixer, Note, midi_velocity};
use crate::engine::sound::{SoundFont, SoundFontError};
use crate::engine::time::feel::Feel;
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::{Player, Stroke};
use crate::engine::time::transport::Transport;
use musicvae::music::{Groove, LANES, Lane, NoteSequence};

/// Longest tail after the last stroke, in seconds.
const TAIL_SECONDS: f64 = 10.0;

/// The tail ends where everything is softer than this (-80 dB).
const TAIL_FLOOR: f32 = 1e-4;

/// Longest music that is rendered, in seconds: four hours. Half an hour more would fill a WAV file.
pub const LONGEST: f64 = 4.0 * 3600.0;

/// Why something cannot be rendered or written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    SoundFont(#[from] SoundFontError),
    #[error("a note at {seconds:.0} s is beyond the {:.0} hours that can be rendered", LONGEST / 3600.0)]
    TooLong { seconds: f64 },
    #[error("a WAV file is full after {:.1} hours", seconds / 3600.0)]
    Full { seconds: f64 },
    #[error("it was stopped")]
    Stopped,
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Stereo sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sound {
    /// Left and right, -1..=1.
    pub frames: Vec<[f32; 2]>,
    /// Frames a second.
    pub rate: u32,
}

/// Strokes in time, ready to be rendered: all together, or a lane at a time.
pub struct Score {
    /// Strokes by frame.
    notes: Vec<(usize, Note)>,
    /// Notes beside the drums.
    pitched: Vec<Pitched>,
    /// The least number of frames.
    end: usize,
    /// Frames a second.
    rate: u32,
    /// Program of the drum kit within the SoundFont.
    pub kit: u8,
    /// Level of each lane, by [`Lane::index`].
    levels: [f32; LANES],
    /// Length of the tail in seconds; `None` for as long as anything is heard.
    pub tail: Option<f64>,
    /// Drums outside our lanes, which were left out.
    pub skipped_notes: usize,
}

/// Takes frames as they are rendered, with how far they go, 0 to 1. An error ends the rendering.
pub type Take<'t> = dyn FnMut(&[[f32; 2]], f32) -> Result<(), RenderError> + 't;

/// What of a score is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// All of it.
    All,
    /// One lane as it is within the mix: a closed hat damps the open one there too.
    Lane(Lane),
    /// What is no drum.
    Pitched,
}

impl Score {
    /// `turns` turns of a groove's loop at its own tempo.
    pub fn of_groove(groove: &Groove, turns: usize, rate: u32) -> Score {
        let mut transport = Transport::new(groove.qpm, f64::from(rate));
        transport.play_from(0.0);
        let mut player = Player::new(Arc::new(Pattern::new(groove.clone())));
        player.feel = Feel::default();
        let mut notes = Vec::new();
        let steps = groove.sixteenths() * turns;
        let emit = |stroke: Stroke| {
            let frame = transport.frame_of(stroke.position, usize::MAX);
            notes.push((frame, Note::of_lane(0, stroke.lane, stroke.velocity)));
        };
        player.advance(steps as f64, emit, &mut drop);
        let end = transport.frame_of(steps as f64, usize::MAX);
        Score::of(notes, end, rate)
    }

    /// A song as it is heard, with the levels of its lanes. What comes before its first beat sounds
    /// with it.
    pub fn of_song(song: &Song, rate: u32) -> Score {
        let (strokes, steps, timeline) = song.played();
        let frame = |position: f64| (timeline.seconds(position) * f64::from(rate)).round() as usize;
        let note = |stroke: &Stroke| {
            let note = Note::of_lane(0, stroke.lane, stroke.velocity);
            (frame(stroke.position.max(0.0)), note)
        };
        Score {
            levels: song.levels,
            ..Score::of(
                strokes.iter().map(note).collect(),
                frame(steps as f64),
                rate,
            )
        }
    }

    /// A note sequence. Notes before time 0 sound at 0; drums that are none of ours are counted.
    ///
    /// # Errors
    /// One that is too long.
    pub fn of_notes(sequence: &NoteSequence, rate: u32) -> Result<Score, RenderError> {
        let (mut notes, mut pitched) = (Vec::new(), Vec::new());
        let mut skipped = 0;
        let frame_of = |seconds: f64| (seconds.max(0.0) * f64::from(rate)).round() as usize;
        for note in &sequence.notes {
            let seconds = note.start_time.max(note.end_time);
            if seconds.is_nan() || seconds >= LONGEST {
                return Err(RenderError::TooLong { seconds });
            }
            let key = u8::try_from(note.pitch).ok();
            let drum = key.and_then(|key| Some((Lane::of_pitch(key)?, key)));
            match (note.is_drum, drum, Pitched::of(note, frame_of)) {
                (true, Some((lane, key)), _) => {
                    let velocity = midi_velocity(note.velocity as f32 / 127.0);
                    let offset = 0;
                    let stroke = Note {
                        offset,
                        lane,
                        key,
                        velocity,
                    };
                    notes.push((frame_of(note.start_time), stroke));
                }
                (false, _, Some(note)) => pitched.push(note),
                _ => skipped += 1,
            }
        }
        Ok(Score {
            skipped_notes: skipped,
            pitched,
            ..Score::of(notes, 0, rate)
        })
    }

    fn of(mut notes: Vec<(usize, Note)>, end: usize, rate: u32) -> Score {
        notes.sort_by_key(|note| note.0);
        Score {
            notes,
            pitched: Vec::new(),
            end,
            rate,
            kit: 0,
            levels: [1.0; LANES],
            tail: None,
            skipped_notes: 0,
        }
    }

    /// Makes it last at least this many seconds.
    ///
    /// # Errors
    /// Where that is too long.
    pub fn lasts(&mut self, seconds: f64) -> Result<(), RenderError> {
        if seconds >= LONGEST {
            return Err(RenderError::TooLong { seconds });
        }
        self.end = self
            .end
            .max((seconds * f64::from(self.rate)).round() as usize);
        Ok(())
    }

    /// The lanes that are heard.
    pub fn lanes(&self) -> Vec<Lane> {
        let heard = |lane: &Lane| {
            let mut notes = self.notes.iter();
            self.levels[lane.index()] > 0.0 && notes.any(|(_, note)| note.lane == *lane)
        };
        Lane::ALL.into_iter().filter(heard).collect()
    }

    /// Frames a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// How many strokes there are.
    pub fn strokes(&self) -> usize {
        self.notes.len()
    }

    /// How many notes there are that are no drums.
    pub fn pitched(&self) -> usize {
        self.pitched.len()
    }

    /// Its sound, or that of a part of it, all at once.
    ///
    /// # Errors
    /// A SoundFont that can't be played.
    pub fn sound(&self, font: &SoundFont, heard: Heard) -> Result<Sound, RenderError> {
        let mut frames = Vec::new();
        self.render(font, heard, &mut |more, _| {
            frames.extend_from_slice(more);
            Ok(())
        })?;
        let rate = self.rate;
        Ok(Sound { frames, rate })
    }

    /// Writes its sound, or that of a part of it, as a WAV file of 24 bits, and returns how many frames
    /// it has. `progress` is told how far it is, 0 to 1, and says whether to go on.
    ///
    /// # Errors
    /// As those of [`Score::render`]; what is no trouble with the file is a [`RenderError`] inside.
    pub fn write_wav(
        &self,
        font: &SoundFont,
        heard: Heard,
        out: impl Write + Seek,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> io::Result<u64> {
        let mut wav = Wav::new(out, self.rate)?;
        let rendered = self.render(font, heard, &mut |more, share| {
            let samples = more.as_flattened();
            if wav.write(samples)? < samples.len() {
                let seconds = wav.frames() as f64 / f64::from(self.rate);
                return Err(RenderError::Full { seconds });
            }
            match progress(share) {
                true => Ok(()),
                false => Err(RenderError::Stopped),
            }
        });
        rendered.map_err(|error| match error {
            RenderError::File(error) => error,
            error => io::Error::other(error),
        })?;
        wav.flush()?;
        Ok(wav.frames())
    }

    /// Plays it, or a part of it, a little at a time. `take` gets the frames one after the other, with
    /// how far they go, 0 to 1.
    ///
    /// # Errors
    /// A SoundFont that can't be played, and what `take` has against going on.
    pub fn render(
        &self,
        font: &SoundFont,
        heard: Heard,
        take: &mut Take,
    ) -> Result<(), RenderError> {
        // The synthesizer may panic on keys that nobody tried when the font was loaded.
        let mixed = catch_unwind(AssertUnwindSafe(|| self.mixed(font, heard, take)));
        mixed.unwrap_or_else(|_| {
            Err(RenderError::SoundFont(SoundFontError::Damaged {
                name: font.name().to_string(),
                detail: "its drums cannot be played".into(),
            }))
        })
    }

    fn mixed(&self, font: &SoundFont, heard: Heard, take: &mut Take) -> Result<(), RenderError> {
        let rate = self.rate;
        let last_stroke = self.notes.last().map_or(0, |note| note.0 + 1);
        let last_note = self.pitched.iter().map(|note| note.end).max();
        let end = self.end.max(last_stroke).max(last_note.unwrap_or_default());
        let mut controls = Controls::default();
        for (lane, control) in Lane::ALL.into_iter().zip(&mut controls.lanes) {
            control.level = self.levels[lane.index()];
            control.solo = heard == Heard::Lane(lane);
            control.mute = heard == Heard::Pitched;
        }
        let mut mixer = Mixer::new(font, rate, self.kit)?;
        mixer.jump_to(&controls);
        let is_pitched = !self.pitched.is_empty() && !matches!(heard, Heard::Lane(_));
        // As late as the mixer's strokes.
        let voice = || Voice::new(font, rate, &self.pitched, LATENCY);
        let mut voice = is_pitched.then(voice).transpose()?;
        let mut limiter = Limiter::new(rate as f32);
        let late = LATENCY + if is_pitched { LOOKAHEAD } else { 0 };
        let tail = (self.tail.unwrap_or(TAIL_SECONDS) * f64::from(rate)) as usize;
        let mut cut = Cut {
            late,
            end,
            room: end + tail,
            fades: self.tail.is_none(),
            ..Cut::default()
        };
        let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
        let mut beside = [[0.0; CHUNK]; 2];
        let mut waiting = self.notes.iter().copied().peekable();
        let mut chunk = Vec::new();
        let mut at = 0;
        while at < end + tail + late {
            chunk.clear();
            while let Some((frame, note)) = waiting.next_if(|(frame, _)| *frame < at + CHUNK) {
                chunk.push(Note {
                    offset: frame - at,
                    ..note
                });
            }
            let mut peak = (mixer
                .render(&mut left, &mut right, &chunk, &controls)
                .master)
                .into_iter()
                .fold(0.0, f32::max);
            if let Some(voice) = &mut voice {
                let [beside_left, beside_right] = &mut beside;
                voice.render(at, beside_left, beside_right);
                for n in 0..CHUNK {
                    let sum = [left[n] + beside_left[n], right[n] + beside_right[n]];
                    [left[n], right[n]] = limiter.process(sum);
                    peak = peak.max(sum[0].abs()).max(sum[1].abs());
                }
            }
            cut.pass(left.iter().zip(&right).map(|(left, right)| [*left, *right]));
            at += CHUNK;
            if at.is_multiple_of(CHUNK * 64) {
                take(&cut.sure, (at as f32 / end.max(1) as f32).min(1.0))?;
                cut.sure.clear();
            }
            if at >= end + late && self.tail.is_none() && peak < TAIL_FLOOR {
                break;
            }
        }
        take(&cut.sure, 1.0)
    }
}

/// Cuts what is rendered to what is wanted of it: without the limiters' delay, which is known, and without
/// the silence after its end.
#[derive(Default)]
struct Cut {
    /// Frames that are still to be left out.
    late: usize,
    /// Frames that there are at least, still.
    end: usize,
    /// Frames that there may be, still.
    room: usize,
    /// What rings on ends with the last frame that is heard.
    fades: bool,
    /// What is wanted for sure.
    sure: Vec<[f32; 2]>,
    /// What is too soft to be heard, unless more comes.
    soft: Vec<[f32; 2]>,
}

impl Cut {
    fn pass(&mut self, frames: impl ExactSizeIterator<Item = [f32; 2]>) {
        let late = self.late.min(frames.len());
        self.late -= late;
        for frame in frames.skip(late).take(self.room) {
            self.room -= 1;
            let is_heard = frame.iter().any(|sample| sample.abs() >= TAIL_FLOOR);
            if self.end == 0 && self.fades && !is_heard {
                self.soft.push(frame);
                continue;
            }
            self.end = self.end.saturating_sub(1);
            self.sure.append(&mut self.soft);
            self.sure.push(frame);
        }
    }
}

/// Renders `turns` turns of a groove's loop at its own tempo, and the tail.
///
/// # Errors
/// A SoundFont that can't be played.
pub fn render_groove(
    groove: &Groove,
    turns: usize,
    font: &SoundFont,
    rate: u32,
) -> Result<Sound, RenderError> {
    Score::of_groove(groove, turns, rate).sound(font, Heard::All)
}
