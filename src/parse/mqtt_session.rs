//! What is said to a broker and what its answers mean, through the library. No time: `mqtt` knows when.
//!
//! The library has assertions. A broker that finds one of them costs its connection, never the parse thread.

use super::mqtt::MqttLogIn;
use super::stats::Failure;
use crate::config::MqttVersion;
use crate::engine::caught_panic;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::Event;
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait, Packet, Property, Qos, RetainHandling, SubEntry, SubOpts, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, MqttError};
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Characters of a broker's own words that the operator is shown: one line.
const WORDS_MAX: usize = 120;
/// Characters of a panic that the operator is shown: the library's file and line, and what it says.
const PANIC_WORDS_MAX: usize = 300;

/// Why a connection ends, in words for the operator.
pub(super) type Ended = (Failure, Cow<'static, str>);

/// What an answer says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// CONNACK: we are in. MQTT 5 brokers may set the keepalive, in seconds.
    Accepted(Option<u16>),
    /// SUBACK: every topic is granted.
    Subscribed,
    /// PINGRESP.
    Pong,
}

/// The protocol's state of one connection.
pub(super) struct Session {
    connection: Connection<role::Client>,
    version: MqttVersion,
    /// The next call into the library panics with these words.
    #[cfg(test)]
    pub fault: Option<&'static str>,
}

impl Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Session {
    pub fn new(version: MqttVersion) -> Session {
        let connection = Connection::new(match version {
            MqttVersion::V3 => Version::V3_1_1,
            MqttVersion::V5 => Version::V5_0,
        });
        Session {
            connection,
            version,
            #[cfg(test)]
            fault: None,
        }
    }

    /// CONNECT, with a clean session: a broker keeps nothing for us.
    pub fn connect(&mut self, log_in: &MqttLogIn, client_id: &str, say: &mut Vec<u8>) -> Result<(), Ended> {
        self.guarded(|session| {
            let packet = connect(session.version, log_in, client_id)
                .map_err(|error| (Failure::Protocol, format!("user or password: {}", in_words(error)).into()))?;
            session.send(packet, say)
        })
    }

    /// One SUBSCRIBE of all topics. MQTT 5 brokers are asked to leave out what they retain: it is old.
    pub fn subscribe(&mut self, topics: &[String], say: &mut Vec<u8>) -> Result<(), Ended> {
        self.guarded(|session| {
            let packet = session
                .connection
                .acquire_packet_id()
                .and_then(|id| subscribe(session.version, topics, id))
                .map_err(|error| (Failure::Protocol, format!("topics: {}", in_words(error)).into()))?;
            session.send(packet, say)
        })
    }

    /// PINGREQ.
    pub fn ping(&mut self, say: &mut Vec<u8>) -> Result<(), Ended> {
        self.guarded(|session| {
            let packet: Result<Packet, MqttError> = match session.version {
                MqttVersion::V3 => v3_1_1::Pingreq::builder().build().map(Into::into),
                MqttVersion::V5 => v5_0::Pingreq::builder().build().map(Into::into),
            };
            session.send(packet.map_err(broken)?, say)
        })
    }

    /// Runs what calls the library. After a panic the connection's state is worth nothing: it ends.
    fn guarded<T>(&mut self, call: impl FnOnce(&mut Session) -> Result<T, Ended>) -> Result<T, Ended> {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            if let Some(words) = self.fault.take() {
                panic!("{words}");
            }
            call(self)
        }));
        outcome.unwrap_or_else(|panic| {
            let text = caught_panic(&*panic);
            // The rest is the stack.
            let words = text.lines().take(2).collect::<Vec<_>>().join(" ");
            let words: String = words.chars().filter(|c| !c.is_control()).take(PANIC_WORDS_MAX).collect();
            Err((Failure::Protocol, format!("made the MQTT library panic: {words}").into()))
        })
    }

    fn send(&mut self, packet: Packet, say: &mut Vec<u8>) -> Result<(), Ended> {
        for event in self.connection.send(packet) {
            match event {
                Event::RequestSendPacket { packet, .. } => say.extend(packet.to_continuous_buffer()),
                // Only an MQTT 5 broker bounds what it takes, and only the subscription is long.
                Event::NotifyError(MqttError::PacketTooLarge) => {
                    return Err((Failure::LoginRefused, "takes no packet as long as the subscription".into()));
                }
                Event::NotifyError(error) => return Err(broken(error)),
                // Its timers are set aside for ours.
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a packet that is no PUBLISH, from its first byte on.
    pub fn hear(&mut self, packet: &[u8], topics: &[String]) -> Result<Answer, Ended> {
        // An older broker answers as older brokers do, which is no packet of MQTT 5.
        if self.version == MqttVersion::V5 && matches!(packet, [0x20, 2, _, 1]) {
            return Err((Failure::LoginRefused, "does not speak MQTT 5; set `mqtt: V3`".into()));
        }
        self.guarded(|session| session.answer(packet, topics))
    }

    fn answer(&mut self, packet: &[u8], topics: &[String]) -> Result<Answer, Ended> {
        let mut heard = None;
        for event in self.connection.recv(&mut Cursor::new(packet)) {
            match event {
                Event::NotifyPacketReceived(packet) => heard = Some(packet),
                Event::NotifyError(error) => return Err(broken(error)),
                _ => {}
            }
        }
        match heard {
            Some(Packet::V3_1_1Connack(ack)) => match ack.return_code() {
                ConnectReturnCode::Accepted => Ok(Answer::Accepted(None)),
                code => Err((Failure::LoginRefused, format!("refused the connection: {}", in_words(code)).into())),
            },
            Some(Packet::V5_0Connack(ack)) => match ack.reason_code() {
                ConnectReasonCode::Success => {
                    let keepalive = ack.props().iter().find_map(|property| match property {
                        Property::ServerKeepAlive(seconds) => Some(seconds.val()),
                        _ => None,
                    });
                    Ok(Answer::Accepted(keepalive))
                }
                code => {
                    let words = explained(in_words(code), ack.props());
                    Err((Failure::LoginRefused, format!("refused the connection: {words}").into()))
                }
            },
            Some(Packet::V3_1_1Suback(ack)) => {
                let refused = ack.return_codes().iter().map(|code| code.is_failure().then(|| in_words(code))).collect();
                granted(topics, refused)
            }
            Some(Packet::V5_0Suback(ack)) => {
                let word = |code: &_| explained(in_words(code), ack.props());
                granted(topics, ack.reason_codes().iter().map(|code| code.is_failure().then(|| word(code))).collect())
            }
            Some(Packet::V3_1_1Pingresp(_) | Packet::V5_0Pingresp(_)) => Ok(Answer::Pong),
            Some(Packet::V5_0Disconnect(goodbye)) => {
                let code = goodbye.reason_code().unwrap_or(DisconnectReasonCode::NormalDisconnection);
                let properties = goodbye.props().as_deref().unwrap_or_default();
                Err((Failure::Closed, format!("the broker closes: {}", explained(in_words(code), properties)).into()))
            }
            _ => Err((Failure::Protocol, "answered what nobody said".into())),
        }
    }
}

fn connect(version: MqttVersion, log_in: &MqttLogIn, client_id: &str) -> Result<Packet, MqttError> {
    let keepalive_s = u16::try_from(log_in.keepalive_s).unwrap_or(u16::MAX);
    let (user, password) = (log_in.user.as_str(), log_in.password.as_str());
    // The builders of the two versions are different types with the same methods.
    macro_rules! build {
        ($builder:expr) => {{
            let mut builder = $builder.client_id(client_id)?.clean_start(true).keep_alive(keepalive_s);
            if !user.is_empty() {
                builder = builder.user_name(user)?;
            }
            if !password.is_empty() {
                builder = builder.password(password)?;
            }
            builder.build().map(Packet::from)
        }};
    }
    match version {
        MqttVersion::V3 => build!(v3_1_1::Connect::builder()),
        MqttVersion::V5 => build!(v5_0::Connect::builder()),
    }
}

fn subscribe(version: MqttVersion, topics: &[String], packet_id: u16) -> Result<Packet, MqttError> {
    let mut options = SubOpts::new().set_qos(Qos::AtMostOnce);
    if version == MqttVersion::V5 {
        options = options.set_rh(RetainHandling::DoNotSendRetained);
    }
    let entries: Vec<SubEntry> =
        topics.iter().map(|topic| SubEntry::new(topic.as_str(), options)).collect::<Result<_, _>>()?;
    match version {
        MqttVersion::V3 => v3_1_1::Subscribe::builder().packet_id(packet_id).entries(entries).build().map(Packet::from),
        MqttVersion::V5 => v5_0::Subscribe::builder().packet_id(packet_id).entries(entries).build().map(Packet::from),
    }
}

/// One answer for each topic, in their order: `None` granted, `Some` why not.
fn granted(topics: &[String], refused: Vec<Option<String>>) -> Result<Answer, Ended> {
    if refused.len() != topics.len() {
        return Err((Failure::Protocol, "answered another number of topics than we subscribed".into()));
    }
    match topics.iter().zip(refused).find_map(|(topic, refused)| refused.map(|words| (topic, words))) {
        None => Ok(Answer::Subscribed),
        Some((topic, words)) => Err((Failure::LoginRefused, format!("refused topic {topic}: {words}").into())),
    }
}

fn broken(error: MqttError) -> Ended {
    (Failure::Protocol, format!("sent what is no MQTT: {}", in_words(error)).into())
}

/// `BadUserNameOrPassword` as `bad user name or password`.
fn in_words(code: impl Debug) -> String {
    let mut words = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// The code with what the broker says beside it.
fn explained(mut words: String, properties: &[Property]) -> String {
    for property in properties {
        let (head, told) = match property {
            Property::ReasonString(told) => ("", told.val()),
            Property::ServerReference(told) => ("use ", told.val()),
            _ => continue,
        };
        let told: String = told.chars().filter(|c| !c.is_control()).take(WORDS_MAX).collect();
        words.push_str(&format!(" ({head}{told})"));
    }
    words
}
