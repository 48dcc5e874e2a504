//! The library with ten thousand grooves, measured: reading it, searching it, moving over it and drawing
//! it. No figure passes or fails here; `cargo test --bench library` tries it with a thousand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use musicvae::music::{Groove, Hit};
use musicvae_tui::studio::overlays::Action::{MoveSelection, Type};
use musicvae_tui::studio::{
    Archive, Config, Event, Keeping, Marks, Space, Studio, library, read_library,
};
use musicvae_tui::tui::{Keymap, Palette, Theme, View, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn main() {
    let is_whole = std::env::args().any(|argument| argument == "--bench");
    let count = if is_whole { 10_000 } else { 1_000 };
    let folder = tempfile::tempdir().expect("a temporary folder");
    fill(folder.path(), count);
    let bytes = std::fs::metadata(folder.path().join("library.jsonl")).map_or(0, |file| file.len());
    println!("{count} grooves, {:.1} MB", bytes as f64 / 1e6);

    let started = Instant::now();
    let read = read_library(folder.path()).expect("a library that can be read");
    println!(
        "reading it (on a thread of its own)  {:>8.1} ms",
        milliseconds(started.elapsed())
    );

    let mut studio = Studio::new(Config::default());
    let started = Instant::now();
    studio.receive(read);
    println!(
        "taking it over                       {:>8.2} ms",
        milliseconds(started.elapsed())
    );
    assert_eq!(studio.library.rows.len(), count);

    studio.apply(library::Action::ShowLibrary);
    show("moving by a line", 200, || studio.apply(MoveSelection(7)));
    studio.apply(library::Action::Search);
    let mut letters = "seed 99 fake".chars().cycle();
    let mut typed = 0;
    show("typing a letter of a search", 12, || {
        typed += 1;
        studio.apply(Type(letters.next().unwrap_or_default()));
    });
    assert!(typed > 0);
    show("a groove that was heard comes in", 50, || {
        let row = studio.library.rows.line(0).cloned();
        let row = row.map(|row| library::Row {
            id: row.id + 1,
            ..row
        });
        row.into_iter()
            .for_each(|row| studio.receive(Event::Remembered(Box::new(row))));
    });
    let keymap = Keymap::new(&BTreeMap::new()).expect("the built-in keys");
    let theme = Theme {
        color: true,
        ascii: false,
        palette: Palette::DARK,
    };
    let view = View {
        theme,
        keymap: &keymap,
    };
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a screen in memory");
    show("drawing the whole screen at 200x60", 100, || {
        terminal
            .draw(|frame| {
                draw(&studio, &view, frame);
            })
            .expect("a frame");
    });
}

/// Writes a library of so many grooves, each as long as those of the built-in model.
fn fill(folder: &std::path::Path, count: usize) {
    let mut groove = Groove::empty(64);
    for step in 0..64 {
        for lane in (0..9).filter(|lane| (step * 7 + lane * 3) % 5 == 0) {
            let (velocity, offset) = (0.123_456_7 + lane as f32 / 20.0, 0.012_345_6);
            groove.steps[step][lane] = Some(Hit::new(velocity, offset));
        }
    }
    let studio = Studio::new(Config::default());
    let mut heard = studio.ground.heard();
    heard.groove = groove;
    heard.name = "seed 0".into();
    let point = vec![(0..256).map(|number| (number as f32).sin()).collect()];
    let (preset, z_size) = ("groovae_4bar".into(), 256);
    heard.point = Some((Space { preset, z_size }, point));
    let mut archive = Archive::of(folder.into(), Config::default());
    archive.perform(Keeping::Remember(Box::new(heard), Marks::default()));
    let path = folder.join("library.jsonl");
    let line = std::fs::read_to_string(&path).expect("the first line");
    let (head, rest) = line.split_once(",\"name\":\"seed 0\"").expect("a name");
    let first: u64 = head
        .trim_start_matches("{\"heard\":")
        .parse()
        .expect("a time");
    let lines = (0..count as u64).map(|number| {
        format!(
            "{{\"heard\":{},\"name\":\"seed {number}\"{rest}",
            first + number
        )
    });
    std::fs::write(&path, lines.collect::<String>()).expect("a library");
}

/// Does something often, and prints how long it takes.
fn show(what: &str, times: usize, mut work: impl FnMut()) {
    let mut took: Vec<f64> = (0..times)
        .map(|_| {
            let started = Instant::now();
            work();
            milliseconds(started.elapsed())
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{what:<36} {:>8.3} ms in the middle, {:.3} p99",
        at(0.5),
        at(0.99)
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
