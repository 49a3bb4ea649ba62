//! What the supervisor tells every agent, and what agents tell it, beside the rings.

use crate::spot::{Call, Spot};
use crossbeam::queue::ArrayQueue;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// Panicked spots kept for the operator.
pub const QUARANTINE_MAX: usize = 64;
/// Panics of one input within a minute that turn it off.
pub const PANICS_PER_MINUTE_MAX: usize = 10;

/// Shared by all agents of a node.
#[derive(Debug)]
pub struct Control {
    draining: AtomicBool,
    /// Inputs turned off, by feed index; [`Spot::FEED_POSTS`] is the last.
    inputs_off: [AtomicBool; 256],
    quarantine: ArrayQueue<Quarantined>,
    /// Stages whose windows are not warm, until when. Touched after a panic and by reporters only.
    degraded: Mutex<Vec<(String, u64)>>,
    failure: Mutex<Option<String>>,
    /// Threads whose agents are still being built.
    unborn: AtomicUsize,
}

impl Default for Control {
    fn default() -> Self {
        Self::new()
    }
}

impl Control {
    /// Everything runs.
    pub fn new() -> Control {
        Control {
            draining: AtomicBool::new(false),
            inputs_off: std::array::from_fn(|_| AtomicBool::new(false)),
            quarantine: ArrayQueue::new(QUARANTINE_MAX),
            degraded: Mutex::new(Vec::new()),
            failure: Mutex::new(None),
            unborn: AtomicUsize::new(0),
        }
    }
    /// So many threads will be started with this control: none turns before all have built their agents, so that the
    /// first users cannot take the descriptors that a later agent needs.
    pub fn expect_births(&self, threads: usize) {
        self.unborn.store(threads, Relaxed);
    }
    /// A thread has built its agents. Returns when all have, or when one failed.
    pub(super) fn born(&self) {
        /// A start takes milliseconds; nobody waits anywhere else.
        const LOOK: std::time::Duration = std::time::Duration::from_millis(1);
        let _ = self.unborn.fetch_update(Relaxed, Relaxed, |unborn| unborn.checked_sub(1));
        while self.unborn.load(Relaxed) > 0 && !self.is_draining() {
            std::thread::park_timeout(LOOK);
        }
    }
    /// Starts the drain: inputs stop, and being finished moves down the road from there.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }
    /// Whether the drain has begun.
    #[inline]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
    /// Turns an input off.
    pub fn turn_off_input(&self, feed: u8) {
        self.inputs_off[usize::from(feed)].store(true, Relaxed);
    }
    /// Whether an input is off: its spots end as [`crate::measure::Reason::InputOff`].
    #[inline]
    pub fn is_input_off(&self, feed: u8) -> bool {
        self.inputs_off[usize::from(feed)].load(Relaxed)
    }
    /// Says that a stage was rebuilt and answers worse than usual until `until_ns`.
    pub fn degrade(&self, stage: &str, until_ns: u64) {
        let mut list = lock(&self.degraded);
        list.retain(|(s, _)| s != stage);
        list.push((stage.into(), until_ns));
    }
    /// The stages that are not warm at this moment.
    pub fn degraded(&self, now_ns: u64) -> Vec<String> {
        let mut list = lock(&self.degraded);
        list.retain(|(_, until)| *until > now_ns);
        list.iter().map(|(stage, _)| stage.clone()).collect()
    }
    /// Something broke that cannot be rebuilt: the node goes down in order and exits with a failure.
    /// The first report wins.
    pub fn fail(&self, why: String) {
        lock(&self.failure).get_or_insert(why);
        self.drain();
    }
    /// Why the node goes down, if it failed.
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }
    /// Puts a panicked spot away for the operator; the oldest makes room.
    pub fn quarantine(&self, spot: Quarantined) {
        self.quarantine.force_push(spot);
    }
    /// Takes the quarantined spots out, oldest first.
    pub fn take_quarantined(&self) -> Vec<Quarantined> {
        std::iter::from_fn(|| self.quarantine.pop()).collect()
    }
}

/// A panic while one of these tiny sections ran leaves data that is still whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A spot that made a stage panic.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// The stage.
    pub stage: String,
    /// The spot as the stage got it.
    pub spot: Spot,
    /// Message and stack of the panic.
    pub panic: String,
    /// When, in monotonic ns.
    pub at_ns: u64,
}

/// An injected fault of one stage: panics on every spot of one DX call. None in normal life.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultPoint {
    call: Option<Call>,
}

impl FaultPoint {
    /// The fault configured for a stage, if any.
    pub fn new(call: Option<Call>) -> FaultPoint {
        FaultPoint { call }
    }
    /// Panics if this spot is the one.
    ///
    /// # Panics
    /// On purpose.
    #[inline]
    pub fn trip(&self, call: &Call) {
        if self.call.is_some_and(|c| c == *call) {
            panic!("injected fault on {call}");
        }
    }
}
