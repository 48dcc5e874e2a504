//! What a receiver holds: the notes that it was told to begin and not yet to end.

use crate::engine::midi::bytes::Bytes;

/// A bit a note, by channel 0..16.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held([u128; 16]);

impl Held {
    /// Takes note of a message that has reached the port.
    pub fn note(&mut self, bytes: &[u8]) {
        let &[status, note, velocity] = bytes else {
            return;
        };
        let (channel, bit) = (usize::from(status & 15), 1_u128 << (note & 127));
        match status & 0xF0 {
            0x90 if velocity > 0 => self.0[channel] |= bit,
            0x80 | 0x90 => self.0[channel] &= !bit,
            // All sound off, all notes off.
            0xB0 if matches!(note, 120 | 123) => self.0[channel] = 0,
            _ => (),
        }
    }

    /// As [`Held::note`], but forgets nothing.
    pub fn note_begun(&mut self, bytes: &[u8]) {
        if matches!(bytes, [status, _, velocity] if status & 0xF0 == 0x90 && *velocity > 0) {
            self.note(bytes);
        }
    }

    /// The messages that end what is held. It stays held until they are noted.
    pub fn ends(&self) -> impl Iterator<Item = Bytes> + use<> {
        let held = self.0;
        (1..=16_u8).zip(held).flat_map(|(channel, notes)| {
            (0..128_u8)
                .filter(move |note| notes >> note & 1 == 1)
                .map(move |note| Bytes::note_off(channel, note))
        })
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 16]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_is_held_until_it_ends() {
        let mut held = Held::default();
        for bytes in [
            &[0x99, 36, 100][..],
            &[0x99, 38, 1],
            &[0x90, 127, 9],
            &[0xF8],
            &[0xB9, 7, 0],
            &[0x99, 38, 0],
        ] {
            held.note(bytes);
        }
        let ends: Vec<Vec<u8>> = held.ends().map(|bytes| bytes.as_slice().to_vec()).collect();
        assert_eq!(ends, [[0x80, 127, 0], [0x89, 36, 0]]);
        held.note(&[0x80, 127, 0]);
        held.note(&[0xB9, 123, 0]);
        assert!(held.is_empty());
    }
}
