//! Entries in order of time, found by key: the storage of every window.

use super::index::{Index, Tag};

/// What a window remembers.
pub(super) trait Entry: Copy {
    /// What entries of one chain share; exact, never a hash.
    type Key: PartialEq;
    /// The key.
    fn key(&self) -> &Self::Key;
    /// When it counts from, in ms; entries are pushed in this order.
    fn at_ms(&self) -> i64;
}

/// A key with its tag, made once per spot and asked of several rings.
pub(super) struct Keyed<K> {
    pub key: K,
    pub tag: Tag,
}

/// A bounded ring in time order with an index from key to the newest entry of that key; entries of one
/// key are chained from new to old.
///
/// Everything is O(1) but the walk along a chain, which is bounded by [`CHAIN_MAX`], and the doubling of the
/// index. All memory is reserved at the start: for `entries_max`, rounded up to a power of two, the size of a
/// slot + 20 bytes of index each; pages never written cost nothing.
pub(super) struct TimeRing<E> {
    slots: Vec<Slot<E>>,
    /// Slots, a power of two, less one: a sequence's place costs no division.
    mask: u64,
    entries_max: u64,
    /// Sequence of the oldest live entry, and of the next one.
    tail: u64,
    head: u64,
    /// The low half of the sequences of the newest entries.
    index: Index,
    evicted: u64,
}

#[derive(Clone, Copy)]
struct Slot<E> {
    entry: E,
    tag: Tag,
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
        let entries_max = entries_max.clamp(1, ENTRIES_MAX) as usize;
        let slots = entries_max.next_power_of_two();
        TimeRing {
            slots: Vec::with_capacity(slots),
            mask: slots as u64 - 1,
            entries_max: entries_max as u64,
            tail: 0,
            head: 0,
            index: Index::new(slots),
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

    #[inline]
    fn place(&self, seq: u64) -> usize {
        (seq & self.mask) as usize
    }

    /// Forgets entries older than `oldest_ms`.
    #[inline]
    pub fn expire(&mut self, oldest_ms: i64) {
        while self.tail < self.head && self.slots[self.place(self.tail)].entry.at_ms() < oldest_ms {
            self.pop();
        }
    }

    fn pop(&mut self) {
        // The index names the newest entry of the key: only when that is this one does it go.
        self.index.remove(self.slots[self.place(self.tail)].tag, self.tail as u32);
        self.tail += 1;
    }

    /// The first live entry of a key, newest first, that `fits`.
    #[inline]
    pub fn find(&mut self, wanted: &Keyed<E::Key>, mut fits: impl FnMut(&E) -> bool) -> Option<&mut E> {
        let (slots, mask) = (&self.slots, self.mask);
        let newest =
            *self.index.find(wanted.tag, |seq| *slots[(u64::from(seq) & mask) as usize].entry.key() == wanted.key)?;
        let mut seq = self.tail + u64::from(newest.wrapping_sub(self.tail as u32));
        for _ in 0..CHAIN_MAX {
            let place = self.place(seq);
            if fits(&self.slots[place].entry) {
                return Some(&mut self.slots[place].entry);
            }
            let older = u64::from(self.slots[place].older);
            if older == 0 || seq < self.tail + older {
                return None;
            }
            seq -= older;
        }
        None
    }

    /// Adds an entry under the tag of its key; its time must not lie before that of the last one. When the
    /// ring is full the oldest goes, counted.
    pub fn push(&mut self, entry: E, tag: Tag) {
        if self.head - self.tail == self.entries_max {
            self.pop();
            self.evicted += 1;
        }
        let seq = self.head;
        let (slots, mask) = (&self.slots, self.mask);
        let same = |old: u32| *slots[(u64::from(old) & mask) as usize].entry.key() == *entry.key();
        let older = match self.index.find(tag, same) {
            Some(newest) => {
                let older = (seq as u32).wrapping_sub(*newest);
                *newest = seq as u32;
                older
            }
            None => {
                self.index.insert(tag, seq as u32);
                0
            }
        };
        let new = Slot { entry, tag, older };
        let place = self.place(seq);
        if place == self.slots.len() {
            self.slots.push(new);
        } else {
            self.slots[place] = new;
        }
        self.head += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::Tags;
    use super::*;

    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Mark(u8, i64, u32);
    impl Entry for Mark {
        type Key = u8;
        fn key(&self) -> &u8 {
            &self.0
        }
        fn at_ms(&self) -> i64 {
            self.1
        }
    }
    fn keyed(key: u8) -> Keyed<u8> {
        Keyed { key, tag: Tags::new().of(&key) }
    }
    fn push(ring: &mut TimeRing<Mark>, mark: Mark) {
        ring.push(mark, keyed(mark.0).tag);
    }

    #[test]
    fn newest_first_and_gone_when_old() {
        let mut ring = TimeRing::new(4);
        for (key, at, n) in [(1, 10, 0), (2, 20, 1), (1, 30, 2)] {
            push(&mut ring, Mark(key, at, n));
        }
        let mut seen = Vec::new();
        assert!(
            ring.find(&keyed(1), |m| {
                seen.push(m.2);
                false
            })
            .is_none()
        );
        assert_eq!(seen, [2, 0]);
        ring.expire(20);
        assert_eq!(ring.find(&keyed(1), |m| m.2 == 0), None, "expired");
        assert_eq!(ring.find(&keyed(1), |_| true), Some(&mut Mark(1, 30, 2)));
        ring.expire(31);
        assert_eq!(ring.len(), 0);
        assert_eq!(ring.find(&keyed(1), |_| true), None);
    }

    #[test]
    fn a_full_ring_lets_the_oldest_go_and_counts() {
        let mut ring = TimeRing::new(3);
        for n in 0..5u32 {
            push(&mut ring, Mark(n as u8, i64::from(n), n));
        }
        assert_eq!((ring.len(), ring.evicted()), (3, 2));
        assert_eq!(ring.find(&keyed(1), |_| true), None);
        assert_eq!(ring.find(&keyed(2), |_| true), Some(&mut Mark(2, 2, 2)));
        assert_eq!(ring.find(&keyed(4), |_| true), Some(&mut Mark(4, 4, 4)));
    }

    /// Against a plain list, over many laps and every mix of keys; the bound is no power of two, and keys
    /// that share a tag are told apart.
    #[test]
    fn answers_as_a_list_would() {
        for one_tag in [false, true] {
            let tagged = |key: u8| Keyed { key, tag: if one_tag { keyed(0).tag } else { keyed(key).tag } };
            let mut ring: TimeRing<Mark> = TimeRing::new(13);
            let mut list: Vec<Mark> = Vec::new();
            let mut rng = fastrand::Rng::with_seed(7);
            let mut at = 0;
            // The low half of the sequences overflows on the way.
            (ring.tail, ring.head) = ((1 << 32) - 2_048, (1 << 32) - 2_048);
            for n in 0..20_000u32 {
                at += rng.i64(0..3);
                ring.expire(at - 12);
                list.retain(|m| m.1 >= at - 12);
                let key = rng.u8(0..6);
                let wanted = rng.u32(0..4);
                let expected = list.iter().rev().filter(|m| m.0 == key).take(CHAIN_MAX).find(|m| m.2 % 4 == wanted);
                let found: Option<Mark> = ring.find(&tagged(key), |m| m.2 % 4 == wanted).map(|m| *m);
                assert_eq!(found, expected.copied(), "step {n}");
                if rng.bool() {
                    let mark = Mark(key, at, n);
                    ring.push(mark, tagged(key).tag);
                    if list.len() == 13 {
                        list.remove(0);
                    }
                    list.push(mark);
                }
                assert_eq!(ring.len(), list.len());
            }
            assert!(ring.evicted() > 0, "the bound was reached");
        }
    }
}
