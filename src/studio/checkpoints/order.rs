//! In which order checkpoints are shown.

use std::cmp::Ordering;

use crate::studio::ground::Entry;

/// An order of checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As their folders have them: the built-in ones first, then by name.
    #[default]
    Folder,
    /// The lowest validation loss first.
    Loss,
    /// The latest first.
    Age,
    /// The most steps first.
    Steps,
}

impl Order {
    pub fn next(self) -> Order {
        match self {
            Order::Folder => Order::Loss,
            Order::Loss => Order::Age,
            Order::Age => Order::Steps,
            Order::Steps => Order::Folder,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Order::Folder => "by folder and name",
            Order::Loss => "by validation loss, the lowest first",
            Order::Age => "by age, the latest first",
            Order::Steps => "by steps, the most first",
        }
    }

    /// Sorts; those without the value that it sorts by come last.
    pub fn sort(self, rows: &mut [&Entry]) {
        let lowest = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            (one, other) => match (one.is_some(), other.is_some()) {
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                _ => Ordering::Equal,
            },
        };
        let age = |entry: &Entry| entry.age.map(|age| age.as_secs_f64());
        match self {
            Order::Folder => {}
            Order::Loss => rows.sort_by(|a, b| lowest(a.validation_loss, b.validation_loss)),
            Order::Age => rows.sort_by(|a, b| lowest(age(a), age(b))),
            Order::Steps => rows.sort_by_key(|entry| std::cmp::Reverse(entry.step)),
        }
    }
}
