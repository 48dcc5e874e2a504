//! Folders, zip files and TFRecords as one thing: a sorted list of note sequences to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use prost::Message;
use zip::ZipArchive;

use super::{DataError, Info, Split, TfRecordError, info, parallel, tfrecord};
use crate::music::{NoteSequence, midi_file};

/// Bytes that one MIDI file may have, unpacked; a zip file can claim any size.
const MAX_FILE_BYTES: u64 = 64 << 20;

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
}

/// Where the entries lie, in the order of the entries.
enum Source {
    Files(Vec<PathBuf>),
    /// The archive and the places of the entries in it.
    Zip(PathBuf, Vec<usize>),
    /// The bytes of a TFRecord and the records in them.
    Records(Vec<u8>, Vec<Range<usize>>),
}

impl Corpus {
    /// Opens a folder (searched through all its subfolders), a zip file, a TFRecord of note
    /// sequences, or a single MIDI file. What a file is goes by its content, MIDI files in folders
    /// and zips by their ending (`.mid`, `.midi`).
    ///
    /// An `info.csv` nearest to the top, in the form of the Groove MIDI Dataset, tells splits and
    /// styles; its file names are relative to it. Files that it lists and that are not there
    /// become one warning.
    ///
    /// # Errors
    ///
    /// When the path cannot be read, is none of these, or its `info.csv` or TFRecord is damaged.
    /// Bad MIDI files are found when they are read.
    pub fn open(path: &Path) -> Result<Corpus, DataError> {
        let metadata = fs::metadata(path).map_err(DataError::io("read", path))?;
        if metadata.is_dir() {
            return Corpus::open_folder(path);
        }
        let mut head = Vec::new();
        let file = File::open(path).map_err(DataError::io("read", path))?;
        file.take(12)
            .read_to_end(&mut head)
            .map_err(DataError::io("read", path))?;
        match &head[..] {
            [b'P', b'K', 3 | 5, ..] => Corpus::open_zip(path),
            [b'M', b'T', b'h', b'd', ..] => Ok(Corpus {
                entries: vec![Entry {
                    name: base_name(path),
                    info: None,
                }],
                source: Source::Files(vec![path.to_path_buf()]),
                collection: String::new(),
                warnings: Vec::new(),
            }),
            head if tfrecord::is_tfrecord(head) => Corpus::open_tfrecord(path),
            _ => Err(DataError::NotACorpus {
                path: path.to_path_buf(),
                problem: "it begins like none of the files we know".into(),
            }),
        }
    }

    fn open_folder(root: &Path) -> Result<Corpus, DataError> {
        let mut files = BTreeMap::new();
        list_files(root, "", &mut BTreeSet::new(), &mut files)?;
        let read_info = |name: &str| {
            let path = &files[name];
            fs::read_to_string(path).map_err(DataError::io("read", path))
        };
        let names = files.keys().map(String::as_str);
        let (entries, warnings) = describe(root, names, read_info)?;
        let paths = entries
            .iter()
            .map(|entry| files[&entry.name].clone())
            .collect();
        // `.` and `..` have no name of their own.
        let absolute = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let collection = base_name(&absolute);
        Ok(Corpus {
            entries,
            source: Source::Files(paths),
            collection,
            warnings,
        })
    }

    fn open_zip(path: &Path) -> Result<Corpus, DataError> {
        let not_a_zip = |problem: String| DataError::NotACorpus {
            path: path.to_path_buf(),
            problem,
        };
        let mut archive = open_archive(path).map_err(not_a_zip)?;
        let mut places = BTreeMap::new();
        for index in 0..archive.len() {
            if let Some(Ok(name)) = archive.name_for_index(index) {
                places.insert(name.replace('\\', "/"), index);
            }
        }
        let read_info = |name: &str| {
            let bytes = read_member(&mut archive, places[name]).map_err(not_a_zip)?;
            String::from_utf8(bytes).map_err(|_| not_a_zip(format!("its `{name}` is not UTF-8")))
        };
        let names = places.keys().map(String::as_str);
        let (entries, warnings) = describe(path, names, read_info)?;
        let indices = entries.iter().map(|entry| places[&entry.name]).collect();
        let collection = path
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into());
        let source = Source::Zip(path.to_path_buf(), indices);
        Ok(Corpus {
            entries,
            source,
            collection,
            warnings,
        })
    }

    fn open_tfrecord(path: &Path) -> Result<Corpus, DataError> {
        /// The first fields of a note sequence.
        #[derive(Clone, PartialEq, prost::Message)]
        struct Names {
            #[prost(string, tag = "1")]
            id: String,
            #[prost(string, tag = "2")]
            filename: String,
        }
        let bytes = fs::read(path).map_err(DataError::io("read", path))?;
        let damaged = |error| DataError::TfRecord {
            path: path.to_path_buf(),
            error,
        };
        let records = tfrecord::records(&bytes).map_err(damaged)?;
        let mut entries = Vec::with_capacity(records.len());
        for (index, range) in records.iter().enumerate() {
            let names = Names::decode(&bytes[range.clone()]).map_err(|error| {
                damaged(TfRecordError::NotANoteSequence {
                    record: index + 1,
                    at: range.start - tfrecord::HEADER,
                    problem: error.to_string(),
                })
            })?;
            let name = match (names.filename, names.id) {
                (name, id) if name.is_empty() && id.is_empty() => format!("record {}", index + 1),
                (name, id) if name.is_empty() => id,
                (name, _) => name,
            };
            entries.push(Entry { name, info: None });
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
        })
    }

    /// Every file, by name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the user should know, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
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
    /// `convert_dir_to_note_sequences` gives them.
    pub fn map<T: Send>(
        &self,
        chosen: &[usize],
        work: impl Fn(&Entry, Result<NoteSequence, String>) -> T + Sync,
    ) -> Vec<T> {
        let archive = || match &self.source {
            Source::Zip(path, _) => Some(open_archive(path)),
            _ => None,
        };
        parallel::map(chosen.len(), archive, |archive, index| {
            let index = chosen[index];
            work(&self.entries[index], self.read(archive.as_mut(), index))
        })
    }

    fn read(
        &self,
        archive: Option<&mut Result<ZipArchive<BufReader<File>>, String>>,
        index: usize,
    ) -> Result<NoteSequence, String> {
        let bytes = match &self.source {
            Source::Files(paths) => read_limited(
                File::open(&paths[index]).map_err(|error| format!("it cannot be read: {error}"))?,
            )?,
            Source::Zip(_, indices) => match archive {
                Some(Ok(archive)) => read_member(archive, indices[index])?,
                Some(Err(problem)) => return Err(problem.clone()),
                None => return Err("its zip file is not open".into()),
            },
            Source::Records(bytes, records) => {
                let record = &bytes[records[index].clone()];
                return NoteSequence::decode(record)
                    .map_err(|error| format!("it is not a note sequence: {error}"));
            }
        };
        let mut sequence = midi_file::read(&bytes).map_err(|error| format!("it is {error}"))?;
        let name = &self.entries[index].name;
        sequence.id = midi_id(&self.collection, name);
        sequence.filename = name.clone();
        sequence.collection_name = self.collection.clone();
        Ok(sequence)
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

fn is_midi(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".mid") || name.ends_with(".midi")
}

/// Adds every file under `folder` to `files`, by its name within the corpus. A folder that links
/// lead back to is entered once.
fn list_files(
    folder: &Path,
    prefix: &str,
    seen: &mut BTreeSet<PathBuf>,
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), DataError> {
    let absolute = folder
        .canonicalize()
        .map_err(DataError::io("read", folder))?;
    if !seen.insert(absolute) {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(DataError::io("list", folder))? {
        let entry = entry.map_err(DataError::io("list", folder))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // A link to nowhere is left for reading to complain of, if it is a MIDI file.
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => path.is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => false,
        };
        if is_folder {
            list_files(&path, &format!("{name}/"), seen, files)?;
        } else {
            files.insert(name, path);
        }
    }
    Ok(())
}

/// The MIDI files among `names` (sorted), each with what the `info.csv` among them says; and the
/// warning when it lists files that are not there.
fn describe<'a>(
    root: &Path,
    names: impl Iterator<Item = &'a str> + Clone,
    read: impl FnOnce(&str) -> Result<String, DataError>,
) -> Result<(Vec<Entry>, Vec<String>), DataError> {
    let is_info = |name: &&str| *name == "info.csv" || name.ends_with("/info.csv");
    let depth = |name: &&str| name.matches('/').count();
    let info_name = names.clone().filter(is_info).min_by_key(depth);
    let mut listed = BTreeMap::new();
    if let Some(name) = info_name {
        let text = read(name)?;
        let folder = name.strip_suffix("info.csv").unwrap_or_default();
        let at = |(line, problem)| DataError::Info {
            path: root.join(name),
            line,
            problem,
        };
        let infos = info::parse(&text).map_err(at)?;
        listed.extend(
            infos
                .into_iter()
                .map(|(name, info)| (format!("{folder}{name}"), info)),
        );
    }
    let all = listed.len();
    let entries: Vec<Entry> = names
        .filter(|name| is_midi(name))
        .map(|name| Entry {
            name: name.to_string(),
            info: listed.remove(name),
        })
        .collect();
    let mut warnings = Vec::new();
    if let Some((first, _)) = listed.first_key_value() {
        let mut splits: BTreeMap<String, usize> = BTreeMap::new();
        for info in listed.values() {
            let split = info
                .split
                .map_or("no split".to_string(), |split| split.to_string());
            *splits.entry(split).or_default() += 1;
        }
        let splits: Vec<_> = splits
            .iter()
            .map(|(split, count)| format!("{count} {split}"))
            .collect();
        warnings.push(format!(
            "`{}` lists {all} MIDI files; missing: {} ({}; the first is `{first}`); going on \
             without them",
            root.join(info_name.unwrap_or_default()).display(),
            listed.len(),
            splits.join(", "),
        ));
    }
    Ok((entries, warnings))
}

fn open_archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    ZipArchive::new(BufReader::new(file))
        .map_err(|error| format!("it is a zip file that cannot be opened ({error})"))
}

fn read_member(archive: &mut ZipArchive<BufReader<File>>, index: usize) -> Result<Vec<u8>, String> {
    let member = archive
        .by_index(index)
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    read_limited(member)
}

fn read_limited(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("it has more than {} MiB", MAX_FILE_BYTES >> 20));
    }
    Ok(bytes)
}
