//! Measuring models, and the directions of their latent space.

use std::path::{Path, PathBuf};

use musicvae::Drummer;
use musicvae::checkpoint::attributes::{Attributes, AttributesError, Kind};
use musicvae::checkpoint::catalogue::Source;
use musicvae::checkpoint::{Checkpoint, Metadata};
use musicvae::data::{AsMagenta, GrooveConverter, Split, Windows, load_windows};
use musicvae::internals::init;
use musicvae::model::{Compute, Decoding, Guide, Preset, Prior, Tensors, latent};
use musicvae::music::{
    Groove, GrooveOptions, Hit, LANES, Lane, Measure, Reading, Representation, midi_file,
};
use musicvae::training::attributes::{AMOUNTS, Fills, attributes, styles};
use musicvae::training::evaluate::{
    Evaluation, Material, Part, Questions, Unit, evaluate, evaluate_losses,
};

use crate::support::{corpus, corpus_of, data, new_model};

/// A model of two bars that answers at once and is shown what `options` say.
fn tiny(options: GrooveOptions) -> Checkpoint {
    let preset = Preset {
        name: "tiny".into(),
        representation: Representation::Groove(options),
        bars: 2,
        z_size: 8,
        encoder: vec![8],
        decoder: vec![8, 8],
        ..Preset::groovae_4bar()
    };
    new_model(preset)
}

fn windows(folder: &Path, split: Split, hop: usize) -> Windows {
    let converter = GrooveConverter {
        bars: 2,
        hop: Some(hop),
    };
    load_windows(folder, Some(split), &converter).unwrap()
}

fn measure(checkpoint: &Checkpoint, folder: &Path, parts: &[Part]) -> Evaluation {
    let questions = Questions {
        parts: parts.to_vec(),
        samples: 30,
        pairs: 4,
        unit: Unit::File,
        resamples: 50,
        seed: 2,
    };
    let (validation, train) = (
        windows(folder, Split::Validation, 2),
        windows(folder, Split::Train, 1),
    );
    let material = Material {
        split: Split::Validation,
        windows: &validation,
        train: Some(&train),
        others: None,
    };
    evaluate(checkpoint, &Compute::CPU, material, &questions, &mut |_| ()).unwrap()
}

#[test]
fn what_is_asked_follows_from_what_a_model_is_shown() {
    let plain = GrooveOptions::default();
    let humanize = tiny(GrooveOptions {
        humanize: true,
        ..plain.clone()
    });
    let hats = tiny(GrooveOptions {
        add_instruments: vec![Lane::ClosedHat],
        ..plain.clone()
    });
    use Part::{
        Accompaniment, Baselines, Humanization, Interpolation, Losses, Prior, Reconstruction,
    };
    assert_eq!(
        Part::of_model(&tiny(plain.clone())),
        [Losses, Baselines, Reconstruction, Prior, Interpolation]
    );
    assert_eq!(Part::of_model(&humanize), [Losses, Baselines, Humanization]);
    assert_eq!(Part::of_model(&hats), [Losses, Baselines, Accompaniment]);
    assert!(Humanization.objection(&hats).unwrap().contains("straight"));
    assert!(Accompaniment.objection(&humanize).is_some());
    assert!(
        Part::ALL
            .iter()
            .all(|part| part.to_string().parse() == Ok(*part))
    );
}

#[test]
fn of_other_music_the_losses_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let preset = Preset {
        z_size: 4,
        encoder: vec![6],
        decoder: vec![6],
        ..Preset::by_name("cat-drums_2bar_small").unwrap()
    };
    let checkpoint = Checkpoint {
        tensors: init::random_weights(&preset, 1).unwrap(),
        preset,
        optimizer: Tensors::new(),
        prior: Prior::default(),
        metadata: Metadata::of_this_run(3),
    };
    assert_eq!(Part::of_model(&checkpoint), [Part::Losses]);
    assert!(Part::Prior.objection(&checkpoint).is_some());
    let questions = Questions {
        parts: vec![Part::Losses],
        samples: 1,
        pairs: 1,
        unit: Unit::Window,
        resamples: 20,
        seed: 0,
    };
    let validation = Split::Validation;
    let measured = {
        let (reading, mut tell) = (Reading::Played, drop);
        let path = folder.path();
        evaluate_losses(
            &checkpoint,
            &Compute::CPU,
            path,
            validation,
            reading,
            &questions,
            &mut tell,
        )
        .unwrap()
    };
    let losses = measured.losses.unwrap();
    assert!(measured.hits.is_none() && losses.hits.is_none());
    let accuracy = losses.accuracy.unwrap();
    assert!((0.0..1.0).contains(&accuracy.value), "{accuracy:?}");
    // A new model knows nothing: one of 512 classes a step, 32 steps.
    let chance = 32.0 * 512f64.ln();
    assert!(
        (losses.reconstruction.value - chance).abs() < 0.05 * chance,
        "{losses:?}"
    );
}

#[test]
fn a_humanizer_is_shown_only_where_the_hits_are() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let humanizer = tiny(GrooveOptions {
        humanize: true,
        ..GrooveOptions::default()
    });
    let told = measure(&humanizer, folder.path(), &[Part::Humanization]);
    // The same patterns with other feel: what the model makes of them is the same, and only what it
    // is held against differs.
    let other = tempfile::tempdir().unwrap();
    copy_played(folder.path(), other.path(), |hit| {
        Hit::new(1.0 - hit.velocity, -hit.offset)
    });
    let retold = measure(&humanizer, other.path(), &[Part::Humanization]);
    let made = |it: &Evaluation| it.humanization.as_ref().unwrap().distributions[1].clone();
    assert_eq!(made(&told), made(&retold));
    let figures = |it: &Evaluation| it.humanization.as_ref().unwrap().mean;
    assert_ne!(figures(&told), figures(&retold));
    let interval = figures(&told).timing_mae_ms;
    assert!(interval.low <= interval.value && interval.value <= interval.high);
    assert!(interval.value > 0.0);
}

/// Copies a corpus with every stroke changed.
fn copy_played(from: &Path, to: &Path, change: impl Fn(Hit) -> Hit) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.extension().unwrap() != "mid" {
            std::fs::copy(&path, &target).unwrap();
            continue;
        }
        let converter = GrooveConverter { bars: 5, hop: None };
        let sequence = midi_file::read_path(&path).unwrap();
        let mut groove = converter.convert(&sequence).unwrap().windows.remove(0);
        for cell in groove.steps.iter_mut().flatten() {
            *cell = cell.map(&change);
        }
        // Nothing before beat 1, which a file cannot say.
        groove.steps[0] = groove.steps[0].map(|cell| {
            cell.map(|hit| Hit {
                offset: hit.offset.min(0.0),
                ..hit
            })
        });
        midi_file::write_path(&groove.to_note_sequence(), &target).unwrap();
    }
}

#[test]
fn given_hits_are_played_as_drawn_ones_are() {
    let model = tiny(GrooveOptions::default()).model().unwrap();
    let latents: Vec<_> = (0..9).map(|seed| latent::sample_prior(8, seed)).collect();
    let how = Decoding {
        temperature: 0.8,
        seed: 4,
    };
    let drawn = model.decode(&latents, how).unwrap();
    assert!(drawn[0] != drawn[1]);
    let patterns: Vec<Groove> = drawn.iter().map(Groove::without_feel).collect();
    // Whoever is given what it would have drawn makes the same of it.
    assert_eq!(model.decode_given(&latents, &patterns, how).unwrap(), drawn);
    let silence = vec![Groove::empty(32); 9];
    let silent = model.decode_given(&latents, &silence, how).unwrap();
    assert!(silent.iter().all(|groove| groove.hits().count() == 0));
    assert!(model.decode_given(&latents, &silence[1..], how).is_err());
    assert!(
        model
            .decode_given(&latents, &vec![Groove::empty(16); 9], how)
            .is_err()
    );
}

/// A cell's outputs are means over strokes and silence; what is heard is divided by the chance of
/// the stroke, and velocities are spread; what the decoder hears is not.
#[test]
fn strokes_are_played_as_expected_of_strokes() {
    let model = tiny(GrooveOptions::default()).model().unwrap();
    let latents: Vec<_> = (0..5).map(|seed| latent::sample_prior(8, seed)).collect();
    let how = Decoding {
        temperature: 0.8,
        seed: 4,
    };
    let guide = Guide {
        parameters: true,
        ..Guide::default()
    };
    let heard = model.decode_rows(&latents, how, &guide).unwrap();
    let played = model.play(&latents, how, &Guide::default()).unwrap();
    let mut changed = 0;
    for (heard, played) in heard.iter().zip(&played) {
        let logits = heard.parameters.as_ref().unwrap().values.chunks_exact(27);
        let rows = heard.rows.values.chunks_exact(27).zip(logits);
        for ((heard, logits), played) in rows.zip(played.chunks_exact(27)) {
            assert_eq!(heard[..LANES], played[..LANES]);
            for column in LANES..27 {
                let chance = 1.0 / (1.0 + (-logits[column % LANES]).exp());
                let meant = heard[column] / chance.max(0.25);
                let expected = match column / LANES {
                    1 => (0.54 + 1.1 * (meant - 0.54)).clamp(0.0, 1.0),
                    _ => meant.clamp(-1.0, 1.0),
                };
                assert!((played[column] - expected).abs() < 1e-6);
                changed += usize::from(played[column] != heard[column]);
            }
        }
    }
    assert!(changed > 1000, "{changed}");
}

#[test]
fn an_accompaniment_is_judged_on_what_was_hidden() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let hats = tiny(GrooveOptions {
        add_instruments: vec![Lane::ClosedHat],
        ..GrooveOptions::default()
    });
    let measured = measure(&hats, folder.path(), &[Part::Accompaniment]);
    let accompaniment = measured.accompaniment.unwrap();
    assert_eq!(accompaniment.lanes, ["CHat"]);
    let judged = |lanes: &[Option<_>; LANES]| {
        Lane::ALL
            .into_iter()
            .filter(|lane| lanes[lane.index()].is_some())
            .collect::<Vec<_>>()
    };
    assert_eq!(judged(&accompaniment.model.lane_f1), [Lane::ClosedHat]);
    // The hats fall on one cell in five at random: the entropy of that, 16 times a bar.
    let chance = -16.0 * (0.2 * 0.2f64.ln() + 0.8 * 0.8f64.ln());
    let guesses = &accompaniment.baselines;
    let by_place = guesses.iter().find(|it| it.name == "place").unwrap();
    let cost = by_place.guess.nats_per_bar.unwrap().value;
    assert!(
        (chance * 0.8..chance * 1.5).contains(&cost),
        "{cost} for {chance}"
    );
    // Hit accuracy counts silent cells, of which four in five are: nothing has much of it.
    let silence = &guesses
        .iter()
        .find(|it| it.name == "silence")
        .unwrap()
        .guess;
    assert!((0.7..0.9).contains(&silence.accuracy.value), "{silence:?}");
    assert_eq!((silence.f1.value, silence.nats_per_bar), (0.0, None));
    let taps = tiny(GrooveOptions {
        tapify: true,
        ..GrooveOptions::default()
    });
    let measured = measure(&taps, folder.path(), &[Part::Accompaniment]);
    assert_eq!(measured.accompaniment.unwrap().lanes.len(), LANES);
}

#[test]
fn what_a_model_plays_is_held_against_drummers() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..40).map(|number| format!("{number}.mid")).collect();
    let split = |number| match number < 3 {
        true => "train",
        false => "validation",
    };
    let files = names.iter().zip(1..);
    let files: Vec<_> = files
        .map(|(name, seed)| (name.as_str(), split(seed - 1), seed))
        .collect();
    corpus_of(folder.path(), &files);
    let plain = tiny(GrooveOptions::default());
    let parts = [Part::Human, Part::Temperature];
    let measured = measure(&plain, folder.path(), &parts);
    let human = measured.human.as_ref().unwrap();
    let names: Vec<&str> = human.tellings.iter().map(|it| &it.grooves[..]).collect();
    let expected = [
        "drummers, train",
        "samples at 0.5",
        "reconstructions at 0",
        "reconstructions at 0.5",
    ];
    // The last is the samples again, from those of the training split.
    assert_eq!(names[..4], expected);
    assert_eq!(names[4..], expected[1..2]);
    assert_eq!(human.tellings[4].drummers, "drummers, train");
    assert_eq!(human.habits.len(), 1 + expected.len());
    assert_eq!(human.distances.len(), expected.len());
    // A model that knows nothing strikes every second cell.
    let samples = &human.tellings[1];
    assert!(samples.all.value > 0.95, "{samples:?}");
    assert!(!samples.features.is_empty() && samples.features.len() <= 5);
    let temperature = measured.temperature.as_ref().unwrap();
    assert_eq!(temperature.steps[0].temperature, 0.0);
    let same = temperature.steps[0];
    let value = |it: Option<musicvae::training::evaluate::Interval>| it.map(|it| it.value);
    if same.common.is_some() {
        assert_eq!(value(same.common), Some(1.0));
        assert_eq!(value(same.velocity_change), Some(0.0));
    }
    let text = serde_json::to_string(&measured).unwrap();
    let back: Evaluation = serde_json::from_str(&text).unwrap();
    assert_eq!(back.human, measured.human);
    assert_eq!(back.temperature, measured.temperature);
    assert_eq!(measure(&plain, folder.path(), &parts).human, measured.human);

    let humanize = tiny(GrooveOptions {
        humanize: true,
        ..GrooveOptions::default()
    });
    assert!(Part::Temperature.objection(&humanize).is_some());
    let human = measure(&humanize, folder.path(), &[Part::Human])
        .human
        .unwrap();
    let names: Vec<&str> = human.tellings.iter().map(|it| &it.grooves[..]).collect();
    assert_eq!(names, ["drummers, train", "humanized at 0.5"]);
    // It keeps the strokes, so that nobody can tell by them.
    assert_eq!(human.tellings[1].groups[0].value, 0.5);
}

#[test]
fn samples_of_a_split_that_is_its_own_training_are_duplicates() {
    let folder = tempfile::tempdir().unwrap();
    let same = [("a.mid", "train", 1), ("b.mid", "validation", 1)];
    corpus_of(folder.path(), &same);
    let plain = tiny(GrooveOptions::default());
    let measured = measure(&plain, folder.path(), &[Part::Prior]);
    let prior = measured.prior.unwrap();
    assert_eq!(prior.split.near_duplicates.unwrap().value, 1.0);
    assert_eq!(prior.split.degenerate.value, 0.0);
    for samples in &prior.temperatures {
        assert!(samples.profile.near_duplicates.unwrap().value < 0.5);
        let lane = samples.density_gap_lane;
        let gap = samples.profile.lane_density[lane].value - prior.split.lane_density[lane].value;
        assert_eq!(samples.density_gap, gap.abs());
    }
    // Grooves are drawn from the checkpoint's own prior.
    let model = plain.model().unwrap();
    let posteriors = model.encode(&windows(folder.path(), Split::Train, 2).windows);
    let fitted = Checkpoint {
        prior: Prior::fit(&posteriors.unwrap(), plain.preset.z_size, 1).unwrap(),
        ..plain
    };
    let drawn = measure(&fitted, folder.path(), &[Part::Prior])
        .prior
        .unwrap();
    assert_eq!(drawn.split, prior.split);
    assert_ne!(drawn.temperatures, prior.temperatures);
}

/// The figures of the program's first version, which others have found too: 22.85 and 20.44 ms.
#[test]
fn baselines_of_the_dataset_are_the_known_ones() {
    let Some(groove) = data("groove") else { return };
    let load = |split, hop| {
        let converter = AsMagenta(GrooveConverter { bars: 4, hop });
        load_windows(&groove, Some(split), &converter).unwrap()
    };
    let (validation, train) = (load(Split::Validation, None), load(Split::Train, Some(1)));
    let material = Material {
        split: Split::Validation,
        windows: &validation,
        train: Some(&train),
        others: None,
    };
    let questions = Questions {
        parts: vec![Part::Baselines],
        samples: 1,
        pairs: 1,
        unit: Unit::File,
        resamples: 100,
        seed: 0,
    };
    let embedded = Checkpoint::load(&trained()).unwrap();
    let measured = evaluate(&embedded, &Compute::CPU, material, &questions, &mut |_| ()).unwrap();
    assert_eq!(
        (measured.windows, measured.files, measured.hits),
        (504, 46, Some(37_388))
    );
    let baselines = measured.baselines.unwrap();
    let near = |value: f64, expected: f64| (value - expected).abs() < 0.005 * expected.min(1.0);
    let quantized = baselines.quantized;
    assert!(near(quantized.timing_mae_ms.value, 22.85), "{quantized:?}");
    assert!((quantized.timing_mse.value - 0.0438).abs() < 5e-5);
    let mean = baselines.mean_offset.unwrap();
    assert!(near(mean.timing_mae_ms.value, 20.44), "{mean:?}");
    // Learning the pattern helps, and copying one neighbour does not.
    assert!(baselines.linear.unwrap().timing_mse.value < mean.timing_mse.value);
    assert!(baselines.nearest.unwrap().timing_mae_ms.value > quantized.timing_mae_ms.value);
}

#[test]
fn an_attribute_points_from_the_lowest_quarter_to_the_highest() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..32).map(|i| format!("{i:02}.mid")).collect();
    let mut files: Vec<(&str, &str, u64)> = Vec::new();
    for (seed, name) in (0..).zip(&names) {
        files.push((name, "train", seed));
    }
    files.extend([("v.mid", "validation", 90), ("w.mid", "validation", 91)]);
    corpus_of(folder.path(), &files);
    let mut info = "midi_filename,split,style,beat_type\n".to_string();
    for (place, (name, split, _)) in files.iter().enumerate() {
        let style = if place % 2 == 0 { "funk/fast" } else { "rock" };
        let beat_type = if place % 2 == 0 { "fill" } else { "beat" };
        info += &format!("{name},{split},{style},{beat_type}\n");
    }
    std::fs::write(folder.path().join("info.csv"), info).unwrap();
    let checkpoint = tiny(GrooveOptions::default());
    let (train, validation) = (
        windows(folder.path(), Split::Train, 2),
        windows(folder.path(), Split::Validation, 2),
    );
    let styles = styles(folder.path(), &train).unwrap();
    assert_eq!(styles[..2], ["funk", "rock"]);
    let a_bar = GrooveConverter {
        bars: 1,
        hop: Some(1),
    };
    let bars = load_windows(folder.path(), Some(Split::Train), &a_bar).unwrap();
    let fills = Fills::among(folder.path(), &bars).unwrap();
    assert!(fills.bars.len() >= 15 && fills.styles.iter().all(|style| style == "funk"));
    let made = attributes(
        &checkpoint,
        &Compute::CPU,
        &train,
        &styles,
        &fills,
        Some(&validation),
        false,
    )
    .unwrap();
    let names: Vec<_> = made.names().collect();
    let expected: Vec<_> = Measure::ALL.iter().map(|measure| measure.name()).collect();
    assert_eq!(names, [&expected[..], &["funk", "rock", "fill"]].concat());
    assert_eq!(made.get("funk").unwrap().kind, Kind::Style);
    assert_eq!(made.get("fill").unwrap().kind, Kind::Fill);
    // By another road: latents sorted by density, means of the ends.
    let posteriors = checkpoint.model().unwrap().encode(&train.windows).unwrap();
    let density = |window: usize| Measure::Density.of(&train.windows[window]).unwrap();
    let mut order: Vec<usize> = (0..train.windows.len()).collect();
    order.sort_by(|a, b| density(*a).total_cmp(&density(*b)));
    let quarter = order.len() / 4;
    let (low, high) = (
        density(order[quarter - 1]),
        density(order[order.len() - quarter]),
    );
    let mean = |with: &dyn Fn(f64) -> bool, column: usize| {
        let chosen: Vec<f32> = order
            .iter()
            .filter(|window| with(density(**window)))
            .map(|window| posteriors[*window].mu[column])
            .collect();
        chosen.iter().sum::<f32>() / chosen.len() as f32
    };
    let found = made.get("density").unwrap();
    for column in 0..8 {
        let expected = mean(&|d| d >= high, column) - mean(&|d| d <= low, column);
        assert!((found.vector[column] - expected).abs() < 1e-3, "{column}");
    }
    let amounts: Vec<f32> = found.effects.iter().map(|effect| effect.amount).collect();
    assert_eq!(amounts, AMOUNTS);
    assert!(found.effects[3].changes.contains_key("density"));

    // Moved apart, they are others, but for fills.
    let apart = attributes(
        &checkpoint,
        &Compute::CPU,
        &train,
        &styles,
        &fills,
        None,
        true,
    )
    .unwrap();
    assert_eq!(apart.names().collect::<Vec<_>>(), names);
    for (apart, plain) in apart.attributes.iter().zip(&made.attributes) {
        let same = apart.vector == plain.vector;
        assert_eq!(same, plain.kind == Kind::Fill, "{}", plain.name);
        assert!(apart.vector.iter().all(|number| number.is_finite()));
    }

    let z = latent::sample_prior(8, 1);
    let moves = made.moves(&[("density".into(), 1.0), ("funk".into(), -0.5)]);
    let step = latent::moved(&z, &found.vector, 1.0);
    let step = latent::moved(&step, &made.get("funk").unwrap().vector, -0.5);
    let how = Decoding {
        temperature: 0.5,
        seed: 3,
    };
    let played = |moves, z: Vec<f32>| {
        let drummer = Drummer::of(&checkpoint).unwrap().steered(moves);
        drummer.decode_grooves(&[z], how).unwrap()
    };
    assert_eq!(played(moves.unwrap(), z), played(Vec::new(), step));
    assert!(made.moves(&[]).unwrap().is_empty());
}

#[test]
fn attributes_belong_to_their_weights() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let checkpoint = tiny(GrooveOptions::default());
    let path = folder.path().join("m.safetensors");
    assert!(Attributes::load_for(&path, &checkpoint).unwrap().is_none());
    let train = windows(folder.path(), Split::Train, 2);
    let made = attributes(
        &checkpoint,
        &Compute::CPU,
        &train,
        &["", "", ""].map(String::from),
        &Fills::default(),
        None,
        false,
    )
    .unwrap();
    let written = made.save_for(&path).unwrap();
    assert_eq!(written, folder.path().join("m.attributes.json"));
    let read = Attributes::load_for(&path, &checkpoint).unwrap().unwrap();
    assert_eq!(read, made);
    assert!(matches!(
        made.get("mood"),
        Err(AttributesError::Unknown { .. })
    ));

    let mut others = checkpoint.clone();
    let bias = others.tensors.get_mut("encoder/mu/bias").unwrap();
    *bias = (&*bias + 1.0).unwrap();
    let refused = |checkpoint: &Checkpoint| {
        Attributes::load_for(&path, checkpoint)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&others).contains("belongs to weights of fingerprint"));
    let text = std::fs::read_to_string(&written).unwrap();
    let table = [
        (text.replacen("\"version\":2", "\"version\":3", 1), "update"),
        (
            text.replacen("\"vector\":[", "\"vector\":[7.0,", 1),
            "the vector of",
        ),
        (text[..text.len() / 2].to_string(), "make sense"),
        ("{}".to_string(), "version"),
    ];
    for (damaged, expected) in table {
        std::fs::write(&written, damaged).unwrap();
        let said = refused(&checkpoint);
        assert!(said.contains(expected), "{said}");
    }
}

/// The checkpoint that comes with the program.
fn trained() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../checkpoints/groovae_4bar_strokes.safetensors")
}

#[test]
fn the_program_has_the_attributes_of_its_own_checkpoint() {
    let path = trained();
    let checkpoint = Checkpoint::load(&path).unwrap();
    let embedded = Attributes::of(&Source::File(path), &checkpoint);
    let embedded = embedded.unwrap().unwrap();
    for measure in Measure::ALL {
        let attribute = embedded.get(measure.name()).unwrap();
        let once = attribute.effects.iter().find(|effect| effect.amount == 1.0);
        let change = once.unwrap().changes[measure.name()];
        assert!(change.low > 0.0, "{}: {change:?}", measure.name());
    }
}
