//! The node among peers that misbehave, on a machine that runs out, and with stages that panic: it goes
//! on, counts, and tells. Real sockets on loopback; every wait is for an event, with a deadline.

#[path = "faults/bench.rs"]
mod bench;
#[path = "faults/conversations.rs"]
mod conversations;
#[path = "faults/crowd.rs"]
mod crowd;
#[path = "faults/feeds.rs"]
mod feeds;
#[path = "faults/panics.rs"]
mod panics;
#[path = "faults/posts.rs"]
mod posts;
#[path = "faults/process.rs"]
mod process;
mod script;
#[path = "faults/slow_user.rs"]
mod slow_user;
