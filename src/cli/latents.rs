//! `encode` and `decode`: performances to latents and back, by way of JSON.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::grooves::{DrawArgs, ModelArgs};
use super::output::say;
use super::pieces;
use musicvae::model::{Decoding, Latent, Posterior};

/// Posterior of each window of a MIDI file.
///
/// The last window is filled with silence; a piece that is shorter than a window and fills it when it
/// is repeated is repeated. What was left out is said.
#[derive(Args)]
pub struct Encode {
    /// MIDI file.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    /// Print the numbers, as `decode` reads them.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: ModelArgs,
}

/// What `encode --json` prints.
#[derive(Serialize, Deserialize)]
struct Windows {
    windows: Vec<Window>,
}

#[derive(Serialize, Deserialize)]
struct Window {
    /// First bar of the window, counted from 0, where windows stand one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_bar: Option<usize>,
    mu: Latent,
    sigma: Latent,
}

impl Encode {
    pub fn run(self) -> anyhow::Result<()> {
        let drummer = self.model.drummer()?;
        let bars = drummer.preset().bars;
        let posteriors = drummer.encode(&pieces::read(&drummer, &self.input)?)?;
        let is_gapless = drummer.converter().is_gapless();
        let start_bar = |index: usize| is_gapless.then_some(index * bars);
        if !self.json {
            let place = if is_gapless { "bar" } else { " no" };
            say!("{place}  distance from the origin  divergence from the prior")?;
            for (index, posterior) in posteriors.iter().enumerate() {
                let length = posterior.mu.iter().map(|mu| mu * mu).sum::<f32>().sqrt();
                let bits = divergence_bits(posterior);
                let place = start_bar(index).unwrap_or(index) + 1;
                say!("{place:>3}  {length:>24.2}  {bits:>20.1} bits")?;
            }
            return Ok(());
        }
        let window = |(index, Posterior { mu, sigma })| Window {
            start_bar: start_bar(index),
            mu,
            sigma,
        };
        let windows = posteriors.into_iter().enumerate().map(window).collect();
        say!("{}", serde_json::to_string(&Windows { windows })?)
    }
}

/// `KL(posterior || N(0, I))` in bits.
fn divergence_bits(posterior: &Posterior) -> f32 {
    let nats = |(mu, sigma): (&f32, &f32)| 0.5 * (mu * mu + sigma * sigma - 1.0) - sigma.ln();
    posterior
        .mu
        .iter()
        .zip(&posterior.sigma)
        .map(nats)
        .sum::<f32>()
        / std::f32::consts::LN_2
}

/// Latents back to music.
#[derive(Args)]
pub struct Decode {
    /// `{"z": [[...], ...]}`, or what `encode --json` printed (its means are decoded).
    #[arg(value_name = "Z.json")]
    input: PathBuf,
    #[command(flatten)]
    draw: DrawArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// A folder, or a `.mid` file that takes the pieces one after the other.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
}

/// Either form of latents that `decode` reads.
#[derive(Deserialize)]
#[serde(untagged)]
enum Latents {
    Encoded(Windows),
    Plain { z: Vec<Latent> },
}

impl Decode {
    pub fn run(self) -> anyhow::Result<()> {
        let name = self.input.display();
        let text = std::fs::read_to_string(&self.input)
            .with_context(|| format!("{name} can't be read"))?;
        let latents = match serde_json::from_str(&text) {
            Ok(Latents::Plain { z }) => z,
            Ok(Latents::Encoded(Windows { windows })) => {
                windows.into_iter().map(|window| window.mu).collect()
            }
            Err(error) => {
                // Neither form fits: only where it is no JSON at all does the place help.
                let place = match error.line() {
                    0 => String::new(),
                    line => format!(" (line {line}, column {})", error.column()),
                };
                anyhow::bail!(
                    "{name} holds no latents{place}: it needs {{\"z\": [[numbers], ...]}}, or what \
                     `encode --json` prints"
                )
            }
        };
        anyhow::ensure!(!latents.is_empty(), "{name} holds no latent");
        let drummer = self.model.drummer()?;
        let z_size = drummer.preset().z_size;
        for (number, z) in (1..).zip(&latents) {
            anyhow::ensure!(
                z.len() == z_size,
                "latent {number} of {name} has {} numbers, but the model takes {z_size}",
                z.len()
            );
            anyhow::ensure!(
                z.iter().all(|value| value.is_finite()),
                "latent {number} of {name} holds a number that is too large"
            );
        }
        let how = Decoding {
            temperature: self.draw.temperature,
            seed: self.draw.seed(),
        };
        let tempos = std::iter::repeat(self.draw.tempo);
        let played = drummer
            .decode(&latents, how, &[], tempos)
            .with_context(|| format!("{name}"))?;
        pieces::write(&drummer, &played, &self.out)
    }
}
