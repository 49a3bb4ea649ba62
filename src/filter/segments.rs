//! Parts of bands by what is done there, as CC Cluster names them (`20-CW`): elements of the BAND list.
//!
//! A segment is a range of frequencies. Whether a spot belongs goes by its frequency, not by its mode.

use super::dims::Item;
use super::{BandSet, Expr, Term};
use crate::spot::Band;

/// Name, band, first and last kHz (clients 1.7.2). A frequency on the border of two belongs to the upper one.
pub(super) const SEGMENTS: [(&str, Band, u64, u64); 37] = [
    ("160-CW", Band::M160, 1800, 1850),
    ("160-SSB", Band::M160, 1850, 2000),
    ("80-CW", Band::M80, 3500, 3580),
    ("80-RTTY", Band::M80, 3580, 3700),
    ("80-SSB", Band::M80, 3700, 4000),
    ("60-SSB", Band::M60, 5260, 5405),
    ("40-CW", Band::M40, 7000, 7040),
    ("40-RTTY", Band::M40, 7040, 7100),
    ("40-SSB", Band::M40, 7100, 7300),
    ("30-CW", Band::M30, 10_100, 10_130),
    ("30-RTTY", Band::M30, 10_130, 10_150),
    ("20-CW", Band::M20, 14_000, 14_070),
    ("20-RTTY", Band::M20, 14_070, 14_150),
    ("20-SSB", Band::M20, 14_150, 14_350),
    ("17-CW", Band::M17, 18_068, 18_100),
    ("17-RTTY", Band::M17, 18_100, 18_110),
    ("17-SSB", Band::M17, 18_110, 18_168),
    ("15-CW", Band::M15, 21_000, 21_070),
    ("15-RTTY", Band::M15, 21_070, 21_200),
    ("15-SSB", Band::M15, 21_200, 21_450),
    ("12-CW", Band::M12, 24_890, 24_920),
    ("12-RTTY", Band::M12, 24_920, 24_930),
    ("12-SSB", Band::M12, 24_930, 24_990),
    ("10-CW", Band::M10, 28_000, 28_070),
    ("10-RTTY", Band::M10, 28_070, 28_300),
    ("10-SSB", Band::M10, 28_300, 29_700),
    ("6-CW", Band::M6, 50_000, 50_080),
    ("6-SSB", Band::M6, 50_080, 50_500),
    ("6-FM", Band::M6, 50_500, 54_000),
    ("4-MTR", Band::M4, 70_000, 70_650),
    ("2-CW", Band::M2, 144_000, 144_100),
    ("2-SSB", Band::M2, 144_100, 144_500),
    ("2-FM", Band::M2, 144_500, 148_000),
    ("1-CW", Band::M125, 220_000, 221_000),
    ("1-FM", Band::M125, 221_000, 222_000),
    ("1-SSB", Band::M125, 222_000, 224_000),
    ("MW", Band::None, 500_000, 47_000_000),
];

/// Element numbers below are places in [`Band::ALL`], from here on places in [`SEGMENTS`].
const FIRST: u16 = 100;
/// Names for several bands.
const GROUPS: [(&str, &[Band]); 3] = [
    (
        "HF",
        &[
            Band::M160,
            Band::M80,
            Band::M60,
            Band::M40,
            Band::M30,
            Band::M20,
            Band::M17,
            Band::M15,
            Band::M12,
            Band::M10,
        ],
    ),
    ("VHF", &[Band::M6, Band::M4, Band::M2, Band::M125]),
    ("UHF", &[Band::Cm70, Band::Cm33, Band::Cm23, Band::Cm13]),
];

fn of_band(band: Band) -> Item {
    Item::Number((band as u16).saturating_sub(1))
}

fn segment(number: u16) -> Option<&'static (&'static str, Band, u64, u64)> {
    SEGMENTS.get(usize::from(number.checked_sub(FIRST)?))
}

fn band(number: u16) -> Option<Band> {
    Band::ALL.get(usize::from(number)).copied()
}

/// Reads a band, a segment, or `HF`, `VHF`, `UHF`.
pub(super) fn parse(word: &str) -> Option<Vec<Item>> {
    if let Some(at) = SEGMENTS.iter().position(|(name, ..)| name.eq_ignore_ascii_case(word)) {
        return Some(vec![Item::Number(FIRST + at as u16)]);
    }
    if let Some((_, bands)) = GROUPS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        return Some(bands.iter().map(|band| of_band(*band)).collect());
    }
    Band::parse(word).map(|band| vec![of_band(band)])
}

/// `20m`, `20-CW`.
pub(super) fn name(number: u16) -> String {
    match (segment(number), band(number)) {
        (Some((name, ..)), _) => (*name).to_string(),
        (None, Some(band)) => band.name().to_string(),
        (None, None) => String::new(),
    }
}

/// Whether band `a` contains segment `b`.
pub(super) fn covers(a: u16, b: u16) -> bool {
    match (band(a), segment(b)) {
        (Some(band), Some((_, of, ..))) => band == *of,
        _ => false,
    }
}

/// In any of these bands and segments.
pub(super) fn any_of(numbers: impl Iterator<Item = u16>) -> Expr {
    let (mut bands, mut ranges) = (BandSet::EMPTY, Vec::new());
    for number in numbers {
        if let Some((_, _, from_khz, to_khz)) = segment(number) {
            let is_border = SEGMENTS.iter().any(|(_, _, from, _)| from == to_khz);
            ranges.push((from_khz * 1000, to_khz * 1000 - u64::from(is_border)));
        } else if let Some(band) = band(number) {
            bands = bands.or(BandSet::of(&[band]));
        }
    }
    ranges.sort_unstable();
    let mut any = Vec::new();
    if !bands.is_empty() {
        any.push(Expr::Is(Term::Band(bands)));
    }
    if !ranges.is_empty() {
        any.push(Expr::Is(Term::Freq(ranges)));
    }
    Expr::Or(any)
}
