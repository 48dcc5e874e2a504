//! How the model in training plays one seed, over the panes: a line a step, the one that is marked heard.

use ratatui::text::{Line, Span};

use crate::studio::{Split, Studio};
use crate::tui::kit::{Canvas, pick_from, window};

/// Columns of the window.
const WIDTH: u16 = 60;

pub fn draw(studio: &Studio, body: &mut Canvas) {
    let theme = body.theme;
    let training = &studio.training;
    let all = training.rehearsals.all();
    let title = match training.rehearsals.how {
        Some(how) => format!("The model in training plays seed {}", how.seed),
        None => "The model in training".into(),
    };
    let mut inner = window(&title, (WIDTH, all.len().max(3)), body);
    if all.is_empty() {
        let text = match &training.rehearsals.problem {
            Some(reason) => reason,
            None => {
                "It plays as soon as the run is saved: after this step, or once the data is read."
            }
        };
        return inner.fill(text, theme.faint());
    }
    pick_from(
        all.len(),
        training.rehearsals.selected(),
        &mut inner,
        |line| {
            let (step, groove) = &all[line];
            let measured = training.curves.at(Split::Validation, *step);
            let loss = measured.map_or(String::new(), |record| format!("loss {:.3}", record.loss));
            Line::from(vec![
                Span::styled(format!("step {step:>7}  "), theme.plain()),
                Span::styled(
                    format!("{:>3} hits  ", groove.hits().count()),
                    theme.faint(),
                ),
                Span::styled(loss, theme.validation()),
            ])
        },
    );
}
