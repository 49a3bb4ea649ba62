//! What a network's running numbers say: reports that came twice, and reports that never came.
//!
//! PSKReporter numbers all reports of all receivers in one sequence without holes. Messages may come a little
//! out of order, so a number is missing for good only when it falls out of a window of the last numbers. Whether
//! a missing number is a loss, or a report that was not subscribed, its owner knows.

/// Words of the window of a feed: 65,536 numbers are 80 s of the whole network's 830 reports/s, and 8 KiB.
const WORDS: usize = 1_024;
/// Furthest step ahead within a connection that is believed: 5.6 hours of the whole network. A filtered
/// subscription skips the numbers of others, a quiet one thousands of them.
pub const JUMP_MAX: u64 = 1 << 24;
/// Longest absence whose reports are counted: 60 days of the whole network.
pub const AWAY_MAX: u64 = 1 << 32;
/// So many numbers in a row that cannot follow the ones before, and the sequence has begun anew. A damaged
/// number alone moves nothing.
pub const STRAYS_MAX: u32 = 8;

/// What a number is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Not known, or too old or too wild to say.
    New,
    /// It came before.
    Again,
}

/// What was found, since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SequenceCounts {
    /// Numbers that never came while connected.
    pub missing: u64,
    /// Numbers that came again.
    pub again: u64,
    /// Numbers given out between two connections.
    pub missed_away: u64,
    /// Times the sequence began anew.
    pub resets: u64,
}

/// Watches the numbers of one feed, connection by connection.
#[derive(Debug)]
pub struct Sequence<const W: usize = WORDS> {
    /// Bit `n % window` of every number of the window: whether it came.
    came: Box<[u64; W]>,
    /// Highest and lowest number that are expected: the window's top and the first number of this connection.
    run: Option<(u64, u64)>,
    /// Highest number of the connections before.
    last: Option<u64>,
    /// The first number of this connection was counted from `last`.
    counted_away: bool,
    strays: u32,
    counts: SequenceCounts,
}

impl Default for Sequence {
    fn default() -> Sequence {
        Sequence::new()
    }
}

impl<const W: usize> Sequence<W> {
    /// How many numbers back a number may come.
    pub const WINDOW: u64 = 64 * W as u64;

    /// Nothing seen yet.
    pub fn new() -> Sequence<W> {
        Sequence {
            came: Box::new([0; W]),
            run: None,
            last: None,
            counted_away: false,
            strays: 0,
            counts: SequenceCounts::default(),
        }
    }

    /// What was found so far. A number is missing when the window has left it behind, or at
    /// [`Sequence::ended`].
    pub fn counts(&self) -> SequenceCounts {
        self.counts
    }

    /// Takes the number of a message.
    #[inline]
    pub fn see(&mut self, number: u64) -> Seen {
        let Some((high, first)) = self.run else {
            self.begin_connection(number);
            return Seen::New;
        };
        if number > high {
            if number - high > JUMP_MAX {
                self.stray(number);
                return Seen::New;
            }
            self.advance(high, first, number);
            self.run = Some((number, first));
        } else if high - number >= Self::WINDOW {
            self.stray(number);
            return Seen::New;
        }
        self.strays = 0;
        let (word, bit) = place::<W>(number);
        if self.came[word] & bit != 0 {
            self.counts.again += 1;
            return Seen::Again;
        }
        self.came[word] |= bit;
        if number < first && self.counted_away && self.last.is_some_and(|last| number > last) {
            // Overtaken by the first of this connection, which counted it as missed.
            self.counts.missed_away = self.counts.missed_away.saturating_sub(1);
        }
        Seen::New
    }

    /// The connection is over. The next number begins a new window.
    pub fn ended(&mut self) {
        if let Some((high, first)) = self.run.take() {
            self.settle(high, first);
            self.last = Some(self.last.map_or(high, |last| last.max(high)));
        }
        self.strays = 0;
    }

    fn begin_connection(&mut self, number: u64) {
        self.counted_away = false;
        match self.last {
            Some(last) if number > last && number - last <= AWAY_MAX => {
                self.counts.missed_away += number - last - 1;
                self.counted_away = true;
            }
            // A little back: a number that was on its way when the connection ended.
            Some(last) if number <= last && last - number < Self::WINDOW => {}
            Some(_) => {
                self.counts.resets += 1;
                self.last = None;
            }
            None => {}
        }
        self.begin(number);
    }

    fn begin(&mut self, number: u64) {
        self.came.fill(0);
        let (word, bit) = place::<W>(number);
        self.came[word] |= bit;
        self.run = Some((number, number));
        self.strays = 0;
    }

    /// A number that cannot follow.
    #[cold]
    fn stray(&mut self, number: u64) {
        self.strays += 1;
        if self.strays < STRAYS_MAX {
            return;
        }
        if let Some((high, first)) = self.run {
            self.settle(high, first);
        }
        self.counts.resets += 1;
        self.last = None;
        self.counted_away = false;
        self.begin(number);
    }

    /// Moves the window from `high` up to `to`: what falls out of it and never came is missing.
    fn advance(&mut self, high: u64, first: u64, to: u64) {
        if to - high >= Self::WINDOW {
            self.settle(high, first);
            self.came.fill(0);
            // Those that came into the window and left it in one step.
            self.counts.missing += to - high - Self::WINDOW;
            return;
        }
        let mut number = high + 1;
        while number <= to {
            let (word, bit) = place::<W>(number);
            // A number takes the place of the one a window before it.
            let leaving = number.checked_sub(Self::WINDOW).filter(|leaving| *leaving >= first);
            if bit == 1 && to - number >= 63 {
                if let Some(leaving) = leaving {
                    debug_assert!(leaving >= first);
                    self.counts.missing += u64::from(self.came[word].count_zeros());
                } else if let Some(below) = (number + 63).checked_sub(Self::WINDOW).filter(|last| *last >= first) {
                    // The first number of the run lies in this word.
                    let expected = u64::MAX << (63 - (below - first));
                    self.counts.missing += u64::from((!self.came[word] & expected).count_ones());
                }
                self.came[word] = 0;
                number += 64;
                continue;
            }
            if leaving.is_some() && self.came[word] & bit == 0 {
                self.counts.missing += 1;
            }
            self.came[word] &= !bit;
            number += 1;
        }
    }

    /// Counts what is missing in the window.
    #[cold]
    fn settle(&mut self, high: u64, first: u64) {
        let lowest = first.max((high + 1).saturating_sub(Self::WINDOW));
        for number in lowest..=high {
            let (word, bit) = place::<W>(number);
            self.counts.missing += u64::from(self.came[word] & bit == 0);
        }
    }
}

/// Word and bit of a number.
#[inline]
fn place<const W: usize>(number: u64) -> (usize, u64) {
    ((number / 64 % W as u64) as usize, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// The rules, number by number, with sets instead of windows.
    #[derive(Default)]
    struct Naive {
        run: Option<(u64, u64, HashSet<u64>)>,
        last: Option<u64>,
        /// Numbers between these two were made while away.
        away: Option<(u64, u64)>,
        strays: u32,
        missing: u64,
        again: u64,
        missed_away: u64,
        resets: u64,
    }

    impl Naive {
        fn close(&mut self) -> Option<u64> {
            let (high, first, came) = self.run.take()?;
            self.missing += (high - first + 1) - came.iter().filter(|n| **n >= first).count() as u64;
            if let Some((last, first)) = self.away.take() {
                let came_late = came.iter().filter(|n| (last + 1..first).contains(*n)).count() as u64;
                self.missed_away += first - last - 1 - came_late;
            }
            Some(high)
        }
        fn ended(&mut self) {
            if let Some(high) = self.close() {
                self.last = Some(self.last.map_or(high, |last| last.max(high)));
            }
            self.strays = 0;
        }
        fn see(&mut self, number: u64, window: u64) -> Seen {
            let Some((high, _, came)) = &mut self.run else {
                if let Some(last) = self.last {
                    if number > last {
                        self.away = Some((last, number));
                    } else if number + window <= last {
                        self.resets += 1;
                        self.last = None;
                    }
                }
                self.run = Some((number, number, HashSet::from([number])));
                return Seen::New;
            };
            if number > *high + JUMP_MAX || number + window <= *high {
                self.strays += 1;
                if self.strays == STRAYS_MAX {
                    self.close();
                    (self.strays, self.last) = (0, None);
                    self.resets += 1;
                    self.run = Some((number, number, HashSet::from([number])));
                }
                return Seen::New;
            }
            self.strays = 0;
            *high = number.max(*high);
            if came.insert(number) {
                return Seen::New;
            }
            self.again += 1;
            Seen::Again
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Next(u64),
        Back(u64),
        Wild(u64),
        End,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            30 => (0u64..4).prop_map(Step::Next),
            6 => (0u64..400).prop_map(Step::Next),
            20 => (0u64..200).prop_map(Step::Back),
            4 => (JUMP_MAX - 2..JUMP_MAX + 3).prop_map(Step::Next),
            4 => prop_oneof![Just(5u64), 0u64..1_000].prop_map(Step::Wild),
            2 => Just(Step::End),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_window_of_bits_is_a_set_of_numbers(start in 0u64..5_000, steps in prop::collection::vec((step(), 1usize..12), 0..120)) {
            let mut sequence = Sequence::<2>::new();
            let mut naive = Naive::default();
            let (mut at, window) = (start, Sequence::<2>::WINDOW);
            for (step, times) in steps {
                for _ in 0..times {
                    let number = match step {
                        Step::Next(by) if by > 1_000 && times > 1 => continue,
                        Step::Next(by) => at + by,
                        Step::Back(by) => at.saturating_sub(by),
                        Step::Wild(number) => number,
                        Step::End => {
                            sequence.ended();
                            naive.ended();
                            continue;
                        }
                    };
                    prop_assert_eq!(sequence.see(number), naive.see(number, window), "{}", number);
                    at = sequence.run.map_or(at, |(high, _)| high);
                }
            }
            sequence.ended();
            naive.ended();
            let want = SequenceCounts {
                missing: naive.missing,
                again: naive.again,
                missed_away: naive.missed_away,
                resets: naive.resets,
            };
            prop_assert_eq!(sequence.counts(), want);
        }
    }

    #[test]
    fn a_gap_is_missing_when_the_window_has_passed_it() {
        let mut sequence = Sequence::<1024>::new();
        let window = Sequence::<1024>::WINDOW;
        assert_eq!(window, 65_536);
        let base = 73_468_726_263;
        for n in 0..window {
            if n != 7 && n != 9 {
                assert_eq!(sequence.see(base + n), Seen::New);
            }
        }
        assert_eq!(sequence.see(base + 9), Seen::New, "late, in the window");
        assert_eq!(sequence.see(base + 9), Seen::Again);
        assert_eq!(sequence.counts(), SequenceCounts { again: 1, ..SequenceCounts::default() });
        for n in window..window + 8 {
            sequence.see(base + n);
        }
        assert_eq!(sequence.counts().missing, 1);
        assert_eq!(sequence.see(base + 7), Seen::New, "too late to say");
        sequence.ended();
        assert_eq!(sequence.counts().missing, 1);
        sequence.see(base + window + 1_008);
        assert_eq!(sequence.counts().missed_away, 1_000);
        sequence.see(base + window + 1_007);
        assert_eq!(sequence.counts().missed_away, 999, "it was only overtaken");
    }

    #[test]
    fn one_wild_number_moves_nothing_and_a_new_beginning_is_believed() {
        let mut sequence = Sequence::<1024>::new();
        sequence.see(1_000_000_000);
        assert_eq!(sequence.see(u64::MAX), Seen::New);
        assert_eq!(sequence.see(1_000_000_001), Seen::New);
        sequence.ended();
        assert_eq!(sequence.counts(), SequenceCounts::default());
        sequence.see(1_000_000_002);
        for n in 1..=u64::from(STRAYS_MAX) {
            assert_eq!(sequence.counts().resets, 0);
            sequence.see(n);
        }
        assert_eq!(sequence.counts().resets, 1);
        assert_eq!((sequence.see(9), sequence.see(8)), (Seen::New, Seen::Again));
        sequence.ended();
        assert_eq!(sequence.counts().missing, 0);
        sequence.see(AWAY_MAX + 11);
        assert_eq!((sequence.counts().resets, sequence.counts().missed_away), (2, 0));
    }
}
