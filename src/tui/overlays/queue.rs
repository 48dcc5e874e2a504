//! The runs that wait for the present one to end, over the panes.

use ratatui::text::{Line, Span};

use crate::studio::{RunState, Studio, config};
use crate::tui::kit::{Canvas, Theme, pick, window};

/// Columns of the window.
const WIDTH: u16 = 72;

pub fn draw(selected: usize, studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let training = &studio.training;
    let queue = &studio.ground.runs;
    let mut inner = window("Training runs", (WIDTH, queue.len().max(1) + 1), body);
    let state = match &training.state {
        RunState::Running => "now",
        RunState::Paused => "paused",
        RunState::Stopping => "stops",
        RunState::Idle | RunState::Stopped | RunState::Finished | RunState::Failed(_) => "before",
    };
    match training.state {
        RunState::Idle => inner.put((1, 0), "No run is being made.", theme.faint()),
        _ => inner
            .lines(0, 1)
            .show(run(state, &training.settings, theme)),
    }
    if queue.is_empty() {
        let text = "No run waits: n describes one.";
        return inner.put((1, 1), text, theme.faint());
    }
    let lines = queue.iter().enumerate().map(|(place, (settings, _))| {
        let number = (place + 1).to_string();
        run(&number, settings, theme)
    });
    pick(lines.collect(), selected, &mut inner.below(1));
}

/// `now    groovae_4bar, 2000 steps, data my-midi, folder checkpoints/mine`
fn run(name: &str, settings: &config::Training, theme: Theme) -> Line<'static> {
    let (preset, steps) = (&settings.preset, settings.steps);
    let [data, out] = [&settings.data, &settings.out].map(|path| path.display());
    Line::from(vec![
        Span::styled(format!(" {name:<7}"), theme.faint()),
        Span::styled(preset.clone(), theme.strong()),
        Span::styled(
            format!(", {steps} steps, data {data}, folder {out}"),
            theme.plain(),
        ),
    ])
}
