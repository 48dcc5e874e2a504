//! The engine on its real path, measured: see `cargo bench --bench engine -- --help`. No figure
//! passes or fails here; whoever runs it on a quiet machine reads them. What can't be measured at all
//! is a failure, and `cargo test --bench engine` tries that in seconds.

#[cfg(target_os = "linux")]
mod linux;

/// As the program itself has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // Safe: no other thread runs yet.
    unsafe { musicvae::training::prepare_process() };
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    eprintln!("These measurements need Linux: ALSA into a pipe, JACK, /proc.");
}
