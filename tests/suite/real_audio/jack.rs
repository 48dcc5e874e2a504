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

#[cfg(feature = "jack-midi")]
#[test]
fn jack_midi_is_on_time() {
    let Some(_server) = Server::start(48_000, 32) else {
        return;
    };
    let output = Process::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "real_audio::jack::child_midi",
            "--ignored",
            "--nocapture",
        ])
        .env("MUSICVAE_TUI_CHILD", "1")
        .env("JACK_DEFAULT_SERVER", SERVER)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
