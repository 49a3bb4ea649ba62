//! From the tag of a key to the newest sequence under it.

use ahash::RandomState;
use std::hash::Hash;

/// Buckets at the start, at most: 64 KiB, so that the four windows of a quiet node stay in a core's
/// second-level cache. A table for the bound (8 MiB each at 262,144 entries) would miss it at every step.
const START_BUCKETS: usize = 8_192;

/// 31 bits of a key's hash, and a one that tells it from an empty bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tag(u32);

/// Makes tags. Fixed seeds: two runs on one input take the same steps. Nothing is read in hash order.
pub(super) struct Tags(RandomState);

impl Tags {
    pub fn new() -> Tags {
        Tags(RandomState::with_seeds(0x5EED_0001, 0x5EED_0002, 0x5EED_0003, 0x5EED_0004))
    }
    #[inline]
    pub fn of(&self, key: &impl Hash) -> Tag {
        Tag((self.0.hash_one(key) >> 32) as u32 | 1)
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    /// 0 = empty.
    tag: u32,
    seq: u32,
}

const EMPTY: Bucket = Bucket { tag: 0, seq: 0 };

/// Open addressing with linear probing: a step is one cache line, and a removal leaves no mark. At most half
/// full; doubles within memory reserved at the start.
pub(super) struct Index {
    buckets: Vec<Bucket>,
    used: usize,
    buckets_max: usize,
    /// Buckets on the way into the doubled table.
    moving: Vec<Bucket>,
}

impl Index {
    /// For at most `keys_max` keys, a power of two.
    pub fn new(keys_max: usize) -> Index {
        let buckets_max = 2 * keys_max;
        let mut buckets = Vec::with_capacity(buckets_max);
        buckets.resize(buckets_max.min(START_BUCKETS), EMPTY);
        // The last doubling moves a quarter of the bound.
        Index { buckets, used: 0, buckets_max, moving: Vec::with_capacity(buckets_max / 4 + 1) }
    }

    #[inline]
    fn mask(&self) -> usize {
        self.buckets.len() - 1
    }

    #[inline]
    fn home(&self, tag: u32) -> usize {
        (tag >> 1) as usize & self.mask()
    }

    /// The sequence under a tag for which `is_it`.
    #[inline]
    pub fn find(&mut self, tag: Tag, mut is_it: impl FnMut(u32) -> bool) -> Option<&mut u32> {
        let mask = self.mask();
        let mut at = self.home(tag.0);
        loop {
            let bucket = self.buckets[at];
            if bucket.tag == 0 {
                return None;
            }
            if bucket.tag == tag.0 && is_it(bucket.seq) {
                return Some(&mut self.buckets[at].seq);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a sequence under a tag.
    pub fn insert(&mut self, tag: Tag, seq: u32) {
        if 2 * (self.used + 1) > self.buckets.len() && self.buckets.len() < self.buckets_max {
            self.double();
        }
        self.put(Bucket { tag: tag.0, seq });
        self.used += 1;
    }

    #[inline]
    fn put(&mut self, bucket: Bucket) {
        let mask = self.mask();
        let mut at = self.home(bucket.tag);
        while self.buckets[at].tag != 0 {
            at = (at + 1) & mask;
        }
        self.buckets[at] = bucket;
    }

    fn double(&mut self) {
        let buckets = 2 * self.buckets.len();
        self.moving.clear();
        self.moving.extend(self.buckets.iter().filter(|b| b.tag != 0));
        self.buckets.clear();
        self.buckets.resize(buckets, EMPTY);
        for at in 0..self.moving.len() {
            self.put(self.moving[at]);
        }
    }

    /// Takes a sequence away, if it is here.
    pub fn remove(&mut self, tag: Tag, seq: u32) {
        let mask = self.mask();
        let mut hole = self.home(tag.0);
        loop {
            let bucket = self.buckets[hole];
            if bucket.tag == 0 {
                return;
            }
            if bucket.tag == tag.0 && bucket.seq == seq {
                break;
            }
            hole = (hole + 1) & mask;
        }
        // Whoever stands behind the hole and is on its way past it moves into it.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let bucket = self.buckets[at];
            if bucket.tag == 0 {
                break;
            }
            let from_home = at.wrapping_sub(self.home(bucket.tag)) & mask;
            if from_home >= at.wrapping_sub(hole) & mask {
                self.buckets[hole] = bucket;
                hole = at;
            }
        }
        self.buckets[hole] = EMPTY;
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Against a map: few homes, so that runs collide, wrap and are cut in the middle; and many keys, so that
    /// the table doubles to its bound.
    #[test]
    fn answers_as_a_map_would() {
        for (keys, homes) in [(64usize, 3u32), (64, 1_000), (16_384, 1 << 31)] {
            let mut index = Index::new(keys);
            let reserved = (index.buckets.capacity(), index.moving.capacity());
            let mut map: HashMap<u32, Tag> = HashMap::new();
            let mut rng = fastrand::Rng::with_seed(11);
            for seq in 0..8 * keys as u32 {
                // Near the end of the table, so that runs wrap.
                let tag = Tag((u32::MAX - 2 * rng.u32(0..homes)) | 1);
                if map.len() == keys {
                    let old = seq - keys as u32;
                    index.remove(map.remove(&old).unwrap(), old);
                }
                index.insert(tag, seq);
                map.insert(seq, tag);
                if homes < 100 && rng.u8(0..3) == 0 {
                    // Not there: nothing happens.
                    index.remove(tag, seq + 1);
                }
                assert_eq!(index.used, map.len());
                if seq % 97 == 0 {
                    for (seq, tag) in &map {
                        assert_eq!(index.find(*tag, |s| s == *seq).copied(), Some(*seq));
                    }
                    assert_eq!(index.find(tag, |s| s > seq), None);
                }
            }
            assert_eq!(index.buckets.len(), 2 * keys);
            assert_eq!((index.buckets.capacity(), index.moving.capacity()), reserved, "nothing is allocated later");
        }
    }
}
