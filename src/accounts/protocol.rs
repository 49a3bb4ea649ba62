//! What travels between telnet cores and the accounts agent.

use super::{Ban, Settings};
use crate::spot::{Call, SessionId, Utc};
use std::net::IpAddr;

/// A password on its way to be hashed; shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
    }
}

/// A question with its return address. `ask` numbers the questions of a session, so that a late answer is
/// not taken for another one's.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who asks.
    pub session: SessionId,
    /// Number of the question within the session.
    pub ask: u32,
    /// The question.
    pub question: Question,
}

/// What a session wants of the accounts.
#[derive(Clone, Debug)]
pub enum Question {
    /// A call at the login prompt: settings, if any, and what it takes to come in. Touches nothing. Not
    /// answered when it cannot be read: go on with defaults, and save nothing over what was not read.
    Open {
        /// The call.
        call: Call,
    },
    /// Whether this is the password. Answered with [`Reply::Password`], or with `Done(Err(why))` when too
    /// many passwords wait to be checked. From a right one on, the session counts as the call's owner.
    Check {
        /// The call.
        call: Call,
        /// What was typed.
        password: Secret,
    },
    /// The user is in: keep time and address of this log-in. No answer.
    Enter {
        /// The call.
        call: Call,
        /// From where.
        address: IpAddr,
        /// When.
        at: Utc,
    },
    /// Keep these settings. Answered with [`Reply::Done`].
    Save {
        /// The call.
        call: Call,
        /// When the session logged in: settings of a later log-in are not overwritten.
        since: Utc,
        /// All of them.
        settings: Box<Settings>,
    },
    /// Set (`Some`) or remove (`None`) a password. Setting the first one registers the call where registration
    /// is open. Refused unless the session gave the call's present password (see [`Question::Check`]), or,
    /// for removing, that of a sysop. A sysop's first password is not set through here.
    SetPassword {
        /// The call.
        call: Call,
        /// The new one.
        password: Option<Secret>,
    },
    /// Register or unregister a call; a sysop's, who gave his password.
    Register {
        /// The call.
        call: Call,
        /// Which.
        on: bool,
    },
    /// Somebody's public data, for SHOW/STATION: no address, no filter. A sysop gets all.
    Look {
        /// The call.
        call: Call,
    },
    /// Ban; a sysop's, who gave his password. The target is checked and brought into its one form; a ban on
    /// the same target is replaced.
    Ban(Ban),
    /// Lift the ban on exactly this call, address or network; a sysop's.
    Unban {
        /// As typed.
        target: String,
    },
    /// All bans in force.
    Bans,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who asked.
    pub session: SessionId,
    /// Which question.
    pub ask: u32,
    /// The answer.
    pub reply: Reply,
}

/// What the accounts say.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To [`Question::Open`] and [`Question::Look`]; `None` = a call never seen.
    Account(Option<Box<Account>>),
    /// To [`Question::Check`].
    Password(bool),
    /// Done, with a line for the user, or not, with the reason as one clause without a period.
    Done(Result<String, String>),
    /// To [`Question::Bans`].
    Bans(Vec<Ban>),
}

/// What is known of a call.
#[derive(Clone, PartialEq, Debug)]
pub struct Account {
    /// The call, without SSID for password and registration; settings belong to the full call.
    pub call: Call,
    /// What he chose; `None` when the record holds none or could not be read.
    pub settings: Option<Settings>,
    /// Whether it takes a password to come in.
    pub has_password: bool,
    /// Whether the call may post where registration is required.
    pub registered: bool,
    /// Last log-in.
    pub last_login: Option<Utc>,
    /// Where from; told to nobody else.
    pub last_address: Option<IpAddr>,
    /// The ban on this call, if there is one; [`Question::Open`] only. Telnet cores know it without asking,
    /// from `NodeView::bans`.
    pub ban: Option<Ban>,
    /// Saved commands and values that are not understood any more and were left out, for the user to know.
    pub lost: Vec<String>,
}
