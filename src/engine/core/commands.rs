//! What each command does to the core.

use super::{Core, NOTES};
use crate::engine::messages::{CoreCommand, Garbage, MidiMessage};
use crate::engine::mixer::Note;

impl Core {
    pub(super) fn follow(&mut self, command: CoreCommand) {
        match command {
            CoreCommand::Play | CoreCommand::Continue if self.external => self.join_master(),
            CoreCommand::Play => {
                if let Some(pattern) = self.player.rewind() {
                    self.discard(Garbage::Pattern(pattern));
                }
                self.next_clock = 0;
                self.transport.play_from(0.0);
                self.send_midi(0, MidiMessage::Start);
            }
            CoreCommand::Stop => {
                self.transport.stop();
                self.send_midi(0, MidiMessage::Stop);
            }
            CoreCommand::Continue if !self.transport.playing() => {
                self.transport.resume();
                self.send_midi(0, MidiMessage::Continue(self.next_clock));
            }
            CoreCommand::Continue => (),
            CoreCommand::Tempo(qpm) => {
                self.transport.set_tempo(qpm);
                self.follower.assume(qpm);
            }
            CoreCommand::Follow(external) => {
                self.external = external;
                if !external {
                    // Brought into range, and without what the steering added.
                    self.transport.set_tempo(self.transport.qpm());
                }
            }
            CoreCommand::Pattern(pattern, _) if !self.transport.playing() => {
                for pattern in self.player.replace(pattern).into_iter().flatten() {
                    self.discard(Garbage::Pattern(pattern));
                }
            }
            CoreCommand::Pattern(pattern, takeover) => {
                if let Some(pattern) = self.player.set_pattern(pattern, takeover) {
                    self.discard(Garbage::Pattern(pattern));
                }
            }
            CoreCommand::Swing(swing) => self.player.feel.swing = swing,
            CoreCommand::Timing(amount) => self.player.feel.timing = amount,
            CoreCommand::Velocity(amount) => self.player.feel.velocity = amount,
            CoreCommand::Lane {
                lane,
                level,
                mute,
                solo,
            } => {
                let control = &mut self.controls.lanes[lane.index()];
                (control.level, control.mute, control.solo) = (level, mute, solo);
            }
            CoreCommand::Pan(lane, pan) => self.controls.lanes[lane.index()].pan = pan,
            CoreCommand::Master(level) => self.controls.master = level,
            CoreCommand::Strike(lane, velocity) => {
                if self.strikes < NOTES / 2 {
                    let note = Note::of_lane(0, lane, velocity);
                    self.notes[self.strikes] = note;
                    self.strikes += 1;
                    self.send_midi(
                        0,
                        MidiMessage::Hit {
                            lane,
                            velocity: note.velocity,
                        },
                    );
                }
            }
            CoreCommand::Panic => {
                if let Some(mixer) = &mut self.mixer {
                    mixer.silence();
                }
                self.send_midi(0, MidiMessage::Panic);
            }
            CoreCommand::Mixer(mut mixer) => {
                mixer.jump_to(&self.controls);
                if let Some(old) = self.mixer.replace(mixer) {
                    self.discard(Garbage::Mixer(old));
                }
            }
            CoreCommand::Program(program) => {
                if let Some(mixer) = &mut self.mixer {
                    mixer.set_program(program);
                }
            }
            CoreCommand::MidiOffset(offset) => self.set_midi_offset(offset),
        }
    }
}
