//! An evaluation as text.

use std::fmt::Write;

use super::figure::{figure, or_dash};
use musicvae::music::{LANES, Lane};
use musicvae::training::evaluate::{
    Accompaniment, Baselines, Evaluation, Expression, Guess, Humanization, Interpolation, Interval,
    Losses, Prior, Profile, Reconstruction, Unit,
};

/// Everything that was measured.
pub fn table(evaluation: &Evaluation) -> String {
    let Evaluation {
        preset,
        step,
        fingerprint,
        split,
        files,
        windows,
        hits,
        resampled,
        resamples,
        ..
    } = evaluation;
    let hits = hits.map_or(String::new(), |hits| format!(", hits {hits}"));
    let mut text = format!(
        "{split}: windows {windows}{hits}, files {files}\n\
         model: {preset}, step {step}, fingerprint {fingerprint}\n\
         in brackets: 95 % of {resamples} data sets drawn by {}\n",
        match resampled {
            Unit::File => "file",
            Unit::Window => "window",
        }
    );
    // Writing into a string cannot fail.
    let _ = write_parts(&mut text, evaluation);
    text
}

fn write_parts(text: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    if let Some(losses) = &evaluation.losses {
        self::losses(text, losses)?;
    }
    expression(text, evaluation)?;
    if let Some(reconstruction) = &evaluation.reconstruction {
        self::reconstruction(text, reconstruction)?;
    }
    if let Some(accompaniment) = &evaluation.accompaniment {
        self::accompaniment(text, accompaniment)?;
    }
    if let Some(prior) = &evaluation.prior {
        self::prior(text, prior)?;
    }
    if let Some(interpolation) = &evaluation.interpolation {
        self::interpolation(text, interpolation)?;
    }
    if let Some(human) = &evaluation.human {
        super::human::table(text, human)?;
    }
    if let Some(temperature) = &evaluation.temperature {
        super::temperature::table(text, temperature)?;
    }
    Ok(())
}

fn losses(text: &mut String, losses: &Losses) -> std::fmt::Result {
    writeln!(text, "\nLoss, nats a window")?;
    for (name, it) in [
        ("total", Some(losses.total)),
        ("reconstruction", Some(losses.reconstruction)),
        ("  hits", losses.hits),
        ("  velocities", losses.velocities),
        ("  offsets", losses.offsets),
        ("divergence, bits", Some(losses.kl_bits)),
        ("right predictions, share", losses.accuracy),
    ] {
        if let Some(it) = it {
            writeln!(text, "{name:<34}{:>24}", figure(it, 3))?;
        }
    }
    Ok(())
}

/// Baselines and models in one table of velocities and microtiming.
fn expression(text: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    let rows = expressions(evaluation);
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n{:<34}{:>23}{:>25}{:>23}{:>23}{:>23}",
        "Microtiming and velocities",
        "timing MAE, ms",
        "timing MSE, steps²",
        "timing KL",
        "velocity MAE",
        "velocity KL"
    )?;
    for (name, it) in rows {
        let Expression {
            timing_mae_ms,
            timing_mse,
            timing_kl,
            velocity_mae,
            velocity_kl,
        } = it;
        writeln!(
            text,
            "{name:<34}{:>23}{:>25}{:>23}{:>23}{:>23}",
            figure(timing_mae_ms, 2),
            figure(timing_mse, 4),
            figure(timing_kl, 3),
            figure(velocity_mae, 3),
            figure(velocity_kl, 3)
        )?;
    }
    if evaluation.reconstruction.is_some() {
        writeln!(
            text,
            "Over all true hits; `returned` over those that the model made too, of which it is surer."
        )?;
    }
    Ok(())
}

/// Every measured way to velocities and microtiming by name, baselines first; all over every true
/// stroke but the one that says that it is over the returned ones.
pub fn expressions(evaluation: &Evaluation) -> Vec<(&'static str, Expression)> {
    let mut rows = Vec::new();
    if let Some(Baselines {
        quantized,
        mean_offset,
        linear,
        nearest,
    }) = evaluation.baselines
    {
        rows.push(("quantized", quantized));
        let learned = [
            ("mean of the lane", mean_offset),
            ("linear regression", linear),
            ("nearest window", nearest),
        ];
        rows.extend(
            learned
                .into_iter()
                .filter_map(|(name, it)| Some((name, it?))),
        );
    }
    if let Some(Humanization { mean, drawn, .. }) = evaluation.humanization {
        rows.push(("model, humanizing", mean));
        rows.push(("model, humanizing, z drawn", drawn));
    }
    if let Some(Reconstruction {
        teacher_forced,
        autoregressive,
        ..
    }) = &evaluation.reconstruction
    {
        rows.push(("model, told the past", teacher_forced.expression));
        rows.push(("model, hearing itself", autoregressive.expression));
        rows.push(("model, hearing itself, returned", autoregressive.returned));
    }
    rows
}

fn reconstruction(text: &mut String, it: &Reconstruction) -> std::fmt::Result {
    let (told, alone) = (&it.teacher_forced, &it.autoregressive);
    writeln!(
        text,
        "\n{:<34}{:>24}{:>24}",
        "Hits from the posterior's mean", "told the past", "hearing itself"
    )?;
    let mut row = |name: &str, told: Option<Interval>, alone: Option<Interval>| {
        let (told, alone) = (or_dash(told, 3), or_dash(alone, 3));
        writeln!(text, "{name:<34}{told:>24}{alone:>24}")
    };
    row("F1", Some(told.f1), Some(alone.f1))?;
    row("precision", Some(told.precision), Some(alone.precision))?;
    row("recall", Some(told.recall), Some(alone.recall))?;
    for lane in Lane::ALL {
        let index = lane.index();
        let name = format!("F1 {}", lane.short_name());
        row(&name, told.lane_f1[index], alone.lane_f1[index])?;
    }
    Ok(())
}

fn accompaniment(text: &mut String, it: &Accompaniment) -> std::fmt::Result {
    let lanes = match it.lanes.len() {
        LANES => "all lanes".into(),
        _ => it.lanes.join(", "),
    };
    write!(text, "\n{:<34}", format!("Accompaniment: {lanes}"))?;
    let guesses = accompaniments(it);
    for (name, _) in &guesses {
        write!(text, "{name:>24}")?;
    }
    writeln!(text)?;
    let mut row = |name: &str, decimals, of: &dyn Fn(&Guess) -> Option<Interval>| {
        write!(text, "{name:<34}")?;
        for (_, guess) in &guesses {
            write!(text, "{:>24}", or_dash(of(guess), decimals))?;
        }
        writeln!(text)
    };
    row("cost of the true hits, nats a bar", 2, &|it| {
        it.nats_per_bar
    })?;
    row("F1, the model hearing itself", 3, &|it| Some(it.f1))?;
    row("precision", 3, &|it| Some(it.precision))?;
    row("recall", 3, &|it| Some(it.recall))?;
    for lane in Lane::ALL {
        if it.model.lane_f1[lane.index()].is_some() {
            let name = format!("F1 {}", lane.short_name());
            row(&name, 3, &|it| it.lane_f1[lane.index()])?;
        }
    }
    row("hit accuracy", 3, &|it| Some(it.accuracy))?;
    writeln!(
        text,
        "Hit accuracy counts silent cells too, and most cells are silent: no stroke at all has much of \
         it. F1 counts strokes alone."
    )
}

/// Every way to guess by name, the model first.
pub fn accompaniments(it: &Accompaniment) -> Vec<(&str, &Guess)> {
    let baselines = it.baselines.iter().map(|it| (&it.name[..], &it.guess));
    std::iter::once(("model", &it.model))
        .chain(baselines)
        .collect()
}

fn prior(text: &mut String, prior: &Prior) -> std::fmt::Result {
    writeln!(
        text,
        "\n{} samples of the prior at each temperature",
        prior.samples
    )?;
    write!(text, "{:<34}{:>25}", "", "split")?;
    for samples in &prior.temperatures {
        write!(text, "{:>25}", format!("{}", samples.temperature))?;
    }
    writeln!(text)?;
    let profiles = || {
        let drawn = prior.temperatures.iter().map(|samples| &samples.profile);
        std::iter::once(&prior.split).chain(drawn)
    };
    let mut row = |name: &str, decimals, of: &dyn Fn(&Profile) -> Option<Interval>| {
        write!(text, "{name:<34}")?;
        for profile in profiles() {
            write!(text, "{:>25}", or_dash(of(profile), decimals))?;
        }
        writeln!(text)
    };
    row("strokes a step", 3, &|it| Some(it.density))?;
    for lane in Lane::ALL {
        let name = format!("  {}", lane.short_name());
        row(&name, 3, &|it| Some(it.lane_density[lane.index()]))?;
    }
    row("syncopation a bar", 2, &|it| Some(it.syncopation))?;
    row("likeness of neighbouring bars", 3, &|it| {
        Some(it.repetition)
    })?;
    row("degenerate, share", 4, &|it| Some(it.degenerate))?;
    row("near-duplicate of train, share", 4, &|it| {
        it.near_duplicates
    })?;
    let mut row = |name: &str, of: &dyn Fn(usize) -> String| {
        write!(text, "{name:<34}{:>25}", "")?;
        for index in 0..prior.temperatures.len() {
            write!(text, "{:>25}", of(index))?;
        }
        writeln!(text)
    };
    let at = |index: usize| &prior.temperatures[index];
    row("largest gap of a lane's density", &|index| {
        let lane = Lane::ALL[at(index).density_gap_lane.min(LANES - 1)];
        format!("{:.3} ({})", at(index).density_gap, lane.short_name())
    })?;
    row("places in the bar, KL", &|index| {
        figure(at(index).places_kl, 4)
    })?;
    row("velocities, KL", &|index| figure(at(index).velocity_kl, 3))?;
    row("microtiming, KL", &|index| figure(at(index).timing_kl, 3))
}

fn interpolation(text: &mut String, it: &Interpolation) -> std::fmt::Result {
    writeln!(
        text,
        "\n{:<34}{:>24}{:>24}",
        format!("Interpolation, {} pairs", it.pairs),
        "latent space",
        "blend of the data"
    )?;
    let mut row = |name: &str, a: Option<Interval>, b: Option<Interval>| {
        writeln!(text, "{name:<34}{:>24}{:>24}", or_dash(a, 3), or_dash(b, 3))
    };
    let (latent, blend) = (&it.latent, &it.blend);
    row(
        "excess cost, nats a step",
        latent.excess_cost,
        blend.excess_cost,
    )?;
    row("length of the way", Some(latent.length), Some(blend.length))?;
    row(
        "largest jump",
        Some(latent.largest_jump),
        Some(blend.largest_jump),
    )
}
