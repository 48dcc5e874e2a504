//! How the screen is shared and coloured, and how a newcomer finds the way.

use musicvae_tui::studio::{Effect, Event, Overlay, Pane, Weight};
use musicvae_tui::tui::{Background, Looks};

use super::workbench::{COLOR, Workbench, entry};

/// Types a text, as keys.
fn type_in(bench: &mut Workbench, text: &str) {
    for character in text.chars() {
        match character {
            ' ' => bench.press("space"),
            character => bench.press(&character.to_string()),
        }
    }
}

/// How many lines and columns each pane has on a screen, by its frame's upper corners.
fn titles(bench: &Workbench, width: u16, height: u16) -> Vec<(Pane, usize)> {
    let lines = bench.screen(width, height);
    let title = |pane: Pane| {
        let text = format!("{} {}", pane as u8 + 1, pane.title());
        let line = lines.iter().position(|line| line.contains(&text))?;
        Some((pane, line))
    };
    Pane::ALL.into_iter().filter_map(title).collect()
}

#[test]
fn panes_are_made_larger_smaller_hidden_and_full() {
    let mut bench = Workbench::ready();
    let shown = |bench: &Workbench| {
        let titles = titles(bench, 120, 40).into_iter();
        titles.map(|(pane, _)| pane as u8 + 1).collect::<Vec<_>>()
    };
    let below = |bench: &Workbench| titles(bench, 120, 40).last().map(|(_, line)| *line);
    for (keys, panes, pane) in [
        ("", vec![1, 2, 3, 4], Pane::Grid),
        ("f3", vec![1, 2, 4], Pane::Grid),
        // A hidden pane is passed by, and comes back when it is asked for.
        ("2 tab", vec![1, 2, 4], Pane::Checkpoints),
        ("3", vec![1, 2, 3, 4], Pane::Loss),
        // The keys go to the next pane.
        ("f3", vec![1, 2, 4], Pane::Checkpoints),
        ("f2 f4", vec![1], Pane::Grid),
        ("2 3 4", vec![1, 2, 3, 4], Pane::Checkpoints),
        ("_", vec![4], Pane::Checkpoints),
        ("2", vec![2], Pane::Slider),
        ("_", vec![1, 2, 3, 4], Pane::Slider),
    ] {
        bench.press(keys);
        let has_keys = bench.studio.ground.screen.pane;
        assert_eq!((shown(&bench), has_keys), (panes, pane), "after `{keys}`");
    }
    let before = below(&bench);
    bench.press("f7 f7");
    assert_eq!(below(&bench), before.map(|line| line - 4));
    bench.press("f8 f8");
    assert_eq!(below(&bench), before);
    // However far one goes, every pane keeps something.
    for keys in ["f7", "f8", "f5", "f6"] {
        for _ in 0..60 {
            bench.press(keys);
        }
        assert_eq!(shown(&bench), [1, 2, 3, 4], "after many `{keys}`");
        for size in [(80, 24), (120, 40), (200, 60)] {
            assert_eq!(titles(&bench, size.0, size.1).len(), 4);
        }
    }
    assert_eq!(
        bench
            .take()
            .iter()
            .filter(|it| matches!(it, Effect::Keep(_)))
            .count(),
        0
    );
}

#[test]
fn a_large_screen_is_the_grooves() {
    let bench = Workbench::ready();
    let training = titles(&bench, 200, 60)[2];
    assert_eq!(training.0, Pane::Loss);
    assert!(
        training.1 > 60 * 2 / 5,
        "the groove ends at line {}",
        training.1
    );
}

#[test]
fn themes_are_switched_by_key_and_by_name() {
    let mut bench = Workbench::ready();
    let config = bench.studio.ground.config.clone();
    let variable = |name: &str| (name == "COLORTERM").then(|| "truecolor".to_string());
    let looks = Looks::new(&config, variable, |_| Some(Background::Light)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..6 {
        bench.press("ctrl-t");
        let theme = looks.theme(&bench.studio.ground.screen.theme);
        let buffer = bench.buffer(80, 24, theme);
        seen.push((buffer[(0, 0)].bg, buffer[(3, 2)].fg));
    }
    assert_eq!(bench.studio.ground.screen.theme, "auto", "they go round");
    seen.dedup();
    assert!(seen.len() >= 4, "{seen:?}");
    type_in(&mut bench, ":theme li");
    bench.press("enter");
    assert_eq!(bench.studio.ground.screen.theme, "light");
    assert_eq!(bench.said(), "Theme: light.");
    assert_eq!(bench.studio.ground.screen.overlay, None);
    // Where nothing is kept, the configuration is the place for it.
    bench.studio.ground.config.session.folder = "off".into();
    bench.press("ctrl-t");
    assert!(bench.said().contains("write theme = "), "{}", bench.said());
}

#[test]
fn commands_are_typed_with_their_values() {
    let mut bench = Workbench::ready();
    bench.receive(Event::Catalogue(vec![entry("fake"), entry("one")], vec![]));
    bench.take();
    let mut done = |text: &str| {
        type_in(&mut bench, text);
        bench.press("enter");
        let open = bench.studio.ground.screen.overlay.clone();
        let ground = &bench.studio.ground;
        let state = (
            ground.sound.tempo,
            ground.scene.temperature,
            ground.scene.seed,
        );
        let said = bench.said();
        bench.press("esc");
        (state, open.is_some(), said)
    };
    assert_eq!(done(":bpm 97").0.0, 97.0);
    assert_eq!(done(":temperature 0.7").0.1, 0.7);
    assert_eq!(done(":seed 12").0.2, 12);
    // What makes no sense stays, to be mended, and is answered with what there may be.
    let (_, is_open, said) = done(":bpm 9000");
    assert!(
        is_open && said.contains("20 to 300") && said.contains("`9000`"),
        "{said}"
    );
    let (_, is_open, said) = done(":bmp 97");
    assert!(is_open && said.contains("nearest one is `bpm`"), "{said}");
    let (_, _, said) = done(":theme nosuch");
    assert!(
        said.contains("no theme `nosuch`") && said.contains("light"),
        "{said}"
    );
    // The name alone asks for the value.
    type_in(&mut bench, ":theme");
    bench.press("enter");
    type_in(&mut bench, "li");
    let lines = bench.screen(120, 40).join("\n");
    assert!(
        lines.contains(":theme light") && !lines.contains(":theme dark"),
        "{lines}"
    );
    bench.press("enter");
    assert_eq!(bench.studio.ground.screen.theme, "light");
    bench.take();
    type_in(&mut bench, ":checkpoint on");
    bench.press("enter");
    assert!(matches!(bench.take()[..], [Effect::LoadCheckpoint(_)]));
    type_in(&mut bench, ":open /no such/beat.mid");
    bench.press("enter");
    let read = bench.take();
    assert!(
        read.iter().any(|it| matches!(it, Effect::ReadMusic { .. })),
        "{read:?}"
    );
}

/// A window's own keys come first, and closing the help leads back to it.
#[test]
fn a_window_has_help() {
    for (keys, title) in [
        ("C", "Slots and chain"),
        ("&", "Variations"),
        ("f9", "In the mixer"),
        ("f12", "On the pad"),
        ("ctrl-o", "Files"),
    ] {
        let mut bench = Workbench::ready();
        bench.press(keys);
        let before = bench.studio.ground.screen.overlay.clone();
        bench.press("f1");
        let lines = bench.screen(80, 24);
        let first = lines.iter().position(|line| line.contains(title));
        assert_eq!(first, Some(2), "{keys}: {lines:#?}");
        bench.press("esc");
        assert_eq!(bench.studio.ground.screen.overlay, before, "{keys}");
        // How to get out is said in every window, however narrow.
        let footer = bench.screen(80, 24).pop().unwrap();
        assert!(footer.contains("Esc"), "{keys}: {footer}");
    }
}

#[test]
fn the_help_is_searched() {
    let mut bench = Workbench::ready();
    bench.press("?");
    let all = bench.screen(120, 40).join("\n");
    assert!(all.contains("play or stop"));
    bench.press("/");
    type_in(&mut bench, "tempo");
    let found = bench.screen(120, 40).join("\n");
    assert!(
        found.contains("tap the tempo") && !found.contains("play on from"),
        "{found}"
    );
    bench.press("enter");
    bench.click((60, 20));
    assert!(matches!(
        bench.studio.ground.screen.overlay,
        Some(Overlay::Help { .. })
    ));
    bench.press("/ x x x");
    assert!(
        bench
            .screen(120, 40)
            .join("\n")
            .contains("No key does this.")
    );
    // Esc forgets the words, then closes.
    bench.press("esc");
    assert_eq!(bench.screen(120, 40).join("\n"), all);
    bench.press("esc");
    assert_eq!(bench.studio.ground.screen.overlay, None);
}

#[test]
fn the_first_start_says_the_keys_that_matter() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    let (weight, line) = bench.studio.status_line();
    assert_eq!(weight, Weight::Notice);
    assert!(line.starts_with("Space plays, s draws another groove, ? shows every key."));
    bench.press("space");
    assert!(!bench.studio.status_line().1.contains("every key"));
}

#[test]
fn the_footer_says_what_this_moment_allows() {
    let mut bench = Workbench::ready();
    let footer = |bench: &Workbench, width| bench.screen(width, 40).pop().unwrap();
    assert!(footer(&bench, 80).contains("Space play  s sample"));
    let mut transport = bench.studio.ground.transport.clone();
    transport.playing = true;
    bench.receive(Event::Transport(transport));
    assert!(footer(&bench, 80).contains("Space stop  s sample"));
    let buffer = bench.buffer(80, 24, COLOR);
    assert_eq!(buffer[(0, 0)].bg, ratatui::style::Color::Reset);
}
