//! Pieces of output lines, without the fmt machinery: numbers, times, printable text, skimmers' words.

use crate::spot::{COMMENT_BYTES_MAX, Family, Flags, Freq, Grid, Spot, Utc};

/// Room for a composed comment: mode 6, report 4 + 3, speed 5 + 4 or locator 6, type 6, four blanks,
/// a blank and the longest comment.
const TEXT_BYTES_MAX: usize = 40 + COMMENT_BYTES_MAX;

/// A short text on the stack. What does not fit is left out; every use stays below the bound.
pub(super) struct Text {
    bytes: [u8; TEXT_BYTES_MAX],
    len: usize,
}

impl Text {
    pub const fn new() -> Text {
        Text { bytes: [0; TEXT_BYTES_MAX], len: 0 }
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    #[inline]
    pub fn push(&mut self, text: &[u8]) {
        let len = text.len().min(TEXT_BYTES_MAX - self.len);
        self.bytes[self.len..self.len + len].copy_from_slice(&text[..len]);
        self.len += len;
    }

    /// A word, with a blank before it unless it is the first.
    #[inline]
    pub fn push_word(&mut self, word: &[u8]) {
        if self.len > 0 && !word.is_empty() {
            self.push(b" ");
        }
        self.push(word);
    }

    #[inline]
    pub fn push_number(&mut self, number: i32) {
        self.push_word(itoa::Buffer::new().format(number).as_bytes());
    }
}

/// A frequency in kHz with one decimal, rounded half up.
pub(super) struct FreqText {
    /// `u64::MAX / 100` has 18 digits; the point makes 19.
    bytes: [u8; 24],
    len: usize,
}

impl FreqText {
    #[inline]
    pub fn new(freq: Freq) -> FreqText {
        // Bytes from a damaged file may hold any number; beyond all bands it only must not wrap.
        let tenths = if freq <= Freq::MICROWAVE_MAX { freq.tenths_khz() } else { freq.hz() / 100 };
        let mut text = FreqText { bytes: [0; 24], len: 0 };
        let mut buffer = itoa::Buffer::new();
        let khz = buffer.format(tenths / 10).as_bytes();
        text.bytes[..khz.len()].copy_from_slice(khz);
        text.bytes[khz.len()] = b'.';
        text.bytes[khz.len() + 1] = b'0' + (tenths % 10) as u8;
        text.len = khz.len() + 2;
        text
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// `1604Z`.
#[inline]
pub(super) fn hhmmz(time: Utc) -> [u8; 5] {
    let (hour, minute) = time.hour_minute();
    let two = |n: u32| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
    let ([a, b], [c, d]) = (two(hour), two(minute));
    [a, b, c, d, b'Z']
}

/// Appends text as any terminal shows it: TAB and line ends become blanks, other controls vanish,
/// each code point beyond ASCII and each byte that is none becomes one `?`.
#[inline]
pub(super) fn push_printable(text: &[u8], out: &mut Text) {
    if text.iter().all(|b| matches!(b, b' '..=b'~')) {
        out.push(text);
    } else {
        push_printable_slowly(text, out);
    }
}

#[cold]
fn push_printable_slowly(text: &[u8], out: &mut Text) {
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                ' '..='~' => out.push(&[c as u8]),
                '\t' | '\n' | '\r' | '\x0B' | '\x0C' => out.push(b" "),
                '\0'..='\x1F' | '\x7F' => {}
                _ => out.push(b"?"),
            }
        }
        for _ in chunk.invalid() {
            out.push(b"?");
        }
    }
}

/// The first `room` bytes of a text, or less: cut at a blank if there is one in the second half, so
/// that a locator pair or a park reference is whole or gone (clients 5.12).
#[inline]
pub(super) fn cut(text: &[u8], room: usize) -> &[u8] {
    if text.len() <= room {
        return text;
    }
    match text[..room + 1].iter().rposition(|&b| b == b' ') {
        Some(blank) if blank > room / 2 => text[..blank].trim_ascii_end(),
        _ => &text[..room],
    }
}

/// Speed and unit of a machine, when it told one.
#[inline]
pub(super) fn push_speed(spot: &Spot, out: &mut Text) {
    if spot.speed > 0 {
        out.push_number(i32::from(spot.speed));
        out.push(if spot.flags.has(Flags::SPEED_BPS) { b" BPS" } else { b" WPM" });
    }
}

/// The words of a machine's spot: mode, report, speed or locator, type, what was left.
#[inline]
pub(super) fn push_skimmer_words(spot: &Spot, snr_db: i16, out: &mut Text) {
    out.push_word(spot.mode().name().as_bytes());
    out.push_number(i32::from(snr_db));
    out.push(b" dB");
    push_speed(spot, out);
    let grid = if spot.mode().family() == Family::Slot && !spot.flags.has(Flags::DX_GRID_DERIVED) {
        grid4(&spot.dx_grid)
    } else {
        b""
    };
    out.push_word(grid);
    let kind: &[u8] = if spot.flags.has(Flags::NCDXF) {
        b"NCDXF"
    } else if spot.flags.has(Flags::CQ) {
        b"CQ"
    } else if spot.flags.has(Flags::BEACON) {
        b"BEACON"
    } else {
        b""
    };
    if !kind.is_empty() && spot.speed == 0 && grid.is_empty() {
        // dxclparser wants the blanks on both sides of the locator also where there is none.
        out.push(b" ");
    }
    out.push_word(kind);
    if !spot.comment().is_empty() {
        out.push(b" ");
        push_printable(spot.comment(), out);
    }
}

/// The first four characters of a locator, or nothing.
#[inline]
pub(super) fn grid4(grid: &Grid) -> &[u8] {
    let text = grid.as_bytes();
    &text[..text.len().min(4)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printable(text: &[u8]) -> Vec<u8> {
        let mut out = Text::new();
        push_printable(text, &mut out);
        out.as_bytes().to_vec()
    }

    #[test]
    fn every_foreign_character_is_one_mark() {
        assert_eq!(printable("für Jürgen €".as_bytes()), b"f?r J?rgen ?");
        assert_eq!(printable(b"caf\xE9 \xE2\x82"), b"caf? ??");
        assert_eq!(printable(b"a\tb\r\nc\x07"), b"a b  c");
    }

    #[test]
    fn texts_are_cut_between_words() {
        assert_eq!(cut(b"JN79>JO90 tropo", 12), b"JN79>JO90");
        assert_eq!(cut(b"POTA US-1241 nice", 12), b"POTA US-1241");
        assert_eq!(cut(b"a verylongwordwithoutblank", 10), b"a verylong");
        assert_eq!(cut(b"short", 5), b"short");
        assert_eq!(cut(b"x", 0), b"");
    }

    #[test]
    fn frequencies_have_one_decimal() {
        for (hz, text) in [(7_018_200, "7018.2"), (14_025_050, "14025.1"), (0, "0.0"), (10_368_100_000, "10368100.0")] {
            assert_eq!(FreqText::new(Freq::from_hz(hz)).as_bytes(), text.as_bytes());
        }
        assert_eq!(FreqText::new(Freq::from_hz(u64::MAX)).as_bytes().len(), 19);
    }
}
