//! The log of a run: one line per step, in a plain file that `tail` and a spreadsheet can read.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Terms;
use crate::data::Split;
use crate::music::write_whole_file;

/// One line of the log: the mean over a training batch, or over the validation split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Optimizer steps behind the weights that were measured.
    pub step: u64,
    /// What was measured: a batch of the training split, or the validation split.
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
    /// Examples of a training step, by the time that it took.
    pub examples_per_second: f64,
    /// Seconds of training behind this line, over all sessions of the run.
    pub seconds: f64,
    /// What the head says of what the decoder made of a window: the sum of hits, velocities and
    /// offsets of a groove, cross entropy in nats elsewhere. 0 in a log that is older than it.
    #[serde(default)]
    pub reconstruction: f64,
    /// Share of steps at which the model's best guess was right; none of a groove.
    #[serde(default)]
    pub accuracy: Option<f64>,
    /// What the gradient was multiplied by before it was used: 1 as it was, less where it was clipped to
    /// the preset's norm, 0 where the step was skipped. None for a validation line, and in a log that is
    /// older than it.
    #[serde(default)]
    pub gradient_scale: Option<f64>,
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
            reconstruction: mean.reconstruction,
            accuracy: terms.accuracy(),
            gradient_scale: None,
        }
    }
}

/// A log file open for appending.
pub struct Log {
    writer: csv::Writer<File>,
}

impl Log {
    /// Starts the log at `path`, or goes on with it after `resumed`: lines of later steps, which
    /// a broken-off run left behind, are dropped. The old log stays whole until the new one is.
    pub fn open(path: &Path, resumed: Option<u64>) -> io::Result<Log> {
        let mut kept = match (resumed, Log::read(path)) {
            (None, _) => Vec::new(),
            (_, Ok(records)) => records,
            (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            (_, Err(error)) => return Err(error),
        };
        kept.retain(|record| resumed.is_some_and(|step| record.step <= step));
        write_whole_file(path, |out| {
            let mut writer = csv::Writer::from_writer(out);
            kept.iter()
                .try_for_each(|record| writer.serialize(record))?;
            writer.flush()
        })?;
        let file = OpenOptions::new().append(true).open(path)?;
        let writer = csv::WriterBuilder::new()
            .has_headers(kept.is_empty())
            .from_writer(file);
        Ok(Log { writer })
    }

    /// Adds a line, at once on disk.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.writer.serialize(record)?;
        self.writer.flush()
    }

    /// Every whole line of the log at `path`; a last line that was cut off is left out.
    pub fn read(path: &Path) -> io::Result<Vec<Record>> {
        let bytes = std::fs::read(path)?;
        // A number that lost its last digits would still be one.
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |end| end + 1);
        Ok(Log::parse(&bytes[..whole]))
    }

    /// Every line of a log up to one that makes no sense.
    pub fn parse(text: impl io::Read) -> Vec<Record> {
        csv::Reader::from_reader(text)
            .into_deserialize()
            .map_while(Result::ok)
            .collect()
    }
}
