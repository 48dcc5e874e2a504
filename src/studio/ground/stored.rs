//! Grooves as they are written in files, and checked as they are read.

use serde::{Deserialize, Serialize};

use musicvae::music::{Grid, Groove, Hit, LANES, Meter, Trig};

/// Longest groove that is taken from a file.
const MOST_STEPS: usize = 4096;

/// A groove of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredGroove {
    qpm: f64,
    meter: (u8, u8),
    /// What its steps are; older files have sixteenths only.
    #[serde(default, skip_serializing_if = "is_in_sixteenths")]
    grid: Grid,
    steps: usize,
    /// Step, lane, velocity and offset.
    hits: Vec<(usize, usize, f32, f32)>,
    /// Step, lane and what a sequencer does with it, of strokes that are not plain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trigs: Vec<(usize, usize, Trig)>,
}

fn is_in_sixteenths(grid: &Grid) -> bool {
    *grid == Grid::Sixteenths
}

impl From<&Groove> for StoredGroove {
    fn from(groove: &Groove) -> StoredGroove {
        let hits = groove.hits();
        let hits = hits.map(|(step, lane, hit)| (step, lane.index(), hit.velocity, hit.offset));
        StoredGroove {
            qpm: groove.qpm,
            meter: (groove.meter.numerator, groove.meter.denominator),
            grid: groove.grid,
            steps: groove.steps.len(),
            hits: hits.collect(),
            trigs: groove
                .hits()
                .filter(|(_, _, hit)| hit.trig != Trig::PLAIN)
                .map(|(step, lane, hit)| (step, lane.index(), hit.trig))
                .collect(),
        }
    }
}

impl StoredGroove {
    /// The groove.
    ///
    /// # Errors
    /// Which part of it makes no sense.
    pub fn read(self) -> anyhow::Result<Groove> {
        let (numerator, denominator) = self.meter;
        let meter = Meter {
            numerator,
            denominator,
        };
        anyhow::ensure!(
            (1..=MOST_STEPS).contains(&self.steps)
                && numerator > 0
                && denominator.is_power_of_two()
                && meter.sixteenths() > 0
                && (20.0..=300.0).contains(&self.qpm),
            "the length, meter or tempo of a groove is out of range"
        );
        let mut groove = Groove {
            qpm: self.qpm,
            meter,
            grid: self.grid,
            ..Groove::empty(self.steps)
        };
        for (step, lane, velocity, offset) in self.hits {
            anyhow::ensure!(
                step < self.steps
                    && lane < LANES
                    && (0.0..=1.0).contains(&velocity)
                    && (-0.5..=0.5).contains(&offset),
                "a stroke of a groove is out of range"
            );
            groove.steps[step][lane] = Some(Hit::new(velocity, offset));
        }
        for (step, lane, trig) in self.trigs {
            let lanes = groove.steps.get_mut(step);
            let Some(Some(hit)) = lanes.and_then(|lanes| lanes.get_mut(lane)) else {
                anyhow::bail!("a groove says how a stroke is played, but has no such stroke");
            };
            hit.trig = trig;
        }
        Ok(groove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strokes_do_is_kept_and_older_files_have_none() {
        let mut groove = Groove::empty(16);
        groove.steps[3][1] = Some(Hit::new(0.5, 0.25));
        let plain = serde_json::to_value(StoredGroove::from(&groove)).unwrap();
        // As it was written before there was anything else.
        assert_eq!((plain.get("trigs"), plain.get("grid")), (None, None));
        let read = |value| {
            serde_json::from_value::<StoredGroove>(value)
                .unwrap()
                .read()
        };
        assert_eq!(read(plain).unwrap(), groove);
        groove.steps[3][1].as_mut().unwrap().trig = "50% 1/4 x3-40".parse().unwrap();
        let mut kept = serde_json::to_value(StoredGroove::from(&groove)).unwrap();
        assert_eq!(read(kept.clone()).unwrap(), groove);
        groove.grid = Grid::Triplets;
        let triplets = serde_json::to_value(StoredGroove::from(&groove)).unwrap();
        assert_eq!(read(triplets).unwrap(), groove);
        kept["trigs"][0][0] = 4.into();
        let said = read(kept).unwrap_err().to_string();
        assert_eq!(
            said,
            "a groove says how a stroke is played, but has no such stroke"
        );
    }
}
