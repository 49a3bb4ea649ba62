//! PSKReporter's messages from the desk to a line: late ones, numbered ones, and what is shed first.

use dxring::config::{self, FeedKind};
use dxring::correct::ModeStage;
use dxring::dedup::{Outcome, Windows};
use dxring::engine::{Bell, Consumer, Control, FaultPoint, Mailbox, Now, Outlet, Stage, TestClock, edge};
use dxring::measure::{Ledger, Reason};
use dxring::parse::{AgePolicy, Desk, FeedStats, Gate, Input, Notes, PSKREPORTER};
use dxring::reference::Cty;
use dxring::simulate::{PskText, psk_payload};
use dxring::spot::{Call, Class, Spot, Utc, Verdicts};
use dxring::wire;
use std::sync::Arc;

/// PSKReporter's age limit as shipped.
const MAX_AGE_S: u32 = 900;

struct Counter {
    desk: Desk,
    ring: Consumer<Spot>,
    input: Input,
    modes: ModeStage,
    windows: Windows,
    books: Ledger,
}

impl Counter {
    fn new(kind: FeedKind, ring: usize, buffer_spots: usize) -> Counter {
        let (producer, ring) = edge("parse>correct", ring, Bell::silent());
        let cty = Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded()));
        let notes = Notes::new(Arc::new(Mailbox::new(1, Bell::silent())));
        let stats = FeedStats::new("psk", 0, Some(kind)).of_network(true);
        let age = AgePolicy { max_age_s: MAX_AGE_S };
        Counter {
            desk: Desk::new(Gate::new(cty, 10), producer, notes, Arc::new(Control::new()), FaultPoint::default()),
            ring,
            input: Input::new(Arc::new(stats), Call::literal(PSKREPORTER), age, buffer_spots),
            modes: ModeStage::new(&config::Modes::default()),
            windows: Windows::new(&config::Dedup::default()),
            books: Ledger::new("correct"),
        }
    }

    /// A message or a line to the end of dedup; `None` when it ended before, or is a duplicate.
    fn take(&mut self, now: Now, message: &[u8]) -> Option<Spot> {
        self.input.batch.push(message);
        self.desk.lines(&mut self.input, now);
        let spot = self.ring.pop()?;
        let mut out = Vec::new();
        self.modes.on_spot(now, spot, &mut Outlet { spots: &mut out, ledger: &self.books });
        (self.windows.judge(now, &mut out[0]) == Outcome::New).then_some(out[0])
    }

    fn ended(&self, reason: Reason) -> u64 {
        self.input.stats().ledger.view().ended_by(reason)
    }
}

fn message(sq: u64, de: &str, dx: &str, heard: Utc, snr_db: i16) -> Vec<u8> {
    let mut out = Vec::new();
    let heard_s = heard.ms() / 1_000;
    let report = PskText {
        sq,
        freq_hz: 14_074_554,
        mode: "FT8",
        snr_db,
        heard_s,
        sent_s: heard_s - 15,
        dx: dx.as_bytes(),
        dx_grid: b"FN42",
        dx_adif: 291,
        de: de.as_bytes(),
        de_grid: b"JO31",
        de_adif: 230,
    };
    psk_payload(&report, &mut out);
    out
}

fn line(spot: &Spot) -> String {
    let mut out = Vec::new();
    wire::classic(spot, &mut out);
    String::from_utf8(out).unwrap()
}

fn at(minute: u32, second: u32) -> Utc {
    Utc::from_civil(2026, 11, 24, 12, minute, second)
}

/// Windows move by the latest stamp, so a report from minutes ago is judged as of now, moves nothing back, and
/// still shows when it was heard.
#[test]
fn a_report_seven_minutes_late_is_judged_by_its_arrival_and_keeps_its_time() {
    let mut clock = TestClock::at(at(7, 30));
    let mut counter = Counter::new(FeedKind::PskReporter, 64, 64);
    let new = |spot: Option<Spot>| spot.is_some_and(|spot| spot.verdicts.has(Verdicts::FAST));
    let fresh = counter.take(clock.now(), &message(1, "DL1ABC", "W1AW", at(7, 15), -5));
    assert!(new(fresh));

    clock.advance_ms(5_000);
    let late = counter.take(clock.now(), &message(2, "DL1ABC", "K1XYZ", at(0, 15), -11)).expect("it is news");
    assert_eq!(late.time, at(0, 15));
    assert!(late.verdicts.has(Verdicts::FAST) && late.verdicts.has(Verdicts::SLOW));
    let shown = line(&late);
    assert!(shown.contains("K1XYZ") && shown.ends_with("1200Z"), "{shown}");

    // The window of the fresh one has not moved back: 20 s later it still holds its repeat back.
    clock.advance_ms(15_000);
    let repeat = counter.take(clock.now(), &message(3, "DL2ABC", "W1AW", at(7, 45), -7)).expect("no duplicate");
    assert!(!repeat.verdicts.any(Verdicts(7)), "{:?}", repeat.verdicts);
    // And the late one's window began when it came: another report of then, as late, is a repeat.
    let late_too = counter.take(clock.now(), &message(4, "DL3ABC", "K1XYZ", at(0, 30), -14)).expect("no duplicate");
    assert!(!late_too.verdicts.any(Verdicts(7)), "{:?}", late_too.verdicts);
    // The same report through another feed, a minute later still: one station, one stamp, one report.
    assert!(counter.take(clock.now(), &message(5, "DL1ABC", "K1XYZ", at(0, 15), -11)).is_none());

    // Each window ends by the stamps of what came since.
    clock.advance_ms(600_000);
    assert!(new(counter.take(clock.now(), &message(6, "DL1ABC", "W1AW", at(17, 30), -5))));
    assert!(new(counter.take(clock.now(), &message(7, "DL1ABC", "K1XYZ", at(10, 30), -5))));

    // Older than the feed allows, and ahead of us.
    assert!(counter.take(clock.now(), &message(8, "DL1ABC", "K2XYZ", at(2, 0), -5)).is_none());
    assert_eq!(counter.ended(Reason::Stale), 1);
    let ahead = counter.take(clock.now(), &message(9, "DL1ABC", "K3XYZ", at(59, 0), -5)).expect("a wrong clock");
    assert_eq!(ahead.time, clock.now().utc);
}

#[test]
fn numbers_that_come_twice_end_and_those_that_do_not_come_are_counted() {
    let clock = TestClock::at(at(0, 0));
    let mut counter = Counter::new(FeedKind::PskReporter, 64, 64);
    let mut take = |sq, dx: &str| counter.take(clock.now(), &message(sq, "DL1ABC", dx, at(0, 0), -5)).is_some();
    assert!(take(100, "K1AA") && take(103, "K1BB") && take(101, "K1CC"));
    assert!(!take(103, "K1DD"), "the number came before");
    assert_eq!(counter.ended(Reason::Duplicate), 1);
    counter.input.connection_ended();
    counter.take(clock.now(), &message(110, "DL1ABC", "K1EE", at(0, 0), -5));
    let upstream = counter.input.stats().upstream.as_ref().unwrap();
    assert_eq!((upstream.lost(), upstream.missed_away()), (Some(1), Some(6)));
    assert_eq!((upstream.duplicates(), upstream.resets()), (1, 0));
    assert_eq!(counter.input.stats().ledger.view().imbalance(), 0);
}

/// One input that brings everything, a ring that takes nothing more, and room for eight.
#[test]
fn pskreporter_is_shed_first_then_digital_then_cw_and_people_never() {
    let clock = TestClock::at(at(34, 0));
    let now = clock.now();
    let mut counter = Counter::new(FeedKind::Replay, 1, 8);
    let books = |counter: &Counter| {
        let view = counter.input.stats().ledger.view();
        let shed =
            view.ended.iter().find(|(reason, _)| *reason == Reason::RingFull).map_or([0; Class::COUNT], |(_, n)| *n);
        assert_eq!(view.imbalance(), 0);
        [Class::PskReporter, Class::RbnDigital, Class::Rbn, Class::Human].map(|class| shed[class as usize])
    };
    // People may use the last slot of the ring.
    counter.input.batch.push(b"DX de F5LEN:     14025.3  3D2AG        up 2                           1234Z");
    counter.desk.lines(&mut counter.input, now);
    let mut sq = 1_000;
    let mut push = |counter: &mut Counter, kind: usize, n: usize| {
        for i in 0..n {
            let dx = format!("K{kind}{}{}", char::from(b'A' + i as u8), char::from(b'A' + kind as u8));
            let text = match kind {
                0 => {
                    sq += 1;
                    message(sq, "DL1ABC", &dx, at(33, 0), -5)
                }
                1 => format!("DX de OH6BG-#: 14074.0 {dx} FT8 -10 dB CQ 1234Z").into_bytes(),
                2 => format!("DX de W3LPL-#: 14025.0 {dx} CW 23 dB 25 WPM CQ 1234Z").into_bytes(),
                _ => format!("DX de F5LEN: 14025.3 {dx} up 2 1234Z").into_bytes(),
            };
            counter.input.batch.push(&text);
        }
        counter.desk.lines(&mut counter.input, now);
    };
    push(&mut counter, 0, 10);
    assert_eq!((counter.input.waiting(), books(&counter)), (8, [2, 0, 0, 0]), "the newest of the lowest");
    push(&mut counter, 1, 3);
    assert_eq!(books(&counter), [5, 0, 0, 0], "digital spots of skimmers come before");
    push(&mut counter, 2, 7);
    assert_eq!(books(&counter), [10, 2, 0, 0]);
    push(&mut counter, 3, 8);
    assert_eq!((counter.input.waiting(), books(&counter)), (8, [10, 3, 7, 0]));
    push(&mut counter, 0, 1);
    assert_eq!(books(&counter), [11, 3, 7, 0], "nobody is lower than itself");
}
