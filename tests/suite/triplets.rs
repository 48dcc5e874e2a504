//! Grooves of twelve steps a bar: brought in, played, edited, written, and refused where models are asked.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use musicvae::music::midi_file::{self, Layout};
use musicvae::music::{Grid, Groove, Hit, Lane};
use musicvae_tui::engine::{Request, Song, Takeover};
use musicvae_tui::studio::{Effect, Origin, bring};

use super::workbench::Workbench;

/// Four bars in triplets: the ride on each, the snare on every second beat a little late, all as loud as
/// their step.
fn jazz() -> Groove {
    let mut groove = Groove {
        grid: Grid::Triplets,
        ..Groove::empty(48)
    };
    for step in 0..48 {
        let velocity = (40 + step) as f32 / 127.0;
        groove.steps[step][Lane::Ride.index()] = Some(Hit::new(velocity, 0.0));
        if step % 6 == 3 {
            groove.steps[step][Lane::Snare.index()] = Some(Hit::new(velocity, -0.25));
        }
    }
    groove
}

fn song(groove: &Groove) -> Song {
    Song {
        swing: 0.75,
        ..Song::once(groove.clone())
    }
}

/// Ticks (960 a quarter note) at which the ride is struck.
fn rides(bytes: &[u8]) -> Vec<u64> {
    let read = midi_file::read(bytes).unwrap();
    let ride = read.notes.iter().filter(|note| note.pitch == 51);
    ride.map(|note| (note.start_time * 1920.0).round() as u64)
        .collect()
}

fn write(path: &Path, groove: &Groove) {
    let bytes = song(groove).midi(Layout::Drums).unwrap().bytes;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_in_triplets_is_read_shown_and_written_in_triplets() {
    let thirds: Vec<u64> = (0..48).map(|step| step * 320).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jazz.mid");
    write(&path, &jazz());
    assert_eq!(rides(&fs::read(&path).unwrap()), thirds);
    let mut bench = Workbench::ready();
    bench.apply(bring::Action::Bring(vec![path]));
    let said = bench.said();
    assert!(
        said.contains("triplets, which the models have not learned"),
        "{said}"
    );
    let groove = bench.studio.groove().clone();
    assert_eq!(
        (groove.grid, groove.steps.len(), groove.bars()),
        (Grid::Triplets, 48, 4)
    );
    for (step, lane, hit) in jazz().hits() {
        let read = groove.hit(step, lane).unwrap();
        assert!((read.offset - hit.offset).abs() < 1e-3 && read.velocity == hit.velocity);
    }
    assert_eq!(groove.hits().count(), jazz().hits().count());
    let lines = bench.screen(120, 40).join("\n");
    assert!(
        lines.contains("in triplets") && lines.contains("4.4"),
        "{lines}"
    );
    // A stroke that is set lies on a triplet, and an edit and a new length know twelve steps a bar.
    bench.press("home right right enter");
    assert!(bench.studio.groove().hit(2, Lane::Kick).is_some());
    bench.apply(musicvae_tui::studio::length::Action::SetLength(2));
    assert_eq!(bench.studio.groove().steps.len(), 24);
    let bytes = song(bench.studio.groove())
        .midi(Layout::Drums)
        .unwrap()
        .bytes;
    assert_eq!(rides(&bytes), thirds[..24]);
}

#[test]
fn models_are_not_asked_about_triplets_and_sixteenths_are_a_command_away() {
    let mut bench = Workbench::ready();
    let ground = &mut bench.studio.ground;
    ground.take_groove(jazz(), Origin::Named("jazz".into()), Takeover::Now);
    bench.settle();
    bench.take();
    for key in ["&", "$", "a", "U", "W", "%", "*"] {
        bench.press(key);
        let said = bench.said();
        assert!(said.contains(":sixteenths"), "{key}: {said}");
        assert_eq!(bench.studio.groove().grid, Grid::Triplets, "{key}");
    }
    assert!(
        bench
            .take()
            .iter()
            .all(|it| matches!(it, Effect::Engine(_)))
    );
    bench.press(": s i x t e e n t h s enter");
    let groove = bench.studio.groove().clone();
    assert_eq!((groove.grid, groove.steps.len()), (Grid::Sixteenths, 64));
    assert_eq!(
        rides(&song(&groove).midi(Layout::Drums).unwrap().bytes).len(),
        48
    );
    bench.press("&");
    assert!(
        bench.studio.ground.screen.overlay.is_some(),
        "{}",
        bench.said()
    );
    bench.press("esc u");
    assert_eq!(bench.studio.groove().grid, Grid::Triplets);
}

#[test]
fn what_is_locked_stays_where_it_is_when_a_groove_of_another_grid_comes() {
    let mut bench = Workbench::ready();
    let ground = &mut bench.studio.ground;
    ground.take_groove(jazz(), Origin::Named("jazz".into()), Takeover::Now);
    ground.lanes[Lane::Ride.index()].lock = true;
    bench.settle();
    bench.press("s");
    let groove = bench.studio.groove().clone();
    assert_eq!((groove.grid, groove.steps.len()), (Grid::Sixteenths, 64));
    let mut straight = song(&groove);
    straight.swing = 0.5;
    let struck = rides(&straight.midi(Layout::Drums).unwrap().bytes);
    assert_eq!(struck, (0..48).map(|step| step * 320).collect::<Vec<u64>>());
    let sent = bench
        .take()
        .into_iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Engine(Request::SetGroove { groove, .. }) => Some(groove),
            _ => None,
        });
    assert_eq!(sent.unwrap().grid, Grid::Sixteenths);
}

#[test]
fn a_file_is_read_on_the_grid_that_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.mid");
    let mut groove = jazz();
    groove.steps.extend(jazz().steps);
    // Nearer to the bar line after it, in triplets.
    let mut sixteenths = groove.on(Grid::Sixteenths).groove;
    sixteenths.steps[15][Lane::Kick.index()] = Some(Hit::new(0.5, -0.4));
    let mut straight = song(&sixteenths);
    straight.swing = 0.5;
    fs::write(&path, straight.midi(Layout::Drums).unwrap().bytes).unwrap();
    let mut bench = Workbench::ready();
    bench.apply(bring::Action::Bring(vec![path]));
    let window = |bench: &Workbench| bench.studio.groove().clone();
    assert_eq!(window(&bench).grid, Grid::Triplets);
    assert!(window(&bench).hit(12, Lane::Kick).is_some());
    bench.press("g");
    assert_eq!(window(&bench).grid, Grid::Sixteenths);
    assert!(window(&bench).hit(15, Lane::Kick).is_some());
    bench.press("g w");
    let whole = window(&bench);
    assert_eq!((whole.grid, whole.bars()), (Grid::Triplets, 8));
    // Whatever window it was seen in, it is there once.
    let kicks = whole.hits().filter(|(_, lane, _)| *lane == Lane::Kick);
    assert_eq!(kicks.map(|(step, ..)| step).collect::<Vec<_>>(), [12]);
}

fn run(folder: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_musicvae-tui"))
        .args(line.split(' '))
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("HOME", folder)
        .output()
        .unwrap()
}

#[test]
fn the_shell_says_that_models_know_no_triplets() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("jazz.mid"), &jazz());
    for command in ["humanize", "drumify", "add-hats", "variations", "continue"] {
        let refused = run(folder.path(), &format!("{command} jazz.mid -o out"));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && said.contains("--grid sixteenths"),
            "{said}"
        );
        assert!(!folder.path().join("out").exists());
    }
    let taken = run(
        folder.path(),
        "humanize jazz.mid --grid sixteenths -o human.mid",
    );
    assert!(taken.status.success(), "{taken:?}");
    let heard = run(folder.path(), "reconstruct jazz.mid -o heard.mid");
    let said = String::from_utf8_lossy(&heard.stderr).into_owned();
    assert!(
        heard.status.success() && said.contains("lie on triplets"),
        "{said}"
    );
    let played = run(
        folder.path(),
        "play jazz.mid --audio off --osc off --grid eighths",
    );
    assert_eq!(played.status.code(), Some(2));
}
