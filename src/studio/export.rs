//! Writing the groove to a MIDI file. It uses the ground only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::ground::{Effect, Ground, in_words};
use musicvae::music::{Groove, Lane, midi_file, unfinished_file};

/// What a player can do with files of grooves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Writes the groove to a MIDI file.
    Export,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(Action::Export: &Action, ground: &Ground) -> Option<String> {
    if ground.groove().hits().next().is_none() {
        return Some("The groove is silent.".into());
    }
    let muted = heard_groove(ground).0.hits().next().is_none();
    muted.then(|| "Every lane that plays is muted.".into())
}

pub fn apply(Action::Export: Action, ground: &mut Ground) {
    let name = format!("groove-{}", ground.groove_name().replace([' ', '/'], "-"));
    let (groove, left_out) = heard_groove(ground);
    ground.ask(Effect::Export {
        groove: Groove {
            qpm: ground.sound.tempo,
            ..groove
        },
        folder: ground.config.export.folder.clone(),
        name,
        left_out,
    });
}

/// The groove without the lanes that mute and solo silence, and those of them that had hits.
fn heard_groove(ground: &Ground) -> (Groove, Vec<Lane>) {
    let groove = ground.groove();
    let has_hits = |lane: Lane| groove.steps.iter().any(|step| step[lane.index()].is_some());
    let silenced = Lane::ALL.into_iter().filter(|&lane| !ground.is_heard(lane));
    let left_out: Vec<Lane> = silenced.filter(|&lane| has_hits(lane)).collect();
    (groove.without_lanes(&left_out), left_out)
}

/// Says where the file is, and what it has not.
pub fn receive(path: &Path, clamped: usize, left_out: &[Lane], ground: &mut Ground) {
    let early = match clamped {
        0 => String::new(),
        1 => " (1 hit before the first beat was moved onto it)".into(),
        many => format!(" ({many} hits before the first beat were moved onto it)"),
    };
    let without = match left_out {
        [] => String::new(),
        lanes => format!(", without the muted {}", in_words(lanes.iter().copied())),
    };
    ground.say(format!("Exported to {}{early}{without}.", path.display()));
}

/// Writes `groove` as `name.mid` into `folder`, or as `name-2.mid` and so on where that exists.
/// Returns the file and the number of hits before beat 1, which a file can't hold.
pub fn write(groove: &Groove, folder: &Path, name: &str) -> anyhow::Result<(PathBuf, usize)> {
    let midi_file::Encoded { bytes, clamped } = midi_file::encode(&groove.to_note_sequence())?;
    fs::create_dir_all(folder).with_context(|| format!("{}: can't be made", folder.display()))?;
    for count in 1..10_000 {
        let suffix = if count == 1 {
            String::new()
        } else {
            format!("-{count}")
        };
        let path = folder.join(format!("{name}{suffix}.mid"));
        let mut file = unfinished_file(folder)
            .with_context(|| format!("{}: can't be written into", folder.display()))?;
        std::io::Write::write_all(&mut file, &bytes)?;
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok((path.canonicalize().unwrap_or(path), clamped)),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error.error)
                    .with_context(|| format!("{}: can't be written", path.display()));
            }
        }
    }
    anyhow::bail!("{}: too many files named {name}", folder.display())
}
