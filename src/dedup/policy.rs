//! One broadcast policy: FAST, MED or SLOW.

use super::facts::{Facts, PolicyKey};
use super::ring::{Entry, Keyed, TimeRing};
use crate::spot::{Band, Family};

/// Morse and keyboard modes this close together are one signal, in Hz.
const NARROW_HZ: u64 = 1_000;
/// Voice signals this close together are one, in Hz: people round to the dial or the half kHz.
const WIDE_HZ: u64 = 3_000;

#[derive(Clone, Copy)]
struct Passed {
    key: PolicyKey,
    at_ms: i64,
    freq_hz: u64,
    snr_db: Option<i16>,
    updated: bool,
}

impl Entry for Passed {
    type Key = PolicyKey;
    fn key(&self) -> &PolicyKey {
        &self.key
    }
    fn at_ms(&self) -> i64 {
        self.at_ms
    }
}

/// What a policy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// Lets it through.
    Pass,
    /// Holds it back.
    Repeat,
    /// Holds it back, but it is so much stronger that users who want updates get it.
    Update,
}

/// The window of one policy. It opens with the spot that passes and lasts its length from there; repeats do
/// not prolong it, so a station that keeps calling comes back once per window.
pub(super) struct Policy {
    window_ms: i64,
    update_db: u16,
    ring: TimeRing<Passed>,
}

impl Policy {
    pub fn new(window_s: u32, update_db: u16, entries_max: u32) -> Policy {
        let entries_max = if window_s == 0 { 1 } else { entries_max };
        Policy { window_ms: i64::from(window_s) * 1000, update_db, ring: TimeRing::new(entries_max) }
    }

    pub fn is_on(&self) -> bool {
        self.window_ms > 0
    }
    pub fn len(&self) -> usize {
        self.ring.len()
    }
    pub fn evicted(&self) -> u64 {
        self.ring.evicted()
    }

    /// Judges a spot under a key of its and remembers one that passes. `at_ms` never goes back.
    pub fn check(&mut self, at_ms: i64, facts: &Facts, keyed: &Keyed<PolicyKey>) -> Word {
        self.ring.expire(at_ms - self.window_ms + 1);
        let (freq_hz, snr_db) = (facts.freq_hz, facts.snr_db);
        let slack_hz = slack_hz(facts.kind.family, facts.kind.band);
        if let Some(first) = self.ring.find(keyed, |old| old.freq_hz.abs_diff(freq_hz) <= slack_hz) {
            let stronger = match (snr_db, first.snr_db) {
                (Some(new), Some(old)) => i32::from(new) - i32::from(old) >= i32::from(self.update_db),
                _ => false,
            };
            if stronger && !first.updated {
                first.updated = true;
                return Word::Update;
            }
            return Word::Repeat;
        }
        self.ring.push(Passed { key: keyed.key, at_ms, freq_hz, snr_db, updated: false }, keyed.tag);
        Word::Pass
    }
}

fn slack_hz(family: Family, band: Band) -> u64 {
    match family {
        // Slot modes share one channel per band; on no known band the channel is unknown too.
        Family::Slot if band != Band::None => u64::MAX,
        Family::Cw | Family::Keyboard => NARROW_HZ,
        _ => WIDE_HZ,
    }
}
