//! What there is to choose from: checkpoints, devices, SoundFonts, drum maps.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::inference::guarded;
use super::{archive, drummer};
use crate::embedded::EMBEDDED;
use crate::engine::{self, DrumMap, DrumMaps};
use crate::studio::bring::{Listing, Piece};
use crate::studio::event::Event;
use crate::studio::ground::config::Config;
use crate::studio::ground::{Details, Entry, Kind, Purpose};
use crate::studio::session::Sessions;
use musicvae::Rework;
use musicvae::checkpoint::Catalogue;
use musicvae::checkpoint::catalogue::Summary;
use musicvae::model::DeviceChoice;

/// Reads files for windows of so many bars. A folder among them is listed instead, where it is alone.
pub fn music(paths: &[PathBuf], bars: usize, purpose: Purpose) -> Event {
    if let [folder] = paths
        && folder.is_dir()
    {
        let listing = Listing::of(folder);
        return Event::Files(Listing {
            folder: folder.clone(),
            ..listing
        });
    }
    let read = |path: &PathBuf| {
        let piece = guarded(|| Piece::read(path, bars));
        (path.clone(), piece.map_err(|reason| format!("{reason}.")))
    };
    let pieces = paths.iter().map(read).collect();
    Event::Music { pieces, purpose }
}

/// Lists the checkpoints of `folders`, the embedded ones first.
pub fn checkpoints(folders: &[PathBuf]) -> Event {
    let catalogue = Catalogue::scan(folders, EMBEDDED);
    let now = SystemTime::now();
    let entries = catalogue.entries.into_iter().map(|entry| {
        let age = entry
            .modified
            .and_then(|modified| now.duration_since(modified).ok());
        let (source, name) = (entry.source, entry.name);
        let details = match &entry.summary {
            Ok(summary) => details(summary, entry.size),
            Err(_) => Details::default(),
        };
        match entry.summary {
            Ok(summary) => Entry {
                source,
                name,
                unplayable: drummer::unplayable(&summary.preset),
                rework: Rework::of(&summary.preset),
                preset: summary.preset.name,
                step: summary.metadata.step,
                validation_loss: summary.metadata.validation_loss(),
                age,
                error: None,
                details,
            },
            Err(reason) => Entry {
                source,
                name,
                preset: String::new(),
                step: 0,
                validation_loss: None,
                age,
                error: Some(reason),
                unplayable: None,
                rework: None,
                details,
            },
        }
    });
    Event::Catalogue(entries.collect(), catalogue.problems)
}

/// What else there is to say of a checkpoint.
fn details(summary: &Summary, size: u64) -> Details {
    let preset = &summary.preset;
    let (makes, bars) = (preset.representation.makes(), preset.bars);
    let about = match Rework::of(preset) {
        Some(Rework::Humanize) => "Humanizes: adds a drummer's dynamics and timing.".into(),
        Some(Rework::Drumify) => "Plays a whole groove to a tapped rhythm.".into(),
        Some(Rework::AddHats) => "Replaces the hats to fit the groove.".into(),
        None => format!("Samples, reads and morphs {bars} bars of {makes}."),
    };
    // The command that made it names what it was shown.
    let command = summary.metadata.command.as_deref().unwrap_or_default();
    let mut words = command.split_whitespace();
    let data = words.find(|word| *word == "--data").and(words.next());
    Details {
        about,
        data: data.unwrap_or_default().into(),
        size,
    }
}

/// The SoundFonts of `folders`.
pub fn soundfonts(folders: &[PathBuf]) -> Vec<String> {
    let is_font = |path: &Path| {
        let is_one = |end: &OsStr| ["sf2", "sf3"].iter().any(|it| end.eq_ignore_ascii_case(it));
        path.extension().is_some_and(is_one)
    };
    let files = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    let mut fonts: Vec<String> = files
        .flatten()
        .map(|file| file.path())
        .filter(|path| is_font(path))
        .map(|path| path.display().to_string())
        .collect();
    fonts.sort();
    fonts
}

/// What the machine has of a kind.
pub fn devices(kind: Kind, config: &Config) -> Event {
    let (items, note) = match kind {
        Kind::MidiPort | Kind::MidiInput => {
            let ports = match kind {
                Kind::MidiInput => engine::midi_inputs(),
                _ => engine::midi_outputs(),
            };
            (
                ports.found.into_iter().map(|port| port.name).collect(),
                ports.reason,
            )
        }
        Kind::AudioOutput => {
            let outputs = engine::audio_outputs();
            (
                outputs
                    .found
                    .into_iter()
                    .map(|output| output.name)
                    .collect(),
                outputs.reason,
            )
        }
        Kind::DrumMap => {
            let maps = DrumMaps::with_folder(config.midi.maps_folder().as_deref());
            let names = maps.maps.into_iter().map(|listed| listed.map.name);
            // The chooser's first line is General MIDI.
            let names = names.filter(|name| *name != DrumMap::general_midi().name);
            let problems = (!maps.problems.is_empty()).then(|| maps.problems.join(" "));
            (names.collect(), problems)
        }
        Kind::Session => match config.session.data_folder() {
            Some(folder) => (Sessions::names(&archive::sessions_in(&folder)), None),
            None => (
                Vec::new(),
                Some("Nothing is saved: `folder` in [session] is off.".into()),
            ),
        },
        Kind::Device => {
            let (found, missing) = DeviceChoice::list();
            // The chooser's first line is `auto`.
            let found = found.into_iter().filter(|it| *it != DeviceChoice::Auto);
            let reasons: Vec<String> = missing.iter().map(|it| format!("{it}.")).collect();
            let names = found.map(|it| it.to_string()).collect();
            (names, (!reasons.is_empty()).then(|| reasons.join(" ")))
        }
        Kind::SoundFont => {
            let folders = config.soundfont.searched();
            let fonts = soundfonts(&folders);
            let none = fonts.is_empty().then(|| {
                let folders: Vec<_> = folders
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                format!("There is no .sf2 or .sf3 file in {}.", folders.join(", "))
            });
            (fonts, none)
        }
    };
    Event::Listed {
        kind,
        items,
        note: note.unwrap_or_default(),
    }
}
