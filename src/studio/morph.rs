//! Drawing grooves from the model: samples, the temperature, and the slider between A and B. It
//! uses the ground only, which asks the model and takes its answers.

use serde::{Deserialize, Serialize};

use super::ground::{Anchor, Change, End, Ground, ModelInfo, Origin};
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
    /// Makes the groove that is heard one end of the slider (an edited one is encoded).
    Keep(End),
    SwapEnds,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    match action {
        Action::SetTemperature(_) | Action::NudgeTemperature(_) => None,
        _ => ground.no_model(),
    }
}

pub fn apply(action: Action, ground: &mut Ground) {
    match action {
        Action::Sample => sample(ground, ground.scene.next_seed),
        Action::SetSeed(seed) => sample(ground, seed),
        Action::SetTemperature(to) => set_temperature(ground, to),
        Action::NudgeTemperature(by) => set_temperature(ground, ground.scene.temperature + by),
        Action::SetSlider(to) => set_slider(ground, to),
        Action::NudgeSlider(by) => set_slider(ground, ground.scene.slider + by),
        Action::Keep(end) => keep(ground, end),
        Action::SwapEnds => {
            ground.history.before(&ground.scene, Change::Single);
            let scene = &mut ground.scene;
            std::mem::swap(&mut scene.a, &mut scene.b);
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
    let Some(drawn) = (ground.model.as_ref()).map(|model| sampled(model, seed, temperature)) else {
        return;
    };
    ground.history.before(&ground.scene, Change::Single);
    let scene = &mut ground.scene;
    let end = scene.nearer_end();
    scene.seed = seed;
    scene.next_seed = seed.wrapping_add(1);
    *scene.anchor_mut(end) = drawn;
    scene.slider = if end == End::A { 0.0 } else { 1.0 };
    ground.decode(ground.sound.takeover, true);
}

fn set_temperature(ground: &mut Ground, to: f32) {
    let to = (to * 100.0).round().clamp(0.0, 200.0) / 100.0;
    if to == ground.scene.temperature {
        return;
    }
    ground.history.before(&ground.scene, Change::Temperature);
    ground.scene.temperature = to;
    for end in [End::A, End::B] {
        let anchor = ground.scene.anchor_mut(end);
        if let (Some(model), Some(seed)) = (&ground.model, anchor.seed) {
            anchor.z = model.drawn(seed, to);
        }
    }
    ground.decode(Takeover::Now, true);
}

fn set_slider(ground: &mut Ground, to: f32) {
    let to = (to * 1000.0).round().clamp(0.0, 1000.0) / 1000.0;
    if to == ground.scene.slider && ground.scene.origin == Origin::Slider {
        return;
    }
    ground.history.before(&ground.scene, Change::Slider);
    ground.scene.slider = to;
    ground.decode(Takeover::Now, false);
}

fn keep(ground: &mut Ground, end: End) {
    if ground.adopt_shown() {
        ground.play_groove(ground.sound.takeover);
    }
    if ground.scene.is_by_itself() {
        return ground.encode(end, false);
    }
    let anchor = match ground.scene.slider {
        t if t <= 0.0 => ground.scene.a.clone(),
        t if t >= 1.0 => ground.scene.b.clone(),
        t => Anchor {
            z: ground.scene.z(),
            name: format!("blend {:.0}%", t * 100.0),
            seed: None,
            // With locked lanes it is not what the point sounds like.
            preview: match ground.locked_words() {
                None => Some(ground.scene.groove.clone()),
                Some(_) => None,
            },
        },
    };
    ground.history.before(&ground.scene, Change::Single);
    if matches!(ground.scene.origin, Origin::Kept(_)) {
        ground.scene.origin = Origin::Kept(end);
    }
    ground.put_end(end, anchor);
}

/// Takes a model that was loaded, and has it play.
pub fn take_model(model: ModelInfo, ground: &mut Ground) {
    ground.forget_answers();
    let before = ground.model.as_ref();
    let same_space = before
        .is_some_and(|before| (before.z_size, &before.preset) == (model.z_size, &model.preset));
    if before.is_some() {
        ground.history.before(&ground.scene, Change::Single);
        ground.say(format!("Playing {}.", model.name));
    }
    // The same points sound through the new model; where the space differs, new points.
    let scene = &mut ground.scene;
    if !same_space {
        scene.a = sampled(&model, scene.seed, scene.temperature);
        scene.b = sampled(&model, scene.seed.wrapping_add(1), scene.temperature);
        scene.slider = 0.0;
    }
    for anchor in [&mut scene.a, &mut scene.b] {
        anchor.preview = None;
        if same_space {
            // A draw of the other model is no draw of this one.
            anchor.seed = None;
        }
    }
    ground.model = Some(model);
    ground.decode(ground.sound.takeover, true);
}

fn sampled(model: &ModelInfo, seed: u64, temperature: f32) -> Anchor {
    Anchor {
        z: model.drawn(seed, temperature),
        name: format!("seed {seed}"),
        seed: Some(seed),
        preview: None,
    }
}
