//! What one session is still to be sent: an ordered list of extents, own bytes or slices of cohorts.
//!
//! Nearly always it is one open slice, that is, one cursor. Replies are cut in at a line start: a
//! cursor never stands elsewhere, because after a short write the rest of the torn line is copied
//! to the own bytes. A spot that the rules of this one user bring or take away splits the slice.

use super::cohort::OPEN;
use super::cohorts::{Cohorts, Skipped, SliceRef};
use super::segment::Mark;
use super::{CohortKey, Deliveries};
use crate::measure::Reason;
use crate::spot::{Class, Spot};
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Write};

/// Sends of one flush before others get their turn: 4 × 64 KiB.
const SENDS_PER_FLUSH: usize = 4;
/// Ended slices that may wait: a user who cannot take them, and changes his mind or has his own call
/// spotted once more, loses the oldest, counted as lapped. 40 bytes each here and in its cohort.
const ENDED_SLICES_MAX: usize = 32;
/// Inserted lines that may wait, by the same rule: as many as slices between which they stand, and a
/// stretch of them without others between.
const INSERTS_MAX: usize = 64;
/// Own bytes that the kernel took already and that may still lie before those that wait, when these are fewer.
const OWN_SENT_KEPT_MAX: usize = 16 * 1024;

/// A part of the output behind the own bytes.
#[derive(Debug)]
enum Extent {
    /// Bytes for this session alone.
    Own(Vec<u8>),
    /// An ended slice of a cohort.
    Slice(SliceRef),
    /// A line that the cohort is not due.
    Line(Vec<u8>, Mark),
}

/// A spot line among the own bytes: the rest of one of which the kernel took only the beginning, or an
/// inserted one.
#[derive(Clone, Copy, Debug)]
struct Apart {
    /// Where it ends in the own bytes.
    end: usize,
    mark: Mark,
}

/// The output of one session. Who drops it must call [`Output::abandon`] first, for the books.
#[derive(Debug, Default)]
pub struct Output {
    own: Vec<u8>,
    own_sent: usize,
    apart: VecDeque<Apart>,
    queue: VecDeque<Extent>,
    open: Option<SliceRef>,
    blocked: bool,
    linewise: bool,
}

/// How a flush ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flushed {
    /// Everything is with the kernel.
    Done,
    /// Its share of this turn is used up; there is more.
    More,
    /// The socket is full: go on when it is writable.
    Blocked,
    /// The connection is broken.
    Failed(ErrorKind),
}

/// Some users of a cohort were sent these lines.
#[derive(Clone, Copy, Debug)]
struct Run {
    cohort: u32,
    from: u64,
    to: u64,
    users: u64,
}

/// What was sent since the clock was last read. Whoever sends reads the clock afterwards and calls
/// [`SendLog::commit`]: so latencies err by the time of these few sends, upwards.
#[derive(Default)]
pub struct SendLog {
    runs: Vec<Run>,
    apart: Vec<Mark>,
    ended: Vec<SliceRef>,
    /// Latencies.
    pub deliveries: Deliveries,
    /// `send` calls that the kernel took something of.
    pub sends: u64,
    /// `send` calls that it took only a part of, or nothing.
    pub short_writes: u64,
    /// Bytes.
    pub bytes: u64,
    /// Spot lines.
    pub lines: u64,
    uncommitted: u32,
}

impl SendLog {
    /// Sends since the last commit.
    #[inline]
    pub fn uncommitted(&self) -> u32 {
        self.uncommitted
    }
    #[inline]
    fn ran(&mut self, cohort: u32, from: u64, to: u64) {
        self.lines += to - from;
        match self.runs.last_mut() {
            Some(run) if run.cohort == cohort && run.from == from && run.to == to => run.users += 1,
            _ => self.runs.push(Run { cohort, from, to, users: 1 }),
        }
    }
    /// Books everything as with the kernel at `at_ns`, and gives memory back.
    pub fn commit(&mut self, cohorts: &mut Cohorts, at_ns: u64) {
        for run in &self.runs {
            cohorts.delivered(run.cohort, run.from, run.to, run.users, at_ns, &mut self.deliveries);
        }
        for mark in self.apart.drain(..) {
            cohorts.delivered_apart(mark.class);
            self.deliveries.record(&mark, 1, at_ns);
        }
        for run in self.runs.drain(..) {
            cohorts.release(run.cohort);
        }
        for slice in self.ended.drain(..) {
            cohorts.leave(slice, Reason::SessionClosed);
        }
        self.uncommitted = 0;
    }
}

impl Output {
    /// Whether it waits for its socket.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        self.blocked
    }
    /// Whether only the open slice is left, or nothing.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.own.is_empty() && self.queue.is_empty()
    }
    /// Spot lines that no cohort counts as waiting: inserted ones, and one that is half with the kernel.
    pub fn lines_apart(&self) -> u64 {
        let queued = self.queue.iter().filter(|e| matches!(e, Extent::Line(..))).count();
        (self.apart.len() + queued) as u64
    }
    /// All spot lines that wait.
    pub fn lines_waiting(&self, cohorts: &Cohorts) -> u64 {
        let slices = self.queue.iter().filter_map(|e| if let Extent::Slice(at) = e { Some(*at) } else { None });
        self.lines_apart() + slices.chain(self.open).map(|at| waiting(cohorts, at)).sum::<u64>()
    }
    /// The cohort that the user is in, if he is due spots at all.
    pub fn cohort(&self) -> Option<u32> {
        self.open.map(|at| at.cohort)
    }
    /// Whether each spot line needs a send of its own: then [`Output::flush_line`] is to be called, not
    /// [`Output::flush`].
    #[inline]
    pub fn is_linewise(&self) -> bool {
        self.linewise
    }
    /// Takes effect with the next [`Output::follow`].
    pub fn set_linewise(&mut self, linewise: bool) {
        self.linewise = linewise;
    }
    /// Own bytes not yet with the kernel.
    pub fn own_pending(&self) -> usize {
        let queued = self.queue.iter().map(|e| match e {
            Extent::Own(bytes) | Extent::Line(bytes, _) => bytes.len(),
            Extent::Slice(_) => 0,
        });
        self.own.len() - self.own_sent + queued.sum::<usize>()
    }
    /// Own bytes in memory, those already sent before them included.
    #[cfg(test)]
    pub(super) fn own_kept(&self) -> usize {
        self.own.len()
    }
    /// Whether something waits, of whatever kind.
    pub fn has_pending(&self, cohorts: &Cohorts) -> bool {
        !self.is_plain() || self.open.is_some_and(|at| waiting(cohorts, at) > 0)
    }
    /// Bytes go out before all lines that wait: a reply.
    pub fn reply(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }
    /// Bytes go out behind everything that waits. Only after [`Output::end_lines`].
    pub fn last_words(&mut self, bytes: &[u8]) {
        debug_assert!(self.open.is_none());
        if self.queue.is_empty() {
            self.own.extend_from_slice(bytes);
        } else {
            self.queue.push_back(Extent::Own(bytes.to_vec()));
        }
    }
    /// Lines of this key from now on; what waits of an earlier key is sent first. Returns the lines lost to
    /// `ENDED_SLICES_MAX`.
    pub fn follow(&mut self, cohorts: &mut Cohorts, key: CohortKey, conn: u32) -> u64 {
        let linewise = self.linewise;
        let same =
            |at: SliceRef| cohorts.get(at.cohort).is_some_and(|c| c.is_linewise() == linewise && *c.key() == key);
        if self.open.is_some_and(same) {
            return 0;
        }
        // Joined before the old slice goes, so that a cohort of one that comes back is not built anew.
        let open = cohorts.join(key, linewise, conn);
        self.end_lines(cohorts);
        self.open_slice(cohorts, open);
        self.lap_oldest(cohorts)
    }
    fn open_slice(&mut self, cohorts: &mut Cohorts, open: SliceRef) {
        self.open = Some(open);
        self.set_blocked(cohorts, self.blocked);
    }
    /// Keeps what waits in the queue within its bounds; returns the lines lost.
    fn lap_oldest(&mut self, cohorts: &mut Cohorts) -> u64 {
        let mut lost = 0;
        while let Some(i) = self.one_too_many(ENDED_SLICES_MAX, |e| matches!(e, Extent::Slice(_))) {
            if let Some(Extent::Slice(at)) = self.queue.remove(i) {
                lost += cohorts.leave(at, Reason::Lapped);
            }
        }
        while let Some(i) = self.one_too_many(INSERTS_MAX, |e| matches!(e, Extent::Line(..))) {
            if let Some(Extent::Line(_, mark)) = self.queue.remove(i) {
                cohorts.lost_apart(mark.class, Reason::Lapped);
                lost += 1;
            }
        }
        lost
    }
    /// The first of a kind of extent when there are more than so many.
    fn one_too_many(&self, max: usize, is: impl Fn(&Extent) -> bool) -> Option<usize> {
        let count = self.queue.iter().filter(|e| is(e)).count();
        if count > max { self.queue.iter().position(is) } else { None }
    }
    /// The line of the spot under way goes to this user although his cohort is not due it, behind what
    /// waits and before what comes. For [`super::Exception::Insert`]. Returns the lines lost to the bounds.
    pub fn insert(&mut self, cohorts: &mut Cohorts, spot: &Spot, taken_ns: u64) -> u64 {
        let class = spot.class();
        cohorts.enter_apart(class);
        let Some(open) = self.open else {
            cohorts.lost_apart(class, Reason::SessionClosed);
            return 0;
        };
        if let Some(behind) = cohorts.split(open) {
            self.queue.push_back(Extent::Slice(open));
            self.open_slice(cohorts, behind);
        }
        let line = cohorts.line(open.cohort);
        let mark = Mark { end_line: 0, read_ns: spot.read_ns, taken_ns, class };
        if self.queue.is_empty() && !self.linewise {
            self.own.extend_from_slice(line);
            self.apart.push_back(Apart { end: self.own.len(), mark });
        } else {
            self.queue.push_back(Extent::Line(line.to_vec(), mark));
        }
        self.lap_oldest(cohorts)
    }
    /// The line just appended to this user's cohort does not go to him. For [`super::Exception::Skip`].
    /// Returns the lines lost to the bounds; -1 when this one is among those counted as lapped already.
    pub fn skip(&mut self, cohorts: &mut Cohorts, class: Class) -> i64 {
        let Some(open) = self.open else { return 0 };
        match cohorts.skip_last(open, class) {
            Skipped::Passed => 0,
            Skipped::Lapped => -1,
            Skipped::Split(behind) => {
                self.queue.push_back(Extent::Slice(open));
                self.open_slice(cohorts, behind);
                self.lap_oldest(cohorts) as i64
            }
        }
    }
    /// No lines any more, beyond those that wait now.
    pub fn end_lines(&mut self, cohorts: &mut Cohorts) {
        if let Some(at) = self.open.take()
            && cohorts.close_slice(at)
        {
            self.queue.push_back(Extent::Slice(at));
        }
    }
    /// No lines any more, not even those that wait; they end as [`Reason::SessionClosed`]. Own bytes
    /// stay, and a line that is torn is finished.
    pub fn drop_lines(&mut self, cohorts: &mut Cohorts) {
        if let Some(at) = self.open.take() {
            cohorts.leave(at, Reason::SessionClosed);
        }
        for extent in std::mem::take(&mut self.queue) {
            match extent {
                Extent::Slice(at) => {
                    cohorts.leave(at, Reason::SessionClosed);
                }
                Extent::Own(bytes) => self.own.extend_from_slice(&bytes),
                Extent::Line(_, mark) => cohorts.lost_apart(mark.class, Reason::SessionClosed),
            }
        }
    }
    /// The session is gone: what waits is booked as [`Reason::SessionClosed`].
    pub fn abandon(&mut self, cohorts: &mut Cohorts) {
        self.drop_lines(cohorts);
        for line in self.apart.drain(..) {
            cohorts.lost_apart(line.mark.class, Reason::SessionClosed);
        }
        self.own = Vec::new();
        self.own_sent = 0;
    }
    /// The socket is full, or takes bytes again.
    pub fn set_blocked(&mut self, cohorts: &mut Cohorts, blocked: bool) {
        self.blocked = blocked;
        if let Some(at) = self.open
            && let Some(cohort) = cohorts.get_mut(at.cohort)
        {
            cohort.set_blocked(at.key as usize, blocked);
        }
    }

    /// Sends what waits, in order, until the sink is full. Usually one `send` of one contiguous slice;
    /// own bytes and the slice behind them go together in one `writev`.
    pub fn flush(&mut self, cohorts: &mut Cohorts, sink: &mut impl Write, log: &mut SendLog) -> Flushed {
        for _ in 0..SENDS_PER_FLUSH {
            let Some(at) = self.next_slice(cohorts, log) else {
                if self.own.is_empty() {
                    return Flushed::Done;
                }
                match self.send(cohorts, None, u64::MAX, sink, log) {
                    Flushed::Done => continue,
                    other => return other,
                }
            };
            if self.own.is_empty() && waiting(cohorts, at) == 0 {
                return Flushed::Done;
            }
            match self.send(cohorts, Some(at), u64::MAX, sink, log) {
                Flushed::Done => {}
                other => return other,
            }
        }
        if self.has_pending(cohorts) { Flushed::More } else { Flushed::Done }
    }

    /// For linewise users: sends the replies that wait, or else one spot line. `More` when something waits
    /// behind it; the caller lets its gap pass first.
    pub fn flush_line(&mut self, cohorts: &mut Cohorts, sink: &mut impl Write, log: &mut SendLog) -> Flushed {
        let from = if self.own.is_empty() { self.next_slice(cohorts, log) } else { None };
        // An inserted line that has come to the front is own bytes now.
        let from = from.filter(|_| self.own.is_empty());
        let flushed = match from {
            Some(at) if waiting(cohorts, at) > 0 => self.send(cohorts, Some(at), 1, sink, log),
            _ if !self.own.is_empty() => self.send(cohorts, None, 0, sink, log),
            _ => Flushed::Done,
        };
        if flushed == Flushed::Done && self.has_pending(cohorts) { Flushed::More } else { flushed }
    }

    /// The slice to send from; brings queued own bytes and slices to the front, past finished ones.
    #[inline]
    fn next_slice(&mut self, cohorts: &Cohorts, log: &mut SendLog) -> Option<SliceRef> {
        while let Some(front) = self.queue.front_mut() {
            match front {
                Extent::Slice(at) if waiting(cohorts, *at) > 0 => return Some(*at),
                // It leaves its cohort when its lines are booked.
                Extent::Slice(at) => log.ended.push(*at),
                Extent::Own(bytes) if self.own.is_empty() => self.own = std::mem::take(bytes),
                Extent::Line(line, mark) if self.own.is_empty() => {
                    self.own = std::mem::take(line);
                    self.apart.push_back(Apart { end: self.own.len(), mark: *mark });
                    if self.linewise {
                        self.queue.pop_front();
                        return None;
                    }
                }
                Extent::Own(_) | Extent::Line(..) => return None,
            }
            self.queue.pop_front();
        }
        self.open
    }

    /// One `send`: own bytes, then the next contiguous lines of a slice.
    #[inline]
    fn send(
        &mut self,
        cohorts: &mut Cohorts,
        at: Option<SliceRef>,
        lines_max: u64,
        sink: &mut impl Write,
        log: &mut SendLog,
    ) -> Flushed {
        let cohort = at.and_then(|at| cohorts.get_mut(at.cohort));
        let chunk = cohort.as_ref().zip(at).and_then(|(c, at)| c.chunk(at.key as usize, lines_max));
        let own = &self.own[self.own_sent..];
        let lines = chunk.map_or(&[][..], |c| c.bytes);
        let (own_len, lines_len) = (own.len(), lines.len());
        let range = chunk.map(|c| (c.from, c.to));
        let result = match (own.is_empty(), lines.is_empty()) {
            (true, _) => sink.write(lines),
            (false, true) => sink.write(own),
            (false, false) => sink.write_vectored(&[IoSlice::new(own), IoSlice::new(lines)]),
        };
        log.uncommitted += 1;
        let n = match result {
            Ok(0) => {
                log.short_writes += 1;
                return Flushed::Blocked;
            }
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                log.short_writes += 1;
                return Flushed::Blocked;
            }
            // A signal: not a word about the socket.
            Err(e) if e.kind() == ErrorKind::Interrupted => return Flushed::More,
            Err(e) => return Flushed::Failed(e.kind()),
        };
        log.sends += 1;
        log.bytes += n as u64;
        let of_own = n.min(own_len);
        let of_lines = n - of_own;
        if let (Some(at), Some((from, to)), Some(cohort)) = (at, range, cohort) {
            if of_lines == lines_len {
                self.own_went(of_own, log);
                cohort.advance(at.key as usize, to);
                log.ran(at.cohort, from, to);
            } else {
                let (line, rest, mark) = cohort.cut(from, of_lines);
                self.own_went(of_own, log);
                let mut next = line;
                if !rest.is_empty() {
                    debug_assert!(self.own.is_empty(), "lines go out after the own bytes only");
                    self.own.extend_from_slice(rest);
                    self.apart.push_back(Apart { end: self.own.len(), mark });
                    next += 1;
                }
                // Also when no whole line went: the torn one may have been all that its segment was kept for.
                log.ran(at.cohort, from, line);
                if next > from {
                    cohort.advance(at.key as usize, next);
                }
            }
        } else {
            self.own_went(of_own, log);
        }
        if n < own_len + lines_len {
            log.short_writes += 1;
            return Flushed::Blocked;
        }
        Flushed::Done
    }

    /// `n` own bytes are with the kernel.
    #[inline]
    fn own_went(&mut self, n: usize, log: &mut SendLog) {
        if n == 0 {
            return;
        }
        self.own_sent += n;
        while let Some(line) = self.apart.pop_front_if(|line| line.end <= self.own_sent) {
            log.apart.push(line.mark);
            log.lines += 1;
        }
        if self.own_sent == self.own.len() {
            // Freed, not kept: thousands of idle users each with an empty buffer add up.
            self.own = Vec::new();
            self.own_sent = 0;
        } else if self.own_sent >= OWN_SENT_KEPT_MAX && self.own_sent * 2 >= self.own.len() {
            // A reader who is never quite done must not keep all that he ever read. At least half of it
            // goes, so a byte is moved once on average.
            self.own.drain(..self.own_sent);
            for line in &mut self.apart {
                line.end -= self.own_sent;
            }
            self.own_sent = 0;
        }
    }
}

#[inline]
fn waiting(cohorts: &Cohorts, at: SliceRef) -> u64 {
    let slice = cohorts.get(at.cohort).and_then(|c| c.slice(at.key as usize).map(|s| (s, c.end_line())));
    slice.map_or(0, |(s, end)| if s.until == OPEN { end - s.next } else { s.until - s.next })
}
