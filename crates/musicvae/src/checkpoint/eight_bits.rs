//! Weights of eight bits: a matrix as whole numbers of -127 to 127, and for each of its columns how much 1 is.

use candle_core::{DType, Result, Tensor};

/// The greatest whole number.
const MOST: f64 = 127.0;
/// What lies on disk as 0, as the bytes have no sign.
const ZERO: f64 = 128.0;

/// `[rows, columns]` as bytes, and the step of each column.
pub(super) fn narrow(matrix: &Tensor) -> Result<(Tensor, Tensor)> {
    let matrix = matrix.to_dtype(DType::F32)?;
    let steps = (matrix.abs()?.max(0)? / MOST)?;
    // A column of zeros has none.
    let divisor = steps.eq(0.0)?.where_cond(&steps.ones_like()?, &steps)?;
    let whole = matrix.broadcast_div(&divisor)?.round()?;
    Ok(((whole + ZERO)?.to_dtype(DType::U8)?, steps))
}

/// The matrix that [`narrow`] made these of, to within half a step.
pub(super) fn widen(bytes: &Tensor, steps: &Tensor) -> Result<Tensor> {
    (bytes.to_dtype(DType::F32)? - ZERO)?.broadcast_mul(&steps.to_dtype(DType::F32)?)
}
