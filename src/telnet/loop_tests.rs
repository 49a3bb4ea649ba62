//! The loop of a telnet core over real loopback sockets, turned by hand: no threads, no sleeps, every
//! wait has a deadline; time that must pass is added to the clock.

mod rules;

use super::connection::LINEWISE_GAP_NS;
use super::limits::{Refusal, Table};
use super::session_tests::nobody_is_known;
use super::{Action, CloseReason, Faults, Parts, TelnetAgent, TelnetStats, listener};
use crate::accounts::{Answer, Ask, Ban, BanList};
use crate::config;
use crate::engine::{Agent, Bell, Consumer, Control, FaultPoint, Now, Producer, RealClock, Tokens, edge};
use crate::fanout::{Choice, Lines};
use crate::filter::{Expr, Filter};
use crate::measure::{Edge, LatencyMailbox, LatencySet, Reason};
use crate::reference::Cty;
use crate::spot::{Call, Class, Flags, Freq, Note, Published, Spot, Upward, UserInfo, Utc, Verdict, Verdicts};
use crate::store::{HistoryReply, HistoryRequest};
use crate::wire::LineStyle;
use arc_swap::ArcSwap;
use socket2::{Domain, SockRef, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nothing on loopback takes so long unless it never comes.
const DEADLINE: Duration = Duration::from_secs(30);

struct Rig {
    poll: mio::Poll,
    agent: Option<TelnetAgent>,
    clock: RealClock,
    skew_ns: u64,
    publish: Option<Producer<Published>>,
    posts: Consumer<Spot>,
    upward: Consumer<Upward>,
    questions: Consumer<HistoryRequest>,
    answers: Producer<HistoryReply>,
    asks: Consumer<Ask>,
    accounts: Producer<Answer>,
    stats: Arc<TelnetStats>,
    control: Arc<Control>,
    latency: Arc<LatencyMailbox>,
    address: SocketAddr,
}

impl Rig {
    fn new() -> Rig {
        Rig::with(|_| {}, Faults::default())
    }
    fn with(change: impl FnOnce(&mut config::Node), faults: Faults) -> Rig {
        let mut settings = config::Node::default();
        change(&mut settings);
        let poll = mio::Poll::new().unwrap();
        let listener = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let bell = Bell::silent();
        let (publish, published) = edge("dedup>telnet", 4_096, Arc::clone(&bell));
        let (posts_in, posts) = edge("posts", 4, Arc::clone(&bell));
        let (upward_in, upward) = edge("upward", 1_024, Arc::clone(&bell));
        let (questions_in, questions) = edge("questions", 1, Arc::clone(&bell));
        let (answers, answers_out) = edge("answers", 16, Arc::clone(&bell));
        let (asks_in, asks) = edge("asks", 1_024, Arc::clone(&bell));
        let (accounts, account_answers) = edge("accounts", 1_024, bell);
        let stats = Arc::new(TelnetStats::new(0));
        let control = Arc::new(Control::new());
        let latency = Arc::new(LatencyMailbox::new());
        let mut clock = RealClock::start();
        let agent = TelnetAgent::new(Parts {
            core: 0,
            listener,
            registry: poll.registry().try_clone().unwrap(),
            tokens: Tokens::of_agent(3),
            clock: None,
            published,
            posts: posts_in,
            upward: upward_in,
            history_requests: questions_in,
            history_replies: answers_out,
            asks: asks_in,
            answers: account_answers,
            bans: Default::default(),
            digest: Default::default(),
            operations: Arc::new(crate::engine::Mailbox::new(4, Bell::silent())),
            users: Arc::new(ArcSwap::from_pointee(Vec::<UserInfo>::new())),
            limits: Arc::new(Table::new(&settings.limits).unwrap()),
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            cty: Arc::new(ArcSwap::from_pointee(Cty::embedded())),
            latency: Arc::clone(&latency),
            stats: Arc::clone(&stats),
            control: Arc::clone(&control),
            faults,
            started: clock.now().utc,
        })
        .unwrap();
        Rig {
            poll,
            agent: Some(agent),
            clock,
            skew_ns: 0,
            publish: Some(publish),
            asks,
            accounts,
            posts,
            upward,
            questions,
            answers,
            stats,
            control,
            latency,
            address,
        }
    }
    fn now(&mut self) -> Now {
        let now = self.clock.now();
        Now { mono_ns: now.mono_ns + self.skew_ns, utc: Utc::from_ms(now.utc.ms() + (self.skew_ns / 1_000_000) as i64) }
    }
    fn advance_s(&mut self, seconds: u64) {
        self.skew_ns += seconds * 1_000_000_000;
    }
    fn agent(&self) -> &TelnetAgent {
        self.agent.as_ref().unwrap()
    }
    /// One round of the core's loop; returns what the turn moved.
    fn step(&mut self) -> usize {
        let mut events = mio::Events::with_capacity(1_024);
        self.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        let now = self.now();
        let agent = self.agent.as_mut().unwrap();
        for event in &events {
            let (place, local) = Tokens::split(event.token());
            assert_eq!(place, 3);
            agent.ready(local, event);
        }
        let moved = agent.turn(now);
        while let Some(answer) = self.asks.pop() {
            if let Some(answer) = nobody_is_known(answer) {
                let _ = self.accounts.push(answer);
            }
        }
        moved
    }
    /// Turns until it is so.
    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Rig) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "waited in vain for: {what}");
            if self.step() == 0 {
                std::thread::yield_now();
            }
        }
    }
    /// Publishes as far as the ring takes it.
    fn publish(&mut self, item: Published) {
        let mut item = Some(item);
        self.until("room in the ring", |rig| match rig.publish.as_mut().unwrap().push(item.take().unwrap()) {
            Ok(()) => true,
            Err(back) => {
                item = Some(back);
                false
            }
        });
    }
    fn spots(&mut self, numbers: std::ops::Range<u64>) -> Vec<Spot> {
        let read_ns = self.now().mono_ns;
        let spots: Vec<Spot> = numbers.map(|n| spot(n, read_ns)).collect();
        for spot in &spots {
            self.publish(Published::Spot(*spot));
        }
        spots
    }
    /// The user's session wants its stream so.
    fn choose(&mut self, call: &str, change: impl FnOnce(&mut Choice)) {
        let agent = self.agent.as_mut().unwrap();
        let is_his = |c: &super::connection::Connection| c.call == Some(Call::literal(call));
        let (slot, connection) = agent.connections.iter().find(|(_, c)| is_his(c)).unwrap();
        let (slot, mut choice) = (slot as u32, connection.session.choice());
        change(&mut choice);
        agent.act(slot, Action::Prefer(choice));
    }
    fn note(&mut self, note: Note) {
        self.publish(Published::Note(Box::new(note)));
    }
    fn connect(&self) -> Client {
        self.connect_from("127.0.0.1", None)
    }
    fn connect_from(&self, from: &str, receive_bytes: Option<usize>) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        socket.bind(&format!("{from}:0").parse::<SocketAddr>().unwrap().into()).unwrap();
        socket.connect(&self.address.into()).unwrap();
        socket.set_nonblocking(true).unwrap();
        Client { stream: socket.into(), got: Vec::new(), closed: false }
    }
    fn user(&mut self, call: &str) -> Client {
        let mut client = self.connect();
        self.log_in(&mut client, call);
        client
    }
    fn log_in(&mut self, client: &mut Client, call: &str) {
        client.say(&format!("{call}\r\n"));
        self.until("a prompt", |_| client.pull().ends_with(b" dxspider >\r\n"));
        client.got.clear();
    }
    /// Nothing left to do, and the books say where every line went.
    fn settle(&mut self) {
        self.until("quiet", |rig| rig.step() == 0 && !rig.agent().has_work());
        for view in [self.stats.deliveries.view(), self.stats.spots.view()] {
            assert_eq!(view.imbalance(), 0, "{view:?}");
        }
    }
}

struct Client {
    stream: TcpStream,
    got: Vec<u8>,
    closed: bool,
}

impl Client {
    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }
    /// Takes what is there; everything so far.
    fn pull(&mut self) -> &[u8] {
        let mut buffer = [0; 16 * 1024];
        while !self.closed {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(n) => self.got.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.closed = true,
            }
        }
        &self.got
    }
    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.pull()).into_owned()
    }
    /// Spot lines so far, with their line ends.
    fn lines(&mut self) -> Vec<Vec<u8>> {
        let lines = self.pull().split_inclusive(|b| *b == b'\n');
        lines.filter(|l| l.starts_with(b"DX de")).map(<[u8]>::to_vec).collect()
    }
}

fn spot(n: u64, read_ns: u64) -> Spot {
    let mut spot = Spot::empty();
    spot.dx = Call::literal("K1TTT");
    spot.de = Call::literal("W3LPL");
    spot.set_freq(Freq::from_khz(14_025));
    spot.set_class(Class::Rbn);
    spot.set_comment(format!("no {n}").as_bytes());
    spot.verdicts = Verdicts(7);
    spot.read_ns = read_ns;
    spot.time = Utc::from_civil(2026, 11, 24, 12, 0, 0);
    spot.seq = n + 1;
    spot
}

fn classic(spots: &[Spot]) -> Vec<Vec<u8>> {
    let mut lines = Lines::default();
    let encode = |spot| {
        lines.clear();
        lines.encode(LineStyle::default(), spot);
        lines.get(LineStyle::default()).to_vec()
    };
    spots.iter().map(encode).collect()
}

#[test]
fn a_burst_reaches_fifty_users_whole_and_timed() {
    let mut rig = Rig::new();
    let mut users: Vec<Client> =
        (0..50).map(|n| rig.user(&format!("K{}AB{}", n % 10, (b'A' + n / 10) as char))).collect();
    assert_eq!(rig.stats.users.get(), 50);
    let spots = rig.spots(0..2_000);
    let want = classic(&spots);
    for user in &mut users {
        rig.until("the last line", |_| user.pull().ends_with(want.last().unwrap()));
        assert_eq!(user.lines(), want);
    }
    rig.settle();
    assert_eq!(rig.stats.deliveries.view().total_out(), 100_000);
    assert_eq!(rig.stats.lines.get(), 100_000);
    assert!(rig.stats.lines.get() / rig.stats.sends.get() >= 10, "lines gather: {} sends", rig.stats.sends.get());
    assert_eq!(rig.stats.segments.get(), 0, "no memory is held when all is sent");
    let mut latencies = LatencySet::new();
    for _ in 0..2 {
        rig.latency.collect(&mut latencies);
        rig.advance_s(2);
        rig.step();
    }
    rig.latency.collect(&mut latencies);
    assert_eq!(latencies.get(Edge::EndToEnd, Class::Rbn).len(), 100_000);
    assert_eq!(latencies.get(Edge::Ring, Class::Rbn).len(), 2_000);
}

#[test]
fn who_never_reads_is_lapped_and_closed_and_nobody_else_notices() {
    let mut rig = Rig::with(|node| node.telnet.cohort_mib = 1, Faults::default());
    let mut good = rig.user("K1ABC");
    let mut stuck = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut stuck, "K2ABC");
    const LINES: u64 = 60_000;
    for from in (0..LINES).step_by(1_000) {
        let spots = rig.spots(from..from + 1_000);
        let last = classic(&spots).pop().unwrap();
        rig.until("the good user's lines", |_| good.pull().ends_with(&last));
    }
    assert_eq!(good.lines().len() as u64, LINES);
    rig.settle();
    let view = rig.stats.deliveries.view();
    assert!(rig.stats.laps.get() > 0 && view.ended_by(Reason::Lapped) > 10_000, "{view:?}");
    assert!(view.held > 0);
    assert!(rig.stats.segments_max.get() <= 16);
    rig.advance_s(61);
    rig.until("the end of the stuck one", |rig| rig.stats.closed(CloseReason::Slow).get() == 1);
    rig.settle();
    let view = rig.stats.deliveries.view();
    assert_eq!(view.held, 0);
    assert!(view.ended_by(Reason::SessionClosed) > 0);
    assert_eq!((rig.stats.users.get(), rig.stats.segments.get()), (1, 0));
}

#[test]
fn a_lapped_user_who_reads_again_is_told_the_exact_number() {
    let mut rig = Rig::with(|node| node.telnet.cohort_mib = 1, Faults::default());
    let mut slow = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut slow, "K2ABC");
    const LINES: u64 = 40_000;
    let spots = rig.spots(0..LINES);
    rig.until("all taken", |rig| rig.stats.spots.view().total_out() == LINES);
    let lost = rig.stats.deliveries.view().ended_by(Reason::Lapped);
    assert!(lost > 0);
    let want = classic(&spots);
    rig.until("the end of the lines", |_| slow.pull().ends_with(want.last().unwrap()));
    assert!(slow.text().contains(&format!("*** {lost} spots skipped")), "the notice comes before the lines that wait");
    let got = slow.lines();
    assert_eq!(got.len() as u64 + lost, LINES);
    let mut due = want.iter();
    assert!(got.iter().all(|line| due.any(|d| d == line)), "in order and none torn");
    rig.settle();
}

#[test]
fn replies_and_moves_cut_in_between_lines_and_lose_none() {
    let mut rig = Rig::new();
    let mut user = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut user, "K1ABC");
    // More than the kernel takes, so that lines wait when the commands come.
    rig.spots(0..8_000);
    rig.until("a full socket", |rig| rig.stats.short_writes.get() > 0 && rig.stats.spots.view().total_out() == 8_000);
    user.say("SHOW/TIME\r\nSET/FORMAT GOCLUSTER\r\n");
    rig.until("both read", |rig| rig.stats.commands.get() >= 2);
    rig.spots(8_000..8_100);
    rig.until("every line", |_| user.lines().len() == 8_100);
    for (n, line) in user.lines().iter().enumerate() {
        let line = String::from_utf8_lossy(line);
        assert!(line.ends_with("\r\n") && line.contains(&format!("no {n} ")), "{n}: {line:?}");
        assert_eq!(line.trim_end().len() > 75, n >= 8_000, "the old layout to the end of the old lines: {line:?}");
    }
    rig.settle();
    assert_eq!(rig.stats.deliveries.view().total_out(), 8_100);
}

#[test]
fn log_ins_under_way_are_bounded_and_the_refused_are_told() {
    let mut rig = Rig::with(
        |node| {
            node.limits.pre_login = 2;
            node.limits.per_address = 2;
        },
        Faults::default(),
    );
    let mut first = rig.connect_from("127.0.0.2", None);
    let _second = rig.connect_from("127.0.0.3", None);
    rig.until("two", |rig| rig.stats.connections.get() == 2);
    let mut third = rig.connect_from("127.0.0.4", None);
    rig.until("a refusal", |_| !third.pull().is_empty() && third.closed);
    assert_eq!(third.got, Refusal::PreLogin.line().as_bytes());
    assert_eq!(rig.stats.refused(Refusal::PreLogin).get(), 1);
    let mut exempt = rig.connect();
    rig.until("a prompt for the exempt", |_| exempt.text().ends_with("your call: "));
    rig.log_in(&mut first, "K1ABC");
    let mut again = rig.connect_from("127.0.0.2", None);
    rig.until("room", |_| again.text().ends_with("your call: "));
    rig.log_in(&mut again, "K1ABC");
    let mut over = rig.connect_from("127.0.0.2", None);
    rig.until("a refusal", |_| !over.pull().is_empty() && over.closed);
    assert_eq!(over.got, Refusal::Address.line().as_bytes(), "two of one address are here");
}

#[test]
fn a_megabyte_without_a_line_end_is_one_long_line() {
    let mut rig = Rig::new();
    let mut client = rig.connect();
    let junk = vec![b'x'; 1 << 20];
    let mut sent = 0;
    rig.until("a megabyte taken", |_| {
        match client.stream.write(&junk[sent..]) {
            Ok(n) => sent += n,
            Err(e) => assert_eq!(e.kind(), ErrorKind::WouldBlock),
        }
        sent == junk.len()
    });
    client.say("\r\n");
    rig.until("its end", |rig| rig.stats.lines_too_long.get() == 1);
    rig.log_in(&mut client, "K1ABC");
    assert_eq!(rig.stats.bytes_read.get(), (1 << 20) + 2 + 7);
}

#[test]
fn a_reset_in_the_middle_of_a_write_costs_this_user_only() {
    let mut rig = Rig::new();
    let mut good = rig.user("K1ABC");
    let mut bad = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut bad, "K2ABC");
    rig.spots(0..8_000);
    rig.until("a full socket", |rig| rig.stats.short_writes.get() > 0);
    SockRef::from(&bad.stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(bad);
    let spots = rig.spots(8_000..9_000);
    rig.until("the other's lines", |_| good.lines().len() == 9_000);
    assert!(good.pull().ends_with(classic(&spots).last().unwrap()));
    rig.until("its end", |rig| rig.stats.closed(CloseReason::Reset).get() == 1);
    rig.settle();
    assert!(rig.stats.deliveries.view().ended_by(Reason::SessionClosed) > 0);
    assert_eq!(rig.stats.users.get(), 1);
}

#[test]
fn the_farewell_comes_behind_the_last_line() {
    let mut rig = Rig::new();
    let mut slow = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut slow, "K1ABC");
    let mut anonymous = rig.connect();
    rig.until("a prompt", |_| anonymous.text().ends_with("your call: "));
    rig.spots(0..8_000);
    rig.note(Note::Farewell("Down for repairs, 73".into()));
    rig.until("the end", |_| {
        slow.pull();
        slow.closed
    });
    assert_eq!(slow.lines().len(), 8_000);
    let text = slow.text();
    let tail = &text[text.len() - 200..];
    assert!(tail.trim_end().ends_with("Down for repairs, 73"), "{tail:?}");
    rig.until("the other's end", |_| {
        anonymous.pull();
        anonymous.closed
    });
    assert!(anonymous.text().contains("Down for repairs, 73"));
    rig.settle();
    assert!(rig.agent().finished());
    assert_eq!(rig.stats.closed(CloseReason::Farewell).get(), 2);
    let late = TcpStream::connect_timeout(&rig.address, Duration::from_secs(5));
    assert!(late.is_err(), "nobody listens any more");
}

#[test]
fn who_takes_no_farewell_is_left_after_two_seconds() {
    let mut rig = Rig::new();
    let mut stuck = rig.connect_from("127.0.0.1", Some(4_096));
    rig.log_in(&mut stuck, "K1ABC");
    rig.spots(0..8_000);
    rig.note(Note::Farewell("73".into()));
    rig.until("a full socket", |rig| rig.stats.short_writes.get() > 0 && rig.stats.spots.view().total_out() == 8_000);
    assert!(!rig.agent().finished());
    rig.advance_s(3);
    rig.until("the end", |rig| rig.agent().finished());
    rig.settle();
}

#[test]
fn the_end_of_the_road_is_a_farewell_too() {
    let mut rig = Rig::new();
    let mut user = rig.user("K1ABC");
    rig.spots(0..10);
    rig.publish = None;
    rig.until("the end", |rig| rig.agent().finished());
    rig.until("the last bytes", |_| {
        user.pull();
        user.closed
    });
    assert_eq!(user.lines().len(), 10);
    assert!(user.text().contains("going down"));
}

#[test]
fn a_post_goes_up_and_its_fate_comes_back() {
    let mut rig = Rig::new();
    let mut user = rig.user("K1ABC");
    let Some(Upward::LogIn(info)) = rig.upward.pop() else { panic!("no log-in") };
    assert_eq!(info.call, Call::literal("K1ABC"));
    user.say("DX 14025 G3SXW hello\r\n");
    let mut post = None;
    rig.until("the post", |rig| {
        post = rig.posts.pop();
        post.is_some()
    });
    let mut post = post.unwrap();
    assert!(post.flags.has(Flags::POST) && post.post == info.session && post.feed == Spot::FEED_POSTS);
    post.verdicts = Verdicts(7);
    rig.publish(Published::Spot(post));
    let mut reached = None;
    rig.until("the count", |rig| {
        reached = rig.upward.pop();
        reached.is_some()
    });
    assert!(matches!(reached, Some(Upward::Reached(id, 1)) if id == info.session), "{reached:?}");
    rig.note(Note::Verdict(info.session, Verdict::Sent { users: 1 }));
    rig.until("the fate", |_| user.text().ends_with(" dxspider >\r\n"));
    assert_eq!(user.lines().len(), 1, "who posts gets his line as well");
}

#[test]
fn full_rings_are_answered_with_busy() {
    let mut rig = Rig::new();
    let mut users: Vec<Client> = (0..6).map(|n| rig.user(&format!("K{n}ABC"))).collect();
    for user in &mut users {
        user.say("SHOW/DX 5\r\n");
    }
    // The ring to the store has one place.
    rig.until("answers", |_| users.iter_mut().map(|u| u.text().contains("busy")).filter(|b| *b).count() == 5);
    let request = rig.questions.pop().unwrap();
    let (session, ask) = (request.session, request.ask);
    rig.answers.push(HistoryReply { session, ask, bytes: b"a line of history\r\n".to_vec() }).unwrap();
    rig.until("the sixth", |_| users.iter_mut().any(|u| u.text().contains("a line of history")));
    for user in &mut users {
        user.got.clear();
        user.say("DX 14025 G3SXW hello\r\n");
    }
    rig.until("two refusals", |_| users.iter_mut().map(|u| u.text().contains("busy")).filter(|b| *b).count() == 2);
    assert_eq!(rig.stats.posts_refused.get(), 2);
}

#[test]
fn the_evicted_are_told_and_strangers_to_the_note_are_not() {
    let mut rig = Rig::new();
    let mut old = rig.user("K1ABC");
    let Some(Upward::LogIn(info)) = rig.upward.pop() else { panic!("no log-in") };
    let mut new = rig.user("K1ABC");
    rig.note(Note::Evict(info.session, "Logged in elsewhere".into()));
    rig.until("its end", |_| {
        old.pull();
        old.closed
    });
    assert!(old.text().contains("Logged in elsewhere"));
    rig.until("the log-out", |rig| {
        std::iter::from_fn(|| rig.upward.pop()).any(|m| matches!(m, Upward::LogOut(id) if id == info.session))
    });
    // The slot may be another's by now; the number is not.
    let _next = rig.user("K3ABC");
    rig.note(Note::Evict(info.session, "Again".into()));
    rig.settle();
    assert_eq!(rig.stats.users.get(), 2);
    assert!(!new.text().contains("elsewhere"));
}

#[test]
fn a_panic_on_a_spot_costs_the_spot() {
    let faults = Faults { fanout: FaultPoint::new(Some(Call::literal("K9BAD"))), ..Faults::default() };
    let mut rig = Rig::with(|_| {}, faults);
    let mut user = rig.user("K1ABC");
    rig.spots(0..5);
    let mut bad = spot(5, 1);
    bad.dx = Call::literal("K9BAD");
    rig.publish(Published::Spot(bad));
    rig.spots(6..10);
    rig.until("the rest", |_| user.lines().len() == 9);
    rig.settle();
    assert_eq!(rig.stats.spots.view().ended_by(Reason::Panic), 1);
    assert_eq!(rig.stats.deliveries.view().ended_by(Reason::Panic), 1);
    let kept = rig.control.take_quarantined();
    assert_eq!((kept.len(), kept[0].spot.dx), (1, bad.dx));
    assert!(kept[0].panic.contains("injected"));
}

#[test]
fn a_panic_in_a_session_costs_the_session() {
    let faults = Faults { session: FaultPoint::new(Some(Call::literal("K9BAD"))), ..Faults::default() };
    let mut rig = Rig::with(|_| {}, faults);
    let mut good = rig.user("K1ABC");
    let mut bad = rig.user("K9BAD");
    bad.say("SHOW/TIME\r\n");
    rig.until("its end", |_| {
        bad.pull();
        bad.closed
    });
    assert_eq!(rig.stats.closed(CloseReason::Panic).get(), 1);
    assert_eq!(rig.stats.session_panics.get(), 1);
    rig.spots(0..3);
    rig.until("the others' lines", |_| good.lines().len() == 3);
    rig.settle();
}

#[test]
fn an_idle_core_has_nothing_to_do_until_a_timer_is_due() {
    let mut rig = Rig::with(|node| node.telnet.keepalive_s = 600, Faults::default());
    let mut users: Vec<Client> = (0..100).map(|n| rig.user(&format!("K{}{}AA", n / 10, n % 10))).collect();
    rig.spots(0..3);
    for user in &mut users {
        rig.until("three lines", |_| user.lines().len() == 3);
    }
    rig.settle();
    // The hand-over of latencies is due, and the log-in deadlines of those who made it; then nothing
    // but the users' keepalives.
    rig.advance_s(61);
    rig.settle();
    rig.latency.collect(&mut LatencySet::new());
    rig.advance_s(2);
    rig.settle();
    let now = rig.now();
    let wait_ns = rig.agent().deadline_ns() - now.mono_ns;
    assert!(wait_ns > 500 * 1_000_000_000, "it would wake in {wait_ns} ns");
    assert_eq!(rig.step(), 0);
    rig.advance_s(601);
    for user in &mut users {
        user.got.clear();
        rig.until("a keepalive", |_| user.text().ends_with(" dxspider >\r\n"));
    }
}

#[test]
fn who_shuts_his_sending_side_still_gets_his_answers() {
    let mut rig = Rig::new();
    let mut client = rig.connect();
    client.say("K1ABC\r\nSHOW/DX 1\r\nSHOW/TIME\r\n");
    client.stream.shutdown(Shutdown::Write).unwrap();
    let mut request = None;
    rig.until("the question", |rig| {
        request = rig.questions.pop();
        request.is_some()
    });
    let HistoryRequest { session, ask, .. } = request.unwrap();
    rig.answers.push(HistoryReply { session, ask, bytes: b"a line of history\r\n".to_vec() }).unwrap();
    rig.until("the end", |_| {
        client.pull();
        client.closed
    });
    let text = client.text();
    let (history, time) = text.split_once("a line of history").unwrap();
    assert!(history.contains("Hello") && time.matches("dxspider >").count() >= 2, "{text}");
    rig.settle();
    assert_eq!(rig.stats.closed(CloseReason::HungUp).get(), 1);
}

/// Runs [`emfile_child`] in a process of its own, for descriptors are the process's.
#[test]
fn out_of_descriptors_is_told_and_gets_over() {
    let me = std::env::current_exe().unwrap();
    let child = "telnet::loop_tests::emfile_child";
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact --ignored --nocapture \"$1\""])
        .arg(&me)
        .arg(child)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "uses up the descriptors of its process: run by out_of_descriptors_is_told_and_gets_over"]
fn emfile_child() {
    let mut rig = Rig::new();
    let mut waiting: Vec<Client> = (0..3).map(|_| rig.connect()).collect();
    let filler: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).take(1_000).collect();
    assert!(filler.len() < 64, "the limit is not in force");
    for client in &mut waiting {
        rig.until("a refusal", |_| {
            client.pull();
            client.closed
        });
        assert_eq!(client.got, Refusal::Descriptors.line().as_bytes());
    }
    assert_eq!(rig.stats.refused(Refusal::Descriptors).get(), 3);
    drop(filler);
    let mut next = rig.connect();
    rig.until("a prompt", |_| next.text().ends_with("your call: "));
    rig.log_in(&mut next, "K1ABC");
}
