//! Host names. The system's resolver blocks, so it runs on a helper thread, one at a time per feed,
//! and rings the parse core when it is done.

use crate::engine::Bell;
use crossbeam::queue::ArrayQueue;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Addresses of one name that are tried, in the resolver's order.
pub const ADDRESSES_MAX: usize = 4;

/// What a look-up found.
pub type Found = Result<Vec<SocketAddr>, String>;

/// The look-ups of one feed.
pub struct Resolver {
    host: String,
    port: u16,
    bell: Arc<Bell>,
    /// Number of the look-up that is wanted; a late answer to an older one is dropped.
    wanted: u64,
    answers: Arc<ArrayQueue<(u64, Found)>>,
    busy: Arc<AtomicBool>,
}

impl Resolver {
    /// For one host; `bell` is that of the core that will call [`Resolver::answer`].
    pub fn new(host: &str, port: u16, bell: Arc<Bell>) -> Resolver {
        Resolver {
            host: host.trim().trim_start_matches('[').trim_end_matches(']').to_string(),
            port,
            bell,
            wanted: 0,
            // One thread at a time: one answer can wait.
            answers: Arc::new(ArrayQueue::new(1)),
            busy: Arc::new(AtomicBool::new(false)),
        }
    }

    /// The address, when the host is one and nothing needs to be looked up.
    pub fn literal(&self) -> Option<SocketAddr> {
        self.host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, self.port))
    }

    /// Starts a look-up.
    ///
    /// # Errors
    /// When the last one still hangs in the system, or no thread can be had.
    pub fn start(&mut self) -> Result<(), String> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err("the last look-up still hangs".into());
        }
        self.wanted += 1;
        while self.answers.pop().is_some() {}
        let (host, port, wanted) = (self.host.clone(), self.port, self.wanted);
        let (answers, busy, bell) = (Arc::clone(&self.answers), Arc::clone(&self.busy), Arc::clone(&self.bell));
        let thread = std::thread::Builder::new().name("resolve".into()).spawn(move || {
            let found = match (host.as_str(), port).to_socket_addrs() {
                Ok(addresses) => Ok(addresses.take(ADDRESSES_MAX).collect()),
                Err(error) => Err(format!("{host}: {error}")),
            };
            answers.force_push((wanted, found));
            busy.store(false, Ordering::Release);
            bell.ring();
        });
        match thread {
            Ok(_) => Ok(()),
            Err(error) => {
                self.busy.store(false, Ordering::Release);
                Err(format!("no thread for the look-up: {error}"))
            }
        }
    }

    /// Whether an answer waits.
    pub fn has_answer(&self) -> bool {
        !self.answers.is_empty()
    }

    /// The answer to the last look-up, once.
    pub fn answer(&mut self) -> Option<Found> {
        let (number, found) = self.answers.pop()?;
        (number == self.wanted).then_some(found)
    }
}
