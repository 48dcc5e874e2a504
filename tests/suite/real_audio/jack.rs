//! The same through JACK with a driver that is only a clock; and MIDI timing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::*;

#[cfg(feature = "jack-midi")]
mod receiver;

pub const SERVER: &str = "musicvae-tui-test";

/// One server at a time: two with a real-time priority would disturb each other's clock.
static ALONE: Mutex<()> = Mutex::new(());

/// A JACK server with a driver that is only a clock, ended with the test.
pub struct Server(
    Child,
    #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>,
);

impl Server {
    pub fn start(rate: u32, period: u32) -> Option<Server> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let server = Process::new("jackd")
            .args(["-n", SERVER, "-R", "-P", "20", "-d", "dummy"])
            .args(["-r", &rate.to_string(), "-p", &period.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(server) = server else {
            eprintln!("SKIPPED: needs jackd (package jackd2)");
            return None;
        };
        let server = Server(server, alone);
        let up = || {
            tool("jack_lsp")
                .output()
                .is_ok_and(|output| output.status.success())
        };
        let started = Instant::now();
        while !up() {
            if started.elapsed() > Duration::from_secs(10) {
                eprintln!("SKIPPED: jackd does not start with a real-time priority here");
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn tool(name: &str) -> Process {
    let mut process = Process::new(name);
    process
        .env("JACK_DEFAULT_SERVER", SERVER)
        .env("JACK_NO_START_SERVER", "1");
    process
}

#[cfg(feature = "jack")]
#[test]
fn jack_plays_what_is_scheduled() {
    let Some(_server) = Server::start(44_100, 512) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("capture.wav");
    let mut child = player(8)
        .env("JACK_DEFAULT_SERVER", SERVER)
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

/// Plays to a port of its own and holds what arrives to the grid.
#[cfg(feature = "jack-midi")]
#[test]
#[ignore = "run by jack_midi_is_on_time"]
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
            move |time, bytes, _| {
                let _ = sender.send((time, bytes.to_vec()));
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
    std::thread::sleep(Duration::from_secs(20));
    engine.send(Command::Stop);
    std::thread::sleep(Duration::from_millis(200));
    drop(engine);
    let messages: Vec<(u64, Vec<u8>)> = received.try_iter().collect();
    let times = |status: u8| -> Vec<f64> {
        let of = messages.iter().filter(move |(_, bytes)| bytes[0] == status);
        of.map(|(time, _)| *time as f64 / 1000.0).collect()
    };
    let report = |what: &str, times: &[f64], grid: &mut dyn Iterator<Item = f64>| {
        let first = times[0];
        let mut late: Vec<f64> = times
            .iter()
            .zip(grid)
            .map(|(time, ideal)| time - first - ideal * 1e3)
            .collect();
        late.sort_by(f64::total_cmp);
        let middle = late[late.len() / 2];
        let mut off: Vec<f64> = late.iter().map(|late| (late - middle).abs()).collect();
        off.sort_by(f64::total_cmp);
        let at = |share: f64| off[((off.len() - 1) as f64 * share) as usize];
        let (p50, p99, worst) = (at(0.5), at(0.99), at(1.0));
        println!(
            "{what}: {} of them, off by {p50:.3} / {p99:.3} / {worst:.3} ms",
            off.len()
        );
        assert!(p50 < 5.0);
    };
    // Not each note of 20 s at 120, but no note lost, doubled or stuck in what was played.
    let [on, off] = [times(0x99), times(0x89)];
    assert!(
        on.len() >= 39 && on.len() == off.len(),
        "{} {}",
        on.len(),
        off.len()
    );
    report("notes", &on, &mut schedule());
    let clocks = times(0xF8);
    assert!(clocks.len() >= 950, "{}", clocks.len());
    report("clocks", &clocks, &mut (0..).map(|n| f64::from(n) / 48.0));
    assert_eq!((times(0xFA).len(), times(0xFC).len()), (1, 1));
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
    assert!(quiet.elapsed() < Duration::from_millis(800));
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
fn jack_midi_is_on_time() {
    child_on(48_000, 32, "child_midi");
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
        .env("JACK_DEFAULT_SERVER", SERVER)
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
