//! PSKReporter from broker to user: whole nodes with a real mosquitto, and with brokers that misbehave.
//!
//! `DXRING_MOSQUITTO=required` makes a missing mosquitto a failure (`scripts/test broker`), `=no` leaves the tests
//! that need one out; without it they run where mosquitto is installed.

#[expect(dead_code, reason = "shared with `hostile.rs`, which uses all of it")]
#[path = "hostile/bench.rs"]
mod bench;
#[path = "pskreporter/broker.rs"]
mod broker;
#[path = "pskreporter/certificates.rs"]
mod certificates;
#[path = "pskreporter/ends.rs"]
mod ends;
#[path = "pskreporter/hostile.rs"]
mod hostile;
#[path = "pskreporter/pressure.rs"]
mod pressure;
#[path = "pskreporter/proxy.rs"]
mod proxy;
#[path = "pskreporter/publisher.rs"]
mod publisher;
#[path = "pskreporter/streams.rs"]
mod streams;

use dxring::config::{Feed, FeedKind};
use dxring::node::Running;
use dxring::parse::{FeedState, FeedStats};
use std::sync::Arc;

/// A feed from the broker at this port of ours.
fn feed(name: &str, port: u16) -> Feed {
    Feed {
        kind: FeedKind::PskReporter,
        name: name.into(),
        host: "127.0.0.1".into(),
        port,
        keepalive_s: 60,
        max_age_s: 900,
        ..Feed::default()
    }
}

/// A node with these feeds, whose users see FT8.
fn node(feeds: Vec<Feed>) -> Running {
    bench::node(|node| {
        node.feeds = feeds;
        node.telnet.default_filter = Vec::new();
    })
}

fn until_streaming(running: &Running, feed: usize) {
    let stats = &running.feeds[feed];
    let what = format!("{} streams", stats.name);
    bench::until(&what, || {
        let failed = stats.last_error().filter(|_| stats.state() == FeedState::BackingOff);
        assert!(failed.is_none(), "{failed:?}");
        stats.state() == FeedState::Streaming
    });
}

/// The end of a connection: counted, told, and left alone for a while. What was told.
fn until_given_up(stats: &FeedStats) -> Arc<String> {
    // The state comes last.
    bench::until(&stats.name, || stats.state() == FeedState::BackingOff);
    assert_eq!(stats.failures_total(), 1);
    stats.last_error().unwrap()
}
