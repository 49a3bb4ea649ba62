//! Earth and sky from a station's place: bearings and distances, sun and moon.
//!
//! The earth is a sphere of 6,371 km: bearings are right to a degree, distances to half a percent, which is
//! what a beam antenna can use. Sun and moon come from the `suncalc` crate (positions good to a few
//! hundredths of a degree); rises and sets are found here as the moments at which an altitude is crossed,
//! which also knows the days when nothing rises. No clock, no state.

mod bodies;
mod path;

pub use bodies::{Body, Day, Moon, Sight, moon};
pub use path::{Path, Spot2d, heading};
