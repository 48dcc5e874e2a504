//! Where results go. Every command asks here before it works, so that one rule holds for all of them:
//! a file that the command reads is never overwritten, and another existing file is replaced only with
//! `--force`.

use std::io::{self, Cursor, IsTerminal as _, Seek, Write};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context as _, bail};
use clap::Args;

use super::input::is_standard;
use super::output::{self, note, say};
use musicvae::music::{folder_of, write_new_file, write_whole_file};

/// Files that commands never read from a folder that they are given. Any other file of such a folder
/// counts as read.
const MADE: [&str; 7] = [
    "tfrecord",
    "safetensors",
    "json",
    "svg",
    "wav",
    "sf2",
    "toml",
];

/// Whether existing files may be replaced.
#[derive(Args, Clone, Copy, Debug)]
pub struct Force {
    /// Replace existing files. A file that the command itself reads is never replaced.
    #[arg(long)]
    force: bool,
}

/// What one command may write, by what it reads.
#[derive(Clone, Debug)]
pub struct Rule {
    inputs: Vec<PathBuf>,
    force: bool,
}

impl Force {
    /// The rule for a command that reads `inputs`; they need not be there.
    pub fn reading(self, inputs: impl IntoIterator<Item = impl Into<PathBuf>>) -> Rule {
        Rule {
            inputs: inputs.into_iter().map(Into::into).collect(),
            force: self.force,
        }
    }
}

impl Rule {
    /// The same rule for what the command itself made in an earlier session: that is its own to renew.
    pub fn renewing(self) -> Rule {
        let force = true;
        Rule { force, ..self }
    }

    /// The one decision: the place at `path` if it may be written, or why not.
    pub fn file(&self, path: &Path) -> anyhow::Result<Target> {
        let shown = path.display();
        if names_standard_output(path) {
            if io::stdout().is_terminal() {
                bail!("the result would go to the terminal: send it to a file or another program");
            }
            return Ok(Target::Standard);
        }
        if let Some(input) = self.inputs.iter().find(|input| is_of(path, input)) {
            let input = input.display();
            bail!("`{shown}` is not written, as it is read here (`{input}`): name another file");
        }
        let replace = match fs::symlink_metadata(path) {
            Ok(_) if path.is_dir() => bail!("`{shown}` is a folder: name a file in it"),
            // A device or pipe is written to, and nothing of it is lost.
            Ok(about) if !about.is_symlink() && !about.is_file() => true,
            Ok(_) if path.metadata().is_ok_and(|about| !about.is_file()) => true,
            Ok(_) if !self.force => return Err(taken(path)),
            Ok(_) => true,
            Err(_) => false,
        };
        let path = path.to_path_buf();
        Ok(Target::File { path, replace })
    }

    /// Places for `count` numbered files in `folder`: `NOUN-01.ENDING` and so on, after the existing
    /// ones, or from 1 with `--force`. The folder is made when the first file is written.
    pub fn numbered(
        &self,
        folder: &Path,
        noun: &'static str,
        ending: &'static str,
        count: usize,
    ) -> anyhow::Result<Numbered> {
        if folder.exists() && !folder.is_dir() {
            let folder = folder.display();
            bail!("`{folder}` is a file: name a folder, or a file that ends in .{ending}");
        }
        let next = match self.force {
            true => 1,
            false => last_number(folder, noun, ending) + 1,
        };
        let numbered = Numbered {
            rule: self.clone(),
            folder: folder.to_path_buf(),
            noun,
            ending,
            digits: (next + count - 1).to_string().len().max(2),
            next,
        };
        for number in next..next + count {
            // Better now than after the work.
            self.file(&numbered.path(number))?;
        }
        Ok(numbered)
    }
}

/// A place for one file of results.
#[derive(Debug)]
pub enum Target {
    Standard,
    File { path: PathBuf, replace: bool },
}

impl Target {
    /// Itself, where its folder is there: better said before the work than after it.
    ///
    /// # Errors
    /// That there is no such folder.
    pub fn in_its_folder(self) -> anyhow::Result<Target> {
        if let Target::File { path, .. } = &self {
            let folder = folder_of(path);
            anyhow::ensure!(
                folder.is_dir(),
                "`{}` can't be written: there is no folder `{}`, so make it first",
                path.display(),
                folder.display()
            );
        }
        Ok(self)
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Target::Standard => "standard output".into(),
            Target::File { path, .. } => path.display().to_string(),
        }
    }

    /// Says a line about what was written: on standard error where the results themselves are on
    /// standard output.
    pub fn report(&self, line: fmt::Arguments) -> anyhow::Result<()> {
        match self {
            Target::Standard => {
                note!("{line}");
                Ok(())
            }
            Target::File { .. } => say!("{line}"),
        }
    }

    /// Says where the file is, for scripts to read.
    pub fn say_path(&self) -> anyhow::Result<()> {
        match self {
            Target::Standard => Ok(()),
            Target::File { path, .. } => say!("{}", path.display()),
        }
    }

    /// Writes the whole file or nothing of it.
    pub fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Target::Standard => output::all(bytes),
            Target::File { path, replace } => {
                let fill = |out: &mut dyn Growing| out.write_all(bytes);
                settled(path, written(path, *replace, fill))
            }
        }
    }

    /// As [`Target::write`], by a function that goes to and fro in the file.
    pub fn fill(
        &self,
        fill: impl FnOnce(&mut dyn Growing) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Target::File { path, replace } if !is_no_file(path) => {
                settled(path, written(path, *replace, fill))
            }
            // There is no way back in a pipe.
            _ => {
                let mut whole = Cursor::new(Vec::new());
                fill(&mut whole)?;
                self.write(whole.get_ref())
            }
        }
    }

    /// Makes the folder that the file is to lie in.
    pub fn make_folder(&self) -> anyhow::Result<()> {
        match self {
            Target::Standard => Ok(()),
            Target::File { path, .. } => make_folder(folder_of(path)),
        }
    }
}

/// Numbered files in a folder.
#[derive(Debug)]
pub struct Numbered {
    rule: Rule,
    folder: PathBuf,
    noun: &'static str,
    ending: &'static str,
    digits: usize,
    next: usize,
}

impl Numbered {
    fn path(&self, number: usize) -> PathBuf {
        let Numbered {
            noun,
            ending,
            digits,
            ..
        } = self;
        self.folder
            .join(format!("{noun}-{number:0digits$}.{ending}"))
    }

    /// Writes the next file, and says where it is.
    pub fn write(&mut self, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        make_folder(&self.folder)?;
        loop {
            let path = self.path(self.next);
            self.next += 1;
            let written = (self.rule.file(&path)).and_then(|target| target.write(bytes));
            // Another program may have taken the number since.
            if written.is_ok() || self.rule.force || !path.exists() {
                return written.map(|()| path);
            }
        }
    }
}

pub fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    fs::create_dir_all(folder).with_context(|| format!("the folder {shown} can't be made"))
}

/// A file that grows, and in which one can go back.
pub trait Growing: Write + Seek {}

impl<T: Write + Seek> Growing for T {}

fn written(
    path: &Path,
    replace: bool,
    fill: impl FnOnce(&mut dyn Growing) -> io::Result<()>,
) -> io::Result<()> {
    match replace {
        true => write_whole_file(path, |out| fill(out)),
        false => write_new_file(path, |out| fill(out)),
    }
}

/// How writing went, in words. What is no trouble with the file is said as it is.
fn settled(path: &Path, written: io::Result<()>) -> anyhow::Result<()> {
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        io::ErrorKind::Other => error.into(),
        _ => anyhow::anyhow!(
            "cannot write `{}`: {error}; check that its folder exists and may be written to",
            path.display()
        ),
    })
}

/// Whether something is there that is no file, such as a pipe.
fn is_no_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| !about.is_file())
}

fn taken(path: &Path) -> anyhow::Error {
    let path = path.display();
    anyhow::anyhow!("`{path}` already exists: name another file, or replace it with --force")
}

fn names_standard_output(path: &Path) -> bool {
    is_standard(path) || path == Path::new("/dev/stdout")
}

/// Whether the file at `path` is the `input` or a part of it, whatever it is called.
fn is_of(path: &Path, input: &Path) -> bool {
    if input.is_dir() {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let made = ending.is_some_and(|ending| MADE.iter().any(|made| ending == *made));
        let absolute = || Some((path.canonicalize().ok()?, input.canonicalize().ok()?));
        return !made && absolute().is_some_and(|(path, input)| path.starts_with(input));
    }
    same_file::is_same_file(path, input).unwrap_or(false)
}

/// The highest number of the files in `folder`, 0 where there are none.
fn last_number(folder: &Path, noun: &str, ending: &str) -> usize {
    let number = |name: &str| {
        let name = name.strip_prefix(noun)?.strip_prefix('-')?;
        name.strip_suffix(ending)?.strip_suffix('.')?.parse().ok()
    };
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let numbers = files.filter_map(|file| number(file.file_name().to_str()?));
    numbers.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(force: bool, inputs: &[&Path]) -> Rule {
        Force { force }.reading(inputs.iter().copied())
    }

    fn refused(rule: &Rule, path: &Path) -> String {
        rule.file(path).unwrap_err().to_string()
    }

    #[test]
    fn what_is_there_stays_unless_it_is_to_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        let target = rule(false, &[]).file(&path).unwrap();
        target.write(b"one").unwrap();
        // Also when it came between the decision and the writing.
        let late = target.write(b"two").unwrap_err().to_string();
        assert_eq!(late, refused(&rule(false, &[]), &path));
        assert!(late.contains("or replace it with --force"), "{late}");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        rule(true, &[]).file(&path).unwrap().write(b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(refused(&rule(true, &[]), folder.path()).contains("is a folder"));
    }

    #[cfg(unix)]
    #[test]
    fn an_input_is_known_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let [input, link, hard] =
            ["in.mid", "link.mid", "hard.mid"].map(|it| folder.path().join(it));
        fs::write(&input, b"notes").unwrap();
        std::os::unix::fs::symlink(&input, &link).unwrap();
        fs::hard_link(&input, &hard).unwrap();
        let roundabout = folder
            .path()
            .join("../")
            .join(folder.path())
            .join("./in.mid");
        for name in [&input, &link, &hard, &roundabout] {
            let said = refused(&rule(true, &[&input]), name);
            assert!(said.contains("as it is read here"), "{said}");
        }
        // Read through the link, written by the name.
        assert!(refused(&rule(true, &[&link]), &input).contains("as it is read here"));
        // What a folder holds is read too, but for what is only ever made.
        let corpus = rule(true, &[folder.path()]);
        assert!(refused(&corpus, &input).contains("as it is read here"));
        fs::write(folder.path().join("all.tfrecord"), b"x").unwrap();
        corpus.file(&folder.path().join("all.tfrecord")).unwrap();
        let nowhere = folder.path().join("nowhere.mid");
        std::os::unix::fs::symlink(folder.path().join("none"), &nowhere).unwrap();
        assert!(refused(&rule(false, &[]), &nowhere).contains("already exists"));
        assert!(rule(false, &[]).file(Path::new("/dev/null")).is_ok());
    }

    #[test]
    fn numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("g");
        let names = |rule: &Rule, count| {
            let mut numbered = rule.numbered(&out, "groove", "mid", count).unwrap();
            let name = |_| {
                numbered
                    .write(b"x")
                    .unwrap()
                    .file_name()
                    .unwrap()
                    .to_owned()
            };
            (0..count).map(name).collect::<Vec<_>>()
        };
        let free = rule(false, &[]);
        assert_eq!(names(&free, 2), ["groove-01.mid", "groove-02.mid"]);
        fs::write(out.join("groove-9.mid"), b"mine").unwrap();
        fs::write(out.join("groove-x.mid"), b"mine").unwrap();
        assert_eq!(names(&free, 2), ["groove-10.mid", "groove-11.mid"]);
        assert_eq!(names(&rule(true, &[]), 1), ["groove-01.mid"]);
        let own = rule(true, &[&out.join("groove-02.mid")]);
        assert!(own.numbered(&out, "groove", "mid", 1).is_ok());
        assert!(own.numbered(&out, "groove", "mid", 2).is_err());
        // Two programs at once.
        let mut first = free.numbered(&out, "groove", "mid", 1).unwrap();
        let mut second = free.numbered(&out, "groove", "mid", 1).unwrap();
        assert_ne!(first.write(b"x").unwrap(), second.write(b"x").unwrap());
    }
}
