//! The band on a socket, as the relay of the Reverse Beacon Network serves it.
//!
//! A tool for trying feeds and clients, not a part of the road: one thread with non-blocking
//! sockets and a short tick.

use super::options::Options;
use super::player::Simulator;
use super::run::{Summary, TruthFile, end_of};
use crate::engine::{Now, RealClock};
use crate::spot::{Utc, month_name};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest the thread sleeps: what a new client waits for its prompt at most.
const TICK_MS_MAX: u64 = 10;
/// Unsent bytes a client may have: about 14,000 lines, several of the largest FT8 bursts.
const BACKLOG_BYTES_MAX: usize = 1 << 20;
/// Clients at once; further ones are told so and closed.
const CLIENTS_MAX: usize = 1_024;
/// Bytes a client may send before its call is complete.
const LOGIN_BYTES_MAX: usize = 256;
/// A client that has not logged in after this long is closed.
const LOGIN_NS_MAX: u64 = 120_000_000_000;
/// Connections taken per turn, so that a storm of them does not hold up the lines.
const ACCEPTS_PER_TURN_MAX: usize = 64;

/// What a server did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServeReport {
    /// Its lines.
    pub summary: Summary,
    /// Clients that logged in.
    pub clients: u64,
    /// Clients dropped because they did not read.
    pub slow_clients: u64,
    /// Connections refused because `CLIENTS_MAX` were there.
    pub refused: u64,
}

/// A running server. Dropping it stops it.
pub struct Server {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<ServeReport>>>,
}

/// Starts a server: prompt, call, greeting, then the band's lines in real time (times `speed`), each
/// client the same. Ends after `options.minutes` of the band's time, if given.
pub fn serve(addr: SocketAddr, options: &Options) -> io::Result<Server> {
    let listener = TcpListener::bind(addr)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}")))?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut clock = RealClock::start();
    let now = clock.now();
    let start = options.start.unwrap_or(now.utc);
    let station = Relay {
        listener,
        clients: Vec::new(),
        simulator: Simulator::of(options.band(start), start, options.speed, now),
        end: options.minutes.map(|minutes| end_of(start, minutes)),
        truth: TruthFile::create(options.truth.as_deref())?,
        report: ServeReport::default(),
        per_hour: 0,
        batch: Vec::with_capacity(1 << 16),
    };
    let seen = Arc::clone(&stop);
    let thread = std::thread::Builder::new().name("simulate".into()).spawn(move || station.run(clock, &seen))?;
    Ok(Server { addr, stop, thread: Some(thread) })
}

impl Server {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops it and reports.
    pub fn stop(mut self) -> io::Result<ServeReport> {
        self.stop.store(true, Ordering::Relaxed);
        self.join()
    }

    /// Waits for the end of its minutes and reports; without minutes, for ever.
    pub fn wait(mut self) -> io::Result<ServeReport> {
        self.join()
    }

    fn join(&mut self) -> io::Result<ServeReport> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(report)) => report,
            _ => Err(io::Error::other("the simulator's thread has panicked")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Relay {
    listener: TcpListener,
    clients: Vec<Client>,
    simulator: Simulator,
    end: Option<Utc>,
    truth: TruthFile,
    report: ServeReport,
    /// Lines per hour, for the greeting.
    per_hour: u64,
    batch: Vec<u8>,
}

struct Client {
    socket: TcpStream,
    /// What it typed before its call was complete.
    typed: Vec<u8>,
    logged_in: bool,
    accepted_ns: u64,
    backlog: Vec<u8>,
    gone: bool,
}

impl Relay {
    fn run(mut self, mut clock: RealClock, stop: &AtomicBool) -> io::Result<ServeReport> {
        let begun = clock.now();
        loop {
            let now = clock.now();
            self.accept(now);
            self.make_lines(now)?;
            let rate = self.report.summary.lines * 3_600_000 / (now.mono_ms() - begun.mono_ms()).max(1_000);
            self.per_hour = rate;
            for client in &mut self.clients {
                client.turn(now, &self.batch, &mut self.report, self.per_hour);
            }
            self.batch.clear();
            self.clients.retain(|client| !client.gone);
            let due_ms = self.simulator.next_due_ns().saturating_sub(now.mono_ns) / 1_000_000;
            let over = self.end.is_some_and(|end| self.simulator.next_at() >= end);
            if stop.load(Ordering::Relaxed) || over {
                break;
            }
            std::thread::sleep(Duration::from_millis(due_ms.clamp(1, TICK_MS_MAX)));
        }
        self.truth.finish()?;
        self.report.summary.slow_clients = self.report.slow_clients;
        Ok(self.report)
    }

    fn make_lines(&mut self, now: Now) -> io::Result<()> {
        let Relay { simulator, batch, report, truth, end, .. } = self;
        let mut written = Ok(());
        simulator.lines_with_truth(now, &mut |line, row| {
            if end.is_some_and(|end| row.at >= end) {
                return;
            }
            report.summary.count(row);
            batch.extend_from_slice(line);
            batch.extend_from_slice(b"\r\n");
            if written.is_ok() {
                written = truth.write(row);
            }
        });
        written
    }

    fn accept(&mut self, now: Now) {
        for _ in 0..ACCEPTS_PER_TURN_MAX {
            // Out of descriptors, or aborted by the peer: both pass, the next turn tries again.
            let Ok((mut socket, _)) = self.listener.accept() else { return };
            if socket.set_nonblocking(true).is_err() {
                continue;
            }
            if self.clients.len() >= CLIENTS_MAX {
                self.report.refused += 1;
                let _ = socket.write(b"Too many users, please try again later.\r\n");
                continue;
            }
            let _ = socket.set_nodelay(true);
            self.clients.push(Client {
                socket,
                typed: Vec::new(),
                logged_in: false,
                accepted_ns: now.mono_ns,
                backlog: b"Please enter your call: ".to_vec(),
                gone: false,
            });
        }
    }
}

impl Client {
    fn turn(&mut self, now: Now, batch: &[u8], report: &mut ServeReport, per_hour: u64) {
        if self.logged_in {
            self.backlog.extend_from_slice(batch);
        } else if now.mono_ns.saturating_sub(self.accepted_ns) > LOGIN_NS_MAX {
            self.gone = true;
        }
        self.read(now, report, per_hour);
        self.flush();
        if self.backlog.len() > BACKLOG_BYTES_MAX {
            report.slow_clients += 1;
            self.gone = true;
        }
    }

    fn read(&mut self, now: Now, report: &mut ServeReport, per_hour: u64) {
        let mut buffer = [0u8; 512];
        match self.socket.read(&mut buffer) {
            Ok(0) => self.gone = true,
            // The relay takes no commands.
            Ok(_) if self.logged_in => {}
            Ok(n) => {
                self.typed.extend_from_slice(&buffer[..n]);
                self.log_in(now, report, per_hour);
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.gone = true,
        }
    }

    fn log_in(&mut self, now: Now, report: &mut ServeReport, per_hour: u64) {
        while let Some(end) = self.typed.iter().position(|&b| b == b'\n' || b == b'\r') {
            let call: String = self.typed[..end]
                .iter()
                .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/'))
                .map(|b| char::from(b.to_ascii_uppercase()))
                .take(15)
                .collect();
            self.typed.drain(..=end);
            if call.is_empty() {
                continue;
            }
            self.logged_in = true;
            self.typed = Vec::new();
            report.clients += 1;
            let (year, month, day) = now.utc.civil();
            let (hour, minute) = now.utc.hour_minute();
            let (per_second, thousands) = (per_hour / 3_600, grouped(per_hour));
            let greeting = format!(
                "\r\nHello, {call}! Connected.\r\nLocal users: {}\r\nSpot rate: {per_second}/s ({thousands}/h)\r\n\
                 {call} de SIMULATOR {day:02}-{}-{year} {hour:02}:{minute:02}Z >\r\n\r\n",
                report.clients,
                month_name(month),
            );
            self.backlog.extend_from_slice(greeting.as_bytes());
            return;
        }
        if self.typed.len() > LOGIN_BYTES_MAX {
            self.gone = true;
        }
    }

    fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.backlog.len() {
            match self.socket.write(&self.backlog[sent..]) {
                Ok(0) => {
                    self.gone = true;
                    break;
                }
                Ok(n) => sent += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.gone = true;
                    break;
                }
            }
        }
        self.backlog.drain(..sent);
    }
}

/// `14,172`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
