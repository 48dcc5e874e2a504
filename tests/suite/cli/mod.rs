//! The commands, as a shell runs them.

mod lists;
mod other_music;
mod playing;
mod refusals;
mod training;

use std::fs;
use std::process::{Command, Output, Stdio};

use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::internals::init;
use musicvae::model::{Preset, Prior, Tensors};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{drums, new_model};

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicvae-tui"));
    command
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// What a successful command printed.
fn ok(folder: &TempDir, arguments: &[&str]) -> String {
    let run = run(folder, arguments);
    assert!(run.status.success(), "{arguments:?}: {run:?}");
    String::from_utf8(run.stdout).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A folder with the checkpoint `tiny.safetensors` of a model that answers at once, five bars of
/// drums `a.mid` and eight bars `b.mid`.
fn workplace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let preset = Preset {
        name: "tiny".into(),
        z_size: 8,
        encoder: vec![8],
        decoder: vec![8, 8],
        ..Preset::groovae_4bar()
    };
    new_model(preset)
        .save(&folder.path().join("tiny.safetensors"), Precision::Full)
        .unwrap();
    fs::write(folder.path().join("a.mid"), drums(1, 5)).unwrap();
    fs::write(folder.path().join("b.mid"), drums(2, 8)).unwrap();
    folder
}

/// Saves a small model of a preset's music in which every latent sounds different.
fn save_small(folder: &TempDir, name: &str) {
    let preset = Preset {
        z_size: 8,
        encoder: vec![8],
        decoder: vec![8, 8],
        ..Preset::by_name(name).unwrap()
    };
    let mut tensors = init::random_weights(&preset, 2).unwrap();
    for (name, tensor) in &mut tensors {
        if name.ends_with("kernel") {
            let factor = if name.contains("initial_state") || name.contains("/mu/") {
                500.0
            } else {
                4.0
            };
            *tensor = (&*tensor * factor).unwrap();
        }
    }
    let checkpoint = Checkpoint {
        preset,
        tensors,
        optimizer: Tensors::new(),
        prior: Prior::default(),
        metadata: Metadata::of_this_run(3),
    };
    let path = folder.path().join(format!("{name}.safetensors"));
    checkpoint.save(&path, Precision::Full).unwrap();
}

const TINY: [&str; 2] = ["--checkpoint", "tiny.safetensors"];

fn with_tiny<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().chain(&TINY).copied().collect()
}
