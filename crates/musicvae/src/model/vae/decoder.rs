//! Latents to rows: conductors, and decoders side by side that hear what they play.

use candle_core::Result;

use super::draw::{Draw, Drawn};
use crate::model::head::Chances;
use crate::model::recurrent::{Cell, Dense, Stack};
use crate::model::{Core, Preset, Tensors};

/// Conductors above, decoders below.
pub(super) struct Decoder {
    conductors: Vec<Conductor>,
    players: Vec<Player>,
    /// Columns of a row of outputs, and of one of parameters.
    columns: usize,
    parameters: usize,
    /// Random numbers that a row takes.
    pub chances: usize,
    /// Whether any conductor hears what it led.
    autoregressive: bool,
}

/// Layers that turn `z` (or an embedding from above) into embeddings.
struct Conductor {
    steps: usize,
    initial: Dense,
    cells: Vec<Cell>,
    /// Width of the state of what it leads, if it hears that before its next step (and its own
    /// leader at each); otherwise it hears one zero a step.
    hears: Option<usize>,
}

/// A decoder at the bottom.
struct Player {
    core: Core,
    /// Where its parameters and random numbers begin in a row of all players'.
    first_parameter: usize,
    first_chance: usize,
    initial: Dense,
    cells: Vec<Cell>,
    output: Dense,
    draw: Draw,
}

/// What is asked of a decoder, and what it has played.
pub(super) struct Performance<'a> {
    /// Divides logits before they are drawn: [`Head::heat`].
    pub heat: f32,
    /// [`Decoder::chances`] a step, the same for every latent.
    pub chances: &'a [f32],
    /// Steps of a segment: of the whole, where there is no hierarchy.
    pub steps: usize,
    /// Rows of controls for each latent, each `control_depth` wide.
    pub controls: &'a [&'a [f32]],
    pub control_depth: usize,
    /// Rows of hits for each latent that are heard in place of drawn ones; empty for none.
    pub hits: &'a [&'a [f32]],
    /// The class that ends a segment.
    pub end: Option<usize>,
    pub keep_parameters: bool,
    /// One for each latent, grown segment by segment.
    pub played: Vec<Track>,
}

/// What was played of one latent.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    /// Rows of outputs, zeros past the end of a segment.
    pub rows: Vec<f32>,
    /// Rows of the decoder's parameters, where they are kept.
    pub parameters: Vec<f32>,
    /// Steps of each segment until it ended.
    pub lengths: Vec<usize>,
}

impl Decoder {
    pub fn new(preset: &Preset, weights: &Tensors) -> Result<Decoder> {
        let state_size: usize = preset.decoder.iter().map(|units| 2 * units).sum();
        let cores = preset.cores();
        let mut embedding = preset.z_size;
        let mut conductors = Vec::new();
        for (level, &steps) in preset.conductors().iter().enumerate() {
            let scope = Preset::conductor_scope(level);
            let led = match level + 1 < preset.conductors().len() {
                true => 1,
                false => cores.len(),
            };
            let hears = preset.is_autoregressive(level).then_some(led * state_size);
            // Either what it heard changes and its leader stays, or one zero stays.
            let known = hears.map_or(0..1, |heard| heard..heard + embedding);
            let cell = |(layer, inputs): (usize, usize)| {
                let known = if layer == 0 {
                    known.clone()
                } else {
                    inputs..inputs
                };
                Cell::new(
                    weights,
                    &format!("{scope}/cell_{layer}/lstm_cell"),
                    0,
                    known,
                )
            };
            conductors.push(Conductor {
                steps,
                initial: Dense::new(weights, &format!("{scope}/initial_state"))?,
                cells: below(preset).map(cell).collect::<Result<_>>()?,
                hears,
            });
            embedding = preset.embedding_size();
        }
        let (mut first_parameter, mut first_chance) = (0, 0);
        let mut players = Vec::new();
        for core in cores {
            let scope = &core.scope;
            let draw = Draw::new(&preset.head, &core, weights)?;
            let cell = |(layer, inputs): (usize, usize)| {
                let scope = core.cell(layer);
                if layer > 0 {
                    return Cell::new(weights, &scope, 0, inputs..inputs);
                }
                let switches = if draw.is_binary() { core.columns } else { 0 };
                let known = core.columns..core.columns + embedding;
                Cell::new(weights, &scope, switches, known)
            };
            let player = Player {
                first_parameter,
                first_chance,
                initial: Dense::new(weights, &format!("{scope}/z_to_initial_state"))?,
                cells: below(preset).map(cell).collect::<Result<_>>()?,
                output: Dense::new(weights, &format!("{scope}/output_projection"))?,
                draw,
                core,
            };
            first_parameter += player.output.outputs();
            first_chance += player.draw.chances(player.core.columns);
            players.push(player);
        }
        Ok(Decoder {
            columns: players.iter().map(|player| player.core.columns).sum(),
            parameters: first_parameter,
            chances: first_chance,
            autoregressive: conductors.iter().any(|conductor| conductor.hears.is_some()),
            conductors,
            players,
        })
    }

    /// Plays latents, which stand one after the other in `z`.
    pub fn run(&self, z: &[f32], performance: &mut Performance) {
        let mut last = vec![0.0; performance.played.len() * self.columns];
        self.lead(0, z, &mut last, performance);
    }

    /// Plays all that the conductor at `level` leads, segment after segment; `last` is the rows
    /// played before and then the last ones of these. Returns the last states of the conductor's
    /// layers, a row for each latent, where anyone hears them.
    fn lead(
        &self,
        level: usize,
        leader: &[f32],
        last: &mut [f32],
        performance: &mut Performance,
    ) -> Vec<f32> {
        let Some(conductor) = self.conductors.get(level) else {
            return self.segment(leader, last, performance);
        };
        let rows = performance.played.len();
        let known = conductor.hears.map(|_| leader);
        let mut layers = Stack::start(&conductor.cells, &conductor.initial, leader, known);
        let mut heard = vec![0.0; rows * conductor.hears.unwrap_or(0)];
        for _ in 0..conductor.steps {
            let embedding = layers.step(&heard, &[]).to_vec();
            let led = self.lead(level + 1, &embedding, last, performance);
            if conductor.hears.is_some() {
                heard = led;
            }
        }
        if !self.autoregressive {
            return Vec::new();
        }
        let states = (0..rows).flat_map(|row| layers.state(row));
        states.flatten().copied().collect()
    }

    /// Plays a segment; see [`Decoder::lead`]. The states of the players are joined layer by layer:
    /// the cells of all, then the outputs of all.
    fn segment(&self, leader: &[f32], last: &mut [f32], performance: &mut Performance) -> Vec<f32> {
        let steps = performance.steps;
        for track in &mut performance.played {
            track.lengths.push(steps);
            let played = track.lengths.len() * steps;
            track.rows.resize(played * self.columns, 0.0);
            if performance.keep_parameters {
                track.parameters.resize(played * self.parameters, 0.0);
            }
        }
        let states: Vec<_> = self
            .players
            .iter()
            .map(|player| player.play(self, leader, last, performance))
            .collect();
        if !self.autoregressive {
            return Vec::new();
        }
        let rows = performance.played.len();
        let parts = 2 * self.players[0].cells.len();
        let joined =
            (0..rows * parts).flat_map(|part| states.iter().flat_map(move |all| &all[part]));
        joined.copied().collect()
    }
}

/// Each decoder layer with the width of its inputs; that of the lowest, which is not of its own
/// making, is 0.
fn below(preset: &Preset) -> impl Iterator<Item = (usize, usize)> {
    let inputs = std::iter::once(&0).chain(&preset.decoder);
    (0..preset.decoder.len()).zip(inputs.copied())
}

impl Player {
    /// Plays the segment that the performance has come to. Returns, where a conductor hears it,
    /// cell and output of each layer at the end, latent by latent.
    fn play(
        &self,
        decoder: &Decoder,
        leader: &[f32],
        last: &mut [f32],
        performance: &mut Performance,
    ) -> Vec<Vec<f32>> {
        let rows = performance.played.len();
        let Core { first, columns, .. } = self.core;
        let (binary, wide) = (self.draw.is_binary(), self.output.outputs());
        let before = performance
            .played
            .first()
            .map_or(0, |track| track.lengths.len() - 1);
        let mut layers = Stack::start(&self.cells, &self.initial, leader, Some(leader));
        let mut drawn: Vec<f32> = last
            .chunks_exact(decoder.columns)
            .flat_map(|row| &row[first..first + columns])
            .copied()
            .collect();
        let mut ones = vec![Vec::new(); rows];
        if binary {
            for (ones, row) in ones.iter_mut().zip(drawn.chunks_exact(columns)) {
                ones.extend((0..columns).filter(|&column| row[column] != 0.0));
            }
        }
        let mut x = Vec::new();
        let mut parameters = vec![0.0; rows * wide];
        // Of the latents whose segment has ended, the layers' states then.
        let mut ended: Vec<Option<Vec<Vec<f32>>>> = vec![None; rows];
        for turn in 0..performance.steps {
            let step = before * performance.steps + turn;
            x.clear();
            for (drawn, controls) in drawn.chunks_exact(columns).zip(performance.controls) {
                if !binary {
                    x.extend_from_slice(drawn);
                }
                let depth = performance.control_depth;
                x.extend_from_slice(&controls[step * depth..][..depth]);
            }
            self.output
                .run_into(layers.step(&x, &ones), &mut parameters);
            let chances = &performance.chances[step * decoder.chances..][self.first_chance..];
            for (row, parameters) in parameters.chunks_exact_mut(wide).enumerate() {
                if ended[row].is_some() {
                    continue;
                }
                let track = &mut performance.played[row];
                if performance.keep_parameters {
                    let place = step * decoder.parameters + self.first_parameter;
                    track.parameters[place..place + wide].copy_from_slice(parameters);
                }
                let (drawn, ones) = (&mut drawn[row * columns..][..columns], &mut ones[row]);
                let heard = Drawn {
                    row: &mut *drawn,
                    ones: &mut *ones,
                };
                let lanes = columns / 3;
                let hits = performance.hits[row].get(step * lanes..(step + 1) * lanes);
                let chances = Chances {
                    numbers: chances,
                    heat: performance.heat,
                    hits: hits.filter(|hits| !hits.is_empty()),
                };
                self.draw.draw(parameters, &chances, heard);
                let place = step * decoder.columns + first;
                track.rows[place..place + columns].copy_from_slice(drawn);
                if performance.end.is_some_and(|end| ones.contains(&end)) {
                    track.lengths[before] = turn + 1;
                    ended[row] = Some(layers.state(row).map(<[f32]>::to_vec).collect());
                }
            }
            if ended.iter().all(Option::is_some) {
                break;
            }
        }
        for (last, drawn) in last
            .chunks_exact_mut(decoder.columns)
            .zip(drawn.chunks_exact(columns))
        {
            last[first..first + columns].copy_from_slice(drawn);
        }
        if !decoder.autoregressive {
            return Vec::new();
        }
        let at_the_end = |row: usize| layers.state(row).map(<[f32]>::to_vec).collect();
        let states = ended.into_iter().enumerate();
        states
            .flat_map(|(row, state)| state.unwrap_or_else(|| at_the_end(row)))
            .collect()
    }
}
