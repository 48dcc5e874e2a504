//! Open Sound Control over UDP.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, decoder, encoder};

use crate::studio::guarded;

/// Bytes of the largest packet that UDP carries.
const LARGEST: usize = 65_536;

/// Most bundles within each other: music has one or two.
const DEEPEST: usize = 16;

/// What came in.
pub enum Heard {
    Messages(SocketAddr, Vec<OscMessage>),
    /// Something else than OSC, and what is wrong with it.
    Bad(SocketAddr, String),
}

/// Listens on a thread of its own until `tell` returns false.
///
/// # Errors
/// When there is no thread to be had.
pub fn listen(
    socket: Arc<UdpSocket>,
    tell: impl Fn(Heard) -> bool + Send + 'static,
) -> std::io::Result<()> {
    let hear = move || {
        let mut packet = vec![0; LARGEST];
        loop {
            let (length, from) = match socket.recv_from(&mut packet) {
                Ok(came) => came,
                // An answer went to somebody who is gone: no matter.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => continue,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let read = guarded(|| messages(&packet[..length]).map_err(anyhow::Error::msg));
            let heard = match read {
                Ok(messages) => Heard::Messages(from, messages),
                Err(reason) => Heard::Bad(from, reason.trim_end_matches('.').to_string()),
            };
            if !tell(heard) {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("osc".into())
        .spawn(hear)
        .map(drop)
}

/// The messages of a packet, those of bundles in order. When a bundle is due makes no difference: all
/// is done when it comes.
fn messages(packet: &[u8]) -> Result<Vec<OscMessage>, String> {
    // Decoding goes into itself for every bundle in a bundle.
    let bundles = packet.windows(8).filter(|at| at == b"#bundle\0").count();
    if bundles > DEEPEST {
        return Err(format!("{bundles} bundles in one packet"));
    }
    let (rest, packet) = decoder::decode_udp(packet).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes behind its end", rest.len()));
    }
    let mut found = Vec::new();
    flatten(packet, &mut found);
    Ok(found)
}

fn flatten(packet: OscPacket, into: &mut Vec<OscMessage>) {
    match packet {
        OscPacket::Message(message) => into.push(message),
        OscPacket::Bundle(bundle) => {
            for packet in bundle.content {
                flatten(packet, into);
            }
        }
    }
}

/// Sends values under their addresses, as one bundle. One that can't be sent is lost, as UDP's are.
pub fn send(socket: &UdpSocket, to: SocketAddr, values: Vec<(String, OscType)>) {
    let message = |(addr, value)| {
        OscPacket::Message(OscMessage {
            addr,
            args: vec![value],
        })
    };
    // OSC's word for "at once".
    let timetag = OscTime {
        seconds: 0,
        fractional: 1,
    };
    let bundle = OscPacket::Bundle(OscBundle {
        timetag,
        content: values.into_iter().map(message).collect(),
    });
    if let Ok(packet) = encoder::encode(&bundle) {
        let _ = socket.send_to(&packet, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(address: &str) -> OscPacket {
        OscPacket::Message(OscMessage {
            addr: address.into(),
            args: Vec::new(),
        })
    }

    fn bundle(content: Vec<OscPacket>) -> OscPacket {
        OscPacket::Bundle(OscBundle {
            timetag: OscTime {
                seconds: 0,
                fractional: 1,
            },
            content,
        })
    }

    #[test]
    fn bundles_are_messages_in_order() {
        let packet = bundle(vec![
            message("/a"),
            bundle(vec![message("/b"), message("/c")]),
            message("/d"),
        ]);
        let read = messages(&encoder::encode(&packet).unwrap()).unwrap();
        let addresses: Vec<&str> = read.iter().map(|it| it.addr.as_str()).collect();
        assert_eq!(addresses, ["/a", "/b", "/c", "/d"]);
    }

    #[test]
    fn what_is_no_osc_is_refused() {
        let mut deep = message("/a");
        for _ in 0..100 {
            deep = bundle(vec![deep]);
        }
        let deep = encoder::encode(&deep).unwrap();
        for (packet, word) in [
            (&b""[..], ""),
            (b"GET / HTTP/1.1", ""),
            (b"/play\0\0\0,f\0\0\0", ""),
            (b"/play\0\0\0,\0\0\0more", "behind its end"),
            (b"#bundle\0\0\0\0\0\0\0\0\x01\xff\xff\xff\xff", ""),
            (&deep, "bundles in one packet"),
        ] {
            let reason = messages(packet).unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
    }
}
