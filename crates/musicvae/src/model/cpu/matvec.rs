//! The product of a single row, which costs the reading of the weights.

use pulp::Simd;
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
        let (left, depth) = (self.left, self.left.len());
        let lanes = <S::Reading as Simd>::F32_LANES;
        let vectors = S::TILE_VECTORS * S::F32_LANES / lanes;
        // Narrow panels are read three at a time: as many sums hide the latency of a multiply-add.
        let abreast = if vectors == 2 { 3 } else { 1 };
        let columns = abreast * vectors * lanes;
        let count = self.out.len().div_ceil(columns);
        let simd = simd.reading();
        for turn in 0..count {
            let index = if self.from_end {
                count - 1 - turn
            } else {
                turn
            };
            let mut weights = &self.weights[index * columns * depth..];
            let out = &mut self.out[index * columns..];
            let len = columns.min(out.len());
            let out = &mut out[..len];
            if abreast == 3 && len == columns {
                simd.apart(ThreePanels::<W, 2> { left, weights, out });
                continue;
            }
            for out in out.chunks_mut(vectors * lanes) {
                // A panel is as wide as vectors of its own set.
                let width = out.len().next_multiple_of(S::F32_LANES);
                let (panel, others) = weights.split_at(width * depth);
                weights = others;
                let weights = panel;
                match width / lanes {
                    1 => simd.apart(Panel::<W, 1, 4> { left, weights, out }),
                    3 => simd.apart(Panel::<W, 3, 4> { left, weights, out }),
                    4 => simd.apart(Panel::<W, 4, 2> { left, weights, out }),
                    6 => simd.apart(Panel::<W, 6, 2> { left, weights, out }),
                    _ => simd.apart(Panel::<W, 2, 4> { left, weights, out }),
                }
            }
        }
    }
}

/// The columns of one panel of `VECTORS` vectors, of which `UNROLL` depth indices are in flight.
struct Panel<'a, W, const VECTORS: usize, const UNROLL: usize> {
    left: &'a [f32],
    weights: &'a [W],
    out: &'a mut [f32],
}

impl<W: Weight<f32>, const VECTORS: usize, const UNROLL: usize> Kernel
    for Panel<'_, W, VECTORS, UNROLL>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let row_len = VECTORS * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; UNROLL];
        let (together, last) = self.left.as_chunks::<UNROLL>();
        let (weights, last_rows) = self.weights.split_at(together.len() * UNROLL * row_len);
        let rows = weights.chunks_exact(UNROLL * row_len);
        for (factors, rows) in together.iter().zip(rows) {
            add_products(simd, factors, rows, &mut sums);
        }
        for (index, (&factor, row)) in last.iter().zip(last_rows.chunks_exact(row_len)).enumerate()
        {
            add_products(simd, &[factor], row, std::array::from_mut(&mut sums[index]));
        }
        add_sums(simd, sums, self.out);
    }
}

/// The columns of three neighbouring panels of `VECTORS` vectors.
struct ThreePanels<'a, W, const VECTORS: usize> {
    left: &'a [f32],
    weights: &'a [W],
    out: &'a mut [f32],
}

impl<W: Weight<f32>, const VECTORS: usize> Kernel for ThreePanels<'_, W, VECTORS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        const UNROLL: usize = 2;
        let row_len = VECTORS * S::F32_LANES;
        let len = row_len * self.left.len();
        let (first, rest) = self.weights.split_at(len);
        let (second, rest) = rest.split_at(len);
        let third = &rest[..len];
        let mut sums = [[[simd.splat_f32s(0.0); VECTORS]; UNROLL]; 3];
        let (pairs, last) = self.left.as_chunks::<UNROLL>();
        let rows = first.chunks_exact(UNROLL * row_len);
        let rows = rows.zip(second.chunks_exact(UNROLL * row_len));
        let rows = rows.zip(third.chunks_exact(UNROLL * row_len));
        for (factors, ((first, second), third)) in pairs.iter().zip(rows) {
            add_products(simd, factors, first, &mut sums[0]);
            add_products(simd, factors, second, &mut sums[1]);
            add_products(simd, factors, third, &mut sums[2]);
        }
        let out = self.out.chunks_exact_mut(row_len);
        for ((panel, mut sums), out) in [first, second, third].into_iter().zip(sums).zip(out) {
            let last_rows = panel[pairs.len() * UNROLL * row_len..].chunks_exact(row_len);
            for (&factor, row) in last.iter().zip(last_rows) {
                add_products(simd, &[factor], row, std::array::from_mut(&mut sums[0]));
            }
            add_sums(simd, sums, out);
        }
    }
}

/// Adds the products of some depth indices, each to sums of its own.
#[inline(always)]
fn add_products<S: Vectors, W: Weight<f32>, const VECTORS: usize, const UNROLL: usize>(
    simd: S,
    factors: &[f32; UNROLL],
    rows: &[W],
    sums: &mut [[S::f32s; VECTORS]; UNROLL],
) {
    let row_len = VECTORS * S::F32_LANES;
    #[allow(clippy::needless_range_loop)] // through iterators it isn't straight code
    for index in 0..UNROLL {
        let row = &rows[index * row_len..][..row_len];
        let factor = simd.splat_f32s(factors[index]);
        for (vector, sum) in sums[index].iter_mut().enumerate() {
            let weights = &row[vector * S::F32_LANES..][..S::F32_LANES];
            *sum = simd.mul_add_e_f32s(factor, W::load(simd, weights), *sum);
        }
    }
}

/// Adds all sums of a column to its cell.
#[inline(always)]
fn add_sums<S: Vectors, const VECTORS: usize, const UNROLL: usize>(
    simd: S,
    sums: [[S::f32s; VECTORS]; UNROLL],
    out: &mut [f32],
) {
    let mut total = sums[0];
    for sums in &sums[1..] {
        for (total, &sum) in total.iter_mut().zip(sums) {
            *total = simd.add_f32s(*total, sum);
        }
    }
    let total: &[f32] = cast_slice(&total);
    for (cell, total) in out.iter_mut().zip(total) {
        *cell += total;
    }
}
