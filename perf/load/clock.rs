//! One monotonic clock for all threads of the rig.

use std::time::{Duration, Instant};

/// Counts ns from its creation; copies share the origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts counting.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }
    /// Ns since the start.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// Sleeps `ms` milliseconds.
pub fn pause_ms(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
