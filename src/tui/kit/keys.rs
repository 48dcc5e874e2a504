//! Keys and their names.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key press as the table of bindings names it: `s`, `S`, `space`, `ctrl-r`, `shift-left`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 14] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
];

impl Key {
    /// Reads a key's name.
    pub fn parse(name: &str) -> Option<Key> {
        let (modifiers, rest) = if let Some(rest) = name.strip_prefix("ctrl-") {
            (KeyModifiers::CONTROL, rest)
        } else if let Some(rest) = name.strip_prefix("alt-") {
            (KeyModifiers::ALT, rest)
        } else if let Some(rest) = name.strip_prefix("shift-") {
            (KeyModifiers::SHIFT, rest)
        } else {
            (KeyModifiers::NONE, name)
        };
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) => KeyCode::Char(character),
            _ if rest == "pagedown" => KeyCode::PageDown,
            _ => match rest
                .strip_prefix('f')
                .and_then(|number| number.parse().ok())
            {
                Some(number @ 1..=12) => KeyCode::F(number),
                _ => NAMED.iter().find(|(known, _)| *known == rest)?.1,
            },
        };
        Some(Key { code, modifiers })
    }

    /// The key of a terminal's event. Terminals differ in whether they report the shift of `S` or
    /// `?`, so a character carries its own.
    pub fn of(event: KeyEvent) -> Key {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = event.modifiers & known;
        if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Key {
            code: event.code,
            modifiers,
        }
    }

    /// The character it types, if it types one.
    pub fn character(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("Ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(character) if !self.modifiers.is_empty() => {
                write!(f, "{}", character.to_ascii_uppercase())
            }
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            code => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_said() {
        for (name, said) in [
            ("s", "s"),
            ("S", "S"),
            ("space", "Space"),
            ("ctrl-r", "Ctrl-R"),
            ("shift-left", "Shift-Left"),
            ("pagedown", "PgDn"),
            ("f5", "F5"),
            ("f", "f"),
            ("<", "<"),
            ("-", "-"),
        ] {
            assert_eq!(
                Key::parse(name).map(|key| key.to_string()).as_deref(),
                Some(said)
            );
        }
        assert_eq!(Key::parse("hyper-x"), None);
        assert_eq!(Key::parse(""), None);
    }

    #[test]
    fn the_shift_of_a_character_is_in_the_character() {
        let reported = KeyEvent::new(KeyCode::Char('?'), KeyModifiers::SHIFT);
        assert_eq!(Some(Key::of(reported)), Key::parse("?"));
        let arrow = KeyEvent::new(KeyCode::Left, KeyModifiers::SHIFT);
        assert_eq!(Some(Key::of(arrow)), Key::parse("shift-left"));
    }
}
