//! The first hour: what `doctor` says of a machine, where files go, the version, completions, manual pages,
//! and what packages are made of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clap::CommandFactory as _;
use musicvae_tui::cli::Cli;
use serde_json::Value;
use tempfile::TempDir;

/// The program as a new user has it: nothing of this user's home.
fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicvae-tui"));
    command.args(arguments).current_dir(home).env("HOME", home);
    for variable in ["CACHE", "CONFIG", "DATA"] {
        command.env_remove(format!("XDG_{variable}_HOME"));
    }
    for variable in ["MUSICVAE_TUI_CONFIG", "MUSICVAE_KERNELS", "XDG_RUNTIME_DIR"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

fn run(home: &TempDir, arguments: &[&str]) -> Output {
    command(home.path(), arguments).output().unwrap()
}

fn ok(home: &TempDir, arguments: &[&str]) -> String {
    let run = run(home, arguments);
    assert!(run.status.success(), "{arguments:?}: {run:?}");
    String::from_utf8(run.stdout).unwrap()
}

/// What `doctor` says of this thing: its verdict, what it says and what helps.
fn finding(list: &Value, about: &str) -> [String; 3] {
    let list = list.as_array().unwrap();
    let found = list.iter().find(|it| it["about"] == about);
    let found = found.unwrap_or_else(|| panic!("nothing about {about} in {list:?}"));
    ["verdict", "says", "cure"].map(|key| found[key].as_str().unwrap().to_string())
}

#[test]
fn a_doctor_finds_something_to_say_where_there_is_nothing() {
    let home = TempDir::new().unwrap();
    let text = ok(&home, &["doctor"]);
    for line in text.lines() {
        let words = ["ok ", "note ", "              "];
        assert!(words.iter().any(|word| line.starts_with(word)), "{line}");
    }
    let list: Value = serde_json::from_str(&ok(&home, &["doctor", "--json"])).unwrap();
    for about in [
        "terminal",
        "sound",
        "priority",
        "MIDI out",
        "MIDI in",
        "config",
        "checkpoint",
        "takes",
        "exports",
        "runs",
        "sessions",
        "CPU",
        "GPU",
    ] {
        let [verdict, says, cure] = finding(&list, about);
        assert!(!says.is_empty(), "{about}");
        assert_eq!(verdict == "ok", cure.is_empty(), "{about}: {says} {cure}");
    }
    // It only looks.
    assert!(fs::read_dir(home.path()).unwrap().next().is_none());
}

#[test]
fn a_doctor_tells_what_the_program_can_not_be_used_with() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("my.toml");
    fs::write(&path, "[playing]\ntempoo = 3\n").unwrap();
    let asked = run(&home, &["--config", "my.toml", "doctor", "--json"]);
    assert_eq!(asked.status.code(), Some(1));
    let list: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let [verdict, says, _] = finding(&list, "config");
    assert_eq!(verdict, "problem");
    assert!(
        says.contains("my.toml, line 2: unknown key `tempoo`"),
        "{says}"
    );
    // Other commands refuse it, and these have no use for it.
    assert!(
        !run(&home, &["--config", "my.toml", "maps"])
            .status
            .success()
    );
    ok(&home, &["--config", "my.toml", "config"]);
    let asked = command(home.path(), &["doctor"])
        .env("MUSICVAE_KERNELS", "mmx")
        .output();
    let asked = asked.unwrap();
    assert_eq!(asked.status.code(), Some(1));
    let text = String::from_utf8(asked.stdout).unwrap();
    assert!(text.contains("problem  CPU"), "{text}");
}

#[test]
fn a_doctor_tells_which_folder_can_not_be_written_into() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    fs::write(
        home.path().join("my.toml"),
        "[record]\nfolder = \"file/takes\"\n[checkpoints]\nopen = \"gone.safetensors\"\n",
    )
    .unwrap();
    let text = ok(&home, &["--config", "my.toml", "doctor", "--json"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    let [verdict, says, cure] = finding(&list, "takes");
    assert_eq!(verdict, "note");
    assert!(says.contains("file is a file"), "{says}");
    assert!(cure.contains("[record]"), "{cure}");
    let [verdict, says, _] = finding(&list, "checkpoint");
    assert!(
        verdict == "note" && says.contains("gone.safetensors"),
        "{says}"
    );
}

/// Music goes to the user's music folder and what is trained to the data folder, unless the working
/// folder has a place for it.
#[cfg(target_os = "linux")]
#[test]
fn results_go_where_a_user_finds_them() {
    let home = TempDir::new().unwrap();
    let places = || {
        let list: Value = serde_json::from_str(&ok(&home, &["doctor", "--json"])).unwrap();
        ["takes", "exports", "runs"].map(|about| {
            let [_, says, _] = finding(&list, about);
            let path = says.split(", which is made").next().unwrap();
            let path = Path::new(path);
            path.strip_prefix(home.path()).unwrap_or(path).to_path_buf()
        })
    };
    let are = |paths: [&str; 3]| paths.map(PathBuf::from);
    let data = [
        ".local/share/musicvae-tui/takes",
        ".local/share/musicvae-tui/exports",
        ".local/share/musicvae-tui/checkpoints/mine",
    ];
    assert_eq!(places(), are(data));
    fs::create_dir(home.path().join(".config")).unwrap();
    let named = "XDG_MUSIC_DIR=\"$HOME/Music\"\n";
    fs::write(home.path().join(".config/user-dirs.dirs"), named).unwrap();
    let music = [
        "Music/musicvae-tui/takes",
        "Music/musicvae-tui/exports",
        data[2],
    ];
    assert_eq!(places(), are(music));
    for folder in ["takes", "exports", "checkpoints"] {
        fs::create_dir(home.path().join(folder)).unwrap();
    }
    assert_eq!(places(), are(["takes", "exports", "checkpoints/mine"]));
}

#[test]
fn the_version_names_features_and_kernels() {
    let home = TempDir::new().unwrap();
    let number = concat!("musicvae-tui ", env!("CARGO_PKG_VERSION"));
    assert_eq!(ok(&home, &["-V"]).trim(), number);
    let long = ok(&home, &["--version"]);
    assert!(long.starts_with(number), "{long}");
    for word in ["features: ", "CPU kernels: ", std::env::consts::ARCH] {
        assert!(long.contains(word), "{long}");
    }
}

/// The manifest of the program.
fn manifest() -> toml::Table {
    include_str!("../../Cargo.toml").parse().unwrap()
}

#[test]
fn the_version_knows_every_feature() {
    let source = include_str!("../../src/cli/version.rs");
    for feature in manifest()["features"].as_table().unwrap().keys() {
        let known = source.contains(&format!("(\"{feature}\", cfg!(feature = \"{feature}\"))"));
        assert!(known || feature == "default", "{feature}");
    }
}

#[test]
fn every_shell_completes_every_command() {
    let home = TempDir::new().unwrap();
    let names: Vec<String> = Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_string())
        .collect();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = ok(&home, &["completions", shell]);
        for name in &names {
            assert!(text.contains(name.as_str()), "{shell} does not know {name}");
        }
    }
    assert!(!run(&home, &["completions", "tcsh"]).status.success());
}

#[test]
fn the_configuration_is_printed_and_read_again() {
    let home = TempDir::new().unwrap();
    let text = ok(&home, &["config"]);
    fs::write(home.path().join("my.toml"), &text).unwrap();
    ok(&home, &["--config", "my.toml", "maps"]);
    let schema: Value = serde_json::from_str(&ok(&home, &["config", "--schema"])).unwrap();
    assert!(schema["properties"]["playing"].is_object());
}

/// What a package holds: a page for each command, completions, and no file that the manifest names in
/// vain.
#[cfg(unix)]
#[test]
fn packages_find_what_they_are_made_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = TempDir::new().unwrap();
    let made = Command::new("sh")
        .arg(root.join("packaging/assets.sh"))
        .args([env!("CARGO_BIN_EXE_musicvae-tui").as_ref(), folder.path()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let pages = fs::read_dir(folder.path().join("share/man/man1")).unwrap();
    let pages: BTreeSet<String> = pages
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    for command in Cli::command().get_subcommands() {
        let page = format!("musicvae-tui-{}.1", command.get_name());
        assert!(pages.contains(&page), "{page} is not there");
    }
    let manifest = manifest();
    let metadata = &manifest["package"]["metadata"];
    let deb = metadata["deb"]["assets"].as_array().unwrap().iter();
    let deb = deb.map(|asset| &asset[0]);
    let rpm = metadata["generate-rpm"]["assets"]
        .as_array()
        .unwrap()
        .iter();
    let rpm = rpm.map(|asset| &asset["source"]);
    for asset in deb.chain(rpm).map(|asset| asset.as_str().unwrap()) {
        let is_made = asset.strip_prefix("target/package-assets/");
        let path = match (is_made, asset.strip_prefix("target/release/")) {
            (Some(made), _) => folder.path().join(made),
            (None, Some(_)) => continue,
            (None, None) => root.join(asset),
        };
        let has_files = match path.to_str().unwrap().split_once('*') {
            Some((folder, _)) => fs::read_dir(folder).is_ok_and(|mut it| it.next().is_some()),
            None => path.is_file(),
        };
        assert!(has_files, "{asset} is not made");
    }
    let links = links_of(&folder.path().join("share/doc/musicvae-tui"));
    assert!(links.len() > 20, "{links:?}");
    for (page, link) in links {
        let target = page.parent().unwrap().join(&link);
        assert!(target.is_file(), "{} leads to {link}", page.display());
    }
}

/// Each Markdown page in a folder and its `docs`, with each file beside it that the page leads to.
fn links_of(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    files(folder.into())
        .chain(files(folder.join("docs")))
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .flat_map(|page| {
            let text = fs::read_to_string(&page).unwrap();
            let links = text.split("](").skip(1).filter_map(|rest| {
                let link = rest.split([')', '#']).next()?;
                (!link.is_empty() && !link.contains("://")).then(|| link.to_owned())
            });
            links.map(|link| (page.clone(), link)).collect::<Vec<_>>()
        })
        .collect()
}
