//! `checkpoint whiten` and `fit-prior`: where a corpus lies in the latent space, and what new music
//! is drawn from.

use std::path::Path;

use super::super::output::say;
use super::ByCorpus;
use musicvae::Drummer;
use musicvae::checkpoint::{Checkpoint, Metadata, Precision};
use musicvae::data::{DataError, Split, Window, load_windows};
use musicvae::model::{Posterior, Prior, whiten};
use musicvae::training::evaluate::mean_loss;

/// A note: how many windows the coordinates were made of.
const WHITENED_BY: &str = "whitened_by_windows";
/// A note: how many windows the prior was fitted to.
const PRIOR_OF: &str = "prior_of_windows";

/// The checkpoint, and where it has the training windows.
fn read(files: &ByCorpus) -> anyhow::Result<(Checkpoint, Drummer, Vec<Posterior>)> {
    let checkpoint = Checkpoint::load(&files.input)?;
    let drummer = Drummer::of(&checkpoint)?;
    let corpus = load_windows(&files.data, Some(Split::Train), drummer.converter())?;
    let posteriors = drummer.encode(&corpus.windows)?;
    Ok((checkpoint, drummer, posteriors))
}

pub(super) fn whitened(files: &ByCorpus) -> anyhow::Result<()> {
    let (mut checkpoint, drummer, posteriors) = read(files)?;
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
        let loss = mean_loss(&checkpoint, drummer.converter(), validation)?;
        let notes = &mut checkpoint.metadata.notes;
        notes.insert(Metadata::VALIDATION_LOSS.into(), loss.into());
    }
    checkpoint.save(&files.output, Precision::Full)?;
    say!("{} (by {windows} windows)", files.output.display())
}

pub(super) fn with_prior(files: &ByCorpus, gaussians: Option<usize>) -> anyhow::Result<()> {
    /// With 16 windows to each, 256 is where the likelihood of the Groove MIDI Dataset's validation
    /// windows is highest.
    const WINDOWS_EACH: usize = 16;
    const MOST: usize = 256;
    let (mut checkpoint, drummer, posteriors) = read(files)?;
    let windows = posteriors.len();
    let gaussians = gaussians.unwrap_or((windows / WINDOWS_EACH).clamp(1, MOST));
    checkpoint.prior = Prior::fit(&posteriors, checkpoint.preset.z_size, gaussians)?;
    let notes = &mut checkpoint.metadata.notes;
    notes.insert(PRIOR_OF.into(), windows.into());
    checkpoint.save(&files.output, Precision::Full)?;
    let output = files.output.display();
    say!("{output} (of {windows} windows; Gaussians: {gaussians})")?;
    say!("log likelihood, nats a window    N(0, I)       fitted")?;
    let line = |name: &str, posteriors: &[Posterior]| {
        let before = Prior::default().log_likelihood(posteriors)?;
        let after = checkpoint.prior.log_likelihood(posteriors)?;
        say!("{name:30} {before:>9.1}    {after:>9.1}")
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
