//! One cohort: a queue of lines that all its users share, and the places where they stand in it.
//!
//! Lines are numbered from 0 without a gap. A place is the number of the next line to send, so a
//! cursor always stands on a line start, and what a lapped user lost is a subtraction.

use super::CohortKey;
use super::segment::{Mark, Pool, Segment};
use crate::spot::Class;
use slab::Slab;
use std::collections::VecDeque;

/// `until` of a slice that goes on with every new line.
pub const OPEN: u64 = u64::MAX;

/// A range of lines that one connection will be sent.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// The next line to send.
    pub next: u64,
    /// The line to stop before; [`OPEN`] for the slice that takes what comes.
    pub until: u64,
    /// The connection's slot.
    pub conn: u32,
    /// The connection waits for its socket: a pass need not look at it.
    pub blocked: bool,
}

/// Lines by class.
pub type ByClass = [u64; Class::COUNT];

/// A user was overtaken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lap {
    /// The connection's slot.
    pub conn: u32,
    /// Lines it will never get.
    pub lines: u64,
}

/// The next contiguous piece of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Whole lines with their line ends.
    pub bytes: &'a [u8],
    /// Number of the first line.
    pub from: u64,
    /// Number after the last line.
    pub to: u64,
}

/// Where the running pass over the slices is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pass {
    /// Slab key to look at next.
    pub at: usize,
    /// Keys left to look at; 0 = no pass runs.
    pub left: usize,
    /// The end of the lines when it began.
    pub end_line: u64,
}

/// What a new line reads and changes of a cohort, in one cache line: with thousands of cohorts each line more is a miss
/// per spot.
#[derive(Debug)]
#[repr(C, align(64))]
struct Tail {
    /// The last segment. Without one there are no others.
    segment: Option<Box<Segment>>,
    end_line: u64,
    /// A pass may begin from here on, monotonic ns.
    next_pass_ns: u64,
    open: u32,
    /// Open slices that have been sent everything; they stand in no segment.
    at_end: u32,
    /// Its users get one line per send, outside the passes.
    linewise: bool,
    /// Waits in the list of cohorts with something to send.
    queued: bool,
}

/// Users of one core with one [`CohortKey`].
#[derive(Debug)]
pub struct Cohort {
    tail: Tail,
    /// The segments before the last.
    older: VecDeque<Box<Segment>>,
    key: CohortKey,
    slices: Slab<Slice>,
    /// One above the highest slab key used so far.
    keys_end: usize,
    /// The running pass.
    pub pass: Pass,
    /// Where the next pass begins: one further each time, so nobody is always last.
    rotation: usize,
}

impl Cohort {
    /// Without users.
    pub fn new(key: CohortKey, linewise: bool) -> Cohort {
        Cohort {
            tail: Tail { segment: None, end_line: 0, next_pass_ns: 0, open: 0, at_end: 0, linewise, queued: false },
            older: VecDeque::new(),
            key,
            slices: Slab::new(),
            keys_end: 0,
            pass: Pass::default(),
            rotation: 0,
        }
    }
    /// Its key.
    #[inline]
    pub fn key(&self) -> &CohortKey {
        &self.key
    }
    /// Whether its users get one line per send.
    #[inline]
    pub fn is_linewise(&self) -> bool {
        self.tail.linewise
    }
    /// Users who are due every new line.
    #[inline]
    pub fn users(&self) -> u32 {
        self.tail.open
    }
    /// Whether nobody stands in it any more.
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }
    /// Segments held.
    #[inline]
    pub fn segments(&self) -> usize {
        self.older.len() + usize::from(self.tail.segment.is_some())
    }
    /// Number of the next line to be appended.
    pub fn end_line(&self) -> u64 {
        self.tail.end_line
    }
    /// Whether some open slice has lines to send.
    #[inline]
    pub fn is_behind(&self) -> bool {
        self.tail.at_end < self.tail.open
    }
    /// One above the highest key that [`Cohort::slice`] knows.
    #[inline]
    pub fn keys_end(&self) -> usize {
        self.keys_end
    }
    /// One slice.
    #[inline]
    pub fn slice(&self, key: usize) -> Option<&Slice> {
        self.slices.get(key)
    }
    /// Marks a slice's connection as waiting for its socket, or not.
    #[inline]
    pub fn set_blocked(&mut self, key: usize, blocked: bool) {
        if let Some(slice) = self.slices.get_mut(key) {
            slice.blocked = blocked;
        }
    }

    /// Begins a pass over the slices; the next one may begin at `next_pass_ns`.
    pub fn begin_pass(&mut self, next_pass_ns: u64) {
        self.tail.next_pass_ns = next_pass_ns;
        self.pass = Pass { at: self.rotation, left: self.keys_end, end_line: self.tail.end_line };
        self.rotation = (self.rotation + 1) % self.keys_end.max(1);
    }
    /// From when on the next pass may begin, monotonic ns.
    #[inline]
    pub fn next_pass_ns(&self) -> u64 {
        self.tail.next_pass_ns
    }
    /// The key to look at next in the running pass; `None` when it is through.
    #[inline]
    pub fn next_in_pass(&mut self) -> Option<usize> {
        self.pass.left = self.pass.left.checked_sub(1)?;
        let key = self.pass.at;
        self.pass.at = if key + 1 >= self.keys_end { 0 } else { key + 1 };
        Some(key)
    }
    /// Whether lines came since the pass began.
    #[inline]
    pub fn has_lines_since_pass(&self) -> bool {
        self.tail.end_line > self.pass.end_line
    }

    /// A user joins and is due every line from now on. Returns the key of his slice.
    pub fn join(&mut self, conn: u32) -> usize {
        let key = self.slices.insert(Slice { next: self.tail.end_line, until: OPEN, conn, blocked: false });
        self.keys_end = self.keys_end.max(key + 1);
        self.tail.open += 1;
        self.tail.at_end += 1;
        key
    }

    /// Ends an open slice at the lines there are now: they are still sent, new ones are not.
    pub fn close_slice(&mut self, key: usize) {
        self.close_slice_at(key, self.tail.end_line);
    }
    /// Ends an open slice before a line that it has not come to yet, or at the end.
    pub fn close_slice_at(&mut self, key: usize, until: u64) {
        let slice = &mut self.slices[key];
        debug_assert!(slice.until == OPEN && slice.next <= until && until <= self.tail.end_line);
        debug_assert!(slice.next < until || until == self.tail.end_line, "it stands in a segment");
        slice.until = until;
        self.tail.open -= 1;
        if slice.next == self.tail.end_line {
            self.tail.at_end -= 1;
        }
    }

    /// Removes a slice; returns the lines that its connection was due and did not get.
    pub fn leave(&mut self, key: usize) -> ByClass {
        let slice = self.slices.remove(key);
        let until = slice.until.min(self.tail.end_line);
        let unsent = self.count_by_class(slice.next, until);
        if slice.until == OPEN {
            self.tail.open -= 1;
        }
        if slice.next < until {
            self.segment_mut(slice.next).readers -= 1;
        } else if slice.until == OPEN {
            self.tail.at_end -= 1;
        }
        unsent
    }

    /// Lines that a slice still waits for.
    pub fn waiting(&self, key: usize) -> u64 {
        self.slices.get(key).map_or(0, |s| s.until.min(self.tail.end_line) - s.next)
    }

    /// Lines that all slices wait for.
    pub fn waiting_in_all(&self) -> u64 {
        self.slices.iter().map(|(_, s)| s.until.min(self.tail.end_line) - s.next).sum()
    }

    /// Whether a line of so many bytes fits the last segment.
    #[inline]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.tail.segment.as_ref().is_some_and(|s| s.has_room(bytes))
    }

    /// Takes a new segment for the lines to come.
    pub fn grow(&mut self, segment: Box<Segment>) {
        debug_assert_eq!(segment.first_line(), self.tail.end_line);
        self.older.extend(self.tail.segment.replace(segment));
    }

    /// Appends a line with its line end. The caller made room.
    #[inline]
    pub fn append(&mut self, line: &[u8], class: Class, read_ns: u64, taken_ns: u64) {
        let Some(segment) = &mut self.tail.segment else {
            debug_assert!(false, "no room was made");
            return;
        };
        segment.append(line, class, read_ns, taken_ns);
        segment.readers += self.tail.at_end;
        self.tail.at_end = 0;
        self.tail.end_line += 1;
    }

    /// Whether it must be put in the list of cohorts with something to send, which it then counts as being in.
    /// Never for linewise users: they are served outside the passes.
    #[inline]
    pub fn needs_queue(&mut self) -> bool {
        let needs = !self.tail.queued && !self.tail.linewise;
        self.tail.queued |= needs;
        needs
    }
    /// It is in the list no more.
    #[inline]
    pub fn unqueue(&mut self) {
        self.tail.queued = false;
    }

    /// The next contiguous piece of a slice, so many lines at most; `None` when it has been sent everything so far.
    #[inline]
    pub fn chunk(&self, key: usize, lines_max: u64) -> Option<Chunk<'_>> {
        let slice = self.slices.get(key)?;
        if slice.next >= slice.until.min(self.tail.end_line) {
            return None;
        }
        let segment = self.segment(slice.next);
        let to = segment.end_line().min(slice.until).min(slice.next.saturating_add(lines_max));
        Some(Chunk { bytes: segment.slice(slice.next, to), from: slice.next, to })
    }

    /// The line in which `n` bytes from the start of line `from` end, and the rest of that line; the
    /// caller has sent `n` bytes of a chunk that begins with `from`. An empty rest means that the
    /// line begins just there.
    pub fn cut(&self, from: u64, n: usize) -> (u64, &[u8], Mark) {
        let segment = self.segment(from);
        let line = segment.line_at(from, n);
        let bytes = segment.slice(line, line + 1);
        let into_line = segment.offset_of(from) + n - segment.offset_of(line);
        let rest = if into_line == 0 { &[][..] } else { &bytes[into_line..] };
        let mut mark = Mark { end_line: line + 1, read_ns: 0, taken_ns: 0, class: Class::default() };
        segment.for_each_mark(line, line + 1, |m, _| mark = *m);
        (line, rest, mark)
    }

    /// Moves a slice on to line `to`; what it passes was sent, or is taken care of by the caller.
    /// Memory is given back by [`Cohort::release`] only, so marks can be read until then.
    #[inline]
    pub fn advance(&mut self, key: usize, to: u64) {
        let Slice { next, until, .. } = self.slices[key];
        debug_assert!(next < to && to <= until.min(self.tail.end_line));
        self.segment_mut(next).readers -= 1;
        self.slices[key].next = to;
        if to < until.min(self.tail.end_line) {
            self.segment_mut(to).readers += 1;
        } else if until == OPEN {
            self.tail.at_end += 1;
        }
    }

    /// Gives back the segments that nobody stands in or before.
    #[inline]
    pub fn release(&mut self, pool: &mut Pool) {
        while let Some(segment) = self.take_front_if(|front| front.readers == 0) {
            pool.give(segment);
        }
    }

    /// Gives back the oldest segment although users stand in it: they are lapped and go on at the
    /// middle of what is left, so that they are not lapped again at once and read no stale lines.
    /// Returns the lost lines by class; `laps` gets an entry per connection.
    pub fn drop_oldest(&mut self, pool: &mut Pool, laps: &mut Vec<Lap>) -> ByClass {
        let mut lost = ByClass::default();
        let Some(oldest) = self.older.front().or(self.tail.segment.as_ref()) else { return lost };
        let base = oldest.end_line();
        let middle = 1 + self.older.len() / 2;
        let target = match self.older.get(middle).or(self.tail.segment.as_ref()) {
            Some(segment) if middle < self.segments() => segment.first_line(),
            _ => self.tail.end_line,
        };
        if oldest.readers > 0 {
            for i in 0..self.keys_end {
                let Some(&Slice { next, until, conn, .. }) = self.slices.get(i) else { continue };
                let limit = until.min(self.tail.end_line);
                if next >= base.min(limit) {
                    continue;
                }
                let to = target.min(limit);
                for (sum, n) in lost.iter_mut().zip(self.count_by_class(next, to)) {
                    *sum += n;
                }
                laps.push(Lap { conn, lines: to - next });
                self.advance(i, to);
            }
        }
        if let Some(segment) = self.take_front_if(|_| true) {
            debug_assert_eq!(segment.readers, 0);
            pool.give(segment);
        }
        lost
    }

    /// Calls `f(mark, lines)` for every mark with lines in `from..to`.
    #[inline]
    pub fn for_each_mark(&self, from: u64, to: u64, mut f: impl FnMut(&Mark, u64)) {
        let mut at = from;
        while at < to {
            let segment = self.segment(at);
            segment.for_each_mark(at, to, &mut f);
            at = segment.end_line();
        }
    }

    fn count_by_class(&self, from: u64, to: u64) -> ByClass {
        let mut counts = ByClass::default();
        self.for_each_mark(from, to, |mark, n| counts[mark.class as usize] += n);
        counts
    }

    /// The oldest segment, taken out, when this holds for it.
    #[inline]
    fn take_front_if(&mut self, wanted: impl Fn(&Segment) -> bool) -> Option<Box<Segment>> {
        if self.older.is_empty() {
            return self.tail.segment.take_if(|segment| wanted(segment));
        }
        self.older.pop_front_if(|segment| wanted(segment))
    }

    /// The segment that holds a line.
    #[inline]
    fn segment(&self, line: u64) -> &Segment {
        match &self.tail.segment {
            Some(last) if last.first_line() <= line => last,
            _ => &self.older[self.older.partition_point(|s| s.end_line() <= line)],
        }
    }

    #[inline]
    fn segment_mut(&mut self, line: u64) -> &mut Segment {
        match &mut self.tail.segment {
            Some(last) if last.first_line() <= line => last,
            _ => {
                let i = self.older.partition_point(|s| s.end_line() <= line);
                &mut self.older[i]
            }
        }
    }
}
