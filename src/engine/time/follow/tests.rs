use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const MS: f64 = 1e6;

/// A master that plays at these tempos, each for so many beats, and what arrives of it.
struct Master {
    /// True times of the ticks in nanoseconds.
    ticks: Vec<f64>,
}

impl Master {
    fn playing(from: f64, tempos: &[(f64, usize)]) -> Master {
        let mut time = from;
        let mut ticks = Vec::new();
        for &(qpm, beats) in tempos {
            for _ in 0..24 * beats {
                ticks.push(time);
                time += 60e9 / 24.0 / qpm;
            }
        }
        Master { ticks }
    }

    /// Its song position in steps.
    fn position(&self, time: f64) -> f64 {
        let next = self.ticks.partition_point(|tick| *tick <= time).max(1);
        let at = next.min(self.ticks.len() - 1);
        let (from, to) = (self.ticks[at - 1], self.ticks[at]);
        ((at - 1) as f64 + (time - from) / (to - from)) / CLOCKS_PER_STEP
    }

    /// The ticks as they arrive: late or early by up to `jitter` milliseconds.
    fn arrivals(&self, jitter: f64) -> Vec<(Nanos, ClockMessage)> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut arrive = |tick: f64| tick + rng.random_range(-1.0..1.0) * jitter * MS;
        let mut all = vec![((self.ticks[0] - 5.0 * MS) as Nanos, ClockMessage::Start)];
        all.extend(
            self.ticks
                .iter()
                .map(|tick| (arrive(*tick) as Nanos, ClockMessage::Tick)),
        );
        all[1..].sort_by_key(|message| message.0);
        all
    }
}

/// What plays along: buffers of 256 frames at 48 kHz that are heard 15 ms after they are asked for.
struct Slave {
    follower: Follower,
    playing: bool,
    position: f64,
    speed: f64,
    now: f64,
    jumps: Vec<f64>,
}

const BUFFER: f64 = 256.0 / 48_000.0 * 1e9;
const LATENCY: f64 = 15.0 * MS;

impl Slave {
    fn new() -> Slave {
        Slave {
            follower: Follower::new(120.0),
            playing: false,
            position: 0.0,
            speed: 120.0,
            now: 0.0,
            jumps: Vec::new(),
        }
    }

    /// Plays until `end`; gives `(time, position)` of every buffer that sounds.
    fn run(&mut self, end: f64, messages: &[(Nanos, ClockMessage)]) -> Vec<(f64, f64)> {
        let since = self.now;
        let mut messages = messages
            .iter()
            .skip_while(|message| (message.0 as f64) <= since)
            .peekable();
        let mut heard = Vec::new();
        while self.now < end {
            self.now += BUFFER;
            let time = (self.now + LATENCY) as Nanos;
            while let Some((at, message)) = messages.next_if(|(at, _)| *at as f64 <= self.now) {
                match self.follower.receive(*message, *at) {
                    Some(Move::Start) => {
                        self.playing = true;
                        self.position = self.follower.position(time).unwrap_or(0.0);
                    }
                    Some(Move::Continue(at) | Move::Locate(at)) => {
                        self.playing = true;
                        self.position = self.follower.position(time).unwrap_or(at);
                    }
                    Some(Move::Stop) => self.playing = false,
                    None => (),
                }
            }
            if !self.playing {
                continue;
            }
            if let Some(steering) = self.follower.steer(time, self.position) {
                self.speed = steering.speed;
                if let Some(jump) = steering.jump {
                    self.position = jump;
                    self.jumps.push(self.now);
                }
            }
            heard.push((time as f64, self.position));
            self.position += self.speed / 15.0 * BUFFER / 1e9;
        }
        heard
    }
}

/// Amounts in milliseconds by which `heard` is off the master: median, 99 in 100, worst.
fn off(master: &Master, heard: &[(f64, f64)], from: f64, qpm: f64) -> [f64; 3] {
    let mut off: Vec<f64> = heard
        .iter()
        .filter(|(time, _)| *time >= from)
        .map(|(time, position)| (position - master.position(*time)).abs() * 15_000.0 / qpm)
        .collect();
    assert!(off.len() > 100, "{}", off.len());
    off.sort_by(f64::total_cmp);
    [0.5, 0.99, 1.0].map(|share| off[((off.len() - 1) as f64 * share) as usize])
}

#[test]
fn jitter_is_smoothed_at_every_tempo() {
    for qpm in [20.0, 60.0, 120.0, 174.0, 300.0] {
        for jitter in [0.0, 1.0, 3.0] {
            let master = Master::playing(1e9, &[(qpm, 200)]);
            let mut slave = Slave::new();
            let end = *master.ticks.last().unwrap() - LATENCY - 10.0 * MS;
            let heard = slave.run(end, &master.arrivals(jitter));
            let settled = master.ticks[0] + 8.0 * 60e9 / qpm;
            let [p50, p99, worst] = off(&master, &heard, settled, qpm);
            let first = off(&master, &heard, 0.0, qpm)[2];
            println!(
                "{qpm:>3} qpm, jitter {jitter} ms: off by {p50:.3} / {p99:.3} / {worst:.3} ms; from the first beat on {first:.2} ms"
            );
            assert!(slave.jumps.is_empty(), "{:?}", slave.jumps);
            assert!(
                p50 < 0.05 + 0.25 * jitter && p99 < 0.1 + 0.7 * jitter,
                "{p50} {p99}"
            );
            assert!(worst < 0.3 + jitter, "{worst}");
            let shown = slave.follower.qpm();
            assert!(
                (shown / qpm - 1.0).abs() < 0.002 + 0.002 * jitter,
                "{shown}"
            );
        }
    }
}

#[test]
fn a_new_tempo_is_followed_within_a_beat_or_two() {
    for (before, after) in [
        (120.0, 121.0),
        (120.0, 126.0),
        (120.0, 90.0),
        (100.0, 140.0),
        (120.0, 60.0),
        (60.0, 120.0),
        (300.0, 20.0),
        (20.0, 300.0),
        (60.0, 204.0),
        (90.0, 128.0),
        (174.0, 87.0),
    ] {
        for jitter in [0.0, 3.0] {
            let master = Master::playing(1e9, &[(before, 32), (after, 64)]);
            let mut slave = Slave::new();
            let end = *master.ticks.last().unwrap() - LATENCY - 10.0 * MS;
            let heard = slave.run(end, &master.arrivals(jitter));
            let change = master.ticks[24 * 32];
            // The last moment at which it is 5 ms off.
            let limit = 2.0 + jitter;
            let late = heard
                .iter()
                .filter(|(time, position)| {
                    *time >= change
                        && (position - master.position(*time)).abs() * 15_000.0 / after > limit
                })
                .map(|(time, _)| (time - change) / 1e9)
                .fold(0.0, f64::max);
            println!(
                "{before} to {after}, jitter {jitter} ms: within {limit} ms after {late:.2} s, {} jumps",
                slave.jumps.len()
            );
            let beats = late * after / 60.0;
            assert!(beats < 4.0 || late < 2.0, "{late} s");
            assert!(slave.jumps.len() <= 2);
        }
    }
}

#[test]
fn a_slow_change_of_tempo_is_kept_up_with() {
    // From 100 to 140 over 32 beats, a little at every beat.
    let mut tempos = vec![(100.0, 16)];
    tempos.extend((0..32).map(|beat| (100.0 + 1.25 * f64::from(beat), 1)));
    tempos.push((140.0, 16));
    let master = Master::playing(1e9, &tempos);
    let mut slave = Slave::new();
    let end = *master.ticks.last().unwrap() - LATENCY - 10.0 * MS;
    let heard = slave.run(end, &master.arrivals(3.0));
    let [p50, p99, worst] = off(&master, &heard, master.ticks[24 * 8], 120.0);
    println!("100 to 140 over 32 beats: off by {p50:.2} / {p99:.2} / {worst:.2} ms");
    assert!(worst < 12.0 && slave.jumps.is_empty());
}

#[test]
fn doubled_lost_and_heaped_ticks_do_not_move_the_beat() {
    let master = Master::playing(1e9, &[(120.0, 120)]);
    let clean = master.arrivals(1.0);
    type Damage = fn(usize, (Nanos, ClockMessage)) -> Vec<(Nanos, ClockMessage)>;
    let damages: [(&str, Damage); 5] = [
        ("every tick doubled", |n, (time, message)| {
            if n < 100 {
                vec![(time, message)]
            } else {
                vec![(time, message), (time + 700_000, message)]
            }
        }),
        ("all doubled from the first on", |_, (time, message)| {
            vec![(time, message), (time + 300_000, message)]
        }),
        ("one in fifty lost", |n, message| {
            if n % 50 == 49 { vec![] } else { vec![message] }
        }),
        ("a fifth of a second lost, now and then", |n, message| {
            if n > 100 && n % 480 < 10 {
                vec![]
            } else {
                vec![message]
            }
        }),
        (
            "a tenth of a second held up, now and then",
            |n, (time, message)| {
                // Five ticks arrive with the last of them.
                if n > 100 && n % 480 < 5 {
                    vec![(time + (4 - n as Nanos % 480) * 20_833_333, message)]
                } else {
                    vec![(time, message)]
                }
            },
        ),
    ];
    for (name, damage) in damages {
        let messages: Vec<_> = clean
            .iter()
            .enumerate()
            .flat_map(|(n, message)| match message.1 {
                ClockMessage::Tick => damage(n, *message),
                _ => vec![*message],
            })
            .collect();
        let mut slave = Slave::new();
        let end = *master.ticks.last().unwrap() - LATENCY - 30.0 * MS;
        let heard = slave.run(end, &messages);
        let [p50, p99, worst] = off(&master, &heard, master.ticks[24 * 8], 120.0);
        println!("{name}: off by {p50:.2} / {p99:.2} / {worst:.2} ms");
        assert!(worst < 6.0, "{name}");
        assert!(slave.jumps.is_empty(), "{name}");
    }
}

#[test]
fn start_stop_continue_and_song_position() {
    let master = Master::playing(1e9, &[(120.0, 400)]);
    let tick = |n: usize| master.ticks[n];
    let mut messages: Vec<(Nanos, ClockMessage)> = master
        .ticks
        .iter()
        .map(|tick| (*tick as Nanos, ClockMessage::Tick))
        .collect();
    let before = |n: usize| (tick(n) - 3.0 * MS) as Nanos;
    messages.extend([
        (before(100), ClockMessage::Start),
        (before(200), ClockMessage::Stop),
        (before(300), ClockMessage::Continue),
        (before(400), ClockMessage::Stop),
        (before(410), ClockMessage::Position(16)),
        (before(500), ClockMessage::Continue),
        (before(600), ClockMessage::Position(64)),
        (before(700), ClockMessage::Start),
    ]);
    messages.sort_by_key(|message| message.0);
    let mut slave = Slave::new();
    let mut at = |n: usize| {
        let heard = slave.run(tick(n) + BUFFER, &messages);
        let (time, position) = *heard.last()?;
        // In ticks at the time of tick `n`.
        slave
            .playing
            .then(|| position * 6.0 - (time - tick(n)) / 1e9 * 48.0)
    };
    let near = |found: Option<f64>, ticks: f64| {
        assert!(
            found.is_some_and(|found| (found - ticks).abs() < 0.2),
            "{found:?} {ticks}"
        );
    };
    assert_eq!(at(90), None);
    near(at(150), 50.0);
    assert_eq!(at(250), None);
    // It went on for 100 ticks.
    near(at(310), 110.0);
    assert_eq!(at(450), None);
    near(at(510), 16.0 * 6.0 + 10.0);
    near(at(650), 64.0 * 6.0 + 50.0);
    near(at(760), 60.0);
}

#[test]
fn a_sequencer_that_restarts_its_clock_is_followed_from_its_downbeat() {
    let first = Master::playing(1e9, &[(120.0, 8)]);
    let mut messages = first.arrivals(0.0);
    // Half a tick off the ticks so far.
    let second = Master::playing(first.ticks[191] + 10.4 * MS, &[(120.0, 16)]);
    messages.extend(
        second
            .arrivals(0.0)
            .into_iter()
            .map(|(time, message)| (time.max(first.ticks[191] as Nanos + 1), message)),
    );
    let mut slave = Slave::new();
    let end = *second.ticks.last().unwrap() - LATENCY - 10.0 * MS;
    let heard = slave.run(end, &messages);
    let [.., worst] = off(&second, &heard, second.ticks[48], 120.0);
    assert!(worst < 1.0, "{worst}");
}

#[test]
fn without_a_clock_it_goes_on_and_then_falls_in_again() {
    let master = Master::playing(1e9, &[(120.0, 64)]);
    for jitter in [0.0, 3.0] {
        let messages: Vec<_> = master
            .arrivals(jitter)
            .into_iter()
            .enumerate()
            // Six beats of silence.
            .filter(|(n, _)| !(480..624).contains(n))
            .map(|(_, message)| message)
            .collect();
        let mut slave = Slave::new();
        let lost = master.ticks[480];
        slave.run(lost + 0.6e9, &messages);
        let last = slave.follower.last_tick().unwrap() as f64;
        assert!(slave.now - last > LOST as f64, "the loss is seen");
        assert!(slave.playing);
        let end = *master.ticks.last().unwrap() - LATENCY - 10.0 * MS;
        let heard = slave.run(end, &messages);
        let [_, p99, worst] = off(&master, &heard, 0.0, 120.0);
        println!("three seconds without a clock, jitter {jitter} ms: off by at most {worst:.2} ms");
        assert!(worst < 2.0 + 3.0 * jitter && p99 < 1.0 + 3.0 * jitter);
        assert!(slave.jumps.is_empty());
    }
}

#[test]
fn play_pressed_here_joins_the_master_or_waits_for_a_tick() {
    let master = Master::playing(1e9, &[(120.0, 16)]);
    let ticks: Vec<_> = master.arrivals(0.0);
    let mut follower = Follower::new(120.0);
    for (time, message) in &ticks[..200] {
        follower.receive(*message, *time);
    }
    let now = ticks[199].0;
    let Move::Continue(position) = follower.join(now) else {
        panic!("the master plays")
    };
    assert!((position - master.position(now as f64)).abs() < 0.01);
    // A master that sends clocks only.
    let mut follower = Follower::new(120.0);
    for (time, message) in &ticks[1..200] {
        follower.receive(*message, *time);
    }
    assert_eq!(follower.join(now), Move::Start);
    let next = ticks[200].0;
    assert!(follower.position(next).unwrap().abs() < 0.01);
    // Pressed again, it begins again.
    follower.receive(ClockMessage::Tick, next);
    assert_eq!(follower.join(next), Move::Start);
}

#[test]
fn one_cannot_hear_the_steering() {
    let master = Master::playing(1e9, &[(120.0, 64)]);
    let mut slave = Slave::new();
    let messages = master.arrivals(3.0);
    slave.run(master.ticks[24 * 8], &messages);
    let mut worst = 0.0_f64;
    while slave.now < master.ticks[24 * 60] {
        let to = slave.now + BUFFER;
        slave.run(to, &messages);
        worst = worst.max((slave.speed / 120.0 - 1.0).abs());
    }
    println!(
        "speed within {:.2} % of the tempo under 3 ms of jitter",
        worst * 100.0
    );
    assert!(worst <= 1.1 * GENTLE, "{worst}");
}

proptest! {
    /// Whatever comes, whenever: numbers stay numbers, and the speed one that can be played.
    #[test]
    fn no_message_at_any_time_breaks_it(
        messages in prop::collection::vec((any::<i64>(), 0..8_u8, any::<u16>(), any::<bool>()), 0..400),
        position in any::<f64>(),
    ) {
        let mut follower = Follower::new(f64::NAN);
        let mut now: Nanos = 0;
        for (jump, kind, sixteenths, far) in messages {
            now = if far { jump } else { now.saturating_add(jump.rem_euclid(60_000_000)) };
            let message = match kind {
                0 => ClockMessage::Start,
                1 => ClockMessage::Stop,
                2 => ClockMessage::Continue,
                3 => ClockMessage::Position(sixteenths),
                _ => ClockMessage::Tick,
            };
            let moved = follower.receive(message, now);
            if let Some(Move::Continue(at) | Move::Locate(at)) = moved {
                prop_assert!(at.is_finite() && at >= 0.0);
            }
            if kind == 7 {
                follower.join(now);
            }
            prop_assert!(follower.qpm().is_finite() && follower.qpm() > 0.0);
            if let Some(steering) = follower.steer(now, position) {
                prop_assert!((0.0..=1000.1).contains(&steering.speed), "{}", steering.speed);
                prop_assert!(steering.jump.is_none_or(f64::is_finite));
            }
        }
    }
}
