//! The arithmetic of recurrent layers on a CPU: matrix products on packed operands and gate
//! activations, compiled for AVX-512, AVX2, NEON and plain, of which a process chooses one.

mod format;
mod gates;
mod kernels;
mod matmul;
mod matvec;
mod panels;
mod peak;
mod pool;
mod rows;

#[cfg(test)]
mod tests;

pub use format::{Bf16Pair, Factor, Format, Half, Rounded, Weight};
pub use gates::{GateGradients, gates_backward, gates_forward, sigmoid, tanh};
pub use kernels::{Kernels, KernelsError};
pub use matmul::{Onto, matmul};
pub use matvec::matvec;
pub use panels::{LeftPanels, Matrix, RightPanels};
pub use peak::{bf16_pays, multiply_adds_in_registers};
pub use pool::{recycle, scratch};
pub use rows::add_scaled;
