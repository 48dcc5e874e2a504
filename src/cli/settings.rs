//! What the configuration says to the commands.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::embedded::{self, EMBEDDED};
use crate::engine::DrumMap;
use crate::studio::{Config, config};
use musicvae::checkpoint::Checkpoint;
use musicvae::checkpoint::catalogue::{Catalogue, Source};

/// The configuration that applies, and what of it matters besides the values.
#[derive(Default)]
pub struct Settings {
    pub config: Config,
    /// The file it comes from.
    pub file: Option<PathBuf>,
    /// The seed of `[sampling]` where the file names it: the one that nobody chose is no reason to
    /// draw the same music every time.
    pub seed: Option<u64>,
}

impl Settings {
    /// The configuration that [`Config::find`] finds.
    pub fn find(named: Option<&Path>) -> Result<Settings, config::ConfigError> {
        let file = Config::file(named);
        let config = Config::find(named)?;
        let seed = || {
            let text = Config::text(file.as_deref()?).ok()?;
            let table: toml::Table = text.parse().ok()?;
            let seed = table.get("sampling")?.get("seed")?.as_integer()?;
            u64::try_from(seed).ok()
        };
        let seed = seed();
        Ok(Settings { config, file, seed })
    }

    /// The checkpoint that a name means, the same in every command: a file; the folder of a run, for
    /// its best checkpoint; one inside the program; or a name that `checkpoint list` shows. None
    /// means the one that the configuration opens, or the first inside the program.
    pub fn checkpoint(&self, name: Option<&Path>) -> anyhow::Result<Source> {
        let configured = Some(self.config.checkpoints.open.as_path());
        let configured = configured.filter(|path| !path.as_os_str().is_empty());
        let Some(name) = name.or(configured) else {
            return Ok(embedded::first());
        };
        let source = embedded::named(name);
        let Source::File(path) = &source else {
            return Ok(source);
        };
        if path.is_dir() {
            let path = path.display();
            bail!(
                "{path} is a folder without best.safetensors and latest.safetensors: name a \
                 checkpoint in it"
            );
        }
        if !path.exists()
            && let Some(name) = name.to_str()
            && let Some(entry) =
                Catalogue::scan(&self.config.checkpoints.searched(), EMBEDDED).find(name)
        {
            return Ok(entry.source.clone());
        }
        Ok(source)
    }

    /// The checkpoint of [`Settings::checkpoint`], read.
    pub fn open(&self, name: &Path) -> anyhow::Result<(Source, Checkpoint)> {
        let source = self.checkpoint(Some(name))?;
        let checkpoint = Checkpoint::open(&source)?;
        Ok((source, checkpoint))
    }

    /// The drum map of a name or file.
    pub fn drum_map(&self, name: &str) -> Result<DrumMap, String> {
        let midi = config::Midi {
            map: name.into(),
            ..self.config.midi.clone()
        };
        midi.drum_map()
    }
}

/// The file of a checkpoint, for the rule that it is not overwritten.
pub fn file_of(source: &Source) -> Option<&Path> {
    match source {
        Source::Embedded(_) => None,
        Source::File(path) => Some(path),
    }
}
