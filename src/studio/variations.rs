//! Variations: eight relatives of the groove that is heard, to be chosen by ear. It uses the ground only.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ground::{Effect, End, Ground, Heard, Kin, Overlay, SLOTS, Slot};
use musicvae::Variation;
use musicvae::music::{Cells, Groove, Lane};

/// Relatives at a time.
pub const RELATIVES: usize = 8;

/// What a player can do with variations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ShowVariations,
    /// How far they go, by this much more.
    NudgeAmount(f32),
    /// Eight other ones.
    OtherRelatives,
    /// The next thing that may change.
    NextScope(isize),
    /// The bar that may change, where one may.
    MoveBar(isize),
    /// Makes the selected one the groove that is played and edited.
    TakeRelative,
    /// And has the model read it, to be an end of the slider.
    TakeRelativeAsEnd(End),
    /// Puts it into a slot, from 0 on.
    RelativeIntoSlot(usize),
}

/// Which part of the groove may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    Everything,
    Hats,
    /// The lane under the grid's cursor.
    Lane,
    Bar,
    /// A bar, which becomes a fill.
    Fill,
}

impl Scope {
    pub const ALL: [Scope; 5] = [
        Scope::Everything,
        Scope::Hats,
        Scope::Lane,
        Scope::Bar,
        Scope::Fill,
    ];
}

/// The relatives, and what they are relatives of.
#[derive(Debug)]
pub struct Variations {
    /// 0 is the groove itself, 1 new music.
    pub amount: f32,
    pub scope: Scope,
    pub bar: usize,
    /// The groove that they are made of.
    pub of: Option<Arc<Slot>>,
    pub relatives: Vec<Groove>,
    /// 0 is the groove itself, then come the relatives.
    pub selected: usize,
    /// Of the first one.
    seed: u64,
    /// The answer that is still to come.
    ticket: u64,
}

impl Default for Variations {
    fn default() -> Variations {
        Variations {
            amount: 0.2,
            scope: Scope::default(),
            bar: 0,
            of: None,
            relatives: Vec::new(),
            selected: 0,
            seed: 0,
            ticket: 0,
        }
    }
}

impl Variations {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ShowVariations => ground.cant_be_read().or_else(|| {
                let silent = ground.groove().hits().next().is_none();
                silent.then(|| "The groove is silent.".into())
            }),
            Action::TakeRelative
            | Action::TakeRelativeAsEnd(_)
            | Action::RelativeIntoSlot(0..SLOTS) => {
                let nothing = self.here().is_none();
                nothing.then(|| "The model is still working on it.".into())
            }
            Action::RelativeIntoSlot(_) => Some(format!("There are {SLOTS} slots.")),
            _ => None,
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ShowVariations => {
                let (groove, name) = (ground.groove().clone(), ground.groove_name());
                self.bar = groove.bars().saturating_sub(1);
                self.of = Some(Arc::new(Slot::new(groove, name)));
                self.seed = ground.scene.seed;
                self.selected = 0;
                self.relatives.clear();
                ground.screen.overlay = Some(Overlay::Variations);
                self.ask(ground);
            }
            Action::NudgeAmount(by) => {
                self.amount = ((self.amount + by) * 100.0).round().clamp(1.0, 100.0) / 100.0;
                self.ask(ground);
            }
            Action::OtherRelatives => {
                self.seed = self.seed.wrapping_add(RELATIVES as u64);
                self.ask(ground);
            }
            Action::NextScope(by) => {
                let all = Scope::ALL.len() as isize;
                let next = (self.scope as isize + by).rem_euclid(all);
                self.scope = Scope::ALL[next as usize];
                self.ask(ground);
            }
            Action::MoveBar(by) => {
                let bars = self.of.as_ref().map_or(1, |of| of.groove.bars().max(1));
                self.bar = (self.bar as isize + by).rem_euclid(bars as isize) as usize;
                if !matches!(self.scope, Scope::Bar | Scope::Fill) {
                    self.scope = Scope::Bar;
                }
                self.ask(ground);
            }
            Action::TakeRelative => self.take(ground),
            Action::TakeRelativeAsEnd(end) => {
                self.take(ground);
                ground.keep_as(end);
            }
            Action::RelativeIntoSlot(slot) => {
                if let Some(kept) = self.here() {
                    ground.put_into_slot(slot, kept);
                }
            }
        }
    }

    /// What each thing that may change is called.
    pub fn scope_name(&self, scope: Scope, ground: &Ground) -> String {
        match scope {
            Scope::Everything => "everything".into(),
            Scope::Hats => "the hats".into(),
            Scope::Lane => Lane::ALL[ground.screen.lane].short_name().into(),
            Scope::Bar => format!("bar {}", self.bar + 1),
            Scope::Fill => format!("a fill in bar {}", self.bar + 1),
        }
    }

    /// The selected one.
    fn here(&self) -> Option<Slot> {
        let of = self.of.as_ref()?;
        let Some(place) = self.selected.checked_sub(1) else {
            return Some((**of).clone());
        };
        let groove = self.relatives.get(place)?.clone();
        // A relative of a relative has no name of three parts.
        let root = of.name.split(" ~").next().unwrap_or_default();
        let name = format!("{root} ~{}", self.seed.wrapping_add(place as u64));
        Some(Slot::new(groove, name))
    }

    /// Moves the cursor, and what is under it is heard.
    pub fn move_selection(&mut self, by: isize, ground: &mut Ground) {
        self.selected = self.selected.saturating_add_signed(by).min(RELATIVES);
        self.listen(ground);
    }

    fn listen(&self, ground: &mut Ground) {
        match self.here() {
            Some(_) if self.selected == 0 => ground.stop_listening(),
            Some(Slot { groove, name, .. }) => ground.listen_to(groove, name),
            None => {}
        }
    }

    /// Asks for the relatives; those that are there stay until the others come.
    fn ask(&mut self, ground: &mut Ground) {
        let Some(of) = &self.of else { return };
        let groove = of.groove.clone();
        let locked = ground.locked(&groove);
        let bar = groove.steps_per_bar().max(1);
        let may_change = |step: usize, lane: Lane| match self.scope {
            Scope::Everything => true,
            Scope::Hats => matches!(lane, Lane::ClosedHat | Lane::OpenHat),
            Scope::Lane => lane.index() == ground.screen.lane,
            Scope::Bar | Scope::Fill => step / bar == self.bar,
        };
        let kept = Cells::of(groove.steps.len(), |step, lane| {
            locked.has(step, lane) || !may_change(step, lane)
        });
        let kin = match self.scope {
            Scope::Fill => match ground.fill(self.bar, locked) {
                Ok(fill) => Kin::Fill(fill),
                Err(reason) => {
                    self.relatives.clear();
                    return ground.complain(reason);
                }
            },
            _ => Kin::Variation(Variation {
                amount: self.amount,
                kept,
            }),
        };
        let seeds = (0..RELATIVES as u64).map(|place| self.seed.wrapping_add(place));
        self.ticket = ground.next_ticket();
        ground.ask(Effect::Relate {
            ticket: self.ticket,
            groove,
            kin,
            temperature: ground.scene.temperature,
            seeds: seeds.collect(),
        });
    }

    /// Takes the relatives that were asked for.
    pub fn receive(&mut self, ticket: u64, grooves: &[Groove], ground: &mut Ground) {
        if ticket == self.ticket && ground.screen.overlay == Some(Overlay::Variations) {
            self.relatives = grooves.to_vec();
            self.listen(ground);
        }
    }

    fn take(&mut self, ground: &mut Ground) {
        let Some(Slot { groove, name, .. }) = self.here() else {
            return;
        };
        ground.screen.overlay = None;
        if self.selected == 0 {
            return ground.stop_listening();
        }
        ground.say(format!("{name} is the groove; u brings the other back."));
        let heard = Heard {
            groove,
            point: None,
            ..ground.heard()
        };
        ground.hear_again(heard, name);
    }

    /// Closes the list; what was heard before it is heard again.
    pub fn close(&mut self, ground: &mut Ground) {
        ground.screen.overlay = None;
        ground.stop_listening();
    }
}
