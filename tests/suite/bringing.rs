//! Bringing a pattern in: named, dropped, or found in the browser; by the keys and from real files.

use std::fs;
use std::path::{Path, PathBuf};

use musicvae::music::{Groove, Hit, midi_file};
use musicvae_tui::engine::{Command, Request};
use musicvae_tui::studio::{Config, Effect, Event, Opening, Overlay, bring, playing};

use super::workbench::{Workbench, engine, model};

/// A pattern of so many bars whose kicks tell the bars apart: one in the first, two in the second.
fn pattern(bars: usize, qpm: f64) -> Groove {
    let mut groove = Groove {
        qpm,
        ..Groove::empty(16 * bars)
    };
    for bar in 0..bars {
        for beat in 0..=(bar % 8) {
            let hit = Hit::new(0.75, 0.0);
            groove.steps[16 * bar + 2 * beat][0] = Some(hit);
        }
    }
    groove
}

fn write(path: &Path, groove: &Groove) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let bytes = midi_file::encode(&groove.to_note_sequence()).unwrap().bytes;
    fs::write(path, bytes).unwrap();
}

/// A folder of music: one of four bars, one of ten, a folder with a short one, and what is no music.
fn music() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("four.mid"), &pattern(4, 97.0));
    write(&at("long.mid"), &pattern(10, 133.0));
    write(&at("fills/one bar.mid"), &pattern(1, 120.0));
    fs::write(at("broken.mid"), "MThd is not all of it").unwrap();
    fs::write(at("notes.txt"), "no music").unwrap();
    fs::write(at(".hidden.mid"), "no").unwrap();
    folder
}

fn bring_in(bench: &mut Workbench, paths: &[PathBuf]) {
    bench.apply(bring::Action::Bring(paths.to_vec()));
}

/// Kicks in each bar of what is heard.
fn kicks(bench: &Workbench) -> String {
    let groove = bench.studio.groove();
    let bars = groove.steps.chunks(16);
    let count = |bar: &[_]| {
        bar.iter()
            .filter(|step: &&[Option<Hit>; 9]| step[0].is_some())
            .count()
    };
    let counts: Vec<String> = bars.map(|bar| count(bar).to_string()).collect();
    counts.join(" ")
}

fn shows(bench: &Workbench, text: &str) -> bool {
    [(80, 24), (120, 40), (200, 60)]
        .into_iter()
        .all(|(width, height)| {
            let lines = bench.screen(width, height);
            lines.iter().any(|line| line.contains(text))
        })
}

#[test]
fn a_file_becomes_the_groove_an_end_or_a_slot() {
    // Keys after the long file is open; kicks of the bars that are heard, what is said, and what the
    // screen shows then.
    let table = [
        ("", "1 2 3 4", "", "bars 1-4 of 10"),
        ("right", "2 3 4 5", "", "bars 2-5 of 10"),
        ("l l l h", "3 4 5 6", "", "bars 3-6 of 10"),
        ("end", "7 8 1 2", "", "bars 7-10 of 10"),
        ("end home", "1 2 3 4", "", "bars 1-4"),
        ("down", "5 6 7 8", "", "bars 5-8"),
        (
            "right enter",
            "2 3 4 5",
            "long 2-5 is the groove",
            "long 2-5",
        ),
        ("right a", "2 3 4 5", "A is now long 2-5.", "long 2-5"),
        ("right b", "2 3 4 5", "B is now long 2-5.", "long 2-5"),
        (
            "right 3 esc",
            "1 2 3 4",
            "Slot 3 holds long 2-5.",
            "A: seed 1",
        ),
        ("t", "1 2 3 4", "At its own tempo, 133.0.", "133.0"),
        ("esc", "", "", "A: seed 1"),
    ];
    let folder = music();
    for (keys, expected, said, seen) in table {
        let mut bench = Workbench::ready();
        let before = kicks(&bench);
        bring_in(&mut bench, &[folder.path().join("long.mid")]);
        bench.press(keys);
        let left = keys.ends_with("esc");
        assert_eq!(
            kicks(&bench),
            if left { &before } else { expected },
            "{keys}"
        );
        assert!(bench.said().starts_with(said), "{keys}: {}", bench.said());
        assert!(shows(&bench, seen), "{keys}: {:#?}", bench.screen(80, 24));
        // Whatever it became is one step of undo.
        if keys.ends_with("enter") {
            bench.press("u");
            assert_eq!(kicks(&bench), before);
        }
    }
}

#[test]
fn a_file_that_fills_one_window_needs_no_choice() {
    let folder = music();
    let mut bench = Workbench::ready();
    bench.take();
    bring_in(&mut bench, &[folder.path().join("four.mid")]);
    assert_eq!(bench.studio.ground.screen.overlay, None);
    assert_eq!(kicks(&bench), "1 2 3 4");
    assert_eq!(bench.said(), "four is the groove, at its tempo of 97.0.");
    // Nothing ran, so it goes at its own tempo.
    assert!(bench.take().contains(&engine(Command::SetTempo(97.0))));
    // A bar of a loop goes round; what was done to it is said.
    bring_in(&mut bench, &[folder.path().join("fills/one bar.mid")]);
    assert_eq!(kicks(&bench), "1 1 1 1");
    assert_eq!(
        bench.said(),
        "one bar is the groove, at its tempo of 120.0: 1 loop was shorter than a window and repeated to fill it."
    );
}

/// Locks are about what models make: a file comes in as it is.
#[test]
fn a_file_is_not_mixed_with_what_is_locked() {
    let folder = music();
    let mut bench = Workbench::ready();
    bench.press("f"); // the kick, by the key
    bring_in(&mut bench, &[folder.path().join("four.mid")]);
    assert_eq!(kicks(&bench), "1 2 3 4");
}

/// The tempo of a file comes and goes with its groove, until another one is set.
#[test]
fn undo_brings_the_tempo_before_a_file_back() {
    let folder = music();
    let mut bench = Workbench::ready();
    let tempo = |bench: &Workbench| bench.studio.ground.sound.tempo;
    let first = tempo(&bench);
    bring_in(&mut bench, &[folder.path().join("four.mid")]);
    bring_in(&mut bench, &[folder.path().join("long.mid")]);
    bench.press("enter");
    for (key, expected) in [
        ("x", 133.0),
        ("u", 133.0),
        ("u", 97.0),
        ("u", first),
        ("ctrl-r", 97.0),
        ("ctrl-r", 133.0),
        ("u", 97.0),
    ] {
        bench.press(key);
        assert_eq!(tempo(&bench), expected, "{key}: {}", bench.said());
    }
    bench.apply(playing::Action::SetTempo(101.0));
    bench.press("u");
    assert_eq!(tempo(&bench), 101.0, "what was set by hand stays");
}

/// It is the player's own music that gets wilder, as with the qualities, and not the sample before.
#[test]
fn the_temperature_acts_on_what_was_brought_in() {
    let folder = music();
    let mut bench = Workbench::ready();
    bring_in(&mut bench, &[folder.path().join("four.mid")]);
    bench.press("=");
    assert_eq!(bench.studio.ground.scene.a.name, "four");
    assert!(
        bench.said().starts_with("A is now four"),
        "{}",
        bench.said()
    );
    bench.press("u");
    assert_eq!(kicks(&bench), "1 2 3 4");
}

#[test]
fn it_plays_in_time_with_what_runs() {
    let folder = music();
    let mut bench = Workbench::ready();
    let mut status = bench.studio.ground.transport.clone();
    status.playing = true;
    bench.receive(Event::Transport(status));
    bench.take();
    bring_in(&mut bench, &[folder.path().join("long.mid")]);
    let effects = bench.take();
    let Some(Effect::Engine(Request::SetGroove { groove, .. })) = effects.last() else {
        panic!("{effects:?}")
    };
    assert_eq!(groove.qpm, 120.0);
    bench.press("enter");
    assert_eq!(bench.studio.ground.sound.tempo, 120.0);
    assert_eq!(
        bench.said(),
        "long 1-4 is the groove (at 133.0 in the file)."
    );
}

#[test]
fn the_browser_finds_hears_and_opens() {
    let folder = music();
    // Keys in the browser, and what is on the screen then.
    let table = [
        ("", "fills/"),
        ("down", "broken.mid"),
        ("down", "not a playable MIDI file"),
        (
            "down down",
            "four is ready (Space plays): 4 bars, 97.0 in the file.",
        ),
        ("l o n g", "long 1-4 is ready"),
        ("o n e", "fills/one bar.mid"),
        ("b a r space", "one bar plays: 4 bars"),
        ("x y z", "No file has these words."),
        ("x backspace", "four.mid"),
        ("enter", "one bar.mid"),
        ("enter left", "four.mid"),
        ("l o n g enter", "bars 1-4 of 10"),
        ("l o n g enter right esc", "Open a MIDI file"),
        ("esc", "A: seed 1"),
    ];
    for (keys, seen) in table {
        let mut bench = Workbench::ready();
        bring_in(&mut bench, &[folder.path().to_path_buf()]);
        bench.press(keys);
        assert!(
            bench.screen(120, 40).iter().any(|line| line.contains(seen)),
            "{keys}: {:#?}",
            bench.screen(120, 40)
        );
        let lines = bench.screen(120, 40).join("\n");
        assert!(
            !lines.contains("notes.txt") && !lines.contains(".hidden"),
            "{keys}"
        );
    }
}

/// What the model answers meanwhile is heard when the listening ends.
#[test]
fn an_answer_of_the_model_does_not_end_the_listening() {
    let folder = music();
    let mut bench = Workbench::bare();
    bring_in(&mut bench, &[folder.path().join("long.mid")]);
    bench.receive(Event::Loaded(model("fake")));
    assert_eq!(kicks(&bench), "1 2 3 4");
    bench.press("esc");
    assert!(shows(&bench, "A: seed 1"));
    assert_eq!(bench.studio.groove(), &bench.studio.ground.scene.groove);
}

#[test]
fn several_files_come_into_the_library() {
    let folder = music();
    let data = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(data.path());
    let files = ["four.mid", "broken.mid", "long.mid"].map(|name| folder.path().join(name));
    bring_in(&mut bench, &files);
    assert!(matches!(
        bench.studio.ground.screen.overlay,
        Some(Overlay::Library { .. })
    ));
    assert_eq!(bench.said(), "4 grooves were added to the library.");
    let told: Vec<String> = bench
        .studio
        .ground
        .messages
        .iter()
        .map(|message| message.text.clone())
        .collect();
    assert!(
        told.iter().any(|text| text.contains("broken.mid")),
        "{told:?}"
    );
    assert!(shows(&bench, "long 7-10") && shows(&bench, "four"));
    // They are no others the second time.
    bring_in(&mut bench, &files);
    assert_eq!(
        bench.said(),
        "All of these grooves are in the library already."
    );
    drop(bench);
    let mut next = Workbench::over(data.path());
    next.press("ctrl-l end enter");
    assert_eq!(kicks(&next), "1 2 3 4");
}

/// What is named on the command line comes in after the session is there, whose groove it takes the
/// place of.
#[test]
fn what_is_named_on_the_command_line_comes_in() {
    let folder = music();
    let data = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(data.path());
    bench.press("s s");
    bench.studio.end();
    bench.settle();
    drop(bench);
    let with = |name: &str, keep: bool| {
        let mut bench = Workbench::bare();
        let config: &mut Config = &mut bench.studio.ground.config;
        config.session.folder = if keep {
            data.path().into()
        } else {
            "off".into()
        };
        bench.archive = Some(musicvae_tui::studio::Archive::of(
            data.path().into(),
            config.clone(),
        ));
        bench.begin(Opening {
            files: vec![folder.path().join(name)],
            ..Opening::default()
        });
        bench
    };
    let mut bench = with("four.mid", true);
    assert_eq!(kicks(&bench), "1 2 3 4");
    bench.press("u");
    assert!(shows(&bench, "A: seed 4"));
    drop(bench);
    assert_eq!(kicks(&with("four.mid", false)), "1 2 3 4");
    assert!(shows(&with("long.mid", true), "bars 1-4 of 10"));
    let broken = with("broken.mid", true);
    assert!(broken.said().contains("broken.mid"), "{}", broken.said());
    // A folder opens the browser.
    assert!(shows(&with("fills", true), "one bar.mid"));
}
