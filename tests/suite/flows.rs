//! What a player can do, once from the key to the disk: each row begins anew, presses keys, pastes and
//! clicks through the events of the terminal, and says what is then on screen, what was asked of the engine
//! and the workers, and what is on the disk. The other tests look at each thing more closely.

use std::fs;
use std::path::Path;

use musicvae::music::{Groove, Hit, midi_file};
use musicvae_tui::studio::Event;

use super::workbench::{Workbench, entry};

/// What is done; the script; what is on screen at every size; what was asked for, and what the files
/// have, as far as they are written as text.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip] // a table
const ROWS: [Row; 20] = [
    ("a pattern is dropped onto the window", "paste:mine.mid a", "mine, which is now A", "SetGroove", "\"name\":\"mine\""),
    ("a window of a long file into a slot", "paste:long.mid right 3 esc", "A: seed 1", "ReadMusic", "\"name\":\"long 2-5\""),
    ("a variation is heard and taken", "& down enter", "seed 1 ~1", "Relate", "seed 1 ~1"),
    ("a lane and a bar are locked for them", "f ctrl-b & down enter", "seed 1 ~1", "Variation", "\"locked_bars\":[0]"),
    ("a favourite of the library", "s ctrl-f ctrl-l", "seed 3", "Remember", "\"favourite\":true"),
    ("a session of another name", "ctrl-s l i v e enter", "This session is now live.", "SaveSessionAs", "\"version\""),
    ("four on the floor", "| 4", "16 hits", "SetGroove", "\"steps\":64"),
    ("a chance and a ratchet", "ctrl-e 5 0 % space x 3 enter", "50% x3", "SetGroove", "50% x3"),
    ("a sweep", "2 m pageup ~", "sweep 8 bars", "bars: 8", "\"bars\":8"),
    ("the pad, by its value", "f12 ] ] c esc : p a d space 3 0 space 7 0 enter", "30% right, 70% down", "Decode", "\"pad_y\":0.7"),
    ("a song is written", "C s c 1 x 2 @ 9 7 enter x esc e", "chain", "name: \"song\"", "\"tempo\":97"),
    ("sound, a file a lane", "ctrl-p down down down down enter", "WAV files, one a lane", "by_lane: true", ""),
    ("a training is described and begun", "r / d a t a enter", "Reading /data", "StartTraining", ""),
    ("a checkpoint is pinned and loaded", "4 down f enter", "second", "LoadCheckpoint", "\"second\""),
    ("level, pan and a test stroke", "f9 right > enter", "105%", "SetPan", "\"pan\":0.1"),
    ("a note of the machine", "f9 ]", " 37 ch 10", "DrumMap", ""),
    ("by the mouse", "click:4_Checkpoints click:second", "●4 Checkpoints", "", "\"version\""),
    ("another theme", ": t h e m e space l i g h t enter", "●1 Groove", "light", "light"),
    ("a command with its value", ": b p m space 9 7 enter", "bpm 97.0", "SetTempo(97.0)", "97.0"),
    ("what can be bound is called so", "B", "CC 103 (channel 16)", "", ""),
];

fn pattern(bars: usize) -> Vec<u8> {
    let mut groove = Groove::empty(16 * bars);
    for step in (0..16 * bars).step_by(4) {
        groove.steps[step][0] = Some(Hit::new(0.75, 0.0));
    }
    midi_file::encode(&groove.to_note_sequence()).unwrap().bytes
}

/// All that is written below a folder.
fn texts(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all += &texts(&path),
            false => all += &String::from_utf8_lossy(&fs::read(path).unwrap()),
        }
    }
    all
}

#[test]
fn from_the_key_to_the_disk() {
    let music = tempfile::tempdir().unwrap();
    fs::write(music.path().join("mine.mid"), pattern(4)).unwrap();
    fs::write(music.path().join("long.mid"), pattern(10)).unwrap();
    let mut wrong = String::new();
    for (what, script, seen, asked, kept) in ROWS {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Workbench::over(folder.path());
        let entries = vec![entry("first"), entry("second")];
        bench.receive(Event::Catalogue(entries, Vec::new()));
        bench.take();
        let script = script.replace("paste:", &format!("paste:{}/", music.path().display()));
        bench.script(&script);
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let shown = bench.screen(width, height).join("\n");
            if !shown.contains(seen) {
                wrong += &format!("{what}: no `{seen}` in\n{shown}\n");
            }
        }
        bench.script("@1000");
        let effects = format!("{:?}", bench.take());
        if !effects.contains(asked) {
            wrong += &format!("{what}: no `{asked}` in {effects}\n");
        }
        let texts = texts(folder.path());
        if !texts.contains(kept) {
            wrong += &format!("{what}: no `{kept}` in {texts}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
