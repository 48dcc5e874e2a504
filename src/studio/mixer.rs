//! The mixer: where the lanes stand, and a stroke to try them. Levels, mutes and solos are set while
//! playing too; they and the cursor are the ground's. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::{Ground, Overlay, set_to};
use crate::engine::Command;
use crate::engine::range::PAN;
use musicvae::music::Lane;

/// Loudness of the stroke that lets a lane be heard.
const STROKE: f32 = 100.0 / 127.0;

/// What a player can do in the mixer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowMixer,
    /// The lane's place between left (-1) and right (1).
    SetPan(Lane, f32),
    /// Of the lane under the cursor.
    NudgePan(f32),
    /// Lets the lane under the cursor be heard.
    TryLane,
    SelectLane(isize),
}

pub fn apply(action: Action, ground: &mut Ground) {
    let here = Lane::ALL[ground.screen.lane];
    match action {
        Action::ShowMixer => ground.screen.overlay = Some(Overlay::Mixer),
        Action::SetPan(lane, to) => set_pan(lane, to, ground),
        Action::NudgePan(by) => set_pan(here, ground.lanes[here.index()].pan + by, ground),
        Action::TryLane => ground.send(Command::Strike {
            lane: here,
            velocity: STROKE,
        }),
        Action::SelectLane(by) => {
            let lane = ground.screen.lane.saturating_add_signed(by);
            ground.screen.lane = lane.min(Lane::ALL.len() - 1);
        }
    }
}

fn set_pan(lane: Lane, to: f32, ground: &mut Ground) {
    let pan = set_to(to, PAN);
    ground.lanes[lane.index()].pan = pan;
    ground.send(Command::SetPan { lane, pan });
}
