//! A training run: from data and options to checkpoints and a log.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use candle_core::Device;

use super::average::Average;
use super::folder;
use super::hints::prior_of_hints;
use super::run::Hold;
use super::settings::latest;
use super::start::{Loaded, earlier_run, load_examples, same_data};
use super::{
    Adam, Control, Event, Examples, Log, Record, TrainOptions, TrainingError, evaluate_terms,
    gradients,
};
use crate::checkpoint::{Checkpoint, Metadata, Precision};
use crate::data::Split;
use crate::fault;
use crate::model::network::Network;
use crate::model::{Factors, Prior, Tensors, init};

/// Keys of a checkpoint's notes.
const BEST_VALIDATION: &str = "best_validation_loss";
const SECONDS: &str = "training_seconds";

/// Runs a whole training, telling `tell` what happens. Returns the last step; 0 when it is stopped
/// while it still reads the data.
///
/// # Errors
/// See [`TrainingError`]; whatever was trained until then is saved where that is possible.
pub fn train(
    options: TrainOptions,
    control: &Control,
    tell: &mut dyn FnMut(Event),
) -> Result<u64, TrainingError> {
    let Some(mut trainer) = Trainer::unless_stopped(options, control, tell)? else {
        return Ok(0);
    };
    tell(trainer.began());
    let outcome = trainer.run(control, tell);
    if outcome.is_err() && trainer.saved != Some(trainer.step) {
        // The first error is the one to report; this one often has the same cause.
        if let Err(error) = trainer.save(tell) {
            tell(Event::Notice(format!(
                "the last steps could not be saved: {error}"
            )));
        }
    }
    outcome.map(|()| trainer.step)
}

/// A run between two steps.
pub struct Trainer {
    options: TrainOptions,
    network: Arc<Network>,
    adam: Adam,
    average: Option<Average>,
    step: u64,
    train: Arc<Examples>,
    validation: Option<Arc<Examples>>,
    log: Log,
    _hold: Hold,
    /// What music is drawn from, at the last look.
    prior: Prior,
    best_validation: Option<f64>,
    /// Of the weights as they are now, if it was measured.
    validation_loss: Option<f64>,
    /// Seconds of training, over all sessions of the run.
    seconds: f64,
    /// The step that `latest.safetensors` holds.
    saved: Option<u64>,
}

impl Trainer {
    /// Reads the data and the state to start from.
    pub fn new(
        options: TrainOptions,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Trainer, TrainingError> {
        loop {
            // Nobody stops it.
            let control = Control::default();
            if let Some(trainer) = Trainer::unless_stopped(options.clone(), &control, tell)? {
                return Ok(trainer);
            }
        }
    }

    /// As [`Trainer::new`], or nothing when `control` stops meanwhile.
    fn unless_stopped(
        mut options: TrainOptions,
        control: &Control,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Option<Trainer>, TrainingError> {
        let compute = options.device.open()?;
        let start = earlier_run(&mut options, tell)?;
        let read = options.clone();
        let loaded = unless_stopped(control, move || load_examples(&read))?;
        let Some(loaded) = loaded.filter(|_| !control.is_stopped()) else {
            return Ok(None);
        };
        let Loaded {
            train,
            validation,
            news,
        } = loaded?;
        news.into_iter().for_each(&mut *tell);
        let start = match start {
            Some(run) => same_data(run, &mut options, train.fingerprint(), tell),
            None => None,
        };
        let hold = Hold::of(&options.out)?;
        if let Some(sentence) = compute.training_sentence() {
            tell(Event::Notice(sentence));
        }
        if options.factors != Factors::Float32 && !compute.trainer().is_cpu() {
            tell(Event::Notice(format!(
                "{} factors are for the CPU: the GPU trains with float32",
                options.factors.name()
            )));
        }
        let split = (train, validation);
        Trainer::start(options, start, split, compute.trainer(), hold).map(Some)
    }

    /// From the first step on, or from where `start` stands.
    fn start(
        options: TrainOptions,
        start: Option<Checkpoint>,
        (train, validation): (Examples, Option<Examples>),
        device: &Device,
        hold: Hold,
    ) -> Result<Trainer, TrainingError> {
        let weights = match (&start, &options.from) {
            (Some(start), _) => start.tensors.clone(),
            (None, Some(from)) => init::weights_of_another(
                &options.preset,
                &from.preset,
                &from.tensors,
                options.seed,
            )?,
            (None, None) => init::random_weights(&options.preset, options.seed)?,
        };
        options.check_held(&weights)?;
        let network = Network::new(options.preset.clone(), &weights, device)?;
        let network = Arc::new(network.with_factors(options.factors));
        let adam = match &start {
            None => Adam::new(&network)?,
            Some(start) => Adam::from_tensors(&network, &start.optimizer)?.ok_or_else(|| {
                TrainingError::NoOptimizer {
                    path: latest(&options.out),
                }
            })?,
        };
        let slots = start.as_ref().map(|start| &start.optimizer);
        let none = Tensors::new();
        let average = options
            .average
            .map(|decay| Average::from_tensors(&network, decay, slots.unwrap_or(&none)));
        let note = |key| {
            start
                .as_ref()
                .and_then(|start| start.metadata.notes.get(key)?.as_f64())
        };
        let step = start.as_ref().map_or(0, |start| start.metadata.step);
        // Until the first look, that of the weights it begins with: a few steps change little.
        let before = start.as_ref().or(options.from.as_ref());
        let before = before.filter(|before| {
            options.variation.blurred > 0.0 && before.preset.z_size == options.preset.z_size
        });
        let prior = before.map_or(Prior::default(), |before| before.prior.clone());
        let log_path = options.out.join(folder::LOG);
        let log = Log::open(&log_path, start.as_ref().map(|_| step));
        let log = log.map_err(|reason| TrainingError::Log {
            path: log_path,
            reason,
        })?;
        Ok(Trainer {
            best_validation: note(BEST_VALIDATION),
            validation_loss: note(Metadata::VALIDATION_LOSS),
            seconds: note(SECONDS).unwrap_or(0.0),
            saved: start.as_ref().map(|_| step),
            prior,
            options,
            network,
            adam,
            average: average.transpose()?,
            step,
            train: Arc::new(train),
            validation: validation.map(Arc::new),
            log,
            _hold: hold,
        })
    }

    /// Where it begins, and what was before.
    fn began(&self) -> Event {
        let story = match self.step {
            0 => Vec::new(),
            // It could be opened; what of it can't be read is not shown.
            _ => Log::read(&self.options.out.join(folder::LOG)).unwrap_or_default(),
        };
        Event::Began {
            out: self.options.out.clone(),
            preset: Box::new(self.options.preset.clone()),
            step: self.step,
            story,
        }
    }

    /// All steps that are left, with looks at the validation split; what was trained is saved when
    /// this returns without an error. A stop waits for neither a step nor a look that has begun.
    fn run(&mut self, control: &Control, tell: &mut dyn FnMut(Event)) -> Result<(), TrainingError> {
        while self.step < self.options.steps && !control.is_stopped() {
            fault::point("trainer");
            let Some(record) = self.step_unless(control)? else {
                break;
            };
            tell(Event::Record(record));
            if self.step.is_multiple_of(self.options.validate_every.max(1)) {
                self.look(control, tell)?;
                self.save(tell)?;
            }
            loop {
                if control.takes_save() {
                    self.save(tell)?;
                }
                if !control.waits() {
                    break;
                }
            }
        }
        if self.saved != Some(self.step) {
            self.look(control, tell)?;
            self.save(tell)?;
        }
        Ok(())
    }

    /// One optimizer step; the record is in the log when this returns.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] leaves the weights as they were before the step.
    pub fn step(&mut self) -> Result<Record, TrainingError> {
        loop {
            // Nobody stops it.
            if let Some(record) = self.step_unless(&Control::default())? {
                return Ok(record);
            }
        }
    }

    /// One optimizer step, or none and the weights as they were when `control` stops meanwhile.
    fn step_unless(&mut self, control: &Control) -> Result<Option<Record>, TrainingError> {
        let started = Instant::now();
        let Trainer {
            options, network, ..
        } = self;
        let preset = network.preset();
        let (seed, step) = (options.seed, self.step);
        let chosen = self.train.draw(seed, step, options.batch);
        let (work_network, work_train) = (network.clone(), self.train.clone());
        let work = move || {
            let found = gradients(&work_network, &work_train, &chosen, seed, step);
            (found, chosen.len())
        };
        let Some((found, examples)) = unless_stopped(control, work)? else {
            return Ok(None);
        };
        let mut gradients = found?;
        gradients.hold(|weight| options.is_held(weight))?;
        let norm = gradients.global_norm()?;
        if !norm.is_finite() || !gradients.terms.loss.is_finite() {
            return Err(TrainingError::NotFinite {
                step: self.step + 1,
            });
        }
        let scale = gradients.clip(norm, preset)?;
        let rate = preset.learning_rate_at(self.step);
        self.adam.update(network, &gradients.tensors, rate)?;
        self.step += 1;
        if let Some(average) = &mut self.average {
            average.update(network, self.step)?;
        }
        self.validation_loss = None;

        let elapsed = started.elapsed().as_secs_f64();
        self.seconds += elapsed;
        let mut record = Record::new(self.step, Split::Train, gradients.terms);
        record.gradient_norm = norm;
        record.gradient_scale = Some(scale);
        record.examples_per_second = examples as f64 / elapsed;
        self.write(record).map(Some)
    }

    /// Looks at what was learned: finds what music is to be drawn from, measures the validation split
    /// and keeps the best weights so far. A run that is stopped does without, and one without a
    /// validation split measures nothing.
    fn look(
        &mut self,
        control: &Control,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), TrainingError> {
        let network = match self.averaged()? {
            Some(averaged) => Arc::new(averaged),
            None => self.network.clone(),
        };
        if self.options.variation.blurred > 0.0 {
            let (work_network, train, seed) =
                (network.clone(), self.train.clone(), self.options.seed);
            let work = move || prior_of_hints(&work_network, &train, seed);
            let Some(prior) = unless_stopped(control, work)? else {
                return Ok(());
            };
            self.prior = prior?;
        }
        self.validate(&network, control, tell)
    }

    fn validate(
        &mut self,
        network: &Arc<Network>,
        control: &Control,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), TrainingError> {
        /// The same posterior noise at every look, so that looks compare.
        const SEED: u64 = 0;
        let Some(validation) = &self.validation else {
            return Ok(());
        };
        let started = Instant::now();
        let (measured, validation, step) = (network.clone(), validation.clone(), self.step);
        let work = move || evaluate_terms(&measured, &validation, SEED, step);
        let Some(terms) = unless_stopped(control, work)? else {
            return Ok(());
        };
        let terms = terms?;
        let mut record = Record::new(self.step, Split::Validation, terms);
        record.examples_per_second = terms.examples as f64 / started.elapsed().as_secs_f64();
        self.validation_loss = Some(record.loss);
        tell(Event::Record(self.write(record)?));
        if record.loss < self.best_validation.unwrap_or(f64::INFINITY) {
            self.best_validation = Some(record.loss);
            let best = Checkpoint {
                tensors: network.weights()?,
                optimizer: Tensors::new(),
                ..self.checkpoint()?
            };
            best.save(&self.options.out.join(folder::BEST), Precision::Full)?;
        }
        Ok(())
    }

    /// The network of the averaged weights, if they are averaged.
    fn averaged(&self) -> Result<Option<Network>, TrainingError> {
        let network = |average: &Average| {
            let preset = self.options.preset.clone();
            let network = Network::new(preset, average.weights(), self.network.device())?;
            Ok(network.with_factors(self.options.factors))
        };
        self.average.as_ref().map(network).transpose()
    }

    fn write(&mut self, mut record: Record) -> Result<Record, TrainingError> {
        record.seconds = self.seconds;
        let path = || self.options.out.join(folder::LOG);
        self.log
            .write(&record)
            .map_err(|reason| TrainingError::Log {
                path: path(),
                reason,
            })?;
        Ok(record)
    }

    /// Writes the run as it is now, unless that is written already.
    fn save(&mut self, tell: &mut dyn FnMut(Event)) -> Result<(), TrainingError> {
        let path = latest(&self.options.out);
        if self.saved != Some(self.step) {
            self.checkpoint()?.save(&path, Precision::Full)?;
            self.saved = Some(self.step);
        }
        tell(Event::Saved(path));
        Ok(())
    }

    /// The run as a checkpoint.
    pub fn checkpoint(&self) -> Result<Checkpoint, TrainingError> {
        let mut metadata = Metadata::of_this_run(self.step);
        metadata.seed = Some(self.options.seed);
        metadata.data_fingerprint = Some(self.train.fingerprint().into());
        let mut note = |key: &str, value: Option<f64>| {
            if let Some(value) = value {
                metadata.notes.insert(key.into(), value.into());
            }
        };
        note(Metadata::VALIDATION_LOSS, self.validation_loss);
        note(BEST_VALIDATION, self.best_validation);
        note(SECONDS, Some(self.seconds));
        self.options.note_in(&mut metadata);
        let mut optimizer = self.adam.to_tensors()?;
        if let Some(average) = &self.average {
            optimizer.extend(average.to_tensors()?);
        }
        Ok(Checkpoint {
            preset: self.options.preset.clone(),
            tensors: self.network.weights()?,
            optimizer,
            prior: self.prior.clone(),
            metadata,
        })
    }
}

/// Runs `work` on a thread of its own and returns its result, or nothing if `control` stops first:
/// a prompt answer matters more than the result of one step. The thread then ends by itself,
/// unheard.
fn unless_stopped<T: Send + 'static>(
    control: &Control,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, TrainingError> {
    /// From one look at the control to the next.
    const LOOK: Duration = Duration::from_millis(20);
    let (sender, receiver) = mpsc::sync_channel(1);
    let worker = std::thread::Builder::new().name("trainer-step".into());
    let worker = worker.spawn(move || drop(sender.send(work())));
    let worker = worker.map_err(TrainingError::NoThread)?;
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(found) => return Ok(Some(found)),
            Err(RecvTimeoutError::Timeout) if control.is_stopped() => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Ok(None),
            },
        }
    }
}
