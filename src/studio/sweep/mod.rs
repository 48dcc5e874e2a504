//! The slider and the pad move by themselves, in time with the bars that play: from one end to the other in
//! so many bars, or along a path that was recorded. It uses the ground only.

mod recording;

use serde::{Deserialize, Serialize};

use super::ground::{Change, End, Ground, PadPath, Place, Sweeping, Way, counted};
use recording::Recording;

/// What a player can do with the sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    ToggleSweep,
    /// Once, there and back, round and round, or along the path.
    CycleSweepWay,
    /// Twice as long, or half.
    DoubleSweep,
    HalveSweep,
    /// Records where the pad is moved, from the next bar line to the one after this is done again.
    TogglePath,
    ForgetPath,
}

/// The sweep.
#[derive(Debug, Default)]
pub struct Sweep {
    running: Option<Running>,
    recording: Option<Recording>,
}

/// A sweep that was started.
#[derive(Debug)]
struct Running {
    from: End,
    /// Step since play with which it begins, a bar line; not known before something plays.
    start: Option<f64>,
    /// The sixteenth since then that was seen to.
    step: i64,
    /// Where it has put the pad.
    place: Place,
}

impl Running {
    fn new(ground: &Ground, start: Option<f64>) -> Running {
        Running {
            from: ground.scene.nearer_end(),
            start,
            step: -1,
            place: ground.scene.place(),
        }
    }
}

/// Where a sweep from end to end is (0 where it began, 1 at the other end) when it has come so many
/// lengths, and whether it is over then.
fn along(way: Way, lengths: f64) -> (f64, bool) {
    let there_and_back = 1.0 - (lengths.rem_euclid(2.0) - 1.0).abs();
    match way {
        Way::Once => (lengths.min(1.0), lengths >= 1.0),
        Way::ThereAndBack if lengths >= 2.0 => (0.0, true),
        Way::ThereAndBack | Way::Round | Way::Path => (there_and_back, false),
    }
}

/// Sixteenths of a bar of what plays.
fn steps_per_bar(ground: &Ground) -> usize {
    ground.groove().meter.sixteenths().max(1)
}

/// The bar line that something begins with: the one that it had, or the next one. (What has just begun
/// is on time.)
fn begin(start: Option<f64>, ground: &Ground) -> f64 {
    let position = ground.transport.position;
    let bar = steps_per_bar(ground) as f64;
    let in_bar = position.step % bar;
    let line = position.played - in_bar;
    match start {
        Some(start) if start <= position.played + bar => start,
        _ if in_bar < 1.0 => line,
        _ => line + bar,
    }
}

/// Whether music plays, and is not being counted in.
fn plays(ground: &Ground) -> bool {
    ground.transport.playing && ground.transport.position.count_in == 0
}

impl Sweep {
    /// The reason against `action` in one sentence, or `None` when it can be done.
    pub fn reason_against(&self, action: &Action, ground: &Ground) -> Option<String> {
        match action {
            Action::ToggleSweep if self.running.is_none() => ground.no_model(),
            Action::TogglePath if self.recording.is_none() => ground.no_model(),
            Action::DoubleSweep | Action::HalveSweep if is_on_path(ground) => {
                Some("A path is as long as it was recorded.".into())
            }
            Action::ForgetPath if ground.scene.path.is_empty() => Some("There is no path.".into()),
            _ => None,
        }
    }

    pub fn apply(&mut self, action: Action, ground: &mut Ground) {
        match action {
            Action::ToggleSweep if self.running.take().is_some() => {
                ground.say("The sweep is off.");
            }
            Action::ToggleSweep => {
                let running = self.running.insert(Running::new(ground, None));
                let to = match is_on_path(ground) {
                    true => String::new(),
                    false => format!(" to {:?}", running.from.other()),
                };
                let (about, when) = (about(ground), when(ground));
                ground.say(format!("A sweep{to}, {about}, {when}."));
            }
            Action::CycleSweepWay => {
                ground.sweeping.way = ground.sweeping.way.next(!ground.scene.path.is_empty());
                ground.say(format!("Sweeps: {}.", about(ground)));
            }
            Action::DoubleSweep => set_bars(ground.sweeping.bars * 2, ground),
            Action::HalveSweep => set_bars(ground.sweeping.bars / 2, ground),
            Action::TogglePath => self.toggle_path(ground),
            Action::ForgetPath => {
                ground.undo.before(&ground.scene, Change::Single);
                ground.scene.path = PadPath::default();
                ground.say("The path is gone.");
            }
        }
    }

    /// The chain plays from now on: another groove of the slider would end it.
    pub fn give_way(&mut self, ground: &mut Ground) {
        if self.running.take().is_some() {
            ground.say("The chain plays, and the sweep is off.");
        }
    }

    fn toggle_path(&mut self, ground: &mut Ground) {
        let bar = steps_per_bar(ground);
        match &mut self.recording {
            Some(recording) => match recording.end(bar) {
                true => ground.say("The path ends with this bar."),
                false => {
                    self.recording = None;
                    ground.say("No path is recorded.");
                }
            },
            None => {
                self.recording = Some(Recording::default());
                ground.say(format!("The pad's path is recorded {}.", when(ground)));
            }
        }
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Where the pad goes from now on, a place each sixteenth, and whether it goes round for ever; no
    /// places while nothing sweeps.
    pub fn course(&self, ground: &Ground) -> (Vec<Place>, bool) {
        let Some(Running { from, .. }) = self.running else {
            return (Vec::new(), false);
        };
        let Sweeping { way, bars } = ground.sweeping;
        let there = bars as usize * steps_per_bar(ground);
        let (steps, goes_round) = match way {
            Way::Path if is_on_path(ground) => (ground.scene.path.len(), true),
            Way::Path | Way::Round => (2 * there, true),
            Way::Once => (there + 1, false),
            Way::ThereAndBack => (2 * there + 1, false),
        };
        let places = (0..steps).map(|step| place_at(step, from, ground).0);
        (places.collect(), goes_round)
    }

    pub fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// Moves the pad to where it belongs at the step that plays, a sixteenth at a time.
    pub fn hear(&mut self, ground: &mut Ground) {
        self.move_on(ground);
        self.write_down(ground);
    }

    fn move_on(&mut self, ground: &mut Ground) {
        let Some(running) = &mut self.running else {
            return;
        };
        if !plays(ground) {
            running.start = None;
            return;
        }
        let is_on_path = is_on_path(ground);
        let (x, y) = ground.scene.place();
        // Up and down is the player's own while it goes from end to end.
        if x != running.place.0 || (is_on_path && y != running.place.1) {
            self.running = None;
            return ground.say("You moved the slider: the sweep is off.");
        }
        let start = begin(running.start, ground);
        running.start = Some(start);
        let step = (ground.transport.position.played - start).floor() as i64;
        if step < 0 || step == running.step {
            return;
        }
        running.step = step;
        let (place, is_over) = place_at(step as usize, running.from, ground);
        ground.move_pad_to(place);
        running.place = ground.scene.place();
        if is_over {
            self.running = None;
            ground.say("The sweep has arrived.");
        }
    }

    /// Records the pad's path, which then loops. If the music stops, so does the recording.
    fn write_down(&mut self, ground: &mut Ground) {
        let bar = steps_per_bar(ground);
        let Some(recording) = &mut self.recording else {
            return;
        };
        let mut next = None;
        if plays(ground) {
            let start = begin(recording.start, ground);
            recording.start = Some(start);
            let step = (ground.transport.position.played - start).floor();
            if step < 0.0 || !recording.hear(step as usize, ground.scene.place(), bar) {
                return;
            }
            next = Some(start + recording.path(bar).len() as f64);
        } else if recording.start.is_none() {
            return;
        }
        let path = recording.path(bar);
        self.recording = None;
        if path.is_empty() {
            return ground.say("The music stopped before a bar of the path was recorded.");
        }
        ground.undo.before(&ground.scene, Change::Single);
        ground.scene.path = path;
        ground.sweeping.way = Way::Path;
        self.running = Some(Running::new(ground, next));
        ground.say(format!("From now on the pad moves {}.", about(ground)));
    }
}

/// Where a sweep has put the pad so many sixteenths after it began at an end, and whether it is over then.
fn place_at(step: usize, from: End, ground: &Ground) -> (Place, bool) {
    if is_on_path(ground) {
        let path = &ground.scene.path;
        return (path[step % path.len()], false);
    }
    let Sweeping { way, bars } = ground.sweeping;
    let length = f64::from(bars) * steps_per_bar(ground) as f64;
    let (share, is_over) = along(way, step as f64 / length);
    let across = match from.place().0 {
        0.0 => share as f32,
        _ => 1.0 - share as f32,
    };
    ((across, ground.scene.pad_y), is_over)
}

/// Whether sweeps go along a path.
fn is_on_path(ground: &Ground) -> bool {
    ground.sweeping.way == Way::Path && !ground.scene.path.is_empty()
}

fn set_bars(bars: u32, ground: &mut Ground) {
    ground.sweeping = Sweeping {
        bars,
        ..ground.sweeping
    }
    .in_range();
    ground.say(format!("Sweeps: {}.", about(ground)));
}

fn when(ground: &Ground) -> &'static str {
    match ground.transport.playing {
        true => "from the next bar on",
        false => "as soon as it plays",
    }
}

/// `4 bars, there and back`, or `4 bars, along the path`.
pub fn about(ground: &Ground) -> String {
    let Sweeping { way, bars } = ground.sweeping;
    let (bars, way) = match way {
        Way::Path if is_on_path(ground) => (ground.scene.path.len() / steps_per_bar(ground), way),
        Way::Path => (bars as usize, Way::Round),
        _ => (bars as usize, way),
    };
    format!("{}, {}", counted(bars, "bar", "bars"), way.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_go_from_end_to_end() {
        let along = |way: Way| [0.0, 0.5, 1.0, 1.5, 2.0, 3.5].map(|lengths| along(way, lengths));
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
