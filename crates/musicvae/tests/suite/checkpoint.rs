//! Checkpoint files: round trips, strictness, damage.

use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use musicvae::checkpoint::{Checkpoint, CheckpointError, Precision};
use musicvae::model::Tensors;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::support::{random_checkpoint, small_preset};

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn assert_same(a: &Tensors, b: &Tensors) {
    assert!(a.keys().eq(b.keys()));
    for (name, tensor) in a {
        assert_eq!(tensor.dims(), b[name].dims(), "{name}");
        assert_eq!(values(tensor), values(&b[name]), "{name}");
    }
}

/// The sentence of the error that `bytes` give.
fn refusal(bytes: &[u8]) -> String {
    Checkpoint::from_bytes(bytes, "x.safetensors")
        .unwrap_err()
        .to_string()
}

/// The sentence of the error that a file gives in which `from` is changed to `to`, of the same length,
/// and the checksum mended.
fn refusal_of(bytes: &[u8], from: &str, to: &str) -> String {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap();
    bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    mend(&mut bytes);
    refusal(&bytes)
}

pub fn bytes_of(checkpoint: &Checkpoint) -> Vec<u8> {
    checkpoint
        .to_bytes("x.safetensors", Precision::Full)
        .unwrap()
}

#[test]
fn full_precision_comes_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/of/today.safetensors");
    let mut saved = random_checkpoint(small_preset(), 1);
    // State that is no slot of a weight, of other types.
    let counter = Tensor::from_vec(vec![i64::MAX - 1, 3], 2, &Device::Cpu).unwrap();
    saved.optimizer.insert("rng".into(), counter);
    let power = Tensor::from_vec(vec![0.9f64.powi(5)], (), &Device::Cpu).unwrap();
    saved.optimizer.insert("beta1_power".into(), power);
    saved.save(&path, Precision::Full).unwrap();

    let mut loaded = Checkpoint::load(&path).unwrap();
    assert_eq!(loaded.preset, saved.preset);
    assert_eq!(loaded.metadata, saved.metadata);
    assert_eq!(loaded.prior, saved.prior);
    assert_same(&loaded.tensors, &saved.tensors);
    let rng: Vec<i64> = loaded.optimizer.remove("rng").unwrap().to_vec1().unwrap();
    assert_eq!(rng, [i64::MAX - 1, 3]);
    let power: f64 = loaded
        .optimizer
        .remove("beta1_power")
        .unwrap()
        .to_scalar()
        .unwrap();
    assert_eq!(power, 0.9f64.powi(5));
    saved.optimizer.remove("rng");
    saved.optimizer.remove("beta1_power");
    assert_same(&loaded.optimizer, &saved.optimizer);
    assert_eq!(loaded.fingerprint().unwrap(), saved.fingerprint().unwrap());
}

#[test]
fn the_same_checkpoint_gives_the_same_bytes() {
    let checkpoint = random_checkpoint(small_preset(), 2);
    assert_eq!(bytes_of(&checkpoint), bytes_of(&checkpoint.clone()));
    let other = random_checkpoint(small_preset(), 3);
    assert_ne!(
        other.fingerprint().unwrap(),
        checkpoint.fingerprint().unwrap()
    );
}

#[test]
fn half_precision_rounds_the_weights_and_nothing_else() {
    let saved = random_checkpoint(small_preset(), 4);
    let bytes = saved.to_bytes("x", Precision::Half).unwrap();
    let loaded = Checkpoint::from_bytes(&bytes, "x").unwrap();
    for (name, tensor) in &loaded.tensors {
        assert_eq!(tensor.dtype(), DType::F32);
        let halved = saved.tensors[name].to_dtype(DType::F16).unwrap();
        assert_eq!(
            values(tensor),
            values(&halved.to_dtype(DType::F32).unwrap()),
            "{name}"
        );
    }
    assert_same(&loaded.optimizer, &saved.optimizer);
    assert_ne!(loaded.fingerprint().unwrap(), saved.fingerprint().unwrap());
    // Halves of halves are exact.
    assert_eq!(loaded.to_bytes("x", Precision::Half).unwrap(), bytes);
}

#[test]
fn eight_bits_keep_a_matrix_to_within_half_a_step() {
    let mut saved = random_checkpoint(small_preset(), 4);
    let silent = saved.tensors.get_mut("encoder/mu/kernel").unwrap();
    *silent = silent.zeros_like().unwrap();
    let bytes = saved.to_bytes("x", Precision::EightBits).unwrap();
    let half = saved.to_bytes("x", Precision::Half).unwrap();
    assert!(bytes.len() < half.len());
    let loaded = Checkpoint::from_bytes(&bytes, "x").unwrap();
    let mut rounded = 0;
    for (name, tensor) in &loaded.tensors {
        let (found, wanted) = (values(tensor), values(&saved.tensors[name]));
        let columns = *tensor.dims().last().unwrap();
        for column in 0..columns {
            let of = |values: &[f32]| {
                Vec::from_iter(values.iter().skip(column).step_by(columns).copied())
            };
            let [found, wanted] = [of(&found), of(&wanted)];
            let most = wanted.iter().fold(0.0f32, |most, it| most.max(it.abs()));
            // Of a bias there is only its own half precision.
            let off = if tensor.rank() == 2 {
                most / 254.0
            } else {
                most / 2048.0
            };
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!(
                    (found - wanted).abs() <= off * 1.0001,
                    "{name}: {found} for {wanted}"
                );
                rounded += usize::from(found != wanted);
            }
        }
    }
    assert!(rounded > 100);
    assert_eq!(
        loaded.prior,
        Checkpoint::from_bytes(&half, "x").unwrap().prior
    );

    // Bytes mean nothing without their steps, and steps nothing beside whole weights.
    let swapped = |from: &str, to: &str| refusal_of(&bytes, from, to);
    let lost = swapped("\"steps/encoder/mu/kernel\"", "\"optimizer/encoder/mu/ke\"");
    assert!(
        lost.contains("`encoder/mu/kernel` as U8, where F32 or F16"),
        "{lost}"
    );
    let stray = swapped("\"steps/encoder/mu/kernel\"", "\"steps/encoder/mu/kernal\"");
    assert!(
        stray.contains("tensor `steps/encoder/mu/kernal`"),
        "{stray}"
    );
    let older = swapped("\"format_version\":\"2\"", "\"format_version\":\"3\"");
    assert!(older.contains("update musicvae-tui"), "{older}");
}

#[test]
fn other_readers_understand_the_file() {
    let saved = random_checkpoint(small_preset(), 5);
    let bytes = saved.to_bytes("x", Precision::Half).unwrap();
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
    let of_prior = saved.prior.to_tensors().unwrap();
    assert_eq!(tensors.len(), 3 * saved.tensors.len() + of_prior.len());
    assert_eq!(tensors["prior/means"].dims(), of_prior["means"].dims());
    assert_eq!(tensors["encoder/mu/bias"].dtype(), DType::F16);
    let moments = &tensors["optimizer/m/encoder/mu/kernel"];
    assert_eq!(
        values(moments),
        values(&saved.optimizer["m/encoder/mu/kernel"])
    );
}

#[test]
fn weights_that_do_not_fit_their_preset_are_named() {
    let good = random_checkpoint(small_preset(), 6);
    // Saving refuses what loading would refuse, so the misfits are made by changing the preset in
    // the text of a good file, with the same length, and mending the checksum.
    let swap = |from: &str, to: &str| refusal_of(&bytes_of(&good), from, to);
    assert_eq!(
        swap(r#"\"z_size\":5"#, r#"\"z_size\":6"#),
        "x.safetensors holds `decoder/multi_rnn_cell/cell_0/lstm_cell/kernel` with shape [34, 8], \
         but its preset groovae_4bar needs [35, 8]; take another checkpoint"
    );
    assert_eq!(
        swap("\"encoder/mu/bias\"", "\"encoder/mu/bios\""),
        "x.safetensors holds a tensor `encoder/mu/bios` that its preset groovae_4bar does not \
         have; take another checkpoint, or a version of musicvae-tui that knows it"
    );
    assert_eq!(
        swap("\"prior/deviations\"", "\"prior/deviateons\""),
        "x.safetensors holds a tensor `prior/deviateons` that its preset groovae_4bar does not \
         have; take another checkpoint, or a version of musicvae-tui that knows it"
    );
    assert!(
        swap("\"prior/weights\"", "\"optimizer/abc\"").contains("lacks the tensor `prior/weights`")
    );
    assert!(
        swap("\"shape\":[2,5]", "\"shape\":[5,2]").contains("`prior/deviations` with shape [5, 2]")
    );
    assert!(swap("\"dtype\":\"F32\"", "\"dtype\":\"I32\"").contains("as I32"));
    assert!(swap("\"dtype\":\"F32\"", "\"dtype\":\"U32\"").contains("as U32"));
    assert!(swap(r#""format_version":"1""#, r#""format_version":"3""#).contains("update musicvae"));
    assert!(swap(r#""format_version":"1""#, r#""format_version":"x""#).contains("no sense"));
    assert!(swap(r#""preset""#, r#""praset""#).contains("lacks `preset`"));
    assert!(swap(r#"\"encoder\":[3]"#, r#"\"encoder\":3e9"#).contains("`preset`"));
    assert!(swap(r#"\"z_size\":5,"#, r#"\"z_size\":5 "#).contains("`preset`"));
    assert!(swap(r#"\"step\":1234"#, r#"\"step\":-234"#).contains("`metadata`"));

    let name = "encoder/sigma/bias";
    let mut wrong = good.clone();
    wrong.tensors.remove(name);
    assert_eq!(
        wrong
            .to_bytes("x", Precision::Full)
            .unwrap_err()
            .to_string(),
        "x lacks the tensor `encoder/sigma/bias` (shape [5]) of its preset groovae_4bar; take \
         another checkpoint"
    );
    let mut wrong = good.clone();
    let nan = Tensor::from_vec(vec![0.0, 1.0, f32::NAN, 0.0, 0.0], 5, &Device::Cpu).unwrap();
    wrong.tensors.insert(name.into(), nan);
    let error = wrong.to_bytes("x", Precision::Half).unwrap_err();
    assert!(matches!(&error, CheckpointError::NotFinite { tensor, .. } if tensor == name));
    let mut wrong = good.clone();
    let large = Tensor::full(70_000f32, 5, &Device::Cpu).unwrap();
    wrong.tensors.insert(name.into(), large);
    wrong.to_bytes("x", Precision::Full).unwrap();
    let error = wrong.to_bytes("x", Precision::Half).unwrap_err();
    assert!(
        matches!(error, CheckpointError::BeyondHalf { .. }),
        "{error}"
    );
    let mut wrong = good.clone();
    wrong.optimizer.insert(
        format!("m/{name}"),
        Tensor::zeros(6, DType::F32, &Device::Cpu).unwrap(),
    );
    assert!(
        wrong
            .to_bytes("x", Precision::Full)
            .unwrap_err()
            .to_string()
            .contains("[6]")
    );
}

#[test]
fn infinite_weights_are_refused_on_reading_too() {
    let mut bytes = bytes_of(&random_checkpoint(small_preset(), 7));
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    mend(&mut bytes);
    assert!(
        refusal(&bytes).contains("not-a-numbers"),
        "{}",
        refusal(&bytes)
    );
}

/// Writes the checksum that the bytes now have.
pub fn mend(bytes: &mut [u8]) {
    let key = b"\"crc32c\":\"";
    let at = bytes
        .windows(key.len())
        .position(|window| window == key)
        .unwrap()
        + key.len();
    bytes[at..at + 8].copy_from_slice(b"00000000");
    let digits = format!("{:08x}", crc32c::crc32c(bytes));
    bytes[at..at + 8].copy_from_slice(digits.as_bytes());
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let bytes = bytes_of(&random_checkpoint(small_preset(), 8));
    for length in (0..200)
        .chain((200..bytes.len()).step_by(37))
        .chain([bytes.len() - 1])
    {
        let sentence = refusal(&bytes[..length]);
        assert!(
            sentence.starts_with("x.safetensors "),
            "{length}: {sentence}"
        );
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(refusal(&longer).contains("header promises"));
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let bytes = bytes_of(&random_checkpoint(small_preset(), 9));
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    // Every bit of the header, and some of each tensor.
    let tail = (header * 8..bytes.len() * 8)
        .step_by(97)
        .map(|bit| bit + rng.random_range(0..97));
    for bit in (0..header * 8)
        .chain(tail)
        .filter(|bit| bit / 8 < bytes.len())
    {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let sentence = refusal(&damaged);
        assert!(sentence.contains("x.safetensors"), "bit {bit}: {sentence}");
    }
}

#[test]
fn absurd_headers_cost_no_memory() {
    let file = |header: &str, promised: u64| {
        [&promised.to_le_bytes()[..], header.as_bytes(), &[0; 64]].concat()
    };
    for (header, promised) in [
        ("{}", u64::MAX),
        ("{}", 1 << 40),
        ("{}", 2),
        ("{", 1),
        ("\u{0}\u{0}", 2),
        (
            r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
            74,
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[9],"data_offsets":[36,0]}}"#,
            55,
        ),
    ] {
        let sentence = refusal(&file(header, promised));
        assert!(sentence.starts_with("x.safetensors "), "{sentence}");
    }
    // Tensors that together fill the address space to its last byte.
    let mut header = json!({"__metadata__": {
        "format_version": "1",
        "preset": serde_json::to_string(&small_preset()).unwrap(),
        "metadata": "{}",
        "crc32c": "00000000",
    }});
    let largest = (1u64 << 61) - 1;
    for (index, size) in [largest; 8].into_iter().chain([7]).enumerate() {
        let start = index as u64 * largest;
        header[index.to_string()] =
            json!({"dtype": "U8", "shape": [size], "data_offsets": [start, start + size]});
    }
    let header = header.to_string();
    let sentence = refusal(&file(&header, header.len() as u64));
    assert!(
        sentence.contains("header promises 18446744073709551615"),
        "{sentence}"
    );
}

#[test]
fn files_that_are_something_else_are_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |path: &Path| Checkpoint::load(path).unwrap_err().to_string();
    let missing = folder.path().join("no.safetensors");
    assert!(refusal(&missing).contains("name a file that is there"));
    assert!(refusal(folder.path()).contains("not a regular file"));
    let text = folder.path().join("text.safetensors");
    fs::write(&text, "these are the voyages of a text file").unwrap();
    assert!(refusal(&text).contains("is not a safetensors file"));
    let other = folder.path().join("other.safetensors");
    let tensor = Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
    candle_core::safetensors::save(&[("a".to_string(), tensor)].into(), &other).unwrap();
    assert!(refusal(&other).contains("no checkpoint of this program"));
}

#[test]
fn a_failed_save_leaves_the_file_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let good = random_checkpoint(small_preset(), 10);
    good.save(&path, Precision::Full).unwrap();
    let before = fs::read(&path).unwrap();

    let mut bad = good.clone();
    bad.tensors.remove("encoder/mu/bias");
    bad.save(&path, Precision::Full).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), before);
    // The target is a folder: the last step, the rename, fails.
    let blocked = folder.path().join("blocked.safetensors");
    fs::create_dir_all(blocked.join("inside")).unwrap();
    let sentence = good
        .save(&blocked, Precision::Full)
        .unwrap_err()
        .to_string();
    assert!(sentence.contains("blocked.safetensors"), "{sentence}");
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(
        left,
        ["a.safetensors", "blocked.safetensors"],
        "no temporary file stays behind"
    );
}
