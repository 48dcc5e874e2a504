//! Large buffers that outlive a training step. The system takes longer to provide fresh pages than
//! the arithmetic takes to fill them, so activations go back here instead of to the allocator.

use std::sync::Mutex;

static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// A buffer of `len` numbers with unspecified contents.
pub fn scratch(len: usize) -> Vec<f32> {
    let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let best = free
        .iter()
        .enumerate()
        .filter(|(_, buffer)| buffer.capacity() >= len && buffer.capacity() <= 2 * len)
        .min_by_key(|(_, buffer)| buffer.capacity())
        .map(|(index, _)| index);
    let mut buffer = best
        .map(|index| free.swap_remove(index))
        .unwrap_or_default();
    drop(free);
    buffer.resize(len, 0.0);
    buffer
}

/// Gives a buffer of [`scratch`] back.
pub fn recycle(buffer: Vec<f32>) {
    /// More than the layers of two shards ever hold at once; past it buffers are freed.
    const MOST: usize = 64;
    let mut free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if free.len() < MOST {
        free.push(buffer);
    }
}
