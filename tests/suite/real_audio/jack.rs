//! The same through JACK with a driver that is only a clock; and MIDI timing.

use super::devices::{SERVER, Server, tool};
use super::*;

#[cfg(feature = "jack-midi")]
mod receiver;

#[cfg(feature = "jack")]
#[test]
fn jack_plays_what_is_scheduled() {
    let Some(_server) = Server::start(44_100, 512) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("capture.wav");
    let mut child = player(8)
        .env("JACK_DEFAULT_SERVER", &*SERVER)
        .env("MUSICVAE_TUI_DEVICE", "jack")
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    while !said.next().unwrap().unwrap().contains("READY") {}
    let ports = tool("jack_lsp").output().unwrap();
    let ports = String::from_utf8_lossy(&ports.stdout).into_owned();
    let port = ports
        .lines()
        .find(|line| line.ends_with(":out_0"))
        .expect(&ports)
        .to_string();
    let recorder = tool("jack_rec")
        .args(["-f", wav.to_str().unwrap(), "-d", "7", "-b", "16", &port])
        .stdout(Stdio::null())
        .status();
    for line in said {
        println!("{}", line.unwrap());
    }
    finish(child);
    if recorder.is_err() {
        eprintln!("SKIPPED: needs jack_rec (package jack-tools or jackd2)");
        return;
    }
    let mut reader = hound::WavReader::open(&wav).unwrap();
    let left: Vec<f32> = reader
        .samples::<i16>()
        .map(|s| f32::from(s.unwrap()) / 32_768.0)
        .collect();
    check(&left, 44_100, 10);
}

/// Plays to a port of its own, and looks at what arrives. How much it is off is measured by
/// `benches/engine`; here every message must have come, once and at its place among the clocks,
/// however busy the machine is.
#[cfg(feature = "jack-midi")]
#[test]
#[ignore = "run by jack_midi_arrives_whole_and_in_order"]
fn child_midi() {
    use midir::os::unix::VirtualInput;
    use std::sync::mpsc::channel;

    if std::env::var_os("MUSICVAE_TUI_CHILD").is_none() {
        return;
    }
    let (sender, received) = channel();
    let _receiver = midir::MidiInput::new("receiver")
        .unwrap()
        .create_virtual(
            "drums",
            move |_, bytes, _| {
                let _ = sender.send(bytes.to_vec());
            },
            (),
        )
        .unwrap();
    let engine = Engine::start(EngineOptions {
        audio: false,
        midi_port: Some("receiver:drums".into()),
        groove: groove(),
        ..EngineOptions::default()
    });
    let started = Instant::now();
    while !matches!(engine.status().midi, MidiState::On { .. }) {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?}",
            engine.status().midi
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    engine.send(Command::Play);
    // Ten turns, and not a time: a machine that sleeps does not make up for it.
    while engine.status().position.turn < 10 {
        std::thread::sleep(Duration::from_millis(50));
    }
    engine.send(Command::Stop);
    while engine.status().playing {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(200));
    // A note that is far too late is left out, and counted: so says the engine, and so it must be.
    let left_out = engine.status().dropped_midi;
    drop(engine);
    let messages: Vec<Vec<u8>> = received.try_iter().collect();
    let count = |status: u8| messages.iter().filter(|bytes| bytes[0] == status).count();
    assert_eq!((count(0xFA), count(0xFC), count(0xFB)), (1, 1, 0));
    assert_eq!(count(0x99), count(0x89), "a note that begins ends");
    let begun = messages.iter().position(|bytes| bytes == &[0xFA]).unwrap();
    let ended = messages.iter().position(|bytes| bytes == &[0xFC]).unwrap();
    let mut clocks = 0;
    let mut strokes = schedule().map(|seconds| seconds * 48.0).peekable();
    let (mut heard, mut missing) = (0, 0);
    for bytes in &messages[begun..ended] {
        match bytes[0] {
            0xF8 => clocks += 1,
            0x99 => {
                // The clock of its own moment may come before or after it.
                let here = |due: f64| (due - f64::from(clocks)).abs() <= 1.0;
                while strokes.next_if(|due| !here(*due)).is_some() {
                    missing += 1;
                }
                assert!(strokes.next().is_some_and(here), "a note at no place");
                heard += 1;
                assert!(
                    missing <= left_out,
                    "lost on the way: {missing} of {left_out}"
                );
            }
            _ => (),
        }
    }
    println!("{heard} notes and {clocks} clocks; {left_out} notes were left out");
    assert!(clocks >= 960, "{clocks}");
    assert!(heard + left_out >= 40, "{heard}");
}

/// Follows a master of its own, which also strikes a pad; holds what is played to the master.
#[cfg(feature = "jack-midi")]
#[test]
#[ignore = "run by jack_midi_is_followed"]
fn child_follower() {
    use midir::os::unix::{VirtualInput, VirtualOutput};
    use musicvae_tui::engine::{Received, Sync};
    use std::sync::mpsc::channel;

    if std::env::var_os("MUSICVAE_TUI_CHILD").is_none() {
        return;
    }
    let (sender, received) = channel();
    let epoch = Instant::now();
    let _receiver = midir::MidiInput::new("receiver")
        .unwrap()
        .create_virtual(
            "drums",
            move |_, bytes, _| {
                let _ = sender.send((epoch.elapsed().as_secs_f64(), bytes.to_vec()));
            },
            (),
        )
        .unwrap();
    let virtual_output = || {
        midir::MidiOutput::new("master")
            .unwrap()
            .create_virtual("clock")
            .unwrap()
    };
    let mut master = virtual_output();
    let engine = Engine::start(EngineOptions {
        audio: false,
        midi_port: Some("receiver:drums".into()),
        midi_input: Some("master:clock".into()),
        virtual_input: true,
        follow_clock: true,
        groove: Groove {
            steps: groove().steps,
            ..Groove::empty(16)
        },
        ..EngineOptions::default()
    });
    let wait = |what: &str, condition: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !condition() {
            assert!(
                started.elapsed() < Duration::from_secs(15),
                "{what}: {:?}",
                engine.status()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let on = |state: &MidiState| matches!(state, MidiState::On { .. });
    wait("ports", &|| {
        on(&engine.status().midi) && on(&engine.status().midi_in)
    });

    // 128 quarter notes a minute for 40 beats; started after two of them.
    let tick = 60.0 / 128.0 / 24.0;
    let first = epoch.elapsed().as_secs_f64();
    let at = |n: u32| first + f64::from(n) * tick;
    for n in 0..24 * 40 {
        let wait = at(n) - epoch.elapsed().as_secs_f64();
        std::thread::sleep(Duration::from_secs_f64(wait.max(0.0)));
        master.send(&[0xF8]).unwrap();
        if n == 47 {
            master.send(&[0xFA]).unwrap();
        }
        if n == 24 * 20 {
            master.send(&[0x99, 49, 77]).unwrap();
            master.send(&[0xB0, 74, 5]).unwrap();
        }
    }
    // The one that listens to the master, and the one that others find.
    let ports = tool("jack_lsp").output().unwrap();
    let ports = String::from_utf8_lossy(&ports.stdout).into_owned();
    let inputs = ports
        .lines()
        .filter(|port| port.starts_with("musicvae-tui") && port.ends_with(":in"));
    assert_eq!(inputs.count(), 2, "{ports}");
    let Sync::Following(qpm) = engine.status().sync else {
        panic!("{:?}", engine.status().sync)
    };
    println!("FOLLOWED at {qpm:.3}");
    assert!((qpm - 128.0).abs() < 0.5);
    assert!(engine.received().iter().any(|it| matches!(
        it,
        Received::Note {
            velocity: 77,
            lane: Some(Lane::Crash),
            tap: Some(_),
            ..
        }
    )));
    let quiet = Instant::now();
    wait("the loss", &|| {
        matches!(engine.status().sync, Sync::Lost(_))
    });
    println!("LOST after {:?}", quiet.elapsed());
    // The port itself goes, and comes back.
    drop(master);
    wait("the port's loss", &|| !on(&engine.status().midi_in));
    let mut master = virtual_output();
    wait("the port", &|| on(&engine.status().midi_in));
    for _ in 0..30 {
        std::thread::sleep(Duration::from_secs_f64(tick));
        master.send(&[0xF8]).unwrap();
    }
    assert!(matches!(engine.status().sync, Sync::Following(_)));
    master.send(&[0xFC]).unwrap();
    wait("the stop", &|| !engine.status().playing);
    std::thread::sleep(Duration::from_millis(200));
    drop(engine);

    let end = at(24 * 40);
    let messages: Vec<(f64, Vec<u8>)> = received.try_iter().collect();
    // The pad's stroke does not leave, and every note that begins ends.
    let count = |status: u8| messages.iter().filter(|it| it.1[0] == status).count();
    assert!(messages.iter().all(|it| it.1[0] != 0x99 || it.1[1] != 49));
    assert_eq!(count(0x99), count(0x89));
    // Milliseconds after the master's own; two JACK periods of that are the way there and back.
    let mut late: Vec<f64> = messages
        .iter()
        .filter(|(time, bytes)| bytes[0] == 0x99 && *time < end - 0.1)
        .filter_map(|(time, _)| {
            let steps = (time - at(48)) / (6.0 * tick);
            schedule()
                .take(64)
                .map(|seconds| (steps - seconds * 8.0) * 6.0 * tick * 1e3)
                .min_by(|a, b| a.abs().total_cmp(&b.abs()))
        })
        .collect();
    assert!(late.len() > 34, "{}", late.len());
    late.sort_by(f64::total_cmp);
    let middle = late[late.len() / 2];
    let mut off: Vec<f64> = late.iter().map(|late| (late - middle).abs()).collect();
    off.sort_by(f64::total_cmp);
    let share = |share: f64| off[((off.len() - 1) as f64 * share) as usize];
    println!(
        "{} notes {middle:.3} ms after the master, and off that by {:.3} / {:.3} / {:.3} ms",
        off.len(),
        share(0.5),
        share(0.99),
        share(1.0)
    );
    assert!(middle.abs() < 20.0 && share(0.5) < 5.0);
}

#[cfg(feature = "jack-midi")]
#[test]
fn jack_midi_is_followed() {
    // JACK rounds MIDI to its period: the clock comes with 5 ms of jitter, and all the notes arrive.
    child_on(48_000, 256, "child_follower");
}

#[cfg(feature = "jack-midi")]
#[test]
fn jack_midi_arrives_whole_and_in_order() {
    // Long periods: a client that is late for one loses what was in it.
    child_on(48_000, 1024, "child_midi");
}

/// Runs a test in a process of its own, with a server.
#[cfg(feature = "jack-midi")]
fn child_on(rate: u32, period: u32, name: &str) {
    let Some(_server) = Server::start(rate, period) else {
        return;
    };
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("real_audio::jack::{name}")])
        .args(["--ignored", "--nocapture"])
        .env("MUSICVAE_TUI_CHILD", "1")
        .env("JACK_DEFAULT_SERVER", &*SERVER)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
