//! What is there again next time: sessions and the library, by the keys and on a real disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event as TerminalEvent;
use musicvae_tui::engine::{Command, Request};
use musicvae_tui::studio::chain::Slot;
use musicvae_tui::studio::session::{decode, encode};
use musicvae_tui::studio::{Archive, Config, Effect, Event, Opening, Pane, Snapshot, Source};

use super::workbench::{Workbench, engine, entry, model};

impl Workbench {
    /// Presses keys and lets time pass: a word `@400` is so many milliseconds, `play` and `stop` what
    /// the engine says it does, `paste:` drops a path, `click:` presses the mouse on a text (`_` for a space).
    pub fn script(&mut self, script: &str) {
        for word in script.split_whitespace() {
            if let Some(time) = word.strip_prefix('@').filter(|it| !it.is_empty()) {
                for _ in 0..time.parse::<u64>().unwrap() / 50 {
                    let now = self.studio.ground.now + Duration::from_millis(50);
                    self.receive(Event::Tick(now));
                }
            } else if word == "play" || word == "stop" {
                let mut status = self.studio.ground.transport.clone();
                status.playing = word == "play";
                self.receive(Event::Transport(status));
            } else if let Some(path) = word.strip_prefix("paste:") {
                self.receive_terminal(TerminalEvent::Paste(path.into()));
            } else if let Some(text) = word.strip_prefix("click:") {
                let at = self.find(&text.replace('_', " "));
                self.click(at);
            } else {
                self.press(word);
            }
        }
    }

    /// Leaves as the program does.
    fn leave(mut self) {
        self.studio.end();
        self.settle();
    }

    fn shows(&self, text: &str) -> bool {
        let lines = self.screen(120, 40);
        lines.iter().any(|line| line.contains(text))
    }

    fn slots(&self) -> String {
        let slots = self.studio.ground.scene.slots.all[..3].iter();
        let name =
            |slot: &Option<Arc<Slot>>| slot.as_ref().map_or("-".into(), |it| it.name.clone());
        slots.map(name).collect::<Vec<String>>().join(",")
    }
}

/// All of a session but what the model makes anew.
fn plain(bench: &Workbench) -> Snapshot {
    decode(&encode(&bench.studio.ground.snapshot())).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    names.sort();
    names
}

/// Keys, and what is on the screen when the program was ended in the hardest way and begun again.
#[test]
fn a_session_is_there_again_as_it_was() {
    let table = [
        ("a sample", "s @400", "A: seed 3"),
        ("an edit", "enter @400", "edited by hand"),
        ("the slider", "] ] @400", "10% from seed 1 to seed 2"),
        ("an end", "} s @400", "B: seed 3"),
        ("temperature", "= @400", "0.55"),
        ("tempo", "> > @400", "122.0"),
        ("a mute", "m @400", "A: seed 1"),
        ("a slot", "C s q @400", "A: seed 1"),
        ("a chain", "C s c 1 x 3 enter q @400", "A: seed 1"),
        ("a quality", "* @400", "A: seed 1"),
        ("undo", "s s u @400", "A: seed 3"),
        ("redo", "s s u @400 ctrl-r @400", "A: seed 4"),
        ("the cursor", "j j l l @400", "CHat"),
        ("a pane", "2 s @400", "A: seed 3"),
        ("bars", "6 @400", "A: seed 1"),
        ("a pad", "f12 ] ] c ] ] ] esc @400", "15% right, 100% down"),
        ("its other corner", "f12 s d home u pageup q @400", "seed"),
        ("a sweep", "2 m pageup ~ @400", "A: seed 1"),
        ("fills", ": f i l l - s t e p s enter @400", "fills are on"),
        ("zoom", "z z @400", "A: seed 1"),
    ];
    for (what, keys, seen) in table {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Workbench::over(folder.path());
        bench.script(keys);
        let before = plain(&bench);
        // As by kill -9: nothing is said to it. The lock goes with the process.
        drop(bench);
        let mut next = Workbench::over(folder.path());
        assert_eq!(plain(&next), before, "{what}");
        assert!(next.shows(seen), "{what}: {:#?}", next.screen(120, 40));
        // What was undone can be undone and redone on.
        next.script("@400");
        assert_eq!(plain(&next), before, "{what}: it changes by itself");
    }
}

#[test]
fn a_run_can_go_on_another_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.script("r b e a t s enter @400");
    assert!(bench.studio.training.is_alive());
    drop(bench);
    let mut next = Workbench::over(folder.path());
    next.script("r");
    assert!(next.shows("beats"), "{:#?}", next.screen(120, 40));
    // What the configuration says since then is newer.
    drop(next);
    let mut next = Workbench::bare();
    let config = &mut next.studio.ground.config;
    config.training.steps = 7;
    config.session.folder = folder.path().into();
    next.archive = Some(Archive::of(folder.path().into(), config.clone()));
    next.begin(Opening::default());
    next.script("r");
    assert!(!next.shows("beats"));
}

/// Theme, layout and pins are the player's, and not a session's.
#[test]
fn what_is_set_up_once_is_there_in_every_session() {
    let folder = tempfile::tempdir().unwrap();
    let entries = || Event::Catalogue(vec![entry("first"), entry("second")], Vec::new());
    let mut bench = Workbench::over(folder.path());
    bench.receive(entries());
    bench.script("4 down f f3 f6 1 f8 ctrl-t _ @100");
    let before = bench.studio.ground.screen.clone();
    assert!(before.arrangement.full && before.theme != "auto");
    drop(bench);

    let mut next = Workbench::over(folder.path());
    next.receive(entries());
    let screen = &next.studio.ground.screen;
    assert_eq!(screen.theme, before.theme);
    // One pane alone is for a moment.
    assert_eq!(screen.arrangement, before.arrangement.together());
    assert!(!screen.arrangement.shows(Pane::Loss));
    let rows = next.studio.checkpoints.rows(&next.studio.ground);
    assert_eq!(rows[0].name, "second", "the pin");
    next.script("ctrl-n t w o enter @400");
    assert_eq!(next.studio.ground.screen.theme, before.theme);
    drop(next);

    // What the configuration says since then is newer; the layout stays.
    let started = |theme: &str| {
        let mut next = Workbench::bare();
        let config = &mut next.studio.ground.config;
        config.screen.theme = theme.into();
        config.session.folder = folder.path().into();
        next.archive = Some(Archive::of(folder.path().into(), config.clone()));
        next.studio.ground.screen.theme = theme.into();
        next.begin(Opening::default());
        next.script("@100");
        next.studio.ground.screen.theme.clone()
    };
    assert_eq!(started("red-green"), "red-green");
    assert_eq!(started("auto"), before.theme, "it was only for once");

    // A file that makes no sense is kept aside.
    let path = folder.path().join("habits.json");
    fs::write(&path, "{\"pins\": 3}").unwrap();
    let next = Workbench::over(folder.path());
    let said: Vec<String> = (next.studio.ground.messages.iter())
        .map(|message| message.text.clone())
        .collect();
    assert!(
        said.iter().any(|it| it.contains("habits.json: the layout")),
        "{said:#?}"
    );
    assert!(path.with_extension("json.broken-1").exists());
    assert_eq!(next.studio.ground.screen.theme, "auto");
}

#[test]
fn undo_reaches_back_over_the_end_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.script("s enter C s delete q");
    let after = plain(&bench);
    bench.leave();
    let mut next = Workbench::over(folder.path());
    assert_eq!(next.slots(), "-,-,-");
    next.script("u");
    assert_eq!(next.slots(), "edited,-,-");
    next.script("u u u");
    assert!(next.shows("A: seed 1"), "{:#?}", next.screen(120, 40));
    next.script("ctrl-r ctrl-r ctrl-r ctrl-r");
    assert_eq!(plain(&next).scene, after.scene);
}

#[test]
fn what_can_only_be_lost_by_a_slip_is_undone() {
    // Keys, the slots after them, and after one `u`.
    let table = [
        ("C s q s C s", "seed 3,-,-", "seed 1,-,-"),
        ("C s delete", "-,-,-", "seed 1,-,-"),
        ("C s j s k delete", "-,seed 1,-", "seed 1,seed 1,-"),
    ];
    for (keys, after, undone) in table {
        let mut bench = Workbench::ready();
        bench.press(keys);
        assert_eq!(bench.slots(), after, "{keys}");
        bench.press("u");
        assert_eq!(bench.slots(), undone, "{keys} u");
        bench.press("ctrl-r");
        assert_eq!(bench.slots(), after, "{keys} u ctrl-r");
    }
    // A chain that plays goes on with the slots as they were.
    let mut bench = Workbench::ready();
    bench.press("C s j s x delete");
    bench.take();
    bench.press("u");
    let [Effect::Engine(Request::SetChain { links, .. })] = &bench.take()[..] else {
        panic!("the chain has another slot")
    };
    assert_eq!(links.len(), 2);
    assert!(bench.studio.ground.chain.is_some());
}

#[test]
fn it_is_written_within_a_second_and_only_when_something_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    let kept = |bench: &mut Workbench| {
        let effects = bench.take().into_iter();
        effects
            .filter(|effect| format!("{effect:?}").starts_with("Keep(Session("))
            .count()
    };
    bench.take();
    bench.script("@5000 ? esc @1000");
    assert_eq!(kept(&mut bench), 0, "a look at the help is nothing to keep");
    assert!(files(&folder.path().join("sessions")).is_empty());
    bench.script("s @400");
    assert_eq!(kept(&mut bench), 1);
    bench.script("@1000 @1000");
    assert_eq!(kept(&mut bench), 0);
    // While a knob is turned: some two times a second.
    for _ in 0..20 {
        bench.script("= @100");
    }
    assert!((4..=6).contains(&kept(&mut bench)));
}

#[test]
fn two_workstations_at_once_both_keep_their_slots() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Workbench::over(folder.path());
    let mut second = Workbench::over(folder.path());
    assert_eq!(
        second.said(),
        "The session session is open in another workstation: this is a new one, session-2."
    );
    first.script("C s @400");
    second.script("C j s @400");
    second.leave();
    first.leave();
    let sessions = folder.path().join("sessions");
    assert_eq!(files(&sessions), ["session-2.json", "session.json"]);
    for (name, slots) in [("session", "seed 1,-,-"), ("session-2", "-,seed 1,-")] {
        let text = fs::read_to_string(sessions.join(format!("{name}.json"))).unwrap();
        let mut bench = Workbench::ready();
        let snapshot = decode(&text).unwrap();
        bench.studio.ground.restore(snapshot, true);
        assert_eq!(bench.slots(), slots, "{name}");
    }
}

#[test]
fn sessions_have_names() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions");
    let mut bench = Workbench::over(folder.path());
    bench.script("s @400 ctrl-s f u n k y enter");
    assert_eq!(bench.said(), "This session is now funky.");
    bench.script("s @400");
    assert_eq!(files(&sessions), ["funky.json", "session.json"]);
    // A new one begins from nothing.
    bench.script("> ctrl-n b l u e s enter");
    assert_eq!(bench.said(), "A new session: blues.");
    assert!(bench.shows("A: seed 1") && bench.shows("120.0"));
    assert!(bench.studio.ground.undo.past().is_empty());
    bench.script("s s s @400");
    // A name that is taken is refused, and nothing is lost.
    bench.script("ctrl-n f u n k y enter");
    assert_eq!(
        bench.said(),
        "There is a session funky already: choose another name."
    );
    bench.script("ctrl-n . . / x enter");
    assert!(
        bench.said().contains("is no name for a session"),
        "{}",
        bench.said()
    );
    // What was typed stays, to be mended.
    assert!(bench.shows("../x"));
    bench.press("esc");
    assert!(bench.shows("A: seed 5"));
    // The one that was left is there again as it was.
    bench.receive(Event::Tick(bench.studio.ground.now));
    bench.apply(musicvae_tui::studio::session::Action::OpenSession(
        "funky".into(),
    ));
    assert_eq!(bench.said(), "Session funky is back.");
    assert!(bench.shows("A: seed 4"));
    // And the last one is the one that opens next time.
    bench.script("s @400");
    bench.leave();
    let next = Workbench::over(folder.path());
    assert!(next.shows("A: seed 5"));
    assert_eq!(next.studio.session.name.as_deref(), Some("funky"));
}

#[test]
fn what_cannot_be_read_is_kept_aside_and_said() {
    let good = encode(&Workbench::ready().studio.ground.snapshot());
    let later = good.replacen("\"version\":1", "\"version\":2", 1);
    for (text, reason) in [
        ("", "EOF"),
        (&good[..good.len() / 2], "EOF"),
        ("{\"version\":1}", "missing field"),
        (&later, "a later version of this program wrote it"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let sessions = folder.path().join("sessions");
        fs::create_dir(&sessions).unwrap();
        fs::write(sessions.join("session.json"), text).unwrap();
        let mut bench = Workbench::over(folder.path());
        let said = bench.said();
        assert!(
            said.contains("session.json can't be read") && said.contains(reason),
            "{said}"
        );
        assert!(
            said.contains("It is kept as") && said.lines().count() == 1,
            "{said}"
        );
        bench.script("s @400");
        assert_eq!(files(&sessions), ["session.json", "session.json.broken-1"]);
        let aside = fs::read_to_string(sessions.join("session.json.broken-1")).unwrap();
        assert_eq!(aside, text);
    }
}

/// The slots that version 0.1.0 kept in a file of their own come into the first session; a broken file
/// is kept aside.
#[test]
fn the_slots_of_version_0_1_0_are_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("chain.json");
    let text = r#"{"slots":[null,{"name":"old","qpm":120.0,"meter":[4,4],"steps":16,
        "hits":[[0,0,1.0,0.0]]}],"chain":"2x2"}"#;
    fs::write(&old, text).unwrap();
    let bench = Workbench::over(folder.path());
    assert_eq!(bench.slots(), "-,old,-");
    assert!(bench.shows("A: seed 1"));
    assert_eq!(fs::read_to_string(&old).unwrap(), text);
    drop(bench);
    fs::write(&old, &text[..40]).unwrap();
    let mut bench = Workbench::over(folder.path());
    assert!(
        bench.said().contains("chain.json: the slots can't be read"),
        "{}",
        bench.said()
    );
    bench.script("C s @400");
    assert_eq!(files(folder.path()), ["chain.json.broken-1", "sessions"]);
}

/// Whatever happened to a file, it is read or refused; nothing panics, and what was read can be
/// played, undone and kept.
#[test]
fn a_damaged_session_is_read_or_refused() {
    let mut bench = Workbench::ready();
    bench.press("s enter C s j s q ] * b");
    let good = encode(&bench.studio.ground.snapshot()).into_bytes();
    let mut read = 0;
    for number in 0..400_usize {
        let mut bytes = good.clone();
        let at = number * 7919 % bytes.len();
        match number % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (number % 7),
            _ => bytes[at] = b"0123456789-.,"[number % 13],
        }
        let Ok(snapshot) = decode(&String::from_utf8_lossy(&bytes)) else {
            continue;
        };
        read += 1;
        let mut bench = Workbench::ready();
        bench.studio.ground.restore(snapshot, true);
        bench.settle();
        bench.press("u u ctrl-r [ s C x x q X");
        bench.screen(80, 24);
        plain(&bench);
    }
    assert!(read > 20, "{read}");
}

/// At a start the built-in model comes when that of the session is asked for already. The ends are not of
/// its latent space, so it only counts if the other one can't be had.
#[test]
fn a_model_that_comes_when_another_is_wanted_waits() {
    let mut bench = Workbench::ready();
    let wanted = model("wanted").source;
    let name = |bench: &Workbench| bench.studio.ground.model.as_ref().map(|it| it.name.clone());
    for (comes, expected) in [(true, "wanted"), (false, "late")] {
        let before = name(&bench);
        bench.studio.ground.loading = Some(wanted.clone());
        bench.studio.receive(Event::Loaded(model("late")));
        assert_eq!(name(&bench), before);
        match comes {
            true => bench.studio.receive(Event::Loaded(model("wanted"))),
            false => bench.studio.receive(Event::LoadFailed {
                source: wanted.clone(),
                reason: "wanted: no such file.".into(),
            }),
        }
        bench.settle();
        assert_eq!(name(&bench).as_deref(), Some(expected));
        assert_eq!(bench.studio.ground.loading, None);
    }
}

#[test]
fn a_session_brings_its_checkpoint_back_unless_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.receive(Event::Loaded(model("other")));
    bench.script("s @400");
    bench.leave();
    let loads = |bench: &mut Workbench| {
        let effects = bench.take().into_iter();
        let loads = effects.filter_map(|effect| match effect {
            Effect::LoadCheckpoint(source) => Some(source),
            _ => None,
        });
        loads.collect::<Vec<_>>()
    };
    let mut next = Workbench::bare();
    next.archive = Some(Archive::of(folder.path().into(), Config::default()));
    next.studio.ground.config.session.folder = folder.path().into();
    next.studio.begin(Opening::default());
    next.settle();
    let asked = loads(&mut next);
    let Some(source @ Source::File(path)) = asked.last() else {
        panic!("{asked:?}")
    };
    assert!(path.ends_with("other.safetensors"));
    // It is gone: what was heard stays, and the built-in one is there to go on with.
    let heard = next.studio.groove().clone();
    next.receive(Event::LoadFailed {
        source: source.clone(),
        reason: "other: no such file.".into(),
    });
    assert!(matches!(loads(&mut next)[..], [Source::Embedded(_)]));
    next.receive(Event::Loaded(model("fake")));
    assert_eq!(next.studio.groove(), &heard);
    drop(next);
    // One that was named on the command line stays.
    let mut next = Workbench::bare();
    next.archive = Some(Archive::of(folder.path().into(), Config::default()));
    next.studio.ground.config.session.folder = folder.path().into();
    next.take();
    next.begin(Opening {
        checkpoint_is_named: true,
        ..Opening::default()
    });
    assert!(loads(&mut next).is_empty());
}

#[test]
fn the_engine_is_told_all_that_a_session_had() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.script("> ) m 6 @400");
    bench.leave();
    let mut next = Workbench::over(folder.path());
    let effects = next.take();
    for wanted in [
        engine(Command::SetTempo(121.0)),
        engine(Command::SetSwing(0.51)),
    ] {
        assert!(effects.contains(&wanted), "{wanted:?}");
    }
    let muted = |effect: &Effect| {
        matches!(
            effect,
            Effect::Engine(Request::Command(Command::SetLane { mute: true, .. }))
        )
    };
    assert!(effects.iter().any(muted));
    assert_eq!(next.studio.ground.screen.pane, Pane::Grid);
}

// The library.

fn library_of(bench: &Workbench) -> Vec<String> {
    let rows = &bench.studio.library.rows;
    (0..rows.found())
        .filter_map(|line| rows.line(line))
        .map(|row| row.name().to_string())
        .collect()
}

#[test]
fn what_sounded_for_a_while_is_in_the_library_and_there_tomorrow() {
    // Keys and time, and the names in the library, the latest first.
    let table: [(&str, &[&str]); 8] = [
        ("s @600", &[]),
        ("play @100 @600", &["seed 1"]),
        ("play @100 @600 s @100 @600", &["seed 3", "seed 1"]),
        ("play s @100 s @100 s @100 @600", &["seed 5"]),
        (
            "play @100 @600 s @100 @600 u @100 @600",
            &["seed 3", "seed 1"],
        ),
        ("play @100 @600 enter @100 @600", &["edited", "seed 1"]),
        ("ctrl-f", &["seed 1"]),
        (
            "play @600 delete @600 j delete @600 j delete @600",
            &["edited", "edited", "seed 1"],
        ),
    ];
    for (script, names) in table {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Workbench::over(folder.path());
        bench.script(script);
        let heard = library_of(&bench);
        assert_eq!(
            heard.last().map(String::as_str),
            names.last().copied(),
            "{script}"
        );
        assert!(heard.len() >= names.len(), "{script}: {heard:?}");
        drop(bench);
        let next = Workbench::over(folder.path());
        assert_eq!(library_of(&next), heard, "{script}");
    }
}

/// A library of three grooves: seed 5, seed 4 and seed 3, the latest first.
fn stocked(folder: &Path) -> Workbench {
    let mut bench = Workbench::over(folder);
    bench.script("s play @100 @600 s @100 @600 s @100 @600");
    assert_eq!(library_of(&bench), ["seed 5", "seed 4", "seed 3"]);
    bench
}

#[test]
fn grooves_are_found_marked_heard_and_taken() {
    // Keys, then what is on the screen.
    let table = [
        ("ctrl-l", "Library: 3 grooves"),
        ("ctrl-l j", "- seed 4, not taken yet"),
        ("ctrl-l j f", "♥"),
        ("ctrl-l 3", "★★★"),
        (
            "ctrl-l j n backspace backspace backspace backspace backspace backspace f i l l enter",
            "fill",
        ),
        ("ctrl-l t l i v e space b e a t enter", "live beat"),
        ("ctrl-l / 4", "Library: 1 of 3"),
        ("ctrl-l / 9", "No groove has these words."),
        ("ctrl-l / 4 esc", "Library: 3 grooves"),
        ("ctrl-l / 4 enter j", "/4"),
        ("ctrl-l j f F", "Library: 1 of 3 (favourites)"),
        ("ctrl-l n esc", "Library: 3 grooves"),
        ("ctrl-l j q", "A: seed 5"),
        ("ctrl-l j enter", "A: seed 4"),
        ("ctrl-l j b", "B: seed 4"),
        ("ctrl-l end enter", "A: seed 3"),
        ("ctrl-f ctrl-l", "♥"),
    ];
    for (keys, seen) in table {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = stocked(folder.path());
        bench.script(keys);
        assert!(bench.shows(seen), "{keys}: {:#?}", bench.screen(120, 40));
        // And tomorrow the marks are the same.
        let marks = |bench: &Workbench| {
            let rows = &bench.studio.library.rows;
            let all = (0..rows.found()).filter_map(|line| rows.line(line));
            all.map(|row| row.marks.clone()).collect::<Vec<_>>()
        };
        let before = marks(&bench);
        drop(bench);
        let next = Workbench::over(folder.path());
        // (What is listed may be some of them only.)
        let after = marks(&next);
        let kept = before.iter().all(|marks| after.contains(marks));
        assert!(kept, "{keys}: {before:?} {after:?}");
    }
}

#[test]
fn listening_in_the_library_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = stocked(folder.path());
    let (scene, groove) = (
        bench.studio.ground.scene.clone(),
        bench.studio.groove().clone(),
    );
    bench.script("ctrl-l j");
    assert_ne!(bench.studio.groove(), &groove);
    bench.take();
    bench.script("q");
    assert_eq!(bench.studio.ground.scene, scene);
    assert_eq!(bench.studio.groove(), &groove);
    assert!(matches!(
        bench.take()[..],
        [Effect::Engine(Request::SetGroove { .. })]
    ));
    // What was taken is one step of undo, and can be morphed at once.
    bench.script("ctrl-l home j enter");
    assert_eq!(bench.studio.ground.scene.seed, 4);
    bench.script("u");
    assert_eq!(bench.studio.groove(), &groove);
}

#[test]
fn damaged_lines_of_the_library_are_passed_over_and_said() {
    let folder = tempfile::tempdir().unwrap();
    drop(stocked(folder.path()));
    let path: PathBuf = folder.path().join("library.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let damaged = format!(
        "{}\n{{\"heard\":1\n\n{}\n{}",
        lines[0],
        lines[1],
        &lines[2][..99]
    );
    fs::write(&path, &damaged).unwrap();
    let mut bench = Workbench::over(folder.path());
    assert_eq!(library_of(&bench), ["seed 4", "seed 3"]);
    let messages = bench.studio.ground.messages.iter();
    let said = messages.filter(|message| message.text.contains("2 lines can't be read"));
    assert_eq!(said.count(), 1);
    // What comes now begins on a line of its own, and the damage stays for whoever wants to mend it.
    bench.script("ctrl-f ctrl-l end enter");
    assert!(bench.shows("A: seed 3"));
    assert!(fs::read_to_string(&path).unwrap().starts_with(&damaged));
    drop(bench);
    assert_eq!(library_of(&Workbench::over(folder.path())).len(), 3);
}

#[test]
fn nothing_is_kept_where_that_is_said() {
    let mut bench = Workbench::ready();
    bench.studio.ground.config.session.folder = "off".into();
    bench.script("ctrl-s x enter");
    assert_eq!(
        bench.said(),
        "Nothing is saved: `folder` in [session] is off."
    );
}
