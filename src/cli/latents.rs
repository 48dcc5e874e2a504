//! `encode` and `decode`: performances to latents and back, by way of JSON.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};

use super::compute::DeviceArgs;
use super::corpus::ReadingArgs;
use super::grooves::{DrawArgs, ModelArgs, StrokesArgs};
use super::input;
use super::kind;
use super::output::say;
use super::pieces::{self, OutArgs};
use super::settings::Settings;
use super::target::Force;
use musicvae::data::Window as Music;
use musicvae::model::{Latent, Posterior};

/// Encode each window of a MIDI file as a point of the latent space (its posterior).
///
/// The last window is filled up with silence. A loop that is shorter than a window (one or two bars of
/// four) is repeated to fill it. The command says what it left out.
#[derive(Args)]
pub struct Encode {
    /// MIDI file, or - for standard input.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Print the numbers, as `decode` reads them.
    #[arg(long)]
    json: bool,
    /// Write the numbers, as `decode` reads them, into a file, or - for standard output.
    #[arg(short, long, value_name = "OUT.json")]
    out: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    device: DeviceArgs,
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
    /// Quarter notes a minute of the music.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tempo: Option<f64>,
    mu: Latent,
    sigma: Latent,
}

impl Encode {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let chosen = self.model.open(settings)?;
        let inputs = chosen.files().into_iter().chain([self.input.clone()]);
        let rule = self.force.reading(inputs.chain(settings.file.clone()));
        let target = self.out.as_deref().map(|out| rule.file(out)).transpose()?;
        if let Some(out) = &self.out {
            kind::check(out, "latents", "json")?;
        }
        let compute = self.device.open(settings)?;
        let drummer = chosen.drummer(&compute)?.reading(self.reading.reading());
        let bars = drummer.preset().bars;
        let music = pieces::read(&drummer, &self.input)?.windows;
        let posteriors = drummer.encode(&music)?;
        self.device.tell(&compute, music.len());
        let is_gapless = drummer.converter().is_gapless();
        let start_bar = |index: usize| is_gapless.then_some(index * bars);
        if !self.json && target.is_none() {
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
            tempo: music.get(index).map(Music::qpm),
            mu,
            sigma,
        };
        let windows = posteriors.into_iter().enumerate().map(window).collect();
        let text = serde_json::to_string(&Windows { windows })?;
        match target {
            None => say!("{text}"),
            Some(target) => {
                target.write(format!("{text}\n").as_bytes())?;
                target.say_path()
            }
        }
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

/// Decode latents back to music.
#[derive(Args)]
pub struct Decode {
    /// `{"z": [[...], ...]}`, or what `encode --json` printed (its means are decoded, at the tempo of
    /// the music that was encoded), or - for standard input.
    #[arg(value_name = "Z.json")]
    input: PathBuf,
    #[command(flatten)]
    draw: DrawArgs,
    #[command(flatten)]
    strokes: StrokesArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    out: OutArgs,
}

/// Either form of latents that `decode` reads.
#[derive(Deserialize)]
#[serde(untagged)]
enum Latents {
    Encoded(Windows),
    Plain { z: Vec<Latent> },
}

impl Decode {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let chosen = self.strokes.of(self.model.open(settings)?);
        let inputs = chosen.files().into_iter().chain([self.input.clone()]);
        let score = self.out.score(settings, inputs)?;
        let name = input::name(&self.input);
        let text = input::text(&self.input, "what `encode --json` prints")?;
        let (latents, tempos): (Vec<Latent>, Vec<_>) = match serde_json::from_str(&text) {
            Ok(Latents::Plain { z }) => z.into_iter().map(|z| (z, None)).unzip(),
            Ok(Latents::Encoded(Windows { windows })) => {
                let of = |window: Window| (window.mu, window.tempo);
                windows.into_iter().map(of).unzip()
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
        let playable = |tempo: &f64| (1.0..=1000.0).contains(tempo);
        if let Some(tempo) = tempos.iter().flatten().find(|tempo| !playable(tempo)) {
            anyhow::bail!("{name} has the tempo {tempo}, which makes no sense");
        }
        let compute = self.device.open(settings)?;
        let drummer = chosen.drummer(&compute)?;
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
        let how = self.draw.decoding(settings);
        let tempos = tempos
            .iter()
            .map(|given| self.draw.tempo.of(*given, settings));
        let played = drummer
            .decode(&latents, how, &[], tempos)
            .with_context(|| name.clone())?;
        self.device.tell(&compute, played.len());
        score.write(&drummer, &played)
    }
}
