//! Reading a drum map strictly: whatever is wrong is named with its line.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::writing::{LANE_NAMES, MapError, SILENT};
use super::{DrumMap, Voice};
use musicvae::data::decode_text;
use musicvae::music::{LANES, Lane};

impl DrumMap {
    /// Reads a map's text; `path` is for the errors only.
    ///
    /// ```toml
    /// name = "My machine"
    /// about = "What a player should know."   # may be left out
    /// channel = 10                            # of lanes that name no other; 10 when left out
    ///
    /// [lanes]                                 # all nine
    /// kick = 36                               # a note
    /// snare = { note = 38, channel = 2 }      # on a channel of its own
    /// closed-hat = { note = 42, level = 44 }  # level by controller 44, where velocity is ignored
    /// open-hat = { note = 46, instead = "a cymbal" }  # no voice of its own: what it is instead
    /// low-tom = 43
    /// mid-tom = "low-tom"                     # no voice of its own: that lane's
    /// high-tom = 50
    /// crash = 49
    /// ride = "silent"                         # nothing
    /// ```
    pub fn parse(text: &str, path: &Path) -> Result<DrumMap, MapError> {
        Reader { text, path }.map()
    }

    /// Reads a map's file.
    pub fn read(path: &Path) -> Result<DrumMap, MapError> {
        let bytes = std::fs::read(path).map_err(|reason| MapError::Read {
            path: path.into(),
            reason,
        })?;
        DrumMap::parse(&decode_text(&bytes), path)
    }
}

/// A value and where it stands.
type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'t> {
    text: &'t str,
    path: &'t Path,
}

impl Reader<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> MapError {
        let before = self.text.bytes().take(at);
        MapError::Text {
            path: self.path.into(),
            line: 1 + before.filter(|&byte| byte == b'\n').count(),
            message: message.into(),
        }
    }

    fn map(&self) -> Result<DrumMap, MapError> {
        let parsed = DeTable::parse(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, error.message().trim().replace('\n', "; "))
        })?;
        let table = parsed.get_ref();
        self.known(table, "", &["name", "about", "channel", "lanes"])?;
        let name = match table.get("name") {
            Some(name) => self.string(name, "name")?.trim().to_string(),
            None => String::new(),
        };
        if name.is_empty() {
            return Err(self.error(0, "`name` is missing: say what the machine is called"));
        }
        let about = match table.get("about") {
            Some(about) => self.string(about, "about")?.to_string(),
            None => String::new(),
        };
        let channel = match table.get("channel") {
            Some(channel) => self.number(channel, "channel", 1, 16)?,
            None => 10,
        };
        let Some(lanes) = table.get("lanes") else {
            return Err(self.error(0, "[lanes] is missing: give each of the nine lanes a note"));
        };
        let Some(lanes_table) = lanes.get_ref().as_table() else {
            let message =
                "`lanes` must be a table: write [lanes] and under it `kick = 36` and so on";
            return Err(self.error(lanes.span().start, message));
        };
        self.known(lanes_table, " in [lanes]", &LANE_NAMES)?;
        let mut voices: [Option<Voice>; LANES] = Default::default();
        // First what is a voice of its own, then what refers to one.
        for own in [true, false] {
            for lane in Lane::ALL {
                let name = LANE_NAMES[lane.index()];
                let Some(value) = lanes_table.get(name) else {
                    let message = format!(
                        "`{name}` is missing in [lanes]: give it a note, the name of the lane that \
                         stands in for it, or \"{SILENT}\""
                    );
                    return Err(self.error(lanes.span().start, message));
                };
                let refers = value.get_ref().is_str();
                if refers != own {
                    voices[lane.index()] = match refers {
                        false => Some(self.voice(value, name, channel)?),
                        true => self.stand_in(value, name, lanes_table, &voices)?,
                    };
                }
            }
        }
        Ok(DrumMap {
            name,
            about,
            lanes: voices,
        })
    }

    /// A note, or a table of note, channel and so on.
    fn voice(&self, value: &Value, name: &str, channel: u8) -> Result<Voice, MapError> {
        let Some(table) = value.get_ref().as_table() else {
            return Ok(Voice {
                note: self.number(value, name, 0, 127)?,
                channel,
                level: None,
                instead: None,
            });
        };
        let place = format!(" in `{name}`");
        self.known(table, &place, &["note", "channel", "level", "instead"])?;
        let Some(note) = table.get("note") else {
            return Err(self.error(value.span().start, format!("`note` is missing{place}")));
        };
        let optional = |key: &str, low, high| match table.get(key) {
            Some(value) => self
                .number(value, &format!("{name}.{key}"), low, high)
                .map(Some),
            None => Ok(None),
        };
        Ok(Voice {
            note: self.number(note, &format!("{name}.note"), 0, 127)?,
            channel: optional("channel", 1, 16)?.unwrap_or(channel),
            level: optional("level", 0, 119)?,
            instead: match table.get("instead") {
                Some(instead) => Some(self.string(instead, &format!("{name}.instead"))?.into()),
                None => None,
            },
        })
    }

    /// The voice of the lane that is named, or none.
    fn stand_in(
        &self,
        value: &Value,
        name: &str,
        lanes: &DeTable,
        voices: &[Option<Voice>; LANES],
    ) -> Result<Option<Voice>, MapError> {
        let other = self.string(value, name)?;
        if other == SILENT {
            return Ok(None);
        }
        let has_note = |other: &str| lanes.get(other).is_some_and(|v| !v.get_ref().is_str());
        match LANE_NAMES.iter().position(|known| *known == other) {
            Some(index) if has_note(other) => Ok(voices[index].clone().map(|voice| Voice {
                instead: Some(format!("the {}", other.replace('-', " "))),
                ..voice
            })),
            Some(_) => {
                let message = format!("`{name}` refers to `{other}`, which has no note itself");
                Err(self.error(value.span().start, message))
            }
            None => {
                let message = format!(
                    "`{name}` is \"{other}\", but must be a note, \"{SILENT}\" or one of the lanes \
                     {}",
                    LANE_NAMES.join(", ")
                );
                Err(self.error(value.span().start, message))
            }
        }
    }

    fn known(&self, table: &DeTable, place: &str, known: &[&str]) -> Result<(), MapError> {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let near = |other: &&&str| (strsim::jaro_winkler(name, other) * 1e6) as u64;
                let near = known.iter().max_by_key(near).unwrap_or(&"");
                let message = format!("unknown key `{name}`{place}; did you mean `{near}`?");
                return Err(self.error(key.span().start, message));
            }
        }
        Ok(())
    }

    fn string<'v>(&self, value: &'v Value, name: &str) -> Result<&'v str, MapError> {
        value.get_ref().as_str().ok_or_else(|| {
            self.error(
                value.span().start,
                format!("`{name}` must be text in quotes"),
            )
        })
    }

    fn number(&self, value: &Value, name: &str, low: u8, high: u8) -> Result<u8, MapError> {
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let fits = |number: &u8| (low..=high).contains(number);
        number
            .and_then(|number| u8::try_from(number).ok())
            .filter(fits)
            .ok_or_else(|| {
                let message = format!("`{name}` must be a whole number from {low} to {high}");
                self.error(value.span().start, message)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: &str = "name = \"Mine\"\nchannel = 3\n[lanes]\nkick = 36\nsnare = { note = 38, channel = 2 }\n\
        closed-hat = { note = 42, level = 44 }\nopen-hat = { note = 46, instead = \"a bell\" }\n\
        low-tom = 43\nmid-tom = \"low-tom\"\nhigh-tom = 50\ncrash = 0x31\nride = \"silent\"\n";

    fn parse(text: &str) -> Result<DrumMap, String> {
        DrumMap::parse(text, Path::new("my.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn every_way_to_write_a_lane_is_understood() {
        let map = parse(WHOLE).unwrap();
        let voice = |note, channel| {
            Some(Voice {
                note,
                channel,
                level: None,
                instead: None,
            })
        };
        assert_eq!(map.lanes[0], voice(36, 3));
        assert_eq!(map.lanes[1], voice(38, 2));
        assert_eq!(map.lanes[2].as_ref().unwrap().level, Some(44));
        assert_eq!(
            map.lanes[3].as_ref().unwrap().instead.as_deref(),
            Some("a bell")
        );
        let stand_in = map.lanes[5].as_ref().unwrap();
        assert_eq!(
            (stand_in.note, stand_in.instead.as_deref()),
            (43, Some("the low tom"))
        );
        assert_eq!(
            (map.lanes[7].as_ref().unwrap().note, &map.lanes[8]),
            (49, &None)
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence_with_its_line() {
        for (from, to, expected) in [
            (
                "kick = 36",
                "kick = 128",
                "my.toml, line 4: `kick` must be a whole number from 0 to 127",
            ),
            (
                "kick = 36",
                "kick = 3.5",
                "my.toml, line 4: `kick` must be a whole number from 0 to 127",
            ),
            (
                "kick = 36\n",
                "",
                "my.toml, line 3: `kick` is missing in [lanes]: give it a note, the name of the lane that stands in for it, or \"silent\"",
            ),
            (
                "kick",
                "kik",
                "my.toml, line 4: unknown key `kik` in [lanes]; did you mean `kick`?",
            ),
            (
                "channel = 2",
                "channel = 0",
                "my.toml, line 5: `snare.channel` must be a whole number from 1 to 16",
            ),
            (
                "level = 44",
                "level = 120",
                "my.toml, line 6: `closed-hat.level` must be a whole number from 0 to 119",
            ),
            (
                "note = 42,",
                "",
                "my.toml, line 6: `note` is missing in `closed-hat`",
            ),
            (
                "\"low-tom\"",
                "\"ride\"",
                "my.toml, line 9: `mid-tom` refers to `ride`, which has no note itself",
            ),
            (
                "\"low-tom\"",
                "\"mid-tom\"",
                "my.toml, line 9: `mid-tom` refers to `mid-tom`, which has no note itself",
            ),
            (
                "\"silent\"",
                "\"soft\"",
                "my.toml, line 12: `ride` is \"soft\", but must be a note, \"silent\" or one of the lanes kick, snare, closed-hat, open-hat, low-tom, mid-tom, high-tom, crash, ride",
            ),
            (
                "name = \"Mine\"",
                "",
                "my.toml, line 1: `name` is missing: say what the machine is called",
            ),
            (
                "name = \"Mine\"",
                "name = 3",
                "my.toml, line 1: `name` must be text in quotes",
            ),
            (
                "[lanes]",
                "[lane]",
                "my.toml, line 3: unknown key `lane`; did you mean `lanes`?",
            ),
        ] {
            assert!(WHOLE.contains(from));
            assert_eq!(parse(&WHOLE.replacen(from, to, 1)).unwrap_err(), expected);
        }
        assert_eq!(
            parse("name = \"x\"").unwrap_err(),
            "my.toml, line 1: [lanes] is missing: give each of the nine lanes a note"
        );
        let error = DrumMap::read(Path::new("/nowhere/map.toml"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("/nowhere/map.toml: can't be read"),
            "{error}"
        );
    }

    /// What is cut off or has a flipped bit is read or refused in one sentence.
    #[test]
    fn a_damaged_file_is_read_or_refused() {
        let check = |bytes: &[u8]| match parse(&String::from_utf8_lossy(bytes)) {
            Ok(_) => 0,
            Err(error) => {
                assert!(
                    error.starts_with("my.toml, line ") && error.lines().count() == 1,
                    "{error}"
                );
                1
            }
        };
        let whole = WHOLE.as_bytes();
        let cut: usize = (0..whole.len()).map(|end| check(&whole[..end])).sum();
        assert!(cut > whole.len() / 2, "{cut}");
        for (at, bit) in (0..whole.len()).zip((0..8).cycle()) {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 1 << bit;
            check(&damaged);
        }
    }

    fn voice() -> impl Strategy<Value = Option<Voice>> {
        let instead = prop::option::of("[ -~]{0,12}");
        let voice = (0..128_u8, 1..17_u8, prop::option::of(0..120_u8), instead);
        prop::option::of(voice.prop_map(|(note, channel, level, instead)| Voice {
            note,
            channel,
            level,
            instead,
        }))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            name in "[!-~][ -~]{0,18}[!-~]", about in "[ -~é\"\\\\]{0,30}",
            lanes in prop::array::uniform9(voice()),
        ) {
            let map = DrumMap { name, about, lanes };
            prop_assert_eq!(parse(&map.to_text()), Ok(map));
        }
    }
}
