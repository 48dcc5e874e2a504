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
    session.until("the help", |text| text.contains("sample a new groove"));
    session.press("q");
    session.until("the help closed", |text| {
        !text.contains("sample a new groove")
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
    session.until("the help", |text| text.contains("sample a new groove"));
    session.press("\x1a");
    session.until("the shell", |text| text.contains("away"));
    session.assert_restored();
    session.press("\n");
    session.until("the help again", |text| {
        text.contains("sample a new groove")
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

/// A path that is dropped onto the window is brought in; while something is typed it is typed.
#[test]
fn a_dropped_path_is_brought_in() {
    let mut session = Session::open();
    session.until("the first groove", |text| text.contains("A: seed 59"));
    let file = session.folder.path().join("my beat.mid");
    let mut groove = musicvae::music::Groove::empty(64);
    groove.steps[0][0] = Some(musicvae::music::Hit::new(1.0, 0.0));
    let bytes = musicvae::music::midi_file::encode(&groove.to_note_sequence());
    std::fs::write(&file, bytes.unwrap().bytes).unwrap();
    let dropped = file.display().to_string().replace(' ', "\\ ");
    session.press(&format!("\u{1b}[200~{dropped}\u{1b}[201~"));
    session.until("the beat", |text| text.contains("my beat is the groove"));
    session.press("g");
    session.press("\u{1b}[200~97\u{1b}[201~\r");
    session.until("the tempo", |text| text.contains("97.0"));
}

/// Killed at any moment, it is back as it was a second ago at most, and every file is whole.
/// `MUSICVAE_TUI_KILLS` is how often it is killed; a few times in the short form.
#[cfg(unix)]
#[test]
fn killed_at_any_moment_it_loses_a_second_at_most() {
    let kills = std::env::var("MUSICVAE_TUI_KILLS").ok();
    let kills: u64 = kills.map_or(3, |kills| kills.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    let open = || {
        Session::open_with(|command| {
            command.env("XDG_DATA_HOME", home.path());
        })
    };
    let data = home.path().join("musicvae-tui");
    // The seed on the screen counts the samples.
    let seed = |text: &str| {
        let (_, rest) = text.split_once("A: seed ")?;
        let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse::<u64>().ok()
    };
    let mut at_least = 59;
    for kill in 0..kills {
        let mut session = open();
        session.until("the session", |text| {
            seed(text).is_some_and(|seed| seed >= at_least)
        });
        // Samples, a second apart from the last ones, and then some more of which some may be lost.
        let before = seed(&session.text()).unwrap();
        session.press("s");
        session.until("a sample", |text| {
            seed(text).is_some_and(|seed| seed > before)
        });
        at_least = seed(&session.text()).unwrap();
        // By pieces: while the machine stands still, it does so for both.
        for _ in 0..50 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        session.press(" sss");
        let moment = (kill * 7919) % 700;
        std::thread::sleep(std::time::Duration::from_millis(moment));
        session.signal("KILL");
        session.end();
        for file in std::fs::read_dir(data.join("sessions")).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            if name.ends_with(".json") {
                let text = std::fs::read_to_string(file.path()).unwrap();
                assert!(
                    musicvae_tui::studio::session::decode(&text).is_ok(),
                    "{name}"
                );
            }
            assert!(!name.contains("broken"), "{name}");
        }
    }
    let session = open();
    session.until("the session", |text| {
        seed(text).is_some_and(|seed| seed >= at_least)
    });
}
