//! The real program on a pseudo-terminal, for tests and measurements.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::model::{Preset, Prior, Tensors};
use musicvae::music::{Groove, Hit, midi_file};
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ROWS: u16 = 30;
const COLUMNS: u16 = 100;
/// Far beyond what anything here takes, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// A model that learns and plays at once.
fn tiny() -> Preset {
    Preset {
        name: "tiny".into(),
        z_size: 8,
        encoder: vec![8],
        decoder: vec![8, 8],
        ..Preset::groovae_4bar()
    }
}

/// A checkpoint of a tiny model with random weights: grooves without sense, at once.
fn tiny_checkpoint(path: &Path) {
    let preset = tiny();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let tensors: Tensors = preset
        .parameter_shapes()
        .into_iter()
        .map(|(name, shape)| {
            let count = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|_| rng.random_range(-1.0..1.0)).collect();
            let tensor = candle_core::Tensor::from_vec(values, shape, &candle_core::Device::Cpu);
            (name, tensor.unwrap())
        })
        .collect();
    let metadata = Metadata::of_this_run(3);
    let checkpoint = Checkpoint {
        preset,
        tensors,
        optimizer: Tensors::new(),
        prior: Prior::default(),
        metadata,
    };
    checkpoint.save(path, Precision::Full).unwrap();
}

/// The program on its terminal.
pub struct Session {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    pub folder: tempfile::TempDir,
}

impl Session {
    pub fn open() -> Session {
        Session::open_with(|_| ())
    }

    /// With a command line and an environment of its own.
    pub fn open_with(change: impl FnOnce(&mut CommandBuilder)) -> Session {
        let folder = tempfile::tempdir().unwrap();
        // Where a working folder has this, takes go there.
        std::fs::create_dir(folder.path().join("takes")).unwrap();
        let checkpoint = folder.path().join("tiny.safetensors");
        tiny_checkpoint(&checkpoint);
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_musicvae-tui"));
        command.cwd(folder.path());
        command.env("TERM", "xterm-256color");
        for variable in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(variable, folder.path());
        }
        command.env_remove("MUSICVAE_TUI_CONFIG");
        command.env("MUSICVAE_TUI_FAULT", folder.path().join("fault"));
        command.args(["--checkpoint".as_ref(), checkpoint.as_os_str()]);
        change(&mut command);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let [rows, columns] = [ROWS, COLUMNS].map(|size| NonZero::new(size).unwrap());
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let seen = screen.clone();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .process(&bytes[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Session {
            master: pair.master,
            keys,
            child,
            screen,
            folder,
        }
    }

    /// With some grooves to learn from, and a tiny model that [`Session::train`] trains until it is stopped.
    pub fn open_to_train(change: impl FnOnce(&mut CommandBuilder)) -> Session {
        Session::open_with(|command| {
            let folder = PathBuf::from(command.get_cwd().unwrap());
            let data = folder.join("data");
            std::fs::create_dir(&data).unwrap();
            for file in 0..8 {
                let mut groove = Groove::empty(64);
                for step in (0..64).step_by(2 + file % 3) {
                    groove.steps[step][(step + file) % 9] = Some(Hit::new(0.6, 0.05));
                }
                let bytes = midi_file::encode(&groove.to_note_sequence()).unwrap().bytes;
                std::fs::write(data.join(format!("{file}.mid")), bytes).unwrap();
            }
            let preset = folder.join("tiny.toml");
            std::fs::write(&preset, tiny().to_toml()).unwrap();
            let config = folder.join("musicvae-tui");
            std::fs::create_dir_all(&config).unwrap();
            let training = format!(
                "[training]\npreset = {preset:?}\ndata = {data:?}\nout = {:?}\nsteps = 1000000000\n\
                 batch = 8\n",
                folder.join("run")
            );
            std::fs::write(config.join("config.toml"), training).unwrap();
            change(command);
        })
    }

    /// Has a model trained, wherever the keys are.
    pub fn train(&mut self) {
        // Out of whatever is open, into the chart, and through the form where none is trained.
        for keys in ["\x1b", "\x1b", "3", "\r", "\r"] {
            self.press(keys);
            thread::sleep(Duration::from_millis(60));
        }
    }

    /// Gives the terminal another size, in columns and rows.
    pub fn resize(&self, (cols, rows): (u16, u16)) {
        let mut parser = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        parser
            .screen_mut()
            .set_size(NonZero::new(rows).unwrap(), NonZero::new(cols).unwrap());
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).unwrap();
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Its process, while it runs.
    pub fn process(&self) -> Option<u32> {
        self.child.process_id()
    }

    pub fn text(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// What the terminal shows now, looked at by `eye`.
    pub fn look<T>(&self, eye: impl FnOnce(&vt100::Screen) -> T) -> T {
        let parser = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        eye(parser.screen())
    }

    /// Waits until the screen says `word`.
    pub fn until(&self, what: &str, seen: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !seen(&self.text()) {
            assert!(
                start.elapsed() < PATIENCE,
                "never saw {what}:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The terminal is as it was: no alternate screen, the cursor there, lines edited and echoed.
    pub fn assert_restored(&self) {
        let start = Instant::now();
        loop {
            let parser = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
            let screen = parser.screen();
            if !screen.alternate_screen() && !screen.hide_cursor() {
                break;
            }
            drop(parser);
            assert!(start.elapsed() < PATIENCE, "the terminal is not given back");
            thread::sleep(Duration::from_millis(20));
        }
        #[cfg(unix)]
        if let Some(terminal) = self.master.get_termios() {
            let flags = format!("{:?}", terminal.local_flags);
            assert!(
                flags.contains("ICANON") && flags.contains("ECHO"),
                "{flags}"
            );
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory that a process has, in MB.
#[cfg(target_os = "linux")]
pub fn memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}

/// Sends the program a signal by its name.
#[cfg(unix)]
impl Session {
    pub fn signal(&self, name: &str) {
        let process = self.process().unwrap();
        let killed = std::process::Command::new("kill")
            .args([format!("-{name}"), process.to_string()])
            .status();
        assert!(killed.unwrap().success());
    }
}

impl Session {
    /// Has a thread of the program panic at this place, and waits until it has. `nudge` gives it
    /// something to do there, again and again.
    pub fn break_at(&mut self, place: &str, mut nudge: impl FnMut(&mut Session)) {
        let file = self.folder.path().join("fault");
        std::fs::write(&file, place).unwrap();
        let start = Instant::now();
        while file.exists() {
            assert!(
                start.elapsed() < PATIENCE,
                "{place} never came by:\n{}",
                self.text()
            );
            nudge(self);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The files of the takes that were recorded: each closed, and readable by others.
    pub fn takes(&self) -> Vec<String> {
        let folder = self.folder.path().join("takes");
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        for name in &names {
            let path: PathBuf = folder.join(name);
            match path.extension().and_then(|ending| ending.to_str()) {
                Some("wav") => {
                    let wav = hound::WavReader::open(&path).unwrap();
                    assert!(wav.duration() > 0, "{name} is empty");
                }
                Some("mid") => {
                    let bytes = std::fs::read(&path).unwrap();
                    assert!(!midi_file::read(&bytes).unwrap().notes.is_empty(), "{name}");
                }
                _ => panic!("{name} was not closed"),
            }
        }
        names
    }
}
