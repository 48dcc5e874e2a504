//! Models of every shape against a plain re-implementation: levels, splits, heads, controls, short
//! windows, scheduled sampling, dropout; values and gradients.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use musicvae::internals::network::{Batch, InputMask, KeepAll, Network, Past};
use musicvae::model::{Head, Preset, Spread, StrokeHead, Tensors};
use musicvae::music::{DrumClasses, DrumsOptions, GrooveOptions, MelodyOptions, Representation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::naive::{Naive, Row, Told, Window, quantile, sigmoid};

/// Windows in a batch.
const SIZE: usize = 3;

/// A model of a given shape with random weights, and random windows for it.
struct Case {
    preset: Preset,
    weights: Tensors,
    windows: Vec<Window>,
    /// As [`Batch::lengths`] takes them.
    lengths: Option<Vec<usize>>,
    noise: Vec<Row>,
}

fn melody(chords: bool) -> Representation {
    Representation::Melody(MelodyOptions {
        chords,
        ..MelodyOptions::default()
    })
}

fn drums(classes: DrumClasses, roll_output: bool) -> Representation {
    Representation::Drums(DrumsOptions {
        classes,
        roll_input: true,
        roll_output,
    })
}

/// One bar of `representation` in a small flat model.
fn small(representation: Representation, head: Head) -> Preset {
    Preset {
        representation,
        bars: 1,
        z_size: 5,
        encoder: vec![4, 3],
        decoder: vec![6, 5],
        head,
        free_bits: 0.5,
        max_beta: 0.7,
        ..Preset::groovae_4bar()
    }
}

impl Case {
    fn new(preset: Preset, lengths: Option<Vec<usize>>) -> Case {
        let mut rng = ChaCha8Rng::seed_from_u64(preset.parameter_shapes().len() as u64);
        let weight = |(name, shape): (String, Vec<usize>)| {
            let len: usize = shape.iter().product();
            let numbers: Vec<f32> = (0..len).map(|_| rng.random_range(-0.5..0.5)).collect();
            (
                name,
                Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap(),
            )
        };
        let weights = preset.parameter_shapes().into_iter().map(weight).collect();
        let segments = preset.segments().max(preset.encoder_segments());
        let steps = preset.steps();
        let representation = &preset.representation;
        let of_segment = |window: usize, segment: usize| match &lengths {
            None => steps / segments,
            Some(lengths) if lengths.len() == SIZE => lengths[window] / segments,
            Some(lengths) => lengths[window * segments + segment],
        };
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let windows = (0..SIZE)
            .map(|window| Window {
                input: (0..steps)
                    .map(|_| binary(representation.input_depth(), &mut rng))
                    .collect(),
                output: (0..steps).map(|_| row(&preset, &mut rng)).collect(),
                controls: (representation.control_depth() > 0).then(|| {
                    let depth = representation.control_depth();
                    (0..steps).map(|_| binary(depth, &mut rng)).collect()
                }),
                lengths: (0..segments)
                    .map(|segment| of_segment(window, segment))
                    .collect(),
            })
            .collect();
        let noise = (0..SIZE)
            .map(|_| {
                (0..preset.z_size)
                    .map(|_| f64::from(rng.random_range(-2.0f32..2.0)))
                    .collect()
            })
            .collect();
        Case {
            preset,
            weights,
            windows,
            lengths,
            noise,
        }
    }

    fn network(&self) -> Network {
        Network::new(self.preset.clone(), &self.weights, &Device::Cpu).unwrap()
    }

    fn batch(&self) -> Batch {
        let stack = |rows: &dyn Fn(&Window) -> Vec<Row>| {
            let windows: Vec<Vec<Row>> = self.windows.iter().map(rows).collect();
            let mut numbers = Vec::new();
            for step in 0..windows[0].len() {
                numbers.extend(
                    windows
                        .iter()
                        .flat_map(|rows| &rows[step])
                        .map(|x| *x as f32),
                );
            }
            let (steps, width) = (windows[0].len(), windows[0][0].len());
            Tensor::from_vec(numbers, (steps, SIZE, width), &Device::Cpu).unwrap()
        };
        let controlled = self.windows[0].controls.is_some();
        Batch {
            input: stack(&|window| window.input.clone()),
            output: stack(&|window| window.output.clone()),
            told: None,
            controls: controlled.then(|| stack(&|window| window.controls.clone().unwrap())),
            lengths: self.lengths.clone(),
            blur: None,
        }
    }

    fn noise(&self) -> Tensor {
        let noise: Vec<f32> = self.noise.concat().into_iter().map(|x| x as f32).collect();
        Tensor::from_vec(noise, (SIZE, self.preset.z_size), &Device::Cpu).unwrap()
    }

    /// The summed loss of all windows at beta 0.7, by the plain model, which hears what is `held`.
    fn expected(
        &self,
        weights: &Tensors,
        mask: fn(usize) -> f64,
        chances: &Chances,
        held: &mut Held,
    ) -> f64 {
        let mut naive = Naive::new(&self.preset, weights);
        naive.mask = mask;
        let windows = self.windows.iter().zip(&self.noise).enumerate();
        windows
            .map(|(index, (window, noise))| {
                let (mu, sigma) = naive.encode(window);
                let mut kl = 0.0;
                for (m, s) in mu.iter().zip(&sigma) {
                    kl += 0.5 * (m * m + s * s - 1.0) - s.ln();
                }
                let z: Row = (0..mu.len()).map(|i| mu[i] + sigma[i] * noise[i]).collect();
                let made = self.made(&naive, index, &z, chances, held);
                let free = self.preset.free_bits * std::f64::consts::LN_2;
                self.reconstruction(&naive, window, &made) + 0.7 * (kl - free).max(0.0)
            })
            .sum()
    }

    fn made(
        &self,
        naive: &Naive,
        index: usize,
        z: &[f64],
        chances: &Chances,
        held: &mut Held,
    ) -> Vec<Row> {
        let window = &self.windows[index];
        let longest = |segment: usize| {
            let lengths = self.windows.iter().map(|window| window.lengths[segment]);
            lengths.max().unwrap()
        };
        let ends: Vec<usize> = (0..window.lengths.len()).map(longest).collect();
        let segments = self.preset.segments();
        let mut hear = |segment: usize, step: usize, made: &[f64]| {
            let (rows, row) = (segments * SIZE, segment * SIZE + index);
            let draw = || chances.next(naive, rows, row, step, made);
            match self.preset.head {
                // Something is learned through velocities and offsets that are means.
                Head::Groove => draw(),
                _ => held.entry((row, step)).or_insert_with(draw).clone(),
            }
        };
        naive.decode(z, window, &ends, &mut hear)
    }

    /// The loss over the steps that count.
    fn reconstruction(&self, naive: &Naive, window: &Window, made: &[Row]) -> f64 {
        let segment = window.output.len() / window.lengths.len();
        let counts = |step: usize| step % segment < window.lengths[step / segment];
        let steps = (0..made.len()).filter(|&step| counts(step));
        steps
            .map(|step| naive.loss(&made[step], &window.output[step]))
            .sum()
    }

    /// Our loss, and its gradient of every weight.
    fn found(&self, mask: InputMask, past: &mut Past) -> (f64, BTreeMap<String, Vec<f32>>) {
        self.found_by(self.network(), mask, past)
    }

    fn found_by(
        &self,
        network: Network,
        mask: InputMask,
        past: &mut Past,
    ) -> (f64, BTreeMap<String, Vec<f32>>) {
        let losses = network
            .losses_hearing(&self.batch(), &self.noise(), mask, past)
            .unwrap();
        let total = losses.total(&self.preset, 0.7).unwrap().sum_all().unwrap();
        let store = total.backward().unwrap();
        let gradients = network.variables().iter().map(|(name, variable)| {
            let gradient = store
                .get(variable.as_tensor())
                .unwrap_or_else(|| panic!("{name}"));
            (
                name.clone(),
                gradient.flatten_all().unwrap().to_vec1().unwrap(),
            )
        });
        (
            total.to_scalar::<f32>().unwrap().into(),
            gradients.collect(),
        )
    }

    /// Holds our loss against the plain model's (2e-5 of it), and the gradient of every weight
    /// along a random direction against its difference quotient (1e-3 of the gradient's norm).
    fn check(&self, what: &str, mask: fn(usize) -> f64, chances: &Chances) {
        let mut apply = |x: &Tensor| {
            let width = x.dim(2)?;
            let columns: Vec<f32> = (0..width).map(|c| mask(c) as f32).collect();
            x.broadcast_mul(&Tensor::from_vec(columns, width, x.device())?)
        };
        let mut sequence = chances.numbers.iter().copied().cycle();
        let mut uniform = || sequence.next().unwrap();
        let mut past = match chances.probability {
            0.0 => Past::Told,
            probability => Past::Mixed {
                probability,
                uniform: &mut uniform,
            },
        };
        let (found, gradients) = self.found(&mut apply, &mut past);
        let mut held = Held::new();
        let expected = self.expected(&self.weights, mask, chances, &mut held);
        assert!(
            (found - expected).abs() < 2e-5 * expected,
            "{what}: {found}, not {expected}"
        );

        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (name, gradient) in gradients {
            /// Large enough for weights that are float32, small enough for a straight line.
            const STEP: f32 = 1.0 / 1024.0;
            let norm = gradient
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum::<f64>()
                .sqrt();
            assert!(norm > 0.0, "{what}: nothing reaches {name}");
            let direction: Vec<f32> = gradient
                .iter()
                .map(|_| rng.random_range(-1.0..1.0))
                .collect();
            let mut moved = |sign: f32| {
                let mut weights = self.weights.clone();
                let old = numbers(&weights[&name]);
                let new: Vec<f32> = old
                    .iter()
                    .zip(&direction)
                    .map(|(w, d)| w + sign * STEP * d)
                    .collect();
                let apart: f64 = new
                    .iter()
                    .zip(&old)
                    .zip(&gradient)
                    .map(|((new, old), g)| (f64::from(*new) - f64::from(*old)) * f64::from(*g))
                    .sum();
                let shape = weights[&name].dims().to_vec();
                weights.insert(
                    name.clone(),
                    Tensor::from_vec(new, shape, &Device::Cpu).unwrap(),
                );
                (self.expected(&weights, mask, chances, &mut held), apart)
            };
            let ((above, up), (below, down)) = (moved(1.0), moved(-1.0));
            let off = ((above - below) - (up - down)).abs();
            let scale = f64::from(STEP) * norm;
            assert!(
                off < 1e-3 * scale,
                "{what}: {name} is off by {off} of {scale}"
            );
        }
    }
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn binary(depth: usize, rng: &mut ChaCha8Rng) -> Row {
    (0..depth)
        .map(|_| f64::from(u8::from(rng.random_bool(0.3))))
        .collect()
}

fn one_hot(depth: usize, class: usize) -> Row {
    (0..depth)
        .map(|column| f64::from(u8::from(column == class)))
        .collect()
}

/// A row that a decoder of `preset` could make.
fn row(preset: &Preset, rng: &mut ChaCha8Rng) -> Row {
    let of_core = |columns: usize, rng: &mut ChaCha8Rng| match &preset.head {
        Head::Strokes(_) => {
            let lanes = columns / 3;
            let mut row = binary(columns, rng);
            for lane in (0..lanes)
                .filter(|&lane| row[lane] == 0.0)
                .collect::<Vec<_>>()
            {
                row[lanes + lane] = 0.0;
                row[2 * lanes + lane] = 0.0;
            }
            for lane in (0..lanes)
                .filter(|&lane| row[lane] == 1.0)
                .collect::<Vec<_>>()
            {
                row[lanes + lane] = f64::from(rng.random_range(0.0f32..1.0));
                row[2 * lanes + lane] = f64::from(rng.random_range(-1.0f32..1.0));
            }
            row
        }
        Head::Groove => {
            let lanes = columns / 3;
            let mut row = binary(lanes, rng);
            row.extend((0..lanes).map(|_| f64::from(rng.random_range(0.0f32..1.0))));
            row.extend((0..lanes).map(|_| f64::from(rng.random_range(-1.0f32..1.0))));
            row
        }
        Head::Categorical => one_hot(columns, rng.random_range(0..columns)),
        Head::MultiCategorical(groups) => {
            let groups = groups
                .iter()
                .map(|&columns| one_hot(columns, rng.random_range(0..columns)));
            groups.collect::<Vec<_>>().concat()
        }
        Head::Boolean | Head::Nade { .. } => binary(columns, rng),
    };
    let cores = preset.cores();
    cores
        .iter()
        .flat_map(|core| of_core(core.columns, rng))
        .collect()
}

/// What the plain model drew and heard, by row and step; nothing where it heard the truth. Nothing is
/// learned through it, so it stays as it was drawn first while weights are moved.
type Held = BTreeMap<(usize, usize), Option<Row>>;

/// The random numbers of scheduled sampling: before every step one a row that decides, then for
/// every row what it draws with.
struct Chances {
    probability: f64,
    numbers: Vec<f32>,
}

const TOLD: Chances = Chances {
    probability: 0.0,
    numbers: Vec::new(),
};

impl Chances {
    fn mixed(probability: f64) -> Chances {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        Chances {
            probability,
            numbers: (0..1 << 16).map(|_| rng.random()).collect(),
        }
    }

    /// What row `row` of `rows` hears after `step`, where that is not the truth.
    fn next(
        &self,
        naive: &Naive,
        rows: usize,
        row: usize,
        step: usize,
        made: &[f64],
    ) -> Option<Row> {
        if self.probability == 0.0 {
            return None;
        }
        let core = &naive.preset.cores()[0];
        let draws = match &naive.preset.head {
            Head::Groove => core.columns / 3,
            Head::Categorical => 1,
            Head::MultiCategorical(groups) => groups.len(),
            Head::Boolean | Head::Strokes(_) => core.columns,
            Head::Nade { .. } => 0,
        };
        // Every segment of a hierarchy begins anew, and all of them lie side by side.
        let first = step * rows * (1 + draws);
        let chance = |index: usize| f64::from(self.numbers[index % self.numbers.len()]);
        let drawn = |draw: usize| chance(first + rows + row * draws + draw);
        let coin = |draw: usize, logit: f64| f64::from(u8::from(drawn(draw) < sigmoid(logit)));
        let class = |draw: usize, logits: &[f64]| {
            let total: f64 = logits.iter().map(|x| x.exp()).sum();
            let mut left = drawn(draw) * total;
            let class = logits.iter().position(|x| {
                left -= x.exp();
                left < 0.0
            });
            one_hot(logits.len(), class.unwrap())
        };
        (chance(first + row) < self.probability).then(|| match &naive.preset.head {
            Head::Strokes(head) => {
                let lanes = core.columns / 3;
                let mut row = vec![0.0; core.columns];
                naive.strokes(head, core, made, &mut |lane, told| {
                    let (part, value) = match told {
                        Told::Hit(logit) => (0, coin(lane, logit)),
                        Told::Velocity(spread, made) => {
                            (1, quantile(spread, made, drawn(lanes + lane)))
                        }
                        Told::Offset(spread, made) => {
                            let chance = drawn(2 * lanes + lane);
                            (2, 2.0 * quantile(spread, made, chance) - 1.0)
                        }
                    };
                    row[part * lanes + lane] = value;
                    value
                });
                row
            }
            Head::Groove => {
                let value = |(column, &x): (usize, &f64)| match column / draws {
                    0 => coin(column, x),
                    1 => sigmoid(x),
                    _ => x.tanh(),
                };
                made.iter().enumerate().map(value).collect()
            }
            Head::Categorical => class(0, made),
            Head::MultiCategorical(groups) => {
                let mut first = 0;
                let group = |(draw, columns): (usize, &usize)| {
                    first += columns;
                    class(draw, &made[first - columns..first])
                };
                groups.iter().enumerate().flat_map(group).collect()
            }
            Head::Boolean => made
                .iter()
                .enumerate()
                .map(|(column, &x)| coin(column, x))
                .collect(),
            Head::Nade { .. } => {
                let mut row = Row::new();
                naive.estimate(core, made, &mut |_, p| {
                    row.push(f64::from(u8::from(p >= 0.5)));
                    row[row.len() - 1]
                });
                row
            }
        })
    }
}

fn whole(_: usize) -> f64 {
    1.0
}

/// Dropout that keeps two columns of three.
fn thinned(column: usize) -> f64 {
    if column % 3 == 1 { 0.0 } else { 1.5 }
}

#[test]
fn flat_models_of_every_head() {
    let hits = GrooveOptions {
        hits_as_controls: true,
        ..GrooveOptions::default()
    };
    let groove = || small(Representation::Groove(hits.clone()), Head::Groove);
    let short = || Some(vec![16, 9, 0]);
    Case::new(groove(), short()).check("groove with controls", whole, &TOLD);
    let of_strokes = Preset {
        stroke_weight: 6.0,
        ..groove()
    };
    Case::new(of_strokes, short()).check("groove of heavy strokes", whole, &TOLD);
    let mixed = small(Representation::default(), strokes(Spread::Logistics(3)));
    Case::new(mixed, short()).check("strokes of mixtures", thinned, &TOLD);
    let of_classes = Preset {
        stroke_weight: 0.3,
        ..small(Representation::default(), strokes(Spread::Classes(7)))
    };
    Case::new(of_classes, None).check("strokes of classes", whole, &TOLD);
    let on_chords = small(melody(true), Head::Categorical);
    Case::new(on_chords, short()).check("melody on chords", whole, &TOLD);
    let trio = Head::MultiCategorical(Representation::TRIO_DEPTHS.to_vec());
    Case::new(small(Representation::Trio, trio), None).check("trio", whole, &TOLD);
    let yes_or_no = small(drums(DrumClasses::Reduced, true), Head::Boolean);
    let split = Preset {
        split: vec![1; 9],
        ..yes_or_no.clone()
    };
    Case::new(yes_or_no, short()).check("boolean", thinned, &TOLD);
    Case::new(split, short()).check("nine boolean decoders", whole, &TOLD);
    let nade = small(drums(DrumClasses::Full, true), Head::Nade { hidden: 7 });
    Case::new(nade, short()).check("nade", thinned, &TOLD);
}

/// Strokes of which all numbers are spread alike.
fn strokes(spread: Spread) -> Head {
    Head::Strokes(StrokeHead {
        velocity: spread,
        offset: spread,
    })
}

fn hierarchical(representation: Representation, head: Head) -> Preset {
    Preset {
        encoder_levels: vec![4, 2, 2],
        decoder_levels: vec![2, 2, 4],
        ..small(representation, head)
    }
}

#[test]
fn hierarchies_of_several_levels() {
    let segments = || Some(vec![4, 4, 4, 4, 3, 1, 0, 4, 0, 2, 4, 1]);
    let melody = hierarchical(melody(true), Head::Categorical);
    Case::new(melody.clone(), None).check("whole", whole, &TOLD);
    Case::new(melody.clone(), segments()).check("short segments", thinned, &TOLD);
    Case::new(melody, Some(vec![16, 0, 16])).check("a window of nothing", whole, &TOLD);
    let one_conductor = Preset {
        encoder_levels: vec![],
        decoder_levels: vec![8, 2],
        ..hierarchical(drums(DrumClasses::Reduced, true), Head::Nade { hidden: 3 })
    };
    Case::new(one_conductor, Some(vec![16, 0, 16])).check("nade", whole, &TOLD);
    let split = Preset {
        split: Representation::TRIO_DEPTHS.to_vec(),
        ..hierarchical(Representation::Trio, Head::Categorical)
    };
    Case::new(split, segments()).check("split", whole, &TOLD);
}

#[test]
fn conductors_that_hear_what_they_led() {
    let segments = || Some(vec![3, 4, 0, 4, 3, 1, 0, 4, 0, 2, 0, 1]);
    for levels in [vec![0], vec![1], vec![0, 1]] {
        let groove = Preset {
            autoregressive_levels: levels.clone(),
            ..hierarchical(Representation::default(), Head::Groove)
        };
        Case::new(groove, segments()).check(&format!("levels {levels:?}"), thinned, &TOLD);
    }
    let split = Preset {
        autoregressive_levels: vec![1],
        split: vec![4, 5],
        ..hierarchical(drums(DrumClasses::Reduced, true), Head::Boolean)
    };
    Case::new(split, None).check("split", whole, &TOLD);
}

#[test]
fn decoders_that_hear_themselves() {
    let short = || Some(vec![16, 9, 3]);
    let trio = Head::MultiCategorical(Representation::TRIO_DEPTHS.to_vec());
    let flat = [
        small(Representation::default(), Head::Groove),
        small(melody(true), Head::Categorical),
        small(Representation::Trio, trio),
        small(drums(DrumClasses::Reduced, true), Head::Boolean),
        small(drums(DrumClasses::Full, true), Head::Nade { hidden: 7 }),
        small(Representation::default(), strokes(Spread::Logistics(2))),
    ];
    for (preset, probability) in flat.into_iter().zip([0.6, 1.0, 0.5, 0.7, 0.8, 0.7]) {
        let what = format!("{:?}", preset.head);
        Case::new(preset, short()).check(&what, thinned, &Chances::mixed(probability));
    }
    let led = hierarchical(melody(false), Head::Categorical);
    Case::new(led, None).check("led", whole, &Chances::mixed(0.6));
}

#[test]
fn a_small_model_of_every_preset() {
    for preset in Preset::all() {
        let head = match preset.head {
            Head::Nade { .. } => Head::Nade { hidden: 4 },
            head => head,
        };
        let preset = Preset {
            z_size: 4,
            encoder: vec![3; preset.encoder.len()],
            decoder: vec![3; preset.decoder.len()],
            head,
            ..preset
        };
        let case = Case::new(preset, None);
        let (found, gradients) = case.found(&mut KeepAll, &mut Past::Told);
        let expected = case.expected(&case.weights, whole, &TOLD, &mut Held::new());
        let name = &case.preset.name;
        assert!(
            (found - expected).abs() < 2e-5 * expected,
            "{name}: {found}, not {expected}"
        );
        for (weight, gradient) in gradients {
            assert!(
                gradient.iter().any(|x| *x != 0.0),
                "{name}: nothing reaches {weight}"
            );
        }
    }
}

#[test]
fn windows_that_do_not_fit_a_hierarchy_are_refused() {
    let case = Case::new(hierarchical(melody(false), Head::Categorical), None);
    let network = case.network();
    let refusal = |batch: &Batch| {
        let error = network
            .losses(batch, &case.noise(), &mut KeepAll)
            .err()
            .unwrap();
        error.to_string()
    };
    let short = case.batch().input.narrow(0, 0, 8).unwrap();
    assert!(refusal(&Batch::of(short)).contains("windows of 16 steps, not 8"));
    let lengths = |lengths: &[usize]| Batch {
        lengths: Some(lengths.to_vec()),
        ..case.batch()
    };
    assert!(refusal(&lengths(&[16, 16, 7])).contains("has 0 or 16 steps, not 7"));
    assert!(refusal(&lengths(&[4, 4])).contains("can't have 2 lengths"));
}

/// Tolerances: 1e-6 of the loss, 2e-5 of the largest gradient of a weight.
#[test]
fn ordinary_operations_give_the_same() {
    let nade = small(drums(DrumClasses::Full, true), Head::Nade { hidden: 7 });
    let split = Preset {
        split: Representation::TRIO_DEPTHS.to_vec(),
        ..hierarchical(Representation::Trio, Head::Categorical)
    };
    for (preset, lengths) in [
        (nade, Some(vec![16, 9, 0])),
        (split, None),
        (
            hierarchical(melody(true), Head::Categorical),
            Some(vec![4; 12]),
        ),
        (
            small(Representation::default(), Head::Groove),
            Some(vec![16, 9, 3]),
        ),
    ] {
        let case = Case::new(preset, lengths);
        let what = format!("{:?}", case.preset.head);
        let chances = Chances::mixed(0.6);
        let run = |network: Network| {
            let mut sequence = chances.numbers.iter().copied();
            let mut uniform = || sequence.next().unwrap();
            let mut past = Past::Mixed {
                probability: 0.6,
                uniform: &mut uniform,
            };
            case.found_by(network, &mut KeepAll, &mut past)
        };
        let (expected, gradients) = run(case.network());
        let (found, ordinary) = run(case.network().by_steps());
        assert!(
            (found - expected).abs() < 1e-6 * expected,
            "{what}: {found}, not {expected}"
        );
        for (name, expected) in gradients {
            let largest = expected
                .iter()
                .fold(0.0f32, |largest, x| largest.max(x.abs()));
            for (found, expected) in ordinary[&name].iter().zip(&expected) {
                assert!((found - expected).abs() <= 2e-5 * largest, "{what}: {name}");
            }
        }
    }
}
