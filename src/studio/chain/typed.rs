//! The chain as it is typed.

use crate::engine::range::TEMPO;
use crate::studio::ground::{Link, SLOTS};
use musicvae::music::{LANES, Lane};

/// Most links of a chain, and most turns of one.
const LINKS: usize = 64;
const REPEATS: u32 = 99;

/// Several lanes of one name.
const HATS: (&str, [Lane; 2]) = ("hats", [Lane::ClosedHat, Lane::OpenHat]);
const TOMS: (&str, [Lane; 3]) = ("toms", [Lane::LowTom, Lane::MidTom, Lane::HighTom]);

/// What a link that ends with a fill has behind its `+`.
const FILL: &str = "fill";

/// `1x2 2@97-kick 3x4+fill-hats` for a chain.
pub fn text(links: &[Link]) -> String {
    let words = links.iter().map(|link| {
        let mut word = (link.slot + 1).to_string();
        if link.repeats > 1 {
            word += &format!("x{}", link.repeats);
        }
        if let Some(tempo) = link.tempo {
            word += &format!("@{tempo}");
        }
        if link.fill {
            word += &format!("+{FILL}");
        }
        word + &mutes_text(&link.mutes)
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
    let links: Vec<Link> = words.map(link).collect::<Option<_>>()?;
    (links.len() <= LINKS).then_some(links)
}

/// What is wrong with a text that is no chain, in one sentence.
pub fn fault(text: &str) -> String {
    let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
    match words.find(|word| link(word).is_none()) {
        Some(word) => format!(
            "`{word}` is no part of a chain: a slot (1 to {SLOTS}), then x4, @97, +fill, -hats as you like."
        ),
        None => format!("A chain has {LINKS} parts at most."),
    }
}

/// A slot, and then in any order what each sign begins.
fn link(word: &str) -> Option<Link> {
    const SIGNS: [char; 6] = ['x', 'X', '*', '@', '+', '-'];
    let up_to_sign = |text: &str| text.find(SIGNS).unwrap_or(text.len());
    let (slot, mut rest) = word.split_at(up_to_sign(word));
    let slot = slot.parse::<usize>().ok()?.checked_sub(1)?;
    let mut link = Link::once(slot);
    let mut repeats = None;
    while let Some(sign) = rest.chars().next() {
        let value = &rest[1..];
        let (value, behind) = value.split_at(up_to_sign(value));
        rest = behind;
        match sign {
            '@' => {
                let tempo: f64 = value.parse().ok()?;
                let within = (TEMPO.low..=TEMPO.high).contains(&tempo);
                link.tempo = Some(tempo).filter(|_| within && link.tempo.is_none());
                link.tempo?;
            }
            '+' if value.eq_ignore_ascii_case(FILL) => link.fill = true,
            '+' => return None,
            '-' => (lanes(value)?.iter()).for_each(|lane| link.mutes[lane.index()] = true),
            _ if repeats.is_some() => return None,
            _ => repeats = Some(value.parse().ok()?),
        }
    }
    link.repeats = repeats.unwrap_or(1);
    (slot < SLOTS && (1..=REPEATS).contains(&link.repeats)).then_some(link)
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
        // Tempos and fills, in any order.
        let links = parse("1x4-hats@97.5 2+FILL@140 3-kick+fill*2").unwrap();
        let shown = "1x4@97.5-hats 2@140+fill 3x2+fill-kick";
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
            "1@",
            "1@fast",
            "1@19",
            "1@301",
            "1@NaN",
            "1@97@98",
            "1x2x3",
            "1+",
            "1+fills",
            "1+fil\u{142}",
            "@97",
            "+fill",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        let said = fault("1x4 x3@97 2");
        assert!(
            said.starts_with("`x3@97` is no part of a chain: "),
            "{said}"
        );
        let many = "1 ".repeat(65);
        assert_eq!(
            (parse(&many), fault(&many).as_str()),
            (None, "A chain has 64 parts at most.")
        );
    }
}
