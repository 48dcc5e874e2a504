//! Grooves moved from one grid to another, and which one they were played on.

use super::{Grid, Groove, Hit, LANES, Step};

/// A groove on another grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Regridded {
    /// Its strokes are where they were in time.
    pub groove: Groove,
    /// Strokes that had no room beside a louder one on their lane and step.
    pub merged: usize,
}

impl Groove {
    /// The groove on another grid. Each stroke stays where it is in time, on the step that is nearest
    /// there; but none leaves the groove, so one at its very end may come a little earlier, and one
    /// before its beginning a little later. Of two on one step the louder one stays.
    #[must_use]
    pub fn on(&self, grid: Grid) -> Regridded {
        let (from, to) = (self.grid.steps_per_quarter(), grid.steps_per_quarter());
        if from == to {
            let groove = self.clone();
            return Regridded { groove, merged: 0 };
        }
        let length = (self.steps.len() * to).div_ceil(from);
        let mut steps: Vec<Step> = vec![[None; LANES]; length];
        let mut merged = 0;
        for (step, lane, hit) in self.hits() {
            let place = (step as f64 - f64::from(hit.offset)) * to as f64 / from as f64;
            let near = place.round().clamp(0.0, length as f64 - 1.0);
            let offset = (near - place).clamp(-0.5, 0.5) as f32;
            let cell = &mut steps[near as usize][lane.index()];
            merged += usize::from(cell.is_some());
            if cell.is_none_or(|other| other.velocity < hit.velocity) {
                *cell = Some(Hit { offset, ..hit });
            }
        }
        let groove = Groove {
            steps,
            grid,
            ..*self
        };
        Regridded { groove, merged }
    }

    /// The grid that the strokes were played on, as far as they say.
    ///
    /// Strokes near a beat (within an eighth of a quarter note) say nothing. The others are on triplets
    /// if they lie nearer to those than to sixteenths, half as far or less on average, and one in eight
    /// of them or more is on the second triplet of a beat. A shuffle has none there: its swung eighths are
    /// played on sixteenths too, a third of one early, as the models have learned them.
    pub fn likely_grid(&self) -> Grid {
        let steps = self.grid.steps_per_quarter() as f64;
        let places = self
            .hits()
            .map(|(step, _, hit)| (step as f64 - f64::from(hit.offset)) / steps);
        let between: Vec<f64> = places
            .map(|quarters| quarters.rem_euclid(1.0))
            .filter(|part| (0.125..0.875).contains(part))
            .collect();
        let away = |grid: Grid| between.iter().map(|part| grid.away(*part)).sum::<f64>();
        let is_second = |part: &&f64| (**part - 1.0 / 3.0).abs() < 1.0 / 12.0;
        let seconds = between.iter().filter(is_second).count();
        let is_nearer = 2.0 * away(Grid::Triplets) <= away(Grid::Sixteenths);
        match is_nearer && seconds > 0 && 8 * seconds >= between.len() {
            true => Grid::Triplets,
            false => Grid::Sixteenths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::Lane;

    /// A bar of sixteenths with strokes of the hat at `places`, in quarter notes.
    fn played(places: &[f64]) -> Groove {
        let mut groove = Groove::empty(16);
        for quarters in places {
            let place = quarters * 4.0;
            let near = place.round();
            let hit = Hit::new(0.5, (near - place) as f32);
            groove.steps[near as usize][Lane::ClosedHat.index()] = Some(hit);
        }
        groove
    }

    #[test]
    fn a_groove_on_another_grid_and_back_is_the_same_music() {
        let thirds: Vec<f64> = (0..12).map(|n| f64::from(n) / 3.0).collect();
        let groove = played(&thirds);
        let Regridded { groove: on, merged } = groove.on(Grid::Triplets);
        assert_eq!((on.steps.len(), on.bars(), merged), (12, 1, 0));
        assert!(on.hits().count() == 12 && on.hits().all(|(.., hit)| hit.offset.abs() < 1e-6));
        assert!((on.step_seconds() - 0.5 / 3.0).abs() < 1e-12);
        let times = |groove: &Groove| -> Vec<f64> {
            let notes = groove.to_note_sequence().notes;
            notes.iter().map(|note| note.start_time).collect()
        };
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&times(&on), &times(&groove)));
        let back = on.on(Grid::Sixteenths).groove;
        assert_eq!(back.steps.len(), 16);
        assert!(near(&times(&back), &times(&groove)));
    }

    #[test]
    fn of_two_strokes_on_a_step_the_louder_stays() {
        let mut groove = Groove::empty(16);
        groove.steps[1][0] = Some(Hit::new(0.5, 0.0));
        groove.steps[2][0] = Some(Hit::new(0.9, 0.1));
        groove.steps[15][0] = Some(Hit::new(0.9, -0.5));
        let Regridded { groove, merged } = groove.on(Grid::Triplets);
        assert_eq!(merged, 1);
        let hits: Vec<_> = groove.hits().map(|(step, _, hit)| (step, hit)).collect();
        assert_eq!(hits[0].0, 1);
        assert!((hits[0].1.offset + 0.425).abs() < 1e-6 && hits[0].1.velocity == 0.9);
        // It does not leave the bar.
        assert_eq!(hits[1], (11, Hit::new(0.9, -0.5)));
    }

    #[test]
    fn triplets_are_told_from_sixteenths_and_from_swing() {
        let late = |places: &[f64], by: f64| -> Vec<f64> {
            places.iter().map(|place| place + by).collect()
        };
        let thirds: Vec<f64> = (0..12).map(|n| f64::from(n) / 3.0).collect();
        let quarters: Vec<f64> = (0..16).map(|n| f64::from(n) / 4.0).collect();
        let shuffle = [
            0.0,
            2.0 / 3.0,
            1.0,
            5.0 / 3.0,
            2.0,
            8.0 / 3.0,
            3.0,
            11.0 / 3.0,
        ];
        // Sixteenths of which every second is late by a third of one.
        let swung: Vec<f64> = (0..16)
            .map(|n| f64::from(n) / 4.0 + f64::from(n % 2) / 12.0)
            .collect();
        for (places, grid) in [
            (&thirds[..], Grid::Triplets),
            (&late(&thirds, 0.03), Grid::Triplets),
            (&quarters, Grid::Sixteenths),
            (&late(&quarters, 0.03), Grid::Sixteenths),
            (&shuffle, Grid::Sixteenths),
            (&swung, Grid::Sixteenths),
            (&[0.0, 1.0, 2.0, 3.0], Grid::Sixteenths),
            (&[], Grid::Sixteenths),
        ] {
            assert_eq!(played(places).likely_grid(), grid, "{places:?}");
        }
        let read = played(&thirds).on(Grid::Triplets).groove;
        assert_eq!(read.likely_grid(), Grid::Triplets);
    }
}
