//! The line of keys.

use ratatui::text::{Line, Span};

use crate::studio::Studio;
use crate::tui::keymap::Keymap;
use crate::tui::kit::Canvas;

/// The keys that work here, from the keymap.
pub fn footer(studio: &Studio, keymap: &Keymap, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut groups: Vec<(&str, String)> = Vec::new();
    for binding in keymap.here(studio) {
        let possible = studio.reason_against(&binding.action).is_none();
        let (Some(key), true, false) = (binding.keys.first(), possible, binding.hint.is_empty())
        else {
            continue;
        };
        let key = compact(&key.to_string(), theme.ascii);
        match groups.iter_mut().find(|(hint, _)| *hint == binding.hint) {
            Some((_, keys)) => keys.push_str(&key),
            None => groups.push((binding.hint, key)),
        }
    }
    for (_, keys) in &mut groups {
        // Without arrows to draw, their names would fill the line.
        *keys = keys
            .replace("LeftDownUpRight", "arrows")
            .replace("UpDown", "arrows");
    }
    // What never may be missing comes first: help and the way out.
    let order = |hint: &str| match hint {
        "help" => 0,
        "play" => 1,
        "quit" => 2,
        _ => 3,
    };
    groups.sort_by_key(|(hint, _)| order(hint));
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (hint, keys) in groups {
        let width = keys.chars().count() + hint.chars().count() + 3;
        if used + width > usize::from(canvas.width()) + 2 {
            continue;
        }
        used += width;
        spans.push(Span::styled(keys, theme.accent()));
        spans.push(Span::styled(format!(" {hint}  "), theme.faint()));
    }
    canvas.show(Line::from(spans));
}

fn compact(key: &str, ascii: bool) -> String {
    match key {
        "Left" if !ascii => "←".into(),
        "Right" if !ascii => "→".into(),
        "Up" if !ascii => "↑".into(),
        "Down" if !ascii => "↓".into(),
        _ => key.into(),
    }
}
