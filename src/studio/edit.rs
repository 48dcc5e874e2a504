//! Editing the groove on the grid.

use super::{Action, Change, End, Origin, Studio, Takeover};
use musicvae::music::{Hit, Lane};

/// Loudness of a hit set by hand: a plain stroke.
const PLAIN_VELOCITY: f32 = 100.0 / 127.0;

impl Studio {
    pub(super) fn apply_edit(&mut self, action: Action) {
        let (lane, step) = (self.screen.lane, self.screen.step);
        match action {
            Action::MoveCursor { lanes, steps } => {
                let lane = lane.saturating_add_signed(lanes);
                self.screen.lane = lane.min(Lane::ALL.len() - 1);
                let length = self.groove().steps.len().max(1) as isize;
                self.screen.step = (step as isize + steps).rem_euclid(length) as usize;
            }
            Action::CursorToEdge(end) => {
                let last = self.groove().steps.len().saturating_sub(1);
                self.screen.step = if end == End::A { 0 } else { last };
            }
            Action::ToggleHit => {
                let plain = Hit {
                    velocity: PLAIN_VELOCITY,
                    offset: 0.0,
                };
                let hit = if self.hit_here().is_some() {
                    None
                } else {
                    Some(plain)
                };
                self.edit(Change::Single, hit);
            }
            Action::NudgeVelocity(by) => {
                if let Some(hit) = self.hit_here() {
                    let velocity = (hit.velocity * 127.0).round() + f32::from(by);
                    // A hit stays a hit: 1 is the softest that MIDI can say.
                    let velocity = velocity.clamp(1.0, 127.0) / 127.0;
                    self.edit(Change::Velocity(lane, step), Some(Hit { velocity, ..hit }));
                }
            }
            Action::NudgeOffset(by) => {
                if let Some(hit) = self.hit_here() {
                    let offset = (hit.offset * 100.0).round() + f32::from(by);
                    let offset = offset.clamp(-50.0, 50.0) / 100.0;
                    self.edit(Change::Offset(lane, step), Some(Hit { offset, ..hit }));
                }
            }
            Action::ClearLane => {
                self.before_edit(Change::Single);
                for lanes in &mut self.scene.groove.steps {
                    lanes[lane] = None;
                }
                self.send_groove(Takeover::Now);
            }
            _ => {}
        }
    }

    /// The hit under the cursor.
    pub fn hit_here(&self) -> Option<Hit> {
        let lane = Lane::ALL[self.screen.lane];
        self.groove().hit(self.screen.step, lane)
    }

    pub(super) fn before_edit(&mut self, change: Change) {
        self.history.before(&self.scene, change);
        self.forget_answers();
        // A slot of the chain that sounds is what is seen and meant; the slot itself stays.
        self.adopt_shown();
        self.scene.origin = Origin::Edited;
    }

    fn edit(&mut self, change: Change, hit: Option<Hit>) {
        self.before_edit(change);
        let (lane, step) = (self.screen.lane, self.screen.step);
        if let Some(lanes) = self.scene.groove.steps.get_mut(step) {
            lanes[lane] = hit;
        }
        self.send_groove(Takeover::Now);
    }

    /// A groove may be shorter than the one before it.
    pub(super) fn cursor_inside(&mut self) {
        let last = self.scene.groove.steps.len().saturating_sub(1);
        self.screen.step = self.screen.step.min(last);
    }
}
