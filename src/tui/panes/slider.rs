//! The latent slider between A and B.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::studio::qualities::{shown, words};
use crate::studio::{Anchor, Origin, Studio};
use crate::tui::bars::shortened;
use crate::tui::kit::theme::Theme;
use crate::tui::layout::put;
use crate::tui::overlays::wrapped;
use musicvae::music::{Groove, LANES, Lane};

pub fn draw(studio: &Studio, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let scene = &studio.scene;
    let inner = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let half = inner.width.saturating_sub(2) / 2;
    let picture = if theme.ascii { 5 } else { 3 };
    // Names, pictures, slider and numbers; the pictures go where it is too low for them.
    let pictures = if inner.height >= picture + 3 {
        picture
    } else {
        0
    };
    let spare = inner.height.saturating_sub(pictures + 4);
    let mut y = spare.min(1);
    for (x, letter, anchor, on) in [
        (0, "A", &scene.a, scene.slider <= 0.0),
        (
            inner.width - half.min(inner.width),
            "B",
            &scene.b,
            scene.slider >= 1.0,
        ),
    ] {
        let style = if on { theme.accent() } else { theme.strong() };
        put(buffer, inner, (x, y), letter, style);
        let name = shortened(
            &anchor.name,
            usize::from(half.saturating_sub(2)),
            theme.ascii,
        );
        put(buffer, inner, (x + 2, y), &name, theme.plain());
        preview(anchor, theme, inner, (x, y + 1), (half, pictures), buffer);
    }
    y += 1 + pictures + u16::from(spare >= 2);
    track(scene.slider, theme, inner, y, buffer);
    y += 1 + u16::from(spare >= 3);
    let numbers = format!(
        "{:.0}% B   temp {:.2}",
        scene.slider * 100.0,
        scene.temperature
    );
    put(buffer, inner, (0, y), &numbers, theme.plain());
    // The groove's own title says what it is, where there is no room for that here.
    let hint = |what: &str| match format!("{what}: a or b encodes it") {
        whole if whole.len() <= usize::from(inner.width) => whole,
        _ => "a or b encodes it".into(),
    };
    let (text, style) = match (studio.reworking(), &scene.origin) {
        _ if studio.model.is_none() => ("no model yet".into(), theme.faint()),
        (Some(rework), _) => (rework.doing().into(), theme.faint()),
        _ if scene.pending => ("decoding".into(), theme.faint()),
        (_, Origin::Edited) => (hint("edited"), theme.accent()),
        (_, Origin::Reworked(rework)) => (hint(rework.done()), theme.accent()),
        _ => (String::new(), theme.plain()),
    };
    let free = usize::from(inner.height.saturating_sub(y + 1));
    let room = usize::from(inner.width);
    let mut lines = wrapped(&steering(studio), room);
    lines.retain(|line| !line.is_empty());
    // Where only one line is left, the hint matters more; but what is being decoded is heard soon.
    let hinted = !text.is_empty() && (free > 1 || lines.is_empty() || !scene.pending);
    lines.truncate(free.saturating_sub(usize::from(hinted)));
    for (row, line) in lines.iter().enumerate() {
        put(buffer, inner, (0, y + 1 + row as u16), line, theme.good());
    }
    if hinted {
        let row = y + 1 + lines.len() as u16;
        put(
            buffer,
            inner,
            (0, row),
            &shortened(&text, room, theme.ascii),
            style,
        );
    }
}

/// `density +1, funk +1`
fn steering(studio: &Studio) -> String {
    let words = studio.steering().map(|(quality, amount)| {
        let (name, amount) = (shown(&quality.name), words(amount));
        format!("{name} {amount}")
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `A ├───●────┤ B`
fn track(slider: f32, theme: Theme, area: Rect, y: u16, buffer: &mut Buffer) {
    if area.width < 8 {
        return;
    }
    let length = area.width - 4;
    put(buffer, area, (0, y), "A", theme.strong());
    put(buffer, area, (area.width - 1, y), "B", theme.strong());
    let knob = (slider.clamp(0.0, 1.0) * f32::from(length - 1)).round() as u16;
    for x in 0..length {
        let glyph = match x {
            0 => theme.pick("├", "|"),
            x if x == length - 1 => theme.pick("┤", "|"),
            _ => theme.pick("─", "-"),
        };
        let style = if x < knob {
            theme.validation()
        } else {
            theme.faint()
        };
        put(buffer, area, (2 + x, y), glyph, style);
    }
    put(
        buffer,
        area,
        (2 + knob, y),
        theme.pick("●", "O"),
        theme.accent(),
    );
}

/// A groove in a few characters: a dot where a lane is hit, cymbals on top.
fn preview(
    anchor: &Anchor,
    theme: Theme,
    area: Rect,
    (x, y): (u16, u16),
    (width, height): (u16, u16),
    buffer: &mut Buffer,
) {
    let Some(groove) = &anchor.preview else {
        return;
    };
    if height == 0 || width == 0 {
        return;
    }
    let (across, down) = if theme.ascii { (1, 2) } else { (2, 4) };
    let dots = usize::from(width) * across;
    let on = dotted(groove, dots);
    for row in 0..usize::from(height) {
        let mut line = String::new();
        for column in 0..usize::from(width) {
            let dot = |dx: usize, dy: usize| {
                let (x, y) = (column * across + dx, row * down + dy);
                y < LANES && on[y * dots + x]
            };
            line.push(if theme.ascii {
                match (dot(0, 0), dot(0, 1)) {
                    (true, true) => ':',
                    (true, false) => '\'',
                    (false, true) => '.',
                    (false, false) => ' ',
                }
            } else {
                // Unicode's order of Braille dots: down the left column, then the right, then the
                // lowest two.
                let bits = [
                    (0, 0),
                    (0, 1),
                    (0, 2),
                    (1, 0),
                    (1, 1),
                    (1, 2),
                    (0, 3),
                    (1, 3),
                ];
                let pattern = bits
                    .iter()
                    .enumerate()
                    .fold(0, |pattern, (bit, &(dx, dy))| {
                        pattern | (u32::from(dot(dx, dy)) << bit)
                    });
                char::from_u32(0x2800 + pattern).unwrap_or(' ')
            });
        }
        put(buffer, area, (x, y + row as u16), &line, theme.validation());
    }
}

/// `LANES x dots`, the last lane first, true where a hit falls.
fn dotted(groove: &Groove, dots: usize) -> Vec<bool> {
    let mut on = vec![false; LANES * dots];
    let steps = groove.steps.len().max(1);
    for (step, lane, _) in groove.hits() {
        let row = Lane::ALL.len() - 1 - lane.index();
        on[row * dots + step * dots / steps] = true;
    }
    on
}
