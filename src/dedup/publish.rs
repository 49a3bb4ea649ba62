//! The publisher: judges, numbers, and sends every finished spot to every reader in one order.

use super::{Judge, Outcome};
use crate::engine::{Agent, BATCH_MAX, Consumer, FULL_RING_PAUSE_NS, Mailbox, Now, PanicGuard, Producer};
use crate::measure::{LatencyMailbox, LatencySet, Ledger, Reason};
use crate::spot::{Hop, Note, Published, SessionId, Spot, Verdict};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Notes published per turn.
const NOTES_PER_TURN: usize = 256;

/// One reader of everything that is published.
pub struct Reader {
    /// Its ring.
    pub ring: Producer<Published>,
    /// Telnet core number, for notes that concern one session; `None` for readers without sessions.
    pub telnet_core: Option<u8>,
    /// Its books: spots offered, taken, lost to a full ring.
    pub ledger: Arc<Ledger>,
    /// Since when its ring is full, in monotonic ns.
    full_since_ns: Option<u64>,
}

impl Reader {
    /// A reader.
    pub fn new(ring: Producer<Published>, telnet_core: Option<u8>, ledger: Arc<Ledger>) -> Reader {
        Reader { ring, telnet_core, ledger, full_since_ns: None }
    }
}

/// The agent of stage 3. Owns the windows, the sequence, and the writing ends of all publish rings.
///
/// A reader whose ring is full holds everybody back for `patience`; after that it loses spots,
/// counted in its ledger as `ring_full`, until its ring has room again. So one stuck core costs its
/// own users their lines, and nobody else more than the patience.
pub struct Publisher<J, F> {
    input: Consumer<Spot>,
    judge: J,
    factory: F,
    readers: Vec<Reader>,
    notes: Arc<Mailbox<Note>>,
    next_seq: u64,
    patience_ns: u64,
    farewell: Option<String>,
    guard: PanicGuard,
    ledger: Arc<Ledger>,
    latency: Box<LatencySet>,
    latency_mailbox: Arc<LatencyMailbox>,
    next_hand_over_ns: u64,
    look_again_ns: u64,
    batch: Vec<Spot>,
}

/// What a publisher is made of.
pub struct PublisherParts<F> {
    /// Spots from correct.
    pub input: Consumer<Spot>,
    /// Builds the windows, now and after a panic.
    pub factory: F,
    /// Who reads.
    pub readers: Vec<Reader>,
    /// Notes from anywhere, published in one order with the spots.
    pub notes: Arc<Mailbox<Note>>,
    /// How long a full reader holds everybody back, in ms.
    pub patience_ms: u32,
    /// What users are told when the node goes down.
    pub farewell: String,
    /// Panic guard.
    pub guard: PanicGuard,
    /// Books of the stage.
    pub ledger: Arc<Ledger>,
    /// Where the latencies of the pipeline's edges go.
    pub latency: Arc<LatencyMailbox>,
}

impl<J: Judge, F: FnMut() -> J> Publisher<J, F> {
    /// Starts with sequence number 1.
    pub fn new(parts: PublisherParts<F>) -> Publisher<J, F> {
        let PublisherParts { input, mut factory, readers, notes, patience_ms, farewell, guard, ledger, latency } =
            parts;
        Publisher {
            input,
            judge: factory(),
            factory,
            readers,
            notes,
            next_seq: 1,
            patience_ns: u64::from(patience_ms) * 1_000_000,
            farewell: Some(farewell),
            guard,
            ledger,
            latency: Box::new(LatencySet::new()),
            latency_mailbox: latency,
            next_hand_over_ns: 0,
            look_again_ns: 0,
            batch: Vec::with_capacity(BATCH_MAX),
        }
    }

    /// How many spots every patient reader can take now.
    fn room(&mut self, now: Now) -> usize {
        let mut room = BATCH_MAX;
        for reader in &mut self.readers {
            let slots = reader.ring.slots();
            if slots > 0 {
                reader.full_since_ns = None;
                room = room.min(slots);
                continue;
            }
            let since = *reader.full_since_ns.get_or_insert(now.mono_ns);
            let patient = now.mono_ns.saturating_sub(since) < self.patience_ns;
            if patient && !reader.ring.is_abandoned() {
                return 0;
            }
        }
        room
    }

    fn publish_spot(&mut self, spot: &Spot) {
        for reader in &mut self.readers {
            reader.ledger.enter(spot.class(), 1);
            match reader.ring.push(Published::Spot(*spot)) {
                Ok(()) => reader.ledger.leave(spot.class(), 1),
                Err(_) => reader.ledger.end(spot.class(), Reason::RingFull, 1),
            }
        }
    }

    fn publish_note(&mut self, note: Note) {
        let for_core = match &note {
            Note::Evict(session, _) | Note::Verdict(session, _) => Some(session.core()),
            _ => None,
        };
        // Readers without sessions keep what everybody is told, and have no use for other notes.
        let is_kept = matches!(&note, Note::Bulletin(_));
        for reader in &mut self.readers {
            let wants = match reader.telnet_core {
                Some(_) => for_core.is_none() || for_core == reader.telnet_core,
                None => is_kept,
            };
            if wants {
                // A core that lost spots for seconds also misses a note; its own time-outs answer the user.
                let _ = reader.ring.push(Published::Note(Box::new(note.clone())));
            }
        }
    }

    fn judge_batch(&mut self, now: Now) {
        let mut batch = std::mem::take(&mut self.batch);
        let mut at = 0;
        while at < batch.len() {
            let judged = catch_unwind(AssertUnwindSafe(|| {
                let spot = &mut batch[at];
                self.guard.fault.trip(&spot.dx);
                self.judge.judge(now, spot)
            }));
            let spot = &mut batch[at];
            at += 1;
            match judged {
                Ok(Outcome::New) => {
                    spot.seq = self.next_seq;
                    self.next_seq += 1;
                    spot.stamp(Hop::Published, now.mono_ns);
                    self.latency.record_pipeline(spot);
                    self.ledger.leave(spot.class(), 1);
                    let spot = *spot;
                    self.publish_spot(&spot);
                }
                Ok(Outcome::Duplicate { of, age_s }) => {
                    self.ledger.end(spot.class(), Reason::Duplicate, 1);
                    if !spot.post.is_none() {
                        let post = spot.post;
                        self.publish_note(Note::Verdict(post, Verdict::Duplicate { of, age_s }));
                    }
                }
                Err(payload) => {
                    self.ledger.end(spot.class(), Reason::Panic, 1);
                    self.ledger.panicked();
                    let (spot, warm_up_s) = (*spot, self.judge.warm_up_s());
                    self.guard.caught(&*payload, "dedup", &spot, now, warm_up_s);
                    self.judge = (self.factory)();
                    self.refuse(spot.post, "it broke something here and was put aside for the operator");
                }
            }
        }
        batch.clear();
        self.batch = batch;
    }

    fn has_something_to_publish(&self) -> bool {
        !self.input.is_empty() || !self.notes.is_empty() || self.input.is_finished()
    }

    fn refuse(&mut self, post: SessionId, why: &'static str) {
        if !post.is_none() {
            self.publish_note(Note::Verdict(post, Verdict::Refused(why)));
        }
    }
}

impl<J, F> Drop for Publisher<J, F> {
    fn drop(&mut self) {
        self.latency_mailbox.leave(std::mem::take(&mut self.latency));
    }
}

impl<J: Judge, F: FnMut() -> J> Agent for Publisher<J, F> {
    fn name(&self) -> &str {
        "dedup"
    }

    fn turn(&mut self, now: Now) -> usize {
        self.look_again_ns = now.mono_ns + FULL_RING_PAUSE_NS;
        let mut moved = 0;
        let room = self.room(now);
        if room > 0 {
            moved = self.input.pop_into(&mut self.batch, room);
            for spot in &self.batch {
                self.ledger.enter(spot.class(), 1);
            }
            self.judge_batch(now);
        }
        for _ in 0..NOTES_PER_TURN {
            // As spots do, notes wait for a reader that is only slow: an eviction must not be lost to a burst.
            if self.room(now) == 0 {
                break;
            }
            let Some(note) = self.notes.pop() else { break };
            self.publish_note(note);
            moved += 1;
        }
        if self.input.is_finished()
            && self.notes.is_empty()
            && self.room(now) > 0
            && let Some(farewell) = self.farewell.take()
        {
            self.publish_note(Note::Farewell(farewell));
            moved += 1;
        }
        for reader in &mut self.readers {
            reader.ring.announce();
        }
        if now.mono_ns >= self.next_hand_over_ns {
            self.next_hand_over_ns = now.mono_ns + 1_000_000_000;
            self.latency_mailbox.hand_over(&mut self.latency);
        }
        moved
    }

    fn has_work(&self) -> bool {
        self.has_something_to_publish() && self.readers.iter().all(|r| r.ring.slots() > 0)
    }

    fn deadline_ns(&self) -> u64 {
        if self.has_something_to_publish() {
            self.look_again_ns
        } else if self.latency.is_empty() {
            u64::MAX
        } else {
            self.next_hand_over_ns
        }
    }

    fn finished(&self) -> bool {
        self.farewell.is_none()
    }

    fn polls(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Bell, Control, FaultPoint, TestClock, edge};
    use crate::spot::{Bulletin, BulletinKind, Call, Class, Utc};

    struct EveryOther(bool);
    impl Judge for EveryOther {
        fn judge(&mut self, _: Now, _: &mut Spot) -> Outcome {
            self.0 = !self.0;
            if self.0 { Outcome::New } else { Outcome::Duplicate { of: Call::literal("W3LPL"), age_s: 40 } }
        }
        fn warm_up_s(&self) -> u32 {
            480
        }
    }

    struct Bench {
        input: Producer<Spot>,
        publisher: Publisher<EveryOther, fn() -> EveryOther>,
        readers: Vec<Consumer<Published>>,
        books: Vec<Arc<Ledger>>,
        ledger: Arc<Ledger>,
        notes: Arc<Mailbox<Note>>,
    }

    fn bench(slots: &[usize], poison: Option<&str>) -> Bench {
        crate::engine::remember_panics();
        let (tx, rx) = edge("correct>dedup", 4096, Bell::silent());
        let ledger = Arc::new(Ledger::new("dedup"));
        let notes = Arc::new(Mailbox::new(16, Bell::silent()));
        let (mut readers, mut consumers, mut books) = (Vec::new(), Vec::new(), Vec::new());
        for (core, slots) in slots.iter().enumerate() {
            let (ring, consumer) = edge(format!("dedup>telnet {core}"), *slots, Bell::silent());
            let book = Arc::new(Ledger::new(format!("publish/telnet {core}")));
            readers.push(Reader::new(ring, Some(core as u8), Arc::clone(&book)));
            consumers.push(consumer);
            books.push(book);
        }
        let factory: fn() -> EveryOther = || EveryOther(false);
        let publisher = Publisher::new(PublisherParts {
            input: rx,
            factory,
            readers,
            notes: Arc::clone(&notes),
            patience_ms: 2000,
            farewell: "73".into(),
            guard: PanicGuard::new(FaultPoint::new(poison.map(Call::literal)), Arc::new(Control::new())),
            ledger: Arc::clone(&ledger),
            latency: Arc::new(LatencyMailbox::new()),
        });
        Bench { input: tx, publisher, readers: consumers, books, ledger, notes }
    }

    fn spot(dx: &str, post: SessionId) -> Spot {
        let mut spot = Spot::empty();
        spot.dx = Call::literal(dx);
        spot.post = post;
        spot
    }

    fn spots(consumer: &mut Consumer<Published>) -> Vec<u64> {
        let mut seqs = Vec::new();
        while let Some(item) = consumer.pop() {
            if let Published::Spot(spot) = item {
                seqs.push(spot.seq);
            }
        }
        seqs
    }

    #[test]
    fn all_readers_see_one_order_without_gaps() {
        let mut b = bench(&[64, 64], None);
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for _ in 0..20 {
            b.input.push(spot("K1ABC", SessionId::NONE)).unwrap();
        }
        b.publisher.turn(clock.now());
        for reader in &mut b.readers {
            assert_eq!(spots(reader), (1..=10).collect::<Vec<u64>>());
        }
        let view = b.ledger.view();
        assert_eq!((view.total_in(), view.total_out(), view.ended_by(Reason::Duplicate)), (20, 10, 10));
        assert_eq!(view.imbalance(), 0);
    }

    #[test]
    fn a_stuck_reader_holds_for_its_patience_and_then_pays_alone() {
        let mut b = bench(&[4, 64], None);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for _ in 0..40 {
            b.input.push(spot("K1ABC", SessionId::NONE)).unwrap();
        }
        for _ in 0..30 {
            b.publisher.turn(clock.now());
        }
        assert_eq!(spots(&mut b.readers[1]).len(), 4, "everybody waits for the full ring");
        clock.advance_ms(2_001);
        for _ in 0..30 {
            b.publisher.turn(clock.now());
        }
        assert_eq!(spots(&mut b.readers[1]).len(), 16, "after the patience the others get the rest");
        assert_eq!(b.books[0].view().ended_by(Reason::RingFull), 16);
        assert_eq!(b.books[0].view().imbalance(), 0);
        assert_eq!(spots(&mut b.readers[0]), vec![1, 2, 3, 4]);
    }

    #[test]
    fn a_duplicate_post_is_answered_on_its_own_core_only() {
        let mut b = bench(&[64, 64], None);
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        let session = SessionId::new(1, 7, 3);
        b.input.push(spot("K1ABC", SessionId::NONE)).unwrap();
        b.input.push(spot("K1ABC", session)).unwrap();
        b.publisher.turn(clock.now());
        assert!(matches!(b.readers[0].pop(), Some(Published::Spot(_))));
        assert!(b.readers[0].pop().is_none());
        assert!(matches!(b.readers[1].pop(), Some(Published::Spot(_))));
        let Some(Published::Note(note)) = b.readers[1].pop() else { panic!("no note") };
        assert_eq!(*note, Note::Verdict(session, Verdict::Duplicate { of: Call::literal("W3LPL"), age_s: 40 }));
    }

    #[test]
    fn notes_and_the_farewell_wait_for_a_full_ring_too() {
        let mut b = bench(&[2], None);
        let mut clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for _ in 0..4 {
            b.input.push(spot("K1ABC", SessionId::NONE)).unwrap();
        }
        b.publisher.turn(clock.now());
        b.publisher.turn(clock.now());
        b.notes.push(Note::Evict(SessionId::new(0, 1, 1), "newer log-in".into())).unwrap();
        drop(b.input);
        b.publisher.turn(clock.now());
        assert!(!b.publisher.has_work() && !b.publisher.finished());
        assert_eq!(b.publisher.deadline_ns(), clock.now().mono_ns + FULL_RING_PAUSE_NS, "looked at by the clock");
        clock.advance_ms(1);
        assert_eq!(spots(&mut b.readers[0]), [1, 2]);
        assert!(b.publisher.has_work());
        b.publisher.turn(clock.now());
        assert!(b.publisher.finished());
        let notes: Vec<Note> = std::iter::from_fn(|| b.readers[0].pop())
            .filter_map(|item| if let Published::Note(note) = item { Some(*note) } else { None })
            .collect();
        assert!(matches!(&notes[..], [Note::Evict(..), Note::Farewell(_)]), "{notes:?}");
    }

    #[test]
    fn a_reader_without_sessions_gets_bulletins_and_no_other_note() {
        let mut b = bench(&[64], None);
        let (ring, mut store) = edge("dedup>store", 64, Bell::silent());
        b.publisher.readers.push(Reader::new(ring, None, Arc::new(Ledger::new("publish/store"))));
        let wwv = Note::Bulletin(Bulletin { kind: BulletinKind::Wwv, line: b"WWV de W0MU <13>".to_vec() });
        b.notes.push(Note::Evict(SessionId::new(0, 1, 1), "newer log-in".into())).unwrap();
        b.notes.push(wwv.clone()).unwrap();
        b.publisher.turn(TestClock::at(Utc::from_secs(0)).now());
        let notes = |reader: &mut Consumer<Published>| -> Vec<Note> {
            let items = std::iter::from_fn(|| reader.pop());
            items.filter_map(|item| if let Published::Note(note) = item { Some(*note) } else { None }).collect()
        };
        assert_eq!(notes(&mut store), [wwv]);
        assert_eq!(notes(&mut b.readers[0]).len(), 2);
    }

    #[test]
    fn a_panic_costs_one_spot_and_a_farewell_ends_the_road() {
        let mut b = bench(&[64], Some("P0ISON"));
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for dx in ["K1ABC", "P0ISON", "K1ABC"] {
            b.input.push(spot(dx, SessionId::NONE)).unwrap();
        }
        b.notes.push(Note::Evict(SessionId::new(0, 1, 1), "newer log-in".into())).unwrap();
        b.publisher.turn(clock.now());
        let view = b.ledger.view();
        assert_eq!((view.ended_by(Reason::Panic), view.imbalance()), (1, 0));
        assert_eq!(view.ended.iter().map(|(_, c)| c[Class::Human as usize]).sum::<u64>(), 1);
        drop(b.input);
        assert!(b.publisher.has_work(), "an abandoned input is work");
        b.publisher.turn(clock.now());
        assert!(b.publisher.finished());
        let mut last = None;
        while let Some(item) = b.readers[0].pop() {
            last = Some(item);
        }
        let Some(Published::Note(note)) = last else { panic!("no farewell") };
        assert_eq!(*note, Note::Farewell("73".into()));
    }
}
