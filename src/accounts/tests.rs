//! The accounts as sessions see them: questions in, answers out, the file between two runs.

use super::agent::{AccountLink, AccountsAgent, AccountsParts};
use super::base::{Base, merged, pushed};
use super::*;
use crate::config::{Dedupe, Node, Registration};
use crate::engine::{Agent, Bell, Consumer, Producer, TestClock, edge};
use crate::reference::Cty;
use crate::spot::{Call, SessionId, Utc};
use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const RING: usize = 128;

struct Rig {
    agent: AccountsAgent,
    clock: TestClock,
    asks: Option<Producer<Ask>>,
    answers: Option<Consumer<Answer>>,
    bans: Arc<ArcSwap<BanList>>,
    stats: Arc<AccountsStats>,
    next_ask: u32,
}

fn call(text: &str) -> Call {
    Call::literal(text)
}

fn at(s: i64) -> Utc {
    Utc::from_secs(1_800_000_000 + s)
}

fn session(n: u32) -> SessionId {
    SessionId::new(0, n, n)
}

fn settings_named(name: &str) -> Settings {
    Settings { name: name.into(), ..Settings::of_node(&Node::default().telnet) }
}

impl Rig {
    fn new(path: Option<&Path>) -> Rig {
        Rig::of(path, Node::default())
    }

    fn of(path: Option<&Path>, node: Node) -> Rig {
        let (asks, asks_rx) = edge("asks", RING, Bell::silent());
        let (answers_tx, answers) = edge("answers", RING, Bell::silent());
        let (bans, stats): (Arc<ArcSwap<BanList>>, Arc<AccountsStats>) = Default::default();
        let agent = AccountsAgent::new(AccountsParts {
            cores: vec![AccountLink { asks: asks_rx, answers: answers_tx }],
            path: path.map(PathBuf::from),
            node: Arc::new(ArcSwap::from_pointee(node)),
            cty: Arc::new(ArcSwap::from_pointee(Cty::embedded())),
            bans: Arc::clone(&bans),
            stats: Arc::clone(&stats),
            bell: None,
            now: at(0),
        })
        .unwrap();
        let clock = TestClock::at(at(0));
        Rig { agent, clock, asks: Some(asks), answers: Some(answers), bans, stats, next_ask: 0 }
    }

    fn put(&mut self, by: u32, question: Question) -> u32 {
        self.next_ask += 1;
        let ask = Ask { session: session(by), ask: self.next_ask, question };
        assert!(self.asks.as_mut().unwrap().push(ask).is_ok());
        self.next_ask
    }

    fn turn(&mut self) -> Vec<Answer> {
        self.clock.advance_ms(1);
        self.agent.turn(self.clock.now());
        let mut answers = Vec::new();
        while let Some(answer) = self.answers.as_mut().and_then(Consumer::pop) {
            answers.push(answer);
        }
        answers
    }

    /// The answer to one question; turns until nothing is left to do.
    fn ask(&mut self, by: u32, question: Question) -> Option<Reply> {
        let number = self.put(by, question);
        let mut reply = None;
        while self.agent.has_work() {
            for answer in self.turn() {
                assert_eq!((answer.session, answer.ask), (session(by), number));
                reply = Some(answer.reply);
            }
        }
        reply
    }

    fn done(&mut self, by: u32, question: Question) -> Result<String, String> {
        match self.ask(by, question) {
            Some(Reply::Done(result)) => result,
            other => panic!("{other:?}"),
        }
    }

    fn open(&mut self, text: &str) -> Option<Box<Account>> {
        match self.ask(0, Question::Open { call: call(text) }) {
            Some(Reply::Account(account)) => account,
            other => panic!("{other:?}"),
        }
    }

    fn settings(&mut self, text: &str) -> Option<Settings> {
        self.open(text).and_then(|account| account.settings)
    }

    fn save(&mut self, text: &str, since: Utc, settings: Settings) -> Result<String, String> {
        self.done(1, Question::Save { call: call(text), since, settings: Box::new(settings) })
    }

    fn enter(&mut self, text: &str, address: &str, at: Utc) {
        let question = Question::Enter { call: call(text), address: address.parse().unwrap(), at };
        assert!(self.ask(1, question).is_none());
    }

    fn check(&mut self, by: u32, text: &str, password: &str) -> bool {
        match self.ask(by, Question::Check { call: call(text), password: secret(password) }) {
            Some(Reply::Password(is_right)) => is_right,
            other => panic!("{other:?}"),
        }
    }

    fn set_password(&mut self, by: u32, text: &str, password: Option<&str>) -> Result<String, String> {
        self.done(by, Question::SetPassword { call: call(text), password: password.map(secret) })
    }
}

fn secret(text: &str) -> Secret {
    Secret(text.as_bytes().to_vec())
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    (dir, path)
}

/// A node whose sysop W1AW has a password.
fn with_sysop(path: &Path, node: Node) -> Rig {
    let base = Base::open_for_tool(path, true).unwrap();
    let hash = passwords::hash(&secret("sysop's own")).unwrap();
    base.write_key(&call("W1AW"), &base::Key { password_hash: Some(hash), ..Default::default() }).unwrap();
    drop(base);
    let mut rig = Rig::of(
        Some(path),
        Node { accounts: crate::config::Accounts { sysops: vec!["W1AW".into()], ..node.accounts.clone() }, ..node },
    );
    assert!(rig.check(9, "W1AW-2", "sysop's own"));
    rig
}

// --- server 10.5

#[test]
fn recent_addresses_are_five_each_once_newest_first() {
    let list = |text: &str| -> Vec<IpAddr> { text.split(' ').map(|a| a.parse().unwrap()).collect() };
    let mut recent = list("1.1.1.1 2.2.2.2");
    for (address, expected) in [
        ("3.3.3.3", "3.3.3.3 1.1.1.1 2.2.2.2"),
        ("1.1.1.1", "1.1.1.1 3.3.3.3 2.2.2.2"),
        ("4.4.4.4", "4.4.4.4 1.1.1.1 3.3.3.3 2.2.2.2"),
        ("5.5.5.5", "5.5.5.5 4.4.4.4 1.1.1.1 3.3.3.3 2.2.2.2"),
        ("6.6.6.6", "6.6.6.6 5.5.5.5 4.4.4.4 1.1.1.1 3.3.3.3"),
    ] {
        recent = pushed(&recent, address.parse().unwrap());
        assert_eq!(recent, list(expected));
    }
    let session = list("198.51.100.1 203.0.113.5");
    let disk = list("203.0.113.5 192.0.2.9 198.51.100.1 203.0.113.6");
    assert_eq!(merged(&session, &disk), list("198.51.100.1 203.0.113.5 192.0.2.9 203.0.113.6"));
}

#[test]
fn a_new_call_is_known_after_its_log_in() {
    let mut rig = Rig::new(None);
    assert!(rig.open("K1ABC").is_none(), "looking touches nothing");
    assert!(rig.open("K1ABC").is_none());
    rig.enter("K1ABC", "192.0.2.1", at(0));
    let account = rig.open("K1ABC").unwrap();
    assert_eq!((account.settings, account.last_login), (None, Some(at(0))), "he has the node's defaults");
    assert_eq!(account.last_address, Some("192.0.2.1".parse().unwrap()));
    rig.enter("K1ABC", "::ffff:192.0.2.2", at(7_200));
    let account = rig.open("K1ABC").unwrap();
    assert_eq!(account.last_address, Some("192.0.2.2".parse().unwrap()));
    assert_eq!(account.last_login, Some(at(7_200)));
    assert_eq!((rig.stats.users.get(), rig.stats.logins.get(), rig.stats.opens.get()), (1, 2, 4));
}

#[test]
fn all_is_kept_between_two_runs_of_the_node() {
    let (_dir, path) = file();
    let mut rig = Rig::new(Some(&path));
    let mut settings = settings_named("Hugo");
    settings.dialect = Dialect::Cc;
    settings.preferences.dedupe = Dedupe::Slow;
    settings.grid = crate::spot::Grid::parse(b"FN31").unwrap();
    settings.noise = Noise::Urban;
    rig.enter("DL/S53ZO", "192.0.2.1", at(5));
    rig.enter("DL/S53ZO", "192.0.2.2", at(6));
    assert_eq!(rig.save("DL/S53ZO", at(6), settings.clone()), Ok(String::new()));
    assert_eq!(rig.save("DL/S53ZO-7", at(6), settings_named("other SSID")), Ok(String::new()));
    drop(rig);
    let mut rig = Rig::new(Some(&path));
    let account = rig.open("dl/s53zo").unwrap();
    assert_eq!((account.settings, account.lost), (Some(settings), vec![]));
    assert_eq!(account.last_login, Some(at(6)), "saving does not lose the log-in");
    assert_eq!(account.last_address, Some("192.0.2.2".parse().unwrap()));
    assert_eq!(rig.settings("DL/S53ZO-7").unwrap().name, "other SSID");
    assert_eq!(rig.stats.users.get(), 2);
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_was_answered_survives_the_death_of_the_process() {
    let (dir, path) = file();
    let mut rig = Rig::new(Some(&path));
    for n in 0..200 {
        rig.save(&format!("K1A{n}"), at(0), settings_named("Hugo")).unwrap();
    }
    // What kill -9 leaves: the files as they lie there, nothing closed.
    let left = dir.path().join("left");
    std::fs::create_dir(&left).unwrap();
    for name in [FILE_NAME, "users.sqlite-wal"] {
        std::fs::copy(dir.path().join(name), left.join(name)).unwrap();
    }
    let mut after = Rig::new(Some(&left.join(FILE_NAME)));
    assert_eq!(after.stats.users.get(), 200);
    assert_eq!(after.settings("K1A199").unwrap().name, "Hugo");
    assert!(after.stats.notes.load().is_empty());
}

// --- saving

#[test]
fn an_older_session_does_not_write_over_a_newer_one() {
    let (_dir, path) = file();
    let mut rig = Rig::new(Some(&path));
    rig.save("K1ABC", at(10), settings_named("old")).unwrap();
    rig.save("K1ABC", at(20), settings_named("new")).unwrap();
    let refused = rig.save("K1ABC", at(10), settings_named("older again")).unwrap_err();
    assert!(refused.contains("a later log-in of your call"), "{refused}");
    rig.save("K1ABC", at(20), settings_named("newest")).unwrap();
    assert_eq!(rig.settings("K1ABC").unwrap().name, "newest");
    assert_eq!((rig.stats.saves.get(), rig.stats.saves_older.get()), (3, 1));
    // Sessions do not outlive the node, so a clock that was set back between two runs locks nobody out.
    drop(rig);
    let mut rig = Rig::new(Some(&path));
    rig.save("K1ABC", at(5), settings_named("after the restart")).unwrap();
    assert_eq!(rig.settings("K1ABC").unwrap().name, "after the restart");
    // What the operator sets holds against sessions that were there before, in any run.
    let mut tool = Base::open_for_tool(&path, false).unwrap();
    let mut record = tool.user(&call("K1ABC")).unwrap().unwrap().record;
    record.name = Some("by the operator".into());
    assert_eq!(tool.save_for_tool(&call("K1ABC"), &record, at(30)), Ok(true));
    assert!(rig.save("K1ABC", at(5), settings_named("before")).is_err());
    assert_eq!(rig.settings("K1ABC").unwrap().name, "by the operator");
    rig.save("K1ABC", at(40), settings_named("after")).unwrap();
}

#[test]
fn a_full_disk_costs_the_save_and_nothing_else() {
    let (_dir, path) = file();
    let mut rig = Rig::new(Some(&path));
    rig.save("K1ABC", at(0), settings_named("Hugo")).unwrap();
    rig.agent.base().pragma("max_page_count = 1");
    let big = |n: usize| settings_named(&"x".repeat(40_000 + n));
    let first =
        rig.put(1, Question::Save { call: call("K2ABC"), since: at(0), settings: Box::new(settings_named("a")) });
    let second = rig.put(1, Question::Save { call: call("K3ABC"), since: at(0), settings: Box::new(big(0)) });
    let answers = rig.turn();
    assert_eq!(answers.iter().map(|a| a.ask).collect::<Vec<_>>(), [first, second]);
    for answer in answers {
        assert!(matches!(&answer.reply, Reply::Done(Err(why)) if why == "the disk is full"), "{answer:?}");
    }
    assert_eq!(rig.stats.write_failures.get(), 2, "what was in one transaction is lost together");
    assert_eq!((rig.settings("K1ABC").unwrap().name.as_str(), rig.settings("K2ABC")), ("Hugo", None));
    rig.agent.base().pragma("max_page_count = 1000000");
    rig.save("K3ABC", at(0), settings_named("a")).unwrap();
    assert_eq!(rig.stats.users.get(), 2);
}

#[test]
fn what_was_asked_before_the_end_is_done_before_the_end() {
    let (_dir, path) = file();
    let mut rig = Rig::new(Some(&path));
    // More than one turn takes, and a password that is still to be hashed.
    for n in 0..100 {
        let question =
            Question::Save { call: call(&format!("K1A{n}")), since: at(0), settings: Box::new(settings_named("x")) };
        rig.put(1, question);
    }
    rig.put(2, Question::SetPassword { call: call("K1ABC"), password: Some(secret("correct horse")) });
    rig.asks = None;
    rig.answers = None;
    let mut turns = 0;
    while !rig.agent.finished() {
        assert!(rig.agent.has_work());
        rig.turn();
        turns += 1;
    }
    assert!((2..10).contains(&turns), "{turns}");
    drop(rig);
    let mut rig = Rig::new(Some(&path));
    assert_eq!(rig.stats.users.get(), 100);
    assert!(rig.check(1, "K1ABC", "correct horse"));
}

// --- files that are not as they should be

#[test]
fn a_damaged_file_is_set_aside_and_the_node_goes_on() {
    let (dir, path) = file();
    std::fs::write(&path, "this was a database once".repeat(1000)).unwrap();
    let mut rig = Rig::new(Some(&path));
    let notes = rig.stats.notes.load_full();
    assert!(
        notes.len() == 1 && notes[0].contains("kept as ") && notes[0].contains("start with the defaults"),
        "{notes:?}"
    );
    let aside = dir.path().join("users.sqlite.corrupt-20270115T080000Z");
    assert!(std::fs::read_to_string(&aside).unwrap().starts_with("this was a database"));
    assert!(rig.open("K1ABC").is_none());
    rig.save("K1ABC", at(0), settings_named("Hugo")).unwrap();
    let mut report = String::new();
    rig.stats.text(&mut report);
    assert!(report.contains("1 users") && report.contains(&notes[0]) && !report.contains("in memory"), "{report}");
    drop(rig);
    assert_eq!(Rig::new(Some(&path)).settings("K1ABC").unwrap().name, "Hugo");
}

#[test]
fn damage_inside_is_found_at_the_start_and_at_work() {
    for at_work in [false, true] {
        let (dir, path) = file();
        let mut rig = Rig::new(Some(&path));
        for n in 0..200 {
            rig.save(&format!("K1A{n}"), at(0), settings_named(&"x".repeat(60))).unwrap();
        }
        rig.agent.base().pragma("wal_checkpoint(TRUNCATE)");
        let mut rig = if at_work {
            rig.agent.base().pragma("shrink_memory");
            Some(rig)
        } else {
            drop(rig);
            None
        };
        // All but the first page, which says what the file is.
        let mut bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() > 5 * 4096);
        bytes[4096..].fill(0x55);
        let write = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&write, &bytes, 0).unwrap();
        let rig = rig.get_or_insert_with(|| Rig::new(Some(&path)));
        assert!(rig.open("K1A100").is_none(), "at work: {at_work}");
        rig.save("K1ABC", at(0), settings_named("Hugo")).unwrap();
        assert_eq!(rig.settings("K1ABC").unwrap().name, "Hugo");
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert!(names.iter().any(|name| name.to_string_lossy().contains("corrupt-2027")), "{names:?}");
        assert_eq!(**rig.stats.kept.load(), Kept::File);
        assert!(!rig.stats.notes.load().is_empty());
    }
}

#[test]
fn a_file_from_the_future_is_not_touched() {
    for sql in ["PRAGMA user_version = 99", "PRAGMA user_version = 0; ALTER TABLE users RENAME TO guests"] {
        let (_dir, path) = file();
        drop(Rig::new(Some(&path)));
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(sql).unwrap();
        drop(other);
        let before = std::fs::read(&path).unwrap();
        let mut rig = Rig::new(Some(&path));
        assert!(matches!(&**rig.stats.kept.load(), Kept::Memory(why) if why.contains("left as it is")));
        let said = rig.save("K1ABC", at(0), settings_named("Hugo")).unwrap_err();
        assert!(said.contains("kept in memory only, until this node restarts: "), "{said}");
        assert_eq!(rig.settings("K1ABC").unwrap().name, "Hugo");
        let mut report = String::new();
        rig.stats.text(&mut report);
        assert!(report.contains("in memory only, gone when the node stops"), "{report}");
        drop(rig);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

#[test]
fn without_a_place_for_the_file_users_live_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(Some(&dir.path().join("none").join(FILE_NAME)));
    assert!(matches!(&**rig.stats.kept.load(), Kept::Memory(why) if why.contains("cannot be made")));
    assert!(rig.save("K1ABC", at(0), settings_named("Hugo")).unwrap_err().contains("until this node restarts"));
    let said = rig.set_password(1, "K1ABC", Some("correct horse")).unwrap();
    assert!(said.starts_with("Password set, and K1ABC is registered, until this node restarts only: "), "{said}");
    assert_eq!(rig.settings("K1ABC").unwrap().name, "Hugo");
    assert_eq!(rig.stats.notes.load().len(), 1);
}

#[test]
fn a_file_that_cannot_be_written_is_read_all_the_same() {
    let (_dir, path) = file();
    let mut rig = Rig::new(Some(&path));
    rig.save("K1ABC", at(0), settings_named("Hugo")).unwrap();
    // While the file is in use it stands still; then only its reader is left.
    let memory = base::copied_to_memory(&path).unwrap();
    assert_eq!(memory.user(&call("K1ABC")).unwrap().unwrap().record.name.as_deref(), Some("Hugo"));
    drop(rig);
    let memory = base::copied_to_memory(&path).unwrap();
    assert!(memory.user(&call("K1ABC")).unwrap().is_some());
}

// --- passwords and registration

#[test]
fn a_password_belongs_to_the_call_and_registers_it() {
    let mut rig = Rig::new(None);
    assert!(!rig.check(1, "K1ABC", "anything at all"));
    assert!(rig.set_password(1, "K1ABC-2", Some("short")).unwrap_err().contains("at least 8"));
    assert_eq!(rig.set_password(1, "K1ABC-2", Some("correct horse")).unwrap(), "Password set, and K1ABC is registered");
    for text in ["K1ABC", "K1ABC-7", "K1ABC/P"] {
        let account = rig.open(text).unwrap();
        assert!(account.has_password && account.registered, "{text}");
        assert!(rig.check(2, text, "correct horse"));
        assert!(!rig.check(2, text, "Correct horse"));
    }
    assert!(rig.open("OH2/K1ABC").is_none());
    assert_eq!((rig.stats.hashes.get(), rig.stats.wrong_passwords.get()), (7, 4));
}

#[test]
fn only_who_gave_the_password_changes_it() {
    let mut rig = Rig::new(None);
    rig.set_password(1, "K1ABC", Some("correct horse")).unwrap();
    assert!(rig.set_password(2, "K1ABC", Some("stolen horse")).unwrap_err().contains("present password first"));
    assert!(rig.set_password(2, "K1ABC", None).is_err());
    assert!(!rig.check(2, "K1ABC", "stolen horse"));
    assert!(rig.set_password(2, "K1ABC", Some("stolen horse")).is_err(), "a wrong guess proves nothing");
    // A later session in the same place has proven nothing.
    let later = SessionId::new(0, 77, 1);
    let ask = Ask { session: later, ask: 1, question: Question::SetPassword { call: call("K1ABC"), password: None } };
    assert!(rig.asks.as_mut().unwrap().push(ask).is_ok());
    assert!(matches!(&rig.turn()[0].reply, Reply::Done(Err(_))));
    rig.set_password(1, "K1ABC", Some("battery staple")).unwrap();
    assert!(rig.check(2, "K1ABC", "battery staple"));
    // Session 2 is in now; a change of password puts it out again.
    rig.set_password(1, "K1ABC", Some("third password")).unwrap();
    assert!(rig.set_password(2, "K1ABC", None).is_err());
    assert_eq!(rig.set_password(1, "K1ABC", None).unwrap(), "K1ABC has no password, and is not registered any more");
    assert!(rig.open("K1ABC").is_none());
}

#[test]
fn of_two_who_set_the_first_password_one_wins() {
    let mut rig = Rig::new(None);
    rig.put(1, Question::SetPassword { call: call("K1ABC"), password: Some(secret("first password")) });
    rig.put(2, Question::SetPassword { call: call("K1ABC"), password: Some(secret("second password")) });
    let mut replies = Vec::new();
    while rig.agent.has_work() {
        replies.extend(rig.turn());
    }
    assert!(matches!(&replies[0].reply, Reply::Done(Ok(_))), "{replies:?}");
    assert!(matches!(&replies[1].reply, Reply::Done(Err(_))), "{replies:?}");
    assert!(rig.check(3, "K1ABC", "first password"));
}

#[test]
fn where_sysops_register_a_password_alone_does_not() {
    let (_dir, path) = file();
    let mut node = Node::default();
    node.accounts.registration = Registration::Sysop;
    let mut rig = with_sysop(&path, node);
    assert_eq!(rig.set_password(1, "K1ABC", Some("correct horse")).unwrap(), "Password set");
    assert!(!rig.open("K1ABC").unwrap().registered);
    let register = |on| Question::Register { call: call("K1ABC-3"), on };
    assert!(rig.done(1, register(true)).unwrap_err().contains("sysops"));
    assert_eq!(rig.done(9, register(true)).unwrap(), "K1ABC is registered");
    assert!(rig.open("K1ABC").unwrap().registered);
    rig.done(9, register(false)).unwrap();
    assert!(!rig.open("K1ABC").unwrap().registered);
    rig.done(9, register(true)).unwrap();
    assert_eq!(rig.set_password(9, "K1ABC", None).unwrap(), "K1ABC has no password, and is not registered any more");
}

#[test]
fn a_sysops_first_password_is_not_set_over_the_air() {
    let (_dir, path) = file();
    let mut node = Node::default();
    node.accounts.sysops = vec!["W1AW".into()];
    let mut rig = Rig::of(Some(&path), node.clone());
    let said = rig.set_password(1, "W1AW", Some("let me in please")).unwrap_err();
    assert!(said.contains("dxring user set"), "{said}");
    drop(rig);
    let mut rig = with_sysop(&path, node);
    assert_eq!(rig.set_password(9, "W1AW", Some("another one")).unwrap(), "Password set");
    assert!(rig.check(9, "W1AW", "another one"));
}

#[test]
fn passwords_do_not_hold_up_settings_and_too_many_are_refused() {
    let mut rig = Rig::new(None);
    for n in 0..4 {
        rig.put(n, Question::SetPassword { call: call("K1ABC"), password: Some(secret("correct horse")) });
    }
    let too_many = rig.put(5, Question::SetPassword { call: call("K1ABC"), password: Some(secret("correct horse")) });
    let open = rig.put(6, Question::Open { call: call("K2ABC") });
    let answers = rig.turn();
    assert_eq!(answers.iter().map(|a| a.ask).collect::<Vec<_>>(), [too_many, open]);
    assert!(matches!(&answers[0].reply, Reply::Done(Err(why)) if why.contains("too many passwords")));
    assert_eq!(rig.stats.hashes_refused.get(), 1);
}

// --- bans

fn ban(target: &str, until: Option<Utc>) -> Question {
    Question::Ban(Ban { target: target.into(), until, reason: "robot\r\n\u{7}".into(), by: call("W1AW"), since: at(0) })
}

#[test]
fn a_ban_holds_at_once_until_it_is_over_or_lifted() {
    let (_dir, path) = file();
    let mut rig = with_sysop(&path, Node::default());
    assert!(rig.done(1, ban("K1ABC", None)).unwrap_err().contains("sysops"));
    assert!(rig.done(9, ban("W1AW", None)).unwrap_err().contains("is a sysop"));
    assert!(rig.done(9, ban("somebody", None)).is_err());
    assert!(rig.done(9, ban("K1ABC", Some(at(-1)))).unwrap_err().contains("over already"));
    assert_eq!(rig.done(9, ban("k1abc-2", None)).unwrap(), "Banned K1ABC for good: robot.");
    assert_eq!(
        rig.done(9, ban("192.0.2.77/24", Some(at(60)))).unwrap(),
        "Banned 192.0.2.0/24 until 15-Jan-2027 0801Z: robot."
    );
    let list = rig.bans.load_full();
    assert_eq!(list.of_call(&call("K1ABC-9"), at(1)).unwrap().reason, "robot");
    assert!(list.of_address("192.0.2.1".parse().unwrap(), at(59)).is_some());
    assert!(list.of_address("192.0.2.1".parse().unwrap(), at(60)).is_none());
    let account = rig.open("K1ABC").unwrap();
    assert_eq!(account.ban.as_ref().map(|ban| ban.target.as_str()), Some("K1ABC"));
    assert!(!account.has_password && account.settings.is_none());
    // Once more: the new one takes the place of the old.
    rig.done(9, ban("K1ABC", Some(at(3600)))).unwrap();
    let Some(Reply::Bans(bans)) = rig.ask(9, Question::Bans) else { panic!() };
    assert_eq!(bans.len(), 2);
    drop(rig);
    let mut rig = with_sysop(&path, Node::default());
    assert_eq!(rig.bans.load().len(), 2, "bans outlive the node");
    rig.clock.advance_ms(61_000);
    assert_eq!(rig.done(9, Question::Unban { target: "K1ABC/P".into() }).unwrap(), "K1ABC is not banned any more");
    assert!(rig.done(9, Question::Unban { target: "K1ABC".into() }).unwrap_err().contains("no ban on K1ABC"));
    assert!(rig.bans.load().is_empty(), "and what is over is swept");
    drop(rig);
    assert!(Rig::new(Some(&path)).bans.load().is_empty());
}

#[test]
fn a_ban_that_cannot_be_written_holds_all_the_same() {
    let (_dir, path) = file();
    let mut rig = with_sysop(&path, Node::default());
    rig.agent.base().pragma("query_only = ON");
    let said = rig.done(9, ban("K1ABC", None)).unwrap();
    assert_eq!(said, "Banned K1ABC for good: robot, until this node restarts only: the file is read-only.");
    assert!(rig.bans.load().of_call(&call("K1ABC"), at(1)).is_some());
    assert_eq!(rig.save("K2ABC", at(0), settings_named("a")), Err("the file is read-only".into()));
    assert_eq!(rig.stats.write_failures.get(), 2);
    drop(rig);
    assert!(Rig::new(Some(&path)).bans.load().is_empty());
}

#[test]
fn what_everybody_may_look_at_has_no_address_and_no_filter() {
    let (_dir, path) = file();
    let mut rig = with_sysop(&path, Node::default());
    let mut settings = settings_named("Hugo");
    settings.prompt = Some("mine".into());
    settings.buddies = vec![call("K2ABC")];
    rig.enter("K1ABC", "192.0.2.1", at(5));
    rig.save("K1ABC", at(5), settings.clone()).unwrap();
    let mut look = |by| match rig.ask(by, Question::Look { call: call("K1ABC") }) {
        Some(Reply::Account(Some(account))) => account,
        other => panic!("{other:?}"),
    };
    let account = look(1);
    assert_eq!((account.last_login, account.last_address), (Some(at(5)), None));
    let seen = account.settings.unwrap();
    assert_eq!((seen.name.as_str(), seen.prompt, seen.buddies.len()), ("Hugo", None, 0));
    let account = look(9);
    assert_eq!((account.last_address.is_some(), account.settings), (true, Some(settings)));
}
