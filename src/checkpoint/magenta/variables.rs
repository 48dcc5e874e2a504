//! The reference's variables as our weights, optimizer slots and metadata.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::{Bundle, ElementType, MagentaError};
use crate::checkpoint::{Checkpoint, Metadata, encode::all_finite};
use crate::model::{Head, Preset, Tensors};

/// TensorFlow's names of Adam's first and second moments, and ours.
const SLOTS: [(&str, &str); 2] = [("/Adam_1", "v"), ("/Adam", "m")];

/// Imports the checkpoint that `path` means (see [`Bundle::open`]) under the preset whose weights
/// have its names and shapes. Where only sizes differ from a preset's (units, layers, `z_size`),
/// the preset is taken with the sizes that the weights have.
pub fn import(path: &Path) -> Result<Checkpoint, MagentaError> {
    import_among(path, &Preset::all())
}

/// [`import`] under one preset.
pub fn import_as(path: &Path, preset: Preset) -> Result<Checkpoint, MagentaError> {
    import_among(path, &[preset])
}

fn import_among(path: &Path, presets: &[Preset]) -> Result<Checkpoint, MagentaError> {
    let bundle = Bundle::open(path)?;
    let shapes = weight_shapes(&bundle);
    let resized = presets
        .iter()
        .filter_map(|preset| with_sizes_of(preset, &shapes));
    let preset = presets
        .iter()
        .cloned()
        .chain(resized)
        .find(|preset| fits(preset, &shapes));
    match preset {
        Some(preset) => read(&bundle, preset, path),
        None => Err(no_preset(&bundle, presets, &shapes)),
    }
}

/// Imports the checkpoint that `path` means as `preset`, which must have its names and shapes.
pub fn import_with(path: &Path, preset: Preset) -> Result<Checkpoint, MagentaError> {
    let bundle = Bundle::open(path)?;
    let shapes = weight_shapes(&bundle);
    if fits(&preset, &shapes) {
        read(&bundle, preset, path)
    } else {
        Err(no_preset(&bundle, &[preset], &shapes))
    }
}

type Shapes<'a> = BTreeMap<&'a str, &'a [usize]>;

/// The variables that are weights: floating-point tensors that are no optimizer slots.
fn weight_shapes(bundle: &Bundle) -> Shapes<'_> {
    let variables = bundle.variables().iter();
    let weights = variables.filter(|(name, variable)| {
        let float = !matches!(variable.element, Some(ElementType::I32 | ElementType::I64));
        let slot = SLOTS.iter().any(|(suffix, _)| {
            name.strip_suffix(suffix)
                .is_some_and(|weight| bundle.variables().contains_key(weight))
        });
        float && !slot && !variable.shape.is_empty()
    });
    weights
        .map(|(name, variable)| (name.as_str(), variable.shape.as_slice()))
        .collect()
}

fn fits(preset: &Preset, shapes: &Shapes) -> bool {
    misfit(preset, shapes).is_none()
}

/// The first weight in which checkpoint and preset differ, as a clause.
fn misfit(preset: &Preset, shapes: &Shapes) -> Option<String> {
    let name = &preset.name;
    let expected = preset.parameter_shapes();
    for (weight, shape) in &expected {
        match shapes.get(weight.as_str()) {
            None => return Some(format!("preset {name} needs `{weight}`, which it lacks")),
            Some(found) if found != shape => {
                return Some(format!(
                    "preset {name} needs `{weight}` with shape {shape:?}, and it has {found:?}"
                ));
            }
            Some(_) => {}
        }
    }
    let known = |weight: &str| expected.iter().any(|(expected, _)| expected == weight);
    let unknown = shapes.keys().find(|weight| !known(weight))?;
    Some(format!("it holds `{unknown}`, which preset {name} lacks"))
}

fn no_preset(bundle: &Bundle, presets: &[Preset], shapes: &Shapes) -> MagentaError {
    let reasons: Vec<_> = presets
        .iter()
        .filter_map(|preset| misfit(preset, shapes))
        .collect();
    let names: Vec<_> = Preset::all()
        .into_iter()
        .map(|preset| preset.name)
        .collect();
    MagentaError::NoPreset {
        file: bundle.name().into(),
        reason: reasons.first().cloned().unwrap_or_default(),
        presets: names.join(", "),
    }
}

/// `preset` with the sizes that the shapes show; `None` where they show none.
fn with_sizes_of(preset: &Preset, shapes: &Shapes) -> Option<Preset> {
    let bias = |name: &str| shapes.get(name).and_then(|shape| shape.first().copied());
    // A cell's bias has its four gates.
    let units = |cell: &dyn Fn(usize) -> String| {
        (0..)
            .map_while(|layer| bias(&format!("{}/bias", cell(layer))).map(|gates| gates / 4))
            .collect::<Vec<_>>()
    };
    let lowest = preset.encoder_scope(0);
    let encoder = units(&|layer| Preset::encoder_cell(&lowest, layer, "fw"));
    let core = preset.cores().into_iter().next()?;
    let decoder = units(&|layer| core.cell(layer));
    let z_size = bias("encoder/mu/bias")?;
    let head = match &preset.head {
        Head::Nade { .. } => {
            let weights = shapes.get(&*format!("{}/nade/w_enc", core.scope))?;
            Head::Nade {
                hidden: weights.last().copied()?,
            }
        }
        other => other.clone(),
    };
    // Sizes beyond these are damage, and would overflow the shapes that follow from them.
    let sane = |size: &usize| (1..=1 << 20).contains(size);
    let all_sane = encoder.iter().chain(&decoder).chain([&z_size]).all(sane);
    let hidden_sane = !matches!(&head, Head::Nade { hidden } if !sane(hidden));
    (all_sane && hidden_sane).then(|| Preset {
        z_size,
        encoder,
        decoder,
        head,
        ..preset.clone()
    })
}

fn read(bundle: &Bundle, preset: Preset, path: &Path) -> Result<Checkpoint, MagentaError> {
    let mut tensors = Tensors::new();
    for (name, _) in preset.parameter_shapes() {
        let tensor = tensor(bundle, &name)?;
        tensors.insert(name, tensor);
    }
    let mut optimizer = Tensors::new();
    let mut metadata = Metadata::of_this_run(0);
    let mut left_out = Vec::new();
    for name in bundle
        .variables()
        .keys()
        .filter(|name| !tensors.contains_key(*name))
    {
        let slot = SLOTS.iter().find_map(|(suffix, slot)| {
            let weight = name.strip_suffix(suffix)?;
            tensors
                .contains_key(weight)
                .then(|| format!("{slot}/{weight}"))
        });
        match (slot, name.as_str()) {
            (Some(slot), _) => {
                optimizer.insert(slot, tensor(bundle, name)?);
            }
            (None, "beta1_power" | "beta2_power") => {
                optimizer.insert(name.clone(), tensor(bundle, name)?);
            }
            (None, "global_step") => metadata.step = step(bundle, name)?,
            (None, _) => left_out.push(Value::from(name.as_str())),
        }
    }
    metadata
        .notes
        .insert("imported_from".into(), path.display().to_string().into());
    if !left_out.is_empty() {
        metadata
            .notes
            .insert("variables_left_out".into(), Value::Array(left_out));
    }
    Ok(Checkpoint {
        preset,
        tensors,
        optimizer,
        metadata,
    })
}

/// A variable as a float32 tensor.
fn tensor(bundle: &Bundle, name: &str) -> Result<Tensor, MagentaError> {
    let bytes = bundle.read(name)?;
    let variable = &bundle.variables()[name];
    let dtype = match variable.element {
        Some(ElementType::F32) => DType::F32,
        Some(ElementType::F64) => DType::F64,
        Some(ElementType::F16) => DType::F16,
        other => {
            return Err(refuse(
                bundle,
                name,
                format!("it holds {other:?}, not floats"),
            ));
        }
    };
    let tensor = Tensor::from_raw_buffer(&bytes, dtype, &variable.shape, &Device::Cpu)?;
    if !all_finite(&bytes, dtype) {
        return Err(refuse(
            bundle,
            name,
            "it has infinities or not-a-numbers".into(),
        ));
    }
    Ok(tensor.to_dtype(DType::F32)?)
}

/// The number of training steps.
fn step(bundle: &Bundle, name: &str) -> Result<u64, MagentaError> {
    let bytes = bundle.read(name)?;
    let step = match (bundle.variables()[name].element, bytes.as_slice()) {
        (Some(ElementType::I64), &[a, b, c, d, e, f, g, h]) => {
            i64::from_le_bytes([a, b, c, d, e, f, g, h])
        }
        (Some(ElementType::I32), &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]).into(),
        _ => return Err(refuse(bundle, name, "it is no single integer".into())),
    };
    u64::try_from(step).map_err(|_| refuse(bundle, name, format!("it is {step}")))
}

fn refuse(bundle: &Bundle, name: &str, reason: String) -> MagentaError {
    MagentaError::Variable {
        file: bundle.name().into(),
        variable: name.into(),
        reason,
    }
}
