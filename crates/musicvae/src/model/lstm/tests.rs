//! The whole-sequence operation against the same layer in candle's ordinary operations.

use candle_core::{DType, Device, Result, Tensor, Var};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::by_tensors::LstmByTensors;
use super::{Direction, Factors, LstmWeights, Sizes, lstm, lstm_by_steps};

/// Random tensors of a layer: x, kernel, bias, state, and the weights of the loss.
struct Layer {
    x: Var,
    kernel: Var,
    bias: Var,
    state: Var,
    loss: Tensor,
}

impl Layer {
    fn random(steps: usize, batch: usize, inputs: usize, units: usize) -> Layer {
        let mut rng = ChaCha8Rng::seed_from_u64((steps * 31 + batch * 7 + inputs + units) as u64);
        let mut random = |shape: &[usize]| {
            let len: usize = shape.iter().product();
            let numbers: Vec<f32> = (0..len).map(|_| rng.random_range(-1.0..1.0)).collect();
            Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
        };
        let (x, state) = (random(&[steps, batch, inputs]), random(&[batch, 2 * units]));
        let kernel = (random(&[inputs + units, 4 * units]) * 0.5).unwrap();
        Layer {
            x: Var::from_tensor(&x).unwrap(),
            kernel: Var::from_tensor(&kernel).unwrap(),
            bias: Var::from_tensor(&random(&[4 * units])).unwrap(),
            state: Var::from_tensor(&state).unwrap(),
            loss: random(&[steps, batch, units]),
        }
    }

    fn weights(&self) -> LstmWeights {
        LstmWeights {
            kernel: self.kernel.as_tensor().clone(),
            bias: self.bias.as_tensor().clone(),
            factors: Factors::Float32,
        }
    }

    /// The outputs, and the gradients of a random linear function of them: of x, kernel, bias and
    /// state.
    fn results(&self, run: impl Fn(&Layer, &LstmWeights) -> Result<Tensor>) -> Vec<Tensor> {
        let outputs = run(self, &self.weights()).unwrap();
        let store = (&outputs * &self.loss)
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap();
        let gradient = |var: &Var| store.get(var.as_tensor()).unwrap().clone();
        let gradients = [&self.x, &self.kernel, &self.bias, &self.state].map(gradient);
        [outputs].into_iter().chain(gradients).collect()
    }
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Tolerance: 2e-5 of the largest magnitude (float32 sums in another order).
fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (numbers(found), numbers(expected));
    let scale = expected.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    assert!(scale > 0.0, "{what} is all zero");
    let off = found
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(
        off <= 2e-5 * scale,
        "{what} is off by {off} where {scale} is the largest"
    );
}

const BOTH: [Direction; 2] = [Direction::Forward, Direction::Backward];

#[test]
fn outputs_and_gradients_equal_those_of_single_steps() {
    // Sizes around those of register tiles (8 rows, 32 columns), depth blocks (128) and the depth
    // of one product of the kernel's gradient (512 = steps x batch).
    let sizes = [
        (1, 1, 1, 1),
        (5, 1, 3, 7),
        (4, 7, 27, 12),
        (3, 65, 5, 33),
        (11, 65, 9, 16),
        (2, 9, 140, 40),
        (2, 600, 2, 3),
    ];
    for (steps, batch, inputs, units) in sizes {
        let layer = Layer::random(steps, batch, inputs, units);
        for direction in BOTH {
            let found = layer.results(|layer, weights| {
                lstm(&layer.x, None, weights, &layer.state, direction, true)
            });
            let expected = layer.results(|layer, weights| {
                lstm_by_steps(&layer.x, weights, &layer.state, direction)
            });
            let by_tensors = layer.results(|layer, weights| {
                let LstmWeights { kernel, bias, .. } = weights;
                let base = bias.broadcast_as((batch, 4 * units))?.contiguous()?;
                let start = Tensor::cat(&[layer.state.as_tensor(), &base], 1)?;
                let sizes = Sizes {
                    steps,
                    batch,
                    inputs,
                    units,
                    direction,
                };
                let op = LstmByTensors::run(sizes, true, &layer.x, kernel, &start)?;
                layer.x.apply_op3(kernel, &start, op)
            });
            let names = ["outputs", "d x", "d kernel", "d bias", "d state"];
            for ((found, expected), name) in by_tensors.iter().zip(&expected).zip(names) {
                let what = format!("{name} by tensors, {steps}x{batch}, {inputs}->{units}");
                assert_close(found, expected, &what);
            }
            for ((found, expected), name) in found.iter().zip(&expected).zip(names) {
                let what = format!("{name} of {steps}x{batch}, {inputs}->{units}, {direction:?}");
                assert_close(found, expected, &what);
            }
        }
    }
}

#[test]
fn an_input_that_stays_the_same_can_be_given_once() {
    let (steps, batch, changing, constant, units) = (7, 6, 5, 9, 11);
    let layer = Layer::random(steps, batch, changing + constant, units);
    let rest = Layer::random(1, batch, constant, units);
    let rest = rest.x.get(0).unwrap();
    for direction in BOTH {
        let run = |once: bool| {
            layer.results(|layer, weights| {
                let x = layer.x.narrow(2, 0, changing)?;
                // The gradient reaches the constant through x, so that both ways have the same.
                let constant_input = (layer.x.narrow(2, changing, constant)?.sum(0)? + &rest)?;
                if once {
                    let constant = Some(&constant_input);
                    return lstm(&x, constant, weights, &layer.state, direction, true);
                }
                let every_step = constant_input.unsqueeze(0)?;
                let every_step = every_step.broadcast_as((steps, batch, constant))?;
                let x = Tensor::cat(&[x, every_step.contiguous()?], 2)?;
                lstm(&x, None, weights, &layer.state, direction, true)
            })
        };
        for (found, expected) in run(true).iter().zip(&run(false)) {
            assert_close(found, expected, "with the constant part once");
        }
    }
}

#[test]
fn tensors_that_are_not_contiguous_give_the_same() {
    let layer = Layer::random(6, 5, 4, 10);
    let turned = layer.x.transpose(0, 1).unwrap().contiguous().unwrap();
    // Window first in memory, seen step first.
    let strided = turned.transpose(0, 1).unwrap();
    assert!(!strided.is_contiguous());
    let wide = Tensor::cat(&[layer.state.as_tensor(), layer.state.as_tensor()], 1).unwrap();
    let state = wide.narrow(1, 0, 20).unwrap();
    for direction in BOTH {
        let found = lstm(&strided, None, &layer.weights(), &state, direction, true).unwrap();
        let expected = lstm(
            &layer.x,
            None,
            &layer.weights(),
            &layer.state,
            direction,
            true,
        )
        .unwrap();
        assert_eq!(numbers(&found), numbers(&expected));
    }
}

#[test]
fn the_gradient_of_data_can_be_left_out() {
    let layer = Layer::random(3, 4, 5, 6);
    let run = |differentiate: bool| {
        let outputs = lstm(
            &layer.x,
            None,
            &layer.weights(),
            &layer.state,
            Direction::Forward,
            differentiate,
        );
        (outputs.unwrap() * &layer.loss)
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap()
    };
    let (with, without) = (run(true), run(false));
    assert!(with.get(layer.x.as_tensor()).is_some());
    assert!(without.get(layer.x.as_tensor()).is_none());
    for var in [&layer.kernel, &layer.bias, &layer.state] {
        let gradient =
            |store: &candle_core::backprop::GradStore| numbers(store.get(var.as_tensor()).unwrap());
        assert_eq!(gradient(&with), gradient(&without));
    }
}

#[test]
fn data_of_mostly_zeros_give_the_same() {
    let (steps, batch, inputs, units) = (5, 9, 40, 11);
    let mut layer = Layer::random(steps, batch, inputs, units);
    // One column in twenty, and none in some rows.
    let kept = |cell: usize| cell % 20 == 3 && cell / inputs % 4 < 3;
    let kept = |cell| f32::from(u8::from(kept(cell)));
    let kept: Vec<f32> = (0..steps * batch * inputs).map(kept).collect();
    let kept = Tensor::from_vec(kept, (steps, batch, inputs), &Device::Cpu).unwrap();
    layer.x = Var::from_tensor(&(layer.x.as_tensor() * kept).unwrap()).unwrap();
    for direction in BOTH {
        let run = |differentiate: bool| {
            let (weights, state) = (layer.weights(), &layer.state);
            let outputs = lstm(&layer.x, None, &weights, state, direction, differentiate).unwrap();
            let store = (&outputs * &layer.loss).unwrap().backward().unwrap();
            let variables = [&layer.kernel, &layer.bias, &layer.state];
            let gradients = variables.map(|var| store.get(var.as_tensor()).unwrap().clone());
            [outputs].into_iter().chain(gradients)
        };
        for (found, expected) in run(false).zip(run(true)) {
            assert_close(&found, &expected, "with zeros left out");
        }
    }
}

#[test]
fn a_second_backward_pass_is_an_error() {
    let layer = Layer::random(3, 2, 4, 5);
    let outputs = lstm(
        &layer.x,
        None,
        &layer.weights(),
        &layer.state,
        Direction::Forward,
        true,
    )
    .unwrap();
    let loss = (outputs * &layer.loss).unwrap().sum_all().unwrap();
    loss.backward().unwrap();
    let error = loss.backward().unwrap_err().to_string();
    assert!(error.contains("once for each forward pass"), "{error}");
}

#[test]
fn tensors_that_do_not_fit_are_an_error() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    // x, kernel, bias, state
    let table: [([&[usize]; 4], &str); 9] = [
        (
            [&[2, 3], &[9, 20], &[20], &[3, 10]],
            "x [steps, batch, inputs]",
        ),
        ([&[2, 3, 4], &[8, 20], &[20], &[3, 10]], "do not fit"),
        ([&[2, 3, 4], &[9, 18], &[18], &[3, 10]], "do not fit"),
        ([&[2, 3, 4], &[9, 20], &[19], &[3, 10]], "do not fit"),
        (
            [&[2, 3, 4], &[9, 20], &[20], &[3, 9]],
            "takes a state [3, 10]",
        ),
        (
            [&[2, 3, 4], &[9, 20], &[20], &[4, 10]],
            "takes a state [3, 10], not [4, 10]",
        ),
        (
            [&[2, 3, 4], &[9, 20], &[20], &[10]],
            "takes a state [3, 10], not [10]",
        ),
        ([&[0, 3, 4], &[9, 20], &[20], &[3, 10]], "at least one step"),
        ([&[2, 0, 4], &[9, 20], &[20], &[0, 10]], "at least one step"),
    ];
    for ([x, kernel, bias, state], expected) in table {
        let weights = LstmWeights {
            kernel: zeros(kernel),
            bias: zeros(bias),
            factors: Factors::Float32,
        };
        for direction in BOTH {
            let error =
                lstm(&zeros(x), None, &weights, &zeros(state), direction, true).unwrap_err();
            assert!(
                error.to_string().contains(expected),
                "{x:?} {kernel:?} {state:?}: {error}"
            );
        }
    }
    let whole = Tensor::zeros((2, 3, 4), DType::F64, &Device::Cpu).unwrap();
    let weights = LstmWeights {
        kernel: zeros(&[9, 20]),
        bias: zeros(&[20]),
        factors: Factors::Float32,
    };
    assert!(
        lstm(
            &whole,
            None,
            &weights,
            &zeros(&[3, 10]),
            Direction::Forward,
            true
        )
        .is_err()
    );
}

/// Tolerance: 2 % of the largest magnitude (factors of 8 bits; sums stay float32).
#[test]
fn bfloat16_factors_give_nearly_the_same_outputs_and_gradients() {
    for direction in BOTH {
        for (steps, batch, inputs, units) in [(5, 3, 7, 9), (6, 16, 27, 32)] {
            let layer = Layer::random(steps, batch, inputs, units);
            let run = |factors| {
                layer.results(|layer, weights| {
                    let weights = LstmWeights {
                        factors,
                        ..weights.clone()
                    };
                    lstm(&layer.x, None, &weights, &layer.state, direction, true)
                })
            };
            let (exact, rounded) = (run(Factors::Float32), run(Factors::Bfloat16));
            for (exact, rounded) in exact.iter().zip(&rounded) {
                let (exact, rounded) = (numbers(exact), numbers(rounded));
                let scale = exact.iter().fold(0.0f32, |max, x| max.max(x.abs()));
                let off = exact.iter().zip(&rounded).map(|(a, b)| (a - b).abs());
                let off = off.fold(0.0, f32::max);
                assert!(off > 0.0 && off < 0.02 * scale, "{off} of {scale}");
            }
        }
    }
}
