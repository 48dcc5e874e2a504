//! The threads behind the studio, and the carrying out of its effects.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::Context;

use super::chain::store;
use super::inference::guarded;
use super::{
    Bars, Config, Effect, Event, Inference, Job, Kind, Loader, TrainingEvent, Transport, config,
    export, midi, opening, trainer,
};
use crate::engine::stderr::StderrGuard;
use crate::engine::{
    self, ChainLink, Command, DrumMap, DrumMaps, Engine, EngineOptions, MidiSetting, RecordOptions,
    Request, Setup, SoundFontSource,
};
use musicvae::checkpoint::Watch;
use musicvae::checkpoint::watch::Notice;
use musicvae::music::Groove;
use musicvae::training::Session;

/// Loudness of a stroke that is heard while a drum map is edited.
const STRIKE: f32 = 100.0 / 127.0;

/// Takes an event to whoever runs the studio; false when nobody does any more.
pub type Tell = Arc<dyn Fn(Event) -> bool + Send + Sync>;

/// Sends what libraries print on stderr to the log file for as long as the guard lives. `None`
/// when no file can be opened for it: then they print as they like.
pub fn quiet_stderr() -> Option<StderrGuard> {
    let folder = directories::ProjectDirs::from("", "", "musicvae-tui")
        .map_or_else(std::env::temp_dir, |folders| {
            folders.cache_dir().to_path_buf()
        });
    let in_folder = std::fs::create_dir_all(&folder)
        .and_then(|()| StderrGuard::redirect(&folder.join("stderr.log")));
    in_folder
        .or_else(|_| StderrGuard::redirect(&std::env::temp_dir().join("musicvae-tui.log")))
        .ok()
}

/// The engine, the inference worker, the trainer and the catalogue watch.
pub struct Backstage {
    config: Config,
    engine: Engine,
    inference: Option<Inference>,
    training: Option<Session>,
    watch: Watch,
    tell: Tell,
    /// What happened on the screen's own thread, which must not wait for itself in `tell`.
    own: Vec<Event>,
}

impl Backstage {
    /// Starts everything that runs beside the screen. What can't be started is told as an event.
    pub fn start(config: &Config, tell: Tell) -> Backstage {
        Backstage::with_loader(config, Box::new(opening::open), tell)
    }

    /// As [`Backstage::start`], with models that come from `loader`.
    pub fn with_loader(config: &Config, loader: Loader, tell: Tell) -> Backstage {
        let mut own = Vec::new();
        let map = config.midi.drum_map().unwrap_or_else(|reason| {
            let reason = reason.trim_end_matches('.');
            own.push(Event::Trouble(format!(
                "{reason} (`map` in [midi]); General MIDI is used."
            )));
            DrumMap::general_midi()
        });
        if map != DrumMap::general_midi() {
            own.push(Event::MapOpened(map.clone()));
        }
        let engine = Engine::start(engine_options(config, map));
        engine.send(Command::SetSwing(config.playing.swing));
        engine.send(Command::SetTimingAmount(config.playing.timing));
        engine.send(Command::SetVelocityAmount(config.playing.velocity));
        engine.send(Command::SetMasterLevel(config.audio.level));
        engine.send(Command::SetCountIn(config.playing.count_in));
        engine.send(metronome(config.playing.metronome, config.playing.click));
        let bindings = midi::file_path(config);
        match bindings.as_deref().map(midi::read_bindings) {
            Some(Ok(bindings)) if bindings.is_empty() => {}
            Some(Ok(bindings)) => own.push(Event::Bindings(bindings)),
            Some(Err(reason)) => own.push(Event::Trouble(reason)),
            None => {}
        }
        engine.send(Command::SetMidiOffset(config.midi.offset));
        let answers = tell.clone();
        let inference = Inference::start(loader, move |event| answers(event))
            .map_err(|reason| {
                own.push(Event::Trouble(format!(
                    "The model's thread can't be started: {reason}."
                )));
            })
            .ok();
        let mut backstage = Backstage {
            config: config.clone(),
            engine,
            inference,
            training: None,
            watch: Watch::start(config.checkpoints.folders.clone()),
            tell,
            own,
        };
        if let Some(path) = config.chain.path() {
            backstage.aside("chain", move || {
                Ok(Event::Chain(store::read(&path)?.unwrap_or_default()))
            });
        }
        backstage
    }

    /// The engine as it is now.
    pub fn transport(&self) -> Transport {
        self.engine.status()
    }

    /// Carries out one effect. Nothing here waits: what takes time runs on a thread and answers
    /// with an event.
    pub fn perform(&mut self, effect: Effect) {
        // A full queue is counted by the engine and shown from its status.
        let send = |command: Command| {
            self.engine.send(command);
        };
        let ask = |request: Request| {
            self.engine.send(request);
        };
        match effect {
            Effect::Play => send(Command::Play),
            Effect::Stop => send(Command::Stop),
            Effect::Continue => send(Command::Continue),
            Effect::Panic => send(Command::Panic),
            Effect::Tempo(qpm) => send(Command::SetTempo(qpm)),
            Effect::Swing(swing) => send(Command::SetSwing(swing)),
            Effect::Timing(amount) => send(Command::SetTimingAmount(amount)),
            Effect::Dynamics(amount) => send(Command::SetVelocityAmount(amount)),
            Effect::Level(level) => send(Command::SetMasterLevel(level)),
            Effect::Groove { groove, takeover } => {
                ask(Request::SetGroove {
                    groove,
                    takeover: takeover.into(),
                });
            }
            Effect::Metronome { on, level } => send(metronome(on, level)),
            Effect::CountIn(bars) => send(Command::SetCountIn(bars)),
            Effect::Loop { bars, takeover } => send(Command::SetLoop {
                bars: bars.map(loop_range),
                takeover: takeover.into(),
            }),
            Effect::Chain { links, takeover } => {
                let link = |(groove, repeats)| ChainLink { groove, repeats };
                ask(Request::SetChain {
                    links: links.into_iter().map(link).collect(),
                    takeover: takeover.into(),
                });
            }
            Effect::KeepChain(text) => {
                // Written here: it is small, and must not be overtaken by the next or by the end.
                if let Some(path) = self.config.chain.path()
                    && let Err(reason) = guarded(|| store::write(&path, &text))
                {
                    self.own.push(Event::Trouble(format!("{reason}.")));
                }
            }
            Effect::Record(settings) => ask(Request::Record(record_options(&settings))),
            Effect::StopRecording => send(Command::StopRecording),
            Effect::Lane {
                lane,
                level,
                mute,
                solo,
            } => {
                send(Command::SetLane {
                    lane,
                    level,
                    mute,
                    solo,
                });
            }
            Effect::Follow(follow) => send(Command::FollowClock(follow)),
            Effect::Overdub(overdub) => send(Command::Overdub(overdub)),
            Effect::Pads(pads) => ask(Request::SetPads(pads)),
            Effect::SaveBindings(bindings) => {
                // A small file, and written in the order of the changes.
                let saved = midi::file_path(&self.config)
                    .ok_or_else(|| {
                        "There is no folder for the bindings: name a file in [midi].".to_string()
                    })
                    .and_then(|path| midi::write_bindings(&path, &bindings));
                if let Err(reason) = saved {
                    self.own.push(Event::Trouble(reason));
                }
            }
            Effect::DrumMap(map) => ask(MidiSetting::DrumMap(Box::new(map)).into()),
            Effect::SaveMap(map) => {
                let folder = self.config.midi.maps_folder();
                self.aside("map", move || {
                    let folder = folder.context(
                        "this system has no configuration folder: name one as `maps` in [midi]",
                    )?;
                    let path = map.save(&folder)?;
                    Ok(Event::Notice(format!(
                        "{} is saved in {}; to begin with it, set `map = \"{}\"` in [midi].",
                        map.name,
                        path.display(),
                        map.name
                    )))
                });
            }
            Effect::Strike(lane) => {
                let velocity = STRIKE;
                send(Command::Strike { lane, velocity });
            }
            Effect::MidiOffset(ms) => send(Command::SetMidiOffset(ms)),
            Effect::Clock(clock) => ask(MidiSetting::ClockOut(clock).into()),
            Effect::Open(Kind::DrumMap, map) => {
                let midi = config::Midi {
                    map,
                    ..self.config.midi.clone()
                };
                self.aside("map", move || {
                    let map = midi.drum_map().map_err(anyhow::Error::msg)?;
                    Ok(Event::MapOpened(map))
                });
            }
            Effect::Open(kind, name) => {
                if let Some(setup) = setup(kind, name) {
                    ask(setup.into());
                }
            }
            Effect::Decode { ticket, z, how } => self.infer(ticket, Job::Decode { z, how }),
            Effect::Encode { ticket, groove } => self.infer(ticket, Job::Encode(groove)),
            Effect::Rework {
                ticket,
                source,
                rework,
                groove,
                how,
            } => {
                let job = Job::Rework {
                    source,
                    rework,
                    groove,
                    how,
                };
                self.infer(ticket, job);
            }
            Effect::LoadCheckpoint(source) => {
                if let Some(worker) = &self.inference {
                    worker.load(source);
                }
            }
            Effect::List(kind) => {
                let config = self.config.clone();
                self.aside("list", move || Ok(list(kind, &config)));
            }
            Effect::Export {
                groove,
                folder,
                name,
                left_out,
            } => self.aside("export", move || {
                let (path, clamped) = export::write(&groove, &folder, &name)?;
                Ok(Event::Exported {
                    path,
                    clamped,
                    left_out,
                })
            }),
            Effect::StartTraining(settings) => self.train(&settings),
            Effect::PauseTraining(pause) => {
                if let Some(session) = &self.training {
                    session.control.pause(pause);
                }
            }
            Effect::StopTraining => {
                if let Some(session) = &self.training {
                    session.control.stop();
                }
            }
        }
    }

    /// What the trainer and the checkpoint folders have to say. Never waits.
    pub fn news(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.own);
        let received = self.engine.received();
        if !received.is_empty() {
            events.push(Event::Midi(received));
        }
        if let Some(session) = &self.training {
            events.extend(session.events().map(Event::Training));
        }
        let mut changed = false;
        for notice in self.watch.notices() {
            match notice {
                Notice::Changed => changed = true,
                Notice::Trouble(text) => events.push(Event::Trouble(text)),
            }
        }
        if changed {
            let folders = self.config.checkpoints.folders.clone();
            self.aside("catalogue", move || Ok(opening::list(&folders)));
        }
        events
    }

    fn train(&mut self, settings: &config::Training) {
        // Read first: the trainer goes on writing it.
        let story = trainer::story(settings);
        match guarded(|| trainer::start(settings)) {
            Ok(session) => {
                self.training = Some(session);
                if let Some(last) = story.last() {
                    let steps = settings.steps;
                    self.own.push(Event::Notice(if last.step < steps {
                        format!("Training goes on from step {}.", last.step)
                    } else {
                        format!("The run already has its {steps} steps: raise `steps` for more.")
                    }));
                }
                let records = story.into_iter().map(TrainingEvent::Record);
                self.own.extend(records.map(Event::Training));
            }
            Err(reason) => {
                self.own
                    .push(Event::Training(TrainingEvent::Failed(reason)));
            }
        }
    }

    /// Ends what runs beside the screen; a recording is closed and a training run saved first.
    pub fn close(self) {
        self.engine.send(Command::StopRecording);
        // Saving may take a while, in which nothing is to sound on.
        self.engine.send(Command::Stop);
        if let Some(session) = self.training {
            session.join();
        }
    }

    fn infer(&self, ticket: u64, job: Job) {
        if let Some(worker) = &self.inference {
            worker.run(ticket, job);
        }
    }

    /// Runs something short on a thread of its own and tells how it went.
    fn aside(&mut self, name: &str, task: impl FnOnce() -> anyhow::Result<Event> + Send + 'static) {
        let tell = self.tell.clone();
        let run = move || {
            tell(guarded(task).unwrap_or_else(Event::Trouble));
        };
        if let Err(reason) = thread::Builder::new().name(name.into()).spawn(run) {
            self.own.push(Event::Trouble(format!(
                "A thread can't be started: {reason}."
            )));
        }
    }
}

fn engine_options(config: &Config, drum_map: DrumMap) -> EngineOptions {
    let named = |name: &str| (!name.is_empty()).then(|| name.to_string());
    EngineOptions {
        audio: config.audio.device != "off",
        audio_device: named(&config.audio.device),
        buffer_frames: config.audio.buffer,
        midi_port: named(&config.midi.port),
        midi_input: named(&config.midi.input),
        virtual_input: config.midi.virtual_input,
        follow_clock: config.midi.follow_clock,
        pads: midi::pads(config.midi.pad_channel, &[]),
        midi_thru: config.midi.thru,
        drum_map,
        clock_out: config.midi.clock,
        gate: config.midi.gate,
        soundfont: soundfont(&config.soundfont.path),
        qpm: config.playing.tempo,
        groove: Groove {
            qpm: config.playing.tempo,
            ..Groove::empty(64)
        },
    }
}

fn metronome(on: bool, level: f32) -> Command {
    Command::SetMetronome { on, level }
}

fn loop_range(Bars { first, count }: Bars) -> engine::Bars {
    engine::Bars { first, count }
}

fn record_options(settings: &config::Record) -> RecordOptions {
    RecordOptions {
        folder: settings.folder.clone(),
        sound: settings.sound,
        midi: settings.midi,
        start: match settings.start {
            config::RecordStart::Bar => engine::RecordStart::Bar,
            config::RecordStart::Now => engine::RecordStart::Now,
        },
    }
}

fn soundfont(path: &Path) -> SoundFontSource {
    if path.as_os_str().is_empty() {
        SoundFontSource::Embedded
    } else {
        SoundFontSource::File(path.into())
    }
}

fn setup(kind: Kind, name: String) -> Option<Setup> {
    Some(match kind {
        Kind::DrumMap => return None,
        Kind::MidiPort if name.is_empty() => Setup::CloseMidiOut,
        Kind::MidiPort => Setup::OpenMidiOut(name),
        Kind::MidiInput if name.is_empty() => Setup::CloseMidiIn,
        Kind::MidiInput => Setup::OpenMidiIn(name),
        Kind::AudioOutput => Setup::OpenAudio((!name.is_empty()).then_some(name)),
        Kind::SoundFont => Setup::SetSoundFont(soundfont(Path::new(&name))),
    })
}

/// What the machine has of a kind.
fn list(kind: Kind, config: &Config) -> Event {
    let (items, note) = match kind {
        Kind::MidiPort | Kind::MidiInput => {
            let ports = match kind {
                Kind::MidiInput => engine::midi_inputs(),
                _ => engine::midi_outputs(),
            };
            (
                ports.found.into_iter().map(|port| port.name).collect(),
                ports.reason,
            )
        }
        Kind::AudioOutput => {
            let outputs = engine::audio_outputs();
            (
                outputs
                    .found
                    .into_iter()
                    .map(|output| output.name)
                    .collect(),
                outputs.reason,
            )
        }
        Kind::DrumMap => {
            let maps = DrumMaps::with_folder(config.midi.maps_folder().as_deref());
            let names = maps.maps.into_iter().map(|listed| listed.map.name);
            // The chooser's first line is General MIDI.
            let names = names.filter(|name| *name != DrumMap::general_midi().name);
            let problems = (!maps.problems.is_empty()).then(|| maps.problems.join(" "));
            (names.collect(), problems)
        }
        Kind::SoundFont => {
            let folders = &config.soundfont.folders;
            let fonts = opening::soundfonts(folders);
            let none = fonts.is_empty().then(|| {
                let folders: Vec<_> = folders
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                format!("There is no .sf2 file in {}.", folders.join(", "))
            });
            (fonts, none)
        }
    };
    Event::Listed {
        kind,
        items,
        note: note.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A run that can't start says so, and so does a setting that nothing answers to: both happen
    /// on the screen's own thread, where no worker speaks for them.
    #[test]
    fn what_goes_wrong_on_the_screens_own_thread_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("latest.safetensors"), "no checkpoint").unwrap();
        let mut config = Config::default();
        config.midi.map = "theremin".into();
        config.audio.device = "off".into();
        config.training.out = folder.path().into();
        let mut backstage = Backstage::start(&config, Arc::new(|_| true));
        backstage.perform(Effect::StartTraining(config.training.clone()));
        let events = backstage.news();
        let map =
            |event: &Event| matches!(event, Event::Trouble(text) if text.contains("theremin"));
        assert!(events.iter().any(map), "{events:?}");
        let failed = |event: &Event| {
            matches!(event, Event::Training(TrainingEvent::Failed(reason))
                if reason.contains("latest.safetensors"))
        };
        assert!(events.iter().any(failed), "{events:?}");
        assert!(
            backstage.news().iter().all(|event| !failed(event)),
            "told twice"
        );
        backstage.close();
    }
}
