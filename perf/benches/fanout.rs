//! Fan-out: what a spot costs per different filter, judged alone and published whole.
//! `cargo bench --bench fanout`. One element is one spot asked of one filter.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dxring::config::Dedupe;
use dxring::fanout::{CohortKey, Cohorts, Flushed, Output, Preferences, SendLog};
use dxring::filter::{BandSet, ContinentSet, EntitySet, Expr, Filter, ModeSet, Pattern, Side, Term};
use dxring::measure::Ledger;
use dxring::reference::{Cty, enrich};
use dxring::spot::{Band, Call, Continent, Flags, Freq, Mode, Spot, Utc, Verdicts};
use dxring::wire::LineStyle;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;

const BANDS: [Band; 6] = [Band::M160, Band::M80, Band::M40, Band::M20, Band::M15, Band::M10];
const BANDS_HZ: [u64; 6] = [1_803_000, 3_503_000, 7_003_000, 14_003_000, 21_003_000, 28_003_000];
const SPOTS: u32 = 1_000;

fn letter(n: u32) -> char {
    char::from(b'A' + (n % 26) as u8)
}

fn spots() -> Vec<Spot> {
    let cty = Cty::embedded();
    let prefixes = ["K", "DL", "JA", "UA", "VE", "SP", "EA", "PY", "VK", "F"];
    let spotters = ["W3LPL-#", "DL8LAS-#", "K3LR-1-#", "OH6BG-#", "JA4ZRK-#", "F5LEN"];
    let modes = [Mode::Cw, Mode::Ft8, Mode::Rtty, Mode::Usb];
    (0..SPOTS)
        .map(|n| {
            let mut spot = Spot::empty();
            let prefix = prefixes[(n % 10) as usize];
            spot.dx =
                Call::literal(&format!("{prefix}{}{}{}{}", n / 10 % 10, letter(n), letter(n / 7), letter(n / 26)));
            spot.de = Call::literal(spotters[(n % 6) as usize]);
            spot.set_freq(Freq::from_hz(BANDS_HZ[(n / 3 % 6) as usize] + u64::from(n % 500) * 100));
            spot.set_mode(modes[(n / 5 % 4) as usize]);
            spot.set_snr(Some((n % 40) as i16));
            spot.flags.set(Flags::SKIMMER, n % 6 != 5);
            spot.set_comment(if n % 6 == 5 { b"up 2 tnx IOTA EU-005" } else { b"" });
            spot.verdicts = Verdicts(7);
            spot.time = Utc::from_civil(2026, 11, 24, 12, 0, 0);
            enrich(&cty, &mut spot);
            spot
        })
        .collect()
}

/// Filters of people: three of six bands, most modes, some without calls or countries, some from near
/// only, one in ten with words. No two are alike below 13,520.
fn filter(n: u32) -> Filter {
    let mut choices =
        (0..6).flat_map(|a| (0..a).flat_map(move |b| (0..b).map(move |c| [BANDS[c], BANDS[b], BANDS[a]])));
    let bands = choices.nth((n % 20) as usize).unwrap_or([BANDS[0]; 3]);
    let ending = Pattern(format!("*{}{}", letter(n / 20), letter(n / 520)).into());
    let mut expr = Expr::Is(Term::Band(BandSet::of(&bands))).and(Expr::Is(Term::Call(Side::Dx, vec![ending])).not());
    if n % 3 == 0 {
        expr = expr.and(Expr::Is(Term::Mode(ModeSet::of(&[Mode::Ft8, Mode::Ft4]))).not());
    }
    if n % 4 == 0 {
        let near = ContinentSet::of(&[Continent::Eu, Continent::Na]);
        expr = expr.and(Expr::Is(Term::Continent(Side::De, near)));
    }
    if n % 5 == 0 {
        let mut home = EntitySet::EMPTY;
        home.add_bit(230 + (n % 60) as usize);
        expr = expr.and(Expr::Is(Term::Entity(Side::Dx, home)).not());
    }
    if n % 10 == 0 {
        expr = expr.or(Expr::Is(Term::Words(vec!["IOTA".into(), "SOTA".into()])));
    }
    Filter::compile(&expr)
}

/// Takes everything at once.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn write_vectored(&mut self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(parts.iter().map(|part| part.len()).sum())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A core with a user per filter.
fn core(filters: u32) -> (Cohorts, Vec<Output>) {
    const MIB: usize = 1 << 20;
    let mut cohorts = Cohorts::new(64 * MIB, 8 * MIB, Arc::new(Ledger::new("deliveries")));
    let preferences = Preferences { style: LineStyle::default(), dedupe: Dedupe::Med, updates: false };
    let mut follow = |n| {
        let mut output = Output::default();
        output.follow(&mut cohorts, CohortKey { filter: filter(n), preferences }, n);
        output
    };
    let users = (0..filters).map(&mut follow).collect();
    assert_eq!(cohorts.filters(), filters as usize, "no two are alike");
    (cohorts, users)
}

fn judge(c: &mut Criterion) {
    let spots = spots();
    let mut group = c.benchmark_group("fanout/judge");
    for filters in [1, 20, 100, 2_000] {
        let (mut cohorts, mut users) = core(filters);
        group.throughput(Throughput::Elements(u64::from(SPOTS) * u64::from(filters)));
        group.bench_function(BenchmarkId::from_parameter(filters), |b| {
            b.iter(|| spots.iter().for_each(|spot| cohorts.judge(black_box(spot))))
        });
        users.iter_mut().for_each(|user| user.abandon(&mut cohorts));
    }
    group.finish();
}

/// With the lines appended, and every 50 spots all of them sent: 10 ms of 5,000 spots/s.
fn publish(c: &mut Criterion) {
    let spots = spots();
    let mut group = c.benchmark_group("fanout/publish");
    for filters in [1, 20, 100, 2_000] {
        let (mut cohorts, mut users) = core(filters);
        let mut log = SendLog::default();
        group.throughput(Throughput::Elements(u64::from(SPOTS) * u64::from(filters)));
        group.bench_function(BenchmarkId::from_parameter(filters), |b| {
            b.iter(|| {
                for spots in spots.chunks(50) {
                    for spot in spots {
                        cohorts.judge(spot);
                        let reached = cohorts.append(spot, 1, false);
                        assert!(reached.is_ok(), "a pool of the shipped size is enough");
                    }
                    for user in &mut users {
                        assert_eq!(user.flush(&mut cohorts, &mut Sink, &mut log), Flushed::Done);
                    }
                    log.commit(&mut cohorts, 2);
                }
            })
        });
        users.iter_mut().for_each(|user| user.abandon(&mut cohorts));
    }
    group.finish();
}

criterion_group!(benches, judge, publish);
criterion_main!(benches);
