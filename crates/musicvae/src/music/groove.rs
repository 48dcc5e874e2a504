//! A groove: steps x lanes of hit, velocity and microtiming, with its tempo and meter.

use super::{Grid, LANES, Lane, Trig};

/// Numbers of one step in the plain rows of a groove: hits, velocities and offsets of every lane, in
/// that order.
pub const FEATURES: usize = 3 * LANES;

/// Models know a grid of sixteenth notes: four steps to a quarter note.
pub const STEPS_PER_QUARTER: usize = Grid::Sixteenths.steps_per_quarter();

/// One drum stroke.
///
/// ```
/// use musicvae::Groove;
/// use musicvae::music::{Hit, Lane};
///
/// // A snare on the second beat, a quarter of a step late. At 120 quarter notes a minute a step is 125 ms.
/// let mut groove = Groove::empty(16);
/// groove.steps[4][Lane::Snare.index()] = Some(Hit::new(0.8, -0.25));
/// let notes = groove.to_note_sequence().notes;
/// assert!((notes[0].start_time - (0.5 + 0.25 * 0.125)).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Loudness, 0..=1 (MIDI velocity / 127). A hit of velocity 0 is still a hit.
    pub velocity: f32,
    /// Distance from the grid in steps, -0.5..=0.5. **Positive means early**, as in the tensors of
    /// the reference (which hold twice this number).
    pub offset: f32,
    /// What a sequencer does with it; a model sees plain strokes only.
    pub trig: Trig,
}

impl Hit {
    /// A plain stroke.
    pub const fn new(velocity: f32, offset: f32) -> Hit {
        Hit {
            velocity,
            offset,
            trig: Trig::PLAIN,
        }
    }
}

/// The strokes of one step, by [`Lane::index`].
pub type Step = [Option<Hit>; LANES];

/// Time signature: `numerator` beats of `1 / denominator` to the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Beats in a bar.
    pub numerator: u8,
    /// What a beat is: 4 for a quarter note.
    pub denominator: u8,
}

impl Meter {
    /// 4/4.
    pub const COMMON: Meter = Meter {
        numerator: 4,
        denominator: 4,
    };

    /// Sixteenth notes in one bar: 16 in 4/4.
    pub fn sixteenths(self) -> usize {
        self.steps(Grid::Sixteenths)
    }

    /// Steps in one bar.
    fn steps(self, grid: Grid) -> usize {
        let whole = 4 * grid.steps_per_quarter();
        whole * usize::from(self.numerator) / usize::from(self.denominator.max(1))
    }
}

/// A drum pattern as a drummer plays it: the value that all parts of the program exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Groove {
    /// In the order of time.
    pub steps: Vec<Step>,
    /// Quarter notes a minute.
    pub qpm: f64,
    /// Its time signature.
    pub meter: Meter,
    /// What its steps are.
    pub grid: Grid,
}

impl Groove {
    /// A silent groove of `steps` sixteenths in 4/4 at 120 quarter notes a minute.
    pub fn empty(steps: usize) -> Groove {
        Groove {
            steps: vec![[None; LANES]; steps],
            qpm: 120.0,
            meter: Meter::COMMON,
            grid: Grid::default(),
        }
    }

    /// The stroke at `step` on `lane`; `None` when silent or past the end.
    pub fn hit(&self, step: usize, lane: Lane) -> Option<Hit> {
        self.steps.get(step).and_then(|lanes| lanes[lane.index()])
    }

    /// Every stroke as `(step, lane, hit)`, in step order and then lane order.
    pub fn hits(&self) -> impl Iterator<Item = (usize, Lane, Hit)> + '_ {
        self.steps.iter().enumerate().flat_map(|(step, lanes)| {
            Lane::ALL
                .into_iter()
                .filter_map(move |lane| Some((step, lane, lanes[lane.index()]?)))
        })
    }

    /// Number of bars, the last one counted even when it is not full.
    pub fn bars(&self) -> usize {
        self.steps.len().div_ceil(self.steps_per_bar().max(1))
    }

    /// Steps in one bar: 16 sixteenths or 12 triplets in 4/4.
    pub fn steps_per_bar(&self) -> usize {
        self.meter.steps(self.grid)
    }

    /// The place of a step as musicians count it, from 1 on: `2.3.1` is the first step of the third
    /// quarter of bar 2.
    pub fn place_of(&self, step: usize) -> String {
        let (bar, quarter) = (self.steps_per_bar().max(1), self.grid.steps_per_quarter());
        let in_bar = step % bar;
        let (beat, rest) = (in_bar / quarter + 1, in_bar % quarter + 1);
        format!("{}.{beat}.{rest}", step / bar + 1)
    }

    /// Its length in sixteenths.
    pub fn sixteenths(&self) -> usize {
        let steps = self.steps.len() * STEPS_PER_QUARTER;
        steps.div_ceil(self.grid.steps_per_quarter())
    }

    /// Where a place of the groove lies that is counted in sixteenths, in its own steps.
    pub fn step_at(&self, sixteenths: f64) -> f64 {
        sixteenths * self.grid.steps_per_quarter() as f64 / STEPS_PER_QUARTER as f64
    }

    /// Length of one step in seconds at the groove's own tempo.
    pub fn step_seconds(&self) -> f64 {
        60.0 / self.qpm / self.grid.steps_per_quarter() as f64
    }
}
