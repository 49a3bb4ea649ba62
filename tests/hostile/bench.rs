//! A node, the feed that serves it, and users, all in this process.

use dxring::config::{Feed, FeedKind, Node};
use dxring::measure::LedgerView;
use dxring::node::{Instruments, Running, start};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// The longest wait for anything on a busy machine. Never waited for in a run that succeeds.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks at a condition that nobody can ring a bell for.
const LOOK: Duration = Duration::from_millis(1);
/// The node's call.
pub const NODE: &str = "GB7XYZ";

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    until_some(what, || is_so().then_some(()));
}

/// Waits until there is something.
pub fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::park_timeout(LOOK);
    }
}

/// A node on a free port, on few threads, without a feed.
pub fn node(change: impl FnOnce(&mut Node)) -> Running {
    dxring::os::raise_descriptor_limit().unwrap();
    let mut node = Node { callsign: NODE.into(), feeds: Vec::new(), data: "".into(), ..Node::default() };
    node.telnet.listen = "127.0.0.1:0".into();
    node.placement.cores = Some(2);
    node.placement.pin = false;
    change(&mut node);
    start(node).unwrap()
}

/// The books of this name.
pub fn books(running: &Running, name: &str) -> LedgerView {
    let found = running.instruments.ledgers.iter().find(|l| l.name() == name);
    found.unwrap_or_else(|| panic!("no books {name}")).view()
}

/// The sum of a counter over all telnet cores.
pub fn over_cores(running: &Running, count: impl Fn(&dxring::telnet::TelnetStats) -> u64) -> u64 {
    running.users.iter().map(|stats| count(stats)).sum()
}

/// Stops the node. All books must balance, have nothing under way, and agree with their neighbours'.
pub fn stop(running: Running) -> Instruments {
    let cores = running.users.len();
    let instruments = running.stop().unwrap();
    for ledger in &instruments.ledgers {
        let view = ledger.view();
        // The store holds its history.
        let is_empty = view.held == 0 || view.name == "store";
        assert!(view.imbalance() == 0 && is_empty, "{view:?}");
    }
    let named = |prefix: &str| -> Vec<LedgerView> {
        instruments.ledgers.iter().filter(|l| l.name().starts_with(prefix)).map(|l| l.view()).collect()
    };
    let parsed: u64 = named("parse/").iter().map(LedgerView::total_out).sum();
    let (correct, dedup) = (&named("correct")[0], &named("dedup")[0]);
    assert_eq!(parsed, correct.total_in(), "what left parse reached correct");
    assert_eq!(correct.total_out(), dedup.total_in(), "what left correct reached dedup");
    for publish in named("publish/") {
        assert_eq!(dedup.total_out(), publish.total_in(), "what left dedup is due to {}", publish.name);
    }
    for core in 0..cores {
        let published = named(&format!("publish/telnet {core}"))[0].total_out();
        assert_eq!(published, named(&format!("telnet {core}"))[0].total_in(), "telnet {core} took what was published");
    }
    instruments
}

/// The server that a feed of the node connects to.
pub struct FeedServer {
    listener: TcpListener,
    pub accepted: usize,
}

impl FeedServer {
    pub fn new() -> FeedServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        FeedServer { listener, accepted: 0 }
    }

    /// The feed that comes here. Its spots may have any age.
    pub fn feed(&self, name: &str) -> Feed {
        Feed {
            kind: FeedKind::Rbn,
            name: name.into(),
            host: "127.0.0.1".into(),
            port: self.listener.local_addr().unwrap().port(),
            max_age_s: 0,
            ..Feed::default()
        }
    }

    /// A connection, if one waits.
    pub fn try_accept(&mut self) -> Option<TcpStream> {
        let stream = self.listener.accept().ok()?.0;
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        self.accepted += 1;
        Some(stream)
    }

    /// The next connection.
    pub fn accept(&mut self) -> TcpStream {
        until_some("the node connects to its feed", || self.try_accept())
    }

    /// The next connection, asked for its call and greeted.
    pub fn log_in(&mut self) -> TcpStream {
        let mut stream = self.accept();
        stream.write_all(b"Please enter your call: ").unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"\n") {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1, "the node hung up at the prompt");
            said.push(byte[0]);
        }
        assert_eq!(said, format!("{NODE}\r\n").as_bytes());
        stream.write_all(format!("Hello {NODE}\r\n").as_bytes()).unwrap();
        stream
    }
}

/// A call of a country, another for every `n` below 175,760.
pub fn call(n: usize) -> String {
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    format!("K{}{}{}{}", n / 17_576, letter(n / 676), letter(n / 26), letter(n))
}

/// A skimmer's line about a call.
pub fn spot_line(dx: &str) -> String {
    format!("DX de W3LPL-#:   14025.0  {dx:<13}  CW    23 dB  25 WPM  CQ      1234Z\r\n")
}

/// A logged-in user.
pub struct User {
    pub stream: TcpStream,
    heard: Vec<u8>,
}

impl User {
    /// Logs in and reads up to the first prompt.
    pub fn log_in(address: SocketAddr, call: &str) -> User {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut user = User { stream, heard: Vec::new() };
        user.say(call);
        let prompt = format!("{call} de {NODE} ");
        until_some("the first prompt", || user.line_starting(&prompt));
        user
    }

    pub fn say(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// Reads once and takes the first whole line that starts so, with what stands before it.
    fn line_starting(&mut self, start: &str) -> Option<String> {
        self.read().then(|| self.take_line(|line| line.starts_with(start)))?
    }

    fn take_line(&mut self, fits: impl Fn(&str) -> bool) -> Option<String> {
        while let Some(end) = self.heard.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_string();
            if fits(&line) {
                return Some(line);
            }
        }
        None
    }

    /// Whether something came; `false` at the end of the connection.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 8_192];
        match self.stream.read(&mut bytes) {
            Ok(read) => {
                self.heard.extend_from_slice(&bytes[..read]);
                read > 0
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing to read: {error}"),
        }
    }

    /// The next line with these words. Lines before it are gone.
    pub fn line_with(&mut self, words: &str) -> String {
        loop {
            if let Some(line) = self.take_line(|line| line.contains(words)) {
                return line;
            }
            assert!(self.read(), "the connection ended before {words:?} came");
        }
    }

    /// The next spot line.
    pub fn spot(&mut self) -> String {
        self.line_with("DX de ")
    }

    /// Everything until the node closes.
    pub fn rest(mut self) -> String {
        while self.read() {}
        String::from_utf8_lossy(&self.heard).into_owned()
    }
}
