//! Terms in plain English: what they ask, and what a spot answers.

use super::print::{khz, modes};
use super::sets::*;
use super::{Context, MinuteRange, Pattern, Side, Term, references};
use crate::spot::{Band, Class, Continent, Flags, Grid, Mode, Spot, State};

/// Most values of one list that are named; the rest is counted.
const NAMED_MAX: usize = 6;
/// Longest word or pattern that is quoted.
const QUOTED_CHARS_MAX: usize = 32;
/// Highest frequency that a filter asks for when it asks for "all above".
const TOP_HZ: u64 = 300_000_000_000;

/// Where names come from that an expression has only numbers for; without it the numbers are said.
pub(super) type Names<'a> = Option<&'a Context<'a>>;

/// What a term asks, as a part of a noun phrase about spots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// `CW and RTTY`: before "spots", or behind "in".
    Mode(String),
    /// `on 20m`.
    On(String),
    /// Behind "of stations": `in Europe`.
    Dx(String),
    /// `of beacons`.
    Beacon,
    /// Behind "from spotters".
    De(String),
    /// `from skimmers`.
    Skimmer,
    /// Behind all else: `with a report from 8 to 30 dB`.
    Other(String),
}

/// The opposite set as a term, for sets so large that it is easier to say what is not inside. Terms of other kinds, and small
/// sets, are said as they are.
pub(super) fn opposite(term: &Term) -> Option<Term> {
    let is_most = |len: usize, max: usize| len * 2 > max + 1;
    Some(match term {
        Term::Band(set) if is_most(set.len(), BandSet::MAX) => Term::Band(set.complement()),
        Term::Mode(set) if is_most(set.len(), ModeSet::MAX) => Term::Mode(set.complement()),
        Term::Class(set) if is_most(set.len(), ClassSet::MAX) => {
            let mut rest = set.complement();
            rest.remove_bit(0);
            Term::Class(rest)
        }
        Term::Feed(set) if is_most(set.len(), FeedSet::MAX) => Term::Feed(set.complement()),
        Term::Continent(side, set) if is_most(set.len(), ContinentSet::MAX) => Term::Continent(*side, set.complement()),
        Term::Cq(side, set) if is_most(set.len(), CqSet::MAX) => Term::Cq(*side, set.complement()),
        Term::Itu(side, set) if is_most(set.len(), ItuSet::MAX) => Term::Itu(*side, set.complement()),
        Term::Entity(side, set) if is_most(set.len(), EntitySet::MAX) => Term::Entity(*side, set.complement()),
        Term::State(side, set) if set.has_bit(StateSet::MAX) => Term::State(*side, set.complement()),
        Term::Confidence(set) if is_most(set.len(), GlyphSet::MAX) => Term::Confidence(set.complement()),
        Term::Reference(set) if !set.is_empty() && set.len() == 1 && set.has_bit(0) => {
            Term::Reference(set.complement())
        }
        Term::Freq(ranges) => match (ranges.first(), ranges.last()) {
            (Some((0, _)), Some((_, u64::MAX))) if ranges.len() > 1 => {
                Term::Freq(ranges.windows(2).map(|pair| (pair[0].1 + 1, pair[1].0.saturating_sub(1))).collect())
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// What a term asks. `joint` is the word between the values of a list.
pub(super) fn asked(term: &Term, joint: &str, names: Names<'_>) -> Asked {
    let on = |text: String| Asked::On(text);
    let at = |side: &Side, text: String| if *side == Side::Dx { Asked::Dx(text) } else { Asked::De(text) };
    match term {
        Term::Skimmer => Asked::Skimmer,
        Term::Beacon => Asked::Beacon,
        Term::CallingCq => Asked::Dx("calling CQ".into()),
        Term::Mode(set) => {
            let bits: Vec<usize> = set.bits().collect();
            let name = |name: String| match name.as_str() {
                "none" => "unknown".to_string(),
                "digital" => "all digital".to_string(),
                _ => name.to_uppercase(),
            };
            Asked::Mode(list(modes(&bits, false).into_iter().map(name), joint))
        }
        Term::Band(set) => {
            let name = |bit: usize| if bit == 0 { "no known band" } else { Band::from_u8(bit as u8).name() };
            on(format!("on {}", list(set.bits().map(|bit| name(bit).to_string()), joint)))
        }
        Term::Freq(ranges) => on(list(ranges.iter().map(|range| freq_range(*range)), joint)),
        Term::Continent(side, set) => {
            let name = |bit: usize| continent(Continent::from_u8(bit as u8));
            at(side, format!("in {}", list(set.bits().map(|bit| name(bit).to_string()), joint)))
        }
        Term::Cq(side, set) => at(side, format!("in {}", zones("CQ", set.bits(), joint))),
        Term::Itu(side, set) => at(side, format!("in {}", zones("ITU", set.bits(), joint))),
        Term::Entity(side, set) => {
            at(side, format!("in {}", list(set.bits().map(|bit| entity(bit as u16, names)), joint)))
        }
        Term::State(side, set) => at(side, format!("in {}", list(set.bits().map(|bit| state(bit as u8)), joint))),
        Term::Grid(side, prefixes) => {
            let all = prefixes.iter().map(|prefix| prefix.as_str().to_string());
            at(side, format!("in {} {}", if prefixes.len() == 1 { "grid" } else { "grids" }, list(all, joint)))
        }
        Term::Near { side, lat_e4, lon_e4, km } => {
            at(side, format!("within {km} km of {}", spot_on_earth(*lat_e4, *lon_e4)))
        }
        Term::Call(side, patterns) => at(side, format!("whose call {}", fits(patterns))),
        Term::Node(patterns) => Asked::Other(format!("of nodes whose call {}", fits(patterns))),
        Term::Class(set) => {
            let name = |bit: usize| bit.checked_sub(1).map_or("nowhere", |raw| class(Class::from_u8(raw as u8)));
            Asked::Other(format!("by way of {}", list(set.bits().map(|bit| name(bit).to_string()), joint)))
        }
        Term::Feed(set) => Asked::Other(format!("by way of {}", list(set.bits().map(|bit| feed(bit, names)), joint))),
        Term::Confidence(set) => {
            let name = |bit: usize| {
                bit.checked_sub(1)
                    .map_or("unmarked".into(), |at| format!("marked {}", char::from(GlyphSet::GLYPHS[at])))
            };
            Asked::Other(list(set.bits().map(name), "or"))
        }
        Term::Snr(ranges) => {
            let range = |(from, to): &(i16, i16)| {
                between(i64::from(*from), i64::from(*to), i64::from(i16::MIN), i64::from(i16::MAX))
            };
            Asked::Other(format!("with a report {} dB", list(ranges.iter().map(range), "or")))
        }
        Term::Speed(ranges) => {
            let range = |(from, to): &(u16, u16)| between(i64::from(*from), i64::from(*to), 0, i64::from(u16::MAX));
            Asked::Other(format!("with a speed {} WPM", list(ranges.iter().map(range), "or")))
        }
        Term::Time(ranges) => {
            let range = |range: &MinuteRange| format!("from {} to {}", hhmm(range.from), hhmm(range.to));
            Asked::Other(format!("{} UTC", list(ranges.iter().map(range), joint)))
        }
        Term::Words(words) => {
            Asked::Other(format!("with {} in the comment", list(words.iter().map(|word| quoted(word)), "or")))
        }
        Term::Regex(sources) => {
            let all = sources.iter().map(|source| format!("{{{}}}", cut(source)));
            Asked::Other(format!("with a comment that fits {}", list(all, "or")))
        }
        Term::Reference(set) => {
            let name =
                |bit: usize| bit.checked_sub(1).map_or("no reference".into(), |at| RefSet::KINDS[at].to_string());
            match set.len() == RefSet::MAX && !set.has_bit(0) {
                true => Asked::Other("that name a park, summit or island".into()),
                false => Asked::Other(format!("that name {}", list(set.bits().map(name), "or"))),
            }
        }
    }
}

/// What a spot says to the question of a term.
pub(super) fn fact(term: &Term, spot: &Spot, names: Names<'_>) -> String {
    let who = |side: &Side| match side {
        Side::Dx => spot.dx.to_string(),
        Side::De => format!("the spotter {}", spot.de),
    };
    let known = |side: &Side, is_known: bool, what: &str, text: String| match is_known {
        true => format!("{} is in {text}", who(side)),
        false => format!("{what} of {} is unknown", who(side)),
    };
    let pick = |side: &Side, dx: u16, de: u16| if *side == Side::Dx { dx } else { de };
    let says = |is: bool, yes: &str, no: &str| if is { yes.to_string() } else { no.to_string() };
    match term {
        Term::Band(_) if spot.band() == Band::None => "it is on no known band".into(),
        Term::Band(_) => format!("it is on {}", spot.band().name()),
        Term::Mode(_) if spot.mode() == Mode::Unknown => "its mode is unknown".into(),
        Term::Mode(_) => format!("its mode is {}", spot.mode().name()),
        Term::Class(_) => format!("it came by way of {}", class(spot.class())),
        Term::Feed(_) => format!("it came by way of {}", feed(usize::from(spot.feed), names)),
        Term::Skimmer => says(spot.is_skimmer(), "a skimmer reported it", "a person reported it"),
        Term::Beacon => says(spot.flags.has(Flags::BEACON), "it is a beacon", "it is no beacon"),
        Term::CallingCq => {
            format!("{} {}", spot.dx, says(spot.flags.has(Flags::CQ), "was calling CQ", "was not heard calling CQ"))
        }
        Term::Continent(side, _) => {
            let of = if *side == Side::Dx { spot.dx_continent() } else { spot.de_continent() };
            known(side, of != Continent::Unknown, "the continent", continent(of).into())
        }
        Term::Cq(side, _) => {
            let zone = pick(side, spot.dx_cq.into(), spot.de_cq.into());
            known(side, zone > 0, "the CQ zone", format!("CQ zone {zone}"))
        }
        Term::Itu(side, _) => {
            let zone = pick(side, spot.dx_itu.into(), spot.de_itu.into());
            known(side, zone > 0, "the ITU zone", format!("ITU zone {zone}"))
        }
        Term::Entity(side, _) => {
            let adif = pick(side, spot.dx_adif, spot.de_adif);
            known(side, adif > 0, "the country", entity(adif, names))
        }
        Term::State(side, _) => {
            let number = pick(side, spot.dx_state.into(), spot.de_state.into()) as u8;
            known(side, number > 0, "the state", state(number))
        }
        Term::Confidence(_) => match GlyphSet::bit(spot.confidence) {
            0 => "it has no confidence mark".into(),
            _ => format!("its confidence is {}", char::from(spot.confidence)),
        },
        Term::Freq(_) => format!("it is on {} kHz", khz(spot.freq.hz())),
        Term::Snr(_) => spot.snr().map_or("it has no report".into(), |db| format!("its report is {db} dB")),
        Term::Speed(_) if spot.speed == 0 => "it has no speed".into(),
        Term::Speed(_) => format!("its speed is {}", spot.speed),
        Term::Time(_) => format!("it was heard at {}", spot.time.hhmmz()),
        Term::Grid(side, _) => {
            let grid = grid(side, spot);
            known(side, !grid.is_none(), "the locator", format!("grid {grid}"))
        }
        Term::Near { side, lat_e4, lon_e4, .. } => {
            let place = spot_on_earth(*lat_e4, *lon_e4);
            match grid(side, spot).center() {
                None => format!("the locator of {} is unknown", who(side)),
                Some(center) => {
                    let km = distance_km(center, (f64::from(*lat_e4) / 1e4, f64::from(*lon_e4) / 1e4));
                    format!("{} is {km:.0} km from {place}", who(side))
                }
            }
        }
        Term::Call(Side::Dx, _) => format!("the DX is {}", spot.dx),
        Term::Call(Side::De, _) => format!("the spotter is {}", spot.de),
        Term::Node(_) if spot.node.is_empty() => "its node is unknown".into(),
        Term::Node(_) => format!("its node is {}", spot.node),
        Term::Words(_) | Term::Regex(_) if spot.comment().is_empty() => "it has no comment".into(),
        Term::Words(_) | Term::Regex(_) => {
            format!("its comment is {}", quoted(&String::from_utf8_lossy(spot.comment())))
        }
        Term::Reference(_) => {
            let named = references(spot.comment());
            let kinds: Vec<String> =
                named.bits().filter(|bit| *bit > 0).map(|bit| RefSet::KINDS[bit - 1].to_string()).collect();
            match kinds.is_empty() {
                true => "its comment names no park, summit or island".into(),
                false => format!("its comment names {}", list(kinds.into_iter(), "and")),
            }
        }
    }
}

/// `A`, `A or B`, `A, B or C`; beyond [`NAMED_MAX`] a count.
pub(super) fn list(values: impl Iterator<Item = String>, joint: &str) -> String {
    let mut values: Vec<String> = values.collect();
    if values.len() > NAMED_MAX {
        let rest = values.len() - (NAMED_MAX - 1);
        values.truncate(NAMED_MAX - 1);
        values.push(format!("{rest} more"));
    }
    match values.as_slice() {
        [] => "nothing".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {joint} {last}", most.join(", ")),
    }
}

fn continent(continent: Continent) -> &'static str {
    match continent {
        Continent::Unknown => "no known continent",
        Continent::Af => "Africa",
        Continent::An => "Antarctica",
        Continent::As => "Asia",
        Continent::Eu => "Europe",
        Continent::Na => "North America",
        Continent::Oc => "Oceania",
        Continent::Sa => "South America",
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Human => "people's posts",
        Class::Peer => "other nodes",
        Class::Rbn => "the RBN",
        Class::RbnDigital => "the digital RBN",
        Class::PskReporter => "PSKReporter",
        Class::Simulator => "the simulator",
    }
}

fn feed(bit: usize, names: Names<'_>) -> String {
    if bit == usize::from(Spot::FEED_POSTS) {
        return "this node's users".into();
    }
    match names.and_then(|context| context.feeds.get(bit)) {
        Some(name) => format!("feed {name}"),
        None => format!("feed #{bit}"),
    }
}

fn entity(adif: u16, names: Names<'_>) -> String {
    match (adif, names.and_then(|context| context.cty.entity(adif))) {
        (0, _) => "no known country".into(),
        (_, Some(place)) => place.name.clone(),
        (_, None) => format!("DXCC entity {adif}"),
    }
}

fn state(number: u8) -> String {
    let code = State(number).code();
    if code.is_empty() { "no known state".into() } else { code.into() }
}

fn zones(kind: &str, bits: impl Iterator<Item = usize>, joint: &str) -> String {
    let bits: Vec<usize> = bits.collect();
    let plural = if bits.len() == 1 { "" } else { "s" };
    let names =
        super::print::numbers(&bits).into_iter().map(|name| if name == "none" { "unknown".into() } else { name });
    format!("{kind} zone{plural} {}", list(names, joint))
}

fn freq_range((from, to): (u64, u64)) -> String {
    match () {
        () if from == 0 => format!("up to {} kHz", khz(to)),
        () if to >= TOP_HZ => format!("from {} kHz up", khz(from)),
        () if to - from < 100 => format!("on {} kHz", khz(from + (to - from).div_ceil(2))),
        // A segment ends a hertz before the next one begins.
        () => format!("from {} to {} kHz", khz(from), khz(if to % 100 == 99 { to + 1 } else { to })),
    }
}

fn between(from: i64, to: i64, min: i64, max: i64) -> String {
    match () {
        () if from == to => format!("of {from}"),
        () if from == min => format!("of at most {to}"),
        () if to == max => format!("of at least {from}"),
        () => format!("from {from} to {to}"),
    }
}

fn hhmm(minute: u16) -> String {
    format!("{:02}{:02}", minute / 60, minute % 60)
}

/// The locator of a place when it is the middle of one, as a user's home is; else degrees.
fn spot_on_earth(lat_e4: i32, lon_e4: i32) -> String {
    let (lat, lon) = (f64::from(lat_e4) / 1e4, f64::from(lon_e4) / 1e4);
    let grid = Grid::from_lat_lon(lat, lon);
    let is_middle = |grid: &Grid| grid.center().is_some_and(|(a, b)| (a - lat).abs() < 1e-4 && (b - lon).abs() < 1e-4);
    grid.filter(is_middle).map_or_else(|| format!("{lat:.2}/{lon:.2}"), |grid| grid.to_string())
}

fn grid(side: &Side, spot: &Spot) -> Grid {
    if *side == Side::Dx { spot.dx_grid } else { spot.de_grid }
}

/// Great circle, in km.
fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let cos = lat_a.sin() * lat_b.sin() + lat_a.cos() * lat_b.cos() * (a.1 - b.1).to_radians().cos();
    6371.0 * cos.clamp(-1.0, 1.0).acos()
}

/// `begins with K1 or DL, or is W1AW`.
fn fits(patterns: &[Pattern]) -> String {
    let mut kinds: [(&str, Vec<String>); 4] =
        [("begins with", vec![]), ("ends with", vec![]), ("is", vec![]), ("fits", vec![])];
    for Pattern(text) in patterns {
        let body = text.trim_matches('*');
        let kind = match () {
            () if text.is_empty() => {
                kinds[2].1.push("missing".into());
                continue;
            }
            () if body.is_empty() || body.contains(['*', '?']) => 3,
            () if text.len() == body.len() => 2,
            () if text.starts_with('*') && text.ends_with('*') => 3,
            () if text.starts_with('*') => 1,
            () => 0,
        };
        kinds[kind].1.push(cut(if kind == 3 { text } else { body }));
    }
    let said = kinds.into_iter().filter(|(_, list)| !list.is_empty());
    let said: Vec<String> = said.map(|(verb, texts)| format!("{verb} {}", list(texts.into_iter(), "or"))).collect();
    said.join(" or ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

fn cut(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '?' } else { c };
    match text.chars().count() > QUOTED_CHARS_MAX {
        true => text.chars().take(QUOTED_CHARS_MAX).map(clean).chain("...".chars()).collect(),
        false => text.chars().map(clean).collect(),
    }
}
