//! The palette's lines, and what choosing one does.

use super::typed::{self, TYPED, Typed};
use super::{Binding, Keymap};
use crate::studio::overlays::Action::{Ask, Close, Complete, Refuse};
use crate::studio::{Action, Studio};
use crate::tui::kit::nearest_name;

/// A line of the palette.
pub enum Line<'k> {
    Command(&'k Binding),
    /// A command that is typed with a value, once that is begun.
    Typed(Typed, Option<String>),
}

impl Line<'_> {
    fn name(&self) -> &'static str {
        match self {
            Line::Command(binding) => binding.name,
            Line::Typed(typed, _) => typed.name,
        }
    }
}

impl Keymap {
    /// Every command that has all words of `filter` in its description or name; or what may follow
    /// the name of a command that takes a value.
    pub fn palette(&self, filter: &str, studio: &Studio) -> Vec<Line<'_>> {
        if let Some((typed, value)) = self.typed(filter) {
            let offers = typed.offers(value, studio);
            return match offers.is_empty() {
                true => vec![Line::Typed(typed, Some(value.into()))],
                false => offers
                    .into_iter()
                    .map(|it| Line::Typed(typed, Some(it)))
                    .collect(),
            };
        }
        let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
        let has_all = |what: &str, name: &str| {
            let text = format!("{what} {name}").to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let listed = self.bindings.iter().filter(|binding| binding.listed);
        let commands = listed
            .filter(|it| has_all(it.what, it.name))
            .map(Line::Command);
        let typed = TYPED.iter().filter(|it| has_all(it.what, it.name));
        let mut lines: Vec<Line> = commands
            .chain(typed.map(|typed| Line::Typed(*typed, None)))
            .collect();
        // A name that begins with the typed word comes first.
        lines.sort_by_key(|line| !line.name().starts_with(filter.trim()));
        lines
    }

    /// The command that a text begins with, and its value: one that takes one, or one that asks for it.
    fn typed<'t>(&self, text: &'t str) -> Option<(Typed, &'t str)> {
        if let Some((typed, value)) = typed::split(text) {
            return Some((*typed, value));
        }
        let (name, value) = typed::name_and_value(text)?;
        let binding = self.bindings.iter().find(|binding| binding.name == name)?;
        match binding.action {
            Action::Overlays(Ask(question)) => Some((typed::asked(binding.name, question), value)),
            _ => None,
        }
    }

    /// What is done when line `selected` is taken: it may ask for a value first, or say why what was
    /// typed is of no use.
    pub(super) fn chosen(&self, studio: &Studio, filter: &str, selected: usize) -> Vec<Action> {
        let mut lines = self.palette(filter, studio);
        if lines.is_empty() {
            return vec![Refuse(self.unknown(filter)).into()];
        }
        match lines.swap_remove(selected.min(lines.len() - 1)) {
            Line::Command(binding) => vec![Close.into(), binding.action.clone()],
            Line::Typed(typed, None) => vec![Complete(format!("{} ", typed.name)).into()],
            Line::Typed(typed, Some(value)) => match typed.action(&value) {
                Ok(action) => vec![Close.into(), action],
                Err(reason) => vec![Refuse(reason).into()],
            },
        }
    }

    /// The message about an unknown command.
    pub fn unknown(&self, filter: &str) -> String {
        let name = filter.split_whitespace().next().unwrap_or_default();
        let commands = self.bindings.iter().filter(|binding| binding.listed);
        let names = commands.map(|binding| binding.name);
        if names.clone().any(|known| known == name) {
            return format!("`{name}` takes no value: type `:{name}` alone.");
        }
        let names = names.chain(TYPED.iter().map(|typed| typed.name));
        let near = nearest_name(name, names);
        format!("No command has the words `{filter}`; the nearest one is `{near}`.")
    }
}
