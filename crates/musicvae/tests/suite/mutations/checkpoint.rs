//! Checkpoints (safetensors) that break a rule.

use musicvae::model::{Decoding, Preset};
use musicvae::{Checkpoint, Drummer};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::trial::run;
use crate::checkpoint::{bytes_of, mend};
use crate::support::small_preset;

/// A checkpoint in its two parts.
struct File {
    header: Map<String, Value>,
    data: Vec<u8>,
}

impl File {
    fn of(bytes: &[u8]) -> File {
        let (length, rest) = bytes.split_first_chunk().unwrap();
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        File {
            header: serde_json::from_slice(header).unwrap(),
            data: data.to_vec(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.header).unwrap();
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], &header, &self.data].concat()
    }
}

/// A value of the kind that nobody thought of.
fn odd(rng: &mut ChaCha8Rng) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(65_536),
        json!(999_999_999),
        json!(u64::MAX),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!("groovae_4bar"),
        json!([]),
        json!([0]),
        json!([1, 2, 3, 4, 5, 6, 7]),
        json!({}),
        json!({"Nade": {"hidden": 7}}),
    ];
    odd.choose(rng).unwrap().clone()
}

/// Replaces one value somewhere within `value`, or drops it.
fn break_value(value: &mut Value, rng: &mut ChaCha8Rng) {
    let deeper = rng.random_bool(0.8);
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let key = keys.choose(rng).unwrap();
            if rng.random_bool(0.1) {
                fields.remove(key);
            } else if let Some(field) = fields.get_mut(key) {
                break_value(field, rng);
            }
        }
        Value::Array(values) if deeper && !values.is_empty() => {
            let place = rng.random_range(0..values.len());
            match rng.random_range(0..6) {
                0 => drop(values.remove(place)),
                1 => values.insert(place, odd(rng)),
                _ => break_value(&mut values[place], rng),
            }
        }
        value => *value = odd(rng),
    }
}

/// Breaks a value of JSON that stands as text in the metadata.
fn break_text(file: &mut File, key: &str, rng: &mut ChaCha8Rng) {
    let text = file.header["__metadata__"][key].as_str().unwrap();
    let mut value: Value = serde_json::from_str(text).unwrap();
    break_value(&mut value, rng);
    file.header["__metadata__"][key] = value.to_string().into();
}

/// The bytes of a checkpoint with one rule broken.
fn broken(whole: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut file = File::of(whole);
    let tensors: Vec<String> = file
        .header
        .keys()
        .filter(|it| !it.starts_with('_'))
        .cloned()
        .collect();
    let [one, other] = [(); 2].map(|()| tensors.choose(rng).unwrap().clone());
    let rule = rng.random_range(0..20);
    match rule {
        0 => drop(file.header.remove(&one)),
        1 => drop(
            file.header
                .insert("another".into(), file.header[&one].clone()),
        ),
        2 => {
            let moved = file.header.remove(&one).unwrap();
            file.header.insert(other, moved);
        }
        3 => {
            file.header[&one]["dtype"] = ["F64", "BF16", "I8", "F8_E4M3", "f32"]
                .choose(rng)
                .copied()
                .into()
        }
        4 => break_value(&mut file.header[&one]["shape"], rng),
        5 => break_value(&mut file.header[&one]["data_offsets"], rng),
        6 => break_value(&mut file.header[&one], rng),
        7 => break_value(&mut file.header["__metadata__"], rng),
        8..=10 => break_text(&mut file, "preset", rng),
        11 => break_text(&mut file, "metadata", rng),
        12 => file.data.truncate(rng.random_range(0..file.data.len())),
        13 => file.data.extend([0; 7]),
        14 => {
            let place = rng.random_range(0..file.data.len());
            file.data[place] = rng.random();
        }
        _ => {}
    }
    let mut bytes = file.bytes();
    let place = rng.random_range(0..bytes.len().min(2000));
    match rule {
        15 => bytes[..8].copy_from_slice(&(1_u64 << rng.random_range(0..64)).to_le_bytes()),
        16 => bytes[place] = rng.random(),
        17 => bytes.truncate(place),
        _ => {}
    }
    // Most with a checksum that is right, so that the rest is looked at.
    let key = b"\"crc32c\":\"";
    let mut places = bytes.windows(key.len() + 8);
    if rng.random_bool(0.9) && places.any(|it| it.starts_with(key)) {
        mend(&mut bytes);
    }
    bytes
}

#[test]
fn broken_checkpoints_are_read_or_refused() {
    let hierarchical = Preset {
        z_size: 4,
        encoder: vec![4],
        decoder: vec![4],
        ..Preset::by_name("hierdec-trio_16bar").unwrap()
    };
    let models = [small_preset(), hierarchical].map(|preset| {
        let new = Checkpoint::untrained(preset, 1).unwrap();
        bytes_of(&new)
    });
    run("safetensors", 300, |rng| {
        let whole = models.choose(rng).unwrap();
        let checkpoint = match Checkpoint::from_bytes(&broken(whole, rng), "x.safetensors") {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                let error = error.to_string();
                assert!(
                    error.contains("x.safetensors") && !error.contains('\n'),
                    "{error}"
                );
                return false;
            }
        };
        let Ok(drummer) = Drummer::of(&checkpoint) else {
            return false;
        };
        drummer
            .sample(
                Decoding {
                    temperature: 1.0,
                    seed: 1,
                },
                120.0,
            )
            .is_ok()
    });
}
