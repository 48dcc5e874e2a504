//! The product of a single row, which costs the reading of the weights.

use pulp::bytemuck::cast_slice;

use super::format::Weight;
use super::kernels::{Kernel, Vectors};
use super::panels::RightPanels;

/// `out += left * right` for a single row `left`: reads every weight once, which is what one groove
/// at a time costs. The panels are taken from the last to the first if `from_end`: whoever
/// multiplies by the same weights again and again, turning round each time, finds those it read
/// last still in the cache, also where not all of them have room there. The result is the same.
pub fn matvec<W: Weight<f32>>(
    left: &[f32],
    right: &RightPanels<W>,
    from_end: bool,
    out: &mut [f32],
) {
    assert_eq!(left.len(), right.groups, "depths of a matrix product");
    assert_eq!(out.len(), right.columns, "size of a matrix product");
    if right.groups > 0 {
        right.kernels.run(Matvec {
            left,
            weights: right.data.get(),
            from_end,
            out,
        });
    }
}

struct Matvec<'a, W> {
    left: &'a [f32],
    weights: &'a [W],
    from_end: bool,
    out: &'a mut [f32],
}

impl<W: Weight<f32>> Kernel for Matvec<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let left = self.left;
        let columns = S::TILE_VECTORS * S::F32_LANES;
        let panel_len = columns * left.len();
        let count = self.weights.len().div_ceil(panel_len);
        for turn in 0..count {
            let index = if self.from_end {
                count - 1 - turn
            } else {
                turn
            };
            let weights = &self.weights[index * panel_len..];
            let weights = &weights[..panel_len.min(weights.len())];
            let out = &mut self.out[index * columns..];
            let len = columns.min(out.len());
            let out = &mut out[..len];
            match weights.len() / left.len() / S::F32_LANES {
                1 => simd.apart(Panel::<W, 1> { left, weights, out }),
                3 if S::TILE_VECTORS == 3 => simd.apart(Panel::<W, 3> { left, weights, out }),
                _ => simd.apart(Panel::<W, 2> { left, weights, out }),
            }
        }
    }
}

/// The columns of one panel.
struct Panel<'a, W, const VECTORS: usize> {
    left: &'a [f32],
    weights: &'a [W],
    out: &'a mut [f32],
}

impl<W: Weight<f32>, const VECTORS: usize> Kernel for Panel<'_, W, VECTORS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        /// Depth indices in flight: enough sums to hide the latency of a multiply-add.
        const UNROLL: usize = 4;
        let row_len = VECTORS * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; UNROLL];
        let (fours, rest) = self.left.as_chunks::<UNROLL>();
        let (rows_of_fours, last_rows) = self.weights.split_at(fours.len() * UNROLL * row_len);
        let rows_of_fours = rows_of_fours.chunks_exact(UNROLL * row_len);
        for (factors, rows) in fours.iter().zip(rows_of_fours) {
            #[allow(clippy::needless_range_loop)] // through iterators it isn't straight code
            for index in 0..UNROLL {
                let row = &rows[index * row_len..][..row_len];
                add_products(simd, factors[index], row, &mut sums[index]);
            }
        }
        for (index, (&factor, row)) in rest.iter().zip(last_rows.chunks_exact(row_len)).enumerate()
        {
            add_products(simd, factor, row, &mut sums[index]);
        }
        let [first, second, third, fourth] = sums;
        let total: [S::f32s; VECTORS] = std::array::from_fn(|vector| {
            let even = simd.add_f32s(first[vector], third[vector]);
            let odd = simd.add_f32s(second[vector], fourth[vector]);
            simd.add_f32s(even, odd)
        });
        let total: &[f32] = cast_slice(&total);
        for (cell, total) in self.out.iter_mut().zip(total) {
            *cell += total;
        }
    }
}

/// Adds the products of one depth index.
#[inline(always)]
fn add_products<S: Vectors, W: Weight<f32>, const VECTORS: usize>(
    simd: S,
    factor: f32,
    row: &[W],
    sums: &mut [S::f32s; VECTORS],
) {
    let factor = simd.splat_f32s(factor);
    for (vector, sum) in sums.iter_mut().enumerate() {
        let weights = &row[vector * S::F32_LANES..][..S::F32_LANES];
        *sum = simd.mul_add_e_f32s(factor, W::load(simd, weights), *sum);
    }
}
