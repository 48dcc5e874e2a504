//! Offline rendering: a groove or a note sequence to stereo sound, faster than it plays.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::engine::record::quantized;
use crate::engine::sound::mixer::{CHUNK, Controls, LATENCY, Mixer, Note, midi_velocity};
use crate::engine::sound::{SoundFont, SoundFontError};
use crate::engine::time::feel::Feel;
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::{Player, Stroke};
use crate::engine::time::transport::Transport;
use musicvae::music::{Groove, Lane, NoteSequence, write_whole_file};

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
    /// Notes that are no drum of ours, and were left out.
    pub skipped_notes: usize,
}

/// Renders `turns` turns of a groove's loop at its own tempo, and the tail.
pub fn render_groove(
    groove: &Groove,
    turns: usize,
    font: &SoundFont,
    rate: u32,
) -> Result<Sound, RenderError> {
    let mut transport = Transport::new(groove.qpm, f64::from(rate));
    transport.play_from(0.0);
    let mut player = Player::new(Arc::new(Pattern::new(groove.clone())));
    player.feel = Feel::default();
    let mut notes = Vec::new();
    let steps = groove.steps.len() * turns;
    let emit = |stroke: Stroke| {
        let frame = transport.frame_of(stroke.position, usize::MAX);
        notes.push((frame, Note::of_lane(0, stroke.lane, stroke.velocity)));
    };
    player.advance(steps as f64, emit, &mut drop);
    let end = transport.frame_of(steps as f64, usize::MAX);
    render(notes, end, font, rate)
}

/// Renders the drums of a note sequence, and the tail. Notes before time 0 sound at 0; notes that
/// are no drums of ours are counted.
pub fn render_notes(
    sequence: &NoteSequence,
    font: &SoundFont,
    rate: u32,
) -> Result<Sound, RenderError> {
    let mut notes = Vec::new();
    let mut skipped = 0;
    for note in &sequence.notes {
        let key = u8::try_from(note.pitch).ok().filter(|_| note.is_drum);
        let Some((lane, key)) = key.and_then(|key| Some((Lane::of_pitch(key)?, key))) else {
            skipped += 1;
            continue;
        };
        let seconds = note.start_time.max(0.0);
        if seconds.is_nan() || seconds >= LONGEST {
            return Err(RenderError::TooLong { seconds });
        }
        let velocity = midi_velocity(note.velocity as f32 / 127.0);
        let frame = (seconds * f64::from(rate)).round() as usize;
        notes.push((
            frame,
            Note {
                offset: 0,
                lane,
                key,
                velocity,
            },
        ));
    }
    let sound = render(notes, 0, font, rate)?;
    Ok(Sound {
        skipped_notes: skipped,
        ..sound
    })
}

/// Renders notes by frame: at least `end` frames, and the tail of what sounds.
fn render(
    notes: Vec<(usize, Note)>,
    end: usize,
    font: &SoundFont,
    rate: u32,
) -> Result<Sound, RenderError> {
    // The synthesizer may panic on keys that nobody tried when the font was loaded.
    let mixed = catch_unwind(AssertUnwindSafe(|| mixed(notes, end, font, rate)));
    mixed.unwrap_or_else(|_| {
        Err(RenderError::SoundFont(SoundFontError::Damaged {
            name: font.name().to_string(),
            detail: "its drums cannot be played".into(),
        }))
    })
}

fn mixed(
    mut notes: Vec<(usize, Note)>,
    end: usize,
    font: &SoundFont,
    rate: u32,
) -> Result<Sound, RenderError> {
    notes.sort_by_key(|note| note.0);
    let end = end.max(notes.last().map_or(0, |note| note.0 + 1));
    let tail = (TAIL_SECONDS * f64::from(rate)) as usize;
    let mut mixer = Mixer::new(font, rate, 0)?;
    let mut frames = Vec::with_capacity(end + rate as usize);
    let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
    let mut waiting = notes.into_iter().peekable();
    let mut chunk = Vec::new();
    let mut at = 0;
    while at < end + tail {
        chunk.clear();
        while let Some((frame, note)) = waiting.next_if(|(frame, _)| *frame < at + CHUNK) {
            chunk.push(Note {
                offset: frame - at,
                ..note
            });
        }
        let peaks = mixer.render(&mut left, &mut right, &chunk, &Controls::default());
        frames.extend(left.iter().zip(&right).map(|(left, right)| [*left, *right]));
        at += CHUNK;
        if at >= end + LATENCY && peaks.master.iter().all(|peak| *peak < TAIL_FLOOR) {
            break;
        }
    }
    // The limiter's delay is known, and taken off.
    frames.drain(..LATENCY.min(frames.len()));
    let sounding = frames
        .iter()
        .rposition(|frame| frame.iter().any(|s| s.abs() >= TAIL_FLOOR));
    frames.truncate(end.max(sounding.map_or(0, |last| last + 1)));
    Ok(Sound {
        frames,
        rate,
        skipped_notes: 0,
    })
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
