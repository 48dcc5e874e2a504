//! From one groove to another in eight steps through the latent space, as one MIDI file.
//!
//!     cargo run --release -p musicvae --example morph -- CHECKPOINT FROM.mid TO.mid OUT.mid
//!
//! Without arguments it runs on an untrained model and grooves of its own.

use std::error::Error;

use musicvae::data::Window;
use musicvae::model::Decoding;
use musicvae::music::{Hit, Lane};
use musicvae::{Checkpoint, Drummer, Groove, NoteSequence, Preset, midi_file};

/// The first window of `from` becomes that of `to`.
fn morph(
    drummer: &Drummer,
    from: &NoteSequence,
    to: &NoteSequence,
) -> Result<NoteSequence, Box<dyn Error>> {
    let [from, to] = [from, to].map(|sequence| drummer.windows(sequence));
    let (from, to) = (&from?.windows[0], &to?.windows[0]);
    // Temperature 0 takes the likeliest strokes, so that only the point on the path changes.
    let how = Decoding {
        temperature: 0.0,
        seed: 1,
    };
    let way = drummer.interpolate(from, to, 8, how)?;
    for (step, window) in way.iter().enumerate() {
        if let Window::Groove(groove) = window {
            println!("{}: {} strokes", step + 1, groove.hits().count());
        }
    }
    Ok(drummer.in_a_row(&way))
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [checkpoint, from, to, out] = &words[..] {
        let drummer = Drummer::open(checkpoint)?;
        let [from, to] = [from, to].map(|path| midi_file::read_path(path.as_ref()));
        midi_file::write_path(&morph(&drummer, &from?, &to?)?, out.as_ref())?;
        return Ok(());
    }
    let small = Preset {
        name: "small".into(),
        z_size: 16,
        encoder: vec![32],
        decoder: vec![32, 32],
        ..Preset::groovae_4bar()
    };
    let drummer = Drummer::of(&Checkpoint::untrained(small, 1)?)?;
    let every = |steps: usize, lane: Lane| {
        let mut groove = Groove::empty(64);
        for step in (0..64).step_by(steps) {
            groove.steps[step][lane.index()] = Some(Hit::new(0.8, 0.0));
        }
        groove.to_note_sequence()
    };
    morph(&drummer, &every(4, Lane::Kick), &every(2, Lane::ClosedHat)).map(drop)
}
