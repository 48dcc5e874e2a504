//! A checkpoint that draws melodies of sixteen bars, as bytes.

/// The file `hierdec-mel_16bar_small.safetensors`.
pub static CHECKPOINT: &[u8] = include_bytes!("../hierdec-mel_16bar_small.safetensors");

// In a checkout the file is a link into the folder checkpoints, which git on Windows follows only when told to.
const _: () = assert!(
    CHECKPOINT.len() > 1 << 20,
    "the weights are a link that git did not follow: clone with `git clone -c core.symlinks=true`"
);

/// The log of the run that made it: every 64th step, and every look at the validation split.
pub const LOG: &str = include_str!("../hierdec-mel_16bar_small.csv");
