//! The doorbell of a core: a producer's push costs nanoseconds, a wake-up costs microseconds, so the
//! bell is rung once per batch and only if the consumer said that it sleeps.
//!
//! The protocol, model-checked with loom (`RUSTFLAGS="--cfg loom" cargo test --lib bell`):
//!
//! - consumer: `asleep.swap(true)`, fence, look at the rings again, sleep, `asleep.swap(false)`;
//! - producer: push, fence, `if asleep` and `asleep.swap(false)`, wake.
//!
//! Without the two fences a push and an announcement of sleep can miss each other: each side reads
//! the other's old value, and the consumer sleeps on a full ring.

#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, Ordering, fence};

/// The flag and fences of the protocol, without the means of waking.
#[derive(Debug)]
pub struct Sleeper {
    asleep: AtomicBool,
}

impl Default for Sleeper {
    fn default() -> Self {
        Self::new()
    }
}

impl Sleeper {
    /// Awake.
    pub fn new() -> Sleeper {
        Sleeper { asleep: AtomicBool::new(false) }
    }
    /// Consumer: announces sleep. It must look at its rings after this and before it sleeps.
    #[inline]
    pub fn announce(&self) {
        self.asleep.swap(true, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }
    /// Consumer: is awake again. `true` when no producer rang meanwhile.
    #[inline]
    pub fn awake(&self) -> bool {
        self.asleep.swap(false, Ordering::AcqRel)
    }
    /// Producer, after its pushes: whether the consumer must be woken, by the one caller who gets `true`.
    #[inline]
    pub fn must_wake(&self) -> bool {
        fence(Ordering::SeqCst);
        self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel)
    }
}

/// The bell of one core.
#[cfg(not(loom))]
#[derive(Debug)]
pub struct Bell {
    sleeper: Sleeper,
    waker: Option<mio::Waker>,
    wakes: std::sync::atomic::AtomicU64,
}

#[cfg(not(loom))]
impl Bell {
    /// A bell that wakes the poll the waker belongs to.
    pub fn new(waker: mio::Waker) -> Bell {
        Bell { sleeper: Sleeper::new(), waker: Some(waker), wakes: Default::default() }
    }
    /// A bell for agents that all run on one thread and never sleep: replay and tests.
    pub fn silent() -> std::sync::Arc<Bell> {
        std::sync::Arc::new(Bell { sleeper: Sleeper::new(), waker: None, wakes: Default::default() })
    }
    /// The consumer's side.
    pub fn sleeper(&self) -> &Sleeper {
        &self.sleeper
    }
    /// Wakes the consumer if it sleeps.
    #[inline]
    pub fn ring(&self) {
        if self.sleeper.must_wake()
            && let Some(waker) = &self.waker
        {
            self.wakes.fetch_add(1, Ordering::Relaxed);
            // It can only fail when the eventfd is gone with its poll, and then nobody sleeps on it.
            let _ = waker.wake();
        }
    }
    /// How often it was rung for real.
    pub fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }
}

#[cfg(loom)]
pub use loom_bell::Bell;
#[cfg(loom)]
mod loom_bell {
    /// Under loom only the [`super::Sleeper`] is checked; the rest of the crate just has to build.
    #[derive(Debug)]
    pub struct Bell;
    impl Bell {
        pub fn new(_: mio::Waker) -> Bell {
            Bell
        }
        pub fn silent() -> std::sync::Arc<Bell> {
            std::sync::Arc::new(Bell)
        }
        pub fn sleeper(&self) -> &super::Sleeper {
            unreachable!("not run under loom")
        }
        pub fn ring(&self) {}
        pub fn wakes(&self) -> u64 {
            0
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Sleeper;
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::sync::{Condvar, Mutex};

    /// A ring's index, and a poll that remembers a wake-up, as an eventfd does.
    struct Model {
        pushed: AtomicUsize,
        sleeper: Sleeper,
        woken: Mutex<bool>,
        wake: Condvar,
    }

    fn consume(model: &Model, want: usize) {
        while model.pushed.load(Ordering::Acquire) < want {
            model.sleeper.announce();
            if model.pushed.load(Ordering::Acquire) >= want {
                model.sleeper.awake();
                continue;
            }
            let mut woken = model.woken.lock().unwrap();
            while !*woken {
                woken = model.wake.wait(woken).unwrap();
            }
            *woken = false;
            drop(woken);
            model.sleeper.awake();
        }
    }

    #[test]
    fn no_wake_up_is_lost() {
        loom::model(|| {
            let model = Arc::new(Model {
                pushed: AtomicUsize::new(0),
                sleeper: Sleeper::new(),
                woken: Mutex::new(false),
                wake: Condvar::new(),
            });
            let producer = {
                let model = Arc::clone(&model);
                loom::thread::spawn(move || {
                    for n in 1..=2 {
                        model.pushed.store(n, Ordering::Release);
                        if model.sleeper.must_wake() {
                            *model.woken.lock().unwrap() = true;
                            model.wake.notify_one();
                        }
                    }
                })
            };
            // A lost wake-up is a deadlock, which loom reports.
            consume(&model, 2);
            producer.join().unwrap();
        });
    }
}
