//! Which recording of a stroke sounds next.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Chooses by chance among the variants of a kit, as a drummer's hands do: none twice in a row, and
/// where there are enough, none that sounded two strokes ago. The same seed chooses the same.
pub(super) struct Variants {
    random: ChaCha8Rng,
    count: u8,
    /// The last one, and the one before.
    last: [u8; 2],
}

/// No variant: none has sounded yet.
const NONE: u8 = u8::MAX;

impl Variants {
    pub fn new(seed: u64) -> Variants {
        Variants {
            random: ChaCha8Rng::seed_from_u64(seed),
            count: 1,
            last: [NONE; 2],
        }
    }

    /// From now on there are so many.
    pub fn set_count(&mut self, count: u8) {
        self.count = count.max(1);
        self.last = [NONE; 2];
    }

    /// The next one, `0..count`.
    pub fn next(&mut self) -> u8 {
        if self.count == 1 {
            return 0;
        }
        let memory = if self.count > 3 { 2 } else { 1 };
        let recent = self.last;
        let is_fresh = |variant: &u8| !recent[..memory].contains(variant);
        let fresh = (0..self.count).filter(is_fresh).count();
        let nth = self.random.random_range(0..fresh.max(1));
        let chosen = (0..self.count).filter(is_fresh).nth(nth).unwrap_or(0);
        self.last = [chosen, recent[0]];
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(seed: u64, count: u8) -> Vec<u8> {
        let mut variants = Variants::new(seed);
        variants.set_count(count);
        (0..400).map(|_| variants.next()).collect()
    }

    #[test]
    fn none_comes_twice_in_a_row_and_all_come() {
        for count in 2..=6 {
            let chosen = choices(7, count);
            assert!(chosen.windows(2).all(|pair| pair[0] != pair[1]), "{count}");
            if count > 3 {
                let again = |three: &[u8]| three[0] == three[2];
                assert!(!chosen.windows(3).any(again), "{count}");
            }
            for variant in 0..count {
                let times = chosen.iter().filter(|it| **it == variant).count();
                let even = 400 / usize::from(count);
                assert!((even / 2..even * 2).contains(&times), "{variant}: {times}");
            }
        }
        assert_eq!(choices(7, 1), [0; 400]);
    }

    #[test]
    fn chance_is_the_seeds() {
        assert_eq!(choices(1, 4), choices(1, 4));
        assert_ne!(choices(1, 4), choices(2, 4));
        // By chance, and not in a round.
        let chosen = choices(1, 4);
        assert!(chosen.windows(5).any(|five| five[0] != five[4]));
    }
}
