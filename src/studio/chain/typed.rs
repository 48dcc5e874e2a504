//! The chain as it is typed.

use crate::studio::ground::{Link, SLOTS};
use musicvae::music::{LANES, Lane};

/// Most links of a chain, and most turns of one.
const LINKS: usize = 64;
const REPEATS: u32 = 99;

/// Several lanes of one name.
const HATS: (&str, [Lane; 2]) = ("hats", [Lane::ClosedHat, Lane::OpenHat]);
const TOMS: (&str, [Lane; 3]) = ("toms", [Lane::LowTom, Lane::MidTom, Lane::HighTom]);

/// `1x2 2-kick 3x4-hats` for a chain.
pub fn text(links: &[Link]) -> String {
    let words = links.iter().map(|link| {
        let repeats = match link.repeats {
            1 => String::new(),
            many => format!("x{many}"),
        };
        let slot = link.slot + 1;
        format!("{slot}{repeats}{}", mutes_text(&link.mutes))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `-kick-hats` for lanes that are silent.
fn mutes_text(mutes: &[bool; LANES]) -> String {
    let mut left = *mutes;
    let mut text = String::new();
    for lane in Lane::ALL {
        if !left[lane.index()] {
            continue;
        }
        let groups: [(&str, &[Lane]); 2] = [(HATS.0, &HATS.1), (TOMS.0, &TOMS.1)];
        let whole = groups
            .into_iter()
            .find(|(_, lanes)| lanes.contains(&lane) && lanes.iter().all(|it| left[it.index()]));
        let name = lane.short_name().to_lowercase();
        let (name, lanes) = whole.unwrap_or((&name, std::slice::from_ref(&lane)));
        lanes.iter().for_each(|it| left[it.index()] = false);
        text.push('-');
        text.push_str(name);
    }
    text
}

/// The lanes that a name means.
fn lanes(name: &str) -> Option<Vec<Lane>> {
    let is_it = |lane: &Lane| lane.short_name().eq_ignore_ascii_case(name);
    match name.to_lowercase().as_str() {
        "hats" => Some(HATS.1.to_vec()),
        "toms" => Some(TOMS.1.to_vec()),
        _ => Lane::ALL.into_iter().find(is_it).map(|lane| vec![lane]),
    }
}

/// The reverse of [`text`]; `None` when it is no chain.
pub fn parse(text: &str) -> Option<Vec<Link>> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let link = |word: &str| {
        let mut parts = word.split('-');
        let word = parts.next()?;
        let mut mutes = [false; LANES];
        for name in parts {
            lanes(name)?.iter().for_each(|it| mutes[it.index()] = true);
        }
        let (slot, repeats) = word.split_once(['x', 'X', '*']).unwrap_or((word, "1"));
        let slot = slot.parse::<usize>().ok()?.checked_sub(1)?;
        let repeats = repeats.parse().ok()?;
        let valid = slot < SLOTS && (1..=REPEATS).contains(&repeats);
        valid.then_some(Link {
            slot,
            repeats,
            mutes,
        })
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
        // Lanes that are silent, by the names on the grid or several by one name.
        let links = parse("1-Kick-ride 2x2-chat-OHAT 3-toms-snare 4-ltom-mtom-chat").unwrap();
        let shown = "1-kick-ride 2x2-hats 3-snare-toms 4-chat-ltom-mtom";
        assert_eq!(text(&links), shown);
        assert_eq!(parse(shown), Some(links));
        for wrong in [
            "0",
            "9",
            "1x0",
            "1x100",
            "x2",
            "a",
            "1x",
            "1-2",
            "1-",
            "1-kik",
            "-kick",
            "1-kick x2",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
