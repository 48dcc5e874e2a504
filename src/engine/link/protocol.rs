//! What Carabiner writes: lines of a word and a map of keys and values in braces, as its manual has
//! them. `status { :peers 1 :bpm 120.000000 :start 73743731220 :beat 597.737570 :playing true }`

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Session {
    pub peers: u32,
    /// Quarter notes a minute.
    pub bpm: f64,
    /// When its beat 0 was, in microseconds of Link's clock.
    pub start: i64,
    /// Quarter notes since then, at the moment of the answer.
    pub beat: f64,
    /// Whether the session plays; `None` where starting and stopping is not shared.
    pub playing: Option<bool>,
}

impl Session {
    /// The moment of the answer, in microseconds of Link's clock.
    pub fn micros(&self) -> i64 {
        let since = (self.beat * 60e6 / self.bpm) as i64;
        self.start.saturating_add(since)
    }
}

/// Tempos that a Link session may have.
const TEMPOS: std::ops::RangeInclusive<f64> = 20.0..=999.0;

/// Longest line that is waited for.
const LONGEST: usize = 4096;

/// Bytes as they come, put together to lines.
#[derive(Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// Takes some bytes, and has each status that is whole with them.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Session> {
        self.0.extend(bytes);
        let mut found = Vec::new();
        // Old versions end a message with its brace alone.
        while let Some(end) = self.0.iter().position(|it| matches!(it, b'\n' | b'}')) {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            found.extend(status(&String::from_utf8_lossy(&line)));
        }
        if self.0.len() > LONGEST {
            self.0.clear();
        }
        found
    }
}

/// Reads a status; `None` for what is none, or says what can't be.
fn status(line: &str) -> Option<Session> {
    let map = line.trim().strip_prefix("status")?.trim();
    let map = map.strip_prefix('{')?.strip_suffix('}')?;
    let words: Vec<&str> = map.split([' ', ',']).filter(|it| !it.is_empty()).collect();
    let value = |key: &str| {
        let mut pairs = words.chunks_exact(2);
        pairs.find(|pair| pair[0] == key).map(|pair| pair[1])
    };
    let session = Session {
        peers: value(":peers")?.parse().ok()?,
        bpm: value(":bpm")?.parse().ok()?,
        start: value(":start")?.parse().ok()?,
        beat: value(":beat")?.parse().ok()?,
        playing: value(":playing").and_then(|it| it.parse().ok()),
    };
    let makes_sense = TEMPOS.contains(&session.bpm) && session.beat.abs() < 1e9;
    makes_sense.then_some(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_however_they_come() {
        let text = "status { :peers 2 :bpm 121.500000 :start 73743731220 :beat 597.737570 }\n\
                    unsupported version\nbeat-at-time { :when 1 :quantum 4.0 :beat 5.0 }\n\
                    status { :peers 0 :bpm 60.000000 :start -5 :beat 2.5 :playing true }\n";
        let expected = [
            Session {
                peers: 2,
                bpm: 121.5,
                start: 73_743_731_220,
                beat: 597.737_57,
                playing: None,
            },
            Session {
                peers: 0,
                bpm: 60.0,
                start: -5,
                beat: 2.5,
                playing: Some(true),
            },
        ];
        for size in [1, 7, 64, 4096] {
            let mut lines = Lines::default();
            let packets = text.as_bytes().chunks(size);
            let found: Vec<Session> = packets.flat_map(|packet| lines.take(packet)).collect();
            assert_eq!(found, expected, "packets of {size}");
        }
        assert_eq!(expected[1].micros(), 2_499_995);
        let late = Session {
            start: i64::MAX,
            ..expected[0]
        };
        assert_eq!(late.micros(), i64::MAX);
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        let mut lines = Lines::default();
        for text in [
            "status { :peers 0 :bpm 0.0 :start 0 :beat 0.0 }\n",
            "status { :peers 0 :bpm NaN :start 0 :beat 0.0 }\n",
            "status { :peers 0 :bpm 120.0 :start 0 :beat inf }\n",
            "status { :peers :bpm 120.0 }\n",
            "status\n",
            "}}}\n\n",
        ] {
            assert_eq!(lines.take(text.as_bytes()), [], "{text}");
        }
        // What never ends is not kept for ever.
        for _ in 0..100 {
            assert_eq!(lines.take(&[b'x'; 1000]), []);
        }
        assert!(lines.0.len() <= LONGEST);
    }
}
