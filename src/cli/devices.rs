//! `musicvae-tui devices`: what this machine can be heard through, and what it computes with.

use serde_json::json;

use super::output::say;
use super::settings::Settings;
use crate::engine::stderr::StderrGuard;
use crate::engine::{self, Devices as List};
use musicvae::model::{DeviceChoice, NoDevice};

/// List the audio outputs and MIDI ports of this machine, and what it computes with.
#[derive(clap::Args)]
pub struct Devices {
    /// Print as JSON: {"audio_outputs": [...], "midi_outputs": [...], "midi_inputs": [...],
    /// "compute": [...], "audio_reason", "midi_reason", "midi_input_reason", "compute_reason"}
    #[arg(long)]
    json: bool,
}

impl Devices {
    /// Runs the command.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let (audio, midi, inputs) = quietly(|| {
            (
                engine::audio_outputs(),
                engine::midi_outputs(),
                engine::midi_inputs(),
            )
        });
        let (compute, missing) = DeviceChoice::list();
        let missing: Vec<String> = missing.iter().map(NoDevice::to_string).collect();
        if self.json {
            let value = json!({
                "audio_outputs": audio.found,
                "audio_reason": audio.reason,
                "midi_outputs": midi.found,
                "midi_reason": midi.reason,
                "midi_inputs": inputs.found,
                "midi_input_reason": inputs.reason,
                "compute": compute,
                "compute_reason": missing.first(),
            });
            return say!("{value:#}");
        }
        print_list("Audio outputs", &audio, |output| {
            let default = if output.default { "  (default)" } else { "" };
            let configured = configured(&settings.config.audio.device, &[&output.id, &output.name]);
            format!("{}  {}{default}{configured}", output.id, output.name)
        })?;
        let midi_settings = &settings.config.midi;
        let line = |name: &str, wanted: &str| format!("{name}{}", configured(wanted, &[name]));
        print_list("MIDI outputs", &midi, |it| {
            line(&it.name, &midi_settings.port)
        })?;
        print_list("MIDI inputs", &inputs, |it| {
            line(&it.name, &midi_settings.input)
        })?;
        let chosen = settings.config.compute.device;
        say!("Computing:")?;
        for device in compute {
            let mark = if device == chosen {
                "  (configured)"
            } else {
                ""
            };
            say!("  {device}{mark}")?;
        }
        missing.iter().try_for_each(|reason| say!("  {reason}"))
    }
}

/// Runs `look` without what sound systems print of their troubles on stderr: what they return says
/// it too.
pub(super) fn quietly<T>(look: impl FnOnce() -> T) -> T {
    let log = tempfile::NamedTempFile::new();
    let _guard = log
        .as_ref()
        .ok()
        .and_then(|log| StderrGuard::redirect(log.path()).ok());
    look()
}

/// Whether the configuration's `wanted` means this name: it is a part of it.
pub(super) fn is_named(wanted: &str, name: &str) -> bool {
    let wanted = wanted.trim().to_lowercase();
    !wanted.is_empty() && name.to_lowercase().contains(&wanted)
}

/// A mark of what the configuration names.
fn configured(wanted: &str, names: &[&str]) -> &'static str {
    match names.iter().any(|name| is_named(wanted, name)) {
        true => "  (configured)",
        false => "",
    }
}

fn print_list<T>(title: &str, list: &List<T>, line: impl Fn(&T) -> String) -> anyhow::Result<()> {
    say!("{title}:")?;
    list.found
        .iter()
        .try_for_each(|item| say!("  {}", line(item)))?;
    list.reason.iter().try_for_each(|reason| say!("  {reason}"))
}
