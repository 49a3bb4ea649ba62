//! All cohorts of one core: who is due which line, and the books about it.

use super::cohort::{ByClass, Cohort, Lap};
use super::encode::Lines;
use super::segment::{LINE_BYTES_MAX, Pool, SEGMENT_BYTES};
use super::{CohortKey, Deliveries};
use crate::measure::{Ledger, Reason};
use crate::spot::{Class, Spot};
use ahash::AHashMap;
use slab::Slab;
use std::collections::VecDeque;
use std::sync::Arc;

/// Names a slice: its cohort and its key therein.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SliceRef {
    /// Key of the cohort.
    pub cohort: u32,
    /// Key of the slice in its cohort.
    pub key: u32,
}

/// Publication stopped because there was no memory for this cohort's line without lapping somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// The fan-out of one core.
pub struct Cohorts {
    list: Slab<Cohort>,
    by_key: AHashMap<CohortKey, u32>,
    pool: Pool,
    cohort_segments_max: usize,
    lines: Lines,
    /// Cohorts that are due the spot under way, and how far the lines are appended.
    due: Vec<u32>,
    appended: usize,
    reached: u32,
    laps: Vec<Lap>,
    queue: VecDeque<u32>,
    books: Arc<Ledger>,
    pending: u64,
}

impl Cohorts {
    /// `pool_bytes` for all cohorts together, `cohort_bytes` for one; `books` count deliveries: one
    /// per spot and logged-in user.
    pub fn new(pool_bytes: usize, cohort_bytes: usize, books: Arc<Ledger>) -> Cohorts {
        Cohorts {
            list: Slab::new(),
            by_key: AHashMap::new(),
            pool: Pool::new(pool_bytes),
            cohort_segments_max: (cohort_bytes / SEGMENT_BYTES).max(2),
            lines: Lines::default(),
            due: Vec::new(),
            appended: 0,
            reached: 0,
            laps: Vec::new(),
            queue: VecDeque::new(),
            books,
            pending: 0,
        }
    }

    /// How many cohorts there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    /// Segments in use.
    pub fn segments(&self) -> usize {
        self.pool.in_use()
    }
    /// Lines due and neither sent nor ended, all users together.
    pub fn pending(&self) -> u64 {
        self.pending
    }
    /// One cohort.
    #[inline]
    pub fn get(&self, cohort: u32) -> Option<&Cohort> {
        self.list.get(cohort as usize)
    }
    /// One cohort, to work on.
    #[inline]
    pub fn get_mut(&mut self, cohort: u32) -> Option<&mut Cohort> {
        self.list.get_mut(cohort as usize)
    }
    /// Whether memory runs short: then nobody who can take lines may be left waiting.
    pub fn is_strained(&self) -> bool {
        self.pool.is_strained() || self.list.iter().any(|(_, c)| c.segments() * 2 > self.cohort_segments_max)
    }

    // --- who

    /// A connection joins the cohort of this key and is due every line from now on.
    pub fn join(&mut self, key: CohortKey, conn: u32) -> SliceRef {
        let list = &mut self.list;
        let cohort = *self.by_key.entry(key).or_insert_with_key(|key| list.insert(Cohort::new(key.clone())) as u32);
        SliceRef { cohort, key: self.list[cohort as usize].join(conn) as u32 }
    }
    /// Ends an open slice at the lines there are; `false` when nothing of it is left to send and it
    /// is gone.
    pub fn close_slice(&mut self, at: SliceRef) -> bool {
        let cohort = &mut self.list[at.cohort as usize];
        cohort.close_slice(at.key as usize);
        if cohort.waiting(at.key as usize) > 0 {
            return true;
        }
        self.leave(at, Reason::SessionClosed);
        false
    }
    /// A slice goes; lines it had not been sent end under this reason. Returns how many those were.
    pub fn leave(&mut self, at: SliceRef, reason: Reason) -> u64 {
        let cohort = &mut self.list[at.cohort as usize];
        let unsent = cohort.leave(at.key as usize);
        cohort.release(&mut self.pool);
        if cohort.is_empty() {
            self.by_key.remove(cohort.key());
            self.list.remove(at.cohort as usize);
        }
        let ended = end_all(&self.books, &unsent, reason);
        self.pending -= ended;
        ended
    }

    // --- a spot comes

    /// First half of a publication: finds the cohorts that are due this spot and encodes its lines.
    /// Changes nothing that outlives the spot, so a panic in here costs the spot alone.
    pub fn judge(&mut self, spot: &Spot) {
        self.due.clear();
        self.appended = 0;
        self.reached = 0;
        self.lines.clear();
        for (id, cohort) in &self.list {
            let key = cohort.key();
            if cohort.users() > 0 && key.preferences.let_through(spot.verdicts) && key.filter.passes(spot) {
                self.lines.encode(key.preferences.style, spot);
                self.due.push(id as u32);
            }
        }
    }

    /// Accounts for a spot that [`Cohorts::judge`] panicked on: nobody gets it.
    pub fn abandon(&mut self, class: Class) {
        self.due.clear();
        let users: u64 = self.list.iter().map(|(_, c)| u64::from(c.users())).sum();
        self.books.enter(class, users);
        self.books.end(class, Reason::Panic, users);
    }

    /// Second half: appends the lines. Returns how many users are due the spot. On [`NoRoom`] the
    /// caller sends what can be sent and calls again with `by_force` for one step, which laps.
    pub fn append(&mut self, spot: &Spot, taken_ns: u64, mut by_force: bool) -> Result<u32, NoRoom> {
        let class = spot.class();
        while let Some(&id) = self.due.get(self.appended) {
            let style = self.list[id as usize].key().preferences.style;
            let bytes = self.lines.get(style).len();
            if !self.list[id as usize].has_room(bytes) {
                self.make_room(id, by_force)?;
                by_force = false;
            }
            let cohort = &mut self.list[id as usize];
            cohort.append(self.lines.get(style), class, spot.read_ns, taken_ns);
            if !cohort.queued {
                cohort.queued = true;
                self.queue.push_back(id);
            }
            let users = u64::from(cohort.users());
            self.books.enter(class, users);
            self.pending += users;
            self.reached += cohort.users();
            self.appended += 1;
        }
        // Those whose policy or filter held it back were due it too, in the books. `due` is in the
        // order of the list, so one walk tells both apart.
        if self.due.len() < self.list.len() {
            let mut due = self.due.iter().copied().peekable();
            for (id, cohort) in &self.list {
                if due.next_if_eq(&(id as u32)).is_none() {
                    self.books.enter(class, u64::from(cohort.users()));
                    self.books.end(class, Reason::Policy, u64::from(cohort.users()));
                }
            }
        }
        self.due.clear();
        Ok(self.reached)
    }

    /// Gives a cohort a segment for the next line.
    fn make_room(&mut self, id: u32, by_force: bool) -> Result<(), NoRoom> {
        const { assert!(LINE_BYTES_MAX <= SEGMENT_BYTES) }
        let mut full = self.list[id as usize].segments() >= self.cohort_segments_max;
        if (full || self.pool.available() == 0) && !by_force {
            return Err(NoRoom);
        }
        loop {
            let victim = if full {
                id
            } else {
                let cohort = &mut self.list[id as usize];
                if let Some(segment) = self.pool.take(cohort.end_line()) {
                    cohort.grow(segment);
                    return Ok(());
                }
                // The pool is used up: whoever keeps most gives.
                self.list.iter().max_by_key(|(_, c)| c.segments()).map_or(id, |(id, _)| id as u32)
            };
            let lost = self.list[victim as usize].drop_oldest(&mut self.pool, &mut self.laps);
            self.list[victim as usize].release(&mut self.pool);
            self.pending -= end_all(&self.books, &lost, Reason::Lapped);
            full = false;
        }
    }

    /// The laps since the last call.
    pub fn take_lap(&mut self) -> Option<Lap> {
        self.laps.pop()
    }

    // --- passes

    /// The next cohort with something to send, in turn.
    pub fn next_queued(&mut self) -> Option<u32> {
        self.queue.pop_front()
    }
    /// Puts a cohort back at the end of the queue.
    pub fn requeue(&mut self, cohort: u32) {
        self.queue.push_back(cohort);
    }
    /// A cohort has nothing to send until its next line.
    pub fn unqueue(&mut self, cohort: u32) {
        if let Some(cohort) = self.list.get_mut(cohort as usize) {
            cohort.queued = false;
        }
    }
    /// How many wait in the queue.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
    /// The queue.
    pub fn queue(&self) -> impl Iterator<Item = u32> + '_ {
        self.queue.iter().copied()
    }
    /// Books lines of a cohort as accepted by the kernel, for so many users who were sent just these.
    pub fn delivered(&mut self, cohort: u32, from: u64, to: u64, users: u64, at_ns: u64, out: &mut Deliveries) {
        let Some(cohort) = self.list.get(cohort as usize) else { return };
        let books = &self.books;
        let mut lines = 0;
        cohort.for_each_mark(from, to, |mark, n| {
            books.leave(mark.class, n * users);
            out.record(mark, n * users, at_ns);
            lines += n;
        });
        self.pending -= lines * users;
    }
    /// Books one line that was torn by a short write and is now out.
    pub fn delivered_torn(&mut self, class: Class) {
        self.books.leave(class, 1);
        self.pending -= 1;
    }
    /// Books one torn line whose rest will never be sent.
    pub fn lost_torn(&mut self, class: Class) {
        self.books.end(class, Reason::SessionClosed, 1);
        self.pending -= 1;
    }
    /// Gives back the memory that nobody needs any more.
    #[inline]
    pub fn release(&mut self, cohort: u32) {
        if let Some(cohort) = self.list.get_mut(cohort as usize) {
            cohort.release(&mut self.pool);
        }
    }
    /// Writes the number of pending lines to the books. Once per turn.
    pub fn close_books(&self) {
        self.books.hold(self.pending);
    }
    /// Frees memory that a burst needed. About once a second.
    pub fn trim(&mut self) {
        self.pool.trim();
    }
    /// Counts the pending lines by looking at every slice: what [`Cohorts::pending`] must equal, but for
    /// torn lines.
    pub fn count_pending(&self) -> u64 {
        self.list.iter().map(|(_, c)| c.waiting_in_all()).sum()
    }
}

fn end_all(books: &Ledger, lines: &ByClass, reason: Reason) -> u64 {
    let mut sum = 0;
    for (class, n) in Class::ALL.into_iter().zip(lines) {
        if *n > 0 {
            books.end(class, reason, *n);
            sum += n;
        }
    }
    sum
}
