//! Inputs that are mostly zeros, as classes and switches are: what is not zero is looked up.

use std::ops::Range;

use crate::model::cpu::{Kernels, add_scaled};

/// Rows of which the columns that are not zero are kept.
pub(super) struct SparseRows {
    /// Where the cells of each row end among those of all.
    ends: Vec<usize>,
    /// Column and number.
    cells: Vec<(usize, f32)>,
}

impl SparseRows {
    /// Of rows of `width` numbers; `None` where too many are not zero. (A product with all of them
    /// takes some ten numbers in the time in which one is looked up, with bfloat16 factors.)
    pub fn of(rows: &[f32], width: usize) -> Option<SparseRows> {
        const ONE_IN: usize = 10;
        if width == 0 {
            return None;
        }
        let most = rows.len() / ONE_IN;
        let mut ends = Vec::with_capacity(rows.len() / width);
        let mut cells = Vec::new();
        for row in rows.chunks_exact(width) {
            let each = row.iter().copied().enumerate();
            cells.extend(each.filter(|&(_, number)| number != 0.0));
            if cells.len() > most {
                return None;
            }
            ends.push(cells.len());
        }
        Some(SparseRows { ends, cells })
    }

    fn row(&self, row: usize) -> &[(usize, f32)] {
        let first = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.cells[first..self.ends[row]]
    }

    /// `out += rows * weights` of these rows: `out` is `[rows, columns]`, `weights` `[width, columns]`.
    pub fn add_product(
        &self,
        kernels: Kernels,
        rows: Range<usize>,
        weights: &[f32],
        out: &mut [f32],
    ) {
        let columns = out.len() / rows.len();
        for (row, out) in rows.zip(out.chunks_exact_mut(columns)) {
            for &(column, number) in self.row(row) {
                add_scaled(
                    kernels,
                    number,
                    &weights[column * columns..][..columns],
                    out,
                );
            }
        }
    }

    /// `gradient += rows^T * d_out` of these rows, what [`SparseRows::add_product`] says of the weights.
    pub fn add_gradient(
        &self,
        kernels: Kernels,
        rows: Range<usize>,
        d_out: &[f32],
        gradient: &mut [f32],
    ) {
        let columns = d_out.len() / rows.len();
        for (row, d_out) in rows.zip(d_out.chunks_exact(columns)) {
            for &(column, number) in self.row(row) {
                let gradient = &mut gradient[column * columns..][..columns];
                add_scaled(kernels, number, d_out, gradient);
            }
        }
    }
}
