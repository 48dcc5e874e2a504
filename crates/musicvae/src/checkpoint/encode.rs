//! Writing a checkpoint: the same checkpoint always gives the same bytes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use candle_core::{DType, Tensor};
use serde_json::{Value, json};

use super::header::{
    BLANK_CHECKSUM, FIRST_VERSION, FORMAT_VERSION, OPTIMIZER_PREFIX, PRIOR_PREFIX, steps_of,
};
use super::{Checkpoint, CheckpointError, eight_bits, error::file_name, header};
use crate::music::{folder_of, write_whole_file};

/// How the weights lie on disk. In memory they are always float32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Float32: exact, for training.
    Full,
    /// Float16: half the size, for shipping. The optimizer's state stays as it is; empty it first
    /// where nobody will train further.
    Half,
    /// The matrices in eight bits with a step a column, all else as with [`Precision::Half`]: half of that
    /// again. What a model makes of them changes a little; measure it.
    EightBits,
}

impl Precision {
    /// The type of most weights.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Full => "float32",
            Precision::Half => "float16",
            Precision::EightBits => "eight bits",
        }
    }
}

impl Checkpoint {
    /// Writes the checkpoint, making its folder where there is none. The file appears whole or
    /// not at all: when the disk is full or the machine stops, what was there before stays.
    pub fn save(&self, path: &Path, precision: Precision) -> Result<(), CheckpointError> {
        let bytes = self.to_bytes(&file_name(path), precision)?;
        let write = || {
            std::fs::create_dir_all(folder_of(path))?;
            write_whole_file(path, |out| out.write_all(&bytes))
        };
        write().map_err(|reason| CheckpointError::Write {
            file: file_name(path),
            reason,
        })
    }

    /// The bytes of the checkpoint's file; `file` stands for it in messages.
    pub fn to_bytes(&self, file: &str, precision: Precision) -> Result<Vec<u8>, CheckpointError> {
        let mut parts = Vec::with_capacity(self.tensors.len() + self.optimizer.len());
        let weights = match precision {
            Precision::Full => DType::F32,
            Precision::Half | Precision::EightBits => DType::F16,
        };
        for (name, tensor) in &self.tensors {
            if precision == Precision::EightBits && tensor.rank() == 2 {
                let (bytes, steps) = eight_bits::narrow(tensor)?;
                parts.push((steps_of(name), steps, DType::F32));
                parts.push((name.clone(), bytes, DType::U8));
            } else {
                parts.push((name.clone(), tensor.clone(), weights));
            }
        }
        for (name, tensor) in self.prior.to_tensors()? {
            parts.push((format!("{PRIOR_PREFIX}{name}"), tensor, weights));
        }
        for (name, tensor) in &self.optimizer {
            let name = format!("{OPTIMIZER_PREFIX}{name}");
            parts.push((name, tensor.clone(), tensor.dtype()));
        }
        let shapes = parts
            .iter()
            .map(|(name, tensor, _)| (name.as_str(), tensor.dims()));
        header::check_shapes(&self.preset, shapes, file)?;
        // Wide elements first keeps every tensor aligned to its own element.
        parts.sort_by_key(|(name, _, dtype)| (Reverse(dtype.size_in_bytes()), name.clone()));

        let mut entries = BTreeMap::new();
        entries.insert(
            "__metadata__".to_string(),
            self.file_metadata(file, precision)?,
        );
        let mut data = Vec::new();
        for (name, tensor, dtype) in parts {
            let written = dtype_name(dtype).ok_or_else(|| CheckpointError::Type {
                file: file.into(),
                tensor: name.clone(),
                found: format!("{dtype:?}"),
                expected: "F32, F16, F64, I64, U32 or U8",
            })?;
            let start = data.len();
            data.extend(tensor_bytes(&tensor, dtype)?);
            if !all_finite(&data[start..], dtype) {
                let half = dtype == DType::F16 && tensor.dtype() != DType::F16;
                let (file, finite) = (file.into(), half && is_finite(&tensor)?);
                return Err(match finite {
                    true => CheckpointError::BeyondHalf { file, tensor: name },
                    false => CheckpointError::NotFinite { file, tensor: name },
                });
            }
            let offsets = [start, data.len()];
            let entry = json!({"dtype": written, "shape": tensor.dims(), "data_offsets": offsets});
            entries.insert(name, entry);
        }

        let mut head = serde_json::to_vec(&entries).map_err(|error| CheckpointError::Write {
            file: file.into(),
            reason: error.into(),
        })?;
        head.resize(head.len().next_multiple_of(8), b' ');
        let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
        bytes.extend(head);
        let digits = header::checksum_range(&bytes);
        bytes.extend(data);
        let checksum = header::checksum_digits(crc32c::crc32c(&bytes));
        if let Some(digits) = digits {
            bytes[digits].copy_from_slice(checksum.as_bytes());
        }
        Ok(bytes)
    }

    /// The file's string-to-string metadata.
    fn file_metadata(&self, file: &str, precision: Precision) -> Result<Value, CheckpointError> {
        // Whoever can read a file should not be told to update.
        let version = match precision {
            Precision::Full | Precision::Half => FIRST_VERSION,
            Precision::EightBits => FORMAT_VERSION,
        };
        let text = |key, value: serde_json::Result<String>| {
            value.map_err(|error| CheckpointError::Metadata {
                file: file.into(),
                key,
                reason: error.to_string(),
            })
        };
        Ok(json!({
            "format": "musicvae-tui checkpoint",
            "format_version": version.to_string(),
            "preset": text("preset", serde_json::to_string(&self.preset))?,
            "metadata": text("metadata", serde_json::to_string(&self.metadata))?,
            "crc32c": BLANK_CHECKSUM,
        }))
    }
}

/// The little-endian bytes of `tensor` as `dtype`.
pub(super) fn tensor_bytes(tensor: &Tensor, dtype: DType) -> Result<Vec<u8>, CheckpointError> {
    let mut bytes = Vec::with_capacity(tensor.elem_count() * dtype.size_in_bytes());
    tensor.to_dtype(dtype)?.write_bytes(&mut bytes)?;
    Ok(bytes)
}

fn is_finite(tensor: &Tensor) -> Result<bool, CheckpointError> {
    Ok(all_finite(&tensor_bytes(tensor, DType::F32)?, DType::F32))
}

/// Whether no little-endian number of `bytes` is infinite or not a number: whether none has an
/// exponent of ones only. Integers always are finite.
pub(super) fn all_finite(bytes: &[u8], dtype: DType) -> bool {
    fn check<const N: usize>(bytes: &[u8], exponent: u16) -> bool {
        let top = |chunk: &[u8; N]| u16::from_le_bytes([chunk[N - 2], chunk[N - 1]]);
        bytes
            .as_chunks::<N>()
            .0
            .iter()
            .all(|chunk| top(chunk) & exponent != exponent)
    }
    match dtype {
        DType::F16 => check::<2>(bytes, 0x7c00),
        DType::F32 => check::<4>(bytes, 0x7f80),
        DType::F64 => check::<8>(bytes, 0x7ff0),
        _ => true,
    }
}

/// safetensors' name of the types that checkpoints may hold.
fn dtype_name(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::F32 => "F32",
        DType::F16 => "F16",
        DType::F64 => "F64",
        DType::I64 => "I64",
        DType::U32 => "U32",
        DType::U8 => "U8",
        _ => return None,
    })
}
