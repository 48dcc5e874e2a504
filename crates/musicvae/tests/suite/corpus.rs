//! Made-up corpora, good and damaged, through the `data` floor.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use musicvae::data::{Corpus, DataError, Entry, GrooveConverter, Split, load_windows};
use musicvae::music::{Groove, Hit, Lane, Meter, NoteSequence, midi_file};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

const FOUR_BARS: GrooveConverter = GrooveConverter { bars: 4, hop: None };
const EVERY_BAR: GrooveConverter = GrooveConverter {
    bars: 4,
    hop: Some(1),
};

/// A MIDI file of `bars` bars with a kick on every quarter note.
fn kicks(bars: usize, meter: Meter) -> Vec<u8> {
    let mut groove = Groove {
        qpm: 100.0,
        meter,
        ..Groove::empty(16 * bars)
    };
    for step in (0..16 * bars).step_by(4) {
        groove.steps[step][Lane::Kick.index()] = Some(Hit::new(1.0, 0.0));
    }
    midi_file::write(&groove.to_note_sequence()).unwrap()
}

const INFO: &str = "drummer,style,bpm,midi_filename,split\n\
    ann,\"funk, slow\",100,ann/a.mid,train\n\
    ann,rock,100,ann/b.MID,validation\n\
    bob,rock,100,bob/gone.mid,test\n";

/// A small Groove-style corpus: names and contents.
fn small_corpus() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("info.csv", INFO.into()),
        ("ann/a.mid", kicks(8, Meter::COMMON)),
        ("ann/b.MID", kicks(4, Meter::COMMON)),
        ("ann/notes.txt", b"not music".to_vec()),
    ]
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn zip_file(folder: &TempDir, files: &[(&str, Vec<u8>)]) -> PathBuf {
    let path = folder.path().join("corpus.zip");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

#[test]
fn a_folder_and_a_zip_of_it_are_one_corpus() {
    let files = small_corpus();
    let folder = folder(&files);
    let archives = tempfile::tempdir().unwrap();
    let nested: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (format!("groove/{name}"), bytes.clone()))
        .collect();
    let nested: Vec<_> = nested
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    let of_folder = load_windows(folder.path(), None, &EVERY_BAR).unwrap();
    assert_eq!(of_folder.files, ["ann/a.mid", "ann/b.MID"]);
    assert_eq!(of_folder.windows.len(), 5 + 1);
    assert_eq!(of_folder.origin, [0, 0, 0, 0, 0, 1]);
    assert_eq!(of_folder.warnings.len(), 1);
    let info = folder.path().join("info.csv");
    assert_eq!(
        of_folder.warnings[0],
        format!(
            "`{}` lists 3 MIDI files; missing: 1 (1 test; the first is `bob/gone.mid`); going \
             on without them",
            info.display()
        )
    );
    for (files, prefix) in [(&files, ""), (&nested, "groove/")] {
        let zip = zip_file(&archives, files);
        let of_zip = load_windows(&zip, None, &EVERY_BAR).unwrap();
        assert_eq!(of_zip.windows, of_folder.windows);
        assert_eq!(
            of_zip.files,
            [format!("{prefix}ann/a.mid"), format!("{prefix}ann/b.MID")]
        );
        let corpus = Corpus::open(&zip).unwrap();
        let Entry {
            info: Some(info), ..
        } = &corpus.entries()[0]
        else {
            panic!("no info")
        };
        assert_eq!(
            (info.split, info.style.as_str()),
            (Some(Split::Train), "funk, slow")
        );
        assert_eq!(info.bpm, Some(100.0));
        let train = load_windows(&zip, Some(Split::Train), &FOUR_BARS).unwrap();
        assert_eq!(train.files, [format!("{prefix}ann/a.mid")]);
    }
}

#[test]
fn every_skipped_file_has_its_reason() {
    let truncated = kicks(4, Meter::COMMON);
    let files = folder(&[
        ("good.mid", kicks(4, Meter::COMMON)),
        ("short.mid", kicks(3, Meter::COMMON)),
        (
            "waltz.mid",
            kicks(
                4,
                Meter {
                    numerator: 3,
                    denominator: 4,
                },
            ),
        ),
        ("truncated.mid", truncated[..60].to_vec()),
        ("empty.midi", Vec::new()),
    ]);
    let windows = load_windows(files.path(), None, &FOUR_BARS).unwrap();
    assert_eq!(windows.files, ["good.mid"]);
    let skipped: Vec<_> = windows
        .skipped
        .iter()
        .map(|s| (s.file.as_str(), s.reason.as_str()))
        .collect();
    let expected = [
        (
            "empty.midi",
            "it is not a playable MIDI file: it is empty (at byte 0); export it again as a Standard \
             MIDI file",
        ),
        ("short.mid", "it has only 3 of the 4 bars of a window"),
        (
            "truncated.mid",
            "it is not a playable MIDI file: its `MTrk` chunk has 10 of 148 bytes, the rest is \
             missing (at byte 42); export it again as a Standard MIDI file",
        ),
        (
            "waltz.mid",
            "its time signature is 3/4: a bar needs 16 sixteenths, as in 4/4",
        ),
    ];
    assert_eq!(skipped, expected);
    // And when nothing is left, they are the error.
    fs::remove_file(files.path().join("good.mid")).unwrap();
    let error = load_windows(files.path(), None, &FOUR_BARS)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("yields no windows: ") && error.contains("`empty.midi` because it is not a"),
        "{error}"
    );
    assert!(error.ends_with("; and 1 more"), "{error}");
}

#[test]
fn what_is_no_corpus_is_named() {
    let files = folder(&[
        ("text.txt", b"kick snare kick snare".to_vec()),
        ("empty", Vec::new()),
        ("broken.zip", b"PK\x03\x04 and no more".to_vec()),
    ]);
    let error = |name: &str| load_windows(&files.path().join(name), None, &FOUR_BARS).unwrap_err();
    for name in ["text.txt", "empty", "broken.zip"] {
        let error = error(name);
        assert!(matches!(error, DataError::NotACorpus { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(
            error
                .to_string()
                .contains("; give a folder or zip of MIDI files"),
            "{error}"
        );
    }
    assert!(
        error("nowhere").to_string().starts_with("cannot read `"),
        "{}",
        error("nowhere")
    );
    let no_midi = load_windows(files.path(), Some(Split::Test), &FOUR_BARS).unwrap_err();
    let no_midi = no_midi.to_string();
    assert!(
        no_midi.contains("there are no MIDI files of the test split (left out: `broken.zip` "),
        "{no_midi}"
    );
}

#[test]
fn a_bad_row_of_info_csv_is_named_and_the_rest_used() {
    let mut files = small_corpus();
    files[0].1 = INFO.replace("validation", "vaildation").into_bytes();
    let folder = folder(&files);
    let expected = "line 3: `vaildation` is no split; there are train, validation and test)";
    let archives = tempfile::tempdir().unwrap();
    for path in [folder.path().to_path_buf(), zip_file(&archives, &files)] {
        let windows = load_windows(&path, None, &FOUR_BARS).unwrap();
        assert_eq!(windows.files, ["ann/a.mid"]);
        assert!(
            windows.warnings[0].ends_with(expected),
            "{:?}",
            windows.warnings
        );
        // In whatever split it is meant to be, it is in none.
        assert_eq!(windows.skipped[0].file, "ann/b.MID");
        assert!(
            windows.skipped[0]
                .reason
                .starts_with("line 3 of its info.csv: `vaildation`")
        );
    }
    // Without the names of files there is nothing to go by.
    fs::write(folder.path().join("info.csv"), "drummer;split\nann;test\n").unwrap();
    let error = load_windows(folder.path(), None, &FOUR_BARS).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("line 1: there is no column `midi_filename`, which names the files"),
        "{error}"
    );
}

/// The splits of a corpus by file.
fn splits(path: &std::path::Path) -> Vec<(String, Option<Split>)> {
    let corpus = Corpus::open(path).unwrap();
    let split = |entry: &Entry| entry.info.as_ref().and_then(|info| info.split);
    let entries = corpus.entries().iter();
    entries.map(|it| (it.name.clone(), split(it))).collect()
}

#[test]
fn names_are_matched_however_they_are_spelled() {
    let take = || kicks(4, Meter::COMMON);
    let rows = [
        "./ann\\a.mid",
        "ANN/B.MID",
        "ann/e\u{301}.mid",
        "/home/ann/drums/ann/d.mid",
        "e.mid",
        "ann/f",
        "ann/g.midi",
        "ann/gone.mid",
    ];
    let mut csv = "midi_filename\tSplit\r".to_string();
    for row in rows {
        csv += &format!("{row}\tTest\r");
    }
    let files = folder(&[
        ("info.csv", csv.into()),
        ("ann/a.mid", take()),
        ("ann/b.mid", take()),
        ("ann/é.mid", take()),
        ("ann/d.mid", take()),
        ("ann/deep/e.mid", take()),
        ("ann/f.mid", take()),
        ("ann/g.mid", take()),
        ("unlisted.mid", take()),
    ]);
    let found = splits(files.path());
    assert_eq!(found.len(), 8);
    for (name, split) in found {
        let expected = (name != "unlisted.mid").then_some(Split::Test);
        assert_eq!(split, expected, "{name}");
    }
    let corpus = Corpus::open(files.path()).unwrap();
    let [missing, unlisted] = corpus.warnings() else {
        panic!("{:?}", corpus.warnings())
    };
    assert!(missing.contains("missing: 1 (1 test; the first is `ann/gone.mid`)"));
    assert!(
        unlisted.starts_with("1 MIDI file is not listed in "),
        "{unlisted}"
    );
}

#[test]
fn a_name_that_may_be_one_of_two_is_neither() {
    let take = || kicks(4, Meter::COMMON);
    let files = folder(&[
        ("info.csv", "midi_filename,split\nA.mid,test\n".into()),
        ("x/a.mid", take()),
        ("y/a.mid", take()),
    ]);
    assert!(
        splits(files.path())
            .iter()
            .all(|(_, split)| split.is_none())
    );
}

/// The split travels in the note sequence, beside what the reference's readers know.
#[test]
fn a_tfrecord_keeps_what_the_list_says() {
    let files = folder(&small_corpus());
    let corpus = Corpus::open(files.path()).unwrap();
    let all = corpus.of_split(None);
    let mut bytes = Vec::new();
    for sequence in corpus.map(&all, |_, sequence| sequence.unwrap()) {
        let record = sequence.to_bytes();
        musicvae::data::tfrecord::write_record(&mut bytes, &record).unwrap();
    }
    let path = files.path().join("all.tfrecord");
    fs::write(&path, bytes).unwrap();
    let records = Corpus::open(&path).unwrap();
    assert_eq!(records.entries(), corpus.entries());
    let train = load_windows(&path, Some(Split::Train), &FOUR_BARS).unwrap();
    assert_eq!(train.files, ["ann/a.mid"]);
    assert_eq!(
        records.entries()[0].info.as_ref().unwrap().style,
        "funk, slow"
    );
}

#[test]
fn zips_and_other_endings_are_looked_into() {
    let take = || kicks(4, Meter::COMMON);
    let inner = tempfile::tempdir().unwrap();
    let inner_zip = fs::read(zip_file(
        &inner,
        &[("in/b.kar", take()), ("._b.mid", take())],
    ))
    .unwrap();
    let middle = tempfile::tempdir().unwrap();
    let middle_zip = fs::read(zip_file(&middle, &[("deep.zip", inner_zip)])).unwrap();
    let mut riff = b"RIFF\0\0\0\0RMIDdata\0\0\0\0".to_vec();
    riff.extend(take());
    let files = folder(&[
        ("a.RMI", riff),
        ("c.smf", take()),
        ("no ending", take()),
        ("packs/m.zip", middle_zip),
        ("packs/broken.zip", b"PK\x03\x04".to_vec()),
        ("packs/songs.tar.gz", b"\x1f\x8b\x08".to_vec()),
        ("packs/in fact music.gz", take()),
        ("wave.wav", b"RIFF\0\0\0\0WAVE".to_vec()),
    ]);
    let windows = load_windows(files.path(), None, &FOUR_BARS).unwrap();
    assert_eq!(
        windows.files,
        [
            "a.RMI",
            "c.smf",
            "no ending",
            "packs/in fact music.gz",
            "packs/m.zip/deep.zip/in/b.kar"
        ]
    );
    let skipped: Vec<_> = windows.skipped.iter().map(|it| &it.file[..]).collect();
    assert_eq!(
        skipped,
        [
            "packs/broken.zip",
            "packs/m.zip/deep.zip/._b.mid",
            "packs/songs.tar.gz"
        ]
    );
    let lines = windows.report().lines(true).join("\n");
    assert!(lines.contains("3 of 8 files left out:"), "{lines}");
    assert!(
        lines.contains("`a.RMI`: it was inside a RIFF file (RMID)"),
        "{lines}"
    );
}

#[cfg(unix)]
#[test]
fn links_are_one_take_and_pipes_are_never_opened() {
    use std::os::unix::fs::PermissionsExt;
    let files = folder(&[
        ("b.mid", kicks(4, Meter::COMMON)),
        ("more/c.mid", kicks(4, Meter::COMMON)),
        ("info.csv", "midi_filename,split\na.mid,test\n".into()),
        ("locked/d.mid", kicks(4, Meter::COMMON)),
    ]);
    let at = |name: &str| files.path().join(name);
    std::os::unix::fs::symlink("b.mid", at("a.mid")).unwrap();
    fs::hard_link(at("b.mid"), at("z.mid")).unwrap();
    std::os::unix::fs::symlink("more", at("again")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(at("pipe.mid"))
        .status();
    assert!(pipe.unwrap().success());
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::set_permissions(at("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    let is_locked = fs::read_dir(at("locked")).is_err();
    let corpus = Corpus::open(files.path());
    fs::set_permissions(at("locked"), fs::Permissions::from_mode(0o755)).unwrap();
    let corpus = corpus.unwrap();
    let names: Vec<_> = corpus.entries().iter().map(|it| &it.name[..]).collect();
    let mut skipped: Vec<_> = corpus.skipped().iter().map(|it| &it.file[..]).collect();
    if is_locked {
        assert_eq!(skipped.remove(0), "locked");
        assert_eq!(names, ["b.mid", "more/c.mid"]);
    } else {
        // Nothing is locked for the superuser.
        assert_eq!(names, ["b.mid", "locked/d.mid", "more/c.mid"]);
    }
    assert_eq!(skipped, ["pipe.mid", "socket"]);
    // What the list calls by the link's name is the file.
    let split = corpus.entries()[0].info.as_ref().unwrap().split;
    assert_eq!(split, Some(Split::Test));
    let error = Corpus::open(&at("pipe.mid")).err().unwrap().to_string();
    assert!(error.contains("it is no file but a pipe"), "{error}");
}

#[test]
fn damaged_zips_and_tfrecords_never_panic_and_truncated_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let small = [("a.mid", kicks(1, Meter::COMMON))];
    let zip = fs::read(zip_file(&folder, &small)).unwrap();
    let mut records = Vec::new();
    let sequence = midi_file::read(&small[0].1).unwrap();
    let record = prost::Message::encode_to_vec(&sequence);
    musicvae::data::tfrecord::write_record(&mut records, &record).unwrap();
    let damaged = folder.path().join("damaged");
    let one_bar = GrooveConverter { bars: 1, hop: None };
    let load = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        load_windows(&damaged, None, &one_bar)
    };
    for good in [&zip, &records] {
        assert_eq!(load(good).unwrap().windows.len(), 1);
        for length in (0..good.len()).step_by(7) {
            let error = load(&good[..length]).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("`{}`", damaged.display())),
                "{error}"
            );
        }
        for byte in 0..good.len() {
            let mut flipped = good.clone();
            flipped[byte] ^= 1 << (byte % 8);
            // A zip has bytes that mean nothing; a TFRecord has none.
            let result = load(&flipped);
            assert!(result.is_err() || good == &zip, "byte {byte}");
        }
    }
}

#[test]
fn a_record_that_is_no_note_sequence_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.tfrecord");
    let mut bytes = Vec::new();
    let write = musicvae::data::tfrecord::write_record;
    write(
        &mut bytes,
        &prost::Message::encode_to_vec(&NoteSequence::default()),
    )
    .unwrap();
    // Field 1, the id, as a number.
    write(&mut bytes, &[0x08, 0x01]).unwrap();
    fs::write(&path, bytes).unwrap();
    let error = load_windows(&path, None, &FOUR_BARS)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("record 2 (at byte 16) is not a note sequence: "),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    let files = folder(&[("deep/a.mid", kicks(4, Meter::COMMON))]);
    std::os::unix::fs::symlink(files.path(), files.path().join("deep/again")).unwrap();
    std::os::unix::fs::symlink("nowhere", files.path().join("lost.mid")).unwrap();
    let windows = load_windows(files.path(), None, &FOUR_BARS).unwrap();
    assert_eq!(windows.files, ["deep/a.mid"]);
    assert_eq!(windows.skipped.len(), 1);
    assert!(windows.skipped[0].reason.starts_with("it cannot be read: "));
}

#[test]
fn mean_offsets_are_by_lane_and_signed() {
    let mut groove = Groove::empty(64);
    let hit = |offset| Some(Hit::new(0.5, offset));
    groove.steps[0][Lane::Kick.index()] = hit(0.25);
    groove.steps[4][Lane::Kick.index()] = hit(-0.75 + 0.5);
    groove.steps[8][Lane::Snare.index()] = hit(0.125);
    let windows = musicvae::data::Windows {
        windows: vec![groove],
        ..Default::default()
    };
    let means = windows.mean_offsets();
    assert_eq!(means[..3], [0.0, 0.125, 0.0]);
}

#[test]
fn a_folder_that_nobody_wants_any_more_is_left() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("more")).unwrap();
    for n in 0..20 {
        let name = if n % 2 == 0 { "more/" } else { "" };
        fs::write(folder.path().join(format!("{name}{n}.mid")), "MThd").unwrap();
    }
    let mut told = Vec::new();
    let left = Corpus::open_while(folder.path(), &mut |files| {
        told.push(files);
        files < 12
    });
    assert!(left.is_err());
    assert!(told.is_sorted() && told.last() == Some(&12), "{told:?}");
    let whole = Corpus::open_while(folder.path(), &mut |files| files <= 20).unwrap();
    assert_eq!(whole.entries().len(), 20);
}
