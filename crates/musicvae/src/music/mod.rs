//! Plain values that every other part uses: note sequences, grooves, drum lanes, MIDI files.

mod bars;
mod cells;
mod drum_part;
mod drums;
mod grid;
mod groove;
mod groove_notes;
pub mod measures;
pub mod midi_file;
mod note_sequence;
mod reading;
mod regrid;
mod representation;
mod trig;
mod unfinished;
mod variants;
mod whole_file;

pub(crate) use bars::{bars_of, closing_line};
pub use cells::Cells;
pub(crate) use drum_part::marked;
pub use drum_part::{Drums, NoDrums};
pub use drums::{LANES, Lane};
pub use grid::Grid;
pub use groove::{FEATURES, Groove, Hit, Meter, STEPS_PER_QUARTER, Step};
pub use measures::Measure;
pub use note_sequence::{
    ControlChange, InstrumentInfo, KeySignature, Listing, Note, NoteSequence, PitchBend,
    SourceInfo, Tempo, TextAnnotation, TimeSignature,
};
pub use reading::Reading;
pub use regrid::Regridded;
pub use representation::{
    CHORD_CLASSES, DrumClasses, DrumsOptions, GrooveBins, GrooveOptions, MELODY_CLASSES,
    MelodyOptions, PERFORMANCE_EVENTS, PERFORMANCE_INSTRUMENTS, PERFORMANCE_STEPS_PER_QUARTER,
    PerformanceOptions, Representation, Transpose,
};
pub use trig::{Trig, TrigError, When};
pub use unfinished::each_unfinished_file;
pub use whole_file::{InPieces, folder_of, sweep_unfinished, write_new_file, write_whole_file};
