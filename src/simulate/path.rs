//! What a receiver hears of a station: one layer, one hour, integers out.

use super::geo::{Distances, Unit, between, dot};
use super::knobs::{BAND, FO_NIGHT_MHZ, FO_SUN_MHZ, HOP_DB, HOP_KM_MAX};

/// Signal-to-noise ratio of 100 W on the path between two places, in dB in a CW filter, without
/// fading; `None` where the band is shut: skip zone, no ionosphere, absorbed.
pub(super) fn snr_db(distances: &Distances, sun: &Unit, band: usize, from: &Unit, to: &Unit) -> Option<i32> {
    let knobs = &BAND[band];
    let mhz = f64::from(knobs.khz) / 1000.0;
    let km = distances.km(dot(from, to));
    if km <= GROUND_KM {
        // Ground wave: loses with distance and frequency.
        let loss = f64::from(km) * (0.10 + mhz * 0.008);
        return Some((34.0 - loss) as i32);
    }
    let hops = km.div_ceil(HOP_KM_MAX);
    let hop_km = km / hops;
    let mut db = knobs.snr_500_km_db - f64::from(hops - 1) * HOP_DB - 6.0 * doublings(km);
    let mut muf_mhz = f64::INFINITY;
    for hop in 0..hops {
        let share = (f64::from(hop) + 0.5) / f64::from(hops);
        let height = dot(sun, &between(from, to, share));
        // The layer outlives sunset: the sun counts from 12° below the horizon.
        let lit = ((height + 0.2) / 1.2).max(0.0).sqrt();
        muf_mhz = muf_mhz.min((FO_NIGHT_MHZ + FO_SUN_MHZ * lit) * obliquity(hop_km));
        db -= knobs.absorbed_db * height.max(0.0);
    }
    let strain = mhz / muf_mhz;
    if strain > 1.15 {
        return None;
    }
    db -= (strain - 0.9).max(0.0) * 70.0;
    (db > -30.0).then_some(db as i32)
}

/// Ground wave reaches so far, km.
const GROUND_KM: u32 = 100;

/// How far above the critical frequency a hop of this length still comes back: the secant law over
/// a layer 300 km high, by straight lines.
fn obliquity(hop_km: u32) -> f64 {
    const KNOTS: [(u32, f64); 6] = [(0, 1.0), (500, 1.3), (1000, 1.9), (2000, 2.9), (3000, 3.4), (4000, 3.5)];
    for pair in KNOTS.windows(2) {
        let ((from_km, low), (to_km, high)) = (pair[0], pair[1]);
        if hop_km < to_km {
            return low + (high - low) * f64::from(hop_km - from_km) / f64::from(to_km - from_km);
        }
    }
    KNOTS[5].1
}

/// Doublings of distance beyond 500 km, by straight lines between them.
fn doublings(km: u32) -> f64 {
    let mut reach = 500;
    let mut count = 0.0;
    while km >= reach * 2 {
        reach *= 2;
        count += 1.0;
    }
    count + f64::from(km.saturating_sub(reach)) / f64::from(reach)
}

#[cfg(test)]
mod tests {
    use super::super::geo::{sun, unit};
    use super::super::knobs::CW_SNR_MIN_DB;
    use super::*;

    fn heard(band: usize, hour: i64, from: (f64, f64), to: (f64, f64)) -> Option<i32> {
        let sun = sun(330, hour * 3_600_000);
        snr_db(&Distances::new(), &sun, band, &unit(from.0, from.1), &unit(to.0, to.1))
    }

    #[test]
    fn bands_open_where_operators_expect() {
        let (boston, berlin, tokyo, munich) = ((42.4, -71.1), (52.5, 13.4), (35.7, 139.7), (48.1, 11.6));
        // 10 m: transatlantic by day, shut at night, and never next door.
        assert!(heard(8, 14, boston, berlin).is_some_and(|db| db > 0), "{:?}", heard(8, 14, boston, berlin));
        assert!(heard(8, 3, boston, berlin).is_none_or(|db| db < 0));
        assert_eq!(heard(8, 14, berlin, munich), None);
        // 40 m: next door by day, transatlantic at night, not at noon.
        assert!(heard(2, 12, berlin, munich).is_some_and(|db| db > 10));
        assert!(heard(2, 2, boston, berlin).is_some_and(|db| db > 2));
        let hours = [2, 13].map(|hour| heard(2, hour, boston, berlin).unwrap_or(-99));
        assert!(hours[1] <= hours[0] - 3, "{hours:?}");
        // 80 m: nothing far at noon.
        assert!(heard(1, 12, berlin, tokyo).is_none_or(|db| db < 0));
        // 20 m: Japan from Europe in the European morning, for who has 10 dB more than 100 W.
        let db = heard(4, 8, berlin, tokyo);
        assert!(db.is_some_and(|db| db + 10 >= CW_SNR_MIN_DB), "{db:?}");
    }

    #[test]
    fn signals_fall_with_distance() {
        assert_eq!(doublings(400), 0.0);
        assert_eq!(doublings(2000), 2.0);
        assert!((doublings(3000) - 2.5).abs() < 1e-9);
        assert!(obliquity(2500) > obliquity(800));
    }
}
