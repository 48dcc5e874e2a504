//! `musicvae-tui render`: a MIDI file to a sound file, or to one a lane; and music that a command made.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::corpus::ReadingArgs;
use super::input;
use super::kind;
use super::output::note;
use super::settings::Settings;
use super::target::{Force, Rule, Target};
use crate::engine::render::{Heard, Score};
use crate::engine::{Banks, Bars, LANE_NAMES, SoundFont, SoundFontSource};
use crate::studio::playing::parse_bars;
use musicvae::music::midi_file::Read;
use musicvae::music::{Note, NoteSequence};

/// Render a MIDI file to WAV files, faster than real time: the mix, or each drum lane alone.
///
/// Notes that are not drums are played by the SoundFont's preset for their program; the built-in one has a
/// plain lead voice for all of them.
#[derive(clap::Args)]
pub struct Render {
    /// MIDI file to render, or - for standard input.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    /// WAV file to write (24 bits, stereo), or - for standard output.
    #[arg(
        short,
        long = "out",
        alias = "output",
        value_name = "OUT.wav",
        required_unless_present = "stems"
    )]
    output: Option<PathBuf>,
    /// Folder for a WAV file of each lane that plays, all of one length: kick.wav, snare.wav and so on, and
    /// notes.wav for the other notes. A closed hat damps the open one, as it does in the mix.
    #[arg(long, value_name = "FOLDER")]
    stems: Option<PathBuf>,
    /// Only these bars: 2, or 2-5.
    #[arg(long, value_name = "BARS", value_parser = bars)]
    bars: Option<Bars>,
    /// How many times to play it.
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Seconds of sound after the last bar line; 0 makes a loop [default: until it is silent; of stems
    /// 4, so that all are as long].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    tail: Option<f64>,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    reading: ReadingArgs,
    /// SoundFont (.sf2 or .sf3) to render with [default: that of the configuration, else the built-in kit].
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Drum kit within it, by its program number: of the built-in kits 0 is the studio, 25 the analog
    /// machine [default: that of the configuration, else 0].
    #[arg(long, value_name = "PROGRAM", value_parser = clap::value_parser!(u8).range(..=127))]
    kit: Option<u8>,
    /// Frames a second.
    #[arg(long, value_name = "N", default_value_t = 44_100,
        value_parser = clap::value_parser!(u32).range(16_000..=192_000))]
    rate: u32,
}

impl Render {
    /// Runs the command.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let kit = match (self.kit, &self.soundfont) {
            (Some(kit), _) => kit,
            (None, Some(_)) => 0,
            (None, None) => settings.config.soundfont.kit,
        };
        let font = self.soundfont.clone().or(configured(settings));
        let inputs = [
            Some(self.input.clone()),
            font.clone(),
            settings.file.clone(),
        ];
        let rule = self.force.reading(inputs.into_iter().flatten());
        let mix = self.output.as_ref().map(|path| rule.file(path));
        let mix = mix.transpose()?;
        if let Some(path) = &self.output {
            kind::check(path, "a sound file", "wav")?;
        }
        let Read { sequence, mended } = input::midi(&self.input, self.reading.reading())?;
        let name = input::name(&self.input);
        if !mended.is_empty() {
            note!("note: {name}: {mended}");
        }
        if sequence.notes.is_empty() {
            anyhow::bail!("{name} can't be rendered: it has no notes");
        }
        let font = open(font, &sequence)?;
        if !font.kits().iter().any(|it| it.program == kit) {
            let kits: Vec<String> = (font.kits().iter())
                .map(|kit| format!("{} ({})", kit.program, kit.name))
                .collect();
            let (font, kits) = (font.name(), kits.join(", "));
            anyhow::bail!("{font} has no kit {kit}; it has {kits}");
        }
        let asked = self.bars.is_some() || self.repeat > 1;
        let sequence = match self.bars {
            Some(bars) => excerpt(&sequence, bars).with_context(|| name.clone())?,
            None => sequence,
        };
        let sequence = match self.repeat {
            1 => sequence,
            times => repeated(&sequence, times, self.bars.is_some()),
        };
        let mut score = Score::of_notes(&sequence, self.rate).with_context(|| name.clone())?;
        if asked || self.tail.is_some() {
            score
                .lasts(sequence.total_time)
                .with_context(|| name.clone())?;
        }
        score.tail = self.tail;
        score.kit = kit;
        tell_skipped(&score);
        if let Some(folder) = &self.stems {
            write_stems(&mut score, &font, folder, &rule)?;
        }
        match mix {
            Some(target) => write(&score, Heard::All, &font, &target),
            None => Ok(()),
        }
    }
}

/// The SoundFont that commands render with where none is named.
pub(super) fn configured(settings: &Settings) -> Option<PathBuf> {
    let path = settings.config.soundfont.path.clone();
    Some(path).filter(|path| !path.as_os_str().is_empty())
}

/// The SoundFont in the file `font`, or the built-in one, made ready for what `sequence` needs.
fn open(font: Option<PathBuf>, sequence: &NoteSequence) -> anyhow::Result<SoundFont> {
    let source = font.map_or(SoundFontSource::Embedded, SoundFontSource::File);
    let drums = sequence.notes.iter().filter(|note| note.is_drum).count();
    let banks = match drums == sequence.notes.len() {
        true => Banks::Drums,
        false => Banks::All,
    };
    let font = SoundFont::load_banks(&source, banks)?;
    if drums > 0 && !font.has_drums() {
        let kits = font.kits();
        let played = kits.first().map_or("none", |kit| kit.name.as_str());
        note!(
            "note: {} holds no drum kit (bank 128): the drums are played by its preset `{played}`",
            font.name()
        );
    }
    Ok(font)
}

/// Renders music that a command made with the configured SoundFont.
pub(super) fn render(
    sequence: &NoteSequence,
    settings: &Settings,
    target: &Target,
) -> anyhow::Result<()> {
    const RATE: u32 = 44_100;
    let font = open(configured(settings), sequence)?;
    let mut score = Score::of_notes(sequence, RATE)?;
    score.lasts(sequence.total_time)?;
    score.kit = settings.config.soundfont.kit;
    tell_skipped(&score);
    write(&score, Heard::All, &font, target)
}

fn tell_skipped(score: &Score) {
    if score.skipped_notes > 0 {
        note!(
            "{} drums outside the nine lanes were left out",
            score.skipped_notes
        );
    }
}

/// Writes the sound of a score, or of a part of it.
fn write(score: &Score, heard: Heard, font: &SoundFont, target: &Target) -> anyhow::Result<()> {
    let mut frames = 0;
    target.fill(|out| {
        frames = score.write_wav(font, heard, out, &mut |_| true)?;
        Ok(())
    })?;
    let seconds = frames as f64 / f64::from(score.rate());
    let counts = [(score.strokes(), "stroke"), (score.pitched(), "note")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, noun)| match count {
        1 => format!("1 {noun}, "),
        count => format!("{count} {noun}s, "),
    });
    let counts: String = match heard {
        Heard::All => counts.collect(),
        Heard::Lane(_) | Heard::Pitched => String::new(),
    };
    let (name, font) = (target.name(), font.name());
    target.report(format_args!("{name}: {counts}{seconds:.1} s, {font}"))
}

fn write_stems(
    score: &mut Score,
    font: &SoundFont,
    folder: &Path,
    rule: &Rule,
) -> anyhow::Result<()> {
    let lanes = score.lanes().into_iter();
    let mut stems: Vec<(&str, Heard)> = lanes
        .map(|lane| (LANE_NAMES[lane.index()], Heard::Lane(lane)))
        .collect();
    if score.pitched() > 0 {
        stems.push(("notes", Heard::Pitched));
    }
    let targets = stems.iter().map(|(name, heard)| {
        let target = rule.file(&folder.join(format!("{name}.wav")))?;
        anyhow::Ok((*heard, target))
    });
    let targets = targets.collect::<anyhow::Result<Vec<_>>>()?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: can't be made", folder.display()))?;
    let tail = score.tail;
    score.tail = Some(tail.unwrap_or(STEM_TAIL));
    for (heard, target) in targets {
        write(score, heard, font, &target)?;
    }
    score.tail = tail;
    Ok(())
}

/// Bars of a piece that are looked at.
const MOST_BARS: usize = 100_000;

/// Seconds that lanes ring on where nobody says how long.
const STEM_TAIL: f64 = 4.0;

/// Parses bars: `2`, or `2-5`.
fn bars(text: &str) -> Result<Bars, String> {
    match parse_bars(text) {
        Some(Some(bars)) => Ok(bars),
        _ => Err(
            "bars are a number from 1 on, or two as in 2-5, of which the first comes first".into(),
        ),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=600.0).contains(&value) => Ok(value),
        _ => Err("a tail is a number of seconds from 0 to 600".into()),
    }
}

/// Some bars of a piece, as its own time signatures and tempos have them, from time 0 on.
fn excerpt(sequence: &NoteSequence, Bars { first, count }: Bars) -> anyhow::Result<NoteSequence> {
    let lines = bar_lines(sequence, first + count);
    let (Some(start), Some(end)) = (lines.get(first), lines.get(first + count)) else {
        anyhow::bail!("it has only {} bars", lines.len() - 1);
    };
    // A stroke is a little early now and then.
    let early = (end - start) / count as f64 / 32.0;
    let within = |note: &&Note| (start - early..end - early).contains(&note.start_time);
    let notes = sequence.notes.iter().filter(within);
    Ok(NoteSequence {
        notes: notes.map(|note| shifted(note, -start)).collect(),
        total_time: end - start,
        ..NoteSequence::default()
    })
}

pub(super) fn shifted(note: &Note, by: f64) -> Note {
    Note {
        start_time: note.start_time + by,
        end_time: note.end_time + by,
        ..note.clone()
    }
}

/// Seconds of the bar lines of a piece, the one after its end the last of them, or so many bars.
fn bar_lines(sequence: &NoteSequence, most: usize) -> Vec<f64> {
    let at = |time: f64| {
        let is_past = |start: f64| start <= time + 1e-6;
        let tempo = sequence.tempos.iter().rev().find(|it| is_past(it.time));
        let meter = sequence.time_signatures.iter();
        let meter = meter.rev().find(|it| is_past(it.time));
        let quarters = meter.map_or(4.0, |it| {
            4.0 * f64::from(it.numerator.max(1)) / f64::from(it.denominator.max(1))
        });
        (tempo.map_or(120.0, |it| it.qpm), quarters)
    };
    let mut lines = vec![0.0];
    let mut now = 0.0;
    let ends = sequence.notes.iter().map(|note| note.start_time);
    let end = ends.fold(sequence.total_time, f64::max);
    while lines.len() <= most && now < end - 1e-6 {
        let (mut qpm, mut quarters) = at(now);
        // A bar goes through the changes of tempo within it.
        while quarters > 1e-9 {
            let mut changes = sequence.tempos.iter();
            let next = changes.find(|it| it.time > now + 1e-6);
            let line = now + quarters * 60.0 / qpm;
            match next.filter(|it| it.time < line) {
                Some(change) => {
                    quarters -= (change.time - now) * qpm / 60.0;
                    (now, qpm) = (change.time, change.qpm);
                }
                None => (now, quarters) = (line, 0.0),
            }
        }
        lines.push(now);
    }
    lines
}

/// A piece so many times in a row; one that is not of whole bars yet goes to its last bar line.
fn repeated(sequence: &NoteSequence, times: u32, is_whole: bool) -> NoteSequence {
    let length = match is_whole {
        true => sequence.total_time,
        false => bar_lines(sequence, MOST_BARS)
            .last()
            .copied()
            .unwrap_or_default(),
    };
    let turn =
        |turn| (sequence.notes.iter()).map(move |note| shifted(note, f64::from(turn) * length));
    NoteSequence {
        notes: (0..times).flat_map(turn).collect(),
        total_time: f64::from(times) * length,
        ..sequence.clone()
    }
}
