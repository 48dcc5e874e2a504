//! Single-threaded matrix products on packed operands.
//!
//! A recurrent layer multiplies by the same weights at every step, so packing is separate from
//! multiplying: weights are packed once a sequence, and the small left operand once a step. Both
//! operands lie in *panels*: groups of rows (left) or columns (right) whose elements for one depth
//! index are neighbours, so the inner loop reads both front to back.

use pulp::{Simd, WithSimd};

use super::arch;

/// Rows of one register tile.
pub(super) const TILE_ROWS: usize = 8;
/// Columns of a right panel: a register tile's width under the widest vectors. Narrower
/// instruction sets cover a panel in several tiles.
pub(super) const PANEL_COLUMNS: usize = 32;
/// Depth of a block: a float32 right panel of this depth (16 KiB) stays in the first-level cache
/// while every left panel passes by.
const BLOCK_DEPTH: usize = 128;

/// A number format of packed operands; sums are float32 in any.
pub trait Operand: Copy + Default + Send + Sync + 'static {
    /// Neighbours along the depth that lie side by side, because one instruction multiplies them.
    /// Depths are padded to a multiple of it.
    const GROUP: usize;

    /// The number in this format.
    fn of(value: f32) -> Self;

    /// The product of a left and a right block, from `from` into the `TILE_ROWS x PANEL_COLUMNS`
    /// corner of `out`.
    fn panel_product<S: Simd>(simd: S, left: &[Self], right: &[Self], from: Onto, out: Corner);

    /// `depth` with its padding.
    fn padded(depth: usize) -> usize {
        depth.next_multiple_of(Self::GROUP)
    }
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub enum Onto<'a> {
    /// What the output holds.
    Output,
    /// These rows, one for each of the output's or a single one for all; the output's numbers are
    /// overwritten.
    Rows(&'a [f32]),
}

/// The upper left corner of a tile in a row-major matrix.
pub struct Corner<'a> {
    pub cells: &'a mut [f32],
    pub row_stride: usize,
    /// Stride of [`Onto::Rows`]; 0 where one row serves all.
    pub from_stride: usize,
}

impl Corner<'_> {
    /// Adds the sums of a tile's row, or of the part of it that the matrix still holds.
    #[inline(always)]
    pub fn add(&mut self, row: usize, from: Onto, sums: &[f32]) {
        let cells = &mut self.cells[row * self.row_stride..][..sums.len()];
        match from {
            Onto::Output => {
                for (cell, sum) in cells.iter_mut().zip(sums) {
                    *cell += sum;
                }
            }
            Onto::Rows(rows) => {
                let rows = &rows[row * self.from_stride..][..sums.len()];
                for ((cell, sum), from) in cells.iter_mut().zip(sums).zip(rows) {
                    *cell = from + sum;
                }
            }
        }
    }
}

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

    #[cfg(test)]
    fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.column_stride]
    }
}

/// The left operand `[rows, depth]`: panels of [`TILE_ROWS`] rows, the last one padded with zeros.
pub struct LeftPanels<E = f32> {
    rows: usize,
    depth: usize,
    data: Vec<E>,
}

impl<E: Operand> LeftPanels<E> {
    /// Room for `rows x depth`, all zero; `depth` is padded.
    pub fn zeros(rows: usize, depth: usize) -> Self {
        let depth = E::padded(depth);
        LeftPanels {
            rows,
            depth,
            data: vec![E::default(); rows.next_multiple_of(TILE_ROWS) * depth],
        }
    }

    /// Copies `matrix` (all rows) into the columns from `first` on, a multiple of the group.
    pub fn pack(&mut self, first: usize, matrix: Matrix) {
        assert_eq!(matrix.rows, self.rows);
        assert!(first.is_multiple_of(E::GROUP) && first + E::padded(matrix.columns) <= self.depth);
        if matrix.rows * matrix.columns == 0 {
            return;
        }
        arch().dispatch(|| {
            for (panel, row) in self
                .data
                .chunks_exact_mut(TILE_ROWS * self.depth)
                .zip((0..).step_by(TILE_ROWS))
            {
                let target = &mut panel[first * TILE_ROWS..];
                let target = &mut target[..E::padded(matrix.columns) * TILE_ROWS];
                let rows = TILE_ROWS.min(matrix.rows - row);
                if matrix.row_stride == 1 {
                    interleave(matrix.columns, rows, target, |depth| {
                        &matrix.data[row + depth * matrix.column_stride..][..rows]
                    });
                } else {
                    let from = &matrix.data[row * matrix.row_stride..];
                    transpose(matrix.columns, rows, matrix.row_stride, from, target);
                }
            }
        });
    }
}

/// Fills `target` with groups of `depth` rows: row `d` of `width` numbers comes from `row(d)`, and
/// a group of rows stands column by column.
#[inline(always)]
fn interleave<'a, E: Operand>(
    depth: usize,
    width: usize,
    target: &mut [E],
    row: impl Fn(usize) -> &'a [f32],
) {
    let group_len = target.len() / depth.div_ceil(E::GROUP);
    for (group, first) in target
        .chunks_exact_mut(group_len)
        .zip((0..).step_by(E::GROUP))
    {
        if E::GROUP == 2 && first + 1 < depth {
            let (left, right) = (&row(first)[..width], &row(first + 1)[..width]);
            for ((pair, &left), &right) in group.chunks_exact_mut(2).zip(left).zip(right) {
                pair[0] = E::of(left);
                pair[1] = E::of(right);
            }
        } else {
            let cells = group.chunks_exact_mut(E::GROUP);
            for (cell, &value) in cells.zip(&row(first)[..width]) {
                cell[0] = E::of(value);
                cell[1..].fill(E::default());
            }
        }
    }
}

/// Fills a left panel from `rows` rows of `columns` numbers that lie one after the other.
#[inline(always)]
fn transpose<E: Operand>(
    columns: usize,
    rows: usize,
    row_stride: usize,
    from: &[f32],
    target: &mut [E],
) {
    /// Columns at a time: a row of them is one vector.
    const BLOCK: usize = 16;
    for (target, first) in target
        .chunks_mut(BLOCK * TILE_ROWS)
        .zip((0..).step_by(BLOCK))
    {
        let width = BLOCK.min(columns - first);
        let mut block = [[E::default(); BLOCK]; TILE_ROWS];
        for (lane, converted) in block[..rows].iter_mut().enumerate() {
            let source = &from[lane * row_stride + first..][..width];
            for (cell, &value) in converted.iter_mut().zip(source) {
                *cell = E::of(value);
            }
        }
        for (group, cells) in target.chunks_exact_mut(TILE_ROWS * E::GROUP).enumerate() {
            for (cell, row) in cells.chunks_exact_mut(E::GROUP).zip(&block) {
                cell.copy_from_slice(&row[group * E::GROUP..][..E::GROUP]);
            }
        }
    }
}

/// The right operand `[depth, columns]`: panels of [`PANEL_COLUMNS`] columns, padded with zeros.
pub struct RightPanels<E = f32> {
    depth: usize,
    columns: usize,
    data: Vec<E>,
}

impl<E: Operand> RightPanels<E> {
    /// Packs the whole of `matrix`.
    pub fn pack(matrix: Matrix) -> Self {
        RightPanels::stack(&[matrix])
    }

    /// Packs matrices of equal width on top of each other, each padded to whole groups.
    pub fn stack(parts: &[Matrix]) -> Self {
        let mut panels = RightPanels {
            depth: 0,
            columns: 0,
            data: Vec::new(),
        };
        panels.restack(parts);
        panels
    }

    /// [`RightPanels::stack`] into the same memory.
    pub fn restack(&mut self, parts: &[Matrix]) {
        self.depth = parts.iter().map(|part| E::padded(part.rows)).sum();
        self.columns = parts.first().map_or(0, |part| part.columns);
        let padded = self.columns.next_multiple_of(PANEL_COLUMNS);
        self.data.resize(padded * self.depth, E::default());
        let panel_len = PANEL_COLUMNS * self.depth;
        if panel_len == 0 {
            return;
        }
        let (columns, data) = (self.columns, &mut self.data);
        arch().dispatch(|| {
            for (panel, first) in data
                .chunks_exact_mut(panel_len)
                .zip((0..).step_by(PANEL_COLUMNS))
            {
                let width = PANEL_COLUMNS.min(columns - first);
                if width < PANEL_COLUMNS {
                    panel.fill(E::default());
                }
                let mut rest = panel;
                for part in parts.iter().filter(|part| part.rows > 0) {
                    let len = E::padded(part.rows) * PANEL_COLUMNS;
                    let (target, below) = rest.split_at_mut(len);
                    rest = below;
                    if part.column_stride == 1 {
                        interleave(part.rows, width, target, |depth| {
                            &part.data[depth * part.row_stride + first..][..width]
                        });
                    } else {
                        scatter(part, first, width, target);
                    }
                }
            }
        });
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    /// With its padding.
    pub fn depth(&self) -> usize {
        self.depth
    }
}

/// Fills a right panel from a transposed matrix, whose columns lie one after the other.
#[inline(always)]
fn scatter<E: Operand>(matrix: &Matrix, first: usize, width: usize, target: &mut [E]) {
    for column in 0..width {
        let source = &matrix.data[(first + column) * matrix.column_stride..][..matrix.rows];
        let groups = target.chunks_exact_mut(PANEL_COLUMNS * E::GROUP);
        for (group, values) in groups.zip(source.chunks(E::GROUP)) {
            let cell = &mut group[column * E::GROUP..][..E::GROUP];
            for (index, cell) in cell.iter_mut().enumerate() {
                *cell = values
                    .get(index)
                    .map_or(E::default(), |&value| E::of(value));
            }
        }
    }
}

/// `out = from + left * right`, with `out` row by row, `left.rows x right.columns`.
pub fn matmul<E: Operand>(
    left: &LeftPanels<E>,
    right: &RightPanels<E>,
    from: Onto,
    out: &mut [f32],
) {
    assert_eq!(left.depth, right.depth, "depths of a matrix product");
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
    arch().dispatch(Matmul {
        left,
        right,
        from,
        out,
    });
}

struct Matmul<'a, E> {
    left: &'a LeftPanels<E>,
    right: &'a RightPanels<E>,
    from: Onto<'a>,
    out: &'a mut [f32],
}

impl<E: Operand> WithSimd for Matmul<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Matmul {
            left,
            right,
            from,
            out,
        } = self;
        let (depth, columns) = (left.depth, right.columns);
        if depth == 0 || columns == 0 {
            if let Onto::Rows(rows) = from {
                out.chunks_mut(rows.len().max(1))
                    .for_each(|out| out.copy_from_slice(rows));
            }
            return;
        }
        let from_stride = match from {
            Onto::Rows(rows) if rows.len() == out.len() => columns,
            _ => 0,
        };
        let right_panels = right.data.chunks_exact(PANEL_COLUMNS * depth);
        for (right_panel, column) in right_panels.zip((0..).step_by(PANEL_COLUMNS)) {
            for start in (0..depth).step_by(BLOCK_DEPTH) {
                let end = (start + BLOCK_DEPTH).min(depth);
                let right_block = &right_panel[start * PANEL_COLUMNS..end * PANEL_COLUMNS];
                let left_panels = left.data.chunks_exact(TILE_ROWS * depth);
                for (left_panel, row) in left_panels.zip((0..).step_by(TILE_ROWS)) {
                    let left_block = &left_panel[start * TILE_ROWS..end * TILE_ROWS];
                    let from = match from {
                        Onto::Rows(rows) if start == 0 => {
                            Onto::Rows(&rows[row * from_stride + column..])
                        }
                        _ => Onto::Output,
                    };
                    let mut corner = Corner {
                        cells: &mut out[row * columns + column..],
                        row_stride: columns,
                        from_stride,
                    };
                    let rows = TILE_ROWS.min(left.rows - row);
                    let width = PANEL_COLUMNS.min(columns - column);
                    if rows == TILE_ROWS && width == PANEL_COLUMNS {
                        E::panel_product(simd, left_block, right_block, from, corner);
                    } else {
                        let mut whole = [0.0; TILE_ROWS * PANEL_COLUMNS];
                        let tile = Corner {
                            cells: &mut whole,
                            row_stride: PANEL_COLUMNS,
                            from_stride: 0,
                        };
                        E::panel_product(simd, left_block, right_block, Onto::Output, tile);
                        let sums = whole.chunks_exact(PANEL_COLUMNS).take(rows);
                        for (row, sums) in sums.enumerate() {
                            corner.add(row, from, &sums[..width]);
                        }
                    }
                }
            }
        }
    }
}

impl Operand for f32 {
    const GROUP: usize = 1;

    #[inline(always)]
    fn of(value: f32) -> f32 {
        value
    }

    #[inline(always)]
    fn panel_product<S: Simd>(simd: S, left: &[f32], right: &[f32], from: Onto, out: Corner) {
        // Two vectors a row make a tile of 16 sums, which AVX2's 16 registers can't hold.
        if S::F32_LANES == 8 {
            tiles::<S, 1>(simd, left, right, from, out);
        } else {
            tiles::<S, 2>(simd, left, right, from, out);
        }
    }
}

/// The register tiles of a float32 panel product, each `VECTORS` vectors wide.
#[inline(always)]
fn tiles<S: Simd, const VECTORS: usize>(
    simd: S,
    left: &[f32],
    right: &[f32],
    from: Onto,
    out: Corner,
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
            let cells = &mut out.cells[row * out.row_stride + first..][..width];
            let cells = S::as_mut_simd_f32s(cells).0.iter_mut().zip(sums);
            match from {
                Onto::Output => {
                    for (cells, sum) in cells {
                        *cells = simd.add_f32s(*cells, sum);
                    }
                }
                Onto::Rows(rows) => {
                    let rows = &rows[row * out.from_stride + first..][..width];
                    for ((cells, sum), &from) in cells.zip(S::as_simd_f32s(rows).0) {
                        *cells = simd.add_f32s(from, sum);
                    }
                }
            }
        }
    }
}

/// `out += left * right` for a single row `left`: reads every weight once, which is what one groove
/// at a time costs. The panels are taken from the last to the first if `from_end`: whoever
/// multiplies by the same weights again and again, turning round each time, finds those it read
/// last still in the cache, also where not all of them have room there. The result is the same.
pub fn matvec(left: &[f32], right: &RightPanels, from_end: bool, out: &mut [f32]) {
    assert_eq!(left.len(), right.depth, "depths of a matrix product");
    assert_eq!(out.len(), right.columns, "size of a matrix product");
    arch().dispatch(Matvec {
        left,
        right,
        from_end,
        out,
    });
}

struct Matvec<'a> {
    left: &'a [f32],
    right: &'a RightPanels,
    from_end: bool,
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
        let Matvec {
            left,
            right,
            from_end,
            out,
        } = self;
        if right.depth == 0 {
            return;
        }
        let width = VECTORS * S::F32_LANES;
        let panel_len = PANEL_COLUMNS * right.depth;
        let count = right.data.len() / panel_len;
        for turn in 0..count {
            let index = if from_end { count - 1 - turn } else { turn };
            let panel = &right.data[index * panel_len..][..panel_len];
            let end = right.columns.min((index + 1) * PANEL_COLUMNS);
            let out = &mut out[index * PANEL_COLUMNS..end];
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
                for from in [
                    Onto::Output,
                    Onto::Rows(&vec![0.5; n]),
                    Onto::Rows(&vec![0.5; m * n]),
                ] {
                    let before = if matches!(from, Onto::Output) {
                        0.5
                    } else {
                        f32::NAN
                    };
                    let mut out = vec![before; m * n];
                    matmul(&left, &right, from, &mut out);
                    for (out, expected) in out.iter().zip(&expected) {
                        assert!(
                            (out - 0.5 - expected).abs() < 1e-4,
                            "{m}x{k}x{n}: {out} {expected}"
                        );
                    }
                }
                if m == 1 {
                    let mut out = vec![0.0; n];
                    let row: Vec<f32> = (0..k).map(|k| a.at(0, k)).collect();
                    matvec(&row, &right, false, &mut out);
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
            let right = RightPanels::pack(Matrix::new(&b, k, n));
            let [out, from_end] = [false, true].map(|from_end| {
                let mut out = vec![1.0; n];
                matvec(&a, &right, from_end, &mut out);
                out
            });
            assert_eq!(out, from_end, "{k}x{n}");
            for (out, expected) in out.iter().zip(&expected) {
                assert!(
                    (out - 1.0 - expected).abs() < 1e-4,
                    "{k}x{n}: {out} {expected}"
                );
            }
        }
    }
}
