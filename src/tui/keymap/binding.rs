//! A command with its keys, and where those hold.

use crate::studio::{Action, Overlay, Pane, Studio};
use crate::tui::kit::Key;

/// One command with its keys.
#[derive(Clone, Debug)]
pub struct Binding {
    /// What the configuration calls it.
    pub name: &'static str,
    pub place: Place,
    pub keys: Vec<Key>,
    pub action: Action,
    /// What it does, for help and palette.
    pub what: &'static str,
    /// What the footer says; neighbours that say the same share a place. Empty for nothing.
    pub hint: &'static str,
    /// Whether the palette offers it.
    pub listed: bool,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    In(Pane),
    /// Something is selected on the grid.
    Selecting,
    /// Lanes are struck by keys of their own.
    Inserting,
    /// A list is open over the panes: help, messages, a choice.
    List,
    /// The slots and the chain are open.
    Slots,
    /// The list of qualities is open.
    Qualities,
    /// Relatives of the groove.
    Variations,
    /// The files of a folder.
    Files,
    /// The windows of a file.
    Piece,
    /// The grooves that were heard.
    Library,
    /// Something is being typed: a prompt, the palette.
    Typing,
    /// The editor of the drum map.
    MapEditor,
    Mixer,
    /// The pad with its four corners.
    Pad,
    /// The form of the next training run.
    TrainingForm,
    /// The runs that wait.
    Queue,
    /// How the model in training plays.
    Rehearsals,
    /// A training run has all its steps.
    RunEnded,
    /// The question whether to leave a run.
    Leaving,
}

impl Place {
    /// The places whose keys hold now, the nearest first.
    pub fn now(studio: &Studio) -> Vec<Place> {
        match &studio.ground.screen.overlay {
            None => {
                let screen = &studio.ground.screen;
                let over = match screen.pane {
                    Pane::Grid if studio.edit.insert.is_some() => return vec![Place::Inserting],
                    Pane::Grid if screen.selection.is_some() => Some(Place::Selecting),
                    _ => None,
                };
                let below = [Place::In(screen.pane), Place::Anywhere];
                over.into_iter().chain(below).collect()
            }
            Some(overlay) => vec![Place::over(overlay)],
        }
    }

    /// Where the keys are while this is open; one without keys of its own is a list.
    pub fn over(overlay: &Overlay) -> Place {
        match overlay {
            Overlay::Palette { .. }
            | Overlay::Prompt { .. }
            | Overlay::Help {
                searching: true, ..
            }
            | Overlay::Library { searching: true } => Place::Typing,
            Overlay::Library { .. } => Place::Library,
            Overlay::Variations => Place::Variations,
            Overlay::Files => Place::Files,
            Overlay::Piece => Place::Piece,
            Overlay::TrainingForm => Place::TrainingForm,
            Overlay::Queue { .. } => Place::Queue,
            Overlay::Rehearsals => Place::Rehearsals,
            Overlay::RunEnded => Place::RunEnded,
            Overlay::ConfirmQuit => Place::Leaving,
            Overlay::MapEditor => Place::MapEditor,
            Overlay::Mixer => Place::Mixer,
            Overlay::Pad => Place::Pad,
            Overlay::Chain { .. } => Place::Slots,
            Overlay::Qualities { .. } => Place::Qualities,
            _ => Place::List,
        }
    }

    /// The heading of its keys in the help.
    pub fn title(self) -> &'static str {
        match self {
            Place::Anywhere => "Anywhere",
            Place::In(pane) => pane.title(),
            Place::Selecting => "While something is selected",
            Place::Inserting => "In insert mode",
            Place::List => "In a list",
            Place::Slots => "Slots and chain",
            Place::Qualities => "Qualities",
            Place::Variations => "Variations",
            Place::Files => "Files",
            Place::Piece => "In a file",
            Place::Library => "Library",
            Place::Typing => "While typing",
            Place::MapEditor => "In the drum map",
            Place::Mixer => "In the mixer",
            Place::Pad => "On the pad",
            Place::TrainingForm => "In the training form",
            Place::Queue => "Training runs",
            Place::Rehearsals => "The model in training",
            Place::RunEnded => "After a training run",
            Place::Leaving => "When leaving",
        }
    }

    /// Whether a character that is no command is typed.
    pub fn takes_characters(self) -> bool {
        matches!(
            self,
            Place::Typing | Place::MapEditor | Place::Files | Place::TrainingForm
        )
    }
}
