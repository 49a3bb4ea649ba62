//! Telnet commands in a byte stream (RFC 854, 855, 1073).

use memchr::memchr;

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;
const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const NAWS: u8 = 31;

/// Bytes of a subnegotiation that are kept: window size is option, width, height = 5; the rest of a
/// longer one is read over.
const SUBNEGOTIATION_KEPT_BYTES_MAX: usize = 5;
/// A subnegotiation that has not ended after so many bytes is none: its end was lost, and what
/// follows is text again. The longest real ones (terminal types, environments) stay below 300.
const SUBNEGOTIATION_BYTES_MAX: u16 = 512;
/// Bytes of replies one connection can ever cause: our offer of 4 commands, then one refusal per
/// option and direction: 3 * (4 + 2 * 256). What [`Iac::hide_typing`] says is the caller's doing.
pub const TELNET_REPLY_BYTES_MAX: usize = 3 * (4 + 2 * 256);

/// Which end of the connection we are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Server,
    Client,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Data,
    Command,
    /// WILL, WONT, DO or DONT was read; the option follows.
    Option(u8),
    Subnegotiation,
    SubnegotiationCommand,
}

/// Takes telnet commands out of a byte stream and answers them; survives any split of the bytes.
///
/// `IAC IAC` is the data byte 0xFF. Nothing is sent before the peer's first option command, because
/// raw loggers show option bytes as junk; after it a server offers WILL SGA, DO SGA, WONT ECHO
/// (server 1.2, local echo: we read lines, the user's terminal shows them) and DO NAWS (the size of the
/// window, for pages), and every option that we do not do is refused once. What a peer can make us send is bounded by [`TELNET_REPLY_BYTES_MAX`].
#[derive(Clone, Debug)]
pub struct Iac {
    end: End,
    state: State,
    offered: bool,
    /// We said WILL ECHO, and echo nothing: the peer's terminal shows no typing.
    hidden: bool,
    /// Options answered with DO or DONT, one bit each.
    answered_will: [u64; 4],
    /// Options answered with WILL or WONT, one bit each.
    answered_do: [u64; 4],
    sub: [u8; SUBNEGOTIATION_KEPT_BYTES_MAX],
    sub_len: u16,
    window: Option<(u16, u16)>,
}

impl Default for Iac {
    fn default() -> Iac {
        Iac::server()
    }
}

impl Iac {
    /// For a connection that came to us.
    pub fn server() -> Iac {
        Iac::new(End::Server)
    }

    /// For a connection that we made: offers nothing, refuses what it is asked for.
    pub fn client() -> Iac {
        Iac::new(End::Client)
    }

    fn new(end: End) -> Iac {
        Iac {
            end,
            state: State::Data,
            offered: false,
            hidden: false,
            answered_will: [0; 4],
            answered_do: [0; 4],
            sub: [0; SUBNEGOTIATION_KEPT_BYTES_MAX],
            sub_len: 0,
            window: None,
        }
    }

    /// Columns and rows of the peer's window, when it told them.
    pub fn window(&self) -> Option<(u16, u16)> {
        self.window
    }

    /// Makes the peer's terminal show nothing of what is typed, or everything again. A peer that has not spoken
    /// telnet yet is left alone.
    pub fn hide_typing(&mut self, on: bool, replies: &mut Vec<u8>) {
        if self.offered && self.hidden != on {
            self.hidden = on;
            replies.extend_from_slice(&[IAC, if on { WILL } else { WONT }, ECHO]);
        }
    }

    /// Appends to `data` what is no telnet command and to `replies` what must be sent back.
    pub fn feed(&mut self, input: &[u8], data: &mut Vec<u8>, replies: &mut Vec<u8>) {
        let mut rest = input;
        while !rest.is_empty() {
            if self.state == State::Data {
                let plain = memchr(IAC, rest).unwrap_or(rest.len());
                data.extend_from_slice(&rest[..plain]);
                if plain == rest.len() {
                    return;
                }
                self.state = State::Command;
                rest = &rest[plain + 1..];
                continue;
            }
            let byte = rest[0];
            rest = &rest[1..];
            self.state = self.step(byte, data, replies);
        }
    }

    fn step(&mut self, byte: u8, data: &mut Vec<u8>, replies: &mut Vec<u8>) -> State {
        match (self.state, byte) {
            (State::Command, IAC) => {
                data.push(IAC);
                State::Data
            }
            (State::Command, WILL | WONT | DO | DONT) => State::Option(byte),
            (State::Command, SB) => {
                self.sub_len = 0;
                State::Subnegotiation
            }
            // NOP, AYT, GA and the like: one byte, no answer.
            (State::Command | State::Data, _) => State::Data,
            (State::Option(verb), option) => {
                self.answer(verb, option, replies);
                State::Data
            }
            (State::Subnegotiation, IAC) => State::SubnegotiationCommand,
            (State::Subnegotiation, _) => self.keep(byte),
            (State::SubnegotiationCommand, SE) => {
                if let (NAWS, [_, w1, w0, h1, h0], 5) = (self.sub[0], self.sub, self.sub_len) {
                    self.window = Some((u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0])));
                }
                State::Data
            }
            (State::SubnegotiationCommand, IAC) => self.keep(IAC),
            (State::SubnegotiationCommand, _) => State::Subnegotiation,
        }
    }

    fn keep(&mut self, byte: u8) -> State {
        if let Some(to) = self.sub.get_mut(usize::from(self.sub_len)) {
            *to = byte;
        }
        self.sub_len += 1;
        if self.sub_len >= SUBNEGOTIATION_BYTES_MAX { State::Data } else { State::Subnegotiation }
    }

    fn answer(&mut self, verb: u8, option: u8, replies: &mut Vec<u8>) {
        if self.end == End::Server && !self.offered {
            self.offered = true;
            const OFFER: [(u8, u8); 4] = [(WILL, SUPPRESS_GO_AHEAD), (DO, SUPPRESS_GO_AHEAD), (WONT, ECHO), (DO, NAWS)];
            for (verb, option) in OFFER {
                self.say(verb, option, replies);
            }
        }
        let wanted = option == SUPPRESS_GO_AHEAD || (option == NAWS && self.end == End::Server);
        match verb {
            WILL => self.say(if wanted { DO } else { DONT }, option, replies),
            DO => self.say(if option == SUPPRESS_GO_AHEAD { WILL } else { WONT }, option, replies),
            // WONT and DONT confirm what we assume anyway.
            _ => {}
        }
    }

    /// Says something about an option, once per direction: a peer that asks again has its answer.
    fn say(&mut self, verb: u8, option: u8, replies: &mut Vec<u8>) {
        let answered = if verb == DO || verb == DONT { &mut self.answered_will } else { &mut self.answered_do };
        let (word, bit) = (usize::from(option >> 6), 1u64 << (option & 63));
        if answered[word] & bit == 0 {
            answered[word] |= bit;
            replies.extend_from_slice(&[IAC, verb, option]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(mut iac: Iac, pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>, Iac) {
        let (mut data, mut replies) = (Vec::new(), Vec::new());
        for piece in pieces {
            iac.feed(piece, &mut data, &mut replies);
        }
        (data, replies, iac)
    }

    #[test]
    fn raw_loggers_get_no_option_bytes() {
        let (data, replies, _) = run(Iac::server(), &[b"K1ABC\r\nsh/dx\r\n", &[IAC, 241], &[IAC, IAC]]);
        assert_eq!(data, b"K1ABC\r\nsh/dx\r\n\xFF");
        assert!(replies.is_empty());
    }

    #[test]
    fn the_first_option_brings_our_offer_then_refusals() {
        let (data, replies, _) = run(Iac::server(), &[&[b'a', IAC, WILL, 24, b'b', IAC, DO, 1, IAC, DO, 3]]);
        assert_eq!(data, b"ab");
        let expected = [IAC, WILL, 3, IAC, DO, 3, IAC, WONT, 1, IAC, DO, NAWS, IAC, DONT, 24];
        assert_eq!(replies, expected, "ECHO and SGA were answered by the offer");
    }

    #[test]
    fn typing_is_hidden_only_from_those_who_speak_telnet() {
        let (mut iac, mut replies) = (Iac::server(), Vec::new());
        iac.hide_typing(true, &mut replies);
        assert!(replies.is_empty());
        iac.feed(&[IAC, DO, 3], &mut Vec::new(), &mut replies);
        replies.clear();
        iac.hide_typing(false, &mut replies);
        iac.hide_typing(true, &mut replies);
        iac.feed(&[IAC, DO, ECHO], &mut Vec::new(), &mut replies);
        iac.hide_typing(false, &mut replies);
        iac.feed(&[IAC, DONT, ECHO], &mut Vec::new(), &mut replies);
        assert_eq!(replies, [IAC, WILL, ECHO, IAC, WONT, ECHO], "and their confirmations need no answer");
    }

    #[test]
    fn a_client_end_offers_nothing() {
        let (_, replies, _) = run(Iac::client(), &[&[IAC, WILL, ECHO, IAC, WILL, 3, IAC, DO, NAWS]]);
        assert_eq!(replies, [IAC, DONT, ECHO, IAC, DO, 3, IAC, WONT, NAWS]);
    }

    #[test]
    fn window_size_is_kept() {
        let input = [IAC, WILL, NAWS, IAC, SB, NAWS, 0, 132, 0, IAC, IAC, IAC, SE, b'x'];
        let (data, replies, iac) = run(Iac::server(), &[&input]);
        assert_eq!(iac.window(), Some((132, 255)));
        assert_eq!(data, b"x");
        assert!(replies.ends_with(&[IAC, DO, NAWS]));
    }

    #[test]
    fn a_subnegotiation_without_end_does_not_mute_the_peer() {
        let mut input = vec![IAC, SB, 24];
        input.extend([b'.'; SUBNEGOTIATION_BYTES_MAX as usize]);
        input.extend(b"hello");
        let (data, _, _) = run(Iac::server(), &[&input]);
        assert!(data.ends_with(b"hello"));
    }

    #[test]
    fn a_hostile_peer_cannot_grow_replies() {
        let mut iac = Iac::server();
        let (mut data, mut replies) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            for option in 0..=255 {
                for verb in [WILL, WONT, DO, DONT] {
                    iac.feed(&[IAC, verb, option], &mut data, &mut replies);
                }
            }
        }
        assert!(data.is_empty() && replies.len() <= TELNET_REPLY_BYTES_MAX, "{}", replies.len());
    }
}
