//! The control thread: opens and watches devices, loads SoundFonts, and frees what the real-time
//! side is done with. Everything that may take its time happens here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::audio::{self, AudioStream, Feed};
use super::clock::SECOND;
use super::core::{CoreCommand, Garbage};
use super::midi_out::{MidiCommand, MidiOut, Ports};
use super::mixer::Mixer;
use super::soundfont::SoundFont;
use super::{AudioState, Kit, MidiState, SoundFontSource};

/// Time between two looks at the devices.
const TICK: Duration = Duration::from_millis(100);

/// A stream without callbacks for so long is dead.
const SILENT_STREAM: Duration = Duration::from_millis(2500);

/// A stream is measured over this time; faster than [`TOO_FAST`] times real time, it is no sound
/// card but something that swallows samples.
const MEASURE: Duration = Duration::from_secs(2);
const TOO_FAST: f64 = 1.5;

/// Time between two looks at the MIDI ports.
const PORTS_TICK: Duration = Duration::from_secs(2);

/// What the control thread is asked to do.
pub(crate) enum ControlCommand {
    SoundFont(SoundFontSource),
    Kit(u8),
    OpenAudio(Option<String>),
    CloseAudio,
    OpenMidi(String),
    CloseMidi,
    Quit,
}

/// What changes seldom and has names in it: shared with [`super::Status`].
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub audio: AudioState,
    pub midi: MidiState,
    pub kit: String,
    pub kits: Arc<[Kit]>,
    pub kit_error: Option<String>,
}

/// The way to the core, for more than one thread.
pub(crate) struct CoreSender(pub Mutex<rtrb::Producer<CoreCommand>>);

impl CoreSender {
    /// `false` when the queue is full.
    pub fn send(&self, command: CoreCommand) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(command)
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
    ports: Ports,
    ports_seen: Instant,
}

impl State {
    pub fn new() -> State {
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
            ports: Ports::new(),
            ports_seen: Instant::now(),
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
                if let Some(command) = command {
                    self.follow(command);
                }
                self.watch_sound();
                self.watch_audio();
                self.watch_midi();
            }));
            if turn.is_err() {
                self.feed.shared.audio_errors.fetch_add(1, Relaxed);
            }
            while self.garbage.pop().is_ok() {}
        }
        self.midi.quit(Duration::from_millis(500));
        self.state.stream = None;
    }

    fn follow(&mut self, command: ControlCommand) {
        match command {
            ControlCommand::SoundFont(source) => self.load(&source),
            ControlCommand::Kit(program) => {
                self.state.program = program;
                self.core.send(CoreCommand::Program(program));
                self.say_kit();
            }
            ControlCommand::OpenAudio(device) => {
                self.state.stream = None;
                self.state.audio_wanted = Some(device);
                self.state.audio_retry.try_at_once();
            }
            ControlCommand::CloseAudio => {
                self.state.stream = None;
                self.state.audio_wanted = None;
                self.say_audio(AudioState::Off {
                    reason: "Sound is switched off.".into(),
                });
            }
            ControlCommand::OpenMidi(name) => {
                self.close_midi();
                self.state.midi_wanted = Some(name);
                self.open_midi();
            }
            ControlCommand::CloseMidi => {
                self.close_midi();
                self.state.midi_wanted = None;
                self.say_midi(MidiState::Off {
                    reason: "No MIDI port is chosen.".into(),
                });
            }
            ControlCommand::Quit => (),
        }
    }

    fn slow(&self, change: impl FnOnce(&mut Slow)) {
        change(&mut self.slow.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn say_audio(&self, audio: AudioState) {
        self.slow(|slow| slow.audio = audio);
    }

    fn say_midi(&self, midi: MidiState) {
        self.slow(|slow| slow.midi = midi);
    }

    // ---- kits

    fn load(&mut self, source: &SoundFontSource) {
        match SoundFont::load(source) {
            Ok(font) => {
                self.state.font = Some(font);
                self.state.program = 0;
                self.slow(|slow| slow.kit_error = None);
                self.say_kit();
                let rate = self.state.stream.as_ref().map(|stream| stream.rate);
                if let Some(rate) = rate {
                    self.send_mixer(rate);
                }
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
                self.core.send(CoreCommand::Mixer(Box::new(mixer)));
            }
            Err(error) => self.slow(|slow| slow.kit_error = Some(format!("{error}."))),
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

    // ---- sound cards

    fn watch_audio(&mut self) {
        if let Some(stream) = &self.state.stream {
            let name = stream.name.clone();
            let silent = self.feed.now() - self.feed.shared.last_callback.load(Relaxed);
            let frames = i64::from(self.feed.shared.callback_frames.load(Relaxed));
            let limit = SILENT_STREAM.as_nanos() as i64
                + 2 * frames * SECOND / i64::from(stream.rate.max(1));
            if stream.is_lost() || silent > limit {
                self.state.stream = None;
                self.state.audio_retry.try_at_once();
                let reason = format!("\"{name}\" went away; it is tried again.");
                self.say_audio(AudioState::Off { reason });
            } else if self.is_too_fast() {
                self.state.stream = None;
                self.state.audio_wanted = None;
                let reason = format!("No sound: \"{name}\" swallows samples and is no sound card.");
                self.say_audio(AudioState::Off { reason });
            } else {
                self.say_stream();
            }
        } else if self.state.audio_wanted.is_some() && self.state.audio_retry.is_due() {
            self.open_audio();
        }
    }

    fn open_audio(&mut self) {
        let wanted = self.state.audio_wanted.clone().flatten();
        match self.try_audio(wanted.as_deref()) {
            Ok(stream) => {
                self.state.stream = Some(stream);
                self.state.opened = Instant::now();
                self.state.measured_from = None;
                self.say_stream();
            }
            Err(reason) => {
                self.state.audio_retry.failed();
                self.say_audio(AudioState::Off { reason });
            }
        }
    }

    fn try_audio(&mut self, wanted: Option<&str>) -> Result<AudioStream, String> {
        let mut reason = String::new();
        for candidate in audio::candidates(wanted)? {
            // The core has its instruments for this rate before the first callback.
            self.send_mixer(candidate.rate());
            self.feed.stream += 1;
            match AudioStream::open(&candidate, self.buffer, &self.feed) {
                Ok(stream) => return Ok(stream),
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    /// Measures the stream, from a while after its start on.
    fn is_too_fast(&mut self) -> bool {
        let Some(stream) = &self.state.stream else {
            return false;
        };
        if self.state.opened.elapsed() < MEASURE {
            return false;
        }
        let played = self.feed.shared.frames_played.load(Relaxed);
        let (start, before) = *self
            .state
            .measured_from
            .get_or_insert_with(|| (Instant::now(), played));
        let elapsed = start.elapsed();
        if elapsed < MEASURE {
            return false;
        }
        self.state.measured_from = Some((Instant::now(), played));
        let speed = (played - before) as f64 / f64::from(stream.rate) / elapsed.as_secs_f64();
        speed > TOO_FAST
    }

    fn say_stream(&self) {
        let Some(stream) = &self.state.stream else {
            return;
        };
        let shared = &self.feed.shared;
        let buffer = shared.callback_frames.load(Relaxed);
        let latency = shared.callback_latency.load(Relaxed);
        self.slow(|slow| {
            // Latency is a measured number: not every hair's change is news.
            let latency_ms = (latency as f32 / 1e5).round() / 10.0;
            slow.audio = AudioState::On {
                device: stream.name.clone(),
                rate: stream.rate,
                channels: stream.channels,
                buffer,
                latency_ms,
            };
        });
    }

    // ---- MIDI ports

    fn watch_midi(&mut self) {
        if self.midi.take_lost() {
            self.state.midi_open = None;
            self.midi_went_away();
        }
        if self.state.midi_wanted.is_none() || self.state.ports_seen.elapsed() < PORTS_TICK {
            return;
        }
        self.state.ports_seen = Instant::now();
        match &self.state.midi_open {
            None => self.open_midi(),
            // Some systems let a program send into the void when a port has gone.
            Some(open) => {
                if !self
                    .state
                    .ports
                    .list()
                    .found
                    .iter()
                    .any(|port| port.name == *open)
                {
                    self.state.midi_open = None;
                    self.midi.send(MidiCommand::Close);
                    self.midi_went_away();
                }
            }
        }
    }

    fn midi_went_away(&mut self) {
        let name = self.state.midi_wanted.clone().unwrap_or_default();
        let reason = format!("MIDI port \"{name}\" went away; it is opened when it comes back.");
        self.say_midi(MidiState::Off { reason });
    }

    fn open_midi(&mut self) {
        let Some(name) = &self.state.midi_wanted else {
            return;
        };
        match self.state.ports.open(name) {
            Ok((sink, port)) => {
                if !self.midi.send(MidiCommand::Open(sink)) {
                    let reason = "MIDI is off: its thread does not answer.".into();
                    return self.say_midi(MidiState::Off { reason });
                }
                self.state.midi_open = Some(port.clone());
                self.say_midi(MidiState::On { port });
            }
            Err(reason) => self.say_midi(MidiState::Off { reason }),
        }
    }

    fn close_midi(&mut self) {
        if self.state.midi_open.take().is_some() {
            self.midi.send(MidiCommand::Close);
        }
    }
}
