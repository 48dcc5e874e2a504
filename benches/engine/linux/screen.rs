//! From the start to the first frame, and from a key to the cells that it changes, on a terminal, while the
//! loop plays and a model trains.

use std::thread;
use std::time::{Duration, Instant};

use super::Options;
use super::figures::Spread;
use super::idle::SIZE;
use super::session::Session;

/// Programs that are started.
const STARTS: u64 = 40;

/// Between two keys: nothing of the last one is under way.
const PAUSE: Duration = Duration::from_millis(73);

pub fn measure(options: &Options) {
    let (columns, rows) = SIZE;
    println!("the whole program on a terminal (the keys on one of {columns} x {rows}), in ms:");
    let starts = options.seconds(STARTS).min(STARTS);
    let first = Spread::new((0..starts).map(|_| first_frame()));
    println!(
        "  start to the first frame ({starts} starts): {}",
        first.say()
    );
    for (what, plays, trains) in [
        ("stopped", false, false),
        ("playing", true, false),
        ("playing and training", true, true),
    ] {
        let mut session = Session::open_to_train(|_| ());
        session.resize(SIZE);
        session.until("the first groove", |text| text.contains("A: seed"));
        if trains {
            session.train();
            session.until("it train", |text| text.contains("ex/s"));
            session.press("1");
        }
        if plays {
            session.press(" ");
            session.until("it play", |text| text.contains("playing 1:2"));
        }
        let length = Duration::from_secs(options.seconds(30));
        let (start, mut times) = (Instant::now(), Vec::new());
        // The cursor of the grid goes down and up.
        for (key, lane) in [("j", "▸Snare"), ("k", "▸Kick")].into_iter().cycle() {
            if start.elapsed() > length {
                break;
            }
            times.push(answer(&mut session, key, lane));
            thread::sleep(PAUSE);
        }
        let times = Spread::new(times);
        println!(
            "  key to changed cells, {what} ({} keys): {}",
            times.count(),
            times.say()
        );
        session.press("q");
        if trains {
            session.press("y");
        }
        session.end();
    }
    println!();
}

/// Milliseconds until the frame around the first pane is on the terminal.
fn first_frame() -> f64 {
    // With what a session has to make before the program starts, once more.
    let mut started = Instant::now();
    let session = Session::open_with(|_| started = Instant::now());
    let time = until(&session, started, "1 Groove");
    drop(session);
    time
}

/// Milliseconds from a key to the text that comes of it.
fn answer(session: &mut Session, key: &str, text: &str) -> f64 {
    let start = Instant::now();
    session.press(key);
    until(session, start, text)
}

fn until(session: &Session, start: Instant, text: &str) -> f64 {
    while !session.look(|screen| screen.contents().contains(text)) {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "never saw `{text}`:\n{}",
            session.text()
        );
        thread::sleep(Duration::from_micros(200));
    }
    start.elapsed().as_secs_f64() * 1e3
}
