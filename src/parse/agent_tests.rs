//! The agent against real loopback sockets, on a clock that moves when told. Nothing sleeps: every
//! wait is for an event, with a deadline.

use super::gate::Gate;
use super::intake::Notes;
use super::source::LineSource;
use super::stats::{Failure, FeedState, FeedStats};
use super::{ParseAgent, ParseParts};
use crate::config::{Feed, FeedKind};
use crate::engine::{Agent, Bell, Consumer, Control, FaultPoint, Mailbox, Now, Producer, TestClock, Tokens, edge};
use crate::measure::Reason;
use crate::reference::{Cty, SharedCty};
use crate::spot::{BulletinKind, Call, Class, Flags, Freq, Note, SessionId, Spot, Utc, Verdict};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest real wait for something that happens within microseconds.
const DEADLINE: Duration = Duration::from_secs(10);

pub(super) struct Rig {
    pub(super) poll: mio::Poll,
    pub(super) agent: ParseAgent,
    pub(super) clock: TestClock,
    pub(super) spots: Consumer<Spot>,
    pub(super) posts: Producer<Spot>,
    pub(super) notes: Arc<Mailbox<Note>>,
    pub(super) control: Arc<Control>,
}

pub(super) struct Knobs {
    pub(super) ring: usize,
    pub(super) patience_ms: u32,
    pub(super) fault: Option<Call>,
    pub(super) dials: Vec<(u8, super::TlsDial)>,
    pub(super) sources: Vec<(u8, Box<dyn LineSource + Send>)>,
}

impl Default for Knobs {
    fn default() -> Knobs {
        Knobs { ring: 4_096, patience_ms: 2_000, fault: None, dials: Vec::new(), sources: Vec::new() }
    }
}

impl Rig {
    pub(super) fn new(feeds: Vec<Feed>, knobs: Knobs) -> Rig {
        let poll = mio::Poll::new().unwrap();
        let registry = poll.registry().try_clone().unwrap();
        let tokens = Tokens::of_agent(3);
        let waker = mio::Waker::new(&registry, tokens.token((1 << 56) - 1)).unwrap();
        let bell = Arc::new(Bell::new(waker));
        let (spots_tx, spots) = edge("parse>correct", knobs.ring, Bell::silent());
        let (posts, posts_rx) = edge("telnet 0>parse", 64, Arc::clone(&bell));
        let notes = Arc::new(Mailbox::new(64, Bell::silent()));
        let control = Arc::new(Control::new());
        let cty: SharedCty = Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded()));
        let agent = ParseAgent::new(ParseParts {
            name: "parse".into(),
            feeds: feeds.into_iter().enumerate().map(|(i, f)| (i as u8, f)).collect(),
            dials: knobs.dials,
            sources: knobs.sources,
            callsign: "N0CALL".into(),
            patience_ms: knobs.patience_ms,
            spots: spots_tx,
            posts: vec![posts_rx],
            notes: Notes::new(Arc::clone(&notes)),
            gate: Gate::new(cty, 3),
            control: Arc::clone(&control),
            fault: FaultPoint::new(knobs.fault),
            registry,
            tokens,
            bell,
            seed: 7,
        });
        let clock = TestClock::at(Utc::from_civil(2026, 3, 1, 12, 34, 30));
        Rig { poll, agent, clock, spots, posts, notes, control }
    }

    /// One turn with the events that are there, waiting for some at most 2 ms.
    pub(super) fn turn(&mut self) -> usize {
        let mut events = mio::Events::with_capacity(64);
        self.poll.poll(&mut events, Some(Duration::from_millis(2))).unwrap();
        for event in &events {
            let (agent, local) = Tokens::split(event.token());
            assert_eq!(agent, 3);
            self.agent.ready(local, event);
        }
        self.agent.turn(self.clock.now())
    }

    /// Only what woke the core, without a turn.
    pub(super) fn events_only(&mut self) {
        let mut events = mio::Events::with_capacity(64);
        self.poll.poll(&mut events, Some(Duration::from_millis(2))).unwrap();
        for event in &events {
            self.agent.ready(Tokens::split(event.token()).1, event);
        }
    }

    pub(super) fn until(&mut self, what: &str, mut done: impl FnMut(&mut Rig) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !done(self) {
            assert!(Instant::now() < deadline, "waited for {what}: {:?}", self.agent.stats());
            self.turn();
        }
    }

    /// Turns until nothing moves any more.
    pub(super) fn settle(&mut self) {
        let mut quiet = 0;
        while quiet < 3 {
            quiet = if self.turn() == 0 { quiet + 1 } else { 0 };
        }
    }

    pub(super) fn stats(&self, i: usize) -> Arc<FeedStats> {
        Arc::clone(&self.agent.stats()[i])
    }

    pub(super) fn accept(&mut self, listener: &TcpListener) -> TcpStream {
        listener.set_nonblocking(true).unwrap();
        let mut stream = None;
        self.until("a connection", |_| {
            stream = listener.accept().ok().map(|(stream, _)| stream);
            stream.is_some()
        });
        let stream = stream.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Reads what the agent said, up to and including `end`.
    fn hear(&mut self, stream: &mut TcpStream, end: &str) -> String {
        stream.set_nonblocking(true).unwrap();
        let mut said = Vec::new();
        self.until(&format!("{end:?} on the other side"), |_| {
            let mut byte = [0];
            while !said.ends_with(end.as_bytes()) && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                said.push(byte[0]);
            }
            said.ends_with(end.as_bytes())
        });
        stream.set_nonblocking(false).unwrap();
        String::from_utf8(said).unwrap()
    }

    pub(super) fn taken(&mut self) -> Vec<Spot> {
        std::iter::from_fn(|| self.spots.pop()).collect()
    }

    pub(super) fn assert_balanced(&self) {
        for stats in self.agent.stats() {
            let view = stats.ledger.view();
            assert_eq!(view.imbalance(), 0, "{view:?}");
        }
    }
}

pub(super) fn server() -> (TcpListener, Feed) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let feed =
        Feed { kind: FeedKind::Rbn, name: format!("rbn{port}"), host: "127.0.0.1".into(), port, ..Feed::default() };
    (listener, feed)
}

pub(super) fn cw(n: usize) -> String {
    format!("DX de W3LPL-#:   14025.0  K{}AB{}         CW    23 dB  25 WPM  CQ      1234Z\r\n", n % 10, letters(n))
}

fn letters(n: usize) -> String {
    [n / 676 % 26, n / 26 % 26, n % 26].iter().map(|i| (b'A' + *i as u8) as char).collect()
}

const HUMAN: &str = "DX de F5LEN:     14025.3  3D2AG        up 2 tnx Paul                  1234Z\r\n";

#[test]
fn a_server_that_accepts_and_closes_is_never_dialled_in_a_tight_loop() {
    let (listener, feed) = server();
    let mut rig = Rig::new(vec![feed], Knobs::default());
    for round in 0..7 {
        drop(rig.accept(&listener));
        let stats = rig.stats(0);
        rig.until("the back-off", |_| stats.state() == FeedState::BackingOff);
        let wait_ms = (rig.agent.deadline_ns() - rig.clock.now().mono_ns) / 1_000_000;
        let base = [5_000, 10_000, 20_000, 40_000, 60_000][round.min(4)];
        assert!(wait_ms >= base * 3 / 4 && wait_ms <= base * 5 / 4, "round {round}: {wait_ms} ms");
        rig.clock.advance_ms(wait_ms - 1);
        rig.settle();
        assert!(listener.accept().is_err(), "not before the wait is over");
        rig.clock.advance_ms(2);
    }
    let stats = rig.stats(0);
    assert_eq!((stats.connects.get(), stats.failures_total()), (7, 7));
    assert!(stats.last_error().is_some());
}

#[test]
fn a_refused_connection_is_tried_again() {
    let (listener, feed) = server();
    drop(listener);
    let port = feed.port;
    let mut rig = Rig::new(vec![feed], Knobs::default());
    let stats = rig.stats(0);
    rig.until("a refusal", |_| stats.failures(Failure::Connect) == 1);
    let told = stats.last_error().unwrap();
    assert!(told.contains(&format!(":{port}: ")), "whom we could not reach: {told}");
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    rig.clock.advance_ms(6_300);
    let mut stream = rig.accept(&listener);
    stream.write_all(b"login: ").unwrap();
    assert_eq!(rig.hear(&mut stream, "\r\n"), "N0CALL\r\n");
}

#[test]
fn a_server_that_never_speaks_is_given_up() {
    let (listener, feed) = server();
    let mut rig = Rig::new(vec![feed], Knobs::default());
    let mut stream = rig.accept(&listener);
    let stats = rig.stats(0);
    rig.until("the connection", |_| stats.state() == FeedState::LoggingIn);
    rig.clock.advance_ms(30_000);
    assert_eq!(rig.hear(&mut stream, "\r\n"), "N0CALL\r\n", "sent blind, once");
    rig.clock.advance_ms(30_000);
    rig.until("the time-out", |_| stats.failures(Failure::LoginTimeout) == 1);
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0, "closed");
}

#[test]
fn a_peer_that_vanished_is_noticed_by_the_read_deadline() {
    let (listener, feed) = server();
    let mut rig = Rig::new(vec![feed], Knobs::default());
    let mut stream = rig.accept(&listener);
    stream.write_all(format!("login: {}", cw(1)).as_bytes()).unwrap();
    let stats = rig.stats(0);
    rig.until("the spot", |_| stats.spots.get() == 1);
    assert_eq!(stats.state(), FeedState::Streaming);
    assert_eq!(rig.hear(&mut stream, "N0CALL\r\n"), "N0CALL\r\n");
    rig.clock.advance_ms(240_000);
    assert_eq!(rig.hear(&mut stream, "\r\n"), "\r\n", "the keepalive");
    assert_eq!(stats.last_line_age_s(rig.clock.now().mono_ns), Some(240));
    rig.clock.advance_ms(60_000);
    rig.until("the read deadline", |_| stats.failures(Failure::Silent) == 1);
    // Logged in, a line came, five minutes long: the wait begins anew.
    let wait_ms = (rig.agent.deadline_ns() - rig.clock.now().mono_ns) / 1_000_000;
    assert!(wait_ms <= 6_250, "{wait_ms}");
}

#[test]
fn junk_long_lines_and_cut_lines_are_booked_and_the_feed_goes_on() {
    let (listener, feed) = server();
    let mut rig = Rig::new(vec![feed], Knobs::default());
    let mut stream = rig.accept(&listener);
    stream.write_all(cw(1).as_bytes()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut bytes = vec![b'x'; 1 << 20];
    bytes.extend(b"\r\n");
    let mut rng = fastrand::Rng::with_seed(5);
    bytes.extend(std::iter::repeat_with(|| rng.u8(..)).take(200_000).map(|b| if b == 255 { 254 } else { b }));
    bytes.extend(b"\r\n");
    bytes.extend(cw(2).as_bytes());
    bytes.extend(b"DX de W3LPL-#:   140");
    let mut sent = 0;
    rig.until("everything to be sent", |_| {
        sent += stream.write(&bytes[sent..]).unwrap_or(0);
        sent == bytes.len()
    });
    drop(stream);
    let stats = rig.stats(0);
    rig.until("the end", |_| stats.failures_total() == 1);
    let view = stats.ledger.view();
    assert_eq!(view.ended_by(Reason::LineCutOff), 1);
    assert!(view.ended_by(Reason::LineTooLong) >= 1);
    assert_eq!(stats.spots.get(), 2);
    assert_eq!(stats.lines.get(), view.total_in());
    rig.assert_balanced();
}

#[test]
fn a_feed_with_a_password_gets_in() {
    let (listener, feed) = server();
    let feed = Feed { kind: FeedKind::Cluster, password: "secret".into(), callsign: "DL1ABC-5".into(), ..feed };
    let mut rig = Rig::new(vec![feed], Knobs::default());
    let mut stream = rig.accept(&listener);
    stream.write_all(b"login: ").unwrap();
    assert_eq!(rig.hear(&mut stream, "\r\n"), "DL1ABC-5\r\n");
    stream.write_all(b"\r\npassword: ").unwrap();
    assert_eq!(rig.hear(&mut stream, "\r\n"), "secret\r\n");
    stream
        .write_all(format!("\r\nHello DL1ABC\r\n{HUMAN}WWV de VE7CC <00> : SFI=105, A=24, K=4\x07\r\n").as_bytes())
        .unwrap();
    let stats = rig.stats(0);
    rig.until("the lines", |_| stats.ledger.view().ended_by(Reason::Bulletin) == 1);
    let spots = rig.taken();
    assert_eq!(spots.len(), 1);
    assert_eq!(spots[0].class(), Class::Human);
    match rig.notes.pop() {
        Some(Note::Bulletin(bulletin)) => {
            assert_eq!(bulletin.kind, BulletinKind::Wwv);
            assert_eq!(bulletin.line, b"WWV de VE7CC <00> : SFI=105, A=24, K=4");
        }
        other => panic!("{other:?}"),
    }
    rig.assert_balanced();
}

#[test]
fn a_flood_on_one_feed_does_not_starve_another() {
    let (busy, busy_feed) = server();
    let (quiet, quiet_feed) = server();
    let quiet_feed = Feed { kind: FeedKind::Cluster, ..quiet_feed };
    let mut rig = Rig::new(vec![busy_feed, quiet_feed], Knobs { ring: 65_536, ..Knobs::default() });
    let mut busy = rig.accept(&busy);
    let mut quiet = rig.accept(&quiet);
    let stats = rig.stats(0);
    let flood: String = (0..8_000).map(cw).collect();
    busy.set_nonblocking(true).unwrap();
    let sent = busy.write(flood.as_bytes()).unwrap();
    assert!(sent > 3 * super::agent::READ_BYTES_PER_TURN, "{sent}");
    quiet.write_all(HUMAN.as_bytes()).unwrap();
    let before = stats.bytes.get();
    let quiet_stats = rig.stats(1);
    let mut turns = 0;
    rig.until("the quiet feed's spot", |_| {
        turns += 1;
        quiet_stats.spots.get() == 1
    });
    let read = stats.bytes.get() - before;
    assert!(read <= turns * super::agent::READ_BYTES_PER_TURN as u64, "{read} bytes in {turns} turns");
    rig.settle();
    assert_eq!(stats.bytes.get(), sent as u64);
    rig.assert_balanced();
}

#[test]
fn a_full_ring_stops_reading_for_the_patience_and_then_sheds() {
    let (listener, feed) = server();
    let feed = Feed { buffer_spots: 100, ..feed };
    let mut rig = Rig::new(vec![feed], Knobs { ring: 100, ..Knobs::default() });
    let mut stream = rig.accept(&listener);
    let lines = 2_000;
    let text: String = (0..lines).map(cw).collect();
    stream.write_all(text.as_bytes()).unwrap();
    rig.settle();
    let stats = rig.stats(0);
    let stopped_at = stats.bytes.get();
    assert!(stopped_at < text.len() as u64 / 4, "{stopped_at}");
    assert_eq!(stats.ledger.view().ended_by(Reason::RingFull), 0, "nothing is shed while patience lasts");
    assert_eq!(rig.spots.len(), 80, "a fifth of the ring is kept from machines");
    rig.assert_balanced();
    rig.clock.advance_ms(1_999);
    rig.settle();
    assert_eq!(stats.bytes.get(), stopped_at);
    rig.clock.advance_ms(1);
    rig.until("the rest", |_| stats.bytes.get() == text.len() as u64);
    rig.assert_balanced();
    let view = stats.ledger.view();
    assert_eq!(view.total_in(), lines as u64);
    assert_eq!((view.total_out(), view.held), (80, 100));
    assert_eq!(view.ended_by(Reason::RingFull), lines as u64 - 180);
    // When there is room again, what waited goes on, the oldest first.
    let first = rig.taken();
    assert_eq!(first.len(), 80);
    assert!(first.windows(2).all(|w| w[0].line < w[1].line));
    rig.settle();
    let second = rig.taken();
    assert_eq!(second.first().map(|s| s.line), Some(81));
    rig.settle();
    assert_eq!(stats.waiting.get(), 0, "{:?}", stats.ledger.view());
    rig.assert_balanced();
}

#[test]
fn people_are_shed_last() {
    let (listener, feed) = server();
    let feed = Feed { kind: FeedKind::Cluster, buffer_spots: 20, ..feed };
    let mut rig = Rig::new(vec![feed], Knobs { ring: 20, patience_ms: 0, ..Knobs::default() });
    let mut stream = rig.accept(&listener);
    let ft8 = |n: usize| cw(n).replace("CW    23 dB  25 WPM", "FT8  -12 dB        ");
    let mut text: String = (0..40).map(ft8).collect();
    text.extend((0..40).map(cw));
    text.extend((0..15).map(|_| HUMAN));
    stream.write_all(text.as_bytes()).unwrap();
    let stats = rig.stats(0);
    rig.until("all lines", |_| stats.lines.get() == 95);
    let mut got = rig.taken();
    rig.settle();
    got.extend(rig.taken());
    rig.settle();
    got.extend(rig.taken());
    let count = |class| got.iter().filter(|s| s.class() == class).count();
    assert_eq!(count(Class::Human), 15, "no person was shed");
    let shed = stats.ledger.view();
    let by = shed.ended.iter().find(|(r, _)| *r == Reason::RingFull).map(|(_, by)| *by).unwrap();
    assert_eq!(by[Class::Human as usize], 0);
    assert_eq!(by[Class::RbnDigital as usize], 27, "13 had found room in the ring; the rest made way");
    assert_eq!(by[Class::Rbn as usize], 28);
    assert_eq!(got.len() as u64 + shed.ended_by(Reason::RingFull), 95);
    rig.assert_balanced();
}

#[test]
fn a_panic_costs_a_line_and_eleven_cost_the_input() {
    let (listener, feed) = server();
    let bad = Call::literal("K1PANIC");
    let mut rig = Rig::new(vec![feed], Knobs { fault: Some(bad), ..Knobs::default() });
    let mut stream = rig.accept(&listener);
    let line = "DX de W3LPL-#:   14025.0  K1PANIC        CW    23 dB  25 WPM  CQ      1234Z\r\n";
    stream.write_all(format!("{}{line}{}", cw(1), cw(2)).as_bytes()).unwrap();
    let stats = rig.stats(0);
    rig.until("three lines", |_| stats.lines.get() == 3);
    assert_eq!(rig.taken().iter().map(|s| s.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!((stats.ledger.view().ended_by(Reason::Panic), stats.ledger.view().panics), (1, 1));
    let away = rig.control.take_quarantined();
    assert_eq!((away.len(), away[0].spot.dx, away[0].stage.as_str()), (1, bad, "parse"));
    rig.assert_balanced();

    stream.write_all(line.repeat(9).as_bytes()).unwrap();
    rig.until("nine more", |_| stats.lines.get() == 12);
    assert!(!rig.control.is_input_off(0), "ten a minute are borne");
    stream.write_all(format!("{line}{}", cw(3)).as_bytes()).unwrap();
    rig.until("the last", |_| stats.lines.get() == 14);
    assert!(rig.control.is_input_off(0));
    assert_eq!(stats.ledger.view().ended_by(Reason::InputOff), 1);
    rig.assert_balanced();
}

#[test]
fn a_host_name_is_looked_up_off_the_core() {
    let (listener, feed) = server();
    let mut rig = Rig::new(vec![Feed { host: "localhost".into(), ..feed }], Knobs::default());
    // Every address of the name is tried: this listener has the IPv4 one only.
    let mut stream = rig.accept(&listener);
    stream.write_all(b"login: ").unwrap();
    assert_eq!(rig.hear(&mut stream, "\r\n"), "N0CALL\r\n");
    assert_eq!(rig.stats(0).failures_total(), 0);
}

#[test]
fn an_answer_that_comes_too_late_keeps_nobody_awake() {
    let (_listener, feed) = server();
    let feed = Feed { host: "localhost".into(), ..feed };
    let end = Instant::now() + DEADLINE;
    let mut rig = loop {
        let mut rig = Rig::new(vec![feed.clone()], Knobs::default());
        rig.agent.turn(rig.clock.now());
        if rig.stats(0).state() == FeedState::Resolving {
            break rig;
        }
        // On a busy machine the answer may be there before the turn that asked is over.
        assert!(Instant::now() < end, "every answer came at once");
    };
    rig.clock.advance_ms(30_000);
    rig.agent.turn(rig.clock.now());
    assert_eq!((rig.stats(0).state(), rig.stats(0).failures(Failure::Lookup)), (FeedState::BackingOff, 1));
    // The answer itself makes no sign; a look-up of this name takes far less.
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        assert!(!rig.agent.has_work(), "the core would spin until the next attempt");
        std::thread::yield_now();
    }
}

fn post(session: u32, de: &str, dx: &str, khz: u64) -> Spot {
    let mut spot = Spot::empty();
    spot.de = Call::literal(de);
    spot.dx = Call::literal(dx);
    spot.set_freq(Freq::from_khz(khz));
    spot.post = SessionId::new(0, 1, session);
    spot.flags.set(Flags::POST, true);
    spot
}

#[test]
fn posts_pass_the_gate_or_are_told_why_not() {
    let mut rig = Rig::new(Vec::new(), Knobs::default());
    for (n, spot) in [
        post(1, "K1ABC", "3D2AG", 14_025),
        post(2, "K1ABC", "3D2AG", 13_000),
        post(3, "K2DEF", "ABC1D", 14_025),
        post(4, "K1ABC", "3D2AG", 10_368_100),
        post(5, "K1ABC-3", "3D2AG", 14_026),
        post(6, "W1TEST", "3D2AG", 14_027),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(rig.posts.push(spot).is_ok(), "{n}");
    }
    rig.posts.announce();
    rig.settle();
    let spots = rig.taken();
    assert_eq!(spots.iter().map(|s| s.post.slot()).collect::<Vec<_>>(), [1, 4, 6]);
    assert!(spots[2].flags.has(Flags::TEST_SPOTTER) && spots[2].de == Call::literal("W1TEST"));
    assert!(spots.iter().all(|s| s.feed == Spot::FEED_POSTS && s.class() == Class::Human));
    let refused: Vec<_> = std::iter::from_fn(|| rig.notes.pop())
        .map(|note| match note {
            Note::Verdict(post, Verdict::Refused(words)) => (post.slot(), words),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(refused.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 3, 5]);
    assert!(refused[0].1.contains("band") && refused[1].1.contains("letters") && refused[2].1.contains("fast"));
    rig.assert_balanced();
}

#[test]
fn posts_wait_for_room_and_are_refused_when_patience_is_over() {
    let mut rig = Rig::new(Vec::new(), Knobs { ring: 1, ..Knobs::default() });
    assert!(rig.posts.push(post(1, "K1ABC", "3D2AG", 14_025)).is_ok());
    assert!(rig.posts.push(post(2, "K2ABC", "3D2AG", 14_025)).is_ok());
    rig.settle();
    assert_eq!((rig.spots.len(), rig.notes.len()), (1, 0));
    assert!(rig.agent.deadline_ns() <= rig.clock.now().mono_ns + super::agent::RING_RETRY_NS, "looks again soon");
    rig.clock.advance_ms(2_000);
    rig.settle();
    assert!(matches!(rig.notes.pop(), Some(Note::Verdict(id, Verdict::Refused(_))) if id.slot() == 2));
    // Later, and the ring is full once more: the next one has the patience anew, and is noticed without a bell.
    assert!(rig.posts.push(post(3, "K3ABC", "3D2AG", 14_025)).is_ok());
    assert!(rig.agent.has_work());
    rig.settle();
    assert_eq!(rig.notes.len(), 0, "it waits");
    assert!(rig.spots.pop().is_some());
    rig.settle();
    assert_eq!(rig.taken().iter().map(|s| s.post.slot()).collect::<Vec<_>>(), [3]);
    rig.assert_balanced();
}

struct Ticker {
    next_ns: u64,
}
impl LineSource for Ticker {
    fn next_due_ns(&self) -> u64 {
        self.next_ns
    }
    fn lines(&mut self, now: Now, on_line: &mut dyn FnMut(&[u8])) {
        while self.next_ns <= now.mono_ns {
            on_line(cw(1).trim_ascii_end().as_bytes());
            self.next_ns += 1_000_000_000;
        }
    }
}

#[test]
fn a_source_is_asked_when_it_is_due_and_marked_as_simulated() {
    let feed = Feed { kind: FeedKind::Simulator, name: "simulator".into(), ..Feed::default() };
    let sources: Vec<(u8, Box<dyn LineSource + Send>)> = vec![(0, Box::new(Ticker { next_ns: 3_000_000_000 }))];
    let mut rig = Rig::new(vec![feed], Knobs { sources, ..Knobs::default() });
    rig.settle();
    assert_eq!((rig.spots.len(), rig.agent.deadline_ns()), (0, 3_000_000_000));
    rig.clock.advance_ms(3_000);
    rig.settle();
    let spots = rig.taken();
    assert_eq!(spots.len(), 2);
    assert!(spots.iter().all(|s| s.class() == Class::Simulator && s.flags.has(Flags::SIMULATED)));
    rig.assert_balanced();
}

#[test]
fn a_drain_closes_feeds_refuses_posts_and_finishes() {
    let (listener, feed) = server();
    let mut rig = Rig::new(vec![feed], Knobs::default());
    let mut stream = rig.accept(&listener);
    stream.write_all(format!("{}DX de W3LPL", cw(1)).as_bytes()).unwrap();
    let stats = rig.stats(0);
    rig.until("the spot", |_| stats.spots.get() == 1);
    assert!(!rig.agent.finished());
    rig.control.drain();
    assert!(rig.agent.has_work(), "a drain is work");
    assert!(rig.posts.push(post(9, "K1ABC", "3D2AG", 14_025)).is_ok());
    rig.turn();
    rig.turn();
    assert!(rig.agent.finished());
    assert_eq!(stats.state(), FeedState::Off);
    assert_eq!(stats.ledger.view().ended_by(Reason::LineCutOff), 1);
    assert!(matches!(rig.notes.pop(), Some(Note::Verdict(..))));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(stream.read(&mut [0; 4]).unwrap_or(0), 0, "closed");
    rig.assert_balanced();
}
