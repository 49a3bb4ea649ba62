//! The directory: who is logged in, over all telnet cores. One owner, on dedup's core.

use crate::engine::{Agent, Consumer, Mailbox, Now};
use crate::spot::{Call, Note, PostId, SessionId, Upward, UserInfo, Verdict};
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

/// The agent.
pub struct Directory {
    inputs: Vec<Consumer<Upward>>,
    notes: Arc<Mailbox<Note>>,
    snapshot: Arc<ArcSwap<Vec<UserInfo>>>,
    by_session: HashMap<SessionId, UserInfo>,
    by_call: HashMap<Call, SessionId>,
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
            posts: VecDeque::new(),
            changed: false,
            next_snapshot_ns: 0,
        }
    }

    fn take(&mut self, now: Now, item: Upward) {
        match item {
            Upward::LogIn(user) => {
                if let Some(old) = self.by_call.insert(user.call, user.session)
                    && let Some(old_user) = self.by_session.get(&old)
                {
                    let why = format!("{} logged in again from {}: this session ends", user.call, user.address);
                    tracing::info!(call = %user.call, from = %user.address, old = %old_user.address, "second log-in, newest stays");
                    self.note(Note::Evict(old, why));
                }
                self.by_session.insert(user.session, user);
                self.changed = true;
            }
            Upward::LogOut(session) => {
                if let Some(user) = self.by_session.remove(&session) {
                    if self.by_call.get(&user.call) == Some(&session) {
                        self.by_call.remove(&user.call);
                    }
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
            Upward::Order(note) => self.note(note),
            Upward::Bulletin(bulletin) => self.note(Note::Bulletin(bulletin)),
            Upward::Talk { to, from, text, .. } => self.note(Note::Talk { to, from, text }),
        }
    }

    fn answer(&self, done: &PendingPost) {
        self.note(Note::Verdict(done.post, Verdict::Sent { users: done.users }));
    }

    fn note(&self, note: Note) {
        // A full mailbox counts the refusal; the session answers its user by its own time-out.
        let _ = self.notes.push(note);
    }
}

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
    use crate::spot::Utc;

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
        })
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
        assert!(matches!(notes.pop(), Some(Note::Evict(s, why)) if s == old && why.contains("192.0.2.1")));
        up[0].push(Upward::LogOut(old)).unwrap();
        directory.turn(clock.now());
        clock.advance_ms(1_000);
        directory.turn(clock.now());
        let users = snapshot.load();
        assert_eq!(users.iter().map(|u| u.session).collect::<Vec<_>>(), [new]);
        assert!(notes.pop().is_none());
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
