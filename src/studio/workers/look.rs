//! Checks the path that a player is typing, so that the form can say what is there.

use std::path::Path;

use crate::embedded;
use crate::preset_name::preset_of_name;
use crate::studio::ground::Named;
use musicvae::checkpoint::catalogue::Source;
use musicvae::data::{Corpus, Split};
use musicvae::model::DeviceChoice;
use musicvae::training::folder;

/// What is at a place, or why it is of no use. `wanted` is told how many files were found so far, and
/// says whether to go on.
pub fn at(
    named: Named,
    path: &Path,
    wanted: &mut dyn FnMut(usize) -> bool,
) -> Result<String, String> {
    match named {
        Named::Preset => {
            let preset = preset_of_name(&path.to_string_lossy())?;
            Ok(format!(
                "{}, {} bars",
                preset.representation.makes(),
                preset.bars
            ))
        }
        Named::Device => {
            let choice: DeviceChoice = path.to_string_lossy().parse()?;
            let compute = choice.open().map_err(|error| error.to_string())?;
            let sentence = compute.training_sentence();
            Ok(sentence.unwrap_or_else(|| "the CPU trains".into()))
        }
        Named::Corpus => corpus(path, wanted),
        Named::RunFolder if path.join(folder::LATEST).exists() => Ok(
            "it holds a run, which goes on where data and settings are the same; else the new one \
             takes the next free folder"
                .into(),
        ),
        Named::RunFolder if path.exists() && !path.is_dir() => {
            Err("it is a file: name a folder".into())
        }
        Named::RunFolder => Ok("a new run".into()),
        Named::Checkpoint => match embedded::named(path) {
            Source::Embedded(embedded) => Ok(format!("the weights of {}", embedded.name)),
            Source::File(file) if file.exists() => Ok("its weights".into()),
            Source::File(_) => {
                Err("there is no such checkpoint: left and right go through them".into())
            }
        },
    }
}

/// How many files a corpus has, by its lists alone: what of them is used is seen when it is read.
fn corpus(path: &Path, wanted: &mut dyn FnMut(usize) -> bool) -> Result<String, String> {
    let ending = path.extension();
    if path.is_file() && ending.is_some_and(|it| it.eq_ignore_ascii_case("tfrecord")) {
        // It would have to be read whole.
        return Ok("a TFRecord".into());
    }
    let corpus = Corpus::open_while(path, wanted).map_err(|error| error.to_string())?;
    let of = |split| corpus.of_split(Some(split)).len();
    let (files, train, validation) = (
        corpus.entries().len(),
        of(Split::Train),
        of(Split::Validation),
    );
    match files {
        0 => Err("there is no MIDI file in it".into()),
        1 => Ok("1 file".into()),
        _ => Ok(format!(
            "{files} files: {train} to learn from, {validation} to check against"
        )),
    }
}
