//! Wiring: cores, rings, agents, and what it takes to stop them in order.

use super::{Directory, Instruments, Watchdog};
use crate::accounts::{AccountLink, AccountsAgent, AccountsParts, AccountsStats, Answer, Ask, BanList, FILE_NAME};
use crate::config::{self, FeedKind, Node};
use crate::correct::ModeStage;
use crate::dedup::{Publisher, PublisherParts, Reader, Windows};
use crate::engine::{
    AgentFactory, Bell, Consumer, Control, Core, Cpus, EdgeStats, FaultPoint, IdlePolicy, Mailbox, Now, PanicGuard,
    Plan, Producer, RealClock, Role, StageHost, edge, remember_panics,
};
use crate::measure::{LatencyMailbox, Ledger};
use crate::parse::{FeedStats, Gate, LineSource, Notes, ParseAgent, ParseParts, TlsDial};
use crate::reference::{Cty, SharedCty};
use crate::replay::ReplaySource;
use crate::simulate::Simulator;
use crate::spot::{Call, Hop, Note, Published, Spot, Upward, UserInfo};
use crate::store::{CoreLink, HistoryReply, HistoryRequest, StoreAgent};
use crate::telnet::{Digest, Faults, Operation, Parts, TelnetAgent, TelnetStats, limits, listener};
use arc_swap::ArcSwap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The drain may take so long; then the node exits with what it has not sent.
pub const DRAIN_MAX: Duration = Duration::from_secs(5);
/// Notes waiting for publication: verdicts, evictions, bulletins. Beyond it they are refused and counted.
const NOTES_MAX: usize = 4096;
/// Posts waiting between one telnet core and parse.
const POSTS_RING: usize = 1024;
/// Log-ins, log-outs and counts waiting between one telnet core and the directory: twice the
/// connections that can come within a turn.
const UPWARD_RING: usize = 8192;
/// History questions and answers waiting between one telnet core and the store.
const HISTORY_RING: usize = 1024;
/// Sysops' orders that wait for the main thread.
const OPERATIONS_MAX: usize = 16;
/// The in-process simulator at the pace its profiles describe.
const SIMULATOR_RATE: f64 = 1.0;
/// Agents must have been built by then.
const BIRTH_MAX: Duration = Duration::from_secs(10);

/// A node at work.
pub struct Running {
    /// Where users connect (the port is the real one, also when the configuration says 0).
    pub telnet: SocketAddr,
    /// Everything that can be read about it.
    pub instruments: Instruments,
    /// The supervisor's switches.
    pub control: Arc<Control>,
    /// Feeds as the parse agent keeps them.
    pub feeds: Vec<Arc<FeedStats>>,
    /// Telnet cores' counters.
    pub users: Vec<Arc<TelnetStats>>,
    /// Looks for stalls.
    pub watchdog: Watchdog,
    /// Texts for sysops, written by the main thread.
    pub digest: Arc<ArcSwap<Digest>>,
    /// Sysops' orders, carried out by the main thread.
    pub operations: Arc<Mailbox<Operation>>,
    /// The configuration that telnet cores and accounts look at; [`super::run()`] changes it.
    pub settings: Arc<ArcSwap<Node>>,
    /// Who is logged in, at most a second old.
    pub directory: Arc<ArcSwap<Vec<UserInfo>>>,
    clock: RealClock,
    bells: Vec<Arc<Bell>>,
    threads: Vec<JoinHandle<()>>,
}

/// What this machine and this configuration give.
pub fn plan(node: &Node) -> (Plan, Cpus) {
    let cpus = Cpus::detect();
    let usable = cpus.usable(node.placement.cores.map(|n| n as usize));
    let allowed: Vec<usize> = cpus.allowed.iter().map(|c| c.id).collect();
    (Plan::new(usable, &allowed, node.placement.pin, cpus.quota.is_some()), cpus)
}

/// How threads of this plan wait.
fn idle_policy(node: &Node, plan: &Plan, cpus: &Cpus) -> IdlePolicy {
    /// Spinning longer than this saves no wake-up worth its heat.
    const SPIN_AUTO_NS: u64 = 20_000;
    let spin_ns = match node.placement.idle {
        config::Idle::Park => 0,
        config::Idle::Spin(us) => u64::from(us) * 1000,
        config::Idle::Auto if plan.cores.len() <= 2 || cpus.quota.is_some() => 0,
        config::Idle::Auto => SPIN_AUTO_NS,
    };
    IdlePolicy { spin_ns }
}

/// The fault configured for a stage.
fn fault(node: &Node, stage: &str) -> FaultPoint {
    let fault = node.faults.iter().find(|f| f.stage == stage);
    FaultPoint::new(fault.and_then(|f| Call::new(f.call.as_bytes())))
}

/// The rings of one telnet core, both ends.
struct TelnetEdges {
    published: Consumer<Published>,
    posts: Producer<Spot>,
    upward: Producer<Upward>,
    requests: Producer<HistoryRequest>,
    replies: Consumer<HistoryReply>,
    asks: Producer<Ask>,
    answers: Consumer<Answer>,
}

/// Starts a node from a checked configuration.
///
/// Ports are bound before any thread starts, so that a taken port is one line and nothing else.
///
/// # Errors
/// One line for the operator: a country file or certificates that cannot be read, an address that cannot be bound,
/// a descriptor or thread that the kernel refuses.
pub fn start(node: Node) -> Result<Running, String> {
    remember_panics();
    let node = Arc::new(node);
    // A node with a replay feed lives in the capture's time (and has no other feed).
    let replay = match node.feeds.iter().find(|f| f.enabled && f.kind == FeedKind::Replay) {
        Some(feed) => Some(ReplaySource::open(feed).map_err(|e| format!("feed {}: {e}", feed.name))?),
        None => None,
    };
    let mut dials = Vec::new();
    for (index, feed) in node.feeds.iter().enumerate().filter(|(_, f)| f.enabled && f.tls) {
        dials.push((index as u8, TlsDial::load(feed, index as u8)?));
    }
    let mut clock = match &replay {
        Some(source) => RealClock::playing(source.starts_at(), source.speed()),
        None => RealClock::start(),
    };
    let started = clock.now();
    let control = Arc::new(Control::new());
    let (plan, cpus) = plan(&node);
    let idle = idle_policy(&node, &plan, &cpus);
    let telnet_cores = plan.telnet_cores();

    let cty: SharedCty = Arc::new(ArcSwap::from_pointee(match &node.reference.cty {
        Some(path) => Cty::load(path).map_err(|e| e.to_string())?,
        None => Cty::embedded(),
    }));
    let (listeners, telnet) = bind(&node.telnet.listen, telnet_cores)
        .map_err(|e| format!("telnet.listen = {}: {e}; choose another address or port", node.telnet.listen))?;
    let mut listeners = listeners.into_iter();

    let mut cores: Vec<Core> = Vec::new();
    for planned in &plan.cores {
        cores.push(Core::new(&planned.name).map_err(|e| format!("thread {}: {e}", planned.name))?);
    }
    let mut accounts = Core::new("accounts").map_err(|e| format!("thread accounts: {e}"))?;
    let mut service = Core::new("service").map_err(|e| format!("thread service: {e}"))?;
    let place =
        |role: Role| plan.cores.iter().position(|c| c.roles.contains(&role)).expect("every plan has every role");
    let (parse_at, correct_at, dedup_at) = (place(Role::Parse), place(Role::Correct), place(Role::Dedup));
    let bell_of = |cores: &[Core], at: usize| -> Arc<Bell> { cores[at].bell() };

    // --- rings, along the road
    let spots = node.rings.spots as usize;
    let (to_correct, from_parse) = edge::<Spot>("parse>correct", spots, bell_of(&cores, correct_at));
    let (to_dedup, from_correct) = edge::<Spot>("correct>dedup", spots, bell_of(&cores, dedup_at));
    let notes = Arc::new(Mailbox::new(NOTES_MAX, bell_of(&cores, dedup_at)));
    let mut instruments = Instruments::new(node.callsign.clone(), started, Arc::clone(&control));
    let mut edges: Vec<Arc<EdgeStats>> = vec![Arc::clone(to_correct.stats()), Arc::clone(to_dedup.stats())];
    let mut publish_books = Vec::new();
    let mut readers = Vec::new();
    let mut post_rings = Vec::new();
    let mut upward_rings = Vec::new();
    let mut store_links = Vec::new();
    let mut account_links = Vec::new();
    let mut telnet_edges = Vec::new();
    for core in 0..telnet_cores {
        let bell = bell_of(&cores, place(Role::Telnet(core as u8)));
        let (ring, published) = edge(format!("dedup>telnet {core}"), spots, Arc::clone(&bell));
        let (posts, post_ring) = edge(format!("telnet {core}>parse"), POSTS_RING, bell_of(&cores, parse_at));
        let (upward, upward_ring) = edge(format!("telnet {core}>directory"), UPWARD_RING, bell_of(&cores, dedup_at));
        let (requests, request_ring) = edge(format!("telnet {core}>store"), HISTORY_RING, service.bell());
        let (reply_ring, replies) = edge(format!("store>telnet {core}"), HISTORY_RING, Arc::clone(&bell));
        let books = Arc::new(Ledger::new(format!("publish/telnet {core}")));
        let (asks, ask_ring) = edge(format!("telnet {core}>accounts"), HISTORY_RING, accounts.bell());
        let (answer_ring, answers) = edge(format!("accounts>telnet {core}"), HISTORY_RING, Arc::clone(&bell));
        account_links.push(AccountLink { asks: ask_ring, answers: answer_ring });
        edges.push(Arc::clone(ring.stats()));
        readers.push(Reader::new(ring, Some(core as u8), Arc::clone(&books)));
        publish_books.push(books);
        post_rings.push(post_ring);
        upward_rings.push(upward_ring);
        store_links.push(CoreLink { requests: request_ring, replies: reply_ring });
        telnet_edges.push(TelnetEdges { published, posts, upward, requests, replies, asks, answers });
    }
    let (ring, store_published) = edge("dedup>store", spots, service.bell());
    let books = Arc::new(Ledger::new("publish/store"));
    edges.push(Arc::clone(ring.stats()));
    readers.push(Reader::new(ring, None, Arc::clone(&books)));
    publish_books.push(books);

    // --- agents, in the order of their turns on each core
    let users = Arc::new(ArcSwap::from_pointee(Vec::<UserInfo>::new()));
    let limits = Arc::new(limits::Table::new(&node.limits)?.with_proxies(&node.telnet.proxies)?);
    let (feeds_tx, feeds_rx) = mpsc::channel();
    let correct_books = Arc::new(Ledger::new("correct"));
    let dedup_books = Arc::new(Ledger::new("dedup"));
    let pipeline_latency = Arc::new(LatencyMailbox::new());
    instruments.mailboxes.push(Arc::clone(&pipeline_latency));

    let parse = parse_factory(ParseWiring {
        node: Arc::clone(&node),
        cty: Arc::clone(&cty),
        spots: to_correct,
        posts: post_rings,
        notes: Arc::clone(&notes),
        control: Arc::clone(&control),
        born: feeds_tx,
        replay,
        dials,
        now: started,
    });
    cores[parse_at].add(parse);
    cores[correct_at].add({
        let (node, control, books) = (Arc::clone(&node), Arc::clone(&control), Arc::clone(&correct_books));
        Box::new(move |_| {
            let guard = PanicGuard::new(fault(&node, "correct"), control);
            let factory = move || ModeStage::new(&node.modes);
            Ok(Box::new(StageHost::new("correct", vec![from_parse], to_dedup, factory, Hop::Corrected, guard, books)))
        })
    });
    cores[dedup_at].add({
        let (node, control, books) = (Arc::clone(&node), Arc::clone(&control), Arc::clone(&dedup_books));
        let notes = Arc::clone(&notes);
        Box::new(move |_| {
            let windows = Arc::clone(&node);
            Ok(Box::new(Publisher::new(PublisherParts {
                input: from_correct,
                factory: move || Windows::new(&windows.dedup),
                readers,
                notes,
                patience_ms: node.rings.patience_ms,
                farewell: format!("{} is going down, 73", node.callsign),
                guard: PanicGuard::new(fault(&node, "dedup"), control),
                ledger: books,
                latency: pipeline_latency,
            })))
        })
    });
    cores[dedup_at].add({
        let (notes, users) = (Arc::clone(&notes), Arc::clone(&users));
        Box::new(move |_| Ok(Box::new(Directory::new(upward_rings, notes, users))))
    });
    let bans = Arc::new(ArcSwap::from_pointee(BanList::default()));
    let settings = Arc::new(ArcSwap::new(Arc::clone(&node)));
    let digest = Arc::new(ArcSwap::from_pointee(Digest::default()));
    let operations = Arc::new(Mailbox::new(OPERATIONS_MAX, Bell::silent()));
    let mut telnet_stats = Vec::new();
    for (core, rings) in telnet_edges.into_iter().enumerate() {
        let stats = Arc::new(TelnetStats::new(core as u8));
        let latency = Arc::new(LatencyMailbox::new());
        instruments.mailboxes.push(Arc::clone(&latency));
        telnet_stats.push(Arc::clone(&stats));
        let listener = listeners.next().expect("one listener per core");
        let send_clock = clock.clone();
        let shared =
            (Arc::clone(&node), Arc::clone(&control), Arc::clone(&cty), Arc::clone(&users), Arc::clone(&limits));
        let (digest, operations, bans) = (Arc::clone(&digest), Arc::clone(&operations), Arc::clone(&bans));
        let settings = Arc::clone(&settings);
        cores[place(Role::Telnet(core as u8))].add(Box::new(move |context| {
            let (node, control, cty, users, limits) = shared;
            Ok(Box::new(TelnetAgent::new(Parts {
                core: core as u8,
                listener,
                registry: context.registry.try_clone()?,
                tokens: context.tokens,
                clock: Some(send_clock),
                published: rings.published,
                posts: rings.posts,
                upward: rings.upward,
                history_requests: rings.requests,
                history_replies: rings.replies,
                asks: rings.asks,
                answers: rings.answers,
                bans,
                digest,
                operations,
                users,
                limits,
                faults: Faults { fanout: fault(&node, "fanout"), session: fault(&node, "session") },
                settings,
                cty,
                latency,
                stats,
                control,
                started: started.utc,
            })?))
        }));
    }
    let store_books = Arc::new(Ledger::new("store"));
    service.add({
        let (node, books, cty) = (Arc::clone(&node), Arc::clone(&store_books), Arc::clone(&cty));
        let feeds = node.feeds.iter().map(|feed| feed.name.clone()).collect();
        Box::new(move |_| {
            let store = StoreAgent::new(store_published, store_links, &node.history, books);
            Ok(Box::new(store.with_names(cty, feeds)))
        })
    });

    let accounts_stats = Arc::new(AccountsStats::default());
    accounts.add({
        let (node, settings) = (Arc::clone(&node), Arc::clone(&settings));
        let (cty, stats) = (Arc::clone(&cty), Arc::clone(&accounts_stats));
        Box::new(move |context| {
            Ok(Box::new(AccountsAgent::new(AccountsParts {
                cores: account_links,
                // A folder without a name is no folder: tests keep nothing.
                path: Some(node.data.join(FILE_NAME)).filter(|_| !node.data.as_os_str().is_empty()),
                node: settings,
                cty,
                bans,
                stats,
                bell: Some(Arc::clone(&context.bell)),
                now: started.utc,
            })?))
        })
    });

    // --- threads
    instruments.cores = cores.iter().map(Core::stats).chain([service.stats(), accounts.stats()]).collect();
    instruments.edges = edges;
    let watchdog = Watchdog::new(instruments.cores.clone(), instruments.edges.clone());
    let bells = cores.iter().map(Core::bell).chain([service.bell(), accounts.bell()]).collect();
    let mut threads = Vec::new();
    control.expect_births(cores.len() + 2);
    // First, so that bans are known before many can have connected.
    let thread = accounts.start(None, IdlePolicy { spin_ns: 0 }, clock.clone(), Arc::clone(&control));
    threads.push(thread.map_err(|e| format!("thread accounts: {e}"))?);
    for (core, planned) in cores.into_iter().zip(&plan.cores) {
        let cpu = planned.cpu.and_then(|id| cpus.allowed.iter().copied().find(|c| c.id == id));
        let thread = core.start(cpu, idle, clock.clone(), Arc::clone(&control));
        threads.push(thread.map_err(|e| format!("thread {}: {e}", planned.name))?);
    }
    let thread = service.start(None, IdlePolicy { spin_ns: 0 }, clock.clone(), Arc::clone(&control));
    threads.push(thread.map_err(|e| format!("thread service: {e}"))?);
    let feeds: Vec<Arc<FeedStats>> = match feeds_rx.recv_timeout(BIRTH_MAX) {
        Ok(feeds) => feeds,
        Err(_) => return Err(control.failure().unwrap_or_else(|| "the parse agent did not start".into())),
    };
    instruments.ledgers = feeds.iter().map(|f| Arc::clone(&f.ledger)).collect();
    instruments.ledgers.extend([correct_books, dedup_books]);
    instruments.ledgers.extend(publish_books);
    instruments.ledgers.push(store_books);
    instruments.ledgers.extend(telnet_stats.iter().flat_map(|s| [Arc::clone(&s.spots), Arc::clone(&s.deliveries)]));
    super::sections::add(&mut instruments, &feeds, &telnet_stats, &accounts_stats, &notes);
    tracing::info!(
        callsign = %node.callsign,
        %telnet,
        threads = threads.len(),
        feeds = feeds.len().saturating_sub(1),
        "node runs"
    );
    Ok(Running {
        telnet,
        instruments,
        control,
        feeds,
        users: telnet_stats,
        watchdog,
        digest,
        operations,
        settings,
        directory: users,
        clock,
        bells,
        threads,
    })
}

/// One listener per telnet core on one address; with port 0 all get the port of the first.
fn bind(listen: &str, telnet_cores: usize) -> io::Result<(Vec<mio::net::TcpListener>, SocketAddr)> {
    let mut address =
        listen.to_socket_addrs()?.next().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such address"))?;
    listener::check_free(address)?;
    let mut listeners = Vec::with_capacity(telnet_cores);
    for _ in 0..telnet_cores {
        let listener = listener::bind(address)?;
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok((listeners, address))
}

/// What parse takes from the wiring.
struct ParseWiring {
    node: Arc<Node>,
    cty: SharedCty,
    spots: Producer<Spot>,
    posts: Vec<Consumer<Spot>>,
    notes: Arc<Mailbox<Note>>,
    control: Arc<Control>,
    born: mpsc::Sender<Vec<Arc<FeedStats>>>,
    replay: Option<ReplaySource>,
    dials: Vec<(u8, TlsDial)>,
    now: Now,
}

/// Parse is built on its thread; its feeds' counters come back through the channel.
fn parse_factory(wiring: ParseWiring) -> AgentFactory {
    let ParseWiring { node, cty, spots, posts, notes, control, born, mut replay, dials, now } = wiring;
    Box::new(move |context| {
        let simulator_runs = node.simulator_runs();
        let mut feeds = Vec::new();
        let mut sources: Vec<(u8, Box<dyn LineSource + Send>)> = Vec::new();
        for (index, feed) in node.feeds.iter().enumerate().map(|(i, f)| (i as u8, f)) {
            match feed.kind {
                FeedKind::Simulator if !simulator_runs => continue,
                FeedKind::Simulator if feed.enabled => {
                    let simulator = Simulator::new(feed.seed, feed.profile, SIMULATOR_RATE, now);
                    sources.push((index, Box::new(SimulatorSource(simulator))));
                }
                FeedKind::Replay if feed.enabled => {
                    let source = replay.take().ok_or_else(|| io::Error::other("one replay feed at a time"))?;
                    sources.push((index, Box::new(source)));
                }
                _ => {}
            }
            feeds.push((index, feed.clone()));
        }
        let agent = ParseAgent::new(ParseParts {
            name: "parse".into(),
            feeds,
            dials,
            sources,
            callsign: node.callsign.clone(),
            patience_ms: node.rings.patience_ms,
            spots,
            posts,
            notes: Notes::new(notes),
            gate: Gate::new(cty, node.limits.posts_per_minute),
            fault: fault(&node, "parse"),
            control,
            registry: context.registry.try_clone()?,
            tokens: context.tokens,
            bell: Arc::clone(&context.bell),
            seed: fastrand::u64(..),
        });
        let _ = born.send(agent.stats().to_vec());
        Ok(Box::new(agent))
    })
}

/// `simulate` must not know `parse`, so the simulator becomes a source here.
struct SimulatorSource(Simulator);

impl LineSource for SimulatorSource {
    fn next_due_ns(&self) -> u64 {
        self.0.next_due_ns()
    }
    fn lines(&mut self, now: Now, on_line: &mut dyn FnMut(&[u8])) {
        self.0.lines(now, on_line);
    }
}

impl Running {
    /// The node's clock.
    pub fn now(&mut self) -> Now {
        self.clock.now()
    }

    /// Stops in order: inputs stop, the stages empty, users are told and flushed, the store keeps what
    /// was published. Waits at most [`DRAIN_MAX`].
    ///
    /// # Errors
    /// One line: why the node failed, or which threads did not end in time.
    pub fn stop(mut self) -> Result<Instruments, String> {
        self.control.drain();
        // The drain is a flag, and a sleeping core looks at flags only when it is woken.
        for bell in &self.bells {
            bell.ring();
        }
        let deadline = Instant::now() + DRAIN_MAX;
        let mut late = Vec::new();
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && Instant::now() < deadline {
                // The last histograms come during the drain, and there is nothing to be rung by.
                self.instruments.gather();
                std::thread::park_timeout(Duration::from_millis(2));
            }
            if thread.is_finished() {
                let _ = thread.join();
            } else {
                late.push(thread.thread().name().unwrap_or("?").to_string());
            }
        }
        self.instruments.gather();
        match (self.control.failure(), late.is_empty()) {
            (Some(why), _) => Err(why),
            (None, false) => Err(format!("not drained within {} s: {}", DRAIN_MAX.as_secs(), late.join(", "))),
            (None, true) => Ok(self.instruments),
        }
    }
}
