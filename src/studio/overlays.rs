//! Panes and overlays that belong to no feature: help, messages, the palette, typed answers, the
//! question before quitting. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::{Ground, Overlay, Pane, Question, Screen};

/// What a player can do with panes and what is open over them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Focus(Pane),
    FocusNext(isize),
    /// The pane with the keys on the whole screen, or all panes again.
    ToggleFull,
    /// Hides a pane, or shows it.
    TogglePane(Pane),
    /// Columns more for the pane with the keys.
    Widen(i16),
    /// Lines more for the groove.
    Heighten(i16),
    NextTheme,
    SetTheme(String),
    /// The mouse is used here, or left to the terminal.
    ToggleMouse,
    ShowHelp,
    ShowMessages,
    ShowPalette,
    /// Looks for words in the help.
    SearchHelp,
    Ask(Question),
    /// Closes what is open over the panes.
    Close,
    /// Takes what is selected or typed.
    Accept,
    MoveSelection(isize),
    Type(char),
    /// Has this typed in the palette.
    Complete(String),
    /// Says why what was typed can't be done.
    Refuse(String),
    /// A character, or what is bound to the selected line.
    Erase,
    /// All that is typed.
    EraseAll,
    /// Leaves; asks first while a model is in training, or sound is being written.
    Quit,
    /// Gives the terminal to the shell until that brings the program back.
    Suspend,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(action: &Action, ground: &Ground) -> Option<String> {
    if *action == Action::Suspend && cfg!(not(unix)) {
        return Some("This system can't suspend a program.".into());
    }
    let erasable = matches!(
        ground.screen.overlay,
        None | Some(
            Overlay::Bindings { .. }
                | Overlay::Exports { .. }
                | Overlay::Prompt { .. }
                | Overlay::Palette { .. }
                | Overlay::Help {
                    searching: true,
                    ..
                }
                | Overlay::Files
                | Overlay::Library { searching: true }
                | Overlay::TrainingForm
        )
    );
    if let Action::SetTheme(name) = action
        && !ground.config.theme_names().any(|known| known == name)
    {
        let names: Vec<&str> = ground.config.theme_names().collect();
        return Some(format!(
            "There is no theme `{name}`: there are {}.",
            names.join(", ")
        ));
    }
    let searchable = matches!(ground.screen.overlay, Some(Overlay::Help { .. }));
    if *action == Action::SearchHelp && !searchable {
        return Some("There is nothing to search here.".into());
    }
    (*action == Action::Erase && !erasable).then(|| "Nothing can be removed here.".into())
}

pub fn apply(action: Action, ground: &mut Ground) {
    let is_closing = action == Action::Close;
    let screen = &mut ground.screen;
    match action {
        Action::Focus(pane) => {
            screen.arrangement.show(pane);
            screen.pane = pane;
        }
        Action::FocusNext(by) => screen.pane = next_shown(screen, by),
        Action::ToggleFull => screen.arrangement.full ^= true,
        Action::TogglePane(pane) => {
            screen.arrangement.toggle(pane);
            if !screen.arrangement.shows(screen.pane) {
                screen.pane = next_shown(screen, 1);
            }
        }
        Action::Widen(by) => screen.arrangement.widen(screen.pane, by),
        Action::Heighten(by) => screen.arrangement.heighten(by),
        Action::NextTheme => {
            let names: Vec<&str> = ground.config.theme_names().collect();
            let at = names.iter().position(|name| *name == screen.theme);
            let next = names[at.map_or(0, |at| at + 1) % names.len()].to_string();
            set_theme(next, ground);
        }
        Action::SetTheme(name) => set_theme(name, ground),
        Action::ToggleMouse => {
            screen.mouse ^= true;
            ground.say(match ground.screen.mouse {
                true => "The mouse works here; hold Shift to select text.",
                false => "The mouse is left to the terminal, to select text.",
            });
        }
        Action::ShowHelp => {
            screen.overlay = Some(Overlay::Help {
                scroll: 0,
                words: String::new(),
                searching: false,
                over: screen.overlay.take().map(Box::new),
            });
        }
        Action::SearchHelp => {
            if let Some(Overlay::Help { searching, .. }) = &mut screen.overlay {
                *searching = true;
            }
        }
        Action::Complete(text) => {
            screen.overlay = Some(Overlay::Palette {
                filter: text,
                selected: 0,
            });
        }
        Action::Refuse(reason) => ground.complain(reason),
        Action::ShowMessages => screen.overlay = Some(Overlay::Messages { scroll: 0 }),
        Action::ShowPalette => {
            screen.overlay = Some(Overlay::Palette {
                filter: String::new(),
                selected: 0,
            });
        }
        Action::Ask(question) => screen.prompt(question, String::new()),
        // What was looked for in the help goes first, and then the help.
        Action::Close | Action::Accept if screen.is_searching() => {
            if let Some(Overlay::Help {
                words,
                searching,
                scroll,
                ..
            }) = &mut screen.overlay
            {
                *searching = false;
                *scroll = 0;
                if is_closing {
                    words.clear();
                }
            }
        }
        Action::Close => {
            screen.overlay = match screen.overlay.take() {
                Some(Overlay::Help { over, .. }) => over.map(|over| *over),
                _ => None,
            };
        }
        // The keymap knows what the palette chose.
        Action::Accept => {
            if screen.overlay.take() == Some(Overlay::ConfirmQuit) {
                ground.say("Saving the run, then quitting.");
                ground.leaving = true;
            }
        }
        Action::MoveSelection(by) => move_selection(&mut screen.overlay, by),
        Action::Type(character) => retype(&mut screen.overlay, |text| text.push(character)),
        Action::Erase => retype(&mut screen.overlay, |text| {
            text.pop();
        }),
        Action::EraseAll => retype(&mut screen.overlay, String::clear),
        Action::Quit => ground.leaving = true,
        Action::Suspend => ground.suspending = true,
    }
}

/// Changes what is typed; what it finds is shown from its first line on.
fn retype(overlay: &mut Option<Overlay>, change: impl FnOnce(&mut String)) {
    match overlay {
        Some(Overlay::Prompt { text, .. }) => change(text),
        Some(
            Overlay::Palette {
                filter: words,
                selected: line,
            }
            | Overlay::Help {
                words,
                scroll: line,
                ..
            },
        ) => {
            change(words);
            *line = 0;
        }
        _ => {}
    }
}

/// The pane that is `by` further of those that are shown.
fn next_shown(screen: &Screen, by: isize) -> Pane {
    let mut pane = screen.pane.turned(by);
    while !screen.arrangement.shows(pane) {
        pane = pane.turned(by.signum());
    }
    pane
}

fn set_theme(name: String, ground: &mut Ground) {
    ground.say(match ground.nothing_kept() {
        None => format!("Theme: {name}."),
        Some(_) => format!(
            "Theme: {name}. To begin with it, write theme = \"{name}\" under [screen] in the \
             configuration."
        ),
    });
    ground.screen.theme = name;
}

fn move_selection(overlay: &mut Option<Overlay>, by: isize) {
    match overlay {
        Some(
            Overlay::Help { scroll: line, .. }
            | Overlay::Messages { scroll: line }
            | Overlay::Palette { selected: line, .. }
            | Overlay::Bindings { selected: line }
            | Overlay::Chain { selected: line }
            | Overlay::Qualities { selected: line }
            | Overlay::Queue { selected: line }
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
        | Overlay::Queue { selected }
        | Overlay::Exports { selected },
    ) = &mut ground.screen.overlay
    {
        *selected = (*selected).min(last);
    }
}
