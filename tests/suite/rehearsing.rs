//! A run in training: its chart, and the model heard while it learns.

use std::path::Path;

use musicvae::checkpoint::Precision;
use musicvae::model::Preset;
use musicvae_tui::engine::Request;
use musicvae_tui::studio::training::Action::ToggleTraining;
use musicvae_tui::studio::{Effect, Event, Split, Takeover, TrainingEvent};
use tempfile::TempDir;

use super::workbench::{Workbench, record};
use crate::support::{new_model, small_preset};

/// A run's checkpoint after some steps: another model each time.
fn saved(bench: &mut Workbench, folder: &Path, step: u64) {
    let mut checkpoint = new_model(small_preset());
    checkpoint.metadata.step = step;
    let bias = "decoder/output_projection/bias";
    let shifted = checkpoint.tensors[bias].affine(1.0, step as f64 / 1000.0);
    checkpoint.tensors.insert(bias.into(), shifted.unwrap());
    let path = folder.join("latest.safetensors");
    checkpoint.save(&path, Precision::Full).unwrap();
    bench.receive(Event::Training(TrainingEvent::Record(record(
        step,
        Split::Validation,
        10_000.0 / step as f64,
    ))));
    bench.receive(Event::Training(TrainingEvent::Saved(path)));
}

/// `v` on the chart: the model as it is now plays the seed of the scene from the next bar on, beside how it
/// played before; what is liked is taken, and else all is as it was.
#[test]
fn the_model_in_training_is_heard_while_it_learns() {
    let folder = TempDir::new().unwrap();
    let mut bench = Workbench::ready();
    bench.press("3 v");
    assert_eq!(bench.said(), "Nothing has been trained yet: press r.");
    bench.apply(ToggleTraining);
    bench.press("/ g r o o v e s enter");
    bench.receive(Event::Training(TrainingEvent::Began {
        out: "checkpoints/mine".into(),
        preset: Box::new(Preset::groovae_4bar()),
        step: 0,
        story: Vec::new(),
    }));
    saved(&mut bench, folder.path(), 500);
    let before = bench.studio.groove().clone();
    let seed = bench.studio.ground.scene.seed;
    bench.take();
    bench.press("v");
    assert!(bench.take().contains(&Effect::SaveTraining), "as it is now");
    saved(&mut bench, folder.path(), 800);
    let (_, first) = bench.studio.training.rehearsals.all()[0].clone();
    let (_, second) = bench.studio.training.rehearsals.all()[1].clone();
    assert_ne!(first.steps, second.steps, "the model is another one");
    assert_eq!(bench.studio.groove().steps, second.steps);
    let heard = |effects: Vec<Effect>| {
        let grooves = effects.into_iter().filter_map(|effect| match effect {
            Effect::Engine(Request::SetGroove { groove, takeover }) => Some((groove, takeover)),
            _ => None,
        });
        grooves
            .last()
            .map(|(groove, takeover)| (groove.steps, takeover))
    };
    let expected = Some((second.steps.clone(), Takeover::NextBar));
    assert_eq!(heard(bench.take()), expected);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = bench.screen(width, height).join("\n");
        assert!(screen.contains(&format!("plays seed {seed}")), "{screen}");
        assert!(
            screen.contains("step     500") && screen.contains("loss 12.500"),
            "{screen}"
        );
    }
    bench.press("up");
    assert_eq!(
        heard(bench.take()),
        Some((first.steps.clone(), Takeover::Now))
    );
    // A later one is listed, and what is listened to stays.
    saved(&mut bench, folder.path(), 1000);
    assert_eq!(bench.studio.groove().steps, first.steps);
    bench.press("esc");
    assert_eq!(bench.studio.groove().steps, before.steps);
    bench.press("v up enter");
    assert_eq!(bench.said(), "mine at step 800 is the groove.");
    assert_eq!(bench.studio.groove().steps, second.steps);
    bench.press("u");
    assert_eq!(bench.studio.groove().steps, before.steps);
}

/// All that a run is told of is a curve; what is scheduled is known by its preset.
#[test]
fn the_chart_shows_every_curve_zoomed_logarithmic_and_smooth() {
    let mut bench = Workbench::ready();
    bench.receive(Event::Training(TrainingEvent::Began {
        out: "checkpoints/mine".into(),
        preset: Box::new(Preset::groovae_4bar()),
        step: 0,
        story: Vec::new(),
    }));
    for step in 1..=800 {
        let record = record(step, Split::Train, 10_000.0 / step as f64);
        bench.receive(Event::Training(TrainingEvent::Record(record)));
    }
    let has = |bench: &Workbench, words: &[&str]| {
        for (width, height) in [(120, 40), (200, 60)] {
            let screen = bench.screen(width, height).join("\n");
            for word in words {
                assert!(screen.contains(word), "{word}\n{screen}");
            }
        }
    };
    bench.press("3");
    has(&bench, &["train 12.500", "1  ", "800"]);
    bench.press("z z");
    has(&bench, &["600"]);
    bench.press("pageup pageup");
    has(&bench, &["401", "600"]);
    bench.press("Z");
    has(&bench, &["201", "600"]);
    bench.press("home");
    let linear = bench.screen(200, 60);
    bench.press("L");
    assert_ne!(bench.screen(200, 60), linear, "powers of ten");
    bench.press("S L");
    let beta = format!("train {:.3}", Preset::groovae_4bar().beta_at(799));
    for (name, value) in [
        ("hits", "train 4.000"),
        ("velocities", "train 3.000"),
        ("offsets", "train 2.000"),
        ("KL (bits)", "train"),
        ("beta", &beta),
        ("learning rate", "train 0.001"),
        ("gradient norm", "train"),
        ("examples/s", "train"),
        ("total", "train 12.500"),
    ] {
        bench.press("right");
        has(&bench, &[name, value]);
    }
}
