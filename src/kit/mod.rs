//! The built-in drum kits: synthesized by this module, kept as a SoundFont file.
//!
//! [`sound_font`] makes the file from nothing, the same bytes on every machine (only exactly
//! rounded arithmetic and a seeded generator are used); [`EMBEDDED_KIT`] is its committed result.
//! It makes sounds and knows no time; it uses no other room, and nothing of it is real time.
//!
//! A kit is a table of pieces; a piece says of what parts a stroke is made, for each of six layers of
//! velocity and four variants ([`stroke`]). Variants of a kit are presets of its program in the banks
//! 128, 129, 130 and 131: a player that knows nothing of it plays the first. Bank 0 has one voice, for
//! melodies ([`lead`]).

mod analog;
mod dsp;
mod lead;
mod math;
mod pieces;
mod sf2;
mod shelf;
mod stroke;
mod studio;

/// The kits as a SoundFont 2 file: bank 128, programs 0 (studio) and 25 (analog), General MIDI
/// percussion keys; and a lead voice, bank 0, program 0.
pub const EMBEDDED_KIT: &[u8] = include_bytes!("../../soundfonts/studio.sf2");

/// Synthesizes the kits and returns it as a SoundFont 2 file: what [`EMBEDDED_KIT`] holds.
///
/// Takes a second or two: do it off any thread that has to be on time.
pub fn sound_font() -> Vec<u8> {
    pieces::bank().to_bytes()
}
