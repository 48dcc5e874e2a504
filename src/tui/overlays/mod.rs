//! What opens over the panes, one file each: what is shown and how it is drawn. The studio says
//! which one is open; its keys are rows of the keymap. An overlay may use the kit, the keymap and
//! the studio, and knows no pane.

mod bindings;
mod chain;
mod chooser;
mod command_line;
mod drum_map;
mod exports;
mod files;
mod help;
mod leaving;
mod library;
mod messages;
mod mixer;
mod pad;
mod palette;
mod piece;
mod prompt;
mod qualities;
mod queue;
mod rehearsals;
mod run_ended;
mod sketch;
mod training_form;
mod variations;

use super::keymap::Keymap;
use super::kit::Canvas;
use crate::studio::{Overlay, Studio};

/// The table of overlays.
#[rustfmt::skip] // a table, a row a line
pub fn draw(overlay: &Overlay, studio: &Studio, keymap: &Keymap, body: &mut Canvas) {
    match overlay {
        Overlay::Help { scroll, words, searching, .. } => help::draw(*scroll, words, *searching, studio, keymap, body),
        Overlay::Messages { scroll } => messages::draw(*scroll, studio, body),
        Overlay::Palette { filter, selected } => palette::draw(filter, *selected, studio, keymap, body),
        Overlay::Chooser { kind, items, note, selected } => chooser::draw(*kind, items.as_deref(), note, *selected, body),
        Overlay::Bindings { selected } => bindings::draw(*selected, studio, body),
        Overlay::Prompt { question, text } => prompt::draw(*question, text, body),
        Overlay::MapEditor => drum_map::draw(studio, body),
        Overlay::Mixer => mixer::draw(studio, body),
        Overlay::Pad => pad::draw(studio, body),
        Overlay::Chain { selected } => chain::draw(*selected, studio, body),
        Overlay::Qualities { selected } => qualities::draw(*selected, studio, body),
        Overlay::Library { searching } => library::draw(*searching, studio, body),
        Overlay::Variations => variations::draw(studio, body),
        Overlay::Exports { selected } => exports::draw(*selected, studio, body),
        Overlay::Files => files::draw(studio, body),
        Overlay::Piece => piece::draw(studio, body),
        Overlay::TrainingForm => training_form::draw(studio, body),
        Overlay::Queue { selected } => queue::draw(*selected, studio, body),
        Overlay::Rehearsals => rehearsals::draw(studio, body),
        Overlay::RunEnded => run_ended::draw(studio, body),
        Overlay::ConfirmQuit => leaving::draw(studio, body),
    }
}
