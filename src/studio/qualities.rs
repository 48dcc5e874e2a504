//! Steering grooves by their qualities: along the attribute vectors of the model's checkpoint.

use super::{Action, Change, Overlay, Studio};
use musicvae::model::{Latent, latent};

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

impl Studio {
    /// The qualities that the model in use can be steered by.
    ///
    /// # Errors
    /// Why there are none, in one sentence.
    pub fn qualities(&self) -> Result<&[Quality], &str> {
        match &self.model {
            None => Err("No model is loaded."),
            Some(model) => match &model.qualities {
                Ok(qualities) => Ok(qualities),
                Err(reason) => Err(reason),
            },
        }
    }

    /// Those of the model in use whose amount is not 0, with it.
    pub fn steering(&self) -> impl Iterator<Item = (&Quality, f32)> {
        let qualities = self.qualities().unwrap_or(&[]).iter();
        let with_amount = qualities.map(|quality| (quality, self.scene.amount(&quality.name)));
        with_amount.filter(|(_, amount)| *amount != 0.0)
    }

    /// A point of the latent space moved as the qualities say: what the model is given.
    pub(super) fn steered(&self, z: &[f32]) -> Latent {
        let mut z = z.to_vec();
        for (quality, amount) in self.steering() {
            z = latent::moved(&z, &quality.vector, amount);
        }
        z
    }

    pub(super) fn apply_quality(&mut self, action: Action) {
        match action {
            Action::ShowQualities => {
                self.screen.overlay = Some(Overlay::Qualities { selected: 0 });
            }
            Action::SetQuality(name, to) => self.set_quality(&name, to),
            Action::NudgeQuality(name, by) => {
                self.set_quality(&name, self.scene.amount(&name) + by);
                let amount = words(self.scene.amount(&name));
                self.say(format!("{} at {amount}.", capitalized(&shown(&name))));
            }
            Action::NudgeSelectedQuality(by) => {
                if let Some(name) = self.selected_quality() {
                    self.set_quality(&name, self.scene.amount(&name) + by);
                }
            }
            Action::ClearQuality => {
                if let Some(name) = self.selected_quality() {
                    self.set_quality(&name, 0.0);
                }
            }
            Action::NextStyle => self.next_style(),
            _ => {}
        }
    }

    fn set_quality(&mut self, name: &str, to: f32) {
        self.steer(&[(name, to)]);
    }

    /// From none to the first style, from each to the next, and from the last to none.
    fn next_style(&mut self) {
        let styles = self.qualities().unwrap_or(&[]).iter();
        let styles: Vec<String> = styles
            .filter(|quality| quality.style)
            .map(|quality| quality.name.clone())
            .collect();
        let on = styles
            .iter()
            .position(|name| self.scene.amount(name) != 0.0);
        let next = on.map_or(0, |on| on + 1);
        let amounts = styles.iter().enumerate();
        let amounts: Vec<(&str, f32)> = amounts
            .map(|(place, name)| (name.as_str(), f32::from(u8::from(place == next))))
            .collect();
        self.steer(&amounts);
        self.say(match styles.get(next) {
            Some(style) => format!("In the style of {}.", shown(style)),
            None => "In no style.".into(),
        });
    }

    /// Sets amounts, and has the groove that follows from them played. A groove that was not drawn
    /// from the slider's point becomes the nearer end first, so that it is what is steered.
    fn steer(&mut self, amounts: &[(&str, f32)]) {
        let mut scene = self.scene.clone();
        for (name, to) in amounts {
            scene.set_amount(name, *to);
        }
        if scene.qualities == self.scene.qualities {
            return;
        }
        let place = |name: &str| {
            let mut all = self.qualities().unwrap_or(&[]).iter();
            all.position(|quality| quality.name == name)
        };
        let change = match amounts {
            [(name, _)] => place(name).map_or(Change::Single, Change::Quality),
            _ => Change::Single,
        };
        self.history.before(&self.scene, change);
        // Read first: how it was steered till now is part of how it sounds.
        let encoding = self.encode_for_steering();
        self.scene.qualities = scene.qualities;
        if !encoding {
            self.decode(self.sound.takeover, true);
        }
    }

    fn selected_quality(&self) -> Option<String> {
        let Some(Overlay::Qualities { selected }) = self.screen.overlay else {
            return None;
        };
        let quality = self.qualities().ok()?.get(selected)?;
        Some(quality.name.clone())
    }

    /// What stands in the way of a change of qualities, in one sentence.
    pub(super) fn reason_against_quality(&self, action: &Action) -> Option<String> {
        let qualities = match self.qualities() {
            Ok(qualities) => qualities,
            Err(reason) => return Some(reason.into()),
        };
        match action {
            Action::NudgeQuality(name, _) | Action::SetQuality(name, _) => {
                let known = qualities.iter().any(|quality| quality.name == *name);
                (!known).then(|| format!("This model's attributes have no `{name}`."))
            }
            Action::NextStyle => {
                let styles = qualities.iter().any(|quality| quality.style);
                (!styles).then(|| "This model's attributes have no styles.".into())
            }
            Action::ClearQuality => {
                let amount = self
                    .selected_quality()
                    .map(|name| self.scene.amount(&name))
                    .unwrap_or(0.0);
                (amount == 0.0).then(|| "It is at 0.".into())
            }
            _ => None,
        }
    }
}

/// An amount in its steps and bounds.
pub(in crate::studio) fn rounded(amount: f32) -> f32 {
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

fn capitalized(text: &str) -> String {
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
