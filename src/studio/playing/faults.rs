//! What goes wrong while it plays: gaps in the sound, and full queues.

use std::time::Duration;

use crate::engine::{MidiState, Status};
use crate::studio::ground::{Ground, counted};

/// What was already reported.
#[derive(Default)]
pub struct Faults {
    /// When a gap in the sound was.
    gap_told: Option<Duration>,
}

impl Faults {
    /// Says what went wrong since the engine was last seen.
    pub fn hear(&mut self, status: &Status, ground: &mut Ground) {
        let before = &ground.transport;
        let lost = |now: u64, before: u64| now.saturating_sub(before);
        let commands = lost(status.dropped_commands, before.dropped_commands);
        let late = lost(status.dropped_midi, before.dropped_midi);
        let gap = status.audio_errors > before.audio_errors;
        if let Some(error) = &status.kit_error
            && before.kit_error.as_ref() != Some(error)
        {
            ground.complain(error.clone());
        }
        if commands > 0 {
            ground.complain("The engine was too busy for the last keys: press them again.");
        }
        // Without a port it does not matter.
        if let (true, MidiState::On { port }) = (late > 0, &status.midi) {
            let notes = counted(late as usize, "note or clock", "notes and clocks");
            ground.complain(format!(
                "{notes} came too late for {port} and were not sent: the computer or the port was busy."
            ));
        }
        if gap {
            self.hear_of_gap(status, ground);
        }
    }

    /// Says that the sound broke off and what helps; not again for each gap of a bad stretch.
    fn hear_of_gap(&mut self, status: &Status, ground: &mut Ground) {
        const PEACE: Duration = Duration::from_secs(30);
        let now = ground.now;
        let told = self.gap_told;
        if told.is_some_and(|told| now.saturating_sub(told) < PEACE) {
            return;
        }
        self.gap_told = Some(now);
        let buffer = ground.config.audio.buffer;
        let priority = match status.audio_denied {
            true => ", so does real-time priority (rtprio in limits.conf)",
            false => "",
        };
        ground.complain(format!(
            "The sound broke off for a moment: a larger buffer in the configuration helps (it is \
             {buffer}){priority}."
        ));
    }
}
