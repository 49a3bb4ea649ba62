//! The loop's dealings with sessions: calls into them, what they ask for, how they end.

use super::agent::{TelnetAgent, UPWARD_WAITING_MAX};
use super::connection::{CLOSE_LINGER_NS, Connection, HANG_UP_LINGER_NS, LAP_NOTICE_NS, OWN_BYTES_MAX};
use super::limits::{Block, Refusal};
use super::{Action, CloseReason, NodeView, Session, SessionOut};
use crate::accounts::{Answer, Question, Reply};
use crate::engine::caught_panic;
use crate::fanout::Choice;
use crate::filter::Filter;
use crate::spot::{Call, Flags, Note, Spot, Upward, UserInfo, Verdict, metadata_call, station};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sessions whose timers fire in one turn.
const TIMERS_PER_TURN: usize = 256;
/// A session whose deadline does not move when it is called is not called again before.
const TIMER_STEP_NS: u64 = 10_000_000;
const NS_PER_S: u64 = 1_000_000_000;
/// Answers for a ring that is full.
const BUSY: &str = "the node is busy, try again";
const BUSY_LINE: &[u8] = b"The node is busy, try again.\r\n";

impl TelnetAgent {
    /// Calls into a session and does what it asks for. A panic costs this session and nothing else.
    pub(super) fn with_session(&mut self, slot: u32, call: impl FnOnce(&mut Session, &NodeView, &mut SessionOut)) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if !connection.is_live() {
            return;
        }
        self.out.clear();
        let node = self.view.node();
        let (session, out, fault) = (&mut connection.session, &mut self.out, self.faults.session);
        let user = connection.call;
        let result = catch_unwind(AssertUnwindSafe(|| {
            if let Some(user) = &user {
                fault.trip(user);
            }
            call(session, &node, out);
        }));
        if let Err(payload) = result {
            self.stats.session_panics.add(1);
            let user = user.unwrap_or(Call::EMPTY);
            tracing::error!(%user, address = %connection.session.address(), panic = %caught_panic(&*payload), "a session panicked and was closed");
            return self.end(slot, CloseReason::Panic);
        }
        self.after_session(slot);
    }

    /// Queues a session's bytes and does its actions, in order.
    fn after_session(&mut self, slot: u32) {
        let mut out = std::mem::take(&mut self.out);
        self.stats.add(out.counts);
        let asked = out.counts.commands + out.counts.commands_unknown + out.counts.lines_too_long;
        if asked > 0 {
            self.pace(slot, asked);
        }
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if !out.bytes.is_empty() {
            let leaves = out.actions.iter().any(|a| matches!(a, Action::Close(CloseReason::Farewell)));
            if leaves {
                // The farewell goes behind the lines that wait, everything else before them.
                connection.output.end_lines(&mut self.cohorts);
                connection.output.last_words(&out.bytes);
            } else {
                connection.output.reply(&out.bytes);
            }
            self.queue_flush(slot);
        }
        for action in out.actions.drain(..) {
            self.act(slot, action);
        }
        self.out = out;
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        let unsent = connection.output.own_pending();
        if connection.is_live() && unsent > OWN_BYTES_MAX {
            return self.end(slot, CloseReason::Slow);
        }
        connection.session.on_unsent(unsent);
        if connection.has_hung_up() {
            self.leave_if_answered(slot);
        }
        self.queue_read(slot);
        self.arm(slot);
    }

    /// Tells a session what still waits to be sent: too much holds its next line back.
    pub(super) fn tell_unsent(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        connection.session.on_unsent(connection.output.own_pending());
        if !connection.session.is_held_by_replies() {
            self.arm(slot);
        }
    }

    pub(super) fn act(&mut self, slot: u32, action: Action) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        let id = connection.id;
        match action {
            Action::LogIn(call) => self.log_in(slot, call),
            Action::Prefer(choice) => {
                // Before log-in there is nothing to follow; it asks anew.
                if connection.call.is_some() {
                    self.follow(slot, choice);
                }
            }
            Action::Post(mut spot) => {
                spot.post = id;
                spot.flags.set(Flags::POST, true);
                spot.feed = Spot::FEED_POSTS;
                spot.read_ns = self.view.now.mono_ns;
                connection.outstanding += 1;
                if self.posts.push(spot).is_err() {
                    self.stats.posts_refused.add(1);
                    self.refused.push((id, RefusedAsk::Post));
                }
            }
            Action::AskHistory(request) => {
                connection.outstanding += 1;
                if let Err(request) = self.history_requests.push(request) {
                    self.refused.push((id, RefusedAsk::History(request.ask)));
                }
            }
            Action::AskAccounts(ask) => {
                if let Question::Check { .. } = ask.question {
                    let address = connection.session.address();
                    let until_ns = self.limits.wrong_passwords(address, 0, self.view.now.mono_ns);
                    if until_ns > 0 {
                        connection.outstanding += 1;
                        return self.refused.push((id, RefusedAsk::Password(until_ns)));
                    }
                }
                // What has no answer must not be waited for when he hangs up.
                let is_answered = !matches!(ask.question, Question::Enter { .. });
                connection.outstanding += u32::from(is_answered);
                if let Err(ask) = self.asks.push(ask)
                    && is_answered
                {
                    self.refused.push((id, RefusedAsk::Accounts(ask.ask)));
                }
            }
            Action::Stands(standing) => self.tell_directory(Upward::Stands(id, standing)),
            Action::RealAddress(address) => {
                let ban = self.view.bans.of_address(address, self.view.now.utc);
                let refused = match (ban, connection.ticket.move_to(address)) {
                    (Some(ban), _) => Some((Refusal::Banned, format!("{}\r\n", ban.line()))),
                    (None, Err(why)) => Some((why, why.line().to_string())),
                    (None, Ok(())) => None,
                };
                if let Some((why, line)) = refused {
                    self.stats.refused(why).add(1);
                    // A session that found the ban itself has said so and closed.
                    if !connection.session.is_closed() {
                        connection.output.reply(line.as_bytes());
                    }
                    self.begin_close(slot, CloseReason::AddressRefused);
                }
            }
            Action::Order(note) => self.tell_directory(Upward::Order(note)),
            Action::Operate(operation) => {
                let _ = self.operations.push(operation);
            }
            Action::Announce(bulletin) => {
                if self.may_say(slot) {
                    self.tell_directory(Upward::Bulletin(bulletin));
                }
            }
            Action::Talk { to, text } => {
                if let Some(from) = connection.call
                    && self.may_say(slot)
                {
                    self.tell_directory(Upward::Talk { session: id, to, from, text });
                }
            }
            Action::Close(reason) => self.begin_close(slot, reason),
        }
    }

    fn log_in(&mut self, slot: u32, call: Call) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if connection.call.is_some() || !connection.is_live() {
            return;
        }
        connection.call = Some(call);
        connection.ticket.logged_in();
        let choice = connection.session.choice();
        let session = &connection.session;
        let info = UserInfo {
            session: connection.id,
            call,
            address: session.address(),
            since: self.view.now.utc,
            standing: session.standing(),
        };
        self.follow(slot, choice);
        self.by_station.entry(station(&call)).or_default().push(slot);
        self.stats.users.set(self.stats.users.get() + 1);
        self.tell_directory(Upward::LogIn(info));
    }

    /// His stream is as he wants it from the next spot on.
    fn follow(&mut self, slot: u32, choice: Choice) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        // After a hang-up he gets no lines any more.
        if connection.has_hung_up() || !connection.is_live() {
            return;
        }
        let was_linewise = connection.output.is_linewise();
        connection.choose(&choice);
        if choice.paused {
            connection.output.end_lines(&mut self.cohorts);
        } else {
            let lost = connection.output.follow(&mut self.cohorts, choice.key, slot);
            connection.lost(lost);
            if let Some(cohort) = connection.output.cohort().and_then(|id| self.cohorts.get(id)) {
                connection.session.share_filter(&cohort.key().filter);
            }
        }
        match (was_linewise, choice.linewise) {
            (false, true) => self.linewise.push(slot),
            (true, false) => self.linewise.retain(|s| *s != slot),
            _ => {}
        }
        // What waits of the old stream stands in no open slice, so no pass finds it.
        self.queue_flush(slot);
    }

    /// Commands came: whoever sends them faster than his call or his address may, is not read for a while.
    fn pace(&mut self, slot: u32, commands: u64) {
        let now_ns = self.now_ns();
        if let Some(connection) = self.connections.get_mut(slot as usize) {
            let address = connection.session.address();
            connection.held_until_ns = self.limits.pace(address, connection.call, commands, now_ns);
            self.stats.held.add(u64::from(connection.held_until_ns > 0));
        }
    }

    /// Whether a line of this user to others may go now. If not, he is told.
    fn may_say(&mut self, slot: u32) -> bool {
        let now_ns = self.now_ns();
        let Some(connection) = self.connections.get(slot as usize) else { return false };
        let Some(call) = connection.call else { return false };
        let Err(next_ns) = self.limits.may_say(connection.session.address(), call, now_ns) else { return true };
        let wait_s = next_ns.saturating_sub(now_ns).div_ceil(NS_PER_S);
        let line = format!("Not sent: that was too much for other users in too short a time. Wait {wait_s} s.");
        self.with_session(slot, |session, node, out| session.on_tell(node, &line, out));
        false
    }

    /// Answers what a full ring refused. Sessions may ask again on that, so in rounds, one per turn.
    pub(super) fn answer_refused(&mut self) -> usize {
        let asked = std::mem::take(&mut self.refused);
        let moved = asked.len();
        for (id, ask) in asked {
            let Some(slot) = self.find(id) else { continue };
            self.answered(slot);
            self.stats.passwords_braked.add(u64::from(matches!(ask, RefusedAsk::Password(_))));
            self.with_session(slot, |session, node, out| match ask {
                RefusedAsk::Password(until_ns) => session.on_too_many_passwords(node, until_ns, out),
                RefusedAsk::Post => session.on_verdict(node, Verdict::Refused(BUSY), out),
                RefusedAsk::Accounts(ask) => {
                    session.on_answer(node, Answer { session: id, ask, reply: Reply::Done(Err(BUSY.into())) }, out)
                }
                RefusedAsk::History(ask) => session.on_history(node, ask, BUSY_LINE, out),
            });
        }
        moved
    }

    /// A password was wrong: ends the session when too many came from its address.
    pub(super) fn count_wrong_password(&mut self, slot: u32) {
        let Some(connection) = self.connections.get(slot as usize) else { return };
        let until_ns = self.limits.wrong_passwords(connection.session.address(), 1, self.view.now.mono_ns);
        if until_ns > 0 && !connection.session.is_closed() {
            self.stats.passwords_braked.add(1);
            self.with_session(slot, |session, node, out| session.on_too_many_passwords(node, until_ns, out));
        }
    }

    /// A question or a post of this session has its answer.
    pub(super) fn answered(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize) {
            connection.outstanding = connection.outstanding.saturating_sub(1);
        }
    }

    pub(super) fn tell_directory(&mut self, message: Upward) {
        let message = match self.upward_waiting.is_empty() {
            true => match self.upward.push(message) {
                Ok(()) => return,
                Err(message) => message,
            },
            false => message,
        };
        let vital = matches!(message, Upward::LogIn(_) | Upward::LogOut(_));
        if vital || self.upward_waiting.len() < UPWARD_WAITING_MAX {
            self.upward_waiting.push_back(message);
        } else {
            self.stats.upward_dropped.add(1);
        }
    }

    // --- notes

    pub(super) fn on_note(&mut self, note: Note) {
        match note {
            Note::Evict(id, why) => {
                if let Some(slot) = self.find(id) {
                    self.with_session(slot, |session, node, out| session.on_evicted(node, &why, out));
                    // Whatever the session made of it.
                    self.begin_close(slot, CloseReason::Evicted);
                }
            }
            Note::Verdict(id, verdict) => {
                if let Some(slot) = self.find(id) {
                    self.answered(slot);
                    self.with_session(slot, |session, node, out| session.on_verdict(node, verdict, out));
                }
            }
            Note::Bulletin(bulletin) => {
                let wants = |c: &Connection| c.call.is_some() && c.session.wants_bulletin(&bulletin);
                let wanting = self.connections.iter().filter(|(_, c)| wants(c)).map(|(slot, _)| slot as u32);
                for slot in wanting.collect::<Vec<_>>() {
                    self.with_session(slot, |session, node, out| session.on_bulletin(node, &bulletin, out));
                }
            }
            Note::Talk { to, from, text } => {
                for slot in self.slots_of(to, |call| call == to) {
                    self.with_session(slot, |session, node, out| session.on_talk(node, from, &text, out));
                }
            }
            Note::Tell(id, line) => {
                if let Some(slot) = self.find(id) {
                    self.with_session(slot, |session, node, out| session.on_tell(node, &line, out));
                }
            }
            Note::Kick { call, why } => {
                // Without SSID it means every one.
                for slot in self.slots_of(call, |other| other == call || metadata_call(&other) == call) {
                    self.kick(slot, &why);
                }
            }
            Note::KickFrom { network: (address, bits), why } => {
                let block = Block::of(address, bits);
                for slot in self.slots() {
                    if self.connections.get(slot as usize).is_some_and(|c| block.contains(c.session.address())) {
                        self.kick(slot, &why);
                    }
                }
            }
            Note::Inspect { call, asker } => {
                for slot in self.slots_of(call, |other| other == call || metadata_call(&other) == call) {
                    for line in self.inspect(slot) {
                        self.tell_directory(Upward::Tell(asker, line));
                    }
                }
            }
            Note::Farewell(line) => self.farewell(&line),
        }
    }

    fn kick(&mut self, slot: u32, why: &str) {
        self.with_session(slot, |session, node, out| session.on_kicked(node, why, out));
        // Whatever the session made of it.
        self.begin_close(slot, CloseReason::Kicked);
    }

    /// Logged-in users of one station whose call is meant.
    fn slots_of(&self, call: Call, is_meant: impl Fn(Call) -> bool) -> Vec<u32> {
        let of_station = self.by_station.get(&station(&call)).map_or(&[][..], Vec::as_slice);
        let meant = |slot: &u32| self.connections.get(*slot as usize).and_then(|c| c.call).is_some_and(&is_meant);
        of_station.iter().copied().filter(meant).collect()
    }

    /// What a sysop may know about a session, in lines.
    fn inspect(&self, slot: u32) -> Vec<String> {
        let Some((connection, call)) = self.connections.get(slot as usize).and_then(|c| Some((c, c.call?))) else {
            return Vec::new();
        };
        let session = &connection.session;
        let since = session.since();
        let mut lines = vec![format!(
            "{call} from {} since {} {} on core {}",
            session.address(),
            since.date_text(),
            since.hhmmz(),
            connection.id.core()
        )];
        let choice = session.choice();
        let style = choice.key.preferences.style;
        let switches = [
            (choice.paused, "paused"),
            (choice.linewise, "one line per send"),
            (choice.own_call, "own call always"),
            (choice.see_me, "sees skimmers of own call"),
            (choice.key.preferences.updates, "updates"),
        ];
        let switches: Vec<&str> = switches.iter().filter(|(on, _)| *on).map(|(_, what)| *what).collect();
        lines.push(format!(
            "  lines {:?}, width {}, dedupe {:?}; {}",
            style.format,
            style.width,
            choice.key.preferences.dedupe,
            if switches.is_empty() { "no switches".into() } else { switches.join(", ") }
        ));
        let alike = connection.output.cohort().and_then(|id| self.cohorts.get(id)).map_or(0, |c| c.users());
        lines.push(format!(
            "  filter {:08x} of {} terms, {alike} users alike on this core",
            fingerprint(&choice.key.filter),
            choice.key.filter.expr().terms(),
        ));
        lines.push(format!(
            "  sent {} lines, lost {} to slowness; {} lines and {} bytes of replies wait{}",
            connection.lines_sent,
            connection.lines_lost,
            connection.output.lines_waiting(&self.cohorts),
            connection.output.own_pending(),
            if connection.output.is_blocked() { ", the socket is full" } else { "" }
        ));
        lines
    }

    /// Every session hears the line behind what it is still due, and ends.
    pub(super) fn farewell(&mut self, line: &str) {
        self.leaving = true;
        self.stop_listening();
        for slot in self.slots() {
            self.with_session(slot, |session, node, out| session.on_farewell(node, line, out));
            self.begin_close(slot, CloseReason::Farewell);
        }
    }

    fn slots(&self) -> Vec<u32> {
        self.connections.iter().map(|(slot, _)| slot as u32).collect()
    }

    // --- ends

    /// The other side sends no more, which is not to say that it does not listen: answers under way are
    /// waited for.
    pub(super) fn hang_up(&mut self, slot: u32) {
        let now_ns = self.now_ns();
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if !connection.has_hung_up() {
            connection.hang_up_by_ns = now_ns.saturating_add(HANG_UP_LINGER_NS);
            connection.output.drop_lines(&mut self.cohorts);
        }
        self.leave_if_answered(slot);
        self.arm(slot);
    }

    fn leave_if_answered(&mut self, slot: u32) {
        let Some(connection) = self.connections.get(slot as usize) else { return };
        if connection.outstanding == 0
            && !(connection.session.is_held_by_replies() && connection.session.has_lines_waiting())
            && connection.session.deadline_ns() > connection.hang_up_by_ns
        {
            self.begin_close(slot, CloseReason::HungUp);
        }
    }

    /// The connection broke.
    pub(super) fn broken(&mut self, slot: u32) {
        self.end(slot, CloseReason::Reset);
    }

    /// Flushes what must still be said, then ends.
    pub(super) fn begin_close(&mut self, slot: u32, reason: CloseReason) {
        let now_ns = self.now_ns();
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if !connection.is_live() {
            return;
        }
        connection.closing = Some(reason);
        connection.close_by_ns = now_ns.saturating_add(CLOSE_LINGER_NS);
        match reason {
            CloseReason::Farewell => connection.output.end_lines(&mut self.cohorts),
            _ => connection.output.drop_lines(&mut self.cohorts),
        }
        self.queue_flush(slot);
        self.arm(slot);
    }

    /// Is over; what waits is lost. The connection goes at the end of the turn.
    pub(super) fn end(&mut self, slot: u32, reason: CloseReason) {
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if !connection.dead {
            connection.dead = true;
            // The first reason counts.
            connection.closing.get_or_insert(reason);
            self.over.push(slot);
        }
    }

    /// Removes connections that are over.
    pub(super) fn bury(&mut self) -> usize {
        let over = std::mem::take(&mut self.over);
        let moved = over.len();
        for slot in over {
            let Some(mut connection) = self.connections.try_remove(slot as usize) else { continue };
            connection.output.abandon(&mut self.cohorts);
            if let Some(reason) = connection.closing {
                self.stats.closed(reason).add(1);
            }
            if let Some(call) = connection.call {
                let station = station(&call);
                if let Some(slots) = self.by_station.get_mut(&station) {
                    slots.retain(|s| *s != slot);
                    if slots.is_empty() {
                        self.by_station.remove(&station);
                    }
                }
                if connection.output.is_linewise() {
                    self.linewise.retain(|s| *s != slot);
                }
                self.stats.users.set(self.stats.users.get().saturating_sub(1));
                self.tell_directory(Upward::LogOut(connection.id));
            }
            let _ = self.deregister(&mut connection.stream);
            // Bytes left unread would turn our close into a reset, and that may overtake our last line.
            let _ = connection.stream.shutdown(Shutdown::Write);
            let _ = connection.stream.read(&mut [0; 4_096]);
        }
        moved
    }

    // --- time

    /// Makes sure that a connection is looked at when it wants to.
    pub(super) fn arm(&mut self, slot: u32) {
        let slow_close_ns = self.slow_close_ns;
        if let Some(connection) = self.connections.get_mut(slot as usize) {
            let deadline_ns = connection.deadline_ns(slow_close_ns);
            self.timers.arm(connection.id, &mut connection.timer_at_ns, deadline_ns);
        }
    }

    pub(super) fn fire_timers(&mut self) -> usize {
        let now_ns = self.now_ns();
        let mut moved = 0;
        while moved < TIMERS_PER_TURN
            && let Some((at_ns, id)) = self.timers.pop_due(now_ns)
        {
            moved += 1;
            let Some(slot) = self.find(id) else { continue };
            let connection = &mut self.connections[slot as usize];
            if connection.timer_at_ns != at_ns {
                continue;
            }
            connection.timer_at_ns = u64::MAX;
            self.fire(slot);
            let Some(connection) = self.connections.get_mut(slot as usize) else { continue };
            let deadline_ns = connection.deadline_ns(self.slow_close_ns);
            // Still due although it was just served: it must not spin the core.
            let deadline_ns = if deadline_ns <= now_ns { now_ns + TIMER_STEP_NS } else { deadline_ns };
            self.timers.arm(id, &mut connection.timer_at_ns, deadline_ns);
        }
        moved
    }

    fn fire(&mut self, slot: u32) {
        let now_ns = self.now_ns();
        let connection = &mut self.connections[slot as usize];
        if now_ns >= connection.slow_at_ns(self.slow_close_ns) || now_ns >= connection.close_by_ns {
            return self.end(slot, CloseReason::Slow);
        }
        if now_ns >= connection.hang_up_by_ns {
            return self.begin_close(slot, CloseReason::HungUp);
        }
        if connection.held_until_ns > 0 && !connection.is_held(now_ns) {
            connection.held_until_ns = 0;
            self.queue_read(slot);
        }
        let Some(connection) = self.connections.get_mut(slot as usize) else { return };
        if now_ns >= connection.lap_due_ns() {
            let lines = std::mem::take(&mut connection.lost_untold);
            connection.lap_notice_ns = now_ns + LAP_NOTICE_NS;
            self.with_session(slot, |session, node, out| session.on_lapped(node, lines, out));
        }
        if self.connections.get(slot as usize).is_some_and(|c| c.is_live() && now_ns >= c.session.deadline_ns()) {
            self.with_session(slot, |session, node, out| session.on_timer(node, out));
        }
    }
}

/// Equal filters have equal ones, on all cores of one build.
fn fingerprint(filter: &Filter) -> u32 {
    let mut hasher = DefaultHasher::new();
    filter.hash(&mut hasher);
    hasher.finish() as u32
}

/// What a full ring refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum RefusedAsk {
    /// A password, for the wrong ones that came from its address before: until when, in monotonic ns.
    Password(u64),
    Post,
    /// The number of the question.
    History(u32),
    /// The number of the question.
    Accounts(u32),
}
