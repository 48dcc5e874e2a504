//! Writing what is heard to a MIDI file or to sound files: the groove, or the chain as a song, with the
//! tempo, the swing, the amounts, the bars that go round, the levels and mutes and the drum map or
//! SoundFont that it is played with. (A slot keeps a groove as it stands on the grid, and none of
//! these.) It uses the ground only.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::ground::{Effect, Ground, Overlay, Paper, Turn, counted, in_words};
use crate::engine::range::{DYNAMICS, SWING, TIMING};
use crate::engine::render::{Heard, LONGEST, Score};
use crate::engine::{
    ChainLink, DrumMap, LANE_NAMES, Mapped, Song, SoundFont, SoundFontSource, Sync,
};
use musicvae::music::midi_file::{self, Layout};
use musicvae::music::{Groove, InPieces, LANES, Lane, When, write_new_file};

/// Most passes that are written at once.
const MOST_PASSES: u32 = 64;

/// What a player can do with files of grooves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Writes what is heard to a MIDI file: one pass, as it is played from the top.
    Export,
    /// As many passes as it takes until the conditions of all steps come round.
    ExportPasses,
    /// What else can be written of it.
    ShowExports,
    /// Gives up the sound that is being written.
    StopExport,
}

/// What can be written of what is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Midi(Layout),
    /// Sound, all lanes together.
    Mix,
    /// Sound, a file a lane.
    Stems,
}

impl Form {
    /// In the order of the list on screen.
    pub const ALL: [Form; 5] = [
        Form::Midi(Layout::Drums),
        Form::Midi(Layout::OneTrack),
        Form::Midi(Layout::Lanes),
        Form::Mix,
        Form::Stems,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Form::Midi(Layout::Drums) => "MIDI file, drums in one track (type 1)",
            Form::Midi(Layout::OneTrack) => "MIDI file, everything in one track (type 0)",
            Form::Midi(Layout::Lanes) => "MIDI file, a track a lane (type 1)",
            Form::Mix => "WAV file, the mix (24 bits, 44,100 Hz)",
            Form::Stems => "WAV files, one a lane",
        }
    }
}

/// The sound that is being written.
#[derive(Debug, Default)]
pub struct Export {
    /// How far it is, 0 to 1; `None` while none is written.
    pub share: Option<f32>,
    /// It is to be given up.
    stopping: bool,
}

/// A file, and what of the music it could not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    /// Hits before the first beat that were moved onto it.
    pub clamped: usize,
    /// Strokes that the machine has no voice for.
    pub silent: usize,
}

/// Why there is nothing to be written, in one sentence.
fn nothing_heard(ground: &Ground) -> Option<String> {
    let song = heard(ground);
    let playing = playing_lanes(&song);
    let hours = song.seconds() / 3600.0;
    let most = LONGEST / 3600.0;
    let reason = if playing.is_empty() && ground.chain.is_some() {
        "The chain is silent.".into()
    } else if playing.is_empty() {
        "The groove is silent.".into()
    } else if playing.iter().all(|lane| song.levels[lane.index()] == 0.0) {
        "Every lane that plays is muted.".into()
    } else if hours > most {
        format!("The song lasts {hours:.1} hours, and a file {most} at most: repeat less of it.")
    } else {
        return None;
    };
    Some(reason)
}

impl Export {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ShowExports => None,
            Action::Export | Action::ExportPasses => nothing_heard(ground),
            Action::StopExport => {
                (self.share.is_none()).then(|| "No sound is being written.".into())
            }
        }
    }

    pub fn apply(&mut self, action: Action, map: &DrumMap, ground: &mut Ground) {
        match action {
            Action::ShowExports => ground.screen.overlay = Some(Overlay::Exports { selected: 0 }),
            Action::Export => write_as(Form::Midi(Layout::Drums), heard(ground), map, ground),
            Action::ExportPasses => {
                let mut song = heard(ground);
                if let (None, [only]) = (&ground.chain, &mut song.links[..]) {
                    only.repeats = passes(&only.groove, &song.lane_steps);
                }
                write_as(Form::Midi(Layout::Drums), song, map, ground);
            }
            Action::StopExport => {
                self.stopping = true;
                ground.ask(Effect::StopRendering);
            }
        }
    }

    /// Writes what is under the cursor of the list.
    pub fn write_selected(&mut self, map: &DrumMap, ground: &mut Ground) {
        let Some(Overlay::Exports { selected }) = ground.screen.overlay else {
            return;
        };
        let form = Form::ALL[selected.min(Form::ALL.len() - 1)];
        if let Some(reason) = nothing_heard(ground) {
            return ground.complain(reason);
        }
        if !matches!(form, Form::Midi(_)) {
            if self.share.is_some() {
                return ground.complain("Another sound is still being written: wait, or stop it.");
            }
            self.share = Some(0.0);
        }
        write_as(form, heard(ground), map, ground);
    }

    /// Says where the sound is, or what went wrong; nothing is rendered any more.
    pub fn receive(&mut self, written: Result<(Written, String), String>, ground: &mut Ground) {
        self.share = None;
        match (written, std::mem::take(&mut self.stopping)) {
            (Ok((file, about)), _) => receive(&file, &about, ground),
            (Err(_), true) => ground.say("The export was stopped: nothing was written."),
            (Err(reason), false) => ground.complain(format!("{reason}.")),
        }
    }
}

fn write_as(form: Form, song: Song, map: &DrumMap, ground: &mut Ground) {
    let name = match ground.chain {
        Some(_) => "song".into(),
        None => format!("groove-{}", ground.groove_name().replace([' ', '/'], "-")),
    };
    let (about, paper) = match form {
        Form::Midi(layout) => (
            in_a_sentence(&song, Some(map)),
            Paper::Midi(layout, Box::new(map.clone())),
        ),
        Form::Mix | Form::Stems => (
            in_a_sentence(&song, None),
            Paper::Sound {
                font: ground.soundfont.clone(),
                kit: ground.kit,
                by_lane: form == Form::Stems,
            },
        ),
    };
    ground.ask(Effect::Export {
        about,
        song: Box::new(song),
        paper,
        folder: ground.config.export.place(),
        name,
    });
}

/// What is heard, from the top of the loop or the chain.
fn heard(ground: &Ground) -> Song {
    let sound = &ground.sound;
    let (links, looped) = match &ground.chain {
        Some(turns) => (turns.iter().map(Turn::part).collect(), None),
        None => {
            let groove = ground.groove().clone();
            (vec![ChainLink { groove, repeats: 1 }], sound.looped)
        }
    };
    let mut levels = [0.0; LANES];
    for lane in Lane::ALL.into_iter().filter(|lane| ground.is_on(*lane)) {
        levels[lane.index()] = ground.lanes[lane.index()].level;
    }
    Song {
        links,
        looped,
        qpm: match ground.transport.sync {
            Sync::Following(qpm) => qpm,
            _ => sound.tempo,
        },
        swing: sound.swing,
        timing: sound.timing,
        dynamics: sound.dynamics,
        lane_steps: ground.lanes.map(|lane| lane.steps),
        levels,
    }
}

/// Turns of the groove until its conditions come round, and the lanes that have steps of their own.
fn passes(groove: &Groove, lane_steps: &[Option<u16>; LANES]) -> u32 {
    let length = groove.steps.len().max(1);
    let come_round = |turns: &usize, steps: usize| (turns * length).is_multiple_of(steps);
    let lanes = lane_steps.iter().flatten().map(|&steps| {
        let steps = usize::from(steps.max(1));
        (1..=steps).find(|turns| come_round(turns, steps))
    });
    let lanes = lanes.map(|turns| turns.unwrap_or(1) as u32);
    let turns = groove.hits().map(|(_, _, hit)| match hit.trig.when {
        When::Turn { of, .. } | When::NotTurn { of, .. } => u32::from(of),
        When::Always | When::Fill | When::NoFill => 1,
    });
    let common = |one: u32, other: u32| (1..=other).map(|n| n * one).find(|it| it % other == 0);
    let all = turns
        .chain(lanes)
        .fold(1, |one, other| common(one, other).unwrap_or(one));
    all.min(MOST_PASSES)
}

/// The lanes that have hits, heard or not.
fn playing_lanes(song: &Song) -> Vec<Lane> {
    let has_hits = |lane: &Lane| {
        let mut steps = song.links.iter().flat_map(|link| &link.groove.steps);
        steps.any(|step| step[lane.index()].is_some())
    };
    Lane::ALL.into_iter().filter(has_hits).collect()
}

/// What a file of the song holds: `4 bars at 120.0, swing 58 %, without the muted Kick`. `map` is that
/// of a MIDI file.
fn in_a_sentence(song: &Song, map: Option<&DrumMap>) -> String {
    let bars = counted(song.bars(), "bar", "bars");
    let mut words = format!("{bars} at {:.1}", song.qpm);
    for (name, amount, plain) in [
        ("swing", song.swing, SWING.default),
        ("timing", song.timing, TIMING.default),
        ("dynamics", song.dynamics, DYNAMICS.default),
    ] {
        if amount != plain {
            words += &format!(", {name} {:.0} %", amount * 100.0);
        }
    }
    let playing = playing_lanes(song);
    let level = |lane: &&Lane| song.levels[lane.index()];
    if map.is_some()
        && playing
            .iter()
            .any(|lane| ![0.0, 1.0].contains(&level(&lane)))
    {
        words += ", levels in the velocities";
    }
    if let Some(map) = map.filter(|map| **map != DrumMap::general_midi()) {
        words += &format!(", for {}", map.name);
    }
    for (lane, steps) in Lane::ALL.into_iter().zip(song.lane_steps) {
        if let Some(steps) = steps.filter(|_| playing.contains(&lane)) {
            words += &format!(", {} every {steps} steps", lane.short_name());
        }
    }
    let muted = in_words(playing.iter().filter(|lane| level(lane) == 0.0).copied());
    if !muted.is_empty() {
        words += &format!(", without the muted {muted}");
    }
    words
}

/// Says where the file is, what it holds, and what it has not.
pub fn receive(file: &Written, about: &str, ground: &mut Ground) {
    let hits = |count: usize| counted(count, "hit", "hits");
    let mut said = format!("Exported to {}: {about}", file.path.display());
    if file.clamped > 0 {
        let hits = hits(file.clamped);
        said += &format!("; {hits} before the first beat moved onto it");
    }
    if file.silent > 0 {
        let hits = hits(file.silent);
        said += &format!("; {hits} left out that the machine has no voice for");
    }
    ground.say(said + ".");
}

/// Writes `song` for the machine of `map` as `name.mid` into `folder`, or as `name-2.mid` and so on
/// where that exists.
pub fn write(
    song: &Song,
    layout: Layout,
    map: &DrumMap,
    folder: &Path,
    name: &str,
) -> anyhow::Result<Written> {
    let midi_file::Encoded { bytes, clamped } = song.midi(layout)?;
    let Mapped { bytes, silent } = map.written(&bytes)?;
    let path = write_beside(folder, name, "mid", |out| out.write_all(&bytes))?;
    Ok(Written {
        path,
        clamped,
        silent,
    })
}

/// Frames a second of sound files.
const RATE: u32 = 44_100;

/// Renders `song`, played by a kit of a SoundFont (its program), as `name.wav` into `folder`, or each
/// lane that is heard as a file of the folder `name-lanes` in there; numbered where that exists.
/// `progress` is told how far it is, 0 to 1, and says whether to go on; of what is given up nothing stays.
pub fn render(
    song: &Song,
    (font, kit): (&SoundFontSource, u8),
    by_lane: bool,
    (folder, name): (&Path, &str),
    progress: &mut dyn FnMut(f32) -> bool,
) -> anyhow::Result<Written> {
    let font = SoundFont::load(font)?;
    let mut score = Score::of_song(song, RATE);
    score.kit = kit;
    let path = if by_lane {
        // Of one length, so that they can be laid above each other.
        score.tail = Some(TAIL);
        let folder = new_folder(folder, &format!("{name}-lanes"))?;
        if let Err(error) = render_lanes(&score, &font, &folder, progress) {
            // It was made for them, and holds nothing else.
            let _ = fs::remove_dir_all(&folder);
            return Err(error);
        }
        folder
    } else {
        write_beside(folder, name, "wav", |out| {
            score.write_wav(&font, Heard::All, out, progress).map(drop)
        })?
    };
    Ok(Written {
        path,
        clamped: 0,
        silent: 0,
    })
}

fn render_lanes(
    score: &Score,
    font: &SoundFont,
    folder: &Path,
    progress: &mut dyn FnMut(f32) -> bool,
) -> anyhow::Result<()> {
    let lanes = score.lanes();
    for (done, lane) in lanes.iter().enumerate() {
        let so_far = |share| (done as f32 + share) / lanes.len() as f32;
        let mut progress = |share| progress(so_far(share));
        write_beside(folder, LANE_NAMES[lane.index()], "wav", |out| {
            let written = score.write_wav(font, Heard::Lane(*lane), out, &mut progress);
            written.map(drop)
        })?;
    }
    Ok(())
}

/// Seconds that lanes ring on after the song.
const TAIL: f64 = 4.0;

/// Makes a folder of that name, or of the name and a number where that exists.
fn new_folder(within: &Path, name: &str) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(within).with_context(|| format!("{}: can't be made", within.display()))?;
    for count in 1..10_000 {
        let path = within.join(numbered(name, count));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => {
                made.with_context(|| format!("{}: can't be made", path.display()))?;
                return Ok(path.canonicalize().unwrap_or(path));
            }
        }
    }
    anyhow::bail!("{}: too many folders named {name}", within.display())
}

fn numbered(name: &str, count: usize) -> String {
    match count {
        1 => name.into(),
        count => format!("{name}-{count}"),
    }
}

/// Writes a file of that name and ending into `folder`, with a number where that exists.
fn write_beside(
    folder: &Path,
    name: &str,
    ending: &str,
    mut fill: impl FnMut(&mut BufWriter<InPieces>) -> io::Result<()>,
) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("{}: can't be made", folder.display()))?;
    for count in 1..10_000 {
        let path = folder.join(format!("{}.{ending}", numbered(name, count)));
        // Better known before the work than after it; somebody else may take the name meanwhile.
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match write_new_file(&path, &mut fill) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            written => {
                written.with_context(|| format!("{}: can't be written", path.display()))?;
                return Ok(path.canonicalize().unwrap_or(path));
            }
        }
    }
    anyhow::bail!("{}: too many files named {name}", folder.display())
}
