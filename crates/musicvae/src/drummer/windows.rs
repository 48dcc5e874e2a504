//! Grooves of any length as windows of a model's, and back.

use crate::model::Latent;
use crate::music::Groove;

/// `steps` steps of the looped groove, from step `first` on.
pub(super) fn stretch(groove: &Groove, first: usize, steps: usize) -> Groove {
    let around = groove.steps.iter().cycle();
    Groove {
        steps: around.skip(first).take(steps).copied().collect(),
        ..*groove
    }
}

/// Windows of `length` steps that a groove is worked on in, the last filled up from its beginning.
pub(super) fn looped(groove: &Groove, length: usize) -> Vec<Groove> {
    let length = length.max(1);
    let starts = (0..groove.steps.len()).step_by(length);
    starts.map(|start| stretch(groove, start, length)).collect()
}

/// The windows that were played in the place of `groove`, as long as it is.
pub(super) fn joined(played: Vec<Groove>, groove: &Groove) -> Groove {
    let steps = played.into_iter().flat_map(|window| window.steps);
    Groove {
        steps: steps.take(groove.steps.len()).collect(),
        ..*groove
    }
}

/// So many latents, from the first one on again where there are fewer.
pub(super) fn in_turn(latents: &[Latent], windows: usize) -> impl Iterator<Item = Latent> + '_ {
    latents.iter().cycle().take(windows).cloned()
}

/// The seeds of a groove's windows.
pub(super) fn seeds_from(seed: u64, windows: usize) -> impl Iterator<Item = u64> {
    (0..windows as u64).map(move |window| seed.wrapping_add(window))
}
