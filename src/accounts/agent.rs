//! The accounts on their service thread.

use super::base::{self, Base, Saved};
use super::passwords::{self, Done, Hasher, Job, Outcome, Task};
use super::record::{Home, Record};
use super::{
    Account, AccountsStats, Answer, Ask, BAN_REASON_MAX, BANS_MAX, Ban, BanList, BanTarget, Kept, Question, Reply,
    Secret, Settings, is_sysop, owner,
};
use crate::config::{self, Registration};
use crate::engine::{Agent, Bell, Consumer, Now, Producer};
use crate::filter::Wish;
use crate::reference::Cty;
use crate::spot::{Call, SessionId, Utc};
use ahash::AHashMap;
use arc_swap::ArcSwap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Questions answered per turn, in one transaction: a commit costs about as much as ten of them.
const ANSWERS_PER_TURN: usize = 64;

/// The rings between the accounts and one telnet core.
pub struct AccountLink {
    /// Its questions.
    pub asks: Consumer<Ask>,
    /// The answers.
    pub answers: Producer<Answer>,
}

/// What the agent is made of.
pub struct AccountsParts {
    /// The telnet cores.
    pub cores: Vec<AccountLink>,
    /// The file; `None` = in memory.
    pub path: Option<PathBuf>,
    /// Configuration.
    pub node: Arc<ArcSwap<config::Node>>,
    /// Country data, for the filters of users.
    pub cty: Arc<ArcSwap<Cty>>,
    /// Where telnet cores read who is banned.
    pub bans: Arc<ArcSwap<BanList>>,
    /// Counters.
    pub stats: Arc<AccountsStats>,
    /// The core's bell: passwords are then hashed on a thread of their own. `None` = one per turn.
    pub bell: Option<Arc<Bell>>,
    /// Now.
    pub now: Utc,
}

/// The agent `accounts`.
pub struct AccountsAgent {
    cores: Vec<AccountLink>,
    base: Base,
    hasher: Hasher,
    node: Arc<config::Node>,
    /// Where a reload puts another one.
    shared_node: Arc<ArcSwap<config::Node>>,
    feeds: Vec<String>,
    cty: Arc<ArcSwap<Cty>>,
    bans: Vec<Ban>,
    bans_changed: bool,
    published: Arc<ArcSwap<BanList>>,
    stats: Arc<AccountsStats>,
    /// Sessions that gave a call's password, by core and slot: a later session in the slot takes the place,
    /// so there are at most as many as connections.
    proven: AHashMap<(u8, usize), (SessionId, Call)>,
    writing: Writing,
    /// The first error of this turn's transaction.
    failed: Option<rusqlite::Error>,
    now: Utc,
}

/// This turn's transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Writing {
    No,
    Open,
    /// Why nothing is written in this turn.
    Failed(String),
}

/// An answer that waits for the end of the transaction.
struct Ready {
    core: usize,
    answer: Answer,
    wrote: Wrote,
}

/// What an answer says about the file, and so what becomes of it when the transaction fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wrote {
    /// Nothing: it stands.
    No,
    /// That something is kept: it is not.
    Yes,
    /// That something holds, and it does: until the node restarts.
    Holds,
}

impl AccountsAgent {
    /// Opens the file; whatever is wrong with it is noted and counted, and the node goes on.
    ///
    /// # Errors
    /// Neither file nor memory, or no thread for passwords.
    pub fn new(parts: AccountsParts) -> std::io::Result<AccountsAgent> {
        let AccountsParts { cores, path, node: shared_node, cty, bans: published, stats, bell, now } = parts;
        let node = shared_node.load_full();
        let mut notes = Vec::new();
        let base = Base::open(path.as_deref(), now, &mut notes).map_err(std::io::Error::other)?;
        let mut agent = AccountsAgent {
            cores,
            base,
            hasher: Hasher::start(bell)?,
            feeds: node.feeds.iter().map(|feed| feed.name.clone()).collect(),
            node,
            shared_node,
            cty,
            bans: Vec::new(),
            bans_changed: false,
            published,
            stats,
            proven: AHashMap::new(),
            writing: Writing::No,
            failed: None,
            now,
        };
        agent.opened(notes);
        Ok(agent)
    }

    #[cfg(test)]
    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    /// After the base was opened, or opened anew.
    fn opened(&mut self, notes: Vec<String>) {
        for note in notes {
            self.stats.note(note);
        }
        self.stats.kept.store(Arc::new(self.base.kept().clone()));
        match self.base.bans() {
            // Bans set before the file was lost still hold.
            Ok(bans) if bans.is_empty() => {}
            Ok(bans) => self.bans = bans,
            Err(e) => self.stats.note(format!("bans cannot be read: {}", base::words(&e))),
        }
        self.bans_changed = true;
        self.publish_bans();
        self.stats.users.set(self.base.users());
    }

    fn publish_bans(&mut self) {
        if std::mem::take(&mut self.bans_changed) {
            let now = self.now;
            if self.bans.iter().any(|ban| !ban.is_in_force(now)) {
                self.bans.retain(|ban| ban.is_in_force(now));
                if self.base.delete_expired_bans(now).is_err() {
                    self.stats.write_failures.add(1);
                }
            }
            let list = BanList::new(self.bans.clone());
            self.stats.count_bans(&list);
            self.published.store(Arc::new(list));
        }
    }

    // --- reading and writing

    /// Writes within this turn's transaction. The error is words for the user.
    fn write<T>(&mut self, act: impl FnOnce(&mut Base) -> rusqlite::Result<T>) -> Result<T, String> {
        let written = match &self.writing {
            Writing::Failed(why) => Err(why.clone()),
            _ => act(&mut self.base).map_err(|e| self.give_up_writing(e)),
        };
        self.stats.write_failures.add(u64::from(written.is_err()));
        written
    }

    fn give_up_writing(&mut self, error: rusqlite::Error) -> String {
        let why = base::words(&error);
        self.base.roll_back();
        self.writing = Writing::Failed(why.clone());
        self.failed = Some(error);
        why
    }

    /// Reads, and once more from a new base when this one turns out to be damaged.
    fn read<T>(&mut self, act: impl Fn(&Base) -> rusqlite::Result<T>) -> Result<T, String> {
        let error = match act(&self.base) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        self.stats.read_failures.add(1);
        // In a transaction the damage is dealt with at its end.
        if self.writing == Writing::No && self.recover(&error) {
            return act(&self.base).map_err(|e| base::words(&e));
        }
        if self.writing == Writing::Open {
            return Err(self.give_up_writing(error));
        }
        Err(base::words(&error))
    }

    fn recover(&mut self, error: &rusqlite::Error) -> bool {
        let mut notes = Vec::new();
        let is_new = self.base.recover(error, self.now, &mut notes);
        if is_new {
            self.opened(notes);
        }
        is_new
    }

    /// Why what is written now goes to memory only.
    fn memory_only(&self) -> Option<&str> {
        match self.base.kept() {
            Kept::Memory(why) => Some(why),
            Kept::File | Kept::Asked => None,
        }
    }

    /// What was done, and how long it lasts.
    fn said(&self, line: String) -> Result<String, String> {
        Ok(match self.memory_only() {
            Some(why) => until_restart(&line, why),
            None => line,
        })
    }

    // --- questions

    /// The answer, and what it says about the file.
    fn answer(&mut self, core: usize, session: SessionId, ask: u32, question: Question) -> Option<(Reply, Wrote)> {
        let read = |reply| Some((reply, Wrote::No));
        let done = |result| Some((Reply::Done(result), Wrote::Yes));
        let holds = |result| Some((Reply::Done(result), Wrote::Holds));
        match question {
            Question::Open { call } => {
                self.stats.opens.add(1);
                // Without an answer the session goes on with defaults and writes nothing over what was not read.
                self.account(&call).ok().map(|account| (Reply::Account(account), Wrote::No))
            }
            Question::Look { call } => {
                self.stats.looks.add(1);
                let account = self.account(&call).ok()?;
                let whole = self.is_sysop_session(session);
                read(Reply::Account(account.map(|account| if whole { account } else { public(account) })))
            }
            Question::Check { call, password } => self.check(core, session, ask, call, password),
            Question::Enter { call, address, at } => {
                self.stats.logins.add(1);
                if self.write(|base| base.enter(&call, address, at)) == Ok(false) {
                    self.stats.users_refused.add(1);
                }
                None
            }
            Question::Save { call, since, settings } => {
                let (record, now) = (Record::of(&settings), self.now);
                done(match self.write(|base| base.save(&call, &record, since, now)) {
                    Ok(Saved::Yes) => {
                        self.stats.saves.add(1);
                        match self.memory_only() {
                            None => Ok(String::new()),
                            Some(why) => Err(format!("kept in memory only, until this node restarts: {why}")),
                        }
                    }
                    Ok(Saved::Older) => {
                        self.stats.saves_older.add(1);
                        Err("a later log-in of your call, or the sysop, has changed your settings since".into())
                    }
                    Ok(Saved::Full) => {
                        self.stats.users_refused.add(1);
                        Err("this node has no room for new users".into())
                    }
                    Err(why) => Err(why),
                })
            }
            Question::SetPassword { call, password: None } => done(self.remove_password(session, &call)),
            Question::SetPassword { call, password: Some(password) } => {
                let may = self
                    .may_set_password(session, &call)
                    .and_then(|()| passwords::check(&password, &call, self.node.accounts.password_min));
                match may {
                    Err(why) => done(Err(why)),
                    Ok(()) => self.hash(Job { core, session, ask, call, password, task: Task::Make }),
                }
            }
            Question::Register { call, on } => done(self.register(session, &call, on)),
            Question::Ban(ban) => holds(self.ban(session, ban)),
            Question::Unban { target } => holds(self.unban(session, &target)),
            Question::Bans => {
                let now = self.now;
                read(Reply::Bans(self.bans.iter().filter(|ban| ban.is_in_force(now)).cloned().collect()))
            }
        }
    }

    fn account(&mut self, call: &Call) -> Result<Option<Box<Account>>, String> {
        let (user, key) = self.read(|base| Ok((base.user(call)?, base.key(call)?)))?;
        let now = self.now;
        let target = BanTarget::Call(owner(call)).to_string();
        let ban = self.bans.iter().find(|ban| ban.target == target && ban.is_in_force(now)).cloned();
        if user.is_none() && ban.is_none() && key.password_hash.is_none() && !key.registered {
            return Ok(None);
        }
        let (mut settings, mut lost, mut last_login, mut last_address) = (None, Vec::new(), None, None);
        if let Some(user) = user {
            (last_login, last_address) = (user.last_login, user.addresses.first().copied());
            if !user.record.is_empty() {
                let cty = self.cty.load();
                let home = Home { node: &self.node, feeds: &self.feeds, cty: &cty };
                let (read, not_understood) = user.record.settings(home);
                self.stats.lost.add(not_understood.len() as u64);
                (settings, lost) = (Some(read), not_understood);
            }
        }
        Ok(Some(Box::new(Account {
            call: *call,
            settings,
            has_password: key.password_hash.is_some(),
            registered: key.registered,
            last_login,
            last_address,
            ban,
            lost,
        })))
    }

    // --- passwords

    fn check(
        &mut self,
        core: usize,
        session: SessionId,
        ask: u32,
        call: Call,
        password: Secret,
    ) -> Option<(Reply, Wrote)> {
        match self.read(|base| base.key(&call)) {
            Err(why) => Some((Reply::Done(Err(why)), Wrote::No)),
            Ok(key) => match key.password_hash {
                Some(hash) if password.0.len() <= passwords::PASSWORD_BYTES_MAX => {
                    self.hash(Job { core, session, ask, call, password, task: Task::Verify(hash) })
                }
                _ => {
                    self.stats.wrong_passwords.add(1);
                    Some((Reply::Password(false), Wrote::No))
                }
            },
        }
    }

    fn hash(&mut self, job: Job) -> Option<(Reply, Wrote)> {
        // Counted per owner: another SSID is no other call.
        let job = Job { call: owner(&job.call), ..job };
        self.hasher.put(job).err().map(|_| {
            self.stats.hashes_refused.add(1);
            (Reply::Done(Err("too many passwords wait to be checked, try again in a moment".into())), Wrote::No)
        })
    }

    fn hashed(&mut self, done: Done) -> Ready {
        let Done { core, session, ask, call, outcome } = done;
        self.stats.hashes.add(1);
        let (reply, wrote) = match outcome {
            Outcome::Verified(is_right) => {
                if is_right {
                    self.prove(session, &call);
                } else {
                    self.stats.wrong_passwords.add(1);
                }
                (Reply::Password(is_right), Wrote::No)
            }
            Outcome::Made(Err(why)) => (Reply::Done(Err(why)), Wrote::No),
            Outcome::Made(Ok(hash)) => (Reply::Done(self.keep_password(session, &call, hash)), Wrote::Yes),
        };
        Ready { core, answer: Answer { session, ask, reply }, wrote }
    }

    fn prove(&mut self, session: SessionId, call: &Call) {
        self.proven.insert((session.core(), session.slot()), (session, owner(call)));
    }

    fn is_proven(&self, session: SessionId, call: &Call) -> bool {
        self.proven.get(&(session.core(), session.slot())) == Some(&(session, owner(call)))
    }

    /// The sysop's call, if this session gave its password.
    fn sysop(&self, session: SessionId) -> Option<Call> {
        let (by, call) = self.proven.get(&(session.core(), session.slot()))?;
        (*by == session && is_sysop(&self.node.accounts, call)).then_some(*call)
    }

    fn is_sysop_session(&self, session: SessionId) -> bool {
        self.sysop(session).is_some()
    }

    fn sysop_only(&self, session: SessionId) -> Result<Call, String> {
        self.sysop(session).ok_or_else(|| "that is for sysops who gave their password".into())
    }

    fn may_set_password(&mut self, session: SessionId, call: &Call) -> Result<(), String> {
        let key = self.read(|base| base.key(call))?;
        if key.password_hash.is_some() && !self.is_proven(session, call) {
            return Err("log in with your present password first; a sysop can remove it".into());
        }
        if key.password_hash.is_none() && is_sysop(&self.node.accounts, call) {
            return Err("a sysop's first password is set on the node's machine: dxring user set CALL --password".into());
        }
        Ok(())
    }

    fn keep_password(&mut self, session: SessionId, call: &Call, hash: String) -> Result<String, String> {
        // Asked again: somebody else may have set one while this was hashed.
        self.may_set_password(session, call)?;
        let mut key = self.read(|base| base.key(call))?;
        let registers =
            key.password_hash.is_none() && !key.registered && self.node.accounts.registration == Registration::Open;
        if registers {
            key.registered = true;
            key.registered_by = Some(call.to_string());
        }
        key.password_hash = Some(hash);
        self.write(|base| base.write_key(call, &key))?;
        self.forget_proven(call);
        self.prove(session, call);
        self.said(if registers { format!("Password set, and {call} is registered") } else { "Password set".into() })
    }

    fn remove_password(&mut self, session: SessionId, call: &Call) -> Result<String, String> {
        if !self.is_proven(session, call) {
            self.sysop_only(session)?;
        }
        let key = self.read(|base| base.key(call))?;
        if key.password_hash.is_none() {
            return Err(format!("{} has no password", owner(call)));
        }
        // Whoever sets the next one would inherit the registration.
        self.write(|base| base.write_key(call, &Default::default()))?;
        self.forget_proven(call);
        let was = if key.registered { ", and is not registered any more" } else { "" };
        self.said(format!("{} has no password{was}", owner(call)))
    }

    /// Sessions that gave the old password prove nothing any more.
    fn forget_proven(&mut self, call: &Call) {
        let owner = owner(call);
        self.proven.retain(|_, (_, proven)| *proven != owner);
    }

    // --- what sysops do

    fn register(&mut self, session: SessionId, call: &Call, on: bool) -> Result<String, String> {
        let sysop = self.sysop_only(session)?;
        let mut key = self.read(|base| base.key(call))?;
        key.registered = on;
        key.registered_by = on.then(|| sysop.to_string());
        self.write(|base| base.write_key(call, &key))?;
        self.said(format!("{} is {}", owner(call), if on { "registered" } else { "not registered any more" }))
    }

    fn ban(&mut self, session: SessionId, ban: Ban) -> Result<String, String> {
        self.sysop_only(session)?;
        let target = BanTarget::parse(&ban.target)?;
        if let BanTarget::Call(call) = target
            && is_sysop(&self.node.accounts, &call)
        {
            return Err(format!("{call} is a sysop: take the call out of accounts.sysops first"));
        }
        if !ban.is_in_force(self.now) {
            return Err("that ban would be over already".into());
        }
        let ban = Ban { target: target.to_string(), reason: one_line(&ban.reason, BAN_REASON_MAX), ..ban };
        let is_known = self.bans.iter().position(|known| known.target == ban.target);
        if is_known.is_none() && self.bans.len() >= BANS_MAX {
            return Err(format!("{BANS_MAX} bans are the most that this node keeps"));
        }
        // It holds at once, also when it cannot be written.
        if let Some(at) = is_known {
            self.bans.remove(at);
        }
        self.bans.push(ban.clone());
        self.bans_changed = true;
        let said = ban.done_line();
        match self.write(|base| base.write_ban(&ban)) {
            Ok(()) => self.said(said),
            Err(why) => Ok(until_restart(&said, &why)),
        }
    }

    fn unban(&mut self, session: SessionId, target: &str) -> Result<String, String> {
        self.sysop_only(session)?;
        let target = BanTarget::parse(target)?.to_string();
        let Some(at) = self.bans.iter().position(|ban| ban.target == target) else {
            return Err(format!("there is no ban on {target}"));
        };
        self.bans.remove(at);
        self.bans_changed = true;
        let said = format!("{target} is not banned any more");
        match self.write(|base| base.delete_ban(&target)) {
            Ok(()) => self.said(said),
            Err(why) => Ok(until_restart(&said, &why)),
        }
    }

    // --- the turn

    fn run(&mut self, asks: Vec<(usize, Ask)>, hashed: Vec<Done>) -> Vec<Ready> {
        let writes = asks.iter().any(|(_, ask)| is_write(&ask.question))
            || hashed.iter().any(|done| matches!(done.outcome, Outcome::Made(Ok(_))));
        let began = writes.then(Instant::now);
        self.writing = Writing::No;
        if writes {
            self.writing = Writing::Open;
            if let Err(e) = self.base.begin() {
                self.give_up_writing(e);
            }
        }
        let mut ready: Vec<Ready> = hashed.into_iter().map(|done| self.hashed(done)).collect();
        for (core, Ask { session, ask, question }) in asks {
            if let Some((reply, wrote)) = self.answer(core, session, ask, question) {
                ready.push(Ready { core, answer: Answer { session, ask, reply }, wrote });
            }
        }
        if self.writing == Writing::Open
            && let Err(e) = self.base.commit()
        {
            self.give_up_writing(e);
        }
        if let Some(began) = began {
            self.stats.write_us_max.raise(began.elapsed().as_micros() as u64);
        }
        if let Writing::Failed(why) = std::mem::replace(&mut self.writing, Writing::No) {
            for ready in &mut ready {
                let Reply::Done(result) = &mut ready.answer.reply else { continue };
                let Ok(line) = &*result else { continue };
                let instead = match ready.wrote {
                    Wrote::No => continue,
                    Wrote::Yes => Err(why.clone()),
                    Wrote::Holds => Ok(until_restart(line, &why)),
                };
                // Its own write may have failed, and said so.
                if *result != instead {
                    self.stats.write_failures.add(1);
                    *result = instead;
                }
            }
        }
        if let Some(error) = self.failed.take() {
            self.recover(&error);
        }
        self.publish_bans();
        self.stats.users.set(self.base.users());
        ready
    }
}

impl Agent for AccountsAgent {
    fn name(&self) -> &str {
        "accounts"
    }

    fn turn(&mut self, now: Now) -> usize {
        self.node = self.shared_node.load_full();
        self.now = now.utc;
        let mut hashed = Vec::new();
        while let Some(done) = self.hasher.take() {
            hashed.push(done);
            if self.hasher.is_inline() {
                break;
            }
        }
        let mut asks = Vec::new();
        for (core, link) in self.cores.iter_mut().enumerate() {
            // Answers that come later, from the hasher, find room too. Who is gone needs none.
            let reserved = self.hasher.waiting() + hashed.len();
            let room =
                if link.answers.is_abandoned() { usize::MAX } else { link.answers.slots().saturating_sub(reserved) };
            let mut taken = 0;
            while asks.len() < ANSWERS_PER_TURN && taken < room {
                let Some(ask) = link.asks.pop() else { break };
                asks.push((core, ask));
                taken += 1;
            }
        }
        let moved = asks.len() + hashed.len();
        if moved == 0 {
            return 0;
        }
        for Ready { core, answer, .. } in self.run(asks, hashed) {
            // There is room; who is gone asks no more.
            let _ = self.cores[core].answers.push(answer);
        }
        for link in &mut self.cores {
            link.answers.announce();
        }
        moved
    }

    fn has_work(&self) -> bool {
        let waiting = self.hasher.waiting();
        self.hasher.has_done()
            || self
                .cores
                .iter()
                .any(|link| !link.asks.is_empty() && (link.answers.is_abandoned() || link.answers.slots() > waiting))
            || self.finished()
    }

    /// Only when nobody can ask any more and all that was asked is done: settings saved at the last moment
    /// are written.
    fn finished(&self) -> bool {
        self.hasher.waiting() == 0 && self.cores.iter().all(|link| link.asks.is_finished())
    }

    fn polls(&self) -> bool {
        false
    }
}

fn is_write(question: &Question) -> bool {
    match question {
        Question::Open { .. } | Question::Look { .. } | Question::Check { .. } | Question::Bans => false,
        // The first `SetPassword` only reads; it writes when the hash is there.
        Question::SetPassword { password, .. } => password.is_none(),
        Question::Enter { .. }
        | Question::Save { .. }
        | Question::Register { .. }
        | Question::Ban(_)
        | Question::Unban { .. } => true,
    }
}

/// A line about something that the file does not know.
fn until_restart(line: &str, why: &str) -> String {
    const MARK: &str = ", until this node restarts only";
    match line.strip_suffix('.') {
        _ if line.contains(MARK) => line.to_string(),
        Some(line) => format!("{line}{MARK}: {why}."),
        None => format!("{line}{MARK}: {why}"),
    }
}

/// What everybody may know of an account.
fn public(account: Box<Account>) -> Box<Account> {
    let settings =
        account.settings.map(|settings| Settings { wish: Wish::open(), prompt: None, buddies: Vec::new(), ..settings });
    Box::new(Account { settings, last_address: None, ban: None, lost: Vec::new(), ..*account })
}

/// A text without control characters, cut to so many bytes at a character's end.
fn one_line(text: &str, bytes_max: usize) -> String {
    let mut line: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    let mut end = line.len().min(bytes_max);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line
}
