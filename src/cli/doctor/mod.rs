//! `musicvae-tui doctor`: what the program can use on this machine, what it can't, and how to fix that.

mod compute;
mod files;
mod midi;
mod sound;
mod terminal;

use std::io::IsTerminal as _;

use anyhow::bail;
use serde::Serialize;

use super::output::say;
use super::settings::Settings;

/// Check terminal, sound, MIDI, real-time priority, files, folders, CPU and GPU, and say how to fix what
/// is missing.
///
/// Each line begins with `ok`, with `note` (the program runs, but something is missing), or with
/// `problem` (it can't be used as configured). The exit code is 1 if there is a problem.
/// It changes nothing and makes no sound.
#[derive(clap::Args)]
pub struct Doctor {
    /// Print as JSON: a list of {"about", "verdict", "says", "cure"}
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Note,
    Problem,
}

/// What was found about one thing.
#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    verdict: Verdict,
    says: String,
    /// How to fix it; empty if all is well.
    cure: String,
}

impl Finding {
    fn ok(about: &'static str, says: impl Into<String>) -> Finding {
        Finding::new(about, Verdict::Ok, says, "")
    }

    fn note(about: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Finding {
        Finding::new(about, Verdict::Note, says, cure)
    }

    fn problem(about: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Finding {
        Finding::new(about, Verdict::Problem, says, cure)
    }

    fn new(
        about: &'static str,
        verdict: Verdict,
        says: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        Finding {
            about,
            verdict,
            says: says.into(),
            cure: cure.into(),
        }
    }
}

/// Columns before what a finding says.
const MARGIN: usize = 22;

impl Finding {
    /// Its lines, no wider than `width` where words allow it.
    fn lines(&self, width: usize) -> String {
        let word = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Note => "note",
            Verdict::Problem => "problem",
        };
        let head = format!("{word:<8} {:<12} ", self.about);
        let mut lines = wrapped(&head, &self.says, width);
        if !self.cure.is_empty() {
            let head = format!("{:MARGIN$}-> ", "");
            lines = lines + "\n" + &wrapped(&head, &self.cure, width);
        }
        lines
    }
}

/// `text` behind `head`, its further lines below its first one.
fn wrapped(head: &str, text: &str, width: usize) -> String {
    let (mut lines, mut column) = (head.to_string(), head.len());
    for (number, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if number > 0 && column + 1 + length > width {
            lines += &format!("\n{:1$}", "", head.len());
            column = head.len();
        } else if number > 0 {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines
}

/// Columns of the terminal that is written to; a file or a program gets whole lines.
fn width() -> usize {
    let size = std::io::stdout()
        .is_terminal()
        .then(crossterm::terminal::size);
    size.and_then(Result::ok)
        .map_or(usize::MAX, |(width, _)| width.into())
}

impl Doctor {
    /// Runs the command. `fault` is why the configuration can't be used; `settings` are the defaults
    /// then.
    pub fn run(self, settings: &Settings, fault: Option<&str>) -> anyhow::Result<()> {
        let mut findings = Vec::new();
        findings.extend(terminal::findings(&settings.config));
        findings.extend(sound::findings(&settings.config));
        findings.extend(midi::findings(&settings.config));
        findings.extend(files::findings(settings, fault));
        findings.extend(compute::findings(&settings.config));
        if self.json {
            say!("{}", serde_json::to_string_pretty(&findings)?)?;
        } else {
            let width = width();
            findings
                .iter()
                .try_for_each(|finding| say!("{}", finding.lines(width)))?;
        }
        let problems = findings.iter().filter(|it| it.verdict == Verdict::Problem);
        match problems.count() {
            0 => Ok(()),
            1 => bail!("there is a problem to solve first: see above"),
            many => bail!("there are {many} problems to solve first: see above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_the_terminal() {
        let finding = Finding::note("sound", "no card is there at all", "connect a card");
        let narrow = [
            "note     sound        no card is",
            "                      there at",
            "                      all",
            "                      -> connect",
            "                         a card",
        ];
        assert_eq!(finding.lines(32), narrow.join("\n"));
        assert_eq!(finding.lines(usize::MAX).lines().count(), 2);
    }
}
