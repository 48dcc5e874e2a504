//! The commands, as a shell runs them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::internals::init;
use musicvae::model::{Preset, Prior, Tensors};
use musicvae::music::{Note, NoteSequence, Tempo, midi_file};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{corpus, data, drums, new_model};

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicvae-tui"));
    command
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// What a successful command printed.
fn ok(folder: &TempDir, arguments: &[&str]) -> String {
    let run = run(folder, arguments);
    assert!(run.status.success(), "{arguments:?}: {run:?}");
    String::from_utf8(run.stdout).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A folder with the checkpoint `tiny.safetensors` of a model that answers at once, five bars of
/// drums `a.mid` and eight bars `b.mid`.
fn workplace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let preset = Preset {
        name: "tiny".into(),
        z_size: 8,
        encoder: vec![8],
        decoder: vec![8, 8],
        ..Preset::groovae_4bar()
    };
    new_model(preset)
        .save(&folder.path().join("tiny.safetensors"), Precision::Full)
        .unwrap();
    fs::write(folder.path().join("a.mid"), drums(1, 5)).unwrap();
    fs::write(folder.path().join("b.mid"), drums(2, 8)).unwrap();
    folder
}

const TINY: [&str; 2] = ["--checkpoint", "tiny.safetensors"];

fn with_tiny<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    arguments.iter().chain(&TINY).copied().collect()
}

#[test]
fn every_command_explains_itself() {
    let folder = TempDir::new().unwrap();
    let commands = [
        "sample",
        "encode",
        "decode",
        "interpolate",
        "reconstruct",
        "render",
        "prepare",
        "train",
        "log",
        "eval",
        "experiment",
        "experiment hierarchy",
        "checkpoint",
        "checkpoint list",
        "checkpoint info",
        "checkpoint import",
        "checkpoint export",
        "checkpoint whiten",
        "checkpoint fit-prior",
        "presets",
        "devices",
        "kit",
    ];
    let overview = ok(&folder, &["--help"]);
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = ok(&folder, &words);
        let (about, rest) = help.split_once("\n\n").unwrap();
        assert!(
            about.len() > 20 && !about.starts_with("Usage"),
            "{command}: {about}"
        );
        assert!(
            rest.contains(&format!("Usage: musicvae-tui {command} ")),
            "{command}: {rest}"
        );
        assert!(
            overview.contains(&format!("\n  {} ", words[0])),
            "{command}"
        );
    }
}

#[test]
fn samples_are_files_that_a_seed_repeats() {
    let folder = workplace();
    let base = with_tiny(&[
        "sample",
        "--seed",
        "5",
        "--temperature",
        "0.7",
        "--tempo",
        "90",
    ]);
    let sample = |more: &[&str]| ok(&folder, &[&base[..], more].concat());
    assert_eq!(
        sample(&["-n", "3", "-o", "out"]),
        "out/groove-01.mid\nout/groove-02.mid\nout/groove-03.mid\n"
    );
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(sample(&["-o", "one.mid"]), "one.mid\n");
    assert_eq!(bytes("one.mid"), bytes("out/groove-01.mid"));
    assert_ne!(bytes("one.mid"), bytes("out/groove-02.mid"));
    let sequence = midi_file::read(&bytes("one.mid")).unwrap();
    assert!((sequence.tempos[0].qpm - 90.0).abs() < 1e-3);
    assert!(sequence.notes.iter().all(|note| note.is_drum));
    // Without a seed, the one that was drawn is said and gives the same groove again.
    let drawn = run(&folder, &with_tiny(&["sample", "-o", "drawn.mid"]));
    let said = String::from_utf8(drawn.stderr).unwrap();
    let seed = said
        .lines()
        .find_map(|line| line.strip_prefix("seed "))
        .unwrap();
    ok(
        &folder,
        &with_tiny(&["sample", "--seed", seed, "-o", "again.mid"]),
    );
    assert_eq!(bytes("drawn.mid"), bytes("again.mid"));
}

#[test]
fn the_model_inside_the_program_plays_drums() {
    let folder = TempDir::new().unwrap();
    ok(&folder, &["sample", "--seed", "1", "-o", "one.mid"]);
    let sequence = midi_file::read_path(&folder.path().join("one.mid")).unwrap();
    assert!(sequence.notes.len() > 8, "{} notes", sequence.notes.len());
    let text = ok(&folder, &["encode", "one.mid", "--json"]);
    assert_eq!(
        json(&text)["windows"][0]["mu"].as_array().unwrap().len(),
        256
    );
}

#[test]
fn what_encode_prints_decode_reads() {
    let folder = workplace();
    let printed = ok(&folder, &with_tiny(&["encode", "b.mid", "--json"]));
    let encoded = json(&printed);
    let windows = encoded["windows"].as_array().unwrap();
    assert_eq!([&windows[0]["start_bar"], &windows[1]["start_bar"]], [0, 4]);
    assert_eq!(windows.len(), 2);
    assert!(
        windows[0]["sigma"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s.as_f64().unwrap() > 0.0)
    );
    fs::write(folder.path().join("encoded.json"), &printed).unwrap();
    let z: Vec<_> = windows.iter().map(|window| window["mu"].clone()).collect();
    fs::write(
        folder.path().join("plain.json"),
        serde_json::json!({ "z": z }).to_string(),
    )
    .unwrap();
    for (input, out) in [
        ("encoded.json", "from-encoded"),
        ("plain.json", "from-plain"),
    ] {
        let decode = [
            "decode",
            input,
            "--temperature",
            "0",
            "--seed",
            "1",
            "-o",
            out,
        ];
        assert_eq!(ok(&folder, &with_tiny(&decode)).lines().count(), 2);
    }
    // Through the latent and back is the same road in one step.
    let reconstruct = ["reconstruct", "b.mid", "-o", "back"];
    assert_eq!(ok(&folder, &with_tiny(&reconstruct)).lines().count(), 2);
    for name in ["groove-01.mid", "groove-02.mid"] {
        let read = |out: &str| midi_file::read_path(&folder.path().join(out).join(name)).unwrap();
        let (encoded, plain, back) = (read("from-encoded"), read("from-plain"), read("back"));
        // Plain numbers say nothing of a tempo.
        let qpm = |sequence: &NoteSequence| sequence.tempos[0].qpm.round();
        assert_eq!(
            (qpm(&encoded), qpm(&plain), qpm(&back)),
            (100.0, 120.0, 100.0)
        );
        let strokes = |sequence: &musicvae::music::NoteSequence| {
            sequence
                .notes
                .iter()
                .map(|note| (note.pitch, note.velocity))
                .collect::<Vec<_>>()
        };
        assert_eq!(strokes(&encoded), strokes(&plain));
        assert_eq!(strokes(&encoded), strokes(&back));
    }
    let table = ok(&folder, &with_tiny(&["encode", "b.mid"]));
    assert_eq!(table.lines().count(), 3);
    assert!(
        table.lines().nth(2).unwrap().trim_start().starts_with("5 "),
        "{table}"
    );
}

#[test]
fn a_performance_of_the_dataset_goes_through_the_latent() {
    let Some(groove) = data("groove/drummer1/session1") else {
        return;
    };
    let mut files: Vec<_> = fs::read_dir(groove)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let beat = files
        .iter()
        .find(|path| path.to_str().unwrap().ends_with("_beat_4-4.mid"))
        .unwrap();
    let folder = TempDir::new().unwrap();
    let out = ok(
        &folder,
        &["reconstruct", beat.to_str().unwrap(), "-o", "back.mid"],
    );
    assert_eq!(out, "back.mid\n");
    let notes = |path: &Path| midi_file::read_path(path).unwrap().notes.len() as f64;
    let (there, back) = (notes(beat), notes(&folder.path().join("back.mid")));
    assert!((0.4..2.0).contains(&(back / there)), "{there} {back}");
}

#[test]
fn interpolation_starts_and_ends_at_its_ends() {
    let folder = workplace();
    let steps = ["interpolate", "a.mid", "b.mid", "--steps", "4", "-o", "way"];
    assert_eq!(ok(&folder, &with_tiny(&steps)).lines().count(), 4);
    for (file, end) in [("a.mid", "groove-01.mid"), ("b.mid", "groove-04.mid")] {
        ok(
            &folder,
            &with_tiny(&["reconstruct", file, "-o", file.trim_end_matches(".mid")]),
        );
        let whole = folder
            .path()
            .join(file.trim_end_matches(".mid"))
            .join("groove-01.mid");
        let whole = midi_file::read_path(&whole).unwrap();
        let way = midi_file::read_path(&folder.path().join("way").join(end)).unwrap();
        assert_eq!(whole.notes, way.notes);
    }
    let one = [
        "interpolate",
        "a.mid",
        "b.mid",
        "--steps",
        "3",
        "-o",
        "row.mid",
    ];
    assert_eq!(ok(&folder, &with_tiny(&one)), "row.mid\n");
}

/// Saves a small model of a preset's music in which every latent sounds different.
fn save_small(folder: &TempDir, name: &str) {
    let preset = Preset {
        z_size: 8,
        encoder: vec![8],
        decoder: vec![8, 8],
        ..Preset::by_name(name).unwrap()
    };
    let mut tensors = init::random_weights(&preset, 2).unwrap();
    for (name, tensor) in &mut tensors {
        if name.ends_with("kernel") {
            let factor = if name.contains("initial_state") || name.contains("/mu/") {
                500.0
            } else {
                4.0
            };
            *tensor = (&*tensor * factor).unwrap();
        }
    }
    let checkpoint = Checkpoint {
        preset,
        tensors,
        optimizer: Tensors::new(),
        prior: Prior::default(),
        metadata: Metadata::of_this_run(3),
    };
    let path = folder.path().join(format!("{name}.safetensors"));
    checkpoint.save(&path, Precision::Full).unwrap();
}

/// Sixteen bars of a melody on a flute, a bass and drums.
fn band() -> NoteSequence {
    let mut notes = Vec::new();
    let note = |pitch, eighth: usize, program, instrument| Note {
        pitch,
        velocity: 90,
        start_time: eighth as f64 * 0.25,
        end_time: (eighth + 1) as f64 * 0.25,
        instrument,
        program,
        is_drum: instrument == 9,
    };
    for eighth in 0..16 * 8 {
        let pitch = [60, 62, 64, 67, 69, 72, 71, 65][(eighth + eighth / 8 * 3) % 8];
        notes.push(note(pitch, eighth, 0, 0));
        notes.push(note([36, 43][eighth / 4 % 2], eighth, 33, 1));
        notes.push(note([36, 42, 38, 42][eighth % 4], eighth, 0, 9));
    }
    NoteSequence {
        tempos: vec![Tempo {
            time: 0.0,
            qpm: 120.0,
        }],
        total_time: 32.0,
        notes,
        ..NoteSequence::default()
    }
}

/// The (program, is it drums) of every instrument of a MIDI file, and its notes and length.
fn instruments(path: &Path) -> (BTreeSet<(i32, bool)>, usize, f64) {
    let sequence = midi_file::read_path(path).unwrap();
    let instruments = sequence
        .notes
        .iter()
        .map(|note| (note.program, note.is_drum));
    (
        instruments.collect(),
        sequence.notes.len(),
        sequence.total_time,
    )
}

#[test]
fn models_of_other_music_are_played_from_the_shell() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("band.mid"),
        midi_file::write(&band()).unwrap(),
    )
    .unwrap();
    let drums = || BTreeSet::from([(0, true)]);
    let piano = || BTreeSet::from([(0, false)]);
    let all = BTreeSet::from([(0, false), (33, false), (0, true)]);
    for (preset, noun, expected, bars) in [
        ("cat-mel_2bar_small", "melody", piano(), 2),
        ("hier-mel_16bar", "melody", piano(), 16),
        ("cat-drums_2bar_small", "drums", drums(), 2),
        ("nade-drums_2bar_full", "drums", drums(), 2),
        ("hierdec-trio_16bar", "trio", all.clone(), 16),
        ("flat-trio_16bar", "trio", all, 16),
    ] {
        save_small(&folder, preset);
        let file = format!("{preset}.safetensors");
        let run = |arguments: &[&str]| {
            let model = ["--checkpoint", &file];
            ok(&folder, &[arguments, &model[..]].concat())
        };
        let path = |name: &str| folder.path().join(name);
        let printed = run(&["sample", "-n", "2", "--seed", "1", "-o", preset]);
        let [one, two] = ["01", "02"].map(|number| format!("{preset}/{noun}-{number}.mid"));
        assert_eq!(printed, format!("{one}\n{two}\n"));
        let (found, notes, _) = instruments(&path(&one));
        assert_eq!(found, expected, "{preset}");
        assert!(notes > bars, "{preset}: {notes} notes");
        assert_ne!(fs::read(path(&one)).unwrap(), fs::read(path(&two)).unwrap());

        // There and back; equal windows count once.
        let encoded = run(&["encode", "band.mid", "--json"]);
        let windows = json(&encoded)["windows"].as_array().unwrap().clone();
        assert!(
            !windows.is_empty() && windows.len() <= 2 * 16 / bars,
            "{preset}"
        );
        assert_eq!(windows[0]["mu"].as_array().unwrap().len(), 8);
        assert_eq!(windows[0]["start_bar"], Value::Null, "{preset}");
        assert!(run(&["encode", "band.mid"]).starts_with(" no "));
        fs::write(path("z.json"), &encoded).unwrap();
        run(&[
            "decode",
            "z.json",
            "--temperature",
            "0",
            "--seed",
            "0",
            "--force",
            "-o",
            "decoded.mid",
        ]);
        run(&["reconstruct", "band.mid", "--force", "-o", "back.mid"]);
        let (found, _, length) = instruments(&path("back.mid"));
        assert!(found.is_subset(&expected), "{preset}: {found:?}");
        assert!(
            length <= 2.0 * (windows.len() * bars) as f64 + 1e-3,
            "{preset}"
        );
        let same = ["decoded.mid", "back.mid"].map(|name| fs::read(path(name)).unwrap());
        assert_eq!(same[0], same[1], "{preset}");
        let interpolate = [
            "interpolate",
            "band.mid",
            "band.mid",
            "--steps",
            "3",
            "-o",
            "morph",
        ];
        assert_eq!(run(&interpolate).lines().count(), 3);
    }
}

#[test]
fn performances_and_melodies_on_chords_are_played_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("band.mid"), midi_file::write(&band()).unwrap()).unwrap();
    for preset in ["hier-multiperf_vel_1bar_med", "cat-mel_2bar_med_chords"] {
        save_small(&folder, preset);
        let model = ["--checkpoint", &format!("{preset}.safetensors")];
        let reconstruct = ["reconstruct", "band.mid", "--force", "-o", "back.mid"];
        ok(&folder, &[&reconstruct[..], &model].concat());
        assert!(instruments(&path("back.mid")).1 > 0, "{preset}");
        let interpolate = [
            "interpolate",
            "band.mid",
            "band.mid",
            "--force",
            "-o",
            "morph.mid",
        ];
        ok(&folder, &[&interpolate[..], &model].concat());
        let sample = ["sample", "--seed", "1", "-n", "2", "-o", preset];
        let sampled = run(&folder, &[&sample[..], &model].concat());
        // Chords have to be told.
        assert_eq!(
            sampled.status.success(),
            !preset.contains("chords"),
            "{sampled:?}"
        );
    }
    let one = path("hier-multiperf_vel_1bar_med/performance-01.mid");
    assert!(instruments(&one).1 > 0);
}

#[test]
fn a_model_that_is_told_the_hits_needs_some() {
    let folder = workplace();
    let name = "groovae_2bar_hits_control_tfds";
    save_small(&folder, name);
    let model = ["--checkpoint", &format!("{name}.safetensors")];
    let sampled = run(&folder, &[&["sample", "-o", "x.mid"], &model[..]].concat());
    assert_eq!(sampled.status.code(), Some(1));
    let said = String::from_utf8(sampled.stderr).unwrap();
    assert!(
        said.contains("must be told the controls of every step"),
        "{said}"
    );
    ok(
        &folder,
        &[&["reconstruct", "b.mid", "-o", "x.mid"], &model[..]].concat(),
    );
    assert_eq!(
        instruments(&folder.path().join("x.mid")).0,
        [(0, true)].into()
    );
}

#[test]
fn a_magenta_checkpoint_is_imported_and_sampled() {
    let folder = TempDir::new().unwrap();
    let Some(melody) = data("oracle/other/cat-mel_2bar_small/ckpt") else {
        return;
    };
    let melody = melody.to_str().unwrap();
    let said = ok(
        &folder,
        &["checkpoint", "import", melody, "mel.safetensors"],
    );
    assert!(said.contains("preset cat-mel_2bar_small"), "{said}");
    let sample = [
        "sample",
        "--checkpoint",
        "mel.safetensors",
        "--seed",
        "1",
        "-o",
        "m.mid",
    ];
    ok(&folder, &sample);
    assert_eq!(
        instruments(&folder.path().join("m.mid")).0,
        [(0, false)].into()
    );

    // What two presets could have made is said, and can be told.
    let tar = data("oracle/groovae_4bar.tar").unwrap();
    let import = [
        "checkpoint",
        "import",
        tar.to_str().unwrap(),
        "g.safetensors",
    ];
    let doubtful = run(&folder, &import);
    let note = String::from_utf8(doubtful.stderr).unwrap();
    assert!(
        note.contains("groovae_2bar_humanize") && note.contains("--preset"),
        "{note}"
    );
    let preset = ["--force", "--preset", "groovae_2bar_humanize"];
    let told = [&import[..], &preset].concat();
    let told = run(&folder, &told);
    assert!(told.stderr.is_empty(), "{told:?}");
    assert!(
        String::from_utf8(told.stdout)
            .unwrap()
            .contains("preset groovae_2bar_humanize")
    );
    let unknown = run(&folder, &[&import[..], &["--preset", "groovae"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn presets_are_listed_with_what_is_at_hand() {
    let folder = TempDir::new().unwrap();
    save_small(&folder, "hier-mel_16bar");
    let table = ok(&folder, &["presets", "."]);
    let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(
        line("groovae_4bar_strokes ").ends_with("4.13 M  yes   embedded"),
        "{table}"
    );
    assert!(
        line("hier-mel_16bar ").ends_with("yes   hier-mel_16bar"),
        "{table}"
    );
    assert!(line("cat-mel_2bar_big").ends_with("-"), "{table}");
    let listed = json(&ok(&folder, &["presets", "--json", "."]));
    let presets = listed["presets"].as_array().unwrap();
    // Those built in, and that of the melodies' checkpoint, which has sizes of its own.
    assert_eq!(presets.len(), Preset::all().len() + 1);
    assert!(line("hierdec-mel_16bar_small ").contains("embedded/melody"));
    for preset in presets {
        let name = preset["name"].as_str().unwrap();
        assert!(
            line(name).contains(preset["makes"].as_str().unwrap()),
            "{name}"
        );
        // Either it can be converted, or the reason is there to read.
        let obstacle = preset["obstacle"].as_str();
        assert_eq!(preset["convertible"], obstacle.is_none(), "{name}");
        assert!(
            obstacle.is_none_or(|reason| table.contains(reason)),
            "{name}"
        );
    }
    assert_eq!(presets[17]["parameters"], 4_085_019);
    let strokes = presets
        .iter()
        .find(|it| it["name"] == "groovae_4bar_strokes");
    assert_eq!(strokes.unwrap()["checkpoints"][0], "embedded");
}

#[test]
fn rendered_sound_is_heard() {
    let folder = workplace();
    let said = ok(&folder, &["render", "a.mid", "-o", "a.wav"]);
    assert!(
        said.starts_with("a.wav: ") && said.contains(" strokes, 15."),
        "{said}"
    );
    // Five bars at 100 quarter notes a minute are 12 seconds; the last strokes ring on.
    let mut wav = hound::WavReader::open(folder.path().join("a.wav")).unwrap();
    let loud = wav
        .samples::<i32>()
        .map(|sample| sample.unwrap().abs())
        .max()
        .unwrap();
    assert!(loud > 1 << 20, "{loud}");
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
fn devices_are_listed_or_their_absence_explained() {
    let folder = TempDir::new().unwrap();
    let text = ok(&folder, &["devices"]);
    assert!(
        text.contains("Audio outputs:\n  ") && text.contains("MIDI outputs:\n  "),
        "{text}"
    );
    let value = json(&ok(&folder, &["devices", "--json"]));
    for kind in ["audio", "midi"] {
        let found = value[format!("{kind}_outputs")].as_array().unwrap();
        assert!(
            !found.is_empty() || value[format!("{kind}_reason")].is_string(),
            "{value}"
        );
    }
}

#[test]
fn what_computes_is_chosen_and_said() {
    let folder = workplace();
    let sample = |more: &[&str]| {
        let mut arguments = vec!["sample", "--seed", "1", "--out", "made"];
        arguments.extend(TINY);
        arguments.extend(more);
        let run = run(&folder, &arguments);
        let said = String::from_utf8(run.stderr).unwrap();
        // What the files could not hold is said too.
        let said = said.lines().filter(|line| !line.starts_with("note: "));
        let said: Vec<_> = said.map(str::to_string).collect();
        (run.status.code(), said.join("\n"))
    };
    // A groove by the CPU is a matter of course; many, or what was asked for, are not.
    assert_eq!(sample(&[]), (Some(0), String::new()));
    assert_eq!(
        sample(&["--device", "cpu"]),
        (Some(0), "device: cpu".into())
    );
    let (code, many) = sample(&["-n", "25"]);
    assert!(code == Some(0) && many.starts_with("device: "), "{many}");
    let listed = json(&ok(&folder, &["devices", "--json"]));
    for word in ["cuda", "metal:3"] {
        let (interface, _) = word.split_once(':').unwrap_or((word, ""));
        let devices = listed["compute"].as_array().unwrap();
        let is_there = |device: &Value| device.as_str().unwrap().starts_with(interface);
        if devices.iter().any(is_there) {
            continue;
        }
        let (code, refused) = sample(&["--device", word]);
        assert_eq!(code, Some(1), "{refused}");
        assert!(refused.contains(" can't be used: "), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
    // The configuration chooses, and an option stands above it.
    let text = "[compute]\ndevice = \"cuda:99\"\n";
    fs::write(folder.path().join("my.toml"), text).unwrap();
    let (code, refused) = sample(&["--config", "my.toml"]);
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("cuda:99 can't be used"), "{refused}");
    let (code, _) = sample(&["--config", "my.toml", "--device", "auto"]);
    assert_eq!(code, Some(0));
}

#[test]
fn a_sample_is_the_same_alone_or_among_others() {
    let folder = workplace();
    let notes = |path: &Path| midi_file::read(&fs::read(path).unwrap()).unwrap().notes;
    let sample = |more: &[&str]| {
        let mut arguments = vec!["sample"];
        arguments.extend(TINY);
        arguments.extend(more);
        ok(&folder, &arguments);
    };
    sample(&["-n", "5", "--seed", "5", "--out", "many"]);
    let many = fs::read_dir(folder.path().join("many")).unwrap();
    let mut many: Vec<_> = many.map(|file| file.unwrap().path()).collect();
    many.sort();
    for (seed, among) in (5..).zip(&many) {
        let (seed, out) = (seed.to_string(), format!("{seed}.mid"));
        sample(&["--seed", &seed, "--out", &out]);
        let alone = notes(&folder.path().join(out));
        assert!(!alone.is_empty());
        assert_eq!(alone, notes(among), "seed {seed}");
    }
}

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
