//! The arithmetic of recurrent layers on a CPU: matrix products on packed operands and gate
//! activations, compiled for the widest vectors of the processor at hand (AVX-512, AVX2, NEON or
//! none, found at run time).

mod bf16;
mod gates;
mod panels;
mod pool;

pub use bf16::Bf16;
pub use gates::{GateGradients, gates_backward, gates_forward, sigmoid, tanh};
pub use panels::{LeftPanels, Matrix, Onto, Operand, RightPanels, matmul, matvec};
pub use pool::{recycle, scratch};

/// The instruction set that every kernel of this process runs on.
fn arch() -> pulp::Arch {
    static ARCH: std::sync::LazyLock<pulp::Arch> = std::sync::LazyLock::new(pulp::Arch::new);
    *ARCH
}
