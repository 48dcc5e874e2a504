//! The head of a checkpoint file: everything but the numbers of the tensors, read with its sizes
//! checked before anything is allocated for them.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;

use candle_core::DType;
use safetensors::Dtype;
use serde_json::Value;

use super::{CheckpointError, Metadata};
use crate::model::{Preset, Prior};

/// The newest format that this program reads: weights may have eight bits.
pub(super) const FORMAT_VERSION: u32 = 2;
/// The first one: weights are float32 or float16.
pub(super) const FIRST_VERSION: u32 = 1;
/// Slots of the optimizer and other state of the trainer lie under this prefix.
pub(super) const OPTIMIZER_PREFIX: &str = "optimizer/";
/// The tensors of a prior that is not `N(0, I)` lie under this one.
pub(super) const PRIOR_PREFIX: &str = "prior/";
/// The steps of a weight of eight bits lie under this one, with the weight's name.
pub(super) const STEPS_PREFIX: &str = "steps/";
/// The longest header read. The largest preset needs some tens of kilobytes.
const MAX_HEADER: u64 = 16 << 20;
/// What precedes the checksum's eight hexadecimal digits in the header. Inside a JSON string the
/// quotes would be escaped, so no metadata can look like it.
const CHECKSUM_KEY: &[u8] = b"\"crc32c\":\"";
pub(super) const BLANK_CHECKSUM: &str = "00000000";

/// One tensor of the file.
pub(super) struct Entry {
    pub dtype: DType,
    pub shape: Vec<usize>,
    /// Where its bytes lie, from the end of the header.
    pub range: Range<usize>,
}

/// What a tensor of the file is, with its name among its like.
pub(super) enum Role<'a> {
    Weight,
    Optimizer(&'a str),
    Prior(&'a str),
    /// The steps of this weight's columns.
    Steps(&'a str),
}

impl Role<'_> {
    pub fn of(name: &str) -> Role<'_> {
        if let Some(slot) = name.strip_prefix(OPTIMIZER_PREFIX) {
            Role::Optimizer(slot)
        } else if let Some(part) = name.strip_prefix(PRIOR_PREFIX) {
            Role::Prior(part)
        } else if let Some(weight) = name.strip_prefix(STEPS_PREFIX) {
            Role::Steps(weight)
        } else {
            Role::Weight
        }
    }
}

/// A checked header.
pub(super) struct Header {
    pub preset: Preset,
    pub metadata: Metadata,
    pub entries: BTreeMap<String, Entry>,
    /// Length of the tensors' bytes.
    pub data_length: usize,
    /// CRC-32C of the whole file with the checksum's own digits as zeros.
    pub checksum: String,
    /// CRC-32C of the part read so far, likewise.
    pub so_far: u32,
}

impl Header {
    /// Reads the header of a file of `length` bytes and checks that it describes exactly the
    /// tensors of its preset (and those of the optimizer), and exactly the rest of the file.
    pub fn read(
        reader: &mut impl Read,
        length: u64,
        file: &str,
    ) -> Result<Header, CheckpointError> {
        let bytes = read_bytes(reader, length, file)?;
        let parsed: safetensors::tensor::Metadata = serde_json::from_slice(&bytes[8..])
            .map_err(|error| not_safetensors(file, error.to_string()))?;
        let strings = parsed.metadata().clone().unwrap_or_default();
        let lookup = |key: &'static str| {
            let missing = || CheckpointError::NotACheckpoint {
                file: file.into(),
                key,
            };
            strings.get(key).map(String::as_str).ok_or_else(missing)
        };
        let nonsense = |key, reason: String| CheckpointError::Metadata {
            file: file.into(),
            key,
            reason,
        };

        let version = lookup("format_version")?;
        let version: u32 = version
            .parse()
            .map_err(|_| nonsense("format_version", format!("`{version}`")))?;
        if version > FORMAT_VERSION {
            let file = file.into();
            return Err(CheckpointError::NewerFormat {
                file,
                found: version,
                known: FORMAT_VERSION,
            });
        }
        let preset =
            parse_preset(lookup("preset")?).map_err(|reason| nonsense("preset", reason))?;
        let metadata = serde_json::from_str(lookup("metadata")?)
            .map_err(|error| nonsense("metadata", error.to_string()))?;
        let checksum = lookup("crc32c")?.to_string();

        let expected = bytes.len().saturating_add(parsed.data_len()) as u64;
        if length != expected {
            return Err(CheckpointError::Length {
                file: file.into(),
                expected,
                found: length,
            });
        }
        let mut entries = BTreeMap::new();
        for (name, info) in parsed.tensors() {
            let range = info.data_offsets.0..info.data_offsets.1;
            let dtype = dtype(info.dtype).ok_or_else(|| CheckpointError::Type {
                file: file.into(),
                tensor: name.clone(),
                found: info.dtype.to_string(),
                expected: "F32 or F16",
            })?;
            entries.insert(
                name,
                Entry {
                    dtype,
                    shape: info.shape.clone(),
                    range,
                },
            );
        }
        let so_far = blank_checksum(bytes, file)?;
        let data_length = parsed.data_len();
        let header = Header {
            preset,
            metadata,
            entries,
            data_length,
            checksum,
            so_far,
        };
        header.check_weights(file)?;
        Ok(header)
    }

    fn check_weights(&self, file: &str) -> Result<(), CheckpointError> {
        let found = self
            .entries
            .iter()
            .map(|(name, entry)| (name.as_str(), entry.shape.as_slice()));
        check_shapes(&self.preset, found, file)?;
        for (name, entry) in &self.entries {
            let may_be: &[DType] = match Role::of(name) {
                Role::Optimizer(_) => continue,
                // A weight of eight bits has steps, and only such a one.
                Role::Weight if self.entries.contains_key(&steps_of(name)) => &[DType::U8],
                Role::Weight | Role::Prior(_) | Role::Steps(_) => &[DType::F32, DType::F16],
            };
            if !may_be.contains(&entry.dtype) {
                return Err(CheckpointError::Type {
                    file: file.into(),
                    tensor: name.clone(),
                    found: format!("{:?}", entry.dtype),
                    expected: match may_be {
                        [DType::U8] => "U8",
                        _ => "F32 or F16",
                    },
                });
            }
        }
        Ok(())
    }
}

/// Where the steps of a weight lie.
pub(super) fn steps_of(weight: &str) -> String {
    format!("{STEPS_PREFIX}{weight}")
}

/// Checks names and shapes as they lie in a file: every weight of the preset, all of a prior or
/// nothing of it, none other, slots `optimizer/<slot>/<weight>` of their weight's shape, and `steps/<weight>`
/// of as many numbers as it has columns.
pub(super) fn check_shapes<'a>(
    preset: &Preset,
    found: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
    file: &str,
) -> Result<(), CheckpointError> {
    let mut expected: BTreeMap<String, Vec<usize>> =
        preset.parameter_shapes().into_iter().collect();
    let mut of_prior = found
        .clone()
        .filter(|(name, _)| matches!(Role::of(name), Role::Prior(_)));
    if let Some((_, shape)) = of_prior.next() {
        // As many Gaussians as its first tensor has rows.
        let parts = shape.first().copied().unwrap_or(0).max(1);
        let shapes = Prior::shapes(parts, preset.z_size);
        expected.extend(shapes.map(|(name, shape)| (format!("{PRIOR_PREFIX}{name}"), shape)));
    }
    for (name, _) in found.clone() {
        if let Role::Steps(weight) = Role::of(name)
            && let Some([_, columns]) = expected.get(weight).map(Vec::as_slice)
        {
            expected.insert(name.into(), vec![*columns]);
        }
    }
    let mut missing: BTreeMap<&String, &Vec<usize>> = expected.iter().collect();
    for (name, shape) in found {
        let slot = match Role::of(name) {
            Role::Optimizer(slot) => Some(slot),
            Role::Weight | Role::Prior(_) | Role::Steps(_) => None,
        };
        let weight = slot.map_or(name, |slot| {
            slot.split_once('/').map_or("", |(_, rest)| rest)
        });
        match expected.get(weight) {
            Some(expected) if expected != shape => {
                return Err(CheckpointError::Shape {
                    file: file.into(),
                    preset: preset.name.clone(),
                    tensor: name.into(),
                    found: shape.into(),
                    expected: expected.as_slice().into(),
                });
            }
            None if slot.is_none() => {
                return Err(CheckpointError::Unknown {
                    file: file.into(),
                    preset: preset.name.clone(),
                    tensor: name.into(),
                });
            }
            _ => {}
        }
        if slot.is_none() {
            missing.retain(|weight, _| *weight != name);
        }
    }
    match missing.pop_first() {
        None => Ok(()),
        Some((tensor, shape)) => Err(CheckpointError::Missing {
            file: file.into(),
            preset: preset.name.clone(),
            tensor: tensor.clone(),
            shape: shape.clone(),
        }),
    }
}

/// The length prefix and the JSON after it.
fn read_bytes(reader: &mut impl Read, length: u64, file: &str) -> Result<Vec<u8>, CheckpointError> {
    let failed = |reason| CheckpointError::Read {
        file: file.into(),
        reason,
    };
    if length < 8 {
        return Err(not_safetensors(file, format!("it is {length} bytes long")));
    }
    let mut prefix = [0; 8];
    reader.read_exact(&mut prefix).map_err(failed)?;
    let header = u64::from_le_bytes(prefix);
    if header > MAX_HEADER {
        return Err(not_safetensors(file, format!("a header of {header} bytes")));
    }
    if header > length - 8 {
        let file = file.into();
        return Err(CheckpointError::Length {
            file,
            expected: header + 8,
            found: length,
        });
    }
    let mut bytes = prefix.to_vec();
    bytes.resize(8 + header as usize, 0);
    reader.read_exact(&mut bytes[8..]).map_err(failed)?;
    Ok(bytes)
}

/// Reads the rest of the file behind `header` and compares the checksum.
pub(super) fn read_data(
    reader: &mut impl Read,
    header: &Header,
    file: &str,
) -> Result<Vec<u8>, CheckpointError> {
    let mut data = vec![0; header.data_length];
    reader
        .read_exact(&mut data)
        .map_err(|reason| match reason.kind() {
            // Something is writing to it, or it is not the length that the system says.
            io::ErrorKind::UnexpectedEof => CheckpointError::Checksum { file: file.into() },
            _ => CheckpointError::Read {
                file: file.into(),
                reason,
            },
        })?;
    if checksum_digits(crc32c::crc32c_append(header.so_far, &data)) != header.checksum {
        return Err(CheckpointError::Checksum { file: file.into() });
    }
    Ok(data)
}

/// A checksum as it is written.
pub(super) fn checksum_digits(checksum: u32) -> String {
    format!("{checksum:08x}")
}

/// Where the checksum's digits lie in a file's head.
pub(super) fn checksum_range(bytes: &[u8]) -> Option<Range<usize>> {
    let key = bytes
        .windows(CHECKSUM_KEY.len())
        .position(|window| window == CHECKSUM_KEY)?;
    let start = key + CHECKSUM_KEY.len();
    (start + 8 <= bytes.len()).then_some(start..start + 8)
}

/// CRC-32C of a file's head with the checksum's digits as zeros.
fn blank_checksum(mut bytes: Vec<u8>, file: &str) -> Result<u32, CheckpointError> {
    let range =
        checksum_range(&bytes).ok_or_else(|| CheckpointError::Checksum { file: file.into() })?;
    bytes[range].copy_from_slice(BLANK_CHECKSUM.as_bytes());
    Ok(crc32c::crc32c(&bytes))
}

/// A preset from its JSON, refused where its sizes could not be those of a model.
fn parse_preset(json: &str) -> Result<Preset, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    check_sizes(&value)?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// Bounds every number and list, so that shapes computed from them can neither overflow nor fill
/// the memory.
fn check_sizes(value: &Value) -> Result<(), String> {
    match value {
        Value::Number(number) if number.as_f64().is_none_or(|number| number.abs() > 1e9) => {
            Err(format!("the number {number}"))
        }
        Value::Array(values) if values.len() > 64 => Err(format!("a list of {}", values.len())),
        Value::Array(values) => values.iter().try_for_each(check_sizes),
        Value::Object(fields) => fields.values().try_for_each(check_sizes),
        _ => Ok(()),
    }
}

fn not_safetensors(file: &str, reason: String) -> CheckpointError {
    CheckpointError::NotSafetensors {
        file: file.into(),
        reason,
    }
}

fn dtype(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::F32 => Some(DType::F32),
        Dtype::F16 => Some(DType::F16),
        Dtype::F64 => Some(DType::F64),
        Dtype::I64 => Some(DType::I64),
        Dtype::U32 => Some(DType::U32),
        Dtype::U8 => Some(DType::U8),
        _ => None,
    }
}
