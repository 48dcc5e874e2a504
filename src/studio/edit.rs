//! Editing the groove on the grid, and the way back. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::{Change, End, Ground, Scene, Undo};
use crate::engine::Takeover;
use musicvae::music::{Hit, Lane};

/// Loudness of a hit set by hand: a plain stroke.
const PLAIN_VELOCITY: f32 = 100.0 / 127.0;

/// What a player can do to the groove by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    MoveCursor {
        lanes: isize,
        steps: isize,
    },
    /// To the first or the last step.
    CursorToEdge(End),
    ToggleHit,
    /// In 1/127, as MIDI counts.
    NudgeVelocity(i8),
    /// In hundredths of a step; positive is early.
    NudgeOffset(i8),
    ClearLane,
    Undo,
    Redo,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    let (when, reason) = match action {
        Action::NudgeVelocity(_) | Action::NudgeOffset(_) => (
            ground.hit_here().is_none(),
            "There is no hit under the cursor.",
        ),
        Action::ClearLane => {
            let lane = ground.screen.lane;
            let mut steps = ground.groove().steps.iter();
            (
                steps.all(|lanes| lanes[lane].is_none()),
                "The lane is silent.",
            )
        }
        Action::Undo => (ground.undo.past().is_empty(), "Nothing to undo."),
        Action::Redo => (ground.undo.future().is_empty(), "Nothing to redo."),
        _ => return None,
    };
    when.then(|| reason.into())
}

pub fn apply(action: Action, ground: &mut Ground) {
    let (lane, step) = (ground.screen.lane, ground.screen.step);
    match action {
        Action::MoveCursor { lanes, steps } => {
            let lane = lane.saturating_add_signed(lanes);
            ground.screen.lane = lane.min(Lane::ALL.len() - 1);
            let length = ground.groove().steps.len().max(1) as isize;
            ground.screen.step = (step as isize + steps).rem_euclid(length) as usize;
        }
        Action::CursorToEdge(end) => {
            let last = ground.groove().steps.len().saturating_sub(1);
            ground.screen.step = if end == End::A { 0 } else { last };
        }
        Action::ToggleHit => {
            let plain = Hit {
                velocity: PLAIN_VELOCITY,
                offset: 0.0,
            };
            let hit = match ground.hit_here() {
                Some(_) => None,
                None => Some(plain),
            };
            set_hit(ground, Change::Single, hit);
        }
        Action::NudgeVelocity(by) => {
            if let Some(hit) = ground.hit_here() {
                let velocity = (hit.velocity * 127.0).round() + f32::from(by);
                // A hit stays a hit: 1 is the softest that MIDI can say.
                let velocity = velocity.clamp(1.0, 127.0) / 127.0;
                let change = Change::Velocity(lane, step);
                set_hit(ground, change, Some(Hit { velocity, ..hit }));
            }
        }
        Action::NudgeOffset(by) => {
            if let Some(hit) = ground.hit_here() {
                let offset = (hit.offset * 100.0).round() + f32::from(by);
                let offset = offset.clamp(-50.0, 50.0) / 100.0;
                let change = Change::Offset(lane, step);
                set_hit(ground, change, Some(Hit { offset, ..hit }));
            }
        }
        Action::ClearLane => {
            ground.before_edit(Change::Single);
            for lanes in &mut ground.scene.groove.steps {
                lanes[lane] = None;
            }
            ground.play_groove(Takeover::Now);
        }
        Action::Undo => travel(ground, Undo::undo),
        Action::Redo => travel(ground, Undo::redo),
    }
}

/// Sets what is under the cursor.
fn set_hit(ground: &mut Ground, change: Change, hit: Option<Hit>) {
    ground.before_edit(change);
    let (lane, step) = (ground.screen.lane, ground.screen.step);
    if let Some(lanes) = ground.scene.groove.steps.get_mut(step) {
        lanes[lane] = hit;
    }
    ground.play_groove(Takeover::Now);
}

/// Goes to another scene in time.
fn travel(ground: &mut Ground, step: fn(&mut Undo, &mut Scene) -> bool) {
    let (groove, slots) = (ground.scene.groove.clone(), ground.scene.slots.clone());
    if !step(&mut ground.undo, &mut ground.scene) {
        return;
    }
    let unfinished = ground.scene.pending;
    ground.forget_answers();
    ground.cursor_inside();
    if ground.chain.is_some() && ground.scene.slots != slots && ground.scene.groove == groove {
        ground.slots_changed();
    } else {
        ground.play_groove(ground.sound.takeover);
    }
    if unfinished {
        ground.decode(ground.sound.takeover, true);
    } else if ground.scene.a.preview.is_none() || ground.scene.b.preview.is_none() {
        // A scene of an earlier session.
        ground.ask_previews();
    }
}
