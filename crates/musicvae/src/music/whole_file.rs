//! Files that appear whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// What the names of unfinished files begin with.
const UNFINISHED: &str = ".musicvae-tui-";

use super::unfinished::Listed;

/// Writes a file through `fill`, first beside its target: nobody ever sees half of it, and an
/// existing file stays until the new one is complete and on the disk. Links are followed. What is
/// no file (a device, a pipe) is never replaced by one, but written to.
pub fn write_whole_file(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<InPieces>) -> io::Result<()>,
) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if target.metadata().is_ok_and(|about| !about.is_file()) {
        let mut device = File::options().write(true).open(&target)?;
        let mut out = BufWriter::new(InPieces(&mut device));
        fill(&mut out)?;
        return out.flush();
    }
    let (file, _listed) = filled(folder_of(&target), fill)?;
    file.persist(&target)?;
    settle(folder_of(&target));
    Ok(())
}

/// Writes a file as [`write_whole_file`] does, but only if nothing has its name yet: the first writer
/// wins.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where something has the name, if only since a moment ago.
pub fn write_new_file(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<InPieces>) -> io::Result<()>,
) -> io::Result<()> {
    let (file, _listed) = filled(folder_of(path), fill)?;
    file.persist_noclobber(path)?;
    settle(folder_of(path));
    Ok(())
}

/// A file in `folder` that is filled and on the disk, and has no name to keep yet.
fn filled(
    folder: &Path,
    fill: impl FnOnce(&mut BufWriter<InPieces>) -> io::Result<()>,
) -> io::Result<(tempfile::NamedTempFile, Listed)> {
    let mut file = unfinished_file(folder)?;
    let listed = Listed::new(file.path());
    let mut out = BufWriter::new(InPieces(file.as_file_mut()));
    fill(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    Ok((file, listed))
}

/// A file of `folder` was renamed into place; some file systems cannot make that durable at once.
fn settle(folder: &Path) {
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = folder;
}

/// A file that takes a little at a time. A kernel without preemption (that of many servers) copies
/// what one call writes in steps of megabytes, and for so long nothing else runs on that core, be
/// its priority real-time: a checkpoint of 65 MB written at once made sound 4 ms late.
pub struct InPieces<'f>(&'f mut File);

impl Write for InPieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const PIECE: usize = 64 * 1024;
        self.0.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for InPieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// The folder that a path lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file in `folder` that vanishes unless it is persisted. Temporary files are private by
/// default; this one becomes an ordinary file (less the umask).
fn unfinished_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(without_path)
}

/// Removes what writers that were killed left in a folder: unfinished files that nobody has touched for
/// a minute. What can't be removed stays.
pub fn sweep_unfinished(folder: &Path) {
    let is_left = |file: &std::fs::DirEntry| {
        let touched = file.metadata().and_then(|about| about.modified());
        let age = touched.ok().and_then(|touched| touched.elapsed().ok());
        file.file_name().to_string_lossy().starts_with(UNFINISHED)
            && age.is_some_and(|age| age > Duration::from_secs(60))
    };
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.filter(is_left) {
        let _ = std::fs::remove_file(file.path());
    }
}

/// The system's own error: the name of a temporary file means nothing to a user.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((said, _)) => io::Error::new(error.kind(), said),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::music::each_unfinished_file;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groove.mid");
        write_whole_file(&path, |out| out.write_all(b"old")).unwrap();
        let fail = write_whole_file(&path, |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(fail.unwrap_err().to_string(), "the disk is full");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_listed_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let here = || {
            let mut here = Vec::new();
            each_unfinished_file(|path| {
                let path = PathBuf::from(path.to_str().unwrap());
                if path.starts_with(folder.path()) {
                    here.push(path);
                }
            });
            here
        };
        for write in 0..40 {
            let path = folder.path().join(format!("{write}.mid"));
            write_whole_file(&path, |out| {
                let listed = here();
                assert!(listed.len() == 1 && listed[0].exists(), "{listed:?}");
                out.write_all(b"x")
            })
            .unwrap();
            assert!(here().is_empty());
        }
    }

    #[test]
    fn a_new_file_takes_the_place_of_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groove.mid");
        write_new_file(&path, |out| out.write_all(b"first")).unwrap();
        let second = write_new_file(&path, |out| out.write_all(b"second"));
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_written_at_once_arrives_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let bytes: Vec<u8> = (0..1_000_003u32).map(|n| (n % 251) as u8).collect();
        write_whole_file(&path, |out| out.write_all(&bytes)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_stay_devices() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole_file(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert!(link.is_symlink());
        // Through a link, so that a mistake here costs the link and not the device.
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        write_whole_file(&null, |out| out.write_all(b"new")).unwrap();
        assert!(null.is_symlink() && !null.metadata().unwrap().is_file());
        let into_folder = write_whole_file(folder.path(), |out| out.write_all(b"new"));
        assert_eq!(into_folder.unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let nowhere = write_whole_file(&folder.path().join("no/file"), |_| Ok(()));
        let said = nowhere.unwrap_err().to_string();
        assert_eq!(said, "No such file or directory (os error 2)");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_as_open_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, usual) = (folder.path().join("ours"), folder.path().join("usual"));
        write_whole_file(&ours, |out| out.write_all(b"x")).unwrap();
        std::fs::write(&usual, b"x").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&usual));
    }
}
