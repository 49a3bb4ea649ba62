//! What the windows compare, worked out once per spot.

use super::index::Tags;
use super::ring::Keyed;
use crate::spot::{Band, Call, Family, Flags, Spot, base_call, collapse_ssid};
use std::hash::{Hash, Hasher};

/// Where the spotter must be for two spots to tell the same users the same thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Area {
    /// Entity and field of the spotter's locator (FAST, MED); where the station told no locator, entity and
    /// CQ zone. A locator derived from country data is none: it would put a whole country into one field.
    Field,
    /// Entity and CQ zone (SLOW).
    Zone,
}

/// What sort of signal, and who reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kind {
    pub family: Family,
    pub band: Band,
    pub human: bool,
}

impl Hash for Kind {
    // One word: every write is a round of the hash.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.family as u32 | (self.band as u32) << 8 | u32::from(self.human) << 16);
    }
}

/// A spot as every window sees it.
pub(super) struct Facts {
    /// Base call.
    pub dx: Call,
    pub station: Call,
    pub kind: Kind,
    pub freq_hz: u64,
    pub snr_db: Option<i16>,
    adif: u16,
    cq: u8,
    /// Field of a locator that the station told; 0 = none.
    field: u32,
}

/// What a spot looks like to a policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct PolicyKey {
    dx: Call,
    /// Entity, and field or zone; or the station, where no entity is known.
    area: u128,
    kind: Kind,
}

impl Facts {
    #[inline]
    pub fn of(spot: &Spot) -> Facts {
        let derived = spot.flags.has(Flags::DE_GRID_DERIVED);
        Facts {
            dx: base_call(&spot.dx),
            station: station(&spot.de),
            kind: Kind { family: spot.mode().family(), band: spot.band(), human: !spot.is_skimmer() },
            freq_hz: spot.freq.hz(),
            snr_db: spot.snr(),
            adif: spot.de_adif,
            cq: spot.de_cq,
            field: if derived { 0 } else { u32::from(spot.de_grid.field_index()) },
        }
    }

    /// The key under which policies that ask for an area know the spot.
    #[inline]
    pub fn policy_key(&self, area: Area, tags: &Tags) -> Keyed<PolicyKey> {
        let key = PolicyKey { dx: self.dx, area: self.area(area), kind: self.kind };
        Keyed { tag: tags.of(&key), key }
    }

    fn area(&self, area: Area) -> u128 {
        const ZONE: u128 = 1 << 32;
        const STATION: u128 = 1 << 127;
        if self.adif == 0 {
            // Afloat or in no known entity: the station is its own area (GoCluster lets all of it pass).
            // The last byte of a call is zero, so the mark keeps it apart from entities.
            return u128::from_le(self.station.key()) | STATION;
        }
        let entity = u128::from(self.adif) << 40;
        if area == Area::Field && self.field != 0 {
            entity | u128::from(self.field)
        } else {
            entity | ZONE | u128::from(self.cq)
        }
    }
}

/// The station behind a spotter's call: `W3LPL-1-#`, `W3LPL-#`, `W3LPL-2` and `W3LPL` are one.
fn station(de: &Call) -> Call {
    let folded = collapse_ssid(de);
    let text = folded.as_bytes();
    let bare = text.strip_suffix(b"-#").and_then(Call::new).unwrap_or(folded);
    base_call(&bare)
}
