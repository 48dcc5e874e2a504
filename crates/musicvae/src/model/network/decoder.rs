//! Latents to the parameters of what is played.

use candle_core::{DType, Result, Tensor, bail};

use super::segments::{Ends, cut, join};
use super::{Batch, InputMask, KeepAll, Network, Past, beside_every_step};
use crate::model::lstm::{Direction, LstmWeights, lstm_step};
use crate::model::{Core, Preset};

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
        let segments = self.preset.segments();
        let told = cut(&previous, segments)?;
        let controls = match &batch.controls {
            None => None,
            Some(controls) => Some(cut(controls, segments)?),
        };
        if !self.preset.autoregressive_levels.is_empty() {
            let mut tour = Tour {
                told,
                controls,
                ends: Ends::new(batch, segments)?,
                played: Vec::with_capacity(segments),
            };
            self.lead(0, z, &mut tour, mask, past)?;
            return Tensor::cat(&tour.played, 0);
        }
        let leader = self.conduct(z, mask)?;
        let mut parameters = Vec::new();
        for core in self.preset.cores() {
            let player = self.player(&core, &told, &leader, controls.as_ref())?;
            parameters.push(player.play(mask, past)?);
        }
        join(&Tensor::cat(&parameters, 2)?, segments)
    }

    /// What leads every segment: `[segments * batch, size]`, segment by segment; `z` itself where
    /// there is no conductor.
    fn conduct(&self, z: &Tensor, mask: InputMask) -> Result<Tensor> {
        let size = z.dim(0)?;
        let mut leaders = z.clone();
        for (level, &steps) in self.preset.conductors().iter().enumerate() {
            let above = leaders.dim(0)?;
            // It hears nothing: there is nothing to drop and nothing to differentiate.
            let mut x = Tensor::zeros((steps, above, 1), DType::F32, z.device())?;
            let states = self.conductor_states(level, &leaders)?;
            for (layer, state) in states.iter().enumerate() {
                if layer > 0 {
                    x = mask.apply(&x)?;
                }
                let weights = self.conductor_cell(level, layer);
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

    fn conductor_cell(&self, level: usize, layer: usize) -> LstmWeights {
        let scope = Preset::conductor_scope(level);
        self.lstm_weights(&format!("{scope}/cell_{layer}/lstm_cell"))
    }

    fn conductor_states(&self, level: usize, leader: &Tensor) -> Result<Vec<Tensor>> {
        let scope = Preset::conductor_scope(level);
        self.states(&format!("{scope}/initial_state"), leader)
    }

    /// The states, `[rows, 2 * units]` a layer with the cell first, that the dense layer `scope`
    /// makes of `leader`.
    fn states(&self, scope: &str, leader: &Tensor) -> Result<Vec<Tensor>> {
        let states = self.dense(scope, leader)?.tanh()?;
        let mut first = 0;
        let each = self.preset.decoder.iter().map(|units| {
            first += 2 * units;
            states.narrow(1, first - 2 * units, 2 * units)
        });
        each.collect()
    }

    fn player<'a>(
        &'a self,
        core: &'a Core,
        told: &Tensor,
        leader: &Tensor,
        controls: Option<&'a Tensor>,
    ) -> Result<Player<'a>> {
        let layers = 0..self.preset.decoder.len();
        Ok(Player {
            network: self,
            core,
            told: told.narrow(2, core.first, core.columns)?,
            leader: leader.clone(),
            controls: controls.cloned(),
            cells: layers
                .map(|layer| self.lstm_weights(&core.cell(layer)))
                .collect(),
            states: self.states(&format!("{}/z_to_initial_state", core.scope), leader)?,
        })
    }

    /// Plays all that the conductor at `level` leads, segment after segment, and returns the last
    /// states of its layers, `[batch, cell and output of each]`. This is the way of decoders whose
    /// conductors hear what they led; the others need no order.
    fn lead(
        &self,
        level: usize,
        leader: &Tensor,
        tour: &mut Tour,
        mask: InputMask,
        past: &mut Past,
    ) -> Result<Tensor> {
        let Some(&steps) = self.preset.conductors().get(level) else {
            return self.segment(leader, tour, mask, past);
        };
        let size = leader.dim(0)?;
        let mut states = self
            .conductor_states(level, leader)?
            .iter()
            .map(halves)
            .collect::<Result<Vec<_>>>()?;
        let weights: Vec<_> = (0..states.len())
            .map(|layer| self.conductor_cell(level, layer))
            .collect();
        let heard = weights[0].kernel.dim(0)? - self.preset.decoder[0];
        let heard = heard.saturating_sub(leader.dim(1)?);
        let mut heard = Tensor::zeros((size, heard), DType::F32, leader.device())?;
        for _ in 0..steps {
            let mut x = match self.preset.is_autoregressive(level) {
                true => Tensor::cat(&[&heard, leader], 1)?,
                false => Tensor::zeros((size, 1), DType::F32, leader.device())?,
            };
            for ((c, h), weights) in states.iter_mut().zip(&weights) {
                let input = mask.apply(&x.unsqueeze(0)?)?.squeeze(0)?;
                (*c, *h) = lstm_step(&input, weights, c, h)?;
                x = h.clone();
            }
            heard = self.lead(level + 1, &x, tour, mask, past)?;
        }
        let flat: Vec<_> = states.iter().flat_map(|(c, h)| [c, h]).collect();
        Tensor::cat(&flat, 1)
    }

    /// Plays the next segment and returns the last states of the decoders at the bottom: of each
    /// layer the cells of all, then the outputs of all.
    fn segment(
        &self,
        leader: &Tensor,
        tour: &mut Tour,
        mask: InputMask,
        past: &mut Past,
    ) -> Result<Tensor> {
        let size = leader.dim(0)?;
        let first = tour.played.len() * size;
        let whole = tour.told.dim(0)?;
        // As in the reference, the longest of a batch says when all of it ends.
        let steps = tour.ends.longest(first, size);
        let piece = |x: &Tensor| x.narrow(0, 0, steps.max(1))?.narrow(1, first, size);
        let controls = tour.controls.as_ref().map(piece).transpose()?;
        let told = piece(&tour.told)?;
        let mut parameters = Vec::new();
        let mut states: Vec<Vec<Tensor>> = vec![Vec::new(); 2 * self.preset.decoder.len()];
        for core in self.preset.cores() {
            let player = self.player(&core, &told, leader, controls.as_ref())?;
            let masks = player.masks(mask)?;
            let played = player.improvise(&masks, past)?;
            let last = match steps {
                0 => player
                    .states
                    .iter()
                    .map(halves)
                    .collect::<Result<Vec<_>>>()?,
                _ => played.states,
            };
            for (all, state) in states
                .iter_mut()
                .zip(last.into_iter().flat_map(|(c, h)| [c, h]))
            {
                all.push(state);
            }
            parameters.push(played.parameters);
        }
        let parameters = Tensor::cat(&parameters, 2)?;
        tour.played
            .push(parameters.pad_with_zeros(0, 0, whole - steps.max(1))?);
        Tensor::cat(&states.concat(), 1)
    }
}

/// A pass over segments one after the other.
struct Tour {
    /// All segments, as [`cut`] lays them.
    told: Tensor,
    controls: Option<Tensor>,
    ends: Ends,
    /// The parameters of the segments so far, `[steps, batch, parameters]`.
    played: Vec<Tensor>,
}

/// One of the decoders at the bottom, before rows that it is to play: windows, or segments of
/// windows side by side.
struct Player<'a> {
    network: &'a Network,
    core: &'a Core,
    /// What was played before each step: `[steps, rows, columns]`.
    told: Tensor,
    /// What leads every step: `[rows, size]`.
    leader: Tensor,
    /// What else each step hears: `[steps, rows, controls]`.
    controls: Option<Tensor>,
    cells: Vec<LstmWeights>,
    /// States to start from, `[rows, 2 * units]`.
    states: Vec<Tensor>,
}

/// What a decoder played by itself.
struct Played {
    /// What it heard before each step: `[steps, rows, columns]`.
    heard: Tensor,
    /// `[steps, rows, parameters]`
    parameters: Tensor,
    /// Its last states, cell and output.
    states: Vec<(Tensor, Tensor)>,
}

impl Player<'_> {
    /// The parameters of every step.
    fn play(&self, mask: InputMask, past: &mut Past) -> Result<Tensor> {
        if let Past::Told = past {
            return self.hear(&self.told, mask);
        }
        let masks = self.masks(mask)?;
        if self.network.preset.head.is_differentiable() {
            return Ok(self.improvise(&masks, past)?.parameters);
        }
        // Nothing is learned through what is drawn. So that is found first, off the tape, and then
        // told like anything else, in one pass.
        let heard = self.detached().improvise(&masks, past)?.heard;
        if mask.keeps_all() {
            return self.hear(&heard, &mut KeepAll);
        }
        let mut masks = masks.iter().flatten();
        self.hear(&heard, &mut |x: &Tensor| match masks.next() {
            Some(mask) => x * mask,
            None => Ok(x.clone()),
        })
    }

    /// The parameters when all that is heard is known.
    fn hear(&self, heard: &Tensor, mask: InputMask) -> Result<Tensor> {
        // Where the leader reaches every step whole, it needs to be multiplied only once.
        let (mut hidden, mut leader) = match &self.controls {
            None if mask.keeps_all() => (heard.clone(), Some(&self.leader)),
            controls => (self.every_step(heard, controls.as_ref())?, None),
        };
        // What is heard has been played: nothing is learned by changing it.
        let mut made = leader.is_none();
        for (weights, state) in self.cells.iter().zip(&self.states) {
            let x = mask.apply(&hidden)?;
            let leader = leader.take();
            let network = self.network;
            hidden = network.layer(&x, leader, weights, state, Direction::Forward, made)?;
            made = true;
        }
        let (steps, rows, units) = hidden.dims3()?;
        self.parameters(&hidden.reshape((steps * rows, units))?)?
            .reshape((steps, rows, ()))
    }

    /// The whole input of every step.
    fn every_step(&self, heard: &Tensor, controls: Option<&Tensor>) -> Result<Tensor> {
        let led = beside_every_step(heard, &self.leader)?;
        controls.map_or(Ok(led.clone()), |controls| {
            Tensor::cat(&[&led, controls], 2)
        })
    }

    fn parameters(&self, hidden: &Tensor) -> Result<Tensor> {
        let scope = format!("{}/output_projection", self.core.scope);
        self.network.dense(&scope, hidden)
    }

    /// Plays step by step, hearing `past`.
    fn improvise(&self, masks: &[Option<Tensor>], past: &mut Past) -> Result<Played> {
        let (steps, rows, _) = self.told.dims3()?;
        let mut states = self.states.iter().map(halves).collect::<Result<Vec<_>>>()?;
        let mut heard = Vec::with_capacity(steps);
        let mut parameters = Vec::with_capacity(steps);
        let mut next = self.told.get(0)?;
        for step in 0..steps {
            let controls = self.controls.as_ref();
            let controls = controls.map(|all| all.narrow(0, step, 1)).transpose()?;
            let x = self.every_step(&next.unsqueeze(0)?, controls.as_ref())?;
            let mut x = x.get(0)?;
            for (((c, h), weights), mask) in states.iter_mut().zip(&self.cells).zip(masks) {
                if let Some(mask) = mask {
                    x = (x * mask.get(step)?)?;
                }
                (*c, *h) = lstm_step(&x, weights, c, h)?;
                x = h.clone();
            }
            let made = self.parameters(&x)?;
            heard.push(next.clone());
            if step + 1 < steps {
                next = self.told.get(step + 1)?;
                if let Past::Mixed {
                    probability,
                    uniform,
                } = past
                {
                    let chosen = || f32::from(u8::from(f64::from(uniform()) < *probability));
                    let chosen: Vec<f32> = std::iter::repeat_with(chosen).take(rows).collect();
                    let chosen = Tensor::from_vec(chosen, (rows, 1), next.device())?;
                    let drawn = self.network.draw_in_training(self.core, &made, uniform)?;
                    let told = next.broadcast_mul(&chosen.affine(-1.0, 1.0)?)?;
                    next = (told + drawn.broadcast_mul(&chosen)?)?;
                }
            }
            parameters.push(made);
        }
        Ok(Played {
            heard: Tensor::stack(&heard, 0)?,
            parameters: Tensor::stack(&parameters, 0)?,
            states,
        })
    }

    /// What dropout leaves of ones, for the input of each layer; `None` where it leaves all.
    fn masks(&self, mask: InputMask) -> Result<Vec<Option<Tensor>>> {
        if mask.keeps_all() {
            return Ok(vec![None; self.cells.len()]);
        }
        let (steps, rows, _) = self.told.dims3()?;
        let below = self.cells.iter().zip(&self.network.preset.decoder);
        let ones = |(cell, units): (&LstmWeights, &usize)| {
            let shape = (steps, rows, cell.kernel.dim(0)? - units);
            let ones = Tensor::ones(shape, DType::F32, self.told.device())?;
            Ok(Some(mask.apply(&ones)?))
        };
        below.map(ones).collect()
    }

    /// The same off the tape.
    fn detached(&self) -> Player<'_> {
        let off = |weights: &LstmWeights| LstmWeights {
            kernel: weights.kernel.detach(),
            bias: weights.bias.detach(),
            factors: weights.factors,
        };
        Player {
            network: self.network,
            core: self.core,
            told: self.told.clone(),
            leader: self.leader.detach(),
            controls: self.controls.clone(),
            cells: self.cells.iter().map(off).collect(),
            states: self.states.iter().map(Tensor::detach).collect(),
        }
    }
}

/// A state as cell and output.
fn halves(state: &Tensor) -> Result<(Tensor, Tensor)> {
    let units = state.dim(1)? / 2;
    Ok((state.narrow(1, 0, units)?, state.narrow(1, units, units)?))
}
