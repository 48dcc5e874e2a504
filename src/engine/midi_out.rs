//! MIDI output: the ports of this machine, and the thread that sends at the right moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use midir::{MidiOutput, MidiOutputConnection};

use super::clock::Nanos;
use super::messages::{MidiEvent, MidiMessage};
use super::schedule::{Bytes, MidiSink, Schedule};
use super::shared::Shared;
use super::thread::make_realtime;
use super::{Devices, DrumMap, MidiPort};

/// The name under which ports of this program appear.
pub(crate) const CLIENT: &str = "musicvae-tui";

/// Time between looks at the queue, playing and standing still. An event is made at least
/// [`super::audio::MIDI_LEAD`] before its moment.
const POLL: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(5)];

/// With a real-time priority the last stretch before a moment is spun away; without it, sleeping to
/// the end is more exact.
const SPIN: Duration = Duration::from_micros(200);

/// Lists the ports of this machine, again and again by the same client: a new one every time
/// disturbs some servers.
pub(crate) struct Ports {
    output: Option<MidiOutput>,
}

impl Ports {
    pub fn new() -> Ports {
        Ports { output: None }
    }

    fn output(&mut self) -> Result<&MidiOutput, String> {
        if self.output.is_none() {
            self.output = Some(new_output()?);
        }
        self.output.as_ref().ok_or_else(|| no_sequencer("leaves"))
    }

    /// The output ports there are now.
    pub fn list(&mut self) -> Devices<MidiPort> {
        match self.output() {
            Err(reason) => Devices {
                found: Vec::new(),
                reason: Some(reason),
            },
            Ok(output) => {
                let ports = output.ports();
                let names = ports.iter().filter_map(|port| output.port_name(port).ok());
                let names = names.filter(|name| !super::midi_in::is_own(name));
                let found: Vec<_> = names.map(|name| MidiPort { name }).collect();
                let reason = found.is_empty().then(|| {
                    "No MIDI output port is there: connect a device, or start a program that \
                     has one."
                        .into()
                });
                Devices { found, reason }
            }
        }
    }

    /// Opens the port that is called `name`, or else the first one whose name contains it.
    pub fn open(&mut self, name: &str) -> Result<(Box<dyn MidiSink>, String), String> {
        let ports = self.list();
        let names: Vec<&str> = ports.found.iter().map(|port| port.name.as_str()).collect();
        let Some(found) = find(&names, name) else {
            return Err(match ports.reason {
                Some(reason) => reason,
                None => format!("MIDI port \"{name}\" is not there; it is opened when it comes."),
            });
        };
        let output = new_output()?;
        let port = output
            .ports()
            .into_iter()
            .find(|port| output.port_name(port).is_ok_and(|name| name == found))
            .ok_or_else(|| format!("MIDI port \"{found}\" went away; it is tried again."))?;
        let connection = output
            .connect(&port, "drums")
            .map_err(|error| format!("MIDI port \"{found}\" cannot be opened ({error})."))?;
        Ok((Box::new(connection), found.to_string()))
    }
}

fn new_output() -> Result<MidiOutput, String> {
    MidiOutput::new(CLIENT).map_err(|_| no_sequencer("leaves"))
}

/// Why there are no ports, and what follows: nothing `leaves`, or `is heard`.
pub(crate) fn no_sequencer(nothing: &str) -> String {
    let reason = if cfg!(target_os = "linux") {
        "This machine has no MIDI sequencer (ALSA's /dev/snd/seq)"
    } else {
        "MIDI is not available on this machine"
    };
    format!("{reason}, so no note {nothing}.")
}

/// The port among `names` that `wanted` means: its exact name, the same without the numbers that
/// ALSA adds and changes, or part of it in any case.
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

/// Whether an input and an output belong to one device, as far as their names tell.
pub(crate) fn same_device(input: &str, output: &str) -> bool {
    bare(input) == bare(output)
}

/// A port's name without the numbers that ALSA adds.
fn bare(name: &str) -> String {
    let is_address =
        |word: &str| word.contains(':') && word.chars().all(|c| c.is_ascii_digit() || c == ':');
    match name.rsplit_once(' ') {
        Some((bare, address)) if is_address(address) => bare.to_lowercase(),
        _ => name.to_lowercase(),
    }
}

impl MidiSink for MidiOutputConnection {
    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        MidiOutputConnection::send(self, bytes).map_err(|error| error.to_string())
    }
}

/// What the MIDI thread is asked to do.
pub(crate) enum MidiCommand {
    Open(Box<dyn MidiSink>),
    Close,
    Map(DrumMap),
    Clock(bool),
    Quit,
}

/// The MIDI thread, held from outside.
pub(crate) struct MidiOut {
    commands: SyncSender<MidiCommand>,
    /// Set when sending failed: the port is gone.
    lost: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MidiOut {
    /// Starts the thread; it sends nothing before it is given a port.
    pub fn spawn(
        events: rtrb::Consumer<MidiEvent>,
        shared: Arc<Shared>,
        epoch: Instant,
        map: DrumMap,
        send_clock: bool,
    ) -> MidiOut {
        let (commands, inbox) = sync_channel(64);
        let lost = Arc::new(AtomicBool::new(false));
        let sender = Sender {
            events,
            inbox,
            shared,
            epoch,
            lost: lost.clone(),
            schedule: Schedule::new(map, send_clock),
            sink: None,
        };
        // A system that grants no thread has no MIDI; opening a port then fails.
        let thread = thread::Builder::new().name("engine-midi".into());
        MidiOut {
            commands,
            lost,
            thread: thread.spawn(move || sender.run()).ok(),
        }
    }

    /// The way to [`MidiOut::send`] for others.
    pub fn commands(&self) -> SyncSender<MidiCommand> {
        self.commands.clone()
    }

    /// Asks for something; `false` when the thread does not keep up.
    pub fn send(&self, command: MidiCommand) -> bool {
        let sent = self.commands.try_send(command).is_ok();
        self.wake();
        sent
    }

    /// Has the thread look at its queue now.
    pub fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    pub fn waker(&self) -> Option<Thread> {
        self.thread.as_ref().map(|thread| thread.thread().clone())
    }

    /// Whether the port was lost since the last call.
    pub fn take_lost(&self) -> bool {
        self.lost.swap(false, Relaxed)
    }

    /// Ends every note and the thread; a receiver that blocks is waited for `patience`.
    pub fn quit(&mut self, patience: Duration) {
        self.send(MidiCommand::Quit);
        if let Some(thread) = self.thread.take() {
            super::handle::join_within(thread, patience);
        }
    }
}

/// What runs in the MIDI thread.
struct Sender {
    events: rtrb::Consumer<MidiEvent>,
    inbox: Receiver<MidiCommand>,
    shared: Arc<Shared>,
    epoch: Instant,
    lost: Arc<AtomicBool>,
    schedule: Schedule,
    sink: Option<Box<dyn MidiSink>>,
}

impl Sender {
    fn run(mut self) {
        let realtime = make_realtime();
        loop {
            if self.follow() {
                return;
            }
            while let Ok(event) = self.events.pop() {
                if event.message == MidiMessage::Panic {
                    self.emit(|schedule, emit| schedule.panic(emit));
                } else {
                    self.schedule.push(event);
                }
            }
            let now = self.now();
            self.emit(|schedule, emit| schedule.run(now, emit));
            let dropped = std::mem::take(&mut self.schedule.dropped);
            self.shared.dropped_midi.fetch_add(dropped, Relaxed);
            self.wait(realtime);
        }
    }

    /// Does what it is asked; `true` when it is asked to end.
    fn follow(&mut self) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(MidiCommand::Open(sink)) => {
                    self.close();
                    self.sink = Some(sink);
                    // The receiver may still hold notes of a connection that was lost.
                    self.emit(|schedule, emit| schedule.panic(emit));
                }
                Ok(MidiCommand::Close) => self.close(),
                Ok(MidiCommand::Map(map)) => {
                    self.emit(|schedule, emit| schedule.set_map(map, emit))
                }
                Ok(MidiCommand::Clock(send)) => self.schedule.set_clock(send),
                Ok(MidiCommand::Quit) | Err(TryRecvError::Disconnected) => {
                    self.close();
                    return true;
                }
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    /// Ends every note and gives the port back.
    fn close(&mut self) {
        self.emit(|schedule, emit| schedule.panic(emit));
        self.sink = None;
    }

    /// Has the schedule send; when the port is gone, what it says is thrown away.
    fn emit(&mut self, act: impl FnOnce(&mut Schedule, &mut dyn FnMut(Bytes))) {
        let mut failed = false;
        let sink = &mut self.sink;
        act(&mut self.schedule, &mut |bytes| {
            if let Some(port) = sink
                && !failed
            {
                failed = port.send(bytes.as_slice()).is_err();
            }
        });
        if failed {
            self.sink = None;
            self.lost.store(true, Relaxed);
        }
    }

    fn now(&self) -> Nanos {
        self.epoch.elapsed().as_nanos() as Nanos
    }

    /// Waits for the next moment or the next look at the queue.
    fn wait(&mut self, realtime: bool) {
        let poll = POLL[usize::from(!self.shared.playing.load(Relaxed))];
        let Some(due) = self.schedule.next_due().filter(|_| self.sink.is_some()) else {
            thread::park_timeout(poll);
            return;
        };
        let left = Duration::from_nanos((due - self.now()).max(0) as u64);
        if left > poll {
            thread::park_timeout(poll);
        } else if !realtime {
            thread::sleep(left);
        } else {
            thread::sleep(left.saturating_sub(SPIN));
            while self.now() < due {
                std::hint::spin_loop();
            }
        }
    }
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
