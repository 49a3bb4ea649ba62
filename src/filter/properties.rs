//! Properties of the canonical and the compiled form, on random expressions and spots.

use super::sets::*;
use super::{Expr, Filter, GridPrefix, MinuteRange, Pattern, Side, Term, canon};
use crate::spot::{Call, Continent, Flags, Freq, Grid, Mode, Spot, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::hash::{BuildHasher, RandomState};

const CALLS: [&str; 16] = [
    "",
    "K1ABC",
    "K1ABC/P",
    "K1AB",
    "DL1ABC",
    "DL1ABC/QRP",
    "W3LPL-#",
    "W3LPL-1-#",
    "EA8/DF4UI",
    "K1A/MM",
    "1A0C",
    "GB2RS-9",
    "VE7/K1ABC",
    "AAA",
    "K1ABCDEF/GHIJKL",
    "A/B-2",
];
const PATTERNS: [&str; 24] = [
    "*",
    "K1*",
    "K1A*",
    "*ABC",
    "*BC",
    "*1A*",
    "*1*",
    "K?A*C",
    "?1*",
    "K1ABC",
    "K1ABC/P",
    "DL1ABC",
    "W3LPL",
    "W3LPL-#",
    "W3LPL*",
    "*/P",
    "*?C",
    "???",
    "EA8*",
    "",
    "K1ABCDEF/GHIJKLMN",
    "*K1ABC/GHIJKLMNOP",
    "Ä*",
    "k1abc",
];
const GRIDS: [&str; 8] = ["", "FN31", "FN31PR", "FN42", "JO22UU", "JN79", "EM10", "AA00AA"];
const PREFIXES: [&str; 9] = ["FN", "FN31", "FN31PR", "FN31PA", "JO", "JN79", "EM10", "JO22", "AA"];
const COMMENTS: [&[u8]; 20] = [
    b"",
    b"up 2 tnx Paul",
    b"POTA US-1234",
    b"K-0744 tnx",
    b"SOTA G/LD-001",
    b"wwff dlff-0001",
    b"IOTA EU-064",
    b"eu064 CQ",
    b"BOTA B/G-0123",
    b"[-POTA-] US-12345",
    b"JN79<ES>IO82WX",
    b"CQ TEST",
    b"f\xC3\xBCr J\xC3\xBCrgen",
    b"\xFB\xC3\xBC\xE2\x82 caf\xE9",
    b"QSX 14205",
    b"lotw LoTW LOTW",
    b"ab abc abcd",
    b"599 599",
    b"US-0641",
    b"-/-",
];
const WORDS: [&str; 14] =
    ["", "UP", "TNX", "POTA", "POTA U", "LOTW", "AB", "ABC", "BCD", "Jü", "\u{fffd}", "lotw", "Q", "599 5"];
const REGEXES: [&str; 11] =
    ["up", "^up", "tnx.*paul", "(", "[0-9]{3}", "\\bus-\\d+", "jürgen", "(?-i)TNX", "a|b|c", "^$", "(a{100}){100}"];

/// Bits of a set, "unknown" and both ends more often than by chance.
fn bits(max: usize) -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![Just(0), Just(1), Just(2), Just(max), 0..=max], 0..5)
}
fn set<S: FromIterator<usize> + Clone + std::fmt::Debug>(max: usize) -> impl Strategy<Value = S> {
    bits(max).prop_map(S::from_iter)
}
fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Dx, Side::De])
}
fn boxes(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<Box<str>>> {
    vec(select(texts).prop_map(Box::from), 0..4)
}
fn patterns() -> impl Strategy<Value = Vec<Pattern>> {
    vec(prop_oneof![select(&PATTERNS[..]).prop_map(String::from), "[AK1*?]{1,5}"], 0..5)
        .prop_map(|list| list.into_iter().map(|text| Pattern(text.into())).collect())
}

fn term() -> impl Strategy<Value = Term> {
    let sets = prop_oneof![
        set(BandSet::MAX).prop_map(Term::Band),
        set(ModeSet::MAX).prop_map(Term::Mode),
        set(ClassSet::MAX).prop_map(Term::Class),
        set(FeedSet::MAX).prop_map(Term::Feed),
        set(GlyphSet::MAX).prop_map(Term::Confidence),
        (side(), set(ContinentSet::MAX)).prop_map(|(s, set)| Term::Continent(s, set)),
        (side(), set(CqSet::MAX)).prop_map(|(s, set)| Term::Cq(s, set)),
        (side(), set(ItuSet::MAX)).prop_map(|(s, set)| Term::Itu(s, set)),
        (side(), set(EntitySet::MAX)).prop_map(|(s, set)| Term::Entity(s, set)),
        (side(), set(StateSet::MAX)).prop_map(|(s, set)| Term::State(s, set)),
        set(RefSet::MAX).prop_map(Term::Reference),
    ];
    let hz = || prop_oneof![Just(0), Just(u64::MAX), 13_999_998..14_000_010u64];
    let db = || prop_oneof![Just(i16::MIN), Just(i16::MAX), -3..4i16];
    let wpm = || prop_oneof![Just(0), Just(u16::MAX), 0..5u16];
    let minute = || prop_oneof![Just(0), Just(1_439), Just(2_000), 0..1_440u16];
    let ranges = prop_oneof![
        vec((hz(), hz()), 0..4).prop_map(Term::Freq),
        vec((db(), db()), 0..4).prop_map(Term::Snr),
        vec((wpm(), wpm()), 0..4).prop_map(Term::Speed),
        vec((minute(), minute()), 0..3)
            .prop_map(|list| Term::Time(list.into_iter().map(|(from, to)| MinuteRange { from, to }).collect())),
        (side(), -90..=90i32, -180..=180i32, 0..21_000u32).prop_map(|(side, lat, lon, km)| Term::Near {
            side,
            lat_e4: lat * 10_000,
            lon_e4: lon * 10_000,
            km
        }),
        (side(), prop_oneof![Just(3_000u32), Just(6_000)]).prop_map(|(side, km)| Term::Near {
            side,
            lat_e4: 420_000,
            lon_e4: -720_000,
            km
        }),
    ];
    let texts = prop_oneof![
        (side(), vec(select(&PREFIXES[..]), 0..4))
            .prop_map(|(s, list)| Term::Grid(s, list.into_iter().filter_map(GridPrefix::parse).collect())),
        Just(Term::Grid(Side::Dx, vec![GridPrefix([0; 6])])),
        (side(), patterns()).prop_map(|(s, list)| Term::Call(s, list)),
        patterns().prop_map(Term::Node),
        boxes(&WORDS).prop_map(Term::Words),
        boxes(&REGEXES).prop_map(Term::Regex),
    ];
    let flags = select(vec![Term::Skimmer, Term::Beacon, Term::CallingCq]);
    prop_oneof![4 => sets, 2 => ranges, 3 => texts, 1 => flags]
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![1 => Just(Expr::All), 1 => Just(Expr::Nothing), 20 => term().prop_map(Expr::Is)];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| Expr::Not(Box::new(e))),
            vec(inner.clone(), 0..4).prop_map(Expr::And),
            vec(inner, 0..4).prop_map(Expr::Or),
        ]
    })
}

fn spot() -> impl Strategy<Value = Spot> {
    let call = || select(&CALLS[..]).prop_map(Call::literal);
    let grid = || select(&GRIDS[..]).prop_map(|g| Grid::parse(g.as_bytes()).unwrap_or_default());
    let comment = prop_oneof![3 => select(&COMMENTS[..]).prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..120)];
    let words = (call(), call(), call(), grid(), grid(), comment);
    let hz = prop_oneof![Just(0), 13_999_998..14_000_010u64, Just(7_030_000), Just(u64::MAX / 2)];
    let numbers = (hz, 0..=26u8, 0..8u8, prop_oneof![Just(None), (-4..5i16).prop_map(Some)], 0..5u16, any::<u32>());
    let facts = [0, 1, 2, 40, 41, 90, 91, 127, 128, 255u8];
    let small = || select(facts.to_vec());
    let adif = || select(vec![0u16, 1, 2, 291, 1_023, 1_024, u16::MAX]);
    let places = (adif(), adif(), small(), small(), small(), small(), small(), small(), 0..9u8, 0..9u8);
    let rest = (small(), select(b"\0?SPVBCx".to_vec()), any::<i64>());
    (words, numbers, places, rest).prop_map(|(words, numbers, places, rest)| {
        let mut spot = Spot::empty();
        (spot.dx, spot.de, spot.node, spot.dx_grid, spot.de_grid) = (words.0, words.1, words.2, words.3, words.4);
        spot.set_comment(&words.5);
        spot.flags = Flags(numbers.5);
        spot.set_freq(Freq::from_hz(numbers.0));
        spot.set_mode(Mode::from_u8(numbers.1));
        spot.set_class(crate::spot::Class::from_u8(numbers.2));
        spot.set_snr(numbers.3);
        spot.speed = numbers.4;
        (spot.dx_adif, spot.de_adif, spot.dx_cq, spot.de_cq) = (places.0, places.1, places.2, places.3);
        (spot.dx_itu, spot.de_itu, spot.dx_state, spot.de_state) = (places.4, places.5, places.6, places.7);
        spot.set_dx_continent(Continent::from_u8(places.8));
        spot.set_de_continent(Continent::from_u8(places.9));
        (spot.feed, spot.confidence) = (rest.0, rest.1);
        spot.time = Utc::from_ms(rest.2 / 1_000);
        spot
    })
}

/// The same meaning in other words.
fn reworded(expr: &Expr, dice: &mut fastrand::Rng) -> Expr {
    let list = |list: &[Expr], dice: &mut fastrand::Rng| {
        let mut list: Vec<Expr> = list.iter().map(|e| reworded(e, dice)).collect();
        if !list.is_empty() && dice.u8(..4) == 0 {
            let twin = list[dice.usize(..list.len())].clone();
            list.push(twin);
        }
        dice.shuffle(&mut list);
        list
    };
    let said = match expr {
        Expr::Is(term) => match (split(term, dice), dice.bool()) {
            (Some((a, b)), true) => Expr::Or(vec![Expr::Is(a), Expr::Is(b)]),
            _ => Expr::Is(term.clone()),
        },
        Expr::Not(inner) => Expr::Not(Box::new(reworded(inner, dice))),
        Expr::And(all) => match dice.u8(..3) {
            0 => nested(list(all, dice), dice, Expr::And),
            1 => Expr::Not(Box::new(Expr::Or(list(all, dice).into_iter().map(opposite).collect()))),
            _ => Expr::And(list(all, dice)),
        },
        Expr::Or(any) => match dice.u8(..3) {
            0 => nested(list(any, dice), dice, Expr::Or),
            1 => Expr::Not(Box::new(Expr::And(list(any, dice).into_iter().map(opposite).collect()))),
            _ => Expr::Or(list(any, dice)),
        },
        other => other.clone(),
    };
    match dice.u8(..8) {
        0 => opposite(opposite(said)),
        1 => Expr::And(vec![said]),
        2 => Expr::Or(vec![said, Expr::Nothing]),
        _ => said,
    }
}
fn opposite(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}
fn nested(mut list: Vec<Expr>, dice: &mut fastrand::Rng, wrap: fn(Vec<Expr>) -> Expr) -> Expr {
    let rest = list.split_off(dice.usize(..=list.len()));
    list.push(wrap(rest));
    wrap(list)
}

/// Two terms that are this one when either holds.
fn split(term: &Term, dice: &mut fastrand::Rng) -> Option<(Term, Term)> {
    fn list<T: Clone>(list: &[T], dice: &mut fastrand::Rng) -> (Vec<T>, Vec<T>) {
        let at = dice.usize(..=list.len());
        // With an overlap, which changes nothing.
        (list[..at].to_vec(), list[at.saturating_sub(1)..].to_vec())
    }
    macro_rules! sets {
        ($set:expr, $wrap:expr) => {{
            let (a, b): (Vec<usize>, Vec<usize>) = $set.bits().partition(|_| dice.bool());
            Some(($wrap(a.into_iter().collect()), $wrap(b.into_iter().collect())))
        }};
    }
    macro_rules! lists {
        ($list:expr, $wrap:expr) => {{
            let (a, b) = list($list, dice);
            Some(($wrap(a), $wrap(b)))
        }};
    }
    match term {
        Term::Band(set) => sets!(set, Term::Band),
        Term::Mode(set) => sets!(set, Term::Mode),
        Term::Class(set) => sets!(set, Term::Class),
        Term::Feed(set) => sets!(set, Term::Feed),
        Term::Confidence(set) => sets!(set, Term::Confidence),
        Term::Reference(set) => sets!(set, Term::Reference),
        Term::Continent(s, set) => sets!(set, |set| Term::Continent(*s, set)),
        Term::Cq(s, set) => sets!(set, |set| Term::Cq(*s, set)),
        Term::Itu(s, set) => sets!(set, |set| Term::Itu(*s, set)),
        Term::Entity(s, set) => sets!(set, |set| Term::Entity(*s, set)),
        Term::State(s, set) => sets!(set, |set| Term::State(*s, set)),
        Term::Freq(list) => lists!(list, Term::Freq),
        Term::Snr(list) => lists!(list, Term::Snr),
        Term::Speed(list) => lists!(list, Term::Speed),
        Term::Time(list) => lists!(list, Term::Time),
        Term::Grid(s, list) => lists!(list, |list| Term::Grid(*s, list)),
        Term::Call(s, list) => lists!(list, |list| Term::Call(*s, list)),
        Term::Node(list) => lists!(list, Term::Node),
        Term::Words(list) => lists!(list, Term::Words),
        Term::Regex(list) => lists!(list, Term::Regex),
        Term::Near { .. } | Term::Skimmer | Term::Beacon | Term::CallingCq => None,
    }
}

/// `PROPTEST_CASES` may ask for more.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(600), ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn compiled_is_what_was_said(expr in expr(), spots in vec(spot(), 20)) {
        let filter = Filter::compile(&expr);
        for spot in &spots {
            let said = expr.passes(spot);
            prop_assert_eq!(filter.passes(spot), said, "compiled of {:?} for {:?} {:?}", filter.expr(), spot, spot.comment());
            prop_assert_eq!(filter.expr().passes(spot), said, "canonical {:?} for {:?}", filter.expr(), spot);
            let by_band = filter.by_band();
            if !by_band.asks.has(spot.band()) {
                prop_assert_eq!(by_band.passes.has(spot.band()), said, "by band {:?} for {:?}", filter.expr(), spot);
            }
        }
    }

    #[test]
    fn single_terms_are_what_was_said(term in term(), not: bool, spots in vec(spot(), 40)) {
        let expr = if not { opposite(Expr::Is(term)) } else { Expr::Is(term) };
        let filter = Filter::compile(&expr);
        for spot in &spots {
            prop_assert_eq!(filter.passes(spot), expr.passes(spot), "{:?} for {:?} {:?}", filter.expr(), spot, spot.comment());
        }
    }

    #[test]
    fn canonical_is_canonical(expr in expr()) {
        let once = canon::canonical(&expr);
        prop_assert_eq!(&canon::canonical(&once), &once);
        // What was said may gain a range on the way; the terms never become more, except a reference to
        // "none or these", which is two.
        prop_assert!(once.terms() <= 2 * expr.terms());
    }

    #[test]
    fn other_words_give_the_same_filter(expr in expr(), seed: u64) {
        let other = reworded(&expr, &mut fastrand::Rng::with_seed(seed));
        let (a, b) = (Filter::compile(&expr), Filter::compile(&other));
        prop_assert_eq!(a.expr(), b.expr(), "from {:?}", other);
        prop_assert_eq!(a.fingerprint(), b.fingerprint());
        let hasher = RandomState::new();
        prop_assert_eq!(hasher.hash_one(&a), hasher.hash_one(&b));
        prop_assert!(a == b);
    }

    #[test]
    fn opposites_are_opposite(expr in expr(), spots in vec(spot(), 5)) {
        let (a, b) = (Filter::compile(&expr), Filter::compile(&opposite(expr.clone())));
        for spot in &spots {
            prop_assert_ne!(a.passes(spot), b.passes(spot));
        }
        prop_assert!(Filter::compile(&opposite(b.expr().clone())) == a);
    }
}
