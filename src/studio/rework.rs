//! Letting a model work on the groove: humanize it, play a whole groove to its rhythm, replace the
//! hats. It uses the ground only.

use super::ground::{Change, Entry, Ground, Origin, unlearned};
use musicvae::Rework;
use musicvae::checkpoint::catalogue::Source;
use musicvae::music::Groove;

/// Why a model can't work on the groove now, in one sentence.
pub fn reason_against(rework: Rework, ground: &Ground) -> Option<String> {
    if ground.groove().hits().next().is_none() {
        return Some("The groove is silent.".into());
    }
    if let Some(reason) = unlearned(ground.groove()) {
        return Some(reason);
    }
    if helper(rework, ground).is_some() {
        return None;
    }
    let preset = rework.preset();
    let out = ground.config.checkpoints.run(preset);
    Some(format!(
        "There is no checkpoint of {preset} yet: `musicvae-tui train --preset {preset} \
         --data PATH --out {}` trains one.",
        out.display()
    ))
}

pub fn apply(rework: Rework, ground: &mut Ground) {
    if let Some(entry) = helper(rework, ground) {
        let (source, name) = (entry.source.clone(), entry.name.clone());
        ground.work(rework, source, name);
    }
}

/// Takes what the model made of the groove.
pub fn receive(ticket: u64, groove: Groove, ground: &mut Ground) {
    let Some((rework, by)) = ground.take_work(ticket) else {
        return;
    };
    ground.undo.before(&ground.scene, Change::Single);
    ground.take_groove(groove, Origin::Reworked(rework), ground.sound.takeover);
    let locked = ground.locked_words();
    let kept = locked.map_or(String::new(), |lanes| format!("; {lanes} stayed"));
    let what = match rework {
        Rework::AddHats => "Hats are added",
        Rework::Humanize => "Humanized",
        Rework::Drumify => "Drumified",
    };
    ground.say(format!("{what} by {by}{kept}."));
}

/// The checkpoint that would do `rework`: the one in use if it can, else one in the program, else
/// the best one in the folders by its loss on the validation split.
fn helper(rework: Rework, ground: &Ground) -> Option<&Entry> {
    let able = || {
        let entries = ground.checkpoints.iter();
        entries.filter(move |entry| entry.rework == Some(rework) && entry.obstacle().is_none())
    };
    let in_use = ground.model.as_ref().map(|model| &model.source);
    let loss = |entry: &Entry| entry.validation_loss.unwrap_or(f64::INFINITY);
    able()
        .find(|entry| Some(&entry.source) == in_use)
        .or_else(|| able().find(|entry| matches!(entry.source, Source::Embedded(_))))
        .or_else(|| able().min_by(|a, b| loss(a).total_cmp(&loss(b))))
}
