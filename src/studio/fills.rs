//! Fills as the model has learned them: into the bar that is about to end, on a key or every so many
//! bars; as the last bar of a part of the chain; and into a file that is written. It uses the ground only.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ground::{Effect, Filled, Ground, Kin, Overlay, Slot, fingerprint, unlearned};
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
    /// Has the slot under the cursor of the list end with another fill.
    NewSlotFill,
}

/// How often fills come by themselves, in bars.
const EVERY: [Option<u32>; 4] = [None, Some(8), Some(4), Some(2)];

/// The fills that are played.
#[derive(Debug, Default)]
pub struct Fills {
    /// Fills on a key so far: each has a seed of its own.
    count: u64,
    /// The one that the model plays, and those that come after it.
    asked: Option<(u64, Wish)>,
    waiting: VecDeque<Wish>,
    /// The bar since play of which the next one was seen to.
    seen: Option<u64>,
    /// Those for a file that are there, each with the step of the file that it begins at.
    written: Vec<(i64, Groove)>,
    /// The model failed at a part of the chain: it is not asked again and again.
    failed: bool,
}

/// A fill that is wanted.
#[derive(Debug)]
struct Wish {
    groove: Groove,
    /// The bar of the groove that it takes the place of.
    bar: usize,
    /// Which of all fills: the same bar of the same groove has the same one under the same number.
    number: u64,
    goal: Goal,
}

/// What becomes of a fill.
#[derive(Debug)]
enum Goal {
    Play(Takeover),
    /// The end of a slot, from 0 on; `anew`: in place of the one that it had.
    Slot {
        slot: usize,
        kept: Arc<Slot>,
        anew: bool,
    },
    /// A part of a file, from this step on.
    Write(i64),
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
            Action::NewSlotFill if selected(ground).is_none() => Some("The slot is empty.".into()),
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
                self.count += 1;
                // Apart from the numbers of bars, which those that come by themselves have.
                self.play(takeover, u64::MAX - self.count, ground);
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
            Action::NewSlotFill => {
                if let Some((slot, kept)) = selected(ground) {
                    self.count += 1;
                    self.end_slot(slot, kept, true, ground);
                }
            }
        }
    }

    /// Sees to it that the next bar is a fill where it is to be one, and that the parts of the chain
    /// that end with a fill have one.
    pub fn hear(&mut self, ground: &mut Ground) {
        self.end_parts(ground);
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
            && ground.sound.fill_falls(next)
            && ground.cant_be_read().is_none()
            && ground.fill_direction().is_ok()
        {
            self.play(Takeover::NextBar, next, ground);
        }
    }

    /// The model or the chain is another one: what failed may go well.
    pub fn try_again(&mut self, ground: &mut Ground) {
        self.failed = false;
        self.end_parts(ground);
    }

    /// Has the model play what a part of the chain ends with, where that is not there yet.
    fn end_parts(&mut self, ground: &mut Ground) {
        let is_asked = self.asked.iter().map(|(_, wish)| wish).chain(&self.waiting);
        let is_asked = is_asked
            .into_iter()
            .any(|wish| matches!(wish.goal, Goal::Slot { .. }));
        if self.failed || is_asked || ground.fill_direction().is_err() {
            return;
        }
        let slots = &ground.scene.slots;
        // The models know sixteenths only.
        let lacks = |slot: usize| {
            let can_end =
                |kept: &Arc<Slot>| kept.fill.is_none() && unlearned(&kept.groove).is_none();
            slots.all[slot].clone().filter(can_end)
        };
        let mut links = slots.links.iter().filter(|link| link.fill);
        let next = links.find_map(|link| Some((link.slot, lacks(link.slot)?)));
        if let Some((slot, kept)) = next {
            self.end_slot(slot, kept, false, ground);
        }
    }

    /// Has the model play what a slot ends with.
    fn end_slot(&mut self, slot: usize, kept: Arc<Slot>, anew: bool, ground: &mut Ground) {
        let wish = Wish {
            groove: kept.groove.clone(),
            bar: kept.groove.bars().saturating_sub(1),
            // The first one is always the same: undo and redo change nothing about it.
            number: if anew { self.count } else { 0 },
            goal: Goal::Slot { slot, kept, anew },
        };
        self.waiting.push_back(wish);
        self.go_on(ground);
    }

    /// Has the model play a fill in the place of the bar that plays, or of the next one.
    fn play(&mut self, takeover: Takeover, number: u64, ground: &mut Ground) {
        let bar = match takeover {
            Takeover::Now => bar_after(0, ground),
            _ => bar_after(1, ground),
        };
        // It has a bar line to be there for; one that waited is too late by now.
        self.waiting
            .retain(|wish| !matches!(wish.goal, Goal::Play(_)));
        self.waiting.push_front(Wish {
            groove: below(ground).clone(),
            bar,
            number,
            goal: Goal::Play(takeover),
        });
        self.go_on(ground);
    }

    /// Has the model play the fills of a file.
    pub fn write(&mut self, bars: Vec<Filled>, ground: &mut Ground) {
        self.waiting.extend(bars.into_iter().map(|it| Wish {
            groove: it.groove,
            bar: it.bar,
            number: it.number,
            goal: Goal::Write(it.step),
        }));
        self.go_on(ground);
    }

    /// Asks for the next fill, once there is an answer about the one before.
    fn go_on(&mut self, ground: &mut Ground) {
        while self.asked.is_none()
            && let Some(wish) = self.waiting.pop_front()
        {
            let locked = ground.locked(&wish.groove);
            let Ok(fill) = ground.fill(wish.bar, locked) else {
                continue;
            };
            let ticket = ground.next_ticket();
            ground.ask(Effect::Relate {
                ticket,
                groove: wish.groove.clone(),
                kin: Kin::Fill(fill),
                temperature: ground.scene.temperature,
                seeds: vec![fingerprint(&wish.groove).wrapping_add(wish.number)],
            });
            self.asked = Some((ticket, wish));
        }
    }

    /// Takes the fill that was asked for to where it is wanted. All fills of a file, once they are there.
    pub fn receive(
        &mut self,
        ticket: u64,
        grooves: &[Groove],
        ground: &mut Ground,
    ) -> Option<Vec<(i64, Groove)>> {
        let (_, wish) = self.asked.take_if(|(asked, _)| *asked == ticket)?;
        let groove = grooves.first()?;
        let steps = groove.steps_per_bar().max(1);
        let bar = groove.steps.chunks(steps).nth(wish.bar);
        let bar = Groove {
            steps: bar.unwrap_or_default().to_vec(),
            ..*groove
        };
        let mut all = None;
        match wish.goal {
            Goal::Play(takeover) => ground.send(Request::PlayFill { bar, takeover }),
            Goal::Slot { slot, kept, anew } => ground.end_slot(slot, &kept, bar, anew),
            Goal::Write(step) => {
                self.written.push((step, bar));
                let is_one = |wish: &Wish| matches!(wish.goal, Goal::Write(_));
                let are_there = !self.waiting.iter().any(is_one);
                all = are_there.then(|| std::mem::take(&mut self.written));
            }
        }
        self.go_on(ground);
        all
    }

    /// There is no answer. `true` where a file waits for it.
    pub fn give_up(&mut self, ticket: u64, ground: &mut Ground) -> bool {
        let Some((_, wish)) = self.asked.take_if(|(asked, _)| *asked == ticket) else {
            return false;
        };
        self.failed |= matches!(wish.goal, Goal::Slot { .. });
        let is_written = matches!(wish.goal, Goal::Write(_));
        if is_written {
            self.written.clear();
            self.waiting
                .retain(|wish| !matches!(wish.goal, Goal::Write(_)));
        }
        self.go_on(ground);
        is_written
    }
}

/// The slot under the cursor of the list, where it holds a groove.
fn selected(ground: &Ground) -> Option<(usize, Arc<Slot>)> {
    let Some(Overlay::Chain { selected }) = ground.screen.overlay else {
        return None;
    };
    let kept = ground.scene.slots.all.get(selected)?.clone()?;
    Some((selected, kept))
}

/// What goes round below all fills.
fn below(ground: &Ground) -> &Groove {
    let turn = ground.sounding().filter(|_| ground.audition.is_none());
    turn.map_or_else(|| ground.groove(), |turn| &turn.kept.groove)
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
