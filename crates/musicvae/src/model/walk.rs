//! From latents to rows step by step, on any backend: conductors, and decoders side by side that
//! hear what they play.

use candle_core::Result;

use super::head::Heat;
use super::plan::Plan;

/// What computes a decoder, all sequences at once.
pub(super) trait Backend {
    /// Numbers, a row for each sequence.
    type Rows;
    /// Layers on top of each other in the middle of the sequences.
    type Layers;

    /// Rows of zeros.
    fn zeros(&self, width: usize) -> Result<Self::Rows>;

    /// Layers before their first step, in the states that `leader` puts them into.
    fn start(&mut self, place: Place, leader: &Self::Rows) -> Result<Self::Layers>;

    /// A step of a conductor, which hears what it led before: its embedding.
    fn conduct(
        &self,
        level: usize,
        layers: &mut Self::Layers,
        heard: &Self::Rows,
    ) -> Result<Self::Rows>;

    /// A step of a player, which hears its last row and the controls of this one: the outputs of its
    /// topmost layer.
    fn step(&self, at: Moment, layers: &mut Self::Layers) -> Result<Self::Rows>;

    /// The parameters that a player's topmost layer stands for.
    fn dense(&self, at: Moment, outputs: &Self::Rows) -> Result<Self::Rows>;

    /// Draws a player's row, which it hears next. False when nobody plays on in this segment.
    fn draw(
        &mut self,
        at: Moment,
        parameters: Self::Rows,
        layers: &mut Self::Layers,
    ) -> Result<bool>;

    /// The last states of layers that stood side by side: of each layer the cells of all, then the
    /// outputs of all.
    fn states(&self, side_by_side: Vec<Self::Layers>) -> Result<Self::Rows>;
}

/// Which layers of a [`Plan`].
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// By its level.
    Conductor(usize),
    /// Before a segment.
    Player(Moment),
}

/// Where a player is.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub player: usize,
    pub segment: usize,
    /// Step of the segment.
    pub turn: usize,
    /// Step of the whole.
    pub step: usize,
}

/// What is asked of a decoder that hears itself: the random numbers, controls and known numbers of each
/// latent.
pub(super) struct Performance<'a> {
    /// How far chances count: [`super::Head::heat`].
    pub heat: Heat,
    /// [`Plan::chances`] a step.
    pub chances: Vec<&'a [f32]>,
    /// Steps of the whole.
    pub steps: usize,
    pub controls: Vec<&'a [f32]>,
    pub control_depth: usize,
    /// Numbers that are heard in place of drawn ones, as [`super::Guide::known`] has them; empty for
    /// none.
    pub known: Vec<&'a [f32]>,
    /// The class that ends a segment.
    pub end: Option<usize>,
    pub keep_parameters: bool,
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

/// Plays `steps` steps of latents.
pub(super) fn walk<B: Backend>(
    plan: &Plan,
    backend: &mut B,
    z: &B::Rows,
    steps: usize,
) -> Result<()> {
    let steps = steps / plan.segments;
    Walk {
        plan,
        backend,
        steps,
        segment: 0,
    }
    .lead(0, z)
    .map(drop)
}

/// Plays one segment of `steps` steps, led by `leader`.
pub(super) fn walk_segment<B: Backend>(
    plan: &Plan,
    backend: &mut B,
    leader: &B::Rows,
    steps: usize,
) -> Result<()> {
    Walk {
        plan,
        backend,
        steps,
        segment: 0,
    }
    .segment(leader)
    .map(drop)
}

struct Walk<'a, B> {
    plan: &'a Plan,
    backend: &'a mut B,
    /// Steps of a segment.
    steps: usize,
    /// The segment that comes next.
    segment: usize,
}

impl<B: Backend> Walk<'_, B> {
    /// Plays all that the conductor at `level` leads, segment after segment. Returns the last states
    /// of its layers, where anyone hears them.
    fn lead(&mut self, level: usize, leader: &B::Rows) -> Result<Option<B::Rows>> {
        let Some(conductor) = self.plan.conductors.get(level) else {
            return self.segment(leader);
        };
        let mut layers = self.backend.start(Place::Conductor(level), leader)?;
        let mut heard = self.backend.zeros(conductor.heard)?;
        for _ in 0..conductor.steps {
            let embedding = self.backend.conduct(level, &mut layers, &heard)?;
            let led = self.lead(level + 1, &embedding)?;
            if conductor.heard > 0
                && let Some(led) = led
            {
                heard = led;
            }
        }
        self.states(vec![layers])
    }

    /// Plays a segment; see [`Walk::lead`].
    fn segment(&mut self, leader: &B::Rows) -> Result<Option<B::Rows>> {
        let segment = self.segment;
        self.segment += 1;
        let mut side_by_side = Vec::with_capacity(self.plan.players.len());
        for player in 0..self.plan.players.len() {
            let moment = |turn| Moment {
                player,
                segment,
                turn,
                step: segment * self.steps + turn,
            };
            let mut layers = self.backend.start(Place::Player(moment(0)), leader)?;
            for at in (0..self.steps).map(moment) {
                let outputs = self.backend.step(at, &mut layers)?;
                let parameters = self.backend.dense(at, &outputs)?;
                if !self.backend.draw(at, parameters, &mut layers)? {
                    break;
                }
            }
            side_by_side.push(layers);
        }
        self.states(side_by_side)
    }

    fn states(&self, layers: Vec<B::Layers>) -> Result<Option<B::Rows>> {
        let heard = self.plan.is_autoregressive;
        heard.then(|| self.backend.states(layers)).transpose()
    }
}
