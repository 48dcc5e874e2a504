//! Passes actions in overlays, and typed answers, to the feature that they belong to.

use super::Studio;
use crate::studio::ground::{Kind, Overlay, Question};
use crate::studio::{answers, chain, devices, export, library, midi, overlays, qualities, session};

impl Studio {
    /// Passes an action in an overlay to the feature that it belongs to.
    pub(super) fn apply_overlays(&mut self, action: overlays::Action) {
        use overlays::Action::{Accept, Ask, Close, Erase, EraseAll, MoveSelection, Quit, Type};
        let ground = &mut self.ground;
        match (&ground.screen.overlay, &action) {
            (_, Ask(question)) => {
                let text = match question {
                    Question::Chain => chain::text(&ground.scene.slots.links),
                    Question::GrooveName | Question::GrooveTags => self.library.present(*question),
                    Question::Trig => ground
                        .hit_here()
                        .map_or(String::new(), |hit| hit.trig.to_string()),
                    Question::FindCheckpoints | Question::CheckpointName => {
                        self.checkpoints.present(*question, ground)
                    }
                    Question::MapName => self.drum_machine.map.name.clone(),
                    _ => String::new(),
                };
                ground.screen.prompt(*question, text);
            }
            (overlay, Quit)
                if (self.training.is_alive() || self.export.share.is_some())
                    && *overlay != Some(Overlay::ConfirmQuit) =>
            {
                ground.screen.overlay = Some(Overlay::ConfirmQuit);
            }
            (Some(Overlay::Prompt { .. }), Accept) => self.answer(),
            (Some(Overlay::Chooser { kind, .. }), Accept) if *kind == Kind::Session => {
                match devices::take_selected(ground) {
                    Some(Some(name)) => self.apply(session::Action::OpenSession(name)),
                    Some(None) => self.apply(Ask(Question::NewSession)),
                    None => {}
                }
            }
            (Some(Overlay::Chooser { .. }), Accept) => self.devices.open_selected(ground),
            (Some(Overlay::Exports { .. }), Accept) => {
                let motions = self.motions();
                let (map, ground) = (&self.drum_machine.map, &mut self.ground);
                let wanted = self.export.write_selected(motions, map, ground);
                self.fills.write(wanted, ground);
            }
            (Some(Overlay::Exports { .. }), Erase) => self.apply(export::Action::StopExport),
            (Some(Overlay::Bindings { .. }), Accept) => self.midi.bindings.learn_selected(ground),
            (Some(Overlay::Bindings { .. }), Erase) => self.midi.bindings.unbind_selected(ground),
            (Some(Overlay::TrainingForm), Accept) => self.training.start_as_typed(ground),
            (Some(Overlay::TrainingForm), MoveSelection(by)) => self.training.form.move_by(*by),
            (Some(Overlay::Rehearsals), MoveSelection(by)) => {
                self.training.move_rehearsal(*by, ground);
            }
            (Some(Overlay::Rehearsals), Close) => self.training.close_rehearsals(ground),
            (Some(Overlay::TrainingForm), Type(_) | Erase | EraseAll) => {
                match action {
                    Type(character) => self.training.form.type_character(character),
                    EraseAll => self.training.form.erase_all(),
                    _ => self.training.form.erase(),
                }
                self.training.look(ground);
            }
            (Some(Overlay::MapEditor), Type(character)) => {
                self.drum_machine.type_digit(*character, ground);
            }
            (Some(Overlay::Files), Type(character)) => {
                self.bring.type_word(Some(*character), ground);
            }
            (Some(Overlay::Files), Erase) => self.bring.type_word(None, ground),
            (Some(Overlay::Files), EraseAll) => self.bring.forget_words(ground),
            (Some(Overlay::Files), MoveSelection(by)) => self.bring.move_selection(*by, ground),
            (Some(Overlay::Files | Overlay::Piece), Close) => self.bring.close(ground),
            (Some(Overlay::Library { searching: true }), Accept | Close) => {
                ground.screen.overlay = Some(Overlay::Library { searching: false });
                if action == Close {
                    self.library.forget_words(ground);
                }
            }
            (Some(Overlay::Library { .. }), Close) => self.library.close(ground),
            (Some(Overlay::Library { searching: true }), Type(character)) => {
                self.library.type_word(Some(*character), ground);
            }
            (Some(Overlay::Library { searching: true }), EraseAll) => {
                self.library.forget_words(ground);
            }
            (Some(Overlay::Library { searching: true }), Erase) => {
                self.library.type_word(None, ground);
            }
            (Some(Overlay::Variations), Close) => self.variations.close(ground),
            (Some(Overlay::Variations), MoveSelection(by)) => {
                self.variations.move_selection(*by, ground);
            }
            (Some(Overlay::Library { .. }), MoveSelection(by)) => {
                self.library.move_selection(*by, ground);
            }
            // They were asked from the library.
            (
                Some(Overlay::Prompt {
                    question: Question::GrooveName | Question::GrooveTags,
                    ..
                }),
                Close,
            ) => self.library.apply(library::Action::ShowLibrary, ground),
            (
                Some(Overlay::Prompt {
                    question: Question::Chain,
                    ..
                }),
                Close,
            ) => chain::apply(chain::Action::ShowChain, ground),
            (overlay, Close) => {
                self.midi.bindings.learning = None;
                if *overlay == Some(Overlay::MapEditor) {
                    self.drum_machine.put_map_back(ground);
                }
                overlays::apply(Close, ground);
            }
            (overlay, MoveSelection(_)) => {
                let last = match overlay {
                    Some(Overlay::Bindings { .. }) => {
                        self.midi.bindings.learning = None;
                        midi::last_line()
                    }
                    Some(Overlay::Chain { .. }) => chain::LAST_LINE,
                    Some(Overlay::Qualities { .. }) => qualities::last_line(ground),
                    Some(Overlay::Queue { .. }) => ground.runs.len().saturating_sub(1),
                    Some(Overlay::Exports { .. }) => export::Form::ALL.len() - 1,
                    _ => usize::MAX,
                };
                overlays::apply(action, ground);
                overlays::no_further_than(last, ground);
            }
            _ => overlays::apply(action, ground),
        }
    }

    /// Takes the answer that was typed.
    fn answer(&mut self) {
        let Some(Overlay::Prompt { question, text }) = self.ground.screen.overlay.take() else {
            return;
        };
        let text = text.trim();
        let from_library = matches!(question, Question::GrooveName | Question::GrooveTags);
        let may_be_empty = matches!(
            question,
            Question::Chain | Question::FindCheckpoints | Question::Trig
        );
        if text.is_empty() && !may_be_empty && !from_library {
            return self.ground.say("Nothing was typed: all stays as it is.");
        }
        let fault = match answers::to_question(question, text) {
            Some(action) => {
                let reason = self.reason_against(&action);
                if reason.is_none() {
                    self.apply(action);
                }
                reason
            }
            None if question == Question::Chain => Some(chain::fault(text)),
            None => Some(format!("{}, not `{text}`.", question.text())),
        };
        if let Some(fault) = fault {
            self.ground.complain(fault);
            self.ground.screen.prompt(question, text.into());
        }
        // It was asked from a list, which opens again.
        if self.ground.screen.overlay.is_none() {
            if question == Question::Chain {
                self.apply(chain::Action::ShowChain);
            } else if from_library {
                self.apply(library::Action::ShowLibrary);
            }
        }
    }
}
