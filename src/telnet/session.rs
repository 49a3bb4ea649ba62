//! One user: bytes and time in, bytes and actions out.

mod entry;

use super::commands::{self, Exec, Next, Wait};
use super::line::{LINE_BYTES_MAX, Line, LineReader};
use super::pace::Pace;
use super::prompt::{self, Tokens};
use super::wash;
use super::{Action, CloseReason, NodeView, SessionOut};
use crate::accounts::{Answer, PAGE_AUTO, Question, Reply, Settings, Streams};
use crate::config;
use crate::engine::Now;
use crate::fanout::{Choice, CohortKey};
use crate::filter::Filter;
use crate::spot::{Bulletin, BulletinKind, Call, Proof, SessionId, Standing, Utc, Verdict};
use crate::wire::Iac;
use entry::Entering;
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
/// How long a command waits for the accounts: passwords are slow to hash on purpose, and others may come before.
const ACCOUNTS_WAIT_NS: u64 = 15_000_000_000;
/// How long one saving of settings may be under way before it is taken for lost.
const SAVE_WAIT_NS: u64 = 30_000_000_000;
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
    /// The address came from a PROXY line: another one is none.
    is_proxied: bool,
    state: State,
    entering: Option<Box<Entering>>,
    iac: Iac,
    reader: LineReader,
    /// Bytes not read as lines yet, telnet commands taken out.
    input: Vec<u8>,
    /// Line ends in `input`.
    input_lines: usize,
    /// Commands of a line with several that have not run yet, joined by a literal `\n` (clients 1.1); at most
    /// one line.
    more: Vec<u8>,
    waiting: Option<Waiting>,
    /// The rest of a reply that waits for a key; at most one reply.
    page: Option<Vec<u8>>,
    /// The saving of settings under way: its question, and until when its answer counts.
    saving: Option<(u32, u64)>,
    /// Settings changed since.
    unsaved: bool,
    /// Verdicts that were given up, and until when they may still come.
    late: Late,
    /// The choice that the loop knows of.
    told: Choice,
    /// The standing that the loop knows of.
    told_standing: Standing,
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
    /// Questions to accounts and history so far: the number of the last one.
    pub(super) asks: u32,
    /// His call is registered.
    pub(super) is_registered: bool,
    /// He gave or set the password of his call.
    pub(super) has_given_password: bool,
    /// His record was there when he came.
    pub(super) is_known: bool,
    /// What he changes is kept. Not so when his record could not be read.
    pub(super) is_kept: bool,
    /// His log-in before this one.
    pub(super) last_login: Option<Utc>,
    /// Where it came from.
    pub(super) last_address: Option<IpAddr>,
    /// Rows of his terminal's window; 0 = not told.
    pub(super) window_rows: u16,
}

impl User {
    /// Somebody who has not said who he is.
    pub(super) fn new(id: SessionId, now: Now) -> User {
        User {
            id,
            call: Call::EMPTY,
            since: now.utc,
            settings: Settings::of_node(&config::Telnet::default()),
            filter: Filter::all(),
            is_sysop: false,
            may_post: true,
            changed: false,
            asks: 0,
            is_registered: false,
            has_given_password: false,
            is_known: false,
            is_kept: true,
            last_login: None,
            last_address: None,
            window_rows: 0,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Asked for a call.
    Login {
        tries: u8,
    },
    /// The accounts are asked about the call.
    Opening {
        ask: u32,
        until_ns: u64,
    },
    /// Asked for the password.
    Password {
        tries: u8,
    },
    /// The accounts look at the password.
    Checking {
        ask: u32,
        tries: u8,
        until_ns: u64,
    },
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
            user: User::new(id, now),
            address,
            is_proxied: false,
            state: State::Login { tries: 0 },
            entering: None,
            iac: Iac::default(),
            reader: LineReader::default(),
            input: Vec::new(),
            input_lines: 0,
            more: Vec::new(),
            waiting: None,
            page: None,
            saving: None,
            unsaved: false,
            late: Late::default(),
            told: Choice::default(),
            told_standing: Standing::default(),
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
            _ if now_ns >= self.login_deadline_ns => {
                self.fresh_line(out);
                let text = match self.state {
                    State::Login { .. } => "No call came in time. Goodbye.\r\n",
                    _ => "No password came in time. Goodbye.\r\n",
                };
                out.bytes.extend_from_slice(text.as_bytes());
                return self.close(CloseReason::LoginTimeout, out);
            }
            State::Opening { until_ns, .. } if now_ns >= until_ns => self.enter_unread(node, out),
            State::Checking { until_ns, .. } if now_ns >= until_ns => return self.give_up_checking(out),
            _ => {}
        }
        self.run_lines(node, out);
    }

    /// When [`Session::on_timer`] has something to do, in monotonic ns. It moves with every call.
    pub fn deadline_ns(&self) -> u64 {
        match self.state {
            State::Closed => u64::MAX,
            State::Login { .. } | State::Password { .. } => self.login_deadline_ns,
            State::Opening { until_ns, .. } | State::Checking { until_ns, .. } => until_ns.min(self.login_deadline_ns),
            State::Ready => {
                let reply = self.waiting.as_ref().map_or(u64::MAX, |waiting| waiting.until_ns);
                let held = self.waiting.is_none() && !self.unread && self.has_lines_waiting();
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
        !self.input.is_empty() || !self.more.is_empty()
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
        self.prompt(node, out);
        self.run_lines(node, out);
    }

    /// The answer to the history question of this number: ready lines with CR LF; empty = nothing found. One
    /// to a question that was given up is nothing.
    pub fn on_history(&mut self, node: &NodeView, ask: u32, reply: &[u8], out: &mut SessionOut) {
        let is_asked = |waiting: &mut Waiting| matches!(waiting.for_what, Wait::History(asked) if asked == ask);
        if self.waiting.take_if(is_asked).is_none() {
            return;
        }
        self.fresh_line(out);
        let start = out.bytes.len();
        match reply {
            [] => out.bytes.extend_from_slice(b"No spots found.\r\n"),
            lines => out.bytes.extend_from_slice(lines),
        }
        self.end_reply(node, start, out);
        self.run_lines(node, out);
    }

    /// Whether this user has the kind of a line for everybody on. Ask before [`Session::on_bulletin`]: after a
    /// restart thousands log in at once, and hardly anybody wants to know.
    pub fn wants_bulletin(&self, bulletin: &Bulletin) -> bool {
        let settings = &self.user.settings;
        match bulletin.kind {
            BulletinKind::Announce => settings.streams.has(Streams::ANN),
            BulletinKind::Wwv => settings.streams.has(Streams::WWV),
            BulletinKind::Wcy => settings.streams.has(Streams::WCY),
            BulletinKind::Wx => settings.streams.has(Streams::WX),
            BulletinKind::Login => {
                settings.streams.has(Streams::LOGINS) || names_one_of(&bulletin.line, &settings.buddies)
            }
        }
    }

    /// A line for everybody who has its kind on.
    pub fn on_bulletin(&mut self, node: &NodeView, bulletin: &Bulletin, out: &mut SessionOut) {
        if self.wants_bulletin(bulletin) {
            self.tell(node, &bulletin.line, out);
        }
    }

    /// A line for this call, unless he wants none.
    pub fn on_talk(&mut self, node: &NodeView, from: Call, text: &[u8], out: &mut SessionOut) {
        if !self.user.settings.streams.has(Streams::TALK) {
            return;
        }
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

    /// How the user stands: valid from log-in on.
    pub fn standing(&self) -> Standing {
        let proof = match (self.user.has_given_password, self.user.is_kept) {
            (true, _) => Proof::Password,
            (false, true) => Proof::NotNeeded,
            (false, false) => Proof::Unread,
        };
        Standing { is_away: self.user.settings.away, proof }
    }

    /// The user's filter as others have it who chose the same: equal filters need not be kept once per user.
    pub fn share_filter(&mut self, filter: &Filter) {
        if self.user.filter == *filter {
            self.user.filter = filter.clone();
            self.told.key.filter = filter.clone();
        }
    }

    /// The answer to a question to the accounts. One to a question that was given up is nothing.
    pub fn on_answer(&mut self, node: &NodeView, answer: Answer, out: &mut SessionOut) {
        let Answer { ask: answered, reply, .. } = answer;
        match self.state {
            State::Opening { ask, .. } if ask == answered => {
                self.on_record(node, reply, out);
                self.run_lines(node, out);
            }
            State::Checking { ask, tries, .. } if ask == answered => {
                self.on_checked(node, tries, reply, out);
                self.run_lines(node, out);
            }
            State::Ready if self.saving.is_some_and(|(ask, _)| ask == answered) => {
                self.on_saved(node, reply, out);
            }
            State::Ready => self.on_account_reply(node, answered, reply, out),
            _ => {}
        }
    }

    fn on_account_reply(&mut self, node: &NodeView, answered: u32, reply: Reply, out: &mut SessionOut) {
        let is_asked =
            |waiting: &mut Waiting| matches!(waiting.for_what, Wait::Accounts { ask, .. } if ask == answered);
        let Some(Waiting { for_what: Wait::Accounts { about, tell, .. }, .. }) = self.waiting.take_if(is_asked) else {
            return;
        };
        self.fresh_line(out);
        let start = out.bytes.len();
        tell(&mut Exec { user: &mut self.user, node, out }, &about, reply);
        self.follow_changes(node, out);
        self.end_reply(node, start, out);
        self.run_lines(node, out);
    }

    /// Whether the settings are kept.
    fn on_saved(&mut self, node: &NodeView, reply: Reply, out: &mut SessionOut) {
        self.saving = None;
        if let Reply::Done(Err(why)) = reply {
            self.tell(node, format!("warning: not saved: {why}").as_bytes(), out);
        }
        if std::mem::take(&mut self.unsaved) {
            self.save(node, out);
        }
    }

    /// Sends the settings to be kept. One saving at a time: what changes meanwhile goes with the next.
    fn save(&mut self, node: &NodeView, out: &mut SessionOut) {
        if !self.user.is_kept {
            return;
        }
        let now_ns = node.now.mono_ns;
        if self.saving.is_some_and(|(_, until_ns)| now_ns < until_ns) {
            self.unsaved = true;
            return;
        }
        let ask = self.ask_to_save(out);
        self.saving = Some((ask, now_ns + SAVE_WAIT_NS));
    }

    fn ask_to_save(&mut self, out: &mut SessionOut) -> u32 {
        self.unsaved = false;
        let mut settings = Box::new(self.user.settings.clone());
        // SET/DIAG is for this session only (server 2.7).
        settings.preferences.style.diag = 0;
        let question = Question::Save { call: self.user.call, since: self.user.since, settings };
        self.ask(question, out)
    }

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
        while (taken < input.len() || !self.more.is_empty())
            && self.may_run(node.now)
            && out.bytes.len() < REPLIES_WAITING_BYTES_MAX
        {
            if !self.more.is_empty() {
                self.run_one_of_more(node, out);
                continue;
            }
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
            State::Closed | State::Opening { .. } | State::Checking { .. } => false,
            State::Login { .. } | State::Password { .. } => true,
            State::Ready => self.waiting.is_none() && !self.unread && self.commands.is_open(now.mono_ns),
        }
    }

    fn on_line(&mut self, node: &NodeView, line: Line, out: &mut SessionOut) {
        let Line::Text(text) = line else {
            return self.on_long_line(node, out);
        };
        let is_blank = text.trim_ascii().is_empty();
        match self.state {
            State::Ready if self.page.is_some() => self.on_page_key(node, &text, out),
            _ if is_blank => self.on_blank(node, out),
            State::Login { tries } => self.on_login_line(node, &text, tries, out),
            State::Password { tries } => self.on_password_line(node, &text, tries, out),
            State::Ready if memchr::memmem::find(&text, SEPARATOR).is_some() => self.more.clone_from(&text),
            State::Ready => self.take_command(node, &text, out),
            // No line is read in these.
            State::Opening { .. } | State::Checking { .. } | State::Closed => {}
        }
        self.reader.reuse(text);
    }

    fn run_one_of_more(&mut self, node: &NodeView, out: &mut SessionOut) {
        let more = std::mem::take(&mut self.more);
        let end = memchr::memmem::find(&more, SEPARATOR);
        let (first, rest) = match end {
            Some(end) => (&more[..end], &more[end + SEPARATOR.len()..]),
            None => (&more[..], &[][..]),
        };
        self.more = rest.to_vec();
        if self.page.is_some() {
            self.on_page_key(node, first, out);
        } else if !first.trim_ascii().is_empty() {
            self.take_command(node, first, out);
        }
    }

    fn take_command(&mut self, node: &NodeView, text: &[u8], out: &mut SessionOut) {
        if self.commands.take(node.now.mono_ns) {
            self.on_command(node, text, out);
        }
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
            State::Password { .. } => self.ask_password(out),
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
            State::Password { tries } => self.refuse_password(tries, out),
            _ => {
                self.commands.take(node.now.mono_ns);
                self.prompt(node, out);
            }
        }
    }

    fn on_command(&mut self, node: &NodeView, text: &[u8], out: &mut SessionOut) {
        let start = out.bytes.len();
        self.user.window_rows = self.iac.window().map_or(0, |(_, rows)| rows);
        self.user.follow_node(&node.settings.accounts);
        let next = commands::run(&mut Exec { user: &mut self.user, node, out }, text);
        self.follow_changes(node, out);
        match next {
            Next::Prompt => self.end_reply(node, start, out),
            Next::Wait(for_what) => {
                let wait_ns = match for_what {
                    Wait::Accounts { .. } => ACCOUNTS_WAIT_NS,
                    _ => REPLY_WAIT_NS,
                };
                self.waiting = Some(Waiting { for_what, until_ns: node.now.mono_ns + wait_ns });
            }
            Next::Close => {
                self.tokens(node).expand_lines(&node.settings.telnet.farewell, &mut out.bytes);
                self.close(CloseReason::Bye, out);
            }
        }
    }

    /// The stream follows the settings that a command changed, and they are kept.
    fn follow_changes(&mut self, node: &NodeView, out: &mut SessionOut) {
        let standing = self.standing();
        if standing != self.told_standing {
            self.told_standing = standing;
            out.actions.push(Action::Stands(standing));
        }
        if !std::mem::take(&mut self.user.changed) {
            return;
        }
        let filter = self.user.settings.wish.filter();
        // An equal one is shared with others already.
        if filter != self.user.filter {
            self.user.filter = filter;
        }
        let choice = self.choice();
        if choice != self.told {
            self.told = choice.clone();
            out.actions.push(Action::Prefer(choice));
        }
        self.save(node, out);
    }

    // --- pages

    /// Ends a reply that began at `start`: with a prompt, or with its first page.
    fn end_reply(&mut self, node: &NodeView, start: usize, out: &mut SessionOut) {
        match self.cut_page(start, out) {
            true => self.sent_ns = node.now.mono_ns,
            false => self.prompt(node, out),
        }
    }

    /// Keeps what is beyond one page of a reply; whether there is any.
    fn cut_page(&mut self, start: usize, out: &mut SessionOut) -> bool {
        let lines_max = match self.user.settings.page_lines {
            0 => return false,
            // One row is for the line that asks for a key. Without a window nobody knows the page.
            PAGE_AUTO => match self.iac.window() {
                Some((_, rows)) if rows > 1 => usize::from(rows) - 1,
                _ => return false,
            },
            lines => usize::from(lines),
        };
        let mut ends = memchr::memchr_iter(b'\n', &out.bytes[start..]).skip(lines_max - 1);
        let Some(end) = ends.next().map(|at| start + at + 1) else { return false };
        let left = ends.count();
        if left == 0 {
            return false;
        }
        self.page = Some(out.bytes.split_off(end));
        let text = format!("Press Enter to continue, A to abort ({left} lines)\r\n");
        out.bytes.extend_from_slice(text.as_bytes());
        true
    }

    /// What was typed while a page waits: blank = on, A or Q = enough, another command = enough, and that.
    fn on_page_key(&mut self, node: &NodeView, text: &[u8], out: &mut SessionOut) {
        let Some(rest) = self.page.take() else { return };
        match text.trim_ascii().to_ascii_uppercase().as_slice() {
            b"" => {
                let start = out.bytes.len();
                out.bytes.extend_from_slice(&rest);
                self.end_reply(node, start, out);
            }
            b"A" | b"ABORT" | b"Q" => self.prompt(node, out),
            _ => {
                let left = memchr::memchr_iter(b'\n', &rest).count();
                out.bytes.extend_from_slice(format!("({left} lines not shown)\r\n").as_bytes());
                self.take_command(node, text, out);
            }
        }
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
        match &self.user.settings.prompt {
            Some(format) => prompt::expand_own(format, &self.tokens(node), &mut out.bytes),
            None => self.tokens(node).expand_lines(&node.settings.telnet.prompt, &mut out.bytes),
        }
        self.sent_ns = node.now.mono_ns;
    }

    /// Ends a line that was left open.
    fn fresh_line(&mut self, out: &mut SessionOut) {
        if std::mem::take(&mut self.line_is_open) {
            out.bytes.extend_from_slice(b"\r\n");
        }
    }

    fn close(&mut self, reason: CloseReason, out: &mut SessionOut) {
        if self.unsaved {
            self.ask_to_save(out);
        }
        self.state = State::Closed;
        self.input = Vec::new();
        self.input_lines = 0;
        self.more = Vec::new();
        self.page = None;
        self.waiting = None;
        out.actions.push(Action::Close(reason));
    }

    fn tokens<'a>(&'a self, node: &'a NodeView<'a>) -> Tokens<'a> {
        Tokens { user: (!self.user.call.is_empty()).then_some(&self.user), node }
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

/// Whether a line names one of these calls.
fn names_one_of(line: &[u8], calls: &[Call]) -> bool {
    !calls.is_empty()
        && line
            .split(|b| !b.is_ascii_alphanumeric() && !b"/-".contains(b))
            .any(|word| calls.iter().any(|call| call.as_bytes() == word))
}

/// Separates commands of one line, as typed into the start-up boxes of logging programs: a backslash and an n.
const SEPARATOR: &[u8] = b"\\n";
const NS_PER_S: u64 = 1_000_000_000;
