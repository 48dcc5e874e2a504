//! Fills as the model has learned them, into the bar that is about to end: on a key, or every so many
//! bars. It uses the ground only.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::ground::{Effect, Ground, Kin};
use crate::engine::{Request, Takeover};
use musicvae::music::{Groove, STEPS_PER_QUARTER};

/// What a player can do with fills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    PlayFill,
    /// A fill every 8, 4 or 2 bars, or none by itself.
    CycleFills,
    /// How many of a hundred fills that come by themselves are played.
    SetFillChance(u8),
}

/// How often fills come by themselves, in bars.
const EVERY: [Option<u32>; 4] = [None, Some(8), Some(4), Some(2)];

/// The fills that are played.
#[derive(Debug, Default)]
pub struct Fills {
    /// Fills so far: each has a seed of its own.
    count: u64,
    asked: Option<Asked>,
    /// The bar since play of which the next one was seen to.
    seen: Option<u64>,
}

/// A fill on its way.
#[derive(Debug)]
struct Asked {
    ticket: u64,
    bar: usize,
    takeover: Takeover,
}

impl Fills {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        let can_fill = || {
            let direction = || ground.fill_direction().err();
            ground.cant_be_read().or_else(direction)
        };
        match action {
            Action::PlayFill if !ground.transport.playing => {
                Some("Press Space first: a fill leads from one bar to the next.".into())
            }
            Action::CycleFills if ground.sound.fill_every.is_some() => None,
            Action::SetFillChance(_) => None,
            _ => can_fill(),
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::PlayFill => {
                let position = ground.transport.position;
                let bar_steps = bar_steps(ground) as f64;
                // Too little of a bar is no room for a fill.
                let left = bar_steps - position.step % bar_steps;
                let takeover = match left < STEPS_PER_QUARTER as f64 {
                    true => Takeover::NextBar,
                    false => Takeover::Now,
                };
                self.ask(takeover, ground);
                ground.say("A fill plays into the next bar.");
            }
            Action::CycleFills => {
                let place = EVERY
                    .iter()
                    .position(|every| *every == ground.sound.fill_every);
                ground.sound.fill_every = EVERY[(place.unwrap_or(0) + 1) % EVERY.len()];
                say(ground);
            }
            Action::SetFillChance(chance) => {
                ground.sound.fill_chance = chance.min(100);
                say(ground);
            }
        }
    }

    /// Whether chance has a fill played in a bar since play: by the seed of the steps that are played by chance,
    /// so that the same ones come again from the top.
    fn falls(bar: u64, ground: &Ground) -> bool {
        let seed = ground.sound.chance_seed.rotate_left(32).wrapping_add(bar);
        let hundred: u8 = ChaCha8Rng::seed_from_u64(seed).random_range(0..100);
        hundred < ground.sound.fill_chance
    }

    /// Sees to it that the next bar is a fill where it is to be one.
    pub fn hear(&mut self, ground: &mut Ground) {
        let transport = &ground.transport;
        let Some(every) = ground.sound.fill_every.filter(|_| transport.playing) else {
            self.seen = None;
            return;
        };
        let bar = (transport.position.played / bar_steps(ground) as f64) as u64;
        if Some(bar) == self.seen || transport.position.count_in > 0 {
            return;
        }
        self.seen = Some(bar);
        let next = bar + 1;
        if (next + 1).is_multiple_of(u64::from(every))
            && Fills::falls(next, ground)
            && ground.cant_be_read().is_none()
            && ground.fill_direction().is_ok()
        {
            self.ask(Takeover::NextBar, ground);
        }
    }

    /// Has the model play a fill in the place of the bar that plays, or of the next one.
    fn ask(&mut self, takeover: Takeover, ground: &mut Ground) {
        let groove = ground.groove().clone();
        let bar = match takeover {
            Takeover::Now => bar_after(0, ground),
            _ => bar_after(1, ground),
        };
        let locked = ground.locked(&groove);
        let Ok(fill) = ground.fill(bar, locked) else {
            return;
        };
        self.count += 1;
        let ticket = ground.next_ticket();
        self.asked = Some(Asked {
            ticket,
            bar,
            takeover,
        });
        ground.ask(Effect::Relate {
            ticket,
            groove,
            kin: Kin::Fill(fill),
            temperature: ground.scene.temperature,
            seeds: vec![ground.scene.seed.wrapping_add(self.count)],
        });
    }

    /// Takes the fill that was asked for, and has it played.
    pub fn receive(&mut self, ticket: u64, grooves: &[Groove], ground: &mut Ground) {
        let asked = self.asked.take_if(|asked| asked.ticket == ticket);
        let (Some(Asked { bar, takeover, .. }), Some(groove)) = (asked, grooves.first()) else {
            return;
        };
        let steps = groove.steps_per_bar().max(1);
        let bar = groove.steps.chunks(steps).nth(bar);
        let bar = Groove {
            steps: bar.unwrap_or_default().to_vec(),
            ..*groove
        };
        ground.send(Request::PlayFill { bar, takeover });
    }
}

/// Says how often fills come by themselves.
fn say(ground: &mut Ground) {
    let chance = match ground.sound.fill_chance {
        100 => String::new(),
        chance => format!(", {chance} of a hundred times"),
    };
    ground.say(match ground.sound.fill_every {
        Some(bars) => format!("Every {bars} bars end with a fill{chance}."),
        None => "No automatic fills.".into(),
    });
}

/// Sixteenths of a bar of what plays.
fn bar_steps(ground: &Ground) -> usize {
    ground.groove().meter.sixteenths().max(1)
}

/// The bar of the groove that plays, or one so many bars after it, in the loop.
fn bar_after(count: usize, ground: &Ground) -> usize {
    let position = ground.transport.position;
    let steps = bar_steps(ground);
    let (first, length) = (
        position.loop_start as usize / steps,
        (position.loop_steps as usize).div_ceil(steps).max(1),
    );
    let place = (position.step as usize / steps).saturating_sub(first);
    first + (place + count) % length
}
