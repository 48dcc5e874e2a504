//! The metronome's beats.

use super::Core;

impl Core {
    /// Clicks the beats before position `to`, in the next `frames` frames, if they are to click.
    pub(super) fn beat(&mut self, to: f64, frames: usize) {
        while (self.next_beat as f64) < to {
            let n = self.next_beat;
            self.next_beat += 1;
            // A count-in always clicks.
            let wanted = self.metronome.on || n < 0;
            let Some(accented) = self.player.governing(n).beat(n).filter(|_| wanted) else {
                continue;
            };
            let offset = self.transport.frame_of(n as f64, frames);
            if let Some(mixer) = &mut self.mixer {
                mixer.click(offset, accented, self.metronome.level);
            }
        }
    }
}
