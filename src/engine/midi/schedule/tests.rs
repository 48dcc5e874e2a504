use proptest::prelude::*;

use super::*;
use crate::engine::midi::Voice;

const MS: Nanos = SECOND / 1000;

fn hit(time: Nanos, lane: Lane) -> MidiEvent {
    event(
        time,
        MidiMessage::Hit {
            lane,
            velocity: 100,
        },
    )
}

fn event(time: Nanos, message: MidiMessage) -> MidiEvent {
    MidiEvent { time, message }
}

/// A plan with notes of 50 ms.
fn schedule(map: DrumMap, clock: ClockOut) -> Schedule {
    let mut schedule = Schedule::new(map, clock, 0.4);
    schedule.set_step(125 * MS);
    schedule
}

fn plain() -> Schedule {
    schedule(DrumMap::general_midi(), ClockOut::Playing)
}

fn emitted(act: impl FnOnce(Emit)) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    act(&mut |bytes| sent.push(bytes.as_slice().to_vec()));
    sent
}

fn run(schedule: &mut Schedule, now: Nanos) -> Vec<Vec<u8>> {
    emitted(|emit| schedule.run(now, emit))
}

#[test]
fn events_leave_at_their_time_and_notes_end() {
    let mut schedule = plain();
    schedule.push(hit(30 * MS, Lane::Snare));
    schedule.push(hit(10 * MS, Lane::Kick));
    schedule.push(event(0, MidiMessage::Start));
    schedule.push(event(0, MidiMessage::Clock(0)));
    assert_eq!(run(&mut schedule, 0), [[0xFA], [0xF8]]);
    assert_eq!(schedule.next_due(), Some(10 * MS));
    assert_eq!(run(&mut schedule, 10 * MS), [[0x99, 36, 100]]);
    assert_eq!(run(&mut schedule, 30 * MS), [[0x99, 38, 100]]);
    assert_eq!(run(&mut schedule, 59 * MS), [] as [Vec<u8>; 0]);
    assert_eq!(run(&mut schedule, 60 * MS), [[0x89, 36, 0]]);
    assert_eq!(run(&mut schedule, SECOND), [[0x89, 38, 0]]);
    assert_eq!(schedule.next_due(), None);
}

#[test]
fn a_notes_length_is_a_share_of_a_step_at_any_tempo() {
    let mut schedule = plain();
    for (gate, step, length) in [(0.5, 50, 25), (1.0, 750, 750), (0.05, 50, 5)] {
        schedule.set_gate(gate);
        schedule.set_step(step * MS);
        schedule.push(hit(0, Lane::Kick));
        assert_eq!(run(&mut schedule, 0), [[0x99, 36, 100]]);
        let end = schedule.next_due().unwrap();
        assert!((end - length * MS).abs() < 1000, "{end}");
        assert_eq!(run(&mut schedule, SECOND), [[0x89, 36, 0]]);
    }
}

#[test]
fn a_note_struck_again_is_ended_first() {
    let mut map = DrumMap::general_midi();
    map.lanes[Lane::OpenHat.index()] = map.lanes[Lane::ClosedHat.index()].clone();
    let mut schedule = schedule(map, ClockOut::Playing);
    schedule.push(hit(0, Lane::ClosedHat));
    schedule.push(hit(MS, Lane::OpenHat));
    let sent = run(&mut schedule, 2 * MS);
    assert_eq!(sent, [[0x99, 42, 100], [0x89, 42, 0], [0x99, 42, 100]]);
    assert_eq!(run(&mut schedule, SECOND), [[0x89, 42, 0]]);
}

#[test]
fn a_silent_lane_sends_nothing_and_a_level_goes_before_its_note() {
    let mut map = DrumMap::general_midi();
    map.lanes[Lane::Ride.index()] = None;
    map.lanes[Lane::Kick.index()] = Some(Voice {
        note: 36,
        channel: 3,
        level: Some(40),
        instead: None,
    });
    let mut schedule = schedule(map, ClockOut::Playing);
    schedule.push(hit(0, Lane::Ride));
    schedule.push(hit(0, Lane::Kick));
    assert_eq!(run(&mut schedule, 0), [[0xB2, 40, 100], [0x92, 36, 100]]);
    assert_eq!(run(&mut schedule, SECOND), [[0x82, 36, 0]]);
}

#[test]
fn a_map_change_and_a_stop_end_what_sounds_as_it_began() {
    let mut schedule = schedule(DrumMap::general_midi(), ClockOut::Off);
    schedule.push(hit(0, Lane::Kick));
    run(&mut schedule, 0);
    let mut map = DrumMap::general_midi();
    for voice in map.lanes.iter_mut().flatten() {
        (voice.note, voice.channel) = (60, 3);
    }
    let sent = emitted(|emit| schedule.set_map(map, emit));
    // The channel that is left is silenced too.
    assert_eq!(sent, [[0x89, 36, 0], [0xB9, 120, 0], [0xB9, 123, 0]]);
    schedule.push(hit(MS, Lane::Kick));
    // What was planned before a stop does not sound after it.
    schedule.push(hit(5 * MS, Lane::Snare));
    schedule.push(event(2 * MS, MidiMessage::Stop));
    schedule.push(hit(SECOND, Lane::Crash));
    assert_eq!(run(&mut schedule, 9 * MS), [[0x92, 60, 100], [0x82, 60, 0]]);
    assert_eq!(run(&mut schedule, SECOND), [[0x92, 60, 100]]);
}

#[test]
fn a_panic_forgets_the_notes_but_not_the_stop() {
    let mut schedule = plain();
    schedule.push(event(0, MidiMessage::Start));
    schedule.push(hit(0, Lane::Kick));
    schedule.push(hit(5 * MS, Lane::Snare));
    schedule.push(event(6 * MS, MidiMessage::Clock(0)));
    schedule.push(event(7 * MS, MidiMessage::Stop));
    run(&mut schedule, 0);
    let sent = emitted(|emit| schedule.panic(emit));
    assert_eq!(sent, [[0x89, 36, 0], [0xB9, 120, 0], [0xB9, 123, 0]]);
    assert_eq!(run(&mut schedule, SECOND), [[0xF8], [0xFC]]);
}

#[test]
fn a_late_note_is_left_out_and_counted_but_clocks_are_not() {
    let mut schedule = plain();
    schedule.push(event(0, MidiMessage::Start));
    schedule.push(hit(0, Lane::Kick));
    schedule.push(event(0, MidiMessage::Clock(0)));
    assert_eq!(run(&mut schedule, SECOND), [[0xFA], [0xF8]]);
    assert_eq!(schedule.dropped, 1);
}

#[test]
fn too_many_events_are_counted_and_a_stop_still_finds_room() {
    let mut schedule = plain();
    (0..5000).for_each(|n| schedule.push(hit(n, Lane::Kick)));
    let dropped = (5000 - ROOM + RESERVE) as u64;
    assert_eq!(schedule.dropped, dropped);
    schedule.push(event(8000, MidiMessage::Start));
    schedule.push(event(9000, MidiMessage::Stop));
    let sent = run(&mut schedule, SECOND / 1000);
    let expected: [&[u8]; 3] = [&[0xFA], &[0x89, 36, 0], &[0xFC]];
    assert_eq!(sent[sent.len() - 3..], expected);
    schedule.push(hit(SECOND, Lane::Kick));
    assert_eq!(schedule.dropped, dropped);
}

/// Clocks of the music from `from` to `to`, one a millisecond.
fn clocks(schedule: &mut Schedule, from: i64, to: i64) -> Vec<Vec<u8>> {
    (from..to).for_each(|n| schedule.push(event(n * MS, MidiMessage::Clock(n))));
    run(schedule, to * MS)
}

#[test]
fn a_continue_tells_the_sixteenth_and_waits_for_it() {
    let mut schedule = plain();
    schedule.push(event(0, MidiMessage::Start));
    assert_eq!(clocks(&mut schedule, 0, 15).len(), 16);
    schedule.push(event(15 * MS, MidiMessage::Stop));
    assert_eq!(run(&mut schedule, 15 * MS), [[0xFC]]);
    // Stopped after 15 clocks, which is half way through the third sixteenth: whoever follows goes
    // on with us at the fourth.
    schedule.push(event(15 * MS, MidiMessage::Continue(15)));
    let sent = clocks(&mut schedule, 15, 20);
    let expected: [&[u8]; 7] = [
        &[0xF2, 3, 0],
        &[0xF8],
        &[0xF8],
        &[0xF8],
        &[0xFB],
        &[0xF8],
        &[0xF8],
    ];
    assert_eq!(sent, expected);
}

/// While a count-in ticks, nobody runs yet.
#[test]
fn clocks_before_the_top_are_sent_and_the_start_comes_at_the_top() {
    let mut schedule = plain();
    for number in -3..0 {
        schedule.push(event((number + 3) * MS, MidiMessage::Clock(number)));
    }
    for message in [MidiMessage::Start, MidiMessage::Clock(0)] {
        schedule.push(event(3 * MS, message));
    }
    let sent = run(&mut schedule, 3 * MS);
    assert_eq!(sent, [[0xF8], [0xF8], [0xF8], [0xFA], [0xF8]]);
    // The same without a start of its own.
    let mut schedule = plain();
    for number in -1..1 {
        schedule.push(event((number + 1) * MS, MidiMessage::Clock(number)));
    }
    assert_eq!(run(&mut schedule, 3 * MS), [[0xF8], [0xFA], [0xF8]]);
}

#[test]
fn whoever_comes_later_or_is_taken_elsewhere_is_told_the_place() {
    let mut schedule = plain();
    clocks(&mut schedule, 0, 700);
    // A port that is opened while the music plays.
    assert_eq!(
        emitted(|emit| schedule.greet(emit)),
        [[0xB9, 120, 0], [0xB9, 123, 0]]
    );
    let sent = clocks(&mut schedule, 700, 704);
    // 702 clocks are 117 sixteenths.
    let expected: [&[u8]; 6] = [&[0xF2, 117, 0], &[0xF8], &[0xF8], &[0xFB], &[0xF8], &[0xF8]];
    assert_eq!(sent, expected);
    // A jump to another place: 6 * 1234 = 7404, and 1234 = 9 * 128 + 82.
    let sent = clocks(&mut schedule, 7404, 7405);
    let expected: [&[u8]; 4] = [&[0xFC], &[0xF2, 82, 9], &[0xFB], &[0xF8]];
    assert_eq!(sent, expected);
    // To the top.
    assert_eq!(clocks(&mut schedule, 0, 1), [[0xFC], [0xFA], [0xF8]]);
    // Switched off, the clock stops whoever followed; switched on, they join again.
    assert_eq!(
        emitted(|emit| schedule.set_clock(ClockOut::Off, emit)),
        [[0xFC]]
    );
    assert!(clocks(&mut schedule, 1, 5).is_empty());
    assert!(emitted(|emit| schedule.set_clock(ClockOut::Playing, emit)).is_empty());
    let sent = clocks(&mut schedule, 5, 7);
    let expected: [&[u8]; 4] = [&[0xF2, 1, 0], &[0xF8], &[0xFB], &[0xF8]];
    assert_eq!(sent, expected);
}

#[test]
fn the_clock_goes_on_while_nothing_plays_when_it_is_asked_to() {
    let mut schedule = schedule(DrumMap::general_midi(), ClockOut::Always);
    schedule.set_step(120 * MS);
    assert_eq!(run(&mut schedule, 0), [[0xF8]]);
    assert_eq!(schedule.next_due(), Some(20 * MS));
    assert_eq!(run(&mut schedule, 100 * MS).len(), 5);
    schedule.push(event(105 * MS, MidiMessage::Start));
    schedule.push(event(105 * MS, MidiMessage::Clock(0)));
    assert_eq!(run(&mut schedule, 110 * MS), [[0xFA], [0xF8]]);
    assert_eq!(schedule.next_due(), None);
    schedule.push(event(115 * MS, MidiMessage::Stop));
    assert_eq!(run(&mut schedule, 134 * MS), [[0xFC]]);
    assert_eq!(run(&mut schedule, 135 * MS), [[0xF8]]);
    // An hour of sleep is not made up for.
    assert_eq!(run(&mut schedule, 3600 * SECOND).len(), 1);
}

#[test]
fn at_the_end_nothing_sounds_and_nobody_runs_on() {
    let mut schedule = plain();
    schedule.push(event(0, MidiMessage::Start));
    schedule.push(hit(0, Lane::Kick));
    schedule.push(event(5 * MS, MidiMessage::Stop));
    run(&mut schedule, 0);
    // The stop that waits is not waited for.
    let sent = emitted(|emit| schedule.finish(emit));
    let expected: [&[u8]; 4] = [&[0x89, 36, 0], &[0xFC], &[0xB9, 120, 0], &[0xB9, 123, 0]];
    assert_eq!(sent, expected);
    assert!(run(&mut schedule, SECOND).is_empty());
}

proptest! {
    /// Whatever comes in whatever order: every note that begins ends, before it begins again.
    #[test]
    fn no_note_is_stuck_or_doubled(
        events in prop::collection::vec((0..2000_i64, 0..LANES, 1..128_u8, 0..30_u8), 0..300),
        shared in any::<bool>(), gate in 0.01..4.0_f32,
    ) {
        let mut map = DrumMap::general_midi();
        if shared {
            map.lanes[3] = map.lanes[2].clone();
        }
        let mut schedule = Schedule::new(map, ClockOut::Always, gate);
        let mut sounding = std::collections::HashSet::new();
        let mut check = |bytes: Bytes| match *bytes.as_slice() {
            [status, note, _] if status & 0xF0 == 0x90 => {
                assert!(sounding.insert((status & 15, note)), "doubled");
            }
            [status, note, _] if status & 0xF0 == 0x80 => {
                assert!(sounding.remove(&(status & 15, note)), "ended twice");
            }
            _ => (),
        };
        for (time, lane, velocity, kind) in events {
            let time = time * MS;
            let message = match kind {
                0 => MidiMessage::Stop,
                1 => MidiMessage::Panic,
                2 => MidiMessage::Start,
                3 => MidiMessage::Continue(time / MS),
                4 => MidiMessage::Clock(time / MS),
                _ => MidiMessage::Hit { lane: Lane::ALL[lane], velocity },
            };
            schedule.push(MidiEvent { time, message });
            if kind > 25 {
                schedule.run(time, &mut check);
            }
        }
        schedule.run(10 * SECOND, &mut check);
        prop_assert!(sounding.is_empty(), "stuck: {:?}", sounding);
    }
}
