//! Every model as it is played: against the reference's numbers where there are some, and against
//! a slow and plain re-implementation of what it does where there are none.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor, npy::NpzTensors};
use musicvae::checkpoint::magenta::{import, import_with};
use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::model::{
    Compute, Core, Decoding, Guide, Head, Latent, ModelError, MusicVae, Played, Preset, Prior,
    Rows, Shown, Spread, StrokeHead, Tensors, latent,
};
use musicvae::music::{
    DrumClasses, DrumsOptions, Groove, GrooveOptions, MelodyOptions, Representation,
};
use musicvae_tui::engine::{Command, Request};
use musicvae_tui::studio::{Config, Effect, Event, Source, Takeover, Workers};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::naive::{Naive, Told, Window, quantile, sigmoid};
use super::support;

const LIKELIEST: Decoding = Decoding {
    temperature: 0.0,
    seed: 0,
};

/// What runs a model: the CPU's own way, and the operations that a GPU is given, on the device that
/// [`support::test_device`] names.
fn both_ways() -> [Compute; 2] {
    [Compute::CPU, support::test_device()]
}

/// The oracle's cases: the preset's name, and its sizes there (encoder, decoder; `z_size` is 16).
const CASES: [(&str, &[usize], &[usize]); 7] = [
    ("cat-mel_2bar_small", &[32], &[16, 16]),
    ("cat-drums_2bar_small", &[32], &[16, 16]),
    ("nade-drums_2bar_full", &[32], &[16, 16]),
    ("flat-trio_16bar", &[16, 16], &[16, 16, 16]),
    ("hierdec-trio_16bar", &[16, 16], &[16, 16]),
    ("hierdec-mel_16bar", &[64, 64], &[32, 32]),
    ("hier-mel_16bar", &[64], &[32, 32]),
];

fn oracle(
    compute: &Compute,
    (name, encoder, decoder): (&str, &[usize], &[usize]),
) -> Option<(MusicVae, NpzTensors)> {
    let folder = support::data(&format!("oracle/other/{name}"))?;
    let preset = Preset::by_name(name).unwrap();
    let head = match preset.head {
        Head::Nade { .. } => Head::Nade { hidden: 16 },
        head => head,
    };
    let preset = Preset {
        z_size: 16,
        encoder: encoder.to_vec(),
        decoder: decoder.to_vec(),
        head,
        ..preset
    };
    let checkpoint = import_with(&folder.join("ckpt"), preset).unwrap();
    // Nobody needs to say what it is.
    let found = import(&folder.join("ckpt")).unwrap().preset;
    assert_eq!(found, checkpoint.preset);
    let numbers = NpzTensors::new(folder.join("oracle.npz")).unwrap();
    Some((checkpoint.model_on(compute).unwrap(), numbers))
}

/// A tensor of the oracle as rows: all but its first dimension flattened.
fn rows(oracle: &NpzTensors, name: &str) -> Vec<Vec<f32>> {
    let tensor = oracle.get(name).unwrap().expect(name);
    let tensor = tensor.to_dtype(DType::F32).unwrap();
    let rows = tensor.dim(0).unwrap();
    tensor.reshape((rows, ())).unwrap().to_vec2().unwrap()
}

fn difference<'a>(found: &[f32], expected: impl IntoIterator<Item = &'a f64>) -> f64 {
    let expected: Vec<f64> = expected.into_iter().copied().collect();
    assert_eq!(found.len(), expected.len());
    let both = found.iter().zip(expected);
    both.map(|(a, b)| (f64::from(*a) - b).abs())
        .fold(0.0, f64::max)
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&number| number.into()).collect()
}

/// Tolerances: mu and sigma 1e-6, logits 1e-5 (up to 256 steps); samples are equal.
#[test]
fn posteriors_and_samples_equal_the_references() {
    let cases = CASES.map(|case| both_ways().map(|way| (way, case)));
    for (way, case) in cases.into_iter().flatten() {
        let Some((model, oracle)) = oracle(&way, case) else {
            return;
        };
        let name = format!("{} by {way}", case.0);
        let input = rows(&oracle, "input_tensor").concat();
        let shown = Shown {
            input: &input,
            ..Shown::default()
        };
        for copies in [1, 5, 9] {
            for posterior in model.encode_rows(&vec![shown; copies]).unwrap() {
                for (key, found) in [("mu", posterior.mu), ("sigma", posterior.sigma)] {
                    let off = difference(&found, &wide(&rows(&oracle, key)[0]));
                    assert!(off < 1e-6, "{name} {key}: {off}");
                }
            }
        }

        let z = rows(&oracle, "z");
        let (samples, outputs) = (rows(&oracle, "samples"), rows(&oracle, "rnn_output"));
        let guide = Guide {
            parameters: true,
            ..Guide::default()
        };
        // One by one and many at once; the reference's own temperature, and none.
        for (copies, temperature) in [(1, 0.0), (1, 1e-6), (5, 0.0)] {
            let z: Vec<Latent> = z.iter().cycle().take(z.len() * copies).cloned().collect();
            let how = Decoding {
                temperature,
                seed: 5,
            };
            let played = model.decode_rows(&z, how, &guide).unwrap();
            for (index, played) in played.iter().enumerate() {
                let index = index % samples.len();
                assert_eq!(played.rows.values, samples[index], "{name}, {temperature}");
                assert_eq!(played.rows.steps, model.preset().steps());
                if let Some(expected) = outputs.get(index) {
                    let found = &played.parameters.as_ref().unwrap().values;
                    let off = difference(found, &wide(expected));
                    assert!(off < 1e-5, "{name}: {off}");
                }
            }
        }
    }
}

#[test]
fn short_windows_have_the_references_posteriors() {
    let Some(path) = support::data("oracle/groovae_4bar.tar") else {
        return;
    };
    let checkpoint = import(&path).unwrap();
    let file = support::data("oracle/infer_groovae_4bar/encode.npz").unwrap();
    let oracle = NpzTensors::new(file).unwrap();
    let windows = rows(&oracle, "windows");
    let lengths = oracle.get("var_lengths").unwrap().unwrap();
    let lengths = lengths.to_dtype(DType::I64).unwrap();
    let lengths: Vec<[usize; 1]> = lengths
        .to_vec1::<i64>()
        .unwrap()
        .iter()
        .map(|&length| [length as usize])
        .collect();
    // Padded windows with lengths, and windows that are no longer than that.
    let padded: Vec<_> = windows
        .iter()
        .zip(&lengths)
        .map(|(input, lengths)| Shown {
            input,
            lengths,
            ..Shown::default()
        })
        .collect();
    let cut: Vec<_> = windows
        .iter()
        .zip(&lengths)
        .map(|(input, [length])| Shown {
            input: &input[..length * 27],
            ..Shown::default()
        })
        .collect();
    let models = both_ways().map(|way| checkpoint.model_on(&way).unwrap());
    for (model, shown) in (models.iter()).flat_map(|model| [(model, &padded), (model, &cut)]) {
        let posteriors = model.encode_rows(shown).unwrap();
        for (index, posterior) in posteriors.iter().enumerate() {
            let expected = |name| wide(&rows(&oracle, name)[index]);
            assert!(difference(&posterior.mu, &expected("var_mu")) < 1e-6);
            assert!(difference(&posterior.sigma, &expected("var_sigma")) < 1e-6);
        }
    }
}

// What the oracle lacks is held against the plain re-implementation of `naive`.

/// A row that is likeliest by a core's `made` parameters, and how far the nearest decision was from
/// going the other way.
fn likeliest(naive: &Naive, core: &Core, made: &[f64]) -> (Vec<f64>, f64) {
    let mut margin = f64::INFINITY;
    let mut switch = |logit: f64| {
        margin = margin.min(logit.abs());
        f64::from(u8::from(logit > 0.0))
    };
    let groups = match &naive.preset.head {
        Head::Strokes(head) => {
            let lanes = core.columns / 3;
            let mut row = vec![0.0; core.columns];
            naive.strokes(head, core, made, &mut |lane, told| {
                let (part, value) = match told {
                    Told::Hit(logit) => (0, switch(logit)),
                    Told::Velocity(spread, made) => (1, quantile(spread, made, 0.5)),
                    Told::Offset(spread, made) => (2, 2.0 * quantile(spread, made, 0.5) - 1.0),
                };
                row[part * lanes + lane] = value;
                value
            });
            return (row, margin);
        }
        Head::Groove => {
            let lanes = core.columns / 3;
            let column = |(column, &made): (usize, &f64)| match column / lanes {
                0 => switch(made),
                1 => sigmoid(made),
                _ => made.tanh(),
            };
            return (made.iter().enumerate().map(column).collect(), margin);
        }
        Head::Boolean => return (made.iter().map(|&logit| switch(logit)).collect(), margin),
        Head::Nade { .. } => {
            let mut row = Vec::new();
            naive.estimate(core, made, &mut |_, p| {
                row.push(switch((p / (1.0 - p)).ln()));
                row[row.len() - 1]
            });
            return (row, margin);
        }
        Head::Categorical => vec![core.columns],
        Head::MultiCategorical(groups) => groups.clone(),
    };
    let mut row = Vec::new();
    for columns in groups {
        let logits = &made[row.len()..row.len() + columns];
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        margin = margin.min(logits[order[0]] - logits[order[1]]);
        row.extend((0..columns).map(|column| f64::from(u8::from(column == order[0]))));
    }
    (row, margin)
}

/// Holds what was played of `z` against the plain model's outputs when it hears the same.
fn check(naive: &Naive, z: &[f32], controls: &[Vec<f64>], end: Option<usize>, played: &Played) {
    let preset = naive.preset;
    let cores = preset.cores();
    let (steps, segments) = (played.rows.steps, preset.segments());
    let longest = steps / segments;
    let ends = &played.lengths;
    assert_eq!(ends.len(), segments);
    let mut heard = cut(&played.rows.values, steps);
    for (segment, &end) in ends.iter().enumerate() {
        let rows = &mut heard[segment * longest..][..longest];
        let silent = rows[end..].iter().flatten().all(|&number| number == 0.0);
        assert!(silent, "nothing is played past the end");
        // The next segment hears the last row that was drawn.
        rows[longest - 1] = rows[end - 1].clone();
    }
    let window = Window {
        input: Vec::new(),
        output: heard.clone(),
        controls: Some(controls.to_vec()),
        lengths: Vec::new(),
    };
    let expected = naive.decode(&wide(z), &window, ends, &mut |_, _, _| None);
    let parameters = played.parameters.as_ref().unwrap();
    let width = parameters.depth;
    for step in (0..steps).filter(|step| step % longest < ends[step / longest]) {
        let found = &parameters.values[step * width..][..width];
        let off = difference(found, &expected[step]);
        assert!(off < 1e-4, "outputs of step {step}: {off}");
        let mut first = 0;
        for core in &cores {
            let made = &expected[step][first..first + preset.head.parameters(core.columns)];
            first += made.len();
            let (row, margin) = likeliest(naive, core, made);
            assert!(margin > 3e-5, "step {step} is too close a call");
            let drawn = &played.rows.values[step * heard[0].len() + core.first..][..core.columns];
            let off = difference(drawn, &row);
            assert!(off < 1e-4, "row of step {step}: {off}");
        }
        let last = step % longest + 1 == ends[step / longest];
        let is_end = end.is_some_and(|end| heard[step][end] == 1.0);
        assert_eq!(is_end || step % longest + 1 == longest, last, "{ends:?}");
    }
}

/// Weights that make everything matter: kernels that keep the size of what they multiply, and
/// biases.
pub fn lively(preset: &Preset, seed: u64) -> Tensors {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shapes = preset.parameter_shapes().into_iter();
    shapes
        .map(|(name, shape)| {
            let bound = match shape[..] {
                [_] => 0.3,
                [inputs, _] => 2.5 / (inputs as f32).sqrt(),
                _ => 1.5,
            };
            let len: usize = shape.iter().product();
            let numbers: Vec<f32> = (0..len).map(|_| rng.random_range(-bound..bound)).collect();
            (
                name,
                Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap(),
            )
        })
        .collect()
}

/// A small model of one bar.
fn small(representation: Representation, head: Head) -> Preset {
    Preset {
        name: "test".into(),
        representation,
        bars: 1,
        z_size: 5,
        encoder: vec![6, 4],
        decoder: vec![7, 5],
        head,
        ..Preset::groovae_4bar()
    }
}

fn on_chords() -> Representation {
    Representation::Melody(MelodyOptions {
        chords: true,
        ..MelodyOptions::default()
    })
}

fn roll() -> Representation {
    Representation::Drums(DrumsOptions {
        classes: DrumClasses::Reduced,
        roll_input: true,
        roll_output: true,
    })
}

/// (what is tried, model, a seed whose weights leave no decision to rounding).
fn shapes() -> Vec<(&'static str, Preset, u64)> {
    let flat = || small(on_chords(), Head::Categorical);
    let levels = |autoregressive: &[usize], preset: Preset| Preset {
        encoder_levels: vec![4, 2, 2],
        decoder_levels: vec![2, 2, 4],
        autoregressive_levels: autoregressive.to_vec(),
        ..preset
    };
    let hits_given = Representation::Groove(GrooveOptions {
        hits_as_controls: true,
        ..GrooveOptions::default()
    });
    let lane_by_lane = Representation::Groove(GrooveOptions {
        split_instruments: true,
        ..GrooveOptions::default()
    });
    let trio = || Preset {
        split: Representation::TRIO_DEPTHS.to_vec(),
        ..small(Representation::Trio, Head::Categorical)
    };
    let parts = Head::MultiCategorical(Representation::TRIO_DEPTHS.to_vec());
    let plain = Representation::Groove(GrooveOptions::default());
    let strokes = Head::Strokes(StrokeHead {
        velocity: Spread::Logistics(2),
        offset: Spread::Classes(5),
    });
    vec![
        ("flat with controls", flat(), 1),
        ("three levels", levels(&[], flat()), 1),
        ("three levels, both hear", levels(&[0, 1], flat()), 1),
        ("three levels, the top hears", levels(&[0], flat()), 1),
        ("three levels, the middle hears", levels(&[1], flat()), 1),
        ("flat, split", trio(), 1),
        ("three levels, split, both hear", levels(&[0, 1], trio()), 1),
        ("several classes", small(Representation::Trio, parts), 1),
        ("switches", small(roll(), Head::Boolean), 1),
        (
            "three levels, an estimator",
            levels(&[0], small(roll(), Head::Nade { hidden: 6 })),
            1,
        ),
        (
            "three levels, a groove with its hits given",
            levels(&[1], small(hits_given, Head::Groove)),
            1,
        ),
        ("lane by lane", small(lane_by_lane, Head::Groove), 1),
        ("drawn strokes", small(plain, strokes), 1),
    ]
}

/// [`shapes`] by [`both_ways`].
fn shapes_both_ways() -> impl Iterator<Item = (Compute, (&'static str, Preset, u64))> {
    let ways = both_ways().into_iter();
    ways.flat_map(|way| shapes().into_iter().map(move |shape| (way.clone(), shape)))
}

/// Random rows of 0 and 1.
fn random_rows(rng: &mut ChaCha8Rng, steps: usize, depth: usize) -> Vec<f32> {
    let number = |_| f32::from(u8::from(rng.random_bool(0.1)));
    (0..steps * depth).map(number).collect()
}

fn cut(values: &[f32], steps: usize) -> Vec<Vec<f64>> {
    let depth = values.len() / steps.max(1);
    (0..steps)
        .map(|step| wide(&values[step * depth..][..depth]))
        .collect()
}

/// Tolerance 1e-5.
#[test]
fn posteriors_of_any_length_equal_the_plain_ones() {
    for (way, (name, preset, seed)) in shapes_both_ways() {
        let weights = lively(&preset, seed);
        let naive = Naive::new(&preset, &weights);
        let model = MusicVae::on(&way, preset.clone(), &weights).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (steps, segments) = (preset.steps(), preset.encoder_segments());
        let (depth, controls) = (
            preset.representation.input_depth(),
            preset.representation.control_depth(),
        );
        let longest = steps / segments;
        let windows: Vec<_> = (0..6)
            .map(|window| {
                let lengths: Vec<usize> = match window {
                    0 => vec![longest; segments],
                    1 => vec![0; segments],
                    _ => (0..segments)
                        .map(|_| rng.random_range(0..=longest))
                        .collect(),
                };
                let input = random_rows(&mut rng, steps, depth);
                (input, random_rows(&mut rng, steps, controls), lengths)
            })
            .collect();
        let shown: Vec<_> = windows
            .iter()
            .map(|(input, controls, lengths)| Shown {
                input,
                controls,
                lengths,
            })
            .collect();
        let together = model.encode_rows(&shown).unwrap();
        for (index, (input, controls, lengths)) in windows.iter().enumerate() {
            let window = Window {
                input: cut(input, steps),
                output: Vec::new(),
                controls: Some(cut(controls, steps)),
                lengths: lengths.clone(),
            };
            let (mu, sigma) = naive.encode(&window);
            let alone = model.encode_rows(&shown[index..=index]).unwrap();
            for posterior in [&together[index], &alone[0]] {
                let off = difference(&posterior.mu, &mu).max(difference(&posterior.sigma, &sigma));
                assert!(off < 1e-5, "{name}, window {index}: {off}");
            }
        }
        // No lengths are all.
        let whole = Shown {
            lengths: &[],
            ..shown[0]
        };
        let found = model.encode_rows(&[whole, shown[1]]).unwrap();
        assert!(difference(&found[0].mu, &wide(&together[0].mu)) < 1e-6);
        assert_ne!(found[0], found[1]);
    }
}

/// Tolerance 1e-4 of the decoder's outputs, which reach 10; what is drawn is equal.
#[test]
fn what_is_played_equals_the_plain() {
    for (way, (name, preset, seed)) in shapes_both_ways() {
        println!("{name}");
        let weights = lively(&preset, seed);
        let naive = Naive::new(&preset, &weights);
        let model = MusicVae::on(&way, preset.clone(), &weights).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let (steps, depth) = (preset.steps(), preset.representation.control_depth());
        let z: Vec<Latent> = (0..6)
            .map(|seed| latent::sample_prior(preset.z_size, seed))
            .collect();
        let controls: Vec<Rows> = z
            .iter()
            .map(|_| Rows {
                steps,
                depth,
                values: random_rows(&mut rng, steps, depth),
            })
            .collect();
        let told = |latent: usize| match depth {
            0 => &[],
            _ => &controls[latent..=latent],
        };
        let check = |played: &Played, latent: usize, end| {
            let controls = cut(&controls[latent].values, steps);
            check(&naive, &z[latent], &controls, end, played);
        };
        let guide = Guide {
            controls: if depth > 0 { &controls } else { &[] },
            parameters: true,
            ..Guide::default()
        };
        let together = model.decode_rows(&z, LIKELIEST, &guide).unwrap();
        for (latent, played) in together.iter().enumerate() {
            check(played, latent, None);
            let guide = Guide {
                controls: told(latent),
                ..guide
            };
            let alone = model.decode_rows(&z[latent..=latent], LIKELIEST, &guide);
            check(&alone.unwrap()[0], latent, None);
        }
        // One set of controls serves all.
        let shared = Guide {
            controls: told(2),
            ..guide
        };
        let shared = model.decode_rows(&z, LIKELIEST, &shared).unwrap();
        assert_eq!(shared[2].rows, together[2].rows);

        if preset.head != Head::Categorical || !preset.split.is_empty() {
            continue;
        }
        // A class that the third latent draws early ends every segment in which it is drawn.
        let columns = preset.representation.output_depth();
        let early = &together[2].rows.values[columns..2 * columns];
        let end = early.iter().position(|&on| on == 1.0);
        let guide = Guide { end, ..guide };
        let ended = model.decode_rows(&z, LIKELIEST, &guide).unwrap();
        assert!(ended[2].lengths[0] <= 2, "{:?}", ended[2].lengths);
        let lengths: HashSet<_> = ended.iter().flat_map(|played| &played.lengths).collect();
        assert!(lengths.len() > 1, "all end after {lengths:?}");
        for (latent, played) in ended.iter().enumerate() {
            check(played, latent, end);
        }
    }
}

/// What of a groove is known is heard in place of what the model would play: nothing of a cell, its
/// hit, or all of it.
#[test]
fn what_is_known_is_heard() {
    let plain = Representation::Groove(GrooveOptions::default());
    let strokes = Head::Strokes(StrokeHead {
        velocity: Spread::Logistics(2),
        offset: Spread::Classes(5),
    });
    for head in [Head::Groove, strokes] {
        let preset = small(plain.clone(), head);
        let weights = lively(&preset, 1);
        let naive = Naive::new(&preset, &weights);
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let z = latent::sample_prior(5, 3);
        let mut known = vec![f32::NAN; 16 * 27];
        for row in known.chunks_exact_mut(27) {
            for lane in 0..9 {
                let parts = rng.random_range(0..3);
                let hit = f32::from(u8::from(rng.random_bool(0.5)));
                let cell = [hit, hit * 0.7, hit * -0.2];
                for part in 0..[0, 1, 3][parts] {
                    row[part * 9 + lane] = cell[part];
                }
            }
        }
        let rows = Rows {
            steps: 32,
            depth: 27,
            values: known.clone(),
        };
        let guide = Guide {
            known: std::slice::from_ref(&rows),
            parameters: true,
            ..Guide::default()
        };
        for way in both_ways() {
            let model = MusicVae::on(&way, preset.clone(), &weights).unwrap();
            let played = &model
                .decode_rows(std::slice::from_ref(&z), LIKELIEST, &guide)
                .unwrap()[0];
            let window = Window {
                input: Vec::new(),
                output: cut(&played.rows.values, 16),
                controls: None,
                lengths: Vec::new(),
            };
            let expected = naive.decode(&wide(&z), &window, &[16], &mut |_, _, _| None);
            let made = &played.parameters.as_ref().unwrap().values;
            assert!(difference(made, expected.iter().flatten()) < 1e-4);
            for (heard, known) in played.rows.values.iter().zip(&known) {
                assert!(known.is_nan() || heard == known);
            }
        }
    }
}

#[test]
fn what_conductors_hear_is_heard() {
    // The same weights would not fit; but what a conductor hears must change what follows, and
    // the first segment must not know.
    let (_, preset, seed) = shapes().swap_remove(2);
    let model = |preset: &Preset| MusicVae::new(preset.clone(), &lively(preset, seed)).unwrap();
    let model = model(&preset);
    let z = [latent::sample_prior(preset.z_size, 1)];
    let mut controls = Rows {
        steps: 32,
        depth: 49,
        values: vec![0.0; 16 * 49],
    };
    let play = |controls: &Rows| {
        let guide = Guide {
            controls: std::slice::from_ref(controls),
            parameters: true,
            ..Guide::default()
        };
        let mut played = model.decode_rows(&z, LIKELIEST, &guide).unwrap();
        played.remove(0).parameters.unwrap().values
    };
    let before = play(&controls);
    // The last step's control of the first segment.
    controls.values[3 * 49] = 5.0;
    let after = play(&controls);
    let (earlier, later) = (3 * 90, 4 * 90);
    assert_eq!(before[..earlier], after[..earlier]);
    assert_ne!(before[later..], after[later..]);
}

/// How often each column is 1 in the first row of `draws` draws of a latent.
fn frequencies(model: &MusicVae, z: &Latent, temperature: f32, draws: u64) -> Vec<f64> {
    let seeds: Vec<u64> = (0..draws).collect();
    let guide = Guide {
        steps: Some(1),
        seeds: &seeds,
        ..Guide::default()
    };
    let how = Decoding {
        temperature,
        seed: 0,
    };
    let mut counts = vec![0.0; model.preset().representation.output_depth()];
    let z = vec![z.clone(); seeds.len()];
    for played in model.decode_rows(&z, how, &guide).unwrap() {
        for (count, on) in counts.iter_mut().zip(&played.rows.values) {
            *count += f64::from(*on) / draws as f64;
        }
    }
    counts
}

#[test]
fn draws_are_of_the_heads_distributions() {
    const DRAWS: u64 = 4000;
    // Four standard errors, at their widest.
    const OFF: f64 = 4.0 * 0.5 / 63.2;
    let melody = Representation::Melody(MelodyOptions::default());
    for temperature in [1.0, 0.5] {
        for head in [Head::Categorical, Head::Boolean, Head::Nade { hidden: 6 }] {
            let representation = match head {
                Head::Categorical => melody.clone(),
                _ => roll(),
            };
            let preset = small(representation, head.clone());
            let weights = lively(&preset, 3);
            let naive = Naive::new(&preset, &weights);
            let z = latent::sample_prior(preset.z_size, 4);
            let columns = preset.representation.output_depth();
            let first = Window {
                input: Vec::new(),
                output: vec![vec![0.0; columns]],
                controls: None,
                lengths: Vec::new(),
            };
            let made = &naive.decode(&wide(&z), &first, &[1], &mut |_, _, _| None)[0];
            let temperature_of = |logit: f64| logit / f64::from(temperature);
            let logits = made.iter().map(|&logit| temperature_of(logit));
            let expected: Vec<f64> = match head {
                Head::Nade { .. } => {
                    // Every row there is, with its probability.
                    let mut sums = vec![0.0; columns];
                    for code in 0..1 << columns {
                        let on = |column: usize| f64::from(code >> column & 1);
                        let mut probability = 1.0;
                        naive.estimate(&preset.cores()[0], made, &mut |column, p| {
                            let p = sigmoid(temperature_of((p / (1.0 - p)).ln()));
                            probability *= if on(column) == 1.0 { p } else { 1.0 - p };
                            on(column)
                        });
                        for (column, sum) in sums.iter_mut().enumerate() {
                            *sum += on(column) * probability;
                        }
                    }
                    sums
                }
                Head::Boolean => logits.map(sigmoid).collect(),
                _ => {
                    let weights: Vec<f64> = logits.map(f64::exp).collect();
                    let sum: f64 = weights.iter().sum();
                    weights.iter().map(|weight| weight / sum).collect()
                }
            };
            for way in both_ways() {
                let model = MusicVae::on(&way, preset.clone(), &weights).unwrap();
                let found = frequencies(&model, &z, temperature, DRAWS);
                for (column, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let off = (found - expected).abs();
                    assert!(
                        off < OFF,
                        "{head:?} {column}: {found}, not {expected} by {way}"
                    );
                }
            }
        }
    }
}

#[test]
fn one_seed_draws_the_same_for_every_latent() {
    for (way, (name, preset, seed)) in shapes_both_ways() {
        if preset.representation.control_depth() > 0 {
            continue;
        }
        let model = MusicVae::on(&way, preset.clone(), &lively(&preset, seed)).unwrap();
        let packed = way.to_string() == Compute::CPU.to_string();
        let z = latent::sample_prior(preset.z_size, 1);
        let how = Decoding {
            temperature: 1.0,
            seed: 3,
        };
        let guide = Guide::default();
        let played = model.decode_rows(&vec![z.clone(); 7], how, &guide).unwrap();
        let alone = model
            .decode_rows(std::slice::from_ref(&z), how, &guide)
            .unwrap();
        for other in played.iter().chain(&alone) {
            let off = difference(&other.rows.values, &wide(&played[0].rows.values));
            // The sums of one row and of many are rounded in other ways, by tensors above all, where
            // drawn velocities and offsets stand on a grid of 2^-14.
            let slack = if packed { 1e-6 } else { 1e-3 };
            assert!(off <= slack, "{name}: {off}");
        }
        let other = Decoding { seed: 4, ..how };
        assert_ne!(
            played[0],
            model.decode_rows(&[z], other, &guide).unwrap()[0]
        );
    }
}

/// What may differ is a draw that lies within rounding of its threshold: none does here.
#[test]
fn a_seed_draws_the_same_music_whatever_runs_the_model() {
    let mut hits = 0.0;
    for (name, preset, seed) in shapes() {
        let weights = lively(&preset, seed);
        let [ours, other] = both_ways().map(|way| {
            let model = MusicVae::on(&way, preset.clone(), &weights).unwrap();
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let (steps, depth) = (preset.steps(), preset.representation.control_depth());
            let controls = Rows {
                steps,
                depth,
                values: random_rows(&mut rng, steps, depth),
            };
            let seeds: Vec<u64> = (0..20).collect();
            let z = seeds
                .iter()
                .map(|seed| latent::sample_prior(preset.z_size, *seed));
            let guide = Guide {
                seeds: &seeds,
                controls: if depth > 0 {
                    std::slice::from_ref(&controls)
                } else {
                    &[]
                },
                ..Guide::default()
            };
            let how = Decoding {
                temperature: 0.8,
                seed: 0,
            };
            model
                .decode_rows(&z.collect::<Vec<_>>(), how, &guide)
                .unwrap()
        });
        for (ours, other) in ours.iter().zip(&other) {
            assert_eq!(ours.lengths, other.lengths);
            let off = difference(&other.rows.values, &wide(&ours.rows.values));
            // Drawn velocities and offsets stand on a grid of 2^-14.
            assert!(off < 1e-3, "{name}: {off}");
            hits += ours.rows.values.iter().sum::<f32>();
        }
    }
    assert!(hits > 1000.0, "{hits}");
}

fn refused<T>(result: Result<T, ModelError>, words: &str) {
    match result {
        Ok(_) => panic!("not refused: {words}"),
        Err(error) => assert!(error.to_string().contains(words), "{error}"),
    }
}

#[test]
fn misfits_are_refused_in_a_sentence() {
    let of = |preset: &Preset| MusicVae::new(preset.clone(), &lively(preset, 1)).unwrap();
    let shapes = shapes();
    let (chords, levels, trio) = (of(&shapes[0].1), of(&shapes[1].1), of(&shapes[5].1));
    let groove = Groove::empty(16);
    refused(
        chords.encode(&[groove]),
        "preset test makes a melody on chords, not grooves",
    );
    let z = [vec![0.0; 5]];
    refused(trio.decode(&z, LIKELIEST), "makes melody, bass and drums");
    refused(
        trio.decode_rows(&[vec![0.0; 4]], LIKELIEST, &Guide::default()),
        "latents of 5 numbers, but was given 4",
    );
    let nothing = Guide::default();
    refused(
        chords.decode_rows(&z, LIKELIEST, &nothing),
        "must be told the controls",
    );
    let rows = |steps| Rows {
        steps,
        depth: 49,
        values: vec![0.0; steps * 49],
    };
    let told = |model: &MusicVae, controls: &[Rows], steps, end| {
        let guide = Guide {
            controls,
            steps,
            end,
            ..Guide::default()
        };
        model.decode_rows(&z, LIKELIEST, &guide)
    };
    refused(
        told(&chords, &[rows(3)], None, None),
        "16 rows of 49 controls",
    );
    refused(
        told(&chords, &[rows(16), rows(16)], None, None),
        "controls for 1 latents, but was given 2",
    );
    refused(told(&trio, &[rows(16)], None, None), "no controls");
    refused(
        told(&levels, &[rows(8)], Some(8), None),
        "16 steps, but was given 8",
    );
    refused(
        told(&trio, &[], None, Some(1)),
        "a single decoder of classes",
    );
    refused(
        told(&chords, &[rows(16)], None, Some(90)),
        "an end among 90 classes",
    );
    assert!(told(&chords, &[rows(8)], Some(8), None).is_ok());

    let input = vec![0.0; 16 * 90];
    let controls = vec![0.0; 16 * 49];
    let shown = Shown {
        input: &input,
        controls: &controls,
        lengths: &[],
    };
    let encode = |model: &MusicVae, shown| model.encode_rows(&[shown]);
    assert!(encode(&chords, shown).is_ok());
    let odd = Shown {
        input: &input[1..],
        ..shown
    };
    refused(encode(&chords, odd), "rows of 90 numbers");
    let bare = Shown {
        controls: &[],
        ..shown
    };
    refused(encode(&chords, bare), "16 rows of 49 controls");
    let short = Shown {
        input: &input[90..],
        ..shown
    };
    refused(encode(&levels, short), "16 steps, but was given 15");
    for (lengths, words) in [(&[4, 4][..], "4 lengths"), (&[4, 4, 4, 5], "4 at most")] {
        refused(encode(&levels, Shown { lengths, ..shown }), words);
    }
    assert!(levels.encode_rows(&[]).unwrap().is_empty());
    assert!(
        trio.decode_rows(&[], LIKELIEST, &nothing)
            .unwrap()
            .is_empty()
    );
}

/// What the grooves of a preset are encoded as is what its converter shows it.
#[test]
fn grooves_are_shown_as_the_preset_says() {
    let file = support::drums(3, 4);
    let sequence = musicvae::music::midi_file::read(&file).unwrap();
    for name in [
        "groovae_2bar_humanize",
        "groovae_2bar_tap_fixed_velocity",
        "groovae_2bar_add_closed_hh",
        "groovae_2bar_hits_control_tfds",
    ] {
        let preset = Preset {
            encoder: vec![8],
            decoder: vec![8],
            ..Preset::by_name(name).unwrap()
        };
        let converter = musicvae::data::Converter::new(preset.representation.clone(), 2).unwrap();
        let converted = musicvae::data::Convert::convert(&converter, &sequence).unwrap();
        let model = MusicVae::new(preset.clone(), &lively(&preset, 1)).unwrap();
        let musicvae::data::Window::Groove(groove) = &converted.windows[0] else {
            panic!("no groove")
        };
        let example = converter.example(&converted.windows[0], 0);
        let shown = Shown {
            input: &example.input,
            controls: &example.control,
            lengths: &[],
        };
        let expected = model.encode_rows(&[shown]).unwrap();
        assert_eq!(
            model.encode(std::slice::from_ref(groove)).unwrap(),
            expected
        );
        let z = [expected[0].mu.clone()];
        match model.decode(&z, LIKELIEST) {
            Ok(grooves) => assert_eq!(grooves[0].steps.len(), 32),
            Err(error) => {
                assert!(name.contains("hits_control"), "{error}");
                assert!(error.to_string().contains("controls"), "{error}");
            }
        }
    }
}

/// What the workstation's threads tell about the checkpoints of a folder.
#[test]
fn the_workstation_plays_two_bars_and_explains_what_it_does_not_play() {
    let folder = tempfile::TempDir::new().unwrap();
    let save = |name: &str| {
        let preset = Preset {
            encoder: vec![8],
            decoder: vec![8],
            z_size: 4,
            ..Preset::by_name(name).unwrap()
        };
        let tensors = lively(&preset, 1);
        let checkpoint = Checkpoint {
            preset,
            tensors,
            optimizer: Tensors::new(),
            prior: Prior::default(),
            metadata: Metadata::of_this_run(1),
        };
        let path = folder.path().join(format!("{name}.safetensors"));
        checkpoint.save(&path, Precision::Full).unwrap();
        Source::File(path)
    };
    let two_bars = save("groovae_2bar_humanize");
    let melody = save("hier-mel_16bar");
    let told = save("groovae_2bar_hits_control_tfds");

    let mut config = Config::default();
    config.audio.device = "off".into();
    config.playing.tempo = 300.0;
    config.checkpoints.folders = vec![folder.path().into()];
    let (tell, told_events) = std::sync::mpsc::channel();
    let tell: musicvae_tui::studio::Tell =
        std::sync::Arc::new(move |event| tell.send(event).is_ok());
    let (mut workers, _) = Workers::start(&config, tell);
    let deadline = Instant::now() + Duration::from_secs(60);
    let wait = |wanted: &dyn Fn(&Event) -> bool| {
        while Instant::now() < deadline {
            let told = told_events.recv_timeout(Duration::from_millis(20));
            if let Some(event) = told.ok().filter(|event| wanted(event)) {
                return event;
            }
        }
        panic!("no such event came")
    };

    let listed = wait(&|event| matches!(event, Event::Catalogue(..)));
    let Event::Catalogue(entries, _) = listed else {
        unreachable!()
    };
    let reason = |source: &Source| {
        let entry = entries.iter().find(|entry| entry.source == *source);
        let entry = entry.unwrap();
        assert_eq!(entry.error, None);
        entry.unplayable.clone()
    };
    assert_eq!(reason(&two_bars), None);
    assert_eq!(reason(&musicvae_tui::embedded::first()), None);
    for (source, words) in [(&melody, "makes a melody"), (&told, "must be told")] {
        let reason = reason(source).unwrap();
        assert!(reason.contains(words), "{reason}");
        // Asked for all the same (in the configuration), it is refused by the same sentence.
        workers.perform(Effect::LoadCheckpoint(source.clone()));
        let refused = wait(&|event| matches!(event, Event::LoadFailed { .. } | Event::Loaded(_)));
        let source = source.clone();
        assert_eq!(refused, Event::LoadFailed { source, reason });
    }

    workers.perform(Effect::LoadCheckpoint(two_bars));
    let loaded = wait(&|event| matches!(event, Event::Loaded(_)));
    let Event::Loaded(info) = loaded else {
        unreachable!()
    };
    assert_eq!(info.steps, 32);
    // An edit of four bars is read as its first two.
    let groove = Groove::empty(64);
    workers.perform(Effect::Encode { ticket: 1, groove });
    wait(&|event| matches!(event, Event::Encoded { ticket: 1, .. }));
    workers.perform(Effect::Decode {
        locked: None,
        ticket: 2,
        z: vec![vec![vec![0.5; 4]]],
        steps: 32,
        how: LIKELIEST,
    });
    let decoded = wait(&|event| matches!(event, Event::Decoded { .. }));
    let Event::Decoded { grooves, .. } = decoded else {
        unreachable!()
    };
    assert_eq!(grooves[0].steps.len(), 32);
    workers.perform(Effect::Engine(Command::Play.into()));
    workers.perform(Effect::Engine(Request::SetGroove {
        groove: Groove {
            qpm: 300.0,
            ..grooves[0].clone()
        },
        takeover: Takeover::Now,
    }));
    // The loop comes round after two bars, at 300 quarter notes a minute within 1.6 s.
    let mut turned = false;
    while !turned && Instant::now() < deadline {
        let position = workers.transport().position;
        if position.loop_steps == 32 {
            assert!(position.step < 32.0, "{position:?}");
            turned = position.turn > 0;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(turned, "{:?}", workers.transport().position);
    workers.close();
}
