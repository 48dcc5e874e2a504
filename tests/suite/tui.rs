//! The screen: what it says at every size, and what keys do.

use musicvae::model::DeviceChoice;
use musicvae::music::Lane;
use musicvae_tui::engine::Request;
use musicvae_tui::studio::{
    AudioState, Device, Effect, Entry, Event, Kind, ModelInfo, Overlay, Pane, Rework, RunState,
    Split, Studio, TrainingEvent,
};
use musicvae_tui::tui::Theme;
use ratatui::style::{Color, Modifier};

use super::workbench::{COLOR, PLAIN, Workbench, entry, model, record};

fn line<'l>(lines: &'l [String], word: &str) -> &'l str {
    let found = lines.iter().find(|line| line.contains(word));
    found.unwrap_or_else(|| panic!("no `{word}` in:\n{}", lines.join("\n")))
}

#[test]
fn every_pane_is_there_from_80_by_24_on() {
    let mut bench = Workbench::ready();
    bench.receive(Event::Catalogue(
        vec![Entry {
            validation_loss: Some(11.5),
            ..entry("fake")
        }],
        vec![],
    ));
    for (width, height) in [(80, 24), (100, 30), (200, 60)] {
        let lines = bench.screen(width, height);
        for pane in Pane::ALL {
            line(&lines, &format!("{} {}", pane as u8 + 1, pane.title()));
        }
        for lane in Lane::ALL {
            line(&lines, lane.short_name());
        }
        assert!(line(&lines, "bpm").contains("120.0"));
        assert!(
            line(&lines, "1.2").contains("4.4"),
            "four bars are in sight"
        );
        assert!(line(&lines, "A seed 1").contains("B seed 2"));
        assert!(line(&lines, "train ").contains("10.0"));
        assert!(
            line(&lines, "● fake").contains("11.50"),
            "the one in use is marked"
        );
        let footer = lines.last().unwrap();
        assert!(
            footer.contains("? help") && footer.contains("Space play"),
            "{footer}"
        );
    }
}

#[test]
fn sixty_four_steps_show_hit_velocity_and_timing() {
    let mut bench = Workbench::ready();
    // The cursor has a sign of its own.
    bench.press("2");
    let lines = bench.screen(80, 24);
    let kick = line(&lines, "Kick ");
    // The cursor does not hide the first.
    let is_hit = |glyph: char| matches!(glyph, '█' | '◆');
    assert_eq!(kick.matches(is_hit).count(), 8, "{kick}");
    let columns: Vec<usize> = kick
        .chars()
        .enumerate()
        .filter(|(_, glyph)| is_hit(*glyph))
        .map(|(x, _)| x)
        .collect();
    // Eight steps apart, and one column more where a bar line stands between.
    assert_eq!(columns, [11, 19, 28, 36, 45, 53, 62, 70]);
    assert!(line(&lines, "Kick 1.1.1").contains("velocity 114, on the grid"));
    let wide = bench.screen(200, 60);
    let late = wide
        .iter()
        .map(|line| line.matches('›').count())
        .sum::<usize>();
    assert_eq!(late, 8, "every snare is marked late");
}

#[test]
fn the_playhead_is_seen_with_and_without_colour() {
    let mut bench = Workbench::ready();
    let mut transport = bench.studio.ground.transport.clone();
    transport.playing = true;
    transport.position.step = 20.5;
    transport.position.bar = 1;
    transport.position.beat = 1;
    transport.position.tick = 120;
    bench.receive(Event::Transport(transport));
    let lines = bench.screen(80, 24);
    assert!(lines[0].contains("▶ playing 2:2:120"), "{}", lines[0]);
    let ruler = line(&lines, "▼");
    // Step 20 lies after one bar line.
    assert_eq!(
        ruler.chars().position(|glyph| glyph == '▼'),
        Some(11 + 20 + 1)
    );
    let x = 32;
    assert_eq!(bench.buffer(80, 24, COLOR)[(x, 5)].bg, Color::DarkGray);
    let plain = bench.buffer(80, 24, PLAIN);
    assert!(plain[(x, 5)].modifier.contains(Modifier::REVERSED));
    // A block that is turned about would be a blank: a full stroke has a sign of its own.
    bench.press("j l l l l pageup pagedown K K K K k");
    let blocks = Theme {
        ascii: false,
        ..PLAIN
    };
    let turned = bench.buffer(80, 24, blocks);
    let snare = &turned[(x, 4)];
    assert!(snare.modifier.contains(Modifier::REVERSED));
    assert_eq!(snare.symbol(), "◆");
}

#[test]
fn no_colour_and_ascii_are_honoured_everywhere() {
    let mut bench = Workbench::ready();
    for key in ["2", "3", "4", "1", "?", "esc", ":", "esc", "5"] {
        bench.press(key);
        for (width, height) in [(80, 24), (100, 30), (200, 60), (60, 20)] {
            let buffer = bench.buffer(width, height, PLAIN);
            for cell in buffer.content() {
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
                assert!(
                    cell.symbol().is_ascii(),
                    "`{}` at {width}x{height}",
                    cell.symbol()
                );
            }
        }
    }
}

#[test]
fn below_80_by_24_one_pane_at_a_time() {
    let mut bench = Workbench::ready();
    let lines = bench.screen(60, 20);
    assert!(lines[1].contains("[1 Groove]") && lines[1].contains("3 Training"));
    assert!(line(&lines, "1.2").contains("2.4"), "two bars fit");
    assert!(!lines.iter().any(|line| line.contains("valid ")));
    bench.press("pagedown pagedown");
    assert!(
        line(&bench.screen(60, 20), "3.2").contains("4.4"),
        "the page follows the cursor"
    );
    bench.press("3");
    let lines = bench.screen(60, 20);
    assert!(lines[1].contains("[3 Training]"));
    line(&lines, "valid 11.500");
    assert!(!lines.iter().any(|line| line.contains("Kick")));
    for lane in Lane::ALL {
        bench.press("1");
        line(&bench.screen(50, 14), lane.short_name());
    }
}

#[test]
fn too_small_a_terminal_is_told_what_is_needed() {
    let bench = Workbench::ready();
    let text = bench.screen(40, 10).concat();
    let text: Vec<&str> = text.split_whitespace().collect();
    let expected = "musicvae-tui needs 50 x 14 characters; this terminal has 40 x 10.";
    assert_eq!(text.join(" "), expected);
    for (width, height) in [(1, 1), (5, 2), (49, 60), (300, 13)] {
        bench.screen(width, height);
    }
}

#[test]
fn silence_is_explained_in_one_line() {
    let mut bench = Workbench::ready();
    let mut transport = bench.studio.ground.transport.clone();
    transport.audio = AudioState::Off {
        reason: "No audio: the host is down".into(),
    };
    bench.receive(Event::Transport(transport));
    let lines = bench.screen(100, 30);
    let status = &lines[lines.len() - 2];
    assert!(
        status.contains("No audio: the host is down. No MIDI port is chosen."),
        "{status}"
    );
    assert!(lines[0].contains("audio off"));
}

#[test]
fn a_broken_checkpoint_shows_its_error() {
    let mut bench = Workbench::ready();
    let torn = Entry {
        error: Some("torn was cut off: copy it again".into()),
        ..entry("torn")
    };
    bench.receive(Event::Catalogue(vec![torn], vec![]));
    for (width, height) in [(80, 24), (100, 30), (200, 60)] {
        let lines = bench.screen(width, height);
        assert!(line(&lines, "✗ torn").contains("broken"));
        line(&lines, "cut off");
    }
}

#[test]
fn a_checkpoint_of_other_music_says_why_it_is_not_played() {
    let mut bench = Workbench::ready();
    let reason = "This model can't be played on the drum grid: preset m makes a melody.";
    let melody = Entry {
        step: 12345,
        unplayable: Some(reason.into()),
        ..entry("melody")
    };
    bench.receive(Event::Catalogue(vec![melody], vec![]));
    for (width, height) in [(80, 24), (100, 30), (200, 60)] {
        let lines = bench.screen(width, height);
        assert!(line(&lines, "♪ melody").contains("12345"));
        line(&lines, "a melody.");
    }
    bench.take();
    bench.press("4 enter");
    assert_eq!(bench.said(), reason);
    assert_eq!(bench.take(), []);
}

#[test]
fn a_two_bar_loop_is_shown_while_four_bars_still_play() {
    let mut bench = Workbench::ready();
    bench.press("end");
    bench.take();
    bench.press("ctrl-q 2 enter");
    assert_eq!(
        bench.studio.ground.screen.step, 31,
        "the cursor stays inside"
    );
    let sent = bench.take();
    let sent = sent.iter().find_map(|effect| match effect {
        Effect::Engine(Request::SetGroove { groove, .. }) => Some(groove.steps.len()),
        _ => None,
    });
    assert_eq!(sent, Some(32));
    let mut transport = bench.studio.ground.transport.clone();
    transport.playing = true;
    for step in [0.0, 17.0, 31.9, 32.0, 50.0, 63.9] {
        transport.position.step = step;
        bench.studio.receive(Event::Transport(transport.clone()));
        for (width, height) in [(60, 20), (80, 24), (100, 30)] {
            let lines = bench.screen(width, height);
            let ruler = line(&lines, "2.2");
            assert!(ruler.contains("2.4") && !ruler.contains("3.2"), "{ruler}");
        }
    }
}

#[test]
fn a_chart_of_strange_numbers_is_drawn() {
    for totals in [
        vec![f64::NAN],
        vec![f64::INFINITY, f64::NEG_INFINITY],
        vec![3.0],
        vec![2.0; 9],
    ] {
        let mut bench = Workbench::bare();
        for (step, total) in totals.iter().enumerate() {
            let record = record(step as u64, Split::Train, *total);
            bench.receive(Event::Training(TrainingEvent::Record(record)));
        }
        for _ in 0..5 {
            for (width, height) in [(80, 24), (200, 60)] {
                line(&bench.screen(width, height), "train ");
            }
            bench.press("3 right z");
        }
    }
}

#[test]
fn the_help_and_the_palette_come_from_the_table() {
    let mut bench = Workbench::bare();
    bench.press("?");
    let mut seen = String::new();
    for _ in 0..80 {
        seen.push_str(&bench.screen(100, 30).join("\n"));
        bench.press("pagedown");
    }
    let seen = seen.replace('│', " ");
    let seen = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    for binding in &bench.keymap.bindings {
        if binding.place == musicvae_tui::tui::Place::Leaving {
            continue;
        }
        // The name stands behind the first line, wherever that ends.
        let words: Vec<&str> = binding.what.split_whitespace().collect();
        let is_split = |first: usize| {
            let (first, others) = words.split_at(first);
            seen.contains(&[first, &[binding.name], others].concat().join(" "))
        };
        let shown = seen.contains(binding.what) || (1..words.len()).any(is_split);
        assert!(shown, "the help lacks `{}`", binding.what);
    }
    assert!(
        seen.contains("(Nothing to undo.)"),
        "what can't be done says why"
    );
    bench.press("esc : p a n i c");
    let lines = bench.screen(100, 30);
    line(&lines, "all notes off");
    bench.press("enter");
    assert_eq!(
        (bench.said().as_str(), &bench.studio.ground.screen.overlay),
        ("All notes off.", &None)
    );
}

/// What a studio is asked about after the keys.
type Question = fn(&Studio) -> String;

#[test]
fn keys_do_what_the_table_says() {
    let pane: Question = |studio| format!("{:?}", studio.ground.screen.pane);
    let cursor: Question = |studio| {
        format!(
            "{} {}",
            studio.ground.screen.lane, studio.ground.screen.step
        )
    };
    let slider: Question = |studio| format!("{:.2}", studio.ground.scene.slider);
    let temperature: Question = |studio| format!("{:.2}", studio.ground.scene.temperature);
    let seed: Question = |studio| studio.ground.scene.seed.to_string();
    let tempo: Question = |studio| format!("{:.1}", studio.ground.sound.tempo);
    let playing: Question = |studio| studio.ground.transport.playing.to_string();
    let hit: Question = |studio| studio.ground.hit_here().is_some().to_string();
    let overlay: Question = |studio| match &studio.ground.screen.overlay {
        None => "none".into(),
        Some(Overlay::Prompt { text, .. }) => format!("prompt {text}"),
        Some(Overlay::Palette { filter, .. }) => format!("palette {filter}"),
        Some(overlay) => format!("{overlay:?}")
            .split(' ')
            .next()
            .unwrap_or("")
            .into(),
    };
    let qualities: Question = |studio| {
        let amounts = studio.ground.scene.qualities.iter();
        let words = amounts.map(|(name, amount)| format!("{name} {amount:+}"));
        words.collect::<Vec<_>>().join(", ")
    };
    let leaving: Question = |studio| studio.ground.leaving.to_string();
    let lane: Question = |studio| {
        let lane = studio.ground.lanes[studio.ground.screen.lane];
        format!("{} {} {}", lane.mute, lane.solo, lane.lock)
    };
    // What is asked, before, the keys, after.
    let rows: &[(&str, Question, &str, &str, &str)] = &[
        ("panes", pane, "Grid", "tab", "Slider"),
        ("panes", pane, "Grid", "backtab", "Checkpoints"),
        ("panes", pane, "Grid", "3", "Loss"),
        ("cursor", cursor, "0 0", "l l j", "1 2"),
        ("cursor", cursor, "0 0", "h k", "0 63"),
        ("cursor", cursor, "0 0", "pagedown right down down", "2 17"),
        ("slider", slider, "0.00", "] ]", "0.10"),
        ("slider", slider, "0.00", "2 l", "0.02"),
        ("slider", slider, "0.00", "} [", "0.95"),
        ("temperature", temperature, "0.50", "- -", "0.40"),
        ("temperature", temperature, "0.50", "2 k", "0.55"),
        ("sample", seed, "1", "s s", "4"),
        ("seed typed", seed, "1", "n 4 2 enter", "42"),
        ("seed refused", seed, "1", "n x enter", "1"),
        ("tempo", tempo, "120.0", "> > <", "121.0"),
        ("tempo typed", tempo, "120.0", "g 9 4 . 5 enter", "94.5"),
        ("play", playing, "false", "space", "true"),
        ("play", playing, "false", "space space", "false"),
        ("hit", hit, "true", "enter", "false"),
        ("undo", hit, "true", "enter u", "true"),
        ("redo", hit, "true", "enter u ctrl-r", "false"),
        ("lane", lane, "false false false", "m S f", "true true true"),
        ("help", overlay, "none", "?", "Help"),
        ("help closes", overlay, "none", "? q", "none"),
        (
            "palette",
            overlay,
            "none",
            ": u n d o backspace",
            "palette und",
        ),
        ("keys are typed", overlay, "none", "n q s", "prompt qs"),
        ("ports", overlay, "none", "p", "Chooser"),
        ("denser", qualities, "", "* *", "density +0.5"),
        ("sparser", qualities, "", "/", "density -0.25"),
        ("style", qualities, "", "Y Y", "hip_hop +1"),
        ("no style", qualities, "", "Y Y Y", ""),
        ("a quality", qualities, "", "A j l l l h", "swing +0.5"),
        ("none of it", qualities, "", "A j l k l 0", "swing +0.25"),
        ("from the list", qualities, "", "A * Y u", "density +0.25"),
        ("qualities", overlay, "none", "A", "Qualities"),
        ("qualities close", overlay, "none", "A A", "none"),
        ("quit", leaving, "false", "q", "true"),
        ("not from the prompt", leaving, "false", "n q", "false"),
    ];
    for (name, question, before, keys, after) in rows {
        let mut bench = Workbench::ready();
        assert_eq!(question(&bench.studio), *before, "{name}, before");
        bench.press(keys);
        assert_eq!(question(&bench.studio), *after, "{name}, after {keys}");
    }
}

#[test]
fn leaving_asks_while_a_model_is_in_training() {
    let mut bench = Workbench::ready();
    bench.studio.training.state = RunState::Running;
    bench.press("q");
    line(&bench.screen(80, 24), "Stop and save the run, then leave?");
    bench.press("n");
    assert!(!bench.studio.ground.leaving);
    bench.press("q y");
    assert!(bench.studio.ground.leaving);
}

#[test]
fn the_same_studio_gives_the_same_screen() {
    let bench = Workbench::ready();
    assert_eq!(bench.buffer(100, 30, COLOR), bench.buffer(100, 30, COLOR));
}

#[test]
fn qualities_are_shown_beside_the_slider_and_in_their_list() {
    let mut bench = Workbench::ready();
    bench.press("* * * * Y");
    for (width, height) in [(80, 24), (110, 34), (200, 60)] {
        let lines = bench.screen(width, height);
        line(&lines, "density +1, funk +1");
    }
    // What does not fit in one line goes on in the next, where there is one.
    bench.press("A down right right down down left esc");
    let lines = bench.screen(100, 36);
    line(&lines, " density +1, swing +0.5, ");
    line(&lines, " funk +1, hip hop -0.25");
    bench.press("A down 0 down down left right");
    for (width, height) in [(80, 24), (200, 60), (60, 16)] {
        let lines = bench.screen(width, height);
        assert!(line(&lines, " density   ").contains("┼████────────  +1"));
        assert!(line(&lines, " swing   ").contains("────────────┼────────────  0"));
        assert!(line(&lines, " funk   ").contains("style"));
        assert!(line(&lines, " hip hop   ").contains("───────────█┼────────────  -0.25"));
    }
    line(&bench.screen_with(80, 24, PLAIN), "|####--------  +1");
    bench.press("esc");
    // What is edited has a hint of its own, which matters more where only one line is left.
    bench.press("enter");
    line(&bench.screen(80, 24), " a or b encodes it");
    let lines = bench.screen(200, 60);
    line(&lines, "edited: a or b encodes it");
    line(&lines, "density +1, funk +1");
}

#[test]
fn a_model_without_attributes_says_how_to_make_them() {
    let mut bench = Workbench::ready();
    let reason = "This model has no attribute vectors: make them with `musicvae-tui attributes \
                  make /some/where/runs/plain.safetensors --data PATH`, and load it again.";
    bench.receive(Event::Loaded(ModelInfo {
        qualities: Err(reason.into()),
        ..model("plain")
    }));
    bench.take();
    for key in ["*", "/", "Y"] {
        bench.press(key);
        assert_eq!(bench.said(), reason);
    }
    assert_eq!(bench.take(), []);
    bench.press("A");
    for (width, height) in [(80, 24), (200, 60)] {
        let lines = bench.screen(width, height);
        line(&lines, "This model has no attribute vectors");
        line(&lines, "again.");
    }
}

#[test]
fn what_a_model_did_to_the_groove_is_its_title() {
    let mut bench = Workbench::ready();
    bench.press("U");
    let said = bench.said();
    assert!(
        said.contains("groovae_2bar_humanize") && said.contains("musicvae-tui train"),
        "{said}"
    );
    let able = |name: &str, rework| Entry {
        rework: Some(rework),
        ..entry(name)
    };
    bench.receive(Event::Catalogue(
        vec![
            able("hum", Rework::Humanize),
            able("tap", Rework::Drumify),
            able("hats", Rework::AddHats),
        ],
        vec![],
    ));
    for (key, title, said) in [
        ("U", "- humanized", "Humanized by hum."),
        ("W", "- drumified", "Drumified by tap."),
        ("%", "- with hats", "Hats are added by hats."),
    ] {
        bench.press(key);
        line(&bench.screen(80, 24), title);
        assert_eq!(bench.said(), said);
    }
    line(&bench.screen(80, 24), " a or b encodes it");
    line(&bench.screen(110, 34), "with hats: a or b encodes it");
    bench.press("a");
    line(&bench.screen(80, 24), "- with hats, which is now A");
    // While it is at work the pane beside says so.
    bench.studio.apply(Rework::Humanize);
    line(&bench.screen(80, 24), "humanizing");
}

#[test]
fn an_edit_that_became_an_end_is_no_edit_any_more() {
    let mut bench = Workbench::ready();
    bench.press("enter");
    line(&bench.screen(80, 24), "- edited by hand");
    bench.press("a");
    line(&bench.screen(80, 24), "- my edit, which is now A");
    bench.press("x");
    line(&bench.screen(80, 24), "- my edit, which is now B");
    bench.press("[");
    line(&bench.screen(80, 24), "95% from seed 2 to my edit");
}

#[test]
fn the_header_has_room_for_timing_beside_the_click() {
    let mut bench = Workbench::ready();
    bench.press("M #");
    let header = bench.screen(120, 30).remove(0);
    assert!(header.contains("timing 100%"), "{header}");
    let header = bench.screen(200, 60).remove(0);
    for item in ["timing 100%", "click 50%", "count-in 1", "musicvae-tui"] {
        assert!(header.contains(item), "{header}");
    }
}

#[test]
fn what_computes_is_shown_and_chosen() {
    let mut bench = Workbench::ready();
    assert!(bench.screen(120, 30)[0].contains(" cpu audio off"));
    bench.press("Q");
    assert_eq!(bench.take().last(), Some(&Effect::List(Kind::Device)));
    bench.receive(Event::Listed {
        kind: Kind::Device,
        items: vec!["cpu".into(), "cuda:1".into()],
        note: "metal:0 can't be used: it is elsewhere.".into(),
    });
    let screen = bench.screen(80, 24);
    line(&screen, "auto: a GPU for training and for many grooves");
    line(&screen, "metal:0 can't be used: it is elsewhere.");
    bench.press("down down enter");
    let choice: DeviceChoice = "cuda:1".parse().unwrap();
    assert_eq!(bench.take().last(), Some(&Effect::UseDevice(choice)));
    // Until it is open the other goes on.
    assert!(bench.screen(120, 30)[0].contains(" cpu audio off"));
    let device = Device {
        choice,
        name: "cuda:1".into(),
    };
    let sentence = "cuda:1 computes everything.";
    bench.receive(Event::DeviceOpened(device, sentence.into()));
    assert!(bench.screen(120, 30)[0].contains(" cuda:1 audio off"));
    assert_eq!(bench.said(), sentence);
    // A run is trained by it.
    bench.studio.training.settings.data = "grooves".into();
    bench.press("r");
    bench.press("enter");
    let effects = bench.take();
    assert!(
        matches!(effects.last(), Some(Effect::StartTraining(_, device, _)) if *device == choice),
        "{effects:?}"
    );
}

#[test]
fn checkpoints_grow_older() {
    let mut bench = Workbench::ready();
    let seconds = std::time::Duration::from_secs;
    bench.receive(Event::Tick(seconds(100)));
    let aged = Entry {
        age: Some(seconds(50)),
        ..entry("fake")
    };
    bench.receive(Event::Catalogue(vec![aged], vec![]));
    assert!(line(&bench.screen(200, 60), "● fake").contains(" 50s"));
    bench.receive(Event::Tick(seconds(105)));
    assert!(line(&bench.screen(200, 60), "● fake").contains(" 55s"));
    bench.receive(Event::Tick(seconds(230)));
    assert!(line(&bench.screen(200, 60), "● fake").contains(" 3min"));
}

#[test]
fn messages_break_between_words() {
    let mut bench = Workbench::ready();
    let words = ["antidisestablishmentarianism"; 9].join(" ");
    bench.receive(Event::Trouble(words));
    bench.press("5");
    let lines = bench.screen(80, 24)[..22].join("\n");
    assert_eq!(lines.matches("antidisestablishmentarianism").count(), 9);
}
