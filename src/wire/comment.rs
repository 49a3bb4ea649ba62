//! What a person's comment says about mode, report and speed (pipeline 2.7, corrected by 28.1).

use super::scan::HhMm;
use super::words::{Grammar, Left, walk};
use crate::spot::{Freq, Mode};

/// What [`comment`] found.
#[derive(Clone, Copy, Debug)]
pub struct CommentParts {
    /// The mode; [`Mode::Unknown`] when none is said.
    pub mode: Mode,
    /// The report in dB: only a number beside `dB`.
    pub snr: Option<i16>,
    /// The first time of day in the text.
    pub time: Option<HhMm>,
    /// The number before WPM or BPS; 0 = none.
    pub speed: u16,
    /// Whether the unit of `speed` is BPS.
    pub speed_bps: bool,
    cleaned: Left,
}

impl CommentParts {
    /// What is left of the text: speed first, then the words that were neither mode, report nor time,
    /// one blank between words, without punctuation at their ends.
    pub fn cleaned(&self) -> &[u8] {
        self.cleaned.as_bytes()
    }
}

/// Reads a person's comment. `freq` decides whether SSB is USB or LSB.
///
/// The number beside `dB` is the report; a bare number is none (`up 1`, `599`, `73`). The text
/// itself is not changed: a spot keeps it as written, [`CommentParts::cleaned`] is for the line
/// format that shows mode and report in places of their own.
pub fn comment(text: &[u8], freq: Freq) -> CommentParts {
    parts(text, freq, Grammar::Person)
}

/// [`comment`] by a choice of grammar.
pub(super) fn parts(text: &[u8], freq: Freq, grammar: Grammar) -> CommentParts {
    let found = walk(text, freq, grammar);
    let mut cleaned = found.left;
    if let Some((number, _, bps)) = found.speed {
        cleaned = Left::EMPTY;
        cleaned.push(number);
        cleaned.push(if bps { b"BPS" } else { b"WPM" });
        for word in found.left.as_bytes().split(|&b| b == b' ') {
            cleaned.push(word);
        }
    }
    let (speed, speed_bps) = found.speed.map_or((0, false), |(_, value, bps)| (value, bps));
    CommentParts { mode: found.mode, snr: found.snr, time: found.time, speed, speed_bps, cleaned }
}
