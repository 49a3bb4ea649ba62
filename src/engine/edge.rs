//! Edges: SPSC rings between agents, with counters, class reserves and a bell.

use super::bell::Bell;
use crate::measure::{Count, Gauge};
use crate::spot::Class;
use std::sync::Arc;

/// What is counted about an edge. Shared by both ends and the reporter.
#[derive(Debug)]
pub struct EdgeStats {
    name: String,
    capacity: usize,
    /// Items pushed; written by the producer.
    pub pushed: Count,
    /// Times a push found the ring full; written by the producer.
    pub full: Count,
    /// Highest level seen by the producer.
    pub level_max: Gauge,
    /// Items popped; written by the consumer.
    pub popped: Count,
}

impl EdgeStats {
    /// `parse>correct`.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Slots.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
    /// Items in the ring now.
    pub fn level(&self) -> u64 {
        // Popped first: a pop between the two loads then shows too much, never an underflow.
        let popped = self.popped.get();
        self.pushed.get().saturating_sub(popped)
    }
}

/// How many slots of a ring are kept free from each class: the lowest class is shed first, a person's
/// spot may use the last slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserves([usize; Class::COUNT]);

impl Reserves {
    /// Shares of the capacity in percent: human 0, peer 5, RBN 20, simulator 20, RBN digital 35, PSKReporter 50.
    pub fn for_capacity(capacity: usize) -> Reserves {
        let mut slots = [0; Class::COUNT];
        for class in Class::ALL {
            let percent = match class {
                Class::Human => 0,
                Class::Peer => 5,
                Class::Rbn | Class::Simulator => 20,
                Class::RbnDigital => 35,
                Class::PskReporter => 50,
            };
            slots[class as usize] = capacity * percent / 100;
        }
        Reserves(slots)
    }
    /// Slots kept free from this class.
    #[inline]
    pub fn of(&self, class: Class) -> usize {
        self.0[class as usize]
    }
}

/// Makes an edge of `capacity` items; `bell` wakes the consumer's core.
pub fn edge<T>(name: impl Into<String>, capacity: usize, bell: Arc<Bell>) -> (Producer<T>, Consumer<T>) {
    let (tx, rx) = rtrb::RingBuffer::new(capacity);
    let stats = Arc::new(EdgeStats {
        name: name.into(),
        capacity,
        pushed: Count::default(),
        full: Count::default(),
        level_max: Gauge::default(),
        popped: Count::default(),
    });
    let bell = RungAtTheEnd(bell);
    (Producer { ring: tx, bell, stats: Arc::clone(&stats), unannounced: false }, Consumer { ring: rx, stats })
}

/// The writing end. Push as much as you like, then [`Producer::announce`] once.
pub struct Producer<T> {
    // Fields are dropped in this order: first the ring is abandoned, then the bell tells.
    ring: rtrb::Producer<T>,
    bell: RungAtTheEnd,
    stats: Arc<EdgeStats>,
    unannounced: bool,
}

impl<T> Producer<T> {
    /// Free slots now (looks at the consumer's index).
    #[inline]
    pub fn slots(&self) -> usize {
        self.ring.slots()
    }
    /// Pushes one item; gives it back, and counts, when the ring is full.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), T> {
        match self.ring.push(item) {
            Ok(()) => {
                self.stats.pushed.add(1);
                self.unannounced = true;
                Ok(())
            }
            Err(rtrb::PushError::Full(item)) => {
                self.stats.full.add(1);
                Err(item)
            }
        }
    }
    /// Pushes as many items from the front of `items` as fit; returns how many.
    pub fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let (done, _rest) = self.ring.push_partial_slice(items);
        let n = done.len();
        if n > 0 {
            self.stats.pushed.add(n as u64);
            self.unannounced = true;
        }
        if n < items.len() {
            self.stats.full.add(1);
        }
        n
    }
    /// Wakes the consumer if it sleeps. Once per turn, after the last push; free when nothing was pushed.
    #[inline]
    pub fn announce(&mut self) {
        if self.unannounced {
            self.unannounced = false;
            self.stats.level_max.raise((self.stats.capacity - self.ring.slots()) as u64);
            self.bell.0.ring();
        }
    }
    /// Whether the consumer is gone.
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
    /// The counters.
    pub fn stats(&self) -> &Arc<EdgeStats> {
        &self.stats
    }
}

/// The consumer may be asleep when the producer goes; being abandoned is news to it.
struct RungAtTheEnd(Arc<Bell>);

impl Drop for RungAtTheEnd {
    fn drop(&mut self) {
        self.0.ring();
    }
}

/// The reading end.
pub struct Consumer<T> {
    ring: rtrb::Consumer<T>,
    stats: Arc<EdgeStats>,
}

impl<T> Consumer<T> {
    /// Items waiting (looks at the producer's index).
    #[inline]
    pub fn len(&self) -> usize {
        self.ring.slots()
    }
    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }
    /// Takes one item.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let item = self.ring.pop().ok()?;
        self.stats.popped.add(1);
        Some(item)
    }
    /// Copies up to `max` items to the end of `into`; returns how many.
    pub fn pop_into(&mut self, into: &mut Vec<T>, max: usize) -> usize
    where
        T: Copy,
    {
        let n = self.ring.slots().min(max);
        if n == 0 {
            return 0;
        }
        let Ok(chunk) = self.ring.read_chunk(n) else {
            return 0;
        };
        let (first, second) = chunk.as_slices();
        into.extend_from_slice(first);
        into.extend_from_slice(second);
        chunk.commit_all();
        self.stats.popped.add(n as u64);
        n
    }
    /// Moves up to `max` items to the end of `into`, with one look at the shared index; returns how many.
    pub fn take_into(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        let n = self.ring.slots().min(max);
        if n == 0 {
            return 0;
        }
        let Ok(chunk) = self.ring.read_chunk(n) else {
            return 0;
        };
        into.extend(chunk);
        self.stats.popped.add(n as u64);
        n
    }
    /// Whether the producer is gone (items may still wait).
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
    /// Whether the producer is gone and everything was taken.
    pub fn is_finished(&self) -> bool {
        // Abandoned first: the other order could miss an item pushed just before the producer left.
        self.ring.is_abandoned() && self.ring.is_empty()
    }
    /// The counters.
    pub fn stats(&self) -> &Arc<EdgeStats> {
        &self.stats
    }
}
