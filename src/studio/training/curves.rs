//! The curves of a training run, as the loss chart shows them.

use musicvae::data::Split;
use musicvae::model::Preset;
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
    Beta,
    LearningRate,
    Gradient,
    Speed,
}

impl Term {
    pub const ALL: [Term; 9] = [
        Term::Total,
        Term::Hits,
        Term::Velocities,
        Term::Offsets,
        Term::Divergence,
        Term::Beta,
        Term::LearningRate,
        Term::Gradient,
        Term::Speed,
    ];

    /// Those that a log tells of; the others are scheduled.
    pub const LOGGED: [Term; 7] = [
        Term::Total,
        Term::Hits,
        Term::Velocities,
        Term::Offsets,
        Term::Divergence,
        Term::Gradient,
        Term::Speed,
    ];

    /// Place among [`Term::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// What a record says of the term; not a number where it says nothing. What is scheduled is known by
    /// the preset alone.
    pub fn of(self, record: &Record, preset: Option<&Preset>) -> f64 {
        let scheduled = |of: fn(&Preset, u64) -> f64| {
            let before = record.step.saturating_sub(1);
            preset.map_or(f64::NAN, |preset| of(preset, before))
        };
        let in_training = |value| match record.split {
            Split::Train => value,
            _ => f64::NAN,
        };
        match self {
            Term::Total => record.loss,
            Term::Hits => record.hits,
            Term::Velocities => record.velocities,
            Term::Offsets => record.offsets,
            Term::Divergence => record.kl_bits,
            Term::Beta => in_training(scheduled(Preset::beta_at)),
            Term::LearningRate => in_training(scheduled(Preset::learning_rate_at)),
            Term::Gradient => in_training(record.gradient_norm),
            Term::Speed => in_training(record.examples_per_second),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Term::Total => "total",
            Term::Hits => "hits",
            Term::Velocities => "velocities",
            Term::Offsets => "offsets",
            Term::Divergence => "KL (bits)",
            Term::Beta => "beta",
            Term::LearningRate => "learning rate",
            Term::Gradient => "gradient norm",
            Term::Speed => "examples/s",
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
    /// What is trained, where that is known: its schedules are curves too.
    pub preset: Option<Box<Preset>>,
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

    /// The first and the last step.
    pub fn steps(&self) -> (u64, u64) {
        let step = |record: Option<&Record>| record.map_or(0, |record| record.step);
        (step(self.records.first()), step(self.records.last()))
    }

    /// The finite points `(step, value)` of one curve within some steps.
    pub fn points(&self, split: Split, term: Term, (from, to): (u64, u64)) -> Vec<(f64, f64)> {
        let preset = self.preset.as_deref();
        let inside = |record: &&Record| record.split == split && (from..=to).contains(&record.step);
        let records = self.records.iter().filter(inside);
        let points = records.map(|record| (record.step as f64, term.of(record, preset)));
        points.filter(|(_, value)| value.is_finite()).collect()
    }
}

/// Points in at most `columns` points: each the mean of an equal share of the steps, so that a long run
/// stays a legible line.
pub fn thinned(all: Vec<(f64, f64)>, columns: usize) -> Vec<(f64, f64)> {
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

/// Every point as the mean of those before it, the nearer the more: what jumps from step to step becomes
/// a line.
pub fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    /// So many means fit beside one another into what is shown.
    const MEANS: f64 = 25.0;
    let weight = (MEANS / points.len().max(1) as f64).clamp(0.02, 1.0);
    let (mut mean, mut sum) = (0.0, 0.0);
    let mean = points.iter().map(|&(step, value)| {
        mean = (1.0 - weight) * mean + weight * value;
        sum = (1.0 - weight) * sum + weight;
        (step, mean / sum)
    });
    mean.collect()
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
        let all = (0, 999);
        let points = thinned(curves.points(Split::Train, Term::Total, all), 40);
        assert_eq!(points.len(), 40);
        assert!(
            points
                .iter()
                .all(|(step, value)| (step - value).abs() < 1e-9)
        );
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let last = curves.points(Split::Train, Term::Total, (990, 999));
        assert_eq!(last.len(), 9);
        assert!(
            curves
                .points(Split::Validation, Term::Total, all)
                .is_empty()
        );
    }

    #[test]
    fn what_jumps_is_smoothed_and_what_stands_stands() {
        let jumping: Vec<(f64, f64)> = (0..400).map(|n| (n.into(), f64::from(n % 2))).collect();
        let line = smoothed(&jumping);
        assert_eq!(line.len(), 400);
        assert!(
            line[100..]
                .iter()
                .all(|(_, value)| (value - 0.5).abs() < 0.05)
        );
        let standing = [(1.0, 3.0), (2.0, 3.0)];
        assert_eq!(smoothed(&standing), standing);
        assert!(smoothed(&[]).is_empty());
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
        let preset = Preset::groovae_4bar();
        assert_eq!(
            Term::ALL.map(|term| term.of(&first, Some(&preset))),
            [9.5, 5.0, 2.0, 2.5, 30.0, 0.0, 0.001, 1.0, 101.0]
        );
        assert!(Term::Beta.of(&first, None).is_nan());
        assert!(Term::Speed.of(&curves.records[1], Some(&preset)).is_nan());
        assert!(curves.records[1].hits.is_nan());
        assert!(Curves::parse("").records.is_empty());
        assert!(Curves::parse("nonsense\n1,2,3\n").records.is_empty());
    }
}
