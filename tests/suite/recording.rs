//! Recordings by the engine as a whole, on its clock: what is in the files, and what happens when
//! something goes wrong.

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use musicvae::music::{Groove, Hit, Lane, midi_file};
use musicvae_tui::engine::render::render_groove;
use musicvae_tui::engine::{
    Command, Engine, EngineOptions, RecordOptions, RecordStart, Request, SoundFont,
    SoundFontSource, TICKS_PER_QUARTER,
};

use super::wait::wait_until;

/// A bar of snares, some of them early or late.
fn groove() -> Groove {
    let mut groove = Groove::empty(16);
    for (step, offset) in [(0, 0.0), (4, 0.3), (8, -0.4), (12, 0.1)] {
        groove.steps[step][Lane::Snare.index()] = Some(Hit::new(1.0, offset));
    }
    groove
}

fn engine() -> Engine {
    let engine = Engine::start(EngineOptions {
        audio: false,
        groove: groove(),
        ..EngineOptions::default()
    });
    wait_until("the kit", || !engine.status().kit.is_empty());
    engine
}

fn options(folder: &Path) -> RecordOptions {
    RecordOptions {
        folder: folder.into(),
        sound: true,
        midi: true,
        start: RecordStart::Bar,
    }
}

/// Waits until so many seconds are recorded.
fn recorded(engine: &Engine, seconds: f64) {
    wait_until("the recording", || {
        let recording = engine.status().recording;
        recording.is_some_and(|it| it.seconds.is_some_and(|so_far| so_far > seconds))
    });
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn left(path: &Path) -> Vec<f32> {
    let mut wav = hound::WavReader::open(path).unwrap();
    let samples: Vec<i32> = wav.samples().map(Result::unwrap).collect();
    samples
        .chunks_exact(2)
        .map(|frame| frame[0] as f32 / 8_388_607.0)
        .collect()
}

/// Frames at which a stroke begins: loud, after 20 ms that were a tenth as loud at most.
fn onsets(left: &[f32]) -> Vec<usize> {
    let window = 960;
    let mut onsets: Vec<usize> = Vec::new();
    for at in 0..left.len() {
        let level = left[at].abs();
        if level > 1e-3 && onsets.last().is_none_or(|last| at > last + 4 * window) {
            let before = left[at.saturating_sub(window)..at]
                .iter()
                .fold(0.0_f32, |peak, s| peak.max(s.abs()));
            if level > 5.0 * before {
                onsets.push(at);
            }
        }
    }
    onsets
}

#[test]
fn a_recording_is_what_rendering_offline_gives() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("new");
    let engine = engine();
    assert!(engine.send(Request::Record(options(&into))));
    wait_until("the recording", || engine.status().recording.is_some());
    let recording = engine.status().recording.unwrap();
    assert_eq!(
        (recording.name.as_str(), recording.seconds),
        ("take-001", None)
    );
    assert_eq!(names(&into), ["take-001.mid.part", "take-001.wav.part"]);
    // One at a time.
    assert!(engine.send(Request::Record(options(&into))));
    assert!(engine.send(Command::Play));
    recorded(&engine, 4.2);
    assert_eq!(names(&into).len(), 2);
    assert!(engine.send(Command::StopRecording));
    wait_until("the end", || engine.status().recording.is_none());
    let status = engine.status();
    assert!(status.playing, "the music goes on");
    assert_eq!((status.record_error, status.dropped_midi), (None, 0));
    let files: Vec<PathBuf> = status.recorded.to_vec();
    assert_eq!(names(&into), ["take-001.mid", "take-001.wav"]);

    // The same, faster than it plays: the synthesizer starts a note with its next block of 8.
    let font = SoundFont::load(&SoundFontSource::Embedded).unwrap();
    let expected = render_groove(&groove(), 3, &font, 48_000).unwrap();
    let expected: Vec<f32> = expected.frames.iter().map(|frame| frame[0]).collect();
    let heard = left(&files[0]);
    let (heard_at, wanted_at) = (onsets(&heard), onsets(&expected));
    assert!(heard_at.len() >= 8, "{heard_at:?}");
    for (at, wanted) in heard_at.iter().zip(&wanted_at) {
        assert!(at.abs_diff(*wanted) <= 8, "{heard_at:?} {wanted_at:?}");
        let loudest = |sound: &[f32], from: usize| {
            let range = from..(from + 4_800).min(sound.len());
            sound[range]
                .iter()
                .fold(0.0_f32, |peak, s| peak.max(s.abs()))
        };
        if at + 4_800 < heard.len() {
            let (one, other) = (loudest(&heard, *at), loudest(&expected, *wanted));
            assert!((one - other).abs() < 0.02, "{one} {other} at {at}");
        }
    }
    let bytes = std::fs::read(&files[1]).unwrap();
    let sequence = midi_file::read(&bytes).unwrap();
    assert_eq!(sequence.ticks_per_quarter, i32::from(TICKS_PER_QUARTER));
    // A tick is 0.52 ms at 120.
    let steps = [0.0, 3.7, 8.4, 11.9].map(|step| step / 8.0);
    let wanted = (0..).flat_map(|turn| steps.map(|step| 2.0 * f64::from(turn) + step));
    assert!(sequence.notes.len() >= 8);
    for (note, wanted) in sequence.notes.iter().zip(wanted) {
        assert!(
            (note.start_time - wanted).abs() < 0.000_3,
            "{note:?} {wanted}"
        );
        assert_eq!((note.pitch, note.velocity), (38, 127));
    }
    let length = heard.len() as f64 / 48_000.0;
    let last = sequence.notes.last().map_or(0.0, |note| note.start_time);
    assert!((length - 0.6..length).contains(&last), "{last} of {length}");
}

#[test]
fn an_engine_that_ends_closes_its_recording() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    engine.send(Command::Play);
    let options = RecordOptions {
        start: RecordStart::Now,
        ..options(folder.path())
    };
    engine.send(Request::Record(options.clone()));
    recorded(&engine, 1.0);
    drop(engine);
    assert_eq!(names(folder.path()), ["take-001.mid", "take-001.wav"]);
    assert!(left(&folder.path().join("take-001.wav")).len() > 45_000);
    // Sound or notes alone; stopped before anything was there to be stopped.
    let engine = self::engine();
    engine.send(Command::Play);
    engine.send(Request::Record(RecordOptions {
        sound: false,
        ..options.clone()
    }));
    recorded(&engine, 1.0);
    drop(engine);
    let engine = self::engine();
    engine.send(Request::Record(RecordOptions {
        midi: false,
        ..options.clone()
    }));
    engine.send(Command::StopRecording);
    std::thread::sleep(Duration::from_millis(300));
    wait_until("the end", || engine.status().recording.is_none());
    drop(engine);
    let names = names(folder.path());
    assert!(names.contains(&"take-002.mid".into()) && !names.contains(&"take-002.wav".into()));
    assert!(
        names.iter().all(|name| !name.ends_with(".part")),
        "{names:?}"
    );
}

#[test]
fn what_cannot_be_written_is_said_and_the_music_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let engine = engine();
    engine.send(Command::Play);
    wait_until("the start", || engine.status().playing);
    let nowhere = file.join("takes");
    engine.send(Request::Record(options(&nowhere)));
    wait_until("the reason", || engine.status().record_error.is_some());
    let status = engine.status();
    let error = status.record_error.unwrap();
    let begins = format!("{} can't be recorded into (", nowhere.display());
    assert!(
        error.starts_with(&begins) && error.lines().count() == 1,
        "{error}"
    );
    assert!(status.playing && status.recording.is_none());
    // The folder goes away while it records.
    let gone = folder.path().join("gone");
    engine.send(Request::Record(RecordOptions {
        start: RecordStart::Now,
        ..options(&gone)
    }));
    recorded(&engine, 0.3);
    assert_eq!(engine.status().record_error, None);
    std::fs::remove_dir_all(&gone).unwrap();
    wait_until("the reason", || {
        engine.send(Command::StopRecording);
        engine.status().record_error.is_some()
    });
    let error = engine.status().record_error.unwrap();
    assert!(error.contains("gone/take-001"), "{error}");
    let turn = engine.status().position.turn;
    wait_until("the music", || engine.status().position.turn > turn);
    // And the next one is made.
    engine.send(Request::Record(RecordOptions {
        start: RecordStart::Now,
        ..options(folder.path())
    }));
    recorded(&engine, 0.2);
    engine.send(Command::StopRecording);
    wait_until("the end", || engine.status().recording.is_none());
    assert_eq!(engine.status().record_error, None);
}

/// Runs in a process of its own: see the test below.
#[test]
#[ignore = "run by a_killed_program_leaves_whole_files"]
fn child_recorder() {
    let Some(folder) = std::env::var_os("MUSICVAE_TUI_CHILD") else {
        return;
    };
    let engine = engine();
    engine.send(Command::Play);
    engine.send(Request::Record(RecordOptions {
        start: RecordStart::Now,
        ..options(Path::new(&folder))
    }));
    recorded(&engine, 60.0);
}

#[test]
fn a_killed_program_leaves_whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "recording::child_recorder", "--ignored"])
        .env("MUSICVAE_TUI_CHILD", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let part = |ending: &str| folder.path().join(format!("take-001.{ending}.part"));
    let notes = || {
        let bytes = std::fs::read(part("mid")).unwrap_or_default();
        midi_file::read(&bytes).map_or(0, |sequence| sequence.notes.len())
    };
    wait_until("notes on the disk", || notes() > 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(notes() > 2);
    let seconds = left(&part("wav")).len() as f64 / 48_000.0;
    assert!(seconds > 0.8, "{seconds}");
    assert!(onsets(&left(&part("wav"))).len() > 1);
}
