//! The instruction sets that the kernels are compiled for, and the choice of one.

use std::sync::LazyLock;

use pulp::{Scalar, Simd};

/// The environment variable that names the instruction set to use in place of the best one.
const VARIABLE: &str = "MUSICVAE_KERNELS";

/// An instruction set of this processor. One can be made of none that the processor lacks, so
/// whatever runs on it is safe to call.
#[derive(Clone, Copy, Debug)]
pub struct Kernels(Set);

#[derive(Clone, Copy, Debug)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512 {
        simd: pulp::x86::V4,
        /// Whether there is `vdpbf16ps`.
        bf16: bool,
    },
    /// With FMA and F16C, as every processor that has AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    Plain,
}

/// Every name that [`VARIABLE`] takes, best first.
const NAMES: [&str; 4] = ["avx512", "avx2", "neon", "plain"];

/// An instruction set was named that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelsError {
    /// No set has this name.
    #[error("{VARIABLE} takes {names}, not `{0}`", names = NAMES.join(", "))]
    Unknown(String),
    /// This processor lacks the set, and has others.
    #[error("{VARIABLE} asks for {0}, which this processor lacks; it has {1}")]
    Lacking(&'static str, String),
}

impl Kernels {
    /// What this process computes with: the set that the environment variable `MUSICVAE_KERNELS`
    /// names (`avx512`, `avx2`, `neon` or `plain`), or the best one that the processor has.
    ///
    /// # Errors
    /// A name that is none of these, or of a set that this processor lacks.
    pub fn chosen() -> Result<Kernels, KernelsError> {
        static CHOSEN: LazyLock<Result<Kernels, KernelsError>> =
            LazyLock::new(|| match std::env::var_os(VARIABLE) {
                Some(name) => Kernels::named(&name.to_string_lossy()),
                None => Ok(Kernels::best()),
            });
        CHOSEN.clone()
    }

    /// The sets that this processor has, best first.
    pub fn available() -> Vec<Kernels> {
        let of = |name| Kernels::named(name).ok();
        NAMES.into_iter().filter_map(of).collect()
    }

    fn best() -> Kernels {
        let found = NAMES.into_iter().find_map(Kernels::detect);
        found.unwrap_or(Kernels(Set::Plain))
    }

    fn named(name: &str) -> Result<Kernels, KernelsError> {
        let Some(&known) = NAMES.iter().find(|known| **known == name) else {
            return Err(KernelsError::Unknown(name.into()));
        };
        Kernels::detect(known).ok_or_else(|| {
            let has = |name: &&str| Kernels::detect(name).is_some();
            let has: Vec<&str> = NAMES.into_iter().filter(has).collect();
            KernelsError::Lacking(known, has.join(", "))
        })
    }

    /// The set of this name, if the processor has it.
    fn detect(name: &str) -> Option<Kernels> {
        match name {
            #[cfg(target_arch = "x86_64")]
            "avx512" if std::arch::is_x86_feature_detected!("f16c") => {
                let simd = pulp::x86::V4::try_new()?;
                let bf16 = std::arch::is_x86_feature_detected!("avx512bf16");
                Some(Kernels(Set::Avx512 { simd, bf16 }))
            }
            #[cfg(target_arch = "x86_64")]
            "avx2" if std::arch::is_x86_feature_detected!("f16c") => {
                Some(Kernels(Set::Avx2(pulp::x86::V3::try_new()?)))
            }
            #[cfg(target_arch = "aarch64")]
            "neon" => Some(Kernels(Set::Neon(pulp::aarch64::Neon::try_new()?))),
            "plain" => Some(Kernels(Set::Plain)),
            _ => None,
        }
    }

    /// As it is written in the environment variable.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 { .. } => "avx512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => "neon",
            Set::Plain => "plain",
        }
    }

    /// Whether one instruction multiplies and adds two pairs of bfloat16 numbers, which makes such
    /// factors faster than float32.
    pub fn multiplies_bf16(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 { bf16, .. } => bf16,
            _ => false,
        }
    }

    /// Whether one instruction widens a vector of float16 numbers.
    pub fn widens_halves(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 { .. } | Set::Avx2(_) => true,
            _ => false,
        }
    }

    /// Runs `kernel`, compiled for this set.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 { simd, .. } => simd.apart(kernel),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.apart(kernel),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(simd) => simd.apart(kernel),
            Set::Plain => Scalar.apart(kernel),
        }
    }
}

/// Work that is compiled for every instruction set.
pub trait Kernel {
    type Output;

    /// Whether it multiplies pairs of bfloat16 numbers, and so runs only on sets that
    /// [can](Kernels::multiplies_bf16).
    const BF16_PAIRS: bool = false;

    /// Must be inlined always, and what it calls too: only then does it become code of the set.
    fn run<S: Vectors>(self, simd: S) -> Self::Output;
}

/// Loops without vectors of their own, which the compiler turns into vector code.
impl<F: FnOnce()> Kernel for F {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        self();
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
)]
#[inline(never)]
fn on_avx512_bf16<K: Kernel>(simd: pulp::x86::V4, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
)]
#[inline(never)]
fn on_avx512<K: Kernel>(simd: pulp::x86::V4, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
#[inline(never)]
fn on_avx2<K: Kernel>(simd: pulp::x86::V3, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
#[inline(never)]
fn on_neon<K: Kernel>(simd: pulp::aarch64::Neon, kernel: K) -> K::Output {
    kernel.run(simd)
}

/// The vectors of an instruction set, with what the kernels ask of them besides common arithmetic.
/// Made by [`Kernels::run`] only.
pub trait Vectors: Simd {
    /// Rows of a register tile. Its sums fill the registers but for those that the factors need,
    /// and are more than enough to hide the latency of a multiply-add. (With 16 registers four rows
    /// of three vectors would load less, but the compiler spills them.)
    const TILE_ROWS: usize = if Self::REGISTER_COUNT < 32 { 6 } else { 8 };
    /// Vectors of a row of it.
    const TILE_VECTORS: usize = if Self::REGISTER_COUNT < 32 { 2 } else { 3 };
    /// Whether a multiply-add is one instruction.
    const FUSED: bool = true;

    /// The vectors that a single row is multiplied with: of those that keep pace with the reading of
    /// weights, the ones that float16 is widened into fastest.
    type Reading: Vectors;

    /// Those vectors.
    fn reading(self) -> Self::Reading;

    /// Runs `kernel` as a function of its own. The compiler gives out registers a function at a
    /// time: in a large one, inner loops spill theirs.
    fn apart<K: Kernel>(self, kernel: K) -> K::Output;

    /// Asks for what will be read soon.
    #[inline(always)]
    fn prefetch<T>(self, _soon: &[T]) {}

    /// `sum + left * right` of pairs of bfloat16 numbers, one pair a lane. Only of sets that
    /// [multiply them](Kernels::multiplies_bf16).
    #[inline(always)]
    fn add_bf16_products(self, _: Self::f32s, _: Self::f32s, _: Self::f32s) -> Self::f32s {
        unreachable!("pairs of bfloat16 are packed for sets that multiply them only")
    }

    /// A vector of float16 numbers, widened; `halves` is as many as there are lanes. Only of sets
    /// that [widen them](Kernels::widens_halves).
    #[inline(always)]
    fn widen(self, _halves: &[u16]) -> Self::f32s {
        unreachable!("halves are packed for sets that widen them only")
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch<T>(soon: &[T]) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    // Safe: a prefetch changes nothing but the cache.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(soon.as_ptr().cast()) }
}

#[cfg(target_arch = "x86_64")]
impl Vectors for pulp::x86::V4 {
    /// Half as wide: AMD's processors widen 84 GB/s of float16 into these, and 55 into their own.
    type Reading = pulp::x86::V3;

    #[inline(always)]
    fn reading(self) -> pulp::x86::V3 {
        *self
    }

    #[inline(always)]
    fn prefetch<T>(self, soon: &[T]) {
        prefetch(soon);
    }

    #[inline(always)]
    fn apart<K: Kernel>(self, kernel: K) -> K::Output {
        // Safe: `self` proves AVX-512, the set is made only where there is F16C, and kernels that
        // multiply pairs run only on sets that can.
        if K::BF16_PAIRS {
            unsafe { on_avx512_bf16(self, kernel) }
        } else {
            unsafe { on_avx512(self, kernel) }
        }
    }

    #[inline(always)]
    fn add_bf16_products(self, left: Self::f32s, right: Self::f32s, sum: Self::f32s) -> Self::f32s {
        use std::arch::x86_64::{__m512, __m512bh, _mm512_dpbf16_ps};
        use std::mem::transmute;
        // Safe: vectors of one size are the same bytes, and every bit pattern is valid in each. The
        // processor has the instruction, for only then are pairs packed for it.
        unsafe {
            let [left, right] = [left, right].map(|pairs| transmute::<Self::f32s, __m512bh>(pairs));
            let sum = transmute::<Self::f32s, __m512>(sum);
            transmute::<__m512, Self::f32s>(_mm512_dpbf16_ps(sum, left, right))
        }
    }

    #[inline(always)]
    fn widen(self, halves: &[u16]) -> Self::f32s {
        use std::arch::x86_64::{__m512, _mm256_loadu_si256, _mm512_cvtph_ps};
        assert_eq!(halves.len(), Self::F32_LANES);
        // Safe: as many numbers are read as the slice was found to have, and AVX-512, which `self`
        // proves, has the instruction.
        unsafe {
            let halves = _mm256_loadu_si256(halves.as_ptr().cast());
            std::mem::transmute::<__m512, Self::f32s>(_mm512_cvtph_ps(halves))
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Vectors for pulp::x86::V3 {
    type Reading = Self;

    #[inline(always)]
    fn reading(self) -> Self {
        self
    }

    #[inline(always)]
    fn prefetch<T>(self, soon: &[T]) {
        prefetch(soon);
    }

    #[inline(always)]
    fn apart<K: Kernel>(self, kernel: K) -> K::Output {
        // Safe: `self` proves AVX2, and the set is made only where there is F16C.
        unsafe { on_avx2(self, kernel) }
    }

    #[inline(always)]
    fn widen(self, halves: &[u16]) -> Self::f32s {
        use std::arch::x86_64::{__m256, _mm_loadu_si128, _mm256_cvtph_ps};
        assert_eq!(halves.len(), Self::F32_LANES);
        // Safe: as many numbers are read as the slice was found to have, and the set is made only
        // where there is F16C.
        unsafe {
            let halves = _mm_loadu_si128(halves.as_ptr().cast());
            std::mem::transmute::<__m256, Self::f32s>(_mm256_cvtph_ps(halves))
        }
    }
}

#[cfg(target_arch = "aarch64")]
impl Vectors for pulp::aarch64::Neon {
    type Reading = Self;

    #[inline(always)]
    fn reading(self) -> Self {
        self
    }

    #[inline(always)]
    fn apart<K: Kernel>(self, kernel: K) -> K::Output {
        // Safe: `self` proves NEON.
        unsafe { on_neon(self, kernel) }
    }
}

impl Vectors for Scalar {
    type Reading = Self;

    #[inline(always)]
    fn reading(self) -> Self {
        self
    }

    #[inline(never)]
    fn apart<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    const FUSED: bool = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_the_plain_set_and_refuses_others_with_a_word() {
        let available = Kernels::available();
        assert!(!available.is_empty());
        for kernels in &available {
            let again = Kernels::named(kernels.name()).expect("an available set");
            assert_eq!(again.name(), kernels.name());
        }
        assert_eq!(available.last().map(|set| set.name()), Some("plain"));
        assert_eq!(available[0].name(), Kernels::best().name());
        let lacking = if cfg!(target_arch = "x86_64") {
            "neon"
        } else {
            "avx2"
        };
        let refused = Kernels::named(lacking).expect_err("a set of other processors");
        assert!(
            refused.to_string().contains("this processor lacks"),
            "{refused}"
        );
        let refused = Kernels::named("AVX2").expect_err("no name");
        assert_eq!(
            refused.to_string(),
            "MUSICVAE_KERNELS takes avx512, avx2, neon, plain, not `AVX2`"
        );
    }
}
