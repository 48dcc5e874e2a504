//! The other end of a sound card: takes a period from the pipe whenever one is due, as a card does,
//! and counts how often there was none.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::pipe::fcntl_setpipe_size;

use super::devices::priority::make_realtime;
use super::devices::{ALSA_RATE, FRAME, left};

/// The least that a pipe can hold.
const PAGE: usize = 4096;

/// What the card saw.
pub struct Pulled {
    /// The left channel.
    pub left: Vec<f32>,
    /// Frames before each period, and when its first one sounded.
    periods: Vec<(usize, Instant)>,
    /// Periods that were not there when they were due.
    pub underruns: usize,
    /// By how much the worst of them was late.
    pub latest: Duration,
    /// Frames that lay ready when a period was due, at the least.
    pub least_ready: usize,
    /// Whether the card's thread had a real-time priority: without one it is late itself.
    pub realtime: bool,
}

impl Pulled {
    pub fn seconds(&self) -> f64 {
        self.left.len() as f64 / f64::from(ALSA_RATE)
    }

    pub fn periods(&self) -> usize {
        self.periods.len()
    }

    /// When a frame sounded.
    pub fn time_of(&self, frame: usize) -> Instant {
        let after = self.periods.partition_point(|(first, _)| *first <= frame);
        let (first, at) = self.periods[after - 1];
        at + frames(frame - first)
    }

    /// The first frame that sounded at this moment or later.
    pub fn frame_at(&self, moment: Instant) -> usize {
        let after = self.periods.partition_point(|(_, at)| *at <= moment);
        let Some((first, at)) = after.checked_sub(1).map(|before| self.periods[before]) else {
            return 0;
        };
        let since = moment.duration_since(at).as_secs_f64() * f64::from(ALSA_RATE);
        first + since.ceil() as usize
    }
}

fn frames(count: usize) -> Duration {
    Duration::from_secs_f64(count as f64 / f64::from(ALSA_RATE))
}

/// Plays the card's part until the pipe is closed: takes `period` frames at a time, two of which
/// (or what a page holds) can lie ready. With `keep`, the sound is kept.
pub fn pull(pipe: &Path, period: usize, keep: bool) -> JoinHandle<Pulled> {
    let pipe = pipe.to_path_buf();
    thread::spawn(move || {
        let mut pulled = Pulled {
            left: Vec::new(),
            periods: Vec::new(),
            underruns: 0,
            latest: Duration::ZERO,
            least_ready: usize::MAX,
            realtime: make_realtime(),
        };
        let mut file = File::open(pipe).expect("the card's pipe");
        let room = fcntl_setpipe_size(&file, (2 * period * FRAME).max(PAGE)).unwrap_or(PAGE);
        let ready = |file: &File| ioctl_fionread(file).unwrap_or(0) as usize / FRAME;
        let begun = Instant::now();
        while ready(&file) * FRAME < room && begun.elapsed() < Duration::from_secs(1) {
            thread::sleep(Duration::from_millis(1));
        }
        let mut due = Instant::now();
        let mut bytes = vec![0; period * FRAME];
        loop {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let there = ready(&file);
            if file.read_exact(&mut bytes).is_err() {
                return pulled;
            }
            // The first second is the stream's to settle in.
            if pulled.periods.len() * period > ALSA_RATE as usize {
                pulled.least_ready = pulled.least_ready.min(there);
                if there < period {
                    pulled.underruns += 1;
                    pulled.latest = pulled.latest.max(due.elapsed());
                }
            }
            if there < period {
                // A card would have played silence meanwhile.
                due = Instant::now();
            }
            let first = pulled.periods.last().map_or(0, |(first, _)| first + period);
            pulled.periods.push((first, due));
            if keep {
                pulled.left.extend(left(&bytes));
            }
            due += frames(period);
        }
    })
}
