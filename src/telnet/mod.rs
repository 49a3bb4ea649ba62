//! Users: a connection is a [`Session`], a state machine without a socket and without a clock. Bytes
//! and time go in, bytes and [`Action`]s come out; the loop of a telnet core does the rest.

mod action;
mod agent;
#[cfg(test)]
mod agent_tests;
pub mod commands;
mod connection;
pub mod limits;
mod line;
pub mod listener;
mod login;
#[cfg(test)]
mod loop_tests;
mod pace;
mod pacing;
mod prompt;
mod sender;
mod session;
#[cfg(test)]
mod session_tests;
mod sessions;
mod stats;
mod timers;
mod wash;

pub use action::{Action, CloseReason, Digest, NodeView, Operation, SessionCounts, SessionOut};
pub use agent::{Faults, Parts, TelnetAgent};
pub use commands::{Parsed, parse_command};
pub use line::{LINE_BYTES_MAX, Line, LineReader};
pub use session::{INPUT_BYTES_MAX, LINES_WAITING_MAX, REPLY_WAIT_NS, Session};
pub use stats::TelnetStats;
