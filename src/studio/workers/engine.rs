//! Starting the engine as the configuration describes it.

use crate::engine::{Command, DrumMap, Engine, EngineOptions, Setup};
use crate::studio::ground::config::Config;
use crate::studio::ground::{Sound, soundfont};
use crate::studio::midi;
use musicvae::music::Groove;

/// Starts the engine, with everything set that it does not start with.
pub fn start(config: &Config, drum_map: DrumMap) -> Engine {
    let engine = Engine::start(options(config, drum_map));
    for setting in Sound::from(config).commands() {
        engine.send(setting);
    }
    if config.soundfont.kit > 0 {
        engine.send(Setup::SetKit(config.soundfont.kit));
    }
    engine.send(Command::SetMidiOffset(config.midi.offset));
    engine
}

fn options(config: &Config, drum_map: DrumMap) -> EngineOptions {
    let named = |name: &str| (!name.is_empty()).then(|| name.to_string());
    EngineOptions {
        audio: config.audio.device != "off",
        audio_device: named(&config.audio.device),
        buffer_frames: config.audio.buffer,
        midi_port: named(&config.midi.port),
        midi_input: named(&config.midi.input),
        virtual_input: config.midi.virtual_input,
        follow_clock: config.midi.follow_clock || config.midi.link,
        link: config.midi.link.then(|| config.midi.carabiner.clone()),
        pads: midi::pads(config.midi.pad_channel, &[]),
        midi_thru: config.midi.thru,
        drum_map,
        clock_out: config.midi.clock,
        gate: config.midi.gate,
        soundfont: soundfont(&config.soundfont.path),
        qpm: config.playing.tempo,
        groove: Groove {
            qpm: config.playing.tempo,
            ..Groove::empty(64)
        },
    }
}
