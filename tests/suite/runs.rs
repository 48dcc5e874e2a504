//! Training runs, by the keys: several in a row, thrown away, and beside one another.

use std::path::PathBuf;

use musicvae::model::Preset;
use musicvae_tui::studio::{Effect, Event, Overlay, RunState, Split, TrainingEvent};

use super::workbench::{Workbench, record};

/// A run of that many steps is read and begins in a folder.
fn begin(bench: &mut Workbench, out: &str, losses: &[f64]) {
    bench.receive(Event::Training(TrainingEvent::Began {
        out: out.into(),
        preset: Box::new(Preset::groovae_4bar()),
        step: 0,
        story: Vec::new(),
    }));
    for (step, loss) in (1..).zip(losses) {
        let record = record(step, Split::Train, *loss);
        bench.receive(Event::Training(TrainingEvent::Record(record)));
    }
}

fn finish(bench: &mut Workbench, step: u64) {
    bench.receive(Event::Training(TrainingEvent::Finished(step)));
}

/// The data of the runs that were asked for since the last call.
fn started(bench: &mut Workbench) -> Vec<String> {
    let start = |effect: Effect| match effect {
        Effect::StartTraining(settings, ..) => Some(settings.data.display().to_string()),
        _ => None,
    };
    bench.take().into_iter().filter_map(start).collect()
}

fn waiting(bench: &Workbench) -> Vec<String> {
    let queue = bench.studio.ground.runs.iter();
    queue
        .map(|(settings, _)| settings.data.display().to_string())
        .collect()
}

fn shows(bench: &Workbench, text: &str) -> bool {
    let lines = bench.screen(80, 24);
    lines.iter().any(|line| line.contains(text))
}

#[test]
fn runs_wait_for_one_another_in_an_order_that_is_changed() {
    let mut bench = Workbench::ready();
    bench.press("3 r / a enter");
    assert_eq!(started(&mut bench), ["/a"]);
    begin(&mut bench, "checkpoints/mine", &[9.0]);
    bench.press("m");
    assert!(shows(&bench, "No run waits: n describes one."));
    bench.press("delete");
    assert_eq!(bench.said(), "No run waits here: n describes one.");
    // Data is told after that of the run before.
    bench.press("n down b enter");
    assert!(bench.said().contains("after this run."), "{}", bench.said());
    bench.press("n down c enter n down d enter");
    assert_eq!(waiting(&bench), ["/ab", "/abc", "/abcd"]);
    assert!(bench.said().contains("after this run and 2 more."));
    assert!(shows(&bench, "data /abcd"));
    assert_eq!(
        bench.studio.ground.screen.overlay,
        Some(Overlay::Queue { selected: 2 })
    );
    bench.press("K K K");
    assert_eq!(waiting(&bench), ["/abcd", "/ab", "/abc"]);
    bench.press("J down delete");
    assert_eq!(waiting(&bench), ["/ab", "/abcd"]);
    bench.press("enter");
    assert_eq!(bench.said(), "A run is being made: stop it first.");
    bench.press("esc");
    let wide = bench.screen(120, 40).join("\n");
    assert!(wide.contains("running, 2 wait"), "{wide}");
    assert_eq!(started(&mut bench), Vec::<String>::new());

    // The next one begins when one has all its steps, and after one that failed.
    finish(&mut bench, 10_000);
    assert_eq!(started(&mut bench), ["/ab"]);
    assert_eq!(bench.studio.training.state, RunState::Running);
    bench.receive(Event::Training(TrainingEvent::Failed("no file".into())));
    assert_eq!(started(&mut bench), ["/abcd"]);
    assert!(waiting(&bench).is_empty());

    // After one that was stopped, it is the player's to say so.
    bench.press("m n down e enter esc R");
    finish(&mut bench, 30);
    assert_eq!(started(&mut bench), Vec::<String>::new());
    bench.press("r enter");
    assert_eq!(started(&mut bench), ["/abcde"]);
}

#[test]
fn runs_that_wait_are_there_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Workbench::over(folder.path());
    bench.press("3 r / a enter");
    begin(&mut bench, "checkpoints/mine", &[9.0]);
    bench.press("m n down b enter n down c enter esc");
    bench.receive(Event::Tick(std::time::Duration::from_secs(5)));
    drop(bench);
    let mut bench = Workbench::over(folder.path());
    assert_eq!(waiting(&bench), ["/ab", "/abc"]);
    assert!(bench.studio.ground.runs[0].0.out.is_absolute());
    // Nothing begins before it is told to.
    assert_eq!(started(&mut bench), Vec::<String>::new());
    bench.press("3 r enter");
    assert_eq!(started(&mut bench), ["/ab"]);
    assert_eq!(waiting(&bench), ["/abc"]);
}

#[test]
fn a_run_is_thrown_away_and_brought_back() {
    let mut bench = Workbench::ready();
    bench.press("3 delete");
    assert!(bench.said().starts_with("No run was made since the start"));
    bench.press("backspace");
    assert_eq!(bench.said(), "No run has been thrown away since the start.");
    bench.press("r / a enter");
    begin(&mut bench, "checkpoints/mine", &[9.0, 8.0]);
    bench.press("delete");
    assert_eq!(bench.said(), "Stop the run first (R).");
    bench.press("R");
    finish(&mut bench, 2);
    bench.take();
    bench.press("delete");
    let moves = |bench: &mut Workbench| -> Vec<(PathBuf, PathBuf)> {
        let moved = |effect: Effect| match effect {
            Effect::MoveFile { from, to } => Some((from, to)),
            _ => None,
        };
        bench.take().into_iter().filter_map(moved).collect()
    };
    let away = moves(&mut bench);
    let (mine, trash) = &away[0];
    assert_eq!(mine, &PathBuf::from("checkpoints/mine"));
    assert!(trash.starts_with("checkpoints/.trash"), "{trash:?}");
    assert!(bench.studio.training.curves.records.is_empty());
    assert_eq!(bench.studio.training.state, RunState::Idle);
    bench.press("backspace");
    assert_eq!(moves(&mut bench), [(trash.clone(), mine.clone())]);
    assert_eq!(bench.studio.training.curves.records.len(), 2);
    assert_eq!(bench.studio.training.state, RunState::Stopped);
}

#[test]
fn the_curves_of_earlier_runs_stay_beside_the_present_one() {
    let mut bench = Workbench::ready();
    let earlier = |bench: &Workbench| {
        let runs = bench.studio.training.earlier();
        runs.map(|run| run.records[0].loss).collect::<Vec<f64>>()
    };
    for run in 0..5 {
        bench.press("3 r / a enter");
        let loss = 9.0 - f64::from(run);
        begin(&mut bench, &format!("runs/{run}"), &[loss, loss - 1.0]);
        bench.press("R");
        finish(&mut bench, 2);
    }
    assert_eq!(earlier(&bench), [8.0, 7.0, 6.0], "the last three");
    // They are drawn: of two screens the one with them has more.
    let ink = |bench: &Workbench| {
        let lines = bench.screen(120, 40).join("");
        lines
            .chars()
            .filter(|it| ('\u{2801}'..='\u{28ff}').contains(it))
            .count()
    };
    let beside = |bench: &mut Workbench, loss: f64| {
        let record = record(3, Split::Train, loss);
        bench.receive(Event::Training(TrainingEvent::Record(record)));
        ink(bench)
    };
    let mut alone = Workbench::ready();
    alone.press("3 r / a enter");
    begin(&mut alone, "runs/0", &[5.0, 4.0]);
    // Heights that have all of the earlier ones.
    assert!(beside(&mut bench, 9.5) > beside(&mut alone, 9.5));
    // A run that goes on is not its own earlier one.
    bench.press("r enter");
    begin(&mut bench, "runs/2", &[7.0]);
    assert_eq!(earlier(&bench), [6.0, 5.0]);
}
