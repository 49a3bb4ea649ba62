//! FT8 does not wait behind CW in correct: the time of its reports through the stage, alone and while a contest
//! runs. `cargo test --release --test stages correct_edge -- --nocapture` prints the figures.

use dxring::config;
use dxring::correct::ModeStage;
use dxring::engine::{Agent, Bell, Consumer, Control, FaultPoint, PanicGuard, Producer, RealClock, StageHost, edge};
use dxring::measure::Ledger;
use dxring::spot::{Call, Class, Flags, Freq, Hop, Mode, Spot, Utc};
use std::sync::Arc;
use std::time::Instant;

/// Seconds of virtual time of one run, and how many FT8 reports come in the first second of each 15.
const RUN_S: u64 = if cfg!(debug_assertions) { 45 } else { 120 };
const BURST: u64 = 5_000;
/// CW in a contest: reports per second, of so many stations. SM7IUN counted 5.4 million on the CQ WW CW Saturday of
/// 2021, 63/s; the busiest minutes have several times that.
const CW_PER_S: u64 = 500;
const CW_STATIONS: u64 = 10_000;
/// Pairs of runs: FT8 alone, FT8 with CW, FT8 alone again.
const PAIRS: usize = 5;
/// Below this a difference is none, in ns.
const SAME_NS: u64 = 500_000;

fn call(n: u64, prefix: u8) -> Call {
    let letter = |i: u64| b'A' + (i % 26) as u8;
    let text = [prefix, b'0' + (n % 10) as u8, letter(n / 10), letter(n / 260), letter(n / 6_760)];
    Call::new(&text).unwrap_or(Call::EMPTY)
}

fn spot(class: Class, mode: Mode, n: u64, dx: Call, at_ms: i64) -> Spot {
    let mut spot = Spot::empty();
    spot.set_class(class);
    spot.set_mode(mode);
    spot.dx = dx;
    spot.de =
        Call::new(&[b'D', b'L', b'0' + (n % 10) as u8, b'A' + (n / 10 % 26) as u8, b'-', b'#']).unwrap_or(Call::EMPTY);
    let hz = match class {
        Class::PskReporter => 14_074_000 + n * 7 % 3_000,
        _ => 7_000_000 + n * 97 % 40_000,
    };
    spot.set_freq(Freq::from_hz(hz));
    spot.set_snr(Some((n % 40) as i16 - 20));
    spot.flags.set(Flags::SKIMMER, true);
    spot.time = Utc::from_ms(at_ms);
    spot
}

struct Correct<F: FnMut() -> ModeStage> {
    input: Producer<Spot>,
    host: StageHost<ModeStage, F>,
    output: Consumer<Spot>,
}

fn correct() -> Correct<impl FnMut() -> ModeStage> {
    let (input, from_parse) = edge("parse>correct", 32_768, Bell::silent());
    let (to_dedup, output) = edge("correct>dedup", 32_768, Bell::silent());
    let guard = PanicGuard::new(FaultPoint::default(), Arc::new(Control::new()));
    let factory = || ModeStage::new(&config::Modes::default());
    let books = Arc::new(Ledger::new("correct"));
    let host = StageHost::new("correct", vec![from_parse], to_dedup, factory, Hop::Corrected, guard, books);
    Correct { input, host, output }
}

/// Quantiles of what FT8 took from the ring before correct to the ring behind it, in ns: p50, p99.
fn run(with_cw: bool) -> (u64, u64) {
    let Correct { mut input, mut host, mut output } = correct();
    let mut clock = RealClock::start();
    let start = Utc::from_civil(2026, 11, 28, 12, 0, 0);
    let mut took_ns = Vec::with_capacity((RUN_S / 15 + 1) as usize * BURST as usize);
    let (mut ft8, mut cw) = (0u64, 0u64);
    for ms in 0..RUN_S * 1_000 {
        let at_ms = start.ms() + ms as i64;
        let mut due = 0;
        if with_cw && ms * CW_PER_S / 1_000 > cw {
            cw += 1;
            let dx = call(cw * 7_919 % CW_STATIONS, b'K');
            assert!(input.push(spot(Class::Rbn, Mode::Cw, cw, dx, at_ms)).is_ok());
            due += 1;
        }
        // A burst comes within a second, as many a millisecond as a socket brings.
        while ms % 15_000 < 1_000 && ft8 < (ms / 15_000) * BURST + (ms % 15_000 + 1) * BURST / 1_000 {
            ft8 += 1;
            let dx = call(ft8 * 13 % 20_000, b'F');
            assert!(input.push(spot(Class::PskReporter, Mode::Ft8, ft8, dx, at_ms)).is_ok());
            due += 1;
        }
        let pushed = Instant::now();
        while due > 0 {
            host.turn(clock.now());
            let ns = pushed.elapsed().as_nanos() as u64;
            while let Some(spot) = output.pop() {
                due -= 1;
                if spot.class() == Class::PskReporter {
                    took_ns.push(ns);
                }
            }
        }
    }
    assert_eq!(took_ns.len() as u64, ft8, "every report came out in the turn that took it");
    assert!(ft8 >= 3 * BURST && (cw > 0) == with_cw);
    took_ns.sort_unstable();
    (took_ns[took_ns.len() / 2], took_ns[took_ns.len() * 99 / 100])
}

#[test]
fn ft8_takes_no_longer_while_a_contest_runs() {
    let mut ratios = Vec::new();
    let mut noise = Vec::new();
    let mut differences = Vec::new();
    for _ in 0..PAIRS {
        let (alone, with_cw, again) = (run(false), run(true), run(false));
        eprintln!(
            "FT8 alone p50 {} p99 {} ns; with CW p50 {} p99 {} ns; alone again p99 {} ns",
            alone.0, alone.1, with_cw.0, with_cw.1, again.1
        );
        ratios.push(with_cw.1 as f64 / alone.1 as f64);
        noise.push(again.1 as f64 / alone.1 as f64);
        differences.push(with_cw.1.saturating_sub(alone.1));
    }
    for list in [&mut ratios, &mut noise] {
        list.sort_by(f64::total_cmp);
    }
    differences.sort_unstable();
    let (ratio, difference_ns) = (ratios[PAIRS / 2], differences[PAIRS / 2]);
    eprintln!(
        "p99 with CW : alone, median of {PAIRS} pairs {ratio:.3}, {difference_ns} ns more; alone : alone {:.3} to {:.3}",
        noise[0],
        noise[PAIRS - 1]
    );
    let is_noise = ratio <= noise[PAIRS - 1];
    assert!(is_noise || difference_ns < SAME_NS, "FT8 waits behind CW: {ratio:.2} times, {difference_ns} ns more");
}
