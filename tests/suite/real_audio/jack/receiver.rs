//! MIDI to another process that comes and goes, through ports of a real server.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ChildStdin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use midir::os::unix::VirtualInput;
use musicvae_tui::engine::VIRTUAL_PORT;

use super::*;
use crate::session::Session;

/// Far beyond what anything here takes, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// Prints what arrives at a port of its own, until its input ends.
#[test]
#[ignore = "run by the tests below"]
fn child_receiver() {
    if std::env::var_os("MUSICVAE_TUI_CHILD").is_none() {
        return;
    }
    let print = |_: u64, bytes: &[u8], _: &mut ()| {
        let words: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("\nGOT {}", words.join(" "));
    };
    let receiver = midir::MidiInput::new("receiver").unwrap();
    let _port = receiver.create_virtual("drums", print, ()).unwrap();
    println!("\nREADY");
    let _ = std::io::stdin().read(&mut [0]);
}

/// A process with a MIDI port `receiver:drums`, and what it was sent.
struct Receiver {
    child: Child,
    input: Option<ChildStdin>,
    got: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Receiver {
    fn start() -> Receiver {
        Receiver::of("child_receiver")
    }

    /// Runs one of the functions here in a process of its own.
    fn of(name: &str) -> Receiver {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("real_audio::jack::receiver::{name}")])
            .args(["--ignored", "--nocapture"])
            .env("MUSICVAE_TUI_CHILD", "1")
            .env("JACK_DEFAULT_SERVER", &*SERVER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !lines.next().unwrap().unwrap().contains("READY") {}
        let got = Arc::new(Mutex::new(Vec::new()));
        let heard = got.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(words) = line.strip_prefix("GOT ") {
                    let byte = |word| u8::from_str_radix(word, 16).unwrap();
                    let bytes: Vec<u8> = words.split(' ').map(byte).collect();
                    heard
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(bytes);
                }
            }
        });
        Receiver { child, input, got }
    }

    fn got(&self) -> Vec<Vec<u8>> {
        self.got
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Messages whose status is `status`, on any channel.
    fn count(&self, status: u8) -> usize {
        let of =
            |bytes: &&Vec<u8>| bytes[0] == status || (status < 0xF0 && bytes[0] & 0xF0 == status);
        self.got().iter().filter(of).count()
    }

    /// The notes that sound.
    fn sounding(&self) -> BTreeSet<(u8, u8)> {
        let mut sounding = BTreeSet::new();
        for bytes in self.got() {
            match bytes[..] {
                [status, note, 1..=127] if status & 0xF0 == 0x90 => {
                    sounding.insert((status & 15, note));
                }
                [status, note, _] if matches!(status & 0xF0, 0x80 | 0x90) => {
                    sounding.remove(&(status & 15, note));
                }
                _ => (),
            }
        }
        sounding
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(mut input) = self.input.take() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.child.wait();
    }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "in vain waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The program on a terminal, on this server, with a configuration.
fn program(midi: &str) -> (Session, tempfile::TempDir) {
    program_on("off", midi)
}

/// The same with an audio device.
fn program_on(device: &str, midi: &str) -> (Session, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let text = format!(
        "[audio]\ndevice = \"{device}\"\n[midi]\ngate = 1.0\n{midi}\n[playing]\ntempo = 60.0\n"
    );
    std::fs::write(&config, text).unwrap();
    let session = Session::open_with(|command| {
        command.env("JACK_DEFAULT_SERVER", &*SERVER);
        command.env("JACK_NO_START_SERVER", "1");
        command.args(["--config".as_ref(), config.as_os_str()]);
    });
    (session, folder)
}

/// Told to end by any signal while notes sound, the program ends them, stops whoever follows its
/// clock, and gives the terminal back.
#[test]
fn no_signal_leaves_a_note_behind() {
    let Some(_server) = Server::start(48_000, 256) else {
        return;
    };
    for signal in ["TERM", "INT", "HUP"] {
        let receiver = Receiver::start();
        let (mut session, _folder) = program("port = \"receiver\"");
        session.until("the first groove", |text| text.contains("A: seed 59"));
        session.until("the port", |text| text.contains("MIDI on"));
        session.press(" ");
        until("notes", || {
            receiver.count(0x90) > 3 && !receiver.sounding().is_empty()
        });
        session.signal(signal);
        session.end();
        session.assert_restored();
        until("silence", || receiver.sounding().is_empty());
        until("the stop", || receiver.count(0xFC) == 1);
        assert_eq!(receiver.count(0xFA), 1, "{signal}");
        assert!(receiver.count(0xB0) >= 2);
    }
}

/// A machine that is switched off and on again while the groove plays.
#[test]
fn a_receiver_that_goes_and_comes_back_joins_again() {
    let Some(_server) = Server::start(48_000, 256) else {
        return;
    };
    let receiver = Receiver::start();
    let (mut session, _folder) = program("port = \"Receiver\"\nmap = \"volca drum\"");
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.until("the port", |text| text.contains("MIDI on"));
    session.press(" ");
    until("notes", || receiver.count(0x90) > 3);
    // Part by part on channels of their own.
    let channels: BTreeSet<u8> = receiver
        .got()
        .iter()
        .filter(|it| it[0] & 0xF0 == 0x90)
        .map(|it| it[0] & 15)
        .collect();
    assert!(channels.iter().all(|channel| *channel < 6), "{channels:?}");
    drop(receiver);
    session.until("the loss", |text| text.contains("MIDI off"));
    let receiver = Receiver::start();
    session.until("the port again", |text| text.contains("MIDI on"));
    until("notes", || receiver.count(0x90) > 3);
    assert_eq!(
        (receiver.count(0xFB), receiver.count(0xFA)),
        (1, 0),
        "it continues with us"
    );
    assert_eq!(receiver.count(0xF2), 1);
    session.press(" ");
    until("the stop", || receiver.count(0xFC) == 1);
    until("silence", || receiver.sounding().is_empty());
    session.press("q");
    session.end();
}

/// The program's own port, by which others find it.
#[test]
fn the_virtual_port_has_the_programs_name() {
    let Some(_server) = Server::start(48_000, 256) else {
        return;
    };
    let receiver = Receiver::start();
    let (mut session, _folder) = program(&format!("port = \"{VIRTUAL_PORT}\""));
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.until("the port", |text| text.contains("MIDI on"));
    let ports = tool("jack_lsp").output().unwrap();
    let ports = String::from_utf8_lossy(&ports.stdout).into_owned();
    assert!(
        ports
            .lines()
            .any(|line| line == "musicvae-tui:musicvae-tui"),
        "{ports}"
    );
    let connected = tool("jack_connect")
        .args(["musicvae-tui:musicvae-tui", "receiver:drums"])
        .status();
    assert!(connected.unwrap().success());
    session.press(" ");
    until("notes", || receiver.count(0x90) > 3);
    assert_eq!(receiver.count(0xFA), 1);
    session.press("q");
    session.end();
    until("silence", || receiver.sounding().is_empty());
    until("the stop", || receiver.count(0xFC) == 1);
}

/// The server itself goes and comes back.
#[test]
fn a_server_that_is_started_again_is_found() {
    let Some(server) = Server::start(48_000, 256) else {
        return;
    };
    let receiver = Receiver::start();
    let (mut session, _folder) = program("port = \"receiver\"");
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.until("the port", |text| text.contains("MIDI on"));
    session.press(" ");
    until("notes", || receiver.count(0x90) > 3);
    drop(server);
    session.until("the loss", |text| text.contains("MIDI off"));
    session.until("the playhead move on", |text| text.contains("playing 2:"));
    drop(receiver);
    let Some(_server) = Server::start(48_000, 256) else {
        return;
    };
    let receiver = Receiver::start();
    session.until("the port again", |text| text.contains("MIDI on"));
    until("notes", || receiver.count(0x90) > 3);
    session.press("q");
    session.end();
    until("silence", || receiver.sounding().is_empty());
}

/// Wherever the program panics while notes sound: they end, and so does whoever follows its clock.
#[test]
fn no_panic_leaves_a_note_behind() {
    if !cfg!(debug_assertions) {
        eprintln!("SKIPPED: a release build has no faults on demand");
        return;
    }
    let Some(_server) = Server::start(48_000, 256) else {
        return;
    };
    for at in [
        "audio",
        "clock",
        "midi",
        "control",
        "inference",
        "keys",
        "screen",
    ] {
        let device = match at {
            "audio" if cfg!(feature = "jack") => "jack",
            "audio" => continue,
            _ => "off",
        };
        let receiver = Receiver::start();
        let (mut session, _folder) = program_on(device, "port = \"receiver\"");
        session.until("the first groove", |text| text.contains("A: seed 59"));
        session.until("the port", |text| text.contains("MIDI on"));
        session.press(" ");
        until("notes", || {
            receiver.count(0x90) > 3 && !receiver.sounding().is_empty()
        });
        session.break_at(at, |session| match at {
            "inference" => session.press("s"),
            "keys" => session.press("0"),
            _ => (),
        });
        if !matches!(at, "keys" | "screen") {
            let heard = receiver.count(0x90);
            until("more notes", || receiver.count(0x90) > heard + 3);
            session.press("q");
        }
        session.end();
        session.assert_restored();
        until("silence", || receiver.sounding().is_empty());
        let last = || receiver.got().into_iter().rfind(|bytes| bytes[0] >= 0xFA);
        until("the stop", || last() == Some(vec![0xFC]));
    }
}

/// Strikes a pad, again and again, until its input ends.
#[test]
#[ignore = "run by the test below"]
fn child_pads() {
    use midir::os::unix::VirtualOutput;

    if std::env::var_os("MUSICVAE_TUI_CHILD").is_none() {
        return;
    }
    let pads = midir::MidiOutput::new("pads").unwrap();
    let mut port = pads.create_virtual("out").unwrap();
    println!("\nREADY");
    std::thread::spawn(move || {
        loop {
            port.send(&[0x99, 49, 100]).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let _ = std::io::stdin().read(&mut [0]);
}

/// A fault while a message comes in costs that message, and nothing else: JACK calls us from C,
/// where a panic would end the program.
#[test]
fn a_panic_at_the_input_costs_one_message() {
    if !cfg!(debug_assertions) {
        eprintln!("SKIPPED: a release build has no faults on demand");
        return;
    }
    let Some(_server) = Server::start(48_000, 256) else {
        return;
    };
    let receiver = Receiver::start();
    let _pads = Receiver::of("child_pads");
    let (mut session, _folder) = program("port = \"receiver\"\ninput = \"pads\"\nthru = true");
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.until("the port", |text| text.contains("MIDI on"));
    until("strokes", || receiver.count(0x90) > 3);
    session.break_at("midi input", |_| ());
    let heard = receiver.count(0x90);
    until("more strokes", || receiver.count(0x90) > heard + 3);
    session.press("q");
    assert!(session.end().success());
    session.assert_restored();
    until("silence", || receiver.sounding().is_empty());
}
