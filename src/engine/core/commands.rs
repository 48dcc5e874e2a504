//! What each command does to the core.

use super::queues::{Garbage, Prepared, discard};
use super::{Core, Metronome, NOTES};
use crate::engine::command::{Command, Takeover};
use crate::engine::events::{MidiMessage, Nanos};
use crate::engine::range;
use crate::engine::sound::mixer::Note;
use crate::engine::time::player::{Displaced, Player};
use crate::engine::time::units::CLOCKS_PER_STEP;
use musicvae::music::Lane;

impl Core {
    pub(super) fn take(&mut self, prepared: Prepared) {
        match prepared {
            Prepared::Command(command) => self.apply(command),
            Prepared::Pattern(pattern, takeover) => {
                let playing = self.transport.playing();
                let garbage = &mut self.garbage;
                let mut displace = |it: Displaced| discard(garbage, it.into());
                if playing {
                    self.player.set_pattern(pattern, takeover, &mut displace);
                } else {
                    self.player.replace(pattern, &mut displace);
                }
            }
            Prepared::Chain(chain, takeover) => {
                self.change_part(takeover, |player, takeover, displace| {
                    player.set_chain(chain, takeover, displace);
                });
            }
            Prepared::Fill(bar, takeover) => {
                let garbage = &mut self.garbage;
                let mut displace = |it: Displaced| discard(garbage, it.into());
                match self.transport.playing() {
                    true => self.player.set_fill(bar, takeover, &mut displace),
                    false => displace(Displaced::Pattern(bar)),
                }
            }
            Prepared::Tap(tap) => {
                if let Some(old) = self.tap.replace(tap) {
                    self.discard(Garbage::Tap(old));
                }
            }
            Prepared::Mixer(mut mixer) => {
                mixer.jump_to(&self.controls);
                if let Some(old) = self.mixer.replace(mixer) {
                    self.discard(Garbage::Mixer(old));
                }
            }
            Prepared::Program(program) => {
                if let Some(mixer) = &mut self.mixer {
                    mixer.set_program(program);
                }
            }
        }
    }

    fn apply(&mut self, command: Command) {
        match command {
            Command::Play | Command::Continue if self.external => self.join_master(),
            Command::Play => {
                let bars = self.count_in;
                self.play_from_the_top(bars, 0.0);
            }
            Command::Stop => self.stop(),
            Command::Continue if !self.transport.playing() => {
                self.transport.resume();
                if !self.start_due {
                    self.send_midi(0, MidiMessage::Continue(self.next_clock));
                }
            }
            Command::Continue => (),
            Command::SetTempo(qpm) => {
                self.transport.set_tempo(qpm);
                self.qpm = self.transport.qpm();
                self.follower.assume(qpm);
            }
            Command::FollowClock(external) => {
                self.external = external;
                if !external {
                    // Clamped, and without what the steering added.
                    self.transport.set_tempo(self.transport.qpm());
                    self.qpm = self.transport.qpm();
                }
            }
            Command::Overdub(overdub) => self.overdub = overdub,
            Command::SetLoop { bars, takeover } => {
                self.change_part(takeover, |player, takeover, displace| {
                    player.set_loop(bars, takeover, displace);
                });
            }
            Command::SetCountIn(bars) => self.count_in = range::COUNT_IN.nearest(bars),
            Command::SetMetronome { on, level } => {
                let level = range::CLICK.nearest(level);
                self.metronome = Metronome { on, level };
            }
            Command::StopRecording => {
                if let Some(mut tap) = self.tap.take() {
                    tap.end();
                    self.discard(Garbage::Tap(tap));
                }
            }
            Command::SetSwing(swing) => self.player.feel.swing = range::SWING.nearest(swing),
            Command::SetTimingAmount(amount) => {
                self.player.feel.timing = range::TIMING.nearest(amount);
            }
            Command::SetVelocityAmount(amount) => {
                self.player.feel.velocity = range::DYNAMICS.nearest(amount);
            }
            Command::SetLane {
                lane,
                level,
                mute,
                solo,
            } => {
                let control = &mut self.controls.lanes[lane.index()];
                control.level = range::LEVEL.nearest(level);
                (control.mute, control.solo) = (mute, solo);
            }
            Command::SetLaneSteps { lane, steps } => {
                let steps = steps.map(|steps| range::LANE_STEPS.nearest(steps));
                self.player.lane_steps[lane.index()] = steps;
            }
            Command::SetPan { lane, pan } => {
                self.controls.lanes[lane.index()].pan = range::PAN.nearest(pan);
            }
            Command::SetMasterLevel(level) => self.controls.master = range::LEVEL.nearest(level),
            Command::SetRoom(on) => self.controls.room = on,
            Command::SetCompressor(on) => self.controls.compressor = on,
            Command::Strike { lane, velocity } => {
                self.strike(lane, range::VELOCITY.nearest(velocity));
            }
            Command::Panic => {
                if let Some(mixer) = &mut self.mixer {
                    mixer.silence();
                }
                self.send_midi(0, MidiMessage::Panic);
            }
            Command::SetFill(fill) => self.player.fills_on = fill,
            Command::SetChanceSeed(seed) => self.player.chance_seed = seed,
            Command::Moved { controller, value } => {
                if let Some(tap) = &mut self.tap {
                    tap.moved(controller, value);
                }
            }
            Command::SetMidiOffset(ms) => {
                let ms = f64::from(range::MIDI_OFFSET.nearest(ms));
                self.set_midi_offset((ms * 1e6) as Nanos);
            }
        }
    }

    fn strike(&mut self, lane: Lane, velocity: f32) {
        if self.strikes < NOTES / 2 {
            let note = Note::of_lane(0, lane, velocity);
            self.notes[self.strikes] = note;
            self.strikes += 1;
            if let Some(tap) = &mut self.tap {
                tap.stroke(0.0, lane, note.velocity);
            }
            let velocity = note.velocity;
            self.send_midi(0, MidiMessage::Hit { lane, velocity });
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
        // Before its first beat it waits.
        self.start_due = lead_in > 0 || late < 0.0;
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

    /// Lets the player change to something else: at its moment while it plays, otherwise at once.
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
