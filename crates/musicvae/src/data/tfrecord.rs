//! TFRecord files: length-prefixed records, each length and record with its masked CRC-32C.

use std::io::{self, Write};
use std::ops::Range;

/// Why a TFRecord file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each says in its message what is wrong, and of what"
)]
pub enum TfRecordError {
    #[error(
        "record {record} (at byte {at}) is cut short: the file ends after {found} of its {expected} bytes"
    )]
    Truncated {
        record: usize,
        at: usize,
        found: usize,
        expected: u64,
    },
    #[error("record {record} (at byte {at}) is damaged: the checksum of its {part} is wrong")]
    Checksum {
        record: usize,
        at: usize,
        part: &'static str,
    },
    #[error("record {record} (at byte {at}) is not a note sequence: {problem}")]
    NotANoteSequence {
        record: usize,
        at: usize,
        problem: String,
    },
}

/// Bytes around a record: its length (8), the length's checksum (4), the record's checksum (4).
pub(super) const HEADER: usize = 12;
const FOOTER: usize = 4;

/// The checksum that TFRecord stores: CRC-32C, rotated and offset so that the checksum of data
/// which holds checksums stays good.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// Whether a file that begins with `bytes` is a TFRecord, judged by the checksum of its first
/// length.
pub fn is_tfrecord(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER && bytes[8..HEADER] == masked_crc(&bytes[..8]).to_le_bytes()
}

/// Where in `bytes` the records are, every checksum verified. Records count from 1 in errors.
pub fn records(bytes: &[u8]) -> Result<Vec<Range<usize>>, TfRecordError> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let record = records.len() + 1;
        let left = bytes.len() - at;
        let truncated = |expected| TfRecordError::Truncated {
            record,
            at,
            found: left,
            expected,
        };
        let damaged = |part| TfRecordError::Checksum { record, at, part };
        let (length, rest) = bytes[at..]
            .split_first_chunk::<8>()
            .ok_or_else(|| truncated(HEADER as u64))?;
        let crc = rest
            .first_chunk::<4>()
            .ok_or_else(|| truncated(HEADER as u64))?;
        if masked_crc(length).to_le_bytes() != *crc {
            return Err(damaged("length"));
        }
        let length = u64::from_le_bytes(*length);
        let whole = length.saturating_add((HEADER + FOOTER) as u64);
        if whole > left as u64 {
            return Err(truncated(whole));
        }
        let data = at + HEADER..at + HEADER + length as usize;
        let crc = &bytes[data.end..data.end + FOOTER];
        if masked_crc(&bytes[data.clone()]).to_le_bytes() != crc {
            return Err(damaged("data"));
        }
        at = data.end + FOOTER;
        records.push(data);
    }
    Ok(records)
}

/// Writes one record.
///
/// ```
/// use musicvae::data::tfrecord::{records, write_record};
///
/// let mut file = Vec::new();
/// write_record(&mut file, b"one")?;
/// write_record(&mut file, b"two")?;
/// let found: Vec<&[u8]> = records(&file)?.into_iter().map(|at| &file[at]).collect();
/// assert_eq!(found, [b"one", b"two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `out` can't be written to.
pub fn write_record(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked_crc(&length).to_le_bytes())?;
    out.write_all(data)?;
    out.write_all(&masked_crc(data).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(records: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in records {
            write_record(&mut bytes, record).unwrap();
        }
        bytes
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = file(&[b"kick", b"", b"snare"]);
        assert!(is_tfrecord(&bytes));
        let read: Vec<_> = records(&bytes)
            .unwrap()
            .into_iter()
            .map(|r| bytes[r].to_vec())
            .collect();
        assert_eq!(read, [b"kick".to_vec(), b"".to_vec(), b"snare".to_vec()]);
        assert_eq!(records(b""), Ok(Vec::new()));
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed() {
        let bytes = file(&[b"kick", b"snare"]);
        let first = HEADER + 4 + FOOTER;
        for length in 1..bytes.len() {
            let result = records(&bytes[..length]);
            if length == first {
                assert_eq!(result.map(|records| records.len()), Ok(1));
            } else {
                assert!(
                    matches!(result, Err(TfRecordError::Truncated { .. })),
                    "{length}"
                );
            }
        }
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let record = if bit / 8 < first { 1 } else { 2 };
            match records(&flipped) {
                Err(TfRecordError::Checksum { record: found, .. }) => assert_eq!(found, record),
                other => panic!("bit {bit}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_length_beyond_memory_is_truncation_not_allocation() {
        let length = u64::MAX.to_le_bytes();
        let bytes = [&length[..], &masked_crc(&length).to_le_bytes()].concat();
        assert!(matches!(
            records(&bytes),
            Err(TfRecordError::Truncated { record: 1, .. })
        ));
    }
}
