//! What the mouse does, on a screen of 120 by 40.

use musicvae_tui::engine::Command;
use musicvae_tui::studio::{Effect, Event, Kind, Overlay, Pane, Question, Source};

use super::workbench::{Workbench, engine, entry};

/// A workbench with three checkpoints.
fn bench() -> Workbench {
    let mut bench = Workbench::ready();
    let entries = ["fake", "one", "two"].map(entry).to_vec();
    bench.receive(Event::Catalogue(entries, vec![]));
    bench.take();
    bench
}

/// The middle of what is written in `text`.
fn middle(bench: &Workbench, text: &str) -> (u16, u16) {
    let (x, y) = bench.find(text);
    (x + text.chars().count() as u16 / 2, y)
}

#[test]
fn a_press_on_a_pane_gives_it_the_keys() {
    let mut bench = bench();
    for pane in [Pane::Checkpoints, Pane::Slider, Pane::Loss, Pane::Grid] {
        let title = middle(&bench, pane.title());
        bench.click(title);
        assert_eq!(bench.studio.ground.screen.pane, pane);
    }
}

#[test]
fn the_slider_follows_the_mouse() {
    let mut bench = bench();
    // The knob covers the rail's end.
    let (x, y) = bench.find("●──");
    let length = bench.find("┤").0 - x;
    let slider = |bench: &Workbench| bench.studio.ground.scene.slider;
    bench.click((x + length, y));
    assert_eq!(slider(&bench), 1.0);
    // The button holds the knob, wherever the mouse goes.
    bench.drag(&[(x + length, y), (x + length / 2, y + 5), (x, y + 9)]);
    assert_eq!(slider(&bench), 0.0);
    bench.drag(&[(x, y), (x + length / 2, y)]);
    let half = f32::from(length / 2) / f32::from(length);
    assert!((slider(&bench) - half).abs() < 0.01, "{}", slider(&bench));
    let before = slider(&bench);
    bench.wheel(-2, (x, y));
    assert!((slider(&bench) - before - 0.04).abs() < 1e-4);
    assert!(matches!(bench.take().last(), Some(Effect::Engine(_))));
    // What was let go does not slide.
    bench.click((1, 0));
    bench.press("esc");
    let before = slider(&bench);
    bench.drag(&[middle(&bench, "Groove"), (x, y)]);
    assert_eq!(slider(&bench), before);
}

#[test]
fn the_footer_and_the_header_answer() {
    let mut bench = bench();
    bench.click(middle(&bench, "Space play"));
    assert_eq!(bench.take(), [engine(Command::Play)]);
    bench.click(middle(&bench, "Space stop"));
    bench.click(middle(&bench, "■ stopped"));
    bench.click(middle(&bench, "▶ playing"));
    let effects = [Command::Stop, Command::Play, Command::Stop].map(engine);
    assert_eq!(bench.take(), effects);
    bench.wheel(-3, middle(&bench, "bpm 120.0"));
    assert_eq!(bench.studio.ground.sound.tempo, 123.0);
    bench.click(middle(&bench, "bpm 123.0"));
    let Some(Overlay::Prompt { question, .. }) = &bench.studio.ground.screen.overlay else {
        panic!("nothing is asked");
    };
    assert_eq!(*question, Question::Tempo);
    // What is typed is not lost by a press beside it, nor by one on what lies below.
    bench.press("9 7");
    bench.click(middle(&bench, "Groove"));
    bench.click((60, 39));
    bench.press("enter");
    assert_eq!(bench.studio.ground.sound.tempo, 97.0);
    bench.click(middle(&bench, "audio off"));
    let list = &bench.studio.ground.screen.overlay;
    assert!(matches!(list, Some(Overlay::Chooser { kind, .. }) if *kind == Kind::AudioOutput));
    bench.click(middle(&bench, "close"));
    assert_eq!(bench.studio.ground.screen.overlay, None);
    bench.click(middle(&bench, "s sample"));
    assert_eq!(bench.studio.ground.scene.seed, 3, "A and B are 1 and 2");
    // Keys that share their words are themselves.
    let (x, y) = bench.find("←↓↑→ move");
    bench.click((x + 3, y));
    bench.click((x + 1, y));
    let screen = &bench.studio.ground.screen;
    assert_eq!((screen.step, screen.lane), (1, 1));
}

#[test]
fn lists_are_chosen_from() {
    let mut bench = bench();
    // The first press gives the pane the keys and chooses; one on the chosen line loads it.
    bench.click(middle(&bench, "two"));
    assert_eq!(bench.studio.checkpoints.selected, 2);
    let two = Source::File("two.safetensors".into());
    assert_eq!(bench.take(), [Effect::ReadStory(two)]);
    bench.wheel(-1, middle(&bench, "two"));
    assert_eq!(bench.studio.checkpoints.selected, 1);
    bench.take();
    bench.click(middle(&bench, "one"));
    let loaded = Effect::LoadCheckpoint(Source::File("one.safetensors".into()));
    assert_eq!(bench.take(), [loaded]);

    bench.press("p");
    bench.receive(Event::Listed {
        kind: Kind::MidiPort,
        items: vec!["Drums".into(), "Synth".into()],
        note: String::new(),
    });
    bench.take();
    bench.click(middle(&bench, "Synth"));
    assert_eq!(bench.take(), []);
    bench.click(middle(&bench, "Synth"));
    assert_eq!(bench.take().len(), 1, "the port is opened");
    assert_eq!(bench.studio.ground.screen.overlay, None);

    // A command of the palette: chosen, then done.
    bench.press(":");
    for letter in "continue".chars() {
        let key = if letter == ' ' {
            "space".into()
        } else {
            letter.to_string()
        };
        bench.press(&key);
    }
    bench.click(middle(&bench, "continue from where"));
    assert_eq!(bench.take(), [engine(Command::Continue)]);
}

#[test]
fn the_help_scrolls_and_closes() {
    let mut bench = bench();
    bench.press("?");
    let first = bench.screen(120, 40);
    bench.wheel(4, (60, 20));
    assert_ne!(bench.screen(120, 40), first);
    bench.wheel(-4, (60, 20));
    assert_eq!(bench.screen(120, 40), first);
    // Beyond the end it comes back at once.
    bench.wheel(200, (60, 20));
    let last = bench.screen(120, 40);
    bench.wheel(-1, (60, 20));
    assert_ne!(bench.screen(120, 40), last);
    // Within it nothing is pressed, beside it it closes.
    bench.click((60, 20));
    assert!(bench.studio.ground.screen.overlay.is_some());
    bench.click((1, 20));
    assert_eq!(bench.studio.ground.screen.overlay, None);
}
