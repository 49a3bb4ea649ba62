//! Maidenhead locators.

use bytemuck::{Pod, Zeroable};
use std::fmt;

/// A locator of 4 or 6 characters, upper-case, zero padded; all zero = none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Pod, Zeroable)]
#[repr(transparent)]
pub struct Grid([u8; 6]);

impl Grid {
    /// No locator.
    pub const NONE: Grid = Grid([0; 6]);

    /// Reads a locator of 4 to 10 characters, any case; only the first 6 (an even number) are kept.
    pub fn parse(text: &[u8]) -> Option<Grid> {
        let text = text.trim_ascii();
        if text.len() < 4 || text.len() > 10 || !text.len().is_multiple_of(2) {
            return None;
        }
        let mut out = [0u8; 6];
        for (i, &b) in text.iter().enumerate() {
            let b = b.to_ascii_uppercase();
            let ok = match i {
                0 | 1 => (b'A'..=b'R').contains(&b),
                4 | 5 | 8 | 9 => (b'A'..=b'X').contains(&b),
                _ => b.is_ascii_digit(),
            };
            if !ok {
                return None;
            }
            if i < 6 {
                out[i] = b;
            }
        }
        Some(Grid(out))
    }

    /// From latitude and longitude in degrees, north and east positive, to 4 characters.
    ///
    /// Field 20° x 10°, square 2° x 1° (pipeline 6.5). `None` outside ±90 / ±180 or for NaN.
    pub fn from_lat_lon(lat_deg: f64, lon_deg: f64) -> Option<Grid> {
        if !(lat_deg.abs() <= 90.0 && lon_deg.abs() <= 180.0) {
            return None;
        }
        let lon = lon_deg.min(179.999_999) + 180.0;
        let lat = lat_deg.min(89.999_999) + 90.0;
        let mut out = [0u8; 6];
        out[0] = b'A' + (lon / 20.0) as u8;
        out[1] = b'A' + (lat / 10.0) as u8;
        out[2] = b'0' + (lon % 20.0 / 2.0) as u8;
        out[3] = b'0' + (lat % 10.0) as u8;
        Some(Grid(out))
    }

    /// Centre of the locator: latitude, longitude in degrees, north and east positive.
    pub fn center(&self) -> Option<(f64, f64)> {
        if self.is_none() {
            return None;
        }
        let g = self.0;
        let mut lon = f64::from(g[0] - b'A') * 20.0 + f64::from(g[2] - b'0') * 2.0 - 180.0;
        let mut lat = f64::from(g[1] - b'A') * 10.0 + f64::from(g[3] - b'0') - 90.0;
        if g[4] == 0 {
            lon += 1.0;
            lat += 0.5;
        } else {
            lon += f64::from(g[4] - b'A') / 12.0 + 1.0 / 24.0;
            lat += f64::from(g[5] - b'A') / 24.0 + 1.0 / 48.0;
        }
        Some((lat, lon))
    }

    /// Whether there is none.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.0[0] == 0
    }
    /// The text: 0, 4 or 6 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(6);
        &self.0[..len]
    }
    /// The text: 0, 4 or 6 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }
    /// The field as a number 1..=324, or 0 for none: the "grid2" of dedup keys.
    #[inline]
    pub fn field_index(&self) -> u16 {
        if self.is_none() {
            return 0;
        }
        u16::from(self.0[0].wrapping_sub(b'A')) * 18 + u16::from(self.0[1].wrapping_sub(b'A')) + 1
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl fmt::Debug for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_the_world() {
        for (lat, lon, grid) in
            [(0.0, 0.0, "JJ00"), (89.9999, 179.9999, "RR99"), (90.0, 180.0, "RR99"), (42.38, -71.65, "FN42")]
        {
            assert_eq!(Grid::from_lat_lon(lat, lon).unwrap().as_str(), grid);
        }
        assert_eq!(Grid::from_lat_lon(f64::NAN, 0.0), None);
        assert_eq!(Grid::from_lat_lon(95.0, 0.0), None);
    }

    #[test]
    fn text_is_checked() {
        assert_eq!(Grid::parse(b"fn42xe").unwrap().as_str(), "FN42XE");
        assert_eq!(Grid::parse(b"JO22UU34").unwrap().as_str(), "JO22UU");
        for bad in ["", "FN4", "ZZ00", "FN42Z9", "1234", "FN42X"] {
            assert_eq!(Grid::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
