//! `info.csv`: what a Groove-style corpus says of its files.

use std::fmt;
use std::str::FromStr;

use super::text;
use crate::music::Listing;

/// Part of a corpus: for training, for watching the training, or for the final judgement.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What a model learns from.
    Train,
    /// What it is watched on while it learns.
    Validation,
    /// What it is judged by in the end.
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
        match text.to_lowercase().as_str() {
            "train" | "training" => Ok(Split::Train),
            "validation" | "valid" | "val" | "dev" | "eval" => Ok(Split::Validation),
            "test" | "testing" => Ok(Split::Test),
            _ => Err(format!(
                "`{text}` is no split; there are train, validation and test"
            )),
        }
    }
}

impl Split {
    /// The split of a file that no `info.csv` mentions: one in ten, chosen by a hash of its name
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
    /// Which part of the corpus the file belongs to.
    pub split: Option<Split>,
    /// Who played, as `drummer1`.
    pub drummer: String,
    /// In which sitting, as `drummer1/session2`.
    pub session: String,
    /// Which take of it, as `drummer1/session2/8`.
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

impl From<&Info> for Listing {
    fn from(info: &Info) -> Listing {
        let info = info.clone();
        Listing {
            split: info
                .split
                .map_or_else(String::new, |split| split.to_string()),
            style: info.style,
            beat_type: info.beat_type,
            drummer: info.drummer,
            session: info.session,
            id: info.id,
            bpm: info.bpm,
            time_signature: info.time_signature,
        }
    }
}

impl From<Listing> for Info {
    fn from(listing: Listing) -> Info {
        Info {
            split: listing.split.parse().ok(),
            style: listing.style,
            beat_type: listing.beat_type,
            drummer: listing.drummer,
            session: listing.session,
            id: listing.id,
            bpm: listing.bpm,
            time_signature: listing.time_signature,
        }
    }
}

/// An `info.csv`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    pub rows: Vec<Row>,
    /// Whether there is a column of splits.
    pub has_splits: bool,
    /// What can't be read in the rows, by line; the rest of such a row is used.
    pub problems: Vec<(usize, String)>,
    /// Why it says nothing of the files, where it doesn't.
    pub says_nothing: Option<&'static str>,
}

/// What it says of one file.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Counted from 1.
    pub line: usize,
    /// The file, as it is written.
    pub name: String,
    /// What the list says about it, or why the file can't be used.
    pub info: Result<Info, String>,
}

/// Reads an `info.csv` as spreadsheets write it: a header line, then a line a file, columns by name,
/// any order. Commas, semicolons, tabs or `|` divide. A table of something else, without a column that names
/// the files and without splits, says nothing.
///
/// # Errors
///
/// The line, counted from 1, and what is wrong with it, when splits can't be read.
pub(super) fn parse(bytes: &[u8]) -> Result<Table, (usize, String)> {
    let text = text::decode(bytes);
    let nothing = |why| {
        Ok(Table {
            says_nothing: Some(why),
            ..Table::default()
        })
    };
    if text.trim().is_empty() {
        return nothing("it is empty");
    }
    let quoted = [b',', b';', b'\t', b'|'].map(|divider| lines(&text, divider, true));
    let has_files = |lines: &&Vec<Line>| columns(lines).is_some();
    let Some(found) = quoted.iter().find(has_files) else {
        let problem = "there is no column `midi_filename`, which names the files";
        let names_splits = |lines: &Vec<Line>| {
            let mut heads = lines.iter().take(2);
            heads.any(|line| line.cells.iter().any(|cell| plain(cell).contains("split")))
        };
        return match quoted.iter().any(names_splits) {
            true => Err((1, problem.into())),
            false => nothing(problem),
        };
    };
    let divider = found[0].divider;
    // An unclosed quote swallows the lines after it.
    let swallows = |line: &Line| {
        line.cells
            .iter()
            .any(|cell| cell.matches(".mid").count() > 1)
    };
    let unquoted = match found.iter().any(swallows) {
        true => Some(lines(&text, divider, false)),
        false => None,
    };
    let lines = unquoted.as_ref().unwrap_or(found);
    let Some((header, columns)) = columns(lines) else {
        return Err((1, "its quotes can't be understood".into()));
    };
    let mut table = Table {
        has_splits: columns.split.is_some(),
        ..Table::default()
    };
    for line in &lines[header + 1..] {
        let cell = |column: Option<usize>| {
            let cell = column.and_then(|column| line.cells.get(column));
            let cell = cell.map_or("", |cell| cell.trim());
            // Quotes with spaces around them.
            let inside = cell.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            inside.map_or(cell, str::trim)
        };
        let text = |column| cell(column).to_string();
        let (found, expected) = (line.cells.len(), lines[header].cells.len());
        let short = format!("it has {found} cells, but the header has {expected}");
        let name = text(Some(columns.midi_filename));
        if name.is_empty() {
            if found <= columns.midi_filename {
                table.problems.push((line.number, short));
            }
            continue;
        }
        let bpm = match cell(columns.bpm) {
            "" => None,
            number => {
                let bpm = number.replace(',', ".").parse().ok();
                let bpm = bpm.filter(|bpm: &f64| bpm.is_finite());
                if bpm.is_none() {
                    let problem = format!("a bpm of `{number}` is no number");
                    table.problems.push((line.number, problem));
                }
                bpm
            }
        };
        let split = match cell(columns.split) {
            "" if columns.split.is_some_and(|split| split >= found) => Err(short),
            "" => Ok(None),
            split => split.parse().map(Some),
        };
        let info = split.map(|split| Info {
            split,
            drummer: text(columns.drummer),
            session: text(columns.session),
            id: text(columns.id),
            style: text(columns.style),
            bpm,
            beat_type: cell(columns.beat_type).to_lowercase(),
            time_signature: text(columns.time_signature),
        });
        table.rows.push(Row {
            line: line.number,
            name,
            info,
        });
    }
    Ok(table)
}

/// One line of a table.
struct Line {
    /// Counted from 1.
    number: usize,
    divider: u8,
    cells: Vec<String>,
}

/// The lines of a table that are not empty.
fn lines(text: &str, divider: u8, quoting: bool) -> Vec<Line> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(divider)
        .quoting(quoting)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader
        .into_records()
        .map_while(Result::ok)
        .filter(|record| record.iter().any(|cell| !cell.trim().is_empty()))
        .map(|record| Line {
            number: record
                .position()
                .map_or(0, |position| position.line() as usize),
            divider,
            cells: record.iter().map(str::to_string).collect(),
        })
        .collect()
}

/// Where the columns are.
struct Columns {
    midi_filename: usize,
    split: Option<usize>,
    drummer: Option<usize>,
    session: Option<usize>,
    id: Option<usize>,
    style: Option<usize>,
    bpm: Option<usize>,
    beat_type: Option<usize>,
    time_signature: Option<usize>,
}

/// What the column may be called that names the files, in lists of other collections too.
const FILES: [&str; 7] = [
    "midifilename",
    "midifile",
    "midipath",
    "filename",
    "filepath",
    "path",
    "file",
];

/// A name of a column without what people write differently.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}

/// The place of the header and its columns. Excel may write a line about the divider (`sep=;`) first.
fn columns(lines: &[Line]) -> Option<(usize, Columns)> {
    lines.iter().take(2).enumerate().find_map(|(place, line)| {
        let names: Vec<String> = line.cells.iter().map(|cell| plain(cell)).collect();
        let column = |name: &str| names.iter().position(|cell| *cell == plain(name));
        let columns = Columns {
            midi_filename: FILES.into_iter().find_map(column)?,
            split: column("split"),
            drummer: column("drummer"),
            session: column("session"),
            id: column("id"),
            style: column("style"),
            bpm: column("bpm"),
            beat_type: column("beat_type"),
            time_signature: column("time_signature"),
        };
        Some((place, columns))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infos(text: &str) -> Vec<(String, Info)> {
        let rows = parse(text.as_bytes()).unwrap().rows.into_iter();
        rows.map(|row| (row.name, row.info.unwrap())).collect()
    }

    #[test]
    fn quotes_protect_dividers_and_lines() {
        let text =
            "midi_filename,style,split\na.mid,\"b,\"\"c\"\"\nd\",test\nb.mid,7\" single,train\n";
        let infos = infos(text);
        assert_eq!(infos[0].1.style, "b,\"c\"\nd");
        assert_eq!(infos[1].1.style, "7\" single");
        assert_eq!(infos[1].1.split, Some(Split::Train));
    }

    #[test]
    fn a_quote_without_its_fellow_swallows_no_file() {
        let text = "midi_filename,style,split\na.mid,\"rock,test\nb.mid,funk,train\nc.mid,,\n";
        let infos = infos(text);
        assert_eq!(infos.len(), 3);
        assert_eq!(infos[0].1.split, Some(Split::Test));
        assert_eq!(infos[1].1.split, Some(Split::Train));
    }

    #[test]
    fn columns_are_found_by_name_whatever_divides_them() {
        for divider in [",", ";", "\t"] {
            for end in ["\n", "\r\n", "\r"] {
                let text = "\u{feff}Split,BPM,MIDI filename,more|test,120,a/b.mid,x||,,c.mid|\
                            TRAIN,\"90,5\",d.mid,,,extra|";
                let text = text.replace("\"90,5\"", "90#5").replace(',', divider);
                let text = text.replace("90#5", "\"90,5\"").replace('|', end);
                let files = infos(&text);
                let (names, infos): (Vec<_>, Vec<_>) = files.into_iter().unzip();
                assert_eq!(names, ["a/b.mid", "c.mid", "d.mid"], "{text:?}");
                assert_eq!(infos[0].split, Some(Split::Test));
                assert_eq!(infos[0].bpm, Some(120.0));
                assert_eq!(infos[1], Info::default());
                assert_eq!(infos[2].split, Some(Split::Train));
                assert_eq!(infos[2].bpm, Some(90.5));
            }
        }
        let told = "sep=;\nsplit;midi_filename\ntest;a.mid\n";
        assert_eq!(infos(told)[0].1.split, Some(Split::Test));
    }

    #[test]
    fn a_bad_row_is_named_and_the_rest_used() {
        let text = "style,midi_filename,split,bpm\n,a.mid,train,fast\n,b.mid,trian,90\n\
                    ,c.mid,test,90\n,,,\nrock\n,d.mid\n";
        let table = parse(text.as_bytes()).unwrap();
        let short = |cells| format!("it has {cells} cells, but the header has 4");
        assert_eq!(
            table.problems,
            [(2, "a bpm of `fast` is no number".into()), (6, short(1))]
        );
        assert_eq!(table.rows.len(), 4);
        assert_eq!(table.rows[3].info, Err(short(2)));
        assert_eq!(
            table.rows[0].info.as_ref().unwrap().split,
            Some(Split::Train)
        );
        assert_eq!(table.rows[1].line, 3);
        assert_eq!(
            table.rows[1].info,
            Err("`trian` is no split; there are train, validation and test".into())
        );
        let unnamed = "there is no column `midi_filename`, which names the files";
        for (text, why) in [
            ("", "it is empty"),
            (" \n\n", "it is empty"),
            ("a,b\n", unnamed),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().says_nothing, Some(why));
        }
        let splits = parse(b"take;split\n1;test\n");
        assert_eq!(splits, Err((1, unnamed.to_string())));
    }

    #[test]
    fn lists_of_other_collections_name_their_files_otherwise() {
        for column in ["file_name", "Filename", "path", "MIDI file"] {
            let text = format!("split,{column}\ntest,a.mid\n");
            assert_eq!(infos(&text)[0].0, "a.mid", "{column}");
        }
        let spaced = "split , midi_filename\n\"test\" , \"a.mid\" \n";
        assert_eq!(infos(spaced)[0].1.split, Some(Split::Test));
        // The very name counts before others.
        let both = "path,split,midi_filename\nx.wav,test,a.mid\n";
        assert_eq!(infos(both)[0].0, "a.mid");
    }

    #[test]
    fn one_file_in_ten_is_for_validation() {
        let splits = (0..10_000).map(|i| Split::by_name(&format!("take {i}.mid")));
        let validation = splits.filter(|split| *split == Split::Validation).count();
        assert!((900..1100).contains(&validation), "{validation} of 10000");
    }
}
