//! Sums of rows.

use super::kernels::{Kernel, Kernels, Vectors};

/// `out += factor * row`.
pub fn add_scaled(kernels: Kernels, factor: f32, row: &[f32], out: &mut [f32]) {
    kernels.run(AddScaled { factor, row, out });
}

struct AddScaled<'a> {
    factor: f32,
    row: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let AddScaled { factor, row, out } = self;
        let (vectors, rest) = S::as_simd_f32s(row);
        let (sums, last) = S::as_mut_simd_f32s(out);
        let scale = simd.splat_f32s(factor);
        for (sum, &vector) in sums.iter_mut().zip(vectors) {
            *sum = simd.mul_add_e_f32s(scale, vector, *sum);
        }
        for (sum, &number) in last.iter_mut().zip(rest) {
            *sum += factor * number;
        }
    }
}
