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
    for signal in ["TERM", "INT", "HUP", "q"] {
        let mut session = Session::open();
        session.until("the first groove", |text| text.contains("A: seed 59"));
        session.press(" w");
        session.until("it record", |text| text.contains("rec 0:0"));
        if signal == "q" {
            session.press("q");
        } else {
            session.signal(signal);
        }
        session.end();
        session.assert_restored();
        let names = session.takes();
        assert_eq!(names.last().unwrap(), "take-001.wav", "{signal}: {names:?}");
    }
}
