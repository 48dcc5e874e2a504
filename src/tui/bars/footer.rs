//! The line of keys.

use crate::studio::{Overlay, Studio};
use crate::tui::keymap::{Binding, Keymap};
use crate::tui::kit::{Canvas, Key, Reply};

/// Keys that do similar things, and what they do.
struct Hint {
    what: &'static str,
    keys: Vec<Key>,
}

/// The keys that work here and now, from the keymap. A press of the mouse on one is as good as the
/// key.
pub fn footer(studio: &Studio, keymap: &Keymap, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let hints = hints(studio, keymap).into_iter();
    let hints: Vec<_> = hints
        .map(|Hint { what, keys }| {
            let (names, shares) = names(&keys, theme.ascii);
            let width = names.chars().count() + 1 + what.chars().count();
            (what, names, shares, width)
        })
        .collect();
    // In insert mode all lanes are to be there.
    let all: usize = hints.iter().map(|(.., width)| width + 2).sum();
    let is_full = all > usize::from(canvas.width());
    let gap = if is_full && studio.edit.insert.is_some() {
        1
    } else {
        2
    };
    let mut x = 1;
    for (what, names, shares, width) in hints {
        if usize::from(x) + width > usize::from(canvas.width()) {
            continue;
        }
        // Each key answers where its name is, the last one where the words are too.
        let mut place = x;
        let mut shares = shares.into_iter().peekable();
        while let Some((key, share)) = shares.next() {
            let rest = if shares.peek().is_none() {
                what.chars().count() + 1
            } else {
                0
            };
            canvas
                .piece((place, 0), share + rest)
                .on_press(Reply::Press(key));
            place += share as u16;
        }
        canvas.put((x, 0), &names, theme.accent());
        canvas.put((place, 0), &format!(" {what}"), theme.faint());
        x += (width + gap) as u16;
    }
}

/// What the footer says, the most important first.
fn hints(studio: &Studio, keymap: &Keymap) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    for binding in keymap.here(studio) {
        let possible = studio.reason_against(&binding.action).is_none();
        let what = what(binding, studio);
        let (Some(&key), true, false) = (binding.keys.first(), possible, what.is_empty()) else {
            continue;
        };
        match hints.iter_mut().find(|hint| hint.what == what) {
            Some(hint) => hint.keys.push(key),
            None => hints.push(Hint {
                what,
                keys: vec![key],
            }),
        }
    }
    // What must never be missing comes first: help, sound and the way out.
    let leave = Key::parse("esc");
    let order = |hint: &Hint| match hint.what {
        "help" => 0,
        "play" | "stop" => 1,
        "sample" => 2,
        "quit" => 3,
        _ if hint.keys.first().copied() == leave => 3,
        _ => 4,
    };
    hints.sort_by_key(order);
    hints
}

/// What a key does at this moment.
fn what(binding: &Binding, studio: &Studio) -> &'static str {
    let is_exporting = matches!(studio.ground.screen.overlay, Some(Overlay::Exports { .. }));
    match binding.hint {
        "play" if studio.ground.transport.playing => "stop",
        "take" if is_exporting => "write",
        "remove" if is_exporting => "stop writing",
        "record" if studio.ground.transport.recording.is_some() => "end recording",
        hint => hint,
    }
}

/// The names of keys in a row, and each key with how much of it is its own.
fn names(keys: &[Key], ascii: bool) -> (String, Vec<(Key, usize)>) {
    let name = |key: &Key| match key.to_string().as_str() {
        "Left" if !ascii => "←".into(),
        "Right" if !ascii => "→".into(),
        "Up" if !ascii => "↑".into(),
        "Down" if !ascii => "↓".into(),
        name => name.to_string(),
    };
    let names: Vec<String> = keys.iter().map(name).collect();
    let row = names.concat();
    // Without arrows to draw, their names would fill the line.
    if matches!(row.as_str(), "LeftDownUpRight" | "UpDown") {
        return ("arrows".into(), vec![(keys[0], "arrows".len())]);
    }
    let lengths = names.iter().map(|name| name.chars().count());
    (row, keys.iter().copied().zip(lengths).collect())
}
