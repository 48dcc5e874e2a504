//! Single-threaded matrix products on packed operands.
//!
//! A recurrent layer multiplies by the same weights at every step, so packing is separate from
//! multiplying: weights are packed once a sequence, and the small left operand once a step. Both
//! operands lie in *panels*: groups of rows (left) or columns (right) whose elements for one depth
//! index are neighbours, so the inner loop reads both front to back.

use pulp::{Simd, WithSimd};

use super::arch;

/// Rows of one register tile.
const TILE_ROWS: usize = 8;
/// Columns of a right panel: a register tile's width under the widest vectors. Narrower
/// instruction sets cover a panel in several tiles.
const PANEL_COLUMNS: usize = 32;
/// Depth of a block: a right panel of this depth (16 KiB) stays in the first-level cache while
/// every left panel passes by.
const BLOCK_DEPTH: usize = 128;

/// A strided view of a row-major or transposed matrix.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `rows x columns`, stored row by row.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a {rows} x {columns} matrix");
        Matrix {
            data,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The same numbers with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Matrix {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.column_stride]
    }
}

/// The left operand `[rows, depth]`: panels of [`TILE_ROWS`] rows, the last one padded with zeros.
pub struct LeftPanels {
    rows: usize,
    depth: usize,
    data: Vec<f32>,
}

impl LeftPanels {
    /// Room for `rows x depth`, all zero.
    pub fn zeros(rows: usize, depth: usize) -> Self {
        LeftPanels {
            rows,
            depth,
            data: vec![0.0; rows.next_multiple_of(TILE_ROWS) * depth],
        }
    }

    /// Copies `matrix` (all rows) into the columns from `first` on.
    pub fn pack(&mut self, first: usize, matrix: Matrix) {
        assert_eq!(matrix.rows, self.rows);
        assert!(first + matrix.columns <= self.depth);
        for (panel, row) in self
            .data
            .chunks_exact_mut(TILE_ROWS * self.depth)
            .zip((0..).step_by(TILE_ROWS))
        {
            let target = &mut panel[first * TILE_ROWS..][..matrix.columns * TILE_ROWS];
            let rows = TILE_ROWS.min(matrix.rows - row);
            if matrix.row_stride == 1 {
                for (column, chunk) in target.chunks_exact_mut(TILE_ROWS).enumerate() {
                    let from = row + column * matrix.column_stride;
                    chunk[..rows].copy_from_slice(&matrix.data[from..from + rows]);
                }
            } else {
                for lane in 0..rows {
                    let from = (row + lane) * matrix.row_stride;
                    let source = matrix.data[from..].iter().step_by(matrix.column_stride);
                    for (cell, &value) in target[lane..].iter_mut().step_by(TILE_ROWS).zip(source) {
                        *cell = value;
                    }
                }
            }
        }
    }
}

/// The right operand `[depth, columns]`: panels of [`PANEL_COLUMNS`] columns, padded with zeros.
pub struct RightPanels {
    depth: usize,
    columns: usize,
    data: Vec<f32>,
}

impl RightPanels {
    /// Packs the whole of `matrix`.
    pub fn pack(matrix: Matrix) -> Self {
        let mut panels = RightPanels {
            depth: 0,
            columns: 0,
            data: Vec::with_capacity(matrix.data.len()),
        };
        panels.repack(matrix);
        panels
    }

    /// Packs another matrix into the same memory.
    pub fn repack(&mut self, matrix: Matrix) {
        self.depth = matrix.rows;
        self.columns = matrix.columns;
        let padded = matrix.columns.next_multiple_of(PANEL_COLUMNS);
        self.data.resize(padded * matrix.rows, 0.0);
        let panel_len = PANEL_COLUMNS * matrix.rows;
        if panel_len == 0 {
            return;
        }
        for (panel, first) in self
            .data
            .chunks_exact_mut(panel_len)
            .zip((0..).step_by(PANEL_COLUMNS))
        {
            let columns = PANEL_COLUMNS.min(matrix.columns - first);
            for (row, target) in panel.chunks_exact_mut(PANEL_COLUMNS).enumerate() {
                if matrix.column_stride == 1 {
                    let from = row * matrix.row_stride + first;
                    target[..columns].copy_from_slice(&matrix.data[from..from + columns]);
                } else {
                    for (column, cell) in target[..columns].iter_mut().enumerate() {
                        *cell = matrix.at(row, first + column);
                    }
                }
                target[columns..].fill(0.0);
            }
        }
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn depth(&self) -> usize {
        self.depth
    }
}

/// `out += left * right`, with `out` row by row, `left.rows x right.columns`.
pub fn matmul(left: &LeftPanels, right: &RightPanels, out: &mut [f32]) {
    assert_eq!(left.depth, right.depth, "depths of a matrix product");
    assert_eq!(
        out.len(),
        left.rows * right.columns,
        "size of a matrix product"
    );
    arch().dispatch(Matmul { left, right, out });
}

struct Matmul<'a> {
    left: &'a LeftPanels,
    right: &'a RightPanels,
    out: &'a mut [f32],
}

impl WithSimd for Matmul<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Matmul { left, right, out } = self;
        let (depth, columns) = (left.depth, right.columns);
        if depth == 0 || columns == 0 {
            return;
        }
        let right_panels = right.data.chunks_exact(PANEL_COLUMNS * depth);
        for (right_panel, column) in right_panels.zip((0..).step_by(PANEL_COLUMNS)) {
            for start in (0..depth).step_by(BLOCK_DEPTH) {
                let end = (start + BLOCK_DEPTH).min(depth);
                let right_block = &right_panel[start * PANEL_COLUMNS..end * PANEL_COLUMNS];
                let left_panels = left.data.chunks_exact(TILE_ROWS * depth);
                for (left_panel, row) in left_panels.zip((0..).step_by(TILE_ROWS)) {
                    let left_block = &left_panel[start * TILE_ROWS..end * TILE_ROWS];
                    let corner = &mut out[row * columns + column..];
                    let rows = TILE_ROWS.min(left.rows - row);
                    let width = PANEL_COLUMNS.min(columns - column);
                    if rows == TILE_ROWS && width == PANEL_COLUMNS {
                        panel_product(simd, left_block, right_block, corner, columns);
                    } else {
                        let mut whole = [0.0; TILE_ROWS * PANEL_COLUMNS];
                        panel_product(simd, left_block, right_block, &mut whole, PANEL_COLUMNS);
                        let sums = whole.chunks_exact(PANEL_COLUMNS).take(rows);
                        for (target, sums) in corner.chunks_mut(columns).zip(sums) {
                            for (cell, sum) in target[..width].iter_mut().zip(sums) {
                                *cell += sum;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Adds the product of two panel blocks to the `TILE_ROWS x PANEL_COLUMNS` corner of `out`.
#[inline(always)]
fn panel_product<S: Simd>(
    simd: S,
    left: &[f32],
    right: &[f32],
    out: &mut [f32],
    row_stride: usize,
) {
    // Two vectors a row make a tile of 16 sums, which AVX2's 16 registers can't hold.
    if S::F32_LANES == 8 {
        tiles::<S, 1>(simd, left, right, out, row_stride);
    } else {
        tiles::<S, 2>(simd, left, right, out, row_stride);
    }
}

/// The register tiles of [`panel_product`], each `VECTORS` vectors wide.
#[inline(always)]
fn tiles<S: Simd, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    right: &[f32],
    out: &mut [f32],
    row_stride: usize,
) {
    let width = VECTORS * S::F32_LANES;
    let (left, _) = left.as_chunks::<TILE_ROWS>();
    let (right, _) = right.as_chunks::<PANEL_COLUMNS>();
    for first in (0..PANEL_COLUMNS).step_by(width) {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; TILE_ROWS];
        for (left, right) in left.iter().zip(right) {
            let right = S::as_simd_f32s(&right[first..first + width]).0;
            let right: [S::f32s; VECTORS] = std::array::from_fn(|vector| right[vector]);
            for (sums, &factor) in sums.iter_mut().zip(left) {
                let factor = simd.splat_f32s(factor);
                for (sum, right) in sums.iter_mut().zip(right) {
                    *sum = simd.mul_add_e_f32s(factor, right, *sum);
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let target = &mut out[row * row_stride + first..][..width];
            for (cells, sum) in S::as_mut_simd_f32s(target).0.iter_mut().zip(sums) {
                *cells = simd.add_f32s(*cells, sum);
            }
        }
    }
}

/// `out += left * right` for a single row `left`: reads every weight once, front to back, which is
/// what one groove at a time costs.
pub fn matvec(left: &[f32], right: &RightPanels, out: &mut [f32]) {
    assert_eq!(left.len(), right.depth, "depths of a matrix product");
    assert_eq!(out.len(), right.columns, "size of a matrix product");
    arch().dispatch(Matvec { left, right, out });
}

struct Matvec<'a> {
    left: &'a [f32],
    right: &'a RightPanels,
    out: &'a mut [f32],
}

impl WithSimd for Matvec<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        /// Depth indices in flight: enough sums to hide the latency of a multiply-add.
        const UNROLL: usize = 4;
        /// Vectors of one depth index in flight.
        const VECTORS: usize = 2;
        let Matvec { left, right, out } = self;
        if right.depth == 0 {
            return;
        }
        let width = VECTORS * S::F32_LANES;
        let panels = right.data.chunks_exact(PANEL_COLUMNS * right.depth);
        for (panel, out) in panels.zip(out.chunks_mut(PANEL_COLUMNS)) {
            let (rows, _) = panel.as_chunks::<PANEL_COLUMNS>();
            let mut totals = [0.0f32; PANEL_COLUMNS];
            for first in (0..PANEL_COLUMNS).step_by(width) {
                let mut sums = [[simd.splat_f32s(0.0); VECTORS]; UNROLL];
                for (factors, rows) in left.chunks(UNROLL).zip(rows.chunks(UNROLL)) {
                    for ((&factor, row), sums) in factors.iter().zip(rows).zip(&mut sums) {
                        let factor = simd.splat_f32s(factor);
                        let row = S::as_simd_f32s(&row[first..first + width]).0;
                        for (sum, &weights) in sums.iter_mut().zip(row) {
                            *sum = simd.mul_add_e_f32s(factor, weights, *sum);
                        }
                    }
                }
                let target = &mut totals[first..first + width];
                for (vector, cells) in S::as_mut_simd_f32s(target).0.iter_mut().enumerate() {
                    let even = simd.add_f32s(sums[0][vector], sums[2][vector]);
                    let odd = simd.add_f32s(sums[1][vector], sums[3][vector]);
                    *cells = simd.add_f32s(even, odd);
                }
            }
            for (cell, total) in out.iter_mut().zip(totals) {
                *cell += total;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    /// The definition, in double precision.
    fn expected(a: Matrix, b: Matrix) -> Vec<f32> {
        let mut out = Vec::new();
        for row in 0..a.rows {
            for column in 0..b.columns {
                let terms =
                    (0..a.columns).map(|k| f64::from(a.at(row, k)) * f64::from(b.at(k, column)));
                out.push(terms.sum::<f64>() as f32);
            }
        }
        out
    }

    #[test]
    fn products_equal_the_definition_at_every_edge() {
        for (m, k, n) in [
            (1, 1, 1),
            (8, 128, 32),
            (9, 129, 33),
            (3, 300, 27),
            (64, 43, 70),
        ] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            for transposed in [false, true] {
                let a = if transposed {
                    Matrix::new(&a, k, m).transposed()
                } else {
                    Matrix::new(&a, m, k)
                };
                let b = if transposed {
                    Matrix::new(&b, n, k).transposed()
                } else {
                    Matrix::new(&b, k, n)
                };
                let expected = expected(a, b);
                let mut left = LeftPanels::zeros(m, k);
                left.pack(0, a);
                let right = RightPanels::pack(b);
                let mut out = vec![0.5; m * n];
                matmul(&left, &right, &mut out);
                for (out, expected) in out.iter().zip(&expected) {
                    assert!(
                        (out - 0.5 - expected).abs() < 1e-4,
                        "{m}x{k}x{n}: {out} {expected}"
                    );
                }
                if m == 1 {
                    let mut out = vec![0.0; n];
                    let row: Vec<f32> = (0..k).map(|k| a.at(0, k)).collect();
                    matvec(&row, &right, &mut out);
                    assert!((out[0] - expected[0]).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn a_single_row_equals_the_product() {
        for (k, n) in [(5, 27), (283, 1024), (256, 33)] {
            let (a, b) = (numbers(k, 3), numbers(k * n, 4));
            let expected = expected(Matrix::new(&a, 1, k), Matrix::new(&b, k, n));
            let mut out = vec![1.0; n];
            matvec(&a, &RightPanels::pack(Matrix::new(&b, k, n)), &mut out);
            for (out, expected) in out.iter().zip(&expected) {
                assert!(
                    (out - 1.0 - expected).abs() < 1e-4,
                    "{k}x{n}: {out} {expected}"
                );
            }
        }
    }
}
