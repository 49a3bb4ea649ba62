//! A node, a feed's server and users, on loopback sockets.

use dxring::config::{Feed, FeedKind, Node};
use dxring::measure::LedgerView;
use dxring::node::Running;
use dxring::parse::FeedStats;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// How long anything may take that must happen.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long one look at a socket takes.
const LOOK: Duration = Duration::from_millis(20);

/// Waits for a condition.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "never came: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Line `n` of a feed: its own call, so that no two are duplicates.
pub fn spot_line(n: usize, mode: &str) -> String {
    let letter = |n: usize| (b'A' + (n % 26) as u8) as char;
    let call = format!("K{}{}{}{}", n / 17_576 % 10, letter(n / 676), letter(n / 26), letter(n));
    let khz = 14_000.0 + (n % 3_500) as f64 / 10.0;
    format!("DX de W3LPL-#: {khz:>9.1}  {call:<14} {mode:<5}{:>3} dB {:>3} WPM  CQ      {}\r\n", 5 + n % 30, 20, hhmm())
}

fn hhmm() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    dxring::spot::Utc::from_secs(seconds).hhmmz()
}

/// A feed's server.
pub struct Feeder {
    listener: TcpListener,
}

impl Feeder {
    pub fn bind() -> Feeder {
        Feeder { listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }
    pub fn addr(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }
    pub fn accept(&self) -> TcpStream {
        self.listener.accept().unwrap().0
    }
    /// Accepts the node and plays the log-in.
    pub fn log_in(&self) -> TcpStream {
        let mut stream = self.accept();
        stream.write_all(b"Please enter your call: ").unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut call = Vec::new();
        let mut byte = [0];
        while !call.ends_with(b"\n") {
            stream.read_exact(&mut byte).unwrap();
            call.push(byte[0]);
        }
        stream.write_all(b"Hello.\r\n").unwrap();
        stream
    }
}

/// A node with one feed.
pub struct Rig {
    running: Running,
}

impl Rig {
    pub fn start(feeder: &Feeder, change: impl FnOnce(&mut Node)) -> Rig {
        let feed = Feed {
            kind: FeedKind::Rbn,
            name: "test".into(),
            host: feeder.addr().ip().to_string(),
            port: feeder.addr().port(),
            ..Feed::default()
        };
        let mut node = Node { callsign: "GB7XYZ".into(), feeds: vec![feed], data: "".into(), ..Node::default() };
        node.telnet.listen = "127.0.0.1:0".into();
        node.placement.pin = false;
        node.placement.cores = Some(2);
        change(&mut node);
        Rig { running: dxring::node::start(node).unwrap_or_else(|e| panic!("{e}")) }
    }
    pub fn addr(&self) -> SocketAddr {
        self.running.telnet
    }
    pub fn feed(&self) -> &FeedStats {
        &self.running.feeds[0]
    }
    /// Stops in order; returns the books.
    pub fn stop(self) -> Vec<LedgerView> {
        let instruments = self.running.stop().unwrap_or_else(|e| panic!("{e}"));
        instruments.views()
    }
}

/// A telnet user.
pub struct User {
    stream: TcpStream,
    heard: String,
    seen: usize,
    closed: bool,
}

impl User {
    pub fn connect(node: &Rig) -> User {
        let stream = TcpStream::connect(node.addr()).unwrap();
        stream.set_read_timeout(Some(LOOK)).unwrap();
        User { stream, heard: String::new(), seen: 0, closed: false }
    }
    pub fn log_in(node: &Rig, call: &str) -> User {
        let mut user = User::connect(node);
        user.say(call);
        assert!(user.hears("dxspider >"), "{}", user.heard());
        user
    }
    pub fn say(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }
    fn read(&mut self) {
        let mut buf = [0; 65_536];
        match self.stream.read(&mut buf) {
            Ok(0) => self.closed = true,
            Ok(n) => self.heard.push_str(&String::from_utf8_lossy(&buf[..n])),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => self.closed = true,
        }
    }
    /// Waits for a text after what was last waited for.
    pub fn hears(&mut self, text: &str) -> bool {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = self.heard[self.seen..].find(text) {
                self.seen += at + text.len();
                return true;
            }
            if self.closed || Instant::now() > end {
                return false;
            }
            self.read();
        }
    }
    pub fn is_closed_soon(&mut self) -> bool {
        let end = Instant::now() + DEADLINE;
        while !self.closed && Instant::now() < end {
            self.read();
        }
        self.closed
    }
    pub fn read_to_end(&mut self) {
        self.is_closed_soon();
    }
    pub fn heard(&self) -> &str {
        &self.heard
    }
}
