//! The tempo map of a file: ticks to seconds.

use super::chunks::Division;
use super::maps::MapEvent;
use crate::music::Tempo;

/// Ticks to seconds, with the reference's operations in its order, so that every bit agrees.
pub(super) struct Clock {
    division: Division,
    /// First tick, its time in seconds, and seconds a tick from there on.
    spans: Vec<(u64, f64, f64)>,
    /// Of times in seconds: tempos all the same, in quarter notes a minute.
    tempos: Vec<Tempo>,
}

/// Quarter notes a minute until a file says otherwise.
const QPM: f64 = 120.0;

impl Clock {
    /// The clock of these tempos, in microseconds a quarter note, by tick.
    pub fn of(division: Division, tempos: &[MapEvent<u32>]) -> Clock {
        let mut clock = Clock {
            division,
            spans: Vec::new(),
            tempos: Vec::new(),
        };
        match division {
            Division::TicksPerQuarter(ticks) => {
                let ticks = f64::from(ticks);
                clock.spans.push((0, 0.0, 60.0 / (QPM * ticks)));
                for tempo in tempos {
                    clock.change(tempo.tick, 60.0 / (6e7 / f64::from(tempo.value) * ticks));
                }
            }
            Division::TicksPerSecond(ticks) => {
                clock.spans.push((0, 0.0, 1.0 / ticks));
                let tempo = |event: &MapEvent<u32>| Tempo {
                    time: clock.seconds(event.tick),
                    qpm: 6e7 / f64::from(event.value),
                };
                clock.tempos = tempos.iter().map(tempo).collect();
            }
        }
        clock
    }

    fn change(&mut self, tick: u64, seconds_per_tick: f64) {
        let start = (tick, self.seconds(tick), seconds_per_tick);
        if tick == 0 {
            self.spans = vec![start];
        } else if self
            .spans
            .last()
            .is_none_or(|span| span.2 != seconds_per_tick)
        {
            self.spans.push(start);
        }
    }

    pub fn seconds(&self, tick: u64) -> f64 {
        let after = self.spans.partition_point(|span| span.0 <= tick);
        let (start, time, seconds_per_tick) = self.spans[after.max(1) - 1];
        time + seconds_per_tick * (tick - start) as f64
    }

    pub fn tempos(&self) -> Vec<Tempo> {
        let Division::TicksPerQuarter(ticks) = self.division else {
            let default = Tempo {
                time: 0.0,
                qpm: QPM,
            };
            return match self.tempos.first() {
                Some(first) if first.time == 0.0 => self.tempos.clone(),
                _ => [&[default], &self.tempos[..]].concat(),
            };
        };
        let tempo = |&(_, time, seconds_per_tick): &(u64, f64, f64)| Tempo {
            time,
            qpm: 60.0 / (seconds_per_tick * f64::from(ticks)),
        };
        self.spans.iter().map(tempo).collect()
    }

    /// As the file says it; 0 where its ticks are parts of a second.
    pub fn ticks_per_quarter(&self) -> i32 {
        match self.division {
            Division::TicksPerQuarter(ticks) => i32::from(ticks),
            Division::TicksPerSecond(_) => 0,
        }
    }

    /// Ticks of a quarter note; at the tempo it begins with, where ticks are parts of a second.
    pub fn quarter(&self) -> u64 {
        let ticks = match self.division {
            Division::TicksPerQuarter(ticks) => f64::from(ticks),
            Division::TicksPerSecond(ticks) => {
                ticks * 60.0 / self.tempos.first().map_or(QPM, |tempo| tempo.qpm)
            }
        };
        (ticks as u64).max(1)
    }
}
