//! Users who harm: they log in and never read, they reset their connection and come again, they log in and leave.
//! One thread of its own drives them, so that the users who are measured are read as ever.

use super::plan::user_call;
use super::users::{self, Shared, asks_for_call};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Visitors under way at once: 200 a second that each wait 5 s. Beyond it a visit is counted as held back.
pub const VISITORS_MAX: usize = 1_000;

/// An unfinished line longer than this is no prompt; a prompt has less than 80 bytes.
const TAIL_BYTES_MAX: usize = 512;

/// Connections beyond the users' numbers, so that visitors have an address of their own.
const VISITORS_FROM: usize = users::USERS_PER_SOURCE;

/// A visitor who has no prompt after this counts as refused; the node's own limit for a log-in is shorter.
const VISIT_NS_MAX: u64 = 60 * 1_000_000_000;

const WAIT_NS_MAX: u64 = 50_000_000;

/// How hostile.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hostility {
    /// Of the users, in percent, those who log in and then never read.
    pub never_read_percent: f64,
    /// Users reset per second, in percent of all: so many of them reset their connection once in every second.
    pub reset_per_s_percent: f64,
    /// Logins per second of visitors who leave at the prompt.
    pub logins_per_s: u64,
}

impl Hostility {
    /// Of so many users: who never reads, who resets. At least one of each that is not off, never all.
    pub fn heads(&self, users: usize) -> [usize; 2] {
        let heads = |percent: f64| match percent > 0.0 {
            true => ((users as f64 * percent / 100.0).round() as usize).max(1),
            false => 0,
        };
        let never_read = heads(self.never_read_percent).min(users.saturating_sub(1));
        [never_read, heads(self.reset_per_s_percent).min(users.saturating_sub(1 + never_read))]
    }

    /// `5 % never read, 1 % reset per second, 200 logins/s`.
    pub fn text(&self) -> String {
        let Hostility { never_read_percent, reset_per_s_percent, logins_per_s } = self;
        format!("{never_read_percent} % never read, {reset_per_s_percent} % reset per second, {logins_per_s} logins/s")
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Disturbance {
    /// Users who never read, and how many of them the server had ended by the end.
    pub never_read: [u64; 2],
    /// Resets.
    pub resets: u64,
    /// Logins of those who reset: prompts they got.
    pub logged_in_again: u64,
    /// Visits that began.
    pub visits: u64,
    /// Visits that came to a prompt.
    pub accepted: u64,
    /// Visits that the server ended before the prompt, or left without one.
    pub refused: u64,
    /// Visits that were due while [`VISITORS_MAX`] were under way.
    pub held_back: u64,
    /// Of visits, from when they were due to the prompt, µs.
    pub login_us: Histogram<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    NeverReads,
    Resets,
    Visits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    /// Prompts still to come.
    Prompts(u8),
    Settled,
    Gone,
}

struct Disturber {
    part: Part,
    number: usize,
    stream: Option<TcpStream>,
    stage: Stage,
    tail: Vec<u8>,
    /// When the visit was due, or when the next reset is, ns.
    due_ns: u64,
}

struct Crowd<'a> {
    shared: &'a Shared,
    poll: Poll,
    all: Vec<Disturber>,
    /// Places in `all` that a visitor may take.
    free: Vec<usize>,
    standing: usize,
    seen: Disturbance,
}

/// Users `first..first + sum of heads` harm until [`Shared::stop`]: they log in at once, and resets and visits begin
/// with the warm-up.
pub fn disturb(shared: &Shared, what: &Hostility, first: usize, heads: [usize; 2]) -> Result<Disturbance, String> {
    let poll = Poll::new().map_err(|e| format!("hostile users: {e}"))?;
    let login_us = users::empty_latency();
    let seen = Disturbance {
        never_read: [heads[0] as u64, 0],
        resets: 0,
        logged_in_again: 0,
        visits: 0,
        accepted: 0,
        refused: 0,
        held_back: 0,
        login_us,
    };
    let standing = heads[0] + heads[1];
    let mut crowd = Crowd { shared, poll, all: Vec::new(), free: Vec::new(), standing, seen };
    for n in 0..standing {
        let part = if n < heads[0] { Part::NeverReads } else { Part::Resets };
        crowd.enter(part, first + n, u64::MAX, None);
    }
    crowd.run(what, first + standing, heads[1]).map_err(|e| format!("hostile users: {e}"))?;
    for disturber in crowd.all.iter_mut().filter(|d| d.part == Part::NeverReads) {
        crowd.seen.never_read[1] += u64::from(has_ended(disturber));
    }
    Ok(crowd.seen)
}

impl Crowd<'_> {
    fn run(&mut self, what: &Hostility, visitors_from: usize, resetters: usize) -> std::io::Result<()> {
        let clock = self.shared.clock;
        let mut events = Events::with_capacity(512);
        let mut buf = vec![0u8; 64 * 1024];
        let mut began_ns = 0;
        let mut visits_due = 0u64;
        while !self.shared.stop.load(Relaxed) {
            let now_ns = clock.now_ns();
            if began_ns == 0 && self.shared.start_ns[0].load(Relaxed) > 0 {
                began_ns = now_ns;
                // Their turns are spread over the second.
                let turns = self.all.iter_mut().filter(|d| d.part == Part::Resets).enumerate();
                turns.for_each(|(n, d)| d.due_ns = now_ns + n as u64 * 1_000_000_000 / resetters.max(1) as u64);
            }
            let mut next_ns = now_ns + WAIT_NS_MAX;
            if began_ns > 0 {
                if let Some(gap_ns) = 1_000_000_000u64.checked_div(what.logins_per_s) {
                    while began_ns + visits_due * gap_ns <= now_ns {
                        let due_ns = began_ns + visits_due * gap_ns;
                        let number = visitors_from + visits_due as usize;
                        visits_due += 1;
                        self.visit(number, due_ns);
                    }
                    next_ns = next_ns.min(began_ns + visits_due * gap_ns);
                }
                next_ns = next_ns.min(self.reset_due(now_ns));
                self.end_long_visits(now_ns);
            }
            let wait = Duration::from_nanos(next_ns.saturating_sub(clock.now_ns()));
            match self.poll.poll(&mut events, Some(wait)) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                self.take(event.token().0, &mut buf);
            }
        }
        Ok(())
    }

    /// Connects; `at` = a place that is free.
    fn enter(&mut self, part: Part, number: usize, due_ns: u64, at: Option<usize>) {
        let source = if part == Part::Visits { VISITORS_FROM + number % VISITORS_FROM } else { number };
        let at = at.unwrap_or(self.all.len());
        let connected = users::connect(self.shared.server, source).and_then(|mut stream| {
            self.poll.registry().register(&mut stream, Token(at), Interest::READABLE)?;
            Ok(stream)
        });
        let stage = if connected.is_ok() { Stage::Connecting } else { Stage::Gone };
        let mut disturber = Disturber { part, number, stream: connected.ok(), stage, tail: Vec::new(), due_ns };
        if stage == Stage::Connecting {
            disturber.tail.reserve(TAIL_BYTES_MAX);
        }
        if at == self.all.len() {
            self.all.push(disturber);
        } else {
            self.all[at] = disturber;
        }
        if stage == Stage::Gone {
            self.end(at);
        }
    }

    fn visit(&mut self, number: usize, due_ns: u64) {
        if self.free.is_empty() && self.all.len() - self.standing >= VISITORS_MAX {
            self.seen.held_back += 1;
            return;
        }
        self.seen.visits += 1;
        let at = self.free.pop();
        self.enter(Part::Visits, number, due_ns, at);
    }

    /// Resets whose time has come; returns the time of the next.
    fn reset_due(&mut self, now_ns: u64) -> u64 {
        let mut next_ns = u64::MAX;
        for at in 0..self.standing {
            let disturber = &mut self.all[at];
            if disturber.part != Part::Resets {
                continue;
            }
            if disturber.due_ns <= now_ns {
                if let Some(stream) = disturber.stream.take() {
                    // Lingering for no time turns the close into RST.
                    let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
                    self.seen.resets += 1;
                }
                // A turn that was missed is not made up for.
                let mut due_ns = disturber.due_ns;
                while due_ns <= now_ns {
                    due_ns += 1_000_000_000;
                }
                let number = disturber.number;
                self.enter(Part::Resets, number, due_ns, Some(at));
            }
            next_ns = next_ns.min(self.all[at].due_ns);
        }
        next_ns
    }

    fn end_long_visits(&mut self, now_ns: u64) {
        for at in self.standing..self.all.len() {
            let visitor = &self.all[at];
            if visitor.stage != Stage::Gone && visitor.due_ns + VISIT_NS_MAX < now_ns {
                self.end(at);
            }
        }
    }

    /// Reads all there is.
    fn take(&mut self, at: usize, buf: &mut [u8]) {
        loop {
            let disturber = &mut self.all[at];
            let Some(stream) = &mut disturber.stream else { return };
            match stream.read(buf) {
                Ok(0) => return self.end(at),
                Ok(n) => {
                    if !self.hear(at, &buf[..n]) {
                        return;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.end(at),
            }
        }
    }

    /// Goes on with the dialogue; false when nothing more is to be read.
    fn hear(&mut self, at: usize, bytes: &[u8]) -> bool {
        let disturber = &mut self.all[at];
        if disturber.stage == Stage::Settled {
            return true;
        }
        disturber.tail.extend_from_slice(bytes);
        let tail = std::mem::take(&mut disturber.tail);
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', &tail) {
            let line = tail[from..end].trim_ascii_end();
            from = end + 1;
            if let Stage::Prompts(left) = disturber.stage
                && !line.starts_with(b"DX de ")
                && line.ends_with(b" >")
            {
                disturber.stage = Stage::Prompts(left.saturating_sub(1));
                if disturber.part != Part::Visits && left == 1 + users::OPEN_LINES {
                    say(disturber, users::OPEN.as_bytes());
                }
            }
        }
        let rest = &tail[from.max(tail.len().saturating_sub(TAIL_BYTES_MAX))..];
        match disturber.stage {
            Stage::Connecting if asks_for_call(rest) => {
                let hello = format!("{}\r\n", user_call(disturber.number).text());
                say(disturber, hello.as_bytes());
                disturber.stage =
                    Stage::Prompts(if disturber.part == Part::Visits { 1 } else { 1 + users::OPEN_LINES });
                true
            }
            Stage::Prompts(0) => {
                disturber.stage = Stage::Settled;
                self.settle(at)
            }
            _ => {
                disturber.tail.extend_from_slice(rest);
                true
            }
        }
    }

    /// He has his last prompt; false when he reads no more.
    fn settle(&mut self, at: usize) -> bool {
        let disturber = &mut self.all[at];
        match disturber.part {
            Part::NeverReads => {
                if let Some(stream) = &mut disturber.stream {
                    // Fails only for a socket that is not registered.
                    let _ = self.poll.registry().deregister(stream);
                }
                self.shared.disturbers.fetch_add(1, Relaxed);
                false
            }
            Part::Resets => {
                self.seen.logged_in_again += 1;
                self.shared.disturbers.fetch_add(1, Relaxed);
                true
            }
            Part::Visits => {
                let took_us = self.shared.clock.now_ns().saturating_sub(disturber.due_ns) / 1000;
                self.seen.login_us.saturating_record(took_us);
                self.seen.accepted += 1;
                disturber.stage = Stage::Gone;
                disturber.stream = None;
                self.free.push(at);
                false
            }
        }
    }

    /// The connection ended by the server, or never stood.
    fn end(&mut self, at: usize) {
        let disturber = &mut self.all[at];
        disturber.stream = None;
        disturber.stage = Stage::Gone;
        if disturber.part == Part::Visits {
            self.seen.refused += 1;
            self.free.push(at);
        }
    }
}

/// A few bytes on an empty socket always fit; if the connection is broken the next read says so.
fn say(disturber: &mut Disturber, bytes: &[u8]) {
    if let Some(stream) = &mut disturber.stream {
        let _ = stream.write(bytes);
    }
}

/// Reads away what a user who never reads had waiting, to see whether the server has ended him.
fn has_ended(disturber: &mut Disturber) -> bool {
    let Some(stream) = &mut disturber.stream else { return true };
    let mut buf = [0u8; 16 * 1024];
    // The server goes on sending into the room we make: this ends at what his socket could hold, some MiB.
    for _ in 0..1024 {
        match stream.read(&mut buf) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return e.kind() != ErrorKind::WouldBlock,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_become_heads() {
        let all = Hostility { never_read_percent: 5.0, reset_per_s_percent: 1.0, logins_per_s: 200 };
        assert_eq!(all.heads(1000), [50, 10]);
        assert_eq!(all.heads(20), [1, 1], "at least one of each");
        assert_eq!(all.heads(1), [0, 0], "one user is left");
        assert_eq!(Hostility { never_read_percent: 0.0, ..all }.heads(1000), [0, 10], "0 = off");
        assert_eq!(Hostility { never_read_percent: 100.0, ..all }.heads(10), [9, 0]);
        assert_eq!(all.text(), "5 % never read, 1 % reset per second, 200 logins/s");
    }
}
