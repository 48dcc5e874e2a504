//! Everything that a user can do, as data: one variant per feature, which holds the details.

use serde::{Deserialize, Serialize};

use super::{
    bring, chain, checkpoints, devices, drum_machine, edit, export, fills, length, library, midi,
    mixer, morph, overlays, playing, qualities, record, session, sweep, training, variations,
};
use musicvae::Rework;

/// The features' actions as one type, and each of them as that type.
macro_rules! features {
    ($($feature:ident($action:ty),)*) => {
        /// One thing to do. Every key, palette line and test makes one.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action {
            $($feature($action),)*
        }

        $(impl From<$action> for Action {
            fn from(action: $action) -> Action {
                Action::$feature(action)
            }
        })*
    };
}

features! {
    Playing(playing::Action),
    Record(record::Action),
    Midi(midi::Action),
    DrumMachine(drum_machine::Action),
    Devices(devices::Action),
    Mixer(mixer::Action),
    Chain(chain::Action),
    Morph(morph::Action),
    Qualities(qualities::Action),
    Rework(Rework),
    Variations(variations::Action),
    Fills(fills::Action),
    Length(length::Action),
    Sweep(sweep::Action),
    Edit(edit::Action),
    Export(export::Action),
    Bring(bring::Action),
    Session(session::Action),
    Checkpoints(checkpoints::Action),
    Library(library::Action),
    Training(training::Action),
    Overlays(overlays::Action),
}
