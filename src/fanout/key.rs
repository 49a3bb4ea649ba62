//! What makes users alike: a cohort is all users of one core with the same key.

use crate::config;
use crate::config::{Dedupe, LineFormat};
use crate::spot::{Spot, Verdicts};

/// What a user chose about the lines he gets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Preferences {
    /// Line layout.
    pub format: LineFormat,
    /// Dedup policy.
    pub dedupe: Dedupe,
    /// Whether repeats that are much stronger come as updates.
    pub updates: bool,
}

impl Preferences {
    /// What a user gets who chose nothing.
    pub fn of_node(telnet: &config::Telnet) -> Preferences {
        Preferences { format: telnet.line_format, dedupe: telnet.dedupe, updates: false }
    }

    /// Whether the policy lets a spot with these verdicts through.
    #[inline]
    pub fn let_through(self, verdicts: Verdicts) -> bool {
        let wanted = match self.dedupe {
            Dedupe::Off => return true,
            Dedupe::Fast => Verdicts::FAST,
            Dedupe::Med => Verdicts::MED,
            Dedupe::Slow => Verdicts::SLOW,
        };
        verdicts.has(wanted) || (self.updates && verdicts.has(Verdicts::UPDATE))
    }
}

/// A compiled filter, by number. Only the filter that passes everything exists so far.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FilterId(u32);

impl FilterId {
    /// Passes everything.
    pub const ALL_PASS: FilterId = FilterId(0);

    /// Whether the filter passes a spot.
    #[inline]
    pub fn passes(self, _spot: &Spot) -> bool {
        self == FilterId::ALL_PASS
    }
}

/// Filter, format and policy: users with one key share one byte ring.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CohortKey {
    /// Filter.
    pub filter: FilterId,
    /// Format and policy.
    pub preferences: Preferences,
}

impl From<Preferences> for CohortKey {
    /// With the filter that passes everything.
    fn from(preferences: Preferences) -> CohortKey {
        CohortKey { filter: FilterId::ALL_PASS, preferences }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_read_their_own_verdict() {
        let user = |dedupe, updates| Preferences { dedupe, updates, ..Preferences::default() };
        let fast_only = Verdicts::FAST;
        let update = Verdicts::UPDATE;
        assert!(user(Dedupe::Fast, false).let_through(fast_only));
        assert!(!user(Dedupe::Med, false).let_through(fast_only));
        assert!(!user(Dedupe::Slow, true).let_through(fast_only));
        assert!(!user(Dedupe::Slow, false).let_through(update));
        assert!(user(Dedupe::Slow, true).let_through(update));
        assert!(user(Dedupe::Off, false).let_through(Verdicts::default()));
    }
}
