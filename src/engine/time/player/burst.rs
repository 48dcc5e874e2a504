//! The strokes of a step: one, or a ratchet, with a grace stroke before them or without.

use crate::engine::time::feel::Feel;
use musicvae::music::Hit;

/// How long before its stroke a grace stroke comes, in steps: 27 ms at 120 quarter notes a minute,
/// among the usual 20 to 40.
const GRACE: f64 = 0.22;

/// Its velocity against that of its stroke.
const SOFTER: f32 = 0.5;

/// The strokes of a step that are still to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    /// Step since play.
    pub step: i64,
    /// Where that lies when it does not swing, and how long it is then.
    pub line: f64,
    pub width: f64,
    /// Where the main stroke is.
    position: f64,
    /// From one stroke of a ratchet to the next.
    gap: f64,
    /// Of the main stroke, and by how much the next ones of a ratchet are louder.
    velocity: f32,
    louder: f32,
    /// Number of the next stroke: -1 is the grace stroke, 0 the main one.
    next: i8,
    count: i8,
    /// Where the last stroke so far was.
    last: f64,
}

/// Where the first stroke of a hit on step `n` is.
pub(crate) fn beginning(n: i64, hit: Hit, feel: &Feel) -> f64 {
    let grace = if hit.trig.flam { GRACE } else { 0.0 };
    feel.place(n, hit.offset) - grace
}

impl Burst {
    /// All strokes of a hit on step `n`, whose main one has this velocity. A grace stroke that would
    /// not come after the last stroke `before` is left out.
    pub fn new(n: i64, hit: Hit, velocity: f32, feel: &Feel, before: Option<Burst>) -> Burst {
        let position = feel.place(n, hit.offset);
        let last = before.map_or(f64::NEG_INFINITY, |before| before.last);
        let grace = hit.trig.flam && position - GRACE > last;
        let count = hit.trig.ratchet.max(1);
        let slope = f32::from(hit.trig.slope) / 127.0 * feel.velocity;
        Burst {
            step: n,
            line: feel.straight(n),
            width: feel.width(),
            position,
            gap: feel.gap_after(n) / f64::from(count),
            velocity,
            louder: slope / f32::from(count.max(2) - 1),
            next: if grace { -1 } else { 0 },
            count: count as i8,
            last,
        }
    }

    /// Where the next stroke is; `None` after the last one.
    pub fn due(&self) -> Option<f64> {
        match self.next {
            next if next >= self.count => None,
            -1 => Some(self.position - GRACE),
            next => Some(self.position + f64::from(next) * self.gap),
        }
    }

    /// Whether its main stroke is still to come: no other step may cut it off.
    pub fn is_owed(&self) -> bool {
        self.next <= 0
    }

    /// Plays the next stroke; returns its velocity.
    pub fn play(&mut self) -> f32 {
        self.last = self.due().unwrap_or(self.last);
        let velocity = match self.next {
            -1 => self.velocity * SOFTER,
            next => self.velocity + f32::from(next) * self.louder,
        };
        self.next += 1;
        // However far it slopes, a stroke stays one: MIDI's softest.
        velocity.clamp(self.velocity.min(1.0 / 127.0), 1.0)
    }
}
