//! Publish and subscribe in redis (redis.io, "RESP protocol" and "Pub/sub"): arrays of counted strings.
//!
//! ```text
//! *2 $9 SUBSCRIBE $5 spots                a user
//! *3 $9 subscribe $5 spots :1             the server: subscribed to one channel
//! *3 $7 PUBLISH $5 spots $75 payload      a publisher
//! :100                                    the server: a hundred users have it in their buffers
//! *3 $7 message $5 spots $75 payload      the server, to each of them
//! ```

use super::Heard;

/// A user.
pub const SUBSCRIBE: &[u8] = b"*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nspots\r\n";

/// A publisher's first word: the answer shows that it is let in.
pub const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// Before each delivered line of 75 bytes.
pub const MESSAGE_HEAD: &[u8] = b"*3\r\n$7\r\nmessage\r\n$5\r\nspots\r\n$75\r\n";

/// What a line of the server's means to a user: the only integer he is sent is the count of his channels.
pub fn hear(line: &[u8], subscribed: bool) -> Heard {
    match line.first() {
        Some(b'-') => Heard::Refused,
        Some(b':') if !subscribed => Heard::Done,
        _ => Heard::Nothing,
    }
}

/// What a line of the server's means to a publisher.
pub fn hear_publisher(line: &[u8]) -> Heard {
    match line.trim_ascii_end() {
        b"+PONG" => Heard::Done,
        [b'-', ..] => Heard::Refused,
        _ => Heard::Nothing,
    }
}

/// Publishes a payload.
pub fn publish(out: &mut Vec<u8>, payload: &[u8]) {
    let channel = super::CHANNEL;
    let head = format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${}\r\n", channel.len(), payload.len());
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::Dialogue;
    use super::*;

    #[test]
    fn a_subscription_line_by_line() {
        let user = Dialogue::Redis;
        assert_eq!(user.opening(), b"*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nspots\r\n");
        for line in ["*3\r", "$9\r", "subscribe\r", "$5\r", "spots\r"] {
            assert_eq!(user.hear(line.as_bytes(), false), Heard::Nothing, "{line}");
        }
        assert_eq!(user.hear(b":1\r", false), Heard::Done);
        assert_eq!(user.hear(b":1\r", true), Heard::Nothing);
        assert_eq!(user.hear(b"-ERR max number of clients reached\r", false), Heard::Refused);
    }

    #[test]
    fn frames_byte_by_byte() {
        let mut out = Vec::new();
        publish(&mut out, b"DX de W3LPL-#:");
        assert_eq!(out, b"*3\r\n$7\r\nPUBLISH\r\n$5\r\nspots\r\n$14\r\nDX de W3LPL-#:\r\n");
        let (channel, bytes) = (super::super::CHANNEL, super::super::frames::PAYLOAD_BYTES);
        let head = format!("*3\r\n$7\r\nmessage\r\n${}\r\n{channel}\r\n${bytes}\r\n", channel.len());
        assert_eq!(MESSAGE_HEAD, head.as_bytes());
        assert_eq!(hear_publisher(b"+PONG\r"), Heard::Done);
        assert_eq!(hear_publisher(b":1000\r"), Heard::Nothing);
        assert_eq!(hear_publisher(b"-NOAUTH Authentication required.\r"), Heard::Refused);
    }
}
