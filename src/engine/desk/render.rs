//! Offline rendering: a groove, a song or a note sequence to stereo sound, faster than it plays.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::pitched::{Pitched, Voice};
use super::song::Song;
use crate::engine::record::quantized;
use crate::engine::sound::limiter::{LOOKAHEAD, Limiter};
use crate::engine::sound::mixer::{CHUNK, Controls, LATENCY, Mixer, Note, midi_velocity};
use crate::engine::sound::{SoundFont, SoundFontError};
use crate::engine::time::feel::Feel;
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::{Player, Stroke};
use crate::engine::time::transport::Transport;
use musicvae::music::{Groove, LANES, Lane, NoteSequence, write_whole_file};

/// Longest tail after the last stroke, in seconds.
const TAIL_SECONDS: f64 = 10.0;

/// The tail ends where everything is softer than this (-80 dB).
const TAIL_FLOOR: f32 = 1e-4;

/// Longest sequence that is rendered, in seconds: six hours, 8 GB of sound.
const LONGEST: f64 = 6.0 * 3600.0;

/// Why something cannot be rendered or written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    SoundFont(#[from] SoundFontError),
    #[error("a note at {seconds:.0} s is beyond the {:.0} hours that can be rendered", LONGEST / 3600.0)]
    TooLong { seconds: f64 },
    #[error("the sound has no form as a WAV file: {0}")]
    Wav(String),
    #[error("{path} cannot be written: {reason}")]
    Write { path: String, reason: String },
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
        let mut transport = Transport::new(song.qpm, f64::from(rate));
        transport.play_from(0.0);
        let (strokes, steps) = song.played();
        let note = |stroke: &Stroke| {
            let frame = transport.frame_of(stroke.position.max(0.0), usize::MAX);
            (frame, Note::of_lane(0, stroke.lane, stroke.velocity))
        };
        let end = transport.frame_of(steps as f64, usize::MAX);
        Score {
            levels: song.levels,
            ..Score::of(strokes.iter().map(note).collect(), end, rate)
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

    /// How many strokes there are.
    pub fn strokes(&self) -> usize {
        self.notes.len()
    }

    /// How many notes there are that are no drums.
    pub fn pitched(&self) -> usize {
        self.pitched.len()
    }

    /// Its sound, or that of a part of it. `progress` is told how far it is, 0 to 1.
    ///
    /// # Errors
    /// A SoundFont that can't be played.
    pub fn render(
        &self,
        font: &SoundFont,
        heard: Heard,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Sound, RenderError> {
        // The synthesizer may panic on keys that nobody tried when the font was loaded.
        let mixed = catch_unwind(AssertUnwindSafe(|| self.mixed(font, heard, progress)));
        mixed.unwrap_or_else(|_| {
            Err(RenderError::SoundFont(SoundFontError::Damaged {
                name: font.name().to_string(),
                detail: "its drums cannot be played".into(),
            }))
        })
    }

    fn mixed(
        &self,
        font: &SoundFont,
        heard: Heard,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Sound, RenderError> {
        let rate = self.rate;
        let last_stroke = self.notes.last().map_or(0, |note| note.0 + 1);
        let last_note = self.pitched.iter().map(|note| note.end).max();
        let end = self.end.max(last_stroke).max(last_note.unwrap_or_default());
        let seconds = self.tail.unwrap_or(TAIL_SECONDS);
        let tail = (seconds * f64::from(rate)) as usize;
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
        let mut frames = Vec::with_capacity(end + rate as usize);
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
            frames.extend(left.iter().zip(&right).map(|(left, right)| [*left, *right]));
            at += CHUNK;
            if at.is_multiple_of(CHUNK * 64) {
                progress((at as f32 / end.max(1) as f32).min(1.0));
            }
            if at >= end + late && self.tail.is_none() && peak < TAIL_FLOOR {
                break;
            }
        }
        // The limiters' delay is known, and taken off.
        frames.drain(..late.min(frames.len()));
        let length = match self.tail {
            Some(_) => end + tail,
            None => {
                let is_heard = |frame: &[f32; 2]| frame.iter().any(|s| s.abs() >= TAIL_FLOOR);
                let last = frames.iter().rposition(is_heard);
                end.max(last.map_or(0, |last| last + 1))
            }
        };
        frames.truncate(length);
        Ok(Sound { frames, rate })
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
    Score::of_groove(groove, turns, rate).render(font, Heard::All, &mut |_| ())
}

/// Sound as the bytes of a WAV file of 24 bits.
pub fn wav(sound: &Sound) -> Result<Vec<u8>, RenderError> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: sound.rate,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Vec::new();
    let mut write = || -> hound::Result<()> {
        let mut writer = hound::WavWriter::new(std::io::Cursor::new(&mut bytes), spec)?;
        for sample in sound.frames.iter().flatten() {
            writer.write_sample(quantized(*sample))?;
        }
        writer.finalize()
    };
    write().map_err(|error| RenderError::Wav(error.to_string()))?;
    Ok(bytes)
}

/// Writes sound as a WAV file of 24 bits, whole or not at all.
pub fn write_wav(sound: &Sound, path: &Path) -> Result<(), RenderError> {
    let bytes = wav(sound)?;
    write_whole_file(path, |out| out.write_all(&bytes)).map_err(|error| RenderError::Write {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}
