//! Grooves that are looked at together.

use std::collections::BTreeSet;

use super::features::as_written;
use crate::music::Groove;

/// Grooves of equal length with a name, as a file holds them.
pub struct Set {
    /// Who or what plays.
    pub name: String,
    pub grooves: Vec<Groove>,
    /// Of each groove, the performance that it belongs to or was made from. The same number in two
    /// sets is the same performance.
    pub performances: Vec<usize>,
}

impl Set {
    /// `grooves` of the performances `origin`, which are counted from `first` on.
    pub fn new(name: &str, grooves: &[Groove], origin: &[usize], first: usize) -> Set {
        Set {
            name: name.into(),
            grooves: grooves.iter().map(as_written).collect(),
            performances: origin.iter().map(|it| first + it).collect(),
        }
    }

    /// The performances counted from 0 without gaps.
    pub fn counted(&self) -> Vec<usize> {
        counted(self.performances.iter().copied())
    }
}

/// The same performances counted from 0 without gaps, in the same order.
pub fn counted(performances: impl Iterator<Item = usize> + Clone) -> Vec<usize> {
    let places: Vec<usize> = BTreeSet::from_iter(performances.clone())
        .into_iter()
        .collect();
    let place = |it| places.partition_point(|other| *other < it);
    performances.map(place).collect()
}
