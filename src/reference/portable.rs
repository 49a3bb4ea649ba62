//! What the parts of a call with `/` mean.
//!
//! 1. The SSID and `-#` go. A part `MM` or `AM` that is not the first: afloat, no entity.
//! 2. From the right: when the whole rest is an exact call of the file, that is the answer (`3Y/LB5SH`,
//!    `KH6EE/7`). Parts that say how a station is out (`/P /M /QRP /B /BCN /LH /LGT /A /R`...), numbers of
//!    several digits, words of four letters and more go. One single digit is kept as the call area.
//! 3. One part left: it is looked up. A call area takes the place of the digit in the prefix (`RX0TX/3` as
//!    `RX3`); calls of US islands and Alaska with a call area are on the mainland (`KH6ABC/4`).
//! 4. Several left: the part that looks like a prefix and is one tells the place, wherever it stands
//!    (`KH6/K1ABC`, `K1ABC/KH6`, `VP2E/SP9FIH`); of several the shortest, of equals the first.
//!    A part without a digit that names the entity the call is of anyway changes nothing (`K6XX/W`).
//! 5. No part known: the whole text by its longest prefix (`FO/ABC` by a key `FO/`).

use super::keys::{Hit, KeyKind, Keys, key_of};
use super::place::Place;
use crate::spot::{Call, metadata_call};

/// The outcome of a lookup.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resolved {
    Found(Hit),
    Afloat,
    Unknown,
}

/// A step of a lookup, for the report.
pub(super) enum Step<'a> {
    /// SSID or `-#` cut.
    Cut,
    /// A part that says nothing about the place.
    Ignored(&'a [u8]),
    /// A part `/MM` or `/AM`.
    Afloat(&'a [u8]),
    /// A call area, and the text that was looked up for it.
    Area(u8, &'a [u8]),
    /// A call area that could not be applied.
    AreaIgnored(u8),
    /// The part that tells the place.
    Part(&'a [u8]),
    /// A location of the entity the call is of anyway.
    SameEntity(&'a [u8]),
    /// The text and the key that fitted.
    Key(&'a [u8], Hit),
}

/// Who listens to the steps: nobody on the path of a spot.
pub(super) trait Trace {
    fn step(&mut self, _step: Step<'_>) {}
}
impl Trace for () {}

const ARGENTINA: u16 = 100;
/// Entities whose calls with a call-area digit are on the US mainland: KL, KH8, KH1, KP5, KH2, KG4, KH6,
/// KH3, KH7K, KH0, KH4, KP1, KH5, KP4, KP2, KH9, KH8/S.
const US_OUTLYING: [u16; 17] = [6, 9, 20, 43, 103, 105, 110, 123, 138, 166, 174, 182, 197, 202, 285, 297, 515];

/// Parts behind a call that are no place though some of them are prefixes too (`LH` Norway, `PM`
/// Indonesia). Single letters have [`LETTER_COUNTRIES`].
const IGNORED: [&[u8]; 10] = [b"QRP", b"BCN", b"LGT", b"LH", b"LS", b"PM", b"FD", b"FF", b"AG", b"AE"];

/// Single letters behind a call that are used as a country: anything else of one letter is ignored.
const LETTER_COUNTRIES: &[u8] = b"FGIKNW";

pub(super) fn resolve<T: Trace>(keys: &Keys, places: &[Place], call: &Call, trace: &mut T) -> Resolved {
    let cut = metadata_call(call);
    if cut != *call {
        trace.step(Step::Cut);
    }
    let text = cut.as_bytes();
    let look = Look { keys, places };
    if !text.contains(&b'/') {
        return match look.plain(text) {
            Some(hit) => {
                trace.step(Step::Key(text, hit));
                Resolved::Found(hit)
            }
            None => Resolved::Unknown,
        };
    }
    look.portable(text, trace)
}

struct Look<'a> {
    keys: &'a Keys,
    places: &'a [Place],
}

impl Look<'_> {
    /// Exact, else by the longest prefix.
    #[inline]
    fn plain(&self, text: &[u8]) -> Option<Hit> {
        let key = key_of(text);
        self.keys.exact(key).or_else(|| self.keys.longest(key, text.len()))
    }

    fn adif(&self, hit: Hit) -> u16 {
        self.places[hit.place as usize].adif
    }

    fn portable<T: Trace>(&self, text: &[u8], trace: &mut T) -> Resolved {
        if let Some(part) = text.split(|b| *b == b'/').skip(1).find(|p| matches!(*p, b"MM" | b"AM")) {
            trace.step(Step::Afloat(part));
            return Resolved::Afloat;
        }
        let mut end = text.len();
        let mut area = None;
        loop {
            if let Some(hit) = self.keys.exact(key_of(&text[..end])).filter(|_| area.is_none()) {
                trace.step(Step::Key(&text[..end], hit));
                return Resolved::Found(hit);
            }
            let Some(slash) = text[..end].iter().rposition(|b| *b == b'/') else { break };
            match &text[slash + 1..end] {
                part if ignored(part) => trace.step(Step::Ignored(part)),
                [digit] if digit.is_ascii_digit() && area.is_none() => area = Some(*digit),
                part if part.iter().all(u8::is_ascii_digit) => trace.step(Step::Ignored(part)),
                _ => break,
            }
            end = slash;
        }
        let head = &text[..end];
        let found = if head.contains(&b'/') { self.choose(head, area, trace) } else { self.home(head, area, trace) };
        // A key that contains a slash fits the text as it came.
        let found = found.or_else(|| {
            let hit = self.keys.longest(key_of(text), text.len())?;
            trace.step(Step::Key(text, hit));
            Some(hit)
        });
        found.map_or(Resolved::Unknown, Resolved::Found)
    }

    /// A call alone, perhaps with a call area.
    fn home<T: Trace>(&self, call: &[u8], area: Option<u8>, trace: &mut T) -> Option<Hit> {
        let home = self.plain(call)?;
        if let Some(digit) = area {
            let mut moved = [0u8; 16];
            let len = self.moved(call, self.adif(home), digit, &mut moved);
            let moved = &moved[..len];
            match self.keys.longest(key_of(moved), moved.len()) {
                Some(hit) if !moved.is_empty() => {
                    trace.step(Step::Area(digit, moved));
                    trace.step(Step::Key(moved, hit));
                    return Some(hit);
                }
                _ => trace.step(Step::AreaIgnored(digit)),
            }
        }
        trace.step(Step::Key(call, home));
        Some(home)
    }

    /// Writes the prefix that the call would have in another call area; returns its length, 0 = none.
    fn moved(&self, call: &[u8], adif: u16, digit: u8, out: &mut [u8; 16]) -> usize {
        let Some(letter) = call.iter().position(u8::is_ascii_uppercase) else { return 0 };
        let Some(from) = call[letter..].iter().position(u8::is_ascii_digit).map(|at| at + letter) else { return 0 };
        let run = call[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let at = from + run - 1;
        if call[at] == digit {
            return 0; // Already his own.
        }
        if US_OUTLYING.contains(&adif) {
            out[0] = b'K';
            out[1] = digit;
            return 2;
        }
        // The second character of most series belongs to the country, digit or not (C6, T7, E7, J6): only
        // these countries own all calls under their letter. VP and ZD are different islands by digit.
        let whole_letter = b"BFGIKMNRUW".contains(&call[0]);
        if (at < 2 && !whole_letter) || call.starts_with(b"VP") || call.starts_with(b"ZD") || call.len() > 15 {
            return 0;
        }
        // The suffix stays out: in Russia and Argentina its first letter is a district of the home area.
        out[..at].copy_from_slice(&call[..at]);
        out[at] = digit;
        at + 1
    }

    /// Several parts: which one tells the place.
    fn choose<T: Trace>(&self, head: &[u8], area: Option<u8>, trace: &mut T) -> Option<Hit> {
        let mut best: Option<(bool, &[u8], Hit)> = None;
        for part in head.split(|b| *b == b'/').filter(|p| !p.is_empty()) {
            let letters_only = !part.iter().any(u8::is_ascii_digit);
            let Some(hit) = self.plain(part) else { continue };
            if letters_only && part.len() > 3 && usize::from(hit.len) < part.len() {
                continue; // A word.
            }
            let like_prefix = hit.kind != KeyKind::Exact
                && (letters_only || part[part.len() - 1].is_ascii_digit() || usize::from(hit.len) == part.len());
            let better = match best {
                Some((like, text, _)) => (!like_prefix, part.len()) < (!like, text.len()),
                None => true,
            };
            if better {
                best = Some((like_prefix, part, hit));
            }
        }
        let (_, part, hit) = best?;
        let digitless = !part.iter().any(u8::is_ascii_digit);
        let home = head
            .split(|b| *b == b'/')
            .filter(|p| *p != part && p.iter().any(u8::is_ascii_digit))
            .find_map(|p| Some((p, self.plain(p)?)));
        if let Some((call, at_home)) = home.filter(|_| digitless) {
            // In Argentina one letter behind the call is the province.
            let province = part.len() == 1 && self.adif(at_home) == ARGENTINA && !head.starts_with(part);
            if self.adif(at_home) == self.adif(hit) || province {
                trace.step(if province { Step::Ignored(part) } else { Step::SameEntity(part) });
                return self.home(call, area, trace);
            }
        }
        trace.step(Step::Part(part));
        if let Some(digit) = area.filter(|_| digitless && part.len() < 15) {
            let mut moved = [0u8; 16];
            moved[..part.len()].copy_from_slice(part);
            moved[part.len()] = digit;
            let moved = &moved[..part.len() + 1];
            if let Some(hit) = self.keys.longest(key_of(moved), moved.len()) {
                trace.step(Step::Area(digit, moved));
                trace.step(Step::Key(moved, hit));
                return Some(hit);
            }
        }
        if let Some(digit) = area {
            trace.step(Step::AreaIgnored(digit));
        }
        trace.step(Step::Key(part, hit));
        Some(hit)
    }
}

fn ignored(part: &[u8]) -> bool {
    match part {
        [] => true,
        [letter] if letter.is_ascii_uppercase() => !LETTER_COUNTRIES.contains(letter),
        part => IGNORED.contains(&part) || (part.len() > 3 && part.iter().all(u8::is_ascii_uppercase)),
    }
}
