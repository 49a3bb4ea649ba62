//! The event loop of one telnet core: accepts, reads, drives sessions, fans out, sends.
//!
//! Edge-triggered throughout: the kernel tells once that a socket is readable, so readiness is *our*
//! bit, kept until a read says `WouldBlock`; a budget that ends before that leaves the connection in
//! the ready list. Bytes queued outside a writable event make no new edge: whoever appends output puts
//! the connection in the flush list, which every turn drains; only a full socket makes it wait for an
//! edge. WRITABLE is registered once, at accept.

use super::connection::Connection;
use super::limits::{self, Refusal};
use super::listener::{self, Reserve};
use super::pacing::Pacing;
use super::sessions::RefusedAsk;
use super::timers::Timers;
use super::{CloseReason, Digest, NodeView, Operation, Session, SessionOut, TelnetStats};
use crate::accounts::{Answer, Ask, BanList, Reply};
use crate::config;
use crate::engine::{Agent, Consumer, Control, FaultPoint, Mailbox, Now, PanicGuard, Producer, RealClock, Tokens};
use crate::fanout::{Cohorts, Exception, SendLog};
use crate::measure::LatencyMailbox;
use crate::reference::Cty;
use crate::spot::{Call, Published, SessionId, Spot, Upward, UserInfo, Utc};
use crate::store::{HistoryReply, HistoryRequest};
use ahash::AHashMap;
use arc_swap::ArcSwap;
use mio::Interest;
use mio::net::{TcpListener, TcpStream};
use slab::Slab;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;

/// Connections accepted per turn.
const ACCEPTS_PER_TURN: usize = 64;
/// Connections read per turn.
const READS_PER_TURN: usize = 128;
/// Bytes of one `read`; one buffer for all connections of the core.
const READ_BYTES: usize = 16 * 1024;
/// Reads of one connection per turn: 64 KiB.
const READS_PER_CONNECTION: usize = 4;
/// Published items taken per turn: at 80 bytes a line about 1.3 segments per cohort.
const ITEMS_PER_TURN: usize = 1_024;
/// Accept is tried again so long after the descriptors ran out.
const ACCEPT_RETRY_NS: u64 = 100_000_000;
/// Latencies are handed over so often.
const HAND_OVER_NS: u64 = 1_000_000_000;
/// Messages for the directory that may wait while its ring is full. Log-ins and log-outs wait beyond it,
/// there are at most two per connection; the rest is dropped and counted.
pub(super) const UPWARD_WAITING_MAX: usize = 1_024;
/// A full ring to the directory is tried again so soon.
const UPWARD_RETRY_NS: u64 = 5_000_000;
/// Slots of the connection table: what a [`SessionId`] can name.
const SLOTS_MAX: usize = 1 << 24;
/// The listener's local token; connections' hold a generation from 1 up.
const LISTENER: usize = 0;
/// What is said when the road ends without a farewell.
const ROAD_ENDED: &str = "This node is going down. 73!";

/// Injected faults of a telnet core.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Stage `fanout`: spots of this DX call.
    pub fanout: FaultPoint,
    /// Stage `session`: users of this call.
    pub session: FaultPoint,
}

/// What a telnet core is made of.
pub struct Parts {
    /// Number of the core among the telnet cores.
    pub core: u8,
    /// From [`listener::bind`], one per core.
    pub listener: TcpListener,
    /// A clone of the core's registry.
    pub registry: mio::Registry,
    /// The agent's tokens on its core.
    pub tokens: Tokens,
    /// A clone of the node's clock, read after sends so that latencies are true; `None` under a test
    /// clock: then the turn's time stands for everything.
    pub clock: Option<RealClock>,
    /// From dedup.
    pub published: Consumer<Published>,
    /// Users' spots, to parse.
    pub posts: Producer<Spot>,
    /// To the directory.
    pub upward: Producer<Upward>,
    /// To the store.
    pub history_requests: Producer<HistoryRequest>,
    /// From the store.
    pub history_replies: Consumer<HistoryReply>,
    /// To the accounts.
    pub asks: Producer<Ask>,
    /// From the accounts.
    pub answers: Consumer<Answer>,
    /// Who is banned, kept by the accounts.
    pub bans: Arc<ArcSwap<BanList>>,
    /// Texts for sysops.
    pub digest: Arc<ArcSwap<Digest>>,
    /// Sysops' orders to the main thread.
    pub operations: Arc<Mailbox<Operation>>,
    /// Who is logged in on all cores.
    pub users: Arc<ArcSwap<Vec<UserInfo>>>,
    /// Bounds on connections, shared by all telnet cores.
    pub limits: Arc<limits::Table>,
    /// Configuration; a reload puts another one there.
    pub settings: Arc<ArcSwap<config::Node>>,
    /// Country data.
    pub cty: Arc<ArcSwap<Cty>>,
    /// Where latencies go.
    pub latency: Arc<LatencyMailbox>,
    /// Counters.
    pub stats: Arc<TelnetStats>,
    /// The node's switches and its quarantine.
    pub control: Arc<Control>,
    /// Injected faults.
    pub faults: Faults,
    /// When the node started.
    pub started: Utc,
}

/// What sessions see, held for the length of a turn.
pub(super) struct View {
    pub(super) settings: Arc<config::Node>,
    feeds: Arc<Vec<String>>,
    digest: Arc<Digest>,
    users: Arc<Vec<UserInfo>>,
    cty: Arc<Cty>,
    pub(super) bans: Arc<BanList>,
    started: Utc,
    pub(super) now: Now,
}

impl View {
    pub(super) fn node(&self) -> NodeView<'_> {
        NodeView {
            settings: &self.settings,
            users: &self.users,
            cty: &self.cty,
            bans: &self.bans,
            started: self.started,
            feeds: &self.feeds,
            digest: &self.digest,
            now: self.now,
        }
    }
}

/// The agent of a telnet core.
pub struct TelnetAgent {
    name: String,
    core: u8,
    registry: mio::Registry,
    tokens: Tokens,
    clock: Option<RealClock>,
    /// `None` once the node goes down.
    pub(super) listener: Option<TcpListener>,
    listener_ready: bool,
    accept_retry_ns: u64,
    reserve: Reserve,
    generation: u32,
    pub(super) connections: Slab<Connection>,
    pub(super) ready: VecDeque<u32>,
    pub(super) flush_list: VecDeque<u32>,
    pub(super) over: Vec<u32>,
    /// Posts and questions that found their ring full, to be answered in the next turn.
    pub(super) refused: Vec<(SessionId, RefusedAsk)>,
    /// Logged-in users by [`crate::spot::station`].
    pub(super) by_station: AHashMap<Call, Vec<u32>>,
    /// Users with a rule of their own for the spot under way.
    pub(super) exceptions: Vec<(u32, Exception)>,
    /// Users who get one line per send, and the place in the list where the next look begins.
    pub(super) linewise: Vec<u32>,
    pub(super) linewise_from: usize,
    /// They are looked at then: `u64::MAX` = nothing waits for any of them.
    pub(super) linewise_look_ns: u64,
    /// And not before.
    pub(super) linewise_rest_ns: u64,
    pub(super) timers: Timers,
    pub(super) cohorts: Cohorts,
    pub(super) log: SendLog,
    pub(super) pacing: Pacing,
    pub(super) slow_close_ns: u64,
    pub(super) view: View,
    pub(super) out: SessionOut,
    read_buffer: Box<[u8]>,
    batch: Vec<Published>,
    published: Consumer<Published>,
    pub(super) posts: Producer<Spot>,
    pub(super) upward: Producer<Upward>,
    pub(super) upward_waiting: VecDeque<Upward>,
    pub(super) history_requests: Producer<HistoryRequest>,
    history_replies: Consumer<HistoryReply>,
    pub(super) asks: Producer<Ask>,
    answers: Consumer<Answer>,
    pub(super) bans: Arc<ArcSwap<BanList>>,
    digest: Arc<ArcSwap<Digest>>,
    pub(super) operations: Arc<Mailbox<Operation>>,
    settings: Arc<ArcSwap<config::Node>>,
    users: Arc<ArcSwap<Vec<UserInfo>>>,
    pub(super) limits: Arc<limits::Table>,
    cty: Arc<ArcSwap<Cty>>,
    latency: Arc<LatencyMailbox>,
    hand_over_ns: u64,
    pub(super) stats: Arc<TelnetStats>,
    pub(super) faults: Faults,
    /// Around fan-out: quarantine, and turning off an input that brings panics.
    pub(super) guard: PanicGuard,
    /// The farewell is said.
    pub(super) leaving: bool,
}

impl TelnetAgent {
    /// Registers the listener with the core's poll.
    ///
    /// # Errors
    /// What epoll says.
    pub fn new(parts: Parts) -> std::io::Result<TelnetAgent> {
        let Parts { mut listener, registry, tokens, settings: shared_settings, .. } = parts;
        let settings = shared_settings.load_full();
        registry.register(&mut listener, tokens.token(LISTENER), Interest::READABLE)?;
        let telnet = &settings.telnet;
        const MIB: usize = 1 << 20;
        Ok(TelnetAgent {
            name: format!("telnet {}", parts.core),
            core: parts.core,
            registry,
            tokens,
            clock: parts.clock,
            listener: Some(listener),
            listener_ready: true,
            accept_retry_ns: 0,
            reserve: Reserve::take(),
            generation: 0,
            connections: Slab::new(),
            ready: VecDeque::new(),
            flush_list: VecDeque::new(),
            over: Vec::new(),
            refused: Vec::new(),
            by_station: AHashMap::new(),
            exceptions: Vec::new(),
            linewise: Vec::new(),
            linewise_from: 0,
            linewise_look_ns: u64::MAX,
            linewise_rest_ns: 0,
            timers: Timers::default(),
            cohorts: Cohorts::new(
                telnet.cohort_pool_mib as usize * MIB,
                telnet.cohort_mib as usize * MIB,
                Arc::clone(&parts.stats.deliveries),
            ),
            log: SendLog::default(),
            pacing: Pacing::new(telnet.flush_gap_ms),
            slow_close_ns: u64::from(telnet.slow_close_s.max(1)) * 1_000_000_000,
            view: View {
                users: parts.users.load_full(),
                cty: parts.cty.load_full(),
                bans: parts.bans.load_full(),
                started: parts.started,
                feeds: Arc::new(settings.feeds.iter().map(|feed| feed.name.clone()).collect()),
                digest: parts.digest.load_full(),
                now: Now { mono_ns: 0, utc: parts.started },
                settings,
            },
            settings: shared_settings,
            out: SessionOut::default(),
            read_buffer: vec![0; READ_BYTES].into_boxed_slice(),
            batch: Vec::with_capacity(ITEMS_PER_TURN),
            published: parts.published,
            posts: parts.posts,
            upward: parts.upward,
            upward_waiting: VecDeque::new(),
            history_requests: parts.history_requests,
            history_replies: parts.history_replies,
            asks: parts.asks,
            answers: parts.answers,
            bans: parts.bans,
            digest: parts.digest,
            operations: parts.operations,
            users: parts.users,
            limits: parts.limits,
            cty: parts.cty,
            latency: parts.latency,
            hand_over_ns: 0,
            stats: parts.stats,
            guard: PanicGuard::new(parts.faults.fanout, parts.control),
            faults: parts.faults,
            leaving: false,
        })
    }

    pub(super) fn now_ns(&self) -> u64 {
        self.view.now.mono_ns
    }
    /// The clock read anew, for what took longer than a turn's start tells.
    pub(super) fn clock_ns(&mut self) -> u64 {
        self.clock.as_mut().map_or(self.view.now.mono_ns, |clock| clock.now().mono_ns)
    }
    /// The connection of a session, if it still is.
    pub(super) fn find(&self, id: SessionId) -> Option<u32> {
        let connection = self.connections.get(id.slot())?;
        (connection.id == id && !connection.dead).then_some(id.slot() as u32)
    }

    // --- accept

    fn accept(&mut self) -> usize {
        if self.now_ns() >= self.accept_retry_ns {
            self.accept_retry_ns = 0;
            // Before the next caller takes what has become free.
            self.reserve.retake();
        }
        let mut moved = 0;
        while moved < ACCEPTS_PER_TURN && self.listener_ready && self.accept_retry_ns == 0 {
            let Some(listener) = &self.listener else { break };
            match listener.accept() {
                Ok((stream, peer)) => self.greet(stream, peer.ip().to_canonical()),
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.listener_ready = false,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if listener::is_out_of_descriptors(&e) => self.accept_with_reserve(),
                // The connection was gone before we took it, or the like: not about the listener.
                Err(_) => self.stats.accept_errors.add(1),
            }
            moved += 1;
        }
        moved
    }

    /// The descriptors are used up. One more is there for the moment; then accept rests a while.
    fn accept_with_reserve(&mut self) {
        let (true, Some(listener)) = (self.reserve.give_up(), &self.listener) else {
            self.reserve.retake();
            if !self.reserve.is_held() {
                self.make_room();
            }
            self.accept_retry_ns = self.now_ns() + ACCEPT_RETRY_NS;
            return;
        };
        match listener.accept() {
            Ok((stream, _)) => self.refuse(stream, Refusal::Descriptors),
            Err(e) if e.kind() == ErrorKind::WouldBlock => self.listener_ready = false,
            Err(_) => self.accept_retry_ns = self.now_ns() + ACCEPT_RETRY_NS,
        }
        self.reserve.retake();
    }

    /// Somebody else in the process took the reserve while it was given up. Without it the next callers would hear
    /// nothing for as long as all descriptors stay in use, so the newest who has not logged in gives his place.
    fn make_room(&mut self) {
        let newest = self
            .connections
            .iter()
            .filter(|(_, c)| c.call.is_none() && c.is_live())
            .max_by_key(|(_, c)| c.id.generation());
        let Some((slot, _)) = newest else { return };
        if let Some(connection) = self.connections.get_mut(slot) {
            connection.output.reply(b"\r\n");
            connection.output.reply(Refusal::Descriptors.line().as_bytes());
        }
        self.stats.refused(Refusal::Descriptors).add(1);
        self.begin_close(slot as u32, CloseReason::NoDescriptors);
    }

    pub(super) fn greet(&mut self, mut stream: TcpStream, address: IpAddr) {
        if let Some(ban) = self.view.bans.of_address(address, self.view.now.utc) {
            return self.refuse_with(stream, Refusal::Banned, &format!("{}\r\n", ban.line()));
        }
        let ticket = match self.limits.admit(address) {
            Ok(ticket) => ticket,
            Err(why) => return self.refuse(stream, why),
        };
        let entry = self.connections.vacant_entry();
        let slot = entry.key();
        self.generation = self.generation.wrapping_add(1).max(1);
        let id = SessionId::new(self.core, self.generation, slot as u32);
        let token = self.tokens.token(local_token(id));
        if slot >= SLOTS_MAX
            || self.registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE).is_err()
        {
            return self.refuse(stream, Refusal::Full);
        }
        let session = Session::new(id, address, self.view.now);
        entry.insert(Connection::new(id, stream, session, ticket));
        self.stats.accepted.add(1);
        self.with_session(slot as u32, |session, node, out| session.on_connect(node, out));
    }

    /// One polite line, as far as the socket takes it at once, and goodbye.
    fn refuse(&self, stream: TcpStream, why: Refusal) {
        self.refuse_with(stream, why, why.line());
    }

    fn refuse_with(&self, mut stream: TcpStream, why: Refusal, line: &str) {
        self.stats.refused(why).add(1);
        let _ = stream.write(line.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
    }

    /// No more connections; those that wait are told.
    pub(super) fn stop_listening(&mut self) {
        let Some(mut listener) = self.listener.take() else { return };
        for _ in 0..listener::BACKLOG {
            match listener.accept() {
                Ok((stream, _)) => self.refuse(stream, Refusal::Draining),
                Err(_) => break,
            }
        }
        let _ = self.registry.deregister(&mut listener);
        self.listener_ready = false;
    }

    // --- read

    fn read(&mut self) -> usize {
        let mut moved = 0;
        for _ in 0..self.ready.len().min(READS_PER_TURN) {
            let Some(slot) = self.ready.pop_front() else { break };
            match self.connections.get_mut(slot as usize) {
                Some(connection) if connection.in_ready => connection.in_ready = false,
                _ => continue,
            }
            self.read_one(slot);
            moved += 1;
        }
        moved
    }

    fn read_one(&mut self, slot: u32) {
        let now_ns = self.now_ns();
        for _ in 0..READS_PER_CONNECTION {
            let Some(connection) = self.connections.get_mut(slot as usize) else { return };
            // A session that wants nothing leaves its bytes in the socket; `after_session` queues it
            // again when it does, for no edge will.
            let wants = connection.session.wants_bytes() && !connection.is_held(now_ns);
            if !connection.readable || !connection.is_live() || !wants {
                return;
            }
            match connection.stream.read(&mut self.read_buffer) {
                Ok(0) => {
                    connection.readable = false;
                    return self.hang_up(slot);
                }
                Ok(n) => {
                    self.stats.bytes_read.add(n as u64);
                    let buffer = std::mem::take(&mut self.read_buffer);
                    self.with_session(slot, |session, node, out| session.on_bytes(node, &buffer[..n], out));
                    self.read_buffer = buffer;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    connection.readable = false;
                    return;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.broken(slot),
            }
        }
        self.queue_read(slot);
    }

    /// Puts a connection in the ready list if there may be something to read that its session wants.
    pub(super) fn queue_read(&mut self, slot: u32) {
        let now_ns = self.now_ns();
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        let wants = connection.session.wants_bytes() && !connection.is_held(now_ns);
        if connection.readable && connection.is_live() && !connection.in_ready && wants {
            connection.in_ready = true;
            self.ready.push_back(slot);
        }
    }

    // --- rings

    fn take_published(&mut self) -> usize {
        // Whoever can take lines gets them before memory is reused: no new ones while a pass is behind
        // and memory short. The ring behind us holds, and its producer counts.
        if self.cohorts.is_strained() && self.a_pass_runs() {
            return 0;
        }
        let mut batch = std::mem::take(&mut self.batch);
        let moved = self.published.take_into(&mut batch, ITEMS_PER_TURN);
        for item in batch.drain(..) {
            match item {
                Published::Spot(spot) => self.on_spot(spot),
                Published::Note(note) => self.on_note(*note),
            }
        }
        self.batch = batch;
        if moved == 0 && !self.leaving && self.published.is_finished() {
            self.farewell(ROAD_ENDED);
            return 1;
        }
        moved
    }

    fn take_history(&mut self) -> usize {
        let mut moved = 0;
        while let Some(reply) = self.history_replies.pop() {
            moved += 1;
            if let Some(slot) = self.find(reply.session) {
                self.answered(slot);
                self.with_session(slot, |session, node, out| session.on_history(node, reply.ask, &reply.bytes, out));
            }
        }
        moved
    }

    fn take_answers(&mut self) -> usize {
        let mut moved = 0;
        while let Some(answer) = self.answers.pop() {
            moved += 1;
            if let Some(slot) = self.find(answer.session) {
                self.answered(slot);
                let is_wrong = matches!(answer.reply, Reply::Password(false));
                self.with_session(slot, |session, node, out| session.on_answer(node, answer, out));
                if is_wrong {
                    self.count_wrong_password(slot);
                }
            }
        }
        moved
    }

    pub(super) fn deregister(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        self.registry.deregister(stream)
    }

    // --- the end of a turn

    fn push_upward(&mut self) {
        while let Some(message) = self.upward_waiting.pop_front() {
            if let Err(message) = self.upward.push(message) {
                self.upward_waiting.push_front(message);
                break;
            }
        }
        self.upward.announce();
        self.posts.announce();
        self.history_requests.announce();
    }

    fn hand_over(&mut self) {
        let now_ns = self.now_ns();
        if self.log.deliveries.has_news() && now_ns >= self.hand_over_ns {
            self.hand_over_ns = now_ns + HAND_OVER_NS;
            self.log.deliveries.hand_over(&self.latency);
            self.cohorts.trim();
        }
    }

    fn write_stats(&mut self) {
        let stats = &self.stats;
        stats.sends.add(std::mem::take(&mut self.log.sends));
        stats.short_writes.add(std::mem::take(&mut self.log.short_writes));
        stats.bytes.add(std::mem::take(&mut self.log.bytes));
        stats.lines.add(std::mem::take(&mut self.log.lines));
        stats.connections.set(self.connections.len() as u64);
        stats.gap_us.set(self.pacing.gap_ns() / 1_000);
        stats.load_permille.set((self.pacing.load() * 1_000.0) as u64);
        let segments = self.cohorts.segments() as u64;
        stats.segments.set(segments);
        stats.segments_max.raise(segments);
        stats.cohorts.set(self.cohorts.len() as u64);
        stats.filters.set(self.cohorts.filters() as u64);
        self.cohorts.close_books();
    }
}

impl Agent for TelnetAgent {
    fn name(&self) -> &str {
        &self.name
    }

    fn ready(&mut self, local: usize, event: &mio::event::Event) {
        if local == LISTENER {
            self.listener_ready = true;
            return;
        }
        // A token names generation and slot, so an event of a connection that is gone finds nobody.
        let slot = local & (SLOTS_MAX - 1);
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if local_token(connection.id) != local {
            return;
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            connection.readable = true;
        }
        let unblocked = connection.output.is_blocked() && (event.is_writable() || event.is_error());
        if unblocked {
            self.unblock(slot as u32);
        }
        self.queue_read(slot as u32);
    }

    fn turn(&mut self, now: Now) -> usize {
        self.view.now = now;
        self.view.settings = self.settings.load_full();
        self.view.users = self.users.load_full();
        self.view.digest = self.digest.load_full();
        self.view.cty = self.cty.load_full();
        self.view.bans = self.bans.load_full();
        self.pacing.turn(now.mono_ns);
        let mut moved = self.accept();
        moved += self.read();
        moved += self.take_published();
        moved += self.take_history() + self.take_answers();
        moved += self.answer_refused();
        moved += self.fire_timers();
        moved += self.flush();
        moved += self.bury();
        self.push_upward();
        self.hand_over();
        self.write_stats();
        moved
    }

    fn has_work(&self) -> bool {
        !self.ready.is_empty()
            || !self.flush_list.is_empty()
            || !self.over.is_empty()
            || !self.refused.is_empty()
            || (self.listener_ready && self.accept_retry_ns == 0)
            || !self.published.is_empty()
            || !self.history_replies.is_empty()
            || !self.answers.is_empty()
            || self.a_pass_runs()
            || (!self.leaving && self.published.is_finished())
    }

    fn deadline_ns(&self) -> u64 {
        let when = |due: bool, at_ns: u64| if due { at_ns } else { u64::MAX };
        self.timers
            .next_ns()
            .min(self.next_pass_ns())
            .min(self.linewise_look_ns)
            .min(when(self.listener_ready, self.accept_retry_ns))
            .min(when(self.log.deliveries.has_news(), self.hand_over_ns))
            .min(when(!self.upward_waiting.is_empty(), self.now_ns() + UPWARD_RETRY_NS))
    }

    fn finished(&self) -> bool {
        self.leaving && self.connections.is_empty() && self.upward_waiting.is_empty()
    }
}

impl Drop for TelnetAgent {
    fn drop(&mut self) {
        self.log.deliveries.leave(&self.latency);
    }
}

/// Generation and slot of a session, as the local part of its token.
fn local_token(id: SessionId) -> usize {
    ((id.generation() as usize) << 24) | id.slot()
}
