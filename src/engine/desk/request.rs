//! All that can be asked of a running engine: commands, and what has to be prepared or takes its
//! time.

use std::sync::Arc;

use crate::engine::command::{Command, Takeover};
use crate::engine::midi::{MidiSetting, Pads};
use crate::engine::range::TEMPO;
use crate::engine::record::RecordOptions;
use crate::engine::sound::SoundFontSource;
use crate::engine::time::pattern::Pattern;
use crate::engine::time::player::Link;
use musicvae::music::{Groove, Lane};

/// A request, sent by [`super::Engine::send`].
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
    /// Plays a bar once in place of the loop: from the next step to the next bar line, or the whole
    /// next bar. The loop runs on below it. Does nothing while nothing plays.
    PlayFill { bar: Groove, takeover: Takeover },
    /// Records what is heard and played; while one recording is made, another one is not begun.
    Record(RecordOptions),
    /// Which notes that come in strike which lanes.
    SetPads(Pads),
    /// Strikes a lane now (velocity 1..=127), as a pad does: [`super::Engine::received`] tells where
    /// in the loop it fell. Unlike a pad's stroke it is always sent by MIDI.
    Strike { lane: Lane, velocity: u8 },
}

/// A groove of a chain, and how it plays.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainLink {
    pub groove: Groove,
    /// Turns, at least 1.
    pub repeats: u32,
    /// A bar in the place of the last one of the last turn.
    pub ending: Option<Groove>,
    /// Quarter notes a minute; `None` for those of everything else. A clock that is followed stands above
    /// it.
    pub tempo: Option<f64>,
}

impl ChainLink {
    /// A groove that plays once, as it is.
    pub fn once(groove: Groove) -> ChainLink {
        ChainLink {
            groove,
            repeats: 1,
            ending: None,
            tempo: None,
        }
    }
}

/// What is loaded and opened.
#[derive(Clone, Debug, PartialEq)]
pub enum Setup {
    /// Loads a kit and changes to it when it is ready; a bad file leaves the present kit, and
    /// [`super::Status::kit_error`] says what is wrong.
    SetSoundFont(SoundFontSource),
    /// Drum kit of the SoundFont by program number, 0..=127 (0 is the standard kit).
    SetKit(u8),
    /// Opens an audio output by its [`crate::engine::AudioOutput::id`] or name; `None` is the
    /// default one.
    OpenAudio(Option<String>),
    /// Gives the sound card back; the clock goes on.
    CloseAudio,
    /// Takes part in the Link session of a Carabiner that runs, or will, at this address; its clock
    /// takes the place of MIDI's.
    OpenLink(String),
    CloseLink,
    /// Sets the tempo of the Link session, in quarter notes per minute.
    SetLinkTempo(f64),
    /// Opens a MIDI output by port name (or a part of it); it is found again when it went away.
    /// [`crate::engine::VIRTUAL_PORT`] is a port of our own, to which other programs connect.
    OpenMidiOut(String),
    CloseMidiOut,
    /// Listens to a MIDI input by port name (or a part of it); it is found again when it went away.
    OpenMidiIn(String),
    CloseMidiIn,
    /// Whether strokes that come in are sent on to the MIDI output; never to the device that they
    /// came from.
    SetMidiThru(bool),
}

impl From<ChainLink> for Link {
    fn from(link: ChainLink) -> Link {
        let pattern = |groove| Arc::new(Pattern::new(groove));
        Link {
            pattern: pattern(link.groove),
            repeats: i64::from(link.repeats.max(1)),
            ending: link.ending.map(pattern),
            tempo: link.tempo.map(|tempo| TEMPO.nearest(tempo)),
        }
    }
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
