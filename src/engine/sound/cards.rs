//! The sound cards of this machine, and how each can be opened.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, SampleFormat, SupportedBufferSize, SupportedStreamConfig};

use crate::engine::devices::Devices;

/// Rates that the synthesizer can do.
const RATES: std::ops::RangeInclusive<u32> = 16_000..=192_000;

/// An audio output of this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AudioOutput {
    /// Sound system: `alsa`, `jack`, `coreaudio` and so on.
    pub host: String,
    /// What [`crate::engine::Setup::OpenAudio`] takes.
    pub id: String,
    pub name: String,
    pub default: bool,
}

/// An output that could be opened.
pub(crate) struct Candidate {
    pub device: Device,
    pub config: SupportedStreamConfig,
    pub name: String,
}

impl Candidate {
    /// Frames a second.
    pub fn rate(&self) -> u32 {
        self.config.sample_rate()
    }

    pub fn channels(&self) -> u16 {
        self.config.channels()
    }

    /// Frames of a buffer to ask for where `wanted` are: in its range, and behind a sound server a power of
    /// two. Servers (PipeWire above all) play others in pieces, which is heard.
    pub fn buffer(&self, wanted: u32) -> u32 {
        let frames = match self.is_served() {
            true => wanted.next_power_of_two(),
            false => wanted,
        };
        match self.config.buffer_size() {
            SupportedBufferSize::Range { min, max } if min <= max => frames.clamp(*min, *max),
            _ => frames,
        }
    }

    /// Whether a sound server stands between it and us: on Linux, where it is no card of ALSA's own.
    fn is_served(&self) -> bool {
        let id = self.device.id();
        cfg!(target_os = "linux") && !id.is_ok_and(|id| is_a_card(&id.to_string()))
    }

    /// Whether its callback is called from an ordinary thread: ALSA's and PipeWire's are, and a trainer on
    /// every core would make them wait; others give theirs a priority of their own.
    pub fn is_ordinary(&self) -> bool {
        self.is_of("alsa:") || self.is_of("pipewire:")
    }

    /// Whether somebody else is still asking for a priority when its callback is called first.
    pub fn is_still_asking(&self) -> bool {
        cfg!(feature = "realtime-dbus") && self.is_of("pipewire:")
    }

    fn is_of(&self, host: &str) -> bool {
        let id = self.device.id();
        id.is_ok_and(|id| id.to_string().starts_with(host))
    }
}

/// Whether this is the identity of a card itself, as ALSA names it.
fn is_a_card(id: &str) -> bool {
    let name = id.strip_prefix("alsa:");
    name.is_some_and(|name| name.starts_with("hw:") || name.starts_with("plughw:"))
}

/// Sound systems of this build, best first. (`cpal::default_host` panics on a broken
/// configuration.)
fn hosts() -> impl Iterator<Item = cpal::Host> {
    cpal::available_hosts()
        .into_iter()
        .filter_map(|id| cpal::host_from_id(id).ok())
}

/// Runs `look`, which asks sound systems; a panic in one of them is an error.
pub(crate) fn guarded<T>(look: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(look))
        .unwrap_or_else(|_| Err("the sound system of this machine failed badly".into()))
}

fn name_of(device: &Device) -> String {
    match device.description() {
        Ok(description) => description.name().to_string(),
        Err(_) => device
            .id()
            .map_or_else(|_| "unknown".into(), |id| id.id().to_string()),
    }
}

/// The audio outputs of this machine.
pub(crate) fn list() -> Devices<AudioOutput> {
    let found = guarded(|| {
        let mut found = Vec::new();
        for host in hosts() {
            let default = host
                .default_output_device()
                .and_then(|device| device.id().ok());
            let Ok(devices) = host.output_devices() else {
                continue;
            };
            for device in devices {
                let Ok(id) = device.id() else { continue };
                // ALSA's null device is not an output that anybody hears.
                if id.id() == "null" {
                    continue;
                }
                found.push(AudioOutput {
                    host: host.id().to_string(),
                    default: default.as_ref() == Some(&id),
                    id: id.to_string(),
                    name: name_of(&device),
                });
            }
        }
        Ok(found)
    });
    match found {
        Err(reason) => Devices {
            found: Vec::new(),
            reason: Some(format!("No audio output: {reason}.")),
        },
        Ok(found) => {
            let reason = found
                .is_empty()
                .then(|| "No audio output was found: connect a sound card.".to_string());
            Devices { found, reason }
        }
    }
}

/// The outputs that `wanted` (an id, a name or part of one; `None` is the default) may mean, best
/// first; or why there is none, in one sentence.
pub(crate) fn candidates(wanted: Option<&str>) -> Result<Vec<Candidate>, String> {
    guarded(|| {
        let mut candidates = Vec::new();
        let mut problem = None;
        for host in hosts() {
            let devices: Vec<Device> = match wanted {
                None => host.default_output_device().into_iter().collect(),
                Some(wanted) => match host.output_devices() {
                    Ok(devices) => devices
                        .chain(host.default_output_device())
                        .filter(|device| is_meant(device, wanted))
                        .collect(),
                    Err(_) => Vec::new(),
                },
            };
            for device in devices {
                let name = name_of(&device);
                match configuration(&device) {
                    Ok(config) => candidates.push(Candidate {
                        device,
                        config,
                        name,
                    }),
                    Err(error) => problem = Some((name, error)),
                }
            }
        }
        match (candidates.is_empty(), problem, wanted) {
            (false, ..) => Ok(candidates),
            (true, Some((name, error)), _) => Err(format!("\"{name}\" cannot be opened ({error})")),
            (true, None, Some(wanted)) => Err(format!("there is no output named \"{wanted}\"")),
            (true, None, None) => Err("this machine has no sound card".into()),
        }
    })
    .map_err(|reason| format!("No sound: {reason}."))
}

fn is_meant(device: &Device, wanted: &str) -> bool {
    let id = device.id();
    let by_id = id.is_ok_and(|id| id.to_string() == wanted || id.id() == wanted);
    by_id
        || name_of(device)
            .to_lowercase()
            .contains(&wanted.to_lowercase())
}

/// The device's own configuration, or the nearest one that can be played.
fn configuration(device: &Device) -> Result<SupportedStreamConfig, String> {
    let default = device
        .default_output_config()
        .map_err(|error| sentence(&error))?;
    if is_playable(default.sample_format()) && RATES.contains(&default.sample_rate()) {
        return Ok(default);
    }
    let all = device
        .supported_output_configs()
        .map_err(|error| sentence(&error))?;
    all.filter(|range| is_playable(range.sample_format()))
        .filter_map(|range| {
            let rates = [
                48_000,
                44_100,
                range.max_sample_rate(),
                range.min_sample_rate(),
            ];
            let rate = rates
                .into_iter()
                .find(|r| RATES.contains(r) && range.contains_rate(*r))?;
            range.try_with_sample_rate(rate)
        })
        .min_by_key(|config| config.channels().abs_diff(2))
        .ok_or_else(|| {
            format!(
                "it offers {} at {} frames a second only",
                default.sample_format(),
                default.sample_rate()
            )
        })
}

/// An error's text without the full stop, to be put into a sentence.
pub(crate) fn sentence(error: &cpal::Error) -> String {
    error.to_string().trim_end_matches('.').to_string()
}

/// Whether there is a way from our samples to this format (all but DSD).
fn is_playable(format: SampleFormat) -> bool {
    (format.is_int() || format.is_uint() || format.is_float()) && !format.is_dsd()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_told_from_servers() {
        for (id, is_card) in [
            ("alsa:hw:CARD=PCH,DEV=0", true),
            ("alsa:plughw:CARD=USB,DEV=0", true),
            ("alsa:default", false),
            ("alsa:pipewire", false),
            ("pipewire:alsa_output.pci", false),
        ] {
            assert_eq!(is_a_card(id), is_card, "{id}");
        }
    }
}
