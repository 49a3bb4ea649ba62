//! All cohorts of one core: who is due which line, and the books about it.

use super::cohort::{ByClass, Cohort, Lap};
use super::encode::StyledLine;
use super::segment::{LINE_BYTES_MAX, Pool, SEGMENT_BYTES, SMALL_BYTES, Size};
use super::{CohortKey, Deliveries, Preferences};
use crate::filter::{ByBand, Filter};
use crate::measure::{Ledger, Reason};
use crate::spot::{Class, Spot};
use crate::wire::LineStyle;
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

/// What the rules of one user make of a spot, beside what his cohort gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exception {
    /// The cohort is not due it, he gets it: [`super::Output::insert`].
    Insert,
    /// The cohort is due it, he does not get it: [`super::Output::skip`].
    Skip,
}

/// How a line was taken out of a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Skipped {
    /// It was the next one: the slice goes on behind it.
    Passed,
    /// Lines before it wait in the slice still; this one goes on behind it.
    Split(SliceRef),
    /// The user was lapped in the moment it came: it is among the lines he lost.
    Lapped,
}

/// Segments of a cohort whose users get one line per send: some 950 lines, 20 s of their rate. Who takes lines so slowly must not make the core short of memory, nor read stale ones.
const LINEWISE_SEGMENTS_MAX: usize = 2;

/// Cohorts that get a line together: enough for the misses of their memory to overlap, few enough for what came in to
/// be there still when it is written to.
const APPENDED_TOGETHER: usize = 16;

/// What judging a spot needs of a cohort. All rows lie together, so that thousands of cohorts that are
/// not due a spot cost a few cache lines.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// [`Preferences::mask`] of the cohort.
    mask: u16,
    /// Users due every new line; 0 also where no cohort is.
    users: u32,
    filter: u32,
    style: u32,
    /// What the filter says without being looked at, where it lies by itself.
    by_band: ByBand,
}

/// A distinct filter. It is asked once per spot, however many cohorts share it.
#[derive(Debug)]
struct Asked {
    filter: Filter,
    cohorts: u32,
    /// The spot of the answer, numbered by `Cohorts::judged`.
    judged: u64,
    passes: bool,
}

/// A distinct style and the line of the spot under way in it.
#[derive(Debug)]
struct Styled {
    /// Its spots are numbered by `Cohorts::judged`.
    line: StyledLine,
    cohorts: u32,
}

/// A cohort with something to send, and what is asked of it each turn: so the queue is walked without touching the
/// cohorts. Stays when the cohort goes, until its turn comes.
#[derive(Clone, Copy, Debug)]
pub struct Queued {
    /// Key of the cohort.
    pub cohort: u32,
    /// A pass over it was cut short by its budget, and may go on.
    pub pass_runs: bool,
    /// Otherwise, from when on the next one may begin, monotonic ns.
    pub next_pass_ns: u64,
}

/// Users whom policy or filter kept from the spot under way.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    policy: u64,
    filter: u64,
}

/// The fan-out of one core.
pub struct Cohorts {
    list: Slab<Cohort>,
    /// One per key of `list`.
    rows: Vec<Row>,
    by_key: AHashMap<(u32, Preferences, bool), u32>,
    filters: Slab<Asked>,
    by_filter: AHashMap<Filter, u32>,
    styles: Slab<Styled>,
    by_style: AHashMap<LineStyle, u32>,
    pool: Pool,
    cohort_segments_max: usize,
    /// Spots judged so far.
    judged: u64,
    /// Cohorts that are due the spot under way in the order of the list, and how far the lines are appended.
    due: Vec<u32>,
    appended: usize,
    reached: u32,
    held: Held,
    laps: Vec<Lap>,
    queue: VecDeque<Queued>,
    books: Arc<Ledger>,
    pending: u64,
}

impl Cohorts {
    /// `pool_bytes` for all cohorts together, `cohort_bytes` for one; `books` count deliveries: one
    /// per spot and logged-in user who wants spots.
    pub fn new(pool_bytes: usize, cohort_bytes: usize, books: Arc<Ledger>) -> Cohorts {
        Cohorts {
            list: Slab::new(),
            rows: Vec::new(),
            by_key: AHashMap::new(),
            filters: Slab::new(),
            by_filter: AHashMap::new(),
            styles: Slab::new(),
            by_style: AHashMap::new(),
            pool: Pool::new(pool_bytes),
            cohort_segments_max: (cohort_bytes / SEGMENT_BYTES).max(2),
            judged: 0,
            due: Vec::new(),
            appended: 0,
            reached: 0,
            held: Held::default(),
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
    /// How many different filters they have.
    pub fn filters(&self) -> usize {
        self.filters.len()
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
        let strains = |c: &Cohort| !c.is_linewise() && c.segments() * 2 > self.cohort_segments_max;
        // Only a cohort's first segment is small. With fewer large ones in all than make one cohort short, none is, and
        // thousands need not be looked at each turn.
        let can_strain = (self.pool.large_in_use() + 1) * 2 > self.cohort_segments_max;
        self.pool.is_strained() || (can_strain && self.list.iter().any(|(_, c)| strains(c)))
    }

    // --- who

    /// A connection joins the cohort of this key and is due every line from now on. `linewise`: lines
    /// are sent one by one, so these users have a cohort of their own.
    pub fn join(&mut self, key: CohortKey, linewise: bool, conn: u32) -> SliceRef {
        let filter = self.use_filter(&key.filter);
        let cohort = match self.by_key.get(&(filter, key.preferences, linewise)) {
            Some(cohort) => *cohort,
            None => self.found(key, filter, linewise),
        };
        self.join_at(cohort, conn)
    }
    fn join_at(&mut self, cohort: u32, conn: u32) -> SliceRef {
        let key = self.list[cohort as usize].join(conn) as u32;
        self.count_users(cohort);
        SliceRef { cohort, key }
    }
    /// The number of this filter; whoever keeps it counts in `Asked::cohorts`.
    fn use_filter(&mut self, filter: &Filter) -> u32 {
        if let Some(at) = self.by_filter.get(filter) {
            return *at;
        }
        let asked = Asked { filter: filter.clone(), cohorts: 0, judged: 0, passes: false };
        let at = self.filters.insert(asked) as u32;
        self.by_filter.insert(filter.clone(), at);
        at
    }
    fn found(&mut self, key: CohortKey, filter: u32, linewise: bool) -> u32 {
        let preferences = key.preferences;
        let styles = &mut self.styles;
        let style = *self
            .by_style
            .entry(preferences.style)
            .or_insert_with_key(|style| styles.insert(Styled { line: StyledLine::new(*style), cohorts: 0 }) as u32);
        self.styles[style as usize].cohorts += 1;
        self.filters[filter as usize].cohorts += 1;
        let by_band = key.filter.by_band();
        let cohort = self.list.insert(Cohort::new(key, linewise));
        if self.rows.len() <= cohort {
            self.rows.resize(cohort + 1, Row::default());
        }
        self.rows[cohort] = Row { mask: preferences.mask(), users: 0, filter, style, by_band };
        self.by_key.insert((filter, preferences, linewise), cohort as u32);
        cohort as u32
    }
    /// The last user of a cohort is gone, and it with him.
    fn dissolve(&mut self, at: u32) {
        let cohort = self.list.remove(at as usize);
        let row = std::mem::take(&mut self.rows[at as usize]);
        while self.rows.last().is_some_and(|row| row.mask == 0) {
            self.rows.pop();
        }
        let preferences = cohort.key().preferences;
        self.by_key.remove(&(row.filter, preferences, cohort.is_linewise()));
        let asked = &mut self.filters[row.filter as usize];
        asked.cohorts -= 1;
        if asked.cohorts == 0 {
            self.by_filter.remove(&asked.filter);
            self.filters.remove(row.filter as usize);
        }
        let styled = &mut self.styles[row.style as usize];
        styled.cohorts -= 1;
        if styled.cohorts == 0 {
            self.by_style.remove(&preferences.style);
            self.styles.remove(row.style as usize);
        }
    }
    fn count_users(&mut self, cohort: u32) {
        self.rows[cohort as usize].users = self.list[cohort as usize].users();
    }
    /// Ends an open slice at the lines there are; `false` when nothing of it is left to send and it
    /// is gone.
    pub fn close_slice(&mut self, at: SliceRef) -> bool {
        let cohort = &mut self.list[at.cohort as usize];
        cohort.close_slice(at.key as usize);
        if cohort.waiting(at.key as usize) > 0 {
            self.count_users(at.cohort);
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
        self.count_users(at.cohort);
        if self.list[at.cohort as usize].is_empty() {
            self.dissolve(at.cohort);
        }
        let ended = end_all(&self.books, &unsent, reason);
        self.pending -= ended;
        ended
    }
    /// Ends an open slice at the lines there are and begins another one behind them, in the same cohort;
    /// `None` when no line waits in it, so that what comes next may go out next.
    pub fn split(&mut self, at: SliceRef) -> Option<SliceRef> {
        let cohort = &mut self.list[at.cohort as usize];
        let slice = *cohort.slice(at.key as usize)?;
        if slice.next == cohort.end_line() {
            return None;
        }
        cohort.close_slice(at.key as usize);
        Some(self.join_at(at.cohort, slice.conn))
    }
    /// Takes the line just appended out of an open slice, which was due it: it ends as
    /// [`Reason::OwnCall`].
    pub(super) fn skip_last(&mut self, at: SliceRef, class: Class) -> Skipped {
        let cohort = &mut self.list[at.cohort as usize];
        let last = cohort.end_line().wrapping_sub(1);
        let Some(slice) = cohort.slice(at.key as usize).copied().filter(|slice| slice.next <= last) else {
            return Skipped::Lapped;
        };
        self.books.end(class, Reason::OwnCall, 1);
        self.pending -= 1;
        if slice.next == last {
            cohort.advance(at.key as usize, last + 1);
            cohort.release(&mut self.pool);
            return Skipped::Passed;
        }
        cohort.close_slice_at(at.key as usize, last);
        Skipped::Split(self.join_at(at.cohort, slice.conn))
    }

    // --- a spot comes

    /// First half of a publication: finds the cohorts that are due this spot and encodes its lines.
    /// Changes nothing that outlives the spot, so a panic in here costs the spot alone.
    pub fn judge(&mut self, spot: &Spot) {
        self.due.clear();
        self.appended = 0;
        self.reached = 0;
        self.held = Held::default();
        self.judged += 1;
        let let_through = Preferences::let_through_by(spot.verdicts);
        let band = spot.band();
        for (id, row) in self.rows.iter().enumerate() {
            if row.users == 0 {
                continue;
            }
            if row.mask & let_through == 0 {
                self.held.policy += u64::from(row.users);
                continue;
            }
            let passes = match row.by_band.asks.has(band) {
                true => self.filters[row.filter as usize].passes(spot, self.judged),
                false => row.by_band.passes.has(band),
            };
            if !passes {
                self.held.filter += u64::from(row.users);
                continue;
            }
            self.styles[row.style as usize].line.encode(spot, self.judged);
            self.due.push(id as u32);
        }
    }

    /// Between both halves, for a user of this cohort with a rule of his own for this spot: what is to be
    /// done beside what his cohort gets, once the lines are appended. Whoever is told `Insert` must then
    /// insert: the user is no longer counted among those whom policy or filter holds back.
    pub fn except(&mut self, cohort: u32, wanted: bool, spot: &Spot) -> Option<Exception> {
        let is_due = self.due.binary_search(&cohort).is_ok();
        if wanted == is_due {
            return None;
        }
        if is_due {
            return Some(Exception::Skip);
        }
        let row = self.rows.get(cohort as usize)?;
        self.styles[row.style as usize].line.encode(spot, self.judged);
        match row.mask & Preferences::let_through_by(spot.verdicts) {
            0 => self.held.policy -= 1,
            _ => self.held.filter -= 1,
        }
        Some(Exception::Insert)
    }

    /// The line of the spot under way as this cohort gets it, with its line end; empty unless it was
    /// judged due or excepted.
    pub fn line(&self, cohort: u32) -> &[u8] {
        let styled = self.rows.get(cohort as usize).and_then(|row| self.styles.get(row.style as usize));
        styled.map_or(&[], |styled| styled.line.get(self.judged))
    }

    /// Accounts for a spot that [`Cohorts::judge`] panicked on: nobody gets it.
    pub fn abandon(&mut self, class: Class) {
        self.due.clear();
        let users: u64 = self.rows.iter().map(|row| u64::from(row.users)).sum();
        self.books.enter(class, users);
        self.books.end(class, Reason::Panic, users);
    }

    /// Second half: appends the lines. Returns how many users are due the spot. On [`NoRoom`] the
    /// caller sends what can be sent and calls again with `by_force` for one step, which laps.
    pub fn append(&mut self, spot: &Spot, taken_ns: u64, mut by_force: bool) -> Result<u32, NoRoom> {
        let class = spot.class();
        while self.appended < self.due.len() {
            // First a look at the ends of the next few queues, each a cache miss or two where there are thousands of
            // cohorts: none waits for another, so they come in together, which they would not between two copies.
            let end = self.due.len().min(self.appended + APPENDED_TOGETHER);
            let mut without_room = 0;
            for id in &self.due[self.appended..end] {
                let line = self.styles[self.rows[*id as usize].style as usize].line.get(self.judged);
                without_room += usize::from(!self.list[*id as usize].has_room(line.len()));
            }
            if without_room == 0 {
                self.append_to(end, spot, taken_ns);
                continue;
            }
            while self.appended < end {
                let id = self.due[self.appended];
                let style = self.rows[id as usize].style as usize;
                if !self.list[id as usize].has_room(self.styles[style].line.get(self.judged).len()) {
                    self.make_room(id, by_force)?;
                    by_force = false;
                }
                self.append_to(self.appended + 1, spot, taken_ns);
            }
        }
        // Those whom policy or filter kept from it were due it too, in the books.
        let held = std::mem::take(&mut self.held);
        self.books.enter(class, held.policy + held.filter);
        self.books.end(class, Reason::Policy, held.policy);
        self.books.end(class, Reason::Filter, held.filter);
        self.due.clear();
        Ok(self.reached)
    }

    /// Appends the lines of the cohorts that are due the spot up to this one, which have room, and books them.
    #[inline]
    fn append_to(&mut self, end: usize, spot: &Spot, taken_ns: u64) {
        let class = spot.class();
        let mut users = 0;
        for id in &self.due[self.appended..end] {
            let line = self.styles[self.rows[*id as usize].style as usize].line.get(self.judged);
            let cohort = &mut self.list[*id as usize];
            cohort.append(line, class, spot.read_ns, taken_ns);
            users += cohort.users();
            // Passes send all that waits; linewise users are served one by one.
            if cohort.needs_queue() {
                let next_pass_ns = cohort.next_pass_ns();
                self.queue.push_back(Queued { cohort: *id, pass_runs: false, next_pass_ns });
            }
        }
        self.books.enter(class, u64::from(users));
        self.pending += u64::from(users);
        self.reached += users;
        self.appended = end;
    }

    /// Books a line that one user is due beside his cohort.
    pub(super) fn enter_apart(&mut self, class: Class) {
        self.books.enter(class, 1);
        self.pending += 1;
    }

    /// Gives a cohort a segment for the next line.
    fn make_room(&mut self, id: u32, by_force: bool) -> Result<(), NoRoom> {
        const { assert!(LINE_BYTES_MAX <= SMALL_BYTES) }
        let cohort = &self.list[id as usize];
        let linewise = cohort.is_linewise();
        let segments_max = if linewise { LINEWISE_SEGMENTS_MAX } else { self.cohort_segments_max };
        let size = if cohort.segments() == 0 { Size::Small } else { Size::Large };
        let mut full = cohort.segments() >= segments_max;
        // No pass can help linewise users: their rate is bounded.
        if ((full && !linewise) || !self.pool.has_room(size)) && !by_force {
            return Err(NoRoom);
        }
        loop {
            let victim = if full {
                id
            } else {
                let cohort = &mut self.list[id as usize];
                if let Some(segment) = self.pool.take(size, cohort.end_line()) {
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
    pub fn next_queued(&mut self) -> Option<Queued> {
        self.queue.pop_front()
    }
    /// Puts a cohort back at the end of the queue: its time has not come.
    pub fn requeue(&mut self, queued: Queued) {
        self.queue.push_back(queued);
    }
    /// Puts a cohort back at the end of the queue after a stretch of a pass.
    pub fn requeue_passed(&mut self, id: u32) {
        if let Some(cohort) = self.get(id) {
            let (pass_runs, next_pass_ns) = (cohort.pass.left > 0, cohort.next_pass_ns());
            self.queue.push_back(Queued { cohort: id, pass_runs, next_pass_ns });
        }
    }
    /// A cohort has nothing to send until its next line.
    pub fn unqueue(&mut self, cohort: u32) {
        if let Some(cohort) = self.list.get_mut(cohort as usize) {
            cohort.unqueue();
        }
    }
    /// How many wait in the queue.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
    /// The queue.
    pub fn queue(&self) -> impl Iterator<Item = Queued> + '_ {
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
    /// Books one line that went out apart: inserted, or torn by a short write.
    pub fn delivered_apart(&mut self, class: Class) {
        self.books.leave(class, 1);
        self.pending -= 1;
    }
    /// Books one such line that will never be sent, or not whole.
    pub fn lost_apart(&mut self, class: Class, reason: Reason) {
        self.books.end(class, reason, 1);
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
    /// lines apart.
    pub fn count_pending(&self) -> u64 {
        self.list.iter().map(|(_, c)| c.waiting_in_all()).sum()
    }
}

impl Asked {
    #[inline]
    fn passes(&mut self, spot: &Spot, judged: u64) -> bool {
        if self.judged != judged {
            self.passes = self.filter.passes(spot);
            self.judged = judged;
        }
        self.passes
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
