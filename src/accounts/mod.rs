//! Users as the node remembers them: settings, passwords, registration, bans.
//!
//! A telnet core never waits for a disk: it asks through a ring, the agent of this room answers from its
//! own thread, where SQLite and password hashing may take their time. Settings are saved whole, with the
//! serial number of the session that changed them, so that an evicted session cannot undo a newer one.

mod agent;
mod protocol;
mod settings;

pub use agent::{AccountLink, AccountsAgent};
pub use protocol::{Account, Answer, Ask, Ban, Question, Reply, Secret};
pub use settings::{Dialect, Noise, Settings};

pub use crate::filter::Streams;
