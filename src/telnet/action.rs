//! What goes into a session with every call, and what comes out of it.

use crate::accounts::{Ask, BanList};
use crate::config;
use crate::engine::Now;
use crate::fanout::Choice;
use crate::reference::Cty;
use crate::spot::{Bulletin, Call, Note, Spot, Standing, UserInfo, Utc};
use crate::store::HistoryRequest;
use std::net::IpAddr;

/// The node as a session sees it for the length of one call.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a> {
    /// The configuration.
    pub settings: &'a config::Node,
    /// Who is logged in, at most a second old.
    pub users: &'a [UserInfo],
    /// Country data.
    pub cty: &'a Cty,
    /// Who is banned; addresses have been looked up at accept, calls are at log-in.
    pub bans: &'a BanList,
    /// When the node started.
    pub started: Utc,
    /// Names of the feeds, by their place in the configuration.
    pub feeds: &'a [String],
    /// What the main thread last wrote about the node, for sysops.
    pub digest: &'a Digest,
    /// Time of this turn.
    pub now: Now,
}

/// Texts about the node, renewed by the main thread once a second while a sysop is logged in, or at least when asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Digest {
    /// Drops by stage and reason: one line each, without line ends.
    pub drops: Vec<String>,
    /// The whole text report.
    pub report: Vec<String>,
    /// The last reload's outcome.
    pub reload: Vec<String>,
}

/// Where a session puts what it wants: the loop takes it all after each call and reuses the buffers.
#[derive(Debug, Default)]
pub struct SessionOut {
    /// Bytes for the user, whole lines except for the login prompt and telnet options.
    pub bytes: Vec<u8>,
    /// What the loop must do, in this order, after the bytes are queued.
    pub actions: Vec<Action>,
    /// What happened since the counts were last taken.
    pub counts: SessionCounts,
}

impl SessionOut {
    /// Empties everything and keeps the buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.actions.clear();
        self.counts = SessionCounts::default();
    }
}

impl Digest {
    /// Nothing written yet.
    pub const EMPTY: Digest = Digest { drops: Vec::new(), report: Vec::new(), reload: Vec::new() };
}

/// What a session asks its loop to do.
// A post is 256 bytes inline on purpose: the loop pushes it into a ring by value, and a box would be no smaller there.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
pub enum Action {
    /// This session is now that of a user of this call. Preferences are valid from here on.
    LogIn(Call),
    /// The user stands otherwise than when he logged in; see [`super::Session::standing`].
    Stands(Standing),
    /// The user wants his stream otherwise.
    Prefer(Choice),
    /// A question to the accounts; the session waits for [`super::Session::on_answer`], or not.
    AskAccounts(Ask),
    /// The PROXY line of a trusted peer told the real address: limits and bans go by it from now on.
    RealAddress(IpAddr),
    /// A sysop's order for other sessions, by way of the directory.
    Order(Note),
    /// A sysop's order to the node.
    Operate(Operation),
    /// A spot to send up the road; the session waits for [`super::Session::on_verdict`].
    Post(Spot),
    /// A question to the history; the session waits for [`super::Session::on_history`].
    AskHistory(HistoryRequest),
    /// A line for everybody.
    Announce(Bulletin),
    /// A line for one call.
    Talk {
        /// Addressee.
        to: Call,
        /// Text without control characters.
        text: Vec<u8>,
    },
    /// Flush what is queued, then close. The session takes nothing in and gives nothing out any more.
    Close(CloseReason),
}

/// What a sysop may ask of the node; carried out by the main thread.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// Stop, as on SIGTERM.
    Shutdown,
    /// Read the configuration anew and take over what can change, as on SIGHUP.
    Reload,
}

/// Why a session ended: by its own decision, or by the loop's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(usize)]
pub enum CloseReason {
    /// The user said BYE.
    Bye,
    /// No log-in in time.
    LoginTimeout,
    /// Three invalid calls.
    LoginRefused,
    /// A web browser or a robot that speaks HTTP.
    Http,
    /// Nothing heard for the configured time.
    Idle,
    /// A newer log-in of the same call, or the operator.
    Evicted,
    /// The node goes down.
    Farewell,
    /// The loop kept feeding a session that had said it wants no bytes.
    Flood,
    /// The other side closed.
    HungUp,
    /// The connection broke.
    Reset,
    /// The socket took nothing for too long, or replies piled up.
    Slow,
    /// The session panicked.
    Panic,
    /// A sysop ended it, or a ban.
    Kicked,
    /// The address that its proxy told is banned or has too many connections.
    AddressRefused,
    /// The process had no descriptor left, not even the one in reserve.
    NoDescriptors,
}

impl CloseReason {
    /// How many.
    pub const COUNT: usize = Self::ALL.len();
    /// All, in order of their discriminants.
    pub const ALL: [CloseReason; 15] = [
        CloseReason::Bye,
        CloseReason::LoginTimeout,
        CloseReason::LoginRefused,
        CloseReason::Http,
        CloseReason::Idle,
        CloseReason::Evicted,
        CloseReason::Farewell,
        CloseReason::Flood,
        CloseReason::HungUp,
        CloseReason::Reset,
        CloseReason::Slow,
        CloseReason::Panic,
        CloseReason::Kicked,
        CloseReason::AddressRefused,
        CloseReason::NoDescriptors,
    ];
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            CloseReason::Bye => "bye",
            CloseReason::LoginTimeout => "login_timeout",
            CloseReason::LoginRefused => "login_refused",
            CloseReason::Http => "http",
            CloseReason::Idle => "idle",
            CloseReason::Evicted => "evicted",
            CloseReason::Farewell => "farewell",
            CloseReason::Flood => "flood",
            CloseReason::HungUp => "hung_up",
            CloseReason::Reset => "reset",
            CloseReason::Slow => "slow",
            CloseReason::Panic => "panic",
            CloseReason::Kicked => "kicked",
            CloseReason::AddressRefused => "address_refused",
            CloseReason::NoDescriptors => "no_descriptors",
        }
    }
}

/// Countable events of sessions. The loop adds them up per core.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SessionCounts {
    /// Command lines that were a command.
    pub commands: u64,
    /// Command lines that were none, or ambiguous.
    pub commands_unknown: u64,
    /// Blank lines, answered or not.
    pub blank_lines: u64,
    /// Lines longer than [`super::LINE_BYTES_MAX`], discarded.
    pub lines_too_long: u64,
    /// Login lines that were no call.
    pub logins_invalid: u64,
    /// Posts or history questions that nobody answered in time.
    pub replies_missed: u64,
}
