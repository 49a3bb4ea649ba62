//! A ledger: what came in, what went out, what ended here and why.

use super::Reason;
use crate::spot::Class;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter with a single writer: adding is a load and a store, never a locked instruction.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds. Only the owning thread may call this; two writers would lose counts, not memory safety.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }
    /// The value, from any thread.
    #[inline]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A value that goes up and down, with a single writer.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Sets. Only the owning thread may call this.
    #[inline]
    pub fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }
    /// Sets to the larger of both.
    #[inline]
    pub fn raise(&self, n: u64) {
        if n > self.0.load(Relaxed) {
            self.0.store(n, Relaxed);
        }
    }
    /// The value, from any thread.
    #[inline]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The books of one stage or one feed, by source class. `in = out + ended + held`, always.
///
/// Shared as an `Arc` between the owning thread, which writes, and reporters, which read.
#[derive(Debug)]
pub struct Ledger {
    name: String,
    input: [Count; Class::COUNT],
    output: [Count; Class::COUNT],
    ended: [[Count; Class::COUNT]; Reason::COUNT],
    held: Gauge,
    panics: Count,
}

impl Ledger {
    /// Empty books under a name: `parse/rbn`, `correct`, `dedup`.
    pub fn new(name: impl Into<String>) -> Ledger {
        Ledger {
            name: name.into(),
            input: Default::default(),
            output: Default::default(),
            ended: std::array::from_fn(|_| Default::default()),
            held: Gauge::default(),
            panics: Count::default(),
        }
    }
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Counts arrivals.
    #[inline]
    pub fn enter(&self, class: Class, n: u64) {
        self.input[class as usize].add(n);
    }
    /// Counts what goes on to the next stage.
    #[inline]
    pub fn leave(&self, class: Class, n: u64) {
        self.output[class as usize].add(n);
    }
    /// Counts what ends here.
    #[inline]
    pub fn end(&self, class: Class, reason: Reason, n: u64) {
        self.ended[reason as usize][class as usize].add(n);
    }
    /// Says how many are inside now, neither out nor ended.
    #[inline]
    pub fn hold(&self, n: u64) {
        self.held.set(n);
    }
    /// Counts a caught panic.
    pub fn panicked(&self) {
        self.panics.add(1);
    }
    /// Reads everything. Taken while the owner works, the parts may be a few spots apart; taken when
    /// he is idle, [`LedgerView::imbalance`] is 0.
    pub fn view(&self) -> LedgerView {
        LedgerView {
            name: self.name.clone(),
            input: std::array::from_fn(|c| self.input[c].get()),
            output: std::array::from_fn(|c| self.output[c].get()),
            ended: Reason::ALL
                .iter()
                .map(|r| (*r, std::array::from_fn(|c| self.ended[*r as usize][c].get())))
                .filter(|(_, by_class): &(Reason, [u64; Class::COUNT])| by_class.iter().any(|n| *n > 0))
                .collect(),
            held: self.held.get(),
            panics: self.panics.get(),
        }
    }
}

/// A reading of a [`Ledger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerView {
    /// The ledger's name.
    pub name: String,
    /// Arrivals by class.
    pub input: [u64; Class::COUNT],
    /// Departures by class.
    pub output: [u64; Class::COUNT],
    /// Ends by reason and class, reasons that occurred only.
    pub ended: Vec<(Reason, [u64; Class::COUNT])>,
    /// Inside now.
    pub held: u64,
    /// Caught panics (each is also an end by [`Reason::Panic`]).
    pub panics: u64,
}

impl LedgerView {
    /// All arrivals.
    pub fn total_in(&self) -> u64 {
        self.input.iter().sum()
    }
    /// All departures.
    pub fn total_out(&self) -> u64 {
        self.output.iter().sum()
    }
    /// All ends.
    pub fn total_ended(&self) -> u64 {
        self.ended.iter().flat_map(|(_, c)| c).sum()
    }
    /// Ends under one reason.
    pub fn ended_by(&self, reason: Reason) -> u64 {
        self.ended.iter().filter(|(r, _)| *r == reason).flat_map(|(_, c)| c).sum()
    }
    /// in − out − ended − held: 0 unless something vanished or was read in the middle of a turn.
    pub fn imbalance(&self) -> i64 {
        self.total_in() as i64 - self.total_out() as i64 - self.total_ended() as i64 - self.held as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_balance_or_say_by_how_much_they_do_not() {
        let books = Ledger::new("test");
        books.enter(Class::Rbn, 10);
        books.leave(Class::Rbn, 6);
        books.end(Class::Rbn, Reason::Duplicate, 3);
        assert_eq!(books.view().imbalance(), 1);
        books.hold(1);
        let view = books.view();
        assert_eq!(view.imbalance(), 0);
        assert_eq!(view.ended_by(Reason::Duplicate), 3);
        assert_eq!(view.ended_by(Reason::Stale), 0);
    }
}
