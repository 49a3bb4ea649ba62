//! When which session wants to be looked at.

use crate::spot::SessionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A heap of deadlines. A session has one valid entry, the one at its connection's `timer_at_ns`; a
/// deadline that moves *later*, as most do with every byte sent, leaves the entry where it is, and
/// whoever pops it looks at the true deadline. So timers cost nothing per delivery.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(u64, SessionId)>>,
}

impl Timers {
    /// Sets the session's entry; `timer_at_ns` is what the connection remembers about it.
    pub(super) fn arm(&mut self, id: SessionId, timer_at_ns: &mut u64, deadline_ns: u64) {
        if deadline_ns < *timer_at_ns {
            *timer_at_ns = deadline_ns;
            self.heap.push(Reverse((deadline_ns, id)));
        }
    }
    /// The next entry that is due: its time, for comparison with the connection's, and its session.
    pub(super) fn pop_due(&mut self, now_ns: u64) -> Option<(u64, SessionId)> {
        let Reverse((at_ns, _)) = self.heap.peek()?;
        if *at_ns > now_ns {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
    /// When the next entry is due.
    pub(super) fn next_ns(&self) -> u64 {
        self.heap.peek().map_or(u64::MAX, |Reverse((at_ns, _))| *at_ns)
    }
}
