//! Users as the node remembers them: settings, passwords, registration, bans.
//!
//! A telnet core never waits for a disk: it asks through a ring, the agent of this room answers from its
//! own thread, where SQLite and password hashing may take their time. Settings are saved whole, with the
//! log-in time of the session that changed them, so that an evicted session cannot undo a newer one.

mod agent;
mod bans;
mod base;
mod import;
mod passwords;
mod protocol;
mod record;
mod settings;
mod stats;
#[cfg(test)]
mod tests;
mod tool;

pub use agent::{AccountLink, AccountsAgent, AccountsParts};
pub use bans::{BAN_REASON_MAX, BANS_MAX, Ban, BanList, BanTarget};
pub use base::{FILE_NAME, Kept, SCHEMA_VERSION, USERS_MAX};
pub use passwords::{HASHES_WAITING_MAX, PASSWORD_BYTES_MAX};
pub use protocol::{Account, Answer, Ask, Question, Reply, Secret};
pub use settings::{Dialect, Noise, PAGE_AUTO, Settings};
pub use stats::AccountsStats;
pub use tool::{Changes, Users};

pub use crate::filter::Streams;

use crate::config;
use crate::spot::{Call, base_call, collapse_ssid};

/// The call that owns passwords, registration and bans: without SSID and portable suffix.
pub fn owner(call: &Call) -> Call {
    base_call(&collapse_ssid(call))
}

/// Whether a call is one of the configured sysops', with any SSID.
pub fn is_sysop(accounts: &config::Accounts, call: &Call) -> bool {
    let owner = owner(call);
    !owner.is_empty() && accounts.sysops.iter().any(|sysop| Call::new(sysop.as_bytes()) == Some(owner))
}
