//! Paths between double quotes, as people paste them into a file.

/// The text with every string literal where it holds a backslash that TOML gives no meaning, as
/// `"C:\Users"` and `"my\ drums"` do: between single quotes backslashes stand for themselves. Everything
/// stays in its place.
pub fn with_paths(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some(at) = rest.find(['"', '\'', '#']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let (string, after) = match from.as_bytes()[0] {
                // A comment, or a string of several lines.
                b'#' => (from, ""),
                _ if from.starts_with("\"\"\"") || from.starts_with("'''") => (from, ""),
                quote => from.split_at(length(from, quote)),
            };
            match string.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
                Some(inside) if is_path(inside) => {
                    plain.push('\'');
                    plain.push_str(inside);
                    plain.push('\'');
                }
                _ => plain.push_str(string),
            }
            rest = after;
        }
        plain.push_str(rest);
    }
    plain
}

/// Bytes of the string that `from` begins with; all of them where it doesn't end.
fn length(from: &str, quote: u8) -> usize {
    let mut escaped = false;
    let is_end = |byte: &u8| {
        let ends = *byte == quote && !escaped;
        escaped = quote == b'"' && *byte == b'\\' && !escaped;
        ends
    };
    let inside = from.as_bytes()[1..].iter().position(is_end);
    inside.map_or(from.len(), |inside| inside + 2)
}

/// Whether backslashes in a string are none of TOML's.
fn is_path(inside: &str) -> bool {
    let mut rest = inside;
    while let Some((_, after)) = rest.split_once('\\') {
        let digits = |count: usize| {
            let digits = after.get(1..=count);
            digits.is_some_and(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()))
        };
        let is_known = match after.as_bytes().first() {
            Some(b'b' | b't' | b'n' | b'f' | b'r' | b'e' | b'"' | b'\\') => true,
            Some(b'x') => digits(2),
            Some(b'u') => digits(4),
            Some(b'U') => digits(8),
            _ => false,
        };
        if !is_known {
            return !inside.contains('\'');
        }
        rest = &after[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_paths_are_literal_and_all_else_stays() {
        let table = [
            (
                r#"path = "C:\Users\me\kit.sf2""#,
                r#"path = 'C:\Users\me\kit.sf2'"#,
            ),
            (
                r#"path = "/my\ drums/x" # "my\ x""#,
                r#"path = '/my\ drums/x' # "my\ x""#,
            ),
            (r#"a = ["D:\x", "b"]"#, r#"a = ['D:\x', "b"]"#),
        ];
        for (text, plain) in table {
            assert_eq!(with_paths(text), plain);
        }
        for same in [
            r#"path = "C:\\Users\\me""#,
            r#"name = "\u00e9\t\"x\"""#,
            r#"name = '"C:\Users"'"#,
            r#"name = "it's C:\Users""#,
            "name = \"open\nother = \"\"\"\n\\x\"\"\"\n",
            "",
        ] {
            assert_eq!(with_paths(same), same);
        }
    }
}
