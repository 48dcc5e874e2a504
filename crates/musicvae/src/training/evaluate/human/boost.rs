//! Gradient-boosted trees for two classes (Friedman 2001), on histograms as LightGBM grows them (Ke
//! et al. 2017). Nothing in them is random: the same rows give the same trees.
//!
//! They are our own so that the figures of one year compare with those of the next: a library's
//! defaults change.

/// Trees, one after the other.
const TREES: usize = 150;
/// How much of each tree counts.
const SHRINKAGE: f64 = 0.1;
/// Questions from the root of a tree to a leaf.
const DEPTH: usize = 4;
/// Rows that a leaf has at least.
const LEAF: usize = 20;
/// Bins of a feature, the first for what is missing.
const BINS: usize = 128;
/// Added to the second derivatives of a leaf.
const RIDGE: f64 = 1.0;
/// A feature of all rows, or how a feature is cut into bins.
type Column = Vec<f64>;

/// Trees that tell two classes apart.
pub struct Boosted {
    /// Upper edges of the bins of each feature but the last bin, ascending.
    edges: Vec<Column>,
    /// Logit before the first tree.
    start: f64,
    trees: Vec<Node>,
    /// By how much each feature lowered the loss, in second-order terms.
    pub gains: Vec<f64>,
}

enum Node {
    Leaf(f64),
    Question {
        feature: usize,
        /// Rows up to this bin go to the lower side.
        bin: u8,
        sides: Box<[Node; 2]>,
    },
}

/// First and second derivatives of the loss over rows, and how many these are.
#[derive(Clone, Copy, Default)]
struct Slope {
    first: f64,
    second: f64,
    rows: usize,
}

impl Slope {
    fn add(&mut self, other: Slope) {
        self.first += other.first;
        self.second += other.second;
        self.rows += other.rows;
    }

    fn without(self, other: Slope) -> Slope {
        Slope {
            first: self.first - other.first,
            second: self.second - other.second,
            rows: self.rows - other.rows,
        }
    }

    /// By how much the best single step lowers the loss, twice.
    fn worth(self) -> f64 {
        self.first * self.first / (self.second + RIDGE)
    }
}

impl Boosted {
    /// Learns to tell rows whose label is true from the others. Every row has a number for each
    /// feature; one that is not finite is missing, which is a bin of its own below all others.
    pub fn fit(rows: &[&[f64]], labels: &[bool]) -> Boosted {
        let features = rows.first().map_or(0, |row| row.len());
        let column = |feature: usize| rows.iter().map(move |row| row[feature]);
        let edges: Vec<Column> = (0..features).map(|it| edges(column(it))).collect();
        let binned = |it: usize| column(it).map(|value| bin(&edges[it], value)).collect();
        let truths = labels.iter().filter(|label| **label).count() as f64;
        // One row more on either side, so that a class that is missing has a logit.
        let start = ((truths + 1.0) / (labels.len() as f64 - truths + 1.0)).ln();
        let mut growth = Growth {
            bins: (0..features).map(binned).collect(),
            slopes: vec![Slope::default(); rows.len()],
            logits: vec![start; rows.len()],
            gains: vec![0.0; features],
        };
        let all: Vec<usize> = (0..rows.len()).collect();
        let mut trees = Vec::with_capacity(TREES);
        for _ in 0..TREES {
            for ((slope, logit), label) in growth.slopes.iter_mut().zip(&growth.logits).zip(labels)
            {
                let chance = 1.0 / (1.0 + (-logit).exp());
                *slope = Slope {
                    first: f64::from(u8::from(*label)) - chance,
                    second: chance * (1.0 - chance),
                    rows: 1,
                };
            }
            trees.push(growth.grow(&all, DEPTH));
        }
        Boosted {
            edges,
            start,
            trees,
            gains: growth.gains,
        }
    }

    /// The logit that a row's label is true.
    pub fn logit(&self, row: &[f64]) -> f64 {
        let bins: Vec<u8> = row
            .iter()
            .zip(&self.edges)
            .map(|(value, edges)| bin(edges, *value))
            .collect();
        let answers = self.trees.iter().map(|tree| tree.answer(&bins));
        self.start + answers.sum::<f64>()
    }
}

impl Node {
    fn answer(&self, bins: &[u8]) -> f64 {
        match self {
            Node::Leaf(value) => *value,
            Node::Question {
                feature,
                bin,
                sides,
            } => sides[usize::from(bins[*feature] > *bin)].answer(bins),
        }
    }
}

/// What a tree grows on.
struct Growth {
    /// Of each feature, the bin of every row.
    bins: Vec<Vec<u8>>,
    slopes: Vec<Slope>,
    logits: Vec<f64>,
    gains: Vec<f64>,
}

impl Growth {
    /// A tree over `rows`, whose logits it moves.
    fn grow(&mut self, rows: &[usize], depth: usize) -> Node {
        let mut all = Slope::default();
        rows.iter().for_each(|row| all.add(self.slopes[*row]));
        let question = (depth > 0).then(|| self.question(rows, all)).flatten();
        let Some((gain, feature, bin)) = question else {
            let value = SHRINKAGE * all.first / (all.second + RIDGE);
            rows.iter().for_each(|row| self.logits[*row] += value);
            return Node::Leaf(value);
        };
        self.gains[feature] += gain;
        let column = &self.bins[feature];
        let (low, high): (Vec<usize>, Vec<usize>) =
            rows.iter().partition(|row| column[**row] <= bin);
        let sides = [self.grow(&low, depth - 1), self.grow(&high, depth - 1)];
        Node::Question {
            feature,
            bin,
            sides: Box::new(sides),
        }
    }

    /// What is best asked of `rows`, whose slopes sum up to `all`: the gain, the feature and the
    /// last bin of the lower side. `None` where nothing is gained.
    fn question(&self, rows: &[usize], all: Slope) -> Option<(f64, usize, u8)> {
        let mut best: Option<(f64, usize, u8)> = None;
        for (feature, column) in self.bins.iter().enumerate() {
            let mut histogram = [Slope::default(); BINS];
            for row in rows {
                histogram[usize::from(column[*row])].add(self.slopes[*row]);
            }
            let mut low = Slope::default();
            for (bin, slope) in histogram.into_iter().enumerate() {
                low.add(slope);
                let high = all.without(low);
                if slope.rows == 0 || low.rows < LEAF {
                    continue;
                }
                if high.rows < LEAF {
                    break;
                }
                let gain = low.worth() + high.worth() - all.worth();
                if gain > best.map_or(1e-9, |(gain, ..)| gain) {
                    best = Some((gain, feature, bin as u8));
                }
            }
        }
        best
    }
}

/// Edges that cut the numbers into bins of about as many rows each, halfway between neighbours.
fn edges(column: impl Iterator<Item = f64>) -> Column {
    let mut sorted: Column = column.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let wanted = BINS - 2;
    let mut edges: Column = (1..=wanted)
        .filter_map(|part| {
            let place = part * sorted.len() / (wanted + 1);
            let above = *sorted.get(place)?;
            let below = *sorted[..place].iter().rfind(|value| **value < above)?;
            Some((below + above) / 2.0)
        })
        .collect();
    edges.dedup();
    edges
}

/// 0 for what is missing, else one more than the edges that lie below.
fn bin(edges: &[f64], value: f64) -> u8 {
    match value.is_finite() {
        true => 1 + edges.partition_point(|edge| *edge < value) as u8,
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Rows of two numbers that each tell nothing, while together they tell all, and one number
    /// that is noise; labels.
    fn exclusive_or(count: usize, seed: u64) -> (Vec<Vec<f64>>, Vec<bool>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rows: Vec<Vec<f64>> = (0..count)
            .map(|_| (0..3).map(|_| rng.random::<f64>()).collect())
            .collect();
        let label = |row: &Vec<f64>| (row[0] > 0.4) != (row[1] > 0.6);
        let labels = rows.iter().map(label).collect();
        (rows, labels)
    }

    fn slices(rows: &[Vec<f64>]) -> Vec<&[f64]> {
        rows.iter().map(Vec::as_slice).collect()
    }

    #[test]
    fn what_only_two_features_tell_together_is_learned() {
        let (rows, labels) = exclusive_or(1000, 1);
        let boosted = Boosted::fit(&slices(&rows), &labels);
        let (unseen, truths) = exclusive_or(500, 2);
        let right = unseen
            .iter()
            .zip(&truths)
            .filter(|(row, truth)| (boosted.logit(row) > 0.0) == **truth);
        assert!(right.count() > 470);
        assert!(boosted.gains[2] < 0.1 * boosted.gains[0]);
        let again = Boosted::fit(&slices(&rows), &labels);
        assert_eq!(boosted.logit(&unseen[0]), again.logit(&unseen[0]));
    }

    #[test]
    fn what_is_missing_tells_too() {
        let rows: Vec<Vec<f64>> = (0..200)
            .map(|i| vec![if i % 2 == 0 { f64::NAN } else { f64::from(i) }])
            .collect();
        let labels: Vec<bool> = (0..200).map(|i| i % 2 == 0).collect();
        let boosted = Boosted::fit(&slices(&rows), &labels);
        assert!(boosted.logit(&[f64::NAN]) > 2.0 && boosted.logit(&[77.0]) < -2.0);
    }

    #[test]
    fn nothing_to_learn_from_is_no_answer() {
        assert_eq!(Boosted::fit(&[], &[]).logit(&[]), 0.0);
        let same = vec![vec![1.0]; 50];
        let labels: Vec<bool> = (0..50).map(|i| i % 2 == 0).collect();
        assert_eq!(Boosted::fit(&slices(&same), &labels).logit(&[1.0]), 0.0);
    }
}
