//! Sound cards and MIDI servers for a machine that has none, for tests and measurements: ALSA's
//! `file` plugin into a pipe, and JACK with a driver that is only a clock.

#[path = "../../src/engine/thread.rs"]
pub mod priority;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Frames at which a stroke begins: loud, after 20 ms that were a tenth as loud at most.
pub fn onsets(left: &[f32], rate: u32) -> Vec<usize> {
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

/// What the null device is opened with: 32-bit floats in stereo.
pub const ALSA_RATE: u32 = 48_000;
/// Bytes of a frame.
pub const FRAME: usize = 8;

/// A sound card: ALSA's `file` plugin into a pipe that is read at the speed of sound.
pub struct Card {
    _folder: tempfile::TempDir,
    pub pipe: PathBuf,
    /// Where `ALSA_CONFIG_PATH` is to point, so that the default device is this one.
    pub config: PathBuf,
}

impl Card {
    pub fn new() -> Option<Card> {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, config] = ["pipe", "asound.conf"].map(|name| folder.path().join(name));
        let made = Process::new("mkfifo")
            .arg(&pipe)
            .status()
            .is_ok_and(|status| status.success());
        if !made || !cfg!(target_os = "linux") {
            eprintln!("SKIPPED: needs ALSA and mkfifo");
            return None;
        }
        let text = format!(
            "pcm.null {{ type null hint {{ show on description \"discard\" }} }}\n\
             pcm.default {{ type file slave.pcm {{ type null }} file \"{}\" format \"raw\" }}\n\
             ctl.default {{ type null }}\n",
            pipe.display()
        );
        std::fs::write(&config, text).unwrap();
        Some(Card {
            _folder: folder,
            pipe,
            config,
        })
    }

    /// Reads until the pipe is closed, with a rest of `rest` after the first three seconds.
    pub fn capture(&self, rest: Duration) -> std::thread::JoinHandle<Vec<u8>> {
        let pipe = self.pipe.clone();
        std::thread::spawn(move || {
            // A card does not wait for a busy machine.
            priority::make_realtime();
            let mut file = std::fs::File::open(pipe).unwrap();
            let mut started = Instant::now();
            let mut all = Vec::new();
            let mut buffer = [0; FRAME * 480];
            let mut rest = Some(rest);
            loop {
                match file.read(&mut buffer).unwrap() {
                    0 => return all,
                    count => all.extend(&buffer[..count]),
                }
                let read = all.len() as f64 / FRAME as f64 / f64::from(ALSA_RATE);
                if let Some(rest) = rest.take_if(|_| read > 3.0) {
                    std::thread::sleep(rest);
                    started += rest;
                }
                let due = Duration::from_secs_f64(read);
                std::thread::sleep(due.saturating_sub(started.elapsed()));
            }
        })
    }
}

/// The left channel of what a [`Card`] captured.
pub fn left(bytes: &[u8]) -> Vec<f32> {
    let sample = |frame: &[u8]| f32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
    bytes.chunks_exact(FRAME).map(sample).collect()
}

/// Name of the server, for `JACK_DEFAULT_SERVER`: another one in another checkout, where the same may
/// run at the same time. (JACK remembers few names, so that one a process would be too many.)
pub static SERVER: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    format!("musicvae-tui-{:04x}", hasher.finish() as u16)
});

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
        let up = || {
            tool("jack_lsp")
                .output()
                .is_ok_and(|output| output.status.success())
        };
        if up() {
            // Of another rate, maybe, and with others' clients.
            eprintln!(
                "SKIPPED: a JACK server called {} runs already: end it",
                *SERVER
            );
            return None;
        }
        let server = Process::new("jackd")
            .args(["-n", &SERVER, "-R", "-P", "20", "-d", "dummy"])
            .args(["-r", &rate.to_string(), "-p", &period.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(server) = server else {
            eprintln!("SKIPPED: needs jackd (package jackd2)");
            return None;
        };
        let server = Server(server, alone);
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
        .env("JACK_DEFAULT_SERVER", &*SERVER)
        .env("JACK_NO_START_SERVER", "1");
    process
}
