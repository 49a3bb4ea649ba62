//! NEARBY: either station is within some distance of the user.
//!
//! GoCluster compares cells of a hexagonal grid; a distance says the same without cells whose borders
//! cut off the neighbour's house. Its cells are some 370 km across, and some 970 km on the low bands.

use super::{BandSet, Expr, Outcome, Side, Term};
use crate::spot::{Band, Grid};

/// The NEARBY switch of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Nearby {
    on: bool,
    /// Radius in km; `None` = by band.
    km: Option<u32>,
    /// Where the user is. Kept here because a filter is a function of a spot alone.
    home: Grid,
}

/// Bands where signals of one place are heard far around: the larger radius holds.
const LOW_BANDS: [Band; 3] = [Band::M160, Band::M80, Band::M60];
const LOW_BANDS_KM: u32 = 800;
const OTHER_BANDS_KM: u32 = 300;
/// Half the Earth's girth: beyond that, nothing is.
const KM_MAX: u32 = 20_000;

const USAGE: [&str; 2] = ["Usage: PASS NEARBY ON|OFF", "Type HELP for usage."];

impl Nearby {
    /// Whether it is switched on, even when the place is not known.
    pub fn is_on(self) -> bool {
        self.on
    }
    /// Whether it filters: on, and the place known.
    pub fn is_active(self) -> bool {
        self.on && !self.home.is_none()
    }
    /// Takes over a new locator of the user; none = NEARBY rests until there is one.
    pub(super) fn set_home(&mut self, home: Grid) {
        if self.on {
            self.home = home;
        }
    }

    /// Runs PASS NEARBY with its arguments. `trusting` = from a saved profile: on even without a place.
    pub(super) fn pass(&mut self, rest: &str, home: Grid, trusting: bool) -> Outcome {
        let words: Vec<String> =
            rest.split([' ', ',']).filter(|w| !w.is_empty()).map(str::to_ascii_uppercase).collect();
        let km = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["OFF"] => {
                *self = Nearby::default();
                return Outcome::done(["Nearby filter disabled.".into()]);
            }
            ["ON"] => None,
            ["ON", km] | [km] | ["ON", km, "KM"] | [km, "KM"] => {
                match km.trim_end_matches("KM").parse().ok().filter(|km| (1..=KM_MAX).contains(km)) {
                    Some(km) => Some(km),
                    None => return refused_with("Example: PASS NEARBY ON, or PASS NEARBY 500 for 500 km"),
                }
            }
            _ => return refused_with("Example: PASS NEARBY ON, or PASS NEARBY 500 for 500 km"),
        };
        if home.is_none() && !trusting {
            return Outcome::refused(["Grid not set. Use SET GRID <4-6 char maidenhead>.".into()]);
        }
        *self = Nearby { on: true, km, home };
        let radius = match km {
            Some(km) => format!("{km} km"),
            None => format!("{OTHER_BANDS_KM} km ({LOW_BANDS_KM} km on 160, 80 and 60 m)"),
        };
        let around = if home.is_none() { "your grid".into() } else { home.to_string() };
        Outcome::done([
            "Nearby filter enabled.".into(),
            format!("Spots pass when either station is within {radius} of {around}."),
        ])
    }

    /// REJECT NEARBY says nothing clear.
    pub(super) fn reject() -> Outcome {
        refused_with("REJECT NEARBY is not clear: PASS NEARBY ON and PASS NEARBY OFF are.")
    }

    /// `OFF`, `ON (location filters suspended)`.
    pub(super) fn state(self) -> String {
        match (self.on, self.is_active(), self.km) {
            (false, ..) => "OFF".into(),
            (true, false, _) => "ON but inactive: grid not set".into(),
            (true, true, None) => "ON (location filters suspended)".into(),
            (true, true, Some(km)) => format!("ON within {km} km (location filters suspended)"),
        }
    }

    pub(super) fn commands(self) -> Vec<String> {
        match (self.on, self.km) {
            (false, _) => vec![],
            (true, None) => vec!["PASS NEARBY ON".into()],
            (true, Some(km)) => vec![format!("PASS NEARBY {km}")],
        }
    }

    /// As an expression.
    pub fn expr(self) -> Expr {
        let Some((lat, lon)) = self.home.center().filter(|_| self.on) else { return Expr::All };
        let within = |km| {
            let (lat_e4, lon_e4) = ((lat * 1e4).round() as i32, (lon * 1e4).round() as i32);
            let near = |side| Expr::Is(Term::Near { side, lat_e4, lon_e4, km });
            near(Side::Dx).or(near(Side::De))
        };
        match self.km {
            Some(km) => within(km),
            None => {
                let low = Expr::Is(Term::Band(BandSet::of(&LOW_BANDS)));
                within(OTHER_BANDS_KM).or(low.and(within(LOW_BANDS_KM)))
            }
        }
    }
}

fn refused_with(example: &str) -> Outcome {
    Outcome::refused([USAGE[0].into(), example.into(), USAGE[1].into()])
}
