//! How well velocities and microtiming can be predicted without a network.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::expression::{Expression, ExpressionSums};
use super::grid::HitGrid;
use super::linear::Linear;
use super::statistics::Resampling;
use crate::music::{Groove, Hit, LANES};

/// Simple predictions of every true stroke from the pattern alone, learned from the training split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// No microtiming; the mean velocity of all strokes (0.5 where there is no training split).
    pub quantized: Expression,
    /// The mean velocity and microtiming of the lane. This and the next ones need a training
    /// split.
    pub mean_offset: Option<Expression>,
    /// Least squares: place in the bar, tempo, and the hits of all lanes eight steps around.
    pub linear: Option<Expression>,
    /// The stroke in the same cell of the most similar training window (by Hamming distance of
    /// hits) that has one, of the 50 nearest; else the lane's mean.
    pub nearest: Option<Expression>,
}

impl Baselines {
    /// Of `grooves`, learned from `train` (windows that do not overlap).
    pub fn measure(grooves: &[Groove], train: Option<&[Groove]>, plan: &Resampling) -> Baselines {
        let figures = |made: Vec<Vec<Hit>>| ExpressionSums::of_made(grooves, &made, plan);
        let each = |stroke: &dyn Fn(usize) -> Hit| {
            let strokes = |groove: &Groove| {
                groove
                    .hits()
                    .map(|(_, lane, _)| stroke(lane.index()))
                    .collect()
            };
            grooves.iter().map(strokes).collect::<Vec<Vec<Hit>>>()
        };
        let velocity = train.map_or(0.5, |train| mean_stroke(train, |_| true).velocity);
        let quantized = Hit::new(velocity, 0.0);
        let lanes = train.map(lane_means);
        Baselines {
            quantized: figures(each(&|_| quantized)),
            mean_offset: lanes.map(|lanes| figures(each(&|lane| lanes[lane]))),
            linear: train.map(|train| {
                let linear = Linear::fit(train);
                figures(
                    grooves
                        .iter()
                        .map(|groove| linear.predict(groove))
                        .collect(),
                )
            }),
            nearest: train
                .zip(lanes)
                .map(|(train, lanes)| figures(nearest(grooves, train, &lanes))),
        }
    }
}

/// The mean stroke on each lane; in the middle of a lane that is never hit.
fn lane_means(grooves: &[Groove]) -> [Hit; LANES] {
    std::array::from_fn(|lane| mean_stroke(grooves, |it| it == lane))
}

fn mean_stroke(grooves: &[Groove], counts: impl Fn(usize) -> bool) -> Hit {
    let strokes = grooves.iter().flat_map(Groove::hits);
    let (count, velocity, offset) = strokes.filter(|(_, lane, _)| counts(lane.index())).fold(
        (0.0, 0.0, 0.0),
        |(count, velocity, offset), (.., hit)| {
            let (v, o) = (f64::from(hit.velocity), f64::from(hit.offset));
            (count + 1.0, velocity + v, offset + o)
        },
    );
    if count == 0.0 {
        return Hit::new(0.5, 0.0);
    }
    Hit::new((velocity / count) as f32, (offset / count) as f32)
}

fn nearest(grooves: &[Groove], train: &[Groove], lanes: &[Hit; LANES]) -> Vec<Vec<Hit>> {
    /// Windows that are asked before the lane's mean is taken.
    const NEIGHBOURS: usize = 50;
    let grids: Vec<HitGrid> = train.iter().map(HitGrid::new).collect();
    let predict = |groove: &Groove| {
        let neighbours = HitGrid::new(groove).nearest(&grids, NEIGHBOURS);
        groove
            .hits()
            .map(|(step, lane, _)| {
                let mut found = neighbours
                    .iter()
                    .filter_map(|place| train[*place].hit(step, lane));
                found.next().unwrap_or(lanes[lane.index()])
            })
            .collect()
    };
    grooves.par_iter().map(predict).collect()
}
