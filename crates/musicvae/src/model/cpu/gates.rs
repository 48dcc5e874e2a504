//! The gates of an LSTM cell, forward and backward, a row of a batch at a time.
//!
//! Layout of a row of gates: `i | j | f | o`, `units` numbers each (input gate, cell input, forget
//! gate, output gate), as in the reference's `LSTMBlockCell`. Loops here have no branches and no
//! calls, so the compiler turns them into vector code for each instruction set.

use pulp::Scalar;

use super::kernels::{Kernel, Kernels, Vectors};

/// Added to the forget gate at run time, not stored in the weights (the reference's default).
const FORGET_BIAS: f32 = 1.0;

/// `x * y + z`, in one instruction where the set has it.
#[inline(always)]
fn multiply_add<S: Vectors>(x: f32, y: f32, z: f32) -> f32 {
    if S::FUSED { x.mul_add(y, z) } else { x * y + z }
}

/// `e^x` to about one unit in the last place, for `|x| <= 87`; outside, that end's value.
///
/// `2^n` times a polynomial on the rest: the Taylor series of degree 6 on `|r| <= ln 2 / 2` is off
/// by less than 2e-7 of the value.
#[inline(always)]
fn exp<S: Vectors>(x: f32) -> f32 {
    /// Adding 1.5 * 2^23 rounds a float to an integer that its low bits then hold.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, the first with few bits so that `n * HIGH` is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let shifted = multiply_add::<S>(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = multiply_add::<S>(n, -LN2_LOW, multiply_add::<S>(n, -LN2_HIGH, x));
    let mut p = 1.0 / 720.0;
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = multiply_add::<S>(p, r, coefficient);
    }
    let power = (shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits());
    p * f32::from_bits(power)
}

#[inline(always)]
fn sigmoid_on<S: Vectors>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<S>(-x))
}

#[inline(always)]
fn tanh_on<S: Vectors>(x: f32) -> f32 {
    2.0 / (1.0 + exp::<S>(-2.0 * x)) - 1.0
}

/// The logistic function.
#[inline]
pub fn sigmoid(x: f32) -> f32 {
    sigmoid_on::<Scalar>(x)
}

/// The hyperbolic tangent, to 1e-7 absolute.
pub fn tanh(x: f32) -> f32 {
    tanh_on::<Scalar>(x)
}

/// Activates `gates` (`[batch, 4 * units]`, in place) and steps the cell: `c` and `h`
/// (`[batch, units]`) from `c_previous`.
pub fn gates_forward(
    kernels: Kernels,
    units: usize,
    gates: &mut [f32],
    c_previous: &[f32],
    c: &mut [f32],
    h: &mut [f32],
) {
    kernels.run(Forward {
        units,
        gates,
        c_previous,
        c,
        h,
    });
}

struct Forward<'a> {
    units: usize,
    gates: &'a mut [f32],
    c_previous: &'a [f32],
    c: &'a mut [f32],
    h: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        let units = self.units;
        let rows = self.gates.chunks_exact_mut(4 * units);
        let states = self.c_previous.chunks_exact(units).zip(
            self.c
                .chunks_exact_mut(units)
                .zip(self.h.chunks_exact_mut(units)),
        );
        for (gates, (c_previous, (c, h))) in rows.zip(states) {
            let (i, rest) = gates.split_at_mut(units);
            let (j, rest) = rest.split_at_mut(units);
            let (f, o) = rest.split_at_mut(units);
            forward_row::<S>(i, j, f, o, c_previous, c, h);
        }
    }
}

/// One row of [`gates_forward`]: a function of its own because slices that are parameters are known
/// not to overlap, without which the loop does not become vector code (12 times slower).
#[inline(always)]
fn forward_row<S: Vectors>(
    i: &mut [f32],
    j: &mut [f32],
    f: &mut [f32],
    o: &mut [f32],
    c_previous: &[f32],
    c: &mut [f32],
    h: &mut [f32],
) {
    let units = i.len();
    let (j, f, o) = (&mut j[..units], &mut f[..units], &mut o[..units]);
    let (c_previous, c, h) = (&c_previous[..units], &mut c[..units], &mut h[..units]);
    for unit in 0..units {
        i[unit] = sigmoid_on::<S>(i[unit]);
        j[unit] = tanh_on::<S>(j[unit]);
        f[unit] = sigmoid_on::<S>(f[unit] + FORGET_BIAS);
        o[unit] = sigmoid_on::<S>(o[unit]);
        c[unit] = c_previous[unit] * f[unit] + i[unit] * j[unit];
        h[unit] = o[unit] * tanh_on::<S>(c[unit]);
    }
}

/// One step of back-propagation through the cells of a batch.
pub struct GateGradients<'a> {
    pub units: usize,
    /// In: the activated gates of [`gates_forward`]. Out: the gradient of their inputs.
    pub gates: &'a mut [f32],
    pub c_previous: &'a [f32],
    pub c: &'a [f32],
    /// Gradient of `h`, from above and from the next step together.
    pub d_h: &'a [f32],
    /// In: the gradient of `c` from the next step. Out: the gradient of `c_previous`.
    pub d_c: &'a mut [f32],
}

/// Runs one step of back-propagation, in place.
pub fn gates_backward(kernels: Kernels, step: GateGradients) {
    kernels.run(step);
}

impl Kernel for GateGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        let units = self.units;
        let rows = self.gates.chunks_exact_mut(4 * units);
        let cells = self
            .c_previous
            .chunks_exact(units)
            .zip(self.c.chunks_exact(units));
        let gradients = self
            .d_h
            .chunks_exact(units)
            .zip(self.d_c.chunks_exact_mut(units));
        for ((gates, (c_previous, c)), (d_h, d_c)) in rows.zip(cells).zip(gradients) {
            let (i, rest) = gates.split_at_mut(units);
            let (j, rest) = rest.split_at_mut(units);
            let (f, o) = rest.split_at_mut(units);
            backward_row::<S>(i, j, f, o, c_previous, c, d_h, d_c);
        }
    }
}

/// One row of [`gates_backward`], apart for the reason of [`forward_row`].
#[allow(clippy::too_many_arguments)] // a struct of slices would hide that they don't overlap
#[inline(always)]
fn backward_row<S: Vectors>(
    i: &mut [f32],
    j: &mut [f32],
    f: &mut [f32],
    o: &mut [f32],
    c_previous: &[f32],
    c: &[f32],
    d_h: &[f32],
    d_c: &mut [f32],
) {
    let units = i.len();
    let (j, f, o) = (&mut j[..units], &mut f[..units], &mut o[..units]);
    let (c_previous, c) = (&c_previous[..units], &c[..units]);
    let (d_h, d_c) = (&d_h[..units], &mut d_c[..units]);
    for unit in 0..units {
        let (gate_i, gate_j, gate_f, gate_o) = (i[unit], j[unit], f[unit], o[unit]);
        let tanh_c = tanh_on::<S>(c[unit]);
        let d_cell = d_c[unit] + d_h[unit] * gate_o * (1.0 - tanh_c * tanh_c);
        i[unit] = d_cell * gate_j * gate_i * (1.0 - gate_i);
        j[unit] = d_cell * gate_i * (1.0 - gate_j * gate_j);
        f[unit] = d_cell * c_previous[unit] * gate_f * (1.0 - gate_f);
        o[unit] = d_h[unit] * tanh_c * gate_o * (1.0 - gate_o);
        d_c[unit] = d_cell * gate_f;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_equal_the_standard_library_to_float32_rounding() {
        for step in -20_000..=20_000 {
            let x = step as f32 * 0.005;
            let exact = f64::from(x);
            assert!(
                (f64::from(tanh(x)) - exact.tanh()).abs() < 2e-7,
                "tanh({x})"
            );
            let logistic = 1.0 / (1.0 + (-exact).exp());
            assert!(
                (f64::from(sigmoid(x)) - logistic).abs() < 1e-7,
                "sigmoid({x})"
            );
        }
        assert!(tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
    }
}
