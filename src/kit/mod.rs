//! The built-in drum kit: synthesized by this module, kept as a SoundFont file.
//!
//! [`sound_font`] makes the file from nothing, the same bytes on every machine (only exactly
//! rounded arithmetic and a seeded generator are used); [`EMBEDDED_KIT`] is its committed result.
//! It makes sounds and knows no time; it uses no other room, and nothing of it is real time.

mod drums;
mod dsp;
mod math;
mod metals;
mod pieces;
mod sf2;

/// The kit as a SoundFont 2 file: bank 128, program 0, General MIDI percussion keys.
pub const EMBEDDED_KIT: &[u8] = include_bytes!("../../soundfonts/studio.sf2");

/// Synthesizes the kit and returns it as a SoundFont 2 file: what [`EMBEDDED_KIT`] holds.
///
/// Takes a second or two: do it off any thread that has to be on time.
pub fn sound_font() -> Vec<u8> {
    pieces::bank().to_bytes()
}
