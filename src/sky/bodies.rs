//! Sun and moon: where they are, when they rise and set.

use super::Spot2d;
use crate::spot::Utc;
use suncalc::Timestamp;

/// Altitude of the sun's centre when its rim touches the horizon: its radius and the refraction of air.
const SUN_RISE_DEG: f64 = -0.833;
/// Civil twilight, the grayline of radio amateurs.
const DAWN_DEG: f64 = -6.0;
/// Altitude of the moon's centre at rise as the crate gives it, refraction included: parallax 0.95 less radius 0.26.
const MOON_RISE_DEG: f64 = 0.69;
/// The day is searched in such steps for a crossing; a body that rises and sets again within one is not seen.
const STEP_MS: i64 = 10 * 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The moon at its nearest, in km.
const MOON_NEAREST_KM: f64 = 356_500.0;

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// The sun, rising and setting.
    Sun,
    /// The sun, at the begin and end of civil twilight.
    Twilight,
    /// The moon.
    Moon,
}

/// Where a body stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sight {
    /// Degrees from north, 0..360.
    pub azimuth_deg: f64,
    /// Degrees above the horizon.
    pub elevation_deg: f64,
}

/// A body's day, UTC.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Day {
    /// When it comes up (or dawn begins) first on this UTC day; `None` = not on this day.
    pub rise: Option<Utc>,
    /// When it goes down (or dusk ends) first on this UTC day.
    pub set: Option<Utc>,
    /// It is up when the day begins: with neither rise nor set, it is up all day.
    pub up_at_start: bool,
}

/// The moon's state.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moon {
    /// Part of its face that is lit, 0..=1.
    pub lit: f64,
    /// Path loss over the loss at its nearest, in dB (40 log of the distance: out and back by the radar equation).
    pub extra_loss_db: f64,
}

impl Body {
    /// Where it stands, seen from a place.
    pub fn sight(self, at: Utc, from: Spot2d) -> Sight {
        let time = Timestamp(at.ms());
        let position = match self {
            Body::Sun | Body::Twilight => suncalc::get_position(time, from.lat_deg, from.lon_deg),
            Body::Moon => suncalc::moon_pos(time, from.lat_deg, from.lon_deg),
        };
        // The crate counts azimuth from south, to the west.
        let azimuth_deg = (position.azimuth.to_degrees() + 180.0).rem_euclid(360.0);
        Sight { azimuth_deg, elevation_deg: position.altitude.to_degrees() }
    }

    /// Its rise and set on the UTC day that holds `at`.
    pub fn day(self, at: Utc, from: Spot2d) -> Day {
        let horizon_deg = match self {
            Body::Sun => SUN_RISE_DEG,
            Body::Twilight => DAWN_DEG,
            Body::Moon => MOON_RISE_DEG,
        };
        let above = |ms: i64| self.sight(Utc::from_ms(ms), from).elevation_deg - horizon_deg;
        let start = at.ms().div_euclid(DAY_MS) * DAY_MS;
        let mut day = Day { rise: None, set: None, up_at_start: above(start) > 0.0 };
        let mut is_up = day.up_at_start;
        for step in 1..=DAY_MS / STEP_MS {
            let end = start + step * STEP_MS;
            let was_up = std::mem::replace(&mut is_up, above(end) > 0.0);
            if is_up == was_up {
                continue;
            }
            let (mut low, mut high) = (end - STEP_MS, end);
            while high - low > 1_000 {
                let middle = low + (high - low) / 2;
                if (above(middle) > 0.0) == is_up { high = middle } else { low = middle }
            }
            let event = if is_up { &mut day.rise } else { &mut day.set };
            event.get_or_insert(Utc::from_ms(high));
        }
        day
    }
}

/// How bright and how far the moon is.
pub fn moon(at: Utc) -> Moon {
    let time = Timestamp(at.ms());
    let km = suncalc::moon_pos(time, 0.0, 0.0).distance.unwrap_or(MOON_NEAREST_KM);
    Moon {
        lit: suncalc::moon_illumination(time).fraction.clamp(0.0, 1.0),
        extra_loss_db: 40.0 * (km / MOON_NEAREST_KM).max(1.0).log10(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes between two times of a day.
    fn off(time: Option<Utc>, hour: u32, minute: u32) -> i64 {
        let (h, m) = time.expect("an event").hour_minute();
        (i64::from(h * 60 + m) - i64::from(hour * 60 + minute)).abs()
    }

    #[test]
    fn the_sun_keeps_its_almanac() {
        // Greenwich, 21 June 2025: rise 03:43, set 20:21 UTC; local noon near 12:02.
        let greenwich = Spot2d { lat_deg: 51.48, lon_deg: 0.0 };
        let noon = Utc::from_civil(2025, 6, 21, 12, 2, 0);
        let day = Body::Sun.day(noon, greenwich);
        assert!(off(day.rise, 3, 43) <= 3 && off(day.set, 20, 21) <= 3 && !day.up_at_start, "{day:?}");
        let sight = Body::Sun.sight(noon, greenwich);
        assert!((sight.azimuth_deg - 180.0).abs() < 2.0 && (sight.elevation_deg - 61.96).abs() < 0.3, "{sight:?}");
        let gray = Body::Twilight.day(noon, greenwich);
        assert!(gray.rise.unwrap() < day.rise.unwrap() && gray.set.unwrap() > day.set.unwrap());
    }

    #[test]
    fn where_nothing_rises_nothing_is_claimed() {
        let north = Spot2d { lat_deg: 80.0, lon_deg: 20.0 };
        let summer = Body::Sun.day(Utc::from_civil(2025, 6, 21, 0, 0, 0), north);
        assert_eq!((summer.rise, summer.set, summer.up_at_start), (None, None, true));
        let winter = Body::Sun.day(Utc::from_civil(2025, 12, 21, 0, 0, 0), north);
        assert_eq!((winter.rise, winter.set, winter.up_at_start), (None, None, false));
    }

    #[test]
    fn the_moon_waxes_and_recedes() {
        // Full on 2025-12-04 at 23:14 UTC and near its nearest; new on 2025-12-20 at 01:43 and far away.
        let full = moon(Utc::from_civil(2025, 12, 4, 23, 14, 0));
        let new = moon(Utc::from_civil(2025, 12, 20, 1, 43, 0));
        assert!(full.lit > 0.99 && new.lit < 0.01, "{full:?} {new:?}");
        assert!(full.extra_loss_db < 0.6 && new.extra_loss_db > 1.5, "{full:?} {new:?}");
        // A full moon rises about when the sun sets, and sets about when it rises.
        let (at, from) = (Utc::from_civil(2025, 12, 4, 0, 0, 0), Spot2d { lat_deg: 51.48, lon_deg: 0.0 });
        let (night, day) = (Body::Moon.day(at, from), Body::Sun.day(at, from));
        let apart_min = |a: Option<Utc>, b: Option<Utc>| (a.unwrap().secs() - b.unwrap().secs()).abs() / 60;
        assert!(apart_min(night.rise, day.set) < 90 && apart_min(night.set, day.rise) < 90, "{night:?} {day:?}");
        assert!(night.up_at_start);
    }
}
