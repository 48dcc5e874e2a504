//! From a checkpoint to what is known about it, and to the drummer that plays it.

use std::path::{Path, PathBuf};

use super::inference::{Answer, Job, Model};
use crate::studio::ground::quality::Quality;
use crate::studio::ground::{Kin, Locked, ModelInfo};
use crate::studio::training::Curves;
use musicvae::checkpoint::Checkpoint;
use musicvae::checkpoint::attributes::{Attribute, Attributes, Kind};
use musicvae::checkpoint::catalogue::Source;
use musicvae::data::{Split, Window};
use musicvae::model::{Compute, Decoding, Preset};
use musicvae::music::Groove;
use musicvae::training::folder;
use musicvae::{Drummer, Rework};

/// Opens a checkpoint: what it is, and its model ready to run on a device.
pub fn open(source: &Source, compute: &Compute) -> anyhow::Result<(ModelInfo, Model)> {
    let checkpoint = Checkpoint::open(source)?;
    if let Some(reason) = unplayable(&checkpoint.preset) {
        anyhow::bail!("{reason}");
    }
    let drummer = Drummer::on(compute, &checkpoint)?;
    let info = ModelInfo {
        source: source.clone(),
        name: name(source, &checkpoint.preset.name),
        preset: checkpoint.preset.name.clone(),
        step: checkpoint.metadata.step,
        z_size: checkpoint.preset.z_size,
        prior: checkpoint.prior.clone(),
        head: checkpoint.preset.head.clone(),
        steps: checkpoint.preset.steps(),
        log: log(source).records,
        qualities: qualities(source, &checkpoint),
    };
    Ok((info, Box::new(move |job| run(&drummer, job))))
}

/// What the model that a run wrote plays, and after which step that was. It is heard once, so it runs on
/// the CPU, whatever trains.
pub fn rehearse(path: &Path, how: Decoding) -> anyhow::Result<(u64, Groove)> {
    let checkpoint = Checkpoint::load(path)?;
    if let Some(reason) = unplayable(&checkpoint.preset) {
        anyhow::bail!("{reason}");
    }
    match Drummer::of(&checkpoint)?.sample(how, 120.0)? {
        Window::Groove(groove) => Ok((checkpoint.metadata.step, groove)),
        _ => anyhow::bail!("This model makes no grooves."),
    }
}

/// Why models of a preset can't be played on the drum grid, in one sentence; `None` when they can.
pub fn unplayable(preset: &Preset) -> Option<String> {
    let reason = preset.makes_grooves().err()?;
    Some(format!(
        "This model can't be played on the drum grid: {reason}."
    ))
}

/// The qualities that a checkpoint's grooves can be steered by, or why there are none. Attributes
/// that can't be used are no reason to refuse a model.
fn qualities(source: &Source, checkpoint: &Checkpoint) -> Result<Vec<Quality>, String> {
    let attributes = match Attributes::of(source, checkpoint) {
        Ok(Some(attributes)) => attributes,
        Ok(None) => return Err(without_attributes(source)),
        Err(error) => return Err(format!("{error}.")),
    };
    let quality = |attribute: Attribute| Quality {
        name: attribute.name,
        style: attribute.kind == Kind::Style,
        vector: attribute.vector,
    };
    Ok(attributes.attributes.into_iter().map(quality).collect())
}

fn without_attributes(source: &Source) -> String {
    match source {
        Source::Embedded(_) => {
            "This built-in model has no attribute vectors; `embedded` has some.".into()
        }
        Source::File(path) => format!(
            "This model has no attribute vectors: make them with `musicvae-tui attributes make {} \
             --data PATH`, and load it again.",
            path.display()
        ),
    }
}

fn run(drummer: &Drummer, job: Job) -> anyhow::Result<Answer> {
    Ok(match job {
        Job::Decode {
            z,
            steps,
            how,
            locked,
        } => Answer::Grooves(match (locked, z.split_first()) {
            (Some(locked), Some((first, rest))) => {
                let Locked { groove, cells } = *locked;
                let fitted = drummer.decode_around(first, &groove, &cells, how)?;
                let mut grooves = vec![fitted];
                grooves.extend(drummer.decode_long(rest, steps, how)?);
                grooves
            }
            _ => drummer.decode_long(&z, steps, how)?,
        }),
        Job::Glimpse { z, steps, how } => Answer::Relatives(drummer.decode_long(&z, steps, how)?),
        Job::Relate {
            groove,
            kin,
            temperature,
            seeds,
        } => Answer::Relatives(match kin {
            Kin::Variation(variation) => drummer.vary(&groove, &variation, temperature, &seeds)?,
            Kin::Fill(fill) => drummer.fill(&groove, &fill, temperature, &seeds)?,
            Kin::Extension(kept) => {
                let longer = |&seed: &u64| {
                    let how = Decoding { temperature, seed };
                    drummer.extend(&groove, &kept, how)
                };
                seeds.iter().map(longer).collect::<Result<_, _>>()?
            }
        }),
        Job::Encode(groove) => {
            let read = drummer.encode_groove(&groove)?;
            Answer::Points(read.into_iter().map(|it| it.mu).collect())
        }
        Job::Rework {
            rework,
            groove,
            how,
            ..
        } => {
            anyhow::ensure!(
                Rework::of(drummer.preset()) == Some(rework),
                "the checkpoint's preset is now {}, which does not do that",
                drummer.preset().name
            );
            Answer::Groove(drummer.rework(&groove, how)?)
        }
    })
}

/// What a player calls it. All runs name their files alike, so those have the run's folder before
/// them: `mine/best`.
fn name(source: &Source, preset: &str) -> String {
    let path = match source {
        Source::Embedded(embedded) => return embedded.name.to_string(),
        Source::File(path) => path,
    };
    let stem = path.file_stem().unwrap_or(preset.as_ref());
    let folder = path.parent().filter(|it| it.join(folder::LOG).is_file());
    match folder.and_then(Path::file_name) {
        Some(run) => format!("{}/{}", run.display(), stem.display()),
        None => stem.display().to_string(),
    }
}

/// The validation losses of a checkpoint's run, the first to the last.
pub fn losses(source: &Source) -> Vec<f64> {
    let records = log(source).records.into_iter();
    let checks = records.filter(|record| record.split == Split::Validation);
    checks.map(|record| record.loss).collect()
}

/// The training log beside a checkpoint: `<name>.csv`, or `log.csv` in its folder. A log that
/// can't be read is one that isn't there: the chart is no reason to refuse a model.
fn log(source: &Source) -> Curves {
    match source {
        Source::Embedded(embedded) => Curves::parse(embedded.log),
        Source::File(path) => {
            let beside = [path.with_extension("csv"), path.with_file_name(folder::LOG)];
            let read = |path: &PathBuf| std::fs::read_to_string(path).ok();
            beside
                .iter()
                .find_map(read)
                .map(|text| Curves::parse(&text))
                .unwrap_or_default()
        }
    }
}
