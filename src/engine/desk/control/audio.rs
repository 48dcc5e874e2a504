//! Watching the sound card: opened, measured, lost and opened again.

use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Control;
use super::backoff::Backoff;
use crate::engine::desk::status::AudioState;
use crate::engine::events::SECOND;
use crate::engine::sound::cards;
use crate::engine::sound::stream::AudioStream;

/// A stream without callbacks for so long is dead.
const SILENT_STREAM: Duration = Duration::from_millis(2500);

/// A stream is measured over this time; faster than [`TOO_FAST`] times real time, it is no sound
/// card but something that swallows samples.
const MEASURE: Duration = Duration::from_secs(2);
const TOO_FAST: f64 = 1.5;

/// The sound card, as the control thread knows it.
pub(crate) struct Audio {
    /// What is to be opened: an output by its id or name, or the default one.
    pub wanted: Option<Option<String>>,
    pub(super) retry: Backoff,
    /// Frames a callback to ask for.
    buffer: u32,
    pub stream: Option<AudioStream>,
    opened: Instant,
    /// When measuring began, and how many frames had been played then.
    measured_from: Option<(Instant, u64)>,
}

impl Audio {
    pub fn new(buffer: u32) -> Audio {
        Audio {
            wanted: None,
            retry: Backoff::new(),
            buffer,
            stream: None,
            opened: Instant::now(),
            measured_from: None,
        }
    }
}

impl Control {
    pub(super) fn watch_audio(&mut self) {
        if let Some(stream) = &self.audio.stream {
            let name = stream.name.clone();
            let silent = self.feed.now() - self.shared.callback.last.load(Relaxed);
            let frames = i64::from(self.shared.callback.frames.load(Relaxed));
            let limit = SILENT_STREAM.as_nanos() as i64
                + 2 * frames * SECOND / i64::from(stream.rate.max(1));
            if stream.is_lost() || silent > limit {
                self.close_stream();
                self.audio.retry.try_at_once();
                let reason = format!("\"{name}\" went away; it is tried again.");
                self.say_audio(AudioState::Off { reason });
            } else if self.is_too_fast() {
                self.close_stream();
                self.audio.wanted = None;
                let reason = format!("No sound: \"{name}\" accepts sound but is not a sound card.");
                self.say_audio(AudioState::Off { reason });
            } else {
                self.say_stream();
            }
        } else if self.audio.wanted.is_some() && self.audio.retry.is_due() {
            self.open_audio();
        }
    }

    /// Closes the stream in a thread of its own, because a driver that hangs would hang us too.
    pub(super) fn close_stream(&mut self) -> Option<JoinHandle<()>> {
        let stream = self.audio.stream.take()?;
        self.shared.callback.stream.store(0, Relaxed);
        thread::Builder::new()
            .name("engine-closing".into())
            .spawn(move || drop(stream))
            .ok()
    }

    fn open_audio(&mut self) {
        let wanted = self.audio.wanted.clone().flatten();
        match self.try_audio(wanted.as_deref()) {
            Ok(stream) => {
                self.audio.stream = Some(stream);
                self.audio.opened = Instant::now();
                self.audio.measured_from = None;
                self.say_stream();
            }
            Err(reason) => {
                self.audio.retry.failed();
                self.say_audio(AudioState::Off { reason });
            }
        }
    }

    fn try_audio(&mut self, wanted: Option<&str>) -> Result<AudioStream, String> {
        let mut reason = String::new();
        for candidate in cards::candidates(wanted)? {
            // The core has its instruments for this rate before the first callback.
            self.send_mixer(candidate.rate());
            self.feed.stream += 1;
            match AudioStream::open(&candidate, self.audio.buffer, &self.feed) {
                Ok(stream) => return Ok(stream),
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    /// Measures the stream, from a while after its start on.
    fn is_too_fast(&mut self) -> bool {
        let Some(stream) = &self.audio.stream else {
            return false;
        };
        if self.audio.opened.elapsed() < MEASURE {
            return false;
        }
        let played = self.shared.callback.played.load(Relaxed);
        let (start, before) = *self
            .audio
            .measured_from
            .get_or_insert_with(|| (Instant::now(), played));
        let elapsed = start.elapsed();
        if elapsed < MEASURE {
            return false;
        }
        self.audio.measured_from = Some((Instant::now(), played));
        let speed = (played - before) as f64 / f64::from(stream.rate) / elapsed.as_secs_f64();
        speed > TOO_FAST
    }

    fn say_stream(&self) {
        let Some(stream) = &self.audio.stream else {
            return;
        };
        let callback = &self.shared.callback;
        let buffer = callback.frames.load(Relaxed);
        let latency = callback.latency.load(Relaxed);
        self.slow(|slow| {
            // Latency is a measured number: not every hair's change is news.
            let latency_ms = (latency as f32 / 1e5).round() / 10.0;
            slow.audio = AudioState::On {
                device: stream.name.clone(),
                rate: stream.rate,
                channels: stream.channels,
                asked: stream.asked,
                buffer,
                latency_ms,
            };
        });
    }
}
