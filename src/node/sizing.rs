//! How much a node can carry: a model of cores, delay and memory, behind `dxring plan --users`.
//!
//! CPU per second of a telnet core with `u` users in `k` cohorts, `r` spots/s of which each user wants the share `p`:
//!
//! ```text
//! asking    r · k · (ask + p · append)
//! passes    u · (send · f + r · p · line)        f = passes per second that have something for a user
//! ```
//!
//! and of the stages before it `r · stages + min(r, 4000) · read`. A pass over all users takes `u · (send + n · line)` for `n` lines
//! that gathered; the gap from one pass to the next follows the rule of `telnet/pacing.rs`: none while passes after each read leave time. A line waits for the next
//! pass, evenly spread over the gap, and then for its user's place in the pass, evenly spread over the pass: the median is
//! half of both together, and p99 is that of a sum of two even spreads.

use super::run::DESCRIPTORS_OWN;
use crate::config::Node;
use crate::engine::{Plan, Role};
use crate::spot::Spot;
use std::fmt;

/// What things cost, in ns of CPU and bytes. One machine's figures: others are faster or slower by a factor, and the
/// kernel's share moves with its version. `scripts/sizing.sh` measures them anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Where and when they were measured.
    pub source: &'static str,
    /// Line to spot and gate, per spot.
    pub parse_ns: f64,
    /// Correct, per spot.
    pub correct_ns: f64,
    /// Windows, publication, store, per spot.
    pub dedup_ns: f64,
    /// A read with its sleep, its wake-ups of the next threads, and the store's turn, per read.
    pub read_ns: f64,
    /// A filter asked and, where it passes, the line appended: per cohort and spot, when half of them pass.
    pub cohort_ns: f64,
    /// A `send` whatever its size, per send. On loopback that holds the receiver's half of TCP.
    pub send_ns: f64,
    /// A line in it: copied by the kernel, cut out by the receiver's half; per line of 77 bytes.
    pub line_ns: f64,
    /// Resident without users, bytes.
    pub base_bytes: f64,
    /// Per connected user, beside the kernel's socket, bytes.
    pub user_bytes: f64,
    /// Per spot that the longest dedup window holds, when no station comes twice, bytes.
    pub window_bytes: f64,
    /// Per spot in the history, bytes.
    pub history_bytes: f64,
}

/// The figures that `dxring plan` computes with.
pub const COSTS: Costs = Costs {
    source: "AMD EPYC, 2 virtual cores shared with the generator and with builds, Linux 6.18, loopback, 24 November 2026",
    parse_ns: 560.0,
    correct_ns: 95.0,
    dedup_ns: 420.0,
    read_ns: 31_000.0,
    cohort_ns: 75.0,
    send_ns: 4_800.0,
    line_ns: 40.0,
    base_bytes: 16e6,
    user_bytes: 5_000.0,
    window_bytes: 500.0,
    history_bytes: 256.0,
};

/// Feeds are read so often at most: spots that come within 250 µs come together.
const READS_PER_S_MAX: f64 = 4_000.0;
/// From the read to a telnet core that sleeps, in ms: three hops of a wake-up each.
const ROAD_MS: f64 = 0.15;
/// Bytes of a classic line with its end.
const LINE_BYTES: f64 = 77.0;
/// The rule of `telnet/pacing.rs`.
const LOAD_SHORT: f64 = 0.90;
const LOAD_LONG: f64 = 0.60;
const SHORT_S: f64 = 0.001;
const LONG_S: f64 = 0.008;
/// Beyond it a core has no room for a burst, for log-ins and commands.
pub const LOAD_WISE: f64 = 0.7;

/// What is asked of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Users, spread evenly over the telnet cores.
    pub users: u64,
    /// Spots per second.
    pub rate: f64,
    /// Different filters among the users; each makes a cohort on every core that has a user with it.
    pub filters: u64,
    /// Share of the spots that a user's filter passes, 0 to 1.
    pub pass: f64,
}

/// What one thread would do.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadLoad {
    /// Its name.
    pub name: String,
    /// Share of a CPU at the pace that the node would choose.
    pub cpu: f64,
    /// The least share, with the longest gap: what decides how much it can carry.
    pub least: f64,
}

/// What the model says.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizing {
    /// Thread by thread.
    pub threads: Vec<ThreadLoad>,
    /// From one pass to the next, ms.
    pub gap_ms: f64,
    /// Length of a pass, ms.
    pub pass_ms: f64,
    /// From the read to the kernel's acceptance, ms.
    pub p50_ms: f64,
    /// The same for the slowest hundredth.
    pub p99_ms: f64,
    /// Lines per second to all users.
    pub lines_per_s: f64,
    /// Lines in a send.
    pub lines_per_send: f64,
    /// Resident memory, bytes.
    pub memory_bytes: f64,
    /// Cohort memory that a core wants for a second of standstill, MiB.
    pub pool_mib: f64,
    load: Load,
    descriptors: u64,
}

impl Sizing {
    /// CPUs in all.
    pub fn cores(&self) -> f64 {
        self.threads.iter().map(|t| t.cpu).sum()
    }
    /// The fullest thread.
    pub fn fullest(&self) -> &ThreadLoad {
        // A plan has at least one thread.
        self.threads.iter().fold(&self.threads[0], |most, t| if t.least > most.least { t } else { most })
    }
}

/// Computes `load` on the threads of `plan`.
pub fn predict(costs: &Costs, node: &Node, plan: &Plan, load: Load) -> Sizing {
    let telnet_cores = plan.telnet_cores().max(1) as f64;
    let users = (load.users as f64 / telnet_cores).ceil();
    let cohorts = (load.filters.max(1) as f64).min(users.max(1.0));
    let reads = load.rate.min(READS_PER_S_MAX);
    let wanted = load.rate * load.pass;
    let asking = load.rate * cohorts * costs.cohort_ns * 1e-9;
    let gap_max_s = f64::from(node.telnet.flush_gap_ms).max(0.05) / 1000.0;
    // Sends of a second when passes are `gap_s` apart: nobody gets an empty one.
    let sends = |gap_s: f64| users * wanted.min(1.0 / gap_s);
    let sending = |gap_s: f64| (sends(gap_s) * costs.send_ns + users * wanted * costs.line_ns) * 1e-9;
    // Without a gap a pass follows each read.
    let read_s = 1.0 / reads.max(1e-6);
    let gap_s = settle(read_s, gap_max_s, sending);
    let pass_s = sending(gap_s) * gap_s;
    // Then a line waits only when a pass is under way.
    let wait_s = if gap_s > read_s { gap_s } else { sending(gap_s).min(1.0) * pass_s };
    let telnet = |gap_s: f64| asking + sending(gap_s);

    let threads = plan.cores.iter().map(|core| {
        let (mut cpu, mut least) = (0.0, 0.0);
        for role in &core.roles {
            // A read's price is shared by who reads, who hands on, and who wakes the store and the telnet cores; a core that is
            // at work needs no waking.
            let (own, hops) = match role {
                Role::Parse => (costs.parse_ns, 0.6),
                Role::Correct if core.roles.len() > 1 => (costs.correct_ns, 0.0),
                Role::Correct => (costs.correct_ns, 0.25),
                Role::Dedup => (costs.dedup_ns, 0.2 + 0.2 * telnet_cores * (1.0 - telnet(gap_s)).clamp(0.0, 1.0)),
                Role::Telnet(_) => (0.0, 0.0),
            };
            let share = (load.rate * own + reads * hops * costs.read_ns) * 1e-9;
            cpu += share;
            least += share;
            if matches!(role, Role::Telnet(_)) {
                cpu += telnet(gap_s);
                least += telnet(gap_max_s.max(gap_s));
            }
        }
        ThreadLoad { name: core.name.clone(), cpu: cpu.min(1.0), least }
    });
    let threads = threads.collect();

    let window_s = f64::from(node.dedup.slow_s);
    let history = [node.history.human, node.history.rbn, node.history.digital].map(f64::from).iter().sum::<f64>();
    let rings = f64::from(node.rings.spots) * (3.0 + telnet_cores) * size_of::<Spot>() as f64;
    let pool_mib = (cohorts * wanted * LINE_BYTES / 1_048_576.0).max(1.0);
    let (gap_ms, wait_ms) = (if gap_s > read_s { gap_s * 1000.0 } else { 0.0 }, wait_s * 1000.0);
    let pass_ms = pass_s * 1000.0;
    Sizing {
        threads,
        gap_ms,
        pass_ms,
        p50_ms: ROAD_MS + (wait_ms + pass_ms) / 2.0,
        p99_ms: ROAD_MS + wait_ms + pass_ms - (0.02 * wait_ms * pass_ms).sqrt(),
        lines_per_s: load.users as f64 * wanted,
        lines_per_send: (wanted * gap_s).max(1.0),
        memory_bytes: costs.base_bytes
            + load.users as f64 * costs.user_bytes
            + (load.rate * window_s).min(f64::from(node.dedup.entries_max)) * costs.window_bytes
            + history * costs.history_bytes
            + rings
            + telnet_cores * pool_mib.min(f64::from(node.telnet.cohort_pool_mib)) * 1_048_576.0,
        pool_mib,
        load,
        descriptors: load.users + DESCRIPTORS_OWN,
    }
}

/// The gap between passes at which the core is as busy with them as the pacing wants, in s.
fn settle(shortest_s: f64, longest_s: f64, sending: impl Fn(f64) -> f64) -> f64 {
    let target = |gap_s: f64| {
        let long = ((gap_s - SHORT_S) / (LONG_S - SHORT_S)).clamp(0.0, 1.0);
        LOAD_SHORT + (LOAD_LONG - LOAD_SHORT) * long
    };
    if sending(shortest_s) <= target(0.0) || shortest_s >= longest_s {
        return shortest_s;
    }
    let (mut low, mut high) = (shortest_s, longest_s);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if sending(middle) > target(middle) { low = middle } else { high = middle }
    }
    high
}

impl fmt::Display for Sizing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let load = &self.load;
        writeln!(
            f,
            "{} users in {} filters that pass {:.0} % of {:.0} spots/s: {:.0} lines/s",
            load.users,
            load.filters,
            load.pass * 100.0,
            load.rate,
            self.lines_per_s
        )?;
        writeln!(
            f,
            "model: {:.2} cores, p50 {:.1} ms, p99 {:.1} ms; a pass of {:.1} ms every {:.1} ms, {:.0} lines a send",
            self.cores(),
            self.p50_ms,
            self.p99_ms,
            self.pass_ms,
            self.gap_ms,
            self.lines_per_send
        )?;
        writeln!(f, "{:<15} {:>8} {:>8}", "thread", "CPU", "at least")?;
        for thread in &self.threads {
            writeln!(f, "{:<15} {:>6.0} % {:>6.0} %", thread.name, thread.cpu * 100.0, thread.least * 100.0)?;
        }
        writeln!(f, "memory          {:>6.0} MB, of the kernel's sockets nothing", self.memory_bytes / 1e6)?;
        writeln!(f, "network         {:>6.2} Gbit/s", self.lines_per_s * LINE_BYTES * 8.0 / 1e9)?;
        writeln!(f, "descriptors     {:>6}", self.descriptors)?;
        let fullest = self.fullest();
        if fullest.least > 1.0 {
            writeln!(
                f,
                "TOO MUCH: {} would need {:.1} CPUs; lines would come late or be lost (and told)",
                fullest.name, fullest.least
            )?;
        } else if fullest.least > LOAD_WISE {
            writeln!(
                f,
                "full: {} has {:.0} % of its CPU left for bursts, log-ins and commands",
                fullest.name,
                (1.0 - fullest.least) * 100.0
            )?;
        }
        writeln!(
            f,
            "configure       limits.connections: {}, telnet.cohort_pool_mib: {:.0}, LimitNOFILE={}",
            load.users,
            self.pool_mib.ceil().max(64.0),
            self.descriptors
        )?;
        writeln!(f, "measured on     {}; scripts/sizing.sh measures here", COSTS.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(cpus: usize, users: u64, rate: f64, filters: u64) -> Sizing {
        let allowed: Vec<usize> = (0..cpus).collect();
        let plan = Plan::new(cpus, &allowed, true, false);
        predict(&COSTS, &Node::default(), &plan, Load { users, rate, filters, pass: 1.0 })
    }

    #[test]
    fn more_of_anything_is_never_less_work() {
        let base = on(8, 1_000, 1_000.0, 10);
        for more in [on(8, 2_000, 1_000.0, 10), on(8, 1_000, 2_000.0, 10), on(8, 1_000, 1_000.0, 100)] {
            assert!(more.fullest().least >= base.fullest().least, "{more}");
            assert!(more.memory_bytes >= base.memory_bytes);
        }
        assert!(on(16, 10_000, 1_000.0, 10).p99_ms < on(8, 10_000, 1_000.0, 10).p99_ms);
    }

    #[test]
    fn a_quiet_node_sends_at_once_and_a_full_one_says_so() {
        let quiet = on(2, 10, 5.0, 1);
        assert!(quiet.p50_ms < 1.0 && quiet.cores() < 0.01, "{quiet}");
        let full = on(2, 100_000, 5_000.0, 1);
        assert!(full.fullest().least > 1.0 && full.to_string().contains("TOO MUCH"), "{full}");
        assert!((full.gap_ms - f64::from(Node::default().telnet.flush_gap_ms)).abs() < 0.1, "{full}");
    }

    /// The sum of two even spreads, by counting.
    #[test]
    fn p99_is_that_of_two_even_spreads() {
        let sizing = on(2, 1_000, 5_000.0, 1);
        let (gap, pass, n) = (sizing.gap_ms, sizing.pass_ms, 1_000);
        let limit = sizing.p99_ms - ROAD_MS;
        let at = |i: u32| (f64::from(i) + 0.5) / f64::from(n);
        let late =
            (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).filter(|(i, j)| at(*i) * gap + at(*j) * pass > limit);
        let share = late.count() as f64 / f64::from(n * n);
        assert!((0.009..0.011).contains(&share), "{share}");
    }
}
