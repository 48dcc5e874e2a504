//! Fetching a corpus, from a small server on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use musicvae::data::{FetchError, Remote, fetch};

/// 100,000 bytes of no pattern that a repeated block would hide.
fn contents() -> Vec<u8> {
    (0..100_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// Its SHA-256 was computed from the same formula by Python's hashlib.
const REMOTE: Remote = Remote {
    file: "corpus.zip",
    address: "https://example.invalid/corpus.zip",
    bytes: 100_000,
    sha256: "e24ae9cbcc7500392dfa5d018f63f0bf87232dc30ae5996d8ca6b25c2ae4b665",
};

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Whole,
    /// Sends this many bytes and hangs up.
    BreaksOffAfter(usize),
    /// Answers a request for a range with the whole.
    IgnoresRanges,
    Missing,
    /// Says nothing of the length and sends one byte too many.
    TooMuch,
}

/// A server of `body` that answers its connections in `manners`, one each, and then is gone; and
/// what it was asked for (the `Range` header, or "").
fn serve(body: Vec<u8>, manners: &[Manner]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/corpus.zip", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, manners) = (asked.clone(), manners.to_vec());
    std::thread::spawn(move || {
        for manner in manners {
            let (stream, _) = listener.accept().unwrap();
            answer(stream, &body, manner, &log);
        }
    });
    (address, asked)
}

fn answer(mut stream: TcpStream, body: &[u8], manner: Manner, asked: &Mutex<Vec<String>>) {
    let mut range = String::new();
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: ") {
            range = value.to_string();
        }
    }
    // Before the answer: whoever has that may look at once.
    asked.lock().unwrap().push(range.clone());
    let first = match range.strip_prefix("bytes=") {
        Some(first) if manner != Manner::IgnoresRanges => {
            first.trim_end_matches('-').parse().unwrap()
        }
        _ => 0,
    };
    let all = body.len();
    let head = match manner {
        Manner::Missing => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n".to_string(),
        Manner::TooMuch => "HTTP/1.1 200 OK\r\n".to_string(),
        _ if first > 0 => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {first}-{}/{all}\r\n",
            all - first,
            all - 1
        ),
        _ => format!("HTTP/1.1 200 OK\r\nContent-Length: {all}\r\n"),
    };
    let sent = match manner {
        Manner::Missing => &[],
        Manner::BreaksOffAfter(count) => &body[first..all.min(first + count)],
        _ => &body[first..],
    };
    // The client may hang up first.
    let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(sent);
    if manner == Manner::TooMuch {
        let _ = stream.write_all(b"!");
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

fn fetch_from(address: &str, folder: &Path) -> Result<(Vec<u8>, u64), FetchError> {
    let mut last = 0;
    let fetched = fetch(&REMOTE, Some(address), folder, &mut |bytes| last = bytes)?;
    assert_eq!(fetched.path, folder.join("corpus.zip"));
    Ok((std::fs::read(fetched.path).unwrap(), last))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_comes_whole_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("new/folder");
    let (address, asked) = serve(contents(), &[Manner::Whole]);
    let (bytes, last) = fetch_from(&address, &inside).unwrap();
    assert!(bytes == contents());
    assert_eq!(last, 100_000);
    assert_eq!(names(&inside), ["corpus.zip"]);
    // The server is gone by now: a second time nothing is asked.
    let again = fetch(&REMOTE, Some(&address), &inside, &mut |_| ()).unwrap();
    assert!(again.was_there);
    assert_eq!(*asked.lock().unwrap(), [""]);
}

#[test]
fn broken_connections_are_taken_up_where_they_ended() {
    let folder = tempfile::tempdir().unwrap();
    let manners = [
        Manner::BreaksOffAfter(30_000),
        Manner::BreaksOffAfter(20_000),
        Manner::Whole,
    ];
    let (address, asked) = serve(contents(), &manners);
    assert!(fetch_from(&address, folder.path()).unwrap().0 == contents());
    assert_eq!(*asked.lock().unwrap(), ["", "bytes=30000-", "bytes=50000-"]);
}

#[test]
fn what_came_is_kept_for_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let manners = [Manner::BreaksOffAfter(30_000), Manner::BreaksOffAfter(0)];
    let (address, _) = serve(contents(), &manners);
    let error = fetch_from(&address, folder.path()).unwrap_err().to_string();
    assert!(error.contains("broke off after 30000 of 100000"), "{error}");
    assert_eq!(names(folder.path()), ["corpus.zip.part"]);
    let (address, asked) = serve(contents(), &[Manner::Whole]);
    assert!(fetch_from(&address, folder.path()).unwrap().0 == contents());
    assert_eq!(*asked.lock().unwrap(), ["bytes=30000-"]);
    assert_eq!(names(folder.path()), ["corpus.zip"]);
}

#[test]
fn a_server_without_ranges_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let manners = [Manner::BreaksOffAfter(30_000), Manner::IgnoresRanges];
    let (address, asked) = serve(contents(), &manners);
    assert!(fetch_from(&address, folder.path()).unwrap().0 == contents());
    assert_eq!(*asked.lock().unwrap(), ["", "bytes=30000-"]);
}

#[test]
fn wrong_bytes_are_refused() {
    let mut flipped = contents();
    flipped[77_777] ^= 1;
    let mut shorter = contents();
    shorter.pop();
    let table = [
        (flipped, Manner::Whole, "SHA-256"),
        (shorter, Manner::Whole, "99999 bytes instead of 100000"),
        (contents(), Manner::TooMuch, "more bytes instead of 100000"),
        (contents(), Manner::Missing, "status 404"),
    ];
    for (body, manner, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        let (address, _) = serve(body, &[manner]);
        let error = fetch_from(&address, folder.path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&address) && !error.contains('\n'), "{error}");
        let left = names(folder.path());
        assert!(!left.contains(&"corpus.zip".to_string()), "{left:?}");
        // Nor does the next attempt build on what was wrong.
        let (address, asked) = serve(contents(), &[Manner::Whole]);
        assert!(fetch_from(&address, folder.path()).unwrap().0 == contents());
        assert_eq!(*asked.lock().unwrap(), [""]);
    }
}

#[test]
fn a_damaged_file_of_the_name_is_fetched_anew() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("corpus.zip"), "no zip").unwrap();
    let (address, _) = serve(contents(), &[Manner::Whole]);
    assert!(fetch_from(&address, folder.path()).unwrap().0 == contents());
}

#[test]
fn no_server_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/corpus.zip", listener.local_addr().unwrap());
    drop(listener);
    let error = fetch_from(&address, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("can't be reached") && !error.contains('\n'),
        "{error}"
    );
    assert!(error.contains("refused"), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("corpus.zip.part")).unwrap();
    let (address, _) = serve(contents(), &[Manner::Whole]);
    let error = fetch_from(&address, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("No space left") && error.contains("make room"),
        "{error}"
    );
}

#[test]
fn two_at_once_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let part = std::fs::File::create(folder.path().join("corpus.zip.part")).unwrap();
    part.lock().unwrap();
    let error = fetch_from("http://127.0.0.1:1/", folder.path()).unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
}
