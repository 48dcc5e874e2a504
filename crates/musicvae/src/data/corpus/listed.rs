//! The takes of a corpus, each with what the lists among them say.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use unicode_normalization::UnicodeNormalization as _;

use super::Entry;
use super::takes::{Takes, stem};
use crate::data::info::{self, Row};
use crate::data::{DataError, Info, Skipped};

/// The entries of a corpus.
pub(super) struct Listed {
    pub entries: Vec<Entry>,
    pub warnings: Vec<String>,
    /// Takes whose row can't be read.
    pub skipped: Vec<Skipped>,
}

/// The MIDI files that were found, each with what the nearest `info.csv` above it says; and the
/// warnings about the lists, which are given by name with their bytes.
pub(super) fn describe(
    root: &Path,
    takes: &Takes,
    lists: &[(&str, Vec<u8>)],
) -> Result<Listed, DataError> {
    let mut warnings = Vec::new();
    let mut infos: BTreeMap<&str, Result<Info, String>> = BTreeMap::new();
    let mut lists: Vec<_> = lists.iter().collect();
    // The list nearest to a file decides.
    lists.sort_by_key(|(name, _)| name.matches('/').count());
    for (list, bytes) in lists {
        let path = root.join(list);
        let table = info::parse(bytes).map_err(|(line, problem)| DataError::Info {
            path: path.clone(),
            line,
            problem,
        })?;
        if let Some(why) = table.says_nothing {
            warnings.push(format!(
                "`{}` says nothing of the files: {why}",
                path.display()
            ));
        }
        let folder = &list[..list.len() - "info.csv".len()];
        let names = Names::of(folder, takes);
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        let all = table.rows.len();
        let mut problems = table.problems;
        for Row { line, name, info } in table.rows {
            let Some(file) = names.find(&name) else {
                missing.push((name, info.ok().and_then(|info| info.split)));
                continue;
            };
            if let Err(problem) = &info {
                problems.push((line, problem.clone()));
            }
            let info = info.map_err(|problem| format!("line {line} of its info.csv: {problem}"));
            match found.get(file) {
                None => {
                    found.insert(file, info);
                }
                Some(before) if *before == info => {}
                Some(_) => problems.push((line, format!("`{name}` is listed twice"))),
            }
        }
        let unlisted = names.count - found.len();
        infos.extend(found);
        warnings.extend(said_of_rows(&path, problems));
        warnings.extend(said_of_missing(&path, all, missing));
        if unlisted > 0 && table.has_splits {
            let files = match unlisted {
                1 => "1 MIDI file is".into(),
                count => format!("{count} MIDI files are"),
            };
            warnings.push(format!(
                "{files} not listed in `{}`; such files go into a split by their name",
                path.display()
            ));
        }
    }
    let mut entries = Vec::new();
    let mut skipped = Vec::new();
    for name in takes.midi.keys() {
        let file = name.clone();
        match infos.remove(name.as_str()) {
            Some(Err(reason)) => skipped.push(Skipped { file, reason }),
            info => entries.push(Entry {
                name: file,
                info: info.and_then(Result::ok),
            }),
        }
    }
    Ok(Listed {
        entries,
        warnings,
        skipped,
    })
}

/// The rows that can't be read, the first ones by name.
fn said_of_rows(path: &Path, mut problems: Vec<(usize, String)>) -> Option<String> {
    /// Rows that are named.
    const SHOWN: usize = 3;
    problems.sort();
    let shown: Vec<String> = problems
        .iter()
        .take(SHOWN)
        .map(|(line, problem)| format!("line {line}: {problem}"))
        .collect();
    let more = match problems.len().checked_sub(SHOWN) {
        None | Some(0) => String::new(),
        Some(more) => format!("; and {more} more"),
    };
    let rows = match problems.len() {
        0 => return None,
        1 => "a row of".to_string(),
        count => format!("{count} rows of"),
    };
    let (path, shown) = (path.display(), shown.join("; "));
    Some(format!("{rows} `{path}` can't be used ({shown}{more})"))
}

fn said_of_missing(
    path: &Path,
    all: usize,
    missing: Vec<(String, Option<crate::data::Split>)>,
) -> Option<String> {
    let first = missing.iter().map(|(name, _)| name).min()?;
    let mut splits: BTreeMap<String, usize> = BTreeMap::new();
    for (_, split) in &missing {
        let split = split.map_or("no split".to_string(), |split| split.to_string());
        *splits.entry(split).or_default() += 1;
    }
    let splits: Vec<_> = splits
        .iter()
        .map(|(split, count)| format!("{count} {split}"))
        .collect();
    Some(format!(
        "`{}` lists {all} MIDI files; missing: {} ({}; the first is `{first}`); going on without \
         them",
        path.display(),
        missing.len(),
        splits.join(", "),
    ))
}

/// The names of the takes under a folder, as a list may spell them.
struct Names<'a> {
    exact: HashMap<&'a str, &'a str>,
    /// By their [`key`]; `None` where several have one.
    keys: HashMap<String, Option<&'a str>>,
    /// By the key without the ending; `None` where several have one.
    stems: HashMap<String, Option<&'a str>>,
    /// By the key of the file name alone.
    bases: HashMap<String, Vec<(String, &'a str)>>,
    /// Takes under the folder.
    count: usize,
}

impl<'a> Names<'a> {
    fn of(folder: &str, takes: &'a Takes) -> Names<'a> {
        let own = takes.midi.keys().map(|name| (name, name));
        let aliases = takes.aliases.iter().map(|(alias, name)| (alias, name));
        let mut names = Names {
            exact: HashMap::new(),
            keys: HashMap::new(),
            stems: HashMap::new(),
            bases: HashMap::new(),
            count: 0,
        };
        for (called, name) in own.chain(aliases) {
            let Some(called_here) = called.strip_prefix(folder) else {
                continue;
            };
            names.count += usize::from(called == name);
            names.exact.insert(called_here, name);
            let key = key(called_here);
            let keys = names.keys.entry(key.clone());
            let stems = names.stems.entry(stem(&key).to_string());
            for entry in [keys.or_insert(Some(name)), stems.or_insert(Some(name))] {
                if entry.is_some_and(|other| other != name) {
                    *entry = None;
                }
            }
            let base = base(&key).to_string();
            names.bases.entry(base).or_default().push((key, name));
        }
        names
    }

    /// The take that a list calls `name`: the very name; or one that differs in letter case, in how
    /// accents are written, or in the signs between folders; or one with another ending, or none; or one
    /// that has more or fewer folders before it, where there is only one.
    fn find(&self, name: &str) -> Option<&'a str> {
        if let Some(name) = self.exact.get(name) {
            return Some(name);
        }
        let wanted = key(name);
        let same = self.keys.get(&wanted);
        if let Some(found) = same.or_else(|| self.stems.get(stem(&wanted))) {
            return *found;
        }
        let ends_with = |long: &str, short: &str| {
            let before = long.strip_suffix(short);
            before.is_some_and(|before| before.ends_with('/'))
        };
        let alike = self.bases.get(base(&wanted))?;
        let mut alike = alike
            .iter()
            .filter(|(key, _)| ends_with(key, &wanted) || ends_with(&wanted, key))
            .map(|(_, name)| *name);
        let first = alike.next()?;
        alike.all(|name| name == first).then_some(first)
    }
}

/// A name as no system tells it from another: composed accents, small letters, `/` between folders.
fn key(name: &str) -> String {
    let name = name.nfc().collect::<String>().to_lowercase();
    let name = name.replace('\\', "/");
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

fn base(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}
