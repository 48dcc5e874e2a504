//! Training a model: gradients over the cores, optimizer, schedules, the run and its log.

pub(crate) mod adam;
pub mod attributes;
mod augment;
mod average;
mod error;
pub mod evaluate;
pub(crate) mod examples;
pub mod experiment;
pub mod folder;
pub(crate) mod gradients;
mod hints;
mod log;
mod process;
mod run;
mod session;
mod settings;
mod start;
mod trainer;

use adam::Adam;
pub use error::TrainingError;
pub use evaluate::{Evaluation, evaluate};
use examples::Examples;
pub use examples::Variation;
pub use gradients::Terms;
use gradients::{evaluate_each, evaluate_terms, gradients};
pub use log::{Log, Record};
pub use process::prepare_process;
pub use run::{Control, Event};
pub use session::Session;
pub use settings::{Earlier, RunSettings, TrainOptions};
pub use trainer::{Trainer, train};
