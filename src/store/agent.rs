//! The store on its service thread: keeps what dedup publishes, answers what telnet cores ask.

use super::history::{History, Names};
use super::query::{HistoryReply, HistoryRequest, Query, What};
use crate::config;
use crate::engine::{Agent, Consumer, Now, Producer};
use crate::measure::{Ledger, Reason};
use crate::reference::SharedCty;
use crate::spot::{Flags, Note, Published, Spot};
use std::sync::Arc;

/// Spots taken in per turn: about 1 MiB of memory moved.
const KEEP_PER_TURN: usize = 4_096;
/// Spots looked at per turn for questions: 4 MiB of memory read, well under 5 ms. The largest question,
/// over 131,072 spots of the default rings, takes eight turns, between which spots are taken in.
const SCAN_PER_TURN: usize = 16_384;
/// How soon a core that takes no answers is looked at again.
const RETRY_NS: u64 = 5_000_000;

/// The rings between the store and one telnet core.
pub struct CoreLink {
    /// Its questions.
    pub requests: Consumer<HistoryRequest>,
    /// The answers.
    pub replies: Producer<HistoryReply>,
}

impl std::fmt::Debug for CoreLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CoreLink").finish_non_exhaustive()
    }
}

/// The agent `store`.
///
/// A reader of the publish ring of its own, beside the road: when it is slow, dedup drops for it and
/// counts, and nobody else notices. Questions are answered one at a time, the cores in turn.
pub struct StoreAgent {
    published: Consumer<Published>,
    cores: Vec<CoreLink>,
    history: History,
    ledger: Arc<Ledger>,
    /// Country data, which may be renewed, and the feeds.
    names: Option<(SharedCty, Arc<[String]>)>,
    running: Option<(usize, Query)>,
    next_core: usize,
    retry_at_ns: u64,
}

impl StoreAgent {
    /// An empty store that reads `published` and serves `cores`. The books are to be named `store`.
    pub fn new(
        published: Consumer<Published>,
        cores: Vec<CoreLink>,
        config: &config::History,
        ledger: Arc<Ledger>,
    ) -> StoreAgent {
        StoreAgent {
            published,
            cores,
            history: History::new(config),
            ledger,
            names: None,
            running: None,
            next_core: 0,
            retry_at_ns: u64::MAX,
        }
    }

    /// With what the numbers in spots are called, for explanations.
    pub fn with_names(mut self, cty: SharedCty, feeds: Arc<[String]>) -> StoreAgent {
        self.names = Some((cty, feeds));
        self
    }

    /// Takes in what was published. In = kept inside + overwritten + not kept, by class.
    fn keep(&mut self, now: Now) -> usize {
        let mut taken = 0;
        while taken < KEEP_PER_TURN
            && let Some(item) = self.published.pop()
        {
            taken += 1;
            match item {
                Published::Spot(spot) => self.keep_spot(spot),
                Published::Note(note) => {
                    if let Note::Bulletin(bulletin) = *note {
                        self.history.keep_bulletin(&bulletin, now.utc);
                    }
                }
            }
        }
        if taken > 0 {
            self.ledger.hold(self.history.len() as u64);
        }
        taken
    }

    fn keep_spot(&mut self, spot: Spot) {
        self.ledger.enter(spot.class(), 1);
        if spot.flags.has(Flags::TEST_SPOTTER) {
            return self.ledger.end(spot.class(), Reason::NotKept, 1);
        }
        if let Some(old) = self.history.keep(spot) {
            self.ledger.end(old.class(), Reason::Overwritten, 1);
        }
    }

    /// Works on questions, within the budget of a turn.
    fn answer(&mut self) -> usize {
        let mut moved = 0;
        let mut budget = SCAN_PER_TURN;
        while budget > 0 {
            let Some((core, mut query)) = self.running.take().or_else(|| self.take_request()) else {
                break;
            };
            let (looked_at, reply) = query.step(&self.history, budget);
            // A question costs something even when nothing is there to look at.
            budget = budget.saturating_sub(looked_at.max(1));
            moved += 1;
            match reply {
                None => self.running = Some((core, query)),
                Some(reply) => {
                    // There is room: a request is only taken when the answer will fit, and who is gone asks no more.
                    let _ = self.cores[core].replies.push(reply);
                    self.cores[core].replies.announce();
                }
            }
        }
        moved
    }

    /// The next question of a core that has room for the answer, the cores in turn.
    fn take_request(&mut self) -> Option<(usize, Query)> {
        let cores = self.cores.len();
        for at in (0..cores).map(|n| (self.next_core + n) % cores) {
            if !self.cores[at].can_be_served() {
                continue;
            }
            if let Some(request) = self.cores[at].requests.pop() {
                self.next_core = (at + 1) % cores;
                if let (What::Explain { .. }, Some((cty, feeds))) = (&request.what, &self.names) {
                    self.history.set_names(Names { cty: cty.load_full(), feeds: Arc::clone(feeds) });
                }
                return Some((at, Query::start(request, &self.history)));
            }
        }
        None
    }
}

impl CoreLink {
    fn can_be_served(&self) -> bool {
        !self.requests.is_empty() && self.replies.slots() > 0
    }
}

impl Agent for StoreAgent {
    fn name(&self) -> &str {
        "store"
    }

    fn turn(&mut self, now: Now) -> usize {
        let moved = self.keep(now) + self.answer();
        // Nobody rings when a core takes its answers, so a full ring is looked at by the clock.
        let is_stuck = self.cores.iter().any(|core| !core.requests.is_empty() && core.replies.slots() == 0);
        self.retry_at_ns = if is_stuck { now.mono_ns + RETRY_NS } else { u64::MAX };
        moved
    }

    fn has_work(&self) -> bool {
        !self.published.is_empty()
            || self.running.is_some()
            || self.cores.iter().any(CoreLink::can_be_served)
            || self.finished()
    }

    fn deadline_ns(&self) -> u64 {
        self.retry_at_ns
    }

    fn finished(&self) -> bool {
        self.published.is_finished()
            && self.running.is_none()
            && self.cores.iter().all(|core| core.requests.is_finished() || core.replies.is_abandoned())
    }
}
