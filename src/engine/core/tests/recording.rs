//! Recordings through the writer's thread, held to what left the core.

use std::path::{Path, PathBuf};
use std::thread::sleep;

use super::*;
use crate::engine::desk::sender::CoreSender;
use crate::engine::record::{Progress, RecordOptions, RecordStart, Recorder, quantized};
use musicvae::music::{Meter, midi_file};

/// A core that is driven by hand, and a recorder beside it.
struct Bench {
    core: Core,
    sender: Arc<CoreSender>,
    midi: rtrb::Consumer<MidiEvent>,
    garbage: rtrb::Consumer<Garbage>,
    shared: Arc<Shared>,
    progress: Arc<Mutex<Progress>>,
    /// Left and right of every frame that left the core.
    heard: Vec<[f32; 2]>,
    recorder: Option<Recorder>,
}

impl Bench {
    fn new(groove: Groove) -> Bench {
        let (core, links, shared) = core_with_kit(groove);
        Bench {
            core,
            sender: Arc::new(CoreSender(Mutex::new(links.commands))),
            midi: links.midi,
            garbage: links.garbage,
            shared,
            progress: Arc::default(),
            heard: Vec::new(),
            recorder: None,
        }
    }

    fn send(&self, command: impl Into<Prepared>) {
        assert!(self.sender.send(command));
    }

    /// Callbacks of stream `stream` with buffers of uneven lengths, at least `frames` in all.
    fn drive(&mut self, stream: u64, rate: u32, frames: usize) {
        let end = self.heard.len() + frames;
        let lengths = [512, 480, 37, 1024, 256, 1];
        for length in lengths.into_iter().cycle() {
            if self.heard.len() >= end {
                break;
            }
            let (mut left, mut right) = (vec![0.0; length], vec![0.0; length]);
            let heard = self.core.clock.time_of(self.core.frame);
            self.core
                .drive_audio(stream, rate, heard, (&mut left, &mut right));
            self.heard
                .extend(left.iter().zip(&right).map(|(left, right)| [*left, *right]));
            while self.midi.pop().is_ok() {}
            while self.garbage.pop().is_ok() {}
        }
    }

    /// Begins a recording; the core has the tap when this returns.
    fn record(&mut self, folder: &Path, start: RecordStart) {
        let options = RecordOptions {
            folder: folder.into(),
            sound: true,
            midi: true,
            start,
        };
        let stop = Arc::default();
        let started = Recorder::start(options, stop, self.sender.clone(), self.progress.clone());
        self.recorder = Some(started.unwrap());
        let begun = Instant::now();
        while self.core.tap.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no tap comes");
            sleep(Duration::from_millis(1));
            self.core.take_commands();
        }
    }

    fn seconds(&self) -> Option<f64> {
        self.core.tap.as_ref().and_then(|tap| tap.seconds())
    }

    /// Ends it, and returns its files.
    fn stop(&mut self) -> Vec<PathBuf> {
        self.send(Command::StopRecording);
        self.core.take_commands();
        while self.garbage.pop().is_ok() {}
        let begun = Instant::now();
        while !self.recorder.as_ref().unwrap().is_done() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            sleep(Duration::from_millis(1));
        }
        let progress = self.progress.lock().unwrap();
        assert_eq!(progress.error, None);
        assert_eq!(progress.recording, None);
        progress.recorded.to_vec()
    }
}

fn samples(path: &Path) -> (u32, Vec<[i32; 2]>) {
    let mut wav = hound::WavReader::open(path).unwrap();
    let rate = wav.spec().sample_rate;
    let samples: Vec<i32> = wav.samples().map(Result::unwrap).collect();
    let frames = samples.chunks_exact(2).map(|it| [it[0], it[1]]);
    (rate, frames.collect())
}

/// Tick, pitch and velocity of every stroke of a MIDI file, and its length in ticks.
fn strokes(path: &Path) -> (Vec<(u32, u8, u8)>, u32) {
    let bytes = std::fs::read(path).unwrap();
    let smf = midly::Smf::parse(&bytes).unwrap();
    assert_eq!(smf.header.timing, midly::Timing::Metrical(960.into()));
    let mut tick = 0;
    let mut strokes = Vec::new();
    for event in &smf.tracks[1] {
        tick += event.delta.as_int();
        if let midly::TrackEventKind::Midi { channel, message } = event.kind
            && let midly::MidiMessage::NoteOn { key, vel } = message
        {
            assert_eq!(channel, 9);
            strokes.push((tick, key.as_int(), vel.as_int()));
        }
    }
    strokes.sort_unstable();
    (strokes, tick)
}

/// Of four quarter notes.
const BAR_TICKS: u32 = 4 * 960;

/// What `groove` plays between two steps (since play), in ticks from the first.
fn scheduled(groove: &Groove, from: i64, end: u32) -> Vec<(u32, u8, u8)> {
    let length = groove.steps.len() as i64;
    let mut strokes = Vec::new();
    for n in from - 1..from + i64::from(end) / 240 + 2 {
        for lane in Lane::ALL {
            let step = n.rem_euclid(length) as usize;
            // Before the first step nothing is played.
            if let Some(hit) = groove.hit(step, lane).filter(|_| n >= 0) {
                let place = (n - from) as f64 - f64::from(hit.offset);
                // What would be before play sounds with it.
                let place = if n == 0 { place.max(0.0) } else { place };
                let tick = (place * 240.0).round();
                if place >= 0.0 && tick < f64::from(end) {
                    let velocity = (hit.velocity * 127.0).round() as u8;
                    strokes.push((tick as u32, lane.pitch(), velocity));
                }
            }
        }
    }
    strokes.sort_unstable();
    strokes
}

#[test]
fn what_is_heard_and_played_is_recorded_sample_by_sample_and_stroke_by_stroke() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(busy());
    bench.drive(1, 48_000, 1);
    let first = bench.core.frame;
    bench.send(Command::Play);
    // In the middle of the first bar; a bar is 96,000 frames.
    bench.drive(1, 48_000, 30_000);
    bench.record(folder.path(), RecordStart::Bar);
    bench.drive(1, 48_000, 30_000);
    assert_eq!(bench.seconds(), None, "waits for the bar line");
    bench.drive(1, 48_000, 5 * 48_000);
    let seconds = bench.seconds().unwrap();
    let end = bench.heard.len();
    let files = bench.stop();
    let names: Vec<_> = files.iter().map(|it| it.file_name().unwrap()).collect();
    assert_eq!(names, ["take-001.wav", "take-001.mid"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

    let start = first as usize + 96_000;
    let (rate, recorded) = samples(&files[0]);
    assert_eq!(rate, 48_000);
    let heard: Vec<[i32; 2]> = bench.heard[start + mixer::LATENCY..end]
        .iter()
        .map(|frame| frame.map(quantized))
        .collect();
    assert!(heard.iter().any(|frame| frame[0].abs() > 1 << 20));
    assert_eq!(recorded.len(), heard.len());
    assert!(recorded == heard, "the samples differ");
    // The chunk in which the bar line falls counts as a whole.
    let length = (end - start) as f64 / 48_000.0;
    assert!((seconds - length).abs() < 0.006, "{seconds} {length}");

    let (played, ticks) = strokes(&files[1]);
    // 1,920 ticks a second; the file ends on the next bar line.
    let recorded = (length * 1920.0).round() as u32;
    assert_eq!(ticks, recorded.next_multiple_of(BAR_TICKS));
    let wanted = scheduled(&busy(), 16, recorded);
    assert!(wanted.len() > 300);
    assert_eq!(played, wanted);
}

#[test]
fn counting_in_tempo_meter_and_strokes_by_hand_are_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(four_on_the_floor());
    bench.record(folder.path(), RecordStart::Bar);
    bench.drive(1, 48_000, 20_000);
    assert_eq!(bench.seconds(), None, "waits for play");
    bench.send(Command::SetCountIn(1));
    bench.send(Command::Play);
    // A bar of counting and two beats.
    bench.drive(1, 48_000, 3 * 48_000);
    bench.send(Command::Strike {
        lane: Lane::Crash,
        velocity: 1.0,
    });
    bench.send(Command::SetTempo(60.0));
    let waltz = Groove {
        meter: Meter {
            numerator: 3,
            denominator: 4,
        },
        ..Groove::empty(12)
    };
    let waltz = Arc::new(Pattern::new(waltz));
    bench.send(Prepared::Pattern(waltz, Takeover::NextBar));
    bench.drive(1, 48_000, 4 * 48_000);
    // Time goes on while nothing plays.
    bench.send(Command::Stop);
    bench.drive(1, 48_000, 2 * 48_000);
    bench.send(Command::Strike {
        lane: Lane::Ride,
        velocity: 0.5,
    });
    bench.drive(1, 48_000, 48_000);
    let files = bench.stop();
    let (_, sound) = samples(&files[0]);
    let bytes = std::fs::read(&files[1]).unwrap();
    let sequence = midi_file::read(&bytes).unwrap();
    let tempos: Vec<_> = sequence.tempos.iter().map(|it| (it.time, it.qpm)).collect();
    assert_eq!(tempos.len(), 2, "{tempos:?}");
    assert_eq!((tempos[0].1.round(), tempos[1].1.round()), (120.0, 60.0));
    assert!((tempos[1].0 - 3.0).abs() < 0.03, "{tempos:?}");
    let meters: Vec<_> = sequence
        .time_signatures
        .iter()
        .map(|it| (it.time, it.numerator))
        .collect();
    // Two beats are left of the bar, of a second each.
    assert_eq!((meters.len(), meters[1].1), (2, 3));
    assert!((meters[1].0 - 5.0).abs() < 0.03, "{meters:?}");
    let crash = sequence.notes.iter().find(|it| it.pitch == 49).unwrap();
    let ride = sequence.notes.iter().find(|it| it.pitch == 51).unwrap();
    assert!((crash.start_time - 3.0).abs() < 0.03, "{crash:?}");
    assert!((ride.start_time - 9.0).abs() < 0.06, "{ride:?}");
    let kicks = sequence.notes.iter().filter(|it| it.pitch == 36);
    let kicks: Vec<_> = kicks.map(|it| it.start_time).collect();
    // Count of two seconds; then half seconds, then seconds.
    for (kick, wanted) in kicks.iter().zip([2.0, 2.5, 3.0, 4.0]) {
        assert!((kick - wanted).abs() < 0.03, "{kicks:?}");
    }
    assert_eq!(kicks.len(), 4);
    // Sound and notes are of one length.
    assert!((sound.len() as f64 / 48_000.0 - 10.0).abs() < 0.1);
    assert!(onsets(&bench.heard.iter().map(|it| it[0]).collect::<Vec<_>>()).len() > 4);
}

#[test]
fn a_card_of_another_rate_begins_another_file_and_nothing_is_lost_between() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(busy());
    bench.send(Command::Play);
    bench.record(folder.path(), RecordStart::Now);
    let first = bench.core.frame;
    bench.drive(1, 48_000, 48_000);
    bench.drive(2, 44_100, 44_100);
    let end = bench.core.frame;
    let files = bench.stop();
    let names: Vec<_> = files.iter().map(|it| it.file_name().unwrap()).collect();
    assert_eq!(names, ["take-001.wav", "take-001-2.wav", "take-001.mid"]);
    let [(first_rate, one), (second_rate, two)] = [0, 1].map(|n| samples(&files[n]));
    assert_eq!((first_rate, second_rate), (48_000, 44_100));
    let frames = (one.len() + two.len() + mixer::LATENCY) as u64;
    assert_eq!(frames, end - first);
    let (played, ticks) = strokes(&files[2]);
    // Two seconds, to the chunk.
    let ends = 2 * 1920 - 60..2 * 1920 + 60;
    let recorded = ends
        .clone()
        .find(|end| played == scheduled(&busy(), 0, *end));
    assert!(recorded.is_some(), "{played:?}");
    assert!(ticks.is_multiple_of(BAR_TICKS) && ticks >= ends.start && ticks < ends.end + BAR_TICKS);
}

#[test]
fn without_a_card_what_would_be_heard_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(four_on_the_floor());
    bench.record(folder.path(), RecordStart::Bar);
    bench.send(Command::Play);
    for turn in 1..600 {
        bench.core.drive_silently(turn * 5 * MS);
    }
    assert!(bench.shared.recorded.get() > 0.0);
    let files = bench.stop();
    let (rate, sound) = samples(&files[0]);
    assert_eq!(rate, 48_000);
    let left: Vec<f32> = sound.iter().map(|it| it[0] as f32 / 8_388_607.0).collect();
    let expected = 3.0 * 48_000.0;
    assert!(
        (left.len() as f64 - expected).abs() < 2_000.0,
        "{}",
        left.len()
    );
    for beat in 0..6 {
        let at: usize = beat * 24_000;
        let before = &left[at.saturating_sub(400)..at];
        let quiet = before.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        let onset = left[at..].iter().position(|s| s.abs() > quiet + 1e-3);
        assert!(
            onset.is_some_and(|late| late <= 24),
            "beat {beat}: {onset:?}"
        );
    }
}

#[test]
fn an_empty_recording_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(busy());
    bench.record(folder.path(), RecordStart::Bar);
    bench.drive(1, 48_000, 10_000);
    assert!(bench.stop().is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
