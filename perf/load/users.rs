//! The user side: threads that each drive many telnet users through one epoll.

use super::brokers::{Dialogue, Heard};
use super::check::{Books, Sums, Wanted};
use super::clock::Clock;
use super::plan::{Plan, user_call};
use super::target::Server;
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One `recv` takes at most this: 64 KiB are 851 lines, and a user with more waits for the others.
const RECV_BYTES: usize = 64 * 1024;

/// An unfinished line longer than this is no line; its head is forgotten.
const TAIL_BYTES_MAX: usize = 1024;

/// Logins under way per thread: well under every listener's backlog.
const LOGINS_MAX: usize = 128;

/// Users per source address: a loopback pair has 28,232 ports (32768–60999), some of them in TIME_WAIT.
pub const USERS_PER_SOURCE: usize = 20_000;

/// The flag that ends a run is looked at so often.
const POLL_NS_MAX: u64 = 50_000_000;

/// A spot whose latency is longer counts as this long; 10 minutes.
const LATENCY_US_MAX: u64 = 600_000_000;

/// Sent after login, so that every user gets every spot: new users have the node's default filter.
pub const OPEN: &str = "SET/NOFILTER\r\nSET/DEDUPE OFF\r\n";
/// Commands in [`OPEN`].
pub const OPEN_LINES: u8 = 2;

/// What a user says once he is logged in, and what he is then due.
#[derive(Clone, Debug)]
pub struct Role {
    /// Lines, sent at once.
    script: Arc<[u8]>,
    /// Lines ending in ` >` that he waits for: one after login, one after each command.
    prompts: u8,
    wanted: Option<Arc<Wanted>>,
}

impl Role {
    /// He wants every spot, or those of a filter that these lines set.
    pub fn reader(filter: Option<(String, u8, Wanted)>) -> Role {
        let (script, lines, wanted) = match filter {
            Some((script, lines, wanted)) => (OPEN.to_string() + &script, OPEN_LINES + lines, Some(Arc::new(wanted))),
            None => (OPEN.to_string(), OPEN_LINES, None),
        };
        Role { script: script.into_bytes().into(), prompts: 1 + lines, wanted }
    }
    /// He sends these commands and is due their replies only.
    pub fn asker(commands: &[String]) -> Role {
        let script = commands.join("\r\n") + "\r\n";
        Role { script: script.into_bytes().into(), prompts: 1 + commands.len() as u8, wanted: None }
    }
    /// Which spots he is due; none = all.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_deref()
    }
}

/// What all threads of one run share.
pub struct Shared {
    /// The clock.
    pub clock: Clock,
    /// The server's user port.
    pub server: SocketAddr,
    /// What its users speak.
    pub dialogue: Dialogue,
    /// The feed whose latencies are recorded apart too.
    pub apart: Option<usize>,
    /// The plan; `None` when nothing will be sent.
    pub plan: Option<Plan>,
    /// What users do: user `n` has role `n % roles`.
    pub roles: Vec<Role>,
    /// From one user's connect to the next one's; 0 = as fast as it goes.
    pub connect_gap_ns: u64,
    /// When the warm-up and the measured part began, ns.
    pub start_ns: [AtomicU64; 2],
    /// Users logged in with all their commands answered.
    pub ready: AtomicU64,
    /// Users whose connection ended.
    pub lost: AtomicU64,
    /// Logins of hostile users who stand or read, first ones and later ones.
    pub disturbers: AtomicU64,
    /// Spots entered in users' books, each once.
    pub entered: AtomicU64,
    /// When the last bytes came, ns.
    pub last_bytes_ns: AtomicU64,
    /// Tells the threads to end.
    pub stop: AtomicBool,
    /// The first thing that went wrong.
    pub trouble: Mutex<Option<String>>,
}

impl Shared {
    /// Nothing has happened yet.
    pub fn new(clock: Clock, server: &Server, plan: Option<Plan>, roles: Vec<Role>) -> Shared {
        Shared {
            clock,
            server: server.address,
            dialogue: server.dialogue,
            apart: None,
            plan,
            roles,
            connect_gap_ns: 0,
            start_ns: Default::default(),
            ready: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            disturbers: AtomicU64::new(0),
            entered: AtomicU64::new(0),
            last_bytes_ns: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            trouble: Mutex::new(None),
        }
    }

    /// What a user does.
    pub fn role(&self, user: usize) -> &Role {
        &self.roles[user % self.roles.len()]
    }

    /// Keeps the first trouble only.
    fn report(&self, text: String) {
        if let Ok(mut trouble) = self.trouble.lock() {
            trouble.get_or_insert(text);
        }
    }
}

/// What one thread saw.
pub struct Seen {
    /// One entry per user of the thread.
    pub users: Vec<SeenByUser>,
    /// When each spot came to the last user of the thread that got it, ns; 0 = to nobody.
    pub last_ns: Vec<u64>,
    /// Delivery latency of the measured spots of the feed that is looked at apart, all users of the thread together, µs.
    pub apart_us: Histogram<u32>,
    /// Delivery latency of each burst's spots in µs, all users of the thread together; empty when none is told apart.
    pub parts_us: Vec<Histogram<u32>>,
    /// `recv` calls that brought measured spots.
    pub recvs: u64,
    /// Measured lines, duplicates included.
    pub lines: u64,
    /// `DX de` lines that are no spot of the plan.
    pub foreign: u64,
    /// One of them.
    pub foreign_sample: Option<String>,
    /// When the first measured spot came, ns.
    pub first_ns: u64,
    /// From the connect to the first prompt, µs.
    pub login_us: Histogram<u32>,
    /// From the send of a user's commands to the prompt after each of them, µs.
    pub reply_us: Histogram<u32>,
}

/// What one user got.
pub struct SeenByUser {
    /// Delivery latency of measured spots in µs.
    pub latency_us: Histogram<u32>,
    /// His books.
    pub books: Books,
}

impl SeenByUser {
    /// Sums of the books.
    pub fn sums(&self) -> Sums {
        self.books.sums()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    AwaitsLogin,
    AwaitsPrompts(u8),
    Ready,
    Lost,
}

struct User {
    number: usize,
    stream: Option<TcpStream>,
    stage: Stage,
    tail: Vec<u8>,
    /// When he connected, then when he sent his commands, ns.
    asked_ns: u64,
    /// Waits in the queue of those who may have more.
    queued: bool,
    books: Books,
    /// Given when the first spot comes: idle users need none.
    latency_us: Option<Histogram<u32>>,
}

/// Logs in `numbers` and receives until [`Shared::stop`].
pub fn receive(shared: &Shared, numbers: std::ops::Range<usize>) -> Seen {
    let spots = shared.plan.as_ref().map_or(0, Plan::spots);
    let mut thread = Thread {
        shared,
        users: numbers.clone().map(|number| User::new(number, shared)).collect(),
        seen: Seen {
            users: Vec::new(),
            last_ns: vec![0; spots],
            apart_us: empty_latency(),
            parts_us: vec![empty_latency(); shared.plan.as_ref().map_or(0, Plan::part_count)],
            recvs: 0,
            lines: 0,
            foreign: 0,
            foreign_sample: None,
            first_ns: 0,
            login_us: empty_latency(),
            reply_us: empty_latency(),
        },
    };
    if let Err(e) = thread.run() {
        shared.report(format!("users: {e}"));
    }
    let mut seen = thread.seen;
    seen.users = thread
        .users
        .into_iter()
        .map(|u| SeenByUser { latency_us: u.latency_us.unwrap_or_else(empty_latency), books: u.books })
        .collect();
    seen
}

/// µs, two significant digits: within 0.8 %.
pub fn empty_latency() -> Histogram<u32> {
    #[allow(clippy::expect_used)] // Constant bounds that the crate accepts.
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 2).expect("constant bounds")
}

impl User {
    fn new(number: usize, shared: &Shared) -> User {
        let (spots, feeds) = shared.plan.as_ref().map_or((0, 1), |p| (p.spots() as u32, p.feed_bytes.len() as u32));
        User {
            number,
            stream: None,
            stage: Stage::Connecting,
            tail: Vec::new(),
            asked_ns: 0,
            queued: false,
            books: Books::new(spots, feeds, shared.role(number).wanted.clone()),
            latency_us: None,
        }
    }
}

struct Thread<'a> {
    shared: &'a Shared,
    users: Vec<User>,
    seen: Seen,
}

impl Seen {
    /// A broker's line that is no spot.
    fn hear_broker(&mut self, shared: &Shared, user: &mut User, line: &[u8], now_ns: u64) {
        let subscribed = !matches!(user.stage, Stage::Connecting | Stage::AwaitsPrompts(_));
        match shared.dialogue.hear(line, subscribed) {
            Heard::Nothing => {}
            Heard::Answer(bytes) => say(user, bytes),
            Heard::Done if subscribed => {}
            Heard::Done => {
                user.stage = Stage::AwaitsPrompts(0);
                self.login_us.saturating_record(now_ns.saturating_sub(user.asked_ns) / 1000);
            }
            Heard::Refused => shared.report(format!("user {}: {}", user.number, String::from_utf8_lossy(line))),
        }
    }
}

impl Thread<'_> {
    fn run(&mut self) -> std::io::Result<()> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(1024);
        let mut buf = vec![0u8; TAIL_BYTES_MAX + RECV_BYTES];
        let began_ns = self.shared.clock.now_ns();
        let mut to_connect = 0;
        let mut under_way = 0usize;
        // Edge-triggered: who filled the buffer may have more, and no further event tells.
        let mut again: VecDeque<usize> = VecDeque::new();
        while !self.shared.stop.load(Relaxed) {
            let mut due_in_ns = u64::MAX;
            while to_connect < self.users.len() && under_way < LOGINS_MAX {
                let user = &mut self.users[to_connect];
                let now_ns = self.shared.clock.now_ns();
                let due_ns = began_ns + user.number as u64 * self.shared.connect_gap_ns;
                if now_ns < due_ns {
                    due_in_ns = due_ns - now_ns;
                    break;
                }
                // From when it was meant to be, also when we are late.
                user.asked_ns = if self.shared.connect_gap_ns > 0 { due_ns } else { now_ns };
                let mut stream = connect(self.shared.server, user.number)?;
                poll.registry().register(&mut stream, Token(to_connect), Interest::READABLE.add(Interest::WRITABLE))?;
                user.stream = Some(stream);
                to_connect += 1;
                under_way += 1;
            }
            let idle = Duration::from_nanos(due_in_ns.min(POLL_NS_MAX));
            let timeout = if again.is_empty() { idle } else { Duration::ZERO };
            match poll.poll(&mut events, Some(timeout)) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for _ in 0..again.len() {
                let Some(at) = again.pop_front() else { break };
                self.users[at].queued = self.take(at, &mut buf, &mut under_way);
                if self.users[at].queued {
                    again.push_back(at);
                }
            }
            for event in &events {
                let at = event.token().0;
                let user = &mut self.users[at];
                if user.stage == Stage::Connecting && event.is_writable() {
                    let failed = user.stream.as_ref().and_then(|s| s.take_error().ok().flatten());
                    match failed {
                        None if self.shared.dialogue.is_broker() => {
                            user.stage = Stage::AwaitsPrompts(1);
                            say(user, self.shared.dialogue.opening());
                        }
                        None => user.stage = Stage::AwaitsLogin,
                        Some(e) => self.lose(at, &format!("connect: {e}"), &mut under_way),
                    }
                }
                if event.is_readable() && !self.users[at].queued {
                    // An end that comes with the last bytes has no event of its own.
                    let more = self.take(at, &mut buf, &mut under_way) || event.is_read_closed();
                    self.users[at].queued = more;
                    if more {
                        again.push_back(at);
                    }
                }
            }
        }
        Ok(())
    }

    /// One `recv` of one user; true when there may be more.
    fn take(&mut self, at: usize, buf: &mut [u8], under_way: &mut usize) -> bool {
        let user = &mut self.users[at];
        let Some(stream) = &mut user.stream else { return false };
        let kept = user.tail.len();
        buf[..kept].copy_from_slice(&user.tail);
        user.tail.clear();
        match stream.read(&mut buf[kept..kept + RECV_BYTES]) {
            Ok(0) => {
                self.lose(at, "the server closed the connection", under_way);
                false
            }
            Ok(n) => {
                let now_ns = self.shared.clock.now_ns();
                self.shared.last_bytes_ns.store(now_ns, Relaxed);
                let was_ready = user.stage == Stage::Ready;
                let done = self.lines(at, &buf[..kept + n], now_ns);
                let tail = &buf[done..kept + n];
                let tail = &tail[tail.len().saturating_sub(TAIL_BYTES_MAX)..];
                self.users[at].tail.extend_from_slice(tail);
                if !was_ready {
                    self.log_in(at, under_way);
                }
                n == RECV_BYTES
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                user.tail.extend_from_slice(&buf[..kept]);
                false
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {
                user.tail.extend_from_slice(&buf[..kept]);
                true
            }
            Err(e) => {
                self.lose(at, &e.to_string(), under_way);
                false
            }
        }
    }

    /// Reads whole lines; returns how many bytes they took.
    fn lines(&mut self, at: usize, bytes: &[u8], now_ns: u64) -> usize {
        let shared = self.shared;
        let user = &mut self.users[at];
        let mut from = 0;
        let mut measured = 0;
        let mut entered = 0;
        let warmup = shared.plan.as_ref().map_or(0, |p| p.warmup);
        let starts = [shared.start_ns[0].load(Relaxed), shared.start_ns[1].load(Relaxed)];
        let head = shared.dialogue.head();
        loop {
            // A broker's frame head would be up to six lines more to look at per spot.
            let start = if bytes[from..].starts_with(head) { from + head.len() } else { from };
            let Some(length) = memchr::memchr(b'\n', &bytes[start..]) else { break };
            let line = &bytes[start..start + length];
            from = start + length + 1;
            if !line.starts_with(b"DX de ") {
                if shared.dialogue.is_broker() {
                    self.seen.hear_broker(shared, user, line, now_ns);
                } else if let Stage::AwaitsPrompts(left) = user.stage
                    && line.trim_ascii_end().ends_with(b" >")
                {
                    user.stage = Stage::AwaitsPrompts(left.saturating_sub(1));
                    let role = shared.role(user.number);
                    let took_us = now_ns.saturating_sub(user.asked_ns) / 1000;
                    if left == role.prompts {
                        self.seen.login_us.saturating_record(took_us);
                        user.asked_ns = shared.clock.now_ns();
                        say(user, &role.script);
                    } else {
                        self.seen.reply_us.saturating_record(took_us);
                    }
                }
                continue;
            }
            let Some(seq) = shared.plan.as_ref().and_then(|p| spot_of(p, line, user.books.expected())) else {
                self.seen.foreign += 1;
                self.seen.foreign_sample.get_or_insert_with(|| String::from_utf8_lossy(line).into_owned());
                continue;
            };
            let new = user.books.enter(seq);
            entered += u64::from(new);
            let at_seq = seq as usize;
            if new {
                self.seen.last_ns[at_seq] = now_ns;
            }
            if at_seq >= warmup {
                measured += 1;
                if new && let Some(plan) = &shared.plan {
                    let intended_ns = starts[1] + plan.offsets_ns[at_seq];
                    let latency_us = now_ns.saturating_sub(intended_ns) / 1000;
                    user.latency_us.get_or_insert_with(empty_latency).saturating_record(latency_us);
                    if shared.apart == Some(at_seq % plan.feed_bytes.len()) {
                        self.seen.apart_us.saturating_record(latency_us);
                    }
                    if let Some(part) = plan.part(at_seq) {
                        self.seen.parts_us[part].saturating_record(latency_us);
                    }
                }
            }
        }
        if measured > 0 {
            self.seen.recvs += 1;
            self.seen.lines += measured;
            if self.seen.first_ns == 0 {
                self.seen.first_ns = now_ns;
            }
        }
        if entered > 0 {
            shared.entered.fetch_add(entered, Relaxed);
        }
        from
    }

    /// The next step of a login dialogue, after bytes came.
    fn log_in(&mut self, at: usize, under_way: &mut usize) {
        let user = &mut self.users[at];
        match user.stage {
            Stage::Connecting | Stage::AwaitsLogin if asks_for_call(&user.tail) => {
                let hello = format!("{}\r\n", user_call(user.number).text());
                say(user, hello.as_bytes());
                user.stage = Stage::AwaitsPrompts(self.shared.role(user.number).prompts);
                // The question is answered; it must not be seen again in front of the greeting.
                user.tail.clear();
            }
            Stage::AwaitsPrompts(0) => {
                user.stage = Stage::Ready;
                *under_way -= 1;
                self.shared.ready.fetch_add(1, Relaxed);
            }
            _ => {}
        }
    }

    fn lose(&mut self, at: usize, why: &str, under_way: &mut usize) {
        let user = &mut self.users[at];
        if user.stage != Stage::Ready && user.stage != Stage::Lost {
            *under_way -= 1;
        }
        user.stage = Stage::Lost;
        user.stream = None;
        self.shared.lost.fetch_add(1, Relaxed);
        self.shared.report(format!("user {} ({}): {why}", user.number, user_call(user.number).text()));
    }
}

/// A few bytes on an empty socket always fit; if the connection is broken the next read says so.
fn say(user: &mut User, bytes: &[u8]) {
    if let Some(stream) = &mut user.stream {
        let _ = stream.write(bytes);
    }
}

/// A login question stands on an unfinished line: `login: Please enter your call: `.
pub fn asks_for_call(tail: &[u8]) -> bool {
    let text = tail.trim_ascii_end();
    text.ends_with(b":") && {
        let lower = text.to_ascii_lowercase();
        memchr::memmem::find(&lower, b"call").is_some() || memchr::memmem::find(&lower, b"login").is_some()
    }
}

/// Connects without waiting. From the [`USERS_PER_SOURCE`]th number on users have further loopback addresses.
pub fn connect(server: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let source = number / USERS_PER_SOURCE;
    if source == 0 || !server.ip().is_loopback() || !server.is_ipv4() {
        return TcpStream::connect(server);
    }
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2 + (source - 1) as u8));
    socket.bind(&SocketAddr::new(address, 0).into())?;
    match socket.connect(&server.into()) {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => Err(e),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

/// Which spot a `DX de` line is. In the classic layout the DX call starts in column 26: one
/// comparison with the expected call settles the usual case.
#[inline]
fn spot_of(plan: &Plan, line: &[u8], expected: u32) -> Option<u32> {
    if let Some(field) = line.get(26..34).and_then(|f| <[u8; 8]>::try_from(f).ok())
        && plan.keys.get(expected as usize) == Some(&u64::from_ne_bytes(field))
    {
        return Some(expected);
    }
    spot_by_words(plan, line)
}

/// Any layout: the word after the frequency is the DX call.
fn spot_by_words(plan: &Plan, line: &[u8]) -> Option<u32> {
    let colon = memchr::memchr(b':', line)?;
    let mut words = line[colon + 1..].split(|b| *b == b' ').filter(|w| !w.is_empty());
    words.next().filter(|freq| freq.iter().all(|b| b.is_ascii_digit() || *b == b'.'))?;
    plan.seq_of(words.next()?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::super::plan::{LINE_BYTES, Profile};
    use super::*;
    use dxring::spot::Utc;

    #[test]
    fn lines_of_any_layout_name_their_spot() {
        let none = Profile::Rate { per_s: 1, seconds: 0 };
        let burst = Profile::Burst { spots: 100, within_ms: 0, every_ms: 0, times: 1 };
        let plan = Plan::lay(&none, &burst, 1, 77, Utc::from_secs(0));
        let line = &plan.feed_bytes[0][40 * LINE_BYTES..][..LINE_BYTES - 1];
        assert_eq!(spot_of(&plan, line, 40), Some(40), "expected");
        assert_eq!(spot_of(&plan, line, 41), Some(40), "unexpected, by the inverse");
        let dx = String::from_utf8_lossy(line[26..34].trim_ascii()).into_owned();
        let shifted = format!("DX de EA8/DF4UI:   7005.1  {dx}   CW                      0953Z\r");
        assert_eq!(spot_of(&plan, shifted.as_bytes(), 3), Some(40));
        for foreign in
            ["DX de F5LEN:     14025.3  3D2AG        up 2 tnx Paul                  1604Z", "DX de X: K1ABC", "DX de "]
        {
            assert_eq!(spot_of(&plan, foreign.as_bytes(), 3), None, "{foreign}");
        }
    }

    #[test]
    fn questions_for_a_call() {
        for text in ["login: Please enter your call: ", "login: ", "Your callsign:\r"] {
            assert!(asks_for_call(text.as_bytes()), "{text}");
        }
        for text in ["", "Hello K1ABC", "K1ABC de N1LOAD >", "call me"] {
            assert!(!asks_for_call(text.as_bytes()), "{text}");
        }
    }
}
