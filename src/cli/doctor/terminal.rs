//! The terminal: its size, its colours, what it answers, and how it draws.

use std::io::IsTerminal as _;

use super::Finding;
use crate::studio::Config;
use crate::tui::{self, ALL_PANES, Background, Keymap, LEAST, Looks};

/// Characters of each kind that the screen draws with: bars, dots of the curves, frames.
const DRAWN: &str = "▂▅█░⣀⣿─│╭●";

pub fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = vec![];
    if let Err(error) = Keymap::new(&config.keys) {
        let cure = "correct it in the configuration";
        findings.push(Finding::problem("keys", format!("{error}."), cure));
    }
    if !(std::io::stdout().is_terminal() && std::io::stdin().is_terminal()) {
        findings.push(Finding::note(
            "terminal",
            "standard input or output is not a terminal, so nothing can be checked.",
            "run `musicvae-tui doctor` in the terminal itself; `musicvae-tui play` needs none",
        ));
        return findings;
    }
    findings.push(size());
    let variable = |name: &str| std::env::var(name).ok();
    match Looks::new(config, variable, tui::ask_terminal) {
        Ok(looks) => {
            findings.push(colours(&looks));
            findings.push(background(&looks));
            findings.push(characters(&looks));
        }
        Err(error) => {
            let cure = "correct it in the configuration";
            findings.push(Finding::problem("theme", format!("{error}."), cure));
        }
    }
    findings
}

fn size() -> Finding {
    let size = match crossterm::terminal::size() {
        Ok(size) => size,
        Err(error) => {
            let says = format!("it does not report its size ({error}).");
            return Finding::note("terminal", says, "use another terminal");
        }
    };
    let holds = |(width, height): (u16, u16)| size.0 >= width && size.1 >= height;
    let says = format!("{} x {} characters", size.0, size.1);
    let enlarge = |(width, height)| format!("enlarge it to {width} x {height} or more");
    if !holds(LEAST) {
        let says = format!("{says}, which is too small.");
        Finding::note("terminal", says, enlarge(LEAST))
    } else if !holds(ALL_PANES) {
        let says = format!("{says}: one pane is shown at a time.");
        Finding::note("terminal", says, enlarge(ALL_PANES))
    } else {
        Finding::ok("terminal", format!("{says}: all panes are shown."))
    }
}

fn colours(looks: &Looks) -> Finding {
    let says = format!("{}.", looks.colors_in_words());
    if looks.has_few_colors() {
        let cure = "if the terminal has more: export COLORTERM=truecolor";
        return Finding::note("colours", says, cure);
    }
    Finding::ok("colours", says)
}

fn background(looks: &Looks) -> Finding {
    match looks.background() {
        Some(Background::Dark) => Finding::ok("background", "dark, as the terminal says."),
        Some(Background::Light) => Finding::ok("background", "light, as the terminal says."),
        None if !looks.is_colored() => Finding::ok("background", "not asked for."),
        None => Finding::note(
            "background",
            "the terminal does not say whether it is dark or light, so its own sixteen colours \
             are used.",
            "name a theme: --theme dark, or `theme = \"dark\"` under [screen]",
        ),
    }
}

/// Whether the characters of the screen take one column each. Only a person can judge what they look
/// like.
fn characters(looks: &Looks) -> Finding {
    let plain = "draw with ASCII characters only: --ascii, or `ascii = true` under [screen]";
    if looks.is_ascii() {
        return Finding::ok("characters", "ASCII only.");
    }
    if !says_utf8() {
        return Finding::note(
            "characters",
            "the locale is not UTF-8 (LC_ALL, LC_CTYPE, LANG), so the terminal may not be either.",
            format!("export LANG=C.UTF-8, or {plain}"),
        );
    }
    let count = DRAWN.chars().count();
    match tui::columns_of(DRAWN) {
        Some(columns) if usize::from(columns) == count => Finding::ok(
            "characters",
            format!(
                "{DRAWN} take a column each. If they don't look like bars, dots, a frame and a disc: \
                 --ascii."
            ),
        ),
        Some(columns) => Finding::note(
            "characters",
            format!("{DRAWN} take {columns} columns in place of {count}."),
            format!("have the terminal draw characters of ambiguous width narrow, or {plain}"),
        ),
        None => Finding::ok(
            "characters",
            format!(
                "the terminal does not say how wide it draws. If {DRAWN} don't look like bars, dots, \
                 a frame and a disc: --ascii."
            ),
        ),
    }
}

/// Whether the locale's characters are UTF-8, as everywhere but on old systems.
fn says_utf8() -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        return true;
    }
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let locale = locale.unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
