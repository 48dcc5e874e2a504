//! Screens as SVG pictures. Of several on one sheet the first is whole, and of the others there is what is
//! different on them.

use std::fmt::Write as _;

use musicvae_tui::tui::Palette;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

/// A character's width and height, and the size of its font, in pixels.
const WIDTH: f32 = 7.2;
const HEIGHT: f32 = 14.0;
const FONT: u16 = 12;
/// What is between two screens, with the heading of the second.
const GAP: f32 = 34.0;
/// So many blanks are written out rather than begun anew.
const BLANKS: usize = 8;

/// How characters look: text, background and whether it is bold.
#[derive(Clone, Copy, PartialEq)]
pub struct Look {
    text: Color,
    ground: Color,
    bold: bool,
}

/// A sheet of screens with a heading each, all of the same size.
pub fn sheet(screens: &[(&str, Buffer)], palette: Palette) -> String {
    let (_, first) = &screens[0];
    let (columns, lines) = (first.area.width, first.area.height);
    let tall = HEIGHT * f32::from(lines) + GAP;
    let mut looks = Vec::new();
    let mut body = String::new();
    for (number, (heading, screen)) in screens.iter().enumerate() {
        let top = tall * number as f32 + GAP;
        let id = if number == 0 { "<g id=\"s\">" } else { "" };
        let before = (number > 0).then_some(first);
        let drawn = cells(screen, before, palette, &mut looks);
        let heading_y = top - 10.0;
        let _ = write!(
            body,
            "<text y=\"{heading_y:.0}\" class=\"h\">{}</text>",
            escaped(heading)
        );
        let _ = match number {
            0 => write!(
                body,
                "<g transform=\"translate(0,{top:.0})\">{id}{drawn}</g></g>"
            ),
            _ => write!(
                body,
                "<g transform=\"translate(0,{top:.0})\"><use href=\"#s\"/>{drawn}</g>"
            ),
        };
        body.push('\n');
    }
    let size = (WIDTH * f32::from(columns), tall * screens.len() as f32);
    document(size, &body, &looks, palette)
}

/// A single screen's picture, of what is drawn on it.
pub fn picture(area: Rect, drawn: &str, looks: &[Look], palette: Palette) -> String {
    let size = (
        WIDTH * f32::from(area.width),
        HEIGHT * f32::from(area.height),
    );
    document(size, drawn, looks, palette)
}

fn document((width, height): (f32, f32), body: &str, looks: &[Look], palette: Palette) -> String {
    let style: String = looks
        .iter()
        .enumerate()
        .map(|(number, look)| {
            let weight = if look.bold { ";font-weight:bold" } else { "" };
            format!(".c{number}{{fill:{}{weight}}}", hex(look.text))
        })
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono,Menlo,Consolas,monospace\" font-size=\"{FONT}\" \
         xml:space=\"preserve\"><style>.h{{fill:{}}}{style}</style>\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n{body}</svg>\n",
        hex(palette.text),
        hex(palette.background),
    )
}

/// The cells of a screen, or those that are others than before.
fn cells(
    screen: &Buffer,
    before: Option<&Buffer>,
    palette: Palette,
    looks: &mut Vec<Look>,
) -> String {
    let lines = 0..screen.area.height;
    let line = |y| stretch(screen, before, (0, y), screen.area.width, palette, looks);
    lines.map(line).collect()
}

/// Some characters of a line, from a place on.
pub fn part(
    screen: &Buffer,
    at: (u16, u16),
    length: u16,
    palette: Palette,
    looks: &mut Vec<Look>,
) -> String {
    stretch(screen, None, at, length, palette, looks)
}

fn stretch(
    screen: &Buffer,
    before: Option<&Buffer>,
    (first, y): (u16, u16),
    length: u16,
    palette: Palette,
    looks: &mut Vec<Look>,
) -> String {
    let mut drawn = String::new();
    let end = screen.area.width.min(first + length);
    let cell = |x: u16| &screen[(x, y)];
    let is_new = |x: u16| before.is_none_or(|before| before[(x, y)] != screen[(x, y)]);
    // What is under the text.
    let ground = |x: u16| is_new(x).then(|| look(cell(x), palette).ground);
    let mut x = first;
    while x < end {
        let from = x;
        let color = ground(x);
        while x < end && ground(x) == color {
            x += 1;
        }
        let is_plain = before.is_none() && color == Some(palette.background);
        if let Some(color) = color.filter(|_| !is_plain) {
            let _ = write!(
                drawn,
                "<rect x=\"{:.1}\" y=\"{:.0}\" width=\"{:.1}\" height=\"{HEIGHT:.0}\" fill=\"{}\"/>",
                f32::from(from) * WIDTH,
                f32::from(y) * HEIGHT,
                f32::from(x - from) * WIDTH,
                hex(color)
            );
        }
    }
    let spans = spans(
        first,
        &(first..end)
            .map(|x| is_new(x).then(|| (cell(x).symbol(), look(cell(x), palette))))
            .collect::<Vec<_>>(),
        looks,
    );
    if !spans.is_empty() {
        let base = f32::from(y) * HEIGHT + 11.0;
        let _ = write!(drawn, "<text y=\"{base:.0}\">{spans}</text>");
    }
    drawn
}

/// A line's characters from column `first` on, those that look alike together.
fn spans(first: u16, line: &[Option<(&str, Look)>], looks: &mut Vec<Look>) -> String {
    let mut spans = String::new();
    let mut x = 0;
    while x < line.len() {
        let Some((symbol, look)) = line[x].filter(|(symbol, _)| *symbol != " ") else {
            x += 1;
            continue;
        };
        let (from, mut text, mut blanks) = (x, symbol.to_string(), 0);
        x += 1;
        while let Some(Some((symbol, next))) = line.get(x).filter(|_| blanks <= BLANKS) {
            match *symbol {
                " " => blanks += 1,
                symbol if next.text == look.text && next.bold == look.bold => {
                    text.push_str(&" ".repeat(std::mem::take(&mut blanks)));
                    text.push_str(symbol);
                }
                _ => break,
            }
            x += 1;
        }
        let look = Look {
            ground: Color::Reset,
            ..look
        };
        let class = looks
            .iter()
            .position(|known| *known == look)
            .unwrap_or_else(|| {
                looks.push(look);
                looks.len() - 1
            });
        let text = escaped(&text);
        let at = (usize::from(first) + from) as f32 * WIDTH;
        let _ = write!(
            spans,
            "<tspan x=\"{at:.1}\" class=\"c{class}\">{text}</tspan>"
        );
    }
    spans
}

fn look(cell: &Cell, palette: Palette) -> Look {
    let or = |color: Color, other: Color| match color {
        Color::Reset => other,
        color => color,
    };
    let (text, ground) = (or(cell.fg, palette.text), or(cell.bg, palette.background));
    let (text, ground) = match cell.modifier.contains(Modifier::REVERSED) {
        true => (ground, text),
        false => (text, ground),
    };
    Look {
        text,
        ground,
        bold: cell.modifier.contains(Modifier::BOLD),
    }
}

fn hex(color: Color) -> String {
    match color {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        other => panic!("a theme for pictures has no colour {other}"),
    }
}

/// Text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
