//! A band played against a clock that somebody else reads.

use super::{Band, TruthRow};
use crate::config::Profile;
use crate::engine::Now;
use crate::spot::Utc;

/// Most lines of one call, so that a burst does not hold a core's turn.
const LINES_PER_CALL_MAX: usize = 2_048;
/// Lines older than this when the clock comes by are skipped: after a suspended machine wakes, an
/// hour of lines at once helps nobody.
const LAG_MS_MAX: i64 = 30_000;

/// Feeds the lines of a [`Band`] to a node, in step with the node's clock.
///
/// The shape of `parse`'s line source: ask [`Simulator::next_due_ns`], call [`Simulator::lines`]
/// then. The band's clock is the node's UTC at the start and moves with the monotonic clock.
pub struct Simulator {
    band: Band,
    start: Utc,
    origin_ns: u64,
    speed: f64,
    skipped: u64,
}

impl Simulator {
    /// A band of the given profile that begins now.
    pub fn new(seed: u64, profile: Profile, rate: f64, now: Now) -> Simulator {
        Simulator::of(Band::new(seed, profile, rate, now.utc), now.utc, 1.0, now)
    }

    /// Plays a band whose clock shows `start` now and runs `speed` times as fast as ours.
    pub fn of(band: Band, start: Utc, speed: f64, now: Now) -> Simulator {
        Simulator { band, start, origin_ns: now.mono_ns, speed: speed.clamp(0.001, 1e6), skipped: 0 }
    }

    /// When [`Simulator::lines`] has something to say, on the clock of `Now::mono_ns`. May lie in
    /// the past after a call that stopped at its bound.
    pub fn next_due_ns(&self) -> u64 {
        let ahead_ms = (self.band.next_at().ms() - self.start.ms()).max(0) as u64;
        if self.speed == 1.0 {
            return self.origin_ns + ahead_ms * 1_000_000;
        }
        self.origin_ns + (ahead_ms as f64 * 1_000_000.0 / self.speed) as u64
    }

    /// When the next line is due, on the band's clock.
    pub fn next_at(&self) -> Utc {
        self.band.next_at()
    }

    /// Hands over every line that is due, without line ends, at most 2,048 a call.
    pub fn lines(&mut self, now: Now, on_line: &mut dyn FnMut(&[u8])) {
        self.lines_with_truth(now, &mut |line, _| on_line(line));
    }

    /// [`Simulator::lines`] with the truth about each.
    pub fn lines_with_truth(&mut self, now: Now, on_line: &mut dyn FnMut(&[u8], &TruthRow)) {
        let clock = self.band_clock(now);
        for _ in 0..LINES_PER_CALL_MAX {
            let at = self.band.next_at().ms();
            if at > clock.ms() {
                return;
            }
            // Lag counts in the listener's time, not the band's.
            if ((clock.ms() - at) as f64) > LAG_MS_MAX as f64 * self.speed.max(1.0) {
                self.skipped += 1;
                self.band.next(|_, _| ());
            } else {
                self.band.next(|line, row| on_line(line, row));
            }
        }
    }

    /// Lines left out because the clock came by more than 30 s late.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn band_clock(&self, now: Now) -> Utc {
        let passed_ns = now.mono_ns.saturating_sub(self.origin_ns);
        let passed_ms =
            if self.speed == 1.0 { passed_ns / 1_000_000 } else { (passed_ns as f64 * self.speed / 1e6) as u64 };
        Utc::from_ms(self.start.ms() + passed_ms as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::TestClock;

    #[test]
    fn lines_come_when_due_and_not_before() {
        let mut clock = TestClock::at(Utc::from_civil(2026, 11, 24, 18, 0, 0));
        let mut simulator = Simulator::new(1, Profile::Quiet, 1.0, clock.now());
        let mut lines = 0u64;
        for _ in 0..1_000 {
            let due = simulator.next_due_ns();
            let ahead_ms = due.saturating_sub(clock.now().mono_ns) / 1_000_000;
            if ahead_ms > 1 {
                clock.advance_ms(ahead_ms - 1);
                simulator.lines(clock.now(), &mut |_| panic!("too early"));
            }
            clock.advance_ms(ahead_ms.min(1));
            let before = lines;
            simulator.lines(clock.now(), &mut |_| lines += 1);
            assert!(lines > before && simulator.next_due_ns() > clock.now().mono_ns);
        }
        assert_eq!(simulator.skipped(), 0);
    }

    #[test]
    fn a_long_sleep_skips_what_nobody_wants() {
        let mut clock = TestClock::at(Utc::from_civil(2026, 11, 24, 18, 0, 0));
        let mut simulator = Simulator::new(1, Profile::Quiet, 1.0, clock.now());
        clock.advance_ms(3_600_000);
        let mut lines = 0u64;
        while simulator.next_due_ns() <= clock.now().mono_ns {
            simulator.lines(clock.now(), &mut |_| lines += 1);
        }
        assert!(lines > 20 && lines < 1_000, "{lines}");
        assert!(simulator.skipped() > 5_000, "{}", simulator.skipped());
    }
}
