//! Audio output: the sound cards of this machine, and the callback that fills their buffers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig,
};

use super::clock::{Nanos, SECOND};
use super::core::Core;
use super::shared::Shared;
use super::{AudioOutput, Devices};

/// A stream that reports less latency than this is taken to have it, so that the MIDI thread sees
/// an event before its moment.
pub(crate) const MIDI_LEAD: Nanos = SECOND / 250;

/// Rates that the synthesizer can do.
const RATES: std::ops::RangeInclusive<u32> = 16_000..=192_000;

/// Frames that are rendered at a time, whatever the length of a callback.
const SCRATCH: usize = 1024;

/// An output that could be opened.
pub(crate) struct Candidate {
    device: Device,
    config: SupportedStreamConfig,
    pub name: String,
}

impl Candidate {
    /// Frames a second.
    pub fn rate(&self) -> u32 {
        self.config.sample_rate()
    }

    pub fn channels(&self) -> u16 {
        self.config.channels()
    }
}

/// Sound systems of this build, best first. (`cpal::default_host` panics on a broken
/// configuration.)
fn hosts() -> impl Iterator<Item = cpal::Host> {
    cpal::available_hosts()
        .into_iter()
        .filter_map(|id| cpal::host_from_id(id).ok())
}

/// Runs `look`, which asks sound systems; a panic in one of them is an error.
fn guarded<T>(look: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(look))
        .unwrap_or_else(|_| Err("the sound system of this machine failed badly".into()))
}

fn name_of(device: &Device) -> String {
    match device.description() {
        Ok(description) => description.name().to_string(),
        Err(_) => device
            .id()
            .map_or_else(|_| "unknown".into(), |id| id.id().to_string()),
    }
}

/// The audio outputs of this machine.
pub(crate) fn list() -> Devices<AudioOutput> {
    let found = guarded(|| {
        let mut found = Vec::new();
        for host in hosts() {
            let default = host
                .default_output_device()
                .and_then(|device| device.id().ok());
            let Ok(devices) = host.output_devices() else {
                continue;
            };
            for device in devices {
                let Ok(id) = device.id() else { continue };
                found.push(AudioOutput {
                    host: host.id().to_string(),
                    default: default.as_ref() == Some(&id),
                    id: id.to_string(),
                    name: name_of(&device),
                });
            }
        }
        Ok(found)
    });
    match found {
        Err(reason) => Devices {
            found: Vec::new(),
            reason: Some(format!("No audio output: {reason}.")),
        },
        Ok(found) => {
            let reason = found
                .is_empty()
                .then(|| "No audio output is there: connect a sound card.".to_string());
            Devices { found, reason }
        }
    }
}

/// The outputs that `wanted` (an id, a name or part of one; `None` is the default) may mean, best
/// first; or why there is none, in one sentence.
pub(crate) fn candidates(wanted: Option<&str>) -> Result<Vec<Candidate>, String> {
    guarded(|| {
        let mut candidates = Vec::new();
        let mut problem = None;
        for host in hosts() {
            let devices: Vec<Device> = match wanted {
                None => host.default_output_device().into_iter().collect(),
                Some(wanted) => match host.output_devices() {
                    Ok(devices) => devices.filter(|device| is_meant(device, wanted)).collect(),
                    Err(_) => Vec::new(),
                },
            };
            for device in devices {
                let name = name_of(&device);
                match configuration(&device) {
                    Ok(config) => candidates.push(Candidate {
                        device,
                        config,
                        name,
                    }),
                    Err(error) => problem = Some((name, error)),
                }
            }
        }
        match (candidates.is_empty(), problem, wanted) {
            (false, ..) => Ok(candidates),
            (true, Some((name, error)), _) => Err(format!("\"{name}\" cannot be opened ({error})")),
            (true, None, Some(wanted)) => Err(format!("there is no output named \"{wanted}\"")),
            (true, None, None) => Err("this machine has no sound card".into()),
        }
    })
    .map_err(|reason| format!("No sound: {reason}."))
}

fn is_meant(device: &Device, wanted: &str) -> bool {
    let id = device.id();
    let by_id = id.is_ok_and(|id| id.to_string() == wanted || id.id() == wanted);
    by_id
        || name_of(device)
            .to_lowercase()
            .contains(&wanted.to_lowercase())
}

/// The device's own configuration, or the nearest one that can be played.
fn configuration(device: &Device) -> Result<SupportedStreamConfig, String> {
    let default = device
        .default_output_config()
        .map_err(|error| sentence(&error))?;
    if is_playable(default.sample_format()) && RATES.contains(&default.sample_rate()) {
        return Ok(default);
    }
    let all = device
        .supported_output_configs()
        .map_err(|error| sentence(&error))?;
    all.filter(|range| is_playable(range.sample_format()))
        .filter_map(|range| {
            let rates = [
                48_000,
                44_100,
                range.max_sample_rate(),
                range.min_sample_rate(),
            ];
            let rate = rates
                .into_iter()
                .find(|r| RATES.contains(r) && range.contains_rate(*r))?;
            range.try_with_sample_rate(rate)
        })
        .min_by_key(|config| config.channels().abs_diff(2))
        .ok_or_else(|| {
            format!(
                "it offers {} at {} frames a second only",
                default.sample_format(),
                default.sample_rate()
            )
        })
}

/// An error's text without the full stop, to be put into a sentence.
fn sentence(error: &cpal::Error) -> String {
    error.to_string().trim_end_matches('.').to_string()
}

/// Flags that the error callback may set; it does nothing else.
#[derive(Default)]
struct StreamState {
    lost: AtomicBool,
}

/// A stream that plays.
pub(crate) struct AudioStream {
    shared: Arc<Shared>,
    _stream: cpal::Stream,
    state: Arc<StreamState>,
    pub name: String,
    pub rate: u32,
    pub channels: u16,
}

impl AudioStream {
    /// Opens an output with `buffer` frames a callback, or with what it has when it refuses.
    pub fn open(candidate: &Candidate, buffer: u32, feed: &Feed) -> Result<AudioStream, String> {
        let fixed = match candidate.config.buffer_size() {
            SupportedBufferSize::Range { min, max } if min <= max => buffer.clamp(*min, *max),
            _ => buffer,
        };
        let name = &candidate.name;
        guarded(|| {
            open_with(candidate, BufferSize::Fixed(fixed), feed)
                .or_else(|_| open_with(candidate, BufferSize::Default, feed))
                .map_err(|error| format!("\"{name}\" cannot be opened ({})", sentence(&error)))
        })
        .map_err(|reason| format!("No sound: {reason}."))
    }

    /// Whether the driver said that the device is gone.
    pub fn is_lost(&self) -> bool {
        self.state.lost.load(Relaxed)
    }
}

impl Drop for AudioStream {
    fn drop(&mut self) {
        // Before the stream itself ends (it is a field), so that the clock loses no time.
        self.shared.audio_running.store(false, Relaxed);
    }
}

fn open_with(
    candidate: &Candidate,
    buffer_size: BufferSize,
    feed: &Feed,
) -> Result<AudioStream, cpal::Error> {
    let config = StreamConfig {
        buffer_size,
        ..candidate.config.config()
    };
    let state = Arc::new(StreamState::default());
    let build = match candidate.config.sample_format() {
        SampleFormat::F32 => build::<f32>,
        SampleFormat::F64 => build::<f64>,
        SampleFormat::I8 => build::<i8>,
        SampleFormat::I16 => build::<i16>,
        SampleFormat::I24 => build::<cpal::I24>,
        SampleFormat::I32 => build::<i32>,
        SampleFormat::I64 => build::<i64>,
        SampleFormat::U8 => build::<u8>,
        SampleFormat::U16 => build::<u16>,
        SampleFormat::U24 => build::<cpal::U24>,
        SampleFormat::U32 => build::<u32>,
        SampleFormat::U64 => build::<u64>,
        _ => return Err(cpal::Error::new(ErrorKind::UnsupportedConfig)),
    };
    let feeder = feed.feeder(candidate.rate(), candidate.channels());
    let stream = build(
        &candidate.device,
        config,
        feeder,
        state.clone(),
        feed.shared.clone(),
    )?;
    feed.shared.last_callback.store(feed.now(), Relaxed);
    feed.shared.audio_running.store(true, Relaxed);
    if let Err(error) = stream.play() {
        feed.shared.audio_running.store(false, Relaxed);
        return Err(error);
    }
    Ok(AudioStream {
        shared: feed.shared.clone(),
        _stream: stream,
        state,
        name: candidate.name.clone(),
        rate: candidate.rate(),
        channels: candidate.channels(),
    })
}

/// Whether there is a way from our samples to this format (all but DSD).
fn is_playable(format: SampleFormat) -> bool {
    (format.is_int() || format.is_uint() || format.is_float()) && !format.is_dsd()
}

fn build<T: SizedSample + FromSample<f32>>(
    device: &Device,
    config: StreamConfig,
    mut feeder: Feeder,
    state: Arc<StreamState>,
    shared: Arc<Shared>,
) -> Result<cpal::Stream, cpal::Error> {
    device.build_output_stream(
        config,
        move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
            let time = info.timestamp();
            feeder.fill(data, time.playback.saturating_duration_since(time.callback));
        },
        move |error| match error.kind() {
            ErrorKind::DeviceNotAvailable
            | ErrorKind::StreamInvalidated
            | ErrorKind::HostUnavailable => state.lost.store(true, Relaxed),
            // Told once, and no fault of the moment.
            ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => (),
            _ => {
                shared.audio_errors.fetch_add(1, Relaxed);
            }
        },
        Some(Duration::from_secs(3)),
    )
}

/// What a stream plays from.
pub(crate) struct Feed {
    pub core: Arc<Mutex<Core>>,
    pub shared: Arc<Shared>,
    pub epoch: Instant,
    /// Number of the next stream.
    pub stream: u64,
}

impl Feed {
    pub fn now(&self) -> Nanos {
        self.epoch.elapsed().as_nanos() as Nanos
    }

    pub fn feeder(&self, rate: u32, channels: u16) -> Feeder {
        Feeder {
            core: self.core.clone(),
            shared: self.shared.clone(),
            epoch: self.epoch,
            stream: self.stream,
            rate,
            channels: usize::from(channels.max(1)),
            latency: None,
            left: [0.0; SCRATCH],
            right: [0.0; SCRATCH],
        }
    }
}

/// The audio callback's own: takes any length, any number of channels and any sample format, and
/// neither allocates nor waits.
pub(crate) struct Feeder {
    core: Arc<Mutex<Core>>,
    shared: Arc<Shared>,
    epoch: Instant,
    stream: u64,
    rate: u32,
    channels: usize,
    /// Smoothed, in nanoseconds.
    latency: Option<f64>,
    left: [f32; SCRATCH],
    right: [f32; SCRATCH],
}

impl Feeder {
    /// Fills an interleaved buffer; its first frame is heard `latency` from now.
    pub fn fill<T: SizedSample + FromSample<f32>>(&mut self, data: &mut [T], latency: Duration) {
        let now = self.epoch.elapsed().as_nanos() as Nanos;
        let frames = data.len() / self.channels;
        let heard = now + self.smooth(latency);
        let shared = &self.shared;
        shared.last_callback.store(now, Relaxed);
        shared.callback_frames.store(frames as u32, Relaxed);
        shared.callback_rate.store(self.rate, Relaxed);
        shared.callback_latency.store(heard - now, Relaxed);
        shared.frames_played.fetch_add(frames as u64, Relaxed);
        let mut at = 0;
        while at < frames {
            let count = (frames - at).min(SCRATCH);
            let later = (at as f64 / f64::from(self.rate) * SECOND as f64) as Nanos;
            self.render(count, heard + later);
            let range = at * self.channels..(at + count) * self.channels;
            self.interleave(&mut data[range]);
            at += count;
        }
        data[frames * self.channels..].fill(T::from_sample(0.0));
    }

    /// The reported latency without its jitter.
    fn smooth(&mut self, latency: Duration) -> Nanos {
        let latency = latency.as_nanos() as f64;
        let smooth = self.latency.get_or_insert(latency);
        *smooth += (latency - *smooth) * 0.02;
        (*smooth as Nanos).max(MIDI_LEAD)
    }

    fn render(&mut self, frames: usize, heard: Nanos) {
        let (left, right) = (&mut self.left[..frames], &mut self.right[..frames]);
        left.fill(0.0);
        right.fill(0.0);
        // The clock thread has it only while it takes this stream for dead.
        let mut core = match self.core.try_lock() {
            Ok(core) => core,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return,
        };
        let (stream, rate) = (self.stream, self.rate);
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            core.drive_audio(stream, rate, heard, (&mut *left, &mut *right));
        }));
        if rendered.is_err() {
            left.fill(0.0);
            right.fill(0.0);
            self.shared.audio_errors.fetch_add(1, Relaxed);
        }
    }

    fn interleave<T: SizedSample + FromSample<f32>>(&self, data: &mut [T]) {
        let stereo = self.left.iter().zip(&self.right);
        for (frame, (&left, &right)) in data.chunks_exact_mut(self.channels).zip(stereo) {
            match frame {
                [mono] => *mono = T::from_sample(0.5 * (left + right)),
                [first, second, rest @ ..] => {
                    *first = T::from_sample(left);
                    *second = T::from_sample(right);
                    rest.fill(T::from_sample(0.0));
                }
                [] => (),
            }
        }
    }
}
