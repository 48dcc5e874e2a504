//! The control thread: opens and watches devices, loads SoundFonts, and frees what the real-time
//! side is done with. Everything that may take its time happens here.

mod audio;
mod backoff;
mod kit;
mod link;
mod midi_in;
mod midi_out;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::request::Setup;
use super::sender::CoreSender;
use super::status::{AudioState, MidiState, Slow};
use crate::engine::core::queues::{Garbage, Prepared};
use crate::engine::core::shared::Shared;
use crate::engine::link::Link;
use crate::engine::midi::output::{MidiCommand, MidiOut};
use crate::engine::record::{Progress, RecordOptions, Recorder};
use crate::engine::sound::stream::Feed;
use crate::engine::thread::{join_within, unpoisoned};
use musicvae::fault;

pub(super) use audio::Audio;
pub(super) use kit::Kit;
pub(super) use midi_in::Input;
pub(super) use midi_out::Output;

/// Time between two looks at the devices.
const TICK: Duration = Duration::from_millis(100);

/// Longest time to wait for a recording to close at the end: a slow disk needs time, but one that
/// hangs must not keep the program from ending.
const CLOSING: Duration = Duration::from_secs(10);

/// Longest time to wait for a device when everything must become silent.
const RESTING: Duration = Duration::from_millis(500);

/// What the control thread is asked to do.
pub(crate) enum ControlCommand {
    Setup(Setup),
    OpenVirtualMidiIn,
    /// With the flag that is set when it is to end.
    Record(RecordOptions, Arc<AtomicBool>),
    /// Leaves all devices in order, and reports when that is done.
    Rest(SyncSender<()>),
    /// The rest is over.
    Wake,
    Quit,
}

/// See the module.
pub(crate) struct Control {
    pub inbox: Receiver<ControlCommand>,
    pub core: Arc<CoreSender>,
    pub garbage: rtrb::Consumer<Garbage>,
    pub feed: Feed,
    pub shared: Arc<Shared>,
    pub slow: Arc<Mutex<Slow>>,
    pub progress: Arc<Mutex<Progress>>,
    pub midi: MidiOut,
    pub kit: Kit,
    pub audio: Audio,
    pub output: Output,
    pub input: Input,
    pub link: Option<Link>,
    pub recorder: Option<Recorder>,
    /// Nothing is opened until the rest is over.
    pub resting: bool,
    pub quit: Arc<AtomicBool>,
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
            // Drivers and SoundFont readers are not our code; a panic there must not end this
            // thread.
            let turn = catch_unwind(AssertUnwindSafe(|| {
                fault::point("control");
                if let Some(command) = command {
                    self.follow(command);
                }
                if !self.resting {
                    self.watch_sound();
                    self.watch_audio();
                    self.watch_midi();
                    self.watch_input();
                }
                while self.garbage.pop().is_ok() {}
            }));
            if turn.is_err() {
                self.shared.callback.errors.fetch_add(1, Relaxed);
            }
        }
        self.midi.quit(Duration::from_millis(500));
        if let Some(recorder) = self.recorder.take() {
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
            ControlCommand::Rest(done) => {
                self.rest();
                let _ = done.try_send(());
            }
            ControlCommand::Wake => {
                self.resting = false;
                self.audio.retry.try_at_once();
            }
            ControlCommand::Quit => (),
        }
    }

    /// The music was told to stop. When it has stopped, what it had planned is dropped, and the
    /// devices are left in order.
    fn rest(&mut self) {
        self.resting = true;
        let began = Instant::now();
        while self.shared.now.playing.load(Relaxed) && began.elapsed() < RESTING {
            thread::sleep(Duration::from_millis(1));
        }
        let (done, ended) = sync_channel(1);
        if self.midi.send(MidiCommand::Rest(done)) {
            let _ = ended.recv_timeout(RESTING);
        }
        if let Some(closing) = self.close_stream() {
            join_within(closing, RESTING);
        }
    }

    fn set_up(&mut self, setup: Setup) {
        match setup {
            Setup::SetSoundFont(source) => self.load(&source),
            Setup::SetKit(program) => {
                let program = program.min(127);
                self.kit.program = program;
                self.core.send(Prepared::Program(program));
                self.say_kit();
            }
            Setup::OpenAudio(device) => {
                self.close_stream();
                self.audio.wanted = Some(device);
                self.audio.retry.try_at_once();
            }
            Setup::CloseAudio => {
                self.close_stream();
                self.audio.wanted = None;
                self.say_audio(AudioState::Off {
                    reason: "Sound is switched off.".into(),
                });
            }
            Setup::OpenMidiOut(name) => {
                self.close_midi();
                self.output.wanted = Some(name);
                self.open_midi();
            }
            Setup::CloseMidiOut => {
                self.close_midi();
                self.output.wanted = None;
                self.say_midi(MidiState::Off {
                    reason: "No MIDI port is chosen.".into(),
                });
            }
            Setup::OpenMidiIn(name) => {
                self.close_input();
                self.input.wanted = Some(name);
                self.open_input();
            }
            Setup::OpenLink(address) => self.open_link(&address),
            Setup::CloseLink => self.close_link(),
            Setup::SetLinkTempo(qpm) => {
                if let Some(link) = &self.link {
                    link.set_tempo(qpm);
                }
            }
            Setup::CloseMidiIn => self.close_input(),
            Setup::SetMidiThru(thru) => {
                self.input.thru = thru;
                self.ports_changed();
            }
        }
    }

    fn slow(&self, change: impl FnOnce(&mut Slow)) {
        change(&mut unpoisoned(&self.slow));
    }

    fn say_audio(&self, audio: AudioState) {
        self.slow(|slow| slow.audio = audio);
    }

    fn say_midi(&self, midi: MidiState) {
        self.ports_changed();
        self.slow(|slow| slow.midi = midi);
    }

    /// Begins a recording, unless one is being made.
    fn record(&mut self, options: RecordOptions, stop: Arc<AtomicBool>) {
        let recorder = &mut self.recorder;
        if recorder.as_ref().is_some_and(|it| !it.is_done()) {
            return;
        }
        match Recorder::start(options, stop, self.core.clone(), self.progress.clone()) {
            Ok(started) => *recorder = Some(started),
            Err(error) => {
                let reason = format!("Recording cannot start a thread ({error}).");
                unpoisoned(&self.progress).error = Some(reason);
            }
        }
    }
}
