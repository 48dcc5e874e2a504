//! What each command does to the core.

use super::{CLOCKS_PER_STEP, Core, Metronome, NOTES, discard};
use crate::engine::Takeover;
use crate::engine::messages::{CoreCommand, Garbage, MidiMessage};
use crate::engine::mixer::Note;
use crate::engine::player::{Displaced, Player};

impl Core {
    pub(super) fn follow(&mut self, command: CoreCommand) {
        match command {
            CoreCommand::Play | CoreCommand::Continue if self.external => self.join_master(),
            CoreCommand::Play => {
                let bars = self.count_in;
                self.play_from_the_top(bars, 0.0);
            }
            CoreCommand::Stop => self.stop(),
            CoreCommand::Continue if !self.transport.playing() => {
                self.transport.resume();
                if !self.start_due {
                    self.send_midi(0, MidiMessage::Continue(self.next_clock));
                }
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
            CoreCommand::Pattern(pattern, takeover) => {
                let playing = self.transport.playing();
                let garbage = &mut self.garbage;
                let mut displace = |it: Displaced| discard(garbage, it.into());
                if playing {
                    self.player.set_pattern(pattern, takeover, &mut displace);
                } else {
                    self.player.replace(pattern, &mut displace);
                }
            }
            CoreCommand::Loop(range, takeover) => {
                self.change_part(takeover, |player, takeover, displace| {
                    player.set_range(range, takeover, displace);
                });
            }
            CoreCommand::Chain(chain, takeover) => {
                self.change_part(takeover, |player, takeover, displace| {
                    player.set_chain(chain, takeover, displace);
                });
            }
            CoreCommand::CountIn(bars) => self.count_in = bars,
            CoreCommand::Metronome { on, level } => self.metronome = Metronome { on, level },
            CoreCommand::Record(tap) => {
                if let Some(old) = self.tap.replace(tap) {
                    self.discard(Garbage::Tap(old));
                }
            }
            CoreCommand::StopRecording => {
                if let Some(mut tap) = self.tap.take() {
                    tap.end();
                    self.discard(Garbage::Tap(tap));
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
                    if let Some(tap) = &mut self.tap {
                        tap.stroke(0.0, lane, note.velocity);
                    }
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

    /// Plays from the top of the loop, `count_in` bars ahead of it or `late` steps behind it.
    pub(super) fn play_from_the_top(&mut self, count_in: u8, late: f64) {
        let garbage = &mut self.garbage;
        let mut displace = |it: Displaced| discard(garbage, it.into());
        self.player.rewind(0.0, &mut displace);
        let bar = self.player.current().pattern.bar_steps();
        let lead_in = i64::from(count_in) * bar;
        self.began = -lead_in as f64;
        self.player.rewind(self.began, &mut displace);
        self.next_clock = -lead_in * CLOCKS_PER_STEP as i64;
        self.next_beat = -lead_in;
        self.transport.play_from(self.began + late);
        self.start_due = lead_in > 0;
        if !self.start_due {
            self.send_midi(0, MidiMessage::Start);
        }
        if let Some(tap) = &mut self.tap {
            tap.played(self.began);
        }
    }

    pub(super) fn stop(&mut self) {
        self.transport.stop();
        self.send_midi(0, MidiMessage::Stop);
        if let Some(tap) = &mut self.tap {
            tap.moved_away();
        }
    }

    /// Has the player go over to something else: at its moment while it plays, else at once.
    fn change_part(
        &mut self,
        takeover: Takeover,
        change: impl FnOnce(&mut Player, Takeover, &mut dyn FnMut(Displaced)),
    ) {
        let playing = self.transport.playing();
        let takeover = if playing { takeover } else { Takeover::Now };
        let garbage = &mut self.garbage;
        let mut displace = |it: Displaced| discard(garbage, it.into());
        change(&mut self.player, takeover, &mut displace);
        if !playing {
            self.player.settle(&mut displace);
        }
    }
}
