//! From the call to the first prompt: the record, the password, the greeting.

use super::{Session, State};
use crate::accounts::{Account, Ask, Question, Reply, Secret, Settings, is_sysop};
use crate::config::{self, Posting};
use crate::filter::{Context, Wish};
use crate::spot::Call;
use crate::telnet::login::{self, LoginLine, Proxied};
use crate::telnet::{Action, CloseReason, NodeView, SessionOut, wash};

/// How long log-in waits for the record of a call; then it goes on with the node's defaults.
const RECORD_WAIT_NS: u64 = 2_000_000_000;
/// How long log-in waits for a password to be checked: hashing is slow on purpose, and after a restart
/// thousands come at once.
const CHECK_WAIT_NS: u64 = 15_000_000_000;
/// Longest piece of a bad call that is repeated to its sender.
const CALL_ECHO_MAX: usize = 20;

/// A user on his way in.
#[derive(Debug, Default)]
pub(super) struct Entering {
    call: Call,
    account: Option<Box<Account>>,
    /// The record did not come in time: it must not be written over.
    unread: bool,
    /// He gave the call's password.
    verified: bool,
}

impl Session {
    pub(super) fn on_login_line(&mut self, node: &NodeView, text: &[u8], tries: u8, out: &mut SessionOut) {
        if tries == 0 && !self.is_proxied && login::is_from(self.address, &node.settings.telnet.proxies) {
            match login::read_proxy(text) {
                Proxied::No => {}
                Proxied::Unknown => return self.is_proxied = true,
                Proxied::Address(address) => return self.on_real_address(node, address, out),
            }
        }
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
            LoginLine::Call(call) => self.open(node, call, out),
        }
    }

    /// A proxy that the operator trusts said who is behind it.
    fn on_real_address(&mut self, node: &NodeView, address: std::net::IpAddr, out: &mut SessionOut) {
        self.is_proxied = true;
        self.address = address;
        out.actions.push(Action::RealAddress(address));
        if let Some(ban) = node.bans.of_address(address, node.now.utc) {
            self.end_with(&ban.line(), CloseReason::LoginRefused, out);
        }
    }

    pub(super) fn refuse_login(&mut self, node: &NodeView, tries: u8, out: &mut SessionOut) {
        out.counts.logins_invalid += 1;
        let tries = tries + 1;
        if tries >= login::TRIES_MAX {
            out.bytes.extend_from_slice(b"Sorry, no call in three lines. Goodbye.\r\n");
            return self.close(CloseReason::LoginRefused, out);
        }
        self.state = State::Login { tries };
        self.ask_call(node, out);
    }

    pub(super) fn ask_call(&mut self, node: &NodeView, out: &mut SessionOut) {
        self.fresh_line(out);
        self.tokens(node).expand(&node.settings.telnet.login_prompt, &mut out.bytes);
        self.line_is_open = true;
    }

    /// Asks the accounts about a call. Input waits until they answer.
    fn open(&mut self, node: &NodeView, call: Call, out: &mut SessionOut) {
        if let Some(ban) = node.bans.of_call(&call, node.now.utc) {
            return self.end_with(&ban.line(), CloseReason::LoginRefused, out);
        }
        self.entering = Some(Box::new(Entering { call, ..Entering::default() }));
        let ask = self.ask(Question::Open { call }, out);
        self.state = State::Opening { ask, until_ns: node.now.mono_ns + RECORD_WAIT_NS };
    }

    /// What the accounts know of the call.
    pub(super) fn on_record(&mut self, node: &NodeView, reply: Reply, out: &mut SessionOut) {
        let account = match reply {
            Reply::Account(account) => account,
            // They are too busy, or broken.
            _ => return self.enter_unread(node, out),
        };
        if let Some(ban) = account.as_ref().and_then(|account| account.ban.as_ref()) {
            return self.end_with(&ban.line(), CloseReason::LoginRefused, out);
        }
        let has_password = account.as_ref().is_some_and(|account| account.has_password);
        if let Some(entering) = &mut self.entering {
            entering.account = account;
        }
        match has_password {
            true => {
                self.state = State::Password { tries: 0 };
                self.ask_password(out);
            }
            false => self.enter(node, out),
        }
    }

    /// The record did not come in time.
    pub(super) fn enter_unread(&mut self, node: &NodeView, out: &mut SessionOut) {
        if let Some(entering) = &mut self.entering {
            entering.unread = true;
        }
        out.counts.replies_missed += 1;
        self.enter(node, out);
    }

    /// Asks for the password; where the client speaks telnet, its terminal shows nothing of it.
    pub(super) fn ask_password(&mut self, out: &mut SessionOut) {
        self.fresh_line(out);
        self.iac.hide_typing(true, &mut out.bytes);
        out.bytes.extend_from_slice(b"password: ");
        self.line_is_open = true;
    }

    pub(super) fn on_password_line(&mut self, node: &NodeView, text: &[u8], tries: u8, out: &mut SessionOut) {
        let Some(call) = self.entering.as_ref().map(|entering| entering.call) else { return };
        let password = Secret(text.trim_ascii().to_vec());
        let ask = self.ask(Question::Check { call, password }, out);
        self.state = State::Checking { ask, tries, until_ns: node.now.mono_ns + CHECK_WAIT_NS };
    }

    pub(super) fn on_checked(&mut self, node: &NodeView, tries: u8, reply: Reply, out: &mut SessionOut) {
        match reply {
            Reply::Password(true) => {
                if let Some(entering) = &mut self.entering {
                    entering.verified = true;
                }
                self.enter(node, out);
            }
            Reply::Password(false) => self.refuse_password(tries, out),
            Reply::Done(Err(why)) => {
                self.fresh_line(out);
                out.bytes.extend_from_slice(format!("Sorry, not checked: {why}.\r\n").as_bytes());
                self.state = State::Password { tries };
                self.ask_password(out);
            }
            _ => self.give_up_checking(out),
        }
    }

    pub(super) fn refuse_password(&mut self, tries: u8, out: &mut SessionOut) {
        out.counts.logins_invalid += 1;
        let tries = tries + 1;
        let call = self.entering.as_ref().map(|entering| entering.call).unwrap_or_default();
        self.fresh_line(out);
        if tries >= login::TRIES_MAX {
            self.iac.hide_typing(false, &mut out.bytes);
            let text = format!("Sorry, that is not the password of {call}. Goodbye.\r\n");
            out.bytes.extend_from_slice(text.as_bytes());
            return self.close(CloseReason::LoginRefused, out);
        }
        let text = format!("Sorry, that is not the password of {call}. Try again.\r\n");
        out.bytes.extend_from_slice(text.as_bytes());
        self.state = State::Password { tries };
        self.ask_password(out);
    }

    /// Too many wrong passwords came from his address, by him or by others: until then, in monotonic ns, none is
    /// looked at.
    pub fn on_too_many_passwords(&mut self, node: &NodeView, until_ns: u64, out: &mut SessionOut) {
        self.iac.hide_typing(false, &mut out.bytes);
        let minutes = until_ns.saturating_sub(node.now.mono_ns).div_ceil(60_000_000_000).max(1);
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        let line = format!("Sorry, too many wrong passwords from your address; try again in {minutes} {unit}.");
        self.end_with(&line, CloseReason::LoginRefused, out);
    }

    /// Nobody checked the password in time. He may not come in unchecked.
    pub(super) fn give_up_checking(&mut self, out: &mut SessionOut) {
        out.counts.replies_missed += 1;
        self.fresh_line(out);
        self.iac.hide_typing(false, &mut out.bytes);
        out.bytes.extend_from_slice(b"Sorry, your password could not be checked in time. Try again later.\r\n");
        self.close(CloseReason::LoginRefused, out);
    }

    /// He is in: settings, greeting, first prompt.
    fn enter(&mut self, node: &NodeView, out: &mut SessionOut) {
        let Some(entering) = self.entering.take() else { return };
        let Entering { call, account, unread, verified } = *entering;
        let node_settings = node.settings;
        let defaults = of_node(node);
        let user = &mut self.user;
        user.call = call;
        user.since = node.now.utc;
        user.is_kept = !unread;
        user.has_given_password = verified;
        user.is_known = account.is_some();
        let mut lost = Vec::new();
        let mut settings = None;
        if let Some(account) = account {
            user.last_login = account.last_login;
            user.last_address = account.last_address;
            user.is_registered = account.registered;
            settings = account.settings;
            lost = account.lost;
        }
        user.settings = settings.unwrap_or(defaults);
        user.filter = user.settings.wish.filter();
        user.is_sysop = verified && is_sysop(&node_settings.accounts, &call);
        user.settle_posting(node_settings.accounts.posting);
        self.state = State::Ready;
        self.told = self.choice();
        self.told_standing = self.standing();
        out.actions.push(Action::LogIn(call));
        if !unread {
            let question = Question::Enter { call, address: self.address, at: node.now.utc };
            self.ask(question, out);
        }
        // Loggers read lines: the greeting must not hang on the line of a prompt.
        self.fresh_line(out);
        self.iac.hide_typing(false, &mut out.bytes);
        let telnet = &node_settings.telnet;
        for text in [&telnet.greeting, &telnet.dialect_welcome, &telnet.motd] {
            self.tokens(node).expand_lines(text, &mut out.bytes);
        }
        if unread {
            out.bytes.extend_from_slice(
                b"Your settings could not be read in time: you have the node's defaults, and what you\r\n\
                  change in this session is not kept.\r\n",
            );
        }
        if !lost.is_empty() {
            out.bytes.extend_from_slice(b"These of your settings mean nothing any more and were left out:\r\n");
            for line in lost {
                let line = wash::excerpt(line.as_bytes(), LOST_LINE_MAX);
                out.bytes.extend_from_slice(format!("  {line}\r\n").as_bytes());
            }
        }
        if !self.user.may_post {
            out.bytes.extend_from_slice(self.user.guest_line(node_settings).as_bytes());
            out.bytes.extend_from_slice(b"\r\n");
        }
        self.prompt(node, out);
    }

    /// Sends a numbered question to the accounts.
    pub(super) fn ask(&mut self, question: Question, out: &mut SessionOut) -> u32 {
        self.user.ask_accounts(question, out)
    }
}

/// Longest repeated line of a lost setting.
const LOST_LINE_MAX: usize = 120;

/// What a user has who chose nothing, the node's default filter included.
fn of_node(node: &NodeView) -> Settings {
    let telnet = &node.settings.telnet;
    let mut settings = Settings::of_node(telnet);
    let context =
        Context { cty: node.cty, feeds: node.feeds, grid: settings.grid, default_filter: &telnet.default_filter };
    settings.wish = Wish::of_node(&context);
    settings
}

impl super::User {
    /// Sends a numbered question to the accounts.
    pub(in crate::telnet) fn ask_accounts(&mut self, question: Question, out: &mut SessionOut) -> u32 {
        self.asks = self.asks.wrapping_add(1);
        let ask = self.asks;
        out.actions.push(Action::AskAccounts(Ask { session: self.id, ask, question }));
        ask
    }

    /// Whether he may post, after something changed about him.
    pub(in crate::telnet) fn settle_posting(&mut self, posting: Posting) {
        self.may_post = match posting {
            Posting::Everybody => true,
            Posting::Registered => self.is_registered && self.has_given_password,
        };
    }

    /// What a reload changed about his rights. It takes a sysop's away at once; they come with a log-in.
    pub(super) fn follow_node(&mut self, accounts: &config::Accounts) {
        self.is_sysop = self.is_sysop && is_sysop(accounts, &self.call);
        self.settle_posting(accounts.posting);
    }

    /// What a guest is told who wants to post: how he would be more than one.
    pub(in crate::telnet) fn guest_line(&self, node: &crate::config::Node) -> String {
        use crate::config::Registration;
        match (node.accounts.registration, self.is_registered) {
            (_, true) => "Only registered users who log in with a password may post: SET/PASSWORD makes yours.",
            (Registration::Open, false) => "Only registered users may post here: SET/PASSWORD registers you.",
            (Registration::Sysop, false) => "Only registered users may post here: REGISTER tells how to become one.",
        }
        .into()
    }
}
