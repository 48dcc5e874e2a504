//! The built-in drum kit: synthesized by this module, kept as a SoundFont file.
//!
//! [`sound_font`] makes the file from nothing, the same bytes on every machine (only exactly
//! rounded arithmetic and a seeded generator are used); [`EMBEDDED_KIT`] is its committed result.

mod drums;
mod dsp;
mod math;
mod metals;
mod pieces;
mod sf2;

/// The kit as a SoundFont 2 file: bank 128, program 0, General MIDI percussion keys.
pub const EMBEDDED_KIT: &[u8] = include_bytes!("../../../soundfonts/studio.sf2");

/// Synthesizes the kit and returns it as a SoundFont 2 file: what [`EMBEDDED_KIT`] holds.
///
/// Takes about a second in an optimized build.
pub fn sound_font() -> Vec<u8> {
    pieces::bank().to_bytes()
}
