//! Message brokers in the node's place: nats-server and redis-server are told every spot by a publisher (the feed
//! side) and tell it every subscriber (the user side); mosquitto stands between PSKReporter's reports and a node.
//!
//! Here is what the generator says to them and hears from them, bytes only. The payload is the very line that a
//! relay would send to a node, without its CR LF: a frame ends with one, so a user's line loop finds it as it is.

pub mod frames;
pub mod mqtt;
pub mod nats;
pub mod process;
pub mod publisher;
pub mod redis;
pub mod reports;

/// Subject, channel: there is one, and every user is subscribed to it.
pub const CHANNEL: &str = "spots";

/// What a server's users speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialogue {
    /// A node's, and the bare writer's: a question for the call, then prompts.
    Telnet,
    /// nats-server's.
    Nats,
    /// redis-server's.
    Redis,
}

/// What a line of a broker means to a user or to a publisher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Nothing to do: part of a frame, or talk.
    Nothing,
    /// To be answered with this.
    Answer(&'static [u8]),
    /// What was asked for is done: subscribed, or ready to be published to.
    Done,
    /// The broker refuses, and says why in this line.
    Refused,
}

impl Dialogue {
    /// Whether it is a broker's.
    pub fn is_broker(self) -> bool {
        self != Dialogue::Telnet
    }

    /// Said as soon as the connection stands. NATS speaks first.
    pub fn opening(self) -> &'static [u8] {
        match self {
            Dialogue::Telnet | Dialogue::Nats => b"",
            Dialogue::Redis => redis::SUBSCRIBE,
        }
    }

    /// What stands before each line that is delivered, so that a user need not look at it line by line.
    pub fn head(self) -> &'static [u8] {
        match self {
            Dialogue::Telnet => b"",
            Dialogue::Nats => nats::MESSAGE_HEAD,
            Dialogue::Redis => redis::MESSAGE_HEAD,
        }
    }

    /// What a line that is no spot means to a user; `line` is without its LF.
    pub fn hear(self, line: &[u8], subscribed: bool) -> Heard {
        match self {
            Dialogue::Telnet => Heard::Nothing,
            Dialogue::Nats => nats::hear(line, (!subscribed).then_some(nats::SUBSCRIBE)),
            Dialogue::Redis => redis::hear(line, subscribed),
        }
    }
}
