//! Thin calls into the kernel. The only `unsafe` of the rig. Both programs include this file, and
//! neither uses all of it: hence `dead_code`.
#![allow(unsafe_code, dead_code)]

/// Raises the limit on descriptors to the hard one; returns the limit now in force.
pub fn raise_descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a valid pointer to a live struct.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 {
            return 0;
        }
        let wanted = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &wanted) == 0 {
            return wanted.rlim_cur;
        }
    }
    limit.rlim_cur
}

/// Lets sleeps of this thread end within a microsecond of their time; the default slack is 50 µs.
pub fn sharpen_sleep() {
    const SLACK_NS: libc::c_ulong = 1_000;
    // SAFETY: PR_SET_TIMERSLACK takes one integer and touches no memory of ours.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, SLACK_NS);
    }
}

/// CPU time that all threads of a process have used, in ns; `None` when there is no such process.
pub fn process_cpu_ns(pid: u32) -> Option<u64> {
    let mut clock: libc::clockid_t = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: both calls get valid pointers to live values.
    unsafe {
        if libc::clock_getcpuclockid(pid as libc::pid_t, &mut clock) != 0 || libc::clock_gettime(clock, &mut time) != 0
        {
            return None;
        }
    }
    Some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// Length of a tick in `/proc/stat`, in ns.
pub fn tick_ns() -> u64 {
    // SAFETY: sysconf reads a constant of the system.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    1_000_000_000 / u64::try_from(per_second).unwrap_or(100).max(1)
}

/// Asks a process to end (SIGTERM). Only ever called with the id of a child that has not been waited for.
pub fn terminate(pid: u32) {
    // SAFETY: kill touches no memory of ours.
    unsafe {
        libc::kill(pid as libc::pid_t, libc::SIGTERM);
    }
}

/// Kills a process (SIGKILL). Only ever called with the id of a child that has not been waited for.
pub fn kill(pid: u32) {
    // SAFETY: kill touches no memory of ours.
    unsafe {
        libc::kill(pid as libc::pid_t, libc::SIGKILL);
    }
}

/// The kernel ends the child when the thread that starts it is gone, however it went. Call it from the main thread.
pub fn ends_with_its_parent(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: between fork and exec only prctl is called: it is async-signal-safe and touches no memory.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            Ok(())
        });
    }
}
