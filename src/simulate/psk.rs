//! A report as PSKReporter's broker publishes it: topic and payload (field notes, live capture of 2026-10-06).
//!
//! ```text
//! pskr/filter/v2/30m/FT8/WB1DX/PA4HJH/FN32/JO22/291/263
//! {"sq":73468726263,"f":10137366,"md":"FT8","rp":-11,"t":1791326355,"t_tx":1791326340,"sc":"WB1DX","sl":"FN32XE",
//!  "rc":"PA4HJH","rl":"JO22UU","sa":291,"ra":263,"b":"30m"}
//! ```

use crate::spot::{Band, Freq};

/// Characters of a locator in a topic.
const TOPIC_GRID_CHARS: usize = 4;

/// One report. Texts go out as they are: calls, locators and modes are plain ASCII without quotes.
#[derive(Clone, Copy, Debug)]
pub struct PskText<'a> {
    /// Number in the network's sequence.
    pub sq: u64,
    /// Frequency in Hz.
    pub freq_hz: u64,
    /// `FT8`.
    pub mode: &'a str,
    /// Report in dB.
    pub snr_db: i16,
    /// When it was heard, Unix seconds.
    pub heard_s: i64,
    /// When the transmission began, Unix seconds.
    pub sent_s: i64,
    /// Station heard.
    pub dx: &'a [u8],
    /// Its locator, 4 to 10 characters; empty = not known.
    pub dx_grid: &'a [u8],
    /// Its ADIF entity; 0 = not known.
    pub dx_adif: u16,
    /// Receiver, without `-#`.
    pub de: &'a [u8],
    /// Its locator.
    pub de_grid: &'a [u8],
    /// Its ADIF entity; 0 = not known.
    pub de_adif: u16,
}

/// Appends the payload, about 200 bytes.
pub fn psk_payload(report: &PskText<'_>, out: &mut Vec<u8>) {
    let mut text = |before: &str, value: &[u8]| {
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(value);
    };
    // A load generator prints hundreds of thousands a second: no allocation.
    fn adif(adif: u16, n: &mut itoa::Buffer) -> &[u8] {
        if adif == 0 { b"null" } else { n.format(adif).as_bytes() }
    }
    let mut n = itoa::Buffer::new();
    text("{\"sq\":", n.format(report.sq).as_bytes());
    text(",\"f\":", n.format(report.freq_hz).as_bytes());
    text(",\"md\":\"", report.mode.as_bytes());
    text("\",\"rp\":", n.format(report.snr_db).as_bytes());
    text(",\"t\":", n.format(report.heard_s).as_bytes());
    text(",\"t_tx\":", n.format(report.sent_s).as_bytes());
    text(",\"sc\":\"", report.dx);
    text("\",\"sl\":\"", report.dx_grid);
    text("\",\"rc\":\"", report.de);
    text("\",\"rl\":\"", report.de_grid);
    text("\",\"sa\":", adif(report.dx_adif, &mut n));
    text(",\"ra\":", adif(report.de_adif, &mut n));
    text(",\"b\":\"", Band::of(Freq::from_hz(report.freq_hz)).name().as_bytes());
    text("\"}", b"");
}

/// Appends the topic. A `/` in a call becomes `.`, an unknown entity an empty level.
pub fn psk_topic(report: &PskText<'_>, out: &mut Vec<u8>) {
    fn level(out: &mut Vec<u8>, text: &[u8]) {
        out.push(b'/');
        out.extend(text.iter().map(|b| if *b == b'/' { b'.' } else { *b }));
    }
    fn grid(out: &mut Vec<u8>, text: &[u8]) {
        out.push(b'/');
        out.extend(text.iter().take(TOPIC_GRID_CHARS).map(u8::to_ascii_uppercase));
    }
    fn adif(out: &mut Vec<u8>, adif: u16) {
        out.push(b'/');
        if adif > 0 {
            out.extend_from_slice(itoa::Buffer::new().format(adif).as_bytes());
        }
    }
    out.extend_from_slice(b"pskr/filter/v2");
    level(out, Band::of(Freq::from_hz(report.freq_hz)).name().as_bytes());
    level(out, report.mode.as_bytes());
    level(out, report.dx);
    level(out, report.de);
    grid(out, report.dx_grid);
    grid(out, report.de_grid);
    adif(out, report.dx_adif);
    adif(out, report.de_adif);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::{Mode, Utc};
    use crate::wire::pskreporter;

    const REPORT: PskText<'_> = PskText {
        sq: 73_468_726_263,
        freq_hz: 10_137_366,
        mode: "FT8",
        snr_db: -11,
        heard_s: 1_791_326_355,
        sent_s: 1_791_326_340,
        dx: b"WB1DX/P",
        dx_grid: b"FN32xe",
        dx_adif: 291,
        de: b"WCF190",
        de_grid: b"JO22UU",
        de_adif: 0,
    };

    #[test]
    fn bytes_are_those_of_the_network() {
        let (mut topic, mut payload) = (Vec::new(), Vec::new());
        psk_topic(&REPORT, &mut topic);
        psk_payload(&REPORT, &mut payload);
        assert_eq!(String::from_utf8(topic).unwrap(), "pskr/filter/v2/30m/FT8/WB1DX.P/WCF190/FN32/JO22/291/");
        assert_eq!(
            String::from_utf8(payload).unwrap(),
            r#"{"sq":73468726263,"f":10137366,"md":"FT8","rp":-11,"t":1791326355,"t_tx":1791326340,"sc":"WB1DX/P","sl":"FN32xe","rc":"WCF190","rl":"JO22UU","sa":291,"ra":null,"b":"30m"}"#
        );
    }

    #[test]
    fn our_own_reader_reads_it() {
        let mut payload = Vec::new();
        psk_payload(&REPORT, &mut payload);
        let message = pskreporter(&payload);
        let report = message.report.unwrap();
        assert_eq!((message.sq, report.heard), (Some(REPORT.sq), Utc::from_secs(REPORT.heard_s)));
        assert_eq!((report.spot.dx.as_str(), report.spot.de.as_str()), ("WB1DX/P", "WCF190-#"));
        assert_eq!((report.spot.freq.hz(), report.spot.mode()), (REPORT.freq_hz, Mode::Ft8));
    }
}
