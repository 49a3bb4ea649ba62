//! A core: one OS thread that gives its agents turns, and sleeps when none has work.

use super::{Agent, Bell, Control, Now, RealClock, Tokens};
use crate::measure::{Count, Gauge};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// The longest sleep. A lost wake-up (which the doorbell's model check excludes) would be a delay of
/// this much and a count in [`CoreStats::late_wakes`], not a hang; it also is the heartbeat's period.
pub const SLEEP_MAX: Duration = Duration::from_millis(100);
/// Events taken from the poll at once.
const EVENTS_MAX: usize = 1024;
/// Token of the core's own waker; no agent has this place.
const WAKER: mio::Token = mio::Token(usize::MAX);

/// Builds an agent on its core's thread, so that its memory is local to that CPU.
pub type AgentFactory = Box<dyn FnOnce(&CoreContext) -> io::Result<Box<dyn Agent>> + Send>;

/// What an agent gets from its core at birth.
pub struct CoreContext {
    /// For registering sockets.
    pub registry: mio::Registry,
    /// The agent's token range.
    pub tokens: Tokens,
    /// The core's bell, for mailboxes that are no edges.
    pub bell: Arc<Bell>,
}

/// How a core waits: how long it spins before it sleeps, in ns; 0 = sleeps at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdlePolicy {
    /// Spin time in ns.
    pub spin_ns: u64,
}

/// A core that has not started.
pub struct Core {
    name: String,
    poll: mio::Poll,
    bell: Arc<Bell>,
    stats: Arc<CoreStats>,
    agents: Vec<AgentFactory>,
}

impl Core {
    /// A core with its poll and its bell; agents come later, because edges need the bells first.
    ///
    /// # Errors
    /// When the kernel gives no epoll or eventfd descriptor.
    pub fn new(name: impl Into<String>) -> io::Result<Core> {
        let name = name.into();
        let poll = mio::Poll::new()?;
        let bell = Arc::new(Bell::new(mio::Waker::new(poll.registry(), WAKER)?));
        Ok(Core { stats: Arc::new(CoreStats::new(&name)), name, poll, bell, agents: Vec::new() })
    }
    /// The bell that wakes this core.
    pub fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }
    /// What is counted about this core.
    pub fn stats(&self) -> Arc<CoreStats> {
        Arc::clone(&self.stats)
    }
    /// Adds an agent; agents get their turns in the order of adding.
    pub fn add(&mut self, factory: AgentFactory) {
        self.agents.push(factory);
    }
    /// Starts the thread, pinned to `cpu` if given.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        self,
        cpu: Option<core_affinity::CoreId>,
        idle: IdlePolicy,
        clock: RealClock,
        control: Arc<Control>,
    ) -> io::Result<std::thread::JoinHandle<()>> {
        std::thread::Builder::new().name(self.name.clone()).spawn(move || {
            if let Some(cpu) = cpu
                && !core_affinity::set_for_current(cpu)
            {
                tracing::warn!(thread = %self.name, cpu = cpu.id, "pinning failed, running unpinned");
            }
            let name = self.name.clone();
            // Turns are guarded one by one; what panics beside them (an event, a look at the rings, a birth) must
            // not leave a node that lacks a thread and says nothing.
            if catch_unwind(AssertUnwindSafe(|| self.run(idle, clock, &control))).is_err() {
                control.fail(format!("{name}: {}", super::panics::last_panic()));
            }
        })
    }

    fn run(self, idle: IdlePolicy, mut clock: RealClock, control: &Control) {
        let Core { name, mut poll, bell, stats, agents: factories } = self;
        super::panics::this_thread_catches();
        let mut agents: Vec<Option<Box<dyn Agent>>> = Vec::with_capacity(factories.len());
        for (place, factory) in factories.into_iter().enumerate() {
            let made = poll
                .registry()
                .try_clone()
                .map(|registry| CoreContext { registry, tokens: Tokens::of_agent(place), bell: Arc::clone(&bell) })
                .and_then(|context| factory(&context));
            match made {
                Ok(agent) => agents.push(Some(agent)),
                Err(error) => {
                    control.fail(format!("{name}: an agent could not start: {error}"));
                    return;
                }
            }
        }
        control.born();
        let polls = agents.iter().flatten().any(|a| a.polls());
        let mut events = mio::Events::with_capacity(EVENTS_MAX);
        let mut idle_since: Option<u64> = None;
        let mut now = clock.now();
        loop {
            stats.heartbeat.set(now.mono_ns);
            let mut moved = 0;
            for slot in &mut agents {
                let Some(agent) = slot else { continue };
                match catch_unwind(AssertUnwindSafe(|| agent.turn(now))) {
                    Ok(n) => moved += n,
                    Err(_) => {
                        // Stages and sessions catch their own panics; what gets here is a broken agent.
                        control.fail(format!("{}: {}", agent.name(), super::panics::last_panic()));
                        return;
                    }
                }
                if agent.finished() {
                    *slot = None;
                }
            }
            if agents.iter().all(Option::is_none) {
                return;
            }
            let mut timeout = Duration::ZERO;
            let mut slept = false;
            let mut wait = polls;
            if moved > 0 {
                idle_since = None;
            } else if now.mono_ns.saturating_sub(*idle_since.get_or_insert(now.mono_ns)) >= idle.spin_ns {
                bell.sleeper().announce();
                if agents.iter().flatten().any(|a| a.has_work()) {
                    bell.sleeper().awake();
                } else {
                    let deadline = agents.iter().flatten().map(|a| a.deadline_ns()).min().unwrap_or(u64::MAX);
                    let before = clock.now();
                    stats.turn(before.mono_ns.saturating_sub(now.mono_ns));
                    now = before;
                    timeout = Duration::from_nanos(deadline.saturating_sub(now.mono_ns)).min(SLEEP_MAX);
                    slept = true;
                    wait = true;
                }
            } else {
                std::hint::spin_loop();
            }
            if wait {
                stats.sleeping.store(slept, Relaxed);
                match poll.poll(&mut events, Some(timeout)) {
                    Ok(()) => {}
                    // A profiler's signal is no event.
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        control.fail(format!("{name}: poll: {error}"));
                        return;
                    }
                }
            }
            let after = clock.now();
            if slept {
                // Asked before waking: what is pushed after that needs no bell.
                let overslept =
                    events.is_empty() && timeout == SLEEP_MAX && agents.iter().flatten().any(|a| a.has_work());
                let nobody_rang = bell.sleeper().awake();
                stats.sleeping.store(false, Relaxed);
                stats.slept_ns.add(after.mono_ns.saturating_sub(now.mono_ns));
                if overslept && nobody_rang {
                    stats.late_wakes.add(1);
                }
            } else {
                stats.turn(after.mono_ns.saturating_sub(now.mono_ns));
            }
            now = after;
            for event in events.iter() {
                if event.token() == WAKER {
                    continue;
                }
                let (place, local) = Tokens::split(event.token());
                if let Some(Some(agent)) = agents.get_mut(place) {
                    agent.ready(local, event);
                }
            }
            events.clear();
        }
    }
}

/// What is counted about a core. Written by its thread, read by reporters.
#[derive(Debug)]
pub struct CoreStats {
    name: String,
    /// Monotonic ns of the last turn: a turn comes at least every [`SLEEP_MAX`].
    pub heartbeat: Gauge,
    /// Whether it sleeps now.
    pub sleeping: AtomicBool,
    /// Nanoseconds slept.
    pub slept_ns: Count,
    /// Nanoseconds awake.
    pub busy_ns: Count,
    /// Turns.
    pub turns: Count,
    /// The longest turn in ns.
    pub turn_ns_max: Gauge,
    /// Turns by the binary logarithm of their ns.
    turns_by_log2_ns: [Count; 40],
    /// Sleeps that ended by their longest time although work waited and nobody rang. A producer caught
    /// between its push and its ring counts here too, so a few are chance; many mean a broken doorbell.
    pub late_wakes: Count,
}

impl CoreStats {
    fn new(name: &str) -> CoreStats {
        CoreStats {
            name: name.into(),
            heartbeat: Gauge::default(),
            sleeping: AtomicBool::new(false),
            slept_ns: Count::default(),
            busy_ns: Count::default(),
            turns: Count::default(),
            turn_ns_max: Gauge::default(),
            turns_by_log2_ns: std::array::from_fn(|_| Count::default()),
            late_wakes: Count::default(),
        }
    }
    /// The thread's name.
    pub fn name(&self) -> &str {
        &self.name
    }
    #[inline]
    fn turn(&self, ns: u64) {
        self.turns.add(1);
        self.busy_ns.add(ns);
        self.turn_ns_max.raise(ns);
        let log2 = (64 - ns.leading_zeros() as usize).min(39);
        self.turns_by_log2_ns[log2].add(1);
    }
    /// An upper bound in ns (a power of two, or the longest turn) that this share of the turns kept to.
    pub fn turn_ns_quantile(&self, quantile: f64) -> u64 {
        let counts: Vec<u64> = self.turns_by_log2_ns.iter().map(Count::get).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * quantile).ceil() as u64;
        let mut seen = 0;
        for (log2, n) in counts.iter().enumerate() {
            seen += n;
            if seen >= wanted.max(1) {
                return (1 << log2).min(self.turn_ns_max.get());
            }
        }
        0
    }
    /// Nanoseconds since the last turn.
    pub fn silent_ns(&self, now: Now) -> u64 {
        now.mono_ns.saturating_sub(self.heartbeat.get())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Consumer, edge};
    use super::*;
    use std::sync::mpsc;

    /// Adds up what comes through an edge and reports when it has everything.
    struct Adder {
        input: Consumer<u64>,
        sum: u64,
        done: mpsc::Sender<u64>,
    }
    impl Agent for Adder {
        fn name(&self) -> &str {
            "adder"
        }
        fn turn(&mut self, _now: Now) -> usize {
            let mut n = 0;
            while let Some(item) = self.input.pop() {
                self.sum += item;
                n += 1;
            }
            if self.input.is_finished() {
                let _ = self.done.send(self.sum);
            }
            n
        }
        fn has_work(&self) -> bool {
            !self.input.is_empty() || self.input.is_abandoned()
        }
        fn finished(&self) -> bool {
            self.input.is_finished()
        }
        fn polls(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_sleeping_core_is_woken_by_every_batch_and_ends_with_its_input() {
        let mut core = Core::new("test core").unwrap();
        let (mut tx, rx) = edge("test", 8, core.bell());
        let (done_tx, done) = mpsc::channel();
        core.add(Box::new(move |_| Ok(Box::new(Adder { input: rx, sum: 0, done: done_tx }))));
        let stats = core.stats();
        let control = Arc::new(Control::new());
        let thread = core.start(None, IdlePolicy { spin_ns: 0 }, RealClock::start(), Arc::clone(&control)).unwrap();
        let mut want = 0;
        for i in 1..=2000u64 {
            want += i;
            while tx.push(i).is_err() {
                tx.announce();
                std::thread::yield_now();
            }
            tx.announce();
        }
        drop(tx);
        assert_eq!(done.recv_timeout(Duration::from_secs(10)), Ok(want));
        thread.join().unwrap();
        assert!(stats.turns.get() > 0);
        assert!(control.failure().is_none());
    }

    #[test]
    fn a_panic_that_no_one_catches_is_a_failure_of_the_node_not_a_silent_thread() {
        /// Panics in its turn, or when it is asked for work.
        struct Bad {
            in_turn: bool,
        }
        impl Agent for Bad {
            fn name(&self) -> &str {
                "bad"
            }
            fn turn(&mut self, _: Now) -> usize {
                assert!(!self.in_turn, "broken agent");
                0
            }
            fn has_work(&self) -> bool {
                panic!("broken agent");
            }
            fn finished(&self) -> bool {
                false
            }
        }
        for in_turn in [true, false] {
            let mut core = Core::new("bad core").unwrap();
            core.add(Box::new(move |_| Ok(Box::new(Bad { in_turn }))));
            let control = Arc::new(Control::new());
            let thread = core.start(None, IdlePolicy { spin_ns: 0 }, RealClock::start(), Arc::clone(&control)).unwrap();
            thread.join().unwrap();
            assert!(control.failure().unwrap().contains("bad"));
        }
    }
}
