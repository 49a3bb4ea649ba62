//! What is counted and timed: ledgers with named reasons, latency histograms, turn times, sampled stacks.
//!
//! A counter has one writer, the thread that owns the agent; readers only load. Nothing here takes a
//! lock or allocates on the path of a spot.

mod latency;
mod ledger;
mod profile;
mod reason;

pub use latency::{Edge, Latency, LatencyMailbox, LatencySet};
pub use ledger::{Count, Gauge, Ledger, LedgerView};
pub use profile::{Profile, Sampler};
pub use reason::Reason;
