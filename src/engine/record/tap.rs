//! The real-time end of a recording: takes nothing but room in queues that were made before.

use super::RecordStart;
use crate::engine::time::units::TICKS_PER_STEP;
use musicvae::music::midi_file::Controller;
use musicvae::music::{Lane, Meter};

/// What happens in a recording beside the sound. Ticks count from the recording's start, frames
/// are those put into the sound's queue so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Happening {
    /// From this frame on, frames a second; the first thing to happen.
    Rate {
        at: u64,
        rate: u32,
    },
    /// So many frames found no room before this one.
    Gap {
        at: u64,
        frames: u64,
    },
    Tempo {
        tick: u64,
        qpm: f64,
    },
    Meter {
        tick: u64,
        meter: Meter,
    },
    Stroke {
        tick: u64,
        lane: Lane,
        velocity: u8,
    },
    /// A setting has this value from here on.
    Moved {
        tick: u64,
        controller: Controller,
        value: u8,
    },
    /// `lost` of all this found no room.
    End {
        at: u64,
        tick: u64,
        lost: u64,
    },
}

/// A change of tempo larger than the first gets an event on the next step, and larger than the
/// second at once: a followed clock changes the tempo all the time, and once a step is enough for
/// that.
const TEMPO_STEP: f64 = 0.005;
const TEMPO_JUMP: f64 = 0.5;

/// A file knows no slower tempo (microseconds a quarter note are 24 bits); a clock that is followed
/// may stand still for a moment.
const SLOWEST: f64 = 4.0;

/// What a recording is made of.
pub(crate) trait Tapped: Send + Sync {
    /// Takes the tap to where it plays; `false` when there is no room.
    fn tap(&self, tap: Box<Tap>) -> bool;

    /// Makes it end the tap and release it.
    fn untap(&self);
}

/// See the module.
pub(crate) struct Tap {
    happenings: rtrb::Producer<Happening>,
    /// Left and right in turn.
    sound: Option<rtrb::Producer<f32>>,
    start: RecordStart,
    /// Step at which it begins; `None` until that is known.
    from: Option<f64>,
    running: bool,
    /// Frames to leave out before the first.
    skip: usize,
    frames: u64,
    gap: u64,
    /// At the beginning of the chunk, in fractions.
    tick: f64,
    rate: u32,
    qpm: f64,
    /// Of the last tempo event.
    tempo_tick: u64,
    meter: Option<Meter>,
    seconds: f64,
    /// Events that found no room.
    lost: u64,
}

impl Tap {
    pub fn new(
        happenings: rtrb::Producer<Happening>,
        sound: Option<rtrb::Producer<f32>>,
        start: RecordStart,
    ) -> Tap {
        Tap {
            happenings,
            sound,
            start,
            from: (start == RecordStart::Now).then_some(f64::NEG_INFINITY),
            running: false,
            skip: 0,
            frames: 0,
            gap: 0,
            tick: 0.0,
            rate: 0,
            qpm: 0.0,
            tempo_tick: 0,
            meter: None,
            seconds: 0.0,
            lost: 0,
        }
    }

    /// Where it is to begin, while it has not; `bar` is the next bar line.
    pub fn begins_at(&mut self, playing: bool, bar: impl FnOnce() -> f64) -> Option<f64> {
        if self.running || (self.start == RecordStart::Bar && !playing) {
            return None;
        }
        Some(*self.from.get_or_insert_with(bar))
    }

    /// Playing begins at `position`: what waits begins with it, whole bars of counting in included.
    pub fn played(&mut self, position: f64) {
        if !self.running && self.start == RecordStart::Bar {
            self.from = Some(position);
        }
    }

    /// Playing ended or went elsewhere: the bar line that was waited for does not come.
    pub fn moved_away(&mut self) {
        if !self.running && self.start == RecordStart::Bar {
            self.from = None;
        }
    }

    /// Begins with the chunk that comes, at `tick`: less than 0 where the first bar line lies in it,
    /// more where that has just passed. The first `skip` frames of the sound are left out.
    pub fn begin(&mut self, skip: usize, tick: f64) {
        self.running = true;
        self.tick = tick;
        self.skip = skip;
    }

    pub fn wants_sound(&self) -> bool {
        self.running && self.sound.is_some()
    }

    /// Length so far in seconds.
    pub fn seconds(&self) -> Option<f64> {
        self.running.then_some(self.seconds)
    }

    /// Rate, tempo and meter of the next chunk.
    pub fn note_conditions(&mut self, rate: u32, qpm: f64, meter: Meter) {
        if !self.running {
            return;
        }
        if rate != self.rate {
            self.rate = rate;
            self.tell_gap();
            let at = self.frames;
            self.tell(Happening::Rate { at, rate });
        }
        let tick = self.tick.max(0.0).round() as u64;
        let qpm = qpm.max(SLOWEST);
        let (change, wait) = ((qpm - self.qpm).abs(), tick - self.tempo_tick.min(tick));
        if change >= TEMPO_JUMP || (change > TEMPO_STEP && wait as f64 >= TICKS_PER_STEP) {
            (self.qpm, self.tempo_tick) = (qpm, tick);
            self.tell(Happening::Tempo { tick, qpm });
        }
        if self.meter != Some(meter) {
            self.meter = Some(meter);
            // It changes on a step, a chunk at most before this.
            let step = TICKS_PER_STEP as u64;
            let tick = (tick + step / 2) / step * step;
            self.tell(Happening::Meter { tick, meter });
        }
    }

    /// A stroke, `ticks` after the beginning of the chunk. One before the recording is left out.
    pub fn stroke(&mut self, ticks: f64, lane: Lane, velocity: u8) {
        let tick = self.tick + ticks;
        if self.running && tick > -1e-6 {
            let tick = tick.max(0.0).round() as u64;
            self.tell(Happening::Stroke {
                tick,
                lane,
                velocity,
            });
        }
    }

    /// A setting has moved. Before the recording begins, that is where it begins with.
    pub fn moved(&mut self, controller: Controller, value: u8) {
        let tick = match self.running {
            true => self.tick.max(0.0).round() as u64,
            false => 0,
        };
        self.tell(Happening::Moved {
            tick,
            controller,
            value,
        });
    }

    /// The sound of the chunk.
    pub fn sound(&mut self, left: &[f32], right: &[f32]) {
        let Some(sound) = self.sound.as_mut().filter(|_| self.running) else {
            return;
        };
        let skipped = self.skip.min(left.len());
        self.skip -= skipped;
        let (left, right) = (&left[skipped..], &right[skipped..]);
        let frames = left.len() as u64;
        // The gap must be told before what comes after it.
        if sound.slots() < 2 * left.len() || (self.gap > 0 && self.happenings.is_full()) {
            self.gap += frames;
            return;
        }
        self.tell_gap();
        let Some(Ok(mut chunk)) = self.sound.as_mut().map(|s| s.write_chunk(2 * left.len())) else {
            return;
        };
        let (first, second) = chunk.as_mut_slices();
        let samples = left
            .iter()
            .zip(right)
            .flat_map(|(left, right)| [*left, *right]);
        for (place, sample) in first.iter_mut().chain(second).zip(samples) {
            *place = sample;
        }
        chunk.commit_all();
        self.frames += frames;
    }

    /// The chunk is over: `ticks` and `seconds` have passed.
    pub fn advance(&mut self, ticks: f64, seconds: f64) {
        if self.running {
            self.tick += ticks;
            self.seconds += seconds;
        }
    }

    /// Says that nothing more comes.
    pub fn end(&mut self) {
        self.tell_gap();
        let tick = self.tick.max(0.0).round() as u64;
        let at = self.frames;
        let lost = self.lost;
        self.tell(Happening::End { at, tick, lost });
    }

    fn tell_gap(&mut self) {
        if self.gap > 0 {
            let (at, frames) = (self.frames, self.gap);
            self.gap = 0;
            self.tell(Happening::Gap { at, frames });
        }
    }

    fn tell(&mut self, happening: Happening) {
        if self.happenings.push(happening).is_err() {
            self.lost += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sound::mixer::LATENCY;

    #[test]
    fn what_finds_no_room_is_a_gap_of_its_length() {
        let (happenings, mut told) = rtrb::RingBuffer::new(64);
        let (sound, mut heard) = rtrb::RingBuffer::new(400);
        let mut tap = Tap::new(happenings, Some(sound), RecordStart::Now);
        assert_eq!(tap.begins_at(false, || 0.0), Some(f64::NEG_INFINITY));
        tap.begin(LATENCY, 0.0);
        tap.note_conditions(48_000, 120.0, Meter::COMMON);
        let chunk = [0.5; 100];
        tap.sound(&[0.0; LATENCY], &[0.0; LATENCY]);
        for _ in 0..5 {
            tap.sound(&chunk, &chunk);
        }
        while heard.pop().is_ok() {}
        tap.sound(&chunk, &chunk);
        tap.end();
        let all: Vec<Happening> = std::iter::from_fn(|| told.pop().ok()).collect();
        assert_eq!(
            all[3..],
            [
                Happening::Gap {
                    at: 200,
                    frames: 300
                },
                Happening::End {
                    at: 300,
                    tick: 0,
                    lost: 0
                }
            ]
        );
        assert_eq!(heard.slots(), 200);
    }

    #[test]
    fn what_waits_for_a_bar_begins_with_it_or_with_play() {
        let tap = || Tap::new(rtrb::RingBuffer::new(8).0, None, RecordStart::Bar);
        let mut waiting = tap();
        assert_eq!(waiting.begins_at(false, || 16.0), None);
        assert_eq!(waiting.begins_at(true, || 16.0), Some(16.0));
        assert_eq!(waiting.begins_at(true, || 32.0), Some(16.0));
        waiting.moved_away();
        assert_eq!(waiting.begins_at(true, || 48.0), Some(48.0));
        waiting.played(-16.0);
        assert_eq!(waiting.begins_at(true, || 32.0), Some(-16.0));
    }
}
