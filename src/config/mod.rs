//! The node's configuration: RON text to a checked [`Node`].

mod schema;

pub use schema::{
    Dedup, Dedupe, Fault, Feed, FeedKind, History, Idle, Limits, LineFormat, Modes, Node, Placement, Profile,
    Reference, Report, Rings, Telnet,
};
