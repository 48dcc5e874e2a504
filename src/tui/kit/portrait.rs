//! A groove as a picture of a few characters.

use super::canvas::Canvas;
use super::theme::Theme;
use musicvae::music::{Groove, LANES, Lane};

/// Lines of a portrait that shows all lanes.
pub fn portrait_lines(theme: Theme) -> u16 {
    if theme.ascii { 5 } else { 3 }
}

/// A groove in a few characters: a dot where a lane is hit, cymbals on top.
pub fn portrait(
    groove: &Groove,
    (x, y): (u16, u16),
    (width, height): (u16, u16),
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
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
        canvas.put((x, y + row as u16), &line, theme.validation());
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
