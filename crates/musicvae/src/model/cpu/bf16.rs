//! Operands in bfloat16: float32 with 8 bits of precision, whose products two at a time are one
//! instruction (`vdpbf16ps`) where the processor has AVX-512 BF16, at twice float32's rate.

use pulp::Simd;

use super::panels::{Corner, Onto, Operand, PANEL_COLUMNS, TILE_ROWS};

/// A bfloat16 number: the upper half of a float32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bf16(u16);

impl Bf16 {
    /// Whether this processor multiplies them faster than float32. (Anywhere else they are widened
    /// first: the same results, no faster.)
    pub fn is_fast() -> bool {
        #[cfg(target_arch = "x86_64")]
        return std::arch::is_x86_feature_detected!("avx512bf16")
            && std::arch::is_x86_feature_detected!("avx512f");
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }

    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

impl Operand for Bf16 {
    const GROUP: usize = 2;

    /// Rounds to the nearest, ties to even; NaN stays NaN.
    #[inline(always)]
    fn of(value: f32) -> Bf16 {
        let bits = value.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
        let quiet = bits | 0x0040_0000;
        Bf16((if value.is_nan() { quiet } else { rounded } >> 16) as u16)
    }

    #[inline(always)]
    fn panel_product<S: Simd>(_: S, left: &[Bf16], right: &[Bf16], from: Onto, out: Corner) {
        let (left, _) = left.as_chunks();
        let (right, _) = right.as_chunks();
        #[cfg(target_arch = "x86_64")]
        if Bf16::is_fast() {
            // Safe: the processor has what the function is compiled for.
            return unsafe { dot_products(left, right, from, out) };
        }
        widened_products(left, right, from, out);
    }
}

/// The left operand's numbers of two depth indices, row by row.
type LeftPairs = [Bf16; 2 * TILE_ROWS];
/// The right operand's numbers of two depth indices, column by column.
type RightPairs = [Bf16; 2 * PANEL_COLUMNS];

/// The products of a tile on any processor.
#[inline(always)]
fn widened_products(left: &[LeftPairs], right: &[RightPairs], from: Onto, mut out: Corner) {
    let mut sums = [[0.0; PANEL_COLUMNS]; TILE_ROWS];
    for (left, right) in left.iter().zip(right) {
        for (sums, left) in sums.iter_mut().zip(left.as_chunks::<2>().0) {
            let [first, second] = left.map(Bf16::widen);
            for (sum, right) in sums.iter_mut().zip(right.as_chunks::<2>().0) {
                *sum += second * right[1].widen() + first * right[0].widen();
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        out.add(row, from, sums);
    }
}

/// The products of a tile by the processor's own dot products.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
fn dot_products(left: &[LeftPairs], right: &[RightPairs], from: Onto, mut out: Corner) {
    use std::arch::x86_64::{
        __m512, __m512bh, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps,
    };
    use std::mem::transmute;

    const VECTORS: usize = PANEL_COLUMNS / 16;
    let mut sums = [[_mm512_setzero_ps(); VECTORS]; TILE_ROWS];
    for (left, right) in left.iter().zip(right) {
        // Safe, here and below: arrays and vectors of one size are the same bytes, and every bit
        // pattern is valid in both.
        let right = unsafe { transmute::<RightPairs, [__m512bh; VECTORS]>(*right) };
        for (sums, pair) in sums.iter_mut().zip(left.as_chunks::<2>().0) {
            let pair = u32::from(pair[0].0) | u32::from(pair[1].0) << 16;
            let pair: __m512bh = unsafe { transmute(_mm512_set1_epi32(pair.cast_signed())) };
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum = _mm512_dpbf16_ps(*sum, pair, right);
            }
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        let sums = unsafe { transmute::<[__m512; VECTORS], [f32; PANEL_COLUMNS]>(sums) };
        out.add(row, from, &sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu::{LeftPanels, Matrix, RightPanels, matmul};

    #[test]
    fn rounds_to_the_nearest_and_ties_to_even() {
        for (value, rounded) in [
            (1.0, 1.0),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.0 + 2.0 / 128.0),
            (-1.0 - 1.1 / 256.0, -1.0 - 1.0 / 128.0),
            (f32::INFINITY, f32::INFINITY),
            (0.0, 0.0),
        ] {
            assert_eq!(Bf16::of(value).widen(), rounded, "{value}");
        }
        assert!(Bf16::of(f32::NAN).widen().is_nan());
        assert!(Bf16::of(f32::from_bits(0x7f80_0001)).widen().is_nan());
    }

    /// Products of rounded numbers, in double precision; the sums differ by float32 rounding.
    #[test]
    fn products_equal_those_of_the_rounded_numbers_at_every_edge() {
        let number = |index: usize| (index as f32 * 0.7).sin();
        for (m, k, n) in [
            (1, 1, 1),
            (8, 128, 32),
            (9, 129, 33),
            (3, 301, 27),
            (64, 43, 70),
        ] {
            let a: Vec<f32> = (0..m * k).map(number).collect();
            let b: Vec<f32> = (0..k * n).map(|index| number(index + 5)).collect();
            let rounded = |x: f32| f64::from(Bf16::of(x).widen());
            let mut left = LeftPanels::<Bf16>::zeros(m, k);
            left.pack(0, Matrix::new(&a, m, k));
            let mut out = vec![f32::NAN; m * n];
            let bias: Vec<f32> = (0..n).map(number).collect();
            let right = RightPanels::pack(Matrix::new(&b, k, n));
            matmul(&left, &right, Onto::Rows(&bias), &mut out);
            for row in 0..m {
                for column in 0..n {
                    let terms =
                        (0..k).map(|d| rounded(a[row * k + d]) * rounded(b[d * n + column]));
                    let expected = f64::from(bias[column]) + terms.sum::<f64>();
                    let found = f64::from(out[row * n + column]);
                    assert!(
                        (found - expected).abs() < 1e-4,
                        "{m}x{k}x{n}: {found} {expected}"
                    );
                }
            }
            let mut transposed = LeftPanels::<Bf16>::zeros(m, k);
            let columns: Vec<f32> = (0..k)
                .flat_map(|d| (0..m).map(move |r| (r, d)))
                .map(|(r, d)| a[r * k + d])
                .collect();
            transposed.pack(0, Matrix::new(&columns, k, m).transposed());
            let mut again = vec![f32::NAN; m * n];
            matmul(&transposed, &right, Onto::Rows(&bias), &mut again);
            assert_eq!(again, out);
        }
    }

    #[test]
    fn both_ways_of_multiplying_agree() {
        let number = |index: usize| Bf16::of((index as f32).cos());
        let left: Vec<LeftPairs> = (0..50)
            .map(|pair| std::array::from_fn(|i| number(pair * 16 + i)))
            .collect();
        let right: Vec<RightPairs> = (0..50)
            .map(|pair| std::array::from_fn(|i| number(pair * 64 + i)))
            .collect();
        let tile = |product: &dyn Fn(Corner)| {
            let mut cells = [0.5; PANEL_COLUMNS * TILE_ROWS];
            product(Corner {
                cells: &mut cells,
                row_stride: PANEL_COLUMNS,
                from_stride: 0,
            });
            cells
        };
        let widened = tile(&|out| widened_products(&left, &right, Onto::Output, out));
        assert!(widened.iter().any(|&sum| sum != 0.5));
        #[cfg(target_arch = "x86_64")]
        if Bf16::is_fast() {
            // Safe: the processor was asked.
            let native = tile(&|out| unsafe { dot_products(&left, &right, Onto::Output, out) });
            for (native, widened) in native.iter().zip(&widened) {
                assert!((native - widened).abs() < 1e-4, "{native} {widened}");
            }
        }
    }
}
