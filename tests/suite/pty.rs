//! The real program in a pseudo-terminal.

use super::session::Session;

#[test]
fn it_opens_plays_samples_slides_and_leaves() {
    let mut session = Session::open();
    session.until("the first groove", |text| text.contains("A: seed 59"));
    assert!(session.text().contains("Checkpoints") && session.text().contains("stopped"));
    session.press(" ");
    session.until("it play", |text| text.contains("playing"));
    session.until("the playhead move on", |text| text.contains("playing 1:2"));
    session.press("s");
    session.until("a sample", |text| text.contains("A: seed 61"));
    session.press("]]");
    session.until("the slider", |text| {
        text.contains("10% from seed 61 to seed 60")
    });
    session.press("?");
    session.until("the help", |text| {
        text.contains("a new groove from the model")
    });
    session.press("q");
    session.until("the help closed", |text| {
        !text.contains("a new groove from the model")
    });
    session.press("q");
    let status = session.end();
    assert!(status.success(), "{status:?}");
    session.assert_restored();
}

/// Ctrl-Z gives the terminal to the shell; `fg` brings back the whole screen and the music.
#[cfg(unix)]
#[test]
fn it_makes_room_for_the_shell_and_comes_back() {
    let mut session = Session::open_with(|command| {
        let script = r#"set -m; "$@"; echo away; read line; fg"#;
        let shell = ["sh", "-c", script, "sh"].map(Into::into);
        command.get_argv_mut().splice(0..0, shell);
    });
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.press(" ");
    session.until("it play", |text| text.contains("playing 1:2"));
    // Whatever is open.
    session.press("?");
    session.until("the help", |text| {
        text.contains("a new groove from the model")
    });
    session.press("\x1a");
    session.until("the shell", |text| text.contains("away"));
    session.assert_restored();
    session.press("\n");
    session.until("the help again", |text| {
        text.contains("a new groove from the model")
    });
    session.press("q");
    session.until("the whole screen", |text| text.contains("Checkpoints"));
    session.until("the music go on", |text| text.contains("playing"));
    session.press("s");
    session.until("a sample", |text| text.contains("A: seed 61"));
    session.press("q");
    let status = session.end();
    assert!(status.success(), "{status:?}");
    session.assert_restored();
}

/// Where there is no shell to come back from, Ctrl-Z stops nothing.
#[cfg(unix)]
#[test]
fn it_plays_on_where_no_shell_could_bring_it_back() {
    let mut session = Session::open();
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.press("\x1a");
    session.press("s");
    session.until("a sample", |text| text.contains("A: seed 61"));
}

#[cfg(unix)]
#[test]
fn it_gives_the_terminal_back_when_told_to_end() {
    let mut session = Session::open();
    session.until("the first groove", |text| text.contains("A: seed 59"));
    session.press(" ");
    session.until("it play", |text| text.contains("playing"));
    session.signal("TERM");
    session.end();
    session.assert_restored();
}

/// Whatever asks the program to end: the recording is closed and whole.
#[cfg(unix)]
#[test]
fn it_closes_its_recording_when_told_to_end() {
    for (signal, code) in [
        ("TERM", 143),
        ("INT", 130),
        ("HUP", 129),
        ("QUIT", 131),
        ("q", 0),
    ] {
        let mut session = Session::open();
        session.until("the first groove", |text| text.contains("A: seed 59"));
        session.press(" w");
        session.until("it record", |text| text.contains("rec 0:0"));
        if signal == "q" {
            session.press("q");
        } else {
            session.signal(signal);
        }
        let status = session.end();
        assert_eq!(status.exit_code(), code, "{signal}: {status:?}");
        session.assert_restored();
        let names = session.takes();
        assert_eq!(names.last().unwrap(), "take-001.wav", "{signal}: {names:?}");
    }
}
