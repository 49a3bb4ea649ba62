//! The values that filter languages share: bands, modes, places, ranges. Each reader takes one value as typed,
//! and its error says what is wrong and what could be said instead.

use super::nearest::nearest;
use super::segments::SEGMENTS;
use super::sets::*;
use super::{Context, GridPrefix, MinuteRange, Pattern, Side, Term, check_regex};
use crate::reference::{Cty, Place};
use crate::spot::{Band, Call, Class, Continent, Family, Freq, Grid, Mode, Spot, State};

/// The word for "the spot does not know it": bit 0 of a set.
pub(super) const NONE: &str = "none";
/// The word for this node's users among the feeds.
pub(super) const POSTS: &str = "posts";
/// Greatest ADIF number given so far. Some below belong to entities that are gone; lists still name them. Above it a
/// number is a slip, unless the country data has it or it is said as a range.
pub(super) const ADIF_GIVEN_MAX: usize = 522;
/// Longest token that is taken for a prefix when it has no digit: `ZS`, `SV5`, but `GERMANY` is none of England.
const PREFIX_LETTERS_MAX: usize = 3;

/// Whether a word means "unknown".
pub(super) fn is_none(text: &str) -> bool {
    text.eq_ignore_ascii_case(NONE) || text.eq_ignore_ascii_case("unknown")
}

const HF: [Band; 10] =
    [Band::M160, Band::M80, Band::M60, Band::M40, Band::M30, Band::M20, Band::M17, Band::M15, Band::M12, Band::M10];
const REGIONS: [(&str, &[Band]); 6] = [
    ("hf", &HF),
    ("contesthf", &[Band::M160, Band::M80, Band::M40, Band::M20, Band::M15, Band::M10]),
    ("warc", &[Band::M30, Band::M17, Band::M12]),
    ("lf", &[Band::M2200, Band::M630]),
    ("vhf", &[Band::M6, Band::M4, Band::M2, Band::M125]),
    ("uhf", &[Band::Cm70, Band::Cm33, Band::Cm23, Band::Cm13]),
];

/// What `on` was given: any of these.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct On {
    pub(super) is_all: bool,
    pub(super) bands: BandSet,
    pub(super) freqs: Vec<(u64, u64)>,
}

impl On {
    /// Adds one value: band, region, band or region with a part, kHz range, kHz.
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
        let lower = text.to_ascii_lowercase();
        if lower == "all" {
            self.is_all = true;
            return Ok(());
        }
        if is_none(&lower) {
            self.bands.add_bit(0);
            return Ok(());
        }
        if let Some(bands) = bands_of(&lower) {
            self.bands = self.bands.or(BandSet::of(&bands));
            return Ok(());
        }
        if let Some((head, tail)) = lower.split_once('/').or_else(|| lower.split_once('-')) {
            return self.add_pair(head, tail);
        }
        let hz = khz(&lower).ok_or_else(|| {
            let names = || REGIONS.iter().map(|r| r.0).chain(Band::ALL.iter().map(|b| b.name()));
            // Numbers that look alike are other bands, not slips.
            let near = nearest(&lower, names()).filter(|_| !lower.starts_with(|c: char| c.is_ascii_digit()));
            let near = near.map(|n| format!(" Did you mean {n}?")).unwrap_or_default();
            format!("There is no band {text}.{near} Bands: {}; groups: {}, all.", band_names(), region_names())
        })?;
        in_khz(&lower, hz)?;
        self.freqs.push((hz.saturating_sub(50), hz.saturating_add(49)));
        Ok(())
    }

    fn add_pair(&mut self, head: &str, tail: &str) -> Result<(), String> {
        if let (Some(a), Some(b)) = (khz(head), khz(tail)) {
            in_khz(head, a)?;
            in_khz(tail, b)?;
            self.freqs.push((a.min(b), a.max(b)));
            return Ok(());
        }
        let bands = match bands_of(head) {
            Some(bands) => bands,
            None if head == "all" => Band::ALL.to_vec(),
            None => {
                return Err(format!(
                    "{head} is no band and no kHz. Bands: {}; groups: {}.",
                    band_names(),
                    region_names()
                ));
            }
        };
        let part = match tail {
            "cw" => "-CW",
            "rtty" | "data" | "digi" | "digital" => "-RTTY",
            "ssb" | "phone" | "voice" => "-SSB",
            "fm" => "-FM",
            _ => {
                let is_mode = mode_set(tail, false).is_ok();
                let hint = if is_mode {
                    format!(" A mode is asked for so: on {head} and mode {tail}.")
                } else {
                    String::new()
                };
                return Err(format!("A band has no part {tail}. Parts: cw, data (or rtty), ssb, fm.{hint}"));
            }
        };
        let ranges = segments(&bands, part);
        if ranges.is_empty() {
            return Err(format!("{head} has no {tail} part in the band plan."));
        }
        self.freqs.extend(ranges);
        Ok(())
    }
}

/// The segments of a kind in some bands, in Hz. The upper border belongs to the next segment, except at the band's end.
fn segments(bands: &[Band], part: &str) -> Vec<(u64, u64)> {
    let fits = |(name, band, ..): &&(&str, Band, u64, u64)| bands.contains(band) && name.ends_with(part);
    let range = |&(_, band, from, to): &(&str, Band, u64, u64)| {
        let (low, high) = band.edges_hz();
        let to = if to * 1000 < high { to * 1000 - 1 } else { high };
        ((from * 1000).max(low), to)
    };
    // The table of 1.25 m begins below our band.
    SEGMENTS.iter().filter(fits).map(range).filter(|(from, to)| from < to).collect()
}

/// A band or a group of bands, lower case.
fn bands_of(lower: &str) -> Option<Vec<Band>> {
    let region = REGIONS.iter().find(|(name, _)| *name == lower).map(|(_, bands)| bands.to_vec());
    region.or_else(|| Band::parse(lower).map(|band| vec![band]))
}

fn band_names() -> String {
    Band::ALL.map(Band::name).join(" ")
}
fn region_names() -> String {
    REGIONS.map(|r| r.0).join(", ")
}

/// A frequency in kHz with up to three decimals, any size.
pub(super) fn khz(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) || decimals.len() > 3 {
        return None;
    }
    let below: u64 = format!("{decimals:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(below)
}

/// Nobody spots below 100 kHz: a bare number there is a band that does not exist, or MHz.
fn in_khz(text: &str, hz: u64) -> Result<(), String> {
    match hz >= Freq::LINE_MIN.hz() || hz == 0 || text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3)
    {
        true => Ok(()),
        false => Err("A frequency is said in kHz, as 14000/14070; bands are joined by commas, as 20m,40m.".into()),
    }
}

/// Modes by a name or a family. `is_exact`: that very mode, without its family.
pub(super) fn mode_set(text: &str, is_exact: bool) -> Result<ModeSet, String> {
    let upper = text.to_ascii_uppercase();
    let by_name = Mode::all().find(|mode| mode.name() == upper);
    if let (true, Some(mode)) = (is_exact, by_name) {
        return Ok(ModeSet::from_iter([mode as usize]));
    }
    let of = |fits: &dyn Fn(Mode) -> bool| Mode::all().filter(|m| fits(*m)).map(|m| m as usize).collect();
    let family = |family: Family| of(&|mode| mode.family() == family);
    Ok(match upper.as_str() {
        "SSB" => ModeSet::of(&[Mode::Usb, Mode::Lsb]),
        "PHONE" | "VOICE" | "FONE" => family(Family::Voice),
        "DIGI" | "DIGITAL" | "DATA" => of(&is_digital),
        "FT" => ModeSet::of(&[Mode::Ft8, Mode::Ft4, Mode::Ft2]),
        "JT" => ModeSet::of(&[Mode::Jt65, Mode::Jt9]),
        "RTT" | "RTY" => ModeSet::of(&[Mode::Rtty]),
        "NONE" | "UNKNOWN" => ModeSet::from_iter([0]),
        _ => match by_name {
            Some(mode) => ModeSet::of(&[mode]),
            None => {
                let names = || Mode::all().map(Mode::name).chain(["SSB", "PHONE", "DIGITAL"]);
                let near = nearest(&upper, names()).map(|n| format!(" Did you mean {n}?")).unwrap_or_default();
                let all: Vec<&str> = names().collect();
                return Err(format!("There is no mode {text}.{near} Modes: {}.", all.join(" ")));
            }
        },
    })
}

/// What `DIGITAL` means: machines read it, and it is no picture.
pub(super) fn is_digital(mode: Mode) -> bool {
    matches!(mode.family(), Family::Keyboard | Family::Slot) || matches!(mode, Mode::Digi | Mode::Vara)
}

/// A continent's bit.
pub(super) fn continent(text: &str) -> Result<usize, String> {
    if is_none(text) {
        return Ok(0);
    }
    let known = Continent::parse(text).map(|continent| continent as usize);
    known.ok_or_else(|| format!("There is no continent {text}. Continents: AF AN AS EU NA OC SA."))
}

/// Zones: a number, a range, or the zone of a prefix. `zone_of` picks CQ or ITU.
pub(super) fn zones(
    text: &str,
    max: usize,
    context: &Context<'_>,
    zone_of: fn(&Place) -> u8,
) -> Result<Vec<usize>, String> {
    if is_none(text) {
        return Ok(vec![0]);
    }
    if let Some((from, to)) = numbers(text) {
        return match from >= 1 && to <= max && from <= to {
            true => Ok((from..=to).collect()),
            false => Err(format!("{text} is no zone. Zones: 1 to {max}, ranges as 14-16.")),
        };
    }
    match place(text, context.cty).map(zone_of) {
        Some(zone) if zone > 0 => Ok(vec![usize::from(zone)]),
        _ => Err(format!("{text} is neither a zone (1 to {max}) nor a prefix that this node knows.")),
    }
}

/// Entities: an ADIF number, a range of them, a prefix, or a name.
pub(super) fn entities(text: &str, context: &Context<'_>) -> Result<Vec<usize>, String> {
    if is_none(text) {
        return Ok(vec![0]);
    }
    if let Some((from, to)) = numbers(text) {
        let is_known = |adif: usize| context.cty.entity(adif as u16).is_some();
        let is_good = from >= 1 && to <= EntitySet::MAX && from <= to;
        let is_good = is_good && (to <= ADIF_GIVEN_MAX || text.contains('-') || is_known(from));
        return match is_good {
            true => Ok((from..=to).collect()),
            false => Err(format!("{text} is the ADIF number of no DXCC entity. A prefix will do, as DL.")),
        };
    }
    let found = place(text, context.cty).filter(|place| place.adif > 0);
    found.map(|place| vec![usize::from(place.adif)]).ok_or_else(|| {
        format!(
            "{text} is no prefix, name or ADIF number of a DXCC entity that this node knows. SHOW/PREFIX looks one up."
        )
    })
}

/// The place of a prefix or a country's name.
fn place<'a>(text: &str, cty: &'a Cty) -> Option<&'a Place> {
    let is = |said: &str| said.eq_ignore_ascii_case(text);
    let by_word = cty.entities().find(|place| is(&place.prefix) || is(&place.name));
    if by_word.is_some() {
        return by_word;
    }
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    if !has_digit && text.len() > PREFIX_LETTERS_MAX {
        return None;
    }
    cty.lookup(&Call::new(text.as_bytes())?).place()
}

/// `14` or `14-16`.
fn numbers(text: &str) -> Option<(usize, usize)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let is_digits = |t: &str| (1..=5).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    (is_digits(from) && is_digits(to)).then(|| Some((from.parse().ok()?, to.parse().ok()?))).flatten()
}

/// A state's bit.
pub(super) fn state(text: &str) -> Result<usize, String> {
    if is_none(text) {
        return Ok(0);
    }
    let known = State::parse(text).map(|state| usize::from(state.0));
    known.ok_or_else(|| format!("{text} is no US state or Canadian province of two letters, as NY or ON."))
}

/// A source class's bit.
pub(super) fn class(text: &str) -> Result<usize, String> {
    if is_none(text) {
        return Ok(0);
    }
    let known = Class::ALL.into_iter().find(|class| class.name().eq_ignore_ascii_case(text));
    known.map(|class| class as usize + 1).ok_or_else(|| {
        format!("There is no source {text}. Sources: {}, skimmer.", Class::ALL.map(Class::name).join(", "))
    })
}

/// A feed by name, [`POSTS`], or `#` and its place.
pub(super) fn feed(text: &str, feeds: &[String]) -> Result<usize, String> {
    if let Some(at) = feeds.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(at);
    }
    if text.eq_ignore_ascii_case(POSTS) {
        return Ok(usize::from(Spot::FEED_POSTS));
    }
    let by_place = text.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()).filter(|n| *n <= FeedSet::MAX);
    by_place.ok_or_else(|| {
        let names = feeds.iter().map(String::as_str).chain([POSTS]).collect::<Vec<_>>().join(", ");
        format!("This node has no feed {text}. Feeds: {names}.")
    })
}

/// A confidence glyph's bit.
pub(super) fn glyph(text: &str) -> Result<usize, String> {
    if is_none(text) {
        return Ok(0);
    }
    let known = match text.as_bytes() {
        [glyph] => GlyphSet::bit(glyph.to_ascii_uppercase()),
        _ => 0,
    };
    match known {
        0 => Err(format!("{text} is no confidence mark. Marks: ? S P V B C, and none.")),
        bit => Ok(bit),
    }
}

/// A kind of reference.
pub(super) fn reference(text: &str) -> Result<Vec<usize>, String> {
    if is_none(text) {
        return Ok(vec![0]);
    }
    if text.eq_ignore_ascii_case("any") || text.eq_ignore_ascii_case("all") {
        return Ok((1..=RefSet::MAX).collect());
    }
    let known = RefSet::KINDS.iter().position(|kind| kind.eq_ignore_ascii_case(text));
    let error = || format!("{text} is no kind of reference. Kinds: {}, any.", RefSet::KINDS.join(", "));
    known.map(|at| vec![at + 1]).ok_or_else(error)
}

/// A locator's beginning of whole pairs.
pub(super) fn grid(text: &str) -> Result<GridPrefix, String> {
    let is_paired = matches!(text.len(), 2 | 4 | 6);
    let prefix = GridPrefix::parse(text).filter(|_| is_paired);
    prefix.ok_or_else(|| format!("{text} is no locator of 2, 4 or 6 characters, as FN or FN42."))
}

/// `500`, `FN42/500` or `42.38/-71.65/500`: within so many km of a place.
pub(super) fn near(side: Side, text: &str, context: &Context<'_>) -> Result<Term, String> {
    let mut parts = text.rsplitn(2, '/');
    let (km, place) = (parts.next().unwrap_or_default(), parts.next());
    let trimmed = km.strip_suffix("km").or_else(|| km.strip_suffix("KM")).unwrap_or(km);
    let km: u32 = trimmed.parse().map_err(|_| format!("{km} is no distance in whole km."))?;
    let (lat_e4, lon_e4) = match place {
        None => center_e4(context.grid)
            .ok_or("This node does not know where you are. Say SET/GRID and your locator first, or near FN42/500.")?,
        Some(place) => match place.split_once('/') {
            None => Grid::parse(place.as_bytes())
                .and_then(center_e4)
                .ok_or_else(|| format!("{place} is no locator of 4 or 6 characters."))?,
            Some((lat, lon)) => {
                let pair = degrees_e4(lat, 90).zip(degrees_e4(lon, 180));
                pair.ok_or_else(|| format!("{place} is no latitude and longitude in degrees, as 42.38/-71.65."))?
            }
        },
    };
    Ok(Term::Near { side, lat_e4, lon_e4, km })
}

fn center_e4(grid: Grid) -> Option<(i32, i32)> {
    let (lat, lon) = grid.center()?;
    Some(((lat * 1e4).round() as i32, (lon * 1e4).round() as i32))
}

/// Degrees with up to four decimals, in 1/10,000.
fn degrees_e4(text: &str, max: i32) -> Option<i32> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if !(1..=3).contains(&whole.len()) || decimals.len() > 4 || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let below: i32 = format!("{decimals:0<4}").parse().ok()?;
    let e4 = whole.parse::<i32>().ok()? * 10_000 + below;
    (e4 <= max * 10_000).then_some(sign * e4)
}

/// `hhmm-hhmm` or one minute, UTC.
pub(super) fn time(text: &str) -> Result<MinuteRange, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let range = minute(from).zip(minute(to)).filter(|(from, _)| *from < 1440);
    let (from, to) = range.ok_or_else(|| format!("{text} is no time of day. Say hhmm-hhmm in UTC, as 0600-0759."))?;
    Ok(MinuteRange { from, to: to.min(1439) })
}

fn minute(text: &str) -> Option<u16> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    (minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0))).then_some(hours * 60 + minutes)
}

/// A range of whole numbers between `min` and `max`: `8-30`, `8/30`, `-20..-5`, `3+`, `>3`, `>=3`, `<9`, `<=9`, `7`; with
/// `is_exact` (typed `=-7`) that very number. A bare `-7` is "up to 7", as DXSpider has it.
pub(super) fn range(text: &str, is_exact: bool, min: i64, max: i64) -> Result<(i64, i64), String> {
    let number = |t: &str| t.parse::<i64>().ok().filter(|n| (min..=max).contains(n) && !t.starts_with('+'));
    let read = || {
        if is_exact {
            return number(text).map(|n| (n, n));
        }
        for (sign, from_plus, to_plus) in [(">=", 0, 0), ("<=", 0, 0), (">", 1, 0), ("<", 0, -1)] {
            if let Some(rest) = text.strip_prefix(sign) {
                let n = number(rest)?;
                return Some(if sign.starts_with('>') { (n + from_plus, max) } else { (min, n + to_plus) });
            }
        }
        if let Some(from) = text.strip_suffix('+') {
            return Some((number(from)?, max));
        }
        if let Some((from, to)) = text.split_once("..").or_else(|| text.split_once('/')) {
            return Some((number(from)?, number(to)?));
        }
        // The dash that parts two numbers is the first one behind a digit.
        let dash =
            text.bytes().enumerate().skip(1).find(|(at, b)| *b == b'-' && text.as_bytes()[at - 1].is_ascii_digit());
        match dash {
            Some((at, _)) => Some((number(&text[..at])?, number(&text[at + 1..])?)),
            None => match text.strip_prefix('-') {
                Some(to) => Some((min, number(to)?)),
                None => number(text).map(|n| (n, n)),
            },
        }
    };
    let found = read().filter(|(from, to)| from <= to);
    found.ok_or_else(|| format!("{text} is no range of numbers. Say 8-30, 3+, <=9 or =7; with negative ones -20/-5."))
}

/// A call pattern. Without wildcard it is the beginning of a call; `^` says so too, `$` or `is_exact` the whole call.
pub(super) fn call_prefix(text: &str, is_exact: bool) -> Result<Pattern, String> {
    let upper = text.to_ascii_uppercase();
    if is_exact {
        return Ok(Pattern(upper.into()));
    }
    let anchored = upper.strip_prefix('^');
    let body = anchored.unwrap_or(&upper);
    if body.is_empty() || body.len() > Call::LEN_MAX + 2 {
        return Err(format!("{text} is no call or beginning of one, as K1 or DL*."));
    }
    if let (Some(_), Some(whole)) = (anchored, body.strip_suffix('$')) {
        return Ok(Pattern(whole.into()));
    }
    let has_wildcard = body.contains(['*', '?']);
    Ok(Pattern(if has_wildcard { body.into() } else { format!("{body}*").into() }))
}

/// Whether a regular expression is taken.
pub(super) fn regex(text: &str) -> Result<(), String> {
    match text.trim().is_empty() {
        true => Err("The braces are empty: {ft8|ft4} holds a regular expression.".into()),
        false => check_regex(text).map_err(|why| format!("This is no regular expression that can be used: {why}.")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::OnceLock;

    /// What tests of the languages know: the compiled-in country data, three feeds, a station in FN42.
    pub(in crate::filter) fn context() -> Context<'static> {
        static CTY: OnceLock<Cty> = OnceLock::new();
        static FEEDS: OnceLock<Vec<String>> = OnceLock::new();
        let feeds = ["rbn", "rbn_digital", "up link"].map(String::from);
        Context {
            cty: CTY.get_or_init(Cty::embedded),
            feeds: FEEDS.get_or_init(|| feeds.to_vec()),
            grid: Grid::parse(b"FN42").unwrap_or_default(),
            default_filter: &[],
        }
    }

    #[test]
    fn ranges_are_read_as_people_write_them() {
        for (text, want) in [
            ("8-30", (8, 30)),
            ("8/30", (8, 30)),
            ("-7", (-100, 7)),
            ("-20--5", (-20, -5)),
            ("-20/-5", (-20, -5)),
            ("-20..30", (-20, 30)),
            ("-20-30", (-20, 30)),
            ("3+", (3, 100)),
            ("-3+", (-3, 100)),
            (">3", (4, 100)),
            (">=-3", (-3, 100)),
            ("<9", (-100, 8)),
            ("<=9", (-100, 9)),
            ("12", (12, 12)),
        ] {
            assert_eq!(range(text, false, -100, 100), Ok(want), "{text}");
        }
        for text in ["", "-", "x", "9-3", "101", ">100", "1-2-3", "+5", "5-", "<-100", "--", "3++"] {
            assert!(range(text, false, -100, 100).is_err(), "{text}");
        }
        assert_eq!(range("-7", true, -100, 100), Ok((-7, -7)));
    }

    #[test]
    fn parts_of_bands_lie_in_their_bands_and_do_not_overlap() {
        assert_eq!(segments(&[Band::M20], "-CW"), [(14_000_000, 14_069_999)]);
        assert_eq!(segments(&[Band::M20], "-SSB"), [(14_150_000, 14_350_000)]);
        assert_eq!(segments(&[Band::M125], "-SSB"), [(222_000_000, 223_999_999)]);
        assert_eq!(segments(&[Band::M125], "-CW"), []);
        assert_eq!(segments(&[Band::M30], "-SSB"), []);
    }

    #[test]
    fn places_are_told_by_prefix_number_or_name() {
        for (text, adif) in [
            ("W", 291),
            ("k", 291),
            ("VE", 1),
            ("DL", 230),
            ("230", 230),
            ("fed. rep. of germany", 230),
            ("9A", 497),
            ("3B8", 165),
        ] {
            assert_eq!(entities(text, &context()), Ok(vec![adif]), "{text}");
        }
        assert_eq!(entities("none", &context()), Ok(vec![0]));
        for text in ["Germany", "QQ", "0", "999", "1024", "", "5-3"] {
            assert!(entities(text, &context()).is_err(), "{text}");
        }
        let cq = |text| zones(text, CqSet::MAX, &context(), |place| place.cq);
        assert_eq!((cq("14-16"), cq("DL"), cq("none")), (Ok(vec![14, 15, 16]), Ok(vec![14]), Ok(vec![0])));
        assert!(cq("41").is_err() && cq("0").is_err() && cq("16-14").is_err() && cq("QQ").is_err());
    }

    #[test]
    fn times_and_degrees() {
        assert_eq!(time("0600-0759"), Ok(MinuteRange { from: 360, to: 479 }));
        assert_eq!(time("22:00-2400"), Ok(MinuteRange { from: 1320, to: 1439 }));
        for text in ["6-8", "2400-0100", "0660", "2500", "", "06h0", "-", "0600-"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!(
            (degrees_e4("42.38", 90), degrees_e4("-0.0001", 90), degrees_e4("90", 90)),
            (Some(423_800), Some(-1), Some(900_000))
        );
        for text in ["90.1", "x", "", "-", "1.23456", "1e2", "999"] {
            assert_eq!(degrees_e4(text, 90), None, "{text}");
        }
    }

    #[test]
    fn kilohertz_are_exact() {
        for (text, hz) in [
            ("14025", Some(14_025_000)),
            ("14025.3", Some(14_025_300)),
            ("0.001", Some(1)),
            ("18446744073709551.615", Some(u64::MAX)),
            ("18446744073709551.616", None),
            ("", None),
            (".5", None),
            ("1.2.3", None),
            ("1.2345", None),
            ("1e3", None),
        ] {
            assert_eq!(khz(text), hz, "{text}");
        }
    }
}
