//! What the whole program takes of a core, on a terminal and with a sound card.

use std::thread;
use std::time::{Duration, Instant};

use super::Options;
use super::card::pull;
use super::devices::Card;
use super::session::Session;

const BUFFER: usize = 512;

/// Grooves that are sampled one after another: what they cost depends on their cymbals.
const GROOVES: usize = 3;

/// Columns and rows of the terminal.
pub const SIZE: (u16, u16) = (200, 60);

pub fn measure(options: &Options) {
    let (columns, rows) = SIZE;
    println!(
        "the whole program on a terminal of {columns} x {rows}, with the model inside it, sound at {BUFFER} frames:"
    );
    let Some(card) = Card::new() else { return };
    let pulled = pull(&card.pipe, BUFFER, false);
    let mut session = Session::open_with(|command| {
        command.env("ALSA_CONFIG_PATH", &card.config);
        // In place of the tiny model, whose grooves nobody plays.
        if let Some(checkpoint) = command.get_argv_mut().last_mut() {
            *checkpoint = "embedded".into();
        }
    });
    session.resize(SIZE);
    session.until("the first groove", |text| text.contains("A: seed"));
    session.until("the card", |text| text.contains("audio on"));
    let process = session.process().expect("the program still runs");
    let grooves = (1..=GROOVES).map(|groove| (format!("playing groove {groove}"), "s"));
    let playing = ("playing".to_string(), " ");
    for (what, keys) in [("stopped".to_string(), ""), playing]
        .into_iter()
        .chain(grooves)
    {
        session.press(keys);
        // Messages come and go.
        thread::sleep(Duration::from_secs(options.seconds(3).min(3)));
        let (start, before) = (Instant::now(), processor_time(process));
        thread::sleep(Duration::from_secs(options.seconds(12)));
        let after = processor_time(process);
        let share = (after - before) / start.elapsed().as_secs_f64();
        println!("  {what}: {:.2} % of a core", 100.0 * share);
    }
    session.press("q");
    session.end();
    pulled.join().expect("the card's thread");
    println!();
}

/// Seconds of processor time that a process which runs has taken, in the system and out of it.
fn processor_time(process: u32) -> f64 {
    /// What the kernel counts in: `USER_HZ`, 100 on every architecture of today.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    let stat = stat.expect("the program still runs");
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(')').expect("proc(5)");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // Fields 14 and 15 of proc(5); the first here is field 3.
    let ticks = |field: usize| fields[field].parse::<f64>().expect("proc(5)");
    (ticks(11) + ticks(12)) / TICKS
}
