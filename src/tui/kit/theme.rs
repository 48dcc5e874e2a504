//! Colours and characters.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::{Marker, border};

use super::palette::Palette;
use musicvae::music::Lane;

/// What the terminal may be sent. Nothing is said by colour alone.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub color: bool,
    pub ascii: bool,
    pub palette: Palette,
}

impl Theme {
    fn fg(self, color: Color) -> Style {
        match self.color && color != Color::Reset {
            true => Style::new().fg(color),
            false => Style::new(),
        }
    }

    /// Under everything that is drawn.
    pub fn ground(self) -> Style {
        match self.color && self.palette.background != Color::Reset {
            true => self.fg(self.palette.text).bg(self.palette.background),
            false => Style::new(),
        }
    }

    pub fn plain(self) -> Style {
        Style::new()
    }

    /// Labels, rulers, what only accompanies.
    pub fn faint(self) -> Style {
        match self.color {
            true => self.fg(self.palette.faint),
            false => Style::new().add_modifier(Modifier::DIM),
        }
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The pane with the keys, the keys themselves, the slider's knob.
    pub fn accent(self) -> Style {
        self.fg(self.palette.accent).add_modifier(Modifier::BOLD)
    }

    pub fn good(self) -> Style {
        self.fg(self.palette.good)
    }

    pub fn trouble(self) -> Style {
        self.fg(self.palette.trouble).add_modifier(Modifier::BOLD)
    }

    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn early(self) -> Style {
        self.fg(self.palette.early)
    }

    pub fn late(self) -> Style {
        self.fg(self.palette.late)
    }

    pub fn train(self) -> Style {
        self.fg(self.palette.train)
    }

    pub fn validation(self) -> Style {
        self.fg(self.palette.validation)
    }

    /// Each family of the kit has its colour; quiet hits the softer one.
    pub fn lane(self, lane: Lane, quiet: bool) -> Style {
        let family = match lane {
            Lane::Kick => 0,
            Lane::Snare => 1,
            Lane::ClosedHat | Lane::OpenHat => 2,
            Lane::LowTom | Lane::MidTom | Lane::HighTom => 3,
            Lane::Crash | Lane::Ride => 4,
        };
        let of = if quiet {
            self.palette.soft
        } else {
            self.palette.families
        };
        self.fg(of[family])
    }

    /// The column that plays.
    pub fn playhead(self, style: Style) -> Style {
        match self.color && self.palette.playhead != Color::Reset {
            true => style.bg(self.palette.playhead),
            false => style.add_modifier(Modifier::REVERSED),
        }
    }

    /// A hit's loudness: `· ▂ ▅ █`.
    pub fn velocity(self, velocity: f32) -> &'static str {
        let glyphs = if self.ascii {
            [".", "o", "O", "#"]
        } else {
            ["·", "▂", "▅", "█"]
        };
        glyphs[((velocity * 4.0) as usize).min(3)]
    }

    /// A bar of `eighths` of a character, 0 to 8.
    pub fn bar(self, eighths: usize) -> &'static str {
        if self.ascii {
            return [" ", ".", ".", ":", ":", "=", "=", "#", "#"][eighths.min(8)];
        }
        [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][eighths.min(8)]
    }

    /// How much of the most there is, as a bar of a character; something is never nothing.
    pub fn share(self, count: usize, most: usize) -> &'static str {
        self.bar((count * 8).div_ceil(most.max(1)))
    }

    pub fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    pub fn border(self) -> border::Set<'static> {
        if self.ascii {
            return border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            };
        }
        border::ROUNDED
    }

    pub fn line_marker(self) -> Marker {
        if self.ascii {
            Marker::Custom('*')
        } else {
            Marker::Braille
        }
    }

    pub fn dot_marker(self) -> Marker {
        if self.ascii {
            Marker::Custom('o')
        } else {
            Marker::Dot
        }
    }
}
