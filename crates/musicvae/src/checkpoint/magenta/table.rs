//! Sorted string tables: the file format of LevelDB, in which TensorFlow keeps a checkpoint's
//! index.
//!
//! A table is a row of blocks and a footer of 48 bytes: the handles (offset and size, as varints)
//! of the metaindex and index blocks, zeros up to byte 40, and a magic number. Each block is
//! followed by its compression type (one byte) and the masked CRC-32C of both. The index block's
//! values are the handles of the data blocks. Within a block each key leaves out what it shares
//! with the key before it; the offsets of the keys that are written whole end the block.

use prost::encoding::decode_varint;

const FOOTER: usize = 48;
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// Compression type and checksum behind each block.
const TRAILER: usize = 5;
/// Keys are decompressed, so their total length is bounded: some thousand names are usual.
const MAX_KEYS: usize = 16 << 20;

/// A key with its value, which is a slice of the file.
pub(super) type Pair<'a> = (Vec<u8>, &'a [u8]);

/// All keys and values of the table in `file`, in their order; or what is wrong with it.
pub(super) fn entries(file: &[u8]) -> Result<Vec<Pair<'_>>, String> {
    let Some(footer) = file.len().checked_sub(FOOTER) else {
        return Err(format!("{} bytes are too few for a footer", file.len()));
    };
    let (blocks, footer) = file.split_at(footer);
    let (mut handles, magic) = footer.split_at(FOOTER - 8);
    if magic != MAGIC.to_le_bytes() {
        return Err("the footer's magic number is wrong".into());
    }
    let metaindex = Handle::take(&mut handles)?;
    let index = Handle::take(&mut handles)?;
    if handles.iter().any(|&byte| byte != 0) {
        return Err("the footer's padding is not zero".into());
    }
    // Nothing of the metaindex is needed, but damage to it is damage to the file.
    metaindex.block(blocks)?;

    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut key_bytes = 0;
    for (_, mut handle) in block_entries(index.block(blocks)?, MAX_KEYS)? {
        let block = Handle::take(&mut handle)?.block(blocks)?;
        for pair in block_entries(block, MAX_KEYS - key_bytes)? {
            // Order also rules out that one block is listed twice.
            if pairs.last().is_some_and(|(last, _)| *last >= pair.0) {
                return Err("its keys are not in order".into());
            }
            key_bytes += pair.0.len();
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

/// Where a block lies.
struct Handle {
    offset: u64,
    size: u64,
}

impl Handle {
    fn take(bytes: &mut &[u8]) -> Result<Handle, String> {
        Ok(Handle {
            offset: varint(bytes)?,
            size: varint(bytes)?,
        })
    }

    /// The block's contents, once its checksum was found right.
    fn block<'a>(&self, file: &'a [u8]) -> Result<&'a [u8], String> {
        let range = || {
            let start = usize::try_from(self.offset).ok()?;
            let end = start.checked_add(usize::try_from(self.size).ok()?)?;
            let with_trailer = file.get(start..end.checked_add(TRAILER)?)?;
            with_trailer.split_last_chunk::<4>()
        };
        let (typed, checksum) = range().ok_or_else(|| {
            format!(
                "a block of {} bytes at {} lies outside it",
                self.size, self.offset
            )
        })?;
        if masked_crc(typed) != u32::from_le_bytes(*checksum) {
            return Err(format!(
                "the block at {} does not fit its checksum",
                self.offset
            ));
        }
        match typed.split_last() {
            Some((0, contents)) => Ok(contents),
            Some((1, _)) => Err("it is compressed with snappy, which TensorFlow never does".into()),
            _ => Err(format!(
                "the block at {} is compressed in an unknown way",
                self.offset
            )),
        }
    }
}

/// The keys and values of one block, with at most `max_keys` bytes of keys.
fn block_entries(block: &[u8], max_keys: usize) -> Result<Vec<Pair<'_>>, String> {
    let cut = || "a block ends too early".to_string();
    let (body, count) = block.split_last_chunk::<4>().ok_or_else(cut)?;
    let restarts = 4 * u64::from(u32::from_le_bytes(*count));
    let restarts = usize::try_from(restarts).map_err(|_| cut())?;
    let mut rest = &body[..body.len().checked_sub(restarts).ok_or_else(cut)?];

    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut key_bytes = 0;
    while !rest.is_empty() {
        let mut length = || usize::try_from(varint(&mut rest)?).map_err(|_| cut());
        let (shared, own, value) = (length()?, length()?, length()?);
        let last = pairs.last().map_or(&[][..], |(key, _)| key.as_slice());
        let prefix = last
            .get(..shared)
            .ok_or("a key shares more than there is")?;
        let (own, after) = rest.split_at_checked(own).ok_or_else(cut)?;
        let (value, after) = after.split_at_checked(value).ok_or_else(cut)?;
        rest = after;
        key_bytes += prefix.len() + own.len();
        if key_bytes > max_keys {
            return Err("its names are longer than any checkpoint's".into());
        }
        let key = [prefix, own].concat();
        pairs.push((key, value));
    }
    Ok(pairs)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    decode_varint(bytes).map_err(|_| "a number ends too early".into())
}

/// LevelDB's and TensorFlow's checksum: CRC-32C, rotated and shifted so that checksums of data
/// that holds checksums stay good.
pub(super) fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_trailer(contents: &[u8], compression: u8) -> Vec<u8> {
        let typed = [contents, &[compression]].concat();
        [typed.as_slice(), &masked_crc(&typed).to_le_bytes()].concat()
    }

    /// A table of one data block with two keys.
    fn table(data: &[u8], compression: u8) -> Vec<u8> {
        let empty = [0, 0, 0, 0, 1, 0, 0, 0];
        let mut file = with_trailer(data, compression);
        let metaindex = file.len() as u8;
        file.extend(with_trailer(&empty, 0));
        let index_block = [&[0, 1, 2, b'z', 0, data.len() as u8][..], &empty].concat();
        let index = file.len() as u8;
        file.extend(with_trailer(&index_block, 0));
        let mut footer = vec![metaindex, 8, index, index_block.len() as u8];
        footer.resize(40, 0);
        footer.extend(MAGIC.to_le_bytes());
        file.extend(footer);
        file
    }

    const TWO_KEYS: &[u8] = b"\0\x02\x01abX\x01\x01\x02cYZ\0\0\0\0\x01\0\0\0";

    #[test]
    fn prefixes_are_put_back() {
        let file = table(TWO_KEYS, 0);
        let pairs = entries(&file).unwrap();
        assert_eq!(
            pairs,
            [(b"ab".to_vec(), &b"X"[..]), (b"ac".to_vec(), &b"YZ"[..])]
        );
    }

    #[test]
    fn compressed_blocks_are_refused_clearly() {
        assert!(entries(&table(TWO_KEYS, 1)).unwrap_err().contains("snappy"));
        assert!(
            entries(&table(TWO_KEYS, 2))
                .unwrap_err()
                .contains("unknown")
        );
    }

    #[test]
    fn damage_is_told_however_it_is_checksummed() {
        for (block, reason) in [
            (
                &b"\0\x02\x01abX\x03\x01\x02cYZ\0\0\0\0\x01\0\0\0"[..],
                "shares more",
            ),
            (
                b"\0\x02\x01abX\x01\x01\x7fcYZ\0\0\0\0\x01\0\0\0",
                "too early",
            ),
            (b"\0\x02\x01abX\x01\x01\x02aYZ\0\0\0\0\x01\0\0\0", "order"),
            (b"\0\x02\x01abX\xff\xff\xff\xff", "too early"),
            (b"\0\x01", "too early"),
        ] {
            let error = entries(&table(block, 0)).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn the_mask_is_tensorflows() {
        // CRC-32C of "123456789" is 0xe3069283 (RFC 3720); the mask is the definition's formula
        // worked by hand.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(masked_crc(b"123456789"), 0x2507_c60d + 0xa282_ead8);
    }
}
