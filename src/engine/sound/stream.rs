//! Audio output: a stream to a sound card, and the callback that fills its buffers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig};

use super::cards::{Candidate, guarded, sentence};
use super::mixer::Stereo;
use crate::engine::events::{Nanos, SECOND};
use crate::engine::thread::make_realtime;

/// A stream that reports less latency than this is taken to have it, so that the MIDI thread sees
/// an event before its moment.
pub(crate) const MIDI_LEAD: Nanos = SECOND / 250;

/// Frames that are rendered at a time, whatever the length of a callback.
const SCRATCH: usize = 1024;

/// What fills the buffers of a stream. Called in the audio callback.
pub(crate) trait Source: Send {
    /// Fills `out`, whose first frame is heard at `heard`. `stream` is a number that no other
    /// stream had.
    fn fill(&mut self, stream: u64, rate: u32, heard: Nanos, out: Stereo);
}

/// What the callback tells of itself.
#[derive(Debug, Default)]
pub(crate) struct Callback {
    /// Number of the stream that may play; 0 while none is open.
    pub stream: AtomicU64,
    /// When it was last called.
    pub last: AtomicI64,
    /// Frames, frames a second and latency (ns) of the last one.
    pub frames: AtomicU32,
    pub rate: AtomicU32,
    pub latency: AtomicI64,
    /// Frames of all of them.
    pub played: AtomicU64,
    /// The system grants it no real-time priority.
    pub denied: AtomicBool,
    /// What the driver reported, and faults of the program.
    pub errors: AtomicU64,
}

/// Flags that the error callback may set; it does nothing else.
#[derive(Default)]
struct StreamState {
    lost: AtomicBool,
}

/// A stream that plays.
pub(crate) struct AudioStream {
    _stream: cpal::Stream,
    state: Arc<StreamState>,
    pub name: String,
    pub rate: u32,
    pub channels: u16,
    /// Frames a callback that were asked for; `None` for what it has.
    pub asked: Option<u32>,
}

impl AudioStream {
    /// Opens an output with `buffer` frames a callback, or with what it has when it refuses.
    pub fn open(candidate: &Candidate, buffer: u32, feed: &Feed) -> Result<AudioStream, String> {
        let fixed = candidate.buffer(buffer);
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
    feed.callback.denied.store(false, Relaxed);
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
        candidate,
        config,
        feeder,
        state.clone(),
        feed.callback.clone(),
    )?;
    feed.callback.last.store(feed.now(), Relaxed);
    feed.callback.stream.store(feed.stream, Relaxed);
    if let Err(error) = stream.play() {
        feed.callback.stream.store(0, Relaxed);
        return Err(error);
    }
    Ok(AudioStream {
        _stream: stream,
        state,
        name: candidate.name.clone(),
        rate: candidate.rate(),
        channels: candidate.channels(),
        asked: match buffer_size {
            BufferSize::Fixed(frames) => Some(frames),
            BufferSize::Default => None,
        },
    })
}

fn build<T: SizedSample + FromSample<f32>>(
    candidate: &Candidate,
    config: StreamConfig,
    mut feeder: Feeder,
    state: Arc<StreamState>,
    callback: Arc<Callback>,
) -> Result<cpal::Stream, cpal::Error> {
    let told = callback.clone();
    let (mut ordinary, asking) = (candidate.is_ordinary(), candidate.is_still_asking());
    let granted = Arc::new(AtomicBool::new(false));
    let ours = granted.clone();
    candidate.device.build_output_stream(
        config,
        move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
            if std::mem::take(&mut ordinary) {
                let grants = make_realtime();
                ours.store(grants, Relaxed);
                if grants || !asking {
                    callback.denied.store(!grants, Relaxed);
                }
            }
            let time = info.timestamp();
            feeder.fill(data, time.playback.saturating_duration_since(time.callback));
        },
        move |error| match error.kind() {
            ErrorKind::DeviceNotAvailable
            | ErrorKind::StreamInvalidated
            | ErrorKind::HostUnavailable => state.lost.store(true, Relaxed),
            // Told once, and no fault of the moment.
            ErrorKind::RealtimeDenied => {
                if !granted.load(Relaxed) {
                    told.denied.store(true, Relaxed);
                }
            }
            ErrorKind::DeviceChanged => (),
            _ => {
                told.errors.fetch_add(1, Relaxed);
            }
        },
        Some(Duration::from_secs(3)),
    )
}

/// What a stream plays from.
pub(crate) struct Feed {
    pub source: Arc<Mutex<dyn Source>>,
    pub callback: Arc<Callback>,
    pub epoch: Instant,
    /// Number of the next stream, from 1 on.
    pub stream: u64,
}

impl Feed {
    pub fn now(&self) -> Nanos {
        self.epoch.elapsed().as_nanos() as Nanos
    }

    pub fn feeder(&self, rate: u32, channels: u16) -> Feeder {
        Feeder {
            source: self.source.clone(),
            callback: self.callback.clone(),
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
    source: Arc<Mutex<dyn Source>>,
    callback: Arc<Callback>,
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
        let callback = &self.callback;
        if callback.stream.load(Relaxed) != self.stream {
            // This stream was given up, but its driver has not heard of it yet.
            return data.fill(T::from_sample(0.0));
        }
        callback.last.store(now, Relaxed);
        callback.frames.store(frames as u32, Relaxed);
        callback.rate.store(self.rate, Relaxed);
        callback.latency.store(heard - now, Relaxed);
        callback.played.fetch_add(frames as u64, Relaxed);
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
        let mut source = match self.source.try_lock() {
            Ok(source) => source,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return,
        };
        let (stream, rate) = (self.stream, self.rate);
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            source.fill(stream, rate, heard, (&mut *left, &mut *right));
        }));
        if rendered.is_err() {
            left.fill(0.0);
            right.fill(0.0);
            self.callback.errors.fetch_add(1, Relaxed);
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
