//! The story of a training run, as the loss chart tells it.

/// One line of a training log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossRecord {
    pub step: u64,
    pub split: Split,
    /// By [`Term::index`]: total, hits, velocities, offsets (per step of a groove), divergence in bits.
    pub terms: [f64; 5],
    /// 0 when the log doesn't say.
    pub examples_per_second: f64,
}

/// Which part of the data a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    Train,
    Validation,
}

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

    pub fn index(self) -> usize {
        self as usize
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
    pub records: Vec<LossRecord>,
}

impl Curves {
    /// Adds a record. A resumed run repeats steps: what lies at or after it is then replaced.
    pub fn push(&mut self, record: LossRecord) {
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
    pub fn last(&self, split: Split) -> Option<&LossRecord> {
        self.records
            .iter()
            .rev()
            .find(|record| record.split == split)
    }

    /// The record of a split whose total is lowest.
    pub fn best(&self, split: Split) -> Option<&LossRecord> {
        self.records
            .iter()
            .filter(|record| record.split == split && record.terms[0].is_finite())
            .min_by(|a, b| a.terms[0].total_cmp(&b.terms[0]))
    }

    /// The finite points `(step, value)` of one curve, from `from` on, in at most `columns`
    /// points: each the mean of an equal share of the steps, so that a long run stays a legible
    /// line.
    pub fn points(&self, split: Split, term: Term, from: u64, columns: usize) -> Vec<(f64, f64)> {
        let all: Vec<(f64, f64)> = self
            .records
            .iter()
            .filter(|record| record.split == split && record.step >= from)
            .map(|record| (record.step as f64, record.terms[term.index()]))
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

/// Reads a training log: comma-separated, its columns named in the first line. Lines that are cut
/// off are left out, and columns that are missing read as not a number.
pub fn parse(text: &str) -> Curves {
    let mut lines = text.lines();
    let names: Vec<&str> = lines
        .next()
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .collect();
    let column = |name: &str| names.iter().position(|known| *known == name);
    let [step, split] = [column("step"), column("split")];
    let terms = ["loss", "hits", "velocities", "offsets", "kl_bits"].map(column);
    let speed = column("examples_per_second");
    let mut curves = Curves::default();
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let cell = |column: Option<usize>| cells.get(column?).copied();
        let number = |column| {
            cell(column)
                .and_then(|cell| cell.parse().ok())
                .unwrap_or(f64::NAN)
        };
        let split = match cell(split) {
            Some(split) if split.eq_ignore_ascii_case("train") => Split::Train,
            Some(split) if split.eq_ignore_ascii_case("validation") => Split::Validation,
            _ => continue,
        };
        let Some(step) = cell(step).and_then(|cell| cell.parse().ok()) else {
            continue;
        };
        curves.push(LossRecord {
            step,
            split,
            terms: terms.map(number),
            examples_per_second: cell(speed)
                .and_then(|cell| cell.parse().ok())
                .unwrap_or(0.0),
        });
    }
    curves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: u64, split: Split, total: f64) -> LossRecord {
        LossRecord {
            step,
            split,
            terms: [total, 1.0, 2.0, 3.0, 4.0],
            examples_per_second: 0.0,
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
        assert_eq!(
            curves.last(Split::Train).map(|last| last.terms[0]),
            Some(9.0)
        );
        assert_eq!(curves.best(Split::Train).map(|best| best.step), Some(1));
    }

    #[test]
    fn a_log_is_read_by_the_names_of_its_columns() {
        let text = "split,step,loss,hits,velocities,offsets,kl_bits,examples_per_second\n\
                    train,1,9.5,5,2,2.5,30,101\n\
                    validation,1,10,NaN,2,2,31,0\n\
                    train,2,9";
        let curves = parse(text);
        assert_eq!(curves.records.len(), 3);
        let first = curves.records[0];
        assert_eq!(
            (first.step, first.split, first.examples_per_second),
            (1, Split::Train, 101.0)
        );
        assert_eq!(first.terms, [9.5, 5.0, 2.0, 2.5, 30.0]);
        assert!(curves.records[1].terms[1].is_nan());
        assert!(curves.records[2].terms[1].is_nan());
        assert_eq!(parse("").records.len(), 0);
        assert_eq!(parse("nonsense\n1,2,3\n").records.len(), 0);
    }
}
