//! A whole node with a `pskreporter` feed on a real mosquitto, and what can go wrong between them. Without mosquitto on the
//! machine these tests say so and are not run; `scripts/test broker` counts that.

#[path = "pskreporter/broker.rs"]
mod broker;
// Shared with `faults.rs`, which uses more of it.
#[allow(dead_code)]
#[path = "faults/rig.rs"]
mod rig;

use broker::{Broker, Proxy, Publisher, Tls, dx_of, impostor, mosquitto, report};
use dxring::config::{Dedupe, Feed, FeedKind, MqttVersion, Node};
use dxring::measure::Reason;
use dxring::parse::{Failure, FeedState};
use rig::{Feeder, Rig, User, spot_line, until};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

/// A node with one feed, on this broker.
fn node_on(addr: SocketAddr, change: impl FnOnce(&mut Feed)) -> Rig {
    Rig::start(&Feeder::bind(), |node| {
        node.feeds = vec![feed(addr)];
        open_for_all(node);
        change(&mut node.feeds[0]);
    })
}

fn feed(addr: SocketAddr) -> Feed {
    Feed {
        kind: FeedKind::PskReporter,
        name: "psk".into(),
        host: addr.ip().to_string(),
        port: addr.port(),
        max_age_s: 900,
        ..Feed::default()
    }
}

fn open_for_all(node: &mut Node) {
    node.telnet.default_filter = Vec::new();
    node.telnet.dedupe = Dedupe::Off;
}

fn streams(node: &Rig) {
    until("the feed streams", || node.feed().state() == FeedState::Streaming);
}

fn ended(node: &Rig, reason: Reason) -> u64 {
    node.feed().ledger.view().ended_by(reason)
}

fn last_error(node: &Rig) -> String {
    node.feed().last_error().map(|e| e.to_string()).unwrap_or_default()
}

/// Stops the node; every book must balance.
fn stop(node: Rig) {
    for view in node.stop() {
        assert_eq!(view.imbalance(), 0, "{view:?}");
    }
}

#[test]
fn reports_reach_a_telnet_user_over_both_versions() {
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, Some("secret"), None);
    for version in [MqttVersion::V3, MqttVersion::V5] {
        let node = node_on(broker.addr, |feed| {
            feed.mqtt = version;
            (feed.user, feed.password) = ("dx".into(), "secret".into());
        });
        let mut user = User::log_in(&node, "K1ABC");
        streams(&node);
        let mut publisher = Publisher::connect(&broker, Some("secret"));
        publisher.reports(0..100);
        // Seven minutes late, as every hundredth is.
        let (topic, payload) = report(100, "FT8", 420);
        publisher.say(&topic, &payload);
        let heard = dxring::spot::Utc::from_secs(
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 - 420,
        );
        assert!(user.hears(&dx_of(0)), "{}", user.heard());
        assert!(user.hears(&dx_of(100)), "{}", user.heard());
        assert!(user.hears("\r\n"));
        let lines: Vec<&str> = user.heard().lines().filter(|line| line.starts_with("DX de DL1XYZ-#:")).collect();
        assert_eq!(lines.len(), 101);
        assert!(lines.iter().all(|line| line.len() >= 75 && line.contains("FT8")), "{lines:?}");
        let late = lines[100];
        let minute_before = dxring::spot::Utc::from_ms(heard.ms() - 1_000);
        assert!(
            late.contains(&heard.hhmmz()) || late.contains(&minute_before.hhmmz()),
            "heard at {}: {late}",
            heard.hhmmz()
        );
        // A mode that was not subscribed does not come; the whole is counted.
        let (topic, payload) = report(200, "FST4W", 0);
        publisher.say(&topic, &payload);
        publisher.reports(201..202);
        assert!(user.hears(&dx_of(201)));
        assert_eq!(node.feed().lines.get(), 102);
        assert_eq!(node.feed().upstream.as_ref().map(|u| u.lost()), Some(None), "filtered topics: nobody knows");
        stop(node);
    }
}

#[test]
fn a_wrong_password_is_told_in_words() {
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, Some("secret"), None);
    for version in [MqttVersion::V3, MqttVersion::V5] {
        let node = node_on(broker.addr, |feed| {
            feed.mqtt = version;
            (feed.user, feed.password) = ("dx".into(), "guess".into());
        });
        until("the broker refuses", || node.feed().failures(Failure::LoginRefused) > 0);
        assert!(last_error(&node).to_lowercase().contains("not authori"), "{}", last_error(&node));
        stop(node);
    }
}

#[test]
fn the_whole_firehose_knows_what_was_lost_and_what_came_twice() {
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, None, None);
    let node = node_on(broker.addr, |feed| feed.modes = Vec::new());
    streams(&node);
    let mut user = User::log_in(&node, "K1ABC");
    let mut publisher = Publisher::connect(&broker, None);
    for n in [0, 1, 2, 5, 4, 4, 9] {
        publisher.reports(n..n + 1);
    }
    let (topic, payload) = report(10, "WSPR", 0);
    publisher.say(&topic, &payload);
    publisher.reports(11..12);
    assert!(user.hears(&dx_of(11)), "{}", user.heard());
    assert_eq!((ended(&node, Reason::Duplicate), ended(&node, Reason::PathOnly)), (1, 1));
    // What is missing is known for good when the window, or the connection, is over.
    drop(publisher);
    let mut broker = broker;
    broker.kill();
    until("the end is noticed", || node.feed().failures_total() > 0);
    let upstream = node.feed().upstream.as_ref().unwrap();
    until("the gap is counted", || upstream.lost() == Some(4));
    stop(node);
}

#[test]
fn a_broker_that_is_killed_is_found_again() {
    let Some(program) = mosquitto() else { return };
    let mut broker = Broker::start(&program, None, None);
    let node = node_on(broker.addr, |_| {});
    let mut user = User::log_in(&node, "K1ABC");
    streams(&node);
    Publisher::connect(&broker, None).reports(0..10);
    assert!(user.hears(&dx_of(9)), "{}", user.heard());
    broker.kill();
    until("the end is noticed", || node.feed().state() == FeedState::BackingOff);
    assert_eq!(node.feed().failures_total(), 1);
    broker.restart();
    streams(&node);
    assert_eq!(node.feed().connects.get(), 2);
    Publisher::connect(&broker, None).reports(10..20);
    assert!(user.hears(&dx_of(19)), "{}", user.heard());
    stop(node);
}

#[test]
fn a_half_open_link_is_noticed() {
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, None, None);
    let proxy = Proxy::start(broker.addr, 65_536);
    let node = node_on(proxy.addr, |feed| feed.keepalive_s = 1);
    streams(&node);
    proxy.frozen.store(true, Relaxed);
    until("nobody answers the ping", || node.feed().failures(Failure::Silent) == 1);
    proxy.frozen.store(false, Relaxed);
    streams(&node);
    stop(node);
}

#[test]
fn one_byte_at_a_time_is_as_good() {
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, None, None);
    let proxy = Proxy::start(broker.addr, 1);
    let node = node_on(proxy.addr, |_| {});
    let mut user = User::log_in(&node, "K1ABC");
    streams(&node);
    Publisher::connect(&broker, None).reports(0..30);
    assert!(user.hears(&dx_of(29)), "{}", user.heard());
    assert_eq!((node.feed().lines.get(), node.feed().spots.get()), (30, 30));
    assert!(proxy.pieces.load(Relaxed) > 30 * 200);
    stop(node);
}

#[test]
fn an_oversized_message_is_counted_and_the_next_one_comes() {
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, None, None);
    let node = node_on(broker.addr, |feed| feed.payload_bytes_max = 512);
    let mut user = User::log_in(&node, "K1ABC");
    streams(&node);
    let mut publisher = Publisher::connect(&broker, None);
    let (topic, mut payload) = report(0, "FT8", 0);
    payload.resize(200_000, b' ');
    publisher.say(&topic, &payload);
    publisher.say(&topic, b"not JSON");
    publisher.reports(1..2);
    assert!(user.hears(&dx_of(1)), "{}", user.heard());
    assert_eq!((ended(&node, Reason::LineTooLong), ended(&node, Reason::BadJson)), (1, 1));
    stop(node);
}

#[test]
fn hostile_brokers_cost_an_attempt_each() {
    let connack = [0x20, 2, 0, 0];
    for (name, says, again) in [
        ("garbage", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), false),
        ("a quarter of a gigabyte", vec![0x20, 0xFF, 0xFF, 0xFF, 0x7F], false),
        ("a length without end", vec![0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], false),
        ("CONNACK for ever", connack.to_vec(), true),
        ("zeros for ever", vec![0; 4_096], true),
        ("goodbye", Vec::new(), false),
        ("a grant before all", vec![0x90, 3, 0, 1, 0], false),
        ("limits of nothing", vec![0x20, 13, 0, 0, 10, 0x27, 0, 0, 0, 0, 0x21, 0, 0, 0x24, 0], false),
    ] {
        for version in [MqttVersion::V3, MqttVersion::V5] {
            let addr = impostor(says.clone(), again);
            let node = node_on(addr, |feed| feed.mqtt = version);
            until(name, || node.feed().failures_total() > 0);
            assert_eq!(node.feed().state(), FeedState::BackingOff, "{name}: {}", last_error(&node));
            assert!(!last_error(&node).is_empty());
            let mut user = User::log_in(&node, "K1ABC");
            user.say("ping");
            assert!(user.hears("PONG"), "{name}: the node lives");
            stop(node);
        }
    }
}

/// A certificate authority, and a broker's certificate that it signed.
struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    fn make(name: &str, host: &str, expired: bool) -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, name);
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let mut broker = rcgen::CertificateParams::new(vec![host.to_string()]).unwrap();
        if expired {
            broker.not_before = rcgen::date_time_ymd(2020, 1, 1);
            broker.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = broker.signed_by(&key, &issuer).unwrap();
        for (file, pem) in
            [("ca.pem", ca_certificate.pem()), ("broker.pem", certificate.pem()), ("key.pem", key.serialize_pem())]
        {
            std::fs::write(folder.path().join(file), pem).unwrap();
        }
        Authority { folder }
    }
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn broker(&self, program: &Path) -> Broker {
        let tls = Tls { certificate: self.file("broker.pem"), key: self.file("key.pem") };
        Broker::start(program, None, Some(&tls))
    }
}

#[test]
fn tls_streams_with_an_authority_that_we_trust() {
    let Some(program) = mosquitto() else { return };
    let authority = Authority::make("ours", "127.0.0.1", false);
    let mut broker = authority.broker(&program);
    let proxy = Proxy::start(broker.addr, 7);
    for (addr, version) in [(broker.addr, MqttVersion::V3), (proxy.addr, MqttVersion::V5)] {
        let node = node_on(addr, |feed| {
            feed.mqtt = version;
            (feed.tls, feed.ca) = (true, Some(authority.file("ca.pem")));
        });
        streams(&node);
        assert_eq!(node.feed().connects.get(), 1, "{}", last_error(&node));
        if addr == broker.addr {
            broker.kill();
            until("the end is noticed", || node.feed().failures_total() == 1);
            broker.restart();
            streams(&node);
        }
        stop(node);
    }
}

#[test]
fn tls_refuses_whom_it_should_not_trust() {
    let Some(program) = mosquitto() else { return };
    let (ours, other) = (Authority::make("ours", "127.0.0.1", false), Authority::make("other", "127.0.0.1", false));
    let elsewhere = Authority::make("elsewhere", "mqtt.example", false);
    let expired = Authority::make("expired", "127.0.0.1", true);
    for (authority, ca, words) in [
        (&ours, other.file("ca.pem"), "nobody that we trust"),
        (&elsewhere, elsewhere.file("ca.pem"), "another host"),
        (&expired, expired.file("ca.pem"), "expired"),
    ] {
        let broker = authority.broker(&program);
        let node = node_on(broker.addr, |feed| (feed.tls, feed.ca) = (true, Some(ca)));
        until(words, || node.feed().failures(Failure::Tls) > 0);
        assert!(last_error(&node).contains(words), "{}", last_error(&node));
        stop(node);
    }
    let plain = Broker::start(&program, None, None);
    let node = node_on(plain.addr, |feed| (feed.tls, feed.ca) = (true, Some(ours.file("ca.pem"))));
    until("a broker without TLS", || node.feed().failures_total() > 0);
    stop(node);
}

/// A flood of reports beside a skimmer's lines through a small ring: whatever is shed is the flood's, and counted.
#[test]
fn a_flood_of_reports_takes_nothing_from_skimmers_lines() {
    const REPORTS: u64 = 30_000;
    const LINES: usize = 3_000;
    let Some(program) = mosquitto() else { return };
    let broker = Broker::start(&program, None, None);
    let feeder = Feeder::bind();
    let node = Rig::start(&feeder, |node| {
        open_for_all(node);
        let psk = feed(broker.addr);
        node.feeds.insert(0, Feed { buffer_spots: 256, ..psk });
        node.rings.spots = 1_024;
        node.rings.patience_ms = 0;
    });
    streams(&node);
    let mut rbn = feeder.log_in();
    let mut user = User::log_in(&node, "K1ABC");
    let mut publisher = Publisher::connect(&broker, None);
    let flood = std::thread::spawn(move || {
        publisher.reports(0..REPORTS);
        publisher
    });
    for n in 0..LINES {
        rbn.write_all(spot_line(n, "CW").as_bytes()).unwrap();
    }
    let publisher = flood.join().unwrap();
    until("the flood is through", || node.feed().lines.get() == REPORTS);
    until("the lines are through", || {
        let view = node.feed_at(1).ledger.view();
        view.total_in() == view.total_out() + view.total_ended() && node.feed_at(1).spots.get() == LINES as u64
    });
    let (psk, lines) = (node.feed().ledger.view(), node.feed_at(1).ledger.view());
    assert_eq!(lines.ended_by(Reason::RingFull), 0, "no line of the skimmers is shed");
    assert_eq!(psk.total_in(), REPORTS);
    assert_eq!(psk.total_in(), psk.total_out() + psk.total_ended());
    user.say("ping");
    assert!(user.hears("PONG"));
    drop(publisher);
    stop(node);
}
