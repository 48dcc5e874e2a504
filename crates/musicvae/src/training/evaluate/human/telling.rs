//! How well grooves can be told from those of drummers.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::statistics::{Interval, Resampling, quantile};
use super::boost::Boosted;
use super::features::{Feature, Group, features};
use super::folds::{FOLDS, folds};
use super::set::{Set, counted};
use crate::music::Groove;

/// Features that are named.
const NAMED: usize = 5;
/// All features, and each group alone.
const VIEWS: usize = 1 + Group::ALL.len();

/// How well a classifier that has learned from other performances tells grooves from drummers'
/// windows: the area under the curve of the receiver (AUC), the chance that of a groove and a
/// window the window looks more like a drummer's. 0.5 cannot tell, 1 always can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    /// The grooves, and the drummers that they are told from.
    pub grooves: String,
    /// The set of windows that drummers played.
    pub drummers: String,
    /// Grooves and windows.
    pub counts: [usize; 2],
    /// By all features.
    pub all: Interval,
    /// By those of one group alone, in the order of [`Group::ALL`].
    pub groups: [Interval; Group::ALL.len()],
    /// The features that told most, the most telling first.
    pub features: Vec<Telltale>,
}

/// A feature by which grooves are told from drummers' windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Telltale {
    /// What it says.
    pub name: String,
    /// What it lowered the classifier's loss by, as a share of what all features did.
    pub share: f64,
    /// Its median over drummers' windows; `None` where it has no meaning in any.
    pub drummers: Option<f64>,
    /// Its median over the grooves.
    pub grooves: Option<f64>,
}

/// The classifier is asked about each fifth of the performances after it has learned from the
/// others. Bounds resample performances; `plan` says how often.
pub fn tell(grooves: &Set, drummers: &Set, plan: &Resampling) -> Telling {
    let table = Table::new(grooves, drummers);
    let folds = folds(&table.performances, &table.played);
    let views: Vec<Vec<usize>> = std::iter::once(None)
        .chain(Group::ALL.map(Some))
        .map(|group| table.columns(group))
        .collect();
    let tasks: Vec<(usize, usize)> = (0..VIEWS)
        .flat_map(|view| (0..FOLDS).map(move |fold| (view, fold)))
        .collect();
    let judged: Vec<Judged> = tasks
        .par_iter()
        .map(|&(view, fold)| table.judge(&views[view], &folds, fold))
        .collect();
    let plan = plan.of_units(table.performances.clone());
    let areas = plan.weighted(|weights| {
        std::array::from_fn::<f64, VIEWS, _>(|view| {
            let areas = judged[view * FOLDS..][..FOLDS].iter();
            let areas: Vec<f64> = areas
                .filter_map(|fold| fold.area(&table, weights))
                .collect();
            areas.iter().sum::<f64>() / areas.len() as f64
        })
    });
    Telling {
        grooves: grooves.name.clone(),
        drummers: drummers.name.clone(),
        counts: [grooves.grooves.len(), drummers.grooves.len()],
        all: areas[0],
        groups: std::array::from_fn(|group| areas[1 + group]),
        features: table.telltales(&judged[..FOLDS]),
    }
}

/// Features of grooves and windows, row by row.
struct Table {
    names: Vec<(Group, String)>,
    rows: Vec<Vec<f64>>,
    /// Whether a drummer played the row.
    played: Vec<bool>,
    performances: Vec<usize>,
}

impl Table {
    fn new(grooves: &Set, drummers: &Set) -> Table {
        let told = |groove: &Groove| features(groove);
        let all: Vec<&Groove> = drummers.grooves.iter().chain(&grooves.grooves).collect();
        let all: Vec<Vec<Feature>> = all.into_par_iter().map(told).collect();
        let names = all.first().map_or(&[][..], Vec::as_slice);
        let names = names.iter().map(|it| (it.group, it.name.clone())).collect();
        let rows = all
            .iter()
            .map(|row| row.iter().map(|it| it.value).collect());
        let windows = drummers.grooves.len();
        let performances = drummers.performances.iter().chain(&grooves.performances);
        Table {
            names,
            rows: rows.collect(),
            played: (0..all.len()).map(|row| row < windows).collect(),
            performances: counted(performances.copied()),
        }
    }

    fn columns(&self, group: Option<Group>) -> Vec<usize> {
        let counts = |it: Group| group.is_none_or(|group| group == it);
        let columns = 0..self.names.len();
        columns
            .filter(|column| counts(self.names[*column].0))
            .collect()
    }

    /// Judges the rows of one fold by what the others teach.
    fn judge(&self, columns: &[usize], folds: &[usize], fold: usize) -> Judged {
        let row = |row: usize| -> Vec<f64> {
            columns
                .iter()
                .map(|column| self.rows[row][*column])
                .collect()
        };
        let (unseen, seen): (Vec<usize>, Vec<usize>) =
            (0..self.rows.len()).partition(|row| folds[*row] == fold);
        let rows: Vec<Vec<f64>> = seen.iter().map(|it| row(*it)).collect();
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let labels: Vec<bool> = seen.iter().map(|it| self.played[*it]).collect();
        let boosted = Boosted::fit(&rows, &labels);
        let logits = unseen.into_iter().map(|it| (boosted.logit(&row(it)), it));
        let mut ranked: Vec<(f64, usize)> = logits.collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        Judged {
            ranked,
            gains: boosted.gains,
        }
    }

    /// The features that all folds gained most by.
    fn telltales(&self, folds: &[Judged]) -> Vec<Telltale> {
        let gain = |column: usize| folds.iter().map(|fold| fold.gains[column]).sum::<f64>();
        let mut gains: Vec<(f64, usize)> = (0..self.names.len()).map(|it| (gain(it), it)).collect();
        let total: f64 = gains.iter().map(|(gain, _)| gain).sum();
        gains.sort_by(|a, b| b.0.total_cmp(&a.0));
        let telltale = |(gain, column): (f64, usize)| Telltale {
            name: self.names[column].1.clone(),
            share: gain / total,
            drummers: self.median(column, true),
            grooves: self.median(column, false),
        };
        let told = gains
            .into_iter()
            .take(NAMED)
            .filter(|(gain, _)| *gain > 0.0);
        told.map(telltale).collect()
    }

    fn median(&self, column: usize, played: bool) -> Option<f64> {
        let rows = self.rows.iter().zip(&self.played);
        let values = rows
            .filter(|(_, it)| **it == played)
            .map(|(row, _)| row[column]);
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        quantile(&values, 0.5)
    }
}

/// The rows of one fold, the least like a drummer's first.
struct Judged {
    ranked: Vec<(f64, usize)>,
    gains: Vec<f64>,
}

impl Judged {
    /// The area under the curve, each performance counted as often as `weights` say; rows with the
    /// same logit count half. `None` where the fold lacks one of the two.
    fn area(&self, table: &Table, weights: &[f64]) -> Option<f64> {
        let weight = |row: usize| weights[table.performances[row]];
        let (mut below, mut played, mut right) = (0.0, 0.0, 0.0);
        for tied in self.ranked.chunk_by(|a, b| a.0 == b.0) {
            let sum = |drummer: bool| -> f64 {
                let rows = tied.iter().map(|(_, row)| *row);
                rows.filter(|row| table.played[*row] == drummer)
                    .map(weight)
                    .sum()
            };
            let (real, made) = (sum(true), sum(false));
            right += real * (below + made / 2.0);
            below += made;
            played += real;
        }
        let area = right / (below * played);
        area.is_finite().then_some(area)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::music::{Hit, LANES};

    /// Grooves of random strokes whose velocities lie round `velocity`, ten to a performance.
    fn played(name: &str, count: usize, velocity: f32, seed: u64, first: usize) -> Set {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut groove = || {
            let mut groove = Groove::empty(32);
            for cell in groove.steps.iter_mut().flatten() {
                *cell = rng.random_bool(1.0 / LANES as f64).then(|| {
                    Hit::new(
                        velocity + rng.random_range(-0.2..0.2),
                        rng.random_range(-0.3..0.3),
                    )
                });
            }
            groove
        };
        let grooves: Vec<Groove> = (0..count).map(|_| groove()).collect();
        let origin: Vec<usize> = (0..count).map(|place| place / 10).collect();
        Set::new(name, &grooves, &origin, first)
    }

    #[test]
    fn what_differs_is_told_by_what_it_differs_in() {
        let plan = Resampling::of_singles(0, 30, 0);
        let drummers = played("drummers", 300, 0.5, 1, 0);
        let others = tell(&played("others", 300, 0.5, 2, 100), &drummers, &plan);
        assert!((others.all.value - 0.5).abs() < 0.12, "{others:?}");
        assert!(others.all.low < others.all.value && others.all.value < others.all.high);
        let louder = tell(&played("louder", 300, 0.7, 3, 100), &drummers, &plan);
        let area = |group: Group| {
            let place = Group::ALL.iter().position(|it| *it == group);
            louder.groups[place.unwrap()].value
        };
        assert!(louder.all.value > 0.99 && area(Group::Velocities) > 0.99);
        assert!((area(Group::Strokes) - 0.5).abs() < 0.12, "{louder:?}");
        assert!(louder.features[0].name.contains("velocities"));
        assert!(louder.features[0].grooves > louder.features[0].drummers);
        // The copy of a window lies in the window's own fold, so that nobody learns it by heart.
        let copies = tell(&drummers, &drummers, &plan);
        assert_eq!(copies.all.value, 0.5);
    }
}
