//! What the core tells a recording.

use super::Core;
use crate::engine::sound::mixer::LATENCY;
use crate::engine::time::units::TICKS_PER_STEP;

impl Core {
    /// Before a chunk of `frames`: begins a waiting recording if its moment is in the chunk, and
    /// tells it rate, tempo and meter.
    pub(super) fn begin_recording(&mut self, frames: usize) {
        let Core {
            tap: Some(tap),
            transport,
            player,
            ..
        } = self
        else {
            return;
        };
        let position = transport.position();
        let bar = || player.feel.grid(player.next_bar());
        // The limiter holds the sound back: the first frame of a recording is the first of the bar.
        match tap.begins_at(transport.playing(), bar) {
            Some(from) if from <= position => {
                // A master's start is noticed a little late, but the ticks still count as the
                // music's.
                let behind = position - from;
                let behind = if behind < 1.0 { behind } else { 0.0 };
                tap.begin(LATENCY, behind * TICKS_PER_STEP);
            }
            Some(from) if from < transport.position_after(frames) => {
                let offset = transport.frame_of(from, frames);
                tap.begin(offset + LATENCY, (position - from) * TICKS_PER_STEP);
            }
            _ => (),
        }
        let meter = player.current().pattern.meter();
        tap.note_conditions(transport.rate() as u32, transport.qpm(), meter);
    }

    pub(super) fn record(&mut self, left: &[f32], right: &[f32]) {
        if let Some(tap) = &mut self.tap {
            tap.sound(left, right);
        }
    }

    /// After a chunk of `frames` that began at position `before`. Where nothing plays, the
    /// recording's time goes on at the same tempo, so that sound and notes stay together.
    pub(super) fn pass(&mut self, frames: usize, before: f64) {
        let Some(tap) = &mut self.tap else { return };
        let seconds = frames as f64 / self.transport.rate();
        let steps = if self.transport.playing() {
            self.transport.position() - before
        } else {
            seconds * self.transport.steps_per_second()
        };
        tap.advance(steps * TICKS_PER_STEP, seconds);
    }
}
