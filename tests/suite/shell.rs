//! What the shell promises of every command: nothing is written over, names mean the same
//! everywhere, the configuration counts, and signals end it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use candle_core::npy::NpzTensors;
use musicvae::checkpoint::Precision;
use musicvae::data::GrooveConverter;
use musicvae::music::{Lane, Note, NoteSequence, Reading, midi_file};
use serde_json::Value;
use tempfile::TempDir;

use crate::spectrum::strongest;
use crate::support::{corpus, data, drums, random_checkpoint, small_preset};

/// A folder with the checkpoint `tiny.safetensors`, the same as a run's best in `run`, and five bars
/// of drums at 100 quarter notes a minute in `a.mid`.
fn workplace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut checkpoint = random_checkpoint(small_preset(), 1);
    checkpoint.optimizer.clear();
    for name in ["tiny.safetensors", "run/best.safetensors"] {
        let path = folder.path().join(name);
        checkpoint.save(&path, Precision::Full).unwrap();
    }
    fs::write(folder.path().join("a.mid"), drums(1, 4)).unwrap();
    folder
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicvae-tui"));
    command
        .args(arguments)
        .current_dir(folder.path())
        .env("XDG_CONFIG_HOME", folder.path().join("config"))
        .env("XDG_DATA_HOME", folder.path().join("data"))
        .env("HOME", folder.path())
        .stdin(Stdio::null());
    command
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn run(folder: &TempDir, line: &str) -> Output {
    command(folder, &words(line)).output().unwrap()
}

fn ok(folder: &TempDir, line: &str) -> String {
    let run = run(folder, line);
    assert!(run.status.success(), "{line}: {run:?}");
    String::from_utf8(run.stdout).unwrap()
}

/// The one sentence of a command that refuses.
fn refused(folder: &TempDir, line: &str) -> String {
    let run = run(folder, line);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{line}: {said}");
    assert_eq!(said.lines().count(), 1, "{line}: {said}");
    said
}

fn bytes(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let mut names: Vec<String> = files.map(|file| name(file.unwrap())).collect();
    names.sort();
    names
}

/// The tempo of a MIDI file.
fn tempo(bytes: &[u8]) -> f64 {
    midi_file::read(bytes).unwrap().tempos[0].qpm.round()
}

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
fn a_wrong_value_or_word_is_what_the_message_is_about() {
    let folder = workplace();
    for (line, said) in [
        ("sampel -o x.mid", "did you mean `sample`?"),
        ("sample --tempo -5 -o x.mid", "a tempo is a number from 20"),
        ("sample -n 4294967295 -o x", "is not in 1..=10000"),
        ("sample -n -1 -o x", "is not in 1..=10000"),
        ("sample --render - -o -", "name a file for one of them"),
        ("render a.mid --bars 3-2 -o x.wav", "the first comes first"),
        ("decode a.mid -o x.mid", "a.mid is no text"),
    ] {
        let refused = run(&folder, line);
        let told = String::from_utf8(refused.stderr).unwrap();
        let is_refused = !refused.status.success() && told.contains(said);
        assert!(is_refused, "{line}: {told}");
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
fn the_tempo_is_kept_and_can_be_another() {
    let folder = workplace();
    let model = "--checkpoint tiny.safetensors";
    ok(&folder, &format!("encode a.mid -o z.json {model}"));
    let decode = |more: &str, out: &str| {
        ok(
            &folder,
            &format!("decode z.json --seed 1 {model} -o {out}{more}"),
        );
        tempo(&bytes(&folder, out))
    };
    assert_eq!(decode("", "kept.mid"), 100.0);
    assert_eq!(decode(" --tempo 90", "other.mid"), 90.0);
    ok(
        &folder,
        &format!("reconstruct a.mid --tempo 90 {model} -o slow.mid"),
    );
    assert_eq!(tempo(&bytes(&folder, "slow.mid")), 90.0);
}

#[test]
fn a_drum_map_says_what_notes_are_written() {
    let folder = workplace();
    let sample = "sample --seed 1 --temperature 1 --checkpoint tiny.safetensors";
    ok(&folder, &format!("{sample} -o gm.mid"));
    ok(&folder, &format!("{sample} --map drumbrute -o other.mid"));
    let (ours, other) = (bytes(&folder, "gm.mid"), bytes(&folder, "other.mid"));
    assert_ne!(ours, other);
    let run = run(&folder, &format!("{sample} --map bongo -o x.mid"));
    assert_eq!(run.status.code(), Some(2), "{run:?}");
}

#[test]
fn a_checkpoint_has_the_same_names_in_every_command() {
    let folder = workplace();
    corpus(&folder.path().join("corpus"));
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    let tiny = folder.path().join("tiny.safetensors");
    fs::copy(tiny, folder.path().join("checkpoints/mine.safetensors")).unwrap();
    let fingerprint = |name: &str| {
        let about = ok(&folder, &format!("checkpoint info {name} --json"));
        let about: Value = serde_json::from_str(&about).unwrap();
        about["fingerprint"].clone()
    };
    let expected = fingerprint("tiny.safetensors");
    for name in ["run", "run/best.safetensors", "mine"] {
        assert_eq!(fingerprint(name), expected, "{name}");
        ok(
            &folder,
            &format!("sample --seed 1 -o s --checkpoint {name}"),
        );
        ok(
            &folder,
            &format!("checkpoint export {name} x.safetensors --force"),
        );
        let fit = format!("checkpoint fit-prior {name} y.safetensors --data corpus --force");
        ok(&folder, &fit);
    }
    for name in ["embedded", "embedded/humanize"] {
        ok(
            &folder,
            &format!("checkpoint export {name} e.safetensors --force"),
        );
        assert_eq!(fingerprint("e.safetensors"), fingerprint(name));
    }
    let eval = "eval --data corpus --parts losses --resamples 2 --checkpoint";
    ok(&folder, &format!("{eval} mine"));
    let train = "train --data corpus --steps 1 --batch 1 --out t --from embedded";
    let run = run(&folder, train);
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{said}");
    // A checkpoint of no file has its attributes where the command runs.
    fs::write(folder.path().join("embedded.attributes.json"), "mine").unwrap();
    let said = refused(&folder, "attributes make embedded --data corpus");
    assert!(
        said.contains("`embedded.attributes.json` already exists"),
        "{said}"
    );
    assert!(refused(&folder, "sample -o s --checkpoint s").contains("without best.safetensors"));
}

#[test]
fn the_configuration_counts_in_every_command() {
    let folder = workplace();
    let write = |text: &str| fs::write(folder.path().join("my.toml"), text).unwrap();
    for line in [
        "devices",
        "sample -o x.mid",
        "checkpoint list",
        "presets",
        "train --data c --out o",
    ] {
        let said = refused(&folder, &format!("{line} --config nowhere.toml"));
        assert!(said.contains("nowhere.toml: can't be read"), "{said}");
        write("[sampling]\ntemprature = 1\n");
        let said = refused(&folder, &format!("{line} --config my.toml"));
        assert!(said.contains("did you mean `temperature`?"), "{said}");
    }
    write(
        "[sampling]\nseed = 7\ntemperature = 1.5\n[playing]\ntempo = 90\n[checkpoints]\n\
         open = \"~/tiny.safetensors\"\n",
    );
    ok(&folder, "sample -o configured.mid --config my.toml");
    let spelled = "sample --seed 7 --temperature 1.5 --tempo 90 --checkpoint tiny.safetensors";
    ok(&folder, &format!("{spelled} -o spelled.mid"));
    assert_eq!(
        bytes(&folder, "configured.mid"),
        bytes(&folder, "spelled.mid")
    );
    write("[soundfont]\npath = \"~/none.sf2\"\n");
    let said = refused(&folder, "render a.mid -o a.wav --config my.toml");
    let home = folder.path().join("none.sf2");
    assert!(said.contains(&home.display().to_string()), "{said}");
    write("[checkpoints]\nfolders = [\"run\"]\n");
    assert!(ok(&folder, "checkpoint list --config my.toml").contains("best "));
    let named = "sample --seed 1 -o best.mid --checkpoint best --config my.toml";
    ok(&folder, named);
}

#[test]
fn without_a_terminal_the_workstation_says_so() {
    let folder = workplace();
    let said = refused(&folder, "--ascii");
    assert!(
        said.contains("needs a terminal on standard output"),
        "{said}"
    );
}

/// `strokes` of an imported checkpoint are the reference's.
#[test]
fn an_imported_checkpoint_plays_the_references_strokes() {
    let Some(tar) = data("oracle/groovae_4bar.tar") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let import = [
        "checkpoint",
        "import",
        tar.to_str().unwrap(),
        "m.safetensors",
    ];
    assert!(command(&folder, &import).status().unwrap().success());
    assert!(ok(&folder, "checkpoint info m.safetensors").contains("strokes are read  as magenta"));
    ok(&folder, "checkpoint export m.safetensors half.safetensors");
    assert!(ok(&folder, "checkpoint info half.safetensors").contains("as magenta"));
    assert!(ok(&folder, "checkpoint info embedded").contains("strokes are read  as played"));
    let oracle = data("oracle/infer_groovae_4bar").unwrap();
    let numbers = NpzTensors::new(oracle.join("decode.npz")).unwrap();
    let z: Vec<Vec<f32>> = numbers.get("z").unwrap().unwrap().to_vec2().unwrap();
    let z = serde_json::json!({ "z": z }).to_string();
    fs::write(folder.path().join("z.json"), z).unwrap();
    let expected = fs::read_to_string(oracle.join("decode_notesequences.json")).unwrap();
    let decode = "decode z.json --temperature 0 --seed 1 --checkpoint m.safetensors -o";
    ok(&folder, &format!("{decode} g"));
    let expected: Value = serde_json::from_str(&expected).unwrap();
    // The reference writes other toms than it reads.
    let lane = |pitch: i64| {
        let place = [36, 38, 42, 46, 45, 48, 50, 49, 51].map(i64::from);
        let place = place.iter().position(|it| *it == pitch).unwrap();
        i32::from(Lane::ALL[place].pitch())
    };
    let mut all = 0;
    for (index, sequence) in expected.as_array().unwrap().iter().enumerate() {
        let found = midi_file::read(&bytes(&folder, &format!("g/groove-{:02}.mid", index + 1)));
        let mut found: Vec<(i32, i64, i32)> = (found.unwrap().notes.iter())
            .map(|it| (it.pitch, (it.start_time * 1e3).round() as i64, it.velocity))
            .collect();
        let number = |note: &Value, key: &str| note[key].as_f64().unwrap_or_default();
        let mut wanted: Vec<(i32, i64, i32)> = (sequence["notes"].as_array().unwrap().iter())
            .map(|note| {
                let start = number(note, "start_time").max(0.0);
                let velocity = number(note, "velocity").max(1.0) as i32;
                let milliseconds = (start * 1e3).round() as i64;
                (lane(number(note, "pitch") as i64), milliseconds, velocity)
            })
            .collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found.len(), wanted.len());
        all += found.len();
        for (found, wanted) in found.iter().zip(&wanted) {
            // A tick of 480 a quarter note is a millisecond.
            assert!((found.1 - wanted.1).abs() <= 1, "{found:?} {wanted:?}");
            assert_eq!((found.0, found.2), (wanted.0, wanted.2));
        }
    }
    assert!(all > 100);
    ok(&folder, &format!("{decode} played --strokes played"));
    assert_ne!(
        bytes(&folder, "g/groove-01.mid"),
        bytes(&folder, "played/groove-01.mid")
    );
}

/// A command that waits for its input and is sent `signal`: its exit status, and after how long.
#[cfg(unix)]
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
#[cfg(unix)]
fn large_corpus(folder: &Path) -> PathBuf {
    let corpus = folder.join("large");
    fs::create_dir(&corpus).unwrap();
    let take = drums(1, 4000);
    for number in 0..60 {
        fs::write(corpus.join(format!("{number}.mid")), &take).unwrap();
    }
    corpus
}

#[cfg(unix)]
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
#[cfg(unix)]
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
#[cfg(unix)]
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
fn soundfonts_are_read_as_the_specification_says() {
    let Some(fonts) = data("cases/F29-soundfont-unknown-info") else {
        return;
    };
    let folder = workplace();
    let render = |font: &Path, out: &str| {
        let take = fonts.join("take.mid");
        let arguments = [
            "render",
            take.to_str().unwrap(),
            "-o",
            out,
            "--soundfont",
            font.to_str().unwrap(),
        ];
        let output = command(&folder, &arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        (
            bytes(&folder, out),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (plain, said) = render(&fonts.join("plain.sf2"), "plain.wav");
    assert_eq!(said, "");
    assert_eq!(
        render(&fonts.join("unknown_info.sf2"), "unknown.wav").0,
        plain
    );
    let piano = data("cases/F31-soundfont-without-drums").unwrap();
    let (_, said) = render(&piano.join("bank0_only.sf2"), "piano.wav");
    assert!(said.contains("holds no drum kit"), "{said}");
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

#[test]
fn a_players_own_map_takes_the_machines_place() {
    let folder = workplace();
    let maps = folder.path().join("config/musicvae-tui/maps");
    if !cfg!(target_os = "linux") {
        return;
    }
    fs::create_dir_all(&maps).unwrap();
    let own = ok(&folder, "maps tr-8s").replace("36", "35");
    fs::write(maps.join("mine.toml"), &own).unwrap();
    assert_eq!(ok(&folder, "maps tr-8s"), own);
    assert_eq!(ok(&folder, "maps").matches("TR-8S").count(), 1);
    fs::write(maps.join("other.toml"), &own).unwrap();
    let twice = run(&folder, "maps");
    let said = String::from_utf8(twice.stderr).unwrap();
    assert!(said.contains("give one of them another name"), "{said}");
}

/// The strokes of a MIDI file: lane and sixteenth.
fn strokes(bytes: &[u8]) -> Vec<(Lane, usize)> {
    let sequence = midi_file::read(bytes).unwrap();
    let groove = GrooveConverter::whole(&sequence, Reading::Played).unwrap();
    let groove = &groove.windows[0];
    groove.hits().map(|(step, lane, _)| (lane, step)).collect()
}

/// A file that slows down is answered by one that slows down, bar by bar; a tempo that is asked for holds
/// throughout.
#[test]
fn what_is_made_of_a_file_goes_as_fast_as_its_bars() {
    let folder = workplace();
    let mut sequence = midi_file::read(&drums(1, 3)).unwrap();
    // Two bars of 2.4 s, and one of 4.8.
    let slower = |time: f64| time.min(4.8) + 2.0 * (time - 4.8).max(0.0);
    for note in &mut sequence.notes {
        note.start_time = slower(note.start_time);
        note.end_time = slower(note.end_time);
    }
    let tempo = |time, qpm| musicvae::music::Tempo { time, qpm };
    sequence.tempos = vec![tempo(0.0, 100.0), tempo(4.8, 50.0)];
    sequence.total_time = slower(sequence.total_time);
    let file = midi_file::write(&sequence).unwrap();
    fs::write(folder.path().join("slower.mid"), file).unwrap();
    let made = |line: &str| {
        ok(&folder, line);
        midi_file::read(&bytes(&folder, "made.mid")).unwrap()
    };
    let tempos = |made: &NoteSequence| -> Vec<(f64, f64)> {
        let tempos = made.tempos.iter();
        tempos.map(|it| (it.time.round(), it.qpm.round())).collect()
    };
    for command in ["humanize", "add-hats", "drumify"] {
        let made = made(&format!("{command} slower.mid -o made.mid --force"));
        assert_eq!(tempos(&made), [(0.0, 100.0), (5.0, 50.0)], "{command}");
        assert!(
            (made.total_time - 9.6).abs() < 1e-3,
            "{command}: {}",
            made.total_time
        );
    }
    let long = made("continue slower.mid --bars 2 -o made.mid --force");
    assert_eq!(tempos(&long), [(0.0, 100.0), (5.0, 50.0)]);
    assert!((long.total_time - 19.2).abs() < 1e-3, "{}", long.total_time);
    let even = made("humanize slower.mid -o made.mid --force --tempo 90");
    assert_eq!(tempos(&even), [(0.0, 90.0)]);
}

#[test]
fn a_file_is_humanized_drumified_given_hats_and_varied() {
    let folder = workplace();
    fs::write(folder.path().join("three.mid"), drums(1, 3)).unwrap();
    let given = strokes(&bytes(&folder, "three.mid"));
    ok(&folder, "humanize three.mid -o human.mid");
    let human = bytes(&folder, "human.mid");
    assert_eq!(strokes(&human), given);
    assert_ne!(human, bytes(&folder, "three.mid"));
    let bars = |bytes: &[u8]| {
        let sequence = midi_file::read(bytes).unwrap();
        sequence.total_time * sequence.tempos[0].qpm / 240.0
    };
    assert!((bars(&human) - 3.0).abs() < 1e-6);
    // The likeliest is repeatable; a drawn one differs from seed to seed.
    ok(&folder, "humanize three.mid -o again.mid");
    assert_eq!(bytes(&folder, "again.mid"), human);
    ok(&folder, "humanize three.mid -o one.mid --temperature 1");
    ok(
        &folder,
        "humanize three.mid -o two.mid --temperature 1 --seed 1",
    );
    assert_ne!(bytes(&folder, "one.mid"), bytes(&folder, "two.mid"));

    ok(&folder, "add-hats three.mid -o hats.mid");
    let rest = |strokes: Vec<(Lane, usize)>| -> Vec<_> {
        let other = |stroke: &(Lane, usize)| stroke.0 != Lane::ClosedHat;
        strokes.into_iter().filter(other).collect()
    };
    assert_eq!(rest(strokes(&bytes(&folder, "hats.mid"))), rest(given));
    ok(&folder, "drumify three.mid -o full.mid");
    assert!(!strokes(&bytes(&folder, "full.mid")).is_empty());

    let said = refused(
        &folder,
        "humanize three.mid -o x.mid --checkpoint tiny.safetensors",
    );
    assert!(said.contains("groovae_2bar_humanize"), "{said}");

    ok(&folder, "variations three.mid -n 3 -o kin --tempo 90");
    assert_eq!(names(&folder.path().join("kin")).len(), 3);
    assert_eq!(tempo(&bytes(&folder, "kin/groove-02.mid")), 90.0);
    let many = run(&folder, "variations three.mid -n 2 -o kin.mid");
    assert_eq!(many.status.code(), Some(2));
    // At 0 it is the groove itself, whatever the seed.
    ok(&folder, "variations three.mid -n 2 --amount 0 -o same");
    let same = |name| bytes(&folder, name);
    assert_eq!(same("same/groove-01.mid"), same("same/groove-02.mid"));
    let itself = strokes(&same("same/groove-01.mid"));
    assert_eq!(itself, strokes(&bytes(&folder, "three.mid")));

    // Three bars and six more, of which the first three are as they were.
    ok(&folder, "continue three.mid --bars 6 -n 2 -o on");
    let on = same("on/groove-01.mid");
    assert!((bars(&on) - 9.0).abs() < 1e-6);
    let (before, more): (Vec<_>, Vec<_>) =
        (strokes(&on).into_iter()).partition(|(_, step)| *step < 48);
    assert_eq!(before, itself);
    assert!(!more.is_empty());
    assert_ne!(on, same("on/groove-02.mid"));
}

/// Frames of a sound file.
fn frames(folder: &TempDir, name: &str) -> u32 {
    let path = folder.path().join(name);
    hound::WavReader::open(path).unwrap().duration()
}

#[test]
fn bars_are_rendered_alone_repeated_and_lane_by_lane() {
    let folder = workplace();
    // Four bars at 100: one is 2.4 seconds.
    let render = |rest: &str| {
        ok(
            &folder,
            &format!("render a.mid --rate 16000 --force {rest}"),
        )
    };
    for (rest, bars) in [
        ("--tail 0", 4),
        ("--bars 2 --tail 0", 1),
        ("--bars 2-4 --tail 0", 3),
        ("--bars 2 --repeat 5 --tail 0", 5),
        ("--repeat 2 --tail 0", 8),
    ] {
        render(&format!("-o x.wav {rest}"));
        assert_eq!(frames(&folder, "x.wav"), bars * 38_400, "{rest}");
    }
    render("-o x.wav --bars 1 --tail 0.5");
    assert_eq!(frames(&folder, "x.wav"), 38_400 + 8_000);
    render("-o x.wav --bars 1 --repeat 2");
    assert!(frames(&folder, "x.wav") > 2 * 38_400, "it rings on");

    render("--stems lanes --bars 1-2 --tail 0");
    let lanes = names(&folder.path().join("lanes"));
    assert!(lanes.contains(&"kick.wav".to_string()), "{lanes:?}");
    for lane in &lanes {
        assert_eq!(frames(&folder, &format!("lanes/{lane}")), 2 * 38_400);
    }
    let said = refused(&folder, "render a.mid --stems lanes");
    assert!(said.contains("lanes"), "{said}");
    let said = refused(&folder, "render a.mid -o y.wav --bars 3-9");
    assert!(said.contains("a.mid") && said.contains("4 bars"), "{said}");
    for wrong in [
        "render a.mid",
        "render a.mid -o y.wav --bars 0",
        "render a.mid -o y.wav --tail -1",
        "render a.mid -o y.wav --repeat 0",
    ] {
        assert_eq!(run(&folder, wrong).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn a_preset_of_ones_own_is_shown_listed_trained_and_kept() {
    let folder = workplace();
    let mine = "like = 'groovae_4bar'\nz_size = 8\nencoder = [6]\ndecoder = [5, 4]\n";
    fs::write(folder.path().join("mine.toml"), mine).unwrap();
    let shown = ok(&folder, "presets --show groovae_4bar");
    fs::write(folder.path().join("copy.toml"), &shown).unwrap();
    let copied = ok(&folder, "presets --show ./copy.toml");
    assert!(copied.contains("name = \"copy\""), "{copied}");
    let listed = ok(&folder, "presets mine.toml");
    let line = listed.lines().find(|line| line.starts_with("mine "));
    assert!(line.is_some_and(|line| line.contains(" 64 ")), "{listed}");

    corpus(&folder.path().join("corpus"));
    ok(
        &folder,
        "train --preset mine.toml --data corpus --out own --steps 1 --batch 4",
    );
    let about = ok(&folder, "checkpoint info own/latest.safetensors --json");
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["preset"]["name"], "mine");
    assert_eq!(about["preset"]["decoder"], serde_json::json!([5, 4]));
    // It is found among the checkpoints when its file is gone.
    let listed = ok(&folder, "presets own");
    assert!(
        listed.lines().any(|line| line.starts_with("mine ")),
        "{listed}"
    );

    fs::write(
        folder.path().join("bad.toml"),
        "like = 'groovae_4bar'\nz_sise = 8\n",
    )
    .unwrap();
    let run = run(&folder, "train --preset bad.toml --data corpus --out bad");
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(
        said.contains("bad.toml") && said.contains("z_sise"),
        "{said}"
    );
    assert!(!folder.path().join("bad").exists());
}

/// A tune is rendered as it is, and beside drums as one more part.
#[test]
fn notes_with_a_pitch_are_rendered_by_their_preset() {
    const RATE: u32 = 16_000;
    let folder = workplace();
    // A: half a second of A4, half a second of rest, half a second of E5; and a kick on each.
    let note = |pitch, start: f64, is_drum| Note {
        pitch,
        velocity: 100,
        start_time: start,
        end_time: start + 0.5,
        is_drum,
        instrument: if is_drum { 9 } else { 0 },
        ..Note::default()
    };
    let tune = [note(69, 0.0, false), note(76, 1.0, false)];
    let kicks = [note(36, 0.0, true), note(36, 1.0, true)];
    let file = |name: &str, notes: Vec<Note>| {
        let sequence = NoteSequence {
            notes,
            total_time: 1.5,
            ..NoteSequence::default()
        };
        let bytes = midi_file::encode(&sequence).unwrap().bytes;
        fs::write(folder.path().join(name), bytes).unwrap();
    };
    file("tune.mid", tune.to_vec());
    file("both.mid", [tune, kicks].concat());
    let wave = |name: &str| -> Vec<f32> {
        let mut wav = hound::WavReader::open(folder.path().join(name)).unwrap();
        let samples = wav
            .samples::<i32>()
            .map(|it| it.unwrap() as f32 / 8_388_608.0);
        samples.step_by(2).collect()
    };
    let said = ok(&folder, "render tune.mid -o tune.wav --rate 16000");
    assert!(said.contains("tune.wav: 2 notes, "), "{said}");
    let tune = wave("tune.wav");
    let part = |from: f64, to: f64| {
        let frame = |seconds: f64| (seconds * f64::from(RATE)) as usize;
        &tune[frame(from)..frame(to)]
    };
    for (from, hertz) in [(0.0, 440.0), (1.0, 659.26)] {
        let found = strongest(part(from, from + 0.5), 200.0..2000.0, RATE as i32);
        assert!((found - hertz).abs() < 3.0, "{found}");
    }
    let loudest = |wave: &[f32]| wave.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
    assert!(loudest(part(0.8, 1.0)) < 0.01 * loudest(part(0.1, 0.4)));

    // The mix is the sum of its stems.
    let said = ok(
        &folder,
        "render both.mid -o both.wav --stems parts --rate 16000 --tail 1",
    );
    assert!(said.contains("both.wav: 2 strokes, 2 notes, "), "{said}");
    assert_eq!(
        names(&folder.path().join("parts")),
        ["kick.wav", "notes.wav"]
    );
    let [both, kick, notes] = ["both.wav", "parts/kick.wav", "parts/notes.wav"].map(wave);
    assert_eq!(both.len(), notes.len());
    for ((both, kick), notes) in both.iter().zip(&kick).zip(&notes) {
        assert!((both - kick - notes).abs() < 1e-4);
    }
    // Another kit of the same SoundFont sounds otherwise.
    ok(
        &folder,
        "render both.mid -o analog.wav --stems analog --kit 25 --rate 16000 --tail 1",
    );
    assert_eq!(wave("analog/notes.wav"), notes);
    assert_ne!(wave("analog/kick.wav"), kick);
    let said = refused(&folder, "render both.mid -o x.wav --kit 3");
    assert!(said.contains("0 (Studio), 25 (Analog)"), "{said}");
    // What a command makes is heard at once.
    ok(&folder, "sample -n 2 -o made --render made.wav");
    assert!(loudest(&wave("made.wav")) > 0.05);
    let said = refused(&folder, "sample -o made.mid --render made.wav");
    assert!(
        said.contains("made.wav") && !folder.path().join("made.mid").exists(),
        "{said}"
    );
}
