//! Memory of cohorts: segments of whole lines, and the pool they come from.

use crate::spot::Class;
use crate::wire;

/// Bytes of a segment. A line never straddles two segments, so the most that one `send` can carry; about
/// 850 lines of 77 bytes. Offsets fit 16 bits.
pub const SEGMENT_BYTES: usize = 64 * 1024;
/// Longest line with its line end. A classic line has 77 to 143 bytes, a JSON line some 900, up to
/// [`wire::JSON_LINE_BYTES_MAX`] when all its text must be escaped; a longer line is a fault of an encoder. At
/// most 1/32 of a segment is left unused at its end.
pub const LINE_BYTES_MAX: usize = 2048;
const _: () = assert!(wire::SPOT_LINE_BYTES_MAX + 2 <= LINE_BYTES_MAX);
/// Lines whose spots were read within this time of each other, in one turn and class, share a mark.
pub const MARK_SPREAD_NS: u64 = 200_000;
/// Free segments that a pool keeps over a quiet time: 1 MiB.
const FREE_KEPT: usize = 16;

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
    fn new() -> Segment {
        Segment {
            bytes: vec![0; SEGMENT_BYTES].into_boxed_slice(),
            used: 0,
            first_line: 0,
            starts: Vec::with_capacity(SEGMENT_BYTES / 64),
            marks: Vec::with_capacity(SEGMENT_BYTES / 512),
            readers: 0,
        }
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
        self.used + bytes <= SEGMENT_BYTES
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

/// The segments of one core.
#[derive(Debug)]
pub struct Pool {
    // Boxed, because segments move in and out whole: a pointer, not 64 KiB.
    #[allow(clippy::vec_box)]
    free: Vec<Box<Segment>>,
    in_use: usize,
    in_use_max: usize,
    segments_max: usize,
}

impl Pool {
    /// A pool of at most so many bytes, rounded down to whole segments but at least 2; they are
    /// allocated when first needed.
    pub fn new(bytes_max: usize) -> Pool {
        Pool { free: Vec::new(), in_use: 0, in_use_max: 0, segments_max: (bytes_max / SEGMENT_BYTES).max(2) }
    }
    /// An empty segment that begins with this line; `None` when all are in use.
    pub fn take(&mut self, first_line: u64) -> Option<Box<Segment>> {
        let mut segment = match self.free.pop() {
            Some(segment) => segment,
            None if self.in_use < self.segments_max => Box::new(Segment::new()),
            None => return None,
        };
        self.in_use += 1;
        self.in_use_max = self.in_use_max.max(self.in_use);
        segment.begin(first_line);
        Some(segment)
    }
    /// Gives a segment back. The last one given is the next one taken: it is still in the cache.
    pub fn give(&mut self, segment: Box<Segment>) {
        self.in_use -= 1;
        self.free.push(segment);
    }
    /// Segments in use.
    pub fn in_use(&self) -> usize {
        self.in_use
    }
    /// Segments that can still be taken.
    pub fn available(&self) -> usize {
        self.segments_max - self.in_use
    }
    /// Whether more than three quarters are in use.
    pub fn is_strained(&self) -> bool {
        self.in_use * 4 > self.segments_max * 3
    }
    /// Frees what was not needed since the last call. For a quiet moment, about once a second.
    pub fn trim(&mut self) {
        let kept = self.in_use_max.saturating_sub(self.in_use).max(FREE_KEPT);
        self.free.truncate(kept);
        self.in_use_max = self.in_use;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_number_and_by_byte() {
        let mut pool = Pool::new(SEGMENT_BYTES * 2);
        let mut segment = pool.take(100).unwrap();
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
        let mut segment = pool.take(0).unwrap();
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
        let mut held: Vec<_> = std::iter::from_fn(|| pool.take(0)).collect();
        assert_eq!((held.len(), pool.available()), (40, 0));
        assert!(pool.is_strained());
        held.drain(..).for_each(|s| pool.give(s));
        pool.trim();
        assert_eq!(pool.free.len(), 40, "needed since the last call");
        pool.trim();
        assert_eq!(pool.free.len(), FREE_KEPT);
    }
}
