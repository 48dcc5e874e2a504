//! `musicvae-tui render`: a MIDI file to a sound file.

use std::path::PathBuf;

use anyhow::Context as _;

use super::output::{note, say};
use crate::engine::render::{render_notes, write_wav};
use crate::engine::{SoundFont, SoundFontSource};
use musicvae::music::{Reading, midi_file};

/// Render the drums of a MIDI file to a WAV file, faster than they play.
#[derive(clap::Args)]
pub struct Render {
    /// MIDI file to render.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    /// WAV file to write (24 bits, stereo).
    #[arg(short, long = "out", alias = "output", value_name = "OUT.wav")]
    output: PathBuf,
    /// SoundFont 2 file to render with [default: the embedded kit]
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Frames a second.
    #[arg(long, value_name = "N", default_value_t = 44_100,
        value_parser = clap::value_parser!(u32).range(16_000..=192_000))]
    rate: u32,
}

impl Render {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let midi_file::Read { sequence, mended } =
            midi_file::read_path_as(&self.input, Reading::Played)?;
        if !mended.is_empty() {
            note!("note: {}: {mended}", self.input.display());
        }
        let drums = sequence.drums().map_err(|reason| {
            anyhow::anyhow!("{} can't be rendered: {reason}", self.input.display())
        })?;
        let drums = drums.strokes.len();
        let source = self
            .soundfont
            .map_or(SoundFontSource::Embedded, SoundFontSource::File);
        let font = SoundFont::load(&source)?;
        let sound = render_notes(&sequence, &font, self.rate)
            .with_context(|| self.input.display().to_string())?;
        if sound.skipped_notes > 0 {
            note!(
                "{} notes that are no drums were left out",
                sound.skipped_notes
            );
        }
        write_wav(&sound, &self.output)?;
        say!(
            "{}: {drums} strokes, {:.1} s, {}",
            self.output.display(),
            sound.frames.len() as f64 / f64::from(sound.rate),
            font.name()
        )
    }
}
