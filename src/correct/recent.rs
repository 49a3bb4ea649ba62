//! A bounded table that forgets what was not touched for longest.

use ahash::RandomState;
use hashbrown::HashTable;
use std::hash::Hash;

/// End of a list.
const NIL: u32 = u32::MAX;
/// The most entries whatever the configuration says: slots are `u32`.
const ENTRIES_MAX: u32 = 1 << 24;

/// Keys with values in order of their last touch. Everything is O(1). Memory for `capacity` entries is
/// reserved at the start; pages never written cost nothing.
pub(super) struct Recent<K, V> {
    slots: Vec<Slot<K, V>>,
    free: u32,
    newest: u32,
    oldest: u32,
    capacity: usize,
    index: HashTable<u32>,
    hasher: RandomState,
}

struct Slot<K, V> {
    key: K,
    value: V,
    at_ms: i64,
    newer: u32,
    older: u32,
}

impl<K: Copy + Eq + Hash, V: Copy> Recent<K, V> {
    pub fn new(entries_max: u32) -> Recent<K, V> {
        let capacity = entries_max.clamp(1, ENTRIES_MAX) as usize;
        Recent {
            slots: Vec::with_capacity(capacity),
            free: NIL,
            newest: NIL,
            oldest: NIL,
            capacity,
            // Twice the bound: removals leave marks, and a table more than half full would grow to clear them.
            index: HashTable::with_capacity(2 * capacity),
            // Fixed seeds: two runs on one input take the same steps. Nothing is read in hash order.
            hasher: RandomState::with_seeds(0x5EED_0011, 0x5EED_0012, 0x5EED_0013, 0x5EED_0014),
        }
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Value and time of the last touch.
    pub fn get(&self, key: &K) -> Option<(V, i64)> {
        let slot = &self.slots[self.slot_of(key)? as usize];
        Some((slot.value, slot.at_ms))
    }

    /// Sets and touches; `at_ms` must not go back. Returns the value it had, and the entry that had to
    /// go for it when the table was full.
    pub fn put(&mut self, key: K, value: V, at_ms: i64) -> (Option<V>, Option<(K, V)>) {
        if let Some(at) = self.slot_of(&key) {
            let slot = &mut self.slots[at as usize];
            let before = std::mem::replace(&mut slot.value, value);
            slot.at_ms = at_ms;
            self.unlink(at);
            self.link(at);
            return (Some(before), None);
        }
        let gone = if self.len() == self.capacity { self.pop() } else { None };
        let slot = Slot { key, value, at_ms, newer: NIL, older: NIL };
        let at = if self.free == NIL {
            self.slots.push(slot);
            (self.slots.len() - 1) as u32
        } else {
            let at = self.free;
            self.free = self.slots[at as usize].older;
            self.slots[at as usize] = slot;
            at
        };
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hasher.hash_one(key), at, |s| hasher.hash_one(slots[*s as usize].key));
        self.link(at);
        (None, gone)
    }

    /// Removes and returns the entry touched longest ago, when that was before `oldest_ms`.
    pub fn pop_before(&mut self, oldest_ms: i64) -> Option<(K, V)> {
        if self.oldest == NIL || self.slots[self.oldest as usize].at_ms >= oldest_ms {
            return None;
        }
        self.pop()
    }

    fn pop(&mut self) -> Option<(K, V)> {
        let at = self.oldest;
        let (key, value) = {
            let slot = self.slots.get(at as usize)?;
            (slot.key, slot.value)
        };
        if let Ok(found) = self.index.find_entry(self.hasher.hash_one(key), |s| *s == at) {
            found.remove();
        }
        self.unlink(at);
        self.slots[at as usize].older = self.free;
        self.free = at;
        Some((key, value))
    }

    fn slot_of(&self, key: &K) -> Option<u32> {
        self.index.find(self.hasher.hash_one(key), |s| self.slots[*s as usize].key == *key).copied()
    }

    fn unlink(&mut self, at: u32) {
        let (newer, older) = (self.slots[at as usize].newer, self.slots[at as usize].older);
        match newer {
            NIL => self.newest = older,
            n => self.slots[n as usize].older = older,
        }
        match older {
            NIL => self.oldest = newer,
            o => self.slots[o as usize].newer = newer,
        }
    }

    fn link(&mut self, at: u32) {
        let newest = self.newest;
        (self.slots[at as usize].newer, self.slots[at as usize].older) = (NIL, newest);
        match newest {
            NIL => self.oldest = at,
            n => self.slots[n as usize].newer = at,
        }
        self.newest = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_touched_goes_first() {
        let mut recent = Recent::new(2);
        recent.put("a", 1, 10);
        recent.put("b", 2, 20);
        assert_eq!(recent.put("a", 3, 30), (Some(1), None));
        assert_eq!(recent.put("c", 4, 40), (None, Some(("b", 2))));
        assert_eq!(recent.get(&"a"), Some((3, 30)));
        assert_eq!(recent.get(&"b"), None);
        assert_eq!(recent.pop_before(30), None);
        assert_eq!(recent.pop_before(31), Some(("a", 3)));
        assert_eq!(recent.pop_before(100), Some(("c", 4)));
        assert_eq!(recent.pop_before(100), None);
        assert_eq!(recent.len(), 0);
    }

    /// Against a plain list.
    #[test]
    fn answers_as_a_list_would() {
        let mut recent = Recent::new(20);
        let mut list: Vec<(u8, u32, i64)> = Vec::new();
        let mut rng = fastrand::Rng::with_seed(3);
        let mut at = 0i64;
        for n in 0..20_000u32 {
            at += rng.i64(0..3);
            while let Some((key, value)) = recent.pop_before(at - 30) {
                assert!(list[0].2 < at - 30);
                assert_eq!((list[0].0, list[0].1), (key, value));
                list.remove(0);
            }
            assert!(list.first().is_none_or(|e| e.2 >= at - 30));
            let key = rng.u8(0..60);
            assert_eq!(recent.get(&key), list.iter().find(|e| e.0 == key).map(|e| (e.1, e.2)));
            if rng.bool() {
                recent.put(key, n, at);
                list.retain(|e| e.0 != key);
                if list.len() == 20 {
                    list.remove(0);
                }
                list.push((key, n, at));
            }
            assert_eq!(recent.len(), list.len());
        }
    }
}
