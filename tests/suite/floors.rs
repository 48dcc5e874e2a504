//! Each folder of `src` is a floor that may use only the floors below it.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the ground up.
const FLOORS: [&str; 10] = [
    "chart",
    "music",
    "data",
    "model",
    "checkpoint",
    "training",
    "engine",
    "studio",
    "tui",
    "cli",
];

/// Floors that `floor` may name, as the design draws the arrows.
fn allowed(floor: &str) -> &'static [&'static str] {
    match floor {
        "chart" | "music" => &[],
        "data" | "model" | "engine" => &["music"],
        "checkpoint" => &["music", "data", "model"],
        "training" => &["music", "data", "model", "checkpoint"],
        "studio" => &["music", "data", "model", "checkpoint", "training", "engine"],
        // The panes draw values that the studio holds, so the words of `music` reach up here.
        "tui" => &["music", "studio"],
        "cli" => &FLOORS,
        other => panic!("`{other}` is not a floor: add it to FLOORS and say what it may use"),
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The floors that a source text names: `crate::floor`, `musicvae_tui::floor`.
fn named_floors(source: &str) -> Vec<String> {
    let mut named = Vec::new();
    for line in source
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("//"))
    {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let grouped = rest
                .starts_with('{')
                .then(|| rest[1..].split(',').map(str::trim).collect());
            for path in grouped.unwrap_or_else(|| vec![rest]) {
                let name = path
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                named.push(name.to_string());
            }
        }
    }
    named.retain(|name| FLOORS.contains(&name.as_str()));
    named
}

#[test]
fn no_arrow_runs_upward() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for floor in FLOORS {
        let mut files = Vec::new();
        rust_files(&source.join(floor), &mut files);
        assert!(!files.is_empty(), "floor `{floor}` has no files");
        for file in files {
            for name in named_floors(&fs::read_to_string(&file).unwrap()) {
                arrows += 1;
                if name != floor && !allowed(floor).contains(&name.as_str()) {
                    wrong.push(format!("{} uses `{name}`", file.display()));
                }
            }
        }
    }
    assert!(
        arrows > 0,
        "no `crate::` path found: the reader of arrows is broken"
    );
    assert!(
        wrong.is_empty(),
        "arrows that run upward:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_reader_of_arrows_sees_them() {
    let source =
        "use crate::tui::Pane;\n// use crate::cli::No;\nuse crate::{music, engine::Clock};";
    assert_eq!(named_floors(source), ["tui", "music", "engine"]);
}
