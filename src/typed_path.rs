//! Paths as people type them, and as terminals write them when a file is dropped onto their window.

use std::path::{Path, PathBuf};

use crate::folders;

/// The file that is meant by `path`, which no shell has read: `~` is the home folder, quotes around
/// it and backslashes before single characters go, and so does `file://`. What is there under the very
/// name is meant by it.
pub fn typed_path(path: &Path) -> PathBuf {
    let home = folders::home();
    match path.to_str() {
        Some(text) if !path.exists() => meaning(text, home.as_deref()),
        _ => path.to_path_buf(),
    }
}

/// The files that are meant by a text that was pasted or dropped: one to a line, or several between
/// spaces that neither quotes nor backslashes hold.
pub fn typed_paths(text: &str) -> Vec<PathBuf> {
    let whole = typed_path(Path::new(text.trim()));
    if whole.exists() {
        return vec![whole];
    }
    let lines = text.split(['\n', '\r', '\0']).map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    let paths = lines.flat_map(|line| {
        let whole = typed_path(Path::new(line));
        match whole.exists() {
            true => vec![whole],
            false => words(line)
                .into_iter()
                .map(|word| typed_path(Path::new(word)))
                .collect(),
        }
    });
    paths.collect()
}

/// The words of a line as a shell would part them, with their quotes and backslashes.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut first) = (Vec::new(), None);
    let (mut quote, mut escaped) = (None, false);
    for (at, letter) in line.char_indices() {
        let parts = letter.is_whitespace() && quote.is_none() && !escaped;
        match (parts, first) {
            (true, Some(start)) => {
                words.push(&line[start..at]);
                first = None;
            }
            (false, None) => first = Some(at),
            _ => {}
        }
        match quote {
            _ if escaped => escaped = false,
            None if letter == '\\' && !cfg!(windows) => escaped = true,
            None if "'\"".contains(letter) => quote = Some(letter),
            Some(open) if open == letter => quote = None,
            _ => {}
        }
    }
    words.extend(first.map(|start| &line[start..]));
    words
}

fn meaning(text: &str, home: Option<&Path>) -> PathBuf {
    let text = text.trim();
    if let Some(address) = text.strip_prefix("file://") {
        let path = address.strip_prefix("localhost").unwrap_or(address);
        return PathBuf::from(without_percents(path));
    }
    let text = match quoted(text) {
        Some(inside) => inside.to_string(),
        // On Windows a backslash divides folders.
        None if cfg!(windows) => text.to_string(),
        None => without_backslashes(text),
    };
    let below_home = match text.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(std::path::is_separator),
        None => None,
    };
    match below_home.zip(home) {
        Some(("", home)) => home.to_path_buf(),
        Some((below, home)) => home.join(below),
        None => PathBuf::from(text),
    }
}

/// What stands between two quotes of a kind.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|first| "'\"".contains(*first))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains(quote)).then_some(inside)
}

fn without_backslashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        });
    }
    plain
}

fn without_percents(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = (byte == b'%').then(|| after.get(..2)).flatten();
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str) -> String {
        let home = Some(Path::new("/home/me"));
        meaning(text, home).display().to_string()
    }

    #[test]
    fn home_quotes_and_addresses_are_understood() {
        let table = [
            ("~", "/home/me"),
            ("~/drums", "/home/me/drums"),
            ("\"~/kit.sf2\"", "/home/me/kit.sf2"),
            ("~drums/x", "~drums/x"),
            ("a/~/b", "a/~/b"),
            ("'my drums'", "my drums"),
            ("\"my drums\" ", "my drums"),
            (" my drums ", "my drums"),
            ("file:///tmp/my%20drums/50%", "/tmp/my drums/50%"),
            ("it's", "it's"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(meant(text), expected, "{text}");
        }
    }

    #[cfg(not(windows))]
    #[test]
    fn backslashes_of_a_dropped_path_go() {
        assert_eq!(meant(r"/tmp/my\ drums\ \(new\)"), "/tmp/my drums (new)");
        assert_eq!(meant(r"~/it\'s"), "/home/me/it's");
        assert_eq!(meant(r"one\\two\"), r"one\two\");
    }

    #[cfg(unix)]
    #[test]
    fn several_files_are_dropped_at_once() {
        let table: [(&str, &[&str]); 6] = [
            ("/x/a.mid /x/b.mid", &["/x/a.mid", "/x/b.mid"]),
            (
                r"/x/my\ beat.mid '/x/other one.mid' ",
                &["/x/my beat.mid", "/x/other one.mid"],
            ),
            (
                "file:///x/a%20b.mid\r\nfile:///x/c.mid\r\n",
                &["/x/a b.mid", "/x/c.mid"],
            ),
            ("\"/x/it's.mid\"", &["/x/it's.mid"]),
            ("/x/a.mid", &["/x/a.mid"]),
            (" \n", &[]),
        ];
        for (text, expected) in table {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(typed_paths(text), expected, "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        let spaced = folder.path().join("a b.mid");
        std::fs::write(&spaced, b"").unwrap();
        assert_eq!(typed_paths(&format!("{}\n", spaced.display())), [spaced]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_there_under_the_very_name_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(r"a\ b");
        assert_eq!(typed_path(&odd), folder.path().join("a b"));
        std::fs::write(&odd, b"").unwrap();
        assert_eq!(typed_path(&odd), odd);
    }
}
