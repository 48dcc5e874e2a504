//! How long the groove is: the model adds bars, or the player sets a number. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::{Change, Effect, Ground, Kin, MOST_BARS, Origin};
use crate::engine::Takeover;
use musicvae::music::{Cells, Groove, LANES};

/// What a player can do to the groove's length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A window more, by the model, that fits the last one.
    Extend,
    /// In bars: a longer groove repeats, a shorter one is cut.
    SetLength(usize),
}

/// The bars that the model was asked for.
#[derive(Debug, Default)]
pub struct Length {
    /// The answer that is still to come.
    asked: Option<u64>,
    /// How often it was asked: each time another seed.
    count: u64,
}

impl Length {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        let bars = ground.groove().bars();
        match action {
            Action::SetLength(to) if *to == bars => Some(format!("It has {} already.", of(bars))),
            Action::SetLength(1..=MOST_BARS) => None,
            Action::SetLength(_) => Some(format!("A groove has 1 to {MOST_BARS} bars.")),
            Action::Extend if bars >= MOST_BARS => {
                Some(format!("A groove has {MOST_BARS} bars at most."))
            }
            Action::Extend if ground.groove().hits().next().is_none() => {
                Some("The groove is silent.".into())
            }
            Action::Extend if ground.scene.pending || self.asked.is_some() => {
                Some("The model is still at work: press it again.".into())
            }
            Action::Extend => ground.cant_be_read(),
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::Extend => self.ask(ground),
            Action::SetLength(bars) => {
                let mut groove = ground.groove().clone();
                let steps = bars * groove.steps_per_bar().max(1);
                let around = whole_bars(&groove).steps.into_iter().cycle();
                groove.steps = around.take(steps).collect();
                take(groove, ground);
                ground.say(format!("The groove has {}; u undoes it.", of(bars)));
            }
        }
    }

    fn ask(&mut self, ground: &mut Ground) {
        let Some(model) = &ground.model else { return };
        let kept = Cells::of(model.steps, |_, lane| ground.lanes[lane.index()].lock);
        let ticket = ground.next_ticket();
        self.asked = Some(ticket);
        self.count += 1;
        ground.ask(Effect::Relate {
            ticket,
            groove: whole_bars(ground.groove()),
            kin: Kin::Extension(kept),
            temperature: ground.scene.temperature,
            seeds: vec![ground.scene.seed.wrapping_add(self.count)],
        });
    }

    /// Takes the longer groove that was asked for, where it is the present one that is longer.
    pub fn receive(&mut self, ticket: u64, grooves: &[Groove], ground: &mut Ground) {
        let asked = self.asked.take_if(|asked| *asked == ticket);
        let (Some(_), Some(longer)) = (asked, grooves.first()) else {
            return;
        };
        let before = ground.groove().bars();
        if !longer.steps.starts_with(&ground.groove().steps) {
            return ground.complain("The groove has changed meanwhile: press it again.");
        }
        let mut longer = longer.clone();
        let most = MOST_BARS * longer.steps_per_bar();
        longer.steps.truncate(most);
        let bars = longer.bars();
        take(longer, ground);
        let unheard = match ground.sound.looped {
            Some(looped) => format!(" (only bars {looped} loop)"),
            None => String::new(),
        };
        ground.say(format!(
            "The groove goes on to {}, bars {} to {bars} by the model{unheard}; u undoes it.",
            of(bars),
            before + 1,
        ));
    }

    /// The model could not do it.
    pub fn give_up(&mut self, ticket: u64) {
        self.asked.take_if(|asked| *asked == ticket);
    }
}

/// `8 bars`
fn of(bars: usize) -> String {
    match bars {
        1 => "1 bar".into(),
        bars => format!("{bars} bars"),
    }
}

/// The groove with its last bar filled up with silence.
fn whole_bars(groove: &Groove) -> Groove {
    let mut groove = groove.clone();
    let steps = groove.bars() * groove.steps_per_bar();
    groove.steps.resize(steps, [None; LANES]);
    groove
}

/// Makes a longer or shorter one the groove; what plays goes on where it is.
fn take(groove: Groove, ground: &mut Ground) {
    let name = format!("{} in {}", root(&ground.groove_name()), of(groove.bars()));
    ground.undo.before(&ground.scene, Change::Single);
    ground.forget_answers();
    ground.adopt_shown();
    ground.scene.groove = groove;
    ground.scene.origin = Origin::Named(name);
    ground.cursor_inside();
    ground.play_groove(Takeover::Now);
}

/// A groove's name without the length that it was given here.
fn root(name: &str) -> &str {
    match name.rsplit_once(" in ") {
        Some((root, length)) if length.ends_with(" bars") || length == "1 bar" => root,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_length() {
        for (name, plain) in [
            ("seed 5", "seed 5"),
            ("seed 5 in 8 bars", "seed 5"),
            ("seed 5 in 1 bar", "seed 5"),
            ("take in the rain", "take in the rain"),
        ] {
            assert_eq!(root(name), plain);
        }
    }
}
