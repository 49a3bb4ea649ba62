//! How long lines of busy users gather before they are sent.

/// Share of its time that a core may spend in sends while the gap is short. A send costs some 5 to 10 µs whatever
/// its size, so with few users a millisecond of gathering saves half a core and doubles the delay: short gaps
/// are for the delay, a tenth of the core stays for everything else.
const LOAD_SHORT: f32 = 0.90;
/// The same for long gaps: with many users a pass alone takes milliseconds, and gathering for half a pass more
/// costs little delay and spares much CPU.
const LOAD_LONG: f32 = 0.60;
/// Above this a core counts as full.
const LOAD_FULL: f32 = 0.97;
/// Gaps up to here are short.
const SHORT_NS: f32 = 1_000_000.0;
/// Gaps from here on are long.
const LONG_NS: f32 = 8_000_000.0;
/// The gap that a core begins with when it finds itself too busy.
const FIRST_NS: f32 = 50_000.0;
/// The most that one look changes the gap, by multiplication and by division.
const STEP_MAX: f32 = 2.0;
/// The load is looked at so often.
const WINDOW_NS: u64 = 20_000_000;

/// The adaptive gap: from the begin of one pass over the users to the next.
///
/// A pass of `p` ns every `gap` ns is a load of `p / gap`, so the gap at which the load is `target` is
/// `gap × load / target`, and one look finds it as long as passes do not overlap; a core that is full doubles
/// the gap from look to look until it is not. At 100 users it settles at 1.1 passes, at 1,000 at 1.6.
#[derive(Debug)]
pub(super) struct Pacing {
    gap_max_ns: u64,
    gap_ns: u64,
    load: f32,
    window_from_ns: u64,
    busy_ns: u64,
}

impl Pacing {
    pub(super) fn new(gap_max_ms: u32) -> Pacing {
        Pacing { gap_max_ns: u64::from(gap_max_ms) * 1_000_000, gap_ns: 0, load: 0.0, window_from_ns: 0, busy_ns: 0 }
    }
    /// Once per turn, with the turn's time.
    pub(super) fn turn(&mut self, now_ns: u64) {
        let elapsed = now_ns.saturating_sub(self.window_from_ns);
        if elapsed < WINDOW_NS {
            return;
        }
        let load = (self.busy_ns as f32 / elapsed as f32).min(1.0);
        let quiet = elapsed > 8 * WINDOW_NS;
        self.load = if quiet { load } else { (self.load + load) / 2.0 };
        self.window_from_ns = now_ns;
        self.busy_ns = 0;
        if quiet {
            // A quiet time longer than a few windows forgets the past altogether.
            self.gap_ns = 0;
            return;
        }
        let gap_ns = self.gap_ns as f32;
        // A full core does not tell how far too short the gap is.
        let factor = if load > LOAD_FULL { STEP_MAX } else { (load / target(gap_ns)).clamp(1.0 / STEP_MAX, STEP_MAX) };
        let wanted_ns = if factor > 1.0 { gap_ns.max(FIRST_NS) * factor } else { gap_ns * factor };
        self.gap_ns = if wanted_ns < FIRST_NS { 0 } else { (wanted_ns as u64).min(self.gap_max_ns) };
    }
    /// So long went into sends.
    pub(super) fn spent(&mut self, ns: u64) {
        self.busy_ns += ns;
    }
    /// The gap now.
    pub(super) fn gap_ns(&self) -> u64 {
        self.gap_ns
    }
    /// Share of the time in sends, 0 to 1.
    pub(super) fn load(&self) -> f32 {
        self.load
    }
}

/// The load wanted at a gap.
fn target(gap_ns: f32) -> f32 {
    let long = ((gap_ns - SHORT_NS) / (LONG_NS - SHORT_NS)).clamp(0.0, 1.0);
    LOAD_SHORT + (LOAD_LONG - LOAD_SHORT) * long
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one second of turns in which lines always wait, a pass over `users` costs 5 µs each and begins as
    /// soon as the gap allows. Returns gap and load.
    fn settle(users: u64) -> (u64, f32) {
        let mut pacing = Pacing::new(20);
        let (mut now, mut next) = (0, 0);
        while now < 1_000_000_000 {
            pacing.turn(now);
            if now >= next {
                next = now + pacing.gap_ns();
                now += users * 5_000;
                pacing.spent(users * 5_000);
            } else {
                now = next;
            }
        }
        (pacing.gap_ns(), pacing.load())
    }

    #[test]
    fn the_gap_follows_the_length_of_a_pass() {
        for (users, gap_us, load) in
            [(10, 50..=70, 0.75..=0.95), (100, 520..=650, 0.80..=0.95), (1_000, 7_000..=9_000, 0.55..=0.75)]
        {
            let (gap_ns, settled) = settle(users);
            assert!(gap_us.contains(&(gap_ns / 1_000)), "{users} users: {gap_ns} ns");
            assert!(load.contains(&settled), "{users} users: {settled}");
        }
        assert_eq!(settle(20_000).0, 20_000_000, "no longer than configured");
    }

    #[test]
    fn who_is_not_busy_sends_at_once() {
        let mut pacing = Pacing::new(20);
        // 1,000 spots/s to 100 users: half the time in sends.
        for turn in 1..1_000 {
            pacing.spent(500_000);
            pacing.turn(turn * 1_000_000);
        }
        assert_eq!(pacing.gap_ns(), 0);
        assert!(pacing.load() > 0.45);
    }

    #[test]
    fn quiet_forgets() {
        let mut pacing = Pacing::new(20);
        for turn in 1..60 {
            pacing.spent(20_000_000);
            pacing.turn(turn * 20_000_000);
        }
        assert!(pacing.gap_ns() > 19_000_000);
        pacing.turn(2_000_000_000);
        assert_eq!(pacing.gap_ns(), 0, "an idle user is sent to at once");
    }
}
