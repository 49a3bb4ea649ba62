//! One TCP feed: socket, client and supervisor together.

use super::conversation::{Conversation, Speech};
use super::feed::{FeedEvent, SAY_BYTES_MAX};
use super::intake::{Desk, Input};
use super::resolve::Resolver;
use super::stats::{Failure, FeedState};
use super::supervise::{Supervisor, Wish};
use super::tls::TlsFault;
use super::transport::{Carrier, Transport};
use crate::engine::{Now, Tokens};
use crate::measure::Reason;
use mio::net::TcpStream;
use mio::{Interest, Registry};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

/// TCP keepalive on feeds: first probe after two quiet minutes, then every 15 s, so that a peer that
/// vanished is noticed by the kernel even where the read deadline is off.
const TCP_KEEPALIVE_S: u64 = 120;
const TCP_KEEPALIVE_INTERVAL_S: u64 = 15;

/// Bits of a local token for the feed's place; the connection's generation stands above them, so that
/// an event of a socket that is gone finds nobody.
pub const PLACE_BITS: u32 = 8;

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// TCP does not stand yet; the supervisor has the deadline.
    Connecting,
    /// TLS does not stand yet.
    Handshaking { deadline_ns: u64 },
    /// The conversation runs.
    Talking,
}

struct Connection {
    transport: Transport,
    address: SocketAddr,
    client: Conversation,
    stage: Stage,
    readable: bool,
    writable: bool,
    say: Vec<u8>,
}

/// One TCP feed.
pub struct Link {
    pub(super) input: Input,
    supervisor: Supervisor,
    resolver: Resolver,
    carrier: Carrier,
    /// Longest TLS handshake, in ns.
    handshake_ns: u64,
    speech: Speech,
    place: usize,
    generation: usize,
    connection: Option<Connection>,
    /// Addresses of this attempt that were not tried yet, last first.
    addresses: Vec<SocketAddr>,
}

impl Link {
    /// `place`: its index among the agent's links.
    pub fn new(
        input: Input,
        supervisor: Supervisor,
        resolver: Resolver,
        carrier: Carrier,
        speech: Speech,
        place: usize,
    ) -> Link {
        let timeout_s = match &speech {
            Speech::Lines(log_in) => log_in.timeout_s,
            Speech::Mqtt(log_in) => log_in.timeout_s,
        };
        Link {
            input,
            supervisor,
            resolver,
            carrier,
            handshake_ns: u64::from(timeout_s) * 1_000_000_000,
            speech,
            place,
            generation: 0,
            connection: None,
            addresses: Vec::new(),
        }
    }

    /// A readiness event for a local token of this feed.
    pub fn ready(&mut self, generation: usize, event: &mio::event::Event) {
        if generation != self.generation {
            return;
        }
        if let Some(connection) = &mut self.connection {
            connection.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
            connection.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        }
    }

    /// Whether a turn would do something before any event or deadline.
    pub fn has_work(&self) -> bool {
        // An answer that comes after the attempt was given up is nobody's: the next look-up throws it away.
        (self.supervisor.state() == FeedState::Resolving && self.resolver.has_answer())
            || self.connection.as_ref().is_some_and(|c| {
                // `readable` is unset only when nothing is left, neither on the socket nor in TLS.
                let reads = match c.stage {
                    Stage::Connecting => false,
                    Stage::Handshaking { .. } => true,
                    Stage::Talking => self.input.waiting() == 0,
                };
                let writes = c.stage == Stage::Connecting || !c.say.is_empty() || c.transport.wants_write();
                (c.readable && reads) || (c.writable && writes)
            })
    }

    /// When a timer of this feed fires next, in monotonic ns.
    pub fn deadline_ns(&self) -> u64 {
        let connection = self.connection.as_ref().map_or(u64::MAX, |c| match c.stage {
            Stage::Connecting => u64::MAX,
            Stage::Handshaking { deadline_ns } => deadline_ns,
            Stage::Talking => c.client.deadline_ns(),
        });
        connection.min(self.supervisor.deadline_ns())
    }

    /// Everything this feed has to do now: attempts, timers, at most `budget` bytes of reading.
    /// Returns how much moved.
    pub fn turn(
        &mut self,
        now: Now,
        registry: &Registry,
        tokens: Tokens,
        desk: &mut Desk,
        patience_ns: u64,
        buffer: &mut [u8],
    ) -> usize {
        let mut moved = 0;
        match self.supervisor.wish(now) {
            Wish::Nothing => {}
            Wish::Connect => {
                moved += 1;
                self.begin(now, registry, tokens);
            }
            Wish::GiveUp(reason) => {
                moved += 1;
                self.give_up(now, registry, reason, "took longer than 30 s");
            }
        }
        if self.supervisor.state() == FeedState::Resolving
            && let Some(found) = self.resolver.answer()
        {
            moved += 1;
            match found {
                Ok(addresses) if !addresses.is_empty() => self.connect(now, registry, tokens, addresses),
                Ok(_) => self.supervisor.failed(now, Failure::Lookup, "the host has no address"),
                Err(text) => self.supervisor.failed(now, Failure::Lookup, &text),
            }
        }
        if self.connection.is_some() {
            moved += self.converse(now, registry, tokens, desk, patience_ns, buffer);
        }
        moved
    }

    /// Closes for good. What was half read is booked.
    pub fn stop(&mut self, registry: &Registry) {
        self.close(registry);
        self.supervisor.stop();
    }

    fn begin(&mut self, now: Now, registry: &Registry, tokens: Tokens) {
        if let Some(address) = self.resolver.literal() {
            self.connect(now, registry, tokens, vec![address]);
            return;
        }
        match self.resolver.start() {
            Ok(()) => self.supervisor.resolving(now),
            Err(text) => self.supervisor.failed(now, Failure::Lookup, &text),
        }
    }

    fn connect(&mut self, now: Now, registry: &Registry, tokens: Tokens, mut addresses: Vec<SocketAddr>) {
        addresses.reverse();
        self.addresses = addresses;
        self.supervisor.connecting(now);
        self.connect_next(now, registry, tokens, "no address");
    }

    /// Tries the next address of this attempt; without one the attempt has failed.
    fn connect_next(&mut self, now: Now, registry: &Registry, tokens: Tokens, last: &str) {
        self.close(registry);
        let mut last = last.to_string();
        while let Some(address) = self.addresses.pop() {
            self.generation += 1;
            let token = tokens.token((self.generation << PLACE_BITS) | self.place);
            let stream = TcpStream::connect(address).and_then(|mut stream| {
                registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                Transport::over(stream, &self.carrier)
            });
            match stream {
                Ok(transport) => {
                    self.connection = Some(Connection {
                        transport,
                        address,
                        client: Conversation::new(&self.speech, now),
                        stage: Stage::Connecting,
                        readable: false,
                        writable: false,
                        say: Vec::new(),
                    });
                    return;
                }
                Err(error) => last = format!("{address}: {error}"),
            }
        }
        self.supervisor.failed(now, Failure::Connect, &last);
    }

    fn converse(
        &mut self,
        now: Now,
        registry: &Registry,
        tokens: Tokens,
        desk: &mut Desk,
        patience_ns: u64,
        buffer: &mut [u8],
    ) -> usize {
        let Some(connection) = &mut self.connection else { return 0 };
        let mut moved = 0;
        if connection.stage == Stage::Connecting {
            if !connection.writable {
                return 0;
            }
            // Writable is the end of a connect, good or bad.
            let outcome = match connection.transport.tcp().take_error() {
                Ok(None) => connection.transport.tcp().peer_addr().map(drop),
                Ok(Some(error)) | Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotConnected => {
                    connection.writable = false;
                    return 0;
                }
                Err(error) => {
                    let last = format!("{}: {error}", connection.address);
                    self.connect_next(now, registry, tokens, &last);
                    return 1;
                }
            }
            connection.stage = Stage::Handshaking { deadline_ns: now.mono_ns.saturating_add(self.handshake_ns) };
            let _ = connection.transport.tcp().set_nodelay(true);
            let keepalive = TcpKeepalive::new()
                .with_time(Duration::from_secs(TCP_KEEPALIVE_S))
                .with_interval(Duration::from_secs(TCP_KEEPALIVE_INTERVAL_S));
            let _ = SockRef::from(&*connection.transport.tcp()).set_tcp_keepalive(&keepalive);
            self.addresses.clear();
            self.supervisor.connected();
            moved += 1;
        }
        if let Stage::Handshaking { deadline_ns } = connection.stage {
            match Self::shake_hands(connection, now, deadline_ns) {
                Ok(false) => return moved,
                Ok(true) => {
                    moved += 1;
                    connection.stage = Stage::Talking;
                    connection.client = Conversation::new(&self.speech, now);
                }
                Err((reason, text)) => {
                    self.give_up(now, registry, reason, &text);
                    return moved + 1;
                }
            }
        }

        let mut ended: Option<(Failure, String)> = None;
        let mut event = connection.client.on_timer(now, &mut connection.say);
        let mut budget = buffer.len();
        while connection.readable && budget > 0 {
            ended = Self::event(&mut self.supervisor, now, event.take());
            let limit = self.input.read_limit_bytes(now, patience_ns, budget);
            if ended.is_some() || limit == 0 {
                break;
            }
            match connection.transport.read(&mut buffer[..limit]) {
                Ok(0) => {
                    ended = Some((Failure::Closed, "the other side closed".into()));
                    break;
                }
                Ok(n) => {
                    moved += 1;
                    budget -= n;
                    let (client, input) = (&mut connection.client, &mut self.input);
                    input.stats().bytes.add(n as u64);
                    let batch = &mut input.batch;
                    let mut lines = 0;
                    event = client.on_bytes(now, &buffer[..n], &mut connection.say, &mut |line| {
                        lines += 1;
                        batch.push(line);
                    });
                    let too_long = client.take_too_long();
                    input.end_unread(Reason::LineTooLong, too_long);
                    desk.lines(input, now);
                    ended = Self::event(&mut self.supervisor, now, event.take());
                    if lines > 0 && connection.client.is_logged_in() {
                        self.supervisor.line_came();
                    }
                    if ended.is_some() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.readable = false,
                // Still readable, so the next turn goes on here.
                Err(error) if error.kind() == ErrorKind::Interrupted => break,
                Err(error) => {
                    ended = Some(failure_of(&error));
                    break;
                }
            }
        }
        ended = ended.or_else(|| Self::event(&mut self.supervisor, now, event.take()));
        if ended.is_none() {
            ended = Self::talk(connection);
        }
        if let Some((reason, text)) = ended {
            self.give_up(now, registry, reason, &text);
            moved += 1;
        }
        moved
    }

    fn event(supervisor: &mut Supervisor, now: Now, event: Option<FeedEvent>) -> Option<(Failure, String)> {
        match event {
            None => None,
            Some(FeedEvent::LoggedIn) => {
                supervisor.logged_in(now);
                None
            }
            Some(FeedEvent::Failed(reason, text)) => Some((reason, text.into_owned())),
        }
    }

    /// Brings the handshake on; whether it is done.
    fn shake_hands(connection: &mut Connection, now: Now, deadline_ns: u64) -> Result<bool, (Failure, String)> {
        let mut done = !connection.transport.is_handshaking();
        while connection.readable && !done {
            match connection.transport.handshake() {
                Ok(true) => done = true,
                // Others shall have their turn first.
                Ok(false) => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err((Failure::Closed, "the other side closed during the TLS handshake".into()));
                }
                Err(error) => return Err(failure_of(&error)),
            }
        }
        if let Some(failure) = Self::talk(connection) {
            return Err(failure);
        }
        if !done && now.mono_ns >= deadline_ns {
            return Err((Failure::Tls, "the TLS handshake took longer than the log-in may".into()));
        }
        Ok(done)
    }

    /// Writes what is to be said.
    fn talk(connection: &mut Connection) -> Option<(Failure, String)> {
        while connection.writable && (!connection.say.is_empty() || connection.transport.wants_write()) {
            let taken = match connection.say.as_slice() {
                [] => Ok(0),
                say => connection.transport.write(say),
            };
            let sent = taken.and_then(|n| {
                connection.say.drain(..n);
                connection.transport.flush()
            });
            match sent {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => connection.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(failure_of(&error)),
            }
        }
        (connection.say.len() > SAY_BYTES_MAX)
            .then(|| (Failure::NotDraining, "the other side takes nothing".to_string()))
    }

    fn give_up(&mut self, now: Now, registry: &Registry, reason: Failure, text: &str) {
        self.close(registry);
        self.addresses.clear();
        self.supervisor.failed(now, reason, text);
    }

    fn close(&mut self, registry: &Registry) {
        if let Some(mut connection) = self.connection.take() {
            if connection.stage == Stage::Talking {
                connection.transport.say_end();
            }
            let _ = registry.deregister(connection.transport.tcp());
            let cut_off = u64::from(connection.client.is_inside_message());
            self.input.end_unread(Reason::LineCutOff, cut_off);
            self.input.connection_ended();
        }
    }
}

fn failure_of(error: &io::Error) -> (Failure, String) {
    let reason = if TlsFault::is_in(error) { Failure::Tls } else { Failure::Io };
    (reason, error.to_string())
}
