//! The chain as it is typed.

use crate::studio::ground::{Link, SLOTS};

/// Most links of a chain, and most turns of one.
const LINKS: usize = 64;
const REPEATS: u32 = 99;

/// `1x2 2 3x4` for a chain.
pub fn text(links: &[Link]) -> String {
    let words = links.iter().map(|link| match link.repeats {
        1 => format!("{}", link.slot + 1),
        many => format!("{}x{many}", link.slot + 1),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The reverse of [`text`]; `None` when it is no chain.
pub fn parse(text: &str) -> Option<Vec<Link>> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let link = |word: &str| {
        let (slot, repeats) = word.split_once(['x', 'X', '*']).unwrap_or((word, "1"));
        let slot = slot.parse::<usize>().ok()?.checked_sub(1)?;
        let repeats = repeats.parse().ok()?;
        let valid = slot < SLOTS && (1..=REPEATS).contains(&repeats);
        valid.then_some(Link { slot, repeats })
    };
    let links: Vec<Link> = words.map(link).collect::<Option<_>>()?;
    (links.len() <= LINKS).then_some(links)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_typed_as_they_are_shown() {
        let links = parse(" 1x2, 2  8X99 ").unwrap();
        assert_eq!(text(&links), "1x2 2 8x99");
        assert_eq!(parse(""), Some(Vec::new()));
        for wrong in ["0", "9", "1x0", "1x100", "x2", "a", "1x", "1-2"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
