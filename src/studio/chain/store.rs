//! The slots and the chain in a file, from one session to the next.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::slots::{Chain, SLOTS, parse, text};
use crate::studio::ground::Slot;
use musicvae::music::{Groove, Hit, LANES, Meter, write_whole_file};

/// Longest groove that is taken from a file.
const MOST_STEPS: usize = 4096;

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    slots: Vec<Option<StoredSlot>>,
    /// As it is typed: `1x2 2`.
    chain: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSlot {
    name: String,
    qpm: f64,
    meter: (u8, u8),
    steps: usize,
    /// Step, lane, velocity and offset.
    hits: Vec<(usize, usize, f32, f32)>,
}

impl From<&Slot> for StoredSlot {
    fn from(slot: &Slot) -> StoredSlot {
        let groove = &slot.groove;
        let hit = |(step, lane, hit): (usize, musicvae::music::Lane, Hit)| {
            (step, lane.index(), hit.velocity, hit.offset)
        };
        StoredSlot {
            name: slot.name.clone(),
            qpm: groove.qpm,
            meter: (groove.meter.numerator, groove.meter.denominator),
            steps: groove.steps.len(),
            hits: groove.hits().map(hit).collect(),
        }
    }
}

impl StoredSlot {
    fn slot(self) -> anyhow::Result<Slot> {
        let (numerator, denominator) = self.meter;
        let meter = Meter {
            numerator,
            denominator,
        };
        anyhow::ensure!(
            (1..=MOST_STEPS).contains(&self.steps)
                && numerator > 0
                && denominator.is_power_of_two()
                && meter.steps_per_bar() > 0
                && (20.0..=300.0).contains(&self.qpm),
            "the groove {} has no sensible length, meter or tempo",
            self.name
        );
        let mut groove = Groove {
            qpm: self.qpm,
            meter,
            ..Groove::empty(self.steps)
        };
        for (step, lane, velocity, offset) in self.hits {
            anyhow::ensure!(
                step < self.steps
                    && lane < LANES
                    && (0.0..=1.0).contains(&velocity)
                    && (-0.5..=0.5).contains(&offset),
                "the groove {} has a stroke that is none",
                self.name
            );
            groove.steps[step][lane] = Some(Hit { velocity, offset });
        }
        Ok(Slot {
            groove,
            name: self.name,
        })
    }
}

/// The text of the file.
pub fn encode(chain: &Chain) -> String {
    let slots = chain.slots.iter();
    let document = Document {
        slots: slots
            .map(|slot| slot.as_ref().map(StoredSlot::from))
            .collect(),
        chain: text(&chain.links),
    };
    // Numbers and names have a form in JSON: this can't fail.
    serde_json::to_string(&document).unwrap_or_default()
}

/// The slots and the chain of a file's text.
pub fn decode(text: &str) -> anyhow::Result<Chain> {
    let document: Document = serde_json::from_str(text)?;
    anyhow::ensure!(
        document.slots.len() <= SLOTS,
        "it has more than {SLOTS} slots"
    );
    let mut chain = Chain::default();
    for (place, stored) in chain.slots.iter_mut().zip(document.slots) {
        *place = stored.map(StoredSlot::slot).transpose()?;
    }
    chain.links = parse(&document.chain).context("its chain is none")?;
    chain.links.retain(|link| chain.slots[link.slot].is_some());
    Ok(chain)
}

/// Reads the file; `None` when there is none yet.
pub fn read(path: &Path) -> anyhow::Result<Option<Chain>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("{}: can't be read", path.display()))?,
    };
    let chain = decode(&text).with_context(|| {
        format!(
            "{}: the slots of the last session can't be read, and are written anew with the next \
             one that is stored",
            path.display()
        )
    })?;
    Ok(Some(chain))
}

/// Writes the file, whole or not at all.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = musicvae::music::folder_of(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| write_whole_file(path, |out| out.write_all(text.as_bytes())))
        .with_context(|| format!("{}: the slots can't be kept", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::ground::Link;

    #[test]
    fn a_chain_comes_back_as_it_was() {
        let mut groove = Groove::empty(32);
        groove.qpm = 93.5;
        groove.steps[7][3] = Some(Hit {
            velocity: 0.123_456_7,
            offset: -0.333_333,
        });
        let mut chain = Chain::default();
        let name = "seed 3".to_string();
        chain.slots[2] = Some(Slot { groove, name });
        chain.links = vec![Link {
            slot: 2,
            repeats: 4,
        }];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/chain.json");
        assert_eq!(read(&path).unwrap(), None);
        write(&path, &encode(&chain)).unwrap();
        assert_eq!(read(&path).unwrap(), Some(chain));
    }

    #[test]
    fn a_damaged_file_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        let slot = |hits: &str, rest: &str| {
            format!(r#"{{"slots":[{{"name":"x","steps":16,"hits":[{hits}],{rest}}}],"chain":""}}"#)
        };
        let good = slot("[0,0,1.0,0.5]", r#""qpm":120.0,"meter":[4,4]"#);
        assert!(decode(&good).is_ok());
        for text in [
            String::new(),
            good[..40].into(),
            slot("[16,0,1.0,0.5]", r#""qpm":120.0,"meter":[4,4]"#),
            slot("[0,9,1.0,0.5]", r#""qpm":120.0,"meter":[4,4]"#),
            slot("[0,0,1.5,0.5]", r#""qpm":120.0,"meter":[4,4]"#),
            slot("", r#""qpm":1e9,"meter":[4,4]"#),
            slot("", r#""qpm":120.0,"meter":[0,4]"#),
            slot("", r#""qpm":120.0,"meter":[1,64]"#),
            good.replace(r#""chain":"""#, r#""chain":"9""#),
        ] {
            std::fs::write(&path, &text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("chain.json: the slots"), "{error}");
        }
    }

    #[test]
    fn chains_are_typed_as_they_are_shown() {
        let links = parse(" 1x2, 2  8X99 ").unwrap();
        assert_eq!(text(&links), "1x2 2 8x99");
        assert_eq!(parse(""), Some(Vec::new()));
        for wrong in ["0", "9", "1x0", "1x100", "x2", "a", "1x", "1-2"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
