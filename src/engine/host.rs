//! The agent around a middle stage: rings, books, stamps, and the guard that makes a panic cost one spot.

use super::{Agent, Consumer, Control, FaultPoint, Now, Outlet, Producer, Quarantined, Stage, panics};
use crate::measure::{Ledger, Reason};
use crate::spot::{Hop, Spot};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Spots taken per turn from each input: small enough that a turn stays under a millisecond at 1 µs a spot.
pub const BATCH_MAX: usize = 512;

/// Runs a [`Stage`] between rings.
pub struct StageHost<S, F> {
    name: &'static str,
    inputs: Vec<Consumer<Spot>>,
    first_input: usize,
    output: Producer<Spot>,
    stage: S,
    factory: F,
    hop: Hop,
    guard: PanicGuard,
    ledger: Arc<Ledger>,
    batch: Vec<Spot>,
    emitted: Vec<Spot>,
    look_again_ns: u64,
}

/// A full ring ahead rings no bell when it drains, so its producer looks again after this long.
pub const FULL_RING_PAUSE_NS: u64 = 1_000_000;

impl<S: Stage, F: FnMut() -> S> StageHost<S, F> {
    /// A stage called `name` that stamps `hop` on what it sends on. `factory` builds it, now and after
    /// a panic.
    pub fn new(
        name: &'static str,
        inputs: Vec<Consumer<Spot>>,
        output: Producer<Spot>,
        mut factory: F,
        hop: Hop,
        guard: PanicGuard,
        ledger: Arc<Ledger>,
    ) -> StageHost<S, F> {
        StageHost {
            name,
            inputs,
            first_input: 0,
            output,
            stage: factory(),
            factory,
            hop,
            guard,
            ledger,
            batch: Vec::with_capacity(BATCH_MAX),
            emitted: Vec::with_capacity(BATCH_MAX * 2),
            look_again_ns: 0,
        }
    }

    fn send_on(&mut self, now: Now) {
        if self.emitted.is_empty() {
            return;
        }
        for spot in &mut self.emitted {
            spot.stamp(self.hop, now.mono_ns);
        }
        let sent = self.output.push_slice(&self.emitted);
        for spot in &self.emitted[..sent] {
            self.ledger.leave(spot.class(), 1);
        }
        self.emitted.drain(..sent);
        self.output.announce();
    }

    fn process(&mut self, now: Now) {
        let mut at = 0;
        loop {
            let mut kept = self.emitted.len();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                while at < self.batch.len() {
                    kept = self.emitted.len();
                    let spot = self.batch[at];
                    self.guard.fault.trip(&spot.dx);
                    let mut out = Outlet { spots: &mut self.emitted, ledger: &self.ledger };
                    self.stage.on_spot(now, spot, &mut out);
                    at += 1;
                }
            }));
            let Err(payload) = outcome else { break };
            // What the poison spot emitted before it failed is not trusted, and it is one spot that ended.
            self.emitted.truncate(kept);
            let poison = self.batch[at];
            let lost = 1 + self.stage.held();
            self.ledger.end(poison.class(), Reason::Panic, lost);
            self.ledger.panicked();
            self.guard.caught(&*payload, self.name, &poison, now, self.stage.warm_up_s());
            self.stage = (self.factory)();
            at += 1;
        }
        self.batch.clear();
    }
}

impl<S: Stage, F: FnMut() -> S> Agent for StageHost<S, F> {
    fn name(&self) -> &str {
        self.name
    }

    fn turn(&mut self, now: Now) -> usize {
        self.look_again_ns = now.mono_ns + FULL_RING_PAUSE_NS;
        self.send_on(now);
        let mut moved = 0;
        // A full ring ahead means: take nothing. The pressure goes back to the inputs, who can shed.
        if self.emitted.is_empty() {
            let room = self.output.slots().min(BATCH_MAX);
            let inputs = self.inputs.len();
            for i in 0..inputs {
                let input = &mut self.inputs[(self.first_input + i) % inputs];
                moved += input.pop_into(&mut self.batch, room - moved);
            }
            self.first_input = (self.first_input + 1) % inputs.max(1);
            for spot in &self.batch {
                self.ledger.enter(spot.class(), 1);
            }
            self.process(now);
            let mut out = Outlet { spots: &mut self.emitted, ledger: &self.ledger };
            self.stage.on_timer(now, &mut out);
            self.send_on(now);
        }
        self.ledger.hold(self.emitted.len() as u64 + self.stage.held());
        moved
    }

    fn has_work(&self) -> bool {
        if !self.emitted.is_empty() {
            return self.output.slots() > 0;
        }
        self.inputs.iter().any(|i| !i.is_empty()) && self.output.slots() > 0 || self.finished()
    }

    fn deadline_ns(&self) -> u64 {
        let is_stuck = !self.emitted.is_empty() || self.inputs.iter().any(|i| !i.is_empty());
        let look_again_ns = if is_stuck { self.look_again_ns } else { u64::MAX };
        self.stage.deadline_ns().min(look_again_ns)
    }

    fn finished(&self) -> bool {
        self.emitted.is_empty() && self.stage.held() == 0 && self.inputs.iter().all(Consumer::is_finished)
    }

    fn polls(&self) -> bool {
        false
    }
}

/// The common part of every guard around peers' data: quarantine, and turning off the input that
/// brings panics.
pub struct PanicGuard {
    /// The injected fault of this stage.
    pub fault: FaultPoint,
    control: Arc<Control>,
    recent: VecDeque<(u64, u8)>,
}

impl PanicGuard {
    /// A guard that reports to `control`.
    pub fn new(fault: FaultPoint, control: Arc<Control>) -> PanicGuard {
        PanicGuard { fault, control, recent: VecDeque::new() }
    }

    /// To be called after a panic was caught: puts the spot away with its stack, says that the stage
    /// is degraded until its windows are warm again, and turns off the spot's input when it brought
    /// more than [`super::PANICS_PER_MINUTE_MAX`] panics within a minute.
    pub fn caught(&mut self, payload: &(dyn Any + Send), stage: &str, spot: &Spot, now: Now, warm_up_s: u32) {
        let panic = panics::caught_panic(payload);
        let first_line = panic.lines().take(2).collect::<Vec<_>>().join(" ");
        tracing::error!(stage, dx = %spot.dx, de = %spot.de, feed = spot.feed, panic = %first_line, "panic caught, spot in quarantine");
        self.control.quarantine(Quarantined { stage: stage.into(), spot: *spot, panic, at_ns: now.mono_ns });
        self.control.degrade(stage, now.mono_ns + u64::from(warm_up_s) * 1_000_000_000);
        self.recent.push_back((now.mono_ns, spot.feed));
        let minute_ago = now.mono_ns.saturating_sub(60_000_000_000);
        while self.recent.front().is_some_and(|(at, _)| *at < minute_ago) {
            self.recent.pop_front();
        }
        let of_feed = self.recent.iter().filter(|(_, feed)| *feed == spot.feed).count();
        if of_feed > super::PANICS_PER_MINUTE_MAX && !self.control.is_input_off(spot.feed) {
            self.control.turn_off_input(spot.feed);
            tracing::error!(stage, feed = spot.feed, panics = of_feed, "input turned off: it brings panics");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bell, TestClock, edge};
    use super::*;
    use crate::spot::{Call, Utc};

    /// Ends every third spot, passes the rest, panics on nothing of its own.
    struct Thirds {
        n: u64,
    }
    impl Stage for Thirds {
        fn on_spot(&mut self, _: Now, spot: Spot, out: &mut Outlet<'_>) {
            self.n += 1;
            if self.n.is_multiple_of(3) { out.end(&spot, Reason::Duplicate) } else { out.emit(spot) }
        }
        fn warm_up_s(&self) -> u32 {
            60
        }
    }

    type Bench =
        (super::super::Producer<Spot>, StageHost<Thirds, fn() -> Thirds>, Consumer<Spot>, Arc<Ledger>, Arc<Control>);

    fn bench(out_slots: usize, poison: Option<&str>) -> Bench {
        panics::remember_panics();
        let (tx, rx) = edge("in", 4096, Bell::silent());
        let (out, sink) = edge("out", out_slots, Bell::silent());
        let control = Arc::new(Control::new());
        let ledger = Arc::new(Ledger::new("thirds"));
        let guard = PanicGuard::new(FaultPoint::new(poison.map(Call::literal)), Arc::clone(&control));
        let factory: fn() -> Thirds = || Thirds { n: 0 };
        let host = StageHost::new("thirds", vec![rx], out, factory, Hop::Corrected, guard, Arc::clone(&ledger));
        (tx, host, sink, ledger, control)
    }

    fn spot(dx: &str) -> Spot {
        let mut spot = Spot::empty();
        spot.dx = Call::literal(dx);
        spot
    }

    #[test]
    fn a_full_ring_ahead_holds_spots_and_loses_none() {
        let (mut tx, mut host, mut sink, ledger, _) = bench(4, None);
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for _ in 0..300 {
            tx.push(spot("K1ABC")).unwrap();
        }
        let mut got = 0;
        for _ in 0..400 {
            host.turn(clock.now());
            assert_eq!(ledger.view().imbalance(), 0);
            while sink.pop().is_some() {
                got += 1;
            }
        }
        assert_eq!(got, 200);
        assert_eq!(ledger.view().ended_by(Reason::Duplicate), 100);
        assert!(!host.has_work());
    }

    #[test]
    fn a_full_ring_ahead_is_looked_at_by_the_clock_not_in_a_spin() {
        let (mut tx, mut host, mut sink, _, _) = bench(4, None);
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for _ in 0..300 {
            tx.push(spot("K1ABC")).unwrap();
        }
        while host.turn(clock.now()) > 0 {}
        assert!(!host.has_work());
        assert_eq!(host.deadline_ns(), clock.now().mono_ns + FULL_RING_PAUSE_NS);
        while sink.pop().is_some() {}
        assert!(host.has_work());
    }

    #[test]
    fn a_panic_costs_its_spot_and_the_stage_is_new() {
        let (mut tx, mut host, mut sink, ledger, control) = bench(64, Some("P0ISON"));
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for dx in ["K1ABC", "K1ABC", "P0ISON", "K1ABC", "K1ABC"] {
            tx.push(spot(dx)).unwrap();
        }
        host.turn(clock.now());
        let mut got = 0;
        while sink.pop().is_some() {
            got += 1;
        }
        assert_eq!(got, 4, "the count to three began again after the rebuild");
        let view = ledger.view();
        assert_eq!((view.ended_by(Reason::Panic), view.panics, view.imbalance()), (1, 1, 0));
        let quarantined = control.take_quarantined();
        assert_eq!(quarantined.len(), 1);
        assert!(quarantined[0].panic.contains("injected fault on P0ISON"));
        assert!(quarantined[0].panic.contains("host"), "the stack is kept");
        assert_eq!(control.degraded(clock.now().mono_ns), vec!["thirds".to_string()]);
    }

    #[test]
    fn an_input_that_keeps_bringing_panics_is_turned_off() {
        let (mut tx, mut host, _sink, _, control) = bench(64, Some("P0ISON"));
        let clock = TestClock::at(Utc::from_secs(1_700_000_000));
        for n in 0..=super::super::PANICS_PER_MINUTE_MAX {
            assert!(!control.is_input_off(0), "after {n} panics");
            tx.push(spot("P0ISON")).unwrap();
            host.turn(clock.now());
        }
        assert!(control.is_input_off(0));
    }
}
