//! Bearings and distances.

/// Mean radius of the earth in km (IUGG).
pub const EARTH_KM: f64 = 6_371.0;
/// Kilometres of a statute mile.
const KM_PER_MILE: f64 = 1.609_344;

/// A place on earth.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spot2d {
    /// Latitude in degrees, north positive.
    pub lat_deg: f64,
    /// Longitude in degrees, east positive.
    pub lon_deg: f64,
}

/// The short way between two places.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Path {
    /// Bearing at the start, degrees from north, 0..360.
    pub to_deg: f64,
    /// Bearing at the far end, back to the start.
    pub back_deg: f64,
    /// Distance in km.
    pub km: f64,
}

impl Path {
    /// Distance in statute miles.
    pub fn miles(&self) -> f64 {
        self.km / KM_PER_MILE
    }
}

/// The great circle from one place to another. Between poles and antipodes every bearing is right; 0 is given.
pub fn heading(from: Spot2d, to: Spot2d) -> Path {
    let (a, b) = (from.lat_deg.to_radians(), to.lat_deg.to_radians());
    let east = (to.lon_deg - from.lon_deg).to_radians();
    // Haversine: exact for near places too, where the cosine rule loses its digits.
    let (half_lat, half_lon) = (((b - a) / 2.0).sin(), (east / 2.0).sin());
    let h = (half_lat * half_lat + a.cos() * b.cos() * half_lon * half_lon).clamp(0.0, 1.0);
    let bearing = |a: f64, b: f64, east: f64| {
        let y = east.sin() * b.cos();
        let x = a.cos() * b.sin() - a.sin() * b.cos() * east.cos();
        y.atan2(x).to_degrees().rem_euclid(360.0)
    };
    Path { to_deg: bearing(a, b, east), back_deg: bearing(b, a, -east), km: 2.0 * EARTH_KM * h.sqrt().asin() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ways() {
        let london = Spot2d { lat_deg: 51.5, lon_deg: -0.12 };
        let new_york = Spot2d { lat_deg: 40.71, lon_deg: -74.0 };
        let path = heading(london, new_york);
        assert!((path.km - 5_570.0).abs() < 15.0, "{path:?}");
        assert!((path.to_deg - 288.3).abs() < 0.5 && (path.back_deg - 51.2).abs() < 0.5, "{path:?}");
        assert!((path.miles() - 3_461.0).abs() < 10.0);
        let nowhere = heading(london, london);
        assert!(nowhere.km < 1e-6 && nowhere.to_deg.is_finite());
        let pole = Spot2d { lat_deg: 90.0, lon_deg: 0.0 };
        assert!((heading(london, pole).to_deg).abs() < 1e-6);
        let across = heading(Spot2d { lat_deg: 0.0, lon_deg: 179.0 }, Spot2d { lat_deg: 0.0, lon_deg: -179.0 });
        assert!((across.km - 222.4).abs() < 0.5 && (across.to_deg - 90.0).abs() < 1e-6, "{across:?}");
    }
}
