//! A monkey at the real program, on a terminal: every key, the mouse and the terminal's size at random,
//! while a model trains and the engine plays.
//!
//! `MUSICVAE_TUI_MONKEY` is how many seconds it goes on; a few in the short form. `MUSICVAE_TUI_SEED` is
//! its seed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyModifiers};
use musicvae_tui::tui::{Key, Keymap};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::session::{Session, memory};

/// What the terminal sends for a key; `None` for one that would end or suspend the program.
fn sent(key: &Key) -> Option<String> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let shift = if key.modifiers.contains(KeyModifiers::SHIFT) {
        ";2"
    } else {
        ""
    };
    let one = if shift.is_empty() { "" } else { "1" };
    Some(match key.code {
        KeyCode::Char('c' | 'z') if control => return None,
        KeyCode::Char(letter) if control && letter.is_ascii_alphabetic() => {
            char::from(letter as u8 & 0x1f).to_string()
        }
        KeyCode::Char('\\' | '4') if control => "\x1c".into(),
        KeyCode::Char(']' | '5') if control => "\x1d".into(),
        KeyCode::Char('q') => return None,
        KeyCode::Char(letter) => letter.to_string(),
        KeyCode::Enter => "\r".into(),
        KeyCode::Esc => "\x1b".into(),
        KeyCode::Tab => "\t".into(),
        KeyCode::BackTab => "\x1b[Z".into(),
        KeyCode::Backspace => "\x7f".into(),
        KeyCode::Up => format!("\x1b[{one}{shift}A"),
        KeyCode::Down => format!("\x1b[{one}{shift}B"),
        KeyCode::Right => format!("\x1b[{one}{shift}C"),
        KeyCode::Left => format!("\x1b[{one}{shift}D"),
        KeyCode::Home => "\x1b[H".into(),
        KeyCode::End => "\x1b[F".into(),
        KeyCode::Delete => "\x1b[3~".into(),
        KeyCode::PageUp => "\x1b[5~".into(),
        KeyCode::PageDown => "\x1b[6~".into(),
        KeyCode::F(number @ 1..=4) => format!("\x1bO{}", char::from(b'O' + number)),
        KeyCode::F(number) => {
            let codes = [15, 17, 18, 19, 20, 21, 23, 24];
            format!("\x1b[{}~", codes[usize::from(number) - 5])
        }
        _ => return None,
    })
}

/// Something that the mouse does on a screen of that size.
fn mouse(rng: &mut ChaCha8Rng, (columns, rows): (u16, u16)) -> String {
    // Left, right, a drag, and the wheel both ways.
    let button = *[0, 2, 32, 64, 65].choose(rng).unwrap();
    let (x, y) = (rng.random_range(1..=columns), rng.random_range(1..=rows));
    let press = format!("\x1b[<{button};{x};{y}M");
    match rng.random_bool(0.5) {
        true => format!("{press}\x1b[<{};{x};{y}m", button & 3),
        false => press,
    }
}

fn open(home: &std::path::Path) -> Session {
    let mut session = Session::open_to_train(|command| {
        command.env("XDG_DATA_HOME", home);
    });
    session.until("a groove", |text| text.contains("1 Groove"));
    session.train();
    session.press("\x1b1 ");
    session
}

/// Closes whatever is open and opens the help; how long that one key took.
fn opens_help(session: &mut Session, seed: u64, done: u64) -> Duration {
    let start = Instant::now();
    let is_open = |session: &Session| session.text().contains("continue from where it stopped");
    loop {
        // Apart from one another: an Esc and a character that are read together are another key.
        for _ in 0..3 {
            session.press("\x1b");
            std::thread::sleep(Duration::from_millis(150));
        }
        let asked = Instant::now();
        session.press("?");
        while asked.elapsed() < Duration::from_secs(2) {
            if is_open(session) {
                return asked.elapsed();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "seed {seed}, after {done}: it does not answer:\n{}",
            session.text()
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_monkey_breaks_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let length = Duration::from_secs(number("MUSICVAE_TUI_MONKEY").unwrap_or(6));
    let seed: u64 = number("MUSICVAE_TUI_SEED").unwrap_or(1);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let keymap = Keymap::new(&BTreeMap::new()).unwrap();
    let keys = keymap.bindings.iter().flat_map(|binding| &binding.keys);
    let keys: Vec<String> = keys.filter_map(sent).collect();
    let sizes = [(100, 30), (80, 24), (120, 40), (200, 60), (60, 16), (20, 5)];
    let home = tempfile::tempdir().unwrap();
    let mut session = open(home.path());
    let mut size = sizes[0];
    let (start, mut done, mut left) = (Instant::now(), 0_u64, 0);
    let mut slowest = Duration::ZERO;
    let mut grown: Vec<(u64, f64)> = Vec::new();
    while start.elapsed() < length {
        let mut burst = String::new();
        for _ in 0..rng.random_range(1..12) {
            done += 1;
            match rng.random_range(0..10) {
                0 => burst.push_str(&mouse(&mut rng, size)),
                _ => burst.push_str(keys.choose(&mut rng).unwrap()),
            }
        }
        if rng.random_bool(0.02) {
            size = *sizes.choose(&mut rng).unwrap();
            session.resize(size);
        }
        session.press(&burst);
        std::thread::sleep(Duration::from_millis(rng.random_range(5..60)));
        if let Some(status) = session.ended() {
            // It was told to by the list of all commands; anything else is a fault.
            assert!(status.success(), "seed {seed}, after {done}: {status:?}");
            left += 1;
            session = open(home.path());
            size = sizes[0];
        }
        // It still answers: the help opens, whatever was open.
        if rng.random_bool(0.01) {
            size = sizes[2];
            session.resize(size);
            slowest = slowest.max(opens_help(&mut session, seed, done));
            session.press("\x1b");
            grown.push((
                start.elapsed().as_secs(),
                memory(session.process().unwrap()),
            ));
        }
        // A model trains again, where it was stopped.
        if rng.random_bool(0.01) {
            session.train();
        }
    }
    let log = home.path().join("musicvae-tui");
    assert!(log.join("sessions").exists(), "the session is kept");
    println!(
        "seed {seed}: {done} keys, gestures and sizes in {} s; it left {left} times and answered \
         within {} ms; memory in MB (second: resident): {grown:.0?}",
        start.elapsed().as_secs(),
        slowest.as_millis()
    );
    if let (Some((_, first)), Some((_, last))) = (grown.get(grown.len() / 4), grown.last()) {
        assert!(*last < first + 200.0, "memory grows: {grown:?}");
    }
}
