//! A model with its music: files in, windows, and files out.

use std::path::Path;

use anyhow::Context as _;

use super::UsageError;
use super::output::{note, say};
use musicvae::checkpoint::Checkpoint;
use musicvae::data::{Converter, DataError, Example, Report, Split, Window, Windows, load_windows};
use musicvae::model::{Decoding, Guide, Latent, MusicVae, Posterior, Rows, Shown};
use musicvae::music::{GrooveOptions, NoteSequence, Representation, midi_file};

/// A model, and the way from music to its rows and back.
pub struct Player {
    pub model: MusicVae,
    converter: Converter,
}

impl Player {
    /// The player of a checkpoint.
    ///
    /// # Errors
    /// Music that can't be converted.
    pub fn of(checkpoint: &Checkpoint) -> anyhow::Result<Player> {
        let preset = &checkpoint.preset;
        let representation = match &preset.representation {
            // That is for training: here nothing is left out of what is asked about.
            Representation::Groove(options) => Representation::Groove(GrooveOptions {
                max_note_dropout: 0.0,
                ..options.clone()
            }),
            other => other.clone(),
        };
        let mut converter = Converter::new(representation, preset.bars)
            .with_context(|| format!("preset {} can't be run on MIDI files", preset.name))?;
        // One after the other, and all of them.
        converter.hop = Some(preset.bars);
        converter.max_windows = None;
        Ok(Player {
            model: checkpoint.model()?,
            converter,
        })
    }

    /// Whether windows stand one after the other from the start of a file. (Melodies and drums on
    /// the grid begin where something is played, and equal ones count once.)
    pub fn is_gapless(&self) -> bool {
        matches!(self.converter.representation(), Representation::Groove(_))
    }

    /// What one window of the music is called.
    pub fn noun(&self) -> &'static str {
        match self.converter.representation() {
            Representation::Groove(_) => "groove",
            Representation::Drums(_) => "drums",
            Representation::Melody(_) => "melody",
            Representation::Trio => "trio",
            Representation::MultiPerformance(_) => "performance",
        }
    }

    /// The windows of a corpus's split, one after the other.
    pub fn corpus(&self, data: &Path, split: Split) -> Result<Windows<Window>, DataError> {
        load_windows(data, Some(split), &self.converter)
    }

    pub fn converter(&self) -> &Converter {
        &self.converter
    }

    /// The windows of a MIDI file that the model takes.
    pub fn windows(&self, path: &Path) -> anyhow::Result<Vec<Window>> {
        let read = midi_file::read_path_as(path, self.converter.reading)?;
        let converted = self
            .converter
            .convert_whole(&read.sequence)
            .map_err(|reason| {
                anyhow::anyhow!("{} holds no window to use: {reason}", path.display())
            })?;
        let report = Report::of_file(&path.display().to_string(), &read.mended, &converted);
        for line in report.lines(true) {
            note!("note: {line}");
        }
        Ok(converted.windows)
    }

    fn example(&self, window: &Window) -> Example {
        // Without strokes left out nothing depends on the seed.
        self.converter.example(window, 0)
    }

    /// The posterior of each window.
    pub fn encode(&self, windows: &[Window]) -> anyhow::Result<Vec<Posterior>> {
        let examples: Vec<_> = windows.iter().map(|window| self.example(window)).collect();
        let shown = examples.iter().map(|example| Shown {
            input: &example.input,
            controls: &example.control,
            lengths: &example.segments,
        });
        Ok(self.model.encode_rows(&shown.collect::<Vec<_>>())?)
    }

    /// What the model hears besides latents when it plays in the place of `windows`: nothing, of
    /// most models.
    pub fn controls(&self, windows: &[Window]) -> Vec<Rows> {
        let preset = self.model.preset();
        let depth = preset.representation.control_depth();
        if depth == 0 {
            return Vec::new();
        }
        let rows = |window: &Window| Rows {
            steps: preset.steps(),
            depth,
            values: self.example(window).control,
        };
        windows.iter().map(rows).collect()
    }

    /// The music of latents, each at its number of quarter notes a minute.
    pub fn decode(
        &self,
        z: &[Latent],
        how: Decoding,
        controls: &[Rows],
        tempos: impl IntoIterator<Item = f64>,
    ) -> anyhow::Result<Vec<Window>> {
        let guide = Guide {
            controls,
            ..Guide::default()
        };
        let played = self.model.play(z, how, &guide)?;
        let told = |place: usize| {
            let rows = controls.get(place).or(controls.first());
            rows.map_or(&[][..], |rows| &rows.values)
        };
        let music = played.iter().zip(tempos).enumerate();
        Ok(music
            .map(|(place, (rows, qpm))| self.converter.read(rows, told(place), qpm))
            .collect())
    }

    /// Writes windows: one after the other into one file when `out` ends in `.mid`, else as numbered
    /// files into the folder `out`.
    pub fn write(&self, windows: &[Window], out: &Path) -> anyhow::Result<()> {
        if names_a_file(out) {
            return write_file(&self.in_a_row(windows), out);
        }
        std::fs::create_dir_all(out)
            .with_context(|| format!("the folder {} can't be made", out.display()))?;
        let digits = windows.len().to_string().len().max(2);
        for (index, window) in windows.iter().enumerate() {
            let name = format!("{}-{:0digits$}.mid", self.noun(), index + 1);
            write_file(&window.to_note_sequence(), &out.join(name))?;
        }
        Ok(())
    }

    /// The windows as one piece, at the tempo of the first.
    fn in_a_row(&self, windows: &[Window]) -> NoteSequence {
        let Some(first) = windows.first() else {
            return NoteSequence::default();
        };
        let qpm = first.qpm();
        let length = self.model.preset().bars as f64 * 4.0 * 60.0 / qpm;
        let mut whole = first.to_note_sequence();
        for (place, window) in windows.iter().enumerate().skip(1) {
            let mut next = window.clone().at_tempo(qpm).to_note_sequence();
            for note in &mut next.notes {
                note.start_time += place as f64 * length;
                note.end_time += place as f64 * length;
            }
            for text in &mut next.text_annotations {
                text.time += place as f64 * length;
            }
            whole.notes.extend(next.notes);
            whole.text_annotations.extend(next.text_annotations);
        }
        let ends = whole.notes.iter().map(|note| note.end_time);
        whole.total_time = ends.fold(length * windows.len() as f64, f64::max);
        whole
    }
}

/// Whether `out` is to be one MIDI file.
fn names_a_file(out: &Path) -> bool {
    let extension = out
        .extension()
        .map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| extension == "mid" || extension == "midi")
}

/// A usage error when `out` is a file's name although `count` pieces need a folder.
pub fn check_room(out: &Path, count: usize) -> anyhow::Result<()> {
    if count > 1 && names_a_file(out) {
        let out = out.display();
        return Err(UsageError(format!(
            "{count} pieces need a folder, but {out} is one file"
        ))
        .into());
    }
    Ok(())
}

fn write_file(sequence: &NoteSequence, path: &Path) -> anyhow::Result<()> {
    let clamped = midi_file::write_path(sequence, path)?;
    if clamped > 0 {
        let hits = if clamped == 1 { "hit was" } else { "hits were" };
        note!(
            "note: {clamped} {hits} before beat 1 of {} and moved onto it",
            path.display()
        );
    }
    say!("{}", path.display())
}
