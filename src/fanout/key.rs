//! What makes users alike: a cohort is all users of one core with the same key.

use crate::config;
use crate::config::Dedupe;
use crate::filter::Filter;
use crate::spot::Verdicts;
use crate::wire::LineStyle;

/// What a user chose about the lines he gets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Preferences {
    /// Line layout and its options.
    pub style: LineStyle,
    /// Dedup policy.
    pub dedupe: Dedupe,
    /// Whether repeats that are much stronger come as updates.
    pub updates: bool,
}

impl Preferences {
    /// What a user gets who chose nothing.
    pub fn of_node(telnet: &config::Telnet) -> Preferences {
        Preferences { style: LineStyle::of(telnet.line_format), dedupe: telnet.dedupe, updates: false }
    }

    /// Whether the policy lets a spot with these verdicts through.
    #[inline]
    pub fn let_through(self, verdicts: Verdicts) -> bool {
        self.mask() & Preferences::let_through_by(verdicts) != 0
    }

    /// The policies that want a spot with these verdicts, as bits of [`Preferences::mask`].
    #[inline]
    pub(super) fn let_through_by(verdicts: Verdicts) -> u16 {
        ANY_VERDICT | u16::from(verdicts.0)
    }

    /// The policy as bits: it lets a spot through with which it shares one. Never 0.
    pub(super) fn mask(self) -> u16 {
        let wanted = match self.dedupe {
            Dedupe::Off => return ANY_VERDICT,
            Dedupe::Fast => Verdicts::FAST,
            Dedupe::Med => Verdicts::MED,
            Dedupe::Slow => Verdicts::SLOW,
        };
        u16::from(wanted.0 | if self.updates { Verdicts::UPDATE.0 } else { 0 })
    }
}

/// Above the verdicts' bits: every spot has it.
const ANY_VERDICT: u16 = 1 << 8;

/// Filter, format and policy: users with one key share one byte ring.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct CohortKey {
    /// Filter.
    pub filter: Filter,
    /// Format and policy.
    pub preferences: Preferences,
}

impl From<Preferences> for CohortKey {
    /// With the filter that passes everything.
    fn from(preferences: Preferences) -> CohortKey {
        CohortKey { filter: Filter::all(), preferences }
    }
}

/// What a session wants of the stream.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Choice {
    /// Filter, format and policy.
    pub key: CohortKey,
    /// No spots at all (UNSET/DX, NOHERE does not count).
    pub paused: bool,
    /// Spots of the user's own call: `true` = always, `false` = never (GoCluster's SELF).
    pub own_call: bool,
    /// Every skimmer report of the user's own call, whatever dedup says (DXSpider's SEEME).
    pub see_me: bool,
    /// One line per send, at a bounded rate.
    pub linewise: bool,
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
