//! The feed side: an RBN relay that servers connect to, or a publisher that connects to a broker. Either streams a
//! plan, open loop.

use super::brokers::frames::{Frames, Way};
use super::brokers::publisher;
use super::clock::{Clock, pause_ms};
use super::plan::Plan;
use super::target::Server;
use hdrhistogram::Histogram;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::time::Duration;

/// What the real relay says, without a line end.
const PROMPT: &[u8] = b"Please enter your call: ";

/// Longest login line we keep: 64 bytes hold any call and password.
const LOGIN_BYTES_MAX: usize = 64;

/// A part is given up when the server has not taken it this long after its last intended time.
const PUSHBACK_NS_MAX: u64 = 120 * 1_000_000_000;

/// Sleep between two looks at a socket that takes nothing.
const BLOCKED_NS: u64 = 200_000;

/// One read of what a server says to its feed: redis counts every publication, in 4 to 7 bytes.
const REPLIES_BYTES: usize = 4096;

/// Listens for the server's feed connections, or connects to a broker, and plays plans to them.
pub struct Feeder {
    listener: TcpListener,
    feeds: usize,
    connected: Vec<Feed>,
    tick_ns: u64,
}

struct Feed {
    stream: TcpStream,
    way: Way,
    /// The broker asked whether we are there; answered where a frame ends.
    asked: bool,
}

/// What happened while a part was played.
pub struct Played {
    /// How late each spot was handed to the sockets, by our own fault, in µs.
    pub late_us: Histogram<u32>,
    /// How late the last byte of a spot was taken by the kernel, at most, in ns: the server's pushback.
    pub taken_late_ns_max: u64,
    /// From the first to the last hand-over, in ns.
    pub span_ns: u64,
    /// Successful writes.
    pub writes: u64,
}

impl Feeder {
    /// Listens. `feeds` connections are expected; spots due within `tick_ns` leave together.
    pub fn listen(address: SocketAddr, feeds: usize, tick_ns: u64) -> Result<Feeder, String> {
        let listener = TcpListener::bind(address).map_err(|e| format!("feed port {address} cannot be opened: {e}"))?;
        listener.set_nonblocking(true).map_err(|e| format!("feed port {address}: {e}"))?;
        Ok(Feeder { listener, feeds, connected: Vec::new(), tick_ns })
    }

    /// Where the server finds us.
    pub fn address(&self) -> Result<SocketAddr, String> {
        self.listener.local_addr().map_err(|e| format!("feed port: {e}"))
    }

    /// Drops connections of an earlier server.
    pub fn disconnect(&mut self) {
        self.connected.clear();
        // What already waits in the backlog belongs to that server too.
        while self.listener.accept().is_ok() {}
    }

    /// What `server` needs: nothing when it connects to us, publishers when it is a broker.
    pub fn attach(&mut self, server: &Server) -> Result<(), String> {
        if let Some(way) = Way::to(server.dialogue) {
            for _ in 0..self.feeds {
                self.publish_to(server.address, way)?;
            }
        }
        Ok(())
    }

    /// Connects a publisher. It takes the place of the last feed: relays' connections are counted first.
    pub fn publish_to(&mut self, broker: SocketAddr, way: Way) -> Result<(), String> {
        let stream = publisher::connect(broker, way).map_err(|e| format!("publisher to {broker}: {e}"))?;
        self.connected.push(Feed { stream, way, asked: false });
        Ok(())
    }

    /// Waits until all feeds are connected and logged in; connections that still stand are kept.
    pub fn wait_connected(&mut self, clock: &Clock, timeout_ns: u64) -> Result<(), String> {
        let deadline_ns = clock.now_ns() + timeout_ns;
        self.connected.retain_mut(Feed::stands);
        let mut arriving: Vec<(TcpStream, Vec<u8>)> = Vec::new();
        while self.connected.len() < self.feeds {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    let ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
                    if ready.is_ok() && stream.write_all(PROMPT).is_ok() {
                        arriving.push((stream, Vec::new()));
                    }
                    continue;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => return Err(format!("feed port: accept: {e}")),
            }
            let mut waiting = Vec::new();
            for (mut stream, mut line) in arriving {
                match read_login(&mut stream, &mut line) {
                    Login::Waits => waiting.push((stream, line)),
                    Login::Gone => {}
                    Login::Done(call) => {
                        let hello = format!("Hello, {call}! Connected.\r\n{call} de LOAD >\r\n\r\n");
                        if stream.write_all(hello.as_bytes()).is_ok() {
                            // Publishers stay behind the relays.
                            let at = self.connected.iter().filter(|feed| feed.way == Way::Lines).count();
                            self.connected.insert(at, Feed { stream, way: Way::Lines, asked: false });
                        }
                    }
                }
            }
            arriving = waiting;
            if clock.now_ns() > deadline_ns {
                return Err(format!(
                    "only {} of {} feeds connected and gave a call in {} s",
                    self.connected.len(),
                    self.feeds,
                    timeout_ns / 1_000_000_000
                ));
            }
            pause_ms(2);
        }
        Ok(())
    }

    /// What each connection will send of a plan; made before the start.
    pub fn frames<'p>(&self, plan: &'p Plan) -> Vec<Frames<'p>> {
        self.connected.iter().enumerate().map(|(f, feed)| Frames::of(plan, f, feed.way)).collect()
    }

    /// Sends the spots of `part`, each at `start_ns` + its offset, never earlier. The intended times
    /// do not wait for the server: what it does not take queues here.
    pub fn play(
        &mut self,
        plan: &Plan,
        frames: &[Frames],
        part: Range<usize>,
        start_ns: u64,
        clock: &Clock,
    ) -> Result<Played, String> {
        let feeds = self.feeds;
        // Bytes of feed `f` before spot `seq`: that many of its spots come earlier.
        let bytes_before = |f: usize, seq: usize| frames[f].before((seq + feeds - 1 - f) / feeds);
        let mut sent: Vec<usize> = (0..feeds).map(|f| bytes_before(f, part.start)).collect();
        let mut next = part.start;
        let mut played = Played {
            late_us: Histogram::new_with_bounds(1, 60_000_000, 2).map_err(|e| e.to_string())?,
            taken_late_ns_max: 0,
            span_ns: 0,
            writes: 0,
        };
        let last_due_ns = start_ns + plan.offsets_ns[part.clone()].last().copied().unwrap_or(0);
        let mut first_ns = None;
        loop {
            let now_ns = clock.now_ns();
            while next < part.end && start_ns + plan.offsets_ns[next] <= now_ns {
                let late_us = (now_ns - start_ns - plan.offsets_ns[next]) / 1000;
                played.late_us.saturating_record(late_us);
                next += 1;
            }
            let mut blocked = false;
            for (f, feed) in self.connected.iter_mut().enumerate() {
                let due = bytes_before(f, next);
                while sent[f] < due {
                    match feed.stream.write(&frames[f].bytes()[sent[f]..due]) {
                        Ok(0) => return Err(format!("feed {f}: the server closed it")),
                        Ok(n) => {
                            let oldest = frames[f].spot_at(sent[f]) * feeds + f;
                            let late_ns = clock.now_ns() - start_ns - plan.offsets_ns[oldest];
                            played.taken_late_ns_max = played.taken_late_ns_max.max(late_ns);
                            played.writes += 1;
                            sent[f] += n;
                        }
                        Err(e) if e.kind() == ErrorKind::WouldBlock => {
                            blocked = true;
                            break;
                        }
                        Err(e) if e.kind() == ErrorKind::Interrupted => {}
                        Err(e) => return Err(format!("feed {f}: {e}")),
                    }
                }
                if feed.way != Way::Lines && !feed.reads_replies(sent[f] == due) {
                    return Err(format!("feed {f}: the broker closed it"));
                }
            }
            if next > part.start {
                let first_ns = *first_ns.get_or_insert(now_ns);
                played.span_ns = now_ns - first_ns;
            }
            if next == part.end && !blocked {
                return Ok(played);
            }
            if now_ns > last_due_ns + PUSHBACK_NS_MAX {
                return Err("the server stopped reading its feed".into());
            }
            let sleep_ns = if blocked {
                BLOCKED_NS
            } else {
                (start_ns + plan.offsets_ns[next]).saturating_sub(now_ns).max(self.tick_ns)
            };
            std::thread::sleep(Duration::from_nanos(sleep_ns));
        }
    }

    /// Reads away what the server sent meanwhile (keepalives), and says whether all feeds stand.
    pub fn drain_input(&mut self) -> bool {
        self.connected.iter_mut().all(Feed::stands)
    }
}

impl Feed {
    fn stands(&mut self) -> bool {
        self.reads_replies(true)
    }

    /// Reads away what came (keepalives of a node, counts of redis); a question of NATS is answered `at_frame_end`.
    fn reads_replies(&mut self, at_frame_end: bool) -> bool {
        let mut buf = [0u8; REPLIES_BYTES];
        loop {
            match self.stream.read(&mut buf) {
                Ok(0) => return false,
                Ok(n) => self.asked |= self.way == Way::Nats && asks(&buf[..n]),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if self.asked && at_frame_end {
            // Six bytes behind a frame that was taken whole: if they are not, the next ones are not either.
            self.asked = self.stream.write(super::brokers::nats::PONG).is_err();
        }
        true
    }
}

/// A publisher of NATS is sent nothing but PING now and then; one cut in two is asked again before the server gives up.
fn asks(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"PING").is_some()
}

enum Login {
    Waits,
    Done(String),
    Gone,
}

fn read_login(stream: &mut TcpStream, line: &mut Vec<u8>) -> Login {
    let mut buf = [0u8; LOGIN_BYTES_MAX];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return Login::Gone,
            Ok(n) => {
                line.extend_from_slice(&buf[..n]);
                if line.contains(&b'\n') {
                    let call = line.split(|b| *b == b'\n').next().unwrap_or(&[]);
                    return Login::Done(String::from_utf8_lossy(call.trim_ascii()).into_owned());
                }
                if line.len() > LOGIN_BYTES_MAX {
                    return Login::Gone;
                }
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Login::Waits,
            Err(_) => return Login::Gone,
        }
    }
}
