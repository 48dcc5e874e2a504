//! `humanize`, `drumify`, `add-hats`, `variations` and `continue`: a model at work on the drums of a file.

use std::path::PathBuf;

use clap::Args;

use super::compute::DeviceArgs;
use super::corpus::{GridArgs, ReadingArgs};
use super::grooves::{Chosen, ModelArgs, RedrawArgs};
use super::input;
use super::pieces::{self, MOST_PIECES, OutArgs};
use super::settings::Settings;
use crate::embedded;
use musicvae::model::Decoding;
use musicvae::music::{Cells, Grid, Groove};
use musicvae::{Drummer, Rework, Variation};

/// What all of them take.
#[derive(Args)]
pub struct Common {
    /// MIDI file, or - for standard input.
    #[arg(value_name = "IN.mid")]
    input: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    grid: GridArgs,
    #[command(flatten)]
    redraw: RedrawArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    out: OutArgs,
}

/// Make variations of a drum file, from one ghost note more to a distant relative.
#[derive(Args)]
pub struct Variations {
    #[command(flatten)]
    common: Common,
    /// How many.
    #[arg(short = 'n', long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=MOST_PIECES))]
    number: u32,
    /// How different they are: 0 is the file itself, 1 is new music.
    #[arg(long, default_value_t = 0.3, value_parser = amount)]
    amount: f32,
}

impl Variations {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let number = self.number as usize;
        self.common.out.check_room(number)?;
        let chosen = self.common.model.open(settings)?;
        let how = self.common.redraw.decoding();
        let variation = Variation {
            amount: self.amount,
            ..Variation::default()
        };
        let seeds: Vec<u64> = (0..number as u64)
            .map(|place| how.seed.wrapping_add(place))
            .collect();
        self.common.play(settings, chosen, |drummer, groove| {
            Ok(drummer.vary(groove, &variation, how.temperature, &seeds)?)
        })
    }
}

/// Continue a drum file with new bars that follow from its last ones.
#[derive(Args)]
pub struct Continue {
    #[command(flatten)]
    common: Common,
    /// Bars to add.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    bars: u16,
    /// How many different continuations.
    #[arg(short = 'n', long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=MOST_PIECES))]
    number: u32,
}

impl Continue {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let number = self.number as usize;
        self.common.out.check_room(number)?;
        let chosen = self.common.model.open(settings)?;
        let how = self.common.redraw.decoding();
        self.common.play(settings, chosen, |drummer, groove| {
            let steps = groove.steps.len() + usize::from(self.bars) * groove.steps_per_bar();
            let longer = |way: u64| -> anyhow::Result<Groove> {
                let mut longer = groove.clone();
                // Seeds of one way lie far from those of the next.
                let mut seed = how.seed.wrapping_add(way << 32);
                while longer.steps.len() < steps {
                    let how = Decoding { seed, ..how };
                    longer = drummer.extend(&longer, &Cells::default(), how)?;
                    seed = seed.wrapping_add(1);
                }
                longer.steps.truncate(steps);
                Ok(longer)
            };
            (0..number as u64).map(longer).collect()
        })
    }
}

impl Common {
    pub fn run(self, rework: Rework, settings: &Settings) -> anyhow::Result<()> {
        let chosen = self.model.open_or(embedded::of(rework), settings)?;
        let preset = &chosen.checkpoint.preset;
        anyhow::ensure!(
            Rework::of(preset) == Some(rework),
            "the checkpoint is a {}, which does not do this: name one of {}, or none",
            preset.name,
            rework.preset()
        );
        let how = self.redraw.decoding();
        self.play(settings, chosen, |drummer, groove| {
            Ok(vec![drummer.rework(groove, how)?])
        })
    }

    /// Writes what `work` makes of the file's drums.
    fn play(
        &self,
        settings: &Settings,
        chosen: Chosen,
        work: impl FnOnce(&Drummer, &Groove) -> anyhow::Result<Vec<Groove>>,
    ) -> anyhow::Result<()> {
        let inputs = chosen.files().into_iter().chain([self.input.clone()]);
        let score = self.out.score(settings, inputs)?;
        chosen.checkpoint.preset.makes_grooves()?;
        let (groove, pace) = pieces::whole(&self.input, self.reading.reading())?;
        let grid = self.grid.grid.unwrap_or_else(|| groove.likely_grid());
        anyhow::ensure!(
            grid == Grid::Sixteenths,
            "{} is in {grid}, which the models have not learned: with --grid sixteenths they take each \
             stroke for one of the nearest sixteenth",
            input::name(&self.input)
        );
        let compute = self.device.open(settings)?;
        let drummer = chosen.drummer(&compute)?;
        let mut played = work(&drummer, &groove)?;
        let windows = groove.steps.len().div_ceil(drummer.preset().steps());
        self.device.tell(&compute, windows);
        for groove in &mut played {
            groove.qpm = self.redraw.tempo.of(Some(groove.qpm), settings);
        }
        // A tempo that was asked for holds throughout.
        let pace = pace.filter(|_| !self.redraw.tempo.is_given());
        score.write_grooves(&played, pace.as_ref())
    }
}

/// Parses how far variations go.
fn amount(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("an amount is a number from 0 to 1".into()),
    }
}
