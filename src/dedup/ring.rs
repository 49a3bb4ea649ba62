//! Entries in order of time, found by key: the storage of every window.

use ahash::RandomState;

/// What a window remembers.
pub(super) trait Entry: Copy {
    /// What entries must share to be compared; exact, never a hash.
    type Key: PartialEq + std::hash::Hash;
    /// The key.
    fn key(&self) -> Self::Key;
    /// When it counts from, in ms; entries are pushed in this order.
    fn at_ms(&self) -> i64;
}

/// A bounded ring in time order with hash chains through its slots: a head per hash bucket names the newest
/// entry of the bucket, every entry the next older one.
///
/// Expiry only moves the tail: a head or link that points before the tail is dead, so nothing is ever removed
/// from an index, rehashed or moved. (A hash table beside the ring cost 1.2 µs a spot over four windows at
/// 60,000 live entries, this costs a third.) Everything is O(1) but the walk along a chain, which is bounded.
///
/// All memory is reserved at the start: `entries_max` slots and as many heads of 4 bytes, rounded up to a power
/// of two; pages never written cost nothing.
pub(super) struct TimeRing<E> {
    slots: Vec<Slot<E>>,
    capacity: u64,
    /// Sequence of the oldest live entry, and of the next one; from 1, so that a head of 0 is dead.
    tail: u64,
    head: u64,
    /// Low halves of the sequences of the newest entries.
    heads: Vec<u32>,
    hasher: RandomState,
    evicted: u64,
}

#[derive(Clone, Copy)]
struct Slot<E> {
    entry: E,
    /// Upper half of the hash of its key: tells most other keys of the bucket apart.
    tag: u32,
    /// How many places before this one the next older entry of the bucket lies; 0 = none.
    older: u32,
}

/// The most entries of one key that are looked at, newest first. Only one DX on many frequencies of a band
/// makes a long chain: 16 steps of 1 kHz. Beyond it a repeat counts as new rather than costing time.
pub(super) const CHAIN_MAX: usize = 16;

/// The most entries of a bucket that are looked at. A bucket holds one entry on average; who makes calls that
/// collide gets his repeats through, and no more of our time than this.
const STEPS_MAX: usize = 64;

/// The most entries of a ring, whatever the configuration says: sequence distances fit `u32`.
const ENTRIES_MAX: u32 = 1 << 24;

impl<E: Entry> TimeRing<E> {
    pub fn new(entries_max: u32) -> TimeRing<E> {
        let capacity = entries_max.clamp(1, ENTRIES_MAX) as usize;
        TimeRing {
            slots: Vec::with_capacity(capacity),
            capacity: capacity as u64,
            tail: 1,
            head: 1,
            heads: vec![0; capacity.next_power_of_two()],
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

    /// The hash under which [`TimeRing::find`] and [`TimeRing::push`] know a key.
    #[inline]
    pub fn hash(&self, key: &E::Key) -> u64 {
        self.hasher.hash_one(key)
    }

    fn slot(&self, seq: u64) -> usize {
        (seq % self.capacity) as usize
    }

    fn bucket(&self, hash: u64) -> usize {
        hash as usize & (self.heads.len() - 1)
    }

    /// The sequence that a head means, when it is live. After 2^32 pushes a dead head may look like a live
    /// entry of another bucket; its chain then holds no entry of the key, as the right answer would.
    fn live(&self, head: u32) -> Option<u64> {
        let ahead = u64::from(head.wrapping_sub(self.tail as u32));
        (ahead < self.head - self.tail).then(|| self.tail + ahead)
    }

    /// Forgets entries older than `oldest_ms`.
    #[inline]
    pub fn expire(&mut self, oldest_ms: i64) {
        while self.tail < self.head && self.slots[self.slot(self.tail)].entry.at_ms() < oldest_ms {
            self.tail += 1;
        }
    }

    /// The first live entry of a key, newest first, that `fits`.
    #[inline]
    pub fn find(&mut self, hash: u64, key: &E::Key, mut fits: impl FnMut(&E) -> bool) -> Option<&mut E> {
        let mut seq = self.live(self.heads[self.bucket(hash)])?;
        let tag = (hash >> 32) as u32;
        let mut of_key = 0;
        for _ in 0..STEPS_MAX {
            let at = self.slot(seq);
            let slot = &self.slots[at];
            if slot.tag == tag && slot.entry.key() == *key {
                if fits(&slot.entry) {
                    return Some(&mut self.slots[at].entry);
                }
                of_key += 1;
                if of_key == CHAIN_MAX {
                    return None;
                }
            }
            let older = u64::from(slot.older);
            if older == 0 || seq < self.tail + older {
                return None;
            }
            seq -= older;
        }
        None
    }

    /// Adds an entry under the hash of its key; its time must not lie before that of the last one. When the
    /// ring is full the oldest goes, counted.
    pub fn push(&mut self, hash: u64, entry: E) {
        if self.head - self.tail == self.capacity {
            self.tail += 1;
            self.evicted += 1;
        }
        let seq = self.head;
        let bucket = self.bucket(hash);
        let older = self.live(self.heads[bucket]).map_or(0, |before| (seq - before) as u32);
        self.heads[bucket] = seq as u32;
        let new = Slot { entry, tag: (hash >> 32) as u32, older };
        let at = self.slot(seq);
        // Slots fill from 1 on, so slot 0 comes last: it is made with the first.
        if self.slots.is_empty() {
            self.slots.push(new);
        }
        if at == self.slots.len() {
            self.slots.push(new);
        } else {
            self.slots[at] = new;
        }
        self.head += 1;
    }
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

    fn push(ring: &mut TimeRing<Mark>, mark: Mark) {
        ring.push(ring.hash(&mark.0), mark);
    }

    fn find(ring: &mut TimeRing<Mark>, key: u8, fits: impl FnMut(&Mark) -> bool) -> Option<Mark> {
        ring.find(ring.hash(&key), &key, fits).copied()
    }

    #[test]
    fn newest_first_and_gone_when_old() {
        let mut ring = TimeRing::new(4);
        for (key, at, n) in [(1, 10, 0), (2, 20, 1), (1, 30, 2)] {
            push(&mut ring, Mark(key, at, n));
        }
        let mut seen = Vec::new();
        assert!(
            find(&mut ring, 1, |m| {
                seen.push(m.2);
                false
            })
            .is_none()
        );
        assert_eq!(seen, [2, 0]);
        ring.expire(20);
        assert_eq!(find(&mut ring, 1, |m| m.2 == 0), None, "expired");
        assert_eq!(find(&mut ring, 1, |_| true), Some(Mark(1, 30, 2)));
        ring.expire(31);
        assert_eq!(ring.len(), 0);
        assert_eq!(find(&mut ring, 1, |_| true), None);
    }

    #[test]
    fn a_full_ring_lets_the_oldest_go_and_counts() {
        let mut ring = TimeRing::new(3);
        for n in 0..5u32 {
            push(&mut ring, Mark(n as u8, i64::from(n), n));
        }
        assert_eq!((ring.len(), ring.evicted()), (3, 2));
        assert_eq!(find(&mut ring, 1, |_| true), None);
        assert_eq!(find(&mut ring, 2, |_| true), Some(Mark(2, 2, 2)));
        assert_eq!(find(&mut ring, 4, |_| true), Some(Mark(4, 4, 4)));
    }

    /// Nobody's calls make the stage slow: past the bound a repeat is new.
    #[test]
    fn a_long_bucket_is_not_walked_to_its_end() {
        let mut ring: TimeRing<Mark> = TimeRing::new(256);
        for n in 0..=STEPS_MAX as u32 {
            ring.push(0, Mark(n as u8, 0, n));
        }
        assert_eq!(ring.find(0, &1, |_| true).copied(), Some(Mark(1, 0, 1)));
        assert_eq!(ring.find(0, &0, |_| true), None);
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
            let found: Option<Mark> = find(&mut ring, key, |m| m.2 % 4 == wanted);
            assert_eq!(found, expected.copied(), "step {n}");
            if rng.bool() {
                let mark = Mark(key, at, n);
                push(&mut ring, mark);
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
