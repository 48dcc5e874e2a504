//! What moves, as the controllers that move it when they come in: so a file that is played back into the
//! program moves what has moved.

use super::{Midi, Target, value_of};
use crate::engine::{Command, Motion, Sync};
use crate::studio::ground::{Ground, Place};

/// A value (0 to 1 of a target's range) as a controller sends it.
fn sent(share: f32) -> u8 {
    (share * 127.0).round().clamp(0.0, 127.0) as u8
}

impl Midi {
    /// Tells a recording of MIDI what has moved since the last time, and at first where everything is.
    pub fn write_down(&mut self, ground: &mut Ground) {
        let transport = &ground.transport;
        if !transport.recording.as_ref().is_some_and(|it| it.midi) {
            self.recorded.clear();
            return;
        }
        // The tempo of a clock that is followed is nobody's movement; the file has it as its tempo.
        let is_own = transport.sync == Sync::Internal;
        for target in Target::all().filter(|it| is_own || *it != Target::Tempo) {
            let value = value_of(target, ground).map(sent);
            let (Some(value), Some(controller)) = (value, self.bindings.controller_of(target))
            else {
                continue;
            };
            let told = self.recorded.iter_mut().find(|it| it.0 == controller);
            match told {
                Some(told) if told.1 == value => continue,
                Some(told) => told.1 = value,
                None => self.recorded.push((controller, value)),
            }
            ground.send(Command::Moved { controller, value });
        }
    }

    /// What moves the pad along some places, one each sixteenth.
    pub fn motions(&self, places: &[Place], goes_round: bool) -> Vec<Motion> {
        if places.is_empty() {
            return Vec::new();
        }
        let across = |place: &Place| sent(place.0);
        let down = |place: &Place| sent(place.1);
        let motion = |(target, values)| {
            Some(Motion {
                controller: self.bindings.controller_of(target)?,
                values,
                goes_round,
            })
        };
        let axes = [
            (Target::Slider, places.iter().map(across).collect()),
            (Target::PadY, places.iter().map(down).collect()),
        ];
        axes.into_iter().filter_map(motion).collect()
    }
}
