//! The slots and the chain as version 0.1.0 kept them, in a file of their own.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;

use super::typed::parse;
use crate::studio::ground::stored::StoredGroove;
use crate::studio::ground::{SLOTS, Slot, Slots};

#[derive(Deserialize)]
struct Document {
    slots: Vec<Option<StoredSlot>>,
    /// As it is typed: `1x2 2`.
    chain: String,
}

#[derive(Deserialize)]
struct StoredSlot {
    name: String,
    #[serde(flatten)]
    groove: StoredGroove,
}

/// Reads such a file; `None` where there is none.
///
/// # Errors
/// One that can't be read.
pub fn read(path: &Path) -> anyhow::Result<Option<Slots>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text,
    };
    let place = || format!("{}: the slots can't be read", path.display());
    let slots = text.with_context(place)?;
    decode(&slots).map(Some).with_context(place)
}

fn decode(text: &str) -> anyhow::Result<Slots> {
    let document: Document = serde_json::from_str(text)?;
    anyhow::ensure!(
        document.slots.len() <= SLOTS,
        "it has more than {SLOTS} slots"
    );
    let mut slots = Slots::default();
    for (place, stored) in slots.all.iter_mut().zip(document.slots) {
        let slot = stored.map(|StoredSlot { name, groove }| {
            let groove = groove.read()?;
            anyhow::Ok(Arc::new(Slot::new(groove, name)))
        });
        *place = slot.transpose()?;
    }
    slots.links = parse(&document.chain).context("its chain makes no sense")?;
    slots.links.retain(|link| slots.all[link.slot].is_some());
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slots_of_a_sound_file_are_taken_and_damage_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        assert_eq!(read(&path).unwrap(), None);
        let slot = |hits: &str, rest: &str| {
            format!(
                r#"{{"slots":[null,{{"name":"x","steps":16,"hits":[{hits}],{rest}}}],"chain":"2x3"}}"#
            )
        };
        let good = slot("[0,0,1.0,0.5]", r#""qpm":120.0,"meter":[4,4]"#);
        std::fs::write(&path, &good).unwrap();
        let slots = read(&path).unwrap().unwrap();
        let kept = slots.all[1].as_ref().unwrap();
        assert_eq!((&kept.name[..], kept.groove.hits().count()), ("x", 1));
        assert_eq!((slots.links[0].slot, slots.links[0].repeats), (1, 3));
        for text in [
            String::new(),
            good[..40].into(),
            slot("[16,0,1.0,0.5]", r#""qpm":120.0,"meter":[4,4]"#),
            slot("[0,9,1.0,0.5]", r#""qpm":120.0,"meter":[4,4]"#),
            slot("[0,0,1.5,0.5]", r#""qpm":120.0,"meter":[4,4]"#),
            slot("", r#""qpm":1e9,"meter":[4,4]"#),
            slot("", r#""qpm":120.0,"meter":[0,4]"#),
            slot("", r#""qpm":120.0,"meter":[1,64]"#),
            good.replace("2x3", "9"),
        ] {
            std::fs::write(&path, &text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("chain.json: the slots"), "{error}");
        }
    }
}
