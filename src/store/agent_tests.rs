//! The store as an agent: books, order, bounds.

use super::*;
use crate::config;
use crate::engine::{Agent, Bell, Consumer, Producer, TestClock, edge};
use crate::filter::{BandSet, Expr, Filter, ModeSet, Pattern, Side, Term};
use crate::measure::{Ledger, Reason};
use crate::spot::{
    Band, Bulletin, BulletinKind, Call, Class, Flags, Freq, Mode, Note, Published, SessionId, Spot, Utc, Verdicts,
};
use std::sync::Arc;

struct Bench {
    store: StoreAgent,
    published: Producer<Published>,
    requests: Vec<Producer<HistoryRequest>>,
    replies: Vec<Consumer<HistoryReply>>,
    ledger: Arc<Ledger>,
    clock: TestClock,
    seq: u64,
}

impl Bench {
    fn new(config: config::History, cores: usize) -> Bench {
        let (published, into_store) = edge("dedup>store", 200_000, Bell::silent());
        let ledger = Arc::new(Ledger::new("store"));
        let (mut requests, mut replies, mut links) = (Vec::new(), Vec::new(), Vec::new());
        for core in 0..cores {
            let (ask, asked) = edge(format!("telnet {core}>store"), 4, Bell::silent());
            let (answer, answers) = edge(format!("store>telnet {core}"), 2, Bell::silent());
            requests.push(ask);
            replies.push(answers);
            links.push(CoreLink { requests: asked, replies: answer });
        }
        let store = StoreAgent::new(into_store, links, &config, Arc::clone(&ledger));
        let clock = TestClock::at(Utc::from_civil(2025, 12, 6, 13, 59, 0));
        Bench { store, published, requests, replies, ledger, clock, seq: 0 }
    }

    fn publish(&mut self, dx: &str, skimmer: bool, mode: Mode) {
        let spot = self.spot(dx, skimmer, mode);
        self.published.push(Published::Spot(spot)).unwrap();
    }

    /// The next spot.
    fn spot(&mut self, dx: &str, skimmer: bool, mode: Mode) -> Spot {
        self.seq += 1;
        let mut spot = Spot::empty();
        (spot.dx, spot.de) = (Call::literal(dx), Call::literal(if skimmer { "W3LPL-#" } else { "W3LPL" }));
        spot.set_freq(Freq::from_khz(14_000 + self.seq % 100));
        spot.set_mode(mode);
        spot.flags.set(Flags::SKIMMER, skimmer);
        spot.set_class(if skimmer { Class::Rbn } else { Class::Human });
        spot.seq = self.seq;
        spot.verdicts = Verdicts::FAST;
        spot.time = self.clock.now().utc;
        spot
    }

    /// Turns until nothing is left to do; returns how many it took.
    fn run(&mut self) -> usize {
        (0..).find(|_| self.store.turn(self.clock.now()) == 0).unwrap()
    }

    fn answer(&mut self, what: What) -> String {
        self.requests[0].push(request(what)).unwrap();
        self.run();
        let reply = self.replies[0].pop().expect("an answer");
        assert_eq!((reply.session, reply.ask), (SESSION, ASK));
        String::from_utf8(reply.bytes).unwrap()
    }

    /// The DX calls of the answer.
    fn ask(&mut self, wanted: SpotsWanted) -> Vec<String> {
        let text = self.answer(What::Spots(wanted));
        text.lines().map(|line| line.split_whitespace().nth(1).unwrap().to_string()).collect()
    }
}

fn small() -> config::History {
    config::History { human: 4, rbn: 4, digital: 2 }
}

const SESSION: SessionId = SessionId::new(0, 1, 7);
const ASK: u32 = 5;

fn request(what: What) -> HistoryRequest {
    HistoryRequest { session: SESSION, ask: ASK, what }
}

fn last(count: usize) -> SpotsWanted {
    SpotsWanted::last(count)
}

fn that(term: Term) -> SpotsWanted {
    SpotsWanted { terms: Filter::compile(&Expr::Is(term)), ..last(9) }
}

fn call(pattern: &str) -> Term {
    Term::Call(Side::Dx, vec![Pattern(pattern.into())])
}

#[test]
fn three_rings_come_out_as_one_stream_newest_first() {
    let mut bench = Bench::new(small(), 1);
    for (dx, skimmer, mode) in [
        ("K1A", false, Mode::Cw),
        ("K2A", true, Mode::Cw),
        ("K3A", true, Mode::Ft8),
        ("K4A", true, Mode::Rtty),
        ("K5A", false, Mode::Ft8),
    ] {
        bench.publish(dx, skimmer, mode);
    }
    assert_eq!(bench.ask(last(10)), ["K5A", "K4A", "K3A", "K2A", "K1A"]);
    assert_eq!(bench.ask(last(2)), ["K5A", "K4A"]);
    assert_eq!(bench.ask(SpotsWanted { oldest_first: true, ..last(2) }), ["K4A", "K5A"]);
    assert_eq!(bench.ask(SpotsWanted { skip: 1, ..last(2) }), ["K4A", "K3A"]);
    assert_eq!(bench.ask(SpotsWanted { sources: Sources::PEOPLE, ..last(9) }), ["K5A", "K1A"]);
    assert_eq!(bench.ask(SpotsWanted { sources: Sources::SKIMMER, ..last(9) }), ["K4A", "K2A"]);
    assert_eq!(bench.ask(SpotsWanted { sources: Sources::DIGITAL, ..last(9) }), ["K3A"]);
    let both = Sources::PEOPLE.or(Sources::DIGITAL);
    assert_eq!(bench.ask(SpotsWanted { sources: both, ..last(9) }), ["K5A", "K3A", "K1A"]);
}

#[test]
fn a_flood_of_one_kind_leaves_the_others() {
    let mut bench = Bench::new(small(), 1);
    bench.publish("K1A", false, Mode::Cw);
    for n in 0..100 {
        bench.publish(&format!("W{}A", n % 10), true, Mode::Ft8);
    }
    let calls = bench.ask(last(10));
    assert_eq!(calls, ["W9A", "W8A", "K1A"]);
}

#[test]
fn calls_bands_and_modes_choose() {
    let mut bench = Bench::new(config::History::default(), 1);
    for (dx, mode) in [("9A1A", Mode::Cw), ("9A2A/P", Mode::Usb), ("K9A", Mode::Cw), ("9A3A", Mode::Psk63)] {
        bench.publish(dx, false, mode);
    }
    assert_eq!(bench.ask(that(call("9A*"))), ["9A3A", "9A2A/P", "9A1A"]);
    assert_eq!(bench.ask(that(call("9A2A"))), ["9A2A/P"]);
    assert_eq!(bench.ask(that(Term::Mode(ModeSet::of(&[Mode::Psk])))), ["9A3A"]);
    assert_eq!(bench.ask(that(Term::Band(BandSet::of(&[Band::M40])))), Vec::<String>::new());
    assert_eq!(bench.ask(SpotsWanted { count: 1, ..that(Term::Band(BandSet::of(&[Band::M20]))) }), ["9A3A"]);
    let nothing = "Nothing.";
    assert_eq!(bench.answer(What::Spots(SpotsWanted { nothing, ..that(call("ZZ9")) })), "Nothing.\r\n");
}

#[test]
fn the_users_filter_holds_back_all_but_his_own_call() {
    let mut bench = Bench::new(small(), 1);
    for dx in ["K1A", "K2A", "K3A"] {
        bench.publish(dx, false, Mode::Cw);
    }
    let through = Filter::compile(&Expr::Is(call("K3A")));
    let wanted = SpotsWanted { through, ..last(9) };
    assert_eq!(bench.ask(wanted.clone()), ["K3A"]);
    let wanted = SpotsWanted { own_call: Call::literal("K1A"), ..wanted };
    assert_eq!(bench.ask(wanted.clone()), ["K3A", "K1A"]);
    let terms = Filter::compile(&Expr::Is(call("K2A")));
    assert_eq!(bench.ask(SpotsWanted { terms, ..wanted }), Vec::<String>::new(), "what is asked holds for it too");
}

#[test]
fn days_and_repeats_choose() {
    let mut bench = Bench::new(small(), 1);
    let day = 86_400_000;
    let at = |ms: i64| Utc::from_ms(Utc::from_civil(2025, 12, 6, 0, 0, 0).ms() + ms);
    for (dx, ms, verdicts) in [
        ("K1A", -1, Verdicts::FAST),
        ("K2A", 0, Verdicts::default()),
        ("K3A", day - 1, Verdicts::UPDATE),
        ("K4A", day, Verdicts::SLOW),
    ] {
        let mut spot = bench.spot(dx, false, Mode::Cw);
        (spot.time, spot.verdicts) = (at(ms), verdicts);
        bench.published.push(Published::Spot(spot)).unwrap();
    }
    let today = SpotsWanted { since: at(0), until: at(day), ..last(9) };
    assert_eq!(bench.ask(today.clone()), ["K3A"]);
    assert_eq!(bench.ask(SpotsWanted { repeats: true, ..today }), ["K3A", "K2A"]);
}

#[test]
fn bulletins_and_counts_are_answered() {
    let mut bench = Bench::new(small(), 1);
    for (kind, line) in [
        (BulletinKind::Announce, "To ALL de G1TLH: hello"),
        (BulletinKind::Wwv, "WWV de W0MU <13> : SFI=99, A=8, K=2, No Storms -> No Storms"),
    ] {
        let bulletin = Bulletin { kind, line: line.into() };
        bench.published.push(Published::Note(Box::new(Note::Bulletin(bulletin)))).unwrap();
    }
    bench.publish("K1A", false, Mode::Cw);
    bench.run();
    let list = |kind| What::Bulletins { kind, count: 9 };
    assert_eq!(bench.answer(list(BulletinKind::Announce)), " 6-Dec-2025 1359Z To ALL de G1TLH: hello\r\n");
    assert!(bench.answer(list(BulletinKind::Wwv)).ends_with("No Storms -> No Storms                <W0MU>\r\n"));
    assert_eq!(bench.answer(list(BulletinKind::Wcy)), "No WCY reports heard since this node started.\r\n");
    let until = bench.clock.now().utc;
    let stats = StatsWanted { stats: Stats::Hf, days: 1, until, sources: Sources::PEOPLE };
    assert!(bench.answer(What::Stats(stats)).contains("\r\n  6Dec|     1|"));
    let view = bench.ledger.view();
    assert_eq!((view.imbalance(), view.total_in()), (0, 1), "only spots are in the books");
}

#[test]
fn the_books_balance_at_every_moment() {
    let mut bench = Bench::new(config::History { human: 3, rbn: 2, digital: 0 }, 1);
    for n in 0..50 {
        bench.publish("K1A", n % 2 == 0, if n % 3 == 0 { Mode::Ft8 } else { Mode::Cw });
        bench.run();
        assert_eq!(bench.ledger.view().imbalance(), 0);
    }
    let mut test = Spot::empty();
    test.flags.set(Flags::TEST_SPOTTER, true);
    bench.published.push(Published::Spot(test)).unwrap();
    bench.published.push(Published::Note(Box::new(Note::Farewell("73".into())))).unwrap();
    bench.run();
    let view = bench.ledger.view();
    assert_eq!((view.imbalance(), view.total_in(), view.held), (0, 51, 5));
    assert_eq!(view.ended_by(Reason::NotKept), 1);
    assert!(bench.ask(last(10)).iter().all(|dx| dx == "K1A"), "test spotters are not history");
}

#[test]
fn a_question_over_everything_takes_bounded_turns() {
    let mut bench = Bench::new(config::History::default(), 1);
    for n in 0..131_072 {
        bench.publish("K1A", n % 4 != 0, if n % 2 == 0 { Mode::Ft8 } else { Mode::Cw });
    }
    bench.run();
    bench.requests[0].push(request(What::Spots(that(call("ZZ9*"))))).unwrap();
    assert_eq!(bench.store.turn(bench.clock.now()), 1);
    assert!(bench.replies[0].is_empty(), "not all in one turn");
    assert!(bench.store.has_work());
    // While it runs, new spots come in and old ones go; the run ends all the same.
    for _ in 0..40_000 {
        bench.publish("ZZ9ZZ", true, Mode::Cw);
    }
    assert!(bench.run() < 30);
    let reply = bench.replies[0].pop().unwrap();
    assert_eq!((reply.session, reply.bytes.len()), (SESSION, 0));
}

#[test]
fn a_core_that_takes_no_answers_holds_up_nobody_else() {
    let mut bench = Bench::new(small(), 2);
    bench.publish("K1A", false, Mode::Cw);
    for _ in 0..4 {
        bench.requests[0].push(request(What::Spots(last(1)))).unwrap();
        bench.requests[1].push(request(What::Spots(last(1)))).unwrap();
    }
    bench.run();
    assert_eq!((bench.replies[0].len(), bench.replies[1].len()), (2, 2), "each as many as fit");
    assert!(!bench.store.has_work(), "no busy loop while nobody takes the answers");
    assert!(bench.store.deadline_ns() < u64::MAX, "but the clock looks again");
    while bench.replies[1].pop().is_some() {}
    bench.run();
    assert_eq!((bench.replies[0].len(), bench.replies[1].len()), (2, 2));
}

#[test]
fn explanations_name_entities_and_feeds_once_they_are_known() {
    let explain = |bench: &mut Bench| {
        let croatia = Expr::Is(Term::Entity(Side::Dx, std::iter::once(497).collect()));
        let first = Expr::Is(Term::Feed(std::iter::once(0).collect()));
        let parts = vec![("PASS DXCC 9A".into(), croatia), ("PASS SOURCE a".into(), first)];
        bench.answer(What::Explain { parts, count: 1 })
    };
    let mut bench = Bench::new(small(), 1);
    let mut spot = bench.spot("DL1ABC", true, Mode::Cw);
    (spot.dx_adif, spot.feed) = (230, 1);
    bench.published.push(Published::Spot(spot)).unwrap();
    bench.run();
    let numbered = explain(&mut bench);
    assert!(numbered.contains("DXCC entity 230") && numbered.contains("feed #1"), "{numbered}");
    let cty = Arc::new(arc_swap::ArcSwap::from_pointee(crate::reference::Cty::embedded()));
    bench.store = bench.store.with_names(cty, ["rbn".to_string(), "psk".to_string()].into());
    let named = explain(&mut bench);
    assert!(named.contains("Fed. Rep. of Germany") && named.contains("feed psk"), "{named}");
}

#[test]
fn it_is_finished_when_nobody_writes_or_asks_any_more() {
    let mut bench = Bench::new(small(), 1);
    bench.publish("K1A", false, Mode::Cw);
    bench.requests[0].push(request(What::Spots(last(1)))).unwrap();
    let Bench { mut store, published, requests, mut replies, clock, .. } = bench;
    drop((published, requests));
    assert!(!store.finished());
    while store.turn(clock.now()) > 0 {}
    assert!(store.finished());
    assert!(replies[0].pop().is_some(), "what was asked before the end is answered");
}
