//! Tensors to tensors: the variational autoencoder of MusicVAE (Roberts et al. 2018) and GrooVAE
//! (Gillick et al. 2019).

#[allow(missing_docs, reason = "insides")]
pub(crate) mod cpu;
mod device;
mod head;
pub(crate) mod init;
pub mod latent;
pub(crate) mod lstm;
#[allow(missing_docs, reason = "insides")]
pub(crate) mod network;
mod plan;
mod preset;
mod prior;
mod recurrent;
mod stroke;
mod vae;
mod walk;
mod whiten;

use std::collections::BTreeMap;

pub use cpu::{Kernels, KernelsError};
pub use device::{Compute, DeviceChoice, Gpu, NoDevice};
pub use head::{Heat, Spread, StrokeHead};
pub use latent::Latent;
pub use lstm::Factors;
pub use preset::{Core, Head, Preset, PresetError, Sampling};
pub use prior::Prior;
pub use stroke::Strokes;
pub(crate) use vae::misfit;
pub use vae::{Decoding, Guide, MusicVae, Played, Posterior, Rows, Shown};
pub use whiten::whiten;

/// Named float32 tensors: the weights of a model under the reference's variable names.
pub type Tensors = BTreeMap<String, candle_core::Tensor>;

/// Whether a weight of that name lies under a scope.
pub fn is_within(weight: &str, scope: &str) -> bool {
    let rest = weight.strip_prefix(scope);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// What can go wrong between tensors.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum ModelError {
    /// A preset of which no model can be built.
    #[error("no model can be built of preset {preset}: {reason}")]
    Contradiction { preset: String, reason: String },
    /// A weight that the preset needs is not there.
    #[error("the weights lack the tensor `{name}` (shape {shape:?}) of preset {preset}")]
    Missing {
        preset: String,
        name: String,
        shape: Vec<usize>,
    },
    /// A weight that the preset does not know.
    #[error("the weights hold a tensor `{name}` that preset {preset} does not have")]
    Unknown { preset: String, name: String },
    /// A weight of another shape than the preset's.
    #[error("the tensor `{name}` has shape {found:?}, but preset {preset} needs {expected:?}")]
    Shape {
        preset: String,
        name: String,
        found: Vec<usize>,
        expected: Vec<usize>,
    },
    /// A groove or latent that is not of the model's size.
    #[error("the model needs {expected}, but was given {found}")]
    Input { expected: String, found: String },
    /// A groove was asked of a model that makes something else.
    #[error("preset {preset} makes {makes}, not grooves of nine drum lanes")]
    NoGrooves { preset: String, makes: &'static str },
    /// A model was asked to work on a groove that does nothing of the kind.
    #[error("preset {preset} works on no grooves: it is shown the whole of them, or makes none")]
    NoRework { preset: String },
    /// A model that hears controls was given none.
    #[error(
        "preset {preset} plays nothing from a latent alone, for it must be told the controls of every step"
    )]
    NoControls { preset: String },
    /// The environment names kernels that can't be used.
    #[error(transparent)]
    Kernels(#[from] cpu::KernelsError),
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}
