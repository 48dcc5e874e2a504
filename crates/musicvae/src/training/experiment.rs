//! MusicVAE's central claim as an experiment: over sixteen bars, does a decoder with a
//! conductor reconstruct better than a flat one? (Roberts et al. 2018, *A Hierarchical Latent
//! Vector Model for Learning Long-Term Structure in Music*, section 5.2.)

mod measure;
mod returned;
mod rivals;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::evaluate::{Interval, Resampling, Unit};
use super::examples::converter;
use super::folder;
use super::settings::latest;
use super::{
    Control, Earlier, Event, Examples, Log, TrainOptions, TrainingError, Variation, train,
};
use crate::checkpoint::Checkpoint;
use crate::data::{Split, Window, Windows, load_windows};
use crate::model::DeviceChoice;
use crate::model::lstm::Factors;
use crate::music::Reading;

pub use measure::{Look, Measured, Ways};
pub use returned::Returned;
pub use rivals::{Design, Music, Proportions, Rival, Sizes};

/// The experiment: both models are trained on the same batches for as many steps, then measured on
/// the validation split.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// A folder, zip or TFRecord of performances with training and validation splits.
    pub data: PathBuf,
    /// Folder for a run of each model.
    pub out: PathBuf,
    /// Optimizer steps of each run.
    pub steps: u64,
    /// Examples a step.
    pub batch: usize,
    /// Of all random numbers.
    pub seed: u64,
    /// What both models have in common.
    pub design: Design,
    /// Optimizer steps between two looks at the validation split.
    pub validate_every: u64,
    /// What trains and measures.
    pub device: DeviceChoice,
    /// Of the recurrent layers' products.
    pub factors: Factors,
}

/// What came out of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What both models have in common.
    pub design: Design,
    /// Examples a step.
    pub batch: usize,
    /// Of all random numbers.
    pub seed: u64,
    /// Of the recurrent layers' products.
    pub factors: Factors,
    /// Windows and files of the validation split that both were measured on.
    pub windows: usize,
    /// Files that the windows come from.
    pub files: usize,
    /// Steps of those windows at which nothing is played, as a share.
    pub silent: f64,
    /// F1 of the notes of the windows' second halves against their first: how much comes back.
    pub halves: Interval,
    /// Data sets drawn by file for each interval.
    pub resamples: usize,
    /// The two models, as [`Rival::BOTH`] has them.
    pub rivals: Vec<Measured>,
}

impl Hierarchy {
    /// Runs the experiment, or goes on with it where `out` holds a part of it; `tell` hears what
    /// the runs say. `None` when it was stopped before both models had all their steps.
    ///
    /// # Errors
    /// Those of [`train`]; and a corpus without windows of that length in either split.
    pub fn run(
        &self,
        control: &Control,
        tell: &mut dyn FnMut(Rival, Event),
    ) -> Result<Option<Comparison>, TrainingError> {
        // What can't be measured need not be trained.
        let windows = self.validation()?;
        for rival in Rival::BOTH {
            let options = self.training(rival);
            let steps = train(options, control, &mut |event| tell(rival, event))?;
            if steps < self.steps {
                return Ok(None);
            }
        }
        self.measure(&windows).map(Some)
    }

    /// Whether `out` holds a part of it.
    pub fn has_begun(&self) -> bool {
        let mut folders = Rival::BOTH.iter().map(|rival| self.folder(*rival));
        folders.any(|folder| latest(&folder).exists())
    }

    /// The folder of a model's run.
    pub fn folder(&self, rival: Rival) -> PathBuf {
        self.out.join(rival.name())
    }

    fn training(&self, rival: Rival) -> TrainOptions {
        let out = self.folder(rival);
        TrainOptions {
            preset: rival.preset(&self.design),
            data: self.data.clone(),
            earlier: match latest(&out).exists() {
                true => Earlier::Continued,
                false => Earlier::Refused,
            },
            out,
            steps: self.steps,
            batch: self.batch,
            seed: self.seed,
            hop_bars: 1,
            every_window: true,
            reading: Reading::Played,
            variation: Variation::NONE,
            average: None,
            held: Vec::new(),
            validate_every: self.validate_every,
            from: None,
            device: self.device,
            factors: self.factors,
        }
    }

    /// Windows that do not overlap.
    fn validation(&self) -> Result<Windows<Window>, TrainingError> {
        // Both models take the same ones.
        let mut converter = converter(&Rival::Flat.preset(&self.design))?;
        converter.hop = Some(self.design.bars);
        converter.max_windows = None;
        Ok(load_windows(
            &self.data,
            Some(Split::Validation),
            &converter,
        )?)
    }

    fn measure(&self, windows: &Windows<Window>) -> Result<Comparison, TrainingError> {
        const RESAMPLES: usize = 1000;
        let plan = Resampling::of(windows, Unit::File, RESAMPLES, 0);
        let compute = self.device.open()?;
        let converter = converter(&Rival::Flat.preset(&self.design))?;
        let depth = converter.representation().output_depth();
        let examples = Examples::new(converter, windows.windows.clone());
        let played = measure::classes(&examples, depth);
        let music = self.design.music;
        let measured = Rival::BOTH.map(|rival| {
            let folder = self.folder(rival);
            let checkpoint = Checkpoint::load(&folder.join(folder::BEST))?;
            let curve = looks(&folder.join(folder::LOG))?;
            let whose = (music, rival);
            measure::measure(whose, &checkpoint, &compute, &examples, &plan, curve)
        });
        Ok(Comparison {
            design: self.design,
            batch: self.batch,
            seed: self.seed,
            factors: self.factors,
            windows: windows.windows.len(),
            files: windows.files.len(),
            silent: returned::silent(&played),
            halves: returned::likeness_of_halves(music, &played, &plan),
            resamples: RESAMPLES,
            rivals: measured.into_iter().collect::<Result<_, _>>()?,
        })
    }
}

/// The validation split as a run's log has it.
fn looks(log: &Path) -> Result<Vec<Look>, TrainingError> {
    let records = Log::read(log).map_err(|reason| TrainingError::LogUnread {
        path: log.to_path_buf(),
        reason,
    })?;
    let records = records.into_iter();
    let validation = records.filter(|record| record.split == Split::Validation);
    let looks = validation.map(|record| Look {
        step: record.step,
        reconstruction: record.reconstruction,
        kl_bits: record.kl_bits,
        accuracy: record.accuracy,
    });
    Ok(looks.collect())
}
