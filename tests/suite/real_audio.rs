//! Sound and MIDI through a real driver, captured and measured against the schedule. Each test
//! names what it needs and skips without it.

#[cfg(feature = "jack")]
use std::io::BufRead;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use musicvae_tui::engine::{AudioState, Command, Engine, EngineOptions};
use musicvae_tui::music::{Groove, Hit, Lane};

/// Strokes of the test's groove: one bar at 120 quarter notes a minute, in steps of 1/8 s.
const STROKES: [(usize, f32); 4] = [(0, 0.0), (4, 0.3), (8, -0.4), (12, 0.0)];

fn groove() -> Groove {
    let mut groove = Groove::empty(16);
    for (step, offset) in STROKES {
        groove.steps[step][Lane::Snare.index()] = Some(Hit {
            velocity: 1.0,
            offset,
        });
    }
    groove
}

/// When the strokes sound, in seconds since play.
fn schedule() -> impl Iterator<Item = f64> {
    (0..).flat_map(|turn| {
        STROKES.map(|(step, offset)| (16 * turn + step) as f64 / 8.0 - f64::from(offset) / 8.0)
    })
}

/// Plays in a process of its own, for the environment is read once a process.
#[test]
#[ignore = "run by the tests below"]
fn child_player() {
    let Some(seconds) = std::env::var("MUSICVAE_TUI_CHILD").ok() else {
        return;
    };
    let engine = Engine::start(EngineOptions {
        audio_device: std::env::var("MUSICVAE_TUI_DEVICE").ok(),
        groove: groove(),
        ..EngineOptions::default()
    });
    let started = Instant::now();
    while !matches!(engine.status().audio, AudioState::On { buffer, .. } if buffer > 0) {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?}",
            engine.status().audio
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("READY");
    std::thread::sleep(Duration::from_millis(300));
    engine.send(Command::Play);
    std::thread::sleep(Duration::from_secs(seconds.parse().unwrap()));
    let status = engine.status();
    println!("AUDIO {:?}", status.audio);
    println!("ERRORS {} {}", status.audio_errors, status.dropped_commands);
    engine.send(Command::Stop);
    std::thread::sleep(Duration::from_millis(300));
}

fn player(seconds: u32) -> Process {
    let mut process = Process::new(std::env::current_exe().unwrap());
    process
        .args([
            "--exact",
            "real_audio::child_player",
            "--ignored",
            "--nocapture",
        ])
        .env("MUSICVAE_TUI_CHILD", seconds.to_string())
        .stdout(Stdio::piped());
    process
}

/// Waits for the player to end well; returns what it said.
fn finish(player: Child) -> String {
    let output = player.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// Frames at which a stroke begins: loud, after 20 ms that were a tenth as loud at most.
fn onsets(left: &[f32], rate: u32) -> Vec<usize> {
    let window = rate as usize / 50;
    let mut onsets: Vec<usize> = Vec::new();
    for at in window..left.len() {
        let level = left[at].abs();
        if level > 1e-3 && onsets.last().is_none_or(|last| at > last + 4 * window) {
            let before = left[at - window..at]
                .iter()
                .fold(0.0_f32, |peak, s| peak.max(s.abs()));
            if level > 5.0 * before {
                onsets.push(at);
            }
        }
    }
    onsets
}

/// Holds the onsets of a capture to the schedule: one steady latency, and at most 8 frames around
/// it (the synthesizer starts a note with its next block of 8).
fn check(left: &[f32], rate: u32, least: usize) {
    let onsets = onsets(left, rate);
    assert!(onsets.len() >= least, "{} strokes of {least}", onsets.len());
    let first = onsets[0] as f64;
    let errors: Vec<f64> = schedule()
        .zip(&onsets)
        .map(|(seconds, onset)| *onset as f64 - first - seconds * f64::from(rate))
        .collect();
    let spread = |pick: fn(f64, f64) -> f64| errors.iter().copied().reduce(pick).unwrap();
    let (low, high) = (spread(f64::min), spread(f64::max));
    println!(
        "{} strokes; onsets within {low:.1}..{high:.1} frames of the schedule",
        onsets.len()
    );
    assert!(high - low <= 8.0, "{errors:?}");
}

/// ALSA's `file` plugin into a pipe that is read at the speed of sound: no sound card is needed.
#[test]
fn alsa_plays_what_is_scheduled() {
    if !cfg!(target_os = "linux") {
        eprintln!("SKIPPED: alsa_plays_what_is_scheduled needs ALSA");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [pipe, config] = ["pipe", "asound.conf"].map(|name| folder.path().join(name));
    if !Process::new("mkfifo")
        .arg(&pipe)
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("SKIPPED: alsa_plays_what_is_scheduled needs mkfifo");
        return;
    }
    let text = format!(
        "pcm.null {{ type null hint {{ show on description \"discard\" }} }}\n\
         pcm.default {{ type file slave.pcm {{ type null }} file \"{}\" format \"raw\" }}\n\
         ctl.default {{ type null }}\n",
        pipe.display()
    );
    std::fs::write(&config, text).unwrap();
    let mut child = player(5).env("ALSA_CONFIG_PATH", &config).spawn().unwrap();
    let reader = std::thread::spawn(move || read_paced(&pipe));
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_to_string(&mut said)
        .unwrap();
    finish(child);
    println!("{said}");
    assert!(
        said.contains(&format!("rate: {ALSA_RATE}, channels: 2")),
        "{said}"
    );
    let bytes = reader.join().unwrap();
    let sample = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let left: Vec<f32> = bytes.chunks_exact(FRAME).map(sample).collect();
    check(&left, ALSA_RATE, 9);
}

/// What the null device is opened with: 32-bit floats in stereo.
const ALSA_RATE: u32 = 48_000;
const FRAME: usize = 8;

/// Reads a pipe at its sample rate until it is closed.
fn read_paced(pipe: &Path) -> Vec<u8> {
    let mut file = std::fs::File::open(pipe).unwrap();
    let started = Instant::now();
    let mut all = Vec::new();
    let mut buffer = [0; FRAME * 480];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return all,
            count => all.extend(&buffer[..count]),
        }
        let due = Duration::from_secs_f64(all.len() as f64 / FRAME as f64 / f64::from(ALSA_RATE));
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
}

#[cfg(feature = "jack")]
mod jack {
    use super::*;

    const SERVER: &str = "musicvae-tui-test";

    /// A JACK server with a driver that is only a clock, ended with the test.
    struct Server(Child);

    impl Server {
        fn start(rate: u32, period: u32) -> Option<Server> {
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
            let server = Server(server);
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

    fn tool(name: &str) -> Process {
        let mut process = Process::new(name);
        process
            .env("JACK_DEFAULT_SERVER", SERVER)
            .env("JACK_NO_START_SERVER", "1");
        process
    }

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
        let Ok(_) = recorder else {
            eprintln!("SKIPPED: needs jack_rec (package jack-tools or jackd2)");
            return;
        };
        for line in said {
            println!("{}", line.unwrap());
        }
        finish(child);
        let mut reader = hound::WavReader::open(&wav).unwrap();
        let left: Vec<f32> = reader
            .samples::<i16>()
            .map(|s| f32::from(s.unwrap()) / 32_768.0)
            .collect();
        check(&left, 44_100, 10);
    }
}
