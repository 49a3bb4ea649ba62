//! What a record says about where it was made.

use super::run::utc_now;
use std::process::Command;

/// Machine and build, in the words of a record.
pub struct Machine {
    /// Short commit, with `+` when the tree differs from it.
    pub commit: String,
    /// `2026-11-24`.
    pub date: String,
    /// `release` or `dev`.
    pub build: &'static str,
    /// CPU, cores, governor.
    pub cpu: String,
    /// Kernel release.
    pub kernel: String,
    /// CPU mitigations in force.
    pub mitigations: String,
}

impl Machine {
    /// Reads it.
    pub fn read() -> Machine {
        let (y, m, d) = utc_now().civil();
        Machine {
            commit: commit(),
            date: format!("{y:04}-{m:02}-{d:02}"),
            build: if cfg!(debug_assertions) { "dev" } else { "release" },
            cpu: cpu(),
            kernel: line_of("/proc/sys/kernel/osrelease"),
            mitigations: mitigations(),
        }
    }

    /// The first two lines of a record.
    pub fn text(&self) -> String {
        format!(
            "commit   {}  date {}  profile {}\nmachine  {}, Linux {}, mitigations: {}; generator and server share it; transport loopback\n",
            self.commit, self.date, self.build, self.cpu, self.kernel, self.mitigations
        )
    }
}

fn line_of(path: &str) -> String {
    std::fs::read_to_string(path).map_or_else(|_| "unknown".into(), |t| t.trim().to_string())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn commit() -> String {
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".into() };
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|s| !s.is_empty());
    if dirty { format!("{commit}+") } else { commit }
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("unknown CPU", |l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let governor = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        .map_or_else(|_| "governor unknown".into(), |g| format!("governor {}", g.trim()));
    format!("{model}, {cores} cores, {governor}")
}

/// The names of what is mitigated: enough to see that two machines differ.
fn mitigations() -> String {
    let Ok(files) = std::fs::read_dir("/sys/devices/system/cpu/vulnerabilities") else { return "unknown".into() };
    let mut names: Vec<String> = files
        .filter_map(Result::ok)
        .filter(|f| line_of(&f.path().to_string_lossy()).starts_with("Mitigation"))
        .map(|f| f.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    if names.is_empty() { "none".into() } else { names.join(" ") }
}
