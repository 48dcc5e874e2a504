//! The engine as the rest of the program holds it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clock::run_clock;
use super::control::{Audio, Control, ControlCommand, Input, Kit, Output};
use super::options::EngineOptions;
use super::request::{Request, Setup};
use super::sender::CoreSender;
use super::status::{AudioState, Slow, Status};
use crate::engine::command::Command;
use crate::engine::core::Core;
use crate::engine::core::queues::{Links, Prepared};
use crate::engine::core::shared::Shared;
use crate::engine::events::Nanos;
use crate::engine::midi::input::Inlet;
use crate::engine::midi::output::{MidiCommand, MidiOut, Ports, Waker};
use crate::engine::midi::{MidiSetting, Received, Settings};
use crate::engine::record::Progress;
use crate::engine::sound::stream::Feed;
use crate::engine::thread::{join_within, unpoisoned};
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::{Chain, Link};

/// Time between two reports of incoming MIDI.
const REST: Duration = Duration::from_millis(33);

/// Longest time to wait for devices before the process is stopped.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running engine; dropping it ends every note and gives the devices back.
pub struct Engine {
    core: Arc<CoreSender>,
    control: SyncSender<ControlCommand>,
    midi: SyncSender<MidiCommand>,
    inlet: Arc<Inlet>,
    midi_thread: Waker,
    shared: Arc<Shared>,
    slow: Arc<Mutex<Slow>>,
    progress: Arc<Mutex<Progress>>,
    epoch: Instant,
    quit: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Set when the last recording is to end.
    stop_recording: Mutex<Arc<AtomicBool>>,
}

impl Engine {
    /// Starts the clock and opens what `options` name, in the background. Never fails:
    /// [`Engine::status`] says what could not be opened.
    pub fn start(options: EngineOptions) -> Engine {
        Engine::start_with(options, Ports::system())
    }

    /// As [`Engine::start`], with the MIDI ports of another system.
    pub(crate) fn start_with(options: EngineOptions, ports: Ports) -> Engine {
        let epoch = Instant::now();
        let shared = Arc::new(Shared::default());
        let (
            core,
            Links {
                commands,
                midi,
                garbage,
                input,
            },
        ) = Core::new(options.core(), shared.clone());
        let core = Arc::new(Mutex::new(core));
        let sender = Arc::new(CoreSender(Mutex::new(commands)));
        let slow = Arc::new(Mutex::new(Slow::new(options.audio)));
        let progress = Arc::new(Mutex::new(Progress::default()));
        let quit = Arc::new(AtomicBool::new(false));
        let (control, inbox) = sync_channel(256);
        let mut threads = Vec::new();

        let inlet = Arc::new(Inlet::new(
            input,
            shared.now.clone(),
            shared.midi.clone(),
            epoch,
            options.pads,
            options.drum_map.clone(),
        ));
        let midi_out = MidiOut::spawn(
            midi,
            shared.now.clone(),
            shared.midi.clone(),
            epoch,
            Settings {
                map: options.drum_map,
                clock: options.clock_out,
                gate: options.gate,
            },
        );
        let midi = midi_out.commands();
        let midi_thread = midi_out.waker();
        let clock = {
            let (core, shared, quit) = (core.clone(), shared.clone(), quit.clone());
            move || run_clock(&core, &shared, epoch, &quit)
        };
        let control_thread = Control {
            inbox,
            core: sender.clone(),
            garbage,
            feed: Feed {
                source: core,
                callback: shared.callback.clone(),
                epoch,
                stream: 0,
            },
            shared: shared.clone(),
            slow: slow.clone(),
            progress: progress.clone(),
            midi: midi_out,
            kit: Kit::default(),
            audio: Audio::new(options.buffer_frames),
            output: Output::new(ports),
            input: Input::new(inlet.clone(), options.midi_thru),
            link: None,
            recorder: None,
            resting: false,
            quit: quit.clone(),
        };
        // Without its threads the engine is silent and says so; the program goes on.
        let named = |name: &str| thread::Builder::new().name(name.into());
        for spawned in [
            named("engine-clock").spawn(clock),
            named("engine-control").spawn(move || control_thread.run()),
        ] {
            match spawned {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    let reason = format!("The engine cannot start a thread ({error}).");
                    unpoisoned(&slow).audio = AudioState::Off { reason };
                }
            }
        }
        let engine = Engine {
            core: sender,
            control,
            midi,
            midi_thread,
            inlet,
            shared,
            slow,
            progress,
            epoch,
            quit,
            threads,
            stop_recording: Mutex::default(),
        };
        engine.send(Setup::SetSoundFont(options.soundfont));
        if options.audio {
            engine.send(Setup::OpenAudio(options.audio_device));
        }
        if let Some(port) = options.midi_port {
            engine.send(Setup::OpenMidiOut(port));
        }
        if let Some(port) = options.midi_input {
            engine.send(Setup::OpenMidiIn(port));
        }
        if let Some(address) = options.link {
            engine.send(Setup::OpenLink(address));
        }
        if options.virtual_input {
            let _ = engine.control.try_send(ControlCommand::OpenVirtualMidiIn);
        }
        engine
    }

    /// Asks for something. Never blocks; `false` (also counted) when the queue is full.
    pub fn send(&self, request: impl Into<Request>) -> bool {
        let control = |command| self.control.try_send(command).is_ok();
        let sent = match request.into() {
            Request::Command(command) => {
                if command == Command::StopRecording {
                    // It may not have begun yet.
                    self.stop_recording().store(true, Relaxed);
                }
                self.core.send(command)
            }
            Request::Midi(setting) => {
                if let MidiSetting::DrumMap(map) = &setting {
                    self.inlet.set_map((**map).clone());
                }
                self.midi.try_send(MidiCommand::Set(setting)).is_ok()
            }
            Request::Setup(setup) => control(ControlCommand::Setup(setup)),
            Request::SetGroove { groove, takeover } => {
                let pattern = Arc::new(Pattern::new(groove));
                self.core.send(Prepared::Pattern(pattern, takeover))
            }
            Request::SetChain { links, takeover } => {
                let chain = Chain::new(links.into_iter().map(Link::from).collect());
                self.core
                    .send(Prepared::Chain(chain.map(Box::new), takeover))
            }
            Request::PlayFill { bar, takeover } => {
                let bar = Arc::new(Pattern::new(bar));
                self.core.send(Prepared::Fill(bar, takeover))
            }
            Request::Record(options) => {
                let stop = Arc::new(AtomicBool::new(false));
                *self.stop_recording() = stop.clone();
                control(ControlCommand::Record(options, stop))
            }
            Request::SetPads(pads) => {
                self.inlet.set_pads(pads);
                true
            }
            Request::Strike { lane, velocity } => {
                self.inlet.strike(lane, velocity);
                true
            }
        };
        if !sent {
            self.shared.dropped_commands.fetch_add(1, Relaxed);
        }
        // It may sleep long while nothing plays.
        self.midi_thread.wake();
        sent
    }

    /// What came in by MIDI since the last call, for the caller to act on: strokes have already
    /// sounded. Of each controller, only the latest value.
    pub fn received(&self) -> Vec<Received> {
        self.inlet.take()
    }

    /// Gives `tell` what comes in by MIDI as it comes, on a thread of its own, until it returns
    /// false or the engine ends. While `tell` waits, strokes wait too, and controllers get their
    /// latest value. One listener is enough.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn listen(
        &self,
        mut tell: impl FnMut(Vec<Received>) -> bool + Send + 'static,
    ) -> std::io::Result<()> {
        let (inlet, quit) = (self.inlet.clone(), self.quit.clone());
        let listen = move || {
            while !quit.load(Relaxed) {
                let received = inlet.take();
                if received.is_empty() {
                    thread::park();
                } else if tell(received) {
                    // A knob acts at once, and then as often as the screen can show it.
                    thread::sleep(REST);
                } else {
                    return;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("engine-midi-in".into())
            .spawn(listen)?;
        self.inlet.wake(thread.thread().clone());
        Ok(())
    }

    /// Takes a MIDI message as if it came from a port, now.
    pub fn receive(&self, bytes: &[u8]) {
        self.inlet.receive(bytes);
    }

    /// Stops the music, ends every note and gives the sound card back, for a process that is about to
    /// be stopped itself. Returns when that is done; a device that hangs is not waited for.
    pub fn rest(&self) {
        self.send(Command::Stop);
        let (done, rested) = sync_channel(1);
        if self.control.try_send(ControlCommand::Rest(done)).is_ok() {
            let _ = rested.recv_timeout(PATIENCE);
        }
    }

    /// Takes the sound card again after [`Engine::rest`]. The music stands where it stopped.
    pub fn wake(&self) {
        let _ = self.control.try_send(ControlCommand::Wake);
    }

    fn stop_recording(&self) -> MutexGuard<'_, Arc<AtomicBool>> {
        unpoisoned(&self.stop_recording)
    }

    /// A cheap snapshot, fit for every frame of a screen.
    pub fn status(&self) -> Status {
        let slow = unpoisoned(&self.slow).clone();
        let progress = unpoisoned(&self.progress).clone();
        let now = self.epoch.elapsed().as_nanos() as Nanos;
        Status::new(slow, progress, &self.shared, now)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // First it ends what must not be left behind: sounding notes and a running clock at the
        // receiver. Then the control thread ends the MIDI thread and the stream.
        self.core.send(Command::Stop);
        self.core.send(Command::StopRecording);
        self.quit.store(true, Relaxed);
        self.inlet.wake_listener();
        let _ = self.control.try_send(ControlCommand::Quit);
        for thread in self.threads.drain(..) {
            join_within(thread, Duration::from_millis(1500));
        }
    }
}
