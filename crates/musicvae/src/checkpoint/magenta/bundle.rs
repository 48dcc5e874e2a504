//! Reading the tensors of a TensorFlow V2 checkpoint (a "tensor bundle"): an index that tells
//! where each variable lies, and shards that hold their bytes.

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message;

use super::MagentaError;
use super::source::{Source, Stretch};
use super::table;

/// The longest index read; real ones have some kilobytes.
const MAX_INDEX: u64 = 16 << 20;

/// TensorFlow's `BundleHeaderProto` (the tags are its tags).
#[derive(Clone, PartialEq, prost::Message)]
struct HeaderProto {
    #[prost(int32, tag = "1")]
    num_shards: i32,
    /// 0 little, 1 big.
    #[prost(int32, tag = "2")]
    endianness: i32,
}

/// TensorFlow's `BundleEntryProto`.
#[derive(Clone, PartialEq, prost::Message)]
struct EntryProto {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<ShapeProto>,
    #[prost(int32, tag = "3")]
    shard_id: i32,
    #[prost(int64, tag = "4")]
    offset: i64,
    #[prost(int64, tag = "5")]
    size: i64,
    /// Masked CRC-32C of the bytes.
    #[prost(fixed32, tag = "6")]
    crc32c: u32,
    /// What pieces a partitioned variable was saved in; only whether there are any matters.
    #[prost(bytes = "vec", repeated, tag = "7")]
    slices: Vec<Vec<u8>>,
}

/// TensorFlow's `TensorShapeProto`.
#[derive(Clone, PartialEq, prost::Message)]
struct ShapeProto {
    #[prost(message, repeated, tag = "2")]
    dim: Vec<DimProto>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DimProto {
    #[prost(int64, tag = "1")]
    size: i64,
}

/// The element types that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 16-bit float.
    F16,
}

impl ElementType {
    /// The type of a number of TensorFlow's `DataType`.
    fn of(number: i32) -> Option<ElementType> {
        Some(match number {
            1 => ElementType::F32,
            2 => ElementType::F64,
            3 => ElementType::I32,
            9 => ElementType::I64,
            19 => ElementType::F16,
            _ => return None,
        })
    }

    fn size(self) -> u64 {
        match self {
            ElementType::F16 => 2,
            ElementType::F32 | ElementType::I32 => 4,
            ElementType::F64 | ElementType::I64 => 8,
        }
    }
}

/// A variable as the index describes it.
#[derive(Clone, Debug)]
pub struct Variable {
    /// `None` for types that are not read (strings, booleans, ...).
    pub element: Option<ElementType>,
    /// Sizes of its dimensions.
    pub shape: Vec<usize>,
    shard: usize,
    offset: u64,
    size: u64,
    crc32c: u32,
    sliced: bool,
}

/// An opened checkpoint.
pub struct Bundle {
    name: String,
    variables: BTreeMap<String, Variable>,
    shards: Vec<Stretch>,
}

impl Bundle {
    /// Reads the index of the checkpoint that `path` means: its prefix, its `.index` file, a
    /// folder that holds it, or a `.tar` or `.tgz` archive that does.
    pub fn open(path: &Path) -> Result<Bundle, MagentaError> {
        let source = Source::locate(path)?;
        let index = source.part(".index")?;
        let file = index.name.clone();
        let damaged = |reason| MagentaError::Index {
            file: file.clone(),
            reason,
        };
        if index.length > MAX_INDEX {
            return Err(damaged(format!(
                "{} bytes are more than any has",
                index.length
            )));
        }
        let bytes = index.read(0, index.length)?.unwrap_or_default();
        let mut variables = BTreeMap::new();
        let mut header = None;
        for (key, value) in table::entries(&bytes).map_err(damaged)? {
            if key.is_empty() {
                header = Some(decode::<HeaderProto>(value, "its header").map_err(damaged)?);
                continue;
            }
            let name = String::from_utf8(key)
                .map_err(|error| damaged(format!("a name is not UTF-8: {error}")))?;
            let variable = Variable::read(value, &name).map_err(damaged)?;
            variables.insert(name, variable);
        }
        let header = header.ok_or_else(|| damaged("it has no header".into()))?;
        if header.endianness != 0 {
            return Err(damaged(
                "its numbers are big-endian, which is not supported".into(),
            ));
        }
        // Every shard is a file; no machine writes many.
        if !(1..=1024).contains(&header.num_shards) {
            return Err(damaged(format!("it claims {} shards", header.num_shards)));
        }
        let count = header.num_shards;
        let shards = (0..count)
            .map(|shard| source.part(&format!(".data-{shard:05}-of-{count:05}")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Bundle {
            name: source.name,
            variables,
            shards,
        })
    }

    /// How messages name the checkpoint.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every variable, by name.
    pub fn variables(&self) -> &BTreeMap<String, Variable> {
        &self.variables
    }

    /// The little-endian bytes of a variable, once its checksum was found right.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, MagentaError> {
        let refuse = |reason: String| MagentaError::Variable {
            file: self.name.clone(),
            variable: name.into(),
            reason,
        };
        let variable = self
            .variables
            .get(name)
            .ok_or_else(|| refuse("it is not in the index".into()))?;
        if variable.sliced {
            return Err(refuse("it is partitioned, which is not supported".into()));
        }
        let element = variable
            .element
            .ok_or_else(|| refuse("it does not hold plain numbers".into()))?;
        let expected = variable
            .shape
            .iter()
            .try_fold(element.size(), |size, &dim| size.checked_mul(dim as u64));
        if expected != Some(variable.size) {
            return Err(refuse(format!(
                "its {} bytes do not make the shape {:?}",
                variable.size, variable.shape
            )));
        }
        let shard = self
            .shards
            .get(variable.shard)
            .ok_or_else(|| refuse(format!("there is no shard {}", variable.shard)))?;
        let bytes = shard.read(variable.offset, variable.size)?.ok_or_else(|| {
            refuse(format!(
                "{} ends before it: the file was cut off",
                shard.name
            ))
        })?;
        if table::masked_crc(&bytes) != variable.crc32c {
            return Err(refuse(
                "its bytes do not fit their checksum: the file is damaged".into(),
            ));
        }
        Ok(bytes)
    }
}

impl Variable {
    fn read(value: &[u8], name: &str) -> Result<Variable, String> {
        let entry: EntryProto = decode(value, name)?;
        let natural = |number: i64| {
            u64::try_from(number).map_err(|_| format!("`{name}` has a negative size or place"))
        };
        let dims = entry.shape.unwrap_or_default().dim;
        let shape = dims
            .iter()
            .map(|dim| Ok(usize::try_from(natural(dim.size)?).unwrap_or(usize::MAX)))
            .collect::<Result<_, String>>()?;
        Ok(Variable {
            element: ElementType::of(entry.dtype),
            shape,
            shard: natural(entry.shard_id.into())? as usize,
            offset: natural(entry.offset)?,
            size: natural(entry.size)?,
            crc32c: entry.crc32c,
            sliced: !entry.slices.is_empty(),
        })
    }
}

fn decode<M: Message + Default>(value: &[u8], what: &str) -> Result<M, String> {
    M::decode(value).map_err(|error| format!("{what} cannot be decoded: {error}"))
}
