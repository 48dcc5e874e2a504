//! What a decoder is made of, by names and sizes alone: the same for all that compute it.

use std::ops::Range;

use super::{Core, Head, Preset};

/// Conductors above, decoders below.
pub(super) struct Plan {
    pub conductors: Vec<Conductor>,
    pub players: Vec<Player>,
    /// Columns of a row of outputs.
    pub columns: usize,
    /// Numbers that all players make for a row.
    pub parameters: usize,
    /// Random numbers that a row takes.
    pub chances: usize,
    /// Segments that a window is played in.
    pub segments: usize,
    /// Whether any conductor hears what it led.
    pub is_autoregressive: bool,
}

/// Layers that turn latents (or an embedding from above) into embeddings.
pub(super) struct Conductor {
    pub steps: usize,
    pub stack: Stack,
    /// Width of the states of what it leads, if it hears those before its next step (and its own
    /// leader at each); 0 if it hears one zero a step.
    pub heard: usize,
}

/// A decoder at the bottom.
pub(super) struct Player {
    pub core: Core,
    pub stack: Stack,
    /// Scope of the dense layer that makes its parameters.
    pub output: String,
    /// Numbers that it makes for a row.
    pub parameters: usize,
    /// Where they begin among those of all players.
    pub first_parameter: usize,
    /// Random numbers that a row of it takes.
    pub chances: usize,
    /// Where they begin among those of all players.
    pub first_chance: usize,
}

/// Recurrent layers on top of each other.
pub(super) struct Stack {
    /// Scope of the dense layer that makes the first states of what leads them.
    pub initial: String,
    /// The lowest first.
    pub cells: Vec<Cell>,
}

/// A recurrent layer.
pub(super) struct Cell {
    pub scope: String,
    pub units: usize,
    /// How many of its first inputs are 0 or 1.
    pub switched: usize,
    /// The inputs that stay as they are from the first step to the last; those of a lowest layer are
    /// what leads it, or one zero.
    pub known: Range<usize>,
}

impl Plan {
    /// The plan of a preset's decoder.
    pub fn of(preset: &Preset) -> Plan {
        let cores = preset.cores();
        let state_size: usize = preset.decoder.iter().map(|units| 2 * units).sum();
        let mut embedding = preset.z_size;
        let mut conductors = Vec::new();
        for (level, &steps) in preset.conductors().iter().enumerate() {
            let scope = Preset::conductor_scope(level);
            let led = match level + 1 < preset.conductors().len() {
                true => 1,
                false => cores.len(),
            };
            let (heard, known) = match preset.is_autoregressive(level) {
                true => (
                    led * state_size,
                    led * state_size..led * state_size + embedding,
                ),
                false => (0, 0..1),
            };
            let name = |layer| format!("{scope}/cell_{layer}/lstm_cell");
            conductors.push(Conductor {
                steps,
                stack: Stack {
                    initial: format!("{scope}/initial_state"),
                    cells: cells(preset, name, 0, known),
                },
                heard,
            });
            embedding = preset.embedding_size();
        }
        let (mut first_parameter, mut first_chance) = (0, 0);
        let mut players = Vec::new();
        for core in cores {
            let (scope, columns) = (&core.scope, core.columns);
            let switched = if preset.head.is_binary() { columns } else { 0 };
            let known = columns..columns + embedding;
            let player = Player {
                stack: Stack {
                    initial: format!("{scope}/z_to_initial_state"),
                    cells: cells(preset, |layer| core.cell(layer), switched, known),
                },
                output: format!("{scope}/output_projection"),
                parameters: preset.head.parameters(columns),
                first_parameter,
                chances: preset.head.chances(columns),
                first_chance,
                core,
            };
            first_parameter += player.parameters;
            first_chance += player.chances;
            players.push(player);
        }
        Plan {
            columns: players.iter().map(|player| player.core.columns).sum(),
            parameters: first_parameter,
            chances: first_chance,
            segments: preset.segments(),
            is_autoregressive: conductors.iter().any(|conductor| conductor.heard > 0),
            conductors,
            players,
        }
    }
}

/// The decoder layers of a preset; `switched` and `known` are inputs of the lowest.
fn cells(
    preset: &Preset,
    name: impl Fn(usize) -> String,
    switched: usize,
    known: Range<usize>,
) -> Vec<Cell> {
    let mut lowest = Some((switched, known));
    let cell = |(layer, &units): (usize, &usize)| {
        let (switched, known) = lowest.take().unwrap_or_default();
        Cell {
            scope: name(layer),
            units,
            switched,
            known,
        }
    };
    preset.decoder.iter().enumerate().map(cell).collect()
}

impl Head {
    /// Whether its rows hold nothing but 0 and 1.
    fn is_binary(&self) -> bool {
        !self.makes_strokes()
    }

    /// Random numbers that a row of `columns` columns takes.
    pub(super) fn chances(&self, columns: usize) -> usize {
        match self {
            Head::Groove => columns / 3,
            Head::Categorical => 1,
            Head::MultiCategorical(groups) => groups.len(),
            Head::Boolean | Head::Nade { .. } | Head::Strokes(_) => columns,
        }
    }
}
