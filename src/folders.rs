//! The folders in which this program keeps its files: those that the platform has for a user's
//! programs. Where a player already has a folder of the same kind in the working folder, results go
//! there.

use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs, UserDirs};

/// What the program's own folders are called.
const NAME: &str = "musicvae-tui";

fn platform() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", NAME)
}

/// The user's home folder.
pub fn home() -> Option<PathBuf> {
    Some(BaseDirs::new()?.home_dir().into())
}

/// Holds `config.toml` and what else a player writes by hand.
pub fn configuration() -> Option<PathBuf> {
    Some(platform()?.config_dir().into())
}

/// Holds sessions, the library, corpora and what is trained.
pub fn data() -> Option<PathBuf> {
    Some(platform()?.data_dir().into())
}

/// Holds logs.
pub fn cache() -> Option<PathBuf> {
    Some(platform()?.cache_dir().into())
}

/// A folder of this name in [`data`], whether it is there or not.
pub fn in_data(name: &str) -> Option<PathBuf> {
    Some(data()?.join(name))
}

/// Where music goes that has no folder of its own: the folder `name` of the working folder where
/// that is there, else one of the user's music folder, or of [`data`] where there is none.
pub fn music(name: &str) -> PathBuf {
    let here = Path::new(name);
    let music = || Some(UserDirs::new()?.audio_dir()?.join(NAME).join(name));
    let elsewhere = || music().or_else(|| in_data(name));
    match here.is_dir() {
        true => here.into(),
        false => elsewhere().unwrap_or_else(|| here.into()),
    }
}
