//! One TCP feed: socket, client and supervisor together.

use super::conversation::{Conversation, Speech};
use super::feed::{FeedEvent, SAY_BYTES_MAX};
use super::intake::{Desk, Input};
use super::resolve::Resolver;
use super::stats::{Failure, FeedState};
use super::supervise::{Supervisor, Wish};
use super::transport::Transport;
use crate::engine::{Now, Tokens};
use crate::measure::Reason;
use mio::net::TcpStream;
use mio::{Interest, Registry};
use socket2::{SockRef, TcpKeepalive};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

/// TCP keepalive on feeds: first probe after two quiet minutes, then every 15 s, so that a peer that
/// vanished is noticed by the kernel even where the read deadline is off.
const TCP_KEEPALIVE_S: u64 = 120;
const TCP_KEEPALIVE_INTERVAL_S: u64 = 15;

/// Bits of a local token for the feed's place; the connection's generation stands above them, so that
/// an event of a socket that is gone finds nobody.
pub const PLACE_BITS: u32 = 8;

struct Connection {
    transport: Transport,
    client: Conversation,
    connected: bool,
    readable: bool,
    writable: bool,
    say: Vec<u8>,
}

/// One TCP feed.
pub struct Link {
    pub(super) input: Input,
    supervisor: Supervisor,
    resolver: Resolver,
    speech: Speech,
    place: usize,
    generation: usize,
    connection: Option<Connection>,
    /// Addresses of this attempt that were not tried yet, last first.
    addresses: Vec<SocketAddr>,
}

impl Link {
    pub fn new(input: Input, supervisor: Supervisor, resolver: Resolver, speech: Speech, place: usize) -> Link {
        Link { input, supervisor, resolver, speech, place, generation: 0, connection: None, addresses: Vec::new() }
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
                (c.readable && c.connected && self.input.waiting() == 0)
                    || (c.writable && (!c.connected || !c.say.is_empty() || c.transport.wants_write()))
            })
    }

    /// When a timer of this feed fires next, in monotonic ns.
    pub fn deadline_ns(&self) -> u64 {
        let client = self.connection.as_ref().filter(|c| c.connected).map_or(u64::MAX, |c| c.client.deadline_ns());
        client.min(self.supervisor.deadline_ns())
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
                Ok(stream)
            });
            match stream {
                Ok(stream) => {
                    self.connection = Some(Connection {
                        transport: Transport::Plain(stream),
                        client: Conversation::new(&self.speech, now),
                        connected: false,
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
        if !connection.connected {
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
                    self.connect_next(now, registry, tokens, &error.to_string());
                    return 1;
                }
            }
            connection.connected = true;
            connection.client = Conversation::new(&self.speech, now);
            let _ = connection.transport.tcp().set_nodelay(true);
            let keepalive = TcpKeepalive::new()
                .with_time(Duration::from_secs(TCP_KEEPALIVE_S))
                .with_interval(Duration::from_secs(TCP_KEEPALIVE_INTERVAL_S));
            let _ = SockRef::from(&*connection.transport.tcp()).set_tcp_keepalive(&keepalive);
            self.addresses.clear();
            self.supervisor.connected();
            moved += 1;
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
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    ended = Some((Failure::Io, error.to_string()));
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
                Err(error) => return Some((Failure::Io, error.to_string())),
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
            let _ = registry.deregister(connection.transport.tcp());
            let cut_off = u64::from(connection.client.is_inside_message());
            self.input.end_unread(Reason::LineCutOff, cut_off);
        }
    }
}
