//! What an OSC message asks for: the commands of the screen by their names, and the settings that MIDI
//! controllers move, by theirs.

use rosc::{OscMessage, OscType};

use crate::studio::overlays;
use crate::studio::{
    Action, AudioState, LinkState, MidiState, Pane, Question, Studio, Sync, Target, answers,
};
use crate::tui::{Binding, Keymap, Place};
use musicvae::music::Lane;

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Wish {
    /// A button was let go.
    Nothing,
    /// The state goes to who asks.
    Tell,
    /// With the cursor on this lane.
    Do(Option<Lane>, Action),
}

/// A message's first argument.
enum Argument<'a> {
    None,
    Number(f64),
    Text(&'a str),
}

impl Argument<'_> {
    fn of(message: &OscMessage) -> Result<Argument<'_>, String> {
        Ok(match message.args.first() {
            None | Some(OscType::Nil | OscType::Inf) => Argument::None,
            Some(OscType::Int(number)) => Argument::Number(f64::from(*number)),
            Some(OscType::Long(number)) => Argument::Number(*number as f64),
            Some(OscType::Float(number)) => Argument::Number(f64::from(*number)),
            Some(OscType::Double(number)) => Argument::Number(*number),
            Some(OscType::Bool(on)) => Argument::Number(f64::from(u8::from(*on))),
            Some(OscType::String(text)) => Argument::Text(text),
            Some(_) => {
                let address = &message.addr;
                return Err(format!("{address} takes a number or a word."));
            }
        })
    }
}

/// Reads a message.
///
/// # Errors
/// Why it asks for nothing, in one sentence.
pub fn wish(keymap: &Keymap, message: &OscMessage) -> Result<Wish, String> {
    let address = &message.addr;
    let name = address.strip_prefix('/').unwrap_or(address);
    let argument = Argument::of(message)?;
    if name == "state" {
        return Ok(Wish::Tell);
    }
    let command = command(keymap, name);
    if let (Some(binding), Some(text)) = (command, typed(&argument))
        && let Action::Overlays(overlays::Action::Ask(question)) = binding.action
    {
        return answer(address, question, &text);
    }
    if let (Some(target), Argument::Number(value)) = (Target::named(name), &argument)
        && let Some(action) = set(address, target, *value)?
    {
        return Ok(Wish::Do(None, action));
    }
    let Some(binding) = command else {
        return Err(unknown(keymap, address, name));
    };
    let action = binding.action.clone();
    match argument {
        // What a button sends when it is let go.
        Argument::Number(0.0) => Ok(Wish::Nothing),
        Argument::Text(word) if binding.place == Place::In(Pane::Grid) => {
            let lane = lane(word).ok_or_else(|| format!("{address}: there is no lane {word}."))?;
            Ok(Wish::Do(Some(lane), action))
        }
        Argument::Text(word) => Err(format!("{address} takes no word ({word}).")),
        Argument::None | Argument::Number(_) => Ok(Wish::Do(None, action)),
    }
}

/// The command of a name that makes sense without a screen: those that hold anywhere, and those of the
/// grid.
fn command<'k>(keymap: &'k Keymap, name: &str) -> Option<&'k Binding> {
    let holds = |binding: &&Binding| {
        matches!(binding.place, Place::Anywhere | Place::In(Pane::Grid)) && binding.name == name
    };
    keymap.bindings.iter().find(holds)
}

/// An argument as it would be typed.
fn typed(argument: &Argument) -> Option<String> {
    match argument {
        Argument::None => None,
        Argument::Number(number) => Some(number.to_string()),
        Argument::Text(text) => Some((*text).to_string()),
    }
}

fn answer(address: &str, question: Question, text: &str) -> Result<Wish, String> {
    match answers::to_question(question, text) {
        Some(action) => Ok(Wish::Do(None, action)),
        None => {
            let asked = question.text();
            Err(format!("{address}: `{text}` is not an answer to: {asked}."))
        }
    }
}

/// What sets a controller's target to a value in its own unit; `None` for one that is no setting.
fn set(address: &str, target: Target, value: f64) -> Result<Option<Action>, String> {
    let (low, high) = target.range();
    let Some(action) = answers::to_control(target, value as f32) else {
        return Ok(None);
    };
    if !(f64::from(low)..=f64::from(high)).contains(&value) {
        return Err(format!("{address} takes {low} to {high}, and not {value}."));
    }
    Ok(Some(action))
}

/// The lane of a name, as bindings of controllers write it, or of a short one, as the grid does.
fn lane(word: &str) -> Option<Lane> {
    let is_named = |lane: &Lane| {
        Target::Lane(*lane).name() == format!("level-{}", word.to_lowercase())
            || lane.short_name().eq_ignore_ascii_case(word)
    };
    Lane::ALL.into_iter().find(is_named)
}

fn unknown(keymap: &Keymap, address: &str, name: &str) -> String {
    let commands = keymap.bindings.iter().map(|it| it.name.to_string());
    let targets = Target::all().map(Target::name);
    let near = |it: &String| (strsim::jaro_winkler(it, name) * 1e6) as u64;
    let nearest = commands.chain(targets).max_by_key(near);
    let nearest = nearest.unwrap_or_default();
    format!("There is no {address}; the nearest is /{nearest}.")
}

/// The state, each value under the address that sets it where there is one.
pub fn state(studio: &Studio, bad_packets: u64) -> Vec<(String, OscType)> {
    let ground = &studio.ground;
    let transport = &ground.transport;
    let position = transport.position;
    let audio = match &transport.audio {
        AudioState::Off { reason } => reason.clone(),
        AudioState::On { device, .. } => device.clone(),
    };
    let midi = match &transport.midi {
        MidiState::Off { reason } => reason.clone(),
        MidiState::On { port } => port.clone(),
    };
    let sync = match transport.sync {
        Sync::Internal => "internal",
        Sync::Waiting => "waiting",
        Sync::Following(_) => "following",
        Sync::Lost(_) => "lost",
    };
    let peers = match transport.link {
        LinkState::On { peers } => i32::try_from(peers).unwrap_or(i32::MAX),
        _ => -1,
    };
    let last = ground.messages.iter().next_back();
    let values: [(&str, OscType); 21] = [
        ("playing", i32::from(transport.playing).into()),
        ("bar", (position.bar as i32 + 1).into()),
        ("beat", (position.beat as i32 + 1).into()),
        ("tempo", transport.qpm.into()),
        ("sync", sync.to_string().into()),
        ("link", peers.into()),
        ("groove", ground.groove_name().into()),
        ("seed", (ground.scene.seed as i64).into()),
        ("chance-seed", (ground.sound.chance_seed as i64).into()),
        ("temperature", ground.scene.temperature.into()),
        ("slider", ground.scene.slider.into()),
        ("pad-y", ground.scene.pad_y.into()),
        ("swing", ground.sound.swing.into()),
        ("timing", ground.sound.timing.into()),
        ("dynamics", ground.sound.dynamics.into()),
        ("level", ground.sound.level.into()),
        ("room", i32::from(ground.sound.room).into()),
        ("compressor", i32::from(ground.sound.compressor).into()),
        ("audio", audio.into()),
        ("midi", midi.into()),
        ("bad-packets", (bad_packets as i64).into()),
    ];
    let said = last.map_or(String::new(), |it| it.text.clone());
    let values = values.into_iter().chain([("message", said.into())]);
    values
        .map(|(name, value)| (format!("/{name}"), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::studio::{edit, morph, playing};

    fn wish_of(address: &str, args: &[OscType]) -> Result<Wish, String> {
        let message = OscMessage {
            addr: address.into(),
            args: args.to_vec(),
        };
        wish(&Keymap::new(&BTreeMap::new()).unwrap(), &message)
    }

    #[test]
    fn names_are_those_of_the_screen_and_of_controllers() {
        let does = |action: Action| Ok(Wish::Do(None, action));
        let text = |text: &str| OscType::String(text.into());
        use OscType::{Bool, Double, Float, Int};
        let sample = || does(morph::Action::Sample.into());
        for (address, args, expected) in [
            ("/play", vec![], does(playing::Action::TogglePlay.into())),
            ("/sample", vec![], sample()),
            ("/sample", vec![Int(1)], sample()),
            ("/sample", vec![Float(0.0)], Ok(Wish::Nothing)),
            ("/sample", vec![Bool(false)], Ok(Wish::Nothing)),
            ("/state", vec![], Ok(Wish::Tell)),
            (
                "/tempo",
                vec![Float(93.5)],
                does(playing::Action::SetTempo(93.5).into()),
            ),
            (
                "/tempo",
                vec![text("140")],
                does(playing::Action::SetTempo(140.0).into()),
            ),
            (
                "/seed",
                vec![Int(7)],
                does(morph::Action::SetSeed(7).into()),
            ),
            (
                "/temperature",
                vec![Double(0.5)],
                does(morph::Action::SetTemperature(0.5).into()),
            ),
            (
                "/swing",
                vec![Float(0.5)],
                does(playing::Action::SetSwing(0.5).into()),
            ),
            (
                "/slider",
                vec![Float(0.0)],
                does(morph::Action::SetSlider(0.0).into()),
            ),
            (
                "/level-snare",
                vec![Float(0.5)],
                does(playing::Action::SetLaneLevel(Lane::Snare, 0.5).into()),
            ),
            (
                "/mute",
                vec![text("open-hat")],
                Ok(Wish::Do(
                    Some(Lane::OpenHat),
                    playing::Action::ToggleMute.into(),
                )),
            ),
            (
                "/clear-lane",
                vec![text("Kick")],
                Ok(Wish::Do(Some(Lane::Kick), edit::Action::Clear.into())),
            ),
        ] {
            assert_eq!(wish_of(address, &args), expected, "{address} {args:?}");
        }
        for (address, args, words) in [
            (
                "/sampel",
                vec![],
                "There is no /sampel; the nearest is /sample.",
            ),
            (
                "/tempo",
                vec![Float(7.0)],
                "/tempo: `7` is not an answer to: Tempo (20 to 300",
            ),
            ("/swing", vec![Float(0.9)], "/swing takes 0.5 to 0.75"),
            ("/swing", vec![Float(f32::NAN)], "/swing takes 0.5 to 0.75"),
            ("/mute", vec![text("cowbell")], "there is no lane cowbell"),
            ("/sample", vec![text("now")], "takes no word (now)"),
            (
                "/sample",
                vec![OscType::Blob(vec![1])],
                "takes a number or a word",
            ),
            // What belongs to a list that is open on screen.
            ("/slot-up", vec![], "There is no /slot-up"),
        ] {
            let reason = wish_of(address, &args).unwrap_err();
            assert!(reason.contains(words), "{address}: {reason}");
        }
    }
}
