//! The identity window: one report that arrives through two feeds, or twice.

use super::facts::{Facts, Kind};
use super::index::Tags;
use super::ring::{Entry, Keyed, TimeRing};
use crate::spot::{Call, Flags, Spot};

/// Stamps of one report differ by less than this: one feed tells the minute, another the second. Two feeds
/// that both tell the minute agree on it, so the next minute is another report.
const STAMP_SLACK_MS: i64 = 60_000;
/// Frequencies of one report differ by at most this: feeds round to 0.1 kHz or tell Hz.
const FREQ_SLACK_HZ: u64 = 100;
/// So much of a comment is compared: nodes cut it at different lengths, none below this.
const TEXT_BYTES: usize = 16;

/// Remembers reports for `identity_s`.
///
/// The rule. A spot is the same report as an earlier one when *all* of these hold:
/// - the same station reports (SSID and `-#` apart: a relay may drop them) the same DX (base call) in the
///   same mode family on the same band, at most [`FREQ_SLACK_HZ`] away;
/// - the reports say the same: equal SNR (or the later one has none), and for people the same words at the
///   start of the comment;
/// - the *stamps* lie less than [`STAMP_SLACK_MS`] apart, however late the copy arrives within `identity_s`.
///
/// A skimmer that hears a station again is no duplicate: on the real feed it repeats a call on a band within
/// 10 minutes in 13 % of spots, with a new measurement minutes later. Such a repeat is news to users whose
/// policy lets it through, and evidence to history; FAST, MED and SLOW decide about it.
pub(super) struct Identity {
    window_ms: i64,
    ring: TimeRing<Report>,
}

#[derive(Clone, Copy)]
struct Report {
    key: Key,
    text: [u8; TEXT_BYTES],
    /// The report's own time.
    stamp_ms: i64,
    /// The stage's time when it came.
    at_ms: i64,
    freq_hz: u64,
    snr_db: Option<i16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    spotter: Call,
    dx: Call,
    /// Not who reports it: a relay may lose the skimmer's mark.
    kind: Kind,
}

impl Entry for Report {
    type Key = Key;
    fn key(&self) -> &Key {
        &self.key
    }
    fn at_ms(&self) -> i64 {
        self.at_ms
    }
}

impl Identity {
    pub fn new(identity_s: u32, entries_max: u32) -> Identity {
        // A window that is off keeps nothing, so it reserves nothing.
        let entries_max = if identity_s == 0 { 1 } else { entries_max };
        Identity { window_ms: i64::from(identity_s) * 1000, ring: TimeRing::new(entries_max) }
    }

    pub fn len(&self) -> usize {
        self.ring.len()
    }
    pub fn evicted(&self) -> u64 {
        self.ring.evicted()
    }

    /// Whether the spot is a report that came before, and then its spotter and how many seconds ago it was
    /// made; else it is remembered. `at_ms` never goes back.
    pub fn check(&mut self, at_ms: i64, spot: &Spot, facts: &Facts, tags: &Tags) -> Option<(Call, u32)> {
        if self.window_ms == 0 {
            return None;
        }
        self.ring.expire(at_ms - self.window_ms + 1);
        let key = Key { spotter: facts.station, dx: facts.dx, kind: Kind { human: false, ..facts.kind } };
        let keyed = Keyed { tag: tags.of(&key), key };
        let report = Report {
            key,
            text: words(spot),
            stamp_ms: spot.time.ms(),
            at_ms,
            freq_hz: facts.freq_hz,
            snr_db: facts.snr_db,
        };
        let same = |old: &Report| {
            old.freq_hz.abs_diff(report.freq_hz) <= FREQ_SLACK_HZ
                && (old.stamp_ms - report.stamp_ms).abs() < STAMP_SLACK_MS
                && (report.snr_db.is_none() || report.snr_db == old.snr_db)
                && old.text == report.text
        };
        if let Some(old) = self.ring.find(&keyed, same) {
            let age_ms = (report.stamp_ms - old.stamp_ms).max(at_ms - old.at_ms).max(0);
            return Some((old.key.spotter, u32::try_from(age_ms / 1000).unwrap_or(u32::MAX)));
        }
        self.ring.push(report, keyed.tag);
        None
    }
}

/// The start of a person's comment, upper case, for comparison; zeros for a machine's.
fn words(spot: &Spot) -> [u8; TEXT_BYTES] {
    let mut out = [0; TEXT_BYTES];
    if !spot.flags.has(Flags::SKIMMER) {
        for (to, from) in out.iter_mut().zip(spot.comment()) {
            *to = from.to_ascii_uppercase();
        }
    }
    out
}
