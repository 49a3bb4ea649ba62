//! CC Cluster's machine-readable line: `CC11^`, one field per fact (clients 5.3).

use super::print::{FreqText, Text, date, grid4, hhmmz, push_comment, push_printable, spotter, without_ssid};
use super::style::LineStyle;
use crate::spot::{COMMENT_BYTES_MAX, Flags, Grid, Spot, State};

/// Longest CC11 line without its end: 19 carets, the tag 4, frequency 19, DX call 16, date 11, time 5, comment
/// (words of a machine 40, and its text), spotter 16, two entities of 5, node 16, four zones of 3, two states of
/// 2, two locators of 4.
pub const CC11_LINE_BYTES_MAX: usize =
    19 + 4 + 19 + 16 + 11 + 5 + (40 + COMMENT_BYTES_MAX) + 16 + 2 * 5 + 16 + 4 * 3 + 2 * 2 + 2 * 4;

/// Appends the CC11 line in DXSpider's order of fields, without line end.
///
/// | Fields | Content |
/// |---|---|
/// | 0..=2 | `CC11`, frequency in kHz with one decimal (two with `two_decimals`, where it has them), DX call |
/// | 3, 4 | date `6-Dec-2023`, time `1359Z` |
/// | 5 | comment as on a classic line but whole, `^` as `~` |
/// | 6 | spotter, a skimmer with its `-#` unless `bare_skimmers` |
/// | 7, 8 | ADIF number of the DX's and of the spotter's entity |
/// | 9 | node or network it came from |
/// | 10..=13 | DX: ITU zone, CQ zone; spotter: ITU zone, CQ zone |
/// | 14, 15 | state of DX and spotter |
/// | 16, 17 | country texts: always empty, a spot has no texts; the numbers of 7 and 8 say the same |
/// | 18, 19 | locators of DX and spotter, 4 characters; derived ones are left out, since no field says that |
///
/// What is not known is empty. Of the style's options only `two_decimals`, `bare_skimmers` and `diag` have a
/// meaning here; a program reads these lines, so they never beep.
pub fn cc11(spot: &Spot, style: LineStyle, out: &mut Vec<u8>) {
    // Once, instead of once for every few fields.
    out.reserve(CC11_LINE_BYTES_MAX);
    let mut number = itoa::Buffer::new();
    out.extend_from_slice(b"CC11^");
    out.extend_from_slice(FreqText::of(spot.freq, style.two_decimals).as_bytes());
    field(out, without_ssid(spot.dx.as_bytes()));
    field(out, date(spot.time, b' ').trim_ascii_start());
    field(out, &hhmmz(spot.time));
    let mut text = Text::new();
    push_comment(spot, style.diag, &mut text);
    // Old programs take these lines for Latin-1 (clients 5.3): nothing beyond ASCII.
    let mut ascii = Text::new();
    push_printable(text.as_bytes(), &mut ascii);
    field(out, ascii.as_bytes().trim_ascii());
    field(out, spotter(spot.de.as_bytes(), style.bare_skimmers));
    for adif in [spot.dx_adif, spot.de_adif] {
        field(out, if adif == 0 { b"" } else { number.format(adif).as_bytes() });
    }
    field(out, spot.node.as_bytes());
    for zone in [spot.dx_itu, spot.dx_cq, spot.de_itu, spot.de_cq] {
        field(out, if zone == 0 { b"" } else { number.format(zone).as_bytes() });
    }
    for state in [spot.dx_state, spot.de_state] {
        field(out, State(state).code().as_bytes());
    }
    out.extend_from_slice(b"^^");
    for (grid, derived) in [(&spot.dx_grid, Flags::DX_GRID_DERIVED), (&spot.de_grid, Flags::DE_GRID_DERIVED)] {
        field(out, grid4(if spot.flags.has(derived) { &Grid::NONE } else { grid }).trim_ascii_end());
    }
}

/// A caret and the text; a caret of the text itself becomes `~`, so that fields keep their numbers.
#[inline]
fn field(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'^');
    out.extend(text.iter().map(|b| match b {
        b'^' => b'~',
        b' '..=b'~' => *b,
        _ => b'?',
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_line_stays_below_its_bound() {
        let mut spot = Spot::empty();
        bytemuck::bytes_of_mut(&mut spot).fill(0xFF);
        spot.set_comment(&[b'w'; COMMENT_BYTES_MAX]);
        spot.flags.set(Flags(Flags::DX_GRID_DERIVED.0 | Flags::DE_GRID_DERIVED.0), false);
        let mut out = Vec::new();
        cc11(&spot, LineStyle::default(), &mut out);
        assert!(out.len() <= CC11_LINE_BYTES_MAX, "{} {}", out.len(), String::from_utf8_lossy(&out));
        assert_eq!(out.iter().filter(|b| **b == b'^').count(), 19);
    }
}
