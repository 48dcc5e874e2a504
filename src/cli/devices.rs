//! `musicvae-tui devices`: what this machine can be heard through.

use serde_json::json;

use crate::engine::stderr::StderrGuard;
use crate::engine::{self, Devices as List};

/// List the audio outputs and MIDI output ports of this machine.
#[derive(clap::Args)]
pub struct Devices {
    /// Print as JSON: {"audio_outputs": [...], "midi_outputs": [...], "audio_reason", "midi_reason"}
    #[arg(long)]
    json: bool,
}

impl Devices {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let (audio, midi) = {
            // Sound systems print their troubles on stderr; the reasons are said below.
            let log = tempfile::NamedTempFile::new();
            let _guard = log
                .as_ref()
                .ok()
                .and_then(|log| StderrGuard::redirect(log.path()).ok());
            (engine::audio_outputs(), engine::midi_outputs())
        };
        if self.json {
            let value = json!({
                "audio_outputs": audio.found,
                "audio_reason": audio.reason,
                "midi_outputs": midi.found,
                "midi_reason": midi.reason,
            });
            println!("{value:#}");
            return Ok(());
        }
        print_list("Audio outputs", &audio, |output| {
            let default = if output.default { "  (default)" } else { "" };
            format!("{}  {}{default}", output.id, output.name)
        });
        print_list("MIDI outputs", &midi, |port| port.name.clone());
        Ok(())
    }
}

fn print_list<T>(title: &str, list: &List<T>, line: impl Fn(&T) -> String) {
    println!("{title}:");
    list.found
        .iter()
        .for_each(|item| println!("  {}", line(item)));
    if let Some(reason) = &list.reason {
        println!("  {reason}");
    }
}
