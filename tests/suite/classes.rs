//! A SoundFont without its exclusive classes, as the engine reads it.

/// The synthesizer lets one voice of a class sound, so of a stereo hat one side. The engine chokes by
/// itself and leaves the classes out.
pub fn without_exclusive_classes(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(at) = bytes.windows(4).rposition(|id| id == b"igen") {
        for record in bytes[at + 8..].chunks_exact_mut(4) {
            match record {
                [b's', b'h', b'd', b'r'] => break,
                [57, 0, amount @ ..] => amount.fill(0),
                _ => (),
            }
        }
    }
    bytes
}
