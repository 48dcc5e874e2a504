//! Writing what is heard to a MIDI file: the groove, or the chain as a song, with the tempo, the swing,
//! the amounts, the bars that go round, the levels and mutes and the drum map that it is played with.
//! (A slot keeps a groove as it stands on the grid, and none of these.) It uses the ground only.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::ground::{Effect, Ground, Turn, in_words};
use crate::engine::range::{DYNAMICS, SWING, TIMING};
use crate::engine::{ChainLink, DrumMap, Mapped, Song, Sync};
use musicvae::music::{Groove, LANES, Lane, When, midi_file, write_new_file};

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

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(_: &Action, ground: &Ground) -> Option<String> {
    let song = heard(ground);
    let playing = playing_lanes(&song);
    let reason = if playing.is_empty() && ground.chain.is_some() {
        "The chain is silent."
    } else if playing.is_empty() {
        "The groove is silent."
    } else if playing.iter().all(|lane| song.levels[lane.index()] == 0.0) {
        "Every lane that plays is muted."
    } else {
        return None;
    };
    Some(reason.into())
}

pub fn apply(action: Action, map: &DrumMap, ground: &mut Ground) {
    let mut song = heard(ground);
    if let (Action::ExportPasses, None, [only]) = (action, &ground.chain, &mut song.links[..]) {
        only.repeats = passes(&only.groove);
    }
    let name = match ground.chain {
        Some(_) => "song".into(),
        None => format!("groove-{}", ground.groove_name().replace([' ', '/'], "-")),
    };
    ground.ask(Effect::Export {
        about: in_a_sentence(&song, map),
        song: Box::new(song),
        map: Box::new(map.clone()),
        folder: ground.config.export.folder.clone(),
        name,
    });
}

/// What is heard, from the top of the loop or the chain.
fn heard(ground: &Ground) -> Song {
    let sound = &ground.sound;
    let link = |turn: &Turn| ChainLink {
        groove: turn.kept.groove.clone(),
        repeats: turn.link.repeats,
    };
    let (links, looped) = match &ground.chain {
        Some(turns) => (turns.iter().map(link).collect(), None),
        None => {
            let groove = ground.groove().clone();
            (vec![ChainLink { groove, repeats: 1 }], sound.looped)
        }
    };
    let mut levels = [0.0; LANES];
    for lane in Lane::ALL.into_iter().filter(|lane| ground.is_heard(*lane)) {
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
        levels,
    }
}

/// Turns of the loop until its conditions come round.
fn passes(groove: &Groove) -> u32 {
    let turns = groove.hits().map(|(_, _, hit)| match hit.trig.when {
        When::Turn { of, .. } | When::NotTurn { of, .. } => u32::from(of),
        When::Always | When::Fill | When::NoFill => 1,
    });
    let common = |one: u32, other: u32| (1..=other).map(|n| n * one).find(|it| it % other == 0);
    let all = turns.fold(1, |one, other| common(one, other).unwrap_or(one));
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

/// What a file of the song holds: `4 bars at 120.0, swing 58 %, without the muted Kick`.
fn in_a_sentence(song: &Song, map: &DrumMap) -> String {
    let bars = song.bars();
    let mut words = format!(
        "{bars} bar{} at {:.1}",
        if bars == 1 { "" } else { "s" },
        song.qpm
    );
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
    if playing
        .iter()
        .any(|lane| ![0.0, 1.0].contains(&level(&lane)))
    {
        words += ", levels in the velocities";
    }
    if *map != DrumMap::general_midi() {
        words += &format!(", for {}", map.name);
    }
    let muted = in_words(playing.iter().filter(|lane| level(lane) == 0.0).copied());
    if !muted.is_empty() {
        words += &format!(", without the muted {muted}");
    }
    words
}

/// Says where the file is, what it holds, and what it has not.
pub fn receive(file: &Written, about: &str, ground: &mut Ground) {
    let hits = |count: usize| match count {
        1 => "1 hit".to_string(),
        many => format!("{many} hits"),
    };
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
pub fn write(song: &Song, map: &DrumMap, folder: &Path, name: &str) -> anyhow::Result<Written> {
    let midi_file::Encoded { bytes, clamped } = song.midi()?;
    let Mapped { bytes, silent } = map.written(&bytes)?;
    fs::create_dir_all(folder).with_context(|| format!("{}: can't be made", folder.display()))?;
    for count in 1..10_000 {
        let suffix = if count == 1 {
            String::new()
        } else {
            format!("-{count}")
        };
        let path = folder.join(format!("{name}{suffix}.mid"));
        match write_new_file(&path, |out| out.write_all(&bytes)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            written => {
                written.with_context(|| format!("{}: can't be written", path.display()))?;
                return Ok(Written {
                    path: path.canonicalize().unwrap_or(path),
                    clamped,
                    silent,
                });
            }
        }
    }
    anyhow::bail!("{}: too many files named {name}", folder.display())
}
