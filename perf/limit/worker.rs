//! One thread: an epoll, a listener of its own, one shared buffer, one `send` per user and pass.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// Feeds from here on, users from [`USERS`] on.
const FEEDS: usize = 2;
const USERS: usize = 1000;

/// Feed bytes taken before users get their turn: 256 KiB are 3,400 lines.
const FEED_BYTES: usize = 256 * 1024;
/// The buffer is shortened when so much of it has gone to everybody: 4 MiB.
const SENT_BYTES_MAX: usize = 4 << 20;
/// The feed is not read while so much waits for the slowest user: 256 MiB, 50,000 lines 70 times.
const WAITING_BYTES_MAX: usize = 256 << 20;
const BACKLOG: i32 = 4096;

const LOGIN: &[u8] = b"login: Please enter your call: ";

/// How the worker works.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Shortest time between two passes.
    pub gap: Duration,
    /// Leave out every n-th line.
    pub lose: Option<u64>,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    feed_bytes: u64,
    passes: u64,
    sends: u64,
    sent_bytes: u64,
    short_sends: u64,
    users: u64,
}

impl Count {
    /// Adds another thread's.
    pub fn add(&mut self, other: &Count) {
        self.feed_bytes = self.feed_bytes.max(other.feed_bytes);
        self.passes += other.passes;
        self.sends += other.sends;
        self.sent_bytes += other.sent_bytes;
        self.short_sends += other.short_sends;
        self.users += other.users;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines_per_send = self.sent_bytes as f64 / 77.0 / self.sends.max(1) as f64;
        write!(
            f,
            "limit: {} feed bytes, {} users, {} passes, {} sends ({} short), {} bytes, {lines_per_send:.1} lines per send",
            self.feed_bytes, self.users, self.passes, self.sends, self.short_sends, self.sent_bytes
        )
    }
}

/// Way to another worker.
pub struct Inbox {
    lines: mpsc::Sender<Arc<[u8]>>,
    waker: Arc<Waker>,
}

/// See the module.
pub struct Worker {
    options: Options,
    stop: Arc<AtomicBool>,
    poll: Poll,
    waker: Arc<Waker>,
    listener: TcpListener,
    feeds: Vec<Feed>,
    others: Vec<Inbox>,
    lines_out: mpsc::Sender<Arc<[u8]>>,
    lines_in: mpsc::Receiver<Arc<[u8]>>,
    users: Slab<User>,
    /// Whole lines; `lines[0]` is byte `base` of the stream.
    lines: Vec<u8>,
    base: u64,
    last_pass: Instant,
    count: Count,
}

struct User {
    stream: TcpStream,
    input: Vec<u8>,
    call: Option<String>,
    /// Next byte of the stream.
    cursor: u64,
    writable: bool,
}

struct Feed {
    stream: TcpStream,
    readable: bool,
    state: FeedState,
    /// An unfinished line.
    tail: Vec<u8>,
    lines: u64,
}

#[derive(PartialEq, Eq)]
enum FeedState {
    AwaitsPrompt,
    AwaitsSpots,
    Streams,
    Closed,
}

impl Worker {
    /// Listens; several workers on one address share its connections.
    pub fn new(listen: SocketAddr, options: Options, stop: Arc<AtomicBool>) -> io::Result<Worker> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let socket = socket2::Socket::new(socket2::Domain::for_address(listen), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&listen.into())?;
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let (lines_out, lines_in) = mpsc::channel();
        Ok(Worker {
            options,
            stop,
            poll,
            waker,
            listener,
            feeds: Vec::new(),
            others: Vec::new(),
            lines_out,
            lines_in,
            users: Slab::new(),
            lines: Vec::new(),
            base: 0,
            last_pass: Instant::now(),
            count: Count::default(),
        })
    }

    /// For the thread that reads the feeds.
    pub fn inbox(&self) -> Inbox {
        Inbox { lines: self.lines_out.clone(), waker: self.waker.clone() }
    }

    /// Wakes the worker.
    pub fn waker(&self) -> Arc<Waker> {
        self.waker.clone()
    }

    /// Takes a connected feed.
    pub fn add_feed(&mut self, stream: std::net::TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        let token = Token(FEEDS + self.feeds.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
        let state = FeedState::AwaitsPrompt;
        self.feeds.push(Feed { stream, readable: true, state, tail: Vec::new(), lines: 0 });
        Ok(())
    }

    /// Gives others what the feeds bring.
    pub fn forward_to(&mut self, others: Vec<Inbox>) {
        self.others = others;
    }

    /// Works until stopped.
    pub fn run(&mut self) -> io::Result<Count> {
        let mut events = Events::with_capacity(1024);
        let mut buf = vec![0u8; FEED_BYTES];
        while !self.stop.load(Relaxed) {
            match self.poll.poll(&mut events, self.timeout()) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    WAKER => {}
                    Token(t) if t < USERS => self.feeds[t - FEEDS].readable = true,
                    Token(t) => {
                        let key = t - USERS;
                        if event.is_writable()
                            && let Some(user) = self.users.get_mut(key)
                        {
                            user.writable = true;
                        }
                        if event.is_readable() {
                            self.hear(key, &mut buf)?;
                        }
                    }
                }
            }
            while let Ok(lines) = self.lines_in.try_recv() {
                self.count.feed_bytes += lines.len() as u64;
                self.lines.extend_from_slice(&lines);
            }
            for at in 0..self.feeds.len() {
                self.read_feed(at, &mut buf)?;
            }
            if !self.lines.is_empty() && self.last_pass.elapsed() >= self.options.gap {
                self.pass();
            }
        }
        Ok(self.count)
    }

    /// Forever, unless a feed has more or a pass is due. The poll counts in whole ms, rounded up.
    fn timeout(&self) -> Option<Duration> {
        if self.feeds.iter().any(|f| f.readable && f.state != FeedState::Closed) && self.lines.len() < WAITING_BYTES_MAX
        {
            return Some(Duration::ZERO);
        }
        let waits = !self.options.gap.is_zero() && !self.lines.is_empty() && self.anybody_waits();
        waits.then(|| self.options.gap.saturating_sub(self.last_pass.elapsed()))
    }

    fn anybody_waits(&self) -> bool {
        let end = self.base + self.lines.len() as u64;
        self.users.iter().any(|(_, u)| u.call.is_some() && u.writable && u.cursor < end)
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e),
            };
            let entry = self.users.vacant_entry();
            let token = Token(USERS + entry.key());
            self.poll.registry().register(&mut stream, token, Interest::READABLE.add(Interest::WRITABLE))?;
            // A peer that is gone already shows up at the next read.
            let _ = stream.set_nodelay(true);
            let _ = stream.write(LOGIN);
            entry.insert(User { stream, input: Vec::new(), call: None, cursor: 0, writable: true });
        }
    }

    /// A user's lines: the first is his call, every line is answered with a prompt.
    fn hear(&mut self, key: usize, buf: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(user) = self.users.get_mut(key) else { return Ok(()) };
            match user.stream.read(buf) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => {
                    let mut user = self.users.remove(key);
                    return self.poll.registry().deregister(&mut user.stream);
                }
                Ok(n) => user.input.extend_from_slice(&buf[..n]),
            }
            while let Some(end) = memchr::memchr(b'\n', &user.input) {
                let line: Vec<u8> = user.input.drain(..=end).collect();
                let mut reply = String::new();
                let call = user.call.get_or_insert_with(|| {
                    let call = String::from_utf8_lossy(line.trim_ascii()).into_owned();
                    reply = format!("Hello {call}, this is LIMIT\r\n");
                    user.cursor = self.base + self.lines.len() as u64;
                    self.count.users += 1;
                    call
                });
                reply.push_str(&format!("{call} de LIMIT >\r\n"));
                let _ = user.stream.write(reply.as_bytes());
            }
        }
    }

    fn read_feed(&mut self, at: usize, buf: &mut [u8]) -> io::Result<()> {
        let feed = &mut self.feeds[at];
        if !feed.readable || feed.state == FeedState::Closed || self.lines.len() >= WAITING_BYTES_MAX {
            return Ok(());
        }
        let n = match feed.stream.read(buf) {
            Ok(0) => {
                feed.state = FeedState::Closed;
                return Ok(());
            }
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                feed.readable = false;
                return Ok(());
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(e) => return Err(e),
        };
        feed.readable = n == buf.len();
        feed.tail.extend_from_slice(&buf[..n]);
        if feed.state == FeedState::AwaitsPrompt && memchr::memmem::find(&feed.tail, b"call: ").is_some() {
            feed.tail.clear();
            let _ = feed.stream.write(b"N1LIM\r\n");
            feed.state = FeedState::AwaitsSpots;
        }
        if feed.state == FeedState::AwaitsSpots
            && let Some(first) = memchr::memmem::find(&feed.tail, b"DX de ")
        {
            feed.tail.drain(..first);
            feed.state = FeedState::Streams;
        }
        if feed.state == FeedState::Streams
            && let Some(end) = memchr::memrchr(b'\n', &feed.tail)
        {
            let mut whole: Vec<u8> = feed.tail.drain(..=end).collect();
            if let Some(n) = self.options.lose {
                whole = without_every(n, &whole, &mut feed.lines);
            }
            self.count.feed_bytes += whole.len() as u64;
            self.lines.extend_from_slice(&whole);
            if !self.others.is_empty() {
                let shared: Arc<[u8]> = whole.into();
                for other in &self.others {
                    // Fails when that thread has ended, and then we end too.
                    let _ = other.lines.send(shared.clone());
                    other.waker.wake()?;
                }
            }
        }
        Ok(())
    }

    /// One `send` of everything he lacks to everybody who can take it.
    fn pass(&mut self) {
        self.last_pass = Instant::now();
        self.count.passes += 1;
        let end = self.base + self.lines.len() as u64;
        let mut lowest = end;
        for (_, user) in self.users.iter_mut().filter(|(_, u)| u.call.is_some()) {
            while user.writable && user.cursor < end {
                let slice = &self.lines[(user.cursor - self.base) as usize..];
                match user.stream.write(slice) {
                    Ok(n) => {
                        self.count.sends += 1;
                        self.count.sent_bytes += n as u64;
                        user.cursor += n as u64;
                        // What a short send left must wait for room anyway.
                        user.writable = n == slice.len();
                        self.count.short_sends += u64::from(!user.writable);
                    }
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    // A broken connection shows up at the next read.
                    Err(_) => user.writable = false,
                }
            }
            lowest = lowest.min(user.cursor);
        }
        let sent = (lowest - self.base) as usize;
        if sent == self.lines.len() || sent > SENT_BYTES_MAX {
            self.lines.drain(..sent);
            self.base = lowest;
        }
    }
}

fn without_every(n: u64, bytes: &[u8], seen: &mut u64) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        *seen += 1;
        if !seen.is_multiple_of(n.max(1)) {
            kept.extend_from_slice(line);
        }
    }
    kept
}
