//! Pictures that commands draw beside what they say.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::note;
use super::target::{Force, Rule, make_folder};

/// Where pictures go.
#[derive(Args)]
pub struct PicturesArgs {
    /// Also draw the figures, as SVG files into this folder.
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

/// A folder for pictures.
pub struct Pictures {
    folder: PathBuf,
    rule: Rule,
}

impl PicturesArgs {
    /// The folder, if pictures are wanted of a command that reads `inputs` and draws pictures whose
    /// names begin with one of `names`.
    pub fn folder(
        &self,
        inputs: impl IntoIterator<Item = impl Into<PathBuf>>,
        names: &[&str],
    ) -> anyhow::Result<Option<Pictures>> {
        let Some(folder) = &self.pictures else {
            return Ok(None);
        };
        let rule = self.force.reading(inputs);
        Pictures::new(folder, rule, names).map(Some)
    }
}

impl Pictures {
    /// # Errors
    /// When one of the pictures already exists: better before the work than after it.
    pub fn new(folder: &Path, rule: Rule, names: &[&str]) -> anyhow::Result<Pictures> {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in files.map(|file| file.path()) {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let is_ours = stem.is_some_and(|stem| names.iter().any(|it| stem.starts_with(it)));
            if is_ours && path.extension().is_some_and(|ending| ending == "svg") {
                rule.file(&path)?;
            }
        }
        let folder = folder.to_path_buf();
        Ok(Pictures { folder, rule })
    }

    /// Writes pictures by name, and says where they are.
    pub fn write(&self, pictures: &[(&str, String)]) -> anyhow::Result<()> {
        make_folder(&self.folder)?;
        for (name, svg) in pictures {
            let path = self.folder.join(format!("{name}.svg"));
            self.rule.file(&path)?.write(svg.as_bytes())?;
            note!("{}", path.display());
        }
        Ok(())
    }
}
