//! Musical time, pure: the transport, a groove made ready and the player that walks through it,
//! another machine's clock that is followed, and where the music is. No device and no thread is in
//! here, and nothing allocates while it plays, so that the core may call all of it from the audio
//! callback. Uses the plain values of the ground only.

pub(crate) mod clock;
pub(crate) mod feel;
pub(crate) mod follow;
pub(crate) mod pattern;
pub(crate) mod player;
pub(crate) mod playhead;
pub(crate) mod transport;
pub(crate) mod units;

pub use playhead::Position;
pub use units::TICKS_PER_QUARTER;
