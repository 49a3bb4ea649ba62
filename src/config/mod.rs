//! The node's configuration: RON text to a checked [`Node`].
//!
//! [`load()`] takes a text and overrides; every mistake comes back as one line
//! `file:line:col: key = value: what is wrong; remedy`.

mod bounds;
mod checks;
mod load;
mod locate;
mod network;
mod overrides;
mod problem;
mod schema;
mod trust;

pub use crate::wire::LineFormat;
pub use load::{DEFAULT_PATH, EMBEDDED, EMBEDDED_NAME, Loaded, Source, load};
pub use network::Network;
pub use problem::{Place, Problem, Problems};
pub use schema::{
    Accounts, Dedup, Dedupe, Fault, Feed, FeedKind, History, Idle, Limits, Modes, MqttVersion, Node, PLACEHOLDER_CALL,
    Placement, Posting, Profile, Reference, Registration, Report, Rings, Telnet,
};
pub use trust::{CA_BYTES_MAX, TrustFault, server_name, trusted};
