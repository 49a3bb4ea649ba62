//! Whether anything grows: the server's memory and descriptors from burst to burst, and the bursts' own times.

use super::clock::Clock;
use super::cpu;
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// What a spot may leave behind in a node while its books fill, in bytes. History: 256 for the spot and 32 for the
/// first look at it. Four windows of duplicates: at most 64 + 8 for the entry and 20 of index each, 368. Modes of calls: 64.
/// Evidence of the correction while it is young: 256. Together 976, rounded up. All of these are rings with bounds (65,536
/// spots, 262,144 entries, ...), so what is measured in minutes ends within hours; a line kept for 1,000 users would
/// be 77,000 bytes. Measured between 30,000 and 60,000 spots: 865 a spot.
pub const SPOT_BYTES: u64 = 1024;

/// Beside it: one cohort's fill of unsent lines (8 MiB as shipped) that stays with the allocator.
pub const SLACK_BYTES: u64 = 8 << 20;

/// The last burst's p99 may be so many times the median burst's.
const LAST_TIMES: f64 = 1.5;

/// Under it a p99 does not count as grown: as little as in comparisons.
const FLOOR_US: u64 = 500;

const STEP: Duration = Duration::from_millis(20);

/// One look at the server.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Look {
    /// From the start of the measured part, s.
    pub at_s: f64,
    /// Spots meant to have left by then.
    pub spots: u64,
    /// Resident memory.
    pub rss_kib: u64,
    /// Open descriptors.
    pub descriptors: u64,
}

impl Look {
    /// Now; `None` when the process is not to be read.
    pub fn take(pid: u32, at_s: f64, spots: u64) -> Option<Look> {
        let memory = cpu::memory(pid)?;
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
        Some(Look { at_s, spots, rss_kib: memory.rss_kib, descriptors })
    }
}

/// Looks at each of `looks_ns` after `start_ns` until `done`. `spots_by` says how many spots were due by then.
pub fn watch(
    pid: u32,
    clock: &Clock,
    start_ns: u64,
    looks_ns: &[u64],
    spots_by: impl Fn(u64) -> u64,
    done: &AtomicBool,
) -> Vec<Look> {
    let mut looks = Vec::new();
    for look_ns in looks_ns {
        loop {
            let left_ns = (start_ns + look_ns).saturating_sub(clock.now_ns());
            if left_ns == 0 {
                break;
            }
            if done.load(Relaxed) {
                return looks;
            }
            std::thread::sleep(STEP.min(Duration::from_nanos(left_ns)));
        }
        looks.extend(Look::take(pid, *look_ns as f64 / 1e9, spots_by(*look_ns)));
    }
    looks
}

/// What grew; empty when nothing did. `parts_us` are the bursts in order. Descriptors count only when
/// nobody comes and goes.
pub fn grown(parts_us: &[Histogram<u32>], looks: &[Look], same_users: bool) -> Vec<String> {
    let mut found = Vec::new();
    let p99s: Vec<u64> = parts_us.iter().map(|part| part.value_at_quantile(0.99)).collect();
    found.extend(grown_p99(&p99s));
    // The second burst has seen every table once; from then on only what is kept by intention may grow.
    if let [_, second, .., last] = looks {
        let grown = last.rss_kib.saturating_sub(second.rss_kib) * 1024;
        let allowed = (last.spots - second.spots) * SPOT_BYTES + SLACK_BYTES;
        if grown > allowed {
            found.push(format!(
                "memory grew by {} KiB after the second burst, {} KiB is what {} spots may leave",
                grown / 1024,
                allowed / 1024,
                last.spots - second.spots
            ));
        }
        if same_users && last.descriptors > second.descriptors {
            found.push(format!("descriptors grew from {} to {}", second.descriptors, last.descriptors));
        }
    }
    found
}

fn grown_p99(p99s_us: &[u64]) -> Option<String> {
    let mut sorted = p99s_us.to_vec();
    sorted.sort_unstable();
    let (last, median) = (*p99s_us.last()?, *sorted.get(sorted.len() / 2)?);
    let is_grown = last as f64 > median as f64 * LAST_TIMES && last > median + FLOOR_US;
    is_grown.then(|| format!("the last burst's p99 is {last} us, the median burst's {median}: over {LAST_TIMES} times"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(spots: u64, rss_kib: u64, descriptors: u64) -> Look {
        Look { at_s: 0.0, spots, rss_kib, descriptors }
    }

    #[test]
    fn a_last_burst_that_is_slower_than_most_has_grown() {
        assert_eq!(grown_p99(&[10_000, 11_000, 9_000, 14_000]), None);
        assert!(grown_p99(&[10_000, 11_000, 9_000, 20_000]).is_some());
        assert_eq!(grown_p99(&[100, 100, 300]), None, "under the floor");
        assert_eq!(grown_p99(&[]), None);
    }

    #[test]
    fn memory_may_grow_by_what_is_remembered_only() {
        let ok = [look(0, 10_000, 5), look(1_000, 20_000, 9), look(2_000, 21_000, 9), look(3_000, 30_000, 9)];
        assert!(grown(&[], &ok, true).is_empty(), "2,000 spots may leave 2,000 KiB beside 8,192");
        let mut more = ok;
        more[3].rss_kib = 30_200;
        more[3].descriptors = 10;
        let found = grown(&[], &more, true);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("memory") && found[1].contains("descriptors"), "{found:?}");
        assert_eq!(grown(&[], &more, false).len(), 1);
    }

    #[test]
    fn our_own_process_can_be_looked_at() {
        let done = AtomicBool::new(false);
        let clock = Clock::start();
        let looks = watch(std::process::id(), &clock, 0, &[0, 1_000], |ns| ns, &done);
        assert_eq!(looks.iter().map(|l| l.spots).collect::<Vec<_>>(), [0, 1_000]);
        assert!(looks[0].rss_kib > 100 && looks[0].descriptors >= 3);
        done.store(true, Relaxed);
        assert!(watch(std::process::id(), &clock, clock.now_ns(), &[u64::MAX / 2], |_| 0, &done).is_empty());
    }
}
