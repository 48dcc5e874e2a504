//! What `--version` says: the version, the commit, and what this build and this processor have.

use std::sync::LazyLock;

use musicvae::model::Kernels;

/// The cargo features that a build may have.
const FEATURES: [(&str, bool); 10] = [
    ("cuda", cfg!(feature = "cuda")),
    ("cudnn", cfg!(feature = "cudnn")),
    ("metal", cfg!(feature = "metal")),
    ("accelerate", cfg!(feature = "accelerate")),
    ("mkl", cfg!(feature = "mkl")),
    ("jack", cfg!(feature = "jack")),
    ("jack-midi", cfg!(feature = "jack-midi")),
    ("pulseaudio", cfg!(feature = "pulseaudio")),
    ("pipewire", cfg!(feature = "pipewire")),
    ("realtime-dbus", cfg!(feature = "realtime-dbus")),
];

/// The whole of it, for `--version`; `-V` says the number alone.
pub fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        let number = env!("CARGO_PKG_VERSION");
        // Release builds from a checkout know it: see build.rs.
        let commit = match option_env!("MUSICVAE_TUI_COMMIT") {
            Some(commit) => format!(" ({commit})"),
            None => String::new(),
        };
        let features = FEATURES
            .iter()
            .filter(|(_, has)| *has)
            .map(|(name, _)| *name);
        let features = match features.collect::<Vec<_>>() {
            none if none.is_empty() => "none".into(),
            some => some.join(", "),
        };
        let kernels = match Kernels::chosen() {
            Ok(kernels) => kernels.name().into(),
            Err(error) => error.to_string(),
        };
        let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
        format!(
            "{number}{commit}\nsystem: {system} {processor}\nfeatures: {features}\nCPU kernels: {kernels}"
        )
    });
    &LONG
}
