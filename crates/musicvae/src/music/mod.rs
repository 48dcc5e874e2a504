//! Plain values that every other floor speaks: note sequences, grooves, drum lanes, MIDI files.

mod drums;
mod features;
mod groove;
mod groove_notes;
pub mod measures;
pub mod midi_file;
mod note_sequence;
mod representation;
mod variants;
mod whole_file;

pub use drums::Lane;
pub use features::FEATURES;
pub use groove::{Groove, Hit, LANES, Meter, STEPS_PER_QUARTER, Step};
pub use measures::Measure;
pub use note_sequence::{
    ControlChange, InstrumentInfo, KeySignature, Note, NoteSequence, PitchBend, SourceInfo, Tempo,
    TextAnnotation, TimeSignature,
};
pub use representation::{
    CHORD_CLASSES, DrumClasses, DrumsOptions, GrooveBins, GrooveOptions, MELODY_CLASSES,
    MelodyOptions, PERFORMANCE_EVENTS, PERFORMANCE_INSTRUMENTS, PERFORMANCE_STEPS_PER_QUARTER,
    PerformanceOptions, Representation, Transpose,
};
pub use whole_file::{folder_of, unfinished_file, write_new_file, write_whole_file};
