//! The MIDI output ports of this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use midir::{MidiOutput, MidiOutputConnection};

use crate::engine::devices::Devices;
use crate::engine::midi::bytes::MidiSink;
use crate::engine::midi::names::{CLIENT, MidiPort, find, is_own, no_sequencer};

/// The client that lists ports and has none; named differently, so that the others keep their name.
const LISTER: &str = "musicvae-tui-ports";

/// What stands for a port of our own, to which other programs connect.
pub const VIRTUAL_PORT: &str = "virtual port";

/// JACK counts a connection in from one of its next periods on; what is sent before (where in the
/// song we are) reaches nobody. Its periods are of 43 ms at most, with 2048 frames.
const SETTLING: Duration = Duration::from_millis(100);

/// A system that has MIDI ports.
pub(crate) trait Backend: Send {
    /// The names of the output ports, or why there is no MIDI, in one sentence.
    fn list(&mut self) -> Result<Vec<String>, String>;

    /// Opens the port of exactly this name.
    fn open(&mut self, name: &str) -> Result<Box<dyn MidiSink>, String>;

    /// Makes a port of our own.
    fn open_virtual(&mut self) -> Result<Box<dyn MidiSink>, String>;

    /// Whether [`Backend::open_virtual`] may work.
    fn has_virtual(&self) -> bool;
}

/// The ports of a system, and how to find one again.
pub(crate) struct Ports {
    backend: Box<dyn Backend>,
}

impl Ports {
    pub fn new(backend: Box<dyn Backend>) -> Ports {
        Ports { backend }
    }

    /// Those of this machine.
    pub fn system() -> Ports {
        Ports::new(Box::new(System::default()))
    }

    /// The output ports there are now.
    pub fn list(&mut self) -> Devices<MidiPort> {
        match self.backend.list() {
            Err(reason) => Devices {
                found: Vec::new(),
                reason: Some(reason),
            },
            Ok(mut names) => {
                if self.backend.has_virtual() {
                    names.push(VIRTUAL_PORT.into());
                }
                let reason = names.is_empty().then(|| {
                    "No MIDI output port is there: connect a device, or start a program that \
                     has one."
                        .into()
                });
                let found = names.into_iter().map(|name| MidiPort { name }).collect();
                Devices { found, reason }
            }
        }
    }

    /// Whether a port that was opened under this name is still there. Some systems let a program
    /// send into the void when a port has gone.
    pub fn has(&mut self, name: &str) -> bool {
        match self.backend.list() {
            Err(_) => false,
            Ok(names) => is_virtual(name) || names.iter().any(|found| found == name),
        }
    }

    /// Opens the port that is called `name`, or else the first one whose name contains it.
    pub fn open(&mut self, name: &str) -> Result<(Box<dyn MidiSink>, String), String> {
        if is_virtual(name) {
            return Ok((self.backend.open_virtual()?, VIRTUAL_PORT.into()));
        }
        let names = self.backend.list()?;
        let found = {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            find(&names, name).map(str::to_string)
        };
        let Some(found) = found else {
            return Err(format!(
                "MIDI port \"{name}\" is not there; it is opened when it comes."
            ));
        };
        Ok((self.backend.open(&found)?, found))
    }
}

fn is_virtual(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case(VIRTUAL_PORT)
}

/// The MIDI system that this program was built for. One client lists again and again: a new one
/// every time disturbs some servers.
#[derive(Default)]
struct System {
    lister: Option<Lister>,
}

/// A client that lists ports, and whether its server still runs, for the ports that were opened
/// meanwhile.
struct Lister {
    client: Client<MidiOutput>,
    server: Arc<AtomicBool>,
}

impl System {
    fn lister(&mut self) -> Result<&Lister, String> {
        let lister = match self.lister.take() {
            Some(lister) => lister,
            None => Lister::new()?,
        };
        Ok(self.lister.insert(lister))
    }

    /// Nothing is listed: is this another server's client now?
    fn look_again(&mut self) -> Result<Vec<String>, String> {
        let probe = match Lister::new() {
            Ok(probe) => probe,
            Err(reason) => {
                self.give_up();
                return Err(reason);
            }
        };
        let names = probe.names();
        if !names.is_empty() {
            self.give_up();
            self.lister = Some(probe);
        }
        Ok(names)
    }

    fn give_up(&mut self) {
        if let Some(lister) = self.lister.take() {
            lister.server.store(false, Relaxed);
        }
    }
}

impl Lister {
    fn new() -> Result<Lister, String> {
        let server = Arc::new(AtomicBool::new(true));
        Ok(Lister {
            client: Client::new(new_output(LISTER)?, server.clone()),
            server,
        })
    }

    fn names(&self) -> Vec<String> {
        let Some(client) = &self.client.inner else {
            return Vec::new();
        };
        let ports = client.ports();
        let names = ports.iter().filter_map(|port| client.port_name(port).ok());
        names.filter(|name| !is_own(name)).collect()
    }
}

impl Backend for System {
    fn list(&mut self) -> Result<Vec<String>, String> {
        let names = self.lister()?.names();
        if names.is_empty() {
            return self.look_again();
        }
        Ok(names)
    }

    fn open(&mut self, name: &str) -> Result<Box<dyn MidiSink>, String> {
        let server = self.lister()?.server.clone();
        let output = new_output(CLIENT)?;
        let port = output
            .ports()
            .into_iter()
            .find(|port| output.port_name(port).is_ok_and(|found| found == name))
            .ok_or_else(|| format!("MIDI port \"{name}\" went away; it is tried again."))?;
        let connection = output
            .connect(&port, "drums")
            .map_err(|error| format!("MIDI port \"{name}\" cannot be opened ({error})."))?;
        if cfg!(feature = "jack-midi") {
            thread::sleep(SETTLING);
        }
        Ok(Box::new(Client::new(connection, server)))
    }

    #[cfg(unix)]
    fn open_virtual(&mut self) -> Result<Box<dyn MidiSink>, String> {
        use midir::os::unix::VirtualOutput;
        let server = self.lister()?.server.clone();
        let connection = new_output(CLIENT)?
            .create_virtual(CLIENT)
            .map_err(|error| format!("The virtual MIDI port cannot be made ({error})."))?;
        Ok(Box::new(Client::new(connection, server)))
    }

    #[cfg(not(unix))]
    fn open_virtual(&mut self) -> Result<Box<dyn MidiSink>, String> {
        Err(
            "This system has no virtual MIDI ports: make one with a loopback driver (loopMIDI, \
             for example) and choose that."
                .into(),
        )
    }

    fn has_virtual(&self) -> bool {
        cfg!(unix)
    }
}

/// Something that belongs to a server. JACK's library crashes when a client of a server that is
/// gone is closed after another one was opened, so such a client is left to itself.
struct Client<T> {
    inner: Option<T>,
    server: Arc<AtomicBool>,
}

impl<T> Client<T> {
    fn new(inner: T, server: Arc<AtomicBool>) -> Client<T> {
        let inner = Some(inner);
        Client { inner, server }
    }
}

impl<T> Drop for Client<T> {
    fn drop(&mut self) {
        if cfg!(feature = "jack-midi") && !self.server.load(Relaxed) {
            std::mem::forget(self.inner.take());
        }
    }
}

impl MidiSink for Client<MidiOutputConnection> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        match &mut self.inner {
            Some(connection) if self.server.load(Relaxed) => {
                connection.send(bytes).map_err(|error| error.to_string())
            }
            _ => Err("the MIDI server is gone".into()),
        }
    }
}

fn new_output(client: &str) -> Result<MidiOutput, String> {
    MidiOutput::new(client).map_err(|_| no_sequencer("leaves"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever this machine has: a list or a sentence, and no panic.
    #[test]
    fn a_system_without_midi_says_so_in_a_sentence() {
        let mut ports = Ports::system();
        let list = ports.list();
        assert_eq!(list.found.is_empty(), list.reason.is_some());
        if let Some(reason) = list.reason {
            assert!(
                reason.ends_with('.') && reason.lines().count() == 1,
                "{reason}"
            );
            assert_eq!(ports.open(VIRTUAL_PORT).err(), Some(reason.clone()));
            assert_eq!(ports.open("any").err(), Some(reason));
            assert!(!ports.has(VIRTUAL_PORT));
        }
    }
}
