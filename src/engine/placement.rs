//! Which roles run on which thread: a pure function of the number of CPUs.

use std::fmt;

/// What an agent is on the road.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Feeds and the gate.
    Parse,
    /// Mode, call, frequency.
    Correct,
    /// Windows, sequence, publication; the directory lives with it.
    Dedup,
    /// Users; one loop per core, numbered from 0.
    Telnet(u8),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Parse => f.write_str("parse"),
            Role::Correct => f.write_str("correct"),
            Role::Dedup => f.write_str("dedup"),
            Role::Telnet(n) => write!(f, "telnet {n}"),
        }
    }
}

/// One thread of the plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedCore {
    /// Thread name, at most 15 bytes (the kernel cuts longer ones).
    pub name: String,
    /// Roles in the order of their turns.
    pub roles: Vec<Role>,
    /// The CPU to pin to.
    pub cpu: Option<usize>,
}

/// Who runs where. Service threads (store) are unpinned and not part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The threads.
    pub cores: Vec<PlannedCore>,
    /// Why nothing is pinned, if so.
    pub unpinned_because: Option<&'static str>,
}

/// Telnet cores are numbered in one byte, and 255 publish rings would be silly anyway.
const TELNET_CORES_MAX: usize = 128;

impl Plan {
    /// The plan for `usable` CPUs out of the `allowed` CPU numbers (sorted). `quota`: whether a CPU
    /// quota limits us; then pinning would only take away the scheduler's choice.
    pub fn new(usable: usize, allowed: &[usize], pin: bool, quota: bool) -> Plan {
        use Role::*;
        let mut roles: Vec<Vec<Role>> = match usable {
            0 | 1 => return Plan::pinned(vec![vec![Parse, Correct, Dedup, Telnet(0)]], allowed, pin, quota, 0),
            2 => vec![vec![Parse, Correct, Dedup]],
            3..=7 => vec![vec![Parse], vec![Correct, Dedup]],
            _ => vec![vec![Parse], vec![Correct], vec![Dedup]],
        };
        // From 8 CPUs up the first allowed one is left to the kernel and the service threads.
        let spare = usize::from(usable >= 8);
        let telnet = (usable - spare - roles.len()).min(TELNET_CORES_MAX);
        roles.extend((0..telnet).map(|n| vec![Telnet(n as u8)]));
        Plan::pinned(roles, allowed, pin, quota, spare)
    }

    fn pinned(roles: Vec<Vec<Role>>, allowed: &[usize], pin: bool, quota: bool, spare: usize) -> Plan {
        let unpinned_because = if !pin {
            Some("placement.pin is false")
        } else if quota {
            Some("a CPU quota limits this process")
        } else if allowed.len() < roles.len() + spare {
            Some("fewer CPUs allowed than threads planned")
        } else {
            None
        };
        let cores = roles
            .into_iter()
            .enumerate()
            .map(|(i, roles)| PlannedCore {
                name: match roles[..] {
                    [Telnet(n)] => format!("telnet-{n}"),
                    [role] => role.to_string(),
                    [.., Telnet(_)] => "all".into(),
                    [Role::Correct, ..] => "correct+dedup".into(),
                    _ => "pipeline".into(),
                },
                roles,
                cpu: unpinned_because.is_none().then(|| allowed[i + spare]),
            })
            .collect();
        Plan { cores, unpinned_because }
    }

    /// How many telnet loops there are.
    pub fn telnet_cores(&self) -> usize {
        self.cores.iter().flat_map(|c| &c.roles).filter(|r| matches!(r, Role::Telnet(_))).count()
    }
}
use Role::Telnet;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<15} {:>5}  agents, in the order of their turns", "thread", "CPU")?;
        for core in &self.cores {
            let roles: Vec<String> = core.roles.iter().map(Role::to_string).collect();
            let cpu = core.cpu.map_or("any".into(), |c| c.to_string());
            let directory = if core.roles.contains(&Role::Dedup) { ", directory" } else { "" };
            writeln!(f, "{:<15} {cpu:>5}  {}{directory}", core.name, roles.join(", "))?;
        }
        writeln!(f, "{:<15} {:>5}  store", "service", "any")?;
        writeln!(f, "{:<15} {:>5}  signals, reports, watchdog", "main", "any")?;
        if let Some(why) = self.unpinned_because {
            writeln!(f, "nothing is pinned: {why}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(cpus: usize) -> Vec<String> {
        let allowed: Vec<usize> = (0..cpus).collect();
        Plan::new(cpus, &allowed, true, false)
            .cores
            .iter()
            .map(|c| c.roles.iter().map(Role::to_string).collect::<Vec<_>>().join("+"))
            .collect()
    }

    #[test]
    fn small_machines_share() {
        assert_eq!(shape(1), ["parse+correct+dedup+telnet 0"]);
        assert_eq!(shape(2), ["parse+correct+dedup", "telnet 0"]);
        assert_eq!(shape(4), ["parse", "correct+dedup", "telnet 0", "telnet 1"]);
    }

    #[test]
    fn every_plan_has_each_role_once_and_fits() {
        for cpus in 1..=64 {
            let allowed: Vec<usize> = (0..cpus).map(|i| i * 2 + 1).collect();
            let plan = Plan::new(cpus, &allowed, true, false);
            let roles: Vec<Role> = plan.cores.iter().flat_map(|c| c.roles.clone()).collect();
            for role in [Role::Parse, Role::Correct, Role::Dedup, Role::Telnet(0)] {
                assert_eq!(roles.iter().filter(|r| **r == role).count(), 1, "{role} on {cpus}");
            }
            let mut pins: Vec<usize> = plan.cores.iter().map(|c| c.cpu.unwrap()).collect();
            assert!(pins.iter().all(|p| allowed.contains(p)), "only allowed CPUs");
            if cpus >= 8 {
                assert!(!pins.contains(&allowed[0]), "the first CPU is the kernel's");
            }
            pins.dedup();
            assert_eq!(pins.len(), plan.cores.len());
            assert!(plan.cores.iter().all(|c| c.name.len() <= 15));
        }
    }

    #[test]
    fn nothing_is_pinned_under_a_quota() {
        let plan = Plan::new(2, &[0, 1, 2, 3], true, true);
        assert!(plan.cores.iter().all(|c| c.cpu.is_none()));
        assert!(plan.to_string().contains("quota"));
    }
}
