//! How the model in training plays one seed, as it learns: heard beside how it played before.

use super::Training;
use crate::engine::Takeover;
use crate::studio::ground::{Change, Effect, End, Ground, Origin, Overlay};
use musicvae::model::Decoding;
use musicvae::music::Groove;

/// What the model in training played.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rehearsals {
    /// How all of it is drawn, so that only the model is another; `None` before the first run.
    pub how: Option<Decoding>,
    /// After which step, and what, in the order of the steps.
    grooves: Vec<(u64, Groove)>,
    /// The one that is heard; the latest, also when a later one comes, for `None`.
    selected: Option<usize>,
    /// Why nothing is played.
    pub problem: Option<String>,
}

impl Rehearsals {
    /// Of a run that begins.
    pub fn of(how: Decoding) -> Rehearsals {
        Rehearsals {
            how: Some(how),
            ..Rehearsals::default()
        }
    }

    /// The steps and grooves, the first of the run first.
    pub fn all(&self) -> &[(u64, Groove)] {
        &self.grooves
    }

    /// Number of the one that is heard.
    pub fn selected(&self) -> usize {
        self.selected.unwrap_or(self.last())
    }

    fn last(&self) -> usize {
        self.grooves.len().saturating_sub(1)
    }

    fn here(&self) -> Option<&(u64, Groove)> {
        self.grooves.get(self.selected())
    }

    fn select(&mut self, line: usize) {
        self.selected = Some(line).filter(|line| *line < self.last());
    }

    fn add(&mut self, step: u64, groove: Groove) {
        let place = self.grooves.partition_point(|(before, _)| *before < step);
        self.grooves.truncate(place);
        self.grooves.push((step, groove));
        self.select(self.selected());
    }
}

impl Training {
    /// Opens the list, and asks for the model as it is now.
    pub(super) fn show_rehearsals(&mut self, ground: &mut Ground) {
        self.rehearsals.selected = None;
        ground.screen.overlay = Some(Overlay::Rehearsals);
        self.rehearse(ground);
        self.hear_rehearsal(Takeover::NextBar, ground);
    }

    /// Asks for the model as it is now.
    pub(super) fn rehearse(&mut self, ground: &mut Ground) {
        if self.is_alive() && self.began.is_some() {
            ground.ask(Effect::SaveTraining);
        }
    }

    /// The reason why no model in training can be heard.
    pub(super) fn no_rehearsal(&self) -> Option<String> {
        let nothing = self.rehearsals.grooves.is_empty() && !self.is_alive();
        nothing.then(|| "Nothing has been trained yet: press r.".into())
    }

    /// Takes what the model played, or why it played nothing.
    pub fn receive_rehearsal(
        &mut self,
        played: Result<(u64, Groove), String>,
        ground: &mut Ground,
    ) {
        match played {
            Ok((step, groove)) => {
                let before = self.rehearsals.selected;
                self.rehearsals.add(step, groove);
                if before.is_none() {
                    self.hear_rehearsal(Takeover::NextBar, ground);
                }
            }
            Err(reason) => self.rehearsals.problem = Some(reason),
        }
    }

    /// Moves to how it played before or after, which is heard at once in its place.
    pub fn move_rehearsal(&mut self, by: isize, ground: &mut Ground) {
        let line = self.rehearsals.selected().saturating_add_signed(by);
        self.rehearsals.select(line);
        self.hear_rehearsal(Takeover::Now, ground);
    }

    fn hear_rehearsal(&self, takeover: Takeover, ground: &mut Ground) {
        if ground.screen.overlay == Some(Overlay::Rehearsals)
            && let Some((step, groove)) = self.rehearsals.here()
        {
            ground.listen_from(takeover, groove.clone(), self.rehearsal_name(*step));
        }
    }

    fn rehearsal_name(&self, step: u64) -> String {
        let out = &self.settings.out;
        let run = out.file_name().unwrap_or(out.as_os_str());
        format!("{} at step {step}", run.to_string_lossy())
    }

    /// Makes what is heard the groove that is played and edited, and perhaps an end of the slider.
    pub(super) fn take_rehearsal(&mut self, end: Option<End>, ground: &mut Ground) {
        let Some((step, groove)) = self.rehearsals.here().cloned() else {
            return;
        };
        let name = self.rehearsal_name(step);
        ground.undo.before(&ground.scene, Change::Single);
        ground.forget_answers();
        ground.audition = None;
        ground.screen.overlay = None;
        ground.say(format!("{name} is the groove."));
        ground.hear(groove, Origin::Named(name), ground.sound.takeover);
        if let Some(end) = end {
            ground.keep_as(end);
        }
    }

    /// Closes the list; what was heard before it is heard again.
    pub fn close_rehearsals(&mut self, ground: &mut Ground) {
        ground.screen.overlay = None;
        ground.stop_listening();
    }
}
