//! Why something can't be done now. Help, palette and the answer to a key all ask here.

use super::{Action, Overlay, RunState, Studio, Sync};

impl Studio {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action) -> Option<String> {
        let no_model = || match &self.library.loading {
            Some(_) if self.model.is_none() => Some("The model is still being loaded.".to_string()),
            _ if self.model.is_none() => {
                Some("No model is loaded: choose a checkpoint first.".to_string())
            }
            _ => None,
        };
        let reason = |when: bool, text: &str| when.then(|| text.to_string());
        match action {
            Action::Sample
            | Action::SetSeed(_)
            | Action::SetSlider(_)
            | Action::NudgeSlider(_)
            | Action::Keep(_)
            | Action::SwapEnds => no_model(),
            Action::SetQuality(..)
            | Action::NudgeQuality(..)
            | Action::NudgeSelectedQuality(_)
            | Action::ClearQuality
            | Action::NextStyle => no_model().or_else(|| self.reason_against_quality(action)),
            Action::Rework(rework) => self.reason_against_rework(*rework),
            Action::Map(action) => self.reason_against_map(*action),
            Action::Undo => reason(!self.history.can_undo(), "Nothing to undo."),
            Action::Redo => reason(!self.history.can_redo(), "Nothing to redo."),
            Action::SetTempo(_) | Action::NudgeTempo(_) => reason(
                matches!(self.transport.sync, Sync::Following(_)),
                "The tempo is the MIDI clock's.",
            ),
            Action::Erase => {
                let list = self.screen.overlay.is_some();
                let erasable = matches!(
                    self.screen.overlay,
                    Some(
                        Overlay::Bindings { .. } | Overlay::Prompt { .. } | Overlay::Palette { .. }
                    )
                );
                reason(list && !erasable, "Nothing can be removed here.")
            }
            Action::Export => reason(
                self.groove().hits().next().is_none(),
                "The groove is silent.",
            )
            .or_else(|| {
                let muted = self.heard_groove().0.hits().next().is_none();
                reason(muted, "Every lane that plays is muted.")
            }),
            Action::NudgeVelocity(_) | Action::NudgeOffset(_) => reason(
                self.hit_here().is_none(),
                "There is no hit under the cursor.",
            ),
            Action::ClearLane => {
                let lane = self.screen.lane;
                let silent = self
                    .groove()
                    .steps
                    .iter()
                    .all(|lanes| lanes[lane].is_none());
                reason(silent, "The lane is silent.")
            }
            Action::Continue => reason(self.transport.playing, "It plays already."),
            Action::MoveLoop(_) => reason(
                self.sound.looped.is_none(),
                "All bars go round: make the loop shorter first.",
            ),
            Action::ToggleChain
            | Action::SetChain(_)
            | Action::StoreSlot
            | Action::RecallSlot
            | Action::ClearSlot => self.reason_against_chain(action),
            Action::ToggleRecord => {
                let record = &self.config.record;
                let nothing = !record.sound && !record.midi;
                reason(
                    nothing,
                    "Neither sound nor MIDI is to be recorded: see [record] in config.toml.",
                )
            }
            Action::LoadCheckpoint => match self.library.entries.get(self.screen.checkpoint) {
                None => Some("There is no checkpoint to load.".into()),
                Some(entry) => entry.obstacle().map(String::from),
            },
            Action::ToggleTraining => reason(
                self.run.state == RunState::Stopping,
                "The run is being stopped and saved.",
            ),
            Action::StopTraining => {
                let idle = !self.run.is_alive() || self.run.state == RunState::Stopping;
                reason(idle, "Nothing is in training.")
            }
            Action::SetTrainingData(_) => {
                reason(self.run.is_alive(), "A run is under way: stop it first.")
            }
            _ => None,
        }
    }
}
