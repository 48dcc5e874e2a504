//! The files of a recording: their names, and the growing WAV file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

/// What a file is called by while it grows.
const UNFINISHED: &str = "part";

/// Bytes of a frame: two samples of 24 bits.
const FRAME_BYTES: u64 = 6;

/// Frames that a WAV file can hold, because its lengths are 32 bits wide; rounded down.
const MOST_FRAMES: u64 = (u32::MAX as u64 - 4096) / FRAME_BYTES;

/// `take-001.wav.part` for `take-001.wav`.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    name.into()
}

/// Makes the folder and, in it, the unfinished files of a take of a new number, one for each
/// ending. Returns the take's name and what the files will be called.
pub(crate) fn new_take(folder: &Path, endings: &[&str]) -> Result<(String, Vec<PathBuf>), String> {
    let failed = |path: &Path, error: io::Error| {
        format!(
            "{} can't be recorded into ({error}): name another folder in [record].",
            path.display()
        )
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.into());
    'numbers: for number in 1..100_000 {
        let name = format!("take-{number:03}");
        let taken = |ending: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            path.exists() || unfinished(&path).exists()
        };
        if ["wav", "mid"].into_iter().any(taken) {
            continue;
        }
        let mut files = Vec::new();
        for ending in endings {
            let path = folder.join(format!("{name}.{ending}"));
            match create(&path) {
                Ok(_) => files.push(path),
                Err(error) => {
                    for made in &files {
                        let _ = fs::remove_file(unfinished(made));
                    }
                    if error.kind() == ErrorKind::AlreadyExists {
                        continue 'numbers;
                    }
                    return Err(failed(&folder, error));
                }
            }
        }
        return Ok((name, files));
    }
    let full = io::Error::other("it has too many takes");
    Err(failed(&folder, full))
}

/// Creates the unfinished file of `path`, which must not be there.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(unfinished(path))
}

/// Gives an unfinished file its name, or `name-2` and so on where that was taken meanwhile.
pub(crate) fn finish(path: &Path) -> io::Result<PathBuf> {
    let from = unfinished(path);
    for count in 1..1000 {
        let to = match count {
            1 => path.to_path_buf(),
            _ => numbered(path, count),
        };
        // A link is made only where nothing is; not every file system has links.
        match fs::hard_link(&from, &to) {
            Ok(()) => {
                fs::remove_file(&from)?;
                return Ok(to);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(_) if to.exists() => {}
            Err(_) => {
                fs::rename(&from, &to)?;
                return Ok(to);
            }
        }
    }
    Err(io::Error::other("too many files of its name"))
}

/// `take-001-2.wav`.
pub(crate) fn numbered(path: &Path, count: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{count}.{ending}"))
}

/// A stereo WAV file of 24 bits that grows.
pub(crate) struct Wav<W: Write + Seek> {
    writer: hound::WavWriter<BufWriter<W>>,
    frames: u64,
    most: u64,
}

impl<W: Write + Seek> Wav<W> {
    pub fn new(file: W, rate: u32) -> io::Result<Wav<W>> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample: 24,
            sample_format: hound::SampleFormat::Int,
        };
        let writer = hound::WavWriter::new(BufWriter::with_capacity(1 << 16, file), spec);
        Ok(Wav {
            writer: writer.map_err(io_error)?,
            frames: 0,
            most: MOST_FRAMES,
        })
    }

    /// Writes samples, left and right in turn; returns how many did fit into the file.
    pub fn write(&mut self, samples: &[f32]) -> io::Result<usize> {
        let room = usize::try_from(2 * (self.most - self.frames)).unwrap_or(usize::MAX);
        let fitting = samples.len().min(room);
        for sample in &samples[..fitting] {
            self.writer
                .write_sample(quantized(*sample))
                .map_err(io_error)?;
        }
        self.frames += fitting as u64 / 2;
        Ok(fitting)
    }

    /// Makes what was written so far a whole file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(io_error)
    }

    pub fn frames(&self) -> u64 {
        self.frames
    }
}

/// A sample in 24 bits.
pub(crate) fn quantized(sample: f32) -> i32 {
    (sample.clamp(-1.0, 1.0) * 8_388_607.0).round() as i32
}

fn io_error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A disk of so many bytes.
    struct Disk<'d>(&'d mut Cursor<Vec<u8>>, u64);

    impl Write for Disk<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.position() + bytes.len() as u64 > self.1 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Disk<'_> {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn a_file_that_was_never_closed_is_whole_as_of_its_last_flush() {
        let mut bytes = Cursor::new(Vec::new());
        let mut wav = Wav::new(Disk(&mut bytes, u64::MAX), 48_000).unwrap();
        wav.write(&[0.25; 2000]).unwrap();
        wav.flush().unwrap();
        wav.write(&[0.5; 2000]).unwrap();
        // As a killed program leaves it.
        std::mem::forget(wav);
        let read = hound::WavReader::new(Cursor::new(bytes.get_ref())).unwrap();
        assert_eq!(read.duration(), 1000);
        let samples: Vec<i32> = read.into_samples().map(Result::unwrap).collect();
        assert_eq!(samples, [quantized(0.25); 2000]);
    }

    #[test]
    fn a_full_disk_is_an_error_and_keeps_what_was_flushed() {
        let mut bytes = Cursor::new(Vec::new());
        let mut wav = Wav::new(Disk(&mut bytes, 50_000), 48_000).unwrap();
        let mut flushed = 0;
        let error = loop {
            match wav.write(&[0.1; 512]).and_then(|_| wav.flush()) {
                Ok(()) => flushed = wav.frames(),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        drop(wav);
        let read = hound::WavReader::new(Cursor::new(bytes.get_ref())).unwrap();
        assert!(flushed > 7_000 && u64::from(read.duration()) >= flushed);
        assert!(read.into_samples::<i32>().all(|sample| sample.is_ok()));
    }

    #[test]
    fn a_file_takes_no_more_than_its_header_can_say() {
        let mut bytes = Cursor::new(Vec::new());
        let mut wav = Wav::new(Disk(&mut bytes, u64::MAX), 48_000).unwrap();
        wav.most = 100;
        assert_eq!(wav.write(&[0.0; 150]).unwrap(), 150);
        assert_eq!(wav.write(&[0.0; 150]).unwrap(), 50);
        assert_eq!(wav.write(&[0.0; 150]).unwrap(), 0);
    }

    #[test]
    fn takes_are_counted_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("new/takes");
        let (name, files) = new_take(&into, &["wav", "mid"]).unwrap();
        assert_eq!((name.as_str(), files.len()), ("take-001", 2));
        // Unfinished or finished, of one kind or the other: the number is taken.
        let (name, more) = new_take(&into, &["mid"]).unwrap();
        assert_eq!(name, "take-002");
        fs::write(&more[0], "somebody's").unwrap();
        let finished = finish(&more[0]).unwrap();
        assert!(finished.ends_with("take-002-2.mid"), "{finished:?}");
        assert_eq!(fs::read(&more[0]).unwrap(), b"somebody's");
        assert_eq!(finish(&files[0]).unwrap(), files[0]);
        assert!(!unfinished(&files[0]).exists() && unfinished(&files[1]).exists());
        assert_eq!(new_take(&into, &["wav"]).unwrap().0, "take-003");
    }

    #[test]
    fn a_folder_that_cannot_be_is_named_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let said = new_take(&file.join("takes"), &["wav"]).unwrap_err();
        assert!(
            said.contains("file/takes can't be recorded into ("),
            "{said}"
        );
        assert!(said.ends_with('.') && said.lines().count() == 1, "{said}");
    }
}
