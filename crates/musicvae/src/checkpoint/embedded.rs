//! The checkpoints inside the program.

use std::fmt;

/// A checkpoint inside the program, with what would lie beside its file. Nothing of it is read
/// before somebody asks for it.
pub struct Embedded {
    /// What the catalogue calls it, and what stands for it where a file is asked for.
    pub name: &'static str,
    /// The file.
    pub bytes: &'static [u8],
    /// The log of the run that made it; empty where it is not kept.
    pub log: &'static str,
    /// Its attribute vectors, where it has some.
    pub attributes: Option<&'static str>,
}

/// Every checkpoint inside the program. The first is meant where none is named; those that work on
/// a groove (see the presets) are found by what their preset says.
pub static EMBEDDED: &[Embedded] = &[
    // A `groovae_4bar` trained on the Groove MIDI Dataset.
    Embedded {
        name: "embedded",
        bytes: include_bytes!("../../../../checkpoints/groovae_4bar.safetensors"),
        log: include_str!("../../../../checkpoints/groovae_4bar.csv"),
        attributes: Some(include_str!(
            "../../../../checkpoints/groovae_4bar.attributes.json"
        )),
    },
    // Those that work on a groove, trained on the same.
    Embedded {
        name: "embedded/humanize",
        bytes: include_bytes!("../../../../checkpoints/groovae_2bar_humanize.safetensors"),
        log: "",
        attributes: None,
    },
    Embedded {
        name: "embedded/drumify",
        bytes: include_bytes!(
            "../../../../checkpoints/groovae_2bar_tap_fixed_velocity.safetensors"
        ),
        log: "",
        attributes: None,
    },
    Embedded {
        name: "embedded/hats",
        bytes: include_bytes!("../../../../checkpoints/groovae_2bar_add_closed_hh.safetensors"),
        log: "",
        attributes: None,
    },
];

impl Embedded {
    /// What messages call its file.
    pub(super) fn title(&self) -> String {
        format!("the checkpoint `{}` inside the program", self.name)
    }
}

/// Told apart by their names.
impl PartialEq for Embedded {
    fn eq(&self, other: &Embedded) -> bool {
        self.name == other.name
    }
}

impl Eq for Embedded {}

impl fmt::Debug for Embedded {
    /// The name: the bytes are many.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Embedded({})", self.name)
    }
}
