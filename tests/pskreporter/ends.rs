//! Brokers that go away, with a word or without.

use super::bench::{User, books, stop, until};
use super::broker::{Broker, Setup};
use super::certificates::Authority;
use super::proxy::Proxy;
use super::publisher::Publisher;
use super::{feed, node, until_given_up, until_streaming};
use dxring::config::Feed;
use dxring::parse::{Failure, FeedState};
use std::time::{Duration, Instant};

#[test]
fn a_killed_broker_is_found_again() {
    let authority = Authority::new("ours");
    let setup = Setup { tls: vec![authority.identity("127.0.0.1", |_| {})], ..Setup::default() };
    let Some(mut broker) = Broker::start(&setup) else { return };
    let over_tls = Feed { tls: true, ca: Some(authority.file.path().into()), ..feed("tls", broker.tls_ports[0]) };
    let running = node(vec![feed("psk", broker.port), over_tls]);
    let stats = &running.feeds[0];
    let mut user = User::log_in(running.telnet, "K1ABC");
    until_streaming(&running, 0);
    until_streaming(&running, 1);
    Publisher::connect(broker.port, None).report(1);
    assert!(user.spot().contains(&super::bench::call(1)));

    broker.kill();
    until_given_up(stats);
    until_given_up(&running.feeds[1]);
    assert_eq!(stats.failures(Failure::Closed) + stats.failures(Failure::Io), 1, "{:?}", stats.last_error());
    broker.start_again();
    until("the feed is back", || stats.state() == FeedState::Streaming);
    until("TLS is back", || running.feeds[1].state() == FeedState::Streaming);
    assert_eq!((stats.connects.get(), running.feeds[1].connects.get()), (2, 2));
    Publisher::connect(broker.port, None).report(2);
    assert!(user.spot().contains(&super::bench::call(2)));
    // The other feed may bring the second report to the user before this one books it.
    until("both reports are booked", || {
        let view = books(&running, "parse/psk");
        (view.total_in(), view.total_out()) == (2, 2)
    });
    stop(running);
}

/// The one slow test here: MQTT gives an answer to a ping ten seconds.
#[test]
fn a_dead_line_is_noticed_by_the_ping_without_an_answer() {
    let Some(broker) = Broker::start(&Setup::default()) else { return };
    let line = Proxy::to(broker.port, 4_096);
    let running = node(vec![Feed { keepalive_s: 1, ..feed("psk", line.port) }]);
    let stats = &running.feeds[0];
    let mut user = User::log_in(running.telnet, "K1ABC");
    until_streaming(&running, 0);
    let mut publisher = Publisher::connect(broker.port, None);
    publisher.report(1);
    assert!(user.spot().contains(&super::bench::call(1)));
    line.die();
    let died = Instant::now();
    publisher.report(2);
    let told = until_given_up(stats);
    assert!(died.elapsed() >= Duration::from_secs(9), "an answer has its ten seconds: {:?}", died.elapsed());
    assert!(told.contains("no answer to a ping"), "{told}");
    assert_eq!((stats.failures(Failure::Silent), books(&running, "parse/psk").total_in()), (1, 1));
    stop(running);
}
