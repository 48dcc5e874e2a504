//! `musicvae-tui doctor`: what of this machine the program can use, what not, and what helps.

mod compute;
mod files;
mod midi;
mod sound;
mod terminal;

use std::fmt;

use anyhow::bail;
use serde::Serialize;

use super::output::say;
use super::settings::Settings;

/// Look at this machine as the program does, and say what is missing and what helps: terminal, sound,
/// MIDI, real-time priority, files and folders, what computes.
///
/// Each line begins with `ok`, with `note` (the program runs, but something is missing), or with
/// `problem` (it can't be used as it is configured). The exit code is 1 where there is a problem.
/// Nothing is changed, and nothing is heard.
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

/// What was found out about one thing.
#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    verdict: Verdict,
    says: String,
    /// What helps; empty where all is well.
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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Note => "note",
            Verdict::Problem => "problem",
        };
        write!(f, "{word:<8} {:<12} {}", self.about, self.says)?;
        match self.cure.is_empty() {
            true => Ok(()),
            false => write!(f, "\n{:22}-> {}", "", self.cure),
        }
    }
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
            findings.iter().try_for_each(|finding| say!("{finding}"))?;
        }
        let problems = findings.iter().filter(|it| it.verdict == Verdict::Problem);
        match problems.count() {
            0 => Ok(()),
            1 => bail!("there is a problem to be solved first: see above"),
            many => bail!("there are {many} problems to be solved first: see above"),
        }
    }
}
