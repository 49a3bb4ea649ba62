//! The line that every logging program reads, and the line of SHOW/DX (clients 5.1, 5.2).

use super::print::{FreqText, Text, cut, hhmmz, push_printable, push_skimmer_words};
use crate::spot::{Spot, month_name};

/// Columns of a classic line, 0-based: where fields start, where the frequency ends.
const DE_AT: usize = 6;
const FREQ_END: usize = 24;
const COMMENT_AT: usize = 39;
/// The blank before the time.
const COMMENT_END: usize = 69;
const TIME_AT: usize = 70;
/// Length of a classic line without its end.
const CLASSIC_LINE_BYTES: usize = 75;
// The longest spotter (15), the longest number (19) and the longest DX call (15) end before the time,
// so nothing is ever cut but the comment.
const _: () = assert!(DE_AT + 15 + 2 + 19 + 2 + 15 < COMMENT_END);

/// Appends the classic line of 75 columns, without line end.
///
/// A spotter of more than 8 characters takes the blanks of the frequency's field first; one blank
/// stays after the colon. Only when none is left does the call move to the right, and then the
/// padding behind it shrinks, so that comment and time keep their columns.
///
/// A machine's comment is composed (`CW 23 dB 25 WPM CQ`), a person's stands as written; both are cut
/// to 30 columns between words where there is a blank in the second half.
pub fn classic(spot: &Spot, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + CLASSIC_LINE_BYTES, b' ');
    let line = &mut out[start..];
    line[..DE_AT].copy_from_slice(b"DX de ");
    let de = spot.de.as_bytes();
    let colon = put(line, DE_AT, de);
    line[colon] = b':';
    let freq = FreqText::new(spot.freq);
    let freq = freq.as_bytes();
    let freq_end = FREQ_END.max(colon + 2 + freq.len());
    put(line, freq_end - freq.len(), freq);
    let dx_end = put(line, freq_end + 2, spot.dx.as_bytes());
    let comment_at = COMMENT_AT.max(dx_end + 1);
    let mut text = Text::new();
    push_comment(spot, &mut text);
    put(line, comment_at, cut(text.as_bytes(), COMMENT_END - comment_at));
    put(line, TIME_AT, &hhmmz(spot.time));
}

/// Length of a line of SHOW/DX without its end.
pub const HISTORY_LINE_BYTES: usize = 77;

/// Appends the SHOW/DX line in DXSpider's layout, without line end: frequency, call, date, time,
/// comment, and the spotter in `<>` at the right margin.
pub fn history_line(spot: &Spot, out: &mut Vec<u8>) {
    let start = out.len();
    // Two more columns each for a frequency and a call that are too long for their fields; cut below.
    out.resize(start + HISTORY_LINE_BYTES, b' ');
    let line = &mut out[start..];
    let freq = FreqText::new(spot.freq);
    let freq = freq.as_bytes();
    let mut at = 9usize.max(freq.len());
    put(line, at - freq.len(), freq);
    let dx_end = put(line, at + 1, spot.dx.as_bytes());
    at = (at + 13).max(dx_end + 1);
    let (year, month, day) = spot.time.civil();
    if day >= 10 {
        line[at] = b'0' + (day / 10) as u8;
    }
    line[at + 1] = b'0' + (day % 10) as u8;
    line[at + 2] = b'-';
    put(line, at + 3, month_name(month).as_bytes());
    line[at + 6] = b'-';
    let year = year.clamp(0, 9999) as u32;
    for (i, scale) in [1000, 100, 10, 1].into_iter().enumerate() {
        line[at + 7 + i] = b'0' + (year / scale % 10) as u8;
    }
    put(line, at + 12, &hhmmz(spot.time));
    let comment_at = at + 18;
    let de = spot.de.as_bytes();
    let de_at = HISTORY_LINE_BYTES - de.len() - 2;
    let mut text = Text::new();
    push_comment(spot, &mut text);
    put(line, comment_at, cut(text.as_bytes(), (de_at - 1).saturating_sub(comment_at)));
    line[de_at] = b'<';
    put(line, de_at + 1, de);
    line[HISTORY_LINE_BYTES - 1] = b'>';
}

// The longest number (19), call (15), date, time and spotter (17 with its brackets) fit side by side.
const _: () = assert!(19 + 1 + 15 + 1 + 18 + 1 + 17 <= HISTORY_LINE_BYTES);

/// A machine's words composed, a person's as written. A machine without a report wrote like a person.
#[inline]
fn push_comment(spot: &Spot, out: &mut Text) {
    match spot.snr() {
        Some(snr_db) if spot.is_skimmer() => push_skimmer_words(spot, snr_db, out),
        _ => push_printable(spot.comment(), out),
    }
}

/// Copies a text into a line; returns where it ends.
#[inline]
fn put(line: &mut [u8], at: usize, text: &[u8]) -> usize {
    line[at..at + text.len()].copy_from_slice(text);
    at + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::{Call, Freq, Utc};

    fn spot(de: &str, khz: &str, dx: &str, comment: &str) -> Spot {
        let mut spot = Spot::empty();
        spot.de = Call::literal(de);
        spot.dx = Call::literal(dx);
        spot.set_freq(Freq::parse_khz(khz.as_bytes()).unwrap());
        spot.set_comment(comment.as_bytes());
        spot.time = Utc::from_civil(2023, 12, 6, 13, 59, 0);
        spot
    }

    fn classic_text(spot: &Spot) -> String {
        let mut out = Vec::new();
        classic(spot, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn long_spotters_take_blanks_before_they_shift() {
        for (de, khz, freq_end) in [
            ("EA8/DF4UI", "7005.1", 24),
            ("VP8/OH2BHX", "7005.1", 24),
            ("EA8/DF4UI", "14005.1", 24),
            ("EA8/DF4U", "144005.1", 24),
            ("VP8/OH2BH-12-#", "7005.1", 28),
            ("EA8/DF4UI", "144005.1", 25),
        ] {
            let line = classic_text(&spot(de, khz, "K1ABC", "up"));
            assert_eq!(line.len(), 75);
            assert_eq!(line.find(khz).unwrap() + khz.len(), freq_end, "{line}");
            assert!(line.starts_with(&format!("DX de {de}: ")), "{line}");
            assert_eq!(&line[COMMENT_AT..COMMENT_AT + 2], "up", "{line}");
            assert_eq!(&line[TIME_AT..], "1359Z");
        }
    }

    #[test]
    fn long_dx_calls_push_the_comment() {
        let line = classic_text(&spot("K1ABC", "14025.0", "VP2E/K1ABCDE/P", "tnx"));
        assert_eq!(&line[26..44], "VP2E/K1ABCDE/P tnx");
        assert_eq!(line.len(), 75);
    }

    #[test]
    fn the_longest_of_everything_still_fits() {
        let mut s = spot("VP8/OH2BHXX-12", "300000000.0", "K1ABCDEF/GHIJKL", &"w".repeat(96));
        assert_eq!(classic_text(&s).len(), 75);
        s.freq = Freq::from_hz(u64::MAX);
        s.time = Utc::from_ms(i64::MAX);
        let mut out = Vec::new();
        classic(&s, &mut out);
        history_line(&s, &mut out);
        assert_eq!(out.len(), 75 + HISTORY_LINE_BYTES);
    }

    #[test]
    fn encoders_append() {
        let mut out = b"before".to_vec();
        classic(&spot("K1ABC", "14025.0", "DL1ABC", ""), &mut out);
        assert!(out.starts_with(b"beforeDX de K1ABC:"));
    }
}
