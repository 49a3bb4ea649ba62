//! Passwords: argon2id, on a small thread of its own, so that settings do not wait for a hash.

use super::Secret;
use crate::engine::{Bell, Mailbox};
use crate::spot::{Call, SessionId};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

/// Passwords that may wait to be hashed. At 28 ms of CPU each (measured) the last one waits 0.9 s, and a
/// session waits 2 s for an answer; beyond it a password is refused in words.
pub const HASHES_WAITING_MAX: usize = 32;
/// Of these, for one call: who tries passwords for one call in many connections fills no queue.
pub const HASHES_WAITING_PER_CALL_MAX: usize = 4;
/// Longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 128;
/// Memory, passes and lanes of one hash: OWASP's recommendation. The memory is there while a hash runs, and
/// one runs at a time.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

static ARGON2: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});

/// A password's hash with a fresh salt, as PHC text.
///
/// # Errors
/// The system gives no random bytes; one line.
pub(super) fn hash(password: &Secret) -> Result<String, String> {
    ARGON2.hash_password(&password.0).map(|hash| hash.to_string()).map_err(|e| format!("cannot hash: {e}"))
}

/// Whether this is the password that was hashed. A hash that cannot be read is no password's.
pub(super) fn is_right(password: &Secret, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| ARGON2.verify_password(&password.0, &hash).is_ok())
}

/// Whether a password may be set. The error is a sentence for the user.
pub(super) fn check(password: &Secret, call: &Call, chars_min: u32) -> Result<(), String> {
    let text = String::from_utf8_lossy(&password.0);
    if text.chars().count() < chars_min as usize {
        return Err(format!("too short, use at least {chars_min} characters"));
    }
    if password.0.len() > PASSWORD_BYTES_MAX {
        return Err(format!("too long, use at most {PASSWORD_BYTES_MAX} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("there is a control character in it".into());
    }
    if text.trim().eq_ignore_ascii_case(call.as_str()) {
        return Err("your call is no password".into());
    }
    Ok(())
}

/// What is to be done with a password.
pub(super) enum Task {
    /// Compare it with this hash.
    Verify(String),
    /// Hash it, to be kept.
    Make,
}

/// What came of it.
pub(super) enum Outcome {
    Verified(bool),
    Made(Result<String, String>),
}

/// A password on its way, with its return address.
pub(super) struct Job {
    pub core: usize,
    pub session: SessionId,
    pub ask: u32,
    pub call: Call,
    pub password: Secret,
    pub task: Task,
}

/// A password that was hashed.
pub(super) struct Done {
    pub core: usize,
    pub session: SessionId,
    pub ask: u32,
    pub call: Call,
    pub outcome: Outcome,
}

/// The queue of passwords and whoever hashes them.
pub(super) struct Hasher {
    way: Way,
    /// Calls of the jobs under way.
    calls: Vec<Call>,
}

enum Way {
    Thread {
        jobs: SyncSender<Job>,
        done: Arc<Mailbox<Done>>,
        thread: JoinHandle<()>,
    },
    /// One per turn, on the caller's thread: for tests and replays.
    Inline(VecDeque<Job>),
    Closed,
}

impl Hasher {
    /// With a thread of its own that rings this bell after each hash; without a bell, on the caller's thread.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(bell: Option<Arc<Bell>>) -> std::io::Result<Hasher> {
        let way = match bell {
            None => Way::Inline(VecDeque::new()),
            Some(bell) => {
                let (jobs, waiting) = sync_channel(HASHES_WAITING_MAX);
                // Room for all jobs that can be under way: those that wait and the one in hand.
                let done = Arc::new(Mailbox::new(HASHES_WAITING_MAX + 1, bell));
                let to = Arc::clone(&done);
                let thread = std::thread::Builder::new().name("passwords".into()).spawn(move || work(&waiting, &to))?;
                Way::Thread { jobs, done, thread }
            }
        };
        Ok(Hasher { way, calls: Vec::new() })
    }

    /// Whether each job costs the caller's time.
    pub fn is_inline(&self) -> bool {
        matches!(self.way, Way::Inline(_))
    }

    /// Jobs under way.
    pub fn waiting(&self) -> usize {
        self.calls.len()
    }

    /// Takes a job, or gives it back when too many wait.
    pub fn put(&mut self, job: Job) -> Result<(), Job> {
        let of_call = self.calls.iter().filter(|call| **call == job.call).count();
        if self.calls.len() >= HASHES_WAITING_MAX || of_call >= HASHES_WAITING_PER_CALL_MAX {
            return Err(job);
        }
        let call = job.call;
        match &mut self.way {
            Way::Thread { jobs, .. } => jobs.try_send(job).map_err(|e| match e {
                TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
            })?,
            Way::Inline(jobs) => jobs.push_back(job),
            Way::Closed => return Err(job),
        }
        self.calls.push(call);
        Ok(())
    }

    /// The next one that is done.
    pub fn take(&mut self) -> Option<Done> {
        let done = match &mut self.way {
            Way::Thread { done, .. } => done.pop()?,
            Way::Inline(jobs) => carry_out(jobs.pop_front()?),
            Way::Closed => return None,
        };
        if let Some(at) = self.calls.iter().position(|call| *call == done.call) {
            self.calls.swap_remove(at);
        }
        Some(done)
    }

    /// Whether [`Hasher::take`] has something.
    pub fn has_done(&self) -> bool {
        match &self.way {
            Way::Thread { done, .. } => !done.is_empty(),
            Way::Inline(jobs) => !jobs.is_empty(),
            Way::Closed => false,
        }
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        if let Way::Thread { jobs, thread, .. } = std::mem::replace(&mut self.way, Way::Closed) {
            // The thread ends when nobody can send any more.
            drop(jobs);
            let _ = thread.join();
        }
    }
}

fn work(jobs: &Receiver<Job>, done: &Mailbox<Done>) {
    while let Ok(job) = jobs.recv() {
        // There is room for every job that was let in.
        let _ = done.push(carry_out(job));
    }
}

fn carry_out(job: Job) -> Done {
    let Job { core, session, ask, call, password, task } = job;
    let outcome = match task {
        Task::Verify(hash) => Outcome::Verified(is_right(&password, &hash)),
        Task::Make => Outcome::Made(hash(&password)),
    };
    Done { core, session, ask, call, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn secret(text: &str) -> Secret {
        Secret(text.as_bytes().to_vec())
    }

    #[test]
    fn a_hash_knows_its_password() {
        let hashed = hash(&secret("correct horse")).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(is_right(&secret("correct horse"), &hashed));
        assert!(!is_right(&secret("correct horsf"), &hashed));
        assert!(!is_right(&secret("correct horse"), "plain text"));
        assert_ne!(hash(&secret("correct horse")).unwrap(), hashed, "each has its own salt");
    }

    #[test]
    fn passwords_have_rules() {
        let call = Call::literal("K1ABC/MM-12");
        for (text, expected) in [
            ("1234567", "at least 8"),
            ("äöüäöü", "at least 8"),
            ("k1abc/mm-12", "no password"),
            ("eight\u{7}bells", "control"),
            (&"x".repeat(129), "at most 128"),
        ] {
            let wrong = check(&secret(text), &call, 8).unwrap_err();
            assert!(wrong.contains(expected), "{text}: {wrong}");
        }
        assert_eq!(check(&secret("12345678"), &call, 8), Ok(()));
        assert_eq!(check(&secret(&"x".repeat(128)), &call, 8), Ok(()));
    }

    #[test]
    fn the_queue_is_bounded_and_nobody_fills_it_alone() {
        let mut hasher = Hasher::start(None).unwrap();
        let mut put = |call: &str| {
            let job = Job {
                core: 0,
                session: SessionId::NONE,
                ask: 0,
                call: Call::literal(call),
                password: secret("x"),
                task: Task::Verify(String::new()),
            };
            hasher.put(job).is_ok()
        };
        let of_one = (0..10).filter(|_| put("K1ABC")).count();
        assert_eq!(of_one, HASHES_WAITING_PER_CALL_MAX);
        let of_many = (0..100).filter(|n| put(&format!("K1A{n}"))).count();
        assert_eq!(of_one + of_many, HASHES_WAITING_MAX);
        assert!(matches!(hasher.take(), Some(Done { outcome: Outcome::Verified(false), .. })));
        assert_eq!(hasher.waiting(), HASHES_WAITING_MAX - 1);
    }

    #[test]
    fn the_thread_rings_and_ends() {
        let mut hasher = Hasher::start(Some(Bell::silent())).unwrap();
        let job = Job {
            core: 3,
            session: SessionId::NONE,
            ask: 7,
            call: Call::literal("K1ABC"),
            password: secret("correct horse"),
            task: Task::Make,
        };
        assert!(hasher.put(job).is_ok());
        let end = Instant::now() + Duration::from_secs(10);
        let done = loop {
            assert!(Instant::now() < end);
            match hasher.take() {
                Some(done) => break done,
                None => std::thread::yield_now(),
            }
        };
        assert_eq!((done.core, done.ask, hasher.waiting()), (3, 7, 0));
        let Outcome::Made(Ok(hashed)) = done.outcome else { panic!("not made") };
        assert!(is_right(&secret("correct horse"), &hashed));
    }
}
