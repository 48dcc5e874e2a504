//! Grooves as they are written in files, and checked as they are read.

use serde::{Deserialize, Serialize};

use musicvae::music::{Groove, Hit, LANES, Meter};

/// Longest groove that is taken from a file.
const MOST_STEPS: usize = 4096;

/// A groove of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredGroove {
    qpm: f64,
    meter: (u8, u8),
    steps: usize,
    /// Step, lane, velocity and offset.
    hits: Vec<(usize, usize, f32, f32)>,
}

impl From<&Groove> for StoredGroove {
    fn from(groove: &Groove) -> StoredGroove {
        let hits = groove.hits();
        let hits = hits.map(|(step, lane, hit)| (step, lane.index(), hit.velocity, hit.offset));
        StoredGroove {
            qpm: groove.qpm,
            meter: (groove.meter.numerator, groove.meter.denominator),
            steps: groove.steps.len(),
            hits: hits.collect(),
        }
    }
}

impl StoredGroove {
    /// The groove.
    ///
    /// # Errors
    /// What of it makes no sense.
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
                && meter.steps_per_bar() > 0
                && (20.0..=300.0).contains(&self.qpm),
            "a groove has no sensible length, meter or tempo"
        );
        let mut groove = Groove {
            qpm: self.qpm,
            meter,
            ..Groove::empty(self.steps)
        };
        for (step, lane, velocity, offset) in self.hits {
            anyhow::ensure!(
                step < self.steps
                    && lane < LANES
                    && (0.0..=1.0).contains(&velocity)
                    && (-0.5..=0.5).contains(&offset),
                "a groove has a stroke that is none"
            );
            groove.steps[step][lane] = Some(Hit { velocity, offset });
        }
        Ok(groove)
    }
}
