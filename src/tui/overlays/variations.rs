//! Relatives of the groove, over the panes: a thumbnail each; the one under the cursor is heard.

use ratatui::text::{Line, Span};

use super::sketch::sketch;
use crate::studio::Studio;
use crate::studio::variations::{RELATIVES, Scope};
use crate::tui::kit::{Canvas, Theme, pick, window};
use musicvae::music::{Groove, Lane};

/// Steps of a thumbnail: four bars.
const STEPS: usize = 64;

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let variations = &studio.variations;
    let Some(of) = &variations.of else { return };
    let title = format!("Variations of {}", of.name);
    let mut inner = window(&title, (72, RELATIVES + 5), body);
    inner.lines(0, 1).show(scopes(studio, theme));
    let percent = variations.amount * 100.0;
    let amount = match variations.scope {
        Scope::Fill => "fills as the model has learned them".into(),
        _ => format!("{percent:.0} %: {}", words(variations.amount)),
    };
    inner.put((0, 1), "how far", theme.faint());
    inner.put((9, 1), &amount, theme.strong());
    if let Some(locked) = studio.ground.locked_words() {
        inner.put((9, 2), &format!("unchanged: {locked}"), theme.accent());
    }
    let relatives = variations.relatives.iter().enumerate();
    // Of a long groove the four bars where something may change, or where the cursor is.
    let step = match variations.scope {
        Scope::Bar | Scope::Fill => variations.bar * of.groove.steps_per_bar(),
        _ => studio.ground.screen.step,
    };
    let from = step / STEPS * STEPS;
    let relatives =
        relatives.map(|(place, groove)| of_relative(place + 1, groove, &of.groove, from, theme));
    let mut lines = vec![row("as is", &of.groove, from, String::new(), theme)];
    lines.extend(relatives);
    if variations.relatives.is_empty() {
        lines.push(Line::styled("   the model is at work", theme.faint()));
    }
    pick(lines, variations.selected, &mut inner.below(3));
}

/// What may change, with what does.
fn scopes(studio: &Studio, theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::styled("change   ", theme.faint())];
    for scope in Scope::ALL {
        let name = studio.variations.scope_name(scope, &studio.ground);
        let style = if studio.variations.scope == scope {
            theme.selected()
        } else {
            theme.plain()
        };
        spans.push(Span::styled(name, style));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

/// What becomes of a groove that far away.
fn words(amount: f32) -> &'static str {
    match amount {
        ..0.08 => "a ghost note more or less",
        ..0.25 => "a sibling",
        ..0.55 => "a cousin",
        ..0.95 => "a stranger",
        _ => "new music",
    }
}

fn of_relative(
    number: usize,
    groove: &Groove,
    of: &Groove,
    from: usize,
    theme: Theme,
) -> Line<'static> {
    let cells = groove.steps.iter().zip(&of.steps);
    let strokes = cells.flat_map(|(now, before)| now.iter().zip(before));
    let (mut more, mut fewer) = (0, 0);
    for pair in strokes {
        match pair {
            (Some(_), None) => more += 1,
            (None, Some(_)) => fewer += 1,
            _ => {}
        }
    }
    let change = match (more, fewer) {
        (0, 0) if groove.steps == of.steps => "the same".into(),
        (0, 0) => "feel".into(),
        (more, fewer) => format!("+{more} -{fewer}"),
    };
    row(&number.to_string(), groove, from, change, theme)
}

/// In 56 columns `3  ⢀⠤..  +4 -2   96 hits`, the picture from a step of the groove on.
fn row(name: &str, groove: &Groove, from: usize, change: String, theme: Theme) -> Line<'static> {
    let strikes = |lanes: &[Lane], step: usize| {
        let mut lanes = lanes.iter();
        lanes.any(|lane| groove.hit(from + step, *lane).is_some())
    };
    let steps = groove.steps.len().saturating_sub(from).clamp(1, STEPS);
    Line::from(vec![
        Span::styled(format!(" {name:<5} "), theme.strong()),
        Span::styled(sketch(strikes, steps, theme), theme.plain()),
        Span::styled(format!(" {change:<8}"), theme.accent()),
        Span::styled(format!("{:>3} hits", groove.hits().count()), theme.faint()),
    ])
}
