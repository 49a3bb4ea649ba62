//! Reports through mosquitto to a user.

use super::bench::{User, books, stop, until};
use super::broker::{Broker, Setup};
use super::proxy::Proxy;
use super::publisher::{Publisher, report};
use super::{feed, node, until_given_up, until_streaming};
use dxring::config::{Feed, MqttVersion, Profile};
use dxring::measure::Reason;
use dxring::parse::Failure;
use dxring::simulate::Options;

/// The line of report `n`: spotter, frequency, station, mode, strength, and the minute in which it was heard.
fn assert_line_of(n: usize, end: &str, line: &str) {
    let khz = (14_074_500 + n as u64 % 2_000) as f64 / 1_000.0;
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(line.len(), 75, "{line:?}");
    assert_eq!(words[..3], ["DX", "de", "DL1XYZ-#:"], "{line:?}");
    assert!((words[3].parse::<f64>().unwrap() - khz).abs() < 0.051, "{line:?}");
    assert_eq!(words[4], super::bench::call(n), "{line:?}");
    assert!(line.contains("FT8") && line.contains("-11 dB") && line.ends_with(end), "{line:?} at {end}");
}

#[test]
fn reports_become_lines_in_both_versions() {
    let Some(broker) = Broker::start(&Setup::default()) else { return };
    for version in [MqttVersion::V3, MqttVersion::V5] {
        let running = node(vec![Feed { mqtt: version, ..feed("psk", broker.port) }]);
        let mut user = User::log_in(running.telnet, "K1ABC");
        until_streaming(&running, 0);
        let mut publisher = Publisher::connect(broker.port, None);
        for n in 0..20 {
            let end = publisher.report(n);
            assert_line_of(n, &end, &user.spot());
        }
        // The broker filters: of a mode that was not subscribed nothing comes.
        publisher.publish(b"pskr/filter/v2/20m/WSPR/W1AW/DL1XYZ/FN31/JO31/291/230", b"{}");
        let end = publisher.report(20);
        assert_line_of(20, &end, &user.spot());
        let view = books(&running, "parse/psk");
        assert_eq!((view.total_in(), view.total_out()), (21, 21), "{view:?}");
        assert_eq!((running.feeds[0].connects.get(), running.feeds[0].failures_total()), (1, 0));
        let upstream = running.feeds[0].upstream.as_ref().unwrap();
        assert_eq!(upstream.lost(), None, "nobody knows of filtered topics");
        stop(running);
    }
}

#[test]
fn a_broker_with_passwords_lets_the_right_one_in() {
    let setup = Setup { login: Some(("anna", "geheim")), ..Setup::default() };
    let Some(broker) = Broker::start(&setup) else { return };
    let with = |name: &str, user: &str, password: &str, mqtt| Feed {
        user: user.into(),
        password: password.into(),
        mqtt,
        ..feed(name, broker.port)
    };
    let running = node(vec![
        with("right", "anna", "geheim", MqttVersion::V3),
        with("wrong", "anna", "offen", MqttVersion::V3),
        with("nobody", "", "", MqttVersion::V3),
        with("wrong5", "anna", "offen", MqttVersion::V5),
    ]);
    let mut user = User::log_in(running.telnet, "K1ABC");
    until_streaming(&running, 0);
    let end = Publisher::connect(broker.port, setup.login).report(1);
    assert_line_of(1, &end, &user.spot());
    for stats in &running.feeds[1..4] {
        let told = until_given_up(stats);
        assert!(told.starts_with("login_refused: refused the connection: not authorized"), "{}: {told}", stats.name);
        assert_eq!(stats.failures(Failure::LoginRefused), 1);
    }
    assert_eq!(running.feeds[0].failures_total(), 0);
    stop(running);
}

#[test]
fn a_line_that_brings_single_bytes_is_understood() {
    let authority = super::certificates::Authority::new("ours");
    let setup = Setup { tls: vec![authority.identity("127.0.0.1", |_| {})], ..Setup::default() };
    let Some(broker) = Broker::start(&setup) else { return };
    let plain = Proxy::to(broker.port, 1);
    let tls = Proxy::to(broker.tls_ports[0], 1);
    // One after the other: the same report through both would be a duplicate.
    let over_tls = Feed { tls: true, ca: Some(authority.file.path().into()), ..feed("tls", tls.port) };
    for feed in [feed("plain", plain.port), over_tls] {
        let running = node(vec![feed]);
        let mut user = User::log_in(running.telnet, "K1ABC");
        until_streaming(&running, 0);
        let mut publisher = Publisher::connect(broker.port, None);
        for n in 0..10 {
            let end = publisher.report(n);
            assert_line_of(n, &end, &user.spot());
        }
        assert_eq!(running.feeds[0].failures_total(), 0);
        stop(running);
    }
}

#[test]
fn a_message_above_the_bound_is_counted_and_the_next_one_comes() {
    let Some(broker) = Broker::start(&Setup::default()) else { return };
    let running = node(vec![Feed { payload_bytes_max: 1_024, ..feed("psk", broker.port) }]);
    let mut user = User::log_in(running.telnet, "K1ABC");
    until_streaming(&running, 0);
    let mut publisher = Publisher::connect(broker.port, None);
    let (topic, ..) = report(0);
    for long in [1_025, 100_000, 5_000_000] {
        publisher.publish(&topic, &vec![b'x'; long]);
    }
    let end = publisher.report(1);
    assert_line_of(1, &end, &user.spot());
    let view = books(&running, "parse/psk");
    assert_eq!((view.total_in(), view.ended_by(Reason::LineTooLong), view.total_out()), (4, 3, 1), "{view:?}");
    assert_eq!(running.feeds[0].failures_total(), 0);
    stop(running);
}

/// The simulator as the network: what it publishes is what the node reads, to the last report.
#[test]
fn the_simulated_network_arrives_whole() {
    let Some(broker) = Broker::start(&Setup::default()) else { return };
    let all = Feed { modes: Vec::new(), path_only_modes: Vec::new(), ..feed("psk", broker.port) };
    let running = node(vec![all]);
    until_streaming(&running, 0);
    let options = Options { minutes: Some(2.0), speed: 60.0, profile: Profile::Contest, ..Options::default() };
    let made = dxring::simulate::publish(([127, 0, 0, 1], broker.port).into(), &options).unwrap().wait().unwrap();
    assert!(made.published > 100 && made.connections == 1, "{made:?}");
    until("all reports are read", || books(&running, "parse/psk").total_in() == made.published);
    let upstream = running.feeds[0].upstream.as_ref().unwrap();
    assert_eq!((upstream.lost(), upstream.duplicates()), (Some(0), 0));
    let view = books(&running, "parse/psk");
    assert!(view.total_out() > 0 && view.ended_by(Reason::BadJson) == 0, "{view:?}");
    stop(running);
}

/// All topics: the numbers say what was lost, and what came twice.
#[test]
fn the_whole_firehose_knows_what_was_lost_and_what_came_twice() {
    let Some(mut broker) = Broker::start(&Setup::default()) else { return };
    let running = node(vec![Feed { modes: Vec::new(), ..feed("psk", broker.port) }]);
    let mut user = User::log_in(running.telnet, "K1ABC");
    until_streaming(&running, 0);
    let mut publisher = Publisher::connect(broker.port, None);
    // Without 3, 6, 7 and 8.
    for n in [0, 1, 2, 5, 4, 4, 9] {
        publisher.report(n);
    }
    let (topic, payload, _) = report(10);
    let path_only = String::from_utf8(payload).unwrap().replace("FT8", "WSPR");
    publisher.publish(&topic, path_only.as_bytes());
    publisher.report(11);
    user.line_with(&super::bench::call(11));
    let view = books(&running, "parse/psk");
    assert_eq!((view.ended_by(Reason::Duplicate), view.ended_by(Reason::PathOnly)), (1, 1), "{view:?}");
    // What is missing is known for good when the window, or the connection, is over.
    broker.kill();
    until_given_up(&running.feeds[0]);
    let upstream = running.feeds[0].upstream.as_ref().unwrap();
    assert_eq!((upstream.lost(), upstream.duplicates()), (Some(4), 1));
    stop(running);
}
