//! Work spread over the cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// `work(state, i)` for every `i` in `0..count`, in order of `i`, computed by as many threads as
/// there are cores; each thread makes one `state` of its own. Threads take the next index when
/// they are free, so that a few large files do not hold up the rest.
pub(super) fn map<S, T: Send>(
    count: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let share = || {
        let mut state = state();
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, work(&mut state, index)));
        }
    };
    let threads = thread::available_parallelism()
        .map_or(1, |cores| cores.get())
        .min(count)
        .max(1);
    let mut all: Vec<(usize, T)> = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let mut all = share();
        for helper in helpers {
            all.extend(
                helper
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        all
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_stand_in_order() {
        let squares = super::map(1000, || (), |(), i| i * i);
        assert!(
            squares
                .iter()
                .enumerate()
                .all(|(i, square)| i * i == *square)
        );
        assert_eq!(squares.len(), 1000);
        assert!(super::map(0, || (), |(), i| i).is_empty());
    }
}
