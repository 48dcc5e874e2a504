//! The slider moves by itself, from one end to the other in so many bars, in time with the bars that
//! play. It uses the ground only.

use serde::{Deserialize, Serialize};

use super::ground::{End, Ground};

/// What a player can do with the sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ToggleSweep,
    /// Once, there and back, or round and round.
    CycleSweepWay,
    /// Twice as long, or half.
    DoubleSweep,
    HalveSweep,
}

/// Which way a sweep goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// From the nearer end to the other.
    Once,
    ThereAndBack,
    /// There and back, until it is stopped.
    #[default]
    Round,
}

/// Most bars from one end to the other.
const LONGEST: u32 = 64;

/// The sweep.
#[derive(Debug)]
pub struct Sweep {
    pub way: Way,
    /// From one end to the other.
    pub bars: u32,
    running: Option<Running>,
}

/// A sweep that was started.
#[derive(Debug)]
struct Running {
    from: End,
    /// Step since play with which it begins, a bar line; not known before something plays.
    start: Option<f64>,
    /// The sixteenth since then that was seen to.
    step: i64,
    /// Where it has put the slider.
    slider: f32,
}

impl Default for Sweep {
    fn default() -> Sweep {
        Sweep {
            way: Way::default(),
            bars: 4,
            running: None,
        }
    }
}

impl Way {
    fn next(self) -> Way {
        match self {
            Way::Once => Way::ThereAndBack,
            Way::ThereAndBack => Way::Round,
            Way::Round => Way::Once,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Way::Once => "once",
            Way::ThereAndBack => "there and back",
            Way::Round => "round and round",
        }
    }

    /// Where it is (0 where it began, 1 at the other end) when it has come so many lengths from end to
    /// end, and whether it is over then.
    fn at(self, lengths: f64) -> (f64, bool) {
        let there_and_back = 1.0 - (lengths.rem_euclid(2.0) - 1.0).abs();
        match self {
            Way::Once => (lengths.min(1.0), lengths >= 1.0),
            Way::ThereAndBack if lengths >= 2.0 => (0.0, true),
            Way::ThereAndBack | Way::Round => (there_and_back, false),
        }
    }
}

impl Sweep {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ToggleSweep if self.running.is_none() => ground.no_model(),
            _ => None,
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ToggleSweep if self.running.take().is_some() => {
                ground.say("The sweep is off.");
            }
            Action::ToggleSweep => {
                let from = ground.scene.nearer_end();
                self.running = Some(Running {
                    from,
                    start: None,
                    step: -1,
                    slider: ground.scene.slider,
                });
                let when = match ground.transport.playing {
                    true => "from the next bar on",
                    false => "as soon as it plays",
                };
                let (to, about) = (from.other(), self.about());
                ground.say(format!("A sweep to {to:?}, {about}, {when}."));
            }
            Action::CycleSweepWay => {
                self.way = self.way.next();
                ground.say(format!("Sweeps: {}.", self.about()));
            }
            Action::DoubleSweep => self.set_bars(self.bars * 2, ground),
            Action::HalveSweep => self.set_bars(self.bars / 2, ground),
        }
    }

    fn set_bars(&mut self, bars: u32, ground: &mut Ground) {
        self.bars = bars.clamp(1, LONGEST);
        ground.say(format!("Sweeps: {}.", self.about()));
    }

    /// `4 bars, there and back`.
    pub fn about(&self) -> String {
        let plural = if self.bars == 1 { "" } else { "s" };
        format!("{} bar{plural}, {}", self.bars, self.way.words())
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Moves the slider to where it belongs at the place that plays, a sixteenth at a time.
    pub fn hear(&mut self, ground: &mut Ground) {
        let Some(running) = &mut self.running else {
            return;
        };
        let position = ground.transport.position;
        if !ground.transport.playing || position.count_in > 0 {
            running.start = None;
            return;
        }
        if ground.scene.slider != running.slider {
            self.running = None;
            return ground.say("You moved the slider: the sweep is off.");
        }
        let bar = ground.groove().meter.steps_per_bar().max(1) as f64;
        let in_bar = position.step % bar;
        let line = position.played - in_bar;
        // What has just begun is on time.
        let start = match running.start {
            Some(start) if start <= position.played + bar => start,
            _ if in_bar < 1.0 => line,
            _ => line + bar,
        };
        running.start = Some(start);
        let step = (position.played - start).floor() as i64;
        if step < 0 || step == running.step {
            return;
        }
        running.step = step;
        let (way, is_over) = self.way.at(step as f64 / (f64::from(self.bars) * bar));
        ground.slide_to(match running.from {
            End::A => way as f32,
            End::B => 1.0 - way as f32,
        });
        running.slider = ground.scene.slider;
        if is_over {
            self.running = None;
            ground.say("The sweep has arrived.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_go_from_end_to_end() {
        let along = |way: Way| [0.0, 0.5, 1.0, 1.5, 2.0, 3.5].map(|lengths| way.at(lengths));
        let on = |at| (at, false);
        let over = |at| (at, true);
        assert_eq!(
            along(Way::Once),
            [on(0.0), on(0.5), over(1.0), over(1.0), over(1.0), over(1.0)]
        );
        assert_eq!(
            along(Way::ThereAndBack),
            [on(0.0), on(0.5), on(1.0), on(0.5), over(0.0), over(0.0)]
        );
        assert_eq!(along(Way::Round), [0.0, 0.5, 1.0, 0.5, 0.0, 0.5].map(on));
    }
}
