//! One walk over the words beside calls and frequency: mode, report, speed, type, and what is left.

use super::scan::{self, HhMm, Word};
use crate::spot::{COMMENT_BYTES_MAX, Flags, Freq, Grid, Mode};

/// Whose words they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Grammar {
    /// A machine's: type words and locators are fields, a bare number may be the report.
    Machine,
    /// A person's: only what is unmistakable is read; the words themselves are kept elsewhere.
    Person,
    /// A person's comment whose layout time is already off: a time in it was written by him.
    PersonKeepTimes,
}

/// What the words said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub mode: Mode,
    pub snr: Option<i16>,
    pub time: Option<HhMm>,
    /// Number as written, value, and whether the unit is BPS.
    pub speed: Option<(&'a [u8], u16, bool)>,
    /// CQ, BEACON, NCDXF of a machine.
    pub flags: Flags,
    /// Locator in the speed field of a machine's line.
    pub grid: Grid,
    /// The words that were none of these, one blank between them.
    pub left: Left,
}

/// Words side by side, as many as fit into a comment; the first that does not fit ends it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    bytes: [u8; COMMENT_BYTES_MAX],
    len: usize,
    full: bool,
}

impl Left {
    pub const EMPTY: Left = Left { bytes: [0; COMMENT_BYTES_MAX], len: 0, full: false };

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Appends a word; returns where it starts.
    pub fn push(&mut self, word: &[u8]) -> usize {
        let at = if self.len == 0 { 0 } else { self.len + 1 };
        self.full |= at + word.len() > COMMENT_BYTES_MAX;
        if self.full || word.is_empty() {
            return self.len;
        }
        if at > 0 {
            self.bytes[at - 1] = b' ';
        }
        self.bytes[at..at + word.len()].copy_from_slice(word);
        self.len = at + word.len();
        at
    }

    /// Takes out the word of `len` bytes at `at`, with one of the blanks beside it.
    fn remove(&mut self, at: usize, len: usize) {
        let (from, to) = if at > 0 { (at - 1, at + len) } else { (0, (len + 1).min(self.len)) };
        if from <= to && to <= self.len {
            self.bytes.copy_within(to..self.len, from);
            self.len -= to - from;
        }
    }
}

/// A number that waits for the word behind it, which may be its unit.
#[derive(Clone, Copy)]
struct Held<'a> {
    value: i16,
    /// A sign that stood alone before it (`+ 9 dB`), or empty.
    sign: &'a [u8],
    digits: &'a [u8],
}

/// A number that may be the report of a machine that wrote no `dB`.
#[derive(Clone, Copy)]
struct Candidate {
    value: i16,
    at: usize,
    len: usize,
}

/// The bare numbers that are taken for reports, in dB.
const BARE_REPORT_DB: std::ops::RangeInclusive<i16> = -60..=99;

struct Walk<'a> {
    grammar: Grammar,
    found: Found<'a>,
    held: Option<Held<'a>>,
    candidate: Option<Candidate>,
}

/// Reads the words of `text`. `freq` decides whether SSB is USB or LSB.
pub(super) fn walk(text: &[u8], freq: Freq, grammar: Grammar) -> Found<'_> {
    let mut walk = Walk {
        grammar,
        found: Found {
            mode: Mode::Unknown,
            snr: None,
            time: None,
            speed: None,
            flags: Flags::default(),
            grid: Grid::NONE,
            left: Left::EMPTY,
        },
        held: None,
        candidate: None,
    };
    walk.run(text, freq);
    walk.found
}

impl<'a> Walk<'a> {
    fn run(&mut self, text: &'a [u8], freq: Freq) {
        let machine = self.grammar == Grammar::Machine;
        let mut rest = text;
        let mut time_seen = self.grammar == Grammar::PersonKeepTimes;
        let mut sign: &[u8] = b"";
        let (mut after_split, mut after_report, mut after_ncdxf) = (false, false, false);
        loop {
            let mut token = scan::take_token(&mut rest);
            if token.is_empty() {
                break;
            }
            token = scan::clean(token);
            if scan::starts_with_time(token) && self.grammar != Grammar::PersonKeepTimes {
                if !time_seen {
                    time_seen = true;
                    self.found.time = HhMm::parse(&token[..5]);
                    token = &token[5..];
                } else if token.len() == 5 {
                    self.release(false);
                    continue;
                }
            }
            if token.is_empty() {
                continue;
            }
            let split_before = std::mem::take(&mut after_split);
            let report_before = std::mem::take(&mut after_report);
            let ncdxf_before = std::mem::take(&mut after_ncdxf);
            let lone_sign = std::mem::take(&mut sign);

            if let Some(value) = scan::small_integer(token) {
                self.release(true);
                if split_before {
                    self.found.left.push(lone_sign);
                    self.found.left.push(token);
                } else {
                    let signed = !lone_sign.is_empty() && token[0].is_ascii_digit();
                    let value = if signed && lone_sign == b"-" { -value } else { value };
                    self.held = Some(Held { value, sign: lone_sign, digits: token });
                }
                continue;
            }
            self.found.left.push(lone_sign);
            match scan::word(token) {
                Some(Word::Mode(mode)) if self.found.mode == Mode::Unknown => {
                    self.release(true);
                    self.found.mode = mode;
                    continue;
                }
                Some(Word::Voice) if self.found.mode == Mode::Unknown => {
                    self.release(true);
                    self.found.mode = Mode::ssb_at(freq);
                    continue;
                }
                Some(Word::Db) => {
                    match self.held.take() {
                        Some(held) if self.found.snr.is_none() => self.found.snr = Some(held.value),
                        held => {
                            self.held = held;
                            self.release(true);
                        }
                    }
                    after_report = true;
                    continue;
                }
                Some(unit @ (Word::Wpm | Word::Bps)) => {
                    if let (None, Some(held)) = (self.found.speed, self.held)
                        && held.sign.is_empty()
                        && held.digits[0].is_ascii_digit()
                    {
                        self.held = None;
                        self.found.speed = Some((held.digits, held.value.unsigned_abs(), unit == Word::Bps));
                        continue;
                    }
                }
                Some(Word::Split) => {
                    self.release(false);
                    after_split = true;
                }
                Some(Word::Cq) if machine => {
                    self.release(true);
                    self.found.flags.set(Flags::CQ, true);
                    continue;
                }
                Some(Word::Beacon) if machine => {
                    self.release(true);
                    self.found.flags.set(Flags::BEACON, true);
                    continue;
                }
                Some(Word::Ncdxf) if machine => {
                    self.release(true);
                    self.found.flags.set(Flags::BEACON, true);
                    self.found.flags.set(Flags::NCDXF, true);
                    after_ncdxf = true;
                    continue;
                }
                Some(_) => {}
                None => {
                    if self.found.snr.is_none()
                        && let Some(value) = scan::glued_report(token).or_else(|| report_behind_unit(token))
                    {
                        self.release(true);
                        self.found.snr = Some(value);
                        after_report = true;
                        continue;
                    }
                    if ncdxf_before && token == b"B" {
                        continue;
                    }
                    if token == b"+" || token == b"-" {
                        self.release(true);
                        sign = token;
                        continue;
                    }
                    if machine && report_before && self.found.grid.is_none() && is_locator(token) {
                        self.found.grid = Grid::parse(token).unwrap_or(Grid::NONE);
                        continue;
                    }
                }
            }
            self.release(true);
            self.found.left.push(token);
        }
        self.release(true);
        self.found.left.push(sign);
        if self.found.snr.is_none() {
            if machine {
                self.take_bare_report();
            } else {
                self.found.snr = report_in_text(self.found.left.as_bytes());
            }
        }
    }

    /// Gives up waiting for a unit: the held number is a word like others.
    fn release(&mut self, may_be_report: bool) {
        let Some(held) = self.held.take() else { return };
        let first = self.found.left.push(held.sign);
        let second = self.found.left.push(held.digits);
        let at = if held.sign.is_empty() { second } else { first };
        let len = self.found.left.len - at;
        if may_be_report
            && self.candidate.is_none()
            && len > 0
            && BARE_REPORT_DB.contains(&held.value)
            && !matches!(held.value, 73 | 88)
        {
            self.candidate = Some(Candidate { value: held.value, at, len });
        }
    }

    /// Machines of some makers leave out the `dB` (pipeline 2.7, step 6).
    fn take_bare_report(&mut self) {
        let takes = matches!(self.found.mode, Mode::Cw | Mode::Rtty | Mode::Ft8 | Mode::Ft4 | Mode::Msk144);
        if let Some(Candidate { value, at, len }) = self.candidate.filter(|_| takes) {
            self.found.snr = Some(value);
            self.found.left.remove(at, len);
        }
    }
}

/// A locator as machines write it. `RR73` has the shape of one and never is.
fn is_locator(token: &[u8]) -> bool {
    matches!(token.len(), 4 | 6) && !token.eq_ignore_ascii_case(b"RR73") && Grid::parse(token).is_some()
}

/// `db-14`: the unit before the number.
fn report_behind_unit(token: &[u8]) -> Option<i16> {
    match token {
        [b'd' | b'D', b'b' | b'B', number @ ..] => scan::small_integer(number),
        _ => None,
    }
}

/// A report inside other text (`-12dBm`): an optional sign, one to three digits, blanks, `dB`. The
/// digits must not go on to the left, and no letter may stand there: `JO20DB` is a locator.
fn report_in_text(text: &[u8]) -> Option<i16> {
    for at in 0..text.len().saturating_sub(1) {
        if !text[at..at + 2].eq_ignore_ascii_case(b"DB") {
            continue;
        }
        let before = text[..at].trim_ascii_end();
        let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 3 {
            continue;
        }
        let mut from = before.len() - digits;
        let value = before[from..].iter().fold(0i16, |v, b| v * 10 + i16::from(b - b'0'));
        let negative = from > 0 && before[from - 1] == b'-';
        if from > 0 && matches!(before[from - 1], b'-' | b'+') {
            from -= 1;
        }
        let bounded = from == 0 || !matches!(before[from - 1], b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z');
        if bounded && value <= scan::REPORT_DB_MAX {
            return Some(if negative { -value } else { value });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(text: &str) -> (Mode, Option<i16>, String) {
        let found = walk(text.as_bytes(), Freq::from_khz(14_074), Grammar::Machine);
        (found.mode, found.snr, String::from_utf8_lossy(found.left.as_bytes()).into_owned())
    }

    #[test]
    fn signs_may_stand_alone() {
        assert_eq!(machine("FT8  + 9 dB  685 Hz"), (Mode::Ft8, Some(9), "685 Hz".into()));
        assert_eq!(machine("FT8  - 5 dB"), (Mode::Ft8, Some(-5), String::new()));
        assert_eq!(machine("FT8 - tnx + 1 K"), (Mode::Ft8, Some(1), "- tnx K".into()));
    }

    #[test]
    fn a_bare_number_is_a_report_only_away_from_a_split() {
        assert_eq!(machine("FT8 -04 73"), (Mode::Ft8, Some(-4), "73".into()));
        assert_eq!(machine("FT8 73 CQ").1, None);
        assert_eq!(machine("CW up 1"), (Mode::Cw, None, "up 1".into()));
        assert_eq!(machine("CW 5 up"), (Mode::Cw, None, "5 up".into()));
        assert_eq!(machine("USB 59").1, None);
    }

    #[test]
    fn locators_are_no_reports() {
        assert_eq!(report_in_text(b"JO20DB"), None);
        assert_eq!(report_in_text(b"RST -12dBm"), Some(-12));
        assert_eq!(report_in_text(b"x -5.5 dB"), None);
        assert_eq!(report_in_text(b"(7 dB)"), Some(7));
    }

    #[test]
    fn too_many_words_are_cut_at_a_word() {
        let text = "abcdefghi ".repeat(20);
        let (_, _, left) = machine(&text);
        assert_eq!(left.len(), 89, "nine words of nine and eight blanks");
    }
}
