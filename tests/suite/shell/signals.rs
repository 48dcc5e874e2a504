//! Signals end every command.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{bytes, command, words, workplace};
use crate::support::{corpus, drums};

/// A command that waits for its input and is sent `signal`: its exit status, and after how long.
fn signalled(mut child: Child, signal: &str) -> (Option<i32>, Duration) {
    std::thread::sleep(Duration::from_millis(1500));
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let since = Instant::now();
    let status = child.wait().unwrap();
    (status.code(), since.elapsed())
}

/// A corpus of 60 files of 4,000 bars, which a debug build reads for many seconds.
fn large_corpus(folder: &Path) -> PathBuf {
    let corpus = folder.join("large");
    fs::create_dir(&corpus).unwrap();
    let take = drums(1, 4000);
    for number in 0..60 {
        fs::write(corpus.join(format!("{number}.mid")), &take).unwrap();
    }
    corpus
}

#[test]
fn signals_end_every_command_at_once() {
    let folder = workplace();
    large_corpus(folder.path());
    let waiting = [
        "render - -o x.wav",
        "encode - --checkpoint tiny.safetensors",
    ];
    let reading = [
        "train --data large --out r --steps 9",
        "prepare large x.tfrecord --preset groovae_4bar",
        "eval --data large --split train --checkpoint tiny.safetensors",
    ];
    let signals = [("-INT", 130), ("-TERM", 143), ("-HUP", 129)];
    for (line, (signal, status)) in waiting.iter().chain(&reading).zip(signals.iter().cycle()) {
        let mut command = command(&folder, &words(line));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let held = child.stdin.take();
        let (code, after) = signalled(child, signal);
        drop(held);
        assert_eq!(code, Some(*status), "{line}");
        // Within a second on a quiet machine; the corpus alone takes longer than this to read.
        assert!(after < Duration::from_secs(10), "{line}: {after:?}");
    }
    assert!(!folder.path().join("x.tfrecord").exists() && !folder.path().join("x.wav").exists());
}

/// What whoever starts it has it ignore stays ignored, as with `nohup`.
#[test]
fn an_ignored_signal_stays_ignored() {
    let folder = workplace();
    let program = env!("CARGO_BIN_EXE_musicvae-tui");
    let script = format!("trap '' HUP; exec {program} render - -o x.wav");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1000));
    let kill = Command::new("kill")
        .args(["-HUP", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&bytes(&folder, "a.mid"))
        .unwrap();
    assert!(child.wait().unwrap().success());
}

/// A step of the full model on a large batch takes long; a stop does not wait for it.
#[test]
fn a_stop_does_not_wait_for_a_step() {
    use std::io::{BufRead as _, BufReader};
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    let train = "train --data corpus --out r --batch 128 --steps 999";
    let mut child = command(&folder, &words(train))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    std::thread::spawn(move || lines.count());
    let (code, after) = signalled(child, "-TERM");
    assert_eq!(code, Some(143));
    assert!(folder.path().join("r/latest.safetensors").exists());
    // Writing 50 MB is part of it; so is whatever else a busy machine does meanwhile.
    assert!(after < Duration::from_secs(20), "{after:?}");
}
