//! What the temperature does, as text and a picture.

use std::fmt::Write;

use super::figure::{figure, or_dash};
use musicvae::chart::{Line, LineChart, Style};
use musicvae::training::evaluate::{AtTemperature, Interval, Temperatures};

/// A row a temperature, drummers last.
pub fn table(text: &mut String, it: &Temperatures) -> std::fmt::Result {
    let samples = it.samples;
    writeln!(text, "\nTemperature: {samples} samples of the same seeds")?;
    let mut row = |cells: [&str; 7]| {
        let [name, cells @ ..] = cells;
        write!(text, "{name:<34}")?;
        cells
            .iter()
            .try_for_each(|cell| write!(text, "{cell:>25}"))?;
        writeln!(text)
    };
    row([
        "",
        "strokes a groove",
        "strokes of 0 kept, F1",
        "velocities move by",
        "offsets move by",
        "spread of velocities",
        "spread of offsets",
    ])?;
    for step in &it.steps {
        let spread = &step.spread;
        row([
            &step.temperature.to_string(),
            &figure(spread.strokes, 1),
            &or_dash(step.common, 3),
            &or_dash(step.velocity_change, 3),
            &or_dash(step.offset_change, 3),
            &or_dash(spread.velocities, 3),
            &or_dash(spread.offsets, 3),
        ])?;
    }
    let drummers = &it.drummers;
    row([
        "drummers",
        &figure(drummers.strokes, 1),
        "",
        "",
        "",
        &or_dash(drummers.velocities, 3),
        &or_dash(drummers.offsets, 3),
    ])?;
    let [strokes, velocities, offsets] = [
        it.strokes_monotone,
        it.velocities_monotone,
        it.offsets_monotone,
    ]
    .map(|is| if is { "yes" } else { "no" });
    row([
        "every step does more",
        "",
        strokes,
        "",
        "",
        velocities,
        offsets,
    ])
}

/// Strokes kept and spreads over the temperature, each as a share of what it is at most.
pub fn picture(it: &Temperatures) -> String {
    type Of<'a> = &'a dyn Fn(&AtTemperature) -> Option<Interval>;
    let line = |name: &str, of: Of, whole: Option<Interval>| Line {
        name: name.into(),
        points: it
            .steps
            .iter()
            .filter_map(|step| Some((f64::from(step.temperature), of(step)?, whole)))
            .map(|(x, y, whole)| (x, y.value / whole.map_or(1.0, |whole| whole.value)))
            .collect(),
        style: Style::Solid,
    };
    LineChart {
        title: "What the temperature does to the same samples".into(),
        x_label: "temperature".into(),
        y_label: "share of a drummer's; strokes: F1 with 0".into(),
        from_zero: true,
        lines: vec![
            line("strokes kept", &|step| step.common, None),
            line(
                "spread of velocities",
                &|step| step.spread.velocities,
                it.drummers.velocities,
            ),
            line(
                "spread of offsets",
                &|step| step.spread.offsets,
                it.drummers.offsets,
            ),
        ],
        ..LineChart::default()
    }
    .svg()
}
