//! How a user wants his spot lines.

use super::cc11::{CC11_LINE_BYTES_MAX, cc11};
use super::classic::{CLASSIC_LINE_BYTES_MAX, classic_line};
use super::gocluster::gocluster_line;
use super::json::{JSON_LINE_BYTES_MAX, json};
use super::{GOCLUSTER_LINE_BYTES, GOCLUSTER_LINE_BYTES_MAX};
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
///
/// What an option does not change, it does not touch: the line of [`LineStyle::of`] stays as it is in every
/// other column.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LineStyle {
    /// Layout.
    pub format: LineFormat,
    /// Screen columns of the classic line, [`LineStyle::WIDTH_MIN`]..=[`LineStyle::WIDTH_MAX`] (clients 1.6): its
    /// comment has `width - 50` of them, and the time moves with its end. On screens below 50 columns there is
    /// no comment, and the calls take the columns they need before the time.
    pub width: u8,
    /// Facts behind comment and time of the classic line.
    pub trailers: Trailers,
    /// Two BEL before the line end, classic and GoCluster's. Lines for programs never beep.
    pub beep: bool,
    /// Skimmers without their `-#` (clients 5.11, lesson 3); all but JSON.
    pub bare_skimmers: bool,
    /// Two decimals of kHz where the second is not 0; all but JSON. The point stays in its column, the second
    /// decimal stands in the first of the two blanks before the DX call.
    pub two_decimals: bool,
    /// GoCluster's diagnostic tag in place of the comment (server 2.7), with this policy letter `F`, `M`, `S`
    /// or `O` at its end; 0 = no tag. All but JSON.
    pub diag: u8,
}

/// Facts behind a classic line, a set.
///
/// As DXSpider and AR-Cluster have it, what stands behind the *time* is the spotter's: programs read it so
/// (clients 5.11), and so do nodes that take our lines for a feed. What the DX is stands at the right edge of
/// the *comment*, which is that much shorter. In both places the order is locator, CQ zone, ITU zone, state,
/// each in its own columns behind a blank, blank when not known; blanks at the line's end are left out.
///
/// ```text
/// DX de W3LPL:     14025.0  JA1ABC       up 2                  25 45    1604Z FM19  5  8 MD
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Trailers(pub u8);

impl Trailers {
    /// 4 characters of the spotter's locator, when he or his network told it; derived ones are left out. The
    /// DX's is part of a machine's comment already.
    pub const GRID: Trailers = Trailers(1);
    /// CQ zones of DX and spotter.
    pub const CQ: Trailers = Trailers(2);
    /// ITU zones of DX and spotter.
    pub const ITU: Trailers = Trailers(4);
    /// US states and Canadian provinces of DX and spotter.
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
    /// Narrowest screen; a smaller wish gets this one.
    pub const WIDTH_MIN: u8 = 45;
    /// Widest screen; a larger wish gets this one.
    pub const WIDTH_MAX: u8 = 130;
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

    /// The style without the options that its layout has no place for: styles with equal lines are equal.
    pub const fn effective(self) -> LineStyle {
        match self.format {
            LineFormat::Classic => self,
            LineFormat::Gocluster => LineStyle { width: Self::WIDTH, trailers: Trailers(0), ..self },
            LineFormat::Cc11 => LineStyle { width: Self::WIDTH, trailers: Trailers(0), beep: false, ..self },
            LineFormat::Json => LineStyle::of(LineFormat::Json),
        }
    }
}

impl Default for LineStyle {
    fn default() -> LineStyle {
        LineStyle::of(LineFormat::default())
    }
}

/// Longest line that [`spot_line`] writes.
pub const SPOT_LINE_BYTES_MAX: usize = {
    let all = [CLASSIC_LINE_BYTES_MAX, GOCLUSTER_LINE_BYTES_MAX + 2, CC11_LINE_BYTES_MAX, JSON_LINE_BYTES_MAX];
    let mut longest = 0;
    let mut i = 0;
    while i < all.len() {
        if all[i] > longest {
            longest = all[i];
        }
        i += 1;
    }
    longest
};

/// Appends a spot's line in a style, without line end: printable ASCII, and BEL at its end where the style
/// says so, at most [`SPOT_LINE_BYTES_MAX`]. Allocates nothing but room in the target.
pub fn spot_line(spot: &Spot, style: LineStyle, out: &mut Vec<u8>) {
    match style.format {
        LineFormat::Classic => classic_line(spot, style, out),
        LineFormat::Gocluster => gocluster_line(spot, GOCLUSTER_LINE_BYTES, style, out),
        LineFormat::Cc11 => cc11(spot, style, out),
        LineFormat::Json => json(spot, out),
    }
}
