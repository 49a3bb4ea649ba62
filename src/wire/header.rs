//! What stands before and behind the words: kind of line, spotter, frequency, DX call, time.

use super::LineFault;
use super::scan::{self, HhMm};
use crate::spot::{BulletinKind, Call, Freq, Grid, canonical, is_plausible};

const SPOT_LINE: &[u8] = b"DX de ";

/// Whether a line is a live spot line: it begins with exactly `DX de `.
#[inline]
pub fn is_spot_line(line: &[u8]) -> bool {
    line.starts_with(SPOT_LINE)
}

/// Whether a line is a bulletin for everybody, and of which kind: `WWV de`, `WCY de`, `WX de`,
/// `To ALL de`, any case.
pub fn bulletin_kind(line: &[u8]) -> Option<BulletinKind> {
    const KINDS: [(&[u8], BulletinKind); 4] = [
        (b"To ALL de ", BulletinKind::Announce),
        (b"WWV de ", BulletinKind::Wwv),
        (b"WCY de ", BulletinKind::Wcy),
        (b"WX de ", BulletinKind::Wx),
    ];
    let begins = |with: &[u8]| line.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    KINDS.iter().find(|(with, _)| begins(with)).map(|&(_, kind)| kind)
}

/// The first half of a spot line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub de: Call,
    pub freq: Freq,
    pub dx: Call,
    /// Words between frequency and DX call; empty in every usual line.
    pub skipped: &'a [u8],
    /// What follows the DX call (or the frequency, when the call came before it).
    pub rest: &'a [u8],
}

/// Whether the line's spotter carries the mark of a machine. False when there is no spotter.
pub(super) fn is_machines(line: &[u8]) -> bool {
    spotter(line).is_ok_and(|spotter| spotter.name.ends_with(b"-#"))
}

/// The spotter as written, what is glued behind its colon, and the rest of the line.
struct Spotter<'a> {
    name: &'a [u8],
    glued: &'a [u8],
    rest: &'a [u8],
}

fn spotter(line: &[u8]) -> Result<Spotter<'_>, LineFault> {
    let mut rest = line.strip_prefix(SPOT_LINE).ok_or(LineFault::NotASpot)?;
    let token = scan::take_token(&mut rest);
    let (name, glued): (&[u8], &[u8]) = match token.iter().position(|&b| b == b':') {
        Some(colon) => (&token[..colon], &token[colon + 1..]),
        None => (scan::clean(token), b""),
    };
    if name.is_empty() { Err(LineFault::NoSpotter) } else { Ok(Spotter { name, glued, rest }) }
}

/// Reads spotter, frequency and DX call. A machine's calls must have the shape of calls and stand in
/// their places; with people the search goes on past words that are none.
pub(super) fn head(line: &[u8], machine: bool) -> Result<Head<'_>, LineFault> {
    let Spotter { name, glued, mut rest } = spotter(line)?;
    let de = canonical(name)
        .filter(|call| if machine { is_plausible(call) } else { is_people_spotter(call) })
        .ok_or(LineFault::BadSpotter)?;

    let max = if machine { Freq::LINE_MAX } else { Freq::MICROWAVE_MAX };
    let mut freq = scan::frequency(glued, max);
    let mut early = None;
    while freq.is_none() {
        let token = scan::take_token(&mut rest);
        if token.is_empty() {
            return Err(LineFault::NoFrequency);
        }
        freq = scan::frequency(token, max);
        if freq.is_none() && early.is_none() && !machine {
            early = dx_call(token);
        }
    }
    let freq = freq.unwrap_or(Freq::NONE);

    let words = rest;
    let mut first = true;
    loop {
        let before = rest;
        let token = scan::take_token(&mut rest);
        if token.is_empty() {
            // A call before the frequency counts when none follows.
            let dx = early.ok_or(LineFault::NoDxCall)?;
            return Ok(Head { de, freq, dx, skipped: b"", rest: words });
        }
        let token = scan::clean(token);
        if token.is_empty() {
            continue;
        }
        // A locator further on has the shape of a call (`IO82WX`).
        if let Some(dx) = dx_call(token).filter(|_| first || Grid::parse(token).is_none()) {
            let skipped = scan::trim_gaps(&words[..words.len() - before.len()]);
            return Ok(Head { de, freq, dx, skipped, rest });
        }
        if machine && scan::word(token).is_none() {
            return Err(LineFault::BadDxCall);
        }
        first = false;
    }
}

/// A DX call as spots carry it: as heard, without an SSID (clients 5.11: loggers choke on one).
fn dx_call(token: &[u8]) -> Option<Call> {
    let token = scan::clean(token);
    let token = token.strip_suffix(b"-#").unwrap_or(token);
    let token = match token.iter().rposition(|&b| b == b'-') {
        Some(dash) if dash > 0 && dash + 1 < token.len() && token[dash + 1..].iter().all(u8::is_ascii_digit) => {
            &token[..dash]
        }
        _ => token,
    };
    canonical(token).filter(is_plausible)
}

/// Whether people's spotters may be called that. Gentler than [`is_plausible`]: listeners' numbers
/// (`ONL4003`, `DE0RHO`) are spotters too, the country is the gate's question.
fn is_people_spotter(call: &Call) -> bool {
    let text = call.as_bytes();
    text.len() >= 3
        && text.iter().any(u8::is_ascii_digit)
        && text.iter().any(u8::is_ascii_uppercase)
        && text.split(|&b| b == b'/' || b == b'-').enumerate().all(|(at, group)| {
            !group.is_empty()
                && group.iter().all(|&b| b.is_ascii_uppercase() || b.is_ascii_digit() || (b == b'#' && at > 0))
        })
}

/// The second half of a spot line: the words, and the layout behind them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail<'a> {
    /// What is between DX call and time.
    pub body: &'a [u8],
    pub time: Option<HhMm>,
    /// The spotter's locator, where the upstream node shows one behind the time.
    pub de_grid: Grid,
}

/// Takes time and trailer (locator, zone or state of the spotter) off the end. Both are layout, no
/// comment; a line without a time has no trailer.
pub(super) fn tail(rest: &[u8]) -> Tail<'_> {
    let mut before = rest;
    let last = scan::take_last_token(&mut before);
    if is_time(last) {
        return Tail { body: scan::trim_gaps(before), time: HhMm::parse(last), de_grid: Grid::NONE };
    }
    if is_trailer(last) {
        let time = scan::take_last_token(&mut before);
        if is_time(time) {
            let de_grid = Grid::parse(last).unwrap_or(Grid::NONE);
            return Tail { body: scan::trim_gaps(before), time: HhMm::parse(time), de_grid };
        }
    }
    Tail { body: scan::trim_gaps(rest), time: None, de_grid: Grid::NONE }
}

fn is_time(token: &[u8]) -> bool {
    token.len() == 5 && scan::starts_with_time(token)
}

fn is_trailer(token: &[u8]) -> bool {
    match token {
        [a] => a.is_ascii_digit(),
        [a, b] => (a.is_ascii_digit() && b.is_ascii_digit()) || (a.is_ascii_uppercase() && b.is_ascii_uppercase()),
        _ => matches!(token.len(), 4 | 6) && Grid::parse(token).is_some(),
    }
}
