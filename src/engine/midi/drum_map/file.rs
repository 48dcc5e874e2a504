//! A MIDI file for a machine.

use midly::num::{u4, u7, u28};
use midly::{MidiMessage, Smf, TrackEvent, TrackEventKind};

use super::{DrumMap, Voice};
use musicvae::music::Lane;

/// General MIDI's channel of drums, counted from 0.
const DRUMS: u8 = 9;

/// A file that was written for a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    pub bytes: Vec<u8>,
    /// Strokes that were left out, because the machine has no voice for them.
    pub silent: usize,
}

impl DrumMap {
    /// The MIDI file `bytes`, whose drums are General MIDI's on channel 10, with the notes, channels
    /// and level controllers of this map. All else stays as it is.
    ///
    /// # Errors
    /// When `bytes` are no MIDI file.
    pub fn written(&self, bytes: &[u8]) -> Result<Mapped, midly::Error> {
        let mut smf = Smf::parse(bytes)?;
        let mut silent = 0;
        for track in &mut smf.tracks {
            let mut mapped = Vec::with_capacity(track.len());
            // Ticks of what was left out.
            let mut waited = 0;
            for event in track.drain(..) {
                let delta = u28::new(waited + event.delta.as_int());
                waited = 0;
                match self.event(event.kind) {
                    Some((level, kind)) => {
                        let delays = [delta, u28::new(0)];
                        let kinds = level.into_iter().chain([kind]);
                        let events = kinds.zip(delays);
                        mapped.extend(events.map(|(kind, delta)| TrackEvent { delta, kind }));
                    }
                    None => {
                        waited = delta.as_int();
                        silent += usize::from(is_stroke(event.kind));
                    }
                }
            }
            *track = mapped;
        }
        let mut bytes = Vec::new();
        // Writing into memory does not fail.
        let _ = smf.write_std(&mut bytes);
        Ok(Mapped { bytes, silent })
    }

    /// What becomes of an event: nothing where its lane is silent, else itself for the machine, and
    /// what sets the level of its voice before.
    fn event<'e>(
        &self,
        kind: TrackEventKind<'e>,
    ) -> Option<(Option<TrackEventKind<'e>>, TrackEventKind<'e>)> {
        let TrackEventKind::Midi { channel, message } = kind else {
            return Some((None, kind));
        };
        let key = match message {
            MidiMessage::NoteOn { key, .. }
            | MidiMessage::NoteOff { key, .. }
            | MidiMessage::Aftertouch { key, .. } => key,
            _ => return Some((None, kind)),
        };
        let Some(lane) = Lane::of_pitch(key.as_int()).filter(|_| channel == DRUMS) else {
            return Some((None, kind));
        };
        let voice = self.voice(lane)?;
        let channel = u4::new(voice.channel.clamp(1, 16) - 1);
        let of = |message| TrackEventKind::Midi { channel, message };
        let level = match (message, voice.level) {
            (MidiMessage::NoteOn { vel, .. }, Some(level)) if vel > 0 => {
                let controller = u7::new(level & 127);
                Some(of(MidiMessage::Controller {
                    controller,
                    value: vel,
                }))
            }
            _ => None,
        };
        Some((level, of(with_key(message, voice))))
    }
}

fn with_key(message: MidiMessage, voice: &Voice) -> MidiMessage {
    let key = u7::new(voice.note & 127);
    match message {
        MidiMessage::NoteOn { vel, .. } => MidiMessage::NoteOn { key, vel },
        MidiMessage::NoteOff { vel, .. } => MidiMessage::NoteOff { key, vel },
        MidiMessage::Aftertouch { vel, .. } => MidiMessage::Aftertouch { key, vel },
        other => other,
    }
}

fn is_stroke(kind: TrackEventKind) -> bool {
    let TrackEventKind::Midi { message, .. } = kind else {
        return false;
    };
    matches!(message, MidiMessage::NoteOn { vel, .. } if vel > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use musicvae::music::{Groove, Hit, midi_file};

    /// A kick on steps 0 and 8 and a ride on step 4.
    fn file() -> Vec<u8> {
        let mut groove = Groove::empty(16);
        let hit = Hit::new(0.5, 0.0);
        for (step, lane) in [(0, Lane::Kick), (4, Lane::Ride), (8, Lane::Kick)] {
            groove.steps[step][lane.index()] = Some(hit);
        }
        midi_file::write(&groove.to_note_sequence()).unwrap()
    }

    /// Tick, channel and message of every channel event.
    fn events(bytes: &[u8]) -> Vec<(u32, u8, MidiMessage)> {
        let smf = Smf::parse(bytes).unwrap();
        let mut found = Vec::new();
        for track in &smf.tracks {
            let mut tick = 0;
            for event in track {
                tick += event.delta.as_int();
                if let TrackEventKind::Midi { channel, message } = event.kind {
                    found.push((tick, channel.as_int(), message));
                }
            }
        }
        found
    }

    #[test]
    fn notes_channels_and_levels_are_the_machines() {
        let mut map = DrumMap::general_midi();
        map.lanes[Lane::Kick.index()] = Some(Voice {
            note: 60,
            channel: 3,
            level: Some(7),
            instead: None,
        });
        map.lanes[Lane::Ride.index()] = None;
        let Mapped { bytes, silent } = map.written(&file()).unwrap();
        assert_eq!(silent, 1);
        let (key, vel, off) = (u7::new(60), u7::new(64), u7::new(64));
        let controller = u7::new(7);
        let value = vel;
        let kick = |tick| {
            [
                (tick, 2, MidiMessage::Controller { controller, value }),
                (tick, 2, MidiMessage::NoteOn { key, vel }),
                (tick + 120, 2, MidiMessage::NoteOff { key, vel: off }),
            ]
        };
        assert_eq!(events(&bytes), [kick(0), kick(960)].concat());
        // All of General MIDI is what it was.
        let same = DrumMap::general_midi().written(&file()).unwrap();
        assert_eq!((same.bytes, same.silent), (file(), 0));
    }
}
