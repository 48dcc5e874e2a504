use std::sync::Mutex;
use std::time::{Duration, Instant};

use assert_no_alloc::assert_no_alloc;

use super::*;
use crate::engine::sound::stream::Feed;
use crate::engine::time::player::{Chain, Link};
use crate::engine::{Bars, Command, RecordStart, SoundFont, SoundFontSource, Takeover};
use musicvae::music::{Grid, Groove, Hit, LANES};

const MS: Nanos = SECOND / 1000;

fn four_on_the_floor() -> Groove {
    let mut groove = Groove::empty(16);
    for step in [0, 4, 8, 12] {
        groove.steps[step][Lane::Kick.index()] = Some(Hit::new(0.8, 0.0));
    }
    groove
}

fn busy() -> Groove {
    let mut groove = Groove::empty(64);
    for (n, step) in groove.steps.iter_mut().enumerate() {
        for (lane, hit) in step.iter_mut().enumerate() {
            let offset = ((n * 7 + lane * 3) % 11) as f32 / 11.0 - 0.5;
            *hit = Some(Hit::new(0.3 + 0.05 * lane as f32, offset));
        }
    }
    groove
}

/// As busy, and with all that steps can do.
fn various() -> Groove {
    const TRIGS: [&str; 5] = ["x8-40", "50% flam", "!1/3 flam x2", "fill x3", ""];
    let mut groove = busy();
    for (n, hit) in groove.steps.iter_mut().flatten().flatten().enumerate() {
        hit.trig = TRIGS[n % TRIGS.len()].parse().unwrap();
    }
    groove
}

fn core_with(groove: Groove) -> (Core, Links, Arc<Shared>) {
    let shared = Arc::new(Shared::default());
    let options = CoreOptions {
        groove,
        ..CoreOptions::default()
    };
    let (core, links) = Core::new(options, shared.clone());
    (core, links, shared)
}

fn kit() -> SoundFont {
    SoundFont::load(&SoundFontSource::Embedded).unwrap()
}

/// Everything that was sent to MIDI.
fn events(links: &mut Links) -> Vec<MidiEvent> {
    std::iter::from_fn(|| links.midi.pop().ok()).collect()
}

fn hits(events: &[MidiEvent]) -> Vec<Nanos> {
    let hit = |event: &&MidiEvent| matches!(event.message, MidiMessage::Hit { .. });
    events.iter().filter(hit).map(|event| event.time).collect()
}

#[test]
fn without_a_sound_card_the_clock_plays_on_time() {
    let (mut core, mut links, shared) = core_with(four_on_the_floor());
    core.drive_silently(3 * MS);
    assert!(links.commands.push(Command::Play.into()).is_ok());
    for now in (8..4000).step_by(5) {
        core.drive_silently(now * MS);
    }
    let events = events(&mut links);
    assert_eq!(events[0].message, MidiMessage::Start);
    let start = events[0].time;
    // 120 quarter notes a minute: a kick every half second, a clock every 1/48 s.
    for (n, time) in hits(&events).iter().enumerate() {
        assert!(
            (time - start - n as Nanos * SECOND / 2).abs() < 30_000,
            "kick {n}"
        );
    }
    let clocks: Vec<_> = events
        .iter()
        .filter(|e| matches!(e.message, MidiMessage::Clock(_)))
        .collect();
    assert!(clocks.len() > 180);
    for (n, clock) in clocks.iter().enumerate() {
        assert!(
            (clock.time - start - n as Nanos * SECOND / 48).abs() < 30_000,
            "clock {n}"
        );
    }
    let position = shared.now.playhead.read().at(start + SECOND + 1000);
    assert!((position.step - 8.0).abs() < 0.001, "{position:?}");
}

#[test]
fn a_part_goes_at_its_own_tempo_from_its_first_frame_on() {
    let (mut core, mut links, shared) = core_with(Groove::empty(16));
    let link = |tempo| Link {
        pattern: Arc::new(Pattern::new(four_on_the_floor())),
        repeats: 1,
        ending: None,
        tempo,
    };
    let chain = Chain::new(vec![link(None), link(Some(60.0))]).map(Box::new);
    let chain = Prepared::Chain(chain, Takeover::Now);
    for command in [chain, Command::SetTempo(120.0).into(), Command::Play.into()] {
        assert!(links.commands.push(command).is_ok());
    }
    for now in (8..9000).step_by(5) {
        core.drive_silently(now * MS);
    }
    let found = hits(&events(&mut links));
    // Four beats of half a second, four of one, and again.
    let expected = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 6.5, 7.0];
    for (time, expected) in found.iter().zip(expected) {
        let away = (time - found[0]) - (expected * SECOND as f64) as Nanos;
        assert!(away.abs() < 30_000, "{expected}: {away} ns away");
    }
    assert!(found.len() > expected.len() && shared.now.qpm.get() == 60.0);
    // Another tempo is that of all parts that have none, and a part's own stays.
    assert!(links.commands.push(Command::SetTempo(90.0).into()).is_ok());
    core.drive_silently(9010 * MS);
    assert_eq!(shared.now.qpm.get(), 60.0);
    core.drive_silently(9020 * MS);
    let plain = Prepared::Pattern(Arc::new(Pattern::new(Groove::empty(16))), Takeover::Now);
    assert!(links.commands.push(plain).is_ok());
    for now in (9025..9700).step_by(5) {
        core.drive_silently(now * MS);
    }
    assert_eq!(shared.now.qpm.get(), 90.0);
}

#[test]
fn sound_begins_at_the_frame_of_its_step_whatever_the_buffers() {
    for buffers in [&[512][..], &[1, 3000, 17], &[2048], &[64]] {
        let (mut core, mut links, _) = core_with(four_on_the_floor());
        let mixer = Mixer::new(&kit(), 44_100, 0).unwrap();
        for command in [Prepared::Mixer(Box::new(mixer)), Command::Play.into()] {
            assert!(links.commands.push(command).is_ok());
        }
        let mut sound = Vec::new();
        for length in buffers.iter().cycle() {
            if sound.len() > 3 * 44_100 {
                break;
            }
            let (mut left, mut right) = (vec![0.0; *length], vec![0.0; *length]);
            let heard = 10 * MS + (sound.len() as f64 / 44.1e-6) as Nanos;
            core.drive_audio(1, 44_100, heard, (&mut left, &mut right));
            sound.extend(left);
        }
        for beat in 0..5 {
            let frame = beat * 22_050 + mixer::LATENCY;
            let before = &sound[frame.saturating_sub(200)..frame];
            let quiet = before.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
            let onset = sound[frame..]
                .iter()
                .position(|s| s.abs() > quiet + 1e-4)
                .unwrap();
            assert!(
                onset <= 16,
                "beat {beat} is {onset} frames late with buffers of {buffers:?}"
            );
        }
    }
}

#[test]
fn a_card_that_comes_and_goes_does_not_shift_the_beat() {
    let (mut core, mut links, _) = core_with(four_on_the_floor());
    assert!(links.commands.push(Command::Play.into()).is_ok());
    let silently = |core: &mut Core, from: Nanos, to: Nanos| {
        (from..to)
            .step_by(5)
            .for_each(|now| core.drive_silently(now * MS));
    };
    let loudly = |core: &mut Core, stream: u64, rate: u32, from: Nanos, to: Nanos| {
        let mut buffer = (vec![0.0; 441], vec![0.0; 441]);
        let step = 441.0 / f64::from(rate) * 1e3;
        let count = ((to - from) as f64 / step) as i64;
        for n in 0..count {
            let heard = ((from as f64 + n as f64 * step) * 1e6) as Nanos + 12 * MS;
            core.drive_audio(stream, rate, heard, (&mut buffer.0, &mut buffer.1));
        }
    };
    silently(&mut core, 0, 1_300);
    // A card with less latency than the clock thread looks ahead, and one with another rate; the
    // gap between them is as long as a stall is noticed.
    loudly(&mut core, 1, 44_100, 1_300, 2_900);
    silently(&mut core, 3_050, 4_000);
    loudly(&mut core, 2, 96_000, 4_020, 6_000);
    silently(&mut core, 6_000, 8_000);
    let events = events(&mut links);
    let start = events[0].time;
    let limiter = SECOND * mixer::LATENCY as Nanos / 44_100;
    let hits = hits(&events);
    assert_eq!(hits.len(), 17);
    for (n, time) in hits.iter().enumerate() {
        let off = time - start - n as Nanos * SECOND / 2;
        assert!(
            (-30_000..limiter + 60_000).contains(&off),
            "kick {n} is off by {off} ns"
        );
    }
}

#[test]
fn a_stop_and_a_continue_play_each_stroke_once() {
    let (mut core, mut links, shared) = core_with(four_on_the_floor());
    let mut now = 0;
    let mut run = |core: &mut Core, ms: Nanos| {
        for _ in 0..ms / 5 {
            now += 5 * MS;
            core.drive_silently(now);
        }
    };
    assert!(links.commands.push(Command::Play.into()).is_ok());
    run(&mut core, 700);
    assert!(links.commands.push(Command::Stop.into()).is_ok());
    run(&mut core, 3000);
    assert!(!shared.now.playing.load(Relaxed));
    let before = events(&mut links);
    assert_eq!(hits(&before).len(), 2);
    assert_eq!(
        before.last().map(|event| event.message),
        Some(MidiMessage::Stop)
    );
    assert!(links.commands.push(Command::Continue.into()).is_ok());
    run(&mut core, 700);
    let after = events(&mut links);
    assert!(matches!(after[0].message, MidiMessage::Continue(33..=36)));
    let stop = before.last().map_or(0, |event| event.time);
    let off = (hits(&after)[0] - after[0].time) + (stop - before[0].time) - SECOND;
    assert!(off.abs() < 50_000, "{off}");
    assert_eq!(hits(&after).len(), 1);
}

#[test]
fn a_muted_lane_is_silent_on_midi_and_the_slept_machine_does_not_hurry() {
    let (mut core, mut links, _) = core_with(four_on_the_floor());
    let mute = |mute| Command::SetLane {
        lane: Lane::Kick,
        level: 1.0,
        mute,
        solo: false,
    };
    for command in [mute(true), Command::Play] {
        assert!(links.commands.push(command.into()).is_ok());
    }
    (0..1000)
        .step_by(5)
        .for_each(|now| core.drive_silently(now * MS));
    assert!(hits(&events(&mut links)).is_empty());
    assert!(links.commands.push(mute(false).into()).is_ok());
    // An hour of sleep is not played in an instant.
    core.drive_silently(3600 * SECOND);
    assert!(events(&mut links).len() < 10);
    let solo = Command::SetLane {
        lane: Lane::Snare,
        level: 1.0,
        mute: false,
        solo: true,
    };
    assert!(links.commands.push(solo.into()).is_ok());
    (0..1000)
        .step_by(5)
        .for_each(|now| core.drive_silently(3600 * SECOND + now * MS));
    assert!(hits(&events(&mut links)).is_empty());
}

#[test]
fn values_out_of_range_are_brought_into_it_here() {
    let (mut core, mut links, _) = core_with(busy());
    let commands = [
        Command::SetSwing(9.0),
        Command::SetTimingAmount(f32::NAN),
        Command::SetVelocityAmount(-1.0),
        Command::SetMasterLevel(f32::INFINITY),
        Command::SetPan {
            lane: Lane::Ride,
            pan: -3.0,
        },
        Command::SetCountIn(200),
        Command::SetLaneSteps {
            lane: Lane::Ride,
            steps: Some(0),
        },
        Command::SetTempo(1e9),
        Command::SetMidiOffset(-1e9),
    ];
    send(&mut links, commands);
    core.drive_silently(MS);
    let feel = core.player.feel;
    assert_eq!([feel.swing, feel.timing, feel.velocity], [0.75, 1.0, 0.0]);
    let ride = core.controls.lanes[Lane::Ride.index()];
    assert_eq!((core.controls.master, ride.pan), (2.0, -1.0));
    assert_eq!((core.count_in, core.transport.qpm()), (2, 300.0));
    assert_eq!(core.midi_offset, -SECOND / 2);
    assert_eq!(core.player.lane_steps[Lane::Ride.index()], Some(1));
}

/// The callback as the driver calls it, in every way it may: no memory is taken or given back.
#[test]
fn the_callback_never_allocates() {
    let (core, mut links, shared) = core_with(various());
    let core = Arc::new(Mutex::new(core));
    let feed = Feed {
        source: core.clone(),
        callback: shared.callback.clone(),
        epoch: Instant::now(),
        stream: 1,
    };
    shared.callback.stream.store(1, Relaxed);
    let font = kit();
    let mixer = |rate| Prepared::Mixer(Box::new(Mixer::new(&font, rate, 0).unwrap()));
    let pattern = || Arc::new(Pattern::new(various()));
    let triplets = || Arc::new(Pattern::new(various().on(Grid::Triplets).groove));
    let range = Some(Bars { first: 1, count: 2 });
    let chain = || {
        let link = |repeats| Link {
            pattern: pattern(),
            repeats,
            ending: (repeats == 1).then(pattern),
            tempo: Some(100.0),
        };
        Chain::new(vec![link(1), link(2)]).map(Box::new)
    };
    // Small queues, so that they are full now and then too.
    let mut taps = Vec::new();
    let mut tap = || {
        let (happenings, told) = rtrb::RingBuffer::new(64);
        let (sound, heard) = rtrb::RingBuffer::new(30_000);
        taps.push((told, heard));
        Box::new(Tap::new(happenings, Some(sound), RecordStart::Now))
    };
    let mut feeder = feed.feeder(48_000, 6);
    let mut data = vec![0_i16; 6 * 3000];
    let mut peak = 0;
    for round in 0..60_u32 {
        let commands = match round % 10 {
            0 => vec![mixer(48_000), Command::Play.into()],
            1 => vec![
                Command::SetTempo(300.0).into(),
                Command::SetSwing(0.66).into(),
            ],
            2 => vec![
                Prepared::Pattern(pattern(), Takeover::Now),
                Prepared::Pattern(triplets(), Takeover::NextLoop),
            ],
            3 => vec![
                Command::Strike {
                    lane: Lane::Crash,
                    velocity: 1.0,
                }
                .into(),
                Command::SetPan {
                    lane: Lane::Kick,
                    pan: -0.5,
                }
                .into(),
            ],
            4 => vec![
                Command::SetLane {
                    lane: Lane::Ride,
                    level: 2.0,
                    mute: false,
                    solo: false,
                }
                .into(),
            ],
            5 => vec![
                Command::Stop.into(),
                Prepared::Pattern(triplets(), Takeover::NextBar),
            ],
            6 => vec![
                Command::Continue.into(),
                Command::SetFill(round > 30).into(),
                Command::SetTimingAmount(1.5).into(),
                Command::SetVelocityAmount(0.0).into(),
                Command::SetRoom(true).into(),
                Command::SetCompressor(true).into(),
            ],
            7 => vec![Command::Panic.into(), Prepared::Program(25)],
            8 => vec![
                mixer(48_000),
                Command::SetMasterLevel(0.5).into(),
                Command::SetRoom(false).into(),
                Command::SetLoop {
                    bars: range,
                    takeover: Takeover::NextBar,
                }
                .into(),
            ],
            _ => vec![
                Prepared::Chain(chain(), Takeover::Now),
                Command::SetCountIn(round as u8 / 20).into(),
                Command::SetMetronome {
                    on: true,
                    level: 1.0,
                }
                .into(),
                Command::StopRecording.into(),
                Prepared::Tap(tap()),
            ],
        };
        for command in commands {
            assert!(links.commands.push(command).is_ok());
        }
        for length in [3000, 1, 512, 1025] {
            let data = &mut data[..6 * length];
            assert_no_alloc(|| feeder.fill(data, Duration::from_millis(10)));
            for frame in data.chunks(6) {
                peak = peak.max(frame[0].unsigned_abs());
                assert_eq!(frame[2..], [0; 4]);
            }
        }
        while links.garbage.pop().is_ok() {}
        while links.midi.pop().is_ok() {}
    }
    // What was watched made sound, and the clock's way does not allocate either.
    assert!(peak > 3000, "{peak}");
    assert!(taps.iter().all(|(_, heard)| heard.slots() > 8_000));
    assert!(taps.iter().all(|(told, _)| told.slots() >= 3));
    assert!(
        taps.iter().any(|(told, _)| told.slots() == 64),
        "never full"
    );
    let mut core = core.lock().unwrap();
    let later = core.clock.time_of(core.frame) + SECOND / 2;
    assert_no_alloc(|| core.drive_silently(later));
    assert_eq!(shared.callback.errors.load(Relaxed), 0);
}

#[test]
fn a_flood_leaves_no_voice_and_stays_below_full_scale() {
    let (mut core, mut links, shared) = core_with(busy());
    let mixer = Mixer::new(&kit(), 44_100, 0).unwrap();
    for command in [
        Prepared::Mixer(Box::new(mixer)),
        Command::SetTempo(300.0).into(),
        Command::SetMasterLevel(2.0).into(),
        Command::Play.into(),
    ] {
        assert!(links.commands.push(command).is_ok());
    }
    for lane in Lane::ALL {
        let command = Command::SetLane {
            lane,
            level: 2.0,
            mute: false,
            solo: false,
        };
        assert!(links.commands.push(command.into()).is_ok());
    }
    let mut at = 0.0;
    let (mut left, mut right) = (vec![0.0; 512], vec![0.0; 512]);
    let mut turn = |core: &mut Core, seconds: f64| {
        let mut peak = 0.0_f32;
        for _ in 0..(seconds * 44_100.0 / 512.0) as usize {
            at += 512.0 / 44_100.0;
            core.drive_audio(1, 44_100, (at * 1e9) as Nanos, (&mut left, &mut right));
            peak = left
                .iter()
                .chain(&right)
                .fold(peak, |peak, sample| peak.max(sample.abs()));
        }
        peak
    };
    let peak = turn(&mut core, 4.0);
    // Loud enough for the limiter to be at work.
    assert!((0.9..1.0).contains(&peak), "{peak}");
    assert!(shared.lane_levels.iter().all(|level| level.get() > 0.01));
    assert_eq!(LANES, shared.lane_levels.len());
    assert!(links.commands.push(Command::Stop.into()).is_ok());
    turn(&mut core, 12.0);
    assert_eq!(turn(&mut core, 0.5), 0.0, "a voice still sounds");
}

/// Sends commands, which must find room.
fn send(links: &mut Links, commands: impl IntoIterator<Item = impl Into<Prepared>>) {
    for command in commands {
        assert!(links.commands.push(command.into()).is_ok());
    }
}

/// A core with a kit at 48,000 frames a second.
fn core_with_kit(groove: Groove) -> (Core, Links, Arc<Shared>) {
    let (mut core, mut links, shared) = core_with(groove);
    let mixer = Mixer::new(&kit(), 48_000, 0).unwrap();
    send(&mut links, [Prepared::Mixer(Box::new(mixer))]);
    core.take_commands();
    (core, links, shared)
}

/// `count` frames of the core's left channel, by callbacks of 480 frames.
fn listen(core: &mut Core, count: usize) -> Vec<f32> {
    let mut sound = Vec::new();
    let start = core.frame;
    while sound.len() < count {
        let (mut left, mut right) = (vec![0.0; 480], vec![0.0; 480]);
        let heard = ((start as f64 + sound.len() as f64) / 48e-6) as Nanos;
        core.drive_audio(1, 48_000, heard, (&mut left, &mut right));
        sound.extend(left);
    }
    sound
}

/// Frames at which something begins after at least 50 ms of silence.
fn onsets(sound: &[f32]) -> Vec<usize> {
    let mut onsets = Vec::new();
    let mut quiet = 2_400;
    for (n, sample) in sound.iter().enumerate() {
        if sample.abs() < 1e-4 {
            quiet += 1;
        } else {
            if quiet >= 2_400 {
                onsets.push(n);
            }
            quiet = 0;
        }
    }
    onsets
}

#[test]
fn the_metronome_clicks_on_the_beats_in_the_sound_only() {
    let (mut core, mut links, _) = core_with_kit(Groove::empty(32));
    let metronome = |on| Command::SetMetronome { on, level: 0.8 };
    send(&mut links, [metronome(true), Command::Play]);
    let sound = listen(&mut core, 5 * 48_000);
    let clicks = onsets(&sound);
    assert_eq!(clicks.len(), 10);
    let peak = |beat: usize| {
        let range = beat * 24_000..beat * 24_000 + 2_400;
        sound[range]
            .iter()
            .fold(0.0_f32, |peak, s| peak.max(s.abs()))
    };
    for (beat, click) in clicks.iter().enumerate() {
        let late = click - beat * 24_000;
        assert!(
            (mixer::LATENCY..mixer::LATENCY + 4).contains(&late),
            "{beat}: {late}"
        );
        let accented = beat % 4 == 0;
        assert_eq!(peak(beat) > 1.2 * peak(1), accented, "beat {beat}");
    }
    assert!(hits(&events(&mut links)).is_empty(), "a click went to MIDI");
    send(&mut links, [metronome(false)]);
    assert!(onsets(&listen(&mut core, 2 * 48_000)).is_empty());
}

#[test]
fn counting_in_clicks_whole_bars_and_then_starts_everything() {
    let mut groove = Groove::empty(16);
    // Early for the first beat: it sounds within the count.
    for (step, offset) in [(0, 0.25), (8, 0.0)] {
        groove.steps[step][0] = Some(Hit::new(0.9, offset));
    }
    let (mut core, mut links, shared) = core_with_kit(groove);
    send(&mut links, [Command::SetCountIn(2), Command::Play]);
    let sound = listen(&mut core, 48_000);
    // Six beats to go.
    let position = shared.now.playhead.read();
    assert_eq!(position.began, -32.0);
    let seen = position.at(position.time);
    assert_eq!((seen.count_in, seen.beat, seen.step), (2, 2, 0.0));
    assert_eq!(onsets(&sound).len(), 2);
    listen(&mut core, 48_000 * 5);
    let events = events(&mut links);
    let clock = |n: usize| {
        let clocks = events
            .iter()
            .filter(|it| matches!(it.message, MidiMessage::Clock(_)));
        clocks.map(|it| it.time).nth(n).unwrap()
    };
    let start = events
        .iter()
        .position(|it| it.message == MidiMessage::Start);
    let start = events[start.unwrap()].time;
    // Clocks lead the receiver in, and the start comes with the first clock of the music.
    assert!((start - clock(0) - 4 * SECOND).abs() < 50_000);
    assert!((start - clock(2 * 96)).abs() < 50_000);
    let hits = hits(&events);
    assert!(
        (hits[0] - start + SECOND / 32).abs() < 50_000,
        "{hits:?} {start}"
    );
    assert!((hits[1] - start - SECOND).abs() < 50_000);
    assert_eq!(hits.len(), 3);
    // Without counting, at once.
    send(&mut links, [Command::SetCountIn(0), Command::Play]);
    listen(&mut core, 480);
    assert_eq!(shared.now.playhead.read().at(0).count_in, 0);
}

#[test]
fn a_stop_while_counting_does_not_lose_the_start() {
    let (mut core, mut links, _) = core_with_kit(four_on_the_floor());
    send(&mut links, [Command::SetCountIn(1), Command::Play]);
    listen(&mut core, 24_000);
    send(&mut links, [Command::Stop]);
    listen(&mut core, 24_000);
    send(&mut links, [Command::Continue]);
    listen(&mut core, 110_000);
    let messages: Vec<_> = events(&mut links)
        .into_iter()
        .map(|it| it.message)
        .filter(|it| !matches!(it, MidiMessage::Clock(_)))
        .collect();
    let kick = MidiMessage::Hit {
        lane: Lane::Kick,
        velocity: 102,
    };
    let expected = [MidiMessage::Stop, MidiMessage::Start, kick, kick];
    assert_eq!(messages, expected);
}

#[test]
fn a_tempo_change_keeps_the_phase_of_hits_clocks_and_clicks() {
    let (mut core, mut links, _) = core_with_kit(four_on_the_floor());
    send(&mut links, [Command::Play]);
    let tempos = [120.0, 90.0, 233.0, 20.0, 300.0, 61.7];
    let mut seconds_at = Vec::new();
    for tempo in tempos.iter().cycle().take(18) {
        send(&mut links, [Command::SetTempo(*tempo)]);
        seconds_at.push((core.frame, *tempo));
        listen(&mut core, 9_600);
    }
    let events = events(&mut links);
    let origin = events[0].time;
    // Quarter notes at a time, by the tempos as they were sent.
    let quarters = |time: Nanos| {
        let frame = (time - origin) as f64 * 48e-6;
        let spans = seconds_at.iter().enumerate();
        let part = spans.map(|(n, (from, tempo))| {
            let to = seconds_at
                .get(n + 1)
                .map_or(f64::INFINITY, |next| next.0 as f64);
            (frame.min(to) - *from as f64).max(0.0) / 48_000.0 * tempo / 60.0
        });
        part.sum::<f64>()
    };
    let of = |wanted: fn(&MidiMessage) -> bool| {
        let times = events.iter().filter(move |it| wanted(&it.message));
        times.map(|it| it.time).collect::<Vec<_>>()
    };
    let hits = of(|message| matches!(message, MidiMessage::Hit { .. }));
    let clocks = of(|message| matches!(message, MidiMessage::Clock(_)));
    assert!(hits.len() > 5 && clocks.len() > 120);
    // A frame and the clock's smoothing, in quarter notes at 300.
    let close = 40e-6 * 5.0;
    for (n, time) in hits.into_iter().enumerate() {
        assert!((quarters(time) - n as f64).abs() < close, "hit {n}");
    }
    for (n, time) in clocks.into_iter().enumerate() {
        assert!(
            (quarters(time) - n as f64 / 24.0).abs() < close,
            "clock {n}"
        );
    }
}

#[test]
fn bars_and_chains_are_followed_while_standing_still_and_while_playing() {
    let (mut core, mut links, shared) = core_with_kit(Groove::empty(64));
    let range = Bars { first: 2, count: 1 };
    let range = |on: bool| Command::SetLoop {
        bars: on.then_some(range),
        takeover: Takeover::NextLoop,
    };
    let playhead = |core: &mut Core| {
        listen(core, 480);
        let playhead = shared.now.playhead.read();
        (playhead.loop_start, playhead.loop_steps)
    };
    send(&mut links, [range(true)]);
    assert_eq!(playhead(&mut core), (32, 16));
    send(&mut links, [Command::Play]);
    listen(&mut core, 480);
    send(&mut links, [range(false)]);
    assert_eq!(playhead(&mut core), (32, 16), "waits for its loop");
    listen(&mut core, 96_000);
    assert_eq!(playhead(&mut core), (0, 64));
    let link = |steps| Link {
        pattern: Arc::new(Pattern::new(Groove::empty(steps))),
        repeats: 1,
        ending: None,
        tempo: None,
    };
    let chain = || Chain::new(vec![link(16), link(32)]).map(Box::new);
    send(
        &mut links,
        [
            Command::Stop.into(),
            Prepared::Chain(chain(), Takeover::NextLoop),
        ],
    );
    assert_eq!(playhead(&mut core), (0, 16));
    assert_eq!(shared.chain_link.load(Relaxed), 1);
    send(&mut links, [Command::Play]);
    listen(&mut core, 100_000);
    assert_eq!(
        (playhead(&mut core), shared.chain_link.load(Relaxed)),
        ((0, 32), 2)
    );
    let pattern = Arc::new(Pattern::new(Groove::empty(16)));
    send(&mut links, [Prepared::Pattern(pattern, Takeover::Now)]);
    listen(&mut core, 48_000);
    assert_eq!(
        (playhead(&mut core), shared.chain_link.load(Relaxed)),
        ((0, 16), 0)
    );
}

mod recording;
