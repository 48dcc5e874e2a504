//! A checkpoint that plays a whole groove to a tapped rhythm, as bytes.

/// The file `groovae_2bar_tap_fixed_velocity.safetensors`.
pub static CHECKPOINT: &[u8] = include_bytes!("../groovae_2bar_tap_fixed_velocity.safetensors");

// In a checkout the file is a link into the folder checkpoints, which git on Windows follows only when told to.
const _: () = assert!(
    CHECKPOINT.len() > 1 << 20,
    "the weights are a link that git did not follow: clone with `git clone -c core.symlinks=true`"
);
