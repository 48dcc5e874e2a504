//! What tests share: where the data lies, and how a test without it says so.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use candle_core::{Device, Tensor};
use musicvae::checkpoint::{Checkpoint, Metadata};
use musicvae::internals::init;
use musicvae::model::{Compute, DeviceChoice, Preset, Prior, Tensors};
use musicvae::music::{Groove, Hit, midi_file};
use musicvae::training::{Event, RunSettings, Session, TrainOptions};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a GPU is tested by: the one that `MUSICVAE_TEST_DEVICE` names, or a rehearsal on the CPU.
pub fn test_device() -> Compute {
    let named = std::env::var("MUSICVAE_TEST_DEVICE").unwrap_or_default();
    match named.parse() {
        Ok(DeviceChoice::Cpu) | Err(_) => Compute::rehearsed(),
        Ok(choice) => choice.open().unwrap(),
    }
}

/// The folder that holds the Groove MIDI Dataset (`groove/`) and the reference's numbers
/// (`oracle/`): `$MUSICVAE_TUI_DATA`, or `shared` beside the checkout.
fn data_folder() -> PathBuf {
    std::env::var_os("MUSICVAE_TUI_DATA").map_or_else(
        || {
            let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
            let mut folders = above.map(|folder| folder.join("shared"));
            folders.find(|it| it.is_dir()).unwrap_or("shared".into())
        },
        PathBuf::from,
    )
}

/// The path of `relative` in the data folder; `None`, said on stderr, when it is not there: the
/// calling test then skips.
pub fn data(relative: &str) -> Option<PathBuf> {
    let path = data_folder().join(relative);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there (set MUSICVAE_TUI_DATA)",
        path.display()
    );
    None
}

/// A MIDI file of `bars` bars of drums at 100 quarter notes a minute, another one for every `seed`.
pub fn drums(seed: u64, bars: usize) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut groove = Groove {
        qpm: 100.0,
        ..Groove::empty(16 * bars)
    };
    for (index, step) in groove.steps.iter_mut().enumerate() {
        for (lane, cell) in step.iter_mut().enumerate() {
            if rng.random_bool(0.2) || (index % 4 == 0 && lane == 0) {
                let velocity = rng.random_range(0.1..1.0);
                *cell = Some(Hit::new(velocity, rng.random_range(-0.4..0.0)));
            }
        }
    }
    midi_file::write(&groove.to_note_sequence()).unwrap()
}

/// A corpus with an `info.csv` of files given by name, split and seed, five bars each.
pub fn corpus_of(folder: &Path, files: &[(&str, &str, u64)]) {
    std::fs::create_dir_all(folder).unwrap();
    let mut info = "midi_filename,split\n".to_string();
    for (name, split, seed) in files {
        std::fs::write(folder.join(name), drums(*seed, 5)).unwrap();
        info += &format!("{name},{split}\n");
    }
    std::fs::write(folder.join("info.csv"), info).unwrap();
}

/// A corpus of three files to train on and two to validate on.
pub fn corpus(folder: &Path) {
    let files = [
        ("a.mid", "train", 1),
        ("b.mid", "train", 2),
        ("c.mid", "train", 3),
        ("d.mid", "validation", 4),
        ("e.mid", "validation", 5),
    ];
    corpus_of(folder, &files);
}

/// A run that trains until it is told to stop, on every core.
pub struct Training {
    session: Session,
    told: Receiver<Event>,
    _folder: tempfile::TempDir,
    steps: u64,
}

impl Training {
    /// Starts it with `batch` windows a step, on `data` or on grooves that are made up, and waits for
    /// its first step.
    pub fn start(data: Option<&Path>, batch: usize) -> Training {
        let folder = tempfile::tempdir().expect("a folder");
        let data = data.map_or_else(
            || {
                let corpus = folder.path().join("corpus");
                let names: Vec<String> = (0..40).map(|n| format!("{n}.mid")).collect();
                let files = names.iter().zip(0..).map(|(name, seed)| {
                    let split = if seed < 36 { "train" } else { "validation" };
                    (name.as_str(), split, seed)
                });
                corpus_of(&corpus, &files.collect::<Vec<_>>());
                corpus
            },
            Path::to_path_buf,
        );
        let run = RunSettings::new(Preset::groovae_4bar());
        let (tell, told) = channel();
        let options = TrainOptions {
            steps: u64::MAX,
            batch,
            seed: 1,
            device: DeviceChoice::Cpu,
            ..TrainOptions::new(run, data, folder.path().join("run"))
        };
        let session = Session::spawn(|| Ok(options), move |event| drop(tell.send(event)));
        let mut training = Training {
            session: session.expect("a thread for the trainer"),
            told,
            _folder: folder,
            steps: 0,
        };
        while training.steps() == 0 {
            assert!(training.session.is_running(), "training ended at once");
            thread::sleep(Duration::from_millis(20));
        }
        training
    }

    /// Steps so far.
    pub fn steps(&mut self) -> u64 {
        for event in self.told.try_iter() {
            match event {
                Event::Record(_) => self.steps += 1,
                Event::Failed(reason) => panic!("{reason}"),
                _ => (),
            }
        }
        self.steps
    }
}

/// `groovae_4bar` with the sizes of a toy.
pub fn small_preset() -> Preset {
    let (encoder, decoder) = (vec![3], vec![2, 4]);
    Preset {
        z_size: 5,
        encoder,
        decoder,
        ..Preset::groovae_4bar()
    }
}

/// A checkpoint of `preset` with random weights and Adam's moments.
pub fn random_checkpoint(preset: Preset, seed: u64) -> Checkpoint {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut random = |shape: &[usize]| {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| rng.random_range(-1.0..1.0))
            .collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    };
    let (mut tensors, mut optimizer) = (Tensors::new(), Tensors::new());
    for (name, shape) in preset.parameter_shapes() {
        tensors.insert(name.clone(), random(&shape));
        optimizer.insert(format!("m/{name}"), random(&shape));
        optimizer.insert(format!("v/{name}"), random(&shape));
    }
    let prior = Prior::shapes(2, preset.z_size).map(|(name, shape)| (name.into(), random(&shape)));
    let prior = Prior::of_tensors(&prior.into_iter().collect()).unwrap();
    let mut metadata = Metadata {
        seed: Some(u64::MAX),
        ..Metadata::of_this_run(1234)
    };
    metadata
        .notes
        .insert(Metadata::VALIDATION_LOSS.into(), 21.5.into());
    metadata
        .notes
        .insert("why".into(), "\"crc32c\":\"ffffffff\"".into());
    Checkpoint {
        preset,
        tensors,
        optimizer,
        prior,
        metadata,
    }
}

/// The checkpoint of a new model whose latents decode to different music; a small one answers at
/// once.
pub fn new_model(preset: Preset) -> Checkpoint {
    let mut tensors = init::random_weights(&preset, 1).unwrap();
    // Otherwise every latent of a new model decodes to nearly the same.
    for name in ["decoder/z_to_initial_state/kernel", "encoder/mu/kernel"] {
        let kernel = tensors.get_mut(name).unwrap();
        *kernel = (&*kernel * 500.0).unwrap();
    }
    Checkpoint {
        preset,
        tensors,
        optimizer: Tensors::new(),
        prior: Prior::default(),
        metadata: Metadata::of_this_run(3),
    }
}
