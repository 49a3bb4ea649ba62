//! One spot, its line in every style that some user of this core wants: each encoded once.

use super::segment::LINE_BYTES_MAX;
use crate::spot::Spot;
use crate::wire::{self, LineStyle};

/// The lines of one spot, made when first asked for.
#[derive(Debug, Default)]
pub struct Lines {
    /// Styles in use since the last [`Lines::clear`] come first; the rest are buffers kept for reuse.
    lines: Vec<(LineStyle, Vec<u8>)>,
    used: usize,
}

impl Lines {
    /// Forgets the last spot.
    #[inline]
    pub fn clear(&mut self) {
        self.used = 0;
    }
    /// Makes sure that the line of this style is there.
    ///
    /// # Panics
    /// When an encoder writes an empty line, a line end, or more than [`LINE_BYTES_MAX`]: a fault of
    /// the encoder that costs this spot and would otherwise tear every user's stream.
    #[inline]
    pub fn encode(&mut self, style: LineStyle, spot: &Spot) {
        if self.lines[..self.used].iter().any(|(have, _)| *have == style) {
            return;
        }
        if self.used == self.lines.len() {
            self.lines.push((style, Vec::new()));
        }
        let (have, line) = &mut self.lines[self.used];
        *have = style;
        line.clear();
        wire::spot_line(spot, style, line);
        assert!(
            !line.is_empty() && line.len() + 2 <= LINE_BYTES_MAX && memchr::memchr2(b'\r', b'\n', line).is_none(),
            "an encoder wrote no single line"
        );
        line.extend_from_slice(b"\r\n");
        self.used += 1;
    }
    /// The line with its line end; empty unless it was encoded.
    #[inline]
    pub fn get(&self, style: LineStyle) -> &[u8] {
        self.lines[..self.used].iter().find(|(have, _)| *have == style).map_or(&[], |(_, line)| line)
    }
}
