//! MIDI: the system that has the ports, and the ports in and out.

use super::Finding;
use crate::cli::devices::{is_named, quietly};
use crate::engine::{self, Devices, MidiPort};
use crate::studio::Config;

pub fn findings(config: &Config) -> Vec<Finding> {
    let (outputs, inputs) = quietly(|| (engine::midi_outputs(), engine::midi_inputs()));
    let mut findings = vec![ports("MIDI out", &outputs, &config.midi.port, "port")];
    let mut input = ports("MIDI in", &inputs, &config.midi.input, "input");
    if input.cure == findings[0].cure && !input.cure.is_empty() {
        input.cure = "the same".into();
    }
    findings.push(input);
    if let Err(reason) = config.midi.drum_map() {
        let cure = "correct `map` under [midi]; `musicvae-tui maps` lists what there is";
        findings.push(Finding::note("drum map", reason, cure));
    }
    findings
}

fn ports(about: &'static str, ports: &Devices<MidiPort>, wanted: &str, setting: &str) -> Finding {
    let names = ports.found.iter().map(|port| port.name.as_str());
    let list = names.clone().collect::<Vec<_>>().join(", ");
    if let Some(reason) = &ports.reason {
        return Finding::note(about, reason.clone(), cure());
    }
    if !wanted.trim().is_empty() && !names.clone().any(|name| is_named(wanted, name)) {
        return Finding::note(
            about,
            format!("the configured \"{wanted}\" is not there; there are: {list}."),
            format!("connect it (it is opened when it comes), or correct `{setting}` under [midi]"),
        );
    }
    Finding::ok(about, format!("{list}."))
}

/// What helps where there are no ports.
fn cure() -> &'static str {
    if cfg!(feature = "jack-midi") {
        return "start a JACK server (jackd, or PipeWire's)";
    }
    if !cfg!(target_os = "linux") {
        return "connect a device, and restart the system's MIDI service";
    }
    let sequencer = std::path::Path::new("/dev/snd/seq");
    if !sequencer.exists() {
        "load the kernel's module: sudo modprobe snd-seq, and for every start: echo snd-seq | sudo tee \
         /etc/modules-load.d/snd-seq.conf (a container must be given /dev/snd/seq)"
    } else if std::fs::File::options()
        .read(true)
        .write(true)
        .open(sequencer)
        .is_err()
    {
        "let this user use it: sudo usermod -aG audio \"$USER\", then log in again"
    } else {
        "connect a device, or start a program that has a port"
    }
}
