//! What the processor's multiply-adds can do at best.

use std::sync::LazyLock;
use std::time::Instant;

use super::format::{Bf16Pair, Factor};
use super::kernels::{Kernel, Kernels, Vectors};

/// Multiplies and adds `turns` times in each of many chains that stay in registers and don't depend
/// on each other, as factors `E`; returns how many multiply-adds that were. Nothing made of
/// multiply-adds is faster.
pub fn multiply_adds_in_registers<E: Factor>(kernels: Kernels, turns: usize) -> usize {
    assert!(E::suits(kernels), "a format that the kernels compute with");
    E::GROUP * kernels.run(Chains::<E>(turns, std::marker::PhantomData))
}

struct Chains<E>(usize, std::marker::PhantomData<E>);

impl<E: Factor> Kernel for Chains<E> {
    type Output = usize;
    const BF16_PAIRS: bool = E::BF16_PAIRS;

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) -> usize {
        /// More than any processor's latency times the multiply-adds that it begins a cycle.
        const CHAINS: usize = 12;
        let [left, right] = std::hint::black_box([0.5, 0.25]).map(|factor| simd.splat_f32s(factor));
        let mut sums = [simd.splat_f32s(0.0); CHAINS];
        for _ in 0..self.0 {
            for sum in &mut sums {
                *sum = E::multiply_add(simd, left, right, *sum);
            }
        }
        std::hint::black_box(sums);
        CHAINS * S::F32_LANES * self.0
    }
}

/// Whether [`Bf16Pair`] is the faster factor. Having the instruction is not enough: AMD's processors
/// begin one a cycle and gain twice the speed, Intel's one in two cycles and lose half.
pub fn bf16_pays(kernels: Kernels) -> bool {
    static PAYS: LazyLock<bool> = LazyLock::new(|| {
        Kernels::available().first().is_some_and(|&best| {
            best.multiplies_bf16() && rate::<Bf16Pair>(best) > 1.2 * rate::<f32>(best)
        })
    });
    kernels.multiplies_bf16() && *PAYS
}

/// Multiply-adds a second, of the best of several runs of some ten microseconds.
fn rate<E: Factor>(kernels: Kernels) -> f64 {
    let run = |_| {
        let start = Instant::now();
        let count = multiply_adds_in_registers::<E>(kernels, 2_000);
        count as f64 / start.elapsed().as_secs_f64()
    };
    (0..9).map(run).fold(0.0, f64::max)
}
