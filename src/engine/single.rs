//! The one-thread runner: the same agents as on cores, in a fixed order under a test clock.

use super::{Agent, Now};

/// Runs agents round after round until none moves anything. Deterministic: same agents, same input,
/// same result.
pub struct Single<'a> {
    agents: Vec<&'a mut dyn Agent>,
}

impl<'a> Single<'a> {
    /// Agents in the order of their turns.
    pub fn new(agents: Vec<&'a mut dyn Agent>) -> Single<'a> {
        Single { agents }
    }
    /// Gives turns at this time until a whole round moved nothing; returns how many items moved.
    pub fn settle(&mut self, now: Now) -> usize {
        let mut total = 0;
        loop {
            let moved: usize = self.agents.iter_mut().map(|a| a.turn(now)).sum();
            if moved == 0 {
                return total;
            }
            total += moved;
        }
    }
}
