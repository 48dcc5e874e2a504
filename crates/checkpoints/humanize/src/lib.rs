//! A checkpoint that gives strokes the dynamics and timing of a drummer, as bytes.

/// The file `groovae_2bar_humanize_strokes.safetensors`.
pub static CHECKPOINT: &[u8] = include_bytes!("../groovae_2bar_humanize_strokes.safetensors");

// In a checkout the file is a link into the folder checkpoints, which git on Windows follows only when told to.
const _: () = assert!(
    CHECKPOINT.len() > 1 << 20,
    "the weights are a link that git did not follow: clone with `git clone -c core.symlinks=true`"
);
