//! `info.csv`: what a Groove-style corpus says of its files.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Part of a corpus: what a model learns from, is watched on, and is judged by.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    Validation,
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        })
    }
}

impl FromStr for Split {
    type Err = String;

    fn from_str(text: &str) -> Result<Split, String> {
        match text {
            "train" => Ok(Split::Train),
            "validation" => Ok(Split::Validation),
            "test" => Ok(Split::Test),
            other => Err(format!(
                "`{other}` is no split; there are train, validation and test"
            )),
        }
    }
}

impl Split {
    /// The split of a file that no `info.csv` speaks of: one in ten, chosen by a hash of its name
    /// within the corpus, is for validation, the others for training. A file keeps its split when
    /// others come or go.
    pub fn by_name(name: &str) -> Split {
        // FNV-1a, 64 bits: stable across versions, which the standard library's hash is not.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        if (hash >> 32) % 10 == 0 {
            Split::Validation
        } else {
            Split::Train
        }
    }
}

/// One line of `info.csv`. A column that is not there leaves its field empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    pub split: Option<Split>,
    pub drummer: String,
    pub session: String,
    pub id: String,
    /// Style, the parts of it divided by `/`.
    pub style: String,
    /// Quarter notes a minute, as written (the file's own tempo is more exact).
    pub bpm: Option<f64>,
    /// `beat` or `fill`.
    pub beat_type: String,
    /// As written, `4-4`.
    pub time_signature: String,
}

/// Reads the text of an `info.csv`: a header line, then a line a file, columns by name, any
/// order. `midi_filename` must be there. The result goes from file name to what is said of it.
///
/// # Errors
///
/// The line, counted from 1, and what is wrong with it.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Info>, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or((1, "it is empty".to_string()))?;
    let columns = cells(header);
    let column = |name: &str| columns.iter().position(|cell| cell == name);
    let Some(midi_filename) = column("midi_filename") else {
        return Err((1, "there is no column `midi_filename`".into()));
    };
    let [
        split,
        drummer,
        session,
        id,
        style,
        bpm,
        beat_type,
        time_signature,
    ] = [
        "split",
        "drummer",
        "session",
        "id",
        "style",
        "bpm",
        "beat_type",
        "time_signature",
    ]
    .map(column);
    let mut files = BTreeMap::new();
    for (index, line) in lines {
        let at = |problem: String| (index + 1, problem);
        let cells = cells(line);
        if cells.len() != columns.len() {
            let (found, expected) = (cells.len(), columns.len());
            return Err(at(format!(
                "it has {found} cells, but the header has {expected}"
            )));
        }
        let cell = |column: Option<usize>| column.map_or("", |column| cells[column].trim());
        let text = |column| cell(column).to_string();
        let info = Info {
            split: match cell(split) {
                "" => None,
                name => Some(name.parse().map_err(at)?),
            },
            drummer: text(drummer),
            session: text(session),
            id: text(id),
            style: text(style),
            bpm: match cell(bpm) {
                "" => None,
                number => {
                    let problem = |_| at(format!("a bpm of `{number}` is no number"));
                    Some(number.parse().map_err(problem)?)
                }
            },
            beat_type: text(beat_type),
            time_signature: text(time_signature),
        };
        let name = cell(Some(midi_filename)).replace('\\', "/");
        if files.insert(name.clone(), info).is_some() {
            return Err(at(format!("`{name}` is listed twice")));
        }
    }
    Ok(files)
}

/// The cells of one line, by the usual rules: commas divide, quotes protect, a doubled quote is one.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut cells, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => push(&mut cells, letter),
        }
    }
    cells
}

fn push(cells: &mut [String], letter: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_protect_commas() {
        assert_eq!(cells(r#"a,"b,""c""",,d"#), ["a", "b,\"c\"", "", "d"]);
    }

    #[test]
    fn columns_are_found_by_name() {
        let text = "\u{feff}split,bpm,midi_filename\r\ntest,120,a/b.mid\r\n\r\n,,c.mid\n";
        let files = parse(text).unwrap();
        assert_eq!(files["a/b.mid"].split, Some(Split::Test));
        assert_eq!(files["a/b.mid"].bpm, Some(120.0));
        assert_eq!(files["c.mid"], Info::default());
    }

    #[test]
    fn a_bad_line_is_named() {
        let table = [
            ("", (1, "it is empty")),
            ("a,b\n", (1, "there is no column `midi_filename`")),
            (
                "midi_filename,split\na.mid\n",
                (2, "it has 1 cells, but the header has 2"),
            ),
            (
                "midi_filename,split\na.mid,train\nb.mid,trian\n",
                (
                    3,
                    "`trian` is no split; there are train, validation and test",
                ),
            ),
            (
                "midi_filename,bpm\na.mid,fast\n",
                (2, "a bpm of `fast` is no number"),
            ),
            (
                "midi_filename\na.mid\na.mid\n",
                (3, "`a.mid` is listed twice"),
            ),
        ];
        for (text, (line, problem)) in table {
            assert_eq!(parse(text), Err((line, problem.to_string())), "{text:?}");
        }
    }

    #[test]
    fn one_file_in_ten_is_for_validation() {
        let splits = (0..10_000).map(|i| Split::by_name(&format!("take {i}.mid")));
        let validation = splits.filter(|split| *split == Split::Validation).count();
        assert!((900..1100).contains(&validation), "{validation} of 10000");
    }
}
