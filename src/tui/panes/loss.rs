//! The training chart.

use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use crate::studio::{RunState, Split, Studio, Term};
use crate::tui::kit::Canvas;

/// What the run is doing.
pub fn subtitle(studio: &Studio) -> String {
    match &studio.training.state {
        RunState::Idle => String::new(),
        RunState::Running => "- running".into(),
        RunState::Paused => "- paused".into(),
        RunState::Stopping => "- stopping".into(),
        RunState::Stopped => "- stopped".into(),
        RunState::Finished => "- done".into(),
        RunState::Failed(_) => "- failed".into(),
    }
}

pub fn draw(studio: &Studio, canvas: &mut Canvas) {
    let mut inner = canvas.padded();
    let run = &studio.training;
    if run.curves.records.is_empty() {
        let text = match &run.state {
            RunState::Running => "Reading the data; R stops it.".to_string(),
            RunState::Failed(reason) => reason.clone(),
            _ => "No training log. r asks what to train on, and trains.".into(),
        };
        return inner.fill(&text, inner.theme.plain());
    }
    terms(studio.training.term, &mut inner);
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
    let term = studio.training.term;
    let curves = &studio.training.curves;
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
        say(figure(mark.0, "train", term.of(train)), theme.train());
    }
    if let Some(validation) = validation {
        say(
            figure(mark.1, "valid", term.of(validation)),
            theme.validation(),
        );
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
    let term = studio.training.term;
    let curves = &studio.training.curves;
    let from = if studio.training.recent {
        curves.recent_start()
    } else {
        0
    };
    let columns = usize::from(canvas.width()) * 2;
    let train = curves.points(Split::Train, term, from, columns);
    let validation = curves.points(Split::Validation, term, from, columns / 2);
    let Some((x, y)) = bounds(train.iter().chain(&validation)) else {
        return canvas.put((0, 0), "No finite value to draw.", theme.faint());
    };
    let label = |value: f64| Span::styled(short(value), theme.faint());
    let datasets = vec![
        Dataset::default()
            .marker(theme.line_marker())
            .graph_type(GraphType::Line)
            .style(theme.train())
            .data(&train),
        Dataset::default()
            .marker(theme.dot_marker())
            .graph_type(GraphType::Scatter)
            .style(theme.validation())
            .data(&validation),
    ];
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

/// Bounds that hold every point and are never empty; `None` without a point.
fn bounds<'p>(
    points: impl Iterator<Item = &'p (f64, f64)> + Clone,
) -> Option<([f64; 2], [f64; 2])> {
    let first = points.clone().next()?;
    let mut x = [first.0, first.0];
    let mut y = [first.1, first.1];
    for point in points {
        x = [x[0].min(point.0), x[1].max(point.0)];
        y = [y[0].min(point.1), y[1].max(point.1)];
    }
    let pad = |bounds: [f64; 2], share: f64| {
        let width = bounds[1] - bounds[0];
        // One point, or one value: a window around it.
        let by = if width > 0.0 {
            width * share
        } else {
            bounds[0].abs().max(1.0) * 0.1
        };
        [bounds[0] - by, bounds[1] + by]
    };
    let x = if x[1] > x[0] { x } else { [x[0], x[0] + 1.0] };
    Some((x, pad(y, 0.04)))
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
    fn bounds_are_never_empty_or_reversed() {
        assert_eq!(bounds([].iter()), None);
        let (x, y) = bounds([(5.0, 2.0)].iter()).unwrap();
        assert!(x[0] < x[1] && y[0] < 2.0 && y[1] > 2.0);
        let (x, y) = bounds([(5.0, -2.0), (9.0, -2.0)].iter()).unwrap();
        assert_eq!(x, [5.0, 9.0]);
        assert!(y[0] < y[1]);
    }
}
