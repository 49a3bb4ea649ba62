//! Time as an argument.

use crate::spot::Utc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time of one turn: read once, passed down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Monotonic nanoseconds since the node's start; comparable between threads.
    pub mono_ns: u64,
    /// Wall clock.
    pub utc: Utc,
}

impl Now {
    /// `mono_ns` in whole milliseconds.
    pub fn mono_ms(self) -> u64 {
        self.mono_ns / 1_000_000
    }
}

/// The real clock. All copies share one origin, so readings from different threads compare.
#[derive(Clone, Debug)]
pub struct RealClock {
    origin: Instant,
    utc_at_origin_ms: i64,
    next_sync_ns: u64,
    /// UTC seconds per monotonic second.
    rate: f64,
}

impl RealClock {
    /// Starts counting.
    pub fn start() -> RealClock {
        let mut clock = RealClock { origin: Instant::now(), utc_at_origin_ms: 0, next_sync_ns: 0, rate: 1.0 };
        clock.now();
        clock
    }
    /// Starts counting on a capture's clock: UTC begins at `from` and runs `rate` times as fast as the
    /// monotonic clock, which stays real. The system's UTC is not asked.
    pub fn playing(from: Utc, rate: f64) -> RealClock {
        RealClock { origin: Instant::now(), utc_at_origin_ms: from.ms(), next_sync_ns: u64::MAX, rate }
    }
    /// One clock read; the wall clock is read again once a second, so that NTP steps come through.
    #[inline]
    pub fn now(&mut self) -> Now {
        let mono_ns = self.origin.elapsed().as_nanos() as u64;
        if mono_ns >= self.next_sync_ns {
            self.next_sync_ns = mono_ns + 1_000_000_000;
            let utc_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
            self.utc_at_origin_ms = utc_ms - (mono_ns / 1_000_000) as i64;
        }
        let passed_ms = mono_ns / 1_000_000;
        let passed_ms = if self.rate == 1.0 { passed_ms as i64 } else { (passed_ms as f64 * self.rate) as i64 };
        Now { mono_ns, utc: Utc::from_ms(self.utc_at_origin_ms + passed_ms) }
    }
}

/// A clock that moves when told: for tests and replay.
#[derive(Clone, Copy, Debug)]
pub struct TestClock {
    now: Now,
}

impl TestClock {
    /// At a moment; the monotonic clock starts at 1 s.
    pub fn at(utc: Utc) -> TestClock {
        TestClock { now: Now { mono_ns: 1_000_000_000, utc } }
    }
    /// The time.
    pub fn now(&self) -> Now {
        self.now
    }
    /// Moves both clocks forward.
    pub fn advance_ms(&mut self, ms: u64) {
        self.now.mono_ns += ms * 1_000_000;
        self.now.utc = Utc::from_ms(self.now.utc.ms() + ms as i64);
    }
    /// Moves both clocks to a UTC moment; never backwards.
    pub fn advance_to(&mut self, utc: Utc) {
        self.advance_ms((utc.ms() - self.now.utc.ms()).max(0) as u64);
    }
}
