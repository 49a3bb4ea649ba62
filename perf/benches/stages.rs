//! The pure stages: country lookup, enrichment, parse with its gate, mode inference, dedup. `cargo bench --bench stages`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dxring::config::{self, FeedKind};
use dxring::correct::ModeStage;
use dxring::dedup::Windows;
use dxring::engine::{Bell, Control, FaultPoint, Mailbox, Outlet, Stage, TestClock, edge};
use dxring::measure::Ledger;
use dxring::parse::{AgePolicy, Desk, FeedStats, Gate, Input, Notes};
use dxring::reference::{Cty, enrich};
use dxring::spot::{Call, Flags, Freq, Mode, Spot, Utc};
use std::hint::black_box;
use std::sync::Arc;

fn noon() -> Utc {
    Utc::from_civil(2026, 11, 24, 12, 0, 0)
}

/// A made call with a country, different for each `n` below 676,000.
fn call(n: u32) -> Call {
    const PREFIXES: [&str; 10] = ["K", "DL", "JA", "UA", "VE", "SP", "EA", "PY", "VK", "F"];
    let letter = |i: u32| char::from(b'A' + (i % 26) as u8);
    let prefix = PREFIXES[(n % 10) as usize];
    Call::literal(&format!("{prefix}{}{}{}{}", n / 10 % 10, letter(n / 100), letter(n / 2_600), letter(n / 67_600)))
}

fn spot(n: u32) -> Spot {
    let mut spot = Spot::empty();
    spot.dx = call(n);
    spot.de = Call::literal(["W3LPL-#", "DL8LAS-#", "K3LR-1-#", "OH6BG-#"][(n % 4) as usize]);
    spot.set_freq(Freq::from_hz(14_000_000 + u64::from(n % 700) * 100));
    spot.set_mode(Mode::Cw);
    spot.set_snr(Some((n % 40) as i16));
    spot.flags.set(Flags::SKIMMER, true);
    spot.time = noon();
    (spot.de_adif, spot.de_cq) = (291, 5);
    spot
}

fn lookups(c: &mut Criterion) {
    let cty = Cty::embedded();
    let mut group = c.benchmark_group("cty");
    for (name, text) in [
        ("prefix", "DL1ABC"),
        ("long prefix", "RA9HAB"),
        ("exact", "KL7OF/7"),
        ("exact plain", "K1LH"),
        ("skimmer", "W3LPL-1-#"),
        ("portable suffix", "G4ABC/P"),
        ("call area", "W1AW/6"),
        ("location", "VP2E/SP9FIH"),
        ("afloat", "K1ABC/MM"),
        ("miss", "QQ1ABC"),
    ] {
        let call = Call::literal(text);
        group.bench_function(name, |b| b.iter(|| cty.lookup(black_box(&call))));
    }
    // Many different calls: the tables are not all in the first cache.
    let calls: Vec<Call> = (0..20_000).map(call).collect();
    group.throughput(Throughput::Elements(calls.len() as u64));
    group.bench_function("20,000 calls", |b| {
        b.iter(|| calls.iter().filter(|c| cty.lookup(c).place().is_some()).count())
    });
    group.finish();

    let spots: Vec<Spot> = (0..1_000).map(spot).collect();
    let mut group = c.benchmark_group("enrich");
    group.throughput(Throughput::Elements(spots.len() as u64));
    group.bench_function("1,000 spots", |b| {
        b.iter_batched_ref(
            || spots.clone(),
            |spots| spots.iter_mut().map(|s| u32::from(enrich(&cty, s).dx)).sum::<u32>(),
            BatchSize::LargeInput,
        )
    });
    group.finish();
    c.bench_function("cty/load embedded", |b| b.iter(Cty::embedded));
}

/// Lines to spots in the ring: line parser, gate, ring. Bytes per second of text.
fn parse(c: &mut Criterion) {
    const LINES: u32 = 256;
    let now = TestClock::at(noon()).now();
    let cw = |n: u32| {
        let (khz, snr) = (14_000 + n % 70, 3 + n % 35);
        format!("DX de W3LPL-#:   {khz}.{}  {:<14} CW    {snr:>2} dB  25 WPM  CQ      1200Z", n % 10, call(n).as_str())
    };
    let ft8 = |n: u32| {
        let snr = (n % 30) as i32 - 20;
        format!("DX de W3LPL-#:   14074.0  {:<14} FT8  {snr:>3} dB          CQ      1200Z", call(n).as_str())
    };
    let mut group = c.benchmark_group("parse");
    for (name, kind, line) in
        [("CW", FeedKind::Rbn, &cw as &dyn Fn(u32) -> String), ("FT8", FeedKind::RbnDigital, &ft8)]
    {
        let lines: Vec<String> = (0..100 * LINES).map(line).collect();
        let (producer, mut consumer) = edge("bench", 4 * LINES as usize, Bell::silent());
        let stats = Arc::new(FeedStats::new("bench", 0, Some(kind)));
        let age = AgePolicy { max_age_s: 300 };
        let mut input = Input::new(Arc::clone(&stats), Call::literal("NODE"), age, LINES as usize);
        let gate = Gate::new(Arc::new(arc_swap::ArcSwap::from_pointee(Cty::embedded())), 0);
        let notes = Notes::new(Arc::new(Mailbox::new(1, Bell::silent())));
        let mut desk = Desk::new(gate, producer, notes, Arc::new(Control::new()), FaultPoint::default());
        let mut spots = Vec::new();
        for (unit, throughput) in [
            ("ns per spot", Throughput::Elements(lines.len() as u64)),
            ("bytes", Throughput::Bytes(lines.iter().map(|l| l.len() as u64).sum())),
        ] {
            group.throughput(throughput);
            group.bench_function(format!("{name}, {unit}"), |b| {
                b.iter(|| {
                    for batch in lines.chunks(LINES as usize) {
                        batch.iter().for_each(|line| input.batch.push(line.as_bytes()));
                        desk.lines(&mut input, now);
                        spots.clear();
                        consumer.pop_into(&mut spots, usize::MAX);
                    }
                })
            });
        }
        assert_eq!(stats.ledger.view().total_ended(), 0, "a line ended");
    }
    group.finish();
}

fn modes(c: &mut Criterion) {
    let now = TestClock::at(noon()).now();
    let ledger = Ledger::new("correct");
    let mut group = c.benchmark_group("modes");
    for (name, mode) in [("explicit CW", Mode::Cw), ("explicit FT8, votes", Mode::Ft8), ("none said", Mode::Unknown)] {
        let mut spots: Vec<Spot> = (0..50_000).map(spot).collect();
        spots.iter_mut().for_each(|s| s.set_mode(mode));
        let mut stage = ModeStage::new(&config::Modes::default());
        let mut out = Vec::with_capacity(spots.len());
        group.throughput(Throughput::Elements(spots.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                for spot in &spots {
                    stage.on_spot(now, *spot, &mut Outlet { spots: &mut out, ledger: &ledger });
                }
                out.len()
            })
        });
    }
    group.finish();
}

fn dedup(c: &mut Criterion) {
    let now = TestClock::at(noon()).now();
    let mut group = c.benchmark_group("dedup");
    for (live, mode) in [(1_000u32, Mode::Cw), (100_000, Mode::Cw), (1_000, Mode::Ft8), (100_000, Mode::Ft8)] {
        // As many different stations as fit a SLOW window, come again and again: in steady state each
        // spot expires as much as it adds.
        let mut spots: Vec<Spot> = (0..live).map(spot).collect();
        spots.iter_mut().for_each(|s| s.set_mode(mode));
        let mut windows = Windows::new(&config::Dedup::default());
        let mut at_ms = noon().ms();
        let mut next = 0usize;
        let step_ms = |n: usize| if n.is_multiple_of(live as usize / 480 + 1) { 1_000 } else { 0 };
        for n in 0..2 * live as usize {
            at_ms += step_ms(n);
            let mut spot = spots[n % spots.len()];
            spot.time = Utc::from_ms(at_ms);
            windows.judge(now, &mut spot);
        }
        group.throughput(Throughput::Elements(1_000));
        group.bench_function(format!("{live} {} stations in 480 s", mode.name()), |b| {
            b.iter(|| {
                for _ in 0..1_000 {
                    next += 1;
                    at_ms += step_ms(next);
                    let mut spot = spots[next % spots.len()];
                    spot.time = Utc::from_ms(at_ms);
                    black_box(windows.judge(now, &mut spot));
                }
            })
        });
        eprintln!("{:?}", windows.stats());
    }
    group.finish();
}

criterion_group!(benches, lookups, parse, modes, dedup);
criterion_main!(benches);
