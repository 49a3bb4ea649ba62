//! One user's books: what came, what came twice, what came too late in the order.

/// Checks the spots that one user gets. While all is well it is one counter; at the first
/// irregularity it opens a set of bits.
pub struct Books {
    spots: u32,
    feeds: u32,
    /// Every spot below this one has come, in order (as long as `open` is none).
    next: u32,
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
    /// Different spots that came.
    pub distinct: u64,
    /// Spots that never came.
    pub missing: u64,
    /// Lines of a spot that had come before.
    pub duplicates: u64,
    /// Lines that came after a later spot of the same feed.
    pub out_of_order: u64,
}

impl Books {
    /// For `spots` spots that come from `feeds` feeds in turn.
    pub fn new(spots: u32, feeds: u32) -> Books {
        let mut books = Books { spots, feeds, next: 0, open: None };
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

    /// Enters a line; false when this spot had come before. `seq` must be below `spots`.
    #[inline]
    pub fn enter(&mut self, seq: u32) -> bool {
        if self.open.is_none() {
            if seq == self.next {
                self.next += 1;
                return true;
            }
            self.open();
        }
        self.enter_open(seq)
    }

    #[cold]
    fn open(&mut self) {
        let mut seen = vec![0u64; (self.spots as usize).div_ceil(64)];
        for seq in 0..self.next as usize {
            seen[seq / 64] |= 1 << (seq % 64);
        }
        let past_highest = vec![self.next; self.feeds as usize];
        self.open = Some(Open { seen, distinct: self.next, duplicates: 0, out_of_order: 0, past_highest });
    }

    fn enter_open(&mut self, seq: u32) -> bool {
        let Some(open) = &mut self.open else { return false };
        self.next = seq + 1;
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

    /// Whether a spot has come.
    pub fn has(&self, seq: u32) -> bool {
        match &self.open {
            None => seq < self.next,
            Some(open) => open.seen[seq as usize / 64] & (1 << (seq % 64)) != 0,
        }
    }

    /// The sums so far.
    pub fn sums(&self) -> Sums {
        let (distinct, duplicates, out_of_order) = match &self.open {
            None => (self.next, 0, 0),
            Some(open) => (open.distinct, open.duplicates, open.out_of_order),
        };
        Sums { distinct: u64::from(distinct), missing: u64::from(self.spots - distinct), duplicates, out_of_order }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(spots: u32, feeds: u32, lines: &[u32]) -> Books {
        let mut books = Books::new(spots, feeds);
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
        assert_eq!(b.sums(), Sums { distinct: 4, missing: 96, duplicates: 0, out_of_order: 0 });
        assert!(b.has(1) && !b.has(2) && b.has(3));
    }

    #[test]
    fn a_late_spot_is_out_of_order_once() {
        let b = books(5, 1, &[0, 2, 3, 1, 4]);
        assert_eq!(b.sums(), Sums { distinct: 5, missing: 0, duplicates: 0, out_of_order: 1 });
    }

    #[test]
    fn a_second_line_is_a_duplicate_wherever_it_comes() {
        let mut b = books(5, 1, &[0, 1, 2]);
        assert!(!b.enter(1));
        assert!(b.enter(3));
        assert!(!b.enter(3));
        assert_eq!(b.sums(), Sums { distinct: 4, missing: 1, duplicates: 2, out_of_order: 0 });
    }

    #[test]
    fn feeds_may_overtake_each_other_but_not_themselves() {
        let b = books(6, 2, &[1, 3, 0, 2, 5, 4]);
        assert_eq!(b.sums(), Sums { distinct: 6, ..Sums::default() });
        let b = books(6, 2, &[0, 3, 2, 1, 4, 5]);
        assert_eq!(b.sums(), Sums { distinct: 6, out_of_order: 1, ..Sums::default() });
    }
}
