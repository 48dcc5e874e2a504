//! Files to models and back.
//!
//! A checkpoint is one safetensors file that describes itself: weights under the reference's
//! variable names (where they have eight bits, with their steps under `steps/`), the optimizer's state under
//! `optimizer/`, a fitted prior under `prior/`, and in the metadata the preset, where the weights come from, and a checksum over the whole file.

pub mod attributes;
pub mod catalogue;
mod eight_bits;
mod embedded;
mod encode;
mod error;
mod header;
pub mod magenta;
mod metadata;
pub mod watch;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use candle_core::{DType, Device, Tensor};

pub use catalogue::Catalogue;
use catalogue::Source;
pub use embedded::Embedded;
pub use encode::Precision;
pub use error::CheckpointError;
use error::file_name;
use header::{Header, Role};
pub use metadata::{Metadata, rfc3339};
pub use watch::Watch;

use crate::model::{Compute, MusicVae, Preset, Prior, Tensors, init};

/// A model's weights with all that is needed to run it and to train it further.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The model's kind and sizes.
    pub preset: Preset,
    /// The weights, float32 on the CPU, exactly those of [`Preset::parameter_shapes`].
    pub tensors: Tensors,
    /// What the trainer needs to go on: Adam's first and second moments as `m/<weight>` and
    /// `v/<weight>`, and whatever else it keeps. Empty in a checkpoint that is only to be played.
    pub optimizer: Tensors,
    /// What new music is drawn from.
    pub prior: Prior,
    /// Where the weights come from.
    pub metadata: Metadata,
}

impl Checkpoint {
    /// Reads the checkpoint of `source`; every doubt about it is an error.
    pub fn open(source: &Source) -> Result<Checkpoint, CheckpointError> {
        match source {
            Source::Embedded(embedded) => Checkpoint::from_bytes(embedded.bytes, &embedded.title()),
            Source::File(path) => Checkpoint::load(path),
        }
    }

    /// A checkpoint that knows nothing yet: the random weights that training starts from. The same
    /// seed gives the same weights.
    ///
    /// # Errors
    /// A preset that asks for tensors of no size.
    pub fn untrained(preset: Preset, seed: u64) -> Result<Checkpoint, CheckpointError> {
        Ok(Checkpoint {
            tensors: init::random_weights(&preset, seed)?,
            optimizer: Tensors::new(),
            prior: Prior::default(),
            metadata: Metadata::of_this_run(0),
            preset,
        })
    }

    /// Reads a checkpoint file; every doubt about it is an error.
    pub fn load(path: &Path) -> Result<Checkpoint, CheckpointError> {
        let file = file_name(path);
        let (mut reader, length) = open(path)?;
        Checkpoint::read(&mut reader, length, &file)
    }

    /// Reads the bytes of a checkpoint file, as [`Checkpoint::load`] does; `name` stands for the
    /// file in messages.
    pub fn from_bytes(mut bytes: &[u8], name: &str) -> Result<Checkpoint, CheckpointError> {
        let length = bytes.len() as u64;
        Checkpoint::read(&mut bytes, length, name)
    }

    fn read(
        reader: &mut impl Read,
        length: u64,
        file: &str,
    ) -> Result<Checkpoint, CheckpointError> {
        let header = Header::read(reader, length, file)?;
        let data = header::read_data(reader, &header, file)?;
        let Header {
            preset,
            metadata,
            entries,
            ..
        } = header;
        let [mut tensors, mut optimizer, mut prior, mut steps] = [const { Tensors::new() }; 4];
        for (name, entry) in entries {
            let bytes = &data[entry.range];
            if !encode::all_finite(bytes, entry.dtype) {
                return Err(CheckpointError::NotFinite {
                    file: file.into(),
                    tensor: name,
                });
            }
            let tensor = Tensor::from_raw_buffer(bytes, entry.dtype, &entry.shape, &Device::Cpu)?;
            match Role::of(&name) {
                Role::Optimizer(slot) => optimizer.insert(slot.into(), tensor),
                Role::Prior(part) => prior.insert(part.into(), tensor.to_dtype(DType::F32)?),
                Role::Steps(weight) => steps.insert(weight.into(), tensor),
                Role::Weight => tensors.insert(name, tensor),
            };
        }
        for (name, tensor) in &mut tensors {
            *tensor = match steps.get(name) {
                Some(steps) => eight_bits::widen(tensor, steps)?,
                None => tensor.to_dtype(DType::F32)?,
            };
        }
        Ok(Checkpoint {
            preset,
            tensors,
            optimizer,
            prior: Prior::of_tensors(&prior)?,
            metadata,
        })
    }

    /// Builds the model, ready to play on the CPU.
    ///
    /// # Errors
    /// Weights of which the preset's model can't be built.
    pub fn model(&self) -> Result<MusicVae, CheckpointError> {
        self.model_on(&Compute::CPU)
    }

    /// Builds the model, ready to play on a device.
    ///
    /// # Errors
    /// Weights of which the preset's model can't be built, or that the device has no room for.
    pub fn model_on(&self, compute: &Compute) -> Result<MusicVae, CheckpointError> {
        let model = MusicVae::on(compute, self.preset.clone(), &self.tensors)?;
        Ok(model.with_strokes(self.metadata.strokes))
    }

    /// Eight hexadecimal digits that differ when any weight differs: CRC-32C of the weights as
    /// float32, in the order of their names.
    pub fn fingerprint(&self) -> Result<String, CheckpointError> {
        let mut crc = 0;
        for (name, tensor) in &self.tensors {
            crc = crc32c::crc32c_append(crc, name.as_bytes());
            crc = crc32c::crc32c_append(crc, &encode::tensor_bytes(tensor, DType::F32)?);
        }
        Ok(format!("{crc:08x}"))
    }
}

/// Opens a regular file for reading, with its length.
fn open(path: &Path) -> Result<(BufReader<File>, u64), CheckpointError> {
    let failed = |reason| CheckpointError::Read {
        file: file_name(path),
        reason,
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        // Reading a pipe or device could wait for ever.
        return Err(failed(std::io::Error::other("it is not a regular file")));
    }
    Ok((BufReader::new(file), about.len()))
}
