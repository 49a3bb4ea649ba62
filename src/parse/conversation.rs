//! One upstream connection, whatever it speaks: bytes and time in; bytes, messages and events out.

use super::feed::{FeedClient, FeedEvent, LogIn};
use super::mqtt::{MqttClient, MqttLogIn};
use crate::engine::Now;

/// How a feed is spoken to.
#[derive(Clone, Debug)]
pub enum Speech {
    /// Telnet lines: RBN, cluster nodes.
    Lines(LogIn),
    /// MQTT: PSKReporter.
    Mqtt(MqttLogIn),
}

/// One connection, from connected to closed.
#[derive(Debug)]
pub enum Conversation {
    /// Telnet lines.
    Lines(Box<FeedClient>),
    /// MQTT.
    Mqtt(Box<MqttClient>),
}

impl Conversation {
    /// A connection that just came to stand.
    pub fn new(speech: &Speech, now: Now) -> Conversation {
        match speech {
            Speech::Lines(log_in) => Conversation::Lines(Box::new(FeedClient::new(log_in.clone(), now))),
            Speech::Mqtt(log_in) => Conversation::Mqtt(Box::new(MqttClient::new(log_in, now))),
        }
    }

    /// Takes what was read. Complete messages (lines, payloads) go to `on_message` in order; what is to be
    /// said is appended to `say`. After [`FeedEvent::Failed`] the connection is to be closed.
    pub fn on_bytes(
        &mut self,
        now: Now,
        bytes: &[u8],
        say: &mut Vec<u8>,
        on_message: &mut dyn FnMut(&[u8]),
    ) -> Option<FeedEvent> {
        match self {
            Conversation::Lines(client) => client.on_bytes(now, bytes, say, on_message),
            Conversation::Mqtt(client) => client.on_bytes(now, bytes, say, on_message),
        }
    }

    /// Fires what is due. The first call comes as soon as the connection stands.
    pub fn on_timer(&mut self, now: Now, say: &mut Vec<u8>) -> Option<FeedEvent> {
        match self {
            Conversation::Lines(client) => client.on_timer(now, say),
            Conversation::Mqtt(client) => client.on_timer(now, say),
        }
    }

    /// When [`Conversation::on_timer`] has something to do, in monotonic ns.
    pub fn deadline_ns(&self) -> u64 {
        match self {
            Conversation::Lines(client) => client.deadline_ns(),
            Conversation::Mqtt(client) => client.deadline_ns(),
        }
    }

    /// Whether log-in is done.
    pub fn is_logged_in(&self) -> bool {
        match self {
            Conversation::Lines(client) => client.is_logged_in(),
            Conversation::Mqtt(client) => client.is_logged_in(),
        }
    }

    /// Whether a message has begun and not ended: at the end of the connection it is one cut off.
    pub fn is_inside_message(&self) -> bool {
        match self {
            Conversation::Lines(client) => client.pending_bytes() > 0,
            Conversation::Mqtt(client) => client.is_inside_message(),
        }
    }

    /// Messages longer than one may be, discarded since the last call.
    pub fn take_too_long(&mut self) -> u64 {
        match self {
            Conversation::Lines(client) => client.take_too_long(),
            Conversation::Mqtt(client) => client.take_too_long(),
        }
    }
}
