//! Playing: transport, feel, levels, and the state of the lanes.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Action, AudioState, Config, Effect, MidiState, Studio, Sync, Takeover, Transport};
use crate::engine::Position;
use musicvae::music::{LANES, Lane};

/// How the groove is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sound {
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Share of each pair of sixteenths that the first one takes; 0.5 is straight.
    pub swing: f32,
    /// Amount of microtiming.
    pub timing: f32,
    /// Amount of dynamics.
    pub dynamics: f32,
    /// Master level.
    pub level: f32,
    pub takeover: Takeover,
    /// Whether every beat clicks, and how loud a click is (0 to 1).
    pub metronome: bool,
    pub click: f32,
    /// Bars that are counted before playing begins.
    pub count_in: u8,
    /// The bars that go round; `None` for all.
    pub looped: Option<Bars>,
}

/// Some bars of a groove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bars {
    /// Counted from 0.
    pub first: usize,
    /// At least 1.
    pub count: usize,
}

impl fmt::Display for Bars {
    /// `2` or `2-3`, as they are counted.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.count {
            1 => write!(f, "{}", self.first + 1),
            _ => write!(f, "{}-{}", self.first + 1, self.first + self.count),
        }
    }
}

impl From<&Config> for Sound {
    fn from(config: &Config) -> Sound {
        Sound {
            tempo: config.playing.tempo,
            swing: config.playing.swing,
            timing: config.playing.timing,
            dynamics: config.playing.velocity,
            level: config.audio.level,
            takeover: config.playing.takeover,
            metronome: config.playing.metronome,
            click: config.playing.click,
            count_in: config.playing.count_in,
            looped: None,
        }
    }
}

/// A lane's place in the mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneState {
    pub level: f32,
    pub mute: bool,
    pub solo: bool,
    /// Keeps its hits when a new groove arrives.
    pub lock: bool,
}

impl Default for LaneState {
    fn default() -> LaneState {
        LaneState {
            level: 1.0,
            mute: false,
            solo: false,
            lock: false,
        }
    }
}

/// What the transport says before the engine has said anything.
pub fn silent_transport(config: &Config) -> Transport {
    Transport {
        playing: false,
        position: Position::default(),
        qpm: config.playing.tempo,
        swing: config.playing.swing,
        takeover_pending: false,
        chain_link: None,
        recording: None,
        recorded: [].into(),
        record_error: None,
        audio: AudioState::Off {
            reason: "The sound is not opened yet.".into(),
        },
        midi: MidiState::Off {
            reason: "No MIDI port is chosen.".into(),
        },
        midi_in: MidiState::Off {
            reason: "No MIDI input is chosen.".into(),
        },
        sync: if config.midi.follow_clock {
            Sync::Waiting
        } else {
            Sync::Internal
        },
        kit: String::new(),
        kits: [].into(),
        kit_error: None,
        lane_levels: [0.0; LANES],
        master_level: [0.0; 2],
        limiter_gain: 1.0,
        dropped_commands: 0,
        dropped_midi: 0,
        audio_errors: 0,
        audio_denied: false,
        midi_errors: 0,
    }
}

fn nudged(value: f32, by: f32, low: f32, high: f32) -> f32 {
    // Rounded, so that steps of 0.05 land on what is shown.
    ((value + by) * 1000.0)
        .round()
        .clamp(low * 1000.0, high * 1000.0)
        / 1000.0
}

impl Studio {
    pub(super) fn apply_playing(&mut self, action: Action) {
        let sound = &mut self.sound;
        match action {
            Action::TogglePlay => {
                // Set at once, so that a second key before the next snapshot means the opposite.
                self.transport.playing = !self.transport.playing;
                let effect = if self.transport.playing {
                    Effect::Play
                } else {
                    Effect::Stop
                };
                self.ask(effect);
            }
            Action::Continue => {
                self.transport.playing = true;
                self.ask(Effect::Continue);
            }
            Action::Panic => {
                self.ask(Effect::Panic);
                self.say("All notes off.");
            }
            Action::SetTempo(tempo) => self.set_tempo(tempo),
            Action::NudgeTempo(by) => self.set_tempo(self.sound.tempo + by),
            Action::TapTempo => match self.taps.tap(self.now) {
                Some(tempo) => self.set_tempo(tempo),
                None => self.say("Tap on, in quarter notes."),
            },
            Action::ToggleMetronome => {
                sound.metronome = !sound.metronome;
                let on = if sound.metronome { "on" } else { "off" };
                self.click();
                self.say(format!("The metronome is {on}."));
            }
            Action::NudgeClick(by) => {
                sound.click = nudged(sound.click, by, 0.0, 1.0);
                let level = sound.click;
                self.click();
                self.say(format!("Clicks at {:.0} %.", level * 100.0));
            }
            Action::CycleCountIn => {
                sound.count_in = (sound.count_in + 1) % 3;
                let bars = sound.count_in;
                self.ask(Effect::CountIn(bars));
                self.say(match bars {
                    0 => "Playing begins at once.".to_string(),
                    1 => "Playing begins after a bar of counting.".to_string(),
                    many => format!("Playing begins after {many} bars of counting."),
                });
            }
            Action::SetLoop(bars) => self.set_loop(bars),
            Action::NudgeLoop(by) => {
                let all = self.scene.groove.bars().max(1);
                let bars = self.bars();
                let count = bars.count.saturating_add_signed(by).clamp(1, all);
                let first = bars.first.min(all - count);
                self.set_loop(Some(Bars { first, count }));
            }
            Action::MoveLoop(by) => {
                let bars = self.bars();
                // From the last place on to the first.
                let places = self.scene.groove.bars().max(1) - bars.count + 1;
                let first = (bars.first as isize + by).rem_euclid(places as isize) as usize;
                self.set_loop(Some(Bars { first, ..bars }));
            }
            Action::ToggleRecord => {
                let effect = if self.transport.recording.is_some() {
                    Effect::StopRecording
                } else {
                    self.transport.record_error = None;
                    Effect::Record(self.config.record.clone())
                };
                self.ask(effect);
            }
            Action::NudgeSwing(by) => {
                sound.swing = nudged(sound.swing, by, 0.5, 0.75);
                let swing = sound.swing;
                self.ask(Effect::Swing(swing));
            }
            Action::NudgeTiming(by) => {
                sound.timing = nudged(sound.timing, by, 0.0, 1.5);
                let timing = sound.timing;
                self.ask(Effect::Timing(timing));
                self.say(format!("Microtiming at {:.0} %.", timing * 100.0));
            }
            Action::NudgeDynamics(by) => {
                sound.dynamics = nudged(sound.dynamics, by, 0.0, 1.5);
                let dynamics = sound.dynamics;
                self.ask(Effect::Dynamics(dynamics));
                self.say(format!("Dynamics at {:.0} %.", dynamics * 100.0));
            }
            Action::NudgeLevel(by) => {
                sound.level = nudged(sound.level, by, 0.0, 1.5);
                let level = sound.level;
                self.ask(Effect::Level(level));
                self.say(format!("Level at {:.0} %.", level * 100.0));
            }
            Action::CycleTakeover => {
                sound.takeover = match sound.takeover {
                    Takeover::Now => Takeover::NextBar,
                    Takeover::NextBar => Takeover::NextLoop,
                    Takeover::NextLoop => Takeover::Now,
                };
                let when = takeover_words(sound.takeover);
                self.say(format!("New grooves take over {when}."));
            }
            Action::ToggleMute => self.change_lane(|lane| lane.mute = !lane.mute),
            Action::ToggleSolo => self.change_lane(|lane| lane.solo = !lane.solo),
            Action::ToggleLock => self.change_lane(|lane| lane.lock = !lane.lock),
            Action::NudgeLaneLevel(by) => {
                self.change_lane(|lane| lane.level = nudged(lane.level, by, 0.0, 2.0));
            }
            _ => {}
        }
    }

    fn set_tempo(&mut self, tempo: f64) {
        self.sound.tempo = ((tempo * 10.0).round() / 10.0).clamp(20.0, 300.0);
        self.ask(Effect::Tempo(self.sound.tempo));
    }

    fn click(&mut self) {
        let (on, level) = (self.sound.metronome, self.sound.click);
        self.ask(Effect::Metronome { on, level });
    }

    /// The bars that go round, within the groove.
    fn bars(&self) -> Bars {
        let all = self.scene.groove.bars().max(1);
        match self.sound.looped {
            None => Bars {
                first: 0,
                count: all,
            },
            Some(bars) => {
                let first = bars.first.min(all - 1);
                let count = bars.count.clamp(1, all - first);
                Bars { first, count }
            }
        }
    }

    fn set_loop(&mut self, bars: Option<Bars>) {
        let all = self.scene.groove.bars().max(1);
        let whole = Bars {
            first: 0,
            count: all,
        };
        self.sound.looped = bars.filter(|bars| *bars != whole);
        // Brought into the groove.
        self.sound.looped = self.sound.looped.map(|_| self.bars());
        let (bars, takeover) = (self.sound.looped, self.sound.takeover);
        self.ask(Effect::Loop { bars, takeover });
        let after = match self.chain.playing {
            Some(_) => ", after the chain",
            None => "",
        };
        self.say(match bars {
            None => format!("All bars go round{after}."),
            Some(bars) if bars.count == 1 => format!("Bar {bars} goes round{after}."),
            Some(bars) => format!("Bars {bars} go round{after}."),
        });
    }

    fn change_lane(&mut self, change: impl FnOnce(&mut LaneState)) {
        let lane = Lane::ALL[self.screen.lane];
        let before = self.lanes[lane.index()];
        let state = &mut self.lanes[lane.index()];
        change(state);
        let LaneState {
            level, mute, solo, ..
        } = *state;
        if (level, mute, solo) != (before.level, before.mute, before.solo) {
            self.ask(Effect::Lane {
                lane,
                level,
                mute,
                solo,
            });
        }
    }

    pub(super) fn receive_transport(&mut self, status: Transport) {
        if let Some(error) = &status.kit_error
            && self.transport.kit_error.as_ref() != Some(error)
        {
            self.complain(error.clone());
        }
        self.hear_of_recording(&status);
        let lost = |now: u64, before: u64| now.saturating_sub(before);
        let dropped = lost(status.dropped_commands, self.transport.dropped_commands)
            + lost(status.dropped_midi, self.transport.dropped_midi);
        if dropped > 0 {
            self.complain(format!(
                "{dropped} notes or commands found no room and were dropped."
            ));
        }
        if status.audio_errors > self.transport.audio_errors {
            self.hear_of_gap(&status);
        }
        self.receive_sync(self.transport.sync, status.sync);
        self.transport = status;
    }

    /// Says that the sound broke off and what helps; not again for each gap of a bad stretch.
    fn hear_of_gap(&mut self, status: &Transport) {
        const PEACE: Duration = Duration::from_secs(30);
        if (self.gap_told).is_some_and(|told| self.now.saturating_sub(told) < PEACE) {
            return;
        }
        self.gap_told = Some(self.now);
        let buffer = self.config.audio.buffer;
        let priority = match status.audio_denied {
            true => ", so does real-time priority (rtprio in limits.conf)",
            false => "",
        };
        self.complain(format!(
            "The sound broke off for a moment: a larger buffer in the configuration helps (it is \
             {buffer}){priority}."
        ));
    }

    /// The tempo as the screen writes it: `120.0`, or `ext` and what the external clock does.
    pub fn tempo_words(&self) -> String {
        match self.transport.sync {
            Sync::Internal => format!("{:.1}", self.sound.tempo),
            Sync::Waiting => "ext (waiting)".into(),
            Sync::Following(qpm) => format!("ext {qpm:.1}"),
            Sync::Lost(_) => "ext lost".into(),
        }
    }

    pub(super) fn set_lane_level(&mut self, lane: Lane, level: f32) {
        let state = &mut self.lanes[lane.index()];
        state.level = level;
        let LaneState { mute, solo, .. } = *state;
        self.ask(Effect::Lane {
            lane,
            level,
            mute,
            solo,
        });
    }

    /// Says what begins, ends or goes wrong with a recording.
    fn hear_of_recording(&mut self, status: &Transport) {
        if let Some(error) = &status.record_error
            && self.transport.record_error.as_ref() != Some(error)
        {
            self.complain(error.clone());
        }
        match (&self.transport.recording, &status.recording) {
            (None, Some(recording)) => {
                let files = recording.folder.join(&recording.name);
                let when = match recording.seconds {
                    Some(_) => "",
                    None if status.playing => " from the next bar on",
                    None => " from play on",
                };
                self.say(format!("Recording to {}{when}.", files.display()));
            }
            (Some(_), None) if status.record_error.is_none() => {
                let names: Vec<_> = status
                    .recorded
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                self.say(match names.len() {
                    0 => "Nothing was recorded.".to_string(),
                    _ => format!("Recorded {}.", names.join(", ")),
                });
            }
            _ => {}
        }
    }

    /// Whether a lane is heard, with everyone's mute and solo.
    pub fn is_heard(&self, lane: Lane) -> bool {
        let any_solo = self.lanes.iter().any(|lane| lane.solo);
        let state = self.lanes[lane.index()];
        !state.mute && (state.solo || !any_solo)
    }

    /// Why nothing sounds or leaves, or that all is well.
    pub fn sound_sentence(&self) -> String {
        let audio = match &self.transport.audio {
            AudioState::Off { reason } => with_full_stop(reason),
            AudioState::On { device, rate, .. } => format!("Sound: {device}, {rate} Hz."),
        };
        let midi = match &self.transport.midi {
            MidiState::Off { reason } => with_full_stop(reason),
            MidiState::On { port } => self.machine_sentence(port),
        };
        let input = match &self.transport.midi_in {
            MidiState::On { port } => format!(" MIDI in: {port}."),
            // A port that is wanted and missing is news; one that nobody asked for is not.
            MidiState::Off { reason } if self.midi.input_wanted => {
                format!(" {}", with_full_stop(reason))
            }
            MidiState::Off { .. } => String::new(),
        };
        format!("{audio} {midi}{input}")
    }
}

fn with_full_stop(sentence: &str) -> String {
    let sentence = sentence.trim().replace('\n', " ");
    if sentence.ends_with('.') {
        sentence
    } else {
        sentence + "."
    }
}

/// `at once`, `at the next bar`, `when the loop ends`.
pub fn takeover_words(takeover: Takeover) -> &'static str {
    match takeover {
        Takeover::Now => "at once",
        Takeover::NextBar => "at the next bar",
        Takeover::NextLoop => "when the loop ends",
    }
}
