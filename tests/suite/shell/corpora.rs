//! What is left out of a corpus, or too little of it.

use std::fs;

use super::{bytes, refused, run, workplace};
use crate::support::{data, drums};

#[test]
fn what_is_left_out_of_a_corpus_is_counted_by_every_command() {
    let Some(mixed) = data("cases/F10-train-drops-files-silently") else {
        return;
    };
    let mixed = mixed.join("mixed");
    let folder = workplace();
    fs::create_dir(folder.path().join("mixed")).unwrap();
    for file in fs::read_dir(mixed).unwrap() {
        let file = file.unwrap();
        let copy = folder.path().join("mixed").join(file.file_name());
        fs::copy(file.path(), copy).unwrap();
    }
    for line in [
        "train --data mixed --out r --steps 1 --batch 2",
        "eval --data mixed --split train --parts losses --checkpoint tiny.safetensors",
        "prepare mixed x.tfrecord --preset groovae_4bar",
    ] {
        let output = run(&folder, line);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}: {said}");
        assert!(said.contains(" left out:"), "{line}: {said}");
        let verbose = run(
            &folder,
            &format!("{line} --verbose --force").replace(
                "--force",
                match line {
                    _ if line.starts_with("train") => "--resume",
                    _ => "--force",
                },
            ),
        );
        let said = String::from_utf8(verbose.stderr).unwrap();
        assert!(verbose.status.success(), "{line}: {said}");
        assert!(said.matches(".mid`: ").count() >= 2, "{line}: {said}");
    }
}

#[test]
fn attributes_of_too_little_music_cost_nothing() {
    let folder = workplace();
    let one = folder.path().join("one");
    fs::create_dir(&one).unwrap();
    fs::write(one.join("a.mid"), drums(1, 4)).unwrap();
    fs::write(one.join("info.csv"), "midi_filename,split\na.mid,train\n").unwrap();
    fs::write(folder.path().join("tiny.attributes.json"), "mine").unwrap();
    let make = "attributes make tiny.safetensors --data one";
    assert!(refused(&folder, make).contains("already exists"));
    let run = run(&folder, &format!("{make} --force"));
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains("nothing was written"), "{said}");
    assert_eq!(bytes(&folder, "tiny.attributes.json"), b"mine");
}
