//! A publisher of PSKReporter's reports: MQTT 3.1.1 (OASIS), QoS 0, so that the broker owes no answer.

use super::super::plan::BANDS;
use dxring::simulate::{PskText, psk_payload, psk_topic};

/// CONNECT: version 4, clean session, no keepalive (the feed side need not ping), client `dxring-load`.
pub const CONNECT: &[u8] = b"\x10\x17\x00\x04MQTT\x04\x02\x00\x00\x00\x0bdxring-load";

/// CONNACK of a broker that lets us in.
pub const CONNACK: [u8; 4] = [0x20, 0x02, 0x00, 0x00];

/// FT8's dial frequencies in Hz, in the order of the plan's bands; its signals lie up to 2.8 kHz above.
const FT8_HZ: [u64; BANDS] = [1_840_000, 3_573_000, 7_074_000, 14_074_000, 21_074_000, 28_074_000];

/// One report.
pub struct Report<'a> {
    /// Number in the network's sequence: a gap is loss on the way to the node.
    pub sq: u64,
    /// Place among the plan's bands.
    pub band: usize,
    /// The DX call.
    pub dx: &'a [u8],
    /// The receiver's call, as it gives it itself: without `-#`.
    pub spotter: &'a [u8],
    /// When it was heard, in s since 1970.
    pub heard_s: i64,
}

impl Report<'_> {
    /// As the network writes it. The locators and entities are one pair's: no test asks for others.
    fn text(&self) -> PskText<'_> {
        // FT8's audio is 200 to 2,700 Hz; the call says where, so that near calls lie apart.
        let sum: u64 = self.dx.iter().map(|b| u64::from(*b)).sum();
        PskText {
            sq: self.sq,
            freq_hz: FT8_HZ[self.band] + 200 + sum % 26 * 100,
            mode: "FT8",
            snr_db: (self.sq % 30) as i16 - 20,
            heard_s: self.heard_s,
            sent_s: self.heard_s - 15,
            dx: self.dx,
            dx_grid: b"FN31pr",
            dx_adif: 291,
            de: self.spotter,
            de_grid: b"JO22UU",
            de_adif: 263,
        }
    }

    /// Appends the packet that publishes it.
    pub fn publish(&self, out: &mut Vec<u8>) {
        let (mut topic, mut payload) = (Vec::with_capacity(64), Vec::with_capacity(256));
        psk_topic(&self.text(), &mut topic);
        psk_payload(&self.text(), &mut payload);
        publish(out, &topic, &payload);
    }
}

/// One PUBLISH of QoS 0: it has no packet identifier.
fn publish(out: &mut Vec<u8>, topic: &[u8], payload: &[u8]) {
    out.push(0x30);
    let mut length = 2 + topic.len() + payload.len();
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        out.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    // Topics are some 60 bytes.
    out.extend_from_slice(&(topic.len() as u16).to_be_bytes());
    out.extend_from_slice(topic);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_byte_by_byte() {
        let mut out = Vec::new();
        publish(&mut out, b"a/b", b"xy");
        assert_eq!(out, b"\x30\x07\x00\x03a/bxy");
        out.clear();
        publish(&mut out, b"t", &[b'p'; 318]);
        assert_eq!(out[..6], [0x30, 0xC1, 0x02, 0x00, 0x01, b't'], "321 = 0x41 + 2 x 128");
        assert_eq!(CONNECT[1] as usize, CONNECT.len() - 2);
        assert_eq!(CONNECT[13] as usize, CONNECT.len() - 14);
    }

    #[test]
    fn a_report_has_the_networks_topic() {
        let mut out = Vec::new();
        Report { sq: 7, band: 3, dx: b"DL1ABC", spotter: b"W3LPL", heard_s: 1_791_326_355 }.publish(&mut out);
        let topic = b"pskr/filter/v2/20m/FT8/DL1ABC/W3LPL/FN31/JO22/291/263{\"sq\":7,\"f\":14074";
        assert!(memchr::memmem::find(&out, topic).is_some(), "{}", String::from_utf8_lossy(&out));
    }
}
