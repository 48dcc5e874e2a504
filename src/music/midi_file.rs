//! Standard MIDI files to note sequences and back.
