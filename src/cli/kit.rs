//! `musicvae-tui kit`: writes the built-in drum kit.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::engine::kit;

/// Synthesize the built-in drum kit and write it as a SoundFont 2 file.
#[derive(clap::Args)]
pub struct Kit {
    /// File to write; an existing one is replaced.
    #[arg(value_name = "OUT.sf2")]
    pub out: PathBuf,
}

impl Kit {
    /// Writes the file in one step, so that nobody ever sees half a SoundFont.
    pub fn run(self) -> anyhow::Result<()> {
        let bytes = kit::sound_font();
        let folder = match self.out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => std::path::Path::new("."),
        };
        let write = || -> std::io::Result<()> {
            let mut file = new_file().tempfile_in(folder)?;
            file.write_all(&bytes)?;
            file.persist(&self.out)?;
            Ok(())
        };
        write().with_context(|| {
            format!(
                "cannot write {}: check that its folder exists and may be written to",
                self.out.display()
            )
        })
    }
}

/// Temporary files are private by default; this one becomes an ordinary file (less the umask).
fn new_file() -> tempfile::Builder<'static, 'static> {
    #[allow(unused_mut)]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}
