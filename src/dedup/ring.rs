//! Entries in order of time, found by key: the storage of every window.

use ahash::RandomState;
use hashbrown::HashTable;

/// What a window remembers.
pub(super) trait Entry: Copy {
    /// What entries of one chain share; exact, never a hash.
    type Key: PartialEq + std::hash::Hash;
    /// The key.
    fn key(&self) -> Self::Key;
    /// When it counts from, in ms; entries are pushed in this order.
    fn at_ms(&self) -> i64;
}

/// A bounded ring in time order with an index from key to the newest entry of that key; entries of one
/// key are chained from new to old.
///
/// Everything is O(1) but the walk along a chain, which is bounded by [`CHAIN_MAX`]. All memory is
/// reserved at the start: `entries_max * (size of a slot + 20 bytes of index)`; pages never written cost
/// nothing.
pub(super) struct TimeRing<E> {
    slots: Vec<Slot<E>>,
    capacity: u64,
    /// Sequence of the oldest live entry, and of the next one.
    tail: u64,
    head: u64,
    /// Slots of the newest entries.
    index: HashTable<u32>,
    hasher: RandomState,
    evicted: u64,
}

#[derive(Clone, Copy)]
struct Slot<E> {
    entry: E,
    /// How many places before this one the next older entry of the key lies; 0 = none.
    older: u32,
}

/// The most entries of one key that are looked at, newest first. Only one DX on many frequencies of a band
/// makes a long chain: 16 steps of 1 kHz. Beyond it a repeat counts as new rather than costing time.
pub(super) const CHAIN_MAX: usize = 16;

/// The most entries of a ring, whatever the configuration says: sequence distances fit `u32`.
const ENTRIES_MAX: u32 = 1 << 24;

impl<E: Entry> TimeRing<E> {
    pub fn new(entries_max: u32) -> TimeRing<E> {
        let capacity = entries_max.clamp(1, ENTRIES_MAX) as usize;
        TimeRing {
            slots: Vec::with_capacity(capacity),
            capacity: capacity as u64,
            tail: 0,
            head: 0,
            // Twice the bound: removals leave marks, and a table more than half full would grow to clear them.
            index: HashTable::with_capacity(2 * capacity),
            // Fixed seeds: two runs on one input take the same steps. Nothing is read in hash order.
            hasher: RandomState::with_seeds(0x5EED_0001, 0x5EED_0002, 0x5EED_0003, 0x5EED_0004),
            evicted: 0,
        }
    }

    /// Live entries.
    pub fn len(&self) -> usize {
        (self.head - self.tail) as usize
    }

    /// Entries that had to go before their time because the ring was full.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    fn slot(&self, seq: u64) -> usize {
        (seq % self.capacity) as usize
    }

    /// Forgets entries older than `oldest_ms`.
    #[inline]
    pub fn expire(&mut self, oldest_ms: i64) {
        while self.tail < self.head && self.slots[self.slot(self.tail)].entry.at_ms() < oldest_ms {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let slot = self.slot(self.tail);
        let hash = self.hasher.hash_one(self.slots[slot].entry.key());
        // The index names the newest entry of the key: only when that is this one does it go.
        if let Ok(found) = self.index.find_entry(hash, |at| *at == slot as u32) {
            found.remove();
        }
        self.tail += 1;
    }

    /// The first live entry of a key, newest first, that `fits`.
    #[inline]
    pub fn find(&mut self, key: &E::Key, mut fits: impl FnMut(&E) -> bool) -> Option<&mut E> {
        let hash = self.hasher.hash_one(key);
        let slots = &self.slots;
        let newest = *self.index.find(hash, |at| slots[*at as usize].entry.key() == *key)?;
        let mut seq = seq_of(self.tail, self.capacity, u64::from(newest));
        for _ in 0..CHAIN_MAX {
            let slot = self.slot(seq);
            if fits(&self.slots[slot].entry) {
                return Some(&mut self.slots[slot].entry);
            }
            let older = u64::from(self.slots[slot].older);
            if older == 0 || seq < self.tail + older {
                return None;
            }
            seq -= older;
        }
        None
    }

    /// Adds an entry; its time must not lie before that of the last one. When the ring is full the oldest
    /// goes, counted.
    pub fn push(&mut self, entry: E) {
        if self.head - self.tail == self.capacity {
            self.pop();
            self.evicted += 1;
        }
        let seq = self.head;
        let slot = self.slot(seq);
        let key = entry.key();
        let hash = self.hasher.hash_one(&key);
        let slots = &self.slots;
        let mut older = 0;
        match self.index.find_mut(hash, |at| slots[*at as usize].entry.key() == key) {
            Some(newest) => {
                let before = u64::from(*newest);
                older = (seq - seq_of(self.tail, self.capacity, before)) as u32;
                *newest = slot as u32;
            }
            None => {
                let hasher = &self.hasher;
                self.index.insert_unique(hash, slot as u32, |at| hasher.hash_one(slots[*at as usize].entry.key()));
            }
        }
        let new = Slot { entry, older };
        if slot == self.slots.len() {
            self.slots.push(new);
        } else {
            self.slots[slot] = new;
        }
        self.head += 1;
    }
}

/// The sequence of the live entry in a slot: from `tail` on, one lap.
fn seq_of(tail: u64, capacity: u64, slot: u64) -> u64 {
    let seq = tail - tail % capacity + slot;
    if seq < tail { seq + capacity } else { seq }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Mark(u8, i64, u32);
    impl Entry for Mark {
        type Key = u8;
        fn key(&self) -> u8 {
            self.0
        }
        fn at_ms(&self) -> i64 {
            self.1
        }
    }

    #[test]
    fn newest_first_and_gone_when_old() {
        let mut ring = TimeRing::new(4);
        for (key, at, n) in [(1, 10, 0), (2, 20, 1), (1, 30, 2)] {
            ring.push(Mark(key, at, n));
        }
        let mut seen = Vec::new();
        assert!(
            ring.find(&1, |m| {
                seen.push(m.2);
                false
            })
            .is_none()
        );
        assert_eq!(seen, [2, 0]);
        ring.expire(20);
        assert_eq!(ring.find(&1, |m| m.2 == 0), None, "expired");
        assert_eq!(ring.find(&1, |_| true), Some(&mut Mark(1, 30, 2)));
        ring.expire(31);
        assert_eq!(ring.len(), 0);
        assert_eq!(ring.find(&1, |_| true), None);
    }

    #[test]
    fn a_full_ring_lets_the_oldest_go_and_counts() {
        let mut ring = TimeRing::new(3);
        for n in 0..5u32 {
            ring.push(Mark(n as u8, i64::from(n), n));
        }
        assert_eq!((ring.len(), ring.evicted()), (3, 2));
        assert_eq!(ring.find(&1, |_| true), None);
        assert_eq!(ring.find(&2, |_| true), Some(&mut Mark(2, 2, 2)));
        assert_eq!(ring.find(&4, |_| true), Some(&mut Mark(4, 4, 4)));
    }

    /// Against a plain list, over many laps and every mix of keys.
    #[test]
    fn answers_as_a_list_would() {
        let mut ring: TimeRing<Mark> = TimeRing::new(16);
        let mut list: Vec<Mark> = Vec::new();
        let mut rng = fastrand::Rng::with_seed(7);
        let mut at = 0;
        for n in 0..20_000u32 {
            at += rng.i64(0..3);
            ring.expire(at - 12);
            list.retain(|m| m.1 >= at - 12);
            let key = rng.u8(0..6);
            let wanted = rng.u32(0..4);
            let expected = list.iter().rev().filter(|m| m.0 == key).take(CHAIN_MAX).find(|m| m.2 % 4 == wanted);
            let found: Option<Mark> = ring.find(&key, |m| m.2 % 4 == wanted).map(|m| *m);
            assert_eq!(found, expected.copied(), "step {n}");
            if rng.bool() {
                let mark = Mark(key, at, n);
                ring.push(mark);
                if list.len() == 16 {
                    list.remove(0);
                }
                list.push(mark);
            }
            assert_eq!(ring.len(), list.len());
        }
        assert!(ring.evicted() > 0, "the bound was reached");
    }
}
