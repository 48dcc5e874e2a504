//! The terminal: draws a [`Studio`] and turns keys into actions.
//!
//! Here are the event loop and the terminal. Arrows run one way: `kit`, what everything is drawn
//! with; `keymap`, the table of commands; `panes`, `overlays` and `bars`, which don't know each
//! other; `layout`, which puts them in their places.

mod bars;
mod keymap;
mod kit;
mod layout;
mod looks;
mod overlays;
mod panes;
mod pointer;
mod terminal;

use std::io::ErrorKind::{Interrupted, WouldBlock};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use crossterm::event::{Event as TerminalEvent, KeyEventKind, MouseEventKind};

pub use keymap::{Binding, Keymap, KeymapError, Place};
use kit::Reply;
pub use kit::{Key, Palette, Targets, Theme};
pub use layout::{ALL_PANES, LEAST, View, draw};
pub use looks::{Background, Looks, LooksError, ask_terminal};
pub use pointer::Pointer;
pub use terminal::columns_of;

use crate::studio::bring;
use crate::studio::overlays::Action;
use crate::studio::{
    self, Config, Event, Opening, Studio, Workers, guarded, quiet_stderr, read_habits,
};
use crate::typed_path::typed_paths;
use musicvae::fault;

/// Messages on their way to the screen's thread. Workers wait when it is full.
const QUEUE: usize = 256;
/// Between frames while a groove plays: the playhead moves at some 30 frames a second.
const FRAME: Duration = Duration::from_millis(33);
/// Between looks at the engine while nothing moves.
const IDLE: Duration = Duration::from_millis(250);

/// What wakes the screen's thread.
enum Message {
    /// With the moment at which it came, for taps.
    Terminal(TerminalEvent, Instant),
    Studio(Box<Event>),
    /// The system asks the program to end.
    End,
    /// The system asks the program to stand still.
    Suspend,
    /// The program stood still, and others may have drawn meanwhile.
    Continued,
    /// The thread that listens to the keyboard or to the system has ended, for this reason.
    Deaf(String),
}

/// Opens the workstation and stays until the user leaves.
pub fn run(config: Config, opening: Opening) -> anyhow::Result<()> {
    let keymap = Keymap::new(&config.keys)?;
    // Declared before the screen, so that stderr is restored after the terminal.
    let _quiet = quiet_stderr();
    let (sender, messages) = sync_channel(QUEUE);
    listen_to_signals(&sender).context("the system's signals can't be received")?;
    let mut screen = terminal::Screen::take(config.screen.mouse).context(
        "the workstation needs a terminal: run it in one, or use a subcommand (see --help)",
    )?;
    let tell = {
        let sender = sender.clone();
        Arc::new(move |event| sender.send(Message::Studio(Box::new(event))).is_ok())
    };
    let (mut workers, news) = Workers::start(&config, tell);
    let data_folder = config.session.data_folder();
    let mut studio = Studio::new(config);
    for event in news {
        studio.receive(event);
    }
    if let Some(folder) = data_folder {
        studio.take_habits(read_habits(&folder));
    }
    studio.begin(opening);
    workers.serve(&mut studio);
    let variable = |name: &str| std::env::var(name).ok();
    let looks = Looks::new(&studio.ground.config, variable, |_| None)?;
    let mut shown = Shown { looks, keymap };
    // In colours that suit every background: some terminals never say what theirs is.
    paint(&studio, &shown, &mut screen, &mut Pointer::default())?;
    // Before anybody else reads what the terminal answers.
    shown.looks = Looks::new(&studio.ground.config, variable, ask_terminal)?;
    listen_to_terminal(&sender).context("the keyboard's thread can't be started")?;
    let ended = guarded(|| turn(&mut studio, &mut workers, &shown, &mut screen, &messages));
    if ended.is_ok() {
        studio.end();
        workers.serve(&mut studio);
    }
    // From here on nobody reads events, so no worker waits for room.
    drop(messages);
    workers.close();
    ended.map_err(anyhow::Error::msg)
}

/// Draws the screen, and tells the pointer what is where.
fn paint(
    studio: &Studio,
    shown: &Shown,
    screen: &mut terminal::Screen,
    pointer: &mut Pointer,
) -> anyhow::Result<()> {
    let view = shown.view(studio);
    match screen.draw(|frame| pointer.see(draw(studio, &view, frame))) {
        // A terminal that can't take it now gets the whole state with the next frame.
        Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => Ok(()),
        drawn => drawn.context("the screen is lost"),
    }
}

/// What the screen is made with.
struct Shown {
    looks: Looks,
    keymap: Keymap,
}

impl Shown {
    fn view(&self, studio: &Studio) -> View<'_> {
        View {
            theme: self.looks.theme(&studio.ground.screen.theme),
            keymap: &self.keymap,
        }
    }
}

/// The event loop: nothing is drawn that has not changed.
fn turn(
    studio: &mut Studio,
    workers: &mut Workers,
    shown: &Shown,
    screen: &mut terminal::Screen,
    messages: &Receiver<Message>,
) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut pointer = Pointer::default();
    let mut stale = true;
    while !studio.ground.leaving {
        workers.serve(studio);
        fault::point("screen");
        if stale {
            screen.use_mouse(studio.ground.screen.mouse);
            paint(studio, shown, screen, &mut pointer)?;
        }
        let wait = if studio.ground.transport.playing {
            FRAME
        } else {
            IDLE
        };
        let first = match messages.recv_timeout(wait) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let before = changed_by_time(studio);
        studio.receive(Event::Tick(start.elapsed()));
        stale = first.is_some() || changed_by_time(studio) != before;
        // A burst is taken whole and drawn once.
        for message in first.into_iter().chain(messages.try_iter().take(QUEUE)) {
            match message {
                Message::Terminal(event, at) => {
                    if let TerminalEvent::Resize(..) = event {
                        screen.resized();
                    }
                    studio.receive(Event::Tick(at.saturating_duration_since(start)));
                    for action in actions(studio, &shown.keymap, &mut pointer, event) {
                        studio.apply(action);
                    }
                }
                Message::Studio(event) => studio.receive(*event),
                Message::Suspend => studio.apply(Action::Suspend),
                Message::Continued => screen.retake().context("the screen is lost")?,
                Message::End => return Ok(()),
                Message::Deaf(reason) => anyhow::bail!("the workstation had to end: {reason}"),
            }
        }
        workers.serve(studio);
        if std::mem::take(&mut studio.ground.suspending) {
            suspend(studio, workers, screen)?;
            stale = true;
        }
        let transport = workers.transport();
        if transport != studio.ground.transport {
            stale = true;
            studio.receive(Event::Transport(transport));
        }
    }
    // Saving a run may take a while: the last frame says so.
    let _ = screen.draw(|frame| {
        draw(studio, &shown.view(studio), frame);
    });
    Ok(())
}

/// Gives the terminal to the shell until that brings the program back. What does not run can't end
/// a note, so the music stops before; it goes on after.
fn suspend(
    studio: &Studio,
    workers: &Workers,
    screen: &mut terminal::Screen,
) -> anyhow::Result<()> {
    let playing = studio.ground.transport.playing;
    workers.rest();
    screen.lend();
    screen.retake().context("the screen is lost")?;
    workers.wake(playing);
    Ok(())
}

/// What the screen shows that changes by itself.
fn changed_by_time(studio: &Studio) -> (String, Vec<String>) {
    (
        studio.status_line().1,
        panes::checkpoints::ages(studio).collect(),
    )
}

/// What is done about what the terminal reports.
pub fn actions(
    studio: &Studio,
    keymap: &Keymap,
    pointer: &mut Pointer,
    event: TerminalEvent,
) -> Vec<studio::Action> {
    match event {
        TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
            keymap.actions(studio, Key::of(key))
        }
        TerminalEvent::Mouse(event) => {
            let replies = pointer.replies(event).into_iter();
            let actions = replies.flat_map(|reply| match reply {
                Reply::Do(action) => vec![action],
                Reply::Press(key) => keymap.actions(studio, key),
            });
            actions.collect()
        }
        // If something is being typed, this is typed too; otherwise it was dropped onto the window.
        TerminalEvent::Paste(text) if !keymap.types(studio) => {
            vec![bring::Action::Bring(typed_paths(&text)).into()]
        }
        TerminalEvent::Paste(text) => {
            let typed = text.chars().filter(|character| !character.is_control());
            typed.map(|it| Action::Type(it).into()).collect()
        }
        _ => Vec::new(),
    }
}

fn listen_to_terminal(sender: &SyncSender<Message>) -> std::io::Result<()> {
    let sender = sender.clone();
    listener("keys", sender.clone(), move || {
        // An error says that the terminal is gone.
        while let Ok(event) = crossterm::event::read() {
            fault::point("keys");
            // A mouse that only passes by would wake the screen for nothing.
            if matches!(&event, TerminalEvent::Mouse(mouse) if mouse.kind == MouseEventKind::Moved)
            {
                continue;
            }
            if sender
                .send(Message::Terminal(event, Instant::now()))
                .is_err()
            {
                break;
            }
        }
    })
}

/// Listens on a thread of its own. If that thread ends, the program ends, because nobody could ask
/// it to.
fn listener(
    name: &str,
    sender: SyncSender<Message>,
    listen: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    let work = move || {
        let heard = guarded(|| {
            listen();
            Ok(())
        });
        let _ = sender.send(heard.map_or_else(Message::Deaf, |()| Message::End));
    };
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map(drop)
}

#[cfg(unix)]
fn listen_to_signals(sender: &SyncSender<Message>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let heard = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT];
    let mut signals = signal_hook::iterator::Signals::new(heard)?;
    let sender = sender.clone();
    listener("signals", sender.clone(), move || {
        for signal in signals.forever() {
            let message = match signal {
                SIGTSTP => Message::Suspend,
                SIGCONT => Message::Continued,
                _ => Message::End,
            };
            if sender.send(message).is_err() {
                break;
            }
        }
    })
}

#[cfg(not(unix))]
fn listen_to_signals(_: &SyncSender<Message>) -> std::io::Result<()> {
    Ok(())
}
