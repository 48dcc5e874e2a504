//! Sound: SoundFonts, the mixer of nine lanes with its click and limiter, the sound cards of a
//! machine and the stream to one of them. Uses the ground and the built-in kit, and knows no musical
//! time. What renders (mixer, click, limiter, delay) runs in the audio callback and allocates
//! nothing once it is built; what loads and opens takes its time and does not.

pub(crate) mod cards;
mod click;
pub(crate) mod delay;
pub(crate) mod limiter;
pub(crate) mod loading;
pub(crate) mod mixer;
pub(crate) mod soundfont;
pub(crate) mod stream;

pub use cards::AudioOutput;
pub use loading::SoundFontSource;
pub use soundfont::{Banks, Kit, SoundFont, SoundFontError};
