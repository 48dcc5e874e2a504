//! A language model of drum patterns that is independent of any network: how ordinary a pattern is.

use std::collections::HashMap;

/// Words before a word that its probability depends on: a 5-gram model, as the MusicVAE paper uses
/// to judge interpolations (Roberts et al. 2018, section 5.3).
const CONTEXT: usize = 4;
/// Words there are: every combination of nine lanes.
const WORDS: f64 = 512.0;

/// What followed one context.
#[derive(Clone, Debug, Default)]
struct Followers {
    total: u32,
    counts: HashMap<u16, u32>,
}

/// A 5-gram model over words of nine bits, smoothed as Witten and Bell (1991) do: what a context
/// has not seen is left to the next shorter one, and at last to chance.
#[derive(Clone, Debug, Default)]
pub struct NGrams {
    followers: HashMap<u64, Followers>,
}

/// The last `length` words as one number, told apart from contexts of other lengths.
fn key(context: &[u16], length: usize) -> u64 {
    let words = &context[context.len() - length..];
    let packed = words
        .iter()
        .fold(0, |key, word| key << 9 | u64::from(*word));
    packed | (length as u64) << 48
}

/// The words before `place`, at most [`CONTEXT`]; a window begins with none.
fn context(words: &[u16], place: usize) -> &[u16] {
    &words[place.saturating_sub(CONTEXT)..place]
}

impl NGrams {
    /// Learns from windows.
    pub fn learn<'a>(windows: impl Iterator<Item = &'a [u16]>) -> NGrams {
        let mut model = NGrams::default();
        for words in windows {
            for (place, word) in words.iter().enumerate() {
                let context = context(words, place);
                for length in 0..=context.len() {
                    let followers = model.followers.entry(key(context, length)).or_default();
                    followers.total += 1;
                    *followers.counts.entry(*word).or_default() += 1;
                }
            }
        }
        model
    }

    fn probability(&self, context: &[u16], word: u16) -> f64 {
        let mut probability = 1.0 / WORDS;
        for length in 0..=context.len() {
            let Some(followers) = self.followers.get(&key(context, length)) else {
                break;
            };
            let (total, kinds) = (f64::from(followers.total), followers.counts.len() as f64);
            let count = followers.counts.get(&word).copied().unwrap_or(0);
            probability = (f64::from(count) + kinds * probability) / (total + kinds);
        }
        probability
    }

    /// The cost of a window in nats a step: the less ordinary, the higher.
    pub fn cost(&self, words: &[u16]) -> f64 {
        let costs = words
            .iter()
            .enumerate()
            .map(|(place, word)| -self.probability(context(words, place), *word).ln());
        costs.sum::<f64>() / words.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_often_heard_costs_little() {
        let beat: Vec<u16> = [5, 0, 4, 0].repeat(16);
        let model = NGrams::learn([&beat[..]; 20].into_iter());
        let mut odd = beat.clone();
        odd[30] = 300;
        assert!(model.cost(&beat) < 0.1, "{}", model.cost(&beat));
        assert!(model.cost(&odd) > model.cost(&beat) + 0.1);
        let nothing_heard = NGrams::default().cost(&beat);
        assert!((nothing_heard - 512f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn probabilities_of_all_words_are_one() {
        let heard: Vec<u16> = (0..64).map(|i| i * i % 11).collect();
        let model = NGrams::learn([&heard[..]].into_iter());
        for context in [&[][..], &[3, 4], &[1, 4, 9, 5], &[500, 1, 4, 9]] {
            let sum: f64 = (0..512).map(|word| model.probability(context, word)).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{context:?}: {sum}");
        }
    }
}
