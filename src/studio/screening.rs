//! Panes and what opens over them.

use super::{Action, Bars, Effect, Kind, Overlay, Question, Studio, Target, chain};

impl Studio {
    pub(super) fn apply_screen(&mut self, action: Action) {
        let screen = &mut self.screen;
        match action {
            Action::Focus(pane) => screen.pane = pane,
            Action::FocusNext(by) => screen.pane = screen.pane.turned(by),
            Action::ShowHelp => screen.overlay = Some(Overlay::Help { scroll: 0 }),
            Action::ShowMessages => screen.overlay = Some(Overlay::Messages { scroll: 0 }),
            Action::ShowPalette => {
                screen.overlay = Some(Overlay::Palette {
                    filter: String::new(),
                    selected: 0,
                });
            }
            Action::ShowBindings => screen.overlay = Some(Overlay::Bindings { selected: 0 }),
            Action::Choose(kind) => {
                let note = String::new();
                screen.overlay = Some(Overlay::Chooser {
                    kind,
                    items: None,
                    note,
                    selected: 0,
                });
                self.ask(Effect::List(kind));
            }
            Action::Ask(question) => {
                let text = match question {
                    Question::Chain => chain::text(&self.chain.links),
                    Question::TrainingData => self.run.settings.data.display().to_string(),
                    Question::MapName => self.machine.map.name.clone(),
                    _ => String::new(),
                };
                self.screen.overlay = Some(Overlay::Prompt { question, text });
            }
            Action::Close => {
                self.midi.learning = None;
                if let Some(Overlay::MapEditor(editor)) = screen.overlay.take() {
                    self.put_map_back(*editor);
                }
            }
            Action::Accept => self.accept(),
            Action::MoveSelection(by) => self.move_selection(by),
            Action::Type(character) => self.type_character(character),
            Action::Erase => match &mut screen.overlay {
                Some(Overlay::Prompt { text, .. }) => {
                    text.pop();
                }
                Some(Overlay::Palette { filter, selected }) => {
                    filter.pop();
                    *selected = 0;
                }
                Some(Overlay::Bindings { .. }) => self.unbind_selected(),
                _ => {}
            },
            Action::Quit => {
                let confirmed = matches!(screen.overlay, Some(Overlay::ConfirmQuit));
                if self.run.is_alive() && !confirmed {
                    screen.overlay = Some(Overlay::ConfirmQuit);
                } else {
                    self.leaving = true;
                }
            }
            _ => {}
        }
    }

    fn type_character(&mut self, character: char) {
        match &mut self.screen.overlay {
            Some(Overlay::Prompt { text, .. }) => text.push(character),
            Some(Overlay::Palette { filter, selected }) => {
                filter.push(character);
                *selected = 0;
            }
            Some(Overlay::MapEditor(_)) => self.type_in_map(character),
            _ => {}
        }
    }

    fn move_selection(&mut self, by: isize) {
        match &mut self.screen.overlay {
            Some(Overlay::Help { scroll }) | Some(Overlay::Messages { scroll }) => {
                *scroll = scroll.saturating_add_signed(by);
            }
            Some(Overlay::Palette { selected, .. }) => {
                *selected = selected.saturating_add_signed(by)
            }
            Some(Overlay::Bindings { selected }) => {
                let last = Target::all().count() - 1;
                *selected = selected.saturating_add_signed(by).min(last);
                self.midi.learning = None;
            }
            Some(Overlay::Chain { selected }) => {
                *selected = selected.saturating_add_signed(by).min(chain::SLOTS - 1);
            }
            Some(Overlay::Qualities { .. }) => {
                let last = self.qualities().map_or(0, <[_]>::len).saturating_sub(1);
                if let Some(Overlay::Qualities { selected }) = &mut self.screen.overlay {
                    *selected = selected.saturating_add_signed(by).min(last);
                }
            }
            Some(Overlay::Chooser {
                items: Some(items),
                selected,
                ..
            }) => {
                *selected = selected.saturating_add_signed(by).min(items.len());
            }
            _ => {}
        }
    }

    /// Takes the choice or the answer. (The palette's choice is the keymap's to know.)
    fn accept(&mut self) {
        match self.screen.overlay.take() {
            Some(Overlay::Chooser {
                kind,
                items: Some(items),
                selected,
                ..
            }) => {
                // The first line is "none" or "the default", the empty name.
                let name = selected
                    .checked_sub(1)
                    .and_then(|index| items.get(index))
                    .cloned();
                if let Some(name) = &name {
                    self.say(format!("Opening {name}."));
                }
                if kind == Kind::MidiInput {
                    self.midi.input_wanted = name.is_some();
                }
                self.ask(Effect::Open(kind, name.unwrap_or_default()));
            }
            Some(Overlay::Bindings { selected }) => {
                self.screen.overlay = Some(Overlay::Bindings { selected });
                self.learn_selected(selected);
            }
            Some(Overlay::Prompt { question, text }) => {
                self.answer(question, &text);
                // It was asked from the list of slots.
                if question == Question::Chain && self.screen.overlay.is_none() {
                    self.apply(Action::ShowChain);
                }
            }
            Some(Overlay::ConfirmQuit) => {
                self.say("Saving the run, then leaving.");
                self.leaving = true;
            }
            _ => {}
        }
    }

    fn answer(&mut self, question: Question, text: &str) {
        let text = text.trim();
        let action = match question {
            // No links: every slot in turn.
            Question::Chain => chain::parse(text).map(Action::SetChain),
            _ if text.is_empty() => return,
            Question::Seed => text.parse().ok().map(Action::SetSeed),
            Question::Tempo => number(text)
                .filter(|tempo| (20.0..=300.0).contains(tempo))
                .map(Action::SetTempo),
            Question::Temperature => number(text)
                .filter(|temperature| (0.0..=2.0).contains(temperature))
                .map(|temperature| Action::SetTemperature(temperature as f32)),
            Question::Loop => bars(text).map(Action::SetLoop),
            Question::TrainingData => Some(Action::SetTrainingData(text.into())),
            Question::MapName => return self.save_map(text),
        };
        match action {
            Some(action) => self.apply(action),
            None => {
                self.complain(format!("{}, not `{text}`.", question.text()));
                let text = text.to_string();
                self.screen.overlay = Some(Overlay::Prompt { question, text });
            }
        }
    }

    pub(super) fn receive_list(&mut self, listed: Kind, list: Vec<String>, reason: String) {
        if let Some(Overlay::Chooser {
            kind, items, note, ..
        }) = &mut self.screen.overlay
            && *kind == listed
        {
            *items = Some(list);
            *note = reason;
        }
    }
}

/// `2`, `2-3` or `all`.
fn bars(text: &str) -> Option<Option<Bars>> {
    if text.eq_ignore_ascii_case("all") {
        return Some(None);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first = first.trim().parse::<usize>().ok()?.checked_sub(1)?;
    let count = last.trim().parse::<usize>().ok()?.checked_sub(first)?;
    (count > 0).then_some(Some(Bars { first, count }))
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}
