//! What a model plays for a listener.

use rayon::prelude::*;

use crate::data::Window;
use crate::drummer::{Drummer, Rework};
use crate::model::{Decoding, ModelError};
use crate::music::Groove;

/// `count` new grooves at a temperature, drawn as `sample --seed SEED` and the seeds after it draw
/// them.
pub fn samples(
    drummer: &Drummer,
    temperature: f32,
    count: usize,
    seed: u64,
) -> Result<Vec<Groove>, ModelError> {
    let how = Decoding { temperature, seed };
    let drawn = drummer.samples(count, how, 120.0)?;
    Ok(drawn.into_iter().filter_map(groove).collect())
}

/// What a model makes of each window, by itself and with a seed of its own: of a whole groove its
/// reconstruction, else what its [`Rework`] does.
pub fn remade(
    drummer: &Drummer,
    windows: &[Groove],
    temperature: f32,
    seed: u64,
) -> Result<Vec<Groove>, ModelError> {
    let rework = Rework::of(drummer.preset());
    let make = |(place, window): (usize, &Groove)| {
        let seed = seed.wrapping_add(place as u64);
        let how = Decoding { temperature, seed };
        if rework.is_some() {
            return drummer.rework(window, how).map(Some);
        }
        let window = Window::Groove(window.clone());
        let mut back = drummer.reconstruct(&[window], how)?;
        Ok(back.pop().and_then(groove))
    };
    let made: Result<Vec<_>, ModelError> = windows.par_iter().enumerate().map(make).collect();
    Ok(made?.into_iter().flatten().collect())
}

/// The groove of a window, which models of grooves make.
fn groove(window: Window) -> Option<Groove> {
    match window {
        Window::Groove(groove) => Some(groove),
        _ => None,
    }
}
