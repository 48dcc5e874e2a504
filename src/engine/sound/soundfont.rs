//! SoundFont files: read outside the audio thread, and refused with a clear message.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

mod compressed;
mod plain;
mod riff;
mod tables;

use plain::Lists;

/// Bank of the drum kits in a General MIDI SoundFont.
const DRUM_BANK: i32 = 128;

/// Size of the largest file that is read: 2 GiB, several times the largest kits there are. All of
/// it is held in memory, and running out of memory would end the program.
const LARGEST: u64 = 2 << 30;

/// Why a SoundFont cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundFontError {
    #[error("{name} cannot be read: {source}")]
    Read { name: String, source: io::Error },
    #[error("{name} is not a SoundFont: choose an .sf2 or .sf3 file")]
    NotASoundFont { name: String },
    #[error(
        "{name} is cut short: it ends at byte {length}, within a part that should end at byte \
         {end}; copy or download it again"
    )]
    Truncated { name: String, length: u64, end: u64 },
    #[error(
        "{name} is too large ({:.1} GB; at most {:.1}): choose a smaller one",
        *length as f64 * 1e-9, LARGEST as f64 * 1e-9
    )]
    TooLarge { name: String, length: u64 },
    #[error("{name} is damaged ({detail}): copy or download it again")]
    Damaged { name: String, detail: String },
    #[error(
        "{name} makes no sound on the keys of a drum kit (General MIDI's 36 to 51): choose another one"
    )]
    Silent { name: String },
    #[error("{name} cannot be played at {rate} frames a second ({detail})")]
    Synthesizer {
        name: String,
        rate: u32,
        detail: String,
    },
}

/// A drum kit within a SoundFont.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Kit {
    /// What [`crate::engine::Setup::SetKit`] takes.
    pub program: u8,
    pub name: String,
}

/// Which presets' compressed samples are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banks {
    /// The drum kits, where it has any.
    Drums,
    /// Every preset.
    All,
}

/// A SoundFont in memory, ready for any number of synthesizers.
#[derive(Clone, Debug)]
pub struct SoundFont {
    pub(crate) font: Arc<rustysynth::SoundFont>,
    name: String,
    kits: Arc<[Kit]>,
    variants: Arc<[u8]>,
    has_drums: bool,
}

impl SoundFont {
    /// Reads a SoundFont 2 file.
    pub(crate) fn read(
        name: &str,
        mut reader: impl Read + Seek,
        banks: Banks,
    ) -> Result<SoundFont, SoundFontError> {
        let read_error = |source| SoundFontError::Read {
            name: name.to_string(),
            source,
        };
        let damaged = |detail: String| SoundFontError::Damaged {
            name: name.to_string(),
            detail,
        };
        let lists = lists(name, &mut reader)?;
        // The decoder of compressed samples may panic on a damaged file.
        let plain = catch_unwind(AssertUnwindSafe(|| lists.plain(reader, LARGEST, banks)))
            .map_err(|_| damaged("its samples can't be decoded".into()))?
            .map_err(read_error)?;
        let mut reader = plain.map_err(damaged)?;
        // The synthesizer's reader may panic on a damaged file.
        let font = catch_unwind(AssertUnwindSafe(|| rustysynth::SoundFont::new(&mut reader)))
            .map_err(|_| damaged("its tables contradict each other".into()))?
            .map_err(|error| damaged(error.to_string()))?;
        let kits = kits(&font);
        let variants = variants(&font);
        let is_kit = |preset: &rustysynth::Preset| preset.get_bank_number() == DRUM_BANK;
        let has_drums = font.get_presets().iter().any(is_kit);
        let title = font
            .get_info()
            .get_bank_name()
            .trim_matches(['\0', ' '])
            .to_string();
        Ok(SoundFont {
            font: Arc::new(font),
            name: if title.is_empty() {
                name.to_string()
            } else {
                title
            },
            kits,
            variants,
            has_drums,
        })
    }

    /// The name that the file gives itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has a drum kit at all.
    pub fn has_drums(&self) -> bool {
        self.has_drums
    }

    /// How many recordings of each stroke the kit of each program has.
    pub(crate) fn variants(&self) -> Arc<[u8]> {
        self.variants.clone()
    }

    /// Its drum kits; when it has none in the drum bank, the preset that is played instead.
    pub fn kits(&self) -> Arc<[Kit]> {
        self.kits.clone()
    }
}

/// Variants of the kit of each program: a SoundFont has no other way to hold several recordings of one
/// stroke, as zones that overlap sound together. They are presets of the same program in the banks
/// after the drums'.
fn variants(font: &rustysynth::SoundFont) -> Arc<[u8]> {
    let is_there = |program: i32, bank: i32| {
        let presets = font.get_presets().iter();
        let mut at = presets.map(|it| (it.get_patch_number(), it.get_bank_number()));
        at.any(|it| it == (program, bank))
    };
    let count = |program: i32| {
        let banks = DRUM_BANK..DRUM_BANK + 128;
        banks.take_while(|bank| is_there(program, *bank)).count() as u8
    };
    (0..128).map(|program| count(program).max(1)).collect()
}

fn kits(font: &rustysynth::SoundFont) -> Arc<[Kit]> {
    let kit = |preset: &rustysynth::Preset| Kit {
        program: preset.get_patch_number().clamp(0, 127) as u8,
        name: preset.get_name().trim_matches(['\0', ' ']).to_string(),
    };
    let mut kits: Vec<Kit> = font
        .get_presets()
        .iter()
        .filter(|p| p.get_bank_number() == DRUM_BANK)
        .map(kit)
        .collect();
    kits.sort_by_key(|kit| kit.program);
    if kits.is_empty() {
        let key =
            |preset: &&rustysynth::Preset| (preset.get_bank_number(), preset.get_patch_number());
        kits.extend(font.get_presets().iter().min_by_key(key).map(|preset| Kit {
            program: 0,
            ..kit(preset)
        }));
    }
    kits.into()
}

/// The lists of a SoundFont: each must lie within the file.
fn lists(name: &str, file: &mut (impl Read + Seek)) -> Result<Lists, SoundFontError> {
    let name = || name.to_string();
    let read_error = |source| SoundFontError::Read {
        name: name(),
        source,
    };
    let length = file.seek(SeekFrom::End(0)).map_err(read_error)?;
    file.rewind().map_err(read_error)?;
    let mut head = [0; 12];
    if length < 12 || file.read_exact(&mut head).is_err() {
        return Err(SoundFontError::NotASoundFont { name: name() });
    }
    if &head[..4] != b"RIFF" || &head[8..] != b"sfbk" {
        return Err(SoundFontError::NotASoundFont { name: name() });
    }
    if length > LARGEST {
        return Err(SoundFontError::TooLarge {
            name: name(),
            length,
        });
    }
    let lists = Lists::find(file, length).map_err(read_error)?;
    let mut ends: Vec<u64> = lists.found().map(|list| list.end()).collect();
    if ends.len() < 3 {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        ends.push(8 + u64::from(size));
    }
    if let Some(end) = ends.into_iter().max().filter(|end| *end > length) {
        return Err(SoundFontError::Truncated {
            name: name(),
            length,
            end,
        });
    }
    Ok(lists)
}
