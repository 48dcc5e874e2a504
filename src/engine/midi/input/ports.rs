//! The MIDI input ports of this machine, and a virtual one that other programs can find.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use midir::{MidiInput, MidiInputConnection};

use super::inlet::Inlet;
use crate::engine::devices::Devices;
use crate::engine::midi::names::{CLIENT, MidiPort, find, is_own, no_sequencer};
use musicvae::fault;

/// What other programs find.
const VIRTUAL_PORT: &str = "in";

/// The status of the virtual port.
pub(crate) const VIRTUAL: &str = "musicvae-tui (virtual port)";

/// A port that is listened to, until it is dropped.
pub(crate) type Listening = MidiInputConnection<()>;

/// The input ports of this machine, asked for again and again by the same client.
pub(crate) struct InputPorts {
    input: Option<MidiInput>,
}

impl InputPorts {
    pub fn new() -> InputPorts {
        InputPorts { input: None }
    }

    fn input(&mut self) -> Result<&MidiInput, String> {
        if self.input.is_none() {
            self.input = Some(new_input()?);
        }
        self.input.as_ref().ok_or_else(no_input)
    }

    /// The input ports there are now, without our own.
    pub fn list(&mut self) -> Devices<MidiPort> {
        match self.input() {
            Err(reason) => Devices {
                found: Vec::new(),
                reason: Some(reason),
            },
            Ok(input) => {
                let ports = input.ports();
                let names = ports.iter().filter_map(|port| input.port_name(port).ok());
                let found: Vec<_> = names
                    .filter(|name| !is_own(name))
                    .map(|name| MidiPort { name })
                    .collect();
                let reason = found.is_empty().then(|| {
                    "No MIDI input port is there: connect a device, or start a program that \
                     has one."
                        .into()
                });
                Devices { found, reason }
            }
        }
    }

    /// Listens to the port that is called `name`, or else the first one whose name contains it.
    pub fn open(&mut self, name: &str, inlet: &Arc<Inlet>) -> Result<(Listening, String), String> {
        let ports = self.list();
        let names: Vec<&str> = ports.found.iter().map(|port| port.name.as_str()).collect();
        let Some(found) = find(&names, name) else {
            return Err(match ports.reason {
                Some(reason) => reason,
                None => format!("MIDI input \"{name}\" is not there; it is opened when it comes."),
            });
        };
        let input = new_input()?;
        let port = input
            .ports()
            .into_iter()
            .find(|port| input.port_name(port).is_ok_and(|name| name == found))
            .ok_or_else(|| format!("MIDI input \"{found}\" went away; it is tried again."))?;
        let listening = input
            .connect(&port, VIRTUAL_PORT, listener(inlet), ())
            .map_err(|error| format!("MIDI input \"{found}\" cannot be opened ({error})."))?;
        Ok((listening, found.to_string()))
    }
}

/// Makes a port that other programs can send to.
#[cfg(unix)]
pub(crate) fn open_virtual(inlet: &Arc<Inlet>) -> Result<Listening, String> {
    use midir::os::unix::VirtualInput;
    new_input()?
        .create_virtual(VIRTUAL_PORT, listener(inlet), ())
        .map_err(|error| format!("The virtual MIDI input cannot be made ({error})."))
}

/// Makes a port that other programs can send to.
#[cfg(not(unix))]
pub(crate) fn open_virtual(_: &Arc<Inlet>) -> Result<Listening, String> {
    Err("This system has no virtual MIDI ports.".into())
}

/// What runs in the port's thread at every message.
fn listener(inlet: &Arc<Inlet>) -> impl FnMut(u64, &[u8], &mut ()) + Send + 'static {
    let inlet = inlet.clone();
    let mut first = true;
    move |_, bytes, ()| {
        // ALSA's thread is an ordinary one, which a trainer on every core would make wait; JACK's
        // and CoreMIDI's have their priority already.
        if std::mem::take(&mut first) && cfg!(all(target_os = "linux", not(feature = "jack-midi")))
        {
            crate::engine::thread::make_realtime();
        }
        // Some systems call this from C, through which no panic may pass: the message is lost, and
        // the next one is heard.
        let received = catch_unwind(AssertUnwindSafe(|| {
            fault::point("midi input");
            inlet.receive(bytes);
        }));
        if received.is_err() {
            inlet.failed();
        }
    }
}

fn new_input() -> Result<MidiInput, String> {
    MidiInput::new(CLIENT).map_err(|_| no_input())
}

fn no_input() -> String {
    no_sequencer("is heard")
}
