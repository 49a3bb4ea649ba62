//! The parse agent: feeds' sockets, sources and our users' posts in one loop.

use super::conversation::Speech;
use super::feed::LogIn;
use super::gate::{AgePolicy, Gate};
use super::intake::{Desk, Input, Notes};
use super::link::{Link, PLACE_BITS};
use super::mqtt::{MqttLogIn, is_firehose, psk_topics};
use super::report::{self, ReportPolicy};
use super::resolve::Resolver;
use super::source::LineSource;
use super::stats::{FeedState, FeedStats};
use super::supervise::Supervisor;
use super::tls::TlsDial;
use super::transport::Carrier;
use crate::config::{Feed, FeedKind};
use crate::engine::{Agent, Bell, Consumer, Control, FaultPoint, Now, Producer, Tokens};
use crate::measure::Reason;
use crate::spot::{Call, Spot};
use mio::Registry;
use std::sync::Arc;

/// Bytes read from one feed per turn: about 850 lines, 1 ms of work. What is left is read in the next
/// turn, after everybody else had his.
pub const READ_BYTES_PER_TURN: usize = 65_536;
/// Posts taken from one telnet core per turn.
pub const POSTS_PER_TURN: usize = 64;
/// How soon a full ring is looked at again: the consumer does not ring back.
pub const RING_RETRY_NS: u64 = 1_000_000;

/// What a parse agent is built from.
pub struct ParseParts {
    /// `parse`, or `parse 1`.
    pub name: String,
    /// The feeds of this agent with their index in the configuration (below 255). Disabled ones and the
    /// kinds that need a source but have none in `sources` are left out.
    pub feeds: Vec<(u8, Feed)>,
    /// What the feeds with `tls` need, by feed index; such a feed without it is left out.
    pub dials: Vec<(u8, TlsDial)>,
    /// Sources for the feeds of kind `Simulator` and `Replay`, by feed index.
    pub sources: Vec<(u8, Box<dyn LineSource + Send>)>,
    /// The node's call: feeds log in with it unless they have their own.
    pub callsign: String,
    /// How long a feed waits for room before spots are shed, in ms.
    pub patience_ms: u32,
    /// To the next stage.
    pub spots: Producer<Spot>,
    /// Posts, one ring per telnet core. Only the first parse agent has them.
    pub posts: Vec<Consumer<Spot>>,
    /// The directory's mailbox.
    pub notes: Notes,
    /// The gate with its country file.
    pub gate: Gate,
    /// The supervisor's switches.
    pub control: Arc<Control>,
    /// The fault configured for stage `parse`.
    pub fault: FaultPoint,
    /// The poll of the core this agent runs on.
    pub registry: Registry,
    /// This agent's tokens there.
    pub tokens: Tokens,
    /// The bell of that core, for look-ups that come back.
    pub bell: Arc<Bell>,
    /// Seed of the reconnect jitter.
    pub seed: u64,
}

struct Sourced {
    input: Input,
    source: Box<dyn LineSource + Send>,
}

/// Stage 1.
pub struct ParseAgent {
    name: String,
    links: Vec<Link>,
    sourced: Vec<Sourced>,
    posts: Vec<Consumer<Spot>>,
    posts_input: Input,
    /// Since when posts find no room.
    posts_stopped_ns: Option<u64>,
    desk: Desk,
    control: Arc<Control>,
    registry: Registry,
    tokens: Tokens,
    patience_ns: u64,
    buffer: Vec<u8>,
    /// The feed that is first in the next turn.
    first: usize,
    stats: Vec<Arc<FeedStats>>,
    /// When the next turn is due without an event.
    retry_ns: u64,
    stopped: bool,
    drain_since_ns: Option<u64>,
}

impl ParseAgent {
    /// Builds the agent; nothing is connected before its first turn.
    pub fn new(parts: ParseParts) -> ParseAgent {
        let mut sources = parts.sources;
        let mut links = Vec::new();
        let mut sourced = Vec::new();
        let mut all_stats = Vec::new();
        for (index, feed) in parts.feeds.into_iter().filter(|(_, f)| f.enabled) {
            let mut stats = FeedStats::new(&feed.name, index, Some(feed.kind));
            if feed.kind == FeedKind::PskReporter {
                stats = stats.of_network(is_firehose(&psk_topics(&feed.bands, &feed.modes)));
            }
            let stats = Arc::new(stats);
            let age = AgePolicy { max_age_s: feed.max_age_s };
            let input = Input::new(Arc::clone(&stats), node_of(&feed), age, feed.buffer_spots as usize)
                .taking(ReportPolicy::of(&feed));
            match feed.kind {
                FeedKind::Simulator | FeedKind::Replay => {
                    let Some(at) = sources.iter().position(|(i, _)| *i == index) else { continue };
                    stats.set_state(FeedState::Streaming);
                    sourced.push(Sourced { input, source: sources.swap_remove(at).1 });
                }
                FeedKind::Rbn | FeedKind::RbnDigital | FeedKind::Cluster | FeedKind::PskReporter => {
                    let carrier = if feed.tls {
                        let Some((_, dial)) = parts.dials.iter().find(|(i, _)| *i == index) else { continue };
                        Carrier::Tls(dial.clone())
                    } else {
                        Carrier::Plain
                    };
                    let supervisor = Supervisor::new(Arc::clone(&stats), parts.seed ^ (u64::from(index) << 32));
                    let resolver = Resolver::new(&feed.host, feed.port, Arc::clone(&parts.bell));
                    let seed = parts.seed ^ (u64::from(index) << 32);
                    let call = if feed.callsign.is_empty() { &parts.callsign } else { &feed.callsign };
                    let speech = if feed.kind == FeedKind::PskReporter {
                        Speech::Mqtt(MqttLogIn {
                            version: feed.mqtt,
                            user: feed.user.clone(),
                            password: feed.password.clone(),
                            topics: psk_topics(&feed.bands, &feed.modes),
                            timeout_s: feed.login_timeout_s,
                            keepalive_s: feed.keepalive_s,
                            read_deadline_s: feed.read_deadline_s,
                            payload_bytes_max: feed.payload_bytes_max,
                            seed,
                        })
                    } else {
                        Speech::Lines(LogIn {
                            call: call.clone(),
                            password: feed.password.clone(),
                            timeout_s: feed.login_timeout_s,
                            keepalive_s: feed.keepalive_s,
                            read_deadline_s: feed.read_deadline_s,
                        })
                    };
                    links.push(Link::new(input, supervisor, resolver, carrier, speech, links.len()));
                }
            }
            all_stats.push(stats);
        }
        let posts_stats = Arc::new(FeedStats::new("posts", Spot::FEED_POSTS, None));
        if !parts.posts.is_empty() {
            posts_stats.set_state(FeedState::Streaming);
            all_stats.push(Arc::clone(&posts_stats));
        }
        ParseAgent {
            name: parts.name,
            links,
            sourced,
            posts: parts.posts,
            posts_input: Input::new(posts_stats, Call::EMPTY, AgePolicy::default(), 1),
            posts_stopped_ns: None,
            desk: Desk::new(parts.gate, parts.spots, parts.notes, Arc::clone(&parts.control), parts.fault),
            control: parts.control,
            registry: parts.registry,
            tokens: parts.tokens,
            patience_ns: u64::from(parts.patience_ms) * 1_000_000,
            buffer: vec![0; READ_BYTES_PER_TURN],
            first: 0,
            stats: all_stats,
            retry_ns: 0,
            stopped: false,
            drain_since_ns: None,
        }
    }

    /// What reporters see: one per feed in order of the configuration, then our users' posts.
    pub fn stats(&self) -> &[Arc<FeedStats>] {
        &self.stats
    }

    fn waiting(&self) -> usize {
        let links = self.links.iter().map(|l| l.input.waiting());
        links.chain(self.sourced.iter().map(|s| s.input.waiting())).sum()
    }

    fn flush(&mut self, now: Now) -> usize {
        let mut moved = 0;
        for link in &mut self.links {
            moved += self.desk.flush(&mut link.input, now);
        }
        for sourced in &mut self.sourced {
            moved += self.desk.flush(&mut sourced.input, now);
        }
        moved
    }

    /// Posts wait in their rings while the next ring is full, and are refused when patience is over.
    fn take_posts(&mut self, now: Now) -> usize {
        let mut moved = 0;
        if self.posts.iter().all(Consumer::is_empty) {
            // The next post that finds no room has the whole patience before it.
            self.posts_stopped_ns = None;
        }
        for ring in &mut self.posts {
            for _ in 0..POSTS_PER_TURN {
                if ring.is_empty() {
                    break;
                }
                if self.desk.has_room_for_post() || self.control.is_draining() {
                    self.posts_stopped_ns = None;
                } else {
                    let since = *self.posts_stopped_ns.get_or_insert(now.mono_ns);
                    if now.mono_ns.saturating_sub(since) < self.patience_ns {
                        break;
                    }
                }
                let Some(spot) = ring.pop() else { break };
                self.desk.post(&mut self.posts_input, now, spot);
                moved += 1;
            }
        }
        moved
    }

    fn take_sources(&mut self, now: Now) -> usize {
        let mut moved = 0;
        for Sourced { input, source } in &mut self.sourced {
            if source.next_due_ns() > now.mono_ns || input.read_limit_bytes(now, self.patience_ns, usize::MAX) == 0 {
                continue;
            }
            let batch = &mut input.batch;
            source.lines(now, &mut |line| {
                moved += 1;
                batch.push(line);
            });
            self.desk.lines(input, now);
        }
        moved
    }

    /// Inputs stop; what waits goes on, or ends when nobody takes it within the patience.
    fn drain(&mut self, now: Now) {
        if !self.stopped {
            self.stopped = true;
            for link in &mut self.links {
                link.stop(&self.registry);
            }
            for sourced in &mut self.sourced {
                sourced.input.stats().set_state(FeedState::Off);
            }
        }
        let since = *self.drain_since_ns.get_or_insert(now.mono_ns);
        if self.desk.is_abandoned() || now.mono_ns.saturating_sub(since) >= self.patience_ns {
            for link in &mut self.links {
                self.desk.abandon(&mut link.input, Reason::Drain);
            }
            for sourced in &mut self.sourced {
                self.desk.abandon(&mut sourced.input, Reason::Drain);
            }
        }
    }
}

impl Agent for ParseAgent {
    fn name(&self) -> &str {
        &self.name
    }

    fn ready(&mut self, local: usize, event: &mio::event::Event) {
        let place = local & ((1 << PLACE_BITS) - 1);
        if let Some(link) = self.links.get_mut(place) {
            link.ready(local >> PLACE_BITS, event);
        }
    }

    fn turn(&mut self, now: Now) -> usize {
        let mut moved = self.flush(now);
        moved += self.take_posts(now);
        if self.control.is_draining() {
            self.drain(now);
        } else {
            let n = self.links.len();
            for i in 0..n {
                let link = &mut self.links[(self.first + i) % n];
                moved +=
                    link.turn(now, &self.registry, self.tokens, &mut self.desk, self.patience_ns, &mut self.buffer);
            }
            self.first = if n == 0 { 0 } else { (self.first + 1) % n };
            moved += self.take_sources(now);
        }
        self.desk.announce();
        let stuck = self.waiting() > 0 || self.posts.iter().any(|p| !p.is_empty());
        self.retry_ns = if stuck { now.mono_ns + RING_RETRY_NS } else { u64::MAX };
        moved
    }

    fn has_work(&self) -> bool {
        (self.posts_stopped_ns.is_none() && self.posts.iter().any(|p| !p.is_empty()))
            || self.links.iter().any(Link::has_work)
            || (self.control.is_draining() && !self.stopped)
    }

    fn deadline_ns(&self) -> u64 {
        let links = self.links.iter().map(Link::deadline_ns).min().unwrap_or(u64::MAX);
        // A source that may not be read now is due again when there is room.
        let sources = self
            .sourced
            .iter()
            .filter(|s| s.input.waiting() == 0)
            .map(|s| s.source.next_due_ns())
            .min()
            .unwrap_or(u64::MAX);
        if self.stopped { self.retry_ns } else { links.min(sources).min(self.retry_ns) }
    }

    fn finished(&self) -> bool {
        self.stopped && self.waiting() == 0 && self.posts.iter().all(Consumer::is_empty)
    }
}

/// The name a feed's spots carry as their node.
fn node_of(feed: &Feed) -> Call {
    match feed.kind {
        FeedKind::Rbn => Call::literal("RBN"),
        FeedKind::RbnDigital => Call::literal("RBN-DIGITAL"),
        FeedKind::PskReporter => Call::literal(report::NODE),
        FeedKind::Simulator => Call::literal("SIMULATOR"),
        FeedKind::Cluster | FeedKind::Replay => {
            let mut name: Vec<u8> = feed.name.bytes().filter(u8::is_ascii_graphic).collect();
            name.truncate(Call::LEN_MAX);
            Call::new(&name).unwrap_or(Call::EMPTY)
        }
    }
}

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<ParseAgent>();
};
