//! Commands that are typed with what they are to do: `bpm 97`, `open beat.mid`, `theme light`.

use std::path::PathBuf;

use crate::engine::range::{DYNAMICS, LEVEL, Range, SWING, TIMING};
use crate::studio::{
    Action, Question, Studio, bring, checkpoints, edit, morph, overlays, playing, session,
    to_question,
};
use crate::typed_path::typed_paths;

/// A command that is typed with a value.
#[derive(Clone, Copy)]
pub struct Typed {
    pub name: &'static str,
    /// What the value may be.
    pub what: &'static str,
    reads: Reader,
    /// What is offered for it; empty where that has no end.
    values: fn(&Studio) -> Vec<String>,
}

#[derive(Clone, Copy)]
enum Reader {
    /// As an answer to this.
    Answer(Question),
    Value(fn(&str) -> Option<Action>),
}

impl Typed {
    /// What it does with a value.
    ///
    /// # Errors
    /// What the value may be, in one sentence.
    pub fn action(&self, value: &str) -> Result<Action, String> {
        if value.is_empty() {
            return Err(format!("{}: {}.", self.name, self.what));
        }
        let read = match self.reads {
            Reader::Answer(question) => to_question(question, value),
            Reader::Value(read) => read(value),
        };
        read.ok_or_else(|| format!("{}: {}, not `{value}`.", self.name, self.what))
    }

    /// The offered values that have `part` in them.
    pub fn offers(&self, part: &str, studio: &Studio) -> Vec<String> {
        let part = part.to_lowercase();
        let mut values = (self.values)(studio);
        values.retain(|value| value.to_lowercase().contains(&part));
        values
    }
}

/// Every command that is typed with a value.
#[rustfmt::skip] // a table, a row a line
pub static TYPED: [Typed; 21] = [
    asked("bpm", Question::Tempo),
    asked("temperature", Question::Temperature),
    asked("seed", Question::Seed),
    asked("chance-seed", Question::ChanceSeed),
    asked("fill-chance", Question::FillChance),
    asked("loop", Question::Loop),
    asked("length", Question::Length),
    asked("chain", Question::Chain),
    asked("new", Question::NewSession),
    asked("save-as", Question::SaveSession),
    row("open-session", "the name of a session", |name| Some(session::Action::OpenSession(name.into()).into())),
    row("open", "a MIDI file or a folder", |path| Some(bring::Action::Bring(paths(path)).into())),
    row("slide", "0 % (A) to 100 % (B)", |text| Some(morph::Action::SetSlider(share(text, 0.0, 1.0)?).into())),
    row("pad", "0 % to 100 % across and down, 30 70", |text| {
        let (x, y) = text.split_once(char::is_whitespace)?;
        let share = |text: &str| share(text.trim(), 0.0, 1.0);
        Some(morph::Action::SetPad(share(x)?, share(y)?).into())
    }),
    row("bar", "the number of a bar of the groove", |text| Some(edit::Action::CursorToBar(text.parse::<usize>().ok()?.checked_sub(1)?).into())),
    row("swing", "50 % to 75 %", |text| Some(playing::Action::SetSwing(within(text, SWING)?).into())),
    row("timing", "0 % to 150 %", |text| Some(playing::Action::SetTiming(within(text, TIMING)?).into())),
    row("dynamics", "0 % to 150 %", |text| Some(playing::Action::SetDynamics(within(text, DYNAMICS)?).into())),
    row("level", "0 % to 200 %", |text| Some(playing::Action::SetLevel(within(text, LEVEL)?).into())),
    offered("theme", "the name of a theme", |name| Some(overlays::Action::SetTheme(name.into()).into()), themes),
    offered("checkpoint", "the name of a checkpoint", |name| Some(checkpoints::Action::LoadNamed(name.into()).into()), names),
];

/// A command that asks a question, typed with the answer.
pub const fn asked(name: &'static str, question: Question) -> Typed {
    Typed {
        name,
        what: question.text(),
        reads: Reader::Answer(question),
        values: |_| Vec::new(),
    }
}

const fn row(name: &'static str, what: &'static str, read: fn(&str) -> Option<Action>) -> Typed {
    offered(name, what, read, |_| Vec::new())
}

const fn offered(
    name: &'static str,
    what: &'static str,
    read: fn(&str) -> Option<Action>,
    values: fn(&Studio) -> Vec<String>,
) -> Typed {
    Typed {
        name,
        what,
        reads: Reader::Value(read),
        values,
    }
}

/// The command that a text begins with, and its value; `None` while no value is begun.
pub fn split(text: &str) -> Option<(&'static Typed, &str)> {
    let (name, value) = name_and_value(text)?;
    let typed = TYPED.iter().find(|typed| typed.name == name)?;
    Some((typed, value))
}

/// A name, and what is typed behind it.
pub fn name_and_value(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.trim_start().split_once(char::is_whitespace)?;
    Some((name, value.trim()))
}

/// A path may have blanks, with quotes or without.
fn paths(text: &str) -> Vec<PathBuf> {
    match PathBuf::from(text) {
        whole if whole.exists() => vec![whole],
        _ => typed_paths(text),
    }
}

/// Percent, with the sign or without.
fn share(text: &str, low: f32, high: f32) -> Option<f32> {
    let percent: f32 = text.trim_end_matches('%').trim_end().parse().ok()?;
    let share = percent / 100.0;
    (low..=high).contains(&share).then_some(share)
}

fn within(text: &str, range: Range<f32>) -> Option<f32> {
    share(text, range.low, range.high)
}

fn themes(studio: &Studio) -> Vec<String> {
    let names = studio.ground.config.theme_names();
    names.map(String::from).collect()
}

fn names(studio: &Studio) -> Vec<String> {
    let entries = studio.ground.checkpoints.iter();
    entries.map(|entry| entry.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_refused_in_a_sentence() {
        let action = |text: &str| {
            let (typed, value) = split(text).unwrap();
            typed.action(value)
        };
        assert_eq!(action("bpm 97"), Ok(playing::Action::SetTempo(97.0).into()));
        assert_eq!(
            action("swing 62%"),
            Ok(playing::Action::SetSwing(0.62).into())
        );
        assert_eq!(
            action("swing 90"),
            Err("swing: 50 % to 75 %, not `90`.".to_string())
        );
        let opened = bring::Action::Bring(vec!["/no such/beat.mid".into()]);
        assert_eq!(action("open '/no such/beat.mid'"), Ok(opened.into()));
        let asked = "bpm: Tempo (20 to 300 quarter notes a minute).";
        assert_eq!(action("bpm "), Err(asked.to_string()));
        assert!(split("bpm").is_none() && split("bmp 97").is_none());
    }
}
