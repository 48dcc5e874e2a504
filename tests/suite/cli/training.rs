//! Corpora, trainings, and what is measured of a model.

use std::fs;
use std::process::{Command, Output, Stdio};

use musicvae::checkpoint::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

use super::{command, json, ok, run, with_tiny, workplace};
use crate::support::corpus;

#[test]
fn a_corpus_is_fetched_only_as_it_should_be() {
    let folder = TempDir::new().unwrap();
    // Nobody listens on port 1.
    let fetch = ["data", "fetch", "groove", "--to", "here", "--from"];
    let nowhere = [&fetch[..], &["http://127.0.0.1:1/groove.zip"]].concat();
    let run = run(&folder, &nowhere);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(
        said.contains("http://127.0.0.1:1/groove.zip can't be reached"),
        "{said}"
    );
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
}

#[test]
fn a_corpus_is_prepared_once_for_all() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    ok(&folder, &["prepare", "corpus", "corpus.tfrecord"]);
    let eval = |path: &str| {
        json(&ok(
            &folder,
            &with_tiny(&["eval", "--data", path, "--split", "train", "--json"]),
        ))
    };
    assert!(eval("corpus.tfrecord")["windows"].as_u64().unwrap() > 0);
}

#[test]
fn a_model_is_trained_resumed_measured_and_played() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    let train = |more: &[&str]| {
        let base = ["train", "--data", "corpus", "--out", "run"];
        run(&folder, &[&base[..], more].concat())
    };
    let text = |output: &Output| {
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        // Each file has five bars, and windows to validate on have four.
        assert_eq!(said, "validation: 2 last bars fill no window: left out\n");
        String::from_utf8(output.stdout.clone()).unwrap()
    };
    let settings = ["--batch", "2", "--keep", "0.9", "--seed", "4"];
    let first = text(&train(&[&settings[..], &["--steps", "2"]].concat()));
    let lines: Vec<_> = first.lines().collect();
    assert_eq!(lines.len(), 4, "{first}");
    assert!(
        lines[0].starts_with("step 1 train: loss ") && lines[2].starts_with("step 2 validation: ")
    );
    assert_eq!(lines[3], "done: step 2");
    let again = train(&["--steps", "3"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(again.stderr).unwrap(),
        "musicvae-tui: run already holds a run (latest.safetensors): resume it, or choose another \
         folder\n"
    );
    // Nothing is said about settings that changed: the run's own are taken.
    assert!(text(&train(&["--steps", "3", "--resume"])).ends_with("done: step 3\n"));
    let log = fs::read_to_string(folder.path().join("run/log.csv")).unwrap();
    assert_eq!(log.lines().count(), 6, "{log}");
    let curves = ok(&folder, &["log", "run", "--pictures", "curves"]);
    let of_run: Vec<&str> = curves.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(of_run[..2], ["run", "3"], "{curves}");
    let validation: Vec<f64> = (log.lines().filter(|line| line.contains("validation")))
        .map(|line| line.split(',').nth(2).unwrap().parse().unwrap())
        .collect();
    let best = validation.iter().copied().fold(f64::INFINITY, f64::min);
    // Clipped, left out, and the best look.
    assert_eq!(of_run[3..7], ["100", "%", "0", "%"], "{curves}");
    assert_eq!(of_run[7], format!("{best:.2}"), "{curves}");
    for (path, trouble) in [
        ("curves", "the training log curves/log.csv can't be read: "),
        ("a.mid", "a.mid has no line of a training log"),
    ] {
        let failed = run(&folder, &["log", path]);
        let said = String::from_utf8(failed.stderr).unwrap();
        assert_eq!(failed.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with(&format!("musicvae-tui: {trouble}")),
            "{said}"
        );
    }
    let hits = fs::read_to_string(folder.path().join("curves/hits.svg")).unwrap();
    assert!(
        hits.contains(">training<") && hits.contains(">validation<"),
        "{hits}"
    );

    let trained = "run/latest.safetensors";
    let about = json(&ok(&folder, &["checkpoint", "info", trained, "--json"]));
    assert_eq!(
        (&about["step"], &about["resumable"]),
        (&3.into(), &true.into())
    );
    let made_by = about["metadata"]["command"].as_str().unwrap();
    assert!(made_by.ends_with("--steps 3 --resume"), "{made_by}");
    ok(
        &folder,
        &[
            "sample",
            "--seed",
            "1",
            "--checkpoint",
            trained,
            "-o",
            "new.mid",
        ],
    );
    ok(
        &folder,
        &["checkpoint", "export", trained, "small.safetensors"],
    );
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    assert!(size("small.safetensors") * 5 < size(trained));
    let info = ok(&folder, &["checkpoint", "info", "small.safetensors"]);
    for line in [
        "stored as         float16",
        "can be resumed    no",
        "step              3",
    ] {
        assert!(info.contains(line), "{info}");
    }
    let white = ["checkpoint", "whiten", trained, "white.safetensors"];
    let said = ok(&folder, &[&white[..], &["--data", "corpus"]].concat());
    assert!(said.starts_with("white.safetensors (by "), "{said}");
    let info = ["checkpoint", "info", "white.safetensors", "--json"];
    let white = &json(&ok(&folder, &info))["metadata"]["notes"];
    assert!(white["whitened_by_windows"].as_u64() > Some(0), "{white}");
    // Little has changed of a model that has learned next to nothing.
    let loss = |notes: &Value| notes["validation_loss"].as_f64().unwrap();
    let ratio = loss(white) / loss(&about["metadata"]["notes"]);
    assert!((0.8..1.25).contains(&ratio), "{ratio}");
    let fit = ["checkpoint", "fit-prior", trained, "fitted.safetensors"];
    let said = ok(&folder, &[&fit[..], &["--data", "corpus"]].concat());
    assert!(
        said.contains("Gaussians: 1)") && said.contains("validation windows"),
        "{said}"
    );
    let drawn = |checkpoint: &str, out: &str| {
        let sample = [
            "sample",
            "--seed",
            "1",
            "--checkpoint",
            checkpoint,
            "--force",
            "-o",
            out,
        ];
        ok(&folder, &sample);
        fs::read(folder.path().join(out)).unwrap()
    };
    let fitted = drawn("fitted.safetensors", "fitted.mid");
    assert_ne!(fitted, drawn(trained, "standard.mid"));
    // Another space, another prior.
    let back = [
        "checkpoint",
        "whiten",
        "fitted.safetensors",
        "back.safetensors",
    ];
    ok(&folder, &[&back[..], &["--data", "corpus"]].concat());
    assert_eq!(
        drawn("back.safetensors", "a.mid"),
        drawn("white.safetensors", "b.mid")
    );
    let list = json(&ok(&folder, &["checkpoint", "list", "run", "--json"]));
    let names: Vec<_> = list["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert!(names.iter().any(|name| *name == "latest"), "{names:?}");
}

#[test]
fn a_model_is_measured_on_a_split() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    let few = ["--samples", "20", "--pairs", "3", "--resamples", "50"];
    let eval = with_tiny(&[&["eval", "--data", "corpus", "--json"], &few[..]].concat());
    let measured = json(&ok(&folder, &eval));
    assert_eq!(measured, json(&ok(&folder, &eval)), "figures vary");
    assert_eq!(
        (&measured["split"], &measured["windows"]),
        (&"validation".into(), &2.into())
    );
    let losses = &measured["losses"];
    let term = |name: &str| losses[name]["value"].as_f64().unwrap();
    assert!(
        term("total") >= term("hits") + term("velocities") + term("offsets") - 1e-3,
        "{losses}"
    );
    // Every offset of the corpus is late by 0 to 0.4 steps, so the mean predicts better than none.
    let timing = |name: &str| {
        let figure = &measured["baselines"][name]["timing_mae_ms"];
        figure["value"].as_f64().unwrap()
    };
    assert!(timing("mean_offset") < 0.7 * timing("quantized"));
    for part in ["reconstruction", "prior", "interpolation"] {
        assert!(measured[part].is_object(), "{part}");
    }
    assert!(measured["humanization"].is_null() && measured["accompaniment"].is_null());
    let eval = [
        "eval",
        "--data",
        "corpus",
        "--split",
        "train",
        "--pictures",
        "p",
    ];
    let table = ok(&folder, &with_tiny(&[&eval[..], &few].concat()));
    assert!(table.starts_with("train: windows 3, "), "{table}");
    let pictures = fs::read_dir(folder.path().join("p")).unwrap();
    for picture in pictures.map(|entry| entry.unwrap().path()) {
        let svg = fs::read_to_string(&picture).unwrap();
        assert!(
            svg.starts_with("<svg") && !svg.contains("NaN"),
            "{picture:?}"
        );
    }
    assert!(folder.path().join("p/prior-density.svg").exists());
}

#[test]
fn attributes_are_made_and_used() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    let sample = |more: &[&str]| {
        let sample = ["sample", "--seed", "5", "--force", "--out", "x.mid"];
        let run = run(&folder, &with_tiny(&[&sample[..], more].concat()));
        (run.status.code(), String::from_utf8(run.stderr).unwrap())
    };
    let (code, said) = sample(&["--attribute", "density=+1"]);
    assert!(
        code == Some(1) && said.contains("attributes make"),
        "{said}"
    );
    let make = ["attributes", "make", "tiny.safetensors", "--data", "corpus"];
    assert!(ok(&folder, &make).contains("tiny.attributes.json"));
    let list = ok(&folder, &with_tiny(&["attributes", "list"]));
    assert!(list.contains("lateness"), "{list}");
    let listed = json(&ok(&folder, &with_tiny(&["attributes", "list", "--json"])));
    assert_eq!(
        listed["attributes"][0]["vector"].as_array().unwrap().len(),
        8
    );
    let groove = |more: &[&str]| {
        assert_eq!(sample(more).0, Some(0));
        fs::read(folder.path().join("x.mid")).unwrap()
    };
    let plain = groove(&[]);
    assert_eq!(groove(&["--attribute", "density=0"]), plain);
    assert_ne!(groove(&["--attribute", "density=+8"]), plain);
    let both = ["--attribute", "density=-2", "--attribute", "lateness=1.5"];
    assert_ne!(groove(&both), plain);
    // A copy keeps them, though its weights are rounded.
    let export = ["checkpoint", "export", "tiny.safetensors", "e.safetensors"];
    ok(&folder, &[&export[..], &["--bits", "8"]].concat());
    let copy = ["sample", "--seed", "5", "--checkpoint", "e.safetensors"];
    for (more, out) in [("density=0", "plain.mid"), ("density=+8", "dense.mid")] {
        ok(
            &folder,
            &[&copy[..], &["--attribute", more, "-o", out]].concat(),
        );
    }
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_ne!(read("plain.mid"), read("dense.mid"));
    let (code, said) = sample(&["--attribute", "groovyness=1"]);
    assert!(
        code == Some(2) && said.contains("there are density"),
        "{said}"
    );
    let (code, said) = sample(&["--attribute", "density"]);
    assert!(
        code == Some(2) && said.contains("such as density=+1"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_saves() {
    use std::io::{BufRead, BufReader};
    for signal in ["-INT", "-TERM"] {
        if signal == "-INT" && !hears_sigint() {
            eprintln!(
                "SIGINT is not tested: this process was started to ignore it, as `nohup` does"
            );
            continue;
        }
        let folder = workplace();
        corpus(&folder.path().join("corpus"));
        let train = [
            "train", "--data", "corpus", "--out", "run", "--batch", "1", "--steps", "99999",
        ];
        let mut child = command(&folder, &train)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.next().unwrap().unwrap();
        let kill = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let last = lines.last().unwrap().unwrap();
        let status = if signal == "-INT" { 130 } else { 143 };
        assert_eq!(child.wait().unwrap().code(), Some(status));
        let step: u64 = last
            .strip_prefix("stopped and saved at step ")
            .unwrap()
            .parse()
            .unwrap();
        let saved = Checkpoint::load(&folder.path().join("run/latest.safetensors")).unwrap();
        assert_eq!(saved.metadata.step, step);
    }
}

/// Whether programs that this process starts hear Ctrl-C: what it ignores, they ignore too.
#[cfg(unix)]
fn hears_sigint() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_none_or(|bits| bits & (1 << (2 - 1)) == 0)
}
