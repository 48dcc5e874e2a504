//! The engine as a whole, without a sound card: it says so, and plays on its clock.

use std::path::Path;
use std::process::Command as Process;
use std::time::{Duration, Instant};

use musicvae::music::{Groove, Hit, Lane, Meter};
use musicvae_tui::engine::render::{Heard, Score, render_groove};
use musicvae_tui::engine::stderr::StderrGuard;
use musicvae_tui::engine::{
    AudioState, Command, Engine, EngineOptions, MidiState, Request, Setup, SoundFont,
    SoundFontSource, Takeover,
};
use musicvae_tui::kit::EMBEDDED_KIT;

use super::wait::{PATIENCE, wait_until};

/// A bar of kicks on the beats with snares between them, one of those early.
fn beat() -> Groove {
    let mut groove = Groove::empty(16);
    for beat in 0..4 {
        groove.steps[4 * beat][Lane::Kick.index()] = Some(Hit::new(1.0, 0.0));
    }
    groove.steps[6][Lane::Snare.index()] = Some(Hit::new(0.9, 0.25));
    groove
}

#[test]
fn without_the_card_it_plays_on_its_clock_and_says_why() {
    let engine = Engine::start(EngineOptions {
        audio_device: Some("no such card".into()),
        midi_port: Some("no such port".into()),
        groove: beat(),
        qpm: 300.0,
        ..EngineOptions::default()
    });
    wait_until("the kit", || !engine.status().kit.is_empty());
    let off = |engine: &Engine| match engine.status().audio {
        AudioState::Off { reason } if !reason.contains("being opened") => Some(reason),
        _ => None,
    };
    wait_until("the reason", || off(&engine).is_some());
    let reason = off(&engine).unwrap();
    assert_eq!(
        reason,
        "No sound: there is no output named \"no such card\"."
    );
    let MidiState::Off { reason } = engine.status().midi else {
        panic!("there is such a port")
    };
    assert!(
        reason.ends_with('.') && reason.lines().count() == 1,
        "{reason}"
    );

    assert!(engine.send(Command::Play));
    wait_until("the start", || engine.status().playing);
    // 300 quarter notes a minute are 20 steps a second. What a busy machine holds up for a moment
    // is measured again.
    wait_until("its tempo", || {
        let before = (engine.status().position, Instant::now());
        std::thread::sleep(Duration::from_millis(400));
        let after = (engine.status().position, Instant::now());
        let due = 20.0 * (after.1 - before.1).as_secs_f64();
        let turns = after.0.turn as f64 - before.0.turn as f64;
        (after.0.step - before.0.step + 16.0 * turns - due).abs() < 1.5
    });

    let groove = Groove {
        meter: Meter {
            numerator: 3,
            denominator: 4,
        },
        ..Groove::empty(24)
    };
    assert!(engine.send(Request::SetGroove {
        groove,
        takeover: Takeover::NextBar
    }));
    wait_until("the takeover", || engine.status().position.loop_steps == 24);
    assert!(engine.send(Command::Stop));
    wait_until("the stop", || !engine.status().playing);
    let status = engine.status();
    assert_eq!((status.dropped_commands, status.dropped_midi), (0, 0));
    let started = Instant::now();
    drop(engine);
    assert!(started.elapsed() < PATIENCE, "it waits for something");
}

#[test]
fn more_commands_than_there_is_room_for_are_counted() {
    let engine = Engine::start(EngineOptions {
        audio: false,
        ..EngineOptions::default()
    });
    let sent = (0..200_000)
        .filter(|_| engine.send(Command::SetSwing(0.6)))
        .count() as u64;
    let status = engine.status();
    assert_eq!(status.dropped_commands, 200_000 - sent);
    assert!(sent < 200_000);
    wait_until("the swing", || engine.status().swing == 0.6);
}

#[test]
fn a_bad_kit_leaves_the_one_there_was() {
    let engine = Engine::start(EngineOptions {
        audio: false,
        soundfont: SoundFontSource::File("/nowhere/kit.sf2".into()),
        ..EngineOptions::default()
    });
    wait_until("the error", || engine.status().kit_error.is_some());
    wait_until("the kit", || !engine.status().kit.is_empty());
    let error = engine.status().kit_error.unwrap();
    assert!(
        error.starts_with("/nowhere/kit.sf2 cannot be read"),
        "{error}"
    );
    engine.send(Setup::SetSoundFont(SoundFontSource::Embedded));
    wait_until("no error", || engine.status().kit_error.is_none());
}

/// Runs in a process of its own: see the test below.
#[test]
#[ignore = "run by a_guarded_engine_prints_nothing"]
fn child_without_sound() {
    if std::env::var_os("MUSICVAE_TUI_CHILD").is_none() {
        return;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let guard = StderrGuard::redirect(log.path()).unwrap();
    let engine = Engine::start(EngineOptions {
        midi_port: Some("any".into()),
        groove: beat(),
        ..EngineOptions::default()
    });
    let opening = |engine: &Engine| matches!(engine.status().audio, AudioState::Off { reason } if reason.contains("being opened"));
    wait_until("the sound card's answer", || !opening(&engine));
    engine.send(Command::Play);
    wait_until("a step", || engine.status().position.step > 1.0);
    eprintln!("this goes to the log");
    println!("STATUS {:?}", engine.status());
    drop(engine);
    drop(guard);
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(log.ends_with("this goes to the log\n"), "{log}");
}

#[test]
fn a_guarded_engine_prints_nothing() {
    let output = Process::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::child_without_sound",
            "--ignored",
            "--nocapture",
        ])
        .env("MUSICVAE_TUI_CHILD", "1")
        // No configuration at all is the worst that ALSA can meet.
        .env("ALSA_CONFIG_PATH", "/nowhere/alsa.conf")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let status = stdout.lines().find(|line| line.contains("STATUS")).unwrap();
    assert!(status.contains("playing: true"), "{status}");
    assert!(status.contains("audio: Off"), "{status}");
}

#[test]
fn a_groove_is_rendered_on_its_grid_with_its_tail() {
    let font = SoundFont::load(&SoundFontSource::Embedded).unwrap();
    let mut groove = Groove::empty(16);
    for (step, offset) in [(0, 0.0), (4, 0.25), (8, -0.5), (12, 0.0)] {
        groove.steps[step][Lane::Snare.index()] = Some(Hit::new(1.0, offset));
    }
    let started = Instant::now();
    let sound = render_groove(&groove, 4, &font, 48_000).unwrap();
    let seconds = sound.frames.len() as f64 / 48_000.0;
    assert!(
        started.elapsed().as_secs_f64() < seconds,
        "slower than it plays"
    );
    // Four bars of two seconds, and what rings on after them.
    assert!((8.0..12.0).contains(&seconds), "{seconds}");
    let loudest = |from: f64, to: f64| {
        let range = (from * 48_000.0) as usize..(to * 48_000.0) as usize;
        sound.frames[range]
            .iter()
            .flatten()
            .fold(0.0_f32, |peak, s| peak.max(s.abs()))
    };
    for turn in 0..4 {
        for step in [0.0, 3.75, 8.5, 12.0] {
            let at = 2.0 * f64::from(turn) + step / 8.0;
            let before = loudest((at - 0.002).max(0.0), at);
            let after = loudest(at, at + 0.005);
            assert!(
                after > 0.2 && after > 3.0 * before,
                "{at}: {before} {after}"
            );
        }
    }
    // The same a little at a time, as a file.
    let mut file = std::io::Cursor::new(Vec::new());
    let score = Score::of_groove(&groove, 4, 48_000);
    let frames = score.write_wav(&font, Heard::All, &mut file, &mut |_| true);
    assert_eq!(frames.unwrap() as usize, sound.frames.len());
    file.set_position(0);
    let mut reader = hound::WavReader::new(file).unwrap();
    assert_eq!(reader.duration() as usize, sound.frames.len());
    let read = reader
        .samples::<i32>()
        .map(|s| s.unwrap() as f32 / 8_388_607.0);
    for (read, written) in read.zip(sound.frames.iter().flatten()) {
        assert!((read - written).abs() < 1e-6);
    }
    let stopped = score.write_wav(
        &font,
        Heard::All,
        std::io::Cursor::new(Vec::new()),
        &mut |_| false,
    );
    assert_eq!(stopped.unwrap_err().to_string(), "it was stopped");
}

#[test]
fn a_damaged_soundfont_is_refused_or_played_but_never_fatal() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        SoundFont::load(&SoundFontSource::File(path))
            .map(drop)
            .map_err(|error| {
                let error = error.to_string();
                assert!(error.contains(name) && !error.contains('\n'), "{error}");
                error
            })
    };
    assert!(load("whole.sf2", EMBEDDED_KIT).is_ok());
    for (name, bytes, word) in [
        ("empty.sf2", &b""[..], "not a SoundFont"),
        (
            "text.sf2",
            b"this is no SoundFont at all",
            "not a SoundFont",
        ),
        ("wave.sf2", b"RIFF\x04\0\0\0WAVE", "not a SoundFont"),
    ] {
        assert!(load(name, bytes).unwrap_err().contains(word));
    }
    for share in 1..40 {
        let length = EMBEDDED_KIT.len() * share / 40;
        let error = load("cut.sf2", &EMBEDDED_KIT[..length]).unwrap_err();
        assert!(error.contains("cut short"), "{error}");
    }
    // A file whose headers say that its samples are compressed, as SF3's are, though they are not.
    let place = |id: &[u8]| EMBEDDED_KIT.windows(4).position(|word| word == id).unwrap();
    let mut bytes = EMBEDDED_KIT.to_vec();
    bytes[place(b"smpl") + 8..][..4].copy_from_slice(b"OggS");
    for header in bytes[place(b"shdr") + 8..].chunks_exact_mut(46) {
        header[44] |= 0x10;
    }
    let fault = load("damaged.sf3", &bytes).unwrap_err();
    assert!(fault.contains("can't be decoded"), "{fault}");
    // Bits turned over in the tables behind the samples, where they hurt most: some do no harm.
    let tables = EMBEDDED_KIT
        .windows(4)
        .position(|word| word == b"pdta")
        .unwrap();
    let mut refused = 0;
    for n in 0..60 {
        let mut bytes = EMBEDDED_KIT.to_vec();
        let at = tables + (n * 7919) % (bytes.len() - tables);
        bytes[at] ^= 0x80 >> (n % 8);
        refused += usize::from(load("flipped.sf2", &bytes).is_err());
    }
    assert!(refused > 0);
    let error = SoundFont::load(&SoundFontSource::File(folder.path().into())).unwrap_err();
    assert!(error.to_string().contains("not a SoundFont"), "{error}");
}

/// Whatever is larger than memory may be is refused before it is read, and what is no file at all
/// is not waited for.
#[test]
fn a_huge_soundfont_or_a_pipe_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| {
        let error = SoundFont::load(&SoundFontSource::File(path.into())).unwrap_err();
        error.to_string()
    };
    // Claims to be whole, and takes no room on the disk: nothing but its beginning is written.
    let path = folder.path().join("huge.sf2");
    let length = (3_u64 << 30) + 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((length as u32 - 8).to_le_bytes());
    bytes.extend(b"sfbkLIST");
    bytes.extend((length as u32 - 20).to_le_bytes());
    bytes.extend(b"sdtasmpl");
    bytes.extend((length as u32 - 32).to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length).unwrap();
    let error = refused(&path);
    let says = "huge.sf2 is too large (3.2 GB; at most 2.1): choose a smaller one";
    assert!(error.ends_with(says), "{error}");
    let pipe = folder.path().join("pipe.sf2");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(refused(&pipe).contains("not a SoundFont"));
    }
}

#[test]
fn the_shell_renders_and_lists() {
    let program = env!("CARGO_BIN_EXE_musicvae-tui");
    let folder = tempfile::tempdir().unwrap();
    let [midi, wav] = ["in.mid", "out.wav"].map(|name| folder.path().join(name));
    // Format 0, 96 ticks a quarter note; a kick, and half a second later a snare.
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x14".to_vec();
    bytes.extend(
        b"\x00\x99\x24\x64\x60\x89\x24\x00\x00\x99\x26\x64\x60\x89\x26\x00\x00\xFF\x2F\x00",
    );
    std::fs::write(&midi, &bytes).unwrap();
    let render = |font: Option<&str>| {
        let mut process = Process::new(program);
        process.arg("render").arg(&midi).arg("-o").arg(&wav);
        process.args(font.map(|_| "--force"));
        process.args(font.map(|font| format!("--soundfont={font}")));
        process.output().unwrap()
    };
    let output = render(None);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut reader = hound::WavReader::open(&wav).unwrap();
    let samples: Vec<i32> = reader.samples().map(Result::unwrap).collect();
    let loud = |from: usize| {
        samples[2 * from..][..2000]
            .iter()
            .any(|s| s.abs() > 1 << 18)
    };
    assert!(loud(0) && loud(22_050));
    let failed = render(Some("/nowhere.sf2"));
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("/nowhere.sf2 cannot be read"));

    let output = Process::new(program)
        .args(["devices", "--json"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (list, reason) in [
        ("audio_outputs", "audio_reason"),
        ("midi_outputs", "midi_reason"),
        ("midi_inputs", "midi_input_reason"),
    ] {
        let found = value[list].as_array().unwrap();
        assert_eq!(found.is_empty(), value[reason].is_string());
    }
    // The CPU is always there.
    let compute = value["compute"].as_array().unwrap();
    assert_eq!(compute[..2], ["auto", "cpu"]);
}
