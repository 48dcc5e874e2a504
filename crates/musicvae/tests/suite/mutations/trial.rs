//! How inputs are tried that are valid but for one rule: each made from a seed, none may cause a panic,
//! take longer than a second or more than 256 MB.
//!
//! A few hundred of each kind run with the suite. `make mutations` runs 100,000 of each, one kind after
//! the other, and prints a row of figures for each kind.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Names how many inputs of each kind are tried.
const COUNT: &str = "MUSICVAE_TUI_MUTATIONS";

/// Longest that one input may take: a second where this is what is measured, and more where other tests
/// run beside.
const LONGEST: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(1)];

/// Most bytes that one input may need, where nothing else is running that needs some.
const MOST: usize = 256 << 20;

/// The system's memory, counted.
struct Counted;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn count(taken: usize) {
    let now = NOW.fetch_add(taken, Ordering::Relaxed) + taken;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: hands everything on to the system's allocator, as it was given.
#[allow(clippy::undocumented_unsafe_blocks)]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static MEMORY: Counted = Counted;

/// Says which input it was when one ends in a panic.
struct Input<'w>(&'w str, u64);

impl Drop for Input<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}, seed {}", self.0, self.1);
        }
    }
}

/// Tries `few` inputs, or as many as are asked for: `work` makes one, uses it, and tells whether it was
/// of any use.
pub fn run(what: &str, few: u64, mut work: impl FnMut(&mut ChaCha8Rng) -> bool) {
    let asked = std::env::var(COUNT).ok();
    let asked: Option<u64> = asked.and_then(|count| count.parse().ok());
    let limit = LONGEST[usize::from(asked.is_some())];
    let count = asked.unwrap_or(few);
    let (mut used, mut longest, mut most) = (0, Duration::ZERO, 0);
    for seed in 0..count {
        let _input = Input(what, seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let before = NOW.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let begun = Instant::now();
        used += u64::from(work(&mut rng));
        let took = begun.elapsed();
        let needed = PEAK.load(Ordering::Relaxed).saturating_sub(before);
        (longest, most) = (longest.max(took), most.max(needed));
        assert!(took < limit, "it took {took:?}");
        assert!(asked.is_none() || needed < MOST, "it took {needed} bytes");
    }
    let refused = count - used;
    let (longest, most) = (longest.as_secs_f64() * 1e3, most as f64 * 1e-6);
    println!("| {what} | {count} | {used} | {refused} | {longest:.1} ms | {most:.1} MB |");
}
