//! Sound: the outputs, whether the one that is meant opens, the sound server, and real-time priority.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Finding;
use crate::cli::devices::quietly;
use crate::engine::{self, AudioOutput, AudioState, Devices, Engine, EngineOptions, Status};
use crate::studio::Config;

/// A sound card opens sooner, or not at all.
const PATIENCE: Duration = Duration::from_secs(4);

pub fn findings(config: &Config) -> Vec<Finding> {
    let outputs = quietly(engine::audio_outputs);
    let mut findings = vec![];
    if config.audio.device == "off" {
        findings.push(Finding::ok("sound", "switched off in the configuration."));
    } else {
        findings.push(opened(config, &outputs));
        findings.extend(unreached_server(&outputs));
    }
    findings.push(priority());
    findings
}

/// Opens the output as the workstation does, without a sound.
fn opened(config: &Config, outputs: &Devices<AudioOutput>) -> Finding {
    let named = Some(config.audio.device.clone()).filter(|name| !name.is_empty());
    let status = quietly(|| {
        let engine = Engine::start(EngineOptions {
            audio_device: named.clone(),
            buffer_frames: config.audio.buffer,
            ..EngineOptions::default()
        });
        let started = Instant::now();
        loop {
            let status = engine.status();
            if is_settled(&status) || started.elapsed() > PATIENCE {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    match status.audio {
        AudioState::On {
            device,
            rate,
            buffer,
            latency_ms,
            ..
        } => {
            let says = format!(
                "\"{device}\" plays: {rate} frames a second, {buffer} a buffer, {latency_ms:.0} ms to \
                 the loudspeaker."
            );
            match status.audio_denied {
                false => Finding::ok("sound", says),
                true => Finding::note(
                    "sound",
                    says + " Its thread gets no real-time priority, so it may break off while \
                            other programs work.",
                    REALTIME,
                ),
            }
        }
        AudioState::Off { reason } => Finding::note("sound", reason, cure_of_silence(outputs)),
    }
}

/// Whether it is known how the opening went.
fn is_settled(status: &Status) -> bool {
    match &status.audio {
        AudioState::On { buffer, .. } => *buffer > 0,
        off => !off.is_opening(),
    }
}

fn cure_of_silence(outputs: &Devices<AudioOutput>) -> String {
    if cfg!(target_os = "linux") {
        let devices = Path::new("/dev/snd");
        let has_card = is_played_by(devices, "pcm");
        if !has_card {
            return "connect a sound card (a container or virtual machine must be given /dev/snd); \
                    without one the loop runs silently, and MIDI, export and training work"
                .into();
        }
        if !opens_for_writing(devices, "pcm") {
            return "let this user use the sound card: sudo usermod -aG audio \"$USER\", then log in \
                    again"
                .into();
        }
    }
    match outputs.found.is_empty() {
        true => "connect a sound card".into(),
        false => {
            "close what else uses it, or name another output as `device` under [audio] \
                  (`musicvae-tui devices` lists them)"
        }
        .into(),
    }
}

/// The device files of ALSA in `folder` whose name begins so.
fn device_files<'f>(folder: &Path, begin: &'f str) -> impl Iterator<Item = PathBuf> + 'f {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = files.map(|file| file.path());
    paths.filter(move |path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with(begin)
    })
}

fn is_played_by(folder: &Path, begin: &str) -> bool {
    device_files(folder, begin).next().is_some()
}

fn opens_for_writing(folder: &Path, begin: &str) -> bool {
    let denied = |path: &PathBuf| {
        let opened = std::fs::OpenOptions::new().write(true).open(path);
        opened.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    };
    !device_files(folder, begin).any(|path| denied(&path))
}

/// A sound server that runs, but that none of the outputs leads to.
fn unreached_server(outputs: &Devices<AudioOutput>) -> Option<Finding> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let runtime = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?);
    let servers = [
        ("PipeWire", "pipewire-0", "pipewire-alsa"),
        ("PulseAudio", "pulse/native", "libasound2-plugins"),
    ];
    let (name, _, package) = servers
        .into_iter()
        .find(|(_, socket, _)| runtime.join(socket).exists())?;
    let leads = |output: &AudioOutput| {
        let words = format!("{} {}", output.id, output.name).to_lowercase();
        output.host != "alsa" || words.contains("pipewire") || words.contains("pulse")
    };
    if outputs.found.iter().any(leads) {
        return Some(Finding::ok("sound server", format!("{name} runs.")));
    }
    Some(Finding::note(
        "sound server",
        format!("{name} runs, but ALSA has no way to it, so the program needs the card to itself."),
        format!("install {package}"),
    ))
}

const REALTIME: &str = if cfg!(target_os = "linux") {
    "put the line `@audio - rtprio 95` into /etc/security/limits.d/audio.conf, join the group (sudo \
     usermod -aG audio \"$USER\"), and log in again"
} else {
    "close what else keeps the machine busy"
};

fn priority() -> Finding {
    match engine::grants_realtime() {
        true => Finding::ok(
            "priority",
            "threads that must be on time get real-time priority.",
        ),
        false => Finding::note(
            "priority",
            "no real-time priority is granted: MIDI and sound may be late while other programs work.",
            REALTIME,
        ),
    }
}
