//! The notes of a stretch of time: gathered from the loop, sent to MIDI and made to sound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

use super::queues::{Garbage, discard};
use super::{Core, NOTES};
use crate::engine::events::MidiMessage;
use crate::engine::sound::mixer::Note;
use crate::engine::time::player::Stroke;
use crate::engine::time::units::{CLOCKS_PER_STEP, TICKS_PER_STEP};

/// Fall of the meters, decibels a second.
const METER_FALL: f32 = 24.0;

impl Core {
    /// Gathers the notes of the next `frames` frames in `notes`, behind the strikes that wait
    /// there, and sends them to MIDI. Returns how many there are.
    pub(super) fn collect(&mut self, frames: usize) -> usize {
        let mut count = self.strikes;
        self.notes[..count].sort_unstable_by_key(|note| note.offset);
        if !self.transport.playing() {
            return count;
        }
        let to = self.transport.position_after(frames);
        if self.start_due && to > 0.0 {
            self.start_due = false;
            let offset = self.transport.frame_of(0.0, frames);
            self.send_midi(offset, MidiMessage::Start);
        }
        self.beat(to, frames);
        while (self.next_clock as f64) < to * CLOCKS_PER_STEP {
            let position = self.next_clock as f64 / CLOCKS_PER_STEP;
            let offset = self.transport.frame_of(position, frames);
            self.send_midi(offset, MidiMessage::Clock(self.next_clock));
            self.next_clock += 1;
        }
        let Core {
            player,
            transport,
            controls,
            notes,
            tap,
            garbage,
            ..
        } = self;
        let first = count;
        let from = transport.position();
        let emit = |stroke: Stroke| {
            if controls.audible(stroke.lane) && count < NOTES {
                let offset = transport.frame_of(stroke.position, frames);
                let note = Note::of_lane(offset, stroke.lane, stroke.velocity);
                notes[count] = note;
                count += 1;
                let sent = controls.sent(stroke.lane, note.velocity);
                if let (Some(tap), Some(velocity)) = (tap.as_mut(), sent) {
                    let ticks = (stroke.position - from) * TICKS_PER_STEP;
                    tap.stroke(ticks, stroke.lane, velocity);
                }
            }
        };
        player.advance(to, emit, &mut |it| discard(garbage, it.into()));
        for n in first..count {
            let Note {
                offset,
                lane,
                velocity,
                ..
            } = self.notes[n];
            if let Some(velocity) = self.controls.sent(lane, velocity) {
                self.send_midi(offset, MidiMessage::Hit { lane, velocity });
            }
        }
        self.notes[..count].sort_unstable_by_key(|note| note.offset);
        self.transport.advance(frames);
        count
    }

    pub(super) fn sound(&mut self, left: &mut [f32], right: &mut [f32], count: usize) {
        let Some(mixer) = &mut self.mixer else { return };
        if f64::from(mixer.rate()) != self.transport.rate() {
            return;
        }
        let (notes, controls) = (&self.notes[..count], &self.controls);
        // The synthesizer is not ours: if it panics on a damaged SoundFont, the music goes on.
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            mixer.render(left, right, notes, controls)
        }));
        match rendered {
            Ok(peaks) => {
                for lane in 0..peaks.lanes.len() {
                    self.levels.lanes[lane] = self.levels.lanes[lane].max(peaks.lanes[lane]);
                }
                for side in 0..2 {
                    self.levels.master[side] = self.levels.master[side].max(peaks.master[side]);
                }
            }
            Err(_) => {
                left.fill(0.0);
                right.fill(0.0);
                self.shared.sound_failed.store(true, Relaxed);
                if let Some(mixer) = self.mixer.take() {
                    self.discard(Garbage::Mixer(mixer));
                }
            }
        }
    }

    /// Lets the meters fall.
    pub(super) fn fall(&mut self, frames: usize) {
        let seconds = frames as f32 / self.transport.rate() as f32;
        let factor = 10_f32.powf(-METER_FALL / 20.0 * seconds);
        self.levels
            .lanes
            .iter_mut()
            .chain(&mut self.levels.master)
            .for_each(|l| *l *= factor);
    }
}
