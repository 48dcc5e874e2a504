//! From the queues of a recording to its files.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::files::{self, Wav};
use super::tap::Happening;
use crate::engine::time::units::TICKS_PER_QUARTER;
use musicvae::music::midi_file::{Layout, Take};
use musicvae::music::write_whole_file;

/// Time between two updates of the WAV header, and of the MIDI file.
const FLUSH_SOUND: Duration = Duration::from_secs(1);
const FLUSH_MIDI: Duration = Duration::from_secs(2);

/// Samples that are written at a time.
const BLOCK: usize = 1 << 14;

/// What the thread has in hand.
pub(crate) struct Writer {
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
    /// When the WAV header and the MIDI file were brought up to date.
    flushed: [Instant; 2],
    /// Frames that were lost and written as silence.
    missing: u64,
    /// Strokes and the like that were lost.
    lost: u64,
    /// The files that were closed.
    pub done: Vec<PathBuf>,
}

impl Writer {
    /// Takes from the two queues and writes into unfinished files that are there already.
    pub fn new(
        happenings: rtrb::Consumer<Happening>,
        sound: Option<rtrb::Consumer<f32>>,
        wav_path: Option<PathBuf>,
        midi_path: Option<PathBuf>,
    ) -> Writer {
        Writer {
            happenings,
            sound,
            waiting: VecDeque::new(),
            taken: 0,
            rate: 0,
            wav: None,
            wav_path,
            wavs: 0,
            midi_path,
            take: Take::new(TICKS_PER_QUARTER),
            take_changed: false,
            flushed: [Instant::now(); 2],
            missing: 0,
            lost: 0,
            done: Vec::new(),
        }
    }

    /// Whether the other end of the queues is gone.
    pub fn is_abandoned(&self) -> bool {
        self.happenings.is_abandoned()
    }

    /// Writes everything that waits; `true` when the end has come. An error is one sentence.
    pub fn drain(&mut self) -> Result<bool, String> {
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
            Happening::Moved {
                tick,
                controller,
                value,
            } => {
                // The first value is told late: it is the one that the recording began with.
                let movements = &mut self.take.movements;
                let is_known = movements.iter().any(|it| it.1 == controller);
                let tick = if is_known { tick } else { 0 };
                movements.push((tick, controller, value));
            }
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
    pub fn keep_whole(&mut self) -> Result<(), String> {
        if let Some((wav, path)) = &mut self.wav
            && self.flushed[0].elapsed() > FLUSH_SOUND
        {
            self.flushed[0] = Instant::now();
            wav.flush().map_err(|error| broken(path, &error))?;
        }
        if self.take_changed && self.flushed[1].elapsed() > FLUSH_MIDI {
            self.flushed[1] = Instant::now();
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
            .encode(Layout::Drums)
            .map_err(|error| format!("{}: {error}.", path.display()))?;
        write_whole_file(&files::unfinished(path), |out| out.write_all(&bytes))
            .map_err(|error| broken(path, &error))
    }

    /// What the recording lacks.
    pub fn losses(&self) -> Option<String> {
        let seconds = self.missing as f64 / f64::from(self.rate.max(1));
        match (self.missing, self.lost) {
            (0, 0) => None,
            (0, lost) => Some(format!(
                "The disk was too slow: strokes that were not recorded: {lost}."
            )),
            _ => Some(format!(
                "The disk was too slow: {seconds:.1} s of the recorded sound are silent."
            )),
        }
    }

    /// Closes everything, as far as that is possible; the first thing that went wrong.
    pub fn close(&mut self) -> Option<String> {
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
