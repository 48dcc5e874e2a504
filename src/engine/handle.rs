//! The engine as the rest of the program holds it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::audio::Feed;
use super::clock::{Nanos, SECOND};
use super::control::{Control, ControlCommand, CoreSender, Input, Slow, State};
use super::core::Core;
use super::follow::LOST;
use super::messages::{Links, Prepared};
use super::midi_in::Inlet;
use super::midi_out::{MidiCommand, MidiOut, Ports, Settings, Waker};
use super::pattern::Pattern;
use super::player::{Chain, Link};
use super::shared::Shared;
use super::thread::make_realtime;
use super::{
    AudioState, ChainLink, ClockOut, Command, DrumMap, MidiSetting, MidiState, Pads, Received,
    Recording, Request, Setup, SoundFontSource, Status, Sync,
};
use musicvae::music::Groove;

/// Time between two turns of the clock thread, at work and watching.
const CLOCK_TICK: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(20)];

/// Without a callback for so long (and four times a callback's usual length), the clock thread
/// takes over.
const STALLED: Nanos = SECOND / 10;

/// Time between two tellings of what came in by MIDI.
const REST: Duration = Duration::from_millis(10);

/// How an engine starts.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Whether to open a sound card at all.
    pub audio: bool,
    /// Audio output by id or name; `None` is the machine's default.
    pub audio_device: Option<String>,
    /// Frames a callback to ask for; a device that refuses gets its own default.
    pub buffer_frames: u32,
    /// MIDI output by port name; `None` opens none.
    pub midi_port: Option<String>,
    pub drum_map: DrumMap,
    /// MIDI input by port name; `None` opens none.
    pub midi_input: Option<String>,
    /// Whether other programs find an input of ours, where the system can make one.
    pub virtual_input: bool,
    /// Whether the clock that comes in is followed.
    pub follow_clock: bool,
    pub pads: Pads,
    /// Whether strokes that come in are sent on.
    pub midi_thru: bool,
    /// When clock, start and stop go to the MIDI port.
    pub clock_out: ClockOut,
    /// Length of the notes that leave by MIDI, in steps.
    pub gate: f32,
    pub soundfont: SoundFontSource,
    /// Quarter notes a minute.
    pub qpm: f64,
    /// What plays until another groove is handed over.
    pub groove: Groove,
}

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        EngineOptions {
            audio: true,
            audio_device: None,
            buffer_frames: 512,
            midi_port: None,
            drum_map: DrumMap::general_midi(),
            midi_input: None,
            virtual_input: false,
            follow_clock: false,
            pads: Pads::default(),
            midi_thru: false,
            clock_out: ClockOut::Playing,
            gate: 0.5,
            soundfont: SoundFontSource::Embedded,
            qpm: 120.0,
            groove: Groove::empty(64),
        }
    }
}

/// A running engine; dropping it ends every note and gives the devices back.
pub struct Engine {
    core: Arc<CoreSender>,
    control: SyncSender<ControlCommand>,
    midi: SyncSender<MidiCommand>,
    inlet: Arc<Inlet>,
    midi_thread: Waker,
    shared: Arc<Shared>,
    slow: Arc<Mutex<Slow>>,
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
        ) = Core::new(&options, shared.clone());
        let core = Arc::new(Mutex::new(core));
        let sender = Arc::new(CoreSender(Mutex::new(commands)));
        let slow = Arc::new(Mutex::new(Slow::new(&options)));
        let quit = Arc::new(AtomicBool::new(false));
        let (control, inbox) = sync_channel(256);
        let mut threads = Vec::new();

        let inlet = Arc::new(Inlet::new(
            input,
            shared.clone(),
            epoch,
            options.pads,
            options.drum_map.clone(),
        ));
        let midi_out = MidiOut::spawn(
            midi,
            shared.clone(),
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
                core,
                shared: shared.clone(),
                epoch,
                stream: 0,
            },
            slow: slow.clone(),
            midi: midi_out,
            input: Input::new(inlet.clone(), options.midi_thru),
            buffer: options.buffer_frames,
            quit: quit.clone(),
            state: State::new(ports),
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
                    let mut slow = slow.lock().unwrap_or_else(PoisonError::into_inner);
                    slow.audio = AudioState::Off { reason };
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
                let link = |ChainLink { groove, repeats }| Link {
                    pattern: Arc::new(Pattern::new(groove)),
                    repeats: i64::from(repeats.max(1)),
                };
                let chain = Chain::new(links.into_iter().map(link).collect());
                self.core
                    .send(Prepared::Chain(chain.map(Box::new), takeover))
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
        };
        if !sent {
            self.shared.dropped_commands.fetch_add(1, Relaxed);
        }
        // It may sleep long while nothing plays.
        self.midi_thread.wake();
        sent
    }

    /// What came in by MIDI since the last call, for whoever wants to act on it: strokes have
    /// sounded already. Of a controller only the latest value counts.
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
                    // A knob that is turned is heard at once, and then as often as it can be seen.
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

    fn stop_recording(&self) -> MutexGuard<'_, Arc<AtomicBool>> {
        let stop = &self.stop_recording;
        stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A cheap snapshot, fit for every frame of a screen.
    pub fn status(&self) -> Status {
        let Slow {
            audio,
            midi,
            midi_in,
            kit,
            kits,
            kit_error,
            recording,
            recorded,
            record_error,
        } = self
            .slow
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let shared = &self.shared;
        let seconds = f64::from_bits(shared.recorded.load(Relaxed));
        Status {
            playing: shared.playing.load(Relaxed),
            position: shared
                .playhead
                .read()
                .at(self.epoch.elapsed().as_nanos() as Nanos),
            qpm: f64::from_bits(shared.qpm.load(Relaxed)),
            swing: shared.swing.get(),
            takeover_pending: shared.takeover_pending.load(Relaxed),
            chain_link: (shared.chain_link.load(Relaxed) as usize).checked_sub(1),
            recording: recording.map(|recording| Recording {
                seconds: (seconds >= 0.0).then_some(seconds),
                ..recording
            }),
            recorded,
            record_error,
            audio,
            midi,
            midi_in,
            sync: self.sync(),
            kit,
            kits,
            kit_error,
            lane_levels: std::array::from_fn(|lane| shared.lane_levels[lane].get()),
            master_level: std::array::from_fn(|side| shared.master_level[side].get()),
            limiter_gain: shared.limiter_gain.get(),
            dropped_commands: shared.dropped_commands.load(Relaxed),
            dropped_midi: shared.dropped_midi.load(Relaxed),
            audio_errors: shared.audio_errors.load(Relaxed),
            audio_denied: shared.audio_denied.load(Relaxed),
            midi_errors: shared.midi_errors.load(Relaxed),
        }
    }
}

impl Engine {
    fn sync(&self) -> Sync {
        let shared = &self.shared;
        let now = self.epoch.elapsed().as_nanos() as Nanos;
        let coming = now.saturating_sub(shared.clock_tick.load(Relaxed)) < LOST;
        let qpm = f64::from_bits(shared.clock_qpm.load(Relaxed));
        match (shared.external.load(Relaxed), coming) {
            (false, _) => Sync::Internal,
            (true, true) => Sync::Following(qpm),
            (true, false) => {
                let playing = shared.playing.load(Relaxed) && shared.has_place.load(Relaxed);
                if playing {
                    Sync::Lost(qpm)
                } else {
                    Sync::Waiting
                }
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // First what must not be left behind: sounding notes and a running clock at the receiver.
        // Then the control thread ends the MIDI thread and the stream.
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

impl Slow {
    pub fn new(options: &EngineOptions) -> Slow {
        let reason = match options.audio {
            true => "The sound card is being opened.",
            false => "Sound is switched off.",
        };
        Slow {
            audio: AudioState::Off {
                reason: reason.into(),
            },
            midi: MidiState::Off {
                reason: "No MIDI port is chosen.".into(),
            },
            midi_in: MidiState::Off {
                reason: "No MIDI input is chosen.".into(),
            },
            kit: String::new(),
            kits: Arc::from([]),
            kit_error: None,
            recording: None,
            recorded: Arc::from([]),
            record_error: None,
        }
    }
}

/// Waits for a thread to end, but not for ever: one that hangs in a driver is left to itself.
pub(crate) fn join_within(thread: JoinHandle<()>, patience: Duration) {
    let started = Instant::now();
    while !thread.is_finished() {
        if started.elapsed() > patience {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let _ = thread.join();
}

/// The clock thread: plays on whenever no audio callback does.
fn run_clock(core: &Mutex<Core>, shared: &Shared, epoch: Instant, quit: &AtomicBool) {
    make_realtime();
    let now = || epoch.elapsed().as_nanos() as Nanos;
    while !quit.load(Relaxed) {
        let stream = shared.stream.load(Relaxed) != 0;
        let length = i64::from(shared.callback_frames.load(Relaxed)) * SECOND
            / i64::from(shared.callback_rate.load(Relaxed).max(1));
        let stalled = now() - shared.last_callback.load(Relaxed) > STALLED.max(4 * length);
        if stream && !stalled {
            thread::sleep(CLOCK_TICK[1]);
            continue;
        }
        let core = match core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(core)) => Some(core.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut core) = core {
            // As in the callback: a fault is counted, and the clock goes on.
            let driven = catch_unwind(AssertUnwindSafe(|| core.drive_silently(now())));
            if driven.is_err() {
                shared.audio_errors.fetch_add(1, Relaxed);
            }
        }
        thread::sleep(CLOCK_TICK[0]);
    }
}
