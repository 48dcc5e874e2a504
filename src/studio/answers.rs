//! Which action of which feature a typed answer, or a control of a MIDI device, stands for.

use super::action::Action;
use super::ground::quality::DENSITY;
use super::ground::{MOST_BARS, Question};
use super::midi::Target;
use super::{
    chain, checkpoints, drum_machine, edit, fills, length, library, morph, playing, qualities,
    session,
};
use crate::engine::range::{LANE_STEPS, TEMPO};

/// The action that answers a question; `None` if the answer makes no sense.
pub fn to_question(question: Question, text: &str) -> Option<Action> {
    Some(match question {
        // No links: every slot in turn.
        Question::Chain => chain::Action::SetChain(chain::parse(text)?).into(),
        Question::Seed => morph::Action::SetSeed(text.parse().ok()?).into(),
        Question::ChanceSeed => edit::Action::SetChanceSeed(text.parse().ok()?).into(),
        Question::FillChance => {
            let percent = text.trim_end_matches('%').trim_end();
            fills::Action::SetFillChance(number(percent, 0.0, 100.0)?.round() as u8).into()
        }
        Question::Tempo => playing::Action::SetTempo(number(text, TEMPO.low, TEMPO.high)?).into(),
        Question::Temperature => {
            morph::Action::SetTemperature(number(text, 0.0, 2.0)? as f32).into()
        }
        Question::Loop => playing::Action::SetLoop(playing::parse_bars(text)?).into(),
        Question::Length => {
            let bars = text.parse().ok()?;
            (1..=MOST_BARS).contains(&bars).then_some(())?;
            length::Action::SetLength(bars).into()
        }
        Question::LaneSteps => {
            let steps: u16 = text.parse().ok()?;
            let is_one = (0..=LANE_STEPS.high).contains(&steps);
            is_one.then_some(playing::Action::SetLaneSteps((steps > 0).then_some(steps)))?
        }
        .into(),
        Question::GrooveName => library::Action::NameGroove(text.into()).into(),
        Question::GrooveTags => {
            let tags = text.split([' ', ',']).filter(|tag| !tag.is_empty());
            library::Action::TagGroove(tags.map(String::from).collect()).into()
        }
        Question::FindCheckpoints => checkpoints::Action::FindCheckpoints(text.into()).into(),
        Question::CheckpointName => checkpoints::Action::RenameCheckpoint(text.into()).into(),
        Question::NewSession => session::Action::NewSession(text.into()).into(),
        Question::SaveSession => session::Action::SaveSessionAs(text.into()).into(),
        Question::Fill => {
            let every = text.parse().ok().filter(|every| *every > 0)?;
            edit::Action::Fill(every).into()
        }
        Question::Velocity => edit::Action::SetVelocity(edit::Dynamics::parse(text)?).into(),
        Question::Timing => edit::Action::SetTiming(edit::Timing::parse(text)?).into(),
        Question::Random => edit::Action::Randomize(edit::Limits::parse(text)?).into(),
        Question::Trig => edit::Action::SetTrig(text.parse().ok()?).into(),
        Question::MapName => drum_machine::Action::SaveMap(text.into()).into(),
    })
}

fn number(text: &str, low: f64, high: f64) -> Option<f64> {
    let number = text.parse().ok()?;
    (low..=high).contains(&number).then_some(number)
}

/// The action that sets a control's target to a value; `None` for a target without one.
pub fn to_control(target: Target, value: f32) -> Option<Action> {
    Some(match target {
        Target::Temperature => morph::Action::SetTemperature(value).into(),
        Target::Slider => morph::Action::SetSlider(value).into(),
        Target::PadY => morph::Action::SetPadY(value).into(),
        Target::Density => qualities::Action::SetQuality(DENSITY.into(), value).into(),
        Target::Tempo => playing::Action::SetTempo(f64::from(value.round())).into(),
        Target::Swing => playing::Action::SetSwing(value).into(),
        Target::Timing => playing::Action::SetTiming(value).into(),
        Target::Dynamics => playing::Action::SetDynamics(value).into(),
        Target::Level => playing::Action::SetLevel(value).into(),
        Target::Lane(lane) => playing::Action::SetLaneLevel(lane, value).into(),
        Target::Play | Target::Pad(_) => return None,
    })
}
