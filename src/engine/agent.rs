//! What runs on a core, and what a stage is.

use super::Now;
use crate::measure::{Ledger, Reason};
use crate::spot::Spot;

/// Something that owns state and moves when it is given a turn. Runs on one thread for all its life.
pub trait Agent {
    /// The name in reports: `parse`, `telnet 0`.
    fn name(&self) -> &str;

    /// Does a bounded amount of work; returns how many items moved. 0 means: nothing to do now.
    fn turn(&mut self, now: Now) -> usize;

    /// A readiness event for one of this agent's tokens ([`Tokens`]), before the turn.
    fn ready(&mut self, _local: usize, _event: &mio::event::Event) {}

    /// Whether work waits in a ring or a ready list: asked after announcing sleep, so it must look at
    /// the shared ring indices, not at cached ones. A `false` here while work waits is a hang.
    fn has_work(&self) -> bool;

    /// When a timer fires next, in monotonic ns; `u64::MAX` for never.
    fn deadline_ns(&self) -> u64 {
        u64::MAX
    }

    /// Whether this agent is done for good: its inputs are gone and it is empty. The core drops it,
    /// and with it the rings it feeds: that is how a drain moves down the road.
    fn finished(&self) -> bool;

    /// Whether it has sockets: a core without any saves the system call when it is busy.
    fn polls(&self) -> bool {
        true
    }
}

/// The mio tokens of one agent on its core: a range of its own, so that a core can hand events out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    agent: usize,
}

impl Tokens {
    /// Bits left to the agent.
    const LOCAL_BITS: u32 = 56;

    /// The range of the agent with this place on its core, below 255.
    pub const fn of_agent(place: usize) -> Tokens {
        Tokens { agent: place }
    }
    /// The token of a local number below 2^56 (use generation and slot, so that a stale event finds nobody).
    pub const fn token(self, local: usize) -> mio::Token {
        mio::Token((self.agent << Self::LOCAL_BITS) | local)
    }
    /// Place of the agent, and local number.
    pub const fn split(token: mio::Token) -> (usize, usize) {
        (token.0 >> Self::LOCAL_BITS, token.0 & ((1 << Self::LOCAL_BITS) - 1))
    }
}

/// A middle stage of the road: takes spots, passes them on changed or ends them under a reason.
///
/// Time is an argument, state is its own; the host around it owns rings, ledgers, and catches panics:
/// a panic in here costs the spot, and the stage is built anew from its factory.
pub trait Stage {
    /// Takes one spot. It must be emitted, ended or kept (and then counted in [`Stage::held`]).
    fn on_spot(&mut self, now: Now, spot: Spot, out: &mut Outlet<'_>);

    /// Called once per turn, also when no spot comes: fires timers by `now`.
    fn on_timer(&mut self, _now: Now, _out: &mut Outlet<'_>) {}

    /// When [`Stage::on_timer`] has something to do, in monotonic ns.
    fn deadline_ns(&self) -> u64 {
        u64::MAX
    }

    /// Spots kept inside.
    fn held(&self) -> u64 {
        0
    }

    /// For how many seconds after a rebuild the stage's answers are worse than usual: its longest window.
    fn warm_up_s(&self) -> u32 {
        0
    }
}

/// Where a stage puts its results. The host sends them on after the call.
pub struct Outlet<'a> {
    /// Spots to send on, in order.
    pub spots: &'a mut Vec<Spot>,
    /// The stage's books; the host counts arrivals and departures, [`Outlet::end`] counts ends.
    pub ledger: &'a Ledger,
}

impl Outlet<'_> {
    /// Passes a spot on.
    #[inline]
    pub fn emit(&mut self, spot: Spot) {
        self.spots.push(spot);
    }
    /// Ends a spot.
    #[inline]
    pub fn end(&mut self, spot: &Spot, reason: Reason) {
        self.ledger.end(spot.class(), reason, 1);
    }
}
