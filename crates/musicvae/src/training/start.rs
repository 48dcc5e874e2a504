//! What a run begins with: the run that was there before, and the examples.

use super::examples::converter;
use super::settings::{
    Earlier, check_same, difference, differences, file_of_a_run, free_folder, latest,
};
use super::{Event, Examples, TrainOptions, TrainingError};
use crate::checkpoint::Checkpoint;
use crate::data::{Converter, DataError, Split, load_windows};

/// The run that is to go on, before the data is known; where there is none, `options.out` becomes a
/// folder that holds none.
pub(super) fn earlier_run(
    options: &mut TrainOptions,
    tell: &mut dyn FnMut(Event),
) -> Result<Option<Checkpoint>, TrainingError> {
    let path = latest(&options.out);
    match options.earlier {
        Earlier::Continued => {
            let run = Checkpoint::load(&path)?;
            check_same(&run.preset, &options.preset, &path)?;
            return Ok(Some(run));
        }
        Earlier::ContinuedIfSame if path.exists() => {
            let run = Checkpoint::load(&path)?;
            match difference(&run, options, None) {
                None => return Ok(Some(run)),
                Some(difference) => begin_beside(options, &difference, tell),
            }
        }
        Earlier::ContinuedIfSame | Earlier::Kept => options.out = free_folder(&options.out),
        Earlier::Refused => {
            if let Some(file) = file_of_a_run(&options.out) {
                let path = options.out.clone();
                return Err(TrainingError::Occupied { path, file });
            }
        }
    }
    Ok(None)
}

/// The run that goes on, now that its data are known by their fingerprint: differences are reported,
/// and a run of other data continues only if that is asked for.
pub(super) fn same_data(
    run: Checkpoint,
    options: &mut TrainOptions,
    fingerprint: &str,
    tell: &mut dyn FnMut(Event),
) -> Option<Checkpoint> {
    if options.earlier == Earlier::ContinuedIfSame
        && let Some(difference) = difference(&run, options, Some(fingerprint))
    {
        begin_beside(options, &difference, tell);
        return None;
    }
    for (what, found, wanted) in differences(&run.metadata, options, Some(fingerprint)) {
        tell(Event::Notice(format!(
            "the run was made with {what} {found} so far and goes on with {wanted}"
        )));
    }
    Some(run)
}

/// Makes the run begin in the next free folder.
fn begin_beside(options: &mut TrainOptions, difference: &str, tell: &mut dyn FnMut(Event)) {
    let taken = std::mem::take(&mut options.out);
    options.out = free_folder(&taken);
    tell(Event::Notice(format!(
        "{} holds another run ({difference}): the new one goes to {}",
        taken.display(),
        options.out.display()
    )));
}

/// The windows to learn from, those to watch where the corpus has any, and what is to be said of them.
pub(super) struct Loaded {
    pub train: Examples,
    pub validation: Option<Examples>,
    pub news: Vec<Event>,
}

pub(super) fn load_examples(options: &TrainOptions) -> Result<Loaded, TrainingError> {
    let preset = &options.preset;
    let load = |split, converter: &Converter| load_windows(&options.data, Some(split), converter);
    let converter = || {
        let mut converter = converter(preset)?;
        converter.reading = options.reading;
        if options.every_window {
            converter.max_windows = None;
        }
        Ok::<_, TrainingError>(converter)
    };
    let mut for_training = converter()?;
    for_training.hop = Some(options.hop_bars);
    for_training.seed = Some(options.seed);
    let train = load(Split::Train, &for_training)?;
    let mut news = vec![Event::Corpus(Split::Train, train.report())];
    let mut for_validation = converter()?;
    for_validation.hop = Some(preset.bars);
    let validation = match load(Split::Validation, &for_validation) {
        Ok(validation) => {
            news.push(Event::Corpus(Split::Validation, validation.report()));
            Some(Examples::new(for_validation, validation.windows))
        }
        Err(error @ DataError::NoWindows { .. }) => {
            news.push(Event::Notice(format!(
                "there is nothing to validate on, so no best checkpoint is kept: {error}"
            )));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let train = Examples::new(for_training, train.windows).varied(options.variation);
    Ok(Loaded {
        train,
        validation,
        news,
    })
}
