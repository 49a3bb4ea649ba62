//! What processes and the machine used, from `/proc`.

use super::clock::Clock;
use super::rig::os;

/// A reading at one moment. Differences of two readings are a [`Usage`].
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    at_ns: u64,
    server: Option<Process>,
    own: Option<Process>,
    machine: Machine,
}

/// CPU of one process.
#[derive(Clone, Copy, Debug, Default)]
struct Process {
    total_ns: u64,
    user_ticks: u64,
    system_ticks: u64,
}

/// Ticks of the whole machine.
#[derive(Clone, Copy, Debug, Default)]
struct Machine {
    busy: u64,
    steal: u64,
}

/// CPU used between two samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Length in seconds.
    pub wall_s: f64,
    /// CPU seconds of the server; `None` when its process is not known.
    pub server_s: Option<f64>,
    /// Its user and system parts, by ticks.
    pub server_user_system_s: Option<(f64, f64)>,
    /// CPU seconds of this generator.
    pub own_s: f64,
    /// Cores that processes other than both used; `None` when the server's process is not known.
    pub others_cores: Option<f64>,
    /// Cores that the hypervisor took away.
    pub steal_cores: f64,
}

/// Memory of a process in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Resident now.
    pub rss_kib: u64,
    /// Most resident so far.
    pub peak_kib: u64,
}

impl Sample {
    /// Reads everything.
    pub fn take(clock: &Clock, server_pid: Option<u32>) -> Sample {
        Sample {
            at_ns: clock.now_ns(),
            server: server_pid.and_then(process),
            own: process(std::process::id()),
            machine: std::fs::read_to_string("/proc/stat").ok().and_then(|t| machine(&t)).unwrap_or_default(),
        }
    }

    /// What was used from here to `later`.
    pub fn until(&self, later: &Sample) -> Usage {
        let tick_s = os::tick_ns() as f64 / 1e9;
        let wall_s = later.at_ns.saturating_sub(self.at_ns) as f64 / 1e9;
        let server = self.server.zip(later.server).map(|(a, b)| b.since(&a));
        let own = self.own.zip(later.own).map(|(a, b)| b.since(&a)).unwrap_or_default();
        let busy = later.machine.busy.saturating_sub(self.machine.busy);
        let steal = later.machine.steal.saturating_sub(self.machine.steal);
        let cores = |ticks: u64| if wall_s > 0.0 { ticks as f64 * tick_s / wall_s } else { 0.0 };
        Usage {
            wall_s,
            server_s: server.map(|p| p.total_ns as f64 / 1e9),
            server_user_system_s: server.map(|p| (p.user_ticks as f64 * tick_s, p.system_ticks as f64 * tick_s)),
            own_s: own.total_ns as f64 / 1e9,
            others_cores: server.map(|p| cores(busy.saturating_sub(p.ticks() + own.ticks()))),
            steal_cores: cores(steal),
        }
    }
}

impl Process {
    fn since(&self, earlier: &Process) -> Process {
        Process {
            total_ns: self.total_ns.saturating_sub(earlier.total_ns),
            user_ticks: self.user_ticks.saturating_sub(earlier.user_ticks),
            system_ticks: self.system_ticks.saturating_sub(earlier.system_ticks),
        }
    }
    fn ticks(&self) -> u64 {
        self.user_ticks + self.system_ticks
    }
}

fn process(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (user_ticks, system_ticks) = user_system_ticks(&stat)?;
    Some(Process { total_ns: os::process_cpu_ns(pid)?, user_ticks, system_ticks })
}

/// Fields 14 and 15; the name in field 2 may hold blanks and brackets, so counting starts at the last one.
fn user_system_ticks(stat: &str) -> Option<(u64, u64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// User, nice and system of the first line. Interrupt time is left out: kernels that count it apart
/// (IRQ_TIME_ACCOUNTING) would show our own loopback traffic as somebody else's work.
fn machine(stat: &str) -> Option<Machine> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_ascii_whitespace().filter_map(|t| t.parse().ok()).collect();
    Some(Machine { busy: ticks.get(..3)?.iter().sum(), steal: *ticks.get(7)? })
}

/// Memory of a process; `None` when there is none with that id.
pub fn memory(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(Memory { rss_kib: kib(&status, "VmRSS:")?, peak_kib: kib(&status, "VmHWM:")? })
}

fn kib(status: &str, key: &str) -> Option<u64> {
    status.lines().find_map(|l| l.strip_prefix(key))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_of_a_process_with_an_odd_name() {
        let stat = "42 (a) b (c) S 1 1 1 0 -1 4194560 500 0 0 0 123 45 0 0 20 0 3 0 100 1 1";
        assert_eq!(user_system_ticks(stat), Some((123, 45)));
    }

    #[test]
    fn machine_ticks_without_interrupts() {
        let m = machine("cpu  100 1 20 1000 7 3 60 5 0 0\ncpu0 1 1 1\n").unwrap();
        assert_eq!((m.busy, m.steal), (121, 5));
    }

    #[test]
    fn our_own_process_has_time_and_memory() {
        let before = process(std::process::id()).unwrap();
        let mut x = 1u64;
        while process(std::process::id()).unwrap().total_ns < before.total_ns + 1_000_000 {
            x = std::hint::black_box(x.wrapping_mul(31));
        }
        let m = memory(std::process::id()).unwrap();
        assert!(m.rss_kib > 100 && m.peak_kib >= m.rss_kib);
    }
}
