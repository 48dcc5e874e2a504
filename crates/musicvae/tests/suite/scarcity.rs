//! Scarce resources: a test runs again as a child process whose limits are set low.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use musicvae::checkpoint::Precision;
use musicvae::checkpoint::watch::{Notice, Watch};

use crate::support::{random_checkpoint, small_preset};

/// Set in the child process, to what it shall work on.
const CHILD: &str = "MUSICVAE_TUI_TEST_CHILD";

fn child() -> Option<OsString> {
    std::env::var_os(CHILD)
}

/// Runs the test `name` again in a shell that has run `limit`; gives what it printed.
fn run_limited(name: &str, limit: &str, target: &Path) -> String {
    let script = format!("{limit}; exec \"$0\" --exact \"$1\" --nocapture");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(CHILD, target)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_full_disk_loses_nothing() {
    if let Some(target) = child() {
        let saved = random_checkpoint(small_preset(), 12);
        println!(
            "{}",
            saved.save(Path::new(&target), Precision::Full).unwrap_err()
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    random_checkpoint(small_preset(), 11)
        .save(&path, Precision::Full)
        .unwrap();
    let before = fs::read(&path).unwrap();
    // Files may not grow beyond one block.
    let limit = "ulimit -f 1; trap '' XFSZ";
    let said = run_limited("scarcity::a_full_disk_loses_nothing", limit, &path);
    assert!(said.contains("cannot write the checkpoint"), "{said}");
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a temporary file stays behind"
    );
}

#[test]
fn a_watch_that_the_system_refuses_is_a_sentence() {
    if let Some(target) = child() {
        let files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        assert!(files.len() > 10);
        let (tell, watch) = std::sync::mpsc::channel();
        let folders = vec![target.into()];
        let _watching = Watch::start(folders, move |notice| drop(tell.send(notice))).unwrap();
        match watch.recv_timeout(Duration::from_secs(20)) {
            Ok(Notice::Trouble(sentence)) => println!("{sentence}"),
            other => panic!("{other:?}"),
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "scarcity::a_watch_that_the_system_refuses_is_a_sentence";
    let said = run_limited(name, "ulimit -n 64", folder.path());
    assert!(said.contains("refresh the list by hand"), "{said}");
}
