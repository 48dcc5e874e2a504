//! What makes no sense, fails, or reaches nobody.

use std::fs;
use std::process::Stdio;

use super::{command, run, with_tiny, workplace};
use crate::support::drums;

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let folder = workplace();
    let table: [(&[&str], &str); 14] = [
        (&["sample"], "--out <OUT>"),
        (
            &["sample", "-n", "3", "-o", "x.mid"],
            "3 pieces need a folder, but x.mid is one file",
        ),
        (&["sample", "-n", "0", "-o", "x"], "0 is not in 1.."),
        (
            &["sample", "--temperature", "11", "-o", "x"],
            "a number from 0 to 10",
        ),
        (
            &["sample", "--temperature", "NaN", "-o", "x"],
            "a number from 0 to 10",
        ),
        (
            &["sample", "--tempo", "0", "-o", "x"],
            "a number from 20 to 300",
        ),
        (
            &["interpolate", "a.mid", "b.mid", "--steps", "1", "-o", "x"],
            "1 is not in 2..",
        ),
        (
            &["--checkpoint", "tiny.safetensors", "sample", "-o", "x"],
            "--checkpoint before a command",
        ),
        (
            &["train", "--preset", "cat", "--data", "c", "--out", "x"],
            "no preset `cat`",
        ),
        (
            &["train", "--keep", "0", "--data", "c", "--out", "x"],
            "over 0, up to 1",
        ),
        (
            &["eval", "--data", "c", "--split", "trian"],
            "`trian` is no split",
        ),
        (
            &["sample", "--device", "gpu", "-o", "x"],
            "`gpu` is no device: it takes auto, cpu, cuda, metal, or a number as in cuda:1",
        ),
        (
            &["--device", "cpu", "sample", "-o", "x"],
            "--device before a command",
        ),
        (&["dance"], "there is no file and no command `dance`"),
    ];
    for (arguments, expected) in table {
        let run = run(&folder, arguments);
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(run.stdout.is_empty());
        assert!(!folder.path().join("x").exists() && !folder.path().join("x.mid").exists());
    }
}

#[test]
fn what_fails_says_so_in_one_line_that_names_the_file() {
    let folder = workplace();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let midi = drums(1, 5);
    write("empty.mid", b"");
    write("cut.mid", &midi[..midi.len() / 2]);
    let checkpoint = fs::read(folder.path().join("tiny.safetensors")).unwrap();
    write("cut.safetensors", &checkpoint[..checkpoint.len() - 7]);
    write("text.json", b"hello");
    write("other.json", br#"{"y": [[1]]}"#);
    write("none.json", br#"{"z": []}"#);
    write("narrow.json", br#"{"z": [[0,0,0,0,0,0,0,0], [1, 2]]}"#);
    write("huge.json", br#"{"z": [[0,0,0,0,0,0,0,1e39]]}"#);
    fs::create_dir(folder.path().join("folder")).unwrap();
    let missing = "No such file or directory (os error 2)";
    let decode = |file| ["decode", file, "--seed", "1", "-o", "x"];
    let table: [(&[&str], &str); 21] = [
        (
            &["encode", "no.mid"],
            &format!("cannot read `no.mid`: {missing}"),
        ),
        (
            &["encode", "empty.mid"],
            "`empty.mid`: not a playable MIDI file: ",
        ),
        (
            &["encode", "cut.mid"],
            "`cut.mid`: not a playable MIDI file: ",
        ),
        (
            &["encode", "folder"],
            "`folder` is a folder: name a MIDI file in it",
        ),
        (
            &["reconstruct", "cut.mid", "-o", "x"],
            "`cut.mid`: not a playable MIDI file: ",
        ),
        (
            &["interpolate", "b.mid", "no.mid", "-o", "x"],
            "cannot read `no.mid`",
        ),
        (
            &["render", "cut.mid", "-o", "x"],
            "`cut.mid`: not a playable MIDI file: ",
        ),
        (
            &["render", "a.mid", "--soundfont", "no.sf2", "-o", "x"],
            "no.sf2",
        ),
        (&["render", "a.mid", "-o", "no/x"], "no/x"),
        (
            &["sample", "--seed", "1", "-o", "no/x.mid"],
            "`no/x.mid` can't be written: there is no folder `no`, so make it first",
        ),
        (
            &[
                "sample", "--seed", "1", "-o", "x.mid", "--render", "no/x.wav",
            ],
            "`no/x.wav` can't be written: there is no folder `no`, so make it first",
        ),
        (
            &["sample", "--seed", "1", "-o", "a.mid/x"],
            "the folder a.mid/x can't be made",
        ),
        (
            &[
                "sample",
                "--seed",
                "1",
                "-o",
                "x",
                "--checkpoint",
                "cut.safetensors",
            ],
            "cut.safetensors",
        ),
        (
            &[
                "sample",
                "--seed",
                "1",
                "-o",
                "x",
                "--checkpoint",
                "no.safetensors",
            ],
            "no.safetensors",
        ),
        (&decode("no.json"), "no.json can't be read"),
        (
            &decode("text.json"),
            "text.json holds no latents (line 1, column 1): it needs {\"z\"",
        ),
        (
            &decode("other.json"),
            "other.json holds no latents: it needs {\"z\"",
        ),
        (&decode("none.json"), "none.json holds no latent"),
        (
            &decode("narrow.json"),
            "latent 2 of narrow.json has 2 numbers, but the model takes 8",
        ),
        (
            &decode("huge.json"),
            "latent 1 of huge.json holds a number that is too large",
        ),
        (&["eval", "--data", "folder"], "folder"),
    ];
    for (arguments, expected) in table {
        let own = arguments.contains(&"--checkpoint") || arguments[0] == "render";
        let arguments = if own {
            arguments.to_vec()
        } else {
            with_tiny(arguments)
        };
        let run = run(&folder, &arguments);
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(
            said.starts_with("musicvae-tui: ") && said.ends_with('\n'),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert_eq!(said.matches(missing).count().max(1), 1, "{said}");
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(run.stdout.is_empty());
        assert!(!folder.path().join("x").exists(), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = workplace();
    let sample = with_tiny(&["sample", "-n", "20", "--seed", "1", "-o", "out"]);
    let encode = with_tiny(&["encode", "b.mid", "--json"]);
    for arguments in [sample, encode, vec!["checkpoint", "list"], vec!["devices"]] {
        let mut child = command(&folder, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = child.wait_with_output().unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(
            run.status.success() && !said.contains("panicked"),
            "{arguments:?}: {said}"
        );
    }
    // What was asked for is done all the same.
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 20);
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_do_not_arrive_are_an_error() {
    let folder = workplace();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let arguments = with_tiny(&["encode", "b.mid", "--json"]);
    let run = command(&folder, &arguments).stdout(full).output().unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(
        said.starts_with("musicvae-tui: standard output can't be written: "),
        "{said}"
    );
    assert_eq!(run.status.code(), Some(1));
}
