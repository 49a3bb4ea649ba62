//! Who exists: stations and skimmers with calls, places and habits.

use super::chance::{bell, byte, hit, pick};
use super::countries::{NCDXF, PLACES, Place};
use super::geo::{Unit, locator, unit};
use super::knobs::{self, ProfileKnobs};
use crate::spot::{Call, is_plausible};
use fastrand::Rng;
use std::collections::HashSet;

/// A station that transmits.
pub(super) struct Station {
    pub(super) call: Call,
    pub(super) at: Unit,
    pub(super) grid: [u8; 4],
    /// Power and antenna, dB over 100 W and a dipole.
    pub(super) power_db: i8,
    /// Morse speed.
    pub(super) wpm: u8,
}

/// A receiver that reports.
pub(super) struct Skimmer {
    /// With `-#`.
    pub(super) call: Call,
    pub(super) at: Unit,
    /// Antenna and noise against a good site, dB.
    pub(super) sensitivity_db: i8,
    /// Bands it listens to, bit by band number.
    pub(super) bands: u16,
    pub(super) rtty: bool,
    pub(super) slots: bool,
    pub(super) beacons: bool,
    /// Frequency skew, parts per billion.
    pub(super) skew_ppb: i32,
    /// Its clock minus the true one.
    pub(super) clock_ms: i32,
    pub(super) two_decimals: bool,
    pub(super) dial_only: bool,
    /// Percent of the ordinary share of wrong calls.
    pub(super) bust_percent: u32,
    /// From the end of a slot to its report.
    pub(super) slot_delay_ms: u32,
}

/// Makes unique calls.
pub(super) struct Caller {
    // Asked, never iterated: hash order plays no part.
    taken: HashSet<u128>,
    station_weights: Vec<u32>,
    skimmer_weights: Vec<u32>,
}

/// Attempts at a call nobody has yet.
const TRIES: usize = 64;

impl Caller {
    pub(super) fn new() -> Caller {
        let mut taken = HashSet::new();
        taken.extend(NCDXF.iter().map(|b| Call::literal(b.call).key()));
        Caller {
            taken,
            station_weights: PLACES.iter().map(|p| p.stations).collect(),
            skimmer_weights: PLACES.iter().map(|p| p.skimmers).collect(),
        }
    }

    /// A station somewhere in the world. `None` when its corner of the world has run out of calls.
    pub(super) fn station(&mut self, rng: &mut Rng) -> Option<Station> {
        let place = &PLACES[pick(rng, &self.station_weights)];
        let mut call = self.unique(rng, place)?;
        let mut home = place;
        if hit(rng, 22) {
            call = suffixed(&call, [&b"/P"[..], b"/QRP", b"/M", b"/P"][rng.u32(0..4) as usize]);
        } else if hit(rng, 6) {
            // Away in another country: `F/DL1ABC`.
            let (prefix, index) = ABROAD[rng.u32(0..ABROAD.len() as u32) as usize];
            if let Some(abroad) = joined(prefix, &call) {
                call = abroad;
                home = &PLACES[index_of(index)];
            }
        }
        let (lat, lon) = somewhere(rng, home);
        let power_db = match pick(rng, &[8, 30, 40, 22]) {
            0 => -10,
            1 => -3,
            2 => 3,
            _ => 10,
        } + bell(rng, 3) as i8;
        let wpm = (26 + bell(rng, 6)).clamp(12, 42) as u8;
        Some(Station { call, at: unit(lat, lon), grid: locator(lat, lon), power_db, wpm })
    }

    /// A beacon of the `/B` kind.
    pub(super) fn beacon(&mut self, rng: &mut Rng) -> Option<Station> {
        let mut station = loop {
            let station = self.station(rng)?;
            if !station.call.as_bytes().contains(&b'/') {
                break station;
            }
        };
        station.call = suffixed(&station.call, b"/B");
        station.power_db = 8;
        station.wpm = rng.u8(8..18);
        Some(station)
    }

    /// One of the NCDXF chain.
    pub(super) fn ncdxf(index: usize) -> Station {
        let beacon = &NCDXF[index];
        let (lat, lon) = beacon.at_deg;
        Station { call: Call::literal(beacon.call), at: unit(lat, lon), grid: locator(lat, lon), power_db: 4, wpm: 22 }
    }

    /// A skimmer somewhere in the world.
    pub(super) fn skimmer(&mut self, rng: &mut Rng, knobs: &ProfileKnobs) -> Option<Skimmer> {
        let place = &PLACES[pick(rng, &self.skimmer_weights)];
        let base = self.unique(rng, place)?;
        let (lat, lon) = somewhere(rng, place);
        let call = match pick(rng, &[90, 8, 2]) {
            1 => suffixed(&base, [&b"-1-#"[..], b"-2-#", b"-3-#"][rng.u32(0..3) as usize]),
            2 => suffixed(&base, [&b"/1-#"[..], b"/2-#"][rng.u32(0..2) as usize]),
            _ => suffixed(&base, b"-#"),
        };
        // Most cover every band; a few are single-band or low-band stations.
        let bands = match pick(rng, &[80, 8, 12]) {
            0 => 0x1ff,
            1 => 0x00f,
            _ => 1 << pick(rng, &[1, 2, 4, 1, 6, 1, 3, 1, 2]),
        };
        let skew = if hit(rng, knobs::BAD_SKEW_PERMILLE) { knobs::BAD_SKEW_PPB } else { knobs::SKEW_PPB };
        let clock_ms = if hit(rng, knobs::BAD_CLOCK_PERMILLE) {
            rng.i32(-knobs::BAD_CLOCK_MS..=knobs::BAD_CLOCK_MS)
        } else {
            bell(rng, 400)
        };
        let (low, high) = knobs::BUST_BY_SKIMMER_PERCENT;
        Some(Skimmer {
            call,
            at: unit(lat, lon),
            sensitivity_db: (bell(rng, 5) - 5).clamp(-18, 6) as i8,
            bands,
            rtty: hit(rng, knobs.rtty_skimmers_permille),
            slots: hit(rng, knobs.slot_skimmers_permille),
            beacons: hit(rng, knobs::BEACON_SKIMMERS_PERMILLE),
            skew_ppb: bell(rng, skew),
            clock_ms,
            two_decimals: hit(rng, knobs::TWO_DECIMALS_PERMILLE),
            dial_only: hit(rng, knobs::DIAL_ONLY_PERMILLE),
            bust_percent: rng.u32(low..=high),
            slot_delay_ms: rng.u32(150..1_000),
        })
    }

    fn unique(&mut self, rng: &mut Rng, place: &Place) -> Option<Call> {
        for _ in 0..TRIES {
            let call = shaped(rng, place);
            if is_plausible(&call) && self.taken.insert(call.key()) {
                return Some(call);
            }
        }
        None
    }
}

/// Prefixes people put before their call, and a home prefix by which to find the place.
const ABROAD: [(&[u8], &[u8]); 10] = [
    (b"F/", b"F#"),
    (b"EA8/", b"EA#?? EA#???"),
    (b"OE/", b"OE#"),
    (b"I/", b"I#"),
    (b"SP/", b"SP#"),
    (b"HB9/", b"HB#"),
    (b"OZ/", b"OZ#"),
    (b"SV5/", b"SV#??? SV#??"),
    (b"9A/", b"9A#"),
    (b"PJ2/", b"PJ#"),
];

fn index_of(shape: &[u8]) -> usize {
    PLACES.iter().position(|p| p.shapes.as_bytes().starts_with(shape)).unwrap_or(0)
}

fn somewhere(rng: &mut Rng, place: &Place) -> (f64, f64) {
    let spread = |rng: &mut Rng, around: f64, half: f64| around + f64::from(rng.i32(-1000..=1000)) / 1000.0 * half;
    let lat = spread(rng, place.at_deg.0, place.spread_deg.0);
    (lat, spread(rng, place.at_deg.1, place.spread_deg.1))
}

/// A call of one of the place's shapes.
fn shaped(rng: &mut Rng, place: &Place) -> Call {
    let shapes = place.shapes.split_ascii_whitespace();
    let which = rng.u32(0..shapes.clone().count().max(1) as u32) as usize;
    let mut shape = shapes.clone().nth(which).unwrap_or("").bytes();
    let mut text = [0u8; Call::LEN_MAX];
    let mut len = 0;
    while let Some(b) = shape.next() {
        text[len] = match b {
            b'#' => byte(rng, place.digits),
            b'?' => byte(rng, b"ABCDEFGHIJKLMNOPRSTUVWXYZ"),
            b'[' => {
                let mut set = [0u8; 26];
                let mut size = 0;
                for letter in shape.by_ref().take_while(|&b| b != b']') {
                    set[size] = letter;
                    size += 1;
                }
                byte(rng, &set[..size])
            }
            b => b,
        };
        len += 1;
    }
    Call::new(&text[..len]).unwrap_or_default()
}

/// The call with something behind it; unchanged where it does not fit.
fn suffixed(call: &Call, suffix: &[u8]) -> Call {
    joined(call.as_bytes(), &Call::new(suffix).unwrap_or_default()).unwrap_or(*call)
}

fn joined(front: &[u8], back: &Call) -> Option<Call> {
    let mut text = [0u8; 2 * Call::LEN_MAX];
    let len = front.len() + back.len();
    text.get_mut(..front.len())?.copy_from_slice(front);
    text.get_mut(front.len()..len)?.copy_from_slice(back.as_bytes());
    Call::new(&text[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_makes_calls() {
        let mut rng = Rng::with_seed(1);
        for place in PLACES {
            assert!(place.at_deg.0.abs() < 90.0 && place.at_deg.1.abs() <= 180.0);
            for _ in 0..50 {
                let call = shaped(&mut rng, place);
                assert!(is_plausible(&call), "{call} from {}", place.shapes);
            }
        }
    }

    #[test]
    fn people_abroad_are_there() {
        for (prefix, shape) in ABROAD {
            assert!(index_of(shape) > 0, "{prefix:?} finds its place");
        }
    }

    #[test]
    fn calls_are_unique_and_skimmers_are_marked() {
        let mut rng = Rng::with_seed(3);
        let mut caller = Caller::new();
        let mut seen = std::collections::HashSet::<u128>::new();
        for _ in 0..20_000 {
            if let Some(station) = caller.station(&mut rng) {
                assert!(seen.insert(station.call.key()), "{} twice", station.call);
            }
        }
        assert!(seen.len() > 19_900);
        let knobs = knobs::profile(crate::config::Profile::Contest);
        for _ in 0..300 {
            let skimmer = caller.skimmer(&mut rng, &knobs).expect("plenty of calls");
            assert!(skimmer.call.is_skimmer() && skimmer.bands != 0, "{}", skimmer.call);
        }
    }
}
