//! What conversations cannot show: bounds, pace, order across held commands, any bytes in any state.

use super::pace::Pace;
use super::session::REPLY_WAIT_NS;
use super::wash::is_clean;
use super::*;
use crate::accounts::{Account, Answer, Ask, Question, Reply, Settings};
use crate::config;
use crate::engine::TestClock;
use crate::filter::Context;
use crate::reference::Cty;
use crate::spot::{Bulletin, BulletinKind, Call, Grid, Proof, SessionId, Standing, Utc, Verdict};
use crate::wire::Iac;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);

/// The accounts of a node where only K0PW has a record, with the password `let.me.in`, and saving works.
pub(super) fn nobody_is_known(ask: Ask) -> Option<Answer> {
    let reply = match ask.question {
        Question::Open { call } if call == Call::literal("K0PW") => Reply::Account(Some(Box::new(Account {
            call,
            settings: None,
            has_password: true,
            registered: true,
            last_login: None,
            last_address: None,
            ban: None,
            lost: Vec::new(),
        }))),
        Question::Check { password, .. } => Reply::Password(password.0 == b"let.me.in"),
        Question::Open { .. } => Reply::Account(None),
        Question::Enter { .. } => return None,
        Question::Save { .. } => Reply::Done(Ok(String::new())),
        _ => Reply::Done(Err("not in this test".into())),
    };
    Some(Answer { session: ask.session, ask: ask.ask, reply })
}

struct Bench {
    session: Session,
    settings: config::Node,
    clock: TestClock,
    out: SessionOut,
    accounts_answer: bool,
    saved: Vec<Settings>,
}

impl Bench {
    fn connected() -> Bench {
        let clock = TestClock::at(Utc::from_civil(2025, 12, 6, 13, 59, 0));
        let settings = config::Node::default();
        let session = Session::new(SessionId::new(0, 1, 1), IpAddr::V4(Ipv4Addr::LOCALHOST), clock.now());
        let out = SessionOut::default();
        let mut bench = Bench { session, settings, clock, out, accounts_answer: true, saved: Vec::new() };
        bench.call(|session, node, out| session.on_connect(node, out));
        bench
    }
    /// Logged in, and everything said so far forgotten.
    fn ready() -> Bench {
        let mut bench = Bench::connected();
        bench.type_in(b"K1ABC\r\n");
        bench.out.clear();
        bench
    }
    /// Does one thing, and answers the accounts' questions at once: nobody has a record, saving works.
    fn call(&mut self, act: impl FnOnce(&mut Session, &NodeView, &mut SessionOut)) {
        self.step(act);
        if !self.accounts_answer {
            return;
        }
        while let Some(at) = self.out.actions.iter().position(|action| matches!(action, Action::AskAccounts(_))) {
            let Action::AskAccounts(ask) = self.out.actions.remove(at) else { break };
            if let Question::Save { settings, .. } = &ask.question {
                self.saved.push((**settings).clone());
            }
            if let Some(answer) = nobody_is_known(ask) {
                self.step(|session, node, out| session.on_answer(node, answer, out));
            }
        }
    }
    fn step(&mut self, act: impl FnOnce(&mut Session, &NodeView, &mut SessionOut)) {
        let node = NodeView {
            settings: &self.settings,
            users: &[],
            bans: crate::accounts::BanList::empty(),
            cty: &CTY,
            feeds: &[],
            digest: &crate::telnet::Digest::EMPTY,
            started: Utc::from_secs(0),
            now: self.clock.now(),
        };
        act(&mut self.session, &node, &mut self.out);
    }
    fn type_in(&mut self, bytes: &[u8]) {
        self.call(|session, node, out| session.on_bytes(node, bytes, out));
    }
    fn fire_timer(&mut self) {
        self.call(|session, node, out| session.on_timer(node, out));
    }
    /// To the session's deadline, not a nanosecond earlier.
    fn advance_to_deadline(&mut self) {
        let due_ns = self.session.deadline_ns() - self.clock.now().mono_ns;
        self.clock.advance_ms(due_ns.div_ceil(1_000_000));
        self.fire_timer();
    }
    fn said(&mut self) -> String {
        String::from_utf8_lossy(&text_of(&std::mem::take(&mut self.out.bytes))).into_owned()
    }
    /// The number of the last question to the history.
    fn history_ask(&self) -> u32 {
        let asks = self.out.actions.iter().rev().filter_map(|action| match action {
            Action::AskHistory(request) => Some(request.ask),
            _ => None,
        });
        asks.take(1).next().expect("a question to the history")
    }
    fn history(&mut self, reply: &[u8]) {
        let ask = self.history_ask();
        self.call(|session, node, out| session.on_history(node, ask, reply, out));
    }
    fn posts(&self) -> usize {
        self.out.actions.iter().filter(|action| matches!(action, Action::Post(_))).count()
    }
}

/// What a client shows: without telnet options.
fn text_of(said: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    Iac::client().feed(said, &mut text, &mut Vec::new());
    text
}

/// Lines without prompts.
fn replies(said: &str) -> Vec<&str> {
    said.lines().filter(|line| !line.ends_with("dxspider >")).collect()
}

#[test]
fn a_held_session_takes_64_lines_and_then_no_more() {
    let mut bench = Bench::ready();
    bench.type_in(b"sh/dx\r\n");
    for n in 0..LINES_WAITING_MAX {
        assert!(bench.session.wants_bytes(), "line {n}");
        bench.type_in(format!("echo {n}\r\n").as_bytes());
    }
    assert!(!bench.session.wants_bytes());
    assert_eq!(bench.said(), "", "nothing is said before the answer");
    bench.history(b"");
    let said = bench.said();
    assert!(bench.session.wants_bytes());
    let echoed = replies(&said);
    assert_eq!(echoed[..3], ["No spots found.", "0", "1"]);
}

#[test]
fn long_lines_fill_the_waiting_room_too() {
    let mut bench = Bench::ready();
    bench.type_in(b"sh/dx\r\n");
    bench.type_in(&vec![b'x'; INPUT_BYTES_MAX - 1]);
    assert!(bench.session.wants_bytes());
    bench.type_in(b"x");
    assert!(!bench.session.wants_bytes());
}

#[test]
fn a_loop_that_feeds_against_the_contract_loses_the_session() {
    let mut bench = Bench::ready();
    bench.type_in(b"sh/dx\r\n");
    for _ in 0..100 {
        bench.type_in(&[b'\n'; 4096]);
    }
    assert!(matches!(bench.out.actions.last(), Some(Action::Close(CloseReason::Flood))));
    assert_eq!(bench.session.deadline_ns(), u64::MAX);
}

#[test]
fn too_many_commands_wait_and_none_is_lost() {
    let mut bench = Bench::ready();
    let count = Pace::BURST + 8;
    let paste: String = (0..count).map(|n| format!("echo {n}\r\n")).collect();
    bench.type_in(paste.as_bytes());
    let mut said = bench.said();
    // Log-in itself takes no token.
    assert_eq!(replies(&said).len() as u64, Pace::BURST);
    let mut turns = 0;
    while (replies(&said).len() as u64) < count {
        bench.advance_to_deadline();
        said += &bench.said();
        turns += 1;
        assert!(turns <= 8, "one line per interval: {said}");
    }
    let wanted: Vec<String> = (0..count).map(|n| n.to_string()).collect();
    assert_eq!(replies(&said), wanted);
    assert!(!bench.session.is_closed());
}

#[test]
fn ten_bad_commands_and_more_close_nothing() {
    let mut bench = Bench::ready();
    bench.type_in(&b"nonsense\r\n".repeat(30));
    assert_eq!(bench.said().matches("dxspider >\r\n").count(), 30, "a prompt for each");
    assert_eq!(bench.out.counts.commands_unknown, 30);
    assert!(!bench.session.is_closed());
}

#[test]
fn a_client_that_answers_every_line_with_a_blank_one_is_not_answered_for_ever() {
    let mut bench = Bench::ready();
    bench.type_in(b"ping\r\n");
    for _ in 0..1000 {
        let lines = bench.said().lines().count();
        if lines == 0 {
            break;
        }
        bench.type_in(&b"\r\n".repeat(lines));
    }
    assert_eq!(bench.said(), "", "the two have come to rest");
    bench.clock.advance_ms(1000);
    bench.type_in(b"\r\n");
    assert!(bench.said().ends_with("dxspider >\r\n"), "and a later blank line is answered again");
}

#[test]
fn a_long_command_line_costs_one_reply() {
    let mut bench = Bench::ready();
    let mut line = vec![b'x'; 1_000_000];
    line.extend_from_slice(b"\r\nping\r\n");
    for piece in line.chunks(16 * 1024) {
        assert!(bench.session.wants_bytes(), "a line that is thrown away holds nothing up");
        bench.type_in(piece);
    }
    let said = bench.said();
    assert_eq!(replies(&said), ["That line was longer than 512 bytes and was not read.", "PONG"]);
    assert_eq!(bench.out.counts.lines_too_long, 1);
}

#[test]
fn deadlines_are_exact() {
    let mut bench = Bench::connected();
    let accept_ns = bench.clock.now().mono_ns;
    assert_eq!(bench.session.deadline_ns(), accept_ns + 60_000_000_000);
    bench.clock.advance_ms(1_000);
    bench.type_in(b"K1ABC\r\n");
    let login_ns = bench.clock.now().mono_ns;
    assert_eq!(bench.session.deadline_ns(), login_ns + 600_000_000_000, "keepalive");
    bench.clock.advance_ms(1_000);
    let now = bench.clock.now();
    bench.session.on_sent(now);
    assert_eq!(bench.session.deadline_ns(), now.mono_ns + 600_000_000_000);
    bench.type_in(b"sh/dx\r\n");
    assert_eq!(bench.session.deadline_ns(), now.mono_ns + REPLY_WAIT_NS);
    bench.clock.advance_ms(1_999);
    bench.out.clear();
    bench.fire_timer();
    assert_eq!(bench.said(), "");
    bench.clock.advance_ms(1);
    bench.fire_timer();
    assert_eq!(replies(&bench.said()), ["The history did not answer within 2 s. Try again."]);
    assert_eq!(bench.out.counts.replies_missed, 1);
}

#[test]
fn a_user_who_says_nothing_is_let_go_only_if_configured() {
    let mut bench = Bench::connected();
    bench.settings.telnet.idle_timeout_s = 1800;
    bench.settings.telnet.keepalive_s = 0;
    bench.call(|session, node, out| session.on_connect(node, out));
    bench.type_in(b"K1ABC\r\n");
    let login_ns = bench.clock.now().mono_ns;
    assert_eq!(bench.session.deadline_ns(), login_ns + 1_800_000_000_000);
    let now = bench.clock.now();
    bench.session.on_sent(now);
    bench.clock.advance_ms(1_799_999);
    bench.fire_timer();
    assert!(!bench.session.is_closed());
    bench.clock.advance_ms(1);
    bench.fire_timer();
    assert!(matches!(bench.out.actions.last(), Some(Action::Close(CloseReason::Idle))));
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let mut bench = Bench::ready();
    bench.type_in(b"sh/dx 1\r\n");
    let first = bench.history_ask();
    bench.advance_to_deadline();
    bench.said();
    bench.type_in(b"sh/dx 2\r\n");
    let second = bench.history_ask();
    bench.call(|session, node, out| session.on_history(node, first, b"late\r\n", out));
    assert_eq!(bench.said(), "");
    bench.call(|session, node, out| session.on_history(node, second, b"right\r\n", out));
    assert_eq!(replies(&bench.said()), ["right"]);
    // One that nobody asked for, or that comes twice, is nothing.
    bench.call(|session, node, out| session.on_history(node, second, b"twice\r\n", out));
    bench.call(|session, node, out| session.on_history(node, second + 1, b"stray\r\n", out));
    bench.call(|session, node, out| session.on_verdict(node, Verdict::Sent { users: 1 }, out));
    assert_eq!(bench.said(), "");
}

#[test]
fn posts_wait_for_each_other() {
    let mut bench = Bench::ready();
    bench.type_in(b"dx 7010 ja1abc\r\ndx 7011 ja2abc\r\necho end\r\n");
    assert_eq!(bench.posts(), 1);
    bench.call(|session, node, out| session.on_verdict(node, Verdict::Sent { users: 3 }, out));
    assert_eq!(bench.posts(), 2);
    bench.advance_to_deadline();
    let said = bench.said();
    assert_eq!(
        replies(&said),
        [
            "JA1ABC on 7010.0 kHz: sent to 3 users here",
            "JA2ABC on 7011.0 kHz: no answer from the node within 2 s; its fate is unknown.",
            "end"
        ]
    );
}

#[test]
fn a_post_is_complete_and_its_comment_as_written() {
    let mut bench = Bench::ready();
    let comment = "CW up 2 für Jürgen! (q&a) \"73\"";
    bench.type_in(format!("DX 14025.3 ja1abc/p {comment}\r\n").as_bytes());
    let Some(Action::Post(spot)) = bench.out.actions.last() else { panic!("no post") };
    assert_eq!((spot.dx.as_str(), spot.de.as_str()), ("JA1ABC/P", "K1ABC"));
    assert_eq!(spot.comment(), comment.as_bytes());
    assert_eq!(spot.post, SessionId::new(0, 1, 1));
    assert_eq!(spot.feed, crate::spot::Spot::FEED_POSTS);
    assert_eq!(spot.time, bench.clock.now().utc);
    assert!(spot.flags.has(crate::spot::Flags::POST) && !spot.is_skimmer());
}

#[test]
fn a_cut_comment_is_told() {
    let mut bench = Bench::ready();
    bench.type_in(format!("DX 14025 ja1abc {}\r\n", "long ".repeat(40)).as_bytes());
    bench.call(|session, node, out| session.on_verdict(node, Verdict::Sent { users: 1 }, out));
    assert_eq!(replies(&bench.said()), ["JA1ABC on 14025.0 kHz: sent to 1 user here (comment cut to 96 bytes)"]);
}

#[test]
fn preferences_are_told_once_and_only_when_they_change() {
    let mut bench = Bench::ready();
    bench.type_in(b"set/dedupe med\r\nset/dedupe slow\r\nset/dedupe slow\r\nset/updates\r\nset/format go\r\n");
    let told = bench.out.actions.iter().filter(|action| matches!(action, Action::Prefer(_))).count();
    assert_eq!(told, 3);
    let now = bench.session.choice().key.preferences;
    assert_eq!((now.dedupe, now.updates), (config::Dedupe::Slow, true));
    assert_eq!(now.style.format, config::LineFormat::Gocluster);
}

#[test]
fn the_node_sets_where_users_begin() {
    let mut bench = Bench::connected();
    bench.settings.telnet.line_format = config::LineFormat::Gocluster;
    bench.settings.telnet.dedupe = config::Dedupe::Fast;
    bench.call(|session, node, out| session.on_connect(node, out));
    let now = bench.session.choice().key.preferences;
    assert_eq!(
        (now.style.format, now.dedupe, now.updates),
        (config::LineFormat::Gocluster, config::Dedupe::Fast, false)
    );
}

/// A question to the accounts, taken from what the session wants done.
fn asked(bench: &mut Bench) -> Ask {
    let at = bench.out.actions.iter().position(|action| matches!(action, Action::AskAccounts(_)));
    match bench.out.actions.remove(at.expect("a question")) {
        Action::AskAccounts(ask) => ask,
        _ => unreachable!("just matched"),
    }
}

fn answer(bench: &mut Bench, ask: u32, reply: Reply) {
    let session = SessionId::new(0, 1, 1);
    bench.step(|s, node, out| s.on_answer(node, Answer { session, ask, reply }, out));
}

fn account(has_password: bool) -> Option<Box<Account>> {
    Some(Box::new(Account {
        call: Call::literal("K1ABC"),
        settings: None,
        has_password,
        registered: true,
        last_login: None,
        last_address: None,
        ban: None,
        lost: Vec::new(),
    }))
}

#[test]
fn log_in_waits_two_seconds_for_the_record_and_keeps_the_input() {
    let mut bench = Bench::connected();
    bench.accounts_answer = false;
    bench.said();
    bench.type_in(b"k1abc\r\nset/dedupe fast\r\necho hi\r\n");
    assert_eq!(bench.said(), "");
    let ask = asked(&mut bench);
    assert!(matches!(ask.question, Question::Open { call } if call == Call::literal("K1ABC")));
    bench.clock.advance_ms(1_999);
    bench.fire_timer();
    assert_eq!(bench.said(), "");
    bench.clock.advance_ms(1);
    bench.fire_timer();
    let said = bench.said();
    assert!(said.contains("could not be read in time"), "{said}");
    assert!(said.ends_with("hi\r\nK1ABC de N0CALL 6-Dec-2025 1359Z dxspider >\r\n"), "{said}");
    // The record is unread: nothing is saved over it, and its late answer changes nothing.
    let asks = bench.out.actions.iter().filter(|action| matches!(action, Action::AskAccounts(_))).count();
    assert_eq!(asks, 0);
    answer(&mut bench, ask.ask, Reply::Account(account(true)));
    assert_eq!(bench.said(), "");
    assert_eq!(bench.session.choice().key.preferences.dedupe, config::Dedupe::Fast);
}

#[test]
fn an_owned_call_takes_its_password_within_three_tries() {
    for right_at in [1, 3, 4] {
        let mut bench = Bench::connected();
        bench.accounts_answer = false;
        bench.type_in(b"k1abc\r\n");
        let ask = asked(&mut bench);
        bench.said();
        answer(&mut bench, ask.ask, Reply::Account(account(true)));
        assert_eq!(bench.said(), "\r\npassword: ");
        assert_eq!(bench.session.call(), None);
        for nth in 1..=3 {
            bench.type_in(format!("guess {nth}\r\n").as_bytes());
            let ask = asked(&mut bench);
            let Question::Check { password, .. } = &ask.question else { panic!("no check") };
            assert_eq!(password.0, format!("guess {nth}").as_bytes());
            answer(&mut bench, ask.ask, Reply::Password(nth == right_at));
            let said = bench.said();
            if nth == right_at {
                assert!(said.contains("Hello K1ABC"), "{said}");
                assert_eq!(bench.session.call(), Some(Call::literal("K1ABC")));
                break;
            }
            assert!(said.starts_with("\r\nSorry"), "{said}");
            assert_eq!(said.ends_with("password: "), nth < 3, "{said}");
        }
        assert_eq!(bench.session.is_closed(), right_at > 3);
    }
}

#[test]
fn a_reload_takes_a_sysops_rights_from_who_is_here() {
    let mut bench = Bench::connected();
    bench.accounts_answer = false;
    bench.settings.accounts.sysops = vec!["K1ABC".into()];
    bench.settings.accounts.posting = config::Posting::Registered;
    bench.type_in(b"k1abc\r\n");
    let ask = asked(&mut bench).ask;
    answer(&mut bench, ask, Reply::Account(account(true)));
    bench.type_in(b"let.me.in\r\n");
    let ask = asked(&mut bench).ask;
    answer(&mut bench, ask, Reply::Password(true));
    bench.said();
    let kick = |bench: &mut Bench| {
        bench.type_in(b"kick g1abc\r\n");
        bench.said()
    };
    assert!(kick(&mut bench).contains("G1ABC is told to go"));
    bench.settings.accounts.sysops.clear();
    assert!(kick(&mut bench).contains("Only a sysop"));
    bench.settings.accounts.sysops = vec!["K1ABC".into()];
    assert!(kick(&mut bench).contains("Only a sysop"), "it comes back with a log-in");
}

#[test]
fn a_reload_lets_guests_post_or_not() {
    let mut bench = Bench::ready();
    let post = |bench: &mut Bench, posting| {
        bench.settings.accounts.posting = posting;
        bench.type_in(b"ann hello\r\n");
        bench.said().contains("Only registered users")
    };
    assert!(!post(&mut bench, config::Posting::Everybody));
    assert!(post(&mut bench, config::Posting::Registered));
    assert!(!post(&mut bench, config::Posting::Everybody));
}

#[test]
fn an_unchecked_password_lets_nobody_in() {
    let mut bench = Bench::connected();
    bench.accounts_answer = false;
    bench.type_in(b"k1abc\r\n");
    let ask = asked(&mut bench);
    answer(&mut bench, ask.ask, Reply::Account(account(true)));
    bench.type_in(b"secret\r\nsh/time\r\n");
    bench.clock.advance_ms(20_000);
    bench.fire_timer();
    assert!(bench.session.is_closed());
    assert!(bench.said().contains("Sorry"));
}

#[test]
fn settings_are_saved_one_at_a_time_and_whole() {
    let mut bench = Bench::ready();
    bench.accounts_answer = false;
    bench.type_in(b"set/dedupe fast\r\nset/diag on\r\nset/updates on\r\n");
    let first = asked(&mut bench);
    assert!(!bench.out.actions.iter().any(|action| matches!(action, Action::AskAccounts(_))));
    answer(&mut bench, first.ask, Reply::Done(Ok(String::new())));
    let Question::Save { settings, .. } = asked(&mut bench).question else { panic!("no save") };
    assert_eq!((settings.preferences.dedupe, settings.preferences.updates), (config::Dedupe::Fast, true));
    assert_eq!(settings.preferences.style.diag, 0, "this session's only");
    // What was not saved yet goes with the farewell, and a failure is told.
    bench.type_in(b"set/updates off\r\nbye\r\n");
    let Question::Save { settings, .. } = asked(&mut bench).question else { panic!("no save") };
    assert!(!settings.preferences.updates);
}

#[test]
fn a_failed_save_is_told() {
    let mut bench = Bench::ready();
    bench.accounts_answer = false;
    bench.type_in(b"set/updates on\r\n");
    let ask = asked(&mut bench).ask;
    bench.said();
    answer(&mut bench, ask, Reply::Done(Err("the disk is full".into())));
    assert_eq!(bench.said(), "warning: not saved: the disk is full\r\n");
}

#[test]
fn settings_that_mean_nothing_any_more_are_told_at_log_in() {
    let mut bench = Bench::connected();
    bench.accounts_answer = false;
    bench.type_in(b"K1ABC\r\n");
    let ask = asked(&mut bench).ask;
    let account = Account {
        call: Call::literal("K1ABC"),
        settings: Some(Settings::of_node(&bench.settings.telnet)),
        has_password: false,
        registered: false,
        last_login: None,
        last_address: None,
        ban: None,
        lost: vec!["PASS SOURCE gone".into()],
    };
    bench.said();
    answer(&mut bench, ask, Reply::Account(Some(Box::new(account))));
    let said = bench.said();
    assert!(said.contains("mean nothing any more and were left out:\r\n  PASS SOURCE gone\r\n"), "{said}");
}

#[test]
fn how_a_user_stands_is_told_when_it_changes() {
    let stands = |bench: &mut Bench| {
        let told = bench.out.actions.iter().filter_map(|action| match action {
            Action::Stands(standing) => Some(*standing),
            _ => None,
        });
        let told: Vec<Standing> = told.collect();
        bench.out.clear();
        told
    };
    let mut bench = Bench::ready();
    assert_eq!(bench.session.standing(), Standing { is_away: false, proof: Proof::NotNeeded });
    bench.type_in(b"set/nohere\r\nset/nohere\r\n");
    assert_eq!(stands(&mut bench), [Standing { is_away: true, proof: Proof::NotNeeded }]);
    bench.type_in(b"set/here\r\n");
    assert_eq!(stands(&mut bench), [Standing::default()]);
    // From his own password on nobody unchecked may throw him out.
    bench.accounts_answer = false;
    bench.type_in(b"set/password a.long.one\r\n");
    let ask = asked(&mut bench).ask;
    answer(&mut bench, ask, Reply::Done(Ok(String::new())));
    assert_eq!(stands(&mut bench), [Standing { is_away: false, proof: Proof::Password }]);
    // Whose record did not come may be anybody.
    let mut bench = Bench::connected();
    bench.accounts_answer = false;
    bench.type_in(b"K1ABC\r\n");
    bench.advance_to_deadline();
    assert!(bench.said().contains("Hello K1ABC"));
    assert_eq!(bench.session.standing().proof, Proof::Unread);
}

#[test]
fn a_proxy_is_believed_only_where_it_is_listed() {
    const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 51234 7300\r\nK1ABC\r\n";
    let mut bench = Bench::connected();
    bench.type_in(LINE);
    assert!(bench.said().contains("is an invalid callsign"));
    let mut bench = Bench::connected();
    bench.settings.telnet.proxies = vec!["127.0.0.0/8".into()];
    bench.type_in(LINE);
    let said = bench.said();
    assert!(said.contains("Hello K1ABC") && !said.contains("invalid"), "{said}");
    let real: IpAddr = "192.0.2.7".parse().unwrap();
    assert_eq!(bench.session.address(), real);
    assert!(bench.out.actions.iter().any(|action| matches!(action, Action::RealAddress(ip) if *ip == real)));
}

#[test]
fn a_backslash_and_an_n_separate_commands() {
    let mut bench = Bench::ready();
    bench.type_in(b"sh/dx/10\\necho two\\n\\n echo three\r\necho four\r\n");
    assert_eq!(bench.said(), "");
    bench.history(b"one\r\n");
    assert_eq!(replies(&bench.said()), ["one", "two", "three", "four"]);
}

#[test]
fn long_replies_come_in_pages() {
    let lines = b"1\r\n2\r\n3\r\n4\r\n5\r\n";
    let page = |bench: &mut Bench, key: &[u8]| {
        bench.type_in(key);
        bench.said().lines().map(String::from).collect::<Vec<_>>()
    };
    let show = |bench: &mut Bench| {
        bench.type_in(b"sh/dx\r\n");
        bench.history(lines);
        bench.said().lines().map(String::from).collect::<Vec<_>>()
    };
    const PROMPT: &str = "K1ABC de N0CALL 6-Dec-2025 1359Z dxspider >";
    let mut bench = Bench::ready();
    page(&mut bench, b"set/page 2\r\n");
    assert_eq!(show(&mut bench), ["1", "2", "Press Enter to continue, A to abort (3 lines)"]);
    assert_eq!(page(&mut bench, b"\r\n"), ["3", "4", "Press Enter to continue, A to abort (1 lines)"]);
    assert_eq!(page(&mut bench, b"\r\n"), ["5", PROMPT]);
    show(&mut bench);
    assert_eq!(page(&mut bench, b"a\r\n"), [PROMPT]);
    show(&mut bench);
    assert_eq!(page(&mut bench, b"ping\r\n"), ["(3 lines not shown)", "PONG", PROMPT]);
    page(&mut bench, b"set/page 5\r\n");
    assert_eq!(show(&mut bench).len(), 6, "a reply of just one page is not cut");
    // The window's size, as the terminal tells it: 80 columns, 4 rows.
    page(&mut bench, b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x04\xff\xf0set/page auto\r\n");
    assert_eq!(show(&mut bench)[3], "Press Enter to continue, A to abort (2 lines)");
}

/// Something that may happen to a session.
#[derive(Clone, Debug)]
enum Event {
    Bytes(Vec<u8>),
    Wait(u32),
    Verdict,
    History(u32, Vec<u8>),
    Talk(Vec<u8>),
    Bulletin(Vec<u8>),
    Lapped(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let word: Vec<&[u8]> = vec![
        b"K1ABC\r\n",
        b"dx 14025 ja1abc ",
        b"sh/dx/",
        b"echo ",
        b"set/",
        b"help ",
        b"who\n",
        b"\xff\xfb\x01",
        b"\r",
        b"\n",
        b"20 ",
        b"bye",
        b"\x15",
        b"\x08",
    ];
    let text = prop_oneof![
        prop::sample::select(word).prop_map(|word| word.to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(any::<u8>(), 500..600),
    ];
    prop_oneof![
        6 => text.prop_map(Event::Bytes),
        1 => (0u32..120_000).prop_map(Event::Wait),
        1 => Just(Event::Verdict),
        1 => (1u32..9).prop_map(|ask| Event::History(ask, b"line\r\n".to_vec())),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Event::Talk),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Event::Bulletin),
        1 => any::<u64>().prop_map(Event::Lapped),
    ]
}

proptest! {
    /// Whatever comes, in whatever state: no panic, whole lines, and nothing in them that steers a terminal.
    #[test]
    fn any_bytes_in_any_state(logged_in: bool, events in prop::collection::vec(event(), 0..40)) {
        let mut bench = if logged_in { Bench::ready() } else { Bench::connected() };
        for event in events {
            match event {
                Event::Bytes(bytes) if bench.session.wants_bytes() => bench.type_in(&bytes),
                Event::Bytes(_) => {}
                Event::Wait(ms) => {
                    bench.clock.advance_ms(u64::from(ms));
                    bench.fire_timer();
                    prop_assert!(bench.session.deadline_ns() > bench.clock.now().mono_ns, "a timer that is due for ever");
                }
                Event::Verdict => bench.call(|s, node, out| s.on_verdict(node, Verdict::Sent { users: 1 }, out)),
                Event::History(ask, lines) => bench.call(|s, node, out| s.on_history(node, ask, &lines, out)),
                Event::Talk(text) => bench.call(|s, node, out| s.on_talk(node, Call::literal("G1ABC"), &text, out)),
                Event::Bulletin(line) => {
                    let bulletin = Bulletin { kind: BulletinKind::Announce, line };
                    bench.call(|s, node, out| s.on_bulletin(node, &bulletin, out));
                }
                Event::Lapped(lines) => bench.call(|s, node, out| s.on_lapped(node, lines, out)),
            }
            prop_assert!(bench.session.deadline_ns() > bench.clock.now().mono_ns || bench.session.is_closed());
        }
        let said = text_of(&bench.out.bytes);
        for line in said.split(|&b| b == b'\n') {
            prop_assert!(is_clean(line.strip_suffix(b"\r").unwrap_or(line)), "{:?}", String::from_utf8_lossy(line));
        }
    }

    /// The split of the bytes changes nothing.
    #[test]
    fn any_split_says_the_same(bytes in prop::collection::vec(event(), 0..20), cut in 1usize..50) {
        let typed: Vec<u8> = bytes
            .into_iter()
            .filter_map(|event| if let Event::Bytes(bytes) = event { Some(bytes) } else { None })
            .flatten()
            .collect();
        let (mut whole, mut split) = (Bench::ready(), Bench::ready());
        whole.type_in(&typed);
        for piece in typed.chunks(cut) {
            split.type_in(piece);
        }
        prop_assert_eq!(whole.said(), split.said());
    }

    /// The entry of the fuzz target.
    #[test]
    fn any_line_is_parsed(line in prop::collection::vec(any::<u8>(), 0..600)) {
        let context = Context { cty: &CTY, feeds: &[], grid: Grid::NONE, default_filter: &[] };
        if let Parsed::Command { args, .. } = parse_command(&line) {
            let _ = commands::read_post(args.rest);
            let _ = commands::read_show_dx(&args, &context);
        }
        let _ = commands::read_post(&line);
        let _ = commands::read_show_dx(&commands::Args { tied: None, rest: &line }, &context);
    }
}
