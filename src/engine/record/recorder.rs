//! The thread of a recording, from making its files to closing them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::tap::{Tap, Tapped};
use super::writer::Writer;
use super::{Progress, RecordOptions, Recording, files};
use crate::engine::thread::{join_within, unpoisoned};
use musicvae::fault;

/// Samples that can wait for the disk: 22 seconds at 48,000 frames a second, 8 MB.
const SOUND_ROOM: usize = 1 << 21;

/// Strokes and the like that can wait: several minutes of the busiest playing.
const ROOM: usize = 1 << 15;

/// Time between two looks at the queues.
const TICK: Duration = Duration::from_millis(40);

/// A recording, held from outside.
pub(crate) struct Recorder {
    quit: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Starts the thread that makes the files and then hands its tap to the core. `stop` is set
    /// when the recording is to end. Errors are reported in `progress`.
    pub fn start(
        options: RecordOptions,
        stop: Arc<AtomicBool>,
        core: Arc<impl Tapped + 'static>,
        progress: Arc<Mutex<Progress>>,
    ) -> io::Result<Recorder> {
        let quit = Arc::new(AtomicBool::new(false));
        let flag = quit.clone();
        let work = move || {
            let ended = catch_unwind(AssertUnwindSafe(|| {
                record(&options, &stop, &flag, &*core, &progress)
            }));
            core.untap();
            let (files, error) = ended.unwrap_or_else(|_| {
                let fault = "Recording broke off by a fault in the program: what was written is in \
                             the .part files.";
                (Vec::new(), Some(fault.to_string()))
            });
            *unpoisoned(&progress) = Progress {
                recording: None,
                recorded: files.into(),
                error,
            };
        };
        let thread = thread::Builder::new().name("engine-recorder".into());
        Ok(Recorder {
            quit,
            thread: thread.spawn(work)?,
        })
    }

    pub fn is_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// Closes the files with what there is, and waits for that.
    pub fn finish(self, patience: Duration) {
        self.quit.store(true, Relaxed);
        self.thread.thread().unpark();
        join_within(self.thread, patience);
    }
}

/// Records until it is told to stop; returns the files and what went wrong.
fn record(
    options: &RecordOptions,
    stop: &AtomicBool,
    quit: &AtomicBool,
    core: &impl Tapped,
    progress: &Mutex<Progress>,
) -> (Vec<PathBuf>, Option<String>) {
    let endings: Vec<&str> = [(options.sound, "wav"), (options.midi, "mid")]
        .into_iter()
        .filter_map(|(wanted, ending)| wanted.then_some(ending))
        .collect();
    if endings.is_empty() {
        let nothing = "Recording is off for both sound and MIDI: turn one on under [record].";
        return (Vec::new(), Some(nothing.into()));
    }
    let (name, paths) = match files::new_take(&options.folder, &endings) {
        Ok(take) => take,
        Err(reason) => return (Vec::new(), Some(reason)),
    };
    let path = |ending: &str| {
        let is = |path: &&PathBuf| path.extension().is_some_and(|it| it == ending);
        paths.iter().find(is).cloned()
    };
    let (told, happenings) = rtrb::RingBuffer::new(ROOM);
    let (heard, sound) = sound_queue(options.sound);
    let mut takes = Writer::new(happenings, sound, path("wav"), path("mid"));
    {
        let mut progress = unpoisoned(progress);
        progress.error = None;
        progress.recording = Some(Recording {
            name,
            folder: paths[0].parent().map(Path::to_path_buf).unwrap_or_default(),
            sound: options.sound,
            midi: options.midi,
            seconds: None,
        });
    }
    let tap = Box::new(Tap::new(told, heard, options.start));
    let mut error = None;
    if !core.tap(tap) {
        error = Some("The engine is too busy to begin a recording: try again.".to_string());
    } else if stop.load(Relaxed) {
        // Told to stop before there was anything to stop.
        core.untap();
    }
    while error.is_none() {
        // Asked before the queues are emptied, so that nothing is left in them.
        let last = quit.load(Relaxed) || takes.is_abandoned();
        // A fault here must not leave behind what is not closed.
        let drained = catch_unwind(AssertUnwindSafe(|| {
            fault::point("recorder");
            takes.drain()
        }));
        error = match drained {
            Ok(Ok(true)) => break,
            Ok(Ok(false)) if last => break,
            Ok(Ok(false)) => takes.keep_whole().err(),
            Ok(Err(reason)) => Some(reason),
            Err(_) => Some(
                "A fault in the program ended the recording; everything before it is kept.".into(),
            ),
        };
        if error.is_none() {
            thread::park_timeout(TICK);
        }
    }
    let closing = takes.close();
    let error = error.or(closing).or_else(|| takes.losses());
    (takes.done, error)
}

/// The sound's queue, every page of which was touched once: the audio thread must not be the one
/// that the system gives them to.
fn sound_queue(wanted: bool) -> (Option<rtrb::Producer<f32>>, Option<rtrb::Consumer<f32>>) {
    if !wanted {
        return (None, None);
    }
    let (mut heard, mut sound) = rtrb::RingBuffer::new(SOUND_ROOM);
    if let Ok(mut chunk) = heard.write_chunk(SOUND_ROOM) {
        chunk.as_mut_slices().0.fill(0.0);
        chunk.commit_all();
    }
    if let Ok(chunk) = sound.read_chunk(SOUND_ROOM) {
        chunk.commit_all();
    }
    (Some(heard), Some(sound))
}
