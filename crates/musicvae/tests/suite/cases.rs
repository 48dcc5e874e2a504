//! Inputs that public bug reports tell of (`cases/`), each by its right value.

use std::path::Path;

use musicvae::data::{
    Convert, Converted, Converter, Corpus, Entry, GrooveConverter, NoWindows, Split, Windows,
    load_windows,
};
use musicvae::music::midi_file::{self, Read};
use musicvae::music::{Lane, NoDrums, Reading, Representation};

use crate::support::data;

const FOUR_BARS: GrooveConverter = GrooveConverter { bars: 4, hop: None };

/// A case's file; `None` where the cases are not there.
fn read(case: &str) -> Option<Read> {
    let path = data(&format!("cases/{case}"))?;
    let read = midi_file::read_path_as(&path, Reading::Played);
    Some(read.unwrap_or_else(|error| panic!("{error}")))
}

fn convert(read: &Read) -> Result<Converted, NoWindows> {
    FOUR_BARS.convert(&read.sequence)
}

/// Kicks, snares, hats and all drums.
fn counts(read: &Read) -> [usize; 4] {
    let (drums, _) = read.sequence.drums().unwrap();
    let of = |lane: Lane| drums.iter().filter(|(it, _)| *it == lane).count();
    let [kick, snare, hat] = [Lane::Kick, Lane::Snare, Lane::ClosedHat].map(of);
    [kick, snare, hat, drums.len()]
}

fn last_stroke(read: &Read) -> f64 {
    let (drums, _) = read.sequence.drums().unwrap();
    let starts = drums.iter().map(|(_, note)| note.start_time);
    starts.fold(0.0, f64::max)
}

/// The beat of four bars, in one window, last at 7.75 s.
#[test]
fn the_beat_is_the_beat() {
    for case in [
        "F01-no-note-offs/no_note_off.mid",
        "F02-zero-length/zero_len.mid",
        "F03-last-note-open/last_no_off.mid",
        "F05-song-with-bass-and-piano/song_drums_only.mid",
        "F05-song-with-bass-and-piano/song_drums_piano.mid",
        "F10-train-drops-files-silently/mixed/nooff.mid",
        "F24-event-after-the-end/tempo_after_end.mid",
        "F24-event-after-the-end/meter_after_end.mid",
        "F32-recoverable-damage/rmid.mid",
        "F32-recoverable-damage/unknown_chunk.mid",
        "F32-recoverable-damage/m_zero.mid",
        "F32-recoverable-damage/tempo_extra0.mid",
        "F32-recoverable-damage/key_bad.mid",
        "F34-track-lost-in-the-header/fewer_tracks.mid",
        "F36-drums-on-channel-1/ch1.mid",
        "F36-drums-on-channel-1/gs_ch11_drum.mid",
        "F37-other-endings/ext/a.kar",
        "F37-other-endings/ext/b.rmi",
        "F37-other-endings/ext/c.smf",
        "F42-type-2/type2.mid",
        "P01/vel0.mid",
        "P03/no_eot.mid",
        "P04/tail_junk2.mid",
        "P06/m_dup.mid",
        "P07/m_22.mid",
        "P13/split_tracks.mid",
        "P15/cc_far.mid",
        "P15/eot_far.mid",
        "P39/hdr_len8.mid",
        "P39/sysex_f7.mid",
        "P39/vlq_padded.mid",
    ] {
        let Some(read) = read(case) else { return };
        assert_eq!(counts(&read), [8, 8, 32, 48], "{case}");
        assert!((last_stroke(&read) - 7.75).abs() < 1e-9, "{case}");
        let converted = convert(&read).unwrap();
        assert_eq!(converted.windows.len(), 1, "{case}");
        assert_eq!(converted.windows[0].hits().count(), 48, "{case}");
        assert_eq!(converted.windows[0].qpm, 120.0, "{case}");
    }
}

#[test]
fn what_is_no_drum_is_counted() {
    let Some(read) = read("F05-song-with-bass-and-piano/song_drums_piano.mid") else {
        return;
    };
    let others = read.sequence.notes.len() - 48;
    assert_eq!(convert(&read).unwrap().left_out.other_notes, others);
}

#[test]
fn tempos_are_followed_wherever_they_stand() {
    for (case, last) in [
        ("F07-tempo-on-second-track/tempo_track1.mid", 10.333),
        ("P09/tempo_t0.mid", 23.5),
        ("P10/tempo_late.mid", 10.333),
        ("P18/bpm320.mid", 2.906),
    ] {
        let Some(read) = read(case) else { return };
        assert!((last_stroke(&read) - last).abs() < 0.001, "{case}");
        assert!(!convert(&read).unwrap().windows.is_empty(), "{case}");
    }
    let Some(read) = read("F07-tempo-on-second-track/tempo_track1.mid") else {
        return;
    };
    assert!((convert(&read).unwrap().windows[0].qpm - 90.0).abs() < 1e-3);
}

#[test]
fn overlapping_strokes_are_all_there() {
    for (case, strokes) in [("P12/overlap.mid", 48), ("P12/retrigger.mid", 32)] {
        let Some(read) = read(case) else { return };
        assert_eq!(counts(&read)[3], strokes, "{case}");
    }
}

#[test]
fn a_waltz_is_refused_wherever_it_says_so() {
    for name in ["m34.mid", "m_34_track1.mid"] {
        let Some(read) = read(&format!("F09-meter-on-second-track/{name}")) else {
            return;
        };
        let waltz = NoWindows::Meter {
            numerator: 3,
            denominator: 4,
        };
        assert_eq!(convert(&read), Err(waltz), "{name}");
    }
}

#[test]
fn status_runs_on_after_a_system_exclusive_event() {
    let Some(read) = read("F32-recoverable-damage/running_sysex.mid") else {
        return;
    };
    assert_eq!(counts(&read)[0], 1);
    assert!(counts(&read)[3] > 20, "{:?}", counts(&read));
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_place() {
    for name in ["trunc.mid", "header_only.mid"] {
        let Some(path) = data(&format!("cases/P16/{name}")) else {
            return;
        };
        let error = midi_file::read_path(&path).unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("(at byte "),
            "{error}"
        );
    }
}

/// Seven bars are two windows, the last of which ends with a silent bar.
#[test]
fn last_bars_are_used_or_told() {
    let Some(read) = read("F12-last-bars-dropped/bars7.mid") else {
        return;
    };
    let converter = Converter::new(Representation::default(), 4).unwrap();
    let whole = converter.convert_whole(&read.sequence).unwrap();
    assert_eq!((whole.windows.len(), whole.left_out.silent_bars), (2, 1));
    let learned = converter.convert(&read.sequence).unwrap();
    assert_eq!((learned.windows.len(), learned.left_out.last_bars), (1, 3));
}

fn load(case: &str, split: Option<Split>) -> Option<Windows> {
    let path = data(&format!("cases/{case}"))?;
    Some(load_windows(&path, split, &FOUR_BARS).unwrap())
}

#[test]
fn every_file_that_is_left_out_has_its_reason() {
    let Some(windows) = load("F10-train-drops-files-silently/mixed", None) else {
        return;
    };
    assert_eq!(windows.files, ["good.mid", "nooff.mid"]);
    let reason = |file: &str| {
        let skipped = windows.skipped.iter().find(|it| it.file == file);
        &skipped.unwrap().reason[..]
    };
    assert!(reason("34.mid").starts_with("its time signature is 3/4"));
    assert!(reason("bad.mid").contains("the rest is missing"));
    assert!(reason("zero.mid").contains("it is empty"));
    let piano = reason("piano.mid");
    assert_eq!(piano, NoDrums::NoPart(48).to_string());
    let lines = windows.report().lines(false);
    assert_eq!(lines[0], "4 of 6 files left out:");
    assert_eq!(lines.len(), 5);
}

/// One take is in each split.
fn assert_splits(path: &Path) {
    let corpus = Corpus::open(path).unwrap();
    let split = |entry: &Entry| entry.info.as_ref().and_then(|info| info.split);
    let mut splits: Vec<_> = corpus.entries().iter().map(split).collect();
    splits.sort();
    let expected = [Split::Train, Split::Validation, Split::Test].map(Some);
    assert_eq!(splits, expected, "{}", path.display());
    assert!(corpus.warnings().is_empty(), "{:?}", corpus.warnings());
}

#[test]
fn lists_are_read_as_spreadsheets_write_them() {
    for case in [
        "F19-tfrecord-loses-split/csv_ok",
        "F20-info-csv-ignored/csv_cr",
        "F22-info-csv-other-spelling/csv_capname",
        "F22-info-csv-other-spelling/csv_nfd",
        "F43-other-separators/csv_capital",
        "F43-other-separators/csv_latin1",
        "F43-other-separators/csv_semicolon",
        "P21/csv_bom",
    ] {
        let Some(path) = data(&format!("cases/{case}")) else {
            return;
        };
        assert_splits(&path);
    }
}

#[test]
fn a_tfrecord_keeps_the_splits() {
    let Some(path) = data("cases/F19-tfrecord-loses-split/csv_ok") else {
        return;
    };
    let corpus = Corpus::open(&path).unwrap();
    let mut bytes = Vec::new();
    for sequence in corpus.map(&corpus.of_split(None), |_, sequence| sequence.unwrap()) {
        let record = sequence.to_bytes();
        musicvae::data::tfrecord::write_record(&mut bytes, &record).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.tfrecord");
    std::fs::write(&path, bytes).unwrap();
    assert_splits(&path);
}

#[test]
fn other_endings_and_zips_in_zips_are_read() {
    let Some(windows) = load("F37-other-endings/ext", None) else {
        return;
    };
    assert_eq!(windows.files.len(), 6, "{:?}", windows.skipped);
    let Some(nested) = load("F37-other-endings/nested.zip", None) else {
        return;
    };
    assert!(!nested.files.is_empty());
    assert!(nested.skipped.is_empty(), "{:?}", nested.skipped);
}

#[test]
fn what_macos_adds_is_no_music_and_half_a_zip_no_corpus() {
    let Some(windows) = load("P19/mac.zip", None) else {
        return;
    };
    assert_eq!((windows.files.len(), windows.skipped.len()), (2, 2));
    let Some(path) = data("cases/P22/trunc.zip") else {
        return;
    };
    let error = Corpus::open(&path).err().unwrap().to_string();
    assert!(error.contains("trunc.zip"), "{error}");
}
