//! Choosing ports, sound cards, SoundFonts, drum maps and computing devices, and knowing which of
//! them are open. It uses the ground only.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ground::{Config, Device, Effect, Ground, Kind, Overlay, soundfont};
use crate::engine::{AudioState, MidiState, Setup};

/// What a player can do with devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Lists what there is of a kind.
    Choose(Kind),
    /// Another kit of the SoundFont.
    NextKit,
}

/// How the engine begins to say why no card can be opened.
pub const NO_SOUND: &str = "No sound: ";

/// What the player can do about it.
const CURE: &str = "choose an output with P, or start a sound server";

/// What was chosen.
pub struct Devices {
    /// A MIDI input was chosen.
    input_wanted: bool,
    /// What computes was chosen, and has not answered yet.
    device_wanted: bool,
}

impl Devices {
    pub fn new(config: &Config) -> Devices {
        Devices {
            input_wanted: !config.midi.input.is_empty(),
            device_wanted: false,
        }
    }

    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        let one = *action == Action::NextKit && ground.transport.kits.len() < 2;
        one.then(|| "This SoundFont has no other kit.".into())
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::Choose(kind) => choose(kind, ground),
            Action::NextKit => next_kit(ground),
        }
    }

    /// Takes the list that was asked for, if it is still open.
    pub fn receive_list(
        &mut self,
        listed: Kind,
        list: Vec<String>,
        reason: String,
        ground: &mut Ground,
    ) {
        if let Some(Overlay::Chooser {
            kind, items, note, ..
        }) = &mut ground.screen.overlay
            && *kind == listed
        {
            *items = Some(list);
            *note = reason;
        }
    }

    /// Opens what is under the cursor of the list.
    pub fn open_selected(&mut self, ground: &mut Ground) {
        let Some(Overlay::Chooser { kind, .. }) = ground.screen.overlay else {
            return;
        };
        let Some(name) = take_selected(ground) else {
            return;
        };
        if let Some(name) = &name {
            ground.say(format!("Opening {name}."));
        }
        let name = name.unwrap_or_default();
        match kind {
            Kind::MidiPort if name.is_empty() => ground.send(Setup::CloseMidiOut),
            Kind::MidiPort => ground.send(Setup::OpenMidiOut(name)),
            Kind::MidiInput => {
                self.input_wanted = !name.is_empty();
                ground.send(match name.is_empty() {
                    true => Setup::CloseMidiIn,
                    false => Setup::OpenMidiIn(name),
                });
            }
            Kind::AudioOutput => {
                ground.send(Setup::OpenAudio((!name.is_empty()).then_some(name)));
            }
            Kind::SoundFont => {
                ground.kit = 0;
                ground.soundfont = soundfont(Path::new(&name));
                ground.send(Setup::SetSoundFont(ground.soundfont.clone()));
            }
            Kind::DrumMap => ground.ask(Effect::OpenMap(name)),
            // No device: it is opened by the feature that it belongs to.
            Kind::Session => {}
            Kind::Device => {
                self.device_wanted = true;
                // The list is of words that can be read.
                ground.ask(Effect::UseDevice(name.parse().unwrap_or_default()));
            }
        }
    }

    /// Takes the news that a device runs the models. That it does from the start is no news.
    pub fn receive_device(&mut self, device: Device, sentence: String, ground: &mut Ground) {
        ground.device = device;
        if std::mem::take(&mut self.device_wanted) {
            ground.say(sentence);
        }
    }

    /// Why there is no sound or no MIDI, or that all is well. `map` is the drum map of the MIDI
    /// port, if that is not General MIDI.
    pub fn sentence(&self, map: Option<&str>, ground: &Ground) -> String {
        let transport = &ground.transport;
        let audio = match &transport.audio {
            // The cure comes first: of a long sentence only the beginning is on screen.
            AudioState::Off { reason } => match reason.strip_prefix(NO_SOUND) {
                Some(why) => format!("{NO_SOUND}{CURE} ({}).", why.trim_end_matches('.')),
                None => with_full_stop(reason),
            },
            AudioState::On {
                device,
                rate,
                asked,
                buffer,
                ..
            } => {
                let wish = ground.config.audio.buffer;
                let other = match asked {
                    Some(asked) if *asked == wish => String::new(),
                    Some(asked) => format!(", {asked} frames a buffer, for it can't have {wish}"),
                    None => format!(", {buffer} frames a buffer, for it can't have {wish}"),
                };
                format!("Sound: {device}, {rate} Hz{other}.")
            }
        };
        let midi = match &transport.midi {
            MidiState::Off { reason } => with_full_stop(reason),
            MidiState::On { port } => {
                let map = map.map_or(String::new(), |map| format!(", as {map}"));
                let errors = match transport.midi_errors {
                    0 => String::new(),
                    errors => format!(", {errors} faults so far"),
                };
                format!("MIDI: {port}{map}{errors}.")
            }
        };
        let input = match &transport.midi_in {
            MidiState::On { port } => format!(" MIDI in: {port}."),
            // A missing port is worth a message only if somebody asked for it.
            MidiState::Off { reason } if self.input_wanted => {
                format!(" {}", with_full_stop(reason))
            }
            MidiState::Off { .. } => String::new(),
        };
        format!("{audio} {midi}{input}")
    }
}

/// Lists what there is of a kind.
fn next_kit(ground: &mut Ground) {
    let kits = &ground.transport.kits;
    let next = kits.iter().find(|kit| kit.program > ground.kit);
    let Some(kit) = next.or(kits.first()).cloned() else {
        return;
    };
    ground.kit = kit.program;
    ground.send(Setup::SetKit(kit.program));
    ground.say(format!("The kit is {}.", kit.name));
}

fn choose(kind: Kind, ground: &mut Ground) {
    ground.screen.overlay = Some(Overlay::Chooser {
        kind,
        items: None,
        note: String::new(),
        selected: 0,
    });
    ground.ask(Effect::List(kind));
}

/// Closes the list; what was under its cursor, or `None` of it on the first line, which stands for
/// none or the default. `None` while there is no list yet.
pub fn take_selected(ground: &mut Ground) -> Option<Option<String>> {
    match ground.screen.overlay.take() {
        Some(Overlay::Chooser {
            items: Some(items),
            selected,
            ..
        }) => Some(
            selected
                .checked_sub(1)
                .and_then(|line| items.get(line))
                .cloned(),
        ),
        _ => None,
    }
}

fn with_full_stop(sentence: &str) -> String {
    let sentence = sentence.trim().replace('\n', " ");
    if sentence.ends_with('.') {
        sentence
    } else {
        sentence + "."
    }
}
