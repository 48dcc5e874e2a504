//! Files and folders: where things are looked for and written, and whether they can be.

use std::path::{Path, PathBuf};

use super::Finding;
use crate::cli::settings::Settings;
use crate::embedded::EMBEDDED;
use crate::engine::{SoundFont, SoundFontSource};
use crate::folders;
use crate::studio::{Config, soundfonts};
use musicvae::checkpoint::Checkpoint;
use musicvae::checkpoint::catalogue::{Catalogue, Source};

pub fn findings(settings: &Settings, fault: Option<&str>) -> Vec<Finding> {
    let config = &settings.config;
    let mut findings = vec![
        configuration(settings, fault),
        checkpoint(settings),
        checkpoints(config),
        fonts(config),
    ];
    findings.extend(soundfont(&config.soundfont.path));
    findings.extend([
        written("runs", &config.next_run().out, "`out` under [training]"),
        written(
            "takes",
            &config.recording().folder,
            "`folder` under [record]",
        ),
        written("exports", &config.export.place(), "`folder` under [export]"),
    ]);
    findings.push(match config.session.data_folder() {
        Some(folder) => written("sessions", &folder, "`folder` under [session]"),
        None => Finding::ok("sessions", "nothing is kept, as configured."),
    });
    if let Some(folder) = config.midi.maps_folder() {
        findings.push(written("drum maps", &folder, "`maps` under [midi]"));
    }
    if let Some(folder) = folders::cache() {
        findings.push(written(
            "log",
            &folder,
            "on Linux: the variable XDG_CACHE_HOME",
        ));
    }
    findings
}

fn configuration(settings: &Settings, fault: Option<&str>) -> Finding {
    match (fault, &settings.file) {
        (Some(fault), _) => Finding::problem(
            "config",
            format!("{fault}."),
            "correct it; the lines below show the defaults",
        ),
        (None, Some(file)) => Finding::ok("config", format!("{} is read.", file.display())),
        (None, None) => {
            let place = Config::platform_path().map(|path| path.display().to_string());
            let place = place.unwrap_or_else(|| "none here".into());
            Finding::ok(
                "config",
                format!(
                    "the defaults; a file of your own: {place} (`musicvae-tui config` prints one)."
                ),
            )
        }
    }
}

/// The checkpoint that is opened.
fn checkpoint(settings: &Settings) -> Finding {
    let opened = settings.checkpoint(None).and_then(|source| {
        let checkpoint = Checkpoint::open(&source)?;
        Ok((source, checkpoint))
    });
    match opened {
        Ok((source, checkpoint)) => Finding::ok(
            "checkpoint",
            format!(
                "{} opens; it is a {}.",
                name(&source),
                checkpoint.preset.name
            ),
        ),
        Err(error) => Finding::note(
            "checkpoint",
            format!("{error:#}."),
            "correct `open` under [checkpoints]; without it the built-in one is opened",
        ),
    }
}

fn name(source: &Source) -> String {
    match source {
        Source::Embedded(embedded) => format!("`{}` (inside the program)", embedded.name),
        Source::File(path) => path.display().to_string(),
    }
}

fn checkpoints(config: &Config) -> Finding {
    let folders = config.checkpoints.searched();
    let catalogue = Catalogue::scan(&folders, EMBEDDED);
    let entries = &catalogue.entries[EMBEDDED.len().min(catalogue.entries.len())..];
    let bad = entries.iter().find_map(|entry| {
        let reason = entry.summary.as_ref().err()?;
        Some(format!("{}: {reason}", entry.name))
    });
    let says = format!(
        "{} in the program, {} in {}.",
        EMBEDDED.len(),
        entries.len(),
        listed(&folders)
    );
    let problem = catalogue.problems.into_iter().next().or(bad);
    match problem {
        None => Finding::ok("checkpoints", says),
        Some(problem) => {
            let cure = "remove what is not a checkpoint, or make it again";
            Finding::note("checkpoints", format!("{says} {problem}."), cure)
        }
    }
}

fn fonts(config: &Config) -> Finding {
    let folders = config.soundfont.searched();
    let count = soundfonts(&folders).len();
    Finding::ok(
        "SoundFonts",
        format!(
            "two kits in the program; {count} more found in {}.",
            listed(&folders)
        ),
    )
}

/// The SoundFont that is configured.
fn soundfont(path: &Path) -> Option<Finding> {
    if path.as_os_str().is_empty() {
        return None;
    }
    Some(match SoundFont::load(&SoundFontSource::File(path.into())) {
        Ok(_) => Finding::ok("kit", format!("{} is played.", path.display())),
        Err(error) => {
            let cure = "correct `path` under [soundfont]; without it the built-in kit plays";
            Finding::note("kit", format!("{error}."), cure)
        }
    })
}

/// Folders, each with a word where it is not there.
fn listed(folders: &[PathBuf]) -> String {
    let named = |folder: &PathBuf| match folder.is_dir() {
        true => folder.display().to_string(),
        false => format!("{} (not there)", folder.display()),
    };
    folders.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// Whether files can be written into `folder`, or it can be made. `setting` says where it is named.
fn written(about: &'static str, folder: &Path, setting: &str) -> Finding {
    let shown = folder.display();
    let there = folder.ancestors().find(|it| it.exists());
    let there = match there {
        Some(there) => there,
        // A relative path's last ancestor is the empty one.
        None => Path::new("."),
    };
    // Leaves nothing behind.
    let reason = match tempfile::tempfile_in(there) {
        Ok(_) if there == folder => return Finding::ok(about, format!("{shown}")),
        Ok(_) => return Finding::ok(about, format!("{shown}, which is made when it is needed")),
        Err(_) if there.is_file() => format!("{} is a file", there.display()),
        Err(error) => error.to_string(),
    };
    Finding::note(
        about,
        format!("no file can be written into {shown}: {reason}."),
        format!("name another folder ({setting}), or get the right to write into this one"),
    )
}
