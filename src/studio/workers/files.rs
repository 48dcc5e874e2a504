//! Moving files: a checkpoint with what lies beside it.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Moves a file, and those beside it that are named like it: a checkpoint's log, its attributes.
///
/// # Errors
/// What stands in the way, in one sentence. Nothing is ever written over.
pub fn moved(from: &Path, to: &Path) -> Result<(), String> {
    let fault = |reason: std::io::Error| {
        let (from, to) = (from.display(), to.display());
        format!("{from} can't be moved to {to}: {reason}.")
    };
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(fault)?;
    if from.is_dir() {
        if to.exists() {
            return Err(format!(
                "{} already exists: move it away first.",
                to.display()
            ));
        }
        return fs::rename(from, to).map_err(fault);
    }
    let (Some(old), Some(new)) = (from.file_stem(), to.file_stem()) else {
        return Ok(());
    };
    let moves: Vec<_> = like(from, old)
        .into_iter()
        .map(|(path, rest)| {
            let mut name = new.to_os_string();
            name.push(rest);
            (path, folder.join(name))
        })
        .collect();
    if moves.is_empty() {
        return Err(format!("{} no longer exists.", from.display()));
    }
    if let Some((_, taken)) = moves.iter().find(|(_, to)| to.exists()) {
        let taken = taken.display();
        return Err(format!("{taken} already exists: choose another name."));
    }
    moves
        .iter()
        .try_for_each(|(from, to)| fs::rename(from, to))
        .map_err(fault)
}

/// The files beside `path` that have its stem and a dot, with what follows the stem.
fn like(path: &Path, stem: &OsStr) -> Vec<(std::path::PathBuf, String)> {
    let stem = stem.to_string_lossy();
    let folder = path.parent().map(fs::read_dir);
    let files = folder.and_then(Result::ok).into_iter().flatten().flatten();
    let named = |file: fs::DirEntry| {
        let name = file.file_name();
        let rest = name.to_str()?.strip_prefix(&*stem)?;
        let is_like = rest.starts_with('.') && file.path().is_file();
        is_like.then(|| (file.path(), rest.to_string()))
    };
    files.filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_like_it_goes_along_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["a.safetensors", "a.csv", "ab.csv", "taken.safetensors"] {
            fs::write(at(name), name).unwrap();
        }
        moved(&at("a.safetensors"), &at(".trash/a-1.safetensors")).unwrap();
        assert!(at(".trash/a-1.safetensors").exists() && at(".trash/a-1.csv").exists());
        assert!(at("ab.csv").exists() && !at("a.csv").exists());
        moved(&at(".trash/a-1.safetensors"), &at("a.safetensors")).unwrap();
        assert_eq!(fs::read_to_string(at("a.csv")).unwrap(), "a.csv");
        let reason = moved(&at("a.safetensors"), &at("taken.safetensors")).unwrap_err();
        assert!(reason.contains("already exists"), "{reason}");
        assert!(moved(&at("no.safetensors"), &at("b.safetensors")).is_err());
    }
}
