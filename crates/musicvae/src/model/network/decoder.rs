//! Latents to the parameters of what is played, in training.

use candle_core::{DType, Result, Tensor, bail};

use super::player::Band;
use super::player::ear::{Ear, Mixture, Told};
use super::segments::{Ends, cut, join};
use super::{Batch, InputMask, KeepAll, Network, Past, beside_every_step};
use crate::model::lstm::Direction;
use crate::model::plan::{self, Plan};
use crate::model::walk::{walk, walk_segment};

/// The inputs of the decoders at the bottom, for windows or for segments of windows side by side.
struct Score<'a> {
    /// What was played before each step: `[steps, rows, columns]`.
    told: &'a Tensor,
    /// What leads every step: `[rows, size]`.
    leader: &'a Tensor,
    /// What else each step hears: `[steps, rows, controls]`.
    controls: Option<&'a Tensor>,
}

impl Network {
    /// The decoder's parameters (`[steps, batch, parameters]`: logits, of most heads) for latents
    /// `z` (`[batch, z_size]`) when it is told what was really played before each step (teacher
    /// forcing).
    pub fn decode(&self, z: &Tensor, batch: &Batch, mask: InputMask) -> Result<Tensor> {
        self.decode_hearing(z, batch, mask, &mut Past::Told)
    }

    /// [`Network::decode`] when the decoder hears `past`.
    pub fn decode_hearing(
        &self,
        z: &Tensor,
        batch: &Batch,
        mask: InputMask,
        past: &mut Past,
    ) -> Result<Tensor> {
        let (steps, size, depth) = batch.output.dims3()?;
        if !self.preset.decoder_levels.is_empty() && steps != self.preset.steps() {
            let whole = self.preset.steps();
            bail!("a hierarchy takes windows of {whole} steps, not {steps}");
        }
        let silence = Tensor::zeros((1, size, depth), DType::F32, z.device())?;
        let made = batch.told.as_ref().unwrap_or(&batch.output);
        let previous = Tensor::cat(&[&silence, &made.narrow(0, 0, steps - 1)?], 0)?;
        let plan = Plan::of(&self.preset);
        let told = &cut(&previous, plan.segments)?;
        let controls = batch.controls.as_ref();
        let controls = controls.map(|all| cut(all, plan.segments)).transpose()?;
        let mixture = match past {
            Past::Told => None,
            Past::Mixed {
                probability,
                uniform,
            } => Some(Mixture {
                probability: *probability,
                uniform: &mut **uniform,
            }),
        };
        if plan.is_autoregressive {
            // Conductors hear what they led, so that there is an order.
            let ear = Ear::Told(Told {
                rows: told,
                ends: Ends::new(batch, plan.segments)?,
                mixture,
                mask,
            });
            let mut band = Band::new(self, &plan, size, controls, ear)?;
            walk(&plan, &mut band, z, steps)?;
            return band.parameters(steps / plan.segments);
        }
        let score = Score {
            told,
            leader: &self.conduct(&plan, z, mask)?,
            controls: controls.as_ref(),
        };
        let parameters = match mixture {
            Some(mixture) => self.improvise(&plan, &score, mask, mixture)?,
            None => {
                let mut parameters = Vec::new();
                for player in &plan.players {
                    let core = &player.core;
                    let told = told.narrow(2, core.first, core.columns)?;
                    parameters.push(self.hear(player, &score, &told, mask)?);
                }
                Tensor::cat(&parameters, 2)?
            }
        };
        join(&parameters, plan.segments)
    }

    /// What leads every segment: `[segments * batch, size]`, segment by segment; `z` itself where
    /// there is no conductor.
    fn conduct(&self, plan: &Plan, z: &Tensor, mask: InputMask) -> Result<Tensor> {
        let size = z.dim(0)?;
        let mut leaders = z.clone();
        for conductor in &plan.conductors {
            let (steps, above) = (conductor.steps, leaders.dim(0)?);
            // It hears nothing: there is nothing to drop and nothing to differentiate.
            let mut x = Tensor::zeros((steps, above, 1), DType::F32, z.device())?;
            let states = self.states(&conductor.stack, &leaders)?;
            let cells = conductor.stack.cells.iter().zip(&states).enumerate();
            for (layer, (cell, state)) in cells {
                if layer > 0 {
                    x = mask.apply(&x)?;
                }
                let weights = self.lstm_weights(&cell.scope);
                x = self.layer(&x, None, &weights, state, Direction::Forward, layer > 0)?;
            }
            // A level's steps belong within the steps of the level above.
            leaders = x
                .reshape((steps, above / size, size, ()))?
                .transpose(0, 1)?
                .reshape((steps * above, ()))?;
        }
        Ok(leaders)
    }

    /// The states that layers start from, `[rows, 2 * units]` each with the cell first.
    fn states(&self, stack: &plan::Stack, leader: &Tensor) -> Result<Vec<Tensor>> {
        let states = self.dense(&stack.initial, leader)?.tanh()?;
        let mut first = 0;
        let each = stack.cells.iter().map(|cell| {
            first += 2 * cell.units;
            states.narrow(1, first - 2 * cell.units, 2 * cell.units)
        });
        each.collect()
    }

    /// A player's parameters when all that it hears is known: one pass over the whole sequence.
    fn hear(
        &self,
        player: &plan::Player,
        score: &Score,
        heard: &Tensor,
        mask: InputMask,
    ) -> Result<Tensor> {
        let mut leader = None;
        let mut hidden = match score.controls {
            // Where the leader reaches every step whole, it needs to be multiplied only once.
            None if mask.keeps_all() => {
                leader = Some(score.leader);
                heard.clone()
            }
            None => beside_every_step(heard, score.leader)?,
            Some(controls) => {
                Tensor::cat(&[&beside_every_step(heard, score.leader)?, controls], 2)?
            }
        };
        // What is heard has been played: nothing is learned by changing it.
        let mut made = leader.is_none();
        let states = self.states(&player.stack, score.leader)?;
        for (cell, state) in player.stack.cells.iter().zip(&states) {
            let x = mask.apply(&hidden)?;
            let (weights, leader) = (self.lstm_weights(&cell.scope), leader.take());
            hidden = self.layer(&x, leader, &weights, state, Direction::Forward, made)?;
            made = true;
        }
        let (steps, rows, units) = hidden.dims3()?;
        self.dense(&player.output, &hidden.reshape((steps * rows, units))?)?
            .reshape((steps, rows, ()))
    }

    /// The parameters of all players when they hear some of what they draw.
    fn improvise(
        &self,
        plan: &Plan,
        score: &Score,
        mask: InputMask,
        mixture: Mixture,
    ) -> Result<Tensor> {
        let (steps, rows, _) = score.told.dims3()?;
        let learns = self.preset.head.is_differentiable();
        // Nothing is learned through classes that are drawn. So what is heard is found first, off the
        // tape, and then told like anything else, in one pass.
        let off_the_tape;
        let (network, leader) = match learns {
            true => (self, score.leader.clone()),
            false => {
                off_the_tape = self.off_the_tape();
                (&off_the_tape, score.leader.detach())
            }
        };
        let ear = Ear::Told(Told {
            rows: score.told,
            ends: Ends::whole(steps),
            mixture: Some(Mixture {
                probability: mixture.probability,
                uniform: &mut *mixture.uniform,
            }),
            mask,
        });
        let mut band = Band::new(network, plan, rows, score.controls.cloned(), ear)?;
        walk_segment(plan, &mut band, &leader, steps)?;
        if learns {
            return band.parameters(steps);
        }
        let mut parameters = Vec::new();
        for (player, part) in plan.players.iter().zip(&band.parts) {
            let heard = Tensor::stack(&part.heard, 0)?;
            let mut masks = part.masks.iter();
            let mut again = |x: &Tensor| match masks.next() {
                Some(mask) => x * mask,
                None => Ok(x.clone()),
            };
            let mask: InputMask = match part.masks.is_empty() {
                true => &mut KeepAll,
                false => &mut again,
            };
            parameters.push(self.hear(player, score, &heard, mask)?);
        }
        Tensor::cat(&parameters, 2)
    }
}
