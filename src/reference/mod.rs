//! Country data: load, check, look up, write into a spot.
//!
//! Three file forms are read, `cty.csv` (the one compiled in), `cty.dat` and `cty.plist`; all become
//! the same immutable [`Cty`]. Longitudes are positive *west* in all three and positive *east* from
//! here on. Exact calls match exactly; what `/P`, `/6`, `/MM` and `VP2E/` mean is the grammar of
//! `portable`.
//!
//! Nothing here touches a file or the clock on the path of a spot: a service thread loads, checks
//! and swaps a [`SharedCty`]; stages hold a snapshot.

mod areas;
mod build;
mod cty;
mod enrich;
mod keys;
mod place;
mod portable;
mod read;
mod report;
mod states;

pub use cty::{Cty, CtyError, CtyForm, CtySummary, ENTITIES_MIN, FILE_BYTES_MAX};
pub use enrich::{Unplaced, enrich};
pub use place::{Lookup, Place};
pub use report::lookup_report;

/// The country data in force, swapped under its readers.
pub type SharedCty = std::sync::Arc<arc_swap::ArcSwap<Cty>>;
