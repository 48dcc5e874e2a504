//! What comes in by MIDI: the master's clock, and strokes of pads.

use std::sync::atomic::Ordering::Relaxed;

use super::queues::discard;
use super::{Core, Driver, NOTES};
use crate::engine::events::{InputEvent, InputMessage, MidiEvent, MidiMessage, Nanos, SECOND};
use crate::engine::sound::mixer::{self, Note};
use crate::engine::time::follow::Move;
use crate::engine::time::units::{CLOCKS_PER_STEP, TICKS_PER_STEP};
use musicvae::music::Lane;

/// Strokes of pads that wait for their frame.
pub(super) struct Strokes {
    waiting: [Note; NOTES],
    count: usize,
}

impl Strokes {
    pub fn new() -> Strokes {
        Strokes {
            waiting: [Note::of_lane(0, Lane::Kick, 0.0); NOTES],
            count: 0,
        }
    }
}

impl Core {
    /// Takes what came in. `audio` is the length of the buffer that is being filled.
    pub(super) fn take_input(&mut self, audio: Option<usize>) {
        while let Ok(InputEvent { time, message }) = self.input.pop() {
            match message {
                InputMessage::Clock(clock) => {
                    // The master's clock is heard even while it is not followed, so that it can be
                    // joined while it plays.
                    let moved = self.follower.receive(clock, time);
                    if let Some(moved) = moved.filter(|_| self.external) {
                        self.moved(moved);
                    }
                }
                InputMessage::Strike {
                    lane,
                    velocity,
                    step,
                    by_key,
                } => {
                    if let Some(step) = step.filter(|_| self.overdub) {
                        self.player.played_by_hand(lane, step);
                    }
                    if by_key || self.shared.midi.thru.load(Relaxed) {
                        let message = MidiMessage::Hit { lane, velocity };
                        if self.midi.push(MidiEvent { time, message }).is_err() {
                            self.shared.midi.dropped.fetch_add(1, Relaxed);
                        }
                    }
                    self.strike_from_pad(lane, velocity, time, audio);
                }
            }
        }
    }

    /// Play or continue was asked for here, while an external clock is followed.
    pub(super) fn join_master(&mut self) {
        let time = self.heard();
        let moved = self.follower.join(time);
        self.moved(moved);
    }

    /// Whether clocks may be sent: not to the device that they come from.
    pub(super) fn sends_clock(&self) -> bool {
        !(self.external && self.shared.midi.same_port.load(Relaxed))
    }

    /// Goes as fast as it must to be where the master is.
    pub(super) fn steer(&mut self) {
        if !self.external || !self.transport.playing() {
            return;
        }
        let (time, position) = (self.heard(), self.transport.position());
        if self.follower.position(time).is_none() {
            // It began without the master: from now on the ticks of both are matched.
            self.follower.adopt(position, time);
        }
        if let Some(steering) = self.follower.steer(time, position) {
            if let Some(position) = steering.jump {
                self.locate(position);
            }
            self.transport.follow(steering.speed);
        }
    }

    /// When the next frame is heard.
    fn heard(&self) -> Nanos {
        let limiter = match self.driver {
            Driver::Clock => 0.0,
            Driver::Audio(_) => mixer::LATENCY as f64 / self.clock.rate() * SECOND as f64,
        };
        self.clock.time_of(self.frame) + limiter as Nanos
    }

    fn moved(&mut self, moved: Move) {
        let place = self.follower.position(self.heard());
        match moved {
            Move::Start => {
                // A master does its own count-in. The first beat is late by the sound card's
                // latency, rather than missing.
                self.play_from_the_top(0, place.unwrap_or(0.0));
            }
            Move::Continue(position) => {
                self.locate(place.unwrap_or(position));
                self.send_midi(0, MidiMessage::Continue(self.next_clock));
            }
            Move::Locate(position) => {
                if self.transport.playing() {
                    self.locate(place.unwrap_or(position));
                }
            }
            Move::Stop => {
                self.stop();
            }
        }
    }

    fn locate(&mut self, position: f64) {
        let garbage = &mut self.garbage;
        self.player
            .seek(position, &mut |it| discard(garbage, it.into()));
        self.next_beat = position.ceil() as i64;
        (self.began, self.start_due) = (0.0, false);
        if let Some(tap) = &mut self.tap {
            tap.moved_away();
        }
        self.next_clock = (position * CLOCKS_PER_STEP).ceil().max(0.0) as i64;
        self.transport.play_from(position);
    }

    /// A stroke sounds a buffer's length after it was struck, at its own frame: a steady latency
    /// plays better than one that is shorter at times.
    fn strike_from_pad(&mut self, lane: Lane, velocity: u8, time: Nanos, audio: Option<usize>) {
        let Some(length) = audio else {
            // Nothing sounds, but it was played.
            if let Some(tap) = &mut self.tap {
                tap.stroke(0.0, lane, velocity);
            }
            return;
        };
        if self.pads.count == NOTES {
            self.shared.midi.dropped.fetch_add(1, Relaxed);
            return;
        }
        // A callback may be longer than a chunk.
        let length = length.max(self.shared.callback.frames.load(Relaxed) as usize);
        let latency = self.shared.callback.latency.load(Relaxed);
        let age = self.clock.time_of(self.frame) - latency - time;
        let age = (age as f64 / SECOND as f64 * self.clock.rate()).max(0.0);
        self.pads.waiting[self.pads.count] = Note {
            offset: (length.saturating_sub(age as usize)).min(length.saturating_sub(1)),
            velocity,
            ..Note::of_lane(0, lane, 1.0)
        };
        self.pads.count += 1;
    }

    /// Moves the strokes of the next `frames` frames to the notes.
    pub(super) fn collect_pads(&mut self, frames: usize) {
        let mut kept = 0;
        for n in 0..self.pads.count {
            let mut note = self.pads.waiting[n];
            if note.offset >= frames || self.strikes >= NOTES {
                note.offset = note.offset.saturating_sub(frames);
                self.pads.waiting[kept] = note;
                kept += 1;
            } else {
                self.notes[self.strikes] = note;
                self.strikes += 1;
                if let Some(tap) = &mut self.tap {
                    let seconds = note.offset as f64 / self.transport.rate();
                    let ticks = seconds * self.transport.steps_per_second() * TICKS_PER_STEP;
                    tap.stroke(ticks, note.lane, note.velocity);
                }
            }
        }
        self.pads.count = kept;
    }
}

#[cfg(test)]
mod tests;
