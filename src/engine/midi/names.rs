//! What MIDI ports are called: ours, those of other programs and of devices.

/// The name under which ports of this program appear.
pub(crate) const CLIENT: &str = "musicvae-tui";

/// A MIDI port of this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MidiPort {
    pub name: String,
}

/// Whether a port is one of this program's own: connected to itself, it would feed back for ever.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with(CLIENT)
}

/// Why there are no ports, and what follows: no note `leaves`, or `is heard`.
pub(crate) fn no_sequencer(nothing: &str) -> String {
    let (reason, remedy) = if cfg!(feature = "jack-midi") {
        let remedy = ": start one (jackd, or PipeWire's)";
        ("No JACK server runs", remedy)
    } else if cfg!(target_os = "linux") {
        (
            "This machine has no MIDI sequencer (ALSA's /dev/snd/seq)",
            "",
        )
    } else {
        ("MIDI is not available on this machine", "")
    };
    format!("{reason}, so no note {nothing}{remedy}.")
}

/// Whether an input and an output belong to one device, as far as their names tell.
pub(crate) fn same_device(input: &str, output: &str) -> bool {
    bare(input) == bare(output)
}

/// A port's name in small letters, without the numbers that ALSA adds and changes.
fn bare(name: &str) -> String {
    let is_address =
        |word: &str| word.contains(':') && word.chars().all(|c| c.is_ascii_digit() || c == ':');
    match name.rsplit_once(' ') {
        Some((bare, address)) if is_address(address) => bare.to_lowercase(),
        _ => name.to_lowercase(),
    }
}

/// The port among `names` that `wanted` means: its exact name, the same without ALSA's numbers, or
/// part of it in any case.
pub(crate) fn find<'a>(names: &[&'a str], wanted: &str) -> Option<&'a str> {
    let lower = wanted.to_lowercase();
    names
        .iter()
        .find(|name| **name == wanted)
        .or_else(|| names.iter().find(|name| bare(name) == bare(wanted)))
        .or_else(|| {
            names
                .iter()
                .find(|name| name.to_lowercase().contains(&lower))
        })
        .copied()
        .filter(|_| !wanted.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_found_by_what_stays_of_its_name() {
        let names = [
            "Midi Through:Midi Through Port-0 14:0",
            "TR-8S:TR-8S MIDI 1 24:0",
        ];
        assert_eq!(find(&names, "TR-8S:TR-8S MIDI 1 24:0"), Some(names[1]));
        // Plugged in again, it has another number.
        assert_eq!(find(&names, "TR-8S:TR-8S MIDI 1 128:0"), Some(names[1]));
        assert_eq!(find(&names, "tr-8s"), Some(names[1]));
        assert_eq!(find(&names, "digitakt"), None);
        assert_eq!(find(&names, ""), None);
        assert!(same_device(names[1], "TR-8S:TR-8S MIDI 1 128:0"));
        assert!(!same_device(names[0], names[1]));
    }
}
