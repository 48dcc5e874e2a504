//! An evaluation as pictures.

use super::figure::bar;
use super::table::{accompaniments, expressions};
use musicvae::chart::{BarChart, Bars, HeatMap, Line, LineChart, Style};
use musicvae::music::{LANES, Lane};
use musicvae::training::evaluate::{
    Accompaniment, Distributions, Evaluation, Histogram, Interpolation, Interval, OFFSETS, Prior,
    Reconstruction, VELOCITIES, Way,
};

/// Every picture by the name of its file, without the ending.
pub fn pictures(evaluation: &Evaluation) -> Vec<(&'static str, String)> {
    let mut pictures = Vec::new();
    let timing = expressions(evaluation);
    if !timing.is_empty() {
        pictures.push(("timing", self::timing(evaluation)));
    }
    if let Some(it) = &evaluation.reconstruction {
        pictures.push(("reconstruction", reconstruction(it)));
        let names = ["played", "came back"];
        pictures.extend(distributions("reconstruction", &names, &it.distributions));
    }
    if let Some(it) = &evaluation.humanization {
        let names = ["played", "humanized", "humanized, z drawn"];
        pictures.extend(distributions("humanization", &names, &it.distributions));
    }
    if let Some(it) = &evaluation.accompaniment {
        pictures.push(("accompaniment", accompaniment(it)));
    }
    if let Some(it) = &evaluation.prior {
        pictures.extend(prior(it));
    }
    if let Some(it) = &evaluation.interpolation {
        pictures.extend(interpolation(it));
    }
    if let Some(it) = &evaluation.human {
        pictures.push(("human", super::human::picture(it)));
    }
    if let Some(it) = &evaluation.temperature {
        pictures.push(("temperature", super::temperature::picture(it)));
    }
    pictures
}

fn lanes() -> Vec<String> {
    Lane::ALL.map(|lane| lane.short_name().to_string()).into()
}

/// The sixteenths of a bar as they are counted.
fn places() -> Vec<String> {
    (0..16)
        .map(|place| match place % 4 {
            0 => (place / 4 + 1).to_string(),
            1 => "e".into(),
            2 => "+".into(),
            _ => "a".into(),
        })
        .collect()
}

fn timing(evaluation: &Evaluation) -> String {
    let rows = expressions(evaluation);
    // Categories are read under the bars: short ones.
    let short = |name: &str| match name {
        "mean of the lane" => "lane's mean".into(),
        "linear regression" => "linear".into(),
        "nearest window" => "nearest".into(),
        "model, told the past" => "told the past".into(),
        "model, hearing itself" => "hearing itself".into(),
        "model, hearing itself, returned" => "returned hits".into(),
        "model, humanizing" => "humanizing".into(),
        "model, humanizing, z drawn" => "z drawn".into(),
        name => name.to_string(),
    };
    BarChart {
        title: "Microtiming: mean absolute error".into(),
        y_label: "milliseconds".into(),
        categories: rows.iter().map(|(name, _)| short(name)).collect(),
        series: vec![Bars {
            name: String::new(),
            bars: rows
                .iter()
                .map(|(_, it)| Some(bar(it.timing_mae_ms)))
                .collect(),
        }],
        decimals: Some(1),
    }
    .svg()
}

fn reconstruction(it: &Reconstruction) -> String {
    let series = |name: &str, overall: Interval, lanes: &[Option<Interval>; LANES]| Bars {
        name: name.into(),
        bars: std::iter::once(Some(overall))
            .chain(lanes.iter().copied())
            .map(|it| it.map(bar))
            .collect(),
    };
    let (told, alone) = (&it.teacher_forced, &it.autoregressive);
    BarChart {
        title: "Reconstruction: F1 of hits from the posterior's mean".into(),
        y_label: "F1".into(),
        categories: std::iter::once("all".into()).chain(lanes()).collect(),
        series: vec![
            series("told the past", told.f1, &told.lane_f1),
            series("hearing itself", alone.f1, &alone.lane_f1),
        ],
        decimals: None,
    }
    .svg()
}

fn accompaniment(it: &Accompaniment) -> String {
    let series = accompaniments(it).into_iter().map(|(name, guess)| Bars {
        name: name.into(),
        bars: std::iter::once(Some(bar(guess.f1)))
            .chain(guess.lane_f1.iter().map(|it| it.map(bar)))
            .collect(),
    });
    BarChart {
        title: "Accompaniment: F1 of the added hits".into(),
        y_label: "F1".into(),
        categories: std::iter::once("all".into()).chain(lanes()).collect(),
        series: series.collect(),
        decimals: None,
    }
    .svg()
}

/// Velocities and offsets, a picture each.
fn distributions(
    part: &str,
    names: &[&str],
    distributions: &[Distributions],
) -> [(&'static str, String); 2] {
    let (velocities, offsets) = match part {
        "humanization" => ("humanization-velocities", "humanization-offsets"),
        _ => ("reconstruction-velocities", "reconstruction-offsets"),
    };
    let named = || names.iter().zip(distributions);
    let velocity_lines = named().map(|(name, it)| line(name, &it.velocities, VELOCITIES));
    let offset_lines = named().map(|(name, it)| line(name, &it.offsets, OFFSETS));
    [
        (
            velocities,
            steps(
                "Velocities of strokes",
                "velocity",
                velocity_lines.collect(),
            ),
        ),
        (
            offsets,
            steps(
                "Microtiming of strokes",
                "sixteenths before (+) and after (-) the grid",
                offset_lines.collect(),
            ),
        ),
    ]
}

fn steps(title: &str, x_label: &str, lines: Vec<Line>) -> String {
    LineChart {
        title: title.into(),
        x_label: x_label.into(),
        y_label: "share of strokes".into(),
        from_zero: true,
        lines,
        ..LineChart::default()
    }
    .svg()
}

/// A histogram as shares.
fn line<const N: usize>(name: &str, histogram: &Histogram<N>, (low, high): (f64, f64)) -> Line {
    let total: f64 = histogram.0.iter().sum();
    let point = |(bin, count): (usize, &f64)| {
        let place = low + (high - low) * bin as f64 / N as f64;
        (place, count / total)
    };
    Line {
        name: name.into(),
        points: histogram.0.iter().enumerate().map(point).collect(),
        style: Style::Steps,
    }
}

fn prior(it: &Prior) -> Vec<(&'static str, String)> {
    let densities = |name: String, lanes: &[Interval; LANES]| Bars {
        name,
        bars: lanes.iter().map(|it| Some(bar(*it))).collect(),
    };
    let mut series = vec![densities("split".into(), &it.split.lane_density)];
    for samples in &it.temperatures {
        let name = format!("temperature {}", samples.temperature);
        series.push(densities(name, &samples.profile.lane_density));
    }
    let mut pictures = vec![(
        "prior-density",
        BarChart {
            title: "Samples of the prior: strokes a step on each lane".into(),
            y_label: "strokes a step".into(),
            categories: lanes(),
            series,
            decimals: None,
        }
        .svg(),
    )];
    let pattern = |title: &str, pattern: &[[f64; 16]; LANES]| {
        HeatMap {
            title: title.into(),
            x_label: "place in the bar".into(),
            value_label: "share of bars".into(),
            rows: lanes(),
            columns: places(),
            values: pattern.iter().map(|row| row.to_vec()).collect(),
            range: Some((0.0, 1.0)),
        }
        .svg()
    };
    pictures.push((
        "prior-pattern-split",
        pattern(
            "The split: how often each lane is hit where",
            &it.split.pattern,
        ),
    ));
    if let Some(samples) = it.temperatures.iter().find(|it| it.temperature == 0.5) {
        let title = "Samples at temperature 0.5: how often each lane is hit where";
        pictures.push((
            "prior-pattern-samples",
            pattern(title, &samples.profile.pattern),
        ));
    }
    pictures
}

fn interpolation(it: &Interpolation) -> Vec<(&'static str, String)> {
    let way = |name: &str, values: &[f64], style| {
        let last = values.len().saturating_sub(1).max(1) as f64;
        let points = values.iter().enumerate();
        Line {
            name: name.into(),
            points: points.map(|(i, value)| (i as f64 / last, *value)).collect(),
            style,
        }
    };
    let chart = |title: &str, y_label: &str, from_zero, of: &dyn Fn(&Way) -> Option<Vec<f64>>| {
        let lines = vec![
            way("latent space", &of(&it.latent)?, Style::Solid),
            way("blend of the data", &of(&it.blend)?, Style::Dashed),
        ];
        let chart = LineChart {
            title: title.into(),
            x_label: "from the first groove to the second".into(),
            y_label: y_label.into(),
            from_zero,
            lines,
            ..LineChart::default()
        };
        Some(chart.svg())
    };
    let distance = chart(
        "Interpolation: distance from the first groove",
        "differing steps, share of the ends'",
        true,
        &|way| Some(way.distance.to_vec()),
    );
    let cost = chart(
        "Interpolation: how ordinary the in-betweens are",
        "cost by a 5-gram model, nats a step",
        false,
        &|way| way.cost.map(|cost| cost.to_vec()),
    );
    let named = [
        ("interpolation-distance", distance),
        ("interpolation-cost", cost),
    ];
    named
        .into_iter()
        .filter_map(|(name, svg)| Some((name, svg?)))
        .collect()
}
