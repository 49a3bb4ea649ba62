//! Tokens, words, numbers and times of a line, on bytes.

use crate::spot::{Freq, Mode};

/// Hour and minute of a line's time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HhMm {
    /// 0..=23.
    pub hour: u8,
    /// 0..=59.
    pub minute: u8,
}

impl HhMm {
    /// Reads exactly `hhmmZ` (`z` too). `None` when it is anything else or no time of day.
    pub fn parse(token: &[u8]) -> Option<HhMm> {
        match token {
            [a, b, c, d, b'Z' | b'z'] if [a, b, c, d].iter().all(|x| x.is_ascii_digit()) => {
                let hour = (a - b'0') * 10 + (b - b'0');
                let minute = (c - b'0') * 10 + (d - b'0');
                (hour < 24 && minute < 60).then_some(HhMm { hour, minute })
            }
            _ => None,
        }
    }
}

/// Whether a token begins with four digits and `Z` or `z`: a time, possible or not.
#[inline]
pub(super) fn starts_with_time(token: &[u8]) -> bool {
    matches!(token, [a, b, c, d, b'Z' | b'z', ..]
        if a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit() && d.is_ascii_digit())
}

/// Whether a byte parts tokens: a blank or any control character.
#[inline]
pub(super) const fn is_gap(b: u8) -> bool {
    b <= b' ' || b == 0x7F
}

/// Takes the next token off `rest`: what stands between gaps. Empty at the end.
#[inline]
pub(super) fn take_token<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let from = rest.iter().position(|&b| !is_gap(b)).unwrap_or(rest.len());
    let text = &rest[from..];
    let len = text.iter().position(|&b| is_gap(b)).unwrap_or(text.len());
    let (token, after) = text.split_at(len);
    *rest = after;
    token
}

/// Takes the last token off `rest`, gaps behind it included. Empty when there is none.
#[inline]
pub(super) fn take_last_token<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let text = trim_gaps_end(rest);
    let from = text.iter().rposition(|&b| is_gap(b)).map_or(0, |at| at + 1);
    let (before, token) = text.split_at(from);
    *rest = before;
    token
}

/// Without gaps at its end.
#[inline]
pub(super) fn trim_gaps_end(text: &[u8]) -> &[u8] {
    let len = text.iter().rposition(|&b| !is_gap(b)).map_or(0, |at| at + 1);
    &text[..len]
}

/// Without gaps at either end.
#[inline]
pub(super) fn trim_gaps(text: &[u8]) -> &[u8] {
    let from = text.iter().position(|&b| !is_gap(b)).unwrap_or(text.len());
    trim_gaps_end(&text[from..])
}

/// Without the punctuation `, ; : ! .` at either end (pipeline 2.4: these five only).
#[inline]
pub(super) fn clean(token: &[u8]) -> &[u8] {
    let noise = |b: &u8| matches!(b, b',' | b';' | b':' | b'!' | b'.');
    let Some(from) = token.iter().position(|b| !noise(b)) else { return b"" };
    let to = token.iter().rposition(|b| !noise(b)).map_or(from, |at| at + 1);
    &token[from..to]
}

/// What a word of a comment means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// A mode by name.
    Mode(Mode),
    /// SSB or PHONE: USB or LSB by frequency.
    Voice,
    /// The unit of reports.
    Db,
    /// The unit of Morse speed.
    Wpm,
    /// The unit of keyboard speed.
    Bps,
    /// Calling.
    Cq,
    /// A beacon.
    Beacon,
    /// A beacon of the NCDXF chain.
    Ncdxf,
    /// UP, DN, DOWN, QSX: the number beside it is a split, not a report.
    Split,
}

/// Up to eight bytes as one integer, upper-cased, so that a word is one comparison.
#[inline]
const fn pack(token: &[u8]) -> u64 {
    let mut packed = 0u64;
    let mut i = 0;
    while i < token.len() {
        packed = packed << 8 | token[i].to_ascii_uppercase() as u64;
        i += 1;
    }
    packed
}

/// Looks a cleaned token up among the known words, any case.
#[inline]
pub(super) fn word(token: &[u8]) -> Option<Word> {
    macro_rules! words {
        ($key:expr; $($text:literal => $word:expr,)+) => {
            match $key { $(key if key == const { pack($text) } => Some($word),)+ _ => None }
        };
    }
    // Most tokens are numbers or calls; words begin with one of few letters and are 2 to 8 long.
    if token.len() < 2 || token.len() > 8 || !token[0].is_ascii_alphabetic() {
        return None;
    }
    words! { pack(token);
        b"CW" => Word::Mode(Mode::Cw), b"CWT" => Word::Mode(Mode::Cw),
        b"DB" => Word::Db, b"WPM" => Word::Wpm, b"BPS" => Word::Bps,
        b"CQ" => Word::Cq, b"BEACON" => Word::Beacon, b"NCDXF" => Word::Ncdxf,
        b"UP" => Word::Split, b"DN" => Word::Split, b"DOWN" => Word::Split, b"QSX" => Word::Split,
        b"FT8" => Word::Mode(Mode::Ft8), b"FT-8" => Word::Mode(Mode::Ft8),
        b"FT4" => Word::Mode(Mode::Ft4), b"FT-4" => Word::Mode(Mode::Ft4),
        b"FT2" => Word::Mode(Mode::Ft2), b"JS8" => Word::Mode(Mode::Js8),
        b"RTTY" => Word::Mode(Mode::Rtty),
        b"SSB" => Word::Voice, b"PHONE" => Word::Voice,
        b"USB" => Word::Mode(Mode::Usb), b"LSB" => Word::Mode(Mode::Lsb),
        b"PSK31" => Word::Mode(Mode::Psk31), b"PSK63" => Word::Mode(Mode::Psk63),
        b"PSK125" => Word::Mode(Mode::Psk125), b"PSK" => Word::Mode(Mode::Psk), b"BPSK" => Word::Mode(Mode::Bpsk),
        b"MSK" => Word::Mode(Mode::Msk144), b"MSK144" => Word::Mode(Mode::Msk144),
        b"MSK-144" => Word::Mode(Mode::Msk144),
        b"SSTV" => Word::Mode(Mode::Sstv), b"JT65" => Word::Mode(Mode::Jt65), b"JT9" => Word::Mode(Mode::Jt9),
        b"Q65" => Word::Mode(Mode::Q65), b"FST4" => Word::Mode(Mode::Fst4), b"FST4W" => Word::Mode(Mode::Fst4),
        b"WSPR" => Word::Mode(Mode::Wspr), b"OLIVIA" => Word::Mode(Mode::Olivia), b"VARA" => Word::Mode(Mode::Vara),
    }
}

/// The reports anyone gives, in dB.
pub(super) const REPORT_DB_MAX: i16 = 200;

/// An integer with an optional sign, within ±[`REPORT_DB_MAX`]; nothing else.
#[inline]
pub(super) fn small_integer(token: &[u8]) -> Option<i16> {
    let (negative, digits) = match token {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    // Four digits leave room for `-014` and keep the sum inside i16.
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let mut value = 0i16;
    for &b in digits {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i16::from(b - b'0');
    }
    (value <= REPORT_DB_MAX).then_some(if negative { -value } else { value })
}

/// A number glued to its unit: `-13dB`, `+5DB`.
#[inline]
pub(super) fn glued_report(token: &[u8]) -> Option<i16> {
    match token {
        [number @ .., b'd' | b'D', b'b' | b'B'] => small_integer(number),
        _ => None,
    }
}

/// A frequency in kHz within a range; punctuation at its ends is ignored.
#[inline]
pub(super) fn frequency(token: &[u8], max: Freq) -> Option<Freq> {
    let token = clean(token);
    if !token.first()?.is_ascii_digit() {
        return None;
    }
    Freq::parse_khz(token).filter(|f| (Freq::LINE_MIN..=max).contains(f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_whole_only() {
        assert_eq!(word(b"ft-8"), Some(Word::Mode(Mode::Ft8)));
        assert_eq!(word(b"MSK-144"), Some(Word::Mode(Mode::Msk144)));
        assert_eq!(word(b"Down"), Some(Word::Split));
        for text in ["", "C", "FT8/FT4", "CWX", "dBm", "73", "BEACONING", "UP1"] {
            assert_eq!(word(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn integers_are_small_and_strict() {
        for (text, value) in [
            ("-04", Some(-4)),
            ("+12", Some(12)),
            ("200", Some(200)),
            ("201", None),
            ("599", None),
            ("", None),
            ("-", None),
            ("1.5", None),
            ("99999", None),
            ("0000", Some(0)),
        ] {
            assert_eq!(small_integer(text.as_bytes()), value, "{text}");
        }
        assert_eq!(glued_report(b"-13dB"), Some(-13));
        assert_eq!(glued_report(b"dB"), None);
    }

    #[test]
    fn tokens_come_from_both_ends() {
        let mut rest: &[u8] = b" a\tbc  d\x07\x07";
        assert_eq!(take_token(&mut rest), b"a");
        assert_eq!(take_last_token(&mut rest), b"d");
        assert_eq!(take_last_token(&mut rest), b"bc");
        assert_eq!(take_last_token(&mut rest), b"");
        assert_eq!(take_token(&mut rest), b"");
    }

    #[test]
    fn times_must_be_times_of_day() {
        assert_eq!(HhMm::parse(b"2359Z"), Some(HhMm { hour: 23, minute: 59 }));
        assert_eq!(HhMm::parse(b"0000z"), Some(HhMm { hour: 0, minute: 0 }));
        for text in ["2400Z", "1260Z", "123Z", "12345", "1234Z1", "12a4Z"] {
            assert_eq!(HhMm::parse(text.as_bytes()), None, "{text}");
        }
        assert!(starts_with_time(b"1708ZIO87") && !starts_with_time(b"1708"));
    }
}
