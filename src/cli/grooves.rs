//! What the commands that run a model share: which model, grooves in and grooves out.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use rand::Rng;

use super::UsageError;
use super::output::{note, say};
use crate::checkpoint::Checkpoint;
use crate::data::GrooveConverter;
use crate::model::{Decoding, MusicVae};
use crate::music::{Groove, midi_file};

/// Which model to run.
#[derive(Args)]
pub struct ModelArgs {
    /// Checkpoint file [default: the one inside the program].
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl ModelArgs {
    pub fn checkpoint(&self) -> anyhow::Result<Checkpoint> {
        Ok(match &self.checkpoint {
            Some(path) => Checkpoint::load(path)?,
            None => Checkpoint::embedded()?,
        })
    }

    /// The file that was named, if any.
    pub fn path(&self) -> Option<&Path> {
        self.checkpoint.as_deref()
    }

    pub fn model(&self) -> anyhow::Result<MusicVae> {
        Ok(self.checkpoint()?.model()?)
    }
}

/// How new grooves are drawn.
#[derive(Args)]
pub struct DrawArgs {
    /// Spread of the hits: 0 takes the likeliest, 1 is the model's own spread.
    #[arg(long, default_value_t = 0.5, value_parser = temperature)]
    pub temperature: f32,
    /// Seed of the random numbers [default: another one each time, said on stderr].
    #[arg(long)]
    seed: Option<u64>,
    /// Tempo written into the files, quarter notes a minute.
    #[arg(long, default_value_t = 120.0, value_parser = tempo)]
    pub tempo: f64,
}

impl DrawArgs {
    /// The seed asked for, or a new one that is said, so that a good groove can be had again.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| {
            let seed = u64::from(rand::rng().next_u32());
            note!("seed {seed}");
            seed
        })
    }
}

/// How grooves are drawn that stand for given ones: likeliest and repeatable unless told otherwise.
#[derive(Args)]
pub struct RedrawArgs {
    /// Spread of the hits: 0 takes the likeliest.
    #[arg(long, default_value_t = 0.0, value_parser = temperature)]
    temperature: f32,
    /// Seed of the random numbers, the same for every groove.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl RedrawArgs {
    pub fn decoding(&self) -> Decoding {
        Decoding {
            temperature: self.temperature,
            seed: self.seed,
        }
    }
}

/// Parses a temperature.
fn temperature(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=10.0).contains(&value) => Ok(value),
        _ => Err("a temperature is a number from 0 to 10".into()),
    }
}

/// Parses a tempo.
fn tempo(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (20.0..=300.0).contains(&value) => Ok(value),
        _ => Err("a tempo is a number from 20 to 300".into()),
    }
}

/// The windows of a MIDI file that a model takes.
pub fn read_windows(path: &Path, model: &MusicVae) -> anyhow::Result<Vec<Groove>> {
    let sequence = midi_file::read_path(path)?;
    let converter = GrooveConverter {
        bars: model.preset().bars,
        hop: None,
    };
    let converted = converter
        .convert(&sequence)
        .map_err(|reason| anyhow::anyhow!("{} holds no window to use: {reason}", path.display()))?;
    if converted.unknown_notes > 0 {
        let count = converted.unknown_notes;
        note!(
            "note: {count} notes of {} are no drums and were left out",
            path.display()
        );
    }
    Ok(converted.windows)
}

/// Writes grooves: one after the other into one file when `out` ends in `.mid`, else as numbered
/// files into the folder `out`.
pub fn write_grooves(grooves: &[Groove], out: &Path) -> anyhow::Result<()> {
    if names_a_file(out) {
        return write_groove(&in_a_row(grooves), out);
    }
    std::fs::create_dir_all(out)
        .with_context(|| format!("the folder {} can't be made", out.display()))?;
    let digits = grooves.len().to_string().len().max(2);
    for (index, groove) in grooves.iter().enumerate() {
        write_groove(
            groove,
            &out.join(format!("groove-{:0digits$}.mid", index + 1)),
        )?;
    }
    Ok(())
}

/// Whether `out` is to be one MIDI file.
pub fn names_a_file(out: &Path) -> bool {
    let extension = out
        .extension()
        .map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| extension == "mid" || extension == "midi")
}

/// A usage error when `out` is a file's name although `count` grooves need a folder.
pub fn check_room(out: &Path, count: usize) -> anyhow::Result<()> {
    if count > 1 && names_a_file(out) {
        let out = out.display();
        return Err(UsageError(format!(
            "{count} grooves need a folder, but {out} is one file"
        ))
        .into());
    }
    Ok(())
}

fn write_groove(groove: &Groove, path: &Path) -> anyhow::Result<()> {
    let clamped = midi_file::write_path(&groove.to_note_sequence(), path)?;
    if clamped > 0 {
        let hits = if clamped == 1 { "hit was" } else { "hits were" };
        note!(
            "note: {clamped} {hits} before beat 1 of {} and moved onto it",
            path.display()
        );
    }
    say!("{}", path.display())
}

/// The grooves as one, at the tempo of the first.
fn in_a_row(grooves: &[Groove]) -> Groove {
    let mut whole = grooves.first().cloned().unwrap_or_else(|| Groove::empty(0));
    for groove in grooves.iter().skip(1) {
        whole.steps.extend_from_slice(&groove.steps);
    }
    whole
}
