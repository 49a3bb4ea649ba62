//! Places on the globe, the sun above them, and distances.
//!
//! Only `+ - * /` and `sqrt` on `f64`, which IEEE 754 fixes to the last bit on every machine: the
//! library's sine differs between platforms, and a decision here must not.

/// A direction from the Earth's centre, of length 1.
pub(super) type Unit = [f64; 3];

/// Step of the distance table.
const STEP_KM: u32 = 50;
/// Half a circumference in steps: 20,015 km / 50 km.
const STEPS: usize = 401;
const EARTH_RADIUS_KM: f64 = 6371.0;

/// Sine and cosine of an angle in degrees.
pub(super) fn sin_cos(deg: f64) -> (f64, f64) {
    let mut turn = deg;
    while turn > 180.0 {
        turn -= 360.0;
    }
    while turn < -180.0 {
        turn += 360.0;
    }
    let x = turn * (std::f64::consts::PI / 180.0);
    // Taylor to the 25th power: below 1e-10 at the ends of the range.
    let (mut sine, mut cosine, mut term) = (0.0, 0.0, 1.0);
    for k in 0..26u32 {
        match k % 4 {
            0 => cosine += term,
            1 => sine += term,
            2 => cosine -= term,
            _ => sine -= term,
        }
        term = term * x / f64::from(k + 1);
    }
    (sine, cosine)
}

/// The direction of a place.
pub(super) fn unit(lat_deg: f64, lon_deg: f64) -> Unit {
    let (sin_lat, cos_lat) = sin_cos(lat_deg);
    let (sin_lon, cos_lon) = sin_cos(lon_deg);
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// Scalar product: the cosine of the angle between two directions.
#[inline]
pub(super) fn dot(a: &Unit, b: &Unit) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The point at a share of the way from `a` to `b`, near enough to the great circle.
#[inline]
pub(super) fn between(a: &Unit, b: &Unit, share: f64) -> Unit {
    let rest = 1.0 - share;
    let p = [a[0] * rest + b[0] * share, a[1] * rest + b[1] * share, a[2] * rest + b[2] * share];
    let length = dot(&p, &p).sqrt().max(1e-6);
    [p[0] / length, p[1] / length, p[2] / length]
}

/// Where the sun stands in the zenith, as a direction.
pub(super) fn sun(day_of_year: u32, ms_of_day: i64) -> Unit {
    // Declination to about a degree: -23.44° times the cosine of the days since the solstice.
    let (_, season) = sin_cos((f64::from(day_of_year) + 10.0) * (360.0 / 365.25));
    let noon_lon_deg = 180.0 - ms_of_day as f64 / 86_400_000.0 * 360.0;
    unit(-23.44 * season, noon_lon_deg)
}

/// Angle cosine to distance, by table.
pub(super) struct Distances {
    cosines: [f64; STEPS],
}

impl Distances {
    pub(super) fn new() -> Distances {
        let degrees_per_step = f64::from(STEP_KM) / EARTH_RADIUS_KM * (180.0 / std::f64::consts::PI);
        Distances { cosines: std::array::from_fn(|k| sin_cos(k as f64 * degrees_per_step).1) }
    }

    /// Great-circle distance for a scalar product, in km, to within 50 km, at most 20,000.
    #[inline]
    pub(super) fn km(&self, cosine: f64) -> u32 {
        // Cosines fall from 1 to -1.
        let steps = self.cosines.partition_point(|&c| c > cosine);
        (steps as u32).min(STEPS as u32 - 1) * STEP_KM
    }
}

/// Four-character locator of a place.
pub(super) fn locator(lat_deg: f64, lon_deg: f64) -> [u8; 4] {
    let lon = (lon_deg + 180.0).clamp(0.0, 359.999);
    let lat = (lat_deg + 90.0).clamp(0.0, 179.999);
    [b'A' + (lon / 20.0) as u8, b'A' + (lat / 10.0) as u8, b'0' + ((lon % 20.0) / 2.0) as u8, b'0' + (lat % 10.0) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sines_are_sines() {
        for deg in [-540.0, -179.9, -90.0, -23.44, 0.0, 30.0, 89.0, 180.0, 400.0f64] {
            let (s, c) = sin_cos(deg);
            assert!((s - deg.to_radians().sin()).abs() < 1e-9, "{deg}");
            assert!((c - deg.to_radians().cos()).abs() < 1e-9, "{deg}");
        }
    }

    #[test]
    fn known_distances() {
        let table = Distances::new();
        let boston = unit(42.4, -71.1);
        for (lat, lon, km) in [(51.5, -0.1, 5265u32), (35.7, 139.7, 10_800), (42.4, -71.1, 0), (-42.4, 108.9, 20_000)] {
            let got = table.km(dot(&boston, &unit(lat, lon)));
            assert!(got.abs_diff(km) <= 100, "{lat} {lon}: {got}");
        }
    }

    #[test]
    fn noon_is_overhead_at_the_equator_in_march() {
        assert!(dot(&sun(80, 43_200_000), &unit(0.0, 0.0)) > 0.99);
        assert!(dot(&sun(80, 0), &unit(0.0, 0.0)) < -0.99);
        // Midsummer noon in London: about 62° high.
        let high = dot(&sun(172, 43_200_000), &unit(51.5, 0.0));
        assert!((high - 0.88).abs() < 0.02, "{high}");
    }

    #[test]
    fn locators() {
        assert_eq!(&locator(42.38, -71.65), b"FN42");
        assert_eq!(&locator(-41.3, 174.8), b"RE78");
    }
}
