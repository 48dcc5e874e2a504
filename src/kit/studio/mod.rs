//! The studio kit: drums and cymbals as struck by sticks, heard from above.

pub mod drums;
pub mod metals;

use super::dsp::{Filter, noise_loop};
use super::shelf::Shelf;
use super::stroke::{Part, Touch, part};

/// The room: short, and duller than what sounds in it.
fn room(shelf: &mut Shelf, touch: Touch, level: f64, hertz: f64) -> [Part; 2] {
    let noise = shelf.turn("Room", 32_000, || {
        noise_loop(
            90,
            32_000,
            20_000,
            &[Filter::HighPass(90.0, 0.7), Filter::LowPass(6000.0, 0.5)],
        )
    });
    part(noise)
        .level(level)
        .cutoff(hertz)
        .attack(0.009)
        .decaying(0.34)
        .wide(touch, shelf, 0.0, 0.9)
}
