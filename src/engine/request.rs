//! All that can be asked of a running engine: commands, and what has to be prepared or takes its
//! time.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Command, DrumMap, Pads, RecordOptions, Takeover};
use musicvae::music::Groove;

/// A wish, sent by [`super::Engine::send`].
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Goes to what plays, as it is.
    Command(Command),
    /// Goes to the MIDI output, as it is.
    Midi(MidiSetting),
    /// Is carried out in the background.
    Setup(Setup),
    /// Hands over a groove. Its own tempo is not taken: send [`Command::SetTempo`] for that.
    SetGroove { groove: Groove, takeover: Takeover },
    /// Plays grooves one after the other, each whole and as often as it says, and then from the
    /// first again. While a chain plays, another one takes its place without a seam: it goes on
    /// with the link of the same number. [`Request::SetGroove`] leaves the chain, an empty one too.
    SetChain {
        links: Vec<ChainLink>,
        takeover: Takeover,
    },
    /// Records what is heard and played; while one recording is made, another one is not begun.
    Record(RecordOptions),
    /// Which notes that come in strike which lanes.
    SetPads(Pads),
}

/// A groove of a chain, and how many turns it plays (at least 1).
#[derive(Clone, Debug, PartialEq)]
pub struct ChainLink {
    pub groove: Groove,
    pub repeats: u32,
}

/// How music leaves by MIDI.
#[derive(Clone, Debug, PartialEq)]
pub enum MidiSetting {
    /// Notes and channels of the lanes; they hold for pads too.
    DrumMap(Box<DrumMap>),
    /// When clock, start, stop and song position are sent.
    ClockOut(ClockOut),
    /// Length of the notes, in steps; a note ends before its next one in any case.
    Gate(f32),
}

/// When MIDI clock leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockOut {
    /// Never; nor do start, stop and song position.
    Off,
    /// While the music plays.
    #[default]
    Playing,
    /// Also while it stands still, for machines that wait for a tempo.
    Always,
}

/// What is loaded and opened.
#[derive(Clone, Debug, PartialEq)]
pub enum Setup {
    /// Loads a kit and changes to it when it is ready; a bad file leaves the present kit, and
    /// [`super::Status::kit_error`] says what is wrong.
    SetSoundFont(SoundFontSource),
    /// Drum kit of the SoundFont by program number, 0..=127 (0 is the standard kit).
    SetKit(u8),
    /// Opens an audio output by its [`super::AudioOutput::id`] or name; `None` is the default one.
    OpenAudio(Option<String>),
    /// Gives the sound card back; the clock goes on.
    CloseAudio,
    /// Opens a MIDI output by port name (or a part of it); it is found again when it went away.
    /// [`super::VIRTUAL_PORT`] is a port of our own, to which other programs connect.
    OpenMidiOut(String),
    CloseMidiOut,
    /// Listens to a MIDI input by port name (or a part of it); it is found again when it went away.
    OpenMidiIn(String),
    CloseMidiIn,
    /// Whether strokes that come in are sent on to the MIDI output; never to the device that they
    /// came from.
    SetMidiThru(bool),
}

/// Where a SoundFont comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SoundFontSource {
    /// The drum kit that is part of the program.
    Embedded,
    /// A SoundFont 2 file.
    File(PathBuf),
    /// The bytes of a SoundFont 2 file, and the name to show for them.
    Bytes(Arc<[u8]>, String),
}

impl From<Command> for Request {
    fn from(command: Command) -> Request {
        Request::Command(command)
    }
}

impl From<MidiSetting> for Request {
    fn from(setting: MidiSetting) -> Request {
        Request::Midi(setting)
    }
}

impl From<Setup> for Request {
    fn from(setup: Setup) -> Request {
        Request::Setup(setup)
    }
}
