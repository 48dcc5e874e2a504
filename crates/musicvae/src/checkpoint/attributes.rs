//! Directions of the latent space with a name, in a small JSON file beside their checkpoint.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::catalogue::Source;
use super::error::file_name;
use super::{Checkpoint, CheckpointError};
use crate::model::Latent;
use crate::music::write_whole_file;

/// The attribute vectors of a checkpoint (Roberts et al. 2018, section 5.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    /// Layout of the file; see [`Attributes::VERSION`].
    pub version: u32,
    /// Preset of the checkpoint, and [`Checkpoint::fingerprint`] of its weights: a latent means
    /// nothing to others.
    pub preset: String,
    /// [`Checkpoint::fingerprint`] of its weights.
    pub fingerprint: String,
    /// Program and command line that made the file.
    pub program: String,
    /// Command line that made the file.
    pub command: String,
    /// In the order of tables: measures, then styles, then fills.
    pub attributes: Vec<Attribute>,
}

/// One direction. It tells windows with the attribute from those without; where directions were moved apart,
/// it is mixed with the others so that added once it moves its own attribute by one standard deviation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// What options and files call it.
    pub name: String,
    /// What tells windows with from windows without.
    pub kind: Kind,
    /// Windows behind the two means.
    pub with: usize,
    /// Windows behind the mean of those without.
    pub without: usize,
    /// What is added to a latent, `z_size` numbers.
    pub vector: Latent,
    /// What moving along it did to the windows of the validation split.
    pub effects: Vec<Effect>,
}

/// What an attribute is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The upper and the lower quarter of a measure (see [`crate::music::Measure`]).
    Measure,
    /// A style label, against all other styles.
    Style,
    /// Grooves with a fill as their last bar, against the same ones without.
    Fill,
}

/// The effect of moving `amount` times along a vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// How many times it was added.
    pub amount: f32,
    /// By name of the attribute: the one meant, and the side effects.
    pub changes: BTreeMap<String, Change>,
    /// Share of the hits of before and after that are not shared, on average.
    pub hits_changed: f64,
}

/// A mean change, with the bounds of 95 % of resampled data sets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// In the measure's unit; of a style, in the share of nearest training windows that have it.
    pub mean: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The mean, in standard deviations of the split's windows.
    pub deviations: f64,
}

/// Why attributes cannot be had.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum AttributesError {
    #[error("cannot {action} the attributes {file}: {reason}")]
    Io {
        action: &'static str,
        file: String,
        reason: io::Error,
    },
    #[error(
        "{file} holds no attributes that make sense ({reason}): make them anew with \
         `musicvae-tui attributes make`"
    )]
    Damaged { file: String, reason: String },
    #[error(
        "{file} has the attributes' format {found}, and this program knows formats up to {known}: \
         update musicvae-tui"
    )]
    Newer {
        file: String,
        found: u32,
        known: u32,
    },
    #[error(
        "{file} belongs to weights of fingerprint {found}, not to these of {wanted}: make it anew \
         with `musicvae-tui attributes make`"
    )]
    OtherWeights {
        file: String,
        found: String,
        wanted: String,
    },
    #[error("there is no attribute `{name}`; there are {known}")]
    Unknown { name: String, known: String },
    #[error(transparent)]
    Checkpoint(Box<CheckpointError>),
}

impl From<CheckpointError> for AttributesError {
    fn from(error: CheckpointError) -> Self {
        AttributesError::Checkpoint(Box::new(error))
    }
}

impl Attributes {
    /// The layout that this program writes, and the newest that it reads. Since 2 there are fills.
    pub const VERSION: u32 = 2;

    /// Where the attributes of the checkpoint at `path` lie: beside it, `NAME.attributes.json`.
    pub fn path_for(path: &Path) -> PathBuf {
        path.with_extension("attributes.json")
    }

    /// The attributes of the checkpoint at `path`, which was read as `checkpoint`; `None` where it
    /// has none.
    ///
    /// # Errors
    /// When the file cannot be read or belongs to other weights.
    pub fn load_for(
        path: &Path,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Attributes>, AttributesError> {
        let path = Attributes::path_for(path);
        let file = file_name(&path);
        match std::fs::read_to_string(&path) {
            Ok(text) => Attributes::read(&text, &file, checkpoint).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(AttributesError::Io {
                action: "read",
                file,
                reason,
            }),
        }
    }

    /// The attributes of the checkpoint of `source`, which was read as `checkpoint`; `None` where
    /// it has none.
    ///
    /// # Errors
    /// Those of [`Attributes::load_for`].
    pub fn of(
        source: &Source,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Attributes>, AttributesError> {
        match source {
            Source::Embedded(embedded) => {
                let read = |text| Attributes::read(text, &embedded.title(), checkpoint);
                embedded.attributes.map(read).transpose()
            }
            Source::File(path) => Attributes::load_for(path, checkpoint),
        }
    }

    fn read(
        text: &str,
        file: &str,
        checkpoint: &Checkpoint,
    ) -> Result<Attributes, AttributesError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let damaged = |reason: String| AttributesError::Damaged {
            file: file.into(),
            reason,
        };
        let Version { version } =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if version > Attributes::VERSION {
            return Err(AttributesError::Newer {
                file: file.into(),
                found: version,
                known: Attributes::VERSION,
            });
        }
        let attributes: Attributes =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        let wanted = checkpoint.fingerprint()?;
        if attributes.fingerprint != wanted {
            return Err(AttributesError::OtherWeights {
                file: file.into(),
                found: attributes.fingerprint,
                wanted,
            });
        }
        let fits = |attribute: &&Attribute| {
            let vector = &attribute.vector;
            vector.len() == checkpoint.preset.z_size && vector.iter().all(|z| z.is_finite())
        };
        if let Some(wrong) = attributes.attributes.iter().find(|it| !fits(it)) {
            return Err(damaged(format!("the vector of `{}`", wrong.name)));
        }
        Ok(attributes)
    }

    /// The text of a file of attributes.
    ///
    /// # Errors
    /// None that attributes of a model have.
    pub fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|text| text + "\n")
    }

    /// Writes the file beside the checkpoint at `path`, whole or not at all, and says where it is.
    pub fn save_for(&self, path: &Path) -> Result<PathBuf, AttributesError> {
        let path = Attributes::path_for(path);
        let failed = |reason| AttributesError::Io {
            action: "write",
            file: file_name(&path),
            reason,
        };
        let text = self.to_text().map_err(|error| failed(error.into()))?;
        write_whole_file(&path, |out| out.write_all(text.as_bytes())).map_err(failed)?;
        Ok(path)
    }

    /// The attribute of that name.
    ///
    /// # Errors
    /// When there is none; the message names those there are.
    pub fn get(&self, name: &str) -> Result<&Attribute, AttributesError> {
        let found = self.attributes.iter().find(|it| it.name == name);
        found.ok_or_else(|| AttributesError::Unknown {
            name: name.into(),
            known: self.names().collect::<Vec<_>>().join(", "),
        })
    }

    /// Every name, in the order of tables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|it| it.name.as_str())
    }

    /// The ways that named attributes go, each by its amount, for a
    /// [`Drummer`](crate::Drummer::steered): 0 leaves a latent where it is, 1 goes from "without" to
    /// "with", -1 the other way.
    ///
    /// # Errors
    /// When a name is unknown.
    pub fn moves(&self, amounts: &[(String, f32)]) -> Result<Vec<(Latent, f32)>, AttributesError> {
        let amounts = amounts.iter();
        amounts
            .map(|(name, amount)| Ok((self.get(name)?.vector.clone(), *amount)))
            .collect()
    }
}
