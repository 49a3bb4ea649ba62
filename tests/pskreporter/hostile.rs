//! Brokers that are none, or worse. Each costs its connection, with words; everybody else goes on.

use super::bench::{FeedServer, User, books, spot_line, stop, until};
use super::publisher::{packet, publish, report};
use super::{feed, node, until_given_up};
use dxring::config::{Feed, MqttVersion};
use dxring::measure::Reason;
use dxring::parse::Failure;
use std::io::{Read, Write};
use std::net::TcpStream;

const CONNACK: &[u8] = &[0x20, 2, 0, 0];

/// What a broker does once it has CONNECT.
type Script = Box<dyn FnOnce(&mut TcpStream)>;

struct Hostile {
    name: &'static str,
    script: Script,
    reasons: &'static [Failure],
    words: &'static str,
}

/// Says this and waits for the node to hang up.
fn says(name: &'static str, bytes: Vec<u8>, words: &'static str) -> Hostile {
    // The node may have hung up before everything is written.
    let script = Box::new(move |stream: &mut TcpStream| drop(stream.write_all(&bytes)));
    Hostile { name, script, reasons: &[Failure::Protocol], words }
}

fn hostile() -> Vec<Hostile> {
    let mut noise = vec![0; 65_536];
    fastrand::Rng::with_seed(7).fill(&mut noise);
    noise[0] = 0x07;
    // The one topic filter per mode is answered for all of them: the packet's number, and a grant for each.
    let suback = packet(0x90, &[&[0, 1][..], &[0; 7]].concat());
    let in_stream = |bytes: &[u8]| [CONNACK, &suback, bytes].concat();
    vec![
        says("noise", noise, "sent"),
        says("http", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "sent"),
        says("long_connack", vec![0x20, 0xFF, 0xFF, 0xFF, 0x7F], "longer than 4096"),
        says("long_length", vec![0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "more than four bytes"),
        says("connacks", CONNACK.repeat(100_000), "out of turn"),
        // MQTT 5: packets of no length, at most 1 message, no topic alias. To MQTT 3.1.1 it is too long.
        says("limits", vec![0x20, 13, 0, 0, 10, 0x27, 0, 0, 0, 0, 0x21, 0, 0, 0x24, 0], "no MQTT"),
        says("zeros", vec![0; 65_536], "not a broker's to send"),
        says("short_connack", vec![0x20, 0], "no MQTT"),
        says("early_message", publish(b"t", b"{}"), "before it let us in"),
        says("fewer_grants", [CONNACK, &[0x90, 3, 0, 1, 0]].concat(), "another number of topics"),
        says("empty_suback", [CONNACK, &[0x90, 0]].concat(), "no MQTT"),
        says("other_suback", [CONNACK, &packet(0x90, &[0, 9, 0])].concat(), "no MQTT"),
        says("subacks", in_stream(&suback), "no MQTT"),
        says("qos_1", in_stream(&packet(0x32, b"\0\x01t\0\x01{}")), "above QoS 0"),
        says("topic_overrun", in_stream(&packet(0x30, b"\xFF\xFFt")), "end behind it"),
        says("puback", in_stream(&packet(0x40, &[0, 1])), "not a broker's to send"),
        says("subscribes", in_stream(&packet(0x82, &[0, 1, 0, 1, b'#', 0])), "not a broker's to send"),
        Hostile {
            name: "closes",
            script: Box::new(|stream| stream.shutdown(std::net::Shutdown::Both).unwrap()),
            reasons: &[Failure::Closed, Failure::Io],
            words: "",
        },
        Hostile {
            name: "endless",
            // A message of 256 MiB, of which a MiB comes.
            script: Box::new(move |stream| {
                let head = [CONNACK, &suback, &[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, b't']].concat();
                // In MQTT 5 the head is none, and the node has hung up.
                let _ = stream.write_all(&[head, vec![b'x'; 1 << 20]].concat());
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }),
            reasons: &[Failure::Closed, Failure::Io],
            words: "",
        },
        Hostile {
            name: "mute",
            script: Box::new(|_| ()),
            reasons: &[Failure::LoginTimeout],
            words: "no answer to CONNECT",
        },
    ]
}

#[test]
fn hostile_brokers_cost_their_connections_and_nothing_else() {
    for version in [MqttVersion::V3, MqttVersion::V5] {
        let mut brokers: Vec<(FeedServer, Hostile)> = hostile().into_iter().map(|h| (FeedServer::new(), h)).collect();
        let mut good = FeedServer::new();
        let mut feeds: Vec<Feed> = brokers
            .iter()
            .map(|(server, hostile)| Feed {
                mqtt: version,
                login_timeout_s: 2,
                ..feed(hostile.name, server.feed("").port)
            })
            .collect();
        feeds.push(good.feed("good"));
        let running = node(feeds);
        let mut stream = good.log_in();
        let mut user = User::log_in(running.telnet, "K1ABC");
        let mut open = Vec::new();
        for (at, (server, hostile)) in brokers.iter_mut().enumerate() {
            let mut broker = server.accept();
            assert_eq!(broker.read(&mut [0; 256]).unwrap().min(1), 1, "CONNECT");
            let script = std::mem::replace(&mut hostile.script, Box::new(|_| ()));
            script(&mut broker);
            open.push(broker);
            let stats = &running.feeds[at];
            let told = until_given_up(stats);
            if version == MqttVersion::V3 {
                let counted: u64 = hostile.reasons.iter().map(|reason| stats.failures(*reason)).sum();
                assert_eq!(counted, 1, "{}: {told}", hostile.name);
                assert!(told.contains(hostile.words), "{}: {told}", hostile.name);
            }
            stream.write_all(spot_line(&super::bench::call(at)).as_bytes()).unwrap();
            assert!(user.spot().contains(&super::bench::call(at)), "{}: later spots flow", hostile.name);
        }
        if version == MqttVersion::V3 {
            let view = books(&running, "parse/endless");
            assert_eq!((view.total_in(), view.ended_by(Reason::LineTooLong)), (1, 1), "{view:?}");
        }
        assert_eq!(running.control.failure(), None);
        stop(running);
    }
}

/// A report in the very segment that grants the subscription, and an end in the middle of the next one.
#[test]
fn what_came_before_the_end_is_read_and_the_half_report_is_booked() {
    let mut server = FeedServer::new();
    let running = node(vec![Feed { modes: vec!["FT8".into()], ..feed("psk", server.feed("").port) }]);
    let mut user = User::log_in(running.telnet, "K1ABC");
    let mut broker = server.accept();
    assert!(broker.read(&mut [0; 256]).unwrap() > 0);
    broker.write_all(CONNACK).unwrap();
    assert!(broker.read(&mut [0; 256]).unwrap() > 0, "SUBSCRIBE");
    let message = |n| {
        let (topic, payload, _) = report(n);
        publish(&topic, &payload)
    };
    let (whole, half) = (message(1), message(2));
    broker.write_all(&[&[0x90, 3, 0, 1, 0], &whole[..], &half[..100]].concat()).unwrap();
    assert!(user.spot().contains(&super::bench::call(1)));
    drop(broker);
    until("the half report is booked", || books(&running, "parse/psk").ended_by(Reason::LineCutOff) == 1);
    let view = books(&running, "parse/psk");
    assert_eq!((view.total_in(), view.total_out()), (2, 1), "{view:?}");
    stop(running);
}
