//! The scheduler's own part of a latency: a thread that only sleeps, and how late it wakes.

use super::clock::Clock;
use super::rig::os;
use super::users;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

/// It means to wake a thousand times a second: a sleep and a clock read each, about 1 % of a core.
const EVERY_NS: u64 = 1_000_000;

/// A running probe.
pub struct Probe {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Histogram<u32>>,
}

impl Probe {
    /// Starts it. It has the priority of every other thread, and the timer slack of the feed side (1 µs).
    pub fn start(clock: Clock) -> Result<Probe, String> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::Builder::new()
            .name("noise".into())
            .spawn(move || wake_and_look(&clock, &told))
            .map_err(|e| format!("probe: {e}"))?;
        Ok(Probe { stop, thread })
    }

    /// Ends it: how late it woke, in µs. What it slept through counts once for every wake that it missed, else
    /// a stall of 50 ms would be one value among fifty good ones that never were.
    pub fn finish(self) -> Result<Histogram<u32>, String> {
        self.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| "the probe panicked".into())
    }
}

fn wake_and_look(clock: &Clock, stop: &AtomicBool) -> Histogram<u32> {
    os::sharpen_sleep();
    let mut late_us = users::empty_latency();
    let mut due_ns = clock.now_ns() + EVERY_NS;
    while !stop.load(Relaxed) {
        let now_ns = clock.now_ns();
        if now_ns < due_ns {
            std::thread::sleep(Duration::from_nanos(due_ns - now_ns));
            continue;
        }
        while due_ns <= now_ns {
            late_us.saturating_record((now_ns - due_ns) / 1000);
            due_ns += EVERY_NS;
        }
    }
    late_us
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wakes_a_thousand_times_a_second() {
        let clock = Clock::start();
        let probe = Probe::start(clock).unwrap();
        while clock.now_ns() < 100_000_000 {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        let late_us = probe.finish().unwrap();
        assert!((80..=1_000).contains(&late_us.len()), "{}", late_us.len());
    }
}
