//! One connection to a broker of PSKReporter as a state machine: bytes and time in; bytes, payloads and
//! events out. No socket, no clock.

use super::feed::{FeedEvent, SAY_BYTES_MAX};
use super::mqtt_session::{Answer, Ended, Session};
use super::stats::Failure;
use crate::config::MqttVersion;
use crate::engine::Now;
use crate::wire::{MqttFrame, MqttFramer};

const S: u64 = 1_000_000_000;
/// Silence after a PINGREQ before the broker is given up.
const PING_ANSWER_NS: u64 = 10 * S;

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
    /// PINGREQ after so much silence from us, in seconds; 0 = never. MQTT has room for 65,535.
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

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing said yet.
    Fresh,
    /// CONNECT is out.
    Connecting,
    /// SUBSCRIBE is out. Reports may come before its answer does.
    Subscribing,
    /// The subscription stands.
    Streaming,
    /// An event said so; nothing more happens.
    Failed,
}

/// One connection, from connected to closed.
///
/// PUBLISH is read here, in place; all other packets go through the library. A PUBLISH above QoS 0 ends the
/// connection: a broker that sends one breaks MQTT 3.8.4, and what it expects in return we never offered.
#[derive(Debug)]
pub struct MqttClient {
    log_in: MqttLogIn,
    phase: Phase,
    framer: MqttFramer,
    session: Session,
    /// Ours, or the broker's if that is shorter; 0 = never.
    keepalive_ns: u64,
    phase_deadline_ns: u64,
    last_read_ns: u64,
    last_said_ns: u64,
    /// When the first PINGREQ without an answer went out.
    pinged_ns: Option<u64>,
    too_long_seen: u64,
}

impl MqttClient {
    /// A connection that just came to stand. CONNECT goes out with the first [`MqttClient::on_timer`].
    pub fn new(log_in: &MqttLogIn, now: Now) -> MqttClient {
        MqttClient {
            log_in: log_in.clone(),
            phase: Phase::Fresh,
            framer: MqttFramer::new(log_in.version == MqttVersion::V5, log_in.payload_bytes_max),
            session: Session::new(log_in.version),
            keepalive_ns: u64::from(log_in.keepalive_s.min(u16::MAX.into())) * S,
            phase_deadline_ns: now.mono_ns,
            last_read_ns: now.mono_ns,
            last_said_ns: now.mono_ns,
            pinged_ns: None,
            too_long_seen: 0,
        }
    }

    /// Takes what was read. Payloads go to `on_payload` in order; what is to be said is appended to `say`. After
    /// [`FeedEvent::Failed`] the connection is to be closed.
    pub fn on_bytes(
        &mut self,
        now: Now,
        bytes: &[u8],
        say: &mut Vec<u8>,
        on_payload: &mut dyn FnMut(&[u8]),
    ) -> Option<FeedEvent> {
        if self.phase == Phase::Failed {
            return None;
        }
        self.last_read_ns = now.mono_ns;
        let was_in = self.is_logged_in();
        let mut rest = bytes;
        loop {
            let frame = match self.framer.next(&mut rest) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(fault) => return self.fail((Failure::Protocol, fault.words().into())),
            };
            let heard = match frame {
                MqttFrame::Payload(payload) if matches!(self.phase, Phase::Streaming | Phase::Subscribing) => {
                    on_payload(payload);
                    continue;
                }
                MqttFrame::Payload(_) => Err((Failure::Protocol, "sent a message before it let us in".into())),
                MqttFrame::Packet(packet) => self.session.hear(packet, &self.log_in.topics),
            };
            if let Err(ended) = heard.and_then(|answer| self.on_answer(now, answer, say)) {
                return self.fail(ended);
            }
        }
        if say.len() > SAY_BYTES_MAX {
            return self.fail((Failure::NotDraining, "the other side asks without listening".into()));
        }
        (!was_in && self.is_logged_in()).then_some(FeedEvent::LoggedIn)
    }

    fn on_answer(&mut self, now: Now, answer: Answer, say: &mut Vec<u8>) -> Result<(), Ended> {
        match (answer, self.phase) {
            (Answer::Accepted(keepalive_s), Phase::Connecting) => {
                let theirs_ns = u64::from(keepalive_s.unwrap_or(0)) * S;
                self.keepalive_ns = match (self.keepalive_ns, theirs_ns) {
                    (ours_ns, 0) => ours_ns,
                    (0, theirs_ns) => theirs_ns,
                    (ours_ns, theirs_ns) => ours_ns.min(theirs_ns),
                };
                self.session.subscribe(&self.log_in.topics, say)?;
                self.enter(now, Phase::Subscribing);
                Ok(())
            }
            (Answer::Subscribed, Phase::Subscribing) => {
                self.phase = Phase::Streaming;
                Ok(())
            }
            (Answer::Pong, Phase::Subscribing | Phase::Streaming) => {
                self.pinged_ns = None;
                Ok(())
            }
            _ => Err((Failure::Protocol, "sent an answer out of turn".into())),
        }
    }

    /// Something was said that is to be answered in time.
    fn enter(&mut self, now: Now, phase: Phase) {
        self.phase = phase;
        self.last_said_ns = now.mono_ns;
        self.phase_deadline_ns = now.mono_ns + u64::from(self.log_in.timeout_s) * S;
    }

    /// Fires what is due.
    pub fn on_timer(&mut self, now: Now, say: &mut Vec<u8>) -> Option<FeedEvent> {
        match self.phase {
            Phase::Failed => return None,
            Phase::Fresh => {
                if let Err(ended) = self.session.connect(&self.log_in, &client_id(&self.log_in, now), say) {
                    return self.fail(ended);
                }
                self.enter(now, Phase::Connecting);
                return None;
            }
            Phase::Connecting | Phase::Subscribing | Phase::Streaming => {}
        }
        if now.mono_ns >= self.silence_ends_ns() {
            return self.fail((Failure::Silent, "nothing came for longer than the read deadline".into()));
        }
        if now.mono_ns >= self.pong_ends_ns() {
            return self.fail((Failure::Silent, "no answer to a ping, and nothing else".into()));
        }
        if now.mono_ns >= self.phase_deadline_ns {
            match self.phase {
                Phase::Connecting => return self.fail((Failure::LoginTimeout, "no answer to CONNECT".into())),
                Phase::Subscribing => return self.fail((Failure::LoginTimeout, "no answer to SUBSCRIBE".into())),
                _ => {}
            }
        }
        if now.mono_ns >= self.ping_due_ns() {
            if let Err(ended) = self.session.ping(say) {
                return self.fail(ended);
            }
            self.last_said_ns = now.mono_ns;
            self.pinged_ns.get_or_insert(now.mono_ns);
        }
        None
    }

    /// When [`MqttClient::on_timer`] has something to do, in monotonic ns.
    pub fn deadline_ns(&self) -> u64 {
        let timers = self.silence_ends_ns().min(self.pong_ends_ns()).min(self.ping_due_ns());
        match self.phase {
            Phase::Fresh => self.phase_deadline_ns,
            Phase::Connecting | Phase::Subscribing => timers.min(self.phase_deadline_ns),
            Phase::Streaming => timers,
            Phase::Failed => u64::MAX,
        }
    }

    fn silence_ends_ns(&self) -> u64 {
        match self.log_in.read_deadline_s {
            0 => u64::MAX,
            s => self.last_read_ns + u64::from(s) * S,
        }
    }

    /// An answer queues behind the messages that were on their way: while those come, the link is alive.
    fn pong_ends_ns(&self) -> u64 {
        self.pinged_ns.map_or(u64::MAX, |pinged_ns| pinged_ns.max(self.last_read_ns) + PING_ANSWER_NS)
    }

    fn ping_due_ns(&self) -> u64 {
        match self.phase {
            Phase::Subscribing | Phase::Streaming if self.keepalive_ns > 0 => self.last_said_ns + self.keepalive_ns,
            _ => u64::MAX,
        }
    }

    /// Whether the subscription stands.
    pub fn is_logged_in(&self) -> bool {
        self.phase == Phase::Streaming
    }

    /// Whether a PUBLISH has begun and not ended.
    pub fn is_inside_message(&self) -> bool {
        self.framer.is_inside_message()
    }

    /// Payloads longer than the bound, skipped since the last call.
    pub fn take_too_long(&mut self) -> u64 {
        let all = self.framer.too_long();
        let new = all - self.too_long_seen;
        self.too_long_seen = all;
        new
    }

    fn fail(&mut self, (reason, text): Ended) -> Option<FeedEvent> {
        self.phase = Phase::Failed;
        Some(FeedEvent::Failed(reason, text))
    }
}

/// `dxring-` and twelve random characters of base 36: 62 bits, new for every connection, within the 23 bytes that
/// every broker must take (MQTT 3.1.3.1).
fn client_id(log_in: &MqttLogIn, now: Now) -> String {
    let mut chance = fastrand::Rng::with_seed(log_in.seed ^ now.mono_ns.rotate_left(17) ^ now.utc.ms() as u64);
    let letters = std::iter::repeat_with(|| chance.digit(36)).take(12);
    "dxring-".chars().chain(letters).collect()
}

#[cfg(test)]
#[path = "mqtt_tests.rs"]
mod tests;
