//! One connection: socket, session, output, and when it wants to be looked at.

use super::limits::Ticket;
use super::{CloseReason, Session};
use crate::fanout::{Choice, Output};
use crate::spot::{Call, SessionId, Spot};
use mio::net::TcpStream;

/// Own bytes (replies, talk, bulletins) that may wait for one user. Replies stop below it, at
/// [`super::session::REPLIES_WAITING_BYTES_MAX`]; who is over it does not read what others tell him.
pub const OWN_BYTES_MAX: usize = 256 * 1024;
/// How long a closing session may take to swallow its last bytes.
pub const CLOSE_LINGER_NS: u64 = 2_000_000_000;
/// How long a client that hung up its sending side may still wait for replies.
pub const HANG_UP_LINGER_NS: u64 = 2_000_000_000;
/// From one send to a linewise user to the next: his program takes one spot per chunk, and two chunks
/// that come at once are one to it. 50 lines a second; who is due more is lapped.
pub const LINEWISE_GAP_NS: u64 = 20_000_000;
/// A slow user is told about lost lines at most so often.
pub const LAP_NOTICE_NS: u64 = 60_000_000_000;

/// One connection of this core.
pub(super) struct Connection {
    pub(super) id: SessionId,
    pub(super) stream: TcpStream,
    pub(super) session: Session,
    pub(super) output: Output,
    /// Frees the connection's place in the limits when dropped.
    pub(super) ticket: Ticket,
    /// The call it is logged in with.
    pub(super) call: Option<Call>,
    /// The socket may have bytes for us.
    pub(super) readable: bool,
    /// Waits in the ready list.
    pub(super) in_ready: bool,
    /// Waits in the flush list.
    pub(super) in_flush: bool,
    /// Is over; removed at the end of the turn.
    pub(super) dead: bool,
    /// Flushes its last bytes, then ends.
    pub(super) closing: Option<CloseReason>,
    /// Until when it may flush.
    pub(super) close_by_ns: u64,
    /// The other side sends no more; until when it may wait for replies. `u64::MAX` = it still sends.
    pub(super) hang_up_by_ns: u64,
    /// Since when the socket takes nothing; `u64::MAX` = it takes.
    pub(super) stalled_ns: u64,
    /// The valid entry in the timers.
    pub(super) timer_at_ns: u64,
    /// His commands came faster than the pace of his call or address: nothing is read before. 0 = read.
    pub(super) held_until_ns: u64,
    /// He gets spots of his own call whatever his filter says; without it, none.
    pub(super) own_call: bool,
    /// He gets skimmers' reports of his own call.
    pub(super) see_me: bool,
    /// To a linewise user nothing is sent before.
    pub(super) next_send_ns: u64,
    /// Spot lines sent.
    pub(super) lines_sent: u64,
    /// Spot lines lost to slowness.
    pub(super) lines_lost: u64,
    /// Posts and history questions without an answer yet.
    pub(super) outstanding: u32,
    /// Lines lost that the user has not been told of.
    pub(super) lost_untold: u64,
    /// He is not told again before.
    pub(super) lap_notice_ns: u64,
}

impl Connection {
    pub(super) fn new(id: SessionId, stream: TcpStream, session: Session, ticket: Ticket) -> Connection {
        Connection {
            id,
            stream,
            session,
            output: Output::default(),
            ticket,
            call: None,
            readable: false,
            in_ready: false,
            in_flush: false,
            dead: false,
            closing: None,
            close_by_ns: u64::MAX,
            hang_up_by_ns: u64::MAX,
            stalled_ns: u64::MAX,
            timer_at_ns: u64::MAX,
            held_until_ns: 0,
            own_call: false,
            see_me: false,
            next_send_ns: 0,
            lines_sent: 0,
            lines_lost: 0,
            outstanding: 0,
            lost_untold: 0,
            lap_notice_ns: 0,
        }
    }
    /// Whether the session still takes part.
    pub(super) fn is_live(&self) -> bool {
        !self.dead && self.closing.is_none()
    }
    /// Whether the other side has said that it sends no more.
    pub(super) fn has_hung_up(&self) -> bool {
        self.hang_up_by_ns != u64::MAX
    }
    /// Takes over the rules of one user.
    pub(super) fn choose(&mut self, choice: &Choice) {
        self.own_call = choice.own_call;
        self.see_me = choice.see_me;
        self.output.set_linewise(choice.linewise);
    }
    /// Whether he wants this spot of his own call.
    pub(super) fn wants_own(&self, spot: &Spot) -> bool {
        self.own_call || (self.see_me && spot.is_skimmer())
    }
    /// Whether what it is sent goes line by line. Last words go at once.
    pub(super) fn is_linewise(&self) -> bool {
        self.output.is_linewise() && self.is_live()
    }
    /// Whether its bytes are left in the socket for now.
    pub(super) fn is_held(&self, now_ns: u64) -> bool {
        now_ns < self.held_until_ns
    }
    /// So many lines will never reach him.
    pub(super) fn lost(&mut self, lines: u64) {
        self.lost_untold += lines;
        self.lines_lost += lines;
    }
    /// When it is too slow to live.
    pub(super) fn slow_at_ns(&self, slow_close_ns: u64) -> u64 {
        self.stalled_ns.saturating_add(slow_close_ns)
    }
    /// When it is to be told about lost lines.
    pub(super) fn lap_due_ns(&self) -> u64 {
        if self.lost_untold > 0 && !self.output.is_blocked() && self.is_live() { self.lap_notice_ns } else { u64::MAX }
    }
    /// When it wants to be looked at.
    pub(super) fn deadline_ns(&self, slow_close_ns: u64) -> u64 {
        if self.dead {
            return u64::MAX;
        }
        let session = if self.is_live() { self.session.deadline_ns() } else { u64::MAX };
        let held = if self.held_until_ns > 0 { self.held_until_ns } else { u64::MAX };
        session
            .min(held)
            .min(self.close_by_ns)
            .min(self.hang_up_by_ns)
            .min(self.slow_at_ns(slow_close_ns))
            .min(self.lap_due_ns())
    }
}
