//! The record of a run: one line a step, in a plain file that `tail` and a spreadsheet can read.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::Split;

use super::Terms;

/// One line of the log: the mean over a training batch, or over the validation split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Optimizer steps behind the weights that were measured.
    pub step: u64,
    pub split: Split,
    /// What training minimizes, nats: reconstruction plus the weighted divergence.
    pub loss: f64,
    /// Cross entropy of the hits of a window, nats.
    pub hits: f64,
    /// Squared error of the velocities of a window.
    pub velocities: f64,
    /// Squared error of the doubled offsets of a window.
    pub offsets: f64,
    /// Divergence of the posterior from the prior, bits.
    pub kl_bits: f64,
    /// Norm of the gradient before clipping; 0 for a validation line.
    pub gradient_norm: f64,
    pub examples_per_second: f64,
    /// Seconds of training behind this line, over all sessions of the run.
    pub seconds: f64,
}

impl Record {
    /// The line for loss terms summed over their examples.
    pub fn new(step: u64, split: Split, terms: Terms) -> Record {
        let mean = terms.mean();
        Record {
            step,
            split,
            loss: mean.loss,
            hits: mean.hits,
            velocities: mean.velocities,
            offsets: mean.offsets,
            kl_bits: mean.kl / std::f64::consts::LN_2,
            gradient_norm: 0.0,
            examples_per_second: 0.0,
            seconds: 0.0,
        }
    }
}

/// A log file open for appending.
pub struct Log {
    writer: csv::Writer<File>,
}

impl Log {
    /// Starts the log at `path`, or goes on with it after `step`: lines of later steps, which a
    /// broken-off run left behind, are dropped.
    pub fn open(path: &Path, step: u64) -> io::Result<Log> {
        let kept: Vec<Record> = match Log::read(path) {
            Ok(records) if step > 0 => records.into_iter().filter(|r| r.step <= step).collect(),
            _ => Vec::new(),
        };
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
        let mut log = Log { writer: csv::Writer::from_writer(file) };
        kept.iter().try_for_each(|record| log.write(record))?;
        Ok(log)
    }

    /// Adds a line, at once on disk.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.writer.serialize(record)?;
        self.writer.flush()
    }

    /// Every whole line of the log at `path`; a last line that was cut off is left out.
    pub fn read(path: &Path) -> io::Result<Vec<Record>> {
        Ok(Log::parse(File::open(path)?))
    }

    /// Every whole line of a log.
    pub fn parse(text: impl io::Read) -> Vec<Record> {
        csv::Reader::from_reader(text).into_deserialize().map_while(Result::ok).collect()
    }
}
