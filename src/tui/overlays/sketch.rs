//! A groove in a few characters: kicks below, snares and the rest above, two steps a character.

use crate::tui::kit::Theme;
use musicvae::music::Lane;

/// A character for two of so many steps; `struck` knows whether any of some lanes has a hit at a step.
pub fn sketch(struck: impl Fn(&[Lane], usize) -> bool, steps: usize, theme: Theme) -> String {
    let kicks: &[Lane] = &[Lane::Kick];
    let snares: &[Lane] = &[Lane::Snare];
    let hats: &[Lane] = &[Lane::ClosedHat, Lane::OpenHat];
    let rest: &[Lane] = &[
        Lane::LowTom,
        Lane::MidTom,
        Lane::HighTom,
        Lane::Crash,
        Lane::Ride,
    ];
    let cell = |step: usize| {
        let strikes = |lanes| struck(lanes, step) || struck(lanes, step + 1);
        if theme.ascii {
            return match (strikes(kicks), strikes(snares)) {
                (true, _) => 'x',
                (_, true) => 'o',
                _ if strikes(hats) || strikes(rest) => '.',
                _ => ' ',
            };
        }
        // Dots of a braille character, the left column and then the right, from above.
        let rows = [
            (rest, 0x01, 0x08),
            (hats, 0x02, 0x10),
            (snares, 0x04, 0x20),
            (kicks, 0x40, 0x80),
        ];
        let dots = rows.iter().fold(0, |dots, (lanes, left, right)| {
            let left = if struck(lanes, step) { *left } else { 0 };
            let right = if struck(lanes, step + 1) { *right } else { 0 };
            dots | left | right
        });
        char::from_u32(0x2800 + dots).unwrap_or(' ')
    };
    (0..steps).step_by(2).map(cell).collect()
}
