//! Recording what is heard and played. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::Ground;
use crate::engine::{Command, Request, Status};

/// What a player can do with the recorder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Begins or ends a recording.
    ToggleRecord,
}

/// The reason against `action` in one sentence, or `None` when it can be done.
pub fn reason_against(Action::ToggleRecord: &Action, ground: &Ground) -> Option<String> {
    let record = &ground.config.record;
    let nothing = !record.sound && !record.midi;
    nothing.then(|| {
        "Recording is off for both sound and MIDI: turn one on under [record] in config.toml."
            .to_string()
    })
}

pub fn apply(Action::ToggleRecord: Action, ground: &mut Ground) {
    if ground.transport.recording.is_some() {
        ground.send(Command::StopRecording);
    } else {
        ground.transport.record_error = None;
        ground.send(Request::Record(ground.config.recording()));
    }
}

/// Reports what began, ended or went wrong with a recording since the last status of the engine.
pub fn hear(status: &Status, ground: &mut Ground) {
    let before = &ground.transport;
    let began = match (&before.recording, &status.recording) {
        (None, Some(recording)) => Some(recording),
        _ => None,
    };
    let ended = before.recording.is_some() && status.recording.is_none();
    if let Some(error) = &status.record_error
        && before.record_error.as_ref() != Some(error)
    {
        ground.complain(error.clone());
    }
    if let Some(recording) = began {
        let files = recording.folder.join(&recording.name);
        let when = match recording.seconds {
            Some(_) => "",
            None if status.playing => " from the next bar on",
            None => " from play on",
        };
        ground.say(format!("Recording to {}{when}.", files.display()));
    } else if ended && status.record_error.is_none() {
        let names: Vec<_> = status
            .recorded
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        ground.say(match names.len() {
            0 => "Nothing was recorded.".to_string(),
            _ => format!("Recorded {}.", names.join(", ")),
        });
    }
}
