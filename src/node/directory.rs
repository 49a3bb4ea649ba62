//! The directory: who is logged in, over all telnet cores. One owner, on dedup's core.

use crate::engine::{Agent, Consumer, Mailbox, Now};
use crate::spot::{
    Bulletin, BulletinKind, Call, Note, PostId, Proof, SessionId, Upward, UserInfo, Verdict, metadata_call,
};
use ahash::{HashMap, HashMapExt};
use arc_swap::ArcSwap;
use std::collections::VecDeque;
use std::sync::Arc;

/// The user list is renewed at most this often.
const SNAPSHOT_PERIOD_NS: u64 = 1_000_000_000;
/// A post's count of users is final when all cores reported, or after this long.
const REACHED_WAIT_NS: u64 = 1_000_000_000;
/// Posts whose counts are being gathered. At the bound the oldest is answered with what is known.
const POSTS_MAX: usize = 1024;
/// Items taken from each core per turn.
const UPWARD_PER_TURN: usize = 256;

/// Evictions of one call within this time are counted together.
const EVICTIONS_WITHIN_NS: u64 = 300 * NS_PER_S;
/// Instead of the third one, the newcomer is refused for so long: two programs that both log in again when they
/// are thrown out would go on for ever.
const REFUSED_NS: u64 = 60 * NS_PER_S;
/// Calls whose evictions are remembered. Beyond it those that are over are forgotten, and if that does not
/// help, the newcomer wins uncounted. 56 bytes each.
const EVICTED_CALLS_MAX: usize = 4096;
/// Log-ins and log-outs are told while fewer notes than this wait: after a restart thousands come at once, and
/// must not push out evictions and verdicts.
const LOGIN_NOTES_MAX: usize = 512;

/// The agent.
pub struct Directory {
    inputs: Vec<Consumer<Upward>>,
    notes: Arc<Mailbox<Note>>,
    snapshot: Arc<ArcSwap<Vec<UserInfo>>>,
    by_session: HashMap<SessionId, UserInfo>,
    by_call: HashMap<Call, SessionId>,
    evictions: HashMap<Call, Evictions>,
    posts: VecDeque<PendingPost>,
    changed: bool,
    next_snapshot_ns: u64,
}

struct PendingPost {
    post: PostId,
    users: u32,
    reports: usize,
    final_at_ns: u64,
}

/// Evictions of a call.
#[derive(Clone, Copy, Default)]
struct Evictions {
    /// The last but one and the last.
    at_ns: [Option<u64>; 2],
    refused_until_ns: u64,
}

impl Evictions {
    /// Whether nothing of it matters any more.
    fn is_over(&self, now_ns: u64) -> bool {
        now_ns >= self.refused_until_ns && !self.at_ns.iter().flatten().any(|at_ns| is_recent(*at_ns, now_ns))
    }
}

fn is_recent(at_ns: u64, now_ns: u64) -> bool {
    now_ns.saturating_sub(at_ns) < EVICTIONS_WITHIN_NS
}

impl Directory {
    /// `inputs`: one per telnet core. `notes`: the publisher's mailbox.
    pub fn new(
        inputs: Vec<Consumer<Upward>>,
        notes: Arc<Mailbox<Note>>,
        snapshot: Arc<ArcSwap<Vec<UserInfo>>>,
    ) -> Directory {
        Directory {
            inputs,
            notes,
            snapshot,
            by_session: HashMap::new(),
            by_call: HashMap::new(),
            evictions: HashMap::new(),
            posts: VecDeque::new(),
            changed: false,
            next_snapshot_ns: 0,
        }
    }

    fn take(&mut self, now: Now, item: Upward) {
        match item {
            Upward::LogIn(user) => self.log_in(now, user),
            Upward::LogOut(session) => self.log_out(session),
            Upward::Stands(session, standing) => {
                if let Some(user) = self.by_session.get_mut(&session) {
                    user.standing = standing;
                    self.changed = true;
                }
            }
            Upward::Reached(post, users) => {
                let all = self.inputs.len();
                let pending = match self.posts.iter_mut().find(|p| p.post == post) {
                    Some(pending) => pending,
                    None => {
                        if self.posts.len() == POSTS_MAX
                            && let Some(oldest) = self.posts.pop_front()
                        {
                            self.answer(&oldest);
                        }
                        let final_at_ns = now.mono_ns + REACHED_WAIT_NS;
                        self.posts.push_back(PendingPost { post, users: 0, reports: 0, final_at_ns });
                        self.posts.back_mut().expect("just pushed")
                    }
                };
                pending.users += users;
                pending.reports += 1;
                if pending.reports >= all {
                    let at = self.posts.iter().position(|p| p.post == post);
                    if let Some(done) = at.and_then(|at| self.posts.remove(at)) {
                        self.answer(&done);
                    }
                }
            }
            Upward::Tell(session, line) => self.note(Note::Tell(session, line)),
            Upward::Order(Note::Inspect { call, asker }) if self.calls_of(call).is_empty() => {
                self.note(Note::Tell(asker, format!("{call} is not logged in here.")));
            }
            Upward::Order(note) => self.note(note),
            Upward::Bulletin(bulletin) => self.note(Note::Bulletin(bulletin)),
            Upward::Talk { session, to, from, text } => {
                let here = if self.by_call.contains_key(&to) { vec![to] } else { self.calls_of(to) };
                if here.is_empty() {
                    self.note(Note::Tell(session, format!("{to} is not logged in here, nobody was told.")));
                }
                for to in here {
                    self.note(Note::Talk { to, from, text: text.clone() });
                    if self.user(&to).is_some_and(|user| user.standing.is_away) {
                        self.note(Note::Tell(session, format!("{to} is away and may not read this now.")));
                    }
                }
            }
        }
    }

    /// The newest log-in of a call wins, until it goes too far.
    fn log_in(&mut self, now: Now, user: UserInfo) {
        let old = self.user(&user.call).cloned();
        match old {
            None => self.tell_log_in(user.call, "in"),
            // He may be anybody. Not counted: two programs that throw each other out are something else.
            Some(old) if user.standing.proof == Proof::Unread && old.standing.proof == Proof::Password => {
                let why = format!(
                    "{} is logged in with its password, and yours could not be asked for just now. Try again later",
                    user.call
                );
                tracing::info!(call = %user.call, from = %user.address, "unchecked log-in beside a proven one, refused");
                return self.note(Note::Evict(user.session, why));
            }
            Some(old) if self.may_evict(now.mono_ns, user.call) => {
                let why = format!("{} logged in again from {}: this session ends", user.call, user.address);
                tracing::info!(call = %user.call, from = %user.address, old = %old.address, "second log-in, newest stays");
                self.note(Note::Evict(old.session, why));
            }
            Some(old) => {
                let why = format!(
                    "{} is logged in from {} and was thrown out twice in 5 minutes: do two programs use this call? Refused for a minute",
                    user.call, old.address
                );
                tracing::info!(call = %user.call, from = %user.address, old = %old.address, "log-ins throw each other out, newest refused");
                return self.note(Note::Evict(user.session, why));
            }
        }
        self.by_call.insert(user.call, user.session);
        self.by_session.insert(user.session, user);
        self.changed = true;
    }

    fn user(&self, call: &Call) -> Option<&UserInfo> {
        self.by_call.get(call).and_then(|session| self.by_session.get(session))
    }

    /// Counts an eviction, or says that it is one too many.
    fn may_evict(&mut self, now_ns: u64, call: Call) -> bool {
        if self.evictions.len() >= EVICTED_CALLS_MAX && !self.evictions.contains_key(&call) {
            self.evictions.retain(|_, of_call| !of_call.is_over(now_ns));
            if self.evictions.len() >= EVICTED_CALLS_MAX {
                return true;
            }
        }
        let of_call = self.evictions.entry(call).or_default();
        if now_ns < of_call.refused_until_ns {
            return false;
        }
        if of_call.at_ns[0].is_some_and(|at_ns| is_recent(at_ns, now_ns)) {
            // After the minute it begins anew.
            *of_call = Evictions { refused_until_ns: now_ns + REFUSED_NS, ..Evictions::default() };
            return false;
        }
        of_call.at_ns = [of_call.at_ns[1], Some(now_ns)];
        true
    }

    fn log_out(&mut self, session: SessionId) {
        // Who was refused or thrown out is not who his call is by now.
        let Some(user) = self.by_session.remove(&session) else { return };
        if self.by_call.get(&user.call) == Some(&session) {
            self.by_call.remove(&user.call);
            self.tell_log_in(user.call, "out");
        }
        self.changed = true;
    }

    fn tell_log_in(&self, call: Call, way: &str) {
        if self.notes.len() < LOGIN_NOTES_MAX {
            let line = format!("User {call} has logged {way}").into_bytes();
            self.note(Note::Bulletin(Bulletin { kind: BulletinKind::Login, line }));
        }
    }

    /// Logged-in calls that are this one, or this one with an SSID.
    fn calls_of(&self, call: Call) -> Vec<Call> {
        self.by_call.keys().copied().filter(|other| *other == call || metadata_call(other) == call).collect()
    }

    fn answer(&self, done: &PendingPost) {
        self.note(Note::Verdict(done.post, Verdict::Sent { users: done.users }));
    }

    fn note(&self, note: Note) {
        // A full mailbox counts the refusal; the session answers its user by its own time-out.
        let _ = self.notes.push(note);
    }
}

const NS_PER_S: u64 = 1_000_000_000;

impl Agent for Directory {
    fn name(&self) -> &str {
        "directory"
    }

    fn turn(&mut self, now: Now) -> usize {
        let mut moved = 0;
        for i in 0..self.inputs.len() {
            for _ in 0..UPWARD_PER_TURN {
                let Some(item) = self.inputs[i].pop() else { break };
                self.take(now, item);
                moved += 1;
            }
        }
        while self.posts.front().is_some_and(|p| p.final_at_ns <= now.mono_ns) {
            if let Some(late) = self.posts.pop_front() {
                self.answer(&late);
            }
        }
        if self.changed && now.mono_ns >= self.next_snapshot_ns {
            self.changed = false;
            self.next_snapshot_ns = now.mono_ns + SNAPSHOT_PERIOD_NS;
            let mut users: Vec<UserInfo> = self.by_session.values().cloned().collect();
            users.sort_by(|a, b| a.call.cmp(&b.call).then(a.session.cmp(&b.session)));
            self.snapshot.store(Arc::new(users));
        }
        moved
    }

    fn has_work(&self) -> bool {
        self.inputs.iter().any(|i| !i.is_empty()) || self.finished()
    }

    fn deadline_ns(&self) -> u64 {
        let snapshot = if self.changed { self.next_snapshot_ns } else { u64::MAX };
        self.posts.front().map_or(snapshot, |p| p.final_at_ns.min(snapshot))
    }

    fn finished(&self) -> bool {
        self.inputs.iter().all(Consumer::is_finished)
    }

    fn polls(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Bell, Producer, TestClock, edge};
    use crate::spot::{Standing, Utc};

    type Bench = (Vec<Producer<Upward>>, Directory, Arc<Mailbox<Note>>, Arc<ArcSwap<Vec<UserInfo>>>);

    fn bench(cores: usize) -> Bench {
        let notes = Arc::new(Mailbox::new(64, Bell::silent()));
        let snapshot = Arc::new(ArcSwap::from_pointee(Vec::new()));
        let (tx, rx): (Vec<_>, Vec<_>) = (0..cores).map(|_| edge("up", 64, Bell::silent())).unzip();
        (tx, Directory::new(rx, Arc::clone(&notes), Arc::clone(&snapshot)), notes, snapshot)
    }

    fn user(call: &str, session: SessionId) -> Upward {
        Upward::LogIn(UserInfo {
            session,
            call: Call::literal(call),
            address: "192.0.2.1".parse().unwrap(),
            since: Utc::from_secs(0),
            standing: Standing::default(),
        })
    }

    fn standing(mut log_in: Upward, standing: Standing) -> Upward {
        if let Upward::LogIn(user) = &mut log_in {
            user.standing = standing;
        }
        log_in
    }

    /// All notes so far, but for those of log-ins.
    fn taken(notes: &Mailbox<Note>) -> Vec<Note> {
        let is_login = |note: &Note| matches!(note, Note::Bulletin(b) if b.kind == BulletinKind::Login);
        std::iter::from_fn(|| notes.pop()).filter(|note| !is_login(note)).collect()
    }

    #[test]
    fn the_newest_log_in_wins_and_the_old_one_leaving_does_not_remove_it() {
        let (mut up, mut directory, notes, snapshot) = bench(2);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let (old, new) = (SessionId::new(0, 1, 1), SessionId::new(1, 1, 1));
        up[0].push(user("K1ABC", old)).unwrap();
        directory.turn(clock.now());
        up[1].push(user("K1ABC", new)).unwrap();
        directory.turn(clock.now());
        assert!(matches!(&taken(&notes)[..], [Note::Evict(s, why)] if *s == old && why.contains("192.0.2.1")));
        up[0].push(Upward::LogOut(old)).unwrap();
        directory.turn(clock.now());
        clock.advance_ms(1_000);
        directory.turn(clock.now());
        let users = snapshot.load();
        assert_eq!(users.iter().map(|u| u.session).collect::<Vec<_>>(), [new]);
        assert!(notes.pop().is_none());
    }

    #[test]
    fn log_ins_and_log_outs_are_told_once_per_call() {
        let (mut up, mut directory, notes, _) = bench(1);
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let session = |n| SessionId::new(0, n, 1);
        let all = [
            user("K1ABC", session(1)),
            user("K1ABC", session(2)),
            Upward::LogOut(session(1)),
            user("K2ABC-1", session(3)),
            Upward::LogOut(session(2)),
        ];
        for item in all {
            up[0].push(item).unwrap();
        }
        directory.turn(clock.now());
        let told: Vec<String> = std::iter::from_fn(|| notes.pop())
            .filter_map(|note| match note {
                Note::Bulletin(b) if b.kind == BulletinKind::Login => Some(String::from_utf8(b.line).unwrap()),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["User K1ABC has logged in", "User K2ABC-1 has logged in", "User K1ABC has logged out"]);
    }

    #[test]
    fn two_programs_that_throw_each_other_out_are_stopped_for_a_minute() {
        let (mut up, mut directory, notes, snapshot) = bench(1);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let mut log_in = |directory: &mut Directory, clock: &TestClock, n| {
            let session = SessionId::new(0, n, n);
            up[0].push(user("K1ABC", session)).unwrap();
            directory.turn(clock.now());
            match &taken(&notes)[..] {
                [] => None,
                [Note::Evict(s, why)] => Some((s.slot() as u32, why.contains("Refused for a minute"))),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(log_in(&mut directory, &clock, 1), None);
        clock.advance_ms(60_000);
        assert_eq!(log_in(&mut directory, &clock, 2), Some((1, false)));
        clock.advance_ms(60_000);
        assert_eq!(log_in(&mut directory, &clock, 3), Some((2, false)));
        clock.advance_ms(60_000);
        assert_eq!(log_in(&mut directory, &clock, 4), Some((4, true)), "the newcomer goes");
        clock.advance_ms(59_000);
        assert_eq!(log_in(&mut directory, &clock, 5), Some((5, true)));
        clock.advance_ms(1_000);
        assert_eq!(log_in(&mut directory, &clock, 6), Some((3, false)), "a minute later he may");
        // Far apart they are allowed for ever.
        for n in 7..20 {
            clock.advance_ms(200_000);
            assert_eq!(log_in(&mut directory, &clock, n), Some((n - 1, false)), "{n}");
        }
        let here: Vec<usize> = snapshot.load().iter().map(|u| u.session.slot()).collect();
        assert!(!here.contains(&4) && !here.contains(&5), "who was refused is nobody: {here:?}");
    }

    #[test]
    fn nobody_unchecked_throws_out_who_gave_the_password() {
        let (mut up, mut directory, notes, snapshot) = bench(1);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let with = |proof| Standing { is_away: false, proof };
        let mut log_in = |directory: &mut Directory, n, proof| {
            up[0].push(standing(user("K1ABC", SessionId::new(0, n, n)), with(proof))).unwrap();
            directory.turn(clock.now());
            match &taken(&notes)[..] {
                [] => None,
                [Note::Evict(s, _)] => Some(s.slot()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(log_in(&mut directory, 1, Proof::Password), None);
        for n in 2..9 {
            assert_eq!(log_in(&mut directory, n, Proof::Unread), Some(n as usize), "the newcomer goes each time");
        }
        assert_eq!(log_in(&mut directory, 9, Proof::Password), Some(1), "the owner may, and was not held back");
        // The password is gone: the one who is here has shown nothing that the newcomer has not.
        up[0].push(Upward::Stands(SessionId::new(0, 9, 9), with(Proof::NotNeeded))).unwrap();
        directory.turn(clock.now());
        up[0].push(standing(user("K1ABC", SessionId::new(0, 10, 10)), with(Proof::Unread))).unwrap();
        directory.turn(clock.now());
        assert!(matches!(&taken(&notes)[..], [Note::Evict(s, _)] if s.slot() == 9));
        clock.advance_ms(1_000);
        directory.turn(clock.now());
        assert_eq!(snapshot.load().iter().filter(|u| u.session.slot() == 10).count(), 1);
    }

    #[test]
    fn who_is_away_is_shown_so_and_the_talker_is_told() {
        let (mut up, mut directory, notes, snapshot) = bench(1);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let (away, asker) = (SessionId::new(0, 1, 1), SessionId::new(0, 9, 9));
        let is_away = |is_away| Upward::Stands(away, Standing { is_away, ..Standing::default() });
        let talk = || Upward::Talk {
            session: asker,
            to: Call::literal("K1ABC"),
            from: Call::literal("W3LPL"),
            text: b"hi".to_vec(),
        };
        for item in [user("K1ABC", away), is_away(true), talk()] {
            up[0].push(item).unwrap();
        }
        directory.turn(clock.now());
        let told = Note::Tell(asker, "K1ABC is away and may not read this now.".into());
        assert!(matches!(&taken(&notes)[..], [Note::Talk { .. }, note] if *note == told));
        assert!(snapshot.load()[0].standing.is_away);
        for item in [is_away(false), talk()] {
            up[0].push(item).unwrap();
        }
        clock.advance_ms(1_000);
        directory.turn(clock.now());
        assert!(matches!(&taken(&notes)[..], [Note::Talk { .. }]));
        assert!(!snapshot.load()[0].standing.is_away);
    }

    #[test]
    fn talk_finds_every_ssid_or_the_talker_is_told() {
        let (mut up, mut directory, notes, _) = bench(1);
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let asker = SessionId::new(0, 9, 9);
        up[0].push(user("K1ABC", SessionId::new(0, 1, 1))).unwrap();
        up[0].push(user("K2ABC-7", SessionId::new(0, 2, 2))).unwrap();
        let call = Call::literal;
        for to in ["K1ABC", "K1ABC-7", "K2ABC", "K3ABC"] {
            let talk = Upward::Talk { session: asker, to: call(to), from: call("W3LPL"), text: b"hi".to_vec() };
            up[0].push(talk).unwrap();
        }
        up[0].push(Upward::Order(Note::Inspect { call: call("K2ABC"), asker })).unwrap();
        up[0].push(Upward::Order(Note::Inspect { call: call("K3ABC"), asker })).unwrap();
        directory.turn(clock.now());
        let talk = |to| Note::Talk { to: call(to), from: call("W3LPL"), text: b"hi".to_vec() };
        let nobody = |to: &str| Note::Tell(asker, format!("{to} is not logged in here, nobody was told."));
        let want = vec![
            talk("K1ABC"),
            nobody("K1ABC-7"),
            talk("K2ABC-7"),
            nobody("K3ABC"),
            Note::Inspect { call: call("K2ABC"), asker },
            Note::Tell(asker, "K3ABC is not logged in here.".into()),
        ];
        assert_eq!(taken(&notes), want);
    }

    #[test]
    fn a_post_is_answered_when_all_cores_counted_or_after_a_second() {
        let (mut up, mut directory, notes, _) = bench(2);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let post = SessionId::new(0, 1, 1);
        up[0].push(Upward::Reached(post, 3)).unwrap();
        directory.turn(clock.now());
        assert!(notes.pop().is_none());
        up[1].push(Upward::Reached(post, 4)).unwrap();
        directory.turn(clock.now());
        assert_eq!(notes.pop(), Some(Note::Verdict(post, Verdict::Sent { users: 7 })));
        up[0].push(Upward::Reached(post, 3)).unwrap();
        directory.turn(clock.now());
        clock.advance_ms(1_000);
        directory.turn(clock.now());
        assert_eq!(notes.pop(), Some(Note::Verdict(post, Verdict::Sent { users: 3 })));
    }
}
