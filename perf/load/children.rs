//! The servers that this program has started. None outlives it: not when it is interrupted, nor when it is killed.

use super::rig::os;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Mutex;
use std::time::Duration;

/// Children that have not been waited for, so that their ids are nobody else's, with their folders.
static STARTED: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());

/// Between SIGTERM and SIGKILL when we are interrupted, in ms.
const GRACE_MS: u64 = 1_000;

/// Starts one; `dir` is removed with it.
pub fn spawn(command: &mut Command, dir: &Path) -> io::Result<Child> {
    os::ends_with_its_parent(command);
    // Held over the start: an interrupt finds the child or finds that there will be none.
    let mut started = STARTED.lock().map_err(|_| io::Error::other("an earlier start failed"))?;
    let child = command.spawn()?;
    started.push((child.id(), dir.to_path_buf()));
    Ok(child)
}

/// How one ended, if it has.
pub fn try_wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    // Under the lock: an interrupt must not kill whoever gets the id of a child that was just waited for.
    let mut started = STARTED.lock().map_err(|_| io::Error::other("an earlier start failed"))?;
    let status = child.try_wait()?;
    if status.is_some() {
        started.retain(|(pid, _)| *pid != child.id());
    }
    Ok(status)
}

/// Ends one and waits for it; it may have ended already.
pub fn end(child: &mut Child) {
    if let Ok(mut started) = STARTED.lock() {
        let _ = child.kill();
        let _ = child.wait();
        started.retain(|(pid, _)| *pid != child.id());
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end the children, remove their folders and end the program with status 130.
pub fn end_with_us() -> Result<(), String> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|e| format!("signals: {e}"))?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if signals.forever().next().is_some() {
                interrupted();
            }
        })
        .map(|_| ())
        .map_err(|e| format!("signals: {e}"))
}

fn interrupted() {
    // The lock is kept: nobody waits for a child any more, and none is started.
    let Ok(started) = STARTED.lock() else { std::process::exit(130) };
    for (pid, _) in started.iter() {
        os::terminate(*pid);
    }
    if !started.is_empty() {
        std::thread::sleep(Duration::from_millis(GRACE_MS));
    }
    for (pid, dir) in started.iter() {
        os::kill(*pid);
        let _ = std::fs::remove_dir_all(dir);
    }
    eprintln!("dxring-load: interrupted");
    std::process::exit(130);
}
