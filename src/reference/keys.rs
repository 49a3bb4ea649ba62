//! The key tables: exact calls, and the longest prefix of a call.

use hashbrown::HashTable;

/// A key of at most 15 bytes as an integer, first byte lowest, so that a prefix is a mask.
pub(super) fn key_of(text: &[u8]) -> u128 {
    let mut bytes = [0u8; 16];
    let len = text.len().min(15);
    bytes[..len].copy_from_slice(&text[..len]);
    u128::from_le_bytes(bytes)
}

/// How a key came into the tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KeyKind {
    /// A full call of the file (`=K1LH`, `ExactCallsign`).
    Exact,
    /// A prefix of the file.
    Prefix,
    /// A primary prefix that the file does not list as a key: matches itself only.
    Primary,
    /// A prefix made by the call-area rules of `areas`.
    Area,
}

/// A match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Index of the place.
    pub place: u32,
    /// Length of the key.
    pub len: u8,
    /// Where the key comes from.
    pub kind: KeyKind,
}

#[derive(Clone, Copy)]
struct Entry {
    key: u128,
    place: u32,
    len: u8,
    kind: KeyKind,
}

/// Both tables. Built once, then only read: the hash is a fixed mix, since no peer adds keys.
#[derive(Default)]
pub(super) struct Keys {
    exact: HashTable<Entry>,
    prefix: HashTable<Entry>,
    /// For each pair of first characters: bit n set = prefixes of n characters exist that start so.
    lengths: Vec<u16>,
}

/// `0-9 A-Z` and "anything else or nothing".
const CLASSES: usize = 37;

fn class(b: u8) -> usize {
    match b {
        b'0'..=b'9' => usize::from(b - b'0'),
        b'A'..=b'Z' => usize::from(b - b'A') + 10,
        _ => 36,
    }
}

#[inline]
fn hash(key: u128) -> u64 {
    // Two multiplications folded: the low half holds the first eight characters, the high half is
    // zero for most calls, so both are mixed with odd constants first.
    let lo = (key as u64) ^ 0x9E37_79B9_7F4A_7C15;
    let hi = ((key >> 64) as u64) ^ 0xD1B5_4A32_D192_ED03;
    let wide = u128::from(lo) * u128::from(hi);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Guantanamo's calls are KG4 and exactly two letters; KG4 with one or three is of the US mainland.
const KG4: u128 = 0x34_47_4B;

impl Keys {
    pub fn new() -> Keys {
        Keys { lengths: vec![0; CLASSES * CLASSES], ..Keys::default() }
    }

    /// Adds a key of 1 to 15 bytes; an existing one of the same table is replaced when `over`.
    /// Returns whether it was there before.
    pub fn insert(&mut self, text: &[u8], place: u32, kind: KeyKind, over: bool) -> bool {
        let key = key_of(text);
        let len = text.len().min(15) as u8;
        let entry = Entry { key, place, len, kind };
        let table = match kind {
            KeyKind::Exact | KeyKind::Primary => &mut self.exact,
            KeyKind::Prefix | KeyKind::Area => &mut self.prefix,
        };
        if let Some(old) = table.find_mut(hash(key), |e| e.key == key) {
            if over {
                *old = entry;
            }
            return true;
        }
        table.insert_unique(hash(key), entry, |e| hash(e.key));
        if matches!(kind, KeyKind::Prefix | KeyKind::Area) {
            let first = class(text[0]) * CLASSES;
            match text.get(1) {
                Some(second) => self.lengths[first + class(*second)] |= 1 << len,
                None => self.lengths[first..first + CLASSES].iter_mut().for_each(|l| *l |= 1 << len),
            }
        }
        false
    }

    /// The exact entry of a whole text.
    #[inline]
    pub fn exact(&self, key: u128) -> Option<Hit> {
        self.exact.find(hash(key), |e| e.key == key).map(Entry::hit)
    }

    /// The prefix entry of exactly this text.
    pub fn prefix_key(&self, key: u128) -> Option<Hit> {
        self.prefix.find(hash(key), |e| e.key == key).map(Entry::hit)
    }

    /// The longest prefix of a text of `len` bytes.
    #[inline]
    pub fn longest(&self, key: u128, len: usize) -> Option<Hit> {
        let bytes = key.to_le_bytes();
        let all = self.lengths[class(bytes[0]) * CLASSES + class(bytes[1])];
        let mut lengths = all & ((1u32 << (len.min(15) + 1)) - 1) as u16;
        while lengths != 0 {
            let n = 15 - lengths.leading_zeros();
            lengths &= !(1 << n);
            let part = key & ((1u128 << (8 * n)) - 1);
            if part == KG4 && len != 5 && len != 3 {
                continue;
            }
            if let Some(entry) = self.prefix.find(hash(part), |e| e.key == part) {
                return Some(entry.hit());
            }
        }
        None
    }

    /// Exact keys, prefix keys.
    pub fn counts(&self) -> (usize, usize) {
        (self.exact.len(), self.prefix.len())
    }
}

impl Entry {
    fn hit(&self) -> Hit {
        Hit { place: self.place, len: self.len, kind: self.kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &[(&str, KeyKind)]) -> Keys {
        let mut keys = Keys::new();
        for (i, (text, kind)) in list.iter().enumerate() {
            keys.insert(text.as_bytes(), i as u32, *kind, true);
        }
        keys
    }

    fn longest(keys: &Keys, text: &str) -> Option<u32> {
        keys.longest(key_of(text.as_bytes()), text.len()).map(|h| h.place)
    }

    #[test]
    fn the_longest_prefix_wins_and_exact_keys_are_none() {
        let keys = keys(&[
            ("K", KeyKind::Prefix),
            ("K1ABC", KeyKind::Exact),
            ("K1", KeyKind::Prefix),
            ("RA9H", KeyKind::Prefix),
            ("FO/", KeyKind::Prefix),
            ("ABCDEFGHIJKLMNO", KeyKind::Prefix),
        ]);
        assert_eq!(longest(&keys, "K1ABC"), Some(2));
        assert_eq!(longest(&keys, "K2ABC"), Some(0));
        assert_eq!(longest(&keys, "K"), Some(0));
        assert_eq!(longest(&keys, "RA9"), None, "a key longer than the text is no prefix of it");
        assert_eq!(longest(&keys, "RA9HX"), Some(3));
        assert_eq!(longest(&keys, "FO/ABC"), Some(4));
        assert_eq!(longest(&keys, "ABCDEFGHIJKLMNO"), Some(5));
        assert_eq!(longest(&keys, ""), None);
        assert_eq!(keys.exact(key_of(b"K1ABC")).map(|h| h.place), Some(1));
        assert!(keys.exact(key_of(b"K1ABCD")).is_none());
    }

    #[test]
    fn guantanamo_has_two_letters() {
        assert_eq!(key_of(b"KG4"), KG4);
        let keys = keys(&[("K", KeyKind::Prefix), ("KG4", KeyKind::Prefix)]);
        for (text, place) in [("KG4AA", 1), ("KG4", 1), ("KG4A", 0), ("KG4AAA", 0), ("KG4ABCD", 0)] {
            assert_eq!(longest(&keys, text), Some(place), "{text}");
        }
    }
}
