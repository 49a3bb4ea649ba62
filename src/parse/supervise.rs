//! When to connect, when to give up, how long to wait: one feed's life, without a socket or a clock.

use super::stats::{Failure, FeedState, FeedStats};
use crate::engine::Now;
use std::sync::Arc;

/// Longest wait for a host name, and for a connection to stand, in seconds each.
pub const CONNECT_TIMEOUT_S: u64 = 30;
/// Waits between attempts, in seconds; the last one repeats. Each is stretched by up to ±25 %.
pub const BACK_OFF_S: [u64; 5] = [5, 10, 20, 40, 60];
/// Jitter of a wait, in percent to either side, so that a thousand nodes do not come back at once.
pub const BACK_OFF_JITTER_PERCENT: u64 = 25;
/// A connection is healthy when it was logged in for so long and a line came; only then does the
/// back-off begin anew.
pub const HEALTHY_S: u64 = 60;

const S: u64 = 1_000_000_000;

/// What the supervisor wants done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Nothing now.
    Nothing,
    /// Start an attempt: look the host up if need be, connect.
    Connect,
    /// Give this attempt up ([`Supervisor::failed`] was not called for it yet).
    GiveUp(Failure),
}

/// One feed from its first attempt on.
#[derive(Debug)]
pub struct Supervisor {
    stats: Arc<FeedStats>,
    state: FeedState,
    /// When the state's patience ends, in monotonic ns.
    deadline_ns: u64,
    streaming_since_ns: u64,
    line_came: bool,
    /// Index of the next wait in [`BACK_OFF_S`].
    step: usize,
    rng: fastrand::Rng,
    stopped: bool,
}

impl Supervisor {
    /// Wants to connect at once. `seed` feeds the jitter.
    pub fn new(stats: Arc<FeedStats>, seed: u64) -> Supervisor {
        Supervisor {
            stats,
            state: FeedState::Off,
            deadline_ns: 0,
            streaming_since_ns: 0,
            line_came: false,
            step: 0,
            rng: fastrand::Rng::with_seed(seed),
            stopped: false,
        }
    }

    /// Where the feed stands.
    pub fn state(&self) -> FeedState {
        self.state
    }

    /// What is to be done now. After [`Wish::Connect`] call [`Supervisor::resolving`] or
    /// [`Supervisor::connecting`]; after [`Wish::GiveUp`] call [`Supervisor::failed`].
    pub fn wish(&self, now: Now) -> Wish {
        if self.stopped || now.mono_ns < self.deadline_ns {
            return Wish::Nothing;
        }
        match self.state {
            FeedState::Off | FeedState::BackingOff => Wish::Connect,
            FeedState::Resolving => Wish::GiveUp(Failure::Lookup),
            FeedState::Connecting => Wish::GiveUp(Failure::ConnectTimeout),
            // From here on the connection has its own deadlines.
            FeedState::LoggingIn | FeedState::Streaming => Wish::Nothing,
        }
    }

    /// When [`Supervisor::wish`] changes by itself, in monotonic ns; `u64::MAX` for never.
    pub fn deadline_ns(&self) -> u64 {
        match self.state {
            _ if self.stopped => u64::MAX,
            FeedState::LoggingIn | FeedState::Streaming => u64::MAX,
            _ => self.deadline_ns,
        }
    }

    /// A look-up is under way.
    pub fn resolving(&mut self, now: Now) {
        self.enter(FeedState::Resolving, now.mono_ns + CONNECT_TIMEOUT_S * S);
    }
    /// A connection is under way.
    pub fn connecting(&mut self, now: Now) {
        self.enter(FeedState::Connecting, now.mono_ns + CONNECT_TIMEOUT_S * S);
    }
    /// The connection stands.
    pub fn connected(&mut self) {
        self.stats.connects.add(1);
        self.line_came = false;
        self.enter(FeedState::LoggingIn, u64::MAX);
        tracing::info!(feed = %self.stats.name, "connected");
    }
    /// Logged in.
    pub fn logged_in(&mut self, now: Now) {
        self.streaming_since_ns = now.mono_ns;
        self.enter(FeedState::Streaming, u64::MAX);
        tracing::info!(feed = %self.stats.name, "logged in");
    }
    /// A line came after log-in.
    #[inline]
    pub fn line_came(&mut self) {
        self.line_came = true;
    }
    /// An attempt or a connection ended: counts it and waits.
    pub fn failed(&mut self, now: Now, reason: Failure, text: &str) {
        let healthy = self.state == FeedState::Streaming
            && self.line_came
            && now.mono_ns.saturating_sub(self.streaming_since_ns) >= HEALTHY_S * S;
        if healthy {
            self.step = 0;
        }
        let wait_ms = BACK_OFF_S[self.step] * 1000;
        let percent = self.rng.u64(100 - BACK_OFF_JITTER_PERCENT..=100 + BACK_OFF_JITTER_PERCENT);
        let wait_ms = wait_ms * percent / 100;
        self.step = (self.step + 1).min(BACK_OFF_S.len() - 1);
        self.line_came = false;
        self.stats.fail(reason, text);
        self.enter(FeedState::BackingOff, now.mono_ns + wait_ms * 1_000_000);
        tracing::warn!(
            feed = %self.stats.name, reason = reason.name(), wait_s = wait_ms as f64 / 1000.0, "{text}; next attempt after the wait"
        );
    }
    /// No more attempts.
    pub fn stop(&mut self) {
        if !self.stopped {
            self.stopped = true;
            self.enter(FeedState::Off, u64::MAX);
            tracing::info!(feed = %self.stats.name, "stopped");
        }
    }

    fn enter(&mut self, state: FeedState, deadline_ns: u64) {
        self.state = state;
        self.deadline_ns = deadline_ns;
        self.stats.set_state(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FeedKind;
    use crate::engine::TestClock;
    use crate::spot::Utc;

    fn one(seed: u64) -> (Supervisor, Arc<FeedStats>, TestClock) {
        let stats = Arc::new(FeedStats::new("rbn", 0, Some(FeedKind::Rbn)));
        (Supervisor::new(Arc::clone(&stats), seed), stats, TestClock::at(Utc::from_secs(1_700_000_000)))
    }

    /// Milliseconds until the next attempt is wanted.
    fn wait_ms(s: &Supervisor, clock: &TestClock) -> u64 {
        (s.deadline_ns() - clock.now().mono_ns) / 1_000_000
    }

    #[test]
    fn waits_double_with_jitter_and_stay_at_a_minute() {
        let (mut s, stats, mut clock) = one(7);
        assert_eq!(s.wish(clock.now()), Wish::Connect, "from the first attempt on");
        for round in 0..8 {
            let base = BACK_OFF_S[round.min(4)] * 1000;
            s.connecting(clock.now());
            s.failed(clock.now(), Failure::Connect, "refused");
            let wait = wait_ms(&s, &clock);
            assert!(wait >= base * 3 / 4 && wait <= base * 5 / 4, "round {round}: {wait} ms");
            assert_eq!(s.wish(clock.now()), Wish::Nothing);
            clock.advance_ms(wait);
            assert_eq!(s.wish(clock.now()), Wish::Connect);
        }
        assert_eq!(stats.failures(Failure::Connect), 8);
        assert!(stats.last_error().is_some_and(|e| e.contains("refused")));
    }

    #[test]
    fn only_a_healthy_minute_resets_the_wait() {
        let (mut s, _, mut clock) = one(3);
        let fall = |s: &mut Supervisor, clock: &mut TestClock, streamed_ms: u64, line: bool| {
            s.connecting(clock.now());
            s.connected();
            s.logged_in(clock.now());
            if line {
                s.line_came();
            }
            clock.advance_ms(streamed_ms);
            s.failed(clock.now(), Failure::Closed, "closed");
            let wait = wait_ms(s, clock);
            clock.advance_ms(wait);
            wait
        };
        for _ in 0..4 {
            fall(&mut s, &mut clock, 100, true);
        }
        assert!(fall(&mut s, &mut clock, 59_000, true) >= 45_000, "too short to be healthy");
        assert!(fall(&mut s, &mut clock, 120_000, false) >= 45_000, "no line came");
        assert!(fall(&mut s, &mut clock, 60_000, true) <= 6_250, "healthy");
    }

    #[test]
    fn an_attempt_that_hangs_is_given_up() {
        let (mut s, _, mut clock) = one(1);
        s.resolving(clock.now());
        clock.advance_ms(CONNECT_TIMEOUT_S * 1000 - 1);
        assert_eq!(s.wish(clock.now()), Wish::Nothing);
        clock.advance_ms(1);
        assert_eq!(s.wish(clock.now()), Wish::GiveUp(Failure::Lookup));
        s.connecting(clock.now());
        clock.advance_ms(CONNECT_TIMEOUT_S * 1000);
        assert_eq!(s.wish(clock.now()), Wish::GiveUp(Failure::ConnectTimeout));
    }

    #[test]
    fn a_stopped_feed_wants_nothing() {
        let (mut s, stats, mut clock) = one(1);
        s.stop();
        clock.advance_ms(1_000_000);
        assert_eq!(s.wish(clock.now()), Wish::Nothing);
        assert_eq!(s.deadline_ns(), u64::MAX);
        assert_eq!(stats.state(), FeedState::Off);
    }

    #[test]
    fn the_same_seed_waits_the_same() {
        let waits = |seed| {
            let (mut s, _, clock) = one(seed);
            (0..6)
                .map(|_| {
                    s.failed(clock.now(), Failure::Connect, "x");
                    wait_ms(&s, &clock)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(11), waits(11));
        assert_ne!(waits(11), waits(12));
    }
}
