//! Sound that is rendered.

use std::fs;
use std::path::Path;

use musicvae::music::{Note, NoteSequence, midi_file};
use tempfile::TempDir;

use super::{bytes, command, names, ok, refused, run, workplace};
use crate::spectrum::strongest;
use crate::support::data;

#[test]
fn soundfonts_are_read_as_the_specification_says() {
    let Some(fonts) = data("cases/F29-soundfont-unknown-info") else {
        return;
    };
    let folder = workplace();
    let render = |font: &Path, out: &str| {
        let take = fonts.join("take.mid");
        let arguments = [
            "render",
            take.to_str().unwrap(),
            "-o",
            out,
            "--soundfont",
            font.to_str().unwrap(),
        ];
        let output = command(&folder, &arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        (
            bytes(&folder, out),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (plain, said) = render(&fonts.join("plain.sf2"), "plain.wav");
    assert_eq!(said, "");
    assert_eq!(
        render(&fonts.join("unknown_info.sf2"), "unknown.wav").0,
        plain
    );
    let piano = data("cases/F31-soundfont-without-drums").unwrap();
    let (_, said) = render(&piano.join("bank0_only.sf2"), "piano.wav");
    assert!(said.contains("holds no drum kit"), "{said}");
}

/// Frames of a sound file.
fn frames(folder: &TempDir, name: &str) -> u32 {
    let path = folder.path().join(name);
    hound::WavReader::open(path).unwrap().duration()
}

#[test]
fn bars_are_rendered_alone_repeated_and_lane_by_lane() {
    let folder = workplace();
    // Four bars at 100: one is 2.4 seconds.
    let render = |rest: &str| {
        ok(
            &folder,
            &format!("render a.mid --rate 16000 --force {rest}"),
        )
    };
    for (rest, bars) in [
        ("--tail 0", 4),
        ("--bars 2 --tail 0", 1),
        ("--bars 2-4 --tail 0", 3),
        ("--bars 2 --repeat 5 --tail 0", 5),
        ("--repeat 2 --tail 0", 8),
    ] {
        render(&format!("-o x.wav {rest}"));
        assert_eq!(frames(&folder, "x.wav"), bars * 38_400, "{rest}");
    }
    render("-o x.wav --bars 1 --tail 0.5");
    assert_eq!(frames(&folder, "x.wav"), 38_400 + 8_000);
    render("-o x.wav --bars 1 --repeat 2");
    assert!(frames(&folder, "x.wav") > 2 * 38_400, "it rings on");

    render("--stems lanes --bars 1-2 --tail 0");
    let lanes = names(&folder.path().join("lanes"));
    assert!(lanes.contains(&"kick.wav".to_string()), "{lanes:?}");
    for lane in &lanes {
        assert_eq!(frames(&folder, &format!("lanes/{lane}")), 2 * 38_400);
    }
    let said = refused(&folder, "render a.mid --stems lanes");
    assert!(said.contains("lanes"), "{said}");
    let said = refused(&folder, "render a.mid -o y.wav --bars 3-9");
    assert!(said.contains("a.mid") && said.contains("4 bars"), "{said}");
    for wrong in [
        "render a.mid",
        "render a.mid -o y.wav --bars 0",
        "render a.mid -o y.wav --tail -1",
        "render a.mid -o y.wav --repeat 0",
    ] {
        assert_eq!(run(&folder, wrong).status.code(), Some(2), "{wrong}");
    }
}

/// A tune is rendered as it is, and beside drums as one more part.
#[test]
fn notes_with_a_pitch_are_rendered_by_their_preset() {
    const RATE: u32 = 16_000;
    let folder = workplace();
    // A: half a second of A4, half a second of rest, half a second of E5; and a kick on each.
    let note = |pitch, start: f64, is_drum| Note {
        pitch,
        velocity: 100,
        start_time: start,
        end_time: start + 0.5,
        is_drum,
        instrument: if is_drum { 9 } else { 0 },
        ..Note::default()
    };
    let tune = [note(69, 0.0, false), note(76, 1.0, false)];
    let kicks = [note(36, 0.0, true), note(36, 1.0, true)];
    let file = |name: &str, notes: Vec<Note>| {
        let sequence = NoteSequence {
            notes,
            total_time: 1.5,
            ..NoteSequence::default()
        };
        let bytes = midi_file::encode(&sequence).unwrap().bytes;
        fs::write(folder.path().join(name), bytes).unwrap();
    };
    file("tune.mid", tune.to_vec());
    file("both.mid", [tune, kicks].concat());
    let wave = |name: &str| -> Vec<f32> {
        let mut wav = hound::WavReader::open(folder.path().join(name)).unwrap();
        let samples = wav
            .samples::<i32>()
            .map(|it| it.unwrap() as f32 / 8_388_608.0);
        samples.step_by(2).collect()
    };
    let said = ok(&folder, "render tune.mid -o tune.wav --rate 16000");
    assert!(said.contains("tune.wav: 2 notes, "), "{said}");
    let tune = wave("tune.wav");
    let part = |from: f64, to: f64| {
        let frame = |seconds: f64| (seconds * f64::from(RATE)) as usize;
        &tune[frame(from)..frame(to)]
    };
    for (from, hertz) in [(0.0, 440.0), (1.0, 659.26)] {
        let found = strongest(part(from, from + 0.5), 200.0..2000.0, RATE as i32);
        assert!((found - hertz).abs() < 3.0, "{found}");
    }
    let loudest = |wave: &[f32]| wave.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
    assert!(loudest(part(0.8, 1.0)) < 0.01 * loudest(part(0.1, 0.4)));

    // The mix is the sum of its stems.
    let said = ok(
        &folder,
        "render both.mid -o both.wav --stems parts --rate 16000 --tail 1",
    );
    assert!(said.contains("both.wav: 2 strokes, 2 notes, "), "{said}");
    assert_eq!(
        names(&folder.path().join("parts")),
        ["kick.wav", "notes.wav"]
    );
    let [both, kick, notes] = ["both.wav", "parts/kick.wav", "parts/notes.wav"].map(wave);
    assert_eq!(both.len(), notes.len());
    for ((both, kick), notes) in both.iter().zip(&kick).zip(&notes) {
        assert!((both - kick - notes).abs() < 1e-4);
    }
    // Another kit of the same SoundFont sounds otherwise.
    ok(
        &folder,
        "render both.mid -o analog.wav --stems analog --kit 25 --rate 16000 --tail 1",
    );
    assert_eq!(wave("analog/notes.wav"), notes);
    assert_ne!(wave("analog/kick.wav"), kick);
    let said = refused(&folder, "render both.mid -o x.wav --kit 3");
    assert!(said.contains("0 (Studio), 25 (Analog)"), "{said}");
    // What a command makes is heard at once.
    ok(&folder, "sample -n 2 -o made --render made.wav");
    assert!(loudest(&wave("made.wav")) > 0.05);
    let said = refused(&folder, "sample -o made.mid --render made.wav");
    assert!(
        said.contains("made.wav") && !folder.path().join("made.mid").exists(),
        "{said}"
    );
}
