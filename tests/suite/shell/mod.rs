//! What the shell promises of every command.

mod corpora;
mod files;
mod lengths;
mod meanings;
mod reworking;
#[cfg(unix)]
mod signals;
mod sound;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use musicvae::checkpoint::Precision;
use musicvae::music::midi_file;
use tempfile::TempDir;

use crate::support::{drums, random_checkpoint, small_preset};

/// A folder with the checkpoint `tiny.safetensors`, the same as a run's best in `run`, and five bars
/// of drums at 100 quarter notes a minute in `a.mid`.
fn workplace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut checkpoint = random_checkpoint(small_preset(), 1);
    checkpoint.optimizer.clear();
    for name in ["tiny.safetensors", "run/best.safetensors"] {
        let path = folder.path().join(name);
        checkpoint.save(&path, Precision::Full).unwrap();
    }
    fs::write(folder.path().join("a.mid"), drums(1, 4)).unwrap();
    folder
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicvae-tui"));
    command
        .args(arguments)
        .current_dir(folder.path())
        .env("XDG_CONFIG_HOME", folder.path().join("config"))
        .env("XDG_DATA_HOME", folder.path().join("data"))
        .env("HOME", folder.path())
        .stdin(Stdio::null());
    command
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn run(folder: &TempDir, line: &str) -> Output {
    command(folder, &words(line)).output().unwrap()
}

fn ok(folder: &TempDir, line: &str) -> String {
    let run = run(folder, line);
    assert!(run.status.success(), "{line}: {run:?}");
    String::from_utf8(run.stdout).unwrap()
}

/// The one sentence of a command that refuses.
fn refused(folder: &TempDir, line: &str) -> String {
    let run = run(folder, line);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{line}: {said}");
    assert_eq!(said.lines().count(), 1, "{line}: {said}");
    said
}

fn bytes(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let mut names: Vec<String> = files.map(|file| name(file.unwrap())).collect();
    names.sort();
    names
}

/// The tempo of a MIDI file.
fn tempo(bytes: &[u8]) -> f64 {
    midi_file::read(bytes).unwrap().tempos[0].qpm.round()
}
