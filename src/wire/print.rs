//! Pieces of output lines, without the fmt machinery: numbers, times, printable text, skimmers' words.

use crate::spot::{Band, COMMENT_BYTES_MAX, Class, Family, Flags, Freq, Grid, Spot, Utc, month_name};

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

/// A frequency in kHz: one decimal, rounded half up, or two.
pub(super) struct FreqText {
    /// `u64::MAX / 100` has 18 digits; the point makes 19. A second decimal is only asked for below
    /// [`Freq::MICROWAVE_MAX`].
    bytes: [u8; 24],
    len: usize,
    /// Whether the last digit is the second decimal.
    has_second: bool,
}

impl FreqText {
    /// One decimal.
    #[inline]
    pub fn new(freq: Freq) -> FreqText {
        // Bytes from a damaged file may hold any number; beyond all bands it only must not wrap.
        let tenths = if freq <= Freq::MICROWAVE_MAX { freq.tenths_khz() } else { freq.hz() / 100 };
        let mut text = FreqText { bytes: [0; 24], len: 0, has_second: false };
        let mut buffer = itoa::Buffer::new();
        let khz = buffer.format(tenths / 10).as_bytes();
        text.bytes[..khz.len()].copy_from_slice(khz);
        text.bytes[khz.len()] = b'.';
        text.bytes[khz.len() + 1] = b'0' + (tenths % 10) as u8;
        text.len = khz.len() + 2;
        text
    }

    /// As a style wants it: with `two_decimals`, a second decimal where it is not 0.
    #[inline]
    pub fn of(freq: Freq, two_decimals: bool) -> FreqText {
        if !two_decimals || freq > Freq::MICROWAVE_MAX {
            return FreqText::new(freq);
        }
        let hundredths = (freq.hz() + 5) / 10;
        let second = (hundredths % 10) as u8;
        // What is left is a whole number of tenths: nothing is rounded twice.
        let mut text = FreqText::new(Freq::from_hz(hundredths / 10 * 100));
        if second > 0 {
            text.bytes[text.len] = b'0' + second;
            text.len += 1;
            text.has_second = true;
        }
        text
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Length up to the first decimal: that one has a fixed column, a second stands behind it.
    #[inline]
    pub fn len_to_tenths(&self) -> usize {
        self.len - usize::from(self.has_second)
    }
}

/// The DX call of a line: never with an SSID (clients 5.11, lesson 5). Readers take it off; this is for
/// spots from elsewhere.
#[inline]
pub(super) fn without_ssid(dx: &[u8]) -> &[u8] {
    let text = dx.strip_suffix(b"-#").unwrap_or(dx);
    match text.iter().rposition(|b| !b.is_ascii_digit()) {
        Some(dash) if text[dash] == b'-' && dash > 0 && dash + 1 < text.len() => &text[..dash],
        _ => text,
    }
}

/// The spotter of a line, on request without the mark of a skimmer.
#[inline]
pub(super) fn spotter(de: &[u8], bare_skimmers: bool) -> &[u8] {
    if bare_skimmers { de.strip_suffix(b"-#").unwrap_or(de) } else { de }
}

/// `1604Z`.
#[inline]
pub(super) fn hhmmz(time: Utc) -> [u8; 5] {
    let (hour, minute) = time.hour_minute();
    let ([a, b], [c, d]) = (two_digits(hour), two_digits(minute));
    [a, b, c, d, b'Z']
}

/// Day, month and year into eleven places: ` 6-Dec-2023`, or `06-Dec-2023` with a padding of `0`.
#[inline]
pub(super) fn date(time: Utc, padding: u8) -> [u8; 11] {
    let (year, month, day) = time.civil();
    let mut out = [padding; 11];
    if day >= 10 {
        out[0] = b'0' + (day / 10) as u8;
    }
    out[1] = b'0' + (day % 10) as u8;
    out[2] = b'-';
    out[3..6].copy_from_slice(month_name(month).as_bytes());
    out[6] = b'-';
    out[7..].copy_from_slice(&four_digits(year));
    out
}

/// A year. Bytes from a damaged file may hold any time.
#[inline]
pub(super) fn four_digits(year: i64) -> [u8; 4] {
    let year = year.clamp(0, 9999) as u32;
    [1000, 100, 10, 1].map(|scale| b'0' + (year / scale % 10) as u8)
}

/// A number below 100 in two digits.
#[inline]
pub(super) fn two_digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

/// Bytes that [`make_printable`] takes in one step; lines that have spare room give it whole steps.
pub(super) const PRINTABLE_STEP: usize = 16;

/// Whatever bytes a spot from a damaged file holds in calls and locators: a line is printable ASCII.
#[inline]
pub(super) fn make_printable(line: &mut [u8]) {
    for b in line {
        // No branch, so that the compiler takes many bytes at once.
        *b = if matches!(*b, b' '..=b'~') { *b } else { b'?' };
    }
}

/// Appends text as any terminal shows it: TAB and line ends become blanks, other controls vanish,
/// each code point beyond ASCII and each byte that is none becomes one `?`.
#[inline]
pub(super) fn push_printable(text: &[u8], out: &mut Text) {
    if text.iter().all(|b| matches!(b, b' '..=b'~')) {
        out.push(text);
    } else {
        push_printable_slowly(text, Beyond::Question, out);
    }
}

/// The same, but letters beyond ASCII stay as they are, in UTF-8.
#[inline]
pub(super) fn push_as_written(text: &[u8], out: &mut Text) {
    if text.iter().all(|b| matches!(b, b' '..=b'~')) {
        out.push(text);
    } else {
        push_printable_slowly(text, Beyond::Keep, out);
    }
}

/// What becomes of characters beyond ASCII.
#[derive(Clone, Copy, PartialEq)]
enum Beyond {
    Keep,
    Question,
}

/// Whether a character beyond ASCII shows something and does nothing: no control of 8-bit terminals, no mark that
/// turns or hides the text of others.
fn is_letter(c: char) -> bool {
    let turns = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    !c.is_control() && !turns
}

/// Whether a text is what [`push_as_written`] makes: ASCII without controls, and letters in UTF-8.
#[cold]
pub(super) fn is_as_written(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.chars().all(is_letter))
}

#[cold]
fn push_printable_slowly(text: &[u8], beyond: Beyond, out: &mut Text) {
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                ' '..='~' => out.push(&[c as u8]),
                '\t' | '\n' | '\r' | '\x0B' | '\x0C' => out.push(b" "),
                '\0'..='\x1F' | '\x7F' => {}
                c if !is_letter(c) => out.push(b"?"),
                c if beyond == Beyond::Keep => out.push(c.encode_utf8(&mut [0; 4]).as_bytes()),
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
        // Not inside a character.
        _ => {
            let end = (0..=room).rev().find(|&at| text[at] & 0xC0 != 0x80);
            &text[..end.unwrap_or(room)]
        }
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

/// The comment of the styles that have one: a machine's words composed, a person's as written; with a
/// diagnostic letter mode, report and tag. A machine without a report wrote like a person.
#[inline]
pub(super) fn push_comment(spot: &Spot, diag: u8, out: &mut Text) {
    if diag != 0 {
        out.push_word(spot.mode().name().as_bytes());
        if let Some(snr_db) = spot.snr() {
            out.push_number(i32::from(snr_db));
            out.push(b" dB");
        }
        if !out.as_bytes().is_empty() {
            out.push(b" ");
        }
        return push_tag(spot, diag, out);
    }
    match spot.snr() {
        Some(snr_db) if spot.is_skimmer() => push_skimmer_words(spot, snr_db, out),
        _ => push_as_written(spot.comment(), out),
    }
}

/// GoCluster's diagnostic tag (server 2.7), without separators: source, entity of the spotter, his
/// field (for policy `S` his CQ zone), band, policy. `R2910580S`; a blank stands for what is unknown.
pub(super) fn push_tag(spot: &Spot, policy: u8, out: &mut Text) {
    let source = match spot.class() {
        Class::Rbn | Class::RbnDigital => b"R",
        Class::PskReporter => b"P",
        Class::Simulator if spot.is_skimmer() => b"R",
        Class::Human | Class::Peer | Class::Simulator => b"H",
    };
    out.push(source);
    match spot.de_adif {
        0 => out.push(b" "),
        adif => out.push(itoa::Buffer::new().format(adif).as_bytes()),
    }
    let field = spot.de_grid.as_bytes();
    match policy {
        b'S' if spot.de_cq > 0 => out.push(&two_digits(spot.de_cq.into())),
        b'S' => out.push(b" "),
        _ if field.len() >= 2 => push_printable(&field[..2], out),
        _ => out.push(b" "),
    }
    match spot.band() {
        Band::None => out.push(b" "),
        band => {
            let name = band.name();
            let metres = name.strip_suffix('m').filter(|number| !number.ends_with('c'));
            out.push(metres.unwrap_or(name).as_bytes());
        }
    }
    push_printable(&[policy], out);
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
