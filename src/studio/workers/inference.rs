//! The inference worker: one request running, one waiting that a newer one overwrites.
//!
//! Beside the model in use it keeps those that were asked to work on a groove, from the first time
//! on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use crate::studio::event::Event;
use crate::studio::ground::{Device, Kin, Locked, ModelInfo, Points};
use musicvae::Rework;
use musicvae::checkpoint::catalogue::Source;
use musicvae::fault;
use musicvae::model::{Compute, Decoding, DeviceChoice};
use musicvae::music::Groove;

/// Work for a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    Decode {
        z: Vec<Points>,
        steps: usize,
        how: Decoding,
        /// What the first of them has to fit.
        locked: Option<Box<Locked>>,
    },
    /// Grooves that are only looked at.
    Glimpse {
        z: Vec<Points>,
        steps: usize,
        how: Decoding,
    },
    /// Relatives of a groove, one for each seed.
    Relate {
        groove: Groove,
        kin: Kin,
        temperature: f32,
        seeds: Vec<u64>,
    },
    Encode(Groove),
    /// With the model of `source`, which need not be the one in use.
    Rework {
        source: Source,
        rework: Rework,
        groove: Groove,
        how: Decoding,
    },
}

/// What a model answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Grooves(Vec<Groove>),
    Points(Points),
    Groove(Groove),
    Relatives(Vec<Groove>),
}

/// A loaded model: a function, so that tests can play one.
pub type Model = Box<dyn FnMut(Job) -> anyhow::Result<Answer> + Send>;

/// Turns a source into a model that a device runs; it runs on the worker's thread.
pub type Loader = Box<dyn FnMut(&Source, &Compute) -> anyhow::Result<(ModelInfo, Model)> + Send>;

/// At most one request of a kind waits: a newer decode makes an older one pointless, but neither
/// an encode nor a load.
#[derive(Default)]
struct Waiting {
    device: Option<DeviceChoice>,
    load: Option<Source>,
    encode: Option<(u64, Job)>,
    decode: Option<(u64, Job)>,
    rework: Option<(u64, Job)>,
    fill: Option<(u64, Job)>,
    extension: Option<(u64, Job)>,
    variation: Option<(u64, Job)>,
    glimpse: Option<(u64, Job)>,
    closed: bool,
}

enum Task {
    UseDevice(DeviceChoice),
    Load(Source),
    Run(u64, Job),
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // The lock is never held while anything can panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next task; `None` when the worker is to end.
    fn next(&self) -> Option<Task> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(device) = waiting.device.take() {
                return Some(Task::UseDevice(device));
            }
            if let Some(source) = waiting.load.take() {
                return Some(Task::Load(source));
            }
            let Waiting {
                encode,
                decode,
                rework,
                fill,
                extension,
                variation,
                glimpse,
                ..
            } = &mut *waiting;
            // A fill has a bar line to be there for.
            let jobs = [fill, encode, decode, rework, extension, variation, glimpse];
            if let Some((ticket, job)) = jobs.into_iter().find_map(Option::take) {
                return Some(Task::Run(ticket, job));
            }
            waiting = self
                .news
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The worker, from outside.
pub struct Inference {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Inference {
    /// Starts the worker. Its answers go to `tell`, which returns false when nobody listens.
    pub fn start(
        loader: Loader,
        tell: impl FnMut(Event) -> bool + Send + 'static,
    ) -> std::io::Result<Inference> {
        let shared = Arc::new(Shared::default());
        let inner = shared.clone();
        let thread = thread::Builder::new()
            .name("inference".into())
            .spawn(move || work(&inner, loader, tell))?;
        Ok(Inference {
            shared,
            thread: Some(thread),
        })
    }

    pub fn use_device(&self, device: DeviceChoice) {
        self.shared.lock().device = Some(device);
        self.shared.news.notify_one();
    }

    pub fn load(&self, source: Source) {
        self.shared.lock().load = Some(source);
        self.shared.news.notify_one();
    }

    pub fn run(&self, ticket: u64, job: Job) {
        let mut waiting = self.shared.lock();
        match job {
            Job::Decode { .. } => waiting.decode = Some((ticket, job)),
            Job::Encode(_) => waiting.encode = Some((ticket, job)),
            Job::Rework { .. } => waiting.rework = Some((ticket, job)),
            Job::Glimpse { .. } => waiting.glimpse = Some((ticket, job)),
            Job::Relate {
                kin: Kin::Fill(_), ..
            } => waiting.fill = Some((ticket, job)),
            Job::Relate {
                kin: Kin::Extension(_),
                ..
            } => waiting.extension = Some((ticket, job)),
            Job::Relate { .. } => waiting.variation = Some((ticket, job)),
        }
        self.shared.news.notify_one();
    }

    /// Lets the running task end and the thread with it, and waits for neither.
    pub fn close(&mut self) {
        self.shared.lock().closed = true;
        self.shared.news.notify_one();
        drop(self.thread.take());
    }
}

impl Drop for Inference {
    fn drop(&mut self) {
        self.close();
    }
}

/// A model that is kept, where it came from, and when that was written.
struct Kept {
    source: Source,
    written: Option<SystemTime>,
    model: Model,
}

fn written(source: &Source) -> Option<SystemTime> {
    match source {
        Source::Embedded(_) => None,
        Source::File(path) => std::fs::metadata(path).ok()?.modified().ok(),
    }
}

/// The model of `source` among those kept; it is loaded if it is new, or was rewritten.
fn helper<'k>(
    kept: &'k mut Vec<Kept>,
    source: &Source,
    loader: &mut Loader,
    compute: &Compute,
) -> anyhow::Result<&'k mut Model> {
    let written = written(source);
    kept.retain(|kept| kept.source != *source || kept.written == written);
    let place = match kept.iter().position(|kept| kept.source == *source) {
        Some(place) => place,
        None => {
            let (_, model) = loader(source, compute)?;
            kept.push(Kept {
                source: source.clone(),
                written,
                model,
            });
            kept.len() - 1
        }
    };
    Ok(&mut kept[place].model)
}

fn work(shared: &Shared, mut loader: Loader, mut tell: impl FnMut(Event) -> bool) {
    let mut in_use: Option<(Source, Model)> = None;
    let mut kept = Vec::new();
    let mut compute = Compute::CPU;
    while let Some(task) = shared.next() {
        let event = match task {
            Task::UseDevice(choice) => {
                let used = in_use.as_ref().map(|(source, _)| source);
                match guarded(|| opened(choice, used, &mut loader)) {
                    Ok((device, model)) => {
                        if let (Some((_, used)), Some(model)) = (&mut in_use, model) {
                            *used = model;
                        }
                        kept.clear();
                        compute = device;
                        let name = compute.to_string();
                        Event::DeviceOpened(Device { choice, name }, compute.sentence())
                    }
                    Err(reason) => Event::Trouble(format!("{reason}.")),
                }
            }
            Task::Load(source) => match guarded(|| loader(&source, &compute)) {
                Ok((info, model)) => {
                    in_use = Some((source, model));
                    Event::Loaded(info)
                }
                Err(reason) => Event::LoadFailed { source, reason },
            },
            Task::Run(ticket, job) => {
                let run = || {
                    fault::point("inference");
                    match (&job, &mut in_use) {
                        (Job::Rework { source, .. }, in_use) => match in_use {
                            Some((used, model)) if used == source => model(job),
                            _ => helper(&mut kept, source, &mut loader, &compute)?(job),
                        },
                        (_, Some((_, model))) => model(job),
                        (_, None) => anyhow::bail!("no model is loaded"),
                    }
                };
                match guarded(run) {
                    Ok(Answer::Grooves(grooves)) => Event::Decoded { ticket, grooves },
                    Ok(Answer::Points(z)) => Event::Encoded { ticket, z },
                    Ok(Answer::Groove(groove)) => Event::Reworked { ticket, groove },
                    Ok(Answer::Relatives(grooves)) => Event::Related { ticket, grooves },
                    Err(reason) => Event::InferenceFailed { ticket, reason },
                }
            }
        };
        if !tell(event) {
            return;
        }
    }
}

/// A device, and the model in use on it.
fn opened(
    choice: DeviceChoice,
    used: Option<&Source>,
    loader: &mut Loader,
) -> anyhow::Result<(Compute, Option<Model>)> {
    let compute = choice.open()?;
    let model = used.map(|source| loader(source, &compute)).transpose()?;
    Ok((compute, model.map(|(_, model)| model)))
}

/// Runs `task`; an error or a panic becomes a sentence.
pub fn guarded<T>(task: impl FnOnce() -> anyhow::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(task)) {
        Ok(result) => result.map_err(|error| format!("{error:#}")),
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned());
            Err(format!(
                "a fault in the program ({})",
                text.unwrap_or_else(|| "unnamed".into())
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use musicvae::model::{Head, Prior};

    fn info() -> ModelInfo {
        ModelInfo {
            source: crate::embedded::first(),
            name: "fake".into(),
            preset: "fake".into(),
            step: 0,
            z_size: 1,
            prior: Prior::default(),
            head: Head::Groove,
            steps: 4,
            log: Vec::new(),
            qualities: Ok(Vec::new()),
        }
    }

    fn decode(marker: f32) -> Job {
        Job::Decode {
            z: vec![vec![vec![marker]]],
            steps: 16,
            how: Decoding {
                temperature: 0.0,
                seed: 0,
            },
            locked: None,
        }
    }

    /// A worker whose model says what it was asked and waits for a nod before it answers.
    fn slow() -> (
        Inference,
        mpsc::Receiver<Event>,
        mpsc::Receiver<f32>,
        mpsc::Sender<()>,
    ) {
        let (tell, events) = mpsc::channel();
        let (started, starts) = mpsc::channel();
        let (nod, nods) = mpsc::channel::<()>();
        let mut parts = Some((started, nods));
        let loader: Loader = Box::new(move |_, _| {
            let (started, nods) = parts.take().unwrap();
            let model: Model = Box::new(move |job| {
                let Job::Decode { z, .. } = job else {
                    panic!("only decodes here")
                };
                started.send(z[0][0][0]).unwrap();
                nods.recv().unwrap();
                anyhow::ensure!(z[0][0][0] >= 0.0, "negative");
                Ok(Answer::Grooves(vec![Groove::empty(z[0][0][0] as usize)]))
            });
            Ok((info(), model))
        });
        let worker = Inference::start(loader, move |event| tell.send(event).is_ok()).unwrap();
        worker.load(crate::embedded::first());
        assert!(matches!(events.recv().unwrap(), Event::Loaded(_)));
        (worker, events, starts, nod)
    }

    #[test]
    fn the_latest_waiting_request_wins() {
        let (worker, events, starts, nod) = slow();
        worker.run(1, decode(1.0));
        assert_eq!(starts.recv().unwrap(), 1.0);
        for ticket in 2..=9 {
            worker.run(ticket, decode(ticket as f32));
        }
        nod.send(()).unwrap();
        nod.send(()).unwrap();
        let tickets: Vec<u64> = (0..2)
            .map(|_| match events.recv().unwrap() {
                Event::Decoded { ticket, .. } => ticket,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(tickets, [1, 9]);
    }

    /// What takes each other's place is of one kind: an answer that is waited for comes.
    #[test]
    fn an_extension_is_not_overtaken_by_variations() {
        let (tell, events) = mpsc::channel();
        let loader: Loader = Box::new(|_, _| {
            let model: Model = Box::new(|_| Ok(Answer::Relatives(Vec::new())));
            Ok((info(), model))
        });
        let worker = Inference::start(loader, move |event| tell.send(event).is_ok()).unwrap();
        let relate = |kin| Job::Relate {
            groove: Groove::empty(4),
            kin,
            temperature: 0.0,
            seeds: vec![1],
        };
        // All of them wait while the model is loaded.
        worker.run(1, relate(Kin::Extension(Default::default())));
        worker.run(2, relate(Kin::Variation(Default::default())));
        worker.run(3, relate(Kin::Variation(Default::default())));
        worker.load(crate::embedded::first());
        let mut answered = Vec::new();
        while !answered.contains(&3) {
            match events.recv().unwrap() {
                Event::Related { ticket, .. } => answered.push(ticket),
                Event::InferenceFailed { ticket, .. } => answered.push(ticket),
                _ => {}
            }
        }
        assert!(answered.contains(&1), "{answered:?}");
    }

    #[test]
    fn errors_and_panics_are_told_and_survived() {
        let (worker, events, _starts, nod) = slow();
        nod.send(()).unwrap();
        worker.run(1, decode(-1.0));
        let failed = |ticket, reason: &str| Event::InferenceFailed {
            ticket,
            reason: reason.into(),
        };
        assert_eq!(events.recv().unwrap(), failed(1, "negative"));
        worker.run(2, Job::Encode(Groove::empty(4)));
        let fault = "a fault in the program (only decodes here)";
        assert_eq!(events.recv().unwrap(), failed(2, fault));
        nod.send(()).unwrap();
        worker.run(3, decode(3.0));
        assert!(matches!(
            events.recv().unwrap(),
            Event::Decoded { ticket: 3, .. }
        ));
    }
}
