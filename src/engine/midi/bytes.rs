//! MIDI messages as bytes, as they leave.

/// Real-time messages of one byte.
pub(crate) const CLOCK: u8 = 0xF8;
pub(crate) const START: u8 = 0xFA;
pub(crate) const CONTINUE: u8 = 0xFB;
pub(crate) const STOP: u8 = 0xFC;

/// Song positions have 14 bits; beyond that they start over, which keeps the phase of every pattern
/// whose length is a power of two.
const SONG_POSITIONS: i64 = 1 << 14;

/// Where MIDI bytes go.
pub(crate) trait MidiSink: Send {
    /// Sends one message; an error means that the port is gone.
    fn send(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// What comes out of the plan: one message of up to three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes([u8; 3], usize);

impl Bytes {
    pub fn one(byte: u8) -> Bytes {
        Bytes([byte, 0, 0], 1)
    }

    pub fn three(status: u8, channel: u8, first: u8, second: u8) -> Bytes {
        let channel = channel.clamp(1, 16) - 1;
        Bytes([status | channel, first.min(127), second.min(127)], 3)
    }

    pub fn note_off(channel: u8, note: u8) -> Bytes {
        Bytes::three(0x80, channel, note, 0)
    }

    pub fn song_position(sixteenth: i64) -> Bytes {
        let position = sixteenth.rem_euclid(SONG_POSITIONS);
        Bytes([0xF2, (position & 127) as u8, (position >> 7) as u8], 3)
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0[..self.1]
    }
}
