//! Any expression in DXSpider's words: what [`super::parse_spider`] reads back as an equal filter.

use super::sets::*;
use super::spider::{Ask, braces_len, is_operator};
use super::values::{self, NONE, POSTS};
use super::{Expr, Pattern, Term};
use crate::spot::{Band, Class, Continent, Freq, Mode, Spot, State};
use std::fmt::Write;

/// The expression as text. Feeds are told by their place, as `#3`.
pub fn spider(expr: &Expr) -> String {
    spider_with(expr, &[])
}

/// The expression as text, with the names of the feeds.
pub fn spider_with(expr: &Expr, feeds: &[String]) -> String {
    let mut out = String::new();
    print(expr, Place::Top, feeds, &mut out);
    out
}

/// What stands around an expression, and so whether it needs brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Top,
    InAnd,
    InNot,
}

const EVERYTHING: &str = "all";
const NOTHING: &str = "not all";

fn print(expr: &Expr, place: Place, feeds: &[String], out: &mut String) {
    match expr {
        Expr::All => out.push_str(EVERYTHING),
        Expr::Nothing => out.push_str(NOTHING),
        Expr::Is(term) => out.push_str(&term_text(term, feeds)),
        Expr::Not(inner) => {
            out.push_str("not ");
            print(inner, Place::InNot, feeds, out);
        }
        Expr::And(list) => print_list(list, (EVERYTHING, " and ", Place::InAnd), place > Place::InAnd, feeds, out),
        Expr::Or(list) => print_list(list, (NOTHING, " or ", Place::Top), place > Place::Top, feeds, out),
    }
}

fn print_list(list: &[Expr], kind: (&str, &str, Place), is_bracketed: bool, feeds: &[String], out: &mut String) {
    let (of_none, joint, inside) = kind;
    if list.is_empty() {
        return out.push_str(of_none);
    }
    let is_bracketed = is_bracketed && list.len() > 1;
    let inside = if is_bracketed || list.len() > 1 { inside } else { Place::InNot };
    if is_bracketed {
        out.push('(');
    }
    for (at, expr) in list.iter().enumerate() {
        if at > 0 {
            out.push_str(joint);
        }
        print(expr, inside, feeds, out);
    }
    if is_bracketed {
        out.push(')');
    }
}

fn term_text(term: &Term, feeds: &[String]) -> String {
    match term {
        Term::Skimmer => Ask::Skimmer.word().into(),
        Term::Beacon => Ask::Beacon.word().into(),
        Term::CallingCq => Ask::CallingCq.word().into(),
        Term::Band(set) => of_set(Ask::On, set.bits(), BandSet::MAX, &|bits| {
            bits.iter()
                .map(|bit| if *bit == 0 { NONE.into() } else { Band::from_u8(*bit as u8).name().into() })
                .collect()
        }),
        Term::Mode(set) => of_set(Ask::Mode, set.bits(), ModeSet::MAX, &|bits| modes(bits, true)),
        Term::Class(set) => of_set(Ask::Class, set.bits(), ClassSet::MAX, &|bits| {
            let name = |bit: &usize| bit.checked_sub(1).map_or(NONE, |raw| Class::from_u8(raw as u8).name());
            bits.iter().map(|bit| name(bit).into()).collect()
        }),
        Term::Feed(set) => {
            of_set(Ask::Feed, set.bits(), FeedSet::MAX, &|bits| bits.iter().map(|bit| feed(*bit, feeds)).collect())
        }
        Term::Continent(side, set) => of_set(Ask::Continent(*side), set.bits(), ContinentSet::MAX, &|bits| {
            let name = |bit: &usize| if *bit == 0 { NONE } else { Continent::from_u8(*bit as u8).name() };
            bits.iter().map(|bit| name(bit).to_ascii_lowercase()).collect()
        }),
        Term::Cq(side, set) => of_set(Ask::Cq(*side), set.bits(), CqSet::MAX, &numbers),
        Term::Itu(side, set) => of_set(Ask::Itu(*side), set.bits(), ItuSet::MAX, &numbers),
        Term::Entity(side, set) => of_set(Ask::Entity(*side), set.bits(), EntitySet::MAX, &entities),
        Term::State(side, set) => {
            // Numbers above the last state are no state's: they are in a set only as part of a complement.
            let known = |set: StateSet| set.bits().filter(|bit| *bit <= usize::from(State::MAX)).collect::<Vec<_>>();
            let (bits, rest) = (known(*set), known(set.complement()));
            let is_negated = set.has_bit(StateSet::MAX) && !rest.is_empty();
            let names = |bits: &[usize]| {
                let name = |bit: &usize| if *bit == 0 { NONE } else { State(*bit as u8).code() };
                bits.iter().map(|bit| name(bit).to_ascii_lowercase()).collect::<Vec<_>>()
            };
            match is_negated {
                true => format!("not {}", listed(Ask::State(*side), names(&rest))),
                false if rest.is_empty() => EVERYTHING.into(),
                false => listed(Ask::State(*side), names(&bits)),
            }
        }
        Term::Confidence(set) => of_set(Ask::Confidence, set.bits(), GlyphSet::MAX, &|bits| {
            let name =
                |bit: &usize| bit.checked_sub(1).map_or(NONE.into(), |at| char::from(GlyphSet::GLYPHS[at]).to_string());
            bits.iter().map(name).map(|name: String| name.to_ascii_lowercase()).collect()
        }),
        // A comment may name several: what is not in the set says nothing about it.
        Term::Reference(set) => {
            let name = |bit: usize| bit.checked_sub(1).map_or(NONE, |at| RefSet::KINDS[at]).to_ascii_lowercase();
            listed(Ask::Reference, set.bits().map(name).collect())
        }
        Term::Freq(ranges) => {
            let ranges = ranges.iter().filter(|(from, to)| from <= to);
            listed(Ask::On, ranges.map(|(from, to)| format!("{}/{}", khz(*from), khz(*to))).collect())
        }
        Term::Snr(ranges) => {
            let ranges = ranges.iter().map(|(from, to)| (i64::from(*from), i64::from(*to)));
            listed(Ask::Snr, ranges.filter_map(|r| range(r, i64::from(i16::MIN), i64::from(i16::MAX))).collect())
        }
        Term::Speed(ranges) => {
            let ranges = ranges.iter().map(|(from, to)| (i64::from(*from), i64::from(*to)));
            listed(Ask::Speed, ranges.filter_map(|r| range(r, 0, i64::from(u16::MAX))).collect())
        }
        Term::Time(ranges) => {
            let hhmm = |minute: u16| format!("{:02}{:02}", minute / 60, minute % 60);
            listed(Ask::Time, ranges.iter().map(|range| format!("{}-{}", hhmm(range.from), hhmm(range.to))).collect())
        }
        Term::Grid(_, prefixes) if prefixes.iter().any(|prefix| prefix.as_str().is_empty()) => EVERYTHING.into(),
        Term::Grid(side, prefixes) => {
            listed(Ask::Grid(*side), prefixes.iter().map(|prefix| value(prefix.as_str())).collect())
        }
        Term::Near { side, lat_e4, lon_e4, km } => {
            listed(Ask::Near(*side), vec![format!("{}/{}/{km}", degrees(*lat_e4), degrees(*lon_e4))])
        }
        Term::Call(side, patterns) => listed(Ask::Call(*side), patterns.iter().map(pattern).collect()),
        Term::Node(patterns) => listed(Ask::Node, patterns.iter().map(pattern).collect()),
        Term::Words(words) if words.iter().any(|word| word.is_empty()) => EVERYTHING.into(),
        Term::Words(words) => listed(Ask::Info, words.iter().map(|word| value(word)).collect()),
        Term::Regex(sources) => {
            let braced: Vec<String> = sources.iter().map(|source| format!("{{{source}}}")).collect();
            match braced.iter().all(|braces| braces_len(braces) == Some(braces.len())) {
                true => listed(Ask::Info, braced),
                false => listed(Ask::Regex, sources.iter().map(|source| quoted(source)).collect()),
            }
        }
    }
}

/// Any of these values; none of them fits nothing.
fn listed(ask: Ask, values: Vec<String>) -> String {
    match values.is_empty() {
        true => NOTHING.into(),
        false => format!("{} {}", ask.word(), values.join(",")),
    }
}

/// A set, or, where that is shorter, what is not in it.
fn of_set(ask: Ask, bits: impl Iterator<Item = usize>, max: usize, names: &dyn Fn(&[usize]) -> Vec<String>) -> String {
    let bits: Vec<usize> = bits.collect();
    if bits.len() == max + 1 {
        return EVERYTHING.into();
    }
    if bits.len() * 2 <= max + 1 {
        return listed(ask, names(&bits));
    }
    let rest: Vec<usize> = (0..=max).filter(|bit| bits.binary_search(bit).is_err()).collect();
    format!("not {}", listed(ask, names(&rest)))
}

/// Names of modes, families where they are whole. `is_exact` marks a mode whose name is also its family's.
pub(super) fn modes(bits: &[usize], is_exact: bool) -> Vec<String> {
    let mut left: Vec<usize> = bits.to_vec();
    let mut names: Vec<String> = Vec::new();
    for family in ["digital", "ssb", "psk"] {
        let whole: Vec<usize> = values::mode_set(family, false).map(|set| set.bits().collect()).unwrap_or_default();
        if whole.iter().all(|bit| left.contains(bit)) {
            left.retain(|bit| !whole.contains(bit));
            names.push(family.to_string());
        }
    }
    for bit in left {
        let mode = Mode::from_u8(bit as u8);
        names.push(match mode {
            Mode::Unknown => {
                names.insert(0, NONE.to_string());
                continue;
            }
            Mode::Psk | Mode::Digi if is_exact => format!("={}", mode.name().to_ascii_lowercase()),
            mode => mode.name().to_ascii_lowercase(),
        });
    }
    names
}

fn feed(bit: usize, feeds: &[String]) -> String {
    let name = feeds.get(bit).filter(|name| feeds.iter().position(|f| f.eq_ignore_ascii_case(name)) == Some(bit));
    match name {
        Some(name) => value(name),
        None if bit == usize::from(Spot::FEED_POSTS) => POSTS.into(),
        None => format!("#{bit}"),
    }
}

/// Numbers, runs of three and more as ranges; 0 is "unknown".
pub(super) fn numbers(bits: &[usize]) -> Vec<String> {
    let mut names: Vec<String> = bits.iter().filter(|bit| **bit == 0).map(|_| NONE.into()).collect();
    let known: Vec<usize> = bits.iter().copied().filter(|bit| *bit > 0).collect();
    for run in known.chunk_by(|a, b| a + 1 == *b) {
        match run {
            [first, _, .., last] => names.push(format!("{first}-{last}")),
            few => names.extend(few.iter().map(usize::to_string)),
        }
    }
    names
}

/// Entities; a number that is not given yet is said as a range, since alone it would be taken for a slip.
fn entities(bits: &[usize]) -> Vec<String> {
    let is_new = |name: &String| name.parse::<usize>().is_ok_and(|number| number > values::ADIF_GIVEN_MAX);
    numbers(bits).into_iter().map(|name| if is_new(&name) { format!("{name}-{name}") } else { name }).collect()
}

/// kHz with the decimals that it needs; below [`Freq::LINE_MIN`] with all, so that it is not taken for a band.
pub(super) fn khz(hz: u64) -> String {
    let mut text = format!("{}.{:03}", hz / 1000, hz % 1000);
    if hz >= Freq::LINE_MIN.hz() || hz == 0 {
        let len = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(len.max(1));
    }
    text
}

/// A range of numbers as [`values::range`] reads it; `None` for one that holds nothing.
fn range((from, to): (i64, i64), min: i64, max: i64) -> Option<String> {
    match () {
        () if from > to => None,
        () if from == to => Some(format!("={from}")),
        () if from == min && to < max => Some(format!("<={to}")),
        () if to == max && from > min => Some(format!(">={from}")),
        () => Some(format!("{from}/{to}")),
    }
}

fn degrees(e4: i32) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", e4.unsigned_abs() / 10_000, e4.unsigned_abs() % 10_000)
}

/// A pattern as [`values::call_prefix`] reads it.
fn pattern(pattern: &Pattern) -> String {
    let text = &*pattern.0;
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/*?-#".contains(&b)) && text.len() <= 15;
    match is_plain && text.contains(['*', '?']) {
        true => value(text),
        false => format!("={}", value(text)),
    }
}

/// A value, quoted where it must be.
pub(super) fn value(text: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b"/*?-#+._:;!%&'@~".contains(&b);
    match !text.is_empty() && text.bytes().all(is_bare) && !is_operator(text) {
        true => text.to_string(),
        false => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        // Writing to a string cannot fail.
        let _ = out.write_char(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::filter::values::tests::context;
    use crate::filter::{Filter, GridPrefix, MinuteRange, Side, check_regex, parse_spider};
    use crate::spot::{Call, Flags, Grid, Utc};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn side() -> impl Strategy<Value = Side> {
        prop_oneof![Just(Side::Dx), Just(Side::De)]
    }
    fn bits<S: FromIterator<usize> + std::fmt::Debug>(max: usize) -> impl Strategy<Value = S> {
        prop_oneof![vec(0..=max, 0..4), vec(0..=max, 0..2 * max + 2)].prop_map(|bits| bits.into_iter().collect())
    }
    fn pattern_text() -> impl Strategy<Value = Pattern> {
        prop_oneof!["[A-Z0-9]{1,5}", "[A-Z0-9/*?#-]{0,7}", "[ -`{-~]{0,6}"].prop_map(|text| Pattern(text.into()))
    }
    fn text() -> impl Strategy<Value = Box<str>> {
        prop_oneof!["[A-Z0-9]{1,4}", "[ -`{-~]{1,8}", Just("OR".to_string()), Just("NOT".to_string())]
            .prop_map(String::into)
    }

    /// Any term, likely to hold for some of [`any_spot`].
    pub(in crate::filter) fn any_term() -> impl Strategy<Value = Term> {
        let plain = prop_oneof![Just(Term::Skimmer), Just(Term::Beacon), Just(Term::CallingCq)];
        let sets = prop_oneof![
            bits(BandSet::MAX).prop_map(Term::Band),
            bits(ModeSet::MAX).prop_map(Term::Mode),
            bits(ClassSet::MAX).prop_map(Term::Class),
            bits(FeedSet::MAX).prop_map(Term::Feed),
            bits(GlyphSet::MAX).prop_map(Term::Confidence),
            bits(RefSet::MAX).prop_map(Term::Reference),
            (side(), bits(ContinentSet::MAX)).prop_map(|(side, set)| Term::Continent(side, set)),
            (side(), bits(CqSet::MAX)).prop_map(|(side, set)| Term::Cq(side, set)),
            (side(), bits(ItuSet::MAX)).prop_map(|(side, set)| Term::Itu(side, set)),
            (side(), bits(EntitySet::MAX)).prop_map(|(side, set)| Term::Entity(side, set)),
            (side(), bits::<StateSet>(usize::from(State::MAX)), any::<bool>())
                .prop_map(|(side, set, not)| { Term::State(side, if not { set.complement() } else { set }) }),
        ];
        let minute = || 0..1440u16;
        let freq = || prop_oneof![Just(0), Just(14_070_000), 0..200_000u64, 1_800_000..30_000_000u64, any::<u64>()];
        let ranges = prop_oneof![
            vec((freq(), freq()), 0..3).prop_map(Term::Freq),
            vec((any::<i16>(), any::<i16>()), 0..3).prop_map(Term::Snr),
            vec((-30..30i16, -30..30i16), 0..3).prop_map(Term::Snr),
            vec((any::<u16>(), any::<u16>()), 0..3).prop_map(Term::Speed),
            vec((0..40u16, 0..40u16), 0..3).prop_map(Term::Speed),
            vec((minute(), minute()).prop_map(|(from, to)| MinuteRange { from, to }), 0..3).prop_map(Term::Time),
        ];
        let grid = "([A-R]{2}|[A-R]{2}[0-9]{2}|[A-R]{2}[0-9]{2}[A-X]{2})"
            .prop_map(|text| GridPrefix::parse(&text).unwrap_or(GridPrefix([0; 6])));
        let near = (side(), -900_000..=900_000, -1_800_000..=1_800_000, any::<u32>())
            .prop_map(|(side, lat_e4, lon_e4, km)| Term::Near { side, lat_e4, lon_e4, km });
        let texts = prop_oneof![
            (side(), vec(grid, 0..3)).prop_map(|(side, list)| Term::Grid(side, list)),
            near,
            (side(), vec(pattern_text(), 0..3)).prop_map(|(side, list)| Term::Call(side, list)),
            vec(pattern_text(), 0..3).prop_map(Term::Node),
            vec(text(), 0..3).prop_map(Term::Words),
            vec(
                prop_oneof!["[a-c|.{}\\\\\" ]{0,5}x", Just("[{]".to_string()), Just("a{1,2}".to_string())]
                    .prop_filter("no expression", |source| check_regex(source).is_ok())
                    .prop_map(String::into_boxed_str),
                0..3
            )
            .prop_map(Term::Regex),
        ];
        prop_oneof![plain, sets, ranges, texts]
    }

    /// Any expression of a few terms.
    pub(in crate::filter) fn any_expr() -> impl Strategy<Value = Expr> {
        let leaf = prop_oneof![1 => Just(Expr::All), 1 => Just(Expr::Nothing), 20 => any_term().prop_map(Expr::Is)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|expr| Expr::Not(Box::new(expr))),
                vec(inner.clone(), 0..4).prop_map(Expr::And),
                vec(inner, 0..4).prop_map(Expr::Or),
            ]
        })
    }

    /// A spot with any facts.
    pub(in crate::filter) fn any_spot() -> impl Strategy<Value = Spot> {
        let calls = ("[A-Z]{1,2}[0-9][A-Z]{1,3}(/P)?", "[A-Z]{1,2}[0-9][A-Z]{1,3}(-[1-9])?(-#)?", "[A-Z0-9]{0,5}");
        let places = (0..=1023u16, 0..=1023u16, 0..=40u8, 0..=40u8, 0..=90u8, 0..=90u8, 0..=64u8, 0..=64u8);
        let facts = (0..30_000_000u64, 0..27u8, 0..6u8, any::<u8>(), any::<u32>(), -40..60i16, 0..50u16, 0..86_400i64);
        let others = (
            0..8u8,
            0..8u8,
            proptest::sample::select(b"\0?SPVBC".to_vec()),
            "[A-Z0-9 ]{0,20}",
            "[A-R]{2}[0-9]{2}([A-X]{2})?",
        );
        (calls, places, facts, others).prop_map(|(calls, places, facts, others)| {
            let mut spot = Spot::empty();
            let call = |text: &str| Call::new(text.as_bytes()).unwrap_or_default();
            (spot.dx, spot.de, spot.node) = (call(&calls.0), call(&calls.1), call(&calls.2));
            (spot.dx_adif, spot.de_adif, spot.dx_cq, spot.de_cq) = (places.0, places.1, places.2, places.3);
            (spot.dx_itu, spot.de_itu, spot.dx_state, spot.de_state) = (places.4, places.5, places.6, places.7);
            spot.set_freq(Freq::from_hz(facts.0));
            spot.set_mode(Mode::from_u8(facts.1));
            spot.set_class(Class::from_u8(facts.2));
            (spot.feed, spot.flags, spot.snr_db, spot.speed) = (facts.3, Flags(facts.4), facts.5, facts.6);
            spot.time = Utc::from_secs(facts.7);
            spot.set_dx_continent(Continent::from_u8(others.0));
            spot.set_de_continent(Continent::from_u8(others.1));
            spot.confidence = others.2;
            spot.set_comment(others.3.as_bytes());
            spot.dx_grid = Grid::parse(others.4.as_bytes()).unwrap_or_default();
            spot
        })
    }

    fn read_back(text: &str) -> Expr {
        parse_spider(text, &context()).unwrap_or_else(|fault| panic!("{}", fault.lines(text).join("\n")))
    }

    #[test]
    fn it_reads_like_what_people_type() {
        for (text, want) in [
            ("on 20m and call k1", "on 20m and call K1*"),
            ("not (info ft8 or by_zone 14-16) cqing", "not (info FT8 or by_zone 14-16) and cqing"),
            ("(on 20m or on 40m) (beacon)", "(on 20m or on 40m) and beacon"),
            ("mode ssb,cw,psk", "mode ssb,psk,cw"),
            ("mode none,usb", "mode none,usb"),
            ("not mode none,ssb,am,fm,sstv,dv", "not mode none,ssb,am,fm,sstv,dv"),
            ("mode =psk,=digi", "mode =psk,=digi"),
            ("dxcc W,VE,DL", "call_dxcc 1,230,291"),
            ("freq 14000/14070.5", "on 14000/14070.5"),
            ("near FN42/500", "near 42.5000/-71.0000/500"),
            ("db -7,=-7,3+,4-9", "db <=7,=-7,>=3,4/9"),
            ("info \"5 watts\",{ft8|ft4}", "info \"5 WATTS\" or info {ft8|ft4}"),
            ("regex \"[{]\"", "regex \"[{]\""),
            ("feed \"UP LINK\",posts,#9", "feed \"up link\",#9,posts"),
            ("time 2200-0559", "time 2200-0559"),
            ("state or,wa,none", "call_state none,or,wa"),
            ("source human", "not skimmer"),
            // Locators may spell an operator.
            ("by_grid fn,OR", "by_grid FN,\"OR\""),
            ("not all", "not all"),
        ] {
            let (expr, feeds) = (read_back(text), context().feeds);
            assert_eq!(spider_with(&expr, feeds), want, "{text}");
            assert_eq!(read_back(want), expr, "{text}");
        }
        assert_eq!(spider(&read_back("mode digi,cw")), "not mode none,ssb,am,fm,sstv,dv");
        let (none, states) = (StateSet::from_iter([5, 9]), StateSet::EMPTY);
        assert_eq!(spider(&Expr::Is(Term::State(Side::Dx, none.complement()))), "not call_state ca,dc");
        assert_eq!(spider(&Expr::Is(Term::State(Side::De, states))), "not all");
        assert_eq!(spider(&Expr::And(vec![])), "all");
        assert_eq!(spider(&Expr::Or(vec![])), "not all");
        assert_eq!(spider(&Expr::And(vec![Expr::Or(vec![Expr::Is(Term::Beacon)])])), "beacon");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back_as_the_same_filter(expr in any_expr(), spots in vec(any_spot(), 8)) {
            let text = spider(&expr);
            let back = read_back(&text);
            for spot in &spots {
                prop_assert_eq!(back.passes(spot), expr.passes(spot), "{}", text);
            }
            prop_assert_eq!(Filter::compile(&back), Filter::compile(&expr), "{}", text);
        }
        #[test]
        fn so_is_every_term(term in any_term(), spots in vec(any_spot(), 8)) {
            let (text, expr) = (spider(&Expr::Is(term.clone())), Expr::Is(term));
            let back = read_back(&text);
            for spot in &spots {
                prop_assert_eq!(back.passes(spot), expr.passes(spot), "{}", text);
            }
            prop_assert_eq!(Filter::compile(&back), Filter::compile(&expr), "{}", text);
        }
    }
}
