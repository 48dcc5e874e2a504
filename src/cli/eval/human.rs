//! How human a model plays, as text and pictures.

use std::fmt::Write;

use super::figure::{bar, figure, or_dash};
use musicvae::chart::{BarChart, Bars};
use musicvae::music::Lane;
use musicvae::training::evaluate::{
    ALIKE, DISTANCES, Distance, Distances, Group, Habits, Human, Interval, LAGS, Telling,
};

/// Everything that was measured.
pub fn table(text: &mut String, human: &Human) -> std::fmt::Result {
    tellings(text, &human.tellings)?;
    writeln!(text, "\nWhat tells most")?;
    for telling in &human.tellings {
        telltales(text, telling)?;
    }
    habits(text, &human.habits)?;
    distances(text, &human.distances)
}

fn tellings(text: &mut String, tellings: &[Telling]) -> std::fmt::Result {
    writeln!(
        text,
        "\nHow well a classifier tells grooves from what drummers play: AUC, 0.5 not at all, 1 always"
    )?;
    for tellings in tellings.chunk_by(|a, b| a.drummers == b.drummers) {
        let of = &tellings[0];
        let against = format!("from {} ({})", of.drummers, of.counts[1]);
        write!(text, "{against:<34}{:>24}", "all features")?;
        for group in Group::ALL {
            write!(text, "{:>24}", group.to_string())?;
        }
        writeln!(text)?;
        for it in tellings {
            write!(
                text,
                "  {:<32}",
                format!("{} ({})", it.grooves, it.counts[0])
            )?;
            for area in std::iter::once(&it.all).chain(&it.groups) {
                write!(text, "{:>24}", figure(*area, 3))?;
            }
            writeln!(text)?;
        }
    }
    Ok(())
}

fn telltales(text: &mut String, telling: &Telling) -> std::fmt::Result {
    writeln!(
        text,
        "{:<50}{:>8}{:>22}{:>22}",
        format!("{} from {}", telling.grooves, telling.drummers),
        "gain",
        "median of drummers",
        "its own"
    )?;
    for it in &telling.features {
        let show = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
        let share = format!("{:.0} %", 100.0 * it.share);
        let (drummers, grooves) = (show(it.drummers), show(it.grooves));
        writeln!(
            text,
            "  {:<48}{share:>8}{drummers:>22}{grooves:>22}",
            it.name
        )?;
    }
    Ok(())
}

fn habits(text: &mut String, sets: &[Habits]) -> std::fmt::Result {
    write!(text, "\n{:<34}", "Habits")?;
    for set in sets {
        write!(text, "{:>25}", set.grooves)?;
    }
    writeln!(text)?;
    let mut row = |name: &str, decimals, of: &dyn Fn(&Habits) -> Option<Interval>| {
        write!(text, "{name:<34}")?;
        for set in sets {
            write!(text, "{:>25}", or_dash(of(set), decimals))?;
        }
        writeln!(text)
    };
    row("strokes a step", 3, &|it| Some(it.density))?;
    for lane in Lane::ALL {
        let name = format!("  {}", lane.short_name());
        row(&name, 3, &|it| Some(it.lane_density[lane.index()]))?;
    }
    row("spread of offsets, sixteenths", 3, &|it| it.spread)?;
    row(&format!("bars 1 and 2 alike (F1 >= {ALIKE})"), 3, &|it| {
        it.alike
    })?;
    row("bars 1 and 2 identical", 3, &|it| it.identical)?;
    row("bars with a backbeat", 3, &|it| it.backbeat)?;
    for (place, lag) in LAGS.into_iter().enumerate() {
        let name = format!("autocorrelation, {lag} steps");
        row(&name, 3, &|it| it.autocorrelation[place])?;
    }
    row("gap between lanes, sixteenths", 3, &|it| it.gap)?;
    for (place, distance) in DISTANCES.into_iter().enumerate() {
        let name = match distance {
            1 => "F1 of a bar and the next".into(),
            bars => format!("F1 of bars {bars} apart"),
        };
        row(&name, 3, &|it| it.form.likeness[place])?;
    }
    let bars = sets.iter().map(|set| set.form.bars.len()).max();
    for bar in 0..bars.unwrap_or_default() {
        let of = |it: &Habits| it.form.bars.get(bar).copied();
        let bar = bar + 1;
        if bar > 1 {
            let name = format!("bar {bar}: 1 - F1 with the one before");
            row(&name, 3, &|it| of(it)?.change)?;
        }
        row(&format!("bar {bar}: strokes on toms"), 2, &|it| {
            Some(of(it)?.toms)
        })?;
        row(&format!("bar {bar}: crashes"), 2, &|it| {
            Some(of(it)?.crashes)
        })?;
    }
    Ok(())
}

fn distances(text: &mut String, sets: &[Distances]) -> std::fmt::Result {
    let Some(first) = sets.first() else {
        return Ok(());
    };
    write!(text, "\n{:<34}", "Distances: KL, overlap area")?;
    for set in sets {
        write!(text, "{:>25}", set.grooves)?;
    }
    writeln!(text)?;
    for (place, distance) in first.features.iter().enumerate() {
        write!(text, "{:<34}", distance.feature)?;
        for set in sets {
            let Distance { kl, overlap, .. } = &set.features[place];
            write!(text, "{:>25}", format!("{kl:.3}, {overlap:.3}"))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

/// The areas under the curves as bars.
pub fn picture(human: &Human) -> String {
    let bars = |it: &Telling| Bars {
        name: format!("{} from {}", it.grooves, it.drummers),
        bars: std::iter::once(&it.all)
            .chain(&it.groups)
            .map(|area| Some(bar(*area)))
            .collect(),
    };
    let groups = Group::ALL.map(|group| group.to_string());
    BarChart {
        title: "How well grooves are told from drummers'".into(),
        y_label: "AUC: 0.5 not at all, 1 always".into(),
        categories: std::iter::once("all".into()).chain(groups).collect(),
        series: human.tellings.iter().map(bars).collect(),
        decimals: None,
    }
    .svg()
}
