//! The control thread: opens and watches devices, loads SoundFonts, and frees what the real-time
//! side is done with. Everything that may take its time happens here.

mod midi;
mod midi_in;
mod sound;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::audio::{AudioStream, Feed};
use super::handle::join_within;
use super::messages::{Garbage, Prepared};
use super::midi_out::{MidiOut, Ports};
use super::mixer::Mixer;
use super::record::Recorder;
use super::soundfont::SoundFont;
use super::{AudioState, Kit, MidiState, RecordOptions, Recording, Setup, SoundFontSource};
use musicvae::fault::{self, Place};

pub(crate) use midi_in::Input;

/// Time between two looks at the devices.
const TICK: Duration = Duration::from_millis(100);

/// Longest time that is taken for closing a recording at the end: a slow disk needs its time, but
/// one that hangs must not keep the program.
const CLOSING: Duration = Duration::from_secs(10);

/// What the control thread is asked to do.
pub(crate) enum ControlCommand {
    Setup(Setup),
    OpenVirtualMidiIn,
    /// With the flag that is set when it is to end.
    Record(RecordOptions, Arc<AtomicBool>),
    Quit,
}

/// What changes seldom and has names in it: shared with [`super::Status`].
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub audio: AudioState,
    pub midi: MidiState,
    pub midi_in: MidiState,
    pub kit: String,
    pub kits: Arc<[Kit]>,
    pub kit_error: Option<String>,
    pub recording: Option<Recording>,
    pub recorded: Arc<[PathBuf]>,
    pub record_error: Option<String>,
}

/// The way to the core, for more than one thread.
pub(crate) struct CoreSender(pub Mutex<rtrb::Producer<Prepared>>);

impl CoreSender {
    /// `false` when the queue is full.
    pub fn send(&self, given: impl Into<Prepared>) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(given.into())
            .is_ok()
    }
}

/// Waits longer after every failure, up to a limit.
struct Backoff {
    next: Option<Instant>,
    wait: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_secs(1);
    const LAST: Duration = Duration::from_secs(60);

    fn new() -> Backoff {
        Backoff {
            next: None,
            wait: Backoff::FIRST,
        }
    }

    fn try_at_once(&mut self) {
        *self = Backoff {
            next: Some(Instant::now()),
            wait: Backoff::FIRST,
        };
    }

    fn failed(&mut self) {
        self.next = Some(Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(Backoff::LAST);
    }

    fn is_due(&self) -> bool {
        self.next.is_some_and(|next| next <= Instant::now())
    }
}

/// See the module.
pub(crate) struct Control {
    pub inbox: Receiver<ControlCommand>,
    pub core: Arc<CoreSender>,
    pub garbage: rtrb::Consumer<Garbage>,
    pub feed: Feed,
    pub slow: Arc<Mutex<Slow>>,
    pub midi: MidiOut,
    pub input: Input,
    pub buffer: u32,
    pub quit: Arc<AtomicBool>,
    pub state: State,
}

/// What the control thread knows.
pub(crate) struct State {
    font: Option<SoundFont>,
    program: u8,
    stream: Option<AudioStream>,
    opened: Instant,
    measured_from: Option<(Instant, u64)>,
    audio_wanted: Option<Option<String>>,
    audio_retry: Backoff,
    midi_wanted: Option<String>,
    midi_open: Option<String>,
    /// The port that blocked last.
    midi_blocked: Option<String>,
    ports: Ports,
    ports_seen: Instant,
    recorder: Option<Recorder>,
}

impl State {
    pub fn new(ports: Ports) -> State {
        State {
            font: None,
            program: 0,
            stream: None,
            opened: Instant::now(),
            measured_from: None,
            audio_wanted: None,
            audio_retry: Backoff::new(),
            midi_wanted: None,
            midi_open: None,
            midi_blocked: None,
            ports,
            ports_seen: Instant::now(),
            recorder: None,
        }
    }
}

impl Control {
    /// Runs until it is told to quit; gives the devices back.
    pub fn run(mut self) {
        loop {
            let command = match self.inbox.recv_timeout(TICK) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(ControlCommand::Quit),
            };
            if matches!(command, Some(ControlCommand::Quit)) || self.quit.load(Relaxed) {
                break;
            }
            // Drivers and SoundFonts are others' code; a panic of theirs must not end the watch.
            let turn = catch_unwind(AssertUnwindSafe(|| {
                fault::point(Place::Control);
                if let Some(command) = command {
                    self.follow(command);
                }
                self.watch_sound();
                self.watch_audio();
                self.watch_midi();
                self.watch_input();
                while self.garbage.pop().is_ok() {}
            }));
            if turn.is_err() {
                self.feed.shared.audio_errors.fetch_add(1, Relaxed);
            }
        }
        self.midi.quit(Duration::from_millis(500));
        if let Some(recorder) = self.state.recorder.take() {
            recorder.finish(CLOSING);
        }
        if let Some(closing) = self.close_stream() {
            join_within(closing, Duration::from_millis(500));
        }
    }

    fn follow(&mut self, command: ControlCommand) {
        match command {
            ControlCommand::Setup(setup) => self.set_up(setup),
            ControlCommand::OpenVirtualMidiIn => self.open_virtual_input(),
            ControlCommand::Record(options, stop) => self.record(options, stop),
            ControlCommand::Quit => (),
        }
    }

    fn set_up(&mut self, setup: Setup) {
        match setup {
            Setup::SetSoundFont(source) => self.load(&source),
            Setup::SetKit(program) => {
                let program = program.min(127);
                self.state.program = program;
                self.core.send(Prepared::Program(program));
                self.say_kit();
            }
            Setup::OpenAudio(device) => {
                self.close_stream();
                self.state.audio_wanted = Some(device);
                self.state.audio_retry.try_at_once();
            }
            Setup::CloseAudio => {
                self.close_stream();
                self.state.audio_wanted = None;
                self.say_audio(AudioState::Off {
                    reason: "Sound is switched off.".into(),
                });
            }
            Setup::OpenMidiOut(name) => {
                self.close_midi();
                self.state.midi_wanted = Some(name);
                self.open_midi();
            }
            Setup::CloseMidiOut => {
                self.close_midi();
                self.state.midi_wanted = None;
                self.say_midi(MidiState::Off {
                    reason: "No MIDI port is chosen.".into(),
                });
            }
            Setup::OpenMidiIn(name) => {
                self.close_input();
                self.input.wanted = Some(name);
                self.open_input();
            }
            Setup::CloseMidiIn => self.close_input(),
            Setup::SetMidiThru(thru) => {
                self.input.thru = thru;
                self.ports_changed();
            }
        }
    }

    fn slow(&self, change: impl FnOnce(&mut Slow)) {
        change(&mut self.slow.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn say_audio(&self, audio: AudioState) {
        self.slow(|slow| slow.audio = audio);
    }

    fn say_midi(&self, midi: MidiState) {
        self.ports_changed();
        self.slow(|slow| slow.midi = midi);
    }

    fn load(&mut self, source: &SoundFontSource) {
        match SoundFont::load(source) {
            Ok(font) => {
                self.state.font = Some(font);
                self.state.program = 0;
                self.slow(|slow| slow.kit_error = None);
                self.say_kit();
                // Without a stream too: a recording is made all the same.
                let rate = match &self.state.stream {
                    Some(stream) => stream.rate,
                    None => self.feed.shared.rate.load(Relaxed),
                };
                self.send_mixer(rate);
            }
            Err(error) => {
                if self.state.font.is_none() && !matches!(source, SoundFontSource::Embedded) {
                    self.load(&SoundFontSource::Embedded);
                }
                self.slow(|slow| slow.kit_error = Some(format!("{error}.")));
            }
        }
    }

    fn say_kit(&self) {
        let Some(font) = &self.state.font else { return };
        let kits = font.kits();
        let name = match kits.iter().find(|kit| kit.program == self.state.program) {
            Some(kit) if kits.len() > 1 => format!("{}: {}", font.name(), kit.name),
            _ => font.name().to_string(),
        };
        self.slow(|slow| (slow.kit, slow.kits) = (name, kits));
    }

    /// Builds a mixer for `rate` and hands it to the core.
    fn send_mixer(&mut self, rate: u32) {
        let Some(font) = &self.state.font else { return };
        match Mixer::new(font, rate, self.state.program) {
            Ok(mixer) => {
                self.core.send(Prepared::Mixer(Box::new(mixer)));
            }
            Err(error) => self.slow(|slow| slow.kit_error = Some(format!("{error}."))),
        }
    }

    /// Begins a recording, unless one is being made.
    fn record(&mut self, options: RecordOptions, stop: Arc<AtomicBool>) {
        let recorder = &mut self.state.recorder;
        if recorder.as_ref().is_some_and(|it| !it.is_done()) {
            return;
        }
        match Recorder::start(options, stop, self.core.clone(), self.slow.clone()) {
            Ok(started) => *recorder = Some(started),
            Err(error) => self.slow(|slow| {
                let reason = format!("Recording cannot start a thread ({error}).");
                slow.record_error = Some(reason);
            }),
        }
    }

    /// When a kit broke while it played, the embedded one takes its place.
    fn watch_sound(&mut self) {
        if self.feed.shared.sound_failed.swap(false, Relaxed) {
            let name = self
                .state
                .font
                .take()
                .map_or_else(String::new, |font| font.name().into());
            self.load(&SoundFontSource::Embedded);
            let reason = format!("{name} is damaged and broke while it played: choose another.");
            self.slow(|slow| slow.kit_error = Some(reason));
        }
    }
}
