//! Stage 3 (lead's local double until the stages branch is merged).
mod publish;
use crate::engine::Now;
use crate::spot::{Call, Spot};
pub use publish::{Publisher, PublisherParts, Reader};
/// What a judge says about a spot.
pub enum Outcome {
    /// New.
    New,
    /// Known.
    Duplicate {
        /// First.
        of: Call,
        /// Age.
        age_s: u32,
    },
}
/// Judges spots.
pub trait Judge {
    /// Judges.
    fn judge(&mut self, now: Now, spot: &mut Spot) -> Outcome;
    /// Warm-up.
    fn warm_up_s(&self) -> u32;
}
