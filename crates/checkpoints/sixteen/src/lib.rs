//! A checkpoint that draws drum grooves of sixteen bars, as bytes.

/// The file `groovae_16bar.safetensors`.
pub static CHECKPOINT: &[u8] = include_bytes!("../groovae_16bar.safetensors");

// In a checkout the file is a link into the folder checkpoints, which git on Windows follows only when told to.
const _: () = assert!(
    CHECKPOINT.len() > 1 << 20,
    "the weights are a link that git did not follow: clone with `git clone -c core.symlinks=true`"
);

/// The log of the run that made it, one line a step.
pub const LOG: &str = include_str!("../groovae_16bar.csv");

/// Its attribute vectors, as `musicvae-tui attributes make` writes them.
pub const ATTRIBUTES: &str = include_str!("../groovae_16bar.attributes.json");
