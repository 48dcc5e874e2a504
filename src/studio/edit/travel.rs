//! Undo and redo.

use crate::studio::ground::{End, Ground, Scene, Undo};
use musicvae::music::{Groove, Lane};

/// Goes to an earlier or later scene, and says what differs there.
pub fn travel(ground: &mut Ground, step: fn(&mut Undo, &mut Scene) -> bool) -> String {
    let left = ground.scene.clone();
    step(&mut ground.undo, &mut ground.scene);
    let what = difference(&left, &ground.scene);
    follow_tempo(ground, left.took_tempo);
    let (groove, slots) = (left.groove, left.slots);
    // The cursor stays where it is in time.
    let [before, now] = [&groove, &ground.scene.groove].map(|it| it.steps_per_bar());
    ground.screen.step = ground.screen.step * now / before.max(1);
    let unfinished = ground.scene.pending;
    ground.forget_answers();
    ground.cursor_inside();
    // A chain plays on where it is not about the groove.
    if ground.chain.is_none() || ground.scene.groove != groove {
        ground.play_groove(ground.sound.takeover);
    } else if ground.scene.slots != slots {
        ground.slots_changed();
    }
    if unfinished {
        ground.decode(ground.sound.takeover, true);
    } else if ground.scene.a.preview.is_none() || ground.scene.b.preview.is_none() {
        // A scene of an earlier session.
        ground.ask_previews();
    }
    what
}

/// A file's tempo comes and goes with its groove, where nothing else was set meanwhile.
fn follow_tempo(ground: &mut Ground, left: Option<[f64; 2]>) {
    let (here, tempo) = (ground.scene.took_tempo, ground.sound.tempo);
    if here == left {
        return;
    }
    match (left, here) {
        (_, Some([before, file])) if before == tempo => ground.set_tempo(file),
        (Some([before, file]), _) if file == tempo => ground.set_tempo(before),
        _ => {}
    }
}

/// What is another between two scenes, in a word or two: `the slider`, `Kick 1.1.1`.
fn difference(one: &Scene, other: &Scene) -> String {
    let mut parts = vec![
        (one.temperature != other.temperature, "the temperature"),
        (one.qualities != other.qualities, "the qualities"),
        (one.path != other.path, "the pad's path"),
        (one.slots != other.slots, "the slots"),
    ];
    let names = ["A", "B", "C", "D"].into_iter();
    parts.extend(End::ALL.into_iter().zip(names).map(|(end, name)| {
        let [one, other] = [one, other].map(|scene| scene.anchor(end));
        ((&one.z, &one.name) != (&other.z, &other.name), name)
    }));
    parts.push((one.place() != other.place(), "the slider"));
    let mut words: Vec<String> = parts
        .into_iter()
        .filter(|(differs, _)| *differs)
        .map(|(_, name)| name.to_string())
        .collect();
    if words.is_empty() {
        words.push(stroke(&one.groove, &other.groove).unwrap_or("the groove".into()));
    }
    words.join(", ")
}

/// The only cell that differs.
fn stroke(one: &Groove, other: &Groove) -> Option<String> {
    if (one.steps.len(), one.grid) != (other.steps.len(), other.grid) {
        return None;
    }
    let steps = one.steps.iter().zip(&other.steps).enumerate();
    let mut cells = steps.flat_map(|(step, (one, other))| {
        let differs = move |lane: &Lane| one[lane.index()] != other[lane.index()];
        Lane::ALL
            .into_iter()
            .filter(differs)
            .map(move |lane| (step, lane))
    });
    match (cells.next(), cells.next()) {
        (Some((step, lane)), None) => {
            Some(format!("{} {}", lane.short_name(), other.place_of(step)))
        }
        _ => None,
    }
}
