//! How the screen looks: the configured theme, as far as the terminal can show it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::kit::{Palette, Theme, nearest_name};
use crate::studio::config::{self, Config};

/// A local terminal answers sooner, or never; one at the other end of a network connection takes
/// longer.
const ANSWER: Duration = Duration::from_millis(200);
const FAR_ANSWER: Duration = Duration::from_secs(1);

/// What is under the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// The colours that the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Its own sixteen.
    Sixteen,
    Indexed,
    Any,
}

/// Why a theme of the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LooksError {
    #[error("`theme` in [screen] is `{name}`, which is none; the nearest one is `{near}`")]
    Unknown { name: String, near: String },
    #[error("[themes.{theme}]: nothing is called `{name}`; the nearest is `{near}`")]
    Name {
        theme: String,
        name: String,
        near: String,
    },
    #[error(
        "[themes.{theme}]: `{name}` is `{value}`, which is no colour (colours are \"#e7aa20\", \
         \"light-red\", a number to 255, or \"reset\" for the terminal's own)"
    )]
    Color {
        theme: String,
        name: String,
        value: String,
    },
    #[error("[themes.{theme}]: there is such a theme already; give yours another name")]
    Taken { theme: String },
}

/// Every theme, and what of it can be shown here.
pub struct Looks {
    color: bool,
    ascii: bool,
    depth: Depth,
    background: Option<Background>,
    own: BTreeMap<String, Palette>,
}

impl Looks {
    /// The looks of a configuration in this environment: `NO_COLOR` (any value but the empty one)
    /// and a `TERM` of `dumb` switch colours off unless they are asked for. `ask` has the terminal
    /// asked for its background.
    ///
    /// # Errors
    /// What of the configuration's themes makes no sense.
    pub fn new(
        config: &Config,
        variable: impl Fn(&str) -> Option<String>,
        ask: impl FnOnce(Duration) -> Option<Background>,
    ) -> Result<Looks, LooksError> {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let terminal = variable("TERM").unwrap_or_default();
        let color = match config.screen.color {
            config::Color::Always => true,
            config::Color::Never => false,
            config::Color::Auto => !set("NO_COLOR") && terminal != "dumb",
        };
        // The Linux console has sixteen colours on black, and too few characters for blocks.
        let console = terminal == "linux";
        let many = variable("COLORTERM").unwrap_or_default();
        let depth = match () {
            () if console => Depth::Sixteen,
            () if many == "truecolor" || many == "24bit" || terminal.ends_with("-direct") => {
                Depth::Any
            }
            () if terminal.contains("256color") => Depth::Indexed,
            () => Depth::Sixteen,
        };
        let limit = match set("SSH_CONNECTION") {
            true => FAR_ANSWER,
            false => ANSWER,
        };
        let background = match () {
            () if !color => None,
            () if console => Some(Background::Dark),
            () => ask(limit).or_else(|| told(&variable("COLORFGBG")?)),
        };
        let mut looks = Looks {
            color,
            ascii: config.screen.ascii || console,
            depth,
            background,
            own: BTreeMap::new(),
        };
        for (theme, colors) in &config.themes {
            let palette = looks.own_palette(theme, colors)?;
            looks.own.insert(theme.clone(), palette);
        }
        let name = &config.screen.theme;
        if !config.theme_names().any(|known| known == name) {
            return Err(LooksError::Unknown {
                name: name.clone(),
                near: nearest_name(name, config.theme_names()),
            });
        }
        Ok(looks)
    }

    /// The theme of this name.
    pub fn theme(&self, name: &str) -> Theme {
        let palette = match self.depth {
            Depth::Sixteen => self.terminal(),
            Depth::Indexed => self.palette(name).in_256(),
            Depth::Any => self.palette(name),
        };
        Theme {
            color: self.color,
            ascii: self.ascii,
            palette,
        }
    }

    /// Whether colours are used at all.
    pub fn is_colored(&self) -> bool {
        self.color
    }

    /// Whether only ASCII characters are drawn.
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// Whether the terminal has fewer colours than the themes.
    pub fn has_few_colors(&self) -> bool {
        self.color && self.depth == Depth::Sixteen
    }

    /// What is under the text, where that is known.
    pub fn background(&self) -> Option<Background> {
        self.background
    }

    /// Which colours are used, in few words.
    pub fn colors_in_words(&self) -> &'static str {
        match (self.color, self.depth) {
            (false, _) => "none (NO_COLOR, TERM or the configuration says so)",
            (true, Depth::Sixteen) => "the terminal's own sixteen",
            (true, Depth::Indexed) => "256",
            (true, Depth::Any) => "all",
        }
    }

    fn palette(&self, name: &str) -> Palette {
        let light = usize::from(self.background == Some(Background::Light));
        match name {
            "dark" => Palette::DARK,
            "light" => Palette::LIGHT,
            "red-green" => Palette::RED_GREEN[light],
            "blue-yellow" => Palette::BLUE_YELLOW[light],
            "terminal" => self.terminal(),
            name => match (self.own.get(name), self.background) {
                (Some(own), _) => *own,
                (None, Some(Background::Dark)) => Palette::DARK,
                (None, Some(Background::Light)) => Palette::LIGHT,
                (None, None) => Palette::TERMINAL,
            },
        }
    }

    /// The terminal's own colours, those that are seen on its background.
    fn terminal(&self) -> Palette {
        match self.background {
            Some(Background::Dark) => Palette::TERMINAL_ON_DARK,
            _ => Palette::TERMINAL,
        }
    }

    /// A theme of the configuration: `like` another, but for the colours that it names.
    fn own_palette(
        &self,
        theme: &str,
        colors: &BTreeMap<String, String>,
    ) -> Result<Palette, LooksError> {
        let (theme, taken) = (theme.to_string(), config::THEMES.contains(&theme));
        if taken {
            return Err(LooksError::Taken { theme });
        }
        let like = colors.get("like").map_or("auto", String::as_str);
        let mut palette = self.palette(like);
        for (name, value) in colors.iter().filter(|(name, _)| *name != "like") {
            let Ok(color) = value.parse() else {
                return Err(LooksError::Color {
                    theme,
                    name: name.clone(),
                    value: value.clone(),
                });
            };
            if !palette.set(name, color) {
                let known = palette.named().map(|(name, _)| name.to_string());
                return Err(LooksError::Name {
                    theme,
                    name: name.clone(),
                    near: nearest_name(name, known.iter().map(String::as_str)),
                });
            }
        }
        if !config::THEMES.contains(&like) {
            return Err(LooksError::Unknown {
                name: like.into(),
                near: nearest_name(like, config::THEMES.into_iter()),
            });
        }
        Ok(palette)
    }
}

/// What `COLORFGBG` tells of the background: its last number, of the terminal's sixteen colours.
fn told(variable: &str) -> Option<Background> {
    match variable.rsplit(';').next()?.parse().ok()? {
        0..=6 | 8 => Some(Background::Dark),
        7 | 9..=15 => Some(Background::Light),
        16u8.. => None,
    }
}

/// Asks the terminal for the colour of its background (OSC 11).
pub fn ask_terminal(limit: Duration) -> Option<Background> {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    let mut options = QueryOptions::default();
    options.timeout = limit;
    Some(match theme_mode(options).ok()? {
        ThemeMode::Dark => Background::Dark,
        ThemeMode::Light => Background::Light,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(
        config: &str,
        variables: &[(&str, &str)],
        answer: Option<Background>,
    ) -> Result<Looks, String> {
        let find = |name: &str| {
            let mut found = variables.iter().filter(|(key, _)| *key == name);
            found.next().map(|(_, value)| value.to_string())
        };
        let config = Config::parse(config, "my.toml".as_ref()).unwrap();
        Looks::new(&config, find, |_| answer).map_err(|error| error.to_string())
    }

    const MANY: (&str, &str) = ("COLORTERM", "truecolor");

    #[test]
    fn colours_are_off_where_they_are_refused() {
        let colored = |color: &str, variables: &[(&str, &str)]| {
            let config = format!("[screen]\ncolor = \"{color}\"\n");
            looks(&config, variables, None).unwrap().theme("auto").color
        };
        assert!(colored("auto", &[("TERM", "xterm")]));
        assert!(colored("auto", &[("NO_COLOR", "")]));
        assert!(!colored("auto", &[("NO_COLOR", "1")]));
        assert!(!colored("auto", &[("TERM", "dumb")]));
        assert!(colored("always", &[("NO_COLOR", "1")]));
        assert!(!colored("never", &[("TERM", "xterm")]));
    }

    #[test]
    fn the_background_chooses() {
        let palette = |variables: &[(&str, &str)], answer| {
            looks("", variables, answer).unwrap().theme("auto").palette
        };
        assert_eq!(palette(&[MANY], Some(Background::Dark)), Palette::DARK);
        assert_eq!(palette(&[MANY], Some(Background::Light)), Palette::LIGHT);
        assert_eq!(
            palette(&[MANY, ("COLORFGBG", "0;15")], None),
            Palette::LIGHT
        );
        assert_eq!(
            palette(&[MANY, ("COLORFGBG", "15;default;0")], None),
            Palette::DARK
        );
        assert_eq!(palette(&[MANY], None), Palette::TERMINAL);
        let few = [("TERM", "xterm-256color")];
        assert_eq!(
            palette(&few, Some(Background::Light)),
            Palette::LIGHT.in_256()
        );
        assert_eq!(
            palette(&[("TERM", "xterm")], Some(Background::Light)),
            Palette::TERMINAL
        );
    }

    #[test]
    fn the_console_has_sixteen_colours_and_no_braille() {
        let theme = looks("", &[("TERM", "linux")], None)
            .unwrap()
            .theme("light");
        assert!(theme.ascii);
        assert_eq!(theme.palette, Palette::TERMINAL_ON_DARK);
    }

    #[test]
    fn own_themes_are_read_and_their_mistakes_named() {
        let own =
            "[screen]\ntheme = \"mine\"\n[themes.mine]\nlike = \"light\"\nkick = \"#102030\"\n";
        let theme = looks(own, &[MANY], None).unwrap().theme("mine");
        assert_eq!(theme.palette.background, Palette::LIGHT.background);
        assert_eq!(theme.palette.families[0], "#102030".parse().unwrap());
        let wrong = |text: &str| looks(text, &[MANY], None).err().unwrap();
        assert_eq!(
            wrong("[screen]\ntheme = \"drak\"\n"),
            "`theme` in [screen] is `drak`, which is none; the nearest one is `dark`"
        );
        assert_eq!(
            wrong("[themes.mine]\naccnt = \"#102030\"\n"),
            "[themes.mine]: nothing is called `accnt`; the nearest is `accent`"
        );
        assert!(
            wrong("[themes.mine]\nkick = \"rde\"\n")
                .contains("`kick` is `rde`, which is no colour")
        );
        assert!(wrong("[themes.dark]\nkick = \"red\"\n").contains("another name"));
        assert!(wrong("[themes.mine]\nlike = \"lihgt\"\n").contains("`light`"));
    }
}
