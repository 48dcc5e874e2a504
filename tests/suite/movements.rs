//! Settings that move, in takes and in exported files, and moved again by what was written.

use std::fs;
use std::path::Path;

use midly::{MidiMessage, Smf, TrackEventKind};
use musicvae::music::midi_file::{self, Controller, Layout};
use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::{Command, DrumMap, Engine, EngineOptions, Received};
use musicvae_tui::studio::{
    Binding, Control, Effect, Event, Recording, Sync, Target, bring, export,
};

use super::varying::{hear, ready};
use super::wait::wait_until;
use super::workbench::{Workbench, engine};

/// Tick, controller and value of all that moves in a file.
fn moved(bytes: &[u8]) -> Vec<(u32, Controller, u8)> {
    let mut moved = Vec::new();
    for track in Smf::parse(bytes).unwrap().tracks {
        let mut tick = 0;
        for event in track {
            tick += event.delta.as_int();
            if let TrackEventKind::Midi { channel, message } = event.kind
                && let MidiMessage::Controller { controller, value } = message
            {
                let (channel, number) = (channel.as_int() + 1, controller.as_int());
                moved.push((tick, Controller { channel, number }, value.as_int()));
            }
        }
    }
    moved
}

/// What a setting's own controller is.
fn own(target: Target) -> Controller {
    target.own_controller().unwrap()
}

fn receive(bench: &mut Workbench, Controller { channel, number }: Controller, value: u8) {
    bench.receive(Event::Midi(vec![Received::Controller {
        channel,
        number,
        value,
    }]));
}

/// A knob of the amount of dynamics.
const KNOB: Controller = Controller {
    channel: 1,
    number: 74,
};

fn bind_knob(bench: &mut Workbench) {
    bench.receive(Event::Bindings(vec![Binding {
        target: Target::Dynamics,
        control: Control::Controller(KNOB),
    }]));
}

/// Values of all settings that controllers move.
fn settings(bench: &Workbench) -> Vec<f32> {
    let ground = &bench.studio.ground;
    let (scene, sound) = (&ground.scene, &ground.sound);
    let single = [
        scene.temperature / 2.0,
        scene.slider,
        scene.pad_y,
        scene.amount("density") / 6.0,
        sound.tempo as f32 / 127.0,
        sound.swing * 4.0,
        sound.timing / 1.5,
        sound.dynamics / 1.5,
        sound.level / 1.5,
    ];
    let lanes = ground.lanes.iter().map(|lane| lane.level / 2.0);
    single.into_iter().chain(lanes).collect()
}

/// A workstation before a real engine, without sound.
struct Stage {
    bench: Workbench,
    engine: Engine,
}

impl Stage {
    fn recording_to(folder: &Path) -> Stage {
        let mut groove = Groove::empty(16);
        groove.steps[0][Lane::Kick.index()] = Some(Hit::new(0.5, 0.0));
        let engine = Engine::start(EngineOptions {
            audio: false,
            groove,
            ..EngineOptions::default()
        });
        let mut bench = ready();
        let record = &mut bench.studio.ground.config.record;
        (record.folder, record.sound) = (folder.into(), false);
        bind_knob(&mut bench);
        bench.take();
        let mut stage = Stage { bench, engine };
        stage.press("w");
        wait_until("the recording", || stage.status().recording.is_some());
        stage.press("space");
        stage
    }

    /// Hands over what the workstation asks of the engine.
    fn hand_over(&mut self) {
        for effect in self.bench.take() {
            if let Effect::Engine(request) = effect {
                self.engine.send(request);
            }
        }
    }

    fn status(&mut self) -> musicvae_tui::engine::Status {
        let status = self.engine.status();
        self.bench.receive(Event::Transport(status.clone()));
        self.hand_over();
        status
    }

    fn press(&mut self, keys: &str) {
        self.bench.press(keys);
        self.hand_over();
    }

    /// Waits until so many seconds are recorded.
    fn wait(&mut self, seconds: f64) {
        wait_until("the music", || {
            let recording = self.status().recording;
            recording.is_some_and(|it| it.seconds.is_some_and(|so_far| so_far > seconds))
        });
    }
}

#[test]
fn what_moves_is_in_the_take_and_moves_again_when_that_is_played_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::recording_to(folder.path());
    let before = settings(&stage.bench);
    // By keys, by a knob, and by a sweep.
    for (n, keys) in ["= =", ") )", "*", "0 0", "> >", "V", "d d", "t"]
        .into_iter()
        .enumerate()
    {
        stage.wait(0.1 + 0.1 * n as f64);
        stage.press(keys);
    }
    for value in [80, 60] {
        stage.wait(1.2 - 0.01 * f64::from(value));
        receive(&mut stage.bench, KNOB, value);
        stage.hand_over();
    }
    stage.press("~");
    stage.wait(4.5);
    let after = settings(&stage.bench);
    stage.press("w");
    wait_until("the file", || stage.status().recording.is_none());
    let bytes = fs::read(folder.path().join("take-001.mid")).unwrap();
    let moved = moved(&bytes);

    // A setting that moved begins with what it was, and stands where it is now; others are not there.
    let targets: Vec<Target> = Target::all()
        .filter(|it| it.own_controller().is_some())
        .collect();
    assert_eq!(targets.len(), before.len());
    for ((target, before), after) in targets.iter().zip(&before).zip(&after) {
        let controller = match target {
            Target::Dynamics => KNOB,
            target => own(*target),
        };
        let values: Vec<_> = moved.iter().filter(|it| it.1 == controller).collect();
        assert_eq!(
            before != after,
            !values.is_empty(),
            "{target}: {before} {after}"
        );
        if let [first, .., last] = values[..] {
            assert!(
                first.0 == 0 && last.0 > 0 && first.2 != last.2,
                "{target}: {values:?}"
            );
            assert!(values.is_sorted_by_key(|it| it.0), "{target}: {values:?}");
        }
    }
    let sliding = moved
        .iter()
        .filter(|it| it.1 == own(Target::Slider))
        .count();
    assert!(
        sliding > 8,
        "a sweep of four bars, heard for one: {sliding}"
    );

    // Played back into another workstation. Its knob has to be picked up; what has no knob jumps.
    let mut other = ready();
    bind_knob(&mut other);
    other.studio.ground.config.midi.pickup = false;
    let mut played = moved.clone();
    played.sort_by_key(|it| it.0);
    for (_, controller, value) in played {
        receive(&mut other, controller, value);
    }
    for (n, (wanted, now)) in after.iter().zip(settings(&other)).enumerate() {
        assert!(
            (wanted - now).abs() < 0.01,
            "{}: {wanted} {now}",
            targets[n]
        );
    }

    // And it is as good a groove as one without.
    let sequence = midi_file::read(&bytes).unwrap();
    assert!(sequence.notes.len() >= 2);
    other.apply(bring::Action::Bring(vec![
        folder.path().join("take-001.mid"),
    ]));
    assert!(other.said().contains("take-001"), "{}", other.said());
}

#[test]
fn a_recording_is_told_once_and_only_while_it_takes_midi() {
    let mut bench = ready();
    let told = |bench: &mut Workbench| {
        let moved = |effect: &Effect| matches!(effect, Effect::Engine(it) if format!("{it:?}").contains("Moved"));
        bench.take().iter().filter(|it| moved(it)).count()
    };
    let record = |bench: &mut Workbench, midi: Option<bool>| {
        let mut status = bench.studio.ground.transport.clone();
        status.recording = midi.map(|midi| Recording {
            name: "take-001".into(),
            folder: "takes".into(),
            sound: true,
            midi,
            seconds: Some(1.0),
        });
        bench.receive(Event::Transport(status));
    };
    bench.press("= )");
    record(&mut bench, Some(false));
    bench.press("= )");
    assert_eq!(told(&mut bench), 0);
    // Where all 18 are, and then what moves by a step of a controller at least.
    record(&mut bench, Some(true));
    assert_eq!(told(&mut bench), 18);
    bench.press("=");
    let temperature = bench.studio.ground.scene.temperature;
    let value = (temperature / 2.0 * 127.0).round() as u8;
    let controller = own(Target::Temperature);
    assert!(
        bench
            .take()
            .contains(&engine(Command::Moved { controller, value }))
    );
    hear(&mut bench, 3.0);
    assert_eq!(told(&mut bench), 0);
    // The tempo of somebody else is no movement of ours.
    let mut status = bench.studio.ground.transport.clone();
    status.sync = Sync::Following(140.0);
    bench.receive(Event::Transport(status));
    assert_eq!(
        (told(&mut bench), bench.studio.ground.sound.tempo),
        (0, 140.0)
    );
    record(&mut bench, None);
    record(&mut bench, Some(true));
    assert_eq!(told(&mut bench), 17);
}

#[test]
fn a_sweep_and_a_path_are_in_the_exported_file() {
    let folder = tempfile::tempdir().unwrap();
    let exported = |bench: &mut Workbench| {
        bench.press("e");
        let export = |effect: Effect| match effect {
            Effect::Export { song, about, .. } => Some((*song, about)),
            _ => None,
        };
        bench
            .take()
            .into_iter()
            .find_map(export)
            .expect("a file is written")
    };
    let mut bench = ready();
    let (plain, about) = exported(&mut bench);
    assert!(
        plain.motions.is_empty() && !about.contains("controllers"),
        "{about}"
    );
    // Four bars from A to B, and round again: the file has the four.
    bench.press("~");
    let (song, about) = exported(&mut bench);
    assert!(
        about.contains("the movement of the slider as controllers"),
        "{about}"
    );
    let slider = own(Target::Slider);
    let bytes = song.midi(Layout::Drums).unwrap().bytes;
    let way = moved(&bytes);
    assert!(
        way.iter().all(|it| it.1 == slider),
        "the pad stays above: {way:?}"
    );
    let at = |step: u32| way.iter().find(|it| it.0 == step * 240).map(|it| it.2);
    assert_eq!([0, 32, 48].map(at), [Some(0), Some(64), Some(95)]);
    assert_eq!(way.len(), 64);
    // It plays the same strokes, and is opened as the same groove.
    let map = DrumMap::general_midi();
    let open = |song, name| {
        let written = export::write(song, Layout::Drums, &map, folder.path(), name).unwrap();
        let mut bench = Workbench::ready();
        bench.apply(bring::Action::Bring(vec![written.path]));
        (
            bench.studio.groove().clone(),
            bench.said().replace(name, ""),
        )
    };
    assert_eq!(open(&song, "swept"), open(&plain, "plain"));
    // A bound controller takes the place of the setting's own one.
    bench.receive(Event::Bindings(vec![Binding {
        target: Target::Slider,
        control: Control::Controller(KNOB),
    }]));
    assert_eq!(exported(&mut bench).0.motions[0].controller, KNOB);
    // Once, in two bars: it stays where it came to.
    bench.press("~ 2 m pagedown ~");
    let (song, _) = exported(&mut bench);
    let way = moved(&song.midi(Layout::Drums).unwrap().bytes);
    assert_eq!(way.last().map(|it| (it.0, it.2)), Some((32 * 240, 127)));
}

#[test]
fn a_setting_without_a_knob_has_a_controller_of_its_own() {
    let mut bench = ready();
    // At once, as nobody's hand is on it.
    receive(&mut bench, own(Target::Swing), 127);
    assert_eq!(bench.studio.ground.sound.swing, 0.75);
    // A control that is bound to it takes its place.
    bind_knob(&mut bench);
    receive(&mut bench, own(Target::Dynamics), 0);
    assert_eq!(bench.studio.ground.sound.dynamics, 1.0);
    bench.press("B");
    let lines = bench.screen(100, 40).join("\n");
    for words in [
        "the swing                       CC 107 (channel 16)",
        "CC 74 (channel 1)",
    ] {
        assert!(lines.contains(words), "{lines}");
    }
    assert!(!lines.contains("CC 109"), "{lines}");
    // They are distinct, and the manual has them all.
    let manual = fs::read_to_string("docs/manual.md").unwrap();
    let mut numbers = Vec::new();
    for target in Target::all() {
        let Some(Controller { channel, number }) = target.own_controller() else {
            continue;
        };
        assert_eq!(channel, 16);
        numbers.push(number);
        let row = format!("| {number} | {target} |");
        assert!(manual.contains(&row), "the manual lacks: {row}");
    }
    assert!(numbers.iter().copied().eq(102..=119), "{numbers:?}");
}
