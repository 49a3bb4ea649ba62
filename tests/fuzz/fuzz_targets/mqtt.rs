//! A broker that sends anything: the framer in pieces gives what it gives whole, and the client ends in a reason.
#![no_main]

use dxring::config::MqttVersion;
use dxring::engine::TestClock;
use dxring::parse::{FeedEvent, MqttClient, MqttLogIn};
use dxring::spot::Utc;
use dxring::wire::{MQTT_PACKET_BYTES_MAX, MqttFramer};
use libfuzzer_sys::fuzz_target;

fn frames(is_v5: bool, bytes: &[u8], size: usize) -> (Vec<String>, u64) {
    let mut framer = MqttFramer::new(is_v5, 256);
    let mut out = Vec::new();
    for piece in bytes.chunks(size) {
        let mut rest = piece;
        loop {
            match framer.next(&mut rest) {
                Ok(Some(frame)) => out.push(format!("{frame:?}")),
                Ok(None) => break,
                Err(fault) => {
                    out.push(format!("{fault:?}"));
                    return (out, framer.too_long());
                }
            }
        }
        assert!(framer.held_bytes() <= MQTT_PACKET_BYTES_MAX);
    }
    (out, framer.too_long())
}

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (is_v5, phase, bytes) = input;
    assert_eq!(frames(is_v5, bytes, 1), frames(is_v5, bytes, bytes.len().max(1)));

    let mut clock = TestClock::at(Utc::from_secs(1_791_326_400));
    let log_in = MqttLogIn {
        version: if is_v5 { MqttVersion::V5 } else { MqttVersion::V3 },
        user: String::new(),
        password: String::new(),
        topics: vec!["pskr/filter/v2/#".into()],
        timeout_s: 30,
        keepalive_s: 60,
        read_deadline_s: 300,
        payload_bytes_max: 256,
        seed: 1,
    };
    let mut client = MqttClient::new(&log_in, clock.now());
    let mut say = Vec::new();
    let _ = client.on_timer(clock.now(), &mut say);
    let (connack, suback): (&[u8], &[u8]) =
        if is_v5 { (&[32, 3, 0, 0, 0], &[144, 4, 0, 1, 0, 0]) } else { (&[32, 2, 0, 0], &[144, 3, 0, 1, 0]) };
    for answer in [connack, suback].into_iter().take(usize::from(phase % 3)) {
        let _ = client.on_bytes(clock.now(), answer, &mut say, &mut |_| {});
    }
    for piece in bytes.chunks(64) {
        clock.advance_ms(1_000);
        let mut events = client.on_bytes(clock.now(), piece, &mut say, &mut |payload| assert!(payload.len() <= 256));
        events = events.or_else(|| client.on_timer(clock.now(), &mut say));
        if let Some(FeedEvent::Failed(_, words)) = events {
            assert!(!words.is_empty() && client.deadline_ns() == u64::MAX);
        }
    }
});
