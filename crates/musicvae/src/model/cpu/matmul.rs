//! Single-threaded matrix products of packed operands.

use pulp::bytemuck::cast_slice;

use super::format::{Factor, Weight};
use super::kernels::{Kernel, Kernels, Vectors};
use super::panels::{LeftPanels, RightPanels};

/// Groups along the depth of a block. A right panel's stays in the first-level cache while left
/// panels pass by, or not far from it where vectors are wide and need less of it a cycle.
const BLOCK_GROUPS: usize = 384;
/// Bytes of left panels that stay in the second-level cache while right panels pass by.
const LEFT_BYTES: usize = 192 << 10;

/// What a product is added to.
#[derive(Clone, Copy)]
pub enum Onto<'a> {
    /// What the output holds.
    Output,
    /// These rows, one for each of the output's or a single one for all; the output's numbers are
    /// overwritten.
    Rows(&'a [f32]),
}

/// `out = from + left * right`, with `out` row by row, `left.rows x right.columns`.
pub fn matmul<E: Factor, W: Weight<E>>(
    left: &LeftPanels<E>,
    right: &RightPanels<W>,
    from: Onto,
    out: &mut [f32],
) {
    let sets = [left.kernels, right.kernels].map(Kernels::name);
    assert_eq!(sets[0], sets[1], "kernels of a matrix product");
    assert_eq!(left.groups, right.groups, "depths of a matrix product");
    assert_eq!(
        out.len(),
        left.rows * right.columns,
        "size of a matrix product"
    );
    if let Onto::Rows(rows) = from {
        assert!(
            rows.len() == right.columns || rows.len() == out.len(),
            "rows to start a matrix product from"
        );
    }
    if right.groups * right.columns == 0 {
        if let Onto::Rows(rows) = from {
            out.chunks_mut(rows.len().max(1))
                .for_each(|out| out.copy_from_slice(rows));
        }
        return;
    }
    right.kernels.run(Matmul {
        left,
        right,
        from,
        out,
    });
}

struct Matmul<'a, E, W> {
    left: &'a LeftPanels<E>,
    right: &'a RightPanels<W>,
    from: Onto<'a>,
    out: &'a mut [f32],
}

impl<E: Factor, W: Weight<E>> Kernel for Matmul<'_, E, W> {
    type Output = ();
    const BF16_PAIRS: bool = E::BF16_PAIRS;

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        match S::TILE_ROWS {
            6 => self.multiply::<S, 6>(simd),
            _ => self.multiply::<S, 8>(simd),
        }
    }
}

impl<E: Factor, W: Weight<E>> Matmul<'_, E, W> {
    #[inline(always)]
    fn multiply<S: Vectors, const ROWS: usize>(self, simd: S) {
        let Matmul {
            left,
            right,
            from,
            out,
        } = self;
        let (groups, columns) = (right.groups, right.columns);
        let from_stride = match from {
            Onto::Rows(rows) if rows.len() == out.len() => columns,
            _ => 0,
        };
        let panel_columns = S::TILE_VECTORS * S::F32_LANES;
        let block = groups.div_ceil(groups.div_ceil(BLOCK_GROUPS));
        let panel_bytes = ROWS * groups * size_of::<E>();
        let at_once = (LEFT_BYTES / panel_bytes).max(4);
        let left_panels = left.data.get().chunks(at_once * ROWS * groups);
        for (left_panels, first_row) in left_panels.zip((0..).step_by(at_once * ROWS)) {
            let right_panels = right.data.get().chunks(panel_columns * groups);
            for (right_panel, column) in right_panels.zip((0..).step_by(panel_columns)) {
                let stride = right_panel.len() / groups;
                let from_here = &right.data.get()[column * groups..];
                for start in (0..groups).step_by(block) {
                    let end = (start + block).min(groups);
                    let right_block = &right_panel[start * stride..end * stride];
                    let after = &from_here[end * stride..];
                    let left_panels = left_panels.chunks_exact(ROWS * groups);
                    let share = right_block.len().div_ceil(left_panels.len());
                    let mut soon = after.get(..right_block.len()).unwrap_or(&[]).chunks(share);
                    for (left_panel, row) in left_panels.zip((first_row..).step_by(ROWS)) {
                        let from = match from {
                            Onto::Rows(rows) if start == 0 => {
                                Onto::Rows(&rows[row * from_stride + column..])
                            }
                            _ => Onto::Output,
                        };
                        let corner = Corner {
                            cells: &mut out[row * columns + column..],
                            row_stride: columns,
                            from,
                            from_stride,
                            rows: left.rows - row,
                            width: stride.min(columns - column),
                        };
                        let blocks = Blocks {
                            left: &left_panel[start * ROWS..end * ROWS],
                            right: right_block,
                            soon: soon.next().unwrap_or(&[]),
                            corner,
                        };
                        let vectors = stride / S::F32_LANES;
                        blocks.multiply::<S, ROWS>(simd, vectors);
                    }
                }
            }
        }
    }
}

/// Where a tile's sums go: the upper left corner of the rest of a row-major matrix.
struct Corner<'a> {
    cells: &'a mut [f32],
    row_stride: usize,
    from: Onto<'a>,
    /// Stride of [`Onto::Rows`]; 0 where one row serves all.
    from_stride: usize,
    /// Rows that the matrix still has.
    rows: usize,
    /// Columns that it still has.
    width: usize,
}

/// The product of the first `ROWS` rows of a left panel's block, which has `STRIDE`, and a right
/// panel's block of `VECTORS` vectors.
struct Tile<'a, E, W, const STRIDE: usize, const ROWS: usize, const VECTORS: usize> {
    left: &'a [E],
    right: &'a [W],
    /// What is read after it.
    soon: &'a [W],
    corner: Corner<'a>,
}

impl<E: Factor, W: Weight<E>, const STRIDE: usize, const ROWS: usize, const VECTORS: usize> Kernel
    for Tile<'_, E, W, STRIDE, ROWS, VECTORS>
{
    type Output = ();
    const BF16_PAIRS: bool = E::BF16_PAIRS;

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let (left, _) = cast_slice::<E, f32>(self.left).as_chunks::<STRIDE>();
        let row_len = VECTORS * S::F32_LANES;
        // Two depth indices at a time: of few sums, each has its own, for the sake of latency.
        let few = ROWS * VECTORS <= 6;
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        let mut others = sums;
        let (left_pairs, left_last) = left.as_chunks::<2>();
        let right_pairs = self.right.chunks_exact(2 * row_len);
        let right_last = right_pairs.remainder().chunks_exact(row_len);
        let mut soon = self.soon.chunks(64 / size_of::<W>());
        for ([left, next_left], right) in left_pairs.iter().zip(right_pairs) {
            for _ in 0..2 {
                if let Some(line) = soon.next() {
                    simd.prefetch(line);
                }
            }
            let (right, next_right) = right.split_at(row_len);
            add_products::<S, E, W, STRIDE, ROWS, VECTORS>(simd, left, right, &mut sums);
            let sums = if few { &mut others } else { &mut sums };
            add_products::<S, E, W, STRIDE, ROWS, VECTORS>(simd, next_left, next_right, sums);
        }
        for (left, right) in left_last.iter().zip(right_last) {
            add_products::<S, E, W, STRIDE, ROWS, VECTORS>(simd, left, right, &mut sums);
        }
        if few {
            for (sum, &other) in sums
                .as_flattened_mut()
                .iter_mut()
                .zip(others.as_flattened())
            {
                *sum = simd.add_f32s(*sum, other);
            }
        }
        self.corner.add(simd, sums);
    }
}

/// Adds the products of one depth index. Weights of another format are widened here, again for each
/// tile: while so many are multiplied it costs no time.
#[inline(always)]
fn add_products<
    S: Vectors,
    E: Factor,
    W: Weight<E>,
    const STRIDE: usize,
    const ROWS: usize,
    const VECTORS: usize,
>(
    simd: S,
    left: &[f32; STRIDE],
    right: &[W],
    sums: &mut [[S::f32s; VECTORS]; ROWS],
) {
    let right: [S::f32s; VECTORS] = std::array::from_fn(|vector| {
        W::load(simd, &right[vector * S::F32_LANES..][..S::F32_LANES])
    });
    for (sums, &factor) in sums.iter_mut().zip(left) {
        let factor = simd.splat_f32s(factor);
        for (sum, right) in sums.iter_mut().zip(right) {
            *sum = E::multiply_add(simd, factor, right, *sum);
        }
    }
}

/// A left and a right block whose product has at most `STRIDE` rows and `VECTORS` vectors.
struct Blocks<'a, E, W> {
    left: &'a [E],
    right: &'a [W],
    /// What is read after it.
    soon: &'a [W],
    corner: Corner<'a>,
}

impl<E: Factor, W: Weight<E>> Blocks<'_, E, W> {
    #[inline(always)]
    fn multiply<S: Vectors, const STRIDE: usize>(self, simd: S, vectors: usize) {
        match vectors {
            1 => self.of_vectors::<S, STRIDE, 1>(simd),
            3 if S::TILE_VECTORS == 3 => self.of_vectors::<S, STRIDE, 3>(simd),
            _ => self.of_vectors::<S, STRIDE, 2>(simd),
        }
    }

    #[inline(always)]
    fn of_vectors<S: Vectors, const STRIDE: usize, const VECTORS: usize>(self, simd: S) {
        match self.corner.rows {
            1 => self.tile::<S, STRIDE, 1, VECTORS>(simd),
            2 => self.tile::<S, STRIDE, 2, VECTORS>(simd),
            3 => self.tile::<S, STRIDE, 3, VECTORS>(simd),
            4 => self.tile::<S, STRIDE, 4, VECTORS>(simd),
            5 if STRIDE == 6 => self.tile::<S, STRIDE, 5, VECTORS>(simd),
            5 | 6 => self.tile::<S, STRIDE, 6, VECTORS>(simd),
            _ => self.tile::<S, STRIDE, STRIDE, VECTORS>(simd),
        }
    }

    #[inline(always)]
    fn tile<S: Vectors, const STRIDE: usize, const ROWS: usize, const VECTORS: usize>(
        self,
        simd: S,
    ) {
        simd.apart(Tile::<E, W, STRIDE, ROWS, VECTORS> {
            left: self.left,
            right: self.right,
            soon: self.soon,
            corner: self.corner,
        });
    }
}

impl Corner<'_> {
    #[inline(always)]
    fn add<S: Vectors, const ROWS: usize, const VECTORS: usize>(
        self,
        simd: S,
        sums: [[S::f32s; VECTORS]; ROWS],
    ) {
        for (row, sums) in sums.into_iter().enumerate().take(self.rows) {
            let cells = &mut self.cells[row * self.row_stride..][..self.width];
            if self.width == VECTORS * S::F32_LANES {
                let cells = S::as_mut_simd_f32s(cells).0.iter_mut().zip(sums);
                match self.from {
                    Onto::Output => {
                        for (cells, sum) in cells {
                            *cells = simd.add_f32s(*cells, sum);
                        }
                    }
                    Onto::Rows(rows) => {
                        let rows = &rows[row * self.from_stride..][..self.width];
                        for ((cells, sum), &from) in cells.zip(S::as_simd_f32s(rows).0) {
                            *cells = simd.add_f32s(from, sum);
                        }
                    }
                }
            } else {
                let sums: &[f32] = cast_slice(&sums);
                match self.from {
                    Onto::Output => {
                        for (cell, sum) in cells.iter_mut().zip(sums) {
                            *cell += sum;
                        }
                    }
                    Onto::Rows(rows) => {
                        let rows = &rows[row * self.from_stride..][..self.width];
                        for ((cell, sum), from) in cells.iter_mut().zip(sums).zip(rows) {
                            *cell = from + sum;
                        }
                    }
                }
            }
        }
    }
}
