use std::sync::Arc;

use assert_no_alloc::assert_no_alloc;

use super::*;
use crate::engine::core::CoreOptions;
use crate::engine::core::queues::{Links, Prepared};
use crate::engine::core::shared::Shared;
use crate::engine::events::ClockMessage;
use crate::engine::sound::mixer::Mixer;
use crate::engine::{Command, RecordStart, SoundFont, SoundFontSource};
use musicvae::music::{Groove, Hit};

const MS: Nanos = SECOND / 1000;

/// A master at this tempo whose tick `n` comes at `tick(n)`.
struct Master {
    first: Nanos,
    qpm: f64,
}

impl Master {
    fn tick(&self, n: i64) -> Nanos {
        self.first + (n as f64 * 60e9 / 24.0 / self.qpm) as Nanos
    }

    /// Ticks so far at `now`.
    fn ticks(&self, now: Nanos) -> i64 {
        ((now - self.first) as f64 * 24.0 * self.qpm / 60e9).floor() as i64 + 1
    }
}

struct Bench {
    core: Core,
    links: Links,
    shared: Arc<Shared>,
    now: Nanos,
    next_tick: i64,
}

fn kicks_on_the_beat() -> Groove {
    let mut groove = Groove::empty(16);
    for step in [0, 4, 8, 12] {
        groove.steps[step][Lane::Kick.index()] = Some(Hit::new(0.8, 0.0));
    }
    groove
}

impl Bench {
    fn new(follow_clock: bool, groove: Groove) -> Bench {
        let shared = Arc::new(Shared::default());
        let options = CoreOptions {
            groove,
            follow_clock,
            ..CoreOptions::default()
        };
        let (core, links) = Core::new(options, shared.clone());
        Bench {
            core,
            links,
            shared,
            now: 0,
            next_tick: 0,
        }
    }

    fn ask(&mut self, command: impl Into<Prepared>) {
        assert!(self.links.commands.push(command.into()).is_ok());
    }

    fn send(&mut self, time: Nanos, message: InputMessage) {
        let event = InputEvent { time, message };
        assert!(self.links.input.push(event).is_ok());
    }

    fn clock(&mut self, time: Nanos, message: ClockMessage) {
        self.send(time, InputMessage::Clock(message));
    }

    /// The clock thread's turns until `end`, every 5 ms, with the ticks that come meanwhile.
    fn silently(&mut self, end: Nanos, master: Option<&Master>) {
        while self.now < end {
            self.now += 5 * MS;
            if let Some(master) = master {
                while master.tick(self.next_tick) <= self.now {
                    self.clock(master.tick(self.next_tick), ClockMessage::Tick);
                    self.next_tick += 1;
                }
            }
            self.core.drive_silently(self.now);
        }
    }

    fn sent(&mut self) -> Vec<MidiEvent> {
        std::iter::from_fn(|| self.links.midi.pop().ok()).collect()
    }

    fn hits(&mut self) -> Vec<Nanos> {
        let hit = |event: &MidiEvent| matches!(event.message, MidiMessage::Hit { .. });
        let sent = self.sent();
        sent.into_iter().filter(hit).map(|it| it.time).collect()
    }
}

/// How far each hit is from the master's nearest beat.
fn off(hits: &[Nanos], master: &Master) -> Vec<f64> {
    let beat = 60e9 / master.qpm;
    hits.iter()
        .map(|hit| {
            let beats = (hit - master.first) as f64 / beat;
            (beats - beats.round()).abs() * beat / 1e6
        })
        .collect()
}

#[test]
fn the_loop_is_where_the_master_is() {
    for qpm in [47.0, 133.0, 290.0] {
        let mut bench = Bench::new(true, kicks_on_the_beat());
        let master = Master {
            first: 100 * MS,
            qpm,
        };
        // Clocks run before the start, as most masters have it.
        let start = master.tick(96);
        // Within the last tick before it.
        bench.silently(start - 8 * MS, Some(&master));
        assert!(bench.hits().is_empty());
        assert!(!bench.shared.now.playing.load(Relaxed));
        let now = bench.now;
        bench.clock(now, ClockMessage::Start);
        bench.silently(start + 20 * SECOND, Some(&master));
        assert!(bench.shared.now.playing.load(Relaxed));
        let hits = bench.hits();
        assert!(
            hits.len() as f64 > 20.0 * qpm / 60.0 - 2.0,
            "{}",
            hits.len()
        );
        // The first beat needs no settling: the ticks before it have told the tempo.
        let off = off(&hits, &master);
        assert!(off[1..].iter().all(|off| *off < 0.5), "{qpm}: {off:?}");
        // Asked for later than the clock thread plays ahead, it comes as soon as it can.
        let late = hits[0] - start;
        assert!((-MS..21 * MS).contains(&late), "{late}");
        let shown = bench.shared.now.qpm.get();
        assert!((shown - qpm).abs() < 0.1, "{shown}");
        // The master stops, and goes on after a while.
        let now = bench.now;
        bench.clock(now, ClockMessage::Stop);
        bench.silently(now + 3 * SECOND, Some(&master));
        assert!(!bench.shared.now.playing.load(Relaxed));
        bench.sent();
        let now = bench.now;
        bench.clock(now, ClockMessage::Continue);
        bench.silently(now + 3 * SECOND, Some(&master));
        assert!(!bench.hits().is_empty());
    }
}

#[test]
fn a_lost_clock_is_played_on_without() {
    let mut bench = Bench::new(true, kicks_on_the_beat());
    let master = Master {
        first: 100 * MS,
        qpm: 100.0,
    };
    bench.clock(99 * MS, ClockMessage::Start);
    bench.silently(10 * SECOND, Some(&master));
    bench.hits();
    bench.silently(20 * SECOND, None);
    let hits = bench.hits();
    assert!((16..=18).contains(&hits.len()), "{}", hits.len());
    assert!(off(&hits, &master).iter().all(|off| *off < 1.0));
    // Back again, the ticks that were missed are not made up for.
    bench.next_tick = master.ticks(bench.now);
    bench.silently(30 * SECOND, Some(&master));
    let hits = bench.hits();
    assert!((16..=18).contains(&hits.len()), "{}", hits.len());
    assert!(off(&hits, &master).iter().all(|off| *off < 1.0));
}

#[test]
fn play_here_and_a_clock_that_comes_later_have_their_ticks_in_common() {
    let mut bench = Bench::new(true, kicks_on_the_beat());
    bench.ask(Command::SetTempo(110.0));
    bench.ask(Command::Play);
    bench.silently(5 * SECOND, None);
    // With nobody to follow it plays at its own tempo.
    let hits = bench.hits();
    assert!((9..=10).contains(&hits.len()), "{}", hits.len());
    let master = Master {
        first: 5 * SECOND + 7 * MS,
        qpm: 112.0,
    };
    bench.silently(20 * SECOND, Some(&master));
    bench.hits();
    bench.silently(30 * SECOND, Some(&master));
    // Not the master's beat, which nobody knows, but one of its ticks.
    let tick = 60e9 / 24.0 / master.qpm;
    for hit in bench.hits() {
        let ticks = (hit - master.first) as f64 / tick;
        assert!((ticks - ticks.round()).abs() < 0.05, "{ticks}");
    }
    // And left alone again, it keeps that tempo.
    bench.ask(Command::FollowClock(false));
    bench.silently(31 * SECOND, Some(&master));
    let qpm = bench.shared.now.qpm.get();
    assert!((qpm - 112.0).abs() < 1.0, "{qpm}");
    bench.ask(Command::SetTempo(60.0));
    bench.silently(32 * SECOND, Some(&master));
    assert_eq!(bench.shared.now.qpm.get(), 60.0);
}

#[test]
fn an_own_clock_does_not_heed_the_master() {
    let mut bench = Bench::new(false, kicks_on_the_beat());
    let master = Master {
        first: 100 * MS,
        qpm: 90.0,
    };
    bench.clock(99 * MS, ClockMessage::Start);
    bench.silently(4 * SECOND, Some(&master));
    assert!(!bench.shared.now.playing.load(Relaxed));
    assert!(bench.sent().is_empty());
    // Asked to follow, and told to play, it joins the master where that is.
    bench.ask(Command::FollowClock(true));
    bench.ask(Command::Play);
    bench.silently(10 * SECOND, Some(&master));
    let hits = bench.hits();
    assert!(off(&hits, &master).iter().all(|off| *off < 1.0), "{hits:?}");
}

#[test]
fn a_masters_own_clock_is_not_sent_back_to_it() {
    for same in [false, true] {
        let mut bench = Bench::new(true, kicks_on_the_beat());
        bench.shared.midi.same_port.store(same, Relaxed);
        let master = Master {
            first: 100 * MS,
            qpm: 120.0,
        };
        bench.clock(99 * MS, ClockMessage::Start);
        bench.silently(3 * SECOND, Some(&master));
        let sent = bench.sent();
        let clocks = sent
            .iter()
            .filter(|event| matches!(event.message, MidiMessage::Clock(_)))
            .count();
        let start = sent.iter().any(|it| it.message == MidiMessage::Start);
        assert_eq!((clocks > 100, start), (!same, !same));
        let hit = |event: &MidiEvent| matches!(event.message, MidiMessage::Hit { .. });
        assert!(sent.iter().any(hit), "notes are played all the same");
    }
}

#[test]
fn a_slept_machine_falls_in_again() {
    let mut bench = Bench::new(true, kicks_on_the_beat());
    let master = Master {
        first: 100 * MS,
        qpm: 120.0,
    };
    bench.clock(99 * MS, ClockMessage::Start);
    bench.silently(5 * SECOND, Some(&master));
    bench.sent();
    // An hour later by every clock, with no tick meanwhile.
    bench.now += 3600 * SECOND;
    bench.next_tick = master.ticks(bench.now);
    let woken = bench.now;
    bench.silently(woken + 5 * SECOND, Some(&master));
    let hits = bench.hits();
    assert!((9..=12).contains(&hits.len()), "{}", hits.len());
    assert!(hits.iter().all(|hit| *hit >= woken - 5 * MS));
    let late = &hits[2..];
    assert!(
        off(late, &master).iter().all(|off| *off < 1.0),
        "{:?}",
        off(late, &master)
    );
}

/// The same with a sound card whose callbacks stop and come back: the next strokes are in time.
#[test]
fn a_sound_card_that_slept_keeps_the_beat() {
    let mut bench = Bench::new(false, kicks_on_the_beat());
    bench.ask(Command::Play);
    let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
    let mut heard = 12 * MS;
    let mut play = |bench: &mut Bench, buffers: usize, gap: Nanos| {
        heard += gap;
        for _ in 0..buffers {
            bench
                .core
                .drive_audio(1, 48_000, heard, (&mut left, &mut right));
            heard += 10 * MS;
        }
        heard
    };
    play(&mut bench, 300, 0);
    bench.sent();
    for gap in [500 * MS, 5 * SECOND, 3600 * SECOND] {
        let end = play(&mut bench, 400, gap);
        let hits = bench.hits();
        assert!((7..=9).contains(&hits.len()), "{}", hits.len());
        for pair in hits.windows(2) {
            let apart = pair[1] - pair[0];
            assert!((apart - SECOND / 2).abs() < MS, "{apart}");
        }
        // Nothing is made up for, and nothing put off.
        assert!(hits[0] >= end - 4 * SECOND - 10 * MS && *hits.last().unwrap() <= end + 10 * MS);
    }
}

fn with_sound(bench: &mut Bench) {
    let font = SoundFont::load(&SoundFontSource::Embedded).unwrap();
    let mixer = Mixer::new(&font, 48_000, 0).unwrap();
    bench.ask(Prepared::Mixer(Box::new(mixer)));
}

#[test]
fn a_pad_sounds_a_buffer_later_whenever_it_is_struck() {
    const LENGTH: usize = 480;
    let mut bench = Bench::new(false, Groove::empty(16));
    with_sound(&mut bench);
    bench.shared.callback.latency.store(12 * MS, Relaxed);
    bench.shared.callback.frames.store(LENGTH as u32, Relaxed);
    let mut sound = Vec::new();
    let mut strokes = Vec::new();
    for buffer in 0..900_i64 {
        let now = buffer * 10 * MS;
        // Struck at any moment of the buffer that is being heard.
        if buffer % 80 == 40 {
            let time = now - 10 * MS + (buffer * 7919 % 10_000) * 1000;
            strokes.push(time);
            bench.send(
                time,
                InputMessage::Strike {
                    lane: Lane::Snare,
                    velocity: 110,
                    step: None,
                    by_key: false,
                },
            );
        }
        let (mut left, mut right) = (vec![0.0; LENGTH], vec![0.0; LENGTH]);
        let out = (&mut left[..], &mut right[..]);
        bench.core.drive_audio(1, 48_000, now + 12 * MS, out);
        sound.extend(left);
    }
    for time in strokes {
        // A buffer after the stroke, in frames of what was made (frame 0 was made at 0).
        let due = (time + 10 * MS) as f64 * 48e-6 + mixer::LATENCY as f64;
        let from = due as usize - 300;
        let onset = from + sound[from..].iter().position(|s| s.abs() > 1e-3).unwrap();
        let late = onset as f64 - due;
        assert!((-1.0..24.0).contains(&late), "{late} frames late");
    }
    assert!(bench.hits().is_empty(), "nothing leaves");
    bench.shared.midi.thru.store(true, Relaxed);
    let strike = InputMessage::Strike {
        lane: Lane::Ride,
        velocity: 1,
        step: None,
        by_key: false,
    };
    bench.send(9 * SECOND, strike);
    bench.silently(10 * SECOND, None);
    assert_eq!(
        bench.hits(),
        [9 * SECOND],
        "asked to, it is sent on at once"
    );
}

#[test]
fn what_was_struck_by_hand_is_left_out_by_the_loop() {
    for overdub in [false, true] {
        let mut bench = Bench::new(false, kicks_on_the_beat());
        bench.ask(Command::Overdub(overdub));
        bench.ask(Command::Play);
        bench.silently(450 * MS, None);
        let strike = InputMessage::Strike {
            lane: Lane::Kick,
            velocity: 90,
            step: Some(4),
            by_key: false,
        };
        bench.send(450 * MS, strike);
        bench.silently(1200 * MS, None);
        assert_eq!(bench.hits().len(), if overdub { 2 } else { 3 });
    }
}

#[test]
fn a_flood_of_input_neither_allocates_nor_ends_the_music() {
    let mut bench = Bench::new(true, kicks_on_the_beat());
    with_sound(&mut bench);
    let (mut left, mut right) = ([0.0; 512], [0.0; 512]);
    let mut heard = 10 * MS;
    let mut time = 0;
    for round in 0..400_u32 {
        for n in 0..64_u32 {
            time += 160_000;
            let message = match (n * 31 + round * 7) % 40 {
                0..20 => InputMessage::Strike {
                    by_key: false,
                    lane: Lane::ALL[n as usize % 9],
                    velocity: 1 + (n % 127) as u8,
                    step: Some(i64::from(n)),
                },
                20 if round % 9 == 0 => InputMessage::Clock(ClockMessage::Start),
                21 if round % 20 == 0 => InputMessage::Clock(ClockMessage::Stop),
                22 => InputMessage::Clock(ClockMessage::Position(n as u16)),
                23 => InputMessage::Clock(ClockMessage::Continue),
                _ => InputMessage::Clock(ClockMessage::Tick),
            };
            bench.send(time, message);
        }
        let out = (&mut left[..], &mut right[..]);
        let core = &mut bench.core;
        assert_no_alloc(|| core.drive_audio(1, 48_000, heard, out));
        assert!(
            left.iter()
                .chain(&right)
                .all(|s| s.is_finite() && s.abs() < 1.0)
        );
        heard += 512 * SECOND / 48_000;
        while bench.links.midi.pop().is_ok() {}
        while bench.links.garbage.pop().is_ok() {}
    }
}

#[test]
fn what_a_master_leads_and_a_pad_adds_is_recorded_on_the_musics_ticks() {
    use crate::engine::record::{Happening, Tap};
    let mut bench = Bench::new(true, kicks_on_the_beat());
    let (happenings, mut told) = rtrb::RingBuffer::new(4096);
    let tap = Box::new(Tap::new(happenings, None, RecordStart::Bar));
    bench.ask(Prepared::Tap(tap));
    let master = Master {
        first: 100 * MS,
        qpm: 133.0,
    };
    let start = master.tick(96);
    bench.silently(start - 8 * MS, Some(&master));
    let now = bench.now;
    bench.clock(now, ClockMessage::Start);
    bench.silently(start + 10 * SECOND, Some(&master));
    let now = bench.now;
    bench.send(
        now,
        InputMessage::Strike {
            lane: Lane::Crash,
            velocity: 77,
            step: None,
            by_key: false,
        },
    );
    bench.silently(now + SECOND, Some(&master));
    let told: Vec<Happening> = std::iter::from_fn(|| told.pop().ok()).collect();
    let (mut kicks, mut crashes, mut tempos) = (Vec::new(), Vec::new(), Vec::new());
    for happening in told {
        match happening {
            Happening::Stroke {
                tick,
                lane: Lane::Kick,
                ..
            } => kicks.push(tick),
            Happening::Stroke { tick, velocity, .. } => crashes.push((tick, velocity)),
            Happening::Tempo { tick, qpm } => tempos.push((tick, qpm)),
            _ => (),
        }
    }
    // The first beat is as late as the start was heard of; the others are where they are written.
    assert!(kicks.len() > 20 && kicks[0] < 45, "{kicks:?}");
    for (n, tick) in kicks.iter().enumerate().skip(1) {
        assert_eq!(*tick, 960 * n as u64);
    }
    // Ten seconds at 133, and what the clock thread plays ahead.
    let wanted = 133.0 / 60.0 * 960.0 * 10.0;
    let [(tick, 77)] = crashes[..] else {
        panic!("{crashes:?}")
    };
    assert!((tick as f64 - wanted).abs() < 100.0, "{tick} {wanted}");
    // A tempo a step at most, and near the master's.
    assert!(tempos.len() < 140, "{}", tempos.len());
    let settled = tempos.iter().filter(|(tick, _)| *tick > 960 * 4);
    assert!(settled.clone().count() > 0 || tempos.len() < 40);
    for (_, qpm) in settled {
        assert!((qpm - 133.0).abs() < 3.0, "{tempos:?}");
    }
}
