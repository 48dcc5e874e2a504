//! `musicvae-tui play`: the real program, steered by OSC, read by its JSON lines.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use rosc::{OscMessage, OscPacket, OscType, decoder, encoder};
use serde_json::Value;
use tempfile::TempDir;

use super::support::drums;
use super::wait::PATIENCE;

/// The program, and whoever steers it.
struct Stage {
    child: Child,
    /// What it prints.
    lines: Option<BufReader<ChildStdout>>,
    osc: Option<SocketAddr>,
    socket: UdpSocket,
    _folder: TempDir,
}

impl Stage {
    fn with(folder: TempDir, arguments: &[&str]) -> Stage {
        let mut child = Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
            .args(["play", "--audio", "off", "--print"])
            .args(arguments)
            .current_dir(folder.path())
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Stage {
            child,
            lines: Some(lines),
            osc: None,
            socket,
            _folder: folder,
        }
    }

    fn start(arguments: &[&str]) -> Stage {
        let mut stage = Stage::with(TempDir::new().unwrap(), arguments);
        let listens = stage.wait_for(|line| line["event"] == "osc");
        stage.osc = listens["listens"].as_str().map(|at| at.parse().unwrap());
        stage
    }

    /// The next line that is so.
    fn wait_for(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let lines = self.lines.as_mut().unwrap();
            let length = lines.read_line(&mut line).unwrap();
            assert!(length > 0 && began.elapsed() < PATIENCE, "in vain: {seen}");
            let value: Value = serde_json::from_str(&line).unwrap();
            if is_it(&value) {
                return value;
            }
            seen += &line;
        }
    }

    fn event(&mut self, event: &str) -> Value {
        self.wait_for(|line| line["event"] == event)
    }

    fn send(&self, address: &str, args: &[OscType]) {
        let message = OscMessage {
            addr: address.into(),
            args: args.to_vec(),
        };
        let packet = encoder::encode(&OscPacket::Message(message)).unwrap();
        self.socket.send_to(&packet, self.osc.unwrap()).unwrap();
    }

    /// What comes back: values under their addresses.
    fn answer(&self) -> Vec<(String, OscType)> {
        let mut packet = [0; 65_536];
        let (length, _) = self.socket.recv_from(&mut packet).unwrap();
        let (_, packet) = decoder::decode_udp(&packet[..length]).unwrap();
        let OscPacket::Bundle(bundle) = packet else {
            panic!("{packet:?}")
        };
        let message = |packet: OscPacket| match packet {
            OscPacket::Message(message) => (message.addr, message.args[0].clone()),
            OscPacket::Bundle(_) => panic!("a bundle in a bundle"),
        };
        bundle.content.into_iter().map(message).collect()
    }

    fn state(&self, name: &str) -> OscType {
        self.send("/state", &[]);
        let state = self.answer();
        let found = state.into_iter().find(|(address, _)| address == name);
        found.unwrap().1
    }

    /// Its exit status, and what it said on standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut errors = BufReader::new(self.child.stderr.take().unwrap());
        while errors.read_line(&mut said).unwrap() > 0 {}
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn osc_steers_it_and_is_answered() {
    let mut stage = Stage::start(&["--osc", "127.0.0.1:0", "--seed", "5"]);
    stage.event("play");
    stage.send("/tempo", &[OscType::Float(93.0)]);
    stage.event("osc");
    stage.wait_for(|line| line["event"] == "bar" && line["tempo"] == 93.0);
    assert_eq!(stage.state("/playing"), OscType::Int(1));
    assert_eq!(stage.state("/seed"), OscType::Long(5));

    stage.send("/sample", &[]);
    let groove = stage.wait_for(|line| line["event"] == "groove" && line["seed"] == 6);
    assert!(groove["strokes"].as_u64().unwrap() > 0);

    // What can't be done comes back as a sentence.
    for (address, words) in [
        ("/sampel", "the nearest is /sample"),
        ("/help", "needs the screen"),
        ("/continue", "The music is already playing"),
    ] {
        stage.send(address, &[]);
        let answer = stage.answer();
        assert_eq!(answer[0].0, "/fault");
        let OscType::String(reason) = &answer[0].1 else {
            panic!("{answer:?}")
        };
        assert!(reason.contains(words), "{reason}");
    }

    // What is no OSC at all is counted and said.
    let to = stage.osc.unwrap();
    for packet in [&b"GET / HTTP/1.1\r\n"[..], b"", &[0xff; 3000]] {
        stage.socket.send_to(packet, to).unwrap();
    }
    stage.wait_for(|line| {
        let text = line["text"].as_str().unwrap_or_default();
        line["event"] == "trouble" && text.contains("is not OSC")
    });
    let began = Instant::now();
    while stage.state("/bad-packets") != OscType::Long(3) {
        assert!(began.elapsed() < PATIENCE);
    }

    stage.send("/quit", &[]);
    stage.event("end");
    let (status, said) = stage.end();
    assert_eq!((status, said.as_str()), (Some(0), ""));
}

#[test]
fn files_are_played_once_unless_they_are_to_go_round() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.mid"), drums(1, 5)).unwrap();
    let arguments = ["a.mid", "--tempo", "150", "--osc", "off"];
    let mut stage = Stage::with(folder, &arguments);
    stage.event("play");
    // Five bars, and then the one in which its last strokes ring.
    for bar in [1, 2, 3, 4, 5] {
        assert_eq!(stage.event("bar")["bar"], bar);
    }
    stage.event("end");
    assert_eq!(stage.end(), (Some(0), String::new()));
}

/// A file is one groove, of 64 bars at most; eight of them are a chain.
#[test]
fn long_files_are_played_whole() {
    for (bars, times, expected) in [
        (70, 1, Ok(64)),
        (70, 4, Ok(64)),
        (70, 5, Err("the files are 10 grooves")),
    ] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("a.mid"), drums(1, bars)).unwrap();
        let files = std::iter::repeat_n("a.mid", times);
        let arguments: Vec<&str> = files.chain(["--osc", "127.0.0.1:0"]).collect();
        let mut stage = Stage::with(folder, &arguments);
        match expected {
            Ok(length) => {
                let listens = stage.event("osc");
                stage.osc = listens["listens"].as_str().map(|at| at.parse().unwrap());
                stage.event("bar");
                let name = OscType::String(format!("a 1-{length}"));
                assert_eq!(stage.state("/groove"), name);
            }
            Err(words) => {
                let (status, said) = stage.end();
                assert_eq!(status, Some(1));
                assert!(said.contains(words), "{said}");
            }
        }
    }
}

#[test]
fn new_grooves_come_every_so_many_bars() {
    let arguments = [
        "--sample-every",
        "2",
        "--tempo",
        "300",
        "--seed",
        "8",
        "--osc",
        "off",
    ];
    let mut stage = Stage::with(TempDir::new().unwrap(), &arguments);
    let mut bars = 0;
    let mut grooves = Vec::new();
    while grooves.len() < 5 {
        let line = stage.wait_for(|line| line["event"] == "bar" || line["event"] == "groove");
        match line["event"] == "bar" {
            true => bars += 1,
            false => grooves.push((line["seed"].as_u64().unwrap(), std::mem::take(&mut bars))),
        }
    }
    let seeds: Vec<u64> = grooves.iter().map(|(seed, _)| *seed).collect();
    assert!(
        seeds[0] == 8 && seeds[2..].windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{seeds:?}"
    );
    // The first one comes before anything plays.
    assert!(
        grooves[2..].iter().all(|(_, bars)| *bars == 2),
        "{grooves:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_in_order() {
    let mut stage = Stage::start(&["--osc", "127.0.0.1:0"]);
    stage.event("play");
    // Safe: our own child.
    unsafe { libc::kill(stage.child.id() as i32, libc::SIGTERM) };
    stage.event("end");
    assert_eq!(stage.end().0, Some(128 + libc::SIGTERM));
}

/// Every command that makes sense without a screen, with arguments that fit and that don't, and bytes that
/// are nothing, as fast as they can be sent.
#[cfg(unix)]
#[test]
fn a_storm_of_messages_leaves_it_playing_and_ending_in_order() {
    use musicvae_tui::tui::Keymap;
    use rand::{RngExt as _, SeedableRng as _};
    let mut stage = Stage::start(&["--osc", "127.0.0.1:0", "--seed", "5"]);
    stage.event("play");
    let keymap = Keymap::new(&std::collections::BTreeMap::new()).unwrap();
    let names = keymap.bindings.iter().map(|it| it.name);
    let names: Vec<&str> = names.filter(|name| *name != "quit").collect();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(18);
    // What it prints is taken, or it would wait for whoever reads it.
    let mut lines = stage.lines.take().unwrap();
    let said = std::thread::spawn(move || {
        let (mut last, mut line) = (String::new(), String::new());
        while lines.read_line(&mut line).unwrap() > 0 {
            last = std::mem::take(&mut line);
        }
        last
    });
    for turn in 0..6_000 {
        let name = names[random.random_range(0..names.len())];
        let argument = match random.random_range(0..8) {
            0 => vec![OscType::Float(f32::NAN)],
            1 => vec![OscType::Int(random.random())],
            2 => vec![OscType::Double(random.random_range(-1e9..1e9))],
            3 => vec![OscType::String("kick".into())],
            4 => vec![OscType::Float(random.random_range(0.0..2.0))],
            5 => vec![OscType::Blob(vec![0; 64])],
            _ => vec![],
        };
        stage.send(&format!("/{name}"), &argument);
        if turn % 10 == 0 {
            let junk: Vec<u8> = (0..random.random_range(0..200))
                .map(|_| random.random())
                .collect();
            let _ = stage.socket.send_to(&junk, stage.osc.unwrap());
        }
        if turn % 200 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    // It still answers: what it did not keep up with is lost, as UDP's packets are.
    let began = Instant::now();
    loop {
        stage.send("/state", &[]);
        let answers = stage.answer();
        if answers.iter().any(|(address, _)| address == "/playing") {
            break;
        }
        assert!(began.elapsed() < PATIENCE);
    }
    // Safe: our own child.
    unsafe { libc::kill(stage.child.id() as i32, libc::SIGTERM) };
    let last = said.join().unwrap();
    let end: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(end["event"], "end", "{last}");
    let (status, said) = stage.end();
    assert_eq!(status, Some(128 + libc::SIGTERM), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |arguments: &[&str]| {
        let stage = Stage::with(TempDir::new().unwrap(), arguments);
        stage.end()
    };
    for (arguments, status, words) in [
        (&["--tempo", "7"][..], 2, "--tempo 7: it is 20 to 300"),
        (&["--temperature", "3"], 2, "--temperature 3: it is 0 to 2"),
        (&["--osc", "nowhere"], 1, "can't be listened to at nowhere"),
        (&["none.mid"], 1, "none.mid can't be read"),
        (&["--sample-every", "0"], 2, "--sample-every"),
        (&["--map", "theremin"], 2, "theremin"),
    ] {
        let (code, said) = refused(arguments);
        assert_eq!(code, Some(status), "{said}");
        assert!(said.contains(words), "{said}");
    }
}
