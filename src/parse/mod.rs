//! Stage 1: feeds' sockets and their supervision; line to [`crate::spot::Spot`]; the gate.
//!
//! - `feed`: one upstream connection as a state machine: log-in, keepalive, deadlines, lines. No socket.
//! - `mqtt`: the same for a broker of PSKReporter; `mqtt_session`: what is said there; `conversation`: either of them.
//! - `transport`: TCP or TLS under it; `tls`: rustls on a socket of the loop.
//! - `supervise`: when to connect, when to give up, how long to wait. No socket, no clock.
//! - `stats`: what reporters see of a feed.
//! - `line`: a line of a feed becomes a spot of its class, with its time.
//! - `report` and `sequence`: the same for a message of PSKReporter, and what its numbers say.
//! - `gate` and `posting`: what may enter the road.
//! - `intake`: lines in, spots to the ring: books, class reserves, shedding, panic isolation.
//! - `source`: lines made here: simulator, captures at their own speed.
//! - `agent`: all of it in one mio loop.

mod agent;
#[cfg(test)]
mod agent_tests;
mod conversation;
mod feed;
mod gate;
mod intake;
mod line;
mod link;
mod mqtt;
mod mqtt_session;
mod posting;
mod report;
mod resolve;
mod sequence;
mod source;
mod stats;
mod supervise;
mod tls;
#[cfg(test)]
mod tls_tests;
mod transport;

pub use agent::{ParseAgent, ParseParts};
pub use feed::{FeedClient, FeedEvent, LogIn};
pub use gate::{AgePolicy, Gate};
pub use intake::{Desk, Input, Notes};
pub use line::{LineEnd, Told, read_line, told_at_end};
pub use mqtt::{MqttClient, MqttLogIn, is_firehose, psk_topics};
pub use posting::PostLimits;
pub use report::{NODE as PSKREPORTER, ReportPolicy, Reports};
pub use sequence::{Seen, Sequence, SequenceCounts};
pub use source::LineSource;
pub use stats::{Failure, FeedState, FeedStats, UpstreamStats};
pub use supervise::{Supervisor, Wish};
pub use tls::TlsDial;
