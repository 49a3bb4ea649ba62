//! All windows of the stage.

use super::facts::{Area, Facts};
use super::identity::Identity;
use super::index::Tags;
use super::policy::{Policy, Word};
use super::{Judge, Outcome};
use crate::config;
use crate::engine::Now;
use crate::spot::{Spot, Verdicts};

/// Identity, FAST, MED and SLOW windows.
///
/// Time is that of the spots: the largest stamp seen, so it never goes back and does not move when nothing
/// comes. A spot that arrives late is judged as of that moment.
///
/// `UPDATE` has MED as its measure, the default policy (SLOW when MED is off, else FAST): a repeat at least
/// `update_db` stronger than the report that opened the window, the first such in it.
/// A policy that is off borrows the word of FAST, else MED, else SLOW, else lets everything pass.
pub struct Windows {
    identity: Identity,
    fast: Policy,
    med: Policy,
    slow: Policy,
    tags: Tags,
    latest_ms: i64,
    warm_up_s: u32,
}

/// How full the windows are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WindowsStats {
    /// Reports remembered: identity, FAST, MED, SLOW.
    pub entries: [usize; 4],
    /// Reports that had to go before their time because a window was full, in the same order.
    pub evicted: [u64; 4],
}

impl Windows {
    /// Empty windows of the configured lengths. Reserves memory for `entries_max` reports each.
    pub fn new(settings: &config::Dedup) -> Windows {
        let policy = |window_s| Policy::new(window_s, settings.update_db, settings.entries_max);
        Windows {
            identity: Identity::new(settings.identity_s, settings.entries_max),
            fast: policy(settings.fast_s),
            med: policy(settings.med_s),
            slow: policy(settings.slow_s),
            tags: Tags::new(),
            latest_ms: i64::MIN / 2,
            warm_up_s: settings.identity_s.max(settings.fast_s).max(settings.med_s).max(settings.slow_s),
        }
    }

    /// Judges a spot: sets its verdict bits, or finds it a duplicate and leaves it alone. `now` is not
    /// looked at: windows move by the spots' stamps only.
    pub fn judge(&mut self, _now: Now, spot: &mut Spot) -> Outcome {
        self.latest_ms = self.latest_ms.max(spot.time.ms());
        let at_ms = self.latest_ms;
        let facts = Facts::of(spot);
        if let Some((of, age_s)) = self.identity.check(at_ms, spot, &facts, &self.tags) {
            return Outcome::Duplicate { of, age_s };
        }
        let field = facts.policy_key(Area::Field, &self.tags);
        let zone = facts.policy_key(Area::Zone, &self.tags);
        let check = |policy: &mut Policy, key| policy.is_on().then(|| policy.check(at_ms, &facts, key));
        let words = [check(&mut self.fast, &field), check(&mut self.med, &field), check(&mut self.slow, &zone)];
        let borrowed = words[0].or(words[1]).or(words[2]).unwrap_or(Word::Pass);
        let mut bits = 0;
        for (word, bit) in words.iter().zip([Verdicts::FAST, Verdicts::MED, Verdicts::SLOW]) {
            if word.unwrap_or(borrowed) == Word::Pass {
                bits |= bit.0;
            }
        }
        if words[1].or(words[2]).or(words[0]) == Some(Word::Update) {
            bits |= Verdicts::UPDATE.0;
        }
        spot.verdicts = Verdicts(bits);
        Outcome::New
    }

    /// The longest window: so long after a start with empty windows, repeats may pass as new.
    pub fn warm_up_s(&self) -> u32 {
        self.warm_up_s
    }

    /// How full the windows are.
    pub fn stats(&self) -> WindowsStats {
        WindowsStats {
            entries: [self.identity.len(), self.fast.len(), self.med.len(), self.slow.len()],
            evicted: [self.identity.evicted(), self.fast.evicted(), self.med.evicted(), self.slow.evicted()],
        }
    }
}

impl Judge for Windows {
    fn judge(&mut self, now: Now, spot: &mut Spot) -> Outcome {
        Windows::judge(self, now, spot)
    }
    fn warm_up_s(&self) -> u32 {
        Windows::warm_up_s(self)
    }
}
