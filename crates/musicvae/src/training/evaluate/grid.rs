//! Hits as bits, for comparing many windows with many.

use crate::music::{Groove, LANES};

/// Which cells of a window are hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitGrid {
    words: Vec<u64>,
    count: u32,
}

impl HitGrid {
    /// The hits of a groove.
    pub fn new(groove: &Groove) -> HitGrid {
        let mut words = vec![0_u64; (groove.steps.len() * LANES).div_ceil(64)];
        for (step, lane, _) in groove.hits() {
            let cell = step * LANES + lane.index();
            words[cell / 64] |= 1 << (cell % 64);
        }
        let count = words.iter().map(|word| word.count_ones()).sum();
        HitGrid { words, count }
    }

    /// Hits in all.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Cells that are hit in one and not in the other (Hamming distance).
    pub fn distance(&self, other: &HitGrid) -> u32 {
        let pairs = self.words.iter().zip(&other.words);
        pairs.map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// Share of the hits of both that are shared: `2 |both| / (|a| + |b|)` (Dice 1945), the F1 of
    /// one as a guess of the other; 1 for two empty windows.
    pub fn likeness(&self, other: &HitGrid) -> f64 {
        match self.count + other.count {
            0 => 1.0,
            hits => 1.0 - f64::from(self.distance(other)) / f64::from(hits),
        }
    }

    /// The places of the `count` windows of `among` with the smallest distance, nearest first; of
    /// equally near ones the first.
    pub fn nearest(&self, among: &[HitGrid], count: usize) -> Vec<usize> {
        let mut all: Vec<(u32, usize)> = among
            .iter()
            .enumerate()
            .map(|(place, other)| (self.distance(other), place))
            .collect();
        if all.len() > count && count > 0 {
            all.select_nth_unstable(count - 1);
            all.truncate(count);
        }
        all.sort_unstable();
        all.into_iter().map(|(_, place)| place).collect()
    }
}

/// The lanes hit at each step as a number of nine bits.
pub fn words(groove: &Groove) -> Vec<u16> {
    let word = |step: &crate::music::Step| {
        let bits = step.iter().enumerate();
        bits.map(|(lane, hit)| u16::from(hit.is_some()) << lane)
            .sum()
    };
    groove.steps.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Hit;

    fn grid(cells: &[(usize, usize)]) -> HitGrid {
        let mut groove = Groove::empty(64);
        for &(step, lane) in cells {
            groove.steps[step][lane] = Some(Hit::new(0.0, 0.0));
        }
        HitGrid::new(&groove)
    }

    #[test]
    fn windows_are_as_alike_as_their_hits() {
        let a = grid(&[(0, 0), (8, 1), (63, 8)]);
        let b = grid(&[(0, 0), (8, 1), (63, 7)]);
        assert_eq!((a.count(), a.distance(&b), a.distance(&a)), (3, 2, 0));
        assert!((a.likeness(&b) - 4.0 / 6.0).abs() < 1e-12);
        let among = [grid(&[]), b.clone(), a.clone(), b];
        assert_eq!(a.nearest(&among, 3), [2, 1, 3]);
        assert_eq!(grid(&[]).likeness(&grid(&[])), 1.0);
    }

    #[test]
    fn a_step_is_a_word() {
        let mut groove = Groove::empty(2);
        for lane in [0, 2, 8] {
            groove.steps[1][lane] = Some(Hit::new(1.0, 0.0));
        }
        assert_eq!(words(&groove), [0, 0b1_0000_0101]);
    }
}
