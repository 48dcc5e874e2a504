//! What an output's name says about its kind: nobody wants a WAV in a file that is called `.mp3`.

use std::path::Path;

use super::UsageError;
use super::input::is_standard;

/// Endings of files that people have to do with here.
const KNOWN: [&str; 20] = [
    "wav",
    "mp3",
    "ogg",
    "flac",
    "aif",
    "aiff",
    "m4a",
    "opus",
    "mid",
    "midi",
    "kar",
    "smf",
    "sf2",
    "sf3",
    "json",
    "tfrecord",
    "safetensors",
    "csv",
    "toml",
    "zip",
];

/// Whether a name is that of a file of such endings.
pub fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().map(|it| it.to_ascii_lowercase());
    ending.is_some_and(|ending| endings.iter().any(|it| ending == *it))
}

/// Whether a name is that of a file of another kind than `own` says, the usual ending first.
pub fn is_another(path: &Path, own: &[&str]) -> bool {
    // A device or a pipe takes what comes.
    let there = path.metadata();
    let is_stream = there.is_ok_and(|about| !about.is_dir() && !about.is_file());
    !is_stream && !is_standard(path) && has_ending(path, &KNOWN) && !has_ending(path, own)
}

/// # Errors
/// A usage error for a name of another kind than that of what is written, which is `what` and ends in `ending`.
pub fn check(path: &Path, what: &str, ending: &str) -> Result<(), UsageError> {
    match is_another(path, &[ending]) {
        false => Ok(()),
        true => Err(UsageError(format!(
            "{} is no name for {what}: let it end in .{ending}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_kind_is_refused() {
        let refused = |name: &str| check(Path::new(name), "a sound file", "wav").is_err();
        for name in ["beat.mp3", "beat.MID", "a/beat.v2.flac", "kit.sf2"] {
            assert!(refused(name), "{name}");
        }
        for name in [
            "beat.wav",
            "beat.WAV",
            "beat",
            "-",
            "beat.v2",
            "/dev/null",
            "mp3",
        ] {
            assert!(!refused(name), "{name}");
        }
    }
}
