//! What comes back of true windows, counted step by step.

use serde::{Deserialize, Serialize};

use super::super::evaluate::{Interval, Resampling, Sums};
use super::rivals::{BAR, Music};

/// How much of the windows came back, over all their steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Share of steps whose class is exactly the one that was played.
    pub accuracy: Interval,
    /// The same of the steps at which anything was played: silence alone is easy.
    pub sounding: Interval,
    /// F1 of single notes (strokes of drums, or pitches that begin).
    pub f1: Interval,
    /// F1 of the notes of the second half of what was made, against its own first half.
    pub halves: Interval,
    /// Accuracy in each bar, from the first on: where a decoder loses the thread.
    pub by_bar: Vec<f64>,
}

/// Counts over steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    steps: f64,
    right: f64,
    sounding: f64,
    right_sounding: f64,
    notes: Notes,
    halves: Notes,
}

/// Notes of one side, of the other, and of both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Notes {
    one: f64,
    other: f64,
    both: f64,
}

impl Notes {
    fn of(music: Music, one: &[usize], other: &[usize]) -> Notes {
        let mut notes = Notes::default();
        let count = |notes: u128| f64::from(notes.count_ones());
        for (&one, &other) in one.iter().zip(other) {
            let (one, other) = (music.notes(one), music.notes(other));
            notes.add(&Notes {
                one: count(one),
                other: count(other),
                both: count(one & other),
            });
        }
        notes
    }

    /// 0 where neither has any.
    fn f1(&self) -> f64 {
        2.0 * self.both / (self.one + self.other).max(1.0)
    }
}

impl Sums for Notes {
    fn add(&mut self, more: &Notes) {
        self.one += more.one;
        self.other += more.other;
        self.both += more.both;
    }
}

impl Sums for Counts {
    fn add(&mut self, more: &Counts) {
        self.steps += more.steps;
        self.right += more.right;
        self.sounding += more.sounding;
        self.right_sounding += more.right_sounding;
        self.notes.add(&more.notes);
        self.halves.add(&more.halves);
    }
}

impl Counts {
    fn of(music: Music, played: &[usize], made: &[usize]) -> Counts {
        let mut counts = Counts {
            notes: Notes::of(music, played, made),
            halves: halves(music, made),
            ..Counts::default()
        };
        for (played, made) in played.iter().zip(made) {
            let right = f64::from(u8::from(played == made));
            let sounding = f64::from(u8::from(*played != 0));
            counts.steps += 1.0;
            counts.right += right;
            counts.sounding += sounding;
            counts.right_sounding += right * sounding;
        }
        counts
    }
}

fn halves(music: Music, classes: &[usize]) -> Notes {
    let (first, second) = classes.split_at(classes.len() / 2);
    Notes::of(music, first, second)
}

impl Returned {
    /// Of windows as their classes, step by step.
    pub(super) fn of(
        music: Music,
        played: &[Vec<usize>],
        made: &[Vec<usize>],
        plan: &Resampling,
    ) -> Returned {
        let counts: Vec<Counts> = (played.iter().zip(made))
            .map(|(played, made)| Counts::of(music, played, made))
            .collect();
        let [accuracy, sounding, f1, halves] = plan.intervals(&counts, |sums| {
            [
                sums.right / sums.steps,
                sums.right_sounding / sums.sounding,
                sums.notes.f1(),
                sums.halves.f1(),
            ]
        });
        let bars = played.first().map_or(0, |window| window.len() / BAR);
        let by_bar = (0..bars).map(|bar| {
            let steps = bar * BAR..(bar + 1) * BAR;
            let mut sums = Counts::default();
            for (played, made) in played.iter().zip(made) {
                sums.add(&Counts::of(
                    music,
                    &played[steps.clone()],
                    &made[steps.clone()],
                ));
            }
            sums.right / sums.steps
        });
        Returned {
            accuracy,
            sounding,
            f1,
            halves,
            by_bar: by_bar.collect(),
        }
    }
}

/// Share of steps at which nothing is played.
pub(super) fn silent(windows: &[Vec<usize>]) -> f64 {
    let steps = windows.concat();
    let silent = steps.iter().filter(|class| **class == 0).count();
    silent as f64 / steps.len().max(1) as f64
}

/// F1 of the notes of the windows' second halves against their first.
pub(super) fn likeness_of_halves(
    music: Music,
    windows: &[Vec<usize>],
    plan: &Resampling,
) -> Interval {
    let each: Vec<Notes> = windows.iter().map(|it| halves(music, it)).collect();
    let [likeness] = plan.intervals(&each, |notes| [notes.f1()]);
    likeness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_strokes_are_counted() {
        // Silence kept and broken, a kick kept, a kick and snare of which the kick came back.
        let (played, made) = (vec![0, 0, 1, 3], vec![0, 4, 1, 1]);
        let plan = Resampling::of_singles(1, 10, 0);
        assert_eq!(silent(std::slice::from_ref(&played)), 0.5);
        let found = Returned::of(Music::Drums, &[played], &[made], &plan);
        assert_eq!(found.accuracy.value, 0.5);
        assert_eq!(found.sounding.value, 0.5);
        // Two of three played, of three made.
        assert!((found.f1.value - 2.0 / 3.0).abs() < 1e-12);
        // Nothing and a third lane, then twice the kick.
        assert_eq!(found.halves.value, 0.0);
        assert!(found.by_bar.is_empty());
    }

    #[test]
    fn ends_of_notes_are_steps_but_no_notes() {
        // A bar: a pitch, its end, another pitch; then the same bar with the second pitch missed.
        let bar = |classes: [usize; 4]| {
            let mut bar = vec![0; BAR];
            bar[..4].copy_from_slice(&classes);
            bar
        };
        let [played, made] = [[40, 1, 42, 0], [40, 1, 44, 0]].map(bar);
        let plan = Resampling::of_singles(1, 10, 0);
        let twice = [played.clone(), played.clone()].concat();
        let changed = [played, made].concat();
        let found = Returned::of(
            Music::Melody,
            std::slice::from_ref(&twice),
            &[changed],
            &plan,
        );
        assert_eq!(found.by_bar, [1.0, 15.0 / 16.0]);
        assert_eq!(found.sounding.value, 5.0 / 6.0);
        assert_eq!(found.f1.value, 3.0 / 4.0);
        assert_eq!(found.halves.value, 1.0 / 2.0);
        assert_eq!(
            likeness_of_halves(Music::Melody, &[twice], &plan).value,
            1.0
        );
    }
}
