//! The beats of a session as the ticks of a clock. No clock, no thread and no socket in here.

use super::protocol::Session;
use crate::engine::events::{ClockMessage, Nanos, SECOND};

/// Ticks a quarter note, as MIDI has them.
const TICKS: f64 = 24.0;

/// Ticks a bar: Link's quantum is four quarter notes.
const BAR: i64 = 96;

/// Share of an answer's deviation that is believed: answers are late at random, beats are not.
const BELIEVED: f64 = 0.1;

/// If an answer is off by more than this, in seconds, the session has moved.
const MOVED: f64 = 0.05;

/// After so long, every answer knows of a start or a stop that was sent.
const HEARD: Nanos = SECOND / 2;

/// See the module.
#[derive(Default)]
pub(super) struct Ticks {
    line: Option<Line>,
    /// Number of the tick that comes next.
    next: i64,
    /// Where it is in the bar is to be told with it.
    is_lost: bool,
    /// Whether the session plays, as it said last or was told since.
    playing: bool,
    /// When it was told.
    told: Option<Nanos>,
    /// What is to be told of that: a start with the next bar, a stop at once.
    due: Option<bool>,
}

/// Where the session is: at `beat` at `time`.
#[derive(Clone, Copy)]
struct Line {
    time: Nanos,
    beat: f64,
    /// Quarter notes a second.
    speed: f64,
}

impl Line {
    fn beat_at(&self, time: Nanos) -> f64 {
        self.beat + (time - self.time) as f64 / SECOND as f64 * self.speed
    }

    fn time_of(&self, beat: f64) -> Nanos {
        self.time + ((beat - self.beat) / self.speed * SECOND as f64) as Nanos
    }
}

impl Ticks {
    /// Takes what the session says of a moment.
    pub fn observe(&mut self, session: &Session, time: Nanos) {
        let speed = session.bpm / 60.0;
        let beat = match self.line {
            Some(line) if (line.speed - speed).abs() < 1e-6 => {
                let expected = line.beat_at(time);
                let off = session.beat - expected;
                if off.abs() / speed < MOVED {
                    expected + BELIEVED * off
                } else {
                    self.line = None;
                    session.beat
                }
            }
            _ => {
                self.line = None;
                session.beat
            }
        };
        let is_new = self.line.is_none();
        self.line = Some(Line { time, beat, speed });
        if is_new {
            self.next = (beat * TICKS).ceil() as i64;
            self.is_lost = true;
        }
        // An answer from before the session was told would undo what was done here.
        self.told.take_if(|told| time - *told >= HEARD);
        let playing = session.playing.filter(|_| self.told.is_none());
        if let Some(playing) = playing.filter(|it| *it != self.playing) {
            self.playing = playing;
            self.due = Some(playing);
        }
    }

    /// Whether the session plays, as far as is known.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// The music was started or stopped here, and the session is told of it `now`: what it says of
    /// that is no news, and a start that was due is not any more.
    pub fn expect(&mut self, playing: bool, now: Nanos) {
        (self.playing, self.told, self.due) = (playing, Some(now), None);
    }

    /// Tells all ticks up to `now`.
    pub fn advance(&mut self, now: Nanos, tell: impl Fn(ClockMessage, Nanos)) {
        let Some(line) = self.line else { return };
        if self.due.take_if(|starts| !*starts).is_some() {
            tell(ClockMessage::Stop, now);
        }
        let reached = (line.beat_at(now) * TICKS).floor() as i64;
        // After the machine has slept, the ticks that nobody heard are dropped.
        self.next = self.next.max(reached - BAR);
        while self.next <= reached {
            let time = line.time_of(self.next as f64 / TICKS);
            let in_bar = self.next.rem_euclid(BAR);
            if in_bar == 0 || std::mem::take(&mut self.is_lost) {
                tell(ClockMessage::Bar(Some(in_bar as u16)), time);
            }
            if in_bar == 0 && self.due.take().is_some() {
                tell(ClockMessage::Start, time);
            }
            tell(ClockMessage::Tick, time);
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const MS: Nanos = SECOND / 1000;

    fn session(bpm: f64, beat: f64, playing: bool) -> Session {
        Session {
            peers: 1,
            bpm,
            start: 0,
            beat,
            playing: Some(playing),
        }
    }

    /// What is told while `beat_at` is asked every 100 ms, and answers with up to `jitter` of delay.
    fn told(
        milliseconds: std::ops::Range<i64>,
        jitter: Nanos,
        beat_at: impl Fn(Nanos) -> Session,
        ticks: &mut Ticks,
    ) -> Vec<(ClockMessage, Nanos)> {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let told = RefCell::new(Vec::new());
        for at in milliseconds {
            let now = at * MS;
            if at % 100 == 0 {
                let late = random.random_range(0..=jitter);
                ticks.observe(&beat_at(now - late), now);
            }
            ticks.advance(now, |message, time| told.borrow_mut().push((message, time)));
        }
        told.into_inner()
    }

    #[test]
    fn ticks_are_the_beats_whatever_the_answers_jitter() {
        let beat_at = |now: Nanos| session(120.0, now as f64 / SECOND as f64 * 2.0, false);
        for jitter in [0, 2 * MS, 8 * MS] {
            let mut ticks = Ticks::default();
            let all = told(0..20_000, jitter, beat_at, &mut ticks);
            let times: Vec<Nanos> = all
                .iter()
                .filter(|(message, _)| *message == ClockMessage::Tick)
                .map(|(_, time)| *time)
                .collect();
            assert!((955..=961).contains(&times.len()), "{}", times.len());
            // Half the jitter is a lateness that nobody can know of.
            for time in &times[100..] {
                let tick = (time - jitter / 2) as f64 / SECOND as f64 * 48.0;
                let off = (tick - tick.round()).abs() / 48.0 * 1000.0;
                assert!(off <= 0.3 * jitter as f64 / MS as f64 + 1e-3, "{off} ms");
            }
            let bars = all
                .iter()
                .enumerate()
                .filter(|(_, (message, _))| *message == ClockMessage::Bar(Some(0)));
            assert_eq!(bars.count(), 10);
        }
    }

    #[test]
    fn playing_starts_with_a_bar_and_stops_at_once() {
        let plays = |now: Nanos| (1_100..9_000).contains(&(now / MS));
        let beat_at = |now: Nanos| session(120.0, now as f64 / SECOND as f64 * 2.0, plays(now));
        let all = told(0..12_000, 0, beat_at, &mut Ticks::default());
        let moments: Vec<(ClockMessage, Nanos)> = all
            .into_iter()
            .filter(|it| matches!(it.0, ClockMessage::Start | ClockMessage::Stop))
            .collect();
        assert_eq!(
            moments,
            [
                (ClockMessage::Start, 2_000 * MS),
                (ClockMessage::Stop, 9_000 * MS)
            ]
        );
    }

    #[test]
    fn a_session_that_moves_is_followed_at_once() {
        let beat_at = |now: Nanos| {
            let seconds = now as f64 / SECOND as f64;
            match now < 5 * SECOND {
                true => session(120.0, 2.0 * seconds, false),
                // Another tempo, and elsewhere in the bar.
                false => session(90.0, 101.25 + 1.5 * (seconds - 5.0), false),
            }
        };
        let all = told(0..10_000, 0, beat_at, &mut Ticks::default());
        let after: Vec<Nanos> = all
            .iter()
            .filter(|it| it.0 == ClockMessage::Tick && it.1 > 5 * SECOND)
            .map(|it| it.1)
            .collect();
        let step = (after[100] - after[0]) as f64 / 100.0 / MS as f64;
        assert!((step - 60_000.0 / 90.0 / 24.0).abs() < 0.01, "{step}");
        let place = (101.25_f64 * 24.0).ceil() as u16 % 96;
        assert!(
            all.iter().any(|it| it.0 == ClockMessage::Bar(Some(place))),
            "where it is in the bar is not told"
        );
    }
}
