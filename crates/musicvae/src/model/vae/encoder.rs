//! Windows to the last states of an encoder: bidirectional layers, flat or level upon level.

use candle_core::Result;

use crate::model::recurrent::Cell;
use crate::model::{Preset, Tensors};

/// The levels of an encoder, lowest first; a flat one has one.
pub(super) struct Encoder {
    levels: Vec<Level>,
}

/// Bidirectional layers on top of each other.
struct Level {
    /// Forward and backward cell of each layer.
    layers: Vec<[Cell; 2]>,
    /// Embeddings that make a sequence of the level above; `None` at the top.
    group: Option<usize>,
}

/// Sequences of up to `steps` rows each, one after the other.
pub(super) struct Sequences {
    pub steps: usize,
    /// Columns of a row.
    pub width: usize,
    /// Rows that count, of each sequence.
    pub lengths: Vec<usize>,
    /// `[sequences, steps, width]`
    pub values: Vec<f32>,
}

impl Encoder {
    pub fn new(preset: &Preset, weights: &Tensors) -> Result<Encoder> {
        let mut inputs =
            preset.representation.input_depth() + preset.representation.control_depth();
        let mut levels = Vec::new();
        for level in 0..preset.encoder_depth() {
            let scope = preset.encoder_scope(level);
            let mut layers = Vec::new();
            for (layer, units) in preset.encoder_units(level).iter().enumerate() {
                let cell = |direction| {
                    let scope = Preset::encoder_cell(&scope, layer, direction);
                    Cell::new(weights, &scope, 0, 0..inputs)
                };
                layers.push([cell("fw")?, cell("bw")?]);
                inputs = 2 * units;
            }
            levels.push(Level {
                layers,
                group: preset.encoder_levels.get(level + 1).copied(),
            });
        }
        Ok(Encoder { levels })
    }

    /// The embedding of each window, `[windows, 2 * units]`: `sequences` is the segments of the
    /// lowest level, those of all windows one after the other.
    pub fn run(&self, mut sequences: Sequences) -> Vec<f32> {
        for level in &self.levels {
            sequences = level.embed(sequences);
        }
        sequences.values
    }
}

impl Level {
    /// Each sequence as one row, the last outputs of the topmost layer in both directions; the rows
    /// in sequences for the level above.
    fn embed(&self, mut sequences: Sequences) -> Sequences {
        let count = sequences.lengths.len();
        let mut embeddings = Vec::new();
        for (index, [forward, backward]) in self.layers.iter().enumerate() {
            let below_top = index + 1 < self.layers.len();
            // The two directions don't depend on each other; one window alone keeps two cores busy.
            let (forward, backward) = std::thread::scope(|scope| {
                let other = scope.spawn(|| sequences.read(backward, true, below_top));
                let this = sequences.read(forward, false, below_top);
                let other = other.join();
                let other = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (this, other)
            });
            let units = self.layers[index][0].units();
            sequences.width = 2 * units;
            sequences.values = interleave(&forward.outputs, &backward.outputs, units);
            embeddings = interleave(&forward.last, &backward.last, units);
        }
        let steps = self.group.unwrap_or(1);
        Sequences {
            steps,
            width: sequences.width,
            lengths: vec![steps; count / steps],
            values: embeddings,
        }
    }
}

/// What a layer made of sequences in one direction.
struct Heard {
    /// Outputs of the last step, `[sequences, units]`; zeros of a sequence without rows.
    last: Vec<f32>,
    /// `[sequences, steps, units]`, zeros past a sequence's end; empty where not asked for.
    outputs: Vec<f32>,
}

impl Sequences {
    /// Runs `cell` over every sequence from its first row to its last one that counts, or back.
    fn read(&self, cell: &Cell, backward: bool, keep_outputs: bool) -> Heard {
        /// Rows whose inputs are multiplied at once: a large product, whose result stays in the
        /// cache until its steps are taken.
        const AT_ONCE: usize = 128;
        let (count, units) = (self.lengths.len(), cell.units());
        // The longest first, so that those that go on are always the first ones.
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&sequence| std::cmp::Reverse(self.lengths[sequence]));
        let longest = order.first().map_or(0, |&first| self.lengths[first]);
        let going_on = |turn: usize| order.partition_point(|&one| self.lengths[one] > turn);
        let place = |sequence: usize, turn: usize| {
            let step = if backward {
                self.lengths[sequence] - 1 - turn
            } else {
                turn
            };
            sequence * self.steps + step
        };

        let kept = if keep_outputs { count * self.steps } else { 0 };
        let mut outputs = vec![0.0; kept * units];
        let mut state = cell.start(count);
        let mut inputs = Vec::new();
        let mut next = 0;
        while next < longest {
            let turns = next..longest.min(next + (AT_ONCE / going_on(next)).max(1));
            next = turns.end;
            inputs.clear();
            for turn in turns.clone() {
                for &sequence in &order[..going_on(turn)] {
                    let row = place(sequence, turn) * self.width;
                    inputs.extend_from_slice(&self.values[row..row + self.width]);
                }
            }
            let mut gates = cell.gates(&inputs, inputs.len() / self.width);
            let mut rest = &mut gates[..];
            for turn in turns {
                let active = going_on(turn);
                let (gates, later) = rest.split_at_mut(active * 4 * units);
                rest = later;
                state.step(&[], gates);
                if keep_outputs {
                    for (&sequence, h) in order.iter().zip(state.h.chunks_exact(units)).take(active)
                    {
                        let row = place(sequence, turn) * units;
                        outputs[row..row + units].copy_from_slice(h);
                    }
                }
            }
        }
        let mut last = vec![0.0; count * units];
        for (&sequence, h) in order.iter().zip(state.h.chunks_exact(units)) {
            last[sequence * units..][..units].copy_from_slice(h);
        }
        Heard { last, outputs }
    }
}

/// Rows of `left` and `right` (`width` numbers each) joined.
fn interleave(left: &[f32], right: &[f32], width: usize) -> Vec<f32> {
    let rows = left.chunks_exact(width).zip(right.chunks_exact(width));
    rows.flat_map(|(left, right)| left.iter().chain(right))
        .copied()
        .collect()
}
