//! The command line, and what the measurements share.

mod card;
mod figures;
mod flood;
mod idle;
#[cfg(feature = "jack-midi")]
mod midi;
mod onsets;
mod player;
mod screen;
mod takeover;
mod underruns;

#[allow(dead_code)]
#[path = "../../../tests/suite/devices.rs"]
mod devices;
#[allow(dead_code)]
#[path = "../../../tests/suite/session.rs"]
mod session;
#[allow(dead_code)]
#[path = "../../../crates/musicvae/tests/suite/support.rs"]
mod support;

use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::{Parser, ValueEnum};

/// Measures the engine on its real path.
#[derive(Parser)]
pub struct Options {
    /// What to measure; all when none is named.
    #[arg(value_enum)]
    names: Vec<Name>,
    /// How long each measurement takes, in place of its own time.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// A few seconds each: whether they can be measured at all, and not for the figures. So it is
    /// without `cargo bench`, too.
    #[arg(long)]
    short: bool,
    /// Train a model at the same time, on every core, in the same process as the engine.
    #[arg(long)]
    training: bool,
    /// What to train on (folder, zip or TFRecord), in place of made-up grooves.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Rate and period of the JACK server that carries MIDI. It hands MIDI over once a period, so
    /// a period is the resolution of those figures.
    #[arg(long, default_value_t = 192_000, value_name = "HZ")]
    rate: u32,
    #[arg(long, default_value_t = 32, value_name = "FRAMES")]
    period: u32,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
    /// Play a part in a process of its own.
    #[arg(long, hide = true)]
    part: Option<Part>,
    /// What the part is asked for, as JSON.
    #[arg(long, hide = true, default_value = "")]
    ask: String,
}

/// Seconds of a measurement in short form.
const SHORT: u64 = 2;

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Name {
    /// Notes and clock at a MIDI receiver in another process, against the grid (needs
    /// `--features jack-midi` and jackd; 600 s).
    Midi,
    /// Onsets in captured sound against the schedule, at six buffer sizes (15 s each).
    Onsets,
    /// Underruns at 256 frames while a model trains (600 s).
    Underruns,
    /// From a slider's move to the changed groove, decoded and heard (60 s).
    Takeover,
    /// All lanes, in 32nds, at 300 quarter notes a minute: memory, voices, faults (300 s).
    Flood,
    /// The whole program on a terminal, stopped and playing: share of a core (30 s each).
    Idle,
    /// The whole program on a terminal: start to the first frame (40 starts), and key to changed cells,
    /// stopped, playing, and training besides (30 s each).
    Screen,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Player,
    Receiver,
    Workstation,
}

impl Options {
    fn is_short(&self) -> bool {
        self.short || !self.bench
    }

    /// How long something takes that usually takes so long.
    fn seconds(&self, usual: u64) -> u64 {
        let own = if self.is_short() { SHORT } else { usual };
        self.seconds.unwrap_or(own).max(1)
    }
}

pub fn main() {
    let options = Options::parse();
    match options.part {
        Some(Part::Player) => return player::run(&options.ask),
        #[cfg(feature = "jack-midi")]
        Some(Part::Receiver) => return midi::receive(),
        #[cfg(not(feature = "jack-midi"))]
        Some(Part::Receiver) => return,
        Some(Part::Workstation) => return takeover::run(&options.ask),
        None => (),
    }
    let names = match options.names[..] {
        [] => Name::value_variants(),
        ref names => names,
    };
    // One that fails says why, and the others are measured all the same.
    let measured = |name: &Name| catch_unwind(|| measure(*name, &options)).is_ok();
    let failed = names.iter().filter(|name| !measured(name)).count();
    if failed > 0 {
        eprintln!("{failed} of {} measurements FAILED", names.len());
        std::process::exit(1);
    }
}

fn measure(name: Name, options: &Options) {
    match name {
        #[cfg(feature = "jack-midi")]
        Name::Midi => midi::measure(options),
        #[cfg(not(feature = "jack-midi"))]
        Name::Midi => println!("midi: SKIPPED: needs --features jack-midi\n"),
        Name::Onsets => onsets::measure(options),
        Name::Underruns => underruns::measure(options),
        Name::Takeover => takeover::measure(options),
        Name::Flood => flood::measure(options),
        Name::Idle => idle::measure(options),
        Name::Screen => screen::measure(options),
    }
}

/// This program again, in another part.
fn part(part: Part, ask: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program's path"));
    let part = format!("{part:?}").to_lowercase();
    command
        .args(["--part", &part, "--ask", ask])
        .stdout(Stdio::piped());
    command
}
