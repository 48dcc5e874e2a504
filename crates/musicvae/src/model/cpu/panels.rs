//! The operands of matrix products, packed.
//!
//! A recurrent layer multiplies by the same weights at every step, so packing is separate from
//! multiplying: weights are packed once a sequence, and the small left operand once a step. Both
//! operands lie in *panels*: groups of rows (left) or columns (right) whose elements for one depth
//! index are neighbours, so the inner loop reads both front to back. A panel is as wide as a
//! register tile of the instruction set that it was packed for.

use pulp::bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};

use super::format::Format;
use super::kernels::{Kernel, Kernels, Vectors};

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
    pub fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.column_stride]
    }
}

/// A line of the cache: vectors that begin at one don't cross into the next.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

// Safe: bytes without padding, of which any are valid.
unsafe impl Zeroable for Line {}
// Safe: bytes without padding, of which any are valid.
unsafe impl Pod for Line {}

/// Memory for `len` elements that begins at a line of the cache.
#[derive(Default)]
pub(super) struct Aligned<E> {
    lines: Vec<Line>,
    len: usize,
    elements: std::marker::PhantomData<E>,
}

impl<E: Pod> Aligned<E> {
    /// All zero.
    pub fn zeros(len: usize) -> Self {
        let mut zeros = Aligned {
            lines: Vec::new(),
            len: 0,
            elements: std::marker::PhantomData,
        };
        zeros.resize(len);
        zeros
    }

    /// Keeps what there is room for; what is new is zero.
    fn resize(&mut self, len: usize) {
        let lines = (len * size_of::<E>()).div_ceil(size_of::<Line>());
        self.lines.resize(lines, Line::zeroed());
        self.len = len;
    }

    pub fn get(&self) -> &[E] {
        &cast_slice(&self.lines)[..self.len]
    }

    pub fn get_mut(&mut self) -> &mut [E] {
        &mut cast_slice_mut(&mut self.lines)[..self.len]
    }
}

/// The left operand `[rows, depth]`: panels of as many rows as a register tile has, the last one
/// padded with zeros.
pub struct LeftPanels<E = f32> {
    pub(super) rows: usize,
    /// Groups along the depth.
    pub(super) groups: usize,
    pub(super) data: Aligned<E>,
    pub(super) kernels: Kernels,
}

impl<E: Format> LeftPanels<E> {
    /// Room for `rows x depth`, all zero; `depth` is padded.
    pub fn zeros(kernels: Kernels, rows: usize, depth: usize) -> Self {
        assert!(E::suits(kernels), "a format that the kernels compute with");
        let groups = depth.div_ceil(E::GROUP);
        let padded = rows.next_multiple_of(kernels.run(TileRows));
        LeftPanels {
            rows,
            groups,
            data: Aligned::zeros(padded * groups),
            kernels,
        }
    }

    /// Copies `matrix` (all rows) into the columns from `first` on, a multiple of the group.
    pub fn pack(&mut self, first: usize, matrix: Matrix) {
        assert_eq!(matrix.rows, self.rows);
        let first = first / E::GROUP..(first + E::padded(matrix.columns)) / E::GROUP;
        assert!(first.end <= self.groups);
        if matrix.rows * matrix.columns > 0 {
            self.kernels.run(PackLeft {
                groups: self.groups,
                target: self.data.get_mut(),
                part: first,
                matrix,
            });
        }
    }
}

struct TileRows;

impl Kernel for TileRows {
    type Output = usize;

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) -> usize {
        S::TILE_ROWS
    }
}

struct PackLeft<'a, E> {
    groups: usize,
    target: &'a mut [E],
    /// The groups to fill.
    part: std::ops::Range<usize>,
    matrix: Matrix<'a>,
}

impl<E: Format> Kernel for PackLeft<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        match S::TILE_ROWS {
            6 => self.pack::<6>(),
            _ => self.pack::<8>(),
        }
    }
}

impl<E: Format> PackLeft<'_, E> {
    #[inline(always)]
    fn pack<const ROWS: usize>(self) {
        let PackLeft {
            groups,
            target,
            part,
            matrix,
        } = self;
        let panels = target.chunks_exact_mut(ROWS * groups);
        for (panel, row) in panels.zip((0..).step_by(ROWS)) {
            let target = &mut panel[part.start * ROWS..part.end * ROWS];
            let rows = ROWS.min(matrix.rows - row);
            if matrix.row_stride == 1 {
                interleave(matrix.columns, rows, target, |depth| {
                    &matrix.data[row + depth * matrix.column_stride..][..rows]
                });
            } else {
                let from = &matrix.data[row * matrix.row_stride..];
                transpose::<E, ROWS>(matrix.columns, rows, matrix.row_stride, from, target);
            }
        }
    }
}

/// Fills `target` with groups of `depth` rows: row `d` of `width` numbers comes from `row(d)`, and
/// a group of rows stands column by column.
#[inline(always)]
fn interleave<'a, E: Format>(
    depth: usize,
    width: usize,
    target: &mut [E],
    row: impl Fn(usize) -> &'a [f32],
) {
    let group_len = target.len() / depth.div_ceil(E::GROUP);
    for (cells, first) in target
        .chunks_exact_mut(group_len)
        .zip((0..).step_by(E::GROUP))
    {
        let cells = &mut cells[..width];
        if first + 1 < depth && E::GROUP == 2 {
            let (left, right) = (&row(first)[..width], &row(first + 1)[..width]);
            for ((cell, &left), &right) in cells.iter_mut().zip(left).zip(right) {
                *cell = E::of([left, right]);
            }
        } else {
            for (cell, &value) in cells.iter_mut().zip(&row(first)[..width]) {
                *cell = E::of([value, 0.0]);
            }
        }
    }
}

/// Fills a left panel from `rows` rows of `columns` numbers that lie one after the other.
#[inline(always)]
fn transpose<E: Format, const ROWS: usize>(
    columns: usize,
    rows: usize,
    row_stride: usize,
    from: &[f32],
    target: &mut [E],
) {
    /// Groups at a time: a row of them is one vector.
    const BLOCK: usize = 16;
    for (target, first) in target
        .chunks_mut(BLOCK * ROWS)
        .zip((0..).step_by(BLOCK * E::GROUP))
    {
        let width = (BLOCK * E::GROUP).min(columns - first);
        let mut block = [[E::zeroed(); BLOCK]; ROWS];
        for (lane, converted) in block[..rows].iter_mut().enumerate() {
            let source = &from[lane * row_stride + first..][..width];
            join(source, converted);
        }
        for (group, cells) in target.chunks_exact_mut(ROWS).enumerate() {
            for (cell, row) in cells.iter_mut().zip(&block) {
                *cell = row[group];
            }
        }
    }
}

/// Neighbouring numbers as groups.
#[inline(always)]
fn join<E: Format>(numbers: &[f32], groups: &mut [E]) {
    if E::GROUP == 1 {
        for (group, &number) in groups.iter_mut().zip(numbers) {
            *group = E::of([number, 0.0]);
        }
    } else {
        let (pairs, rest) = numbers.as_chunks::<2>();
        for (group, &pair) in groups.iter_mut().zip(pairs) {
            *group = E::of(pair);
        }
        if let &[last] = rest {
            groups[pairs.len()] = E::of([last, 0.0]);
        }
    }
}

/// The right operand `[depth, columns]`: panels of as many columns as a register tile has, the last
/// one as many vectors wide as it needs, padded with zeros.
pub struct RightPanels<E = f32> {
    pub(super) columns: usize,
    /// Groups along the depth.
    pub(super) groups: usize,
    pub(super) data: Aligned<E>,
    pub(super) kernels: Kernels,
}

impl<E: Format> RightPanels<E> {
    /// Nothing yet.
    pub fn empty(kernels: Kernels) -> Self {
        assert!(E::suits(kernels), "a format that the kernels compute with");
        RightPanels {
            columns: 0,
            groups: 0,
            data: Aligned::zeros(0),
            kernels,
        }
    }

    /// Packs the whole of `matrix`.
    pub fn pack(kernels: Kernels, matrix: Matrix) -> Self {
        RightPanels::stack(kernels, &[matrix])
    }

    /// Packs matrices of equal width on top of each other, each padded to whole groups.
    pub fn stack(kernels: Kernels, parts: &[Matrix]) -> Self {
        let mut panels = RightPanels::empty(kernels);
        panels.restack(parts);
        panels
    }

    /// [`RightPanels::stack`] into the same memory.
    pub fn restack(&mut self, parts: &[Matrix]) {
        self.groups = (parts.iter())
            .map(|part| part.rows.div_ceil(E::GROUP))
            .sum();
        self.columns = parts.first().map_or(0, |part| part.columns);
        let (lanes, vectors) = self.kernels.run(Widths);
        let padded = self.columns.next_multiple_of(lanes);
        self.data.resize(padded * self.groups);
        if padded * self.groups == 0 {
            return;
        }
        let (panel_columns, groups, columns) = (vectors * lanes, self.groups, self.columns);
        let panels = self.data.get_mut().chunks_mut(panel_columns * groups);
        self.kernels.run(|| {
            for (panel, first) in panels.zip((0..).step_by(panel_columns)) {
                let width = panel_columns.min(columns - first);
                let stride = panel.len() / groups;
                if width < stride {
                    panel.fill(E::zeroed());
                }
                let mut rest = panel;
                for part in parts.iter().filter(|part| part.rows > 0) {
                    let len = part.rows.div_ceil(E::GROUP) * stride;
                    let (target, below) = rest.split_at_mut(len);
                    rest = below;
                    if part.column_stride == 1 {
                        interleave(part.rows, width, target, |depth| {
                            &part.data[depth * part.row_stride + first..][..width]
                        });
                    } else {
                        scatter(part, first, width, stride, target);
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
        self.groups * E::GROUP
    }
}

/// Lanes of a vector, and vectors of a right panel.
struct Widths;

impl Kernel for Widths {
    type Output = (usize, usize);

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) -> (usize, usize) {
        (S::F32_LANES, S::TILE_VECTORS)
    }
}

/// Fills a right panel from a transposed matrix, whose columns lie one after the other.
#[inline(always)]
fn scatter<E: Format>(
    matrix: &Matrix,
    first: usize,
    width: usize,
    stride: usize,
    target: &mut [E],
) {
    for column in 0..width {
        let source = &matrix.data[(first + column) * matrix.column_stride..][..matrix.rows];
        let groups = target.chunks_exact_mut(stride);
        for (group, values) in groups.zip(source.chunks(E::GROUP)) {
            let second = values.get(1).copied().unwrap_or(0.0);
            group[column] = E::of([values[0], second]);
        }
    }
}
