//! The loop of a core against real loopback sockets, on a clock that moves when told.

use super::connection::OWN_BYTES_MAX;
use super::session_tests::nobody_is_known;
use super::*;
use crate::accounts::{Answer, Ask, Ban, BanList};
use crate::config;
use crate::engine::Mailbox;
use crate::engine::{Agent, Bell, Consumer, Control, Producer, TestClock, Tokens, edge};
use crate::measure::LatencyMailbox;
use crate::reference::Cty;
use crate::spot::{Call, Published, SessionId, Spot, Standing, Upward, UserInfo, Utc};
use crate::store::{HistoryReply, HistoryRequest};
use arc_swap::ArcSwap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest real wait for something that happens within microseconds.
const DEADLINE: Duration = Duration::from_secs(20);

/// The other ends of the core's rings.
type Road = (
    Consumer<Spot>,
    Consumer<Upward>,
    Consumer<HistoryRequest>,
    Producer<HistoryReply>,
    Consumer<Ask>,
    Producer<Answer>,
);

struct Rig {
    poll: mio::Poll,
    agent: TelnetAgent,
    clock: TestClock,
    address: std::net::SocketAddr,
    // Kept, so that the road does not end.
    _published: Producer<Published>,
    _road: Road,
}

impl Rig {
    /// A core that sees so many users in its list.
    fn new(users: u32) -> Rig {
        let poll = mio::Poll::new().unwrap();
        let listener = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let settings = config::Node::default();
        let users = (0..users).map(|n| UserInfo {
            session: SessionId::new(0, 1, n),
            call: Call::new(format!("K{}A{}", n % 10, n).as_bytes()).unwrap(),
            address: "192.0.2.1".parse().unwrap(),
            since: Utc::from_secs(0),
            standing: Standing::default(),
        });
        let (published, published_rx) = edge("published", 64, Bell::silent());
        let (posts, posts_rx) = edge("posts", 64, Bell::silent());
        let (upward, upward_rx) = edge("upward", 64, Bell::silent());
        let (history_requests, requests_rx) = edge("requests", 64, Bell::silent());
        let (replies_tx, history_replies) = edge("replies", 64, Bell::silent());
        let (asks, asks_rx) = edge("asks", 64, Bell::silent());
        let (answers_tx, answers) = edge("answers", 64, Bell::silent());
        let agent = TelnetAgent::new(Parts {
            core: 0,
            listener,
            registry: poll.registry().try_clone().unwrap(),
            tokens: Tokens::of_agent(0),
            clock: None,
            published: published_rx,
            posts,
            upward,
            history_requests,
            history_replies,
            asks,
            answers,
            bans: Default::default(),
            digest: Default::default(),
            operations: Arc::new(Mailbox::new(4, Bell::silent())),
            users: Arc::new(ArcSwap::from_pointee(users.collect())),
            limits: Arc::new(limits::Table::new(&settings.limits).unwrap()),
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            cty: Arc::new(ArcSwap::from_pointee(Cty::embedded())),
            latency: Arc::new(LatencyMailbox::new()),
            stats: Arc::new(TelnetStats::new(0)),
            control: Arc::new(Control::new()),
            faults: Faults::default(),
            started: Utc::from_secs(0),
        })
        .unwrap();
        let clock = TestClock::at(Utc::from_civil(2026, 3, 1, 12, 0, 0));
        let _road = (posts_rx, upward_rx, requests_rx, replies_tx, asks_rx, answers_tx);
        Rig { poll, agent, clock, address, _published: published, _road }
    }

    /// One turn with the events that are there, a millisecond after the last.
    fn turn(&mut self) -> usize {
        let mut events = mio::Events::with_capacity(64);
        self.poll.poll(&mut events, Some(Duration::from_millis(1))).unwrap();
        for event in &events {
            self.agent.ready(Tokens::split(event.token()).1, event);
        }
        self.clock.advance_ms(1);
        let moved = self.agent.turn(self.clock.now());
        while let Some(ask) = self._road.4.pop() {
            if let Some(answer) = nobody_is_known(ask) {
                let _ = self._road.5.push(answer);
            }
        }
        moved
    }

    fn client(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    }

    fn unsent_max(&self) -> usize {
        self.agent.connections.iter().map(|(_, c)| c.output.own_pending()).max().unwrap_or(0)
    }
}

/// A log-in and so many WHO, of about 50 KB each where there are a thousand users.
fn whos(n: usize) -> Vec<u8> {
    [b"K1ABC\r\n", "who\r\n".repeat(n).as_bytes()].concat()
}

#[test]
fn a_paste_of_commands_with_long_replies_is_answered_whole() {
    let mut rig = Rig::new(1_000);
    let mut client = rig.client();
    client.write_all(&whos(50)).unwrap();
    let (mut heads, mut tail, mut buffer) = (0, Vec::new(), vec![0; 16 * 1024]);
    let end = Instant::now() + DEADLINE;
    while heads < 50 {
        assert!(Instant::now() < end, "{heads} replies came");
        rig.turn();
        assert!(rig.unsent_max() < OWN_BYTES_MAX, "{}", rig.unsent_max());
        match client.read(&mut buffer) {
            Ok(0) => panic!("closed after {heads} replies"),
            Ok(n) => {
                tail.extend_from_slice(&buffer[..n]);
                heads += memchr::memmem::find_iter(&tail, b"Callsign Type").count();
                tail.drain(..tail.len().saturating_sub(b"Callsign Typ".len()));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error} after {heads} replies"),
        }
    }
}

#[test]
fn a_client_that_asks_and_never_reads_costs_little_and_is_closed() {
    let mut rig = Rig::new(1_000);
    let mut client = rig.client();
    let asked = whos(2_000);
    let (mut sent, mut most) = (0, 0);
    let mut turns = 0;
    while turns < 2_000 || !rig.agent.connections.is_empty() {
        turns += 1;
        assert!(turns < 20_000, "it lives for ever");
        if let Ok(n) = client.write(&asked[sent..]) {
            sent += n;
        }
        rig.turn();
        most = most.max(rig.unsent_max());
        if turns > 500 {
            rig.clock.advance_ms(100);
        }
    }
    assert!(most < OWN_BYTES_MAX, "{most}");
}

#[test]
fn a_banned_address_gets_the_reason_and_no_session() {
    let mut rig = Rig::new(0);
    let ban = |target: &str, until: Option<Utc>| Ban {
        target: target.into(),
        until,
        reason: "robot".into(),
        by: Call::literal("W1AW"),
        since: Utc::from_secs(0),
    };
    let now = rig.clock.now().utc;
    let over = Utc::from_ms(now.ms() - 1);
    rig.agent.bans.store(Arc::new(BanList::new(vec![ban("192.0.2.0/24", None), ban("192.0.3.0/24", Some(over))])));
    rig.turn();
    for (address, expected) in [("192.0.2.9", "You are banned from this node: robot\r\n"), ("192.0.3.9", "login: ")] {
        let mut client = rig.client();
        client.set_nonblocking(false).unwrap();
        let (stream, _) = rig.agent.listener.as_ref().unwrap().accept().unwrap();
        rig.agent.greet(stream, address.parse().unwrap());
        rig.turn();
        let mut said = [0; 64];
        let n = client.read(&mut said).unwrap();
        assert!(said[..n].starts_with(expected.as_bytes()), "{address}: {:?}", String::from_utf8_lossy(&said[..n]));
    }
    assert_eq!(rig.agent.stats.refused(limits::Refusal::Banned).get(), 1);
    assert_eq!(rig.agent.stats.accepted.get(), 1);
}
