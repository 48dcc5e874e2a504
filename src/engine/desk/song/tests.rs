use std::sync::Arc;

use midly::{MetaMessage, MidiMessage as Message, Smf, TrackEventKind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::engine::command::Command;
use crate::engine::core::queues::Prepared;
use crate::engine::core::shared::Shared;
use crate::engine::core::{Core, CoreOptions};
use crate::engine::events::{MidiMessage, Nanos, SECOND};
use crate::engine::midi::{ClockOut, DrumMap, Schedule, Voice};
use musicvae::music::{Grid, Groove, Hit, Lane, Trig};

/// A note that begins: step, channel (from 0), note and velocity.
type Begun = (f64, u8, u8, u8);

/// What some strokes do beside sounding once.
const TRIGS: [&str; 9] = [
    "", "", "50%", "1/2", "!1/2", "fill", "!fill", "flam", "x3-40",
];

/// A groove of `bars` bars with a stroke in two of five cells; none is early on its first step, and
/// none goes on after its last.
fn groove(rng: &mut ChaCha8Rng, bars: usize, meter: Meter) -> Groove {
    let mut groove = Groove {
        meter,
        ..Groove::empty(0)
    };
    if meter.sixteenths().is_multiple_of(4) && rng.random_bool(0.3) {
        groove.grid = Grid::Triplets;
    }
    let steps = bars * groove.steps_per_bar();
    groove.steps.resize(steps, [None; LANES]);
    for (step, lanes) in groove.steps.iter_mut().enumerate() {
        let within = step > 0 && step + 1 < steps;
        for cell in lanes {
            let late = if step == 0 { 0.0 } else { 0.5 };
            *cell = rng.random_bool(0.4).then(|| {
                let hit = Hit::new(rng.random_range(0.0..1.0), rng.random_range(-0.5..=late));
                let trig = TRIGS[rng.random_range(0..TRIGS.len())];
                let trig = if within { trig } else { "" };
                Hit {
                    trig: trig.parse().unwrap(),
                    ..hit
                }
            });
        }
    }
    groove
}

/// A song with its amounts drawn at random.
fn song(rng: &mut ChaCha8Rng, links: Vec<ChainLink>, looped: Option<Bars>) -> Song {
    Song {
        links,
        looped,
        qpm: rng.random_range(60.0..200.0),
        swing: rng.random_range(0.5..0.75),
        timing: rng.random_range(0.0..1.5),
        dynamics: rng.random_range(0.0..1.5),
        fills_on: rng.random(),
        chance_seed: rng.random(),
        lane_steps: std::array::from_fn(|_| match rng.random_range(0..4) {
            0 => Some(rng.random_range(1..=64)),
            _ => None,
        }),
        levels: std::array::from_fn(|_| match rng.random_range(0..5) {
            0 => 0.0,
            1 => 1.0,
            _ => rng.random_range(0.0..2.0),
        }),
        ..Song::once(Groove::empty(0))
    }
}

/// Another machine's notes on three channels; one lane has no voice and one a level controller.
fn machine() -> DrumMap {
    let mut map = DrumMap::general_midi();
    for (n, voice) in map.lanes.iter_mut().enumerate() {
        *voice = (n != 4).then(|| Voice {
            note: 20 + n as u8,
            channel: 1 + n as u8 % 3,
            level: (n == 2).then_some(7),
            instead: None,
        });
    }
    map
}

/// What leaves the engine by MIDI in the first turn of the song, with its seconds in the place of steps.
fn sent(song: &Song, map: &DrumMap, end: f64) -> Vec<Begun> {
    let options = CoreOptions {
        qpm: song.qpm,
        groove: song.links[0].groove.clone(),
        follow_clock: false,
    };
    let (mut core, mut links) = Core::new(options, Arc::new(Shared::default()));
    let mut asked: Vec<Prepared> = vec![
        Command::SetSwing(song.swing).into(),
        Command::SetTimingAmount(song.timing).into(),
        Command::SetVelocityAmount(song.dynamics).into(),
        Command::SetFill(song.fills_on).into(),
        Command::SetChanceSeed(song.chance_seed).into(),
    ];
    for lane in Lane::ALL {
        let (level, solo) = (song.levels[lane.index()], false);
        let mute = level == 0.0;
        asked.push(
            Command::SetLane {
                lane,
                level,
                mute,
                solo,
            }
            .into(),
        );
        let steps = song.lane_steps[lane.index()];
        asked.push(Command::SetLaneSteps { lane, steps }.into());
    }
    let takeover = Takeover::Now;
    asked.push(match song.looped {
        None => {
            let links = song.links.iter().cloned().map(Link::from).collect();
            Prepared::Chain(Chain::new(links).map(Box::new), takeover)
        }
        bars => Command::SetLoop { bars, takeover }.into(),
    });
    asked.push(Command::Play.into());
    for prepared in asked {
        assert!(links.commands.push(prepared).is_ok());
    }
    let mut schedule = Schedule::new(map.clone(), ClockOut::Off, 0.5);
    let second = SECOND as f64;
    let mut start = None;
    let mut begun = Vec::new();
    let mut now = 0;
    while start.is_none_or(|start: Nanos| ((now - start) as f64) < (end + 0.2) * second) {
        now += SECOND / 200;
        core.drive_silently(now);
        while let Ok(event) = links.midi.pop() {
            if event.message == MidiMessage::Start {
                start = Some(event.time);
            }
            schedule.push(event);
        }
        while let Some(due) = schedule.next_due().filter(|due| *due <= now) {
            schedule.run(due, &mut |bytes| {
                if let [status @ 0x90..=0x9F, note, velocity] = *bytes.as_slice() {
                    let at = (due - start.unwrap()) as f64 / second;
                    begun.push((at, status & 15, note, velocity));
                }
            });
        }
    }
    begun.retain(|(at, ..)| *at < end);
    begun
}

/// What is in a file: its notes, and where it ends, in steps.
fn written(bytes: &[u8]) -> (Vec<Begun>, f64) {
    let smf = Smf::parse(bytes).unwrap();
    let mut begun = Vec::new();
    let mut end = 0.0;
    for track in &smf.tracks {
        let mut tick = 0;
        for event in track {
            tick += event.delta.as_int();
            end = f64::from(tick) / TICKS_PER_STEP;
            if let TrackEventKind::Midi {
                channel,
                message: Message::NoteOn { key, vel },
            } = event.kind
            {
                begun.push((end, channel.as_int(), key.as_int(), vel.as_int()));
            }
        }
    }
    (begun, end)
}

/// The notes of each voice in the order of time.
fn sorted(mut notes: Vec<Begun>) -> Vec<Begun> {
    notes.sort_by(|a, b| (a.1, a.2).cmp(&(b.1, b.2)).then(a.0.total_cmp(&b.0)));
    notes
}

#[test]
fn a_file_holds_stroke_by_stroke_what_leaves_the_engine() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let common = Meter::COMMON;
    let three = Meter {
        numerator: 3,
        denominator: 4,
    };
    for round in 0..24 {
        let looped = [None, Some(Bars { first: 1, count: 2 })][round % 2];
        let parts = if looped.is_some() { 1 } else { 1 + round % 4 };
        let part = |n| ChainLink {
            groove: groove(
                &mut rng,
                [4, 1, 2][n % 3],
                if n == 2 { three } else { common },
            ),
            repeats: 1 + n as u32 % 3,
            ending: None,
            tempo: None,
        };
        let mut links: Vec<ChainLink> = (0..parts).map(part).collect();
        if looped.is_none() {
            for link in &mut links {
                let ends = rng.random_bool(0.5);
                link.ending = ends.then(|| groove(&mut rng, 1, link.groove.meter));
                link.tempo = (rng.random_bool(0.5)).then(|| rng.random_range(60.0..200.0));
            }
        }
        let mut steps = links
            .iter()
            .map(|link| link.repeats as usize * link.groove.sixteenths())
            .sum::<usize>();
        if looped.is_some() {
            steps = 32;
        }
        let mut song = song(&mut rng, links, looped);
        if looped.is_some() {
            // The loop's own first step: what is early for it is another test's.
            let groove = &mut song.links[0].groove;
            let first = groove.steps_per_bar();
            for hit in groove.steps[first].iter_mut().flatten() {
                hit.offset = hit.offset.min(0.0);
                hit.trig = Trig::PLAIN;
            }
        }
        // Of a lane that goes round by itself any step may be the first one after the end.
        for link in &mut song.links {
            for (lane, hit) in link
                .groove
                .steps
                .iter_mut()
                .flat_map(|it| it.iter_mut().enumerate())
            {
                if let (Some(hit), Some(_)) = (hit, song.lane_steps[lane]) {
                    hit.offset = hit.offset.min(0.0);
                    hit.trig.flam = false;
                }
            }
        }
        for map in [DrumMap::general_midi(), machine()] {
            let Encoded { bytes, clamped } = song.midi(Layout::Drums).unwrap();
            assert_eq!(clamped, 0);
            let (mut file, end) = written(&map.written(&bytes).unwrap().bytes);
            assert_eq!(end, steps as f64, "it ends on the bar line");
            let (_, _, timeline) = song.played();
            for note in &mut file {
                note.0 = timeline.seconds(note.0);
            }
            let end = timeline.seconds(end);
            let before_next = |note: &Begun| note.0 < end;
            let mut sent = sent(&song, &map, end);
            // What the engine plays early for the turn after this one: nothing, by the grooves.
            sent.retain(before_next);
            let (file, sent) = (sorted(file), sorted(sent));
            assert_eq!(file.len(), sent.len(), "round {round}");
            for (file, sent) in file.iter().zip(&sent) {
                // A file's tick is 1.04 ms at 60 BPM, and halfway strokes are written a tick nearer.
                assert!((file.0 - sent.0).abs() < 0.002, "{file:?} {sent:?}");
                assert_eq!((file.1, file.2, file.3), (sent.1, sent.2, sent.3));
            }
        }
    }
}

fn one_hit(step: usize, lane: Lane, velocity: f32, offset: f32) -> Song {
    let mut groove = Groove::empty(16);
    groove.steps[step][lane.index()] = Some(Hit::new(velocity, offset));
    Song {
        links: vec![ChainLink {
            repeats: 2,
            ..ChainLink::once(groove)
        }],
        qpm: 97.0,
        ..Song::once(Groove::empty(0))
    }
}

#[test]
fn only_what_is_early_for_the_first_beat_is_moved() {
    let song = one_hit(0, Lane::Kick, 1.0, 0.25);
    let Encoded { bytes, clamped } = song.midi(Layout::Drums).unwrap();
    let (notes, end) = written(&bytes);
    let steps: Vec<f64> = notes.iter().map(|note| note.0).collect();
    assert_eq!((steps, clamped, end), (vec![0.0, 15.75], 1, 32.0));
    assert_eq!(song.bars(), 2);
}

#[test]
fn a_part_ends_with_its_fill() {
    let mut song = one_hit(0, Lane::Kick, 1.0, 0.0);
    song.links[0].ending = Some(one_hit(8, Lane::Snare, 1.0, 0.0).links[0].groove.clone());
    let (notes, end) = written(&song.midi(Layout::Drums).unwrap().bytes);
    let notes: Vec<_> = notes.iter().map(|note| (note.0, note.2)).collect();
    assert_eq!((notes, end), (vec![(0.0, 36), (24.0, 38)], 32.0));
    // And so may any bar of a song, early strokes and all.
    let fill = |lane, offset| one_hit(0, lane, 1.0, offset).links[0].groove.clone();
    song.fills = vec![(0, fill(Lane::Ride, 0.0)), (16, fill(Lane::Crash, 0.25))];
    let (notes, _) = written(&song.midi(Layout::Drums).unwrap().bytes);
    let notes: Vec<_> = notes.iter().map(|note| (note.0, note.2)).collect();
    assert_eq!(notes, [(0.0, 51), (15.75, 49)]);
}

#[test]
fn a_level_is_heard_in_the_velocities() {
    let mut song = one_hit(4, Lane::Snare, 100.0 / 127.0, 0.5);
    let mut velocity = |level| {
        song.levels[Lane::Snare.index()] = level;
        let (notes, _) = written(&song.midi(Layout::Drums).unwrap().bytes);
        notes.first().map(|note| note.3)
    };
    // Half the velocity is a quarter of the sound.
    assert_eq!(velocity(0.25), Some(50));
    assert_eq!(velocity(1.0), Some(100));
    assert_eq!(velocity(2.0), Some(127));
    assert_eq!(velocity(1e-6), Some(1));
    assert_eq!(velocity(0.0), None);
    // Half a step early, and yet on its own step for whoever rounds.
    song.levels = [1.0; LANES];
    let (notes, _) = written(&song.midi(Layout::Drums).unwrap().bytes);
    assert_eq!(notes[0].0.round(), 4.0);
}

#[test]
fn what_moves_by_itself_is_in_the_file() {
    let mut song = one_hit(0, Lane::Kick, 1.0, 0.0);
    let motion = |number, values: &[u8], goes_round| Motion {
        controller: Controller {
            channel: 16,
            number,
        },
        values: values.into(),
        goes_round,
    };
    let plain = song.midi(Layout::Drums).unwrap().bytes;
    song.motions = vec![motion(104, &[7; 40], true)];
    assert_eq!(song.midi(Layout::Drums).unwrap().bytes, plain);
    // One goes round every bar, and one ends: two bars have nothing after the 32nd step.
    let bar: Vec<u8> = (0..16).collect();
    song.motions = vec![motion(103, &bar, true), motion(104, &[1, 5], false)];
    let bytes = song.midi(Layout::Drums).unwrap().bytes;
    let smf = Smf::parse(&bytes).unwrap();
    let (mut step, mut moved) = (0.0, Vec::new());
    for event in &smf.tracks[2] {
        step += f64::from(event.delta.as_int()) / TICKS_PER_STEP;
        if let TrackEventKind::Midi { message, .. } = event.kind
            && let Message::Controller { controller, value } = message
        {
            moved.push((step, controller.as_int(), value.as_int()));
        }
    }
    let of = |number| moved.iter().filter(move |it| it.1 == number);
    let slider: Vec<_> = of(103).map(|it| (it.0, it.2)).collect();
    let wanted: Vec<_> = (0..32)
        .map(|step| (f64::from(step), step as u8 % 16))
        .collect();
    assert_eq!(slider, wanted);
    let pad: Vec<_> = of(104).map(|it| (it.0, it.2)).collect();
    assert_eq!(pad, [(0.0, 1), (1.0, 5)]);
    assert_eq!(written(&bytes), written(&plain));
}

#[test]
fn tempos_and_meters_are_in_the_file() {
    let mut song = one_hit(0, Lane::Ride, 0.5, 0.0);
    let mut waltz = song.links[0].clone();
    waltz.tempo = Some(120.0);
    waltz.groove.meter.numerator = 3;
    waltz.groove.steps.truncate(12);
    song.links.push(waltz);
    let bytes = song.midi(Layout::Drums).unwrap().bytes;
    let smf = Smf::parse(&bytes).unwrap();
    let mut tick = 0;
    let mut found = Vec::new();
    for event in &smf.tracks[0] {
        tick += event.delta.as_int();
        match event.kind {
            TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => {
                found.push((tick, tempo.as_int()));
            }
            TrackEventKind::Meta(MetaMessage::TimeSignature(beats, ..)) => {
                found.push((tick, beats.into()));
            }
            _ => {}
        }
    }
    found.sort_unstable();
    assert_eq!(found, [(0, 4), (0, 618_557), (7680, 3), (7680, 500_000)]);
    // Two bars of four at 97 and two of three at 120.
    let (_, steps, timeline) = song.played();
    let seconds = 8.0 * 60.0 / 97.0 + 3.0;
    assert!((timeline.seconds(steps as f64) - seconds).abs() < 1e-9);
    let empty = Song {
        links: Vec::new(),
        ..song
    };
    assert_eq!(empty.bars(), 0);
    assert!(
        written(&empty.midi(Layout::Drums).unwrap().bytes)
            .0
            .is_empty()
    );
}
