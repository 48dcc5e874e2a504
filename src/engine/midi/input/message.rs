//! Reading the bytes that come in.

use crate::engine::events::ClockMessage;
use crate::engine::midi::pads::PadNote;

/// A MIDI message as far as it matters here. Channels are 1..=16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Clock(ClockMessage),
    /// Velocity 1..=127.
    NoteOn(PadNote, u8),
    Controller(u8, u8, u8),
}

/// Reads one message; `None` is one that does not matter, or none at all.
pub(super) fn parse(bytes: &[u8]) -> Option<Message> {
    let channel = |status: u8| (status & 15) + 1;
    Some(match *bytes {
        [0xF8, ..] => Message::Clock(ClockMessage::Tick),
        [0xFA, ..] => Message::Clock(ClockMessage::Start),
        [0xFB, ..] => Message::Clock(ClockMessage::Continue),
        [0xFC, ..] => Message::Clock(ClockMessage::Stop),
        [0xF2, low, high, ..] if low < 128 && high < 128 => {
            let sixteenths = u16::from(high) << 7 | u16::from(low);
            Message::Clock(ClockMessage::Position(sixteenths))
        }
        [status @ 0x90..=0x9F, note @ 0..128, velocity @ 1..128, ..] => {
            let channel = channel(status);
            Message::NoteOn(PadNote { channel, note }, velocity)
        }
        [status @ 0xB0..=0xBF, number @ 0..120, value @ 0..128, ..] => {
            Message::Controller(channel(status), number, value)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let clock = |message| Some(Message::Clock(message));
        assert_eq!(parse(&[0xF8]), clock(ClockMessage::Tick));
        assert_eq!(parse(&[0xFA]), clock(ClockMessage::Start));
        assert_eq!(parse(&[0xFB]), clock(ClockMessage::Continue));
        assert_eq!(parse(&[0xFC]), clock(ClockMessage::Stop));
        assert_eq!(
            parse(&[0xF2, 0x10, 0x01]),
            clock(ClockMessage::Position(144))
        );
        assert_eq!(
            parse(&[0xF2, 0x7F, 0x7F]),
            clock(ClockMessage::Position(16_383))
        );
        assert_eq!(
            parse(&[0xB3, 74, 127]),
            Some(Message::Controller(4, 74, 127))
        );
        // All sound off and its like are no knobs; a note-on of velocity 0 is a note-off.
        for other in [
            &[0xB0, 123, 0][..],
            &[0x90, 36, 0],
            &[0x80, 36, 9],
            &[0xFE],
            &[0xF2, 1],
            &[],
        ] {
            assert_eq!(parse(other), None);
        }
    }
}
