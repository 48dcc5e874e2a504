//! The values that settings may have. The code that applies a setting clamps it.

/// The values of a setting, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range<T> {
    pub low: T,
    pub high: T,
    /// Holds until something is set.
    pub default: T,
}

/// Quarter notes a minute.
pub const TEMPO: Range<f64> = range(20.0, 300.0, 120.0);
pub const SWING: Range<f32> = range(0.5, 0.75, 0.5);
/// How much of the microtiming is played.
pub const TIMING: Range<f32> = range(0.0, 1.5, 1.0);
/// How much of the dynamics is played.
pub const DYNAMICS: Range<f32> = range(0.0, 1.5, 1.0);
/// Of a lane, and of all of them.
pub const LEVEL: Range<f32> = range(0.0, 2.0, 1.0);
pub const PAN: Range<f32> = range(-1.0, 1.0, 0.0);
/// Level of the metronome.
pub const CLICK: Range<f32> = range(0.0, 1.0, 0.5);
pub const VELOCITY: Range<f32> = range(0.0, 1.0, 1.0);
/// Steps of a lane's own loop.
pub const LANE_STEPS: Range<u16> = range(1, 64, 16);
/// Bars that are counted in.
pub const COUNT_IN: Range<u8> = range(0, 2, 0);
/// Milliseconds of MIDI against the sound.
pub const MIDI_OFFSET: Range<f32> = range(-500.0, 500.0, 0.0);
/// Length of the notes that leave by MIDI, in steps.
pub const GATE: Range<f32> = range(0.05, 1.0, 0.5);

const fn range<T>(low: T, high: T, default: T) -> Range<T> {
    Range { low, high, default }
}

impl<T: PartialOrd + Copy> Range<T> {
    /// The value of the range that is nearest to `value`; the default for what is no number.
    pub fn nearest(&self, value: T) -> T {
        if value < self.low {
            self.low
        } else if value > self.high {
            self.high
        } else if value >= self.low {
            value
        } else {
            self.default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_brought_into_the_range() {
        for (value, nearest) in [
            (0.6, 0.6),
            (-1.0, 0.5),
            (f32::INFINITY, 0.75),
            (f32::NAN, 0.5),
        ] {
            assert_eq!(SWING.nearest(value), nearest);
        }
        assert_eq!(COUNT_IN.nearest(9), 2);
    }
}
