//! What grooves are given more or less of, by how much, and the words for it.

use musicvae::model::Latent;

/// A quality that grooves can be given more or less of.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    pub name: String,
    /// A style, of which one at a time is tried; otherwise a measure, as density is.
    pub style: bool,
    /// Its direction in the latent space.
    pub vector: Latent,
}

/// Amounts go from minus this to this: farther out, models play what no drummer does.
pub const MOST: f32 = 3.0;

/// The quality that has keys and a controller of its own.
pub const DENSITY: &str = "density";

/// Amounts are multiples of a twentieth.
const PARTS: f32 = 20.0;

/// An amount in its steps and bounds.
pub fn rounded(amount: f32) -> f32 {
    (amount.clamp(-MOST, MOST) * PARTS).round() / PARTS
}

/// `+0.5`, `-1`, `0`.
pub fn words(amount: f32) -> String {
    match amount {
        0.0 => "0".into(),
        amount => format!("{amount:+}"),
    }
}

/// A quality's name as the screen writes it.
pub fn shown(name: &str) -> String {
    name.replace('_', " ")
}

pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_round_and_bounded() {
        assert_eq!(
            [0.1 + 0.2, 9.0, -3.01, 0.01].map(rounded),
            [0.3, 3.0, -3.0, 0.0]
        );
        assert_eq!([0.25, -1.0, 0.0].map(words), ["+0.25", "-1", "0"]);
        // A controller's middle is no quality at all.
        assert_eq!(rounded(-3.0 + 6.0 * 63.0 / 127.0), 0.0);
        assert_eq!(rounded(-3.0 + 6.0 * 64.0 / 127.0), 0.0);
        assert_eq!(capitalized(&shown("hat_openness")), "Hat openness");
    }
}
