//! Text that fits its room.

/// `text` in at most `room` characters, with an ellipsis where it was cut.
pub fn shortened(text: &str, room: usize, ascii: bool) -> String {
    if text.chars().count() <= room {
        return text.into();
    }
    let end = if ascii { ".." } else { "…" };
    let kept = room.saturating_sub(end.chars().count());
    text.chars().take(kept).collect::<String>() + end
}

/// The end of a text that is too long, where that says more than its beginning: of a path, or of what is
/// being typed.
pub fn from_the_end(text: &str, room: usize, ascii: bool) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.into();
    }
    let mark = if ascii { ".." } else { "…" };
    let kept = room.saturating_sub(mark.chars().count());
    let end: String = text.chars().skip(length - kept).collect();
    format!("{mark}{end}")
}

/// `text` in lines of at most `width` characters, broken between words; a word that is longer (a
/// path, mostly) begins a line of its own and goes on in the next.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let fits = used + usize::from(used > 0) + letters.len() <= width;
        for (part, letters) in letters.chunks(width.max(1)).enumerate() {
            match lines.last_mut() {
                Some(line) if part == 0 && (fits || used == 0) => {
                    if used > 0 {
                        line.push(' ');
                        used += 1;
                    }
                    line.extend(letters);
                    used += letters.len();
                }
                _ => {
                    lines.push(letters.iter().collect());
                    used = letters.len();
                }
            }
        }
    }
    lines
}

/// The name that is most like a misspelt one.
pub fn nearest_name<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    // Swapped letters are the most usual slip, so they count as one.
    let likeness =
        |known: &&str| (strsim::normalized_damerau_levenshtein(known, name) * 1e6) as u64;
    names.max_by_key(likeness).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_an_end() {
        assert_eq!(shortened("1x4 2x2", 4, false), "1x4…");
        assert_eq!(from_the_end("1x4 2x2", 4, false), "…2x2");
        assert_eq!(from_the_end("1x4 2x2", 4, true), "..x2");
        assert_eq!(from_the_end("1x4", 4, true), "1x4");
    }

    #[test]
    fn lines_break_between_words() {
        let lines = wrapped(
            "Exported to /a/very/long/path.mid, without the muted Kick.",
            16,
        );
        let expected = [
            "Exported to",
            "/a/very/long/pat",
            "h.mid, without",
            "the muted Kick.",
        ];
        assert_eq!(lines, expected);
        assert_eq!(wrapped("12345 67890", 11), ["12345 67890"]);
        assert_eq!(wrapped("12345 67890", 10), ["12345", "67890"]);
        assert_eq!(wrapped("1234567", 3), ["123", "456", "7"]);
        assert_eq!(wrapped("", 9), [""]);
    }
}
