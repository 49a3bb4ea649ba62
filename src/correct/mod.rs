//! Stage 2. In this release: the mode of spots that came without one, and a first confidence glyph.
//!
//! The order of inference: what was said; else what this call was heard in on this kHz; else what many
//! skimmers hear on this kHz (FT8, FT4, JS8); else a seeded standard frequency; else the band plan.
//!
//! Time is that of the spots (the largest stamp seen); every table is bounded and has exact keys.

mod allocations;
mod digital;
mod recent;
mod stage;

pub use allocations::Allocations;
pub use stage::{ModeCounts, ModeStage};
