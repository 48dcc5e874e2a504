//! Importing TensorFlow checkpoints: every tensor against the reference's own listing, and damage.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use musicvae::checkpoint::magenta::{
    Bundle, ElementType, MagentaError, fitting, import, import_with,
};
use musicvae::checkpoint::{Checkpoint, Precision};
use musicvae::model::{Preset, Tensors};
use serde_json::Value;

use crate::support::data;

fn numbers(element: ElementType, bytes: &[u8]) -> Vec<f64> {
    match element {
        ElementType::F32 => {
            let chunks = bytes.as_chunks().0.iter();
            chunks
                .map(|&chunk| f32::from_le_bytes(chunk).into())
                .collect()
        }
        ElementType::I64 => {
            let chunks = bytes.as_chunks().0.iter();
            chunks
                .map(|&chunk| i64::from_le_bytes(chunk) as f64)
                .collect()
        }
        other => panic!("the reference's checkpoints hold no {other:?}"),
    }
}

/// Compares every variable with `variables.json`: name, shape, CRC-32, sums, first and last
/// numbers. The sums are float64 sums of the same float32 numbers in another order.
fn assert_listed(bundle: &Bundle, listing: &Path) {
    let listed: Vec<Value> = serde_json::from_slice(&fs::read(listing).unwrap()).unwrap();
    assert_eq!(bundle.variables().len(), listed.len());
    for about in listed {
        let name = about["name"].as_str().unwrap();
        let variable = &bundle.variables()[name];
        let shape: Vec<usize> = serde_json::from_value(about["shape"].clone()).unwrap();
        assert_eq!(variable.shape, shape, "{name}");
        let bytes = bundle.read(name).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(&bytes);
        assert_eq!(
            format!("{:08x}", crc.sum()),
            about["crc32_le_bytes"].as_str().unwrap()
        );
        let element = variable.element.unwrap();
        let dtype = if element == ElementType::I64 {
            "int64"
        } else {
            "float32"
        };
        assert_eq!(about["dtype"], dtype);
        let numbers = numbers(element, &bytes);
        let sum: f64 = numbers.iter().sum();
        let abs_sum: f64 = numbers.iter().map(|number| number.abs()).sum();
        let close =
            |a: f64, key: &str| (a - about[key].as_f64().unwrap()).abs() <= 1e-9 * (1.0 + abs_sum);
        assert!(close(sum, "sum") && close(abs_sum, "abs_sum"), "{name}");
        let first: Vec<f64> = serde_json::from_value(about["first"].clone()).unwrap();
        let last: Vec<f64> = serde_json::from_value(about["last"].clone()).unwrap();
        assert!(
            numbers.starts_with(&first) && numbers.ends_with(&last),
            "{name}"
        );
    }
}

#[test]
fn every_variable_of_every_reference_checkpoint_is_read() {
    let (Some(tar), Some(listing), Some(small), Some(other)) = (
        data("oracle/groovae_4bar.tar"),
        data("oracle/ckpt_groovae_4bar/variables.json"),
        data("oracle/ckpt_train_small_with_adam"),
        data("oracle/other"),
    ) else {
        return;
    };
    assert_listed(&Bundle::open(&tar).unwrap(), &listing);
    let others = fs::read_dir(other)
        .unwrap()
        .map(|folder| folder.unwrap().path().join("ckpt"));
    let mut count = 0;
    for folder in others.chain([small]) {
        assert_listed(
            &Bundle::open(&folder).unwrap(),
            &folder.join("variables.json"),
        );
        count += 1;
    }
    assert_eq!(count, 8);
}

fn values(tensors: &Tensors, name: &str) -> Vec<f32> {
    tensors[name].flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn the_full_size_checkpoint_becomes_ours() {
    let Some(tar) = data("oracle/groovae_4bar.tar") else {
        return;
    };
    let imported = import(&tar).unwrap();
    assert_eq!(imported.preset, Preset::groovae_4bar());
    assert_eq!(imported.metadata.step, 0);
    assert!(imported.optimizer.is_empty());
    let bundle = Bundle::open(&tar).unwrap();
    for (name, shape) in imported.preset.parameter_shapes() {
        assert_eq!(imported.tensors[&name].dims(), shape);
        let bytes = bundle.read(&name).unwrap();
        let expected: Vec<f32> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&chunk| f32::from_le_bytes(chunk))
            .collect();
        assert!(values(&imported.tensors, &name) == expected, "{name}");
    }
    // And on through a file of ours.
    let bytes = imported.to_bytes("x", Precision::Full).unwrap();
    let ours = Checkpoint::from_bytes(&bytes, "x").unwrap();
    assert_eq!(ours.fingerprint().unwrap(), imported.fingerprint().unwrap());
}

#[test]
fn a_training_checkpoint_brings_its_optimizer() {
    let Some(folder) = data("oracle/ckpt_train_small_with_adam") else {
        return;
    };
    let imported = import(&folder).unwrap();
    let expected = Preset {
        z_size: 8,
        encoder: vec![16],
        decoder: vec![12, 12],
        ..Preset::groovae_4bar()
    };
    assert_eq!(imported.preset, expected);
    assert_eq!(imported.metadata.step, 5);
    assert_eq!(imported.optimizer.len(), 2 * imported.tensors.len() + 2);
    // The reference's Adam keeps beta^(steps + 1); five steps were made from a fresh start.
    assert!((values(&imported.optimizer, "beta1_power")[0] - 0.9f32.powi(6)).abs() < 1e-6);
    assert!((values(&imported.optimizer, "beta2_power")[0] - 0.999f32.powi(6)).abs() < 1e-6);
    let bundle = Bundle::open(&folder).unwrap();
    for (slot, suffix) in [("m", "Adam"), ("v", "Adam_1")] {
        let bytes = bundle.read(&format!("encoder/mu/kernel/{suffix}")).unwrap();
        let expected: Vec<f32> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&chunk| f32::from_le_bytes(chunk))
            .collect();
        assert_eq!(
            values(&imported.optimizer, &format!("{slot}/encoder/mu/kernel")),
            expected
        );
    }
    imported.to_bytes("x", Precision::Full).unwrap();

    // The same by every name that a checkpoint goes by.
    let fingerprint = imported.fingerprint().unwrap();
    for name in [
        "model.ckpt-5",
        "model.ckpt-5.index",
        "model.ckpt-5.data-00000-of-00001",
    ] {
        assert_eq!(
            import(&folder.join(name)).unwrap().fingerprint().unwrap(),
            fingerprint
        );
    }
    assert_eq!(
        import_with(&folder, expected)
            .unwrap()
            .fingerprint()
            .unwrap(),
        fingerprint
    );
    // Sizes are the weights', whatever the preset's are.
    assert_eq!(
        import_with(&folder, Preset::groovae_4bar())
            .unwrap()
            .fingerprint()
            .unwrap(),
        fingerprint
    );
    let of_melodies = Preset::by_name("flat-mel_16bar").unwrap();
    let sentence = import_with(&folder, of_melodies).unwrap_err().to_string();
    assert!(
        sentence.contains(
            "preset flat-mel_16bar needs `decoder/multi_rnn_cell/cell_0/lstm_cell/kernel` with \
             shape [110, 48], and it has [47, 48]"
        ),
        "{sentence}"
    );
}

#[test]
fn checkpoints_of_every_architecture_become_ours() {
    let Some(other) = data("oracle/other") else {
        return;
    };
    for folder in fs::read_dir(other).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let imported = import(&folder.join("ckpt")).unwrap();
        assert_eq!(imported.preset.name, name);
        let bytes = imported.to_bytes("x", Precision::Full).unwrap();
        Checkpoint::from_bytes(&bytes, "x").unwrap();

        // Without a name to go by, what it is is told from the shapes, as far as they tell.
        let nameless = tempfile::tempdir().unwrap();
        for file in fs::read_dir(folder.join("ckpt")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), nameless.path().join(file.file_name())).unwrap();
        }
        let alike: &[&str] = match name {
            "cat-mel_2bar_small" => &["cat-mel_2bar_small", "cat-mel_2bar_big", "flat-mel_16bar"],
            "cat-drums_2bar_small" => &["cat-drums_2bar_small", "cat-drums_2bar_big"],
            other => &[other],
        };
        let fitting = fitting(nameless.path()).unwrap();
        let names: Vec<&str> = fitting.iter().map(|preset| preset.name.as_str()).collect();
        assert_eq!(names, alike);
        assert_eq!(import(nameless.path()).unwrap().preset.name, alike[0]);
        let last = Preset::by_name(alike[alike.len() - 1]).unwrap();
        let imported = import_with(nameless.path(), last.clone()).unwrap();
        assert_eq!(
            imported.preset,
            Preset {
                name: last.name,
                bars: last.bars,
                ..imported.preset.clone()
            }
        );
    }
}

#[test]
fn a_model_of_another_kind_is_told_what_it_lacks() {
    let Some(folder) = data("oracle/other/hierdec-mel_16bar/ckpt") else {
        return;
    };
    for (preset, words) in [
        (
            "groovae_4bar",
            "needs `decoder/z_to_initial_state/kernel`, which it lacks",
        ),
        ("hier-mel_16bar", "needs `encoder/hierarchical_level_0/"),
        ("hierdec-trio_16bar", "needs `core_decoder/core_decoder_0/"),
    ] {
        let preset = Preset::by_name(preset).unwrap();
        let sentence = import_with(&folder, preset).unwrap_err().to_string();
        assert!(
            sentence.contains("holds no model") && sentence.contains(words),
            "{sentence}"
        );
    }
}

/// The small training checkpoint as (file name, bytes), index first.
fn small_files() -> Option<[(String, Vec<u8>); 2]> {
    let folder = data("oracle/ckpt_train_small_with_adam")?;
    Some(
        ["model.ckpt-5.index", "model.ckpt-5.data-00000-of-00001"]
            .map(|name| (name.to_string(), fs::read(folder.join(name)).unwrap())),
    )
}

fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn archives_are_read_packed_nested_or_with_notes_of_macos() {
    let Some(files) = small_files() else { return };
    let folder = tempfile::tempdir().unwrap();
    let expected = import(&data("oracle/ckpt_train_small_with_adam").unwrap()).unwrap();
    let mut nested = files
        .clone()
        .map(|(name, bytes)| (format!("groovae/{name}"), bytes))
        .to_vec();
    nested.push(("groovae/._model.ckpt-5.index".into(), b"a note".to_vec()));
    let plain = write(folder.path(), "a.tar", &tar_of(&nested));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar_of(&files)).unwrap();
    let packed = gzip.finish().unwrap();
    let packed = write(folder.path(), "a.tgz", &packed);
    for path in [plain, packed] {
        let imported = import(&path).unwrap();
        assert_eq!(
            imported.fingerprint().unwrap(),
            expected.fingerprint().unwrap()
        );
    }

    let mut two = files.to_vec();
    two.extend(
        files
            .clone()
            .map(|(name, bytes)| (name.replace('5', "6"), bytes)),
    );
    let path = write(folder.path(), "two.tar", &tar_of(&two));
    assert!(matches!(import(&path), Err(MagentaError::Several { .. })));
}

#[test]
fn what_is_no_checkpoint_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |path: &Path| import(path).unwrap_err().to_string();
    assert!(refusal(&folder.path().join("nothing")).contains("cannot read"));
    assert!(refusal(folder.path()).contains("is no TensorFlow checkpoint"));
    let text = write(folder.path(), "notes.txt", b"hello");
    assert!(refusal(&text).contains("is no TensorFlow checkpoint"));
    let empty = write(folder.path(), "empty.tar", &tar_of(&[]));
    assert!(refusal(&empty).contains("is no TensorFlow checkpoint"));
    let index = write(folder.path(), "a/b.index", b"");
    assert!(refusal(&index).contains("too few"));
    let Some([(_, index), _]) = small_files() else {
        return;
    };
    let alone = write(folder.path(), "c/model.ckpt-5.index", &index);
    assert!(
        refusal(&alone).contains("model.ckpt-5.data-00000-of-00001"),
        "{}",
        refusal(&alone)
    );
    // A `checkpoint` file that names what is not there, beside what is.
    write(
        folder.path(),
        "c/checkpoint",
        b"model_checkpoint_path: \"/home/x/model.ckpt-9\"\n",
    );
    assert!(refusal(&folder.path().join("c")).contains("is missing"));
}

#[test]
fn checkpoints_cut_off_anywhere_are_refused() {
    let Some(files) = small_files() else { return };
    let folder = tempfile::tempdir().unwrap();
    let refuse = |path: &Path, what: &str| {
        let sentence = import(path)
            .err()
            .unwrap_or_else(|| panic!("{what} was read"))
            .to_string();
        assert!(
            sentence.len() < 400 && !sentence.contains('\n'),
            "{sentence}"
        );
    };
    let [(index_name, index), (shard_name, shard)] = &files;
    let shard_path = write(folder.path(), shard_name, shard);
    for length in (0..index.len()).step_by(5).chain([index.len() - 1]) {
        let path = write(folder.path(), index_name, &index[..length]);
        refuse(&path, &format!("an index of {length} bytes"));
    }
    let path = write(folder.path(), index_name, index);
    for length in (0..shard.len()).step_by(7919).chain([shard.len() - 1]) {
        File::options()
            .write(true)
            .open(&shard_path)
            .unwrap()
            .set_len(0)
            .unwrap();
        fs::write(&shard_path, &shard[..length]).unwrap();
        refuse(&path, &format!("a shard of {length} bytes"));
    }
    let tar = tar_of(&files);
    // The end of a tar is two blocks of zeros that carry nothing.
    let content = tar.len() - 1024 - 512;
    for length in (0..1536).step_by(61).chain((1536..content).step_by(3001)) {
        let path = write(folder.path(), "cut.tar", &tar[..length]);
        refuse(&path, &format!("a tar of {length} bytes"));
    }
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_matters() {
    let Some(files) = small_files() else { return };
    let folder = tempfile::tempdir().unwrap();
    let good = import(&data("oracle/ckpt_train_small_with_adam").unwrap()).unwrap();
    let good = (good.fingerprint().unwrap(), good.metadata.step);
    let [(index_name, index), (shard_name, shard)] = &files;
    write(folder.path(), shard_name, shard);
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    for bit in (0..index.len() * 8).step_by(11) {
        let path = write(folder.path(), index_name, &flipped(index, bit));
        assert!(import(&path).is_err(), "bit {bit} of the index");
    }
    let path = write(folder.path(), index_name, index);
    for bit in (0..shard.len() * 8).step_by(40_009) {
        write(folder.path(), shard_name, &flipped(shard, bit));
        assert!(import(&path).is_err(), "bit {bit} of the shard");
    }
    // In an archive a flip may hit padding: then what is read is right.
    let tar = tar_of(&files);
    let mut refused = 0;
    for bit in (0..tar.len() * 8).step_by(2003) {
        let path = write(folder.path(), "flipped.tar", &flipped(&tar, bit));
        match import(&path) {
            Err(_) => refused += 1,
            Ok(read) => assert_eq!((read.fingerprint().unwrap(), read.metadata.step), good),
        }
    }
    assert!(refused > 450, "{refused}");
}
