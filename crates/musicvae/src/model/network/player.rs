//! The decoder step by step, on any device: weights, states, random numbers and the rows that it
//! plays stay there from the first step to the last. On the tape or off it.

pub mod ear;
mod layers;

use candle_core::{DType, Result, Tensor, bail};

use self::ear::{Ear, Mixture};
use self::layers::{Playing, Stack, either};
use super::Network;
use crate::model::plan::{self, Plan};
use crate::model::walk::{Backend, Moment, Performance, Place, Track, walk};

impl Network {
    /// Plays latents, which stand one after the other in `z`.
    pub(in crate::model) fn play(
        &self,
        z: Vec<f32>,
        performance: &Performance,
    ) -> Result<Vec<Track>> {
        let (plan, rows) = (Plan::of(&self.preset), performance.chances.len());
        let z = Tensor::from_vec(z, (rows, self.preset.z_size), &self.device)?;
        let (controls, own) = performance.on(self, &plan)?;
        let mut band = Band::new(self, &plan, rows, controls, Ear::Own(own))?;
        walk(&plan, &mut band, &z, performance.steps)?;
        band.tracks(performance)
    }
}

/// A decoder at play.
pub(super) struct Band<'a> {
    network: &'a Network,
    plan: &'a Plan,
    conductors: Vec<Stack<'a>>,
    players: Vec<Stack<'a>>,
    /// Sequences side by side.
    rows: usize,
    /// `[steps of a segment, segments * rows, controls]`, as [`cut`] lays them.
    controls: Option<Tensor>,
    ear: Ear<'a>,
    /// Of each player.
    pub parts: Vec<Part>,
}

/// What a player has played.
#[derive(Default)]
pub(super) struct Part {
    /// Its last row, or what it was told instead: `[rows, columns]`.
    next: Option<Tensor>,
    /// What it drew, of one that hears itself; what it heard, of another: `[rows, columns]` a step.
    pub heard: Vec<Tensor>,
    /// `[rows, parameters]` a step.
    pub parameters: Vec<Tensor>,
    /// Steps of each segment until it ended, where it can: `[rows, 1]`.
    lengths: Vec<Tensor>,
    /// What dropout left of the inputs of each layer; see [`Stack::masks`].
    pub masks: Vec<Tensor>,
}

impl<'a> Band<'a> {
    pub fn new(
        network: &'a Network,
        plan: &'a Plan,
        rows: usize,
        controls: Option<Tensor>,
        ear: Ear<'a>,
    ) -> Result<Band<'a>> {
        let stack = |stack: &'a plan::Stack| Stack::new(network, stack);
        let conductors = plan.conductors.iter().map(|it| stack(&it.stack));
        let players = plan.players.iter().map(|it| stack(&it.stack));
        Ok(Band {
            network,
            conductors: conductors.collect::<Result<_>>()?,
            players: players.collect::<Result<_>>()?,
            parts: plan.players.iter().map(|_| Part::default()).collect(),
            plan,
            rows,
            controls,
            ear,
        })
    }

    /// What this segment and step has of a tensor as [`cut`] lays them.
    fn piece(&self, all: &Tensor, segment: usize, turn: usize) -> Result<Tensor> {
        all.get(turn)?.narrow(0, segment * self.rows, self.rows)
    }

    /// What was played, in the memory of the CPU.
    fn tracks(self, performance: &Performance) -> Result<Vec<Track>> {
        let side_by_side = |of: fn(&Part) -> &Vec<Tensor>| -> Result<Vec<Vec<f32>>> {
            let parts = self.parts.iter().map(|part| Tensor::stack(of(part), 1));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            Tensor::cat(&parts, 2)?.flatten(1, 2)?.to_vec2()
        };
        let mut rows = side_by_side(|part| &part.heard)?.into_iter();
        let parameters = match performance.keep_parameters {
            true => side_by_side(|part| &part.parameters)?,
            false => Vec::new(),
        };
        let mut parameters = parameters.into_iter();
        let lengths = match &self.parts[0].lengths[..] {
            [] => {
                let whole = performance.steps / self.plan.segments;
                vec![vec![whole; self.plan.segments]; self.rows]
            }
            lengths => {
                let counted = Tensor::cat(lengths, 1)?.to_vec2::<f32>()?;
                let whole = |row: Vec<f32>| row.into_iter().map(|steps| steps as usize).collect();
                counted.into_iter().map(whole).collect()
            }
        };
        let track = |lengths| Track {
            rows: rows.next().unwrap_or_default(),
            parameters: parameters.next().unwrap_or_default(),
            lengths,
        };
        Ok(lengths.into_iter().map(track).collect())
    }
}

impl Backend for Band<'_> {
    type Rows = Tensor;
    type Layers = Playing;

    fn zeros(&self, width: usize) -> Result<Tensor> {
        Tensor::zeros((self.rows, width), DType::F32, &self.network.device)
    }

    fn start(&mut self, place: Place, leader: &Tensor) -> Result<Playing> {
        let at = match place {
            Place::Conductor(level) => {
                let conductor = &self.plan.conductors[level];
                let stack = &self.conductors[level];
                let masks = match &mut self.ear {
                    Ear::Own(_) => Vec::new(),
                    Ear::Told(told) => stack.masks(conductor.steps, self.rows, &mut *told.mask)?,
                };
                // The one zero that another hears adds nothing.
                return stack.start(self.network, leader, conductor.heard > 0, masks);
            }
            Place::Player(at) => at,
        };
        let core = &self.plan.players[at.player].core;
        let silence = self.zeros(core.columns)?;
        let stack = &self.players[at.player];
        let part = &mut self.parts[at.player];
        match &mut self.ear {
            Ear::Own(own) => {
                part.next.get_or_insert(silence);
                let mut layers = stack.start(self.network, leader, true, Vec::new())?;
                if own.end.is_some() {
                    let all = Tensor::ones((self.rows, 1), DType::F32, &self.network.device)?;
                    layers.going_on = Some(all);
                }
                Ok(layers)
            }
            Ear::Told(told) => {
                let steps = told.steps(at.segment, self.rows);
                part.masks = stack.masks(steps, self.rows, &mut *told.mask)?;
                part.next = Some(told.before(at, core, self.rows)?);
                stack.start(self.network, leader, true, part.masks.clone())
            }
        }
    }

    fn conduct(&self, level: usize, layers: &mut Playing, heard: &Tensor) -> Result<Tensor> {
        let heard = (heard.dim(1)? > 0).then(|| heard.clone());
        self.conductors[level].step(layers, heard)
    }

    fn step(&self, at: Moment, layers: &mut Playing) -> Result<Tensor> {
        let mut x = self.parts[at.player].next.clone();
        if let (Some(row), Some(controls)) = (&x, &self.controls) {
            let controls = self.piece(controls, at.segment, at.turn)?;
            x = Some(Tensor::cat(&[row, &controls], 1)?);
        }
        let before = layers.states.clone();
        let outputs = self.players[at.player].step(layers, x)?;
        if let Ear::Told(told) = &self.ear
            && told.ends.longest(at.segment * self.rows, self.rows) == 0
        {
            // A segment of no steps leaves all as it was.
            layers.states = before;
        }
        Ok(outputs)
    }

    fn dense(&self, at: Moment, outputs: &Tensor) -> Result<Tensor> {
        self.network
            .dense(&self.plan.players[at.player].output, outputs)
    }

    fn draw(&mut self, at: Moment, parameters: Tensor, layers: &mut Playing) -> Result<bool> {
        match &self.ear {
            Ear::Own(_) => self.draw_own(at, parameters, layers),
            Ear::Told(_) => self.listen(at, parameters),
        }
    }

    fn states(&self, side_by_side: Vec<Playing>) -> Result<Tensor> {
        let mut joined = Vec::new();
        for layer in 0..side_by_side[0].states.len() {
            joined.extend(side_by_side.iter().map(|it| it.states[layer].0.clone()));
            joined.extend(side_by_side.iter().map(|it| it.states[layer].1.clone()));
        }
        Tensor::cat(&joined, 1)
    }
}

impl Band<'_> {
    /// Draws a row, which is heard next.
    fn draw_own(&mut self, at: Moment, made: Tensor, layers: &mut Playing) -> Result<bool> {
        let Ear::Own(own) = &self.ear else {
            bail!("a decoder that is told does not hear itself")
        };
        let player = &self.plan.players[at.player];
        let chances = self.piece(&own.chances, at.segment, at.turn)?;
        let chances = chances.narrow(1, player.first_chance, player.chances)?;
        let known = own.known.as_ref();
        let known = known
            .map(|known| self.piece(known, at.segment, at.turn))
            .transpose()?;
        let mut row = self
            .network
            .draw(&player.core, &made, own.heat, &chances, known.as_ref())?;
        let (end, keeps_parameters) = (own.end, own.keep_parameters);
        let part = &mut self.parts[at.player];
        let (mut played, mut parameters) = (row.clone(), made);
        if let (Some(end), Some(going_on)) = (end, &mut layers.going_on) {
            played = row.broadcast_mul(going_on)?;
            parameters = parameters.broadcast_mul(going_on)?;
            if let Some(before) = &part.next {
                row = either(going_on, &row, before)?;
            }
            match part.lengths.get_mut(at.segment) {
                Some(length) => *length = (&*length + &*going_on)?,
                None => part.lengths.push(going_on.clone()),
            }
            *going_on = (&*going_on * row.narrow(1, end, 1)?.affine(-1.0, 1.0)?)?;
        }
        part.next = Some(row);
        part.heard.push(played);
        if keeps_parameters {
            part.parameters.push(parameters);
        }
        Ok(true)
    }

    /// Hears next what it is told, or now and then a row that it drew.
    fn listen(&mut self, at: Moment, made: Tensor) -> Result<bool> {
        let Ear::Told(told) = &mut self.ear else {
            bail!("a decoder that hears itself is told nothing")
        };
        let core = &self.plan.players[at.player].core;
        let next = Moment {
            turn: at.turn + 1,
            ..at
        };
        let goes_on = next.turn < told.steps(at.segment, self.rows);
        let part = &mut self.parts[at.player];
        part.heard.extend(part.next.take());
        if goes_on {
            let mut row = told.before(next, core, self.rows)?;
            if let Some(Mixture {
                probability,
                uniform,
            }) = &mut told.mixture
            {
                let chosen = || f32::from(u8::from(f64::from(uniform()) < *probability));
                let chosen: Vec<f32> = std::iter::repeat_with(chosen).take(self.rows).collect();
                let chosen = Tensor::from_vec(chosen, (self.rows, 1), row.device())?;
                let drawn = self.network.draw_in_training(core, &made, uniform)?;
                row = either(&chosen, &drawn, &row)?;
            }
            part.next = Some(row);
        }
        part.parameters.push(made);
        Ok(goes_on)
    }

    /// The parameters of every step that was told, segment after segment: `[segments * steps, rows,
    /// parameters]`, zeros past the end of a segment.
    pub fn parameters(&self, steps: usize) -> Result<Tensor> {
        let Ear::Told(told) = &self.ear else {
            bail!("a decoder that hears itself keeps tracks")
        };
        let mut first = 0;
        let mut segments = Vec::new();
        while first < self.parts[0].parameters.len() {
            let played = told.steps(segments.len(), self.rows);
            let parts = self.parts.iter();
            let parts = parts.map(|it| Tensor::stack(&it.parameters[first..first + played], 0));
            let parts = Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 2)?;
            segments.push(parts.pad_with_zeros(0, 0, steps - played)?);
            first += played;
        }
        Tensor::cat(&segments, 0)
    }
}
