//! Memory of cohorts: segments of whole lines, and the pool they come from.

use crate::spot::Class;
use crate::wire;

/// Bytes of a segment. A line never straddles two segments, so the most that one `send` can carry; about
/// 850 lines of 77 bytes. Offsets fit 16 bits.
pub const SEGMENT_BYTES: usize = 64 * 1024;
/// Bytes of a cohort's first segment: some 100 lines, twice what one user is due in a flush gap at 2,500 lines
/// a second. Two thousand users with a filter each hold 16 MiB of these, where 128 MiB would be short.
pub const SMALL_BYTES: usize = 8 * 1024;
/// Longest line with its line end. A classic line has 77 to 143 bytes, a JSON line some 900, up to
/// [`wire::JSON_LINE_BYTES_MAX`] when all its text must be escaped; a longer line is a fault of an encoder. At
/// most 1/32 of a segment, 1/4 of a small one, is left unused at its end.
pub const LINE_BYTES_MAX: usize = 2048;
const _: () = assert!(wire::SPOT_LINE_BYTES_MAX + 2 <= LINE_BYTES_MAX);
/// Lines whose spots were read within this time of each other, in one turn and class, share a mark.
pub const MARK_SPREAD_NS: u64 = 200_000;
/// Free segments of each size that a pool keeps over a quiet time.
const FREE_KEPT_BYTES: usize = 1024 * 1024;

/// Lines that are timed together: one class, taken in one turn, read at about one time.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Number of the line after the last of the mark.
    pub end_line: u64,
    /// When the first of the spots was read, monotonic ns.
    pub read_ns: u64,
    /// When this core took them from its ring, monotonic ns.
    pub taken_ns: u64,
    /// Source class.
    pub class: Class,
}

/// A run of whole lines.
#[derive(Debug)]
pub struct Segment {
    bytes: Box<[u8]>,
    used: usize,
    first_line: u64,
    starts: Vec<u16>,
    marks: Vec<Mark>,
    /// Slices whose next line is in here.
    pub(super) readers: u32,
}

impl Segment {
    fn new(size: Size) -> Segment {
        let bytes = size.bytes();
        Segment {
            bytes: vec![0; bytes].into_boxed_slice(),
            used: 0,
            first_line: 0,
            starts: Vec::with_capacity(bytes / 64),
            marks: Vec::with_capacity(bytes / 512),
            readers: 0,
        }
    }
    fn size(&self) -> Size {
        if self.bytes.len() == SEGMENT_BYTES { Size::Large } else { Size::Small }
    }
    fn begin(&mut self, first_line: u64) {
        self.used = 0;
        self.first_line = first_line;
        self.starts.clear();
        self.marks.clear();
        self.readers = 0;
    }
    /// Number of the first line.
    #[inline]
    pub fn first_line(&self) -> u64 {
        self.first_line
    }
    /// Number after the last line.
    #[inline]
    pub fn end_line(&self) -> u64 {
        self.first_line + self.starts.len() as u64
    }
    /// Whether a line of so many bytes fits.
    #[inline]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.used + bytes <= self.bytes.len()
    }
    /// Appends one line, ready with its line end. The caller asked [`Segment::has_room`].
    pub fn append(&mut self, line: &[u8], class: Class, read_ns: u64, taken_ns: u64) {
        let start = self.used;
        self.bytes[start..start + line.len()].copy_from_slice(line);
        self.used += line.len();
        self.starts.push(start as u16);
        let end_line = self.end_line();
        match self.marks.last_mut() {
            Some(mark)
                if mark.class == class
                    && mark.taken_ns == taken_ns
                    && mark.read_ns.abs_diff(read_ns) <= MARK_SPREAD_NS =>
            {
                mark.end_line = end_line;
                mark.read_ns = mark.read_ns.min(read_ns);
            }
            _ => self.marks.push(Mark { end_line, read_ns, taken_ns, class }),
        }
    }
    /// Where a line starts; for the line after the last, where the used part ends.
    #[inline]
    pub fn offset_of(&self, line: u64) -> usize {
        self.starts.get((line - self.first_line) as usize).map_or(self.used, |s| usize::from(*s))
    }
    /// The lines `from..to`, contiguous.
    #[inline]
    pub fn slice(&self, from: u64, to: u64) -> &[u8] {
        &self.bytes[self.offset_of(from)..self.offset_of(to)]
    }
    /// The line that holds the byte `n` bytes behind the start of line `from`.
    pub fn line_at(&self, from: u64, n: usize) -> u64 {
        let offset = self.offset_of(from) + n;
        let after = self.starts.partition_point(|s| usize::from(*s) <= offset);
        self.first_line + after as u64 - 1
    }
    /// Calls `f(mark, lines)` for every mark that has lines in `from..to` (within this segment).
    #[inline]
    pub fn for_each_mark(&self, from: u64, to: u64, mut f: impl FnMut(&Mark, u64)) {
        let mut at = from.max(self.first_line);
        let to = to.min(self.end_line());
        let mut i = self.marks.partition_point(|m| m.end_line <= at);
        while at < to {
            let mark = &self.marks[i];
            let end = mark.end_line.min(to);
            f(mark, end - at);
            at = end;
            i += 1;
        }
    }
}

/// Sizes of segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// [`SMALL_BYTES`], a cohort's first one.
    Small = 0,
    /// [`SEGMENT_BYTES`].
    Large = 1,
}

impl Size {
    /// Bytes of lines.
    pub const fn bytes(self) -> usize {
        [SMALL_BYTES, SEGMENT_BYTES][self as usize]
    }
    fn other(self) -> Size {
        [Size::Large, Size::Small][self as usize]
    }
}

/// Segments of one size.
#[derive(Debug, Default)]
struct Shelf {
    // Boxed, because segments move in and out whole: a pointer, not 64 KiB.
    #[allow(clippy::vec_box)]
    free: Vec<Box<Segment>>,
    in_use: usize,
    in_use_max: usize,
}

/// The segments of one core.
#[derive(Debug)]
pub struct Pool {
    shelves: [Shelf; 2],
    bytes_max: usize,
}

impl Pool {
    /// A pool of at most so many bytes of lines, but of two large segments at least; they are allocated when
    /// first needed.
    pub fn new(bytes_max: usize) -> Pool {
        Pool { shelves: Default::default(), bytes_max: bytes_max.max(2 * SEGMENT_BYTES) }
    }
    /// An empty segment that begins with this line; `None` when there is no room for one.
    pub fn take(&mut self, size: Size, first_line: u64) -> Option<Box<Segment>> {
        if !self.has_room(size) {
            return None;
        }
        let mut segment = match self.shelf(size).free.pop() {
            Some(segment) => segment,
            None => {
                // What lies free in the other size must not add to the bound.
                while self.bytes_kept() + size.bytes() > self.bytes_max && self.shelf(size.other()).free.pop().is_some()
                {
                }
                Box::new(Segment::new(size))
            }
        };
        let shelf = self.shelf(size);
        shelf.in_use += 1;
        shelf.in_use_max = shelf.in_use_max.max(shelf.in_use);
        segment.begin(first_line);
        Some(segment)
    }
    /// Gives a segment back. The last one given is the next one taken: it is still in the cache.
    pub fn give(&mut self, segment: Box<Segment>) {
        let shelf = self.shelf(segment.size());
        shelf.in_use -= 1;
        shelf.free.push(segment);
    }
    /// Segments in use.
    pub fn in_use(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.in_use).sum()
    }
    /// Large segments in use.
    pub fn large_in_use(&self) -> usize {
        self.shelves[Size::Large as usize].in_use
    }
    /// Whether a segment of this size can be taken.
    pub fn has_room(&self, size: Size) -> bool {
        self.bytes_in_use() + size.bytes() <= self.bytes_max
    }
    /// Whether more than three quarters are in use.
    pub fn is_strained(&self) -> bool {
        self.bytes_in_use() * 4 > self.bytes_max * 3
    }
    /// Frees what was not needed since the last call. For a quiet moment, about once a second.
    pub fn trim(&mut self) {
        for (shelf, size) in self.shelves.iter_mut().zip([Size::Small, Size::Large]) {
            let kept = shelf.in_use_max.saturating_sub(shelf.in_use).max(FREE_KEPT_BYTES / size.bytes());
            shelf.free.truncate(kept);
            shelf.in_use_max = shelf.in_use;
        }
    }
    fn shelf(&mut self, size: Size) -> &mut Shelf {
        &mut self.shelves[size as usize]
    }
    fn bytes_in_use(&self) -> usize {
        self.shelves[0].in_use * SMALL_BYTES + self.shelves[1].in_use * SEGMENT_BYTES
    }
    fn bytes_kept(&self) -> usize {
        let [small, large] = &self.shelves;
        (small.in_use + small.free.len()) * SMALL_BYTES + (large.in_use + large.free.len()) * SEGMENT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_number_and_by_byte() {
        let mut pool = Pool::new(SEGMENT_BYTES * 2);
        let mut segment = pool.take(Size::Large, 100).unwrap();
        for line in ["a\r\n", "bcd\r\n", "e\r\n"] {
            segment.append(line.as_bytes(), Class::Rbn, 5, 9);
        }
        assert_eq!((segment.first_line(), segment.end_line()), (100, 103));
        assert_eq!(segment.slice(101, 103), b"bcd\r\ne\r\n");
        assert_eq!(segment.line_at(100, 0), 100);
        assert_eq!(segment.line_at(100, 3), 101);
        assert_eq!(segment.line_at(100, 7), 101);
        assert_eq!(segment.line_at(101, 5), 102);
    }

    #[test]
    fn marks_split_by_class_turn_and_read_time() {
        let mut pool = Pool::new(SEGMENT_BYTES * 2);
        let mut segment = pool.take(Size::Small, 0).unwrap();
        segment.append(b"1\r\n", Class::Rbn, 1_000_100, 2_000_000);
        segment.append(b"2\r\n", Class::Rbn, 1_000_000, 2_000_000);
        segment.append(b"3\r\n", Class::Human, 1_000_000, 2_000_000);
        segment.append(b"4\r\n", Class::Human, 1_000_000 + MARK_SPREAD_NS + 1, 2_000_000);
        segment.append(b"5\r\n", Class::Human, 1_000_000 + MARK_SPREAD_NS + 1, 3_000_000);
        let mut seen = Vec::new();
        segment.for_each_mark(1, 5, |m, n| seen.push((m.class, m.read_ns, n)));
        assert_eq!(
            seen,
            [
                (Class::Rbn, 1_000_000, 1),
                (Class::Human, 1_000_000, 1),
                (Class::Human, 1_200_001, 1),
                (Class::Human, 1_200_001, 1),
            ]
        );
    }

    #[test]
    fn a_pool_ends_and_gives_back_what_is_not_needed() {
        let mut pool = Pool::new(SEGMENT_BYTES * 40);
        let mut held: Vec<_> = std::iter::from_fn(|| pool.take(Size::Large, 0)).collect();
        assert_eq!((held.len(), pool.has_room(Size::Small)), (40, false));
        assert!(pool.is_strained());
        held.drain(..).for_each(|s| pool.give(s));
        pool.trim();
        assert_eq!(pool.shelves[1].free.len(), 40, "needed since the last call");
        pool.trim();
        assert_eq!(pool.shelves[1].free.len(), 16);
        // The same memory in the other size, and no more of it.
        held.extend(std::iter::from_fn(|| pool.take(Size::Small, 0)));
        assert_eq!(held.len(), 40 * 8);
        assert_eq!(pool.bytes_kept(), SEGMENT_BYTES * 40);
        held.drain(..7).for_each(|s| pool.give(s));
        assert!(!pool.has_room(Size::Large));
        held.drain(..1).for_each(|s| pool.give(s));
        assert!(pool.take(Size::Large, 0).is_some() && pool.bytes_kept() == SEGMENT_BYTES * 40);
    }
}
