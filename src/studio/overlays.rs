//! Panes, and what opens over them, as far as no feature is concerned: help, messages, the palette,
//! what is typed, the question at the end. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::{Ground, Overlay, Pane, Question};

/// What a player can do with panes and what is open over them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Focus(Pane),
    FocusNext(isize),
    ShowHelp,
    ShowMessages,
    ShowPalette,
    Ask(Question),
    /// Closes what is open over the panes.
    Close,
    /// Takes what is selected or typed.
    Accept,
    MoveSelection(isize),
    Type(char),
    /// A character, or what is bound to the selected line.
    Erase,
    /// Leaves; asks first while a model is in training.
    Quit,
    /// Gives the terminal to the shell until that brings the program back.
    Suspend,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    if *action == Action::Suspend && cfg!(not(unix)) {
        return Some("This system can't put a program aside.".into());
    }
    let erasable = matches!(
        ground.screen.overlay,
        None | Some(
            Overlay::Bindings { .. }
                | Overlay::Prompt { .. }
                | Overlay::Palette { .. }
                | Overlay::Files
                | Overlay::Library { searching: true }
                | Overlay::TrainingForm
        )
    );
    (*action == Action::Erase && !erasable).then(|| "Nothing can be removed here.".into())
}

pub fn apply(action: Action, ground: &mut Ground) {
    let screen = &mut ground.screen;
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
        Action::Ask(question) => screen.prompt(question, String::new()),
        Action::Close => screen.overlay = None,
        // The palette's choice is the keymap's to know.
        Action::Accept => {
            if screen.overlay.take() == Some(Overlay::ConfirmQuit) {
                ground.say("Saving the run, then leaving.");
                ground.leaving = true;
            }
        }
        Action::MoveSelection(by) => move_selection(&mut screen.overlay, by),
        Action::Type(character) => match &mut screen.overlay {
            Some(Overlay::Prompt { text, .. }) => text.push(character),
            Some(Overlay::Palette { filter, selected }) => {
                filter.push(character);
                *selected = 0;
            }
            _ => {}
        },
        Action::Erase => match &mut screen.overlay {
            Some(Overlay::Prompt { text, .. }) => {
                text.pop();
            }
            Some(Overlay::Palette { filter, selected }) => {
                filter.pop();
                *selected = 0;
            }
            _ => {}
        },
        Action::Quit => ground.leaving = true,
        Action::Suspend => ground.suspending = true,
    }
}

fn move_selection(overlay: &mut Option<Overlay>, by: isize) {
    match overlay {
        Some(
            Overlay::Help { scroll: line }
            | Overlay::Messages { scroll: line }
            | Overlay::Palette { selected: line, .. }
            | Overlay::Bindings { selected: line }
            | Overlay::Chain { selected: line }
            | Overlay::Qualities { selected: line }
            | Overlay::Exports { selected: line },
        ) => *line = line.saturating_add_signed(by),
        Some(Overlay::Chooser {
            items: Some(items),
            selected,
            ..
        }) => *selected = selected.saturating_add_signed(by).min(items.len()),
        _ => {}
    }
}

/// Brings the cursor of a list back to its last line.
pub fn no_further_than(last: usize, ground: &mut Ground) {
    if let Some(
        Overlay::Bindings { selected }
        | Overlay::Chain { selected }
        | Overlay::Qualities { selected }
        | Overlay::Exports { selected },
    ) = &mut ground.screen.overlay
    {
        *selected = (*selected).min(last);
    }
}
