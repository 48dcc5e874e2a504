//! What tests share: where the data lies, and how a test without it says so.

use std::path::{Path, PathBuf};

use musicvae_tui::music::{Groove, Hit, midi_file};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The folder that holds the Groove MIDI Dataset (`groove/`) and the reference's numbers
/// (`oracle/`): `$MUSICVAE_TUI_DATA`, or `shared` beside the checkout.
fn data_folder() -> PathBuf {
    std::env::var_os("MUSICVAE_TUI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    )
}

/// The path of `relative` in the data folder; `None`, said on stderr, when it is not there: the
/// calling test then skips.
pub fn data(relative: &str) -> Option<PathBuf> {
    let path = data_folder().join(relative);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there (set MUSICVAE_TUI_DATA)",
        path.display()
    );
    None
}

/// A MIDI file of `bars` bars of drums at 100 quarter notes a minute, another one for every `seed`.
pub fn drums(seed: u64, bars: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut groove = Groove {
        qpm: 100.0,
        ..Groove::empty(16 * bars)
    };
    for (index, step) in groove.steps.iter_mut().enumerate() {
        for (lane, cell) in step.iter_mut().enumerate() {
            if rng.random_bool(0.2) || (index % 4 == 0 && lane == 0) {
                let velocity = rng.random_range(0.1..1.0);
                *cell = Some(Hit {
                    velocity,
                    offset: rng.random_range(-0.4..0.0),
                });
            }
        }
    }
    midi_file::write(&groove.to_note_sequence()).unwrap()
}

/// A corpus with an `info.csv` of files given by name, split and seed, five bars each.
pub fn corpus_of(folder: &Path, files: &[(&str, &str, u64)]) {
    std::fs::create_dir_all(folder).unwrap();
    let mut info = "midi_filename,split\n".to_string();
    for (name, split, seed) in files {
        std::fs::write(folder.join(name), drums(*seed, 5)).unwrap();
        info += &format!("{name},{split}\n");
    }
    std::fs::write(folder.join("info.csv"), info).unwrap();
}

/// A corpus of three files to train on and two to validate on.
pub fn corpus(folder: &Path) {
    let files = [
        ("a.mid", "train", 1),
        ("b.mid", "train", 2),
        ("c.mid", "train", 3),
        ("d.mid", "validation", 4),
        ("e.mid", "validation", 5),
    ];
    corpus_of(folder, &files);
}
