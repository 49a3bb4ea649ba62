//! What can be asked about a spot.

use super::sets::*;
use crate::spot::Spot;

/// Which station of a spot a term is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Side {
    /// The station heard.
    Dx = 0,
    /// The spotter.
    De = 1,
}

/// One question about a spot, true or false. Lists are "any of".
///
/// A spot that does not know the fact fails the term, unless the term is a set with bit 0 ("unknown").
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Term {
    /// Band.
    Band(BandSet),
    /// Mode, PSK family told apart.
    Mode(ModeSet),
    /// Source class.
    Class(ClassSet),
    /// Feed.
    Feed(FeedSet),
    /// A machine reported.
    Skimmer,
    /// The DX is a beacon.
    Beacon,
    /// The DX was calling CQ.
    CallingCq,
    /// Continent.
    Continent(Side, ContinentSet),
    /// CQ zone.
    Cq(Side, CqSet),
    /// ITU zone.
    Itu(Side, ItuSet),
    /// DXCC entity.
    Entity(Side, EntitySet),
    /// US state or Canadian province.
    State(Side, StateSet),
    /// Confidence glyph.
    Confidence(GlyphSet),
    /// Frequency in Hz, ranges inclusive.
    Freq(Vec<(u64, u64)>),
    /// Report in dB, ranges inclusive. No report fails.
    Snr(Vec<(i16, i16)>),
    /// Speed in WPM or bauds, ranges inclusive. No speed fails.
    Speed(Vec<(u16, u16)>),
    /// Time of day of the spot, UTC.
    Time(Vec<MinuteRange>),
    /// Locator begins so.
    Grid(Side, Vec<GridPrefix>),
    /// Distance from a place. No locator fails.
    Near {
        /// Whose distance.
        side: Side,
        /// Latitude of the place in 1/10,000 degree, north positive.
        lat_e4: i32,
        /// Longitude in 1/10,000 degree, east positive.
        lon_e4: i32,
        /// At most so far, in km.
        km: u32,
    },
    /// Call fits a pattern. The DX call fits with and without portable suffix, the spotter's with and
    /// without SSID and `-#`.
    Call(Side, Vec<Pattern>),
    /// Origin node fits a pattern.
    Node(Vec<Pattern>),
    /// The comment holds one of these, case aside. Upper case here.
    Words(Vec<Box<str>>),
    /// The comment fits one of these regular expressions, case aside. Their source.
    Regex(Vec<Box<str>>),
    /// The comment names a park, summit or island of one of these kinds; bit 0: it names none.
    Reference(RefSet),
}

/// From minute to minute of the UTC day, both inclusive, 0..=1439; `from > to` spans midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MinuteRange {
    /// First minute.
    pub from: u16,
    /// Last minute.
    pub to: u16,
}

/// The first 2, 4 or 6 characters of a locator, upper case; the rest is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GridPrefix(pub [u8; 6]);

/// A call pattern, upper case: `*` is any text, `?` any one character, also leading and inner.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pattern(pub Box<str>);

impl MinuteRange {
    /// Whether a minute of the day is inside.
    #[inline]
    pub fn has(&self, minute: u16) -> bool {
        match self.from <= self.to {
            true => (self.from..=self.to).contains(&minute),
            false => minute >= self.from || minute <= self.to,
        }
    }
}

impl GridPrefix {
    /// Cuts a locator to its whole pairs; `None` when there is none.
    pub fn parse(text: &str) -> Option<GridPrefix> {
        let upper = text.to_ascii_uppercase();
        let bytes = upper.as_bytes();
        let mut prefix = [0; 6];
        let pairs = [b'A'..=b'R', b'0'..=b'9', b'A'..=b'X'];
        let whole = (bytes.len().min(6)) / 2 * 2;
        for (at, b) in bytes[..whole].iter().enumerate() {
            if !pairs[at / 2].contains(b) {
                return None;
            }
            prefix[at] = *b;
        }
        (whole > 0).then_some(GridPrefix(prefix))
    }
    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(6);
        &self.0[..len]
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
    /// Whether a locator begins so; case aside.
    pub fn fits(&self, grid: &[u8]) -> bool {
        let text = self.as_bytes();
        grid.len() >= text.len() && grid[..text.len()].eq_ignore_ascii_case(text)
    }
    /// Upper case, nothing behind the end.
    pub(super) fn tidy(&self) -> GridPrefix {
        let mut out = [0; 6];
        out.iter_mut().zip(self.as_bytes()).for_each(|(to, from)| *to = from.to_ascii_uppercase());
        GridPrefix(out)
    }
}

impl Pattern {
    /// Whether a call fits.
    pub fn fits(&self, call: &[u8]) -> bool {
        glob(self.0.as_bytes(), call, |p, t| p == b'?' || p == t)
    }
    /// Whether everything that fits `other` fits this one; may miss it (`?*` and `*B`), never errs.
    pub(super) fn covers(&self, other: &Pattern) -> bool {
        // The other's wildcards are letters here: its `*` only goes into a `*`.
        glob(self.0.as_bytes(), other.0.as_bytes(), |p, t| p == t || (p == b'?' && t != b'*'))
    }
    /// Every run of wildcards as `???*`.
    pub(super) fn tidy(&self) -> Pattern {
        let mut out = String::with_capacity(self.0.len());
        let mut star = false;
        for c in self.0.chars() {
            match c {
                '*' => star = true,
                '?' => out.push('?'),
                c => {
                    if std::mem::take(&mut star) {
                        out.push('*');
                    }
                    out.push(c);
                }
            }
        }
        if star {
            out.push('*');
        }
        Pattern(out.into())
    }
}

/// `*` and what `fits` says, at most as many steps as the product of both lengths.
fn glob(pattern: &[u8], text: &[u8], fits: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && fits(pattern[p], text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((star_p, star_t)) = star {
            star = Some((star_p, star_t + 1));
            (p, t) = (star_p + 1, star_t + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

impl Term {
    /// Bytes of the texts in this term.
    pub fn text_bytes(&self) -> usize {
        match self {
            Term::Grid(_, prefixes) => prefixes.iter().map(|prefix| prefix.as_bytes().len()).sum(),
            Term::Call(_, patterns) | Term::Node(patterns) => patterns.iter().map(|pattern| pattern.0.len()).sum(),
            Term::Words(texts) | Term::Regex(texts) => texts.iter().map(|text| text.len()).sum(),
            _ => 0,
        }
    }
    /// The plain meaning, the yardstick of the compiled form. Slow: it may allocate.
    pub fn holds(&self, spot: &Spot) -> bool {
        super::compiled::naive::holds(self, spot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_wildcards_everywhere() {
        for (pattern, call, fits) in [
            ("K1*", "K1ABC", true),
            ("K1*", "AK1A", false),
            ("*ABC", "K1ABC", true),
            ("*1A*", "K1ABC", true),
            ("K?A*C", "K1ABBC", true),
            ("K?A*C", "K1ABBD", false),
            ("*", "K1ABC", true),
            ("K1ABC", "K1ABC", true),
            ("K1ABC", "K1AB", false),
            ("K1ABC?", "K1ABC", false),
        ] {
            assert_eq!(Pattern(pattern.into()).fits(call.as_bytes()), fits, "{pattern} {call}");
        }
    }

    #[test]
    fn grids_are_cut_to_pairs() {
        let text = |t| GridPrefix::parse(t).map(|g| g.as_str().to_string());
        assert_eq!(text("fn31"), Some("FN31".into()));
        assert_eq!(text("FN3"), Some("FN".into()));
        assert_eq!((text("F"), text("ZZ"), text("FN31ZZ")), (None, None, None));
        assert!(GridPrefix::parse("FN").unwrap().fits(b"fn42") && !GridPrefix::parse("FN31").unwrap().fits(b"FN"));
    }

    #[test]
    fn times_may_span_midnight() {
        let night = MinuteRange { from: 22 * 60, to: 6 * 60 - 1 };
        assert!(night.has(23 * 60) && night.has(0) && night.has(359) && !night.has(360) && !night.has(1319));
    }
}
