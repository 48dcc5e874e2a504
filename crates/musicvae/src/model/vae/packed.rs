//! A decoder on the CPU: packed weights, a few latents at a time.

use candle_core::Result;

use super::draw::{Draw, Drawn};
use crate::model::head::Chances;
use crate::model::plan::{self, Plan};
use crate::model::recurrent::{Cell, Dense, Stack};
use crate::model::walk::{Backend, Moment, Performance, Place, Track, walk};
use crate::model::{Preset, Tensors};

/// The weights of a decoder.
pub(super) struct Decoder {
    plan: Plan,
    conductors: Vec<Layers>,
    players: Vec<Player>,
}

/// Layers on top of each other, and what their first states are made by.
struct Layers {
    initial: Dense,
    cells: Vec<Cell>,
}

struct Player {
    layers: Layers,
    output: Dense,
    draw: Draw,
}

impl Layers {
    fn new(stack: &plan::Stack, weights: &Tensors) -> Result<Layers> {
        let cell =
            |cell: &plan::Cell| Cell::new(weights, &cell.scope, cell.switched, cell.known.clone());
        Ok(Layers {
            initial: Dense::new(weights, &stack.initial)?,
            cells: stack.cells.iter().map(cell).collect::<Result<_>>()?,
        })
    }
}

impl Decoder {
    pub fn new(preset: &Preset, weights: &Tensors) -> Result<Decoder> {
        let plan = Plan::of(preset);
        let conductors = plan.conductors.iter();
        let conductors = conductors.map(|it| Layers::new(&it.stack, weights));
        let player = |player: &plan::Player| {
            Ok(Player {
                layers: Layers::new(&player.stack, weights)?,
                output: Dense::new(weights, &player.output)?,
                draw: Draw::new(&preset.head, &player.core, weights)?,
            })
        };
        Ok(Decoder {
            conductors: conductors.collect::<Result<_>>()?,
            players: plan.players.iter().map(player).collect::<Result<_>>()?,
            plan,
        })
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Plays latents, which stand one after the other in `z`.
    pub fn play(&self, z: &Vec<f32>, performance: &Performance) -> Result<Vec<Track>> {
        let rows = performance.chances.len();
        let steps = performance.steps;
        let parameters = match performance.keep_parameters {
            true => steps * self.plan.parameters,
            false => 0,
        };
        let track = Track {
            rows: vec![0.0; steps * self.plan.columns],
            parameters: vec![0.0; parameters],
            lengths: vec![steps / self.plan.segments; self.plan.segments],
        };
        let silence = |player: &plan::Player| Heard {
            row: vec![0.0; rows * player.core.columns],
            ones: vec![Vec::new(); rows],
        };
        let mut band = Band {
            decoder: self,
            performance,
            heard: self.plan.players.iter().map(silence).collect(),
            tracks: vec![track; rows],
        };
        walk(&self.plan, &mut band, z, steps)?;
        Ok(band.tracks)
    }
}

/// A decoder at play.
struct Band<'a> {
    decoder: &'a Decoder,
    performance: &'a Performance<'a>,
    /// What each player played last.
    heard: Vec<Heard>,
    /// What was played of each latent.
    tracks: Vec<Track>,
}

/// The last row of a player, of each latent.
struct Heard {
    row: Vec<f32>,
    /// The columns that are 1, where they are all 0 or 1.
    ones: Vec<Vec<usize>>,
}

/// Layers at play.
struct Playing<'a> {
    stack: Stack<'a>,
    /// Of the latents whose segment has ended, the layers' states then.
    ended: Vec<Option<Vec<Vec<f32>>>>,
    /// What is heard besides the player's own row, with it where that is not 0 and 1.
    x: Vec<f32>,
}

impl Playing<'_> {
    /// Cell and output of every layer in turn, of latent `row`.
    fn state(&self, row: usize) -> Vec<Vec<f32>> {
        let now = || self.stack.state(row).map(<[f32]>::to_vec).collect();
        self.ended[row].clone().unwrap_or_else(now)
    }
}

impl<'a> Backend for Band<'a> {
    type Rows = Vec<f32>;
    type Layers = Playing<'a>;

    fn zeros(&self, width: usize) -> Result<Vec<f32>> {
        Ok(vec![0.0; self.tracks.len() * width])
    }

    fn start(&mut self, place: Place, leader: &Vec<f32>) -> Result<Playing<'a>> {
        let (layers, led) = match place {
            // The one zero that it hears adds nothing.
            Place::Conductor(level) => {
                let hears = self.decoder.plan.conductors[level].heard > 0;
                (&self.decoder.conductors[level], hears)
            }
            Place::Player(at) => (&self.decoder.players[at.player].layers, true),
        };
        let known = led.then_some(&leader[..]);
        Ok(Playing {
            stack: Stack::start(&layers.cells, &layers.initial, leader, known),
            ended: vec![None; self.tracks.len()],
            x: Vec::new(),
        })
    }

    fn conduct(&self, _: usize, layers: &mut Playing<'a>, heard: &Vec<f32>) -> Result<Vec<f32>> {
        Ok(layers.stack.step(heard, &[]).to_vec())
    }

    fn step(&self, at: Moment, layers: &mut Playing<'a>) -> Result<Vec<f32>> {
        let Heard { row, ones } = &self.heard[at.player];
        let player = &self.decoder.plan.players[at.player];
        let depth = self.performance.control_depth;
        layers.x.clear();
        let rows = row.chunks_exact(player.core.columns);
        for (row, controls) in rows.zip(&self.performance.controls) {
            if player.stack.cells[0].switched == 0 {
                layers.x.extend_from_slice(row);
            }
            let controls = &controls[at.step * depth..][..depth];
            layers.x.extend_from_slice(controls);
        }
        Ok(layers.stack.step(&layers.x, ones).to_vec())
    }

    fn dense(&self, at: Moment, outputs: &Vec<f32>) -> Result<Vec<f32>> {
        Ok(self.decoder.players[at.player].output.run(outputs))
    }

    fn draw(
        &mut self,
        at: Moment,
        mut parameters: Vec<f32>,
        layers: &mut Playing<'a>,
    ) -> Result<bool> {
        let plan = &self.decoder.plan;
        let player = &plan.players[at.player];
        let columns = player.core.columns;
        let Heard { row, ones } = &mut self.heard[at.player];
        let rows = row.chunks_exact_mut(columns).zip(ones);
        let made = parameters.chunks_exact_mut(player.parameters);
        for (latent, ((row, ones), made)) in rows.zip(made).enumerate() {
            if layers.ended[latent].is_some() {
                continue;
            }
            let track = &mut self.tracks[latent];
            if self.performance.keep_parameters {
                let place = at.step * plan.parameters + player.first_parameter;
                track.parameters[place..place + made.len()].copy_from_slice(made);
            }
            let chances = &self.performance.chances[latent];
            let chances = &chances[at.step * plan.chances + player.first_chance..];
            let known = self.performance.known[latent];
            let known = known.get(at.step * columns..(at.step + 1) * columns);
            let chances = Chances {
                numbers: chances,
                heat: self.performance.heat,
                known,
            };
            let heard = Drawn {
                row: &mut *row,
                ones: &mut *ones,
            };
            let draw = &self.decoder.players[at.player].draw;
            draw.draw(made, &chances, heard);
            let place = at.step * plan.columns + player.core.first;
            track.rows[place..place + columns].copy_from_slice(row);
            if self.performance.end.is_some_and(|end| ones.contains(&end)) {
                track.lengths[at.segment] = at.turn + 1;
                layers.ended[latent] = Some(layers.state(latent));
            }
        }
        Ok(!layers.ended.iter().all(Option::is_some))
    }

    fn states(&self, side_by_side: Vec<Playing<'a>>) -> Result<Vec<f32>> {
        let mut joined = Vec::new();
        for latent in 0..self.tracks.len() {
            let states: Vec<_> = side_by_side.iter().map(|it| it.state(latent)).collect();
            for part in 0..states[0].len() {
                states
                    .iter()
                    .for_each(|all| joined.extend_from_slice(&all[part]));
            }
        }
        Ok(joined)
    }
}
