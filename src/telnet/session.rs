//! One user: bytes and time in, bytes and actions out.

use super::commands::{self, Exec, Next, Wait};
use super::line::{LINE_BYTES_MAX, Line, LineReader};
use super::login::{self, LoginLine};
use super::pace::Pace;
use super::prompt::Tokens;
use super::wash;
use super::{Action, CloseReason, NodeView, SessionOut};
use crate::accounts::{Answer, Settings, Streams};
use crate::config;
use crate::engine::Now;
use crate::fanout::{Choice, CohortKey};
use crate::filter::Filter;
use crate::spot::{Bulletin, Call, SessionId, Utc, Verdict};
use crate::wire::Iac;
use std::net::IpAddr;

/// Lines that may wait while a reply is under way or the pace is too fast; then reading stops.
pub const LINES_WAITING_MAX: usize = 64;
/// Bytes that may wait: as many lines of full length.
pub const INPUT_BYTES_MAX: usize = LINES_WAITING_MAX * LINE_BYTES_MAX;
/// Bytes at which a loop that goes on feeding is stopped: what may wait, and one read of 64 KiB more.
const FLOOD_BYTES: usize = INPUT_BYTES_MAX + 64 * 1024;
/// Reply bytes that may wait to be sent; while there are more, the next line waits. A paste of commands with
/// long replies takes as long as its sender reads, and costs us at most twice this and one reply.
pub const REPLIES_WAITING_BYTES_MAX: usize = 64 * 1024;
/// How long a command waits for its verdict or its history.
pub const REPLY_WAIT_NS: u64 = 2_000_000_000;
/// How long a missed verdict may still come and must not be taken for the next one.
const LATE_REPLY_NS: u64 = 10_000_000_000;
/// Longest piece of a bad call that is repeated to its sender.
const CALL_ECHO_MAX: usize = 20;
/// Input memory a session keeps while nothing waits.
const IDLE_INPUT_BYTES: usize = 1024;

/// A connection from accept to close.
///
/// Commands run one at a time: while a reply is under way, further input waits, so replies keep the
/// order of the commands. A client that sends commands faster than the pace allows is not punished;
/// its lines wait until their turn comes, and when too many wait, [`Session::wants_bytes`] says no.
#[derive(Debug)]
pub struct Session {
    user: User,
    address: IpAddr,
    state: State,
    iac: Iac,
    reader: LineReader,
    /// Bytes not read as lines yet, telnet commands taken out.
    input: Vec<u8>,
    /// Line ends in `input`.
    input_lines: usize,
    waiting: Option<Waiting>,
    /// Verdicts that were given up, and until when they may still come.
    late: Late,
    /// The choice that the loop knows of.
    told: Choice,
    commands: Pace,
    blanks: Pace,
    connected_ns: u64,
    heard_ns: u64,
    sent_ns: u64,
    login_deadline_ns: u64,
    keepalive_ns: u64,
    idle_ns: u64,
    /// What was sent last did not end its line: the login prompt.
    line_is_open: bool,
    /// More than [`REPLIES_WAITING_BYTES_MAX`] wait to be sent.
    unread: bool,
}

/// What commands may read and change.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: SessionId,
    pub(super) call: Call,
    pub(super) since: Utc,
    /// What he chose, or the node's defaults. Change it through [`commands::Exec::change`].
    pub(super) settings: Settings,
    /// The compiled form of `settings.wish`.
    pub(super) filter: Filter,
    /// He may do what only a sysop may: a configured call that gave its password.
    pub(super) is_sysop: bool,
    /// He may post.
    pub(super) may_post: bool,
    /// Settings were changed by the command under way.
    pub(super) changed: bool,
    /// Questions to the history so far: the number of the last one.
    pub(super) asks: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Login { tries: u8 },
    Ready,
    Closed,
}

#[derive(Clone, Debug)]
struct Waiting {
    for_what: Wait,
    until_ns: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Late {
    replies: u32,
    until_ns: u64,
}

impl Session {
    /// A connection just accepted.
    pub fn new(id: SessionId, address: IpAddr, now: Now) -> Session {
        Session {
            user: User {
                id,
                call: Call::EMPTY,
                since: now.utc,
                settings: Settings::of_node(&config::Telnet::default()),
                filter: Filter::all(),
                is_sysop: false,
                may_post: true,
                changed: false,
                asks: 0,
            },
            address,
            state: State::Login { tries: 0 },
            iac: Iac::default(),
            reader: LineReader::default(),
            input: Vec::new(),
            input_lines: 0,
            waiting: None,
            late: Late::default(),
            told: Choice::default(),
            commands: Pace::full(),
            blanks: Pace::full(),
            connected_ns: now.mono_ns,
            heard_ns: now.mono_ns,
            sent_ns: now.mono_ns,
            login_deadline_ns: u64::MAX,
            keepalive_ns: u64::MAX,
            idle_ns: u64::MAX,
            line_is_open: false,
            unread: false,
        }
    }

    /// Says welcome and asks for the call. Call it once, before anything else.
    pub fn on_connect(&mut self, node: &NodeView, out: &mut SessionOut) {
        let telnet = &node.settings.telnet;
        self.user.settings = Settings::of_node(telnet);
        self.login_deadline_ns = self.connected_ns + u64::from(telnet.login_timeout_s) * NS_PER_S;
        let or_never = |seconds| if seconds == 0 { u64::MAX } else { u64::from(seconds) * NS_PER_S };
        self.keepalive_ns = or_never(telnet.keepalive_s);
        self.idle_ns = or_never(telnet.idle_timeout_s);
        self.tokens(node).expand_lines(&telnet.welcome, &mut out.bytes);
        self.ask_call(node, out);
    }

    /// Takes bytes as they came from the socket, in any split.
    pub fn on_bytes(&mut self, node: &NodeView, bytes: &[u8], out: &mut SessionOut) {
        if self.state == State::Closed || bytes.is_empty() {
            return;
        }
        self.heard_ns = node.now.mono_ns;
        let held = self.input.len();
        self.iac.feed(bytes, &mut self.input, &mut out.bytes);
        if self.input.len() > FLOOD_BYTES {
            return self.close(CloseReason::Flood, out);
        }
        self.input_lines += line_ends(&self.input, held);
        self.run_lines(node, out);
    }

    /// Whether more bytes are welcome. While `false`, leave them in the socket.
    pub fn wants_bytes(&self) -> bool {
        self.input_lines < LINES_WAITING_MAX && self.input.len() < INPUT_BYTES_MAX
    }

    /// Does what is due; call it when [`Session::deadline_ns`] has come.
    pub fn on_timer(&mut self, node: &NodeView, out: &mut SessionOut) {
        let now_ns = node.now.mono_ns;
        match self.state {
            State::Closed => return,
            State::Login { .. } if now_ns >= self.login_deadline_ns => {
                self.fresh_line(out);
                out.bytes.extend_from_slice(b"No call came in time. Goodbye.\r\n");
                return self.close(CloseReason::LoginTimeout, out);
            }
            State::Login { .. } => {}
            State::Ready => {
                self.give_up_waiting(node, out);
                if now_ns >= self.idle_deadline_ns() {
                    self.fresh_line(out);
                    out.bytes.extend_from_slice(b"Nothing heard from you for too long. Goodbye.\r\n");
                    return self.close(CloseReason::Idle, out);
                }
                if now_ns >= self.keepalive_deadline_ns() {
                    self.prompt(node, out);
                }
            }
        }
        self.run_lines(node, out);
    }

    /// When [`Session::on_timer`] has something to do, in monotonic ns. It moves with every call.
    pub fn deadline_ns(&self) -> u64 {
        match self.state {
            State::Closed => u64::MAX,
            State::Login { .. } => self.login_deadline_ns,
            State::Ready => {
                let reply = self.waiting.as_ref().map_or(u64::MAX, |waiting| waiting.until_ns);
                let held = self.waiting.is_none() && !self.unread && !self.input.is_empty();
                let turn = if held { self.commands.next_ns() } else { u64::MAX };
                reply.min(turn).min(self.keepalive_deadline_ns()).min(self.idle_deadline_ns())
            }
        }
    }

    /// So many reply bytes wait to be sent: too many hold the next line back. When they no longer do,
    /// [`Session::deadline_ns`] has come nearer.
    pub fn on_unsent(&mut self, bytes: usize) {
        self.unread = bytes >= REPLIES_WAITING_BYTES_MAX;
    }

    /// Whether replies must be read before the next line is run.
    pub fn is_held_by_replies(&self) -> bool {
        self.unread
    }

    /// Whether lines wait, for whatever reason.
    pub fn has_lines_waiting(&self) -> bool {
        !self.input.is_empty()
    }

    /// Something went out to this user, by the session or beside it: the keepalive counts from here.
    pub fn on_sent(&mut self, now: Now) {
        self.sent_ns = now.mono_ns;
    }

    /// The fate of this session's post.
    pub fn on_verdict(&mut self, node: &NodeView, verdict: Verdict, out: &mut SessionOut) {
        if self.is_late(node.now) {
            return;
        }
        let is_post = |waiting: &mut Waiting| matches!(waiting.for_what, Wait::Verdict(_));
        let Some(Waiting { for_what: Wait::Verdict(post), .. }) = self.waiting.take_if(is_post) else {
            return;
        };
        self.fresh_line(out);
        commands::tell_fate(&post, &verdict, &mut out.bytes);
        self.go_on(node, out);
    }

    /// The answer to the history question of this number: ready lines with CR LF; empty = nothing found. One
    /// to a question that was given up is nothing.
    pub fn on_history(&mut self, node: &NodeView, ask: u32, reply: &[u8], out: &mut SessionOut) {
        let is_asked = |waiting: &mut Waiting| matches!(waiting.for_what, Wait::History(asked) if asked == ask);
        if self.waiting.take_if(is_asked).is_none() {
            return;
        }
        self.fresh_line(out);
        match reply {
            [] => out.bytes.extend_from_slice(b"No spots found.\r\n"),
            lines => out.bytes.extend_from_slice(lines),
        }
        self.go_on(node, out);
    }

    /// A line for everybody.
    pub fn on_bulletin(&mut self, node: &NodeView, bulletin: &Bulletin, out: &mut SessionOut) {
        self.tell(node, &bulletin.line, out);
    }

    /// A line for this call.
    pub fn on_talk(&mut self, node: &NodeView, from: Call, text: &[u8], out: &mut SessionOut) {
        let mut line = format!("{} de {from}: ", self.user.call).into_bytes();
        line.extend_from_slice(text);
        self.tell(node, &line, out);
    }

    /// So many spots were skipped because this user's link takes them too slowly.
    pub fn on_lapped(&mut self, node: &NodeView, lines: u64, out: &mut SessionOut) {
        let spots = if lines == 1 { "spot" } else { "spots" };
        self.tell(node, format!("*** {lines} {spots} skipped: your link is slower than the stream").as_bytes(), out);
    }

    /// The session must end: says why, in one line, and closes.
    pub fn on_evicted(&mut self, _node: &NodeView, why: &str, out: &mut SessionOut) {
        self.end_with(why, CloseReason::Evicted, out);
    }

    /// A sysop's order: says why, in one line, and closes.
    pub fn on_kicked(&mut self, _node: &NodeView, why: &str, out: &mut SessionOut) {
        self.end_with(why, CloseReason::Kicked, out);
    }

    /// The node goes down: says the line and closes.
    pub fn on_farewell(&mut self, _node: &NodeView, line: &str, out: &mut SessionOut) {
        self.end_with(line, CloseReason::Farewell, out);
    }

    /// The user's call; `None` before log-in.
    pub fn call(&self) -> Option<Call> {
        Some(self.user.call).filter(|call| !call.is_empty())
    }

    /// What the user chose, or the node's defaults.
    pub fn choice(&self) -> Choice {
        let settings = &self.user.settings;
        let key = CohortKey { filter: self.user.filter.clone(), preferences: settings.preferences };
        Choice {
            key,
            paused: !settings.streams.has(Streams::DX),
            own_call: settings.streams.has(Streams::SELF),
            see_me: settings.streams.has(Streams::SEEME),
            linewise: settings.linewise,
        }
    }

    /// The answer to a question to the accounts.
    pub fn on_answer(&mut self, _node: &NodeView, _answer: Answer, _out: &mut SessionOut) {}

    /// A line for this session alone.
    pub fn on_tell(&mut self, node: &NodeView, line: &str, out: &mut SessionOut) {
        self.tell(node, line.as_bytes(), out);
    }

    /// Where the user comes from.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Since when: log-in, or accept before it.
    pub fn since(&self) -> Utc {
        self.user.since
    }

    /// Whether [`Action::Close`] was given out.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    // --- lines

    /// Runs waiting lines while it may.
    fn run_lines(&mut self, node: &NodeView, out: &mut SessionOut) {
        let before = out.bytes.len();
        let mut input = std::mem::take(&mut self.input);
        // Also while lines are held: the LF of a CR LF is no line that waits.
        let mut taken = self.reader.skip_rest_of_end(&input);
        while taken < input.len() && self.may_run(node.now) && out.bytes.len() < REPLIES_WAITING_BYTES_MAX {
            let (used, line) = self.reader.read(&input[taken..]);
            taken += used;
            if let Some(line) = line {
                self.on_line(node, line, out);
                taken += self.reader.skip_rest_of_end(&input[taken..]);
            }
        }
        if taken > 0 {
            input.drain(..taken);
            if input.is_empty() && input.capacity() > IDLE_INPUT_BYTES {
                input = Vec::new();
            }
            self.input_lines = line_ends(&input, 0);
        }
        self.input = input;
        if out.bytes.len() > before {
            self.sent_ns = node.now.mono_ns;
        }
    }

    fn may_run(&self, now: Now) -> bool {
        match self.state {
            State::Closed => false,
            State::Login { .. } => true,
            State::Ready => self.waiting.is_none() && !self.unread && self.commands.is_open(now.mono_ns),
        }
    }

    fn on_line(&mut self, node: &NodeView, line: Line, out: &mut SessionOut) {
        let Line::Text(text) = line else {
            return self.on_long_line(node, out);
        };
        let is_blank = text.trim_ascii().is_empty();
        if is_blank {
            self.on_blank(node, out);
        } else if let State::Login { tries } = self.state {
            self.on_login_line(node, &text, tries, out);
        } else if self.commands.take(node.now.mono_ns) {
            self.on_command(node, &text, out);
        }
        self.reader.reuse(text);
    }

    /// A blank line asks for a sign of life. Some programs answer every line they get with one, prompts
    /// included: beyond the pace, blank lines are swallowed, or the two would talk for ever.
    fn on_blank(&mut self, node: &NodeView, out: &mut SessionOut) {
        out.counts.blank_lines += 1;
        if !self.blanks.take(node.now.mono_ns) {
            return;
        }
        match self.state {
            State::Login { .. } => self.ask_call(node, out),
            _ => self.prompt(node, out),
        }
    }

    fn on_long_line(&mut self, node: &NodeView, out: &mut SessionOut) {
        out.counts.lines_too_long += 1;
        self.fresh_line(out);
        let text = format!("That line was longer than {LINE_BYTES_MAX} bytes and was not read.\r\n");
        out.bytes.extend_from_slice(text.as_bytes());
        match self.state {
            State::Login { tries } => self.refuse_login(node, tries, out),
            _ => {
                self.commands.take(node.now.mono_ns);
                self.prompt(node, out);
            }
        }
    }

    fn on_command(&mut self, node: &NodeView, text: &[u8], out: &mut SessionOut) {
        let next = commands::run(&mut Exec { user: &mut self.user, node, out }, text);
        if std::mem::take(&mut self.user.changed) {
            self.user.filter = self.user.settings.wish.filter();
            let choice = self.choice();
            if choice != self.told {
                self.told = choice.clone();
                out.actions.push(Action::Prefer(choice));
            }
        }
        match next {
            Next::Prompt => self.prompt(node, out),
            Next::Wait(for_what) => {
                self.waiting = Some(Waiting { for_what, until_ns: node.now.mono_ns + REPLY_WAIT_NS });
            }
            Next::Close => {
                self.tokens(node).expand_lines(&node.settings.telnet.farewell, &mut out.bytes);
                self.close(CloseReason::Bye, out);
            }
        }
    }

    // --- log-in

    fn on_login_line(&mut self, node: &NodeView, text: &[u8], tries: u8, out: &mut SessionOut) {
        match login::read(text) {
            LoginLine::Blank => {}
            LoginLine::Http => {
                login::http_answer(&mut out.bytes);
                self.close(CloseReason::Http, out);
            }
            LoginLine::Invalid => {
                self.fresh_line(out);
                let text = wash::excerpt(text, CALL_ECHO_MAX);
                out.bytes.extend_from_slice(text.as_bytes());
                out.bytes.extend_from_slice(b" is an invalid callsign\r\n");
                self.refuse_login(node, tries, out);
            }
            LoginLine::Call(call) => self.log_in(node, call, out),
        }
    }

    fn refuse_login(&mut self, node: &NodeView, tries: u8, out: &mut SessionOut) {
        out.counts.logins_invalid += 1;
        let tries = tries + 1;
        if tries >= login::TRIES_MAX {
            out.bytes.extend_from_slice(b"Sorry, no call in three lines. Goodbye.\r\n");
            return self.close(CloseReason::LoginRefused, out);
        }
        self.state = State::Login { tries };
        self.ask_call(node, out);
    }

    fn log_in(&mut self, node: &NodeView, call: Call, out: &mut SessionOut) {
        self.user.call = call;
        self.user.since = node.now.utc;
        self.state = State::Ready;
        self.told = self.choice();
        out.actions.push(Action::LogIn(call));
        // Loggers read lines: the greeting must not hang on the line of the login prompt.
        self.fresh_line(out);
        let telnet = &node.settings.telnet;
        self.tokens(node).expand_lines(&telnet.greeting, &mut out.bytes);
        self.tokens(node).expand_lines(&telnet.motd, &mut out.bytes);
        self.prompt(node, out);
    }

    fn ask_call(&mut self, node: &NodeView, out: &mut SessionOut) {
        self.fresh_line(out);
        self.tokens(node).expand(&node.settings.telnet.login_prompt, &mut out.bytes);
        self.line_is_open = true;
    }

    // --- replies

    /// Whether a verdict belongs to a post that was given up: verdicts come in the order of the posts.
    fn is_late(&mut self, now: Now) -> bool {
        let late = &mut self.late;
        if now.mono_ns > late.until_ns {
            late.replies = 0;
        }
        let is_late = late.replies > 0;
        late.replies -= u32::from(is_late);
        is_late
    }

    fn give_up_waiting(&mut self, node: &NodeView, out: &mut SessionOut) {
        let now_ns = node.now.mono_ns;
        let Some(given_up) = self.waiting.take_if(|waiting| now_ns >= waiting.until_ns) else {
            return;
        };
        if let Wait::Verdict(_) = given_up.for_what {
            let late = &mut self.late;
            late.replies = if now_ns > late.until_ns { 1 } else { late.replies + 1 };
            late.until_ns = now_ns + LATE_REPLY_NS;
        }
        out.counts.replies_missed += 1;
        self.fresh_line(out);
        commands::tell_missed(&given_up.for_what, &mut out.bytes);
        self.prompt(node, out);
    }

    fn go_on(&mut self, node: &NodeView, out: &mut SessionOut) {
        self.prompt(node, out);
        self.run_lines(node, out);
    }

    /// Appends a line that this user did not ask for.
    fn tell(&mut self, node: &NodeView, line: &[u8], out: &mut SessionOut) {
        if self.state != State::Ready {
            return;
        }
        let mut line = line.to_vec();
        wash::wash(&mut line);
        self.fresh_line(out);
        out.bytes.extend_from_slice(&line);
        out.bytes.extend_from_slice(b"\r\n");
        self.sent_ns = node.now.mono_ns;
    }

    fn end_with(&mut self, line: &str, reason: CloseReason, out: &mut SessionOut) {
        if self.state == State::Closed {
            return;
        }
        let mut line = line.as_bytes().to_vec();
        wash::wash(&mut line);
        self.fresh_line(out);
        out.bytes.extend_from_slice(&line);
        out.bytes.extend_from_slice(b"\r\n");
        self.close(reason, out);
    }

    fn prompt(&mut self, node: &NodeView, out: &mut SessionOut) {
        self.fresh_line(out);
        self.tokens(node).expand_lines(&node.settings.telnet.prompt, &mut out.bytes);
        self.sent_ns = node.now.mono_ns;
    }

    /// Ends a line that was left open.
    fn fresh_line(&mut self, out: &mut SessionOut) {
        if std::mem::take(&mut self.line_is_open) {
            out.bytes.extend_from_slice(b"\r\n");
        }
    }

    fn close(&mut self, reason: CloseReason, out: &mut SessionOut) {
        self.state = State::Closed;
        self.input = Vec::new();
        self.input_lines = 0;
        self.waiting = None;
        out.actions.push(Action::Close(reason));
    }

    fn tokens<'a>(&self, node: &'a NodeView<'a>) -> Tokens<'a> {
        Tokens { call: self.call(), node }
    }

    fn keepalive_deadline_ns(&self) -> u64 {
        if self.waiting.is_some() { u64::MAX } else { self.sent_ns.saturating_add(self.keepalive_ns) }
    }

    fn idle_deadline_ns(&self) -> u64 {
        self.heard_ns.saturating_add(self.idle_ns)
    }
}

/// Line ends in `bytes[from..]`, where CR LF counts once even when it was split at `from`.
fn line_ends(bytes: &[u8], from: usize) -> usize {
    let is_end = |at: usize| match bytes[at] {
        b'\r' => true,
        b'\n' => at == 0 || bytes[at - 1] != b'\r',
        _ => false,
    };
    (from..bytes.len()).filter(|&at| is_end(at)).count()
}

const NS_PER_S: u64 = 1_000_000_000;
