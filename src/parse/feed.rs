//! One upstream connection as a state machine: bytes and time in, bytes, lines and events out.
//!
//! The log-in follows the prompt, not a pause: a server is sent our call when it asks for it, with or
//! without a line end. A server that streams without asking is taken as it is, and one that says
//! nothing at all is sent the call once, after the time-out, before it is given up.

use super::stats::Failure;
use crate::engine::Now;
use crate::wire;
use std::borrow::Cow;

/// Longest unfinished line that is searched for a prompt, in bytes: a banner line and a question.
const PROMPT_BYTES_MAX: usize = 256;
/// Bytes of ours that may wait for the other side: a log-in, replies to a burst of telnet options, or an MQTT
/// subscription of 240 topics of 40 bytes. A server that brings more out of us without taking it is closed.
pub const SAY_BYTES_MAX: usize = 16_384;

const S: u64 = 1_000_000_000;

/// How one feed logs in and how patient it is.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Sent when asked for a call.
    pub call: String,
    /// Sent when asked for a password; empty = none.
    pub password: String,
    /// Longest wait for the prompt, and then for an answer to our call, in seconds each.
    pub timeout_s: u32,
    /// CR LF after so much silence from us, in seconds; 0 = never.
    pub keepalive_s: u32,
    /// No byte for so long ends the connection, in seconds; 0 = never.
    pub read_deadline_s: u32,
}

/// What the owner must know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FeedEvent {
    /// Log-in is done.
    LoggedIn,
    /// Close the connection; why, in words for the operator.
    Failed(Failure, Cow<'static, str>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nobody asked yet.
    AwaitPrompt,
    /// Our call is out; nothing that counts as an answer came yet.
    Called,
    /// Logged in, no spot yet: a password may still be asked, a refusal may still come.
    Greeted,
    /// Spots came.
    Streaming,
    /// An event said so; nothing more happens.
    Failed,
}

/// One connection, from connected to closed.
#[derive(Debug)]
pub struct FeedClient {
    log_in: LogIn,
    phase: Phase,
    /// A prompt was answered, as opposed to a call sent blind.
    answered: bool,
    password_sent: bool,
    /// Bytes came since our call went out.
    heard: bool,
    /// The line that holds the prompt we answered is still open: what follows on it is echo, or the
    /// start of the greeting.
    prompt_line_open: bool,
    iac: wire::Iac,
    splitter: wire::LineSplitter,
    /// Data bytes of one read, without telnet options.
    data: Vec<u8>,
    /// The end of the unfinished line, while prompts matter.
    tail: Vec<u8>,
    phase_deadline_ns: u64,
    last_read_ns: u64,
    last_said_ns: u64,
    too_long_seen: u64,
}

impl FeedClient {
    /// A connection that just came to stand.
    pub fn new(log_in: LogIn, now: Now) -> FeedClient {
        let phase_deadline_ns = now.mono_ns + u64::from(log_in.timeout_s) * S;
        FeedClient {
            log_in,
            phase: Phase::AwaitPrompt,
            answered: false,
            password_sent: false,
            heard: false,
            prompt_line_open: false,
            iac: wire::Iac::client(),
            splitter: wire::LineSplitter::new(),
            data: Vec::new(),
            tail: Vec::new(),
            phase_deadline_ns,
            last_read_ns: now.mono_ns,
            last_said_ns: now.mono_ns,
            too_long_seen: 0,
        }
    }

    /// Takes what was read. Complete lines go to `on_line` in order; what is to be said is appended
    /// to `say`. After [`FeedEvent::Failed`] the connection is to be closed.
    pub fn on_bytes(
        &mut self,
        now: Now,
        bytes: &[u8],
        say: &mut Vec<u8>,
        on_line: &mut dyn FnMut(&[u8]),
    ) -> Option<FeedEvent> {
        if self.phase == Phase::Failed {
            return None;
        }
        self.last_read_ns = now.mono_ns;
        self.heard |= self.phase == Phase::Called;
        let said = say.len();
        self.data.clear();
        let mut data = std::mem::take(&mut self.data);
        self.iac.feed(bytes, &mut data, say);
        let event = if self.phase == Phase::Streaming {
            self.splitter.push(&data, on_line);
            None
        } else {
            self.negotiate(now, &data, say, on_line)
        };
        self.data = data;
        if say.len() > said {
            self.last_said_ns = now.mono_ns;
        }
        if say.len() > SAY_BYTES_MAX {
            return self.fail(Failure::NotDraining, "the other side asks without listening");
        }
        event
    }

    /// Fires what is due.
    pub fn on_timer(&mut self, now: Now, say: &mut Vec<u8>) -> Option<FeedEvent> {
        if self.phase == Phase::Failed {
            return None;
        }
        let silence_ns = now.mono_ns.saturating_sub(self.last_read_ns);
        if self.log_in.read_deadline_s > 0 && silence_ns >= u64::from(self.log_in.read_deadline_s) * S {
            return self.fail(Failure::Silent, "nothing came for longer than the read deadline");
        }
        if now.mono_ns >= self.phase_deadline_ns {
            match self.phase {
                Phase::AwaitPrompt => self.send_call(now, say),
                // A greeting without a line end, and no spot yet: a quiet band, not a dead server.
                Phase::Called if self.heard => {
                    self.phase = Phase::Greeted;
                    return Some(FeedEvent::LoggedIn);
                }
                Phase::Called => return self.fail(Failure::LoginTimeout, "no answer to our call"),
                _ => {}
            }
        }
        let quiet_ns = now.mono_ns.saturating_sub(self.last_said_ns);
        if self.log_in.keepalive_s > 0
            && matches!(self.phase, Phase::Greeted | Phase::Streaming)
            && quiet_ns >= u64::from(self.log_in.keepalive_s) * S
        {
            say.extend_from_slice(b"\r\n");
            self.last_said_ns = now.mono_ns;
        }
        None
    }

    /// When [`FeedClient::on_timer`] has something to do, in monotonic ns.
    pub fn deadline_ns(&self) -> u64 {
        let mut next = u64::MAX;
        if self.log_in.read_deadline_s > 0 {
            next = next.min(self.last_read_ns + u64::from(self.log_in.read_deadline_s) * S);
        }
        match self.phase {
            Phase::AwaitPrompt | Phase::Called => next = next.min(self.phase_deadline_ns),
            Phase::Greeted | Phase::Streaming if self.log_in.keepalive_s > 0 => {
                next = next.min(self.last_said_ns + u64::from(self.log_in.keepalive_s) * S);
            }
            Phase::Greeted | Phase::Streaming => {}
            Phase::Failed => return u64::MAX,
        }
        next
    }

    /// Whether log-in is done.
    pub fn is_logged_in(&self) -> bool {
        matches!(self.phase, Phase::Greeted | Phase::Streaming)
    }

    /// Bytes of a line that has not ended yet. At the end of the connection they are one line cut off.
    pub fn pending_bytes(&self) -> usize {
        self.splitter.pending_bytes()
    }

    /// Lines longer than a line may be, discarded since the last call.
    pub fn take_too_long(&mut self) -> u64 {
        let all = self.splitter.too_long();
        let new = all - self.too_long_seen;
        self.too_long_seen = all;
        new
    }

    fn fail(&mut self, reason: Failure, text: &'static str) -> Option<FeedEvent> {
        self.phase = Phase::Failed;
        Some(FeedEvent::Failed(reason, text.into()))
    }

    fn send_call(&mut self, now: Now, say: &mut Vec<u8>) {
        say.extend_from_slice(self.log_in.call.as_bytes());
        say.extend_from_slice(b"\r\n");
        self.heard = false;
        self.last_said_ns = now.mono_ns;
        self.phase = Phase::Called;
        self.phase_deadline_ns = now.mono_ns + u64::from(self.log_in.timeout_s) * S;
    }

    /// Line by line and piece by piece until the first spot.
    fn negotiate(
        &mut self,
        now: Now,
        data: &[u8],
        say: &mut Vec<u8>,
        on_line: &mut dyn FnMut(&[u8]),
    ) -> Option<FeedEvent> {
        let was_in = self.is_logged_in();
        let mut rest = data;
        while !rest.is_empty() && self.phase != Phase::Streaming {
            let (piece, ends) = match memchr::memchr(b'\n', rest) {
                Some(at) => (&rest[..=at], true),
                None => (rest, false),
            };
            rest = &rest[piece.len()..];
            self.remember(piece);
            let refusal = self.look_at_tail(now, ends, say);
            let mut spots = false;
            self.splitter.push(piece, |line| {
                // The prompt has no line end of its own, so the first spot may stand behind it.
                let line = behind_prompt(line);
                spots |= wire::is_spot_line(line);
                on_line(line);
            });
            if ends {
                self.tail.clear();
                self.prompt_line_open = false;
            }
            if spots {
                self.phase = Phase::Streaming;
                self.tail = Vec::new();
            } else if let Some((reason, text)) = refusal {
                return self.fail(reason, text);
            }
        }
        if self.phase == Phase::Streaming {
            self.splitter.push(rest, on_line);
        }
        (!was_in && self.is_logged_in()).then_some(FeedEvent::LoggedIn)
    }

    /// Keeps the end of the unfinished line, in lower case.
    fn remember(&mut self, piece: &[u8]) {
        self.tail.extend(piece.iter().filter(|b| **b != b'\r' && **b != b'\n').map(u8::to_ascii_lowercase));
        let extra = self.tail.len().saturating_sub(PROMPT_BYTES_MAX);
        self.tail.drain(..extra);
    }

    /// Answers what is asked. `ends`: the line is complete.
    fn look_at_tail(&mut self, now: Now, ends: bool, say: &mut Vec<u8>) -> Option<(Failure, &'static str)> {
        let tail: &[u8] = &self.tail;
        if tail.starts_with(b"dx de ") {
            return None;
        }
        let asks_call = asks_for_call(tail);
        let asks_password = tail.trim_ascii_end().ends_with(b"password:");
        match self.phase {
            Phase::AwaitPrompt | Phase::Called if asks_call && !self.answered => {
                self.send_call(now, say);
                self.answered = true;
                self.prompt_line_open = !ends;
                self.tail.clear();
                None
            }
            Phase::Called | Phase::Greeted if self.prompt_line_open && !asks_password => None,
            Phase::Called | Phase::Greeted if asks_password && !self.password_sent => {
                if self.log_in.password.is_empty() {
                    return Some((Failure::LoginRefused, "asks for a password; set `password` for this feed"));
                }
                say.extend_from_slice(self.log_in.password.as_bytes());
                say.extend_from_slice(b"\r\n");
                self.password_sent = true;
                self.prompt_line_open = !ends;
                self.tail.clear();
                self.phase_deadline_ns = now.mono_ns + u64::from(self.log_in.timeout_s) * S;
                None
            }
            Phase::Called | Phase::Greeted if asks_password => Some((Failure::LoginRefused, "refused our password")),
            Phase::Called if is_refusal(tail) => Some((Failure::LoginRefused, "refused our call")),
            Phase::Called if ends_asking_for_call(tail) => Some((Failure::LoginRefused, "asked for a call again")),
            Phase::Called if ends && !tail.trim_ascii().is_empty() => {
                self.phase = Phase::Greeted;
                None
            }
            _ => None,
        }
    }
}

/// What servers ask with, in lower case.
const ASKS: [&[u8]; 5] = [b"login:", b"callsign:", b"call sign:", b"call:", b"enter your call"];

/// Whether a line (lower case, finished or not) asks for a call anywhere.
fn asks_for_call(text: &[u8]) -> bool {
    ASKS.iter().any(|words| memchr::memmem::find(text, words).is_some())
}

/// Whether it ends in the question: greetings repeat our call in many ways (`Your call: N0CALL`).
fn ends_asking_for_call(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    ASKS.iter().any(|words| text.ends_with(words))
}

/// Words of servers that do not want us.
fn is_refusal(tail: &[u8]) -> bool {
    tail.trim_ascii_start().starts_with(b"sorry") || memchr::memmem::find(tail, b"invalid call").is_some()
}

/// A line without the prompt that stands before its `DX de `, if one does.
fn behind_prompt(line: &[u8]) -> &[u8] {
    match memchr::memmem::find(line, b"DX de ") {
        Some(at @ 1..=PROMPT_BYTES_MAX) if asks_for_call(&line[..at].to_ascii_lowercase()) => &line[at..],
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::TestClock;
    use crate::spot::Utc;

    const SPOT: &str = "DX de W3LPL-#:   14025.0  K1ABC          CW    23 dB  25 WPM  CQ      1234Z";

    struct Bench {
        clock: TestClock,
        client: FeedClient,
        lines: Vec<String>,
        said: Vec<u8>,
        events: Vec<FeedEvent>,
    }

    impl Bench {
        fn new(password: &str) -> Bench {
            let clock = TestClock::at(Utc::from_secs(1_700_000_000));
            let log_in = LogIn {
                call: "N0CALL".into(),
                password: password.into(),
                timeout_s: 30,
                keepalive_s: 240,
                read_deadline_s: 300,
            };
            let client = FeedClient::new(log_in, clock.now());
            Bench { clock, client, lines: Vec::new(), said: Vec::new(), events: Vec::new() }
        }
        /// Feeds a text in pieces of `n` bytes.
        fn hear(&mut self, text: &[u8], n: usize) -> &mut Bench {
            for piece in text.chunks(n) {
                let lines = &mut self.lines;
                let mut on_line = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
                let event = self.client.on_bytes(self.clock.now(), piece, &mut self.said, &mut on_line);
                self.events.extend(event);
            }
            self
        }
        fn wait_s(&mut self, s: u64) -> &mut Bench {
            self.clock.advance_ms(s * 1000);
            let event = self.client.on_timer(self.clock.now(), &mut self.said);
            self.events.extend(event);
            self
        }
        fn said(&mut self) -> String {
            String::from_utf8(std::mem::take(&mut self.said)).unwrap()
        }
    }

    #[test]
    fn every_prompt_gets_the_call_once_however_the_bytes_fall() {
        let greeting = format!("Hello, N0CALL! Connected.\r\nLocal users: 208\r\nN0CALL de RELAY >\r\n\r\n{SPOT}\r\n");
        for prompt in [
            &b"Please enter your call: "[..],
            b"login: Please enter your call: ",
            b"login: ",
            b"Welcome to the\r\nbest node\r\nLOGIN:\r\n",
            b"callsign: ",
            b"Your CALL:",
            b"Please enter your callsign\r\n",
            b"\xff\xfb\x01login: ",
        ] {
            for n in [1, 2, 7, 4096] {
                let text = [prompt, greeting.as_bytes()].concat();
                let mut bench = Bench::new("");
                bench.hear(&text, n);
                let what = format!("{} in pieces of {n}", prompt.escape_ascii());
                // The answer to a telnet option may stand before the call.
                assert_eq!(bench.said.iter().filter(|b| **b == b'N').count(), 1, "{what}");
                assert!(bench.said.ends_with(b"N0CALL\r\n"), "{what}");
                assert_eq!(bench.events, [FeedEvent::LoggedIn], "{what}");
                assert_eq!(bench.lines.last().unwrap(), SPOT);
            }
        }
    }

    #[test]
    fn a_spot_right_behind_the_prompt_is_a_spot() {
        for n in [1, 4096] {
            let mut bench = Bench::new("");
            bench.hear(format!("Please enter your call: {SPOT}\r\n{SPOT}\r\n").as_bytes(), n);
            assert_eq!(bench.lines, [SPOT, SPOT]);
            assert_eq!(bench.events, [FeedEvent::LoggedIn]);
        }
    }

    #[test]
    fn a_server_that_streams_without_asking_is_taken_as_it_is() {
        let mut bench = Bench::new("");
        bench.hear(format!("{SPOT}\r\n").as_bytes(), 1);
        assert_eq!(bench.events, [FeedEvent::LoggedIn]);
        assert_eq!(bench.said(), "");
    }

    #[test]
    fn a_silent_server_is_sent_the_call_once_and_then_given_up() {
        let mut bench = Bench::new("");
        bench.wait_s(29);
        assert_eq!(bench.said(), "");
        bench.wait_s(1);
        assert_eq!(bench.said(), "N0CALL\r\n");
        bench.wait_s(29);
        assert!(bench.events.is_empty());
        bench.wait_s(1);
        assert!(matches!(bench.events[..], [FeedEvent::Failed(Failure::LoginTimeout, _)]));
        assert_eq!(bench.said(), "");
    }

    #[test]
    fn a_late_prompt_is_answered_once_more() {
        let mut bench = Bench::new("");
        bench.wait_s(30).hear(b"login: ", 1);
        assert_eq!(bench.said(), "N0CALL\r\nN0CALL\r\n");
        bench.hear(b"\r\nHello\r\n", 1);
        assert_eq!(bench.events, [FeedEvent::LoggedIn]);
    }

    #[test]
    fn passwords_are_given_once_or_missed() {
        let mut bench = Bench::new("secret");
        bench.hear(b"login: ", 1).hear(b"password: ", 1);
        assert_eq!(bench.said(), "N0CALL\r\nsecret\r\n");
        bench.hear(b"\r\nHello N0CALL\r\n", 1);
        assert_eq!(bench.events, [FeedEvent::LoggedIn]);

        let mut bench = Bench::new("wrong");
        bench.hear(b"login: ", 3).hear(b"\r\npassword: ", 3).hear(b"\r\npassword: ", 3);
        assert_eq!(bench.said(), "N0CALL\r\nwrong\r\n");
        assert!(matches!(bench.events[..], [FeedEvent::Failed(Failure::LoginRefused, _)]));

        let mut bench = Bench::new("");
        bench.hear(b"login: ", 3).hear(b"\r\npassword: ", 3);
        assert!(matches!(bench.events[..], [FeedEvent::Failed(Failure::LoginRefused, _)]));
    }

    #[test]
    fn refusals_are_told_from_greetings() {
        for answer in ["N0CALL is an invalid callsign\r\n", "Sorry, N0CALL is not allowed\r\n", "login: "] {
            let mut bench = Bench::new("");
            bench.hear(b"login: ", 1).hear(b"\r\n", 1).hear(answer.as_bytes(), 1);
            assert!(matches!(bench.events[..], [FeedEvent::Failed(Failure::LoginRefused, _)]), "{answer:?}");
        }
    }

    #[test]
    fn keepalive_and_read_deadline_follow_the_clock() {
        let mut bench = Bench::new("");
        bench.hear(format!("{SPOT}\r\n").as_bytes(), 100);
        assert_eq!(bench.client.deadline_ns(), bench.clock.now().mono_ns + 240 * S);
        bench.wait_s(239);
        assert_eq!(bench.said(), "");
        bench.wait_s(1);
        assert_eq!(bench.said(), "\r\n");
        bench.hear(b"\r\n", 2).wait_s(299);
        assert_eq!(bench.events, [FeedEvent::LoggedIn]);
        bench.wait_s(1);
        assert!(matches!(bench.events[1..], [FeedEvent::Failed(Failure::Silent, _)]));
    }

    #[test]
    fn an_endless_line_is_counted_and_costs_no_memory() {
        let mut bench = Bench::new("");
        bench.hear(format!("{SPOT}\r\n").as_bytes(), 100);
        bench.hear(&vec![b'x'; 1 << 20], 65_536).hear(format!("\r\n{SPOT}\r\n").as_bytes(), 10);
        assert_eq!(bench.client.take_too_long(), 1);
        assert_eq!(bench.client.take_too_long(), 0);
        assert_eq!(bench.lines, [SPOT, SPOT]);
        assert!(
            bench.client.data.capacity() <= 2 * 65_536 && bench.client.tail.capacity() <= 2 * PROMPT_BYTES_MAX + 65_536
        );
    }

    proptest::proptest! {
        /// Any bytes in any pieces: no panic, the same lines, and no more said than is allowed.
        #[test]
        fn pieces_do_not_matter_after_log_in(bytes: Vec<u8>, n in 1usize..40) {
            let hear = |n: usize| {
                let mut bench = Bench::new("");
                bench.hear(format!("{SPOT}\r\n").as_bytes(), 100).hear(&bytes, n);
                (bench.lines, bench.client.pending_bytes(), bench.said.len())
            };
            let whole = hear(usize::MAX);
            proptest::prop_assert_eq!(&hear(n), &whole);
            proptest::prop_assert!(whole.2 <= SAY_BYTES_MAX);
        }

        /// Before log-in too: no panic, and the call goes out at most twice (blind, and when asked).
        #[test]
        fn a_babbling_server_is_told_the_call_at_most_twice(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "login: ", "\r\n", "call:", "password:", "sorry", "Hello ", "DX de ", "\r", "\n", "x", "invalid call", SPOT,
            ]), 0..30),
            n in 1usize..9,
        ) {
            let mut bench = Bench::new("");
            bench.hear(words.concat().as_bytes(), n).wait_s(30).hear(words.concat().as_bytes(), n).wait_s(30);
            let said = bench.said();
            proptest::prop_assert!(said.matches("N0CALL").count() <= 2, "{said:?}");
        }
    }
}
