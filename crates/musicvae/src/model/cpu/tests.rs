//! Every instruction set of this processor beside the definition in double precision.

use super::*;

/// Sizes at every edge of tiles and blocks, whichever set they are for.
const SIZES: [(usize, usize, usize); 10] = [
    (1, 1, 1),
    (2, 5, 16),
    (3, 301, 27),
    (4, 28, 48),
    (5, 400, 33),
    (6, 385, 49),
    (8, 128, 32),
    (11, 129, 70),
    (64, 43, 97),
    (97, 771, 24),
];

fn numbers(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// Numbers that float16 and bfloat16 hold.
fn coarse(len: usize, seed: u32) -> Vec<f32> {
    let coarse = |number: f32| (number * 128.0).round() / 128.0;
    numbers(len, seed).into_iter().map(coarse).collect()
}

/// `a * b`, row by row.
fn expected(a: Matrix, b: Matrix, (m, k, n): (usize, usize, usize)) -> Vec<f64> {
    let cell = |row, column| {
        let terms = (0..k).map(|d| f64::from(a.at(row, d)) * f64::from(b.at(d, column)));
        terms.sum()
    };
    (0..m * n)
        .map(|cell_at| cell(cell_at / n, cell_at % n))
        .collect()
}

/// Checks products of factors `E` and weights `W`, whose operands `of` makes, stored by rows and by
/// columns, added to what is there and to rows.
fn products_equal_the_definition<E: Factor, W: Weight<E>>(
    kernels: Kernels,
    of: fn(usize, u32) -> Vec<f32>,
) {
    for (m, k, n) in SIZES {
        let (a, b) = (of(m * k, 1), of(k * n, 2));
        for transposed in [false, true] {
            let [a, b] = [(&a, m, k), (&b, k, n)].map(|(data, rows, columns)| match transposed {
                true => Matrix::new(data, columns, rows).transposed(),
                false => Matrix::new(data, rows, columns),
            });
            let expected = expected(a, b, (m, k, n));
            let mut left = LeftPanels::<E>::zeros(kernels, m, k);
            left.pack(0, a);
            let right = RightPanels::<W>::pack(kernels, b);
            let rows = [vec![0.5; n], vec![0.5; m * n]];
            for from in [Onto::Output, Onto::Rows(&rows[0]), Onto::Rows(&rows[1])] {
                let before = match from {
                    Onto::Output => 0.5,
                    Onto::Rows(_) => f32::NAN,
                };
                let mut out = vec![before; m * n];
                matmul(&left, &right, from, &mut out);
                for (out, expected) in out.iter().zip(&expected) {
                    assert!(
                        (f64::from(*out) - 0.5 - expected).abs() < 1e-4,
                        "{} {m}x{k}x{n}: {out} {expected}",
                        kernels.name()
                    );
                }
            }
        }
    }
}

#[test]
fn products_equal_the_definition_with_every_set() {
    for kernels in Kernels::available() {
        products_equal_the_definition::<f32, f32>(kernels, numbers);
        products_equal_the_definition::<Rounded, Rounded>(kernels, coarse);
        if Half::suits(kernels) {
            products_equal_the_definition::<f32, Half>(kernels, coarse);
        }
        if Bf16Pair::suits(kernels) {
            products_equal_the_definition::<Bf16Pair, Bf16Pair>(kernels, coarse);
        }
    }
}

/// Factors that were rounded are the same whether kept as pairs or widened.
#[test]
fn both_ways_of_multiplying_bfloat16_agree() {
    fn product<E: Factor>(kernels: Kernels) -> Vec<f32> {
        let (m, k, n) = (9, 129, 33);
        let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
        let mut left = LeftPanels::<E>::zeros(kernels, m, k);
        left.pack(0, Matrix::new(&a, m, k));
        let right = RightPanels::<E>::pack(kernels, Matrix::new(&b, k, n));
        let mut out = vec![0.0; m * n];
        matmul(&left, &right, Onto::Output, &mut out);
        out
    }
    for kernels in Kernels::available()
        .into_iter()
        .filter(|set| Bf16Pair::suits(*set))
    {
        let (pairs, widened) = (product::<Bf16Pair>(kernels), product::<Rounded>(kernels));
        for (pairs, widened) in pairs.iter().zip(&widened) {
            assert!((pairs - widened).abs() < 1e-4, "{pairs} {widened}");
        }
    }
}

#[test]
fn a_left_operand_is_packed_in_parts_and_a_right_one_is_stacked() {
    let (m, n) = (7, 19);
    let parts = [(3, 5), (6, 7)];
    for kernels in Kernels::available() {
        let [upper, lower] = parts.map(|(k, seed)| (k, numbers(k * n, seed)));
        let [first, second] = parts.map(|(k, seed)| numbers(m * k, seed + 10));
        let right = RightPanels::<f32>::stack(
            kernels,
            &[
                Matrix::new(&upper.1, upper.0, n),
                Matrix::new(&lower.1, lower.0, n),
            ],
        );
        let mut left = LeftPanels::<f32>::zeros(kernels, m, upper.0 + lower.0);
        left.pack(0, Matrix::new(&first, m, upper.0));
        left.pack(upper.0, Matrix::new(&second, m, lower.0));
        let mut out = vec![0.0; m * n];
        matmul(&left, &right, Onto::Output, &mut out);
        let of = |a, b, k| expected(Matrix::new(a, m, k), Matrix::new(b, k, n), (m, k, n));
        let sums = of(&first, &upper.1, upper.0)
            .into_iter()
            .zip(of(&second, &lower.1, lower.0));
        for (out, (one, other)) in out.iter().zip(sums) {
            assert!((f64::from(*out) - one - other).abs() < 1e-5);
        }
    }
}

#[test]
fn a_single_row_equals_the_product_with_every_set() {
    for kernels in Kernels::available() {
        for (k, n) in [(1, 1), (5, 27), (283, 1024), (256, 33)] {
            let (a, b) = (numbers(k, 3), coarse(k * n, 4));
            let matrix = Matrix::new(&b, k, n);
            let expected = expected(Matrix::new(&a, 1, k), matrix, (1, k, n));
            let full = RightPanels::<f32>::pack(kernels, matrix);
            let [out, from_end] = [false, true].map(|from_end| {
                let mut out = vec![1.0; n];
                matvec(&a, &full, from_end, &mut out);
                out
            });
            assert_eq!(out, from_end, "{k}x{n}");
            for (out, expected) in out.iter().zip(&expected) {
                assert!(
                    (f64::from(*out) - 1.0 - expected).abs() < 1e-4,
                    "{} {k}x{n}: {out} {expected}",
                    kernels.name()
                );
            }
            if Half::suits(kernels) {
                let half = RightPanels::<Half>::pack(kernels, matrix);
                let mut again = vec![1.0; n];
                matvec(&a, &half, false, &mut again);
                assert_eq!(again, out, "{k}x{n}");
            }
        }
    }
}

/// Gates of every set beside the definition, forward.
#[test]
fn gates_equal_the_definition_with_every_set() {
    let (units, batch) = (19, 3);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for kernels in Kernels::available() {
        let inputs: Vec<f32> = numbers(batch * 4 * units, 5)
            .iter()
            .map(|x| 4.0 * x)
            .collect();
        let before = numbers(batch * units, 6);
        let mut gates = inputs.clone();
        let (mut c, mut h) = (vec![0.0; batch * units], vec![0.0; batch * units]);
        gates_forward(kernels, units, &mut gates, &before, &mut c, &mut h);
        for cell in 0..batch * units {
            let (row, unit) = (cell / units, cell % units);
            let input = |gate: usize| f64::from(inputs[(4 * row + gate) * units + unit]);
            let expected = f64::from(before[cell]) * sigmoid(input(2) + 1.0)
                + sigmoid(input(0)) * input(1).tanh();
            assert!(
                (f64::from(c[cell]) - expected).abs() < 1e-6,
                "{}",
                kernels.name()
            );
            let expected = sigmoid(input(3)) * expected.tanh();
            assert!(
                (f64::from(h[cell]) - expected).abs() < 1e-6,
                "{}",
                kernels.name()
            );
        }
    }
}
