//! Grooves as rows of numbers and back, in every form of the reference's `GrooveConverter`.
//!
//! A plain row holds nine hits, nine velocities and nine doubled offsets. With bins each velocity
//! and offset is a one-hot group instead of a number. With split instruments a row holds one lane.

use crate::data::rows::greatest;
use crate::music::{FEATURES, Groove, GrooveBins, GrooveOptions, Hit, LANES, Lane, Step};

impl Groove {
    /// The groove as `steps x 27` numbers, row by row: columns 0-8 hits (0 or 1), 9-17 velocities
    /// (0..=1), 18-26 offsets doubled to -1..=1 (positive = early). Silent cells are all zero.
    /// This is the layout of the reference's `GrooveConverter`.
    pub fn to_features(&self) -> Vec<f32> {
        let mut features = vec![0.0; self.steps.len() * FEATURES];
        for (step, lane, hit) in self.hits() {
            let row = &mut features[step * FEATURES..][..FEATURES];
            row[lane.index()] = 1.0;
            row[LANES + lane.index()] = hit.velocity;
            row[2 * LANES + lane.index()] = 2.0 * hit.offset;
        }
        features
    }

    /// The groove that `features` (laid out as [`Groove::to_features`] does) stands for: a hit
    /// where column 0-8 is over one half, velocities and offsets clipped to their ranges. A last
    /// row that is not whole is ignored.
    pub fn from_features(features: &[f32], qpm: f64) -> Groove {
        let steps = features.chunks_exact(FEATURES).map(step_from_row).collect();
        Groove {
            steps,
            qpm,
            ..Groove::empty(0)
        }
    }
}

fn step_from_row(row: &[f32]) -> Step {
    std::array::from_fn(|lane| {
        (row[lane] > 0.5).then(|| {
            Hit::new(
                row[LANES + lane].clamp(0.0, 1.0),
                (row[2 * LANES + lane] / 2.0).clamp(-0.5, 0.5),
            )
        })
    })
}

/// Where the numbers of a cell stand.
struct Layout {
    /// Lanes in a row: nine, or one.
    lanes: usize,
    velocities: usize,
    offsets: usize,
}

impl Layout {
    fn of(options: &GrooveOptions) -> Layout {
        let GrooveBins { velocity, offset } = options.bins.unwrap_or(GrooveBins {
            velocity: 1,
            offset: 1,
        });
        Layout {
            lanes: if options.split_instruments { 1 } else { LANES },
            velocities: velocity,
            offsets: offset,
        }
    }

    fn depth(&self) -> usize {
        self.lanes * (1 + self.velocities + self.offsets)
    }

    /// Numbers of one step of the grid.
    fn step(&self) -> usize {
        self.depth() * LANES / self.lanes
    }

    /// Where hit, velocity and offset of a lane begin in the numbers of its step.
    fn cell(&self, lane: usize) -> [usize; 3] {
        let (row, place) = (lane / self.lanes, lane % self.lanes);
        let start = row * self.depth();
        let velocities = start + self.lanes;
        let offsets = velocities + self.lanes * self.velocities;
        [
            start + place,
            velocities + place * self.velocities,
            offsets + place * self.offsets,
        ]
    }
}

/// The rows of a groove.
pub(crate) fn write(groove: &Groove, options: &GrooveOptions) -> Vec<f32> {
    let Some(bins) = options.bins else {
        if !options.split_instruments {
            return groove.to_features();
        }
        return fill(groove, options, |hit, velocity, offset| {
            let hit = hit.unwrap_or(Hit::new(0.0, 0.0));
            velocity[0] = hit.velocity;
            offset[0] = 2.0 * hit.offset;
        });
    };
    let (velocity_edges, offset_edges) = (edges(0.0, bins.velocity), edges(-1.0, bins.offset));
    fill(groove, options, |hit, velocity, offset| {
        let value = hit.map_or(0.0, |hit| f64::from(hit.velocity));
        velocity[bin(value, &velocity_edges)] = 1.0;
        let value = hit.map_or(0.0, |hit| 2.0 * f64::from(hit.offset));
        offset[bin(value, &offset_edges)] = 1.0;
    })
}

fn fill(
    groove: &Groove,
    options: &GrooveOptions,
    write: impl Fn(Option<Hit>, &mut [f32], &mut [f32]),
) -> Vec<f32> {
    let layout = Layout::of(options);
    let mut rows = vec![0.0; groove.steps.len() * layout.step()];
    for (numbers, step) in rows.chunks_exact_mut(layout.step()).zip(&groove.steps) {
        for (lane, hit) in step.iter().enumerate() {
            let [at, velocity, offset] = layout.cell(lane);
            numbers[at] = f32::from(u8::from(hit.is_some()));
            let (before, offsets) = numbers.split_at_mut(offset);
            write(
                *hit,
                &mut before[velocity..][..layout.velocities],
                &mut offsets[..layout.offsets],
            );
        }
    }
    rows
}

/// The edges that divide `from..=1` into classes; the last one lies a little above 1.
fn edges(from: f64, count: usize) -> Vec<f64> {
    let step = (1.0 + 0.0001 - from) / (count - 1) as f64;
    let mut edges: Vec<f64> = (0..count).map(|i| i as f64 * step + from).collect();
    edges[count - 1] = 1.0 + 0.0001;
    edges
}

/// How many edges lie below the value. (So the first class is the first edge alone, and the others
/// end with their edge: the reference's choice.)
fn bin(value: f64, edges: &[f64]) -> usize {
    edges
        .partition_point(|edge| *edge < value)
        .min(edges.len() - 1)
}

/// The hits of a groove, nine columns of 0 and 1.
pub(crate) fn hits(groove: &Groove) -> Vec<f32> {
    let cells = groove.steps.iter().flatten();
    cells
        .map(|cell| f32::from(u8::from(cell.is_some())))
        .collect()
}

/// Plain rows of which those hits are known, nine columns of 0 and 1 a step, and nothing else.
pub(crate) fn with_own_feel(hits: &[f32]) -> Vec<f32> {
    let unknown = [f32::NAN; FEATURES - LANES];
    let rows = hits.chunks_exact(LANES);
    rows.flat_map(|hits| hits.iter().chain(&unknown))
        .copied()
        .collect()
}

/// The plain rows of a groove of which some cells are known; not a number in the others.
pub(crate) fn known(groove: &Groove, is_known: impl Fn(usize, Lane) -> bool) -> Vec<f32> {
    let mut rows = groove.to_features();
    for (step, row) in rows.chunks_exact_mut(FEATURES).enumerate() {
        for lane in Lane::ALL.into_iter().filter(|lane| !is_known(step, *lane)) {
            let cell = row[lane.index()..].iter_mut().step_by(LANES);
            cell.for_each(|number| *number = f32::NAN);
        }
    }
    rows
}

/// The rows that encoder and decoder are given with a groove: its hits, and which lane a row is.
pub(crate) fn controls(groove: &Groove, options: &GrooveOptions) -> Vec<f32> {
    if !options.split_instruments {
        return match options.hits_as_controls {
            true => hits(groove),
            false => Vec::new(),
        };
    }
    let mut controls = Vec::new();
    for (cell, hit) in hits(groove).into_iter().enumerate() {
        if options.hits_as_controls {
            controls.push(hit);
        }
        controls.extend((0..LANES).map(|lane| f32::from(u8::from(lane == cell % LANES))));
    }
    controls
}

/// The groove that rows stand for.
///
/// (Of rows with bins but without split instruments the reference reads only every ninth step: a
/// slip, because it writes them all.)
pub(crate) fn read(rows: &[f32], options: &GrooveOptions, qpm: f64) -> Groove {
    if options.bins.is_none() && !options.split_instruments {
        return Groove::from_features(rows, qpm);
    }
    let layout = Layout::of(options);
    let steps = rows.chunks_exact(layout.step()).map(|numbers| {
        let mut step = Step::default();
        for (lane, cell) in step.iter_mut().enumerate() {
            let [at, velocity, offset] = layout.cell(lane);
            if numbers[at] > 0.5 {
                let velocity = &numbers[velocity..][..layout.velocities];
                let offset = &numbers[offset..][..layout.offsets];
                *cell = Some(if options.bins.is_some() {
                    let part = |row: &[f32]| greatest(row) as f64 / row.len() as f64;
                    // Whole MIDI velocities, rounded down.
                    let velocity = ((part(velocity) * 127.0).trunc() / 127.0) as f32;
                    Hit::new(velocity, (part(offset) - 0.5) as f32)
                } else {
                    Hit::new(
                        velocity[0].clamp(0.0, 1.0),
                        (offset[0] / 2.0).clamp(-0.5, 0.5),
                    )
                });
            }
        }
        step
    });
    Groove {
        steps: steps.collect(),
        qpm,
        ..Groove::empty(0)
    }
}
