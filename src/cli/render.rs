//! `musicvae-tui render`: a MIDI file to a sound file.

use std::path::PathBuf;

use anyhow::Context as _;

use super::corpus::ReadingArgs;
use super::input;
use super::output::note;
use super::settings::Settings;
use super::target::Force;
use crate::engine::render::{render_notes, wav};
use crate::engine::{SoundFont, SoundFontSource};
use musicvae::music::midi_file::Read;

/// Render the drums of a MIDI file to a WAV file, faster than they play.
#[derive(clap::Args)]
pub struct Render {
    /// MIDI file to render, or - for standard input.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    /// WAV file to write (24 bits, stereo), or - for standard output.
    #[arg(short, long = "out", alias = "output", value_name = "OUT.wav")]
    output: PathBuf,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    reading: ReadingArgs,
    /// SoundFont (.sf2 or .sf3) to render with [default: that of the configuration, else the built-in kit].
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Frames a second.
    #[arg(long, value_name = "N", default_value_t = 44_100,
        value_parser = clap::value_parser!(u32).range(16_000..=192_000))]
    rate: u32,
}

impl Render {
    /// Runs the command.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let configured = Some(settings.config.soundfont.path.clone());
        let configured = configured.filter(|path| !path.as_os_str().is_empty());
        let font = self.soundfont.or(configured);
        let inputs = [
            Some(self.input.clone()),
            font.clone(),
            settings.file.clone(),
        ];
        let target = self
            .force
            .reading(inputs.into_iter().flatten())
            .file(&self.output)?;
        let Read { sequence, mended } = input::midi(&self.input, self.reading.reading())?;
        let name = input::name(&self.input);
        if !mended.is_empty() {
            note!("note: {name}: {mended}");
        }
        let no_drums = |why| anyhow::anyhow!("{name} can't be rendered: {why}");
        let drums = sequence.drums().map_err(no_drums)?.strokes.len();
        let source = font.map_or(SoundFontSource::Embedded, SoundFontSource::File);
        let font = SoundFont::load(&source)?;
        if !font.has_drums() {
            let played = font
                .kits()
                .first()
                .map_or("none", |kit| kit.name.as_str())
                .to_string();
            note!(
                "note: {} holds no drum kit (bank 128): the drums are played by its preset `{played}`",
                font.name()
            );
        }
        let sound = render_notes(&sequence, &font, self.rate).with_context(|| name.clone())?;
        if sound.skipped_notes > 0 {
            note!(
                "{} notes that are no drums were left out",
                sound.skipped_notes
            );
        }
        target.write(&wav(&sound)?)?;
        let seconds = sound.frames.len() as f64 / f64::from(sound.rate);
        let (out, font) = (target.name(), font.name());
        target.report(format_args!(
            "{out}: {drums} strokes, {seconds:.1} s, {font}"
        ))
    }
}
