//! What the core tells the rest.

use std::sync::atomic::Ordering::Relaxed;

use super::Core;
use crate::engine::events::Nanos;
use crate::engine::time::playhead::Playhead;

impl Core {
    pub(super) fn publish(&self) {
        let shared = &self.shared;
        let part = self.player.current();
        let playing = self.transport.playing();
        shared.now.playhead.publish(Playhead {
            time: self.clock.time_of(self.frame),
            position: self.transport.position(),
            steps_per_second: if playing {
                self.transport.steps_per_second()
            } else {
                0.0
            },
            began: self.began,
            origin: part.origin,
            loop_start: part.start,
            loop_steps: part.steps,
            bar_steps: part.pattern.bar_steps(),
            beat_steps: part.pattern.beat_steps(),
            grid: part.pattern.grid(),
        });
        let link = self.player.link().map_or(0, |link| link as u32 + 1);
        shared.chain_link.store(link, Relaxed);
        shared.rate.store(self.transport.rate() as u32, Relaxed);
        let recorded = self.tap.as_ref().and_then(|tap| tap.seconds());
        shared.recorded.set(recorded.unwrap_or(-1.0));
        shared.now.playing.store(playing, Relaxed);
        shared
            .takeover_pending
            .store(self.player.takeover_pending(), Relaxed);
        let clock = self.follower.last_tick();
        let qpm = if self.external && clock.is_some() {
            self.follower.qpm()
        } else {
            self.transport.qpm()
        };
        shared.now.qpm.set(qpm);
        shared.external.store(self.external, Relaxed);
        let place = self.follower.position(self.clock.time_of(self.frame));
        shared.has_place.store(place.is_some(), Relaxed);
        shared.clock_qpm.set(self.follower.qpm());
        shared
            .clock_tick
            .store(clock.unwrap_or(Nanos::MIN), Relaxed);
        shared.now.swing.set(self.player.feel.swing);
        for (cell, level) in shared.lane_levels.iter().zip(self.levels.lanes) {
            cell.set(level);
        }
        for (cell, level) in shared.master_level.iter().zip(self.levels.master) {
            cell.set(level);
        }
        shared.limiter_gain.set(
            self.mixer
                .as_ref()
                .map_or(1.0, |mixer| mixer.limiter_gain()),
        );
    }
}
