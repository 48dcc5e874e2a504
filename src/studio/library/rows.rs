//! The library's index: a row for each groove, small enough to hold ten thousand in memory.

use std::collections::{HashMap, HashSet};

use crate::studio::ground::{Heard, Marks, fingerprint};
use musicvae::music::{Groove, LANES, Lane};

/// A groove of the library, as far as it is known without reading it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When it was heard, in nanoseconds since 1970, which no other groove was: what it is called by.
    pub id: u64,
    /// Where its line begins in the file.
    pub place: u64,
    pub name: String,
    pub model: String,
    /// Quarter notes a minute.
    pub tempo: f64,
    pub bars: usize,
    pub hits: usize,
    pub sketch: Sketch,
    pub fingerprint: u64,
    pub marks: Marks,
}

/// Which of the first 64 steps have a hit, by lane.
pub type Sketch = [u64; LANES];

impl Row {
    pub fn of(id: u64, place: u64, groove: &Groove, heard: &Head, marks: Marks) -> Row {
        let mut sketch = Sketch::default();
        for (step, lane, _) in groove.hits().filter(|(step, ..)| *step < 64) {
            sketch[lane.index()] |= 1 << step;
        }
        Row {
            id,
            place,
            name: heard.name.clone(),
            model: heard.model.clone(),
            tempo: heard.tempo,
            bars: groove.bars(),
            hits: groove.hits().count(),
            sketch,
            fingerprint: fingerprint(groove),
            marks,
        }
    }

    /// What it is called: by the player, or as it came.
    pub fn name(&self) -> &str {
        self.marks.name.as_deref().unwrap_or(&self.name)
    }

    /// Whether any of some lanes has a hit at a step.
    pub fn strikes(&self, lanes: &[Lane], step: usize) -> bool {
        let at = |lane: &Lane| self.sketch[lane.index()] >> step & 1 == 1;
        step < 64 && lanes.iter().any(at)
    }

    /// Whether its name, tags and model have all `words`, which are in lower case.
    fn has(&self, words: &[String]) -> bool {
        if words.is_empty() {
            return true;
        }
        let text = format!(
            "{} {} {}",
            self.name(),
            self.marks.tags.join(" "),
            self.model
        );
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    }
}

/// What a row is told of a groove besides its strokes.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub name: String,
    pub model: String,
    pub tempo: f64,
}

impl From<&Heard> for Head {
    fn from(heard: &Heard) -> Head {
        Head {
            name: heard.name.clone(),
            model: heard.model.clone(),
            tempo: heard.sound.tempo,
        }
    }
}

/// Every groove, and those that are looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// In the order in which they were heard.
    all: Vec<Row>,
    places: HashMap<u64, usize>,
    fingerprints: HashSet<u64>,
    /// The places of those that are looked for, the latest first.
    found: Vec<usize>,
    /// What is looked for.
    pub words: String,
    pub favourites: bool,
}

impl Rows {
    /// Takes rows; of one that is known already the marks.
    pub fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            match self.places.get(&row.id) {
                Some(&place) => self.all[place] = row,
                None => {
                    self.places.insert(row.id, self.all.len());
                    self.fingerprints.insert(row.fingerprint);
                    self.all.push(row);
                }
            }
        }
        // Those of an earlier time may come after those of this one.
        if !self.all.is_sorted_by_key(|row| row.id) {
            self.all.sort_by_key(|row| row.id);
            let places = self.all.iter().enumerate();
            self.places = places.map(|(place, row)| (row.id, place)).collect();
        }
        self.look();
    }

    pub fn mark(&mut self, id: u64, marks: Marks) {
        if let Some(&place) = self.places.get(&id) {
            self.all[place].marks = marks;
        }
        self.look();
    }

    /// Looks for the words, among the favourites where that is asked for.
    pub fn look(&mut self) {
        let words: Vec<String> = self
            .words
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let wanted = |row: &Row| (!self.favourites || row.marks.favourite) && row.has(&words);
        let all = self.all.iter().enumerate().rev();
        self.found = all
            .filter(|(_, row)| wanted(row))
            .map(|(place, _)| place)
            .collect();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many are found.
    pub fn found(&self) -> usize {
        self.found.len()
    }

    /// A line of what is found.
    pub fn line(&self, line: usize) -> Option<&Row> {
        self.all.get(*self.found.get(line)?)
    }

    /// The line of a groove among what is found.
    pub fn line_of(&self, id: u64) -> Option<usize> {
        let place = self.places.get(&id)?;
        self.found.iter().position(|found| found == place)
    }

    /// The latest row of a groove that sounds like this one.
    pub fn like(&self, print: u64) -> Option<&Row> {
        if !self.fingerprints.contains(&print) {
            return None;
        }
        self.all.iter().rev().find(|row| row.fingerprint == print)
    }
}
