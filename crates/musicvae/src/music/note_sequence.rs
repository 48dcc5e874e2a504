//! A note sequence: timed notes as they were played, wire-compatible with the reference's
//! `NoteSequence` protocol buffer (`music.proto` of note-seq; the tags are its tags).
//!
//! Fields of the protocol buffer that no part of this program uses (quantized times, sections,
//! score parts) are not kept when a sequence is read.

/// One sounding note.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Note {
    /// MIDI pitch, 0..=127.
    #[prost(int32, tag = "1")]
    pub pitch: i32,
    /// MIDI velocity, 0..=127.
    #[prost(int32, tag = "2")]
    pub velocity: i32,
    /// Seconds from the start of the sequence.
    #[prost(double, tag = "3")]
    pub start_time: f64,
    /// Seconds.
    #[prost(double, tag = "4")]
    pub end_time: f64,
    /// Number of the player, counted over the sequence.
    #[prost(int32, tag = "7")]
    pub instrument: i32,
    /// Program of General MIDI, from 0.
    #[prost(int32, tag = "8")]
    pub program: i32,
    /// Whether its pitch names a drum.
    #[prost(bool, tag = "9")]
    pub is_drum: bool,
}

/// Tempo from `time` on.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tempo {
    /// Seconds.
    #[prost(double, tag = "1")]
    pub time: f64,
    /// Quarter notes a minute.
    #[prost(double, tag = "2")]
    pub qpm: f64,
}

/// Time signature from `time` on.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TimeSignature {
    /// Seconds.
    #[prost(double, tag = "1")]
    pub time: f64,
    /// Beats in a bar.
    #[prost(int32, tag = "2")]
    pub numerator: i32,
    /// What a beat is: 4 for a quarter note.
    #[prost(int32, tag = "3")]
    pub denominator: i32,
}

/// Key signature from `time` on.
#[derive(Clone, PartialEq, prost::Message)]
pub struct KeySignature {
    /// Seconds.
    #[prost(double, tag = "1")]
    pub time: f64,
    /// Pitch class of the tonic, 0 = C.
    #[prost(int32, tag = "2")]
    pub key: i32,
    /// 0 major, 1 minor.
    #[prost(int32, tag = "3")]
    pub mode: i32,
}

/// Pitch-wheel movement.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PitchBend {
    /// Seconds.
    #[prost(double, tag = "1")]
    pub time: f64,
    /// -8192 to 8191.
    #[prost(int32, tag = "2")]
    pub bend: i32,
    /// Number of the player.
    #[prost(int32, tag = "3")]
    pub instrument: i32,
    /// Program of General MIDI, from 0.
    #[prost(int32, tag = "4")]
    pub program: i32,
    /// Whether the player plays drums.
    #[prost(bool, tag = "5")]
    pub is_drum: bool,
}

/// Controller movement.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ControlChange {
    /// Seconds.
    #[prost(double, tag = "1")]
    pub time: f64,
    /// MIDI's number of the controller.
    #[prost(int32, tag = "2")]
    pub control_number: i32,
    /// 0 to 127.
    #[prost(int32, tag = "3")]
    pub control_value: i32,
    /// Number of the player.
    #[prost(int32, tag = "4")]
    pub instrument: i32,
    /// Program of General MIDI, from 0.
    #[prost(int32, tag = "5")]
    pub program: i32,
    /// Whether the player plays drums.
    #[prost(bool, tag = "6")]
    pub is_drum: bool,
}

/// A text at a time.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TextAnnotation {
    /// Seconds.
    #[prost(double, tag = "1")]
    pub time: f64,
    /// As it was written.
    #[prost(string, tag = "2")]
    pub text: String,
    /// 1 is a chord symbol ([`TextAnnotation::CHORD_SYMBOL`]), 2 a beat.
    #[prost(int32, tag = "3")]
    pub annotation_type: i32,
}

impl TextAnnotation {
    /// `annotation_type` of a text that names the chord from its time on.
    pub const CHORD_SYMBOL: i32 = 1;
}

/// Where a sequence was read from.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SourceInfo {
    /// 3 is MIDI.
    #[prost(int32, tag = "2")]
    pub encoding_type: i32,
    /// 2 is pretty_midi.
    #[prost(int32, tag = "3")]
    pub parser: i32,
}

/// Name of an instrument (a MIDI track).
#[derive(Clone, PartialEq, prost::Message)]
pub struct InstrumentInfo {
    /// Number of the player.
    #[prost(int32, tag = "1")]
    pub instrument: i32,
    /// As the track is called.
    #[prost(string, tag = "2")]
    pub name: String,
}

/// What the list of a corpus (`info.csv`) says about a file. A field of our own, which other readers
/// of the protocol buffer ignore; with it a TFRecord keeps the splits of the corpus that it was made
/// from.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Listing {
    /// `train`, `validation` or `test`; empty where it says none.
    #[prost(string, tag = "1")]
    pub split: String,
    /// As `funk/groove1`.
    #[prost(string, tag = "2")]
    pub style: String,
    /// `beat` or `fill`.
    #[prost(string, tag = "3")]
    pub beat_type: String,
    /// Who played.
    #[prost(string, tag = "4")]
    pub drummer: String,
    /// In which sitting.
    #[prost(string, tag = "5")]
    pub session: String,
    /// Which take of it.
    #[prost(string, tag = "6")]
    pub id: String,
    /// Quarter notes a minute, as written.
    #[prost(double, optional, tag = "7")]
    pub bpm: Option<f64>,
    /// As `4-4`.
    #[prost(string, tag = "8")]
    pub time_signature: String,
}

/// Timed notes with tempo and meter: what a MIDI file says, in seconds.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NoteSequence {
    /// Tells sequences apart.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Name of the file within its collection.
    #[prost(string, tag = "2")]
    pub filename: String,
    /// Name of the corpus.
    #[prost(string, tag = "3")]
    pub collection_name: String,
    /// Resolution of the file that it was read from.
    #[prost(int32, tag = "4")]
    pub ticks_per_quarter: i32,
    /// In the order of the file.
    #[prost(message, repeated, tag = "5")]
    pub time_signatures: Vec<TimeSignature>,
    /// In the order of the file.
    #[prost(message, repeated, tag = "6")]
    pub key_signatures: Vec<KeySignature>,
    /// In the order of the file.
    #[prost(message, repeated, tag = "7")]
    pub tempos: Vec<Tempo>,
    /// In the order of the file.
    #[prost(message, repeated, tag = "8")]
    pub notes: Vec<Note>,
    /// Seconds.
    #[prost(double, tag = "9")]
    pub total_time: f64,
    /// In the order of the file.
    #[prost(message, repeated, tag = "10")]
    pub pitch_bends: Vec<PitchBend>,
    /// In the order of the file.
    #[prost(message, repeated, tag = "11")]
    pub control_changes: Vec<ControlChange>,
    /// Where it was read from.
    #[prost(message, optional, tag = "13")]
    pub source_info: Option<SourceInfo>,
    /// Chord symbols and beats.
    #[prost(message, repeated, tag = "14")]
    pub text_annotations: Vec<TextAnnotation>,
    /// Tells pieces apart that were taken from one file; 0 for a whole MIDI file.
    #[prost(int64, tag = "18")]
    pub reference_number: i64,
    /// Names of the players.
    #[prost(message, repeated, tag = "23")]
    pub instrument_infos: Vec<InstrumentInfo>,
    /// What the list of its corpus says of it.
    #[prost(message, optional, tag = "1001")]
    pub listing: Option<Listing>,
}

impl NoteSequence {
    /// The bytes of the protocol buffer, as one record of a TFRecord file holds them.
    pub fn to_bytes(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(self)
    }
}
