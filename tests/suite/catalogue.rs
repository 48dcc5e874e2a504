//! The catalogue of checkpoints, its watch, and the commands over them.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use candle_core::Tensor;
use musicvae::checkpoint::catalogue::{Catalogue, Source};
use musicvae::checkpoint::watch::{Notice, Watch};
use musicvae::checkpoint::{Checkpoint, Embedded, Precision};
use serde_json::Value;

use crate::support::{random_checkpoint, small_preset};

#[test]
fn the_catalogue_lists_runs_and_says_what_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let checkpoint = random_checkpoint(small_preset(), 13);
    checkpoint
        .save(&at("zebra.safetensors"), Precision::Full)
        .unwrap();
    let mut shipped = random_checkpoint(small_preset(), 14);
    shipped.optimizer.clear();
    shipped
        .save(&at("run/last.safetensors"), Precision::Half)
        .unwrap();
    shipped
        .save(&at("run/too/deep.safetensors"), Precision::Half)
        .unwrap();
    shipped
        .save(&at(".hidden.safetensors"), Precision::Half)
        .unwrap();
    fs::write(at("broken.safetensors"), "no").unwrap();
    fs::write(at("notes.txt"), "no checkpoint").unwrap();
    let embedded: &'static [Embedded] = vec![Embedded {
        name: "embedded/small",
        bytes: shipped.to_bytes("", Precision::Half).unwrap().leak(),
        log: "",
        attributes: None,
    }]
    .leak();

    let folders = [at(""), at("run/.."), at("nowhere")];
    let catalogue = Catalogue::scan(&folders, embedded);
    assert_eq!(catalogue.problems, [""; 0]);
    let names: Vec<_> = catalogue
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, ["embedded/small", "broken", "run/last", "zebra"]);
    assert_eq!(catalogue.entries[0].source, Source::Embedded(&embedded[0]));
    assert_eq!(catalogue.entries[0].size, embedded[0].bytes.len() as u64);
    let small = Checkpoint::open(&catalogue.entries[0].source).unwrap();
    assert_eq!(small.preset, small_preset());
    let sentence = catalogue.entries[1].summary.as_ref().unwrap_err();
    assert!(
        sentence.contains("broken.safetensors is not a safetensors file"),
        "{sentence}"
    );
    let weights: usize = checkpoint.tensors.values().map(Tensor::elem_count).sum();
    for (name, half) in [("run/last", true), ("zebra", false)] {
        let entry = catalogue.find(name).unwrap();
        let summary = entry.summary.as_ref().unwrap();
        let precision = match half {
            true => Precision::Half,
            false => Precision::Full,
        };
        assert_eq!((summary.precision, summary.resumable), (precision, !half));
        assert_eq!(summary.preset, small_preset());
        assert_eq!(summary.metadata.step, 1234);
        assert_eq!(summary.metadata.validation_loss(), Some(21.5));
        assert_eq!(summary.parameters, weights);
        let Source::File(path) = &entry.source else {
            panic!("{name} is a file")
        };
        assert_eq!(entry.size, fs::metadata(path).unwrap().len());
        assert!(entry.modified.is_some());
    }
}

/// Whether the next notice is that something changed.
fn changed(notices: &Receiver<Notice>) -> bool {
    match notices.recv_timeout(Duration::from_secs(20)) {
        Ok(Notice::Changed) => true,
        Ok(Notice::Trouble(sentence)) => panic!("{sentence}"),
        Err(_) => false,
    }
}

#[test]
fn the_watch_tells_of_checkpoints_that_come_and_go_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later");
    let now = folder.path().join("now");
    fs::create_dir(&now).unwrap();
    let (tell, watch) = channel();
    let folders = vec![now.clone(), later.clone()];
    let _watching = Watch::start(folders, move |notice| drop(tell.send(notice))).unwrap();
    assert!(changed(&watch), "watching began");
    fs::create_dir(&later).unwrap();
    assert!(changed(&watch), "a folder appeared");

    let checkpoint = random_checkpoint(small_preset(), 15);
    let path = now.join("run/a.safetensors");
    checkpoint.save(&path, Precision::Full).unwrap();
    assert!(changed(&watch), "a checkpoint in a new run folder");
    checkpoint
        .save(&later.join("b.safetensors"), Precision::Full)
        .unwrap();
    assert!(changed(&watch), "a checkpoint in the folder that appeared");

    // Reading, and writing a log beside it, is no news.
    assert_eq!(Catalogue::scan(&[now.clone(), later], &[]).entries.len(), 2);
    Checkpoint::load(&path).unwrap();
    fs::write(now.join("run/log.csv"), "step,loss\n").unwrap();
    let quiet = watch.recv_timeout(Duration::from_millis(1500));
    assert_eq!(quiet, Err(RecvTimeoutError::Timeout));

    // A burst is told once.
    for seed in 0..5 {
        let path = now.join(format!("burst{seed}.safetensors"));
        random_checkpoint(small_preset(), seed)
            .save(&path, Precision::Half)
            .unwrap();
    }
    assert!(changed(&watch), "a burst");
    let more = watch
        .recv_timeout(Duration::from_millis(1500))
        .into_iter()
        .count();
    assert!(more <= 1, "slow disks may split a burst in two, no more");

    fs::remove_file(&path).unwrap();
    assert!(changed(&watch), "a removal");
    fs::remove_dir_all(&now).unwrap();
    assert!(changed(&watch), "the folder itself is removed");
    while watch.recv_timeout(Duration::from_millis(500)).is_ok() {}
    checkpoint.save(&path, Precision::Full).unwrap();
    assert!(changed(&watch), "and comes back");
}

fn program(arguments: &[&str], folder: &Path) -> (bool, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
        .args(arguments)
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder.join("data"))
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_commands_list_describe_and_import() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| program(arguments, folder.path());
    let (good, listing, _) = run(&["checkpoint", "list"]);
    // Names and presets, whatever their columns' widths.
    let lists = |listing: &str, name: &str, about: &str| {
        let mut lines = listing.lines().map(str::split_whitespace);
        lines.any(|mut line| line.next() == Some(name) && line.next() == Some(about))
    };
    assert!(
        good && lists(&listing, "embedded", "groovae_4bar_strokes"),
        "{listing}"
    );
    let helper = "groovae_2bar_humanize_strokes";
    assert!(lists(&listing, "embedded/humanize", helper), "{listing}");

    let path = folder.path().join("checkpoints/mine.safetensors");
    let checkpoint = random_checkpoint(small_preset(), 16);
    checkpoint.save(&path, Precision::Full).unwrap();
    fs::write(folder.path().join("checkpoints/bad.safetensors"), "no").unwrap();
    let (good, listing, _) = run(&["checkpoint", "list"]);
    assert!(
        good && lists(&listing, "mine", "groovae_4bar") && listing.contains("\nbad "),
        "{listing}"
    );
    let (good, json, _) = run(&["checkpoint", "list", "--json", "checkpoints"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let listed = json["checkpoints"].as_array().unwrap();
    let [bad, mine] =
        ["bad", "mine"].map(|name| listed.iter().find(|entry| entry["name"] == name).unwrap());
    assert!(good && bad["error"].is_string());
    assert_eq!(mine["step"], 1234);
    assert_eq!(mine["validation_loss"], 21.5);

    for named in ["mine", "checkpoints/mine.safetensors"] {
        let (good, json, _) = run(&["checkpoint", "info", named, "--json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert!(good);
        assert_eq!(json["fingerprint"], checkpoint.fingerprint().unwrap());
        assert_eq!(json["preset"]["z_size"], 5);
        let (good, text, _) = run(&["checkpoint", "info", named]);
        assert!(
            good && text.contains(&checkpoint.fingerprint().unwrap()),
            "{text}"
        );
    }
    for arguments in [
        ["checkpoint", "info", "nobody"].as_slice(),
        &["checkpoint", "info", "checkpoints/bad.safetensors"],
        &["checkpoint", "list", "nowhere"],
        &["checkpoint", "import", "nowhere", "out.safetensors"],
    ] {
        let (good, out, error) = run(arguments);
        assert!(!good && out.is_empty(), "{arguments:?}: {out}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            error.contains(arguments[2].split('.').next().unwrap()),
            "{error}"
        );
    }
    assert!(!folder.path().join("out.safetensors").exists());

    let Some(tar) = crate::support::data("oracle/groovae_4bar.tar") else {
        return;
    };
    let tar = fs::canonicalize(tar).unwrap();
    let (good, said, error) = run(&[
        "checkpoint",
        "import",
        tar.to_str().unwrap(),
        "out.safetensors",
        "--half",
    ]);
    assert!(good, "{error}");
    assert!(
        said.contains("preset groovae_4bar, 16 tensors, step 0"),
        "{said}"
    );
    let size = fs::metadata(folder.path().join("out.safetensors"))
        .unwrap()
        .len();
    assert!((8_000_000..8_300_000).contains(&size), "{size}");
}
