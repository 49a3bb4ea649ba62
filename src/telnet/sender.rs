//! The loop's sending half: spots into cohorts, cohorts into sockets.

use super::CloseReason;
use super::agent::TelnetAgent;
use super::connection::LINEWISE_GAP_NS;
use crate::fanout::{Exception, Flushed, OPEN};
use crate::measure::Reason;
use crate::spot::{Hop, Spot, Upward, station};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sends between two readings of the clock (23 ns against 64 × 5 µs): by so much a latency may err,
/// upwards, some 0.3 ms.
const SENDS_PER_CLOCK: u32 = 64;
/// Sends per turn, some 2.5 ms: then accept, reads and the rings have their turn, and the pass goes on.
const SENDS_PER_TURN: usize = 512;
/// So many bytes count as one more send: a send of 64 KiB costs the writer 18 µs, 13 µs over a small one.
const BYTES_PER_SEND: u64 = 24 * 1024;
/// Linewise users sent to per look, some 1.3 ms.
const LINEWISE_PER_LOOK: usize = 256;
/// From one look at the linewise users to the next: a quarter of their gap, so that looking at thousands who
/// wait costs little and nobody waits much longer than his gap.
const LINEWISE_REST_NS: u64 = LINEWISE_GAP_NS / 4;

impl TelnetAgent {
    // --- in

    pub(super) fn on_spot(&mut self, mut spot: Spot) {
        let now_ns = self.now_ns();
        let class = spot.class();
        spot.stamp(Hop::Taken, now_ns);
        self.log.deliveries.record_taken(&spot);
        self.stats.spots.enter(class, 1);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            self.faults.fanout.trip(&spot.dx);
            self.cohorts.judge(&spot);
            self.find_exceptions(&spot);
        }));
        if let Err(payload) = judged {
            self.cohorts.abandon(class);
            self.exceptions.clear();
            self.stats.spots.end(class, Reason::Panic, 1);
            self.stats.spots.panicked();
            // Cohorts have no windows, so nothing needs to warm up again.
            self.guard.caught(&*payload, "fanout", &spot, self.view.now, 0);
            return;
        }
        // Memory ran out: first everybody who can take lines gets them, which frees what they held;
        // only if that is not enough, one step by force, which laps those who cannot.
        let (mut by_force, mut relieved) = (false, false);
        let mut reached = loop {
            match self.cohorts.append(&spot, now_ns, by_force) {
                Ok(reached) => break reached,
                Err(_) if relieved => (by_force, relieved) = (true, false),
                Err(_) => {
                    self.relieve();
                    (by_force, relieved) = (false, true);
                }
            }
        };
        while let Some(lap) = self.cohorts.take_lap() {
            if let Some(connection) = self.connections.get_mut(lap.conn as usize) {
                connection.lost(lap.lines);
                self.stats.laps.add(1);
                // Whoever is lapped for his bounded rate is not waiting for his socket.
                self.arm(lap.conn);
            }
        }
        reached = self.make_exceptions(&spot, reached);
        if !self.linewise.is_empty() {
            self.linewise_look_ns = self.linewise_look_ns.min(self.linewise_rest_ns);
        }
        self.stats.spots.leave(class, 1);
        if !spot.post.is_none() {
            self.tell_directory(Upward::Reached(spot.post, reached));
        }
    }

    /// Who has a rule of his own for this spot: he posted it, or it is of his own call.
    fn find_exceptions(&mut self, spot: &Spot) {
        self.exceptions.clear();
        if spot.post.is_none() && self.by_station.is_empty() {
            return;
        }
        // His own spot is what tells a logging program that the post was taken.
        let poster = if spot.post.is_none() { None } else { self.find(spot.post) };
        let own = self.by_station.get(&station(&spot.dx)).map_or(&[][..], Vec::as_slice);
        for slot in poster.into_iter().chain(own.iter().copied().filter(|slot| Some(*slot) != poster)) {
            let Some(connection) = self.connections.get(slot as usize) else { continue };
            let wanted = Some(slot) == poster || connection.wants_own(spot);
            // Without a cohort his stream is paused, or ends.
            if let Some(cohort) = connection.output.cohort()
                && let Some(exception) = self.cohorts.except(cohort, wanted, spot)
            {
                self.exceptions.push((slot, exception));
            }
        }
    }

    /// Inserts and skips what was found; `reached` users were due the spot by their cohorts.
    fn make_exceptions(&mut self, spot: &Spot, mut reached: u32) -> u32 {
        let mut exceptions = std::mem::take(&mut self.exceptions);
        let now_ns = self.now_ns();
        for (slot, exception) in exceptions.drain(..) {
            let Some(connection) = self.connections.get_mut(slot as usize) else { continue };
            match exception {
                Exception::Insert => {
                    reached += 1;
                    let lost = connection.output.insert(&mut self.cohorts, spot, now_ns);
                    connection.lost(lost);
                }
                Exception::Skip => {
                    reached = reached.saturating_sub(1);
                    match connection.output.skip(&mut self.cohorts, spot.class()) {
                        // It was lapped before it could be skipped: no loss to him.
                        lost @ ..0 => connection.lost_untold = connection.lost_untold.saturating_add_signed(lost),
                        lost => connection.lost(lost as u64),
                    }
                }
            }
            self.queue_flush(slot);
        }
        self.exceptions = exceptions;
        reached
    }

    // --- out

    /// Whoever appends output calls this: bytes queued outside a writable event make no new edge.
    pub(super) fn queue_flush(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if connection.is_linewise() {
            let at_ns = connection.next_send_ns.max(self.linewise_rest_ns);
            self.linewise_look_ns = self.linewise_look_ns.min(at_ns);
            return;
        }
        if !connection.dead && !connection.in_flush && !connection.output.is_blocked() {
            connection.in_flush = true;
            self.flush_list.push_back(slot);
        }
    }

    /// The socket takes bytes again.
    pub(super) fn unblock(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        connection.output.set_blocked(&mut self.cohorts, false);
        self.queue_flush(slot);
        self.arm(slot);
    }

    /// Whether a pass was cut short by its budget.
    pub(super) fn a_pass_runs(&self) -> bool {
        self.cohorts.queue().any(|queued| queued.pass_runs)
    }

    /// When the next pass may begin.
    pub(super) fn next_pass_ns(&self) -> u64 {
        self.cohorts.queue().map(|queued| queued.next_pass_ns).min().unwrap_or(u64::MAX)
    }

    pub(super) fn flush(&mut self) -> usize {
        let linewise = self.now_ns() >= self.linewise_look_ns;
        if self.flush_list.is_empty() && self.cohorts.queued() == 0 && !linewise {
            return 0;
        }
        let sends = self.log.sends;
        let strained = self.cohorts.is_strained();
        let mut budget = SENDS_PER_TURN;
        self.flush_singles(&mut budget);
        self.run_passes(&mut budget, strained);
        if linewise {
            self.flush_linewise();
        }
        let sent = (self.log.sends - sends) as usize;
        if sent > 0 || self.log.uncommitted() > 0 {
            let end_ns = self.commit();
            self.pacing.spent(end_ns.saturating_sub(self.now_ns()));
        }
        sent
    }

    /// Gives everybody who can take lines all of them, whatever it takes: memory is needed.
    fn relieve(&mut self) {
        let mut budget = usize::MAX;
        self.flush_singles(&mut budget);
        self.run_passes(&mut budget, true);
        self.commit();
    }

    /// Reads the clock and books what was sent.
    fn commit(&mut self) -> u64 {
        let at_ns = self.clock_ns();
        self.log.commit(&mut self.cohorts, at_ns);
        at_ns
    }

    /// Replies, and users whose socket takes bytes again.
    fn flush_singles(&mut self, budget: &mut usize) {
        for _ in 0..self.flush_list.len() {
            if *budget == 0 {
                break;
            }
            let Some(slot) = self.flush_list.pop_front() else { break };
            match self.connections.get_mut(slot as usize) {
                Some(connection) if connection.in_flush => connection.in_flush = false,
                _ => continue,
            }
            // Whoever became linewise meanwhile has his own gap.
            if self.connections.get(slot as usize).is_some_and(|c| c.is_linewise()) {
                self.queue_flush(slot);
                continue;
            }
            *budget = budget.saturating_sub(self.flush_one(slot));
        }
    }

    /// Passes over the cohorts that have new lines: those whose gap is over, all when `now_all`.
    fn run_passes(&mut self, budget: &mut usize, now_all: bool) {
        let now_ns = self.now_ns();
        for _ in 0..self.cohorts.queued() {
            if *budget == 0 {
                break;
            }
            let Some(queued) = self.cohorts.next_queued() else { break };
            if !queued.pass_runs && now_ns < queued.next_pass_ns && !now_all {
                self.cohorts.requeue(queued);
                continue;
            }
            let gap_ns = self.pacing.gap_ns();
            let id = queued.cohort;
            let Some(cohort) = self.cohorts.get_mut(id) else { continue };
            if cohort.pass.left == 0 {
                cohort.begin_pass(now_ns + gap_ns);
            }
            match self.run_pass(id, budget) {
                true => self.cohorts.requeue_passed(id),
                false => self.cohorts.unqueue(id),
            }
        }
    }

    /// Sends to the users of one cohort, each all that waits for him. Returns whether there is more to do:
    /// the budget ended it, or lines came since it began.
    fn run_pass(&mut self, id: u32, budget: &mut usize) -> bool {
        while *budget > 0 {
            let Some(cohort) = self.cohorts.get_mut(id) else { return false };
            let Some(key) = cohort.next_in_pass() else { break };
            let end = cohort.end_line();
            let Some(slice) = cohort.slice(key) else { continue };
            if slice.blocked || slice.until != OPEN || slice.next == end {
                continue;
            }
            let conn = slice.conn;
            *budget = budget.saturating_sub(self.flush_one(conn));
        }
        self.cohorts.get(id).is_some_and(|c| c.pass.left > 0 || c.has_lines_since_pass())
    }

    /// Sends a line, or the replies that wait, to each linewise user whose gap is over.
    fn flush_linewise(&mut self) {
        let now_ns = self.now_ns();
        self.linewise_rest_ns = now_ns + LINEWISE_REST_NS;
        self.linewise_look_ns = u64::MAX;
        let mut sent = 0;
        let users = self.linewise.len();
        for i in 0..users {
            let at = (self.linewise_from + i) % users;
            let slot = self.linewise[at];
            let Some(connection) = self.connections.get_mut(slot as usize) else { continue };
            let output = &connection.output;
            if !connection.is_linewise() || output.is_blocked() || !output.has_pending(&self.cohorts) {
                continue;
            }
            if sent == LINEWISE_PER_LOOK {
                // The rest next turn, they first.
                self.linewise_from = at;
                self.linewise_look_ns = now_ns;
                return;
            }
            if now_ns >= connection.next_send_ns {
                sent += 1;
                connection.next_send_ns = now_ns + LINEWISE_GAP_NS;
                self.flush_one(slot);
            } else {
                self.queue_flush(slot);
            }
        }
    }

    /// Sends what waits for one connection; to a linewise user one line, the caller minds his gap. Returns
    /// the cost in small sends, at least 1.
    #[inline]
    fn flush_one(&mut self, slot: u32) -> usize {
        let now = self.view.now;
        let Some(connection) = self.connections.get_mut(slot as usize) else { return 1 };
        if connection.dead || connection.output.is_blocked() {
            return 1;
        }
        let (sends, bytes, lines) = (self.log.sends, self.log.bytes, self.log.lines);
        let linewise = connection.is_linewise();
        let (cohorts, stream, log) = (&mut self.cohorts, &mut connection.stream, &mut self.log);
        let flushed = match linewise {
            true => connection.output.flush_line(cohorts, stream, log),
            false => connection.output.flush(cohorts, stream, log),
        };
        connection.lines_sent += self.log.lines - lines;
        let progress = self.log.bytes > bytes;
        if progress {
            connection.session.on_sent(now);
            connection.stalled_ns = u64::MAX;
            if connection.session.is_held_by_replies() {
                self.tell_unsent(slot);
            }
        }
        let Some(connection) = self.connections.get_mut(slot as usize) else { return 1 };
        match flushed {
            Flushed::Done => {
                if let Some(reason) = connection.closing {
                    self.end(slot, reason);
                }
            }
            Flushed::More => self.queue_flush(slot),
            Flushed::Blocked => {
                connection.output.set_blocked(&mut self.cohorts, true);
                if connection.stalled_ns == u64::MAX {
                    connection.stalled_ns = now.mono_ns;
                }
                self.arm(slot);
            }
            Flushed::Failed(_) => self.end(slot, CloseReason::Reset),
        }
        let cost = (self.log.sends - sends).max(1) + (self.log.bytes - bytes) / BYTES_PER_SEND;
        if self.log.uncommitted() >= SENDS_PER_CLOCK {
            self.commit();
        }
        cost as usize
    }
}
