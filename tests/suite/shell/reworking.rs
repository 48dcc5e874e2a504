//! What models make of given drums, its tempo and its notes.

use std::fs;

use candle_core::npy::NpzTensors;
use musicvae::data::GrooveConverter;
use musicvae::music::{Lane, NoteSequence, Reading, midi_file};
use serde_json::Value;
use tempfile::TempDir;

use super::{bytes, command, names, ok, refused, run, tempo, workplace};
use crate::support::{data, drums};

/// The strokes of a MIDI file: lane and sixteenth.
fn strokes(bytes: &[u8]) -> Vec<(Lane, usize)> {
    let sequence = midi_file::read(bytes).unwrap();
    let groove = GrooveConverter::whole(&sequence, Reading::Played).unwrap();
    let groove = &groove.windows[0];
    groove.hits().map(|(step, lane, _)| (lane, step)).collect()
}

/// A file that slows down is answered by one that slows down, bar by bar; a tempo that is asked for holds
/// throughout.
#[test]
fn what_is_made_of_a_file_goes_as_fast_as_its_bars() {
    let folder = workplace();
    let mut sequence = midi_file::read(&drums(1, 3)).unwrap();
    // Two bars of 2.4 s, and one of 4.8.
    let slower = |time: f64| time.min(4.8) + 2.0 * (time - 4.8).max(0.0);
    for note in &mut sequence.notes {
        note.start_time = slower(note.start_time);
        note.end_time = slower(note.end_time);
    }
    let tempo = |time, qpm| musicvae::music::Tempo { time, qpm };
    sequence.tempos = vec![tempo(0.0, 100.0), tempo(4.8, 50.0)];
    sequence.total_time = slower(sequence.total_time);
    let file = midi_file::write(&sequence).unwrap();
    fs::write(folder.path().join("slower.mid"), file).unwrap();
    let made = |line: &str| {
        ok(&folder, line);
        midi_file::read(&bytes(&folder, "made.mid")).unwrap()
    };
    let tempos = |made: &NoteSequence| -> Vec<(f64, f64)> {
        let tempos = made.tempos.iter();
        tempos.map(|it| (it.time.round(), it.qpm.round())).collect()
    };
    for command in ["humanize", "add-hats", "drumify"] {
        let made = made(&format!("{command} slower.mid -o made.mid --force"));
        assert_eq!(tempos(&made), [(0.0, 100.0), (5.0, 50.0)], "{command}");
        assert!(
            (made.total_time - 9.6).abs() < 1e-3,
            "{command}: {}",
            made.total_time
        );
    }
    let long = made("continue slower.mid --bars 2 -o made.mid --force");
    assert_eq!(tempos(&long), [(0.0, 100.0), (5.0, 50.0)]);
    assert!((long.total_time - 19.2).abs() < 1e-3, "{}", long.total_time);
    let even = made("humanize slower.mid -o made.mid --force --tempo 90");
    assert_eq!(tempos(&even), [(0.0, 90.0)]);
}

#[test]
fn a_file_is_humanized_drumified_given_hats_and_varied() {
    let folder = workplace();
    fs::write(folder.path().join("three.mid"), drums(1, 3)).unwrap();
    let given = strokes(&bytes(&folder, "three.mid"));
    ok(&folder, "humanize three.mid -o human.mid");
    let human = bytes(&folder, "human.mid");
    assert_eq!(strokes(&human), given);
    assert_ne!(human, bytes(&folder, "three.mid"));
    let bars = |bytes: &[u8]| {
        let sequence = midi_file::read(bytes).unwrap();
        sequence.total_time * sequence.tempos[0].qpm / 240.0
    };
    assert!((bars(&human) - 3.0).abs() < 1e-6);
    // The likeliest is repeatable; a drawn one differs from seed to seed.
    ok(&folder, "humanize three.mid -o again.mid");
    assert_eq!(bytes(&folder, "again.mid"), human);
    ok(&folder, "humanize three.mid -o one.mid --temperature 1");
    ok(
        &folder,
        "humanize three.mid -o two.mid --temperature 1 --seed 1",
    );
    assert_ne!(bytes(&folder, "one.mid"), bytes(&folder, "two.mid"));

    ok(&folder, "add-hats three.mid -o hats.mid");
    let rest = |strokes: Vec<(Lane, usize)>| -> Vec<_> {
        let other = |stroke: &(Lane, usize)| stroke.0 != Lane::ClosedHat;
        strokes.into_iter().filter(other).collect()
    };
    assert_eq!(rest(strokes(&bytes(&folder, "hats.mid"))), rest(given));
    ok(&folder, "drumify three.mid -o full.mid");
    assert!(!strokes(&bytes(&folder, "full.mid")).is_empty());

    let said = refused(
        &folder,
        "humanize three.mid -o x.mid --checkpoint tiny.safetensors",
    );
    assert!(said.contains("groovae_2bar_humanize"), "{said}");

    ok(&folder, "variations three.mid -n 3 -o kin --tempo 90");
    assert_eq!(names(&folder.path().join("kin")).len(), 3);
    assert_eq!(tempo(&bytes(&folder, "kin/groove-02.mid")), 90.0);
    let many = run(&folder, "variations three.mid -n 2 -o kin.mid");
    assert_eq!(many.status.code(), Some(2));
    // At 0 it is the groove itself, whatever the seed.
    ok(&folder, "variations three.mid -n 2 --amount 0 -o same");
    let same = |name| bytes(&folder, name);
    assert_eq!(same("same/groove-01.mid"), same("same/groove-02.mid"));
    let itself = strokes(&same("same/groove-01.mid"));
    assert_eq!(itself, strokes(&bytes(&folder, "three.mid")));

    // Three bars and six more, of which the first three are as they were.
    ok(&folder, "continue three.mid --bars 6 -n 2 -o on");
    let on = same("on/groove-01.mid");
    assert!((bars(&on) - 9.0).abs() < 1e-6);
    let (before, more): (Vec<_>, Vec<_>) =
        (strokes(&on).into_iter()).partition(|(_, step)| *step < 48);
    assert_eq!(before, itself);
    assert!(!more.is_empty());
    assert_ne!(on, same("on/groove-02.mid"));
}

#[test]
fn the_tempo_is_kept_and_can_be_another() {
    let folder = workplace();
    let model = "--checkpoint tiny.safetensors";
    ok(&folder, &format!("encode a.mid -o z.json {model}"));
    let decode = |more: &str, out: &str| {
        ok(
            &folder,
            &format!("decode z.json --seed 1 {model} -o {out}{more}"),
        );
        tempo(&bytes(&folder, out))
    };
    assert_eq!(decode("", "kept.mid"), 100.0);
    assert_eq!(decode(" --tempo 90", "other.mid"), 90.0);
    ok(
        &folder,
        &format!("reconstruct a.mid --tempo 90 {model} -o slow.mid"),
    );
    assert_eq!(tempo(&bytes(&folder, "slow.mid")), 90.0);
}

#[test]
fn a_drum_map_says_what_notes_are_written() {
    let folder = workplace();
    let sample = "sample --seed 1 --temperature 1 --checkpoint tiny.safetensors";
    ok(&folder, &format!("{sample} -o gm.mid"));
    ok(&folder, &format!("{sample} --map drumbrute -o other.mid"));
    let (ours, other) = (bytes(&folder, "gm.mid"), bytes(&folder, "other.mid"));
    assert_ne!(ours, other);
    let run = run(&folder, &format!("{sample} --map bongo -o x.mid"));
    assert_eq!(run.status.code(), Some(2), "{run:?}");
}

#[test]
fn a_players_own_map_takes_the_machines_place() {
    let folder = workplace();
    let maps = folder.path().join("config/musicvae-tui/maps");
    if !cfg!(target_os = "linux") {
        return;
    }
    fs::create_dir_all(&maps).unwrap();
    let own = ok(&folder, "maps tr-8s").replace("36", "35");
    fs::write(maps.join("mine.toml"), &own).unwrap();
    assert_eq!(ok(&folder, "maps tr-8s"), own);
    assert_eq!(ok(&folder, "maps").matches("TR-8S").count(), 1);
    fs::write(maps.join("other.toml"), &own).unwrap();
    let twice = run(&folder, "maps");
    let said = String::from_utf8(twice.stderr).unwrap();
    assert!(said.contains("give one of them another name"), "{said}");
}

/// `strokes` of an imported checkpoint are the reference's.
#[test]
fn an_imported_checkpoint_plays_the_references_strokes() {
    let Some(tar) = data("oracle/groovae_4bar.tar") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let import = [
        "checkpoint",
        "import",
        tar.to_str().unwrap(),
        "m.safetensors",
    ];
    assert!(command(&folder, &import).status().unwrap().success());
    assert!(ok(&folder, "checkpoint info m.safetensors").contains("strokes are read  as magenta"));
    ok(&folder, "checkpoint export m.safetensors half.safetensors");
    assert!(ok(&folder, "checkpoint info half.safetensors").contains("as magenta"));
    assert!(ok(&folder, "checkpoint info embedded").contains("strokes are read  as played"));
    let oracle = data("oracle/infer_groovae_4bar").unwrap();
    let numbers = NpzTensors::new(oracle.join("decode.npz")).unwrap();
    let z: Vec<Vec<f32>> = numbers.get("z").unwrap().unwrap().to_vec2().unwrap();
    let z = serde_json::json!({ "z": z }).to_string();
    fs::write(folder.path().join("z.json"), z).unwrap();
    let expected = fs::read_to_string(oracle.join("decode_notesequences.json")).unwrap();
    let decode = "decode z.json --temperature 0 --seed 1 --checkpoint m.safetensors -o";
    ok(&folder, &format!("{decode} g"));
    let expected: Value = serde_json::from_str(&expected).unwrap();
    // The reference writes other toms than it reads.
    let lane = |pitch: i64| {
        let place = [36, 38, 42, 46, 45, 48, 50, 49, 51].map(i64::from);
        let place = place.iter().position(|it| *it == pitch).unwrap();
        i32::from(Lane::ALL[place].pitch())
    };
    let mut all = 0;
    for (index, sequence) in expected.as_array().unwrap().iter().enumerate() {
        let found = midi_file::read(&bytes(&folder, &format!("g/groove-{:02}.mid", index + 1)));
        let mut found: Vec<(i32, i64, i32)> = (found.unwrap().notes.iter())
            .map(|it| (it.pitch, (it.start_time * 1e3).round() as i64, it.velocity))
            .collect();
        let number = |note: &Value, key: &str| note[key].as_f64().unwrap_or_default();
        let mut wanted: Vec<(i32, i64, i32)> = (sequence["notes"].as_array().unwrap().iter())
            .map(|note| {
                let start = number(note, "start_time").max(0.0);
                let velocity = number(note, "velocity").max(1.0) as i32;
                let milliseconds = (start * 1e3).round() as i64;
                (lane(number(note, "pitch") as i64), milliseconds, velocity)
            })
            .collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found.len(), wanted.len());
        all += found.len();
        for (found, wanted) in found.iter().zip(&wanted) {
            // A tick of 480 a quarter note is a millisecond.
            assert!((found.1 - wanted.1).abs() <= 1, "{found:?} {wanted:?}");
            assert_eq!((found.0, found.2), (wanted.0, wanted.2));
        }
    }
    assert!(all > 100);
    ok(&folder, &format!("{decode} played --strokes played"));
    assert_ne!(
        bytes(&folder, "g/groove-01.mid"),
        bytes(&folder, "played/groove-01.mid")
    );
}
