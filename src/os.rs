//! Thin calls to the operating system: what a node asks once, at its start, and CPU time for measurements.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The lock file inside a data directory.
const LOCK_NAME: &str = "lock";
/// A process number and a line end, with room.
const PID_BYTES_MAX: u64 = 32;

/// The node's data directory, locked (flock) until dropped or until the process ends, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Held, never read: closing it gives the lock back.
    _lock: File,
}

impl DataDir {
    /// Makes the directory if need be and locks it.
    ///
    /// Take it before any port is bound: with `SO_REUSEPORT` a second node would silently get half the
    /// users. Errors are one line: it cannot be made or written, or another process holds the lock.
    pub fn open(path: &Path) -> Result<DataDir, String> {
        let fail = |what: &str, e: std::io::Error| {
            format!("{}: {what}: {e}; give another folder with --data DIR", path.display())
        };
        std::fs::create_dir_all(path).map_err(|e| fail("cannot make the data folder", e))?;
        let mut options = File::options();
        // Not truncated: until the lock is ours, what stands in it is the other process's number.
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path.join(LOCK_NAME)).map_err(|e| fail("cannot open the lock file", e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // A courtesy in a message: if it cannot be read, the message does without.
                let _ = (&file).take(PID_BYTES_MAX).read_to_string(&mut pid);
                let who = match pid.trim().parse::<u32>() {
                    Ok(pid) => format!("another dxring (process {pid})"),
                    Err(_) => "another dxring".into(),
                };
                return Err(format!(
                    "{}: {who} is using this data folder; stop it, or give another with --data DIR",
                    path.display()
                ));
            }
            Err(TryLockError::Error(e)) => return Err(fail("cannot lock the data folder", e)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .and_then(|()| file.flush());
        written.map_err(|e| fail("cannot write the lock file", e))?;
        Ok(DataDir { path: path.into(), _lock: file })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The limit of open descriptors: what the process may have now, and what it could raise it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorLimit {
    /// In force.
    pub soft: u64,
    /// The most it can be.
    pub hard: u64,
}

/// Raises the descriptor limit to the hard one and returns what is in force then.
///
/// Errors: the system refuses; one line.
pub fn raise_descriptor_limit() -> Result<DescriptorLimit, String> {
    let fail = |what: &str| format!("cannot {what} the descriptor limit: {}", std::io::Error::last_os_error());
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes one rlimit through a pointer that is valid for the call.
    #[allow(unsafe_code)]
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return Err(fail("read"));
    }
    if limit.rlim_cur < limit.rlim_max {
        let raised = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        // SAFETY: setrlimit reads one rlimit through a pointer that is valid for the call.
        #[allow(unsafe_code)]
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } != 0 {
            return Err(fail("raise"));
        }
        limit = raised;
    }
    // 32-bit targets have a narrower type.
    #[allow(clippy::useless_conversion)]
    Ok(DescriptorLimit { soft: limit.rlim_cur.into(), hard: limit.rlim_max.into() })
}

/// CPU time of the calling thread in ns; `None` where the system does not count it.
pub fn thread_cpu_ns() -> Option<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes one timespec through a pointer that is valid for the call.
    #[allow(unsafe_code)]
    if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } != 0 {
        return None;
    }
    Some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// The calling thread runs from now on when nobody else wants the CPU. A courtesy: a refusal changes nothing else.
pub fn yield_to_others() {
    /// The least of all.
    const NICE_MAX: libc::c_int = 19;
    // SAFETY: three integers in, one out. On Linux, process 0 is the calling thread alone.
    #[allow(unsafe_code)]
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE_MAX) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_data_folder_one_node() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let first = DataDir::open(&path).unwrap();
        assert_eq!(first.path(), path);
        let refused = DataDir::open(&path).unwrap_err();
        let expected = format!("another dxring (process {}) is using this data folder", std::process::id());
        assert!(refused.contains(&expected), "{refused}");
        assert_eq!(refused.lines().count(), 1);
        drop(first);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let message = DataDir::open(&file.join("sub")).unwrap_err();
        assert!(message.contains("cannot make the data folder"), "{message}");
        assert_eq!(message.lines().count(), 1);
    }

    #[test]
    fn a_thread_that_works_uses_cpu_and_one_that_sleeps_does_not() {
        let before = thread_cpu_ns().unwrap();
        while thread_cpu_ns().unwrap() - before < 1_000_000 {
            std::hint::spin_loop();
        }
        let before = thread_cpu_ns().unwrap();
        std::thread::park_timeout(std::time::Duration::from_millis(50));
        assert!(thread_cpu_ns().unwrap() - before < 25_000_000);
    }

    #[test]
    fn the_descriptor_limit_reaches_the_hard_one() {
        let limit = raise_descriptor_limit().unwrap();
        assert_eq!(limit.soft, limit.hard);
        assert!(limit.soft > 0);
    }
}
