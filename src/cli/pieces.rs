//! Pieces of music as files: what the commands read for a drummer, and what they write from it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::UsageError;
use super::input;
use super::kind;
use super::output::{note, say};
use super::pace::Pace;
use super::render;
use super::settings::Settings;
use super::target::{Force, Rule, Target};
use crate::engine::{DrumMap, Mapped};
use musicvae::Drummer;
use musicvae::data::{GrooveConverter, Report, Window};
use musicvae::music::{Grid, Groove, NoteSequence, Reading, Step, midi_file};

/// Music for a model.
pub struct Heard {
    pub windows: Vec<Window>,
    /// Bars at the end of the last window that the file does not have. There the window's music goes round:
    /// of a window that is mostly silent a model makes silence.
    pub added_bars: usize,
}

/// The windows of a MIDI file that the drummer takes; says what it does not take.
pub fn read(drummer: &Drummer, path: &Path) -> anyhow::Result<Heard> {
    let read = input::midi(path, drummer.converter().reading)?;
    let name = input::name(path);
    let mut converted = drummer
        .windows(&read.sequence)
        .map_err(|reason| anyhow::anyhow!("{name} has no usable window: {reason}"))?;
    let report = Report::of_file(&name, &read.mended, &converted);
    for line in report.lines(true) {
        note!("note: {line}");
    }
    if Pace::of(&read.sequence).is_some() {
        note!(
            "note: {name} changes its tempo: each of its windows has one, at which it takes as long"
        );
    }
    let in_triplets = |window: &&Window| match window {
        Window::Groove(groove) => groove.likely_grid() == Grid::Triplets,
        _ => false,
    };
    let (all, count) = (&converted.windows, converted.windows.len());
    match all.iter().filter(in_triplets).count() {
        0 => {}
        some => note!(
            "note: {name}: {some} of {count} windows lie on triplets, which the model has not learned: it is shown the \
             nearest sixteenths, early or late by a third"
        ),
    }
    let mut added_bars = 0;
    if let Some(Window::Groove(last)) = converted.windows.last_mut() {
        let is_silent = |bar: &&[Step]| bar.iter().flatten().all(Option::is_none);
        let bars = last.steps.chunks(last.steps_per_bar()).rev();
        let silent = bars.take_while(is_silent).count();
        // What is silent in a file may be more, and bars may have been added to other windows too.
        added_bars = silent
            .min(converted.left_out.silent_bars)
            .min(last.bars().saturating_sub(1));
        let music = (last.bars() - added_bars) * last.steps_per_bar();
        let round = last.steps[..music].iter().copied().cycle();
        last.steps = round.take(last.steps.len()).collect();
    }
    Ok(Heard {
        windows: converted.windows,
        added_bars,
    })
}

/// All bars of drums in a MIDI file as one groove, and how fast they go where that changes; says what is
/// left out.
pub fn whole(path: &Path, reading: Reading) -> anyhow::Result<(Groove, Option<Pace>)> {
    let read = input::midi(path, reading)?;
    let name = input::name(path);
    let mut converted = GrooveConverter::whole(&read.sequence, reading)
        .map_err(|reason| anyhow::anyhow!("{name} has no usable drums: {reason}"))?;
    let report = Report::of_file(&name, &read.mended, &converted);
    for line in report.lines(true) {
        note!("note: {line}");
    }
    Ok((converted.windows.remove(0), Pace::of(&read.sequence)))
}

/// Endings of MIDI files.
const MIDI: [&str; 2] = ["mid", "midi"];

/// Pieces that a command makes at a time: all of them are held in memory.
pub const MOST_PIECES: i64 = 10_000;

/// Where pieces are written, and how.
#[derive(Args)]
pub struct OutArgs {
    /// A `.mid` file or - for standard output, which take one piece, or windows of one piece of music
    /// one after the other; or a folder, where each piece becomes a file with the next free number.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Drum map of the machine that will play it (a name that `maps` lists, or a .toml file), in place
    /// of General MIDI. Other programs may not recognize the drums in such a file.
    #[arg(long, value_name = "MAP")]
    map: Option<String>,
    /// Also render it to this WAV file, one piece after the other, with the configured SoundFont or the
    /// built-in one (melodies by a plain lead voice).
    #[arg(long, value_name = "FILE.wav")]
    render: Option<PathBuf>,
}

/// A place for pieces of music that may be written.
pub struct Score<'a> {
    place: Place,
    map: Option<DrumMap>,
    sound: Option<Target>,
    settings: &'a Settings,
}

enum Place {
    One(Target),
    Numbered(PathBuf, Rule),
}

/// A MIDI file, and how much of the music it could not hold.
struct File {
    bytes: Vec<u8>,
    /// Hits before the start that were moved onto it.
    clamped: usize,
    /// Strokes that the machine has no voice for.
    silent: usize,
}

impl OutArgs {
    /// Where the pieces of a command that reads `inputs` go.
    pub fn score<'a>(
        &self,
        settings: &'a Settings,
        inputs: impl IntoIterator<Item = PathBuf>,
    ) -> anyhow::Result<Score<'a>> {
        let map = self.map.as_deref().map(|name| settings.drum_map(name));
        let map = map.transpose().map_err(UsageError)?;
        let inputs = inputs.into_iter().chain(settings.file.clone());
        let rule = self.force.reading(inputs);
        if !self.out.is_dir() && kind::is_another(&self.out, &MIDI) {
            let out = self.out.display();
            return Err(UsageError(format!(
                "{out} is no place for MIDI files: name a file that ends in .mid, or a folder"
            ))
            .into());
        }
        if let Some(path) = &self.render {
            kind::check(path, "a sound file", "wav")?;
            if input::is_standard(path) && input::is_standard(&self.out) {
                let fault =
                    "both MIDI and sound would go to standard output: name a file for one of them";
                return Err(UsageError(fault.into()).into());
            }
        }
        let sound = self
            .render
            .as_ref()
            .map(|path| rule.file(path)?.in_its_folder());
        let sound = sound.transpose()?;
        let place = match self.names_a_file() {
            true => Place::One(rule.file(&self.out)?.in_its_folder()?),
            false => Place::Numbered(self.out.clone(), rule),
        };
        Ok(Score {
            place,
            map,
            sound,
            settings,
        })
    }

    /// Whether all goes into one file.
    fn names_a_file(&self) -> bool {
        // A device or a pipe takes what comes.
        let there = self.out.metadata();
        let is_stream = there.is_ok_and(|about| !about.is_dir() && !about.is_file());
        is_stream || kind::has_ending(&self.out, &MIDI) || input::is_standard(&self.out)
    }

    /// A usage error when `count` pieces that belong to nothing together would go into one file.
    pub fn check_room(&self, count: usize) -> Result<(), UsageError> {
        if count > 1 && self.names_a_file() {
            let out = self.out.display();
            return Err(UsageError(format!(
                "{count} pieces need a folder, but {out} is one file"
            )));
        }
        Ok(())
    }
}

impl Score<'_> {
    /// Writes windows: one after the other into one file, or each into a file of its own.
    pub fn write(&self, drummer: &Drummer, windows: &[Window]) -> anyhow::Result<()> {
        let row = drummer.in_a_row(windows);
        let sequences = match &self.place {
            Place::One(_) => std::slice::from_ref(&row),
            Place::Numbered(..) => &windows
                .iter()
                .map(Window::to_note_sequence)
                .collect::<Vec<_>>()[..],
        };
        self.write_each(drummer.preset().representation.noun(), sequences)?;
        self.sound(&row)
    }

    /// Writes grooves, each into a file of its own: where one file was named, the first.
    pub fn write_grooves(&self, grooves: &[Groove], pace: Option<&Pace>) -> anyhow::Result<()> {
        let played = |groove: &Groove| match pace {
            Some(pace) => pace.played(groove),
            None => groove.to_note_sequence(),
        };
        let sequences: Vec<_> = grooves.iter().map(played).collect();
        self.write_each("groove", &sequences)?;
        let mut row = NoteSequence::default();
        for sequence in sequences {
            let start = row.total_time;
            let notes = sequence.notes.iter();
            row.notes
                .extend(notes.map(|note| render::shifted(note, start)));
            row.total_time = start + sequence.total_time;
        }
        self.sound(&row)
    }

    /// Renders what was written, where that was asked for.
    fn sound(&self, row: &NoteSequence) -> anyhow::Result<()> {
        match &self.sound {
            Some(target) => render::render(row, self.settings, target),
            None => Ok(()),
        }
    }

    fn write_each(&self, noun: &'static str, sequences: &[NoteSequence]) -> anyhow::Result<()> {
        match &self.place {
            Place::One(target) => {
                let Some(sequence) = sequences.first() else {
                    return Ok(());
                };
                let file = self.encoded(sequence)?;
                target.write(&file.bytes)?;
                self.remark(&[file], &target.name());
                target.say_path()
            }
            Place::Numbered(folder, rule) => {
                let mut files = rule.numbered(folder, noun, "mid", sequences.len())?;
                let mut written = Vec::with_capacity(sequences.len());
                for sequence in sequences {
                    let file = self.encoded(sequence)?;
                    let path = files.write(&file.bytes)?;
                    written.push(File {
                        bytes: Vec::new(),
                        ..file
                    });
                    say!("{}", path.display())?;
                }
                self.remark(&written, &folder.display().to_string());
                Ok(())
            }
        }
    }

    fn encoded(&self, sequence: &NoteSequence) -> anyhow::Result<File> {
        let midi_file::Encoded { bytes, clamped } = midi_file::encode(sequence)?;
        let Some(map) = &self.map else {
            let silent = 0;
            return Ok(File {
                bytes,
                clamped,
                silent,
            });
        };
        let Mapped { bytes, silent } = map.written(&bytes)?;
        Ok(File {
            bytes,
            clamped,
            silent,
        })
    }

    /// Says what `files` could not hold, of all together: most new grooves begin a little early.
    fn remark(&self, files: &[File], place: &str) {
        let told = |lost: fn(&File) -> usize| {
            let hits: usize = files.iter().map(lost).sum();
            let hit = match hits {
                0 => return None,
                1 => "1 hit was".to_string(),
                hits => format!("{hits} hits were"),
            };
            let name = match files.iter().filter(|file| lost(file) > 0).count() {
                _ if files.len() == 1 => place.to_string(),
                1 => format!("1 file in {place}"),
                count => format!("{count} files in {place}"),
            };
            Some((hit, name))
        };
        if let Some((hits, name)) = told(|file| file.clamped) {
            note!("note: {hits} moved onto beat 1 of {name}: a file can't begin earlier");
        }
        if let Some(map) = &self.map
            && let Some((hits, name)) = told(|file| file.silent)
        {
            let map = &map.name;
            note!("note: {hits} left out of {name}, because {map} has no voice for them");
        }
    }
}
