//! `eval`: how good a model is on a split.

use std::path::PathBuf;

use clap::Args;

use super::grooves::ModelArgs;
use super::output::{note, say};
use crate::data::{DataError, GrooveConverter, Split, load_windows};
use crate::music::Lane;
use crate::training::{Evaluation, Reconstruction, Timing, evaluate};

/// Losses and reconstruction quality of a model on a split of a corpus.
#[derive(Args)]
pub struct Eval {
    /// A folder or zip of MIDI files (info.csv gives the split), or a TFRecord of NoteSequences.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// train, validation or test.
    #[arg(long, default_value = "validation")]
    split: Split,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: ModelArgs,
}

impl Eval {
    pub fn run(self) -> anyhow::Result<()> {
        let checkpoint = self.model.checkpoint()?;
        let converter = GrooveConverter {
            bars: checkpoint.preset.bars,
            hop: None,
        };
        let windows = load_windows(&self.data, Some(self.split), &converter)?;
        for warning in &windows.warnings {
            note!("note: {warning}");
        }
        // Without a training split there is no mean to predict from; that row is left out.
        let train = match load_windows(&self.data, Some(Split::Train), &converter) {
            Ok(train) => Some(train),
            Err(DataError::NoWindows { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mean_offsets = train.map(|train| train.mean_offsets());
        let evaluation = evaluate(&checkpoint, self.split, &windows, mean_offsets)?;
        if self.json {
            say!("{}", serde_json::to_string_pretty(&evaluation)?)
        } else {
            print(&evaluation)
        }
    }
}

fn print(evaluation: &Evaluation) -> anyhow::Result<()> {
    let Evaluation {
        split,
        windows,
        hits,
        losses,
        ..
    } = evaluation;
    say!("{split}: {windows} windows, {hits} hits")?;
    say!(
        "loss {:.3} = hits {:.3} + velocities {:.3} + offsets {:.3} + weighted KL of {:.1} bits\n",
        losses.total,
        losses.hits,
        losses.velocities,
        losses.offsets,
        losses.kl_bits
    )?;
    say!(
        "{:<28}{:>8}{:>11}{:>12}{:>12}",
        "",
        "hit F1",
        "velocity",
        "timing",
        "timing"
    )?;
    say!(
        "{:<28}{:>8}{:>11}{:>12}{:>12}",
        "",
        "",
        "MAE",
        "MAE ms",
        "MSE steps²"
    )?;
    let copied = |name: &str, timing: Timing| {
        say!(
            "{name:<28}{:>8}{:>11}{:>12.2}{:>12.4}",
            "",
            "",
            timing.mae_ms,
            timing.mse
        )
    };
    copied("no microtiming", evaluation.quantized)?;
    if let Some(timing) = evaluation.mean_offset {
        copied("mean microtiming of a lane", timing)?;
    }
    let returned = |name: &str, it: &Reconstruction| {
        let Timing { mae_ms, mse } = it.timing;
        say!(
            "{name:<28}{:>8.3}{:>11.4}{mae_ms:>12.2}{mse:>12.4}",
            it.f1,
            it.velocity_mae
        )
    };
    returned("model, told the past", &evaluation.teacher_forced)?;
    returned("model, hearing itself", &evaluation.autoregressive)?;
    say!("\nhit F1 by lane (told the past / hearing itself)")?;
    for lane in Lane::ALL {
        let show = |f1: Option<f64>| f1.map_or("-".into(), |f1| format!("{f1:.3}"));
        let told = show(evaluation.teacher_forced.lane_f1[lane.index()]);
        let alone = show(evaluation.autoregressive.lane_f1[lane.index()]);
        say!("{:<8}{told:>8}{alone:>8}", lane.short_name())?;
    }
    Ok(())
}
