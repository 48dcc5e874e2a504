//! Folders, zip files and TFRecords in one form: a sorted list of note sequences to read.

mod archive;
mod listed;
mod takes;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use prost::Message;

use self::archive::{Archive, Open};
pub use self::takes::is_named_midi;
use self::takes::{Place, Takes};
use super::{DataError, Info, Skipped, Split, TfRecordError, parallel, tfrecord};
use crate::music::midi_file::{self, Mended, Read};
use crate::music::{Listing, NoteSequence, Reading, marked};

/// One file of a corpus.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its path within the corpus, parts divided by `/`.
    pub name: String,
    /// What `info.csv` says of it.
    pub info: Option<Info>,
}

impl Entry {
    /// The split that `info.csv` puts the file in, or else the one that follows from its name.
    pub fn split(&self) -> Split {
        let listed = self.info.as_ref().and_then(|info| info.split);
        listed.unwrap_or_else(|| Split::by_name(&self.name))
    }
}

/// MIDI files or note sequences to learn from, in the order of their names.
pub struct Corpus {
    entries: Vec<Entry>,
    source: Source,
    /// What note sequences name as the collection they come from.
    collection: String,
    warnings: Vec<String>,
    skipped: Vec<Skipped>,
}

/// Where the entries lie, in the order of the entries.
enum Source {
    Files(Vec<Place>, Vec<Archive>),
    /// The bytes of a TFRecord and the records in them.
    Records(Vec<u8>, Vec<Range<usize>>),
}

/// Archives that one thread has opened.
type Opened = HashMap<usize, Result<Open, String>>;

impl Corpus {
    /// Opens a folder (searched through all its subfolders), a zip file, a TFRecord of note
    /// sequences, or a single MIDI file. What a file is goes by its content; in folders and zips also
    /// by its ending (`.mid`, `.midi`, `.kar`, `.rmi`, `.smf`). Zips within them are looked into.
    ///
    /// An `info.csv` in the form of the Groove MIDI Dataset tells splits and styles of the files in
    /// its folder and below; its file names are relative to it. Rows that can't be read and files
    /// that are not there become warnings.
    ///
    /// # Errors
    ///
    /// When the path cannot be read, is none of these, or its `info.csv` or TFRecord is damaged.
    /// Bad MIDI files are found when they are read.
    pub fn open(path: &Path) -> Result<Corpus, DataError> {
        Corpus::open_while(path, &mut |_| true)
    }

    /// As [`Corpus::open`]; `wanted` is told how many files a folder has so far, and says whether to
    /// go on.
    ///
    /// # Errors
    ///
    /// Also when it is no longer wanted.
    pub fn open_while(
        path: &Path,
        wanted: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Corpus, DataError> {
        let not_a_corpus = |problem: String| DataError::NotACorpus {
            path: path.to_path_buf(),
            problem,
        };
        let metadata = fs::metadata(path).map_err(DataError::io("read", path))?;
        if metadata.is_dir() {
            // `.` and `..` have no name of their own.
            let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
            return Corpus::of_takes(path, Takes::of_folder(path, wanted)?, base_name(&absolute));
        }
        if !metadata.is_file() {
            return Err(not_a_corpus(
                "it is no file but a pipe, a socket or a device".into(),
            ));
        }
        let mut head = Vec::new();
        let file = File::open(path).map_err(DataError::io("read", path))?;
        file.take(12)
            .read_to_end(&mut head)
            .map_err(DataError::io("read", path))?;
        match &head[..] {
            [b'P', b'K', 3 | 5, ..] => {
                let stem = path.file_stem();
                let stem = stem.map_or_else(String::new, |name| name.to_string_lossy().into());
                Corpus::of_takes(path, Takes::of_zip(path).map_err(not_a_corpus)?, stem)
            }
            head if takes::begins_like_midi(head) || takes::is_named_midi(path) => Ok(Corpus {
                entries: vec![Entry {
                    name: base_name(path),
                    info: None,
                }],
                source: Source::Files(vec![Place::File(path.to_path_buf())], Vec::new()),
                collection: String::new(),
                warnings: Vec::new(),
                skipped: Vec::new(),
            }),
            head if tfrecord::is_tfrecord(head) => Corpus::open_tfrecord(path),
            [] => Err(not_a_corpus("it is empty".into())),
            head if head.starts_with(&[0x1f, 0x8b]) || takes::is_named_packed(path) => Err(
                not_a_corpus("it is an archive that is not looked into".into()),
            ),
            _ => Err(not_a_corpus(
                "it begins like none of the files we know".into(),
            )),
        }
    }

    /// The corpus of what was found under `root`.
    fn of_takes(root: &Path, takes: Takes, collection: String) -> Result<Corpus, DataError> {
        let mut opened = Opened::new();
        let mut lists = Vec::new();
        for (name, place) in &takes.lists {
            let bytes = read_place(place, &takes.archives, &mut opened);
            let bytes = bytes.map_err(|problem| DataError::NotACorpus {
                path: root.join(name),
                problem,
            })?;
            lists.push((name.as_str(), bytes));
        }
        let listed = listed::describe(root, &takes, &lists)?;
        let mut skipped = takes.skipped;
        skipped.extend(listed.skipped);
        skipped.sort();
        let mut places = takes.midi;
        let mut entries = Vec::new();
        let mut files = Vec::new();
        for entry in listed.entries {
            if let Some(place) = places.remove(&entry.name) {
                files.push(place);
                entries.push(entry);
            }
        }
        Ok(Corpus {
            entries,
            source: Source::Files(files, takes.archives),
            collection,
            warnings: listed.warnings,
            skipped,
        })
    }

    fn open_tfrecord(path: &Path) -> Result<Corpus, DataError> {
        /// What is told of a note sequence, without its music.
        #[derive(Clone, PartialEq, prost::Message)]
        struct About {
            #[prost(string, tag = "1")]
            id: String,
            #[prost(string, tag = "2")]
            filename: String,
            #[prost(message, optional, tag = "1001")]
            listing: Option<Listing>,
        }
        let bytes = fs::read(path).map_err(DataError::io("read", path))?;
        let damaged = |error| DataError::TfRecord {
            path: path.to_path_buf(),
            error,
        };
        let records = tfrecord::records(&bytes).map_err(damaged)?;
        let mut entries = Vec::with_capacity(records.len());
        for (index, range) in records.iter().enumerate() {
            let about = About::decode(&bytes[range.clone()]).map_err(|error| {
                damaged(TfRecordError::NotANoteSequence {
                    record: index + 1,
                    at: range.start - tfrecord::HEADER,
                    problem: error.to_string(),
                })
            })?;
            let name = match (about.filename, about.id) {
                (name, id) if name.is_empty() && id.is_empty() => format!("record {}", index + 1),
                (name, id) if name.is_empty() => id,
                (name, _) => name,
            };
            let info = about.listing.map(Info::from);
            entries.push(Entry { name, info });
        }
        // In the order of names, so that a TFRecord and the folder it was made of agree.
        let mut sorted: Vec<_> = entries.into_iter().zip(records).collect();
        sorted.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        let (entries, records) = sorted.into_iter().unzip();
        let source = Source::Records(bytes, records);
        Ok(Corpus {
            entries,
            source,
            collection: String::new(),
            warnings: Vec::new(),
            skipped: Vec::new(),
        })
    }

    /// Every file, by name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Warnings for the user, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What is in the corpus but not among its entries, with the reasons: folders that can't be
    /// looked into, pipes, files of rows that can't be read.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Places in [`Corpus::entries`] of the files of `split`, or of all.
    pub fn of_split(&self, split: Option<Split>) -> Vec<usize> {
        let wanted = |entry: &Entry| split.is_none_or(|split| entry.split() == split);
        (0..self.entries.len())
            .filter(|index| wanted(&self.entries[*index]))
            .collect()
    }

    /// `work` on each of the chosen entries, on every core, results in the order of `chosen`. It
    /// is given the note sequence, or the reason why there is none. Sequences read from MIDI files
    /// carry the `id`, `filename` and `collection_name` that the reference's
    /// `convert_dir_to_note_sequences` gives them, and what `info.csv` says.
    pub fn map<T: Send>(
        &self,
        chosen: &[usize],
        work: impl Fn(&Entry, Result<NoteSequence, String>) -> T + Sync,
    ) -> Vec<T> {
        self.map_read(chosen, Reading::Played, |entry, read| {
            work(entry, read.map(|read| read.sequence))
        })
    }

    /// As [`Corpus::map`], in a reading, and with what was mended.
    pub fn map_read<T: Send>(
        &self,
        chosen: &[usize],
        reading: Reading,
        work: impl Fn(&Entry, Result<Read, String>) -> T + Sync,
    ) -> Vec<T> {
        parallel::map(chosen.len(), Opened::new, |opened, index| {
            let index = chosen[index];
            work(&self.entries[index], self.read(opened, index, reading))
        })
    }

    fn read(&self, opened: &mut Opened, index: usize, reading: Reading) -> Result<Read, String> {
        let bytes = match &self.source {
            Source::Files(places, archives) => read_place(&places[index], archives, opened)?,
            Source::Records(bytes, records) => {
                let record = &bytes[records[index].clone()];
                let mut sequence = NoteSequence::decode(record)
                    .map_err(|error| format!("it is not a note sequence: {error}"))?;
                if let (Reading::Played, Cow::Owned(marked)) = (reading, marked(&sequence)) {
                    sequence = marked;
                }
                let mended = Mended::default();
                return Ok(Read { sequence, mended });
            }
        };
        let read = midi_file::read_as(&bytes, reading);
        let mut read = read.map_err(|error| format!("it is {error}"))?;
        let entry = &self.entries[index];
        let sequence = &mut read.sequence;
        sequence.id = midi_id(&self.collection, &entry.name);
        sequence.filename = entry.name.clone();
        sequence.collection_name = self.collection.clone();
        sequence.listing = entry.info.as_ref().map(Listing::from);
        Ok(read)
    }
}

fn read_place(place: &Place, archives: &[Archive], opened: &mut Opened) -> Result<Vec<u8>, String> {
    match place {
        Place::File(path) => {
            let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
            archive::read_limited(file)
        }
        Place::Member { archive, index } => {
            let open = opened.entry(*archive);
            let open = open.or_insert_with(|| archives[*archive].open());
            let open = open.as_mut().map_err(|problem| problem.clone())?;
            archive::read(open, *index)
        }
    }
}

/// The id that the reference gives the note sequence of a MIDI file: its collection, and the SHA-1
/// of its path within it.
fn midi_id(collection: &str, name: &str) -> String {
    let hash = sha1_smol::Sha1::from(name).digest();
    format!("/id/midi/{collection}/{hash}")
}

fn base_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into())
}
