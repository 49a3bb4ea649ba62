//! One broadcast policy: FAST, MED or SLOW.

use super::identity::station;
use super::ring::{Entry, TimeRing};
use crate::spot::{Band, Call, Family, Flags, Spot, base_call};

/// Morse and keyboard modes this close together are one signal, in Hz.
const NARROW_HZ: u64 = 1_000;
/// Voice signals this close together are one, in Hz: people round to the dial or the half kHz.
const WIDE_HZ: u64 = 3_000;

/// Where the spotter must be for two spots to tell the same users the same thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Area {
    /// Entity and field of the spotter's locator (FAST, MED); where the station told no locator, entity and
    /// CQ zone. A locator derived from country data is none: it would put a whole country into one field.
    Field,
    /// Entity and CQ zone (SLOW).
    Zone,
}

/// What a spot looks like to a policy, apart from the area.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    dx: Call,
    /// Entity, and field or zone; or the station, where no entity is known.
    area: u128,
    family: Family,
    band: u8,
    human: bool,
}

#[derive(Clone, Copy)]
struct Passed {
    key: Key,
    at_ms: i64,
    freq_hz: u64,
    snr_db: Option<i16>,
    updated: bool,
}

impl Entry for Passed {
    type Key = Key;
    fn key(&self) -> Key {
        self.key
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
    area: Area,
    window_ms: i64,
    update_db: u16,
    ring: TimeRing<Passed>,
}

impl Policy {
    pub fn new(area: Area, window_s: u32, update_db: u16, entries_max: u32) -> Policy {
        let entries_max = if window_s == 0 { 1 } else { entries_max };
        Policy { area, window_ms: i64::from(window_s) * 1000, update_db, ring: TimeRing::new(entries_max) }
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

    /// Judges a spot and remembers one that passes. `at_ms` never goes back.
    pub fn check(&mut self, at_ms: i64, spot: &Spot) -> Word {
        self.ring.expire(at_ms - self.window_ms + 1);
        let key = Key {
            dx: base_call(&spot.dx),
            area: self.area_of(spot),
            family: spot.mode().family(),
            band: spot.band() as u8,
            human: !spot.is_skimmer(),
        };
        let freq_hz = spot.freq.hz();
        let slack_hz = slack_hz(key.family, spot.band());
        let snr_db = spot.snr();
        let hash = self.ring.hash(&key);
        if let Some(first) = self.ring.find(hash, &key, |old| old.freq_hz.abs_diff(freq_hz) <= slack_hz) {
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
        self.ring.push(hash, Passed { key, at_ms, freq_hz, snr_db, updated: false });
        Word::Pass
    }

    fn area_of(&self, spot: &Spot) -> u128 {
        const ZONE: u128 = 1 << 32;
        const STATION: u128 = 1 << 127;
        if spot.de_adif == 0 {
            // Afloat or in no known entity: the station is its own area (GoCluster lets all of it pass).
            // The last byte of a call is zero, so the mark keeps it apart from entities.
            return u128::from_le(station(&spot.de).key()) | STATION;
        }
        let entity = u128::from(spot.de_adif) << 40;
        let field = spot.de_grid.field_index();
        if self.area == Area::Field && field != 0 && !spot.flags.has(Flags::DE_GRID_DERIVED) {
            entity | u128::from(field)
        } else {
            entity | ZONE | u128::from(spot.de_cq)
        }
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
