//! A publisher of PSKReporter's reports: MQTT 3.1.1 (OASIS), QoS 0, so that the broker owes no answer.

use std::io::Write as _;

/// CONNECT: version 4, clean session, no keepalive (the feed side need not ping), client `dxring-load`.
pub const CONNECT: &[u8] = b"\x10\x17\x00\x04MQTT\x04\x02\x00\x00\x00\x0bdxring-load";

/// CONNACK of a broker that lets us in.
pub const CONNACK: [u8; 4] = [0x20, 0x02, 0x00, 0x00];

/// Names of bands in topics and payloads, in the order of the plan's.
const BANDS: [&str; super::super::plan::BANDS] = ["160m", "80m", "40m", "20m", "15m", "10m"];

/// FT8's dial frequencies in Hz; its signals lie up to 2.8 kHz above.
const FT8_HZ: [u64; super::super::plan::BANDS] = [1_840_000, 3_573_000, 7_074_000, 14_074_000, 21_074_000, 28_074_000];

/// Locators of the DX and of the spotter: the tests need none in particular.
const LOCATORS: [&str; 2] = ["FN31pr", "JO22UU"];

/// One report as the network sends it.
pub struct Report<'a> {
    /// Number in the network's sequence.
    pub sq: u64,
    /// Place among the plan's bands.
    pub band: usize,
    /// The DX call.
    pub dx: &'a str,
    /// The receiver's call, as it gives it itself: without `-#`.
    pub spotter: &'a str,
    /// When it was heard, in s since 1970.
    pub heard_s: i64,
}

impl Report<'_> {
    /// FT8's audio is 200 to 2,700 Hz; the call says where, so that near calls lie apart.
    fn freq_hz(&self) -> u64 {
        let sum: u64 = self.dx.bytes().map(u64::from).sum();
        FT8_HZ[self.band] + 200 + sum % 26 * 100
    }

    /// `pskr/filter/v2/{band}/{mode}/{DX call}/{spotter}/{locators, 4 characters}/{countries}`.
    pub fn topic(&self) -> String {
        let [dx, de] = LOCATORS.map(|locator| &locator[..4]);
        format!("pskr/filter/v2/{}/FT8/{}/{}/{dx}/{de}/291/263", BANDS[self.band], self.dx, self.spotter)
    }

    /// The flat object.
    pub fn payload(&self) -> String {
        let [dx, de] = LOCATORS;
        format!(
            "{{\"sq\":{},\"f\":{},\"md\":\"FT8\",\"rp\":{},\"t\":{},\"t_tx\":{},\"sc\":\"{}\",\"sl\":\"{dx}\",\"rc\":\"{}\",\
             \"rl\":\"{de}\",\"sa\":291,\"ra\":263,\"b\":\"{}\"}}",
            self.sq,
            self.freq_hz(),
            self.sq as i64 % 30 - 20,
            self.heard_s,
            self.heard_s - 15,
            self.dx,
            self.spotter,
            BANDS[self.band],
        )
    }
}

/// One PUBLISH of QoS 0: it has no packet identifier.
pub fn publish(out: &mut Vec<u8>, topic: &str, payload: &str) {
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
    // Topics are some 60 bytes; writing to a Vec cannot fail.
    out.extend_from_slice(&(topic.len() as u16).to_be_bytes());
    let _ = write!(out, "{topic}{payload}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use dxring::spot::{Band, Mode};

    #[test]
    fn packets_byte_by_byte() {
        let mut out = Vec::new();
        publish(&mut out, "a/b", "xy");
        assert_eq!(out, b"\x30\x07\x00\x03a/bxy");
        out.clear();
        publish(&mut out, "t", &"p".repeat(318));
        assert_eq!(out[..6], [0x30, 0xC1, 0x02, 0x00, 0x01, b't'], "321 = 0x41 + 2 x 128");
        assert_eq!(CONNECT[1] as usize, CONNECT.len() - 2);
        assert_eq!(CONNECT[13] as usize, CONNECT.len() - 14);
    }

    #[test]
    fn the_node_reads_the_report() {
        for band in 0..BANDS.len() {
            let report = Report { sq: 73_468_726_263, band, dx: "DL1ABC", spotter: "W3LPL", heard_s: 1_791_326_355 };
            let message = dxring::wire::pskreporter(report.payload().as_bytes());
            let read = message.report.unwrap_or_else(|e| panic!("{e:?}"));
            assert_eq!((read.spot.dx.as_str(), read.spot.de.as_str()), ("DL1ABC", "W3LPL-#"));
            assert_eq!((read.spot.mode(), message.sq), (Mode::Ft8, Some(73_468_726_263)));
            assert_ne!(read.spot.band(), Band::None);
            assert!(read.spot.band().name().eq_ignore_ascii_case(BANDS[band]));
            assert_eq!(report.topic(), format!("pskr/filter/v2/{}/FT8/DL1ABC/W3LPL/FN31/JO22/291/263", BANDS[band]));
            let mut line = Vec::new();
            dxring::wire::classic(&read.spot, &mut line);
            assert_eq!(line[26..34].trim_ascii(), b"DL1ABC", "where users look for it");
        }
    }
}
