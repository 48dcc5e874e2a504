//! Undo and redo.

use crate::studio::ground::{Ground, Scene, Undo};

/// Goes to an earlier or later scene.
pub fn travel(ground: &mut Ground, step: fn(&mut Undo, &mut Scene) -> bool) {
    let (groove, slots) = (ground.scene.groove.clone(), ground.scene.slots.clone());
    if !step(&mut ground.undo, &mut ground.scene) {
        return;
    }
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
}
