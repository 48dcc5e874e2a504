//! Text as spreadsheets and editors write it.

/// Windows-1252 and Mac Roman from 0x80 on.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
const MAC: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// The text of a file, each line ended by a single `\n`: UTF-8, UTF-16 of either order, or else the
/// usual letters of Windows, or of the Macintosh where lines end as there.
pub fn decode(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark: the first letters of a list are those of English words.
        [_, 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, _, 0, _, ..] => utf16(bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => one_byte_or_utf8(rest),
        _ => one_byte_or_utf8(bytes),
    };
    // DOS ends a text so.
    let text = text.trim_end_matches('\u{1a}');
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}

fn one_byte_or_utf8(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let is_mac = bytes.contains(&b'\r') && !bytes.contains(&b'\n');
    let high: Vec<char> = match is_mac {
        true => MAC.chars().collect(),
        false => WINDOWS.chars().collect(),
    };
    let letter = |byte: &u8| {
        let place = usize::from(*byte).checked_sub(0x80);
        let letter = place.and_then(|place| high.get(place).copied());
        letter.unwrap_or(char::from(*byte))
    };
    bytes.iter().map(letter).collect()
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
        assert_eq!(MAC.chars().count(), 128);
        assert_eq!(WINDOWS.chars().count(), 32);
        assert_eq!(decode(b""), "");
        assert_eq!(decode(b"\xff"), "ÿ");
    }
}
