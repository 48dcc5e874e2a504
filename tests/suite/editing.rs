//! Editing as on a drum machine, by the keys: what becomes of the groove, what the screen shows, what
//! leaves for the engine, and what is on the disk.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEventKind};
use musicvae::music::Lane;
use musicvae_tui::engine::{Command, Request};
use musicvae_tui::studio::Pane;
use musicvae_tui::studio::{Effect, Event, PadNote, Received, Takeover, Tap, Transport};
use musicvae_tui::tui::Theme;
use ratatui::style::Modifier;

use super::workbench::{PLAIN, Workbench, engine};

/// Presses keys; `"..."` is typed letter by letter, with `_` for a space.
fn press(bench: &mut Workbench, keys: &str) -> usize {
    let mut count = 0;
    for word in keys.split_whitespace() {
        let letters = word
            .strip_prefix("\"")
            .and_then(|word| word.strip_suffix('"'));
        match letters.filter(|letters| !letters.is_empty()) {
            None => {
                bench.press(word);
                count += 1;
            }
            Some(letters) => {
                for letter in letters.chars() {
                    let space = letter == '_';
                    let key = if space {
                        "space".into()
                    } else {
                        letter.to_string()
                    };
                    bench.press(&key);
                    count += 1;
                }
            }
        }
    }
    count
}

/// The keys that empty the grid.
const EMPTY: &str = "ctrl-a delete esc";

/// A workbench whose grid was emptied by the keys.
fn empty() -> Workbench {
    let mut bench = Workbench::ready();
    press(&mut bench, EMPTY);
    bench.take();
    bench
}

/// The steps of a lane, a glyph each and bars apart: `x` plain, `o` softer, `X` louder, `<` early, `>`
/// late; bars that are all the same as one.
fn lane(bench: &Workbench, name: &str) -> String {
    let lane = Lane::ALL.into_iter().find(|lane| lane.short_name() == name);
    let lane = lane.unwrap_or_else(|| panic!("no lane {name}"));
    let groove = bench.studio.groove();
    let glyph = |step| match groove.hit(step, lane) {
        None => '.',
        Some(hit) if hit.offset > 0.0 => '<',
        Some(hit) if hit.offset < 0.0 => '>',
        Some(hit) => match (hit.velocity * 127.0).round() as i32 {
            100 => 'x',
            ..100 => 'o',
            _ => 'X',
        },
    };
    let glyphs: Vec<char> = (0..groove.steps.len()).map(glyph).collect();
    let mut bars: Vec<String> = glyphs.chunks(16).map(|bar| bar.iter().collect()).collect();
    bars.dedup();
    bars.join("|")
}

fn velocities(bench: &Workbench, lane: Lane) -> Vec<i32> {
    let hits = bench.studio.groove().hits();
    let hits = hits.filter(|(_, of, _)| *of == lane);
    hits.map(|(_, _, hit)| (hit.velocity * 127.0).round() as i32)
        .collect()
}

/// The groove that the engine was given last, and that it was given at once.
fn is_played_now(effects: &[Effect], bench: &Workbench) -> bool {
    let last = effects.iter().rev().find_map(|effect| match effect {
        Effect::Engine(Request::SetGroove { groove, takeover }) => Some((groove, takeover)),
        _ => None,
    });
    last.is_some_and(|(groove, takeover)| {
        groove.steps == bench.studio.groove().steps && *takeover == Takeover::Now
    })
}

/// Keys from an empty grid; lanes as they are then; steps of undo that it took; and what the screen
/// says of it.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    usize,
    &'static str,
);

const BAR: &str = "................";

#[rustfmt::skip] // a table
const ROWS: [Row; 44] = [
    ("four on the floor", "| 4", &[("Kick", "x...x...x...x...")], 1, "selected: 64 steps of 1 lane, 16 hits"),
    ("a backbeat", "j l l l l | 8", &[("Snare", "....x.......x...")], 1, "8 hits"),
    ("every three steps", "| 3", &[("Kick", "x..x..x..x..x..x|..x..x..x..x..x.|.x..x..x..x..x..|x..x..x..x..x..x")], 1, "22 hits"),
    ("typed", "| n \"12\" enter", &[("Kick", "x...........x...|........x.......|....x...........|x...........x...")], 1, "6 hits"),
    ("from the cursor, without a selection", "l l : \"type_how_many\" enter \"8\" enter", &[("Kick", "..x.......x.....")], 1, "Kick 1.1.3"),
    ("a hit that is there stays", "l enter K h | 1", &[("Kick", "xXxxxxxxxxxxxxxx|xxxxxxxxxxxxxxxx")], 3, "64 hits"),
    ("cells grow by arrows", "\\ l l l j 1", &[("Kick", "xxxx............|................"), ("Snare", "xxxx............|................"), ("CHat", BAR)], 1, "selected: 4 steps of 2 lanes, 8 hits"),
    ("the same key ends it", "\\ l l \\ enter", &[("Kick", "..x.............|................")], 1, "Kick 1.1.3"),
    ("a rectangle may grow backwards", "l l l j \\ h h k 1", &[("Kick", ".xxx............|................"), ("Snare", ".xxx............|................")], 1, "3 steps of 2 lanes"),
    ("whole bars of a lane", "\\ b 4", &[("Kick", "x...x...x...x...|................"), ("Snare", BAR)], 1, "16 steps of 1 lane"),
    ("all lanes", "\\ l l l a 2", &[("Kick", "x.x.............|................"), ("Ride", "x.x.............|................")], 1, "4 steps of 9 lanes"),
    ("selections turn into one another", "| 4 esc \" \\ end | delete", &[("Kick", BAR)], 2, "0 hits"),
    ("copied to the next bar", "\" 4 esc ctrl-y pagedown ctrl-v", &[("Kick", "x...x...x...x...|................"), ("Ride", "x...x...x...x...|................")], 2, "copied"),
    ("copied all over", "enter j enter k ctrl-y ctrl-a p esc", &[("Kick", "x..............."), ("Snare", "x...............")], 3, "2 hits of 16 steps copied."),
    ("cells go where the cursor is", "\\ l l 2 c esc j l ctrl-v", &[("Kick", "x.x.............|................"), ("Snare", "...x.x..........|................")], 2, "Snare 1.1.4"),
    ("a lane goes to another lane", "| 4 y j j pagedown ctrl-v", &[("CHat", "x...x...x...x...")], 2, "CHat 2.1.1"),
    ("cut and paste", "| 4 esc pagedown \" x esc pageup pageup ctrl-v", &[("Kick", "x...x...x...x...|................|x...x...x...x...")], 3, "4.1.1"),
    ("pasting replaces", "enter l enter \\ l c l enter h ctrl-v", &[("Kick", "xxx.............|................")], 4, "Kick 1.1.3"),
    ("merging does not", "enter K \\ l l c esc home l l enter K K K h h l l ctrl-u", &[("Kick", "X.X.............|................")], 5, "velocity 124"),
    ("past the end it is cut off", "\\ l l l 1 c end h ctrl-v", &[("Kick", "xxxx............|................|..............xx")], 2, "4.4.3"),
    ("rotate", "| 4 >", &[("Kick", ".x...x...x...x..")], 2, "16 hits"),
    ("rotate back", "| 4 > < <", &[("Kick", "...x...x...x...x")], 4, "16 hits"),
    ("rotate within the selection", "enter \\ l l l >", &[("Kick", ".x..............|................")], 2, "1 hit"),
    ("reverse", "enter l enter \\ l l l l l r", &[("Kick", "x.....x.........|................")], 3, "selected: 6 steps"),
    ("twice as fast", "| 4 d", &[("Kick", "x.x.x.x.x.x.x.x.")], 2, "32 hits"),
    ("half as fast", "| 4 D", &[("Kick", "x.......x.......")], 2, "8 hits"),
    ("what falls between steps is late by half", "l enter | d", &[("Kick", ">...............|................|>...............|................")], 2, "2 hits"),
    ("velocity of a cell", "enter ctrl-d \"127\" enter", &[("Kick", "X...............|................")], 2, "velocity 127"),
    ("velocity of a selection", "| 4 v \"60\" enter", &[("Kick", "o...o...o...o...")], 2, "velocity 60"),
    ("louder by so much", "| 4 v \"+20\" enter", &[("Kick", "X...X...X...X...")], 2, "velocity 120"),
    ("timing in milliseconds", "enter ctrl-w \"10_late\" enter", &[("Kick", ">...............|................")], 2, "10 ms late"),
    ("timing in hundredths of a step", "enter ctrl-w \"25%_early\" enter", &[("Kick", "<...............|................")], 2, "31 ms early"),
    ("nudged together, in one step of undo", "| 4 K K", &[("Kick", "X...X...X...X...")], 2, "velocity 116"),
    ("timing nudged together", "| 4 shift-left H", &[("Kick", "<...<...<...<...")], 2, "5 ms early"),
    ("the selection is cleared", "| 4 esc \\ l l l l backspace", &[("Kick", "........x...x...|x...x...x...x...")], 2, "0 hits"),
    ("delete is the lane's, or the selection's", "| 4 esc delete", &[("Kick", BAR)], 2, "no hit"),
    ("at random", "| R \"s50_#3\" enter", &[], 1, "Random with seed 3"),
    ("a chance falls by a seed", "enter ctrl-e \"50%\" enter : \"chance-seed_7\" enter", &[], 2, "50%, chance seed 7"),
    ("a chance and a ratchet", "enter ctrl-e \"50%_x3-40\" enter", &[("Kick", "x...............|................")], 2, "on the grid, 50% x3-40"),
    ("a condition of all", "| 4 e \"!1/4\" enter", &[("Kick", "x...x...x...x...")], 2, "!1/4"),
    ("what is there is typed on", "enter ctrl-e \"50%\" enter ctrl-e \"_flam\" enter", &[], 3, "50% flam"),
    ("flams", "| 4 F", &[], 2, "on the grid, flam"),
    ("plain again", "| 4 F F", &[], 3, "on the grid   selected"),
    ("strokes of keys", "ctrl-k a s d A d esc", &[("Kick", "x..x............|................"), ("Snare", ".x..............|................"), ("CHat", "..xx............|................")], 5, "CHat 1.2.1"),
];

#[test]
fn editing_as_on_a_drum_machine() {
    for (what, keys, lanes, undone, seen) in ROWS {
        let mut bench = empty();
        let past = bench.studio.ground.undo.past().len();
        press(&mut bench, keys);
        let shown = [(80, 24), (120, 40), (200, 60)].map(|(w, h)| bench.screen(w, h).join("\n"));
        for shown in &shown {
            assert!(shown.contains(seen), "{what}: no `{seen}` in\n{shown}");
        }
        for (name, steps) in lanes {
            assert_eq!(lane(&bench, name), *steps, "{what}: {name}");
        }
        assert!(is_played_now(&bench.take(), &bench), "{what}");
        let steps = bench.studio.ground.undo.past().len() - past;
        assert_eq!(steps, undone, "{what}: steps of undo");
        // Back by the key, as far as it went.
        press(&mut bench, "esc");
        let edited = bench.studio.groove().clone();
        (0..undone).for_each(|_| bench.press("u"));
        assert_eq!(bench.studio.groove().hits().count(), 0, "{what}: undone");
        (0..undone).for_each(|_| bench.press("ctrl-r"));
        assert_eq!(*bench.studio.groove(), edited, "{what}: redone");
    }
}

#[test]
fn what_was_edited_is_on_the_disk() {
    for keys in [
        "| 4 v \"30-120\" enter",
        "ctrl-k a s d esc",
        "\" ctrl-x pagedown ctrl-v",
        "enter ctrl-e \"50%_!2/3_flam_x4-30\" enter",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Workbench::over(folder.path());
        press(&mut bench, keys);
        let later = bench.studio.ground.now + Duration::from_secs(1);
        bench.receive(Event::Tick(later));
        let before = bench.studio.groove().clone();
        // As by kill -9.
        drop(bench);
        let next = Workbench::over(folder.path());
        assert_eq!(*next.studio.groove(), before, "{keys}");
    }
}

/// The beat that everyone begins with, in as few keys as are promised.
#[test]
fn a_beat_takes_a_handful_of_keys() {
    let mut bench = empty();
    assert_eq!(press(&mut bench, "| 4"), 2);
    assert_eq!(lane(&bench, "Kick"), "x...x...x...x...");
    let rest = press(&mut bench, "esc down l l l l | 8 esc down | 2");
    assert_eq!(lane(&bench, "Snare"), "....x.......x...");
    assert_eq!(lane(&bench, "CHat"), "x.x.x.x.x.x.x.x.");
    assert!(rest + 2 < 20, "{rest}");
}

/// In an operation on several lanes the locked ones stay; a lane alone is edited as before.
#[test]
fn locked_lanes_are_left_alone() {
    let table = [
        ("ctrl-a delete", "x...x...x...x..."),
        ("ctrl-a >", "x...x...x...x..."),
        ("\\ j l 1", "x...x...x...x..."),
        ("\" ctrl-x", "x...x...x...x..."),
        ("ctrl-a R \"s50\" enter", "x...x...x...x..."),
        ("j j enter ctrl-y ctrl-a p", "x...x...x...x..."),
        ("| >", ".x...x...x...x.."),
        ("delete", BAR),
    ];
    for (keys, kick) in table {
        let mut bench = empty();
        press(&mut bench, "| 4 esc f j enter k");
        press(&mut bench, keys);
        assert_eq!(lane(&bench, "Kick"), kick, "{keys}");
    }
}

/// In an operation on several bars the locked ones stay; a bar alone is edited as before.
#[test]
fn locked_bars_are_left_alone() {
    let (floor, empty_bar) = ("x...x...x...x...", BAR);
    let table = [
        ("| delete", [empty_bar, floor, empty_bar, empty_bar]),
        (
            "ctrl-a <",
            [
                "...x...x...x...x",
                floor,
                "...x...x...x...x",
                "...x...x...x...x",
            ],
        ),
        ("ctrl-a ctrl-x", [empty_bar, floor, empty_bar, empty_bar]),
        (
            "| 2",
            [
                "x.x.x.x.x.x.x.x.",
                floor,
                "x.x.x.x.x.x.x.x.",
                "x.x.x.x.x.x.x.x.",
            ],
        ),
        ("pagedown \" delete", [floor, empty_bar, floor, floor]),
    ];
    for (keys, kick) in table {
        let mut bench = empty();
        press(&mut bench, "| 4 esc pagedown ctrl-b pageup home");
        press(&mut bench, keys);
        let steps = |bar: usize| {
            let hit = |step| bench.studio.groove().hit(bar * 16 + step, Lane::Kick);
            let letter = |step| if hit(step).is_some() { 'x' } else { '.' };
            (0..16).map(letter).collect::<String>()
        };
        assert_eq!([0, 1, 2, 3].map(steps), kick, "{keys}");
    }
    let mut bench = empty();
    press(
        &mut bench,
        "| 4 esc ctrl-b pagedown ctrl-b pageup \" pagedown delete",
    );
    assert_eq!(bench.said(), "Every bar of it is locked.");
}

/// What can't be done is said, and changes nothing.
#[test]
fn what_cannot_be_done_is_said() {
    let table = [
        (
            "ctrl-v",
            "Nothing was copied yet: select something and copy it.",
        ),
        (
            "ctrl-u",
            "Nothing was copied yet: select something and copy it.",
        ),
        ("ctrl-x", "The bar is silent."),
        ("| r", "No hit is selected."),
        ("delete", "The lane is silent."),
        ("ctrl-d \"90\" enter", "There is no hit under the cursor."),
        ("| v \"90\" enter", "No hit is selected."),
        ("f j f k \\ j 4", "Every lane of it is locked."),
        (
            "| n \"0\" enter",
            "Fill every how many steps (from where the selection began), not `0`.",
        ),
        ("ctrl-e \"50%\" enter", "There is no hit under the cursor."),
        (
            "ctrl-e \"often\" enter",
            "Step (50% 1/4 !1/4 fill !fill flam x3 x3-40; nothing: plain), not `often`.",
        ),
        (
            "ctrl-w \"soon\" enter",
            "Timing in ms (5 early, 12 late, 0 on the grid; 25% of a step), not `soon`.",
        ),
    ];
    for (keys, said) in table {
        let mut bench = empty();
        let before = bench.studio.groove().clone();
        let past = bench.studio.ground.undo.past().len();
        press(&mut bench, keys);
        assert_eq!(bench.said(), said, "{keys}");
        assert_eq!(*bench.studio.groove(), before, "{keys}");
        assert_eq!(bench.studio.ground.undo.past().len(), past, "{keys}");
    }
}

#[test]
fn what_was_copied_goes_from_slot_to_slot() {
    let mut bench = empty();
    // A bar with a beat, kept in slot 1; an empty one in slot 2 would be refused, so with one hit.
    press(
        &mut bench,
        "| 4 esc C s q ctrl-y ctrl-a delete esc enter C j s enter q pagedown ctrl-v",
    );
    assert_eq!(
        lane(&bench, "Kick"),
        format!("x...............|x...x...x...x...|{BAR}")
    );
    let slots = &bench.studio.ground.scene.slots.all;
    assert_eq!(
        slots[1].as_ref().unwrap().groove.hits().count(),
        1,
        "the slot itself stays"
    );
}

#[test]
fn ramps_and_chance_stay_within_their_limits() {
    let mut bench = empty();
    press(
        &mut bench,
        "\\ l l l l l l l l l l l l 4 v \"40-110\" enter",
    );
    assert_eq!(velocities(&bench, Lane::Kick), [40, 63, 87, 110]);
    // From the first to the last as they are.
    press(
        &mut bench,
        "esc h h h h ctrl-d \"1\" enter home \\ l l l l l l l l l l l l /",
    );
    assert_eq!(velocities(&bench, Lane::Kick), [40, 63, 87, 110]);
    let random = |keys: &str| {
        let mut bench = empty();
        press(&mut bench, "| 1 esc");
        press(&mut bench, keys);
        bench.studio.groove().clone()
    };
    let some = random("| R \"v20_t10_#7\" enter");
    for (_, _, hit) in some.hits() {
        assert!((80.0..=120.0).contains(&(hit.velocity * 127.0).round()));
        assert!(hit.offset.abs() <= 0.1);
    }
    assert!(some.hits().any(|(_, _, hit)| hit.offset.abs() > 0.05));
    assert_eq!(
        some,
        random("| R \"v20_t10_#7\" enter"),
        "the same seed does the same"
    );
    assert_ne!(some, random("| R \"v20_t10_#8\" enter"));
    let first = random("| R \"v20\" enter");
    assert_ne!(first, random("| R \"v20\" enter R \"v20\" enter"));
}

/// Without a colour and without block characters: a hit is never hidden, by the cursor, by a selection
/// or by both.
#[test]
fn the_cursor_and_the_selection_hide_no_hit() {
    for (ascii, hit, none, filled) in [(true, 'X', '_', '-'), (false, '◆', '◇', '░')] {
        let theme = Theme { ascii, ..PLAIN };
        for (size, zoom) in [((80, 24), ""), ((120, 40), "z"), ((200, 60), "z z")] {
            for select in ["", "| "] {
                let mut bench = empty();
                press(&mut bench, zoom);
                press(&mut bench, "| 8 esc");
                press(&mut bench, select);
                let kick = |bench: &Workbench| {
                    let lines = bench.screen_with(size.0, size.1, theme);
                    let kick = lines
                        .into_iter()
                        .find(|line| line.contains("Kick ") && !line.contains("Kick 1"));
                    kick.unwrap()
                };
                let on = kick(&bench);
                assert!(on.contains(hit) && !on.contains(none), "{on}");
                press(&mut bench, "l");
                let off = kick(&bench);
                assert!(off.contains(none) && !off.contains(hit), "{off}");
                assert_eq!(off.contains(filled), !select.is_empty(), "{off}");
                let buffer = bench.buffer(size.0, size.1, theme);
                let cursor = buffer
                    .content()
                    .iter()
                    .find(|cell| cell.symbol() == none.to_string());
                assert!(cursor.unwrap().modifier.contains(Modifier::REVERSED));
                // As many hits are seen as there are on the page, wherever the cursor is.
                let full = if ascii { 'O' } else { '█' };
                let shown = |line: &str| {
                    line.chars()
                        .skip(11)
                        .filter(|glyph| [hit, full, '#'].contains(glyph) || "▅▆▇".contains(*glyph))
                        .count()
                };
                assert_eq!(shown(&on), shown(&off), "{on}\n{off}");
            }
        }
    }
}

#[test]
fn fewer_bars_show_timing_inside_their_cells() {
    let mut bench = empty();
    press(&mut bench, "enter l l l l enter l l l l enter");
    press(
        &mut bench,
        "ctrl-w \"30%_late\" enter home ctrl-w \"30%_early\" enter l l",
    );
    let column = |bench: &Workbench, of: usize| {
        let lines = bench.screen(200, 60);
        let kick = lines
            .iter()
            .find(|line| line.contains("Kick ") && line.contains('┊'));
        let glyphs: Vec<usize> = kick
            .unwrap()
            .chars()
            .enumerate()
            .filter(|(_, glyph)| "▅▆▇█".contains(*glyph))
            .map(|(x, _)| x)
            .collect();
        glyphs[of]
    };
    let away = |bench: &Workbench| {
        (
            column(bench, 1) - column(bench, 0),
            column(bench, 2) - column(bench, 1),
        )
    };
    // All four bars: beats are as far apart as they are, and marks say the rest.
    let (first, second) = away(&bench);
    assert_eq!(first, second);
    press(&mut bench, "z z");
    assert!(
        bench
            .screen(200, 60)
            .iter()
            .all(|line| !line.contains("2.2")),
        "one bar"
    );
    let (first, second) = away(&bench);
    // Three columns of nine each.
    assert_eq!((first, second), (37 + 3, 37 + 3));
    press(&mut bench, "pagedown");
    assert!(
        bench
            .screen(200, 60)
            .iter()
            .any(|line| line.contains("2.2")),
        "the cursor's bar"
    );
    press(&mut bench, "z");
    assert!(
        bench
            .screen(200, 60)
            .iter()
            .any(|line| line.contains("4.4")),
        "all again"
    );
}

fn playing(bench: &mut Workbench, step: f64) {
    let mut status: Transport = bench.studio.ground.transport.clone();
    status.playing = true;
    status.position.step = step;
    bench.receive(Event::Transport(status));
}

/// Insert mode: step by step while nothing plays, in time while it does, from keys and from pads.
#[test]
fn lanes_are_struck_by_keys_and_pads() {
    let mut bench = empty();
    press(&mut bench, "ctrl-k");
    assert!(bench.take().contains(&engine(Command::Overdub(true))));
    for (width, height) in [(80, 24), (200, 60)] {
        let footer = bench.screen(width, height).pop().unwrap();
        assert!(
            footer.contains("a Kick") && footer.contains("l Ride"),
            "{footer}"
        );
    }
    // A stroke sounds, and the cursor goes on by as much as is chosen.
    press(&mut bench, "] ] - a A d right s");
    let struck = Command::Strike {
        lane: Lane::Kick,
        velocity: 92.0 / 127.0,
    };
    assert!(bench.take().contains(&engine(struck)));
    assert_eq!(lane(&bench, "Kick"), format!("o..o............|{BAR}"));
    assert_eq!(lane(&bench, "CHat"), format!("...o............|{BAR}"));
    assert_eq!(lane(&bench, "Snare"), format!(".......o........|{BAR}"));
    // A letter that is no lane's does nothing: `q` leaves nothing, `r` trains nothing.
    let before = bench.studio.groove().clone();
    press(&mut bench, "q r x e");
    assert!(!bench.studio.ground.leaving && bench.studio.ground.screen.overlay.is_none());
    assert_eq!(*bench.studio.groove(), before);
    let pad = |tap| Received::Note {
        from: PadNote {
            channel: 10,
            note: 49,
        },
        velocity: 127,
        lane: Some(Lane::Crash),
        tap,
    };
    bench.receive(Event::Midi(vec![pad(None)]));
    assert_eq!(lane(&bench, "Crash"), format!("..........X.....|{BAR}"));
    // In time: the engine is asked to strike, and tells where that fell.
    playing(&mut bench, 20.0);
    bench.take();
    press(&mut bench, "s");
    let strike = Request::Strike {
        lane: Lane::Snare,
        velocity: 92,
    };
    assert_eq!(bench.take(), [engine(strike)]);
    let tap = Tap {
        step: 20,
        offset: -0.2,
    };
    let key = Received::Key {
        lane: Lane::Snare,
        velocity: 92,
        tap: Some(tap),
    };
    bench.receive(Event::Midi(vec![
        key,
        pad(Some(Tap {
            step: 24,
            offset: 0.0,
        })),
    ]));
    assert!(is_played_now(&bench.take(), &bench));
    assert_eq!(
        lane(&bench, "Snare"),
        format!(".......o........|....>...........|{BAR}")
    );
    assert_eq!(
        lane(&bench, "Crash"),
        format!("..........X.....|........X.......|{BAR}")
    );
    press(&mut bench, "u esc");
    assert_eq!(lane(&bench, "Snare"), format!(".......o........|{BAR}"));
    assert!(bench.take().contains(&engine(Command::Overdub(false))));
    // Out of the mode a stroke that was on its way changes nothing.
    bench.receive(Event::Midi(vec![key]));
    assert_eq!(lane(&bench, "Snare"), format!(".......o........|{BAR}"));
}

#[test]
fn pads_that_are_recorded_stay_so_after_insert_mode() {
    let mut bench = empty();
    press(&mut bench, "O ctrl-k esc");
    let overdub: Vec<Effect> = bench.take();
    let last = overdub.iter().rev().find(|effect| {
        matches!(
            effect,
            Effect::Engine(Request::Command(Command::Overdub(_)))
        )
    });
    assert_eq!(last, Some(&engine(Command::Overdub(true))));
}

/// The place of a cell on a screen of 120 by 40: beats are a column apart.
fn place(lane: u16, step: u16) -> (u16, u16) {
    (12 + step + step / 4, 4 + 2 * lane)
}

#[test]
fn the_mouse_draws_selects_and_turns() {
    let mut bench = empty();
    // A press sets the hit, a second one removes it.
    bench.click(place(0, 4));
    assert_eq!(lane(&bench, "Kick"), format!("....x...........|{BAR}"));
    assert!(is_played_now(&bench.take(), &bench));
    let screen = &bench.studio.ground.screen;
    assert_eq!((screen.lane, screen.step), (0, 4));
    bench.click(place(0, 4));
    assert_eq!(lane(&bench, "Kick"), BAR);
    // Drawn along the lane of the first cell, wherever the mouse goes; one step of undo.
    let past = bench.studio.ground.undo.past().len();
    bench.drag(&[place(2, 0), place(2, 1), place(4, 2), place(2, 3)]);
    assert_eq!(lane(&bench, "CHat"), format!("xxxx............|{BAR}"));
    assert_eq!(lane(&bench, "LTom"), BAR);
    bench.click(place(2, 6));
    assert_eq!(bench.studio.ground.undo.past().len(), past + 2);
    // Removed in the same way; what was silent stays so.
    bench.drag(&[place(2, 1), place(2, 2), place(2, 8)]);
    assert_eq!(lane(&bench, "CHat"), format!("x..x..x.........|{BAR}"));
    bench.press("u");
    assert_eq!(lane(&bench, "CHat"), format!("xxxx..x.........|{BAR}"));
    // The wheel: the hit under it, or the selection.
    bench.wheel(-2, place(2, 0));
    assert_eq!(
        velocities(&bench, Lane::ClosedHat),
        [108, 100, 100, 100, 100]
    );
    bench.wheel(3, place(2, 9));
    assert_eq!(
        velocities(&bench, Lane::ClosedHat),
        [108, 100, 100, 100, 100]
    );
    let right = MouseButton::Right;
    bench.mouse(MouseEventKind::Down(right), place(3, 3));
    bench.mouse(MouseEventKind::Drag(right), place(2, 1));
    bench.mouse(MouseEventKind::Up(right), place(2, 1));
    let shown = bench.screen(120, 40).join("\n");
    assert!(
        shown.contains("selected: 3 steps of 2 lanes, 3 hits"),
        "{shown}"
    );
    bench.wheel(1, place(2, 2));
    assert_eq!(velocities(&bench, Lane::ClosedHat), [108, 96, 96, 96, 100]);
    bench.press("c");
    // What was selected is copied to where the next press is.
    bench.mouse(MouseEventKind::Down(right), place(2, 12));
    bench.press("ctrl-v");
    assert_eq!(lane(&bench, "CHat"), format!("Xooo..x.....ooo.|{BAR}"));
    // The ruler, and the labels with their flags.
    bench.click((place(0, 20).0, 2));
    assert_eq!(bench.studio.ground.screen.step, 20);
    for (column, flags) in [
        (7, (true, false, false)),
        (8, (true, true, false)),
        (9, (true, true, true)),
    ] {
        bench.click((column, place(1, 0).1));
        let lane = bench.studio.ground.lanes[1];
        assert_eq!((lane.mute, lane.solo, lane.lock), flags);
    }
    bench.wheel(2, (3, place(1, 0).1));
    assert!((bench.studio.ground.lanes[1].level - 0.8).abs() < 1e-6);
    // From another pane the first press only comes here.
    bench.press("2");
    let before = bench.studio.groove().clone();
    bench.click(place(0, 0));
    assert_eq!(bench.studio.ground.screen.pane, Pane::Grid);
    assert_eq!(*bench.studio.groove(), before);
    bench.click(place(0, 0));
    assert_ne!(*bench.studio.groove(), before);
}

/// What a step does is marked in its cell, at every size and without block characters.
#[test]
fn what_steps_do_is_marked_in_their_cells() {
    for (trig, sign) in [
        ("x3", '3'),
        ("flam", 'f'),
        ("50%", '%'),
        ("1/4", '?'),
        ("50%_x8", '8'),
    ] {
        for (size, zoom) in [((80, 24), ""), ((120, 40), "z"), ((200, 60), "z z")] {
            for ascii in [true, false] {
                let mut bench = empty();
                press(&mut bench, zoom);
                press(&mut bench, &format!("j j enter ctrl-e \"{trig}\" enter l"));
                let lines = bench.screen_with(size.0, size.1, Theme { ascii, ..PLAIN });
                let hat = lines
                    .iter()
                    .find(|line| line.contains("CHat ") && !line.contains("CHat 1"));
                let cells: String = hat.unwrap().chars().skip(6).collect();
                assert!(cells.contains(sign), "{trig} at {size:?}: {cells}");
            }
        }
    }
}

#[test]
fn fills_are_told_to_the_engine() {
    let mut bench = empty();
    press(&mut bench, "@");
    assert_eq!(bench.take(), [engine(Command::SetFill(true))]);
    assert!(
        bench
            .screen(120, 40)
            .iter()
            .any(|line| line.contains("fills are on"))
    );
    press(&mut bench, "@");
    assert_eq!(bench.take(), [engine(Command::SetFill(false))]);
}

/// As many passes as the conditions count: 1 of 2 and 1 of 3 come round after six.
#[test]
fn passes_are_exported_until_conditions_come_round() {
    let mut bench = empty();
    press(
        &mut bench,
        "enter ctrl-e \"1/2\" enter l enter ctrl-e \"!1/3\" enter",
    );
    let repeats = |bench: &mut Workbench| {
        let song = bench.take().into_iter().find_map(|effect| match effect {
            Effect::Export { song, .. } => Some(song),
            _ => None,
        });
        let song = song.unwrap();
        (song.links[0].repeats, song.bars())
    };
    press(&mut bench, "e");
    assert_eq!(repeats(&mut bench), (1, 4));
    press(&mut bench, ": \"passes\" enter");
    assert_eq!(repeats(&mut bench), (6, 24));
}
