//! Music that fills no whole number of windows, or is not what a model plays: all of it is heard, or it is
//! said what is not.

use std::fs;

use musicvae::music::{Groove, Hit, Lane, Note, NoteSequence, Tempo, midi_file};
use tempfile::TempDir;

use super::{bytes, ok, refused, run};

/// Bars of rock.
fn rock(bars: usize) -> Groove {
    let mut groove = Groove::empty(16 * bars);
    for (lane, first, every) in [
        (Lane::Kick, 0, 8),
        (Lane::Snare, 4, 8),
        (Lane::ClosedHat, 0, 2),
    ] {
        for step in (first..16 * bars).step_by(every) {
            groove.steps[step][lane.index()] = Some(Hit::new(0.7, 0.0));
        }
    }
    groove
}

/// Quarter notes of one voice, with one chord of three in front.
fn tune(bars: usize) -> NoteSequence {
    let note = |pitch, quarter: usize| Note {
        pitch,
        velocity: 90,
        start_time: quarter as f64 * 0.5,
        end_time: (quarter + 1) as f64 * 0.5,
        ..Note::default()
    };
    let scale = [67, 69, 71, 72, 74, 71, 67, 62];
    let mut notes: Vec<Note> = (0..4 * bars).map(|it| note(scale[it % 8], it)).collect();
    notes.extend([note(55, 0), note(59, 0)]);
    NoteSequence {
        tempos: vec![Tempo {
            time: 0.0,
            qpm: 120.0,
        }],
        total_time: bars as f64 * 2.0,
        notes,
        ..NoteSequence::default()
    }
}

fn write(folder: &TempDir, name: &str, music: &NoteSequence) {
    let bytes = midi_file::encode(music).unwrap().bytes;
    fs::write(folder.path().join(name), bytes).unwrap();
}

fn starts(folder: &TempDir, name: &str) -> Vec<f64> {
    let read = midi_file::read(&bytes(folder, name)).unwrap();
    read.notes.iter().map(|note| note.start_time).collect()
}

/// Of sixteen bars that are mostly silent a model makes silence.
#[test]
fn a_short_file_is_heard_by_the_model_of_sixteen_bars() {
    let folder = TempDir::new().unwrap();
    for bars in [3, 5, 17] {
        write(&folder, "in.mid", &rock(bars).to_note_sequence());
        ok(
            &folder,
            "reconstruct in.mid --checkpoint embedded/sixteen -o out.mid --force",
        );
        let starts = starts(&folder, "out.mid");
        let bar = |it: usize| {
            let within = |start: &&f64| {
                (**start / 2.0).round() as usize == it || (**start / 2.0) as usize == it
            };
            starts.iter().filter(within).count()
        };
        for it in 0..bars {
            assert!(bar(it) > 3, "{bars} bars: bar {} of {starts:?}", it + 1);
        }
        let end = bars as f64 * 2.0 + 0.1;
        assert!(
            starts.iter().all(|start| *start < end),
            "{bars}: {starts:?}"
        );
    }
}

#[test]
fn a_tune_of_any_length_is_heard_and_what_is_left_out_is_said() {
    let folder = TempDir::new().unwrap();
    for bars in [9, 20] {
        write(&folder, "tune.mid", &tune(bars));
        let line = "reconstruct tune.mid --checkpoint embedded/melody --temperature 0.5 -o out.mid --force";
        let ran = run(&folder, line);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "{said}");
        assert!(
            said.contains("2 notes left out beside a higher one"),
            "{said}"
        );
        let silent = bars.next_multiple_of(16) - bars;
        assert!(
            said.contains(&format!("{silent} silent bars were added")),
            "{said}"
        );
    }
}

#[test]
fn other_percussion_is_said_to_be_played_by_drums() {
    let folder = TempDir::new().unwrap();
    let mut music = rock(4).to_note_sequence();
    let hit = music.notes[0].clone();
    for (quarter, pitch) in [(1, 56), (2, 54), (5, 56)] {
        music.notes.push(Note {
            pitch,
            start_time: 0.125 + quarter as f64 * 0.5,
            end_time: 0.2 + quarter as f64 * 0.5,
            ..hit.clone()
        });
    }
    write(&folder, "in.mid", &music);
    let ran = run(&folder, "humanize in.mid -o out.mid");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    let expected = "3 strokes of other percussion are played by the nearest drum (Snare 2, CHat 1)";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_model_of_other_music_is_refused_before_the_file() {
    let folder = TempDir::new().unwrap();
    write(&folder, "tune.mid", &tune(16));
    for line in [
        "continue tune.mid --checkpoint embedded/melody -o out.mid",
        "variations tune.mid --checkpoint embedded/melody -o out",
        "play --checkpoint embedded/melody",
    ] {
        let said = refused(&folder, line);
        assert!(said.contains("melody"), "{line}: {said}");
        assert!(!said.contains("channel 10"), "{line}: {said}");
    }
}
