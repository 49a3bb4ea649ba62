//! One spot, its line in every layout that some user of this core wants: each encoded once.

use super::segment::LINE_BYTES_MAX;
use crate::config::LineFormat;
use crate::spot::Spot;
use crate::wire;

/// Appends a spot's line without line end.
pub type Encoder = fn(&Spot, &mut Vec<u8>);

/// Layouts there are.
const FORMATS: usize = 2;
/// Columns of GoCluster's line.
const GOCLUSTER_COLUMNS: usize = 76;

/// Place of a layout in the tables here.
fn index(format: LineFormat) -> usize {
    match format {
        LineFormat::Classic => 0,
        LineFormat::Gocluster => 1,
    }
}

const ENCODERS: [Encoder; FORMATS] = [wire::classic, |spot, out| wire::gocluster(spot, GOCLUSTER_COLUMNS, out)];

/// The lines of one spot, made when first asked for.
#[derive(Debug, Default)]
pub struct Lines {
    lines: [Vec<u8>; FORMATS],
}

impl Lines {
    /// Forgets the last spot.
    #[inline]
    pub fn clear(&mut self) {
        for line in &mut self.lines {
            line.clear();
        }
    }
    /// Makes sure that the line of this layout is there.
    ///
    /// # Panics
    /// When an encoder writes an empty line, a line end, or more than [`LINE_BYTES_MAX`]: a fault of
    /// the encoder that costs this spot and would otherwise tear every user's stream.
    #[inline]
    pub fn encode(&mut self, format: LineFormat, spot: &Spot) {
        let at = index(format);
        let line = &mut self.lines[at];
        if line.is_empty() {
            ENCODERS[at](spot, line);
            assert!(
                !line.is_empty() && line.len() + 2 <= LINE_BYTES_MAX && memchr::memchr2(b'\r', b'\n', line).is_none(),
                "an encoder wrote no single line"
            );
            line.extend_from_slice(b"\r\n");
        }
    }
    /// The line with its line end; empty unless it was encoded.
    #[inline]
    pub fn get(&self, format: LineFormat) -> &[u8] {
        &self.lines[index(format)]
    }
}
