//! One spot, its line in every style that some user of this core wants: each encoded once.

use super::segment::LINE_BYTES_MAX;
use crate::spot::Spot;
use crate::wire::{self, LineStyle};
use ahash::RandomState;
use hashbrown::HashTable;

/// Buffers kept for styles that come again, some 200 bytes each: more than a node's users choose, fewer than
/// all that could be chosen (width, trailers and switches make thousands).
const STYLES_KEPT: usize = 64;
/// With more styles than that, those which this many spots in a row did not ask for go.
const SPOTS_UNASKED_MAX: u64 = 4_096;

/// A style and the line of one spot in it.
#[derive(Debug)]
pub(super) struct StyledLine {
    style: LineStyle,
    /// Number of the spot that the line is of; 0 = of none, an encoder did not finish it.
    spot: u64,
    line: Vec<u8>,
}

impl StyledLine {
    /// Without a line.
    pub(super) fn new(style: LineStyle) -> StyledLine {
        StyledLine { style, spot: 0, line: Vec::new() }
    }
    /// Makes sure that the line is there. `now` numbers the spots, from 1.
    ///
    /// # Panics
    /// As [`Lines::encode`].
    #[inline]
    pub(super) fn encode(&mut self, spot: &Spot, now: u64) {
        if self.spot != now {
            self.encode_anew(spot, now);
        }
    }
    fn encode_anew(&mut self, spot: &Spot, now: u64) {
        // An encoder's panic must not leave half a line that looks whole.
        self.spot = 0;
        let line = &mut self.line;
        line.clear();
        wire::spot_line(spot, self.style, line);
        assert!(
            !line.is_empty() && line.len() + 2 <= LINE_BYTES_MAX && memchr::memchr2(b'\r', b'\n', line).is_none(),
            "an encoder wrote no single line"
        );
        line.extend_from_slice(b"\r\n");
        self.spot = now;
    }
    /// The line of this spot with its line end; empty unless it was encoded.
    #[inline]
    pub(super) fn get(&self, now: u64) -> &[u8] {
        if self.spot == now { &self.line } else { &[] }
    }
}

/// The lines of one spot, made when first asked for.
///
/// Styles are found by hash, so a spot costs one step per cohort that is due it, however many styles are in use.
#[derive(Debug)]
pub struct Lines {
    entries: HashTable<StyledLine>,
    hasher: RandomState,
    /// Number of the current spot, from 1.
    spot: u64,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines { entries: HashTable::new(), hasher: RandomState::new(), spot: 1 }
    }
}

impl Lines {
    /// Forgets the last spot.
    #[inline]
    pub fn clear(&mut self) {
        self.spot += 1;
        if self.spot.is_multiple_of(SPOTS_UNASKED_MAX) && self.entries.len() > STYLES_KEPT {
            let now = self.spot;
            self.entries.retain(|entry| now - entry.spot <= SPOTS_UNASKED_MAX);
        }
    }
    /// Makes sure that the line of this style is there.
    ///
    /// # Panics
    /// When an encoder writes an empty line, a line end, or more than [`LINE_BYTES_MAX`]: a fault of
    /// the encoder that costs this spot and would otherwise tear every user's stream.
    #[inline]
    pub fn encode(&mut self, style: LineStyle, spot: &Spot) {
        let hasher = &self.hasher;
        self.entries
            .entry(hasher.hash_one(style), |have| have.style == style, |have| hasher.hash_one(have.style))
            .or_insert_with(|| StyledLine::new(style))
            .into_mut()
            .encode(spot, self.spot);
    }
    /// The line with its line end; empty unless it was encoded.
    #[inline]
    pub fn get(&self, style: LineStyle) -> &[u8] {
        let styled = self.entries.find(self.hasher.hash_one(style), |have| have.style == style);
        styled.map_or(&[], |styled| styled.get(self.spot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::{Call, Freq};
    use crate::wire::LineFormat;

    fn spot(dx: &str) -> Spot {
        let mut spot = Spot::empty();
        spot.de = Call::literal("W3LPL");
        spot.dx = Call::literal(dx);
        spot.set_freq(Freq::from_khz(14_025));
        spot
    }

    #[test]
    fn each_style_has_the_line_of_the_current_spot() {
        let mut lines = Lines::default();
        let styles = [45, 80, 130].map(|width| LineStyle { width, ..LineStyle::default() });
        for dx in ["K1ABC", "K2ABC"] {
            lines.clear();
            for style in styles {
                assert_eq!(lines.get(style), b"", "nothing of an earlier spot");
                lines.encode(style, &spot(dx));
                lines.encode(style, &spot("other"));
                let mut want = Vec::new();
                wire::spot_line(&spot(dx), style, &mut want);
                want.extend_from_slice(b"\r\n");
                assert_eq!(lines.get(style), want);
            }
        }
        assert_eq!(lines.get(LineStyle::of(LineFormat::Json)), b"");
    }

    #[test]
    fn styles_that_nobody_asks_for_go() {
        let mut lines = Lines::default();
        let style = |width, diag| LineStyle { width, diag, ..LineStyle::default() };
        for width in 45..=130 {
            lines.encode(style(width, b'F'), &spot("K1ABC"));
        }
        assert!(lines.entries.len() > STYLES_KEPT);
        for _ in 0..2 * SPOTS_UNASKED_MAX {
            lines.clear();
            lines.encode(style(80, 0), &spot("K1ABC"));
        }
        assert_eq!(lines.entries.len(), 1);
    }
}
