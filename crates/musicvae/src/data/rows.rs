//! Rows of numbers, one a step: classes to columns and back.

/// A row for each class, 1 in its column and 0 elsewhere.
pub(super) fn one_hot(classes: impl ExactSizeIterator<Item = usize>, depth: usize) -> Vec<f32> {
    let mut rows = vec![0.0; classes.len() * depth];
    for (row, class) in rows.chunks_exact_mut(depth).zip(classes) {
        row[class] = 1.0;
    }
    rows
}

/// The first of the greatest columns of a row.
pub(super) fn greatest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, column| {
        if row[column] > row[best] {
            column
        } else {
            best
        }
    })
}
