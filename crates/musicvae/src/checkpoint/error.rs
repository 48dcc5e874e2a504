//! What can be wrong with a checkpoint file, each in one sentence with its remedy.

use std::io;
use std::path::Path;

use crate::model::ModelError;

/// Why a checkpoint could not be read or written. Every message names the file, where it helps
/// the tensor, and what to do.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum CheckpointError {
    #[error(
        "cannot read the checkpoint {file}: {reason}; name a file that is there and readable, or a name that \
         `musicvae-tui checkpoint list` shows"
    )]
    Read { file: String, reason: io::Error },
    #[error(
        "{file} is not a safetensors file ({reason}); choose a checkpoint of this program, or turn \
         a Magenta one into one with `musicvae-tui checkpoint import`"
    )]
    NotSafetensors { file: String, reason: String },
    /// The file's length is not what its header promises.
    #[error(
        "{file} holds {found} bytes where its header promises {expected}; it was cut off or \
         overwritten: copy it again, or take an earlier checkpoint"
    )]
    Length {
        file: String,
        expected: u64,
        found: u64,
    },
    #[error(
        "{file} is a safetensors file, but no checkpoint of this program: its metadata lacks \
         `{key}`; choose another file"
    )]
    NotACheckpoint { file: String, key: &'static str },
    #[error(
        "{file} has the checkpoint format {found}, and this program knows formats up to {known}; \
         update musicvae-tui"
    )]
    NewerFormat {
        file: String,
        found: u32,
        known: u32,
    },
    #[error(
        "{file} has `{key}` metadata that makes no sense ({reason}); copy it again, or take an \
             earlier checkpoint"
    )]
    Metadata {
        file: String,
        key: &'static str,
        reason: String,
    },
    #[error(
        "the contents of {file} do not fit their checksum: the file is damaged; copy it again, \
             or take an earlier checkpoint"
    )]
    Checksum { file: String },
    #[error(
        "{file} lacks the tensor `{tensor}` (shape {shape:?}) of its preset {preset}; take \
             another checkpoint"
    )]
    Missing {
        file: String,
        preset: String,
        tensor: String,
        shape: Vec<usize>,
    },
    #[error(
        "{file} holds a tensor `{tensor}` that its preset {preset} does not have; take another \
             checkpoint, or a version of musicvae-tui that knows it"
    )]
    Unknown {
        file: String,
        preset: String,
        tensor: String,
    },
    #[error(
        "{file} holds `{tensor}` with shape {found:?}, but its preset {preset} needs \
             {expected:?}; take another checkpoint"
    )]
    Shape {
        file: String,
        preset: String,
        tensor: String,
        // Boxed, because every result carries an error.
        found: Box<[usize]>,
        expected: Box<[usize]>,
    },
    #[error(
        "{file} holds `{tensor}` as {found}, where {expected} is needed; save it again from a \
             version of musicvae-tui"
    )]
    Type {
        file: String,
        tensor: String,
        found: String,
        expected: &'static str,
    },
    #[error("`{tensor}` in {file} has infinities or not-a-numbers; take an earlier checkpoint")]
    NotFinite { file: String, tensor: String },
    #[error(
        "`{tensor}` has values beyond half precision's 65504, so {file} was not written; save \
             it in full precision"
    )]
    BeyondHalf { file: String, tensor: String },
    #[error(
        "cannot write the checkpoint {file}: {reason}; what was there before is untouched: \
             make room or choose another folder"
    )]
    Write { file: String, reason: io::Error },
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// How messages name a file.
pub(super) fn file_name(path: &Path) -> String {
    path.display().to_string()
}
