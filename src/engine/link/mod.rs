//! Ableton Link, through a running Carabiner: a program that takes part in a Link session and speaks a
//! line protocol over TCP, so that Link itself need not be built in.
//!
//! The session's beats become the ticks of a clock ([`ticks`]), which is followed like a MIDI clock;
//! in addition, they say where a bar begins. So losing and finding a session works like losing and
//! finding a clock.

mod protocol;
mod ticks;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::events::{ClockMessage, Nanos, SECOND};
use protocol::{Lines, Session};
use ticks::Ticks;

/// Between looks for a Carabiner that is not there.
const LOOK: Duration = Duration::from_secs(1);
/// Longest wait for one that does not answer.
const CONNECTING: Duration = Duration::from_millis(500);
/// Between questions for the beat.
const ASK: Nanos = SECOND / 10;
/// A Carabiner that is silent for so long is gone.
const GONE: Nanos = 2 * SECOND;
/// Longest time that ticks wait for the thread.
const TURN: Duration = Duration::from_millis(4);

/// The Link session, as the engine has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    #[default]
    Off,
    /// No Carabiner is there; it is looked for.
    Looking,
    /// In a session with so many others.
    On { peers: u32 },
    /// Why there can be none, in one sentence.
    Broken(String),
}

/// What the thread needs to know of the engine, and to tell it.
pub(crate) struct Ends<T, S, P> {
    /// Takes a message of the clock and its moment.
    pub tick: T,
    pub say: S,
    /// Whether the music plays here.
    pub plays: P,
    pub epoch: Instant,
}

/// A thread that takes part in a session for as long as this lives.
pub(crate) struct Link {
    quit: Arc<AtomicBool>,
    tempo: SyncSender<f64>,
}

impl Link {
    /// Looks for a Carabiner at `address` from now on.
    ///
    /// # Errors
    /// An address that is none, and when there is no thread to be had.
    pub fn start<T, S, P>(address: &str, ends: Ends<T, S, P>) -> Result<Link, String>
    where
        T: Fn(ClockMessage, Nanos) + Send + 'static,
        S: Fn(LinkState) + Send + 'static,
        P: Fn() -> bool + Send + 'static,
    {
        let no_address = || format!("\"{address}\" is no address of a Carabiner.");
        let mut found = address.to_socket_addrs().map_err(|_| no_address())?;
        let at = found.next().ok_or_else(no_address)?;
        let quit = Arc::new(AtomicBool::new(false));
        let (tempo, tempos) = sync_channel(16);
        let ended = quit.clone();
        thread::Builder::new()
            .name("engine-link".into())
            .spawn(move || {
                while !ended.load(Relaxed) {
                    (ends.say)(LinkState::Looking);
                    if let Ok(stream) = TcpStream::connect_timeout(&at, CONNECTING) {
                        // However it ends, it is looked for again.
                        let _ = take_part(stream, &ends, &tempos, &ended);
                    }
                    sleep(&ended);
                }
                (ends.say)(LinkState::Off);
            })
            .map_err(|error| format!("Link can't start a thread ({error})."))?;
        Ok(Link { quit, tempo })
    }

    /// Sets the tempo of the session.
    pub fn set_tempo(&self, qpm: f64) {
        let _ = self.tempo.try_send(qpm);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.quit.store(true, Relaxed);
    }
}

fn sleep(ended: &AtomicBool) {
    let began = Instant::now();
    while began.elapsed() < LOOK && !ended.load(Relaxed) {
        thread::sleep(LOOK / 20);
    }
}

/// Takes part until the connection breaks or it is told to end.
fn take_part<T, S, P>(
    mut stream: TcpStream,
    ends: &Ends<T, S, P>,
    tempos: &Receiver<f64>,
    ended: &AtomicBool,
) -> std::io::Result<()>
where
    T: Fn(ClockMessage, Nanos),
    S: Fn(LinkState),
    P: Fn() -> bool,
{
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TURN))?;
    stream.set_write_timeout(Some(CONNECTING))?;
    let now = || ends.epoch.elapsed().as_nanos() as Nanos;
    let (mut lines, mut ticks) = (Lines::default(), Ticks::default());
    // When the latest question went out, and whether it is open; when something came.
    let (mut asked, mut is_open, mut heard) = (now(), true, now());
    let mut played = (ends.plays)();
    let mut session: Option<Session> = None;
    // What was wished for while there was no session is nothing that this one need hear of.
    tempos.try_iter().for_each(drop);
    stream.write_all(b"enable-start-stop-sync\nstatus\n")?;
    while !ended.load(Relaxed) {
        let mut packet = [0; 4096];
        match stream.read(&mut packet) {
            Ok(0) => break,
            Ok(length) => {
                let came = now();
                heard = came;
                for status in lines.take(&packet[..length]) {
                    // The beat is the one of the moment at which it was answered, half the way ago.
                    let way = if std::mem::take(&mut is_open) {
                        (came - asked) / 2
                    } else {
                        0
                    };
                    ticks.observe(&status, came - way);
                    (ends.say)(LinkState::On {
                        peers: status.peers,
                    });
                    session = Some(status);
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        ticks.advance(now(), &ends.tick);
        if now() - heard > GONE {
            break;
        }
        if now() - asked >= ASK {
            (asked, is_open) = (now(), true);
            stream.write_all(b"status\n")?;
        }
        if let Some(qpm) = tempos.try_iter().last() {
            writeln!(stream, "bpm {qpm:.3}")?;
        }
        let plays = (ends.plays)();
        let shares = session.filter(|it| plays != played && it.playing.is_some());
        if let Some(session) = shares.filter(|_| plays != ticks.playing()) {
            let verb = if plays { "start" } else { "stop" };
            writeln!(stream, "{verb}-playing {}", session.micros())?;
            ticks.expect(plays, now());
        }
        played = plays;
    }
    Ok(())
}
