//! What a decoder hears before each step, and what it draws with.

use candle_core::{Result, Tensor};

use crate::model::Core;
use crate::model::head::Heat;
use crate::model::network::segments::{Ends, cut};
use crate::model::network::{InputMask, Network};
use crate::model::plan::Plan;
use crate::model::walk::{Moment, Performance};

/// What a decoder hears before each step.
pub enum Ear<'a> {
    /// What it played.
    Own(Own),
    /// What was played in truth, or now and then what it drew.
    Told(Told<'a>),
}

/// What a decoder that hears itself draws with; tensors as [`cut`] lays them.
pub struct Own {
    pub heat: Heat,
    /// `[steps of a segment, segments * rows, chances]`
    pub chances: Tensor,
    /// Numbers in place of drawn ones, `[steps of a segment, segments * rows, columns]`.
    pub known: Option<Tensor>,
    pub end: Option<usize>,
    pub keep_parameters: bool,
}

/// What a decoder in training is told.
pub struct Told<'a> {
    /// What was played before each step: `[steps of a segment, segments * rows, columns]`.
    pub rows: &'a Tensor,
    /// Where the segments end.
    pub ends: Ends,
    /// How often it hears what it drew instead.
    pub mixture: Option<Mixture<'a>>,
    pub mask: InputMask<'a>,
}

/// What a decoder hears of what it drew: with this probability, a step and a row at a time.
pub struct Mixture<'a> {
    pub probability: f64,
    /// Numbers in `0..1` to decide and draw with.
    pub uniform: &'a mut dyn FnMut() -> f32,
}

impl Told<'_> {
    /// Steps of a segment of `rows` sequences: as in the reference, the longest says when all of them
    /// end. One at least is played.
    pub fn steps(&self, segment: usize, rows: usize) -> usize {
        self.ends.longest(segment * rows, rows).max(1)
    }

    /// What a player hears before a step.
    pub fn before(&self, at: Moment, core: &Core, rows: usize) -> Result<Tensor> {
        let rows = self.rows.get(at.turn)?.narrow(0, at.segment * rows, rows)?;
        rows.narrow(1, core.first, core.columns)
    }
}

impl Performance<'_> {
    /// Its controls, and the rest of it, on the network's device.
    pub fn on(&self, network: &Network, plan: &Plan) -> Result<(Option<Tensor>, Own)> {
        let laid = |rows: &[&[f32]], width: usize| {
            let mut values = Vec::with_capacity(self.steps * rows.len() * width);
            for step in 0..self.steps {
                (rows.iter())
                    .for_each(|row| values.extend_from_slice(&row[step * width..][..width]));
            }
            let shape = (self.steps, rows.len(), width);
            let all = Tensor::from_vec(values, shape, &network.device)?;
            // A step is then one piece of memory.
            cut(&all, plan.segments)?.contiguous()
        };
        let given = |rows: &[&[f32]], width: usize| match rows.first() {
            Some([_, ..]) => laid(rows, width).map(Some),
            _ => Ok(None),
        };
        let own = Own {
            heat: self.heat,
            chances: laid(&self.chances, plan.chances)?,
            known: given(&self.known, plan.columns)?,
            end: self.end,
            keep_parameters: self.keep_parameters,
        };
        Ok((given(&self.controls, self.control_depth)?, own))
    }
}
