//! MIDI input: the engine as a whole, and the workstation that is played by it.

use std::time::{Duration, Instant};

use musicvae::music::midi_file::Controller;
use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::{
    Command, Engine, EngineOptions, LinkState, MidiState, Pads, Received, Request, Setup,
};
use musicvae_tui::studio::{
    Binding, Control, Effect, End, Event, Overlay, PadNote, Sync, Tap, Target, edit, midi, morph,
    overlays,
};

use super::wait::wait_until;
use super::workbench::{Workbench, engine};

/// A master on this thread: sends ticks until `until` says so. 2,000 are in vain.
fn ticks(engine: &Engine, qpm: f64, until: impl Fn(u32) -> bool) {
    let started = Instant::now();
    let mut n = 0;
    while !until(n) {
        assert!(n < 2000, "{:?}", engine.status().sync);
        let due = Duration::from_secs_f64(f64::from(n) * 2.5 / qpm);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        engine.receive(&[0xF8]);
        n += 1;
    }
}

#[test]
fn the_engine_follows_a_clock_and_says_when_it_is_lost() {
    let engine = Engine::start(EngineOptions {
        audio: false,
        midi_input: Some("no such port".into()),
        follow_clock: true,
        ..EngineOptions::default()
    });
    wait_until("the core", || engine.status().sync == Sync::Waiting);
    let said = |engine: &Engine| match engine.status().midi_in {
        MidiState::Off { reason } => reason,
        MidiState::On { port } => panic!("there is {port}"),
    };
    wait_until("the port's absence", || !said(&engine).contains("chosen"));
    let reason = said(&engine);
    assert!(
        reason.ends_with('.') && reason.lines().count() == 1,
        "{reason}"
    );

    engine.receive(&[0xFA]);
    // A busy machine holds some ticks up, and the tempo then takes some more to come back.
    let near = |qpm: f64| (qpm - 150.0).abs() < 5.0;
    ticks(&engine, 150.0, |n| {
        let status = engine.status();
        let followed = matches!(status.sync, Sync::Following(qpm) if near(qpm));
        n >= 240 && followed && status.playing && near(status.qpm)
    });

    // Nothing more comes.
    wait_until("the loss", || matches!(engine.status().sync, Sync::Lost(_)));
    let before = engine.status().position;
    std::thread::sleep(Duration::from_millis(300));
    let status = engine.status();
    assert!(status.playing && status.position != before, "it plays on");
    ticks(&engine, 150.0, |n| {
        n >= 48 && matches!(engine.status().sync, Sync::Following(_))
    });
    engine.receive(&[0xFC]);
    wait_until("the stop", || !engine.status().playing);
    wait_until("the end of ticks", || engine.status().sync == Sync::Waiting);
    engine.send(Command::FollowClock(false));
    wait_until("its own clock", || engine.status().sync == Sync::Internal);
    assert_eq!(engine.status().dropped_midi, 0);
}

#[test]
fn strokes_and_controllers_reach_whoever_asks() {
    let taught = PadNote {
        channel: 3,
        note: 100,
    };
    let engine = Engine::start(EngineOptions {
        audio: false,
        pads: Pads {
            taught: vec![(taught, Lane::Ride)],
            ..Pads::default()
        },
        ..EngineOptions::default()
    });
    engine.receive(&[0x92, 100, 64]);
    engine.receive(&[0x92, 99, 64]);
    (0..=127).for_each(|value| engine.receive(&[0xB0, 1, value]));
    let note = |note, lane| Received::Note {
        from: PadNote { channel: 3, note },
        velocity: 64,
        lane,
        tap: None,
    };
    let received = engine.received();
    assert_eq!(
        received,
        [
            note(100, Some(Lane::Ride)),
            note(99, None),
            Received::Controller {
                channel: 1,
                number: 1,
                value: 127
            }
        ]
    );
    engine.send(Command::Play);
    wait_until("the start", || engine.status().playing);
    engine.receive(&[0x92, 100, 1]);
    let [Received::Note { tap: Some(tap), .. }] = engine.received()[..] else {
        panic!("no place in the loop")
    };
    assert!(tap.step < 4 || tap.step == 63, "{tap:?}");
    // The computer's keys strike as pads do.
    engine.send(Request::Strike {
        lane: Lane::Crash,
        velocity: 90,
    });
    let [
        Received::Key {
            lane: Lane::Crash,
            velocity: 90,
            tap: Some(tap),
        },
    ] = engine.received()[..]
    else {
        panic!("no place in the loop")
    };
    assert!(tap.step < 64 && tap.offset.abs() <= 0.5, "{tap:?}");
}

#[test]
fn what_comes_in_is_told_as_it_comes_and_merges_while_nobody_takes_it() {
    let engine = Engine::start(EngineOptions {
        audio: false,
        ..EngineOptions::default()
    });
    let (tell, told) = std::sync::mpsc::sync_channel(0);
    engine.listen(move |it| tell.send(it).is_ok()).unwrap();
    let next = || told.recv_timeout(Duration::from_secs(20)).unwrap();
    let value = |value| Received::Controller {
        channel: 1,
        number: 7,
        value,
    };
    engine.receive(&[0xB0, 7, 1]);
    assert_eq!(next(), [value(1)]);
    engine.receive(&[0xB0, 7, 2]);
    // The listener waits with this one; of what comes meanwhile the latest is left.
    std::thread::sleep(Duration::from_millis(100));
    (3..=127).for_each(|value| engine.receive(&[0xB0, 7, value]));
    let last = std::iter::repeat_with(next)
        .flatten()
        .find(|it| *it == value(127));
    assert!(last.is_some());
    assert_eq!(engine.status().dropped_midi, 0);
}

fn controller(number: u8, value: u8) -> Event {
    Event::Midi(vec![Received::Controller {
        channel: 1,
        number,
        value,
    }])
}

const KNOB: Control = Control::Controller(Controller {
    channel: 1,
    number: 74,
});

fn bench_with(target: Target) -> Workbench {
    let mut bench = Workbench::ready();
    bench.receive(Event::Bindings(vec![Binding {
        target,
        control: KNOB,
    }]));
    bench.take();
    bench
}

#[test]
fn a_control_is_learned_listed_saved_and_removed() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.press("B down enter");
    assert_eq!(bench.studio.midi.bindings.learning, Some(Target::Slider));
    let lines = bench.screen(100, 30).join("\n");
    assert!(lines.contains("move a control"), "{lines}");
    // A note is no control for a slider, and is not taken for one.
    let struck = Received::Note {
        from: PadNote {
            channel: 10,
            note: 36,
        },
        velocity: 100,
        lane: Some(Lane::Kick),
        tap: None,
    };
    bench.receive(Event::Midi(vec![struck]));
    assert!(bench.studio.midi.bindings.learning.is_some());
    bench.receive(controller(74, 10));
    let slider = Binding {
        target: Target::Slider,
        control: KNOB,
    };
    assert_eq!(bench.studio.midi.bindings.list, [slider]);
    let kept = Effect::KeepBindings(midi::bindings_text(&[slider]));
    assert!(bench.take().contains(&kept));
    assert_eq!(
        bench.said(),
        "CC 74 (channel 1) now moves the slider from A to B."
    );
    let lines = bench.screen(100, 30).join("\n");
    assert!(lines.contains("CC 74 (channel 1)"), "{lines}");
    // The same control for something else leaves its old place.
    bench.press("up enter");
    bench.receive(controller(74, 11));
    assert_eq!(bench.studio.midi.bindings.list.len(), 1);
    assert_eq!(
        bench.studio.midi.bindings.list[0].target,
        Target::Temperature
    );
    // A pad's note is sent to the engine, and one that plays and stops strikes nothing.
    bench.take();
    let pad = Target::all().position(|target| target == Target::Pad(Lane::Crash));
    bench.apply(overlays::Action::MoveSelection(pad.unwrap() as isize));
    bench.press("enter");
    bench.receive(Event::Midi(vec![struck]));
    let pads = bench.take().into_iter().find_map(|effect| match effect {
        Effect::Engine(Request::SetPads(pads)) => Some(pads),
        _ => None,
    });
    let from = PadNote {
        channel: 10,
        note: 36,
    };
    assert_eq!(pads.unwrap().taught, [(from, Lane::Crash)]);
    bench.press("delete");
    assert_eq!(bench.studio.midi.bindings.list.len(), 1);
    bench.press("esc");
    assert_eq!(bench.studio.ground.screen.overlay, None);
    assert_eq!(bench.studio.midi.bindings.learning, None);
    bench.press("B enter esc");
    assert_eq!(
        bench.studio.midi.bindings.learning, None,
        "left without learning"
    );
    // Only that list has something to remove.
    bench.press("5 delete");
    assert_eq!(bench.said(), "Nothing can be removed here.");
    assert!(matches!(
        bench.studio.ground.screen.overlay,
        Some(Overlay::Messages { .. })
    ));
}

#[test]
fn a_knob_picks_its_setting_up_where_that_is() {
    let mut bench = bench_with(Target::Temperature);
    // 0.5 of 2 is 31.75 of 127.
    for value in [100, 90, 80] {
        bench.receive(controller(74, value));
    }
    assert_eq!(bench.studio.ground.scene.temperature, 0.5, "no jump");
    let hint = "Turn CC 74 (channel 1) down to pick up the temperature, which is at 0.50.";
    assert_eq!(bench.said(), hint);
    let said = bench.studio.ground.messages.iter().count();
    // Past it in one leap, and from there on it moves.
    bench.receive(controller(74, 20));
    assert!((bench.studio.ground.scene.temperature - 2.0 * 20.0 / 127.0).abs() < 1e-2);
    bench.receive(controller(74, 127));
    assert_eq!(bench.studio.ground.scene.temperature, 2.0);
    assert_eq!(
        bench.studio.ground.messages.iter().count(),
        said,
        "said once"
    );
    // Moved by a key meanwhile, it has to be picked up again.
    bench.apply(morph::Action::SetTemperature(1.0));
    bench.receive(controller(74, 126));
    assert_eq!(bench.studio.ground.scene.temperature, 1.0);

    let mut bench = bench_with(Target::Temperature);
    bench.studio.ground.config.midi.pickup = false;
    bench.receive(controller(74, 127));
    assert_eq!(
        bench.studio.ground.scene.temperature, 2.0,
        "it jumps when that is wanted"
    );
}

#[test]
fn every_target_reaches_both_ends_of_its_range() {
    for target in Target::all() {
        let mut bench = bench_with(target);
        bench.studio.ground.config.midi.pickup = false;
        if !target.takes(KNOB) || target == Target::Play {
            continue;
        }
        // The pad has a lower edge.
        bench.apply(morph::Action::Keep(End::C));
        bench.apply(morph::Action::SetPad(0.0, 0.0));
        bench.take();
        for (value, end) in [(127, target.range().1), (0, target.range().0)] {
            bench.receive(controller(74, value));
            let (sound, scene) = (&bench.studio.ground.sound, &bench.studio.ground.scene);
            let now = match target {
                Target::Temperature => scene.temperature,
                Target::Slider => scene.slider,
                Target::PadY => scene.pad_y,
                Target::Density => scene.amount("density"),
                Target::Tempo => sound.tempo as f32,
                Target::Swing => sound.swing,
                Target::Timing => sound.timing,
                Target::Dynamics => sound.dynamics,
                Target::Level => sound.level,
                Target::Lane(lane) => bench.studio.ground.lanes[lane.index()].level,
                Target::Play | Target::Pad(_) => continue,
            };
            assert!((now - end).abs() < 1e-3, "{target}: {now}");
            assert!(!bench.take().is_empty(), "{target} is heard");
        }
    }
}

#[test]
fn play_and_stop_by_controller_or_note() {
    let mut bench = bench_with(Target::Play);
    bench.receive(controller(74, 127));
    assert!(bench.studio.ground.transport.playing);
    bench.receive(controller(74, 100));
    bench.receive(controller(74, 0));
    assert!(
        bench.studio.ground.transport.playing,
        "letting go is no second press"
    );
    bench.receive(controller(74, 127));
    assert!(!bench.studio.ground.transport.playing);
    let from = PadNote {
        channel: 1,
        note: 60,
    };
    bench.receive(Event::Bindings(vec![Binding {
        target: Target::Play,
        control: Control::Note(from),
    }]));
    let silent = bench.take().into_iter().any(
        |effect| matches!(effect, Effect::Engine(Request::SetPads(pads)) if pads.silent == [from]),
    );
    assert!(silent, "it strikes nothing");
    let struck = Received::Note {
        from,
        velocity: 3,
        lane: None,
        tap: None,
    };
    bench.receive(Event::Midi(vec![struck]));
    assert!(bench.studio.ground.transport.playing);
}

fn transport(bench: &mut Workbench, change: impl FnOnce(&mut musicvae_tui::engine::Status)) {
    let mut transport = bench.studio.ground.transport.clone();
    change(&mut transport);
    bench.receive(Event::Transport(transport));
}

#[test]
fn strokes_on_pads_become_part_of_the_groove_a_turn_at_a_time() {
    let mut bench = Workbench::ready();
    let before = bench.studio.groove().clone();
    let stroke = |step, velocity| Received::Note {
        from: PadNote {
            channel: 10,
            note: 49,
        },
        velocity,
        lane: Some(Lane::Crash),
        tap: Some(Tap { step, offset: -0.2 }),
    };
    transport(&mut bench, |transport| transport.playing = true);
    bench.take();
    bench.receive(Event::Midi(vec![stroke(3, 127)]));
    assert_eq!(bench.studio.groove(), &before, "only when it is asked for");
    bench.press("O");
    assert_eq!(bench.take(), [engine(Command::Overdub(true))]);
    assert!(bench.screen(120, 30)[0].contains("● pads"));
    bench.receive(Event::Midi(vec![
        stroke(3, 127),
        stroke(5, 64),
        stroke(9999, 1),
    ]));
    let sent: Vec<Groove> = bench
        .take()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Engine(Request::SetGroove { groove, .. }) => Some(groove),
            _ => None,
        })
        .collect();
    assert_eq!(sent.len(), 1, "sent once");
    let hit = |velocity: f32| Some(Hit::new(velocity, -0.2));
    assert_eq!(sent[0].hit(3, Lane::Crash), hit(1.0));
    assert_eq!(sent[0].hit(5, Lane::Crash), hit(64.0 / 127.0));
    let first = bench.studio.groove().clone();
    transport(&mut bench, |transport| transport.position.turn = 1);
    bench.receive(Event::Midi(vec![stroke(7, 30)]));
    bench.receive(Event::Midi(vec![stroke(8, 30)]));
    bench.apply(edit::Action::Undo);
    assert_eq!(bench.studio.groove(), &first, "a turn is undone as one");
    bench.apply(edit::Action::Undo);
    assert_eq!(bench.studio.groove(), &before);
    bench.press("O");
    bench.receive(Event::Midi(vec![stroke(3, 127)]));
    assert_eq!(bench.studio.groove(), &before);
}

#[test]
fn the_screen_says_whose_tempo_it_is() {
    let mut bench = Workbench::ready();
    bench.take();
    let bpm = |bench: &Workbench| {
        let line = bench.screen(120, 30)[0].clone();
        let from = line.find("bpm").unwrap();
        line[from..].chars().take(18).collect::<String>()
    };
    assert!(bpm(&bench).starts_with("bpm 120.0"));
    bench.press("I");
    assert_eq!(bench.take(), [engine(Command::FollowClock(true))]);
    transport(&mut bench, |transport| transport.sync = Sync::Waiting);
    assert!(bpm(&bench).starts_with("bpm ext (waiting)"));
    bench.press(">");
    assert_eq!(
        bench.studio.ground.sound.tempo, 121.0,
        "nobody else sets it yet"
    );
    transport(&mut bench, |transport| {
        transport.playing = true;
        transport.sync = Sync::Following(123.42);
    });
    assert!(bpm(&bench).starts_with("bpm ext 123.4"));
    bench.press(">");
    assert_eq!(bench.said(), "The tempo is the MIDI clock's.");
    transport(&mut bench, |transport| transport.sync = Sync::Lost(123.42));
    assert!(bpm(&bench).starts_with("bpm ext lost"));
    let lost = "The MIDI clock is lost: the music plays on at 123.4.";
    assert_eq!(bench.said(), lost);
    transport(&mut bench, |transport| {
        transport.sync = Sync::Following(123.42)
    });
    assert_eq!(bench.said(), "The MIDI clock is back.");
    bench.take();
    bench.press("I");
    assert_eq!(
        bench.take(),
        [
            engine(Command::FollowClock(false)),
            engine(Command::SetTempo(123.4))
        ],
        "it goes on as fast as it went"
    );
}

#[test]
fn a_link_session_is_everybodys() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.press("ctrl-]");
    assert_eq!(
        bench.take(),
        [
            engine(Setup::OpenLink("127.0.0.1:17000".into())),
            engine(Command::FollowClock(true))
        ]
    );
    let header = |bench: &Workbench| bench.screen(120, 30)[0].clone();
    transport(&mut bench, |transport| {
        transport.link = LinkState::Looking;
        transport.sync = Sync::Waiting;
    });
    assert!(header(&bench).contains("bpm link (waiting)"));
    transport(&mut bench, |transport| {
        transport.playing = true;
        transport.link = LinkState::On { peers: 2 };
        transport.sync = Sync::Following(123.42);
    });
    assert!(header(&bench).contains("bpm link 123.4 +2"));
    // The tempo may be changed, and is everybody's then.
    bench.press(">");
    assert_eq!(
        bench.take(),
        [
            engine(Setup::SetLinkTempo(124.4)),
            engine(Command::SetTempo(124.4))
        ]
    );
    transport(&mut bench, |transport| {
        transport.link = LinkState::Looking;
        transport.sync = Sync::Lost(124.4);
    });
    assert!(header(&bench).contains("bpm link lost"));
    let lost = "The Link session is lost: the music plays on at 124.4.";
    assert_eq!(bench.said(), lost);
    bench.take();
    bench.press("ctrl-]");
    assert_eq!(
        bench.take(),
        [
            engine(Setup::CloseLink),
            engine(Command::FollowClock(false)),
            engine(Command::SetTempo(124.4))
        ]
    );
}

#[test]
fn a_missing_input_is_told_when_it_was_chosen() {
    let mut bench = Workbench::ready();
    let missing = "MIDI input \"pads\" is not there; it is opened when it comes.";
    transport(&mut bench, |transport| {
        transport.midi_in = MidiState::Off {
            reason: missing.into(),
        }
    });
    assert!(!bench.studio.sound_sentence().contains("pads"));
    bench.press("i");
    bench.receive(Event::Listed {
        kind: musicvae_tui::studio::Kind::MidiInput,
        items: vec!["pads".into()],
        note: String::new(),
    });
    bench.press("down enter");
    assert!(bench.studio.sound_sentence().contains(missing));
    transport(&mut bench, |transport| {
        transport.midi_in = MidiState::On {
            port: "pads 1".into(),
        }
    });
    assert!(bench.studio.sound_sentence().ends_with("MIDI in: pads 1."));
    assert!(bench.screen(120, 30)[0].contains("in on"));
}
