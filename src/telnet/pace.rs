//! A token bucket: bursts are normal for loggers, floods are not.

/// Lets a burst of events through and then one per interval.
///
/// Kept as the time at which the bucket would be full again, so it needs no refilling and no floats.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    full_at_ns: u64,
}

impl Pace {
    /// One token comes back in this time: 4 per second.
    pub const INTERVAL_NS: u64 = 250_000_000;
    /// Tokens of a full bucket. Logging programs paste up to some twenty commands at log-in, twice
    /// that when two of their parts do (clients 0.3, fact 8: at least 40).
    pub const BURST: u64 = 60;

    /// A full bucket.
    pub const fn full() -> Pace {
        Pace { full_at_ns: 0 }
    }

    /// When the next token may be taken, in monotonic ns; not after `now` when one is there.
    pub fn next_ns(&self) -> u64 {
        self.full_at_ns.saturating_sub((Self::BURST - 1) * Self::INTERVAL_NS)
    }

    /// Whether a token is there.
    pub fn is_open(&self, now_ns: u64) -> bool {
        self.next_ns() <= now_ns
    }

    /// Takes a token; `false` when none is there.
    pub fn take(&mut self, now_ns: u64) -> bool {
        if !self.is_open(now_ns) {
            return false;
        }
        self.full_at_ns = self.full_at_ns.max(now_ns) + Self::INTERVAL_NS;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_per_interval() {
        let mut pace = Pace::full();
        let now = 1_000_000_000;
        let burst = (0..100).filter(|_| pace.take(now)).count();
        assert_eq!(burst as u64, Pace::BURST);
        assert_eq!(pace.next_ns(), now + Pace::INTERVAL_NS);
        assert!(!pace.take(now + Pace::INTERVAL_NS - 1));
        assert!(pace.take(now + Pace::INTERVAL_NS));
        assert!(!pace.is_open(now + Pace::INTERVAL_NS));
        let later = now + (Pace::BURST + 1) * Pace::INTERVAL_NS;
        assert_eq!((0..100).filter(|_| pace.take(later)).count() as u64, Pace::BURST);
    }
}
