//! `musicvae-tui devices`: what this machine can be heard through.

use serde_json::json;

use super::output::say;
use crate::engine::stderr::StderrGuard;
use crate::engine::{self, Devices as List};

/// List the audio outputs and MIDI ports of this machine.
#[derive(clap::Args)]
pub struct Devices {
    /// Print as JSON: {"audio_outputs": [...], "midi_outputs": [...], "midi_inputs": [...],
    /// "audio_reason", "midi_reason", "midi_input_reason"}
    #[arg(long)]
    json: bool,
}

impl Devices {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let (audio, midi, inputs) = {
            // Sound systems print their troubles on stderr; the reasons are said below.
            let log = tempfile::NamedTempFile::new();
            let _guard = log
                .as_ref()
                .ok()
                .and_then(|log| StderrGuard::redirect(log.path()).ok());
            (
                engine::audio_outputs(),
                engine::midi_outputs(),
                engine::midi_inputs(),
            )
        };
        if self.json {
            let value = json!({
                "audio_outputs": audio.found,
                "audio_reason": audio.reason,
                "midi_outputs": midi.found,
                "midi_reason": midi.reason,
                "midi_inputs": inputs.found,
                "midi_input_reason": inputs.reason,
            });
            return say!("{value:#}");
        }
        print_list("Audio outputs", &audio, |output| {
            let default = if output.default { "  (default)" } else { "" };
            format!("{}  {}{default}", output.id, output.name)
        })?;
        print_list("MIDI outputs", &midi, |port| port.name.clone())?;
        print_list("MIDI inputs", &inputs, |port| port.name.clone())
    }
}

fn print_list<T>(title: &str, list: &List<T>, line: impl Fn(&T) -> String) -> anyhow::Result<()> {
    say!("{title}:")?;
    list.found
        .iter()
        .try_for_each(|item| say!("  {}", line(item)))?;
    list.reason.iter().try_for_each(|reason| say!("  {reason}"))
}
