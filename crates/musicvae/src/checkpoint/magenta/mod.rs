//! Importing checkpoints that the reference (Magenta's `music_vae`, on TensorFlow) trained.
//!
//! A TensorFlow V2 checkpoint is a `.index` file and `.data-00000-of-00001` shards, which Magenta
//! distributes in a `.tar`. Our weights have the reference's names and layout, so importing is
//! reading, checking and regrouping.

mod bundle;
mod source;
mod table;
mod variables;

pub use bundle::{Bundle, ElementType, Variable};
pub use variables::{fitting, import, import_with};

use std::io;

/// Why a TensorFlow checkpoint could not be imported.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum MagentaError {
    #[error(
        "{path} is no TensorFlow checkpoint: name its `.index` file, a folder that holds one, or \
         the `.tar` that Magenta distributes"
    )]
    NotFound { path: String },
    #[error(
        "{path} holds several checkpoints ({names}); name the `.index` file of one, of an archive \
         once it is unpacked"
    )]
    Several { path: String, names: String },
    #[error("cannot read {file}: {reason}; check that it is there and readable")]
    Read { file: String, reason: io::Error },
    #[error("{file} belongs to the checkpoint but is missing; fetch it again with its siblings")]
    MissingPart { file: String },
    #[error("the archive {file} is damaged ({reason}); fetch it again")]
    Archive { file: String, reason: String },
    #[error("the checkpoint index {file} is damaged ({reason}); fetch it again")]
    Index { file: String, reason: String },
    #[error("cannot import `{variable}` of {file}: {reason}; fetch the checkpoint again")]
    Variable {
        file: String,
        variable: String,
        reason: String,
    },
    #[error(
        "{file} holds no model that this program can build: {reason}; the presets are {presets}"
    )]
    NoPreset {
        file: String,
        reason: String,
        presets: String,
    },
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}
