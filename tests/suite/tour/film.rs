//! The real program at work, as one picture that moves: `docs/session.svg`. `make tour` records it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant};

use musicvae_tui::tui::Palette;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::devices::Card;
use super::super::session::Session;
use super::{DRAW, svg};

/// Between two pictures.
const PAUSE: Duration = Duration::from_millis(125);
/// What is pressed, after how many pictures.
const SCRIPT: [(usize, &str); 22] = [
    (6, " "),
    (14, "s"),
    (20, "}"),
    (4, "s"),
    (16, "["),
    (3, "["),
    (3, "["),
    (3, "["),
    (3, "["),
    (3, "["),
    (3, "["),
    (3, "["),
    (3, "["),
    (12, "&"),
    (8, "j"),
    (8, "j"),
    (8, "j"),
    (8, "\r"),
    (8, ")"),
    (3, ")"),
    (3, ")"),
    (20, ""),
];

/// A screen at its moment.
struct Frame {
    /// Number of the picture.
    at: usize,
    screen: Buffer,
}

#[test]
fn a_session_is_filmed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/session.svg");
    if std::env::var_os(DRAW).is_none() {
        // No two recordings are alike: a test can only see that one is there.
        let film = std::fs::read_to_string(path).unwrap();
        assert!(film.contains("<animate") && film.contains("playing"));
        return;
    }
    let Some(card) = Card::new() else { return };
    let _heard = card.capture(Duration::ZERO);
    let mut session = Session::open_with(|command| {
        command.get_argv_mut().truncate(1);
        command.args(["--theme", "dark"]);
        command.env("COLORTERM", "truecolor");
        command.env("ALSA_CONFIG_PATH", &card.config);
    });
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.until("the card", |text| text.contains("audio on"));
    let mut frames = Vec::new();
    let mut due = Instant::now();
    for (pictures, keys) in SCRIPT {
        for _ in 0..pictures {
            frames.push(Frame {
                at: frames.len(),
                screen: session.look(buffer),
            });
            due += PAUSE;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        session.press(keys);
    }
    std::fs::write(path, film(&frames, Palette::DARK)).unwrap();
}

/// What a terminal shows.
fn buffer(screen: &vt100::Screen) -> Buffer {
    let color = |color| match color {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    };
    let (rows, columns) = screen.size();
    let [rows, columns] = [rows, columns].map(NonZero::get);
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        let mut style = Style::new()
            .fg(color(cell.fgcolor()))
            .bg(color(cell.bgcolor()));
        for (is_set, modifier) in [
            (cell.bold(), Modifier::BOLD),
            (cell.inverse(), Modifier::REVERSED),
        ] {
            if is_set {
                style = style.add_modifier(modifier);
            }
        }
        let symbol = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        buffer[(column, row)].set_symbol(symbol).set_style(style);
    }
    buffer
}

/// One picture of all frames: each stretch of a line is there while it is on the screen.
fn film(frames: &[Frame], palette: Palette) -> String {
    /// Characters of a line that come and go together.
    const STRETCH: u16 = 10;
    let area = frames[0].screen.area;
    let still = frames.len() / 2;
    let mut looks = Vec::new();
    let mut drawn = String::new();
    for (y, x) in
        (0..area.height).flat_map(|y| (0..area.width).step_by(STRETCH.into()).map(move |x| (y, x)))
    {
        // What this stretch shows, and when.
        let mut shown: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        for frame in frames {
            let part = svg::part(&frame.screen, (x, y), STRETCH, palette, &mut looks);
            if !part.is_empty() {
                let times = shown
                    .entry(part)
                    .or_insert_with(|| vec![false; frames.len()]);
                times[frame.at] = true;
            }
        }
        for (part, times) in shown {
            // Where nothing moves, one moment is seen.
            let hidden = if times[still] {
                ""
            } else {
                " display=\"none\""
            };
            let _ = write!(drawn, "<g{hidden}>{part}{}</g>", comes_and_goes(&times));
        }
        drawn.push('\n');
    }
    svg::picture(area, &drawn, &looks, palette)
}

/// When something is shown, over and over.
fn comes_and_goes(times: &[bool]) -> String {
    if times.iter().all(|shown| *shown) {
        return String::new();
    }
    let (mut values, mut moments) = (String::new(), String::new());
    for (number, shown) in times.iter().enumerate() {
        if number == 0 || times[number - 1] != *shown {
            let semicolon = if number == 0 { "" } else { ";" };
            let value = if *shown { "inline" } else { "none" };
            let moment = number as f32 / times.len() as f32;
            let _ = write!(values, "{semicolon}{value}");
            let _ = write!(moments, "{semicolon}{moment:.4}");
        }
    }
    let seconds = times.len() as f32 * PAUSE.as_secs_f32();
    format!(
        "<animate attributeName=\"display\" calcMode=\"discrete\" dur=\"{seconds:.1}s\" \
         repeatCount=\"indefinite\" values=\"{values}\" keyTimes=\"{moments}\"/>"
    )
}
