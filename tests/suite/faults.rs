//! A panic in any thread of the real program: the others go on, or it leaves in order and says why
//! in one sentence. Either way the terminal is given back, and a recording is closed and readable.
//! What becomes of MIDI is tested beside JACK, in `real_audio`.

use std::time::Duration;

use super::devices::Card;
use super::session::Session;
use super::support;

/// The program, playing and recording; `config` are settings beside the usual ones. `None`, and
/// said, where faults can't be asked for.
fn playing(config: &str, card: Option<&Card>) -> Option<(Session, tempfile::TempDir)> {
    if !cfg!(debug_assertions) {
        eprintln!("SKIPPED: a release build has no faults on demand");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let device = if card.is_some() { "" } else { "off" };
    let text = format!("[audio]\ndevice = \"{device}\"\n{config}");
    std::fs::write(&file, text).unwrap();
    let mut session = Session::open_with(|command| {
        command.args(["--config".as_ref(), file.as_os_str()]);
        if let Some(card) = card {
            command.env("ALSA_CONFIG_PATH", &card.config);
        }
    });
    session.until("the first groove", |text| text.contains("A: seed 59"));
    if card.is_some() {
        session.until("the card", |text| text.contains("audio on"));
    }
    session.press("w ");
    session.until("it record", |text| text.contains("rec 0:01"));
    Some((session, folder))
}

/// Where it is, as the header says it.
fn place(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("playing ")?;
    rest.split_whitespace().next().map(str::to_string)
}

/// The music goes on, and so does the screen; then the recording is ended by hand, and the program
/// by its key.
fn goes_on_and_leaves(mut session: Session, takes: &[&str]) {
    for _ in 0..3 {
        let before = place(&session.text());
        session.until("it play on", |text| {
            place(text).is_some_and(|now| Some(now) != before)
        });
    }
    if session.text().contains("rec ") {
        session.press("w");
    }
    session.until("the recording closed", |text| !text.contains("rec "));
    assert_eq!(session.takes(), takes);
    session.press("q");
    let status = session.end();
    assert!(status.success(), "{status:?}");
    session.assert_restored();
}

const ONE_TAKE: [&str; 2] = ["take-001.mid", "take-001.wav"];

#[test]
fn in_a_thread_of_the_engine_the_music_goes_on() {
    for at in ["clock", "midi", "control"] {
        let Some((mut session, _folder)) = playing("", None) else {
            return;
        };
        session.break_at(at, |_| ());
        goes_on_and_leaves(session, &ONE_TAKE);
    }
}

#[test]
fn in_the_audio_callback_the_music_goes_on() {
    let Some(card) = Card::new() else { return };
    let capture = card.capture(Duration::ZERO);
    let Some((mut session, _folder)) = playing("", Some(&card)) else {
        // Or it would wait for somebody to write for ever.
        let _ = std::fs::OpenOptions::new().write(true).open(&card.pipe);
        return;
    };
    session.break_at("audio", |_| ());
    goes_on_and_leaves(session, &ONE_TAKE);
    assert!(!capture.join().unwrap().is_empty());
}

/// What was recorded until then is closed, and the next recording is made.
#[test]
fn in_the_recorder_what_came_before_is_kept() {
    let Some((mut session, _folder)) = playing("", None) else {
        return;
    };
    session.break_at("recorder", |_| ());
    session.until("the reason", |text| {
        text.contains("A fault in the program ended the recording")
    });
    session.until("the end", |text| !text.contains("rec "));
    assert_eq!(session.takes(), ONE_TAKE);
    session.press("w");
    session.until("it record again", |text| text.contains("rec 0:01"));
    let two = [
        "take-001.mid",
        "take-001.wav",
        "take-002.mid",
        "take-002.wav",
    ];
    goes_on_and_leaves(session, &two);
}

#[test]
fn in_the_model_the_next_groove_is_drawn() {
    let Some((mut session, _folder)) = playing("", None) else {
        return;
    };
    session.break_at("inference", |session| session.press("s"));
    session.until("the reason", |text| {
        text.contains("The model could not do that: a fault in the program")
    });
    let seed = |text: &str| {
        let (_, rest) = text.split_once("A: seed ")?;
        rest.split_whitespace().next().map(str::to_string)
    };
    let before = seed(&session.text());
    session.press("s");
    session.until("a groove", |text| {
        seed(text).is_some_and(|it| Some(it) != before)
    });
    goes_on_and_leaves(session, &ONE_TAKE);
}

#[test]
fn in_the_trainer_the_music_goes_on() {
    let corpus = tempfile::tempdir().unwrap();
    support::corpus(corpus.path());
    let config = format!(
        "[training]\ndata = {:?}\nout = {:?}\nbatch = 1\n",
        corpus.path(),
        corpus.path().join("run")
    );
    let Some((mut session, _folder)) = playing(&config, None) else {
        return;
    };
    session.press("r");
    session.until("the form", |text| text.contains("Train a model"));
    session.press("\r");
    session.break_at("trainer", |_| ());
    session.until("the reason", |text| {
        text.contains("Training ended: training ran into an error of this program")
    });
    goes_on_and_leaves(session, &ONE_TAKE);
}

#[test]
fn in_the_watch_of_the_checkpoints_it_is_said() {
    let Some((mut session, _folder)) = playing("", None) else {
        return;
    };
    // The folder is not there, and looked for every two seconds.
    session.break_at("watch", |_| ());
    session.until("the reason", |text| {
        text.contains("new checkpoints will not show by themselves (a fault in the program)")
    });
    goes_on_and_leaves(session, &ONE_TAKE);
}

/// Without a screen or a keyboard nobody could end it: it leaves by itself.
#[test]
fn in_the_screen_or_the_keyboard_it_leaves_in_order() {
    let rows = [
        ("screen", "", "musicvae-tui: a fault in the program"),
        (
            "keys",
            "0",
            "musicvae-tui: the workstation had to end: a fault in the program",
        ),
    ];
    for (at, keys, said) in rows {
        let Some((mut session, _folder)) = playing("", None) else {
            return;
        };
        session.break_at(at, |session| session.press(keys));
        let status = session.end();
        assert_eq!(status.exit_code(), 1, "{status:?}");
        session.assert_restored();
        session.until("the reason", |text| text.contains(said));
        assert_eq!(session.takes(), ONE_TAKE);
    }
}
