//! The groove that is heard and shown, and what happens to it: edits, new grooves, playing.

use std::ops::Range;
use std::sync::Arc;

use super::Ground;
use super::scene::Origin;
use super::slots::{Link, Slot, Slots, Turn};
use super::undo::Change;
use crate::engine::{Request, Takeover};
use musicvae::music::{Groove, Hit, Lane};

impl Ground {
    /// The groove that is heard and shown: one that is listened to, else the chain's, while it plays.
    pub fn groove(&self) -> &Groove {
        match &self.audition {
            Some(heard) => &heard.groove,
            None => self.own_groove(),
        }
    }

    /// The groove that is heard but for one that is only listened to.
    pub(super) fn own_groove(&self) -> &Groove {
        match self.sounding() {
            Some(turn) => turn.heard_in(self.transport.position.turn),
            None => &self.scene.groove,
        }
    }

    /// What the groove is called, in a word or two.
    pub fn groove_name(&self) -> String {
        match (&self.audition, self.sounding()) {
            (Some(heard), _) => heard.name.clone(),
            (None, Some(turn)) => turn.kept.name.clone(),
            (None, None) => self.scene.name(),
        }
    }

    /// The link of the chain that sounds, while it plays.
    pub fn sounding(&self) -> Option<&Turn> {
        self.chain.as_ref()?.get(self.transport.chain_link?)
    }

    /// The hit under the cursor.
    pub fn hit_here(&self) -> Option<Hit> {
        let lane = Lane::ALL[self.screen.lane];
        self.groove().hit(self.screen.step, lane)
    }

    /// How long a step of the groove lasts at the tempo that is set, in milliseconds.
    pub fn step_ms(&self) -> f32 {
        let quarter = 60_000.0 / self.sound.tempo as f32;
        quarter / self.groove().grid.steps_per_quarter() as f32
    }

    /// The steps of the groove that go round.
    pub fn goes_round(&self) -> Range<usize> {
        let position = &self.transport.position;
        let step = |sixteenths: u32| self.groove().step_at(sixteenths.into()) as usize;
        let start = step(position.loop_start);
        start..start + step(position.loop_steps)
    }

    /// The step of a lane that is played with a step of the groove, in the turn of the loop that plays: another
    /// one where some steps of the lane go round by themselves.
    pub fn place_of(&self, lane: Lane, step: usize) -> usize {
        let position = &self.transport.position;
        let goes_round = self.goes_round();
        let (start, length) = (goes_round.start, goes_round.len().max(1));
        let Some(steps) = self.lanes[lane.index()].steps else {
            return step;
        };
        let (now, asked) = (self.groove().step_at(position.step), step as f64);
        // What lies on the other side of the loop's end is of the turn before, or of the next one.
        let half = length as f64 / 2.0;
        let turn = match position.turn as usize {
            turn if asked - now > half => turn.saturating_sub(1),
            turn if now - asked > half => turn + 1,
            turn => turn,
        };
        let since = turn * length + step.saturating_sub(start);
        let place = start + since % usize::from(steps.max(1));
        place % self.groove().steps.len().max(1)
    }

    /// Whether a step of a lane is ever played: one behind the lane's own loop is not.
    pub fn is_reached(&self, lane: Lane, step: usize) -> bool {
        let start = self.goes_round().start;
        let steps = self.lanes[lane.index()].steps.map(usize::from);
        steps.is_none_or(|steps| (start..start + steps).contains(&step))
    }

    /// Whether a lane is heard now: by the mutes and solos of all lanes, and in the link of the chain
    /// that plays.
    pub fn is_heard(&self, lane: Lane) -> bool {
        let sounding = self.sounding().filter(|_| self.audition.is_none());
        self.is_on(lane) && sounding.is_none_or(|turn| !turn.mutes(lane))
    }

    /// Whether a lane is on, by the mutes and solos of all lanes.
    pub fn is_on(&self, lane: Lane) -> bool {
        let any_solo = self.lanes.iter().any(|lane| lane.solo);
        let state = self.lanes[lane.index()];
        !state.mute && (state.solo || !any_solo)
    }

    /// Lets the engine play the scene's groove, and leaves the chain.
    pub fn play_groove(&mut self, takeover: Takeover) {
        self.chain = None;
        self.audition = None;
        let groove = Groove {
            qpm: self.sound.tempo,
            ..self.scene.groove.clone()
        };
        self.send(Request::SetGroove { groove, takeover });
    }

    /// Lets the engine play the slots in their order.
    pub fn play_chain(&mut self) {
        let slots = &self.scene.slots;
        let turn = |link: Link| {
            let kept = slots.all[link.slot].clone()?;
            Some(Turn::new(link, kept))
        };
        let turns: Vec<Turn> = slots.order().into_iter().filter_map(turn).collect();
        let links = turns.iter().map(Turn::part).collect();
        self.chain = Some(turns);
        self.audition = None;
        let takeover = self.sound.takeover;
        self.send(Request::SetChain { links, takeover });
    }

    /// Changes the slots or the chain, as a step of undo; the engine gets the chain as it is now.
    pub fn change_slots(&mut self, change: impl FnOnce(&mut Slots)) {
        self.undo.before(&self.scene, Change::Single);
        change(&mut self.scene.slots);
        self.slots_changed();
    }

    /// Keeps a groove in a slot, from 0 on.
    pub fn put_into_slot(&mut self, slot: usize, kept: Slot) {
        let before = match &self.scene.slots.all[slot] {
            Some(before) => format!(" ({} before; u undoes it)", before.name),
            None => String::new(),
        };
        self.say(format!("Slot {} holds {}{before}.", slot + 1, kept.name));
        self.change_slots(|slots| slots.all[slot] = Some(Arc::new(kept)));
    }

    /// Has a slot end with a fill, where it still holds what that was played for. `anew`: in place of
    /// another one, as a step of undo.
    pub fn end_slot(&mut self, slot: usize, kept: &Arc<Slot>, fill: Groove, anew: bool) {
        let holds = |it: &Arc<Slot>| Arc::ptr_eq(it, kept);
        if !self.scene.slots.all[slot].as_ref().is_some_and(holds) {
            return;
        }
        if anew {
            self.undo.before(&self.scene, Change::Single);
            self.say(format!("Slot {} ends with another fill.", slot + 1));
        }
        let fill = Some(fill);
        let ended = Slot {
            fill,
            ..(**kept).clone()
        };
        self.scene.slots.all[slot] = Some(Arc::new(ended));
        self.slots_changed();
    }

    /// The slots are other ones: a chain that plays goes on with them, while there is one left, and
    /// once nothing else is listened to.
    pub fn slots_changed(&mut self) {
        if self.chain.is_none() || self.audition.is_some() {
            return;
        }
        match self.scene.slots.order().is_empty() {
            true => self.play_groove(self.sound.takeover),
            false => self.play_chain(),
        }
    }

    /// Makes what is shown the groove that is edited, where that is a slot of the chain.
    /// `true` when it was; the engine is then still to be told.
    pub fn adopt_shown(&mut self) -> bool {
        let Some(turn) = self.sounding() else {
            return false;
        };
        let name = turn.kept.name.clone();
        self.scene.groove = self.own_groove().clone();
        self.scene.origin = Origin::Slot(name);
        self.chain = None;
        true
    }

    /// Remembers the scene before its groove is changed by hand.
    pub fn before_edit(&mut self, change: Change) {
        self.undo.before(&self.scene, change);
        self.forget_answers();
        // The slot of the chain that sounds is what the player sees and means; the slot itself
        // stays.
        self.adopt_shown();
        self.scene.origin = Origin::Edited;
    }

    /// A new groove of a model: locked cells stay.
    pub fn take_groove(&mut self, groove: Groove, origin: Origin, takeover: Takeover) {
        let locked = self.locked(&groove);
        let kept = self.own_groove().on(groove.grid).groove;
        self.hear(groove.with_cells_of(&kept, &locked), origin, takeover);
    }

    /// A new groove, as it is. If another one is being auditioned, this one is heard afterwards.
    pub fn hear(&mut self, groove: Groove, origin: Origin, takeover: Takeover) {
        self.scene.groove = Groove {
            qpm: self.sound.tempo,
            ..groove
        };
        self.scene.origin = origin;
        self.cursor_inside();
        if self.audition.is_none() {
            self.play_groove(takeover);
        }
    }

    /// A groove may be shorter than the one before it.
    pub fn cursor_inside(&mut self) {
        let last = self.scene.groove.steps.len().saturating_sub(1);
        self.screen.step = self.screen.step.min(last);
    }
}
