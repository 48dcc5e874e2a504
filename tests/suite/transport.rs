//! Transport, loops, the chain and recordings on the workstation, by actions, keys and effects.

use std::path::PathBuf;
use std::time::Duration;

use musicvae::music::{Groove, Hit, Lane};
use musicvae_tui::engine::{ChainLink, Command, Request};
use musicvae_tui::studio::chain;
use musicvae_tui::studio::{
    Bars, Effect, Event, Origin, Overlay, PadNote, Received, Recording, Studio, Takeover, Tap,
    Transport, playing,
};

use super::workbench::{PLAIN, STEPS, Workbench, engine};

/// The engine's status, changed.
fn engine_says(bench: &mut Workbench, change: impl FnOnce(&mut Transport)) {
    let mut status = bench.studio.ground.transport.clone();
    change(&mut status);
    bench.receive(Event::Transport(status));
}

fn line<'l>(lines: &'l [String], word: &str) -> &'l str {
    let found = lines.iter().find(|line| line.contains(word));
    found.unwrap_or_else(|| panic!("no `{word}` in:\n{}", lines.join("\n")))
}

/// What a studio is asked about after the keys.
type Question = fn(&Studio) -> String;

#[test]
fn keys_do_what_the_table_says() {
    let sound: Question = |studio| {
        let sound = &studio.ground.sound;
        format!("{} {:.1} {}", sound.metronome, sound.click, sound.count_in)
    };
    let effects: Question = |studio| {
        let sound = &studio.ground.sound;
        format!("{} {}", sound.room, sound.compressor)
    };
    let clock: Question = |studio| format!("{} {}", studio.midi.follow, studio.midi.link);
    let bars: Question = |studio| match studio.ground.sound.looped {
        None => "all".into(),
        Some(bars) => bars.to_string(),
    };
    let playing: Question = |studio| studio.ground.transport.playing.to_string();
    let slots: Question = |studio| {
        studio.ground.scene.slots.all[..3]
            .iter()
            .map(|slot| slot.as_ref().map_or("-", |slot| &slot.name).to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let order: Question = |studio| {
        let links = studio.ground.scene.slots.order();
        let playing = if studio.ground.chain.is_some() {
            "on"
        } else {
            "off"
        };
        format!("{} {playing}", chain::text(&links))
    };
    let overlay: Question = |studio| match &studio.ground.screen.overlay {
        None => "none".into(),
        Some(Overlay::Chain { selected }) => format!("slots {selected}"),
        Some(Overlay::Prompt { text, .. }) => format!("prompt {text}"),
        Some(other) => format!("{other:?}"),
    };
    let groove: Question = |studio| format!("{:?}", studio.ground.scene.origin);
    // What is asked, before, the keys, after.
    let rows: &[(&str, Question, &str, &str, &str)] = &[
        ("metronome", sound, "false 0.5 0", "M", "true 0.5 0"),
        ("count-in", sound, "false 0.5 0", "# #", "false 0.5 2"),
        ("no count-in", sound, "false 0.5 0", "# # #", "false 0.5 0"),
        (
            "clicks",
            sound,
            "false 0.5 0",
            ": c l i c k - s o f enter",
            "false 0.4 0",
        ),
        ("room", effects, "false false", "`", "true false"),
        ("compressor", effects, "false false", "` `", "false true"),
        ("both", effects, "false false", "` ` `", "true true"),
        ("neither", effects, "false false", "` ` ` `", "false false"),
        (
            "by name",
            effects,
            "false false",
            ": c o m p r enter",
            "false true",
        ),
        ("link", clock, "false false", "ctrl-]", "false true"),
        (
            "as most terminals say it",
            clock,
            "false false",
            "ctrl-5",
            "false true",
        ),
        (
            "link and off",
            clock,
            "false false",
            "ctrl-] ctrl-]",
            "false false",
        ),
        ("one clock", clock, "false false", "ctrl-] I", "true false"),
        (
            "beside MIDI's",
            clock,
            "false false",
            "I ctrl-] ctrl-]",
            "true false",
        ),
        ("continue", playing, "false", "c", "true"),
        ("continue once", playing, "false", "c c", "true"),
        ("shorter", bars, "all", "6", "1-3"),
        ("shortest", bars, "all", "6 6 6 6 6", "1"),
        ("longer", bars, "all", "6 6 7", "1-3"),
        ("all again", bars, "all", "6 6 7 7 7", "all"),
        ("on", bars, "all", "6 6 8", "2-3"),
        ("round", bars, "all", "6 6 8 8 8", "1-2"),
        ("longer at the end", bars, "all", "6 6 6 8 8 8 7", "3-4"),
        ("typed", bars, "all", "G 2 - 3 enter", "2-3"),
        ("one typed", bars, "all", "G 4 enter", "4"),
        ("past the end", bars, "all", "G 3 - 9 enter", "3-4"),
        ("all typed", bars, "all", "6 G a l l enter", "all"),
        ("nonsense typed", bars, "all", "6 G 3 - 2 enter", "1-3"),
        ("slots", overlay, "none", "C j j", "slots 2"),
        ("slots end", overlay, "none", "C up", "slots 0"),
        ("slots close", overlay, "none", "C q", "none"),
        ("store", slots, "-,-,-", "C s s", "seed 1,-,-"),
        (
            "store others",
            slots,
            "-,-,-",
            "C s q s C j s",
            "seed 1,seed 3,-",
        ),
        ("empty", slots, "-,-,-", "C s j s k delete", "-,seed 1,-"),
        ("recall", groove, "Slider", "C s enter", "Slot(\"seed 1\")"),
        ("nothing to recall", groove, "Slider", "C enter", "Slider"),
        ("in turn", order, " off", "C s j s", "1 2 off"),
        (
            "typed order",
            order,
            " off",
            "C s j s c 2 x 4 space 1 enter",
            "2x4 1 off",
        ),
        ("an empty slot", order, " off", "C s c 3 enter", "1 off"),
        (
            "back to the slots",
            overlay,
            "none",
            "C s c 1 enter",
            "slots 0",
        ),
        (
            "nonsense stays",
            overlay,
            "none",
            "C s c 9 enter",
            "prompt 9",
        ),
        ("chain on", order, " off", "C s x", "1 on"),
        ("chain on and off", order, " off", "C s x x", "1 off"),
        ("nothing to chain", order, " off", "X", " off"),
        ("a groove leaves it", order, " off", "C s x q s", "1 off"),
    ];
    for (name, question, before, keys, after) in rows {
        let mut bench = Workbench::ready();
        assert_eq!(question(&bench.studio), *before, "{name}, before");
        bench.press(keys);
        assert_eq!(question(&bench.studio), *after, "{name}, after {keys}");
    }
}

#[test]
fn the_tempo_is_tapped() {
    let mut bench = Workbench::ready();
    bench.take();
    for (n, at) in [1.0, 1.6, 2.2, 2.81, 3.39, 4.0].into_iter().enumerate() {
        bench.receive(Event::Tick(Duration::from_secs_f64(at)));
        bench.press("y");
        let expected = if n == 0 { 120.0 } else { 100.0 };
        assert!((bench.studio.ground.sound.tempo - expected).abs() < 1.0);
    }
    assert_eq!(bench.studio.ground.sound.tempo, 100.0);
    let tempos = bench.take();
    assert_eq!(tempos.len(), 5);
    assert_eq!(tempos.last(), Some(&engine(Command::SetTempo(100.0))));
}

#[test]
fn loops_and_clicks_are_asked_of_the_engine_at_the_chosen_moment() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.press("o M # c 6 8");
    assert_eq!(
        bench.take(),
        [
            engine(Command::SetMetronome {
                on: true,
                level: 0.5
            }),
            engine(Command::SetCountIn(1)),
            engine(Command::Continue),
            engine(Command::SetLoop {
                bars: Some(Bars { first: 0, count: 3 }),
                takeover: Takeover::NextLoop
            }),
            engine(Command::SetLoop {
                bars: Some(Bars { first: 1, count: 3 }),
                takeover: Takeover::NextLoop
            }),
        ]
    );
    assert_eq!(bench.said(), "Looping bars 2-4.");
    bench.apply(playing::Action::SetLoop(None));
    assert_eq!(bench.said(), "Looping all bars.");
    bench.apply(playing::Action::MoveLoop(1));
    assert!(bench.said().contains("shorten it before moving it"));
}

fn chains(effects: &[Effect]) -> Vec<Vec<(usize, u32)>> {
    let chain = |effect: &Effect| match effect {
        Effect::Engine(Request::SetChain { links, .. }) => {
            let link = |link: &ChainLink| (link.groove.hits().count(), link.repeats);
            Some(links.iter().map(link).collect())
        }
        _ => None,
    };
    effects.iter().filter_map(chain).collect()
}

#[test]
fn a_chain_plays_its_slots_shows_the_one_that_sounds_and_is_left_by_hand() {
    let mut bench = Workbench::ready();
    bench.press("C s q");
    let first = bench.studio.groove().clone();
    // Bars 1 and 2 of another groove.
    bench.press("s 6 6 C j s");
    let second = bench.studio.ground.scene.slots.all[1].clone().unwrap();
    assert_eq!(second.groove.steps, bench.studio.groove().steps[..32]);
    bench.take();
    bench.press("c 1 x 2 space 2 enter x q");
    let effects = bench.take();
    let hits = [&first, &second.groove].map(|groove| groove.hits().count());
    assert_eq!(chains(&effects), [[(hits[0], 2), (hits[1], 1)]]);
    assert_eq!(bench.said(), "The chain is on: Space plays 1x2 2.");
    // Nothing sounds differently before the engine is there.
    assert_eq!(bench.studio.groove().steps.len(), STEPS);
    engine_says(&mut bench, |status| {
        status.chain_link = Some(1);
        status.position.turn = 0;
    });
    assert_eq!(bench.studio.groove(), &second.groove);
    let lines = bench.screen(100, 30);
    line(&lines, "chain: slot 2, seed 3");
    bench.press("C");
    let lines = bench.screen(100, 30);
    line(&lines, "1 seed 1                   4 bars");
    line(&lines, "▶ 2 seed 3                   2 bars");
    line(&lines, "3 empty");
    line(&lines, "chain  1x2 [2] (on)");
    // A stored groove goes into the chain that plays, without a new start.
    bench.take();
    bench.press("j s");
    let effects = bench.take();
    assert_eq!((chains(&effects).len(), effects.len()), (1, 1));
    bench.press("q enter");
    // The hit was edited in what sounds; the slot stays, and the chain is left.
    let studio = &bench.studio;
    assert_eq!(studio.ground.chain, None);
    assert_eq!(studio.ground.scene.slots.all[1].as_ref(), Some(&second));
    assert_eq!(studio.ground.scene.origin, Origin::Edited);
    assert_eq!(studio.groove().steps.len(), 32);
    assert_ne!(studio.groove().steps[0], second.groove.steps[0]);
    assert_eq!(studio.groove().steps[1..], second.groove.steps[1..]);
    let Some(Effect::Engine(Request::SetGroove { takeover, .. })) = bench.take().pop() else {
        panic!("the edit is not heard")
    };
    assert_eq!(takeover, Takeover::Now);
}

/// A part of the chain may leave lanes out: so it is heard, shown and exported, and the slot keeps them.
#[test]
fn lanes_are_silent_in_a_part_of_the_chain() {
    let mut bench = Workbench::ready();
    bench.press("C s j s c");
    for letter in "1x2-kick-hats 2".chars() {
        bench.press(&match letter {
            ' ' => "space".into(),
            it => it.to_string(),
        });
    }
    bench.press("enter x q");
    assert_eq!(
        bench.said(),
        "The chain is on: Space plays 1x2-kick-hats 2."
    );
    let lanes = |link: &ChainLink| {
        let hits = link.groove.hits();
        let [mut kicks, mut others] = [0, 0];
        hits.for_each(|(_, lane, _)| match lane {
            Lane::Kick | Lane::ClosedHat | Lane::OpenHat => kicks += 1,
            _ => others += 1,
        });
        (kicks > 0, others > 0, link.repeats)
    };
    let expected = [(false, true, 2), (true, true, 1)];
    let heard = bench.take().into_iter().find_map(|effect| match effect {
        Effect::Engine(Request::SetChain { links, .. }) => Some(links),
        _ => None,
    });
    assert_eq!(
        heard.unwrap().iter().map(lanes).collect::<Vec<_>>(),
        expected
    );
    // The grid shows them as muted while that part plays.
    let parts = [(0, false), (1, true)];
    for (part, kick) in parts {
        engine_says(&mut bench, |status| {
            status.playing = true;
            status.chain_link = Some(part);
        });
        assert_eq!(bench.studio.ground.is_heard(Lane::Kick), kick);
        assert!(bench.studio.ground.is_heard(Lane::Snare));
        assert!(bench.studio.groove().hits().any(|hit| hit.1 == Lane::Kick));
    }
    bench.press("C");
    line(&bench.screen(100, 30), "chain  1x2-kick-hats [2] (on)");
    bench.press("q e");
    let song = bench.take().into_iter().find_map(|effect| match effect {
        Effect::Export { song, .. } => Some(song),
        _ => None,
    });
    let links = song.unwrap().links;
    assert_eq!(links.iter().map(lanes).collect::<Vec<_>>(), expected);
}

#[test]
fn a_recording_is_asked_for_told_of_and_shown() {
    let mut bench = Workbench::ready();
    bench.take();
    bench.press("w");
    assert!(matches!(
        bench.take()[..],
        [Effect::Engine(Request::Record(_))]
    ));
    let recording = |seconds| Recording {
        name: "take-007".into(),
        folder: PathBuf::from("/music/takes"),
        sound: true,
        midi: true,
        seconds,
    };
    engine_says(&mut bench, |status| {
        status.recording = Some(recording(None))
    });
    assert_eq!(
        bench.said(),
        "Recording to /music/takes/take-007 from play on."
    );
    assert!(bench.screen(80, 24)[0].contains("● rec waits  to take-007"));
    engine_says(&mut bench, |status| {
        status.recording = Some(recording(Some(65.4)))
    });
    for (width, height) in [(50, 14), (80, 24), (200, 60)] {
        let header = &bench.screen(width, height)[0];
        assert!(header.contains("● rec 1:05"), "{header}");
        assert_eq!(header.contains("to take-007"), width >= 80, "{header}");
        assert!(header.contains("stopped 1:1:000"), "{header}");
    }
    assert!(bench.screen_with(80, 24, PLAIN)[0].contains("* rec 1:05"));
    bench.take();
    bench.press("w");
    assert_eq!(bench.take(), [engine(Command::StopRecording)]);
    engine_says(&mut bench, |status| {
        status.recording = None;
        status.recorded = [PathBuf::from("/music/takes/take-007.wav")].into();
    });
    assert_eq!(bench.said(), "Recorded /music/takes/take-007.wav.");
    assert!(!bench.screen(80, 24)[0].contains("rec"));
    // What goes wrong is said, also when it goes wrong twice.
    for _ in 0..2 {
        bench.press("w");
        let count = bench.studio.ground.messages.iter().count();
        engine_says(&mut bench, |status| {
            status.record_error = Some("The disk is full.".into());
        });
        assert_eq!(bench.said(), "The disk is full.");
        assert_eq!(bench.studio.ground.messages.iter().count(), count + 1);
        engine_says(&mut bench, |_| ());
        assert_eq!(bench.studio.ground.messages.iter().count(), count + 1);
    }
}

#[test]
fn the_transport_says_where_it_is() {
    let mut bench = Workbench::ready();
    bench.press("M # 6 6 8");
    engine_says(&mut bench, |status| {
        status.playing = true;
        status.position.count_in = 2;
        status.position.beat = 3;
        status.position.tick = 959;
        (status.position.loop_start, status.position.loop_steps) = (16, 32);
    });
    let lines = bench.screen(160, 40);
    assert!(lines[0].contains("▶ playing -2:4:959"), "{}", lines[0]);
    assert!(lines[0].contains("bars 2-3") && lines[0].contains("click 50%  count-in 1"));
    // The bars that go round have a line over them.
    let ruler = line(&lines, "1.2");
    let over = |word: &str| {
        let at = ruler.find(word).unwrap();
        ruler[at + word.len()..].starts_with('─')
    };
    assert!(
        !over("1.2") && over("2.2") && over("3.4") && !over("4.2"),
        "{ruler}"
    );
    let ascii = bench.screen_with(160, 40, PLAIN);
    assert!(line(&ascii, "1.2").contains("2.2="));
}

#[test]
fn a_slot_holds_what_is_played_with_all_its_strokes() {
    let mut bench = Workbench::ready();
    bench.press("C s");
    let slot = bench.studio.ground.scene.slots.all[0].clone().unwrap();
    let strokes: Vec<Hit> = slot.groove.hits().map(|(_, _, hit)| hit).collect();
    let heard: Vec<Hit> = bench
        .studio
        .groove()
        .hits()
        .map(|(_, _, hit)| hit)
        .collect();
    assert_eq!(strokes, heard);
    assert!(strokes.iter().any(|hit| hit.offset != 0.0));
}

/// A knob that is turned or pads that are struck while a chain plays: what sounds is what is meant,
/// and no stroke is lost when two come at once.
#[test]
fn strokes_on_pads_land_in_the_slot_that_sounds() {
    let mut bench = Workbench::ready();
    bench.press("C s x q O");
    engine_says(&mut bench, |status| {
        status.playing = true;
        status.chain_link = Some(0);
    });
    let slot = bench.studio.ground.scene.slots.all[0].clone().unwrap();
    let stroke = |step| Received::Note {
        from: PadNote {
            channel: 10,
            note: 49,
        },
        velocity: 100,
        lane: Some(Lane::Crash),
        tap: Some(Tap { step, offset: 0.1 }),
    };
    bench.receive(Event::Midi(vec![stroke(3), stroke(7)]));
    let crashes = |groove: &Groove| {
        let hits = groove.hits().filter(|(_, lane, _)| *lane == Lane::Crash);
        hits.map(|(step, _, _)| step).collect::<Vec<_>>()
    };
    assert_eq!(crashes(bench.studio.groove()), [3, 7]);
    assert!(crashes(&slot.groove).is_empty());
    assert_eq!(bench.studio.ground.chain, None);
}

#[test]
fn gaps_in_the_sound_are_told_with_what_helps_once_in_a_while() {
    let mut bench = Workbench::ready();
    let gaps = |bench: &Workbench| {
        let messages = bench.studio.ground.messages.iter();
        let texts = messages.map(|message| message.text.clone());
        texts
            .filter(|text| text.starts_with("The sound broke off"))
            .collect::<Vec<_>>()
    };
    let mut gap = |at: u64, denied: bool| {
        bench.receive(Event::Tick(Duration::from_secs(at)));
        engine_says(&mut bench, |status| {
            status.audio_errors += 1;
            status.audio_denied = denied;
        });
        gaps(&bench)
    };
    assert_eq!(gap(100, false).len(), 1);
    assert_eq!(gap(101, false).len(), 1);
    let told = gap(131, true);
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("(it is 512)"), "{}", told[0]);
    assert!(!told[0].contains("rtprio") && told[1].contains("rtprio"));
}
