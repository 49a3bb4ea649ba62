//! A user who never reads, among 200 who do.

use super::bench::{FeedServer, PATIENCE, User, call, node, over_cores, spot_line, stop, until};
use dxring::config::Node;
use dxring::measure::Reason;
use dxring::node::Running;
use dxring::telnet::CloseReason;
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

const READERS: usize = 200;
/// Spots sent before all readers must have them: far less than the cohort keeps, so that none of them
/// can be overtaken.
const CHUNK: usize = 1_000;
/// More than cohort (1 MiB) and both kernel buffers hold, in 76-byte lines.
const CHUNKS_MAX: usize = 40;
/// The smallest receive buffer that the kernel gives, asked for by who never reads.
const SLOW_BUFFER_BYTES: usize = 4_096;

struct Crowd {
    running: Running,
    feed: TcpStream,
    readers: Vec<User>,
    slow: TcpStream,
    sent: usize,
    /// What the readers heard of this chunk.
    heard: Vec<Vec<u8>>,
    _server: FeedServer,
}

impl Crowd {
    fn new(change: impl FnOnce(&mut Node)) -> Crowd {
        let mut server = FeedServer::new();
        let running = node(|node| {
            node.feeds.push(server.feed("rbn"));
            // One core: with two the kernel decides whose cohort the slow user joins, and nothing else changes.
            node.placement.cores = Some(1);
            node.telnet.cohort_pool_mib = 1;
            node.telnet.cohort_mib = 1;
            change(node);
        });
        let feed = server.log_in();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(SLOW_BUFFER_BYTES).unwrap();
        socket.connect(&running.telnet.into()).unwrap();
        let mut slow: TcpStream = socket.into();
        slow.set_read_timeout(Some(PATIENCE)).unwrap();
        slow.write_all(b"G0SLOW\r\n").unwrap();
        let readers: Vec<User> = (0..READERS).map(|n| User::log_in(running.telnet, &call(n))).collect();
        until("the slow one is in", || over_cores(&running, |s| s.users.get()) == READERS as u64 + 1);
        for reader in &readers {
            reader.stream.set_nonblocking(true).unwrap();
        }
        Crowd { running, feed, readers, slow, sent: 0, heard: vec![Vec::new(); READERS], _server: server }
    }

    /// Sends spots and waits until every reader has every one, whole and in order.
    fn chunk(&mut self) {
        let calls: Vec<String> = (self.sent..self.sent + CHUNK).map(|n| call(1_000 + n)).collect();
        let lines: String = calls.iter().map(|dx| spot_line(dx)).collect();
        self.feed.write_all(lines.as_bytes()).unwrap();
        self.sent += CHUNK;
        let (readers, heard) = (&mut self.readers, &mut self.heard);
        heard.iter_mut().for_each(Vec::clear);
        let mut complete = [false; READERS];
        let mut bytes = vec![0; 65_536];
        until("every reader has every line", || {
            for n in (0..READERS).filter(|n| !complete[*n]).collect::<Vec<_>>() {
                match readers[n].stream.read(&mut bytes) {
                    Ok(0) => panic!("reader {n} was closed"),
                    Ok(read) => heard[n].extend_from_slice(&bytes[..read]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => panic!("reader {n}: {error}"),
                }
                complete[n] = heard[n].iter().filter(|b| **b == b'\n').count() == CHUNK;
            }
            complete.iter().all(|is_complete| *is_complete)
        });
        let first = String::from_utf8_lossy(&heard[0]);
        for (line, dx) in first.lines().zip(&calls) {
            assert!(line.starts_with("DX de W3LPL-#:") && line.contains(dx.as_str()), "{line}, not {dx}");
        }
        assert!(heard.iter().all(|one| *one == heard[0]), "all readers hear the same");
    }

    /// The books of deliveries are one; the readers' part is complete.
    fn stop(self) {
        let sent = self.sent as u64;
        // Their sockets stay open until the node has stopped.
        let (running, _readers, _slow) = (self.running, self.readers, self.slow);
        let instruments = stop(running);
        let deliveries = instruments.ledgers.iter().find(|l| l.name() == "deliveries 0").unwrap().view();
        assert!(deliveries.total_out() >= sent * READERS as u64, "{deliveries:?}");
    }
}

#[test]
fn is_overtaken_told_so_and_nobody_else_notices() {
    let mut crowd = Crowd::new(|node| node.telnet.slow_close_s = 600);
    let mut chunks = 0;
    while over_cores(&crowd.running, |s| s.laps.get()) == 0 {
        assert!(chunks < CHUNKS_MAX, "not overtaken after {chunks} chunks");
        crowd.chunk();
        chunks += 1;
    }
    crowd.chunk();
    // Now he reads: old lines, the notice, the rest. Not one is missing in the sum.
    let (mut text, mut bytes) = (Vec::new(), [0; 65_536]);
    let mut skipped = None;
    until("lines and skipped lines are all", || {
        let read = crowd.slow.read(&mut bytes).unwrap();
        assert!(read > 0, "closed");
        text.extend_from_slice(&bytes[..read]);
        let said = String::from_utf8_lossy(&text);
        let mut lines = 0;
        for line in said.split_inclusive("\r\n").filter(|line| line.ends_with("\r\n")) {
            lines += usize::from(line.starts_with("DX de "));
            if line.starts_with("*** ") && line.contains(" skipped: your link is slower than the stream") {
                skipped = line.split(' ').nth(1).map(|n| n.parse::<usize>().unwrap());
            }
        }
        skipped.is_some_and(|skipped| lines + skipped == crowd.sent)
    });
    let skipped = skipped.unwrap() as u64;
    assert!(skipped > 0);
    until("the books say so", || {
        let view = super::bench::books(&crowd.running, "deliveries 0");
        view.ended_by(Reason::Lapped) == skipped && view.held == 0
    });
    assert_eq!(over_cores(&crowd.running, |s| s.closed(CloseReason::Slow).get()), 0);
    crowd.stop();
}

#[test]
fn is_closed_and_nobody_else_notices() {
    let mut crowd = Crowd::new(|node| node.telnet.slow_close_s = 1);
    let mut chunks = 0;
    while over_cores(&crowd.running, |s| s.short_writes.get()) == 0 {
        assert!(chunks < CHUNKS_MAX, "his socket takes all of {chunks} chunks");
        crowd.chunk();
        chunks += 1;
    }
    until("he is closed", || over_cores(&crowd.running, |s| s.closed(CloseReason::Slow).get()) == 1);
    crowd.chunk();
    assert_eq!(over_cores(&crowd.running, |s| s.users.get()), READERS as u64);
    let view = super::bench::books(&crowd.running, "deliveries 0");
    assert!(view.ended_by(Reason::SessionClosed) > 0, "{view:?}");
    crowd.stop();
}
