//! Playing: the transport, tempo, feel and levels, the lanes, the metronome and the looped bars. It
//! uses the ground only.

mod bars;
mod faults;
mod tap;

use serde::{Deserialize, Serialize};

pub use bars::parse as parse_bars;

use super::ground::{Ground, LaneState, MASTER, set_to};
use crate::engine::range::{CLICK, DYNAMICS, LANE_STEPS, LEVEL, SWING, TEMPO, TIMING};
use crate::engine::{Bars, Command, LinkState, Status, Sync, Takeover};
use musicvae::music::Lane;

/// What a player can do while it plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    TogglePlay,
    /// Plays on from where it stopped.
    Continue,
    /// All notes off, now.
    Panic,
    /// Quarter notes a minute.
    SetTempo(f64),
    NudgeTempo(f64),
    /// One of a row of taps that give the tempo.
    TapTempo,
    SetSwing(f32),
    NudgeSwing(f32),
    /// How much microtiming is played.
    SetTiming(f32),
    NudgeTiming(f32),
    /// How much of the dynamics is played.
    SetDynamics(f32),
    NudgeDynamics(f32),
    SetLevel(f32),
    NudgeLevel(f32),
    /// The kit sounds in a room, or not.
    ToggleRoom,
    /// A gentle compressor over the kit, or none.
    ToggleCompressor,
    /// None of both, the room, the compressor, both.
    CycleEffects,
    CycleTakeover,
    ToggleMetronome,
    /// Level of the metronome's click.
    NudgeClick(f32),
    /// Bars that are counted before playing begins.
    CycleCountIn,
    /// The bars that loop; `None` for all.
    SetLoop(Option<Bars>),
    /// Loops more or fewer bars.
    NudgeLoop(isize),
    /// Loops other bars, as many.
    MoveLoop(isize),
    ToggleMute,
    ToggleSolo,
    /// A locked lane keeps its hits when a new groove arrives.
    ToggleLock,
    /// Whether the bar under the cursor keeps its hits.
    ToggleBarLock,
    SetLaneLevel(Lane, f32),
    /// The length of the lane's own loop in steps; `None` for none.
    SetLaneSteps(Option<u16>),
    NudgeLaneLevel(f32),
}

/// What is remembered between two keys.
#[derive(Default)]
pub struct Playing {
    taps: tap::Taps,
    faults: faults::Faults,
}

impl Playing {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        let (when, reason) = match action {
            Action::SetTempo(_) | Action::NudgeTempo(_) => (
                matches!(ground.transport.sync, Sync::Following(_))
                    && ground.transport.link == LinkState::Off,
                "The tempo is the MIDI clock's.",
            ),
            Action::Continue => (ground.transport.playing, "The music is already playing."),
            Action::MoveLoop(_) => (
                ground.sound.looped.is_none(),
                "The loop is the whole groove: shorten it before moving it.",
            ),
            _ => return None,
        };
        when.then(|| reason.into())
    }

    /// Says what went wrong since the engine was last seen.
    pub fn hear(&mut self, status: &Status, ground: &mut Ground) {
        self.faults.hear(status, ground);
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        let sound = &mut ground.sound;
        match action {
            Action::TogglePlay => {
                // Set at once, so that a second key before the next snapshot means the opposite.
                let playing = !ground.transport.playing;
                ground.transport.playing = playing;
                ground.send(if playing {
                    Command::Play
                } else {
                    Command::Stop
                });
            }
            Action::Continue => {
                ground.transport.playing = true;
                ground.send(Command::Continue);
            }
            Action::Panic => {
                ground.send(Command::Panic);
                ground.say("All notes off.");
            }
            Action::SetTempo(tempo) => set_tempo(ground, tempo),
            Action::NudgeTempo(by) => set_tempo(ground, ground.sound.tempo + by),
            Action::TapTempo => match self.taps.tap(ground.now) {
                Some(tempo) => set_tempo(ground, tempo),
                None => ground.say("Keep tapping quarter notes."),
            },
            Action::SetSwing(to) => {
                sound.swing = set_to(to, SWING);
                let swing = sound.swing;
                ground.send(Command::SetSwing(swing));
            }
            Action::NudgeSwing(by) => {
                self.apply(Action::SetSwing(sound.swing + by), ground);
                say_percent(ground, "Swing", ground.sound.swing);
            }
            Action::SetTiming(to) => {
                sound.timing = set_to(to, TIMING);
                let timing = sound.timing;
                ground.send(Command::SetTimingAmount(timing));
            }
            Action::NudgeTiming(by) => {
                self.apply(Action::SetTiming(sound.timing + by), ground);
                say_percent(ground, "Microtiming", ground.sound.timing);
            }
            Action::SetDynamics(to) => {
                sound.dynamics = set_to(to, DYNAMICS);
                let dynamics = sound.dynamics;
                ground.send(Command::SetVelocityAmount(dynamics));
            }
            Action::NudgeDynamics(by) => {
                self.apply(Action::SetDynamics(sound.dynamics + by), ground);
                say_percent(ground, "Dynamics", ground.sound.dynamics);
            }
            Action::SetLevel(to) => {
                sound.level = set_to(to, MASTER);
                let level = sound.level;
                ground.send(Command::SetMasterLevel(level));
            }
            Action::NudgeLevel(by) => {
                self.apply(Action::SetLevel(sound.level + by), ground);
                say_percent(ground, "Level", ground.sound.level);
            }
            Action::ToggleRoom => set_effects(ground, |room, compressor| (!room, compressor)),
            Action::ToggleCompressor => {
                set_effects(ground, |room, compressor| (room, !compressor));
            }
            Action::CycleEffects => {
                set_effects(ground, |room, compressor| (!room, compressor != room));
            }
            Action::CycleTakeover => {
                let (next, when) = match sound.takeover {
                    Takeover::Now => (Takeover::NextBar, "at the next bar"),
                    Takeover::NextBar => (Takeover::NextLoop, "when the loop ends"),
                    Takeover::NextLoop => (Takeover::Now, "at once"),
                };
                sound.takeover = next;
                ground.say(format!("New grooves take over {when}."));
            }
            Action::ToggleMetronome => {
                sound.metronome = !sound.metronome;
                let on = if sound.metronome { "on" } else { "off" };
                send_click(ground);
                ground.say(format!("The metronome is {on}."));
            }
            Action::NudgeClick(by) => {
                sound.click = set_to(sound.click + by, CLICK);
                send_click(ground);
                say_percent(ground, "Clicks", ground.sound.click);
            }
            Action::CycleCountIn => {
                sound.count_in = (sound.count_in + 1) % 3;
                let bars = sound.count_in;
                ground.send(Command::SetCountIn(bars));
                ground.say(match bars {
                    0 => "Play starts at once.".to_string(),
                    1 => "Play starts after one bar of count-in.".to_string(),
                    many => format!("Play starts after {many} bars of count-in."),
                });
            }
            Action::SetLoop(bars) => bars::set(ground, bars),
            Action::NudgeLoop(by) => bars::resize(ground, by),
            Action::MoveLoop(by) => bars::shift(ground, by),
            Action::ToggleMute => change_here(ground, |lane| lane.mute = !lane.mute),
            Action::ToggleSolo => change_here(ground, |lane| lane.solo = !lane.solo),
            Action::ToggleLock => change_here(ground, |lane| lane.lock = !lane.lock),
            Action::ToggleBarLock => toggle_bar_lock(ground),
            Action::SetLaneLevel(lane, to) => {
                ground.lanes[lane.index()].level = set_to(to, LEVEL);
                send_lane(ground, lane);
            }
            Action::SetLaneSteps(steps) => set_lane_steps(ground, steps),
            Action::NudgeLaneLevel(by) => {
                change_here(ground, |lane| lane.level = set_to(lane.level + by, LEVEL));
            }
        }
    }
}

fn set_tempo(ground: &mut Ground, tempo: f64) {
    let tempo = TEMPO.nearest((tempo * 10.0).round() / 10.0);
    ground.set_tempo(tempo);
    if let Some(own) = ground.sounding().and_then(|turn| turn.link.tempo) {
        ground.say(format!(
            "{tempo:.1} for the parts without a tempo of their own; this one has {own:.1}."
        ));
    }
}

/// Changes whether the room and the compressor are on.
fn set_effects(ground: &mut Ground, change: impl FnOnce(bool, bool) -> (bool, bool)) {
    let (room, compressor) = change(ground.sound.room, ground.sound.compressor);
    (ground.sound.room, ground.sound.compressor) = (room, compressor);
    ground.send(Command::SetRoom(room));
    ground.send(Command::SetCompressor(compressor));
    let on = |on: bool| if on { "on" } else { "off" };
    ground.say(format!(
        "The room is {}, the compressor {}.",
        on(room),
        on(compressor)
    ));
}

fn say_percent(ground: &mut Ground, what: &str, share: f32) {
    ground.say(format!("{what} at {:.0} %.", share * 100.0));
}

fn send_click(ground: &mut Ground) {
    let (on, level) = (ground.sound.metronome, ground.sound.click);
    ground.send(Command::SetMetronome { on, level });
}

/// Changes the lane under the cursor.
fn change_here(ground: &mut Ground, change: impl FnOnce(&mut LaneState)) {
    let lane = Lane::ALL[ground.screen.lane];
    let state = &mut ground.lanes[lane.index()];
    let before = *state;
    change(state);
    // Locks don't concern the engine.
    let lock = before.lock;
    if (LaneState { lock, ..*state }) != before {
        send_lane(ground, lane);
    }
}

/// Changes the length of the loop of the lane under the cursor.
fn set_lane_steps(ground: &mut Ground, steps: Option<u16>) {
    let lane = Lane::ALL[ground.screen.lane];
    let steps = steps.map(|steps| LANE_STEPS.nearest(steps));
    ground.lanes[lane.index()].steps = steps;
    ground.send(Command::SetLaneSteps { lane, steps });
    let name = lane.short_name();
    ground.say(match steps {
        Some(1) => format!("{name} loops every step."),
        Some(steps) => format!("{name} loops every {steps} steps."),
        None => format!("{name} loops with the groove."),
    });
}

fn toggle_bar_lock(ground: &mut Ground) {
    let bar = ground.screen.step / ground.groove().steps_per_bar().max(1);
    let is_new = ground.locked_bars.insert(bar);
    if !is_new {
        ground.locked_bars.remove(&bar);
    }
    let bar = bar + 1;
    ground.say(match is_new {
        true => format!("Bar {bar} is locked: new grooves are made to fit it."),
        false => format!("Bar {bar} is unlocked."),
    });
}

fn send_lane(ground: &mut Ground, lane: Lane) {
    ground.send(ground.lanes[lane.index()].command(lane));
}
