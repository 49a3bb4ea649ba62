//! How fast one call may post. Kept here, not in sessions, so that a limit survives a reconnect.

use crate::spot::{Call, base_call, collapse_ssid};
use hashbrown::HashMap;

/// Calls remembered at once. A call is forgotten when its allowance is full again, a minute after its
/// last post, and only logged-in users post (10,000 connections): 16,384 × 48 bytes = 768 KiB.
pub const POSTERS_MAX: usize = 16_384;

const MINUTE_NS: u64 = 60_000_000_000;

/// One allowance per base call: `posts_per_minute` at once, refilled evenly over a minute.
#[derive(Debug)]
pub struct PostLimits {
    per_minute: u64,
    /// When the call's allowance is full again, in monotonic ns: the whole state of its bucket.
    full_at_ns: HashMap<u128, u64, ahash::RandomState>,
    swept_ns: u64,
}

impl PostLimits {
    /// `posts_per_minute` 0 = no limit.
    pub fn new(posts_per_minute: u32) -> PostLimits {
        PostLimits { per_minute: u64::from(posts_per_minute), full_at_ns: HashMap::default(), swept_ns: 0 }
    }

    /// Takes one post of a call from its allowance; `false` when it is used up. SSID and portable
    /// suffix make no new poster.
    pub fn take(&mut self, call: &Call, mono_ns: u64) -> bool {
        if self.per_minute == 0 {
            return true;
        }
        if mono_ns.saturating_sub(self.swept_ns) >= MINUTE_NS || self.full_at_ns.len() >= POSTERS_MAX {
            self.swept_ns = mono_ns;
            self.full_at_ns.retain(|_, full_at| *full_at > mono_ns);
        }
        let key = base_call(&collapse_ssid(call)).key();
        let cost_ns = MINUTE_NS / self.per_minute;
        let full_at = self.full_at_ns.get(&key).copied().unwrap_or(0).max(mono_ns);
        let after = full_at + cost_ns;
        if after - mono_ns > MINUTE_NS {
            return false;
        }
        if self.full_at_ns.len() >= POSTERS_MAX && !self.full_at_ns.contains_key(&key) {
            return false;
        }
        self.full_at_ns.insert(key, after);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn a_burst_and_then_one_every_few_seconds() {
        let mut limits = PostLimits::new(10);
        let call = Call::literal("K1ABC");
        assert!((0..10).all(|_| limits.take(&call, S)));
        assert!(!limits.take(&call, S));
        assert!(!limits.take(&Call::literal("K1ABC-2"), S), "an SSID is no new poster");
        assert!(!limits.take(&Call::literal("K1ABC/P"), S), "nor is a suffix");
        assert!(limits.take(&Call::literal("K2XYZ"), S), "others are not touched");
        assert!(limits.take(&call, 7 * S), "6 s buy one");
        assert!(!limits.take(&call, 7 * S));
        assert!((0..10).all(|_| limits.take(&call, 200 * S)), "full again, and no fuller");
        assert!(!limits.take(&call, 200 * S));
    }

    #[test]
    fn the_table_is_bounded_and_forgets() {
        let mut limits = PostLimits::new(10);
        for n in 0..POSTERS_MAX + 5 {
            let call = Call::literal(&format!("K{n}A"));
            assert_eq!(limits.take(&call, S), n < POSTERS_MAX);
        }
        assert!(limits.take(&Call::literal("K1ABC"), 120 * S));
        assert_eq!(limits.full_at_ns.len(), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        let mut limits = PostLimits::new(0);
        assert!((0..1000).all(|_| limits.take(&Call::literal("K1ABC"), S)));
    }
}
