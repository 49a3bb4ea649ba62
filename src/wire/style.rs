//! How a user wants his spot lines.

use super::{GOCLUSTER_LINE_BYTES, classic, gocluster};
use crate::spot::Spot;
use serde::{Deserialize, Serialize};

/// Spot line layouts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, clap::ValueEnum)]
pub enum LineFormat {
    /// The 75-column line of AK1A that every logging program parses.
    #[default]
    Classic,
    /// GoCluster's 76-column line with grid and confidence.
    Gocluster,
    /// CC Cluster's `CC11^` line, one field per fact.
    Cc11,
    /// One JSON object per line.
    Json,
}

/// A layout with its options. Lines are encoded once per style.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LineStyle {
    /// Layout.
    pub format: LineFormat,
    /// Screen columns, 45..=130 (clients 1.6): the classic comment has `width - 50` of them.
    pub width: u8,
    /// Facts behind comment and time.
    pub trailers: Trailers,
    /// Two BEL before the line end.
    pub beep: bool,
    /// Skimmers without their `-#`.
    pub bare_skimmers: bool,
    /// Two decimals of kHz.
    pub two_decimals: bool,
    /// GoCluster's diagnostic tag in place of the comment (server 2.7), with this policy letter `F`, `M`, `S`
    /// or `O` at its end; 0 = no tag.
    pub diag: u8,
}

/// Facts behind a classic line, a set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Trailers(pub u8);

impl Trailers {
    /// 4 characters of the DX grid behind the time.
    pub const GRID: Trailers = Trailers(1);
    /// CQ zones.
    pub const CQ: Trailers = Trailers(2);
    /// ITU zones.
    pub const ITU: Trailers = Trailers(4);
    /// States and provinces.
    pub const STATE: Trailers = Trailers(8);

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Trailers) -> bool {
        self.0 & other.0 == other.0
    }
    /// Sets or clears the bits of `other`.
    pub const fn set(&mut self, other: Trailers, on: bool) {
        self.0 = if on { self.0 | other.0 } else { self.0 & !other.0 };
    }
}

impl LineStyle {
    /// Columns when nobody chose.
    pub const WIDTH: u8 = 80;
    /// A layout without options.
    pub const fn of(format: LineFormat) -> LineStyle {
        LineStyle {
            format,
            width: Self::WIDTH,
            trailers: Trailers(0),
            beep: false,
            bare_skimmers: false,
            two_decimals: false,
            diag: 0,
        }
    }
}

impl Default for LineStyle {
    fn default() -> LineStyle {
        LineStyle::of(LineFormat::default())
    }
}

/// Appends a spot's line in a style, without line end.
pub fn spot_line(spot: &Spot, style: LineStyle, out: &mut Vec<u8>) {
    match style.format {
        LineFormat::Classic => classic(spot, out),
        LineFormat::Gocluster => gocluster(spot, GOCLUSTER_LINE_BYTES, out),
        LineFormat::Cc11 | LineFormat::Json => unreachable!("written by the helper of this room"),
    }
}
