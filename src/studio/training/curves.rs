//! The story of a training run, as the loss chart tells it.

use musicvae::data::Split;
use musicvae::training::{Log, Record};

/// A curve of the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Term {
    #[default]
    Total,
    Hits,
    Velocities,
    Offsets,
    Divergence,
}

impl Term {
    pub const ALL: [Term; 5] = [
        Term::Total,
        Term::Hits,
        Term::Velocities,
        Term::Offsets,
        Term::Divergence,
    ];

    /// Place among [`Term::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// What a record says of the term.
    pub fn of(self, record: &Record) -> f64 {
        match self {
            Term::Total => record.loss,
            Term::Hits => record.hits,
            Term::Velocities => record.velocities,
            Term::Offsets => record.offsets,
            Term::Divergence => record.kl_bits,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Term::Total => "total",
            Term::Hits => "hits",
            Term::Velocities => "velocities",
            Term::Offsets => "offsets",
            Term::Divergence => "KL (bits)",
        }
    }

    /// The next term, or the one before, around.
    pub fn turned(self, by: isize) -> Term {
        Term::ALL[(self.index() as isize + by).rem_euclid(Term::ALL.len() as isize) as usize]
    }
}

/// The records of one run, in step order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    pub records: Vec<Record>,
}

impl Curves {
    /// The curves of a training log's text; lines that are cut off are left out.
    pub fn parse(log: &str) -> Curves {
        let mut curves = Curves::default();
        Log::parse(log.as_bytes())
            .into_iter()
            .for_each(|record| curves.push(record));
        curves
    }

    /// Adds a record. A resumed run repeats steps: what lies at or after it is then replaced.
    pub fn push(&mut self, record: Record) {
        while self
            .records
            .last()
            .is_some_and(|last| last.step > record.step)
        {
            self.records.pop();
        }
        self.records.push(record);
    }

    /// The newest record of a split.
    pub fn last(&self, split: Split) -> Option<&Record> {
        self.records
            .iter()
            .rev()
            .find(|record| record.split == split)
    }

    /// The record of a split after a step.
    pub fn at(&self, split: Split, step: u64) -> Option<&Record> {
        let is_it = |record: &&Record| record.split == split && record.step == step;
        self.records.iter().rev().find(is_it)
    }

    /// The record of a split whose total is lowest.
    pub fn best(&self, split: Split) -> Option<&Record> {
        self.records
            .iter()
            .filter(|record| record.split == split && record.loss.is_finite())
            .min_by(|a, b| a.loss.total_cmp(&b.loss))
    }

    /// The finite points `(step, value)` of one curve, from `from` on, in at most `columns`
    /// points: each the mean of an equal share of the steps, so that a long run stays a legible
    /// line.
    pub fn points(&self, split: Split, term: Term, from: u64, columns: usize) -> Vec<(f64, f64)> {
        let all: Vec<(f64, f64)> = self
            .records
            .iter()
            .filter(|record| record.split == split && record.step >= from)
            .map(|record| (record.step as f64, term.of(record)))
            .filter(|(_, value)| value.is_finite())
            .collect();
        if columns == 0 || all.len() <= columns {
            return all;
        }
        let (first, last) = (all[0].0, all[all.len() - 1].0);
        let width = (last - first).max(1.0) / columns as f64;
        let mut points: Vec<(f64, f64)> = Vec::with_capacity(columns);
        let mut sum = (0.0, 0.0, 0.0);
        let mut column = 0;
        for (step, value) in all {
            let here = (((step - first) / width) as usize).min(columns - 1);
            if here != column && sum.2 > 0.0 {
                points.push((sum.0 / sum.2, sum.1 / sum.2));
                sum = (0.0, 0.0, 0.0);
            }
            column = here;
            sum = (sum.0 + step, sum.1 + value, sum.2 + 1.0);
        }
        points.push((sum.0 / sum.2, sum.1 / sum.2));
        points
    }

    /// Where the last fifth of the run begins.
    pub fn recent_start(&self) -> u64 {
        let first = self.records.first().map_or(0, |record| record.step);
        let last = self.records.last().map_or(0, |record| record.step);
        last - (last - first) / 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: u64, split: Split, loss: f64) -> Record {
        Record {
            loss,
            ..Record::new(step, split, Default::default())
        }
    }

    #[test]
    fn points_are_finite_and_decimated_to_means() {
        let mut curves = Curves::default();
        for step in 0..1000 {
            let value = if step % 10 == 3 {
                f64::NAN
            } else {
                step as f64
            };
            curves.push(record(step, Split::Train, value));
        }
        let points = curves.points(Split::Train, Term::Total, 0, 40);
        assert_eq!(points.len(), 40);
        assert!(
            points
                .iter()
                .all(|(step, value)| (step - value).abs() < 1e-9)
        );
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(curves.points(Split::Train, Term::Total, 990, 40).len(), 9);
        assert!(
            curves
                .points(Split::Validation, Term::Total, 0, 40)
                .is_empty()
        );
    }

    #[test]
    fn a_resumed_run_replaces_the_steps_it_repeats() {
        let mut curves = Curves::default();
        for step in [1, 2, 3, 4] {
            curves.push(record(step, Split::Train, 1.0));
        }
        curves.push(record(3, Split::Train, 9.0));
        let steps: Vec<u64> = curves.records.iter().map(|record| record.step).collect();
        assert_eq!(steps, [1, 2, 3, 3]);
        assert_eq!(curves.last(Split::Train).map(|last| last.loss), Some(9.0));
        assert_eq!(curves.best(Split::Train).map(|best| best.step), Some(1));
    }

    #[test]
    fn a_log_is_read_up_to_the_line_that_was_cut_off() {
        let text = "step,split,loss,hits,velocities,offsets,kl_bits,gradient_norm,\
                    examples_per_second,seconds\n\
                    1,train,9.5,5,2,2.5,30,1,101,0.5\n\
                    1,validation,10,NaN,2,2,31,0,0,0.5\n\
                    2,train,9";
        let curves = Curves::parse(text);
        assert_eq!(curves.records.len(), 2);
        let first = curves.records[0];
        assert_eq!(
            (first.step, first.split, first.examples_per_second),
            (1, Split::Train, 101.0)
        );
        assert_eq!(
            Term::ALL.map(|term| term.of(&first)),
            [9.5, 5.0, 2.0, 2.5, 30.0]
        );
        assert!(curves.records[1].hits.is_nan());
        assert!(Curves::parse("").records.is_empty());
        assert!(Curves::parse("nonsense\n1,2,3\n").records.is_empty());
    }
}
