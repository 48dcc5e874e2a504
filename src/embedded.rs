//! The checkpoints inside the program, and what the names of checkpoints mean.

use std::path::Path;

use musicvae::Rework;
use musicvae::checkpoint::catalogue::Source;
use musicvae::checkpoint::{Checkpoint, CheckpointError, Embedded};

/// Every checkpoint inside the program, each a crate of its own: the registry takes 10 MB a crate.
pub static EMBEDDED: &[Embedded] = &[
    // A `groovae_4bar_strokes` trained on the Groove MIDI Dataset.
    Embedded {
        name: "embedded",
        bytes: musicvae_groove::CHECKPOINT,
        log: musicvae_groove::LOG,
        attributes: Some(musicvae_groove::ATTRIBUTES),
    },
    // A `groovae_16bar`, trained on the same.
    Embedded {
        name: "embedded/sixteen",
        bytes: musicvae_sixteen::CHECKPOINT,
        log: musicvae_sixteen::LOG,
        attributes: Some(musicvae_sixteen::ATTRIBUTES),
    },
    // Those that work on a groove, trained on the same.
    Embedded {
        name: "embedded/humanize",
        bytes: musicvae_humanize::CHECKPOINT,
        log: "",
        attributes: None,
    },
    Embedded {
        name: "embedded/drumify",
        bytes: musicvae_drumify::CHECKPOINT,
        log: "",
        attributes: None,
    },
    Embedded {
        name: "embedded/hats",
        bytes: musicvae_hats::CHECKPOINT,
        log: "",
        attributes: None,
    },
    // A hierarchical model of melodies, trained on tune books in the public domain. For the shell.
    Embedded {
        name: "embedded/melody",
        bytes: musicvae_melody::CHECKPOINT,
        log: musicvae_melody::LOG,
        attributes: None,
    },
];

/// The checkpoint that is meant where none is named.
pub fn first() -> Source {
    Source::Embedded(&EMBEDDED[0])
}

/// The checkpoint that does `rework` where none is named.
pub fn of(rework: Rework) -> Source {
    let name = match rework {
        Rework::Humanize => "embedded/humanize",
        Rework::Drumify => "embedded/drumify",
        Rework::AddHats => "embedded/hats",
    };
    named(Path::new(name))
}

/// What `path` names: a file, or a checkpoint in the program where no file is called so.
pub fn named(path: &Path) -> Source {
    Source::named(path, EMBEDDED)
}

/// Reads the [`first`] checkpoint.
///
/// # Errors
/// None that a sound build of the program has.
pub fn checkpoint() -> Result<Checkpoint, CheckpointError> {
    Checkpoint::open(&first())
}
