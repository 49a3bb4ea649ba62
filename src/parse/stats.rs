//! What reporters see of a feed, written by the parse thread alone.

use super::sequence::SequenceCounts;
use crate::config::FeedKind;
use crate::measure::{Count, Gauge, Ledger};
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Where a feed stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum FeedState {
    /// Not started yet, or stopped for good.
    #[default]
    Off = 0,
    /// The host name is being looked up.
    Resolving,
    /// The connection is being made.
    Connecting,
    /// Connected; waiting for the prompt, or for an answer to our call.
    LoggingIn,
    /// Logged in: lines are welcome. A source of our own (simulator, capture) is always here.
    Streaming,
    /// Waiting for the next attempt.
    BackingOff,
}

impl FeedState {
    const ALL: [FeedState; 6] = [
        FeedState::Off,
        FeedState::Resolving,
        FeedState::Connecting,
        FeedState::LoggingIn,
        FeedState::Streaming,
        FeedState::BackingOff,
    ];
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            FeedState::Off => "off",
            FeedState::Resolving => "resolving",
            FeedState::Connecting => "connecting",
            FeedState::LoggingIn => "logging in",
            FeedState::Streaming => "streaming",
            FeedState::BackingOff => "backing off",
        }
    }
}

/// Why an attempt or a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Failure {
    /// The host name has no address, or the look-up failed or took too long.
    Lookup = 0,
    /// The connection was refused or the network said no.
    Connect,
    /// No connection within 30 s.
    ConnectTimeout,
    /// No prompt, or no answer to our call, in time.
    LoginTimeout,
    /// The other side refused our call or password, or asked for a password that we do not have.
    LoginRefused,
    /// The other side closed.
    Closed,
    /// Reading or writing failed.
    Io,
    /// No byte for longer than the read deadline.
    Silent,
    /// The other side makes us say more than it takes.
    NotDraining,
    /// The other side breaks the protocol.
    Protocol,
    /// The TLS handshake failed, or took longer than the log-in may; a record after it is not as it must be.
    Tls,
}

impl Failure {
    /// How many.
    pub const COUNT: usize = 11;
    /// All, in order of their discriminants.
    pub const ALL: [Failure; Failure::COUNT] = [
        Failure::Lookup,
        Failure::Connect,
        Failure::ConnectTimeout,
        Failure::LoginTimeout,
        Failure::LoginRefused,
        Failure::Closed,
        Failure::Io,
        Failure::Silent,
        Failure::NotDraining,
        Failure::Protocol,
        Failure::Tls,
    ];
    /// The name in reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Failure::Lookup => "lookup",
            Failure::Connect => "connect",
            Failure::ConnectTimeout => "connect_timeout",
            Failure::LoginTimeout => "login_timeout",
            Failure::LoginRefused => "login_refused",
            Failure::Closed => "closed",
            Failure::Io => "io",
            Failure::Silent => "silent",
            Failure::NotDraining => "not_draining",
            Failure::Protocol => "protocol",
            Failure::Tls => "tls",
        }
    }
}

/// What the numbers of a network's reports say about what was lost before it came here.
#[derive(Debug, Default)]
pub struct UpstreamStats {
    /// Whether all of the network is subscribed: only then is a missing number a loss.
    pub is_whole: bool,
    missing: Gauge,
    again: Gauge,
    missed_away: Gauge,
    resets: Gauge,
}

impl UpstreamStats {
    /// Only the parse thread may call this.
    pub(super) fn show(&self, counts: SequenceCounts) {
        self.missing.set(counts.missing);
        self.again.set(counts.again);
        self.missed_away.set(counts.missed_away);
        self.resets.set(counts.resets);
    }
    /// Reports that never came while connected; those in messages that could not be read are among them.
    /// `None` = not known, for only some topics are subscribed.
    pub fn lost(&self) -> Option<u64> {
        self.is_whole.then(|| self.missing.get())
    }
    /// Reports made while there was no connection; `None` as for [`UpstreamStats::lost`].
    pub fn missed_away(&self) -> Option<u64> {
        self.is_whole.then(|| self.missed_away.get())
    }
    /// Reports that came again; they end as `duplicate`.
    pub fn duplicates(&self) -> u64 {
        self.again.get()
    }
    /// Times the network's numbers began anew.
    pub fn resets(&self) -> u64 {
        self.resets.get()
    }
}

/// One feed's counters and state. Shared as an `Arc` between the parse thread and reporters.
#[derive(Debug)]
pub struct FeedStats {
    /// The feed's name in the configuration; `posts` for our users.
    pub name: String,
    /// Index of the feed in the configuration, as in [`crate::spot::Spot::feed`].
    pub index: u8,
    /// What it speaks; `None` for our users' posts.
    pub kind: Option<FeedKind>,
    state: AtomicU8,
    /// Connections made.
    pub connects: Count,
    failures: [Count; Failure::COUNT],
    /// Complete lines, of any sort.
    pub lines: Count,
    /// Spots that passed the gate.
    pub spots: Count,
    /// Bytes read.
    pub bytes: Count,
    /// Monotonic ns of the last line; 0 = none yet.
    pub last_line_ns: Gauge,
    /// Spots that wait for room in the next ring.
    pub waiting: Gauge,
    /// Bulletins that were not passed on because too many came, or nobody took them.
    pub bulletins_lost: Count,
    /// Verdicts on posts that found no room in the directory's mailbox.
    pub verdicts_lost: Count,
    /// What was lost on the way here, for a network that numbers its reports.
    pub upstream: Option<UpstreamStats>,
    last_error: ArcSwapOption<String>,
    /// The books: in = lines (posts: spots).
    pub ledger: Arc<Ledger>,
}

impl FeedStats {
    /// Zero everywhere; the ledger is called `parse/<name>`.
    pub fn new(name: &str, index: u8, kind: Option<FeedKind>) -> FeedStats {
        FeedStats {
            name: name.to_string(),
            index,
            kind,
            state: AtomicU8::new(FeedState::Off as u8),
            connects: Count::default(),
            failures: Default::default(),
            lines: Count::default(),
            spots: Count::default(),
            bytes: Count::default(),
            last_line_ns: Gauge::default(),
            waiting: Gauge::default(),
            bulletins_lost: Count::default(),
            verdicts_lost: Count::default(),
            upstream: (kind == Some(FeedKind::PskReporter)).then(UpstreamStats::default),
            last_error: ArcSwapOption::empty(),
            ledger: Arc::new(Ledger::new(format!("parse/{name}"))),
        }
    }
    /// The same, of a feed that subscribes all of a network or not.
    #[must_use]
    pub fn of_network(self, is_whole: bool) -> FeedStats {
        FeedStats { upstream: Some(UpstreamStats { is_whole, ..UpstreamStats::default() }), ..self }
    }
    /// Where the feed stands.
    pub fn state(&self) -> FeedState {
        FeedState::ALL.get(usize::from(self.state.load(Relaxed))).copied().unwrap_or_default()
    }
    /// Only the parse thread may call this.
    pub(super) fn set_state(&self, state: FeedState) {
        self.state.store(state as u8, Relaxed);
    }
    /// Ends of attempts and connections under one reason.
    pub fn failures(&self, reason: Failure) -> u64 {
        self.failures[reason as usize].get()
    }
    /// All ends.
    pub fn failures_total(&self) -> u64 {
        self.failures.iter().map(Count::get).sum()
    }
    /// Only the parse thread may call this.
    pub(super) fn fail(&self, reason: Failure, text: &str) {
        // The words first: who sees the count finds them.
        self.last_error.store(Some(Arc::new(format!("{}: {text}", reason.name()))));
        self.failures[reason as usize].add(1);
    }
    /// The last failure in words.
    pub fn last_error(&self) -> Option<Arc<String>> {
        self.last_error.load_full()
    }
    /// Seconds since the last line; `None` before the first.
    pub fn last_line_age_s(&self, mono_ns: u64) -> Option<u64> {
        match self.last_line_ns.get() {
            0 => None,
            at => Some(mono_ns.saturating_sub(at) / 1_000_000_000),
        }
    }
}
