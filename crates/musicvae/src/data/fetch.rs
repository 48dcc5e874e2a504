//! A corpus from its official address: the one place in this library that uses the network.
//!
//! Bytes go into `FILE.part` beside the target. A broken download continues where it ended, in this
//! run or the next. The file gets its name only after its size and SHA-256 have been verified.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::digest::{Context, SHA256};
use ureq::Agent;
use ureq::http::{StatusCode, header};

/// A file at an address, known byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// What the file is called on disk.
    pub file: &'static str,
    /// Where it is fetched from, unless another address is given.
    pub address: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
    /// Lower-case hexadecimal digits.
    pub sha256: &'static str,
}

/// The MIDI files of the Groove MIDI Dataset 1.0.0 (Gillick et al. 2019), CC BY 4.0, from
/// <https://magenta.tensorflow.org/datasets/groove>.
pub const GROOVE: Remote = Remote {
    file: "groove-v1.0.0-midionly.zip",
    address: "https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
    bytes: 3_260_318,
    sha256: "651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
};

impl Remote {
    /// Whether the file at `path` is this one, byte for byte.
    pub fn is_at(&self, path: &Path) -> bool {
        let same = |mut file| difference(&mut file, self).is_ok_and(|it| it.is_none());
        File::open(path).is_ok_and(same)
    }
}

/// Why a corpus could not be fetched.
#[derive(Debug, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum FetchError {
    /// No answer came.
    #[error(
        "{address} can't be reached ({reason}): check the network and the address, and run the \
         same command again"
    )]
    Unreachable { address: String, reason: String },
    /// The server has no such file.
    #[error("{address} answers with status {status} and not with the file: name another address")]
    Status { address: String, status: u16 },
    /// A part came, and is kept.
    #[error(
        "the connection to {address} broke off after {received} of {bytes} bytes ({reason}); they \
         are kept: run the same command again to go on from there"
    )]
    BrokenOff {
        address: String,
        received: u64,
        bytes: u64,
        reason: String,
    },
    /// Another file came.
    #[error(
        "what {address} sends is not the expected file ({difference}), so it was not kept: \
         try again, or name another address"
    )]
    Different { address: String, difference: String },
    /// Another process fetches it now.
    #[error("{} is being written by another process: wait for that one", path.display())]
    Busy { path: PathBuf },
    /// The file system refused.
    #[error("cannot {action} {}: {source}; make room, or choose another folder", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl FetchError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FetchError {
        let path = path.to_path_buf();
        move |source| FetchError::Io {
            action,
            path,
            source,
        }
    }
}

/// Where a fetched file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file itself.
    pub path: PathBuf,
    /// It was already there, complete and correct; the network was not used.
    pub was_there: bool,
}

/// Gets `remote` into `folder`, from its own address or the `mirror`; `progress` hears how many
/// bytes are there.
///
/// # Errors
/// See [`FetchError`]. Whatever goes wrong, no file of wrong content ever has the target's name.
pub fn fetch(
    remote: &Remote,
    mirror: Option<&str>,
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Fetched, FetchError> {
    /// Connections that brought something and broke before the user is asked to try again.
    const CONNECTIONS: usize = 8;
    let address = mirror.unwrap_or(remote.address);
    let path = folder.join(remote.file);
    if remote.is_at(&path) {
        let was_there = true;
        return Ok(Fetched { path, was_there });
    }
    fs::create_dir_all(folder).map_err(FetchError::io("make the folder", folder))?;
    let mut part = Part::open(folder.join(format!("{}.part", remote.file)))?;
    let agent = agent(address);
    let mut connections = 0;
    while part.length < remote.bytes {
        connections += 1;
        let before = part.length;
        match receive(&agent, address, remote, &mut part, progress) {
            Err(FetchError::BrokenOff { .. })
                if part.length > before && connections < CONNECTIONS => {}
            Ok(()) => {}
            Err(error) => {
                if part.length == 0 {
                    // Nothing came that is worth keeping; an empty file does no harm either.
                    let _ = fs::remove_file(&part.path);
                }
                return Err(error);
            }
        }
    }
    let wrong = difference(&mut part.file, remote).map_err(FetchError::io("read", &part.path))?;
    if let Some(difference) = wrong {
        // The next attempt must not continue it.
        fs::remove_file(&part.path).map_err(FetchError::io("remove", &part.path))?;
        let address = address.into();
        return Err(FetchError::Different {
            address,
            difference,
        });
    }
    let file = &part.file;
    file.sync_all()
        .and_then(|()| fs::rename(&part.path, &path))
        .map_err(FetchError::io("write", &path))?;
    // The file is in place; some file systems cannot make the rename durable at once.
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    let was_there = false;
    Ok(Fetched { path, was_there })
}

/// What came so far.
struct Part {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Part {
    /// Opens or makes it, for this process alone.
    fn open(path: PathBuf) -> Result<Part, FetchError> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(FetchError::io("write", &path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy { path }),
            // Some network file systems have no locks, which is no reason to refuse.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let length = file
            .metadata()
            .map_err(FetchError::io("read", &path))?
            .len();
        Ok(Part { path, file, length })
    }

    /// Forgets what lies behind `length`.
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.length = length;
        if self.file.metadata()?.len() != length {
            self.file.set_len(length)?;
        }
        self.file.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// One connection: appends what it brings to `part`.
fn receive(
    agent: &Agent,
    address: &str,
    remote: &Remote,
    part: &mut Part,
    progress: &mut dyn FnMut(u64),
) -> Result<(), FetchError> {
    let unreachable = |error: ureq::Error| FetchError::Unreachable {
        address: address.into(),
        reason: reason(&error),
    };
    let different = |difference| FetchError::Different {
        address: address.into(),
        difference,
    };
    let mut request = agent.get(address);
    if part.length > 0 {
        request = request.header(header::RANGE, format!("bytes={}-", part.length));
    }
    let response = request.call().map_err(unreachable)?;
    let text = |name| Some(response.headers().get(name)?.to_str().ok()?.to_string());
    let start = match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            // `bytes FIRST-LAST/ALL`, where ALL may be `*`.
            let range = text(header::CONTENT_RANGE).unwrap_or_default();
            let (range, all) = range.split_once('/').unwrap_or((&range, "*"));
            if all != "*" && all != remote.bytes.to_string() {
                return Err(different(sizes(all, remote.bytes)));
            }
            let first = range.trim_start_matches("bytes ").split('-').next();
            match first.and_then(|first| first.parse().ok()) {
                Some(first) if first <= part.length => first,
                _ => return Err(different(format!("it begins at `{range}`"))),
            }
        }
        status if status.is_success() => {
            let length = text(header::CONTENT_LENGTH);
            if let Some(length) = length.filter(|length| *length != remote.bytes.to_string()) {
                return Err(different(sizes(length, remote.bytes)));
            }
            0
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let fewer = format!("no more than {}", part.length);
            return Err(different(sizes(fewer, remote.bytes)));
        }
        status => {
            return Err(FetchError::Status {
                address: address.into(),
                status: status.as_u16(),
            });
        }
    };
    let path = part.path.clone();
    let writing = |error| FetchError::io("write", &path)(error);
    part.cut(start).map_err(writing)?;
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let broken_off = |received, reason| FetchError::BrokenOff {
            address: address.into(),
            received,
            bytes: remote.bytes,
            reason,
        };
        progress(part.length);
        let count = match body.read(&mut buffer) {
            Ok(0) if part.length < remote.bytes => {
                return Err(broken_off(part.length, "it ended early".into()));
            }
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) => return Err(broken_off(part.length, error.to_string())),
        };
        if part.length + count as u64 > remote.bytes {
            part.cut(0).map_err(writing)?;
            return Err(different(sizes("more", remote.bytes)));
        }
        part.file.write_all(&buffer[..count]).map_err(writing)?;
        part.length += count as u64;
    }
}

fn sizes(found: impl std::fmt::Display, expected: u64) -> String {
    format!("{found} bytes instead of {expected}")
}

/// What tells `file` from `remote`, if anything does.
fn difference(file: &mut File, remote: &Remote) -> io::Result<Option<String>> {
    let length = file.metadata()?.len();
    if length != remote.bytes {
        return Ok(Some(sizes(length, remote.bytes)));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => context.update(&buffer[..count]),
        }
    }
    let digits: String = context
        .finish()
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let expected = remote.sha256;
    Ok((digits != expected).then(|| format!("SHA-256 {digits} instead of {expected}")))
}

/// A client that waits for a silent server no longer than a person would, and never follows a
/// redirect from an encrypted address to a plain one.
fn agent(address: &str) -> Agent {
    const PATIENCE: Option<Duration> = Some(Duration::from_secs(30));
    let mut config = Agent::config_builder()
        .https_only(address.starts_with("https://"))
        .http_status_as_error(false)
        .user_agent(concat!("musicvae-tui/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(PATIENCE)
        .timeout_connect(PATIENCE)
        .timeout_recv_response(PATIENCE)
        .timeout_per_read(PATIENCE);
    // No proxy leads back to this machine.
    if ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .any(|here| address.starts_with(here))
    {
        config = config.proxy(None);
    }
    config.build().into()
}

/// What the client says, without its own names for things.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "the name of its machine is not known".into(),
        ureq::Error::Timeout(_) => "no answer in time".into(),
        error => error.to_string(),
    }
}
