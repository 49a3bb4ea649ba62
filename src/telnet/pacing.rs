//! How long lines of busy users gather before they are sent.

/// Share of the time in sends below which nothing gathers.
const LOAD_FREE: f32 = 0.10;
/// Share of the time in sends at which lines gather for the whole configured gap.
const LOAD_FULL: f32 = 0.50;
/// Share of the way to the wanted gap that one look goes. With few users a gap of half a millisecond
/// already ends the load that asked for it (its slope there is about -10), so a step must stay below
/// 2/11 or the gap swings between nothing and all of it.
const STEP: f32 = 0.125;
/// A gap smaller than this that nobody wants is none.
const STEP_DOWN_NS: u64 = 100_000;
/// The load is looked at so often.
const WINDOW_NS: u64 = 20_000_000;

/// The adaptive gap. A send costs some 5 µs whatever its size, so the more of its time the core
/// spends in sends, the longer it lets lines gather: sends become fewer and larger, the load falls,
/// and both settle. At 1,000 users and 5,000 lines/s: about 13 ms, 37 % of a core, 65 lines a send.
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
        // A quiet time longer than a few windows forgets the past altogether.
        self.load = if elapsed > 8 * WINDOW_NS { load } else { (self.load + load) / 2.0 };
        self.window_from_ns = now_ns;
        self.busy_ns = 0;
        let share = ((self.load - LOAD_FREE) / (LOAD_FULL - LOAD_FREE)).clamp(0.0, 1.0);
        let wanted_ns = self.gap_max_ns as f32 * share;
        if wanted_ns < 1.0 && (elapsed > 8 * WINDOW_NS || self.gap_ns < STEP_DOWN_NS) {
            self.gap_ns = 0;
        } else {
            self.gap_ns = (self.gap_ns as f32 + (wanted_ns - self.gap_ns as f32) * STEP).max(0.0) as u64;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one second of turns in which a pass over `users` costs 5 µs each and begins as soon as the gap allows.
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
    fn few_users_wait_little_and_many_do_not_drown_the_core() {
        let (gap, load) = settle(10);
        assert!(gap < 1_000_000 && load < 0.6, "{gap} {load}");
        let (gap, load) = settle(1_000);
        assert!((8_000_000..=20_000_000).contains(&gap) && load < 0.5, "{gap} {load}");
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
