//! Streams of whole cohorts against a model, without sockets.

use super::*;
use crate::config::{Dedupe, LineFormat};
use crate::filter::{BandSet, ClassSet, Expr, Filter, Pattern, Side, Term};
use crate::measure::{Edge, LatencyMailbox, LatencySet, Ledger, Reason};
use crate::spot::{Band, Call, Class, Freq, Spot, Verdicts};
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

/// Filters that differ: all, nothing, by the DX call, by the class, and its contrary.
fn filter(kind: u8) -> Filter {
    let rbn = ClassSet::of(&[Class::Rbn]);
    let calls = ["K2*", "K3*", "K?AB*"].map(|p| Pattern(p.into()));
    Filter::compile(&match kind % 5 {
        0 => Expr::All,
        1 => Expr::Nothing,
        2 => Expr::Is(Term::Call(Side::Dx, calls[..2].to_vec())),
        3 => Expr::Is(Term::Class(rbn)).not(),
        _ => Expr::Is(Term::Class(rbn)).and(Expr::Is(Term::Call(Side::Dx, calls[2..].to_vec()))),
    })
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

#[test]
fn filters_hold_back_under_their_own_name_and_are_asked_once() {
    let books = Arc::new(Ledger::new("deliveries"));
    let mut cohorts = Cohorts::new(4 << 20, 1 << 20, Arc::clone(&books));
    let mut users: Vec<Output> = (0..6).map(|_| Output::default()).collect();
    for (i, output) in users.iter_mut().enumerate() {
        let preferences = Preferences {
            style: LineStyle::of([LineFormat::Classic, LineFormat::Gocluster][i % 2]),
            dedupe: if i < 3 { Dedupe::Off } else { Dedupe::Fast },
            updates: false,
        };
        output.follow(&mut cohorts, CohortKey { filter: filter(if i < 5 { 3 } else { 0 }), preferences }, i as u32);
    }
    assert_eq!((cohorts.len(), cohorts.filters()), (5, 2), "the first and the third are alike");
    // Of the class that five do not want, and new for nobody.
    assert_eq!(publish(&mut cohorts, &spot(1, 0, Class::Rbn, 6)), 0);
    balanced(&cohorts, &books);
    assert_eq!((books.view().ended_by(Reason::Policy), books.view().ended_by(Reason::Filter)), (3, 3));
    assert_eq!(publish(&mut cohorts, &spot(2, 7, Class::Rbn, 6)), 1);
    assert_eq!(publish(&mut cohorts, &spot(3, 7, Class::Human, 6)), 6);
    balanced(&cohorts, &books);
    assert_eq!((books.view().total_in(), books.view().ended_by(Reason::Filter)), (18, 8));
    for output in &mut users {
        output.abandon(&mut cohorts);
    }
    balanced(&cohorts, &books);
    assert_eq!((cohorts.len(), cohorts.filters()), (0, 0), "filters go with their last cohort");
}

/// More cohorts than get a line together, none of whose users reads, in a pool that is soon used up: room is made
/// for some of them in the middle, and at the cost of others.
#[test]
fn many_cohorts_lap_each_other_and_every_line_is_accounted_for() {
    const COHORTS: usize = 41;
    let books = Arc::new(Ledger::new("deliveries"));
    let mut cohorts = Cohorts::new(60 * SMALL_BYTES, 2 * SEGMENT_BYTES, Arc::clone(&books));
    let mut log = SendLog::default();
    let mut players: Vec<Player> = (0..COHORTS)
        .map(|n| {
            let mut key = key([LineFormat::Classic, LineFormat::Json][n % 2], Dedupe::Off);
            let unwanted = Expr::Is(Term::Call(Side::Dx, vec![Pattern(format!("K{}ABC{n}", n % 10).into())]));
            let humans = Expr::Is(Term::Class(ClassSet::of(&[Class::Human])));
            let bands = Expr::Is(Term::Band(BandSet::of(&[Band::M20])));
            key.filter = Filter::compile(&match n % 3 {
                0 => unwanted.not(),
                1 => unwanted.not().and(humans.not()),
                _ => bands.and(unwanted.not()),
            });
            let mut player = Player::new(key);
            // They have no station of their own in this play.
            player.rule = Rule::AsCohort;
            player.follow(&mut cohorts, n);
            player
        })
        .collect();
    assert_eq!((cohorts.len(), cohorts.filters()), (COHORTS, COHORTS));
    for n in 0..400u64 {
        let mut spot = spot(n, 7, Class::ALL[n as usize % Class::COUNT], 10 + (n % 70) as usize);
        if n % 5 == 0 {
            spot.set_freq(Freq::from_hz(7_010_000 + n));
        }
        publish_to(&mut cohorts, &mut players, &spot);
        balanced(&cohorts, &books);
        assert_eq!(cohorts.pending(), cohorts.count_pending());
        if n % 16 == 0 {
            let reader = n as usize / 16 % COHORTS;
            drain(&mut players[reader], &mut cohorts, &mut log, usize::MAX);
        }
    }
    let lost: u64 = players.iter().map(|player| player.lost).sum();
    assert!(lost > 0);
    assert_eq!(books.view().ended_by(Reason::Lapped), lost);
    for player in &mut players {
        drain(player, &mut cohorts, &mut log, usize::MAX);
        let got: Vec<&[u8]> = player.pipe.got.split_inclusive(|b| *b == b'\n').collect();
        assert_eq!(got.len() as u64 + player.lost, player.due.len() as u64);
        let mut due = player.due.iter();
        assert!(got.iter().all(|line| due.any(|d| d == line)), "whole and in order");
    }
    assert_eq!((cohorts.pending(), cohorts.segments()), (0, 0));
    balanced(&cohorts, &books);
}

#[test]
fn one_line_a_send_and_replies_apart() {
    let books = Arc::new(Ledger::new("deliveries"));
    let mut cohorts = Cohorts::new(16 << 20, 8 << 20, Arc::clone(&books));
    let mut log = SendLog::default();
    let (mut output, mut pipe) = (Output::default(), Pipe { room: usize::MAX, ..Pipe::default() });
    let mut plain = Output::default();
    output.set_linewise(true);
    output.follow(&mut cohorts, key(LineFormat::Classic, Dedupe::Off), 0);
    plain.follow(&mut cohorts, key(LineFormat::Classic, Dedupe::Off), 1);
    assert_eq!(cohorts.len(), 2, "his slowness must not be his like-minded neighbours'");
    let spots: Vec<Spot> = (0..3).map(|n| spot(n, 7, Class::Rbn, 10)).collect();
    for spot in &spots {
        assert_eq!(publish(&mut cohorts, spot), 2);
    }
    assert_eq!(cohorts.queued(), 1, "no pass looks at him");
    output.reply(b"a reply\r\n");
    let mut chunks = Vec::new();
    loop {
        let before = pipe.got.len();
        let flushed = output.flush_line(&mut cohorts, &mut pipe, &mut log);
        log.commit(&mut cohorts, 1);
        chunks.push(pipe.got[before..].to_vec());
        match flushed {
            Flushed::More => {}
            other => {
                assert_eq!(other, Flushed::Done);
                break;
            }
        }
    }
    let lines = spots.iter().map(|s| line(LineFormat::Classic, s));
    let want: Vec<Vec<u8>> = std::iter::once(b"a reply\r\n".to_vec()).chain(lines).collect();
    assert_eq!(chunks, want);
    // Too slow for the stream, he is lapped without anybody's help and keeps little memory.
    let mut lost = 0;
    for n in 0..10_000 {
        cohorts.judge(&spot(n, 7, Class::Rbn, 40));
        cohorts.append(&spot(n, 7, Class::Rbn, 40), 1, false).expect("nobody else is asked to make room");
        let mut sink = Pipe { room: usize::MAX, ..Pipe::default() };
        while plain.flush(&mut cohorts, &mut sink, &mut log) == Flushed::More {}
        log.commit(&mut cohorts, 1);
        while let Some(lap) = cohorts.take_lap() {
            assert_eq!(lap.conn, 0);
            lost += lap.lines;
        }
        assert!(cohorts.segments() <= 3 && !cohorts.is_strained());
    }
    balanced(&cohorts, &books);
    assert_eq!(books.view().ended_by(Reason::Lapped), lost);
    assert_eq!(output.lines_waiting(&cohorts) + lost, 10_000);
}

/// A user of the model: what he has, what he did, and what he must therefore get.
struct Player {
    output: Output,
    pipe: Pipe,
    key: CohortKey,
    /// `None`: not interested in spots for now.
    rule: Rule,
    paused: bool,
    /// Lines due, in order.
    due: Vec<Vec<u8>>,
    replies: Vec<Vec<u8>>,
    lost: u64,
}

/// What he wants of spots of his own call, that of his number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    AsCohort,
    Always,
    Never,
}

impl Player {
    fn new(key: CohortKey) -> Player {
        Player {
            output: Output::default(),
            pipe: Pipe::default(),
            key,
            rule: Rule::AsCohort,
            paused: false,
            due: Vec::new(),
            replies: Vec::new(),
            lost: 0,
        }
    }
    fn follow(&mut self, cohorts: &mut Cohorts, conn: usize) {
        match self.paused {
            true => self.output.end_lines(cohorts),
            false => self.lost += self.output.follow(cohorts, self.key.clone(), conn as u32),
        }
    }
    fn wants(&self, own: bool) -> Option<bool> {
        let wanted = [None, Some(true), Some(false)][self.rule as usize];
        wanted.filter(|_| own)
    }
}

/// Publishes as the agent does with users who have rules of their own.
fn publish_to(cohorts: &mut Cohorts, players: &mut [Player], spot: &Spot) {
    let owner = usize::from(spot.dx.as_bytes()[1] - b'0');
    let (mut exceptions, mut skipped) = (Vec::new(), Vec::new());
    let mut expected = 0;
    cohorts.judge(spot);
    for (i, player) in players.iter_mut().enumerate().filter(|(_, p)| !p.paused) {
        let own = i == owner;
        let preferences = player.key.preferences;
        let by_cohort = preferences.let_through(spot.verdicts) && player.key.filter.passes(spot);
        let wanted = player.wants(own).unwrap_or(by_cohort);
        if let Some(cohort) = player.output.cohort().filter(|_| player.wants(own).is_some()) {
            let exception = cohorts.except(cohort, wanted, spot);
            assert_eq!(exception.is_some(), wanted != by_cohort);
            exceptions.extend(exception.map(|e| (i, e)));
        }
        if wanted {
            expected += 1;
            player.due.push(line(preferences.style.format, spot));
        }
    }
    let mut by_force = false;
    let mut reached = loop {
        match cohorts.append(spot, spot.read_ns + 10, by_force) {
            Ok(reached) => break reached,
            Err(NoRoom) => by_force = true,
        }
    };
    for (i, exception) in exceptions {
        let output = &mut players[i].output;
        match exception {
            Exception::Insert => {
                reached += 1;
                players[i].lost += output.insert(cohorts, spot, spot.read_ns + 10);
            }
            Exception::Skip => {
                reached -= 1;
                skipped.push((i, output.skip(cohorts, spot.class())));
            }
        }
    }
    assert_eq!(reached, expected);
    while let Some(lap) = cohorts.take_lap() {
        players[lap.conn as usize].lost += lap.lines;
    }
    for (i, lost) in skipped {
        players[i].lost = players[i].lost.checked_add_signed(lost).expect("it was counted");
    }
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
        filter: u8,
        linewise: bool,
    },
    Pause {
        user: u8,
        on: bool,
    },
    Rule {
        user: u8,
        rule: u8,
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
        3 => (0u8..4, any::<bool>(), 0u8..4, 0u8..5, prop::bool::weighted(0.2))
            .prop_map(|(user, format, dedupe, filter, linewise)| Step::Move { user, format, dedupe, filter, linewise }),
        1 => (0u8..4, any::<bool>()).prop_map(|(user, on)| Step::Pause { user, on }),
        2 => (0u8..4, 0u8..3).prop_map(|(user, rule)| Step::Rule { user, rule }),
        2 => (0u8..4).prop_map(|user| Step::Reply { user }),
        1 => (0u8..4).prop_map(|user| Step::Leave { user }),
    ];
    prop::collection::vec(step, 1..60)
}

fn drain(player: &mut Player, cohorts: &mut Cohorts, log: &mut SendLog, room: usize) {
    player.pipe.room = room;
    let Player { output, pipe, .. } = player;
    if output.is_linewise() {
        while output.flush_line(cohorts, pipe, log) == Flushed::More {}
    } else {
        while output.flush(cohorts, pipe, log) == Flushed::More {}
    }
    log.commit(cohorts, 1);
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
        let mut players: Vec<Player> =
            (0..4).map(|_| Player::new(key(LineFormat::Classic, Dedupe::Med))).collect();
        for (i, player) in players.iter_mut().enumerate() {
            player.follow(&mut cohorts, i);
        }
        let mut n = 0;
        let check = |players: &mut [Player], cohorts: &mut Cohorts| {
            while let Some(lap) = cohorts.take_lap() {
                players[lap.conn as usize].lost += lap.lines;
            }
            cohorts.close_books();
            prop_assert_eq!(books.view().imbalance(), 0);
            let apart: u64 = players.iter().map(|p| p.output.lines_apart()).sum();
            prop_assert_eq!(cohorts.pending(), cohorts.count_pending() + apart);
            let waiting: u64 = players.iter().map(|p| p.output.lines_waiting(cohorts)).sum();
            prop_assert_eq!(cohorts.pending(), waiting);
            let is_short = |c: &Cohort| !c.is_linewise() && c.segments() * 2 > 3;
            prop_assert!(cohorts.is_strained() || !(0..100).any(|id| cohorts.get(id).is_some_and(is_short)));
            Ok(())
        };
        for step in steps {
            match step {
                Step::Publish { count, verdicts, comment } => {
                    for _ in 0..count {
                        let spot = spot(n, verdicts, Class::ALL[n as usize % Class::COUNT], usize::from(comment));
                        n += 1;
                        publish_to(&mut cohorts, &mut players, &spot);
                    }
                }
                Step::Drain { user, bytes } => {
                    drain(&mut players[usize::from(user)], &mut cohorts, &mut log, bytes as usize);
                }
                Step::Move { user, format, dedupe, filter: kind, linewise } => {
                    let player = &mut players[usize::from(user)];
                    let dedupe = [Dedupe::Fast, Dedupe::Med, Dedupe::Slow, Dedupe::Off][usize::from(dedupe)];
                    player.key = key(if format { LineFormat::Gocluster } else { LineFormat::Classic }, dedupe);
                    player.key.filter = filter(kind);
                    player.output.set_linewise(linewise);
                    player.follow(&mut cohorts, usize::from(user));
                }
                Step::Pause { user, on } => {
                    let player = &mut players[usize::from(user)];
                    player.paused = on;
                    player.follow(&mut cohorts, usize::from(user));
                }
                Step::Rule { user, rule } => {
                    let rules = [Rule::AsCohort, Rule::Always, Rule::Never];
                    players[usize::from(user)].rule = rules[usize::from(rule)];
                }
                Step::Reply { user } => {
                    let player = &mut players[usize::from(user)];
                    let reply = format!("reply {}\r\n", player.replies.len()).into_bytes();
                    player.output.reply(&reply);
                    player.replies.push(reply);
                }
                Step::Leave { user } => {
                    let player = &mut players[usize::from(user)];
                    player.output.abandon(&mut cohorts);
                    let new = Player::new(player.key.clone());
                    player.output = Output::default();
                    check(&mut players, &mut cohorts)?;
                    players[usize::from(user)] = new;
                    players[usize::from(user)].follow(&mut cohorts, usize::from(user));
                }
            }
            check(&mut players, &mut cohorts)?;
        }
        // Everybody reads to the end.
        for player in &mut players {
            drain(player, &mut cohorts, &mut log, usize::MAX);
        }
        check(&mut players, &mut cohorts)?;
        prop_assert_eq!(cohorts.pending(), 0);
        prop_assert_eq!(cohorts.segments(), 0);
        for Player { pipe, due, replies, lost, .. } in &players {
            prop_assert!(pipe.got.is_empty() || pipe.got.ends_with(b"\r\n"));
            let got: Vec<&[u8]> = pipe.got.split_inclusive(|b| *b == b'\n').collect();
            let said: Vec<&[u8]> = got.iter().copied().filter(|l| l.starts_with(b"reply")).collect();
            prop_assert_eq!(said, replies.iter().map(|r| r.as_slice()).collect::<Vec<_>>());
            let lines: Vec<&[u8]> = got.iter().copied().filter(|l| !l.starts_with(b"reply")).collect();
            prop_assert_eq!(lines.len() as u64 + lost, due.len() as u64);
            // In order and whole: a subsequence of what was due.
            let mut due = due.iter();
            for line in lines {
                prop_assert!(due.any(|d| d == line), "torn, repeated or out of order: {:?}", String::from_utf8_lossy(line));
            }
        }
    }
}

#[test]
fn the_lapped_go_on_at_the_middle_of_what_is_left() {
    let mut pool = Pool::new(8 * SEGMENT_BYTES);
    let mut cohort = Cohort::new(CohortKey::default(), false);
    let key = cohort.join(7);
    let line = [b'x'; LINE_BYTES_MAX];
    let lines = (SEGMENT_BYTES / LINE_BYTES_MAX) as u64;
    for n in 0..5 * lines {
        if !cohort.has_room(line.len()) {
            cohort.grow(pool.take(Size::Large, n).unwrap());
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
