//! Steering grooves by their qualities: along the attribute vectors of the model's checkpoint. It
//! uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::quality::{capitalized, shown, words};
use super::ground::{Change, Ground, Overlay};

/// What a player can do with the qualities of grooves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowQualities,
    /// How much of a quality the model's grooves are given.
    SetQuality(String, f32),
    NudgeQuality(String, f32),
    /// The one selected in the list.
    NudgeSelectedQuality(f32),
    /// The one selected in the list goes to 0.
    ClearQuality,
    /// Another style, or none.
    NextStyle,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    if *action == Action::ShowQualities {
        return None;
    }
    if let Some(reason) = ground.cant_be_read() {
        return Some(reason);
    }
    let qualities = match ground.qualities() {
        Ok(qualities) => qualities,
        Err(reason) => return Some(reason.into()),
    };
    match action {
        Action::NudgeQuality(name, _) | Action::SetQuality(name, _) => {
            let known = qualities.iter().any(|quality| quality.name == *name);
            (!known).then(|| format!("This model's attributes have no `{name}`."))
        }
        Action::NextStyle => {
            let styles = qualities.iter().any(|quality| quality.style);
            (!styles).then(|| "This model's attributes have no styles.".into())
        }
        Action::ClearQuality => {
            let amount = selected(ground).map_or(0.0, |name| ground.scene.amount(&name));
            (amount == 0.0).then(|| "It is at 0.".into())
        }
        _ => None,
    }
}

pub fn apply(action: Action, ground: &mut Ground) {
    match action {
        Action::ShowQualities => {
            ground.screen.overlay = Some(Overlay::Qualities { selected: 0 });
        }
        Action::SetQuality(name, to) => steer(ground, &[(&name, to)]),
        Action::NudgeQuality(name, by) => {
            nudge(ground, &name, by);
            let amount = words(ground.scene.amount(&name));
            ground.say(format!("{} at {amount}.", capitalized(&shown(&name))));
        }
        Action::NudgeSelectedQuality(by) => {
            if let Some(name) = selected(ground) {
                nudge(ground, &name, by);
            }
        }
        Action::ClearQuality => {
            if let Some(name) = selected(ground) {
                steer(ground, &[(&name, 0.0)]);
            }
        }
        Action::NextStyle => next_style(ground),
    }
}

fn nudge(ground: &mut Ground, name: &str, by: f32) {
    let to = ground.scene.amount(name) + by;
    steer(ground, &[(name, to)]);
}

/// From none to the first style, from each to the next, and from the last to none.
fn next_style(ground: &mut Ground) {
    let styles = ground.qualities().unwrap_or(&[]).iter();
    let styles: Vec<String> = styles
        .filter(|quality| quality.style)
        .map(|quality| quality.name.clone())
        .collect();
    let on = styles
        .iter()
        .position(|name| ground.scene.amount(name) != 0.0);
    let next = on.map_or(0, |on| on + 1);
    let amounts = styles.iter().enumerate();
    let amounts: Vec<(&str, f32)> = amounts
        .map(|(place, name)| (name.as_str(), f32::from(u8::from(place == next))))
        .collect();
    steer(ground, &amounts);
    ground.say(match styles.get(next) {
        Some(style) => format!("In the style of {}.", shown(style)),
        None => "In no style.".into(),
    });
}

/// Sets amounts, and has the groove that follows from them played. A groove that was not drawn
/// from the slider's point becomes the nearer end first, so that it is what is steered.
fn steer(ground: &mut Ground, amounts: &[(&str, f32)]) {
    let mut scene = ground.scene.clone();
    for (name, to) in amounts {
        scene.set_amount(name, *to);
    }
    if scene.qualities == ground.scene.qualities {
        return;
    }
    let place = |name: &str| {
        let mut all = ground.qualities().unwrap_or(&[]).iter();
        all.position(|quality| quality.name == name)
    };
    let change = match amounts {
        [(name, _)] => place(name).map_or(Change::Single, Change::Quality),
        _ => Change::Single,
    };
    ground.undo.before(&ground.scene, change);
    // Read first: how it was steered till now is part of how it sounds.
    let encoding = ground.encode_for_steering();
    ground.scene.qualities = scene.qualities;
    if !encoding {
        ground.decode(ground.sound.takeover, true);
    }
}

/// The quality under the cursor of the list.
fn selected(ground: &Ground) -> Option<String> {
    let Some(Overlay::Qualities { selected }) = ground.screen.overlay else {
        return None;
    };
    let quality = ground.qualities().ok()?.get(selected)?;
    Some(quality.name.clone())
}

/// The last line of the list.
pub fn last_line(ground: &Ground) -> usize {
    ground.qualities().map_or(0, <[_]>::len).saturating_sub(1)
}
