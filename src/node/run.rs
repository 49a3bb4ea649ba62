//! The life of the process around a node: log, data folder, signals, reports, exit.

use super::profile::Profiles;
use super::reload::{Reloaded, reload};
use super::report::reasons_text;
use super::{Running, start};
use crate::accounts::is_sysop;
use crate::config::{Loaded, Node, Problems};
use crate::engine::Now;
use crate::os::{DataDir, raise_descriptor_limit};
use crate::telnet::Operation;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tracing_appender::non_blocking::WorkerGuard;

/// How often the main thread looks: gathers histograms, asks the watchdog.
const LOOK: Duration = Duration::from_secs(1);
/// Log lines waiting for standard error; beyond it they are dropped and counted by the writer.
const LOG_LINES_MAX: usize = 8192;
/// Descriptors the node needs beside one per user: listeners, polls, feeds, files.
pub(super) const DESCRIPTORS_OWN: u64 = 256;
/// Signals that ask for something; the others end the node.
const QUESTIONS: [i32; 3] = [SIGUSR1, SIGUSR2, SIGHUP];

/// Starts logging to standard error from a thread of its own. Keep the guard: dropping it flushes.
///
/// # Errors
/// One line when the filter cannot be read.
pub fn start_log(filter: &str) -> Result<WorkerGuard, String> {
    let (writer, guard) = tracing_appender::non_blocking::NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES_MAX)
        .lossy(true)
        .finish(std::io::stderr());
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|e| format!("--log {filter}: {e}; use for example: info, or info,dxring::parse=debug"))?;
    let log = tracing_subscriber::fmt().with_writer(writer).with_env_filter(filter).with_target(true).with_ansi(false);
    log.try_init().map_err(|e| format!("log: {e}"))?;
    Ok(guard)
}

/// Runs a node until SIGTERM or SIGINT, or a sysop's SHUTDOWN; a report on SIGUSR1 and at the configured
/// interval; a profile on SIGUSR2; on SIGHUP, or a sysop's RELOAD, `read` reads the configuration anew and what can change changes.
///
/// # Errors
/// One line for the operator; the caller exits with status 1.
pub fn run(node: Node, read: impl Fn() -> Result<Loaded, Problems>) -> Result<(), String> {
    let data = DataDir::open(&node.data)?;
    let profiles = Profiles::new(data.path());
    let descriptors = raise_descriptor_limit()?;
    let wanted = u64::from(node.limits.connections) + DESCRIPTORS_OWN;
    if descriptors.soft < wanted {
        tracing::warn!(
            limit = descriptors.soft,
            wanted,
            "too few file descriptors for limits.connections: raise the hard limit (LimitNOFILE=, ulimit -Hn) or lower the key"
        );
    }
    let every = (node.report.every_s > 0).then(|| Duration::from_secs(node.report.every_s.into()));
    let hgrm = node.report.hgrm.clone();
    // Before any thread starts, so that all of them inherit the handlers.
    let signals = signals()?;
    let mut running = start(node)?;
    tracing::info!("users: telnet {} {}", display_host(&running), running.telnet.port());
    let mut next_report = every;
    loop {
        let signal = match signals.recv_timeout(LOOK) {
            Ok(signal) => Some(signal),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Err("the signal thread is gone".into()),
        };
        let now = running.now();
        let up = Duration::from_nanos(now.mono_ns);
        running.instruments.gather();
        for line in running.watchdog.look(now) {
            tracing::error!("{line}");
        }
        if signal == Some(SIGUSR1) || next_report.is_some_and(|at| up >= at) {
            if let (Some(at), Some(every)) = (&mut next_report, every) {
                while *at <= up {
                    *at += every;
                }
            }
            eprint!("{}", running.instruments.report(now));
        }
        if signal == Some(SIGUSR2) {
            profiles.ask(now.utc);
        }
        let ordered: Vec<Operation> = std::iter::from_fn(|| running.operations.pop()).collect();
        if signal == Some(SIGHUP) || ordered.contains(&Operation::Reload) {
            take_over(&mut running, read());
        }
        write_digest(&mut running, now);
        if ordered.contains(&Operation::Shutdown) {
            tracing::info!("going down on a sysop's order: draining");
            break;
        }
        if let Some(signal) = signal.filter(|s| !QUESTIONS.contains(s)) {
            tracing::info!(signal = signal_name(signal), "going down: draining");
            break;
        }
        if running.control.failure().is_some() {
            break;
        }
    }
    // A second signal ends the process at once: the operator has waited long enough.
    std::thread::spawn(move || {
        while let Ok(signal) = signals.recv() {
            if !QUESTIONS.contains(&signal) {
                std::process::exit(1);
            }
        }
    });
    let end = running.now();
    let mut instruments = running.stop()?;
    eprint!("{}", instruments.report(end));
    if let Some(folder) = hgrm {
        let names = instruments.write_hgrm(&folder).map_err(|e| format!("--hgrm {}: {e}", folder.display()))?;
        tracing::info!(files = names.len(), folder = %folder.display(), "latency histograms written");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Puts in force what can change of a configuration just read, and tells log and sysops.
fn take_over(running: &mut Running, read: Result<Loaded, Problems>) {
    let Reloaded { node, lines } = reload(&running.settings.load_full(), read);
    for line in &lines {
        tracing::info!("reload: {line}");
    }
    if let Some(node) = node {
        running.settings.store(Arc::new(node));
    }
    let mut digest = (**running.digest.load()).clone();
    digest.reload = lines;
    running.digest.store(Arc::new(digest));
}

/// Writes the texts that sysops may ask for, while one is logged in: at most a second old, as long as nobody
/// could read them not at all.
fn write_digest(running: &mut Running, now: Now) {
    let settings = running.settings.load_full();
    if !running.directory.load().iter().any(|user| is_sysop(&settings.accounts, &user.call)) {
        return;
    }
    let mut digest = (**running.digest.load()).clone();
    digest.report = running.instruments.report_aside(now).lines().map(String::from).collect();
    let views = running.instruments.views();
    let named = views.iter().map(|view| (&view.name, reasons_text(view))).filter(|(_, text)| !text.is_empty());
    digest.drops = named.map(|(name, text)| format!("{name}: {text}")).collect();
    running.digest.store(Arc::new(digest));
}

/// Signals as values.
fn signals() -> Result<mpsc::Receiver<i32>, String> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT].iter().chain(&QUESTIONS))
        .map_err(|e| format!("signals: {e}"))?;
    // A file that may not grow is the accounts' business, who say so; by default this signal ends the process.
    signal_hook::flag::register(SIGXFSZ, std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)))
        .map_err(|e| format!("signals: {e}"))?;
    let (tx, rx) = mpsc::channel();
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                if tx.send(signal).is_err() {
                    return;
                }
            }
        })
        .map_err(|e| format!("signals: {e}"))?;
    Ok(rx)
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        SIGTERM => "SIGTERM",
        SIGINT => "SIGINT",
        _ => "signal",
    }
}

/// What to type after `telnet` on this machine.
fn display_host(running: &Running) -> String {
    let ip = running.telnet.ip();
    if ip.is_unspecified() { "localhost".into() } else { ip.to_string() }
}
