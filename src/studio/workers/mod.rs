//! The workers: the threads that carry out what the studio asks for, and what they do there. They
//! may use every room of the studio, and none of those uses them.
//!
//! All their events go one way, into [`Tell`]. Only what is known at once is answered at once,
//! because that happens on the thread that reads the events, and it must not wait for itself.

mod archive;
mod drummer;
mod engine;
mod errands;
mod files;
mod inference;
mod keeper;
mod lists;
mod look;
mod seekers;
mod stderr;
mod trainer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use anyhow::Context;

pub use archive::{Archive, read_habits, read_library};
pub use drummer::rehearse;
pub use inference::{Answer, Inference, Job, Loader, Model, guarded};
use keeper::Keeper;
pub use lists::music;
pub use lists::soundfonts;
use seekers::Seekers;
pub use stderr::quiet_stderr;

use super::dispatch::Studio;
use super::event::Event;
use super::ground::config::{self, Config};
use super::ground::{Effect, Paper};
use super::{export, midi};
use crate::engine::{Command, DrumMap, Engine, Status};
use musicvae::checkpoint::Watch;
use musicvae::checkpoint::watch::Notice;
use musicvae::model::DeviceChoice;
use musicvae::training::{self, Earlier, Session};

/// Passes an event to the thread that runs the studio, and waits until there is room for it; false
/// if no studio runs any more.
pub type Tell = Arc<dyn Fn(Event) -> bool + Send + Sync>;

/// The engine, the inference worker, the trainer and the catalogue watch.
pub struct Workers {
    config: Config,
    engine: Engine,
    inference: Option<Inference>,
    keeper: Option<Keeper>,
    training: Option<Session>,
    rendering: Option<Rendering>,
    seekers: Option<Seekers>,
    /// Held for as long as it is to watch.
    _watch: Option<Watch>,
    tell: Tell,
    /// What is answered at once.
    answers: Vec<Event>,
}

/// Sound that is being written.
struct Rendering {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Rendering {
    fn stop(&self) {
        self.stop.store(true, Relaxed);
    }
}

impl Workers {
    /// Starts everything that runs beside the screen. What is known at once, above all what can't
    /// be started, is returned.
    pub fn start(config: &Config, tell: Tell) -> (Workers, Vec<Event>) {
        Workers::with_loader(config, Box::new(drummer::open), tell)
    }

    /// As [`Workers::start`], with models that come from `loader`.
    pub fn with_loader(config: &Config, loader: Loader, tell: Tell) -> (Workers, Vec<Event>) {
        let mut news = Vec::new();
        let map = config.midi.drum_map().unwrap_or_else(|reason| {
            let reason = reason.trim_end_matches('.');
            news.push(Event::Trouble(format!(
                "{reason} (`map` in [midi]); General MIDI is used."
            )));
            DrumMap::general_midi()
        });
        if map != DrumMap::general_midi() {
            news.push(Event::MapOpened(map.clone()));
        }
        let engine = engine::start(config, map);
        let bindings = midi::file_path(config);
        match bindings.as_deref().map(midi::read_bindings) {
            Some(Ok(bindings)) if bindings.is_empty() => {}
            Some(Ok(bindings)) => news.push(Event::Bindings(bindings)),
            Some(Err(reason)) => news.push(Event::Trouble(reason)),
            None => {}
        }
        let received = tell.clone();
        let listening = engine.listen(move |came| received(Event::Midi(came)));
        if let Err(reason) = listening {
            news.push(Event::Trouble(format!(
                "Incoming MIDI can't be read: {reason}."
            )));
        }
        let told = tell.clone();
        let inference = Inference::start(loader, move |event| told(event))
            .map_err(|reason| {
                news.push(Event::Trouble(format!(
                    "The model's thread can't be started: {reason}."
                )));
            })
            .ok();
        if let Some(worker) = &inference
            && config.compute.device != DeviceChoice::Cpu
        {
            worker.use_device(config.compute.device);
        }
        let watch = watch(config, tell.clone())
            .map_err(|reason| news.push(Event::Trouble(reason)))
            .ok();
        let mut workers = Workers {
            config: config.clone(),
            engine,
            inference,
            keeper: None,
            training: None,
            rendering: None,
            seekers: None,
            _watch: watch,
            tell,
            answers: news,
        };
        if let Some(folder) = config.session.data_folder() {
            let tell = workers.tell.clone();
            let archive = Archive::of(folder, config.clone());
            match Keeper::start(archive, tell) {
                Ok(keeper) => workers.keeper = Some(keeper),
                Err(reason) => workers.answers.push(Event::Trouble(format!(
                    "Nothing is saved: a thread can't be started ({reason})."
                ))),
            }
        }
        let seekers = Seekers::start(config, &workers.tell);
        workers.seekers = workers.started(seekers);
        let news = std::mem::take(&mut workers.answers);
        (workers, news)
    }

    /// The engine as it is now.
    pub fn transport(&self) -> Status {
        self.engine.status()
    }

    /// Makes everything silent and leaves it in order, before the process is stopped for a while.
    pub fn rest(&self) {
        self.engine.rest();
    }

    /// The process runs again: with sound, and with the music where it was `playing`.
    pub fn wake(&self, playing: bool) {
        self.engine.wake();
        if playing {
            self.engine.send(Command::Continue);
        }
    }

    /// Carries out all that `studio` asks for, and hands it what is answered at once.
    pub fn serve(&mut self, studio: &mut Studio) {
        loop {
            let effects = studio.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                for answer in self.perform(effect) {
                    studio.receive(answer);
                }
            }
        }
    }

    /// Carries out one effect, and returns what is known at once. Nothing here waits: what takes
    /// time runs on a thread and is told.
    pub fn perform(&mut self, effect: Effect) -> Vec<Event> {
        match effect {
            Effect::Engine(request) => {
                // A full queue is counted by the engine and shown from its status.
                self.engine.send(request);
            }
            Effect::Decode {
                ticket,
                z,
                steps,
                how,
                locked,
            } => {
                let job = Job::Decode {
                    z,
                    steps,
                    how,
                    locked,
                };
                self.infer(ticket, job);
            }
            Effect::Glimpse {
                ticket,
                z,
                steps,
                how,
            } => self.infer(ticket, Job::Glimpse { z, steps, how }),
            Effect::Relate {
                ticket,
                groove,
                kin,
                temperature,
                seeds,
            } => {
                let job = Job::Relate {
                    groove,
                    kin,
                    temperature,
                    seeds,
                };
                self.infer(ticket, job);
            }
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
            Effect::ReadStory(source) => self.aside("story", move || {
                let losses = drummer::losses(&source);
                Ok(Event::StoryRead(source, losses))
            }),
            // Small work, done here in order, so that a list that comes has it.
            Effect::MoveFile { from, to } => {
                if let Err(reason) = files::moved(&from, &to) {
                    self.answers.push(Event::Trouble(reason));
                }
            }
            Effect::OpenMap(map) => {
                let midi = config::Midi {
                    map,
                    ..self.config.midi.clone()
                };
                self.aside("map", move || {
                    let map = midi.drum_map().map_err(anyhow::Error::msg)?;
                    Ok(Event::MapOpened(map))
                });
            }
            Effect::SaveMap(map) => {
                let folder = self.config.midi.maps_folder();
                self.aside("map", move || save_map(&map, folder.as_deref()));
            }
            Effect::Keep(keeping) => {
                if let Some(keeper) = &self.keeper {
                    keeper.run(keeping);
                }
            }
            Effect::ReadLibrary => {
                if let Some(folder) = self.config.session.data_folder() {
                    self.aside("library", move || archive::read_library(&folder));
                }
            }
            // A small file, written here, so that it is not overtaken by the next or by the end.
            Effect::KeepBindings(text) => {
                let saved = midi::file_path(&self.config)
                    .ok_or_else(|| {
                        "There is no folder for the bindings: name a file in [midi].".to_string()
                    })
                    .and_then(|path| midi::write_bindings(&path, &text));
                if let Err(reason) = saved {
                    self.answers.push(Event::Trouble(reason));
                }
            }
            Effect::Export {
                song,
                paper: Paper::Midi(layout, map),
                folder,
                name,
                about,
            } => self.aside("export", move || {
                let file = export::write(&song, layout, &map, &folder, &name)?;
                Ok(Event::Exported { file, about })
            }),
            Effect::Export {
                song,
                paper: Paper::Sound { font, kit, by_lane },
                folder,
                name,
                about,
            } => {
                let tell = self.tell.clone();
                let stop = Arc::new(AtomicBool::new(false));
                let stopped = stop.clone();
                let thread = self.beside("render", move || {
                    let place = (&*folder, &*name);
                    let progress =
                        &mut |share| tell(Event::Rendering(share)) && !stopped.load(Relaxed);
                    let rendered =
                        guarded(|| export::render(&song, (&font, kit), by_lane, place, progress));
                    Ok(Event::Rendered(rendered.map(|file| (file, about))))
                });
                self.rendering = thread.map(|thread| Rendering { stop, thread });
            }
            Effect::StopRendering => {
                if let Some(rendering) = &self.rendering {
                    rendering.stop();
                }
            }
            Effect::List(_)
            | Effect::ListFiles { .. }
            | Effect::ReadMusic { .. }
            | Effect::Look(..) => {
                if let Some(seekers) = &self.seekers {
                    seekers.seek(effect);
                }
            }
            Effect::UseDevice(choice) => {
                if let Some(worker) = &self.inference {
                    worker.use_device(choice);
                }
            }
            Effect::StartTraining(settings, device, earlier) => {
                self.train(&settings, device, earlier);
            }
            Effect::Rehearse(path, how) => self.aside("rehearsal", move || {
                Ok(Event::Rehearsed(guarded(|| drummer::rehearse(&path, how))))
            }),
            Effect::SaveTraining => {
                if let Some(session) = &self.training {
                    session.control.save();
                }
            }
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
        std::mem::take(&mut self.answers)
    }

    /// Ends what runs beside the screen; a recording is closed, the session written and a training
    /// run saved first. The receiver of events must go on listening meanwhile, or be gone.
    pub fn close(self) {
        self.engine.send(Command::StopRecording);
        // Saving may take a while, in which nothing is to sound on.
        self.engine.send(Command::Stop);
        // Half a file is none: it goes before the program does.
        if let Some(rendering) = self.rendering {
            rendering.stop();
            let _ = rendering.thread.join();
        }
        if let Some(keeper) = self.keeper {
            keeper.close();
        }
        if let Some(session) = self.training {
            session.join();
        }
    }

    /// What was started, or why it was not, which is told.
    fn started<T>(&mut self, started: std::io::Result<T>) -> Option<T> {
        let trouble = |reason| Event::Trouble(format!("A thread can't be started: {reason}."));
        started
            .map_err(|reason| self.answers.push(trouble(reason)))
            .ok()
    }

    fn train(&mut self, settings: &config::Training, device: DeviceChoice, earlier: Earlier) {
        let tell = self.tell.clone();
        let started = guarded(|| {
            trainer::start(settings, device, earlier, move |event| {
                tell(Event::Training(event));
            })
        });
        match started {
            Ok(session) => self.training = Some(session),
            Err(reason) => {
                self.answers
                    .push(Event::Training(training::Event::Failed(reason)));
            }
        }
    }

    fn infer(&self, ticket: u64, job: Job) {
        if let Some(worker) = &self.inference {
            worker.run(ticket, job);
        }
    }

    /// Runs something short on a thread of its own and tells how it went.
    fn aside(&mut self, name: &str, task: impl FnOnce() -> anyhow::Result<Event> + Send + 'static) {
        self.beside(name, task);
    }

    /// As [`Workers::aside`], something that may have to be waited for.
    fn beside(
        &mut self,
        name: &str,
        task: impl FnOnce() -> anyhow::Result<Event> + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let tell = self.tell.clone();
        let run = move || {
            tell(guarded(task).unwrap_or_else(Event::Trouble));
        };
        let started = thread::Builder::new().name(name.into()).spawn(run);
        self.started(started)
    }
}

/// Watches the checkpoint folders, and lists them on the watch's thread whenever they change.
fn watch(config: &Config, tell: Tell) -> Result<Watch, String> {
    let folders = config.checkpoints.searched();
    let watched = folders.clone();
    Watch::start(watched, move |notice| {
        tell(match notice {
            Notice::Changed => {
                guarded(|| Ok(lists::checkpoints(&folders))).unwrap_or_else(Event::Trouble)
            }
            Notice::Trouble(text) => Event::Trouble(text),
        });
    })
}

fn save_map(map: &DrumMap, folder: Option<&Path>) -> anyhow::Result<Event> {
    let folder =
        folder.context("this system has no configuration folder: name one as `maps` in [midi]")?;
    let path = map.save(folder)?;
    Ok(Event::Notice(format!(
        "{} is saved in {}; to begin with it, set `map = \"{}\"` in [midi].",
        map.name,
        path.display(),
        map.name
    )))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    /// A run that can't start says so, and so does a setting that can't be applied.
    #[test]
    fn what_cannot_begin_is_told() {
        let mut config = Config::default();
        config.midi.map = "theremin".into();
        config.audio.device = "off".into();
        config.training.preset = "groovae_5bar".into();
        let (sender, told) = std::sync::mpsc::channel();
        let tell = Arc::new(move |event| sender.send(event).is_ok());
        let (mut workers, events) = Workers::start(&config, tell);
        let map =
            |event: &Event| matches!(event, Event::Trouble(text) if text.contains("theremin"));
        assert!(events.iter().any(map), "{events:?}");
        let training = config.training.clone();
        let start = Effect::StartTraining(training, DeviceChoice::Cpu, Earlier::Refused);
        assert!(workers.perform(start).is_empty());
        let failed = |event: &Event| {
            matches!(event, Event::Training(training::Event::Failed(reason))
                if reason.contains("groovae_5bar"))
        };
        let mut events = std::iter::from_fn(|| told.recv_timeout(Duration::from_secs(30)).ok());
        assert!(events.any(|event| failed(&event)));
        let events = workers.perform(Effect::StopTraining);
        assert!(events.is_empty(), "told twice");
        workers.close();
    }
}
