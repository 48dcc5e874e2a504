//! What the player has set up once for all sessions: the theme, how the panes share the screen, and the
//! checkpoints that stand above all others. It uses the ground only.

use super::ground::{Ground, Habits as Kept, Keeping, ThemeChoice};

/// What was kept last.
#[derive(Debug, Default)]
pub struct Habits {
    kept: Kept,
    /// The theme that the program began with.
    began_with: String,
}

impl Habits {
    /// Takes what was kept. A theme that the configuration, or whoever started the program, has named
    /// since then stands above it.
    pub fn take(&mut self, kept: Kept, ground: &mut Ground) {
        let Kept {
            theme,
            arrangement,
            pins,
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
        self.began_with.clone_from(&ground.screen.theme);
        self.kept = kept;
    }

    /// Keeps what has changed.
    pub fn tick(&mut self, ground: &mut Ground) {
        if ground.nothing_kept().is_some() {
            return;
        }
        let now = self.now(ground);
        if now != self.kept {
            self.kept = now.clone();
            ground.keep(Keeping::Habits(now));
        }
    }

    fn now(&self, ground: &Ground) -> Kept {
        let screen = &ground.screen;
        let theme = match screen.theme == self.began_with {
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
        }
    }
}
