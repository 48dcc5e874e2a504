//! Where a checkpoint's weights come from.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Strokes;

/// Provenance and training state that travel with the weights. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Optimizer steps behind the weights.
    pub step: u64,
    /// When the checkpoint was made, RFC 3339, UTC.
    pub created: Option<String>,
    /// Program and version that made it.
    pub program: Option<String>,
    /// The command line that made it.
    pub command: Option<String>,
    /// Fingerprint of the training data.
    pub data_fingerprint: Option<String>,
    /// Seed of the run's random numbers.
    pub seed: Option<u64>,
    /// How the velocities and offsets of its grooves are read.
    pub strokes: Strokes,
    /// Anything else worth keeping: validation losses, augmentation, counters of the trainer.
    pub notes: BTreeMap<String, Value>,
}

impl Metadata {
    /// The key of [`Metadata::notes`] that holds the total validation loss, a number.
    pub const VALIDATION_LOSS: &str = "validation_loss";

    /// Metadata of step `step`, made now by this program with this command line.
    pub fn of_this_run(step: u64) -> Metadata {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let command: Vec<_> = std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        Metadata {
            step,
            created: Some(rfc3339(now)),
            program: Some(concat!("musicvae-tui ", env!("CARGO_PKG_VERSION")).into()),
            command: Some(command.join(" ")),
            ..Metadata::default()
        }
    }

    /// The total validation loss, if it was noted.
    pub fn validation_loss(&self) -> Option<f64> {
        self.notes.get(Metadata::VALIDATION_LOSS)?.as_f64()
    }
}

/// `seconds` since 1970-01-01T00:00:00Z as an RFC 3339 time in UTC.
pub fn rfc3339(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March, so that the leap day ends them; eras of 400 years repeat.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!(
        "{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        era * 400 + year + next_year,
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        // Expected values from GNU `date -u -d @N`.
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }

    #[test]
    fn unknown_fields_of_a_later_version_are_let_through() {
        let metadata: Metadata = serde_json::from_str(r#"{"step": 7, "mood": "late"}"#).unwrap();
        assert_eq!(
            metadata,
            Metadata {
                step: 7,
                ..Metadata::default()
            }
        );
    }
}
