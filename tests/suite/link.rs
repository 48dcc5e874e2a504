//! A Link session, by way of a server of our own that speaks Carabiner's protocol.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use musicvae_tui::engine::{Command, Engine, EngineOptions, LinkState, Setup, Status, Sync};

use super::wait::wait_until;

/// The session as the server has it.
struct State {
    bpm: f64,
    /// When its beat was this one.
    at: (Instant, f64),
    playing: bool,
    /// Whether starting and stopping is shared.
    shares: bool,
    /// How long an answer is under way.
    way: Duration,
    /// What came in, but for the questions.
    commands: Vec<String>,
}

impl State {
    fn beat(&self) -> f64 {
        self.at.1 + self.at.0.elapsed().as_secs_f64() * self.bpm / 60.0
    }

    fn status(&self) -> String {
        let playing = match self.shares {
            true => format!(" :playing {}", self.playing),
            false => String::new(),
        };
        format!(
            "status {{ :peers 2 :bpm {:.6} :start 1000000 :beat {:.6}{playing} }}\n",
            self.bpm,
            self.beat()
        )
    }

    fn follow(&mut self, line: &str) {
        match line.split_once(' ') {
            None if line == "enable-start-stop-sync" => self.shares = true,
            Some(("bpm", bpm)) => {
                self.at = (Instant::now(), self.beat());
                self.bpm = bpm.parse().unwrap();
            }
            Some(("start-playing", _)) => self.playing = true,
            Some(("stop-playing", _)) => self.playing = false,
            _ => {}
        }
        self.commands.push(line.into());
    }
}

struct Carabiner {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    quit: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Carabiner {
    fn start(address: SocketAddr, state: Arc<Mutex<State>>) -> Carabiner {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let quit = Arc::new(AtomicBool::new(false));
        let (ended, shared) = (quit.clone(), state.clone());
        let thread = thread::spawn(move || {
            let mut guests = Vec::new();
            while !ended.load(Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let (state, ended) = (shared.clone(), ended.clone());
                        guests.push(thread::spawn(move || serve(stream, &state, &ended)));
                    }
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
            for guest in guests {
                guest.join().unwrap();
            }
        });
        Carabiner {
            address,
            state,
            quit,
            thread: Some(thread),
        }
    }

    /// It is gone, and its port is free again.
    fn end(mut self) -> SocketAddr {
        self.quit.store(true, Relaxed);
        self.thread.take().unwrap().join().unwrap();
        self.address
    }

    fn has(&self, start: &str) -> bool {
        self.count(start) > 0
    }

    fn count(&self, start: &str) -> usize {
        let state = self.state.lock().unwrap();
        let commands = state.commands.iter();
        commands.filter(|line| line.starts_with(start)).count()
    }
}

/// Answers as the program does, and now and then late.
fn serve(stream: TcpStream, state: &Mutex<State>, ended: &AtomicBool) {
    stream.set_nonblocking(false).unwrap();
    let turn = Some(Duration::from_millis(20));
    stream.set_read_timeout(turn).unwrap();
    let mut out = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream);
    let (mut line, mut told, mut answers) = (String::new(), None, 0_u64);
    while !ended.load(Relaxed) {
        match lines.read_line(&mut line) {
            Ok(0) => return,
            Ok(_) => {
                let command = std::mem::take(&mut line);
                if command.trim() != "status" {
                    state.lock().unwrap().follow(command.trim());
                }
                answers += 1;
                let (answer, way) = {
                    let state = state.lock().unwrap();
                    (state.status(), state.way)
                };
                thread::sleep(way + Duration::from_millis(answers * 7 % 5));
                if out.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
            // Nothing came; what has changed is told unasked.
            Err(_) => {
                let state = state.lock().unwrap();
                let now = (state.bpm.to_bits(), state.playing);
                if told.replace(now).is_some_and(|before| before != now) {
                    let _ = out.write_all(state.status().as_bytes());
                }
            }
        }
    }
}

fn session(bpm: f64) -> Arc<Mutex<State>> {
    Arc::new(Mutex::new(State {
        bpm,
        at: (Instant::now(), 3.3),
        playing: false,
        shares: false,
        way: Duration::ZERO,
        commands: Vec::new(),
    }))
}

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn engine(address: SocketAddr) -> Engine {
    Engine::start(EngineOptions {
        audio: false,
        follow_clock: true,
        link: Some(address.to_string()),
        ..EngineOptions::default()
    })
}

/// Quarter notes that the engine's bar is away from the session's.
fn away(status: &Status, carabiner: &Carabiner) -> f64 {
    let session = carabiner.state.lock().unwrap().beat().rem_euclid(4.0);
    let ours = (status.position.step / 4.0).rem_euclid(4.0);
    let away = (ours - session).rem_euclid(4.0);
    away.min(4.0 - away)
}

fn follows(engine: &Engine, bpm: f64) -> bool {
    matches!(engine.status().sync, Sync::Following(qpm) if (qpm - bpm).abs() < 1.0)
}

#[test]
fn a_session_is_joined_with_its_bar_and_left_and_found_again() {
    let carabiner = Carabiner::start(anywhere(), session(126.0));
    let engine = engine(carabiner.address);
    wait_until("the session", || {
        engine.status().link == LinkState::On { peers: 2 }
    });
    wait_until("its tempo", || follows(&engine, 126.0));
    assert!(!engine.status().playing);

    // Others start: so do we, with a bar.
    carabiner.state.lock().unwrap().playing = true;
    wait_until("the start", || engine.status().playing);
    wait_until("the bar", || away(&engine.status(), &carabiner) < 0.1);

    // It goes away: the music goes on.
    let state = carabiner.state.clone();
    let address = carabiner.end();
    wait_until("the loss", || {
        let status = engine.status();
        status.link == LinkState::Looking && matches!(status.sync, Sync::Lost(_))
    });
    assert!(engine.status().playing);

    // And comes back, elsewhere in its bar.
    {
        let mut state = state.lock().unwrap();
        state.at = (Instant::now(), state.beat() + 1.5);
    }
    let carabiner = Carabiner::start(address, state);
    wait_until("the session again", || follows(&engine, 126.0));
    wait_until("the bar again", || away(&engine.status(), &carabiner) < 0.1);
    assert!(engine.status().playing);

    carabiner.state.lock().unwrap().playing = false;
    wait_until("the stop", || !engine.status().playing);
    engine.send(Setup::CloseLink);
    wait_until("the end", || engine.status().link == LinkState::Off);
    assert_eq!(engine.status().dropped_midi, 0);
    carabiner.end();
}

#[test]
fn tempo_start_and_stop_are_the_others_too() {
    let carabiner = Carabiner::start(anywhere(), session(100.0));
    let engine = engine(carabiner.address);
    wait_until("the session", || follows(&engine, 100.0));
    engine.send(Setup::SetLinkTempo(140.0));
    wait_until("the tempo there", || carabiner.has("bpm 140.000"));
    wait_until("the tempo here", || follows(&engine, 140.0));

    engine.send(Command::Play);
    wait_until("the start there", || carabiner.has("start-playing "));
    wait_until("the bar", || {
        let status = engine.status();
        status.playing && status.position.step > 0.0 && away(&status, &carabiner) < 0.1
    });
    engine.send(Command::Stop);
    wait_until("the stop there", || carabiner.has("stop-playing "));
    assert!(!carabiner.state.lock().unwrap().playing);
    carabiner.end();
}

#[test]
fn a_stop_counts_while_an_answer_from_before_the_start_is_under_way() {
    let carabiner = Carabiner::start(anywhere(), session(120.0));
    carabiner.state.lock().unwrap().way = Duration::from_millis(30);
    let engine = engine(carabiner.address);
    wait_until("the session", || follows(&engine, 120.0));
    for turn in 1..=8 {
        engine.send(Command::Play);
        wait_until("the start", || carabiner.count("start-playing ") == turn);
        thread::sleep(Duration::from_millis(turn as u64 * 10));
        engine.send(Command::Stop);
        wait_until("the stop", || carabiner.count("stop-playing ") == turn);
    }
    // And it stays so, when the last answers have come.
    thread::sleep(Duration::from_millis(1500));
    assert!(!engine.status().playing && !carabiner.state.lock().unwrap().playing);
    assert_eq!(carabiner.count("start-playing "), 8);
    carabiner.end();
}

#[test]
fn without_a_carabiner_it_is_looked_for_and_the_music_plays() {
    let gone = TcpListener::bind(anywhere()).unwrap().local_addr().unwrap();
    let engine = engine(gone);
    wait_until("the search", || engine.status().link == LinkState::Looking);
    engine.send(Command::Play);
    wait_until("the music", || engine.status().position.step > 1.0);
    engine.send(Setup::OpenLink("nowhere at all".into()));
    wait_until(
        "the reason",
        || matches!(engine.status().link, LinkState::Broken(reason) if reason.contains("nowhere at all")),
    );
}

/// Whoever sits at its port and writes what it likes, as fast as it can, until it is told to end.
fn hostile(address: SocketAddr, ended: Arc<AtomicBool>) -> JoinHandle<usize> {
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let status = |bpm: &str, start: i64, beat: &str, playing: bool| {
            format!(
                "status {{ :peers 4294967295 :bpm {bpm} :start {start} :beat {beat} :playing {playing} }}\n"
            )
        };
        let mut guests = 0;
        while !ended.load(Relaxed) {
            let Ok((mut stream, _)) = listener.accept() else {
                thread::sleep(Duration::from_millis(2));
                continue;
            };
            guests += 1;
            let _ = stream.set_write_timeout(Some(Duration::from_millis(200)));
            // Each guest is treated otherwise: jumps, junk without an end, silence, and the door.
            for turn in 0_u64.. {
                let said = match (guests % 4, turn % 4) {
                    (1, 0) => status("999", i64::MAX, "999999999", true),
                    (1, 1) => status("20", i64::MIN, "-999999999", false),
                    (1, 2) => status("1e308", 0, "NaN", true),
                    (1, _) => status("120.0", 0, &turn.to_string(), turn % 8 > 3),
                    (2, _) => "}{status{:bpm".repeat(500),
                    (3, _) => String::new(),
                    _ => break,
                };
                let over = ended.load(Relaxed) || turn > 2_000;
                if over || stream.write_all(said.as_bytes()).is_err() {
                    break;
                }
                if turn % 16 == 0 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        guests
    })
}

#[test]
fn a_carabiner_that_makes_no_sense_holds_nobody_up() {
    let address = TcpListener::bind(anywhere()).unwrap().local_addr().unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let guest = hostile(address, ended.clone());
    let engine = engine(address);
    let began = Instant::now();
    let mut turn = 0;
    while began.elapsed() < Duration::from_secs(6) {
        turn += 1;
        engine.send(if turn % 2 == 0 {
            Command::Stop
        } else {
            Command::Play
        });
        engine.send(Setup::SetLinkTempo(20.0 + f64::from(turn % 200)));
        thread::sleep(Duration::from_millis(20));
        let position = engine.status().position;
        assert!(position.step.is_finite() && position.step >= 0.0);
    }
    ended.store(true, Relaxed);
    assert!(
        guest.join().unwrap() > 1,
        "it is looked for again each time"
    );
    // Somebody who makes sense is followed as if nothing had been.
    let carabiner = Carabiner::start(address, session(117.0));
    wait_until("a session that makes sense", || follows(&engine, 117.0));
    engine.send(Setup::CloseLink);
    engine.send(Command::FollowClock(false));
    engine.send(Command::SetTempo(300.0));
    engine.send(Command::Play);
    wait_until("the music", || engine.status().position.turn > 0);
    carabiner.end();
}
