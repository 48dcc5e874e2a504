//! Making a model better: gradients over the cores, optimizer, schedules, the run and its log.

mod adam;
pub mod attributes;
mod augment;
mod average;
mod error;
pub mod evaluate;
mod examples;
pub mod experiment;
mod gradients;
mod log;
mod process;
mod session;
mod settings;
mod trainer;

pub use adam::Adam;
pub use error::TrainingError;
pub use evaluate::{Evaluation, evaluate};
pub use examples::{Examples, Variation};
pub use gradients::{Gradients, Terms, evaluate_each, evaluate_terms, gradients};
pub use log::{Log, Record};
pub use process::prepare_process;
pub use session::{Control, Event, Session};
pub use settings::{RunSettings, TrainOptions};
pub use trainer::{Trainer, train};
