//! Reports of what happens: JSON lines for programs, or what went wrong for people.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::studio::{AudioState, MidiState, Studio, Weight};

/// Writes what is new.
pub struct Report {
    /// JSON lines on standard output; else what goes wrong, for people.
    print: bool,
    people: Box<dyn Write>,
    /// When the newest message that was told was said, and how many were said then.
    told: (Duration, usize),
    playing: bool,
    groove: String,
    outputs: [String; 2],
}

impl Report {
    /// `people`: where they read what goes wrong.
    pub fn new(print: bool, people: Box<dyn Write>) -> Report {
        Report {
            print,
            people,
            told: (Duration::ZERO, 0),
            playing: false,
            groove: String::new(),
            outputs: Default::default(),
        }
    }

    /// OSC is listened to.
    pub fn listens(&mut self, at: Option<SocketAddr>) {
        let at = at.map(|at| at.to_string());
        self.write(|| json!({ "event": "osc", "listens": at }));
    }

    /// Looks for what has changed.
    pub fn hear(&mut self, studio: &Studio) {
        let ground = &studio.ground;
        let transport = &ground.transport;
        let audio = match &transport.audio {
            AudioState::Off { reason } => reason.clone(),
            AudioState::On { device, .. } => device.clone(),
        };
        let midi = match &transport.midi {
            MidiState::Off { reason } => reason.clone(),
            MidiState::On { port } => port.clone(),
        };
        let outputs = [audio, midi];
        if self.outputs != outputs {
            let [audio, midi] = &outputs;
            self.write(|| json!({ "event": "outputs", "audio": audio, "midi": midi }));
            // At the very first they are only still to be opened.
            if self.outputs.iter().any(|output| !output.is_empty()) {
                self.tell_of_outputs(studio);
            }
            self.outputs = outputs;
        }
        self.tell_messages(studio);
        let groove = ground.groove_name();
        if self.groove != groove {
            self.write(|| {
                json!({
                    "event": "groove",
                    "name": groove,
                    "seed": ground.scene.seed,
                    "temperature": ground.scene.temperature,
                    "strokes": ground.groove().hits().count(),
                })
            });
            self.groove = groove;
        }
        if self.playing != transport.playing {
            self.playing = transport.playing;
            let event = if self.playing { "play" } else { "stop" };
            let seed = ground.sound.chance_seed;
            self.write(|| json!({ "event": event, "tempo": transport.qpm, "chance_seed": seed }));
        }
    }

    /// Tells people why nothing comes out where something should.
    fn tell_of_outputs(&mut self, studio: &Studio) {
        let (config, transport) = (&studio.ground.config, &studio.ground.transport);
        let wants_sound = config.audio.device != "off";
        let wants_midi = !config.midi.port.is_empty();
        let mut missing = Vec::new();
        if let AudioState::Off { reason } = &transport.audio
            && wants_sound
            && !transport.audio.is_opening()
        {
            missing.push(reason);
        }
        if let MidiState::Off { reason } = &transport.midi
            && wants_midi
        {
            missing.push(reason);
        }
        for reason in missing {
            self.complain(reason);
        }
    }

    /// Says what went wrong, to people.
    fn complain(&mut self, what: &str) {
        if !self.print {
            // When nobody reads any more, the music goes on.
            let _ = writeln!(self.people, "musicvae-tui: {what}");
        }
    }

    fn tell_messages(&mut self, studio: &Studio) {
        let (at, count) = self.told;
        let messages = studio.ground.messages.iter();
        let recent = messages.filter(|message| message.at >= at).enumerate();
        let new: Vec<_> = recent
            .filter(|(nth, message)| message.at > at || *nth >= count)
            .map(|(_, message)| message.clone())
            .collect();
        for message in new {
            let same = self.told.0 == message.at;
            self.told = (message.at, if same { self.told.1 + 1 } else { 1 });
            let is_trouble = message.weight == Weight::Trouble;
            if self.print {
                let event = if is_trouble { "trouble" } else { "notice" };
                self.write(|| json!({ "event": event, "text": message.text }));
            } else if is_trouble {
                self.complain(&message.text);
            }
        }
    }

    /// A bar, counted from 0, begins.
    pub fn bar(&mut self, bar: u32, tempo: f64) {
        self.write(|| json!({ "event": "bar", "bar": bar + 1, "tempo": tempo }));
    }

    /// A message came by OSC, and was done unless there is a reason.
    pub fn osc(&mut self, from: SocketAddr, address: &str, refused: Option<&String>) {
        let from = from.to_string();
        self.write(
            || json!({ "event": "osc", "from": from, "address": address, "refused": refused }),
        );
    }

    pub fn ends(&mut self) {
        self.write(|| json!({ "event": "end" }));
    }

    fn write(&mut self, line: impl FnOnce() -> Value) {
        if self.print {
            // When nobody reads any more, the music goes on.
            let mut out = std::io::stdout().lock();
            let written = writeln!(out, "{}", line()).and_then(|()| out.flush());
            self.print = written.is_ok();
        }
    }
}
