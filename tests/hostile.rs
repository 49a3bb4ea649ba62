//! The node among peers that misbehave, on a machine that runs out, and with stages that panic: it goes
//! on, counts, and tells. Real sockets on loopback; every wait is for an event, with a deadline.

#[path = "hostile/bench.rs"]
mod bench;
#[path = "hostile/conversations.rs"]
mod conversations;
#[path = "hostile/crowd.rs"]
mod crowd;
#[path = "hostile/feeds.rs"]
mod feeds;
#[path = "hostile/panics.rs"]
mod panics;
#[path = "hostile/posts.rs"]
mod posts;
#[path = "hostile/process.rs"]
mod process;
mod script;
#[path = "hostile/slow_user.rs"]
mod slow_user;
#[path = "hostile/wishes.rs"]
mod wishes;
