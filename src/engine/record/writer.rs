//! The thread that writes a recording to its files.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::files::{self, Wav};
use super::tap::{Happening, Tap};
use super::{RecordOptions, Recording, TICKS_PER_QUARTER};
use crate::engine::control::{CoreSender, Slow};
use crate::engine::handle::join_within;
use crate::engine::messages::CoreCommand;
use crate::music::{midi_file::Take, write_whole_file};

/// Samples that can wait for the disk: 22 seconds at 48,000 frames a second, 8 MB.
const SOUND_ROOM: usize = 1 << 21;

/// Strokes and the like that can wait: several minutes of the busiest playing.
const ROOM: usize = 1 << 15;

/// Time between two looks at the queues.
const TICK: Duration = Duration::from_millis(40);

/// Time between two updates of the WAV header, and of the MIDI file.
const FLUSH_SOUND: Duration = Duration::from_secs(1);
const FLUSH_MIDI: Duration = Duration::from_secs(2);

/// Samples that are written at a time.
const BLOCK: usize = 1 << 14;

/// A recording, held from outside.
pub(crate) struct Recorder {
    quit: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Starts the thread that makes the files and then hands its tap to the core. `stop` is set
    /// when the recording is to end. What goes wrong is said in `slow`.
    pub fn start(
        options: RecordOptions,
        stop: Arc<AtomicBool>,
        core: Arc<CoreSender>,
        slow: Arc<Mutex<Slow>>,
    ) -> io::Result<Recorder> {
        let quit = Arc::new(AtomicBool::new(false));
        let flag = quit.clone();
        let work = move || {
            let ended = catch_unwind(AssertUnwindSafe(|| {
                record(&options, &stop, &flag, &core, &slow)
            }));
            core.send(CoreCommand::StopRecording);
            let (files, error) = ended.unwrap_or_else(|_| {
                let fault = "Recording broke off by a fault in the program: what was written is in \
                             the .part files.";
                (Vec::new(), Some(fault.to_string()))
            });
            say(&slow, |slow| {
                slow.recording = None;
                slow.recorded = files.into();
                slow.record_error = error;
            });
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

    /// Has the files closed with what there is, and waits for that.
    pub fn finish(self, patience: Duration) {
        self.quit.store(true, Relaxed);
        self.thread.thread().unpark();
        join_within(self.thread, patience);
    }
}

fn say(slow: &Mutex<Slow>, change: impl FnOnce(&mut Slow)) {
    change(&mut slow.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Records until it is told to stop; returns the files and what went wrong.
fn record(
    options: &RecordOptions,
    stop: &AtomicBool,
    quit: &AtomicBool,
    core: &CoreSender,
    slow: &Mutex<Slow>,
) -> (Vec<PathBuf>, Option<String>) {
    let endings: Vec<&str> = [(options.sound, "wav"), (options.midi, "mid")]
        .into_iter()
        .filter_map(|(wanted, ending)| wanted.then_some(ending))
        .collect();
    if endings.is_empty() {
        let nothing = "Neither sound nor MIDI is to be recorded: switch one on in [record].";
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
    let mut takes = Writer {
        happenings,
        sound,
        waiting: VecDeque::new(),
        taken: 0,
        rate: 0,
        wav: None,
        wav_path: path("wav"),
        wavs: 0,
        midi_path: path("mid"),
        take: Take::new(TICKS_PER_QUARTER),
        take_changed: false,
        missing: 0,
        lost: 0,
        done: Vec::new(),
    };
    say(slow, |slow| {
        slow.record_error = None;
        slow.recording = Some(Recording {
            name: name.clone(),
            folder: paths[0].parent().map(Path::to_path_buf).unwrap_or_default(),
            sound: options.sound,
            midi: options.midi,
            seconds: None,
        });
    });
    let tap = Box::new(Tap::new(told, heard, options.on_bar));
    let mut error = None;
    if !core.send(CoreCommand::Record(tap)) {
        error = Some("The engine is too busy to begin a recording: try again.".to_string());
    } else if stop.load(Relaxed) {
        // Told to stop before there was anything to stop.
        core.send(CoreCommand::StopRecording);
    }
    let mut flushed = [Instant::now(); 2];
    while error.is_none() {
        // Asked before the queues are emptied, so that nothing is left in them.
        let last = quit.load(Relaxed) || takes.happenings.is_abandoned();
        error = match takes.drain() {
            Ok(true) => break,
            Ok(false) if last => break,
            Ok(false) => takes.keep_whole(&mut flushed).err(),
            Err(reason) => Some(reason),
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

/// What the thread has in hand.
struct Writer {
    happenings: rtrb::Consumer<Happening>,
    sound: Option<rtrb::Consumer<f32>>,
    /// What happens at frames that were not written yet.
    waiting: VecDeque<Happening>,
    /// Frames taken from the queue.
    taken: u64,
    rate: u32,
    wav: Option<(Wav<File>, PathBuf)>,
    /// The first WAV file; where the rate changes or the file is full, others follow.
    wav_path: Option<PathBuf>,
    wavs: usize,
    midi_path: Option<PathBuf>,
    take: Take,
    take_changed: bool,
    /// Frames that were lost and written as silence.
    missing: u64,
    /// Strokes and the like that were lost.
    lost: u64,
    done: Vec<PathBuf>,
}

impl Writer {
    /// Writes everything that waits; `true` when the end has come. An error is one sentence.
    fn drain(&mut self) -> Result<bool, String> {
        // Sound first, then what happens: whatever belongs to this sound is then there.
        let heard = self.sound.as_ref().map_or(0, |sound| sound.slots() / 2);
        let until = self.taken + heard as u64;
        while let Ok(happening) = self.happenings.pop() {
            self.waiting.push_back(happening);
        }
        while let Some(happening) = self.waiting.front().copied() {
            let at = match happening {
                Happening::Rate { at, .. }
                | Happening::Gap { at, .. }
                | Happening::End { at, .. } => at,
                _ => 0,
            };
            if at > until {
                break;
            }
            self.take_sound(at)?;
            self.waiting.pop_front();
            if self.follow(happening)? {
                return Ok(true);
            }
        }
        self.take_sound(until)?;
        Ok(false)
    }

    /// Takes note of what happens; `true` for the end.
    fn follow(&mut self, happening: Happening) -> Result<bool, String> {
        match happening {
            Happening::Rate { rate, .. } => {
                self.rate = rate;
                if self.sound.is_some() {
                    self.open_wav()?;
                }
                return Ok(false);
            }
            Happening::Gap { frames, .. } => {
                self.missing += frames;
                let silence = [0.0; BLOCK];
                let mut left = 2 * frames as usize;
                while left > 0 {
                    let count = left.min(BLOCK);
                    self.write(&silence[..count])?;
                    left -= count;
                }
                return Ok(false);
            }
            Happening::Tempo { tick, qpm } => self.take.tempos.push((tick, qpm)),
            Happening::Meter { tick, meter } => self.take.meters.push((tick, meter)),
            Happening::Stroke {
                tick,
                lane,
                velocity,
            } => self.take.strokes.push((tick, lane, velocity)),
            Happening::End { tick, lost, .. } => {
                self.lost = lost;
                self.take.end = tick;
                self.take_changed = true;
                return Ok(true);
            }
        }
        self.take_changed = true;
        Ok(false)
    }

    /// Writes sound up to frame `until`.
    fn take_sound(&mut self, until: u64) -> Result<(), String> {
        let mut block = Vec::new();
        while self.taken < until {
            let Some(sound) = &mut self.sound else { break };
            let count = (2 * (until - self.taken) as usize).min(BLOCK);
            let Ok(chunk) = sound.read_chunk(count) else {
                break;
            };
            let (first, second) = chunk.as_slices();
            block.clear();
            block.extend_from_slice(first);
            block.extend_from_slice(second);
            chunk.commit_all();
            self.taken += count as u64 / 2;
            self.write(&block)?;
        }
        Ok(())
    }

    /// Writes samples; a file that is full is followed by another.
    fn write(&mut self, mut samples: &[f32]) -> Result<(), String> {
        while !samples.is_empty() {
            let Some((wav, path)) = &mut self.wav else {
                return Ok(());
            };
            let written = wav.write(samples).map_err(|error| broken(path, &error))?;
            samples = &samples[written..];
            if !samples.is_empty() {
                self.open_wav()?;
            }
        }
        Ok(())
    }

    /// Closes the WAV file and begins the next one.
    fn open_wav(&mut self) -> Result<(), String> {
        self.close_wav()?;
        let Some(first) = &self.wav_path else {
            return Ok(());
        };
        self.wavs += 1;
        let (path, file) = if self.wavs == 1 {
            let growing = File::options().write(true).open(files::unfinished(first));
            (first.clone(), growing)
        } else {
            let path = files::numbered(first, self.wavs);
            let file = files::create(&path);
            (path, file)
        };
        let opened = file.and_then(|file| Wav::new(file, self.rate));
        let wav = opened.map_err(|error| broken(&path, &error))?;
        self.wav = Some((wav, path));
        Ok(())
    }

    /// Closes the WAV file and gives it its name.
    fn close_wav(&mut self) -> Result<(), String> {
        let Some((mut wav, path)) = self.wav.take() else {
            return Ok(());
        };
        let empty = wav.frames() == 0;
        let flushed = wav.flush();
        drop(wav);
        if empty {
            let _ = fs::remove_file(files::unfinished(&path));
            return Ok(());
        }
        let synced = File::open(files::unfinished(&path)).and_then(|file| file.sync_all());
        let finished = files::finish(&path).map_err(|error| broken(&path, &error))?;
        self.done.push(finished);
        flushed.and(synced).map_err(|error| broken(&path, &error))
    }

    /// Brings the files on the disk up to date when it is time.
    fn keep_whole(&mut self, flushed: &mut [Instant; 2]) -> Result<(), String> {
        if let Some((wav, path)) = &mut self.wav
            && flushed[0].elapsed() > FLUSH_SOUND
        {
            flushed[0] = Instant::now();
            wav.flush().map_err(|error| broken(path, &error))?;
        }
        if self.take_changed && flushed[1].elapsed() > FLUSH_MIDI {
            flushed[1] = Instant::now();
            self.write_midi()?;
        }
        Ok(())
    }

    fn write_midi(&mut self) -> Result<(), String> {
        let Some(path) = &self.midi_path else {
            return Ok(());
        };
        self.take_changed = false;
        let bytes = self
            .take
            .encode()
            .map_err(|error| format!("{}: {error}.", path.display()))?;
        write_whole_file(&files::unfinished(path), |out| out.write_all(&bytes))
            .map_err(|error| broken(path, &error))
    }

    /// What the recording lacks.
    fn losses(&self) -> Option<String> {
        let seconds = self.missing as f64 / f64::from(self.rate.max(1));
        match (self.missing, self.lost) {
            (0, 0) => None,
            (0, lost) => Some(format!(
                "The disk was too slow: {lost} strokes were not recorded."
            )),
            _ => Some(format!(
                "The disk was too slow: {seconds:.1} s of the recorded sound are silent."
            )),
        }
    }

    /// Closes everything, as far as that is possible; the first thing that went wrong.
    fn close(&mut self) -> Option<String> {
        let mut error = None;
        if let Some(path) = self.wav_path.clone() {
            if self.wavs == 0 {
                let _ = fs::remove_file(files::unfinished(&path));
            }
            error = self.close_wav().err();
        }
        if let Some(path) = self.midi_path.clone() {
            if self.take.strokes.is_empty() {
                let _ = fs::remove_file(files::unfinished(&path));
            } else {
                let written = self.write_midi();
                let finished = files::finish(&path).map_err(|error| broken(&path, &error));
                let finished = finished.map(|path| self.done.push(path));
                error = error.or(written.err()).or(finished.err());
            }
        }
        error
    }
}

fn broken(path: &Path, error: &io::Error) -> String {
    format!(
        "Recording ended: {} can't be written ({error}); what came before is kept.",
        path.display()
    )
}
