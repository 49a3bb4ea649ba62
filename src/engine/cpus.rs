//! The CPUs we may use: the allowed set and the cgroup's quota, never "0 to n".

use std::fs;
use std::path::{Path, PathBuf};

/// What the kernel lets us have.
#[derive(Clone, Debug)]
pub struct Cpus {
    /// The allowed set of the calling thread, in order of their numbers (a cpuset may leave holes).
    pub allowed: Vec<core_affinity::CoreId>,
    /// The cgroup's CPU quota in CPUs, rounded up; `None` without one.
    pub quota: Option<usize>,
}

impl Cpus {
    /// Asks the kernel. Call it on the main thread, before any thread is pinned: a pinned thread sees
    /// only its own CPU.
    pub fn detect() -> Cpus {
        let mut allowed = core_affinity::get_core_ids().unwrap_or_default();
        allowed.sort();
        Cpus { allowed, quota: cgroup_quota(Path::new("/sys/fs/cgroup"), Path::new("/proc/self/cgroup")) }
    }
    /// How many to plan for: the smallest of allowed set, quota, and `wanted`; at least 1.
    pub fn usable(&self, wanted: Option<usize>) -> usize {
        let n = self.allowed.len().max(1);
        n.min(self.quota.unwrap_or(n)).min(wanted.unwrap_or(n)).max(1)
    }
}

/// The smallest `cpu.max` from our cgroup up to the root (cgroup v2; under v1 the file of the cpu
/// controller), in CPUs rounded up.
fn cgroup_quota(root: &Path, own: &Path) -> Option<usize> {
    let text = fs::read_to_string(own).ok()?;
    let mut best: Option<usize> = None;
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (base, v1) = match controllers {
            "" => (root.to_path_buf(), false),
            c if c.split(',').any(|c| c == "cpu") => (root.join("cpu"), true),
            _ => continue,
        };
        let mut dir: PathBuf = base.join(path.trim_start_matches('/'));
        loop {
            if let Some(cpus) = if v1 { quota_v1(&dir) } else { quota_v2(&dir) } {
                best = Some(best.map_or(cpus, |b: usize| b.min(cpus)));
            }
            if dir == base || !dir.pop() {
                break;
            }
        }
    }
    best
}

fn quota_v2(dir: &Path) -> Option<usize> {
    let text = fs::read_to_string(dir.join("cpu.max")).ok()?;
    let mut words = text.split_whitespace();
    let quota: u64 = words.next()?.parse().ok()?; // "max" is no number
    round_up(quota, words.next()?.parse().ok()?)
}

fn quota_v1(dir: &Path) -> Option<usize> {
    let read = |name: &str| fs::read_to_string(dir.join(name)).ok()?.trim().parse::<i64>().ok();
    let quota = u64::try_from(read("cpu.cfs_quota_us")?).ok()?; // -1 is none
    round_up(quota, u64::try_from(read("cpu.cfs_period_us")?).ok()?)
}

fn round_up(quota_us: u64, period_us: u64) -> Option<usize> {
    (period_us > 0).then(|| (quota_us.div_ceil(period_us) as usize).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_is_the_smallest_on_the_way_up_rounded_up() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/cpu.max"), "250000 100000\n").unwrap();
        fs::write(root.join("a/b/cpu.max"), "max 100000\n").unwrap();
        fs::write(root.join("own"), "0::/a/b\n").unwrap();
        assert_eq!(cgroup_quota(root, &root.join("own")), Some(3));
        fs::write(root.join("a/b/cpu.max"), "50000 100000\n").unwrap();
        assert_eq!(cgroup_quota(root, &root.join("own")), Some(1));
        fs::write(root.join("own"), "0::/elsewhere\n").unwrap();
        assert_eq!(cgroup_quota(root, &root.join("own")), None);
    }

    #[test]
    fn this_machine_has_at_least_one() {
        let cpus = Cpus::detect();
        assert!(cpus.usable(None) >= 1);
        assert_eq!(cpus.usable(Some(1)), 1);
    }
}
