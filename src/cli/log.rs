//! `log`: the curves of training runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::figures::PicturesArgs;
use super::output::say;
use super::settings::Settings;
use crate::studio::Term;
use musicvae::chart::{Line, LineChart, Style};
use musicvae::data::Split;
use musicvae::training::{Log, Record, folder};

/// Show how training runs went: a table of what they trained and where they ended, and their curves.
#[derive(clap::Args)]
pub struct LogArgs {
    /// Folders of runs, or their log.csv files.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Draw them as one run: each began with the weights of the one before.
    #[arg(long)]
    in_a_row: bool,
    #[command(flatten)]
    pictures: PicturesArgs,
}

struct Run {
    name: String,
    records: Vec<Record>,
}

impl LogArgs {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let runs = self.runs.iter().map(|path| read(path));
        let runs = runs.collect::<anyhow::Result<Vec<Run>>>()?;
        let names = Term::LOGGED.map(file_name);
        let inputs = self.runs.iter().cloned().chain(settings.file.clone());
        if let Some(folder) = self.pictures.folder(inputs, &names)? {
            let one = self.in_a_row.then(|| [in_a_row(&runs)]);
            let drawn = one.as_ref().map_or(&runs[..], |one| one);
            let pictures = Term::LOGGED.map(|term| (file_name(term), picture(drawn, term)));
            folder.write(&pictures)?;
        }
        say!("{}", table(&runs).trim_end())
    }
}

/// The runs as one: the steps of each follow those of the one before.
fn in_a_row(runs: &[Run]) -> Run {
    let mut records: Vec<Record> = Vec::new();
    for run in runs {
        let before = records.last().map_or(0, |record| record.step);
        records.extend(run.records.iter().map(|record| Record {
            step: before + record.step,
            ..*record
        }));
    }
    let name = "in a row".into();
    Run { name, records }
}

fn read(path: &Path) -> anyhow::Result<Run> {
    let file = match path.is_dir() {
        true => path.join(folder::LOG),
        false => path.to_path_buf(),
    };
    let records = Log::read(&file)
        .with_context(|| format!("the training log {} can't be read", file.display()))?;
    if records.is_empty() {
        bail!("{} has no line of a training log", file.display());
    }
    Ok(Run {
        name: path.display().to_string(),
        records,
    })
}

impl Run {
    fn of(&self, split: Split) -> impl Iterator<Item = &Record> {
        let records = self.records.iter();
        records.filter(move |record| record.split == split)
    }

    /// Share of the steps whose gradient was multiplied by such a number; `-` where the log doesn't say.
    fn share(&self, is_such: impl Fn(f64) -> bool) -> String {
        let scales = self.of(Split::Train).filter_map(|it| it.gradient_scale);
        let scales: Vec<f64> = scales.collect();
        let such = scales.iter().filter(|scale| is_such(**scale)).count();
        match scales.len() {
            0 => "-".into(),
            all => format!("{:.0} %", 100.0 * such as f64 / all as f64),
        }
    }

    /// Training in as many means as there are points worth drawing; validation as it was measured.
    fn curve(&self, split: Split, term: Term) -> Vec<(f64, f64)> {
        /// Finer than this, the noise of single batches hides the curve.
        const POINTS: usize = 120;
        let all: Vec<&Record> = self.of(split).collect();
        let together = match split {
            Split::Train => all.len().div_ceil(POINTS).max(1),
            _ => 1,
        };
        let mean = |some: &[&Record], of: fn(&Record, Term) -> f64| {
            some.iter().map(|record| of(record, term)).sum::<f64>() / some.len() as f64
        };
        let point = |some: &[&Record]| {
            (
                mean(some, |record, _| record.step as f64),
                mean(some, |record, term| term.of(record, None)),
            )
        };
        let points = all.chunks(together).map(point);
        points.filter(|(_, value)| value.is_finite()).collect()
    }
}

/// Every run: how long it was, the share of steps whose gradient was clipped or left out, and its best look at
/// the validation split.
fn table(runs: &[Run]) -> String {
    let name = runs.iter().map(|run| run.name.chars().count()).max();
    let name = name.unwrap_or(0).max("run".len());
    let mut text = format!(
        "{:name$} {:>8} {:>7} {:>8} {:>8} {:>10} {:>8} {:>8} {:>11} {:>8} {:>7}\n",
        "run",
        "steps",
        "hours",
        "clipped",
        "skipped",
        "best loss",
        "at step",
        "hits",
        "velocities",
        "offsets",
        "bits"
    );
    for run in runs {
        let last = run.records.last();
        let (steps, seconds) = last.map_or((0, 0.0), |record| (record.step, record.seconds));
        let _ = write!(
            text,
            "{:name$} {steps:>8} {:>7.2} {:>8} {:>8}",
            run.name,
            seconds / 3600.0,
            run.share(|scale| scale > 0.0 && scale < 1.0),
            run.share(|scale| scale == 0.0)
        );
        let best = (run.of(Split::Validation)).min_by(|a, b| a.loss.total_cmp(&b.loss));
        let _ = match best {
            None => writeln!(text, " {:>10}", "-"),
            Some(best) => writeln!(
                text,
                " {:>10.2} {:>8} {:>8.2} {:>11.2} {:>8.2} {:>7.1}",
                best.loss, best.step, best.hits, best.velocities, best.offsets, best.kl_bits
            ),
        };
    }
    text
}

fn file_name(term: Term) -> &'static str {
    match term {
        Term::Total => "loss",
        Term::Hits => "hits",
        Term::Velocities => "velocities",
        Term::Offsets => "offsets",
        Term::Divergence => "divergence",
        Term::Beta => "beta",
        Term::LearningRate => "learning-rate",
        Term::Gradient => "gradient",
        Term::Speed => "speed",
    }
}

fn picture(runs: &[Run], term: Term) -> String {
    let line = |run: &Run, split: Split, style: Style| {
        let what = match split {
            Split::Train => "training",
            _ => "validation",
        };
        Line {
            name: match runs {
                [_] => what.into(),
                _ => format!("{}, {what}", run.name),
            },
            points: run.curve(split, term),
            style,
        }
    };
    let both = |run| {
        [
            line(run, Split::Train, Style::Dashed),
            line(run, Split::Validation, Style::Solid),
        ]
    };
    LineChart {
        title: format!("Training: {}", term.name()),
        x_label: "optimizer steps".into(),
        y_label: term.name().into(),
        lines: (runs.iter().flat_map(both))
            .filter(|line| !line.points.is_empty())
            .collect(),
        ..LineChart::default()
    }
    .svg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use musicvae::training::Terms;

    fn run(steps: u64) -> Run {
        let record = |step| {
            let terms = Terms {
                examples: 1,
                loss: step as f64,
                ..Terms::default()
            };
            let split = match step % 10 {
                0 => Split::Validation,
                _ => Split::Train,
            };
            Record::new(step, split, terms)
        };
        Run {
            name: "run".into(),
            records: (1..=steps).map(record).collect(),
        }
    }

    #[test]
    fn runs_in_a_row_go_on_where_the_one_before_ended() {
        let one = in_a_row(&[run(30), run(20)]);
        let curve = one.curve(Split::Validation, Term::Total);
        let expected = [
            (10.0, 10.0),
            (20.0, 20.0),
            (30.0, 30.0),
            (40.0, 10.0),
            (50.0, 20.0),
        ];
        assert_eq!(curve, expected);
    }

    #[test]
    fn training_is_drawn_as_means_of_neighbours() {
        // 270 steps of training between the looks at the validation split: three to a point.
        let curve = run(300).curve(Split::Train, Term::Total);
        assert_eq!((curve.len(), curve[0]), (90, (2.0, 2.0)));
    }
}
