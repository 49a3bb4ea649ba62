//! One connection to a broker of PSKReporter as a state machine: bytes and time in; bytes, payloads and
//! events out. No socket, no clock.

use super::feed::FeedEvent;
use crate::config::MqttVersion;
use crate::engine::Now;

/// How one feed speaks MQTT and how patient it is.
#[derive(Clone, Debug)]
pub struct MqttLogIn {
    /// Protocol version.
    pub version: MqttVersion,
    /// Empty = none.
    pub user: String,
    /// Empty = none.
    pub password: String,
    /// Topic filters, all in one SUBSCRIBE, QoS 0.
    pub topics: Vec<String>,
    /// Longest wait for CONNACK, and then for SUBACK, in seconds each.
    pub timeout_s: u32,
    /// PINGREQ after so much silence from us, in seconds; 0 = never.
    pub keepalive_s: u32,
    /// No byte for so long ends the connection, in seconds; 0 = never.
    pub read_deadline_s: u32,
    /// Longer payloads are skipped, unread, and counted.
    pub payload_bytes_max: u32,
    /// Seed of the random client id, anew for every connection.
    pub seed: u64,
}

/// Everything that PSKReporter sends.
const FIREHOSE: &str = "pskr/filter/v2/#";

/// The topic filters for these bands and modes (empty = all), each once, so that the broker sends no more.
pub fn psk_topics(bands: &[String], modes: &[String]) -> Vec<String> {
    if bands.is_empty() && modes.is_empty() {
        return vec![FIREHOSE.into()];
    }
    let any = ["+".to_string()];
    let or_any = |list: &[String]| if list.is_empty() { any.to_vec() } else { list.to_vec() };
    let (bands, modes) = (or_any(bands), or_any(modes));
    let mut topics = Vec::with_capacity(bands.len() * modes.len());
    for topic in bands.iter().flat_map(|b| modes.iter().map(move |m| format!("pskr/filter/v2/{b}/{m}/#"))) {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics
}

/// Whether these topics bring every report, so that a gap in their sequence numbers is a loss.
pub fn is_firehose(topics: &[String]) -> bool {
    topics.iter().any(|topic| topic == FIREHOSE)
}

/// One connection, from connected to closed.
#[derive(Debug)]
pub struct MqttClient {}

impl MqttClient {
    /// A connection that just came to stand. CONNECT goes out with the first [`MqttClient::on_timer`].
    pub fn new(_log_in: &MqttLogIn, _now: Now) -> MqttClient {
        MqttClient {}
    }
    /// Takes what was read. Payloads go to `on_payload` in order.
    pub fn on_bytes(
        &mut self,
        _now: Now,
        _bytes: &[u8],
        _say: &mut Vec<u8>,
        _on_payload: &mut dyn FnMut(&[u8]),
    ) -> Option<FeedEvent> {
        None
    }
    /// Fires what is due.
    pub fn on_timer(&mut self, _now: Now, _say: &mut Vec<u8>) -> Option<FeedEvent> {
        None
    }
    /// When [`MqttClient::on_timer`] has something to do, in monotonic ns.
    pub fn deadline_ns(&self) -> u64 {
        u64::MAX
    }
    /// Whether the subscription stands.
    pub fn is_logged_in(&self) -> bool {
        false
    }
    /// Whether a PUBLISH has begun and not ended.
    pub fn is_inside_message(&self) -> bool {
        false
    }
    /// Payloads longer than the bound, skipped since the last call.
    pub fn take_too_long(&mut self) -> u64 {
        0
    }
}
