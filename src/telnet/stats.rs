//! What a telnet core counts. One writer, the agent; reporters read.

use super::limits::Refusal;
use super::{CloseReason, SessionCounts};
use crate::measure::{Count, Gauge, Ledger};
use std::sync::Arc;

/// Counters of one telnet core.
#[derive(Debug)]
pub struct TelnetStats {
    /// Spots: taken from the ring = fanned out + ended by a panic.
    pub spots: Arc<Ledger>,
    /// Deliveries: one per spot and logged-in user who wants spots = sent + held back by policy or filter +
    /// unwanted of his own call + lapped + unsent at the session's end + pending.
    pub deliveries: Arc<Ledger>,
    /// Connections taken in.
    pub accepted: Count,
    /// Connections now.
    pub connections: Gauge,
    /// Of these logged in.
    pub users: Gauge,
    refused: [Count; Refusal::COUNT],
    closed: [Count; CloseReason::COUNT],
    /// Accepts that failed otherwise.
    pub accept_errors: Count,
    /// `send` calls of which the kernel took something.
    pub sends: Count,
    /// `send` calls of which it took a part, or nothing.
    pub short_writes: Count,
    /// Bytes sent.
    pub bytes: Count,
    /// Spot lines sent; divided by sends: lines per send.
    pub lines: Count,
    /// Bytes read.
    pub bytes_read: Count,
    /// Times that a user was overtaken.
    pub laps: Count,
    /// Posts that found their ring full.
    pub posts_refused: Count,
    /// Times that a connection was not read for a while because its commands came too fast.
    pub held: Count,
    /// Messages to the directory that were dropped because it took none.
    pub upward_dropped: Count,
    /// Panics in sessions.
    pub session_panics: Count,
    /// Command lines that were a command.
    pub commands: Count,
    /// Command lines that were none.
    pub commands_unknown: Count,
    /// Blank lines.
    pub blank_lines: Count,
    /// Lines from users too long to read.
    pub lines_too_long: Count,
    /// Login lines that were no call.
    pub logins_invalid: Count,
    /// Sessions ended because too many wrong passwords came from their addresses.
    pub passwords_braked: Count,
    /// Questions of sessions that nobody answered in time.
    pub replies_missed: Count,
    /// Gap between sends to a busy user now, in µs.
    pub gap_us: Gauge,
    /// Share of the time that goes into sends, in 1/1000.
    pub load_permille: Gauge,
    /// Segments of cohort memory in use.
    pub segments: Gauge,
    /// The most of them.
    pub segments_max: Gauge,
    /// Cohorts.
    pub cohorts: Gauge,
    /// Different filters.
    pub filters: Gauge,
}

impl TelnetStats {
    /// All zero, for the core of this number.
    pub fn new(core: u8) -> TelnetStats {
        TelnetStats {
            spots: Arc::new(Ledger::new(format!("telnet {core}"))),
            deliveries: Arc::new(Ledger::new(format!("deliveries {core}"))),
            accepted: Count::default(),
            connections: Gauge::default(),
            users: Gauge::default(),
            refused: Default::default(),
            closed: Default::default(),
            accept_errors: Count::default(),
            sends: Count::default(),
            short_writes: Count::default(),
            bytes: Count::default(),
            lines: Count::default(),
            bytes_read: Count::default(),
            laps: Count::default(),
            posts_refused: Count::default(),
            held: Count::default(),
            upward_dropped: Count::default(),
            session_panics: Count::default(),
            commands: Count::default(),
            commands_unknown: Count::default(),
            blank_lines: Count::default(),
            lines_too_long: Count::default(),
            logins_invalid: Count::default(),
            passwords_braked: Count::default(),
            replies_missed: Count::default(),
            gap_us: Gauge::default(),
            load_permille: Gauge::default(),
            segments: Gauge::default(),
            segments_max: Gauge::default(),
            cohorts: Gauge::default(),
            filters: Gauge::default(),
        }
    }
    /// Connections not taken in, by reason.
    pub fn refused(&self, why: Refusal) -> &Count {
        &self.refused[why as usize]
    }
    /// Sessions ended, by reason.
    pub fn closed(&self, why: CloseReason) -> &Count {
        &self.closed[why as usize]
    }
    /// Adds what a session counted.
    pub(super) fn add(&self, counts: SessionCounts) {
        if counts != SessionCounts::default() {
            self.commands.add(counts.commands);
            self.commands_unknown.add(counts.commands_unknown);
            self.blank_lines.add(counts.blank_lines);
            self.lines_too_long.add(counts.lines_too_long);
            self.logins_invalid.add(counts.logins_invalid);
            self.replies_missed.add(counts.replies_missed);
        }
    }
}
