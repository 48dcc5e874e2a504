//! What a sequencer does with a step's stroke: play it by chance, in some passes only, several
//! times, with a grace stroke. A model knows nothing about it; it sees the plain stroke.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a step does with its stroke. As text it is some of the words `50%`, `1/4`, `!1/4`, `fill`, `!fill`,
/// `flam`, `x3` and `x3-40`; nothing for a plain stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Trig {
    /// How likely it is struck, in hundredths: 1..=100.
    pub chance: u8,
    /// In which passes of the loop it may be struck.
    pub when: When,
    /// A soft grace stroke comes shortly before it.
    pub flam: bool,
    /// Strokes within the step, evenly in time: 1..=8.
    pub ratchet: u8,
    /// By how much the last of them is louder than the first, in 1/127: -126..=126.
    pub slope: i8,
}

/// In which passes of the loop a stroke may be struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum When {
    /// In each of them.
    #[default]
    Always,
    /// In the `nth` of every `of` passes, both 1..=8.
    Turn {
        /// Counted from 1.
        nth: u8,
        /// After so many it begins again.
        of: u8,
    },
    /// In the others.
    NotTurn {
        /// The one that is silent, counted from 1.
        nth: u8,
        /// After so many it begins again.
        of: u8,
    },
    /// Only while fills are on.
    Fill,
    /// Only while they are off.
    NoFill,
}

/// Most strokes of a step, and most passes that are counted.
pub const MOST: u8 = 8;

impl Trig {
    /// A plain stroke.
    pub const PLAIN: Trig = Trig {
        chance: 100,
        when: When::Always,
        flam: false,
        ratchet: 1,
        slope: 0,
    };

    /// Brought into its limits.
    pub fn within_limits(self) -> Trig {
        let sane = |turn: u8| turn.clamp(1, MOST);
        Trig {
            chance: self.chance.clamp(1, 100),
            ratchet: sane(self.ratchet),
            slope: self.slope.clamp(-126, 126),
            when: match self.when {
                When::Turn { nth, of } => When::Turn {
                    nth: sane(nth),
                    of: sane(of),
                },
                When::NotTurn { nth, of } => When::NotTurn {
                    nth: sane(nth),
                    of: sane(of),
                },
                other => other,
            },
            ..self
        }
    }
}

impl Default for Trig {
    fn default() -> Trig {
        Trig::PLAIN
    }
}

impl When {
    /// Whether it holds in a pass, counted from 0.
    pub fn holds(self, turn: i64, fill: bool) -> bool {
        let is_turn = |nth: u8, of: u8| turn.rem_euclid(of.max(1).into()) + 1 == i64::from(nth);
        match self {
            When::Always => true,
            When::Turn { nth, of } => is_turn(nth, of),
            When::NotTurn { nth, of } => !is_turn(nth, of),
            When::Fill => fill,
            When::NoFill => !fill,
        }
    }
}

impl fmt::Display for Trig {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut words = Vec::new();
        if self.chance < 100 {
            words.push(format!("{}%", self.chance));
        }
        match self.when {
            When::Always => {}
            When::Turn { nth, of } => words.push(format!("{nth}/{of}")),
            When::NotTurn { nth, of } => words.push(format!("!{nth}/{of}")),
            When::Fill => words.push("fill".into()),
            When::NoFill => words.push("!fill".into()),
        }
        if self.flam {
            words.push("flam".into());
        }
        match (self.ratchet, self.slope) {
            (1, _) => {}
            (count, 0) => words.push(format!("x{count}")),
            (count, slope) => words.push(format!("x{count}{slope:+}")),
        }
        f.write_str(&words.join(" "))
    }
}

/// A word that says nothing of a trig.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of 50%, flam, x3, x3-40, and one of 1/4, !1/4, fill and !fill")]
pub struct TrigError(String);

impl FromStr for Trig {
    type Err = TrigError;

    fn from_str(text: &str) -> Result<Trig, TrigError> {
        let mut trig = Trig::PLAIN;
        for word in text.split_whitespace() {
            trig.take(word).ok_or_else(|| TrigError(word.into()))?;
        }
        Ok(trig)
    }
}

impl From<Trig> for String {
    fn from(trig: Trig) -> String {
        trig.to_string()
    }
}

impl TryFrom<String> for Trig {
    type Error = TrigError;

    fn try_from(text: String) -> Result<Trig, TrigError> {
        text.parse()
    }
}

impl Trig {
    /// Reads a word; `None` if it makes no sense.
    fn take(&mut self, word: &str) -> Option<()> {
        if let Some(percent) = word.strip_suffix('%') {
            self.chance = within(percent, 100)?;
        } else if let Some(strokes) = word.strip_prefix('x') {
            let slope = strokes.find(['+', '-']);
            let (count, slope) = strokes.split_at(slope.unwrap_or(strokes.len()));
            self.ratchet = within(count, MOST)?;
            let slope = match slope {
                "" => 0,
                slope => slope.parse().ok().filter(|it| (-126..=126).contains(it))?,
            };
            // One stroke has none.
            self.slope = if self.ratchet > 1 { slope } else { 0 };
        } else if word == "flam" {
            self.flam = true;
        } else {
            // A step waits for one thing.
            if self.when != When::Always {
                return None;
            }
            self.when = match (word.strip_prefix('!'), word) {
                (Some("fill"), _) => When::NoFill,
                (None, "fill") => When::Fill,
                (not, word) => {
                    let (nth, of) = not.unwrap_or(word).split_once('/')?;
                    let of = within(of, MOST)?;
                    let nth = within(nth, of)?;
                    match not {
                        Some(_) => When::NotTurn { nth, of },
                        None => When::Turn { nth, of },
                    }
                }
            };
        }
        Some(())
    }
}

fn within(number: &str, most: u8) -> Option<u8> {
    let number = number.parse().ok()?;
    (1..=most).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_again() {
        for text in [
            "",
            "50%",
            "1/4",
            "!8/8",
            "fill",
            "!fill",
            "flam",
            "x3",
            "x8-126",
            "x2+40",
            "1% !2/3 flam x4-10",
        ] {
            let trig: Trig = text.parse().unwrap();
            assert_eq!(trig.to_string(), text);
            assert_eq!(trig.within_limits(), trig);
        }
        let mixed: Trig = "x3 50%".parse().unwrap();
        assert_eq!(mixed.to_string(), "50% x3");
        assert_eq!("x1-40".parse(), Ok(Trig::PLAIN));
        for wrong in [
            "0%", "101%", "5/4", "1/9", "0/4", "x0", "x9", "x3-127", "flams", "!", "/", "50",
        ] {
            let error = wrong.parse::<Trig>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{wrong}`")));
        }
    }

    #[test]
    fn conditions_count_turns() {
        let struck = |text: &str, fill| {
            let trig: Trig = text.parse().unwrap();
            (0..8)
                .map(|turn| {
                    if trig.when.holds(turn, fill) {
                        'x'
                    } else {
                        '.'
                    }
                })
                .collect::<String>()
        };
        assert_eq!(struck("", false), "xxxxxxxx");
        assert_eq!(struck("1/4", false), "x...x...");
        assert_eq!(struck("3/4", false), "..x...x.");
        assert_eq!(struck("!1/4", false), ".xxx.xxx");
        assert_eq!(struck("fill", false), "........");
        assert_eq!(struck("fill", true), "xxxxxxxx");
        assert_eq!(struck("!fill", true), "........");
    }
}
