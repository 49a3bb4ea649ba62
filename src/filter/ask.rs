//! One question of a compiled filter.

use super::calls::Calls;
use super::sets::{CqSet, EntitySet, FeedSet, GlyphSet, ItuSet, RefSet, StateSet};
use super::tables::{Around, Grids, Words, regexes};
use super::{MinuteRange, Side, Term, references};
use crate::spot::{Flags, Grid, Spot};
use regex::bytes::{Regex, RegexBuilder, RegexSet};

/// Greatest size of one compiled regular expression, in bytes: enough for what people write, and a bound on
/// the work of a spot, which is the size times the length of the comment at worst.
pub const REGEX_BYTES_MAX: usize = 64 << 10;

/// Whether a source is a regular expression that [`Term::Regex`] takes; else why not, in one line.
pub fn check_regex(source: &str) -> Result<(), String> {
    regex_of(source).map(drop).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "this expression is too large".to_string(),
        // The last line of the message says what, the ones before draw where.
        other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_string(),
    })
}

/// Compiles a source as filters do: over bytes, case aside.
pub(super) fn regex_of(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).unicode(false).case_insensitive(true).size_limit(REGEX_BYTES_MAX).build()
}

/// A term in the form that answers fastest.
#[derive(Debug)]
pub(super) enum Ask {
    /// A small set: the field, and the values inside as bits.
    Small(Field, u64),
    Itu(Side, ItuSet),
    State(Side, StateSet),
    Entity(Side, Box<EntitySet>),
    Feed(Box<FeedSet>),
    Flag(Flags),
    /// One frequency range, which most have.
    FreqRange(u64, u64),
    Freq(Box<[(u64, u64)]>),
    Snr(Box<[(i16, i16)]>),
    Speed(Box<[(u16, u16)]>),
    Time(Box<[MinuteRange]>),
    Grid(Side, Box<Grids>),
    Around(Side, Box<Around>),
    Call(Side, Box<Calls>),
    Node(Box<Calls>),
    Words(Box<Words>),
    Reference(RefSet),
    Regex(Box<RegexSet>),
}

/// Facts of a spot that have fewer than 64 values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Band,
    Mode,
    Class,
    DxContinent,
    DeContinent,
    DxCq,
    DeCq,
    Confidence,
}

impl Field {
    /// The bit of the spot's value in the set of this field.
    #[inline]
    fn bit(self, spot: &Spot) -> usize {
        match self {
            Field::Band => spot.band() as usize,
            Field::Mode => spot.mode() as usize,
            Field::Class => spot.class() as usize + 1,
            Field::DxContinent => spot.dx_continent() as usize,
            Field::DeContinent => spot.de_continent() as usize,
            Field::DxCq => zone(spot.dx_cq),
            Field::DeCq => zone(spot.de_cq),
            Field::Confidence => GlyphSet::bit(spot.confidence),
        }
    }
}

/// The bit of a CQ zone.
#[inline]
fn zone(cq: u8) -> usize {
    let cq = usize::from(cq);
    if cq > CqSet::MAX { 0 } else { cq }
}

#[inline]
fn is_in<T: PartialOrd>(ranges: &[(T, T)], value: T) -> bool {
    ranges.iter().any(|(from, to)| (from..=to).contains(&&value))
}

#[inline]
fn grid(side: Side, spot: &Spot) -> &Grid {
    if side == Side::Dx { &spot.dx_grid } else { &spot.de_grid }
}

impl Ask {
    /// From a term of a canonical expression.
    pub(super) fn of(term: &Term) -> Ask {
        match term {
            Term::Band(set) => Ask::Small(Field::Band, set.words()[0]),
            Term::Mode(set) => Ask::Small(Field::Mode, set.words()[0]),
            Term::Class(set) => Ask::Small(Field::Class, set.words()[0]),
            Term::Continent(Side::Dx, set) => Ask::Small(Field::DxContinent, set.words()[0]),
            Term::Continent(Side::De, set) => Ask::Small(Field::DeContinent, set.words()[0]),
            Term::Cq(Side::Dx, set) => Ask::Small(Field::DxCq, set.words()[0]),
            Term::Cq(Side::De, set) => Ask::Small(Field::DeCq, set.words()[0]),
            Term::Confidence(set) => Ask::Small(Field::Confidence, set.words()[0]),
            Term::Itu(side, set) => Ask::Itu(*side, *set),
            Term::State(side, set) => Ask::State(*side, *set),
            Term::Entity(side, set) => Ask::Entity(*side, Box::new(*set)),
            Term::Feed(set) => Ask::Feed(Box::new(*set)),
            Term::Skimmer => Ask::Flag(Flags::SKIMMER),
            Term::Beacon => Ask::Flag(Flags::BEACON),
            Term::CallingCq => Ask::Flag(Flags::CQ),
            Term::Freq(ranges) => match ranges[..] {
                [(from, to)] => Ask::FreqRange(from, to),
                _ => Ask::Freq(ranges.as_slice().into()),
            },
            Term::Snr(ranges) => Ask::Snr(ranges.as_slice().into()),
            Term::Speed(ranges) => Ask::Speed(ranges.as_slice().into()),
            Term::Time(ranges) => Ask::Time(ranges.as_slice().into()),
            Term::Grid(side, prefixes) => Ask::Grid(*side, Box::new(Grids::of(prefixes))),
            Term::Near { side, lat_e4, lon_e4, km } => Ask::Around(*side, Box::new(Around::new(*lat_e4, *lon_e4, *km))),
            Term::Call(side, patterns) => Ask::Call(*side, Box::new(Calls::of(patterns))),
            Term::Node(patterns) => Ask::Node(Box::new(Calls::of(patterns))),
            Term::Words(words) => Ask::Words(Box::new(Words::of(words))),
            Term::Reference(set) => Ask::Reference(*set),
            Term::Regex(sources) => Ask::Regex(Box::new(regexes(sources))),
        }
    }

    /// The answer.
    #[inline]
    pub(super) fn holds(&self, spot: &Spot) -> bool {
        match self {
            Ask::Small(field, set) => {
                // Below 64 by the types behind each field; the mask spares the check.
                set >> (field.bit(spot) & 63) & 1 == 1
            }
            Ask::Itu(Side::Dx, set) => set.has_bit(usize::from(spot.dx_itu)),
            Ask::Itu(Side::De, set) => set.has_bit(usize::from(spot.de_itu)),
            Ask::State(Side::Dx, set) => set.has_bit(usize::from(spot.dx_state)),
            Ask::State(Side::De, set) => set.has_bit(usize::from(spot.de_state)),
            Ask::Entity(Side::Dx, set) => set.has_bit(usize::from(spot.dx_adif)),
            Ask::Entity(Side::De, set) => set.has_bit(usize::from(spot.de_adif)),
            Ask::Feed(set) => set.has_bit(usize::from(spot.feed)),
            Ask::Flag(flag) => spot.flags.has(*flag),
            Ask::FreqRange(from, to) => (*from..=*to).contains(&spot.freq.hz()),
            Ask::Freq(ranges) => is_in(ranges, spot.freq.hz()),
            Ask::Snr(ranges) => spot.snr().is_some_and(|db| is_in(ranges, db)),
            Ask::Speed(ranges) => is_in(ranges, spot.speed),
            Ask::Time(ranges) => {
                let minute = (spot.time.secs().rem_euclid(86_400) / 60) as u16;
                ranges.iter().any(|range| range.has(minute))
            }
            Ask::Grid(side, grids) => grids.fit(grid(*side, spot)),
            Ask::Around(side, place) => place.holds(grid(*side, spot)),
            Ask::Call(Side::Dx, calls) => calls.fit_dx(&spot.dx),
            Ask::Call(Side::De, calls) => calls.fit_de(&spot.de),
            Ask::Node(calls) => calls.fit(&spot.node),
            Ask::Words(words) => words.are_in(spot.comment()),
            Ask::Reference(set) => !set.and(references(spot.comment())).is_empty(),
            Ask::Regex(regexes) => regexes.is_match(spot.comment()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_expressions_are_refused_with_a_reason() {
        for source in ["up|dn", "^tnx", "[0-9]{3}", "", "caf\u{e9}", "\\bqsx\\b"] {
            assert_eq!(check_regex(source), Ok(()), "{source}");
        }
        for (source, reason) in [
            ("(up", "unclosed group"),
            ("[up", "unclosed character class"),
            ("*up", "repetition operator missing expression"),
            ("(a{1000}){1000}", "this expression is too large"),
            ("a(?=b)", "look-around, including look-ahead and look-behind, is not supported"),
        ] {
            let said = check_regex(source).unwrap_err();
            assert!(said.contains(reason) && !said.contains('\n'), "{source}: {said}");
        }
    }
}
