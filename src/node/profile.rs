//! The node's flame graph of itself, on SIGUSR2: which functions of which thread used the CPU.

use crate::measure::Sampler;
use crate::os::yield_to_others;
use crate::spot::Utc;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// How long a profile takes.
const PROFILE_TIME: Duration = Duration::from_secs(10);
/// Samples per second of CPU time, a prime: under 1 % of a core (see [`Sampler`]).
const PROFILE_HZ: i32 = 199;
/// Profiles kept in the data folder; the oldest make room. Two files each, 100 to 500 KB: some 10 MB.
const PROFILES_MAX: usize = 20;
/// Their names begin so, with the time behind it.
const PREFIX: &str = "profile-";
/// The picture, and the folded stacks that it was made from.
const ENDINGS: [&str; 2] = ["svg", "folded"];

/// Takes profiles, one at a time, on a thread of its own.
pub struct Profiles {
    folder: PathBuf,
    busy: Arc<AtomicBool>,
}

impl Profiles {
    /// Writes them to `folder`.
    pub fn new(folder: &Path) -> Profiles {
        Profiles { folder: folder.into(), busy: Arc::default() }
    }

    /// Takes one, unless one is being taken. What became of it is one line in the log.
    pub fn ask(&self, utc: Utc) {
        if self.busy.swap(true, SeqCst) {
            tracing::warn!("SIGUSR2 ignored: a profile is being taken already, it needs {} s", PROFILE_TIME.as_secs());
            return;
        }
        tracing::info!("a profile is being taken for {} s", PROFILE_TIME.as_secs());
        let (folder, busy) = (self.folder.clone(), Arc::clone(&self.busy));
        let started = std::thread::Builder::new().name("profile".into()).spawn(move || {
            match take(&folder, utc) {
                Ok(line) => tracing::info!("{line}"),
                Err(line) => tracing::warn!("no profile: {line}"),
            }
            busy.store(false, SeqCst);
        });
        if let Err(error) = started {
            tracing::warn!("no profile: thread profile: {error}");
            self.busy.store(false, SeqCst);
        }
    }
}

/// Samples, writes, makes room. Returns what to tell.
fn take(folder: &Path, utc: Utc) -> Result<String, String> {
    // Names of functions are looked up at the end, which is a second of CPU that no spot should wait for.
    yield_to_others();
    let sampler = Sampler::start(PROFILE_HZ)?;
    let until = Instant::now() + PROFILE_TIME;
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        park_timeout(left);
    }
    let profile = sampler.finish()?;
    let name = name(utc);
    let title = format!("dxring, {} s from {}, samples per thread", PROFILE_TIME.as_secs(), utc.date_text());
    let svg = profile.svg(&title)?;
    for (ending, bytes) in ENDINGS.iter().zip([&svg[..], profile.folded().as_bytes()]) {
        let path = folder.join(format!("{name}.{ending}"));
        write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    let removed = make_room(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let threads: Vec<String> = profile.threads().iter().take(4).map(|(name, n)| format!("{name} {n}")).collect();
    Ok(format!(
        "profile: {}/{name}.svg, {} samples ({}){}",
        folder.display(),
        profile.samples(),
        threads.join(", "),
        if removed > 0 { format!(", {removed} old files removed") } else { String::new() }
    ))
}

/// `profile-20261124T131502Z`: in order of time.
fn name(utc: Utc) -> String {
    let ((year, month, day), second) = (utc.civil(), utc.ms_of_day() / 1000);
    format!("{PREFIX}{year}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Whole or not at all: a reader never sees half a file, and a full disk keeps none.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Removes the oldest beyond [`PROFILES_MAX`]; returns how many files that were.
fn make_room(folder: &Path) -> io::Result<usize> {
    let is_ours = |name: &str| {
        name.starts_with(PREFIX) && Path::new(name).extension().is_some_and(|e| ENDINGS.iter().any(|ours| e == *ours))
    };
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_ours(name))
        .collect();
    names.sort();
    let old = names.len().saturating_sub(PROFILES_MAX * ENDINGS.len());
    for name in &names[..old] {
        fs::remove_file(folder.join(name))?;
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_of_time_and_old_ones_make_room() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(name(Utc::from_civil(2026, 11, 24, 13, 15, 2)), "profile-20261124T131502Z");
        for minute in 0..PROFILES_MAX as i64 + 2 {
            let name = name(Utc::from_secs(1_800_000_000 + minute * 60));
            for ending in ENDINGS {
                write(&dir.path().join(format!("{name}.{ending}")), b"x").unwrap();
            }
        }
        fs::write(dir.path().join("users.sqlite"), "").unwrap();
        fs::write(dir.path().join("profile-of-the-club.txt"), "").unwrap();
        assert_eq!(make_room(dir.path()).unwrap(), 4);
        assert_eq!(make_room(dir.path()).unwrap(), 0);
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, PROFILES_MAX * ENDINGS.len() + 2);
        let oldest = name(Utc::from_secs(1_800_000_000));
        assert!(!dir.path().join(format!("{oldest}.svg")).exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write(&dir.path().join("no/such/folder.svg"), b"x").is_err());
        // A folder stands where the file should: the rename fails, and the part goes.
        let taken = dir.path().join("taken.svg");
        fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(write(&taken, b"x").is_err());
        assert!(!dir.path().join("taken.part").exists());
    }
}
