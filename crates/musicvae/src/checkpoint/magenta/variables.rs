//! The reference's variables as our weights, optimizer slots and metadata.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::{Bundle, ElementType, MagentaError};
use crate::checkpoint::{Checkpoint, Metadata, encode::all_finite};
use crate::model::{Head, Preset, Prior, Strokes, Tensors};

/// TensorFlow's names of Adam's first and second moments, and ours.
const SLOTS: [(&str, &str); 2] = [("/Adam_1", "v"), ("/Adam", "m")];

/// Imports the checkpoint that `path` means (see [`Bundle::open`]) under the first of the presets
/// that [`fitting`] finds.
pub fn import(path: &Path) -> Result<Checkpoint, MagentaError> {
    let bundle = Bundle::open(path)?;
    let shapes = weight_shapes(&bundle);
    match fitting_presets(&shapes, path).into_iter().next() {
        Some(preset) => read(&bundle, preset, path),
        None => Err(no_preset(&bundle, &Preset::all(), &shapes)),
    }
}

/// Imports the checkpoint that `path` means as `preset`, with the sizes that the weights have.
pub fn import_with(path: &Path, preset: Preset) -> Result<Checkpoint, MagentaError> {
    let bundle = Bundle::open(path)?;
    let shapes = weight_shapes(&bundle);
    let resized = with_sizes_of(&preset, &shapes).filter(|preset| fits(preset, &shapes));
    match resized {
        Some(preset) => read(&bundle, preset, path),
        None => Err(no_preset(&bundle, &[preset], &shapes)),
    }
}

/// The presets whose weights have the names and shapes of the checkpoint that `path` means, the
/// likeliest first: one that the path names, then those of these very sizes, then those that have
/// them where only sizes differ (units, layers, `z_size`). Several presets have all shapes in
/// common; only the maker of a checkpoint can say which one it is.
pub fn fitting(path: &Path) -> Result<Vec<Preset>, MagentaError> {
    let bundle = Bundle::open(path)?;
    Ok(fitting_presets(&weight_shapes(&bundle), path))
}

fn fitting_presets(shapes: &Shapes, path: &Path) -> Vec<Preset> {
    let path = path.to_string_lossy();
    let presets = Preset::all().into_iter();
    let mut fitting: Vec<(bool, usize, Preset)> = presets
        .filter_map(|preset| {
            let resized = with_sizes_of(&preset, shapes).filter(|preset| fits(preset, shapes))?;
            let named = if path.contains(&preset.name) {
                preset.name.len()
            } else {
                0
            };
            Some((preset != resized, named, resized))
        })
        .collect();
    // One preset's name begins another's; the longer says more.
    fitting.sort_by_key(|(resized, named, _)| (std::cmp::Reverse(*named), *resized));
    fitting.into_iter().map(|(_, _, preset)| preset).collect()
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

/// The most telling difference between checkpoint and preset, as a clause: a missing weight, one of
/// another shape, an unknown one.
fn misfit(preset: &Preset, shapes: &Shapes) -> Option<String> {
    let name = &preset.name;
    let expected = preset.parameter_shapes();
    let missing = expected
        .iter()
        .find(|(weight, _)| !shapes.contains_key(weight.as_str()));
    if let Some((weight, _)) = missing {
        return Some(format!("preset {name} needs `{weight}`, which it lacks"));
    }
    for (weight, shape) in &expected {
        let found = shapes[weight.as_str()];
        if found != shape {
            return Some(format!(
                "preset {name} needs `{weight}` with shape {shape:?}, and it has {found:?}"
            ));
        }
    }
    let known = |weight: &str| expected.iter().any(|(expected, _)| expected == weight);
    let unknown = shapes.keys().find(|weight| !known(weight))?;
    Some(format!("it holds `{unknown}`, which preset {name} lacks"))
}

/// Says what keeps the checkpoint from being the one of `presets` that it has most in common with.
fn no_preset(bundle: &Bundle, presets: &[Preset], shapes: &Shapes) -> MagentaError {
    let in_common = |preset: &Preset| {
        let expected = preset.parameter_shapes();
        let same = |(name, shape): &&(String, Vec<usize>)| {
            shapes.get(name.as_str()) == Some(&shape.as_slice())
        };
        expected.iter().filter(same).count()
    };
    let resized = |preset: &Preset| with_sizes_of(preset, shapes).unwrap_or(preset.clone());
    // Of equals the first, where `max_by_key` would take the last.
    let nearest = presets.iter().map(resized).rev().max_by_key(in_common);
    let names: Vec<_> = Preset::all()
        .into_iter()
        .map(|preset| preset.name)
        .collect();
    MagentaError::NoPreset {
        file: bundle.name().into(),
        reason: nearest
            .and_then(|preset| misfit(&preset, shapes))
            .unwrap_or_default(),
        presets: names.join(", "),
    }
}

/// `preset` with the sizes that the shapes show; `None` where they show none.
fn with_sizes_of(preset: &Preset, shapes: &Shapes) -> Option<Preset> {
    let size =
        |name: &str, axis: usize| shapes.get(name).and_then(|shape| shape.get(axis).copied());
    // A cell's bias has its four gates.
    let units = |cell: &dyn Fn(usize) -> String| {
        let biases = (0..).map_while(|layer| size(&format!("{}/bias", cell(layer)), 0));
        biases.map(|gates| gates / 4).collect::<Vec<_>>()
    };
    let core = preset.cores().into_iter().next()?;
    let scope = preset.encoder_scope(0);
    let or = |found: Vec<usize>, own: &Vec<usize>| match found.is_empty() {
        true => own.clone(),
        false => found,
    };
    let encoder = units(&|layer| Preset::encoder_cell(&scope, layer, "fw"));
    let encoder = or(encoder, &preset.encoder);
    let decoder = or(units(&|layer| core.cell(layer)), &preset.decoder);
    let z_size = size("encoder/mu/bias", 0)?;
    let head = match &preset.head {
        Head::Nade { .. } => Head::Nade {
            hidden: size(&format!("{}/nade/w_enc", core.scope), 2).unwrap_or(1),
        },
        head => head.clone(),
    };
    // Sizes beyond these are damage, and would overflow the shapes that follow from them.
    let sane = |size: &usize| (1..=1 << 20).contains(size);
    let hidden = head.parameters(1);
    let mut sizes = encoder.iter().chain(&decoder).chain([&z_size, &hidden]);
    let resized = Preset {
        z_size,
        encoder: encoder.clone(),
        decoder: decoder.clone(),
        head,
        ..preset.clone()
    };
    (sizes.all(sane) && resized.contradiction().is_none()).then_some(resized)
}

fn read(bundle: &Bundle, preset: Preset, path: &Path) -> Result<Checkpoint, MagentaError> {
    let mut tensors = Tensors::new();
    for (name, _) in preset.parameter_shapes() {
        let tensor = tensor(bundle, &name)?;
        tensors.insert(name, tensor);
    }
    let mut optimizer = Tensors::new();
    let mut metadata = Metadata {
        strokes: Strokes::Magenta,
        ..Metadata::of_this_run(0)
    };
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
        prior: Prior::default(),
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
