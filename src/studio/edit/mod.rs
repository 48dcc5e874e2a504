//! Editing the groove on the grid, and undo. It uses the ground only.
//!
//! An action edits the selection. If nothing is selected, each action says what it takes instead:
//! the cell under the cursor, its lane or its bar. A single lane is edited even if it is locked; of
//! several lanes, the locked ones are left alone. Every action is one step of undo.

mod clip;
mod grids;
mod insert;
mod lanes;
mod point;
mod random;
mod select;
mod shape;
mod travel;
mod typed;

use serde::{Deserialize, Serialize};

pub use clip::Clip;
pub use insert::Insert;
pub use point::{Cell, Pointing};
pub use random::Limits;
pub use select::Reach;
pub use shape::Shape;
pub use typed::{Dynamics, Timing};

use super::ground::{Change, End, Ground, Undo};
use crate::engine::Command;
use lanes::{Otherwise, edit_cells, edit_hits, region_or};
use musicvae::music::{Grid, Hit, Lane, Trig};
use point::Brush;

/// Loudness of a hit set by hand: a plain stroke.
const PLAIN_VELOCITY: f32 = 100.0 / 127.0;

/// A hit as it is set by hand.
const PLAIN: Hit = Hit::new(PLAIN_VELOCITY, 0.0);

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
    /// To the beginning of a bar, from 0 on.
    CursorToBar(usize),
    ToggleHit,
    /// In 1/127, as MIDI counts.
    NudgeVelocity(i8),
    /// In hundredths of a step; positive is early.
    NudgeOffset(i8),
    /// Removes the hits of the selection, or of the lane.
    Clear,
    /// Begins a selection at the cursor, or ends one that reaches as far.
    Select(Reach),
    Deselect,
    /// Whole bars are selected, or the steps between.
    ToggleBars,
    /// All lanes are selected, or those between.
    ToggleEveryLane,
    /// The selection, or the bar; so for the three after it.
    Copy,
    Cut,
    Paste,
    /// Pastes only where there is no hit.
    PasteMerge,
    /// Moves the hits of the selection, or of the lane.
    Shape(Shape),
    /// Sets a hit every so many steps of the selection, from where it began; of the lane, from the
    /// cursor.
    Fill(usize),
    /// So on every triplet eighth: on the sixteenth before or after it, late or early by a third of it.
    FillTriplets,
    /// Of the hits of the selection, or of the one under the cursor.
    SetVelocity(Dynamics),
    /// Of the hits of the selection, or of the one under the cursor.
    SetTiming(Timing),
    Randomize(Limits),
    /// Of the hits of the selection, or of the one under the cursor.
    SetTrig(Trig),
    /// So with a grace stroke before each, or without where all have one.
    ToggleFlam,
    /// Strokes that wait for fills are struck, or not.
    ToggleFill,
    /// Moves the groove to another grid; its strokes stay where they are in time.
    SetGrid(Grid),
    /// Which of the steps that are played by chance are.
    SetChanceSeed(u64),
    /// What the mouse does.
    Point(Pointing),
    /// Shows fewer bars, and after one bar as many as there is room for.
    Zoom,
    /// Lanes are struck by keys of their own, or not.
    ToggleInsert,
    /// A stroke of insert mode.
    Strike {
        lane: Lane,
        /// The cursor stays, so that the next one is on the same step.
        stay: bool,
    },
    /// Strokes go on by fewer or more steps.
    TurnStride(isize),
    /// Strokes of insert mode are softer or louder.
    NudgeStrength(i8),
    Undo,
    Redo,
}

/// What editing needs to remember besides the groove.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// What was copied last.
    pub clip: Option<Clip>,
    /// Lanes are struck by keys of their own.
    pub insert: Option<Insert>,
    brush: Brush,
    /// Random edits so far: each has another seed.
    rolls: u64,
}

impl Edit {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        let hits_of = |otherwise| lanes::no_hit(ground, otherwise);
        let room_in = |otherwise| lanes::all_locked(ground, &region_or(ground, otherwise));
        let when = |is_so: bool, reason: &str| is_so.then(|| reason.to_string());
        match action {
            Action::NudgeVelocity(_)
            | Action::NudgeOffset(_)
            | Action::SetVelocity(_)
            | Action::SetTiming(_)
            | Action::SetTrig(_)
            | Action::ToggleFlam => hits_of(Otherwise::Cell),
            Action::Clear | Action::Shape(_) => hits_of(Otherwise::Lane),
            Action::Cut => hits_of(Otherwise::Bar),
            Action::Randomize(limits) if limits.strokes.is_none() => hits_of(Otherwise::Lane),
            Action::Fill(_) | Action::FillTriplets | Action::Randomize(_) => {
                room_in(Otherwise::Lane)
            }
            Action::Paste | Action::PasteMerge => match &self.clip {
                None => Some("Nothing was copied yet: select something and copy it.".into()),
                Some(clip) => lanes::all_locked(ground, &clip.target(ground)),
            },
            Action::SetGrid(grid) => grids::reason_against(*grid, ground),
            Action::CursorToBar(bar) => {
                let bars = ground.groove().bars();
                (*bar >= bars).then(|| format!("The groove has {bars} bars."))
            }
            Action::Undo => when(ground.undo.past().is_empty(), "Nothing to undo."),
            Action::Redo => when(ground.undo.future().is_empty(), "Nothing to redo."),
            _ => None,
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::MoveCursor { lanes, steps } => {
                let (lane, step) = (ground.screen.lane, ground.screen.step as isize);
                ground.screen.lane = lane.saturating_add_signed(lanes).min(Lane::ALL.len() - 1);
                let length = ground.groove().steps.len().max(1) as isize;
                ground.screen.step = (step + steps).rem_euclid(length) as usize;
            }
            Action::CursorToEdge(end) => {
                let last = ground.groove().steps.len().saturating_sub(1);
                ground.screen.step = if end == End::A { 0 } else { last };
            }
            Action::CursorToBar(bar) => {
                ground.screen.step = bar * ground.groove().steps_per_bar();
            }
            Action::ToggleHit => {
                let hit = match ground.hit_here() {
                    Some(_) => None,
                    None => Some(PLAIN),
                };
                let cell = lanes::cell(ground);
                edit_cells(ground, &cell, Change::Single, |_, cells| cells.fill(hit));
            }
            Action::NudgeVelocity(by) => {
                let region = region_or(ground, Otherwise::Cell);
                let change = Change::Velocity(region.clone());
                let louder = Dynamics::By(by.into());
                edit_hits(ground, &region, change, |_, hit| louder.set(hit, 0.0));
            }
            Action::NudgeOffset(by) => {
                let region = region_or(ground, Otherwise::Cell);
                let change = Change::Offset(region.clone());
                edit_hits(ground, &region, change, |_, hit| {
                    let offset = (hit.offset * 100.0).round() + f32::from(by);
                    hit.offset = offset.clamp(-50.0, 50.0) / 100.0;
                });
            }
            Action::Clear => {
                let region = region_or(ground, Otherwise::Lane);
                edit_cells(ground, &region, Change::Single, |_, cells| cells.fill(None));
            }
            Action::Select(reach) => select::begin(reach, ground),
            Action::Deselect => ground.screen.selection = None,
            Action::ToggleBars => select::toggle_bars(ground),
            Action::ToggleEveryLane => select::toggle_every_lane(ground),
            Action::Copy => self.clip = Some(clip::copy(ground)),
            Action::Cut => {
                let region = region_or(ground, Otherwise::Bar);
                self.clip = Some(clip::copy(ground));
                edit_cells(ground, &region, Change::Single, |_, cells| cells.fill(None));
            }
            Action::Paste | Action::PasteMerge => {
                if let Some(clip) = &self.clip {
                    clip.paste(action == Action::PasteMerge, ground);
                }
            }
            Action::Shape(shape) => shape::apply(shape, ground),
            Action::Fill(every) => shape::fill(every, ground),
            Action::FillTriplets => shape::fill_triplets(ground),
            Action::SetVelocity(dynamics) => dynamics.apply(ground),
            Action::SetTiming(timing) => timing.apply(ground),
            Action::Randomize(limits) => {
                self.rolls += 1;
                let seed = limits.seed.unwrap_or(self.rolls);
                random::apply(limits, seed, ground);
            }
            Action::SetTrig(trig) => {
                let region = region_or(ground, Otherwise::Cell);
                edit_hits(ground, &region, Change::Single, |_, hit| hit.trig = trig);
            }
            Action::ToggleFlam => {
                let region = region_or(ground, Otherwise::Cell);
                let flam = !ground.hits_of(&region).all(|(_, _, hit)| hit.trig.flam);
                edit_hits(ground, &region, Change::Single, |_, hit| {
                    hit.trig.flam = flam
                });
            }
            Action::ToggleFill => {
                ground.sound.fill_steps ^= true;
                ground.send(Command::SetFill(ground.sound.fill_steps));
                ground.say(match ground.sound.fill_steps {
                    true => "Fills are on: strokes that wait for them are struck.",
                    false => "Fills are off.",
                });
            }
            Action::SetChanceSeed(seed) => {
                ground.sound.chance_seed = seed;
                ground.send(Command::SetChanceSeed(seed));
                ground.say(format!(
                    "Chance seed {seed}: each time you play from the top, chance picks the same steps."
                ));
            }
            Action::SetGrid(grid) => grids::set(grid, ground),
            Action::Point(pointing) => self.point(pointing, ground),
            Action::Zoom => zoom(ground),
            Action::ToggleInsert => self.toggle_insert(ground),
            Action::Strike { lane, stay } => self.strike(lane, stay, ground),
            Action::TurnStride(by) => self.turn_stride(by),
            Action::NudgeStrength(by) => self.nudge_strength(by),
            Action::Undo => {
                let what = travel::travel(ground, Undo::undo);
                ground.say(format!("Undone: {what}."));
            }
            Action::Redo => {
                let what = travel::travel(ground, Undo::redo);
                ground.say(format!("Done again: {what}."));
            }
        }
    }
}

/// Half as many bars at a time; after one, as many as there is room for.
fn zoom(ground: &mut Ground) {
    // More than four bars are shown where there is room for them, and not on a key.
    let shown = ground.groove().bars().min(8);
    let bars = ground.screen.zoom.unwrap_or(shown);
    ground.screen.zoom = match bars / 2 {
        0 => None,
        bars => Some(bars),
    };
}
