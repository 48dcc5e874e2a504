//! `encode` and `decode`: performances to latents and back, by way of JSON.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::grooves::{DrawArgs, ModelArgs, read_windows, write_grooves};
use super::output::say;
use crate::model::{Decoding, Latent, Posterior};

/// Posterior of each window of a MIDI file.
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
    /// First bar of the window, counted from 0.
    start_bar: usize,
    mu: Latent,
    sigma: Latent,
}

impl Encode {
    pub fn run(self) -> anyhow::Result<()> {
        let model = self.model.model()?;
        let bars = model.preset().bars;
        let posteriors = model.encode(&read_windows(&self.input, &model)?)?;
        if !self.json {
            say!("bar  distance from the origin  divergence from the prior")?;
            for (index, posterior) in posteriors.iter().enumerate() {
                let length = posterior.mu.iter().map(|mu| mu * mu).sum::<f32>().sqrt();
                let bits = divergence_bits(posterior);
                say!("{:>3}  {length:>24.2}  {bits:>20.1} bits", index * bars + 1)?;
            }
            return Ok(());
        }
        let window = |(index, Posterior { mu, sigma })| Window {
            start_bar: index * bars,
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

/// Latents back to grooves.
#[derive(Args)]
pub struct Decode {
    /// `{"z": [[...], ...]}`, or what `encode --json` printed (its means are decoded).
    #[arg(value_name = "Z.json")]
    input: PathBuf,
    #[command(flatten)]
    draw: DrawArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// A folder, or a `.mid` file that takes the grooves one after the other.
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
        let model = self.model.model()?;
        let z_size = model.preset().z_size;
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
        let mut grooves = model
            .decode(&latents, how)
            .with_context(|| format!("{name}"))?;
        grooves
            .iter_mut()
            .for_each(|groove| groove.qpm = self.draw.tempo);
        write_grooves(&grooves, &self.out)
    }
}
