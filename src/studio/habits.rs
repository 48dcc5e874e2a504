//! What the player has set up once for all sessions: the theme, how the panes share the screen, the
//! checkpoints that stand above all others, and the run that was started last. It uses the ground only.

use super::ground::{Ground, Habits as Kept, Keeping, RunChoice, ThemeChoice};

/// What was kept last.
#[derive(Debug, Default)]
pub struct Habits {
    kept: Kept,
    /// The theme that the program began with; `None` before what was kept is taken.
    began_with: Option<String>,
}

impl Habits {
    /// Takes what was kept. A theme named since then, in the configuration or on the command line,
    /// takes precedence.
    pub fn take(&mut self, kept: Kept, ground: &mut Ground) {
        let Kept {
            theme,
            arrangement,
            pins,
            run,
        } = kept.clone();
        let configured = &ground.config.screen.theme;
        if let Some(ThemeChoice { chosen, instead_of }) = theme
            && instead_of == *configured
            && ground.config.theme_names().any(|known| known == chosen)
        {
            ground.screen.theme = chosen;
        }
        ground.screen.arrangement = arrangement.in_range();
        ground.pins = pins;
        let is_of_now = |run: &RunChoice| run.instead_of == ground.config.training;
        ground.last_run = run.filter(is_of_now).map(|run| run.chosen);
        self.began_with = Some(ground.screen.theme.clone());
        self.kept = kept;
    }

    /// Keeps what has changed.
    pub fn tick(&mut self, ground: &mut Ground) {
        let Some(began_with) = &self.began_with else {
            return;
        };
        let now = self.now(began_with, ground);
        if now != self.kept {
            self.kept = now.clone();
            ground.keep(Keeping::Habits(Box::new(now)));
        }
    }

    fn now(&self, began_with: &str, ground: &Ground) -> Kept {
        let screen = &ground.screen;
        let theme = match screen.theme == began_with {
            true => self.kept.theme.clone(),
            false => Some(ThemeChoice {
                chosen: screen.theme.clone(),
                instead_of: ground.config.screen.theme.clone(),
            }),
        };
        Kept {
            theme,
            arrangement: screen.arrangement.together(),
            pins: ground.pins.clone(),
            run: match &ground.last_run {
                None => self.kept.run.clone(),
                Some(chosen) => Some(RunChoice {
                    chosen: chosen.clone(),
                    instead_of: ground.config.training.clone(),
                }),
            },
        }
    }
}
