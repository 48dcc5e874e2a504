//! The three steps: prepare, train, sample.
//!
//!     cargo run --release -p musicvae --example prepare_train_sample -- MIDI-FOLDER OUT-FOLDER STEPS
//!
//! Without arguments it trains a small model for a few steps, on grooves of its own.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use musicvae::data::{Corpus, tfrecord::write_record};
use musicvae::model::Decoding;
use musicvae::music::{Hit, Lane, Reading};
use musicvae::training::{Control, Event, RunSettings, TrainOptions, train};
use musicvae::{Drummer, Groove, Preset, midi_file};

fn three_steps(midi: &Path, out: &Path, preset: Preset, steps: u64) -> Result<(), Box<dyn Error>> {
    // Prepare: a folder of MIDI files becomes one file of note sequences.
    let corpus = Corpus::open(midi)?;
    let mut records = Vec::new();
    for read in corpus.map_read(&corpus.of_split(None), Reading::Played, |_, read| read) {
        write_record(&mut records, &read?.sequence.to_bytes())?;
    }
    let data = out.join("grooves.tfrecord");
    fs::write(&data, records)?;
    // Train: the run's folder receives checkpoints and a log.
    let run = out.join("run");
    let mut options = TrainOptions::new(RunSettings::new(preset), &data, &run);
    (options.steps, options.batch) = (steps, 32);
    train(options, &Control::default(), &mut |event| match event {
        Event::Record(record) => println!("step {}: loss {:.2}", record.step, record.loss),
        Event::Notice(text) => println!("{text}"),
        _ => {}
    })?;
    // Sample: four grooves at 120 quarter notes a minute, as MIDI files.
    let drummer = Drummer::open(run.join("latest.safetensors"))?;
    let how = Decoding {
        temperature: 0.8,
        seed: 1,
    };
    for (number, groove) in drummer.samples(4, how, 120.0)?.iter().enumerate() {
        let path = out.join(format!("groove-{}.mid", number + 1));
        midi_file::write_path(&groove.to_note_sequence(), &path)?;
        println!("{}", path.display());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [midi, out, steps] = &words[..] {
        fs::create_dir_all(out)?;
        return three_steps(
            midi.as_ref(),
            out.as_ref(),
            Preset::groovae_4bar(),
            steps.parse()?,
        );
    }
    let folder = tempfile::tempdir()?;
    let midi = some_grooves(folder.path())?;
    let small = Preset {
        name: "small".into(),
        z_size: 16,
        encoder: vec![32],
        decoder: vec![32, 32],
        ..Preset::groovae_4bar()
    };
    three_steps(&midi, folder.path(), small, 20)
}

/// A folder with eight files: a backbeat with hats, each a little later and softer than the one before.
fn some_grooves(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let midi = folder.join("midi");
    fs::create_dir(&midi)?;
    for file in 0..8_u8 {
        let amount = f32::from(file) / 8.0;
        let mut groove = Groove::empty(64);
        for step in (0..64).step_by(2) {
            let drum = match step % 8 {
                0 => Lane::Kick,
                4 => Lane::Snare,
                _ => Lane::ClosedHat,
            };
            groove.steps[step][drum.index()] = Some(Hit::new(1.0 - 0.5 * amount, -0.3 * amount));
        }
        midi_file::write_path(
            &groove.to_note_sequence(),
            &midi.join(format!("{file}.mid")),
        )?;
    }
    Ok(midi)
}
