//! The line that every logging program reads, and the lines of SHOW/DX (clients 5.1, 5.2).

use super::print::{
    FreqText, PRINTABLE_STEP, Text, cut, date, grid4, hhmmz, is_as_written, make_printable, push_comment, spotter,
    two_digits, without_ssid,
};
use super::style::{LineFormat, LineStyle, Trailers};
use crate::spot::{Flags, Spot, State};
use std::ops::Range;

/// Columns of a classic line, 0-based: where fields start, where the frequency ends.
const DE_AT: usize = 6;
const FREQ_END: usize = 24;
const COMMENT_AT: usize = 39;
/// The time ends so many columns before the screen does; with the blank before it that leaves
/// `width - 50` columns for the comment.
const TIME_TO_EDGE: usize = 10;
/// Where the longest spotter (15, or 16 in a damaged file), frequency (19) and DX call end side by side. On
/// screens of 80 columns and more that is before the time: then nothing is ever cut but the comment.
const DX_END_MAX: usize = DE_AT + 16 + 2 + 19 + 2 + 16;
const _: () = assert!(DX_END_MAX < LineStyle::WIDTH as usize - TIME_TO_EDGE - 1);
/// The time, then everything that can stand behind it: a locator, two zones, a state, each with a blank.
const BEHIND_BYTES_MAX: usize = 5 + 5 + 3 * 3;
/// Longest classic line of any style: the widest screen, everything behind the time, two BEL.
pub(super) const CLASSIC_LINE_BYTES_MAX: usize = LineStyle::WIDTH_MAX as usize - TIME_TO_EDGE + BEHIND_BYTES_MAX + 2;

/// Appends the classic line of 75 columns, without line end.
///
/// A spotter of more than 8 characters takes the blanks of the frequency's field first; one blank
/// stays after the colon. Only when none is left does the call move to the right, and then the
/// padding behind it shrinks, so that comment and time keep their columns.
///
/// A machine's comment is composed (`CW 23 dB 25 WPM CQ`), a person's stands as written; both are cut
/// to 30 columns between words where there is a blank in the second half.
pub fn classic(spot: &Spot, out: &mut Vec<u8>) {
    classic_line(spot, const { LineStyle::of(LineFormat::Classic) }, out);
}

/// [`classic`] with the options of a style; what they do to columns is said at their fields.
pub(super) fn classic_line(spot: &Spot, style: LineStyle, out: &mut Vec<u8>) {
    let time_at = usize::from(style.width.clamp(LineStyle::WIDTH_MIN, LineStyle::WIDTH_MAX)) - TIME_TO_EDGE;
    let start = out.len();
    out.resize(start + time_at.max(DX_END_MAX + 1) + BEHIND_BYTES_MAX, b' ');
    let line = &mut out[start..];
    line[..DE_AT].copy_from_slice(b"DX de ");
    let colon = put(line, DE_AT, spotter(spot.de.as_bytes(), style.bare_skimmers));
    line[colon] = b':';
    let freq = FreqText::of(spot.freq, style.two_decimals);
    let freq_end = FREQ_END.max(colon + 2 + freq.len_to_tenths());
    put(line, freq_end - freq.len_to_tenths(), freq.as_bytes());
    let dx_end = put(line, freq_end + 2, without_ssid(spot.dx.as_bytes()));
    // A narrow screen has no comment, and the time comes after whatever the calls need.
    let time_at = time_at.max(dx_end + 1);
    let comment_at = COMMENT_AT.max(dx_end + 1);
    let mut comment_end = time_at - 1;
    let zones = usize::from(style.trailers.has(Trailers::CQ))
        + usize::from(style.trailers.has(Trailers::ITU))
        + usize::from(style.trailers.has(Trailers::STATE));
    if zones > 0 && comment_at + 3 * zones <= comment_end {
        comment_end -= 3 * zones;
        put_zones(line, comment_end, style.trailers, (spot.dx_cq, spot.dx_itu, spot.dx_state));
    }
    let mut letters = 0..0;
    if comment_at < comment_end {
        let mut text = Text::new();
        push_comment(spot, style.diag, &mut text);
        let text = cut(text.as_bytes(), comment_end - comment_at);
        put(line, comment_at, text);
        letters = letters_of(text, comment_at);
    }
    let mut end = put(line, time_at, &hhmmz(spot.time));
    if style.trailers != Trailers(0) {
        end = put_trailers(line, end, style.trailers, spot);
    }
    let steps_end = end.next_multiple_of(PRINTABLE_STEP).min(line.len());
    make_printable_but(&mut line[..steps_end], letters);
    out.truncate(start + end);
    if style.beep {
        out.extend_from_slice(b"\x07\x07");
    }
}

/// What is known of the spotter, behind the time; returns where it ends. Derived locators stay out: a
/// program would take the middle of a country for a station.
fn put_trailers(line: &mut [u8], time_end: usize, trailers: Trailers, spot: &Spot) -> usize {
    let mut at = time_end;
    if trailers.has(Trailers::GRID) {
        if !spot.flags.has(Flags::DE_GRID_DERIVED) {
            for (to, from) in line[at + 1..].iter_mut().zip(grid4(&spot.de_grid)) {
                *to = *from;
            }
        }
        at += 5;
    }
    at = put_zones(line, at, trailers, (spot.de_cq, spot.de_itu, spot.de_state));
    time_end + line[time_end..at].trim_ascii_end().len()
}

/// A blank and two characters for each of CQ zone, ITU zone and state that are asked for; what is not known
/// stays blank. Returns where they end.
fn put_zones(line: &mut [u8], mut at: usize, trailers: Trailers, (cq, itu, state): (u8, u8, u8)) -> usize {
    for (wanted, zone) in [(Trailers::CQ, cq), (Trailers::ITU, itu)] {
        if trailers.has(wanted) {
            if (1..100).contains(&zone) {
                let [tens, ones] = two_digits(zone.into());
                line[at + 1] = if tens == b'0' { b' ' } else { tens };
                line[at + 2] = ones;
            }
            at += 3;
        }
    }
    if trailers.has(Trailers::STATE) {
        put(line, at + 1, State(state).code().as_bytes());
        at += 3;
    }
    at
}

/// Length of a line of SHOW/DX without its end.
pub const HISTORY_LINE_BYTES: usize = 77;

/// Appends the SHOW/DX line in DXSpider's layout, without line end: frequency, call, date, time,
/// comment, and the spotter in `<>` at the right margin.
pub fn history_line(spot: &Spot, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + HISTORY_LINE_BYTES, b' ');
    let line = &mut out[start..];
    let freq = FreqText::new(spot.freq);
    let freq = freq.as_bytes();
    let mut at = 9usize.max(freq.len());
    put(line, at - freq.len(), freq);
    let dx_end = put(line, at + 1, without_ssid(spot.dx.as_bytes()));
    at = (at + 13).max(dx_end + 1);
    put(line, at, &date(spot.time, b' '));
    put(line, at + 12, &hhmmz(spot.time));
    let comment_at = at + 18;
    let de = spot.de.as_bytes();
    let de_at = HISTORY_LINE_BYTES - de.len() - 2;
    let mut text = Text::new();
    push_comment(spot, 0, &mut text);
    let text = cut(text.as_bytes(), (de_at - 1).saturating_sub(comment_at));
    put(line, comment_at, text);
    line[de_at] = b'<';
    put(line, de_at + 1, de);
    line[HISTORY_LINE_BYTES - 1] = b'>';
    make_printable_but(line, letters_of(text, comment_at));
}

// The longest number (19), call (16 bytes), date, time and spotter (18 with its brackets) fit side by side.
const _: () = assert!(19 + 1 + 16 + 1 + 18 + 1 + 18 <= HISTORY_LINE_BYTES);

/// Where the `<` of a CC Cluster line stands.
const CC_DE_AT: usize = 67;
/// Longest line of [`history_line_cc`] without its end: the longest spotter (16 bytes) in its brackets.
pub const HISTORY_LINE_CC_BYTES_MAX: usize = CC_DE_AT + 18;
// The longest number (19) and call push the date, and date and time still end before the spotter.
const _: () = assert!(19 + 2 + 16 + 1 + 11 + 1 + 5 + 2 < CC_DE_AT);

/// Appends the SHOW/DX line in CC Cluster's layout, without line end: two blanks before call and comment,
/// the day with its zero, and the spotter left-aligned in column 67 (0-based), where CC Cluster has it.
pub fn history_line_cc(spot: &Spot, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + HISTORY_LINE_CC_BYTES_MAX, b' ');
    let line = &mut out[start..];
    let freq = FreqText::new(spot.freq);
    let freq = freq.as_bytes();
    let freq_end = 8usize.max(freq.len());
    put(line, freq_end - freq.len(), freq);
    let dx_end = put(line, freq_end + 2, without_ssid(spot.dx.as_bytes()));
    let date_at = 22usize.max(dx_end + 1);
    put(line, date_at, &date(spot.time, b'0'));
    put(line, date_at + 12, &hhmmz(spot.time));
    let comment_at = date_at + 19;
    let mut text = Text::new();
    push_comment(spot, 0, &mut text);
    let text = cut(text.as_bytes(), CC_DE_AT - 1 - comment_at);
    put(line, comment_at, text);
    line[CC_DE_AT] = b'<';
    let end = put(line, CC_DE_AT + 1, spot.de.as_bytes());
    line[end] = b'>';
    make_printable_but(line, letters_of(text, comment_at));
    out.truncate(start + end + 1);
}

/// Where a comment lies in its line, if it has letters beyond ASCII. Bytes of a damaged spot are none.
#[inline]
fn letters_of(text: &[u8], at: usize) -> Range<usize> {
    if text.is_ascii() || !is_as_written(text) { 0..0 } else { at..at + text.len() }
}

/// [`make_printable`] for all of a line but these bytes.
#[inline]
fn make_printable_but(line: &mut [u8], letters: Range<usize>) {
    if letters.is_empty() {
        return make_printable(line);
    }
    make_printable(&mut line[..letters.start]);
    make_printable(&mut line[letters.end..]);
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
            assert_eq!(&line[70..], "1359Z");
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
        history_line_cc(&s, &mut out);
        assert_eq!(out.len(), 75 + HISTORY_LINE_BYTES + CC_DE_AT + 2 + s.de.len());
    }

    #[test]
    fn every_width_keeps_comment_and_time_apart() {
        let mut s = spot("W3LPL", "14025.0", "K1ABC", &"w".repeat(96));
        s.dx_cq = 5;
        for width in 0..=255u8 {
            for trailers in [0, 2, 15] {
                let style = LineStyle { width, trailers: Trailers(trailers), ..LineStyle::default() };
                let mut out = Vec::new();
                classic_line(&s, style, &mut out);
                let time_at = usize::from(width.clamp(45, 130)) - 10;
                let line = String::from_utf8(out).unwrap();
                assert_eq!((line.len(), &line[time_at..]), (time_at + 5, "1359Z"), "{line}");
                assert_eq!(&line[time_at - 1..time_at], " ", "{line}");
            }
        }
    }

    #[test]
    fn encoders_append() {
        let mut out = b"before".to_vec();
        classic(&spot("K1ABC", "14025.0", "DL1ABC", ""), &mut out);
        assert!(out.starts_with(b"beforeDX de K1ABC:"));
    }
}
