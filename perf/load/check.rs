//! One user's books: what came, what came twice, what came too late in the order.

use std::sync::Arc;

/// Which spots of a plan a filter must pass: what the generator itself says, one bit each.
#[derive(Debug)]
pub struct Wanted {
    bits: Vec<u64>,
    count: u64,
}

impl Wanted {
    /// Of so many spots those for which `wants` is true.
    pub fn of(spots: u32, wants: impl Fn(u32) -> bool) -> Wanted {
        let mut bits = vec![0u64; (spots as usize).div_ceil(64)];
        for seq in (0..spots).filter(|seq| wants(*seq)) {
            bits[seq as usize / 64] |= 1 << (seq % 64);
        }
        let count = bits.iter().map(|word| u64::from(word.count_ones())).sum();
        Wanted { bits, count }
    }
    /// Whether a spot is wanted.
    #[inline]
    pub fn has(&self, seq: u32) -> bool {
        self.bits.get(seq as usize / 64).is_some_and(|word| word >> (seq % 64) & 1 == 1)
    }
    /// How many of the spots before this one are.
    pub fn before(&self, seq: u32) -> u64 {
        (0..seq).filter(|seq| self.has(*seq)).count() as u64
    }
    /// The first one wanted that is not before `seq`; any number beyond the plan when there is none.
    fn from(&self, seq: u32) -> u32 {
        let mut word = seq as usize / 64;
        let mut rest = self.bits.get(word).map_or(0, |bits| bits & (u64::MAX << (seq % 64)));
        while rest == 0 && word < self.bits.len() {
            word += 1;
            rest = self.bits.get(word).copied().unwrap_or(0);
        }
        word as u32 * 64 + rest.trailing_zeros() % 64
    }
}

/// Checks the spots that one user gets. While all is well it is one counter; at the first
/// irregularity it opens a set of bits.
pub struct Books {
    spots: u32,
    feeds: u32,
    /// The spots that his filter must pass; none = all.
    wanted: Option<Arc<Wanted>>,
    /// Every wanted spot below this one has come, in order (as long as `open` is none).
    next: u32,
    /// How many those are.
    came: u32,
    unwanted: u64,
    open: Option<Open>,
}

struct Open {
    seen: Vec<u64>,
    distinct: u32,
    duplicates: u64,
    out_of_order: u64,
    /// One past the highest spot seen of each feed; order between feeds is nobody's promise.
    past_highest: Vec<u32>,
}

/// Sums of a user's books.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Different spots that came and were wanted.
    pub distinct: u64,
    /// Spots that never came.
    pub missing: u64,
    /// Lines of a spot that had come before.
    pub duplicates: u64,
    /// Lines that came after a later spot of the same feed.
    pub out_of_order: u64,
    /// Lines that the user's filter should have held back.
    pub unwanted: u64,
}

impl Books {
    /// For `spots` spots that come from `feeds` feeds in turn, of which some are wanted.
    pub fn new(spots: u32, feeds: u32, wanted: Option<Arc<Wanted>>) -> Books {
        let next = wanted.as_ref().map_or(0, |wanted| wanted.from(0));
        let mut books = Books { spots, feeds, wanted, next, came: 0, unwanted: 0, open: None };
        if feeds > 1 {
            books.open();
        }
        books
    }

    /// The spot that most likely comes next.
    #[inline]
    pub fn expected(&self) -> u32 {
        self.next
    }

    /// Enters a line; false when this spot had come before, or is not wanted. `seq` must be below `spots`.
    #[inline]
    pub fn enter(&mut self, seq: u32) -> bool {
        if self.open.is_none() {
            if seq == self.next {
                self.expect_after(seq);
                self.came += 1;
                return true;
            }
            self.open();
        }
        if !self.wants(seq) {
            self.unwanted += 1;
            return false;
        }
        self.enter_open(seq)
    }

    #[inline]
    fn expect_after(&mut self, seq: u32) {
        self.next = self.wanted.as_ref().map_or(seq + 1, |wanted| wanted.from(seq + 1));
    }

    #[cold]
    fn open(&mut self) {
        let mut seen = vec![0u64; (self.spots as usize).div_ceil(64)];
        for seq in (0..self.next.min(self.spots)).filter(|seq| self.wants(*seq)) {
            seen[seq as usize / 64] |= 1 << (seq % 64);
        }
        let past_highest = vec![if self.came == 0 { 0 } else { self.next }; self.feeds as usize];
        self.open = Some(Open { seen, distinct: self.came, duplicates: 0, out_of_order: 0, past_highest });
    }

    fn enter_open(&mut self, seq: u32) -> bool {
        self.expect_after(seq);
        let Some(open) = &mut self.open else { return false };
        let (word, bit) = (seq as usize / 64, 1u64 << (seq % 64));
        if open.seen[word] & bit != 0 {
            open.duplicates += 1;
            return false;
        }
        open.seen[word] |= bit;
        open.distinct += 1;
        let past = &mut open.past_highest[(seq % self.feeds) as usize];
        if seq < *past {
            open.out_of_order += 1;
        } else {
            *past = seq + 1;
        }
        true
    }

    /// Whether a spot is wanted.
    pub fn wants(&self, seq: u32) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.has(seq))
    }

    /// Whether a spot has come.
    pub fn has(&self, seq: u32) -> bool {
        match &self.open {
            None => seq < self.next && self.wants(seq),
            Some(open) => open.seen[seq as usize / 64] & (1 << (seq % 64)) != 0,
        }
    }

    /// The sums so far.
    pub fn sums(&self) -> Sums {
        let (distinct, duplicates, out_of_order) = match &self.open {
            None => (self.came, 0, 0),
            Some(open) => (open.distinct, open.duplicates, open.out_of_order),
        };
        let due = self.wanted.as_ref().map_or(u64::from(self.spots), |wanted| wanted.count);
        let distinct = u64::from(distinct);
        Sums { distinct, missing: due - distinct, duplicates, out_of_order, unwanted: self.unwanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(spots: u32, feeds: u32, lines: &[u32]) -> Books {
        let mut books = Books::new(spots, feeds, None);
        for seq in lines {
            books.enter(*seq);
        }
        books
    }

    #[test]
    fn all_in_order_is_one_counter() {
        let b = books(4, 1, &[0, 1, 2, 3]);
        assert!(b.open.is_none());
        assert_eq!(b.sums(), Sums { distinct: 4, ..Sums::default() });
    }

    #[test]
    fn a_gap_is_missing_not_disorder() {
        let b = books(100, 1, &[0, 1, 3, 99]);
        assert_eq!(b.sums(), Sums { distinct: 4, missing: 96, duplicates: 0, ..Sums::default() });
        assert!(b.has(1) && !b.has(2) && b.has(3));
    }

    #[test]
    fn a_late_spot_is_out_of_order_once() {
        let b = books(5, 1, &[0, 2, 3, 1, 4]);
        assert_eq!(b.sums(), Sums { distinct: 5, missing: 0, out_of_order: 1, ..Sums::default() });
    }

    #[test]
    fn a_second_line_is_a_duplicate_wherever_it_comes() {
        let mut b = books(5, 1, &[0, 1, 2]);
        assert!(!b.enter(1));
        assert!(b.enter(3));
        assert!(!b.enter(3));
        assert_eq!(b.sums(), Sums { distinct: 4, missing: 1, duplicates: 2, ..Sums::default() });
    }

    #[test]
    fn feeds_may_overtake_each_other_but_not_themselves() {
        let b = books(6, 2, &[1, 3, 0, 2, 5, 4]);
        assert_eq!(b.sums(), Sums { distinct: 6, ..Sums::default() });
        let b = books(6, 2, &[0, 3, 2, 1, 4, 5]);
        assert_eq!(b.sums(), Sums { distinct: 6, out_of_order: 1, ..Sums::default() });
    }

    #[test]
    fn a_filter_is_held_to_what_it_must_pass() {
        let odd = |spots, lines: &[u32]| {
            let mut books = Books::new(spots, 1, Some(Arc::new(Wanted::of(spots, |seq| seq % 2 == 1 && seq != 65))));
            for seq in lines {
                books.enter(*seq);
            }
            books
        };
        let b = odd(70, &(1..70).step_by(2).filter(|seq| *seq != 65).collect::<Vec<_>>());
        assert!(b.open.is_none());
        assert_eq!(b.sums(), Sums { distinct: 34, ..Sums::default() });
        assert!(b.has(67) && !b.has(65) && !b.has(2));
        let b = odd(10, &[1, 3, 4, 7, 7, 5]);
        assert_eq!(b.sums(), Sums { distinct: 4, missing: 1, duplicates: 1, out_of_order: 1, unwanted: 1 });
        let b = odd(10, &[3]);
        assert_eq!(b.sums(), Sums { distinct: 1, missing: 4, ..Sums::default() });
        assert_eq!(Wanted::of(200, |seq| seq == 150).from(3), 150);
        assert_eq!(Wanted::of(200, |seq| seq == 150).before(151), 1);
        assert!(Wanted::of(200, |_| false).from(0) >= 200);
        assert!(Wanted::of(70, |seq| seq == 3).from(4) >= 70);
    }
}
