//! What holds for all tracks from a tick on: tempo, meter and key.

use std::cmp::Reverse;

use super::events::{EventKind, Track};

/// A value from a tick on.
#[derive(Clone, Copy)]
pub(super) struct MapEvent<T> {
    pub tick: u64,
    pub value: T,
}

/// The values that `pick` takes from the events of `tracks`, by tick. If several tracks have one at
/// the same tick, that of the first track counts: by the standard it holds the maps.
pub(super) fn of_tracks<'a, T>(
    tracks: &[Track<'a>],
    pick: impl Fn(&EventKind<'a>) -> Option<T>,
) -> Vec<MapEvent<T>> {
    let mut found = Vec::new();
    for (number, track) in tracks.iter().enumerate() {
        for event in &track.events {
            if let Some(value) = pick(&event.kind) {
                let tick = event.tick;
                found.push((number, MapEvent { tick, value }));
            }
        }
    }
    found.sort_by_key(|(number, event)| (event.tick, Reverse(*number)));
    found.into_iter().map(|(_, event)| event).collect()
}
