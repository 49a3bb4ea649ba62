//! Lines in, spots to the ring: the books, the class reserves, what is shed, and what a panic costs.

use super::gate::{AgePolicy, Gate, refusal};
use super::line::{LineEnd, class_of_feed, read_line};
use super::report::{ReportPolicy, Reports};
use super::stats::FeedStats;
use crate::config::FeedKind;
use crate::engine::{
    Control, FaultPoint, Mailbox, Now, PANICS_PER_MINUTE_MAX, Producer, Quarantined, Reserves, caught_panic,
};
use crate::measure::Reason;
use crate::spot::{Bulletin, BulletinKind, Call, Class, Hop, Note, Spot, Verdict};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Shortest spot line, `DX de A1A:1800 B1B` with CR LF, in bytes: a read of `n` bytes brings at most
/// `n / LINE_BYTES_MIN` spots, and that is how a read is sized to the room that is left.
pub const LINE_BYTES_MIN: usize = 20;
/// The same of a PSKReporter message, in bytes: header and topic of a PUBLISH 5, and
/// `{"f":7e6,"md":"CW","rp":0,"t":1791326355,"sc":"A1A","rc":"B1B"}`, less 4 for what we did not think of.
/// Real ones have 230 to 270.
pub const MESSAGE_BYTES_MIN: usize = 64;
/// Bulletins of one feed passed on per minute, after a burst of the same number. A busy day has a
/// dozen an hour; every user gets each.
pub const BULLETINS_PER_MINUTE_MAX: u64 = 30;
/// Longest bulletin passed on, in bytes: three screen lines.
pub const BULLETIN_BYTES_MAX: usize = 240;

const MINUTE_NS: u64 = 60_000_000_000;

/// The publisher's mailbox, as parse sees it.
pub struct Notes {
    mailbox: Arc<Mailbox<Note>>,
}

impl Notes {
    /// A mailbox.
    pub fn new(mailbox: Arc<Mailbox<Note>>) -> Notes {
        Notes { mailbox }
    }
    /// `false` when it is full.
    fn push(&mut self, note: Note) -> bool {
        self.mailbox.push(note).is_ok()
    }
}

/// Lines of one read, end to end. Reused, so that after warm-up a line costs a copy and no allocation.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    /// Adds a line.
    pub fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }
    fn len(&self) -> usize {
        self.ends.len()
    }
    fn line(&self, i: usize) -> &[u8] {
        let from = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.bytes[from..self.ends[i]]
    }
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// The first line of every reason, for `replay --summary`.
type Examples = [Option<Box<[u8]>>; Reason::COUNT];

/// One input: a feed, or our users' posts.
pub struct Input {
    kind: Option<FeedKind>,
    node: Call,
    age: AgePolicy,
    stats: Arc<FeedStats>,
    /// Lines of the read under way.
    pub batch: Batch,
    lines_before: u64,
    /// Spots that found no room, by [`level`], each in order.
    queues: [VecDeque<Spot>; LEVELS],
    buffer_spots: usize,
    /// Since when reading is stopped for want of room.
    stopped_since_ns: Option<u64>,
    /// A source that can wait (a capture) is never shed.
    blocks: bool,
    panics_ns: [u64; PANICS_PER_MINUTE_MAX],
    panics: usize,
    bulletins_full_at_ns: u64,
    examples: Option<Box<Examples>>,
    /// Reads the messages of PSKReporter, of a feed or of a capture.
    reports: Option<Box<Reports>>,
}

impl Input {
    /// An input. `buffer_spots`: its share of memory for spots that wait, allocated at once.
    pub fn new(stats: Arc<FeedStats>, node: Call, age: AgePolicy, buffer_spots: usize) -> Input {
        let buffer_spots = buffer_spots.max(1);
        let kind = stats.kind;
        let has_reports = matches!(kind, Some(FeedKind::PskReporter | FeedKind::Replay));
        Input {
            kind,
            node,
            age,
            stats,
            batch: Batch::default(),
            lines_before: 0,
            queues: std::array::from_fn(|level| {
                VecDeque::with_capacity(if brings(kind, level) { buffer_spots } else { 0 })
            }),
            buffer_spots,
            stopped_since_ns: None,
            blocks: kind == Some(FeedKind::Replay),
            panics_ns: [0; PANICS_PER_MINUTE_MAX],
            panics: 0,
            bulletins_full_at_ns: 0,
            examples: None,
            reports: has_reports.then(Box::default),
        }
    }

    /// Of PSKReporter's reports, takes these. An input without a word from here takes all.
    #[must_use]
    pub fn taking(mut self, policy: ReportPolicy) -> Input {
        if let Some(reports) = &mut self.reports {
            **reports = Reports::new(policy);
        }
        self
    }

    /// The connection is over: the next one has a beginning of its own.
    pub fn connection_ended(&mut self) {
        if let Some(reports) = &mut self.reports {
            reports.sequence.ended();
        }
        self.show_upstream();
    }

    fn show_upstream(&self) {
        if let (Some(reports), Some(upstream)) = (&self.reports, &self.stats.upstream) {
            upstream.show(reports.sequence.counts());
        }
    }

    /// Whether a message is one of PSKReporter's, not a line.
    fn is_report(&self, i: usize) -> bool {
        match self.kind {
            Some(FeedKind::PskReporter) => true,
            Some(FeedKind::Replay) => self.batch.line(i).first() == Some(&b'{'),
            _ => false,
        }
    }

    fn bytes_min(&self) -> usize {
        if self.kind == Some(FeedKind::PskReporter) { MESSAGE_BYTES_MIN } else { LINE_BYTES_MIN }
    }

    /// What reporters see.
    pub fn stats(&self) -> &Arc<FeedStats> {
        &self.stats
    }

    /// Keeps the first line of every reason from now on.
    pub fn keep_examples(&mut self) {
        self.examples = Some(Box::new([const { None }; Reason::COUNT]));
    }

    /// The first line that ended under each reason, when they are kept.
    pub fn examples(&self) -> impl Iterator<Item = (Reason, &[u8])> {
        let all = self.examples.iter().flat_map(|kept| Reason::ALL.iter().zip(kept.iter()));
        all.filter_map(|(reason, line)| Some((*reason, line.as_deref()?)))
    }

    fn end(&mut self, class: Class, reason: Reason, i: usize) {
        self.stats.ledger.end(class, reason, 1);
        if let Some(kept) = &mut self.examples {
            kept[reason as usize].get_or_insert_with(|| self.batch.line(i).into());
        }
    }

    /// Spots that wait for room.
    pub fn waiting(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    /// How many bytes may be read now, at most `budget`; 0 = wait for room.
    ///
    /// Reading stops when the share is nearly used up and goes on when an eighth of it is free, or when
    /// `patience_ns` is over: from then on what finds no room is shed.
    pub fn read_limit_bytes(&mut self, now: Now, patience_ns: u64, budget: usize) -> usize {
        let room = self.buffer_spots.saturating_sub(self.waiting());
        if room >= (self.buffer_spots / 8).max(1) {
            self.stopped_since_ns = None;
            return budget.min((room * self.bytes_min()).max(1_024));
        }
        let since = *self.stopped_since_ns.get_or_insert(now.mono_ns);
        if !self.blocks && now.mono_ns.saturating_sub(since) >= patience_ns { budget } else { 0 }
    }

    /// Lines that never came to be read: too long, or cut off.
    pub fn end_unread(&mut self, reason: Reason, lines: u64) {
        if lines > 0 {
            let class = class_of_feed(self.kind);
            self.lines_before += lines;
            self.stats.lines.add(lines);
            self.stats.ledger.enter(class, lines);
            self.stats.ledger.end(class, reason, lines);
        }
    }

    fn count_out(&self, spot: &Spot) {
        self.stats.ledger.leave(spot.class(), 1);
    }

    fn show_waiting(&self) {
        self.stats.ledger.hold(self.waiting() as u64);
        self.stats.waiting.set(self.waiting() as u64);
    }

    /// Whether this panic is one too many within a minute.
    fn too_many_panics(&mut self, now: Now) -> bool {
        let slot = self.panics % PANICS_PER_MINUTE_MAX;
        let oldest = std::mem::replace(&mut self.panics_ns[slot], now.mono_ns);
        self.panics += 1;
        self.panics > PANICS_PER_MINUTE_MAX && now.mono_ns.saturating_sub(oldest) < MINUTE_NS
    }
}

/// Where all inputs of a parse agent end: gate, ring, directory's mailbox.
pub struct Desk {
    gate: Gate,
    spots: Producer<Spot>,
    /// Free slots as last seen; looked up again only when it seems short.
    free: usize,
    reserves: Reserves,
    notes: Notes,
    control: Arc<Control>,
    fault: FaultPoint,
    /// The spot under way, for the quarantine.
    work: Spot,
    work_is_read: bool,
}

impl Desk {
    /// A desk on the ring to the next stage.
    pub fn new(gate: Gate, spots: Producer<Spot>, notes: Notes, control: Arc<Control>, fault: FaultPoint) -> Desk {
        let reserves = Reserves::for_capacity(spots.stats().capacity());
        Desk { gate, spots, free: 0, reserves, notes, control, fault, work: Spot::empty(), work_is_read: false }
    }

    /// Works off `input.batch`. A panic costs the line it happened on.
    pub fn lines(&mut self, input: &mut Input, now: Now) {
        let n = input.batch.len();
        if n == 0 {
            return;
        }
        let mut next = 0;
        while next < n {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                while next < n {
                    self.line(input, now, next);
                    next += 1;
                }
            }));
            if let Err(panic) = outcome {
                if !self.work_is_read {
                    self.work = Spot::empty();
                    self.work.feed = input.stats.index;
                    self.work.set_class(class_of_feed(input.kind));
                    self.work.set_comment(input.batch.line(next));
                }
                self.panicked(input, now, panic);
                next += 1;
            }
        }
        input.lines_before += n as u64;
        input.stats.lines.add(n as u64);
        input.stats.last_line_ns.set(now.mono_ns);
        input.batch.clear();
        input.show_waiting();
        input.show_upstream();
    }

    fn line(&mut self, input: &mut Input, now: Now, i: usize) {
        self.work_is_read = false;
        let kind = input.kind.unwrap_or_default();
        let feed = input.stats.index;
        let line_no = input.lines_before + i as u64 + 1;
        let is_report = input.is_report(i);
        let class = if is_report { Class::PskReporter } else { class_of_feed(input.kind) };
        let end = if self.control.is_input_off(feed) {
            LineEnd::Reason(Reason::InputOff)
        } else {
            let read = match &mut input.reports {
                Some(reports) if is_report => match reports.read(now, input.batch.line(i)) {
                    Ok(mut spot) => {
                        (spot.feed, spot.node, spot.line) = (feed, input.node, line_no);
                        Ok(spot)
                    }
                    Err(reason) => Err(LineEnd::Reason(reason)),
                },
                _ => read_line(kind, feed, input.node, now, line_no, input.batch.line(i)),
            };
            match read {
                Ok(spot) => {
                    self.work = spot;
                    self.work_is_read = true;
                    self.fault.trip(&self.work.dx);
                    let verdict = self.gate.feed(now, &mut self.work, input.age);
                    let class = self.work.class();
                    input.stats.ledger.enter(class, 1);
                    match verdict {
                        Ok(()) => {
                            input.stats.spots.add(1);
                            self.offer(input, now);
                        }
                        Err(reason) => input.end(class, reason, i),
                    }
                    return;
                }
                Err(end) => end,
            }
        };
        input.stats.ledger.enter(class, 1);
        match end {
            LineEnd::Reason(reason) => input.end(class, reason, i),
            LineEnd::Bulletin(kind) => {
                input.end(class, Reason::Bulletin, i);
                self.bulletin(input, now, kind, i);
            }
        }
    }

    /// Takes one post of a user. Its fate goes to the directory when it ends here.
    pub fn post(&mut self, input: &mut Input, now: Now, spot: Spot) {
        self.work = spot;
        self.work_is_read = true;
        self.work.feed = Spot::FEED_POSTS;
        self.work.line = input.lines_before + 1;
        input.lines_before += 1;
        input.stats.lines.add(1);
        input.stats.last_line_ns.set(now.mono_ns);
        let class = self.work.class();
        if self.control.is_draining() || self.control.is_input_off(Spot::FEED_POSTS) {
            let reason = if self.control.is_draining() { Reason::Drain } else { Reason::InputOff };
            input.stats.ledger.enter(class, 1);
            self.refuse(input, reason);
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.fault.trip(&self.work.dx);
            self.gate.post(now, &mut self.work)
        }));
        match outcome {
            Ok(Ok(())) => {
                input.stats.ledger.enter(class, 1);
                input.stats.spots.add(1);
                self.work.stamp(Hop::Parsed, now.mono_ns);
                if self.spots.push(self.work).is_ok() {
                    self.free = self.free.saturating_sub(1);
                    input.count_out(&self.work);
                } else {
                    self.refuse(input, Reason::RingFull);
                }
            }
            Ok(Err(reason)) => {
                input.stats.ledger.enter(class, 1);
                self.refuse(input, reason);
            }
            Err(panic) => {
                let post = self.work.post;
                self.panicked(input, now, panic);
                self.tell(input, Note::Verdict(post, Verdict::Refused(refusal(Reason::Panic))));
            }
        }
    }

    /// Whether a post finds room: people may use the last slot.
    pub fn has_room_for_post(&self) -> bool {
        self.spots.slots() > 0
    }

    /// Moves waiting spots into the ring, people's first, digital last. Returns how many.
    pub fn flush(&mut self, input: &mut Input, now: Now) -> usize {
        let before = input.waiting();
        if before == 0 {
            return 0;
        }
        for level in 0..LEVELS {
            while let Some(mut spot) = input.queues[level].front().copied() {
                if !self.has_room(spot.class()) {
                    break;
                }
                spot.stamp(Hop::Parsed, now.mono_ns);
                if self.spots.push(spot).is_err() {
                    self.free = 0;
                    break;
                }
                self.free = self.free.saturating_sub(1);
                input.queues[level].pop_front();
                input.count_out(&spot);
            }
        }
        input.show_waiting();
        before - input.waiting()
    }

    /// Ends what still waits: the way is gone.
    pub fn abandon(&mut self, input: &mut Input, reason: Reason) {
        for spot in input.queues.iter_mut().flat_map(|q| q.drain(..)) {
            input.stats.ledger.end(spot.class(), reason, 1);
        }
        input.show_waiting();
    }

    /// Whether the next stage is gone.
    pub fn is_abandoned(&self) -> bool {
        self.spots.is_abandoned()
    }

    /// Rings the bells. Once per turn.
    pub fn announce(&mut self) {
        self.spots.announce();
    }

    /// Puts the spot under way into the ring, or lets it wait, or sheds: the newest of the lowest class.
    fn offer(&mut self, input: &mut Input, now: Now) {
        let class = self.work.class();
        let level = level(class);
        // Nobody overtakes his own kind or a higher one; nobody stands behind a lower one.
        let queue_is_empty = input.queues[..=level].iter().all(VecDeque::is_empty);
        if queue_is_empty && self.has_room(class) {
            self.work.stamp(Hop::Parsed, now.mono_ns);
            if self.spots.push(self.work).is_ok() {
                self.free = self.free.saturating_sub(1);
                input.count_out(&self.work);
                return;
            }
            self.free = 0;
        }
        if input.waiting() >= input.buffer_spots {
            let victim = (level + 1..LEVELS).rev().find_map(|lower| input.queues[lower].pop_back());
            let class = victim.map_or(class, |spot| spot.class());
            input.stats.ledger.end(class, Reason::RingFull, 1);
            if victim.is_none() {
                return;
            }
        }
        input.queues[level].push_back(self.work);
    }

    #[inline]
    fn has_room(&mut self, class: Class) -> bool {
        let reserve = self.reserves.of(class);
        if self.free <= reserve {
            self.free = self.spots.slots();
        }
        self.free > reserve
    }

    fn refuse(&mut self, input: &mut Input, reason: Reason) {
        input.stats.ledger.end(self.work.class(), reason, 1);
        self.tell(input, Note::Verdict(self.work.post, Verdict::Refused(refusal(reason))));
    }

    fn tell(&mut self, input: &mut Input, note: Note) {
        if !self.notes.push(note) {
            input.stats.verdicts_lost.add(1);
        }
    }

    fn bulletin(&mut self, input: &mut Input, now: Now, kind: BulletinKind, i: usize) {
        if input.kind == Some(FeedKind::Replay) {
            return; // yesterday's weather
        }
        let full_at = input.bulletins_full_at_ns.max(now.mono_ns) + MINUTE_NS / BULLETINS_PER_MINUTE_MAX;
        if full_at - now.mono_ns > MINUTE_NS {
            input.stats.bulletins_lost.add(1);
            return;
        }
        input.bulletins_full_at_ns = full_at;
        let line = sanitized(input.batch.line(i));
        if !self.notes.push(Note::Bulletin(Bulletin { kind, line })) {
            input.stats.bulletins_lost.add(1);
        }
    }

    /// Books a caught panic on the spot under way and turns the input off when it brings too many.
    fn panicked(&mut self, input: &mut Input, now: Now, panic: Box<dyn std::any::Any + Send>) {
        let text = caught_panic(&*panic);
        let message = text.lines().take(2).collect::<Vec<_>>().join(" ");
        let class = self.work.class();
        input.stats.ledger.enter(class, 1);
        input.stats.ledger.end(class, Reason::Panic, 1);
        input.stats.ledger.panicked();
        self.control.quarantine(Quarantined {
            stage: "parse".into(),
            spot: self.work,
            panic: text,
            at_ns: now.mono_ns,
        });
        tracing::error!(input = %input.stats.name, "panic in parse, cost one line: {message}");
        if input.too_many_panics(now) && !self.control.is_input_off(input.stats.index) {
            self.control.turn_off_input(input.stats.index);
            tracing::error!(
                input = %input.stats.name,
                "turned off: more than {PANICS_PER_MINUTE_MAX} panics within a minute"
            );
        }
    }
}

/// Levels of importance under pressure.
const LEVELS: usize = 4;

/// 0: people; 1: skimmers' CW and RTTY, and the simulator; 2: skimmers' FT8 and FT4; 3: PSKReporter. The higher
/// the level, the sooner a spot is shed and the later it is sent on.
fn level(class: Class) -> usize {
    match class {
        Class::Human | Class::Peer => 0,
        Class::Rbn | Class::Simulator => 1,
        Class::RbnDigital => 2,
        Class::PskReporter => 3,
    }
}

/// Whether spots of a level can come from an input; posts do not wait here at all.
fn brings(kind: Option<FeedKind>, at: usize) -> bool {
    match kind {
        None => false,
        Some(FeedKind::PskReporter) => at == level(Class::PskReporter),
        Some(FeedKind::Replay) => true,
        Some(_) => at < level(Class::PskReporter),
    }
}

/// A line for everybody: no controls, no endless length.
fn sanitized(line: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = line
        .iter()
        .map(|b| if *b == b'\t' { b' ' } else { *b })
        .filter(|b| *b >= b' ' && *b != 0x7F)
        .take(BULLETIN_BYTES_MAX)
        .collect();
    while out.last() == Some(&b' ') {
        out.pop();
    }
    out
}
