//! Text as spreadsheets and editors write it.

use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of a file, each line ended by a single `\n`: UTF-8, UTF-16 of either order, or else the
/// usual letters of Windows, or of the Macintosh where lines end as there.
pub fn decode(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => of(UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => of(UTF_16BE, rest),
        // Without a mark: the first letters of a list are those of English words.
        [_, 0, _, 0, ..] => of(UTF_16LE, bytes),
        [0, _, 0, _, ..] => of(UTF_16BE, bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => one_byte_or_utf8(rest),
        _ => one_byte_or_utf8(bytes),
    };
    // DOS ends a text so.
    let text = text.trim_end_matches('\u{1a}');
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn one_byte_or_utf8(bytes: &[u8]) -> String {
    let is_mac = bytes.contains(&b'\r') && !bytes.contains(&b'\n');
    let encoding = match std::str::from_utf8(bytes) {
        Ok(_) => UTF_8,
        Err(_) if is_mac => MACINTOSH,
        Err(_) => WINDOWS_1252,
    };
    of(encoding, bytes)
}

fn of(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_encoding_is_read() {
        let text = "a,é\nb,ü\n";
        let wide =
            |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        let table = [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", &little[..]].concat(),
            [b"\xfe\xff", &big[..]].concat(),
            little,
            big,
            b"a,\xe9\r\nb,\xfc\r\n".to_vec(),
            b"a,\xe9\r\nb,\xfc\r\n\x1a".to_vec(),
            b"a,\x8e\rb,\x9f\r".to_vec(),
        ];
        for bytes in table {
            assert_eq!(decode(&bytes), text, "{bytes:x?}");
        }
        assert_eq!(decode(b""), "");
        assert_eq!(decode(b"\xff"), "ÿ");
    }
}
