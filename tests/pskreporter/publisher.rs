//! A publisher of reports: MQTT 3.1.1, QoS 0, as few bytes as that takes.

use super::bench::{PATIENCE, call};
use dxring::simulate::{PskText, psk_payload, psk_topic};
use dxring::spot::Utc;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

/// Long enough ago that the minute on a line can only be the report's.
pub const HEARD_AGO_S: i64 = 600;

/// Unix seconds.
pub fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Topic and payload of report `n`, each of another station, heard ten minutes ago, and what its line ends with.
pub fn report(n: usize) -> (Vec<u8>, Vec<u8>, String) {
    let heard_s = now_s() - HEARD_AGO_S;
    let dx = call(n);
    let text = PskText {
        sq: 73_000_000_000 + n as u64,
        freq_hz: 14_074_500 + n as u64 % 2_000,
        mode: "FT8",
        snr_db: -11,
        heard_s,
        sent_s: heard_s - 15,
        dx: dx.as_bytes(),
        dx_grid: b"FN42AB",
        dx_adif: 291,
        de: b"DL1XYZ",
        de_grid: b"JO31AA",
        de_adif: 230,
    };
    let (mut topic, mut payload) = (Vec::new(), Vec::new());
    psk_topic(&text, &mut topic);
    psk_payload(&text, &mut payload);
    (topic, payload, Utc::from_secs(heard_s).hhmmz())
}

/// A packet of this first byte (MQTT 2.2).
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut left = body.len();
    loop {
        let more = if left > 127 { 0x80 } else { 0 };
        out.push((left % 128) as u8 | more);
        left /= 128;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
    out
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend((text.len() as u16).to_be_bytes());
    out.extend_from_slice(text);
}

/// PUBLISH of QoS 0 (MQTT 3.3).
pub fn publish(topic: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    body.extend_from_slice(payload);
    packet(0x30, &body)
}

/// One connection to a broker.
pub struct Publisher {
    stream: TcpStream,
}

impl Publisher {
    /// Connects and is let in.
    pub fn connect(port: u16, login: Option<(&str, &str)>) -> Publisher {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // CONNECT (MQTT 3.1): level 4, a clean session, no keepalive.
        let mut body = b"\0\x04MQTT\x04".to_vec();
        body.push(if login.is_some() { 0b1100_0010 } else { 0b10 });
        body.extend([0, 0]);
        text(&mut body, b"reports");
        if let Some((user, password)) = login {
            text(&mut body, user.as_bytes());
            text(&mut body, password.as_bytes());
        }
        stream.write_all(&packet(0x10, &body)).unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0], "CONNACK");
        Publisher { stream }
    }

    /// Publishes these bytes.
    pub fn publish(&mut self, topic: &[u8], payload: &[u8]) {
        self.stream.write_all(&publish(topic, payload)).unwrap();
    }

    /// Publishes report `n`; what its line ends with.
    pub fn report(&mut self, n: usize) -> String {
        let (topic, payload, end) = report(n);
        self.publish(&topic, &payload);
        end
    }
}
