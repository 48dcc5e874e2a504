//! The folds of cross-validation: which performances a classifier is asked about together.

/// Parts that the performances are divided into.
pub const FOLDS: usize = 5;

/// The fold of each row: all rows of a performance fall into the same one, and each fold receives
/// about as many rows of either label. Large performances are dealt out first, each to the fold
/// that has least.
pub fn folds(performances: &[usize], labels: &[bool]) -> Vec<usize> {
    let count = performances.iter().max().map_or(0, |last| last + 1);
    let mut sizes = vec![[0_usize; 2]; count];
    for (performance, label) in performances.iter().zip(labels) {
        sizes[*performance][usize::from(*label)] += 1;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|it| std::cmp::Reverse(sizes[*it].iter().sum::<usize>()));
    let mut loads = [[0_usize; 2]; FOLDS];
    let mut chosen = vec![0; count];
    for performance in order {
        let size = sizes[performance];
        let load = |fold: &usize| -> usize { (0..2).map(|it| size[it] * loads[*fold][it]).sum() };
        let fold = (0..FOLDS).min_by_key(load).unwrap_or(0);
        chosen[performance] = fold;
        loads[fold]
            .iter_mut()
            .zip(size)
            .for_each(|(load, size)| *load += size);
    }
    performances.iter().map(|it| chosen[*it]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn performances_stay_whole_and_folds_are_even() {
        // Ten performances of 1 to 10 windows by drummers, and 100 samples.
        let played: Vec<usize> = (0..10).flat_map(|it| vec![it; it + 1]).collect();
        let performances: Vec<usize> = played.iter().copied().chain(10..110).collect();
        let labels: Vec<bool> = (0..155).map(|row| row < played.len()).collect();
        let folds = folds(&performances, &labels);
        for (row, performance) in performances.iter().enumerate() {
            let first = performances.iter().position(|it| it == performance);
            assert_eq!(folds[row], folds[first.unwrap()]);
        }
        for fold in 0..FOLDS {
            let count = |label: bool| {
                let rows = folds.iter().zip(&labels);
                rows.filter(|(it, is)| **it == fold && **is == label)
                    .count()
            };
            assert_eq!(count(false), 20);
            assert!((9..=13).contains(&count(true)), "{}", count(true));
        }
    }
}
