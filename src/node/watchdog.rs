//! Looks whether every core still takes turns.

use crate::engine::{CoreStats, EdgeStats, Now};
use std::sync::Arc;

/// A core without a turn for so long is stalled: its sleeps end after 100 ms at the latest.
pub const STALL_NS: u64 = 5_000_000_000;
/// A stall is said again after so long.
const REPEAT_NS: u64 = 60_000_000_000;

/// The watchdog; asked about once a second by the main thread.
pub struct Watchdog {
    cores: Vec<Arc<CoreStats>>,
    edges: Vec<Arc<EdgeStats>>,
    said_at_ns: Vec<Option<u64>>,
}

impl Watchdog {
    /// Watches these cores; `edges` are named with their levels when one stalls.
    pub fn new(cores: Vec<Arc<CoreStats>>, edges: Vec<Arc<EdgeStats>>) -> Watchdog {
        Watchdog { said_at_ns: vec![None; cores.len()], cores, edges }
    }

    /// The lines to log now: new stalls, stalls that last, recoveries.
    pub fn look(&mut self, now: Now) -> Vec<String> {
        let mut lines = Vec::new();
        for (core, said) in self.cores.iter().zip(&mut self.said_at_ns) {
            let silent_ns = core.silent_ns(now);
            if silent_ns < STALL_NS {
                if said.take().is_some() {
                    lines.push(format!("thread {} takes turns again", core.name()));
                }
                continue;
            }
            if said.is_some_and(|at| now.mono_ns.saturating_sub(at) < REPEAT_NS) {
                continue;
            }
            *said = Some(now.mono_ns);
            let levels: Vec<String> = self
                .edges
                .iter()
                .filter(|e| e.level() > 0)
                .map(|e| format!("{} {}/{}", e.name(), e.level(), e.capacity()))
                .collect();
            let rings = if levels.is_empty() { "all rings are empty".into() } else { levels.join(", ") };
            lines.push(format!(
                "thread {} has taken no turn for {} s; rings: {rings}",
                core.name(),
                silent_ns / 1_000_000_000
            ));
        }
        lines
    }

    /// Whether some core is stalled.
    pub fn is_stalled(&self) -> bool {
        self.said_at_ns.iter().any(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Bell, Core, TestClock, edge};
    use crate::spot::Utc;

    #[test]
    fn a_stall_is_named_once_with_its_rings_and_so_is_its_end() {
        let core = Core::new("telnet-0").unwrap();
        let stats = core.stats();
        let (mut tx, rx) = edge::<u8>("dedup>telnet 0", 8, Bell::silent());
        tx.push(1).unwrap();
        let mut dog = Watchdog::new(vec![Arc::clone(&stats)], vec![Arc::clone(rx.stats())]);
        let mut clock = TestClock::at(Utc::from_secs(0));
        stats.heartbeat.set(clock.now().mono_ns);
        assert!(dog.look(clock.now()).is_empty());
        clock.advance_ms(5_000);
        let said = dog.look(clock.now());
        assert!(said.len() == 1 && said[0].contains("telnet-0") && said[0].contains("dedup>telnet 0 1/8"), "{said:?}");
        clock.advance_ms(5_000);
        assert!(dog.look(clock.now()).is_empty(), "not every second");
        assert!(dog.is_stalled());
        stats.heartbeat.set(clock.now().mono_ns);
        assert!(dog.look(clock.now())[0].contains("again"));
    }
}
