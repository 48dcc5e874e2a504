//! Insert mode: a key for each lane. While nothing plays, strokes go onto the cursor's step, and the
//! cursor goes on; while the loop plays, onto the step that is heard, with their timing.

use super::lanes::edit_cells;
use super::{Edit, lanes};
use crate::engine::{Command, Request};
use crate::studio::ground::{Change, Ground};
use musicvae::music::{Hit, Lane};

/// Steps that the cursor may go on by.
const STRIDES: [usize; 6] = [0, 1, 2, 3, 4, 8];

/// How strokes are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insert {
    /// Steps that the cursor goes on by.
    pub stride: usize,
    /// Of the computer's keys, 1..=127.
    pub velocity: u8,
}

impl Edit {
    pub fn toggle_insert(&mut self, ground: &mut Ground) {
        self.insert = match self.insert {
            Some(_) => None,
            None => Some(Insert {
                stride: 1,
                velocity: 100,
            }),
        };
        ground.screen.selection = None;
    }

    /// A stroke of one of the computer's keys.
    pub fn strike(&mut self, lane: Lane, stay: bool, ground: &mut Ground) {
        let Some(Insert { velocity, .. }) = self.insert else {
            return;
        };
        if ground.transport.playing {
            // It comes back with its place in the loop, as a pad's does.
            ground.send(Request::Strike { lane, velocity });
            return;
        }
        ground.send(Command::Strike {
            lane,
            velocity: f32::from(velocity) / 127.0,
        });
        self.set_at_cursor(lane, velocity, stay, ground);
    }

    /// Puts a stroke that has sounded onto the cursor's step.
    pub fn set_at_cursor(&self, lane: Lane, velocity: u8, stay: bool, ground: &mut Ground) {
        let Some(Insert { stride, .. }) = self.insert else {
            return;
        };
        ground.screen.lane = lane.index();
        let hit = Hit {
            velocity: f32::from(velocity) / 127.0,
            ..super::PLAIN
        };
        let cell = lanes::cell(ground);
        edit_cells(ground, &cell, Change::Single, |_, cells| {
            cells.fill(Some(hit))
        });
        if !stay {
            let length = ground.groove().steps.len().max(1);
            ground.screen.step = (ground.screen.step + stride) % length;
        }
    }

    pub fn turn_stride(&mut self, by: isize) {
        if let Some(insert) = &mut self.insert {
            let place = STRIDES.iter().position(|stride| *stride == insert.stride);
            let place = place.unwrap_or(1).saturating_add_signed(by);
            insert.stride = STRIDES[place.min(STRIDES.len() - 1)];
        }
    }

    pub fn nudge_strength(&mut self, by: i8) {
        if let Some(insert) = &mut self.insert {
            insert.velocity = insert.velocity.saturating_add_signed(by).clamp(1, 127);
        }
    }
}
