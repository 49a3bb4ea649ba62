//! Latency histograms per edge and source class, handed over whole, never locked.

use crate::spot::{Class, Hop, Spot};
use crossbeam::queue::ArrayQueue;
use hdrhistogram::Histogram;

/// A measured stretch of the road.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Edge {
    /// Socket read to the ring after parse.
    Parse = 0,
    /// To the ring after correct.
    Correct = 1,
    /// To publication by dedup.
    Dedup = 2,
    /// Publication to the telnet core that takes it.
    Ring = 3,
    /// Taken to accepted by the kernel, per delivery.
    Write = 4,
    /// Socket read to accepted by the kernel, per delivery.
    EndToEnd = 5,
}

impl Edge {
    /// How many.
    pub const COUNT: usize = 6;
    /// All, along the road.
    pub const ALL: [Edge; Edge::COUNT] =
        [Edge::Parse, Edge::Correct, Edge::Dedup, Edge::Ring, Edge::Write, Edge::EndToEnd];
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Edge::Parse => "read>parse",
            Edge::Correct => "parse>correct",
            Edge::Dedup => "correct>dedup",
            Edge::Ring => "dedup>telnet",
            Edge::Write => "telnet>kernel",
            Edge::EndToEnd => "end-to-end",
        }
    }
}

/// 1 µs to 60 s in ns would need 64-bit tables; values are recorded in µs: 1 to 60,000,000, two digits, 10 KiB.
pub type Latency = Histogram<u32>;

/// One histogram per edge and class, owned by one thread at a time. Values in µs.
pub struct LatencySet {
    cells: Vec<Latency>,
}

impl Default for LatencySet {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencySet {
    /// Empty; about 360 KiB.
    pub fn new() -> LatencySet {
        let one: Latency = Histogram::new_with_bounds(1, 60_000_000, 2).expect("constant bounds are valid");
        LatencySet { cells: vec![one; Edge::COUNT * Class::COUNT] }
    }
    /// Records `n` equal values of `ns` nanoseconds (under 1 µs counts as 1 µs, over 60 s as 60 s).
    #[inline]
    pub fn record_n(&mut self, edge: Edge, class: Class, ns: u64, n: u64) {
        let us = (ns / 1000).clamp(1, 60_000_000);
        self.cells[edge as usize * Class::COUNT + class as usize].saturating_record_n(us, n as u32);
    }
    /// Records the three stretches of the pipeline from a published spot's stamps.
    #[inline]
    pub fn record_pipeline(&mut self, spot: &Spot) {
        let class = spot.class();
        let [parsed, corrected, published, _] = spot.hop_ns;
        self.record_n(Edge::Parse, class, u64::from(parsed), 1);
        self.record_n(Edge::Correct, class, u64::from(corrected.saturating_sub(parsed)), 1);
        self.record_n(Edge::Dedup, class, u64::from(published.saturating_sub(corrected)), 1);
    }
    /// Records the stretch from publication to a telnet core.
    #[inline]
    pub fn record_taken(&mut self, spot: &Spot) {
        let [_, _, published, taken] = spot.hop_ns;
        debug_assert_eq!(Hop::Taken as usize, 3);
        self.record_n(Edge::Ring, spot.class(), u64::from(taken.saturating_sub(published)), 1);
    }
    /// One histogram.
    pub fn get(&self, edge: Edge, class: Class) -> &Latency {
        &self.cells[edge as usize * Class::COUNT + class as usize]
    }
    /// All classes of one edge together.
    pub fn edge(&self, edge: Edge) -> Latency {
        let mut all = self.cells[edge as usize * Class::COUNT].clone();
        for class in &Class::ALL[1..] {
            let _ = all.add(self.get(edge, *class));
        }
        all
    }
    /// Adds another set to this one.
    pub fn merge(&mut self, other: &LatencySet) {
        for (to, from) in self.cells.iter_mut().zip(&other.cells) {
            let _ = to.add(from);
        }
    }
    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(|c| c.is_empty())
    }
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        for cell in &mut self.cells {
            cell.reset();
        }
    }
}

/// Where a recording thread leaves its full set and finds an empty one. Wait-free on both sides.
pub struct LatencyMailbox {
    empty: ArrayQueue<Box<LatencySet>>,
    full: ArrayQueue<Box<LatencySet>>,
}

impl Default for LatencyMailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyMailbox {
    /// A mailbox with one empty set waiting.
    pub fn new() -> LatencyMailbox {
        let mailbox = LatencyMailbox { empty: ArrayQueue::new(2), full: ArrayQueue::new(4) };
        let _ = mailbox.empty.push(Box::new(LatencySet::new()));
        mailbox
    }
    /// For the recording thread, about once a second: swaps its set for an empty one, if the reader
    /// has left one; otherwise it just goes on recording. Nothing is lost either way.
    pub fn hand_over(&self, mine: &mut Box<LatencySet>) {
        if mine.is_empty() {
            return;
        }
        if let Some(mut other) = self.empty.pop() {
            std::mem::swap(mine, &mut other);
            // Two boxes exist per mailbox and `full` holds two, so this cannot fail.
            let _ = self.full.push(other);
        }
    }
    /// For a recording thread that ends: leaves its last set, whether or not the reader left an empty one.
    pub fn leave(&self, mine: Box<LatencySet>) {
        if !mine.is_empty() {
            // Two slots are more than the boxes that can be under way.
            let _ = self.full.push(mine);
        }
    }
    /// For the reader: merges what was left into `total` and gives the memory back.
    pub fn collect(&self, total: &mut LatencySet) {
        while let Some(mut set) = self.full.pop() {
            total.merge(&set);
            set.clear();
            // More boxes than the queue holds come back only at the end.
            let _ = self.empty.push(set);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_over_loses_nothing() {
        let mailbox = LatencyMailbox::new();
        let mut mine = Box::new(LatencySet::new());
        let mut total = LatencySet::new();
        for round in 0..5 {
            for _ in 0..10 {
                mine.record_n(Edge::EndToEnd, Class::Rbn, 2_000_000, 3);
            }
            mailbox.hand_over(&mut mine);
            if round % 2 == 1 {
                mailbox.collect(&mut total);
            }
        }
        mailbox.hand_over(&mut mine);
        mailbox.collect(&mut total);
        mailbox.hand_over(&mut mine);
        mailbox.collect(&mut total);
        let all = total.edge(Edge::EndToEnd);
        assert_eq!(all.len(), 150);
        assert_eq!(all.value_at_quantile(0.5) / 100, 20, "2,000 µs within two digits");
    }
}
