//! Musical time: frames of a stream to steps of a groove, without drift.

use crate::engine::range::TEMPO;
use musicvae::music::STEPS_PER_QUARTER;

/// Where the music is. The position is computed from the last change of tempo or rate and not
/// summed block by block, so that rounding does not pile up.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    qpm: f64,
    /// Frames a second.
    rate: f64,
    playing: bool,
    anchor_position: f64,
    frames_since_anchor: u64,
}

impl Transport {
    pub fn new(qpm: f64, rate: f64) -> Transport {
        let mut transport = Transport {
            qpm: 120.0,
            rate,
            playing: false,
            anchor_position: 0.0,
            frames_since_anchor: 0,
        };
        transport.set_tempo(qpm);
        transport
    }

    /// Sets the tempo; not a number is ignored, anything else is brought into [`TEMPO`].
    pub fn set_tempo(&mut self, qpm: f64) {
        if !qpm.is_nan() {
            self.anchor();
            self.qpm = TEMPO.nearest(qpm);
        }
    }

    /// Goes as fast as a master does, and a little faster or slower to meet it: also outside of
    /// [`TEMPO`], and 0 waits.
    pub fn follow(&mut self, qpm: f64) {
        if qpm.is_finite() {
            self.anchor();
            self.qpm = qpm.max(0.0);
        }
    }

    pub fn set_rate(&mut self, rate: f64) {
        self.anchor();
        self.rate = rate;
    }

    pub fn play_from(&mut self, position: f64) {
        self.anchor_position = position;
        self.frames_since_anchor = 0;
        self.playing = true;
    }

    pub fn stop(&mut self) {
        self.anchor();
        self.playing = false;
    }

    pub fn resume(&mut self) {
        self.anchor();
        self.playing = true;
    }

    pub fn playing(&self) -> bool {
        self.playing
    }

    pub fn qpm(&self) -> f64 {
        self.qpm
    }

    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Steps since play was pressed.
    pub fn position(&self) -> f64 {
        self.position_after(0)
    }

    /// Position when `frames` more frames have passed.
    pub fn position_after(&self, frames: usize) -> f64 {
        if !self.playing {
            return self.anchor_position;
        }
        let frames = self.frames_since_anchor + frames as u64;
        self.anchor_position + frames as f64 * self.steps_per_frame()
    }

    /// The first of the next `frames` frames that is not before `position`.
    pub fn frame_of(&self, position: f64, frames: usize) -> usize {
        let away = (position - self.anchor_position) / self.steps_per_frame();
        // A hair's tolerance, so that a step which falls on a frame exactly is not a frame late
        // when the division rounds up.
        let frame = (away - 1e-6).ceil() - self.frames_since_anchor as f64;
        (frame.max(0.0) as usize).min(frames.saturating_sub(1))
    }

    pub fn advance(&mut self, frames: usize) {
        if self.playing {
            self.frames_since_anchor += frames as u64;
        }
    }

    pub fn steps_per_second(&self) -> f64 {
        self.qpm / 60.0 * STEPS_PER_QUARTER as f64
    }

    fn steps_per_frame(&self) -> f64 {
        self.steps_per_second() / self.rate
    }

    fn anchor(&mut self) {
        self.anchor_position = self.position();
        self.frames_since_anchor = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_odd_buffers_does_not_drift() {
        let mut transport = Transport::new(133.7, 44_100.0);
        transport.play_from(0.0);
        let mut frames = 0_u64;
        while frames < 44_100 * 3600 {
            let block = 64 + (frames % 977) as usize;
            transport.advance(block);
            frames += block as u64;
        }
        let expected = frames as f64 / 44_100.0 * 133.7 / 60.0 * 4.0;
        assert!((transport.position() - expected).abs() < 1e-6);
    }

    #[test]
    fn tempo_and_rate_changes_keep_the_place() {
        let mut transport = Transport::new(120.0, 48_000.0);
        transport.play_from(3.0);
        transport.advance(12_345);
        let place = transport.position();
        transport.set_tempo(90.0);
        assert_eq!(transport.position(), place);
        transport.set_rate(44_100.0);
        assert_eq!(transport.position(), place);
        // 90 quarter notes a minute are 6 steps a second.
        transport.advance(44_100);
        assert!((transport.position() - place - 6.0).abs() < 1e-9);
    }

    #[test]
    fn tempo_is_brought_into_range() {
        let mut transport = Transport::new(1e9, 48_000.0);
        assert_eq!(transport.qpm(), 300.0);
        transport.set_tempo(f64::NAN);
        assert_eq!(transport.qpm(), 300.0);
        transport.set_tempo(-3.0);
        assert_eq!(transport.qpm(), 20.0);
    }
}
