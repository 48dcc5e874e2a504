//! What can be moved by MIDI, and by what.

use std::fmt;

use crate::engine::PadNote;
use crate::engine::range::{DYNAMICS, LEVEL, Range, SWING, TIMING};
use crate::studio::ground::{MASTER, quality};
use musicvae::music::Lane;
use musicvae::music::midi_file::Controller;

/// Something that a control can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Temperature,
    Slider,
    /// The pad, downwards; from left to right it is the slider.
    PadY,
    /// How dense the model's grooves are.
    Density,
    Tempo,
    Swing,
    Timing,
    Dynamics,
    Level,
    /// Level of a lane.
    Lane(Lane),
    /// Play and stop.
    Play,
    /// A pad that strikes the lane.
    Pad(Lane),
}

const SINGLE: [(Target, &str, &str); 10] = [
    (Target::Temperature, "temperature", "the temperature"),
    (Target::Slider, "slider", "the slider from A to B"),
    (Target::PadY, "pad-y", "the pad from A and B to C and D"),
    (Target::Density, "density", "the density"),
    (Target::Tempo, "tempo", "the tempo (60 to 187)"),
    (Target::Swing, "swing", "the swing"),
    (Target::Timing, "timing", "the amount of microtiming"),
    (Target::Dynamics, "dynamics", "the amount of dynamics"),
    (Target::Level, "level", "the master level"),
    (Target::Play, "play", "play and stop"),
];

const LANES: [(Lane, &str, &str); musicvae::music::LANES] = [
    (Lane::Kick, "kick", "kick"),
    (Lane::Snare, "snare", "snare"),
    (Lane::ClosedHat, "closed-hat", "closed hat"),
    (Lane::OpenHat, "open-hat", "open hat"),
    (Lane::LowTom, "low-tom", "low tom"),
    (Lane::MidTom, "mid-tom", "mid tom"),
    (Lane::HighTom, "high-tom", "high tom"),
    (Lane::Crash, "crash", "crash"),
    (Lane::Ride, "ride", "ride"),
];

/// Channel of the settings' own controllers: the last one, which few devices use.
const OWN_CHANNEL: u8 = 16;

/// Number of the first of them.
const FIRST_NUMBER: u8 = 102;

impl Target {
    /// Every target, in the order of the list on screen.
    pub fn all() -> impl Iterator<Item = Target> {
        SINGLE
            .into_iter()
            .map(|(target, ..)| target)
            .chain(Lane::ALL.map(Target::Lane))
            .chain(Lane::ALL.map(Target::Pad))
    }

    /// The controller that moves it while no other one is bound to it: MIDI gives no meaning to 102 to 119,
    /// and the settings are as many. `None` for what is no setting.
    pub fn own_controller(self) -> Option<Controller> {
        let is_setting = |target: &Target| !matches!(target, Target::Play | Target::Pad(_));
        let mut numbered = Target::all().filter(is_setting).zip(FIRST_NUMBER..);
        let number = numbered.find(|(target, _)| *target == self)?.1;
        Some(Controller {
            channel: OWN_CHANNEL,
            number,
        })
    }

    /// What the file calls it.
    pub fn name(self) -> String {
        let of = |lane: Lane| LANES[lane.index()].1;
        match self {
            Target::Lane(lane) => format!("level-{}", of(lane)),
            Target::Pad(lane) => format!("pad-{}", of(lane)),
            _ => self.single().1.into(),
        }
    }

    /// What the file calls so.
    pub fn named(name: &str) -> Option<Target> {
        Target::all().find(|target| target.name() == name)
    }

    /// Whether this kind of control can move it.
    pub fn takes(self, control: Control) -> bool {
        match (self, control) {
            (Target::Play, _) => true,
            (Target::Pad(_), Control::Note(_)) => true,
            (Target::Pad(_), _) | (_, Control::Note(_)) => false,
            _ => true,
        }
    }

    /// Its value at a controller's 0 and 127. (A tempo has a range of 127, so that a controller's
    /// step is one quarter note a minute.)
    pub fn range(self) -> (f32, f32) {
        let ends = |range: Range<f32>| (range.low, range.high);
        match self {
            Target::Temperature => (0.0, 2.0),
            Target::Density => (-quality::MOST, quality::MOST),
            Target::Tempo => (60.0, 187.0),
            Target::Swing => ends(SWING),
            Target::Timing => ends(TIMING),
            Target::Dynamics => ends(DYNAMICS),
            Target::Level => ends(MASTER),
            Target::Lane(_) => ends(LEVEL),
            Target::Slider | Target::PadY | Target::Play | Target::Pad(_) => (0.0, 1.0),
        }
    }

    /// A value (0 to 1 of the range) as the screen writes it.
    pub fn words(self, share: f32) -> String {
        let (low, high) = self.range();
        let value = low + share * (high - low);
        match self {
            Target::Temperature => format!("{value:.2}"),
            Target::Density => quality::words(quality::rounded(value)),
            Target::Tempo => format!("{value:.1}"),
            _ => format!("{:.0}%", value * 100.0),
        }
    }

    fn single(self) -> (Target, &'static str, &'static str) {
        let found = SINGLE.into_iter().find(|(target, ..)| *target == self);
        found.unwrap_or(SINGLE[0])
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let of = |lane: Lane| LANES[lane.index()].2;
        match *self {
            Target::Lane(lane) => write!(f, "the level of the {}", of(lane)),
            Target::Pad(lane) => write!(f, "the {}, struck", of(lane)),
            _ => f.write_str(self.single().2),
        }
    }
}

/// Something on a MIDI device that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    Controller(Controller),
    Note(PadNote),
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Control::Controller(controller) => controller.fmt(f),
            Control::Note(PadNote { channel, note }) => {
                write!(f, "note {note} (channel {channel})")
            }
        }
    }
}

/// A control and what it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub target: Target,
    pub control: Control,
}
