//! Streams of whole cohorts against a model, without sockets.

use super::*;
use crate::config::{Dedupe, LineFormat};
use crate::measure::{Edge, LatencyMailbox, LatencySet, Ledger, Reason};
use crate::spot::{Call, Class, Freq, Spot, Verdicts};
use crate::wire::LineStyle;
use proptest::prelude::*;
use std::io::{self, Write};
use std::sync::Arc;

/// A socket that takes so many bytes and then none.
#[derive(Default)]
struct Pipe {
    got: Vec<u8>,
    room: usize,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = bytes.len().min(self.room);
        self.room -= n;
        self.got.extend_from_slice(&bytes[..n]);
        Ok(n)
    }
    fn write_vectored(&mut self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let whole: Vec<u8> = parts.iter().flat_map(|p| p.iter().copied()).collect();
        self.write(&whole)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn spot(n: u64, verdicts: u8, class: Class, comment_bytes: usize) -> Spot {
    let mut spot = Spot::empty();
    spot.dx = Call::new(format!("K{}ABC", n % 10).as_bytes()).unwrap();
    spot.de = Call::new(b"W3LPL-#").unwrap();
    spot.set_freq(Freq::from_hz(14_000_000 + n));
    spot.set_class(class);
    spot.set_comment(format!("{n:0>width$}", width = comment_bytes.max(6)).as_bytes());
    spot.verdicts = Verdicts(verdicts);
    spot.read_ns = 1_000 + n;
    spot
}

fn line(format: LineFormat, spot: &Spot) -> Vec<u8> {
    let mut lines = Lines::default();
    lines.encode(LineStyle::of(format), spot);
    lines.get(LineStyle::of(format)).to_vec()
}

fn key(format: LineFormat, dedupe: Dedupe) -> CohortKey {
    Preferences { style: LineStyle::of(format), dedupe, updates: false }.into()
}

/// Publishes as the agent does, but laps at once when there is no room.
fn publish(cohorts: &mut Cohorts, spot: &Spot) -> u32 {
    cohorts.judge(spot);
    let mut by_force = false;
    loop {
        match cohorts.append(spot, spot.read_ns + 10, by_force) {
            Ok(reached) => return reached,
            Err(NoRoom) => by_force = true,
        }
    }
}

fn balanced(cohorts: &Cohorts, books: &Ledger) {
    cohorts.close_books();
    assert_eq!(books.view().imbalance(), 0, "{:?}", books.view());
}

#[test]
fn a_reader_who_is_never_quite_done_keeps_no_memory_of_what_he_read() {
    let mut cohorts = Cohorts::new(4 << 20, 1 << 20, Arc::new(Ledger::new("deliveries")));
    let (mut log, mut output, mut pipe) = (SendLog::default(), Output::default(), Pipe::default());
    let mut said = Vec::new();
    for n in 0..2_000u32 {
        let reply: Vec<u8> = (0..250).flat_map(|i| (n * 250 + i).to_le_bytes()).collect();
        said.extend_from_slice(&reply);
        output.reply(&reply);
        pipe.room = reply.len() - usize::from(n == 0);
        output.flush(&mut cohorts, &mut pipe, &mut log);
        assert!(output.own_pending() > 0);
    }
    assert!(output.own_kept() < 64 * 1024, "{} bytes kept", output.own_kept());
    pipe.room = usize::MAX;
    assert_eq!(output.flush(&mut cohorts, &mut pipe, &mut log), Flushed::Done);
    assert!(pipe.got == said, "nothing lost, nothing twice");
}

#[test]
fn a_line_is_sent_once_and_memory_goes_when_all_have_it() {
    let books = Arc::new(Ledger::new("deliveries"));
    let mut cohorts = Cohorts::new(4 << 20, 1 << 20, Arc::clone(&books));
    let mut log = SendLog::default();
    let mut users: Vec<(Output, Pipe)> =
        (0..3).map(|_| (Output::default(), Pipe { room: 1 << 20, ..Pipe::default() })).collect();
    for (i, (output, _)) in users.iter_mut().enumerate() {
        output.follow(&mut cohorts, key(LineFormat::Classic, Dedupe::Off), i as u32);
    }
    let spots: Vec<Spot> = (0..10).map(|n| spot(n, 7, Class::Rbn, 10)).collect();
    for spot in &spots {
        assert_eq!(publish(&mut cohorts, spot), 3);
    }
    assert_eq!(cohorts.pending(), 30);
    balanced(&cohorts, &books);
    for (output, pipe) in &mut users {
        assert_eq!(output.flush(&mut cohorts, pipe, &mut log), Flushed::Done);
    }
    log.commit(&mut cohorts, 5_000_000);
    assert_eq!((log.sends, log.lines), (3, 30), "one send per user");
    assert_eq!((cohorts.pending(), cohorts.segments()), (0, 0), "nothing is kept when idle");
    balanced(&cohorts, &books);
    assert_eq!(books.view().total_out(), 30);
    let want: Vec<u8> = spots.iter().flat_map(|s| line(LineFormat::Classic, s)).collect();
    assert!(users.iter().all(|(_, pipe)| pipe.got == want));
    let mailbox = LatencyMailbox::new();
    log.deliveries.hand_over(&mailbox);
    let mut total = LatencySet::new();
    mailbox.collect(&mut total);
    assert_eq!(total.edge(Edge::Write).len(), 30);
    assert_eq!(total.get(Edge::EndToEnd, Class::Rbn).len(), 30);
}

#[test]
fn a_policy_holds_back_and_is_counted() {
    let books = Arc::new(Ledger::new("deliveries"));
    let mut cohorts = Cohorts::new(4 << 20, 1 << 20, Arc::clone(&books));
    let mut users: Vec<Output> = (0..4).map(|_| Output::default()).collect();
    for (i, (output, dedupe)) in
        users.iter_mut().zip([Dedupe::Fast, Dedupe::Med, Dedupe::Slow, Dedupe::Off]).enumerate()
    {
        output.follow(&mut cohorts, key(LineFormat::Classic, dedupe), i as u32);
    }
    assert_eq!(publish(&mut cohorts, &spot(1, Verdicts::FAST.0, Class::Human, 6)), 2);
    assert_eq!(publish(&mut cohorts, &spot(2, 0, Class::Human, 6)), 1);
    balanced(&cohorts, &books);
    assert_eq!(books.view().ended_by(Reason::Policy), 2 + 3);
    assert_eq!(books.view().total_in(), 8);
    for output in &mut users {
        output.abandon(&mut cohorts);
    }
    balanced(&cohorts, &books);
    assert_eq!(books.view().ended_by(Reason::SessionClosed), 3);
    assert!(cohorts.is_empty(), "cohorts go with their last user");
}

#[test]
fn only_who_does_not_read_is_lapped_and_told_how_much() {
    let books = Arc::new(Ledger::new("deliveries"));
    // Four segments for the cohort.
    let mut cohorts = Cohorts::new(64 << 20, 4 * SEGMENT_BYTES, Arc::clone(&books));
    let mut log = SendLog::default();
    let (mut stuck, mut stuck_pipe) = (Output::default(), Pipe::default());
    let (mut good, mut good_pipe) = (Output::default(), Pipe { room: usize::MAX, ..Pipe::default() });
    stuck.follow(&mut cohorts, key(LineFormat::Classic, Dedupe::Off), 0);
    good.follow(&mut cohorts, key(LineFormat::Classic, Dedupe::Off), 1);
    assert_eq!(stuck.flush(&mut cohorts, &mut stuck_pipe, &mut log), Flushed::Done, "nothing to send");
    const LINES: u64 = 20_000;
    let mut lost = 0;
    for n in 0..LINES {
        publish(&mut cohorts, &spot(n, 7, Class::Rbn, 40));
        assert_ne!(good.flush(&mut cohorts, &mut good_pipe, &mut log), Flushed::Blocked);
        if n == 0 {
            assert_eq!(stuck.flush(&mut cohorts, &mut stuck_pipe, &mut log), Flushed::Blocked);
        }
        log.commit(&mut cohorts, 1);
        while let Some(lap) = cohorts.take_lap() {
            assert_eq!(lap.conn, 0);
            lost += lap.lines;
        }
        assert!(cohorts.segments() <= 4);
    }
    assert_eq!(good_pipe.got.split(|b| *b == b'\n').count() as u64 - 1, LINES);
    assert!(lost > 0);
    balanced(&cohorts, &books);
    assert_eq!(books.view().ended_by(Reason::Lapped), lost);
    stuck_pipe.room = usize::MAX;
    while stuck.flush(&mut cohorts, &mut stuck_pipe, &mut log) == Flushed::More {}
    log.commit(&mut cohorts, 1);
    let got = stuck_pipe.got.split(|b| *b == b'\n').count() as u64 - 1;
    assert_eq!(got + lost, LINES, "every line is sent or counted as lost");
    balanced(&cohorts, &books);
}

#[test]
fn an_abandoned_spot_is_a_panic_for_every_user() {
    let books = Arc::new(Ledger::new("deliveries"));
    let mut cohorts = Cohorts::new(4 << 20, 1 << 20, Arc::clone(&books));
    let mut user = Output::default();
    user.follow(&mut cohorts, key(LineFormat::Classic, Dedupe::Off), 0);
    cohorts.judge(&spot(1, 7, Class::Peer, 6));
    cohorts.abandon(Class::Peer);
    assert_eq!(books.view().ended_by(Reason::Panic), 1);
    balanced(&cohorts, &books);
    assert_eq!(publish(&mut cohorts, &spot(2, 7, Class::Peer, 6)), 1, "life goes on");
}

/// What a user did and must therefore get: pieces in order, lines tagged by spot number.
#[derive(Default)]
struct Model {
    /// Lines due, in order, of the cohorts he followed.
    due: Vec<Vec<u8>>,
    replies: Vec<Vec<u8>>,
    lost: u64,
}

#[derive(Clone, Debug)]
enum Step {
    /// Publish so many spots with these verdicts.
    Publish {
        count: u16,
        verdicts: u8,
        comment: u8,
    },
    /// A user's socket takes so many bytes.
    Drain {
        user: u8,
        bytes: u32,
    },
    Move {
        user: u8,
        format: bool,
        dedupe: u8,
    },
    Reply {
        user: u8,
    },
    Leave {
        user: u8,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1u16..700, 0u8..8, 6u8..96).prop_map(|(count, verdicts, comment)| Step::Publish { count, verdicts, comment }),
        6 => (0u8..4, prop_oneof![0u32..300, 0u32..200_000]).prop_map(|(user, bytes)| Step::Drain { user, bytes }),
        2 => (0u8..4, any::<bool>(), 0u8..4).prop_map(|(user, format, dedupe)| Step::Move { user, format, dedupe }),
        2 => (0u8..4).prop_map(|user| Step::Reply { user }),
        1 => (0u8..4).prop_map(|user| Step::Leave { user }),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    /// Whatever the users do: each gets exactly the lines due to him in order, less those counted as
    /// lapped; no line is torn; replies stand between lines; the books balance at every step.
    #[test]
    fn every_stream_is_whole(steps in steps()) {
        let books = Arc::new(Ledger::new("deliveries"));
        // 3 segments a cohort, 7 in all: laps by both bounds.
        let mut cohorts = Cohorts::new(7 * SEGMENT_BYTES, 3 * SEGMENT_BYTES, Arc::clone(&books));
        let mut log = SendLog::default();
        let mut users: Vec<(Output, Pipe, Model, CohortKey)> = (0..4)
            .map(|_| (Output::default(), Pipe::default(), Model::default(), key(LineFormat::Classic, Dedupe::Med)))
            .collect();
        for (i, (output, _, _, key)) in users.iter_mut().enumerate() {
            output.follow(&mut cohorts, key.clone(), i as u32);
        }
        let mut n = 0;
        let check = |users: &mut Vec<(Output, Pipe, Model, CohortKey)>, cohorts: &mut Cohorts| {
            while let Some(lap) = cohorts.take_lap() {
                users[lap.conn as usize].2.lost += lap.lines;
            }
            cohorts.close_books();
            prop_assert_eq!(books.view().imbalance(), 0);
            let torn = users.iter().filter(|u| u.0.has_torn()).count() as u64;
            prop_assert_eq!(cohorts.pending(), cohorts.count_pending() + torn);
            Ok(())
        };
        for step in steps {
            match step {
                Step::Publish { count, verdicts, comment } => {
                    for _ in 0..count {
                        let spot = spot(n, verdicts, Class::ALL[n as usize % Class::COUNT], usize::from(comment));
                        n += 1;
                        publish(&mut cohorts, &spot);
                        for (_, _, model, key) in &mut users {
                            if key.preferences.let_through(spot.verdicts) {
                                model.due.push(line(key.preferences.style.format, &spot));
                            }
                        }
                    }
                }
                Step::Drain { user, bytes } => {
                    let (output, pipe, _, _) = &mut users[usize::from(user)];
                    pipe.room = bytes as usize;
                    while output.flush(&mut cohorts, pipe, &mut log) == Flushed::More {}
                    log.commit(&mut cohorts, 1);
                }
                Step::Move { user, format, dedupe } => {
                    let (output, _, model, to) = &mut users[usize::from(user)];
                    let dedupe = [Dedupe::Fast, Dedupe::Med, Dedupe::Slow, Dedupe::Off][usize::from(dedupe)];
                    *to = key(if format { LineFormat::Gocluster } else { LineFormat::Classic }, dedupe);
                    model.lost += output.follow(&mut cohorts, to.clone(), u32::from(user));
                }
                Step::Reply { user } => {
                    let (output, _, model, _) = &mut users[usize::from(user)];
                    let reply = format!("reply {}\r\n", model.replies.len()).into_bytes();
                    output.reply(&reply);
                    model.replies.push(reply);
                }
                Step::Leave { user } => {
                    let (output, _, _, key) = &mut users[usize::from(user)];
                    output.abandon(&mut cohorts);
                    *output = Output::default();
                    let key = key.clone();
                    users[usize::from(user)].1 = Pipe::default();
                    check(&mut users, &mut cohorts)?;
                    users[usize::from(user)].2 = Model::default();
                    users[usize::from(user)].0.follow(&mut cohorts, key, u32::from(user));
                }
            }
            check(&mut users, &mut cohorts)?;
        }
        // Everybody reads to the end.
        for (output, pipe, _, _) in &mut users {
            pipe.room = usize::MAX;
            while output.flush(&mut cohorts, pipe, &mut log) == Flushed::More {}
        }
        log.commit(&mut cohorts, 1);
        check(&mut users, &mut cohorts)?;
        prop_assert_eq!(cohorts.pending(), 0);
        prop_assert_eq!(cohorts.segments(), 0);
        for (_, pipe, model, _) in &users {
            prop_assert!(pipe.got.is_empty() || pipe.got.ends_with(b"\r\n"));
            let got: Vec<&[u8]> = pipe.got.split_inclusive(|b| *b == b'\n').collect();
            let replies: Vec<&[u8]> = got.iter().copied().filter(|l| l.starts_with(b"reply")).collect();
            prop_assert_eq!(replies, model.replies.iter().map(|r| r.as_slice()).collect::<Vec<_>>());
            let lines: Vec<&[u8]> = got.iter().copied().filter(|l| !l.starts_with(b"reply")).collect();
            prop_assert_eq!(lines.len() as u64 + model.lost, model.due.len() as u64);
            // In order and whole: a subsequence of what was due.
            let mut due = model.due.iter();
            for line in lines {
                prop_assert!(due.any(|d| d == line), "torn, repeated or out of order: {:?}", String::from_utf8_lossy(line));
            }
        }
    }
}

#[test]
fn the_lapped_go_on_at_the_middle_of_what_is_left() {
    let mut pool = Pool::new(8 * SEGMENT_BYTES);
    let mut cohort = Cohort::new(CohortKey::default());
    let key = cohort.join(7);
    let line = [b'x'; LINE_BYTES_MAX];
    let lines = (SEGMENT_BYTES / LINE_BYTES_MAX) as u64;
    for n in 0..5 * lines {
        if !cohort.has_room(line.len()) {
            cohort.grow(pool.take(n).unwrap());
        }
        cohort.append(&line, Class::Rbn, 1, 1);
    }
    let mut laps = Vec::new();
    let lost = cohort.drop_oldest(&mut pool, &mut laps);
    // Segments 1 to 4 are left; he goes on with 3.
    assert_eq!(laps, [Lap { conn: 7, lines: 3 * lines }]);
    assert_eq!(lost[Class::Rbn as usize], 3 * lines);
    assert_eq!((cohort.slice(key).unwrap().next, cohort.waiting(key)), (3 * lines, 2 * lines));
    cohort.release(&mut pool);
    assert_eq!(cohort.segments(), 2, "nobody stands before it any more");
}
