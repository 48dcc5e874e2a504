//! `checkpoint whiten` and `fit-prior`: where a corpus lies in the latent space, and what new music
//! is drawn from.

use std::path::Path;

use super::super::settings::{Settings, file_of};
use super::super::target::Target;
use super::{Attached, ByCorpus, save};
use musicvae::Drummer;
use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::data::{DataError, Split, Window, load_windows};
use musicvae::model::{Compute, Posterior, Prior, whiten};
use musicvae::training::evaluate::mean_loss;

/// A note: how many windows the coordinates were made of.
const WHITENED_BY: &str = "whitened_by_windows";
/// A note: how many windows the prior was fitted to.
const PRIOR_OF: &str = "prior_of_windows";

/// A checkpoint, where it has the training windows, and where it goes when it is changed.
struct Given {
    checkpoint: Checkpoint,
    compute: Compute,
    drummer: Drummer,
    posteriors: Vec<Posterior>,
    target: Target,
    /// What a copy of the same weights can keep.
    attached: Option<Attached>,
}

fn read(settings: &Settings, files: &ByCorpus) -> anyhow::Result<Given> {
    let (source, checkpoint) = settings.open(&files.input)?;
    let inputs = file_of(&source).into_iter().chain([files.data.as_path()]);
    let target = files.output.target(settings, inputs)?;
    let attached = files.output.attached(settings, &source, &checkpoint)?;
    let compute = files.device.open_and_tell(settings)?;
    let drummer = Drummer::on(&compute, &checkpoint)?.reading(files.corpus.reading.reading());
    let windows = load_windows(&files.data, Some(Split::Train), drummer.converter())?;
    files.corpus.tell(Some(Split::Train), &windows.report());
    let posteriors = drummer.encode(&windows.windows)?;
    Ok(Given {
        checkpoint,
        compute,
        drummer,
        posteriors,
        target,
        attached,
    })
}

pub(super) fn whitened(settings: &Settings, files: &ByCorpus) -> anyhow::Result<()> {
    let Given {
        mut checkpoint,
        compute,
        drummer,
        posteriors,
        target,
        ..
    } = read(settings, files)?;
    checkpoint.tensors = whiten(&checkpoint.preset, &checkpoint.tensors, &posteriors)?;
    checkpoint.optimizer.clear();
    let windows = posteriors.len();
    let notes = &mut checkpoint.metadata.notes;
    notes.insert(WHITENED_BY.into(), windows.into());
    // Of the weights and coordinates as they were.
    notes.remove(Metadata::VALIDATION_LOSS);
    notes.remove(PRIOR_OF);
    checkpoint.prior = Prior::default();
    if let Some(validation) = validation(&drummer, &files.data)? {
        let loss = mean_loss(&checkpoint, &compute, drummer.converter(), validation)?;
        let notes = &mut checkpoint.metadata.notes;
        notes.insert(Metadata::VALIDATION_LOSS.into(), loss.into());
    }
    // In other coordinates the vectors of attributes would mean something else.
    save(&checkpoint, &target, Precision::Full, None)?;
    let name = target.name();
    target.report(format_args!("{name} (by {windows} windows)"))
}

pub(super) fn with_prior(
    settings: &Settings,
    files: &ByCorpus,
    gaussians: Option<usize>,
    clarity: f64,
) -> anyhow::Result<()> {
    /// With 16 windows to each, 256 is where the likelihood of the Groove MIDI Dataset's validation
    /// windows is highest.
    const WINDOWS_EACH: usize = 16;
    const MOST: usize = 256;
    let Given {
        mut checkpoint,
        drummer,
        posteriors,
        target,
        attached,
        ..
    } = read(settings, files)?;
    let windows = posteriors.len();
    let gaussians = gaussians.unwrap_or((windows / WINDOWS_EACH).clamp(1, MOST));
    checkpoint.prior = Prior::fit(&posteriors, checkpoint.preset.z_size, gaussians)?;
    let notes = &mut checkpoint.metadata.notes;
    notes.insert(PRIOR_OF.into(), windows.into());
    let fitted = checkpoint.prior.clone();
    if clarity < 1.0 {
        checkpoint.prior = fitted.blurred(clarity as f32);
    }
    save(&checkpoint, &target, Precision::Full, attached)?;
    let name = target.name();
    target.report(format_args!(
        "{name} (of {windows} windows; Gaussians: {gaussians})"
    ))?;
    target.report(format_args!(
        "log likelihood, nats a window    N(0, I)       fitted"
    ))?;
    let line = |name: &str, posteriors: &[Posterior]| {
        let before = Prior::default().log_likelihood(posteriors)?;
        let after = fitted.log_likelihood(posteriors)?;
        target.report(format_args!("{name:30} {before:>9.1}    {after:>9.1}"))
    };
    line("training windows", &posteriors)?;
    if let Some(validation) = validation(&drummer, &files.data)? {
        line("validation windows", &drummer.encode(&validation)?)?;
    }
    Ok(())
}

/// The windows of a corpus's validation split, if it has any.
fn validation(drummer: &Drummer, data: &Path) -> anyhow::Result<Option<Vec<Window>>> {
    match load_windows(data, Some(Split::Validation), drummer.converter()) {
        Ok(validation) => Ok(Some(validation.windows)),
        Err(DataError::NoWindows { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
