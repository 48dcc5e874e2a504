//! Colours and characters.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::{Marker, border};

use crate::studio::config;
use musicvae::music::Lane;

/// What the terminal may be sent. Colours are the 16 that every terminal's own palette defines,
/// and nothing is said by colour alone.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub color: bool,
    pub ascii: bool,
}

impl Theme {
    /// The theme of a configuration in this environment: `NO_COLOR` (any value but the empty one)
    /// and a `TERM` of `dumb` switch colours off unless they are asked for.
    pub fn new(screen: config::Screen, variable: impl Fn(&str) -> Option<String>) -> Theme {
        let color = match screen.color {
            config::Color::Always => true,
            config::Color::Never => false,
            config::Color::Auto => {
                let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
                !refused && variable("TERM").as_deref() != Some("dumb")
            }
        };
        Theme {
            color,
            ascii: screen.ascii,
        }
    }

    fn fg(self, color: Color) -> Style {
        if self.color {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    pub fn plain(self) -> Style {
        Style::new()
    }

    /// Labels, rulers, what only accompanies.
    pub fn faint(self) -> Style {
        if self.color {
            self.fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The pane with the keys, the keys themselves, the slider's knob.
    pub fn accent(self) -> Style {
        self.fg(Color::LightYellow).add_modifier(Modifier::BOLD)
    }

    pub fn good(self) -> Style {
        self.fg(Color::LightGreen)
    }

    pub fn trouble(self) -> Style {
        self.fg(Color::LightRed).add_modifier(Modifier::BOLD)
    }

    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn early(self) -> Style {
        self.fg(Color::LightCyan)
    }

    pub fn late(self) -> Style {
        self.fg(Color::LightMagenta)
    }

    pub fn train(self) -> Style {
        self.fg(Color::LightBlue)
    }

    pub fn validation(self) -> Style {
        self.fg(Color::LightYellow)
    }

    /// Each family of the kit has its colour; quiet hits the darker one.
    pub fn lane(self, lane: Lane, quiet: bool) -> Style {
        self.fg(match (lane, quiet) {
            (Lane::Kick, false) => Color::LightRed,
            (Lane::Kick, true) => Color::Red,
            (Lane::Snare, false) => Color::LightYellow,
            (Lane::Snare, true) => Color::Yellow,
            (Lane::ClosedHat | Lane::OpenHat, false) => Color::LightCyan,
            (Lane::ClosedHat | Lane::OpenHat, true) => Color::Cyan,
            (Lane::LowTom | Lane::MidTom | Lane::HighTom, false) => Color::LightGreen,
            (Lane::LowTom | Lane::MidTom | Lane::HighTom, true) => Color::Green,
            (Lane::Crash | Lane::Ride, false) => Color::LightMagenta,
            (Lane::Crash | Lane::Ride, true) => Color::Magenta,
        })
    }

    /// The column that plays.
    pub fn playhead(self, style: Style) -> Style {
        if self.color {
            style.bg(Color::DarkGray)
        } else {
            style.add_modifier(Modifier::REVERSED)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_off_where_they_are_refused() {
        let screen = |color| config::Screen {
            color,
            ..config::Screen::default()
        };
        let theme = |color, variables: &[(&str, &str)]| {
            let find = |name: &str| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_string())
            };
            Theme::new(screen(color), find).color
        };
        assert!(theme(config::Color::Auto, &[("TERM", "xterm")]));
        assert!(theme(config::Color::Auto, &[("NO_COLOR", "")]));
        assert!(!theme(config::Color::Auto, &[("NO_COLOR", "1")]));
        assert!(!theme(config::Color::Auto, &[("TERM", "dumb")]));
        assert!(theme(config::Color::Always, &[("NO_COLOR", "1")]));
        assert!(!theme(config::Color::Never, &[("TERM", "xterm")]));
    }
}
