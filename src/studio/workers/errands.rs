//! Errands: what a thread of its own does one after the other, where a newer wish makes an older one
//! pointless. However fast somebody types, there is one thread, and no more work than is still wanted.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A thread that does errands, from outside. It ends when this is dropped, and the errand is done.
pub struct Errands<T>(Sender<T>);

/// Whether the first errand, a newer one, takes the place of the second.
type Replaces<T> = fn(&T, &T) -> bool;

impl<T: Send + 'static> Errands<T> {
    /// Starts the thread. `run` does an errand; it can ask whether that has been replaced since, and
    /// may then leave it.
    pub fn start(
        name: &str,
        replaces: Replaces<T>,
        mut run: impl FnMut(&T, &mut dyn FnMut() -> bool) + Send + 'static,
    ) -> io::Result<Errands<T>> {
        let (wishes, come) = channel();
        let work = move || {
            let mut waiting = Waiting {
                come,
                replaces,
                errands: VecDeque::new(),
            };
            while let Some(errand) = waiting.next() {
                run(&errand, &mut || waiting.replace(&errand));
            }
        };
        thread::Builder::new().name(name.into()).spawn(work)?;
        Ok(Errands(wishes))
    }

    pub fn ask(&self, errand: T) {
        // The thread is there for as long as it is asked.
        let _ = self.0.send(errand);
    }
}

/// What is still to be done.
struct Waiting<T> {
    come: Receiver<T>,
    replaces: Replaces<T>,
    errands: VecDeque<T>,
}

impl<T> Waiting<T> {
    /// The next errand; waits for one. `None` when nobody asks any more.
    fn next(&mut self) -> Option<T> {
        if self.errands.is_empty() {
            self.errands.push_back(self.come.recv().ok()?);
        }
        self.take_what_came();
        self.errands.pop_front()
    }

    /// Whether one that waits takes the place of `errand`.
    fn replace(&mut self, errand: &T) -> bool {
        self.take_what_came();
        let mut waiting = self.errands.iter();
        waiting.any(|newer| (self.replaces)(newer, errand))
    }

    fn take_what_came(&mut self) {
        for newer in self.come.try_iter() {
            self.errands.retain(|older| !(self.replaces)(&newer, older));
            self.errands.push_back(newer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_newer_errand_of_a_kind_takes_the_place_of_those_that_wait_and_ends_the_one_that_runs() {
        let (done, told) = mpsc::channel();
        let (started, running) = mpsc::channel();
        let alike = |newer: &(char, u32), older: &(char, u32)| newer.0 == older.0;
        let errands = Errands::start("errands", alike, move |errand, is_replaced| {
            started.send(()).unwrap();
            // The first one takes as long as it is wanted.
            while errand.1 == 0 && !is_replaced() {
                thread::yield_now();
            }
            done.send(*errand).unwrap();
        });
        let errands = errands.unwrap();
        errands.ask(('a', 0));
        running.recv().unwrap();
        for errand in [('b', 1), ('b', 2), ('c', 3), ('b', 4), ('a', 5)] {
            errands.ask(errand);
        }
        drop(errands);
        let all: Vec<_> = told.iter().collect();
        let (first, rest) = all.split_first().unwrap();
        assert_eq!(*first, ('a', 0));
        // What came while it was still being asked may have been begun before the next.
        assert_eq!(rest.last(), Some(&('a', 5)));
        assert!(
            rest.contains(&('c', 3)) && rest.contains(&('b', 4)),
            "{rest:?}"
        );
    }
}
