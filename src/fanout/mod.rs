//! Stage 4. Cohorts: users of one core with one filter, format and dedup policy share one queue of
//! lines. The filter runs and the line is encoded once per cohort; a user is a cursor; what he is
//! sent is a contiguous slice of shared memory.
//!
//! A cohort holds only what some user has not been sent: whole lines in segments from the core's pool, the
//! first of 8 KiB, the others of 64 KiB. Its size is bounded; who is too slow is lapped: his cursor moves on, the lines are
//! counted. No sockets here; `telnet` does the sending.

mod cohort;
mod cohorts;
mod deliveries;
mod encode;
mod key;
mod output;
mod segment;

pub use cohort::{ByClass, Chunk, Cohort, Lap, OPEN, Pass, Slice};
pub use cohorts::{Cohorts, Exception, NoRoom, Queued, SliceRef};
pub use deliveries::Deliveries;
pub use encode::Lines;
pub use key::{Choice, CohortKey, Preferences};
pub use output::{Flushed, Output, SendLog};
pub use segment::{LINE_BYTES_MAX, MARK_SPREAD_NS, Mark, Pool, SEGMENT_BYTES, SMALL_BYTES, Segment, Size};

#[cfg(test)]
mod tests;
