//! `musicvae-tui play`: plays without a screen.

use std::net::UdpSocket;
use std::path::PathBuf;

use anyhow::Context as _;

use super::UsageError;
use super::compute::DeviceArgs;
use super::corpus::GridArgs;
use super::grooves::seed;
use super::output::note;
use super::settings::Settings;
use super::signals;
use crate::engine::range::TEMPO;
use crate::headless::{self, Options};
use crate::studio::quiet_stderr;
use crate::typed_path::typed_path;
use musicvae::checkpoint::Checkpoint;
use musicvae::checkpoint::catalogue::Source;

/// Where to listen for OSC by default.
const OSC: &str = "127.0.0.1:9010";

/// Play without a screen, controlled by OSC and MIDI controllers.
///
/// It plays each file from beginning to end, one after the other, and then ends, unless --loop or
/// --sample-every is given. Without a file it plays what the model samples, until Ctrl-C, SIGTERM or
/// /quit by OSC. When it ends, it turns all notes off.
///
/// OSC messages have the names of the screen's commands (/play, /sample, /mute kick) and of the settings
/// that MIDI controllers move (/tempo 96, /temperature 0.8, /level-snare 0.5); /state is answered with
/// the state.
#[derive(clap::Args)]
pub struct Play {
    /// MIDI files to play: at most eight grooves of up to 64 bars.
    #[arg(value_name = "GROOVE.mid")]
    grooves: Vec<PathBuf>,
    #[command(flatten)]
    grid: GridArgs,
    /// MIDI port to send to, by its name or a part of it; "virtual port" for one that others connect to.
    #[arg(long, value_name = "PORT")]
    midi: Option<String>,
    /// MIDI port to listen to.
    #[arg(long, value_name = "PORT")]
    midi_in: Option<String>,
    /// Drum map of the machine on the port.
    #[arg(long, value_name = "MAP")]
    map: Option<String>,
    /// Follow the incoming MIDI clock.
    #[arg(long)]
    follow: bool,
    /// Join an Ableton Link session through Carabiner, which must run.
    #[arg(long, conflicts_with = "follow")]
    link: bool,
    /// Audio output, by its name or a part of it; `off` for no sound.
    #[arg(long, value_name = "OUTPUT")]
    audio: Option<String>,
    /// Quarter notes per minute [default: that of the first file, else the configured one].
    #[arg(long, value_name = "TEMPO")]
    tempo: Option<f64>,
    /// Start over after the last file.
    #[arg(long = "loop")]
    repeat: bool,
    /// Sample a new groove after this many bars, again and again.
    #[arg(long, value_name = "BARS", value_parser = clap::value_parser!(u32).range(1..))]
    sample_every: Option<u32>,
    /// How wild sampled grooves are, 0 to 2.
    #[arg(long, value_name = "TEMPERATURE")]
    temperature: Option<f32>,
    /// Seed of the first groove; each further one raises it by one [default: the configured one, or random].
    #[arg(long, value_name = "SEED", value_parser = seed)]
    seed: Option<u64>,
    /// Seed of the steps that are played by chance, which OSC can change (/chance-seed 7).
    #[arg(long, value_name = "SEED", default_value_t = 0, value_parser = seed)]
    chance_seed: u64,
    /// Checkpoint to draw from, in place of the built-in one.
    #[arg(long, value_name = "CHECKPOINT")]
    checkpoint: Option<PathBuf>,
    /// SoundFont (.sf2 or .sf3) to play with, in place of the built-in kit.
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
    /// Address and port to listen on for OSC, or `off` [default: 127.0.0.1:9010, if that is free].
    /// Anybody who can reach it can play.
    #[arg(long, value_name = "ADDRESS")]
    osc: Option<String>,
    /// Write what happens to standard output, as JSON lines. The music goes on where nobody reads them.
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    device: DeviceArgs,
}

impl Play {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let mut config = settings.config.clone();
        let grooves: Vec<PathBuf> = self.grooves.iter().map(|path| typed_path(path)).collect();
        let source = settings.checkpoint(self.checkpoint.as_deref())?;
        if self.checkpoint.is_some() {
            Checkpoint::open(&source)?.preset.makes_grooves()?;
        }
        config.checkpoints.open = match source {
            Source::File(path) => path,
            Source::Embedded(embedded) => embedded.name.into(),
        };
        if let Some(map) = &self.map {
            settings.drum_map(map).map_err(UsageError)?;
            config.midi.map = map.clone();
        }
        if let Some(tempo) = self.tempo {
            if !(TEMPO.low..=TEMPO.high).contains(&tempo) {
                let fault = format!("--tempo {tempo}: it is {} to {}", TEMPO.low, TEMPO.high);
                return Err(UsageError(fault).into());
            }
            config.playing.tempo = tempo;
        }
        if let Some(temperature) = self.temperature {
            if !(0.0..=2.0).contains(&temperature) {
                let fault = format!("--temperature {temperature}: it is 0 to 2");
                return Err(UsageError(fault).into());
            }
            config.sampling.temperature = temperature;
        }
        let seed = self.seed.or(settings.seed);
        config.sampling.seed = seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        for (chosen, to) in [
            (&self.midi, &mut config.midi.port),
            (&self.midi_in, &mut config.midi.input),
            (&self.audio, &mut config.audio.device),
        ] {
            if let Some(name) = chosen {
                to.clone_from(name);
            }
        }
        config.midi.follow_clock |= self.follow;
        config.midi.link |= self.link;
        if let Some(path) = &self.soundfont {
            config.soundfont.path = typed_path(path);
        }
        config.compute.device = self.device.choice(settings);
        let osc = self.socket()?;
        // What sound libraries print would get between our own lines.
        let quiet = quiet_stderr();
        let stderr = quiet.as_ref().and_then(|it| it.original().ok());
        let options = Options {
            grooves,
            grid: self.grid.grid,
            chance_seed: self.chance_seed,
            own_tempo: self.tempo.is_none(),
            repeat: self.repeat,
            sample_every: self.sample_every,
            print: self.print,
            people: stderr.unwrap_or_else(|| Box::new(std::io::stderr())),
            osc,
        };
        signals::end_in_order();
        let played = headless::run(config, options, || signals::asked().is_some());
        drop(quiet);
        played
    }

    fn socket(&self) -> anyhow::Result<Option<UdpSocket>> {
        match self.osc.as_deref() {
            Some("off") => Ok(None),
            Some(address) => UdpSocket::bind(address)
                .map(Some)
                .with_context(|| {
                    format!(
                        "OSC can't be listened to at {address} (it takes an address and a free port, such as \
                         {OSC})"
                    )
                }),
            None => {
                let socket = UdpSocket::bind(OSC);
                if let Err(error) = &socket {
                    note!("note: OSC is not listened to, as {OSC} can't be had ({error}): give another with --osc");
                }
                Ok(socket.ok())
            }
        }
    }
}
