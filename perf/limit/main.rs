//! `dxring-limit`: the bare writer. The same users, the same bytes, no logic: what the machine's
//! TCP stack allows, to stand beside the node in one run.

#[path = "../rig/mod.rs"]
mod rig;
mod worker;

use clap::Parser;
use mio::Waker;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use worker::{Count, Inbox, Options, Worker};

/// Forwards every feed line to every user, unread.
#[derive(Parser, Debug)]
#[command(name = "dxring-limit")]
struct Cli {
    /// User port.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Feed to connect to; may be repeated.
    #[arg(long, value_name = "ADDR")]
    feed: Vec<SocketAddr>,
    /// Threads, each with its share of the users.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Shortest time between two passes over the users, in µs; 0 = a pass as soon as there are lines.
    #[arg(long, default_value_t = 0)]
    gap_us: u64,
    /// Leaves out every N-th line: a test that the generator notices.
    #[arg(long, value_name = "N")]
    lose: Option<u64>,
}

fn main() -> ExitCode {
    match work(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("dxring-limit: {e}");
            ExitCode::from(1)
        }
    }
}

fn work(cli: &Cli) -> Result<(), String> {
    rig::os::raise_descriptor_limit();
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|e| e.to_string())?;
    let stop = Arc::new(AtomicBool::new(false));
    let options = Options { gap: Duration::from_micros(cli.gap_us), lose: cli.lose };
    let mut workers = Vec::new();
    for _ in 0..cli.threads.max(1) {
        workers.push(Worker::new(cli.listen, options, stop.clone()).map_err(|e| format!("{}: {e}", cli.listen))?);
    }
    let inboxes: Vec<Inbox> = workers[1..].iter().map(Worker::inbox).collect();
    for address in &cli.feed {
        let feed = connect(*address)?;
        workers[0].add_feed(feed).map_err(|e| format!("feed {address}: {e}"))?;
    }
    workers[0].forward_to(inboxes);
    let wakers: Vec<Arc<Waker>> = workers.iter().map(Worker::waker).collect();
    let threads: Vec<_> = workers.into_iter().map(|mut w| std::thread::spawn(move || w.run())).collect();
    signals.forever().next();
    stop.store(true, Relaxed);
    let mut all = Count::default();
    for (thread, waker) in threads.into_iter().zip(wakers) {
        waker.wake().map_err(|e| e.to_string())?;
        let count = thread.join().map_err(|_| "a thread panicked")?.map_err(|e| e.to_string())?;
        all.add(&count);
    }
    println!("{all}");
    Ok(())
}

fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Ok(stream),
            Err(e) if Instant::now() > deadline => return Err(format!("feed {address}: {e}")),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
