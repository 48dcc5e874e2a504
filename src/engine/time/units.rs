//! How musical time is counted: in steps of a groove (sixteenth notes), in clocks of MIDI, and in
//! ticks of a file.

/// Ticks a quarter note of what is recorded to MIDI, and of [`super::Position::tick`].
pub const TICKS_PER_QUARTER: u16 = 960;

/// Ticks a step.
pub(crate) const TICKS_PER_STEP: f64 =
    TICKS_PER_QUARTER as f64 / musicvae::music::STEPS_PER_QUARTER as f64;

/// Clocks in a step: 24 a quarter note.
pub(crate) const CLOCKS_PER_STEP: f64 = 6.0;
