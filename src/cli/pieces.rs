//! Pieces of music as files: what the commands read for a drummer, and what they write of him.

use std::path::Path;

use anyhow::Context as _;

use super::UsageError;
use super::output::{note, say};
use musicvae::Drummer;
use musicvae::data::Window;
use musicvae::music::{NoteSequence, midi_file};

/// The windows of a MIDI file that the drummer takes.
pub fn read(drummer: &Drummer, path: &Path) -> anyhow::Result<Vec<Window>> {
    let sequence = midi_file::read_path(path)?;
    let converted = drummer
        .windows(&sequence)
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

/// Writes windows: one after the other into one file when `out` ends in `.mid`, else as numbered
/// files into the folder `out`.
pub fn write(drummer: &Drummer, windows: &[Window], out: &Path) -> anyhow::Result<()> {
    if names_a_file(out) {
        return write_file(&drummer.in_a_row(windows), out);
    }
    std::fs::create_dir_all(out)
        .with_context(|| format!("the folder {} can't be made", out.display()))?;
    let noun = drummer.preset().representation.noun();
    let digits = windows.len().to_string().len().max(2);
    for (index, window) in windows.iter().enumerate() {
        let name = format!("{noun}-{:0digits$}.mid", index + 1);
        write_file(&window.to_note_sequence(), &out.join(name))?;
    }
    Ok(())
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
