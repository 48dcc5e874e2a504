//! Files that are read and written: nothing is written over, and a dash is a stream.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use musicvae::music::midi_file;
use serde_json::Value;
use tempfile::TempDir;

use super::{bytes, command, names, ok, refused, run, words, workplace};
use crate::support::{corpus, data};

#[test]
fn no_command_writes_over_what_it_reads() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    let (take, weights) = (bytes(&folder, "a.mid"), bytes(&folder, "tiny.safetensors"));
    fs::write(folder.path().join("z.json"), r#"{"z": [[0,0,0,0,0]]}"#).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.mid", folder.path().join("link.mid")).unwrap();
    let mut lines = vec![
        "render a.mid -o a.mid",
        "prepare a.mid a.mid",
        "prepare corpus corpus/a.mid",
        "reconstruct a.mid -o a.mid --checkpoint tiny.safetensors",
        "interpolate a.mid a.mid -o ./corpus/../a.mid --checkpoint tiny.safetensors",
        "encode a.mid -o a.mid --checkpoint tiny.safetensors",
        "encode a.mid -o tiny.safetensors --checkpoint tiny.safetensors",
        "checkpoint export tiny.safetensors tiny.safetensors",
        "checkpoint export run run/best.safetensors",
        "checkpoint whiten tiny.safetensors tiny.safetensors --data corpus",
        "checkpoint fit-prior tiny.safetensors tiny.safetensors --data corpus",
        "checkpoint import tiny.safetensors tiny.safetensors",
    ];
    if cfg!(unix) {
        lines.push("render link.mid -o a.mid");
        lines.push("render a.mid -o link.mid");
    }
    for line in lines {
        let said = refused(&folder, &format!("{line} --force"));
        assert!(said.contains("as it is read here"), "{line}: {said}");
    }
    assert_eq!(bytes(&folder, "a.mid"), take);
    assert_eq!(bytes(&folder, "tiny.safetensors"), weights);
    assert!(folder.path().join("corpus/a.mid").exists());
}

#[test]
fn what_is_there_is_replaced_only_with_force() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    fs::write(folder.path().join("z.json"), r#"{"z": [[0,0,0,0,0]]}"#).unwrap();
    fs::create_dir(folder.path().join("p")).unwrap();
    for (line, out) in [
        ("render a.mid -o", "out.wav"),
        ("prepare corpus", "out.tfrecord"),
        (
            "sample --seed 1 --checkpoint tiny.safetensors -o",
            "out.mid",
        ),
        (
            "decode z.json --seed 1 --checkpoint tiny.safetensors -o",
            "out.mid",
        ),
        (
            "reconstruct a.mid --checkpoint tiny.safetensors -o",
            "out.mid",
        ),
        ("encode a.mid --checkpoint tiny.safetensors -o", "out.json"),
        ("checkpoint export tiny.safetensors", "out.safetensors"),
        ("kit", "out.sf2"),
        ("maps TR-8S -o", "out.toml"),
    ] {
        let line = format!("{line} {out}");
        fs::write(folder.path().join(out), "mine").unwrap();
        let said = refused(&folder, &line);
        assert!(said.contains("already exists"), "{line}: {said}");
        assert_eq!(bytes(&folder, out), b"mine", "{line}");
        ok(&folder, &format!("{line} --force"));
        assert_ne!(bytes(&folder, out), b"mine", "{line}");
        fs::remove_file(folder.path().join(out)).unwrap();
        ok(&folder, &line);
    }
    fs::write(folder.path().join("p/timing.svg"), "mine").unwrap();
    let eval = "eval --data corpus --checkpoint tiny.safetensors --pictures p --samples 2 --pairs 1 \
                --resamples 2 --parts baselines";
    assert!(refused(&folder, eval).contains("p/timing.svg` already exists"));
    ok(&folder, &format!("{eval} --force"));
    assert_ne!(bytes(&folder, "p/timing.svg"), b"mine");
}

/// What is written is of one kind, and so is its name; and a folder is no file.
#[test]
fn a_name_of_another_kind_is_refused() {
    let folder = workplace();
    for (line, said) in [
        (
            "render a.mid -o a.mp3",
            "a.mp3 is no name for a sound file: let it end in .wav",
        ),
        (
            "kit a.wav",
            "a.wav is no name for a SoundFont: let it end in .sf2",
        ),
        (
            "prepare a.mid a.zip",
            "a.zip is no name for a TFRecord: let it end in .tfrecord",
        ),
        (
            "encode a.mid -o a.mid.csv",
            "a.mid.csv is no name for latents: let it end in .json",
        ),
        (
            "reconstruct a.mid -o a.wav",
            "a.wav is no place for MIDI files",
        ),
        (
            "render run -o a.wav",
            "`run` is a folder: name a MIDI file in it",
        ),
        (
            "decode run -o b.mid",
            "`run` is a folder: name a file in it",
        ),
    ] {
        let refused = run(&folder, line);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(
            !refused.status.success() && told.contains(said),
            "{line}: {told}"
        );
        assert!(!folder.path().join("a.mp3").exists());
    }
}

#[test]
fn folders_of_grooves_go_on_with_the_next_number() {
    let folder = workplace();
    let sample = "sample -n 3 --seed 1 --checkpoint tiny.safetensors -o g";
    ok(&folder, sample);
    let first = bytes(&folder, "g/groove-01.mid");
    let said = ok(&folder, sample);
    assert_eq!(said, "g/groove-04.mid\ng/groove-05.mid\ng/groove-06.mid\n");
    assert_eq!(names(&folder.path().join("g")).len(), 6);
    // An input among them is not replaced, nor is anything before it.
    let again = "reconstruct g/groove-01.mid --checkpoint tiny.safetensors -o g --force";
    assert!(refused(&folder, again).contains("as it is read here"));
    assert_eq!(bytes(&folder, "g/groove-01.mid"), first);
    ok(&folder, &format!("{sample} --force --temperature 1"));
    assert_eq!(names(&folder.path().join("g")).len(), 6);
}

#[test]
fn a_folder_with_anything_of_a_run_is_not_trained_into() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    let train = "train --data corpus --steps 1 --batch 1 --out";
    let best = bytes(&folder, "run/best.safetensors");
    assert!(refused(&folder, &format!("{train} run")).contains("holds a run (best.safetensors)"));
    fs::create_dir(folder.path().join("logs")).unwrap();
    fs::write(folder.path().join("logs/log.csv"), "my log").unwrap();
    assert!(refused(&folder, &format!("{train} logs")).contains("holds a run (log.csv)"));
    assert_eq!(bytes(&folder, "run/best.safetensors"), best);
    assert_eq!(bytes(&folder, "logs/log.csv"), b"my log");
}

/// What a command prints when its standard input is `given`.
fn fed(folder: &TempDir, line: &str, given: &[u8]) -> Vec<u8> {
    let mut child = command(folder, &words(line))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(given).unwrap();
    let run = child.wait_with_output().unwrap();
    assert!(run.status.success(), "{line}: {run:?}");
    run.stdout
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let folder = workplace();
    let midi = bytes(&folder, "a.mid");
    let wav = fed(&folder, "render - -o -", &midi);
    assert_eq!(hound::WavReader::new(&wav[..]).unwrap().spec().channels, 2);
    let model = "--checkpoint tiny.safetensors";
    let json = fed(&folder, &format!("encode - -o - {model}"), &midi);
    let encoded: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(encoded["windows"].as_array().unwrap().len(), 1);
    let decode = format!("decode - -o - --temperature 0 --seed 1 {model}");
    let decoded = fed(&folder, &decode, &json);
    let back = fed(&folder, &format!("reconstruct - -o - {model}"), &midi);
    assert_eq!(decoded, back);
    let sample = format!("sample --seed 1 -o - {model}");
    assert!(midi_file::read(&fed(&folder, &sample, b"")).is_ok());
    let two = run(&folder, &format!("sample -n 2 -o - {model}"));
    assert_eq!(two.status.code(), Some(2));
    // What can't come that way is refused.
    for line in ["prepare - all.tfrecord", "train --data - --out run"] {
        let said = run(&folder, line);
        assert_eq!(said.status.code(), Some(2), "{line}");
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(said.contains("can't come on standard input"), "{said}");
    }
    assert!(!folder.path().join("-").exists());
}

#[test]
fn a_windows_path_names_the_latest_checkpoint() {
    let Some(source) = data("oracle/other/cat-mel_2bar_small/ckpt") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("train");
    fs::create_dir(&run).unwrap();
    let mut prefix = String::new();
    for file in fs::read_dir(source).unwrap() {
        let (path, name) = file.map(|it| (it.path(), it.file_name())).unwrap();
        let name = name.into_string().unwrap();
        if let Some((stem, ending)) = name.split_once(".index").or(name.split_once(".data-")) {
            prefix = stem.to_string();
            let ending = &name[stem.len()..name.len() - ending.len()].to_string();
            let ending = format!("{ending}{}", &name[stem.len() + ending.len()..]);
            for number in [4, 5] {
                fs::copy(&path, run.join(format!("model.ckpt-{number}{ending}"))).unwrap();
            }
        }
    }
    assert!(!prefix.is_empty());
    let several = refused(&folder, "checkpoint import train none.safetensors");
    assert!(
        several.contains("name the `.index` file of one"),
        "{several}"
    );
    let text = "model_checkpoint_path: \"C:\\\\run\\\\train\\\\model.ckpt-5\"\n";
    fs::write(run.join("checkpoint"), text).unwrap();
    assert!(ok(&folder, "checkpoint import train x.safetensors").contains("cat-mel_2bar_small"));
}
