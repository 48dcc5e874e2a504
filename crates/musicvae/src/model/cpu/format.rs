//! The number formats that panels are packed in; sums are float32 with any.

use pulp::bytemuck::{Pod, Zeroable, cast_slice};

use super::kernels::{Kernel, Kernels, Vectors};

/// What lies in a panel: a number, or a group of neighbours along the depth that one instruction
/// multiplies and adds together.
pub trait Format: Pod + Send + Sync {
    /// Numbers of a group. Depths are padded to a multiple of it.
    const GROUP: usize;

    /// The group of these numbers, of which a format without pairs takes the first.
    fn of(numbers: [f32; 2]) -> Self;

    /// Whether `kernels` compute with it.
    fn suits(_kernels: Kernels) -> bool {
        true
    }

    /// `depth` with its padding.
    fn padded(depth: usize) -> usize {
        depth.next_multiple_of(Self::GROUP)
    }
}

/// A format of both factors of a product. A group is as large as a float32, so that vectors of
/// groups look like vectors of float32.
pub trait Factor: Format {
    /// Whether a group is a pair of bfloat16 numbers.
    const BF16_PAIRS: bool = false;

    /// `sum + left * right`, group by group.
    fn multiply_add<S: Vectors>(simd: S, left: S::f32s, right: S::f32s, sum: S::f32s) -> S::f32s;
}

/// A format of weights, which are multiplied by factors `E`.
pub trait Weight<E: Factor>: Format {
    /// The vector that these weights make, as many as there are lanes.
    fn load<S: Vectors>(simd: S, weights: &[Self]) -> S::f32s;
}

impl<E: Factor> Weight<E> for E {
    #[inline(always)]
    fn load<S: Vectors>(_: S, weights: &[E]) -> S::f32s {
        S::as_simd_f32s(cast_slice(weights)).0[0]
    }
}

impl Format for f32 {
    const GROUP: usize = 1;

    #[inline(always)]
    fn of([value, _]: [f32; 2]) -> f32 {
        value
    }
}

impl Factor for f32 {
    #[inline(always)]
    fn multiply_add<S: Vectors>(simd: S, left: S::f32s, right: S::f32s, sum: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(left, right, sum)
    }
}

/// The float32 bits of `value` rounded to the nearest bfloat16, ties to even; NaN stays NaN.
#[inline(always)]
fn rounded_bits(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
    let quiet = bits | 0x0040_0000;
    (if value.is_nan() { quiet } else { rounded }) & 0xffff_0000
}

/// Two numbers in bfloat16, float32 with 8 bits of precision, whose products one instruction
/// (`vdpbf16ps` of AVX-512 BF16) adds up at twice float32's rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bf16Pair(u32);

// Safe: a `u32` by another name.
unsafe impl Zeroable for Bf16Pair {}
// Safe: a `u32` by another name.
unsafe impl Pod for Bf16Pair {}

impl Format for Bf16Pair {
    const GROUP: usize = 2;

    #[inline(always)]
    fn of([first, second]: [f32; 2]) -> Bf16Pair {
        Bf16Pair(rounded_bits(first) >> 16 | rounded_bits(second))
    }

    fn suits(kernels: Kernels) -> bool {
        kernels.multiplies_bf16()
    }
}

impl Factor for Bf16Pair {
    const BF16_PAIRS: bool = true;

    #[inline(always)]
    fn multiply_add<S: Vectors>(simd: S, left: S::f32s, right: S::f32s, sum: S::f32s) -> S::f32s {
        simd.add_bf16_products(left, right, sum)
    }
}

/// A float32 that was rounded to bfloat16: the same products as of [`Bf16Pair`], at float32's rate,
/// on any processor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(transparent)]
pub struct Rounded(f32);

// Safe: an `f32` by another name.
unsafe impl Zeroable for Rounded {}
// Safe: an `f32` by another name.
unsafe impl Pod for Rounded {}

impl Format for Rounded {
    const GROUP: usize = 1;

    #[inline(always)]
    fn of([value, _]: [f32; 2]) -> Rounded {
        Rounded(f32::from_bits(rounded_bits(value)))
    }
}

impl Factor for Rounded {
    #[inline(always)]
    fn multiply_add<S: Vectors>(simd: S, left: S::f32s, right: S::f32s, sum: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(left, right, sum)
    }
}

/// A number in float16, for weights that are kept so: half the bytes to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Half(u16);

// Safe: a `u16` by another name.
unsafe impl Zeroable for Half {}
// Safe: a `u16` by another name.
unsafe impl Pod for Half {}

/// The smallest float16 of full precision.
const LEAST_NORMAL: f32 = 1.0 / 16_384.0;

impl Half {
    /// Whether `value` can be kept so without loss. (Infinity and NaN, which no weight is, are said
    /// not to.)
    #[inline(always)]
    pub fn holds(value: f32) -> bool {
        let size = value.abs();
        let normal = size.to_bits() & 0x1fff == 0 && (LEAST_NORMAL..=65_504.0).contains(&size);
        // Below, float16 counts in steps of 2^-24: the last place of what is 0.5 to 1.
        let small = size < LEAST_NORMAL && (size + 0.5) - 0.5 == size;
        normal | small
    }

    /// Whether all of `values` can.
    pub fn holds_all(kernels: Kernels, values: &[f32]) -> bool {
        kernels.run(HoldsAll(values))
    }
}

struct HoldsAll<'a>(&'a [f32]);

impl Kernel for HoldsAll<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) -> bool {
        // Without a way out in the middle, a chunk is vector code.
        let chunk = |values: &[f32]| values.iter().fold(true, |all, &one| all & Half::holds(one));
        self.0.chunks(1024).all(chunk)
    }
}

impl Format for Half {
    const GROUP: usize = 1;

    /// Of a number that float16 [holds](Half::holds).
    #[inline(always)]
    fn of([value, _]: [f32; 2]) -> Half {
        let size = value.abs();
        let sign = (value.to_bits() >> 16) & 0x8000;
        let normal = size.to_bits().wrapping_sub(112 << 23) >> 13;
        let small = (size + 0.5).to_bits() - 0.5f32.to_bits();
        let bits = if size < LEAST_NORMAL { small } else { normal };
        Half((sign | bits) as u16)
    }

    fn suits(kernels: Kernels) -> bool {
        kernels.widens_halves()
    }
}

impl Weight<f32> for Half {
    #[inline(always)]
    fn load<S: Vectors>(simd: S, weights: &[Half]) -> S::f32s {
        simd.widen(cast_slice(weights))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bfloat16_rounds_to_the_nearest_and_ties_to_even() {
        let round = |value| Rounded::of([value, 0.0]).0;
        for (value, rounded) in [
            (1.0, 1.0),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.0 + 2.0 / 128.0),
            (-1.0 - 1.1 / 256.0, -1.0 - 1.0 / 128.0),
            (f32::INFINITY, f32::INFINITY),
            (0.0, 0.0),
        ] {
            assert_eq!(round(value), rounded, "{value}");
            let Bf16Pair(pair) = Bf16Pair::of([value, 2.0]);
            assert_eq!(f32::from_bits(pair << 16), rounded, "{value}");
            assert_eq!(f32::from_bits(pair & 0xffff_0000), 2.0);
        }
        assert!(round(f32::NAN).is_nan());
        assert!(round(f32::from_bits(0x7f80_0001)).is_nan());
    }

    /// Every float16, by its definition.
    #[test]
    fn float16_is_kept_and_widened_without_loss() {
        for bits in 0..=u16::MAX {
            let (exponent, digits) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff));
            let size = match exponent {
                0 => digits * 2f32.powi(-24),
                31 => continue,
                _ => (1024.0 + digits) * 2f32.powi(exponent - 25),
            };
            let value = if bits >> 15 == 1 { -size } else { size };
            assert!(Half::holds(value), "{value}");
            assert_eq!(Half::of([value, 0.0]), Half(bits), "{value}");
        }
        for value in [1.0 + 1.0 / 2048.0, 65_520.0, 1e-8, f32::INFINITY, f32::NAN] {
            assert!(!Half::holds(value), "{value}");
        }
    }
}
