//! The form of the next training run: what is typed, and the remark on it while it is typed. Workers
//! look at the disk; the form remembers what they found, and where.

use std::path::{Path, PathBuf};

use crate::studio::ground::{Named, config};
use crate::typed_path::typed_path;
use musicvae::model::{DeviceChoice, Preset};

/// A row of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Preset,
    Data,
    Folder,
    /// The checkpoint whose weights it begins with.
    From,
    Steps,
    Batch,
    /// Share of grooves that are varied each time they are seen.
    Varying,
    /// What computes.
    Device,
}

/// The remark on a row, or why the row makes no sense.
pub type Remark = Result<String, String>;

/// What is typed, a text a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    texts: [String; Field::ALL.len()],
    /// Number of the row with the cursor.
    pub selected: usize,
    /// What was found last, and where.
    seen: Vec<(Named, PathBuf, Remark)>,
}

impl Field {
    pub const ALL: [Field; 8] = [
        Field::Preset,
        Field::Data,
        Field::Folder,
        Field::From,
        Field::Steps,
        Field::Batch,
        Field::Varying,
        Field::Device,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Field::Preset => "preset",
            Field::Data => "data",
            Field::Folder => "folder",
            Field::From => "start from",
            Field::Steps => "steps",
            Field::Batch => "batch",
            Field::Varying => "vary",
            Field::Device => "device",
        }
    }

    /// What on the machine it names.
    fn names(self) -> Option<Named> {
        match self {
            Field::Preset => Some(Named::Preset),
            Field::Data => Some(Named::Corpus),
            Field::Folder => Some(Named::RunFolder),
            Field::From => Some(Named::Checkpoint),
            Field::Device => Some(Named::Device),
            Field::Steps | Field::Batch | Field::Varying => None,
        }
    }
}

impl Form {
    /// Filled in as the next run would be.
    pub fn of(settings: &config::Training, device: DeviceChoice) -> Form {
        let path = |path: &Path| path.display().to_string();
        Form {
            texts: [
                settings.preset.clone(),
                path(&settings.data),
                path(&settings.out),
                path(&settings.from),
                settings.steps.to_string(),
                settings.batch.to_string(),
                format!("{:.0} %", settings.varying * 100.0),
                device.to_string(),
            ],
            // Most often it is the data that is still to be named.
            selected: usize::from(settings.data.as_os_str().is_empty()),
            seen: Vec::new(),
        }
    }

    pub fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    /// The row with the cursor.
    pub fn field(&self) -> Field {
        Field::ALL[self.selected.min(Field::ALL.len() - 1)]
    }

    pub fn move_by(&mut self, by: isize) {
        let rows = Field::ALL.len() as isize;
        self.selected = (self.selected as isize + by).rem_euclid(rows) as usize;
    }

    pub fn type_character(&mut self, character: char) {
        self.texts[self.field() as usize].push(character);
    }

    pub fn erase(&mut self) {
        self.texts[self.field() as usize].pop();
    }

    /// Erases all of the row.
    pub fn erase_all(&mut self) {
        self.texts[self.field() as usize].clear();
    }

    /// The next or previous value of the row: a number, or one of the `checkpoints` that there are.
    pub fn turn(&mut self, by: isize, checkpoints: &[String]) {
        let number = |value: Option<f64>, low: f64, high: f64| match value {
            Some(value) => format!("{:.0}", value.clamp(low, high)),
            None => format!("{low:.0}"),
        };
        let text = self.text(self.field());
        let value = text.trim_end_matches([' ', '%']).parse::<f64>().ok();
        let more = by as f64;
        let turned = match self.field() {
            Field::Preset => {
                let names: Vec<String> = Preset::all().into_iter().map(|it| it.name).collect();
                next_of(&names, text, by)
            }
            Field::From => {
                let none = std::iter::once(String::new());
                let names: Vec<String> = none.chain(checkpoints.iter().cloned()).collect();
                next_of(&names, text, by)
            }
            Field::Steps => number(value.map(|it| it + 1000.0 * more), 1.0, STEPS),
            Field::Batch => number(value.map(|it| it * 2_f64.powf(more)), 1.0, BATCH),
            Field::Varying => number(value.map(|it| it + 10.0 * more), 0.0, 100.0) + " %",
            Field::Device => {
                let (found, _) = DeviceChoice::list();
                let names: Vec<String> = found.iter().map(DeviceChoice::to_string).collect();
                next_of(&names, text, by)
            }
            Field::Data | Field::Folder => return,
        };
        self.texts[self.field() as usize] = turned;
    }

    /// What is to be looked at on the disk for a row; nothing where the row names none, or nothing, or
    /// a preset that is built in.
    pub fn place(&self, field: Field) -> Option<(Named, PathBuf)> {
        let named = field.names()?;
        let text = self.text(field).trim();
        let built_in = named == Named::Preset && Preset::by_name(text).is_some();
        let path = || match named {
            Named::Device => (named, text.into()),
            _ => (named, typed_path(Path::new(text))),
        };
        (!text.is_empty() && !built_in).then(path)
    }

    /// Takes note of what was found at a place.
    pub fn receive(&mut self, named: Named, path: PathBuf, found: Remark) {
        self.seen.retain(|(kind, ..)| *kind != named);
        self.seen.push((named, path, found));
    }

    /// The remark on a row.
    pub fn remark(&self, field: Field) -> Remark {
        let text = self.text(field).trim();
        if let Some((named, path)) = self.place(field) {
            let seen = self.seen.iter();
            let found = seen.filter(|(kind, at, _)| (*kind, at) == (named, &path));
            let found = found.map(|(.., found)| found.clone()).next();
            return found.unwrap_or_else(|| Ok("looking there".into()));
        }
        match field {
            Field::Preset => match Preset::by_name(text) {
                Some(preset) => {
                    let makes = preset.representation.makes();
                    Ok(format!("{makes}, {} bars", preset.bars))
                }
                None => Err("name a preset: left and right go through those built in".into()),
            },
            Field::Data => Err("name a folder or zip of MIDI files, or a TFRecord".into()),
            Field::Folder => Err("name a folder for the checkpoints and the log".into()),
            Field::From => Ok("random weights".into()),
            Field::Steps => number(text, STEPS).map(|_| "optimizer steps in all".to_string()),
            Field::Batch => number(text, BATCH).map(|_| "examples a step".to_string()),
            Field::Varying => share(text).map(|share| match share {
                0.0 => "every groove as it is".to_string(),
                _ => "of the grooves are varied each time they are seen".to_string(),
            }),
            Field::Device => {
                Err("name a device: left and right go through those that are here".into())
            }
        }
    }

    /// The settings as they are typed, and the device.
    ///
    /// # Errors
    /// The first row that makes no sense, and why.
    pub fn settings(
        &self,
        before: &config::Training,
    ) -> Result<(config::Training, DeviceChoice), (Field, String)> {
        for field in Field::ALL {
            self.remark(field).map_err(|reason| (field, reason))?;
        }
        let wrong = |field| move |reason| (field, reason);
        let path = |field| self.place(field).map(|(_, path)| path).unwrap_or_default();
        let steps = number(self.text(Field::Steps), STEPS).map_err(wrong(Field::Steps))?;
        let batch = number(self.text(Field::Batch), BATCH).map_err(wrong(Field::Batch))?;
        let device = self.text(Field::Device).trim().parse();
        let device = device.map_err(wrong(Field::Device))?;
        let settings = config::Training {
            preset: self.text(Field::Preset).trim().into(),
            data: path(Field::Data),
            out: path(Field::Folder),
            from: path(Field::From),
            steps,
            batch: batch as usize,
            varying: share(self.text(Field::Varying)).map_err(wrong(Field::Varying))?,
            ..before.clone()
        };
        Ok((settings, device))
    }
}

/// Most steps and most examples a step, as in the configuration.
const STEPS: f64 = 1e9;
const BATCH: f64 = 4096.0;

fn number(text: &str, most: f64) -> Result<u64, String> {
    match text.trim().parse::<u64>() {
        Ok(number) if number >= 1 && number as f64 <= most => Ok(number),
        _ => Err(format!("it takes a whole number of 1 to {most:.0}")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let percent = text.trim().trim_end_matches('%').trim().parse::<f64>();
    match percent {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("it takes 0 to 100 %".into()),
    }
}

/// The one after `present` (or before it, around), or the first.
fn next_of(names: &[String], present: &str, by: isize) -> String {
    let count = names.len().max(1) as isize;
    let at = names.iter().position(|name| name == present.trim());
    let next = at.map_or(0, |at| (at as isize + by).rem_euclid(count));
    names.get(next as usize).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(form: &mut Form, field: Field, text: &str) {
        form.selected = field as usize;
        while !form.text(field).is_empty() {
            form.erase();
        }
        text.chars().for_each(|it| form.type_character(it));
    }

    #[test]
    fn a_form_is_what_it_was_filled_in_with() {
        let settings = config::Training {
            data: "/grooves".into(),
            out: "run".into(),
            varying: 0.5,
            from: "embedded/humanize".into(),
            ..config::Training::default()
        };
        let form = Form::of(&settings, DeviceChoice::Auto);
        let expected = Ok((settings.clone(), DeviceChoice::Auto));
        assert_eq!(form.settings(&settings), expected);
        assert_eq!(form.field(), Field::Preset);
        let empty = Form::of(&config::Training::default(), DeviceChoice::Cpu);
        assert_eq!(empty.field(), Field::Data);
    }

    #[test]
    fn what_makes_no_sense_is_said_in_its_row() {
        let settings = config::Training {
            data: "/grooves".into(),
            out: "run".into(),
            ..config::Training::default()
        };
        for (field, text, reason) in [
            (Field::Preset, "", "name a preset"),
            (Field::Data, "", "name a folder or zip"),
            (Field::Folder, " ", "name a folder for"),
            (Field::Steps, "0", "a whole number of 1 to 1000000000"),
            (Field::Steps, "many", "a whole number"),
            (Field::Batch, "5000", "a whole number of 1 to 4096"),
            (Field::Varying, "101 %", "0 to 100 %"),
            (Field::Device, "", "name a device"),
            (Field::Device, "abacus", "abacus"),
        ] {
            let mut form = Form::of(&settings, DeviceChoice::Cpu);
            typed(&mut form, field, text);
            let (wrong, said) = form.settings(&settings).unwrap_err();
            assert_eq!(wrong, field, "{text}");
            assert!(said.contains(reason), "{said}");
        }
        // What is found on the disk counts while it is still what is typed.
        let mut form = Form::of(&settings, DeviceChoice::Cpu);
        assert_eq!(form.remark(Field::Data), Ok("looking there".into()));
        let gone = || Err("it is not there".to_string());
        form.receive(Named::Corpus, "/grooves".into(), gone());
        assert_eq!(form.remark(Field::Data), gone());
        typed(&mut form, Field::Data, "/other");
        assert_eq!(form.remark(Field::Data), Ok("looking there".into()));
    }

    #[test]
    fn a_dropped_folder_is_meant_without_its_quotes_and_backslashes() {
        for text in ["\"my drums\"", "'my drums'", "my\\ drums", " my drums "] {
            let mut form = Form::of(&config::Training::default(), DeviceChoice::Cpu);
            typed(&mut form, Field::Data, text);
            let place = form.place(Field::Data);
            assert_eq!(place, Some((Named::Corpus, "my drums".into())), "{text}");
        }
    }

    #[test]
    fn values_are_turned_by_key() {
        let next = config::Config::default().next_run();
        let mut form = Form::of(&next, DeviceChoice::Cpu);
        let mut turned = |field, by| {
            form.selected = field as usize;
            form.turn(by, &["embedded".into(), "mine/best".into()]);
            form.text(field).to_string()
        };
        assert_eq!(turned(Field::Steps, 1), "3000");
        assert_eq!(turned(Field::Batch, -1), "32");
        assert_eq!(turned(Field::Varying, 1), "60 %");
        assert_eq!(turned(Field::Varying, -7), "0 %");
        assert_eq!(turned(Field::From, 1), "mine/best");
        assert_eq!(turned(Field::From, 1), "");
        assert_ne!(turned(Field::Preset, 1), "groovae_4bar_strokes");
        assert_eq!(turned(Field::Preset, -1), "groovae_4bar_strokes");
        assert_eq!(turned(Field::Data, 1), "");
        assert_eq!(turned(Field::Device, -1), "auto");
        assert_eq!(turned(Field::Device, 1), "cpu");
    }
}
