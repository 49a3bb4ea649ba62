//! The time that deliveries took.

use super::segment::Mark;
use crate::measure::{Edge, LatencyMailbox, LatencySet};
use crate::spot::Spot;

/// Latencies of one core, recorded by mark: cheap for five million deliveries a second, because
/// users who are sent the same lines within one clock reading are recorded together.
pub struct Deliveries {
    set: Box<LatencySet>,
    recorded: bool,
}

impl Default for Deliveries {
    fn default() -> Self {
        Deliveries { set: Box::new(LatencySet::new()), recorded: false }
    }
}

impl Deliveries {
    /// Records that the kernel took `n` lines of a mark.
    #[inline]
    pub fn record(&mut self, mark: &Mark, n: u64, at_ns: u64) {
        self.set.record_n(Edge::Write, mark.class, at_ns.saturating_sub(mark.taken_ns), n);
        self.set.record_n(Edge::EndToEnd, mark.class, at_ns.saturating_sub(mark.read_ns), n);
        self.recorded = true;
    }
    /// Records the stretch from publication to this core.
    #[inline]
    pub fn record_taken(&mut self, spot: &Spot) {
        self.set.record_taken(spot);
        self.recorded = true;
    }
    /// Whether something was recorded since the last hand-over.
    #[inline]
    pub fn has_news(&self) -> bool {
        self.recorded
    }
    /// Leaves what was recorded for the reporter. About once a second.
    pub fn hand_over(&mut self, mailbox: &LatencyMailbox) {
        mailbox.hand_over(&mut self.set);
        self.recorded = !self.set.is_empty();
    }
    /// Leaves the last set: the core ends.
    pub fn leave(&mut self, mailbox: &LatencyMailbox) {
        mailbox.leave(std::mem::take(&mut self.set));
        self.recorded = false;
    }
}
