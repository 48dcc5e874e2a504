//! Drum maps, from the shell and on the screen.

use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use musicvae::music::Lane;
use musicvae_tui::engine::{self, ClockOut, DrumMap, DrumMaps, MidiSetting, Request};
use musicvae_tui::studio::{Config, Effect, Event, Kind, MidiState, Overlay, Question, Workers};

use super::workbench::{self, Workbench};

fn note(bench: &Workbench, lane: Lane) -> Option<(u8, u8)> {
    let voice = bench.studio.drum_machine.map.voice(lane)?;
    Some((voice.note, voice.channel))
}

/// The maps that the engine was given.
fn maps(effects: &[Effect]) -> Vec<DrumMap> {
    let map = |effect: &Effect| match effect {
        Effect::Engine(Request::Midi(MidiSetting::DrumMap(map))) => Some((**map).clone()),
        _ => None,
    };
    effects.iter().filter_map(map).collect()
}

#[test]
fn notes_and_channels_are_edited_in_the_mixer() {
    let mut bench = Workbench::ready();
    bench.press("f9 down");
    bench.take();
    bench.press("] ] } {");
    assert_eq!(note(&bench, Lane::Snare), Some((40, 10)));
    let told: Vec<_> = maps(&bench.take())
        .iter()
        .map(|map| map.voice(Lane::Snare).map(|it| (it.note, it.channel)))
        .collect();
    assert_eq!(told, [(39, 10), (40, 10), (40, 11), (40, 10)].map(Some));
    let lines = bench.screen(100, 30);
    assert!(
        lines.iter().any(|line| line.contains(" 40 ch 10")),
        "{lines:#?}"
    );
    // A channel ends at 1, and a lane without a voice sends nothing.
    bench.press(&"{ ".repeat(20));
    assert_eq!(note(&bench, Lane::Snare), Some((40, 1)));
    bench.studio.drum_machine.map.lanes[1] = None;
    bench.press("]");
    assert_eq!(bench.said(), "The lane has no voice on this machine.");
}

#[test]
fn notes_and_channels_are_edited_heard_and_undone() {
    let mut bench = Workbench::ready();
    bench.press("E down");
    bench.take();
    // The snare: one up, an octave down, typed, and on a channel of its own.
    bench.press("=");
    assert_eq!(note(&bench, Lane::Snare), Some((39, 10)));
    bench.press("pagedown");
    assert_eq!(note(&bench, Lane::Snare), Some((27, 10)));
    bench.press("4 0");
    assert_eq!(note(&bench, Lane::Snare), Some((40, 10)));
    // A third digit would be too much, so it begins anew.
    bench.press("2");
    assert_eq!(note(&bench, Lane::Snare), Some((2, 10)));
    bench.press("tab 1 6 space");
    assert_eq!(note(&bench, Lane::Snare), Some((2, 16)));
    let effects = bench.take();
    let struck = workbench::engine(engine::Command::Strike {
        lane: Lane::Snare,
        velocity: 100.0 / 127.0,
    });
    assert_eq!(effects.last(), Some(&struck));
    let heard = maps(&effects);
    assert_eq!(
        heard.last(),
        Some(&bench.studio.drum_machine.map),
        "heard at once"
    );
    // Typing one number is one step back.
    bench.press("u");
    assert_eq!(note(&bench, Lane::Snare), Some((2, 10)));
    bench.press("u u u");
    assert_eq!(note(&bench, Lane::Snare), Some((39, 10)));
    bench.press("u u");
    assert_eq!(bench.said(), "Nothing to undo.");
    assert_eq!(bench.studio.drum_machine.map, DrumMap::general_midi());
    bench.press("ctrl-r ctrl-r");
    assert_eq!(note(&bench, Lane::Snare), Some((27, 10)));
    // Numbers stay in their ranges.
    bench.press("left pagedown pagedown pagedown right 0 -");
    assert_eq!(note(&bench, Lane::Snare), Some((0, 9)));
    for _ in 0..12 {
        bench.press("-");
    }
    assert_eq!(note(&bench, Lane::Snare), Some((0, 1)));
    // A lane can be silent, and get a voice again.
    bench.press("x");
    assert_eq!(note(&bench, Lane::Snare), None);
    bench.press("=");
    assert_eq!(bench.said(), "The lane has no voice on this machine.");
    bench.press("x enter");
    assert_eq!(note(&bench, Lane::Snare), Some((38, 10)));
    assert_eq!(bench.studio.ground.screen.overlay, None);
}

#[test]
fn leaving_the_editor_by_escape_puts_the_map_back() {
    let mut bench = Workbench::ready();
    bench.press("E = = down 9 9");
    assert_ne!(bench.studio.drum_machine.map, DrumMap::general_midi());
    bench.take();
    bench.press("esc");
    assert_eq!(maps(&bench.take()), [DrumMap::general_midi()]);
    assert_eq!(bench.studio.ground.screen.overlay, None);
    // With nothing changed nothing is put back.
    bench.press("E esc");
    assert!(maps(&bench.take()).is_empty());
}

#[test]
fn a_map_is_chosen_told_and_saved_under_a_name() {
    let mut bench = Workbench::ready();
    bench.press("N");
    assert_eq!(bench.take().last(), Some(&Effect::List(Kind::DrumMap)));
    bench.receive(Event::Listed {
        kind: Kind::DrumMap,
        items: vec!["Roland TR-08".into()],
        note: String::new(),
    });
    bench.press("down enter");
    let chosen = Effect::OpenMap("Roland TR-08".into());
    assert_eq!(bench.take().last(), Some(&chosen));
    let tr08 = DrumMaps::machines().find("tr-08").unwrap().clone();
    bench.receive(Event::MapOpened(tr08.clone()));
    assert_eq!(
        bench.said(),
        "Roland TR-08 has no separate voice for Ride (the crash)."
    );
    assert_eq!(maps(&bench.take()), std::slice::from_ref(&tr08));
    let mut transport = bench.studio.ground.transport.clone();
    transport.midi = MidiState::On { port: "TR".into() };
    transport.midi_errors = 2;
    bench.receive(Event::Transport(transport));
    let sentence = bench.studio.sound_sentence();
    assert!(
        sentence.ends_with("MIDI: TR, as Roland TR-08, 2 faults so far."),
        "{sentence}"
    );

    bench.press("E");
    for _ in 0..8 {
        bench.press("down");
    }
    let lines = bench.screen(80, 24).join("\n");
    for words in [
        "Drum map: Roland TR-08",
        "the crash instead",
        "It has one cymbal",
        "heard on TR",
    ] {
        assert!(lines.contains(words), "no `{words}` in:\n{lines}");
    }
    let small = bench.screen(50, 14).join("\n");
    assert!(small.contains("▸ Ride"), "{small}");
    bench.press("= s");
    let asked = matches!(&bench.studio.ground.screen.overlay,
        Some(Overlay::Prompt { question: Question::MapName, text }) if text == "Roland TR-08");
    assert!(asked);
    bench.press("! enter");
    let Some(Effect::SaveMap(map)) = bench.take().pop() else {
        panic!("it is not saved")
    };
    assert_eq!(map.name, "Roland TR-08!");
    let ride = map.voice(Lane::Ride).unwrap();
    assert_eq!(
        (ride.note, &ride.instead),
        (50, &None),
        "it is the lane's own now"
    );
}

#[test]
fn the_clock_and_the_offset_are_set_on_screen() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.press("' ' ; ; ; Z Z");
    let offsets =
        [1.0, 2.0, 1.0, 0.0, -1.0].map(|ms| workbench::engine(engine::Command::SetMidiOffset(ms)));
    let clocks = [ClockOut::Always, ClockOut::Off]
        .map(|clock| workbench::engine(MidiSetting::ClockOut(clock)));
    assert_eq!(bench.take(), [&offsets[..], &clocks[..]].concat());
    assert_eq!(bench.said(), "MIDI clock is not sent.");
}

/// The real way: files in a folder, threads, events.
#[test]
fn a_saved_map_is_written_listed_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.audio.device = "off".into();
    config.midi.maps = folder.path().join("maps");
    let (tell, told) = std::sync::mpsc::channel();
    let tell = Arc::new(move |event| tell.send(event).is_ok());
    let (mut workers, _) = Workers::start(&config, tell);
    let until = |found: &dyn Fn(&Event) -> bool| {
        let started = Instant::now();
        loop {
            let event = told.recv_timeout(Duration::from_secs(20)).unwrap();
            if found(&event) {
                return event;
            }
            assert!(started.elapsed() < Duration::from_secs(20));
        }
    };
    let mut map = DrumMap::general_midi();
    map.name = "My Machine".into();
    map.lanes[8] = None;
    workers.perform(Effect::SaveMap(Box::new(map.clone())));
    let event = until(&|event| matches!(event, Event::Notice(_)));
    let Event::Notice(text) = event else { return };
    assert!(
        text.contains("maps/my-machine.toml") && text.contains("map = \"My Machine\""),
        "{text}"
    );
    workers.perform(Effect::List(Kind::DrumMap));
    let event = until(&|event| matches!(event, Event::Listed { .. }));
    let Event::Listed { items, .. } = event else {
        return;
    };
    assert_eq!(items[0], "My Machine");
    assert!(items.contains(&"Roland TR-8S".to_string()));
    assert!(
        !items.contains(&"General MIDI".to_string()),
        "that is the first line anyway"
    );
    workers.perform(Effect::OpenMap("My Machine".into()));
    until(&|event| matches!(event, Event::MapOpened(opened) if *opened == map));
    workers.perform(Effect::OpenMap(String::new()));
    until(&|event| matches!(event, Event::MapOpened(opened) if *opened == DrumMap::general_midi()));
    std::fs::remove_dir_all(folder.path().join("maps")).unwrap();
    workers.perform(Effect::OpenMap("My Machine".into()));
    until(&|event| matches!(event, Event::Trouble(text) if text.contains("There is no drum map")));
    workers.close();
    // Named in the configuration, by name or file.
    config.midi.map = map.save(folder.path()).unwrap().display().to_string();
    assert_eq!(config.midi.drum_map(), Ok(map));
    config.midi.map = "volca beats".into();
    assert_eq!(config.midi.drum_map().unwrap().name, "Korg Volca Beats");
}

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let maps = folder.path().join("musicvae-tui/maps");
    std::fs::create_dir_all(&maps).unwrap();
    std::fs::write(
        maps.join("bad.toml"),
        "name = \"Bad\"\n[lanes]\nkick = 200\n",
    )
    .unwrap();
    Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
        .args(arguments)
        .env("XDG_CONFIG_HOME", folder.path())
        .env("HOME", folder.path())
        .env_remove("MUSICVAE_TUI_CONFIG")
        .output()
        .unwrap()
}

#[test]
fn the_shell_lists_and_prints_maps() {
    let output = run(&["maps"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
    let words = |name: &str| -> Vec<&str> { line(name)[name.len()..].split_whitespace().collect() };
    assert_eq!(
        words("Korg Drumlogue"),
        ["36", "40", "42", "46", "45", "~45", "50", "~52", "~53"]
    );
    assert_eq!(
        words("Korg Volca Drum")[4..],
        ["60/5", "~60/5", "~60/5", "60/6", "~60/6"]
    );
    if cfg!(target_os = "linux") {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("bad.toml, line 3: `kick` must be a whole number from 0 to 127"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1);
    }
    let output = run(&["maps", "tr-08"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let read = DrumMap::parse(&text, "printed".as_ref()).unwrap();
    assert_eq!(&read, DrumMaps::machines().find("Roland TR-08").unwrap());
    let output = run(&["maps", "theremin"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("There is no drum map `theremin`"), "{said}");
    let output = run(&["maps", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let beats = list
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "Korg Volca Beats")
        .unwrap();
    assert_eq!(beats["lanes"]["kick"]["level"], 40);
    assert_eq!(beats["lanes"]["ride"]["instead"], "the closed hat");
}
