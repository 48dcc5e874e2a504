//! The training chart.

use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use crate::studio::training::{smoothed, thinned, waiting_words};
use crate::studio::{Curves, RunState, Split, Studio, Term};
use crate::tui::kit::Canvas;

/// What the run is doing.
pub fn subtitle(studio: &Studio) -> String {
    let waiting = waiting_words(&studio.ground);
    let state = match &studio.training.state {
        RunState::Idle if waiting.is_empty() => String::new(),
        RunState::Idle => "- no run".into(),
        RunState::Running => "- running".into(),
        RunState::Paused => "- paused".into(),
        RunState::Stopping => "- stopping".into(),
        RunState::Stopped => "- stopped".into(),
        RunState::Finished => "- done".into(),
        RunState::Failed(_) => "- failed".to_string(),
    };
    state + &waiting
}

pub fn draw(studio: &Studio, canvas: &mut Canvas) {
    let mut inner = canvas.padded();
    let run = &studio.training;
    if run.curves.records.is_empty() {
        let text = match &run.state {
            RunState::Running => "Reading the data; R stops.".to_string(),
            RunState::Failed(reason) => reason.clone(),
            _ => "No training log yet. Press r to train.".into(),
        };
        return inner.fill(&text, inner.theme.plain());
    }
    terms(studio.training.view.term, &mut inner);
    numbers(studio, &mut inner.below(1));
    let mut chart = inner.below(2);
    if chart.height() >= 3 && chart.width() >= 16 {
        curves(studio, &mut chart);
    }
}

/// The curve that is shown, between its neighbours where there is room.
fn terms(term: Term, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let all: usize = Term::ALL.iter().map(|term| term.name().len() + 2).sum();
    let line = if all <= usize::from(canvas.width()) {
        let span = |&shown: &Term| {
            if shown == term {
                Span::styled(format!("[{}]", shown.name()), theme.accent())
            } else {
                Span::styled(format!(" {} ", shown.name()), theme.faint())
            }
        };
        Line::from(Term::ALL.iter().map(span).collect::<Vec<_>>())
    } else {
        let arrows = (theme.pick("◂ ", "< "), theme.pick(" ▸", " >"));
        let place = format!("  {}/{}", term.index() + 1, Term::ALL.len());
        Line::from(vec![
            Span::styled(arrows.0, theme.faint()),
            Span::styled(term.name(), theme.accent()),
            Span::styled(arrows.1, theme.faint()),
            Span::styled(place, theme.faint()),
        ])
    };
    canvas.lines(0, 1).show(line);
}

/// The newest figures in words, as many as fit in a line.
fn numbers(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let term = studio.training.view.term;
    let curves = &studio.training.curves;
    let preset = curves.preset.as_deref();
    let train = curves.last(Split::Train);
    let validation = curves.last(Split::Validation);
    let narrow = canvas.width() < 36;
    let figure = |mark: &str, name: &str, value: f64| {
        if narrow {
            format!("{mark}{name} {}", short(value))
        } else {
            format!("{mark} {name} {value:.3}")
        }
    };
    let gap = if narrow { 1 } else { 2 };
    let mut x = 0;
    let mut say = |text: String, style| {
        let width = text.chars().count() as u16;
        if x + width <= canvas.width() {
            canvas.put((x, 0), &text, style);
            x += width + gap;
        }
    };
    let mark = (theme.pick("─", "*"), theme.pick("•", "o"));
    if let Some(train) = train {
        let value = term.of(train, preset);
        say(figure(mark.0, "train", value), theme.train());
    }
    let value = validation.map(|it| term.of(it, preset));
    if let Some(value) = value.filter(|value| value.is_finite()) {
        say(figure(mark.1, "valid", value), theme.validation());
    }
    if let Some(step) = curves.records.last().map(|record| record.step) {
        say(format!("step {step}"), theme.plain());
    }
    if let Some(best) = curves.best(Split::Validation) {
        say(
            format!("best {:.3} at {}", best.loss, best.step),
            theme.faint(),
        );
    }
    match train {
        Some(train) if studio.training.is_alive() && train.examples_per_second > 0.0 => {
            say(
                format!("{:.0} ex/s", train.examples_per_second),
                theme.plain(),
            );
            let steps = studio.training.settings.steps.saturating_sub(train.step);
            let examples = steps as f64 * studio.training.settings.batch as f64;
            let left = time_left(examples / train.examples_per_second);
            say(format!("{left} left"), theme.plain());
        }
        _ => {}
    }
}

fn curves(studio: &Studio, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let curves = &studio.training.curves;
    let view = &studio.training.view;
    let shown = view.steps(curves.steps());
    let columns = usize::from(canvas.width()) * 2;
    let of_run = |curves: &Curves, split| {
        let mut points = curves.points(split, view.term, shown);
        if view.is_logarithmic {
            points.retain(|(_, value)| *value > 0.0);
            let exponent = |(_, value): &mut (f64, f64)| *value = value.log10();
            points.iter_mut().for_each(exponent);
        }
        points
    };
    let of = |split| of_run(curves, split);
    // Scaled to the present run, so that another run that diverged does not flatten it.
    let earlier = studio.training.earlier();
    let earlier = earlier.map(|run| thinned(of_run(run, Split::Train), columns / 2));
    let earlier: Vec<Vec<(f64, f64)>> = earlier.collect();
    let every = of(Split::Train);
    let line = match view.is_smooth {
        true => thinned(smoothed(&every), columns),
        false => Vec::new(),
    };
    let train = thinned(every, columns);
    let validation = thinned(of(Split::Validation), columns / 2);
    let Some(y) = heights(train.iter().chain(&validation)) else {
        let why = match view.is_logarithmic {
            true => "No value above 0 to draw.",
            false => "No finite value to draw.",
        };
        return canvas.put((0, 0), why, theme.faint());
    };
    let x = [shown.0, shown.1.max(shown.0 + 1)].map(|step| step as f64);
    let label = |value: f64| {
        let value = match view.is_logarithmic {
            true => 10_f64.powf(value),
            false => value,
        };
        Span::styled(short(value), theme.faint())
    };
    let lines = |points, style| {
        Dataset::default()
            .marker(theme.line_marker())
            .graph_type(GraphType::Line)
            .style(style)
            .data(points)
    };
    let mut datasets: Vec<Dataset> = earlier
        .iter()
        .map(|points| lines(points, theme.faint()))
        .collect();
    datasets.extend(match view.is_smooth {
        true => vec![lines(&train, theme.faint()), lines(&line, theme.train())],
        false => vec![lines(&train, theme.train())],
    });
    datasets.push(
        Dataset::default()
            .marker(theme.dot_marker())
            .graph_type(GraphType::Scatter)
            .style(theme.validation())
            .data(&validation),
    );
    let middle = |bounds: [f64; 2]| (bounds[0] + bounds[1]) / 2.0;
    let y_labels = if canvas.height() >= 8 {
        vec![label(y[0]), label(middle(y)), label(y[1])]
    } else {
        vec![label(y[0]), label(y[1])]
    };
    let steps = |value: f64| Span::styled(format!("{value:.0}"), theme.faint());
    let chart = Chart::new(datasets)
        .legend_position(None)
        .x_axis(
            Axis::default()
                .bounds(x)
                .labels([steps(x[0]), steps(x[1])])
                .style(theme.faint()),
        )
        .y_axis(
            Axis::default()
                .bounds(y)
                .labels(y_labels)
                .style(theme.faint()),
        );
    canvas.show(chart);
    if theme.ascii {
        plain_axes(canvas);
    }
}

/// The chart draws its axes in box characters, whatever the markers.
fn plain_axes(canvas: &mut Canvas) {
    for position in canvas.area.positions() {
        let cell = &mut canvas.buffer[position];
        let plain = match cell.symbol() {
            "│" => "|",
            "─" => "-",
            "└" => "+",
            _ => continue,
        };
        cell.set_symbol(plain);
    }
}

/// A range that holds every value and is never empty; `None` without a point.
fn heights<'p>(points: impl Iterator<Item = &'p (f64, f64)>) -> Option<[f64; 2]> {
    let values = points.map(|(_, value)| *value);
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    });
    // One value: a window around it.
    let by = match high - low {
        width if width > 0.0 => width * 0.04,
        _ => low.abs().max(1.0) * 0.1,
    };
    (low <= high).then_some([low - by, high + by])
}

/// `2 h 05`, `12 min`, `40 s`.
fn time_left(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0 | 1 => format!("{seconds:.0} s"),
        2..60 => format!("{minutes} min"),
        _ => format!("{} h {:02}", minutes / 60, minutes % 60),
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size > 0.0 && size < 0.01 => format!("{value:.0e}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_as_people_do() {
        let told = [40.0, 89.0, 12.4 * 60.0, 7500.0].map(time_left);
        assert_eq!(told, ["40 s", "89 s", "12 min", "2 h 05"]);
    }

    #[test]
    fn heights_are_never_empty_or_reversed() {
        assert_eq!(heights([].iter()), None);
        for points in [&[(5.0, 2.0)][..], &[(5.0, -2.0), (9.0, -2.0)]] {
            let [low, high] = heights(points.iter()).unwrap();
            assert!(low < points[0].1 && high > points[0].1);
        }
    }
}
