//! Tells the program the commit that it is built from, for `--version`.
//!
//! Only release builds of a checkout know it. In a debug build every commit would have all of the
//! program be compiled anew, and a package from the registry lies in no checkout.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release")
        && let Some(commit) = commit()
    {
        println!("cargo::rustc-env=MUSICVAE_TUI_COMMIT={commit}");
    }
}

/// The commit's short name, with `+` where files were changed since; `None` outside a checkout of this
/// project.
fn commit() -> Option<String> {
    let root = git(&["rev-parse", "--show-toplevel"])?;
    // Sources may lie unpacked within some other repository.
    if Path::new(&root).canonicalize().ok()? != Path::new(".").canonicalize().ok()? {
        return None;
    }
    for file in ["HEAD", "logs/HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let name = git(&["rev-parse", "--short=10", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let mark = if changed.is_empty() { "" } else { "+" };
    Some(name + mark)
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}
