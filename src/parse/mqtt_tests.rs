//! Dialogues with a broker, and what a hostile one may try.

use super::*;
use crate::engine::TestClock;
use crate::spot::Utc;
use crate::wire::MQTT_PACKET_BYTES_MAX;
use MqttVersion::{V3, V5};
use proptest::prelude::*;

const REPORT: &[u8] = br#"{"sq":1,"f":14074000,"md":"FT8","rp":-11,"t":1791326355,"sc":"WB1DX","rc":"PA4HJH"}"#;
const PONG: &[u8] = &[0xD0, 0];

struct Bench {
    clock: TestClock,
    client: MqttClient,
    payloads: Vec<Vec<u8>>,
    said: Vec<u8>,
    events: Vec<FeedEvent>,
}

fn log_in(version: MqttVersion) -> MqttLogIn {
    MqttLogIn {
        version,
        user: String::new(),
        password: String::new(),
        topics: vec!["pskr/filter/v2/20m/FT8/#".into(), "pskr/filter/v2/40m/FT8/#".into()],
        timeout_s: 30,
        keepalive_s: 60,
        read_deadline_s: 300,
        payload_bytes_max: 256,
        seed: 7,
    }
}

impl Bench {
    fn of(log_in: &MqttLogIn) -> Bench {
        let clock = TestClock::at(Utc::from_secs(1_791_326_400));
        let client = MqttClient::new(log_in, clock.now());
        assert_eq!(client.deadline_ns(), clock.now().mono_ns, "CONNECT goes out at once");
        let mut bench = Bench { clock, client, payloads: Vec::new(), said: Vec::new(), events: Vec::new() };
        bench.wait_ms(0);
        bench
    }
    /// CONNECT is out.
    fn new(version: MqttVersion) -> Bench {
        Bench::of(&log_in(version))
    }
    /// The subscription stands, and nothing is left to be said.
    fn streaming(version: MqttVersion) -> Bench {
        let mut bench = Bench::new(version);
        bench.hear(&connack(version, 0)).hear(&suback(version, &[0, 0]));
        assert_eq!(std::mem::take(&mut bench.events), [FeedEvent::LoggedIn]);
        bench.said.clear();
        bench
    }
    fn hear(&mut self, bytes: &[u8]) -> &mut Bench {
        self.hear_in(bytes, bytes.len().max(1))
    }
    fn hear_in(&mut self, bytes: &[u8], n: usize) -> &mut Bench {
        for piece in bytes.chunks(n) {
            let payloads = &mut self.payloads;
            let mut take = |payload: &[u8]| payloads.push(payload.to_vec());
            let event = self.client.on_bytes(self.clock.now(), piece, &mut self.said, &mut take);
            self.events.extend(event);
        }
        self
    }
    fn wait_ms(&mut self, ms: u64) -> &mut Bench {
        self.clock.advance_ms(ms);
        let event = self.client.on_timer(self.clock.now(), &mut self.said);
        self.events.extend(event);
        self
    }
    /// Goes to the client's own deadline, which lies `ms` ahead, and not a millisecond less.
    fn wait_for_deadline(&mut self, ms: u64) -> &mut Bench {
        assert_eq!(self.client.deadline_ns(), self.clock.now().mono_ns + ms * 1_000_000);
        let (said, events) = (self.said.len(), self.events.len());
        self.wait_ms(ms - 1);
        assert_eq!((self.said.len(), self.events.len()), (said, events), "too early");
        self.wait_ms(1);
        assert!(self.said.len() > said || self.events.len() > events, "nothing at the deadline");
        self
    }
    fn said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }
    /// The only event is this failure, and its words hold these.
    fn failed(&mut self, reason: Failure, words: &str) {
        match &self.events[..] {
            [FeedEvent::Failed(r, text)] if *r == reason && text.contains(words) => {}
            events => panic!("{events:?}, expected {reason:?} with {words:?}"),
        }
        assert_eq!(self.client.deadline_ns(), u64::MAX);
        self.events.clear();
        self.wait_ms(1_000_000).hear(&publish(V3, REPORT));
        assert_eq!(self.events, [], "once failed, always failed");
    }
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut n = body.len();
    while n > 127 {
        out.push((n % 128) as u8 | 128);
        n /= 128;
    }
    out.push(n as u8);
    out.extend(body);
    out
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

fn connack(version: MqttVersion, code: u8) -> Vec<u8> {
    connack_with(version, code, &[])
}

fn connack_with(version: MqttVersion, code: u8, properties: &[u8]) -> Vec<u8> {
    match version {
        V3 => packet(0x20, &[0, code]),
        V5 => packet(0x20, &[&[0, code, properties.len() as u8], properties].concat()),
    }
}

fn suback(version: MqttVersion, codes: &[u8]) -> Vec<u8> {
    let properties: &[u8] = if version == V5 { &[0] } else { &[] };
    packet(0x90, &[&[0, 1], properties, codes].concat())
}

fn publish_with(first: u8, topic: &str, properties: Option<&[u8]>, payload: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    if let Some(properties) = properties {
        body.push(properties.len() as u8);
        body.extend(properties);
    }
    body.extend(payload);
    packet(first, &body)
}

fn publish(version: MqttVersion, payload: &[u8]) -> Vec<u8> {
    publish_with(0x30, "pskr/filter/v2/20m/FT8/WB1DX/PA4HJH", (version == V5).then_some(&[]), payload)
}

#[test]
fn a_whole_dialogue_in_both_versions() {
    for version in [V3, V5] {
        let mut bench = Bench::new(version);
        // CONNECT: protocol name and level, clean session, keepalive 60, client id (3.1).
        let said = bench.said();
        let level = if version == V3 { 4 } else { 5 };
        let head = [&text("MQTT")[..], &[level, 0b10, 0, 60]].concat();
        assert_eq!((said[0], usize::from(said[1])), (0x10, said.len() - 2));
        assert_eq!(said[2..2 + head.len()], head);
        let id = &said[2 + head.len() + usize::from(version == V5)..];
        assert_eq!(usize::from(id[1]), 19);
        let id = std::str::from_utf8(&id[2..]).unwrap();
        let random = id.strip_prefix("dxring-").unwrap();
        assert!(random.len() == 12 && random.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{id}");
        assert!(!bench.client.is_logged_in());

        bench.hear(&connack(version, 0));
        let options = if version == V3 { 0 } else { 0b10_0000 };
        let mut body = vec![0, 1];
        body.extend((version == V5).then_some(0));
        for topic in &log_in(version).topics {
            body.extend(text(topic));
            body.push(options);
        }
        assert_eq!(bench.said(), packet(0x82, &body), "one SUBSCRIBE of QoS 0");
        assert!(!bench.client.is_logged_in() && bench.events.is_empty());

        bench.hear(&publish(version, b"before SUBACK"));
        bench.hear(&suback(version, &[0, 0])).hear(&publish(version, REPORT));
        assert_eq!(bench.events, [FeedEvent::LoggedIn]);
        assert!(bench.client.is_logged_in() && !bench.client.is_inside_message());
        assert_eq!(bench.payloads, [b"before SUBACK", REPORT]);
        assert_eq!(bench.said(), b"");
    }
}

#[test]
fn user_and_password_are_sent_and_every_connection_has_another_id() {
    for version in [V3, V5] {
        let log_in = MqttLogIn { user: "anna".into(), password: "geheim".into(), keepalive_s: 0, ..log_in(version) };
        let said = Bench::of(&log_in).said();
        assert_eq!((said[9], &said[10..12]), (0b1100_0010, &[0, 0][..]), "flags, and no keepalive");
        assert!(said.ends_with(&[text("anna"), text("geheim")].concat()));
        let mut clock = TestClock::at(Utc::from_secs(1));
        let ids: std::collections::HashSet<String> = (0..100)
            .map(|_| {
                clock.advance_ms(1);
                client_id(&log_in, clock.now())
            })
            .collect();
        assert_eq!(ids.len(), 100);
    }
}

#[test]
fn refusals_are_told_in_words() {
    let reason = [&[31][..], &text("members\r\nonly")].concat();
    let elsewhere = [&[28][..], &text("b.example")].concat();
    for (version, answer, words) in [
        (V3, connack(V3, 1), "refused the connection: unacceptable protocol version"),
        (V3, connack(V3, 4), "refused the connection: bad user name or password"),
        (V3, connack(V3, 5), "refused the connection: not authorized"),
        (V5, connack(V5, 0x87), "refused the connection: not authorized"),
        (V5, connack_with(V5, 0x87, &reason), "not authorized (membersonly)"),
        (V5, connack_with(V5, 0x9D, &elsewhere), "server moved (use b.example)"),
        (V5, connack(V3, 1), "does not speak MQTT 5"),
        (V5, connack_with(V5, 0, &[39, 0, 0, 0, 20]), "takes no packet as long"),
    ] {
        Bench::new(version).hear(&answer).failed(Failure::LoginRefused, words);
    }
    for (version, codes, words) in [
        (V3, [0, 0x80], "refused topic pskr/filter/v2/40m/FT8/#: failure"),
        (V5, [0x87, 0], "refused topic pskr/filter/v2/20m/FT8/#: not authorized"),
        (V5, [0, 0xA2], "refused topic pskr/filter/v2/40m/FT8/#: wildcard subscriptions not supported"),
    ] {
        let mut bench = Bench::new(version);
        bench.hear(&connack(version, 0)).hear(&suback(version, &codes)).failed(Failure::LoginRefused, words);
    }
    let goodbye = packet(0xE0, &[&[0x8B, reason.len() as u8], &reason[..]].concat());
    Bench::streaming(V5).hear(&goodbye).failed(Failure::Closed, "closes: server shutting down (membersonly)");
    Bench::streaming(V5).hear(&[0xE0, 0]).failed(Failure::Closed, "closes: normal disconnection");
}

#[test]
fn whoever_breaks_the_protocol_is_closed() {
    let qos_1 = publish_with(0x32, "t", None, b"\0\x01{}");
    for (version, bytes, words) in [
        (V3, publish(V3, REPORT), "before it let us in"),
        (V3, PONG.to_vec(), "out of turn"),
        (V3, suback(V3, &[0, 0]), "no MQTT"),
        (V3, vec![0x20, 0], "no MQTT"),
        (V3, connack(V3, 77), "no MQTT"),
        (V5, connack_with(V5, 0, &[33, 0, 0]), "no MQTT"),
        (V5, connack_with(V5, 0, &[99, 0, 0]), "no MQTT"),
        (V3, [connack(V3, 0), connack(V3, 0)].concat(), "out of turn"),
        (V3, [connack(V3, 0), suback(V3, &[0])].concat(), "another number of topics"),
        (V5, [connack(V5, 0), suback(V5, &[0, 0, 0])].concat(), "another number of topics"),
        (V3, [connack(V3, 0), packet(0x90, &[0, 9, 0, 0])].concat(), "no MQTT"),
        (V3, [connack(V3, 0), suback(V3, &[0, 0]), suback(V3, &[0, 0])].concat(), "no MQTT"),
        (V3, [connack(V3, 0), packet(0x40, &[0, 1])].concat(), "of a type"),
        (V3, [connack(V3, 0), qos_1].concat(), "above QoS 0"),
        (V3, b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "sent"),
        (V5, b"HTTP/1.1 400 Bad Request\r\n".to_vec(), "sent"),
        (V5, b"Please enter your call: ".to_vec(), "sent"),
    ] {
        for n in [1, bytes.len()] {
            let mut bench = Bench::new(version);
            bench.hear_in(&bytes, n);
            bench.events.retain(|event| *event != FeedEvent::LoggedIn);
            bench.failed(Failure::Protocol, words);
        }
    }
}

#[test]
fn a_panic_of_the_library_costs_the_connection() {
    const WORDS: &str = "assertion failed: nobody sends this";
    for version in [V3, V5] {
        for answer in [connack(version, 0), PONG.to_vec()] {
            let mut bench = if answer == PONG { Bench::streaming(version) } else { Bench::new(version) };
            bench.client.session.fault = Some(WORDS);
            bench.hear(&answer).failed(Failure::Protocol, WORDS);
        }
        let mut bench = Bench::streaming(version);
        bench.client.session.fault = Some(WORDS);
        bench.wait_for_deadline(60_000).failed(Failure::Protocol, WORDS);
        assert_eq!(bench.client.on_timer(bench.clock.now(), &mut Vec::new()), None, "nothing is called any more");
    }
}

#[test]
fn answers_are_waited_for_to_the_millisecond() {
    for version in [V3, V5] {
        Bench::new(version).wait_for_deadline(30_000).failed(Failure::LoginTimeout, "CONNECT");
        let mut bench = Bench::new(version);
        bench.wait_ms(29_000).hear(&connack(version, 0));
        bench.wait_for_deadline(30_000).failed(Failure::LoginTimeout, "SUBSCRIBE");
    }
}

#[test]
fn a_half_open_link_is_noticed_within_keepalive_and_ten_seconds() {
    for version in [V3, V5] {
        let mut bench = Bench::streaming(version);
        for _ in 0..10 {
            bench.wait_for_deadline(60_000);
            assert_eq!(bench.said(), [0xC0, 0]);
            bench.wait_ms(9_999).hear(PONG);
            // The next ping counts from the last one.
            bench.clock.advance_ms(1);
            assert_eq!(bench.client.deadline_ns(), bench.clock.now().mono_ns + 50_000 * 1_000_000);
            bench.wait_for_deadline(50_000);
            assert_eq!(bench.said(), [0xC0, 0]);
            bench.hear(PONG);
        }
        bench.wait_for_deadline(60_000);
        bench.wait_for_deadline(10_000).failed(Failure::Silent, "ping");
    }
}

#[test]
fn an_answer_that_queues_behind_messages_is_waited_for() {
    let mut bench = Bench::streaming(V3);
    bench.wait_for_deadline(60_000);
    for _ in 0..100 {
        bench.wait_ms(9_000).hear(&publish(V3, REPORT));
    }
    assert_eq!(bench.events, []);
    assert!(bench.said().len() > 20, "pings go on");
    bench.hear(PONG).wait_ms(11_000);
    assert_eq!((bench.events.len(), bench.payloads.len()), (0, 100));
}

#[test]
fn the_brokers_keepalive_counts_where_it_is_shorter() {
    for (ours_s, theirs_s, pings_ms) in
        [(60, 20, Some(20_000)), (60, 600, Some(60_000)), (60, 0, Some(60_000)), (0, 20, Some(20_000)), (0, 0, None)]
    {
        let mut bench = Bench::of(&MqttLogIn { keepalive_s: ours_s, read_deadline_s: 0, ..log_in(V5) });
        bench.hear(&connack_with(
            V5,
            0,
            &[19, 0, 0, 0][..1].iter().copied().chain(u16::to_be_bytes(theirs_s)).collect::<Vec<_>>(),
        ));
        bench.hear(&suback(V5, &[0, 0])).said.clear();
        match pings_ms {
            Some(ms) => assert_eq!(bench.wait_for_deadline(ms).said(), [0xC0, 0]),
            None => assert_eq!(bench.client.deadline_ns(), u64::MAX, "neither pings nor a deadline"),
        }
    }
}

#[test]
fn the_read_deadline_counts_without_pings() {
    let mut bench = Bench::of(&MqttLogIn { keepalive_s: 0, ..log_in(V3) });
    bench.hear(&connack(V3, 0)).hear(&suback(V3, &[0, 0])).wait_ms(100_000).hear(&publish(V3, REPORT));
    bench.events.clear();
    bench.wait_for_deadline(300_000).failed(Failure::Silent, "read deadline");
}

#[test]
fn retained_and_aliased_messages_are_messages() {
    let mut bench = Bench::streaming(V3);
    bench.hear(&publish_with(0x31, "t", None, REPORT));
    assert_eq!(bench.payloads, [REPORT]);
    let mut bench = Bench::streaming(V5);
    // Topic alias 7, and no topic; a content type and an expiry.
    bench.hear(&publish_with(0x30, "", Some(&[35, 0, 7]), REPORT));
    bench.hear(&publish_with(0x30, "t", Some(&[3, 0, 1, b'j', 2, 0, 0, 0, 9]), REPORT));
    assert_eq!((bench.payloads.len(), bench.events.len()), (2, 0));
    Bench::streaming(V3).hear(&publish_with(0x30, "", None, REPORT)).failed(Failure::Protocol, "without a topic");
}

#[test]
fn a_message_above_the_bound_is_counted_once_and_the_next_one_read() {
    for n in [1, 100, 10_000] {
        let mut bench = Bench::streaming(V3);
        let bytes = [publish(V3, &[b'x'; 257]), publish(V3, &[b'x'; 256]), publish(V3, &[b'x'; 5_000])].concat();
        bench.hear_in(&bytes, n);
        assert_eq!((bench.payloads.len(), bench.client.take_too_long(), bench.client.take_too_long()), (1, 2, 0));
        bench.hear(&publish(V3, REPORT)[..50]);
        assert!(bench.client.is_inside_message());
        assert_eq!(bench.events, []);
    }
}

#[test]
fn topics_are_the_product_and_each_stands_once() {
    let list = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
    let all = psk_topics(&[], &[]);
    assert_eq!(all, ["pskr/filter/v2/#"]);
    assert!(is_firehose(&all));
    let some = psk_topics(&list(&["20m", "40m", "20m"]), &list(&["FT8", "CW"]));
    assert_eq!(some.len(), 4);
    assert_eq!(some[1], "pskr/filter/v2/20m/CW/#");
    assert_eq!(psk_topics(&list(&["6m"]), &[]), ["pskr/filter/v2/6m/+/#"]);
    assert_eq!(psk_topics(&[], &list(&["FT4"])), ["pskr/filter/v2/+/FT4/#"]);
    assert!(!is_firehose(&some) && !is_firehose(&psk_topics(&[], &list(&["FT4"]))));
}

#[test]
fn the_longest_subscription_may_wait_to_be_said() {
    let modes: Vec<String> = (0..12).map(|n| format!("MODE-OF-16-LTR{n:02}")).collect();
    let bands: Vec<String> = (0..20).map(|n| format!("{n:02}.5m")).collect();
    let mut bench = Bench::of(&MqttLogIn { topics: psk_topics(&bands, &modes), ..log_in(V5) });
    bench.hear(&connack(V5, 0));
    assert_eq!((bench.client.log_in.topics.len(), bench.events.len()), (240, 0));
    assert!(bench.said().len() < SAY_BYTES_MAX);
    bench.hear(&suback(V5, &[0; 240]));
    assert_eq!(bench.events, [FeedEvent::LoggedIn]);
}

proptest! {
    #[test]
    fn pieces_of_a_dialogue_give_what_the_whole_gives(
        is_v5: bool,
        sizes in prop::collection::vec(0..400_usize, 0..12),
        n in 1..600_usize,
    ) {
        let version = if is_v5 { V5 } else { V3 };
        let mut bytes = [connack(version, 0), suback(version, &[0, 0])].concat();
        for size in &sizes {
            bytes.extend(publish(version, &vec![b'x'; *size]));
            bytes.extend(PONG);
        }
        let long = sizes.iter().filter(|size| **size > 256).count();
        for n in [n, 1, bytes.len()] {
            let mut bench = Bench::new(version);
            bench.hear_in(&bytes, n);
            let taken: Vec<usize> = bench.payloads.iter().map(Vec::len).collect();
            let fit: Vec<usize> = sizes.iter().copied().filter(|size| *size <= 256).collect();
            prop_assert_eq!(taken, fit);
            prop_assert_eq!(bench.client.take_too_long(), long as u64);
            prop_assert_eq!(&bench.events[..], &[FeedEvent::LoggedIn]);
        }
    }

    /// The library reads what is no PUBLISH: no bytes may bring it down.
    #[test]
    fn hostile_packets_end_in_a_reason_and_within_the_bound(
        is_v5: bool,
        phase in 0..3_u8,
        packets in prop::collection::vec(
            (prop::sample::select(vec![0x20_u8, 0x90, 0xD0, 0xE0, 0xF0, 0x40, 0x50, 0x62, 0x70, 0xB0, 0x30]),
             prop::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..40)),
            1..6,
        ),
        junk in prop::collection::vec(any::<u8>(), 0..300),
        n in 1..64_usize,
    ) {
        let version = if is_v5 { V5 } else { V3 };
        let mut bench = Bench::new(version);
        if phase > 0 { bench.hear(&connack(version, 0)); }
        if phase > 1 { bench.hear(&suback(version, &[0, 0])); }
        bench.said.clear();
        let mut bytes: Vec<u8> = packets.iter().flat_map(|(first, body)| packet(*first, body)).collect();
        bytes.extend(junk);
        for piece in bytes.chunks(n) {
            bench.hear(piece).wait_ms(1);
            prop_assert!(bench.client.framer.held_bytes() <= MQTT_PACKET_BYTES_MAX);
            prop_assert!(bench.said.len() <= SAY_BYTES_MAX);
        }
        let failures = bench.events.iter().filter(|event| matches!(event, FeedEvent::Failed(..))).count();
        prop_assert!(failures <= 1 && bench.events.len() <= 2, "{:?}", bench.events);
    }
}
