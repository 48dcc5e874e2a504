//! Drawing grooves from the model: samples, the temperature, the slider between A and B, and the pad
//! whose upper edge it is. It uses the ground only, which asks the model and takes its answers.

use serde::{Deserialize, Serialize};

use super::ground::{Anchor, Change, End, Ground, ModelInfo, Origin, Overlay};
use crate::engine::Takeover;

/// What a player can do with the model's latent space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A new groove from the prior, under the next seed.
    Sample,
    /// The groove of this seed.
    SetSeed(u64),
    SetTemperature(f32),
    NudgeTemperature(f32),
    /// 0 is A, 1 is B.
    SetSlider(f32),
    NudgeSlider(f32),
    /// From A to B, and from their edge to that of C and D.
    SetPad(f32, f32),
    SetPadY(f32),
    NudgePadY(f32),
    /// Opens the pad.
    ShowPad,
    /// Makes the groove that is heard one end of the slider (an edited one is encoded).
    Keep(End),
    SwapEnds,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    match action {
        Action::SetTemperature(_) | Action::NudgeTemperature(_) | Action::ShowPad => None,
        Action::SetPadY(_) | Action::NudgePadY(_) if !ground.scene.has_lower_edge() => {
            Some("C and D are empty: make this groove C or D first, in the pad.".into())
        }
        Action::Keep(_) => ground.cant_be_read(),
        _ => ground.no_model(),
    }
}

pub fn apply(action: Action, ground: &mut Ground) {
    match action {
        Action::Sample => sample(ground, ground.scene.next_seed),
        Action::SetSeed(seed) => sample(ground, seed),
        Action::SetTemperature(to) => set_temperature(ground, to),
        Action::NudgeTemperature(by) => set_temperature(ground, ground.scene.temperature + by),
        Action::SetSlider(to) => ground.slide_to(to),
        Action::NudgeSlider(by) => ground.slide_to(ground.scene.slider + by),
        Action::SetPad(x, y) => ground.move_pad_to((x, y)),
        Action::SetPadY(to) => ground.move_pad_to((ground.scene.slider, to)),
        Action::NudgePadY(by) => {
            let (x, y) = ground.scene.place();
            ground.move_pad_to((x, y + by));
        }
        Action::ShowPad => ground.screen.overlay = Some(Overlay::Pad),
        Action::Keep(end) => ground.keep_as(end),
        Action::SwapEnds => {
            ground.undo.before(&ground.scene, Change::Single);
            let scene = &mut ground.scene;
            std::mem::swap(&mut scene.a, &mut scene.b);
            std::mem::swap(&mut scene.c, &mut scene.d);
            // The same point of the line, seen from the other side: the groove stays.
            scene.slider = 1.0 - scene.slider;
            if let Origin::Kept(end) = &mut scene.origin {
                *end = end.other();
            }
        }
    }
}

/// Draws a new groove from the prior. It takes the end of the slider that is nearer, and the
/// slider goes there: what is heard can at once be morphed towards the other end.
fn sample(ground: &mut Ground, seed: u64) {
    let temperature = ground.scene.temperature;
    let drawn = |model| Anchor::drawn(model, seed, temperature);
    let Some(drawn) = ground.model.as_ref().map(drawn) else {
        return;
    };
    ground.undo.before(&ground.scene, Change::Single);
    let scene = &mut ground.scene;
    let end = scene.nearer_end();
    scene.seed = seed;
    scene.next_seed = seed.wrapping_add(1);
    *scene.anchor_mut(end) = drawn;
    scene.go_to(end);
    ground.decode(ground.sound.takeover, true);
}

fn set_temperature(ground: &mut Ground, to: f32) {
    let to = (to * 100.0).round().clamp(0.0, 200.0) / 100.0;
    if to == ground.scene.temperature {
        return;
    }
    ground.undo.before(&ground.scene, Change::Temperature);
    ground.scene.temperature = to;
    for end in End::ALL {
        let anchor = ground.scene.anchor_mut(end);
        if let (Some(model), Some(seed)) = (&ground.model, anchor.seed) {
            anchor.z = vec![model.drawn(seed, to)];
        }
    }
    // Music that was not drawn is read first, so that it is what gets wilder; what no model can read stays.
    if ground.cant_be_read().is_none() && !ground.encode_for_steering() {
        ground.decode(Takeover::Now, true);
    }
}

/// Takes a model that was loaded; `seed`: for it to play the groove of that seed.
pub fn take_model(model: ModelInfo, seed: Option<u64>, ground: &mut Ground) {
    let is_first = ground.model.is_none();
    if is_first {
        ground.model = Some(model);
        return ground.meet_model();
    }
    ground.forget_answers();
    ground.undo.before(&ground.scene, Change::Single);
    ground.say(format!(
        "{} plays from now on; u brings the groove back, not the model.",
        model.name
    ));
    ground.model = Some(model);
    if ground.reread_ends(seed) {
        return;
    }
    // A draw of the other model is no draw of this one.
    for end in End::ALL {
        ground.scene.anchor_mut(end).seed = None;
    }
    // What is heard is now the new model's: the same points where the space is the same.
    ground.scene.pending = true;
    ground.meet_model();
}
