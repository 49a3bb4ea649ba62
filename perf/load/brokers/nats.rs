//! The client protocol of NATS (docs.nats.io, "Client Protocol"): text lines, payloads counted in bytes.
//!
//! ```text
//! INFO {...}                         the server, first
//! CONNECT {...}  SUB spots 1  PING   a user
//! PONG                               the server: subscribed
//! PUB spots 75 / payload             a publisher
//! MSG spots 1 75 / payload           the server
//! PING / PONG                        either way, at any time
//! ```

use super::Heard;

/// A user: no `+OK` to every line, no echo; the PONG comes when the subscription stands.
pub const SUBSCRIBE: &[u8] =
    b"CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"rust\",\"name\":\"user\"}\r\nSUB spots 1\r\nPING\r\n";

/// A publisher.
pub const CONNECT: &[u8] =
    b"CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"rust\",\"name\":\"feed\"}\r\nPING\r\n";

/// The answer to a PING.
pub const PONG: &[u8] = b"PONG\r\n";

/// Before each delivered line of 75 bytes.
pub const MESSAGE_HEAD: &[u8] = b"MSG spots 1 75\r\n";

/// What a line of the server's means. `opening` is the answer to its INFO; later INFOs (the server tells changes)
/// have none.
pub fn hear(line: &[u8], opening: Option<&'static [u8]>) -> Heard {
    let line = line.trim_ascii_end();
    match line {
        b"PING" => Heard::Answer(PONG),
        b"PONG" => Heard::Done,
        _ if line.starts_with(b"INFO ") => opening.map_or(Heard::Nothing, Heard::Answer),
        _ if line.starts_with(b"-ERR") => Heard::Refused,
        _ => Heard::Nothing,
    }
}

/// Publishes a payload.
pub fn publish(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend_from_slice(format!("PUB {} {}\r\n", super::CHANNEL, payload.len()).as_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::Dialogue;
    use super::*;

    #[test]
    fn a_subscription_line_by_line() {
        let user = Dialogue::Nats;
        assert_eq!(user.opening(), b"", "the server speaks first");
        let info = b"INFO {\"server_id\":\"NC\",\"max_payload\":1048576} \r";
        assert_eq!(user.hear(info, false), Heard::Answer(SUBSCRIBE));
        assert_eq!(user.hear(info, true), Heard::Nothing, "a later INFO tells changes");
        assert_eq!(user.hear(b"PONG\r", false), Heard::Done);
        assert_eq!(user.hear(b"PING\r", true), Heard::Answer(b"PONG\r\n"));
        assert_eq!(user.hear(b"-ERR 'Slow Consumer'\r", true), Heard::Refused);
        assert_eq!(user.hear(b"\r", true), Heard::Nothing, "the end of a payload");
        assert_eq!(user.hear(b"+OK\r", true), Heard::Nothing);
        assert!(SUBSCRIBE.ends_with(b"}\r\nSUB spots 1\r\nPING\r\n") && SUBSCRIBE.starts_with(b"CONNECT {"));
    }

    #[test]
    fn frames_byte_by_byte() {
        let mut out = Vec::new();
        publish(&mut out, b"DX de W3LPL-#:");
        assert_eq!(out, b"PUB spots 14\r\nDX de W3LPL-#:\r\n");
        let head = format!("MSG {} 1 {}\r\n", super::super::CHANNEL, super::super::frames::PAYLOAD_BYTES);
        assert_eq!(MESSAGE_HEAD, head.as_bytes());
    }
}
