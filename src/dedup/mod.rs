//! Stage 3. Identity window, FAST/MED/SLOW verdicts, sequence number, publication.
//!
//! [`Windows`] answers two questions about a spot, in this order. *Is it the same report again?* Then
//! it ends here ([`Outcome::Duplicate`]). *Whose dedup policy lets it through?* That is written on the
//! spot as verdict bits; it is published with any bits, also with none.

mod facts;
mod identity;
mod index;
mod policy;
mod publish;
mod ring;
mod windows;

pub use publish::{Publisher, PublisherParts, Reader};
pub use windows::{Windows, WindowsStats};

use crate::engine::Now;
use crate::spot::{Call, Spot};

/// What a judge says about a spot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// To be published; the verdict bits are set.
    New,
    /// The same report came before.
    Duplicate {
        /// Spotter of the earlier report.
        of: Call,
        /// How long before, in seconds of the spots' own time.
        age_s: u32,
    },
}

/// Judges spots.
pub trait Judge {
    /// Judges a spot and writes the verdicts on it.
    fn judge(&mut self, now: Now, spot: &mut Spot) -> Outcome;
    /// For how many seconds after a rebuild the answers are worse than usual.
    fn warm_up_s(&self) -> u32;
}
